-- balance_summary: the same bytes however the rows were split, ordered, merged, stored or sent, and what a spine of days says of the same rows.
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

CREATE TABLE change (client_id int, part int, on_day date, amount numeric);
INSERT INTO change
SELECT DISTINCT ON (client_id, on_day) client_id, (random() * 5)::int, first_day + (random() * span)::int AS on_day,
  CASE client_id % 4 WHEN 0 THEN round((random() * 1e6)::numeric, 2) WHEN 1 THEN round((random() * 1e4 - 5e3)::numeric, 4) WHEN 2 THEN (random() * 9e14)::bigint
    ELSE (random() * 3)::int * 1000000 END
FROM (
  SELECT client_id, date '2020-01-01' + (random() * 1000)::int AS first_day, (ARRAY[0, 5, 40, 400, 3000])[1 + client_id % 5] AS span,
    CASE WHEN client_id IN (114, 119) THEN 2000 ELSE 1 + (random() ^ 2 * 200)::int END AS changes
  FROM generate_series(1, 120) AS client_id) AS c, generate_series(1, changes)
ORDER BY client_id, on_day;
CREATE INDEX ON change (client_id, on_day);
ANALYZE change;
CREATE TABLE whole AS SELECT client_id, balance(on_day, amount) AS b, balance_snapshot(on_day, amount) AS s FROM change GROUP BY 1;

------------------------------------------------------------------------------------------------------------------------
-- What the accessors say is what the spine of days says
------------------------------------------------------------------------------------------------------------------------

SELECT is_empty($$
  SELECT client_id, e.on_day, e.amount FROM whole, balance_entries(b) AS e EXCEPT SELECT client_id, on_day, amount FROM change
$$, 'every entry is a row');
SELECT is((SELECT count(*) FROM whole, balance_entries(s)), (SELECT count(*) FROM change), 'every row is an entry');
SELECT is_empty($$
  SELECT client_id FROM whole JOIN (SELECT client_id, min(on_day) AS first, max(on_day) AS last FROM change GROUP BY 1) AS c USING (client_id)
  WHERE (first_day(b), last_day(b)) IS DISTINCT FROM (first, last)
$$, 'first and last day');

CREATE TABLE wanted AS
SELECT client_id, n, from_day, from_day + 1 + (random() ^ 2 * 300)::int AS to_day, round((random() * 1e6)::numeric, 2) AS amount
FROM (SELECT client_id, n, first_day(b) - 10 + (random() * (last_day(b) - first_day(b) + 30))::int AS from_day FROM whole, generate_series(1, 5) AS n) AS w;
CREATE TABLE spine AS
SELECT w.client_id, n, d::date AS day,
  (SELECT c.amount FROM change AS c WHERE c.client_id = w.client_id AND c.on_day <= d ORDER BY c.on_day DESC LIMIT 1) AS carried,
  coalesce((SELECT c.amount FROM change AS c WHERE c.client_id = w.client_id AND c.on_day = d::date), 0) AS on_that_day, w.amount
FROM wanted AS w, generate_series(from_day, to_day - 1, '1 day') AS d;
CREATE TABLE expected AS
SELECT client_id, n, count(*) AS days, CASE WHEN count(*) = count(carried) THEN avg(carried) END AS average, CASE WHEN count(*) = count(carried) THEN min(carried) END AS minimum,
  count(*) FILTER (WHERE carried >= amount)::int AS reached, avg(on_that_day) AS snapshot_average, min(on_that_day) AS snapshot_minimum,
  count(*) FILTER (WHERE on_that_day >= amount)::int AS snapshot_reached, array_agg(day ORDER BY random()) AS list
FROM spine GROUP BY 1, 2;
SELECT cmp_ok((SELECT count(average)::int FROM expected), '>', 300, 'most windows are known');
SELECT is_empty($$
  SELECT client_id, n FROM whole JOIN wanted AS w USING (client_id) JOIN expected AS e USING (client_id, n)
  WHERE round(average_balance(b, from_day, to_day), 8) IS DISTINCT FROM round(average, 8) OR minimum_balance(b, from_day, to_day) IS DISTINCT FROM minimum
    OR days_at_least(b, amount, from_day, to_day) IS DISTINCT FROM reached
    OR average_balance(b, list) IS DISTINCT FROM average_balance(b, from_day, to_day) OR minimum_balance(b, list) IS DISTINCT FROM minimum OR days_at_least(b, amount, list) IS DISTINCT FROM reached
$$, 'carried forward: averages, minima and counts, by window and by list');
SELECT is_empty($$
  SELECT client_id, n FROM whole JOIN wanted AS w USING (client_id) JOIN expected AS e USING (client_id, n)
  WHERE round(average_balance(s, from_day, to_day), 8) IS DISTINCT FROM round(snapshot_average, 8) OR minimum_balance(s, from_day, to_day) IS DISTINCT FROM snapshot_minimum
    OR days_at_least(s, amount, from_day, to_day) IS DISTINCT FROM snapshot_reached
    OR average_balance(s, list) IS DISTINCT FROM average_balance(s, from_day, to_day) OR minimum_balance(s, list) IS DISTINCT FROM snapshot_minimum OR days_at_least(s, amount, list) IS DISTINCT FROM snapshot_reached
$$, 'absent days are 0: averages, minima and counts, by window and by list');
SELECT is_empty($$
  SELECT client_id FROM whole JOIN spine USING (client_id) WHERE balance_at(b, day) IS DISTINCT FROM carried OR balance_at(s, day) IS DISTINCT FROM on_that_day
$$, 'the balance of a day');

------------------------------------------------------------------------------------------------------------------------
-- Months with openings
------------------------------------------------------------------------------------------------------------------------

CREATE TABLE month AS
SELECT client_id, date_trunc('month', on_day)::date AS month, balance(on_day, amount) AS b FROM change GROUP BY 1, 2;
CREATE TABLE opened AS
SELECT client_id, month, CASE WHEN before IS NULL THEN b ELSE with_opening(b, month, balance_at(before, month - 1)) END AS b
FROM (SELECT *, rollup(b) OVER (PARTITION BY client_id ORDER BY month ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before FROM month) AS m;
SELECT is_empty($$
  SELECT client_id, month FROM opened AS o JOIN whole AS w USING (client_id)
  WHERE average_balance(o.b, greatest(month, first_day(w.b)), (month + interval '1 month')::date) IS DISTINCT FROM average_balance(w.b, greatest(month, first_day(w.b)), (month + interval '1 month')::date)
$$, 'each month stands alone');
SELECT is_empty($$
  SELECT client_id FROM (SELECT client_id, rollup(b ORDER BY random()) AS b FROM opened GROUP BY 1) AS r JOIN whole AS w USING (client_id) JOIN wanted USING (client_id)
  WHERE average_balance(r.b, from_day, to_day) IS DISTINCT FROM average_balance(w.b, from_day, to_day) OR opening_breaks(r.b) <> '{}'
$$, 'together they are the whole, and no opening breaks');

------------------------------------------------------------------------------------------------------------------------
-- The same bytes
------------------------------------------------------------------------------------------------------------------------

-- A day has one balance, so of all the clients' one for each day
CREATE TABLE by_day AS
SELECT row_number() OVER (ORDER BY random())::int AS id, on_day, amount FROM (SELECT DISTINCT ON (on_day) on_day, amount FROM change ORDER BY on_day, random()) AS one;
ANALYZE by_day;
\set summary balance
\set rows by_day
\set arguments 'on_day, amount'
\set types 'date, numeric'
\set null_row '''2000-01-01'', NULL::numeric'
\set accessors 'last_day(s), balance_at(s, last_day(s)), with_opening(s, first_day(s), 1)'
\ir ../reference/summary_properties.sql

-- Both kinds, each client by itself
CREATE FUNCTION pg_temp.differs(query text) RETURNS SETOF int LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY EXECUTE format('SELECT coalesce(w.client_id, o.client_id) FROM whole AS w FULL JOIN (%s) AS o USING (client_id)
    WHERE w.b <> o.b OR w.s <> o.s OR w.b IS NULL OR o.b IS NULL OR o.s IS NULL OR balance_summary_send(w.b) <> balance_summary_send(o.b) OR w.s::text <> o.s::text', query);
END $$;
CREATE TABLE part AS SELECT client_id, part, balance(on_day, amount) AS b, balance_snapshot(on_day, amount) AS s FROM change GROUP BY 1, 2;
CREATE TABLE copied_part (LIKE part);
DO $$
DECLARE
  file text := current_setting('data_directory') || '/crm_ext_summary_balance';
BEGIN
  EXECUTE format('COPY part TO %L (FORMAT binary)', file);
  EXECUTE format('COPY copied_part FROM %L (FORMAT binary)', file);
END $$;
CREATE TABLE stored (LIKE part);
ALTER TABLE stored ALTER b SET STORAGE external, ALTER s SET STORAGE main;
INSERT INTO stored SELECT * FROM part UNION ALL SELECT client_id, NULL, b, s FROM whole;

SELECT is_empty(format('SELECT pg_temp.differs(%L)', query), name)
FROM (VALUES
  ('rows in another order', 'SELECT client_id, balance(on_day, amount ORDER BY random()) AS b, balance_snapshot(on_day, amount ORDER BY on_day DESC) AS s FROM change GROUP BY 1'),
  ('every row twice', 'SELECT client_id, balance(on_day, amount) AS b, balance_snapshot(on_day, amount) AS s FROM (TABLE change UNION ALL TABLE change) AS t GROUP BY 1'),
  ('split at random and merged in any order', 'SELECT client_id, rollup(b ORDER BY random()) AS b, rollup(s ORDER BY random()) AS s FROM part GROUP BY 1'),
  ('single rows merged', 'SELECT client_id, rollup(b) AS b, rollup(s) AS s FROM (SELECT client_id, balance(on_day, amount) AS b, balance_snapshot(on_day, amount) AS s FROM change GROUP BY client_id, on_day) AS p GROUP BY 1'),
  ('months merged', 'SELECT client_id, rollup(m.b) AS b, w.s FROM month AS m JOIN whole AS w USING (client_id) GROUP BY client_id, w.s'),
  ('parts through text', 'SELECT client_id, rollup(b::text::balance_summary) AS b, rollup(s::text::balance_summary) AS s FROM part GROUP BY 1'),
  ('parts through COPY BINARY', 'SELECT client_id, rollup(b) AS b, rollup(s) AS s FROM copied_part GROUP BY 1'),
  ('parts that were stored, some out of line', 'SELECT client_id, rollup(b) AS b, rollup(s) AS s FROM stored GROUP BY 1')) AS v (name, query);
SELECT cmp_ok(pg_relation_size(reltoastrelid), '>', 0::bigint, 'some are out of line') FROM pg_class WHERE oid = 'stored'::regclass;

SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL min_parallel_index_scan_size = 0;
SET LOCAL max_parallel_workers_per_gather = 3;
SELECT matches(plan_of('SELECT client_id, balance(on_day, amount) FROM change GROUP BY 1'), 'Partial (Hash|Group)?Aggregate', 'partial aggregates are planned');
SELECT is_empty($$ SELECT pg_temp.differs('SELECT client_id, balance(on_day, amount) AS b, balance_snapshot(on_day, amount) AS s FROM change GROUP BY 1') $$, 'parallel is serial');
SET LOCAL max_parallel_workers_per_gather = 0;

CREATE TABLE divided_by_day (LIKE change) PARTITION BY HASH (on_day);
CREATE TABLE divided_by_day_0 PARTITION OF divided_by_day FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE divided_by_day_1 PARTITION OF divided_by_day FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO divided_by_day SELECT * FROM change;
ANALYZE divided_by_day;
SET LOCAL enable_partitionwise_aggregate = on;
SELECT matches(plan_of('SELECT client_id, balance(on_day, amount) FROM divided_by_day GROUP BY 1'), 'Append\s.*Partial HashAggregate', 'each partition is aggregated by itself');
SELECT is_empty($$ SELECT pg_temp.differs('SELECT client_id, balance(on_day, amount) AS b, balance_snapshot(on_day, amount) AS s FROM divided_by_day GROUP BY 1') $$, 'partitionwise is serial');

SELECT is_empty($$
  SELECT client_id, n FROM (
    SELECT client_id, row_number() OVER w AS n, balance(on_day, amount) OVER w AS running, balance_snapshot(on_day, amount) OVER (w ROWS 2 PRECEDING) AS three,
      array_agg(on_day) OVER w AS days, array_agg(amount) OVER w AS amounts
    FROM change WHERE client_id <= 20 WINDOW w AS (PARTITION BY client_id ORDER BY on_day)) AS r
  WHERE running <> (SELECT balance(d, x) FROM unnest(days, amounts) AS u (d, x))
    OR (n > 2 AND three <> (SELECT balance_snapshot(d, x) FROM unnest(days[n - 2:], amounts[n - 2:]) AS u (d, x)))
$$, 'a running window and a moving one are the summary of their rows');

SELECT is_empty($$
  SELECT x.client_id FROM whole AS x JOIN (SELECT client_id, b::text::balance_summary AS b FROM whole) AS y USING (client_id)
  WHERE balance_summary_hash(x.b) <> balance_summary_hash(y.b) OR balance_summary_hash_extended(x.b, 7) <> balance_summary_hash_extended(y.b, 7)
$$, 'equal values have equal hashes');
SELECT is((SELECT count(*) FROM (SELECT b FROM part GROUP BY b) AS g), (SELECT count(*) FROM (SELECT b::text FROM part GROUP BY 1) AS g), 'groups by value are groups by text');
SELECT isnt_empty($$ SELECT client_id FROM whole WHERE b <> s $$, 'the two kinds are never equal');

SELECT is_empty($$
  SELECT client_id FROM whole JOIN (SELECT client_id, open_balance(on_day, amount) AS o FROM change GROUP BY 1) AS c USING (client_id)
  WHERE o::text <> b::text OR balance_summary_send(o) <> balance_summary_send(b) OR balance_summary_final(o) <> b OR balance_summary_merge(NULL, o) <> b
    OR last_day(o) <> last_day(b) OR balance_at(o, last_day(b)) <> balance_at(b, last_day(b)) OR with_opening(o, first_day(b), 1) <> with_opening(b, first_day(b), 1)
$$, 'an open state is closed by output, send, final, merge and the accessors');
SELECT cmp_ok(max(pg_column_size(o)), '<=', 16 + 2 * 16 * (SELECT max(n)::int FROM (SELECT count(*) AS n FROM change GROUP BY client_id) AS m) + 64, 'a state has at most 32 bytes a balance above its head')
FROM (SELECT open_balance(on_day, amount) AS o FROM change GROUP BY client_id) AS c;
SELECT cmp_ok(max(pg_column_size(balance_summary_send(b)) - 15 * n)::int, '<', 30, 'a closed value has at most 15 bytes a balance above its head')
FROM whole JOIN (SELECT client_id, count(*) AS n FROM change GROUP BY 1) AS c USING (client_id);

SELECT * FROM finish();
ROLLBACK;
