-- Client value in a mart: what its clients are worth by models that are fitted to the source's trades. It stands beside what create_mart makes
-- and reads the source only; client_360 shows it where it is there, and is made again when it comes, changes its source or goes.

-- The objects, with their columns as data. {names} are replaced: source, client, opened, models, horizon and the like (see add_client_value).
CREATE FUNCTION client_value_object()
RETURNS TABLE (ordinal int, name text, is_view bool, rows int, from_template text, meaning text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 4
BEGIN ATOMIC
  SELECT o.*
  FROM (VALUES ('{client} AS c
      LEFT JOIN {mart}.client_activity_at($1) AS a ON a.client_id = c.client_id
      LEFT JOIN LATERAL {crm}.clv_detail({purchases}, {amounts}, a.activity, $1, {horizon}, {discount_rate}, {margin}) AS v ON true
      WHERE (c.opened_on IS NULL OR c.opened_on <= $1) AND (c.closed_on IS NULL OR $1 < c.closed_on)')) AS worth (template)
  CROSS JOIN LATERAL (VALUES
    (1, 'client_activity', false, 10000,
      '{trade} AS t WHERE t.on_day <= $1 AND pg_catalog.isfinite(t.on_day) AND pg_catalog.abs(t.amount::numeric) < 922337203685477 GROUP BY t.client_id',
      'Days and amounts of each client''s trades up to a day, for models to be fitted to: key client_id'),
    (2, 'client_worth', false, 10000, worth.template,
      'What each client is expected to bring, without a rank, so that for one client only the trades of that client are read: key client_id'),
    (3, 'client_value', true, 10000, worth.template,
      'What each client is expected to bring: one row a client, key client_id; without trades nothing is known'),
    (4, 'value_summary', true, 11,
      '{mart}.client_value_at($1) AS v GROUP BY v.value_decile',
      'What the clients are expected to bring, by decile of their value: one row a decile, key value_decile; empty for clients without trades'),
    (5, 'value_calibration', true, 8,
      '(SELECT least({crm}.frequency(a.activity, s.calibrated_on), 7) AS x, m.model, s.calibrated_on, {crm}.frequency(a.activity, $1) - {crm}.frequency(a.activity, s.calibrated_on) AS observed,
          CASE WHEN {crm}.model_status(m.model) = ''converged'' THEN {crm}.expected_purchases(m.model, a.activity, s.calibrated_on, {holdout_days} / 7.0::float8) END AS expected
        FROM {mart}.client_activity_at($1) AS a
        CROSS JOIN (SELECT $1 - {holdout_days} AS calibrated_on) AS s
        CROSS JOIN (SELECT {crm}.bgnbd_fit(a.activity, $1 - {holdout_days}) AS model FROM {mart}.client_activity_at($1) AS a) AS m
        WHERE {crm}.first_day(a.activity) <= s.calibrated_on) AS h
      GROUP BY h.x',
      'How well purchases were foreseen: a model of what was known {holdout_days} days before as_of, against what happened since: one row a class of frequency, key frequency')
  ) AS o (ordinal, name, is_view, rows, from_template, meaning);
END;

COMMENT ON FUNCTION client_value_object() IS 'What add_client_value makes: name, whether it is a view too, where it reads, meaning';

-- Sums of floating-point numbers are taken in their order, so that they do not depend on that of the rows.
CREATE FUNCTION client_value_column()
RETURNS TABLE (ordinal int, object text, name text, type text, expression text, meaning text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 40
BEGIN ATOMIC
  SELECT (pg_catalog.row_number() OVER ())::int, o.name, c.name, c.type, c.expression, c.meaning
  FROM (VALUES
    ('client_activity', 'client_id', 'text', 't.client_id::text', 'The client''s number'),
    ('client_activity', 'activity', '{crm}.activity_summary', '{crm}.activity(t.on_day, pg_catalog.round(t.amount::numeric, 4))', 'Days and total of the client''s trades'),

    ('client_value', 'as_of', 'date', '$1', 'The day that is asked about'),
    ('client_value', 'data_through', 'date', '{data through}', 'Newest day, at or before as_of, with a trade'),
    ('client_worth client_value', 'client_id', 'text', 'c.client_id::text', 'The client''s number'),
    ('client_value', '*client_columns', NULL, NULL, NULL),
    ('client_worth client_value', 'frequency', 'integer', '{crm}.frequency(a.activity, $1)', 'Days with a trade after the first one'),
    ('client_worth client_value', 'silent_days', 'integer', '{crm}.recency_days(a.activity, $1)', 'Days since the last day with a trade'),
    ('client_worth client_value', 'tenure_days', 'integer', '{crm}.tenure_days(a.activity, $1)', 'Days since the first day with a trade'),
    ('client_worth client_value', 'p_alive', 'float8', 'v.p_alive', 'Probability that the client still trades'),
    ('client_worth client_value', 'expected_purchases', 'float8', 'v.expected_purchases', 'Days with a trade that are expected in {horizon text}'),
    ('client_worth client_value', 'discounted_purchases', 'float8', 'v.discounted_purchases', 'The same, discounted'),
    ('client_worth client_value', 'expected_amount', 'numeric(18,2)', 'v.expected_amount', 'Amount that such a day is expected to bring'),
    ('client_worth client_value', 'margin', 'float8', 'v.margin', 'Share of the amount that is earned'),
    ('client_worth client_value', 'clv', 'numeric(18,2)', 'v.clv', 'Value of the client in {horizon text}: discounted_purchases times expected_amount times margin'),
    ('client_value', 'value_rank', 'bigint', 'CASE WHEN {clv} IS NOT NULL THEN pg_catalog.rank() OVER (ORDER BY {clv} DESC NULLS LAST) END', 'Rank by value, highest 1'),
    ('client_value', 'value_decile', 'integer', 'CASE WHEN {clv} IS NOT NULL THEN pg_catalog.ntile(10) OVER (PARTITION BY {clv} IS NULL ORDER BY {clv} DESC, c.client_id) END',
      'Decile by value, highest 1'),

    ('value_summary', 'as_of', 'date', '$1', 'The day that is asked about'),
    ('value_summary', 'data_through', 'date', 'pg_catalog.max(v.data_through)', 'Newest day, at or before as_of, with a trade'),
    ('value_summary', 'value_decile', 'integer', 'v.value_decile', 'Decile by value, highest 1; empty for clients without trades'),
    ('value_summary', 'clients', 'bigint', 'pg_catalog.count(*)', 'Number of clients'),
    ('value_summary', 'expected_clients', 'float8', 'pg_catalog.sum(v.p_alive ORDER BY v.p_alive)', 'Clients who are expected to trade still'),
    ('value_summary', 'expected_purchases', 'float8', 'pg_catalog.sum(v.expected_purchases ORDER BY v.expected_purchases)', 'Days with a trade that are expected in {horizon text}'),
    ('value_summary', 'clv', 'numeric(18,2)', 'pg_catalog.sum(v.clv)', 'Value of these clients in {horizon text}'),
    ('value_summary', 'lowest_clv', 'numeric(18,2)', 'pg_catalog.min(v.clv)', 'Value of the last of them'),
    ('value_summary', 'clv_share', 'float8', '(pg_catalog.sum(v.clv) / nullif(pg_catalog.sum(pg_catalog.sum(v.clv)) OVER (), 0))::float8', 'Share of the value of all clients, a fraction of 1'),

    ('value_calibration', 'as_of', 'date', '$1', 'The day that is asked about'),
    ('value_calibration', 'data_through', 'date', '{data through}', 'Newest day, at or before as_of, with a trade'),
    ('value_calibration', 'calibrated_on', 'date', 'pg_catalog.min(h.calibrated_on)', 'Day whose knowledge the model has'),
    ('value_calibration', 'model_status', 'text', 'pg_catalog.min({crm}.model_status(h.model))', 'How the fit of the model ended; nothing is expected unless it converged'),
    ('value_calibration', 'frequency', 'text', 'CASE WHEN h.x = 7 THEN ''7 or more'' ELSE h.x::text END', 'Days with a trade after the first one, up to calibrated_on'),
    ('value_calibration', 'frequency_order', 'integer', 'h.x', 'Order of the class'),
    ('value_calibration', 'clients', 'bigint', 'pg_catalog.count(*)', 'Clients of the class'),
    ('value_calibration', 'observed_purchases', 'bigint', 'pg_catalog.sum(h.observed)', 'Days with a trade that they had since'),
    ('value_calibration', 'expected_purchases', 'float8', 'pg_catalog.sum(h.expected ORDER BY h.expected)', 'Days with a trade that the model expected')
  ) AS c (objects, name, type, expression, meaning)
  CROSS JOIN LATERAL pg_catalog.regexp_split_to_table(c.objects, ' ') AS o (name);
END;

COMMENT ON FUNCTION client_value_column() IS 'The columns of what add_client_value makes, in order: type, expression, meaning; *client_columns stands for those that the mart carries';

CREATE FUNCTION drop_client_value(mart text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET client_min_messages = warning
AS $drop_client_value$
DECLARE
  made record;
BEGIN
  PERFORM @extschema@.require_mart(mart);
  EXECUTE format('SELECT FROM %I.definition AS d FOR UPDATE', mart);      -- no other definition meanwhile
  FOR made IN SELECT * FROM @extschema@.client_value_object() AS o ORDER BY o.ordinal DESC LOOP
    IF made.is_view THEN
      EXECUTE format('DROP VIEW IF EXISTS %I.%I', mart, made.name);
    END IF;
    IF made.name = 'client_worth' AND to_regprocedure(format('%I.client_worth_at(date)', mart)) IS NOT NULL AND to_regprocedure(format('%I.client_360_at(date)', mart)) IS NOT NULL THEN
      EXECUTE format('ALTER FUNCTION %I.client_worth_at(date) RENAME TO client_worth_gone', mart);      -- client_360 is made again without it
      PERFORM @extschema@.mart_build(mart);
      EXECUTE format('ALTER FUNCTION %I.client_worth_gone(date) RENAME TO client_worth_at', mart);
    END IF;
    EXECUTE format('DROP FUNCTION IF EXISTS %I.%I(date)', mart, made.name || '_at');
  END LOOP;
END;
$drop_client_value$;

COMMENT ON FUNCTION drop_client_value(text) IS 'Removes from a mart what add_client_value has made; an object that depends on it stops that with an error';

CREATE FUNCTION add_client_value(mart text, purchases bgnbd_model DEFAULT NULL, amounts gamma_gamma_model DEFAULT NULL, fitted_on date DEFAULT NULL,
  horizon double precision DEFAULT 52, discount_rate double precision DEFAULT 0, margin double precision DEFAULT 1, holdout_days integer DEFAULT 182)
RETURNS TABLE (object text, status text, reason text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET jit = off                   -- compiling takes longer than it saves
SET client_min_messages = warning
AS $add_client_value$
#variable_conflict use_variable
DECLARE
  source text;
  client_columns text[];
  lacking text;
  trade text;
  pieces jsonb;
  made record;
  statement text;
BEGIN
  PERFORM @extschema@.require_mart(mart);
  IF horizon IS NULL OR discount_rate IS NULL OR margin IS NULL OR holdout_days IS NULL THEN
    RAISE EXCEPTION 'horizon, discount_rate, margin and holdout_days must not be NULL' USING ERRCODE = 'null_value_not_allowed';
  ELSIF NOT holdout_days BETWEEN 1 AND 36500 THEN
    RAISE EXCEPTION 'holdout_days must be from 1 to 36500' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  EXECUTE format('SELECT d.source, d.client_columns FROM %I.definition AS d FOR UPDATE', mart) INTO source, client_columns;
  lacking := (SELECT v.reason FROM @extschema@.source_view(source) AS v WHERE v."view" = 'trade' AND NOT v.usable);
  IF lacking IS NOT NULL THEN
    RAISE EXCEPTION 'client value needs the trades of the source: %', lacking USING ERRCODE = 'undefined_table';
  END IF;
  trade := format('%I.trade', source);
  pieces := jsonb_build_object('trade', jsonb_build_object('is', trade), 'mart', jsonb_build_object('is', quote_ident(mart)), 'crm', jsonb_build_object('is', '@extschema@'), 'brace', jsonb_build_object('is', '{'));

  -- the models, unless they are given
  IF purchases IS NULL OR amounts IS NULL THEN
    EXECUTE format('SELECT coalesce($2, @extschema@.bgnbd_fit(a.activity, $1)), coalesce($3, @extschema@.gamma_gamma_fit(a.activity))
        FROM (SELECT @extschema@.activity(t.on_day, round(t.amount::numeric, 4)) AS activity FROM %s) AS a',
      @extschema@.mart_expand((SELECT o.from_template FROM @extschema@.client_value_object() AS o WHERE o.name = 'client_activity'), pieces))
    INTO purchases, amounts USING coalesce(fitted_on, @extschema@.as_of()), purchases, amounts;
  END IF;
  lacking := (
    SELECT string_agg(CASE WHEN m.status IS NULL THEN 'there is no trade' ELSE format('the fit of the %s model has the status %s', m.name, m.status) END, '; ')
    FROM (VALUES ('BG/NBD', @extschema@.model_status(purchases)), ('Gamma-Gamma', @extschema@.model_status(amounts))) AS m (name, status)
    WHERE m.status IS NULL OR m.status NOT IN ('converged', 'given'));
  IF lacking IS NOT NULL THEN
    PERFORM @extschema@.drop_client_value(mart);
    RETURN QUERY SELECT o.name, 'left out', lacking FROM @extschema@.client_value_object() AS o ORDER BY o.ordinal;
    RETURN;
  END IF;
  -- a horizon or rate that clv() refuses is refused here, not by every query
  PERFORM @extschema@.clv(purchases, amounts, @extschema@.activity_add(NULL, date '2000-01-01', 1), date '2000-01-01', horizon, discount_rate, margin);

  SELECT pieces || jsonb_object_agg(p.name, jsonb_build_object('is', p.final)) INTO pieces
  FROM (VALUES
    ('client', (SELECT CASE WHEN count(*) = 0 THEN format('%I.client', source)
        ELSE format('(SELECT r.*, %s FROM %I.client AS r)', string_agg(format('NULL::date AS %I', m.name), ', '), source) END
      FROM unnest(ARRAY['opened_on', 'closed_on']) AS m (name)
      WHERE NOT EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = to_regclass(format('%I.client', source)) AND a.attname = m.name))),
    ('data through', format('(SELECT max(n.on_day) FROM %s AS n WHERE n.on_day <= $1)', trade)),
    ('clv', format('(CASE WHEN %s THEN v.clv END)', @extschema@.mart_holds('numeric(18,2)', 'v.clv'))),      -- what the column shows
    ('purchases', format('%L::@extschema@.bgnbd_model', purchases)),
    ('amounts', format('%L::@extschema@.gamma_gamma_model', amounts)),
    ('horizon', format('%L::float8', horizon)),
    ('discount_rate', format('%L::float8', discount_rate)),
    ('margin', format('%L::float8', margin)),
    ('holdout_days', holdout_days::text),
    ('horizon text', format('the %s periods of %s days after as_of', horizon, purchases::jsonb ->> 'days_per_unit'))
  ) AS p (name, final);

  FOR made IN
    WITH listed AS (
      SELECT c.object, c.ordinal, 0 AS place, c.name, c.type, c.expression, c.meaning FROM @extschema@.client_value_column() AS c WHERE c.name NOT LIKE '*%'
      UNION ALL             -- of those that the mart carries, the ones that the source's view of clients has
      SELECT c.object, c.ordinal, k.place, a.attname, format_type(a.atttypid, NULL), replace(format('c.%I', a.attname), '{', '{brace}'),
        coalesce((SELECT m.meaning FROM @extschema@.source_contract() AS m WHERE m."view" = 'client' AND m."column" = a.attname), 'Column of the source''s view of clients')
      FROM @extschema@.client_value_column() AS c
      CROSS JOIN unnest(client_columns) WITH ORDINALITY AS k (name, place)
      JOIN pg_attribute AS a ON a.attrelid = to_regclass(format('%I.client', source)) AND a.attname = k.name AND a.attnum > 0
      JOIN pg_type AS t ON t.oid = a.atttypid AND t.typnamespace = 'pg_catalog'::regnamespace
      WHERE c.name = '*client_columns' AND a.attname NOT IN (SELECT o.name FROM @extschema@.client_value_column() AS o WHERE o.object = c.object)
    )
    SELECT o.name, o.is_view, @extschema@.mart_expand(o.meaning, pieces) AS meaning,
      format(E'%I.%I(as_of date) RETURNS TABLE (%s)\nLANGUAGE sql STABLE PARALLEL RESTRICTED ROWS %s\nBEGIN ATOMIC\n  SELECT\n    %s\n  FROM %s;\nEND', mart, o.name || '_at',
        string_agg(format('%I %s', l.name, regexp_replace(@extschema@.mart_expand(l.type, pieces), '\(.*', '')), ', ' ORDER BY l.ordinal, l.place), o.rows,
        string_agg(format(CASE WHEN l.type LIKE 'numeric(%' THEN 'CASE WHEN %4$s THEN (%1$s)::%2$s END' ELSE '%1$s' END || ' AS %3$I', @extschema@.mart_expand(l.expression, pieces), l.type, l.name,
          @extschema@.mart_holds(l.type, @extschema@.mart_expand(l.expression, pieces))), E',\n    ' ORDER BY l.ordinal, l.place),
        @extschema@.mart_expand(o.from_template, pieces)) AS function_sql,
      format('%I.%I WITH (security_invoker = true) AS SELECT %s FROM %I.%I(@extschema@.as_of()) AS v', mart, o.name,
        string_agg(format(CASE WHEN l.type LIKE 'numeric%' THEN 'v.%1$I::%2$s AS %1$I' ELSE 'v.%1$I' END, l.name, l.type), ', ' ORDER BY l.ordinal, l.place), mart, o.name || '_at') AS view_sql,
      array_agg(format('COMMENT ON COLUMN %I.%I.%I IS %L', mart, o.name, l.name, @extschema@.mart_expand(l.meaning, pieces)) ORDER BY l.ordinal, l.place) AS comments
    FROM @extschema@.client_value_object() AS o
    JOIN listed AS l ON l.object = o.name
    GROUP BY o.ordinal, o.name, o.is_view, o.rows, o.from_template, o.meaning
    ORDER BY o.ordinal
  LOOP
    BEGIN
      EXECUTE 'CREATE OR REPLACE FUNCTION ' || made.function_sql;
      IF made.is_view THEN
        EXECUTE 'CREATE OR REPLACE VIEW ' || made.view_sql;
      END IF;
    EXCEPTION WHEN invalid_table_definition OR invalid_function_definition THEN        -- columns went, moved or changed their types
      IF to_regprocedure(format('%I.%I(date)', mart, made.name || '_at')) IS NULL THEN
        RAISE;
      END IF;
      PERFORM @extschema@.drop_client_value(mart);
      RETURN QUERY SELECT * FROM @extschema@.add_client_value(mart, purchases, amounts, fitted_on, horizon, discount_rate, margin, holdout_days);
      RETURN;
    END;
    EXECUTE format('COMMENT ON FUNCTION %I.%I(date) IS %L', mart, made.name || '_at', CASE WHEN made.is_view THEN format('The view %s as of any day. ', made.name) ELSE '' END || made.meaning);
    IF made.is_view THEN
      EXECUTE format('COMMENT ON VIEW %I.%I IS %L', mart, made.name, made.meaning);
      FOREACH statement IN ARRAY made.comments LOOP
        EXECUTE statement;
      END LOOP;
    END IF;
  END LOOP;
  PERFORM @extschema@.mart_build(mart);
  RETURN QUERY SELECT o.name, 'created', NULL::text FROM @extschema@.client_value_object() AS o ORDER BY o.ordinal;
END;
$add_client_value$;

COMMENT ON FUNCTION add_client_value(text, bgnbd_model, gamma_gamma_model, date, double precision, double precision, double precision, integer) IS
  'Adds to a mart what its clients are worth: client_value, value_summary, value_calibration, client_activity_at(as_of) and client_worth_at(as_of), and fills columns of client_360, with models that are given or fitted to the source''s trades up to '
  'fitted_on (as_of() if NULL). horizon and discount_rate are of the model''s unit of time, a week; margin is the share of an amount that is earned. Calling it again makes it anew';
