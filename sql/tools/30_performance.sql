/*
 * Tools of the performance agent: jobs, queries, clusters.
 */
CREATE FUNCTION dbinsight.get_failed_jobs(hours int DEFAULT 24, workspace text DEFAULT NULL)
	RETURNS TABLE (workspace_id text, workspace_name text, job_id text, job_name text, run_id text, result_state text,
		termination_code text, trigger_type text, run_as text, start_time timestamptz, end_time timestamptz, duration_s float8,
		repair_count int, failed_task_keys text[], consecutive_failures bigint, cost numeric)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
	SELECT r.workspace_id, w.workspace_name, r.job_id, coalesce(j.job_name, r.run_name), r.run_id, r.result_state,
		r.termination_code, r.trigger_type, j.run_as, r.start_time, r.end_time, dbinsight._r(r.duration_s, 3), r.repair_count,
		-- A task that failed and then succeeded on a retry did not fail the run.
		ARRAY(SELECT t.task_key FROM (
				SELECT DISTINCT ON (a.task_key) a.task_key, a.result_state FROM dbinsight.job_task_run a
				WHERE a.workspace_id = r.workspace_id AND a.job_run_id = r.run_id
				ORDER BY a.task_key, a.attempt_no DESC
			) t WHERE dbinsight.is_failure(t.result_state) ORDER BY t.task_key COLLATE "C"),
		greatest(1, (SELECT count(*) FROM dbinsight.job_run f
			WHERE f.workspace_id = r.workspace_id AND f.job_id = r.job_id AND f.is_failure
				AND (f.end_time, f.run_id) <= (r.end_time, r.run_id)
				AND f.end_time > coalesce((SELECT max(s.end_time) FROM dbinsight.job_run s
					WHERE s.workspace_id = r.workspace_id AND s.job_id = r.job_id AND s.is_success
						AND s.end_time < r.end_time), '-infinity'))),
		c.cost
	FROM dbinsight.job_run r
	LEFT JOIN dbinsight.current_job j ON j.workspace_id = r.workspace_id AND j.job_id = r.job_id
	LEFT JOIN dbinsight.dim_workspace w ON w.workspace_id = r.workspace_id
	-- Of all runs at once, in one statement where usage is on a warehouse. OFFSET: and not again for each run.
	LEFT JOIN (
		SELECT u.workspace_id, u.job_run_id, round(sum(u.list_cost), 4) AS cost FROM dbinsight.fact_usage u
		WHERE u.job_run_id = ANY (ARRAY(SELECT f.run_id FROM dbinsight.job_run f
			WHERE f.is_failure AND f.end_time >= dbinsight._since_hours(get_failed_jobs.hours) AND f.end_time < dbinsight.now()))
		GROUP BY u.workspace_id, u.job_run_id OFFSET 0
	) c ON c.workspace_id = r.workspace_id AND c.job_run_id = r.run_id
	WHERE r.is_failure AND r.end_time >= dbinsight._since_hours(get_failed_jobs.hours) AND r.end_time < dbinsight.now()
		AND dbinsight._matches(get_failed_jobs.workspace, r.workspace_id, w.workspace_name)
	ORDER BY r.end_time DESC, r.run_id, r.workspace_id;
END;
COMMENT ON FUNCTION dbinsight.get_failed_jobs(int, text) IS
'Which job runs failed in the last hours, why, in which tasks, how often in a row and at what cost.
not for: failures grouped into outages of a job with root cause and recovery (get_incident_summary); how often jobs fail (get_job_success_rate)
@param hours rolling window in hours, 1 to 9600, 24
@param workspace workspace id or name (% as wildcard), all';

CREATE FUNCTION dbinsight.get_slow_queries(threshold_seconds float8 DEFAULT 60, hours int DEFAULT 24, top_n int DEFAULT 100)
	RETURNS TABLE (rank bigint, statement_id text, workspace_id text, warehouse_id text, warehouse_name text, executed_by text,
		statement_type text, start_time timestamptz, duration_s float8, queue_s float8, provision_s float8, compile_s float8,
		execution_s float8, read_gib float8, spilled_gib float8, produced_rows bigint, pruned_file_pct float8, main_cause text,
		statement_text text)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
	SELECT row_number() OVER (ORDER BY q.total_duration_ms DESC, q.statement_id), q.statement_id, q.workspace_id, q.warehouse_id,
		w.warehouse_name, q.executed_by, q.statement_type, q.start_time, dbinsight._r(q.total_duration_ms / 1000.0::float8, 3),
		dbinsight._r(coalesce(q.queue_ms, 0) / 1000.0::float8, 3), dbinsight._r(coalesce(q.provision_ms, 0) / 1000.0::float8, 3),
		dbinsight._r(q.compilation_duration_ms / 1000.0::float8, 3), dbinsight._r(q.execution_duration_ms / 1000.0::float8, 3),
		dbinsight._r(q.read_bytes / 1073741824.0::float8, 4), dbinsight._r(q.spilled_local_bytes / 1073741824.0::float8, 4),
		q.produced_rows, dbinsight._pct(q.pruned_files, q.pruned_files + q.read_files),
		CASE
			WHEN q.queue_ms >= 0.3 * q.total_duration_ms THEN 'QUEUE'
			WHEN q.provision_ms >= 0.3 * q.total_duration_ms THEN 'PROVISIONING'
			WHEN q.compilation_duration_ms >= 0.3 * q.total_duration_ms THEN 'COMPILATION'
			WHEN q.spilled_local_bytes > 0 THEN 'SPILL'
			WHEN q.read_files >= 1000 AND 100 * q.pruned_files < 10 * (q.pruned_files + q.read_files) THEN 'FULL_SCAN'
			WHEN q.result_fetch_duration_ms >= 0.3 * (q.total_duration_ms + q.result_fetch_duration_ms) THEN 'LARGE_RESULT'
			ELSE 'EXECUTION' END,
		left(q.statement_text, 500)
	FROM dbinsight.fact_query_history q
	LEFT JOIN dbinsight.current_warehouse w ON w.workspace_id = q.workspace_id AND w.warehouse_id = q.warehouse_id
	WHERE q.execution_status = 'FINISHED'
		-- In whole milliseconds, so that the partial index on long statements serves.
		AND q.total_duration_ms >= ceil(1000 * dbinsight._in_range('threshold_seconds', get_slow_queries.threshold_seconds, 0, 1000000))::bigint
		AND q.start_time >= dbinsight._since_hours(get_slow_queries.hours) AND q.start_time < dbinsight.now()
	ORDER BY q.total_duration_ms DESC, q.statement_id
	LIMIT dbinsight._top_n(get_slow_queries.top_n);
END;
COMMENT ON FUNCTION dbinsight.get_slow_queries(float8, int, int) IS
'Which finished SQL statements took longest in the last hours, and what each spent its time on.
not for: statements that failed (get_failed_queries); those that spilled to disk, whatever their duration (get_high_spill_queries); slow jobs (get_job_bottlenecks)
@param threshold_seconds least duration in seconds, 0 to 1000000, 60
@param hours rolling window in hours, 1 to 9600, 24
@param top_n most rows, 1 to 100000, 100';

CREATE FUNCTION dbinsight.get_job_bottlenecks(job_name text DEFAULT NULL, days int DEFAULT 30)
	RETURNS TABLE (workspace_id text, job_id text, job_name text, task_key text, runs bigint, failures bigint,
		avg_duration_s float8, p95_duration_s float8, share_of_run_pct float8, wait_before_s float8, on_critical_path_pct float8,
		retries bigint, avg_cpu_pct float8, p95_mem_pct float8, avg_cpu_wait_pct float8, bottleneck_type text)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 200
BEGIN ATOMIC
	SELECT s.workspace_id, s.job_id, s.job_name, s.task_key, s.runs, s.failures, dbinsight._r(s.avg_duration, 3),
		dbinsight._r(s.p95_duration, 3), dbinsight._r(s.share, 2), dbinsight._r(s.wait, 3), dbinsight._r(s.path, 2), s.retries,
		dbinsight._r(s.cpu, 2), dbinsight._r(s.p95_mem, 2), dbinsight._r(s.cpu_wait, 2),
		CASE
			WHEN s.wait > 0.2 * s.avg_duration THEN 'QUEUE'
			WHEN s.p95_mem > 90 THEN 'MEMORY'
			WHEN s.cpu > 85 THEN 'CPU'
			WHEN s.cpu_wait > 20 THEN 'IO'
			WHEN s.share > 50 AND s.path > 50 THEN 'LONG_TASK'
			ELSE 'NONE' END
	FROM (
		SELECT d.workspace_id, d.job_id, coalesce(j.job_name, d.run_name) AS job_name, d.task_key, d.runs, d.failures, d.retries,
			d.duration_sum / d.task_runs AS avg_duration, d.p95_duration, 100 * d.share_sum / nullif(d.share_runs, 0) AS share,
			d.wait_sum / d.runs AS wait, 100.0::float8 * d.path_runs / d.runs AS path,
			d.cpu_sum / nullif(d.cpu_minutes, 0) AS cpu, d.p95_mem, d.cpu_wait_sum / nullif(d.cpu_wait_minutes, 0) AS cpu_wait
		FROM (
			SELECT t.workspace_id, t.job_id, t.task_key, max(t.run_name) AS run_name, sum(t.runs) AS runs,
				sum(t.task_runs) AS task_runs, sum(t.failures) AS failures, sum(t.retries) AS retries,
				sum(t.duration_sum) AS duration_sum, dbinsight._percentile(t.durations, 0.95) AS p95_duration,
				sum(t.share_runs) AS share_runs, sum(t.share_sum) AS share_sum, sum(t.wait_sum) AS wait_sum,
				sum(t.path_runs) AS path_runs, sum(t.cpu_minutes) AS cpu_minutes, sum(t.cpu_sum) AS cpu_sum,
				sum(t.cpu_wait_minutes) AS cpu_wait_minutes, sum(t.cpu_wait_sum) AS cpu_wait_sum,
				dbinsight._percentile(t.mem, 0.95) AS p95_mem
			FROM (
				-- Whole days from the rollup, the cut ones at both ends from the runs. The current day is
				-- cut only when the clock stands in the past: else no run ends after now.
				SELECT b.* FROM dbinsight.rollup_task_daily b
				WHERE b.end_date >= dbinsight._day_after(dbinsight._since_days(get_job_bottlenecks.days)) AND b.end_date <= dbinsight.today()
					AND (b.end_date < dbinsight.today() OR NOT EXISTS (SELECT FROM dbinsight.job_run r WHERE r.end_time >= dbinsight.now()))
				UNION ALL
				SELECT b.* FROM dbinsight._task_days(dbinsight._since_days(get_job_bottlenecks.days),
					dbinsight._day_after(dbinsight._since_days(get_job_bottlenecks.days))::timestamp AT TIME ZONE 'UTC') b
				UNION ALL
				SELECT b.* FROM dbinsight._task_days(dbinsight.today()::timestamp AT TIME ZONE 'UTC', dbinsight.now()) b
				WHERE EXISTS (SELECT FROM dbinsight.job_run r WHERE r.end_time >= dbinsight.now())
			) t
			GROUP BY t.workspace_id, t.job_id, t.task_key
			HAVING sum(t.runs) > 0 AND (get_job_bottlenecks.job_name IS NOT NULL OR 2 * sum(t.path_runs) >= sum(t.runs))
		) d
		LEFT JOIN dbinsight.current_job j ON j.workspace_id = d.workspace_id AND j.job_id = d.job_id
		WHERE dbinsight._matches(get_job_bottlenecks.job_name, d.job_id, coalesce(j.job_name, d.run_name))
	) s
	ORDER BY dbinsight._r(s.path, 2) DESC, dbinsight._r(s.avg_duration, 3) DESC, s.workspace_id, s.job_id, s.task_key;
END;
COMMENT ON FUNCTION dbinsight.get_job_bottlenecks(text, int) IS
'Which tasks hold jobs up: their share of the run, time on the critical path, waits, and CPU, memory or I/O pressure.
not for: how long whole jobs take (get_job_duration_percentiles); idle or saturated clusters (get_resource_utilization); slow SQL statements (get_slow_queries)
Without job_name: tasks on the critical path in at least half of the runs. wait_before_s is that of the first attempt
@param job_name job name or id (% as wildcard), all jobs
@param days rolling window in days, 1 to 400, 30';

CREATE FUNCTION dbinsight.get_resource_utilization(workspace text DEFAULT NULL, hours int DEFAULT 24)
	RETURNS TABLE (workspace_id text, cluster_id text, cluster_name text, cluster_source text, nodes bigint, observed_h float8,
		node_h float8, avg_cpu_pct float8, p95_cpu_pct float8, avg_mem_pct float8, p95_mem_pct float8, avg_cpu_wait_pct float8,
		avg_swap_pct float8, idle_pct float8, saturated_pct float8, net_sent_gib float8, net_received_gib float8, cost numeric,
		state text)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
	WITH node_hour AS (
		SELECT n.* FROM dbinsight.rollup_node_hourly n
		WHERE n.hour >= dbinsight._hour_after(dbinsight._since_hours(get_resource_utilization.hours))
			AND n.hour < date_trunc('hour', dbinsight.now(), 'UTC')
		UNION ALL
		SELECT n.* FROM dbinsight._node_hours(dbinsight._since_hours(get_resource_utilization.hours),
			dbinsight._hour_after(dbinsight._since_hours(get_resource_utilization.hours))) n
		UNION ALL
		SELECT n.* FROM dbinsight._node_hours(date_trunc('hour', dbinsight.now(), 'UTC'), dbinsight.now()) n
	), observed AS (
		SELECT h.workspace_id, h.cluster_id, sum(h.minutes) AS minutes
		FROM (
			SELECT n.workspace_id, n.cluster_id, bit_count(bit_or(n.minute_mask)::bit(64)) AS minutes
			FROM node_hour n GROUP BY n.workspace_id, n.cluster_id, n.hour
		) h GROUP BY h.workspace_id, h.cluster_id
	), node AS (
		SELECT n.workspace_id, n.cluster_id, count(DISTINCT i.instance_id) AS nodes
		FROM node_hour n CROSS JOIN LATERAL unnest(n.instances) i(instance_id)
		GROUP BY n.workspace_id, n.cluster_id
	), usage AS (
		SELECT u.workspace_id, u.cluster_id, sum(u.list_cost) AS cost
		FROM dbinsight.fact_usage u
		WHERE u.cluster_id IS NOT NULL AND u.usage_date >= (dbinsight._since_hours(get_resource_utilization.hours) AT TIME ZONE 'UTC')::date - 1
			AND u.usage_date <= dbinsight.today()
			AND u.usage_end_time > dbinsight._since_hours(get_resource_utilization.hours) AND u.usage_start_time < dbinsight.now()
		GROUP BY u.workspace_id, u.cluster_id
	), cluster AS (
		SELECT n.workspace_id, n.cluster_id, sum(n.node_minutes) AS node_minutes,
			sum(n.cpu_sum) / nullif(sum(n.cpu_minutes), 0) AS cpu, dbinsight._percentile(n.cpu, 0.95) AS p95_cpu,
			sum(n.mem_sum) / nullif(sum(n.mem_minutes), 0) AS mem, dbinsight._percentile(n.mem, 0.95) AS p95_mem,
			sum(n.cpu_wait_sum) / nullif(sum(n.cpu_wait_minutes), 0) AS cpu_wait,
			sum(n.swap_sum) / nullif(sum(n.swap_minutes), 0) AS swap,
			sum(n.idle_minutes) AS idle, sum(n.saturated_minutes) AS saturated,
			sum(n.sent_bytes) AS sent, sum(n.received_bytes) AS received
		FROM node_hour n GROUP BY n.workspace_id, n.cluster_id
	)
	SELECT c.workspace_id, c.cluster_id, d.cluster_name, d.cluster_source, node.nodes,
		dbinsight._r(o.minutes::float8 / 60, 3), dbinsight._r(c.node_minutes::float8 / 60, 3), dbinsight._r(c.cpu, 2),
		dbinsight._r(c.p95_cpu, 2), dbinsight._r(c.mem, 2), dbinsight._r(c.p95_mem, 2), dbinsight._r(c.cpu_wait, 2),
		dbinsight._r(c.swap, 2), dbinsight._pct(c.idle, c.node_minutes), dbinsight._pct(c.saturated, c.node_minutes),
		dbinsight._r(c.sent::float8 / 1073741824, 4), dbinsight._r(c.received::float8 / 1073741824, 4), round(u.cost, 4),
		CASE
			WHEN 100 * c.saturated > 20 * c.node_minutes THEN 'SATURATED'
			WHEN 100 * c.idle > 70 * c.node_minutes THEN 'IDLE'
			WHEN c.p95_cpu < 40 AND c.p95_mem < 50 THEN 'UNDERUTILIZED'
			ELSE 'BALANCED' END
	FROM cluster c
	JOIN observed o USING (workspace_id, cluster_id)
	JOIN node USING (workspace_id, cluster_id)
	LEFT JOIN usage u USING (workspace_id, cluster_id)
	LEFT JOIN dbinsight.current_cluster d USING (workspace_id, cluster_id)
	LEFT JOIN dbinsight.dim_workspace w USING (workspace_id)
	WHERE dbinsight._matches(get_resource_utilization.workspace, c.workspace_id, w.workspace_name)
	ORDER BY c.node_minutes DESC, c.workspace_id, c.cluster_id;
END;
COMMENT ON FUNCTION dbinsight.get_resource_utilization(text, int) IS
'How busy clusters of classic compute were in the last hours: CPU, memory, swap, network, idle and saturated shares.
not for: SQL warehouses (get_warehouse_utilization); which size a cluster should have (get_cluster_right_sizing); what idle clusters cost (get_idle_cluster_cost)
@param workspace workspace id or name (% as wildcard), all
@param hours rolling window in hours, 1 to 9600, 24';

CREATE FUNCTION dbinsight.get_job_runs(job_name text DEFAULT NULL, days int DEFAULT 7, result_state text DEFAULT NULL,
		top_n int DEFAULT 500)
	RETURNS TABLE (workspace_id text, job_id text, job_name text, run_id text, run_name text, trigger_type text, run_type text,
		start_time timestamptz, end_time timestamptz, duration_s float8, result_state text, termination_code text,
		repair_count int, cost numeric)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 500
BEGIN ATOMIC
	WITH run AS MATERIALIZED (
		SELECT r.workspace_id, r.job_id, coalesce(j.job_name, r.run_name) AS job_name, r.run_id, r.run_name, r.trigger_type, r.run_type,
			r.start_time, r.end_time, r.duration_s, dbinsight.run_state(r.result_state, r.last_seen_time) AS result_state,
			r.termination_code, r.repair_count
		FROM dbinsight.job_run r
		LEFT JOIN dbinsight.current_job j ON j.workspace_id = r.workspace_id AND j.job_id = r.job_id
		WHERE r.start_time >= dbinsight._since_days(get_job_runs.days) AND r.start_time < dbinsight.now()
			AND dbinsight._matches(get_job_runs.job_name, r.job_id, coalesce(j.job_name, r.run_name))
			AND (get_job_runs.result_state IS NULL OR dbinsight.run_state(r.result_state, r.last_seen_time)
				= dbinsight._one_of('result_state', get_job_runs.result_state, 'SUCCEEDED', 'FAILED', 'ERROR', 'TIMED_OUT',
					'CANCELLED', 'SKIPPED', 'BLOCKED', 'RUNNING', 'LOST'))
		ORDER BY r.start_time DESC, r.run_id, r.workspace_id
		LIMIT dbinsight._top_n(get_job_runs.top_n)
	)
	SELECT r.workspace_id, r.job_id, r.job_name, r.run_id, r.run_name, r.trigger_type, r.run_type, r.start_time, r.end_time,
		dbinsight._r(r.duration_s, 3), r.result_state, r.termination_code, r.repair_count, c.cost
	FROM run r
	-- Of all runs at once, in one statement where usage is on a warehouse. OFFSET: and not again for each run.
	LEFT JOIN (
		SELECT u.workspace_id, u.job_run_id, round(sum(u.list_cost), 4) AS cost FROM dbinsight.fact_usage u
		WHERE u.job_run_id = ANY (ARRAY(SELECT x.run_id FROM run x))
		GROUP BY u.workspace_id, u.job_run_id OFFSET 0
	) c ON c.workspace_id = r.workspace_id AND c.job_run_id = r.run_id
	ORDER BY r.start_time DESC, r.run_id, r.workspace_id;
END;
COMMENT ON FUNCTION dbinsight.get_job_runs(text, int, text, int) IS
'Which job runs began in the last days, latest first, with state, duration and cost.
not for: failed runs with their failing tasks (get_failed_jobs); rates over runs (get_job_success_rate)
@param job_name job name or id (% as wildcard), all jobs
@param days rolling window in days, 1 to 400, 7
@param result_state only runs in this state, all
@enum result_state SUCCEEDED|FAILED|ERROR|TIMED_OUT|CANCELLED|SKIPPED|BLOCKED|RUNNING|LOST
@param top_n most rows, 1 to 100000, 500';

CREATE FUNCTION dbinsight.get_job_success_rate(days int DEFAULT 7, min_runs int DEFAULT 5, workspace text DEFAULT NULL)
	RETURNS TABLE (workspace_id text, job_id text, job_name text, run_as text, runs bigint, succeeded bigint, failed bigint,
		cancelled bigint, success_rate_pct float8, prior_success_rate_pct float8, avg_duration_s float8, p95_duration_s float8,
		last_failure timestamptz)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 200
BEGIN ATOMIC
	SELECT s.workspace_id, s.job_id, coalesce(j.job_name, s.run_name), j.run_as, s.runs, s.succeeded, s.failed, s.cancelled,
		dbinsight._pct(s.succeeded, s.succeeded + s.failed),
		dbinsight._pct(s.prior_succeeded, s.prior_succeeded + s.prior_failed),
		dbinsight._r(s.avg_duration, 3), dbinsight._r(s.p95_duration, 3), s.last_failure
	FROM (
		SELECT r.workspace_id, r.job_id, max(r.run_name) AS run_name,
			count(*) FILTER (WHERE r.cur) AS runs,
			count(*) FILTER (WHERE r.cur AND r.is_success) AS succeeded,
			count(*) FILTER (WHERE r.cur AND r.is_failure) AS failed,
			count(*) FILTER (WHERE r.cur AND r.result_state = 'CANCELLED') AS cancelled,
			count(*) FILTER (WHERE NOT r.cur AND r.is_success) AS prior_succeeded,
			count(*) FILTER (WHERE NOT r.cur AND r.is_failure) AS prior_failed,
			avg(r.duration_s) FILTER (WHERE r.cur AND r.is_success) AS avg_duration,
			dbinsight._percentile(r.duration_s, 0.95) FILTER (WHERE r.cur AND r.is_success) AS p95_duration,
			max(r.end_time) FILTER (WHERE r.cur AND r.is_failure) AS last_failure
		FROM (
			SELECT o.*, o.end_time >= dbinsight._since_days(get_job_success_rate.days) AS cur FROM dbinsight.job_run o
			WHERE o.end_time >= dbinsight._since_days(get_job_success_rate.days)
					- (dbinsight.now() - dbinsight._since_days(get_job_success_rate.days))
				AND o.end_time < dbinsight.now()
		) r
		GROUP BY r.workspace_id, r.job_id
		HAVING count(*) FILTER (WHERE r.cur AND (r.is_success OR r.is_failure))
			>= dbinsight._in_range('min_runs', get_job_success_rate.min_runs, 1, 1000000)
	) s
	LEFT JOIN dbinsight.current_job j ON j.workspace_id = s.workspace_id AND j.job_id = s.job_id
	LEFT JOIN dbinsight.dim_workspace w ON w.workspace_id = s.workspace_id
	WHERE dbinsight._matches(get_job_success_rate.workspace, s.workspace_id, w.workspace_name)
	ORDER BY dbinsight._pct(s.succeeded, s.succeeded + s.failed), s.failed DESC, s.job_id, s.workspace_id;
END;
COMMENT ON FUNCTION dbinsight.get_job_success_rate(int, int, text) IS
'What share of its runs each job completed in the last days, worst first, against the days before.
not for: the failed runs one by one (get_failed_jobs); how much of the time a service was up (get_uptime_metrics); whether the next run will fail (get_job_failure_risk)
Cancelled, skipped and blocked runs are neither success nor failure
@param days rolling window in days, 1 to 400, 7
@param min_runs least runs that succeeded or failed, 1 to 1000000, 5
@param workspace workspace id or name (% as wildcard), all';

CREATE FUNCTION dbinsight.get_high_spill_queries(hours int DEFAULT 24, min_spill_gib float8 DEFAULT 1.0)
	RETURNS TABLE (statement_id text, warehouse_id text, warehouse_name text, executed_by text, start_time timestamptz,
		duration_s float8, spilled_gib float8, read_gib float8, shuffle_gib float8, spill_to_read float8, statement_text text,
		workspace_id text)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
	SELECT q.statement_id, q.warehouse_id, w.warehouse_name, q.executed_by, q.start_time,
		dbinsight._r(q.total_duration_ms / 1000.0::float8, 3), dbinsight._r(q.spilled_local_bytes / 1073741824.0::float8, 4),
		dbinsight._r(q.read_bytes / 1073741824.0::float8, 4), dbinsight._r(q.shuffle_read_bytes / 1073741824.0::float8, 4),
		dbinsight._r(q.spilled_local_bytes::float8 / nullif(q.read_bytes, 0), 4), left(q.statement_text, 500), q.workspace_id
	FROM dbinsight.fact_query_history q
	LEFT JOIN dbinsight.current_warehouse w ON w.workspace_id = q.workspace_id AND w.warehouse_id = q.warehouse_id
	WHERE q.start_time >= dbinsight._since_hours(get_high_spill_queries.hours) AND q.start_time < dbinsight.now()
		AND q.spilled_local_bytes > 0
		AND q.spilled_local_bytes >= 1073741824.0::float8
			* dbinsight._in_range('min_spill_gib', get_high_spill_queries.min_spill_gib, 0, 1000000)
	ORDER BY q.spilled_local_bytes DESC, q.statement_id;
END;
COMMENT ON FUNCTION dbinsight.get_high_spill_queries(int, float8) IS
'Which SQL statements spilled most to disk in the last hours, for want of memory.
not for: slow statements of any cause (get_slow_queries); memory pressure of clusters (get_resource_utilization)
@param hours rolling window in hours, 1 to 9600, 24
@param min_spill_gib least spill in GiB, 0 to 1000000, 1';

/*
 * The model's scores where there are fresh ones, else a figure anyone can
 * check: failures come in streaks, so the last outcome counts for 30 % and the
 * failure share of 30 days for 70 %.
 */
CREATE FUNCTION dbinsight.get_job_failure_risk(top_n int DEFAULT 20)
	RETURNS TABLE (workspace_id text, job_id text, job_name text, failure_probability float8, expected_next_run timestamptz,
		top_reasons text[], recent_success_rate_pct float8, scored_at timestamptz, method text)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 20
BEGIN ATOMIC
	WITH prediction AS MATERIALIZED (
		SELECT DISTINCT ON (p.workspace_id, p.entity_id) p.workspace_id, p.entity_id AS job_id, p.score, p.target_time, p.scored_at,
			p.explanation
		FROM dbinsight.predictions p
		WHERE p.model_name = 'job_failure_predictor' AND p.entity_type = 'job'
			AND p.scored_at >= dbinsight.now() - interval '2 days' AND p.scored_at <= dbinsight.now()
		ORDER BY p.workspace_id, p.entity_id, p.scored_at DESC, p.version DESC
	), recent AS MATERIALIZED (
		SELECT r.workspace_id, r.job_id, max(r.run_name) AS run_name,
			count(*) FILTER (WHERE r.is_success) AS succeeded, count(*) FILTER (WHERE r.is_failure) AS failed,
			max(r.end_time) FILTER (WHERE r.is_success) AS last_success, max(r.end_time) FILTER (WHERE r.is_failure) AS last_failure
		FROM dbinsight.job_run r
		WHERE r.end_time >= dbinsight.now() - interval '30 days' AND r.end_time < dbinsight.now()
			AND (r.is_success OR r.is_failure) AND r.job_id IS NOT NULL
		GROUP BY r.workspace_id, r.job_id
	), risk AS (
		SELECT p.workspace_id, p.job_id, p.score AS probability, p.scored_at, 'model' AS method, p.target_time, p.explanation,
			NULL::boolean AS last_failed
		FROM prediction p
		UNION ALL
		SELECT r.workspace_id, r.job_id,
			0.7 * r.failed / (r.failed + r.succeeded) + 0.3 * (r.last_failure > coalesce(r.last_success, '-infinity') AND r.failed > 0)::int,
			dbinsight.now(), 'failure_share', NULL, NULL,
			r.failed > 0 AND r.last_failure > coalesce(r.last_success, '-infinity')
		FROM recent r
		JOIN dbinsight.current_job d ON d.workspace_id = r.workspace_id AND d.job_id = r.job_id AND d.delete_time IS NULL
		WHERE NOT EXISTS (SELECT FROM prediction)
	), top AS (
		SELECT k.*, c.run_name, c.succeeded, c.failed, c.last_success, c.last_failure
		FROM risk k LEFT JOIN recent c ON c.workspace_id IS NOT DISTINCT FROM k.workspace_id AND c.job_id = k.job_id
		ORDER BY k.probability DESC NULLS LAST, k.workspace_id, k.job_id
		LIMIT dbinsight._top_n(get_job_failure_risk.top_n)
	)
	SELECT t.workspace_id, t.job_id, coalesce(j.job_name, t.run_name), dbinsight._r(t.probability, 4),
		CASE t.method WHEN 'model' THEN t.target_time ELSE n.expected END,
		CASE t.method WHEN 'model' THEN ARRAY(
				SELECT e.feature ->> 'feature' || coalesce(' = ' || (e.feature ->> 'value'), '')
					|| coalesce(' (typically ' || (e.feature ->> 'typical') || ')', '')
				FROM jsonb_array_elements(CASE jsonb_typeof(t.explanation -> 'top') WHEN 'array' THEN t.explanation -> 'top' END)
					WITH ORDINALITY e(feature, n)
				ORDER BY e.n)
			ELSE array_remove(ARRAY[
				CASE WHEN t.last_failed THEN 'last run failed' || coalesce(': ' || f.termination_code, '') END,
				CASE WHEN t.last_failed AND f.failures > 1 THEN f.failures || ' failures in a row' END,
				CASE WHEN t.failed > 0 THEN t.failed || ' of ' || t.failed + t.succeeded || ' runs failed in 30 days' END,
				CASE WHEN t.failed = 0 THEN 'no failure in ' || t.succeeded || ' runs of 30 days' END], NULL) END,
		dbinsight._pct(t.succeeded, t.succeeded + t.failed), t.scored_at, t.method
	FROM top t
	LEFT JOIN dbinsight.current_job j ON j.workspace_id = t.workspace_id AND j.job_id = t.job_id
	LEFT JOIN LATERAL (
		SELECT count(*) AS failures, (array_agg(r.termination_code ORDER BY r.end_time DESC, r.run_id DESC))[1] AS termination_code
		FROM dbinsight.job_run r
		WHERE t.last_failed AND r.workspace_id = t.workspace_id AND r.job_id = t.job_id AND r.is_failure
			AND r.end_time < dbinsight.now() AND r.end_time > coalesce(
				(SELECT max(s.end_time) FROM dbinsight.job_run s WHERE s.workspace_id = t.workspace_id AND s.job_id = t.job_id
					AND s.is_success AND s.end_time < dbinsight.now()), '-infinity')
	) f ON true
	-- The median interval of the last 30 starts after the last of them; a job
	-- silent for three intervals is not expected to go on.
	LEFT JOIN LATERAL (
		SELECT CASE WHEN dbinsight.now() - i.last_start <= 3 * i.typical THEN greatest(i.last_start + i.typical, dbinsight.now()) END AS expected
		FROM (
			SELECT max(g.start_time) AS last_start, percentile_cont(0.5) WITHIN GROUP (ORDER BY g.gap) AS typical
			FROM (
				SELECT s.start_time, s.start_time - lag(s.start_time) OVER (ORDER BY s.start_time) AS gap
				FROM (
					SELECT r.start_time FROM dbinsight.job_run r
					WHERE t.method = 'failure_share' AND r.workspace_id = t.workspace_id AND r.job_id = t.job_id
						AND r.end_time < dbinsight.now()
					ORDER BY r.end_time DESC LIMIT 30
				) s
			) g
		) i
	) n ON true
	ORDER BY dbinsight._r(t.probability, 4) DESC NULLS LAST, t.workspace_id, t.job_id;
END;
COMMENT ON FUNCTION dbinsight.get_job_failure_risk(int) IS
'Which jobs are most likely to fail at their next run, and why.
not for: what has failed already (get_failed_jobs); past success rates (get_job_success_rate)
method model: scores of job_failure_predictor not older than two days; failure_share, without them: 70 % failure share of 30 days and 30 % whether the last run failed
@param top_n most rows, 1 to 100000, 20';

SELECT dbinsight._builtin_tool('dbinsight.get_failed_jobs(int,text)'::regprocedure, ARRAY['performance', 'reliability'], ARRAY[
	'which jobs failed in the last 24 hours', 'show failed job runs and why they failed', 'what broke last night',
	'did any job fail today', 'job failures in the past week', 'list job errors in workspace prod', 'which runs crashed or timed out']);
SELECT dbinsight._builtin_tool('dbinsight.get_slow_queries(float8,int,int)'::regprocedure, ARRAY['performance'], ARRAY[
	'what are the slowest queries', 'show queries that took longer than 5 minutes', 'which SQL statements were slow today',
	'long running queries in the last 24 hours', 'why are queries slow', 'top 10 slow queries this week']);
SELECT dbinsight._builtin_tool('dbinsight.get_job_bottlenecks(text,int)'::regprocedure, ARRAY['performance'], ARRAY[
	'where are the bottlenecks in our jobs', 'which task slows the nightly job down', 'what is on the critical path of job etl_daily',
	'which tasks take the longest', 'why does this job take so long', 'tasks that wait or run out of memory']);
SELECT dbinsight._builtin_tool('dbinsight.get_resource_utilization(text,int)'::regprocedure, ARRAY['performance'], ARRAY[
	'how busy are our clusters', 'show CPU and memory utilisation', 'which clusters are saturated', 'cluster utilization in the last 24 hours',
	'which clusters are idle or underused', 'memory usage by cluster', 'are any clusters overloaded']);
SELECT dbinsight._builtin_tool('dbinsight.get_job_runs(text,int,text,int)'::regprocedure, ARRAY['performance', 'reliability'], ARRAY[
	'show the latest runs of job etl_daily', 'list job runs of the last week', 'which jobs are running now', 'run history of the nightly load',
	'when did job x last run', 'show cancelled runs']);
SELECT dbinsight._builtin_tool('dbinsight.get_job_success_rate(int,int,text)'::regprocedure, ARRAY['performance', 'reliability'], ARRAY[
	'what is the success rate of our jobs', 'which jobs fail most often', 'least reliable jobs this week', 'job success rate over 30 days',
	'how often does job etl_daily succeed', 'what percentage of runs succeeded']);
SELECT dbinsight._builtin_tool('dbinsight.get_high_spill_queries(int,float8)'::regprocedure, ARRAY['performance'], ARRAY[
	'which queries spill to disk', 'queries with high spill', 'show statements that spilled more than 10 GB',
	'which queries run out of memory and spill', 'disk spill in the last week']);
SELECT dbinsight._builtin_tool('dbinsight.get_job_failure_risk(int)'::regprocedure, ARRAY['performance', 'reliability'], ARRAY[
	'which jobs are likely to fail', 'predict job failures', 'which jobs are at risk', 'what might fail tonight',
	'failure probability of upcoming runs', 'top 5 riskiest jobs']);
