/*
 * Ended runs of each job by UTC day: how many, when the last of each outcome
 * ended, and every duration, so that a percentile of weeks and the runs over
 * any target need no look at the runs.
 */
CREATE TABLE dbinsight.rollup_job_daily (
	day date NOT NULL,
	workspace_id text NOT NULL,
	job_id text,
	runs int NOT NULL,
	succeeded int NOT NULL,
	failed int NOT NULL,
	last_success timestamptz,
	last_failure timestamptz,
	success_s float8[],
	other_s float8[]
);
COMMENT ON TABLE dbinsight.rollup_job_daily IS
'Ended runs by UTC day of their end and job: runs (neither CANCELLED, SKIPPED nor BLOCKED), those that succeeded and failed, the latest end of each, and their wall seconds';
COMMENT ON COLUMN dbinsight.rollup_job_daily.success_s IS 'wall_s of the runs that succeeded, ascending; NULL without any';
COMMENT ON COLUMN dbinsight.rollup_job_daily.other_s IS
'wall_s of the runs that neither succeeded nor were CANCELLED or SKIPPED, ascending; NULL without any';
CREATE INDEX ON dbinsight.rollup_job_daily (day);

CREATE FUNCTION dbinsight._ended_days(since timestamptz, until timestamptz)
	RETURNS SETOF dbinsight.rollup_job_daily
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
	SELECT r.end_date, r.workspace_id, r.job_id,
		(count(*) FILTER (WHERE r.result_state NOT IN ('CANCELLED', 'SKIPPED', 'BLOCKED')))::int,
		(count(*) FILTER (WHERE r.is_success))::int, (count(*) FILTER (WHERE r.is_failure))::int,
		max(r.end_time) FILTER (WHERE r.is_success), max(r.end_time) FILTER (WHERE r.is_failure),
		array_agg(r.wall_s) FILTER (WHERE r.is_success),
		array_agg(r.wall_s) FILTER (WHERE NOT r.is_success AND r.result_state NOT IN ('CANCELLED', 'SKIPPED'))
	FROM dbinsight.job_run r
	WHERE r.end_time >= _ended_days.since AND r.end_time < _ended_days.until
	GROUP BY r.end_date, r.workspace_id, r.job_id;
END;
COMMENT ON FUNCTION dbinsight._ended_days(timestamptz, timestamptz) IS 'Rows of rollup_job_daily made from the runs that ended in [since, until), the durations in no order';

CREATE FUNCTION dbinsight._refresh_job_daily(since timestamptz, until timestamptz) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	days date[] := dbinsight._job_run_end_days(since, until);
	run record;
BEGIN
	PERFORM pg_advisory_xact_lock(hashtextextended('dbinsight.rollup_job_daily', 0));
	DELETE FROM dbinsight.rollup_job_daily r WHERE r.day = ANY (days);
	-- A day that follows another is made with it.
	FOR run IN
		SELECT min(d.day) AS first_day, max(d.day) AS last_day
		FROM (SELECT u.day, u.day - (row_number() OVER (ORDER BY u.day))::int AS series FROM unnest(days) u(day)) d
		GROUP BY d.series ORDER BY 1
	LOOP
		INSERT INTO dbinsight.rollup_job_daily
		SELECT d.day, d.workspace_id, d.job_id, d.runs, d.succeeded, d.failed, d.last_success, d.last_failure,
			(SELECT array_agg(v ORDER BY v) FROM unnest(d.success_s) v), (SELECT array_agg(v ORDER BY v) FROM unnest(d.other_s) v)
		FROM dbinsight._ended_days(run.first_day::timestamp AT TIME ZONE 'UTC', (run.last_day + 1)::timestamp AT TIME ZONE 'UTC') d;
	END LOOP;
END $$;
COMMENT ON FUNCTION dbinsight._refresh_job_daily(timestamptz, timestamptz) IS
'Recomputes the days of rollup_job_daily in which runs with a slice that starts between two times end';

INSERT INTO dbinsight.derived_relations VALUES
	('rollup_job_daily', 'fact_job_run_timeline', 20, '_refresh_job_daily');

INSERT INTO dbinsight.retention VALUES
	('rollup_job_daily', 'day', '400 days');

CREATE FUNCTION dbinsight._ended_window(since timestamptz, until timestamptz)
	RETURNS SETOF dbinsight.rollup_job_daily
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 5000
BEGIN ATOMIC
	-- Whole days from the rollup, the days the window cuts from the runs.
	SELECT r.* FROM dbinsight.rollup_job_daily r
	WHERE r.day >= dbinsight._day_after(_ended_window.since) AND r.day < (_ended_window.until AT TIME ZONE 'UTC')::date
	UNION ALL
	SELECT d.* FROM dbinsight._ended_days(_ended_window.since, dbinsight._day_after(_ended_window.since)::timestamp AT TIME ZONE 'UTC') d
	UNION ALL
	SELECT d.* FROM dbinsight._ended_days(date_trunc('day', _ended_window.until, 'UTC'), _ended_window.until) d;
END;
COMMENT ON FUNCTION dbinsight._ended_window(timestamptz, timestamptz) IS
'Runs by day and job that ended in exactly [since, until), a window of a day or more; a cut day has a row of its own, its durations in no order';

CREATE FUNCTION dbinsight._duration_targets(since timestamptz)
	RETURNS TABLE (workspace_id text, job_id text, target_s float8, target_source text)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 500
BEGIN ATOMIC
	SELECT coalesce(t.workspace_id, u.workspace_id), coalesce(t.job_id, u.job_id), coalesce(t.max_duration_s::float8, u.target_s),
		CASE WHEN t.max_duration_s IS NOT NULL THEN 'configured' WHEN u.target_s IS NOT NULL THEN 'derived' END
	FROM (
		-- The window itself is left out: a job that became slow must not raise its own target.
		SELECT d.workspace_id, d.job_id, 1.5 * dbinsight._percentile(d.success_s, 0.95) AS target_s
		FROM dbinsight._ended_window(_duration_targets.since - interval '30 days', _duration_targets.since) d
		GROUP BY d.workspace_id, d.job_id HAVING sum(d.succeeded) >= 5
	) u
	FULL JOIN dbinsight.sla_targets t ON t.workspace_id = u.workspace_id AND t.job_id = u.job_id;
END;
COMMENT ON FUNCTION dbinsight._duration_targets(timestamptz) IS
'How long a run of each job may take, seconds: what sla_targets says, else 1.5 times the 95th percentile of the runs that succeeded in the 30 days before a time';

CREATE FUNCTION dbinsight._late_runs(since timestamptz, until timestamptz) RETURNS TABLE (runs numeric)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
	WITH target AS MATERIALIZED (
		SELECT t.workspace_id, t.job_id, t.target_s FROM dbinsight._duration_targets(_late_runs.since) t WHERE t.target_s IS NOT NULL
	)
	SELECT coalesce(sum(l.runs), 0)
	FROM (
		-- Of whole days the values stand in ascending order: those above the target are found by halving.
		SELECT coalesce(cardinality(d.success_s) - width_bucket(t.target_s, d.success_s), 0)
			+ coalesce(cardinality(d.other_s) - width_bucket(t.target_s, d.other_s), 0) AS runs
		FROM dbinsight.rollup_job_daily d JOIN target t ON t.workspace_id = d.workspace_id AND t.job_id = d.job_id
		WHERE d.day >= dbinsight._day_after(_late_runs.since) AND d.day < (_late_runs.until AT TIME ZONE 'UTC')::date
		UNION ALL
		SELECT 1
		FROM (
			SELECT o.workspace_id, o.job_id, o.wall_s, o.result_state FROM dbinsight.job_run o
			WHERE o.end_time >= _late_runs.since AND o.end_time < dbinsight._day_after(_late_runs.since)::timestamp AT TIME ZONE 'UTC'
			UNION ALL
			SELECT o.workspace_id, o.job_id, o.wall_s, o.result_state FROM dbinsight.job_run o
			WHERE o.end_time >= date_trunc('day', _late_runs.until, 'UTC') AND o.end_time < _late_runs.until
		) r
		JOIN target t ON t.workspace_id = r.workspace_id AND t.job_id = r.job_id AND r.wall_s > t.target_s
		WHERE r.result_state NOT IN ('CANCELLED', 'SKIPPED')
	) l;
END;
COMMENT ON FUNCTION dbinsight._late_runs(timestamptz, timestamptz) IS
'How many runs that ended in [since, until), a window of a day or more, took longer than their target; CANCELLED and SKIPPED are not late';
