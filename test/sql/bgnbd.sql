-- bgnbd_model: repeat purchases by BG/NBD, fitted and foreseen.
SET search_path = crm, public;
SET datestyle = ISO;

-- what fails, and how
CREATE FUNCTION pg_temp.refusal(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  result text;
  detail text;
  hint text;
BEGIN
  EXECUTE 'SELECT ' || query INTO result;
  RETURN coalesce(result, 'NULL');
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
  RETURN concat_ws(' | ', SQLSTATE || ' ' || SQLERRM, nullif(detail, ''), nullif(hint, ''));
END
$$;
-- figures as they can be compared on every machine
CREATE FUNCTION pg_temp.shown(figure float8) RETURNS numeric LANGUAGE sql AS $$ SELECT round(figure::numeric, 8 - floor(log(abs(figure::numeric)))::int) $$;

-- A model is written as a JSON document. The parameters of a paper are a model, too.
SELECT bgnbd_model(0.243, 4.414, 0.793, 2.426) AS weeks, bgnbd_model(0.243, 30.898, 0.793, 2.426, 1) AS days;
SELECT '{"parameters": {"b": 2.426, "a": 0.793, "alpha": 4.414, "r": 0.2430}}'::bgnbd_model = bgnbd_model(0.243, 4.414, 0.793, 2.426) AS order_of_keys_does_not_matter,
  bgnbd_model(0.1, 1e-5, 1e10, 1.0000000000000002)::text::bgnbd_model = bgnbd_model(0.1, 1e-5, 1e10, 1.0000000000000002) AS text_round_trip,
  bgnbd_model(1, 2, 3, 4)::jsonb::bgnbd_model = bgnbd_model(1, 2, 3, 4) AS jsonb_round_trip, bgnbd_model(1, 2, 3, 4) <> bgnbd_model(1, 2, 3, 5) AS other;
SELECT model_status(m), model_covariance(m) IS NULL AS no_covariance, log_likelihood(m) IS NULL AS no_likelihood FROM bgnbd_model(0.243, 4.414, 0.793, 2.426) AS m;
SELECT * FROM model_parameters(bgnbd_model(0.243, 4.414, 0.793, 2.426));
SELECT * FROM model_diagnostics(bgnbd_model(0.243, 4.414, 0.793, 2.426));

-- A client by numbers: x repeat purchases, the last at t_x, as of T, in weeks; then by the activity itself.
SELECT pg_temp.shown(p_alive(m, 2, 30.43, 38.86)) AS p_alive, pg_temp.shown(expected_purchases(m, 2, 30.43, 38.86, 39)) AS expected_purchases,
  pg_temp.shown(expected_purchases_new(m, 52)) AS of_a_new_client, pg_temp.shown(purchase_probability(m, 3, 39)) AS probability_of_three
FROM bgnbd_model(0.243, 4.414, 0.793, 2.426) AS m;
CREATE TEMP TABLE ann AS SELECT activity(d, a) AS a
FROM (VALUES ('2026-01-05'::date, 100), ('2026-02-02', 30), ('2026-03-02', 50)) AS v (d, a);
SELECT p_alive(m, a, '2026-03-30') = p_alive(m, 2, 8, 12) AS p_alive, expected_purchases(m, a, '2026-03-30', 26) = expected_purchases(m, 2, 8, 12, 26) AS expected_purchases,
  churn_score(m, a, '2026-03-30') + p_alive(m, a, '2026-03-30') = 1 AS churn_score
FROM ann, bgnbd_model(0.243, 4.414, 0.793, 2.426) AS m;
-- An earlier day is looked at as it was; before the first there is no client.
SELECT as_of, pg_temp.shown(p_alive(m, a, as_of)) AS p_alive, pg_temp.shown(expected_purchases(m, a, as_of, 26)) AS expected_purchases
FROM ann, bgnbd_model(0.243, 4.414, 0.793, 2.426) AS m, unnest('{2026-01-04,2026-01-05,2026-02-02,2026-03-02,2026-12-31}'::date[]) AS as_of;
-- Days as the unit of time: parameters that are times are seven times as large, and so are horizons.
SELECT abs(expected_purchases(w, a, '2026-03-30', 26) - expected_purchases(d, a, '2026-03-30', 182)) < 1e-12 AS same
FROM ann, bgnbd_model(0.243, 4.414, 0.793, 2.426) AS w, bgnbd_model(0.243, 30.898, 0.793, 2.426, 1) AS d;
SELECT pg_temp.shown(d.score) AS score, pg_temp.shown(d.p_alive) AS p_alive, silent_days, usual_gap_days, gaps_missed
FROM ann, churn_detail(bgnbd_model(0.243, 4.414, 0.793, 2.426), a, '2026-06-08') AS d;
-- Any number of purchases has a probability: with a = b = 1 and next to no time before the first, n of them 1 / (n (n + 1)).
SELECT n, pg_temp.shown(purchase_probability(bgnbd_model(1, 1e-12, 1, 1), n, 1e12) * n * (n + 1.0::float8)) AS times_n_times_n_and_one FROM unnest('{1,20,3000,2000000000,1000000000000000}'::bigint[]) AS n;

------------------------------------------------------------------------------------------------------------------------
-- Fits
------------------------------------------------------------------------------------------------------------------------

-- 1,000 clients whose chances come from a digest, so that every machine has the same: a rate and a chance to go of their own, random gaps.
CREATE FUNCTION pg_temp.chance(what text) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$ SELECT (('x' || substr(md5(what), 1, 7))::bit(28)::int + 0.5) / 268435456 $$;
CREATE TEMP TABLE client AS
SELECT c, activity(day, 1) AS a
FROM (
  SELECT c, k, '2025-01-01'::date + c % 90 + coalesce(sum(ceil(-ln(pg_temp.chance('gap' || c || '-' || k)) / (0.03 * -ln(pg_temp.chance('rate' || c)))) ) FILTER (WHERE k > 0) OVER (PARTITION BY c ORDER BY k), 0)::int AS day
  FROM generate_series(1, 1000) AS c, generate_series(0, 60) AS k
  WHERE k <= ln(pg_temp.chance('stay' || c)) / ln(1 - power(pg_temp.chance('go' || c), 2))) AS p
WHERE day <= '2025-12-31'
GROUP BY c;
CREATE TEMP TABLE fitted AS SELECT bgnbd_fit(a, '2025-12-31') AS m FROM client;
SELECT p.ordinal, p.name, pg_temp.shown(p.estimate)::numeric(10, 4) AS estimate, p.std_error > 0 AND p.std_error < p.estimate AS with_std_error FROM fitted, model_parameters(m) AS p;
SELECT d.name, CASE WHEN d.name IN ('status', 'days_per_unit', 'clients', 'dense_clients', 'distinct_rows') THEN d.value END AS value, d.meaning FROM fitted, model_diagnostics(m) AS d;

-- The aggregate is the fit of the summary that it collects; parts that are merged give the same model, to the bit.
SELECT bgnbd_fit(repeat_purchases(a, '2025-12-31')) = m AS of_the_summary FROM client, fitted GROUP BY m;
SELECT bgnbd_fit(rollup(s)) = m AS of_parts FROM (SELECT c % 7 AS part, repeat_purchases(a, '2025-12-31') AS s FROM client GROUP BY 1) AS parts, fitted GROUP BY m;
SELECT m::text::bgnbd_model = m AS through_text, m::jsonb::bgnbd_model = m AS through_jsonb FROM fitted;
-- In days as the unit: the same model otherwise written.
SELECT w.name, abs(w.estimate * CASE w.name WHEN 'alpha' THEN 7 ELSE 1 END / d.estimate - 1) < 1e-8 AS same
FROM fitted, (SELECT bgnbd_fit(repeat_purchases(a, '2025-12-31'), 1) AS days FROM client) AS days, model_parameters(m) AS w JOIN LATERAL model_parameters(days) AS d USING (name);
-- Covariances are symmetrical, and their roots the standard errors.
SELECT bool_and(v[i][j] = v[j][i]) AS symmetrical, bool_and(abs(sqrt(v[p.ordinal][p.ordinal]) / p.std_error - 1) < 1e-12) AS std_errors
FROM (SELECT model_covariance(m) AS v, m FROM fitted) AS f, generate_series(1, 4) AS i, generate_series(1, 4) AS j, model_parameters(m) AS p;

-- Data that the model does not suit give a model that says so, and that refuses to predict unless it is asked to.
CREATE TEMP TABLE unfit AS
SELECT what, bgnbd_fit(a, '2026-12-31') AS m
FROM (
  SELECT 'one client' AS what, 1 AS c, activity('2026-01-05'::date + n, 1) AS a FROM unnest('{0,20,50}'::int[]) AS n
  UNION ALL SELECT 'no repeat buyers', c, activity('2026-01-05'::date + c % 60, 1) FROM generate_series(1, 200) AS c GROUP BY c
  UNION ALL SELECT 'all the same', c, activity('2026-01-05'::date + 9 * n, 1) FROM generate_series(1, 200) AS c, generate_series(0, 3) AS n GROUP BY c
  UNION ALL SELECT 'like clockwork', c, activity('2026-01-05'::date + c % 60 + 9 * n, 1) FROM generate_series(1, 200) AS c, generate_series(0, 30) AS n GROUP BY c
  UNION ALL SELECT 'daily', c, activity('2026-01-05'::date + c % 60 + n, 1) FROM generate_series(1, 200) AS c, generate_series(0, c % 200) AS n GROUP BY c) AS x
GROUP BY what;
SELECT what, model_status(m) FROM unfit ORDER BY 1;
SELECT pg_temp.refusal('p_alive(m, 2, 8, 12) FROM unfit WHERE what = ''daily''') AS refused;
SELECT call, left(pg_temp.refusal(format(call, '') || ' FROM unfit WHERE what = ''daily'''), 61) AS refused, pg_temp.refusal(format(call, ', any_status => true') || ' IS NOT NULL FROM unfit WHERE what = ''daily''') AS asked_otherwise
FROM unnest(ARRAY['p_alive(m, 2, 8, 12%s)', 'p_alive(m, activity_add(NULL, ''2026-01-05'', 1), ''2026-02-01''%s)', 'churn_score(m, activity_add(NULL, ''2026-01-05'', 1), ''2026-02-01''%s)',
  '(churn_detail(m, activity_add(NULL, ''2026-01-05'', 1), ''2026-02-01''%s)).score', 'expected_purchases(m, 2, 8, 12, 52%s)', 'expected_purchases(m, activity_add(NULL, ''2026-01-05'', 1), ''2026-02-01'', 52%s)', 'expected_purchases_new(m, 52%s)',
  'purchase_probability(m, 2, 52%s)', 'log_likelihood(m%s)', '(SELECT sum(estimate) FROM model_parameters(m%s))', 'model_covariance(m%s)']) WITH ORDINALITY AS u (call, n) ORDER BY n;
SELECT pg_temp.refusal('p_alive(m, 2, 8, 12, true) FROM unfit WHERE what = ''one client''') AS no_estimates;
-- Seven of a thousand million came back: the search ends at a bound, which lies at e^13 mean tenures.
WITH RECURSIVE many (n, s) AS (
  SELECT 0, repeat_purchases(activity_add(NULL, '2026-01-01'::date + c % 5, 1), '2026-10-01') FROM generate_series(1, 1000) AS c
  UNION ALL SELECT n + 1, repeat_purchase_summary_merge(s, s) FROM many WHERE n < 20)
SELECT clients(s), model_status(m), estimate < 1.1 * exp(13.0::float8) * 271 / 7 AS within_bounds
FROM (SELECT repeat_purchase_summary_merge(s, (SELECT repeat_purchases(activity_add(activity_add(NULL, '2026-01-01', 1), '2026-05-01'::date + n * 10, 1), '2026-10-01') FROM generate_series(1, 7) AS n)) AS s
  FROM many WHERE n = 20) AS t, bgnbd_fit(s) AS m, model_parameters(m, true) AS p
WHERE p.name = 'alpha';
SELECT bgnbd_fit(a, '2020-01-01') IS NULL AS before_all, bgnbd_fit(NULL::activity_summary, '2020-01-01') IS NULL AS of_nobody FROM client;

------------------------------------------------------------------------------------------------------------------------
-- Bad input
------------------------------------------------------------------------------------------------------------------------

SELECT call, pg_temp.refusal(call || ' FROM ann, bgnbd_model(0.243, 4.414, 0.793, 2.426) AS m') AS result
FROM unnest(ARRAY['p_alive(m, -1, 0, 5)', 'p_alive(m, 1, 6, 5)', 'p_alive(m, 1, ''NaN'', 5)', 'p_alive(m, 1, 1, ''Infinity'')', 'p_alive(m, 0, 1, 5)', 'p_alive(m, 2, 0, 5)', 'p_alive(m, 0, 0, 0)', 'p_alive(m, a, ''infinity'')',
  'expected_purchases(m, 1, 1, 5, 0)', 'expected_purchases(m, 1, 1, 5, -1)', 'expected_purchases(m, 1, 1, 5, ''NaN'')', 'expected_purchases(m, 1, 1, 5, ''Infinity'')', 'expected_purchases_new(m, -1)',
  'expected_purchases_new(m, 0)', 'purchase_probability(m, -1, 5)', 'purchase_probability(m, 0, 0)', 'purchase_probability(m, 1, 0)', 'purchase_probability(m, 1, ''-Infinity'')', 'bgnbd_model(0, 1, 1, 1)',
  'bgnbd_model(1, ''NaN'', 1, 1)', 'bgnbd_model(1, 1, 1, 1, 0)', 'bgnbd_fit(repeat_purchases(a, ''2026-03-30''), 0)', '(SELECT bgnbd_fit(c.a, ''99999-01-01'') FROM client AS c)']) WITH ORDINALITY AS u (call, n)
ORDER BY n;
SELECT literal, problem('bgnbd_model', literal) FROM unnest(ARRAY['', '[]', '{}', '{"parameters": {"r": 1}}', '{"parameters": {"r": 1, "alpha": 1, "a": 1, "b": 0}}', '{"parameters": {"r": 1, "alpha": 1, "a": 1, "b": 1, "c": 1}}',
  '{"parameters": {"r": 1, "alpha": 1, "a": 1, "b": 1}, "days_per_unit": -7}', '{"parameters": {"r": 1, "alpha": 1, "a": 1, "b": 1}, "fit": {}}', '{"parameters": {"r": 1, "alpha": 1, "a": 1, "b": 1}, "fit": {"status": "given"}}']) WITH ORDINALITY AS u (literal, n)
ORDER BY n;
-- A fit cannot claim what it has not.
SELECT changed, problem('bgnbd_model', replace(m::text, was, changed)) FROM fitted, (VALUES ('"dense_clients":0', '"dense_clients":99999'), ('"status":"converged"', '"status":"fine"'), ('"covariance":[', '"covariance":[-'), ('"iterations":', '"iterations":-'),
  ('"data_digest":"', '"data_digest":"x'), ('"clients":1000', '"clients":1e400'), ('"clients":1000', '"clients":1.5')) AS v (was, changed);
