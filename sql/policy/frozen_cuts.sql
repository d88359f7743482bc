-- cut points of a distribution, frozen in policies

CREATE FUNCTION tier_policy(summary distribution_summary, labels text[], shares double precision[]) RETURNS tier_policy
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_tier_policy_of_distribution';
COMMENT ON FUNCTION tier_policy(distribution_summary, text[], double precision[]) IS
  'tiers from the lowest to the highest that have these shares of the distribution''s values; equal values are never split';

CREATE FUNCTION bins(summary distribution_summary, n integer) RETURNS jsonb
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_bins_of_distribution';
COMMENT ON FUNCTION bins(distribution_summary, integer) IS
  'the bins of a scorecard''s characteristic: n of equal shares of the distribution''s values, with 1 to n points, and one for NULL';
