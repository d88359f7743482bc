-- client lifetime value: purchases of either model times amounts of a Gamma-Gamma model

CREATE FUNCTION clv(
  purchases bgnbd_model, amounts gamma_gamma_model, activity activity_summary, as_of date, horizon double precision,
  discount_rate double precision, margin double precision, any_status boolean DEFAULT false
) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 200 AS 'MODULE_PATHNAME', 'crm_clv';
COMMENT ON FUNCTION clv(bgnbd_model, gamma_gamma_model, activity_summary, date, double precision, double precision, double precision, boolean) IS
  'what a client is worth in the horizon after a day: expected purchases, discounted by period of the model, times expected amount times margin';

CREATE FUNCTION clv_detail(
  purchases bgnbd_model, amounts gamma_gamma_model, activity activity_summary, as_of date, horizon double precision,
  discount_rate double precision, margin double precision, any_status boolean DEFAULT false,
  OUT p_alive double precision, OUT expected_purchases double precision, OUT discounted_purchases double precision,
  OUT expected_amount double precision, OUT margin double precision, OUT clv double precision
) RETURNS record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 200 AS 'MODULE_PATHNAME', 'crm_clv_detail';
COMMENT ON FUNCTION clv_detail(bgnbd_model, gamma_gamma_model, activity_summary, date, double precision, double precision, double precision, boolean) IS
  'what clv() multiplies: discounted_purchases, expected_amount and margin, with P(alive) and the purchases before discounting';

CREATE FUNCTION clv_interval(
  purchases bgnbd_model, amounts gamma_gamma_model, activity activity_summary, as_of date, horizon double precision,
  discount_rate double precision, margin double precision,
  confidence double precision DEFAULT 0.95, any_status boolean DEFAULT false,
  OUT clv double precision, OUT std_error double precision, OUT lower double precision, OUT upper double precision
) RETURNS record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 2000 AS 'MODULE_PATHNAME', 'crm_clv_interval';
COMMENT ON FUNCTION clv_interval(bgnbd_model, gamma_gamma_model, activity_summary, date, double precision, double precision, double precision, double precision, boolean) IS
  'clv() with the uncertainty of the estimates, by the delta method; NULL where the parameters were given';

CREATE FUNCTION clv(
  purchases pareto_nbd_model, amounts gamma_gamma_model, activity activity_summary, as_of date, horizon double precision,
  discount_rate double precision, margin double precision, any_status boolean DEFAULT false
) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 200 AS 'MODULE_PATHNAME', 'crm_clv';
COMMENT ON FUNCTION clv(pareto_nbd_model, gamma_gamma_model, activity_summary, date, double precision, double precision, double precision, boolean) IS
  'what a client is worth in the horizon after a day: expected purchases, discounted by period of the model, times expected amount times margin';

CREATE FUNCTION clv_detail(
  purchases pareto_nbd_model, amounts gamma_gamma_model, activity activity_summary, as_of date, horizon double precision,
  discount_rate double precision, margin double precision, any_status boolean DEFAULT false,
  OUT p_alive double precision, OUT expected_purchases double precision, OUT discounted_purchases double precision,
  OUT expected_amount double precision, OUT margin double precision, OUT clv double precision
) RETURNS record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 200 AS 'MODULE_PATHNAME', 'crm_clv_detail';
COMMENT ON FUNCTION clv_detail(pareto_nbd_model, gamma_gamma_model, activity_summary, date, double precision, double precision, double precision, boolean) IS
  'what clv() multiplies: discounted_purchases, expected_amount and margin, with P(alive) and the purchases before discounting';

CREATE FUNCTION clv_interval(
  purchases pareto_nbd_model, amounts gamma_gamma_model, activity activity_summary, as_of date, horizon double precision,
  discount_rate double precision, margin double precision,
  confidence double precision DEFAULT 0.95, any_status boolean DEFAULT false,
  OUT clv double precision, OUT std_error double precision, OUT lower double precision, OUT upper double precision
) RETURNS record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 2000 AS 'MODULE_PATHNAME', 'crm_clv_interval';
COMMENT ON FUNCTION clv_interval(pareto_nbd_model, gamma_gamma_model, activity_summary, date, double precision, double precision, double precision, double precision, boolean) IS
  'clv() with the uncertainty of the estimates, by the delta method; NULL where the parameters were given';
