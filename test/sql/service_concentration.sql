-- Service concentration: does service follow value?
SET search_path = crm, public;

-- Assets of clients and minutes of advice. In order of value: 1, 1, 2, 4 minutes.
CREATE TEMP TABLE client (name text, branch text, assets numeric, minutes numeric);
INSERT INTO client VALUES ('Ann', 'north', 10000, 1), ('Bo', 'south', 20000, 1), ('Cy', 'north', 40000, 2), ('Dee', 'south', 130000, 4);
-- C = 2 cov(service, rank) / mean(service), where ranks are 1/8, 3/8, 5/8, 7/8, is 2 (1 * 1/8 + 1 * 3/8 + 2 * 5/8 + 4 * 7/8) / 8 - 1 = .3125
SELECT clients(s), total_value(s), total_service(s), round(concentration_index(s)::numeric, 6) AS c, round(gini_of_value(s)::numeric, 6) AS g, round(kakwani_index(s)::numeric, 6) AS kakwani,
  concentration_error(s) AS error
FROM (SELECT service_concentration(assets, minutes) AS s FROM client) AS v;
-- The same by hand, as fractions
SELECT 2 * sum(minutes * (rank - 0.5) / 4) / sum(minutes) - 1 AS c, 2 * sum(assets * (rank - 0.5) / 4) / sum(assets) - 1 AS g
FROM (SELECT *, row_number() OVER (ORDER BY assets) AS rank FROM client) AS ranked;

-- Proportional to value, the same for all, all for one, all for the other
SELECT round(kakwani_index(service_concentration(assets, assets / 10000))::numeric, 12) AS proportional, concentration_index(service_concentration(assets, 1)) AS equal,
  concentration_index(service_concentration(assets, CASE name WHEN 'Dee' THEN 1 ELSE 0 END)) AS to_the_richest, concentration_index(service_concentration(assets, CASE name WHEN 'Ann' THEN 1 ELSE 0 END)) AS to_the_poorest
FROM client;
-- Equal values have the mean of their ranks, whatever the order of the rows
SELECT concentration_index(service_concentration(v, s)) AS c FROM (VALUES (5, 9), (5, 0), (5, 3)) AS t (v, s);

-- Both curves at once: what the lowest have of the value, and got of the service
SELECT population_share, value_share, service_share FROM concentration_curve((SELECT service_concentration(assets, minutes) FROM client), 4);

-- Branches merge
SELECT rollup(s) = (SELECT service_concentration(assets, minutes) FROM client) AS same_as_from_the_rows
FROM (SELECT service_concentration(assets, minutes) AS s FROM client GROUP BY branch) AS part;

-- Values that are too near to be told apart count as equal, and the summary says how much that can matter
SELECT round(concentration_index(s)::numeric, 4) AS c, round(concentration_error(s)::numeric, 4) AS error, round(value_accuracy(s)::numeric, 4) AS accuracy, round(concentration_index(fine)::numeric, 4) AS fine, concentration_error(fine) AS fine_error
FROM (SELECT service_concentration(v, s) AS s, service_concentration(v, s, 0.001) AS fine FROM (VALUES (1000, 0), (1004, 5), (2000, 1)) AS t (v, s)) AS v;

-- Debts are values like others; what they have of the whole is not defined
SELECT concentration_index(service_concentration(v, s)) AS c FROM (VALUES (-5, 1), (0, 2), (10, 3)) AS t (v, s);
SELECT * FROM concentration_curve((SELECT service_concentration(v, s) FROM (VALUES (-5, 1), (10, 3)) AS t (v, s)), 2);
SELECT gini_of_value(service_concentration(v, 1)) FROM (VALUES (-5), (10)) AS t (v);
SELECT kakwani_index(service_concentration(v, 1)) FROM (VALUES (-5), (10)) AS t (v);
-- Nobody served, nothing of value
SELECT concentration_index(s), concentration_error(s), kakwani_index(s), gini_of_value(s), total_service(s) FROM (SELECT service_concentration(5, 0) AS s) AS v;
SELECT concentration_index(s), kakwani_index(s), gini_of_value(s) FROM (SELECT service_concentration(0, 5) AS s) AS v;

-- Rows without value or service are skipped; a NULL accuracy is 0.01
SELECT clients(service_concentration(v, s, NULL)), value_accuracy(service_concentration(v, s, NULL)) = value_accuracy(service_concentration(v, s)) AS default_accuracy FROM (VALUES (1, 1), (NULL, 1), (1, NULL)) AS t (v, s);

-- Arguments that are refused
SELECT service_concentration('NaN', 1);
SELECT service_concentration(1e15, 1);
SELECT service_concentration(1, -1);
SELECT service_concentration(1, 0.00001);
SELECT service_concentration(1, 1, 0.0001);
SELECT service_concentration(1, 1, a) FROM (VALUES (0.01), (0.1)) AS t (a);
SELECT rollup(s) FROM (SELECT service_concentration(1, 1, a) AS s FROM (VALUES (0.01), (0.1)) AS t (a) GROUP BY a) AS part;
SELECT concentration_curve(service_concentration(1, 1), 0);

-- Text is the hexadecimal form of the binary one: version, flags, buckets an octave, number of buckets; for each its number (as the distance
-- from the one before), clients, by how much their total is above clients times the lowest value of a bucket that has more than one, service.
SELECT service_concentration(v, s) FROM (VALUES (-0.0001, 0), (0, 0.0001), (0.0001, 0.0002), (0.0001, 0)) AS t (v, s);
SELECT service_concentration(v, s, 0.3) FROM (VALUES (0.0005, 0.0001), (0.0004, 0)) AS t (v, s);
CREATE FUNCTION pg_temp.problem(hex text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  detail text;
BEGIN
  RETURN hex::crm.service_concentration_summary;
EXCEPTION WHEN invalid_text_representation THEN
  GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
  RETURN detail;
END
$$;
SELECT what, pg_temp.problem(hex) AS problem
FROM (VALUES
  ('as it is',                '010032030101000001020002' || '04'),
  ('no buckets',              '01003200'),
  ('no buckets an octave',    '010000010001' || '00'),
  ('too many an octave',      '0100e907010001' || '00'),
  ('cut off',                 '0100320301010000010200'),
  ('a byte more',             '01003203010100000102000204' || '00'),
  ('a flag',                  '01013203010100000102000204'),
  ('nobody in a bucket',      '01003203010000000102000204'),
  ('negative service',        '01003203010101000102000204'),
  ('a bucket of nothing',     '010032010401' || '02'),
  ('a bucket out of range',   '010001018201' || '0100' || '00'),
  ('a total below its bucket', '010002010a02' || '0102'),
  ('a total above its bucket', '010002010a02' || '0602')) AS v (what, hex);
