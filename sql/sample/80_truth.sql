/*
 * The answer sheet: what is planted, when, in what, which tool must show it,
 * and the figures, from the parameters it was made with; where chance decides
 * a figure, counted in the facts.
 */
CREATE FUNCTION dbinsight._sample_truth(days int, seed int, scale numeric) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
DECLARE
	p record;
	job jsonb;
	wh jsonb;
	cl jsonb;
	production constant text := '3120498871250011';
	analytics constant text := '3120498871250012';
	ml constant text := '3120498871250013';
	dev constant text := '3120498871250014';
	day constant interval := '1 day';
BEGIN
	SELECT * INTO p FROM dbinsight._sample_plan();
	SELECT jsonb_object_agg(j.job_name, j.job_id) INTO job FROM dbinsight._sample_job(seed, scale) j WHERE j.n < 12;
	SELECT jsonb_object_agg(w.warehouse_name, w.warehouse_id) INTO wh FROM dbinsight._sample_warehouse(seed, scale) w WHERE w.n < 4;
	SELECT jsonb_object_agg(c.cluster_name, c.cluster_id) INTO cl FROM dbinsight._sample_cluster(seed, scale) c WHERE c.n < 6;
	INSERT INTO dbinsight.sample_truth (id, domain, kind, tool, entity_type, entity_id, workspace_id, starts_at, ends_at, expected, figures)
	SELECT v.* FROM (VALUES
	(1, 'cost', 'cost_spike', 'get_top_cost_drivers', 'job', job ->> 'gpu_model_training', ml, p.yesterday + interval '8 hours 30 minutes', p.yesterday + interval '23 hours 30 minutes',
		'gpu_model_training is the most expensive resource of yesterday', jsonb_build_object('job_name', 'gpu_model_training', 'date', p.yesterday::date, 'rank', 1, 'dbu', 17400, 'cost_usd', 2610)),
	(2, 'cost', 'cost_anomaly', 'get_cost_anomalies', 'workspace', ml, ml, p.yesterday, p.today,
		'ml-platform spent far more yesterday than on the days before', jsonb_build_object('workspace_name', 'ml-platform', 'date', p.yesterday::date, 'direction', 'SPIKE', 'severity', 'high', 'top_sku', 'PREMIUM_JOBS_COMPUTE',
			'cost_usd', (SELECT round(sum(u.list_cost), 4) FROM dbinsight.fact_usage u WHERE u.workspace_id = ml AND u.usage_date = p.yesterday::date))),
	(3, 'cost', 'idle_cluster', 'get_idle_cluster_cost', 'cluster', cl ->> 'adhoc-research', analytics, p.now - 7 * day, p.now,
		'adhoc-research runs day and night and does nothing', jsonb_build_object('cluster_name', 'adhoc-research', 'idle_pct', 100, 'nodes', 3, 'auto_termination_minutes', 0, 'dbu_per_hour', 4.5, 'cost_per_full_day_usd', 59.4)),
	(4, 'cost', 'untagged_spend', 'get_untagged_resources', 'cluster', cl ->> 'sandbox-experiments', dev, p.today - 30 * day, p.today,
		'sandbox-experiments carries none of the required tags', jsonb_build_object('cluster_name', 'sandbox-experiments', 'missing_tags', 4,
			'cost_30d_usd', (SELECT round(sum(u.list_cost), 4) FROM dbinsight.fact_usage u WHERE u.cluster_id = cl ->> 'sandbox-experiments' AND u.usage_date >= p.today::date - 30 AND u.usage_date < p.today::date))),
	(5, 'cost', 'budget_exceeded', 'get_budget_status', 'workspace', ml, ml, date_trunc('month', p.today), p.now,
		'ml-platform has spent more than its budget of this month', jsonb_build_object('status', 'EXCEEDED', 'month', date_trunc('month', p.today)::date,
			'budget_usd', (SELECT b.amount_usd FROM dbinsight.budgets b WHERE b.scope_id = ml AND b.month = date_trunc('month', p.today)::date),
			'spend_to_yesterday_usd', (SELECT round(sum(u.list_cost), 4) FROM dbinsight.fact_usage u WHERE u.workspace_id = ml AND u.usage_date >= date_trunc('month', p.today)::date AND u.usage_date < p.today::date))),
	(6, 'cost', 'all_purpose_job', 'get_all_purpose_job_cost', 'job', job ->> 'ad_hoc_reporting', analytics, p.today - 30 * day, p.now,
		'ad_hoc_reporting runs on the all-purpose cluster shared-analytics and is billed there', jsonb_build_object('job_name', 'ad_hoc_reporting', 'cluster_name', 'shared-analytics', 'cluster_id', cl ->> 'shared-analytics')),
	(7, 'security', 'password_spray', 'get_failed_auth_attempts', 'ip', '45.134.26.77', NULL, p.attack, p.attack + interval '45 minutes',
		'One address tries the passwords of eight accounts and gets into one', jsonb_build_object('failed_sign_ins', 64, 'users', 8, 'attempts_per_user', 8, 'pattern', 'PASSWORD_SPRAY', 'succeeded_user', 'noah.fischer@company.com', 'severity_of_succeeded', 'critical')),
	(8, 'security', 'after_hours', 'get_off_hours_activity', 'user', 'nina.kowalski@company.com', NULL, p.today - 5 * day + interval '1 hour', p.today - 2 * day + interval '3 hours',
		'nina.kowalski reads tables at night on three nights', jsonb_build_object('nights', 3, 'events_per_night', 40, 'events', 120,
			'dates', jsonb_build_array((p.today - 5 * day)::date, (p.today - 3 * day)::date, (p.today - 2 * day)::date))),
	(9, 'security', 'exfiltration', 'get_exfiltration_signals', 'user', 'dana.wright@company.com', NULL, p.yesterday + interval '13 hours 20 minutes', p.yesterday + interval '15 hours',
		'dana.wright reads twelve sensitive tables and downloads sixty results within two hours', jsonb_build_object('date', p.yesterday::date, 'planted_downloads', 60, 'sensitive_tables', 12, 'severity', 'high',
			'downloads', (SELECT count(*) FROM dbinsight.fact_audit_logs a WHERE a.user_email = 'dana.wright@company.com' AND a.category = 'download' AND a.event_time >= p.yesterday AND a.event_time < p.today))),
	(10, 'security', 'pii_reader', 'get_pii_access_logs', 'user', 'user@company.com', NULL, p.yesterday - 5 * day, p.yesterday + interval '11 hours',
		'user@company.com reads main.gold.customer_pii on six days', jsonb_build_object('table', 'main.gold.customer_pii', 'reads', 6, 'days', 6)),
	(11, 'security', 'self_grant', 'get_privilege_escalations', 'user', 'tom.becker@company.com', analytics, p.today - 3 * day + interval '16 hours 12 minutes', p.today - 3 * day + interval '16 hours 12 minutes',
		'tom.becker grants himself SELECT and MODIFY on main.gold.customer_pii', jsonb_build_object('escalation_type', 'SELF_GRANT', 'securable', 'main.gold.customer_pii', 'added', '["SELECT", "MODIFY"]'::jsonb, 'severity', 'critical')),
	(12, 'security', 'admin_grant', 'get_permission_changes', 'user', 'grace.kim@company.com', NULL, p.today - 5 * day + interval '11 hours 30 minutes', p.today - 5 * day + interval '11 hours 30 minutes',
		'grace.kim makes tom.becker an account administrator', jsonb_build_object('action_name', 'setAccountAdmin', 'principal', 'tom.becker@company.com', 'is_admin_grant', true)),
	(13, 'security', 'long_lived_token', 'get_token_activity', 'user', 'omar.haddad@company.com', NULL, p.today - 6 * day + interval '10 hours 5 minutes', p.today - 6 * day + interval '10 hours 5 minutes',
		'omar.haddad makes a token that lives a year', jsonb_build_object('lifetime_days', 365, 'is_long_lived', true)),
	(14, 'security', 'bulk_delete', 'get_destructive_actions', 'user', 'omar.haddad@company.com', analytics, p.yesterday - day + interval '15 hours', p.yesterday - day + interval '15 hours 20 minutes',
		'omar.haddad deletes forty notebooks in twenty minutes', jsonb_build_object('date', p.yesterday::date - 1, 'planted_actions', 40)),
	(15, 'performance', 'failed_job', 'get_failed_jobs', 'job', job ->> 'gpu_model_training', ml, p.yesterday + interval '8 hours 30 minutes', p.yesterday + interval '23 hours 30 minutes',
		'gpu_model_training fails three times yesterday, in train_model', jsonb_build_object('failures', 3, 'termination_code', 'RUN_EXECUTION_ERROR', 'failed_task', 'train_model', 'cost_usd', 2610,
			'end_times', jsonb_build_array(p.yesterday + interval '13 hours 40 minutes', p.yesterday + interval '18 hours 50 minutes', p.yesterday + interval '23 hours 30 minutes'))),
	(16, 'performance', 'failed_job', 'get_failed_jobs', 'job', job ->> 'nightly_etl', production, (SELECT min(f.period_start_time) FROM dbinsight.fact_job_run_timeline f WHERE f.job_id = job ->> 'nightly_etl' AND f.period_start_time >= p.night),
		(SELECT max(f.period_end_time) FROM dbinsight.fact_job_run_timeline f WHERE f.job_id = job ->> 'nightly_etl' AND f.period_start_time >= p.night),
		'nightly_etl failed last night in load_fact_usage', jsonb_build_object('failures', 1, 'termination_code', 'RUN_EXECUTION_ERROR', 'failed_task', 'load_fact_usage',
			'run_id', (SELECT max(f.run_id) FROM dbinsight.fact_job_run_timeline f WHERE f.job_id = job ->> 'nightly_etl' AND f.period_start_time >= p.night))),
	(17, 'performance', 'spilling_queries', 'get_high_spill_queries', 'warehouse', wh ->> 'bi-reporting', production, p.now - interval '20 hours', p.now - interval '3 hours 30 minutes',
		'Twelve statements of priya.nair on bi-reporting spill 20 to 53 GiB each', jsonb_build_object('queries', 12, 'min_spilled_gib', 20, 'max_spilled_gib', 53, 'total_spilled_gib', 438, 'executed_by', 'priya.nair@company.com')),
	(18, 'performance', 'queueing', 'get_warehouse_utilization', 'warehouse', wh ->> 'analytics-shared', analytics, p.now - 7 * day, p.now,
		'analytics-shared has one cluster and queues in busy hours', jsonb_build_object('sizing', 'UPSIZE', 'max_clusters', 1,
			'queries_7d', (SELECT count(*) FROM dbinsight.fact_query_history q WHERE q.warehouse_id = wh ->> 'analytics-shared' AND q.start_time >= p.now - 7 * day AND q.start_time < p.now),
			'queued_7d', (SELECT count(*) FROM dbinsight.fact_query_history q WHERE q.warehouse_id = wh ->> 'analytics-shared' AND q.start_time >= p.now - 7 * day AND q.start_time < p.now AND q.waiting_at_capacity_duration_ms > 0.1 * q.total_duration_ms))),
	(19, 'performance', 'slower_job', 'get_job_outlier_runs', 'job', job ->> 'orders_hourly_merge', production, p.today - 7 * day, p.now,
		'orders_hourly_merge takes twice as long as before', jsonb_build_object('factor', 2, 'median_before_s', 700, 'median_after_s', 1400)),
	(20, 'reliability', 'outage', 'get_uptime_metrics', 'workspace', production, production, p.outage_from, p.outage_to,
		'Every statement of production fails for ninety minutes, three days ago', jsonb_build_object('service', 'sql', 'down_minutes', 90,
			'failed_statements', (SELECT count(*) FROM dbinsight.fact_query_history q WHERE q.workspace_id = production AND q.start_time >= p.outage_from AND q.start_time < p.outage_to AND q.execution_status = 'FAILED'))),
	(21, 'reliability', 'sla_breach', 'get_sla_breaches', 'job', job ->> 'revenue_daily_close', production, p.outage_from - interval '30 minutes', p.outage_to + interval '2 hours',
		'revenue_daily_close is done hours late because of the outage', jsonb_build_object('breach_type', 'DURATION', 'target_s', 3600, 'repairs', 1,
			'wall_s', (SELECT extract(epoch FROM max(f.period_end_time) - min(f.period_start_time)) FROM dbinsight.fact_job_run_timeline f
				WHERE f.job_id = job ->> 'revenue_daily_close' AND f.period_start_time >= p.outage_from - interval '9 hours' AND f.period_start_time < p.outage_from + interval '15 hours'))),
	(22, 'reliability', 'outage_failures', 'get_sla_breaches', 'workspace', production, production, p.outage_from, p.outage_to,
		'Runs of production fail in the outage with CLOUD_FAILURE', jsonb_build_object('termination_code', 'CLOUD_FAILURE',
			'failed_attempts', (SELECT count(*) FROM dbinsight.fact_job_run_timeline f WHERE f.workspace_id = production AND f.termination_code = 'CLOUD_FAILURE' AND f.result_state = 'FAILED' AND f.period_end_time >= p.outage_from AND f.period_end_time < p.outage_to + interval '5 minutes'))),
	(23, 'reliability', 'failure_streak', 'get_failure_streaks', 'job', job ->> 'customer_360_refresh', production, p.today - 4 * day + interval '5 hours', p.now,
		'customer_360_refresh has failed every day for days', jsonb_build_object('termination_code', 'RUN_EXECUTION_ERROR',
			'consecutive_failures', (SELECT count(*) FROM dbinsight.fact_job_run_timeline f WHERE f.job_id = job ->> 'customer_360_refresh' AND f.result_state = 'FAILED' AND f.period_start_time >= p.today - 4 * day))),
	(24, 'reliability', 'flaky_job', 'get_job_retry_analysis', 'job', job ->> 'inventory_sync', analytics, p.now - 7 * day, p.now,
		'inventory_sync often tries a task again and then succeeds', jsonb_build_object('flaky', true,
			'runs_with_retry_7d', (SELECT count(DISTINCT f.job_run_id) FROM dbinsight.fact_job_task_run_timeline f JOIN dbinsight.fact_job_task_run_timeline g USING (workspace_id, job_run_id, task_key)
				WHERE f.job_id = job ->> 'inventory_sync' AND f.result_state = 'FAILED' AND g.result_state = 'SUCCEEDED' AND f.period_start_time >= p.now - 7 * day AND g.period_start_time >= p.now - 7 * day))),
	(25, 'quality', 'stale_table', 'get_freshness_violations', 'table', 'main.gold.customer_360', production,
		(SELECT max(l.event_time) FROM dbinsight.fact_table_lineage l WHERE l.target_table_full_name = 'main.gold.customer_360'), p.now,
		'main.gold.customer_360 was not written since its job fails', jsonb_build_object('threshold_h', 24, 'writer_id', job ->> 'customer_360_refresh', 'severity', 'high',
			'hours_since_write', (SELECT round(extract(epoch FROM p.now - max(l.event_time)) / 3600, 3) FROM dbinsight.fact_table_lineage l WHERE l.target_table_full_name = 'main.gold.customer_360'))),
	(26, 'quality', 'failing_expectation', 'get_expectation_failures', 'pipeline', (SELECT l.pipeline_id FROM dbinsight._sample_pipeline(seed, scale) l WHERE l.n = 0), production, p.today - 2 * day, p.now,
		'An eighth of the orders fails valid_total', jsonb_build_object('pipeline_name', 'orders_pipeline', 'dataset', 'main.silver.orders', 'expectation', 'valid_total', 'action', 'drop',
			'failed_records_7d', (SELECT sum(x.failed_records) FROM dbinsight.fact_pipeline_expectations x WHERE x.dataset = 'main.silver.orders' AND x.expectation = 'valid_total' AND x.event_time >= p.now - 7 * day AND x.event_time < p.now),
			'passed_records_7d', (SELECT sum(x.passed_records) FROM dbinsight.fact_pipeline_expectations x WHERE x.dataset = 'main.silver.orders' AND x.expectation = 'valid_total' AND x.event_time >= p.now - 7 * day AND x.event_time < p.now))),
	(27, 'quality', 'drift', 'get_drift_metrics', 'column', 'main.gold.customer_transactions.amount', NULL, p.yesterday, p.now,
		'The amounts of customer_transactions have moved to the right', jsonb_build_object('table', 'main.gold.customer_transactions', 'column', 'amount', 'mean_before', 80, 'mean_after', 120, 'stddev', 33, 'drifted', true)),
	(28, 'quality', 'null_share', 'get_drift_metrics', 'column', 'main.silver.customers.email', NULL, p.yesterday, p.now,
		'A fifth of the customers have no email, from one in a hundred', jsonb_build_object('table', 'main.silver.customers', 'column', 'email', 'null_pct_before', 1, 'null_pct_after', 20, 'drifted', true)),
	(29, 'quality', 'row_count', 'get_row_count_anomalies', 'table', 'main.silver.clickstream', NULL, p.yesterday, p.today,
		'A third of the expected clickstream arrived yesterday', jsonb_build_object('kind', 'daily', 'direction', 'low',
			'actual', (SELECT d.daily_row_count FROM dbinsight.fact_dq_monitoring d WHERE d.table_full_name = 'main.silver.clickstream' AND d.event_time >= p.yesterday AND d.event_time < p.today),
			'expected_min', (SELECT d.daily_row_count_min_pred FROM dbinsight.fact_dq_monitoring d WHERE d.table_full_name = 'main.silver.clickstream' AND d.event_time >= p.yesterday AND d.event_time < p.today))),
	(30, 'quality', 'schema_change', 'get_schema_changes', 'table', 'main.silver.customers', NULL, p.today, p.today,
		'main.silver.customers lost loyalty_tier, main.silver.orders gained discount', jsonb_build_object('change_date', p.today::date, 'dropped', 'loyalty_tier', 'added_to', 'main.silver.orders', 'added', 'discount')),
	(31, 'mlops', 'accuracy_loss', 'get_model_performance', 'model', 'ml.models.churn_model', ml, p.today - 13 * day, p.now,
		'churn-predictor is right less and less often', jsonb_build_object('endpoint', 'churn-predictor', 'accuracy_design_before', 0.93, 'accuracy_design_now', 0.735, 'status', 'DEGRADED',
			'accuracy_yesterday', (SELECT round(100 * avg((i.prediction_label = i.actual_label)::int), 2) FROM dbinsight.fact_inference_log i WHERE i.endpoint_name = 'churn-predictor' AND i.request_time >= p.yesterday AND i.request_time < p.today AND i.actual_label IS NOT NULL))),
	(32, 'mlops', 'latency', 'get_inference_metrics', 'endpoint', 'fraud-scoring', production, p.today - 2 * day, p.now,
		'fraud-scoring answers half as fast as before', jsonb_build_object('factor', 2, 'median_before_ms', 45, 'median_after_ms', 90,
			'p95_yesterday_ms', (SELECT percentile_cont(0.95) WITHIN GROUP (ORDER BY i.execution_ms) FROM dbinsight.fact_inference_log i WHERE i.endpoint_name = 'fraud-scoring' AND i.request_time >= p.yesterday AND i.request_time < p.today))),
	(33, 'mlops', 'prediction_drift', 'get_model_drift', 'model', 'cost_anomaly_detector', NULL, p.today - 7 * day, p.now,
		'The scores of cost_anomaly_detector have risen', jsonb_build_object('mean_before', 0.25, 'mean_after', 0.5, 'stddev', 0.08, 'drifted', true)),
	(34, 'mlops', 'retraining', 'get_retraining_candidates', 'model', 'cost_anomaly_detector', NULL, p.today - 104 * day, p.now,
		'cost_anomaly_detector was trained 104 days ago', jsonb_build_object('days_since_training', 104, 'recommendation', 'RETRAIN')),
	(35, 'mlops', 'failed_training', 'get_experiment_summary', 'experiment', '/Shared/gpu_model_training', ml, p.yesterday + interval '8 hours 35 minutes', p.yesterday + interval '23 hours 30 minutes',
		'The training runs of gpu_model_training failed yesterday', jsonb_build_object('failed_yesterday', 3)),
	(36, 'governance', 'undocumented', 'get_metadata_quality', 'schema', 'analytics.sandbox', NULL, p.today, p.today,
		'No table of analytics.sandbox has a comment, an owner or a tag', jsonb_build_object('with_comment', 0, 'with_owner', 0, 'with_tags', 0,
			'tables', (SELECT count(*) FROM dbinsight._sample_table(seed, scale) t WHERE t.layer = 'scratch'))),
	(37, 'governance', 'orphaned', 'get_inactive_tables', 'schema', 'analytics.sandbox', NULL, p.today - 30 * day, p.today,
		'The tables of analytics.sandbox are neither read nor written', jsonb_build_object('state', 'ORPHANED', 'tables', (SELECT count(*) FROM dbinsight._sample_table(seed, scale) t WHERE t.layer = 'scratch'))),
	(38, 'governance', 'broad_grant', 'get_access_grants', 'table', 'main.gold.customer_pii', NULL, p.today - 7 * day, p.now,
		'All account users may read main.gold.customer_pii', jsonb_build_object('grantee', 'account users', 'privilege', 'SELECT', 'is_broad', true, 'violation_type', 'PUBLIC_GRANT_ON_SENSITIVE')),
	(39, 'governance', 'unmasked', 'get_classified_columns', 'table', 'main.gold.customer_pii', NULL, p.today, p.today,
		'The classified columns of main.gold.customer_pii have no mask', jsonb_build_object('columns', 3, 'has_mask', false)),
	(40, 'governance', 'over_privileged', 'get_over_privileged_principals', 'user', 'noah.fischer@company.com', NULL, p.today - 7 * day, p.now,
		'noah.fischer has all privileges on every gold table', jsonb_build_object('all_privileges', (SELECT count(*) FROM dbinsight._sample_table(seed, scale) t WHERE t.layer = 'gold'),
			'sensitive_tables', (SELECT count(*) FROM dbinsight._sample_table(seed, scale) t WHERE t.layer = 'gold' AND t.sensitive))),
	(41, 'governance', 'lineage', 'get_table_lineage', 'table', 'main.gold.fact_usage', production, p.today - interval '1 day' * days, p.now,
		'main.gold.fact_usage is made from usage_clean and price_list and feeds two marts', jsonb_build_object('upstream_1', '["main.silver.price_list", "main.silver.usage_clean"]'::jsonb, 'upstream_2', '["main.bronze.usage_raw"]'::jsonb,
			'downstream_1', '["analytics.marts.cost_by_team", "analytics.marts.daily_spend"]'::jsonb)),
	(42, 'network', 'beacon', 'get_denied_egress', 'destination', 'cdn-telemetry-sync.xyz', production, date_bin('1 minute', p.now, timestamptz '2000-01-01 00:00:00+00') - interval '48 hours', p.now,
		'production tries cdn-telemetry-sync.xyz every five minutes', jsonb_build_object('denials', 576, 'interval_s', 300, 'jitter_s', 8, 'is_new', true, 'severity', 'high', 'denials_24h', 288)),
	(43, 'network', 'new_storage', 'get_denied_egress', 'destination', 'exfil-drop.blob.core.windows.net', analytics, p.yesterday + interval '15 hours 10 minutes', p.yesterday + interval '15 hours 20 minutes',
		'analytics tries a storage account never seen before', jsonb_build_object('denials', 15, 'destination_type', 'STORAGE', 'is_new', true, 'severity', 'high')),
	(44, 'network', 'new_address', 'get_external_ips', 'ip', '185.243.115.84', NULL, p.yesterday + interval '13 hours 20 minutes', p.yesterday + interval '15 hours',
		'The downloads of dana.wright come from an address nobody used before', jsonb_build_object('events', 72, 'users', 1, 'is_new', true, 'is_trusted', false, 'sensitive_events', 60, 'risk', 'high')),
	(45, 'network', 'denied_ingress', 'get_denied_ingress', 'ip', '45.134.26.77', production, p.attack - interval '30 minutes', p.attack - interval '5 minutes',
		'The address of the sign-in attack was turned away before, and got in later', jsonb_build_object('denials', 75, 'later_succeeded', true, 'severity', 'high')),
	(46, 'network', 'saturated_link', 'get_network_bottlenecks', 'cluster', cl ->> 'streaming-ingest', production, p.yesterday + interval '10 hours', p.yesterday + interval '11 hours',
		'streaming-ingest fills the link of its nodes for an hour', jsonb_build_object('kind', 'NODE_SATURATED', 'node_minutes', 180, 'node_mbps', 9000, 'reference_mbps', 10000)))
	v(id, domain, kind, tool, entity_type, entity_id, workspace_id, starts_at, ends_at, expected, figures);
END $$;
COMMENT ON FUNCTION dbinsight._sample_truth(int, int, numeric) IS 'Writes down what is planted in the sample account';
