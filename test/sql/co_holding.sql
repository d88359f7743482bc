-- Co-holding: what else the holders of a product hold.
SET search_path = crm, public;

-- A row is a client with the products held. The same one twice counts once, a NULL says nothing, and who holds nothing is a client too.
CREATE TEMP TABLE client (client_id int, products text[]);
INSERT INTO client VALUES
  (1, '{A shares,money fund}'), (2, '{A shares,money fund}'), (3, '{A shares,money fund,A shares}'), (4, '{A shares,ETF}'), (5, '{A shares,ETF,options}'), (6, '{ETF,options}'),
  (7, '{ETF,options,A shares}'), (8, '{bonds,NULL}'), (9, '{}'), (10, '{A shares}');
CREATE TEMP TABLE firm AS SELECT co_holding(products) AS s FROM client;
SELECT co_holding_clients(s) AS clients FROM firm;
SELECT p.* FROM firm, co_holding_products(s) AS p;

-- Each pair both ways round: of the holders of a product, the share that holds the other, and how many times as much that is as of all clients
SELECT product, other, clients, clients_other, clients_both, support, round(confidence::numeric, 4) AS confidence, round(lift::numeric, 4) AS lift,
  round(lift_lower::numeric, 4) AS lift_lower, round(g2::numeric, 4) AS g2
FROM firm, co_holding_pairs(s);

-- The same from a self-join
SELECT a.product, b.product AS other, count(*) AS clients_both
FROM (SELECT DISTINCT client_id, unnest(products) AS product FROM client) AS a JOIN (SELECT DISTINCT client_id, unnest(products) AS product FROM client) AS b USING (client_id)
WHERE a.product <> b.product GROUP BY 1, 2
EXCEPT SELECT product, other, clients_both FROM firm, co_holding_pairs(s);

-- Dunning (1993), Accurate methods for the statistics of surprise and coincidence, Computational Linguistics 19(1), table of the bigrams with the highest
-- -2 log lambda: those with both words, with the second only, with the first only, with neither
CREATE TEMP TABLE bigram (words text, both_words int, second_only int, first_only int, neither int, published numeric);
INSERT INTO bigram VALUES ('the swiss', 110, 2442, 111, 29114, 270.72), ('can be', 29, 13, 123, 31612, 263.90), ('previous year', 31, 23, 139, 31584, 256.84),
  ('mineral water', 10, 0, 3, 31764, 167.23), ('at the', 76, 104, 2476, 29121, 157.21), ('real terms', 16, 16, 51, 31694, 157.03), ('natural gas', 9, 0, 5, 31763, 146.80),
  ('owing to', 16, 0, 865, 30896, 115.02), ('health insurance', 10, 9, 41, 31717, 104.53), ('balance sheet', 5, 13, 0, 31759, 76.30), ('the united', 16, 2536, 1, 29224, 73.35),
  ('natel c', 3, 0, 0, 31774, 61.61);
SELECT words, round(g2::numeric, 2) AS g2, published
FROM (
  SELECT words, published, co_holding(v.held) AS s
  FROM bigram, LATERAL (VALUES ('{first,second}'::text[], both_words), ('{second}', second_only), ('{first}', first_only), ('{}', neither)) AS v (held, n), generate_series(1, n)
  GROUP BY words, published) AS made, co_holding_pairs(s)
WHERE product = 'first' ORDER BY published DESC;

-- Exactly independent: lift 1 and G2 0, not nearly
SELECT product, lift, lift_lower < 1 AS lower_is_below, g2
FROM co_holding_pairs((SELECT co_holding(array_remove(ARRAY[CASE WHEN i % 3 = 0 THEN 'x' END, CASE WHEN i % 7 = 0 THEN 'y' END], NULL)) FROM generate_series(1, 21 * 11) AS i));

-- What a client may want next, and because of which product: by the lower end of the lift, which must be above 1
CREATE TEMP TABLE large_firm AS SELECT rollup(s) AS s FROM firm, generate_series(1, 10);
SELECT product, because, clients_both, round(confidence::numeric, 4) AS confidence, round(lift::numeric, 4) AS lift, round(lift_lower::numeric, 4) AS lift_lower, round(g2::numeric, 2) AS g2
FROM large_firm, next_products(s, '{A shares,ETF}', 3);
SELECT product, because FROM large_firm, next_products(s, '{A shares,ETF}', 1);
SELECT product, because, clients_both FROM large_firm, next_products(s, '{options,money fund,bonds,gold}', 3, 25);
SELECT product, because, clients_both FROM firm, next_products(s, '{ETF}', 3, min_clients => 1);
SELECT count(*) AS fewer_than_five_clients FROM firm, next_products(s, '{ETF}', 3);
SELECT count(*) AS holds_it_already FROM large_firm, next_products(s, '{ETF,options}', 3);
SELECT count(*) AS holds_nothing FROM large_firm, next_products(s, '{}', 3);
SELECT count(*) AS held_by_nobody_else FROM large_firm, next_products(s, '{gold}', 3);

-- Only some products count; a client without any of them is one who holds nothing
SELECT co_holding_clients(s) AS clients, p.* FROM (SELECT co_holding(products, '{ETF,options,gold}') AS s FROM client) AS made, co_holding_products(s) AS p;

-- Branches and shards merge
SELECT rollup(part) = (SELECT s FROM firm) AS same_as_from_the_rows FROM (SELECT co_holding(products) AS part FROM client GROUP BY client_id % 3) AS parts;

-- A row with a NULL is skipped
SELECT co_holding_clients(co_holding(products)) AS clients FROM (VALUES ('{a}'::text[]), (NULL), ('{}')) AS v (products);
SELECT co_holding(NULL) IS NULL AS only_nulls, co_holding('{a}', NULL) IS NULL AS not_known_what_counts;

-- Products are told apart by their bytes, and sorted so, whatever the collation
SELECT product, clients FROM co_holding_products((SELECT co_holding(p) FROM (VALUES ('{b,B}'::text[]), ('{a,"",证券}'), ('{b,bb}')) AS v (p)));

-- Limits
SELECT co_holding(ARRAY['p' || i]) IS NULL FROM generate_series(1, 1025) AS i;
SELECT count(*) FROM co_holding_products((SELECT co_holding(ARRAY['p' || i]) FROM generate_series(1, 1024) AS i));
SELECT co_holding('{a}', (SELECT array_agg('p' || i) FROM generate_series(1, 1025) AS i));
SELECT co_holding(ARRAY[repeat('x', 256)]);
SELECT count(*) FROM firm, next_products(s, '{ETF}', -1);
SELECT count(*) FROM firm, next_products(s, '{ETF}', 3, 0);

-- The text is hexadecimal; what this library would not print is refused
SELECT s, s::text::co_holding_summary = s AS same FROM (SELECT co_holding(p) AS s FROM (VALUES ('{a,b}'::text[]), ('{a}')) AS v (p)) AS made;
SELECT '01010000'::co_holding_summary;
SELECT '0101020201610301620101'::co_holding_summary;
SELECT '0101020201620201610101'::co_holding_summary;
SELECT '0101020201610201620102'::co_holding_summary;
SELECT '0101020201610201620100'::co_holding_summary;
SELECT '01000202016102016201010001'::co_holding_summary;
SELECT '0101020101ff01'::co_holding_summary;
SELECT '0101028108'::co_holding_summary;
SELECT '010102'::co_holding_summary;
