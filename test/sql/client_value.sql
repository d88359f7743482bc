-- Models of purchases (BG/NBD, Pareto/NBD) and of amounts (Gamma-Gamma), and what they say of a client.
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
SELECT pareto_nbd_model(0.553, 10.58, 0.606, 11.67) AS pareto_nbd, gamma_gamma_model(6.25, 3.74, 15.44) AS gamma_gamma;
SELECT '{"parameters": {"b": 2.426, "a": 0.793, "alpha": 4.414, "r": 0.2430}}'::bgnbd_model = bgnbd_model(0.243, 4.414, 0.793, 2.426) AS order_of_keys_does_not_matter,
  bgnbd_model(0.1, 1e-5, 1e10, 1.0000000000000002)::text::bgnbd_model = bgnbd_model(0.1, 1e-5, 1e10, 1.0000000000000002) AS text_round_trip,
  bgnbd_model(1, 2, 3, 4)::jsonb::bgnbd_model = bgnbd_model(1, 2, 3, 4) AS jsonb_round_trip, bgnbd_model(1, 2, 3, 4) <> bgnbd_model(1, 2, 3, 5) AS other;
SELECT model_status(m), model_covariance(m) IS NULL AS no_covariance, log_likelihood(m) IS NULL AS no_likelihood FROM bgnbd_model(0.243, 4.414, 0.793, 2.426) AS m;
SELECT * FROM model_parameters(pareto_nbd_model(0.553, 10.58, 0.606, 11.67));
SELECT * FROM model_diagnostics(bgnbd_model(0.243, 4.414, 0.793, 2.426));

-- A client by numbers: x repeat purchases, the last at t_x, as of T, in weeks; then by the activity itself.
SELECT pg_temp.shown(p_alive(m, 2, 30.43, 38.86)) AS p_alive, pg_temp.shown(expected_purchases(m, 2, 30.43, 38.86, 39)) AS expected_purchases,
  pg_temp.shown(expected_purchases_new(m, 52)) AS of_a_new_client, pg_temp.shown(purchase_probability(m, 3, 39)) AS probability_of_three
FROM bgnbd_model(0.243, 4.414, 0.793, 2.426) AS m;
SELECT pg_temp.shown(p_alive(m, 2, 30.43, 38.86)) AS p_alive, pg_temp.shown(expected_purchases(m, 2, 30.43, 38.86, 39)) AS expected_purchases,
  pg_temp.shown(expected_purchases_new(m, 52)) AS of_a_new_client, pg_temp.shown(purchase_probability(m, 3, 39)) AS probability_of_three
FROM pareto_nbd_model(0.553, 10.58, 0.606, 11.67) AS m;
CREATE TEMP TABLE ann AS SELECT activity(d, a) AS a
FROM (VALUES ('2026-01-05'::date, 100), ('2026-02-02', 30), ('2026-03-02', 50)) AS v (d, a);
SELECT p_alive(m, a, '2026-03-30') = p_alive(m, 2, 8, 12) AS p_alive, expected_purchases(m, a, '2026-03-30', 26) = expected_purchases(m, 2, 8, 12, 26) AS expected_purchases,
  churn_score(m, a, '2026-03-30') + p_alive(m, a, '2026-03-30') = 1 AS churn_score,
  expected_amount(g, a) = expected_amount(g, 2, 40) AS expected_amount, expected_amount(g, 0, 0) = expected_amount_new(g) AS expected_amount_new
FROM ann, bgnbd_model(0.243, 4.414, 0.793, 2.426) AS m, gamma_gamma_model(6.25, 3.74, 15.44) AS g;
-- An earlier day is looked at as it was; before the first there is no client.
SELECT as_of, pg_temp.shown(p_alive(m, a, as_of)) AS p_alive, pg_temp.shown(expected_purchases(m, a, as_of, 26)) AS expected_purchases
FROM ann, bgnbd_model(0.243, 4.414, 0.793, 2.426) AS m, unnest('{2026-01-04,2026-01-05,2026-02-02,2026-03-02,2026-12-31}'::date[]) AS as_of;
-- Days as the unit of time: parameters that are times are seven times as large, and so are horizons.
SELECT abs(expected_purchases(w, a, '2026-03-30', 26) - expected_purchases(d, a, '2026-03-30', 182)) < 1e-12 AS same
FROM ann, bgnbd_model(0.243, 4.414, 0.793, 2.426) AS w, bgnbd_model(0.243, 30.898, 0.793, 2.426, 1) AS d;
SELECT pg_temp.shown(d.score) AS score, pg_temp.shown(d.p_alive) AS p_alive, silent_days, usual_gap_days, gaps_missed
FROM ann, churn_detail(bgnbd_model(0.243, 4.414, 0.793, 2.426), a, '2026-06-08') AS d;

-- What a client is worth: 52 weeks, 10 % a year, a margin of 30 %.
SELECT pg_temp.shown(d.p_alive) AS p_alive, pg_temp.shown(d.expected_purchases) AS expected_purchases, pg_temp.shown(d.discounted_purchases) AS discounted_purchases,
  pg_temp.shown(d.expected_amount) AS expected_amount, margin, pg_temp.shown(d.clv) AS clv, d.clv = d.discounted_purchases * d.expected_amount * margin AS adds_up,
  d.clv = clv(m, g, a, '2026-03-30', 52, power(1.1, 7 / 365.25) - 1, 0.3) AS same
FROM ann, bgnbd_model(0.243, 4.414, 0.793, 2.426) AS m, gamma_gamma_model(6.25, 3.74, 15.44) AS g, clv_detail(m, g, a, '2026-03-30', 52, power(1.1, 7 / 365.25) - 1, 0.3) AS d;
-- The sum that it is, period by period; the last one is broken.
SELECT abs(clv(m, g, a, '2026-03-30', 10.5, 0.01, 1) / (expected_amount(g, a) * (
    SELECT sum((expected_purchases(m, a, '2026-03-30', least(k, 10.5)) - expected_purchases(m, a, '2026-03-30', k - 1)) / power(1.01, least(k, 10.5)))
    FROM generate_series(1, 11) AS k)) - 1) < 1e-12 AS same
FROM ann, pareto_nbd_model(0.553, 10.58, 0.606, 11.67) AS m, gamma_gamma_model(6.25, 3.74, 15.44) AS g;
SELECT clv(m, g, a, '2026-03-30', 0, 0.01, 1) AS no_horizon, clv(m, g, a, '2026-03-30', 52, 0.01, 0) AS no_margin, clv(m, g, a, '2026-01-01', 52, 0.01, 1) AS not_yet,
  (clv_interval(m, g, a, '2026-03-30', 52, 0.01, 1)).std_error AS given_parameters
FROM (SELECT activity('2026-01-05', 100) AS a) AS c, bgnbd_model(0.243, 4.414, 0.793, 2.426) AS m, gamma_gamma_model(6.25, 3.74, 15.44) AS g;
SELECT clv(m, g, a, '2026-03-01', 52, 0.01, 1) FROM ann, bgnbd_model(0.243, 4.414, 0.793, 2.426) AS m, gamma_gamma_model(6.25, 3.74, 15.44) AS g;

-- Amounts: nothing to expect of a new client where q <= 1; a total below zero counts as zero.
SELECT expected_amount_new(g) AS new, pg_temp.shown(expected_amount(g, 5, 40)) AS known FROM gamma_gamma_model(6.25, 0.9, 15.44) AS g;
SELECT expected_amount(g, 5, -40) = expected_amount(g, 5, 0) AS negative, pg_temp.shown(expected_amount(g, 5, 0)) AS zero FROM gamma_gamma_model(6.25, 3.74, 15.44) AS g;

------------------------------------------------------------------------------------------------------------------------
-- Fits
------------------------------------------------------------------------------------------------------------------------

-- 1,000 clients whose chances come from a digest, so that every machine has the same: a rate and a chance to go of their own, random gaps.
CREATE FUNCTION pg_temp.chance(what text) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$ SELECT (('x' || substr(md5(what), 1, 7))::bit(28)::int + 0.5) / 268435456 $$;
CREATE TEMP TABLE client AS
SELECT c, activity(day, 20 + round((100 * pg_temp.chance('mean' || c) * (0.5 + pg_temp.chance('amount' || c || '-' || k)))::numeric, 2)) AS a
FROM (
  SELECT c, k, '2025-01-01'::date + c % 90 + coalesce(sum(ceil(-ln(pg_temp.chance('gap' || c || '-' || k)) / (0.03 * -ln(pg_temp.chance('rate' || c)))) ) FILTER (WHERE k > 0) OVER (PARTITION BY c ORDER BY k), 0)::int AS day
  FROM generate_series(1, 1000) AS c, generate_series(0, 60) AS k
  WHERE k <= ln(pg_temp.chance('stay' || c)) / ln(1 - power(pg_temp.chance('go' || c), 2))) AS p
WHERE day <= '2025-12-31'
GROUP BY c;
SELECT model_status(bgnbd_fit(a, '2025-12-31')) AS bgnbd, model_status(pareto_nbd_fit(a, '2025-12-31')) AS pareto_nbd, model_status(gamma_gamma_fit(a)) AS gamma_gamma FROM client;
SELECT p.ordinal, p.name, p.estimate > 0 AS estimated, p.std_error > 0 AND p.std_error < p.estimate AS with_std_error
FROM (SELECT bgnbd_fit(a, '2025-12-31') AS m FROM client) AS f, model_parameters(m) AS p;
SELECT d.name, CASE WHEN d.name IN ('status', 'days_per_unit', 'clients', 'left_out', 'dense_clients', 'distinct_rows') THEN d.value END AS value, d.meaning
FROM (SELECT gamma_gamma_fit(a) AS g, bgnbd_fit(a, '2025-12-31') AS m FROM client) AS f, LATERAL (SELECT * FROM model_diagnostics(m) UNION ALL SELECT * FROM model_diagnostics(g)) AS d;

-- The aggregate is the fit of the summary that it collects; parts that are merged give the same model, to the bit.
CREATE TEMP TABLE fitted AS SELECT bgnbd_fit(a, '2025-12-31') AS b, pareto_nbd_fit(a, '2025-12-31') AS p, gamma_gamma_fit(a) AS g FROM client;
SELECT bgnbd_fit(repeat_purchases(a, '2025-12-31')) = b AS bgnbd, pareto_nbd_fit(repeat_purchases(a, '2025-12-31'), 7) = p AS pareto_nbd, gamma_gamma_fit(repeat_spend(a)) = g AS gamma_gamma
FROM client, fitted GROUP BY b, p, g;
SELECT bgnbd_fit(rollup(s)) = b AS bgnbd, pareto_nbd_fit(rollup(s)) = p AS pareto_nbd, gamma_gamma_fit(rollup(t)) = g AS gamma_gamma
FROM (SELECT c % 7 AS part, repeat_purchases(a, '2025-12-31') AS s, repeat_spend(a) AS t FROM client GROUP BY 1) AS parts, fitted GROUP BY b, p, g;
SELECT b::text::bgnbd_model = b AS bgnbd, p::text::pareto_nbd_model = p AS pareto_nbd, g::jsonb::gamma_gamma_model = g AS gamma_gamma FROM fitted;
-- The likelihood has its peak there: in days as the unit, the same model otherwise written.
SELECT abs(w.estimate * CASE w.name WHEN 'alpha' THEN 7 ELSE 1 END / d.estimate - 1) < 1e-8 AS same
FROM fitted, (SELECT bgnbd_fit(repeat_purchases(a, '2025-12-31'), 1) AS m FROM client) AS days, model_parameters(b) AS w JOIN LATERAL model_parameters(m) AS d USING (name);
-- Covariances are symmetrical, and their roots the standard errors.
SELECT bool_and(v[i][j] = v[j][i]) AS symmetrical, bool_and(abs(sqrt(v[p.ordinal][p.ordinal]) / p.std_error - 1) < 1e-12) AS std_errors
FROM (SELECT model_covariance(p) AS v, p AS m FROM fitted) AS f, generate_series(1, 4) AS i, generate_series(1, 4) AS j, model_parameters(m) AS p;
-- An interval holds its figure and widens with the confidence.
SELECT bool_and(i.lower < i.clv AND i.clv < i.upper AND i.std_error > 0 AND abs(i.upper - i.clv - 1.959963984540054 * i.std_error) < 1e-9 * i.clv AND w.upper > i.upper) AS sound
FROM fitted, (SELECT a FROM client WHERE c <= 20) AS c, clv_interval(b, g, a, '2026-12-31', 52, 0.002, 0.5) AS i, clv_interval(b, g, a, '2026-12-31', 52, 0.002, 0.5, 0.99) AS w;

-- Data that a model does not suit give a model that says so, and that refuses to predict unless it is asked to.
CREATE TEMP TABLE unfit AS
SELECT what, bgnbd_fit(a, '2026-12-31') AS b, pareto_nbd_fit(a, '2026-12-31') AS p, gamma_gamma_fit(a) AS g
FROM (
  SELECT 'one client' AS what, 1 AS c, activity('2026-01-05'::date + n, 10 + n) AS a FROM unnest('{0,20,50}'::int[]) AS n
  UNION ALL SELECT 'no repeat buyers', c, activity('2026-01-05'::date + c % 60, 10) FROM generate_series(1, 200) AS c GROUP BY c
  UNION ALL SELECT 'all the same', c, activity('2026-01-05'::date + 9 * n, 10) FROM generate_series(1, 200) AS c, generate_series(0, 3) AS n GROUP BY c
  UNION ALL SELECT 'like clockwork', c, activity('2026-01-05'::date + c % 60 + 9 * n, 10) FROM generate_series(1, 200) AS c, generate_series(0, 30) AS n GROUP BY c
  UNION ALL SELECT 'daily', c, activity('2026-01-05'::date + c % 60 + n, 10 + c % 7) FROM generate_series(1, 200) AS c, generate_series(0, c % 200) AS n GROUP BY c
  UNION ALL SELECT 'negative amounts', c, activity('2026-01-05'::date + c % 60 + n * (c % 13), -5) FROM generate_series(1, 200) AS c, generate_series(0, c % 5) AS n GROUP BY c
  UNION ALL SELECT 'zero amounts', c, activity('2026-01-05'::date + c % 60 + n * (c % 13), 0) FROM generate_series(1, 200) AS c, generate_series(0, c % 5) AS n GROUP BY c) AS x
GROUP BY what;
SELECT what, model_status(b) AS bgnbd, model_status(p) AS pareto_nbd, model_status(g) AS gamma_gamma FROM unfit WHERE what NOT LIKE '% amounts' ORDER BY 1;
SELECT what, model_status(g) AS gamma_gamma FROM unfit WHERE what LIKE '% amounts' ORDER BY 1;
SELECT pg_temp.refusal('p_alive(b, 2, 8, 12) FROM unfit WHERE what = ''daily''') AS refused, pg_temp.refusal('p_alive(b, 2, 8, 12, any_status => true) BETWEEN 0 AND 1 FROM unfit WHERE what = ''daily''') AS asked_otherwise;
SELECT pg_temp.refusal('log_likelihood(p) FROM unfit WHERE what = ''like clockwork''') AS refused, pg_temp.refusal('model_covariance(p, true) FROM unfit WHERE what = ''like clockwork''') AS asked_otherwise;
SELECT pg_temp.refusal('p_alive(b, 2, 8, 12, true) FROM unfit WHERE what = ''one client''') AS no_estimates;
SELECT bgnbd_fit(a, '2020-01-01') IS NULL AS bgnbd, gamma_gamma_fit(NULL::activity_summary) IS NULL AS gamma_gamma FROM client;

------------------------------------------------------------------------------------------------------------------------
-- Bad input
------------------------------------------------------------------------------------------------------------------------

SELECT call, pg_temp.refusal(call || ' FROM bgnbd_model(0.243, 4.414, 0.793, 2.426) AS m') AS bgnbd, pg_temp.refusal(call || ' FROM pareto_nbd_model(0.553, 10.58, 0.606, 11.67) AS m') AS pareto_nbd
FROM unnest(ARRAY['p_alive(m, -1, 0, 5)', 'p_alive(m, 1, 6, 5)', 'p_alive(m, 1, ''NaN'', 5)', 'p_alive(m, 1, 1, ''Infinity'')', 'p_alive(m, 0, 1, 5)', 'p_alive(m, 2, 0, 5)', 'p_alive(m, 0, 0, 0)',
  'expected_purchases(m, 1, 1, 5, 0)', 'expected_purchases(m, 1, 1, 5, -1)', 'expected_purchases(m, 1, 1, 5, ''NaN'')', 'expected_purchases(m, 1, 1, 5, ''Infinity'')', 'expected_purchases_new(m, -1)',
  'expected_purchases_new(m, 0)', 'purchase_probability(m, -1, 5)', 'purchase_probability(m, 0, 0)', 'purchase_probability(m, 1, 0)', 'purchase_probability(m, 1, ''-Infinity'')']) WITH ORDINALITY AS u (call, n)
ORDER BY n;
SELECT call, pg_temp.refusal(call || ' FROM ann, bgnbd_model(0.243, 4.414, 0.793, 2.426) AS m, gamma_gamma_model(6.25, 3.74, 15.44) AS g') AS refusal
FROM unnest(ARRAY['clv(m, g, a, ''2026-03-30'', -1, 0.01, 1)', 'clv(m, g, a, ''2026-03-30'', 10001, 0.01, 1)', 'clv(m, g, a, ''2026-03-30'', 52, -1, 1)', 'clv(m, g, a, ''2026-03-30'', 52, ''NaN'', 1)',
  'clv(m, g, a, ''2026-03-30'', 52, 0.01, ''Infinity'')', 'clv(m, g, a, ''infinity'', 52, 0.01, 1)', 'clv_interval(m, g, a, ''2026-03-30'', 52, 0.01, 1, 1)', 'p_alive(m, a, ''infinity'')', 'expected_amount(g, -1, 5)',
  'expected_amount(g, 1, ''NaN'')', 'bgnbd_model(0, 1, 1, 1)', 'bgnbd_model(1, ''NaN'', 1, 1)', 'pareto_nbd_model(1, 1, -1, 1)', 'gamma_gamma_model(1, 1, ''Infinity'')', 'bgnbd_model(1, 1, 1, 1, 0)',
  'bgnbd_fit(repeat_purchases(a, ''2026-03-30''), 0)', 'bgnbd_fit(repeat_purchases(a, ''99999-01-01''), 7)']) WITH ORDINALITY AS u (call, n)
ORDER BY n;
SELECT literal, problem('bgnbd_model', literal) FROM unnest(ARRAY['', '[]', '{}', '{"parameters": {"r": 1}}', '{"parameters": {"r": 1, "alpha": 1, "a": 1, "b": 0}}', '{"parameters": {"r": 1, "alpha": 1, "a": 1, "b": 1, "c": 1}}',
  '{"parameters": {"r": 1, "alpha": 1, "a": 1, "b": 1}, "days_per_unit": -7}', '{"parameters": {"r": 1, "alpha": 1, "a": 1, "b": 1}, "fit": {}}', '{"parameters": {"r": 1, "alpha": 1, "a": 1, "b": 1}, "fit": {"status": "given"}}']) WITH ORDINALITY AS u (literal, n)
ORDER BY n;
-- A fit cannot claim what it has not.
SELECT changed, problem('bgnbd_model', replace(b::text, was, changed)) FROM fitted, (VALUES ('"dense_clients":0', '"dense_clients":99999'), ('"status":"converged"', '"status":"fine"'), ('"covariance":[', '"covariance":[-'), ('"iterations":', '"iterations":-'),
  ('"data_digest":"', '"data_digest":"x'), ('"clients":1000', '"clients":1e400'), ('"clients":1000', '"clients":1.5')) AS v (was, changed);
SELECT problem('gamma_gamma_model', '{"parameters": {"p": 1, "q": 1, "gamma": 1}, "days_per_unit": 7}');
