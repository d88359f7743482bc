-- The extension lives in a schema of the DBA's choice; the tests use crm.
CREATE SCHEMA crm;
CREATE EXTENSION crm_ext SCHEMA crm;
SELECT extname, extrelocatable, extnamespace::regnamespace FROM pg_extension WHERE extname = 'crm_ext';

-- every operator class is complete
SELECT opcname FROM pg_opclass WHERE opcnamespace = 'crm'::regnamespace AND NOT amvalidate(oid);

-- what is wrong with a literal of a type: state, message, detail and hint in one line
CREATE FUNCTION problem(type regtype, literal text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  message text;
  detail text;
  hint text;
BEGIN
  EXECUTE format('SELECT %L::%s', literal, type);
  RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
  RETURN concat_ws(E'\n  ', SQLSTATE || ' ' || message, nullif(detail, ''), nullif(hint, ''));
END $$;
