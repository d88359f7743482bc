# What the fuzz tests share: a server that is allowed to crash, a corpus, mutations, and the list of errors that a user may see.
package Mutation;
use strict;
use warnings;

use File::Basename qw(dirname);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

our @kinds = qw(scorecard tier_policy decision_table suitability_policy);

# The errors that the documentation promises. Anything else, an internal error (XX000) or a crash above all, is a fault.
our %documented = map { $_ => 1 } qw(22P02 22023 22003 22007 22008 42703 42702 42804 54000 54001 22P03 08P01 22021 22P05);

my $root = dirname(__FILE__) . '/../..';
my $node;

sub start
{
  my ($name) = @_;
  my $seed = $ENV{FUZZ_SEED} || time;
  srand($seed);
  diag("FUZZ_SEED=$seed FUZZ_CASES=" . cases() . " repeats this run of $name");

  $node = PostgreSQL::Test::Cluster->new($name);
  $node->init(extra => [ '--encoding=UTF8', '--locale=C.UTF-8' ]);
  $node->append_conf('postgresql.conf', <<'CONF');
restart_after_crash = on
log_statement = none
log_min_error_statement = panic
log_min_messages = fatal
statement_timeout = 20s
CONF
  $node->start;
  $node->safe_psql('postgres', 'CREATE SCHEMA crm; CREATE EXTENSION crm_ext SCHEMA crm; '
      . 'ALTER DATABASE postgres SET search_path = public, crm');
  $node->safe_psql('postgres', slurp_file(dirname(__FILE__) . '/properties.sql'));
  return $node;
}

sub cases { return $ENV{FUZZ_CASES} || 5000 }

# The documents of each kind: those beside this file and those that ship. The kind is the type that accepts it.
sub corpus
{
  my %documents = map { $_ => [] } @kinds;
  for my $file (sort glob("$root/test/fuzz/corpus/*.json $root/examples/policies/*.json"))
  {
    my $text = slurp_file($file);
    for my $kind (@kinds)
    {
      my ($status) = $node->psql('postgres', "SELECT \$fz\$$text\$fz\$::crm.$kind");
      push @{ $documents{$kind} }, $text if $status == 0;
    }
  }
  ok(@{ $documents{$_} } > 0, "$_: " . @{ $documents{$_} } . ' documents to mutate') for @kinds;
  return %documents;
}

# ----------------------------------------------------------------------------------------------------------------------
# Mutations
# ----------------------------------------------------------------------------------------------------------------------

sub pick { return $_[ int rand @_ ] }

my @numbers = qw(0 -0 1 -1 0.1 1e5 1E+5 1e-5 1e308 1e309 -1e309 1e-400 1e400 9223372036854775807 9223372036854775808 2147483648
  99999999999999999999999999999999999999999999 0.1000000000000000055511151231257827 00 01 1. .5 +1 1e 0x10 NaN Infinity -Infinity);
my @conditions = ('-', '', '< 5', '<5', '<= -1', '>= as_of', '[1..10)', '(1..10]', ']1..10[', '[10..1]', '[1..1]', '(1..1)', 'not(< 0)',
  'not(not(1))', 'not(', '1, 2, 3', '1,', ', 1', '"a"', '"a", "b"', "'a'", 'null', 'true', 'false', 'not(null)', '< ', '..', '[..]',
  '[1..', '< 1e999', '< 5 5', '2024-01-01', '[2024-01-01..2024-12-31]', '< 2024-02-30', '>= 2024-01-01T00:00:00Z', '> infinity',
  'as_of', '< as_of', '[as_of..as_of]', '< -', '=1', '!= 1', '<> 1', "< 5\n", "\t< 5", 'branch', '"unclosed', '\\"', '< 0x10');
my @strings = ('', ' ', 'a', 'as_of', 'client.', '.age', 'client.age', 'product.kind', 'instruction.channel', 'client.client.age', 'x.y', 'suitable',
  'notice', 'overridable', 'undetermined', 'needs_approval', 'prohibited', 'skip', 'recommend', 'buy', 'hold', 'month', 'error', 'null', 'missing', 'age', 'orders_60d',
  'carry', 'unique', 'any', 'priority', 'first', 'rule_order', 'output_order', 'collect', 'sum', 'min', 'max', 'count', 'number', 'text', 'boolean', 'date', "\xc3\xa9", "\xe4\xb8\xad\xe6\x96\x87", "\xf0\x9f\x98\x80", '\\u0000', '\\ud800', '\\ud83d\\ude00', '\\u00e9', '\\n', '\\/', '\\x', 'x' x 300, '%s%n%d', '$1',
  "\xff\xfe", "\xc3");
my @keys = qw(name version description basis initial_score characteristics attribute bins when points baseline_score reason_code reason unmatched
  weight clamp add multiply reason_code_algorithm measure period tiers label enter keep moves up_after down_after land window missing
  none_applies derive exempt checks require applies otherwise actions code allowed client product pairs at_least at_most value times
  contains overlaps within_months within_days for_months for_days months days all any not n of years_since months_since days_since solicited
  unsolicited outcome instruction hit_policy aggregation conflict inputs valid invalid missing_if xor surrogate coalesce + - * / outputs rules then attribute values type default);

sub quoted { return '"' . $_[0] =~ s/(?<!\\)"/\\"/gr . '"' }

sub value
{
  my $depth = shift // 0;
  my $what = int rand($depth > 3 ? 5 : 8);
  return pick(@numbers) if $what == 0;
  return pick(qw(true false null)) if $what == 1;
  return quoted(pick(@conditions)) if $what == 2;
  return quoted(pick(@strings)) if $what == 3;
  return pick('[]', '{}', '[[]]', '[null]', '""') if $what == 4;
  return '[' . join(', ', map { value($depth + 1) } 1 .. int rand 4) . ']' if $what == 5;
  return '{' . join(', ', map { '"' . pick(@keys) . '": ' . value($depth + 1) } 1 .. 1 + int rand 3) . '}';
}

# One to four changes to the tokens of a document, or to its bytes.
sub mutate_text
{
  my ($text, @others) = @_;
  return mutate_bytes($text) =~ s/\0/ /gr if rand() < 0.2;
  my @tokens = $text =~ /("(?:[^"\\]|\\.)*"|[-+.\w]+|[][{}:,]|\s+|.)/gs;
  for (1 .. pick(1, 1, 1, 2, 3))
  {
    my $at = int rand @tokens;
    # Values are where the grammar is; most changes go there, and half of those keep the kind of the token.
    if (rand() < 0.7)
    {
      my @places = grep { $tokens[$_] =~ /^["\d-]|^(true|false|null)$/ } 0 .. $#tokens;
      $at = pick(@places) if @places;
      if (rand() < 0.5)
      {
        $tokens[$at] =
            $tokens[$at] =~ /^[-\d]/ ? pick(@numbers, int(rand 2_000_000) / pick(1, 1, 10, 1000))
          : $tokens[$at] =~ /^"/ ? pick(quoted(pick(@conditions)), quoted(pick(@strings)), grep { /^"/ } @tokens)
          : pick(qw(true false null));
        next;
      }
    }
    my $how = int rand 12;
    if ($how <= 2) { $tokens[$at] = value() }
    elsif ($how == 3) { $tokens[$at] = quoted(pick(@conditions)) }
    elsif ($how == 4) { $tokens[$at] = '"' . pick(@keys) . '"' }
    elsif ($how == 5) { $tokens[$at] = pick(@numbers) }
    elsif ($how == 6) { splice @tokens, $at, 1 + int rand 3 }
    elsif ($how == 7) { splice @tokens, $at, 0, $tokens[ int rand @tokens ] }
    elsif ($how == 8)
    {
      my $from = int rand @tokens;
      my @piece = @tokens[ $from .. ($from + int rand(20) > $#tokens ? $#tokens : $from + int rand 20) ];
      @piece = @piece[ 0 .. ($#piece > 40 ? 40 : $#piece) ];
      splice @tokens, $at, int rand 4, grep { defined } @piece;
    }
    elsif ($how == 9)
    {
      my $other = int rand @tokens;
      @tokens[ $at, $other ] = @tokens[ $other, $at ];
    }
    elsif ($how == 10 && @others)
    {
      my @foreign = pick(@others) =~ /("(?:[^"\\]|\\.)*"|[-+.\w]+|[][{}:,])/gs;
      my $from = int rand @foreign;
      my $to = $from + int rand 12;
      $to = $#foreign if $to > $#foreign;
      splice @tokens, $at, 1, @foreign[ $from .. $to ];
    }
    else
    {
      my $depth = pick(1, 10, 100, 2000, rand() < 0.05 ? 100000 : 50);
      my ($open, $close) = @{ pick([ '[', ']' ], [ '{"all": [', ']}' ], [ '{"not": ', '}' ], [ '{"any": [{"a": 1}, ', ']}' ]) };
      $tokens[$at] = $open x $depth . $tokens[$at] . $close x $depth;
    }
    push @tokens, ' ' unless @tokens;
  }
  my $result = join '', @tokens;
  $result =~ s/\0/ /g;
  return $result;
}

sub mutate_bytes
{
  my ($bytes) = @_;
  for (1 .. 1 + int rand 4)
  {
    my $length = length $bytes or return chr int rand 256;
    my $at = int rand $length;
    my $how = int rand 8;
    if ($how == 0) { substr($bytes, $at, 1) ^= chr(1 << int rand 8) }
    elsif ($how == 1) { substr($bytes, $at, 1) = chr int rand 256 }
    elsif ($how == 2) { substr($bytes, $at, 1 + int rand 8) = '' }
    elsif ($how == 3) { substr($bytes, $at, 0) = join '', map { chr int rand 256 } 1 .. 1 + int rand 8 }
    elsif ($how == 4) { $bytes = substr $bytes, 0, $at }
    elsif ($how == 5) { substr($bytes, $at, 0) = substr $bytes, int rand $length, 1 + int rand 30 }
    elsif ($how == 6) { substr($bytes, $at, 4) = pack 'N', pick(0, 1, 0x7fffffff, 0x80000000, 0xffffffff, int rand 1000) }
    else { substr($bytes, $at, 8) = pick("\xff" x 8, "\0" x 8, "\x7f\xf0" . "\0" x 6, "\x7f\xf8" . "\0" x 6) }
  }
  return $bytes;
}

# One to four changes to the tags, attributes and texts of an XML document, or to its bytes.
sub mutate_xml
{
  my ($text, @others) = @_;
  return mutate_bytes($text) =~ s/\0/ /gr if rand() < 0.1;
  # an element's tag, an attribute, or a text: what a change should move as a whole
  my @tokens = $text =~ /(<!--.*?-->|<[^\s<>]*|\s+[\w:]+="[^"]*"|\/?>|[^<>]+?(?=[<>]|\s+[\w:]+=)|.)/gs;
  my @values = ($text =~ /="([^"]*)"/g, @strings, @numbers, '2026-01-31', 'true', 'equal', 'isIn', 'xor', 'surrogate', 'ordinal', 'asValue', 'returnInvalid');
  for (1 .. pick(1, 1, 1, 2, 4))
  {
    my $at = int rand @tokens;
    my $how = int rand 9;
    if ($how <= 3)
    {
      my @attributes = grep { $tokens[$_] =~ /="/ } 0 .. $#tokens or next;
      $at = pick(@attributes);
      my $value = pick(@values) =~ s/[<&"]/ /gr;
      $tokens[$at] =~ s/="[^"]*"/="$value"/ if $how < 3;
      $tokens[$at] =~ s/[\w:]+=/pick(qw(field value operator name reasonCode missingValueReplacement invalidValueTreatment dataType optype function x:y)) . '='/e if $how == 3;
    }
    elsif ($how == 4) { splice @tokens, $at, 1 + int rand 3 }
    elsif ($how == 5) { splice @tokens, int rand @tokens, 0, @tokens[ $at .. ($at + 12 > $#tokens ? $#tokens : $at + int rand 12) ] }
    elsif ($how == 6)
    {
      # a whole element to another place
      my ($element) = pick($text, @others) =~ /(<(\w+)(?:\s[^<>]*)?>(?:(?!<\2[\s>]).)*?<\/\2>)/s or next;
      splice @tokens, $at, int rand 2, $element;
    }
    elsif ($how == 7) { @tokens[ $at, 0 ] = @tokens[ 0, $at ] if rand() < 0.2; $tokens[$at] =~ s/^<\w+/'<' . pick(qw(True False Apply Constant FieldRef Array Attribute Interval Value Targets))/e }
    else
    {
      my $depth = pick(1, 5, 20, 40, 100, 300);
      my ($open, $close) = @{ pick([ '<CompoundPredicate booleanOperator="xor">', '</CompoundPredicate>' ], [ '<Apply function="+"><Constant>1</Constant>', '</Apply>' ], [ '<Extension>', '</Extension>' ]) };
      splice @tokens, $at, 0, ($open) x $depth, pick('<True/>', '<FieldRef field="age"/>', ''), ($close) x $depth;
    }
    push @tokens, ' ' unless @tokens;
  }
  return join('', @tokens) =~ s/\0/ /gr;
}

# The binary form: bytes anywhere, or its text part with whatever stands before it kept.
sub mutate_binary
{
  my ($bytes, @others) = @_;
  my $start = index $bytes, '{';
  return mutate_bytes($bytes) if $start < 0 || rand() < 0.4;
  return substr($bytes, 0, $start) . mutate_text(substr($bytes, $start), @others);
}

# ----------------------------------------------------------------------------------------------------------------------
# Running
# ----------------------------------------------------------------------------------------------------------------------

# Runs the cases (strings of SQL) in one session, with one assertion for every thousand. A crash is a fault of the case that was running;
# the others go on when the server is back.
sub run_cases
{
  my ($name, @cases) = @_;
  while (my @part = splice @cases, 0, 1000)
  {
    my (%codes, @faults);
    my $next = 0;
    while ($next < @part && @faults < 10)
    {
      $next = run_from($next, \@part, \%codes, \@faults);
    }
    my $accepted = delete $codes{accepted} // 0;
    my $summary = join ', ', "$accepted accepted", map { "$_ $codes{$_}" } sort keys %codes;
    ok(!@faults, sprintf '%s: %d cases (%s)', $name, scalar @part, $summary);
    # Faults of one kind mostly have one cause: the first two of each are told in full.
    my %told;
    report($_, $part[ $_->{case} ]) for grep { $told{ $_->{code} }++ < 2 } @faults;
  }
  return;
}

sub run_from
{
  my ($first, $part, $codes, $faults) = @_;
  my $script = $node->basedir . '/cases.sql';
  my $printed = $node->basedir . '/cases.out';
  open my $out, '>:raw', $script or die "$script: $!";
  print $out "\\set VERBOSITY sqlstate\n";
  print $out "\\echo @@ $_\n$part->[$_];\n" for $first .. $#{$part};
  print $out "\\echo @@ end\n";
  close $out or die "$script: $!";
  my $connection = $node->connstr('postgres');
  system("PGCLIENTENCODING=UTF8 psql -X -q -o /dev/null -d \"$connection\" <\"$script\" >\"$printed\" 2>&1");

  my ($current, $ended, %code) = ($first);
  for my $line (split /\n/, slurp_file($printed))
  {
    if ($line =~ /^@@ (\d+)$/) { $current = $1 }
    elsif ($line eq '@@ end') { $ended = 1 }
    elsif ($line =~ /(?:ERROR|FATAL|PANIC):\s+([0-9A-Z]{5})/) { $code{$current} //= $1 }
  }
  for my $case ($first .. ($ended ? $#{$part} : $current - 1))
  {
    my $code = $code{$case} // 'accepted';
    $codes->{$code}++;
    push @$faults, { case => $case, code => $code } unless $code eq 'accepted' || $documented{$code};
  }
  return scalar @$part if $ended;
  push @$faults, { case => $current, code => 'crash' };
  $codes->{crash}++;
  $node->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()') or BAIL_OUT('the server did not come back');
  return $current + 1;
}

sub report
{
  my ($fault, $sql) = @_;
  diag("$fault->{code}:");
  if ($fault->{code} ne 'crash')
  {
    my ($status, $out, $err) = $node->psql('postgres', "\\set VERBOSITY verbose\n$sql");
    diag(substr $err, 0, 1500);
  }
  $sql =~ s/([^\n\x20-\x7e])/sprintf '\\x%02x', ord $1/ge;
  diag(length $sql > 6000 ? substr($sql, 0, 6000) . '...' : $sql);
  return;
}

1;
