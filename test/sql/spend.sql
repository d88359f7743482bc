-- spend_summary: what a model of amounts is fitted to.
SET search_path = crm, public;
SET datestyle = ISO;

CREATE TEMP TABLE trade (client_id text, on_day date, fee numeric);
INSERT INTO trade VALUES
  ('ann', '2026-01-05', 100), ('ann', '2026-01-05', 50), ('ann', '2026-02-10', 20), ('ann', '2026-04-01', 30),
  ('bob', '2026-03-03', 5), ('cid', '2026-03-03', 7), ('dee', '2026-01-05', 1), ('dee', '2026-01-06', -3), ('eve', '2026-06-01', 9);
CREATE TEMP TABLE client AS SELECT client_id, activity(on_day, fee) AS a FROM trade GROUP BY 1;
INSERT INTO client VALUES ('fay', NULL);

-- Repeat days and their total: the first day of each client is left out. A client without a positive total has no row.
SELECT t.* FROM (SELECT repeat_spend(a) AS s FROM client) AS c, spend_table(s) AS t;
SELECT clients(s) FROM (SELECT repeat_spend(a) AS s FROM client) AS c;
SELECT repeat_spend(a) IS NULL AS nobody FROM client WHERE client_id = 'fay';
SELECT repeat_spend(a) FROM (SELECT activity(d, 900000000000000) AS a FROM unnest('{2026-01-01,2026-01-02,2026-01-03}'::date[]) AS d) AS c;

-- The text is the binary form; it depends on no setting. Merging gives what aggregating all gives.
SELECT s AS text, s = s::text::spend_summary AS same, encode(spend_summary_send(s), 'hex') = s::text AS binary_is_text
FROM (SELECT repeat_spend(a) AS s FROM client) AS c;
SELECT rollup(s) = (SELECT repeat_spend(a) FROM client) AS same
FROM (SELECT client_id > 'b' AS part, repeat_spend(a) AS s FROM client GROUP BY 1) AS c;
SELECT spend_summary_merge(NULL, s) = s AS one, clients(spend_summary_merge(s, s)) AS twice, s <> spend_summary_merge(s, s) AS other FROM (SELECT repeat_spend(a) AS s FROM client) AS c;

-- What cannot be is refused.
SELECT literal, regexp_replace(problem('spend_summary', literal), '^.*\n  (.*)\n.*$', '\1') AS problem
FROM unnest(ARRAY['', '0100', '010000000', '0100000000', '0100010000', '0100000001010501', '0100000001000501', '0100000001010001', '0100000001010500', '010000000201050101050101', '01000000020105010005 01',
  '0100000002010501000501', '0100ffffffffffffffff7f0100', '010000000180808080080501']) WITH ORDINALITY AS u (literal, n)
ORDER BY n;
