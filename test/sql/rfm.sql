-- rfm: recency, frequency and monetary classes from cut points.
SET search_path = crm, public;
SET datestyle = ISO;

CREATE TEMP TABLE client (name text, on_days date[], amount numeric);
INSERT INTO client VALUES
  ('yesterday', '{2026-06-01,2026-06-10,2026-06-20,2026-06-28,2026-06-29}', 400), ('long ago', '{2024-01-02}', 5000), ('at every cut', '{2026-05-31,2026-05-30}', 500),
  ('refunded', '{2026-06-30}', -10), ('never', NULL, NULL);
CREATE TEMP VIEW history AS
SELECT name, (SELECT activity(d, amount) FROM unnest(on_days) AS d) AS a FROM client;

-- Five classes have four cut points. A value that is a cut point is in the better class; nothing is ever split.
SELECT name, recency_days(a, '2026-06-30'), active_days(a), total(a), (r).*
FROM (SELECT name, a, rfm(a, '2026-06-30', '{30,90,180,365}', '{2,3,5,10}', '{0,1000,2500,5000}') AS r FROM history) AS h
ORDER BY name;

-- The code sorts and groups as text; any number of classes will do, and repeated cut points leave a class empty.
SELECT (rfm(a, '2026-06-30', '{30}', '{2,2,2}', '{}')).code, count(*) FROM history GROUP BY 1 ORDER BY 1;

-- A client who never traded, or not yet, is in the lowest class of each. Cut points that are missing give no class.
SELECT rfm(NULL, '2026-06-30', '{30}', '{2}', '{0}') AS never, rfm(activity('2026-07-01', 1), '2026-06-30', '{30}', '{2}', '{0}') AS not_yet,
  rfm(activity('2026-07-01', 1), '2026-06-30', NULL, '{2}', '{0}') IS NULL AS no_cuts;

-- A total cannot be cut at a day: activity after it is an error, not a leak of the future.
SELECT rfm(activity('2026-07-01', 1), '2026-07-01', '{30}', '{2}', '{0}');
SELECT rfm(a, '2026-06-28', '{30}', '{2}', '{0}') FROM history WHERE name = 'yesterday';

SELECT rfm(activity('2026-07-01', 1), '2026-07-01', '{30,20}', '{2}', '{0}');
SELECT rfm(activity('2026-07-01', 1), '2026-07-01', '{30}', '{2,NULL}', '{0}');
SELECT rfm(activity('2026-07-01', 1), '2026-07-01', '{30}', '{2}', '{1,0}');
SELECT rfm(activity('2026-07-01', 1), '2026-07-01', '{30}', '{2}', '{NaN}');
SELECT rfm(activity('2026-07-01', 1), '2026-07-01', '{{30}}', '{{2},{3}}', '{0}');
SELECT rfm(activity('2026-07-01', 1), 'infinity', '{30}', '{2}', '{0}');
-- Wrong cut points are wrong for every client, also for one who never traded.
SELECT rfm(NULL, '2026-07-01', '{30,20}', '{2}', '{0}');
