-- What is left to the warehouse, as src/databricks/PUSHDOWN.md has it: make docs makes that page of this output.
\pset tuples_only on
\pset format unaligned
SELECT '| kind | in Postgres | in Databricks SQL | when |' UNION ALL SELECT '| --- | --- | --- | --- |';
SELECT format('| %s | `%s` | %s | %s |', p.kind, replace(p.local, '|', '\|'), '`' || replace(p.remote, '|', '\|') || '`', coalesce(replace(p.note, '|', '\|'), ''))
FROM dbinsight.databricks_pushdown p ORDER BY p.kind COLLATE "C", p.local COLLATE "C", p.remote COLLATE "C";
