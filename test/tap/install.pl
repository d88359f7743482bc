#!/usr/bin/perl
# Installation: in a schema of any name, twice in a cluster, with objects planted in the way. A role that may create objects
# must not get its code run by whoever installs or uses the extension (after the idea of contrib/seg's security test).
use strict;
use warnings;

use File::Basename qw(dirname);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $root = dirname(__FILE__) . '/../..';
my $node = PostgreSQL::Test::Cluster->new('install');
$node->init(extra => [ '--encoding=UTF8', '--locale=C.UTF-8' ]);
$node->start;

my $superuser = $node->safe_psql('postgres', 'SELECT current_user');
my %document = map { $_ => slurp_file("$root/test/fuzz/corpus/$_.json") } qw(scorecard tier_policy decision_table suitability_policy);
my $client = q('{"mean_assets": 100000, "service": "desk", "age": 30, "orders_60d": 5, "risk_level": "low", "kinds": ["bond"],)
  . q( "objectives": ["income"], "assessed_on": "2023-06-30", "longest_term_months": 12, "birth_date": "1994-03-01",)
  . q( "first_trade_on": "2020-01-01", "lowest_class": false}'::pg_catalog.jsonb);
my $product = q('{"risk_level": "2", "term_months": 24, "kind": "fund", "objectives": ["growth"]}'::pg_catalog.jsonb);

# Calls of the whole interface; a schema name is put in for SCHEMA. Types are qualified, so that only the extension's own
# bodies can be led astray by what stands first in the search_path.
my @calls = map { s/CARD/\$d\$$document{scorecard}\$d\$::SCHEMA.scorecard/gr }
  map { s/TIERS/\$d\$$document{tier_policy}\$d\$::SCHEMA.tier_policy/gr }
  map { s/DECISION/\$d\$$document{decision_table}\$d\$::SCHEMA.decision_table/gr }
  map { s/RULES/\$d\$$document{suitability_policy}\$d\$::SCHEMA.suitability_policy/gr }
  map { s/CLIENT/$client/gr } map { s/PRODUCT/$product/r } (
  'SELECT SCHEMA.score(CARD, CLIENT)',
  'SELECT * FROM SCHEMA.score_detail(CARD, CLIENT)',
  'SELECT SCHEMA.reason_codes(CARD, CLIENT, 2)',
  'SELECT * FROM SCHEMA.policy_attributes(CARD)',
  'SELECT * FROM SCHEMA.policy_attributes(TIERS)',
  'SELECT * FROM SCHEMA.policy_attributes(RULES)',
  'SELECT * FROM SCHEMA.policy_attributes(DECISION)',
  q(SELECT SCHEMA.decide(DECISION, CLIENT), SCHEMA.decide_text(DECISION, CLIENT, 'care'), SCHEMA.decide_number(DECISION, CLIENT, 'minutes')),
  'SELECT * FROM SCHEMA.decide_all(DECISION, CLIENT)',
  'SELECT * FROM SCHEMA.decision_table_check(DECISION)',
  'SELECT SCHEMA.tier(TIERS, 70000), SCHEMA.tier_rank(TIERS, 70000)',
  'SELECT SCHEMA.tier_labels(TIERS)',
  q(SELECT SCHEMA.tier_policy('{a,b}'::pg_catalog.text[], '{NULL,10}'::pg_catalog.float8[])),
  q(SELECT SCHEMA.tier_override(TIERS, SCHEMA.tier_step(TIERS, NULL, 70000::pg_catalog.float8, '2024-02-03'::pg_catalog.date), 'premier', '2024-12-05'::pg_catalog.date)),
  q(SELECT * FROM SCHEMA.tier_outlook(TIERS, SCHEMA.tier_standing(TIERS, 'plus', '2023-01-02'::pg_catalog.date, '2024-02-03'::pg_catalog.date), 40000)),
  q(SELECT tier, reason FROM SCHEMA.tier_explain(TIERS, '{70000,40000}'::pg_catalog.float8[], '{2024-01-01,2024-03-04}'::pg_catalog.date[])),
  q(SELECT SCHEMA.tier_track(TIERS, v, d ORDER BY d) FROM (VALUES (1::pg_catalog.float8, '2024-01-02'::pg_catalog.date)) AS t (v, d)),
  q(SELECT SCHEMA.tier_policy(d, '{a,b}', '{0.5,0.5}'), SCHEMA.bins(d, 2), SCHEMA.population_stability(d, d) FROM (SELECT SCHEMA.distribution(v) AS d FROM (VALUES (1::pg_catalog.float8), (2)) AS t (v)) AS s),
  q(SELECT SCHEMA.suitability(RULES, CLIENT, PRODUCT, '2024-01-31'::pg_catalog.date)),
  q(SELECT * FROM SCHEMA.suitability_detail(RULES, CLIENT, PRODUCT, '2024-01-31'::pg_catalog.date)),
  q(SELECT SCHEMA.suitable(RULES, CLIENT, PRODUCT, '2024-01-31'::pg_catalog.date, 'notice')),
  q(SELECT SCHEMA.suitable(RULES, CLIENT, PRODUCT, '2024-01-31'::pg_catalog.date)),
  q(SELECT SCHEMA.instruction()),
  q(SELECT SCHEMA.instruction('hold', 'client', 'phone', 12.5, '{"a": 1}')),
  q(SELECT SCHEMA.day(20240229)),
  q(SET crm.as_of = '2024-01-31'; SELECT SCHEMA.as_of()),
  q(SELECT CARD::pg_catalog.jsonb::SCHEMA.scorecard OPERATOR(SCHEMA.=) CARD),
  q(SELECT TIERS::pg_catalog.jsonb::SCHEMA.tier_policy OPERATOR(SCHEMA.<>) TIERS),
  q(SELECT DECISION::pg_catalog.jsonb::SCHEMA.decision_table OPERATOR(SCHEMA.=) DECISION),
  q(SELECT RULES::pg_catalog.jsonb::SCHEMA.suitability_policy OPERATOR(SCHEMA.=) RULES));

sub call_all
{
  my ($database, $schema, $first) = @_;
  my @answers;
  for my $call (@calls)
  {
    my $sql = $call =~ s/SCHEMA/$schema/gr;
    my ($status, $out, $err) = $node->psql($database, "$first $sql");
    push @answers, $status ? "error: $err" : $out;
  }
  return join "\n", @answers;
}

# ----------------------------------------------------------------------------------------------------------------------
# Schemas of any name
# ----------------------------------------------------------------------------------------------------------------------

$node->safe_psql('postgres', 'CREATE DATABASE plain; CREATE DATABASE strange; CREATE DATABASE mixed');
$node->safe_psql('plain', 'CREATE SCHEMA crm; CREATE EXTENSION crm_ext SCHEMA crm');
$node->safe_psql('strange', 'CREATE SCHEMA "we ird"; CREATE EXTENSION crm_ext SCHEMA "we ird"');
$node->safe_psql('mixed', qq{CREATE SCHEMA "Crm, of %_\xc3\xa9"; CREATE EXTENSION crm_ext SCHEMA "Crm, of %_\xc3\xa9"});

my $expected = call_all('plain', 'crm', '');
unlike($expected, qr/error:/, 'every call answers in schema crm');
is(call_all('strange', '"we ird"', ''), $expected, 'the same answers in schema "we ird"');
is(call_all('mixed', qq{"Crm, of %_\xc3\xa9"}, ''), $expected, 'the same answers in a schema with capitals, blanks, a comma and an accent');
is(call_all('plain', 'crm', 'SET search_path = pg_catalog;'), $expected, 'the same answers without the schema in search_path');
is(call_all('plain', 'crm', q(SET search_path = '';)), $expected, 'the same answers with an empty search_path');
is( call_all('plain', 'crm', q(SET datestyle = 'ISO, DMY'; SET intervalstyle = 'sql_standard'; SET timezone = 'Asia/Shanghai';)
      . q( SET bytea_output = 'escape'; SET xmloption = 'document'; SET quote_all_identifiers = on;)),
  $expected, 'the same answers under other settings');

# Both at once in one database are refused: the extension is one.
my ($status, undef, $err) = $node->psql('plain', 'CREATE SCHEMA second; CREATE EXTENSION crm_ext SCHEMA second');
isnt($status, 0, 'one extension a database');

# It comes and goes without a trace, and refuses to go while a table stands on it.
$node->safe_psql('postgres', 'CREATE DATABASE come_and_go');
my $before = $node->safe_psql('come_and_go', 'SELECT (SELECT count(*) FROM pg_proc), (SELECT count(*) FROM pg_type), (SELECT count(*) FROM pg_operator)');
$node->safe_psql('come_and_go', 'CREATE EXTENSION crm_ext; CREATE TABLE kept (document scorecard)');
($status) = $node->psql('come_and_go', 'DROP EXTENSION crm_ext');
isnt($status, 0, 'DROP EXTENSION does not take a table column with it');
$node->safe_psql('come_and_go', 'DROP TABLE kept; DROP EXTENSION crm_ext');
is($node->safe_psql('come_and_go', 'SELECT (SELECT count(*) FROM pg_proc), (SELECT count(*) FROM pg_type), (SELECT count(*) FROM pg_operator)'),
  $before, 'DROP EXTENSION leaves nothing');
$node->safe_psql('come_and_go', 'CREATE EXTENSION crm_ext');
pass('and it can be created again');

# ----------------------------------------------------------------------------------------------------------------------
# A hostile role
# ----------------------------------------------------------------------------------------------------------------------

$node->safe_psql('postgres', 'CREATE ROLE eve LOGIN; CREATE DATABASE hostile; GRANT CREATE ON DATABASE hostile TO eve');

# A role without rights cannot install it (it is not trusted yet), and what it tries leaves nothing.
($status) = $node->psql('hostile', 'SET ROLE eve; CREATE SCHEMA mine; CREATE EXTENSION crm_ext SCHEMA mine');
isnt($status, 0, 'a role without superuser does not install the extension');

# Eve plants a function of the extension's own name in the schema it is to go to: plain CREATE stops there.
$node->safe_psql('hostile', <<'SQL');
SET ROLE eve;
CREATE SCHEMA trap;
CREATE FUNCTION trap.day(int) RETURNS date LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hijacked'; END $$;
SQL
($status, undef, $err) = $node->psql('hostile', 'CREATE EXTENSION crm_ext SCHEMA trap');
isnt($status, 0, 'a planted function of the same name stops the installation');
unlike($err, qr/hijacked/, 'and is not called');
like($err, qr/already exists/, 'and is the reason given');
$node->safe_psql('hostile', 'DROP SCHEMA trap CASCADE');

# Eve plants a better match for every common function and operator, in a schema that comes before pg_catalog.
my $plant = <<'SQL';
SET ROLE eve;
CREATE SCHEMA evil;
DO $plant$
DECLARE
  f record;
  n int := 0;
BEGIN
  FOR f IN
    SELECT p.proname, pg_get_function_result(p.oid) AS result, pg_get_function_identity_arguments(p.oid) AS arguments
    FROM pg_proc AS p
    WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.prokind = 'f' AND NOT p.proretset AND p.provariadic = 0
      AND p.prorettype = ANY (good) AND NOT EXISTS (SELECT FROM unnest(p.proargtypes) AS a WHERE a <> ALL (good))
  LOOP
    EXECUTE format('CREATE FUNCTION evil.%I(%s) RETURNS %s LANGUAGE plpgsql AS %L', f.proname,
      f.arguments, f.result, 'BEGIN RAISE EXCEPTION ''hijacked: function ' || replace(f.proname, '''', '') || '''; END');
  END LOOP;
  FOR f IN
    SELECT o.oprname, o.oprleft::regtype AS left_type, o.oprright::regtype AS right_type, o.oprresult::regtype AS result
    FROM pg_operator AS o
    WHERE o.oprnamespace = 'pg_catalog'::regnamespace AND o.oprkind = 'b'
      AND o.oprleft = ANY (good) AND o.oprright = ANY (good) AND o.oprresult = ANY (good)
  LOOP
    n := n + 1;
    EXECUTE format('CREATE FUNCTION evil.operator_%s(%s, %s) RETURNS %s LANGUAGE plpgsql AS %L', n, f.left_type, f.right_type,
      f.result, format('BEGIN RAISE EXCEPTION ''hijacked: operator %s''; END', replace(f.oprname, '%', '%%')));
    EXECUTE format('CREATE OPERATOR evil.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = evil.operator_%s)', f.oprname, f.left_type,
      f.right_type, n);
  END LOOP;
END $plant$;
-- Overloads with other types than pg_catalog's win even behind it, where the arguments fit better.
CREATE FUNCTION evil.hijack(varchar, varchar) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hijacked: varchar'; END $$;
CREATE OPERATOR evil.= (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = evil.hijack);
CREATE FUNCTION evil.hijack(name, varchar) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hijacked: name'; END $$;
CREATE OPERATOR evil.= (LEFTARG = name, RIGHTARG = varchar, FUNCTION = evil.hijack);
CREATE FUNCTION evil.format(text, text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hijacked: format'; END $$;
CREATE FUNCTION evil.format(text, text, text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hijacked: format'; END $$;
CREATE FUNCTION evil.concat(text, text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hijacked: concat'; END $$;
CREATE FUNCTION evil.jsonb_build_object(text, text) RETURNS jsonb LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hijacked'; END $$;
-- Tables, types and functions with the names of the catalogs and of the extension.
CREATE VIEW evil.pg_class AS SELECT 1 / 0 AS oid;
CREATE VIEW evil.pg_attribute AS SELECT 1 / 0 AS attrelid;
CREATE VIEW evil.pg_proc AS SELECT 1 / 0 AS oid;
CREATE VIEW evil.pg_namespace AS SELECT 1 / 0 AS oid;
CREATE DOMAIN evil.jsonb AS pg_catalog.text CHECK (false);
CREATE DOMAIN evil.text AS pg_catalog.int4 CHECK (false);
CREATE DOMAIN evil.date AS pg_catalog.int4 CHECK (false);
CREATE DOMAIN evil.scorecard AS pg_catalog.text CHECK (false);
CREATE DOMAIN evil.tier_policy AS pg_catalog.text CHECK (false);
CREATE DOMAIN evil.suitability_policy AS pg_catalog.text CHECK (false);
CREATE DOMAIN evil.suitability_outcome AS pg_catalog.text CHECK (false);
GRANT USAGE ON SCHEMA evil TO PUBLIC;
SQL
my $good = "ARRAY['text', 'name', 'bool', 'int4', 'int8', 'numeric', 'float8', 'date', 'timestamptz', 'jsonb', 'json', 'oid', "
  . "'regclass', 'text[]', 'char', 'varchar']::regtype[]::oid[]";
$plant =~ s/\bgood\b/$good/g;
$node->safe_psql('hostile', $plant);
my $count = $node->safe_psql('hostile', "SELECT count(*) FROM pg_proc WHERE pronamespace = 'evil'::regnamespace");
cmp_ok($count, '>', 800, "eve planted $count functions");
$node->safe_psql('postgres', 'ALTER DATABASE hostile SET search_path = evil, pg_catalog, public');
($status, undef, $err) = $node->psql('hostile', 'SELECT lower(pg_catalog.version())');
like($err, qr/hijacked/, 'the trap works on whoever trusts the search_path');
($status, undef, $err) = $node->psql('hostile', 'CREATE SCHEMA crm; CREATE EXTENSION crm_ext SCHEMA crm');
is($status, 0, 'installed where the search_path begins with hostile objects') or diag($err);
is(call_all('hostile', 'crm', ''), $expected, 'the same answers where the search_path begins with hostile objects');

# Temporary objects come before everything unless they are put last.
is( call_all('hostile', 'crm', 'CREATE TEMP TABLE pg_class (x pg_catalog.int4); CREATE TEMP TABLE pg_proc (x pg_catalog.int4);'
      . ' CREATE DOMAIN pg_temp.jsonb AS pg_catalog.int4; CREATE DOMAIN pg_temp.text AS pg_catalog.int4;'
      . ' CREATE DOMAIN pg_temp.date AS pg_catalog.int4;'),
  $expected, 'the same answers behind temporary objects');

# The mart is made by PL/pgSQL, which resolves names when it runs.
SKIP:
{
  skip 'this build has no create_mart', 1
    unless $node->safe_psql('plain', "SELECT count(*) FROM pg_proc WHERE proname = 'create_mart'");
  for my $database (qw(plain hostile))
  {
    $node->safe_psql($database, <<'SQL');
SET search_path = pg_catalog;
CREATE SCHEMA source;
CREATE TABLE source.client (client_id text PRIMARY KEY, kind text, opened_on date, closed_on date, birth_date date,
  branch_id text, adviser_id text, segment text, dormant bool, suspended bool, id_expires_on date, mean_assets numeric,
  service text, age int, orders_60d int, kinds text[], risk_level text, lowest_class bool, assessed_on date, professional_until date,
  longest_term_months int, objectives text[], first_trade_on date, assets_20_days numeric);
CREATE TABLE source.product (product_id text PRIMARY KEY, name text, kind text, category text, issuer_id text, currency text, term_months int,
  permission text, minimum_amount numeric, risk_level text, objectives text[]);
INSERT INTO source.product (product_id, name, kind, term_months, risk_level) VALUES ('p1', 'first', 'fund', 12, '1'), ('p2', 'second', 'bond', 60, '4');
CREATE TABLE source.holding (client_id text, product_id text, on_day date, quantity numeric, market_value numeric);
INSERT INTO source.holding VALUES ('c1', 'p1', '2024-01-31', 1, 100), ('c1', 'p2', '2024-01-31', 1, 200), ('c2', 'p2', '2024-01-31', 1, 300);
INSERT INTO source.client (client_id, kind, opened_on, dormant, suspended, mean_assets, service, age, orders_60d)
VALUES ('c1', 'person', '2020-01-01', false, false, 50000, 'desk', 30, 5), ('c2', 'person', '2021-01-01', true, false, NULL, NULL, 70, 0);
SQL
  }
  my $make = "SELECT crm.create_mart('mart'::pg_catalog.text, 'source'::pg_catalog.text, rating => \$d\$$document{scorecard}\$d\$::crm.scorecard,"
    . " tiers => \$d\$$document{tier_policy}\$d\$::crm.tier_policy, suitability => \$d\$$document{suitability_policy}\$d\$::crm.suitability_policy)";
  my %made = map { $_ => [ $node->psql($_, $make) ] } qw(plain hostile);
  is($made{plain}[0], 0, 'a mart is made') or diag($made{plain}[2]);
  is($made{hostile}[0], 0, 'a mart is made behind hostile objects') or diag($made{hostile}[2]);
  unlike($made{hostile}[2], qr/hijacked/, 'none of them is called');

  # Tiers that remember: a procedure that commits cannot fix its search_path.
  my $moving = q({"period": "month", "tiers": [{"label": "low"}, {"label": "high", "enter": 150}], "moves": {"up_after": 1, "down_after": 2}});
  for my $database (qw(plain hostile))
  {
    my $error = '';
    for my $statement ("SELECT crm.update_mart('mart'::pg_catalog.text, tiers => '$moving'::crm.tier_policy)",
      "CALL crm.refresh_mart('mart'::pg_catalog.text, '2024-01-31'::pg_catalog.date)",
      "CALL crm.refresh_mart('mart'::pg_catalog.text, '2024-01-31'::pg_catalog.date, recompute_from => '2024-01-01'::pg_catalog.date)",
      "SELECT crm.verify_mart('mart'::pg_catalog.text, 1::pg_catalog.numeric)",
      "SELECT crm.close_month('mart'::pg_catalog.text, '2024-01-31'::pg_catalog.date)",
      "SELECT crm.simulate_tiers('mart'::pg_catalog.text, NULL, '$moving'::crm.tier_policy, '2024-01-01'::pg_catalog.date, '2024-01-31'::pg_catalog.date)",
      "SELECT crm.tier_swap_set('mart'::pg_catalog.text, NULL, '$moving'::crm.tier_policy, '2024-01-01'::pg_catalog.date)")
    {
      my ($bad, undef, $stderr) = $node->psql($database, $statement);
      $error .= "$statement: $stderr" if $bad || $stderr =~ /hijacked/;
    }
    is($error, '', "standings are refreshed, closed and simulated: $database");
  }
  if ($made{plain}[0] == 0 && $made{hostile}[0] == 0)
  {
    # What the views say must not depend on the reader's search_path either.
    for my $view (split /\n/, $node->safe_psql('plain',
        "SELECT viewname FROM pg_views WHERE schemaname = 'mart' ORDER BY viewname"))
    {
      my $ask = "SET crm.as_of = '2024-01-31'; SELECT * FROM mart.\"$view\"";
      my ($bad, $out, $error) = $node->psql('hostile', $ask);
      my @rows = map { s/\|[-\d]+ [:.\d]+\+00\|/|now|/gr } $out, $node->safe_psql('plain', $ask);
      is($bad ? "error: $error" : join("\n", sort split /\n/, $rows[0]), join("\n", sort split /\n/, $rows[1]), "mart.$view");
    }
    ($status, undef, $err) = $node->psql('hostile', "SELECT crm.drop_mart('mart'::pg_catalog.text)");
    is($status, 0, 'the mart is dropped behind hostile objects') or diag($err);
  }
}

$node->stop;
done_testing();
