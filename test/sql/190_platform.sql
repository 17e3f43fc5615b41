-- Alerts, ingestion status, health of the account. The clock stands at Monday 2025-03-10 12:00 UTC.
BEGIN;
SET LOCAL dbinsight.now = '2025-03-10 12:00:00+00';

-- Nothing loaded: no score anywhere, and every domain says what is missing.
SELECT domain, score, status, inputs_present, prior_score, top_issue FROM dbinsight.get_platform_health();
SELECT status, count(*) > 30 AS all_sources FROM dbinsight.get_ingestion_status() GROUP BY status;
SELECT count(*) FROM dbinsight.get_active_alerts();

-- Alerts: resolved, and those that fire later, are not active.
INSERT INTO dbinsight.alert_rules (id, name, query, domain) VALUES ('00000000-0000-4000-8000-000000000001', 'Spend', 'SELECT 1', 'cost');
INSERT INTO dbinsight.alert_events (id, rule_id, domain, severity, status, fired_at, last_seen_at, resolved_at, value, threshold, message) VALUES
	('00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-000000000001', NULL, 'high', 'FIRING', '2025-03-10 10:30+00', '2025-03-10 11:00+00', NULL, 12, 10, 'much'),
	('00000000-0000-4000-8000-00000000000b', NULL, 'security', 'critical', 'ACKNOWLEDGED', '2025-03-09 12:00+00', '2025-03-10 11:00+00', NULL, NULL, NULL, NULL),
	('00000000-0000-4000-8000-00000000000c', NULL, 'security', 'critical', 'RESOLVED', '2025-03-09 12:00+00', '2025-03-10 11:00+00', '2025-03-10 11:00+00', NULL, NULL, NULL),
	('00000000-0000-4000-8000-00000000000d', NULL, 'security', 'critical', 'FIRING', '2025-03-10 12:01+00', '2025-03-10 12:01+00', NULL, NULL, NULL, NULL),
	('00000000-0000-4000-8000-00000000000e', NULL, 'quality', 'low', 'FIRING', '2025-03-10 11:00+00', '2025-03-10 11:00+00', NULL, NULL, NULL, NULL);
SELECT right(alert_id::text, 1) AS alert, rule_name, domain, severity, status, age_min, value, threshold, message, occurrence_count FROM dbinsight.get_active_alerts();
SELECT right(alert_id::text, 1) AS alert FROM dbinsight.get_active_alerts('high');
SELECT right(alert_id::text, 1) AS alert FROM dbinsight.get_active_alerts(NULL, 'Cost');
SAVEPOINT a;
SELECT * FROM dbinsight.get_active_alerts('urgent');
ROLLBACK TO a;

-- Ingestion: targets are 240 minutes (audit, queries), 480 (jobs, a change log), 1440 (usage).
-- audit 3 h old: OK; queries 5 h: LATE; lineage (480) 25 h: STALE; usage 24 h and a minute: LATE; jobs changed last year, loaded an hour ago: OK.
INSERT INTO dbinsight.ingest_state (source, last_event_time, last_loaded_at, last_error) VALUES
	('system.access.audit', '2025-03-10 09:00+00', '2025-03-10 11:00+00', NULL), ('system.query.history', '2025-03-10 07:00+00', '2025-03-10 11:00+00', NULL),
	('system.access.table_lineage', '2025-03-09 11:00+00', '2025-03-09 12:00+00', 'no warehouse'), ('system.billing.usage', '2025-03-09 11:59+00', '2025-03-10 11:00+00', NULL),
	('system.lakeflow.jobs', '2024-01-01', '2025-03-10 11:00+00', NULL);
INSERT INTO dbinsight.ingest_log (source, loaded_at, rows_read, rows_written, rows_rejected) VALUES
	('system.access.audit', '2025-03-10 11:00+00', 9, 7, 0), ('system.access.audit', '2025-03-10 10:00+00', 9, 3, 0), ('system.access.audit', '2025-03-08 10:00+00', 9, 9, 0);
SELECT source_table, lag_min, target_lag_min, rows_24h, status, last_error FROM dbinsight.get_ingestion_status() WHERE status <> 'EMPTY';

-- Health. cost: 40 a day since 03-01 (9 complete days of 31), 30 of them tagged. Projected 1240 of a budget of 900:
-- 50 x 900/1240 = 36.29; tags 30 x 3/4 = 22.5; no anomaly 20. Together 78.79.
SELECT dbinsight._ensure_partitions(t, '2025-01-20', '2025-03-10') > 0 FROM unnest('{fact_usage,fact_audit_logs,fact_query_history,fact_job_run_timeline,fact_node_timeline,fact_table_lineage,fact_endpoint_usage,fact_outbound_network}'::text[]) t;
INSERT INTO dbinsight.budgets VALUES ('ACCOUNT', 'all', '2025-03-01', 900), ('WORKSPACE', 'w1', '2025-03-01', 1);
INSERT INTO dbinsight.fact_usage (record_id, workspace_id, usage_date, usage_unit, usage_quantity, usage_end_time, list_cost, price_found, custom_tags, sku_name)
SELECT 'u' || d || k, 'w1', '2025-03-01'::date + d, 'DBU', 1, ('2025-03-01'::date + d)::timestamp AT TIME ZONE 'UTC', CASE k WHEN 0 THEN 30 ELSE 10 END, true,
	CASE k WHEN 0 THEN '{"team": "a"}'::jsonb END, 's'
FROM generate_series(0, 9) d, generate_series(0, 1) k;
-- security: one grant to everybody on a table sensitive by name (25), one classified column without a mask (10): 65.
INSERT INTO dbinsight.fact_audit_logs (event_id, event_time, workspace_id_raw, service_name, action_name, category, base_severity, status_code, user_identity_email) VALUES
	('a1', '2025-03-10 09:00+00', 'w1', 'accounts', 'samlLogin', 'auth', 'low', 200, 'ana@x.com');
INSERT INTO dbinsight.dim_table (snapshot_date, table_catalog, table_schema, table_name, table_owner, comment) VALUES
	('2025-03-10', 'main', 'gold', 'a', 'ana@x.com', 'a'), ('2025-03-10', 'main', 'gold', 'b', NULL, NULL), ('2025-03-10', 'main', 'gold', 'customer_pii', 'ana@x.com', 'c'),
	('2025-03-03', 'main', 'gold', 'a', 'ana@x.com', 'a');
INSERT INTO dbinsight.dim_grant (snapshot_date, object_type, object_full_name, grantee, privilege_type) VALUES ('2025-03-10', 'TABLE', 'main.gold.customer_pii', 'account users', 'SELECT');
INSERT INTO dbinsight.fact_data_classification (table_id, catalog_name, schema_name, table_name, column_name, class_tag, first_detected_time, latest_detected_time) VALUES
	('t1', 'main', 'gold', 'customer_pii', 'email', 'class.email_address', '2025-03-01', '2025-03-09'), ('t1', 'main', 'gold', 'customer_pii', 'phone', 'class.phone_number', '2025-03-05', '2025-03-09');
INSERT INTO dbinsight.dim_column_mask (snapshot_date, table_full_name, column_name) SELECT d, 'main.gold.customer_pii', 'email' FROM unnest('{2025-03-10,2025-03-03}'::date[]) d;
-- performance: of four queries of a second or more one spilled: 50 x 3/4 = 37.5; two of ten runs over their target of 100 s: 30 x .8 = 24;
-- one of two clusters saturated: 10. Together 71.5.
INSERT INTO dbinsight.fact_query_history (statement_id, workspace_id, execution_status, total_duration_ms, spilled_local_bytes, start_time, end_time)
SELECT 'q' || n, 'w1', 'FINISHED', CASE n WHEN 4 THEN 500 ELSE 2000 END, CASE n WHEN 0 THEN 1 END, '2025-03-10 08:00+00', '2025-03-10 08:00:02+00' FROM generate_series(0, 4) n;
INSERT INTO dbinsight.sla_targets (workspace_id, job_id, max_duration_s) VALUES ('w1', 'j1', 100);
INSERT INTO dbinsight.fact_node_timeline (workspace_id, cluster_id, instance_id, start_time, cpu_user_percent, cpu_system_percent, mem_used_percent)
SELECT 'w1', c, 'i' || c, '2025-03-10 09:00+00'::timestamptz + n * interval '1 minute', CASE c WHEN 'hot' THEN 95 ELSE 20 END, 0, 30 FROM generate_series(0, 9) n, unnest('{hot,cool}'::text[]) c;
-- reliability: eight of ten runs succeeded: 48; never three attempts with half of them failed: 25; j2 fails since 03-08 10:00, two days and
-- longer than a day: one critical incident, 15 x 2/3 = 10. Together 83. The week before, four of four: 100.
INSERT INTO dbinsight.fact_job_run_timeline (workspace_id, job_id, run_id, period_start_time, period_end_time, result_state)
SELECT 'w1', 'j1', 'r' || n, t, t + CASE WHEN n < 2 THEN interval '200 s' ELSE interval '10 s' END, 'SUCCEEDED'
FROM (SELECT n, '2025-03-04 10:00+00'::timestamptz + n * interval '13 hours' AS t FROM generate_series(0, 7) n) x
UNION ALL SELECT 'w1', 'j1', 'p' || n, '2025-03-01 10:00+00'::timestamptz + n * interval '1 hour', '2025-03-01 10:00:10+00'::timestamptz + n * interval '1 hour', 'SUCCEEDED' FROM generate_series(0, 3) n
UNION ALL SELECT 'w1', 'j2', 'f1', '2025-03-08 09:59:50+00', '2025-03-08 10:00+00', 'FAILED' UNION ALL SELECT 'w1', 'j2', 'f2', '2025-03-09 09:59:50+00', '2025-03-09 10:00+00', 'FAILED';
-- quality: three of four checks healthy: 52.5; a is fresh, b written last a week ago: 15. Together 67.5. The week before: 2 of 2 checks, both fresh: 100.
INSERT INTO dbinsight.fact_dq_monitoring (event_time, catalog_name, schema_name, table_name, table_id, status, freshness_status, completeness_status) VALUES
	('2025-03-09', 'main', 'gold', 'a', 'a', 'HEALTHY', 'HEALTHY', 'HEALTHY'), ('2025-03-09', 'main', 'gold', 'b', 'b', 'UNHEALTHY', 'UNHEALTHY', 'HEALTHY'), ('2025-02-28', 'main', 'gold', 'a', 'a', 'HEALTHY', 'HEALTHY', 'HEALTHY');
INSERT INTO dbinsight.fact_table_lineage (record_id, event_id, workspace_id, target_table_full_name, created_by, event_time)
SELECT t || d, t || d, 'w1', 'main.gold.' || t, 'etl', ('2025-03-0' || d || ' 06:00+00')::timestamptz FROM unnest('{a,b}'::text[]) t, generate_series(1, 3) d
UNION ALL SELECT 'a10', 'a10', 'w1', 'main.gold.a', 'etl', '2025-03-10 06:00+00';
-- mlops: of ten requests one failed, one was refused for being too many: 45; m1 predicts as before, m2 does not: 25. Together 70.
INSERT INTO dbinsight.fact_endpoint_usage (workspace_id, databricks_request_id, status_code, request_time)
SELECT 'w1', 'e' || n, CASE n WHEN 0 THEN 500 WHEN 1 THEN 429 ELSE 200 END, '2025-03-10 07:00+00' FROM generate_series(0, 9) n;
INSERT INTO dbinsight.predictions (model_name, version, scored_at, entity_type, entity_id, score)
SELECT m, 1, CASE WHEN now THEN '2025-03-09' ELSE '2025-02-20' END::timestamptz, 'x', n::text, n / 200.0 + CASE WHEN m = 'm2' AND now THEN 0.6 ELSE 0 END
FROM unnest('{m1,m2}'::text[]) m, unnest('{t,f}'::boolean[]) now, generate_series(0, 79) n;
-- governance: of three tables two have comment, owner and lineage, of two columns one is described: 20 + 13.33 + 10 + 10 = 53.33, of which 60 %: 32;
-- one of two classified columns is masked: 20. Together 52. On 03-03: a alone, all but tags: 85, of which 60 %: 51; the only column known is masked: 40. 91.
INSERT INTO dbinsight.dim_column (snapshot_date, table_catalog, table_schema, table_name, column_name, comment) VALUES
	('2025-03-10', 'main', 'gold', 'a', 'x', 'an x'), ('2025-03-10', 'main', 'gold', 'customer_pii', 'email', NULL), ('2025-03-03', 'main', 'gold', 'a', 'x', 'an x');
-- network: a storage account never denied before: 10 off. 90.
INSERT INTO dbinsight.fact_outbound_network (event_id, event_time, workspace_id, destination_type, destination, access_type) VALUES ('o1', '2025-03-09 10:00+00', 'w1', 'STORAGE', 's3://elsewhere', 'DENIED');
SELECT count(*) FROM (SELECT dbinsight._refresh_derived(t, '2025-02-15', '2025-03-10 12:00+00')
	FROM unnest('{fact_usage,fact_audit_logs,fact_query_history,fact_job_run_timeline,fact_node_timeline,fact_table_lineage,fact_endpoint_usage,dim_column}'::text[]) t) x;
-- overall: (78.79 + 65 + 71.5 + 83 + 67.5 + 70 + 52 + 90) / 8 = 72.22
SELECT domain, score, status, weight, inputs_present, prior_score, top_issue FROM dbinsight.get_platform_health();
SELECT domain, c.key AS part, c.value ->> 'weight' AS weight, c.value ->> 'points' AS points, c.value -> 'inputs' AS inputs
FROM dbinsight.get_platform_health(), jsonb_each(components) c WHERE domain <> '(overall)';
SELECT components FROM dbinsight.get_platform_health() WHERE domain = '(overall)';

-- Without a budget cost has no score and does not count: (577.79 - 78.79) / 7 = 71.29. A budget of a workspace serves where the account has none:
-- 300 of 1240 is 12.1, together 54.6.
DELETE FROM dbinsight.budgets;
SELECT domain, score, status, inputs_present, top_issue FROM dbinsight.get_platform_health() LIMIT 2;
INSERT INTO dbinsight.budgets VALUES ('WORKSPACE', 'w1', '2025-03-01', 300);
SELECT domain, score, status, inputs_present, top_issue FROM dbinsight.get_platform_health() LIMIT 2;
-- never an egress row: the network is not judged
DELETE FROM dbinsight.fact_outbound_network;
SELECT score, status, top_issue FROM dbinsight.get_platform_health() WHERE domain = 'network';
ROLLBACK;
