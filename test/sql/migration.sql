-- Migration: who moves from which tier to which.
SET search_path = crm, public;

-- 100 clients of rank 1 and 50 of rank 2 at the start of a year, and their rank at its end: P = [[.9, .1], [.2, .8]].
CREATE TEMP TABLE year_end AS
SELECT 1 AS from_rank, CASE WHEN i <= 90 THEN 1 ELSE 2 END AS to_rank, 1000 AS assets FROM generate_series(1, 100) AS i
UNION ALL
SELECT 2, CASE WHEN i <= 40 THEN 2 ELSE 1 END, CASE WHEN i <= 40 THEN 50000.25 ELSE 10000 END FROM generate_series(1, 50) AS i;
CREATE TEMP TABLE moved AS SELECT migration(from_rank, to_rank) AS m, migration(from_rank, to_rank, assets) AS by_assets FROM year_end;

-- Cohort form: of those at a rank, the share that is at another afterwards
SELECT from_rank, to_rank, moves, weight, probability FROM moved, migration_table(m);
SELECT migration_probability(m, 1, 2) AS up, migration_probability(m, 2, 1) AS down, migration_probability(m, 2, 3) AS never, migration_probability(m, 3, 1) AS nobody_there FROM moved;
SELECT moves(m), round(stay_rate(m)::numeric, 4) AS stay, round(upgrade_rate(m)::numeric, 4) AS upgrade, round(downgrade_rate(m)::numeric, 4) AS downgrade,
  stay_rate(m, 2) AS stay_2, upgrade_rate(m, 2) AS upgrade_2, downgrade_rate(m, 2) AS downgrade_2 FROM moved;

-- Shorrocks (1978), Econometrica 46: (k - trace P) / (k - 1) = (2 - 1.7) / 1 = .30
SELECT round(mobility(m)::numeric, 10) AS mobility FROM moved;
SELECT mobility(migration(r, r)) AS nobody_moves, mobility(migration(r, 3 - r)) AS everybody_moves FROM generate_series(1, 2) AS r;

-- Weights: which share of a rank's money moves
SELECT from_rank, to_rank, moves, weight, round(probability::numeric, 4) AS probability, round(weight_share::numeric, 4) AS weight_share FROM moved, migration_table(by_assets);

-- Years, branches and shards merge
SELECT rollup(m) = (SELECT migration(from_rank, to_rank) FROM year_end) AS same_as_from_the_rows
FROM (SELECT migration(from_rank, to_rank) AS m FROM year_end GROUP BY assets) AS part;

-- Duration form: each row is a spell at a rank, to_rank the next one (or the same, if it has not ended), and the weight its length, here in months.
-- A rate is moves by time: rank 1 is left 4 times in 48 months, rank 2 goes up once and down once in 20.
CREATE TEMP TABLE spell AS SELECT migration(f, t, months) AS m
FROM (VALUES (1, 2, 6), (1, 2, 9.5), (1, 1, 18), (1, 2, 10), (1, 2, 4.5), (2, 1, 5), (2, 3, 8), (2, 2, 7), (3, 3, 12)) AS v (f, t, months);
SELECT from_rank, to_rank, moves, weight, round(rate::numeric, 6) AS rate FROM spell, migration_table(m);
SELECT from_rank, to_rank, round(probability::numeric, 6) AS in_a_year FROM spell, migration_forecast(m, 12);
SELECT round(migration_probability(m, 1, 3, 12)::numeric, 6) AS top_in_a_year, migration_probability(m, 1, 1, 0) AS at_once,
  round(migration_probability(m, 1, 3, 1e9)::numeric, 6) AS in_the_end, migration_probability(m, 3, 1, 12) AS never_left FROM spell;
-- A time that no double holds is as good as for ever: rank 1 is left twice as fast as rank 2.
SELECT from_rank, to_rank, round(probability::numeric, 12) AS for_ever FROM (SELECT migration(f, t, w) AS m FROM (VALUES (1, 2, 0.0001), (1, 2, 0), (2, 1, 0.0001)) AS v (f, t, w)) AS fast, migration_forecast(m, 1e308);
-- Two ranks in closed form: with rates a and b, P(1 -> 2) = a / (a + b) (1 - exp(-(a + b) t)); here a = 1/4, b = 1/2, t = 2.
SELECT round(migration_probability(migration(f, t, w), 1, 2, 2)::numeric, 12) AS computed, round(((1 - exp(-1.5)) / 3)::numeric, 12) AS closed_form
FROM (VALUES (1, 2, 4), (2, 1, 2)) AS v (f, t, w);

-- Rows with a NULL are skipped, a weight that is not known included
SELECT moves(migration(f, t, w)) FROM (VALUES (1, 1, 1), (NULL, 1, 1), (1, NULL, 1), (1, 1, NULL)) AS v (f, t, w);
SELECT migration(r, r) IS NULL AS only_nulls FROM (VALUES (NULL::int)) AS v (r);

-- Arguments that are refused
SELECT migration(-1, 1);
SELECT migration(1, 1001);
SELECT migration(1, 2, -5);
SELECT migration(1, 2, 0.00001);
SELECT migration(1, 2, 'Infinity');
SELECT migration_probability(m, 1, 2, -1) FROM spell;
SELECT migration_probability(m, 1, 2, 'Infinity') FROM spell;
SELECT migration_forecast(migration(1, 2, 0), 1);
SELECT migration_forecast(migration(i, i + 1), 1) FROM generate_series(1, 300) AS i;

-- Text is the hexadecimal form of the binary one: version, flags, number of pairs, then for each the distance
-- from the one before, moves, weight.
SELECT migration(f, t, w) FROM (VALUES (0, 1, 0), (0, 3, 0.0005)) AS v (f, t, w);
CREATE FUNCTION pg_temp.problem(hex text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  detail text;
BEGIN
  RETURN hex::crm.migration_summary;
EXCEPTION WHEN invalid_text_representation THEN
  GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
  RETURN detail;
END
$$;
SELECT what, pg_temp.problem(hex) AS problem
FROM (VALUES
  ('as it is', '01000201010001010a'),
  ('no pairs', '010000'),
  ('cut off', '01000201010001'),
  ('a byte more', '01000201010001010a00'),
  ('a flag', '01010201010001010a'),
  ('nobody moves', '01000201000001010a'),
  ('a negative weight', '01000201010101010a'),
  ('a rank above 1000', '01000191943d0100'),
  ('the highest pair', '01000190943d0100'),
  ('a longer number', '0100018100' || '0100')) AS v (what, hex);
