/*
 * Task runs by the day their run ended, for questions about the tasks of every
 * job over weeks. Sums, counts, and every duration and memory percentage.
 */
CREATE TABLE dbinsight.rollup_task_daily (
	end_date date NOT NULL,
	workspace_id text NOT NULL,
	job_id text,
	run_name text,
	task_key text,
	runs int NOT NULL,
	task_runs int NOT NULL,
	failures int NOT NULL,
	retries int NOT NULL,
	duration_sum float8 NOT NULL,
	durations float8[] NOT NULL,
	share_runs int NOT NULL,
	share_sum float8,
	wait_sum float8,
	path_runs int NOT NULL,
	cpu_minutes bigint,
	cpu_sum float8,
	cpu_wait_minutes bigint,
	cpu_wait_sum float8,
	mem float8[]
);
COMMENT ON TABLE dbinsight.rollup_task_daily IS
'Task runs of ended job runs by UTC end date of the run, job and task: runs, failures, seconds, shares of the run, waits, runs with the task on the critical path, node figures';
COMMENT ON COLUMN dbinsight.rollup_task_daily.wait_sum IS
'Seconds between the end of the last dependency (or the start of the run) and the first attempt, one a run';
CREATE INDEX ON dbinsight.rollup_task_daily (end_date);

CREATE FUNCTION dbinsight._task_days(since timestamptz, until timestamptz)
	RETURNS SETOF dbinsight.rollup_task_daily
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
	SELECT r.end_date, r.workspace_id, r.job_id, max(r.run_name), t.task_key,
		(count(*) FILTER (WHERE t.attempt_no = 1))::int, count(*)::int,
		(count(*) FILTER (WHERE dbinsight.is_failure(t.result_state)))::int,
		(count(*) FILTER (WHERE t.attempt_no > 1))::int,
		sum(t.duration_s), array_agg(t.duration_s),
		(count(*) FILTER (WHERE r.duration_s > 0))::int, sum(t.duration_s / nullif(r.duration_s, 0)),
		sum(extract(epoch FROM t.start_time - coalesce(t.ready_time, r.start_time))) FILTER (WHERE t.attempt_no = 1),
		(count(*) FILTER (WHERE t.attempt_no = 1 AND t.on_critical_path))::int,
		sum(n.cpu_minutes), sum(n.cpu_sum), sum(n.cpu_wait_minutes), sum(n.cpu_wait_sum), dbinsight._gather(n.mem)
	FROM dbinsight.job_run r
	JOIN dbinsight.job_task_run t ON t.workspace_id = r.workspace_id AND t.job_run_id = r.run_id
	LEFT JOIN dbinsight.task_run_node n ON n.workspace_id = t.workspace_id AND n.task_run_id = t.task_run_id
	WHERE r.end_time >= _task_days.since AND r.end_time < _task_days.until
	GROUP BY r.end_date, r.workspace_id, r.job_id, t.task_key;
END;
COMMENT ON FUNCTION dbinsight._task_days(timestamptz, timestamptz) IS 'Rows of rollup_task_daily made from the runs that ended in [since, until)';

CREATE FUNCTION dbinsight._rebuild_task_daily(days date[]) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	run record;
BEGIN
	PERFORM pg_advisory_xact_lock(hashtextextended('dbinsight.rollup_task_daily', 0));
	DELETE FROM dbinsight.rollup_task_daily r WHERE r.end_date = ANY (days);
	-- A day that follows another is made with it.
	FOR run IN
		SELECT min(d.day) AS first_day, max(d.day) AS last_day
		FROM (SELECT u.day, u.day - (row_number() OVER (ORDER BY u.day))::int AS series FROM (SELECT DISTINCT unnest(days) AS day) u) d
		GROUP BY d.series ORDER BY 1
	LOOP
		INSERT INTO dbinsight.rollup_task_daily
		SELECT * FROM dbinsight._task_days(run.first_day::timestamp AT TIME ZONE 'UTC', (run.last_day + 1)::timestamp AT TIME ZONE 'UTC');
	END LOOP;
END $$;
COMMENT ON FUNCTION dbinsight._rebuild_task_daily(date[]) IS 'Recomputes days of rollup_task_daily';

CREATE FUNCTION dbinsight._refresh_task_daily(since timestamptz, until timestamptz) RETURNS void
	LANGUAGE sql BEGIN ATOMIC
	-- After job run slices, after task slices or node minutes, after task definitions.
	SELECT dbinsight._rebuild_task_daily(array_agg(d.day))
	FROM (
		SELECT u.day FROM unnest(dbinsight._job_run_end_days(since, until)) u(day)
		UNION
		SELECT r.end_date
		FROM dbinsight.job_task_run t JOIN dbinsight.job_run r ON r.workspace_id = t.workspace_id AND r.run_id = t.job_run_id
		WHERE t.start_time <= until AND t.last_seen_time >= since AND r.end_date IS NOT NULL
		UNION
		SELECT r.end_date
		FROM dbinsight._job_task_changes(since, until) c JOIN dbinsight.job_run r USING (workspace_id, job_id)
		WHERE r.last_seen_time >= c.changed AND r.end_date IS NOT NULL
	) d;
END;
COMMENT ON FUNCTION dbinsight._refresh_task_daily(timestamptz, timestamptz) IS
'Recomputes the days of rollup_task_daily that job runs, task runs, node minutes or task definitions between two times touch';

INSERT INTO dbinsight.derived_relations VALUES
	('rollup_task_daily', 'fact_job_run_timeline', 40, '_refresh_task_daily'),
	('rollup_task_daily of tasks', 'fact_job_task_run_timeline', 40, '_refresh_task_daily'),
	('rollup_task_daily of nodes', 'fact_node_timeline', 40, '_refresh_task_daily'),
	('rollup_task_daily of versions', 'dim_job_task', 40, '_refresh_task_daily');

INSERT INTO dbinsight.retention VALUES
	('rollup_task_daily', 'end_date', '400 days');
