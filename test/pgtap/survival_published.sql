-- Survival on published data sets, which do not come with the project: lung (Loprinzi et al. 1994, J Clin Oncol 12) and heart (Crowley and
-- Hu 1977, JASA 72), as R's package survival has them. CRM_EXT_DATA is a folder with survival/*.csv in it; a missing file is a skip.
\set lung `f="$CRM_EXT_DATA/survival/lung_survival_pkg.csv"; test -r "$f" && cat "$f"`
\set heart `f="$CRM_EXT_DATA/survival/stanford_heart.csv"; test -r "$f" && cat "$f"`
SELECT :'lung' = '' OR :'heart' = '' AS absent \gset
\if :absent
  SELECT plan(1);
  SELECT skip('the survival data sets are not here: set CRM_EXT_DATA', 1);
  SELECT * FROM finish();
  \quit
\endif

BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = public, crm;
SELECT no_plan();

CREATE TEMP TABLE lung AS
SELECT split_part(line, ',', 2)::int AS days, split_part(line, ',', 3) = '2' AS died, split_part(line, ',', 5) AS sex
FROM string_to_table(rtrim(:'lung', E'\n'), E'\n') WITH ORDINALITY AS l (line, n) WHERE n > 1;
CREATE TEMP TABLE by_sex AS SELECT sex, survival(days, died) AS s FROM lung GROUP BY sex;
CREATE TEMP TABLE everybody AS SELECT rollup(s) AS s FROM by_sex;

-- print(survfit(Surv(time, status) ~ 1, lung)): n 228, events 165, median 310, 0.95LCL 285, 0.95UCL 363 (bounds on the scale log)
SELECT results_eq('SELECT subjects(s), ended(s) FROM everybody', $$ VALUES (228::bigint, 165::bigint) $$, 'lung: 228 patients, 165 deaths');
SELECT results_eq($$ SELECT m.* FROM everybody, median_survival(s, 'log') AS m $$, $$ VALUES (310::float8, 285::float8, 363::float8) $$,
  'lung: median 310, bounds 285 and 363');
-- survfit(..., conf.type = "log-log")
SELECT results_eq('SELECT m.* FROM everybody, median_survival(s) AS m', $$ VALUES (310::float8, 284::float8, 361::float8) $$,
  'lung: bounds 284 and 361 on the scale log-log');
-- survfit(Surv(time, status) ~ sex, lung): 270 (212, 310) and 426 (348, 550)
SELECT results_eq($$ SELECT sex, m.* FROM by_sex, median_survival(s, 'log') AS m ORDER BY sex $$,
  $$ VALUES ('1', 270::float8, 212::float8, 310::float8), ('2', 426, 348, 550) $$, 'lung by sex: medians 270 and 426 with their bounds');
-- survdiff(Surv(time, status) ~ sex, lung): observed 112 and 53, expected 91.6 and 73.4, chisq 10.3 on 1 degree of freedom, p 0.001
SELECT results_eq($$
  SELECT round(chi_square::numeric, 4), round(p_value::numeric, 5), events_a, round(expected_a::numeric, 1), events_b, round(expected_b::numeric, 1)
  FROM log_rank((SELECT s FROM by_sex WHERE sex = '1'), (SELECT s FROM by_sex WHERE sex = '2')) $$,
  $$ VALUES (10.3267, 0.00131, 112::bigint, 91.6, 53::bigint, 73.4) $$, 'lung by sex: log-rank 10.3267');
-- summary(survfit(...), times = c(100, 365, 730)): .8640, .4092, .1157
SELECT results_eq($$ SELECT round(survival_at(s, t)::numeric, 4) FROM everybody, unnest('{100,365,730}'::float8[]) AS t $$,
  $$ VALUES (0.8640), (0.4092), (0.1157) $$, 'lung: survival at 100, 365 and 730 days');

-- The heart transplant programme: (start, stop] spells of 103 patients, in half days since a stop is at 4.5. A spell before and one after the
-- transplant make the patient, so that the curve of all spells is that of the patients' whole time in the programme.
CREATE TEMP TABLE spell AS
SELECT (2 * split_part(line, ',', 1)::numeric)::int AS start, (2 * split_part(line, ',', 2)::numeric)::int AS stop, split_part(line, ',', 3) = '1' AS died,
  split_part(line, ',', 7) = '"1"' AS transplanted, split_part(line, ',', 8)::int AS patient
FROM string_to_table(rtrim(:'heart', E'\n'), E'\n') WITH ORDINALITY AS l (line, n) WHERE n > 1;
SELECT is((SELECT count(*) FROM spell), 172::bigint, 'heart: 172 spells');
SELECT results_eq(
  $$ SELECT time, at_risk, events, survival, std_error FROM survival_table((SELECT survival(stop, died, start) FROM spell)) WHERE events > 0 $$,
  $$ SELECT time, at_risk, events, survival, std_error FROM survival_table((SELECT survival(stop, died) FROM (
       SELECT max(stop) AS stop, bool_or(died) AS died FROM spell GROUP BY patient) AS p)) WHERE events > 0 $$,
  'heart: spells with entry give the curve of the patients');
SELECT results_eq($$ SELECT subjects(s), ended(s), m.median / 2 FROM (SELECT survival(stop, died, start) AS s FROM spell) AS h, median_survival(s) AS m $$,
  $$ VALUES (172::bigint, 75::bigint, 100::float8) $$, 'heart: 75 deaths, median 100 days');
-- After the transplant, left truncated: at risk at t is who has been transplanted before t. Counted from the rows.
SELECT is_empty($$
  SELECT t.time, t.at_risk FROM survival_table((SELECT survival(stop, died, start) FROM spell WHERE transplanted)) AS t
  WHERE t.at_risk <> (SELECT count(*) FROM spell WHERE transplanted AND start < t.time AND stop >= t.time)
    OR t.events <> (SELECT count(*) FROM spell WHERE transplanted AND stop = t.time AND died)
$$, 'heart: at risk after the transplant is who has had it and is there');

SELECT * FROM finish();
ROLLBACK;
