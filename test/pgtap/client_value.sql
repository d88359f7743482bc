-- Models of purchases and amounts: figures to 20 digits over the whole range, and parameters of generated clients found again.
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = crm, public;
SELECT no_plan();

------------------------------------------------------------------------------------------------------------------------
-- What the models predict, against test/reference/client_value.sql: other formulae, in as many digits as they take (mpmath)
------------------------------------------------------------------------------------------------------------------------

\ir ../reference/client_value.sql
CREATE FUNCTION pg_temp.computed(c client_value_reference) RETURNS float8 LANGUAGE sql AS $$
  SELECT CASE c.model || ' ' || c.what
    WHEN 'bgnbd p_alive' THEN p_alive(bgnbd_model(c.p1, c.p2, c.p3, c.p4), c.x, c.t_x, c.t)
    WHEN 'bgnbd expected' THEN expected_purchases(bgnbd_model(c.p1, c.p2, c.p3, c.p4), c.x, c.t_x, c.t, c.horizon)
    WHEN 'bgnbd new' THEN expected_purchases_new(bgnbd_model(c.p1, c.p2, c.p3, c.p4), c.horizon)
    WHEN 'bgnbd probability' THEN purchase_probability(bgnbd_model(c.p1, c.p2, c.p3, c.p4), c.x, c.horizon)
    WHEN 'pareto_nbd p_alive' THEN p_alive(pareto_nbd_model(c.p1, c.p2, c.p3, c.p4), c.x, c.t_x, c.t)
    WHEN 'pareto_nbd expected' THEN expected_purchases(pareto_nbd_model(c.p1, c.p2, c.p3, c.p4), c.x, c.t_x, c.t, c.horizon)
    WHEN 'pareto_nbd new' THEN expected_purchases_new(pareto_nbd_model(c.p1, c.p2, c.p3, c.p4), c.horizon)
    WHEN 'pareto_nbd probability' THEN purchase_probability(pareto_nbd_model(c.p1, c.p2, c.p3, c.p4), c.x, c.horizon)
  END
$$;
SELECT cmp_ok((SELECT count(*)::int FROM client_value_reference), '>', 700, 'the table of reference is there');
SELECT is_empty($$
  SELECT c.*, computed, abs(computed::numeric - value) / greatest(value, 1e-300) AS error
  FROM client_value_reference AS c, pg_temp.computed(c) AS computed
  WHERE computed IS NULL OR NOT computed < 'Infinity' OR abs(computed::numeric - value) > 1e-9 * greatest(value, 1e-300)
$$, 'all figures agree to nine digits, frequencies and times up to 10,000, parameters from 1e-4 to 1e4');

-- Probabilities add up to 1, and their mean is what is expected.
SELECT ok(bool_and(abs(total - 1) < 1e-9 AND abs(mean / expected - 1) < 1e-6), 'probabilities of BG/NBD add up, to the expected number')
FROM (SELECT sum(purchase_probability(m, n, 39)) AS total, sum(n * purchase_probability(m, n, 39)) AS mean, max(expected_purchases_new(m, 39)) AS expected
  FROM bgnbd_model(0.243, 4.414, 0.793, 2.426) AS m, generate_series(0, 400) AS n) AS s;
SELECT ok(bool_and(abs(total - 1) < 1e-9 AND abs(mean / expected - 1) < 1e-6), 'probabilities of Pareto/NBD add up, to the expected number')
FROM (SELECT sum(purchase_probability(m, n, 39)) AS total, sum(n * purchase_probability(m, n, 39)) AS mean, max(expected_purchases_new(m, 39)) AS expected
  FROM pareto_nbd_model(0.553, 10.58, 0.606, 11.67) AS m, generate_series(0, 400) AS n) AS s;
-- a = 1 and s = 1 divide by zero in the textbooks; next to them nothing jumps.
SELECT ok(abs(expected_purchases(bgnbd_model(0.243, 4.414, 1, 2.426), 2, 30, 39, 39) / expected_purchases(bgnbd_model(0.243, 4.414, 1 + 1e-9, 2.426), 2, 30, 39, 39) - 1) < 1e-8, 'a = 1');
SELECT ok(abs(expected_purchases(pareto_nbd_model(0.553, 10.58, 1, 11.67), 2, 30, 39, 39) / expected_purchases(pareto_nbd_model(0.553, 10.58, 1 + 1e-9, 11.67), 2, 30, 39, 39) - 1) < 1e-8, 's = 1');
SELECT ok(abs(p_alive(pareto_nbd_model(0.553, 11, 0.606, 11), 2, 30, 39) / p_alive(pareto_nbd_model(0.553, 11, 0.606, 11 + 1e-9), 2, 30, 39) - 1) < 1e-8, 'alpha = beta');
-- Chances fall with silence, and expectations rise with the horizon, without end.
SELECT is_empty($$
  SELECT model, t FROM (
    SELECT 'bgnbd' AS model, t, p_alive(m, 5, 20, t) AS p, lag(p_alive(m, 5, 20, t)) OVER w AS before FROM bgnbd_model(0.243, 4.414, 0.793, 2.426) AS m, generate_series(20, 400) AS t WINDOW w AS (ORDER BY t)
    UNION ALL SELECT 'pareto_nbd', t, p_alive(m, 5, 20, t), lag(p_alive(m, 5, 20, t)) OVER w FROM pareto_nbd_model(0.553, 10.58, 0.606, 11.67) AS m, generate_series(20, 400) AS t WINDOW w AS (ORDER BY t)) AS s
  WHERE NOT p < before $$, 'the longer the silence, the smaller P(alive)');
SELECT is_empty($$
  SELECT h FROM (
    SELECT h, expected_purchases(m, 5, 20, 30, h) AS e, lag(expected_purchases(m, 5, 20, 30, h)) OVER w AS before FROM bgnbd_model(0.243, 4.414, 0.793, 2.426) AS m, generate_series(0, 2000, 3) AS h WINDOW w AS (ORDER BY h)) AS s
  WHERE NOT e > before $$, 'the longer the horizon, the more purchases: where the series gives way to the integral, too');

------------------------------------------------------------------------------------------------------------------------
-- Generated clients: the parameters are found again
------------------------------------------------------------------------------------------------------------------------

\ir ../reference/purchase_generator.sql
SELECT setseed(0.2026) \g /dev/null
CREATE TEMP TABLE generated AS
SELECT seed, client, tenure, date '1900-01-01' AS first_day, pg_temp.bgnbd_days(0.8, 6, 1.2, 3, 1000, tenure) AS bgnbd, pg_temp.pareto_nbd_days(0.9, 8, 0.8, 15, 1000, tenure) AS pareto_nbd
FROM generate_series(1, 100) AS seed, generate_series(1, 1500) AS client, LATERAL (SELECT 25000 + (random() * 15000)::int + client * 0 AS tenure) AS t;
CREATE TEMP TABLE fitted AS
SELECT seed, bgnbd_fit(rollup(b), 1000) AS b, pareto_nbd_fit(rollup(p), 1000) AS p, gamma_gamma_fit(rollup(s)) AS g
FROM (
  SELECT seed, client, repeat_purchases(b, first_day + tenure) AS b, repeat_purchases(p, first_day + tenure) AS p, repeat_spend(b) AS s
  FROM (
    SELECT seed, client, tenure, first_day, (SELECT activity(first_day + day, amount) FROM unnest(bgnbd, pg_temp.gamma_gamma_amounts(6, 4, 15, cardinality(bgnbd))) AS u (day, amount)) AS b,
      (SELECT activity(first_day + day, 1) FROM unnest(pareto_nbd) AS day) AS p
    FROM generated) AS a
  GROUP BY seed, client) AS c
GROUP BY seed;
CREATE TEMP TABLE found AS
SELECT 'bgnbd' AS model, seed, e.*, v.truth FROM fitted, model_parameters(b) AS e JOIN (VALUES ('r', 0.8), ('alpha', 6), ('a', 1.2), ('b', 3)) AS v (name, truth) USING (name)
UNION ALL SELECT 'pareto_nbd', seed, e.*, v.truth FROM fitted, model_parameters(p) AS e JOIN (VALUES ('r', 0.9), ('alpha', 8), ('s', 0.8), ('beta', 15)) AS v (name, truth) USING (name)
UNION ALL SELECT 'gamma_gamma', seed, e.*, v.truth FROM fitted, model_parameters(g) AS e JOIN (VALUES ('p', 6), ('q', 4), ('gamma', 15)) AS v (name, truth) USING (name);
-- In 95 of 100 it is expected.
SELECT is((SELECT count(DISTINCT seed)::int FROM found WHERE std_error > 0), 100, 'there are 100 seeds');
SELECT cmp_ok(within, '>=', 90, format('%s %s: the truth is within two standard errors of the estimate in %s of 100 seeds', model, name, within))
FROM (SELECT model, name, count(*) FILTER (WHERE abs(estimate - truth) <= 2 * std_error)::int AS within FROM found GROUP BY 1, 2) AS s ORDER BY model, name;
SELECT cmp_ok(abs(ratio - 1), '<', 0.4::float8, format('%s: standard errors are as large as the errors, by a factor of %s', model, round(ratio::numeric, 2)))
FROM (SELECT model, sqrt(avg(((ln(estimate) - ln(truth)) / (std_error / estimate)) ^ 2)) AS ratio FROM found GROUP BY 1) AS s ORDER BY model;

------------------------------------------------------------------------------------------------------------------------
-- A fit can be cancelled, whatever library drives it, and nothing is the worse for it
------------------------------------------------------------------------------------------------------------------------

CREATE TEMP TABLE many AS
SELECT repeat_purchases(activity_add(activity_add(NULL, '2000-01-01', 1), '2000-01-01'::date + n % 5000 + 1, 1), '2000-01-01'::date + 5001 + n / 7) AS s FROM generate_series(1, 50000) AS n;
CREATE FUNCTION pg_temp.is_cancelled(query text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE query;
  RETURN false;
EXCEPTION WHEN query_canceled THEN
  RETURN true;
END
$$;
SET LOCAL statement_timeout = '50ms';
SELECT ok(pg_temp.is_cancelled('SELECT pareto_nbd_fit(s) FROM many'), 'a fit that takes too long is cancelled');
SET LOCAL statement_timeout = 0;
SELECT ok((SELECT model_status(bgnbd_fit(s)) IS NOT NULL FROM many), 'and another one runs');

SELECT * FROM finish();
ROLLBACK;
