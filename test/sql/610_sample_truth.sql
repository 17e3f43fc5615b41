-- Every figure of sample_truth, counted anew in the facts, without the tools.
SELECT domain, count(*) AS planted FROM dbinsight.sample_truth GROUP BY domain ORDER BY domain COLLATE "C";
-- Each names a tool there is, and lies in the account's time.
SELECT id, tool FROM dbinsight.sample_truth t WHERE NOT EXISTS (SELECT FROM pg_proc p WHERE p.pronamespace = 'dbinsight'::regnamespace AND p.proname = t.tool) ORDER BY id;
SELECT id FROM dbinsight.sample_truth WHERE starts_at > dbinsight.now() OR ends_at > dbinsight.now() + interval '1 second' OR ends_at < starts_at OR jsonb_path_exists(figures, '$.** ? (@ == null)') ORDER BY id;

CREATE TEMP VIEW truth AS SELECT t.*, f.key, f.value FROM dbinsight.sample_truth t, jsonb_each_text(t.figures) f;

CREATE TEMP TABLE counted (id int, key text, value text);
INSERT INTO counted
-- 1, 15: 14.5 hours of 1200 DBU at 0.15.
SELECT 1, 'cost_usd', trim_scale(sum(list_cost))::text FROM dbinsight.fact_usage WHERE usage_date = '2026-06-14' AND job_name = 'gpu_model_training'
UNION ALL SELECT 1, 'dbu', trim_scale(sum(usage_quantity))::text FROM dbinsight.fact_usage WHERE usage_date = '2026-06-14' AND job_name = 'gpu_model_training'
UNION ALL SELECT 1, 'rank', (1 + count(*))::text FROM (SELECT sum(list_cost) AS cost FROM dbinsight.fact_usage WHERE usage_date = '2026-06-14' AND coalesce(job_name, '') <> 'gpu_model_training'
  GROUP BY workspace_id, resource_type, resource_id HAVING sum(list_cost) > 2610) x
UNION ALL SELECT 2, 'cost_usd', round(sum(list_cost), 4)::text FROM dbinsight.fact_usage u JOIN dbinsight.dim_workspace w USING (workspace_id) WHERE workspace_name = 'ml-platform' AND usage_date = '2026-06-14'
-- 3: never five percent of CPU, never a mebibyte a minute.
UNION ALL SELECT 3, 'idle_pct', round(100.0 * count(*) FILTER (WHERE busiest < 5 AND bytes < 1048576) / count(*))::text FROM (SELECT n.start_time, max(n.cpu_pct) AS busiest, sum(n.network_sent_bytes + n.network_received_bytes) AS bytes
  FROM dbinsight.fact_node_timeline n JOIN dbinsight.current_cluster c USING (workspace_id, cluster_id) WHERE c.cluster_name = 'adhoc-research' AND n.start_time >= '2026-06-08 12:00' GROUP BY 1) m
UNION ALL SELECT 3, 'nodes', count(DISTINCT n.instance_id)::text FROM dbinsight.fact_node_timeline n JOIN dbinsight.current_cluster c USING (workspace_id, cluster_id) WHERE c.cluster_name = 'adhoc-research' AND n.start_time::date = '2026-06-14'
UNION ALL SELECT 3, 'cost_per_full_day_usd', trim_scale(sum(u.list_cost))::text FROM dbinsight.fact_usage u JOIN dbinsight.current_cluster c USING (workspace_id, cluster_id) WHERE c.cluster_name = 'adhoc-research' AND usage_date = '2026-06-14'
UNION ALL SELECT 4, 'missing_tags', (SELECT count(*) FROM unnest('{team,project,cost_center,environment}'::text[]) k WHERE NOT EXISTS (SELECT FROM dbinsight.fact_usage u JOIN dbinsight.current_cluster c USING (workspace_id, cluster_id)
  WHERE c.cluster_name = 'sandbox-experiments' AND u.custom_tags ? k))::text
UNION ALL SELECT 4, 'cost_30d_usd', round(sum(u.list_cost), 4)::text FROM dbinsight.fact_usage u JOIN dbinsight.current_cluster c USING (workspace_id, cluster_id) WHERE c.cluster_name = 'sandbox-experiments' AND usage_date >= '2026-05-16' AND usage_date < '2026-06-15'
UNION ALL SELECT 5, 'budget_usd', amount_usd::text FROM dbinsight.budgets b JOIN dbinsight.dim_workspace w ON w.workspace_id = b.scope_id WHERE w.workspace_name = 'ml-platform' AND month = '2026-06-01'
UNION ALL SELECT 5, 'spend_to_yesterday_usd', round(sum(list_cost), 4)::text FROM dbinsight.fact_usage u JOIN dbinsight.dim_workspace w USING (workspace_id) WHERE workspace_name = 'ml-platform' AND usage_date BETWEEN '2026-06-01' AND '2026-06-14'
UNION ALL SELECT 6, 'price_before', max(list_price)::text FROM dbinsight.fact_usage WHERE sku_name LIKE 'PREMIUM_SERVERLESS_SQL%' AND usage_end_time < '2026-05-11'
UNION ALL SELECT 6, 'price_after', min(list_price)::text FROM dbinsight.fact_usage WHERE sku_name LIKE 'PREMIUM_SERVERLESS_SQL%' AND usage_end_time >= '2026-05-11'
UNION ALL SELECT 7, 'failed_sign_ins', count(*)::text FROM dbinsight.fact_audit_logs WHERE source_ip = '45.134.26.77' AND is_auth AND is_denied
UNION ALL SELECT 7, 'users', count(DISTINCT user_email)::text FROM dbinsight.fact_audit_logs WHERE source_ip = '45.134.26.77' AND is_denied
UNION ALL SELECT 7, 'attempts_per_user', string_agg(DISTINCT n::text, ',') FROM (SELECT count(*) AS n FROM dbinsight.fact_audit_logs WHERE source_ip = '45.134.26.77' AND is_denied GROUP BY user_email) x
UNION ALL SELECT 7, 'succeeded_user', string_agg(user_email, ',') FROM dbinsight.fact_audit_logs WHERE source_ip = '45.134.26.77' AND is_auth AND NOT is_failed
UNION ALL SELECT 8, 'reads', count(*)::text FROM dbinsight.fact_audit_logs WHERE user_email = 'nina.kowalski@company.com' AND category = 'data_read' AND extract(hour FROM event_time) < 6
UNION ALL SELECT 8, 'nights', count(DISTINCT event_date)::text FROM dbinsight.fact_audit_logs WHERE user_email = 'nina.kowalski@company.com' AND extract(hour FROM event_time) < 6
UNION ALL SELECT 8, 'reads_per_night', max(n)::text FROM (SELECT count(*) AS n FROM dbinsight.fact_audit_logs WHERE user_email = 'nina.kowalski@company.com' AND extract(hour FROM event_time) < 6 GROUP BY event_date) x
UNION ALL SELECT 8, 'tables', count(DISTINCT request_params ->> 'table_full_name')::text FROM dbinsight.fact_audit_logs WHERE user_email = 'nina.kowalski@company.com' AND extract(hour FROM event_time) < 6
UNION ALL SELECT 9, 'downloads', count(*)::text FROM dbinsight.fact_audit_logs WHERE user_email = 'dana.wright@company.com' AND category = 'download' AND event_date = '2026-06-14'
UNION ALL SELECT 10, 'reads', count(*)::text FROM dbinsight.fact_table_lineage WHERE created_by = 'user@company.com' AND source_table_full_name = 'main.gold.customer_pii'
UNION ALL SELECT 10, 'days', count(DISTINCT event_date)::text FROM dbinsight.fact_table_lineage WHERE created_by = 'user@company.com' AND source_table_full_name = 'main.gold.customer_pii'
UNION ALL SELECT 11, 'added', (c -> 'add')::text FROM dbinsight.fact_audit_logs, jsonb_array_elements((request_params ->> 'changes')::jsonb) c WHERE action_name = 'updatePermissions' AND c ->> 'principal' = user_email
UNION ALL SELECT 12, 'principal', request_params ->> 'targetUserName' FROM dbinsight.fact_audit_logs WHERE action_name = 'setAccountAdmin'
UNION ALL SELECT 13, 'lifetime_days', round(((request_params ->> 'tokenExpirationTime')::numeric / 1000 - extract(epoch FROM event_time)) / 86400)::text FROM dbinsight.fact_audit_logs
  WHERE action_name = 'generateDbToken' AND (request_params ->> 'tokenExpirationTime')::numeric / 1000 - extract(epoch FROM event_time) > 90 * 86400
UNION ALL SELECT 14, 'actions', count(*)::text FROM dbinsight.fact_audit_logs WHERE action_name = 'deleteNotebook' AND request_params ->> 'path' LIKE '/Shared/reports/%' AND event_date = '2026-06-13'
UNION ALL SELECT 15, 'failures', count(*)::text FROM dbinsight.job_run r JOIN dbinsight.current_job j USING (workspace_id, job_id) WHERE j.job_name = 'gpu_model_training' AND r.result_state = 'FAILED' AND r.end_date = '2026-06-14'
UNION ALL SELECT 15, 'cost_usd', trim_scale(sum(u.list_cost))::text FROM dbinsight.fact_usage u JOIN dbinsight.job_run r ON r.workspace_id = u.workspace_id AND r.run_id = u.job_run_id JOIN dbinsight.current_job j ON j.workspace_id = r.workspace_id AND j.job_id = r.job_id
  WHERE j.job_name = 'gpu_model_training' AND r.end_date = '2026-06-14'
UNION ALL SELECT 15, 'failed_task', string_agg(DISTINCT t.task_key, ',') FROM dbinsight.fact_job_task_run_timeline t JOIN dbinsight.current_job j USING (workspace_id, job_id) WHERE j.job_name = 'gpu_model_training' AND t.result_state = 'FAILED' AND t.period_end_time::date = '2026-06-14'
UNION ALL SELECT 16, 'run_id', string_agg(r.run_id, ',') FROM dbinsight.job_run r JOIN dbinsight.current_job j USING (workspace_id, job_id) WHERE j.job_name = 'nightly_etl' AND r.is_failure AND r.end_time >= '2026-06-14 12:00'
UNION ALL SELECT 16, 'failed_task', string_agg(DISTINCT t.task_key, ',') FROM dbinsight.fact_job_task_run_timeline t JOIN dbinsight.current_job j USING (workspace_id, job_id) WHERE j.job_name = 'nightly_etl' AND t.result_state = 'FAILED' AND t.period_end_time >= '2026-06-15'
UNION ALL SELECT 17, 'queries', count(*)::text FROM dbinsight.fact_query_history WHERE start_time >= '2026-06-14 12:00' AND spilled_local_bytes >= 1073741824
UNION ALL SELECT 17, 'total_spilled_gib', trim_scale(sum(spilled_local_bytes) / 1073741824)::text FROM dbinsight.fact_query_history WHERE start_time >= '2026-06-14 12:00' AND spilled_local_bytes >= 1073741824
UNION ALL SELECT 17, 'min_spilled_gib', (min(spilled_local_bytes) / 1073741824)::text FROM dbinsight.fact_query_history WHERE start_time >= '2026-06-14 12:00' AND spilled_local_bytes >= 1073741824
UNION ALL SELECT 17, 'max_spilled_gib', (max(spilled_local_bytes) / 1073741824)::text FROM dbinsight.fact_query_history WHERE start_time >= '2026-06-14 12:00' AND spilled_local_bytes >= 1073741824
UNION ALL SELECT 18, 'min_duration_s', trim_scale(min(total_duration_ms) / 1000.0)::text FROM dbinsight.fact_query_history WHERE start_time >= '2026-06-14 12:00' AND spilled_local_bytes >= 1073741824
UNION ALL SELECT 18, 'max_duration_s', trim_scale(max(total_duration_ms) / 1000.0)::text FROM dbinsight.fact_query_history WHERE start_time >= '2026-06-14 12:00' AND spilled_local_bytes >= 1073741824
UNION ALL SELECT 19, 'breaches_7d', count(*)::text FROM dbinsight.job_run r JOIN dbinsight.current_job j USING (workspace_id, job_id) WHERE j.job_name = 'orders_hourly_merge' AND r.wall_s > 1500 AND r.is_terminal
  AND r.result_state NOT IN ('CANCELLED', 'SKIPPED') AND r.end_time >= '2026-06-08 12:00' AND r.end_time < '2026-06-15 12:00'
UNION ALL SELECT 20, 'failed_statements', count(*)::text FROM dbinsight.fact_query_history q JOIN dbinsight.dim_workspace w USING (workspace_id) WHERE workspace_name = 'production' AND start_time >= '2026-06-12 09:00' AND start_time < '2026-06-12 10:30' AND execution_status <> 'FINISHED'
-- 20: every one of the eighteen five-minute buckets is down, those beside are not.
UNION ALL SELECT 20, 'longest_outage_min', (5 * count(*))::text FROM (SELECT FROM dbinsight.fact_query_history q JOIN dbinsight.dim_workspace w USING (workspace_id) WHERE workspace_name = 'production' AND end_time >= '2026-06-12 08:00' AND end_time < '2026-06-12 11:30'
  AND execution_status IN ('FINISHED', 'FAILED') GROUP BY date_bin('5 minutes', end_time, '2000-01-01') HAVING count(*) >= 3 AND 2 * count(*) FILTER (WHERE execution_status = 'FAILED') >= count(*)) b
UNION ALL SELECT 21, 'wall_s', (extract(epoch FROM max(f.period_end_time) - min(f.period_start_time)))::text FROM dbinsight.fact_job_run_timeline f JOIN dbinsight.current_job j USING (workspace_id, job_id) WHERE j.job_name = 'revenue_daily_close' AND f.period_start_time::date = '2026-06-12'
UNION ALL SELECT 21, 'repairs', max(r.repair_count)::text FROM dbinsight.job_run r JOIN dbinsight.current_job j USING (workspace_id, job_id) WHERE j.job_name = 'revenue_daily_close' AND r.run_date = '2026-06-12'
UNION ALL SELECT 21, 'target_s', s.max_duration_s::text FROM dbinsight.sla_targets s JOIN dbinsight.current_job j USING (workspace_id, job_id) WHERE j.job_name = 'revenue_daily_close'
UNION ALL SELECT 22, 'failed_runs', count(*)::text FROM dbinsight.job_run r JOIN dbinsight.dim_workspace w USING (workspace_id) WHERE workspace_name = 'production' AND r.is_failure AND r.termination_code = 'CLOUD_FAILURE' AND r.end_date = '2026-06-12'
UNION ALL SELECT i.id, i.key, count(*)::text FROM (VALUES (23, 'consecutive_failures'), (24, 'failures')) i(id, key), dbinsight.job_run r JOIN dbinsight.current_job j USING (workspace_id, job_id)
  WHERE j.job_name = 'customer_360_refresh' AND r.end_time > (SELECT max(s.end_time) FROM dbinsight.job_run s WHERE s.job_id = r.job_id AND s.is_success) AND r.is_failure GROUP BY i.id, i.key
UNION ALL SELECT 25, 'hours_since_write', round(extract(epoch FROM dbinsight.now() - max(commit_last_value)) / 3600, 3)::text FROM dbinsight.fact_dq_monitoring WHERE table_full_name = 'main.gold.customer_360'
UNION ALL SELECT 26, 'failed_records_7d', sum(failed_records)::text FROM dbinsight.fact_pipeline_expectations WHERE expectation = 'valid_total' AND dataset = 'main.silver.orders' AND event_time >= '2026-06-08 12:00'
UNION ALL SELECT 26, 'passed_records_7d', sum(passed_records)::text FROM dbinsight.fact_pipeline_expectations WHERE expectation = 'valid_total' AND dataset = 'main.silver.orders' AND event_time >= '2026-06-08 12:00'
UNION ALL SELECT 27, 'mean_after', round(mean::numeric, -1)::text FROM dbinsight.fact_column_profile WHERE table_full_name = 'main.gold.customer_transactions' AND column_name = 'amount' AND profile_date = '2026-06-15'
UNION ALL SELECT 27, 'mean_before', round(mean::numeric, -1)::text FROM dbinsight.fact_column_profile WHERE table_full_name = 'main.gold.customer_transactions' AND column_name = 'amount' AND profile_date = '2026-06-08'
UNION ALL SELECT 28, 'null_pct_after', round(100.0 * null_count / row_count)::text FROM dbinsight.fact_column_profile WHERE table_full_name = 'main.silver.customers' AND column_name = 'email' AND profile_date = '2026-06-15'
UNION ALL SELECT 28, 'null_pct_before', round(100.0 * null_count / row_count)::text FROM dbinsight.fact_column_profile WHERE table_full_name = 'main.silver.customers' AND column_name = 'email' AND profile_date = '2026-06-08'
UNION ALL SELECT 29, 'actual', daily_row_count::text FROM dbinsight.fact_dq_monitoring WHERE table_full_name = 'main.silver.clickstream' AND event_time::date = '2026-06-15'
UNION ALL SELECT 29, 'expected_min', daily_row_count_min_pred::text FROM dbinsight.fact_dq_monitoring WHERE table_full_name = 'main.silver.clickstream' AND event_time::date = '2026-06-15'
UNION ALL SELECT 29, 'completeness_unhealthy', count(*)::text FROM dbinsight.fact_dq_monitoring WHERE schema_name = 'silver' AND event_time::date = '2026-06-15' AND completeness_status = 'UNHEALTHY'
UNION ALL SELECT 30, 'freshness_unhealthy', count(*)::text FROM dbinsight.fact_dq_monitoring WHERE schema_name = 'gold' AND event_time::date = '2026-06-15' AND freshness_status = 'UNHEALTHY'
UNION ALL SELECT 31, 'accuracy_yesterday', round(count(*) FILTER (WHERE prediction_label = actual_label)::numeric / count(*), 6)::text FROM dbinsight.fact_inference_log WHERE endpoint_name = 'churn-predictor' AND actual_label IS NOT NULL AND request_time::date = '2026-06-14'
UNION ALL SELECT 32, 'p95_yesterday_ms', round((percentile_cont(0.95) WITHIN GROUP (ORDER BY execution_ms))::numeric, 3)::text FROM dbinsight.fact_inference_log WHERE endpoint_name = 'fraud-scoring' AND request_time::date = '2026-06-14'
UNION ALL SELECT 33, 'mean_after', round(avg(score)::numeric, 1)::text FROM dbinsight.predictions WHERE model_name = 'cost_anomaly_detector' AND scored_at >= '2026-06-08 12:00'
UNION ALL SELECT 34, 'days_since_training', ('2026-06-15'::date - trained_at::date)::text FROM dbinsight.models WHERE name = 'cost_anomaly_detector'
UNION ALL SELECT 35, 'failed_yesterday', count(*)::text FROM dbinsight.fact_mlflow_runs r JOIN dbinsight.dim_experiment e USING (workspace_id, experiment_id) WHERE e.experiment_name = '/Shared/gpu_model_training' AND r.status = 'FAILED' AND r.start_time::date = '2026-06-14'
UNION ALL SELECT i.id, 'tables', count(*)::text FROM (VALUES (36), (37)) i(id), dbinsight.current_table WHERE table_schema = 'sandbox' GROUP BY i.id
UNION ALL SELECT 36, 'with_comment', count(comment)::text FROM dbinsight.current_table WHERE table_schema = 'sandbox'
UNION ALL SELECT 36, 'with_owner', count(table_owner)::text FROM dbinsight.current_table WHERE table_schema = 'sandbox'
UNION ALL SELECT 36, 'with_tags', count(*)::text FROM dbinsight.current_tag WHERE object_full_name LIKE 'analytics.sandbox.%'
UNION ALL SELECT 37, 'with_lineage', count(*)::text FROM dbinsight.fact_table_lineage WHERE source_table_schema = 'sandbox' OR target_table_schema = 'sandbox'
UNION ALL SELECT 38, 'privilege', string_agg(privilege_type, ',') FROM dbinsight.current_grant WHERE object_full_name = 'main.gold.customer_pii' AND grantee = 'account users'
UNION ALL SELECT 39, 'columns', count(*)::text FROM dbinsight.fact_data_classification c WHERE NOT EXISTS (SELECT FROM dbinsight.current_column_mask m WHERE m.table_full_name = c.table_full_name AND m.column_name = c.column_name)
  AND NOT EXISTS (SELECT FROM dbinsight.current_row_filter f WHERE f.table_full_name = c.table_full_name)
UNION ALL SELECT 39, 'columns_of_table', count(*)::text FROM dbinsight.fact_data_classification c WHERE c.table_full_name = 'main.gold.customer_pii'
UNION ALL SELECT 40, 'gold_tables', count(*)::text FROM dbinsight.current_grant WHERE grantee = 'noah.fischer@company.com' AND privilege_type = 'ALL_PRIVILEGES'
UNION ALL SELECT 41, 'upstream_1', jsonb_agg(DISTINCT source_table_full_name)::text FROM dbinsight.fact_table_lineage WHERE target_table_full_name = 'main.gold.fact_usage'
UNION ALL SELECT 41, 'downstream_1', jsonb_agg(DISTINCT target_table_full_name)::text FROM dbinsight.fact_table_lineage WHERE source_table_full_name = 'main.gold.fact_usage' AND target_table_full_name IS NOT NULL
UNION ALL SELECT 42, 'denials', count(*)::text FROM dbinsight.fact_outbound_network WHERE destination = 'cdn-telemetry-sync.xyz' AND outcome = 'denied'
UNION ALL SELECT 43, 'denials', count(*)::text FROM dbinsight.fact_outbound_network WHERE destination = 'exfil-drop.blob.core.windows.net' AND outcome = 'denied'
UNION ALL SELECT 44, 'events', count(*)::text FROM dbinsight.fact_audit_logs WHERE source_ip = '185.243.115.84'
UNION ALL SELECT 44, 'sensitive_events', count(*)::text FROM dbinsight.fact_audit_logs WHERE source_ip = '185.243.115.84' AND base_severity IN ('medium', 'high', 'critical')
UNION ALL SELECT 45, 'connections', count(*)::text FROM dbinsight.fact_audit_logs WHERE source_ip << '185.243.115.0/24'
UNION ALL SELECT 46, 'node_minutes', count(*)::text FROM dbinsight.fact_node_timeline WHERE (network_sent_bytes + network_received_bytes) * 8.0 / 60 / 1e6 >= 8000 AND node_type = 'm5.2xlarge'
UNION ALL SELECT 46, 'node_mbps', round(max(network_sent_bytes + network_received_bytes) * 8.0 / 60 / 1e6)::text FROM dbinsight.fact_node_timeline
UNION ALL SELECT 47, 'denials', count(*)::text FROM dbinsight.fact_outbound_network WHERE destination = 'cdn-telemetry-sync.xyz'
UNION ALL SELECT 48, 'statements_7d', count(*)::text FROM dbinsight.fact_query_history q JOIN dbinsight.current_warehouse w USING (workspace_id, warehouse_id) WHERE w.warehouse_name = 'analytics-shared' AND q.start_time >= '2026-06-08 12:00'
UNION ALL SELECT 48, 'waiting_7d', count(*)::text FROM dbinsight.fact_query_history q JOIN dbinsight.current_warehouse w USING (workspace_id, warehouse_id) WHERE w.warehouse_name = 'analytics-shared' AND q.start_time >= '2026-06-08 12:00' AND q.queue_ms >= 4000
UNION ALL SELECT 50, 'failure_probability', max(score)::text FROM dbinsight.predictions WHERE model_name = 'job_failure_predictor' AND scored_at > '2026-06-15'
UNION ALL SELECT 51, 'tables', count(DISTINCT source_table_full_name)::text FROM dbinsight.fact_table_lineage l JOIN dbinsight.sensitive_objects s ON s.table_full_name = l.source_table_full_name WHERE created_by = 'dana.wright@company.com'
UNION ALL SELECT 53, 'alerts', count(*)::text FROM dbinsight.alert_events WHERE resolved_at IS NULL
UNION ALL SELECT 53, 'critical', count(*)::text FROM dbinsight.alert_events WHERE resolved_at IS NULL AND severity = 'critical'
UNION ALL SELECT 53, 'acknowledged', count(*)::text FROM dbinsight.alert_events WHERE status = 'ACKNOWLEDGED'
UNION ALL SELECT 54, 'lag_min', round(extract(epoch FROM dbinsight.now() - last_event_time) / 60)::text FROM dbinsight.ingest_state WHERE source = 'system.access.column_lineage';

-- What was counted differs from what was written down:
SELECT c.id, c.key, c.value AS counted, t.value AS written
FROM counted c LEFT JOIN truth t USING (id, key)
WHERE CASE WHEN c.value ~ '^-?[0-9.]+$' AND t.value ~ '^-?[0-9.]+$' THEN c.value::numeric <> t.value::numeric ELSE c.value IS DISTINCT FROM t.value END
ORDER BY c.id, c.key;
SELECT count(*) AS figures_counted, count(DISTINCT id) AS of_incidents FROM counted;
