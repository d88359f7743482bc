-- What holds of every summary, whatever the rows and however they are split: included (\ir) by the test of each summary, within its transaction,
-- after it has made its rows. Summaries follow one scheme of names, so the name of the aggregate tells those of its functions.
--
--   \set summary coverage                the aggregate: its type is coverage_summary, its transition function coverage_add
--   \set rows contact                    a table with a row for each id from 1 on, without gaps, 150 or more
--   \set arguments 'owed, delivered'     what is aggregated of a row
--   \set types 'numeric, numeric'        and of which types it is
--   \set null_row '1, NULL'              a row that does not count
--   \set accessors 'clients(s), owed(s)' what is read out of an open state s
--
-- It leaves :whole (text), the summary of all rows; tables kept (id, s) with it (id 1000) and five parts of it (ids below), and open (n, o, c) with
-- open states and the values that they stand for; and the functions parts and plan_of. It may be included again for other arguments.
\set type :summary _summary
\set add :summary _add
\set merge :type _merge
\set final :type _final
\set send :type _send
\set hash :type _hash
\set hash_extended :type _hash_extended
\set open open_ :summary
DROP TABLE IF EXISTS kept, copied, divided, open;

-- The part, of n, that a row belongs to; another salt is another split.
CREATE OR REPLACE FUNCTION parts(id int, salt int, n int) RETURNS int LANGUAGE sql IMMUTABLE
RETURN abs(hashint8(id::int8 * 1000 + salt)) % n;
CREATE OR REPLACE FUNCTION plan_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  line text;
  plan text := '';
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP plan := plan || line || E'\n'; END LOOP;
  RETURN plan;
END
$$;

SELECT :summary(:arguments) AS whole FROM :rows \gset

------------------------------------------------------------------------------------------------------------------------
-- The bytes are those of the rows: else a stored total would depend on how the nightly load was cut. Text shows every byte.
------------------------------------------------------------------------------------------------------------------------

SELECT is((
  SELECT array_agg((salt, n)::text)
  FROM generate_series(1, 4) AS salt, unnest('{1,2,3,17,400,5000}'::int[]) AS n,
    LATERAL (
      SELECT rollup(s ORDER BY random()) AS s
      FROM (SELECT :summary(:arguments ORDER BY random()) AS s FROM :rows GROUP BY parts(id, salt, n)) AS part
    ) AS merged
  WHERE s IS DISTINCT FROM :'whole' OR s::text <> :'whole'
), NULL, 'split anywhere and merged in any order, the bytes are the same');
SELECT is((SELECT rollup(s) FROM (SELECT rollup(s) AS s
    FROM (SELECT id % 7 AS branch, :summary(:arguments) AS s FROM :rows GROUP BY 1, parts(id, 1, 12)) AS part GROUP BY branch) AS branch)::text,
  :'whole', 'a rollup of rollups is the rollup');
SELECT is((SELECT rollup(s) FROM (VALUES (CAST(:'whole' AS :type))) AS v (s))::text, :'whole', 'a rollup of one is that one');
SELECT is(CAST(:'whole' AS :type)::text, :'whole', 'text goes in as it came out');

-- Stored as it is; and in a copy of the table, which has the usual storage, compressed where that is shorter. Else what a column, a dump or a
-- replica holds would be another value, or one that a join does not find.
CREATE TABLE kept (id int, s :type);
ALTER TABLE kept ALTER s SET STORAGE EXTERNAL;
INSERT INTO kept SELECT 1000, :summary(:arguments) FROM :rows;
INSERT INTO kept SELECT parts(id, 9, 5), :summary(:arguments) FROM :rows GROUP BY 1;
SELECT current_setting('data_directory') || '/crm_' || :'summary' || '.copy' AS file \gset
COPY kept TO :'file' (FORMAT binary);
CREATE TABLE copied (LIKE kept);
COPY copied FROM :'file' (FORMAT binary);
SELECT is((SELECT rollup(s ORDER BY id) FROM kept WHERE id < 1000)::text, :'whole', 'merged out of a table, the bytes are the same');
SELECT is((SELECT rollup(s ORDER BY id) FROM copied WHERE id < 1000)::text, :'whole', 'as well out of one that went through COPY BINARY and may be compressed');
SELECT is((SELECT rollup(CAST(s::text AS :type)) FROM kept WHERE id < 1000)::text, :'whole', 'and of parts that went through text');
SELECT is((SELECT count(*) FROM (SELECT DISTINCT s FROM (TABLE kept UNION ALL TABLE copied) AS both_tables) AS d), 6::bigint, 'DISTINCT hashes and compares');
SELECT is((SELECT count(*) FROM kept JOIN copied USING (s) WHERE kept.id = copied.id AND kept.s::text = copied.s::text), 6::bigint,
  'COPY BINARY there and back gives the same bytes');
SELECT is((SELECT array_agg(id) FROM kept JOIN copied AS c USING (id) WHERE :hash(kept.s) <> :hash(c.s) OR :hash_extended(kept.s, 7) <> :hash_extended(c.s, 7)), NULL,
  'equal values have equal hashes, however they are stored');

-- Else a figure would change with the plan, as soon as a table is large enough for workers or is partitioned.
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL max_parallel_workers_per_gather = 2;
SET LOCAL parallel_leader_participation = off;
SELECT matches(plan_of(format('SELECT %s(%s) FROM %s', :'summary', :'arguments', :'rows')), 'Gather\s.*Partial Aggregate', 'a parallel plan has partial aggregates');
SELECT is((SELECT :summary(:arguments) FROM :rows)::text, :'whole', 'in parallel the bytes are the same');
SELECT matches(plan_of('SELECT rollup(s) FROM kept WHERE id < 1000'), 'Gather\s.*Partial Aggregate', 'that of a rollup as well');
SELECT is((SELECT rollup(s) FROM kept WHERE id < 1000)::text, :'whole', 'and the bytes are the same');
SELECT is((SELECT rollup(s) FROM (SELECT :summary(:arguments) AS s FROM :rows GROUP BY id % 7) AS branch)::text, :'whole', 'and grouped');
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET max_parallel_workers_per_gather;
RESET parallel_leader_participation;

CREATE TABLE divided (LIKE :rows) PARTITION BY RANGE (id);
CREATE TABLE divided_1 PARTITION OF divided FOR VALUES FROM (MINVALUE) TO (1000);
CREATE TABLE divided_2 PARTITION OF divided FOR VALUES FROM (1000) TO (10000000);
CREATE TABLE divided_3 PARTITION OF divided FOR VALUES FROM (10000000) TO (MAXVALUE);
INSERT INTO divided SELECT * FROM :rows;
ANALYZE divided;
SET LOCAL enable_partitionwise_aggregate = on;
SELECT matches(plan_of(format('SELECT %s(%s) FROM divided', :'summary', :'arguments')), 'Append\s.*Partial Aggregate', 'each partition is aggregated by itself');
SELECT is((SELECT :summary(:arguments) FROM divided)::text, :'whole', 'by partitions, one of them empty, the bytes are the same');
RESET enable_partitionwise_aggregate;

-- The final function is called after every row of a window, and must not end the state that goes on.
SELECT is((
  SELECT array_agg(id) FROM (SELECT id, :summary(:arguments) OVER (ORDER BY id) AS s FROM :rows WHERE id <= 150) AS w
  WHERE s IS DISTINCT FROM (SELECT :summary(:arguments) FROM :rows AS r WHERE r.id <= w.id)
), NULL, 'as a window function it is the aggregate of each prefix');
SELECT is((
  SELECT array_agg(id) FROM (SELECT id, :summary(:arguments) OVER (ORDER BY id ROWS 9 PRECEDING) AS s FROM :rows WHERE id <= 150) AS w
  WHERE s IS DISTINCT FROM (SELECT :summary(:arguments) FROM :rows AS r WHERE r.id BETWEEN w.id - 9 AND w.id)
), NULL, 'and of each moving frame');
SELECT is((
  SELECT array_agg(id) FROM (SELECT id, rollup(s) OVER (ORDER BY id) AS s FROM kept WHERE id < 1000) AS w
  WHERE s IS DISTINCT FROM (SELECT rollup(s) FROM kept AS k WHERE k.id <= w.id)
), NULL, 'rollup as well');

-- Called by themselves, the transition functions have no final function after them: what they give must not be taken for a state that may be changed.
SELECT is(:merge(:'whole', :'whole')::text, (SELECT :summary(:arguments) FROM (TABLE :rows UNION ALL TABLE :rows) AS twice)::text,
  'the transition function of rollup called by itself gives a closed value');
SELECT is((
  SELECT array_agg(before) FROM generate_series(1, 149) AS before,
    LATERAL (SELECT :add(NULL, :arguments) AS one FROM :rows WHERE id = before) AS first,
    LATERAL (SELECT :add(one, :arguments) AS two FROM :rows WHERE id = before + 1) AS second
  WHERE two::text IS DISTINCT FROM (SELECT :summary(:arguments) FROM :rows WHERE id IN (before, before + 1))::text
), NULL, 'and so does that of the aggregate');
SELECT is(:add(:'whole', :null_row)::text, :'whole', 'a row with a NULL changes nothing');

------------------------------------------------------------------------------------------------------------------------
-- States never reach a user as they are: two that mean the same may differ in their bytes. A node that pushes an aggregate down asks for the state,
-- without the final function.
------------------------------------------------------------------------------------------------------------------------

CREATE AGGREGATE :open(:types) (SFUNC = :add, STYPE = :type);
CREATE TABLE open AS SELECT parts(id, 5, 300) AS n, :open(:arguments) AS o, :summary(:arguments) AS c FROM :rows GROUP BY 1;
INSERT INTO open SELECT 1000, :open(:arguments), :summary(:arguments) FROM :rows;
SELECT is((
  SELECT array_agg(n) FROM open
  WHERE (o::text = c::text AND :send(o) = :send(c) AND :final(o) = c AND :merge(NULL, o) = c AND :merge(o, NULL) = c AND :add(o, :null_row) = c
    AND (SELECT row(:accessors)::text FROM (VALUES (o)) AS v (s)) = (SELECT row(:accessors)::text FROM (VALUES (c)) AS v (s))) IS NOT TRUE
), NULL, 'an open state is closed by output, send, final, merge, add and the accessors');
SELECT is((SELECT rollup(o) FROM open WHERE n < 1000)::text, :'whole', 'and merges the same');
SELECT is((
  SELECT array_agg(small.n) FROM open AS small, open AS large
  WHERE small.n < 20 AND large.n = 1000 AND :merge(small.o, large.o)::text IS DISTINCT FROM :merge(large.c, small.c)::text
), NULL, 'a large one into a small one as well');
