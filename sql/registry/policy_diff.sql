-- What differs between two documents. Objects are compared key by key. Elements of lists are matched by their name, label, code, attribute or
-- condition ("when"), and by their place where they have none of these; lists of plain values are compared whole. What is only on one side
-- is one row with all that it holds.
CREATE FUNCTION document_diff_descends(a jsonb, b jsonb)
RETURNS bool
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT coalesce(CASE pg_catalog.jsonb_typeof(document_diff_descends.a)
    WHEN 'object' THEN pg_catalog.jsonb_typeof(document_diff_descends.b) = 'object'
    WHEN 'array' THEN pg_catalog.jsonb_path_exists(document_diff_descends.a, 'strict $[*] ? (@.type() == "object")', silent => true)
      AND pg_catalog.jsonb_path_exists(document_diff_descends.b, 'strict $[*] ? (@.type() == "object")', silent => true) END, false);
END;

COMMENT ON FUNCTION document_diff_descends(jsonb, jsonb) IS
  'Whether document_diff compares the parts of two values: both are objects, or lists that hold objects';

CREATE FUNCTION document_diff(a jsonb, b jsonb)
RETURNS TABLE (path text, change text, before jsonb, after jsonb)
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 1000 ROWS 20
BEGIN ATOMIC
  WITH RECURSIVE pair AS (
    SELECT ''::text AS path, ARRAY[]::int[] AS place, document_diff.a, document_diff.b, NULL::int AS place_before, NULL::int AS place_after
    UNION ALL
    SELECT p.path || CASE WHEN n.is_list THEN pg_catalog.format('[%s]', c.key) WHEN p.path = '' THEN c.key ELSE '.' || c.key END,
      p.place || coalesce(c.place_after, c.place_before), c.a, c.b, CASE WHEN c.moved THEN c.place_before END, CASE WHEN c.moved THEN c.place_after END
    FROM pair AS p
    CROSS JOIN LATERAL (SELECT pg_catalog.jsonb_typeof(p.a) = 'array' AS is_list) AS n
    CROSS JOIN LATERAL (
      WITH child AS (
        SELECT s.side, e.key, e.value, e.place::int AS place
        FROM (VALUES (1, p.a), (2, p.b)) AS s (side, value)
        CROSS JOIN LATERAL pg_catalog.jsonb_each(CASE WHEN NOT n.is_list THEN s.value ELSE '{}' END) WITH ORDINALITY AS e (key, value, place)
        UNION ALL
        SELECT s.side, CASE WHEN pg_catalog.jsonb_typeof(e.value) = 'object' THEN coalesce(e.value ->> 'name', e.value ->> 'label', e.value ->> 'code',
          e.value ->> 'attribute', (e.value -> 'when')::text) END, e.value, e.place::int
        FROM (VALUES (1, p.a), (2, p.b)) AS s (side, value)
        CROSS JOIN LATERAL pg_catalog.jsonb_array_elements(CASE WHEN n.is_list THEN s.value ELSE '[]' END) WITH ORDINALITY AS e (value, place)
      ), matched AS (           -- the second element of a name is matched with the second
        SELECT c.side, c.value, c.place, c.key IS NOT NULL AND n.is_list AS is_named,
          CASE WHEN c.key IS NULL THEN c.place::text WHEN c.copy = 1 THEN c.key ELSE pg_catalog.format('%s #%s', c.key, c.copy) END AS key
        FROM (SELECT c.*, pg_catalog.row_number() OVER (PARTITION BY c.side, c.key ORDER BY c.place) AS copy FROM child AS c) AS c
      ), common AS (            -- rank among what both sides have, so that an added element moves nothing
        SELECT m.*, pg_catalog.row_number() OVER (PARTITION BY m.side, EXISTS (
          SELECT FROM matched AS o WHERE o.key = m.key AND o.side <> m.side) ORDER BY m.place) AS rank
        FROM matched AS m
      )
      SELECT coalesce(a.key, b.key) AS key, a.value AS a, b.value AS b, a.place AS place_before, b.place AS place_after,
        coalesce(a.is_named AND b.is_named AND a.rank <> b.rank, false) AS moved
      FROM (SELECT c.* FROM common AS c WHERE c.side = 1) AS a
      FULL JOIN (SELECT c.* FROM common AS c WHERE c.side = 2) AS b ON b.key = a.key) AS c
    WHERE document_diff_descends(p.a, p.b) AND p.a <> p.b AND (c.a IS DISTINCT FROM c.b OR c.moved)
  )
  SELECT p.path, c.change, c.before, c.after
  FROM pair AS p
  CROSS JOIN LATERAL (
    SELECT CASE WHEN p.a IS NULL THEN 'added' WHEN p.b IS NULL THEN 'removed' ELSE 'changed' END AS change, p.a AS before, p.b AS after
    WHERE p.a IS DISTINCT FROM p.b AND NOT document_diff_descends(p.a, p.b)
    UNION ALL
    SELECT 'moved', pg_catalog.to_jsonb(p.place_before), pg_catalog.to_jsonb(p.place_after)
    WHERE p.place_before IS NOT NULL) AS c
  ORDER BY p.place, p.path COLLATE "C", c.change;
END;

COMMENT ON FUNCTION document_diff(jsonb, jsonb) IS
  'What differs between two JSON documents: path, change (added, removed, changed, moved), before and after (the places of what moved). Elements of '
  'lists are matched by name, label, code, attribute or condition where they have one';

-- One function for policies of every kind. PostgreSQL wants the body of a polymorphic function as a string.
CREATE FUNCTION policy_diff(a anyelement, b anyelement)
RETURNS TABLE (path text, change text, before jsonb, after jsonb)
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 1000 ROWS 20
SET search_path = pg_catalog, pg_temp
AS $policy_diff$
  SELECT d.path, d.change, d.before, d.after FROM @extschema@.document_diff($1::text::jsonb, $2::text::jsonb) AS d
$policy_diff$;

COMMENT ON FUNCTION policy_diff(anyelement, anyelement) IS
  'What differs between two policies of one type: path, change (added, removed, changed, moved), before and after';
