#!/usr/bin/perl
# Mutated binary summaries through COPY BINARY: the sender is not trusted, so a bad value is a documented error, never an internal
# one, and an accepted value keeps what summaries.sql and summary_properties.sql say. Every summary type of the extension needs an entry in %corpus.
use strict;
use warnings;

use File::Basename qw(dirname);
use FindBin;
use lib $FindBin::RealBin;
use Mutation;
use PostgreSQL::Test::Utils;
use Test::More;

# Expressions that make summaries of every shape: small and large, each representation, extremes.
my $days = 'unnest(ARRAY[0, 1, 2, 7, 30, 31, 400]) AS n';
my %corpus = (
  activity_summary => [
    "activity('2026-01-05', 1)", "activity('2026-01-05', -0.0001)", "activity('4713-01-01 BC', 1e30)",
    "activity('2026-01-01'::date + n, n - 5.25) FROM $days", "activity('2026-01-01'::date + n, 100) FROM generate_series(0, 30) AS n",
    "activity('2026-01-01'::date + n * n, 12.34) FROM generate_series(0, 60) AS n",
    "activity(d, -1) FROM unnest('{1900-01-01,2026-01-05,9999-12-31,5874897-12-31}'::date[]) AS d",
  ],
  balance_summary => [
    "balance('2026-01-05', 0)", "balance('2026-01-05', 922337203685477.5807)", "balance_snapshot('2026-01-05', -922337203685477.5807)",
    "balance('2026-01-01'::date + n, n * 1000) FROM $days", "balance_snapshot('2026-01-01'::date + n, n * 1.23) FROM generate_series(0, 40) AS n",
    "with_opening(balance('2026-01-01'::date + n, 500 - n), '2026-01-01', 12.5) FROM $days", "with_opening(NULL, '2026-01-01', 5)",
    "balance_summary_combine(with_opening(balance('2026-01-05', 1), '2026-01-02', 2), with_opening(balance('5874897-12-31', -1), '2026-02-01', 0.5))",
  ],
  distribution_summary => [
    "distribution(1.5::float8)", "distribution(n::float8) FROM generate_series(-50, 50) AS n", "distribution(exp(n)::float8) FROM generate_series(-8, 30) AS n",
    "distribution((n * n)::float8, 0.05) FROM generate_series(1, 100) AS n", "distribution(0::float8)", "distribution(9e14::float8)",
  ],
  survival_summary => [
    "survival(5, true)", "survival(n, n % 3 = 0) FROM generate_series(1, 40) AS n", "survival(n + 5, n % 2 = 0, n) FROM generate_series(0, 20) AS n", "survival(2147483647, false)",
  ],
  repeat_purchase_summary => [
    "repeat_purchases(activity_add(NULL, '2026-01-05', 1), '2026-01-05')", "repeat_purchases(activity_add(NULL, '4713-01-01 BC', 1), '5874897-12-31')",
    "repeat_purchases(a, '2026-12-31') FROM (SELECT activity('2026-01-01'::date + n * k, 5) AS a FROM generate_series(1, 40) AS n, generate_series(0, n % 7) AS k GROUP BY n) AS c",
  ],
  spend_summary => [
    "repeat_spend(activity_add(NULL, '2026-01-05', 1))", "repeat_spend(a) FROM (SELECT activity('2026-01-05'::date + n, -1) AS a FROM generate_series(0, 2) AS n) AS c",
    "repeat_spend(a) FROM (SELECT activity('2026-01-01'::date + n * k, 5 + n * 1.25) AS a FROM generate_series(1, 40) AS n, generate_series(0, n % 7) AS k GROUP BY n) AS c",
  ],
  migration_summary => [
    "migration(1, 2)", "migration(n % 4 + 1, n % 3 + 1) FROM generate_series(1, 50) AS n", "migration(n % 4 + 1, n % 3 + 1, n * 1.25) FROM generate_series(1, 50) AS n",
  ],
  co_holding_summary => [
    "co_holding('{}')", "co_holding('{a}')", "co_holding(ARRAY['p' || n % 5, 'p' || n % 7, 'p' || n * n % 11]) FROM generate_series(1, 300) AS n",
    "co_holding(ARRAY['p' || n, 'p' || n + 1]) FROM generate_series(1, 40) AS n", "co_holding(ARRAY[repeat('x', n)]) FROM generate_series(0, 255) AS n WHERE n < 4 OR n > 251",
  ],
  coverage_summary => [
    "coverage(0, 0)", "coverage(2, 1.25)", "coverage(n % 4, n % 3) FROM generate_series(0, 40) AS n", "coverage(922337203685477.5807, n) FROM generate_series(1, 3) AS n",
    "coverage(0, n * 12345678.9) FROM generate_series(1, 9) AS n", "coverage(1, 922337203685477.5807) FROM generate_series(1, 9) AS n",
  ],
  service_concentration_summary => [
    "service_concentration(5, 1)", "service_concentration(n, abs(n % 7)) FROM generate_series(-20, 60) AS n", "service_concentration(exp(n), n + 8) FROM generate_series(-8, 30) AS n",
    "service_concentration(n * n, 922337203685477.5807, 0.05) FROM generate_series(1, 60) AS n", "service_concentration(9e14, 0)",
  ],
  asset_bridge_summary => [
    "asset_bridge(5, 7.5, 3, 1, false, false)", "asset_bridge(NULL, NULL, 1, 1, true, true)", "asset_bridge(NULLIF(n % 3, 0), n, n, 0.0001, n % 3 = 0, false) FROM generate_series(1, 30) AS n",
    "asset_bridge(-922337203685477.5807, 922337203685477.5807, 0, n, false, false) FROM generate_series(1, 3) AS n", "asset_bridge(n, NULL, 0, 0, false, true) FROM generate_series(1, 5) AS n",
  ],
);

my $node = Mutation::start('summaries');
my $folder = $node->basedir . '/values';
mkdir $folder;
$node->safe_psql('postgres', slurp_file(dirname(__FILE__) . "/$_")) for 'summary_properties.sql', 'summaries.sql';

my @kinds = split /\n/, $node->safe_psql('postgres',
  q{SELECT typname FROM pg_type WHERE typnamespace = 'crm'::regnamespace AND typname ~ '_summary$' AND typtype = 'b' AND typelem = 0 ORDER BY 1});
for my $kind (@ARGV ? @ARGV : @kinds)
{
  ok($corpus{$kind}, "there are values of $kind to mutate") or next;
  my @originals;
  for my $expression (@{ $corpus{$kind} })
  {
    my $query = "SELECT $expression";
    my $bytes = pack 'H*', $node->safe_psql('postgres', "SELECT encode(${kind}_send(v), 'hex') FROM ($query) AS x (v)");
    push @originals, $bytes;
    $node->safe_psql('postgres', "INSERT INTO fuzz.other_$kind $query") if @originals <= 4;
  }
  Mutation::run_cases("$kind as it is", map { copy($kind, $_, $originals[$_]) } 0 .. $#originals);
  for (my $left = Mutation::cases(); $left > 0; $left -= 1000)
  {
    my $many = $left < 1000 ? $left : 1000;
    Mutation::run_cases("$kind binary", map { copy($kind, $_, mutate(Mutation::pick(@originals), @originals)) } 1 .. $many);
  }
}

$node->stop;
done_testing();

# Bytes anywhere, or one number of the varints that follow the version and the flags, or the flags.
sub mutate
{
  my ($bytes, @others) = @_;
  return Mutation::mutate_bytes($bytes) if rand() < 0.3;
  my $head = substr $bytes, 0, 2;
  my @numbers = substr($bytes, 2) =~ /([\x80-\xff]*[\x00-\x7f]|[\x80-\xff]+)/gs;
  for (1 .. Mutation::pick(1, 1, 1, 2, 3))
  {
    my $at = int rand @numbers;
    my $how = int rand 10;
    if ($how <= 3) { $numbers[$at] = varint(Mutation::pick(0, 1, 2, 3, 127, 128, 99999, 100000, 100001, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**62, int rand 1000)) }
    elsif ($how == 4) { $numbers[$at] = Mutation::pick("\xff" x 9 . "\x01", "\xfe" . "\xff" x 8 . "\x01", "\xff" x 18 . "\x03", "\xfe" . "\xff" x 17 . "\x03", "\x80\x00") }
    elsif ($how == 5) { splice @numbers, $at, 1 }
    elsif ($how == 6) { splice @numbers, $at, 0, $numbers[ int rand @numbers ] }
    elsif ($how == 7) { @numbers[ $at, -1 ] = @numbers[ -1, $at ] }
    elsif ($how == 8) { substr($head, 1, 1) ^= chr(1 << Mutation::pick(0, 0, 0, 1, 2, 7)) }
    else { my $byte = ord $numbers[$at]; substr($numbers[$at], 0, 1) = chr(($byte & 0x80) | (($byte + Mutation::pick(-2, -1, 1, 2)) & 0x7f)) }
    push @numbers, "\0" unless @numbers;
  }
  return $head . join '', @numbers;
}

sub varint
{
  my ($number) = @_;
  my $bytes = '';
  while ($number >= 128)
  {
    $bytes .= chr(($number & 127) | 128);
    $number >>= 7;
  }
  return $bytes . chr $number;
}

# Writes a file with one row and returns the statements that read and check it.
sub copy
{
  my ($kind, $number, $bytes) = @_;
  my $file = "$folder/$kind.$number";
  open my $out, '>:raw', $file or die "$file: $!";
  print $out "PGCOPY\n\xff\r\n\0", pack('N N n N', 0, 0, 1, length $bytes), $bytes, pack 'n', 0xffff;
  close $out or die "$file: $!";
  return "BEGIN; COPY fuzz.received_$kind FROM '$file' (FORMAT binary); SELECT fuzz.check_$kind(); ROLLBACK";
}
