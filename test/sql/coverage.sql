-- Coverage: what service clients are owed, what they got, and how evenly.
SET search_path = crm, public;

-- Contacts of a quarter: what the tier is owed, and what was logged. Fay is owed nothing; nobody called Dee.
CREATE TEMP TABLE contact (client text, tier text, owed numeric, delivered numeric);
INSERT INTO contact VALUES ('Ann', 'private', 6, 9), ('Bo', 'private', 6, 6), ('Cy', 'affluent', 2, 1), ('Dee', 'affluent', 2, 0), ('Eve', 'affluent', 2, 2), ('Fay', 'mass', 0, 1), ('Gil', 'mass', 0, 0);
CREATE TEMP TABLE tier_coverage AS SELECT tier, coverage(owed, delivered) AS c FROM contact GROUP BY tier;

-- What is beyond the owed does not make up for what is short of it elsewhere: covered is the lower one of both, client by client
SELECT tier, clients(c), owed(c), delivered(c), covered(c), service_gap(c), coverage_rate(c) FROM tier_coverage ORDER BY owed(c) DESC;
SELECT tier, owed_clients(c), fully_covered(c), untouched(c), served_unowed(c), round(fully_covered_share(c)::numeric, 4) AS fully_covered_share, round(untouched_share(c)::numeric, 4) AS untouched_share
FROM tier_coverage ORDER BY owed(c) DESC;

-- Tiers, branches, months and shards merge
SELECT owed(firm), delivered(firm), service_gap(firm), round(coverage_rate(firm)::numeric, 4) AS coverage_rate, firm = (SELECT coverage(owed, delivered) FROM contact) AS same_as_from_the_rows
FROM (SELECT rollup(c) AS firm FROM tier_coverage) AS r;

-- Jain, Chiu and Hawe (1984): (sum x)^2 / (n sum x^2) of 1, 2, 3, 4 is 100 / 120. It is 1 / (1 + CV^2).
SELECT round(jain_index(coverage(0, x))::numeric, 7) AS jain, round(coefficient_of_variation(coverage(0, x))::numeric, 7) AS cv FROM generate_series(1, 4) AS x;
SELECT jain_index(coverage(1, 12.3456)) AS all_the_same, coefficient_of_variation(coverage(1, 12.3456)) AS cv FROM generate_series(1, 12345);
SELECT jain_index(coverage(1, CASE WHEN x = 1 THEN 922337203685477.5807 ELSE 0 END)) AS one_gets_all FROM generate_series(1, 8) AS x;
-- Squares are exact also where a double would lose the difference
SELECT coefficient_of_variation(coverage(1, x)) AS cv FROM (VALUES (900000000000000.0001), (900000000000000.0003)) AS v (x);
-- Where nothing was delivered there is no evenness, where nothing was owed no coverage
SELECT jain_index(c), coefficient_of_variation(c), coverage_rate(c) FROM (SELECT coverage(1, 0) AS c) AS v;
SELECT jain_index(c), coverage_rate(c), fully_covered_share(c), untouched_share(c), service_gap(c) FROM (SELECT coverage(0, 5) AS c) AS v;

-- Rows with a NULL are skipped: an outer join wants coalesce(delivered, 0)
SELECT clients(coverage(o, d)), delivered(coverage(o, d)) FROM (VALUES (1, 1), (NULL, 1), (1, NULL)) AS v (o, d);
SELECT coverage(o, 1) IS NULL AS only_nulls FROM (VALUES (NULL::numeric)) AS v (o);

-- Arguments that are refused
SELECT coverage(-1, 0);
SELECT coverage(1, -0.5);
SELECT coverage(1, 0.00001);
SELECT coverage('NaN', 1);
SELECT coverage(1, 'Infinity');
SELECT coverage(1, 922337203685477.5808);

-- Text is the hexadecimal form of the binary one: version, flags, clients, of these owed, fully covered, untouched, served unowed; then owed,
-- delivered, covered; the sum of squares in three words, the highest first.
SELECT coverage(o, d) FROM (VALUES (0.0002, 0.0001), (0.0003, 0.0003), (0.0001, 0), (0, 0.0002), (0, 0)) AS v (o, d);
CREATE FUNCTION pg_temp.problem(hex text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  detail text;
BEGIN
  RETURN hex::crm.coverage_summary;
EXCEPTION WHEN invalid_text_representation THEN
  GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
  RETURN detail;
END
$$;
SELECT what, pg_temp.problem(hex) AS problem
FROM (VALUES
  ('as it is',                      '010005030101010c0c0800000e'),
  ('no clients',                    '01000000000000000000000000'),
  ('half a byte',                   '010000000000000000000000000'),
  ('more owed than clients',        '010002030101010c0c0800000e'),
  ('more covered than owed',        '010005030401010c0c0800000e'),
  ('less owed than clients',        '01000503010101040c0800000e'),
  ('delivered to nobody',           '01000101000100020200000001'),
  ('delivered is negative',         '010005030101010c0b0800000e'),
  ('covered more than is owed',     '010005030101010c0c0e00000e'),
  ('covered less than is certain',  '010005030101010c0c0200000e'),
  ('squares too small',             '010005030101010c0c08000006'),
  ('squares too large',             '010005030101010c0c08000025'),
  ('squares beyond all',            '010005030101010c0c08010000'),
  ('cut off',                       '010005030101010c0c080000'),
  ('a byte more',                   '010005030101010c0c0800000e00'),
  ('a flag',                        '010105030101010c0c0800000e'),
  ('a longer number',               '01008500030101010c0c0800000e')) AS v (what, hex);
