-- Lineage, grants and documentation over a hand-made account. The clock stands at Monday 2025-03-10 12:00 UTC.
BEGIN;
SET LOCAL dbinsight.now = '2025-03-10 12:00:00+00';
SELECT count(*) FROM dbinsight.get_table_lineage('fact_usage');
SELECT count(*) FROM dbinsight.get_access_grants();
SELECT count(*) FROM dbinsight.get_metadata_quality();

-- A raw -> clean -> fact chain with a short cut raw -> fact, a mart behind it, and a cycle mart -> raw.
-- 03-10 08:00 is today, 12-10 12:00 exactly 90 days ago, 12-10 11:59 just outside.
SELECT dbinsight._ensure_partitions('fact_table_lineage', '2024-12-01', '2025-03-10');
INSERT INTO dbinsight.fact_table_lineage (record_id, event_id, workspace_id, entity_type, entity_id, source_table_full_name, target_table_full_name, created_by, event_time) VALUES
	('r1', 'v1', 'w1', 'JOB', 'j1', 'main.bronze.raw', 'main.silver.clean', 'svc', '2025-03-08 01:00+00'),
	('r2', 'v2', 'w1', 'JOB', 'j1', 'main.bronze.raw', 'main.silver.clean', 'svc', '2025-03-10 08:00+00'),
	('r3', 'v3', 'w1', 'PIPELINE', 'p1', 'main.silver.clean', 'main.gold.fact_usage', 'svc', '2025-03-09 01:00+00'),
	('r4', 'v4', 'w1', 'NOTEBOOK', 'n1', 'main.silver.clean', 'main.gold.fact_usage', 'svc', '2025-03-08 01:00+00'),
	('r5', 'v5', 'w1', 'NOTEBOOK', 'n1', 'main.bronze.raw', 'main.gold.fact_usage', 'svc', '2025-02-01 01:00+00'),
	('r6', 'v6', 'w1', 'JOB', 'j2', 'main.gold.fact_usage', 'main.mart.cost', 'svc', '2025-03-09 02:00+00'),
	('r6b', 'v6', 'w1', 'JOB', 'j2', 'main.gold.fact_usage', 'main.mart.cost', 'svc', '2025-03-09 02:00+00'),
	('r7', 'v7', 'w1', 'JOB', 'j3', 'main.mart.cost', 'main.bronze.raw', 'svc', '2024-12-10 12:00+00'),
	('r8', 'v8', 'w1', 'JOB', 'j3', 'main.mart.cost', 'main.mart.late', 'svc', '2024-12-10 11:59+00'),
	('r9', 'v9', 'w1', 'JOB', 'j3', 'main.mart.cost', 'main.mart.cost', 'svc', '2025-03-01 11:59+00'),
	('r10', 'v10', 'w1', 'JOB', 'j3', 'main.mart.cost', 'main.mart.future', 'svc', '2025-03-10 12:00+00'),
	('r11', 'v11', 'w1', 'DBSQL_QUERY', NULL, 'main.gold.fact_usage', NULL, 'ana@x.com', '2025-03-05 10:00+00');
SELECT dbinsight._refresh_derived('fact_table_lineage', '2024-12-01', '2025-03-11');
SELECT event_date, source_table_full_name, target_table_full_name, entity_id, events FROM dbinsight.rollup_lineage_daily
WHERE event_date >= '2025-03-08' ORDER BY event_date, source_table_full_name COLLATE "C", target_table_full_name COLLATE "C", entity_id COLLATE "C";
INSERT INTO dbinsight.dim_table (snapshot_date, table_catalog, table_schema, table_name, table_type, table_owner, comment) VALUES
	('2025-03-10', 'main', 'bronze', 'raw', 'MANAGED', 'etl', 'raw rows'), ('2025-03-10', 'main', 'gold', 'fact_usage', 'MANAGED', 'ana@x.com', ' '),
	('2025-03-10', 'main', 'gold', 'customer_pii', 'MANAGED', 'ana@x.com', 'customers'), ('2025-03-10', 'main', 'gold', 'orphan', 'VIEW', NULL, NULL),
	('2025-03-10', 'main', 'information_schema', 'tables', 'VIEW', NULL, NULL), ('2025-03-09', 'main', 'gold', 'dropped', 'MANAGED', NULL, NULL);
INSERT INTO dbinsight.dim_job (workspace_id, job_id, job_name, change_time) VALUES ('w1', 'j1', 'clean_up', '2025-01-01'), ('w2', 'j2', 'other', '2025-01-01');

-- Up: clean and raw at depth 1 (raw by its short cut, though also two steps away), cost at 2 through the cycle. Down: cost 1, raw 2, clean 3.
-- clean -> fact has two events, the newest of the pipeline; v6 came as two rows and is one event.
SELECT * FROM dbinsight.get_table_lineage('fact_usage');
SELECT depth, table_full_name, parent_table FROM dbinsight.get_table_lineage('MAIN.gold.Fact_Usage', 'upstream', 1);
SELECT direction, depth, table_full_name FROM dbinsight.get_table_lineage('gold.fact_usage', 'downstream', 20);
-- within 9 days neither the short cut nor the cycle is there
SELECT direction, depth, table_full_name FROM dbinsight.get_table_lineage('fact_usage', 'both', 3, 9);
-- the window is rolling: one hour of today and yesterday afternoon
SELECT direction, depth, table_full_name, events FROM dbinsight.get_table_lineage('clean', 'both', 3, 1);
SELECT count(*) FROM dbinsight.get_table_lineage('usage');
SELECT count(*) FROM dbinsight.get_table_lineage(NULL);
SAVEPOINT a;
SELECT * FROM dbinsight.get_table_lineage('fact_usage', 'sideways');
ROLLBACK TO a;
SELECT * FROM dbinsight.get_table_lineage('fact_usage', 'both', 0);
ROLLBACK TO a;

-- Grants. customer_pii is sensitive by name. Its own: SELECT to a person, to everybody, to an application and to a group, ALL PRIVILEGES to
-- the group; MODIFY and USE SCHEMA of the schema (only the first reaches data); SELECT of the catalog again to the person (the nearer one counts).
INSERT INTO dbinsight.dim_grant (snapshot_date, object_type, object_full_name, grantee, privilege_type, inherited_from, grantor) VALUES
	('2025-03-10', 'TABLE', 'main.gold.customer_pii', 'ana@x.com', 'SELECT', 'NONE', 'root'),
	('2025-03-10', 'TABLE', 'main.gold.customer_pii', 'account users', 'SELECT', 'SCHEMA', 'root'),
	('2025-03-10', 'TABLE', 'main.gold.customer_pii', '0a1b2c3d-0000-4000-8000-00000000000a', 'SELECT', 'NONE', 'root'),
	('2025-03-10', 'TABLE', 'main.gold.customer_pii', 'analysts', 'ALL_PRIVILEGES', 'NONE', 'root'),
	('2025-03-10', 'SCHEMA', 'main.gold', 'svc-etl', 'MODIFY', 'NONE', 'root'),
	('2025-03-10', 'SCHEMA', 'main.gold', 'svc-etl', 'USE_SCHEMA', 'NONE', 'root'),
	('2025-03-10', 'CATALOG', 'main', 'ana@x.com', 'SELECT', 'NONE', 'root'),
	('2025-03-09', 'TABLE', 'main.gold.customer_pii', 'gone@x.com', 'SELECT', 'NONE', 'root'),
	('2025-03-10', 'TABLE', 'main.gold.fact_usage', 'bob@x.com', 'SELECT', 'NONE', 'root');
-- ana read it on 03-01, read through a view on 03-05 (not she herself), wrote it on 03-02; svc-etl wrote on 03-04.
INSERT INTO dbinsight.fact_table_lineage (record_id, event_id, workspace_id, source_table_full_name, target_table_full_name, created_by, event_time, direct_access) VALUES
	('g1', 'g1', 'w1', 'main.gold.customer_pii', NULL, 'Ana@x.com', '2025-03-01 09:00+00', true),
	('g2', 'g2', 'w1', 'main.gold.customer_pii', NULL, 'ana@x.com', '2025-03-05 09:00+00', false),
	('g3', 'g3', 'w1', NULL, 'main.gold.customer_pii', 'ana@x.com', '2025-03-02 09:00+00', true),
	('g4', 'g4', 'w1', NULL, 'main.gold.customer_pii', 'svc-etl', '2025-03-04 09:00+00', true);
SELECT dbinsight._refresh_derived('fact_table_lineage', '2025-03-01', '2025-03-11');
SELECT dbinsight._ensure_partitions('fact_audit_logs', '2025-01-01', '2025-03-10');
-- Given twice to ana (the newer counts), tried in vain for analysts, once not JSON; the schema's grant to svc-etl.
INSERT INTO dbinsight.fact_audit_logs (event_id, event_time, service_name, action_name, category, base_severity, status_code, user_identity_email, request_params) VALUES
	('a1', '2025-01-05 10:00+00', 'unityCatalog', 'updatePermissions', 'permission', 'medium', 200, 'root@x.com', '{"securable_full_name": "main.gold.customer_pii", "changes": "[{\"principal\": \"ana@x.com\", \"add\": [\"SELECT\"]}]"}'),
	('a2', '2025-02-05 10:00+00', 'unityCatalog', 'updatePermissions', 'permission', 'medium', 200, 'boss@x.com', '{"securable_full_name": "main.gold.customer_pii", "changes": "[{\"principal\": \"ana@x.com\", \"add\": [\"SELECT\", \"MODIFY\"], \"remove\": []}]"}'),
	('a3', '2025-02-06 10:00+00', 'unityCatalog', 'updatePermissions', 'permission', 'medium', 403, 'boss@x.com', '{"securable_full_name": "main.gold.customer_pii", "changes": "[{\"principal\": \"analysts\", \"add\": [\"ALL_PRIVILEGES\"]}]"}'),
	('a4', '2025-02-07 10:00+00', 'unityCatalog', 'updatePermissions', 'permission', 'medium', 200, 'boss@x.com', '{"securable_full_name": "main.gold.customer_pii", "changes": "[{not json"}'),
	('a5', '2025-02-08 10:00+00', 'unityCatalog', 'updatePermissions', 'permission', 'medium', 200, 'boss@x.com', '{"securable_full_name": "main.gold.customer_pii", "changes": "[3, {\"principal\": \"x\"}]"}'),
	('a6', '2025-02-09 10:00+00', 'unityCatalog', 'updatePermissions', 'permission', 'medium', 200, 'root@x.com', '{"securable_full_name": "main.gold", "changes": "[{\"principal\": \"svc-etl\", \"add\": [\"MODIFY\"]}]"}');
-- ana's SELECT: last read 03-01, 9 days; ownership: newest of read 03-01 and write 03-02, 8 days; svc-etl acts under that name, so it is no group.
SELECT * FROM dbinsight.get_access_grants();
SELECT table_full_name, grantee, privilege_type, inherited_from FROM dbinsight.get_access_grants('fact_usage');
SELECT count(*) FROM dbinsight.get_access_grants('no_such_table');

-- Documentation. gold: three tables; comments 1 (a blank is none), owners 2, tags: one by the table, none else; columns 4, one described;
-- lineage 2 (fact_usage, customer_pii). 30/3 + 20 x 2/3 + 20 x 1/4 + 15/3 + 15 x 2/3 = 10 + 13.33 + 5 + 5 + 10 = 43.33.
-- bronze: comment, owner, tag of the schema, lineage, all of one column: 100.
INSERT INTO dbinsight.dim_column (snapshot_date, table_catalog, table_schema, table_name, column_name, comment) VALUES
	('2025-03-10', 'main', 'gold', 'fact_usage', 'id', NULL), ('2025-03-10', 'main', 'gold', 'fact_usage', 'cost', 'dollars'),
	('2025-03-10', 'main', 'gold', 'customer_pii', 'id', ''), ('2025-03-10', 'main', 'gold', 'customer_pii', 'email', NULL),
	('2025-03-10', 'main', 'bronze', 'raw', 'line', 'as it came'), ('2025-03-09', 'main', 'gold', 'orphan', 'x', 'y');
INSERT INTO dbinsight.dim_tag (snapshot_date, level, object_full_name, column_name, tag_name, tag_value) VALUES
	('2025-03-10', 'table', 'main.gold.customer_pii', '', 'pii', 'true'), ('2025-03-10', 'schema', 'main.bronze', '', 'layer', 'bronze'),
	('2025-03-10', 'column', 'main.gold.fact_usage', 'cost', 'unit', 'usd'), ('2025-03-09', 'catalog', 'main', '', 'env', 'prod');
INSERT INTO dbinsight.fact_data_classification (table_id, catalog_name, schema_name, table_name, column_name, class_tag, confidence) VALUES
	('t1', 'main', 'gold', 'customer_pii', 'email', 'class.email_address', 'HIGH');
SELECT dbinsight._refresh_derived('dim_column', '2025-03-01', '2025-03-11');
SELECT * FROM dbinsight.get_metadata_quality();
SELECT schema_full_name FROM dbinsight.get_metadata_quality('Bronze');
-- no columns known: no score
DELETE FROM dbinsight.dim_column;
SELECT dbinsight._refresh_derived('dim_column', '2025-03-01', '2025-03-11');
SELECT schema_full_name, column_comment_pct, metadata_score FROM dbinsight.get_metadata_quality('main.gold');
ROLLBACK;
