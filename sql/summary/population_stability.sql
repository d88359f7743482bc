-- population stability

CREATE FUNCTION population_stability(
  expected distribution_summary, actual distribution_summary, bins integer DEFAULT 10
) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50 AS 'MODULE_PATHNAME', 'crm_population_stability';
COMMENT ON FUNCTION population_stability(distribution_summary, distribution_summary, integer) IS
  'the population stability index (PSI) over bins of equal shares of the expected distribution: below 0.1 little has changed, above 0.25 much has';

CREATE FUNCTION population_stability(expected double precision[], actual double precision[]) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_population_stability_shares';
COMMENT ON FUNCTION population_stability(double precision[], double precision[]) IS
  'the population stability index (PSI) of shares that add up to 1; Infinity where a bin is empty in one of the two alone';

CREATE FUNCTION population_stability_bins(
  expected distribution_summary, actual distribution_summary, bins integer DEFAULT 10,
  OUT bin integer, OUT above double precision, OUT up_to double precision, OUT expected_share double precision,
  OUT actual_share double precision, OUT contribution double precision
) RETURNS SETOF record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50 ROWS 10 AS 'MODULE_PATHNAME', 'crm_population_stability_bins';
COMMENT ON FUNCTION population_stability_bins(distribution_summary, distribution_summary, integer) IS
  'what population_stability() adds up: the bins with their values above and up to, both shares and what each adds';
