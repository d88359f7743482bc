-- cut_points: the values that cut a distribution into shares.
SET search_path = crm, public;
SET extra_float_digits = 0;

CREATE TABLE client AS SELECT id, greatest(0, id - 600) * 100.0 AS assets, id % 7 AS trades FROM generate_series(1, 1000) AS id;
CREATE TABLE base AS SELECT distribution(assets::float8) AS assets, distribution(trades::float8) AS trades FROM client;

-- where a bin begins that leaves the share below it: exactly where values lie apart, never between equal ones
SELECT cut_points(trades, ARRAY[0.1, 0.2, 0.5, 0.9]) AS trades, cut_points(assets, ARRAY[0.1, 0.5, 0.7]) AS assets FROM base;
SELECT p, cut, (SELECT count(*) FROM client WHERE trades < cut) AS below, (SELECT count(*) FROM client) * p AS wanted
FROM base, (SELECT array_agg(n / 10.0::float8) FROM generate_series(1, 9) AS n) AS ps (ps), LATERAL unnest(ps, cut_points(trades, ps)) AS c (p, cut);
SELECT cut_points(trades, '{}'), cut_points(trades, '{NULL,0.5}'), cut_points(trades, '{{0.2,0.4},{0.6,0.8}}'), cut_points(NULL, '{0.5}') FROM base;
SELECT cut_points(distribution(v), '{0.5,0.0001,0.9999}') FROM unnest('{-5,-5,-5,0,0,3}'::float8[]) AS v;
SELECT cut_points(distribution(50000), '{0.5}') AS nothing_to_cut;
-- the value that many have is the cut, exactly
SELECT cut_points(distribution(v), '{0.4}') FROM (SELECT 50000.01::float8 FROM generate_series(1, 60) UNION ALL SELECT n::float8 FROM generate_series(1, 40) AS n) AS x (v);
SELECT cut_points(trades, '{0}') FROM base;
SELECT cut_points(trades, '{1}') FROM base;
SELECT cut_points(trades, '{NaN}') FROM base;

DROP TABLE client, base;
