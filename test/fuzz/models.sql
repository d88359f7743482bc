-- What holds of every model that is accepted, whatever it says. Needs properties.sql (fuzz.broken, fuzz.hash_function).

-- A chance is between 0 and 1, and an expectation finite and not negative, whatever the parameters.
CREATE FUNCTION fuzz.is_chance(p float8) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT coalesce(p >= 0 AND p <= 1 + 1e-9, false) $$;
CREATE FUNCTION fuzz.is_finite(v float8) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT coalesce(v >= 0 AND v < 'Infinity', false) $$;

DO $do$
DECLARE
  kind text;
BEGIN
  FOREACH kind IN ARRAY ARRAY['bgnbd_model', 'pareto_nbd_model', 'gamma_gamma_model'] LOOP
    EXECUTE format($create$
      CREATE TABLE fuzz.received_%1$s (model crm.%1$s);
      CREATE FUNCTION fuzz.check_model(v crm.%1$s) RETURNS void LANGUAGE plpgsql AS $$
      DECLARE
        again crm.%1$s := v::text::crm.%1$s;
      BEGIN
        IF NOT v = again OR v <> again OR again::text <> v::text OR %4$s(v) <> %4$s(again) THEN
          PERFORM fuzz.broken('another model through text', v::text, again::text);
        END IF;
        IF %2$s(v) <> %2$s(again) OR %3$s(v, 7) <> %3$s(again, 7) THEN
          PERFORM fuzz.broken('equal but of other hash', v::text);
        END IF;
        IF v::jsonb::crm.%1$s <> v THEN
          PERFORM fuzz.broken('another model through jsonb', v::text);
        END IF;
        PERFORM * FROM crm.model_diagnostics(v);
        IF crm.model_status(v) = 'too_few' THEN
          RETURN;
        END IF;
        IF EXISTS (SELECT FROM crm.model_parameters(v, true) AS p WHERE NOT p.estimate > 0 OR NOT coalesce(p.std_error > 0, true)) THEN
          PERFORM fuzz.broken('a parameter that is none', v::text);
        END IF;
        PERFORM crm.model_covariance(v, true), crm.log_likelihood(v, true);
        PERFORM fuzz.use_model(v);
      END $$;
      CREATE FUNCTION fuzz.check_text_%1$s(document text) RETURNS void LANGUAGE plpgsql AS $$
      BEGIN
        PERFORM fuzz.check_model(document::crm.%1$s);
      END $$;
      CREATE FUNCTION fuzz.check_received_%1$s() RETURNS void LANGUAGE plpgsql AS $$
      BEGIN
        PERFORM fuzz.check_model(model) FROM fuzz.received_%1$s;
      END $$
      $create$, kind, fuzz.hash_function(kind, 1), fuzz.hash_function(kind, 2),
      (SELECT typsend FROM pg_type WHERE oid = format('crm.%I', kind)::regtype));
  END LOOP;
  FOREACH kind IN ARRAY ARRAY['bgnbd_model', 'pareto_nbd_model'] LOOP
    EXECUTE format($create$
      CREATE FUNCTION fuzz.use_model(v crm.%1$s) RETURNS void LANGUAGE plpgsql AS $$
      DECLARE
        probe record;
      BEGIN
        FOR probe IN SELECT * FROM (VALUES (0, 0::float8, 0::float8), (0, 0, 39), (2, 30.43, 38.86), (1, 1e-6, 10000), (10000, 9999, 10000), (5, 3, 3)) AS p (x, t_x, t), (VALUES (0::float8), (1e-3), (52), (1e4)) AS h (horizon) LOOP
          IF NOT fuzz.is_chance(crm.p_alive(v, probe.x, probe.t_x, probe.t, true)) OR NOT fuzz.is_finite(crm.expected_purchases(v, probe.x, probe.t_x, probe.t, probe.horizon, true))
              OR NOT fuzz.is_finite(crm.expected_purchases_new(v, probe.horizon, true)) OR NOT fuzz.is_chance(crm.purchase_probability(v, probe.x, probe.horizon, true)) THEN
            PERFORM fuzz.broken('a prediction that cannot be', v::text, probe::text, crm.p_alive(v, probe.x, probe.t_x, probe.t, true)::text,
              crm.expected_purchases(v, probe.x, probe.t_x, probe.t, probe.horizon, true)::text, crm.expected_purchases_new(v, probe.horizon, true)::text, crm.purchase_probability(v, probe.x, probe.horizon, true)::text);
          END IF;
        END LOOP;
        IF NOT coalesce((SELECT d.clv >= 0 FROM crm.clv_interval(v, crm.gamma_gamma_model(6, 4, 15), crm.activity_add(crm.activity_add(NULL, '2026-01-05', 10), '2026-02-05', 20), '2026-03-01', 10, 0.01, 1, 0.9, true) AS d), false) THEN
          PERFORM fuzz.broken('a client worth less than nothing', v::text);
        END IF;
      END $$
      $create$, kind);
  END LOOP;
END
$do$;

CREATE FUNCTION fuzz.use_model(v crm.gamma_gamma_model) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  x int;
BEGIN
  FOREACH x IN ARRAY ARRAY[0, 1, 10000] LOOP
    IF (crm.expected_amount(v, x, 25.5, true) IS NOT NULL AND NOT fuzz.is_finite(crm.expected_amount(v, x, 25.5, true))) OR coalesce(crm.expected_amount(v, x, 25.5, true) > crm.expected_amount(v, x, 26, true), false) THEN
      PERFORM fuzz.broken('an amount that cannot be', v::text, x::text);
    END IF;
  END LOOP;
  PERFORM crm.expected_amount_new(v, true);
END
$$;
