-- Tier policies: labels from thresholds on.
SET search_path = crm, public;

CREATE TEMP TABLE policy AS SELECT '{
  "name": "client_tier", "measure": "average assets of the month, CNY", "period": "month",
  "tiers": [{"label": "mass"}, {"label": "affluent", "enter": 500000.00, "keep": 400000}, {"keep": 5e6, "label": "private", "enter": 6000000}],
  "moves": {"up_after": 1, "watch_after": 3, "down_after": 6, "land": "best_of_window", "window": 6, "min_hold": 0, "missing": "carry"}}'::tier_policy AS policy;
SELECT policy FROM policy;
SELECT value, tier(policy, value), tier_rank(policy, value)
FROM policy, unnest('{-Infinity,-1,0,499999.99,500000,5999999.99,6000000,Infinity,NaN,NULL}'::float8[]) AS value;
SELECT tier_labels(policy), a.* FROM policy, policy_attributes(policy) AS a;
SELECT tier(policy, 499999.99::numeric) AS of_numeric, tier(policy, 500000) AS of_integer, tier(NULL::tier_policy, 1) AS no_policy FROM policy;

-- as an enum, which sorts as the tiers do
CREATE TYPE client_tier AS ENUM ('mass', 'affluent', 'private');
SELECT tier(policy, value, NULL::client_tier), pg_typeof(tier(policy, value, NULL::client_tier)) FROM policy, unnest('{1,600000,NULL}'::float8[]) AS value;
SELECT count(*) FILTER (WHERE tier(policy, v, NULL::client_tier) >= 'affluent') FROM policy, generate_series(0, 1000000, 100000) AS v;
CREATE TYPE other_tier AS ENUM ('mass', 'gold');
SELECT tier(policy, 600000, NULL::other_tier) FROM policy;

-- from arrays
SELECT tier_policy('{mass,affluent,private}', '{500000,6000000}') = '{"tiers": [{"label": "mass"}, {"label": "affluent", "enter": 500000}, {"label": "private", "enter": 6000000}]}' AS same,
       tier_policy('{mass,affluent}', '{NULL,0.1}'), tier_policy('{one}', '{}'), tier_policy('{"a\"b",c}', '{1e300}');
SELECT tier_policy('{mass,affluent}', '{1,2}');
SELECT tier_policy('{}', '{}');
SELECT tier_policy('{mass,NULL}', '{1}');
SELECT tier_policy('{mass,affluent,private}', '{1,NULL}');
SELECT tier_policy('{mass,affluent}', '{NaN}');
SELECT tier_policy('{mass,affluent,private}', '{2,1}');
SELECT tier_policy(NULL, '{1}') IS NULL AS null_in_null_out;

-- the same as width_bucket, on many thresholds
SELECT count(*) AS values, count(*) FILTER (WHERE tier_rank(p, v) <> width_bucket(v, cuts) + 1) AS differ
FROM (SELECT array_agg(i * 7.5::float8 ORDER BY i) AS cuts, tier_policy('{base}'::text[] || array_agg('t' || i ORDER BY i), array_agg(i * 7.5::float8 ORDER BY i)) AS p FROM generate_series(1, 200) AS i) AS k,
     generate_series(-10, 1600, 0.5) AS n, LATERAL (SELECT n::float8 AS v) AS x;

-- Documents that are refused.
SELECT n, problem('tier_policy', literal) FROM (VALUES
  (1, ''), (2, '[]'), (3, '{}'), (4, '{"tiers": []}'), (5, '{"tiers": {}}'), (6, '{"tiers": ["mass"]}'), (7, '{"tiers": [{}]}'),
  (8, '{"tiers": [{"label": ""}]}'), (9, '{"tiers": [{"label": 5}]}'), (10, '{"tiers": [{"label": "mass", "enter": 0}]}'),
  (11, '{"tiers": [{"label": "mass", "keep": 0}]}'), (12, '{"tiers": [{"label": "mass"}, {"label": "gold"}]}'),
  (13, '{"tiers": [{"label": "mass"}, {"label": "gold", "enter": "5"}]}'), (14, '{"tiers": [{"label": "mass"}, {"label": "mass", "enter": 5}]}'),
  (15, '{"tiers": [{"label": "mass"}, {"label": "gold", "enter": 5}, {"label": "silver", "enter": 5}]}'),
  (16, '{"tiers": [{"label": "mass"}, {"label": "gold", "enter": 5}, {"label": "silver", "enter": 4}]}'),
  (17, '{"tiers": [{"label": "mass"}, {"label": "gold", "enter": 5, "keep": 6}]}'),
  (18, '{"tiers": [{"label": "mass"}, {"label": "silver", "enter": 5, "keep": 4}, {"label": "gold", "enter": 9, "keep": 4}]}'),
  (19, '{"tiers": [{"label": "mass"}, {"label": "gold", "enter": 1e400}]}'), (20, '{"tiers": [{"label": "mass"}, {"lable": "gold", "enter": 5}]}'),
  (21, '{"tier": [{"label": "mass"}]}'), (22, '{"tiers": [{"label": "mass"}], "period": "week"}'), (23, '{"tiers": [{"label": "mass"}], "period": 5}'),
  (24, '{"tiers": [{"label": "mass"}], "moves": {}}'), (25, '{"tiers": [{"label": "mass"}], "period": "month", "moves": []}'),
  (26, '{"tiers": [{"label": "mass"}], "period": "month", "moves": {"up_after": 0}}'), (27, '{"tiers": [{"label": "mass"}], "period": "month", "moves": {"up_after": 1.5}}'),
  (28, '{"tiers": [{"label": "mass"}], "period": "month", "moves": {"watch_after": 7, "down_after": 6}}'),
  (29, '{"tiers": [{"label": "mass"}], "period": "month", "moves": {"land": "best_of_window"}}'),
  (30, '{"tiers": [{"label": "mass"}], "period": "month", "moves": {"land": "one_down", "window": 6}}'),
  (31, '{"tiers": [{"label": "mass"}], "period": "month", "moves": {"land": "two_down"}}'), (32, '{"tiers": [{"label": "mass"}], "period": "month", "moves": {"missing": "ignore"}}'),
  (33, '{"tiers": [{"label": "mass"}], "period": "month", "moves": {"min_hold": -1}}'), (34, '{"tiers": [{"label": "mass"}], "period": "month", "moves": {"calendar": "lunar"}}'),
  (35, '{"tiers": [{"label": "mass"}], "period": "month", "moves": {"down_after": 1201}}'), (36, '{"tiers": [{"label": "mass"}], "period": "month", "moves": {"upafter": 1}}'),
  (37, '{"tiers": [{"label": "mass"}], "measure": ""}'), (38, '{"tiers": [{"label": "mass"}], "tiers": [{"label": "mass"}]}'), (39, '{"tiers": [{"label": "mass"}]'),
  (40, '{"tiers": [{"label": "mass"}]} x'), (41, '{"tiers": [{"label": "a\u0000b"}]}'), (42, '{"tiers": [{"label": "mass"}, {"label": "gold", "enter": null}]}')
) AS v(n, literal) ORDER BY n;
SELECT problem('tier_policy', '{"tiers": [{"label": "t0"}' || string_agg(format(', {"label": "t%s", "enter": %s}', i, i), '') || ']}') AS too_many FROM generate_series(1, 1000) AS i;
