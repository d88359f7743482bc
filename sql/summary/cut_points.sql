-- cut points

CREATE FUNCTION cut_points(summary distribution_summary, p double precision[]) RETURNS double precision[]
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'crm_cut_points';
COMMENT ON FUNCTION cut_points(distribution_summary, double precision[]) IS
  'for each p the value at which a bin begins that leaves the share of the values nearest to p below it; equal values are never split, neither side is empty';

