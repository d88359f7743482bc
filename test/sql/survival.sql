-- Survival: how long clients stay, where some are still here and some came under observation late.
SET search_path = crm, public;

-- Freireich et al. (1963), Blood 21: weeks in remission on 6-MP and on placebo, as tabled by Gehan (1965), Biometrika 52. Minus: censored.
CREATE TEMP TABLE remission AS
SELECT 'mp' AS arm, abs(w) AS weeks, w > 0 AS ended
FROM unnest('{6,6,6,-6,7,-9,10,-10,-11,13,16,-17,-19,-20,22,23,-25,-32,-32,-34,-35}'::int[]) AS w
UNION ALL
SELECT 'placebo', w, true FROM unnest('{1,1,2,2,3,4,4,5,5,8,8,8,8,11,11,12,12,15,17,22,23}'::int[]) AS w;
CREATE TEMP TABLE arm AS SELECT arm, survival(weeks, ended) AS s FROM remission GROUP BY arm;

-- The curve of Kaplan and Meier with Greenwood's standard error: S(6) .857143, S(23) .448179, standard errors .076360 and .134591.
SELECT "time", at_risk, events, censored, round(survival::numeric, 6) AS survival, round(std_error::numeric, 6) AS std_error,
  round(lower_95::numeric, 4) AS lower_95, round(upper_95::numeric, 4) AS upper_95
FROM arm, survival_table(s) WHERE arm = 'mp' ORDER BY "time";
SELECT t, round(survival_at(s, t)::numeric, 6) AS survival FROM arm, unnest('{0,5.9,6,7,10,13,16,22,23,35}'::float8[]) AS t WHERE arm = 'mp';
SELECT arm, subjects(s), ended(s), m.median, m.lower_95, m.upper_95, round(restricted_mean(s, 20)::numeric, 4) AS of_20_weeks FROM arm, median_survival(s) AS m ORDER BY arm;

-- Are the two arms one? Log-rank: 16.79 in every textbook, 9 and 21 events where 19.25 and 10.75 were expected.
SELECT round(chi_square::numeric, 2) AS chi_square, round(p_value::numeric, 6) AS p_value, events_a, round(expected_a::numeric, 2) AS expected_a,
  events_b, round(expected_b::numeric, 2) AS expected_b
FROM log_rank((SELECT s FROM arm WHERE arm = 'mp'), (SELECT s FROM arm WHERE arm = 'placebo'));

-- Months merge to years, branches to the firm.
SELECT rollup(s) = (SELECT survival(weeks, ended) FROM remission) AS same_as_from_the_rows FROM arm;

-- Bounds are symmetric on the scale log(-log S), or on the scale log S if asked.
SELECT round(survival::numeric, 4) AS survival, round(l.lower_95::numeric, 4) AS lower_log, round(l.upper_95::numeric, 4) AS upper_log
FROM arm, survival_table(s, 'log') AS l WHERE arm = 'mp' AND "time" IN (6, 23);

-- Left truncation: a client of whom nothing is known before an entry day is at risk after it only. Three clients seen from the start,
-- two from day 10 on.
CREATE TEMP TABLE late AS SELECT survival(duration, ended, entry) AS s
FROM (VALUES (5, true, NULL), (12, true, NULL), (20, false, 0), (15, true, 10), (30, false, 10)) AS v (duration, ended, entry);
SELECT "time", at_risk, events, censored, round(survival::numeric, 4) AS survival FROM late, survival_table(s);

-- What is not known is NULL: after the last duration while some are left, a median that is not reached, an error where nobody is left.
SELECT round(survival_at(s, 30)::numeric, 4) AS known, survival_at(s, 31) AS not_known, restricted_mean(s, 31) AS nor_this, m.* FROM late, median_survival(s) AS m;
SELECT restricted_mean(survival(d, true), 'Infinity') AS mean, survival_at(survival(d, true), 'Infinity') AS for_ever FROM (VALUES (1), (4), (7)) AS v (d);
SELECT restricted_mean(survival(d, d < 7), 'Infinity') AS not_known FROM (VALUES (1), (4), (7)) AS v (d);
SELECT "time", survival, round(std_error::numeric, 6) AS std_error, round(lower_95::numeric, 6) AS lower_95, round(upper_95::numeric, 6) AS upper_95
FROM survival_table((SELECT survival(d, true) FROM (VALUES (1), (2)) AS v (d)));
SELECT median, lower_95, upper_95 FROM median_survival((SELECT survival(d, true) FROM (VALUES (1), (2), (3), (4)) AS v (d)));

-- Rows with a NULL duration or end are skipped
SELECT subjects(survival(d, e)) FROM (VALUES (1, true), (NULL, true), (2, NULL)) AS v (d, e);
SELECT survival(d, true) IS NULL AS only_nulls FROM (VALUES (NULL::int)) AS v (d);

-- Arguments that are refused
SELECT survival(-1, true);
SELECT survival(10, true, -1);
SELECT survival(10, true, 10);
SELECT survival_at(s, -1) FROM late;
SELECT restricted_mean(s, 'NaN') FROM late;
SELECT median_survival(s, 'plain') FROM late;

-- Text is the hexadecimal form of the binary one: version, flags, number of durations, then for each the
-- distance from the one before, ended, censored, entered.
SELECT survival(d, e, entry) FROM (VALUES (3, true, 0), (5, false, 2)) AS v (d, e, entry);
CREATE FUNCTION pg_temp.problem(hex text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  detail text;
BEGIN
  RETURN hex::crm.survival_summary;
EXCEPTION WHEN invalid_text_representation THEN
  GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
  RETURN detail;
END
$$;
SELECT what, pg_temp.problem(hex) AS problem
FROM (VALUES
  ('as it is', '010003020000010001000001000100'),
  ('no durations', '010000'),
  ('cut off', '0100030200000100010000010001'),
  ('a byte more', '01000302000001000100000100010000'),
  ('a flag', '010103020000010001000001000100'),
  ('another version', '020003020000010001000001000100'),
  ('nothing happens', '010003020000010000000001000100'),
  ('entering at the start', '010003000000010201000001000100'),
  ('leaving before entering', '0100020101000002000001'),
  ('a longer number', '010001800001000000'),
  ('a duration above 2^31', '0100028180808008010000ffffffff0701000000')) AS v (what, hex);
