-- Tiers that remember, in the mart: over the made-up warehouse, against plain SQL that works day by day and a tier machine in PL/pgSQL.
-- After every change of the source, what a refresh leaves must be what a mart that is made anew comes to.
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL jit = off;
SELECT no_plan();

\set clients 400
\set products 40
\set first_day 2025-07-01
\set last_day 2026-06-30
SET LOCAL max_parallel_workers_per_gather = 0;
\ir ../../examples/warehouse.sql
SET LOCAL client_min_messages = warning;
SET LOCAL crm.as_of = '2026-06-30';

CREATE TEMP TABLE policy AS SELECT
  '{"name": "tiers", "version": "1", "period": "month", "tiers": [{"label": "mass"}, {"label": "retail", "enter": 20000, "keep": 16000},
    {"label": "affluent", "enter": 100000, "keep": 90000}, {"label": "wealth", "enter": 500000, "keep": 400000}],
    "moves": {"up_after": 1, "watch_after": 2, "down_after": 3, "land": "best_of_window", "window": 3, "missing": "carry"}}'::crm.tier_policy AS tiers,
  '{"name": "tiers", "version": "2", "period": "month", "tiers": [{"label": "mass"}, {"label": "retail", "enter": 50000},
    {"label": "wealth", "enter": 600000}]}'::crm.tier_policy AS proposed;

------------------------------------------------------------------------------------------------------------------------
-- What must come out
------------------------------------------------------------------------------------------------------------------------

-- the balance of every client at the end of every day
CREATE FUNCTION pg_temp.daily() RETURNS TABLE (client_id text, on_day date, amount numeric) LANGUAGE sql AS $$
  SELECT c.client_id, d::date, (SELECT b.amount FROM source.balance AS b WHERE b.client_id = c.client_id AND b.on_day <= d ORDER BY b.on_day DESC LIMIT 1)
  FROM source.client AS c CROSS JOIN generate_series(date '2025-07-01', date '2026-06-30', '1 day') AS d
$$;
CREATE FUNCTION pg_temp.monthly() RETURNS TABLE (month date, client_id text, value float8, assets numeric) LANGUAGE sql AS $$
  SELECT m.month, c.client_id, m.value, m.assets
  FROM (
    SELECT date_trunc('month', d.on_day::timestamp)::date AS month, d.client_id,
      (CASE WHEN count(d.amount) > 0 THEN sum(coalesce(d.amount, 0)) / count(*) END)::float8 AS value, (array_agg(d.amount ORDER BY d.on_day DESC))[1] AS assets
    FROM pg_temp.daily() AS d GROUP BY 1, 2) AS m
  JOIN source.client AS c USING (client_id)
  WHERE c.opened_on < m.month + interval '1 month' AND (c.closed_on IS NULL OR c.closed_on >= m.month + interval '1 month')
$$;
-- up at once; down after three months below in a row, to the best of the last three; on watch after two
CREATE FUNCTION pg_temp.machine(history float8[]) RETURNS TABLE (place int, rank int, since int, below int) LANGUAGE plpgsql AS $$
DECLARE
  enter float8[] := '{-Infinity,20000,100000,500000}';
  keep float8[] := '{-Infinity,16000,90000,400000}';
  base int;
  bases int[] := '{}';
BEGIN
  FOR i IN 1 .. coalesce(cardinality(history), 0) LOOP
    place := i;
    IF history[i] IS NULL THEN
      IF bases = '{}' THEN
        RETURN NEXT;
        CONTINUE;
      END IF;
      base := bases[cardinality(bases)];
    ELSE
      base := (SELECT count(*) FROM unnest(enter) AS e WHERE e <= history[i]);
      IF base < rank THEN
        base := least(rank, (SELECT count(*) FROM unnest(keep) AS k WHERE k <= history[i]));
      END IF;
    END IF;
    bases := bases || base;
    IF rank IS NULL OR base > rank THEN
      rank := base;
      since := i;
      below := 0;
    ELSIF base = rank THEN
      below := 0;
    ELSE
      below := below + 1;
      IF below >= 3 THEN
        base := (SELECT max(b) FROM unnest(bases[greatest(1, i - 2) :]) AS b);
        IF base < rank THEN
          rank := base;
          since := i;
        END IF;
        below := 0;
      END IF;
    END IF;
    RETURN NEXT;
  END LOOP;
END $$;
CREATE FUNCTION pg_temp.expected() RETURNS TABLE (month date, client_id text, value float8, assets numeric, rank int, since date, below int) LANGUAGE sql AS $$
  WITH monthly AS MATERIALIZED (SELECT * FROM pg_temp.monthly()),
  history AS (SELECT m.client_id, array_agg(m.value ORDER BY m.month) AS history, array_agg(m.month ORDER BY m.month) AS months FROM monthly AS m GROUP BY 1)
  SELECT h.months[k.place], h.client_id, m.value, m.assets, k.rank, h.months[k.since], k.below
  FROM history AS h CROSS JOIN LATERAL pg_temp.machine(h.history) AS k JOIN monthly AS m ON m.client_id = h.client_id AND m.month = h.months[k.place]
$$;
CREATE FUNCTION pg_temp.made(mart text) RETURNS TABLE (month date, client_id text, value float8, assets numeric, rank int, since date, below int) LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY EXECUTE format('SELECT month, client_id, value, assets, crm.tier_rank(standing), crm.tier_since(standing), crm.tier_run_below(standing) FROM %I.tier_month', mart);
END $$;
-- what a mart made anew comes to
CREATE FUNCTION pg_temp.anew() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF crm.is_mart('anew') THEN
    IF EXISTS (SELECT FROM mart.definition AS d JOIN anew.definition AS a ON to_jsonb(a) = to_jsonb(d) || '{"client_columns": []}') THEN
      TRUNCATE anew.tier_month, anew.client_summary, anew.refresh_log;
      CALL crm.refresh_mart('anew', commit_each_month => false);
      RETURN;
    END IF;
    PERFORM crm.drop_mart('anew');
  END IF;
  PERFORM m.* FROM mart.definition AS d CROSS JOIN LATERAL crm.create_mart('anew', d.source, rating => d.rating::crm.scorecard, tiers => d.tiers::crm.tier_policy,
    balance_mode => d.balance_mode, tier_measure => d.tier_measure, market => d.market) AS m;
  CALL crm.refresh_mart('anew', commit_each_month => false);
END $$;
CREATE FUNCTION pg_temp.same_as_anew(what text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_temp.anew();
  RETURN NEXT set_eq('SELECT month, client_id, value, assets, standing::text FROM mart.tier_month',
    'SELECT month, client_id, value, assets, standing::text FROM anew.tier_month', what);
END $$;

------------------------------------------------------------------------------------------------------------------------
-- Making and filling
------------------------------------------------------------------------------------------------------------------------

CREATE TEMP TABLE created AS
SELECT m.* FROM policy AS p CROSS JOIN LATERAL crm.create_mart('mart', 'source', tiers => p.tiers, market => 'XSHG', client_columns => '{branch_id,segment}') AS m;
SELECT set_has('SELECT object, status FROM created', $$SELECT o, 'created' FROM unnest(ARRAY['client_tier', 'tier_history', 'client_month', 'tier_watch', 'tier_migration',
  'tier_as_told', 'tier_why', 'calendar', 'tier_month']) AS o$$, 'a policy with a period makes the views of tiers that remember');
SELECT is(reason, 'empty until refresh_mart is called', 'and says what fills them') FROM created WHERE object = 'tier_month';
SELECT results_eq('SELECT count(*), count(tier), count(data_through) FROM mart.client_tier', 'SELECT count(*), 0::bigint, 0::bigint FROM mart.client_facts(''2026-06-30'')',
  'nobody has a tier before');
CALL crm.refresh_mart('mart', commit_each_month => false);
CREATE TEMP TABLE expected AS SELECT * FROM pg_temp.expected();
SELECT ok(count(*) > 4000 AND count(*) FILTER (WHERE below = 2) > 10 AND count(*) FILTER (WHERE since > '2025-07-01' AND rank < 4) > 100, 'a history with something in it') FROM expected;
SELECT set_eq('SELECT month, client_id, round(value::numeric, 6), assets, rank, since, below FROM pg_temp.made(''mart'')',
  'SELECT month, client_id, round(value::numeric, 6), assets, rank, since, below FROM expected', 'values, assets and standings of every client and month, as worked out day by day');
SELECT set_eq('SELECT client_id, round(average_assets, 6) FROM mart.client_facts(''2026-06-30'')',
  'SELECT client_id, round(value::numeric, 6) FROM mart.tier_month WHERE month = ''2026-06-01''', 'in a month of 30 days the mean is average_assets of its last day');
SELECT results_eq('SELECT month, clients, standings, written, corrections FROM mart.refresh_log ORDER BY month',
  'SELECT month, s.clients, e.standings, s.clients + e.standings, 0 FROM (SELECT month, count(*) AS standings FROM expected GROUP BY month) AS e
    JOIN (SELECT month, count(*) AS clients FROM mart.client_summary GROUP BY month) AS s USING (month) ORDER BY month', 'the log has a row a month');

CREATE TEMP TABLE place AS SELECT month, client_id, ctid AS place FROM mart.tier_month;
CALL crm.refresh_mart('mart', commit_each_month => false);
SELECT is_empty('SELECT * FROM (SELECT month, client_id, ctid FROM mart.tier_month EXCEPT SELECT * FROM place) AS moved', 'a refresh that finds nothing new writes nothing');
CALL crm.refresh_mart('mart', recompute_from => '-infinity', commit_each_month => false);
SELECT is_empty('SELECT * FROM (SELECT month, client_id, ctid FROM mart.tier_month EXCEPT SELECT * FROM place) AS moved', 'nor does one that computes everything again');
SELECT results_eq('SELECT DISTINCT corrections FROM mart.refresh_log', ARRAY[1], 'but it did');

------------------------------------------------------------------------------------------------------------------------
-- Views
------------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION pg_temp.label(rank int) RETURNS text IMMUTABLE RETURN (ARRAY['mass', 'retail', 'affluent', 'wealth'])[rank];
SELECT set_eq('SELECT client_id, data_through, month, assets, tier_value, tier, tier_order, since, on_watch, periods_below FROM mart.client_tier',
  $$SELECT client_id, date '2026-06-30' AS data_through, month, assets, round(value::numeric, 2) AS tier_value, pg_temp.label(rank) AS tier, rank, since, below >= 2 AS on_watch, below
    FROM expected WHERE month = '2026-06-01'$$, 'client_tier is the newest standing');
SELECT set_eq('SELECT client_id, tier, data_through FROM mart.client_tier_at(''2026-03-30'') WHERE tier IS NOT NULL',
  $$SELECT client_id, pg_temp.label(rank) AS tier, date '2026-02-28' AS data_through FROM expected WHERE month = '2026-02-01' AND client_id IN (SELECT client_id FROM mart.client_facts('2026-03-30'))$$,
  'on a day within a month, that of the month before');
SELECT set_eq('SELECT client_id, tier, tier_order, tier_value FROM mart.client_360', 'SELECT client_id, tier, tier_order, tier_value FROM mart.client_tier', 'client_360 has the same');
SELECT set_eq('SELECT tier, clients, assets FROM mart.tier_summary',
  $$SELECT pg_temp.label(rank) AS tier, count(*), sum(assets)::numeric(18,2) FROM expected WHERE month = '2026-06-01' GROUP BY rank$$, 'and tier_summary counts it');
SELECT set_eq('SELECT client_id, month, tier, previous_tier, change, since, on_watch, periods_below FROM mart.tier_history',
  $$SELECT e.client_id, e.month, pg_temp.label(e.rank) AS tier, pg_temp.label(p.rank) AS before, CASE WHEN p.rank IS NULL THEN 'first' WHEN e.rank > p.rank THEN 'up' WHEN e.rank < p.rank THEN 'down' ELSE 'kept' END,
      e.since, e.below >= 2 AS watch, e.below
    FROM expected AS e LEFT JOIN expected AS p ON p.client_id = e.client_id AND p.month = e.month - interval '1 month'$$, 'tier_history is every standing and what became of the one before');
SELECT is_empty($$SELECT client_id FROM mart.tier_history WHERE base_tier_order <> (SELECT count(*) FROM unnest(CASE WHEN tier_value < 0 THEN '{}' ELSE '{0,20000,100000,500000}'::float8[] END) AS e WHERE e <= tier_value)
  AND base_tier_order > previous_tier_order$$, 'the base tier rises by the thresholds to enter');
SELECT set_eq('SELECT month, client_id, branch_id, adviser_id, segment, assets, tier, tier_order FROM mart.client_month',
  $$SELECT m.month, c.client_id, c.branch_id, c.adviser_id, f.segment, s.closing_assets, pg_temp.label(e.rank), e.rank
    FROM source.client AS c JOIN (SELECT DISTINCT month FROM expected) AS m ON c.opened_on < m.month + interval '1 month' AND (c.closed_on IS NULL OR c.closed_on > m.month)
    LEFT JOIN expected AS e USING (month, client_id) LEFT JOIN mart.client_facts('2026-06-30') AS f USING (client_id)
    LEFT JOIN mart.client_summary AS s USING (month, client_id)$$, 'client_month is the fact table, those who left within the month included');
SELECT set_eq('SELECT client_id FROM mart.tier_watch', $$SELECT client_id FROM expected WHERE month = '2026-06-01' AND below = 2$$,
  'tier_watch has who is on watch, and here that is who falls next');
SELECT is_empty($$SELECT w.client_id FROM mart.tier_watch AS w WHERE w.periods_to_downgrade <> 1 AND w.landing_order < w.tier_order$$, 'after one more month like it');
SELECT is_empty($$SELECT client_id FROM mart.tier_watch WHERE amount_to_keep IS DISTINCT FROM round((ARRAY[0, 16000, 90000, 400000])[tier_order] - tier_value, 2) OR amount_to_keep <= 0$$,
  'amount_to_keep is what lacks from the threshold to keep the tier');
SELECT ok((SELECT count(*) FROM mart.tier_watch) >= 3, 'and there are such clients');
SELECT is_empty($$SELECT w.client_id FROM mart.tier_watch AS w JOIN mart.tier_month AS t ON t.client_id = w.client_id AND t.month = '2026-06-01' CROSS JOIN policy AS p
  WHERE crm.tier_rank(crm.tier_step(p.tiers, t.standing, t.value + w.amount_to_keep::float8 + 0.005, '2026-07-01')) < w.tier_order
    OR crm.tier_rank(crm.tier_step(p.tiers, t.standing, t.value, '2026-07-01')) <> w.landing_order$$, 'with it they keep the tier, without it they land where it says');
SELECT set_eq('SELECT grain, from_month, to_month, from_tier, to_tier, clients, assets FROM mart.tier_migration',
  $$SELECT g.grain, b.month AS from_month, a.month AS to_month, pg_temp.label(x.rank) AS from_tier, pg_temp.label(y.rank) AS to_tier, count(*), sum(coalesce(y.assets, x.assets))::numeric(18,2)
    FROM (VALUES ('month', interval '1 month'), ('year', interval '1 year')) AS g (grain, span)
    CROSS JOIN (SELECT DISTINCT month FROM expected) AS a JOIN (SELECT DISTINCT month FROM expected) AS b ON b.month = a.month - g.span
    CROSS JOIN source.client AS c
    LEFT JOIN expected AS x ON x.month = b.month AND x.client_id = c.client_id LEFT JOIN expected AS y ON y.month = a.month AND y.client_id = c.client_id
    WHERE x.client_id IS NOT NULL OR y.client_id IS NOT NULL GROUP BY 1, 2, 3, x.rank, y.rank$$, 'tier_migration counts who went where');
SELECT is_empty('SELECT grain FROM mart.tier_migration GROUP BY grain, to_month, from_tier HAVING abs(sum(client_share) - 1) > 1e-12', 'shares of a tier add up');
SELECT results_eq('SELECT on_day, month, week, is_month_end, is_trading_day FROM mart.calendar ORDER BY on_day',
  $$SELECT d::date, (to_char(d, 'YYYY-MM') || '-01')::date, d::date - extract(isodow FROM d)::int + 1, to_char(d, 'MM') <> to_char(d + interval '1 day', 'MM'),
      EXISTS (SELECT FROM source.trading_day WHERE on_day = d) FROM generate_series(date '2025-07-01', date '2026-06-30', '1 day') AS d ORDER BY 1$$, 'the calendar has every day of the data');
SELECT is_empty($$SELECT month FROM mart.client_month WHERE month NOT IN (SELECT month FROM mart.calendar)$$, 'and every month of the fact table');
SELECT set_eq(format('SELECT month, tier, since, periods_below FROM mart.tier_why(%L)', client_id),
  format('SELECT month, tier, since, periods_below FROM mart.tier_history WHERE client_id = %L', client_id), 'tier_why ends where the history does') FROM mart.tier_watch ORDER BY client_id LIMIT 3;
SELECT is_empty('SELECT * FROM mart.tier_why(''nobody'')', 'nobody has no why');

CREATE TEMP VIEW tier_view_column AS
SELECT k.oid, k.relname, a.attnum, a.attname, a.atttypid, a.atttypmod
FROM pg_class AS k JOIN pg_attribute AS a ON a.attrelid = k.oid AND a.attnum > 0 WHERE k.relnamespace = to_regnamespace('mart') AND k.relkind = 'v';
SELECT is_empty($$SELECT relname, attname FROM tier_view_column WHERE atttypid NOT IN ('bool'::regtype, 'int4'::regtype, 'int8'::regtype, 'float8'::regtype, 'text'::regtype, 'date'::regtype, 'timestamptz'::regtype)
  AND NOT (atttypid = 'numeric'::regtype AND atttypmod <> -1)$$, 'views have built-in types only');
SELECT is_empty('SELECT relname, attname FROM tier_view_column WHERE col_description(oid, attnum) IS NULL', 'every column has a comment');
SELECT is_empty($$SELECT k.relname, a.attname FROM pg_class AS k JOIN pg_attribute AS a ON a.attrelid = k.oid AND a.attnum > 0 AND NOT a.attisdropped
  WHERE k.relnamespace = to_regnamespace('mart') AND k.relkind = 'r' AND (col_description(k.oid, a.attnum) IS NULL OR obj_description(k.oid, 'pg_class') IS NULL)$$, 'the tables'' too');
SELECT is_empty($$SELECT relname, attname FROM tier_view_column AS c WHERE attname ~ '(tier|landing|tier_as_told|tier_recomputed)$' AND atttypid = 'text'::regtype
  AND NOT EXISTS (SELECT FROM tier_view_column AS o WHERE o.oid = c.oid AND o.attname = c.attname || '_order')$$, 'every tier has its order');
SELECT is_empty($$SELECT relname FROM tier_view_column GROUP BY relname HAVING count(*) FILTER (WHERE attname IN ('as_of', 'data_through')) <> 2$$, 'every view says its day and that of the data');

------------------------------------------------------------------------------------------------------------------------
-- Closing
------------------------------------------------------------------------------------------------------------------------

SELECT is(crm.close_month('mart', '2026-02-14'), (SELECT count(*) FROM expected WHERE month = '2026-02-01'), 'a month is closed by any of its days');
SELECT is(crm.close_month('mart', '2026-04-30'), (SELECT count(*) FROM expected WHERE month = '2026-04-01'), 'months may be left out');
SELECT set_eq('SELECT month, client_id, tier_as_told, tier_recomputed, differs, policy_as_told FROM mart.tier_as_told',
  $$SELECT month, client_id, pg_temp.label(rank) AS told, pg_temp.label(rank) AS now, false AS differs, 'tiers 1' AS policy FROM expected WHERE month IN ('2026-02-01', '2026-04-01')$$, 'what was told is what was');

------------------------------------------------------------------------------------------------------------------------
-- Late corrections
------------------------------------------------------------------------------------------------------------------------

-- which rows are written: those of the clients that are touched, from that month on
CREATE FUNCTION pg_temp.refresh(what text, VARIADIC touched text[]) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
  DROP TABLE IF EXISTS place;
  CREATE TEMP TABLE place AS SELECT t.month, t.client_id, t.ctid AS place FROM mart.tier_month AS t;
  CALL crm.refresh_mart('mart', commit_each_month => false);
  RETURN NEXT is_empty(format('SELECT DISTINCT client_id FROM (SELECT month, client_id, ctid FROM mart.tier_month EXCEPT SELECT * FROM place) AS m WHERE client_id <> ALL (%L)', touched),
    what || ': other clients'' rows are not written');
  RETURN QUERY SELECT pg_temp.same_as_anew(what || ': as if the source had always been so');
END $$;
CREATE TEMP TABLE subject AS SELECT client_id, row_number() OVER (ORDER BY client_id) AS n FROM expected WHERE month = '2025-07-01' AND rank BETWEEN 2 AND 3 ORDER BY client_id LIMIT 8;
CREATE FUNCTION pg_temp.subject(n int) RETURNS text LANGUAGE sql STABLE AS 'SELECT s.client_id FROM subject AS s WHERE s.n = $1';

CREATE FUNCTION pg_temp.last_balance(client text, month date) RETURNS date LANGUAGE sql AS $$
  SELECT max(on_day) FROM warehouse.net_assets AS b WHERE b.client_id = client AND on_day < month + interval '1 month' $$;
UPDATE warehouse.net_assets SET amount = 900000 WHERE client_id = pg_temp.subject(1) AND on_day = pg_temp.last_balance(client_id, '2025-11-01');
SELECT pg_temp.refresh('a balance was wrong', pg_temp.subject(1));
SELECT is((SELECT min(month) FROM (SELECT month, client_id, ctid FROM mart.tier_month EXCEPT SELECT * FROM place) AS m), date '2025-11-01', 'from that month on');
SELECT set_eq('SELECT month, corrections FROM mart.refresh_log WHERE corrections > 1', $$SELECT m::date, 2 FROM generate_series(date '2025-11-01', date '2026-06-01', '1 month') AS m$$, 'as the log says');
SELECT is(tier, 'wealth', 'the standing follows') FROM mart.tier_history WHERE client_id = pg_temp.subject(1) AND month = '2025-12-01';
SELECT set_eq('SELECT month, client_id, tier_as_told FROM mart.tier_as_told', $$SELECT month, client_id, pg_temp.label(rank) FROM expected WHERE month IN ('2026-02-01', '2026-04-01')$$,
  'what was told stays');
SELECT set_eq('SELECT client_id FROM mart.tier_as_told WHERE differs', ARRAY[pg_temp.subject(1)], 'and differs for this client alone');

DELETE FROM warehouse.net_assets WHERE client_id = pg_temp.subject(2) AND on_day = pg_temp.last_balance(client_id, '2025-09-01');
SELECT pg_temp.refresh('a balance is deleted', pg_temp.subject(2));
DELETE FROM warehouse.net_assets WHERE client_id = pg_temp.subject(3) AND on_day >= '2026-03-01';
SELECT pg_temp.refresh('all of a client''s since March', pg_temp.subject(3));
UPDATE warehouse.net_assets AS b SET amount = o.amount FROM warehouse.net_assets AS o
WHERE (b.client_id, o.client_id) IN ((pg_temp.subject(4), pg_temp.subject(5)), (pg_temp.subject(5), pg_temp.subject(4))) AND b.on_day = o.on_day AND b.on_day BETWEEN '2025-10-01' AND '2025-10-31';
SELECT pg_temp.refresh('two clients'' balances were mixed up: number and sum are the same', pg_temp.subject(4), pg_temp.subject(5));
INSERT INTO warehouse.net_assets VALUES (pg_temp.subject(6), '2025-12-03', 1000000), (pg_temp.subject(6), '2026-02-03', 5000);
SELECT pg_temp.refresh('balances come late', pg_temp.subject(6));
UPDATE warehouse.client SET closed_on = '2026-02-10' WHERE client_id = pg_temp.subject(7);
SELECT pg_temp.refresh('a client had left in February', pg_temp.subject(7));
SELECT set_eq(format('SELECT max(month) FROM mart.tier_month WHERE client_id = %L', pg_temp.subject(7)), ARRAY[date '2026-01-01'], 'and is gone from then on');
INSERT INTO warehouse.client SELECT 'late', kind, '2025-08-20', NULL, birth_date, branch_id, adviser_id, segment, channel, dormant, suspended, id_expires_on, experience_since
FROM warehouse.client WHERE client_id = pg_temp.subject(8);
INSERT INTO warehouse.net_assets VALUES ('late', '2025-08-20', 300000), ('late', '2026-01-15', 10);
SELECT pg_temp.refresh('a client is loaded late', 'late');
UPDATE warehouse.client SET opened_on = '2025-10-20' WHERE client_id = 'late';
SELECT pg_temp.refresh('and had come later', 'late');
SELECT set_eq('SELECT month, client_id, round(value::numeric, 6), assets, rank, since, below FROM pg_temp.made(''mart'') WHERE client_id <> ''late''',
  'SELECT month, client_id, round(value::numeric, 6), assets, rank, since, below FROM pg_temp.expected() WHERE client_id <> ''late''', 'all of it as worked out day by day');

UPDATE warehouse.net_assets SET amount = amount + 1 WHERE client_id = pg_temp.subject(8) AND on_day = pg_temp.last_balance(client_id, '2025-09-01');
CREATE TEMP TABLE before AS SELECT month, client_id, value FROM mart.tier_month;
CALL crm.refresh_mart('mart', check_from => '2025-11-01', commit_each_month => false);
SELECT set_eq('SELECT month, client_id, value FROM mart.tier_month', 'SELECT * FROM before', 'check_from: earlier corrections are not looked for');
CALL crm.refresh_mart('mart', check_from => '2025-09-30', commit_each_month => false);
SELECT pg_temp.same_as_anew('until they are');
UPDATE mart.tier_month SET value = 0 WHERE month = '2026-01-01';
CALL crm.refresh_mart('mart', recompute_from => '2026-01-01', commit_each_month => false);
SELECT pg_temp.same_as_anew('recompute_from computes what no correction asks for');

-- an archive takes the first months; earlier ones come
CREATE TEMP TABLE archive AS SELECT * FROM warehouse.net_assets WHERE on_day < '2025-10-01';
CREATE TEMP TABLE whole AS SELECT month, client_id, value, assets, standing::text FROM mart.tier_month;
DELETE FROM warehouse.net_assets WHERE on_day < '2025-10-01';
DELETE FROM warehouse.trade WHERE on_day < '2025-10-01';
DELETE FROM warehouse.position_month_end WHERE on_day < '2025-10-01';
CALL crm.refresh_mart('mart', commit_each_month => false);
SELECT set_eq('SELECT month, client_id, value, assets, standing::text FROM mart.tier_month', 'SELECT * FROM whole', 'months that the source has no more stay as they were');
INSERT INTO warehouse.net_assets SELECT * FROM archive;
INSERT INTO warehouse.net_assets SELECT client_id, '2025-05-15', amount * 2 FROM archive JOIN warehouse.client USING (client_id) WHERE on_day = '2025-07-01' AND opened_on < '2025-05-01';
CALL crm.refresh_mart('mart', commit_each_month => false);
SELECT is((SELECT min(month) FROM mart.tier_month), date '2025-05-01', 'a source that reaches further back');
SELECT pg_temp.same_as_anew('gives the history from there');
DELETE FROM warehouse.net_assets WHERE on_day < '2025-07-01';
TRUNCATE mart.tier_month, mart.client_summary, mart.refresh_log;
CALL crm.refresh_mart('mart', commit_each_month => false);

------------------------------------------------------------------------------------------------------------------------
-- One month reads that month
------------------------------------------------------------------------------------------------------------------------

-- the balances in a table with a partition a month; what a month's refresh reads of each, by the counters of the transaction
CREATE TABLE warehouse.partitioned (client_id text NOT NULL, on_day date NOT NULL, amount numeric, PRIMARY KEY (client_id, on_day)) PARTITION BY RANGE (on_day);
CREATE INDEX ON warehouse.partitioned (on_day);
DO $$ BEGIN
  FOR m IN 0 .. 11 LOOP
    EXECUTE format('CREATE TABLE warehouse.%I PARTITION OF warehouse.partitioned FOR VALUES FROM (%L) TO (%L)', 'partition_' || to_char(date '2025-07-01' + make_interval(months => m), 'YYYY_MM'),
      date '2025-07-01' + make_interval(months => m), date '2025-07-01' + make_interval(months => m + 1));
  END LOOP;
END $$;
INSERT INTO warehouse.partitioned SELECT client_id, on_day, amount FROM warehouse.net_assets;
ANALYZE warehouse.partitioned;
CREATE SCHEMA parts;
CREATE VIEW parts.client AS SELECT * FROM source.client;
CREATE VIEW parts.balance AS SELECT * FROM warehouse.partitioned;
SELECT count(*) FROM policy AS p CROSS JOIN LATERAL crm.create_mart('of_parts', 'parts', tiers => p.tiers) AS m;
CALL crm.refresh_mart('of_parts', through => '2026-05-31', commit_each_month => false);
CREATE TEMP VIEW reads AS SELECT relname, coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) AS tuples, coalesce(seq_scan, 0) AS scans
FROM pg_stat_xact_user_tables WHERE schemaname = 'warehouse' AND relname LIKE 'partition\_%';
CREATE TEMP TABLE reads_before AS SELECT * FROM reads;
CALL crm.refresh_mart('of_parts', check_from => '2026-06-01', commit_each_month => false);
CREATE TEMP TABLE reads_of_refresh AS SELECT relname, r.tuples - b.tuples AS tuples, r.scans - b.scans AS scans FROM reads AS r JOIN reads_before AS b USING (relname);
SELECT is((SELECT max(month) FROM of_parts.tier_month), date '2026-06-01', 'a month more');
-- the planner looks at both ends of an index, which counts as reading
SELECT is_empty('SELECT * FROM reads_of_refresh WHERE relname <> ''partition_2026_06'' AND (scans > 0 OR tuples > 100)', 'is computed without reading an earlier one, but for the ends of indexes');
SELECT is_empty('SELECT tableoid::regclass FROM warehouse.partitioned GROUP BY 1 HAVING count(*) < 400', 'each of which has far more');
SELECT ok(tuples - (SELECT 4 * count(*) FROM warehouse.partition_2026_06) BETWEEN 0 AND 100, 'and its own is read four times: for the digest, for the values, and for days with different balances and other rows that cannot be used')
FROM reads_of_refresh WHERE relname = 'partition_2026_06';
SELECT crm.drop_mart('of_parts');

------------------------------------------------------------------------------------------------------------------------
-- Another policy, another measure
------------------------------------------------------------------------------------------------------------------------

SELECT results_eq('SELECT m.status, m.reason FROM policy AS p CROSS JOIN LATERAL crm.update_mart(''mart'', tiers => p.proposed) AS m WHERE m.object = ''tier_month''',
  $$VALUES ('created', 'another tier policy: standings were computed again from the first month')$$, 'another policy counts from the first month');
SELECT pg_temp.same_as_anew('another policy: as if it had always been so');
SELECT results_eq('SELECT DISTINCT tier_as_told, policy_as_told FROM mart.tier_as_told WHERE tier_as_told = ''affluent''', $$VALUES ('affluent', 'tiers 1')$$, 'what was told was told under the old one');
SELECT results_eq('SELECT m.reason FROM policy AS p CROSS JOIN LATERAL crm.update_mart(''mart'', tiers => p.tiers, balance_mode => ''snapshot'') AS m WHERE m.object = ''tier_month''',
  $$VALUES ('what decides tiers is another: empty until refresh_mart is called')$$, 'values of another mode are others');
SELECT is_empty('SELECT * FROM mart.tier_month', 'so they go');
SELECT lives_ok('SELECT * FROM mart.client_tier', 'and the views bear it');

-- snapshot: the balances of the last trading day hold until the next; no row is nothing
CALL crm.refresh_mart('mart', commit_each_month => false);
SELECT set_eq('SELECT month, client_id, round(value::numeric, 6) AS value, assets FROM mart.tier_month',
  $$SELECT m.month, c.client_id, round(m.value, 6), m.assets
    FROM (
      SELECT date_trunc('month', d.on_day::timestamp)::date AS month, c.client_id, sum(coalesce(b.amount, 0)) / count(*) AS value, (array_agg(coalesce(b.amount, 0) ORDER BY d.on_day DESC))[1] AS assets
      FROM source.client AS c
      CROSS JOIN (
        SELECT d::date AS on_day, (SELECT max(t.on_day) FROM source.trading_day AS t WHERE t.on_day <= d AND t.on_day >= '2025-07-01') AS trading_day
        FROM generate_series(date '2025-07-01', date '2026-06-30', '1 day') AS d) AS d
      LEFT JOIN (SELECT b.client_id, b.on_day, b.amount FROM source.balance AS b OFFSET 0) AS b ON b.client_id = c.client_id AND b.on_day = d.trading_day
      GROUP BY 1, 2) AS m
    JOIN source.client AS c USING (client_id)
    WHERE c.opened_on < m.month + interval '1 month' AND (c.closed_on IS NULL OR c.closed_on >= m.month + interval '1 month')$$, 'snapshots, day by day');
UPDATE warehouse.net_assets SET amount = amount + 1000 WHERE client_id = pg_temp.subject(1) AND on_day BETWEEN '2025-12-31' AND '2025-12-31';
DELETE FROM warehouse.trading_day WHERE on_day BETWEEN '2026-03-02' AND '2026-03-06';
CALL crm.refresh_mart('mart', commit_each_month => false);
SELECT pg_temp.same_as_anew('corrections of snapshots and of the calendar');

-- by quarters
SELECT count(*) FROM policy AS p CROSS JOIN LATERAL crm.update_mart('mart', balance_mode => 'change', tiers => replace(p.tiers::text, '"month"', '"quarter"')::crm.tier_policy) AS m;
CALL crm.refresh_mart('mart', commit_each_month => false);
SELECT set_eq('SELECT month, client_id, round(value::numeric, 6) AS value FROM mart.tier_month WHERE client_id <> ''late''',
  $$SELECT m.month, c.client_id, round(m.value, 6)
    FROM (SELECT date_trunc('quarter', d.on_day::timestamp)::date AS month, d.client_id, CASE WHEN count(d.amount) > 0 THEN sum(coalesce(d.amount, 0)) / count(*) END AS value
      FROM pg_temp.daily() AS d GROUP BY 1, 2) AS m JOIN source.client AS c USING (client_id)
    WHERE c.client_id <> 'late' AND c.opened_on < m.month + interval '3 months' AND (c.closed_on IS NULL OR c.closed_on >= m.month + interval '3 months')$$, 'quarters, day by day');
SELECT set_eq('SELECT DISTINCT grain, from_month, to_month FROM mart.tier_migration',
  $$VALUES ('quarter', date '2025-07-01', date '2025-10-01'), ('quarter', '2025-10-01', '2026-01-01'), ('quarter', '2026-01-01', '2026-04-01')$$, 'from quarter to quarter');
SELECT is(data_through, date '2026-03-31', 'a quarter counts when it has ended') FROM mart.client_tier_at('2026-06-29') LIMIT 1;
SELECT throws_ok('SELECT crm.close_month(''mart'', ''2026-05-15'') FROM crm.close_month(''mart'', ''2026-05-15'')', '55000', 'quarter 2026-04 is closed already', 'a quarter is closed once');

-- a measure that reads more than balances: a score
\set rating `cat "$CRM_EXT_SOURCE/examples/policies/client_rating.json"`
SELECT count(*) FROM crm.update_mart('mart', rating => :'rating', tier_measure => 'score',
  tiers => '{"name": "by score", "period": "month", "tiers": [{"label": "low"}, {"label": "high", "enter": 150}], "moves": {"up_after": 2, "down_after": 2}}');
CALL crm.refresh_mart('mart', commit_each_month => false);
SELECT is_empty(format('SELECT client_id, value FROM mart.tier_month WHERE month = %L EXCEPT SELECT f.client_id, crm.score(%L::crm.scorecard, f) FROM mart.client_facts(%L) AS f',
  m::date, :'rating', (m + interval '1 month')::date - 1), format('the score at the end of %s', to_char(m, 'YYYY-MM'))) FROM unnest('{2025-07-01,2026-02-01,2026-06-01}'::date[]) AS m;
DELETE FROM warehouse.trade WHERE client_id IN (SELECT client_id FROM warehouse.trade WHERE on_day BETWEEN '2025-11-01' AND '2025-11-30' ORDER BY trade_id LIMIT 5);
UPDATE warehouse.risk_assessment SET risk_level = 'C1', investor_class = 'ordinary' WHERE valid_from BETWEEN '2026-02-01' AND '2026-02-20';
UPDATE warehouse.client SET channel = 'branch' WHERE client_id = pg_temp.subject(2);
CALL crm.refresh_mart('mart', commit_each_month => false);
SELECT pg_temp.same_as_anew('corrections of trades, profiles and clients');

------------------------------------------------------------------------------------------------------------------------
-- Simulation
------------------------------------------------------------------------------------------------------------------------

SELECT count(*) FROM policy AS p CROSS JOIN LATERAL crm.update_mart('mart', tier_measure => 'average_assets', tiers => p.tiers) AS m;
CALL crm.refresh_mart('mart', commit_each_month => false);
SELECT count(*) FROM policy AS p CROSS JOIN LATERAL crm.create_mart('other', 'source', tiers => p.proposed) AS m;
CALL crm.refresh_mart('other', commit_each_month => false);
CREATE TEMP TABLE both_tiers AS
SELECT a.month, a.client_id, a.tier AS from_tier, b.tier AS to_tier, a.assets, (SELECT f.age FROM mart.client_facts('2026-05-31') AS f WHERE f.client_id = a.client_id) AS age
FROM mart.client_month AS a JOIN other.client_month AS b USING (month, client_id) WHERE EXISTS (SELECT FROM mart.tier_month AS t WHERE (t.month, t.client_id) = (a.month, a.client_id));
SELECT set_eq('SELECT s.month, from_tier, to_tier, clients, assets::numeric(18,2), minutes_before FROM policy AS p CROSS JOIN LATERAL crm.simulate_tiers(''mart'', p.tiers, p.proposed, ''2025-12-15'', ''2026-05-02'') AS s',
  $$SELECT month, from_tier, to_tier, count(*), sum(assets)::numeric(18,2), NULL::numeric FROM both_tiers WHERE month BETWEEN '2025-12-01' AND '2026-05-01' GROUP BY 1, 2, 3$$,
  'a simulation comes to what two marts come to');
\set model '{"name": "service", "hit_policy": "collect", "inputs": ["tier", "age"], "outputs": ["service", "times_per_quarter", "minutes"], "rules": [{"when": ["-", "-"], "then": ["letter", 3, 0.5]}, {"when": [["wealth"], ">= 60"], "then": ["visit", 1, 90]}, {"when": [["affluent", "wealth"], "-"], "then": ["call", 2, 10]}]}'
SELECT set_eq(format('SELECT s.month, s.from_tier, s.to_tier, s.minutes_before, s.minutes_after FROM policy AS p CROSS JOIN LATERAL crm.simulate_tiers(''mart'', NULL, p.proposed, ''2026-05-01'', ''2026-05-31'', %L) AS s', :'model'),
  $$SELECT month, from_tier, to_tier,
      sum(1.5 + CASE WHEN from_tier = 'wealth' AND age >= 60 THEN 90 ELSE 0 END + CASE WHEN from_tier IN ('affluent', 'wealth') THEN 20 ELSE 0 END) AS before,
      sum(1.5 + CASE WHEN to_tier = 'wealth' AND age >= 60 THEN 90 ELSE 0 END + CASE WHEN to_tier IN ('affluent', 'wealth') THEN 20 ELSE 0 END) AS after
    FROM both_tiers WHERE month = '2026-05-01' GROUP BY 1, 2, 3$$, 'minutes owed before and after, by the service model; NULL is the mart''s own policy');
SELECT set_eq('SELECT s.client_id, s.from_tier, s.to_tier, s.assets::numeric(18,2) FROM policy AS p CROSS JOIN LATERAL crm.tier_swap_set(''mart'', p.tiers, p.proposed, ''2026-05-31'') AS s',
  $$SELECT client_id, from_tier, to_tier, assets FROM both_tiers WHERE month = '2026-05-01' AND from_tier <> to_tier$$, 'the swap set is who changes');
SELECT is_empty('SELECT s.* FROM policy AS p CROSS JOIN LATERAL crm.tier_swap_set(''mart'', p.tiers, p.tiers, ''2026-05-31'') AS s', 'nobody, for the same policy');
SELECT is(crm.service_minutes(d::jsonb), m, d) FROM (VALUES ('5', 5), ('{"minutes": 5}', 5), ('{"minutes": 5, "times_per_quarter": 0.5}', 2.5), ('[{"minutes": 5}, {"minutes": 6}]', 11),
  ('[5, 6]', 11), ('[]', NULL), ('null', NULL), (NULL, NULL), ('{"minutes": "many"}', NULL)) AS v (d, m);

------------------------------------------------------------------------------------------------------------------------
-- Who sees what
------------------------------------------------------------------------------------------------------------------------

SELECT crm.close_month('mart', '2026-06-01');
CREATE ROLE mart_tiers_reader;
GRANT USAGE ON SCHEMA mart, source, warehouse, crm TO mart_tiers_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA source, mart, warehouse TO mart_tiers_reader;
GRANT SELECT ON policy TO mart_tiers_reader;
ALTER TABLE warehouse.client ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_branch ON warehouse.client TO mart_tiers_reader USING (branch_id = 'B03');
CREATE TEMP TABLE own AS SELECT client_id FROM warehouse.client WHERE branch_id = 'B03';
GRANT SELECT ON own TO mart_tiers_reader;
CREATE TEMP TABLE seen AS SELECT (SELECT count(*) FROM mart.client_month JOIN own USING (client_id)) AS months, (SELECT count(*) FROM mart.tier_watch JOIN own USING (client_id)) AS watched,
  (SELECT count(*) FROM mart.client_month JOIN own USING (client_id) WHERE month = '2026-06-01') AS now;
GRANT SELECT ON seen TO mart_tiers_reader;
SET LOCAL ROLE mart_tiers_reader;
SELECT is((SELECT count(*) FROM mart.tier_month), months, 'row-level security of the source holds in the tables') FROM seen;
SELECT is((SELECT count(*) FROM mart.client_month), months, 'in the fact table') FROM seen;
SELECT is((SELECT count(*) FROM mart.tier_history), months, 'in the history') FROM seen;
SELECT is((SELECT count(*) FROM mart.tier_watch), watched, 'in the watch list') FROM seen;
SELECT is((SELECT count(*) FROM mart.client_tier), now, 'among tiers') FROM seen;
SELECT is((SELECT count(*) FROM mart.tier_told WHERE month = '2026-06-01'), now, 'in what was told') FROM seen;
SELECT is((SELECT count(*) FROM mart.tier_as_told WHERE month = '2026-06-01'), now, 'and in the comparison') FROM seen;
SELECT is((SELECT sum(clients) FROM mart.tier_migration WHERE to_month = '2026-06-01' AND grain = 'month' AND to_tier IS NOT NULL), now::numeric, 'in sums') FROM seen;
SELECT is((SELECT sum(s.clients) FROM policy AS p CROSS JOIN LATERAL crm.simulate_tiers('mart', NULL, p.proposed, '2026-06-01', '2026-06-01') AS s), now::numeric, 'and in simulations') FROM seen;
SELECT is_empty('SELECT * FROM mart.tier_history JOIN warehouse.client USING (client_id) WHERE tier_history.branch_id <> ''B03''', 'nobody else''s');
SELECT throws_ok('CALL crm.refresh_mart(''mart'', commit_each_month => false)', '42501', NULL, 'a reader does not refresh');
RESET ROLE;
ALTER TABLE warehouse.client DISABLE ROW LEVEL SECURITY;

------------------------------------------------------------------------------------------------------------------------
-- Sources that lack something
------------------------------------------------------------------------------------------------------------------------

CREATE SCHEMA thin;
CREATE VIEW thin.client AS SELECT client_id FROM source.client;
CREATE VIEW thin.balance AS SELECT client_id, on_day, amount FROM source.balance;
SELECT count(*) FROM policy AS p CROSS JOIN LATERAL crm.create_mart('thin_mart', 'thin', tiers => p.tiers) AS m;
CALL crm.refresh_mart('thin_mart', commit_each_month => false);
SELECT is((SELECT count(*) FROM thin_mart.tier_month), (SELECT 12 * count(*) FROM source.client), 'who has no opening day always was a client');
SELECT is_empty('SELECT client_id FROM thin_mart.client_month WHERE month = ''2025-07-01'' AND (tier IS NULL) <> (client_id NOT IN (SELECT client_id FROM source.balance WHERE on_day < ''2025-08-01''))',
  'and has no tier until there is a value');
SELECT hasnt_column('thin_mart', 'client_month', 'branch_id', 'no branch, no branch_id');
SELECT hasnt_column('thin_mart', 'calendar', 'is_trading_day', 'no trading days, no is_trading_day');
SELECT crm.drop_mart('thin_mart');
CREATE OR REPLACE VIEW thin.balance AS SELECT client_id, on_day, amount FROM source.balance WHERE false;
SELECT count(*) FROM policy AS p CROSS JOIN LATERAL crm.create_mart('thin_mart', 'thin', tiers => p.tiers) AS m;
SELECT lives_ok('CALL crm.refresh_mart(''thin_mart'', commit_each_month => false)', 'a source without rows');
SELECT is_empty(format('SELECT * FROM thin_mart.%I', v), format('%s of nothing', v)) FROM unnest(ARRAY['tier_month', 'refresh_log', 'tier_history', 'client_month', 'tier_watch', 'tier_migration', 'tier_as_told', 'calendar']) AS v;
SELECT crm.drop_mart('thin_mart');
DROP VIEW thin.balance;
CREATE OR REPLACE VIEW thin.client AS SELECT client_id, 1000::numeric AS worth FROM source.client;
SELECT results_eq('SELECT DISTINCT m.reason FROM policy AS p CROSS JOIN LATERAL crm.create_mart(''thin_mart'', ''thin'', tiers => p.tiers, tier_measure => ''worth'') AS m WHERE m.object = ''tier_history''',
  ARRAY['nothing in the source has months'], 'a source without days has no history');
SELECT results_eq('SELECT DISTINCT tier, tier_value FROM thin_mart.client_tier', $$VALUES ('mass', 1000.00)$$, 'tiers are those of the day then');
SELECT lives_ok('CALL crm.refresh_mart(''thin_mart'', commit_each_month => false)', 'and there is nothing to refresh');
SELECT crm.drop_mart('thin_mart');
INSERT INTO warehouse.net_assets VALUES ('nobody', '2026-01-05', 1);
UPDATE warehouse.net_assets SET amount = 'NaN' WHERE client_id = pg_temp.subject(4) AND on_day > '2026-05-01';
CREATE VIEW thin.balance AS SELECT client_id, on_day, amount FROM source.balance UNION ALL SELECT client_id, on_day, amount + 7 FROM source.balance WHERE client_id = pg_temp.subject(5);
CREATE OR REPLACE VIEW thin.client AS SELECT client_id, NULL::numeric AS worth FROM source.client UNION ALL SELECT client_id, 1 FROM source.client WHERE client_id = pg_temp.subject(6) UNION ALL SELECT NULL, 1;
SELECT count(*) FROM policy AS p CROSS JOIN LATERAL crm.create_mart('thin_mart', 'thin', tiers => p.tiers) AS m;
SELECT lives_ok('CALL crm.refresh_mart(''thin_mart'', commit_each_month => false)', 'orphans, NaN, and clients and balances that the source repeats do not stop a month');
SELECT lives_ok(format('SELECT * FROM thin_mart.%I', v), format('nor %s', v)) FROM unnest(ARRAY['client_tier', 'tier_history', 'client_month', 'tier_watch', 'tier_migration']) AS v;
SELECT crm.drop_mart('thin_mart');

------------------------------------------------------------------------------------------------------------------------
-- Mistakes
------------------------------------------------------------------------------------------------------------------------

SELECT throws_ok(q, state, message, q) FROM (VALUES
  ('CALL crm.refresh_mart(''nowhere'')', '3F000', 'schema nowhere is not a mart'),
  ('CALL crm.refresh_mart(NULL)', '3F000', 'schema NULL is not a mart'),
  ('CALL crm.refresh_mart(''mart'', NULL)', '22004', 'the day through which the data are complete must not be NULL'),
  ('CALL crm.refresh_mart(''mart'')', '2D000', NULL),
  ('SELECT crm.close_month(''nowhere'', ''2026-01-01'')', '3F000', 'schema nowhere is not a mart'),
  ('SELECT crm.close_month(''mart'', NULL)', '22004', 'the month to close must not be NULL'),
  ('SELECT crm.close_month(''mart'', ''2026-06-30'')', '55000', 'month 2026-06 is closed already'),
  ('SELECT crm.close_month(''mart'', ''2026-03-01'')', '55000', 'month 2026-06 is closed already'),
  ('SELECT crm.close_month(''mart'', ''2026-07-01'')', '55000', 'month 2026-07 is not refreshed'),
  ('UPDATE mart.tier_told SET tier = ''wealth''', '55000', 'what clients were told is not changed: UPDATE on mart.tier_told is refused'),
  ('DELETE FROM mart.closed_month', '55000', 'what clients were told is not changed: DELETE on mart.closed_month is refused'),
  ('TRUNCATE mart.tier_told', '55000', 'what clients were told is not changed: TRUNCATE on mart.tier_told is refused'),
  ('SELECT crm.simulate_tiers(''mart'', NULL, NULL, ''2026-01-01'', ''2026-02-01'')', '22004', 'the proposed tier policy, from_month and to_month must not be NULL'),
  ('SELECT crm.simulate_tiers(''mart'', NULL, crm.tier_policy(''{a,b}'', ''{1}''), ''2026-01-01'', ''2026-02-01'')', '22023', 'the proposed tier policy has nothing as period, the mart keeps values by month'),
  ('SELECT crm.simulate_tiers(''mart'', NULL, proposed, ''2026-01-01'', ''2026-02-01'', ''{"hit_policy": "first", "inputs": ["tier"], "outputs": ["hours"], "rules": [{"when": ["-"], "then": [1]}]}'') FROM policy',
    '22023', 'the service model has no output "minutes"'),
  ('SELECT crm.simulate_tiers(''mart'', NULL, proposed, ''2026-01-01'', ''2026-02-01'', ''{"hit_policy": "first", "inputs": ["mood"], "outputs": ["minutes"], "rules": [{"when": ["-"], "then": [1]}]}'') FROM policy',
    '42703', 'the service model reads "mood", which the source cannot give for a client'),
  ('SELECT crm.tier_swap_set(''mart'', NULL, NULL, ''2026-01-01'')', '22004', 'the proposed tier policy and the month must not be NULL')
) AS t (q, state, message);
SELECT count(*) FROM crm.update_mart('mart', tiers => crm.tier_policy('{low,high}', '{50000}'));
SELECT is(max(tier_order), 2, 'a policy without a period forgets') FROM mart.client_tier;
SELECT hasnt_view('mart', 'tier_history', 'the views that need one go');
SELECT ok(count(*) > 0, 'what was told stays') FROM mart.tier_told;
SELECT throws_ok('SELECT crm.close_month(''mart'', ''2026-07-01'')', '55000', 'mart mart keeps no standings', 'nothing can be closed then');
SELECT count(*) FROM policy AS p CROSS JOIN LATERAL crm.update_mart('mart', tiers => p.proposed) AS m;
SELECT set_eq('SELECT DISTINCT tier FROM mart.client_month WHERE tier IS NOT NULL', ARRAY['mass', 'retail', 'wealth'], 'and standings are back with one that has');
SELECT lives_ok('SELECT crm.drop_mart(''mart'')', 'a mart goes with its tables');
SELECT hasnt_schema('mart', 'and its schema');

SELECT * FROM finish();
ROLLBACK;
