#!/usr/bin/perl
# Mutated PMML. Each file is refused with a documented error, or it is a scorecard that keeps what properties.sql says.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use Mutation;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = Mutation::start('pmml');
# What PostgreSQL says of XML that is not well-formed, and what a scorecard cannot say.
$Mutation::documented{$_} = 1 for qw(2200M 2200N 0A000);
my @originals = map { slurp_file($_) } glob "$FindBin::RealBin/corpus/*.pmml";
my $case = 'SELECT fuzz.check_value(crm.scorecard_from_pmml($fz$%s$fz$::xml))';

# Unchanged first: a corpus that breaks a property would make every mutation look guilty.
Mutation::run_cases('PMML as it is', map { sprintf $case, $_ } @originals);
my @cases;
for (1 .. Mutation::cases())
{
  push @cases, sprintf $case, Mutation::mutate_xml(Mutation::pick(@originals), @originals) =~ s/\$fz\$/ /gr;
}
Mutation::run_cases('PMML', @cases);

$node->stop;
done_testing();
