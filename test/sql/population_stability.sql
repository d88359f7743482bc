-- population_stability: how far a distribution has moved from another.
SET search_path = crm, public;
SET extra_float_digits = 0;

CREATE TABLE client AS SELECT id, greatest(0, id - 600) * 100.0 AS assets, id % 7 AS trades FROM generate_series(1, 1000) AS id;
CREATE TABLE base AS SELECT distribution(assets::float8) AS assets, distribution(trades::float8) AS trades FROM client;

-- The first figure is computed by hand: -.05 ln .8 + .05 ln 1.2 + 0.
SELECT round(population_stability(ARRAY[.2, .3, .5], ARRAY[.25, .25, .5])::numeric, 7) AS index, round((.05 * ln(1.25) + .05 * ln(1.2))::numeric, 7) AS by_hand;
SELECT population_stability(ARRAY[.2, .3, .5], ARRAY[.2, .3, .5]) AS same, population_stability(ARRAY[1.0, 0], ARRAY[.5, .5]) AS a_new_bin, population_stability(ARRAY[.5, .5, 0], ARRAY[.5, .5, 0]) AS nobody_in_both,
  population_stability(ARRAY[.2, .8], ARRAY[.5, .5]) = population_stability(ARRAY[.5, .5], ARRAY[.2, .8]) AS symmetric;
SELECT population_stability(trades, trades) AS same, population_stability(assets, assets, 1000) AS same_in_many_bins FROM base;
SELECT bin, above, up_to, expected_share, actual_share, round(contribution::numeric, 6) AS contribution
FROM base, (SELECT distribution((id * id % 7)::float8) AS trades FROM client) AS later, population_stability_bins(base.trades, later.trades, 7);
SELECT population_stability(b.assets, l.assets) - sum(contribution) AS difference, round(population_stability(b.assets, l.assets)::numeric, 4) AS index, count(*) AS bins, sum(expected_share) AS expected, sum(actual_share) AS actual
FROM base AS b, (SELECT distribution(assets::float8 * 1.2) AS assets FROM client) AS l, population_stability_bins(b.assets, l.assets) GROUP BY b.assets, l.assets;
-- a bin without anybody is taken to have half a value
SELECT bin, expected_share, actual_share FROM base, (SELECT distribution(6) AS later) AS l, population_stability_bins(trades, later, 7);
SELECT population_stability(distribution(1), distribution(2)) AS no_bins;
SELECT population_stability(trades, NULL) IS NULL AS null_out FROM base;
SELECT population_stability(trades, assets, 1) FROM base;
SELECT population_stability(trades, assets, 1001) FROM base;
SELECT population_stability_bins(trades, assets, 0) FROM base;
SELECT population_stability(ARRAY[.2, .8], ARRAY[.2, .3, .5]);
SELECT population_stability(ARRAY[.2, .7], ARRAY[.2, .8]);
SELECT population_stability(ARRAY[.2, .8], ARRAY[1.2, -.2]);
SELECT population_stability(ARRAY[.2, NULL], ARRAY[.2, .8]);
SELECT population_stability('{}'::float8[], '{}'::float8[]);

DROP TABLE client, base;
