-- A broker's warehouse, made up and always the same: the client master, risk assessments, products and their grades, trades,
-- month-end positions, net assets, permissions and acknowledgements of a Chinese securities broker, in schema warehouse,
-- and over it the views that crm_ext reads, in schema source.
--
--   psql -1 -v clients=20000 -v products=300 -v first_day=2024-07-01 -v last_day=2026-06-30 -v seed=1 -f warehouse.sql
--
-- relationship.sql adds the rest of such a broker: households, flows, fees, contacts and more.
--
-- Every number is a hash of an id, a purpose and the seed, never random(): whatever the plan, the same options give the same rows.
-- Both schemas are dropped and made again; -1 makes that one transaction, which is also faster.
--
-- Where the shapes come from:
-- * Trades per client follow the published marginals of FAR-Trans (Sanz-Cruzado et al. 2024): mean 13.3, quartiles 2, 3 and 7,
--   a heavy tail (largest 6,288 among 29,090), 59 % purchases. One client in seventeen is dormant and does not trade.
-- * Assets are lognormal with sigma 2.1, which gives the top fifth of the clients about nine tenths of the money.
-- * Risk level, age, wealth, trading, channel and permissions go together, as they do among real clients.
-- * warehouse.planted lists clients whose case is known beforehand, for tests to look up.

\if :{?clients}
\else
  \set clients 20000
\endif
\if :{?products}
\else
  \set products 300
\endif
\if :{?last_day}
\else
  \set last_day 2026-06-30
\endif
\if :{?first_day}
\else
  \set first_day 2024-07-01
\endif
\if :{?seed}
\else
  \set seed 1
\endif

\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET search_path = pg_catalog, pg_temp;
SET work_mem = '256MB';
SELECT :clients < 200 OR :products < 40 OR date :'last_day' - date :'first_day' < 180 AS too_small \gset
\if :too_small
  DO 'BEGIN RAISE EXCEPTION ''the warehouse needs at least 200 clients, 40 products and 180 days between first_day and last_day''; END';
\endif

DROP SCHEMA IF EXISTS source, warehouse CASCADE;
CREATE SCHEMA warehouse;
COMMENT ON SCHEMA warehouse IS 'A made-up broker: the tables as its own systems would keep them';

CREATE FUNCTION warehouse.uniform(id bigint, purpose text) RETURNS float8
IMMUTABLE STRICT PARALLEL SAFE
RETURN ((hashint8extended(id, hashtextextended(purpose COLLATE "C", :seed)) >> 11) & 9007199254740991)::float8 / 9007199254740992;
COMMENT ON FUNCTION warehouse.uniform(bigint, text) IS 'A number in [0, 1) that depends on the id, the purpose and the seed only';

CREATE FUNCTION warehouse.normal(id bigint, purpose text) RETURNS float8
IMMUTABLE STRICT PARALLEL SAFE
RETURN sqrt(-2 * ln(1 - warehouse.uniform(id, purpose))) * cos(2 * pi() * warehouse.uniform(id, purpose || ' angle'));
COMMENT ON FUNCTION warehouse.normal(bigint, text) IS 'A standard normal number, by Box and Muller, from two uniform ones';

\echo '  calendar, branches, advisers'

CREATE TABLE warehouse.trading_day (
  market text NOT NULL,
  on_day date NOT NULL,
  PRIMARY KEY (market, on_day)
);
COMMENT ON TABLE warehouse.trading_day IS 'Days on which Shanghai trades: weekdays less the public holidays, nearly as the exchange publishes them';

INSERT INTO warehouse.trading_day
SELECT 'XSHG', d::date
FROM generate_series(timestamp :'first_day' - interval '60 days', timestamp :'last_day' + interval '60 days', interval '1 day') AS d
WHERE extract(isodow FROM d) < 6
  AND to_char(d, 'MM-DD') NOT IN ('01-01', '05-01', '05-02', '05-03', '05-04', '05-05', '10-01', '10-02', '10-03', '10-04', '10-05', '10-06', '10-07')
  AND NOT EXISTS (
    SELECT FROM (VALUES (date '2023-01-21', date '2023-01-27'), ('2024-02-09', '2024-02-17'), ('2025-01-28', '2025-02-04'),
      ('2026-02-16', '2026-02-23'), ('2027-02-05', '2027-02-11')) AS spring (from_day, to_day)
    WHERE d BETWEEN from_day AND to_day);

CREATE TEMP TABLE session_day AS
SELECT on_day, (row_number() OVER (ORDER BY on_day))::int AS day_number, count(*) OVER ()::int AS days
FROM warehouse.trading_day
WHERE on_day BETWEEN :'first_day' AND :'last_day';

CREATE TEMP TABLE month_end AS
SELECT max(on_day) AS on_day, max(day_number) AS end_number FROM session_day GROUP BY date_trunc('month', on_day);
ANALYZE session_day;
ANALYZE month_end;

CREATE TABLE warehouse.branch (
  branch_id text PRIMARY KEY,
  city text NOT NULL
);
COMMENT ON TABLE warehouse.branch IS 'Branches';

INSERT INTO warehouse.branch
SELECT 'B' || lpad(n::text, 2, '0'), city
FROM unnest('{Beijing,Shanghai,Shenzhen,Guangzhou,Hangzhou,Chengdu,Wuhan,Nanjing,Xiamen,Changsha,Jinan,Harbin}'::text[]) WITH ORDINALITY AS c (city, n);

CREATE TABLE warehouse.adviser (
  adviser_id text PRIMARY KEY,
  branch_id text NOT NULL REFERENCES warehouse.branch
);
COMMENT ON TABLE warehouse.adviser IS 'Advisers, ten a branch';

INSERT INTO warehouse.adviser
SELECT 'A' || lpad(n::text, 4, '0'), 'B' || lpad((1 + n % 12)::text, 2, '0') FROM generate_series(0, 119) AS n;

\echo '  products, grades, prices'

-- The grades are those of a broker's published list of product risk levels; they differ from firm to firm.
CREATE TEMP TABLE catalogue (position int, share float8, category text, kind text, grade int, term_months int, permission text, minimum_amount numeric, volatility float8);
INSERT INTO catalogue VALUES
  (1, .10, 'equity fund', 'equity', 3, NULL, NULL, 100, .011),
  (2, .22, 'A share', 'equity', 3, NULL, NULL, NULL, .018),
  (3, .06, 'STAR share', 'equity', 4, NULL, 'STAR', NULL, .026),
  (4, .06, 'ChiNext share', 'equity', 4, NULL, 'ChiNext', NULL, .024),
  (5, .03, 'BSE share', 'equity', 4, NULL, 'BSE', NULL, .028),
  (6, .04, 'Hong Kong share', 'equity', 4, NULL, 'Stock Connect', NULL, .020),
  (7, .01, 'margin trading', 'margin', 4, NULL, 'Margin', NULL, .020),
  (8, .05, 'money fund', 'fixed_income', 1, NULL, NULL, 100, .0001),
  (9, .05, 'treasury bond', 'fixed_income', 1, 36, NULL, 1000, .001),
  (10, .04, 'policy bank bond', 'fixed_income', 2, 60, NULL, 1000, .001),
  (11, .11, 'bond fund', 'fixed_income', 2, NULL, NULL, 100, .002),
  (12, .12, 'mixed fund', 'equity', 3, NULL, NULL, 100, .008),
  (13, .04, 'convertible bond', 'fixed_income', 3, NULL, NULL, NULL, .009),
  (14, .02, 'ST share', 'equity', 4, NULL, NULL, NULL, .030),
  (15, .02, 'structured note', 'complex', 4, 12, NULL, 50000, .012),
  (16, .02, 'private fund', 'complex', 5, 36, NULL, 1000000, .015),
  (17, .01, 'OTC option note', 'complex', 5, 6, NULL, 1000000, .030);

-- The first seventeen products are one of each category, so that a small catalogue has them all.
CREATE TEMP TABLE product_trait AS
SELECT n, 'P' || lpad(n::text, 4, '0') AS product_id, category, kind, grade, permission, minimum_amount, volatility,
  CASE WHEN term_months IS NOT NULL THEN term_months * (1 + (n % 3)) / 2 END AS term_months
FROM generate_series(1, :products) AS n
JOIN LATERAL (
  SELECT * FROM (SELECT c.*, sum(share) OVER (ORDER BY position) AS upto FROM catalogue AS c) AS c
  WHERE CASE WHEN n <= 17 THEN position = n ELSE upto > warehouse.uniform(n, 'category') * .9999 END
  ORDER BY position LIMIT 1
) AS chosen ON true;

CREATE TABLE warehouse.product (
  product_id text PRIMARY KEY,
  name text NOT NULL,
  kind text NOT NULL,
  category text NOT NULL,
  issuer_id text NOT NULL,
  currency text NOT NULL,
  term_months int,
  permission text,
  minimum_amount numeric(18, 2)
);
COMMENT ON TABLE warehouse.product IS 'What clients may hold; kind is one of the kinds of the suitability questionnaire, permission the trading permission it needs';

INSERT INTO warehouse.product
SELECT product_id, initcap(category) || ' ' || n, kind, category, 'I' || lpad((1 + n % 60)::text, 3, '0'),
  CASE permission WHEN 'Stock Connect' THEN 'HKD' ELSE 'CNY' END, term_months, permission, minimum_amount
FROM product_trait;

CREATE TABLE warehouse.product_grade (
  product_id text NOT NULL REFERENCES warehouse.product,
  valid_from date NOT NULL,
  valid_to date,
  risk_level text NOT NULL,
  PRIMARY KEY (product_id, valid_from)
);
COMMENT ON TABLE warehouse.product_grade IS 'Versions of the grade R1 to R5; product P0001 went from R3 to R4 45 days before the last day, and every fifteenth was re-graded at some time';

-- A re-graded product was one level lower before, or, every other time, one higher.
INSERT INTO warehouse.product_grade
SELECT product_id, valid_from, lead(valid_from) OVER (PARTITION BY product_id ORDER BY valid_from), 'R' || least(5, greatest(1, grade + step))
FROM (
  SELECT n, product_id, grade,
    CASE WHEN n = 1 THEN date :'last_day' - 45
      WHEN n > 17 AND n % 15 = 0 THEN date :'first_day' + (warehouse.uniform(n, 're-grade') * (date :'last_day' - date :'first_day' - 60))::int END AS regraded_on
  FROM product_trait) AS p
CROSS JOIN LATERAL (
  SELECT date :'first_day' - 2000 AS valid_from, CASE WHEN regraded_on IS NULL OR n = 1 THEN 0 WHEN n % 2 = 0 THEN 1 ELSE -1 END AS step
  UNION ALL
  SELECT regraded_on, CASE WHEN n = 1 THEN 1 ELSE 0 END WHERE regraded_on IS NOT NULL) AS version;

CREATE TABLE warehouse.price (
  product_id text NOT NULL,
  on_day date NOT NULL,
  price numeric(12, 4) NOT NULL,
  PRIMARY KEY (product_id, on_day)
);
COMMENT ON TABLE warehouse.price IS 'Closing prices: a random walk of daily returns';

INSERT INTO warehouse.price
SELECT product_id, on_day, round((start * exp(sum(step) OVER (PARTITION BY n ORDER BY on_day)))::numeric, 4)
FROM (
  SELECT n, product_id, on_day, CASE kind WHEN 'fixed_income' THEN 100 WHEN 'complex' THEN 1000 ELSE exp(1 + 3 * warehouse.uniform(n, 'price')) END AS start,
    volatility * (warehouse.normal(n * 100000 + day_number, 'return') + .02) AS step
  FROM product_trait CROSS JOIN session_day) AS walk
ORDER BY n, on_day;
ANALYZE warehouse.price;

\echo '  clients'

-- What a client is like: drawn once, then read by everything below. Planted clients come first and are fixed: one in four hundred
-- of each plant, at least eight, but three of the lowest class.
CREATE TEMP TABLE trait AS
SELECT n, (1000000000 + n)::text AS client_id, plant,
  CASE WHEN plant IS NOT NULL THEN 'person' WHEN warehouse.uniform(n, 'kind') < .96 THEN 'person' WHEN warehouse.uniform(n, 'kind') < .99 THEN 'entity' ELSE 'product' END AS kind,
  least(3.7, warehouse.normal(n, 'wealth')) AS wealth_z,
  least(95, greatest(18, 44 + 13 * warehouse.normal(n, 'age') + 3 * warehouse.normal(n, 'wealth'))) AS age,
  row_number() OVER (ORDER BY plant IS NOT NULL, warehouse.uniform(n, 'activity') + .15 * warehouse.normal(n, 'wealth')) AS activity_rank,
  count(*) FILTER (WHERE plant IS NULL) OVER () AS unplanted
FROM (SELECT greatest(8, :clients / 400) AS size) AS s
CROSS JOIN LATERAL (
  SELECT n, CASE WHEN (n - 1) / size <> 1 OR (n - 1) % size < 3
    THEN (ARRAY['holds a re-graded product', 'lowest class holds R3', 'acknowledged', 'acknowledgement lapsed', 'short of assets', 'short of experience'])[1 + (n - 1) / size] END AS plant
  FROM generate_series(1, :clients) AS n) AS c;

CREATE TEMP TABLE persona AS
SELECT t.*,
  CASE plant WHEN 'short of assets' THEN 320000 WHEN 'short of experience' THEN 800000 ELSE 60000 * exp(2.1 * wealth_z) END AS wealth,
  CASE plant WHEN 'short of assets' THEN 4 WHEN 'short of experience' THEN 4 WHEN 'lowest class holds R3' THEN 1
    WHEN 'acknowledged' THEN 2 WHEN 'acknowledgement lapsed' THEN 2 WHEN 'holds a re-graded product' THEN 3
    ELSE 1 + (appetite > -1.4)::int + (appetite > -.52)::int + (appetite > .36)::int + (appetite > 1.28)::int END AS level,
  -- the quantile function of trades per client: 1 to 6 in the lower three quarters, then a tail that fits the published mean,
  -- standard deviation (70.2) and maximum together
  CASE WHEN plant IS NOT NULL OR warehouse.uniform(n, 'dormant') < .06 THEN 0
    WHEN q < .21 THEN 1 WHEN q < .44 THEN 2 WHEN q < .56 THEN 3 WHEN q < .655 THEN 4 WHEN q < .715 THEN 5 WHEN q < .75 THEN 6
    ELSE least(6288, floor(7 * exp(1.43 * power(-ln((1 - q) / .25), .7))))::int END AS trades,
  CASE WHEN plant IS NOT NULL OR warehouse.uniform(n, 'new') > .1
    THEN date :'first_day' - 30 - (power(warehouse.uniform(n, 'opened'), 1.5) * least(6500, (age - 18) * 365))::int
    ELSE date :'first_day' + (warehouse.uniform(n, 'opened') * (date :'last_day' - date :'first_day' - 20))::int END AS opened_on,
  CASE WHEN plant IS NULL AND warehouse.uniform(n, 'new') > .1 AND warehouse.uniform(n, 'closed') < .015
    THEN date :'last_day' - 1 - (warehouse.uniform(n, 'closed on') * 150)::int END AS closed_on
FROM (
  SELECT t.*, (activity_rank - .5) / unplanted AS q, .35 * wealth_z - .035 * (age - 45) + .85 * warehouse.normal(n, 'appetite') AS appetite
  FROM trait AS t) AS t;

CREATE TABLE warehouse.client (
  client_id text PRIMARY KEY,
  kind text NOT NULL,
  opened_on date NOT NULL,
  closed_on date,
  birth_date date,
  branch_id text NOT NULL REFERENCES warehouse.branch,
  adviser_id text REFERENCES warehouse.adviser,
  segment text NOT NULL,
  channel text NOT NULL,
  dormant bool NOT NULL,
  suspended bool NOT NULL,
  id_expires_on date,
  experience_since date
);
COMMENT ON TABLE warehouse.client IS 'The client master';
COMMENT ON COLUMN warehouse.client.channel IS 'The channel used most: app, online, phone or branch';
COMMENT ON COLUMN warehouse.client.experience_since IS 'First securities trade at any broker, as the central depository reports it';

INSERT INTO warehouse.client
SELECT client_id, kind, opened_on, closed_on,
  CASE kind WHEN 'person' THEN (date :'last_day' - (age * 365.25)::int) END,
  'B' || lpad((1 + adviser % 12)::text, 2, '0'),
  CASE WHEN wealth > 200000 OR warehouse.uniform(n, 'advised') < .2 THEN 'A' || lpad(adviser::text, 4, '0') END,
  CASE WHEN kind <> 'person' THEN 'institution' WHEN wealth > 1000000 THEN 'wealth' ELSE 'retail' END,
  CASE WHEN warehouse.uniform(n, 'channel') + .008 * (age - 45) < .72 THEN 'app' WHEN warehouse.uniform(n, 'channel') + .008 * (age - 45) < .82 THEN 'online'
    WHEN warehouse.uniform(n, 'channel') + .008 * (age - 45) < .9 THEN 'phone' ELSE 'branch' END,
  trades = 0 AND plant IS NULL,
  plant IS NULL AND warehouse.uniform(n, 'suspended') < .008,
  CASE WHEN kind = 'person' THEN date :'last_day' + CASE WHEN plant IS NOT NULL THEN 1000
    WHEN warehouse.uniform(n, 'identity') < .03 THEN -1 - (warehouse.uniform(n, 'identity') * 10000)::int
    ELSE 1 + (warehouse.uniform(n, 'identity') * 3600)::int END END,
  CASE plant WHEN 'short of experience' THEN (date :'last_day' - interval '10 months')::date
    WHEN 'short of assets' THEN (date :'last_day' - interval '5 years')::date
    ELSE opened_on - CASE WHEN warehouse.uniform(n, 'elsewhere') < .4 THEN (warehouse.uniform(n, 'elsewhere') * 4000)::int ELSE 0 END END
FROM (SELECT *, (warehouse.uniform(n, 'adviser') * 120)::int % 120 AS adviser FROM persona) AS p;
CREATE INDEX ON warehouse.client (branch_id);
CREATE INDEX ON warehouse.client (adviser_id);

CREATE TABLE warehouse.risk_assessment (
  client_id text NOT NULL REFERENCES warehouse.client,
  valid_from date NOT NULL,
  valid_to date,
  risk_level text,
  lowest_class bool NOT NULL,
  assessed_on date,
  investor_class text NOT NULL,
  professional_until date,
  longest_term_months int,
  kinds text[],
  objectives text[],
  loss_capacity text,
  income numeric(18, 2),
  net_assets numeric(18, 2),
  PRIMARY KEY (client_id, valid_from)
);
COMMENT ON TABLE warehouse.risk_assessment IS 'What a client declared, a row each time the questionnaire was filled in';
COMMENT ON COLUMN warehouse.risk_assessment.lowest_class IS 'Assessed C1 and cannot or will not bear any loss: nothing above R1 may be sold';

-- The newest assessment is at most 30 months old, so a part has lapsed; one client in twelve filled it in during a campaign
-- whose assessments all lapse within 30 days of the last day. An earlier one, if any, came two years before. Two in a hundred
-- have no row and two an empty one.
INSERT INTO warehouse.risk_assessment
SELECT client_id, valid_from, CASE WHEN version = 1 THEN newest END, CASE WHEN NOT never THEN 'C' || greatest(1, least(5, level - CASE WHEN version = 1 AND warehouse.uniform(n, 'moved') < .3 THEN 1 ELSE 0 END)) END,
  NOT never AND kind = 'person' AND level = 1 AND (plant IS NOT NULL OR warehouse.uniform(n, 'lowest') < .25),
  CASE WHEN NOT never THEN valid_from END,
  CASE WHEN professional THEN 'professional' ELSE 'ordinary' END,
  CASE WHEN kind = 'person' AND professional THEN date :'last_day' + (1000 * warehouse.uniform(n, 'professional until'))::int - 200 WHEN professional THEN date :'last_day' + 3650 END,
  CASE WHEN never THEN NULL WHEN plant IS NOT NULL OR level >= 4 THEN 600 ELSE (ARRAY[12, 60, 60, 600])[1 + (warehouse.uniform(n, 'term') * 4)::int % 4] END,
  CASE WHEN NOT never THEN (ARRAY['fixed_income', 'equity', 'margin', 'complex'])[1 : (ARRAY[1, 2, 2, 3, 4])[level]] END,
  CASE WHEN NOT never THEN CASE WHEN level <= 2 THEN '{preservation}'::text[] WHEN level = 3 THEN '{income,growth}' ELSE '{growth}' END END,
  CASE WHEN NOT never THEN (ARRAY['none', 'limited', 'limited', 'large', 'large'])[level] END,
  CASE WHEN NOT never AND kind = 'person' THEN round((50000 * exp(.55 * wealth_z + .5 * warehouse.normal(n, 'income')))::numeric, -3) END,
  CASE WHEN NOT never THEN round((wealth * (1.5 + 3 * warehouse.uniform(n, 'elsewhere rich')))::numeric, -3) END
FROM (
  SELECT p.*, plant IS NULL AND warehouse.uniform(n, 'never') < .04 AS never, plant IS NULL AND warehouse.uniform(n, 'never') < .02 AS no_row,
    kind = 'product' OR plant IS NULL AND wealth > 5000000 AND warehouse.uniform(n, 'professional') < .5 AS professional,
    greatest(CASE WHEN plant IS NOT NULL THEN date :'last_day' - 200
      WHEN warehouse.uniform(n, 'campaign') < .08 THEN (date :'last_day' - interval '24 months')::date + 1 + (29 * warehouse.uniform(n, 'campaign day'))::int
      ELSE date :'last_day' - (910 * warehouse.uniform(n, 'assessed'))::int END, least(opened_on, date :'last_day' - 1)) AS newest
  FROM persona AS p) AS p
CROSS JOIN LATERAL (
  SELECT 2 AS version, newest AS valid_from
  UNION ALL
  SELECT 1, (newest - interval '24 months')::date - (warehouse.uniform(n, 'earlier') * 60)::int WHERE opened_on <= (newest - interval '26 months')::date) AS v
WHERE NOT no_row;

CREATE TABLE warehouse.permission (
  client_id text NOT NULL REFERENCES warehouse.client,
  code text NOT NULL,
  opened_on date NOT NULL,
  closed_on date,
  PRIMARY KEY (client_id, code, opened_on)
);
COMMENT ON TABLE warehouse.permission IS 'Trading permissions: STAR, ChiNext, BSE, Stock Connect, Margin';

INSERT INTO warehouse.permission
SELECT client_id, code, opened_on, CASE WHEN opened_on < closed_on THEN closed_on END
FROM (
  SELECT n, client_id, code, closed_on, least(date :'last_day', opened_on + 30 + (warehouse.uniform(n, code || ' opened') * 400)::int) AS opened_on
  FROM persona
  CROSS JOIN (VALUES ('ChiNext', 100000, .5), ('STAR', 500000, .6), ('BSE', 500000, .2), ('Stock Connect', 500000, .4), ('Margin', 500000, .3)) AS c (code, assets, taken)
  WHERE plant IS NULL AND level >= 4 AND wealth >= assets AND warehouse.uniform(n, code) < taken) AS p;

\echo '  trades'

-- What a client picks from: the products within the level and the kinds declared, and those of the permissions opened. One
-- pick in nine goes one level and every kind further, except for the lowest class. Popular products come first.
ANALYZE persona;
ANALYZE product_trait;

CREATE TEMP TABLE picker AS
SELECT p.n, p.client_id, p.plant, p.level, p.wealth, p.trades, p.opened_on, p.closed_on, p.age,
  coalesce(a.lowest_class, false) AS lowest_class,
  coalesce((SELECT array_agg(code ORDER BY code) FROM warehouse.permission AS m WHERE m.client_id = p.client_id), '{}') AS permissions,
  least(20, 1 + floor(sqrt(p.trades)))::int AS slots
FROM persona AS p LEFT JOIN warehouse.risk_assessment AS a ON a.client_id = p.client_id AND a.valid_to IS NULL;

CREATE TEMP TABLE menu AS
SELECT level, permissions, beyond, array_agg(n ORDER BY warehouse.uniform(n, 'popularity')) AS picks, count(*)::int AS size
FROM (SELECT DISTINCT level, permissions FROM picker) AS m
CROSS JOIN (VALUES (0), (1)) AS b (beyond)
JOIN product_trait AS t ON t.grade <= m.level + beyond AND t.category <> 'margin trading'
  AND (beyond = 1 OR t.kind = ANY ((ARRAY['fixed_income', 'equity', 'margin', 'complex'])[1 : (ARRAY[1, 2, 2, 3, 4])[m.level]]))
  AND (t.permission IS NULL OR t.permission = ANY (m.permissions))
GROUP BY level, permissions, beyond;

CREATE TEMP TABLE favourite AS
SELECT DISTINCT ON (s.n, product_n) s.n, s.slot, m.picks[1 + floor(power(warehouse.uniform(s.draw, 'pick'), 1.4) * m.size)::int] AS product_n
FROM (
  SELECT n, slot, n * 32 + slot AS draw, level, permissions, CASE WHEN NOT lowest_class AND warehouse.uniform(n * 32 + slot, 'beyond') < .11 THEN 1 ELSE 0 END AS beyond
  FROM picker CROSS JOIN generate_series(1, slots) AS slot
  WHERE plant IS NULL) AS s
JOIN menu AS m USING (level, permissions, beyond)
ORDER BY s.n, product_n, s.slot;

-- What planted clients hold: the re-graded fund, or an A share of grade R3.
INSERT INTO favourite
SELECT n, 1, CASE plant WHEN 'holds a re-graded product' THEN 1 ELSE 2 END FROM picker WHERE plant IN ('holds a re-graded product', 'lowest class holds R3', 'acknowledged', 'acknowledgement lapsed');
ANALYZE favourite;

CREATE TEMP TABLE chosen AS
SELECT n, array_agg(product_n ORDER BY slot) AS products, count(*)::int AS size FROM favourite GROUP BY n;

-- Orders in time: positive to buy, negative to sell. Order 0 is what was brought in before the first day. A client's first order
-- of a product that was not brought in is always a purchase.
CREATE TEMP TABLE client_order AS
SELECT n, product_n, day_number, order_n,
  CASE WHEN warehouse.uniform(draw, 'side') < .468 AND lag(order_n) OVER earlier IS NOT NULL THEN -1 ELSE 1 END
    * greatest(1, floor(size * CASE WHEN warehouse.uniform(draw, 'side') < .468 THEN .6 ELSE 1 END * exp(.6 * warehouse.normal(draw, 'size')) / price)) AS wanted
FROM (
  SELECT p.n, f.product_n, 1 AS day_number, 0 AS order_n, p.n::bigint * 32768 + f.slot AS draw, p.wealth * .5 / p.slots AS size
  FROM picker AS p JOIN favourite AS f USING (n)
  WHERE p.plant IS NOT NULL OR (p.opened_on < :'first_day' AND warehouse.uniform(p.n::bigint * 32 + f.slot, 'brought in') < .6)
  UNION ALL
  SELECT p.n, c.products[1 + floor(power(warehouse.uniform(draw, 'product'), 1.6) * c.size)::int],
    first_number + floor(warehouse.uniform(draw, 'day') * (last_number - first_number + 1))::int, order_n, draw, p.wealth * .4 / (1 + .2 * p.trades)
  FROM picker AS p
  JOIN chosen AS c USING (n)
  JOIN LATERAL (
    SELECT min(day_number) AS first_number, max(day_number) AS last_number FROM session_day
    WHERE on_day > p.opened_on AND (p.closed_on IS NULL OR on_day < p.closed_on)) AS d ON first_number IS NOT NULL
  CROSS JOIN generate_series(1, p.trades) AS order_n
  CROSS JOIN LATERAL (SELECT p.n::bigint * 32768 + 64 + order_n AS draw) AS o) AS o
JOIN session_day USING (day_number)
JOIN (SELECT n AS product_n, product_id FROM product_trait) AS t USING (product_n)
JOIN warehouse.price USING (product_id, on_day)
WINDOW earlier AS (PARTITION BY n, product_n ORDER BY day_number, order_n);

-- Nobody sells more than there is: the position is the running sum of the wishes, pushed up wherever it would fall below zero.
CREATE TEMP TABLE position AS
SELECT n, product_n, day_number, order_n, quantity, quantity - lag(quantity, 1, 0) OVER earlier AS traded,
  lead(day_number) OVER earlier AS next_number
FROM (
  SELECT *, total - least(0, min(total) OVER earlier) AS quantity
  FROM (SELECT *, sum(wanted) OVER earlier AS total FROM client_order WINDOW earlier AS (PARTITION BY n, product_n ORDER BY day_number, order_n)) AS o
  WINDOW earlier AS (PARTITION BY n, product_n ORDER BY day_number, order_n)) AS o
WINDOW earlier AS (PARTITION BY n, product_n ORDER BY day_number, order_n);
ANALYZE position;

CREATE TABLE warehouse.trade (
  trade_id text NOT NULL,
  client_id text NOT NULL,
  product_id text NOT NULL,
  on_day date NOT NULL,
  side text NOT NULL CHECK (side IN ('buy', 'sell')),
  quantity numeric(18, 4) NOT NULL,
  price numeric(12, 4) NOT NULL,
  amount numeric(18, 2) NOT NULL CHECK (amount > 0),
  channel text NOT NULL,
  initiated_by text NOT NULL
);
COMMENT ON TABLE warehouse.trade IS 'Executed trades; initiated_by is client or firm (the firm recommended it)';

INSERT INTO warehouse.trade
SELECT 'T' || lpad((row_number() OVER (ORDER BY day_number, n, order_n))::text, 8, '0'), c.client_id, product_id, on_day,
  CASE WHEN traded > 0 THEN 'buy' ELSE 'sell' END, abs(traded), price, greatest(.01, round((abs(traded) * price::float8)::numeric, 2)),
  CASE WHEN warehouse.uniform(draw, 'usual channel') < .8 THEN c.channel ELSE 'app' END,
  CASE WHEN warehouse.uniform(draw, 'advice') < CASE WHEN c.adviser_id IS NULL THEN .03 ELSE .3 END THEN 'firm' ELSE 'client' END
FROM (SELECT *, n::bigint * 32768 + 64 + order_n AS draw FROM position WHERE order_n > 0 AND traded <> 0) AS o
JOIN session_day USING (day_number)
JOIN (SELECT n AS product_n, product_id FROM product_trait) AS t USING (product_n)
JOIN warehouse.price USING (product_id, on_day)
JOIN (SELECT n, client_id FROM persona) AS p USING (n)
JOIN warehouse.client AS c USING (client_id)
ORDER BY day_number, n, order_n;
ALTER TABLE warehouse.trade ADD PRIMARY KEY (trade_id);
CREATE INDEX ON warehouse.trade (client_id, on_day);
CREATE INDEX ON warehouse.trade (on_day);

\echo '  month-end positions'

CREATE TABLE warehouse.position_month_end (
  client_id text NOT NULL,
  product_id text NOT NULL,
  on_day date NOT NULL,
  quantity numeric(18, 4) NOT NULL,
  market_value numeric(18, 2) NOT NULL
);
COMMENT ON TABLE warehouse.position_month_end IS 'Positions on the last trading day of each month';

CREATE TEMP TABLE month_end_price AS
SELECT n AS product_n, product_id, on_day, price
FROM product_trait JOIN warehouse.price USING (product_id) JOIN month_end USING (on_day);
ANALYZE month_end_price;

INSERT INTO warehouse.position_month_end
SELECT p.client_id, product_id, on_day, quantity, round((quantity * price::float8)::numeric, 2)
FROM position
JOIN month_end AS m ON end_number >= day_number AND (next_number IS NULL OR end_number < next_number)
JOIN month_end_price USING (product_n, on_day)
JOIN persona AS p USING (n)
WHERE quantity > 0 AND (p.closed_on IS NULL OR on_day < p.closed_on)
ORDER BY on_day, n, product_n;
ALTER TABLE warehouse.position_month_end ADD PRIMARY KEY (client_id, on_day, product_id);
CREATE INDEX ON warehouse.position_month_end (on_day, product_id);

\echo '  net assets'

CREATE TABLE warehouse.net_assets (
  client_id text NOT NULL,
  on_day date NOT NULL,
  amount numeric(18, 2) NOT NULL
);
COMMENT ON TABLE warehouse.net_assets IS 'Net assets, margin debt taken off, a row on each day on which they were booked anew; in between they stay as they were';

-- Booked at every month end, on opening, on closing and whenever cash comes in or goes out, which is up to eight times.
INSERT INTO warehouse.net_assets
SELECT client_id, on_day, CASE WHEN on_day = closed_on THEN 0
  ELSE cash + coalesce(held, 0) END
FROM (
  SELECT n, client_id, on_day, closed_on, valued_on, round((wealth * CASE WHEN fixed THEN 1 ELSE exp(.6 * warehouse.normal(n::bigint * 16 + event, 'cash')) * .4 END)::numeric, 2) AS cash
  FROM (
    SELECT n, client_id, on_day, closed_on, wealth, fixed, max(event) OVER (PARTITION BY n ORDER BY on_day) AS event,
      max(valued_on) OVER (PARTITION BY n ORDER BY on_day) AS valued_on
    FROM (
      SELECT n, client_id, closed_on, wealth, plant LIKE 'short of %' AS fixed, on_day, max(event) AS event, max(valued_on) AS valued_on
      FROM persona CROSS JOIN LATERAL (
        SELECT 0 AS event, greatest(opened_on, date :'first_day') AS on_day, NULL::date AS valued_on
        UNION ALL
        SELECT event, cash_day, NULL
        FROM generate_series(1, 8) AS event
        CROSS JOIN LATERAL (
          SELECT date :'first_day' + floor((date :'last_day' - date :'first_day') * (event - 1 + warehouse.uniform(n::bigint * 16 + event, 'cash day')) / 8)::int AS cash_day) AS c
        WHERE cash_day > opened_on AND NOT plant LIKE 'short of %' IS TRUE AND warehouse.uniform(n::bigint * 16 + event, 'cash event') < warehouse.uniform(n, 'cash events')
        UNION ALL
        SELECT NULL, on_day, on_day FROM month_end WHERE on_day > opened_on
        UNION ALL
        SELECT 9, closed_on, NULL WHERE closed_on IS NOT NULL) AS e
      WHERE closed_on IS NULL OR on_day <= closed_on
      GROUP BY n, client_id, closed_on, wealth, plant, on_day) AS e) AS e) AS b
LEFT JOIN (SELECT client_id, on_day AS valued_on, sum(market_value) AS held FROM warehouse.position_month_end GROUP BY client_id, on_day) AS h
  USING (client_id, valued_on)
ORDER BY on_day, n;
ALTER TABLE warehouse.net_assets ADD PRIMARY KEY (client_id, on_day);
CREATE INDEX ON warehouse.net_assets (on_day);

\echo '  acknowledgements, what was planted'

CREATE TABLE warehouse.acknowledgement (
  client_id text NOT NULL REFERENCES warehouse.client,
  product_id text NOT NULL REFERENCES warehouse.product,
  check_code text NOT NULL,
  kind text NOT NULL,
  on_day date NOT NULL,
  valid_until date,
  evidence_id text NOT NULL,
  approved_by text,
  PRIMARY KEY (evidence_id)
);
COMMENT ON TABLE warehouse.acknowledgement IS 'Signed warnings and approvals: what lets a client keep or buy a product above the assessed level';

-- The planted ones, and four in ten of the clients who hold something above their level.
INSERT INTO warehouse.acknowledgement
SELECT client_id, product_id, 'RISK', 'client_warning', on_day, (on_day + interval '12 months')::date, 'E' || client_id || product_id, NULL
FROM (
  SELECT p.client_id, t.product_id, date :'last_day' - CASE plant WHEN 'acknowledged' THEN 100 WHEN 'acknowledgement lapsed' THEN 500
      ELSE 10 + (600 * warehouse.uniform(n::bigint * 1024 + product_n, 'acknowledged on'))::int END AS on_day
  FROM favourite JOIN persona AS p USING (n) JOIN (SELECT n AS product_n, product_id, grade FROM product_trait) AS t USING (product_n)
  WHERE CASE WHEN plant IS NULL THEN grade > level AND warehouse.uniform(n::bigint * 1024 + product_n, 'acknowledged') < .4
    ELSE plant IN ('acknowledged', 'acknowledgement lapsed') END) AS a;

CREATE TABLE warehouse.planted (
  plant text NOT NULL,
  client_id text NOT NULL,
  product_id text,
  expected text NOT NULL,
  PRIMARY KEY (plant, client_id)
);
COMMENT ON TABLE warehouse.planted IS 'Clients whose case is known beforehand, with what a right answer says of them on the last day';

INSERT INTO warehouse.planted
SELECT plant, client_id, CASE WHEN plant LIKE 'short of %' THEN 'P0003' WHEN plant = 'holds a re-graded product' THEN 'P0001' ELSE 'P0002' END,
  CASE plant
    WHEN 'holds a re-graded product' THEN 'C3 holds P0001, which went from R3 to R4 45 days before the last day: suitable until then, not since'
    WHEN 'lowest class holds R3' THEN 'lowest class, holds P0002 of grade R3: prohibited, and nothing clears it'
    WHEN 'acknowledged' THEN 'C2 holds P0002 of grade R3 with a warning signed 100 days before the last day and valid for 12 months'
    WHEN 'acknowledgement lapsed' THEN 'C2 holds P0002 of grade R3 with a warning that lapsed before the last day'
    WHEN 'short of assets' THEN 'net assets of 320,000 throughout: 180,000 short of the 500,000 that STAR asks for'
    ELSE 'first trade 10 months before the last day: 14 months short of the 24 that STAR asks for' END
FROM persona WHERE plant IS NOT NULL
UNION ALL
SELECT 'assessment lapses within 30 days', client_id, NULL, 'assessed on ' || assessed_on || ': 24 months end within 30 days of the last day'
FROM warehouse.risk_assessment JOIN warehouse.client USING (client_id)
WHERE valid_to IS NULL AND closed_on IS NULL AND (professional_until < :'last_day') IS NOT FALSE
  AND assessed_on BETWEEN (date :'last_day' - interval '24 months')::date + 1 AND (date :'last_day' - interval '24 months')::date + 30;

\echo '  source views'

CREATE SCHEMA source;
COMMENT ON SCHEMA source IS 'The warehouse as crm_ext reads it: one view for each part of the source contract';

CREATE VIEW source.client WITH (security_invoker) AS
SELECT client_id, kind, opened_on, closed_on, birth_date, branch_id, adviser_id, segment, channel, dormant, suspended, id_expires_on, experience_since FROM warehouse.client;
COMMENT ON VIEW source.client IS 'One row a client';

CREATE VIEW source.client_profile WITH (security_invoker) AS
SELECT client_id, valid_from, valid_to, risk_level, lowest_class, assessed_on, investor_class, professional_until, longest_term_months, kinds, objectives, loss_capacity, income, net_assets
FROM warehouse.risk_assessment;
COMMENT ON VIEW source.client_profile IS 'Versions of what a client declared';

CREATE VIEW source.product WITH (security_invoker) AS
SELECT product_id, name, kind, category, issuer_id, currency, term_months, permission, minimum_amount FROM warehouse.product;
COMMENT ON VIEW source.product IS 'One row a product';

CREATE VIEW source.product_grade WITH (security_invoker) AS
SELECT product_id, valid_from, valid_to, risk_level FROM warehouse.product_grade;
COMMENT ON VIEW source.product_grade IS 'Versions of a product''s grade';

CREATE VIEW source.trade WITH (security_invoker) AS
SELECT trade_id, client_id, product_id, on_day, side, amount, channel, initiated_by FROM warehouse.trade;
COMMENT ON VIEW source.trade IS 'One row a trade';

CREATE VIEW source.holding WITH (security_invoker) AS
SELECT client_id, product_id, on_day, quantity, market_value FROM warehouse.position_month_end;
COMMENT ON VIEW source.holding IS 'Positions at month ends';

CREATE VIEW source.balance WITH (security_invoker) AS
SELECT client_id, on_day, amount FROM warehouse.net_assets;
COMMENT ON VIEW source.balance IS 'Net assets on the days on which they changed (balance mode: change)';

CREATE VIEW source.trading_day WITH (security_invoker) AS
SELECT market, on_day FROM warehouse.trading_day;
COMMENT ON VIEW source.trading_day IS 'The calendar';

CREATE VIEW source.permission WITH (security_invoker) AS
SELECT client_id, code, opened_on, closed_on FROM warehouse.permission;
COMMENT ON VIEW source.permission IS 'Opened trading permissions';

CREATE VIEW source.acknowledgement WITH (security_invoker) AS
SELECT client_id, product_id, check_code, kind, on_day, valid_until, evidence_id, approved_by FROM warehouse.acknowledgement;
COMMENT ON VIEW source.acknowledgement IS 'Signed warnings and approvals';

DROP TABLE session_day, month_end, catalogue, product_trait, trait, persona, picker, menu, favourite, chosen, client_order, position, month_end_price;
ANALYZE;
RESET search_path;
RESET work_mem;
RESET client_min_messages;
