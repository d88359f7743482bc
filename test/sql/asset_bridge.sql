-- The asset bridge: why the assets at the end of a month are not those at its beginning.
SET search_path = crm, public;

-- Ann and Bo stayed, Cy joined, Dee left with what she had, Eve came and went.
CREATE TEMP TABLE client_month (month date, client text, branch text, opening numeric, closing numeric, inflow numeric, outflow numeric, is_new boolean, is_lost boolean);
INSERT INTO client_month VALUES
  ('2026-01-01', 'Ann', 'north', 1000, 1230.5, 200, 0, false, false), ('2026-01-01', 'Bo', 'south', 500, 430, 0, 50, false, false),
  ('2026-01-01', 'Cy', 'north', NULL, 310, 300, 0, true, false), ('2026-01-01', 'Dee', 'south', 260, NULL, 0, 255, false, true),
  ('2026-01-01', 'Eve', 'south', NULL, NULL, 80, 79, true, true);
CREATE TEMP TABLE january AS
SELECT branch, asset_bridge(opening, closing, inflow, outflow, is_new, is_lost) AS b FROM client_month GROUP BY branch;

-- What is between the two ends adds up to their difference, in assets and in clients
SELECT * FROM asset_bridge_parts((SELECT rollup(b) FROM january));
SELECT branch, sum(amount) FILTER (WHERE ordinal BETWEEN 1 AND 7) AS added, max(amount) FILTER (WHERE ordinal = 8) AS closing,
  sum(clients) FILTER (WHERE ordinal BETWEEN 1 AND 7) AS clients_added, max(clients) FILTER (WHERE ordinal = 8) AS closing_clients
FROM january, asset_bridge_parts(b) GROUP BY branch ORDER BY branch;
SELECT opening_assets(b), new_assets(b), inflow(b), outflow(b), market_change(b), lost_assets(b), closing_assets(b), net_new_assets(b) FROM (SELECT rollup(b) AS b FROM january) AS firm;
SELECT opening_clients(b), new_clients(b), lost_clients(b), closing_clients(b), round(client_attrition(b)::numeric, 4) AS client_attrition FROM (SELECT rollup(b) AS b FROM january) AS firm;
-- Shares of the opening: organic growth and market return add up to the growth, attrition by assets is outflow and lost
SELECT round(organic_growth(b)::numeric, 4) AS organic_growth, round(market_return(b)::numeric, 4) AS market_return, round((closing_assets(b) / opening_assets(b) - 1)::numeric, 4) AS growth,
  round(outflow_share(b)::numeric, 4) AS outflow_share, round(lost_share(b)::numeric, 4) AS lost_share, round(asset_attrition(b)::numeric, 4) AS asset_attrition
FROM (SELECT rollup(b) AS b FROM january) AS firm;
SELECT rollup(b) = (SELECT asset_bridge(opening, closing, inflow, outflow, is_new, is_lost) FROM client_month) AS same_as_from_the_rows FROM january;

-- February: Bo moved to the north between the months, and is counted there.
INSERT INTO client_month VALUES
  ('2026-02-01', 'Ann', 'north', 1230.5, 1300, 0, 0, false, false), ('2026-02-01', 'Bo', 'north', 430, 440, 0, 0, false, false), ('2026-02-01', 'Cy', 'north', 310, NULL, 0, 312, false, true),
  ('2026-02-01', 'Fay', 'south', NULL, 75, 75, 0, true, false);
CREATE TEMP TABLE monthly AS
SELECT branch, month, asset_bridge(opening, closing, inflow, outflow, is_new, is_lost) AS b FROM client_month GROUP BY branch, month;
-- Consecutive periods are chained: from the first opening to the last closing. What moved between branches is transfers, and no transfer of the firm.
SELECT branch, string_agg(part || ' ' || amount || coalesce(' (' || clients || ')', ''), ', ' ORDER BY ordinal) AS bridge
FROM (SELECT branch, array_agg(b ORDER BY month) AS months FROM monthly GROUP BY branch UNION ALL
  SELECT 'all', array_agg(b ORDER BY month) FROM (SELECT month, rollup(b) AS b FROM monthly GROUP BY month) AS firm) AS chain, asset_bridge_parts(months)
GROUP BY branch ORDER BY branch;
-- A NULL is no period, and without any there is nothing
SELECT count(*) AS parts, max(amount) FILTER (WHERE part = 'closing') AS closing FROM asset_bridge_parts(ARRAY[NULL, (SELECT b FROM january WHERE branch = 'north'), NULL]);
SELECT count(*) AS parts FROM asset_bridge_parts('{}'::asset_bridge_summary[]);
-- A rollup of months has the sums of their openings and closings, which are no assets of any day; its flows are those of both
SELECT opening_assets(b), inflow(b), closing_assets(b) FROM (SELECT rollup(b) AS b FROM monthly) AS r;

-- Who owes more than is held has negative assets; where the opening is not above 0, nothing is a share of it
SELECT opening_assets(b), market_change(b), market_return(b), organic_growth(b), asset_attrition(b), client_attrition(b) FROM (SELECT asset_bridge(-100, 50, 120, 0, false, false) AS b) AS v;
SELECT client_attrition(asset_bridge(NULL, 5, 5, 0, true, false)) IS NULL AS nobody_at_the_opening;

-- Rows with a NULL are skipped, but for the opening of who is new and the closing of who is lost
SELECT opening_clients(b), closing_clients(b), closing_assets(b) FROM (
  SELECT asset_bridge(o, c, i, u, n, l) AS b
  FROM (VALUES (1, 1, 0, 0, false, false), (NULL, 1, 0, 0, false, false), (1, NULL, 0, 0, false, false), (1, 1, NULL, 0, false, false), (1, 1, 0, NULL, false, false),
    (1, 1, 0, 0, NULL, false), (1, 1, 0, 0, false, NULL), (NULL, 7, 0, 0, true, false), (7, NULL, 0, 0, false, true), (0, 7, 0, 0, true, false)) AS v (o, c, i, u, n, l)) AS r;
SELECT asset_bridge(1, 1, NULL, 0, false, false) IS NULL AS only_nulls;

-- Arguments that are refused
SELECT asset_bridge(1, 1, -5, 0, false, false);
SELECT asset_bridge(1, 1, 0, -0.01, false, false);
SELECT asset_bridge(1, 1, 0, 0, true, false);
SELECT asset_bridge(1, 2, 0, 0, false, true);
SELECT asset_bridge(1, 1, 0, 0, true, true);
SELECT asset_bridge(1.00001, 1, 0, 0, false, false);
SELECT asset_bridge(1, 'NaN', 0, 0, false, false);
SELECT asset_bridge(1, 1, 'Infinity', 0, false, false);
SELECT asset_bridge(1, 1, 0, 922337203685477.5808, false, false);

-- Text is the hexadecimal form of the binary one: version, flags, clients who stayed, joined, left, joined and left; opening, closing, inflow,
-- outflow of those who stayed, new assets, lost assets.
SELECT asset_bridge(o, c, i, u, n, l)
FROM (VALUES (0.0001, 0.0002, 0.0003, 0.0004, false, false), (0, 0.0005, 0, 0, true, false), (-0.0006, 0, 0, 0, false, true), (0, 0, 1, 1, true, true)) AS v (o, c, i, u, n, l);
CREATE FUNCTION pg_temp.problem(hex text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  detail text;
BEGIN
  RETURN hex::crm.asset_bridge_summary;
EXCEPTION WHEN invalid_text_representation THEN
  GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
  RETURN detail;
END
$$;
SELECT what, pg_temp.problem(hex) AS problem
FROM (VALUES
  ('as it is',                   '010001010101020406080a0b'),
  ('no clients',                 '010000000000000000000000'),
  ('a negative inflow',          '010001010101020405080a0b'),
  ('a negative outflow',         '010001010101020406070a0b'),
  ('new assets of nobody',       '010001000101020406080a0b'),
  ('lost assets of nobody',      '010001010001020406080a0b'),
  ('an opening of nobody',       '010000010101020000000a0b'),
  ('the most of one client',       '010001010101feffffffffffffffff01' || '04' || '06080a0b'),
  ('more of one client',          '010001010101808080808080808080' || '02' || '0406080a0b'),
  ('more clients than can be counted', '0100ffffffffffffffff7f010000' || '000000000000'),
  ('cut off',                    '010001010101020406080a'),
  ('a byte more',                '010001010101020406080a0b00'),
  ('a flag',                     '010101010101020406080a0b')) AS v (what, hex);
-- Counts that cannot be added
SELECT rollup(b::asset_bridge_summary) FROM (VALUES ('0100ffffffffffffffff7f000000' || '000000000000'), ('010001010101020406080a0b')) AS v (b);
