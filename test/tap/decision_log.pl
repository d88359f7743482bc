#!/usr/bin/perl
# The registry and the decision log between sessions, in crashes, and after a dump is restored into another cluster.
#
# Writers, sealers and approvers run at the same time; a writer never waits for a sealer, nor for another writer. A decision that commits late
# is sealed late; a number that was rolled back is given up. What was acknowledged before a crash is there after it, and the seals fit.
use strict;
use warnings;

use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $node = PostgreSQL::Test::Cluster->new('decision_log');
$node->init(extra => [ '--encoding=UTF8', '--locale=C.UTF-8' ]);
$node->append_conf('postgresql.conf', "max_prepared_transactions = 5\nlock_timeout = '5s'\n");
$node->start;
my $sessions = 0;

sub registry
{
  my ($database) = @_;
  $node->safe_psql('postgres', "CREATE DATABASE $database");
  $node->safe_psql($database, <<'SQL');
CREATE SCHEMA crm;
CREATE EXTENSION crm_ext SCHEMA crm;
SET client_min_messages = warning;
SELECT crm.create_registry('registry');
SELECT registry.propose_policy('tier_policy', '{"name": "t", "version": "1", "tiers": [{"label": "mass"}]}'::jsonb, current_date, 'first');
CREATE FUNCTION log(n int) RETURNS bigint LANGUAGE sql AS $$
  SELECT registry.log_decision('C' || n, 'tier_policy', 'mass', NULL, (SELECT v.sha256 FROM registry.policy_version AS v LIMIT 1), jsonb_build_object('value', n), '2026-01-31') $$;
CREATE FUNCTION findings() RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(concat_ws(' ', v.seal, v.status, v.decision_id, v.decisions), '; ') FROM registry.verify_decision_log() AS v WHERE v.status <> 'intact' $$;
SQL
  return;
}

sub ask { return $node->safe_psql(@_) }
sub findings { return ask($_[0], 'SELECT findings()') }
sub seal { return ask($_[0], 'SELECT decisions FROM registry.seal_decision_log()') }

# A psql that stays: what it prints for a statement, and what it says on standard error.
sub session
{
  my ($database) = @_;
  my %it = (in => '', out => '', err => '');
  $it{process} = IPC::Run::start([ 'psql', '-X', '-q', '-A', '-t', '-d', $node->connstr($database) ],
    '<', \$it{in}, '>', \$it{out}, '2>', \$it{err}, IPC::Run::timeout(120));
  return \%it;
}

sub begin { my ($it, $sql) = @_; $it->{mark} = 'done ' . ++$sessions; $it->{in} .= "$sql;\n\\echo $it->{mark}\n"; $it->{process}->pump_nb; return }

sub finish
{
  my ($it) = @_;
  $it->{process}->pump until $it->{out} =~ /^\Q$it->{mark}\E$/m;
  (my $printed = $it->{out}) =~ s/\n?\Q$it->{mark}\E\n//;
  $it->{out} = '';
  return $printed;
}

sub run_in { begin(@_); return finish($_[0]) }

# Waits until a condition holds for the other sessions, while what was written to one is handed on.
sub comes
{
  my ($it, $database, $condition) = @_;
  for (1 .. 1200)
  {
    $it->{process}->pump_nb;
    return 1 if ask($database, "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = '$database' AND pid <> pg_backend_pid() AND $condition") eq 't';
    usleep(50_000);
  }
  return 0;
}

sub is_waiting { return comes(@_, "wait_event_type = 'Lock'") }

sub leave { my ($it) = @_; $it->{in} .= "\\q\n"; $it->{process}->finish; return }

########################################################################################################################
# Between sessions
########################################################################################################################

registry('many');
my ($one, $two, $sealer) = map { session('many') } 1 .. 3;
run_in($one, "SET lock_timeout = '1s'; BEGIN");
is(run_in($one, 'SELECT log(1)'), '1', 'a writer has decision 1 and does not commit');
is(run_in($two, "SET lock_timeout = '1s'; SELECT log(2)"), '2', 'another writes decision 2 without waiting');
is(seal('many'), '1', 'the sealer does not wait either: it seals what is committed');
is(ask('many', 'SELECT decisions, open FROM registry.decision_seal'), '{[2,3)}|{[1,2)}', 'and remembers that decision 1 may come');
is(findings('many'), 'unsealed 0', 'all is well');
is(run_in($sealer, 'BEGIN; SELECT log(3); SELECT decisions FROM registry.seal_decision_log()'), "3\n1", 'a sealer has sealed and does not commit');
is(run_in($one, 'SELECT log(4)'), '4', 'the writer goes on meanwhile');
is(run_in($two, 'SELECT log(5)'), '5', 'so does the other');
run_in($one, 'COMMIT');
run_in($sealer, 'COMMIT');
is(findings('many'), 'unsealed 3', 'the late decisions are not sealed yet, and no alarm');
is(seal('many'), '3', 'the next seal takes them up');
is(ask('many', 'SELECT decisions FROM registry.decision_seal ORDER BY seal DESC LIMIT 1'), '{[1,2),[4,6)}', 'decision 1 too');
is(findings('many'), 'unsealed 0', 'all is well');

# Rolled back: the number is open while the transaction may still run, then it is given up.
run_in($one, 'BEGIN; SELECT log(6)');
run_in($two, 'SELECT log(7)');
seal('many');
run_in($two, 'SELECT log(8)');
seal('many');
is(ask('many', 'SELECT open FROM registry.decision_seal ORDER BY seal DESC LIMIT 1'), '{[6,7)}', 'the number of a transaction that runs is kept open by every seal');
run_in($one, 'ROLLBACK');
run_in($two, 'SELECT log(9)');
seal('many');
is(ask('many', 'SELECT open FROM registry.decision_seal ORDER BY seal DESC LIMIT 1'), '{}', 'when it has ended without a commit the number is given up');
is(findings('many'), 'unsealed 0', 'all is well');
my $slipped = "INSERT INTO registry.decision_log (decision_id, subject, kind, inputs, valid_on) OVERRIDING SYSTEM VALUE VALUES (6, 'x', 'note', '{}', current_date)";
is(ask('many', "BEGIN; $slipped; SELECT findings(); ROLLBACK"), 'inserted 6; unsealed 0', 'a decision put in its place is found');

# A prepared transaction outlives its session.
run_in($one, "BEGIN; SELECT log(10); PREPARE TRANSACTION 'late'");
run_in($two, 'SELECT log(11)');
is(seal('many'), '1', 'a prepared decision is not committed');
$node->restart;
($one, $two, $sealer) = map { session('many') } 1 .. 3;
run_in($two, 'SELECT log(12)');
seal('many');
ask('many', "COMMIT PREPARED 'late'");
is(findings('many'), 'unsealed 1', 'it comes after a restart');
is(seal('many'), '1', 'and is sealed then');
is(findings('many'), 'unsealed 0', 'all is well');

# Two sealers.
run_in($one, 'SELECT log(13)');
run_in($one, 'BEGIN; SELECT count(*) FROM registry.seal_decision_log()');
begin($two, 'SELECT decisions FROM registry.seal_decision_log()');
ok(is_waiting($two, 'many'), 'a second sealer waits for the first');
is(run_in($sealer, "SET lock_timeout = '1s'; SELECT log(14) > 0"), 't', 'a writer does not');
run_in($one, 'COMMIT');
is(finish($two), '1', 'it seals what is left');
is(findings('many'), 'unsealed 0', 'and the chain is one');
like(run_in($two, 'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT * FROM registry.seal_decision_log(); ROLLBACK') . $two->{err}, qr/isolation level read committed/, 'no seal under an old snapshot');

# The log may be extended while others write.
run_in($one, 'BEGIN; SELECT log(15)');
is(run_in($two, "SET lock_timeout = '1s'; SELECT count(*) FROM registry.extend_decision_log((current_date + interval '2 years')::date)"), '12', 'months are made while a transaction writes');
run_in($one, 'COMMIT');

# Proposals and approvals.
$node->safe_psql('many', 'CREATE ROLE boss SUPERUSER; CREATE ROLE chief SUPERUSER');
run_in($one, 'SET ROLE boss; BEGIN; SELECT registry.approve_policy(1, \'yes\')');
begin($two, 'SET ROLE chief; SELECT registry.reject_policy(1, \'no\')');
ok(is_waiting($two, 'many'), 'who rejects while another approves waits');
run_in($one, 'COMMIT');
finish($two);
like($two->{err}, qr/version "1" of tier_policy "t" is approved already/, 'and is told');
$two->{err} = '';
run_in($one, 'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1');
my $second = ask('many', q{SELECT registry.propose_policy('tier_policy', '{"name": "t", "version": "2", "tiers": [{"label": "all"}]}'::jsonb, current_date, 'next')});
run_in($one, 'ROLLBACK');
run_in($one, "RESET ROLE; BEGIN; SET ROLE boss; SELECT registry.approve_policy($second, 'yes')");
run_in($two, 'BEGIN ISOLATION LEVEL REPEATABLE READ; SET ROLE chief; SELECT 1');
begin($two, "SELECT registry.approve_policy($second, 'yes'); ROLLBACK");
ok(is_waiting($two, 'many'), 'two approve at once');
run_in($one, 'COMMIT');
finish($two);
like($two->{err}, qr/approved already|duplicate key value violates unique constraint "policy_event_one_outcome"/, 'one succeeds, under an old snapshot too');
is(ask('many', "SELECT count(*) FROM registry.policy_event WHERE version_id = $second"), '1', 'there is one approval');
$two->{err} = '';
run_in($one, q{BEGIN; SELECT registry.propose_policy('tier_policy', '{"name": "t", "version": "3", "tiers": [{"label": "a"}]}'::jsonb, current_date, 'x')});
begin($two, q{SELECT registry.propose_policy('tier_policy', '{"name": "t", "version": "3", "tiers": [{"label": "b"}]}'::jsonb, current_date, 'x')});
ok(is_waiting($two, 'many'), 'two propose different documents under one version');
run_in($one, 'COMMIT');
finish($two);
like($two->{err}, qr/version "3" of tier_policy "t" is another document already/, 'one succeeds');
leave($_) for $one, $two, $sealer;

# Many at once: four writers, some of whose transactions roll back, and a sealer.
my $script = $node->basedir . '/write.sql';
append_to_file($script, <<'SQL');
\set n random(1, 1000000)
BEGIN;
SELECT log(:n);
SELECT log(:n);
\if :n < 200000
ROLLBACK;
\else
COMMIT;
\endif
SQL
my $before = ask('many', 'SELECT count(*) FROM registry.decision_log');
my ($out, $err) = ('', '');
my $bench = IPC::Run::start([ 'pgbench', '-n', '-c', '4', '-j', '2', '-t', '400', '-f', $script, $node->connstr('many') ], '>', \$out, '2>', \$err, IPC::Run::timeout(300));
my $seals = 0;
do { seal('many'); $seals++; $bench->pump_nb } while $bench->pumpable && $seals < 5000;
ok($bench->finish, 'pgbench ran') or diag($err);
# numbers that were rolled back are given up by the seal after the one that found them missing
for (1 .. 2)
{
  ask('many', 'SELECT log(1)');
  seal('many');
}
cmp_ok($seals, '>', 2, 'with seals in between');
cmp_ok(ask('many', 'SELECT count(*) FROM registry.decision_log') - $before, '>', 1000, 'decisions were logged');
is(ask('many', 'SELECT sum(number) = (SELECT count(*) FROM registry.decision_log) FROM registry.decision_seal'), 't', 'every decision is sealed once');
is(findings('many'), 'unsealed 0', 'and all is well');
ok(ask('many', "SELECT pg_column_size(open) < 200 FROM registry.decision_seal ORDER BY seal DESC LIMIT 1") eq 't', 'numbers that were rolled back do not pile up');

########################################################################################################################
# Crashes
########################################################################################################################

registry('crash');
# Each number is printed when its transaction has been acknowledged.
my $writer = session('crash');
$writer->{in} .= "SELECT log($_);\n" for 1 .. 20000;
$writer->{process}->pump until ($writer->{out} =~ tr/\n//) > 200;
seal('crash');
$writer->{process}->pump until ($writer->{out} =~ tr/\n//) > 600;
$node->stop('immediate');
eval { $writer->{process}->finish };
my @acknowledged = grep { /^\d+$/ } split /\n/, $writer->{out} =~ s/[^\n]*\z//r;
cmp_ok(scalar @acknowledged, '>', 600, 'the server was killed while decisions were logged');
cmp_ok(scalar @acknowledged, '<', 20000, 'before the last');
$node->start;
is(ask('crash', 'SELECT count(*) FROM unnest(\'{' . join(',', @acknowledged) . '}\'::bigint[]) AS n WHERE n NOT IN (SELECT decision_id FROM registry.decision_log)'),
  '0', 'every decision that was acknowledged is there');
unlike(findings('crash'), qr/;/, 'the seal from before the crash fits');
cmp_ok(seal('crash'), '>', 300, 'the rest is sealed');
is(findings('crash'), 'unsealed 0', 'all is well');

ask('crash', q{INSERT INTO registry.decision_log (subject, kind, inputs, valid_on) SELECT 'C' || n, 'note', jsonb_build_object('value', n), '2026-01-31' FROM generate_series(1, 150000) AS n});
my $seal_count = ask('crash', 'SELECT count(*) FROM registry.decision_seal');
my $killed = session('crash');
begin($killed, 'SELECT count(*) FROM registry.seal_decision_log()');
ok(comes($killed, 'crash', "query LIKE '%seal_decision_log%' AND state = 'active' AND clock_timestamp() - query_start > '50 ms'"), 'a seal is being made');
$node->stop('immediate');
eval { $killed->{process}->finish };
unlike($killed->{out}, qr/^\d+$/m, 'the server was killed while a seal was made');
$node->start;
is(ask('crash', 'SELECT count(*) FROM registry.decision_seal'), $seal_count, 'no part of it is left');
is(findings('crash'), 'unsealed 150000', 'nor is anything lost');
is(seal('crash'), "100000\n50000", 'it is made again');
is(findings('crash'), 'unsealed 0', 'all is well');

########################################################################################################################
# Another cluster
########################################################################################################################

# Numbers are open and given up, transactions far along; in the new cluster they begin anew.
ask('crash', 'DO $$ BEGIN FOR n IN 1 .. 5000 LOOP BEGIN PERFORM pg_current_xact_id(); CREATE TEMP TABLE x (); DROP TABLE x; RAISE EXCEPTION \'burn\'; EXCEPTION WHEN raise_exception THEN NULL; END; END LOOP; END $$');
$node->safe_psql('crash', 'CREATE ROLE clerk; CREATE ROLE approver; GRANT USAGE ON SCHEMA registry, crm TO clerk, approver; GRANT SELECT ON ALL TABLES IN SCHEMA registry TO clerk, approver; '
    . 'GRANT INSERT ON registry.policy_event TO approver');
ask('crash', q{SET ROLE approver; SELECT registry.approve_policy(1, 'agreed')});
my $open = session('crash');
run_in($open, 'BEGIN; SELECT log(1)');
ask('crash', 'SELECT log(2)');
seal('crash');
ask('crash', 'SELECT log(3)');
$node->command_ok([ 'pg_dump', '--file', $node->basedir . '/dump.sql', '--dbname', $node->connstr('crash') ], 'pg_dump');
my %same = (
  decisions => 'SELECT md5(string_agg(d::text, chr(10) ORDER BY decision_id)), count(*) FROM registry.decision_log AS d',
  seals => 'SELECT md5(string_agg(s::text, chr(10) ORDER BY seal)), count(*) FROM registry.decision_seal AS s',
  'versions and events' => 'SELECT v, e FROM registry.policy_version AS v LEFT JOIN registry.policy_event AS e USING (version_id) ORDER BY 1, 2',
  timeline => 'SELECT * FROM registry.policy_timeline ORDER BY version_id',
  lookup => q{SELECT registry.tier_policy('t'), registry.tier_policy('t', known_at => (SELECT max(recorded_at) - interval '1 microsecond' FROM registry.policy_event))},
  findings => 'SELECT findings()',
  grants => q{SELECT relname, relacl FROM pg_class WHERE relnamespace = 'registry'::regnamespace AND relkind IN ('r', 'p') ORDER BY 1},
);
my %answer = map { $_ => ask('crash', $same{$_}) } keys %same;
my $moved = PostgreSQL::Test::Cluster->new('moved');
$moved->init(extra => [ '--encoding=UTF8', '--locale=C.UTF-8' ]);
$moved->start;
$moved->safe_psql('postgres', 'CREATE ROLE clerk; CREATE ROLE approver; CREATE DATABASE crash');
$moved->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-o', $moved->basedir . '/out', '-f', $node->basedir . '/dump.sql', $moved->connstr('crash') ], 'restored in another cluster');
is($moved->safe_psql('crash', $same{$_}), $answer{$_}, "the same $_") for sort keys %same;
run_in($open, 'ROLLBACK');
leave($open);
my ($old_xid, $new_xid) = map { $_->safe_psql('crash', 'SELECT pg_snapshot_xmax(pg_current_snapshot())') } $node, $moved;
cmp_ok($new_xid, '<', $old_xid, 'transactions there have smaller numbers');
my $there = sub { $moved->safe_psql('crash', $_[0]) };
$there->('SELECT log(4)');
is($there->('SELECT decisions FROM registry.seal_decision_log()'), '2', 'what was not sealed and what is new are sealed');
is($there->('SELECT open FROM registry.decision_seal ORDER BY seal DESC LIMIT 1'), '{}', 'what was in flight in the old cluster is given up');
$there->('SELECT log(5)');
is($there->('SELECT decisions FROM registry.seal_decision_log()'), '1', 'the log goes on');
is($there->('SELECT findings()'), 'unsealed 0', 'all is well');
like($there->(q{SET session_replication_role = replica; BEGIN; UPDATE registry.decision_log SET subject = 'x' WHERE decision_id = 5; SELECT findings(); ROLLBACK}), qr/changed 5/, 'and what was sealed before is still watched');
my ($status, undef, $refused) = $moved->psql('crash', 'UPDATE registry.decision_log SET subject = \'x\'');
like($refused, qr/is refused/, 'nothing may be changed there either');
($status, undef, $refused) = $moved->psql('crash', 'TRUNCATE registry.policy_event');
like($refused, qr/is refused/, 'nor truncated');

$_->stop for $node, $moved;
done_testing();
