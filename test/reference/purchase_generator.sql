-- Clients who behave as the models say, for tests and benchmarks: temporary functions that draw from random(), so that setseed() makes
-- them the same again. Times are in days; with a unit of 1,000 days two purchases hardly ever fall on one.

-- Marsaglia and Tsang (2000); a shape below 1 by a power of a uniform variable.
CREATE FUNCTION pg_temp.random_gamma(shape float8) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
  d float8 := CASE WHEN shape < 1 THEN shape + 1 ELSE shape END - 1.0 / 3;
  c float8 := 1 / sqrt(9 * d);
  normal float8;
  v float8;
BEGIN
  LOOP
    normal := sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random());
    v := (1 + c * normal) ^ 3;
    IF v > 0 AND ln(1 - random()) < 0.5 * normal ^ 2 + d - d * v + d * ln(v) THEN
      RETURN d * v * CASE WHEN shape < 1 THEN (1 - random()) ^ (1 / shape) ELSE 1 END;
    END IF;
  END LOOP;
END
$$;

-- BG/NBD: the days of a client's purchases up to a tenure. After each repeat purchase the client is gone with its own chance.
CREATE FUNCTION pg_temp.bgnbd_days(r float8, alpha float8, a float8, b float8, days_per_unit float8, tenure int) RETURNS int[] LANGUAGE plpgsql AS $$
DECLARE
  rate float8 := pg_temp.random_gamma(r) / alpha;
  first float8 := pg_temp.random_gamma(a);
  go float8 := first / (first + pg_temp.random_gamma(b));
  at float8 := 0;
  days int[] := '{0}';
BEGIN
  WHILE rate > 1e-9 LOOP
    at := at - ln(1 - random()) / rate * days_per_unit;
    EXIT WHEN at > tenure;
    days := days || ceil(at)::int;
    EXIT WHEN random() < go;
  END LOOP;
  RETURN days;
END
$$;

-- Pareto/NBD: a client leaves after a time of its own.
CREATE FUNCTION pg_temp.pareto_nbd_days(r float8, alpha float8, s float8, beta float8, days_per_unit float8, tenure int) RETURNS int[] LANGUAGE plpgsql AS $$
DECLARE
  rate float8 := pg_temp.random_gamma(r) / alpha;
  leaves float8 := least(tenure, -ln(1 - random()) / greatest(pg_temp.random_gamma(s) / beta, 1e-9) * days_per_unit);
  at float8 := 0;
  days int[] := '{0}';
BEGIN
  WHILE rate > 1e-9 LOOP
    at := at - ln(1 - random()) / rate * days_per_unit;
    EXIT WHEN at > leaves;
    days := days || ceil(at)::int;
  END LOOP;
  RETURN days;
END
$$;

-- Gamma-Gamma: the amounts of one client.
CREATE FUNCTION pg_temp.gamma_gamma_amounts(p float8, q float8, gamma float8, n int) RETURNS numeric[] LANGUAGE plpgsql AS $$
DECLARE
  scale float8 := gamma / pg_temp.random_gamma(q);
  amounts numeric[] := '{}';
BEGIN
  FOR i IN 1 .. n LOOP
    amounts := amounts || greatest(round((pg_temp.random_gamma(p) * scale)::numeric, 4), 0.0001);
  END LOOP;
  RETURN amounts;
END
$$;
