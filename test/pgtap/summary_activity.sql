-- activity_summary: the same bytes however the rows were split, ordered, merged, stored or sent, and what plain SQL says of the same rows.
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = crm, public;
SET LOCAL datestyle = ISO;
SELECT no_plan();

-- To repeat a run: psql -v seed=0.123
\if :{?seed}
\else
  SELECT round(random()::numeric, 6) AS seed \gset
\endif
SELECT diag('seed ' || :'seed');
SELECT setseed(:seed) \g /dev/null

-- Clients of every kind: one event, one day, dense, sparse, with sentinels, before the epoch.
CREATE TABLE event (client_id int, part int, on_day date, amount numeric, id serial);
INSERT INTO event
SELECT client_id, (random() * 7)::int, CASE WHEN client_id % 7 = 0 AND random() < 0.01 THEN '9999-12-31' ELSE first_day + (random() ^ 2 * span)::int END,
  CASE client_id % 3 WHEN 0 THEN round((random() * 1e6)::numeric, 2) WHEN 1 THEN round((random() * 1e4 - 5e3)::numeric, 4) ELSE -(random() * 1e12)::bigint END
FROM (
  SELECT client_id, date '1990-01-01' + (random() * 12000)::int AS first_day, (ARRAY[0, 5, 40, 400, 4000, 40000])[1 + client_id % 6] AS span,
    CASE WHEN client_id > 296 THEN 5000 ELSE 1 + (random() ^ 3 * 400)::int END AS events
  FROM generate_series(1, 300) AS client_id) AS c, generate_series(1, events);
CREATE INDEX ON event (client_id);
ANALYZE event;
CREATE TABLE whole AS SELECT client_id, activity(on_day, amount) AS a FROM event GROUP BY 1;
SELECT cmp_ok((SELECT count(*)::int FROM whole), '=', 300, 'a summary a client');

------------------------------------------------------------------------------------------------------------------------
-- What the accessors say is what plain SQL says
------------------------------------------------------------------------------------------------------------------------

SELECT is_empty($$
  SELECT client_id FROM whole JOIN (
    SELECT client_id, min(on_day) AS first, max(on_day) AS last, count(DISTINCT on_day)::int AS days, count(*) AS events, sum(amount) AS total,
      count(*) FILTER (WHERE amount < 0) AS negatives, avg(amount) AS mean, array_agg(DISTINCT on_day ORDER BY on_day) AS dates
    FROM event GROUP BY 1) AS e USING (client_id)
  WHERE (first_day(a), last_day(a), active_days(a), events(a), negative_events(a), total(a), active_dates(a))
      IS DISTINCT FROM (first, last, days, events, negatives, total, dates) OR abs(mean_amount(a) - mean) > 1e-9
$$, 'days, counts and totals');

SELECT is_empty($$
  SELECT client_id FROM whole
  WHERE first_day_total(a) IS DISTINCT FROM (SELECT sum(amount) FROM event AS e WHERE e.client_id = whole.client_id AND on_day = first_day(a))
$$, 'the total of the first day');

SELECT is_empty($$
  SELECT client_id, as_of FROM whole
  CROSS JOIN LATERAL (SELECT first_day(a) + (random() * 20000 - 100)::int AS as_of FROM generate_series(1, 5) UNION ALL
    SELECT unnest(ARRAY[first_day(a), last_day(a), first_day(a) - 1, last_day(a) - 1, last_day(a) + 1])) AS x
  CROSS JOIN LATERAL (SELECT max(on_day) AS last, count(DISTINCT on_day)::int AS days, min(on_day) AS first
    FROM event AS e WHERE e.client_id = whole.client_id AND on_day <= as_of) AS s
  WHERE (recency_days(a, as_of), frequency(a, as_of), tenure_days(a, as_of))
    IS DISTINCT FROM (as_of - last, CASE WHEN days > 0 THEN days - 1 END, as_of - first)
$$, 'recency, frequency and tenure as of any day are those of the rows up to that day');

------------------------------------------------------------------------------------------------------------------------
-- The same bytes
------------------------------------------------------------------------------------------------------------------------

-- All clients together
\set summary activity
\set rows event
\set arguments 'on_day, amount'
\set types 'date, numeric'
\set null_row '''2000-01-01'', NULL::numeric'
\set accessors 'last_day(s), active_dates(s)'
\ir ../reference/summary_properties.sql

-- Each by itself
CREATE FUNCTION pg_temp.differs(query text) RETURNS SETOF int LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY EXECUTE format('SELECT coalesce(w.client_id, o.client_id) FROM whole AS w FULL JOIN (%s) AS o USING (client_id)
    WHERE w.a <> o.a OR w.a IS NULL OR o.a IS NULL OR activity_summary_send(w.a) <> activity_summary_send(o.a) OR w.a::text <> o.a::text', query);
END $$;

SELECT is_empty($$ SELECT pg_temp.differs('SELECT client_id, activity(on_day, amount ORDER BY random()) AS a FROM event GROUP BY 1') $$,
  'rows in another order');
SELECT is_empty($$ SELECT pg_temp.differs('SELECT client_id, activity(on_day, amount ORDER BY on_day DESC) AS a FROM event GROUP BY 1') $$,
  'rows from the last to the first');
SELECT is_empty($$ SELECT pg_temp.differs('SELECT client_id, rollup(a ORDER BY random()) AS a
  FROM (SELECT client_id, activity(on_day, amount) AS a FROM event GROUP BY client_id, part) AS p GROUP BY 1') $$,
  'split at random and merged in any order');
SELECT is_empty($$ SELECT pg_temp.differs('SELECT client_id, rollup(a) AS a
  FROM (SELECT client_id, activity(on_day, amount) AS a FROM event GROUP BY client_id, date_trunc(''month'', on_day)) AS p GROUP BY 1') $$,
  'months merged');
SELECT is_empty($$ SELECT pg_temp.differs('SELECT client_id, rollup(activity_summary_merge(NULL, a)) AS a
  FROM (SELECT client_id, activity(on_day, amount) AS a FROM event GROUP BY client_id, on_day, part) AS p GROUP BY 1') $$,
  'single days merged');
SELECT is_empty($$ SELECT pg_temp.differs('SELECT client_id, rollup(a::text::activity_summary) AS a
  FROM (SELECT client_id, activity(on_day, amount) AS a FROM event GROUP BY client_id, part) AS p GROUP BY 1') $$,
  'parts that went through text');

-- Through COPY, a table column, and the ways that a column can be stored.
CREATE TABLE part AS SELECT client_id, part, activity(on_day, amount) AS a FROM event GROUP BY 1, 2;
CREATE TABLE copied_part (LIKE part);
DO $$
DECLARE
  file text := current_setting('data_directory') || '/crm_ext_summary_activity';
BEGIN
  EXECUTE format('COPY part TO %L (FORMAT binary)', file);
  EXECUTE format('COPY copied_part FROM %L (FORMAT binary)', file);
END $$;
SELECT is_empty($$ SELECT pg_temp.differs('SELECT client_id, rollup(a) AS a FROM copied_part GROUP BY 1') $$, 'parts that went through COPY BINARY');

CREATE TABLE stored (how text, client_id int, a activity_summary);
ALTER TABLE stored ALTER a SET STORAGE external;
INSERT INTO stored SELECT 'external', client_id, a FROM whole;
ALTER TABLE stored ALTER a SET STORAGE main;
INSERT INTO stored SELECT 'main', client_id, a FROM part;
ALTER TABLE stored ALTER a SET STORAGE extended;
INSERT INTO stored SELECT 'extended', client_id, a FROM whole;
SELECT cmp_ok(pg_relation_size(reltoastrelid), '>', 0::bigint, 'some are out of line') FROM pg_class WHERE oid = 'stored'::regclass;
SELECT is_empty(format('SELECT pg_temp.differs(%L)', format('SELECT client_id, rollup(a) AS a FROM stored WHERE how = %L GROUP BY 1', how)), 'stored ' || how)
FROM unnest('{external,main,extended}'::text[]) AS how;

------------------------------------------------------------------------------------------------------------------------
-- Parallel, partitionwise, hashed, sorted, over a window
------------------------------------------------------------------------------------------------------------------------

SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL max_parallel_workers_per_gather = 3;
SELECT matches(plan_of('SELECT client_id, activity(on_day, amount) AS a FROM event GROUP BY 1'), 'Partial (Hash|Group)?Aggregate', 'partial aggregates are planned');
SELECT is_empty($$ SELECT pg_temp.differs('SELECT client_id, activity(on_day, amount) AS a FROM event GROUP BY 1') $$, 'parallel is serial');
SELECT is_empty($$ SELECT pg_temp.differs('SELECT client_id, rollup(a) AS a FROM part GROUP BY 1') $$, 'parallel rollup is serial');
SELECT is((SELECT activity(on_day, amount) FROM event), (SELECT rollup(a) FROM whole), 'the whole house: parallel without groups is the rollup of all clients');
SET LOCAL enable_hashagg = off;
SELECT is_empty($$ SELECT pg_temp.differs('SELECT client_id, activity(on_day, amount) AS a FROM event GROUP BY 1') $$, 'sorted groups, parallel');
SET LOCAL max_parallel_workers_per_gather = 0;
SELECT is_empty($$ SELECT pg_temp.differs('SELECT client_id, activity(on_day, amount) AS a FROM event GROUP BY 1') $$, 'sorted groups, serial');
SET LOCAL enable_hashagg = on;
SET LOCAL work_mem = '64kB';
SELECT is_empty($$ SELECT pg_temp.differs('SELECT client_id, activity(on_day, amount) AS a FROM event GROUP BY 1') $$, 'a hash table that spills');
RESET work_mem;

CREATE TABLE divided_by_day (LIKE event) PARTITION BY HASH (on_day);
CREATE TABLE divided_by_day_0 PARTITION OF divided_by_day FOR VALUES WITH (MODULUS 3, REMAINDER 0);
CREATE TABLE divided_by_day_1 PARTITION OF divided_by_day FOR VALUES WITH (MODULUS 3, REMAINDER 1);
CREATE TABLE divided_by_day_2 PARTITION OF divided_by_day FOR VALUES WITH (MODULUS 3, REMAINDER 2);
INSERT INTO divided_by_day SELECT * FROM event;
ANALYZE divided_by_day;
SET LOCAL enable_partitionwise_aggregate = on;
SELECT matches(plan_of('SELECT client_id, activity(on_day, amount) AS a FROM divided_by_day GROUP BY 1'), 'Append\s.*Partial HashAggregate', 'each partition is aggregated by itself');
SELECT is_empty($$ SELECT pg_temp.differs('SELECT client_id, activity(on_day, amount) AS a FROM divided_by_day GROUP BY 1') $$, 'partitionwise is serial');

-- The final function is called after every row of a window, and the state goes on.
SELECT is_empty($$
  SELECT client_id, n FROM (
    SELECT client_id, row_number() OVER w AS n, activity(on_day, amount) OVER w AS running,
      activity(on_day, amount) OVER (w ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS three, array_agg(on_day) OVER w AS days, array_agg(amount) OVER w AS amounts
    FROM event WHERE client_id <= 30 WINDOW w AS (PARTITION BY client_id ORDER BY on_day, amount, part)) AS r
  WHERE running <> (SELECT activity(d, x) FROM unnest(days, amounts) AS u (d, x))
    OR (n > 2 AND three <> (SELECT activity(d, x) FROM unnest(days[n - 2:], amounts[n - 2:]) AS u (d, x)))
$$, 'a running window and a moving one are the summary of their rows');
SELECT is_empty($$
  SELECT client_id FROM (
    SELECT client_id, row_number() OVER w AS n, count(*) OVER (PARTITION BY client_id) AS all_rows, rollup(a) OVER w AS running FROM part WINDOW w AS (PARTITION BY client_id ORDER BY part)) AS r
  JOIN whole USING (client_id) WHERE n = all_rows AND running <> a
$$, 'a running rollup ends with the whole');

------------------------------------------------------------------------------------------------------------------------
-- Equality and hash
------------------------------------------------------------------------------------------------------------------------

SELECT is_empty($$
  SELECT x.client_id FROM whole AS x JOIN (SELECT client_id, a::text::activity_summary AS a FROM whole) AS y USING (client_id)
  WHERE activity_summary_hash(x.a) <> activity_summary_hash(y.a) OR activity_summary_hash_extended(x.a, 7) <> activity_summary_hash_extended(y.a, 7)
$$, 'equal values have equal hashes');
SELECT is((SELECT count(*) FROM (SELECT a FROM whole GROUP BY a) AS g), (SELECT count(*) FROM (SELECT a::text FROM whole GROUP BY 1) AS g), 'groups by value are groups by text');
SELECT is((SELECT count(*) FROM whole AS x JOIN stored AS y ON x.a = y.a), (SELECT count(*) FROM whole AS x JOIN stored AS y ON x.a::text = y.a::text),
  'a hash join finds stored values, short, compressed and out of line');

------------------------------------------------------------------------------------------------------------------------
-- States never reach a user as they are
------------------------------------------------------------------------------------------------------------------------

SELECT is_empty($$
  SELECT client_id FROM whole JOIN (SELECT client_id, open_activity(on_day, amount) AS o FROM event GROUP BY 1) AS s USING (client_id)
  WHERE o::text <> a::text OR activity_summary_send(o) <> activity_summary_send(a) OR activity_summary_final(o) <> a OR activity_summary_merge(NULL, o) <> a
    OR last_day(o) <> last_day(a) OR active_dates(o) <> active_dates(a)
$$, 'an open state is closed by output, send, final, merge and the accessors');
CREATE TABLE open_stored AS SELECT client_id, open_activity(on_day, amount) AS o FROM event GROUP BY client_id, part;
SELECT is_empty($$ SELECT pg_temp.differs('SELECT client_id, rollup(o) AS a FROM open_stored GROUP BY 1') $$, 'and merges the same, short, compressed or as it is');

-- Documented sizes.
SELECT cmp_ok(max(pg_column_size(o)), '<=', 64 + 2 * 4 * (SELECT max(active_days(a)) FROM whole) + 64, 'a state has at most eight bytes a day above its head') FROM open_stored;
SELECT cmp_ok(max(pg_column_size(a) - 5 * active_days(a)), '<', 60, 'a closed value has at most five bytes a day above its head') FROM whole;

SELECT * FROM finish();
ROLLBACK;
