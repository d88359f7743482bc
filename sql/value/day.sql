-- days

CREATE FUNCTION as_of() RETURNS date
  LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_as_of';
COMMENT ON FUNCTION as_of() IS 'the day of the setting crm.as_of (YYYY-MM-DD), or today where it is empty';

CREATE FUNCTION day(yyyymmdd integer) RETURNS date
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'crm_day';
COMMENT ON FUNCTION day(integer) IS 'the day of an integer such as 20260131; 0, 99991231 and 19000101 give NULL';

