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
    CREATE TABLE IF NOT EXISTS %1$I.refresh_log (
      month date PRIMARY KEY,
      clients bigint NOT NULL,
      written bigint NOT NULL,
      corrections int NOT NULL DEFAULT 0,
      refreshed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      seconds float8 NOT NULL,
      source_rows bigint NOT NULL,
      source_digest bigint NOT NULL,
      basis jsonb NOT NULL
    );
    COMMENT ON TABLE %1$I.refresh_log IS 'The months, or quarters, for which tier_month is complete, and how each was refreshed last; refresh_mart writes it';
    COMMENT ON COLUMN %1$I.refresh_log.month IS 'First day of the month or quarter';
    COMMENT ON COLUMN %1$I.refresh_log.clients IS 'Rows of tier_month';
    COMMENT ON COLUMN %1$I.refresh_log.written IS 'Rows that the last refresh wrote or removed';
    COMMENT ON COLUMN %1$I.refresh_log.corrections IS 'How often the month was refreshed again, since its source or that of an earlier month changed';
    COMMENT ON COLUMN %1$I.refresh_log.refreshed_at IS 'When it was refreshed last';
    COMMENT ON COLUMN %1$I.refresh_log.seconds IS 'How long that took';
    COMMENT ON COLUMN %1$I.refresh_log.source_rows IS 'Rows of the source that were there then';
    COMMENT ON COLUMN %1$I.refresh_log.source_digest IS 'Digest of these rows and of who was a client: another one means a late correction';
    COMMENT ON COLUMN %1$I.refresh_log.basis IS 'What decides tiers: source, measure and policy';

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
    EXECUTE format('ALTER TABLE %1$I.%2$I ENABLE ROW LEVEL SECURITY;
      DROP POLICY IF EXISTS visible_client ON %1$I.%2$I;
      CREATE POLICY visible_client ON %1$I.%2$I FOR SELECT USING (client_id IN (SELECT c.client_id::text FROM %3$I.client AS c));
      COMMENT ON POLICY visible_client ON %1$I.%2$I IS ''Rows of clients whom the reader sees in the source''', mart, name, source);
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

-- What standings rest on. Where it changes, those that are kept hold no more.
CREATE FUNCTION mart_tier_basis(definition jsonb)
RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE COST 10000
BEGIN ATOMIC
  SELECT pg_catalog.jsonb_build_object('source', d.source, 'balance_mode', d.balance_mode, 'market', d.market, 'measure', m.measure,
    'from_balances', mart_tier_from_balances(d.source, m.measure), 'rating', CASE m.measure WHEN 'score' THEN d.rating END,
    'period', d.tiers::pg_catalog.jsonb ->> 'period', 'tiers', d.tiers, 'definition', mart_tier_basis.definition)
  FROM pg_catalog.jsonb_to_record(mart_tier_basis.definition) AS d (source text, balance_mode text, market text, tier_measure text, rating text, tiers text)
  CROSS JOIN LATERAL (SELECT mart_tier_measure(d.source, d.tier_measure) AS measure) AS m;
END;

COMMENT ON FUNCTION mart_tier_basis(jsonb) IS
  'What the standings of a mart of a definition rest on: source, measure, period and tier policy, with the definition itself';

-- The basis of a mart's standings, with its definition locked, so that one transaction at a time refreshes, closes or redefines it; NULL where
-- nothing is remembered. The basis that was noted last is taken where the definition is the same, unless the source may have changed its shape.
CREATE FUNCTION mart_tier_lock(mart text, look_again bool DEFAULT false)
RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $mart_tier_lock$
DECLARE
  definition jsonb;
  kept jsonb;
BEGIN
  EXECUTE format('SELECT to_jsonb(d) - ''{suitability,client_columns,segments,life_stage,service_model,settings}''::text[] FROM %I.definition AS d FOR UPDATE', mart) INTO definition;
  IF to_regprocedure(format('%I.tier_value(date, date, text[])', mart)) IS NULL THEN
    RETURN NULL;
  END IF;
  EXECUTE format('SELECT r.basis FROM %I.refresh_log AS r ORDER BY r.month DESC LIMIT 1', mart) INTO kept;
  RETURN CASE WHEN kept -> 'definition' = definition AND NOT look_again THEN kept ELSE @extschema@.mart_tier_basis(definition) END;
END;
$mart_tier_lock$;

COMMENT ON FUNCTION mart_tier_lock(text, bool) IS
  'Locks the definition of a mart until the end of the transaction; what its standings rest on, NULL if it keeps none';

-- Standings after a change of what they rest on: under another policy they are stepped through again from the values that are kept; where the
-- values hold no more, there are none until refresh_mart computes them.
CREATE FUNCTION mart_tier_follow(mart text, basis jsonb)
RETURNS TABLE (object text, status text, reason text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $mart_tier_follow$
DECLARE
  kept jsonb;
BEGIN
  IF basis IS NULL THEN
    RETURN;
  END IF;
  EXECUTE format('SELECT r.basis FROM %I.refresh_log AS r ORDER BY r.month DESC LIMIT 1', mart) INTO kept;
  IF kept = basis THEN
    RETURN;
  ELSIF kept - '{tiers,definition}'::text[] = basis - '{tiers,definition}'::text[] THEN
    EXECUTE format('UPDATE %I.refresh_log SET basis = $1', mart) USING basis;
    IF kept -> 'tiers' = basis -> 'tiers' THEN
      RETURN;
    END IF;
    EXECUTE format('
      UPDATE %1$I.tier_month AS t SET standing = s.standing
      FROM (SELECT t.month, t.client_id, @extschema@.tier_track($1, t.value, t.month) OVER (PARTITION BY t.client_id ORDER BY t.month) AS standing
        FROM %1$I.tier_month AS t) AS s
      WHERE s.month = t.month AND s.client_id = t.client_id', mart) USING (basis ->> 'tiers')::@extschema@.tier_policy;
    RETURN QUERY VALUES ('tier_month', 'created', 'another tier policy: standings were computed again from the first month');
  ELSE
    EXECUTE format('TRUNCATE %1$I.tier_month, %1$I.refresh_log', mart);
    RETURN QUERY VALUES ('tier_month', 'created', CASE WHEN kept IS NULL THEN 'empty until refresh_mart is called'
      ELSE 'what decides tiers is another: empty until refresh_mart is called' END);
  END IF;
END;
$mart_tier_follow$;

COMMENT ON FUNCTION mart_tier_follow(text, jsonb) IS
  'Brings standings into line with what they rest on now: computed again under another tier policy, emptied where the values are others';

-- One period of some clients or of all (NULL), whatever is there of it already: rows that come out the same are not written. touched are the clients
-- whose row is another, where they are asked for: what comes later has to follow.
CREATE FUNCTION mart_refresh_period(mart text, basis jsonb, month date, clients text[], note_touched bool, OUT written bigint, OUT touched text[])
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET jit = off                   -- compiling takes longer than it saves
AS $mart_refresh_period$
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
$mart_refresh_period$;

COMMENT ON FUNCTION mart_refresh_period(text, jsonb, date, text[], bool) IS
  'Computes one period of a mart''s standings from the source and the period before, for some clients or for all; refresh_mart calls it';

CREATE FUNCTION mart_refresh_note(mart text, basis jsonb, month date, written bigint, started timestamptz, source_rows bigint, source_digest bigint)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $mart_refresh_note$
BEGIN
  EXECUTE format('
    INSERT INTO %1$I.refresh_log AS r (month, clients, written, seconds, source_rows, source_digest, basis)
    SELECT $1, count(*), $2, extract(epoch FROM clock_timestamp() - $3), $4, $5, $6 FROM %1$I.tier_month AS t WHERE t.month = $1
    ON CONFLICT (month) DO UPDATE SET clients = excluded.clients, written = excluded.written, corrections = r.corrections + 1, refreshed_at = excluded.refreshed_at,
      seconds = excluded.seconds, source_rows = excluded.source_rows, source_digest = excluded.source_digest, basis = excluded.basis', mart)
  USING month, written, started, source_rows, source_digest, basis;
  RAISE NOTICE '%: % %, % rows written in % s', mart, basis ->> 'period', to_char(month, 'YYYY-MM'), written,
    round(extract(epoch FROM clock_timestamp() - started), 2);
END;
$mart_refresh_note$;

COMMENT ON FUNCTION mart_refresh_note(text, jsonb, date, bigint, timestamptz, bigint, bigint) IS
  'Writes down in refresh_log that a period was refreshed, and says so; refresh_mart calls it';

-- Late corrections: periods whose source is another than when they were refreshed are computed again for everyone, later ones for the clients whose
-- rows changed. A measure that looks back at more than balances may change later for anyone. All in the transaction of the caller, since a
-- correction that has gone half of its way could not be told from one that has not begun.
CREATE FUNCTION mart_refresh_corrections(mart text, check_from date, recompute_from date)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET jit = off                   -- compiling takes longer than it saves
AS $mart_refresh_corrections$
DECLARE
  basis jsonb := @extschema@.mart_tier_lock(mart);
  span interval := CASE basis ->> 'period' WHEN 'quarter' THEN '3 months' ELSE '1 month' END;
  first_month date;
  last_month date;
  kept record;
  refreshed record;
  started timestamptz;
  everyone bool := false;
  clients text[] := '{}';
  total bigint := 0;
BEGIN
  IF basis IS NULL THEN
    RAISE NOTICE 'mart % keeps no standings: there is nothing to refresh', quote_ident(mart);
    RETURN 0;
  END IF;
  PERFORM @extschema@.mart_tier_follow(mart, basis);
  EXECUTE format('SELECT max(r.month) FROM %I.refresh_log AS r', mart) INTO last_month;
  EXECUTE format('SELECT date_trunc($2, s.first_day::timestamp)::date FROM %I.source_days($1) AS s', mart)
    INTO first_month USING (last_month + span)::date - 1, basis ->> 'period';
  -- what the source has no more, such as years that were moved to an archive, stays as it is
  IF check_from IS NOT NULL THEN
    first_month := greatest(first_month, date_trunc(basis ->> 'period', least(check_from, recompute_from)::timestamp)::date);
  END IF;
  IF first_month IS NULL OR last_month IS NULL OR first_month > last_month THEN
    RETURN 0;
  END IF;
  FOR kept IN EXECUTE format('
      SELECT s.month, s.rows, s.digest, r.month IS NULL OR r.source_rows <> s.rows OR r.source_digest <> s.digest OR coalesce(s.month >= $3, false) AS is_another
      FROM %1$I.tier_source($1, $2) AS s
      LEFT JOIN %1$I.refresh_log AS r ON r.month = s.month
      ORDER BY s.month', mart)
    USING first_month, (last_month + span)::date, date_trunc(basis ->> 'period', recompute_from::timestamp)::date
  LOOP
    everyone := kept.is_another OR (everyone AND basis ->> 'from_balances' IS NULL);
    CONTINUE WHEN NOT everyone AND clients = '{}';
    started := clock_timestamp();
    refreshed := @extschema@.mart_refresh_period(mart, basis, kept.month, CASE WHEN NOT everyone THEN clients END, true);
    clients := ARRAY(SELECT c.id FROM unnest(clients) AS c (id) UNION SELECT c.id FROM unnest(refreshed.touched) AS c (id));
    PERFORM @extschema@.mart_refresh_note(mart, basis, kept.month, refreshed.written, started, kept.rows, kept.digest);
    total := total + refreshed.written;
  END LOOP;
  RETURN total;
END;
$mart_refresh_corrections$;

COMMENT ON FUNCTION mart_refresh_corrections(text, date, date) IS
  'Brings the refreshed periods of a mart into line with a source that has changed since; the number of rows written. refresh_mart calls it';

-- The next period, if it has ended and the source has come to it; else NULL. The source's digest is read first: what comes in between is then
-- seen as a correction the next time.
CREATE FUNCTION mart_refresh_next(mart text, through date)
RETURNS date
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET jit = off                   -- compiling takes longer than it saves
AS $mart_refresh_next$
DECLARE
  basis jsonb := @extschema@.mart_tier_lock(mart);
  span interval := CASE basis ->> 'period' WHEN 'quarter' THEN '3 months' ELSE '1 month' END;
  started timestamptz := clock_timestamp();
  days record;
  month date;
  source record;
  refreshed record;
BEGIN
  IF basis IS NULL THEN
    RETURN NULL;
  END IF;
  PERFORM @extschema@.mart_tier_follow(mart, basis);
  EXECUTE format('SELECT s.first_day, s.last_day, (SELECT max(r.month) FROM %1$I.refresh_log AS r) AS refreshed FROM %1$I.source_days($1) AS s', mart)
    INTO days USING through;
  month := coalesce(days.refreshed + span, date_trunc(basis ->> 'period', days.first_day::timestamp));
  IF month IS NULL OR month > days.last_day OR (month + span)::date - 1 > through THEN
    RETURN NULL;
  END IF;
  EXECUTE format('SELECT s.rows, s.digest FROM %I.tier_source($1, $2) AS s', mart) INTO source USING month, (month + span)::date;
  refreshed := @extschema@.mart_refresh_period(mart, basis, month, NULL, false);
  PERFORM @extschema@.mart_refresh_note(mart, basis, month, refreshed.written, started, source.rows, source.digest);
  EXECUTE format('ANALYZE %I.tier_month', mart);
  RETURN month;
END;
$mart_refresh_next$;

COMMENT ON FUNCTION mart_refresh_next(text, date) IS
  'Computes the next period of a mart''s standings; the period, or NULL if none has ended by the day or the source has not come to it. refresh_mart calls it';

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
  PERFORM @extschema@.mart_refresh_corrections(mart, check_from, recompute_from);
  IF commit_each_month THEN
    COMMIT;
  END IF;
  WHILE @extschema@.mart_refresh_next(mart, through) IS NOT NULL LOOP
    IF commit_each_month THEN
      COMMIT;
    END IF;
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
  basis := @extschema@.mart_tier_lock(mart);
  IF basis IS NULL THEN
    RAISE EXCEPTION 'mart % keeps no standings', quote_ident(mart)
      USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Give it a tier policy with a "period": update_mart(mart, tiers => ...).';
  END IF;
  PERFORM @extschema@.mart_tier_follow(mart, basis);
  closing := date_trunc(basis ->> 'period', month::timestamp);
  EXECUTE format('SELECT EXISTS (SELECT FROM %1$I.refresh_log AS r WHERE r.month = $1) AS refreshed, (SELECT max(k.month) FROM %1$I.closed_month AS k) AS closed', mart)
    INTO state USING closing;
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
