-- co_holding_summary: what holds whatever the clients and however they are split; figures against plain SQL.
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = public, crm;
SELECT no_plan();

SELECT extract(epoch FROM clock_timestamp())::bigint % 1000003 AS seed \gset
SELECT diag('seed ' || :seed);
SELECT setseed(:seed / 1000003.0) IS NOT NULL AS seeded \gset

-- Products of very different size, some held together on purpose, repeated, unknown (NULL) and in no order; clients who hold nothing.
CREATE TABLE client AS
SELECT id, ARRAY(
  SELECT product FROM (
    SELECT CASE WHEN random() < 0.03 THEN NULL ELSE 'product ' || floor(random() ^ 3 * 60) END AS product FROM generate_series(1, id % 7)
    UNION ALL SELECT unnest('{credit,options}'::text[]) WHERE id % 5 = 0 AND random() < 0.8
    UNION ALL SELECT 'money fund' WHERE id % 3 = 0
    UNION ALL SELECT repeat('long ', 51) WHERE id % 97 = 0) AS p ORDER BY random()) AS products
FROM generate_series(1, 4000) AS id;
ANALYZE client;

-- Where some products count; then all of them.
\set summary co_holding
\set rows client
\set arguments 'products, ''{credit,options,NULL,gold}'''
\set types 'text[], text[]'
\set null_row '''{a}'', NULL'
\set accessors 'co_holding_clients(s), (SELECT array_agg(p) FROM co_holding_pairs(s) AS p), (SELECT array_agg(p) FROM next_products(s, ''{credit}'', 9, 1) AS p)'
\ir ../reference/summary_properties.sql
\set some :whole
\set arguments products
\set types text[]
\set null_row NULL
\ir ../reference/summary_properties.sql
SELECT ok((SELECT pg_relation_size(reltoastrelid) FROM pg_class WHERE oid = 'kept'::regclass) > 0, 'large summaries are out of line');
SELECT is((SELECT co_holding(ARRAY(SELECT unnest(products) AS p ORDER BY p)) FROM client)::text, :'whole', 'the order within a client does not count');
SELECT is((SELECT co_holding(ARRAY(SELECT DISTINCT p FROM unnest(products) AS p WHERE p IS NOT NULL)) FROM client)::text, :'whole', 'nor do repetitions and NULLs');
SELECT is((SELECT co_holding(products, ARRAY(SELECT DISTINCT unnest(products) FROM client)) FROM client)::text, :'whole', 'where all products count, they all do');
SELECT is(:'some', (SELECT co_holding(ARRAY(SELECT p FROM unnest(products) AS p WHERE p IN ('credit', 'options'))) FROM client)::text, 'where some count, the others are not held');
SELECT is((SELECT co_holding(products, CASE WHEN id <= 2000 THEN '{credit}' ELSE '{options}' END::text[] ORDER BY id % 2, id) FROM client)::text,
  (SELECT co_holding(ARRAY(SELECT p FROM unnest(products) AS p WHERE p = CASE WHEN id <= 2000 THEN 'credit' ELSE 'options' END)) FROM client)::text,
  'what counts may differ by row: none is taken for that of the row before');
SELECT is(co_holding_add(co_holding_add(NULL, '{b,a}'), '{c}', '{c}')::text, (SELECT co_holding(p) FROM (VALUES ('{c}'::text[]), ('{a,b}')) AS v (p))::text,
  'a state of one transition function goes on in the other');
SELECT is_empty($$ SELECT n FROM open WHERE (co_holding_add(o, '{a}', NULL) = c) IS NOT TRUE $$, 'which closes it as well');

-- The comparisons with plain SQL below are thousands of small queries, and workers for each would take minutes.
SET LOCAL max_parallel_workers_per_gather = 0;

-- Both forms of the pairs: hardly any, and all of them
CREATE TABLE shape AS
SELECT 'sparse' AS shape, id, ARRAY['p' || id % 900, 'p' || (id * 7 + 1) % 900] AS products FROM generate_series(1, 2000) AS id
UNION ALL SELECT 'dense', id, ARRAY(SELECT 'p' || n FROM generate_series(0, 899) AS n WHERE (n + id) % 3 <> 0) FROM generate_series(1, 9) AS id
UNION ALL SELECT 'nothing', id, '{}' FROM generate_series(1, 3) AS id
UNION ALL SELECT 'one', id, '{a}' FROM generate_series(1, 3) AS id;
SELECT is_empty($$
  SELECT shape FROM (SELECT shape, co_holding(products) AS s FROM shape GROUP BY shape) AS made
  WHERE s::text::co_holding_summary <> s OR s <> (SELECT rollup(part ORDER BY shape.id DESC) FROM (SELECT id, co_holding(products) AS part FROM shape AS inside WHERE inside.shape = made.shape GROUP BY id) AS shape)
$$, 'any shape reads back and merges');
SELECT results_eq($$ SELECT shape, substring(co_holding(products)::text, 4, 1) FROM shape GROUP BY shape ORDER BY 1 $$,
  $$ VALUES ('dense', '1'), ('nothing', '1'), ('one', '1'), ('sparse', '0') $$, 'both forms are in use');
SELECT is_empty($$
  SELECT shape, product, other FROM (SELECT shape, co_holding(products) AS s FROM shape GROUP BY shape) AS made, co_holding_pairs(s)
  WHERE clients_both <> (SELECT count(*) FROM shape AS c WHERE c.shape = made.shape AND c.products @> ARRAY[product, other])
    AND (shape = 'sparse' OR product IN ('p0', 'p899'))
$$, 'with the numbers of their clients');

------------------------------------------------------------------------------------------------------------------------
-- Figures against plain SQL over the clients
------------------------------------------------------------------------------------------------------------------------

CREATE TABLE holding AS SELECT DISTINCT id, p AS product FROM client, unnest(products) AS p WHERE p IS NOT NULL;
CREATE TABLE pair AS
SELECT p.product, p.other, p.both_n::float8, a.n::float8 AS one_n, b.n::float8 AS other_n, (SELECT count(*) FROM client)::float8 AS n
FROM (SELECT a.product, b.product AS other, count(*) AS both_n FROM holding AS a JOIN holding AS b USING (id) WHERE a.product <> b.product GROUP BY 1, 2) AS p
JOIN (SELECT product, count(*) AS n FROM holding GROUP BY 1) AS a ON a.product = p.product
JOIN (SELECT product, count(*) AS n FROM holding GROUP BY 1) AS b ON b.product = p.other;
CREATE TABLE computed AS SELECT p.* FROM co_holding_pairs(:'whole') AS p;

SELECT is(co_holding_clients(:'whole'), count(*), 'clients are counted, those who hold nothing included') FROM client;
SELECT results_eq(format('SELECT product, clients, share FROM co_holding_products(%L)', :'whole'),
  'SELECT product, count(*), count(*) / (SELECT count(*) FROM client)::float8 FROM holding GROUP BY product ORDER BY product COLLATE "C"', 'products have the numbers of their holders');
SELECT results_eq('SELECT product, other, clients, clients_other, clients_both FROM computed',
  'SELECT product, other, one_n::bigint, other_n::bigint, both_n::bigint FROM pair ORDER BY product COLLATE "C", other COLLATE "C"', 'pairs have the numbers of the self-join');
SELECT is_empty($$
  SELECT p.*, c.support, c.confidence, c.lift FROM pair AS p JOIN computed AS c USING (product, other)
  WHERE c.support <> both_n / n OR c.confidence <> both_n / one_n OR abs(c.lift / (both_n / n / (one_n / n * other_n / n)) - 1) > 1e-14
$$, 'support, confidence and lift are those of their definitions');
-- log likelihoods of binomials as Dunning writes them: logL(p, k, n) = k ln p + (n - k) ln(1 - p), 0 ln 0 = 0
CREATE FUNCTION log_likelihood(p float8, k float8, n float8) RETURNS float8 LANGUAGE sql IMMUTABLE
RETURN CASE WHEN k > 0 THEN k * ln(p) ELSE 0 END + CASE WHEN n > k THEN (n - k) * ln(1 - p) ELSE 0 END;
SELECT is_empty($$
  SELECT p.*, g2, by_hand FROM pair AS p JOIN computed AS c USING (product, other),
    LATERAL (SELECT 2 * (log_likelihood(both_n / one_n, both_n, one_n) + log_likelihood((other_n - both_n) / (n - one_n), other_n - both_n, n - one_n)
      - log_likelihood(other_n / n, both_n, one_n) - log_likelihood(other_n / n, other_n - both_n, n - one_n)) AS by_hand) AS h
  WHERE g2 < 0 OR abs(g2 - by_hand) > 1e-8 + 1e-9 * abs(by_hand)
$$, 'g2 is -2 log lambda of the two binomials');
-- the delta method in its short form
SELECT is_empty($$
  SELECT p.*, lift_lower, by_hand FROM pair AS p JOIN computed AS c USING (product, other),
    LATERAL (SELECT exp(ln(lift) - 1.959963984540054 * sqrt(greatest(0, 1 / both_n - 1 / one_n - 1 / other_n + (2 * lift - 1) / n))) AS by_hand) AS h
  WHERE NOT lift_lower <= lift OR abs(lift_lower / by_hand - 1) > 1e-7
$$, 'lift_lower is the end of the interval of the delta method');
SELECT is_empty($$
  SELECT * FROM computed AS a JOIN computed AS b ON a.product = b.other AND a.other = b.product
  WHERE a.lift <> b.lift OR a.lift_lower <> b.lift_lower OR a.g2 <> b.g2 OR a.support <> b.support
$$, 'what has no direction is the same to the bit both ways round');
SELECT ok((SELECT lift_lower > 1 AND g2 > 100 FROM computed WHERE product = 'credit' AND other = 'options'), 'what is held together on purpose is found');

-- Independence is exact, and near it nothing is lost or below 0: tables around 1,000,000 clients, through the binary form
CREATE FUNCTION of_counts(n bigint, one bigint, other bigint, both_n bigint) RETURNS co_holding_summary LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  digits text := '0101';
  number bigint;
BEGIN
  FOR i IN 1 .. 5 LOOP
    number := (ARRAY[n, 2, one, other, both_n])[i];
    digits := digits || CASE i WHEN 3 THEN '0161' WHEN 4 THEN '0162' ELSE '' END;
    WHILE number >= 128 LOOP
      digits := digits || to_hex((number & 127) | 128);
      number := number >> 7;
    END LOOP;
    digits := digits || lpad(to_hex(number), 2, '0');
  END LOOP;
  RETURN digits::co_holding_summary;
END
$$;
SELECT is((SELECT g2 FROM co_holding_pairs(of_counts(1000000, 300000, 700000, 210000)) WHERE product = 'a'), 0::float8, 'independent: 0');
SELECT is((SELECT g2 FROM co_holding_pairs(of_counts(9000000000000000000, 3000000000000000000, 6000000000000000000, 2000000000000000000)) WHERE product = 'a'), 0::float8,
  'also with counts that no double holds');
-- one client beside independence: G2 is the first term of its series, d^2 (1/e11 + 1/e12 + 1/e21 + 1/e22), within d/e
SELECT is_empty($$
  SELECT both_n, g2, expected FROM (VALUES (209999), (210001), (209990), (210010)) AS v (both_n),
    LATERAL (SELECT g2 FROM co_holding_pairs(of_counts(1000000, 300000, 700000, both_n)) WHERE product = 'a') AS p,
    LATERAL (SELECT (both_n - 210000) ^ 2 * (1 / 210000.0 + 1 / 90000.0 + 1 / 490000.0 + 1 / 210000.0) AS expected) AS e
  WHERE NOT abs(g2 / expected - 1) < 1e-4
$$, 'near it: the first term');
-- the series and the logarithm give the same on both sides of where one takes over: G2 as a function of the pair has no step
SELECT is_empty($$
  SELECT b, change FROM (
    SELECT b, g2 - 2 * lag(g2) OVER w + lag(g2, 2) OVER w AS change FROM generate_series(211900, 212300) AS b, co_holding_pairs(of_counts(1000000, 300000, 700000, b)) WHERE product = 'a' WINDOW w AS (ORDER BY b)) AS d
  WHERE NOT change BETWEEN 0 AND 2 * (1 / 210000.0 + 1 / 90000.0 + 1 / 490000.0 + 1 / 210000.0) * 1.1
$$, 'no step where the formula changes');
SELECT results_eq($$ SELECT lift, lift_lower, g2 FROM co_holding_pairs(of_counts(10, 10, 4, 4)) WHERE product = 'a' $$, $$ VALUES (1::float8, 1::float8, 0::float8) $$,
  'what everybody holds says nothing');

------------------------------------------------------------------------------------------------------------------------
-- The next products
------------------------------------------------------------------------------------------------------------------------

-- the same in SQL: the best rule to each product not held, of those above 1 with enough clients
CREATE TABLE firm AS SELECT :'whole'::co_holding_summary AS s;
CREATE FUNCTION next_by_hand(held text[], n int, least_clients bigint) RETURNS TABLE (product text, because text, clients_both bigint, confidence float8, lift float8, lift_lower float8, g2 float8)
LANGUAGE sql STABLE AS $$
  SELECT b.other, b.product, b.clients_both, b.confidence, b.lift, b.lift_lower, b.g2 FROM (
    SELECT DISTINCT ON (other) * FROM computed AS c
    WHERE c.product = ANY (held) AND NOT c.other = ANY (array_remove(held, NULL)) AND c.clients_both >= least_clients AND c.lift_lower > 1
    ORDER BY other, lift_lower DESC, c.product COLLATE "C") AS b
  ORDER BY b.lift_lower DESC, b.other COLLATE "C" LIMIT n
$$;
SELECT isnt_empty('SELECT * FROM client, next_by_hand(products, 3, 5)', 'there is something to find');
SELECT is_empty($$
  SELECT c.id, n, least_clients FROM client AS c, firm, (VALUES (1, 1), (2, 5), (3, 40), (100, 1)) AS v (n, least_clients)
  WHERE c.id <= 1200
    AND (SELECT array_agg(row(p.*)::text ORDER BY place) FROM next_products(s, products, n, least_clients) WITH ORDINALITY AS p (product, because, clients_both, confidence, lift, lift_lower, g2, place))
      IS DISTINCT FROM (SELECT array_agg(row(p.*)::text ORDER BY place) FROM next_by_hand(products, n, least_clients) WITH ORDINALITY AS p (product, because, clients_both, confidence, lift, lift_lower, g2, place))
$$, 'next_products is the best rules of the pairs, in their order, whatever n and the least number of clients');
SELECT results_eq($$ SELECT product, because FROM firm, next_products(s, '{credit,money fund,gold,NULL,credit}', 1) $$, $$ VALUES ('options', 'credit') $$,
  'a product nobody has, a NULL and a repetition lead nowhere');
-- different summaries in turn at one call site, in line, out of line and computed
SELECT is_empty($$
  SELECT k.id, c.id FROM client AS c, kept AS k WHERE c.id <= 60
    AND (SELECT array_agg(p) FROM next_products(k.s, c.products, 3, 1) AS p) IS DISTINCT FROM (SELECT array_agg(p) FROM next_products(co_holding_summary_final(k.s), c.products, 3, 1) AS p)
$$, 'a summary is not taken for the one before');
SELECT is_empty($$ SELECT * FROM next_products(NULL, '{a}', 1) UNION ALL SELECT p.* FROM firm, next_products(s, NULL, 1) AS p $$, 'NULL gives no rows');

------------------------------------------------------------------------------------------------------------------------
-- Edges
------------------------------------------------------------------------------------------------------------------------

SELECT is((SELECT co_holding(p) FROM (VALUES (NULL::text[])) AS v (p)), NULL, 'only NULLs: NULL');
SELECT is((SELECT co_holding(p) FROM (VALUES ('{}'::text[])) AS v (p) WHERE false), NULL, 'no rows: NULL');
SELECT is((SELECT co_holding(p) FROM (VALUES ('{a}'::text[]), (NULL)) AS v (p))::text, co_holding_add(NULL, '{a}')::text, 'a row with a NULL is skipped');
SELECT is((SELECT co_holding(p) FROM (VALUES ('{{a,b},{c,a}}'::text[])) AS v (p))::text, co_holding_add(NULL, '{a,b,c}')::text, 'all elements of all dimensions count');
SELECT is_empty($$ SELECT * FROM co_holding_products(co_holding_add(NULL, '{}')) $$, 'a client with nothing has no products');
SELECT throws_ok($$ SELECT co_holding(ARRAY['p' || i]) FROM generate_series(1, 1025) AS i $$, '54000', NULL, 'too many products');
SELECT throws_ok($$ SELECT rollup(s) FROM (SELECT co_holding(ARRAY['p' || i]) AS s FROM generate_series(1, 1025) AS i GROUP BY i % 2) AS part $$, '54000', NULL, 'also of two summaries together');
SELECT lives_ok($$ SELECT co_holding(ARRAY['p' || i], '{p1,p1025}') FROM generate_series(1, 1025) AS i $$, 'where few of them count, any number may be held');
SELECT throws_ok($$ SELECT co_holding('{a}', ARRAY(SELECT 'p' || i FROM generate_series(1, 1025) AS i)) $$, '54000', NULL, 'too many that count');
SELECT throws_ok($$ SELECT co_holding(ARRAY[repeat('证', 86)]) $$, '54000', NULL, 'too long a name');
SELECT lives_ok($$ SELECT co_holding(ARRAY[repeat('证', 85)]) $$, 'the longest name');
SELECT lives_ok($$ SELECT co_holding(ARRAY['a', repeat('x', 256)], '{a}') $$, 'a name that does not count may be longer');
SELECT cmp_ok((SELECT pg_column_size(open_co_holding(ARRAY[lpad(i::text, 255, 'x')])) FROM generate_series(1, 1024) AS i), '<', 5000000, 'the largest state has the memory that is promised');
SELECT throws_ok($$ SELECT co_holding_summary_merge(of_counts(9223372036854775807, 1, 1, 1), of_counts(1, 1, 1, 1)) $$, '22003', NULL, 'more clients than a bigint holds');
SELECT throws_ok($$ SELECT p.* FROM firm, next_products(s, '{a}', -1) AS p $$, '22023', NULL, 'a negative n');
SELECT throws_ok($$ SELECT p.* FROM firm, next_products(s, '{a}', 1, 0) AS p $$, '22023', NULL, 'no clients asked for');
SELECT lives_ok($$ SELECT p.* FROM firm, next_products(s, '{credit}', 2147483647) AS p $$, 'the largest n');

SELECT * FROM finish();
ROLLBACK;
