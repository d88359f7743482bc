-- clv: what a client is worth.
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

CREATE TEMP TABLE ann AS SELECT activity(d, a) AS a
FROM (VALUES ('2026-01-05'::date, 100), ('2026-02-02', 30), ('2026-03-02', 50)) AS v (d, a);
-- 52 weeks, 10 % a year, a margin of 30 %.
SELECT pg_temp.shown(d.p_alive) AS p_alive, pg_temp.shown(d.expected_purchases) AS expected_purchases, pg_temp.shown(d.discounted_purchases) AS discounted_purchases,
  pg_temp.shown(d.expected_amount) AS expected_amount, margin, pg_temp.shown(d.clv) AS clv
FROM ann, bgnbd_model(0.243, 4.414, 0.793, 2.426) AS m, gamma_gamma_model(6.25, 3.74, 15.44) AS g, clv_detail(m, g, a, '2026-03-30', 52, power(1.1, 7 / 365.25) - 1, 0.3) AS d;
SELECT pg_temp.shown(clv(m, g, a, '2026-03-30', 52, power(1.1, 7 / 365.25) - 1, 0.3)) AS by_pareto_nbd
FROM ann, pareto_nbd_model(0.553, 10.58, 0.606, 11.67) AS m, gamma_gamma_model(6.25, 3.74, 15.44) AS g;

-- The value is the product of its components, to the bit, and P(alive) and the purchases are those of the models.
CREATE TEMP TABLE client AS
SELECT c, activity('2025-01-01'::date + c % 90 + k * (3 + c % 11), round(10 + (c * 7919 + k * 104729) % 1000 / 7.0, 4)) AS a FROM generate_series(1, 500) AS c, generate_series(0, c % 40) AS k GROUP BY c;
SELECT bool_and(d.clv = d.discounted_purchases * d.expected_amount * d.margin) AS adds_up, bool_and(d.clv = clv(m, g, a, '2026-12-31', 52, 0.003, 0.07)) AS same,
  bool_and(d.p_alive = p_alive(m, a, '2026-12-31')) AS p_alive, bool_and(d.expected_amount = expected_amount(g, a)) AS expected_amount,
  bool_and(abs(d.expected_purchases / expected_purchases(m, a, '2026-12-31', 52) - 1) < 1e-12) AS expected_purchases
FROM client, bgnbd_model(0.243, 4.414, 0.793, 2.426) AS m, gamma_gamma_model(6.25, 3.74, 15.44) AS g, clv_detail(m, g, a, '2026-12-31', 52, 0.003, 0.07) AS d;
-- The sum that it is, period by period; the last one is broken.
SELECT abs(clv(m, g, a, '2026-03-30', 10.5, 0.01, 1) / (expected_amount(g, a) * (
    SELECT sum((expected_purchases(m, a, '2026-03-30', least(k, 10.5)) - expected_purchases(m, a, '2026-03-30', k - 1)) / power(1.01, least(k, 10.5)))
    FROM generate_series(1, 11) AS k)) - 1) < 1e-12 AS bgnbd,
  abs(clv(n, g, a, '2026-03-30', 10.5, 0.01, 1) / (expected_amount(g, a) * (
    SELECT sum((expected_purchases(n, a, '2026-03-30', least(k, 10.5)) - expected_purchases(n, a, '2026-03-30', k - 1)) / power(1.01, least(k, 10.5)))
    FROM generate_series(1, 11) AS k)) - 1) < 1e-12 AS pareto_nbd
FROM ann, bgnbd_model(0.243, 4.414, 0.793, 2.426) AS m, pareto_nbd_model(0.553, 10.58, 0.606, 11.67) AS n, gamma_gamma_model(6.25, 3.74, 15.44) AS g;
-- A client who comes often, over many periods: the sums give way to integrals on the way.
SELECT abs(clv(m, g, a, '2026-12-31', 500.25, 0.001, 1) / (expected_amount(g, a) * (
    SELECT sum((expected_purchases(m, a, '2026-12-31', least(k, 500.25)) - expected_purchases(m, a, '2026-12-31', k - 1)) / power(1.001, least(k, 500.25)))
    FROM generate_series(1, 501) AS k)) - 1) < 1e-10 AS bgnbd
FROM client, bgnbd_model(0.243, 4.414, 0.793, 2.426) AS m, gamma_gamma_model(6.25, 3.74, 15.44) AS g WHERE c = 39;
-- Whatever was asked before, with whatever model: a client is worth what it is worth when it is asked about alone.
CREATE FUNCTION pg_temp.alone(m bgnbd_model, a activity_summary, horizon float8, rate float8) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
  result float8;
BEGIN
  EXECUTE 'SELECT clv($1, gamma_gamma_model(6.25, 3.74, 15.44), $2, ''2026-12-31'', $3, $4, 1)' INTO result USING m, a, horizon, rate;
  RETURN result;
END
$$;
SELECT count(*) AS compared, bool_and(clv(m, g, a, '2026-12-31', horizon, rate, 1) = pg_temp.alone(m, a, horizon, rate)) AS same
FROM (SELECT * FROM client WHERE c <= 40) AS c, gamma_gamma_model(6.25, 3.74, 15.44) AS g, (VALUES (bgnbd_model(0.243, 4.414, 0.793, 2.426)), (bgnbd_model(0.243, 4.414, 0.793, 2.4)), (bgnbd_model(3, 4, 0.8, 20, 30))) AS v (m),
  (VALUES (52, 0.001), (52, 0.002), (51, 0.002)) AS h (horizon, rate);
SELECT clv(m, g, a, '2026-03-30', 0, 0.01, 1) AS no_horizon, clv(m, g, a, '2026-03-30', 52, 0.01, 0) AS no_margin, clv(m, g, a, '2026-01-01', 52, 0.01, 1) AS not_yet,
  (clv_interval(m, g, a, '2026-03-30', 52, 0.01, 1)).std_error AS given_parameters, clv(m, gamma_gamma_model(6.25, 0.9, 15.44), a, '2026-03-30', 52, 0.01, 1) AS no_amount_to_expect
FROM (SELECT activity('2026-01-05', 100) AS a) AS c, bgnbd_model(0.243, 4.414, 0.793, 2.426) AS m, gamma_gamma_model(6.25, 3.74, 15.44) AS g;
SELECT clv(m, g, a, '2026-03-01', 52, 0.01, 1) FROM ann, bgnbd_model(0.243, 4.414, 0.793, 2.426) AS m, gamma_gamma_model(6.25, 3.74, 15.44) AS g;

-- An interval holds its figure and widens with the confidence. The models are those of CDNOW, with their covariances to two digits.
CREATE TEMP TABLE model AS SELECT
  '{"parameters": {"r": 0.24259, "alpha": 4.4136, "a": 0.79292, "b": 2.42591}, "fit": {"status": "converged", "log_likelihood": -9582.4292, "iterations": 91, "gradient_norm": 0, "clients": 2357, "dense_clients": 0, "distinct_rows": 1016,
    "data_digest": "0000000000000000", "covariance": [1.6e-4, 3.8e-3, 0.14, -3.5e-5, 2e-3, 0.035, -3e-4, 7e-3, 0.12, 0.5]}}'::bgnbd_model AS b,
  '{"parameters": {"p": 6.24957, "q": 3.74422, "gamma": 15.44352}, "fit": {"status": "converged", "log_likelihood": -4055.9177, "iterations": 90, "gradient_norm": 0, "clients": 946, "left_out": 1411, "distinct_rows": 946,
    "data_digest": "0000000000000000", "correlation": 0.11, "covariance": [1.4, -0.2, 0.08, -4.8, 0.99, 17.3]}}'::gamma_gamma_model AS g;
SELECT count(*) AS clients, bool_and(i.lower < i.clv AND i.clv < i.upper AND i.std_error > 0 AND abs(i.upper - i.clv - 1.959963984540054 * i.std_error) < 1e-9 * i.clv AND w.upper > i.upper) AS sound
FROM model, (SELECT a FROM client WHERE c <= 20) AS c, clv_interval(b, g, a, '2026-12-31', 52, 0.002, 0.5) AS i, clv_interval(b, g, a, '2026-12-31', 52, 0.002, 0.5, 0.99) AS w;
-- The delta method by hand: where only r is uncertain, the standard error is the slope by r times its own.
SELECT abs(i.std_error * 0.0002 / (0.0126 * abs(clv(more, g, a, '2026-03-30', 52, 0.002, 0.5) - clv(less, g, a, '2026-03-30', 52, 0.002, 0.5))) - 1) < 1e-3 AS slope_by_r
FROM ann, model, bgnbd_model(0.24269, 4.4136, 0.79292, 2.42591) AS more, bgnbd_model(0.24249, 4.4136, 0.79292, 2.42591) AS less,
  clv_interval(regexp_replace(b::text, '"covariance":.*\]', '"covariance":[0.00015876,0,1e-18,0,0,1e-18,0,0,0,1e-18]')::bgnbd_model,
    regexp_replace(g::text, '"covariance":.*\]', '"covariance":[1e-18,0,1e-18,0,0,1e-18]')::gamma_gamma_model, a, '2026-03-30', 52, 0.002, 0.5) AS i;
-- Where q is next to 1 the value exists only just, and nothing can be said of its error.
SELECT i.clv > 0 AS clv, i.std_error, i.lower, i.upper
FROM model, clv_interval(b, replace(g::text, '"q":3.74422', '"q":1.00005')::gamma_gamma_model, activity_add(NULL, '2026-01-05', 100), '2026-12-31', 52, 0.002, 0.5) AS i;
-- Nor where the square of the error is beyond the numbers, though the value is not.
SELECT i.clv > 1e150 AS clv, i.std_error, i.lower, i.upper
FROM model, clv_interval(regexp_replace(b::text, '"covariance":.*\]', '"covariance":[1e-4,-1e-6,1e-4,-1e-6,1e-6,1e-4,1e-6,-1e-6,-1e-6,1e-4]')::bgnbd_model,
    regexp_replace(g::text, '"covariance":.*\]', '"covariance":[1e-4,-1e-6,1e-4,1e-6,-1e-6,1e-4]')::gamma_gamma_model,
    activity_add(activity_add(NULL, '2026-01-05', 100), '2026-12-01', 100), '2026-12-31', 100, -0.99, 1) AS i;

-- A fit that is not sound is refused, of purchases or of amounts, unless asked otherwise; its interval is not known.
CREATE TEMP TABLE unsound AS SELECT regexp_replace(replace(b::text, '"converged"', '"not_identified"'), ',"covariance".*\]', '')::bgnbd_model AS b, regexp_replace(replace(g::text, '"converged"', '"at_bound"'), ',"covariance".*\]', '')::gamma_gamma_model AS g FROM model;
SELECT call, pg_temp.refusal(call || ' FROM ann, (SELECT u.b AS bad_b, u.g AS bad_g, m.b, m.g FROM unsound AS u, model AS m) AS x') AS result
FROM unnest(ARRAY['clv(bad_b, g, a, ''2026-12-31'', 52, 0, 1)', 'clv(b, bad_g, a, ''2026-12-31'', 52, 0, 1)', 'clv(bad_b, bad_g, a, ''2026-12-31'', 52, 0, 1, true) = clv(b, g, a, ''2026-12-31'', 52, 0, 1)',
  '(clv_detail(bad_b, g, a, ''2026-12-31'', 52, 0, 1)).clv', '(clv_interval(bad_b, g, a, ''2026-12-31'', 52, 0, 1)).clv', '(clv_interval(bad_b, g, a, ''2026-12-31'', 52, 0, 1, any_status => true)).std_error']) WITH ORDINALITY AS u (call, n) ORDER BY n;

-- Bad input
SELECT call, pg_temp.refusal(call || ' FROM ann, bgnbd_model(0.243, 4.414, 0.793, 2.426) AS m, gamma_gamma_model(6.25, 3.74, 15.44) AS g') AS result
FROM unnest(ARRAY['clv(m, g, a, ''2026-03-30'', -1, 0.01, 1)', 'clv(m, g, a, ''2026-03-30'', ''NaN'', 0.01, 1)', 'clv(m, g, a, ''2026-03-30'', 10001, 0.01, 1)', 'clv(m, g, a, ''2026-03-30'', 52, -1, 1)', 'clv(m, g, a, ''2026-03-30'', 52, ''NaN'', 1)',
  'clv(m, g, a, ''2026-03-30'', 52, 0.01, ''Infinity'')', 'clv(m, g, a, ''infinity'', 52, 0.01, 1)', 'clv(m, g, a, ''2026-03-30'', 10000, -0.9, 1)', 'clv(m, g, a, ''2026-03-30'', 10000, -0.9, 0)',
  'clv_interval(m, g, a, ''2026-03-30'', 52, 0.01, 1, 1)', 'clv_interval(m, g, a, ''2026-03-30'', 52, 0.01, 1, ''NaN'')']) WITH ORDINALITY AS u (call, n)
ORDER BY n;
