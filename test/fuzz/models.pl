#!/usr/bin/perl
# Mutated models, as literals and through COPY BINARY. Each is refused with a documented error, or it is a value that keeps what models.sql says.
use strict;
use warnings;

use File::Basename qw(dirname);
use FindBin;
use lib $FindBin::RealBin;
use Mutation;
use PostgreSQL::Test::Utils;
use Test::More;

my $covariances = '1e-4,3e-3,0.14,-8e-5,-2e-3,0.03,6e-5,0.01,0.12,0.5';
my $fit = '"status":"converged","log_likelihood":-9582.429,"iterations":91,"gradient_norm":3.7e-16,"clients":2357';
my $rows = '"distinct_rows":1016,"data_digest":"b6662231694bb3ba"';
my %corpus = (
  bgnbd_model => [
    '{"parameters":{"r":0.243,"alpha":4.414,"a":0.793,"b":2.426},"days_per_unit":7}',
    '{"parameters":{"r":1e-12,"alpha":1e18,"a":1,"b":1e-12},"days_per_unit":1}',
    qq({"parameters":{"r":0.243,"alpha":4.414,"a":0.793,"b":2.426},"days_per_unit":7,"fit":{$fit,"dense_clients":0,$rows,"covariance":[$covariances]}}),
    qq({"parameters":{"r":44241,"alpha":63233,"a":4021,"b":44241},"days_per_unit":7,"fit":{"status":"unsuitable","log_likelihood":19582.17,"iterations":470,"gradient_norm":1.2e-4,"clients":200,"dense_clients":152,$rows}})
      =~ s/1016/200/r,
  ],
  pareto_nbd_model => [
    '{"parameters":{"r":0.55,"alpha":10.58,"s":0.606,"beta":11.67},"days_per_unit":7}',
    '{"parameters":{"r":1e18,"alpha":1e18,"s":1e-12,"beta":1e-12},"days_per_unit":30.4375}',
    qq({"parameters":{"r":0.55,"alpha":10.58,"s":0.606,"beta":11.67},"days_per_unit":7,"fit":{$fit,"dense_clients":0,$rows,"covariance":[$covariances]}}),
    '{"parameters":{"r":1,"alpha":1,"s":1,"beta":1},"days_per_unit":7,"fit":{"status":"too_few","log_likelihood":0,"iterations":0,"gradient_norm":0,"clients":1,"dense_clients":0,"distinct_rows":1,"data_digest":"0000000000000000"}}',
  ],
  gamma_gamma_model => [
    '{"parameters":{"p":6.25,"q":3.74,"gamma":15.44}}', '{"parameters":{"p":1e-12,"q":1e-12,"gamma":1e18}}',
    qq({"parameters":{"p":6.25,"q":3.74,"gamma":15.44},"fit":{$fit,"left_out":1411,$rows,"correlation":0.1139,"covariance":[1.4,-0.2,0.08,-4.8,0.99,17.3]}}),
  ],
);

my $node = Mutation::start('models');
my $folder = $node->basedir . '/values';
mkdir $folder;
$node->safe_psql('postgres', slurp_file(dirname(__FILE__) . '/models.sql'));

for my $kind (sort keys %corpus)
{
  my @texts = @{ $corpus{$kind} };
  my @all = map { @$_ } values %corpus;
  Mutation::run_cases("$kind as it is", map { "SELECT fuzz.check_text_$kind(\$fz\$$_\$fz\$)" } @texts);
  Mutation::run_cases("$kind literals", map { 'SELECT fuzz.check_text_' . $kind . '($fz$' . (mutate($_, @all) =~ s/\$fz\$/ /gr) . '$fz$)' }
      map { Mutation::pick(@texts) } 1 .. Mutation::cases());
  my @originals = map { pack 'H*', $node->safe_psql('postgres', "SELECT encode(crm.${kind}_send(\$fz\$$_\$fz\$), 'hex')") } @texts;
  for (my $left = Mutation::cases(); $left > 0; $left -= 1000)
  {
    my $many = $left < 1000 ? $left : 1000;
    Mutation::run_cases("$kind binary", map { copy($kind, $_, mutate_binary(Mutation::pick(@originals))) } 1 .. $many);
  }
}

$node->stop;
done_testing();

# Tokens as in other documents; or one number, by many orders of magnitude.
sub mutate
{
  my ($text, @others) = @_;
  return Mutation::mutate_text($text, @others) if rand() < 0.4;
  my @places;
  push @places, [ $-[0], $+[0] ] while $text =~ /(?<=[:\[,])-?\d[-+.e\d]*/g;
  my ($from, $to) = @{ Mutation::pick(@places) };
  my $number = (rand() < 0.1 ? '-' : '') . (1 + rand 9) . 'e' . int(Mutation::pick(1, 4, 13, 19, 320) * (2 * rand() - 1));
  return substr($text, 0, $from) . Mutation::pick($number, $number, $number, 0, 1, '-0', '1e-13') . substr($text, $to);
}

# Bytes anywhere, or a whole double.
sub mutate_binary
{
  my ($bytes) = @_;
  return Mutation::mutate_bytes($bytes) if rand() < 0.3;
  my $at = 2 + 8 * int rand((length($bytes) - 2) / 8);
  substr($bytes, $at, 8) = pack 'd>', Mutation::pick(0, -0.0, 1, -1, 'inf', '-inf', 'nan', 1e-13, 1e-12, 1e18, 1e19, 1e300, 10**(36 * rand() - 18), 4e-324);
  return $bytes;
}

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
