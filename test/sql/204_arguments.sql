-- What people say for the values of arguments, on a small account. Wednesday
-- 18 June 2025, 14:30. The tools are named plainly, so that this is about
-- their arguments; expected is the argument that the words mean.
\set SHOW_CONTEXT never
BEGIN;
SET LOCAL dbinsight.now = '2025-06-18 14:30:00+00';
INSERT INTO dbinsight.dim_workspace (workspace_id, workspace_name) VALUES ('101', 'production'), ('102', 'development'), ('103', 'ml-platform');
INSERT INTO dbinsight.dim_job (workspace_id, job_id, job_name, change_time) VALUES ('101', '7001', 'nightly_etl', '2025-01-01'), ('101', '7002', 'load_customers', '2025-01-01');
INSERT INTO dbinsight.dim_table (snapshot_date, table_catalog, table_schema, table_name) VALUES
	('2025-06-18', 'main', 'gold', 'orders'), ('2025-06-18', 'main', 'silver', 'sessions'), ('2025-06-18', 'hr', 'core', 'salaries');
INSERT INTO dbinsight.dim_served_entities (served_entity_id, workspace_id, endpoint_name, entity_name, change_time) VALUES
	('s1', '103', 'fraud-scoring', 'ml.models.fraud_model', '2025-01-01'), ('s2', '103', 'churn-predictor', 'ml.models.churn_model', '2025-01-01');
INSERT INTO dbinsight.fact_list_prices (account_id, sku_name, cloud, currency_code, usage_unit, price_start_time) VALUES
	('a', 'PREMIUM_JOBS_COMPUTE', 'AWS', 'USD', 'DBU', '2025-01-01'), ('a', 'PREMIUM_SQL_PRO_COMPUTE_US_EAST_N_VIRGINIA', 'AWS', 'USD', 'DBU', '2025-01-01'),
	('a', 'PREMIUM_SERVERLESS_SQL_COMPUTE_US_EAST_N_VIRGINIA', 'AWS', 'USD', 'DBU', '2025-01-01');
INSERT INTO dbinsight.rollup_address_seen (source_ip, user_email, first_seen, last_seen) VALUES
	('203.0.113.7', 'grace.kim@company.com', '2025-06-01', '2025-06-17'), ('203.0.113.8', 'svc-bi', '2025-06-01', '2025-06-17');

CREATE TEMP TABLE expected (question text, tool text, argument text, value text);
INSERT INTO expected VALUES
	-- words of an enum
	('compliance violations: tokens that live forever', 'get_compliance_violations', 'type', 'LONG_LIVED_TOKEN'),
	('compliance violations: tokens without an expiry', 'get_compliance_violations', 'type', 'LONG_LIVED_TOKEN'),
	('compliance violations: columns that are not masked', 'get_compliance_violations', 'type', 'UNMASKED_SENSITIVE_COLUMN'),
	('compliance violations: anything open to the whole company', 'get_compliance_violations', 'type', 'PUBLIC_GRANT_ON_SENSITIVE'),
	('compliance violations: runtimes that are out of support', 'get_compliance_violations', 'type', 'UNSUPPORTED_RUNTIME'),
	('compliance violations: delta shares without an ip list', 'get_compliance_violations', 'type', 'SHARE_WITHOUT_IP_ACL'),
	-- several of them are all of them
	('compliance violations: masking and admins', 'get_compliance_violations', 'type', NULL),
	('run history: job runs still chugging along', 'get_job_runs', 'result_state', 'RUNNING'),
	('run history of nightly_etl: job runs that timed out', 'get_job_runs', 'result_state', 'TIMED_OUT'),
	('run history: canceled job runs', 'get_job_runs', 'result_state', 'CANCELLED'),
	('run history of job runs of nightly_etl', 'get_job_runs', 'result_state', NULL),
	('untagged jobs', 'get_untagged_resources', 'resource_type', 'JOB'),
	('which warehouses are untagged', 'get_untagged_resources', 'resource_type', 'WAREHOUSE'),
	('lineage: where does main.gold.orders come from', 'get_table_lineage', 'direction', 'upstream'),
	('lineage: what hangs off main.gold.orders', 'get_table_lineage', 'direction', 'downstream'),
	('lineage: what does main.gold.orders feed', 'get_table_lineage', 'direction', 'downstream'),
	('lineage of main.gold.orders, two hops', 'get_table_lineage', 'max_depth', '2'),
	('service health of the pipelines', 'get_service_health', 'service_name', 'pipelines'),
	('money related alerts', 'get_active_alerts', 'domain', 'cost'),
	('cost by tag, per project', 'get_cost_by_tag', 'tag_key', 'project'),
	('cost by tag, per cost centre', 'get_cost_by_tag', 'tag_key', 'cost_center'),
	('cost by tag env=prod', 'get_cost_by_tag', 'tag_key', 'env'),
	-- severities that no noun follows
	('security events, high and above', 'get_security_events', 'severity', 'high'),
	('alerts high+', 'get_active_alerts', 'severity', 'high'),
	('incidents, medium upwards', 'get_incident_summary', 'severity', 'medium'),
	('crit alerts', 'get_active_alerts', 'severity', 'critical'),
	('is the cpu high', 'get_resource_utilization', 'severity', NULL),
	-- counts and limits
	('which 3 queries are the slowest', 'get_slow_queries', 'top_n', '3'),
	('the 10 slowest queries', 'get_slow_queries', 'top_n', '10'),
	('single most expensive resource yesterday', 'get_top_cost_drivers', 'top_n', '1'),
	('failure streaks with 5+ consecutive failures', 'get_failure_streaks', 'min_failures', '5'),
	('failure streaks: two fails in a row', 'get_failure_streaks', 'min_failures', '2'),
	('job success rates, skip those with fewer than 20 runs', 'get_job_success_rate', 'min_runs', '20'),
	('cost anomalies at 2 sigma', 'get_cost_anomalies', 'z_threshold', '2'),
	('idle cluster cost below 10% cpu', 'get_idle_cluster_cost', 'cpu_threshold', '10'),
	('queries that spill more than 20 GiB', 'get_high_spill_queries', 'min_spill_gib', '20'),
	-- over N weeks is a window, over N minutes a limit
	('slow queries over 2 minutes', 'get_slow_queries', 'threshold_seconds', '120'),
	('cost anomalies over 3 weeks', 'get_cost_anomalies', 'lookback_days', '21'),
	-- names by their parts, their last part, with spaces, by the local part
	('cost trend of sku sql pro', 'get_sku_cost_trend', 'sku_name', 'PREMIUM_SQL_PRO_COMPUTE_US_EAST_N_VIRGINIA'),
	('cost trend of sku serverless sql', 'get_sku_cost_trend', 'sku_name', 'PREMIUM_SERVERLESS_SQL_COMPUTE_US_EAST_N_VIRGINIA'),
	('cost trend of sku jobs compute', 'get_sku_cost_trend', 'sku_name', 'PREMIUM_JOBS_COMPUTE'),
	('who read pii: grace.kim', 'get_pii_access_logs', 'user', 'grace.kim@company.com'),
	('who read pii: was it Grace Kim', 'get_pii_access_logs', 'user', 'grace.kim@company.com'),
	('pii access of svc-bi', 'get_pii_access_logs', 'user', 'svc-bi'),
	('drift of the churn model', 'get_model_drift', 'model_name', 'ml.models.churn_model'),
	('inference latency of fraud_model', 'get_inference_metrics', 'endpoint', 'fraud-scoring'),
	('run history of nightly etl', 'get_job_runs', 'job_name', 'nightly_etl'),
	('data quality of the silver layer', 'get_dq_summary', 'schema', 'main.silver'),
	('documentation of the hr catalog', 'get_metadata_quality', 'schema', 'hr.core'),
	('failed jobs in the ml workspace', 'get_failed_jobs', 'workspace', 'ml-platform'),
	('findings of rule SEC-AUTH-001', 'get_findings', 'rule_id', 'SEC-AUTH-001'),
	-- windows: 5 to 18 June, today from midnight, to the end of August (13 + 31 + 31 days)
	('idle cluster cost, 14 days back', 'get_idle_cluster_cost', 'days', '14'),
	('failed logins since midnight', 'get_failed_auth_attempts', 'hours', '24'),
	('cost forecast for august', 'get_cost_forecast', 'horizon_days', '75'),
	('drift of table main.gold.orders against june 1', 'get_drift_metrics', 'baseline_date', '2025-06-01');
-- What is read differently: nothing.
SELECT e.*, (SELECT string_agg(tool || ' ' || arguments, ', ') FROM dbinsight.plan(e.question)) AS planned FROM expected e
WHERE NOT EXISTS (SELECT FROM dbinsight.plan(e.question) p WHERE p.tool = e.tool AND p.arguments ->> e.argument IS NOT DISTINCT FROM e.value);

-- An unknown name is passed as typed, and the nearest is told.
SELECT line FROM regexp_split_to_table(dbinsight.explain_ask('run history of load_custmers'), E'\n') line WHERE line ~ '^assumed: There' OR line ~ 'job_name =';

-- Words of one's own, for a tool of one's own as well.
INSERT INTO dbinsight.argument_words (argument, value, form) VALUES ('result_state', 'TIMED_OUT', 'ran into the wall');
SELECT arguments ->> 'result_state' AS taught FROM dbinsight.plan('run history of nightly_etl, job runs that ran into the wall') LIMIT 1;
DELETE FROM dbinsight.argument_words WHERE form = 'ran into the wall';
SELECT arguments ->> 'result_state' AS forgotten FROM dbinsight.plan('run history of nightly_etl, job runs that ran into the wall') LIMIT 1;
CREATE SCHEMA regress_dbi;
CREATE FUNCTION regress_dbi.get_parcels(carrier text DEFAULT NULL, min_stops int DEFAULT 1) RETURNS TABLE (parcel text) LANGUAGE sql STABLE RETURN NULL::text;
COMMENT ON FUNCTION regress_dbi.get_parcels(text, int) IS
'Which parcels are on their way?
@enum carrier DHL|UPS';
INSERT INTO dbinsight.agents (name, title, description, examples) VALUES ('logistics', 'Logistics', 'parcels and deliveries', '{}');
SELECT dbinsight.register_tool('regress_dbi.get_parcels(text,int)'::regprocedure, 'logistics', ARRAY['which parcels are on their way', 'parcels with the brown trucks']);
INSERT INTO dbinsight.argument_words (argument, value, form) VALUES ('carrier', 'UPS', 'brown truck'), ('min_stops', '#', '# stop');
SELECT arguments FROM dbinsight.plan('which parcels are on their way in the brown trucks with three stops');
ROLLBACK;
