-- pareto_nbd_model: repeat purchases by Pareto/NBD. What it shares with bgnbd_model is shown there.
SET search_path = crm, public;
SET datestyle = ISO;

-- what fails, and how
CREATE FUNCTION pg_temp.refusal(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  result text;
BEGIN
  EXECUTE 'SELECT ' || query INTO result;
  RETURN coalesce(result, 'NULL');
EXCEPTION WHEN OTHERS THEN
  RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;
-- figures as they can be compared on every machine
CREATE FUNCTION pg_temp.shown(figure float8) RETURNS numeric LANGUAGE sql AS $$ SELECT round(figure::numeric, 8 - floor(log(abs(figure::numeric)))::int) $$;

-- A model is a JSON document.
SELECT pareto_nbd_model(0.553, 10.58, 0.606, 11.67) AS weeks, pareto_nbd_model(0.553, 74.06, 0.606, 81.69, 1) AS days;
SELECT m::text::pareto_nbd_model = m AS text_round_trip, m::jsonb::pareto_nbd_model = m AS jsonb_round_trip, m <> pareto_nbd_model(1, 1, 1, 1) AS other FROM pareto_nbd_model(0.553, 10.58, 0.606, 11.67) AS m;
SELECT * FROM model_parameters(pareto_nbd_model(0.553, 10.58, 0.606, 11.67));
SELECT * FROM model_diagnostics(pareto_nbd_model(0.553, 10.58, 0.606, 11.67));

-- A client by numbers, then by the activity itself. One who never came back may be gone.
SELECT pg_temp.shown(p_alive(m, 2, 30.43, 38.86)) AS p_alive, pg_temp.shown(p_alive(m, 0, 0, 38.86)) AS never_came_back, pg_temp.shown(expected_purchases(m, 2, 30.43, 38.86, 39)) AS expected_purchases,
  pg_temp.shown(expected_purchases_new(m, 52)) AS of_a_new_client, pg_temp.shown(purchase_probability(m, 3, 39)) AS probability_of_three
FROM pareto_nbd_model(0.553, 10.58, 0.606, 11.67) AS m;
CREATE TEMP TABLE ann AS SELECT activity(d, a) AS a
FROM (VALUES ('2026-01-05'::date, 100), ('2026-02-02', 30), ('2026-03-02', 50)) AS v (d, a);
SELECT p_alive(m, a, '2026-03-30') = p_alive(m, 2, 8, 12) AS p_alive, expected_purchases(m, a, '2026-03-30', 26) = expected_purchases(m, 2, 8, 12, 26) AS expected_purchases,
  abs(churn_score(m, a, '2026-03-30') + p_alive(m, a, '2026-03-30') - 1) < 1e-15 AS churn_score
FROM ann, pareto_nbd_model(0.553, 10.58, 0.606, 11.67) AS m;
SELECT as_of, pg_temp.shown(p_alive(m, a, as_of)) AS p_alive, pg_temp.shown(expected_purchases(m, a, as_of, 26)) AS expected_purchases
FROM ann, pareto_nbd_model(0.553, 10.58, 0.606, 11.67) AS m, unnest('{2026-01-04,2026-01-05,2026-02-02,2026-03-02,2026-12-31}'::date[]) AS as_of;
SELECT pg_temp.shown(d.score) AS score, pg_temp.shown(d.p_alive) AS p_alive, silent_days, usual_gap_days, gaps_missed
FROM ann, churn_detail(pareto_nbd_model(0.553, 10.58, 0.606, 11.67), a, '2026-06-08') AS d;

------------------------------------------------------------------------------------------------------------------------
-- Fits
------------------------------------------------------------------------------------------------------------------------

-- 1,000 clients whose chances come from a digest, so that every machine has the same: a rate of purchases and one of leaving of their own.
CREATE FUNCTION pg_temp.chance(what text) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$ SELECT (('x' || substr(md5(what), 1, 7))::bit(28)::int + 0.5) / 268435456 $$;
CREATE TEMP TABLE client AS
SELECT c, activity(day, 1) AS a
FROM (
  SELECT c, '2025-01-01'::date + c % 90 AS first_day, '2025-01-01'::date + c % 90
    + coalesce(sum(ceil(-ln(pg_temp.chance('gap' || c || '-' || k)) / (0.03 * -ln(pg_temp.chance('rate' || c)))) ) FILTER (WHERE k > 0) OVER (PARTITION BY c ORDER BY k), 0)::int AS day
  FROM generate_series(1, 1000) AS c, generate_series(0, 60) AS k) AS p
WHERE day <= '2025-12-31' AND (day = first_day OR day - first_day < -ln(pg_temp.chance('leave' || c)) / (0.005 * -ln(pg_temp.chance('leaving' || c))))
GROUP BY c;
CREATE TEMP TABLE fitted AS SELECT pareto_nbd_fit(a, '2025-12-31') AS m FROM client;
SELECT p.ordinal, p.name, p.estimate > 0 AS estimated, p.std_error > 0 AS with_std_error FROM fitted, model_parameters(m) AS p;
SELECT d.name, CASE WHEN d.name IN ('status', 'days_per_unit', 'clients', 'dense_clients', 'distinct_rows') THEN d.value END AS value FROM fitted, model_diagnostics(m) AS d;

-- The aggregate is the fit of the summary that it collects; parts that are merged give the same model, to the bit.
SELECT pareto_nbd_fit(repeat_purchases(a, '2025-12-31'), 7) = m AS of_the_summary FROM client, fitted GROUP BY m;
SELECT pareto_nbd_fit(rollup(s)) = m AS of_parts FROM (SELECT c % 7 AS part, repeat_purchases(a, '2025-12-31') AS s FROM client GROUP BY 1) AS parts, fitted GROUP BY m;
SELECT m::text::pareto_nbd_model = m AS through_text, m::jsonb::pareto_nbd_model = m AS through_jsonb FROM fitted;
-- In days as the unit: the same model otherwise written.
SELECT w.name, abs(w.estimate * CASE WHEN w.name IN ('alpha', 'beta') THEN 7 ELSE 1 END / d.estimate - 1) < 1e-7 AS same
FROM fitted, (SELECT pareto_nbd_fit(repeat_purchases(a, '2025-12-31'), 1) AS days FROM client) AS days, model_parameters(m) AS w JOIN LATERAL model_parameters(days) AS d USING (name);
-- Covariances are symmetrical, and their roots the standard errors.
SELECT bool_and(v[i][j] = v[j][i]) AS symmetrical, bool_and(abs(sqrt(v[p.ordinal][p.ordinal]) / p.std_error - 1) < 1e-12) AS std_errors
FROM (SELECT model_covariance(m) AS v, m FROM fitted) AS f, generate_series(1, 4) AS i, generate_series(1, 4) AS j, model_parameters(m) AS p;

-- Data that the model does not suit give a model that says so, and that refuses to predict unless it is asked to.
CREATE TEMP TABLE unfit AS
SELECT what, pareto_nbd_fit(a, '2026-12-31') AS m
FROM (
  SELECT 'one client' AS what, 1 AS c, activity('2026-01-05'::date + n, 1) AS a FROM unnest('{0,20,50}'::int[]) AS n
  UNION ALL SELECT 'no repeat buyers', c, activity('2026-01-05'::date + c % 60, 1) FROM generate_series(1, 200) AS c GROUP BY c
  UNION ALL SELECT 'all the same', c, activity('2026-01-05'::date + 9 * n, 1) FROM generate_series(1, 200) AS c, generate_series(0, 3) AS n GROUP BY c
  UNION ALL SELECT 'like clockwork', c, activity('2026-01-05'::date + c % 60 + 9 * n, 1) FROM generate_series(1, 200) AS c, generate_series(0, 30) AS n GROUP BY c
  UNION ALL SELECT 'daily', c, activity('2026-01-05'::date + c % 60 + n, 1) FROM generate_series(1, 200) AS c, generate_series(0, c % 200) AS n GROUP BY c) AS x
GROUP BY what;
SELECT what, model_status(m) FROM unfit ORDER BY 1;
SELECT pg_temp.refusal('log_likelihood(m) FROM unfit WHERE what = ''like clockwork''') AS refused, pg_temp.refusal('log_likelihood(m, true) IS NOT NULL FROM unfit WHERE what = ''like clockwork''') AS asked_otherwise,
  pg_temp.refusal('model_covariance(m, true) FROM unfit WHERE what = ''like clockwork''') AS no_peak_no_covariance, pg_temp.refusal('p_alive(m, 2, 8, 12, true) FROM unfit WHERE what = ''one client''') AS no_estimates;
SELECT pareto_nbd_fit(a, '2020-01-01') IS NULL AS before_all FROM client;

------------------------------------------------------------------------------------------------------------------------
-- Bad input
------------------------------------------------------------------------------------------------------------------------

SELECT call, pg_temp.refusal(call || ' FROM pareto_nbd_model(0.553, 10.58, 0.606, 11.67) AS m') AS result
FROM unnest(ARRAY['p_alive(m, -1, 0, 5)', 'p_alive(m, 1, 6, 5)', 'p_alive(m, 1, ''NaN'', 5)', 'p_alive(m, 1, 1, ''Infinity'')', 'p_alive(m, 0, 1, 5)', 'p_alive(m, 2, 0, 5)', 'p_alive(m, 0, 0, 0)', 'expected_purchases(m, 1, 1, 5, 0)',
  'expected_purchases(m, 1, 1, 5, -1)', 'expected_purchases(m, 1, 1, 5, ''NaN'')', 'expected_purchases(m, 1, 1, 5, ''Infinity'')', 'expected_purchases_new(m, -1)', 'expected_purchases_new(m, 0)', 'purchase_probability(m, -1, 5)',
  'purchase_probability(m, 0, 0)', 'purchase_probability(m, 1, 0)', 'purchase_probability(m, 1, ''-Infinity'')', 'pareto_nbd_model(1, 1, -1, 1)', 'pareto_nbd_model(1, 1, 1, 1, ''NaN'')']) WITH ORDINALITY AS u (call, n)
ORDER BY n;
SELECT problem('pareto_nbd_model', bgnbd_model(1, 1, 1, 1)::text) AS another_model;
