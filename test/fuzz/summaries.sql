-- What holds of every summary that is accepted, whatever bytes it came from. A broken property is raised as FZ001.

-- The functions that take one summary and nothing else, or a summary and what these probes give.
CREATE TABLE fuzz.accessor (of regtype, call text);
INSERT INTO fuzz.accessor
SELECT proargtypes[0]::regtype, format('%s($1)', p.oid::regproc)
FROM pg_proc AS p JOIN pg_type AS t ON t.oid = p.proargtypes[0]
WHERE p.pronamespace = 'crm'::regnamespace AND t.typname ~ '^[a-z_]+_summary$' AND t.typtype = 'b' AND t.typelem = 0 AND p.pronargs = 1 AND p.prokind = 'f';
INSERT INTO fuzz.accessor
SELECT proargtypes[0]::regtype, format('%s($1, %s)', p.proname, probe)
FROM pg_proc AS p
JOIN pg_type AS t ON t.oid = p.proargtypes[0] AND t.typname ~ '^[a-z_]+_summary$' AND t.typtype = 'b' AND t.typelem = 0
JOIN (VALUES ('date', '''2026-01-06''::date'), ('date', '''4713-01-01 BC''::date'), ('date', '''5874897-12-31''::date'), ('float8', '0.5::float8'), ('float8', '1e9::float8'),
  ('int4', '1'), ('int4', '10'), ('int4', '1000000'), ('date[]', '''{2026-01-05,2026-01-31,1999-12-31}''::date[]')) AS v (type, probe) ON v.type::regtype = p.proargtypes[1]
WHERE p.pronamespace = 'crm'::regnamespace AND p.pronargs = 2 AND p.prokind = 'f';
INSERT INTO fuzz.accessor
SELECT v.type::regtype, v.call
FROM (VALUES ('crm.activity_summary', 'rfm($1, ''5874897-12-31'', ''{30}'', ''{2}'', ''{0}'')'),
  ('crm.balance_summary', 'average_balance($1, ''2026-01-01'', ''2026-02-01'')'), ('crm.balance_summary', 'average_balance($1, ''4713-01-01 BC'', ''5874897-12-31'')'),
  ('crm.balance_summary', 'minimum_balance($1, ''2026-01-01'', ''2026-02-01'')'), ('crm.balance_summary', 'days_at_least($1, 5, ''2026-01-01'', ''2026-02-01'')'),
  ('crm.balance_summary', 'with_opening($1, ''4713-01-01 BC'', 5)'), ('crm.balance_summary', 'opening_breaks($1)'),
  ('crm.co_holding_summary', 'co_holding_add($1, ''{p1,p2,new}'')'), ('crm.co_holding_summary', 'next_products($1, ''{p1,p2,a}'', 3)'), ('crm.co_holding_summary', 'next_products($1, ''{p1,p2,a}'', 2147483647, 1)')) AS v (type, call);

-- Sent otherwise, unequal to itself, of another hash; a rollup that depends on the order or fails for a reason that is not documented.
DO $do$
DECLARE
  kind text;
  calls text;
  properties text;
BEGIN
  FOR kind IN SELECT typname FROM pg_type WHERE typnamespace = 'crm'::regnamespace AND typname ~ '_summary$' AND typtype = 'b' AND typelem = 0 LOOP
    SELECT string_agg(format('BEGIN PERFORM %s; EXCEPTION WHEN SQLSTATE ''22023'' OR SQLSTATE ''22003'' OR SQLSTATE ''22008'' OR SQLSTATE ''54000'' THEN NULL; END;',
        replace(call, '$1', 'v')), E'\n        ' ORDER BY call)
      INTO calls
    FROM fuzz.accessor WHERE of = format('crm.%I', kind)::regtype;
    -- what summary_properties.sql says of this type
    properties := CASE WHEN to_regprocedure(format('fuzz.use(crm.%I)', kind)) IS NOT NULL THEN 'PERFORM fuzz.use(v);' ELSE '' END;
    EXECUTE format($create$
      CREATE TABLE fuzz.received_%1$s (v crm.%1$s);
      CREATE TABLE fuzz.other_%1$s (v crm.%1$s);
      CREATE FUNCTION fuzz.check_%1$s() RETURNS void LANGUAGE plpgsql AS $$
      DECLARE
        v crm.%1$s;
        again crm.%1$s;
        o crm.%1$s;
        x crm.%1$s;
        y crm.%1$s;
      BEGIN
        SELECT r.v INTO STRICT v FROM fuzz.received_%1$s AS r;
        again := v::text::crm.%1$s;
        IF NOT v = again OR v <> again OR v::text <> again::text OR %4$s(v) <> %4$s(again) OR encode(%4$s(v), 'hex') <> v::text THEN
          PERFORM fuzz.broken('another value through text', v::text, again::text);
        END IF;
        IF %2$s(v) <> %2$s(again) OR %3$s(v, 7) <> %3$s(again, 7) THEN
          PERFORM fuzz.broken('equal but of other hash', v::text);
        END IF;
        IF crm.rollup(v) <> v OR (SELECT crm.rollup(u) FROM (VALUES (NULL), (v), (NULL)) AS t (u)) <> v THEN
          PERFORM fuzz.broken('the rollup of one is another', v::text);
        END IF;
        FOR o IN SELECT r.v FROM fuzz.other_%1$s AS r LOOP
          BEGIN
            SELECT crm.rollup(u ORDER BY n), crm.rollup(u ORDER BY -n) INTO x, y FROM (VALUES (1, v), (2, o), (3, v)) AS t (n, u);
            IF x <> y OR x::text::crm.%1$s <> x THEN
              PERFORM fuzz.broken('a rollup that depends on the order', v::text, o::text);
            END IF;
          EXCEPTION WHEN SQLSTATE '22023' OR SQLSTATE '22003' OR SQLSTATE '54000' THEN NULL;
          END;
        END LOOP;
        %5$s
        %6$s
      END $$
      $create$, kind, fuzz.hash_function(kind, 1), fuzz.hash_function(kind, 2), (SELECT typsend FROM pg_type WHERE oid = format('crm.%I', kind)::regtype), calls, properties);
  END LOOP;
END
$do$;
