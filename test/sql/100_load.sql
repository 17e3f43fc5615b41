-- One way in: typing, validation, de-duplication. Everything is rolled back.
\set VERBOSITY terse
BEGIN;
SET LOCAL dbinsight.now = '2025-03-10 12:00:00+00';

-- Types as Databricks prints them: numbers as strings or numbers, structs as
-- objects or their JSON text, times with and without zone, unknown fields kept.
SELECT dbinsight.load_rows('system.billing.list_prices', '[
 {"sku_name": "JOBS", "cloud": "AWS", "usage_unit": "DBU", "currency_code": "USD", "price_start_time": "2024-01-01T00:00:00.000Z",
  "price_end_time": "2025-03-05T00:00:00Z", "pricing": {"default": "0.20", "effective_list": {"default": "0.15"}}},
 {"sku_name": "JOBS", "cloud": "AWS", "usage_unit": "DBU", "currency_code": "USD", "price_start_time": "2025-03-05T00:00:00Z",
  "price_end_time": null, "pricing": "{\"default\": \"0.30\"}"}]');
SELECT dbinsight.load_rows('system.billing.usage', '[
 {"record_id": "u1", "workspace_id": 1001, "sku_name": "JOBS", "cloud": "aws", "usage_unit": "DBU", "usage_quantity": "10.000000000000000001",
  "usage_start_time": "2025-03-04T22:00:00.123456Z", "usage_end_time": "2025-03-04 23:00:00", "usage_date": "2025-03-04",
  "record_type": "ORIGINAL", "ingestion_date": "2025-03-05", "custom_tags": {"team": "data"},
  "usage_metadata": "{\"job_id\": 7, \"job_run_id\": \"70\", \"new_member\": true}",
  "identity_metadata": {"run_as": "ann@company.com"}, "product_features": {"is_serverless": "true"}, "brand_new": [1, 2]},
 {"record_id": "u2", "workspace_id": "1001", "sku_name": "JOBS", "cloud": "AWS", "usage_unit": "DBU", "usage_quantity": 10,
  "usage_start_time": 1741129200000, "usage_end_time": "2025-03-05T01:30:00+01:00", "usage_date": "2025-03-05", "record_type": "ORIGINAL"},
 {"record_id": "u3", "sku_name": "FREE_USAGE", "cloud": "AWS", "usage_unit": "DBU", "usage_quantity": 5,
  "usage_end_time": "2025-03-05T01:00:00Z", "usage_date": "2025-03-05"}]');
-- u1 ended before the price change: 0.15; u2 ended 00:30 UTC on 5 March, after it: the default 0.30; u3 has no price.
SELECT record_id, usage_quantity, usage_start_time, usage_end_time, list_price, list_cost, price_found, owner, owner_type,
	resource_type, resource_id, is_tagged, is_serverless, extra
FROM dbinsight.fact_usage ORDER BY record_id COLLATE "C";

-- The same rows again change nothing.
SELECT dbinsight.load_rows('system.billing.usage', (SELECT jsonb_agg(jsonb_build_object('record_id', record_id, 'workspace_id', workspace_id,
	'sku_name', sku_name, 'cloud', cloud, 'usage_unit', usage_unit, 'usage_quantity', usage_quantity, 'usage_end_time', usage_end_time,
	'usage_date', usage_date)) FROM dbinsight.fact_usage WHERE record_id = 'u3'));
-- A record whose figure changed replaces the old one, also when its month differs.
SELECT dbinsight.load_rows('system.billing.usage', '[{"record_id": "u3", "sku_name": "JOBS", "cloud": "AWS", "usage_unit": "DBU", "usage_quantity": 2,
  "usage_end_time": "2025-02-28T01:00:00Z", "usage_date": "2025-02-28"}]');
SELECT record_id, usage_date, usage_quantity, list_cost FROM dbinsight.fact_usage WHERE record_id = 'u3';

-- A correction is a pair of rows: the sum is the restated figure, 4 x 0.30 = 1.2.
SELECT dbinsight.load_rows('system.billing.usage', '[
 {"record_id": "c1", "sku_name": "JOBS", "cloud": "AWS", "usage_unit": "DBU", "usage_quantity": "9", "usage_end_time": "2025-03-06T01:00:00Z", "usage_date": "2025-03-06", "record_type": "ORIGINAL"},
 {"record_id": "c2", "sku_name": "JOBS", "cloud": "AWS", "usage_unit": "DBU", "usage_quantity": "-9", "usage_end_time": "2025-03-06T01:00:00Z", "usage_date": "2025-03-06", "record_type": "RETRACTION"},
 {"record_id": "c3", "sku_name": "JOBS", "cloud": "AWS", "usage_unit": "DBU", "usage_quantity": "4", "usage_end_time": "2025-03-06T01:00:00Z", "usage_date": "2025-03-06", "record_type": "RESTATEMENT"}]');
SELECT count(*), sum(list_cost) FROM dbinsight.fact_usage WHERE usage_date = '2025-03-06';

-- A new price re-prices what it covers: u2 and the correction at 0.50.
SELECT dbinsight.load_rows('system.billing.list_prices', '[
 {"sku_name": "JOBS", "cloud": "AWS", "usage_unit": "DBU", "currency_code": "USD", "price_start_time": "2025-03-05T00:00:00Z", "pricing": {"default": 0.5}}]');
SELECT record_id, list_cost FROM dbinsight.fact_usage WHERE record_id IN ('u1', 'u2', 'c3') ORDER BY 1;

-- Bad rows are set aside, each with its reason; the good one lands.
SELECT dbinsight.load_rows('system.query.history', '[
 {"statement_id": "q1", "start_time": "2025-03-01T10:00:00Z", "update_time": "2025-03-01T10:05:00Z", "total_duration_ms": "1500", "read_io_cache_percent": 12, "query_parameters": {"secret": 1}},
 {"statement_id": "q2", "start_time": "yesterday"},
 {"statement_id": "q3", "start_time": "2025-02-29T00:00:00Z"},
 {"statement_id": "q4", "start_time": "2025-03-01T10:00:00Z", "total_duration_ms": 1.5},
 {"statement_id": "q5", "start_time": "2025-03-01T10:00:00Z", "total_duration_ms": 99999999999999999999},
 {"statement_id": "q6", "start_time": "2025-03-01T10:00:00Z", "from_result_cache": "perhaps", "query_parameters": {"secret": 2}},
 {"statement_id": "q7", "start_time": "2025-03-01T10:00:00Z", "compute": "not an object"},
 {"statement_id": "q8", "start_time": "2101-01-01T00:00:00Z"},
 {"start_time": "2025-03-01T10:00:00Z"},
 "text", 4, null, [1]]');
SELECT reason, "row" FROM dbinsight.rejected_rows ORDER BY id;
SELECT statement_id, total_duration_ms, read_io_cache_percent, extra FROM dbinsight.fact_query_history;

-- The newer version of a statement wins, whichever comes last.
SELECT dbinsight.load_rows('system.query.history', '[{"statement_id": "q1", "start_time": "2025-03-01T10:00:00Z", "update_time": "2025-03-01T10:09:00Z", "total_duration_ms": 1700}]');
SELECT dbinsight.load_rows('system.query.history', '[{"statement_id": "q1", "start_time": "2025-03-01T10:00:00Z", "update_time": "2025-03-01T10:05:00Z", "total_duration_ms": 1500}]');
SELECT total_duration_ms FROM dbinsight.fact_query_history;

-- One batch with a key twice: the later row of a snapshot, the newer event of the audit log.
SELECT dbinsight.load_rows('system.access.workspaces_latest', '[{"workspace_id": "1", "workspace_name": "first"}, {"workspace_id": "1", "workspace_name": "second"}]');
SELECT workspace_name FROM dbinsight.dim_workspace;
SELECT dbinsight.load_rows('system.access.audit', '[
 {"event_id": "e1", "event_time": "2025-03-01T10:00:00Z", "action_name": "login"},
 {"event_id": "e1", "event_time": "2025-03-02T10:00:00Z", "action_name": "login"},
 {"event_id": "e1", "event_time": "2025-02-02T10:00:00Z", "action_name": "login"}]');
SELECT dbinsight.load_rows('system.access.audit', '[{"event_id": "e1", "event_time": "2025-04-01T10:00:00Z", "action_name": "login"}]');
SELECT event_time, event_date, category, base_severity FROM dbinsight.fact_audit_logs;

-- Labels: a seeded pair wins over the action; some depend on the parameters; deletions are destructive.
SELECT a, s, p, (dbinsight._audit_label(s, a, p::jsonb)).*
FROM (VALUES ('login', 'accounts', NULL), ('create', 'globalInitScripts', NULL), ('create', 'clusters', NULL),
	('addPrincipalToGroup', 'accounts', '{"targetGroupName": "Admins"}'), ('addPrincipalToGroup', 'accounts', '{"targetGroupName": "readers"}'),
	('deleteVolume', 'unityCatalog', NULL), ('fileDelete', 'workspace', NULL), ('downloadQueryResult', 'databrickssql', '{"fileType": "arrows"}'),
	('downloadQueryResult', 'databrickssql', '{"fileType": "csv"}'), ('generateTemporaryTableCredential', 'unityCatalog', '{"operation": "READ_WRITE"}'),
	('generateTemporaryTableCredential', 'unityCatalog', '{"operation": "WRITE"}'), ('somethingNew', 'x', NULL)) v(a, s, p);

-- Addresses and identities.
SELECT dbinsight.load_rows('system.access.audit', '[
 {"event_id": "i1", "event_time": "2025-03-03T00:00:00Z", "source_ip_address": "8.8.8.8:443", "user_identity": {"email": "Ann@Company.com"}, "workspace_id": "0", "request_params": {"workspace_id": "77"}},
 {"event_id": "i2", "event_time": "2025-03-03T00:00:00Z", "source_ip_address": "[2001:db9::1]:22", "user_identity": {"email": null, "subjectName": "12345678-1234-1234-1234-123456789012"}},
 {"event_id": "i3", "event_time": "2025-03-03T00:00:00Z", "source_ip_address": "0.0.0.0", "user_identity": {"email": "System-User"}, "response": {"statusCode": 403}},
 {"event_id": "i4", "event_time": "2025-03-03T00:00:00Z", "source_ip_address": "not an address", "user_identity": null, "request_params": {"user": "bob@x.org"}, "response": {"status_code": "500"}}]');
SELECT event_id, source_ip, user_email, user_type, workspace_id, is_failed, is_denied FROM dbinsight.fact_audit_logs WHERE event_id LIKE 'i_' ORDER BY 1;

-- A change log: versions end where the next begins, also when one arrives late.
SELECT dbinsight.load_rows('system.compute.clusters', '[{"workspace_id": 1, "cluster_id": "c", "change_time": "2025-01-01T00:00:00Z", "worker_count": "2"},
 {"workspace_id": "1", "cluster_id": "c", "change_time": "2025-02-01T00:00:00Z", "worker_count": 4}]');
SELECT dbinsight.load_rows('system.compute.clusters', '[{"workspace_id": "1", "cluster_id": "c", "change_time": "2025-01-15T00:00:00Z", "worker_count": 3}]');
SELECT valid_from, valid_to, is_current, worker_count FROM dbinsight.dim_cluster ORDER BY 1;

-- Names put together, constants, normalisation.
SELECT dbinsight.load_rows('system.information_schema.table_privileges', '[{"grantor": "o", "grantee": "account users", "table_catalog": "main", "table_schema": "hr", "table_name": "salaries", "privilege_type": "all privileges", "is_grantable": "NO"}]');
SELECT snapshot_date, object_type, object_full_name, grantee, privilege_type, inherited_from, extra FROM dbinsight.dim_grant;
SELECT dbinsight.load_rows('system.lakeflow.job_run_timeline', '[{"workspace_id": 1, "job_id": 2, "run_id": 3, "period_start_time": "2025-03-01T00:00:00Z", "period_end_time": "2025-03-01T00:10:00Z", "result_state": "SUCCESS", "compute_ids": "[\"a\", \"b\"]"}]');
SELECT result_state, compute_ids FROM dbinsight.fact_job_run_timeline;
SELECT run_id, result_state, duration_s, compute_ids FROM dbinsight.job_run;

-- What was loaded is booked.
SELECT source, rows_read, rows_written, rows_rejected, first_event, last_event FROM dbinsight.ingest_log ORDER BY id;
SELECT source_table, watermark, last_event_time, rows_24h FROM dbinsight.ingest_status WHERE last_loaded_at IS NOT NULL ORDER BY source_table COLLATE "C";

-- Errors that name what to do.
\set VERBOSITY default
\set SHOW_CONTEXT never
SAVEPOINT s;
SELECT dbinsight.load_rows('system.acces.audit', '[]'); ROLLBACK TO s;
SELECT dbinsight.load_rows('audit', '[]'); ROLLBACK TO s;
SELECT dbinsight.load_rows('zzzzzzzzzzzzz', '[]'); ROLLBACK TO s;
SELECT dbinsight.load_rows('system.access.audit', '3'); ROLLBACK TO s;
SELECT dbinsight.load_rows('system.access.audit', '[{"event_id": }]'); ROLLBACK TO s;
SELECT dbinsight.load_rows(NULL, '[]'); ROLLBACK TO s;
SELECT dbinsight.load_rows('system.access.audit', NULL); ROLLBACK TO s;
SELECT dbinsight.load_rows('system.access.audit', '[]');
ROLLBACK;

-- Nothing is left; partitions of the far past go with the retention.
SELECT count(*) FROM dbinsight.fact_audit_logs;
BEGIN;
SET LOCAL dbinsight.now = '2025-03-10 12:00:00+00';
SELECT dbinsight.load_rows('system.access.audit', '[{"event_id": "old", "event_time": "2009-02-13T23:31:30Z"}, {"event_id": "edge", "event_time": "2024-02-01T00:00:00Z"}, {"event_id": "new", "event_time": "2025-03-01T00:00:00Z"}]');
-- 400 days before 10 March 2025 12:00 is 4 February 2024 12:00.
SELECT * FROM dbinsight.apply_retention();
SELECT event_id FROM dbinsight.fact_audit_logs;
ROLLBACK;
