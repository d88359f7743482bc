-- repeat_purchase_summary: what models of purchases are fitted to.
SET search_path = crm, public;
SET datestyle = ISO;

CREATE TEMP TABLE trade (client_id text, on_day date, fee numeric);
INSERT INTO trade VALUES
  ('ann', '2026-01-05', 100), ('ann', '2026-01-05', 50), ('ann', '2026-02-10', 20), ('ann', '2026-04-01', 30),
  ('bob', '2026-03-03', 5), ('cid', '2026-03-03', 7), ('dee', '2026-01-05', 1), ('dee', '2026-01-06', -3), ('eve', '2026-06-01', 9);
CREATE TEMP TABLE client AS SELECT client_id, activity(on_day, fee) AS a FROM trade GROUP BY 1;
INSERT INTO client VALUES ('fay', NULL);

-- x, t_x and T in days as of a day. Those who come later, or have no summary, are not clients yet.
SELECT t.* FROM (SELECT repeat_purchases(a, '2026-04-11') AS s FROM client) AS c, repeat_purchase_table(s) AS t;
SELECT clients(s) FROM (SELECT repeat_purchases(a, '2026-04-11') AS s FROM client) AS c;
-- The activity after the day does not count.
SELECT t.* FROM (SELECT repeat_purchases(a, '2026-02-01') AS s FROM client) AS c, repeat_purchase_table(s) AS t;
SELECT repeat_purchases(a, '2025-12-31') IS NULL AS nobody, repeat_purchases(a, NULL) IS NULL AS no_day FROM client;
SELECT repeat_purchases(a, 'infinity') FROM client;

-- The text is the binary form; it depends on no setting. Merging gives what aggregating all gives.
SELECT s AS text, s = s::text::repeat_purchase_summary AS same, encode(repeat_purchase_summary_send(s), 'hex') = s::text AS binary_is_text
FROM (SELECT repeat_purchases(a, '2026-04-11') AS s FROM client) AS c;
SELECT rollup(s ORDER BY part) = (SELECT repeat_purchases(a, '2026-04-11') FROM client) AS same, rollup(s ORDER BY part DESC) = rollup(s ORDER BY part) AS any_order
FROM (SELECT client_id > 'b' AS part, repeat_purchases(a, '2026-04-11') AS s FROM client GROUP BY 1) AS c;
SELECT repeat_purchase_summary_merge(NULL, s) = s AS one, clients(repeat_purchase_summary_merge(s, s)) AS twice, s <> repeat_purchase_summary_merge(s, s) AS other
FROM (SELECT repeat_purchases(a, '2026-04-11') AS s FROM client) AS c;

-- What cannot be is refused.
SELECT literal, regexp_replace(problem('repeat_purchase_summary', literal), '^.*\n  (.*)\n.*$', '\1') AS problem
FROM unnest(ARRAY['', '01', '0200', '0101010000000001', '010000', '0100010a000001', '0100010a050201', '0100010a0b0101', '0100010a050601', '0100010a050001', '0100010a000101', '0100010a000000',
  '0100020a0000010000000200', '0100020a00000100000001', '010002ffffffff0f000001ffffffff0f000001', '0100010a0000ffffffffffffffff7f', '0100020a0000ffffffffffffffff7f01000001', '0100ffffffff0f']) WITH ORDINALITY AS u (literal, n)
ORDER BY n;
