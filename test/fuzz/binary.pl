#!/usr/bin/perl
# Mutated binary values through COPY BINARY: the sender is not trusted, so a bad value is a documented error, never an internal
# one, and an accepted value keeps what properties.sql says.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use Mutation;
use Test::More;

my $node = Mutation::start('binary');
my %documents = Mutation::corpus();
my $folder = $node->basedir . '/values';
mkdir $folder;

for my $kind (@Mutation::kinds)
{
  my $send = $node->safe_psql('postgres', "SELECT typsend FROM pg_type WHERE oid = 'crm.$kind'::regtype");
  my @originals =
    map { pack 'H*', $node->safe_psql('postgres', "SELECT encode($send(\$fz\$$_\$fz\$::crm.$kind), 'hex')") } @{ $documents{$kind} };
  next unless @originals;
  Mutation::run_cases("$kind as it is", map { copy($kind, $_, $originals[$_]) } 0 .. $#originals);
  for (my $left = Mutation::cases(); $left > 0; $left -= 1000)
  {
    my $many = $left < 1000 ? $left : 1000;
    Mutation::run_cases("$kind binary",
      map { copy($kind, $_, Mutation::mutate_binary(Mutation::pick(@originals), @{ $documents{$kind} })) } 1 .. $many);
  }
}

$node->stop;
done_testing();

# Writes a file with one row and returns the statements that read and check it.
sub copy
{
  my ($kind, $number, $bytes) = @_;
  my $file = "$folder/$kind.$number";
  open my $out, '>:raw', $file or die "$file: $!";
  print $out "PGCOPY\n\xff\r\n\0", pack('N N n N', 0, 0, 1, length $bytes), $bytes, pack 'n', 0xffff;
  close $out or die "$file: $!";
  return "BEGIN; COPY fuzz.received_$kind FROM '$file' (FORMAT binary); SELECT fuzz.check_received_$kind(); ROLLBACK";
}
