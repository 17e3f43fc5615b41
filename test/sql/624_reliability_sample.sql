-- The reliability agent's tools find what is planted in the sample account, and agree with the facts.
SELECT t.kind, b.breach_type = t.figures ->> 'breach_type' AS type, b.duration_s = (t.figures ->> 'wall_s')::float8 AS wall,
	b.target_s = (t.figures ->> 'target_s')::float8 AS target, b.target_source
FROM dbinsight.sample_truth t JOIN dbinsight.get_sla_breaches() b ON b.workspace_id = t.workspace_id AND b.job_id = t.entity_id
WHERE t.tool = 'get_sla_breaches' AND t.kind = 'sla_breach';
SELECT t.kind, count(*) = (t.figures ->> 'breaches_7d')::int AS breaches
FROM dbinsight.sample_truth t JOIN dbinsight.get_sla_breaches() b ON b.workspace_id = t.workspace_id AND b.job_id = t.entity_id AND b.breach_type = 'DURATION'
WHERE t.tool = 'get_sla_breaches' AND t.figures ? 'breaches_7d' GROUP BY t.kind, t.entity_id, t.figures;

-- The outage: ninety minutes of SQL, in production and nowhere else.
SELECT t.kind, u.longest_outage_min = (t.figures ->> 'longest_outage_min')::float8 AS outage, u.outages, u.down_minutes, u.meets_target
FROM dbinsight.sample_truth t JOIN dbinsight.get_uptime_metrics(days => 7) u ON u.workspace_id = t.workspace_id AND u.service = t.figures ->> 'service'
WHERE t.tool = 'get_uptime_metrics';
SELECT count(*) FROM dbinsight.get_uptime_metrics(days => 7) u
WHERE u.outages > 0 AND NOT EXISTS (SELECT FROM dbinsight.sample_truth t WHERE t.tool = 'get_uptime_metrics' AND t.workspace_id = u.workspace_id);

SELECT t.kind, s.consecutive_failures = (t.figures ->> 'consecutive_failures')::int AS failures,
	s.last_termination_code = t.figures ->> 'termination_code' AS code, s.first_failure >= t.starts_at AS since
FROM dbinsight.sample_truth t JOIN dbinsight.get_failure_streaks() s ON s.workspace_id = t.workspace_id AND s.job_id = t.entity_id
WHERE t.tool = 'get_failure_streaks';
SELECT t.kind, i.status = t.figures ->> 'status' AS status, i.failures = (t.figures ->> 'failures')::int AS failures,
	i.severity = t.figures ->> 'severity' AS severity, i.root_cause = t.figures ->> 'root_cause' AS cause
FROM dbinsight.sample_truth t JOIN dbinsight.get_incident_summary() i ON i.workspace_id = t.workspace_id AND i.entity_id = t.entity_id
	AND i.opened_at >= t.starts_at
WHERE t.tool = 'get_incident_summary' ORDER BY t.kind, t.entity_id;

-- Uptime of 29 days that begin and end within a bucket, counted from the facts.
BEGIN;
SET LOCAL dbinsight.now = '2026-06-15 11:47:30+00';
CREATE TEMP TABLE attempt AS
SELECT workspace_id, 'jobs' AS service, end_time AS at, is_failure AS failed FROM dbinsight.job_run WHERE is_terminal
UNION ALL SELECT workspace_id, 'sql', end_time, execution_status = 'FAILED' FROM dbinsight.fact_query_history
UNION ALL SELECT workspace_id, 'pipelines', end_time, result_state = 'FAILED' FROM dbinsight.pipeline_update
UNION ALL SELECT workspace_id, 'serving', request_time, status_code >= 500 FROM dbinsight.fact_endpoint_usage;
CREATE TEMP TABLE bucket AS
SELECT workspace_id, service, to_timestamp(floor(extract(epoch FROM at) / 300) * 300) AS start,
	count(*) >= 3 AND count(*) FILTER (WHERE failed) >= count(*) / 2.0 AS down
FROM attempt WHERE at >= dbinsight.now() - interval '29 days' AND at < dbinsight.now() GROUP BY 1, 2, 3;
INSERT INTO bucket SELECT workspace_id, '(all)', start, bool_or(down) FROM bucket GROUP BY 1, 3;
CREATE TEMP TABLE by_hand AS
SELECT workspace_id, service, 5 * count(*) AS demanded, 5 * count(*) FILTER (WHERE down) AS down,
	round(100.0 * count(*) FILTER (WHERE NOT down) / count(*), 2)::float8 AS uptime,
	-- an outage begins where no down bucket began in the twenty minutes before
	count(*) FILTER (WHERE down AND NOT EXISTS (SELECT FROM bucket o WHERE o.workspace_id = b.workspace_id AND o.service = b.service
		AND o.down AND o.start < b.start AND o.start >= b.start - interval '20 minutes')) AS outages
FROM bucket b GROUP BY 1, 2;
CREATE TEMP VIEW by_tool AS
SELECT workspace_id, service, demanded_minutes, down_minutes, uptime_pct, outages FROM dbinsight.get_uptime_metrics(days => 29);
SELECT (SELECT count(*) FROM by_tool) > 10 AS rows, count(*) AS differences
FROM ((TABLE by_tool EXCEPT TABLE by_hand) UNION ALL (TABLE by_hand EXCEPT TABLE by_tool)) d;

-- Health: attempts and failures of 24 hours and of the seven days before from the same attempts, p95 of the statements from the facts.
SELECT h.service_name, h.attempts_24h = a.n AS attempts, h.failures_24h = a.failed AS failures, h.baseline_error_rate_pct = a.baseline AS baseline
FROM dbinsight.get_service_health() h JOIN (
	SELECT service, count(*) FILTER (WHERE at >= dbinsight.now() - interval '24 hours') AS n,
		count(*) FILTER (WHERE failed AND at >= dbinsight.now() - interval '24 hours') AS failed,
		round(100.0 * count(*) FILTER (WHERE failed AND at < dbinsight.now() - interval '24 hours')
			/ count(*) FILTER (WHERE at < dbinsight.now() - interval '24 hours'), 2)::float8 AS baseline
	FROM attempt WHERE at >= dbinsight.now() - interval '8 days' AND at < dbinsight.now() GROUP BY service) a ON a.service = h.service_name
ORDER BY h.service_name;
SELECT h.p95_latency_s = round((SELECT percentile_cont(0.95) WITHIN GROUP (ORDER BY total_duration_ms / 1000.0) FROM dbinsight.fact_query_history
	WHERE end_time >= dbinsight.now() - interval '24 hours' AND end_time < dbinsight.now())::numeric, 3) AS p95,
	h.baseline_p95_s = round((SELECT percentile_cont(0.95) WITHIN GROUP (ORDER BY total_duration_ms / 1000.0) FROM dbinsight.fact_query_history
	WHERE end_time >= dbinsight.now() - interval '8 days' AND end_time < dbinsight.now() - interval '24 hours')::numeric, 3) AS baseline_p95
FROM dbinsight.get_service_health('sql') h;

-- Incidents by gaps and islands over all ended runs of a job.
CREATE TEMP TABLE island AS
SELECT workspace_id, job_id, island, count(*) AS failures, min(end_time) AS opened, max(end_time) AS last
FROM (SELECT *, count(*) FILTER (WHERE is_success) OVER (PARTITION BY workspace_id, job_id ORDER BY end_time, run_id) AS island
	FROM dbinsight.job_run WHERE (is_success OR is_failure) AND end_time < dbinsight.now()) r
WHERE is_failure GROUP BY 1, 2, 3;
SELECT count(*) > 10 AS incidents,
	count(*) FILTER (WHERE NOT EXISTS (SELECT FROM island i WHERE i.workspace_id = g.workspace_id AND i.job_id = g.entity_id
		AND i.failures = g.failures AND i.opened = g.opened_at)) AS unknown,
	(SELECT count(*) FROM island i WHERE i.last >= dbinsight.now() - interval '7 days') - count(*) AS missing
FROM dbinsight.get_incident_summary() g WHERE g.entity_type = 'job';
ROLLBACK;
