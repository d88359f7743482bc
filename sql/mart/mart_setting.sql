-- Numbers and lists that the questions of a mart depend on and that each house sets for itself, as data. Templates read them as {setting: name}, comments as {value: name}.
CREATE FUNCTION mart_setting()
RETURNS TABLE (name text, type text, value text, lowest numeric, highest numeric, meaning text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 20
BEGIN ATOMIC
  SELECT s.*
  FROM (VALUES
    ('callback_months', 'integer', '1', 1::numeric, 120::numeric, 'Months after opening within which a new client must be called back'),
    ('callback_share', 'numeric', '0.1', 0, 1, 'Share of last year''s clients who must be called back in a year'),
    ('co_holding_products', 'integer', '500', 2, 1024, 'Number of products, those that most clients hold, whose holding together is counted'),
    ('next_products', 'integer', '3', 1, 100, 'Number of next best products for a client'),
    ('next_product_clients', 'bigint', '5', 1, 1000000000, 'Number of clients who must hold two products before one is offered for the other'),
    ('next_product_outcome', '@extschema@.suitability_outcome', 'suitable', NULL, NULL, 'Worst outcome of suitability that a next best product may have'),
    ('rfm_days', 'integer', '365', 1, 36500, 'Days up to as_of whose trades client_rfm reads'),
    ('rfm_recency_days', 'integer[]', '{30,90,180,365}', 0, 36500, 'Cut points of recency, ascending: a client who traded so many days ago or fewer is in the better class'),
    ('rfm_frequency', 'integer[]', '{2,4,8,16}', 0, 36500, 'Cut points of the number of days with a trade, ascending: so many or more are in the better class'),
    ('rfm_monetary', 'numeric[]', '{10000,50000,200000,1000000}', NULL, NULL, 'Cut points of the amount of the trades, ascending: so much or more is in the better class'),
    ('top_clients', 'integer', '100', 1, 1000000, 'How many clients top_clients has for each measure'),
    ('abc_a_share', 'numeric', '0.8', 0, 1, 'Share of the whole that clients of class A bring'),
    ('abc_b_share', 'numeric', '0.95', 0, 1, 'Share of the whole that clients of the classes A and B bring'),
    ('lorenz_points', 'integer', '100', 1, 10000, 'Number of parts that asset_lorenz divides the clients into'),
    ('tail_share', 'numeric', '0.05', 0, 1, 'Share of the clients with assets that asset_concentration takes as the tail'),
    ('tail_shares', 'numeric[]', '{0.005,0.01,0.02,0.05,0.1}', 0, 1, 'The same for each row of tail_index_path'),
    ('activation_days', 'integer', '90', 1, 36500, 'Days from the day of opening within which a new client is activated'),
    ('activation_assets', 'numeric', '10000', NULL, NULL, 'Balance at which a new client is activated'),
    ('tier_months', 'integer[]', '{3,6,12}', 1, 1200, 'Months after opening at which acquisition_tier looks which tiers were reached'),
    ('lifetime_months', 'integer', '60', 1, 12000, 'Months up to which client_lifetime_summary takes the mean lifetime'),
    ('rhythm_days', 'integer', '365', 1, 36500, 'Days up to as_of whose trades give the rhythm of a client'),
    ('effective_assets', 'numeric', '10000', 0, 1e14, 'Assets from which a client counts as effective, and as active without a trade'),
    ('active_days', 'integer', '90', 1, 36500, 'A client with a trade in so many days up to as_of has the activity_class active'),
    ('dormant_years', 'integer', '3', 1, 100, 'A client without a trade for so many years, without holdings and with assets up to dormant_cash has the activity_class dormant'),
    ('dormant_cash', 'numeric', '100', 0, 1e14, 'Most assets that a dormant client may have'),
    ('service_class', 'text', '', NULL, NULL, 'The fact that is the client_class of entitlement; if empty, investor_class'),
    ('service_tail_share', 'numeric', '0.8', 0.01, 0.99, 'Share of the clients that service_concentration takes as the tail, in whole hundredths')
  ) AS s (name, type, value, lowest, highest, meaning);
END;

COMMENT ON FUNCTION mart_setting() IS
  'The settings of a mart: name, type, value unless create_mart is given another, lowest and highest value of each number, meaning';

-- The settings of a definition as pieces of SQL. An unknown name, or a value that is not of its type or out of range, is an error.
CREATE FUNCTION mart_setting_piece(settings jsonb)
RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL UNSAFE        -- it catches errors
SET search_path = pg_catalog, pg_temp
AS $mart_setting_piece$
DECLARE
  setting record;
  given text;
  numbers numeric[];
  result jsonb := '{}';
BEGIN
  SELECT k.key INTO given FROM jsonb_object_keys(settings) AS k (key) WHERE k.key NOT IN (SELECT s.name FROM @extschema@.mart_setting() AS s) ORDER BY k.key LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'there is no setting "%"', given
      USING ERRCODE = 'invalid_parameter_value', DETAIL = format('There are: %s.', (SELECT string_agg(s.name, ', ' ORDER BY s.name) FROM @extschema@.mart_setting() AS s));
  END IF;
  FOR setting IN SELECT * FROM @extschema@.mart_setting() LOOP
    given := CASE jsonb_typeof(settings -> setting.name)
      WHEN 'array' THEN (SELECT coalesce(array_agg(e.value ORDER BY e.place), '{}')::text FROM jsonb_array_elements_text(settings -> setting.name) WITH ORDINALITY AS e (value, place))
      ELSE coalesce(settings ->> setting.name, setting.value) END;
    BEGIN
      EXECUTE format('SELECT %L::%s::text', given, setting.type) INTO given;
      IF setting.type ~ '^(numeric|integer|bigint)' THEN
        numbers := CASE WHEN setting.type LIKE '%[]' THEN given::numeric[] ELSE ARRAY[given::numeric] END;
        IF EXISTS (SELECT FROM unnest(numbers) AS n (n) WHERE n.n IS NULL OR n.n < setting.lowest OR n.n > setting.highest OR n.n = 'NaN')
          OR numbers <> ARRAY(SELECT n.n FROM unnest(numbers) AS n (n) ORDER BY n.n) THEN
          RAISE numeric_value_out_of_range;
        END IF;
      END IF;
    EXCEPTION WHEN data_exception THEN       -- what is no value of the type, too
      RAISE EXCEPTION 'the setting "%" cannot be %', setting.name, settings -> setting.name
        USING ERRCODE = 'invalid_parameter_value', DETAIL = setting.meaning || '.', HINT = format('It must be of type %s%s%s%s.', setting.type,
          CASE WHEN setting.type LIKE '%[]' THEN ', ascending' END, ', at least ' || setting.lowest, CASE WHEN setting.lowest IS NULL THEN ', ' ELSE ' and ' END || 'at most ' || setting.highest);
    END;
    result := result || jsonb_build_object('setting: ' || setting.name, jsonb_build_object('is', format('%L::%s', given, setting.type)),
      'value: ' || setting.name, jsonb_build_object('is', given));
  END LOOP;
  RETURN result;
END;
$mart_setting_piece$;

COMMENT ON FUNCTION mart_setting_piece(jsonb) IS 'The settings of a mart as pieces for mart_expand: {"setting: name": {"is": literal}, "value: name": {"is": text for comments}}; refuses what mart_setting() does not know';
