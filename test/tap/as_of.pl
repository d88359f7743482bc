#!/usr/bin/perl
# The as-of day: a setting may be made before the library is loaded (in a role, a database, a connection string), where nobody
# checks it. It must then be refused or used, never dropped: a report of the wrong day looks like any other.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('as_of');
$node->init(extra => [ '--encoding=UTF8', '--locale=C.UTF-8' ]);
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE SCHEMA crm;
CREATE EXTENSION crm_ext SCHEMA crm;
CREATE ROLE analyst LOGIN;
CREATE DATABASE other;
CREATE TABLE visit AS SELECT date '2024-01-01' + n % 400 AS on_day FROM generate_series(1, 20000) AS n;
ANALYZE visit;
GRANT SELECT ON visit TO analyst;
GRANT USAGE ON SCHEMA crm TO analyst;
SQL
$node->safe_psql('other', 'CREATE SCHEMA crm; CREATE EXTENSION crm_ext SCHEMA crm');

# Returns status, output and messages of a fresh session, which has not loaded the library yet.
sub session
{
  my ($sql, %option) = @_;
  local $ENV{PGOPTIONS} = $option{options} // '';
  my ($status, $out, $err) = $node->psql($option{database} // 'postgres',
    $sql, extra_params => [ '-U', $option{user} // $ENV{PGUSER} // (getpwuid $>)[0] ]);
  return ($status, $out // '', $err // '');
}

sub answers
{
  my ($expected, $name, @call) = @_;
  my ($status, $out, $err) = session(@call);
  is("$status: $out", "0: $expected", $name) or diag($err);
  return;
}

sub refuses
{
  my ($pattern, $name, @call) = @_;
  my ($status, $out, $err) = session('\set VERBOSITY verbose' . "\n" . $call[0], @call[ 1 .. $#call ]);
  isnt($status, 0, "$name: an error");
  like($err, $pattern, "$name: says why");
  return;
}

my $today = $node->safe_psql('postgres', 'SELECT current_date');
my $ask = 'SELECT crm.as_of()';

answers($today, 'without a setting it is today', $ask);
answers($today, 'empty is today', $ask, options => '-c crm.as_of=');
answers('2024-02-29', 'a day set before the library loads is used', $ask, options => '-c crm.as_of=2024-02-29');
answers('2024-02-29', 'SET before the library loads', "SET crm.as_of = '2024-02-29'; $ask");
answers("2024-01-31\n2024-02-29", 'SET after it',
  "SET crm.as_of = '2024-01-31'; $ask; SET crm.as_of = '2024-02-29'; $ask");
answers($today, 'RESET', "SET crm.as_of = '2024-01-31'; RESET crm.as_of; $ask");
answers("2024-01-31\n$today", 'SET LOCAL ends with its transaction',
  "BEGIN; SET LOCAL crm.as_of = '2024-01-31'; $ask; COMMIT; $ask");

for my $bad ('nonsense', '2024-02-30', '2024-2-3', '29.02.2024', '2024-02-29 ', ' 2024-02-29', '20240229', 'infinity', 'today',
  '0000-01-01', '2024-13-01')
{
  refuses(qr/22023.*crm\.as_of/s, "'$bad' set before the library loads", "SET crm.as_of = '$bad'; $ask");
  refuses(qr/22023.*crm\.as_of/s, "'$bad' set after it", "$ask; SET crm.as_of = '$bad'");
}

# A session that was refused is not lost.
{
  my ($status, $out) = session("\\set ON_ERROR_STOP 0\nSET crm.as_of = 'nonsense';\n$ask;\nSET crm.as_of = '2024-05-06';\n$ask;",
    database => 'postgres');
  # psql() of the library sets ON_ERROR_STOP; the line above takes it back.
  is($out, '2024-05-06', 'after the setting is corrected the same session answers');
}

# Roles and databases.
$node->safe_psql('postgres', "ALTER ROLE analyst SET crm.as_of = '2024-03-31'");
answers('2024-03-31', 'ALTER ROLE SET', $ask, user => 'analyst');
$node->safe_psql('postgres', "ALTER DATABASE other SET crm.as_of = '2023-12-31'");
answers('2023-12-31', 'ALTER DATABASE SET', $ask, database => 'other');
$node->safe_psql('postgres', "ALTER ROLE analyst SET crm.as_of = '31/03/2024'");
refuses(qr/22023.*crm\.as_of/s, 'a bad day of a role', $ask, user => 'analyst');
answers('2024-07-01', 'a session\'s own good day goes before a bad one of its role', $ask,
  user => 'analyst', options => '-c crm.as_of=2024-07-01');
refuses(qr/22023.*crm\.as_of/s, 'ALTER ROLE SET is checked where the library is loaded', "$ask; ALTER ROLE analyst SET crm.as_of = 'x'");

# A misspelt name of our own is refused once the library is there.
refuses(qr/crm\.asof/, 'a misspelt setting', "$ask; SET crm.asof = '2024-01-01'");

# Workers take the day of the session that started them.
my $parallel = join ' ', map { "SET $_;" } 'parallel_setup_cost = 0', 'parallel_tuple_cost = 0',
  'min_parallel_table_scan_size = 0', 'max_parallel_workers_per_gather = 2', 'parallel_leader_participation = off';
my $count = 'SELECT count(*) FROM visit WHERE on_day <= crm.as_of()';
my $plan = "EXPLAIN (COSTS OFF) $count";
my ($status, $out) = session("$parallel $plan");
like($out, qr/Gather/, 'the count below is parallel');
my $want = $node->safe_psql('postgres', "SELECT count(*) FROM visit WHERE on_day <= '2024-01-10'");
answers($want, 'workers use a day set before the library loads', "$parallel $count", options => '-c crm.as_of=2024-01-10');
answers($want, 'workers use a day set after it', "$parallel DO \$\$ BEGIN PERFORM crm.as_of(); END \$\$; SET crm.as_of = '2024-01-10'; $count");
answers($want, 'workers use a day of the transaction',
  "$parallel BEGIN; SET LOCAL crm.as_of = '2024-01-10'; $count; COMMIT");
answers($want, 'workers use the session\'s good day although their role has a bad one', "$parallel $count",
  user => 'analyst', options => '-c crm.as_of=2024-01-10');

# A function in PL/pgSQL loads the library in the middle of a parallel query, in the leader or in a worker. No setting can be taken over then:
# it must wait, not be lost.
$node->safe_psql('postgres', <<'SQL');
CREATE FUNCTION late(on_day date) RETURNS date LANGUAGE plpgsql STABLE PARALLEL SAFE AS 'BEGIN RETURN crm.as_of(); END';
SQL
my $late = 'SELECT min(late(on_day)) FROM visit';
my $leader = "$parallel SET parallel_leader_participation = on; SET max_parallel_workers = 0;";
for my $where ([ 'the leader', $leader ], [ 'workers', $parallel ])
{
  my ($name, $set) = @$where;
  ($status, $out) = session("$set EXPLAIN (COSTS OFF) $late");
  like($out, qr/Gather/, "the first call is in a parallel query: $name");
  answers("2024-01-10\n2024-01-10", "$name: a day of the session", "$set $late; SELECT crm.as_of()", options => '-c crm.as_of=2024-01-10');
  answers("2024-01-10\n2024-01-10\n$today", "$name: a day of the transaction ends with it",
    "$set BEGIN; SET LOCAL crm.as_of = '2024-01-10'; $late; SELECT crm.as_of(); COMMIT; SELECT crm.as_of()");
  answers("2024-01-10\n2024-01-11", "$name: a day set afterwards", "$set $late; SET crm.as_of = '2024-01-11'; $late", options => '-c crm.as_of=2024-01-10');
  refuses(qr/22023.*crm\.as_of/s, "$name: a bad day is refused", "$set $late", options => '-c crm.as_of=10.01.2024');
}

# With the library loaded at the start of every session.
# A library outside the system's folder is found by its bare name since 18, by Debian's extension_destdir only below $libdir.
my $library = $node->safe_psql('postgres', 'SHOW server_version_num') >= 180000 ? 'crm_ext' : '$libdir/crm_ext';
$node->append_conf('postgresql.conf', "session_preload_libraries = '$library'\n");
$node->reload;
$node->safe_psql('postgres', 'ALTER ROLE analyst RESET crm.as_of');
answers('2024-02-29', 'with session_preload_libraries', $ask, options => '-c crm.as_of=2024-02-29');
answers('2023-12-31', 'with session_preload_libraries and a database\'s day', $ask, database => 'other');
answers($today, 'with session_preload_libraries and no day', $ask);

$node->stop;
done_testing();
