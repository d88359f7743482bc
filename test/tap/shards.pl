#!/usr/bin/perl
# Summaries over shards: each server aggregates its own clients' rows, the sums travel as text through postgres_fdw, and their rollup
# has the bytes that one server would have made of all rows.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('shards');
$node->init(extra => [ '--encoding=UTF8', '--locale=C.UTF-8' ]);
$node->start;
if ($node->safe_psql('postgres', "SELECT count(*) FROM pg_available_extensions WHERE name = 'postgres_fdw'") eq '0')
{
  $node->stop;
  plan skip_all => 'postgres_fdw is not installed';
}

my $seed = $ENV{SHARD_SEED} || int rand 1_000_000;
diag("SHARD_SEED=$seed repeats this run");
my @shards = map { "shard_$_" } 0 .. 2;
my ($host, $port) = ($node->host, $node->port);
my $held = q{held text[] GENERATED ALWAYS AS (ARRAY['p' || client_id % 5, 'p' || (on_day - date '2019-12-31') % 7]) STORED};
$node->safe_psql('postgres', "CREATE DATABASE $_") for 'one', @shards;
$node->safe_psql('postgres', "ALTER DATABASE $_ SET search_path = public, crm") for 'one', @shards;
$node->safe_psql($_, 'CREATE SCHEMA crm; CREATE EXTENSION crm_ext SCHEMA crm') for 'one', @shards;
$node->safe_psql('one', <<SQL);
CREATE EXTENSION postgres_fdw;
CREATE TABLE event (client_id int, shard int, on_day date, amount numeric, $held);
SELECT setseed($seed / 1000000.0);
INSERT INTO event
SELECT DISTINCT ON (client_id, on_day) client_id, (random() * 2)::int, on_day, amount
FROM (SELECT (random() ^ 2 * 200)::int AS client_id, date '2020-01-01' + (random() * 2000)::int AS on_day, round((random() * 1e6 - 3e5)::numeric, 4) AS amount
  FROM generate_series(1, 20000)) AS e;
SQL
for my $n (0 .. $#shards)
{
  my $rows = $node->safe_psql('one', "SELECT format('(%s, %L, %s)', client_id, on_day, amount) FROM event WHERE shard = $n");
  $rows =~ s/\n/,/g;
  $node->safe_psql($shards[$n], "CREATE TABLE event (client_id int, on_day date, amount numeric, $held); INSERT INTO event VALUES $rows");
  $node->safe_psql('one', <<SQL);
CREATE SERVER $shards[$n] FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '$host', port '$port', dbname '$shards[$n]', extensions 'crm_ext');
CREATE USER MAPPING FOR PUBLIC SERVER $shards[$n];
CREATE FOREIGN TABLE $shards[$n] (client_id int, on_day date, amount numeric, held text[]) SERVER $shards[$n] OPTIONS (table_name 'event');
SQL
}

my %call = (
  activity => 'on_day, amount', balance => 'on_day, amount', balance_snapshot => 'on_day, amount', distribution => 'amount::float8',
  survival => q{on_day - '2019-12-31'::date, amount > 0}, migration => q{client_id % 5 + 1, (on_day - '2019-12-31'::date) % 5 + 1},
  co_holding => 'held',
  coverage => 'client_id % 5, abs(amount)', service_concentration => 'amount::float8, client_id',
  asset_bridge => q{amount, amount + 1, client_id, 0.5, false, false});
for my $aggregate (sort keys %call)
{
  my $part = sub { "SELECT client_id, crm.$aggregate($call{$aggregate}) AS s FROM $_[0] GROUP BY client_id" };
  like($node->safe_psql('one', 'EXPLAIN (VERBOSE, COSTS off) ' . $part->('shard_0')), qr/Remote SQL: SELECT client_id, crm\.$aggregate\(/,
    "$aggregate is pushed down");
  my $union = join ' UNION ALL ', map { $part->($_) } @shards;
  is($node->safe_psql('one', 'SELECT count(*) FROM (' . $part->('event') . ") AS w FULL JOIN (SELECT client_id, crm.rollup(s) AS s FROM ($union) AS p GROUP BY 1) AS r "
        . 'USING (client_id) WHERE w.s IS DISTINCT FROM r.s OR w.s::text IS DISTINCT FROM r.s::text'), '0', "$aggregate: the rollup of the shards is the whole");
}
is($node->safe_psql('one', 'SELECT count(*) FROM (SELECT crm.rollup(s) AS s FROM ('
      . join(' UNION ALL ', map { "SELECT crm.activity(on_day, amount) AS s FROM $_" } @shards) . ') AS p) AS r, (SELECT crm.activity(on_day, amount) AS s FROM event) AS w WHERE r.s = w.s'),
  '1', 'the firm is the rollup of its shards');

# A model is fitted to what the shards have summarized, and is the model of the whole.
like($node->safe_psql('one', "EXPLAIN (VERBOSE, COSTS off) SELECT crm.repeat_purchases(crm.activity_add(NULL, on_day, amount), '2026-01-01') FROM shard_0"),
  qr/Remote SQL: SELECT crm\.repeat_purchases\(/, 'what models are fitted to is summarized on the shards');
my $clients = sub { "SELECT crm.activity(on_day, amount) AS a FROM $_[0] GROUP BY client_id" };
is($node->safe_psql('one', 'SELECT crm.bgnbd_fit(crm.rollup(s)) = (SELECT crm.bgnbd_fit(a, \'2026-01-01\') FROM ('
      . join(' UNION ALL ', map { $clients->($_) } @shards) . ') AS w) FROM ('
      . join(' UNION ALL ', map { "SELECT crm.repeat_purchases(a, '2026-01-01') AS s FROM (" . $clients->($_) . ') AS c' } @shards) . ') AS p'),
  't', 'the model of the shards is the model of all');

# Operators and functions of the extension are pushed down too, so that a filter on a summary runs where the summary is.
$node->safe_psql('shard_0', 'CREATE TABLE client AS SELECT client_id, crm.activity(on_day, amount) AS a FROM event GROUP BY 1');
$node->safe_psql('one', "CREATE FOREIGN TABLE client (client_id int, a crm.activity_summary) SERVER shard_0");
like($node->safe_psql('one', "EXPLAIN (VERBOSE, COSTS off) SELECT client_id FROM client WHERE crm.recency_days(a, '2026-01-01') < 400"),
  qr/Remote SQL: .*WHERE .*crm\.recency_days\(/, 'a filter on an accessor is pushed down');

$node->stop;
done_testing();
