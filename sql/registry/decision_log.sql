-- The hash of a decision: SHA-256 of its columns as a list of SQL literals, which no two rows have in common and no setting changes. Text becomes
-- bytes in the encoding of the database; the backslashes are for the cast.
CREATE FUNCTION decision_sha256_expression()
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT pg_catalog.format('sha256(replace(''crm_ext decision 1: '' || %s, %L, %L)::bytea)',
    (SELECT pg_catalog.string_agg(pg_catalog.format('quote_nullable(%s)', c.expression), ' || '','' || ' ORDER BY c.place)
     FROM pg_catalog.unnest(ARRAY['decision_id::text', 'recorded_xid::text', 'extract(epoch FROM recorded_at AT TIME ZONE ''UTC'')::text', 'recorded_by',
       'recorded_login', 'subject', 'product', 'kind', 'outcome', 'reasons::text', 'encode(policy_sha256, ''hex'')', 'inputs::text',
       '(valid_on - date ''2000-01-01'')::text', 'evidence::text']) WITH ORDINALITY AS c (expression, place)), '\', '\\');
END;

COMMENT ON FUNCTION decision_sha256_expression() IS 'The hash of a row of decision_log as an expression over its columns, which needs nothing but PostgreSQL';

-- The hash of a seal, made in the same way of all its columns.
CREATE FUNCTION seal_sha256_expression()
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT pg_catalog.format('sha256(replace(''crm_ext seal 1: '' || %s, %L, %L)::bytea)',
    (SELECT pg_catalog.string_agg(pg_catalog.format('quote_nullable(%s)', c.expression), ' || '','' || ' ORDER BY c.place)
     FROM pg_catalog.unnest(ARRAY['s.seal::text', 'encode(s.previous_sha256, ''hex'')', '(s.month - date ''2000-01-01'')::text', 's.decisions::text',
       's.number::text', 'encode(sha256(s.leaves), ''hex'')', 's.through::text', 's.open::text', 's.snapshot::text',
       'extract(epoch FROM s.sealed_at AT TIME ZONE ''UTC'')::text', 's.sealed_by', 's.sealed_login']) WITH ORDINALITY AS c (expression, place)), '\', '\\');
END;

COMMENT ON FUNCTION seal_sha256_expression() IS 'The hash of a row s of decision_seal as an expression over its columns, which needs nothing but PostgreSQL';

-- What a registry has for decisions, as templates. {decision_sha256} and {seal_sha256} are the expressions above, {kinds} the kinds of policies.
--
-- Which rows a seal covers is written down in it, as a set of numbers: that is exact, small, and the same after a dump and a restore. Numbers are
-- not handed out in the order of commits, so a seal also keeps the numbers up to its end that it did not see: those of transactions that have
-- not ended, which a later seal takes up, and those of transactions that rolled back, which are given up as soon as every transaction that
-- ran at the time has ended. A row with a number that is neither sealed nor open has been slipped in.
--
-- That rests on an order: a transaction has its xid before it takes a number (recorded_xid is the first column, and defaults are evaluated in the
-- order of columns), and a seal reads the last number before it takes its snapshot. So the transaction of every number up to "through" had an
-- xid below the snapshot's xmax, and has ended once xmin has reached that. In another cluster, where xids begin anew, xmax is smaller: no
-- transaction of the old one is running.
CREATE FUNCTION registry_log_template()
RETURNS TABLE (ordinal int, type text, name text, definition text, body text, meaning text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 60
BEGIN ATOMIC
  SELECT t.*
  FROM (VALUES
    (200, 'table', 'decision_log', $template$
{registry}.decision_log (
  recorded_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  decision_id bigint GENERATED ALWAYS AS IDENTITY,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by text NOT NULL DEFAULT current_user,
  recorded_login text NOT NULL DEFAULT session_user,
  subject text NOT NULL,
  product text,
  kind text NOT NULL,
  outcome text,
  reasons jsonb CHECK (jsonb_typeof(reasons) = 'array'),
  policy_sha256 bytea,
  inputs jsonb NOT NULL CHECK (jsonb_typeof(inputs) = 'object'),
  valid_on date NOT NULL CHECK (isfinite(valid_on)),
  evidence jsonb,
  sha256 bytea NOT NULL GENERATED ALWAYS AS ({decision_sha256}) STORED,
  PRIMARY KEY (decision_id, recorded_at)
) PARTITION BY RANGE (recorded_at)$template$, NULL, 'Decisions, one row each, never changed; a partition for each month'),
    (201, 'column', 'decision_log.recorded_xid', NULL, NULL, 'Transaction that recorded it'),
    (202, 'column', 'decision_log.decision_id', NULL, NULL, 'Number of the decision'),
    (203, 'column', 'decision_log.recorded_at', NULL, NULL, 'When it was recorded'),
    (204, 'column', 'decision_log.recorded_by', NULL, NULL, 'current_user who recorded it'),
    (205, 'column', 'decision_log.recorded_login', NULL, NULL, 'session_user who recorded it'),
    (206, 'column', 'decision_log.subject', NULL, NULL, 'Who it is about: the client''s number'),
    (207, 'column', 'decision_log.product', NULL, NULL, 'The product''s code, where it is about one'),
    (208, 'column', 'decision_log.kind', NULL, NULL, 'Kind of the policy that decided, or another word where none did'),
    (209, 'column', 'decision_log.outcome', NULL, NULL, 'What was decided, as text: the score, tier, outcome; NULL where the policy gave none'),
    (210, 'column', 'decision_log.reasons', NULL, NULL, 'Why: an array of reason codes, the first first'),
    (211, 'column', 'decision_log.policy_sha256', NULL, NULL, 'The document that decided: policy_version.sha256'),
    (212, 'column', 'decision_log.inputs', NULL, NULL, 'What the policy read, as decision_inputs gives it'),
    (213, 'column', 'decision_log.valid_on', NULL, NULL, 'The as-of day of the decision'),
    (214, 'column', 'decision_log.evidence', NULL, NULL, 'Where the evidence is: numbers of recordings, warnings, confirmations'),
    (215, 'column', 'decision_log.sha256', NULL, NULL, 'SHA-256 of the other columns'),
    (216, 'index', 'decision_log_subject', '{registry}.decision_log (subject, decision_id)', NULL, NULL),

    (220, 'table', 'decision_seal', $template$
{registry}.decision_seal (
  seal bigint PRIMARY KEY CHECK (seal > 0),
  previous_sha256 bytea CHECK ((previous_sha256 IS NULL) = (seal = 1)),
  month date NOT NULL,
  decisions int8multirange NOT NULL,
  number int NOT NULL,
  leaves bytea NOT NULL,
  through bigint NOT NULL,
  open int8multirange NOT NULL,
  snapshot pg_snapshot NOT NULL,
  sealed_at timestamptz NOT NULL,
  sealed_by text NOT NULL DEFAULT current_user,
  sealed_login text NOT NULL DEFAULT session_user,
  sha256 bytea NOT NULL
)$template$, NULL, 'Seals over decisions, each over the one before it'),
    (221, 'column', 'decision_seal.seal', NULL, NULL, 'Number of the seal, from 1 without a hole'),
    (222, 'column', 'decision_seal.previous_sha256', NULL, NULL, 'sha256 of the seal before'),
    (223, 'column', 'decision_seal.month', NULL, NULL, 'Month (UTC) in which the decisions were recorded'),
    (224, 'column', 'decision_seal.decisions', NULL, NULL, 'Numbers of the decisions that it covers'),
    (225, 'column', 'decision_seal.number', NULL, NULL, 'How many they are'),
    (226, 'column', 'decision_seal.leaves', NULL, NULL, 'Their hashes in the order of their numbers, 32 bytes each'),
    (227, 'column', 'decision_seal.through', NULL, NULL, 'The last number that had been given out'),
    (228, 'column', 'decision_seal.open', NULL, NULL, 'Numbers up to it that no seal covers and that may still come'),
    (229, 'column', 'decision_seal.snapshot', NULL, NULL, 'Which transactions had ended'),
    (230, 'column', 'decision_seal.sealed_at', NULL, NULL, 'When it was made'),
    (231, 'column', 'decision_seal.sealed_by', NULL, NULL, 'current_user who made it'),
    (232, 'column', 'decision_seal.sealed_login', NULL, NULL, 'session_user who made it'),
    (233, 'column', 'decision_seal.sha256', NULL, NULL, 'SHA-256 of the other columns'),

    (240, 'table', 'decision_retention', $template$
{registry}.decision_retention (
  month date NOT NULL,
  table_name text NOT NULL,
  reason text NOT NULL CHECK (reason ~ '\S'),
  recorded_by text NOT NULL DEFAULT current_user,
  recorded_login text NOT NULL DEFAULT session_user,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
)$template$, NULL, 'Months whose decisions were taken out of the log, by detach_decisions'),
    (241, 'column', 'decision_retention.month', NULL, NULL, 'The month'),
    (242, 'column', 'decision_retention.table_name', NULL, NULL, 'The table that its decisions stood in'),
    (243, 'column', 'decision_retention.reason', NULL, NULL, 'Why'),
    (244, 'column', 'decision_retention.recorded_by', NULL, NULL, 'current_user who did it'),
    (245, 'column', 'decision_retention.recorded_login', NULL, NULL, 'session_user who did it'),
    (246, 'column', 'decision_retention.recorded_at', NULL, NULL, 'When'),

    (250, 'function', 'check_decision()', '{registry}.check_decision() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp', $body$
BEGIN
  IF NEW.recorded_by IS DISTINCT FROM current_user::text OR NEW.recorded_login IS DISTINCT FROM session_user::text
    OR NEW.recorded_xid IS DISTINCT FROM pg_current_xact_id()
    OR NEW.recorded_at IS NULL OR NEW.recorded_at NOT BETWEEN transaction_timestamp() AND clock_timestamp() THEN
    RAISE EXCEPTION 'who records and when is not for the writer to say'
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Leave out the columns that have such a default.';
  ELSIF NEW.policy_sha256 IS NULL THEN
    IF NEW.kind = ANY ({kinds}) THEN
      RAISE EXCEPTION 'a decision of kind "%" needs policy_sha256', NEW.kind
        USING ERRCODE = 'null_value_not_allowed', HINT = 'It is policy_version.sha256 of the policy that decided.';
    END IF;
  ELSIF NOT EXISTS (SELECT FROM {registry}.policy_version AS v WHERE v.sha256 = NEW.policy_sha256 AND v.kind = NEW.kind) THEN
    RAISE EXCEPTION 'the policy % that decided is no "%" of this registry', encode(NEW.policy_sha256, 'hex'), NEW.kind
      USING ERRCODE = 'foreign_key_violation', HINT = 'Propose and approve it first; policy_sha256 is policy_version.sha256.';
  END IF;
  RETURN NEW;
END;
$body$, 'Refuses decisions with stamps of their own or of unknown policies'),
    (251, 'trigger', 'check_decision', 'BEFORE INSERT ON {registry}.decision_log FOR EACH ROW EXECUTE FUNCTION {registry}.check_decision()', NULL, NULL),
    (252, 'trigger', 'refuse_change', 'BEFORE UPDATE OR DELETE ON {registry}.decision_log FOR EACH ROW
EXECUTE FUNCTION {registry}.refuse_change(''Log another decision; detach_decisions takes out a month that need not be kept.'')', NULL, NULL),
    (253, 'trigger', 'refuse_truncate', 'BEFORE TRUNCATE ON {registry}.decision_log FOR EACH STATEMENT
EXECUTE FUNCTION {registry}.refuse_change(''detach_decisions takes out a month that need not be kept.'')', NULL, NULL),
    (254, 'trigger', 'refuse_change', 'BEFORE UPDATE OR DELETE OR TRUNCATE ON {registry}.decision_seal FOR EACH STATEMENT
EXECUTE FUNCTION {registry}.refuse_change(''Seals stay, also over decisions that are not kept any more.'')', NULL, NULL),
    (255, 'trigger', 'refuse_change', 'BEFORE UPDATE OR DELETE OR TRUNCATE ON {registry}.decision_retention FOR EACH STATEMENT
EXECUTE FUNCTION {registry}.refuse_change(''detach_decisions records more.'')', NULL, NULL),

    -- Without a partition for its month a decision goes to the default partition: it is never refused.
    (260, 'function', 'extend_decision_log(date)', '{registry}.extend_decision_log(through date) RETURNS SETOF text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp', $body$
DECLARE
  columns text;
  months date[];
  waiting date[] := ARRAY[]::date[];
  this_month date := date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC')::date;
  from_day date;
  partition text;
BEGIN
  IF through IS NULL OR NOT isfinite(through) OR through > this_month + 36525 THEN
    RAISE EXCEPTION 'the log cannot be extended through %', coalesce(through::text, 'NULL')
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Give a day within a hundred years.';
  END IF;
  IF to_regclass({registry_text} || '.decision_log_default') IS NULL THEN
    CREATE TABLE {registry}.decision_log_default PARTITION OF {registry}.decision_log DEFAULT;
    CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON {registry}.decision_log_default FOR EACH STATEMENT
      EXECUTE FUNCTION {registry}.refuse_change('detach_decisions takes out a month that need not be kept.');
    COMMENT ON TABLE {registry}.decision_log_default IS 'Decisions of months that had no partition; extend_decision_log moves them to their own';
  ELSE
    waiting := ARRAY(
      SELECT DISTINCT date_trunc('month', d.recorded_at AT TIME ZONE 'UTC')::date FROM {registry}.decision_log_default AS d);
  END IF;
  months := ARRAY(
    SELECT m.month
    FROM (SELECT m::date AS month FROM generate_series(this_month::timestamp, through::timestamp, interval '1 month') AS m
      UNION SELECT unnest(waiting)) AS m
    WHERE to_regclass({registry_text} || to_char(m.month, '".decision_log_"YYYY"_"MM')) IS NULL
    ORDER BY m.month);
  IF months && waiting THEN
    -- rows in the default partition would forbid a partition of their month: nobody may write until they have moved
    ALTER TABLE {registry}.decision_log DETACH PARTITION {registry}.decision_log_default;
  END IF;
  columns := (
    SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)
    FROM pg_attribute AS a
    WHERE a.attrelid = to_regclass({registry_text} || '.decision_log') AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '');
  FOREACH from_day IN ARRAY months LOOP
    partition := {registry_text} || to_char(from_day, '".decision_log_"YYYY"_"MM');
    EXECUTE format('CREATE TABLE %s (LIKE %s.decision_log INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING CONSTRAINTS INCLUDING INDEXES)', partition, {registry_text});
    IF from_day = ANY (waiting) THEN
      EXECUTE format('
        WITH moved AS (
          DELETE FROM %1$s.decision_log_default WHERE recorded_at >= $1 AND recorded_at < $2 RETURNING *
        )
        INSERT INTO %2$s (%3$s) SELECT %3$s FROM moved', {registry_text}, partition, columns)
        USING from_day::timestamp AT TIME ZONE 'UTC', (from_day + interval '1 month') AT TIME ZONE 'UTC';
    END IF;
    EXECUTE format('ALTER TABLE %s.decision_log ATTACH PARTITION %s FOR VALUES FROM (%L) TO (%L)', {registry_text}, partition,
      from_day || ' 00:00:00+00', (from_day + interval '1 month')::date || ' 00:00:00+00');
    EXECUTE format('CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION %s.refuse_change(%L)', partition,
      {registry_text}, 'detach_decisions takes out a month that need not be kept.');
    EXECUTE format('COMMENT ON TABLE %s IS %L', partition, 'Decisions recorded in ' || to_char(from_day, 'YYYY-MM') || ' (UTC)');
    RETURN NEXT partition;
  END LOOP;
  IF months && waiting THEN
    ALTER TABLE {registry}.decision_log ATTACH PARTITION {registry}.decision_log_default DEFAULT;
  END IF;
END;
$body$, 'Makes the partitions of the months from now through a day that are not there, and moves decisions out of the default partition to their own. '
        'Returns the partitions made'),
    (261, 'function', 'detach_decisions(date, text)', '{registry}.detach_decisions(month date, reason text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp', $body$
DECLARE
  from_day date := date_trunc('month', month)::date;
  partition text := {registry_text} || to_char(from_day, '".decision_log_"YYYY"_"MM');
  sealed bigint;
  present bigint;
BEGIN
  IF month IS NULL OR reason IS NULL OR reason !~ '\S' THEN
    RAISE EXCEPTION 'to take out decisions needs a month and a reason' USING ERRCODE = 'null_value_not_allowed';
  ELSIF NOT EXISTS (
    SELECT FROM pg_inherits AS i
    WHERE i.inhparent = to_regclass({registry_text} || '.decision_log')
      AND i.inhrelid = to_regclass({registry_text} || to_char(from_day, '".decision_log_"YYYY"_"MM'))) THEN
    RAISE EXCEPTION 'the log has no partition for %', to_char(from_day, 'YYYY-MM')
      USING ERRCODE = 'undefined_table', HINT = 'extend_decision_log moves decisions from the default partition to one of their month.';
  ELSIF from_day >= date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC')::date THEN
    RAISE EXCEPTION 'the month % has not ended', to_char(from_day, 'YYYY-MM') USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  EXECUTE format('SELECT count(*) FROM %s', partition) INTO present;
  SELECT coalesce(sum(s.number), 0) INTO sealed FROM {registry}.decision_seal AS s WHERE s.month = from_day;
  IF present > sealed THEN
    RAISE EXCEPTION '% decisions of % are not sealed', present - sealed, to_char(from_day, 'YYYY-MM')
      USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'seal_decision_log seals them: the seals are what stays.';
  END IF;
  INSERT INTO {registry}.decision_retention (month, table_name, reason) VALUES (from_day, partition, detach_decisions.reason);
  EXECUTE format('ALTER TABLE %s.decision_log DETACH PARTITION %s', {registry_text}, partition);
  RETURN partition;
END;
$body$, 'Takes the decisions of a month out of the log and says so in decision_retention; the seals stay. Returns the table, which is yours to dump and drop'),

    (270, 'function', 'log_decision(text, text, text, text[], bytea, jsonb, date, text, jsonb)',
      '{registry}.log_decision(subject text, kind text, outcome text, reasons text[], policy_sha256 bytea, inputs jsonb, valid_on date, product text DEFAULT NULL,
  evidence jsonb DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp', $body$
DECLARE
  logged bigint;
BEGIN
  INSERT INTO {registry}.decision_log AS d (subject, product, kind, outcome, reasons, policy_sha256, inputs, valid_on, evidence)
  VALUES (log_decision.subject, log_decision.product, log_decision.kind, log_decision.outcome, to_jsonb(log_decision.reasons), log_decision.policy_sha256,
    log_decision.inputs, log_decision.valid_on, log_decision.evidence)
  RETURNING d.decision_id INTO logged;
  RETURN logged;
END;
$body$, 'Records a decision and returns its number'),

    (280, 'function', 'seal_decision_log()', '{registry}.seal_decision_log() RETURNS TABLE (seal bigint, month date, decisions bigint, sha256 text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp', $body$
#variable_conflict use_column
DECLARE
  begun timestamptz;
  given_out bigint;
  taken pg_snapshot;
  last {registry}.decision_seal;
  covered int8multirange;
  still_open int8multirange;
  s {registry}.decision_seal;
  found record;
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'a seal is made in a transaction of isolation level read committed'
      USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Others take their snapshot before the last number is read.';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended({registry_text} || '.decision_seal', 0));    -- one sealer at a time; writers do not ask for it
  SELECT n.* INTO last FROM {registry}.decision_seal AS n ORDER BY n.seal DESC LIMIT 1;
  begun := clock_timestamp();
  SELECT CASE WHEN n.is_called THEN n.last_value ELSE 0 END INTO given_out FROM {registry}.decision_log_decision_id_seq AS n;
  taken := pg_current_snapshot();

  covered := (
    SELECT range_agg(int8range(d.decision_id, d.decision_id, '[]'))
    FROM (
      SELECT n.decision_id FROM {registry}.decision_log AS n WHERE n.decision_id > coalesce(last.through, 0) AND n.decision_id <= given_out
      UNION ALL
      SELECT n.decision_id FROM {registry}.decision_log AS n
      WHERE n.decision_id >= lower(last.open) AND n.decision_id < upper(last.open) AND n.decision_id <@ last.open) AS d);
  IF covered IS NULL THEN
    RETURN;
  END IF;
  -- what an earlier seal left open is given up if every transaction of then has ended
  IF last.seal IS NULL OR pg_snapshot_xmin(taken) >= pg_snapshot_xmax(last.snapshot) OR pg_snapshot_xmax(taken) < pg_snapshot_xmax(last.snapshot) THEN
    still_open := '{}';
  ELSE
    still_open := last.open - covered;
  END IF;
  still_open := still_open + (int8multirange(int8range(coalesce(last.through, 0), given_out, '(]')) - covered);

  FOR found IN
    WITH due AS (
      SELECT DISTINCT ON (n.decision_id) n.decision_id, date_trunc('month', n.recorded_at AT TIME ZONE 'UTC')::date AS month, n.sha256
      FROM {registry}.decision_log AS n
      WHERE n.decision_id >= lower(covered) AND n.decision_id < upper(covered) AND n.decision_id <@ covered
      ORDER BY n.decision_id, n.recorded_at
    )
    SELECT d.month, d.part, range_agg(int8range(d.decision_id, d.decision_id, '[]')) AS decisions, count(*) AS number,
      string_agg(d.sha256, ''::bytea ORDER BY d.decision_id) AS leaves
    FROM (SELECT d.*, (row_number() OVER (PARTITION BY d.month ORDER BY d.decision_id) - 1) / 100000 AS part FROM due AS d) AS d
    GROUP BY d.month, d.part
    ORDER BY d.month, d.part
  LOOP
    s.seal := coalesce(last.seal, 0) + 1;
    s.previous_sha256 := last.sha256;
    s.month := found.month;
    s.decisions := found.decisions;
    s.number := found.number;
    s.leaves := found.leaves;
    s.through := given_out;
    s.open := still_open;
    s.snapshot := taken;
    s.sealed_at := begun;
    s.sealed_by := current_user;
    s.sealed_login := session_user;
    s.sha256 := {seal_sha256};
    INSERT INTO {registry}.decision_seal VALUES (s.*);
    last := s;
    RETURN QUERY SELECT s.seal, s.month, s.number::bigint, encode(s.sha256, 'hex');
  END LOOP;
END;
$body$, 'Seals the decisions that have been committed since the last seal, at most 100,000 a seal and a month a seal. Returns the seals made: keep the last sha256 '
        'where the owner of the registry cannot change it'),

    (290, 'function', 'verify_decision_log(bigint, bigint, text)',
      '{registry}.verify_decision_log(from_seal bigint DEFAULT NULL, to_seal bigint DEFAULT NULL, anchor text DEFAULT NULL)
RETURNS TABLE (seal bigint, month date, status text, decision_id bigint, decisions bigint, message text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp ROWS 100', $body$
#variable_conflict use_column
DECLARE
  s {registry}.decision_seal;
  last {registry}.decision_seal;
  earlier {registry}.decision_seal;          -- the last seal of the call before this one's
  given_out bigint;
  covered int8multirange := '{}';
  gone bigint := 0;
  found record;
  is_good boolean;
  anchored boolean := false;
BEGIN
  SELECT n.* INTO last FROM {registry}.decision_seal AS n WHERE n.seal = from_seal - 1;
  earlier := last;
  FOR s IN SELECT n.* FROM {registry}.decision_seal AS n WHERE n.seal >= coalesce(from_seal, 1) AND (to_seal IS NULL OR n.seal <= to_seal) ORDER BY n.seal LOOP
    is_good := true;
    IF s.seal > coalesce(last.seal, from_seal - 1, 0) + 1 THEN
      gone := gone + s.seal - coalesce(last.seal, from_seal - 1, 0) - 1;
      RETURN QUERY SELECT n, NULL::date, 'seal removed', NULL::bigint, NULL::bigint, 'There is no seal of this number, though there is a later one'
        FROM generate_series(coalesce(last.seal, from_seal - 1, 0) + 1, s.seal - 1) AS n;
    ELSIF (last.seal IS NOT NULL OR s.seal = 1) AND s.previous_sha256 IS DISTINCT FROM last.sha256 THEN
      is_good := false;
      RETURN QUERY SELECT s.seal, s.month, 'chain broken', NULL::bigint, NULL::bigint, 'previous_sha256 is not the sha256 of the seal before: one of them was replaced';
    END IF;
    IF {seal_sha256} <> s.sha256 OR octet_length(s.leaves) <> 32 * s.number OR s.number <> (SELECT sum(upper(r) - lower(r)) FROM unnest(s.decisions) AS r) THEN
      is_good := false;
      RETURN QUERY SELECT s.seal, s.month, 'seal changed', NULL::bigint, NULL::bigint, 'The sha256 of the seal is not that of its columns';
    END IF;
    IF last.seal IS NOT NULL AND last.through < s.through THEN
      earlier := last;
    END IF;
    anchored := anchored OR encode(s.sha256, 'hex') = lower(anchor);

    SELECT count(*) AS number, string_agg(d.leaf, ''::bytea ORDER BY d.decision_id, d.recorded_at) AS leaves,
      count(*) FILTER (WHERE d.decision_id > earlier.through AND d.recorded_at < earlier.sealed_at) AS early
    INTO found
    FROM (
      SELECT n.decision_id, n.recorded_at, {decision_sha256} AS leaf
      FROM {registry}.decision_log AS n
      WHERE n.decision_id >= lower(s.decisions) AND n.decision_id < upper(s.decisions) AND n.decision_id <@ s.decisions) AS d;
    IF found.number = 0 AND EXISTS (SELECT FROM {registry}.decision_retention AS r WHERE r.month = s.month) THEN
      is_good := false;
      RETURN QUERY SELECT s.seal, s.month, 'detached', NULL::bigint, s.number::bigint, (
        SELECT format('%s took the month out on %s: %s', r.recorded_by, (r.recorded_at AT TIME ZONE 'UTC')::date, r.reason)
        FROM {registry}.decision_retention AS r WHERE r.month = s.month ORDER BY r.recorded_at DESC LIMIT 1);
    ELSIF found.leaves IS DISTINCT FROM s.leaves THEN
      is_good := false;
      s.leaves := s.leaves || ''::bytea;        -- out of line it would be fetched for each piece
      RETURN QUERY
        WITH leaf AS (            -- grouped and not joined: the planner has no idea how many rows these are
          SELECT n.id, true AS is_sealed,
            substring(s.leaves FROM (32 * (row_number() OVER (ORDER BY n.id) - 1) + 1)::int FOR 32) AS sha256
          FROM unnest(s.decisions) AS r CROSS JOIN LATERAL generate_series(lower(r), upper(r) - 1) AS n (id)
          UNION ALL
          SELECT n.decision_id, false, {decision_sha256}
          FROM {registry}.decision_log AS n
          WHERE n.decision_id >= lower(s.decisions) AND n.decision_id < upper(s.decisions) AND n.decision_id <@ s.decisions
        ), decision AS (
          SELECT f.id, (array_agg(f.sha256) FILTER (WHERE f.is_sealed))[1] AS sealed, array_agg(f.sha256) FILTER (WHERE NOT f.is_sealed) AS present
          FROM leaf AS f
          GROUP BY f.id
        )
        SELECT s.seal, s.month, f.status, d.id, NULL::bigint, f.message
        FROM decision AS d
        CROSS JOIN LATERAL (
          SELECT 'removed' AS status, 'The decision was sealed and is not there' AS message WHERE d.present IS NULL
          UNION ALL
          SELECT 'changed', 'The decision is not what was sealed' WHERE d.sealed <> ALL (d.present)
          UNION ALL
          SELECT 'inserted', 'Another decision has this number' FROM generate_series(2, cardinality(d.present))) AS f
        ORDER BY d.id;
    END IF;
    IF found.early > 0 THEN
      is_good := false;
      RETURN QUERY SELECT s.seal, s.month, 'back-dated', NULL::bigint, found.early,
        format('Their numbers were given out after seal %s, and their recorded_at is before it: it was forged, or the clock was set back', earlier.seal);
    END IF;
    IF is_good THEN
      RETURN QUERY SELECT s.seal, s.month, 'intact', NULL::bigint, s.number::bigint, NULL::text;
    END IF;
    last := s;
  END LOOP;

  IF to_seal IS NULL THEN
    SELECT n.* INTO last FROM {registry}.decision_seal AS n ORDER BY n.seal DESC LIMIT 1;
    SELECT coalesce(range_agg(n.decisions), '{}') INTO covered FROM {registry}.decision_seal AS n;
    SELECT CASE WHEN n.is_called THEN n.last_value ELSE 0 END INTO given_out FROM {registry}.decision_log_decision_id_seq AS n;
    IF last.seal IS NOT NULL THEN
      covered := covered + last.open;
      IF gone > 0 THEN
        RETURN QUERY
          SELECT NULL::bigint, NULL::date, 'no seal', NULL::bigint, count(*), 'Decisions that no seal covers: the removed seals may have'
          FROM {registry}.decision_log AS n WHERE n.decision_id <= last.through AND NOT n.decision_id <@ covered HAVING count(*) > 0;
      ELSE
        RETURN QUERY
          SELECT NULL::bigint, NULL::date, 'inserted', n.decision_id, NULL::bigint, 'Its number was given up: the decision was put in after the seals of its time'
          FROM {registry}.decision_log AS n WHERE n.decision_id <= last.through AND NOT n.decision_id <@ covered ORDER BY n.decision_id;
      END IF;
    END IF;
    RETURN QUERY
      SELECT NULL::bigint, NULL::date, 'inserted', n.decision_id, NULL::bigint,
        CASE WHEN n.decision_id > given_out THEN 'Its number was never given out' ELSE 'Its recorded_at is before the last seal: it was forged, or the clock was set back' END
      FROM {registry}.decision_log AS n
      WHERE n.decision_id > given_out OR (n.decision_id > last.through AND n.recorded_at < last.sealed_at)
      ORDER BY n.decision_id;
    RETURN QUERY
      SELECT NULL::bigint, NULL::date, 'unsealed', NULL::bigint, count(*), NULL::text
      FROM {registry}.decision_log AS n
      WHERE n.decision_id > coalesce(last.through, 0) OR (n.decision_id <@ last.open AND n.decision_id >= lower(last.open));
  END IF;
  IF anchor IS NOT NULL AND NOT anchored THEN
    RETURN QUERY SELECT NULL::bigint, NULL::date, 'seal removed', NULL::bigint, NULL::bigint,
      'No seal has the sha256 ' || anchor || ': it was removed, with all after it, or replaced';
  END IF;
END;
$body$, 'Checks seals, and the decisions under them, against each other. A row for each seal (intact, detached, or what is wrong), for each decision that was changed, '
        'removed or inserted, and for the number of those not sealed yet. anchor is the sha256 of a seal that was kept elsewhere')
  ) AS t (ordinal, type, name, definition, body, meaning);
END;

COMMENT ON FUNCTION registry_log_template() IS 'Tables, triggers and functions that a registry has for decisions, as templates';
