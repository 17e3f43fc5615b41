-- The performance agent's tools find what is planted in the sample account, and agree with the facts.

-- Failures of yesterday and last night: how many, why, in which task, at what cost, and when.
SELECT t.kind, count(*) = (t.figures ->> 'failures')::int AS failures,
	bool_and(f.termination_code = t.figures ->> 'termination_code') AS code,
	bool_and(f.failed_task_keys = ARRAY[t.figures ->> 'failed_task']) AS task,
	sum(f.cost) = coalesce((t.figures ->> 'cost_usd')::numeric, sum(f.cost)) AS cost,
	jsonb_agg(f.end_time ORDER BY f.end_time) = coalesce((SELECT jsonb_agg(e::timestamptz ORDER BY e::timestamptz)
		FROM jsonb_array_elements_text(t.figures -> 'end_times') e), jsonb_agg(f.end_time ORDER BY f.end_time)) AS ends,
	max(f.run_id) = coalesce(t.figures ->> 'run_id', max(f.run_id)) AS run
FROM dbinsight.sample_truth t JOIN dbinsight.get_failed_jobs(48) f ON f.workspace_id = t.workspace_id AND f.job_id = t.entity_id
WHERE t.tool = 'get_failed_jobs' AND f.end_time >= t.starts_at AND f.end_time <= t.ends_at
GROUP BY t.kind, t.entity_id, t.figures ORDER BY t.kind, t.entity_id;

SELECT t.kind, count(*) = (t.figures ->> 'queries')::int AS queries, min(q.spilled_gib) = (t.figures ->> 'min_spilled_gib')::float8 AS least,
	max(q.spilled_gib) = (t.figures ->> 'max_spilled_gib')::float8 AS most, sum(q.spilled_gib) = (t.figures ->> 'total_spilled_gib')::float8 AS total,
	bool_and(q.executed_by = t.figures ->> 'executed_by') AS by_whom
FROM dbinsight.sample_truth t JOIN dbinsight.get_high_spill_queries(24, 20) q ON q.warehouse_id = t.entity_id
WHERE t.tool = 'get_high_spill_queries' GROUP BY t.kind, t.entity_id, t.figures;

SELECT t.kind, count(*) >= (t.figures ->> 'queries')::int AS queries
FROM dbinsight.sample_truth t JOIN dbinsight.get_slow_queries(60, 24, 100000) q ON q.warehouse_id = t.entity_id
	AND q.main_cause = t.figures ->> 'main_cause' AND q.spilled_gib >= 20
WHERE t.tool = 'get_slow_queries' GROUP BY t.kind, t.entity_id, t.figures;

SELECT t.kind, u.state = t.figures ->> 'state' AS state,
	u.avg_mem_pct BETWEEN (t.figures ->> 'min_mem_pct')::float8 AND (t.figures ->> 'max_mem_pct')::float8 AS memory
FROM dbinsight.sample_truth t JOIN dbinsight.get_resource_utilization() u ON u.workspace_id = t.workspace_id AND u.cluster_id = t.entity_id
WHERE t.tool = 'get_resource_utilization' ORDER BY t.kind, t.entity_id;

SELECT t.kind, r.n = (t.figures ->> 'rank')::int AS rank, r.failure_probability = (t.figures ->> 'failure_probability')::float8 AS probability, r.method
FROM dbinsight.sample_truth t JOIN (SELECT row_number() OVER () AS n, * FROM dbinsight.get_job_failure_risk()) r
	ON r.workspace_id = t.workspace_id AND r.job_id = t.entity_id
WHERE t.tool = 'get_job_failure_risk';

-- Every run, made anew from its slices in another way: as the catalogue defines it. No difference.
SELECT count(*) FROM (
	SELECT workspace_id, run_id, min(period_start_time), max(period_end_time), count(result_state)::int,
		(SELECT l.result_state FROM dbinsight.fact_job_run_timeline l WHERE l.workspace_id = f.workspace_id AND l.run_id = f.run_id
			ORDER BY l.period_end_time DESC, l.period_start_time DESC LIMIT 1),
		round(sum(extract(epoch FROM period_end_time - period_start_time)), 3)
	FROM dbinsight.fact_job_run_timeline f GROUP BY workspace_id, run_id
	EXCEPT
	SELECT workspace_id, run_id, start_time, last_seen_time, attempts, result_state, round(duration_s::numeric, 3) FROM dbinsight.job_run) d;

-- Success rates of seven days from the runs.
SELECT count(*) FROM (
	SELECT workspace_id, job_id, runs, succeeded, failed, success_rate_pct, p95_duration_s FROM dbinsight.get_job_success_rate()
	EXCEPT
	SELECT workspace_id, job_id, count(*), count(*) FILTER (WHERE result_state = 'SUCCEEDED'),
		count(*) FILTER (WHERE result_state IN ('FAILED', 'ERROR', 'TIMED_OUT')),
		round(100.0 * count(*) FILTER (WHERE result_state = 'SUCCEEDED')
			/ count(*) FILTER (WHERE result_state IN ('SUCCEEDED', 'FAILED', 'ERROR', 'TIMED_OUT')), 2)::float8,
		round((percentile_cont(0.95) WITHIN GROUP (ORDER BY duration_s) FILTER (WHERE result_state = 'SUCCEEDED'))::numeric, 3)::float8
	FROM dbinsight.job_run
	WHERE is_terminal AND end_time >= dbinsight.now() - interval '7 days' AND end_time < dbinsight.now()
	GROUP BY workspace_id, job_id
	HAVING count(*) FILTER (WHERE result_state IN ('SUCCEEDED', 'FAILED', 'ERROR', 'TIMED_OUT')) >= 5) d;

-- A window that cuts two clock hours: the same figures as from the node minutes themselves.
BEGIN;
SET LOCAL dbinsight.now = '2026-06-15 11:47:30+00';
SELECT count(*) FROM (
	SELECT workspace_id, cluster_id, nodes, observed_h, node_h, avg_cpu_pct, p95_cpu_pct, p95_mem_pct, idle_pct, saturated_pct
	FROM dbinsight.get_resource_utilization(hours => 31)
	EXCEPT
	SELECT workspace_id, cluster_id, count(DISTINCT instance_id), round(count(DISTINCT date_trunc('minute', start_time)) / 60.0, 3)::float8,
		round(count(*) / 60.0, 3)::float8, round(avg(cpu_pct)::numeric, 2)::float8,
		round((percentile_cont(0.95) WITHIN GROUP (ORDER BY cpu_pct))::numeric, 2)::float8,
		round((percentile_cont(0.95) WITHIN GROUP (ORDER BY mem_used_percent))::numeric, 2)::float8,
		round(100.0 * count(*) FILTER (WHERE cpu_pct < 10) / count(*), 2)::float8,
		round(100.0 * count(*) FILTER (WHERE cpu_pct > 90 OR mem_used_percent > 90) / count(*), 2)::float8
	FROM dbinsight.fact_node_timeline
	WHERE start_time >= dbinsight.now() - interval '31 hours' AND start_time < dbinsight.now()
	GROUP BY workspace_id, cluster_id) d;

-- Tasks of three days that begin and end within a day: from task runs and node minutes, and the critical path of each run by recursion.
SELECT count(*) > 3 AS tasks FROM dbinsight.get_job_bottlenecks('nightly_etl', 30);
CREATE TEMP TABLE run AS SELECT r.* FROM dbinsight.job_run r
WHERE r.end_time >= dbinsight.now() - interval '3 days' AND r.end_time < dbinsight.now();
CREATE TEMP TABLE task AS
SELECT r.workspace_id, r.job_id, r.run_id, r.duration_s AS run_s, r.start_time AS run_start, t.task_key, t.task_run_id, t.start_time, t.last_seen_time, t.duration_s,
	t.compute_ids, dense_rank() OVER (PARTITION BY r.workspace_id, r.run_id, t.task_key ORDER BY t.start_time, t.task_run_id) AS attempt
FROM run r JOIN dbinsight.job_task_run t ON t.workspace_id = r.workspace_id AND t.job_run_id = r.run_id;
CREATE INDEX ON task (workspace_id, run_id);
ANALYZE task;
CREATE TEMP TABLE path AS
WITH RECURSIVE walk AS (
	SELECT workspace_id, run_id, task_key FROM (
		SELECT DISTINCT ON (workspace_id, run_id) workspace_id, run_id, task_key, job_id FROM task
		ORDER BY workspace_id, run_id, last_seen_time DESC, task_key COLLATE "C") l
	UNION
	SELECT w.workspace_id, w.run_id, n.task_key
	FROM walk w CROSS JOIN LATERAL (
		SELECT d.task_key FROM task t
		JOIN dbinsight.dim_job_task v ON v.workspace_id = t.workspace_id AND v.job_id = t.job_id AND v.task_key = t.task_key AND v.is_current
		JOIN task d ON d.workspace_id = t.workspace_id AND d.run_id = t.run_id AND d.task_key = ANY (v.depends_on)
		WHERE t.workspace_id = w.workspace_id AND t.run_id = w.run_id AND t.task_key = w.task_key
		ORDER BY d.last_seen_time DESC, d.task_key COLLATE "C" LIMIT 1) n
) SELECT * FROM walk;
CREATE TEMP TABLE node AS
SELECT t.workspace_id, t.job_id, t.task_key, avg(n.cpu_pct) AS cpu, percentile_cont(0.95) WITHIN GROUP (ORDER BY n.mem_used_percent) AS mem
FROM task t JOIN dbinsight.fact_node_timeline n ON n.workspace_id = t.workspace_id AND n.cluster_id = ANY (t.compute_ids)
	AND n.start_time < t.last_seen_time AND n.start_time + interval '1 minute' > t.start_time
WHERE t.last_seen_time > t.start_time
GROUP BY t.workspace_id, t.job_id, t.task_key;
CREATE TEMP TABLE by_hand AS
SELECT t.workspace_id, t.job_id, t.task_key, count(DISTINCT t.run_id) AS runs, round(avg(t.duration_s)::numeric, 3)::float8 AS avg_s,
	round((percentile_cont(0.95) WITHIN GROUP (ORDER BY t.duration_s))::numeric, 3)::float8 AS p95_s,
	round((100 * avg(t.duration_s / nullif(t.run_s, 0)))::numeric, 2)::float8 AS share,
	round(100.0 * count(DISTINCT p.run_id) / count(DISTINCT t.run_id), 2)::float8 AS path, count(*) FILTER (WHERE t.attempt > 1) AS retries,
	round(max(n.cpu)::numeric, 2)::float8 AS cpu, round(max(n.mem)::numeric, 2)::float8 AS mem
FROM task t LEFT JOIN path p USING (workspace_id, run_id, task_key) LEFT JOIN node n USING (workspace_id, job_id, task_key)
GROUP BY t.workspace_id, t.job_id, t.task_key;
CREATE TEMP VIEW by_tool AS
SELECT workspace_id, job_id, task_key, runs, avg_duration_s, p95_duration_s, share_of_run_pct, on_critical_path_pct, retries, avg_cpu_pct, p95_mem_pct
FROM dbinsight.get_job_bottlenecks('%', 3);
SELECT (SELECT count(*) FROM by_tool) > 100 AS rows, count(*) AS differences
FROM ((TABLE by_tool EXCEPT TABLE by_hand) UNION ALL (TABLE by_hand EXCEPT TABLE by_tool)) d;
ROLLBACK;
