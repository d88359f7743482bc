-- FAR-Trans, the investments of a European bank's clients, as crm_ext reads it: the files as they are in schema far_trans, and
-- over them the views of the source contract in schema source. Both schemas are dropped and made again.
--
--   psql -1 -v directory=/path/to/far-trans -f far_trans.sql
--
-- J. Sanz-Cruzado, N. Droukas, R. McCreadie: FAR-Trans: An Investment Dataset for Financial Asset Recommendation, IJCAI 2024
-- Workshop on Recommender Systems in Finance. Licence CC-BY 4.0. Only the files that are small are read: customer_information,
-- asset_information, limit_prices, markets.
--
-- What the files say and what the views make of it:
-- * A level or a capacity that begins with Predicted_ was computed, not answered. It is not the client's level: risk_level and
--   investment_capacity are empty, predicted_risk_level and predicted_capacity hold it, risk_level_source says 'predicted'.
--   So no policy can take a guess for an answer by oversight.
-- * Not_Available is empty, and so is the questionnaire date 2000-01-01, which stands for "no date".
-- * A questionnaire date may be later than its row's own timestamp: the export wrote the newest date into every version. The date
--   is kept. As of a day before it, it lies in the future, and the policy must not count it (eu_mifid_suitability.json does not).
-- * The labels in the files are CAP_LT30K and Legal Entity, where the data set's description has CAP_LT_30K and Legal entity.
-- * Three exchange-traded funds appear as Stock and as MTF on one day: they are funds.
-- * The files know no opening days, birth dates, holdings or balances; the mart says what it leaves out for that.

\set ON_ERROR_STOP on
SET client_min_messages = warning;
\if :{?directory}
\else
  DO 'BEGIN RAISE EXCEPTION ''say where the files are: psql -v directory=/path/to/far-trans -f far_trans.sql''; END';
\endif

DROP SCHEMA IF EXISTS source, far_trans CASCADE;
CREATE SCHEMA far_trans;
COMMENT ON SCHEMA far_trans IS 'FAR-Trans (Sanz-Cruzado et al. 2024, CC-BY 4.0), the files as they are';

CREATE TABLE far_trans.customer_information (
  customer_id text,
  customer_type text NOT NULL,
  risk_level text NOT NULL,
  investment_capacity text NOT NULL,
  last_questionnaire_date date NOT NULL,
  recorded_on date,
  PRIMARY KEY (customer_id, recorded_on)
);
COMMENT ON TABLE far_trans.customer_information IS 'customer_information.csv: versions of the clients'' profiles';

CREATE TABLE far_trans.asset_information (
  isin text NOT NULL,
  asset_name text,
  asset_short_name text,
  asset_category text NOT NULL,
  asset_sub_category text,
  market_id text,
  sector text,
  industry text,
  recorded_on date NOT NULL
);
COMMENT ON TABLE far_trans.asset_information IS 'asset_information.csv: versions of the securities';

CREATE TABLE far_trans.limit_prices (
  isin text PRIMARY KEY,
  min_date date,
  max_date date,
  price_min_date numeric,
  price_max_date numeric,
  profitability numeric
);
COMMENT ON TABLE far_trans.limit_prices IS 'limit_prices.csv: first and last price of each security';

CREATE TABLE far_trans.markets (
  exchange_id text,
  market_id text PRIMARY KEY,
  name text,
  description text,
  country text,
  trading_days text,
  trading_hours text,
  market_class text
);
COMMENT ON TABLE far_trans.markets IS 'markets.csv: the markets';

\cd :directory
\echo '  customer_information.csv'
\copy far_trans.customer_information FROM 'customer_information.csv' WITH (FORMAT csv, HEADER true)
\echo '  asset_information.csv, limit_prices.csv, markets.csv'
\copy far_trans.asset_information FROM 'asset_information.csv' WITH (FORMAT csv, HEADER true)
\copy far_trans.limit_prices FROM 'limit_prices.csv' WITH (FORMAT csv, HEADER true)
\copy far_trans.markets FROM 'markets.csv' WITH (FORMAT csv, HEADER true)

CREATE INDEX ON far_trans.asset_information (isin, recorded_on);

\echo '  source views'
CREATE SCHEMA source;
COMMENT ON SCHEMA source IS 'FAR-Trans as crm_ext reads it: one view for each part of the source contract';

CREATE VIEW source.client WITH (security_invoker) AS
SELECT DISTINCT ON (customer_id)
  customer_id AS client_id,
  CASE customer_type WHEN 'Legal Entity' THEN 'entity' ELSE 'person' END AS kind,
  customer_type AS segment,
  customer_type = 'Inactive' AS dormant
FROM far_trans.customer_information
ORDER BY customer_id, recorded_on DESC;
COMMENT ON VIEW source.client IS 'One row a client, by the newest version';

CREATE VIEW source.client_profile WITH (security_invoker) AS
SELECT
  customer_id AS client_id,
  recorded_on AS valid_from,
  lead(recorded_on) OVER (PARTITION BY customer_id ORDER BY recorded_on) AS valid_to,
  CASE WHEN risk_level NOT LIKE 'Predicted%' THEN nullif(risk_level, 'Not_Available') END AS risk_level,
  nullif(last_questionnaire_date, '2000-01-01') AS assessed_on,
  customer_type,
  CASE WHEN risk_level LIKE 'Predicted%' THEN 'predicted' WHEN risk_level <> 'Not_Available' THEN 'answered' END AS risk_level_source,
  CASE WHEN risk_level LIKE 'Predicted%' THEN replace(risk_level, 'Predicted_', '') END AS predicted_risk_level,
  CASE WHEN investment_capacity NOT LIKE 'Predicted%' THEN nullif(investment_capacity, 'Not_Available') END AS investment_capacity,
  CASE WHEN investment_capacity LIKE 'Predicted%' THEN replace(investment_capacity, 'Predicted_', '') END AS predicted_capacity,
  CASE investment_capacity WHEN 'CAP_LT30K' THEN 30000 WHEN 'CAP_30K_80K' THEN 80000 WHEN 'CAP_80K_300K' THEN 300000 END AS capacity_below
FROM far_trans.customer_information;
COMMENT ON VIEW source.client_profile IS 'Versions of what a client answered; predicted answers apart';
COMMENT ON COLUMN source.client_profile.risk_level IS 'Conservative, Income, Balanced or Aggressive, as the client answered; empty if predicted or not available';
COMMENT ON COLUMN source.client_profile.risk_level_source IS 'answered, predicted, or empty if there is no level at all';
COMMENT ON COLUMN source.client_profile.capacity_below IS 'Upper end of the answered investment capacity in EUR; empty if it has none or is not known';

CREATE VIEW source.product WITH (security_invoker) AS
SELECT DISTINCT ON (isin)
  isin AS product_id,
  asset_name AS name,
  CASE asset_category WHEN 'MTF' THEN 'fund' ELSE lower(asset_category) END AS kind,
  asset_category || coalesce(' ' || asset_sub_category, '') AS category,
  m.country AS market_country,
  sector,
  p.max_date AS last_price_on
FROM far_trans.asset_information AS a
LEFT JOIN far_trans.markets AS m USING (market_id)
LEFT JOIN far_trans.limit_prices AS p USING (isin)
ORDER BY isin, recorded_on DESC, asset_category = 'MTF' DESC;
COMMENT ON VIEW source.product IS 'One row a security, by the newest version of its category';

-- The data set grades clients but not securities. The rule below is this example's own choice and stands here to be changed: from
-- the category and sub-category to the four levels that the clients have.
CREATE VIEW source.product_grade WITH (security_invoker) AS
SELECT
  isin AS product_id,
  recorded_on AS valid_from,
  lead(recorded_on) OVER (PARTITION BY isin ORDER BY recorded_on) AS valid_to,
  CASE
    WHEN asset_category = 'MTF' AND asset_sub_category = 'Money Market' THEN 'low'
    WHEN asset_category = 'Bond' AND asset_sub_category = 'Government' THEN 'medium low'
    WHEN asset_category = 'MTF' AND asset_sub_category IN ('Bond', 'Bonds') THEN 'medium low'
    WHEN asset_category = 'Bond' THEN 'medium high'
    WHEN asset_category = 'MTF' AND asset_sub_category IN ('Balanced', 'Other') THEN 'medium high'
    WHEN asset_category IN ('Stock', 'MTF') THEN 'high'
  END AS risk_level
FROM (
  SELECT DISTINCT ON (isin, recorded_on) isin, recorded_on, asset_category, asset_sub_category
  FROM far_trans.asset_information
  ORDER BY isin, recorded_on, asset_category = 'MTF' DESC) AS a;
COMMENT ON VIEW source.product_grade IS 'Versions of a security''s grade: low, medium low, medium high, high, by a rule of this example';

ANALYZE;
RESET client_min_messages;
