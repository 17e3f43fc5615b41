-- Tools and arguments. Expected from the rules: calendar words become dates; a
-- tool that has only days (or hours) reaches back from now to the first day
-- of the period, both counted; yesterday is 2 days or 48 hours; what is not
-- said is left to the function's default.
CREATE FUNCTION pg_temp.calls(question text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(tool || ' ' || arguments, E'\n' ORDER BY n) FROM dbinsight.plan(question) WITH ORDINALITY p(agent, tool, arguments, confidence, n)
$$;
CREATE TEMP TABLE expected (question text, calls text);

-- Wednesday 18 June 2025, 14:30; the week began on the 16th
INSERT INTO expected VALUES
	('What caused the cost spike yesterday?', E'get_cost_anomalies {"lookback_days": 2}\nget_top_cost_drivers {"date": "2025-06-17"}'),
	('Show me the 30-day cost forecast', 'get_cost_forecast {"horizon_days": 30}'),
	('Which workspaces are over budget?', 'get_budget_status {"scope_type": "WORKSPACE"}'),
	-- 18 days of June against the first 18 of May
	('Compare this month''s costs to last month',
		E'get_daily_cost_summary {"end_date": "2025-06-18", "start_date": "2025-06-01"}\nget_daily_cost_summary {"end_date": "2025-05-18", "start_date": "2025-05-01"}'),
	('Show me high-severity security events from today', E'get_security_events {"end_date": "2025-06-18", "severity": "high", "start_date": "2025-06-18"}\nget_findings {"days": 1, "severity": "high"}'),
	('Has user@company.com accessed PII recently?', 'get_pii_access_logs {"user": "user@company.com"}'),
	-- 18:00 to 14:30 is 20.5 hours
	('Were there any failed auth attempts overnight?', 'get_failed_auth_attempts {"hours": 21}'),
	('What permission changes happened this week?', 'get_permission_changes {"days": 3}'),
	('Which jobs are at risk of failure?', 'get_job_failure_risk {}'),
	('Show me the slowest queries today', 'get_slow_queries {"hours": 24}'),
	('What''s causing the bottleneck in production?', E'get_job_bottlenecks {}\nget_resource_utilization {"workspace": "production"}'),
	('What''s our uptime for production this month?', 'get_uptime_metrics {"days": 18, "workspace": "production"}'),
	('Show me SLA breaches in the past week', 'get_sla_breaches {"days": 7}'),
	('Summarize incidents from yesterday', 'get_incident_summary {"days": 2}'),
	('Is there a pattern to our outages?', E'get_incident_summary {}\nget_uptime_metrics {}'),
	('What data quality issues exist?', E'get_dq_summary {}\nget_freshness_violations {}\nget_expectation_failures {}'),
	('Which tables are stale?', 'get_freshness_violations {}'),
	('Show me DLT expectation failures', 'get_expectation_failures {}'),
	('Has the data distribution changed?', 'get_drift_metrics {}'),
	('How is the job_failure_predictor performing?', 'get_model_performance {"model_name": "job_failure_predictor"}'),
	('Has the cost_anomaly_detector drifted?', 'get_model_drift {"model_name": "cost_anomaly_detector"}'),
	('When was the last model retraining?', 'get_training_history {}'),
	('Show me inference latency for all models', 'get_inference_metrics {}'),
	('Show me the lineage for fact_usage', 'get_table_lineage {"table_name": "fact_usage"}'),
	('Who has access to sensitive tables?', 'get_access_grants {}'),
	('Generate a GDPR compliance report', 'get_compliance_report {"regulation": "GDPR"}'),
	('Which tables are missing descriptions?', 'get_metadata_quality {}'),
	('Which external IPs connected this week?', 'get_external_ips {"days": 3}'),
	('Where are the network bottlenecks?', 'get_network_bottlenecks {}'),
	('Show me the top cost drivers and any security issues from yesterday',
		E'get_top_cost_drivers {"date": "2025-06-17"}\nget_security_events {"end_date": "2025-06-17", "start_date": "2025-06-17"}\nget_findings {"days": 2}\nget_failed_auth_attempts {"hours": 48}\nget_permission_changes {"days": 2}'),
	('how healthy are we?', E'get_platform_health {}\nget_active_alerts {}'),
	('what alerts are firing?', 'get_active_alerts {}'),
	('what security alerts are firing?', 'get_active_alerts {"domain": "security"}'),
	('show critical alerts', 'get_active_alerts {"severity": "critical"}'),
	-- counts, thresholds, names, ranges
	('top 5 cost drivers yesterday', 'get_top_cost_drivers {"date": "2025-06-17", "top_n": 5}'),
	('10 slowest queries this week', 'get_slow_queries {"hours": 72, "top_n": 10}'),
	('queries taking longer than 5 minutes', 'get_slow_queries {"threshold_seconds": 300}'),
	('show queries slower than 2 min in the last 12 hours', 'get_slow_queries {"hours": 12, "threshold_seconds": 120}'),
	('tables that have not been refreshed for more than 2 days', 'get_freshness_violations {"hours": 48}'),
	('list medium or higher security events in the past week', E'get_security_events {"end_date": "2025-06-18", "severity": "medium", "start_date": "2025-06-12"}\nget_findings {"days": 7, "severity": "medium"}'),
	('how much did we spend in May', 'get_daily_cost_summary {"end_date": "2025-05-31", "start_date": "2025-05-01"}'),
	('total spend between 1 June and 5 June', 'get_daily_cost_summary {"end_date": "2025-06-05", "start_date": "2025-06-01"}'),
	('which skus cost us the most in Q1', 'get_cost_by_sku {"end_date": "2025-03-31", "start_date": "2025-01-01"}'),
	('cost per workspace last week', 'get_workspace_cost_breakdown {"end_date": "2025-06-15", "start_date": "2025-06-09"}'),
	('are we within budget for May', 'get_budget_status {"month": "2025-05-01"}'),
	('predict our costs for the next 60 days', 'get_cost_forecast {"horizon_days": 60}'),
	-- 18 June to 31 July: 13 + 31 days
	('how much will we spend next month', 'get_cost_forecast {"horizon_days": 44}'),
	('failed jobs in staging over the past 48 hours', 'get_failed_jobs {"hours": 48, "workspace": "staging"}'),
	('show the last 20 runs of nightly_etl', 'get_job_runs {"top_n": 20, "job_name": "nightly_etl"}'),
	('p95 latency of the chat_endpoint over the last 3 days', 'get_inference_metrics {"days": 3, "endpoint": "chat_endpoint"}'),
	('only upstream lineage of main.gold.orders', 'get_table_lineage {"direction": "upstream", "table_name": "main.gold.orders"}'),
	('data quality of main.sales', 'get_dq_summary {"schema": "main.sales"}'),
	-- longer than a tool can look back: its most
	('which jobs failed since 2020', 'get_failed_jobs {"hours": 9600}'),
	('is the cpu high', 'get_resource_utilization {}');
SET dbinsight.now = '2025-06-18 14:30:00+00';
SELECT e.*, pg_temp.calls(e.question) AS planned FROM expected e WHERE pg_temp.calls(e.question) IS DISTINCT FROM e.calls;

-- Why: the failure, its runs, what holds the job up; a week back, since no time was named.
SELECT agent, tool, arguments FROM dbinsight.plan('Why did nightly_etl fail?');
SELECT agent, tool, arguments FROM dbinsight.plan('Why are costs high and jobs failing?');

-- Month end: 31 days of March against 28 of February; Monday: this week is one day.
SET dbinsight.now = '2025-03-31 12:00:00+00';
SELECT arguments FROM dbinsight.plan('Compare this month''s costs to last month');
SELECT arguments FROM dbinsight.plan('What permission changes happened this week?');
-- In Tokyo it is the first of March already.
SET dbinsight.now = '2024-02-29 23:30:00+00';
BEGIN;
INSERT INTO dbinsight.user_preferences (timezone) VALUES ('Asia/Tokyo')
	ON CONFLICT (user_id) DO UPDATE SET timezone = excluded.timezone;
SELECT arguments FROM dbinsight.plan('What did we spend this month?');
ROLLBACK;
SELECT arguments FROM dbinsight.plan('What did we spend this month?');
RESET dbinsight.now;
