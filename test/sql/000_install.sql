-- The extension installs, and what it installs is explained and closed to strangers.
-- All later tests use this database.
CREATE EXTENSION dbinsight;

SELECT e.extversion = a.default_version AS default_version, n.nspname AS control_schema
FROM pg_extension e
JOIN pg_available_extensions a ON a.name = e.extname
JOIN pg_namespace n ON n.oid = e.extnamespace
WHERE e.extname = 'dbinsight';

-- Everything lies in the schema dbinsight.
SELECT pg_describe_object(d.classid, d.objid, d.objsubid) AS outside
FROM pg_depend d
LEFT JOIN pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid
LEFT JOIN pg_proc p ON d.classid = 'pg_proc'::regclass AND p.oid = d.objid
LEFT JOIN pg_type t ON d.classid = 'pg_type'::regclass AND t.oid = d.objid
WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
  AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'dbinsight')
  AND coalesce(c.relnamespace, p.pronamespace, t.typnamespace) <> 'dbinsight'::regnamespace
ORDER BY 1;

-- What is public (its name does not begin with _) has a comment; these have none:
SELECT o.kind, o.name
FROM (
  SELECT CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table' ELSE 'table' END,
         c.relname::text, obj_description(c.oid, 'pg_class')
  FROM pg_class c
  WHERE c.relnamespace = 'dbinsight'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
  UNION ALL
  SELECT 'function', format('%s(%s)', p.proname, pg_get_function_identity_arguments(p.oid)), obj_description(p.oid, 'pg_proc')
  FROM pg_proc p
  WHERE p.pronamespace = 'dbinsight'::regnamespace
  UNION ALL
  SELECT 'type', t.typname::text, obj_description(t.oid, 'pg_type')
  FROM pg_type t
  LEFT JOIN pg_class c ON c.oid = t.typrelid
  WHERE t.typnamespace = 'dbinsight'::regnamespace AND (t.typtype IN ('e', 'd', 'r') OR c.relkind = 'c')
) o (kind, name, comment)
WHERE o.name NOT LIKE '\_%' AND coalesce(o.comment, '') = ''
ORDER BY o.kind COLLATE "C", o.name COLLATE "C";

-- Nothing may be called or read by PUBLIC, internal or not.
SELECT p.oid::regprocedure::text AS callable_by_public
FROM pg_proc p
CROSS JOIN LATERAL aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
WHERE p.pronamespace = 'dbinsight'::regnamespace AND a.grantee = 0
ORDER BY 1;

SELECT c.oid::regclass::text AS open_to_public, a.privilege_type
FROM pg_class c
CROSS JOIN LATERAL aclexplode(coalesce(c.relacl, acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner))) a
WHERE c.relnamespace = 'dbinsight'::regnamespace AND a.grantee = 0
ORDER BY 1, 2;

SELECT has_schema_privilege('public', 'dbinsight', 'CREATE') AS public_may_create;

-- A function that runs with its owner's rights has its search_path pinned.
SELECT p.oid::regprocedure::text AS unpinned_definer
FROM pg_proc p
WHERE p.pronamespace = 'dbinsight'::regnamespace AND p.prosecdef
  AND NOT EXISTS (SELECT FROM unnest(p.proconfig) setting WHERE setting LIKE 'search\_path=%')
ORDER BY 1;
