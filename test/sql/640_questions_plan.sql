-- Questions on the sample account: names of it are found, and every planned
-- call is one its function takes.
SET dbinsight.now = '2026-06-15 12:00:00+00';
CREATE TEMP TABLE expected (question text, tool text, arguments jsonb);
-- 15 June 2026 is a Monday.
INSERT INTO expected VALUES
	('What''s our uptime for production this month?', 'get_uptime_metrics', '{"days": 15, "workspace": "production"}'),
	('what did prod cost last week', 'get_workspace_cost_breakdown', '{"workspace_id": "production", "start_date": "2026-06-08", "end_date": "2026-06-14"}'),
	('cost of ml-platform in May', 'get_workspace_cost_breakdown', '{"workspace_id": "ml-platform", "start_date": "2026-05-01", "end_date": "2026-05-31"}'),
	('failed jobs in dev over the past 2 days', 'get_failed_jobs', '{"hours": 48, "workspace": "development"}'),
	('runs of orders_hourly_merge yesterday', 'get_job_runs', '{"job_name": "orders_hourly_merge", "days": 2}'),
	('what slows down nightly_etl', 'get_job_bottlenecks', '{"job_name": "nightly_etl"}'),
	('expectation failures of clickstream_pipeline this week', 'get_expectation_failures', '{"pipeline": "clickstream_pipeline", "days": 1}'),
	('p95 latency of fraud-scoring in the last 3 days', 'get_inference_metrics', '{"endpoint": "fraud-scoring", "days": 3}'),
	('Show me the lineage for fact_usage', 'get_table_lineage', '{"table_name": "main.gold.fact_usage"}'),
	('How is the job_failure_predictor performing?', 'get_model_performance', '{"model_name": "job_failure_predictor"}'),
	('Has the cost_anomaly_detector drifted?', 'get_model_drift', '{"model_name": "cost_anomaly_detector"}'),
	('trend of PREMIUM_ALL_PURPOSE_COMPUTE over the last 14 days', 'get_sku_cost_trend', '{"sku_name": "PREMIUM_ALL_PURPOSE_COMPUTE", "days": 14}'),
	('data quality of main.gold', 'get_dq_summary', '{"schema": "main.gold"}'),
	('Show me the slowest queries today', 'get_slow_queries', '{"hours": 24}'),
	('What is firing right now?', 'get_active_alerts', '{}'),
	('Which external IPs connected this week?', 'get_external_ips', '{"days": 1}');
SELECT e.question, e.tool, e.arguments, p.tool AS planned, p.arguments AS with_arguments
FROM expected e LEFT JOIN LATERAL (SELECT * FROM dbinsight.plan(e.question) LIMIT 1) p ON true
WHERE (p.tool, p.arguments) IS DISTINCT FROM (e.tool, e.arguments);

-- Each call as SQL: none is refused by its function.
CREATE FUNCTION pg_temp.refused(tool text, arguments jsonb) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('SELECT count(*) FROM dbinsight.%I(%s)', tool,
		(SELECT string_agg(format('%I => %L', key, value), ', ') FROM jsonb_each_text(arguments)));
	RETURN NULL;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLERRM;
END $$;
SELECT q, p.tool, p.arguments, pg_temp.refused(p.tool, p.arguments) AS refused
FROM (SELECT question AS q FROM expected UNION VALUES
	('What caused the cost spike yesterday?'), ('Show me the 30-day cost forecast'), ('Which workspaces are over budget?'),
	('Compare this month''s costs to last month'), ('Show me high-severity security events from today'),
	('Has user@company.com accessed PII recently?'), ('Were there any failed auth attempts overnight?'),
	('What permission changes happened this week?'), ('Why did nightly_etl fail?'), ('Which jobs are at risk of failure?'),
	('What''s causing the bottleneck in production?'), ('Show me SLA breaches in the past week'), ('Summarize incidents from yesterday'),
	('Is there a pattern to our outages?'), ('What data quality issues exist?'), ('Which tables are stale?'),
	('Show me DLT expectation failures'), ('Has the data distribution changed?'), ('When was the last model retraining?'),
	('Show me inference latency for all models'), ('Who has access to sensitive tables?'), ('Generate a GDPR compliance report'),
	('Which tables are missing descriptions?'), ('Where are the network bottlenecks?'),
	('Show me the top cost drivers and any security issues from yesterday'), ('Why are costs high and jobs failing?'),
	('how healthy are we?'), ('what alerts are firing?'), ('which jobs failed since 2020'), ('total spend since 2019')) x,
	LATERAL dbinsight.plan(q) p
WHERE pg_temp.refused(p.tool, p.arguments) IS NOT NULL;
SELECT count(*) FROM expected e WHERE EXISTS (SELECT FROM dbinsight.plan(e.question));
RESET dbinsight.now;
