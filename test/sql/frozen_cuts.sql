-- Cut points of a distribution, frozen in policies.
SET search_path = crm, public;
SET extra_float_digits = 0;

CREATE TABLE client AS SELECT id, greatest(0, id - 600) * 100.0 AS assets, id % 7 AS trades FROM generate_series(1, 1000) AS id;
CREATE TABLE base AS SELECT distribution(assets::float8) AS assets, distribution(trades::float8) AS trades FROM client;

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

DROP TABLE client, base;
