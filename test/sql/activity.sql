-- activity: on which days somebody was active, how many events there were, and their exact total.
SET search_path = crm, public;
SET datestyle = ISO;

CREATE TEMP TABLE trade (client_id text, on_day date, fee numeric);
INSERT INTO trade VALUES
  ('ann', '2026-01-05', 12.50), ('ann', '2026-01-05', 7.50), ('ann', '2026-02-10', -2.25), ('ann', '2026-04-01', 30),
  ('bob', '2026-03-03', 0.0001),
  ('eve', NULL, 5), ('eve', '2026-01-01', NULL);

-- Partial fills on one day are one active day. A client whose every row lacks a day or an amount has no summary.
SELECT client_id, first_day(a), last_day(a), active_days(a), events(a), negative_events(a), total(a), mean_amount(a), active_dates(a)
FROM (SELECT client_id, activity(on_day, fee) AS a FROM trade GROUP BY 1) AS c
ORDER BY 1;
SELECT activity(on_day, fee) IS NULL AS nothing FROM trade WHERE false;

-- As of any day: recency and frequency look at the days up to it; before the first there is no client yet.
SELECT as_of, recency_days(a, as_of), frequency(a, as_of), tenure_days(a, as_of)
FROM (SELECT activity(on_day, fee) AS a FROM trade WHERE client_id = 'ann') AS c,
  unnest('{2026-01-04,2026-01-05,2026-02-09,2026-02-10,2026-03-31,2026-04-01,2026-12-31}'::date[]) AS as_of;

-- Integer amounts are counted as they are; float8 must be cast, since a sum of floats depends on the order.
SELECT total(activity('2026-01-05', 5)) AS int4, total(activity('2026-01-05', 5000000000)) AS int8, total(activity('2026-01-05', 5.5)) AS "numeric";
SELECT activity('2026-01-05', 5.5::float8);

-- Totals are exact over the whole range of 128 bits; every form of numeric is read as it is.
SELECT v, total(activity('2026-01-05', v)) = v AS kept
FROM unnest('{0,-0.0,1,-1,0.0001,-0.0001,0.01,0.1,9999.9999,10000,12300,99999999.9999,100000000,1e12,1e16,1234567890123456789.1234,-17014118346046923173168730371588410.5727}'::numeric[]) AS v
GROUP BY v ORDER BY v;
SELECT total(activity('2026-01-05', v)) FROM unnest('{1e30,0.0001,-1e30}'::numeric[]) AS v;

-- What is not money: too many decimals, no number, out of range; and a day without a date.
SELECT activity('2026-01-05', 1.00005);
SELECT total(activity('2026-01-05', 1.00000000));
SELECT activity('2026-01-05', 'NaN'::numeric);
SELECT activity('2026-01-05', '-Infinity'::numeric);
SELECT activity('2026-01-05', 1e35);
SELECT activity('2026-01-05', 1.7e34) FROM generate_series(1, 2);
SELECT activity('infinity', 1);
SELECT recency_days(activity('2026-01-05', 1), 'infinity');

-- Months roll up to a year, in any order and with any overlap of days.
SELECT rollup(month) = (SELECT activity(on_day, fee) FROM trade WHERE client_id = 'ann') AS same
FROM (SELECT activity(on_day, fee) AS month FROM trade WHERE client_id = 'ann' GROUP BY date_trunc('month', on_day)) AS m;
SELECT events(rollup(a)), active_days(rollup(a)) FROM (SELECT activity('2026-01-05', 1) AS a FROM generate_series(1, 3) AS n GROUP BY n) AS g;
SELECT rollup(NULL::activity_summary) IS NULL AS nothing;

-- A running summary, as a window: what was known at the end of each row's day.
SELECT on_day, fee, events(running), active_days(running), total(running), total(last_two)
FROM (
  SELECT on_day, fee, activity(on_day, fee) OVER (ORDER BY on_day, fee) AS running,
    activity(on_day, fee) OVER (ORDER BY on_day, fee ROWS 1 PRECEDING) AS last_two
  FROM trade WHERE client_id = 'ann') AS w
ORDER BY on_day, fee;

-- Size: a month of daily activity, ten years of it, and ten years of one day a month; header included.
SELECT pg_column_size(activity(d::date, 1234.56)) < 40 AS month FROM generate_series('2026-01-01'::date, '2026-01-31', '1 day') AS d;
SELECT pg_column_size(activity(d::date, 1234.56)) < 600 AS ten_years FROM generate_series('2016-01-01'::date, '2025-12-31', '1 day') AS d;
SELECT pg_column_size(activity(d::date, 1234.56)) < 160 AS monthly FROM generate_series('2016-01-01'::date, '2025-12-31', '1 month') AS d;

-- The text is the binary form in hexadecimal, whatever the settings are.
SELECT activity(on_day, fee) AS ann FROM trade WHERE client_id = 'ann' \gset
SELECT :'ann' AS text, :'ann'::activity_summary = activity(on_day, fee) AS same,
  encode(activity_summary_send(activity(on_day, fee)), 'hex') = :'ann' AS binary_is_text
FROM trade WHERE client_id = 'ann';
SET datestyle = 'SQL, DMY';
SET extra_float_digits = -15;
SELECT :'ann'::activity_summary::text = :'ann' AS same;
RESET extra_float_digits;
SET datestyle = ISO;
SELECT upper(:'ann')::activity_summary = :'ann' AS capital_letters_are_read;

-- Equality is that of bytes, and it can be hashed.
SELECT a = :'ann' AS ann, count(*) FROM (SELECT activity(on_day, fee) AS a FROM trade WHERE client_id = 'ann' UNION ALL SELECT :'ann') AS u GROUP BY a;
SELECT activity('2026-01-05', 1) = activity('2026-01-05', 1) AS eq, activity('2026-01-05', 1) <> activity('2026-01-06', 1) AS ne;

-- A sentinel far from the other days costs a gap, not a bitmap.
SELECT active_days(a), last_day(a), pg_column_size(a) < 100 AS small
FROM (SELECT activity(d, 1) AS a FROM unnest('{2026-01-05,2026-01-06,9999-12-31,1900-01-01}'::date[]) AS d) AS s;
SELECT first_day(activity(d, 1)), last_day(activity(d, 1)) FROM unnest('{4713-01-01 BC,5874897-12-31}'::date[]) AS d;

-- A summary has at most 100,000 days, 273 years of daily activity.
SELECT active_days(activity('2000-01-01'::date + n, 1)) FROM generate_series(1, 100000) AS n;
SELECT activity('2000-01-01'::date + n, 1) FROM generate_series(1, 100001) AS n;
SELECT activity('2000-01-01'::date + n * 50, 1) FROM generate_series(1, 100001) AS n;

-- Malformed text: each is refused with the reason.
SELECT literal, regexp_replace(problem('activity_summary', literal), '^.*\n  (.*)\n.*$', '\1') AS problem
FROM unnest(ARRAY['', '01', '0', 'zz', '0x01', '0200b0940101000002', '0102b0940101000002', '0100', '0100b094010100', '0100b09401010000',
  '0100b0940101000002', '0100b094010100000200', '0100b0940100000002', '0100b0940101000102', '0100b0940101000101', '0100b0940101000001',
  '0100b0940101000100', '0100b094810001000002', '0100ffffffff1f01000002', '0100b0940102000002', '0100b094010200000200',
  '0100b0940102000002ffffffff0f', '0101b0940102000002', '0101b094010200000201', '0101b094010300000203', '0101b09401090000027f7f', '0101b094010800000200',
  '0100b094019f8d06000002', '0100b0940101ffffffffffffffffff010002', '0100b09401010000ffffffffffffffffffffffffffffffffffff07']) WITH ORDINALITY AS u (literal, n)
ORDER BY n;

-- Counts reach to the end of bigint, and what is merged can be read again.
SELECT events('0100b0940101feffffffffffffff7f0002');
SELECT events(rollup(a)) FROM unnest('{0100b0940101ffffffffffffffff3f0002,0100b0940101feffffffffffffff3f0002}'::activity_summary[]) AS a;
SELECT events(rollup(a)) FROM unnest('{0100b0940101ffffffffffffffff3f0002,0100b0940101ffffffffffffffff3f0002}'::activity_summary[]) AS a;

-- The functions behind the aggregates, called by hand, give closed values as everything else does.
SELECT activity_add(activity_add(NULL, '2026-01-05', 1), '2026-01-06', 2) = activity(d, a) AS same
FROM (VALUES ('2026-01-05'::date, 1), ('2026-01-06', 2)) AS v (d, a);
SELECT activity_summary_combine(a, a) = activity_summary_merge(a, a) AS same, activity_summary_merge(NULL, a) = a AS alone,
  activity_summary_merge(a, NULL) = a AS unchanged, activity_summary_final(a) = a AS final, activity_add(a, NULL, 1) = a AS skipped
FROM (SELECT activity('2026-01-05', 1) AS a) AS s;
