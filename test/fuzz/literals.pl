#!/usr/bin/perl
# Mutated documents as SQL literals. Each is refused with a documented error, or it is a value that keeps what properties.sql says.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use Mutation;
use Test::More;

my $node = Mutation::start('literals');
my %documents = Mutation::corpus();
my @all = map { @{ $documents{$_} } } @Mutation::kinds;

for my $kind (@Mutation::kinds)
{
  my @originals = @{ $documents{$kind} } or next;
  # Unchanged first: a corpus that breaks a property would make every mutation look guilty.
  Mutation::run_cases("$kind as it is", map { "SELECT fuzz.check_$kind(\$fz\$$_\$fz\$)" } @originals);
  my @cases;
  for (1 .. Mutation::cases())
  {
    my $document = Mutation::mutate_text(Mutation::pick(@originals), @all);
    $document =~ s/\$fz\$/ /g;
    push @cases, "SELECT fuzz.check_$kind(\$fz\$$document\$fz\$)";
  }
  Mutation::run_cases("$kind literals", @cases);
}

$node->stop;
done_testing();
