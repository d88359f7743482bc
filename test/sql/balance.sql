-- balance and balance_snapshot: end-of-day balances, their exact averages and minima over windows and lists of days.
SET search_path = crm, public;
SET datestyle = ISO;

-- Change mode: a balance holds until the next one. 2026-01-01 to -05: 0; to -15: 400; to -25: 600; then 100.
CREATE TEMP TABLE change (on_day date, amount numeric);
INSERT INTO change VALUES ('2026-01-01', 0), ('2026-01-06', 400), ('2026-01-16', 600), ('2026-01-26', 100);
CREATE TEMP TABLE account AS SELECT balance(on_day, amount) AS b FROM change;

SELECT on_day, balance_at(b, on_day) FROM account, unnest('{2025-12-31,2026-01-01,2026-01-05,2026-01-06,2026-01-15,2026-01-25,2026-01-26,2026-12-31}'::date[]) AS on_day;
SELECT average_balance(b, '2026-01-01', '2026-02-01') AS january, (5 * 0 + 10 * 400 + 10 * 600 + 6 * 100) / 31.0 AS by_hand,
  average_balance(b, '2026-01-06', '2026-01-07') AS one_day, minimum_balance(b, '2026-01-06', '2026-02-01') AS minimum,
  minimum_balance(b, '2026-01-06', '2026-01-26') AS before_the_drop, days_at_least(b, 400, '2026-01-01', '2026-02-01') AS days,
  first_day(b), last_day(b)
FROM account;

-- What is not known is NULL: a day before the first balance. Known days are still counted.
SELECT average_balance(b, '2025-12-31', '2026-02-01'), minimum_balance(b, '2025-12-31', '2026-02-01'), days_at_least(b, 0, '2025-12-31', '2026-02-01'),
  days_at_least(b, 0, '2025-12-01', '2026-01-01') AS none
FROM account;

-- A list of days: those of a trading calendar.
SELECT average_balance(b, '{2026-01-05,2026-01-06,2026-01-07}'::date[]), minimum_balance(b, '{2026-01-06,2026-01-16}'::date[]),
  days_at_least(b, 400, '{2026-01-05,2026-01-06,2026-01-07}'), average_balance(b, '{}'::date[]) IS NULL AS no_days
FROM account;

-- Snapshot mode: an absent day is 0, since snapshots drop rows with nothing on them.
SELECT balance_at(s, '2026-01-02') AS absent, average_balance(s, '2026-01-01', '2026-01-05'), minimum_balance(s, '2026-01-01', '2026-01-02') AS one_day,
  minimum_balance(s, '2026-01-01', '2026-01-05') AS minimum, days_at_least(s, 0, '2026-01-01', '2026-01-05') AS at_least_0, days_at_least(s, 1, '2026-01-01', '2026-01-05') AS at_least_1
FROM (SELECT balance_snapshot(d, a) AS s FROM (VALUES ('2026-01-01'::date, 300), ('2026-01-03', 100)) AS v (d, a)) AS x;

-- The entry tests of exchanges: an average of the last 20 trading days of at least 500,000 (STAR market), and that much on each of the last
-- 5 (index futures). Both are one expression over one row of the client. The client who left is not granted what he had.
CREATE TEMP TABLE trading_day AS
SELECT d::date AS day FROM generate_series('2026-01-01'::date, '2026-03-31', '1 day') AS d WHERE extract(isodow FROM d) < 6;
CREATE TEMP TABLE snapshot AS
SELECT 'steady' AS client, day, 500000.00 AS assets FROM trading_day UNION ALL
SELECT 'late', day, 2500000 FROM trading_day WHERE day > '2026-03-20' UNION ALL
SELECT 'left', day, 9000000 FROM trading_day WHERE day < '2026-03-01' UNION ALL
SELECT 'dipped', day, CASE WHEN day = '2026-03-30' THEN 499999.99 ELSE 800000 END FROM trading_day;
SELECT client,
  average_balance(s, last_days) AS average_20, average_balance(s, last_days) >= 500000 AS star,
  minimum_balance(s, last_days[:5]) AS lowest_5, minimum_balance(s, last_days[:5]) >= 500000 AS futures, days_at_least(s, 500000, last_days[:5]) AS days_of_5
FROM (SELECT client, balance_snapshot(day, assets) AS s FROM snapshot GROUP BY 1) AS c,
  (SELECT (array_agg(day ORDER BY day DESC))[:20] AS last_days FROM trading_day WHERE day <= '2026-03-31') AS t
ORDER BY 1;

-- A month by itself: its opening is the balance that was carried to its first day.
CREATE TEMP TABLE month AS
SELECT date_trunc('month', on_day)::date AS month, balance(on_day, amount) AS b
FROM (VALUES ('2026-01-10'::date, 100), ('2026-01-20', 50), ('2026-02-15', 80), ('2026-03-02', 20)) AS v (on_day, amount)
GROUP BY 1;
SELECT month, average_balance(b, month, (month + interval '1 month')::date) AS alone FROM month ORDER BY 1;
UPDATE month AS m SET b = with_opening(m.b, m.month, balance_at(p.before, m.month - 1))
FROM (SELECT month, rollup(b) OVER (ORDER BY month ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before FROM month) AS p
WHERE p.month = m.month AND p.before IS NOT NULL;
SELECT month, round(average_balance(b, month, (month + interval '1 month')::date), 4) AS with_opening FROM month ORDER BY 1;
SELECT round(average_balance(rollup(b), '2026-02-01', '2026-04-01'), 4) AS february_and_march, opening_breaks(rollup(b)) AS breaks FROM month WHERE month >= '2026-02-01';
SELECT e.* FROM month, balance_entries(b) AS e ORDER BY on_day, is_opening DESC;

-- A late correction replaces its month. An opening that was taken from the old one shows as a break until it is set again.
UPDATE month SET b = (SELECT balance(on_day, amount) FROM (VALUES ('2026-01-10'::date, 100), ('2026-01-20', 70)) AS v (on_day, amount)) WHERE month = '2026-01-01';
SELECT opening_breaks(rollup(b)) AS breaks FROM month;
UPDATE month SET b = with_opening(b, month, 70) WHERE month = '2026-02-01';
SELECT opening_breaks(rollup(b)) AS breaks, balance_at(rollup(b), '2026-02-14') FROM month;

-- A month without changes is an opening alone.
SELECT average_balance(with_opening(NULL, '2026-04-01', 20), '2026-04-01', '2026-05-01'), with_opening(NULL, '2026-04-01', NULL) IS NULL AS unknown;
SELECT with_opening(b, '2026-01-15', 5) FROM account;
SELECT with_opening(balance_snapshot('2026-01-15', 5), '2026-01-01', 5);

-- Merged in any order; the same day twice with the same amount is one balance, with another it is an error that names the day.
SELECT rollup(p ORDER BY n) = (SELECT b FROM account) AS ascending, rollup(p ORDER BY n DESC) = (SELECT b FROM account) AS descending
FROM (SELECT n, balance(on_day, amount) AS p FROM change, generate_series(0, 2) AS n WHERE extract(day FROM on_day)::int % 3 = n OR on_day = '2026-01-16' GROUP BY n) AS part;
SELECT balance(on_day, amount) FROM (VALUES ('2026-01-05'::date, 5.5), ('2026-01-05', 5.50), ('2026-01-05', 7)) AS v (on_day, amount);
SELECT rollup(b) FROM (SELECT balance('2026-01-05', 5) AS b UNION ALL SELECT balance('2026-01-05', 6)) AS u;
SELECT rollup(b) FROM (SELECT with_opening(NULL, '2026-01-05', 5) AS b UNION ALL SELECT with_opening(NULL, '2026-01-05', 6)) AS u;
SELECT rollup(b) FROM (SELECT balance('2026-01-05', 5) AS b UNION ALL SELECT balance_snapshot('2026-01-05', 5)) AS u;

-- NULLs are skipped, and nothing gives nothing.
SELECT balance(on_day, amount) IS NULL AS nothing FROM (VALUES (NULL::date, 1), ('2026-01-05', NULL)) AS v (on_day, amount);
SELECT balance_snapshot(on_day, amount) = balance_snapshot('2026-01-05', 1) AS skipped FROM (VALUES (NULL::date, 1), ('2026-01-05', NULL), ('2026-01-05', 1)) AS v (on_day, amount);

-- A window function: the average balance so far.
SELECT on_day, amount, round(average_balance(balance(on_day, amount) OVER (ORDER BY on_day), '2026-01-01', on_day + 1), 4) AS average FROM change ORDER BY 1;

-- What is refused.
SELECT balance('infinity', 1);
SELECT balance('2026-01-05', 1.00001);
SELECT balance('2026-01-05', 922337203685477.5807), balance('2026-01-05', -922337203685477.5807);
SELECT balance('2026-01-05', 922337203685477.5808);
SELECT average_balance(b, '2026-01-05', '2026-01-05') FROM account;
SELECT average_balance(b, '2026-01-05', 'infinity') FROM account;
SELECT average_balance(b, '{2026-01-05,NULL}'::date[]) FROM account;
SELECT balance_at(b, '-infinity') FROM account;
SELECT average_balance(balance('2000-01-01'::date + n, n), '2000-01-02', '2000-01-04') FROM generate_series(1, 100000) AS n;
SELECT balance('2000-01-01'::date + n, n) FROM generate_series(1, 100001) AS n;

-- Text is the binary form in hexadecimal; a month of daily balances in whole units takes about a hundred bytes.
SELECT b, b::text::balance_summary = b AS same, encode(balance_summary_send(b), 'hex') = b::text AS binary_is_text FROM account;
SELECT pg_column_size(balance(d::date, 500000 + extract(day FROM d)::int * 100)) < 100 AS month FROM generate_series('2026-01-01'::date, '2026-01-31', '1 day') AS d;
SELECT literal, regexp_replace(problem('balance_summary', literal), '^.*\n  (.*)\n.*$', '\1') AS problem
FROM unnest(ARRAY['', '01', '0g', '02000104e2a80214', '01020104e2a80214', '0100', '01000004', '01000104', '01000104e2a802', '01000104e2a80214', '01010104e2a80214',
  '01010104e3a80214', '01000104e3a80214', '01000204e2a80214', '01000204e2a8021400', '01000204e2a802140000', '01000104e2a80200', '0100010fe2a80200', '01000110e2a80200',
  '01000104e2a802a08d06', '01000100ffffffffffffffffff0114', '01000100e2a802ffffffffffffffffff01', '0100010fe2a802feffffffffffffffff01', '01000204e2a80214ffffffffffffffffff0100',
  'ffffffffff', '0100ffffffff0f04e2a80214']) WITH ORDINALITY AS u (literal, n)
ORDER BY n;

-- TimescaleDB Toolkit's own test of time_weight('LOCF') gives 17.75 for these points (time_weighted_average.rs); half minutes are days here.
SELECT average_balance(balance('2020-01-01'::date + half_minutes, val), '2020-01-01', '2020-01-01'::date + 40) AS locf
FROM (VALUES (0, 10), (2, 20), (4, 10), (6, 20), (8, 10), (16, 30), (20, 10), (21, 20), (40, 30)) AS v (half_minutes, val);
