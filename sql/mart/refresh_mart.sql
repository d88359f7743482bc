-- The tables of a mart whose tiers remember: ordinary tables of whoever made the mart. Row-level security lets readers see rows of the clients whom
-- the source's view client shows them; the owner, who refreshes, is not bound by it.
CREATE FUNCTION mart_tier_tables(mart text, source text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET client_min_messages = warning
AS $mart_tier_tables$
DECLARE
  name text;
BEGIN
  EXECUTE format($table$
    CREATE TABLE IF NOT EXISTS %1$I.tier_month (
      month date,
      client_id text,
      value float8,
      assets numeric,
      standing @extschema@.tier_standing,
      PRIMARY KEY (month, client_id)
    );
    CREATE INDEX IF NOT EXISTS tier_month_client ON %1$I.tier_month (client_id, month);
    COMMENT ON TABLE %1$I.tier_month IS 'Where each client stood among the tiers after each month, or quarter; refresh_mart writes it';
    COMMENT ON COLUMN %1$I.tier_month.month IS 'First day of the month or quarter';
    COMMENT ON COLUMN %1$I.tier_month.client_id IS 'The client';
    COMMENT ON COLUMN %1$I.tier_month.value IS 'What decides the tier; empty if it is not known';
    COMMENT ON COLUMN %1$I.tier_month.assets IS 'Assets at the end';
    COMMENT ON COLUMN %1$I.tier_month.standing IS 'Where the client stands; empty until there is a first value';

    CREATE TABLE IF NOT EXISTS %1$I.closed_month (
      month date PRIMARY KEY,
      clients bigint NOT NULL,
      tiers text NOT NULL,
      closed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      closed_by text NOT NULL DEFAULT session_user
    );
    COMMENT ON TABLE %1$I.closed_month IS 'The months, or quarters, that close_month has closed';
    COMMENT ON COLUMN %1$I.closed_month.month IS 'First day of the month or quarter';
    COMMENT ON COLUMN %1$I.closed_month.clients IS 'Rows of tier_told';
    COMMENT ON COLUMN %1$I.closed_month.tiers IS 'Tier policy of then';
    COMMENT ON COLUMN %1$I.closed_month.closed_at IS 'When it was closed';
    COMMENT ON COLUMN %1$I.closed_month.closed_by IS 'Who closed it';

    CREATE TABLE IF NOT EXISTS %1$I.tier_told (
      month date,
      client_id text,
      tier text,
      tier_order int,
      PRIMARY KEY (month, client_id)
    );
    COMMENT ON TABLE %1$I.tier_told IS 'The tiers that clients were told when a month, or quarter, was closed; nothing changes them';
    COMMENT ON COLUMN %1$I.tier_told.month IS 'First day of the month or quarter';
    COMMENT ON COLUMN %1$I.tier_told.client_id IS 'The client';
    COMMENT ON COLUMN %1$I.tier_told.tier IS 'The tier; empty if there was none';
    COMMENT ON COLUMN %1$I.tier_told.tier_order IS 'Its rank in the policy of then, lowest 1';
  $table$, mart);
  FOREACH name IN ARRAY ARRAY['tier_month', 'tier_told'] LOOP
    PERFORM @extschema@.mart_protect(mart, name, source);
  END LOOP;
  FOREACH name IN ARRAY ARRAY['closed_month', 'tier_told'] LOOP
    EXECUTE format('CREATE OR REPLACE TRIGGER as_told BEFORE UPDATE OR DELETE OR TRUNCATE ON %1$I.%2$I EXECUTE FUNCTION @extschema@.mart_told_is_final();
      COMMENT ON TRIGGER as_told ON %1$I.%2$I IS ''Refuses changes''', mart, name);
  END LOOP;
END;
$mart_tier_tables$;

COMMENT ON FUNCTION mart_tier_tables(text, text) IS 'Makes the tables of a mart whose tier policy has a period, where they are not there yet; mart_build calls it';

CREATE FUNCTION mart_told_is_final()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $mart_told_is_final$
BEGIN
  RAISE EXCEPTION 'what clients were told is not changed: % on %.% is refused', TG_OP, quote_ident(TG_TABLE_SCHEMA), quote_ident(TG_TABLE_NAME)
    USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'The owner of the table can lift the trigger as_told; drop_mart drops the table.';
END;
$mart_told_is_final$;

COMMENT ON FUNCTION mart_told_is_final() IS 'Trigger of closed_month and tier_told: refuses UPDATE, DELETE and TRUNCATE';

-- What the kept rows rest on. Where source, balance_mode or market change, all of them hold no more; the rest concerns standings.
CREATE FUNCTION mart_refresh_basis(definition jsonb)
RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE COST 10000
BEGIN ATOMIC
  SELECT pg_catalog.jsonb_build_object('source', d.source, 'balance_mode', d.balance_mode, 'market', d.market, 'measure', m.measure,
    'from_balances', mart_tier_from_balances(d.source, m.measure), 'rating', CASE m.measure WHEN 'score' THEN d.rating END,
    'period', d.tiers::pg_catalog.jsonb ->> 'period', 'tiers', d.tiers, 'definition', mart_refresh_basis.definition)
  FROM pg_catalog.jsonb_to_record(mart_refresh_basis.definition) AS d (source text, balance_mode text, market text, tier_measure text, rating text, tiers text)
  CROSS JOIN LATERAL (SELECT mart_tier_measure(d.source, d.tier_measure) AS measure) AS m;
END;

COMMENT ON FUNCTION mart_refresh_basis(jsonb) IS
  'What the rows that a mart of a definition keeps rest on: source, balance_mode, market; measure, period and tier policy of standings; with the definition itself';

-- The basis of what a mart keeps, with its definition locked, so that one transaction at a time refreshes, closes or redefines it; NULL where nothing is
-- kept. The basis that was noted last is taken where the definition is the same, unless the source may have changed its shape. Without "period" there
-- are no standings.
CREATE FUNCTION mart_refresh_lock(mart text, look_again bool DEFAULT false)
RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $mart_refresh_lock$
DECLARE
  definition jsonb;
  kept jsonb;
BEGIN
  EXECUTE format('SELECT to_jsonb(d) - ''{suitability,client_columns,segments,life_stage,service_model,settings,readers}''::text[] FROM %I.definition AS d FOR UPDATE', mart) INTO definition;
  IF to_regprocedure(format('%I.summary_value(date, date, text[])', mart)) IS NULL THEN
    RETURN NULL;
  END IF;
  EXECUTE format('SELECT r.basis FROM %I.refresh_log AS r ORDER BY r.month DESC LIMIT 1', mart) INTO kept;
  IF kept -> 'definition' = definition AND NOT look_again THEN
    RETURN kept;
  END IF;
  kept := @extschema@.mart_refresh_basis(definition);
  RETURN CASE WHEN to_regprocedure(format('%I.tier_value(date, date, text[])', mart)) IS NULL THEN kept - 'period' ELSE kept END;
END;
$mart_refresh_lock$;

COMMENT ON FUNCTION mart_refresh_lock(text, bool) IS
  'Locks the definition of a mart until the end of the transaction; what the rows that it keeps rest on, NULL if it keeps none';

-- What is kept after a change of what it rests on: standings under another policy are stepped through again from the values that are kept; what holds no
-- more goes, until refresh_mart computes it.
CREATE FUNCTION mart_refresh_follow(mart text, basis jsonb)
RETURNS TABLE (object text, status text, reason text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $mart_refresh_follow$
DECLARE
  kept jsonb;
  has_tiers bool := basis ->> 'period' IS NOT NULL;
BEGIN
  IF basis IS NULL THEN
    RETURN;
  END IF;
  EXECUTE format('SELECT r.basis FROM %I.refresh_log AS r ORDER BY r.month DESC LIMIT 1', mart) INTO kept;
  IF kept = basis THEN
    RETURN;
  ELSIF kept IS NULL OR (kept ->> 'source', kept ->> 'balance_mode', coalesce(kept ->> 'market', '')) <> (basis ->> 'source', basis ->> 'balance_mode', coalesce(basis ->> 'market', '')) THEN
    EXECUTE format('TRUNCATE %1$I.client_summary, %1$I.rejected, %1$I.refresh_log', mart);
    IF has_tiers THEN
      EXECUTE format('TRUNCATE %1$I.tier_month', mart);
    END IF;
    IF to_regclass(format('%I.co_holding_day', mart)) IS NOT NULL THEN
      EXECUTE format('TRUNCATE %1$I.co_holding_day', mart);
    END IF;
    RETURN QUERY SELECT o.name, 'created', CASE WHEN kept IS NULL THEN 'empty until refresh_mart is called'
        ELSE 'what decides ' || o.content || ' is another: empty until refresh_mart is called' END
      FROM (VALUES ('client_summary', 'summaries', true), ('tier_month', 'tiers', has_tiers)) AS o (name, content, there) WHERE o.there;
    RETURN;
  ELSIF NOT has_tiers THEN
    RETURN;                     -- standings of before stay, should the policy come back
  END IF;
  EXECUTE format('UPDATE %I.refresh_log SET basis = $1', mart) USING basis;
  IF kept - '{tiers,definition}'::text[] <> basis - '{tiers,definition}'::text[] THEN
    EXECUTE format('TRUNCATE %1$I.tier_month', mart);
    EXECUTE format('UPDATE %I.refresh_log SET standings = NULL', mart);
    RETURN QUERY VALUES ('tier_month', 'created', CASE WHEN kept ->> 'period' IS NULL THEN 'empty until refresh_mart is called'
      ELSE 'what decides tiers is another: empty until refresh_mart is called' END);
  ELSIF kept -> 'tiers' <> basis -> 'tiers' THEN
    EXECUTE format('
      UPDATE %1$I.tier_month AS t SET standing = s.standing
      FROM (SELECT t.month, t.client_id, @extschema@.tier_track($1, t.value, t.month) OVER (PARTITION BY t.client_id ORDER BY t.month) AS standing
        FROM %1$I.tier_month AS t) AS s
      WHERE s.month = t.month AND s.client_id = t.client_id', mart) USING (basis ->> 'tiers')::@extschema@.tier_policy;
    RETURN QUERY VALUES ('tier_month', 'created', 'another tier policy: standings were computed again from the first month');
  END IF;
END;
$mart_refresh_follow$;

COMMENT ON FUNCTION mart_refresh_follow(text, jsonb) IS
  'Brings what a mart keeps into line with what it rests on now: standings computed again under another tier policy, rows emptied where they hold no more';

-- The months of a source with what it has in each, beside what it had when they were refreshed. is_another: it differs, or is to be computed anyhow.
-- Digests of whole rows are of their text, so what text looks like is fixed.
CREATE FUNCTION mart_refresh_source(mart text, from_month date, to_month date, recompute_from date)
RETURNS TABLE (month date, source_rows bigint, sources jsonb, is_another bool)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET datestyle = iso
SET intervalstyle = postgres
SET timezone = utc
SET extra_float_digits = 1
SET jit = off                   -- compiling takes longer than it saves
AS $mart_refresh_source$
BEGIN
  RETURN QUERY EXECUTE format('
    SELECT s.month, s.source_rows, s.sources, coalesce(r.sources <> s.sources, true) OR coalesce(s.month >= date_trunc(''month'', $3::timestamp), false)
    FROM (
      SELECT s.month, sum(s.rows)::bigint AS source_rows, jsonb_object_agg(s."view", jsonb_build_array(s.rows, s.digest)) AS sources
      FROM %1$I.source_digest($1, $2) AS s
      GROUP BY s.month) AS s
    LEFT JOIN %1$I.refresh_log AS r ON r.month = s.month', mart) USING from_month, (to_month + interval '1 month')::date, recompute_from;
END;
$mart_refresh_source$;

COMMENT ON FUNCTION mart_refresh_source(text, date, date, date) IS
  'What the source of a mart has in each of some months: rows, a digest for each view, and whether it is another than when the month was refreshed; refresh_mart calls it';

-- What is held together on a month's last day of positions, in place of what is there of the month.
CREATE FUNCTION mart_refresh_co_holding(mart text, month date)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $mart_refresh_co_holding$
DECLARE
  next_month date := month + interval '1 month';
BEGIN
  EXECUTE format('DELETE FROM %I.co_holding_day AS k WHERE k.on_day >= $1 AND k.on_day < $2', mart) USING month, next_month;
  EXECUTE format('
    INSERT INTO %1$I.co_holding_day (on_day, most_products, digest, summary)
    SELECT v.on_day, v.most_products, v.digest, v.summary FROM %1$I.co_holding_value($1, $2) AS v', mart) USING month, next_month;
END;
$mart_refresh_co_holding$;

COMMENT ON FUNCTION mart_refresh_co_holding(text, date) IS 'Counts what is held together on the last day of positions of a month; refresh_mart calls it';

-- One month of client_summary, for some clients or for all (NULL), whatever is there of it already: rows that come out the same are not written. touched
-- are the clients whose row is another, carried those of whom the month after begins with something else; both only where they are asked for.
-- The rows come by a table of their own, since a query that writes cannot be parallel. What cannot be used of the month goes to rejected, what is held
-- together on its last day of positions to co_holding_day.
CREATE FUNCTION mart_refresh_month(mart text, month date, clients text[], note bool, OUT written bigint, OUT touched text[], OUT carried text[])
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $mart_refresh_month$
DECLARE
  columns text[] := ARRAY(
    SELECT quote_ident(a.attname) FROM pg_attribute AS a
    WHERE a.attrelid = to_regclass(format('%I.client_summary', mart)) AND a.attnum > 0 AND a.attname NOT IN ('month', 'client_id', 'activity') ORDER BY a.attnum);
BEGIN
  EXECUTE format('CREATE TEMPORARY TABLE mart_refreshed ON COMMIT DROP AS SELECT v.* FROM %1$I.summary_value(%2$L, %3$L, %4$L) AS v', mart, month,
    (month + interval '1 month')::date, clients);
  IF note THEN
    EXECUTE format('
      SELECT array_agg(c.client_id)
      FROM (
        SELECT coalesce(n.client_id, k.client_id) AS client_id
        FROM pg_temp.mart_refreshed AS n
        FULL JOIN (SELECT k.* FROM %1$I.client_summary AS k WHERE k.month = $1 AND ($2 IS NULL OR k.client_id = ANY ($2))) AS k ON k.client_id = n.client_id
        WHERE ROW(n.client_id, n.closing_assets, n.products_held, n.classes_held, n.effective_classes)
          IS DISTINCT FROM ROW(k.client_id, k.closing_assets, k.products_held, k.classes_held, k.effective_classes)) AS c', mart)
    INTO carried USING month, clients;
  END IF;
  EXECUTE format('
    WITH written AS (
      INSERT INTO %1$I.client_summary AS t (month, client_id, activity, %2$s)
      SELECT $1, n.client_id, n.activity, %3$s FROM pg_temp.mart_refreshed AS n
      ON CONFLICT (month, client_id) DO UPDATE SET activity = excluded.activity, (%2$s) = ROW(%4$s)
      WHERE coalesce(t.activity OPERATOR(@extschema@.<>) excluded.activity, (t.activity IS NULL) <> (excluded.activity IS NULL)) OR ROW(%5$s) IS DISTINCT FROM ROW(%4$s)
      RETURNING t.client_id
    ), gone AS (
      DELETE FROM %1$I.client_summary AS t
      WHERE t.month = $1 AND ($2 IS NULL OR t.client_id = ANY ($2)) AND NOT EXISTS (SELECT FROM pg_temp.mart_refreshed AS n WHERE n.client_id = t.client_id)
      RETURNING t.client_id
    )
    SELECT count(*), CASE WHEN $3 THEN array_agg(c.client_id) END
    FROM (SELECT w.client_id FROM written AS w UNION ALL SELECT g.client_id FROM gone AS g) AS c',
    mart, array_to_string(columns, ', '), 'n.' || array_to_string(columns, ', n.'), 'excluded.' || array_to_string(columns, ', excluded.'), 't.' || array_to_string(columns, ', t.'))
  INTO written, touched USING month, clients, note;
  DROP TABLE pg_temp.mart_refreshed;
  IF clients IS NULL THEN
    EXECUTE format('DELETE FROM %I.rejected AS r WHERE r.month = $1', mart) USING month;
    EXECUTE format('
      INSERT INTO %1$I.rejected (month, "view", client_id, on_day, reason, source_row)
      SELECT $1, s."view", s.client_id, s.on_day, s.reason, s.source_row FROM %1$I.source_reject($1, $2) AS s', mart) USING month, (month + interval '1 month')::date;
    IF to_regprocedure(format('%I.co_holding_value(date, date)', mart)) IS NOT NULL THEN
      PERFORM @extschema@.mart_refresh_co_holding(mart, month);
    END IF;
  END IF;
END;
$mart_refresh_month$;

COMMENT ON FUNCTION mart_refresh_month(text, date, text[], bool) IS
  'Computes one month of a mart''s client_summary from the source and the month before, for some clients or for all; refresh_mart calls it';

-- One period of some clients or of all (NULL), whatever is there of it already: rows that come out the same are not written. touched are the clients
-- whose row is another, where they are asked for: what comes later has to follow.
CREATE FUNCTION mart_refresh_standings(mart text, basis jsonb, month date, clients text[], note_touched bool, OUT written bigint, OUT touched text[])
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET jit = off                   -- compiling takes longer than it saves
AS $mart_refresh_standings$
DECLARE
  span interval := CASE basis ->> 'period' WHEN 'quarter' THEN '3 months' ELSE '1 month' END;
BEGIN
  EXECUTE format('
    WITH value AS MATERIALIZED (     -- one row a client, should the source repeat one
      SELECT DISTINCT ON (v.client_id COLLATE "C") v.client_id, v.value, v.assets
      FROM %1$I.tier_value($1, $2, $4) AS v
      WHERE v.client_id IS NOT NULL
      ORDER BY v.client_id COLLATE "C", v.value, v.assets
    ), written AS (
      INSERT INTO %1$I.tier_month AS t (month, client_id, value, assets, standing)
      SELECT $1, v.client_id, v.value, v.assets, @extschema@.tier_step($5, p.standing, v.value, $1)
      FROM value AS v
      LEFT JOIN %1$I.tier_month AS p ON p.client_id = v.client_id AND p.month = $3
      ON CONFLICT (month, client_id) DO UPDATE SET value = excluded.value, assets = excluded.assets, standing = excluded.standing
      WHERE t.value IS DISTINCT FROM excluded.value OR t.assets IS DISTINCT FROM excluded.assets
        OR coalesce(t.standing OPERATOR(@extschema@.<>) excluded.standing, (t.standing IS NULL) <> (excluded.standing IS NULL))
      RETURNING t.client_id
    ), gone AS (
      DELETE FROM %1$I.tier_month AS t
      WHERE t.month = $1 AND ($4 IS NULL OR t.client_id = ANY ($4)) AND NOT EXISTS (SELECT FROM value AS v WHERE v.client_id = t.client_id)
      RETURNING t.client_id
    )
    SELECT count(*), CASE WHEN $6 THEN array_agg(c.client_id) END
    FROM (SELECT w.client_id FROM written AS w UNION ALL SELECT g.client_id FROM gone AS g) AS c', mart)
  INTO written, touched
  USING month, (month + span)::date, (month - span)::date, clients, (basis ->> 'tiers')::@extschema@.tier_policy, note_touched;
END;
$mart_refresh_standings$;

COMMENT ON FUNCTION mart_refresh_standings(text, jsonb, date, text[], bool) IS
  'Computes one period of a mart''s standings from the source and the period before, for some clients or for all; refresh_mart calls it';

-- Writes down that a month was refreshed. standings is NULL where no period of the tier policy ends with it.
CREATE FUNCTION mart_refresh_note(mart text, basis jsonb, month date, written bigint, standings_of date, started timestamptz, source_rows bigint, sources jsonb)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $mart_refresh_note$
DECLARE
  standings bigint;
BEGIN
  IF standings_of IS NOT NULL THEN
    EXECUTE format('SELECT count(*) FROM %I.tier_month AS t WHERE t.month = $1', mart) INTO standings USING standings_of;
  END IF;
  EXECUTE format('
    INSERT INTO %1$I.refresh_log AS r (month, clients, standings, rejected, written, seconds, source_rows, sources, basis)
    SELECT $1, count(*), $2, (SELECT count(*) FROM %1$I.rejected AS j WHERE j.month = $1), $3, extract(epoch FROM clock_timestamp() - $4), $5, $6, $7
    FROM %1$I.client_summary AS s
    WHERE s.month = $1
    ON CONFLICT (month) DO UPDATE SET clients = excluded.clients, standings = excluded.standings, rejected = excluded.rejected, written = excluded.written, corrections = r.corrections + 1,
      refreshed_at = excluded.refreshed_at, seconds = excluded.seconds, source_rows = excluded.source_rows, sources = excluded.sources, basis = excluded.basis', mart)
  USING month, standings, written, started, source_rows, sources, basis;
  IF basis ->> 'period' IS NULL THEN      -- should a policy with a period come back, the quarter of the month is stepped again
    EXECUTE format('UPDATE %I.refresh_log AS r SET standings = NULL WHERE r.month > $1 AND r.month < $1 + interval ''3 months'' AND r.has_standings', mart) USING month;
  END IF;
  RAISE NOTICE '%: month %, % rows written in % s', mart, to_char(month, 'YYYY-MM'), written, round(extract(epoch FROM clock_timestamp() - started), 2);
END;
$mart_refresh_note$;

COMMENT ON FUNCTION mart_refresh_note(text, jsonb, date, bigint, date, timestamptz, bigint, jsonb) IS
  'Writes down in refresh_log that a month was refreshed, and says so; refresh_mart calls it';

-- The period of a tier policy that ends with a month: its first day, NULL where none does.
CREATE FUNCTION mart_period_ended(period text, month date)
RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN mart_period_ended.period = 'month' THEN mart_period_ended.month
  WHEN mart_period_ended.period = 'quarter' AND EXTRACT(month FROM mart_period_ended.month)::int % 3 = 0 THEN (mart_period_ended.month - interval '2 months')::date END;

COMMENT ON FUNCTION mart_period_ended(text, date) IS 'First day of the month or quarter that ends with a month; NULL where none does';

-- Late corrections: months whose source is another than when they were refreshed are computed again for everyone, the month after each for the clients of
-- whom it begins with something else, and standings for the clients whose rows changed. A measure that looks back at more than balances may change
-- later for anyone. All in the transaction of the caller, since a correction that has gone half of its way could not be told from one that has not begun.
CREATE FUNCTION mart_refresh_corrections(mart text, check_from date, recompute_from date)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $mart_refresh_corrections$
DECLARE
  basis jsonb := @extschema@.mart_refresh_lock(mart);
  first_month date;
  last_month date;
  pending date;                 -- the first month whose standings are not there
  kept record;
  refreshed record;
  stepped record;
  started timestamptz;
  ended date;
  carried text[] := '{}';
  touched text[] := '{}';       -- clients whose standings may be others
  everyone bool := false;       -- or those of all
  written bigint;
  total bigint := 0;
BEGIN
  IF basis IS NULL THEN
    RAISE NOTICE 'mart % keeps no months: there is nothing to refresh', quote_ident(mart);
    RETURN 0;
  END IF;
  PERFORM @extschema@.mart_refresh_follow(mart, basis);
  EXECUTE format('SELECT max(r.month), min(r.month) FILTER (WHERE r.standings IS NULL AND @extschema@.mart_period_ended($1, r.month) IS NOT NULL) FROM %I.refresh_log AS r', mart)
    INTO last_month, pending USING basis ->> 'period';
  EXECUTE format('SELECT date_trunc(''month'', s.first_day::timestamp)::date FROM %I.source_days($1) AS s', mart)
    INTO first_month USING (last_month + interval '1 month')::date - 1;
  -- what the source has no more, such as years that were moved to an archive, stays as it is
  IF check_from IS NOT NULL AND first_month IS NOT NULL THEN
    first_month := greatest(first_month, date_trunc('month', least(check_from, recompute_from)::timestamp)::date);
  END IF;
  IF last_month IS NULL THEN
    RETURN 0;
  END IF;
  IF to_regprocedure(format('%I.co_holding_value(date, date)', mart)) IS NOT NULL THEN      -- months that were counted under another setting, or not yet
    FOR kept IN EXECUTE format('
        SELECT r.month
        FROM %1$I.refresh_log AS r
        CROSS JOIN (SELECT coalesce((d.settings ->> ''co_holding_products'')::int, s.value::int) AS products FROM %1$I.definition AS d, @extschema@.mart_setting() AS s WHERE s.name = ''co_holding_products'') AS s
        WHERE NOT EXISTS (SELECT FROM %1$I.co_holding_day AS k WHERE k.on_day >= r.month AND k.on_day < r.month + interval ''1 month'' AND k.most_products = s.products)
          AND EXISTS (SELECT FROM %2$I.holding AS h WHERE h.on_day >= r.month AND h.on_day < r.month + interval ''1 month'')', mart, basis ->> 'source')      -- what the source has no more stays
    LOOP
      PERFORM @extschema@.mart_refresh_co_holding(mart, kept.month);
    END LOOP;
  END IF;
  FOR kept IN EXECUTE format('
      SELECT coalesce(s.month, r.month) AS month, coalesce(s.source_rows, r.source_rows) AS source_rows, coalesce(s.sources, r.sources) AS sources,
        coalesce(s.is_another, false) AS is_another, r.standings
      FROM @extschema@.mart_refresh_source($1, $2, $3, $4) AS s
      FULL JOIN (SELECT r.* FROM %1$I.refresh_log AS r WHERE r.month >= least($2, $5)) AS r ON r.month = s.month
      ORDER BY 1', mart)
    USING mart, coalesce(first_month, 'infinity'), last_month, recompute_from, pending
  LOOP
    started := clock_timestamp();
    written := 0;
    ended := @extschema@.mart_period_ended(basis ->> 'period', kept.month);
    IF kept.is_another OR carried <> '{}' THEN
      refreshed := @extschema@.mart_refresh_month(mart, kept.month, CASE WHEN NOT kept.is_another THEN carried END, true);
      written := refreshed.written;
      carried := coalesce(refreshed.carried, '{}');
      touched := ARRAY(SELECT c.id FROM unnest(touched) AS c (id) UNION SELECT c.id FROM unnest(refreshed.touched) AS c (id));
      everyone := everyone OR kept.is_another;
    ELSIF ended IS NULL OR (kept.standings IS NOT NULL AND NOT everyone AND touched = '{}') THEN
      CONTINUE;
    END IF;
    IF ended IS NOT NULL THEN
      stepped := @extschema@.mart_refresh_standings(mart, basis, ended, CASE WHEN NOT everyone AND kept.standings IS NOT NULL THEN touched END, true);
      written := written + stepped.written;
      touched := ARRAY(SELECT c.id FROM unnest(touched) AS c (id) UNION SELECT c.id FROM unnest(stepped.touched) AS c (id));
      everyone := everyone AND basis ->> 'from_balances' IS NULL;
    END IF;
    PERFORM @extschema@.mart_refresh_note(mart, basis, kept.month, written, ended, started, kept.source_rows, kept.sources);
    total := total + written;
  END LOOP;
  RETURN total;
END;
$mart_refresh_corrections$;

COMMENT ON FUNCTION mart_refresh_corrections(text, date, date) IS
  'Brings the refreshed months of a mart into line with a source that has changed since; the number of rows written. refresh_mart calls it';

-- The next month, if it has ended and the source has come to it; else NULL. The source's digest is read first: what comes in between is then
-- seen as a correction the next time.
CREATE FUNCTION mart_refresh_next(mart text, through date)
RETURNS date
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $mart_refresh_next$
DECLARE
  basis jsonb := @extschema@.mart_refresh_lock(mart);
  started timestamptz := clock_timestamp();
  days record;
  month date;
  source record;
  written bigint;
  ended date;
BEGIN
  IF basis IS NULL THEN
    RETURN NULL;
  END IF;
  PERFORM @extschema@.mart_refresh_follow(mart, basis);
  EXECUTE format('SELECT s.first_day, s.last_day, (SELECT max(r.month) FROM %1$I.refresh_log AS r) AS refreshed FROM %1$I.source_days($1) AS s', mart)
    INTO days USING through;
  month := coalesce(days.refreshed + interval '1 month', date_trunc('month', days.first_day::timestamp));
  IF month IS NULL OR month > days.last_day OR (month + interval '1 month')::date - 1 > through THEN
    RETURN NULL;
  END IF;
  SELECT * INTO source FROM @extschema@.mart_refresh_source(mart, month, month, NULL);
  written := (@extschema@.mart_refresh_month(mart, month, NULL, false)).written;
  EXECUTE format('ANALYZE %I.client_summary (month, client_id)', mart);      -- what the next month is joined by
  ended := @extschema@.mart_period_ended(basis ->> 'period', month);
  IF ended IS NOT NULL THEN
    written := written + (@extschema@.mart_refresh_standings(mart, basis, ended, NULL, false)).written;
    EXECUTE format('ANALYZE %I.tier_month (month, client_id)', mart);
  END IF;
  PERFORM @extschema@.mart_refresh_note(mart, basis, month, written, ended, started, source.source_rows, source.sources);
  RETURN month;
END;
$mart_refresh_next$;

COMMENT ON FUNCTION mart_refresh_next(text, date) IS
  'Computes the next month of what a mart keeps; the month, or NULL if none has ended by the day or the source has not come to it. refresh_mart calls it';

-- One refresh of a mart at a time, by an advisory lock on its schema: who comes second waits, as long as lock_timeout lets it. The lock is the transaction's,
-- so that no error, whenever it comes, leaves it behind.
CREATE FUNCTION mart_refresh_begin(mart text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $mart_refresh_begin$
DECLARE
  room int := 'pg_namespace'::regclass::oid::int;
  place int := to_regnamespace(quote_ident(mart))::oid::int;
  other int;
BEGIN
  IF pg_try_advisory_xact_lock(room, place) THEN
    RETURN;
  END IF;
  SELECT l.pid INTO other FROM pg_locks AS l
  WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 AND l.classid::int = room AND l.objid::int = place AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database());
  RAISE NOTICE 'mart % is being refreshed by process %: waiting for it', quote_ident(mart), coalesce(other::text, 'unknown');
  PERFORM pg_advisory_xact_lock(room, place);
END;
$mart_refresh_begin$;

COMMENT ON FUNCTION mart_refresh_begin(text) IS 'Waits until no other refresh of the mart runs, and locks others out until the end of the transaction; refresh_mart calls it';

-- A procedure that commits cannot fix its search_path, so everything in it is qualified, and the work is in functions that do.
CREATE PROCEDURE refresh_mart(mart text, through date DEFAULT as_of(), check_from date DEFAULT NULL, recompute_from date DEFAULT NULL,
  commit_each_month bool DEFAULT true)
LANGUAGE plpgsql
AS $refresh_mart$
BEGIN
  PERFORM @extschema@.require_mart(mart);
  IF through IS NULL THEN
    RAISE EXCEPTION 'the day through which the data are complete must not be NULL' USING ERRCODE = 'null_value_not_allowed';
  END IF;
  IF commit_each_month THEN
    COMMIT;                     -- where the caller's transaction forbids it, before any work
  END IF;
  PERFORM @extschema@.mart_refresh_begin(mart);
  PERFORM @extschema@.mart_refresh_corrections(mart, check_from, recompute_from);
  LOOP
    IF commit_each_month THEN
      COMMIT;
      PERFORM @extschema@.mart_refresh_begin(mart);
    END IF;
    EXIT WHEN @extschema@.mart_refresh_next(mart, through) IS NULL;
  END LOOP;
END;
$refresh_mart$;

COMMENT ON PROCEDURE refresh_mart(text, date, date, date, bool) IS
  'Brings what a mart keeps up to date with data that are complete through a day: first late corrections, in one transaction, then each new month in one of its own. '
  'check_from: look for corrections from this month on only. recompute_from: compute again from this month on, whether or not the source has changed. '
  'commit_each_month => false: all in the transaction of the caller';

CREATE FUNCTION close_month(mart text, month date)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $close_month$
DECLARE
  basis jsonb;
  closing date;
  state record;
  told bigint;
BEGIN
  PERFORM @extschema@.require_mart(mart);
  IF month IS NULL THEN
    RAISE EXCEPTION 'the month to close must not be NULL' USING ERRCODE = 'null_value_not_allowed';
  END IF;
  basis := @extschema@.mart_refresh_lock(mart);
  IF basis ->> 'period' IS NULL THEN
    RAISE EXCEPTION 'mart % keeps no standings', quote_ident(mart)
      USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Give it a tier policy with a "period": update_mart(mart, tiers => ...).';
  END IF;
  PERFORM @extschema@.mart_refresh_follow(mart, basis);
  closing := date_trunc(basis ->> 'period', month::timestamp);
  EXECUTE format('SELECT EXISTS (SELECT FROM %1$I.refresh_log AS r WHERE @extschema@.mart_period_ended($2, r.month) = $1 AND r.standings IS NOT NULL) AS refreshed, (SELECT max(k.month) FROM %1$I.closed_month AS k) AS closed', mart)
    INTO state USING closing, basis ->> 'period';
  IF state.closed >= closing THEN
    RAISE EXCEPTION '% % is closed already', basis ->> 'period', to_char(state.closed, 'YYYY-MM')
      USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = 'What clients were told is not changed, nor told for an earlier one afterwards.';
  ELSIF NOT state.refreshed THEN
    RAISE EXCEPTION '% % is not refreshed', basis ->> 'period', to_char(closing, 'YYYY-MM')
      USING ERRCODE = 'object_not_in_prerequisite_state', HINT = format('CALL @extschema@.refresh_mart(%L) first, when it has ended.', mart);
  END IF;
  EXECUTE format('
    INSERT INTO %1$I.tier_told (month, client_id, tier, tier_order)
    SELECT t.month, t.client_id, @extschema@.tier_label($2, t.standing), @extschema@.tier_rank(t.standing) FROM %1$I.tier_month AS t WHERE t.month = $1', mart)
    USING closing, (basis ->> 'tiers')::@extschema@.tier_policy;
  GET DIAGNOSTICS told = ROW_COUNT;
  EXECUTE format('INSERT INTO %I.closed_month (month, clients, tiers) VALUES ($1, $2, $3)', mart) USING closing, told, basis ->> 'tiers';
  RETURN told;
END;
$close_month$;

COMMENT ON FUNCTION close_month(text, date) IS
  'Freezes the tiers that clients are told for a month, or quarter, that is refreshed; the number of clients. The view tier_as_told compares them with what refreshes make of it later';
