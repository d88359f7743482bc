-- gamma_gamma_model: what an active day of a client is expected to bring.
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

SELECT gamma_gamma_model(6.25, 3.74, 15.44) AS model, model_status(gamma_gamma_model(6.25, 3.74, 15.44));
SELECT m::text::gamma_gamma_model = m AS text_round_trip, m::jsonb::gamma_gamma_model = m AS jsonb_round_trip, m <> gamma_gamma_model(1, 1, 1) AS other FROM gamma_gamma_model(6.25, 3.74, 15.44) AS m;

-- The mean of a few amounts is drawn towards that of all; by numbers or by the activity itself, of which the first day does not count.
SELECT x, pg_temp.shown(expected_amount(m, x, 100)) AS expected_amount FROM gamma_gamma_model(6.25, 3.74, 15.44) AS m, unnest('{0,1,2,10,100}'::int[]) AS x;
SELECT expected_amount(m, activity(d, a)) = expected_amount(m, 2, 40) AS by_activity, expected_amount(m, 0, 0) = expected_amount_new(m) AS new
FROM (VALUES ('2026-01-05'::date, 100), ('2026-02-02', 30), ('2026-03-02', 50)) AS v (d, a), gamma_gamma_model(6.25, 3.74, 15.44) AS m GROUP BY m;
-- Nothing to expect of a new client where q <= 1; a total below zero counts as zero.
SELECT expected_amount_new(m) AS new, pg_temp.shown(expected_amount(m, 5, 40)) AS known FROM gamma_gamma_model(6.25, 0.9, 15.44) AS m;
SELECT expected_amount(m, 5, -40) = expected_amount(m, 5, 0) AS negative, pg_temp.shown(expected_amount(m, 5, 0)) AS zero FROM gamma_gamma_model(6.25, 3.74, 15.44) AS m;

-- 600 clients whose chances come from a digest, so that every machine has the same
CREATE FUNCTION pg_temp.chance(what text) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$ SELECT (('x' || substr(md5(what), 1, 7))::bit(28)::int + 0.5) / 268435456 $$;
CREATE TEMP TABLE client AS
SELECT c, activity('2025-01-01'::date + c % 90 + 5 * k, round((30 * power(pg_temp.chance('mean' || c), -0.4) * (0.3 + 1.4 * pg_temp.chance('amount' || c || '-' || k)))::numeric, 2)) AS a
FROM generate_series(1, 600) AS c, generate_series(0, c % 7) AS k GROUP BY c;
CREATE TEMP TABLE fitted AS SELECT gamma_gamma_fit(a) AS m FROM client;
SELECT p.ordinal, p.name, p.estimate > 0 AS estimated, p.std_error > 0 AND p.std_error < p.estimate AS with_std_error FROM fitted, model_parameters(m) AS p;
SELECT d.name, CASE WHEN d.name IN ('status', 'clients', 'left_out', 'distinct_rows') THEN d.value WHEN d.name = 'correlation' THEN round(d.value::numeric, 4)::text END AS value, d.meaning FROM fitted, model_diagnostics(m) AS d;
-- The correlation is that of frequency and mean amount.
SELECT abs(d.value::float8 - corr(frequency(a, '2026-01-01'), (total(a) - first_day_total(a)) / frequency(a, '2026-01-01'))) < 1e-12 AS same
FROM fitted, model_diagnostics(m) AS d, client WHERE d.name = 'correlation' AND frequency(a, '2026-01-01') > 0 GROUP BY d.value;
-- The aggregate is the fit of the summary that it collects; parts that are merged give the same model, to the bit.
SELECT gamma_gamma_fit(repeat_spend(a)) = m AS of_the_summary FROM client, fitted GROUP BY m;
SELECT gamma_gamma_fit(rollup(s)) = m AS of_parts FROM (SELECT c % 7 AS part, repeat_spend(a) AS s FROM client GROUP BY 1) AS parts, fitted GROUP BY m;
SELECT m::text::gamma_gamma_model = m AS through_text, m::jsonb::gamma_gamma_model = m AS through_jsonb FROM fitted;
-- In cents as the unit: the same model otherwise written.
SELECT w.name, abs(w.estimate * CASE w.name WHEN 'gamma' THEN 100 ELSE 1 END / d.estimate - 1) < 1e-8 AS same
FROM fitted, (SELECT gamma_gamma_fit(a) AS cents FROM (
    SELECT activity('2025-01-01'::date + c % 90 + 5 * k, 100 * round((30 * power(pg_temp.chance('mean' || c), -0.4) * (0.3 + 1.4 * pg_temp.chance('amount' || c || '-' || k)))::numeric, 2)) AS a
    FROM generate_series(1, 600) AS c, generate_series(0, c % 7) AS k GROUP BY c) AS c) AS cents, model_parameters(m) AS w JOIN LATERAL model_parameters(cents) AS d USING (name);

-- Clients who never came back, or for nothing, say nothing; data that the model does not suit give a model that says so.
CREATE TEMP TABLE unfit AS
SELECT what, gamma_gamma_fit(a) AS m
FROM (
  SELECT 'one client' AS what, 1 AS c, activity('2026-01-05'::date + n, 10 + n) AS a FROM unnest('{0,20,50}'::int[]) AS n
  UNION ALL SELECT 'no repeat buyers', c, activity('2026-01-05'::date + c % 60, 10) FROM generate_series(1, 200) AS c GROUP BY c
  UNION ALL SELECT 'all the same', c, activity('2026-01-05'::date + 9 * n, 10) FROM generate_series(1, 200) AS c, generate_series(0, 3) AS n GROUP BY c
  UNION ALL SELECT 'amounts all the same', c, activity('2026-01-05'::date + n, 10) FROM generate_series(1, 200) AS c, generate_series(0, c % 9) AS n GROUP BY c
  UNION ALL SELECT 'negative amounts', c, activity('2026-01-05'::date + n, -5) FROM generate_series(1, 200) AS c, generate_series(0, c % 5) AS n GROUP BY c
  UNION ALL SELECT 'zero amounts', c, activity('2026-01-05'::date + n, 0) FROM generate_series(1, 200) AS c, generate_series(0, c % 5) AS n GROUP BY c) AS x
GROUP BY what;
SELECT what, model_status(m), d.value AS left_out FROM unfit, model_diagnostics(m) AS d WHERE d.name = 'left_out' ORDER BY 1;
SELECT call, pg_temp.refusal(format(call, '') || ' FROM unfit WHERE what = ''amounts all the same''') AS refused,
  pg_temp.refusal(format(call, ', any_status => true') || ' IS NOT NULL FROM unfit WHERE what = ''amounts all the same''') AS asked_otherwise
FROM unnest(ARRAY['expected_amount(m, 2, 10%s)', 'expected_amount(m, activity_add(NULL, ''2026-01-05'', 1)%s)', 'expected_amount_new(m%s)', 'log_likelihood(m%s)', '(SELECT sum(estimate) FROM model_parameters(m%s))', 'model_covariance(m%s)']) WITH ORDINALITY AS u (call, n) ORDER BY n;
SELECT gamma_gamma_fit(NULL::activity_summary) IS NULL AS of_nobody;

-- Bad input
SELECT call, pg_temp.refusal(call || ' FROM gamma_gamma_model(6.25, 3.74, 15.44) AS m') AS result
FROM unnest(ARRAY['expected_amount(m, -1, 5)', 'expected_amount(m, 1, ''NaN'')', 'expected_amount(m, 1, ''Infinity'')', 'gamma_gamma_model(1, 1, ''Infinity'')', 'gamma_gamma_model(1, 0, 1)']) WITH ORDINALITY AS u (call, n) ORDER BY n;
SELECT problem('gamma_gamma_model', '{"parameters": {"p": 1, "q": 1, "gamma": 1}, "days_per_unit": 7}');
SELECT changed, problem('gamma_gamma_model', replace(m::text, was, changed)) FROM fitted, (VALUES ('"correlation":-0', '"correlation":-9'), ('"left_out":', '"left_out":-'), ('"status":"converged"', '"status":"at_bound"')) AS v (was, changed);
