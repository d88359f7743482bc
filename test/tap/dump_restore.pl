#!/usr/bin/perl
# What a database holds of crm_ext survives pg_dump and a restore that stops at the first error: documents of every kind, summaries, an
# index and a constraint over the functions, views, a materialized view, a mart. Text and binary COPY carry the same value.
use strict;
use warnings;

use File::Basename qw(dirname);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $root = dirname(__FILE__) . '/../..';
my $node = PostgreSQL::Test::Cluster->new('dump_restore');
$node->init(extra => [ '--encoding=UTF8', '--locale=C.UTF-8' ]);
$node->start;
my $dir = $node->basedir;

my @kinds = qw(scorecard tier_policy decision_table suitability_policy);
$node->safe_psql('postgres', 'CREATE DATABASE original; CREATE DATABASE restored; CREATE DATABASE by_copy');
$node->safe_psql('original', <<'SQL');
CREATE SCHEMA crm;
CREATE EXTENSION crm_ext SCHEMA crm;
CREATE TABLE card (file text, document crm.scorecard);
CREATE TABLE tiers (file text, document crm.tier_policy);
CREATE TABLE decision (file text, document crm.decision_table);
CREATE TABLE rules (file text, document crm.suitability_policy);
CREATE FUNCTION kind_of(document text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  kind text;
BEGIN
  FOREACH kind IN ARRAY ARRAY['scorecard', 'tier_policy', 'decision_table', 'suitability_policy'] LOOP
    BEGIN
      EXECUTE format('SELECT $1::crm.%I', kind) USING document;
      RETURN kind;
    EXCEPTION WHEN OTHERS THEN NULL;
    END;
  END LOOP;
  RETURN NULL;
END $$;
SQL

my %table = (scorecard => 'card', tier_policy => 'tiers', decision_table => 'decision', suitability_policy => 'rules');
my %files;
for my $file (sort glob("$root/test/fuzz/corpus/*.json $root/examples/policies/*.json"))
{
  (my $name = $file) =~ s{.*/}{};
  my $text = slurp_file($file);
  my $kind = $node->safe_psql('original', "SELECT kind_of(\$document\$$text\$document\$)");
  ok($table{$kind}, "$name is a document of some kind") or next;
  $node->safe_psql('original', "INSERT INTO $table{$kind} VALUES ('$name', \$document\$$text\$document\$)");
  $files{$kind}++;
}
ok($files{$_}, "there is a $_") for @kinds;

$node->safe_psql('original', <<'SQL');
CREATE TABLE client (client_id text PRIMARY KEY, mean_assets numeric, service text, dormant bool, age int, orders_60d int,
  kinds text[]);
INSERT INTO client
SELECT 'c' || n, n * 1000, CASE n % 3 WHEN 0 THEN 'desk' WHEN 1 THEN 'phone' END, n % 7 = 0, 20 + n % 60, n % 9,
  CASE WHEN n % 2 = 0 THEN ARRAY['bond'] END
FROM generate_series(1, 500) AS n;
SQL
my $card = $node->safe_psql('original', "SELECT quote_literal(document) || '::crm.scorecard' FROM card WHERE file = 'scorecard.json'");
my $tiers = $node->safe_psql('original', "SELECT quote_literal(document) || '::crm.tier_policy' FROM tiers WHERE file = 'tier_policy.json'");
$node->safe_psql('original', <<"SQL");
CREATE INDEX client_score ON client (crm.score($card, client));
ALTER TABLE client ADD CONSTRAINT has_a_tier CHECK (crm.tier($tiers, mean_assets::float8) IS NOT NULL);
ALTER TABLE client ADD COLUMN tier text GENERATED ALWAYS AS (crm.tier($tiers, mean_assets::float8)) STORED;
CREATE VIEW rating AS
SELECT client_id, crm.score($card, client) AS score, crm.reason_codes($card, client, 2) AS reasons FROM client;
CREATE MATERIALIZED VIEW tier_size AS
SELECT crm.tier($tiers, mean_assets::float8) AS tier, count(*) AS clients FROM client GROUP BY 1;
CREATE VIEW due AS SELECT crm.as_of() AS as_of, crm.day(20240229) AS leap_day;
CREATE TABLE decided (client_id text, outcome crm.suitability_outcome);
INSERT INTO decided
SELECT client_id, crm.suitability(document, jsonb_build_object('risk_level', 'low'), jsonb_build_object('risk_level', '2'), date '2024-01-01')
FROM client, rules WHERE file = 'suitability_policy.json';
CREATE INDEX decided_outcome ON decided (outcome);
SQL

# Summaries of months, an index over their bytes, and their rollup.
$node->safe_psql('original', <<'SQL');
CREATE TABLE month (client_id text, month date, activity crm.activity_summary, balance crm.balance_summary);
INSERT INTO month
SELECT 'c' || n % 20, date_trunc('month', on_day), crm.activity(on_day, n * 1.25), crm.balance(on_day, n - 300)
FROM (SELECT n, date '2026-01-01' + n AS on_day FROM generate_series(1, 600) AS n) AS e GROUP BY 1, 2;
CREATE INDEX month_activity ON month USING hash (activity);
CREATE TABLE standing (client_id text, month date, standing crm.tier_standing);
INSERT INTO standing
SELECT 'c' || c, month, CASE WHEN c % 3 = 0 THEN crm.tier_override(policy, s, 'premier', 'infinity') ELSE s END
FROM (SELECT c, month, policy, crm.tier_track(policy, value, month) OVER (PARTITION BY c ORDER BY month) AS s
  FROM (SELECT document AS policy FROM tiers WHERE file = 'tier_policy.json') AS p, generate_series(1, 20) AS c, generate_series(0, 11) AS n,
    LATERAL (SELECT (date '2026-01-01' + n * interval '1 month')::date AS month, (c * n * 7919 % 1000003)::float8 AS value WHERE c > 0) AS v) AS t;
CREATE INDEX standing_standing ON standing USING hash (standing);
CREATE TABLE model AS
SELECT crm.repeat_purchases(activity, '2027-12-31') AS purchases, crm.repeat_spend(activity) AS spend, crm.bgnbd_fit(activity, '2027-12-31') AS bgnbd,
  crm.pareto_nbd_fit(activity, '2027-12-31') AS pareto_nbd, crm.gamma_gamma_fit(activity) AS gamma_gamma
FROM (
  SELECT n, crm.activity(date '2026-01-01' + n % 30 + k * (1 + n * 13 % 50), 10 + n * 7 % 40 + k) AS activity
  FROM generate_series(1, 300) AS n, generate_series(0, n * 17 % 7) AS k GROUP BY n) AS c;
CREATE MATERIALIZED VIEW history AS SELECT client_id, crm.rollup(activity) AS activity, crm.rollup(balance) AS balance FROM month GROUP BY 1;
SQL

# A mart over the smallest source that the contract allows, if this build has marts.
my $mart = $node->safe_psql('original', "SELECT count(*) > 0 FROM pg_proc WHERE proname = 'create_mart'") eq 't';
SKIP:
{
  skip 'this build has no create_mart', 1 unless $mart;
  $node->safe_psql('original', <<'SQL');
CREATE SCHEMA source;
CREATE VIEW source.client AS
SELECT client_id, 'person'::text AS kind, date '2020-01-01' AS opened_on, NULL::date AS closed_on, NULL::date AS birth_date,
  'b1'::text AS branch_id, 'a1'::text AS adviser_id, 'retail'::text AS segment, dormant, false AS suspended,
  NULL::date AS id_expires_on, mean_assets, service, age, orders_60d, kinds
FROM client;
SQL
  my ($status, undef, $err) = $node->psql('original', "SELECT crm.create_mart('mart', 'source', rating => $card, tiers => $tiers)");
  is($status, 0, 'the mart is made') or diag($err);
  $mart = $status == 0;

  # And one whose tiers remember: its tables hold what cannot be computed again from the source, such as what clients were told.
  $node->safe_psql('original', <<'SQL');
CREATE SCHEMA tier_source;
CREATE VIEW tier_source.client AS SELECT client_id::text FROM client;
CREATE TABLE tier_source.balance AS SELECT client_id::text, d::date AS on_day, (50000 * (1 + (client_id::text || d::text < client_id::text || '2026-02-15')::int))::numeric AS amount
FROM client, generate_series(date '2026-01-01', date '2026-04-30', '10 days') AS d;
SELECT count(*) FROM crm.create_mart('tier_mart', 'tier_source',
  tiers => '{"period": "month", "tiers": [{"label": "low"}, {"label": "high", "enter": 60000}], "moves": {"up_after": 1, "watch_after": 1, "down_after": 2}}');
CALL crm.refresh_mart('tier_mart', '2026-03-31');
SELECT crm.close_month('tier_mart', '2026-02-01');
UPDATE tier_source.balance SET amount = 1 WHERE client_id = (SELECT min(client_id) FROM tier_source.balance);
CALL crm.refresh_mart('tier_mart', '2026-03-31');
SQL
}

# Every question whose answer must be the same on both sides.
my %question = (
  'scorecards' => 'SELECT file, document, md5(document::text) FROM card ORDER BY 1',
  'tier policies' => 'SELECT file, document, md5(document::text) FROM tiers ORDER BY 1',
  'decision tables' => 'SELECT file, document, md5(document::text) FROM decision ORDER BY 1',
  'decisions' => "SELECT d.file, c.client_id, crm.decide(d.document, to_jsonb(c) || '{\"risk_level\": \"low\"}') FROM decision AS d, client AS c WHERE file IN ('decision_table_list.json', 'decision_table_sum.json') ORDER BY 1, 2",
  'suitability policies' => 'SELECT file, document, md5(document::text) FROM rules ORDER BY 1',
  'documents as jsonb' => 'SELECT file, document::jsonb FROM rules ORDER BY 1',
  'attributes' => 'SELECT file, a.* FROM rules, crm.policy_attributes(document) AS a ORDER BY file, a.ordinal',
  'a view' => 'SELECT * FROM rating ORDER BY 1',
  'a materialized view' => 'SELECT * FROM tier_size ORDER BY 1',
  'a generated column' => 'SELECT client_id, tier FROM client ORDER BY 1',
  'outcomes' => 'SELECT outcome, count(*) FROM decided GROUP BY 1 ORDER BY 1',
  'the index' => "SET enable_seqscan = off; SELECT client_id FROM client WHERE crm.score($card, client) > 300 ORDER BY 1",
  'summaries' => 'SELECT client_id, month, activity, balance, crm.total(activity), crm.last_day(balance) FROM month ORDER BY 1, 2',
  'rollups' => "SELECT client_id, activity, crm.average_balance(balance, '2026-06-01', '2026-07-01') FROM history ORDER BY 1",
  'standings' => 'SELECT client_id, month, standing, crm.tier_rank(standing), crm.on_watch(standing), crm.tier_label(document, standing) '
    . q{FROM standing, tiers WHERE file = 'tier_policy.json' ORDER BY 1, 2},
  'standings go on' => q{SELECT client_id, crm.tier_step(document, standing, 50000.0, '2027-01-31') FROM standing, tiers WHERE file = 'tier_policy.json' AND month = '2026-12-01' ORDER BY 1},
  'models' => q{SELECT *, crm.p_alive(bgnbd, 2, 8, 12, true), crm.expected_purchases(pareto_nbd, 2, 8, 12, 52, true), crm.expected_amount(gamma_gamma, 2, 30, true) FROM model},
  'the hash index' => 'SET enable_seqscan = off; SELECT count(*) FROM month AS a WHERE EXISTS (SELECT FROM month AS b WHERE b.activity OPERATOR(crm.=) a.activity)',
  'a setting' => "SET crm.as_of = '2024-03-01'; SELECT * FROM due",
);
if ($mart)
{
  $question{'standings'} = 'SELECT month, client_id, value, assets, standing FROM tier_mart.tier_month ORDER BY 1, 2';
  $question{'what clients were told'} = 'SELECT * FROM tier_mart.tier_told ORDER BY 1, 2';
  for my $view (split /\n/, $node->safe_psql('original',
      "SELECT format('%I.%I', schemaname, viewname) FROM pg_views WHERE schemaname IN ('mart', 'tier_mart') ORDER BY 1"))
  {
    my $day = $view =~ /^tier_mart/ ? '2026-04-15' : '2024-03-01';
    $question{$view} = "SET crm.as_of = '$day'; SELECT md5(string_agg(v::text, ' ' ORDER BY v::text)), count(*) FROM $view AS v";
  }
}
my %before = map { $_ => $node->safe_psql('original', $question{$_}) } keys %question;
cmp_ok(length $before{'a view'}, '>', 500, 'the view has rows to compare');

# Plain text, and the custom format in sections as pg_restore does it.
for my $format (qw(plain custom))
{
  my $file = "$dir/$format.dump";
  $node->command_ok([ 'pg_dump', '--format', $format, '--file', $file, '--dbname', $node->connstr('original') ],
    "$format: pg_dump");
  $node->safe_psql('postgres', 'DROP DATABASE restored');
  $node->safe_psql('postgres', 'CREATE DATABASE restored');
  $node->command_ok(
    $format eq 'plain'
    ? [ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-o', "$dir/restore.out", '-f', $file, $node->connstr('restored') ]
    : [ 'pg_restore', '--exit-on-error', '--dbname', $node->connstr('restored'), $file ],
    "$format: restored without an error");
  is($node->safe_psql('restored', $question{$_}), $before{$_}, "$format: same answer: $_") for sort keys %question;
}

# The dump of the restored database is the dump of the original, but for the order of rows.
for my $database (qw(original restored))
{
  $node->command_ok([ 'pg_dump', '--format', 'plain', '--file', "$dir/$database.sql", '--dbname', $node->connstr($database) ],
    "pg_dump of $database");
}
my ($one, $two) = map { my $text = slurp_file("$dir/$_.sql"); $text =~ s/^\\(un)?restrict .*$//mg; join "\n", sort split /\n/, $text } qw(original restored);
ok($one eq $two, 'dump, restore, dump: the same lines') or diag(first_difference($one, $two));

# COPY, both formats.
$node->safe_psql('by_copy', 'CREATE SCHEMA crm; CREATE EXTENSION crm_ext SCHEMA crm; ALTER DATABASE by_copy SET search_path = public, crm');
for my $kind (@kinds)
{
  my $table = $table{$kind};
  $node->safe_psql('by_copy', "CREATE TABLE text_$table (file text, document crm.$kind); CREATE TABLE binary_$table (file text, document crm.$kind)");
  for my $format (qw(text binary))
  {
    $node->safe_psql('original', "COPY $table TO '$dir/$table.$format' (FORMAT $format)");
    $node->safe_psql('by_copy', "COPY ${format}_$table FROM '$dir/$table.$format' (FORMAT $format)");
  }
  my $rows = $node->safe_psql('original', "SELECT count(*) FROM $table");
  is($node->safe_psql('by_copy', "SELECT count(*) FROM text_$table JOIN binary_$table USING (file, document)"),
    $rows, "$kind: text and binary give equal values (hash join)");
  is($node->safe_psql('by_copy', "SET enable_hashjoin = off; SET enable_mergejoin = off; SELECT count(*) FROM text_$table AS t JOIN binary_$table AS b "
        . 'ON t.file = b.file AND t.document = b.document AND NOT t.document <> b.document'),
    $rows, "$kind: text and binary give equal values (compared)");
  is($node->safe_psql('by_copy', "COPY text_$table TO '$dir/again.$table' (FORMAT binary); SELECT 1"), '1', "$kind: sent again");
  ok(slurp_file("$dir/again.$table") eq slurp_file("$dir/$table.binary"), "$kind: sent again it is the same bytes");
}

$node->stop;
done_testing();

sub first_difference
{
  my @texts = map { [ split /\n/ ] } @_;
  for my $n (0 .. $#{ $texts[0] })
  {
    my ($one, $two) = map { $_->[$n] // '' } @texts;
    return "line $n:\n$one\n$two" if $one ne $two;
  }
  return 'the second is longer';
}
