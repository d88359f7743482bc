-- The examples: the documents in examples/policies say what they claim, the made-up warehouse has the shapes it claims, and the
-- mart over it finds every client whose case is known beforehand (warehouse.planted), and where it can be told, nobody else.
-- CRM_EXT_SOURCE is the project's folder; test/run sets it.
\set cn `cat "$CRM_EXT_SOURCE/examples/policies/cn_retail_suitability.json"`
\set eu `cat "$CRM_EXT_SOURCE/examples/policies/eu_mifid_suitability.json"`
\set rating `cat "$CRM_EXT_SOURCE/examples/policies/client_rating.json"`
\set tiers `cat "$CRM_EXT_SOURCE/examples/policies/client_tiers.json"`
\set segments `cat "$CRM_EXT_SOURCE/examples/policies/rfm_segments.json"`
\set life_stage `cat "$CRM_EXT_SOURCE/examples/policies/life_stage.json"`
\set service_model `cat "$CRM_EXT_SOURCE/examples/policies/service_model.json"`
\set grade `cat "$CRM_EXT_SOURCE/examples/policies/adviser_grade.json"`
\set far_trans_rating `cat "$CRM_EXT_SOURCE/examples/policies/far_trans_rating.json"`
\set far_trans_tiers `cat "$CRM_EXT_SOURCE/examples/policies/far_trans_tiers.json"`

BEGIN;
SET LOCAL client_min_messages = warning;
SELECT no_plan();

-- ---------------------------------------------------------------------------------------------------------------------
-- The Chinese policy
-- ---------------------------------------------------------------------------------------------------------------------

-- Clients without a fault, one of each class, and products without one, one of each grade
CREATE TEMP TABLE example_client AS
SELECT name, facts || jsonb_build_object('kind', 'person', 'assessed_on', '2026-01-15', 'longest_term_months', 600,
  'kinds', '["fixed_income", "equity", "margin", "complex"]'::jsonb, 'birth_date', '1980-05-01', 'id_expires_on', '2030-01-01',
  'permissions', '[]'::jsonb, 'assets_20_days', 500000, 'experience_since', '2024-06-30') AS client
FROM (VALUES ('C1 lowest', '{"risk_level": "C1", "lowest_class": true}'::jsonb), ('C1', '{"risk_level": "C1", "lowest_class": false}'),
  ('C2', '{"risk_level": "C2", "lowest_class": false}'), ('C3', '{"risk_level": "C3", "lowest_class": false}'),
  ('C4', '{"risk_level": "C4", "lowest_class": false}'), ('C5', '{"risk_level": "C5", "lowest_class": false}'),
  ('professional', '{"risk_level": "C1", "lowest_class": false, "professional_until": "2026-06-30"}')) AS c (name, facts);

CREATE TEMP TABLE example_product AS
SELECT 'R' || n AS name, jsonb_build_object('risk_level', 'R' || n, 'kind', 'equity') AS product FROM generate_series(1, 5) AS n;

-- A row a client, a letter a grade: o suitable, n notice, w overridable, ? undetermined, a needs approval, x prohibited
CREATE FUNCTION pg_temp.matrix(policy crm.suitability_policy, instruction jsonb) RETURNS SETOF text
LANGUAGE sql
BEGIN ATOMIC
  SELECT c.name || ': ' || string_agg(substr('onw?ax', array_position(enum_range(NULL::crm.suitability_outcome),
    crm.suitability(matrix.policy, c.client, p.product, '2026-06-30', matrix.instruction)), 1), '' ORDER BY p.name)
  FROM example_client AS c CROSS JOIN example_product AS p
  GROUP BY c.name;
END;

SELECT set_eq(format('SELECT pg_temp.matrix(%L, crm.instruction())', :'cn'),
  ARRAY['C1 lowest: oxxxx', 'C1: oxxxx', 'C2: ooxxx', 'C3: oooxx', 'C4: oooox', 'C5: oooon', 'professional: ooooo'],
  'nothing above the client''s level is recommended; R5 comes with a notice; a professional is not graded');
SELECT set_eq(format('SELECT pg_temp.matrix(%L, crm.instruction(''buy'', ''client''))', :'cn'),
  ARRAY['C1 lowest: oxxxx', 'C1: owwww', 'C2: oowww', 'C3: oooww', 'C4: oooow', 'C5: oooon', 'professional: ooooo'],
  'who asks may buy above the level after a warning, but the lowest class may not');
SELECT set_eq(format('SELECT pg_temp.matrix(%L, crm.instruction(''hold''))', :'cn'),
  ARRAY['C1 lowest: oxxxx', 'C1: owwww', 'C2: oowww', 'C3: oooww', 'C4: oooow', 'C5: ooooo', 'professional: ooooo'],
  'what is held above the level may be kept after a warning, but not by the lowest class');

-- One fact of a client without a fault changed at a time
SELECT is(crm.suitability(:'cn', client || changed, '{"risk_level": "R3", "kind": "equity", "term_months": 36}'::jsonb, '2026-06-30')::text,
  outcome, why)
FROM example_client, (VALUES
  ('{}'::jsonb, 'suitable', 'a client without a fault'),
  ('{"assessed_on": "2024-06-30"}', 'suitable', 'an assessment on its last day'),
  ('{"assessed_on": "2024-06-29"}', 'undetermined', 'an assessment a day too old'),
  ('{"assessed_on": null}', 'undetermined', 'never assessed'),
  ('{"risk_level": null}', 'undetermined', 'no risk level'),
  ('{"risk_level": "C9"}', 'undetermined', 'a risk level that the matrix does not know'),
  ('{"lowest_class": null}', 'undetermined', 'not known whether of the lowest class'),
  ('{"kinds": ["fixed_income"]}', 'notice', 'a kind that the client did not name'),
  ('{"kinds": null}', 'undetermined', 'no kinds declared'),
  ('{"longest_term_months": 36}', 'suitable', 'a term just long enough'),
  ('{"longest_term_months": 35}', 'notice', 'a term too long for the client'),
  ('{"longest_term_months": null}', 'undetermined', 'no term declared'),
  ('{"id_expires_on": "2026-06-30"}', 'suitable', 'an identity document on its last day'),
  ('{"id_expires_on": "2026-06-29"}', 'prohibited', 'an expired identity document'),
  ('{"kind": "entity", "id_expires_on": null}', 'suitable', 'an entity has no identity document'),
  ('{"professional_until": "2026-06-29", "risk_level": "C1"}', 'prohibited', 'a professional status that lapsed exempts nobody')
) AS v (changed, outcome, why)
WHERE name = 'C4';
SELECT is(crm.suitability(:'cn', client || changed, product || '{"permission": "STAR"}', '2026-06-30')::text, outcome, why)
FROM example_client AS c, example_product AS p, (VALUES
  ('{}'::jsonb, 'prohibited', 'a product whose permission is not open'),
  ('{"permissions": null}', 'prohibited', 'nor known'),
  ('{"permissions": ["BSE", "STAR"]}', 'suitable', 'a product whose permission is open'),
  ('{"permissions": ["STAR"], "birth_date": "1956-07-01"}', 'suitable', 'R4 at 69'),
  ('{"permissions": ["STAR"], "birth_date": "1956-06-30"}', 'needs_approval', 'R4 from the seventieth birthday')
) AS v (changed, outcome, why)
WHERE c.name = 'C4' AND p.name = 'R4';

-- The entry requirements: just met, then one of them missed. The client brings 500,000 and 24 months.
SELECT is(crm.suitability(:'cn', client || changed, jsonb_build_object('risk_level', 'R4', 'kind', 'equity', 'permission', permission),
  '2026-06-30', crm.instruction('open_permission', 'client', channel))::text, outcome, permission || ': ' || why)
FROM example_client, (VALUES
  ('STAR', 'app', '{}'::jsonb, 'suitable', 'just enough'),
  ('STAR', 'app', '{"assets_20_days": 499999.99}', 'prohibited', 'assets short'),
  ('STAR', 'app', '{"experience_since": "2024-07-01"}', 'prohibited', 'experience short'),
  ('STAR', 'app', '{"assets_20_days": null}', 'undetermined', 'assets not known'),
  ('STAR', 'app', '{"birth_date": "1950-01-01"}', 'needs_approval', 'over 70, online'),
  ('STAR', 'branch', '{"birth_date": "1950-01-01"}', 'suitable', 'over 70, at a branch'),
  ('STAR', 'app', '{"risk_level": "C3"}', 'overridable', 'risk level too low'),
  ('STAR', 'app', '{"risk_level": "C1", "lowest_class": true}', 'prohibited', 'lowest class'),
  ('ChiNext', 'app', '{"assets_20_days": 100000}', 'suitable', 'just enough'),
  ('ChiNext', 'app', '{"assets_20_days": 99999.99}', 'prohibited', 'assets short'),
  ('ChiNext', 'app', '{"experience_since": "2024-07-01"}', 'prohibited', 'experience short'),
  ('BSE', 'app', '{}', 'suitable', 'just enough'),
  ('BSE', 'app', '{"assets_20_days": 499999.99}', 'prohibited', 'assets short'),
  ('BSE', 'app', '{"experience_since": "2024-07-01"}', 'prohibited', 'experience short'),
  ('BSE', 'app', '{"kind": "entity", "assets_20_days": 0}', 'suitable', 'no threshold for institutions'),
  ('Stock Connect', 'app', '{"experience_since": "2026-06-29"}', 'suitable', 'no experience asked'),
  ('Stock Connect', 'app', '{"assets_20_days": 499999.99}', 'prohibited', 'assets short'),
  ('Stock Connect', 'app', '{"birth_date": "1960-06-30"}', 'needs_approval', 'over 65, online'),
  ('Margin', 'app', '{"experience_since": "2025-12-31"}', 'suitable', 'just enough: half a year from 31 December ends on 30 June'),
  ('Margin', 'app', '{"experience_since": "2026-01-01"}', 'prohibited', 'experience short'),
  ('Margin', 'app', '{"assets_20_days": 499999.99}', 'prohibited', 'assets short'),
  ('Margin', 'app', '{"birth_date": "1945-06-30"}', 'prohibited', 'over 80')
) AS v (permission, channel, changed, outcome, why)
WHERE name = 'C4';

-- ---------------------------------------------------------------------------------------------------------------------
-- The European policy
-- ---------------------------------------------------------------------------------------------------------------------
SELECT is(crm.suitability(:'eu', '{"risk_level": "Balanced", "risk_level_source": "answered", "assessed_on": "2021-05-10",
    "investment_capacity": "CAP_30K_80K", "capacity_below": 80000}'::jsonb || client,
  '{"risk_level": "medium high", "category": "MTF Balanced"}'::jsonb || product,
  '2022-11-30', crm.instruction('buy', initiated_by, NULL, amount))::text, outcome, why)
FROM (VALUES
  ('{}'::jsonb, '{}'::jsonb, 'firm', NULL::numeric, 'suitable', 'a client and a security without a fault'),
  ('{}', '{"risk_level": "high"}', 'firm', NULL, 'prohibited', 'above the level, recommended'),
  ('{}', '{"risk_level": "high"}', 'client', NULL, 'overridable', 'above the level, asked for'),
  ('{"risk_level": null, "risk_level_source": "predicted", "assessed_on": null}', '{"risk_level": "low"}', 'firm', NULL, 'undetermined',
    'a predicted level makes nothing suitable'),
  ('{"risk_level": null, "risk_level_source": "predicted", "assessed_on": null}', '{"risk_level": "high"}', 'firm', NULL, 'undetermined',
    'nor does it prohibit'),
  ('{"assessed_on": null}', '{}', 'firm', NULL, 'undetermined', 'no questionnaire'),
  ('{"assessed_on": "2019-11-30"}', '{}', 'firm', NULL, 'suitable', 'a questionnaire on its last day'),
  ('{"assessed_on": "2019-11-29"}', '{}', 'firm', NULL, 'undetermined', 'a stale questionnaire'),
  ('{"assessed_on": "2022-12-01"}', '{}', 'firm', NULL, 'undetermined', 'a questionnaire from after the day asked about'),
  ('{"risk_level": "Aggressive", "investment_capacity": "CAP_LT30K"}', '{"risk_level": "high"}', 'firm', NULL, 'notice', 'small capacity'),
  ('{"risk_level": "Aggressive", "investment_capacity": null}', '{"risk_level": "high"}', 'firm', NULL, 'notice', 'capacity not answered'),
  ('{"risk_level": "Aggressive"}', '{"risk_level": "high", "category": "MTF Structured"}', 'firm', NULL, 'notice', 'structured'),
  ('{}', '{}', 'firm', 80000, 'suitable', 'an amount within the capacity'),
  ('{}', '{}', 'firm', 80000.01, 'needs_approval', 'an amount above it'),
  ('{"investment_capacity": "CAP_GT300K", "capacity_below": null}', '{}', 'firm', 1000000, 'suitable', 'no upper end')
) AS v (client, product, initiated_by, amount, outcome, why);

-- ---------------------------------------------------------------------------------------------------------------------
-- Stages of life and services
-- ---------------------------------------------------------------------------------------------------------------------
SELECT is_empty(format('SELECT * FROM crm.decision_table_check(%L)', document), 'nothing is wrong with ' || name)
FROM (VALUES ('life_stage.json', :'life_stage'), ('service_model.json', :'service_model')) AS v (name, document);
SELECT is(crm.decide_text(:'life_stage', facts, 'life_stage'), stage, why)
FROM (VALUES
  ('{"age": 30, "retired": false, "dependants": 2, "horizon_years": 30, "years_covered": 1}'::jsonb, 'accumulation', 'a young family builds up'),
  ('{"age": 44.9, "dependants": 1, "years_covered": 40}', 'accumulation', 'with dependants, whatever it has'),
  ('{"age": 35, "dependants": 0, "years_covered": 10}', 'consolidation', 'ahead of its age'),
  ('{"age": 45}', 'consolidation', 'past mid-career, nothing else known'),
  ('{"age": 62, "retired": false, "horizon_years": 4}', 'spending', 'about to retire'),
  ('{"age": 62, "retired": false, "horizon_years": 5}', 'consolidation', 'not yet'),
  ('{"age": 65}', 'spending', 'past 65, not known whether retired'),
  ('{"age": 70, "retired": false}', 'consolidation', 'past 65 and at work'),
  ('{"age": 55, "retired": true, "dependants": 0, "years_covered": 24.9}', 'spending', 'retired'),
  ('{"age": 55, "retired": true, "dependants": 0, "years_covered": 25}', 'gifting', 'more than enough'),
  ('{"age": 55, "retired": true, "years_covered": 25}', 'spending', 'but not known whether somebody depends on it'),
  ('{}', 'unknown', 'nothing known'),
  ('{"age": 131}', NULL, 'an age that cannot be has no stage')) AS v (facts, stage, why);
SELECT is((SELECT array_agg(s->>'service' || ' ' || (s->>'times_per_quarter') ORDER BY n) FROM jsonb_array_elements(crm.decide(:'service_model', facts)) WITH ORDINALITY AS e (s, n)), services, why)
FROM (VALUES
  ('{}'::jsonb, ARRAY['statement and market letter 3', 'satisfaction survey 0.25'], 'every client is owed something'),
  ('{"tier": "mass", "life_stage": "accumulation", "activity_class": "dormant"}',
    ARRAY['statement and market letter 3', 'satisfaction survey 0.25', 'call to a dormant client 1', 'saving plan check 1'], 'the long tail is called too'),
  ('{"tier": "wealth", "life_stage": "gifting", "activity_class": "active"}',
    ARRAY['statement and market letter 3', 'satisfaction survey 0.25', 'portfolio check 1', 'adviser call 2', 'review in person 1', 'trading desk call 3', 'estate and gifting talk 0.5'],
    'a wealthy client with heirs')) AS v (facts, services, why);
SELECT is((SELECT array_agg(minutes ORDER BY n) FROM (SELECT n, sum((outputs->>'times_per_quarter')::numeric * (outputs->>'minutes')::numeric) AS minutes
    FROM unnest(ARRAY['mass', 'retail', 'affluent', 'wealth', 'private']) WITH ORDINALITY AS t (tier, n), crm.decide_all(:'service_model', jsonb_build_object('tier', tier)) GROUP BY n) AS m),
  ARRAY[0.5, 5.5, 20.5, 105.5, 155.5], 'minutes owed in a quarter, by tier alone');

-- ---------------------------------------------------------------------------------------------------------------------
-- Ratings and tiers
-- ---------------------------------------------------------------------------------------------------------------------
SELECT is(crm.score(:'rating', facts)::numeric, score, why)
FROM (VALUES
  ('{"average_assets": 6000000, "trades_90_days": 12, "products_held": 6, "tenure_months": 120, "channel": "app"}'::jsonb, 100::numeric,
    'the best client has 100 points'),
  ('{"average_assets": 0, "trades_90_days": 0, "products_held": 0, "tenure_months": 0, "channel": "branch"}', 6, 'the least one 6'),
  ('{}', 1, 'a client of whom nothing is known 1')) AS v (facts, score, why);
SELECT is(crm.score(:'far_trans_rating', facts)::numeric, score, 'FAR-Trans: ' || why)
FROM (VALUES
  ('{"customer_type": "Premium", "investment_capacity": "CAP_GT300K", "risk_level": "Aggressive"}'::jsonb, 100::numeric, 'the best client'),
  ('{"customer_type": "Inactive"}', 5, 'an inactive one who answered nothing')) AS v (facts, score, why);
SELECT is(crm.tier_labels(:'tiers'), '{mass,retail,affluent,wealth,private}', 'tiers, lowest first');
-- One value a period from 2025 on; the labels' first letters, in capitals on watch.
CREATE FUNCTION pg_temp.trace(policy crm.tier_policy, step interval, measures float8[]) RETURNS text
RETURN (SELECT string_agg(CASE WHEN on_watch THEN upper(left(tier, 1)) ELSE left(tier, 1) END, '' ORDER BY e.period)
  FROM crm.tier_explain(policy, measures, (SELECT array_agg((date '2025-01-01' + (n - 1) * step)::date ORDER BY n) FROM generate_series(1, cardinality(measures)) AS n)) AS e);
SELECT is(pg_temp.trace(:'tiers', '1 month', '{450000,500000,420000,390000,390000,390000,390000,390000,390000}'), 'raaaaAAAr', 'tiers: up at once, kept above 400,000, on watch after three months, down after six');
SELECT is(pg_temp.trace(:'tiers', '1 month', '{7000000,900000,600000,60000,60000,60000,1000000}'), 'pppPPPw', 'tiers: down to the best of the six months');
SELECT is(pg_temp.trace(:'grade', '3 months', '{3e6,9e6,25e6,9e6,9e6,5e6,NULL,5e6,5e6,25e6,25e6}'), 'ttmmmMMjjjs', 'grades: two quarters at the next standard, one grade down after two below; leave does not count');
SELECT is(crm.tier_labels(:'far_trans_tiers'), '{low,middle,high}', 'FAR-Trans: tiers, lowest first');

-- ---------------------------------------------------------------------------------------------------------------------
-- The warehouse and its mart
-- ---------------------------------------------------------------------------------------------------------------------
\set clients 400
\set products 40
\set first_day 2025-07-01
\set last_day 2026-06-30
-- making it is not what is tested: no workers for that
SET LOCAL max_parallel_workers_per_gather = 0;
\ir ../../examples/warehouse.sql
\ir ../../examples/relationship.sql
RESET max_parallel_workers_per_gather;
SET LOCAL client_min_messages = warning;
SET LOCAL crm.as_of = '2026-06-30';
CREATE TEMP TABLE made AS
SELECT *
FROM crm.create_mart('mart', 'source', rating => :'rating', tiers => :'tiers', suitability => :'cn', segments => :'segments', life_stage => :'life_stage', service_model => :'service_model', market => 'XSHG', client_columns => '{branch_id}');
SELECT is_empty('SELECT object, reason FROM made WHERE status <> ''created''', 'the warehouse has all that the mart can use');

SELECT cmp_ok((SELECT count(*)::float8 / count(DISTINCT client_id) FROM source.trade), '>', 8::float8, 'a heavy tail of trades: the mean is far above');
SELECT is((SELECT percentile_disc(.5) WITHIN GROUP (ORDER BY trades) FROM (SELECT count(*) AS trades FROM source.trade GROUP BY client_id) AS t),
  3::bigint, 'the median, which is 3');
SELECT ok((SELECT avg((side = 'buy')::int) BETWEEN .55 AND .63 FROM source.trade), 'some 59 % of the trades are purchases');
SELECT ok((SELECT sum(assets) FILTER (WHERE place <= .2) / sum(assets) > .8
    FROM (SELECT assets, percent_rank() OVER (ORDER BY assets DESC NULLS LAST) AS place FROM mart.client_360) AS c),
  'the top fifth of the clients has more than 80 % of the assets (more than 85 % from some thousand clients on)');
SELECT is_empty('SELECT * FROM warehouse.position_month_end WHERE quantity <= 0 OR market_value < 0', 'nobody holds less than nothing');

SELECT set_eq($$SELECT client_id FROM mart.suitability_change('2026-05-01', '2026-06-30')
    WHERE product_id = 'P0001' AND before = 'suitable' AND after = 'overridable' AND cause = 're-graded'
      AND client_id IN (SELECT client_id FROM warehouse.planted WHERE product_id IS NOT NULL)$$,
  $$SELECT client_id FROM warehouse.planted WHERE plant = 'holds a re-graded product'$$,
  'the re-graded product: who held it suitably no longer does');
SELECT is_empty($$SELECT client_id FROM mart.suitability_change('2026-05-01', '2026-05-10') WHERE cause LIKE '%re-graded%' AND product_id = 'P0001'$$,
  'and nobody before the day of the new grade');
SELECT set_eq($$SELECT client_id, product_id, outcome, cleared FROM mart.suitability_exception
    WHERE client_id IN (SELECT client_id FROM warehouse.planted WHERE product_id IS NOT NULL)$$,
  $$SELECT client_id, product_id, CASE plant WHEN 'lowest class holds R3' THEN 'prohibited' ELSE 'overridable' END, plant = 'acknowledged'
    FROM warehouse.planted WHERE plant NOT LIKE 'short of %' AND plant <> 'held together' AND product_id IS NOT NULL$$,
  'exceptions: what nothing clears, what a warning clears, what a lapsed one does not');
SELECT set_eq('SELECT DISTINCT outcome, check_code FROM warehouse.planted AS p
    CROSS JOIN LATERAL mart.why(p.client_id, p.product_id, ''open_permission'') AS w WHERE plant = ''short of assets''',
  $$VALUES ('prohibited', 'STAR-ASSETS')$$, 'short of assets: that check fails and no other');
SELECT alike(sentence, '%20-day average 320,000, needs 500,000, short 180,000%', 'and says by how much')
FROM (SELECT client_id, product_id FROM warehouse.planted WHERE plant = 'short of assets' ORDER BY client_id LIMIT 1) AS p
CROSS JOIN LATERAL mart.why(p.client_id, p.product_id, 'open_permission') AS w;
SELECT set_eq('SELECT DISTINCT d.code, d.resolves_on FROM warehouse.planted JOIN mart.client_facts(''2026-06-30'') AS c USING (client_id)
    JOIN mart.product_facts(''2026-06-30'') AS p USING (product_id)
    CROSS JOIN LATERAL crm.suitability_detail(' || quote_literal(:'cn') || ', c, p, ''2026-06-30'', crm.instruction(''open_permission'')) AS d
    WHERE plant = ''short of experience'' AND d.outcome > ''suitable''',
  $$VALUES ('STAR-EXPERIENCE', date '2027-08-30')$$, 'short of experience: and says from when on it suffices');
SELECT set_eq('SELECT client_id FROM mart.assessment_due WHERE days_left BETWEEN 1 AND 30 AND check_code = ''ASSESSED''',
  'SELECT client_id FROM warehouse.planted WHERE plant LIKE ''assessment lapses%''',
  'the wave of assessments that lapse within 30 days, and nobody else');

SELECT results_eq('SELECT sum(pairs)::bigint FROM mart.suitability_matrix',
  'SELECT count(*) FROM mart.client_facts(''2026-06-30'') CROSS JOIN source.product', 'the matrix has every pair once');
SELECT set_eq('SELECT outcome, sum(pairs)::bigint FROM mart.suitability_matrix GROUP BY outcome',
  'SELECT crm.suitability(' || quote_literal(:'cn') || ', c, p, ''2026-06-30'')::text, count(*)
   FROM mart.client_facts(''2026-06-30'') AS c CROSS JOIN mart.product_facts(''2026-06-30'') AS p GROUP BY 1',
  'and the outcomes are those of the pairs decided one by one');

SELECT * FROM finish();
ROLLBACK;
