-- What holds of every summary that is accepted, whatever its bytes: fuzz.use(v). Needs properties.sql (fuzz.broken).
-- fuzz.original(kind) gives values to mutate; fuzz.mutate_summaries(kind, cases) mutates them in this session, through the text form,
-- which is the binary form in hexadecimal digits. A broken property is raised as FZ001, an error that no user should see as FZ002.

CREATE FUNCTION fuzz.use(v crm.distribution_summary) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  n bigint := crm.value_count(v);
  low float8 := crm.minimum(v);
  high float8 := crm.maximum(v);
  quantiles float8[] := crm.quantile(v, ARRAY[0, 0.001, 0.1, 0.25, 0.5, 0.75, 0.9, 0.999, 1]);
  buckets record;
  g float8;
BEGIN
  SELECT sum(h.value_count) AS n, sum(h.total) AS total, bool_and(h.value_count > 0) AS full, bool_and(h.from_value <= h.to_value) AS ordered,
      bool_and(h.total BETWEEN h.value_count * h.from_value::numeric - 0.0001 * abs(h.total) AND h.value_count * h.to_value::numeric + 0.0001 * abs(h.total)) AS fits
    INTO buckets FROM crm.histogram(v) AS h;
  IF n < 1 OR buckets.n <> n OR buckets.total <> crm.total(v) OR NOT buckets.full OR NOT buckets.ordered OR NOT buckets.fits THEN
    PERFORM fuzz.broken('the histogram does not add up', v::text);
  END IF;
  IF low > high OR quantiles[1] <> low OR quantiles[9] <> high OR crm.cdf(v, high) <> 1 THEN
    PERFORM fuzz.broken('the ends are not the ends', v::text);
  END IF;
  FOR i IN 2 .. 9 LOOP
    IF NOT quantiles[i - 1] <= quantiles[i] + 0.00005 THEN
      PERFORM fuzz.broken('quantiles fall', v::text, quantiles::text);
    END IF;
  END LOOP;
  IF NOT crm.mean(v) BETWEEN low - 0.0001 - abs(low) * 1e-12 AND high + 0.0001 + abs(high) * 1e-12 THEN
    PERFORM fuzz.broken('the mean is outside the values', v::text, crm.mean(v)::text);
  END IF;
  IF low >= 0 THEN
    g := crm.gini(v);
    IF NOT coalesce(g BETWEEN 0 AND 1 AND crm.top_share(v, 0.2) BETWEEN 0.2 - 1e-9 AND 1 + 1e-9, crm.total(v) = 0) THEN
      PERFORM fuzz.broken('inequality is not between 0 and 1', v::text, g::text);
    END IF;
    PERFORM crm.lorenz(v, 10);
  END IF;
  PERFORM crm.tail_index(v, ARRAY[1, 2, 10, 1000000000000]);
  IF n < 4e18 AND crm.value_count(crm.distribution_summary_merge(v, v)) <> 2 * n THEN
    PERFORM fuzz.broken('twice a summary has not twice its count', v::text);
  END IF;
END
$$;

CREATE FUNCTION fuzz.use(v crm.survival_summary) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  step record;
  last_survival float8 := 1;
  n bigint := crm.subjects(v);
  doubled crm.survival_summary;
BEGIN
  FOR step IN SELECT * FROM crm.survival_table(v) LOOP
    IF NOT (step.events + step.censored BETWEEN 1 AND step.at_risk AND step.at_risk <= n AND step.survival BETWEEN 0 AND last_survival
        AND coalesce(step.lower_95 BETWEEN 0 AND step.survival, true) AND coalesce(step.upper_95 BETWEEN step.survival AND 1, true)) THEN
      PERFORM fuzz.broken('a step that cannot be', v::text, step::text);
    END IF;
    last_survival := step.survival;
  END LOOP;
  PERFORM crm.median_survival(v), crm.median_survival(v, 'log'), crm.restricted_mean(v, 10), crm.survival_at(v, 10);
  IF n < 4e18 THEN
    doubled := crm.survival_summary_merge(v, v);
    IF crm.subjects(doubled) <> 2 * n OR crm.ended(doubled) <> 2 * crm.ended(v) THEN
      PERFORM fuzz.broken('twice a summary has not twice its subjects', v::text);
    END IF;
  END IF;
  IF (SELECT NOT coalesce(p_value BETWEEN 0 AND 1 AND chi_square = 0, true) FROM crm.log_rank(v, v)) THEN
    PERFORM fuzz.broken('a curve differs from itself', v::text);
  END IF;
END
$$;

CREATE FUNCTION fuzz.use(v crm.migration_summary) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  n bigint := crm.moves(v);
  cells record;
BEGIN
  SELECT sum(t.moves) AS n, bool_and(t.moves > 0) AS full, bool_and(t.weight >= 0) AS weighed, bool_and(t.probability BETWEEN 0 AND 1) AS shares,
      bool_and(t.from_rank BETWEEN 0 AND 1000 AND t.to_rank BETWEEN 0 AND 1000) AS ranks
    INTO cells FROM crm.migration_table(v) AS t;
  IF cells.n <> n OR NOT (cells.full AND cells.weighed AND cells.shares AND cells.ranks) THEN
    PERFORM fuzz.broken('the table does not add up', v::text);
  END IF;
  IF abs(crm.stay_rate(v) + crm.upgrade_rate(v) + crm.downgrade_rate(v) - 1) > 1e-9 THEN
    PERFORM fuzz.broken('rates do not add up', v::text);
  END IF;
  IF NOT coalesce(crm.mobility(v) BETWEEN 0 AND 2, true) THEN
    PERFORM fuzz.broken('mobility is not between 0 and 2', v::text);
  END IF;
  BEGIN
    IF EXISTS (SELECT FROM crm.migration_forecast(v, 7) AS f GROUP BY f.from_rank
        HAVING NOT (abs(sum(f.probability) - 1) < 1e-6 AND min(f.probability) >= 0)) THEN
      PERFORM fuzz.broken('probabilities do not add up', v::text);
    END IF;
    IF n < 4e18 AND crm.moves(crm.migration_summary_merge(v, v)) <> 2 * n THEN
      PERFORM fuzz.broken('twice a summary has not twice its moves', v::text);
    END IF;
  EXCEPTION WHEN invalid_parameter_value OR numeric_value_out_of_range THEN
    NULL; -- no exposure, or weights that do not fit twice
  END;
END
$$;

CREATE FUNCTION fuzz.use(v crm.co_holding_summary) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  n bigint := crm.co_holding_clients(v);
  wrong record;
BEGIN
  SELECT p.* INTO wrong FROM crm.co_holding_products(v) AS p WHERE NOT (p.clients BETWEEN 1 AND n AND p.share > 0 AND p.share <= 1);
  IF FOUND THEN
    PERFORM fuzz.broken('a product that cannot be', v::text, wrong::text);
  END IF;
  SELECT p.* INTO wrong
  FROM crm.co_holding_pairs(v) AS p
  WHERE NOT (p.clients_both BETWEEN 1 AND least(p.clients, p.clients_other) AND p.support > 0 AND p.support <= 1 AND p.confidence > 0 AND p.confidence <= 1
    AND p.lift > 0 AND p.lift < 'Infinity' AND p.lift_lower BETWEEN 0 AND p.lift AND p.g2 BETWEEN 0 AND 1.4 * n);
  IF FOUND THEN
    PERFORM fuzz.broken('a pair that cannot be', v::text, wrong::text);
  END IF;
  SELECT p.* INTO wrong FROM crm.next_products(v, ARRAY(SELECT p.product FROM crm.co_holding_products(v) AS p LIMIT 2), 5, 1) AS p WHERE NOT (p.lift_lower > 1 AND p.clients_both >= 1);
  IF FOUND THEN
    PERFORM fuzz.broken('a next product that cannot be', v::text, wrong::text);
  END IF;
  IF n < 4e18 AND (crm.co_holding_clients(crm.co_holding_summary_merge(v, v)) <> 2 * n
      OR EXISTS (SELECT FROM crm.co_holding_pairs(v) AS p FULL JOIN crm.co_holding_pairs(crm.co_holding_summary_merge(v, v)) AS q USING (product, other)
        WHERE q.clients_both IS DISTINCT FROM 2 * p.clients_both OR q.lift IS DISTINCT FROM p.lift)) THEN
    PERFORM fuzz.broken('twice a summary has not twice its clients', v::text);
  END IF;
END
$$;

CREATE FUNCTION fuzz.use(v crm.coverage_summary) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  n bigint := crm.clients(v);
  served bigint := crm.owed_clients(v) - crm.untouched(v) + crm.served_unowed(v);
BEGIN
  IF NOT (n >= 1 AND crm.owed_clients(v) BETWEEN 0 AND n AND served BETWEEN 0 AND n AND least(crm.fully_covered(v), crm.untouched(v), crm.served_unowed(v)) >= 0
      AND crm.owed(v) = crm.covered(v) + crm.service_gap(v) AND least(crm.covered(v), crm.service_gap(v)) >= 0 AND crm.covered(v) <= crm.delivered(v)) THEN
    PERFORM fuzz.broken('clients or totals that cannot be', v::text);
  END IF;
  IF NOT coalesce(crm.coverage_rate(v) BETWEEN 0 AND 1 AND crm.fully_covered_share(v) + crm.untouched_share(v) BETWEEN 0 AND 1 + 1e-12, crm.owed(v) = 0) THEN
    PERFORM fuzz.broken('a share that is not between 0 and 1', v::text);
  END IF;
  IF NOT coalesce(crm.jain_index(v) BETWEEN (1 - 1e-12) / n AND (1 + 1e-12) * served / n AND abs(crm.jain_index(v) * (1 + crm.coefficient_of_variation(v) ^ 2) - 1) < 1e-9, served = 0 AND crm.delivered(v) = 0) THEN
    PERFORM fuzz.broken('evenness that cannot be', v::text, crm.jain_index(v)::text);
  END IF;
  IF n < 4e18 AND crm.delivered(crm.coverage_summary_merge(v, v)) <> 2 * crm.delivered(v) THEN
    PERFORM fuzz.broken('twice a summary has not twice its total', v::text);
  END IF;
END
$$;

CREATE FUNCTION fuzz.use(v crm.service_concentration_summary) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  n bigint := crm.clients(v);
  c float8 := crm.concentration_index(v);
BEGIN
  IF NOT (n >= 1 AND crm.total_service(v) >= 0 AND coalesce(abs(c) <= 1 + 1e-12 AND crm.concentration_error(v) BETWEEN 0 AND 1 + 1e-12, crm.total_service(v) = 0)) THEN
    PERFORM fuzz.broken('an index that cannot be', v::text, c::text);
  END IF;
  IF EXISTS (SELECT FROM crm.concentration_curve(v, 10) WHERE NOT coalesce(value_share BETWEEN 0 AND 1 + 1e-12, true) OR NOT coalesce(service_share BETWEEN 0 AND 1 + 1e-12, true)) THEN
    PERFORM fuzz.broken('a curve that leaves the square', v::text);
  END IF;
  BEGIN
    IF NOT coalesce(crm.gini_of_value(v) BETWEEN 0 AND 1, crm.total_value(v) = 0) THEN
      PERFORM fuzz.broken('inequality is not between 0 and 1', v::text);
    END IF;
  EXCEPTION WHEN invalid_parameter_value THEN
    NULL; -- some are negative
  END;
  IF n < 4e18 AND crm.total_service(crm.service_concentration_summary_merge(v, v)) <> 2 * crm.total_service(v) THEN
    PERFORM fuzz.broken('twice a summary has not twice its total', v::text);
  END IF;
END
$$;

CREATE FUNCTION fuzz.use(v crm.asset_bridge_summary) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  open record;
BEGIN
  SELECT sum(amount * CASE WHEN ordinal < 8 THEN 1 ELSE -1 END) AS amount, sum(clients * CASE WHEN ordinal < 8 THEN 1 ELSE -1 END) AS clients, count(*) AS parts INTO open FROM crm.asset_bridge_parts(v);
  IF open.amount <> 0 OR open.clients <> 0 OR open.parts <> 8 THEN
    PERFORM fuzz.broken('a bridge that does not close', v::text, open::text);
  END IF;
  IF NOT (least(crm.inflow(v), crm.outflow(v), crm.opening_clients(v), crm.closing_clients(v), crm.new_clients(v), crm.lost_clients(v)) >= 0 AND coalesce(crm.client_attrition(v) BETWEEN 0 AND 1, crm.opening_clients(v) = 0)) THEN
    PERFORM fuzz.broken('flows or clients that cannot be', v::text);
  END IF;
  SELECT sum(amount) FILTER (WHERE part = 'transfers') AS amount, sum(amount * CASE WHEN ordinal < 8 THEN 1 ELSE -1 END) AS parts INTO open FROM crm.asset_bridge_parts(ARRAY[v, v]);
  IF open.parts <> 0 OR open.amount <> crm.opening_assets(v) - crm.closing_assets(v) THEN
    PERFORM fuzz.broken('a chain that does not close', v::text, open::text);
  END IF;
EXCEPTION WHEN numeric_value_out_of_range THEN
  NULL; -- parts in range whose sum is not
END
$$;

CREATE FUNCTION fuzz.original(kind text) RETURNS SETOF bytea
LANGUAGE sql BEGIN ATOMIC
  SELECT decode(s, 'hex')
  FROM (
    SELECT 'distribution_summary' AS k, crm.distribution(v)::text AS s FROM generate_series(1, 5) AS v
    UNION ALL SELECT 'distribution_summary', crm.distribution(v)::text FROM (VALUES (-100.25), (0), (0.0001), (3e9)) AS v (v)
    UNION ALL SELECT 'distribution_summary', crm.distribution(42)::text
    UNION ALL SELECT 'distribution_summary', crm.distribution(exp(v / 10.0) - 50, 0.1)::text FROM generate_series(-30, 200) AS v
    UNION ALL SELECT 'distribution_summary', crm.distribution(v, 0.0005)::text FROM generate_series(1, 6000) AS v
    UNION ALL SELECT 'survival_summary', crm.survival(v, v % 2 = 0)::text FROM generate_series(1, 9) AS v
    UNION ALL SELECT 'survival_summary', crm.survival(v, v % 3 = 0, nullif(v % 4, 0) * 3)::text FROM generate_series(10, 60) AS v
    UNION ALL SELECT 'survival_summary', crm.survival(0, true)::text
    UNION ALL SELECT 'migration_summary', crm.migration(v / 3, v % 3)::text FROM generate_series(0, 8) AS v
    UNION ALL SELECT 'migration_summary', crm.migration(v % 7, v % 5, v * 1000.25)::text FROM generate_series(1, 90) AS v
    UNION ALL SELECT 'migration_summary', crm.migration(1000, 0, 0)::text
    UNION ALL SELECT 'co_holding_summary', crm.co_holding('{}')::text
    UNION ALL SELECT 'co_holding_summary', crm.co_holding(ARRAY['p' || v % 3, 'p' || v % 5])::text FROM generate_series(1, 200) AS v
    UNION ALL SELECT 'co_holding_summary', crm.co_holding(ARRAY['p' || v, 'p' || v + 1])::text FROM generate_series(1, 30) AS v) AS values (k, s)
  WHERE k = kind;
END;

CREATE FUNCTION fuzz.mutate_summaries(kind text, cases int, OUT accepted int, OUT refused int, OUT unchanged int)
LANGUAGE plpgsql AS $$
DECLARE
  originals bytea[] := ARRAY(SELECT fuzz.original(kind));
  extremes int[] := ARRAY[0, 1, 2, 127, 128, 129, 254, 255];
  original bytea;
  mutant bytea;
  other bytea;
  n int;
  at int;
  code text;
  message text;
  same boolean;
BEGIN
  accepted := 0;
  refused := 0;
  unchanged := 0;
  FOR i IN 1 .. cases LOOP
    original := originals[1 + floor(random() * cardinality(originals))];
    -- a long one is mutated rarely: it takes its time
    IF length(original) > 5000 AND random() < 0.98 THEN
      original := originals[1];
    END IF;
    mutant := original;
    FOR change IN 1 .. 1 + floor(random() * 3) LOOP
      n := length(mutant);
      EXIT WHEN n = 0;
      at := floor(random() * n);
      CASE floor(random() * 7)::int
        WHEN 0 THEN mutant := set_byte(mutant, at, floor(random() * 256)::int);
        WHEN 1 THEN mutant := set_byte(mutant, at, extremes[1 + floor(random() * 8)]);
        WHEN 2 THEN mutant := substring(mutant FOR at) || substring(mutant FROM at + 2);
        WHEN 3 THEN mutant := substring(mutant FOR at) || set_byte('\x00', 0, floor(random() * 256)::int) || substring(mutant FROM at + 1);
        WHEN 4 THEN mutant := set_byte(mutant, at, (get_byte(mutant, at) + CASE WHEN random() < 0.5 THEN 1 ELSE 255 END) % 256);
        WHEN 5 THEN mutant := substring(mutant FOR at) || substring(mutant FROM floor(random() * n)::int + 1);
        ELSE
          other := originals[1 + floor(random() * cardinality(originals))];
          mutant := substring(mutant FOR at) || substring(other FROM floor(random() * least(length(other), 100))::int + 1);
      END CASE;
    END LOOP;
    IF mutant = original THEN
      unchanged := unchanged + 1;
      CONTINUE;
    END IF;
    BEGIN
      EXECUTE format('SELECT fuzz.use(%1$L::crm.%2$I), %1$L::crm.%2$I::text = %1$L', encode(mutant, 'hex'), kind) INTO message, same;
      IF NOT same THEN
        PERFORM fuzz.broken('accepted bytes are not those that come out', encode(mutant, 'hex'));
      END IF;
      accepted := accepted + 1;
    EXCEPTION WHEN OTHERS THEN
      GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT;
      IF code NOT IN ('22P02', '22003', '54000') THEN
        RAISE EXCEPTION USING ERRCODE = CASE WHEN code = 'FZ001' THEN code ELSE 'FZ002' END, MESSAGE = code || ' ' || message, DETAIL = left(encode(mutant, 'hex'), 4000);
      END IF;
      refused := refused + 1;
    END;
  END LOOP;
END
$$;
