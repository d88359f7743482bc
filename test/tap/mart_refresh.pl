#!/usr/bin/perl
# A refresh of the mart that is killed, cancelled or run twice at once: each month is there as a whole or not at all, the log says which, and the
# next refresh comes to what an undisturbed one comes to.
use strict;
use warnings;

use IPC::Run qw(start);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $node = PostgreSQL::Test::Cluster->new('refresh');
$node->init(extra => [ '--encoding=UTF8', '--locale=C.UTF-8' ]);
$node->append_conf('postgresql.conf', "restart_after_crash = on\nautovacuum = off\njit = off\n");
$node->start;
sub sql { return $node->safe_psql('postgres', $_[0]) }

my $months = 6;
my $tiers = q({"period": "month", "tiers": [{"label": "mass"}, {"label": "affluent", "enter": 400, "keep": 300}, {"label": "private", "enter": 800, "keep": 700}],
  "moves": {"up_after": 1, "down_after": 2, "land": "one_down"}});
sql(<<SQL);
CREATE SCHEMA crm;
CREATE EXTENSION crm_ext SCHEMA crm;
ALTER DATABASE postgres SET crm.as_of = '2024-06-30';
CREATE SCHEMA source;
CREATE TABLE source.client (client_id text PRIMARY KEY, opened_on date);
INSERT INTO source.client SELECT 'C' || n, date '2023-01-01' FROM generate_series(1, 2000) AS n;
CREATE TABLE source.kept_balance (client_id text, on_day date, amount numeric, PRIMARY KEY (client_id, on_day));
CREATE INDEX ON source.kept_balance (on_day);
INSERT INTO source.kept_balance
SELECT 'C' || n, d::date, (hashint8(n * 1000 + extract(doy FROM d)::int) & 1023) FROM generate_series(1, 2000) AS n, generate_series(date '2024-01-01', date '2024-06-30', '7 days') AS d;
CREATE VIEW source.balance AS SELECT * FROM source.kept_balance;
CREATE TABLE source.trade AS
SELECT 'C' || n AS client_id, date '2024-01-01' + (n * 7 + k * 31) % 182 AS on_day, (1 + n % 100)::numeric AS amount FROM generate_series(1, 2000) AS n, generate_series(1, 4) AS k;
CREATE INDEX ON source.trade (on_day);
INSERT INTO source.trade SELECT 'nobody', date '2024-01-01' + n, 1 FROM generate_series(0, 181) AS n;
CREATE FUNCTION count_of(mart text) RETURNS text LANGUAGE plpgsql AS \$\$
DECLARE result text;
BEGIN
  EXECUTE format('SELECT string_agg(concat_ws('' '', coalesce(t.month, r.month), t.clients, s.clients, r.clients, j.rows, r.rejected), '', '' ORDER BY 1)
    FROM (SELECT month, count(*) AS clients FROM %1\$I.tier_month GROUP BY month) AS t FULL JOIN %1\$I.refresh_log AS r USING (month)
    FULL JOIN (SELECT month, count(*) AS clients FROM %1\$I.client_summary GROUP BY month) AS s USING (month)
    FULL JOIN (SELECT month, count(*) AS rows FROM %1\$I.rejected GROUP BY month) AS j USING (month)
    WHERE t.clients IS DISTINCT FROM r.standings OR s.clients IS DISTINCT FROM r.clients OR t.clients <> 2000 OR s.clients <> 2000 OR j.rows IS DISTINCT FROM r.rejected', mart) INTO result;
  RETURN coalesce(result, '');
END \$\$;
SQL
for my $mart ('undisturbed', 'mart')
{
  sql("SELECT count(*) FROM crm.create_mart('$mart', 'source', tiers => '$tiers')");
}
sql("CALL crm.refresh_mart('undisturbed')");
is(sql('SELECT count(*) FROM undisturbed.refresh_log'), $months, 'there are months to refresh');

my $kept = 'SELECT t.month, t.client_id, t.value, t.assets, t.standing::text, s::text AS summary FROM %1$s.tier_month AS t FULL JOIN %1$s.client_summary AS s USING (month, client_id)';
my $other = 'SELECT count(*) FROM ((' . sprintf($kept, 'mart') . ' EXCEPT ' . sprintf($kept, 'undisturbed') . ') UNION ALL (' . sprintf($kept, 'undisturbed') . ' EXCEPT ' . sprintf($kept, 'mart') . ')) AS o';

# From here on a balance takes its time, so that a refresh can be met half way.
sub slow { sql("CREATE OR REPLACE VIEW source.balance AS SELECT client_id, on_day, amount FROM source.kept_balance"
    . ($_[0] ? " WHERE CASE WHEN client_id = 'C7' THEN pg_sleep($_[0]) IS NOT NULL ELSE true END" : '')) }

sub refresh
{
  my ($command) = @_;
  my ($out, $err) = ('', '');
  my $run = start([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres'), '-c', $command ], '>', \$out, '2>', \$err);
  return { run => $run, err => \$err };
}

sub backend
{
  my ($like) = @_;
  for (1 .. 600)
  {
    my $pid = sql("SELECT pid FROM pg_stat_activity WHERE query LIKE '$like%' AND state = 'active' AND pid <> pg_backend_pid()");
    return $pid if $pid;
    usleep 20_000;
  }
  die 'the refresh did not start';
}

# Waits until a month more is committed, and until the next has had time to begin.
sub month_more
{
  my $before = sql('SELECT count(*) FROM mart.refresh_log');
  for (1 .. 600)
  {
    last if sql('SELECT count(*) FROM mart.refresh_log') > $before;
    usleep 20_000;
  }
  usleep 50_000;
  return;
}

sub through { return sql("SELECT coalesce(max(data_through)::text, 'nothing') FROM mart.client_tier") }
sub logged { return sql("SELECT coalesce((max(month) + interval '1 month')::date - 1, NULL)::text FROM mart.refresh_log") }

# ---- kill -9 in the middle of a month ----
slow('0.1');
for my $round (1 .. 2)
{
  my $refresh = refresh("CALL crm.refresh_mart('mart')");
  my $pid = backend('CALL crm.refresh_mart');
  month_more();
  kill 'KILL', $pid or die "cannot kill $pid";
  eval { $refresh->{run}->finish };
  $node->poll_query_until('postgres', 'SELECT true') or die 'the server did not come back';
  is(sql("SELECT count_of('mart')"), '', "killed ($round): every month is whole or not there, and the log says so");
  my $done = sql('SELECT count(*) FROM mart.refresh_log');
  cmp_ok($done, '>', 0, 'what was committed stays');
  cmp_ok($done, '<', $months, 'and it was killed before the end');
  is(through(), logged(), 'data_through tells it');
  is(sql("SELECT count(*) FROM mart.tier_month AS m LEFT JOIN undisturbed.tier_month AS u USING (month, client_id) WHERE m.standing::text IS DISTINCT FROM u.standing::text OR m.value IS DISTINCT FROM u.value"),
    '0', 'the months that are there are right');
}

# ---- cancelled ----
my $refresh = refresh("CALL crm.refresh_mart('mart')");
my $pid = backend('CALL crm.refresh_mart');
month_more();
sql("SELECT pg_cancel_backend($pid)");
eval { $refresh->{run}->finish };
like(${ $refresh->{err} }, qr/canceling statement due to user request/, 'cancelled');
is(sql("SELECT count_of('mart')"), '', 'every month is whole or not there');

# The lock goes with the refresh: by an error it is given back although the session lives on.
my ($out, $err) = ('', '');
$node->psql('postgres', "SET statement_timeout = '200ms'; CALL crm.refresh_mart('mart');\nRESET statement_timeout; SELECT 'locks ' || count(*) FROM pg_locks WHERE locktype = 'advisory';", stdout => \$out, stderr => \$err, on_error_stop => 0);
like($err, qr/canceling statement due to statement timeout/, 'a refresh that runs out of time');
like($out, qr/^locks 0$/m, 'holds no lock afterwards');
my $first = refresh("CALL crm.refresh_mart('mart', '2024-02-29')");
backend('CALL crm.refresh_mart');
$node->psql('postgres', "SET lock_timeout = '50ms'; CALL crm.refresh_mart('mart')", stderr => \$err);
like($err, qr/NOTICE:  mart mart is being refreshed by process \d+: waiting for it/, 'a second refresh says whom it waits for');
like($err, qr/canceling statement due to lock timeout/, 'as long as lock_timeout lets it');
$first->{run}->finish;

# Where it may not commit, and by an error that comes after a commit: a commit that takes longer than the statement may.
($out, $err) = ('', '');
$node->psql('postgres', "BEGIN;\nCALL crm.refresh_mart('mart', '2024-02-29');\nROLLBACK;\nSELECT 'locks ' || count(*) FROM pg_locks WHERE locktype = 'advisory';", stdout => \$out, stderr => \$err, on_error_stop => 0);
like($err, qr/invalid transaction termination/, 'a refresh that is to commit within a transaction');
like($out, qr/^locks 0$/m, 'holds no lock afterwards');
slow(0);
sql('ALTER SYSTEM SET fsync = on');
sql('SELECT pg_reload_conf()');
($out, $err) = ('', '');
$node->psql('postgres', join("\n", 'SET commit_siblings = 0;', 'SET commit_delay = 100000;',
    (map { "SET statement_timeout = '${_}ms'; CALL crm.refresh_mart('undisturbed', recompute_from => '2024-06-01'); RESET statement_timeout;" } map { 20 * $_ } 1 .. 40),
    "SELECT 'locks ' || count(*) FROM pg_locks WHERE locktype = 'advisory';"), stdout => \$out, stderr => \$err, on_error_stop => 0);
like($err, qr/canceling statement due to statement timeout/, 'a refresh that runs out of time, here or there');
like($out, qr/^locks 0$/m, 'holds no lock afterwards');
sql('ALTER SYSTEM RESET fsync');
sql('SELECT pg_reload_conf()');
slow('0.1');

# ---- two at once ----
my @both = map { refresh("CALL crm.refresh_mart('mart')") } 1 .. 2;
$_->{run}->finish for @both;
is(scalar(grep { ${ $_->{err} } =~ /ERROR/ } @both), 0, 'two at once do not hinder each other') or diag(map { ${ $_->{err} } } @both);
is(sql($other), '0', 'and come to what an undisturbed refresh comes to');
is(sql('SELECT max(corrections) FROM mart.refresh_log'), '0', 'each month was computed once');
is(through(), '2024-06-30', 'through the last month');

# ---- a correction that is killed is one that has not begun ----
slow(0);
sql("UPDATE source.kept_balance SET amount = 5000 WHERE client_id IN ('C3', 'C5') AND on_day BETWEEN '2024-02-01' AND '2024-02-29'");
sql("CREATE TABLE before AS SELECT month, client_id, value, standing::text FROM mart.tier_month");
slow('0.1');
$refresh = refresh("CALL crm.refresh_mart('mart')");
$pid = backend('CALL crm.refresh_mart');
usleep 400_000;
kill 'KILL', $pid or die "cannot kill $pid";
eval { $refresh->{run}->finish };
$node->poll_query_until('postgres', 'SELECT true') or die 'the server did not come back';
my $changed = sql('SELECT count(*) FROM mart.tier_month AS m FULL JOIN before AS b USING (month, client_id) WHERE m.value IS DISTINCT FROM b.value OR m.standing::text IS DISTINCT FROM b.standing');
is($changed, '0', 'a correction that is killed leaves everything as it was');
slow(0);
sql("CALL crm.refresh_mart('mart')");
sql("CALL crm.refresh_mart('undisturbed', recompute_from => '-infinity')");
is(sql($other), '0', 'and the next refresh makes it');
is(sql(q{SELECT string_agg(DISTINCT client_id, ',') FROM before AS b JOIN mart.tier_month AS m USING (month, client_id) WHERE m.value IS DISTINCT FROM b.value}), 'C3,C5',
  'for the clients whom it touches');

# ---- who is let in while a refresh runs, and two who change the mart at once ----
sql('CREATE ROLE reader');
sql('TRUNCATE mart.tier_month, mart.client_summary, mart.rejected, mart.refresh_log');
slow('0.3');
$refresh = refresh("CALL crm.refresh_mart('mart')");
backend('CALL crm.refresh_mart');
month_more();
sql("SELECT count(*) FROM crm.grant_mart('mart', 'reader')");
$refresh->{run}->finish;
unlike(${ $refresh->{err} }, qr/ERROR/, 'grant_mart and a refresh do not block each other') or diag(${ $refresh->{err} });
slow(0);
my $session = $node->background_psql('postgres');
$session->query_safe('BEGIN');
$session->query_safe(q{SELECT count(*) FROM crm.revoke_mart('mart', 'reader')});
my $update = refresh(q{SELECT count(*) FROM crm.update_mart('mart', settings => '{"tail_share": 0.1}')});
backend('SELECT count(*) FROM crm.update_mart');
$node->poll_query_until('postgres', q{SELECT count(*) > 0 FROM pg_stat_activity WHERE query LIKE 'SELECT count(*) FROM crm.update_mart%' AND wait_event_type = 'Lock'}) or die 'no wait';
$session->query_safe('COMMIT');
$session->quit;
$update->{run}->finish;
is(sql('SELECT readers FROM mart.definition'), '{}', 'what is changed while update_mart begins is not lost');
is(sql(q{SELECT has_table_privilege('reader', 'mart.client_360', 'SELECT')}), 'f', 'and who was shut out stays so');

# ---- a policy that changes while a refresh runs ----
sql('TRUNCATE mart.tier_month, mart.client_summary, mart.refresh_log');
slow('0.1');
$refresh = refresh("CALL crm.refresh_mart('mart')");
backend('CALL crm.refresh_mart');
month_more();
(my $stricter = $tiers) =~ s/"enter": 800/"enter": 900/;
sql("SELECT count(*) FROM crm.update_mart('mart', tiers => '$stricter')");
$refresh->{run}->finish;
unlike(${ $refresh->{err} }, qr/ERROR/, 'a refresh goes on under a policy that comes in between') or diag(${ $refresh->{err} });
slow(0);
sql("SELECT count(*) FROM crm.update_mart('undisturbed', tiers => '$stricter')");
is(sql($other), '0', 'and comes to what it says');

$node->stop;
done_testing();
