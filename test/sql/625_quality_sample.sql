-- The quality tools over the sample account: what is planted is found, and the rest equals a plain count of the facts.
SET dbinsight.now = '2026-06-15 12:00:00+00';

-- Planted (truth): a stale table, an expectation, two drifts.
SELECT t.kind, t.entity_id, v.hours_since_write = (t.figures ->> 'hours_since_write')::float8 AS hours, v.threshold_h = (t.figures ->> 'threshold_h')::float8 AS threshold,
	v.writer_type, v.writer_id = t.figures ->> 'writer_id' AS writer, v.writer_last_state,
	v.severity = CASE WHEN v.readers_7d >= 10 THEN 'critical' ELSE t.figures ->> 'severity' END AS severity
FROM dbinsight.sample_truth t LEFT JOIN dbinsight.get_freshness_violations() v ON v.table_full_name = t.entity_id WHERE t.tool = 'get_freshness_violations';
SELECT t.kind, v.pipeline_name = t.figures ->> 'pipeline_name' AS pipeline, v.dataset, v.expectation, v.action,
	v.failed_records = (t.figures ->> 'failed_records_7d')::bigint AS failed, v.passed_records = (t.figures ->> 'passed_records_7d')::bigint AS passed,
	v.first_failure < v.last_failure AS over_days, v.failure_pct > v.prior_failure_pct AS worse
FROM dbinsight.sample_truth t LEFT JOIN dbinsight.get_expectation_failures() v ON v.pipeline_id = t.entity_id AND v.expectation = t.figures ->> 'expectation'
WHERE t.tool = 'get_expectation_failures';
-- the planted rule rejects the most
SELECT dataset, expectation FROM dbinsight.get_expectation_failures() LIMIT 1;
-- amount: ten bins, shares .03 .09 .16 .22 .2 .15 .09 .04 .015 .005 before, the same mirrored after: ks = .7 - .3 = .4 at 100. Means 80 and 120, stddev 33: shift 1.2
SELECT t.kind, v.metric, v.drifted, v.baseline_date, v.current_date_used, CASE v.metric WHEN 'ks_statistic' THEN abs(v.current_value - 0.4) < 0.001
	WHEN 'mean_shift' THEN abs(v.change - 40.0 / 33) < 0.2 WHEN 'null_pct' THEN v.baseline_value = 1 AND v.current_value = 20 AND v.change = 19 END AS as_planted
FROM dbinsight.sample_truth t LEFT JOIN dbinsight.get_drift_metrics() v ON v.table_full_name = t.figures ->> 'table' AND v.column_name = t.figures ->> 'column'
WHERE t.tool = 'get_drift_metrics' ORDER BY t.kind, v.metric COLLATE "C";
-- and nothing else drifts
SELECT v.table_full_name, v.column_name, v.metric FROM dbinsight.get_drift_metrics() v
WHERE NOT EXISTS (SELECT FROM dbinsight.sample_truth t WHERE t.tool = 'get_drift_metrics' AND t.figures ->> 'table' = v.table_full_name AND t.figures ->> 'column' = v.column_name);

-- Late tables, counted over the lineage: tool and count differ in these.
WITH written AS (
	SELECT l.target_table_full_name AS name, count(DISTINCT l.event_id) FILTER (WHERE l.event_time >= '2026-04-16' AND l.event_time < '2026-06-15') AS writes, max(l.event_time) AS at
	FROM dbinsight.fact_table_lineage l WHERE l.target_table_full_name IS NOT NULL AND l.event_time < dbinsight.now() GROUP BY 1
), committed AS (
	SELECT m.table_full_name AS name, max(m.commit_last_value) AS at FROM dbinsight.fact_dq_monitoring m
	WHERE m.event_time >= dbinsight.now() - interval '60 days' AND m.event_time < dbinsight.now() GROUP BY 1
), age AS (
	SELECT t.table_full_name, w.writes, greatest(w.at, c.at) AS at,
		(SELECT f.max_hours FROM dbinsight.freshness_targets f WHERE t.table_full_name ILIKE f.table_pattern ORDER BY length(f.table_pattern) DESC LIMIT 1) AS target
	FROM dbinsight.dim_table t LEFT JOIN written w ON w.name = t.table_full_name LEFT JOIN committed c ON c.name = t.table_full_name
	WHERE t.snapshot_date = '2026-06-15'
), late AS (
	SELECT a.table_full_name, a.at FROM age a
	WHERE (a.writes >= 2 OR a.target IS NOT NULL) AND a.at < dbinsight.now() - coalesce(a.target, 24) * interval '1 hour'
), tool AS (
	SELECT v.table_full_name, v.last_write FROM dbinsight.get_freshness_violations() v
)
(SELECT 'counted' AS only, * FROM late EXCEPT SELECT 'counted', * FROM tool) UNION ALL (SELECT 'tool', * FROM tool EXCEPT SELECT 'tool', * FROM late);

-- Scores of the schemas, counted over the monitoring results.
WITH latest AS (
	SELECT m.*, row_number() OVER (PARTITION BY m.table_full_name ORDER BY m.event_time DESC) AS n FROM dbinsight.fact_dq_monitoring m
	WHERE m.event_time >= dbinsight.now() - interval '7 days' AND m.event_time < dbinsight.now()
), counted AS (
	SELECT l.catalog_name || '.' || l.schema_name AS name, count(*) AS tables, count(*) FILTER (WHERE l.status = 'UNHEALTHY') AS unhealthy,
		round(100.0 * sum((l.freshness_status = 'HEALTHY')::int + (l.completeness_status = 'HEALTHY')::int)
			/ sum((l.freshness_status <> 'UNKNOWN')::int + (l.completeness_status <> 'UNKNOWN')::int), 2)::float8 AS score
	FROM latest l WHERE l.n = 1 GROUP BY 1
)
SELECT c.name, c.tables = d.tables_monitored AS tables, c.unhealthy = d.unhealthy AS unhealthy, c.score = d.dq_score AS score, d.coverage_pct <= 100 AS coverage
FROM counted c LEFT JOIN dbinsight.get_dq_summary() d ON d.schema_full_name = c.name ORDER BY c.name COLLATE "C";
SELECT sum(d.expectation_failed_records) = (SELECT sum(e.failed_records) FROM dbinsight.fact_pipeline_expectations e
	WHERE e.event_time >= dbinsight.now() - interval '7 days' AND e.event_time < dbinsight.now()) AS all_failed_records FROM dbinsight.get_dq_summary() d;
