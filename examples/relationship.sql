-- The rest of the broker that warehouse.sql makes: households, accounts, money that comes in and goes out, fees, what contacts cost and bring, what
-- clients are owed, what they have elsewhere, call-backs. Run it after warehouse.sql, with the same variables:
--
--   psql -1 -v clients=20000 -v products=300 -v first_day=2024-07-01 -v last_day=2026-06-30 -v seed=1 -f warehouse.sql -f relationship.sql
--
-- Every number is a hash of an id, a purpose and the seed, as there. Nothing that warehouse.sql has made is changed; the clients of the cohorts below
-- are added, one in two hundred of each and at least twenty, of those who hold two bonds three times as many, for tests and the demo to find again in warehouse.planted.
-- * flapping: net assets that go over the 500,000 of the tier affluent and under it, month by month.
-- * campaign: clients of one month, ten months before the last day or, if the data are shorter, the second, of whom most have left by the fourth.
-- * held together: clients who hold two bonds that have nothing to do with each other.
-- * never called back: clients who came 90 days before the last day, and whom nobody called.
-- Of the clients of warehouse.sql, two more are found by what is not there:
-- * unfairly served tail: the lowest tier of branch B07 gets none of what it is owed.
-- * never contacted: one client in fifty got nothing of what was owed, and never asked.

\if :{?clients}
\else
  \set clients 20000
\endif
\if :{?last_day}
\else
  \set last_day 2026-06-30
\endif
\if :{?first_day}
\else
  \set first_day 2024-07-01
\endif

\set ON_ERROR_STOP on
SELECT greatest(date_trunc('month', date :'last_day') - interval '10 months', date_trunc('month', date :'first_day') + interval '1 month')::date AS campaign_month \gset
SET client_min_messages = warning;
SET search_path = pg_catalog, pg_temp;
SET work_mem = '256MB';
\echo '  cohorts'

CREATE TEMP TABLE cohort_client AS
SELECT 2000000000 + (k.place - 1) * 1000000 + n AS n, (2000000000 + (k.place - 1) * 1000000 + n)::text AS client_id, k.plant,
  CASE k.plant WHEN 'campaign' THEN date :'campaign_month' + n % 28 WHEN 'never called back' THEN date :'last_day' - 90
    ELSE date :'first_day' - 100 END AS opened_on,
  CASE WHEN k.plant = 'campaign' AND n % 10 < 7 THEN date :'campaign_month' + 45 + n % 75 END AS closed_on
FROM (SELECT greatest(20, :clients / 200) AS size) AS s
CROSS JOIN (VALUES (1, 'flapping'), (2, 'campaign'), (3, 'held together'), (4, 'never called back')) AS k (place, plant)
CROSS JOIN LATERAL generate_series(1, s.size * CASE k.plant WHEN 'held together' THEN 3 ELSE 1 END) AS n;
ANALYZE cohort_client;

INSERT INTO warehouse.client
SELECT client_id, 'person', opened_on, closed_on, date '1980-01-01' + n % 3650, 'B' || lpad((1 + n % 12)::text, 2, '0'), NULL, CASE plant WHEN 'campaign' THEN 'campaign' ELSE 'retail' END,
  'app', false, false, date :'last_day' + 1000, opened_on
FROM (SELECT client_id, n::int AS n, plant, opened_on, closed_on FROM cohort_client) AS c;
INSERT INTO warehouse.risk_assessment (client_id, valid_from, risk_level, lowest_class, assessed_on, investor_class, longest_term_months, kinds)
SELECT client_id, assessed_on, 'C3', false, assessed_on, 'ordinary', 600, '{fixed_income,equity}'
FROM (SELECT client_id, greatest(opened_on, date :'last_day' - 300) AS assessed_on FROM cohort_client) AS c;

CREATE TEMP TABLE month_day AS
SELECT on_day, (row_number() OVER (ORDER BY on_day))::int AS place
FROM (SELECT max(on_day) AS on_day FROM warehouse.trading_day WHERE on_day BETWEEN :'first_day' AND :'last_day' GROUP BY date_trunc('month', on_day)) AS m;
INSERT INTO warehouse.position_month_end
SELECT c.client_id, p.product_id, m.on_day, p.quantity, round(p.quantity * r.price, 2)
FROM cohort_client AS c CROSS JOIN (VALUES ('P0009', 200), ('P0011', 150)) AS p (product_id, quantity) CROSS JOIN month_day AS m JOIN warehouse.price AS r USING (product_id, on_day)
WHERE c.plant = 'held together';
-- Cash, and at month ends what is held
INSERT INTO warehouse.net_assets
SELECT c.client_id, d.on_day, d.cash + coalesce((SELECT sum(h.market_value) FROM warehouse.position_month_end AS h WHERE h.client_id = c.client_id AND h.on_day = d.on_day), 0)
FROM cohort_client AS c
CROSS JOIN LATERAL (
  SELECT date_trunc('month', m.on_day::timestamp)::date AS on_day, CASE WHEN (m.place + c.n) % 2 = 0 THEN 560000 ELSE 380000 END AS cash FROM month_day AS m WHERE c.plant = 'flapping'
  UNION ALL
  SELECT greatest(c.opened_on, date :'first_day'), 20000 WHERE c.plant <> 'flapping'
  UNION ALL
  SELECT m.on_day, 20000 FROM month_day AS m WHERE c.plant = 'held together' AND m.on_day > :'first_day'
  UNION ALL
  SELECT c.closed_on, 0 WHERE c.closed_on IS NOT NULL) AS d;

\echo '  households, accounts'

-- Two neighbours in four share a household; one in fifty lives in two.
CREATE TEMP TABLE client_number AS SELECT client_id, client_id::bigint AS n, kind, opened_on, closed_on, branch_id, adviser_id, segment, channel, dormant, suspended FROM warehouse.client;
ANALYZE client_number;
CREATE TABLE warehouse.household_member (
  client_id text NOT NULL REFERENCES warehouse.client,
  household_id text NOT NULL,
  share numeric(5, 4) NOT NULL CHECK (share > 0 AND share <= 1),
  PRIMARY KEY (client_id, household_id)
);
COMMENT ON TABLE warehouse.household_member IS 'Who belongs to which household, and with what share; those of a client sum to 1';
INSERT INTO warehouse.household_member
SELECT c.client_id, 'H' || c.n - CASE WHEN c.n % 2 = 1 AND warehouse.uniform(c.n / 2, 'couple') < .5 THEN 1 ELSE 0 END, CASE WHEN warehouse.uniform(c.n, 'two households') < .02 THEN .5 ELSE 1 END
FROM client_number AS c WHERE c.kind = 'person'
UNION ALL
SELECT c.client_id, 'H' || c.n || ' second', .5 FROM client_number AS c WHERE c.kind = 'person' AND warehouse.uniform(c.n, 'two households') < .02;
CREATE INDEX ON warehouse.household_member (household_id);

CREATE TABLE warehouse.account (
  account_id text PRIMARY KEY,
  client_id text NOT NULL REFERENCES warehouse.client,
  kind text NOT NULL,
  opened_on date NOT NULL,
  closed_on date
);
COMMENT ON TABLE warehouse.account IS 'Accounts: one for securities, of most clients one for funds, and one for margin trading of those who have the permission';
INSERT INTO warehouse.account
SELECT c.client_id || '-' || k.kind, c.client_id, k.kind, c.opened_on, c.closed_on
FROM client_number AS c CROSS JOIN (VALUES ('securities', 1), ('funds', .6)) AS k (kind, taken) WHERE warehouse.uniform(c.n, k.kind || ' account') < k.taken
UNION ALL
SELECT client_id || '-margin', client_id, 'margin', min(opened_on), max(closed_on) FROM warehouse.permission WHERE code = 'Margin' GROUP BY client_id;
CREATE INDEX ON warehouse.account (client_id);

\echo '  cash flows'

-- What net assets are made of: cash, and holdings as of the newest month end. Cash that changes has come or gone; a purchase is paid from outside and
-- the proceeds of a sale go there; what was held before the first day counts as brought in on it, at that day's price; who leaves takes everything along.
-- What remains of a change of net assets is what prices did.
CREATE TABLE warehouse.cash_flow (
  client_id text NOT NULL,
  on_day date NOT NULL,
  amount numeric(18, 2) NOT NULL CHECK (amount <> 0)
);
COMMENT ON TABLE warehouse.cash_flow IS 'Money and securities that came in (above 0) or went out (below 0)';
CREATE TEMP TABLE held_at AS SELECT client_id, on_day, sum(market_value) AS held FROM warehouse.position_month_end GROUP BY client_id, on_day;
CREATE TEMP TABLE traded AS
SELECT client_id, on_day, sum(CASE side WHEN 'buy' THEN amount ELSE -amount END) AS net FROM warehouse.trade GROUP BY client_id, on_day;
-- Of who has left, holdings have no value after the last month end, whatever was traded since.
CREATE TEMP TABLE leaver AS
SELECT client_id, closed_on, (SELECT coalesce(max(m.on_day), date :'first_day' - 1) FROM month_day AS m WHERE m.on_day < c.closed_on) AS valued_on FROM client_number AS c WHERE closed_on IS NOT NULL;
ANALYZE held_at;
ANALYZE traded;
ANALYZE leaver;
INSERT INTO warehouse.cash_flow
SELECT client_id, on_day, sum(amount)
FROM (
  SELECT client_id, on_day, net AS amount FROM traded
  UNION ALL
  SELECT client_id, on_day, cash - lag(cash, 1, 0) OVER (PARTITION BY client_id COLLATE "C" ORDER BY on_day)      -- cash that changed
  FROM (
    SELECT a.client_id, a.on_day, a.amount - coalesce(h.held, 0) AS cash
    FROM warehouse.net_assets AS a
    CROSS JOIN (SELECT array_agg(on_day ORDER BY on_day) AS days FROM month_day) AS m
    LEFT JOIN held_at AS h ON h.client_id = a.client_id AND h.on_day = m.days[width_bucket(a.on_day, m.days)]) AS a
  UNION ALL
  SELECT client_id, date :'first_day', round(sum(quantity * price), 2)      -- brought in: held at the first month end, and not bought since the first day
  FROM (
    SELECT h.client_id, h.product_id, h.quantity FROM warehouse.position_month_end AS h JOIN month_day AS m USING (on_day) WHERE m.place = 1
    UNION ALL
    SELECT t.client_id, t.product_id, CASE t.side WHEN 'buy' THEN -t.quantity ELSE t.quantity END
    FROM warehouse.trade AS t JOIN month_day AS m ON m.place = 1 AND t.on_day <= m.on_day LEFT JOIN leaver AS l USING (client_id)
    WHERE l.valued_on >= m.on_day IS NOT FALSE) AS b
  JOIN (SELECT product_id, price FROM warehouse.price WHERE on_day = (SELECT min(on_day) FROM warehouse.price)) AS p USING (product_id)
  GROUP BY client_id
  UNION ALL
  SELECT l.client_id, l.closed_on, -t.net FROM leaver AS l JOIN traded AS t ON t.client_id = l.client_id AND t.on_day > l.valued_on) AS f
GROUP BY client_id, on_day
HAVING sum(amount) <> 0
ORDER BY on_day, client_id COLLATE "C";
CREATE INDEX ON warehouse.cash_flow (client_id, on_day);
CREATE INDEX ON warehouse.cash_flow (on_day);

\echo '  fees, costs'

CREATE TABLE warehouse.fee (
  client_id text NOT NULL,
  on_day date NOT NULL,
  kind text NOT NULL,
  amount numeric(18, 2) NOT NULL
);
COMMENT ON TABLE warehouse.fee IS 'Revenue: commissions of trades, fees for advice, distribution of funds, interest of margin loans, other';
INSERT INTO warehouse.fee
SELECT client_id, on_day, 'commission', sum(greatest(5, round(amount * .00025, 2))) FROM warehouse.trade GROUP BY client_id, on_day
UNION ALL
SELECT client_id, on_day, 'distribution', sum(round(amount * .006, 2)) FROM warehouse.trade JOIN warehouse.product USING (product_id) WHERE side = 'buy' AND category LIKE '% fund' AND amount >= 1
GROUP BY client_id, on_day
UNION ALL
SELECT h.client_id, h.on_day, 'advice', round(h.held * .003 / 12, 2) FROM held_at AS h JOIN client_number AS c USING (client_id)
WHERE c.adviser_id IS NOT NULL AND h.held > 50000 AND warehouse.uniform(c.n, 'advised for a fee') < .25
UNION ALL
SELECT c.client_id, m.on_day, 'interest', round((200 * exp(warehouse.normal(c.n, 'loan')))::numeric, 2) FROM client_number AS c JOIN warehouse.account AS a ON a.client_id = c.client_id AND a.kind = 'margin'
CROSS JOIN month_day AS m WHERE m.on_day >= a.opened_on AND (c.closed_on IS NULL OR m.on_day < c.closed_on)
UNION ALL
SELECT c.client_id, m.on_day, 'other', 2 FROM client_number AS c CROSS JOIN month_day AS m
WHERE m.place % 12 = 6 AND m.on_day >= c.opened_on AND (c.closed_on IS NULL OR m.on_day < c.closed_on) AND warehouse.uniform(c.n, 'statement by post') < .1;
CREATE INDEX ON warehouse.fee (client_id, on_day);
CREATE INDEX ON warehouse.fee (on_day);

CREATE TABLE warehouse.channel_rate (
  channel text NOT NULL,
  valid_from date NOT NULL,
  per_minute numeric(8, 2) NOT NULL,
  per_contact numeric(8, 2) NOT NULL,
  PRIMARY KEY (channel, valid_from)
);
COMMENT ON TABLE warehouse.channel_rate IS 'What a contact costs by channel; people became dearer a year before the last day';
INSERT INTO warehouse.channel_rate
SELECT channel, from_day, round(per_minute * factor, 2), per_contact
FROM (VALUES ('app', 0, .2), ('online', 0, .5), ('phone', 2.5, 3), ('branch', 4, 20)) AS c (channel, per_minute, per_contact)
CROSS JOIN (VALUES (date :'first_day' - 1000, 1), ((date :'last_day' - interval '1 year')::date, 1.1)) AS f (from_day, factor)
WHERE factor = 1 OR per_minute > 0;

\echo '  services owed and delivered'

CREATE TABLE warehouse.service_level (
  tier text NOT NULL,
  client_class text NOT NULL,
  service text NOT NULL,
  per_quarter numeric(6, 2) NOT NULL,
  minutes numeric(6, 1) NOT NULL,
  channel text NOT NULL,
  PRIMARY KEY (tier, client_class, service)
);
COMMENT ON TABLE warehouse.service_level IS 'What clients are owed in a quarter; client_class is the investor class of the newest assessment, - any, and what is owed to a class comes on top of it';
INSERT INTO warehouse.service_level
SELECT t.tier, s.client_class, s.service, s.per_quarter, s.minutes, s.channel
FROM (VALUES
  ('market letter', '-', 'mass retail affluent wealth private', 1, 0, 'app'),
  ('portfolio check', '-', 'mass retail', .5, 5, 'app'),
  ('portfolio check', '-', 'affluent wealth private', 1, 10, 'online'),
  ('adviser call', '-', 'affluent', 1, 15, 'phone'),
  ('adviser call', '-', 'wealth', 2, 20, 'phone'),
  ('adviser call', '-', 'private', 3, 30, 'phone'),
  ('review in person', '-', 'wealth private', 1, 60, 'branch'),
  ('research briefing', 'professional', 'wealth private', 3, 20, 'phone')) AS s (service, client_class, tiers, per_quarter, minutes, channel)
CROSS JOIN LATERAL regexp_split_to_table(s.tiers, ' ') AS t (tier);

-- Where each client stood in each quarter: tier by the net assets at its end, class by the assessment that held then.
CREATE TEMP TABLE quarter_client AS
SELECT c.n, c.client_id, c.branch_id, c.opened_on, c.closed_on, q.from_day, q.until_day, q.place, r.investor_class,
  coalesce(c.adviser_id, 'A' || lpad((right(c.branch_id, 2)::int - 1 + 12 * (c.n % 10))::text, 4, '0')) AS adviser_id,
  CASE WHEN a.amount >= 6000000 THEN 'private' WHEN a.amount >= 1000000 THEN 'wealth' WHEN a.amount >= 500000 THEN 'affluent' WHEN a.amount >= 50000 THEN 'retail' ELSE 'mass' END AS tier
FROM client_number AS c
CROSS JOIN (
  SELECT q::date AS from_day, (q + interval '3 months')::date AS until_day, row_number() OVER (ORDER BY q) AS place
  FROM generate_series(date_trunc('quarter', timestamp :'first_day'), timestamp :'last_day', interval '3 months') AS q) AS q
LEFT JOIN LATERAL (SELECT a.amount FROM warehouse.net_assets AS a WHERE a.client_id = c.client_id AND a.on_day < q.until_day ORDER BY a.on_day DESC LIMIT 1) AS a ON true
LEFT JOIN warehouse.risk_assessment AS r ON r.client_id = c.client_id AND r.valid_from < q.until_day AND (r.valid_to IS NULL OR r.valid_to >= q.until_day)
WHERE c.opened_on < q.until_day AND (c.closed_on IS NULL OR c.closed_on > q.from_day)
  AND NOT (c.n < 2000000000 AND warehouse.uniform(c.n, 'never contacted') < .02);
ANALYZE quarter_client;

CREATE TABLE warehouse.contact (
  contact_id text NOT NULL,
  client_id text NOT NULL,
  employee_id text,
  on_day date NOT NULL,
  started_at timestamptz NOT NULL,
  channel text NOT NULL,
  direction text NOT NULL CHECK (direction IN ('inbound', 'outbound')),
  service text,
  minutes numeric(6, 1) NOT NULL
);
COMMENT ON TABLE warehouse.contact IS 'Contacts: services delivered (outbound), and clients who asked (inbound, without a service)';
COMMENT ON COLUMN warehouse.contact.employee_id IS 'Who called or was met: the client''s adviser, or one of the branch; of app and online nobody';

-- A part of what is owed is delivered: more of it in higher tiers, none where it was planted. And some clients ask.
INSERT INTO warehouse.contact
SELECT 'K' || lpad((row_number() OVER (ORDER BY on_day, draw))::text, 9, '0'), client_id, CASE WHEN channel IN ('phone', 'branch') THEN adviser_id END, on_day,
  (on_day + time '09:00' + make_interval(mins => floor(480 * warehouse.uniform(draw, 'contact time'))::int)) AT TIME ZONE 'Asia/Shanghai', channel, direction, service, minutes
FROM (
  SELECT t.client_id, t.adviser_id, t.opened_on, t.closed_on, s.service, s.channel, 'outbound' AS direction, draw, round((s.minutes * (.5 + warehouse.uniform(draw, 'contact minutes')))::numeric, 1) AS minutes,
    t.from_day + floor((t.until_day - t.from_day) * warehouse.uniform(draw, 'contact day'))::int AS on_day
  FROM quarter_client AS t
  JOIN (SELECT *, dense_rank() OVER (ORDER BY service COLLATE "C") AS service_n FROM warehouse.service_level) AS s ON s.tier = t.tier AND s.client_class IN ('-', t.investor_class)
  CROSS JOIN LATERAL generate_series(1, ceil(s.per_quarter)::int) AS k
  CROSS JOIN LATERAL (SELECT t.n * 65536 + t.place * 128 + s.service_n * 8 + k AS draw) AS d
  WHERE NOT (t.branch_id = 'B07' AND t.tier = 'mass')
    AND warehouse.uniform(draw, 'delivered') < least(1, s.per_quarter / ceil(s.per_quarter)) * CASE t.tier WHEN 'mass' THEN .6 WHEN 'retail' THEN .75 WHEN 'affluent' THEN .85 ELSE .93 END
  UNION ALL
  SELECT t.client_id, t.adviser_id, t.opened_on, t.closed_on, NULL, CASE WHEN warehouse.uniform(draw, 'asks by') < .6 THEN 'app' WHEN warehouse.uniform(draw, 'asks by') < .9 THEN 'phone' ELSE 'branch' END, 'inbound', draw,
    round((12 * warehouse.uniform(draw, 'asks for'))::numeric, 1), t.from_day + floor((t.until_day - t.from_day) * warehouse.uniform(draw, 'asks on'))::int
  FROM quarter_client AS t CROSS JOIN generate_series(1, 2) AS k CROSS JOIN LATERAL (SELECT t.n * 65536 + t.place * 128 + k AS draw) AS d
  WHERE warehouse.uniform(draw, 'asks') < .15) AS c
WHERE on_day BETWEEN :'first_day' AND :'last_day' AND on_day >= opened_on AND (closed_on IS NULL OR on_day < closed_on);
ALTER TABLE warehouse.contact ADD PRIMARY KEY (contact_id);
CREATE INDEX ON warehouse.contact (client_id, on_day);
CREATE INDEX ON warehouse.contact (on_day);

\echo '  assets elsewhere, call-backs, what was planted'

CREATE TABLE warehouse.declared_assets (
  client_id text NOT NULL REFERENCES warehouse.client,
  on_day date NOT NULL,
  amount numeric(18, 2) NOT NULL CHECK (amount >= 0),
  PRIMARY KEY (client_id, on_day)
);
COMMENT ON TABLE warehouse.declared_assets IS 'What clients said they have elsewhere: three in ten did when they were assessed';
INSERT INTO warehouse.declared_assets
SELECT r.client_id, r.assessed_on, max(round((50000 * exp(1.2 * warehouse.normal(c.n, 'elsewhere')))::numeric, -3))
FROM warehouse.risk_assessment AS r JOIN client_number AS c USING (client_id)
WHERE r.assessed_on <= :'last_day' AND warehouse.uniform(c.n, 'declares') < .3
GROUP BY r.client_id, r.assessed_on;

-- Nine new clients in ten are called back within a month, and a part of the others in each year.
CREATE TABLE warehouse.callback (
  client_id text NOT NULL REFERENCES warehouse.client,
  on_day date NOT NULL,
  outcome text NOT NULL
);
COMMENT ON TABLE warehouse.callback IS 'Call-backs: whether the client was reached and confirmed what was on record';
INSERT INTO warehouse.callback
SELECT k.client_id, k.on_day, CASE WHEN warehouse.uniform(k.draw, 'reached') < .9 THEN 'confirmed' ELSE 'corrected' END
FROM (
  SELECT c.n * 4096 AS draw, c.client_id, c.closed_on, c.opened_on + 1 + (35 * warehouse.uniform(c.n, 'called back after'))::int AS on_day
  FROM client_number AS c LEFT JOIN cohort_client AS p USING (client_id)
  WHERE c.opened_on >= date :'first_day' AND p.plant IS DISTINCT FROM 'never called back' AND warehouse.uniform(c.n, 'called back') < .9
  UNION ALL
  SELECT draw, c.client_id, c.closed_on, make_date(y, 1, 1) + floor(365 * warehouse.uniform(draw, 'called on'))::int
  FROM client_number AS c CROSS JOIN generate_series(extract(year FROM date :'first_day')::int, extract(year FROM date :'last_day')::int) AS y
  CROSS JOIN LATERAL (SELECT c.n * 4096 + y AS draw) AS d
  WHERE c.opened_on < make_date(y, 1, 1) AND NOT c.dormant AND NOT c.suspended AND warehouse.uniform(draw, 'called in the year') < .13) AS k
WHERE k.on_day BETWEEN :'first_day' AND :'last_day' AND (k.closed_on IS NULL OR k.on_day < k.closed_on);
CREATE INDEX ON warehouse.callback (client_id, on_day);

INSERT INTO warehouse.planted
SELECT plant, client_id, CASE plant WHEN 'held together' THEN 'P0011' END, CASE plant
    WHEN 'flapping' THEN 'net assets of 560,000 and 380,000 in turn: by the thresholds alone the tier changes each month, by the moves of the policy it does not'
    WHEN 'campaign' THEN 'came in the month ten months before that of the last day; seven in ten had left 120 days after its beginning'
    WHEN 'held together' THEN 'holds P0009 and P0011'
    ELSE 'came 90 days before the last day and was not called back' END
FROM cohort_client
UNION ALL
SELECT 'unfairly served tail', client_id, NULL, 'branch B07, net assets always below 50,000, which is the lowest tier: nothing of what it is owed was ever delivered'
FROM client_number AS c WHERE branch_id = 'B07' AND closed_on IS NULL AND opened_on < date :'last_day' - 92
  AND NOT EXISTS (SELECT FROM warehouse.net_assets AS a WHERE a.client_id = c.client_id AND a.amount >= 50000)
UNION ALL
SELECT 'never contacted', client_id, NULL, 'no contact at all, whatever is owed'
FROM client_number AS c WHERE n < 2000000000 AND warehouse.uniform(n, 'never contacted') < .02 AND closed_on IS NULL AND opened_on < date :'last_day' - 92;

\echo '  source views'

CREATE VIEW source.household WITH (security_invoker) AS SELECT client_id, household_id, share FROM warehouse.household_member;
COMMENT ON VIEW source.household IS 'Who belongs to which household';
CREATE VIEW source.account WITH (security_invoker) AS SELECT account_id, client_id, kind, opened_on, closed_on FROM warehouse.account;
COMMENT ON VIEW source.account IS 'Accounts';
CREATE VIEW source.cash_flow WITH (security_invoker) AS SELECT client_id, on_day, amount FROM warehouse.cash_flow;
COMMENT ON VIEW source.cash_flow IS 'What came in and went out';
CREATE VIEW source.fee WITH (security_invoker) AS SELECT client_id, on_day, kind, amount FROM warehouse.fee;
COMMENT ON VIEW source.fee IS 'Revenue';
CREATE VIEW source.cost WITH (security_invoker) AS SELECT channel, valid_from, per_minute, per_contact FROM warehouse.channel_rate;
COMMENT ON VIEW source.cost IS 'Rates for the cost to serve';
CREATE VIEW source.contact WITH (security_invoker) AS SELECT contact_id, client_id, employee_id, on_day, started_at, channel, direction, service, minutes FROM warehouse.contact;
COMMENT ON VIEW source.contact IS 'Services delivered';
CREATE VIEW source.entitlement WITH (security_invoker) AS SELECT tier, client_class, service, per_quarter, minutes FROM warehouse.service_level;
COMMENT ON VIEW source.entitlement IS 'Services owed in a quarter, by tier of examples/policies/client_tiers.json; client_class is the investor_class of client_profile, - any: a client is owed the rows of - and those of the own class';
CREATE VIEW source.external_assets WITH (security_invoker) AS SELECT client_id, on_day, amount FROM warehouse.declared_assets;
COMMENT ON VIEW source.external_assets IS 'What clients declared to have elsewhere';
CREATE VIEW source.callback WITH (security_invoker) AS SELECT client_id, on_day, outcome FROM warehouse.callback;
COMMENT ON VIEW source.callback IS 'Call-backs';

DROP TABLE cohort_client, month_day, client_number, held_at, traded, leaver, quarter_client;
ANALYZE;
RESET search_path;
RESET work_mem;
RESET client_min_messages;
