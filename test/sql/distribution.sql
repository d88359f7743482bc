-- Distributions: how many values lie where, and what they add up to.
SET search_path = crm, public;

-- Ten clients' assets. A summary is made once and asked often.
CREATE TEMP TABLE client (id int, branch text, assets numeric);
INSERT INTO client VALUES (1, 'north', 0), (2, 'north', 1200), (3, 'north', 3500.50), (4, 'north', 9000), (5, 'north', 15000),
  (6, 'south', 22000), (7, 'south', 40000), (8, 'south', 75000), (9, 'south', 180000), (10, 'south', 2500000);
CREATE TEMP TABLE branch AS SELECT branch, distribution(assets::float8) AS assets FROM client GROUP BY branch;
CREATE TEMP TABLE firm AS SELECT rollup(assets) AS assets FROM branch;
SELECT assets = (SELECT distribution(assets::float8) FROM client) AS same_as_from_the_rows FROM firm;
SELECT assets = assets AS equal, assets <> assets AS differs, assets::text::distribution_summary = assets AS through_text,
  pg_column_size(assets) AS bytes FROM firm;

-- What is exact
SELECT value_count(assets), total(assets), mean(assets), minimum(assets), maximum(assets) FROM firm;

-- Quantiles are those of percentile_disc within the accuracy
SELECT p, quantile(assets, p) AS quantile, (SELECT percentile_disc(p) WITHIN GROUP (ORDER BY c.assets) FROM client AS c) AS exact
FROM firm, unnest('{0,0.1,0.25,0.5,0.75,0.9,1}'::float8[]) AS p;
SELECT quantile(assets, ARRAY[0.25, 0.5, 0.75]), quantile(assets, ARRAY[0.5, NULL]), quantile(assets, '{}'::float8[]) FROM firm;
SELECT cdf(assets, -1) AS below, cdf(assets, 0) AS zero, cdf(assets, 22000) AS half, cdf(assets, 1e6) AS but_one, cdf(assets, 'Infinity') AS everybody FROM firm;
SELECT round(quantile(s, 0.5)::numeric, 2) AS median, round(accuracy(s)::numeric, 6) AS accuracy, collapsed(s)
FROM unnest('{0.1,0.01,0.001}'::float8[]) AS a, LATERAL (SELECT distribution(v, a) AS s FROM generate_series(1, 9999) AS v) AS made;

-- Inequality. Gini of 1..5 is 4/15, of 11..15 it is 4/65.
SELECT round(gini(distribution(v))::numeric, 7) AS gini FROM generate_series(1, 5) AS v;
SELECT round(gini(distribution(v))::numeric, 6) AS gini FROM generate_series(11, 15) AS v;
SELECT gini(distribution(7)) AS all_equal FROM generate_series(1, 5);
SELECT * FROM lorenz((SELECT distribution(v) FROM generate_series(1, 5) AS v), 5);
SELECT round(gini(assets)::numeric, 4) AS gini, round(top_share(assets, 0.1)::numeric, 4) AS top_tenth, round(top_share(assets, 0.25)::numeric, 4) AS top_quarter,
  round(tail_share(assets, 0.8)::numeric, 4) AS long_tail FROM firm;
SELECT round((top_share(assets, 0.2) + tail_share(assets, 0.8))::numeric, 12) AS whole FROM firm;
SELECT gini(distribution(0)) AS nothing_to_share, top_share(distribution(0), 0.5) AS half_of_nothing;
SELECT gini(distribution(v)) FROM (VALUES (-5), (10)) AS v (v);

-- The buckets
SELECT * FROM histogram((SELECT distribution(v) FROM (VALUES (-3), (0), (0), (1), (100), (100.5), (1000)) AS v (v)));

-- The tail. Hill (1975) on the quantiles of a Pareto distribution of exponent 1.5, 10,000 values: 1.4997700 at k = 1,000.
CREATE TEMP TABLE pareto AS SELECT 1000 * power(1 - (i - 0.5) / 10000, -1 / 1.5) AS value FROM generate_series(1, 10000) AS i;
SELECT k, round(alpha::numeric, 5) AS alpha, round(std_error::numeric, 6) AS std_error, round(threshold::numeric, 1) AS threshold
FROM tail_index((SELECT distribution(value, 0.0005) FROM pareto), 1000);
SELECT k, round(alpha::numeric, 2) AS alpha, round(std_error::numeric, 3) AS std_error
FROM tail_index((SELECT distribution(value) FROM pareto), ARRAY[100, 250, 1000, 2500, 9999, 10000]);
SELECT * FROM tail_index(distribution_add(NULL, 1), 1);
-- The tail of 1, 10, 100, ... by hand; a value that is alone in its bucket, or all there is in it, is exact.
SELECT k, round((alpha * ln(10) * (k + 1) / 2)::numeric, 12) AS one, threshold FROM tail_index((SELECT distribution(power(10, i)) FROM generate_series(0, 6) AS i), ARRAY[1, 3, 6]);
-- Equal values are no tail, however their logarithms are rounded.
SELECT count(*) AS tails, count(alpha) AS with_an_exponent
FROM (SELECT distribution(7.13 + n) AS s FROM generate_series(1, 500) AS n, generate_series(1, 10) GROUP BY n) AS made, generate_series(1, 9) AS k, tail_index(s, k);

-- At most 4096 buckets a side of zero; beyond, those nearest to zero are one, and collapsed() says how many values are in it.
SELECT value_count(s), collapsed(s), round(quantile(s, 0.9)::numeric / 54000 - 1, 3) AS off_by, count(h) AS buckets, sum(h.total) AS total
FROM (SELECT distribution(v, 0.0005) AS s FROM generate_series(1, 60000) AS v) AS made, histogram(s) AS h GROUP BY s;

-- What no row and what is not a number gives
SELECT distribution(assets::float8) IS NULL AS no_row FROM client WHERE false;
SELECT distribution(v) IS NULL AS only_nulls FROM (VALUES (NULL::float8)) AS v (v);
SELECT value_count(distribution(v)) FROM (VALUES (1), (NULL), (3)) AS v (v);
SELECT distribution('NaN');
SELECT distribution('Infinity');
SELECT distribution(1e15);
SELECT distribution(1, 0.0001);
SELECT distribution(1, 'NaN');
SELECT distribution(v, v) FROM (VALUES (0.1), (0.2)) AS v (v);
SELECT rollup(s) FROM (SELECT distribution(1, a) AS s FROM (VALUES (0.01), (0.02)) AS a (a) GROUP BY a) AS made;
SELECT quantile(assets, -0.1) FROM firm;
SELECT quantile(assets, ARRAY[0.5, 'NaN']) FROM firm;
SELECT top_share(assets, 2) FROM firm;
SELECT cdf(assets, 'NaN') FROM firm;
SELECT * FROM lorenz((SELECT assets FROM firm), 0);
SELECT tail_index(assets, 0) FROM firm;

-- A value of 1/10000 and less is a zero in what is counted; the ends are as they came.
SELECT total(s), quantile(s, 0.5), minimum(s), maximum(s) FROM (SELECT distribution(v) AS s FROM (VALUES (0.00001), (0.00002), (0.00003)) AS v (v)) AS made;

-- Text is the hexadecimal form of the binary one: version, flags, buckets an octave, lowest, highest, then the buckets.
SELECT distribution(v) FROM (VALUES (1), (1), (2)) AS v (v);
SELECT encode(distribution_summary_send(distribution(v)), 'hex') = distribution(v)::text AS same FROM (VALUES (1), (1), (2)) AS v (v);
SELECT ''::distribution_summary;
SELECT '01zz'::distribution_summary;
SELECT '01003'::distribution_summary;
SELECT '0200'::distribution_summary;
SELECT '0104'::distribution_summary;
SELECT '0100'::distribution_summary;
CREATE FUNCTION pg_temp.problem(hex text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  detail text;
BEGIN
  RETURN hex::crm.distribution_summary;
EXCEPTION WHEN invalid_text_representation THEN
  GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
  RETURN detail;
END
$$;
-- one change each
SELECT what, pg_temp.problem(hex) AS problem
FROM (SELECT distribution(v)::text AS s FROM (VALUES (1), (1), (2)) AS v (v)) AS good, LATERAL (VALUES
  ('nothing changed', s),
  ('cut off', left(s, -2)),
  ('a byte more', s || '00'),
  ('flag of a collapsed side', overlay(s PLACING '02' FROM 3)),
  ('no buckets an octave', overlay(s PLACING '00' FROM 5)),
  ('no buckets', overlay(s PLACING '00' FROM 39)),
  ('more buckets than there are', overlay(s PLACING '7f' FROM 39)),
  ('lowest above highest', left(s, 6) || substr(s, 23, 16) || substr(s, 7, 16) || substr(s, 39)),
  ('lowest NaN', overlay(s PLACING '000000000000f87f' FROM 7)),
  ('lowest elsewhere', overlay(s PLACING '000000000000e03f' FROM 7))) AS changed (what, hex);
