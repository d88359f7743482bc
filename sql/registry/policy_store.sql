-- The kinds of policies there are: the types of this extension that have a function policy_attributes.
CREATE FUNCTION policy_kind()
RETURNS TABLE (kind text)
LANGUAGE sql STABLE PARALLEL SAFE COST 100 ROWS 5
BEGIN ATOMIC
  SELECT t.typname::text
  FROM pg_catalog.pg_extension AS e
  JOIN pg_catalog.pg_depend AS d ON d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.refobjid = e.oid AND d.deptype = 'e'
  JOIN pg_catalog.pg_proc AS p ON d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND p.oid = d.objid
  JOIN pg_catalog.pg_type AS t ON t.oid = p.proargtypes[0]
  WHERE e.extname = 'crm_ext' AND p.proname = 'policy_attributes'
  ORDER BY t.typname COLLATE "C";
END;

COMMENT ON FUNCTION policy_kind() IS 'The kinds of policies, which are types: scorecard, tier_policy, ...';

-- What a registry has for policies: tables, triggers, functions and a view, as templates. {registry} is the schema, {kind} a kind of
-- policy: an object with {kind} in its definition is made for each. create_registry and update_registry run them in order.
CREATE FUNCTION registry_policy_template()
RETURNS TABLE (ordinal int, type text, name text, definition text, body text, meaning text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 60
BEGIN ATOMIC
  SELECT t.*
  FROM (VALUES
    (100, 'table', 'policy_version', $template$
{registry}.policy_version (
  version_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind text NOT NULL,
  name text NOT NULL,
  version text NOT NULL,
  document text NOT NULL,
  sha256 bytea NOT NULL GENERATED ALWAYS AS (sha256(replace(document, '\', '\\')::bytea)) STORED,
  valid_from date NOT NULL CHECK (isfinite(valid_from)),
  valid_until date CHECK (isfinite(valid_until)),
  backdated boolean NOT NULL,
  reason text NOT NULL CHECK (reason ~ '\S'),
  proposed_by text NOT NULL DEFAULT current_user,
  proposed_login text NOT NULL DEFAULT session_user,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CHECK (valid_from < valid_until)
)$template$, NULL,
      'Proposed versions of policies, one row each, never changed: what becomes of a version is in policy_event'),
    (101, 'index', 'policy_version_validity', '{registry}.policy_version (kind, name, valid_from DESC)', NULL, NULL),
    (102, 'index', 'policy_version_sha256', '{registry}.policy_version (sha256)', NULL, NULL),
    (103, 'column', 'policy_version.version_id', NULL, NULL, 'Number of the proposal'),
    (104, 'column', 'policy_version.kind', NULL, NULL, 'Type of the policy: scorecard, tier_policy, ...'),
    (105, 'column', 'policy_version.name', NULL, NULL, 'Name in the document'),
    (106, 'column', 'policy_version.version', NULL, NULL, 'Version in the document'),
    (107, 'column', 'policy_version.document', NULL, NULL, 'The document in its canonical form, as the type prints it'),
    (108, 'column', 'policy_version.sha256', NULL, NULL, 'SHA-256 of the document'),
    (109, 'column', 'policy_version.valid_from', NULL, NULL, 'First day on which the version governs, once it is approved'),
    (110, 'column', 'policy_version.valid_until', NULL, NULL, 'First day on which it governs no more; NULL: until another takes over'),
    (111, 'column', 'policy_version.backdated', NULL, NULL, 'valid_from was past when the version was proposed, and the proposer said so'),
    (112, 'column', 'policy_version.reason', NULL, NULL, 'Why it is proposed'),
    (113, 'column', 'policy_version.proposed_by', NULL, NULL, 'current_user of the proposal'),
    (114, 'column', 'policy_version.proposed_login', NULL, NULL, 'session_user of the proposal'),
    (115, 'column', 'policy_version.recorded_at', NULL, NULL, 'When it was proposed'),

    (120, 'table', 'policy_event', $template$
{registry}.policy_event (
  event_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  version_id bigint NOT NULL REFERENCES {registry}.policy_version,
  event text NOT NULL CHECK (event IN ('approved', 'rejected', 'retired')),
  valid_until date CHECK (isfinite(valid_until)),
  backdated boolean NOT NULL,
  reason text NOT NULL CHECK (reason ~ '\S'),
  recorded_by text NOT NULL DEFAULT current_user,
  recorded_login text NOT NULL DEFAULT session_user,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CHECK ((event = 'retired') = (valid_until IS NOT NULL))
)$template$, NULL,
      'What became of proposed versions: approved or rejected, once each, and retired; rows are never changed'),
    (121, 'unique index', 'policy_event_one_outcome', '{registry}.policy_event (version_id) WHERE event IN (''approved'', ''rejected'')', NULL, NULL),
    (122, 'index', 'policy_event_version', '{registry}.policy_event (version_id, event)', NULL, NULL),
    (123, 'column', 'policy_event.event_id', NULL, NULL, 'Number of the event'),
    (124, 'column', 'policy_event.version_id', NULL, NULL, 'The version it is about'),
    (125, 'column', 'policy_event.event', NULL, NULL, 'approved, rejected or retired'),
    (126, 'column', 'policy_event.valid_until', NULL, NULL, 'Retired: first day on which the version governs no more; its valid_from makes it void'),
    (127, 'column', 'policy_event.backdated', NULL, NULL, 'It took effect on a day that was past, and the actor said so'),
    (128, 'column', 'policy_event.reason', NULL, NULL, 'Why'),
    (129, 'column', 'policy_event.recorded_by', NULL, NULL, 'current_user of the event'),
    (130, 'column', 'policy_event.recorded_login', NULL, NULL, 'session_user of the event'),
    (131, 'column', 'policy_event.recorded_at', NULL, NULL, 'When it was recorded'),

    -- Triggers refuse and never rewrite, so that a restored dump keeps its history: it loads rows before it makes triggers.
    (140, 'function', 'refuse_change()', '{registry}.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp', $body$
BEGIN
  RAISE EXCEPTION '% of % is refused: its rows are evidence', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'object_not_in_prerequisite_state', HINT = TG_ARGV[0];
END;
$body$, 'Refuses to change rows that are evidence; triggers call it'),
    (141, 'function', 'check_stamp(text, text, timestamptz)', '{registry}.check_stamp(recorded_by text, recorded_login text, recorded_at timestamptz) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp', $body$
BEGIN
  IF recorded_by IS DISTINCT FROM current_user::text OR recorded_login IS DISTINCT FROM session_user::text
    OR recorded_at IS NULL OR recorded_at NOT BETWEEN transaction_timestamp() AND clock_timestamp() THEN
    RAISE EXCEPTION 'who records and when is not for the writer to say'
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Leave out the columns that have such a default.';
  END IF;
END;
$body$, 'Refuses stamps other than the defaults of this moment'),

    (150, 'function', 'check_policy_version()', '{registry}.check_policy_version() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp', $body$
DECLARE
  canonical text;
  other record;
BEGIN
  PERFORM {registry}.check_stamp(NEW.proposed_by, NEW.proposed_login, NEW.recorded_at);
  IF NEW.kind IS NULL OR NOT EXISTS (SELECT FROM @extschema@.policy_kind() AS k WHERE k.kind = NEW.kind) THEN
    RAISE EXCEPTION 'policies of kind % are not known', coalesce(quote_literal(NEW.kind), 'NULL')
      USING ERRCODE = 'invalid_parameter_value', HINT = format('There are: %s.', (SELECT string_agg(k.kind, ', ') FROM @extschema@.policy_kind() AS k));
  END IF;
  EXECUTE format('SELECT $1::@extschema@.%I::text', NEW.kind) INTO canonical USING NEW.document;
  IF canonical IS NULL OR canonical <> NEW.document THEN
    RAISE EXCEPTION 'the document is not in the canonical form of a %', NEW.kind
      USING ERRCODE = 'invalid_parameter_value', HINT = 'propose_policy writes it so.';
  ELSIF canonical::jsonb ->> 'name' IS DISTINCT FROM NEW.name OR canonical::jsonb ->> 'version' IS DISTINCT FROM NEW.version THEN
    RAISE EXCEPTION 'name and version are not those of the document' USING ERRCODE = 'invalid_parameter_value';
  ELSIF NEW.backdated IS DISTINCT FROM (NEW.valid_from < current_date) THEN
    RAISE EXCEPTION '% of a version that is valid from % is not right today', CASE WHEN NEW.backdated THEN 'backdated' ELSE 'not backdated' END, NEW.valid_from
      USING ERRCODE = 'invalid_parameter_value', HINT = 'propose_policy says whether a version is back-dated.';
  END IF;
  -- one session at a time for one name, until it commits
  PERFORM pg_advisory_xact_lock(hashtextextended(format('%s %s %s', TG_RELID, NEW.kind, NEW.name), 0));
  SELECT v.* INTO other
  FROM {registry}.policy_version AS v
  WHERE v.kind = NEW.kind AND v.name = NEW.name AND v.version = NEW.version AND v.document <> NEW.document
  LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'version "%" of % "%" is another document already', NEW.version, NEW.kind, NEW.name
      USING ERRCODE = 'unique_violation', DETAIL = format('%s proposed it on %s as number %s.', other.proposed_by, other.recorded_at::date, other.version_id),
        HINT = 'Give the changed document a new "version".';
  END IF;
  RETURN NEW;
END;
$body$, 'Refuses versions that are not what they say'),
    (151, 'function', 'check_policy_event()', '{registry}.check_policy_event() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp', $body$
DECLARE
  proposed {registry}.policy_version;
  outcome {registry}.policy_event;
BEGIN
  PERFORM {registry}.check_stamp(NEW.recorded_by, NEW.recorded_login, NEW.recorded_at);
  -- one session at a time for one version, until it commits: what the other did is seen below
  PERFORM pg_advisory_xact_lock(hashtextextended(format('%s %s', TG_RELID, NEW.version_id), 0));
  SELECT * INTO proposed FROM {registry}.policy_version AS v WHERE v.version_id = NEW.version_id;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no version number %', coalesce(NEW.version_id::text, 'NULL')
      USING ERRCODE = 'no_data_found', HINT = 'policy_timeline lists the versions.';
  END IF;
  SELECT * INTO outcome FROM {registry}.policy_event AS e WHERE e.version_id = NEW.version_id AND e.event IN ('approved', 'rejected');
  IF NEW.event IN ('approved', 'rejected') AND outcome.event IS NOT NULL THEN
    RAISE EXCEPTION 'version "%" of % "%" is % already', proposed.version, proposed.kind, proposed.name, outcome.event
      USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('%s did that on %s.', outcome.recorded_by, outcome.recorded_at::date),
        HINT = CASE outcome.event WHEN 'rejected' THEN 'Propose it again.' ELSE 'retire_policy ends it.' END;
  ELSIF NEW.event = 'approved' AND proposed.proposed_by = NEW.recorded_by THEN
    RAISE EXCEPTION '% proposed version "%" of % "%" and cannot approve it', proposed.proposed_by, proposed.version, proposed.kind, proposed.name
      USING ERRCODE = 'insufficient_privilege', HINT = 'Somebody else must approve.';
  ELSIF NEW.event = 'retired' AND outcome.event IS DISTINCT FROM 'approved' THEN
    RAISE EXCEPTION 'version "%" of % "%" is % and cannot be retired', proposed.version, proposed.kind, proposed.name, coalesce(outcome.event, 'not approved')
      USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'reject_policy declines a proposal.';
  ELSIF NEW.event = 'retired' AND NEW.valid_until < proposed.valid_from THEN
    RAISE EXCEPTION 'a version that is valid from % cannot end on %', proposed.valid_from, NEW.valid_until
      USING ERRCODE = 'invalid_parameter_value', HINT = 'To end on the first day makes it void.';
  ELSIF NEW.event = 'rejected' AND NEW.backdated THEN
    RAISE EXCEPTION 'a rejection is not backdated' USING ERRCODE = 'invalid_parameter_value';
  ELSIF NEW.event <> 'rejected' AND NEW.backdated IS DISTINCT FROM (coalesce(NEW.valid_until, proposed.valid_from) < current_date) THEN
    RAISE EXCEPTION '% of an event that takes effect on % is not right today', CASE WHEN NEW.backdated THEN 'backdated' ELSE 'not backdated' END,
      coalesce(NEW.valid_until, proposed.valid_from)
      USING ERRCODE = 'invalid_parameter_value', HINT = 'approve_policy and retire_policy say whether an event is back-dated.';
  END IF;
  RETURN NEW;
END;
$body$, 'Refuses events that do not follow from what happened before'),
    (160, 'trigger', 'check_policy_version', 'BEFORE INSERT ON {registry}.policy_version FOR EACH ROW EXECUTE FUNCTION {registry}.check_policy_version()', NULL, NULL),
    (161, 'trigger', 'refuse_change', 'BEFORE UPDATE OR DELETE OR TRUNCATE ON {registry}.policy_version FOR EACH STATEMENT
EXECUTE FUNCTION {registry}.refuse_change(''Propose another version; retire_policy ends one.'')', NULL, NULL),
    (162, 'trigger', 'check_policy_event', 'BEFORE INSERT ON {registry}.policy_event FOR EACH ROW EXECUTE FUNCTION {registry}.check_policy_event()', NULL, NULL),
    (163, 'trigger', 'refuse_change', 'BEFORE UPDATE OR DELETE OR TRUNCATE ON {registry}.policy_event FOR EACH STATEMENT
EXECUTE FUNCTION {registry}.refuse_change(''Record another event.'')', NULL, NULL),

    (170, 'function', 'propose_policy(text, jsonb, date, text, date, boolean)',
      '{registry}.propose_policy(kind text, document jsonb, valid_from date, reason text, valid_until date DEFAULT NULL, backdated boolean DEFAULT false)
RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp', $body$
DECLARE
  canonical text;
  is_past boolean := valid_from < current_date;
  proposed bigint;
BEGIN
  IF kind IS NULL OR document IS NULL OR valid_from IS NULL OR reason IS NULL THEN
    RAISE EXCEPTION 'a proposal needs a document, a day from which it is valid, and a reason' USING ERRCODE = 'null_value_not_allowed';
  ELSIF NOT EXISTS (SELECT FROM @extschema@.policy_kind() AS k WHERE k.kind = propose_policy.kind) THEN
    RAISE EXCEPTION 'policies of kind "%" are not known', kind
      USING ERRCODE = 'invalid_parameter_value', HINT = format('There are: %s.', (SELECT string_agg(k.kind, ', ') FROM @extschema@.policy_kind() AS k));
  END IF;
  EXECUTE format('SELECT $1::text::@extschema@.%I::text', kind) INTO canonical USING document;
  document := canonical::jsonb;
  IF coalesce(document ->> 'name', '') !~ '\S' OR coalesce(document ->> 'version', '') !~ '\S' THEN
    RAISE EXCEPTION 'a document in a registry needs "name" and "version"' USING ERRCODE = 'invalid_parameter_value',
      HINT = 'Lookups find it by its name; the version tells it from those before.';
  ELSIF reason !~ '\S' THEN
    RAISE EXCEPTION 'the reason is empty' USING ERRCODE = 'invalid_parameter_value', HINT = 'Say what the change is for.';
  ELSIF NOT isfinite(valid_from) OR NOT isfinite(valid_until) OR valid_until <= valid_from THEN
    RAISE EXCEPTION 'a version cannot be valid from % until %', valid_from, coalesce(valid_until::text, 'its end')
      USING ERRCODE = 'invalid_parameter_value', HINT = 'valid_until is the first day on which it is valid no more; NULL is no end.';
  ELSIF is_past AND NOT coalesce(backdated, false) THEN
    RAISE EXCEPTION 'valid_from % is past', valid_from
      USING ERRCODE = 'invalid_parameter_value', HINT = 'A back-dated version must be said to be: backdated => true.';
  END IF;
  INSERT INTO {registry}.policy_version AS v (kind, name, version, document, valid_from, valid_until, backdated, reason)
  VALUES (propose_policy.kind, propose_policy.document ->> 'name', propose_policy.document ->> 'version', canonical, propose_policy.valid_from,
    propose_policy.valid_until, is_past, propose_policy.reason)
  RETURNING v.version_id INTO proposed;
  RETURN proposed;
END;
$body$, 'Proposes a version of a policy and returns its number. A valid_from that is past needs backdated => true'),
    (171, 'function', 'propose_policy(@extschema@.{kind}, date, text, date, boolean)',
      '{registry}.propose_policy(document @extschema@.{kind}, valid_from date, reason text, valid_until date DEFAULT NULL, backdated boolean DEFAULT false)
RETURNS bigint LANGUAGE sql
BEGIN ATOMIC
  SELECT {registry}.propose_policy(''{kind}'', document::jsonb, valid_from, reason, valid_until, backdated);
END', NULL, 'Proposes a version of a {kind} and returns its number. A valid_from that is past needs backdated => true'),
    (172, 'function', 'approve_policy(bigint, text, boolean)',
      '{registry}.approve_policy(version_id bigint, reason text, backdated boolean DEFAULT false)
RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp', $body$
DECLARE
  proposed {registry}.policy_version;
  recorded bigint;
BEGIN
  IF version_id IS NULL OR reason IS NULL OR reason !~ '\S' THEN
    RAISE EXCEPTION 'an approval needs a version number and a reason' USING ERRCODE = 'null_value_not_allowed';
  END IF;
  SELECT * INTO proposed FROM {registry}.policy_version AS v WHERE v.version_id = approve_policy.version_id;
  IF proposed.valid_from < current_date AND NOT proposed.backdated AND NOT coalesce(backdated, false) THEN
    RAISE EXCEPTION 'valid_from % has passed since the version was proposed', proposed.valid_from
      USING ERRCODE = 'invalid_parameter_value', HINT = 'To approve it from then on all the same, say backdated => true.';
  END IF;
  INSERT INTO {registry}.policy_event AS e (version_id, event, backdated, reason)
  VALUES (approve_policy.version_id, 'approved', coalesce(proposed.valid_from < current_date, false), approve_policy.reason)
  RETURNING e.event_id INTO recorded;
  RETURN recorded;
END;
$body$, 'Approves a proposed version; somebody else than the proposer must. Returns the number of the event'),
    (173, 'function', 'reject_policy(bigint, text)',
      '{registry}.reject_policy(version_id bigint, reason text)
RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp', $body$
DECLARE
  recorded bigint;
BEGIN
  IF version_id IS NULL OR reason IS NULL OR reason !~ '\S' THEN
    RAISE EXCEPTION 'a rejection needs a version number and a reason' USING ERRCODE = 'null_value_not_allowed';
  END IF;
  INSERT INTO {registry}.policy_event AS e (version_id, event, backdated, reason)
  VALUES (reject_policy.version_id, 'rejected', false, reject_policy.reason)
  RETURNING e.event_id INTO recorded;
  RETURN recorded;
END;
$body$, 'Rejects a proposed version; the proposer may, which withdraws it. Returns the number of the event'),
    (174, 'function', 'retire_policy(bigint, date, text, boolean)',
      '{registry}.retire_policy(version_id bigint, valid_until date, reason text, backdated boolean DEFAULT false)
RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp', $body$
DECLARE
  recorded bigint;
BEGIN
  IF version_id IS NULL OR valid_until IS NULL OR reason IS NULL OR reason !~ '\S' THEN
    RAISE EXCEPTION 'to retire a version needs its number, its end and a reason' USING ERRCODE = 'null_value_not_allowed';
  ELSIF NOT isfinite(valid_until) THEN
    RAISE EXCEPTION 'a version cannot end on %', valid_until USING ERRCODE = 'invalid_parameter_value';
  ELSIF valid_until < current_date AND NOT coalesce(backdated, false) THEN
    RAISE EXCEPTION 'valid_until % is past', valid_until
      USING ERRCODE = 'invalid_parameter_value', HINT = 'A back-dated end must be said to be: backdated => true.';
  END IF;
  INSERT INTO {registry}.policy_event AS e (version_id, event, valid_until, backdated, reason)
  VALUES (retire_policy.version_id, 'retired', retire_policy.valid_until, retire_policy.valid_until < current_date, retire_policy.reason)
  RETURNING e.event_id INTO recorded;
  RETURN recorded;
END;
$body$, 'Ends an approved version: valid_until is the first day on which it governs no more; its first day makes it void. Returns the number of the event'),

    -- The version that began last governs. Where it has ended none does: a rule that was replaced does not come back unseen.
    (180, 'function', 'policy_at(text, text, date, timestamptz)',
      '{registry}.policy_at(kind text, name text, as_of date, known_at timestamptz DEFAULT ''infinity'')
RETURNS SETOF {registry}.policy_version LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
  SELECT (p.found).*
  FROM (
    SELECT v AS found, s.ends_on
    FROM {registry}.policy_version AS v
    JOIN {registry}.policy_event AS a ON a.version_id = v.version_id AND a.event = ''approved'' AND a.recorded_at <= policy_at.known_at
    CROSS JOIN LATERAL (
      SELECT coalesce((
        SELECT r.valid_until FROM {registry}.policy_event AS r
        WHERE r.version_id = v.version_id AND r.event = ''retired'' AND r.recorded_at <= policy_at.known_at
        ORDER BY r.event_id DESC LIMIT 1), v.valid_until) AS ends_on OFFSET 0) AS s
    WHERE v.kind = policy_at.kind AND v.name = policy_at.name AND v.valid_from <= policy_at.as_of
      AND (s.ends_on IS NULL OR v.valid_from < s.ends_on)
    ORDER BY v.valid_from DESC, a.event_id DESC
    LIMIT 1) AS p
  WHERE p.ends_on IS NULL OR policy_at.as_of < p.ends_on;
END', NULL, 'The version of a policy that governs on a day, as it was known at a time; no row if none does'),
    (181, 'function', '{kind}(text, date, timestamptz)',
      '{registry}.{kind}(name text, as_of date DEFAULT @extschema@.as_of(), known_at timestamptz DEFAULT ''infinity'')
RETURNS @extschema@.{kind} LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 1000
RETURN (SELECT p.document::@extschema@.{kind} FROM {registry}.policy_at(''{kind}'', name, as_of, known_at) AS p)',
      NULL, 'The {kind} of a name that governs on a day, as it was known at a time (by default now); NULL if none does'),
    (182, 'function', 'policy_diff(bigint, bigint)',
      '{registry}.policy_diff(a bigint, b bigint)
RETURNS TABLE (path text, change text, before jsonb, after jsonb) LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 1000 ROWS 20
BEGIN ATOMIC
  SELECT d.*
  FROM {registry}.policy_version AS v
  JOIN {registry}.policy_version AS w ON v.version_id = policy_diff.a AND w.version_id = policy_diff.b
  CROSS JOIN LATERAL @extschema@.document_diff(v.document::jsonb, w.document::jsonb) AS d;
END', NULL, 'What differs between two versions, by their numbers'),
    (190, 'view', 'policy_timeline', $template$
{registry}.policy_timeline WITH (security_invoker = true) AS
SELECT v.kind, v.name, v.version, v.valid_from, s.ends_on AS valid_until,
  CASE
    WHEN o.event IS NULL THEN 'proposed'
    WHEN o.event = 'rejected' THEN 'rejected'
    WHEN s.ends_on <= v.valid_from THEN 'void'
    WHEN r.event_id IS NOT NULL THEN 'retired'
    ELSE 'approved'
  END AS status,
  v.version_id, v.proposed_by, v.recorded_at AS proposed_at, v.reason,
  o.recorded_by AS decided_by, o.recorded_at AS decided_at, o.reason AS decision,
  r.recorded_by AS retired_by, r.recorded_at AS retired_at, r.reason AS retirement,
  v.backdated OR coalesce(o.backdated, false) OR coalesce(r.backdated, false) AS backdated,
  v.proposed_login = o.recorded_login AS same_login, encode(v.sha256, 'hex') AS sha256
FROM {registry}.policy_version AS v
LEFT JOIN {registry}.policy_event AS o ON o.version_id = v.version_id AND o.event IN ('approved', 'rejected')
LEFT JOIN LATERAL (
  SELECT e.* FROM {registry}.policy_event AS e WHERE e.version_id = v.version_id AND e.event = 'retired' ORDER BY e.event_id DESC LIMIT 1) AS r ON true
CROSS JOIN LATERAL (SELECT coalesce(r.valid_until, v.valid_until) AS own_end) AS e
CROSS JOIN LATERAL (
  SELECT least(e.own_end, (
    SELECT min(n.valid_from)
    FROM {registry}.policy_version AS n
    JOIN {registry}.policy_event AS a ON a.version_id = n.version_id AND a.event = 'approved'
    LEFT JOIN LATERAL (
      SELECT x.valid_until FROM {registry}.policy_event AS x
      WHERE x.version_id = n.version_id AND x.event = 'retired' ORDER BY x.event_id DESC LIMIT 1) AS x ON true
    WHERE o.event = 'approved' AND n.kind = v.kind AND n.name = v.name AND (n.valid_from, a.event_id) > (v.valid_from, o.event_id)
      AND coalesce(n.valid_from < coalesce(x.valid_until, n.valid_until), true))) AS ends_on) AS s
$template$, NULL, 'The versions of each policy with their periods and who proposed, approved, rejected and retired them'),
    (191, 'column', 'policy_timeline.valid_until', NULL, NULL, 'First day on which it governs no more: its own end, or the day from which a later version governs'),
    (192, 'column', 'policy_timeline.status', NULL, NULL, 'proposed, approved, rejected, retired, or void (it ended on its first day, or another replaced it from that day on)'),
    (193, 'column', 'policy_timeline.decided_by', NULL, NULL, 'Who approved or rejected it'),
    (194, 'column', 'policy_timeline.same_login', NULL, NULL, 'Proposal and approval came through one login, by SET ROLE: look who it was')
  ) AS t (ordinal, type, name, definition, body, meaning);
END;

COMMENT ON FUNCTION registry_policy_template() IS 'Tables, triggers, functions and views that a registry has for policies, as templates';
