#!/usr/bin/perl
# Mutated standings as literals and through COPY BINARY, and mutated tier policies with moves: a bad one is a documented error, never an internal one, and
# an accepted one keeps what standings.sql says.
use strict;
use warnings;

use File::Basename qw(dirname);
use FindBin;
use lib $FindBin::RealBin;
use Mutation;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = Mutation::start('standings');
my $folder = $node->basedir . '/values';
mkdir $folder;
$node->safe_psql('postgres', slurp_file(dirname(__FILE__) . '/standings.sql'));

# Standings of every shape under each policy: new, in the middle, with a full window, given by hand with and without an end, at both ends of time.
my @texts = split /\n/, $node->safe_psql('postgres', <<'SQL');
SELECT s FROM fuzz.standing_policy AS p,
  LATERAL (SELECT crm.tier_track(policy, 1 + (k * k) % 5, (first_day + k * interval '3 months')::date ORDER BY k) AS s
    FROM (VALUES ('2024-01-01'::date, 1), ('2024-02-01', 5), ('2019-11-30', 30), ('0001-01-01', 1), ('9990-01-01', 39)) AS v (first_day, n), generate_series(1, n) AS k GROUP BY first_day, n) AS t
UNION ALL SELECT crm.tier_override(policy, crm.tier_step(policy, NULL, 3.0, '2026-05-05'), 'b', d) FROM fuzz.standing_policy AS p, unnest('{infinity,2026-12-31,9999-12-31}'::date[]) AS d
SQL
my @values = map { pack 'H*', $node->safe_psql('postgres', "SELECT encode(crm.tier_standing_send('$_'), 'hex')") } @texts;
my @policies = split /\n/, $node->safe_psql('postgres', 'SELECT policy FROM fuzz.standing_policy');

Mutation::run_cases('tier_standing as it is', (map { literal($_) } @texts), (map { received($_, $values[$_]) } 0 .. $#values), map { moves($_) } @policies);
Mutation::run_cases('tier_standing literals', map { literal(half_of(number_or_day(Mutation::pick(@texts)), @texts)) } 1 .. Mutation::cases());
for (my $left = Mutation::cases(); $left > 0; $left -= 1000)
{
  my $many = $left < 1000 ? $left : 1000;
  Mutation::run_cases('tier_standing binary', map { received($_, mutate(Mutation::pick(@values))) } 1 .. $many);
}
Mutation::run_cases('tier policies with moves', map { moves(half_of(move(Mutation::pick(@policies)), @policies)) } 1 .. Mutation::cases());

$node->stop;
done_testing();

sub literal
{
  my ($text) = @_;
  $text =~ s/\$fz\$/ /g;
  return "SELECT fuzz.check_standing(\$fz\$$text\$fz\$, true)";
}

sub moves
{
  my ($text) = @_;
  $text =~ s/\$fz\$/ /g;
  return "SELECT fuzz.check_moves(\$fz\$$text\$fz\$)";
}

# Another number or day of the right kind, so that many standings are accepted and not only refused.
sub number_or_day
{
  my ($text) = @_;
  my @days = qw(0001-01-01 1999-12-01 2024-02-01 2024-02-29 2026-04-01 2026-07-01 9999-10-01 9999-12-01 9999-12-31 infinity);
  my $how = int rand 4;
  if ($how == 0) { my $day = Mutation::pick(@days); $text =~ s/"(period|since|until)":"[^"]*"/"$1":"$day"/ }
  elsif ($how == 1) { my $number = Mutation::pick(0, 1, 2, 3, 4, 255, 256, 65535); $text =~ s/"(rank|run_below)":\d+/"$1":$number/ }
  elsif ($how == 2) { my $bases = join ',', map { Mutation::pick(1, 1, 2, 3, 4, 255) } 1 .. Mutation::pick(1, 2, 23, 24, 25); $text =~ s/"bases":\[[^]]*\]/"bases":[$bases]/ }
  else { $text =~ s/"on_watch":(\w+)/'"on_watch":' . ($1 eq 'true' ? 'false' : 'true')/e }
  return $text;
}

# Changes to the tokens of half of the texts; most of those are refused.
sub half_of
{
  my ($text, @others) = @_;
  return rand() < 0.5 ? $text : Mutation::mutate_text($text, @others);
}

# Other moves, which may contradict each other.
sub move
{
  my ($text) = @_;
  my %values = (up_after => [ 1, 2, 24 ], watch_after => [ 1, 6 ], down_after => [ 1, 6, 1200 ], land => [ '"one_down"', '"current"', '"best_of_window"' ], window => [ 1, 24 ], min_hold => [ 0, 1200 ],
    missing => [ '"carry"', '"count_below"', '"freeze"' ], calendar => [ '"rolling"', '"anniversary"', '"fixed"' ], review_month => [ 1, 12 ]);
  for (1 .. Mutation::pick(1, 2, 3))
  {
    my $key = Mutation::pick(sort keys %values);
    my $value = Mutation::pick(@{ $values{$key} });
    $text =~ s/"$key":("\w+"|\d+)/"$key":$value/ or $text =~ s/"moves":\{/"moves":{"$key":$value,/;
  }
  return $text;
}

# Bytes anywhere, or one field of the right kind: the version and the digest come first, then period, rank, since, run below, watch and the base ranks.
sub mutate
{
  my ($bytes) = @_;
  return Mutation::mutate_bytes($bytes) if rand() < 0.4;
  my %field = (9 => 4, 13 => 1, 14 => 4, 18 => 2, 20 => 1, 21 => 1, 22 => 1, length($bytes) - 9 => 1, length($bytes) - 8 => 4, length($bytes) - 4 => 4);
  my $at = Mutation::pick(sort keys %field);
  my $number = Mutation::pick(0, 1, 2, 3, 24, 25, 255, 8766, 8797, 9497, 65535, -730119, -730120, 2921909, 2921940, 2**31 - 1, 2**31, int rand 2**16);
  substr($bytes, $at, $field{$at}) = $field{$at} == 4 ? pack('N', $number & 0xffffffff) : $field{$at} == 2 ? pack('n', $number & 0xffff) : chr($number & 255);
  return $bytes;
}

# Writes a file with one row and returns the statements that read and check it.
sub received
{
  my ($number, $bytes) = @_;
  my $file = "$folder/tier_standing.$number";
  open my $out, '>:raw', $file or die "$file: $!";
  print $out "PGCOPY\n\xff\r\n\0", pack('N N n N', 0, 0, 1, length $bytes), $bytes, pack 'n', 0xffff;
  close $out or die "$file: $!";
  return "BEGIN; COPY fuzz.received_tier_standing FROM '$file' (FORMAT binary); SELECT fuzz.check_received_tier_standing(); ROLLBACK";
}
