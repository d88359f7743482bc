-- Cut points of a distribution, frozen in policies, and how far another distribution has moved from it.
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

-- tiers of given shares: most clients have nothing, and stay together
SELECT tier_policy(assets, '{mass,affluent,private}', '{0.6,0.3,0.1}') FROM base;
SELECT tier(policy, assets) AS tier, count(*), min(assets), max(assets)
FROM client, (SELECT tier_policy(assets, '{mass,affluent,private}', '{0.6,0.3,0.1}') FROM base) AS p (policy) GROUP BY 1 ORDER BY 3;
SELECT tier_policy(assets, '{mass,affluent,private}', '{0.5,0.4,0.1}') = tier_policy(assets, '{mass,affluent,private}', '{0.1,0.8,0.1}') AS nearest FROM base;
SELECT tier_policy(assets, '{all}', '{1}') FROM base;
SELECT tier_policy(assets, '{mass,affluent,private}', '{0.2,0.2,0.6}') FROM base;
SELECT tier_policy(assets, '{mass,affluent}', '{0.6,0.3,0.1}') FROM base;
SELECT tier_policy(assets, '{mass,affluent}', '{0.6,0.3}') FROM base;
SELECT tier_policy(assets, '{mass,affluent}', '{1.5,-0.5}') FROM base;
SELECT tier_policy(assets, '{mass,affluent}', '{1,0}') FROM base;
SELECT tier_policy(assets, '{mass,affluent}', '{NULL,1}') FROM base;
SELECT tier_policy(assets, '{mass,affluent}', '{NaN,0.5}') FROM base;
SELECT tier_policy(assets, '{mass,mass}', '{0.6,0.4}') FROM base;
SELECT tier_policy(assets, '{mass,NULL}', '{0.6,0.4}') FROM base;
SELECT tier_policy(assets, '{}', '{}') FROM base;
SELECT tier_policy(assets, array_agg('t' || n), array_agg(1 / 1001.0::float8)) FROM base, generate_series(1, 1001) AS n GROUP BY assets;
SELECT tier_policy(distribution(7), '{mass,affluent}', '{0.5,0.5}');

-- bins of equal shares for a scorecard
SELECT bins(trades, 3), bins(assets, 5) FROM base;
SELECT jsonb_pretty(jsonb_build_object('characteristics', jsonb_build_array(jsonb_build_object('name', 'trades', 'attribute', 'trades', 'bins', bins(trades, 2))))) FROM base;
SELECT score(card::scorecard, client) AS points, count(*) FROM client,
  (SELECT jsonb_build_object('characteristics', jsonb_build_array(jsonb_build_object('name', 'trades', 'attribute', 'trades', 'bins', bins(trades, 5)))) FROM base) AS c (card) GROUP BY 1 ORDER BY 1;
SELECT bins(trades, 1) FROM base;
SELECT bins(trades, 1001) FROM base;
SELECT bins(distribution(7), 5);

-- The population stability index. The first figure is computed by hand: -.05 ln .8 + .05 ln 1.2 + 0.
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
