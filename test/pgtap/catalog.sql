-- The catalog audit: what PostgreSQL accepts but a careful extension does not have.
-- Each query returns the offenders, so that a failure names them. Nothing here depends on the schema of the extension.
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT no_plan();

CREATE TEMP VIEW member AS
SELECT d.classid, d.objid
FROM pg_catalog.pg_depend AS d
JOIN pg_catalog.pg_extension AS e ON d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.refobjid = e.oid
WHERE d.deptype = 'e' AND e.extname = 'crm_ext';

CREATE TEMP VIEW member_function AS
SELECT p.oid::regprocedure::text AS signature, p.*, l.lanname
FROM member AS m
JOIN pg_catalog.pg_proc AS p ON m.classid = 'pg_catalog.pg_proc'::regclass AND m.objid = p.oid
JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang;

CREATE TEMP VIEW member_operator AS
SELECT o.oid::regoperator::text AS signature, o.*
FROM member AS m
JOIN pg_catalog.pg_operator AS o ON m.classid = 'pg_catalog.pg_operator'::regclass AND m.objid = o.oid;

CREATE TEMP VIEW member_type AS
SELECT t.oid::regtype::text AS signature, t.*
FROM member AS m
JOIN pg_catalog.pg_type AS t ON m.classid = 'pg_catalog.pg_type'::regclass AND m.objid = t.oid
WHERE t.typcategory <> 'A';

CREATE TEMP VIEW member_opclass AS
SELECT o.oid, o.opcname, o.opcfamily, o.opcintype, o.opcdefault, a.amname
FROM member AS m
JOIN pg_catalog.pg_opclass AS o ON m.classid = 'pg_catalog.pg_opclass'::regclass AND m.objid = o.oid
JOIN pg_catalog.pg_am AS a ON a.oid = o.opcmethod;

CREATE TEMP VIEW member_cast AS
SELECT format('%s AS %s', c.castsource::regtype, c.casttarget::regtype) AS signature, c.*
FROM member AS m
JOIN pg_catalog.pg_cast AS c ON m.classid = 'pg_catalog.pg_cast'::regclass AND m.objid = c.oid;

CREATE TEMP VIEW member_aggregate AS
SELECT f.signature, f.proparallel, g.*
FROM member_function AS f
JOIN pg_catalog.pg_aggregate AS g ON g.aggfnoid = f.oid;

-- The audit would pass over an extension that has nothing.
SELECT ok((SELECT count(*) FROM member_function) >= 20, 'the extension has functions to look at');
SELECT ok((SELECT count(*) FROM member_type) >= 4, 'the extension has types to look at');
SELECT ok((SELECT count(*) FROM member_operator) >= 6, 'the extension has operators to look at');
SELECT ok((SELECT count(*) FROM member_opclass) >= 3, 'the extension has operator classes to look at');
SELECT ok((SELECT count(*) FROM member_cast) >= 6, 'the extension has casts to look at');

------------------------------------------------------------------------------------------------------------------------
-- What the extension owns
------------------------------------------------------------------------------------------------------------------------

SELECT is_empty($$
  SELECT pg_catalog.pg_describe_object(classid, objid, 0) FROM member
  WHERE classid NOT IN ('pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_type'::regclass, 'pg_catalog.pg_operator'::regclass,
    'pg_catalog.pg_cast'::regclass, 'pg_catalog.pg_opclass'::regclass, 'pg_catalog.pg_opfamily'::regclass)
$$, 'members are functions, types, operators, casts and operator classes: tables would be dropped with the extension');

SELECT is_empty($$
  SELECT pg_catalog.pg_describe_object(m.classid, m.objid, 0)
  FROM member AS m
  LEFT JOIN pg_catalog.pg_description AS d ON d.classoid = m.classid AND d.objoid = m.objid AND d.objsubid = 0
  WHERE d.objoid IS NULL AND m.classid <> 'pg_catalog.pg_opfamily'::regclass
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_type AS t WHERE m.classid = 'pg_catalog.pg_type'::regclass AND t.oid = m.objid
      AND t.typcategory = 'A')
$$, 'every function, type, operator, cast and operator class has a comment');

SELECT is_empty($$
  SELECT pg_catalog.pg_describe_object(m.classid, m.objid, 0), d.description
  FROM member AS m
  JOIN pg_catalog.pg_description AS d ON d.classoid = m.classid AND d.objoid = m.objid AND d.objsubid = 0
  WHERE length(trim(d.description)) < 10
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_type AS t WHERE m.objid IN (t.typinput, t.typoutput, t.typreceive, t.typsend))
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_amproc AS a WHERE a.amproc = m.objid)
$$, 'a comment on what users call says something');

------------------------------------------------------------------------------------------------------------------------
-- Functions
------------------------------------------------------------------------------------------------------------------------

SELECT is_empty($$ SELECT signature FROM member_function WHERE prosecdef $$, 'no function is SECURITY DEFINER');

SELECT is_empty($$ SELECT signature FROM member_function WHERE lanname = 'c' AND proparallel <> 's' $$,
  'every C function is PARALLEL SAFE');

SELECT is_empty($$
  SELECT signature FROM member_function
  WHERE provolatile <> 'v' AND proparallel <> 's' AND prokind IN ('f', 'a') AND proname NOT IN ('simulate_tiers', 'tier_swap_set', 'mart_refresh_source', 'propose_rfm_cuts', 'verify_mart', 'mart_plan', 'mart_setting_piece', 'mart_column')
$$, 'every function that is not volatile is PARALLEL SAFE (reviewed: those that query a mart, whose source may be anything, catch errors, or number their rows)');

SELECT is_empty($$ SELECT signature FROM member_function WHERE lanname = 'c' AND provolatile = 'v' $$,
  'no C function is volatile: none writes, and a volatile one is never evaluated once');

-- IMMUTABLE is a promise that an index relies on. as_of() reads a setting, the tier as an enum reads the enum's labels.
SELECT is_empty($$
  SELECT signature FROM member_function
  WHERE proname = 'as_of' AND provolatile <> 's'
$$, 'as_of() is STABLE');

SELECT is_empty($$
  SELECT signature FROM member_function
  WHERE lanname = 'c' AND provolatile <> 'i' AND proname NOT IN ('as_of')
    AND NOT (proname = 'tier' AND pronargs = 3)
$$, 'every other C function is IMMUTABLE (reviewed: as_of, tier with an enum)');

SELECT is_empty($$
  SELECT signature FROM member_function WHERE lanname NOT IN ('c', 'sql', 'plpgsql', 'internal')
$$, 'no language but C, SQL and PL/pgSQL');

SELECT is_empty($$
  SELECT signature, proconfig FROM member_function
  WHERE lanname NOT IN ('c', 'internal') AND prosqlbody IS NULL AND prokind <> 'p'
    AND NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (proconfig), false)
$$, 'a function whose body is a string fixes its search_path to pg_catalog, pg_temp; a procedure that commits cannot');

SELECT is_empty($$
  SELECT signature, proconfig FROM member_function WHERE lanname = 'plpgsql' AND provolatile = 'i'
$$, 'no PL/pgSQL function calls itself immutable');

SELECT is_empty($$
  SELECT signature FROM member_function WHERE proleakproof AND NOT (proname ~ '(_eq|_ne|_cmp|_lt|_le|_gt|_ge|_hash|_hash_extended)$')
$$, 'only comparison and hash functions are LEAKPROOF');

SELECT is_empty($$
  SELECT signature FROM member_function WHERE procost = 1 AND lanname = 'c'
    AND proname IN ('score', 'score_values', 'score_detail', 'reason_codes', 'suitability', 'suitability_detail', 'suitable')
$$, 'functions that interpret a policy have a cost, so that a planner evaluates cheaper conditions first');

SELECT is_empty($$
  SELECT signature, probin FROM member_function WHERE lanname = 'c' AND probin IS DISTINCT FROM '$libdir/crm_ext'
$$, 'every C function is in the extension''s own library');

SELECT is_empty($$
  SELECT signature, prosrc FROM member_function WHERE lanname = 'c' AND prosrc !~ '^crm_'
$$, 'every exported symbol starts with crm_');

SELECT is_empty($$
  SELECT signature FROM member_function
  WHERE prorettype = 'internal'::regtype AND NOT 'internal'::regtype = ANY (proargtypes::oid[])
$$, 'no function returns internal without taking one');

SELECT is_empty($$
  SELECT signature FROM member_function AS f
  WHERE (prorettype = 'cstring'::regtype OR 'cstring'::regtype = ANY (proargtypes::oid[]))
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_type AS t
      WHERE f.oid IN (t.typinput, t.typoutput, t.typmodin, t.typmodout))
$$, 'cstring is for input and output functions only');

SELECT is_empty($$
  SELECT signature, proargnames FROM member_function
  WHERE prokind = 'f' AND lanname <> 'internal' AND pronargs > 1 AND proargnames IS NULL
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_operator AS o WHERE o.oprcode = member_function.oid)
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_amproc AS a WHERE a.amproc = member_function.oid)
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_type AS t
      WHERE member_function.oid IN (t.typinput, t.typoutput, t.typreceive, t.typsend))
$$, 'a function with several arguments names them');

SELECT is_empty($$
  SELECT signature FROM member_function
  WHERE NOT pg_catalog.has_function_privilege('public', oid, 'EXECUTE')
$$, 'everybody may call what the extension owns');

------------------------------------------------------------------------------------------------------------------------
-- Types and casts
------------------------------------------------------------------------------------------------------------------------

SELECT is_empty($$
  SELECT signature FROM member_type WHERE typtype = 'b' AND typelem = 0 AND (typreceive = 0 OR typsend = 0)
$$, 'every base type has binary input and output');

SELECT is_empty($$
  SELECT t.signature, p.oid::regprocedure
  FROM member_type AS t
  JOIN pg_catalog.pg_proc AS p ON p.oid IN (t.typinput, t.typoutput, t.typreceive, t.typsend)
  WHERE t.typtype = 'b' AND (p.provolatile <> 'i' OR NOT p.proisstrict)
$$, 'input and output are IMMUTABLE and STRICT: a policy reads the same under any setting');

SELECT is_empty($$
  SELECT signature, typstorage FROM member_type WHERE typtype = 'b' AND typlen = -1 AND typstorage NOT IN ('x', 'm')
$$, 'a document may be compressed and moved out of line');

SELECT is_empty($$
  SELECT signature FROM member_type WHERE typtype = 'b' AND typispreferred
$$, 'no type is preferred in its category: that would change how other expressions resolve');

SELECT is_empty($$ SELECT signature FROM member_cast WHERE castcontext <> 'e' $$,
  'casts are explicit: an implicit one changes how other expressions resolve');

SELECT is_empty($$
  SELECT c.signature FROM member_cast AS c JOIN pg_catalog.pg_proc AS p ON p.oid = c.castfunc
  WHERE p.provolatile = 'v' OR NOT p.proisstrict
$$, 'a cast function is strict and not volatile');

SELECT is_empty($$
  SELECT signature FROM member_cast WHERE castmethod = 'b' AND 'bytea'::regtype IN (castsource, casttarget)
$$, 'no cast makes a value out of bytes that nobody has checked');

-- Each policy type goes to jsonb and back; a summary is no document.
SELECT is_empty($$
  SELECT t.signature FROM member_type AS t
  WHERE t.typtype = 'b' AND t.typname NOT LIKE '%\_summary' AND (
    NOT EXISTS (SELECT FROM pg_catalog.pg_cast AS c WHERE c.castsource = t.oid AND c.casttarget = 'jsonb'::regtype)
    OR NOT EXISTS (SELECT FROM pg_catalog.pg_cast AS c WHERE c.casttarget = t.oid AND c.castsource = 'jsonb'::regtype))
$$, 'every policy type has a cast to jsonb and from it');

------------------------------------------------------------------------------------------------------------------------
-- Operators and operator classes
------------------------------------------------------------------------------------------------------------------------

SELECT is_empty($$ SELECT opcname, amname FROM member_opclass WHERE NOT pg_catalog.amvalidate(oid) $$,
  'amvalidate accepts every operator class');

SELECT is_empty($$
  SELECT signature FROM member_operator WHERE oprresult = 'bool'::regtype AND oprkind = 'b' AND (oprrest = 0 OR oprjoin = 0)
$$, 'every boolean operator has estimators');

SELECT is_empty($$
  SELECT signature FROM member_operator WHERE oprname IN ('=', '<>', '<', '>', '<=', '>=') AND (oprcom = 0 OR oprnegate = 0)
$$, 'comparison operators have a commutator and a negator');

SELECT is_empty($$
  SELECT signature, oprrest, oprjoin FROM member_operator
  WHERE (oprname = '=' AND (oprrest <> 'eqsel'::regproc OR oprjoin <> 'eqjoinsel'::regproc))
    OR (oprname = '<>' AND (oprrest <> 'neqsel'::regproc OR oprjoin <> 'neqjoinsel'::regproc))
    OR (oprname = '<' AND (oprrest <> 'scalarltsel'::regproc OR oprjoin <> 'scalarltjoinsel'::regproc))
    OR (oprname = '<=' AND (oprrest <> 'scalarlesel'::regproc OR oprjoin <> 'scalarlejoinsel'::regproc))
    OR (oprname = '>' AND (oprrest <> 'scalargtsel'::regproc OR oprjoin <> 'scalargtjoinsel'::regproc))
    OR (oprname = '>=' AND (oprrest <> 'scalargesel'::regproc OR oprjoin <> 'scalargejoinsel'::regproc))
$$, 'estimators are those of the operator''s own kind');

SELECT is_empty($$
  SELECT a.signature, b.oid::regoperator
  FROM member_operator AS a
  JOIN pg_catalog.pg_operator AS b ON b.oid IN (a.oprcom, a.oprnegate)
  JOIN pg_catalog.pg_proc AS p ON p.oid = a.oprcode
  JOIN pg_catalog.pg_proc AS q ON q.oid = b.oprcode
  WHERE (p.provolatile, p.proleakproof, p.proisstrict) <> (q.provolatile, q.proleakproof, q.proisstrict)
    OR (b.oid = a.oprcom AND b.oprcom <> a.oid) OR (b.oid = a.oprnegate AND b.oprnegate <> a.oid)
$$, 'commutators and negators point back, with equal volatility, strictness and leakproofness');

SELECT is_empty($$
  SELECT o.signature FROM member_operator AS o JOIN pg_catalog.pg_proc AS p ON p.oid = o.oprcode
  WHERE o.oprname IN ('=', '<>', '<', '>', '<=', '>=') AND NOT p.proleakproof
$$, 'comparisons that cannot raise are LEAKPROOF, else row-level security forbids their index');

SELECT is_empty($$ SELECT signature FROM member_operator WHERE oprname LIKE '%?%' $$,
  'no operator has a question mark: JDBC reads it as a parameter');

SELECT is_empty($$
  SELECT t.signature FROM member_type AS t
  WHERE t.typtype = 'b' AND NOT EXISTS (
    SELECT FROM member_opclass AS o WHERE o.opcintype = t.oid AND o.amname = 'hash' AND o.opcdefault)
$$, 'every base type has a default hash operator class, for GROUP BY and DISTINCT');

SELECT is_empty($$
  SELECT signature FROM member_operator AS o WHERE o.oprname = '=' AND NOT o.oprcanhash
$$, 'equality can be hashed');

SELECT is_empty($$
  SELECT opcname FROM member_opclass AS o WHERE amname = 'hash'
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_amproc WHERE amprocfamily = o.opcfamily AND amprocnum = 2)
$$, 'hash operator classes have the 64-bit hash, which partitioning and parallel hash joins use');

------------------------------------------------------------------------------------------------------------------------
-- Aggregates
------------------------------------------------------------------------------------------------------------------------

SELECT is_empty($$ SELECT signature FROM member_aggregate WHERE aggtranstype = 'internal'::regtype $$,
  'a transition state is a real type, so that it can be sent to another node');

SELECT is_empty($$ SELECT signature FROM member_aggregate WHERE aggkind = 'n' AND aggcombinefn = 0 AND signature NOT LIKE '%tier_track(%' $$,
  'every aggregate can be combined, but tier_track, which goes on from period to period');

SELECT is_empty($$ SELECT signature FROM member_aggregate WHERE proparallel <> 's' $$, 'every aggregate is PARALLEL SAFE');

SELECT is_empty($$ SELECT signature FROM member_aggregate WHERE aggtransspace = 0 $$,
  'every aggregate says how large its state is');

SELECT is_empty($$
  SELECT g.signature, p.oid::regprocedure FROM member_aggregate AS g JOIN pg_catalog.pg_proc AS p ON p.oid = g.aggtransfn
  WHERE p.proisstrict
$$, 'transition functions are not strict: a row with a NULL is skipped by the function itself');

SELECT is_empty($$
  SELECT g.signature, p.oid::regprocedure FROM member_aggregate AS g JOIN pg_catalog.pg_proc AS p ON p.oid = g.aggcombinefn
  WHERE NOT p.proisstrict
$$, 'combine functions are strict');

------------------------------------------------------------------------------------------------------------------------
-- The suitability outcomes, frozen: their order decides which check wins, and stored values rely on it
------------------------------------------------------------------------------------------------------------------------

SELECT is(
  (SELECT string_agg(e.enumlabel, ' < ' ORDER BY e.enumsortorder)
    FROM member_type AS t JOIN pg_catalog.pg_enum AS e ON e.enumtypid = t.oid
    WHERE t.typname = 'suitability_outcome'),
  'suitable < notice < overridable < undetermined < needs_approval < prohibited',
  'the outcomes and their order');

SELECT is_empty($$
  SELECT extname FROM pg_catalog.pg_extension WHERE extname = 'crm_ext' AND (extrelocatable OR extconfig IS NOT NULL)
$$, 'the extension stays in its schema and has no configuration tables');

SELECT * FROM finish();
ROLLBACK;
