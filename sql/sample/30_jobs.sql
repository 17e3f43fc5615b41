/*
 * Runs of jobs and pipelines.
 */

/*
 * The tasks of a job by how many it has: where in the run each begins and ends
 * (shares of the run). Tasks 1 and 2 of six run side by side.
 */
CREATE FUNCTION dbinsight._sample_task(seed int, scale numeric)
	RETURNS TABLE (job int, task int, task_key text, depends_on text[], from_share float8, to_share float8)
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE ROWS 150
BEGIN ATOMIC
	SELECT j.n, t.task,
		CASE WHEN j.n = 0 THEN (ARRAY['extract_usage', 'clean_usage', 'price_usage', 'load_fact_usage', 'validate', 'publish_marts'])[t.task + 1]
			WHEN j.n = 1 THEN (ARRAY['prepare_data', 'train_model', 'register_model'])[t.task + 1] ELSE t.task_key END,
		string_to_array(CASE WHEN j.n = 0 THEN (ARRAY['', 'extract_usage', 'extract_usage', 'clean_usage,price_usage', 'load_fact_usage', 'validate'])[t.task + 1]
			WHEN j.n = 1 THEN (ARRAY['', 'prepare_data', 'train_model'])[t.task + 1] ELSE t.depends_on END, ','),
		CASE WHEN j.n = 1 THEN (ARRAY[0, 0.1, 0.95])[t.task + 1] ELSE t.from_share END,
		CASE WHEN j.n = 1 THEN (ARRAY[0.1, 0.95, 1])[t.task + 1] ELSE t.to_share END
	FROM dbinsight._sample_job(_sample_task.seed, _sample_task.scale) j
	JOIN (VALUES
		(2, 0, 'extract', '', 0, 0.55), (2, 1, 'load', 'extract', 0.55, 1),
		(3, 0, 'extract', '', 0, 0.35), (3, 1, 'transform', 'extract', 0.35, 0.8), (3, 2, 'publish', 'transform', 0.8, 1),
		(6, 0, 'extract', '', 0, 0.2), (6, 1, 'clean', 'extract', 0.2, 0.45), (6, 2, 'enrich', 'extract', 0.2, 0.6),
		(6, 3, 'load', 'clean,enrich', 0.6, 0.8), (6, 4, 'validate', 'load', 0.8, 0.9), (6, 5, 'publish', 'validate', 0.9, 1))
		t(tasks, task, task_key, depends_on, from_share, to_share) USING (tasks);
END;
COMMENT ON FUNCTION dbinsight._sample_task(int, numeric) IS 'Tasks of the jobs of the sample account';

/*
 * Every attempt at a run: the first, and the repair some failed runs get.
 * A run still going has no result; its end_time is then the clock and
 * planned_end lies after it. failed_task is where an attempt stopped.
 */
CREATE UNLOGGED TABLE dbinsight.sample_attempt (
	job int,
	workspace_id text,
	job_id text,
	run bigint,
	attempt int,
	start_time timestamptz,
	end_time timestamptz,
	planned_end timestamptz,
	result_state text,
	termination_code text,
	trigger_type text,
	failed_task int,
	from_share float8,
	to_share float8,
	compute text,
	cluster_id text,
	dbu_per_hour numeric,
	owner text,
	team text
);
COMMENT ON TABLE dbinsight.sample_attempt IS 'Work table of load_sample(), empty when it is done: what runs, tasks, node minutes, bills and lineage are made from';

CREATE FUNCTION dbinsight._sample_attempt(days int, seed int, scale numeric)
	RETURNS SETOF dbinsight.sample_attempt
	LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 40000
BEGIN ATOMIC
	WITH scheduled AS (
		SELECT j.*, (j.n + 1) * 1000000000::bigint + (d.day - date '2000-01-01') * 1000 + k.k AS run, d.midnight,
			d.midnight + interval '1 minute' * (j.first_minute % (1440 / j.runs_a_day) + k.k * (1440 / j.runs_a_day)) AS due,
			CASE WHEN d.month_end THEN 1.15 ELSE 1 END
				-- Planted: orders_hourly_merge takes twice as long for the last 7 days.
				* CASE WHEN j.n = 4 AND d.age <= 7 THEN 2 ELSE 1 END AS slower
		FROM dbinsight._sample_job(_sample_attempt.seed, _sample_attempt.scale) j
		CROSS JOIN dbinsight._sample_day(_sample_attempt.days, _sample_attempt.seed) d
		CROSS JOIN LATERAL generate_series(0, j.runs_a_day - 1) k(k)
		-- Yesterday's runs of gpu_model_training are planted below.
		WHERE NOT (j.weekdays_only AND d.weekend) AND NOT (j.n = 1 AND d.age = 1)
	), drawn AS (
		SELECT s.*, s.due + interval '1 second' * dbinsight._pick(_sample_attempt.seed, 300, s.run, 90) AS begins,
			s.median_s * s.slower * dbinsight._spread(_sample_attempt.seed, 301, s.run, CASE WHEN s.n = 3 THEN 0.08 ELSE 0.22 END) AS full_s,
			dbinsight._random(_sample_attempt.seed, 302, s.run) * CASE WHEN s.n = 11 THEN 1.06 ELSE 1 END AS u,
			dbinsight._pick(_sample_attempt.seed, 303, s.run, s.tasks) AS at_task,
			CASE s.tasks WHEN 2 THEN '{0.55,1}' WHEN 3 THEN '{0.35,0.8,1}' ELSE '{0.2,0.45,0.6,0.8,0.9,1}' END::float8[] AS shares,
			s.n = 2 AND s.midnight >= p.today - interval '4 days' OR s.n = 0 AND s.midnight + interval '2 hours' = p.night AS planted
		FROM scheduled s CROSS JOIN dbinsight._sample_plan() p
		WHERE s.due < p.now - interval '2 minutes'
	), decided AS (
		SELECT d.*, CASE WHEN d.planted THEN 'FAILED' WHEN d.n IN (0, 2) THEN 'SUCCEEDED' WHEN d.u < 0.957 THEN 'SUCCEEDED' WHEN d.u < 0.983 OR d.u >= 1 THEN 'FAILED'
			WHEN d.u < 0.986 THEN 'TIMED_OUT' WHEN d.u < 0.992 THEN 'CANCELLED' WHEN d.u < 0.996 THEN 'SKIPPED' ELSE 'ERROR' END AS outcome
		FROM drawn d
	), timed AS (
		SELECT d.*, CASE WHEN d.outcome IN ('SUCCEEDED', 'SKIPPED') THEN NULL WHEN d.planted THEN CASE d.n WHEN 0 THEN 3 ELSE 2 END ELSE d.at_task END AS stopped_at,
			d.begins + interval '1 second' * floor(CASE d.outcome WHEN 'SKIPPED' THEN 0 WHEN 'SUCCEEDED' THEN d.full_s WHEN 'TIMED_OUT' THEN 3 * d.full_s
				ELSE d.full_s * d.shares[1 + CASE WHEN d.planted THEN CASE d.n WHEN 0 THEN 3 ELSE 2 END ELSE d.at_task END] END) AS ends
		FROM decided d
	), first_attempt AS (
		SELECT t.n, t.workspace_id, t.job_id, t.run, t.begins AS start_time,
			CASE WHEN o.hit AND t.begins >= p.outage_from THEN t.begins + interval '1 second' * (100 + dbinsight._pick(_sample_attempt.seed, 304, t.run, 200)) ELSE t.ends END AS planned_end,
			CASE WHEN o.hit THEN 'FAILED' ELSE t.outcome END AS outcome,
			CASE WHEN o.hit THEN 'CLOUD_FAILURE'
				WHEN t.planted THEN 'RUN_EXECUTION_ERROR'
				ELSE CASE t.outcome WHEN 'SUCCEEDED' THEN 'SUCCESS' WHEN 'CANCELLED' THEN 'CANCELLED' WHEN 'SKIPPED' THEN 'SKIPPED' WHEN 'ERROR' THEN 'INTERNAL_ERROR'
					WHEN 'TIMED_OUT' THEN 'RUN_EXECUTION_ERROR'
					ELSE (ARRAY['RUN_EXECUTION_ERROR', 'RUN_EXECUTION_ERROR', 'RUN_EXECUTION_ERROR', 'RUN_EXECUTION_ERROR', 'CLUSTER_ERROR', 'DRIVER_ERROR',
						'STORAGE_ACCESS_ERROR', 'LIBRARY_INSTALLATION_ERROR', 'UNAUTHORIZED_ERROR', 'RESOURCE_NOT_FOUND'])[1 + dbinsight._pick(_sample_attempt.seed, 305, t.run, 10)] END
			END AS code,
			CASE WHEN t.n = 11 THEN 'ONETIME' WHEN t.n % 9 = 7 THEN 'FILE_ARRIVAL' ELSE 'CRON' END AS trigger_type,
			CASE WHEN o.hit THEN coalesce(t.stopped_at, t.at_task) ELSE t.stopped_at END AS stopped_at,
			t.shares, t.full_s, t.planted, o.hit, t.runs_a_day, t.compute, t.cluster_id, t.dbu_per_hour, t.owner, t.team
		FROM timed t CROSS JOIN dbinsight._sample_plan() p
		CROSS JOIN LATERAL (SELECT t.workspace_id = '3120498871250011' AND t.begins < p.outage_to AND t.ends >= p.outage_from
			AND t.outcome <> 'SKIPPED' AND (t.begins >= p.outage_from OR t.ends < p.outage_to) AS hit) o
		UNION ALL
		-- Planted: yesterday gpu_model_training fails three times on eight times the usual compute.
		SELECT j.n, j.workspace_id, j.job_id, (j.n + 1) * 1000000000::bigint + (p.yesterday::date - date '2000-01-01') * 1000 + g.k,
			p.yesterday + g.since, p.yesterday + g.until, 'FAILED', 'RUN_EXECUTION_ERROR', CASE WHEN g.k = 1 THEN 'CRON' ELSE 'ONETIME_RETRY' END,
			1, '{0.1,0.95,1}', 0, true, false, 1, j.compute, j.cluster_id, 1200, j.owner, j.team
		FROM dbinsight._sample_job(_sample_attempt.seed, _sample_attempt.scale) j CROSS JOIN dbinsight._sample_plan() p
		CROSS JOIN (VALUES (1, interval '8 hours 30 minutes', interval '13 hours 40 minutes'), (2, interval '13 hours 55 minutes', interval '18 hours 50 minutes'),
			(3, interval '19 hours 5 minutes', interval '23 hours 30 minutes')) g(k, since, until)
		WHERE j.n = 1
	), attempt AS (
		SELECT a.*, 1 AS attempt, 0::float8 AS from_share FROM first_attempt a
		UNION ALL
		-- A repair runs again from the task that failed. Planted: the one of revenue_daily_close after the outage.
		SELECT a.n, a.workspace_id, a.job_id, a.run, r.start_time,
			r.start_time + interval '1 second' * floor(greatest(60, a.full_s * (1.1 - a.shares[a.stopped_at + 1]))),
			CASE WHEN r.again THEN 'FAILED' ELSE 'SUCCEEDED' END, CASE WHEN r.again THEN a.code ELSE 'SUCCESS' END, a.trigger_type,
			CASE WHEN r.again THEN a.stopped_at END, a.shares, a.full_s, a.planted, a.hit, a.runs_a_day, a.compute, a.cluster_id, a.dbu_per_hour, a.owner, a.team,
			2, CASE WHEN a.stopped_at = 0 THEN 0 ELSE a.shares[a.stopped_at] END
		FROM first_attempt a CROSS JOIN dbinsight._sample_plan() p
		CROSS JOIN LATERAL (SELECT
			CASE WHEN a.hit AND a.n = 3 THEN p.outage_to + interval '15 minutes'
				ELSE a.planned_end + interval '1 second' * (600 + dbinsight._pick(_sample_attempt.seed, 306, a.run, 1800)) END AS start_time,
			NOT (a.hit AND a.n = 3) AND dbinsight._random(_sample_attempt.seed, 307, a.run) < 0.15 AS again) r
		WHERE a.outcome = 'FAILED' AND NOT a.planted AND r.start_time < p.now - interval '5 minutes' AND a.planned_end < p.now
			AND (a.hit AND a.n = 3 OR NOT a.hit AND a.runs_a_day <= 24 AND dbinsight._random(_sample_attempt.seed, 308, a.run) < 0.4)
	)
	SELECT a.n, a.workspace_id, a.job_id, a.run, a.attempt, a.start_time, least(a.planned_end, p.now), a.planned_end,
		CASE WHEN a.planned_end <= p.now THEN a.outcome END, CASE WHEN a.planned_end <= p.now THEN a.code END, a.trigger_type, a.stopped_at,
		a.from_share, CASE WHEN a.stopped_at IS NULL OR a.outcome = 'TIMED_OUT' THEN 1 ELSE a.shares[a.stopped_at + 1] END,
		a.compute, a.cluster_id, a.dbu_per_hour, a.owner, a.team
	FROM attempt a CROSS JOIN dbinsight._sample_plan() p
	WHERE a.start_time < p.now;
END;
COMMENT ON FUNCTION dbinsight._sample_attempt(int, int, numeric) IS 'Attempts at the job runs of the sample account';

CREATE FUNCTION dbinsight._sample_attempts(days int, seed int, scale numeric) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	TRUNCATE dbinsight.sample_attempt;
	INSERT INTO dbinsight.sample_attempt SELECT * FROM dbinsight._sample_attempt(days, seed, scale);
	ANALYZE dbinsight.sample_attempt;
END $$;
COMMENT ON FUNCTION dbinsight._sample_attempts(int, int, numeric) IS 'Fills the work table of attempts';

CREATE FUNCTION dbinsight._sample_jobs(days int, seed int, scale numeric) RETURNS void
	LANGUAGE sql BEGIN ATOMIC
	INSERT INTO dbinsight.fact_job_run_timeline (account_id, workspace_id, job_id, run_id, period_start_time, period_end_time,
		trigger_type, result_state, run_type, termination_code, termination_type)
	SELECT 'sample', a.workspace_id, a.job_id, a.run::text, s.slice_start, s.slice_end, a.trigger_type,
		CASE WHEN s.is_last THEN a.result_state END, 'JOB_RUN', CASE WHEN s.is_last THEN a.termination_code END,
		CASE WHEN s.is_last AND a.result_state IS NOT NULL THEN CASE WHEN a.result_state = 'SUCCEEDED' THEN 'SUCCESS'
			WHEN a.termination_code IN ('CLOUD_FAILURE', 'CLUSTER_ERROR', 'DRIVER_ERROR') THEN 'CLOUD_FAILURE'
			WHEN a.termination_code = 'INTERNAL_ERROR' THEN 'INTERNAL_ERROR' ELSE 'CLIENT_ERROR' END END
	FROM dbinsight.sample_attempt a,
		LATERAL dbinsight._sample_slice(a.start_time, a.end_time) s
	ORDER BY s.slice_start, a.run, a.attempt;

	-- Runs submitted from a notebook: they have a name and no definition.
	INSERT INTO dbinsight.fact_job_run_timeline (account_id, workspace_id, job_id, run_id, period_start_time, period_end_time,
		trigger_type, result_state, run_type, run_name, compute_ids, termination_code, termination_type)
	SELECT 'sample', w.workspace_id, (900000000000000 + k.k)::text, x.n::text, t.start_time, t.start_time + interval '1 second' * (60 + dbinsight._pick(_sample_jobs.seed, 310, x.n, 900)),
		'ONETIME', CASE WHEN dbinsight._random(_sample_jobs.seed, 311, x.n) < 0.9 THEN 'SUCCEEDED' ELSE 'FAILED' END, 'SUBMIT_RUN', 'submitted from notebook ' || k.k, NULL,
		CASE WHEN dbinsight._random(_sample_jobs.seed, 311, x.n) < 0.9 THEN 'SUCCESS' ELSE 'RUN_EXECUTION_ERROR' END, NULL
	FROM dbinsight._sample_day(_sample_jobs.days, _sample_jobs.seed) d
	CROSS JOIN generate_series(1, dbinsight._sample_count(4, 2, _sample_jobs.scale)) k(k)
	CROSS JOIN LATERAL (SELECT 900000000000 + (d.day - date '2000-01-01') * 1000::bigint + k.k AS n) x
	JOIN dbinsight._sample_workspace() w ON w.n = k.k % 4
	CROSS JOIN LATERAL (SELECT d.midnight + interval '1 minute' * (60 * dbinsight._sample_hour(dbinsight._random(_sample_jobs.seed, 313, x.n)) + dbinsight._pick(_sample_jobs.seed, 314, x.n, 40)) AS start_time) t
	WHERE NOT d.weekend AND t.start_time < dbinsight.now() - interval '20 minutes';

	INSERT INTO dbinsight.fact_job_task_run_timeline (account_id, workspace_id, job_id, task_run_id, period_start_time, period_end_time,
		task_key, compute_ids, result_state, job_run_id, parent_run_id, termination_code, termination_type)
	WITH part AS (
		SELECT a.workspace_id, a.job_id, a.job, a.run, a.attempt, t.task, t.task_key, a.cluster_id, a.start_time + x.d * b.f AS start_time,
			least(a.start_time + x.d * b.t, dbinsight.now()) AS end_time,
			CASE WHEN a.start_time + x.d * b.t > dbinsight.now() THEN NULL
				WHEN t.task = a.failed_task THEN a.result_state WHEN t.to_share > a.to_share THEN 'CANCELLED' ELSE 'SUCCEEDED' END AS result_state,
			CASE WHEN t.task = a.failed_task THEN a.termination_code WHEN t.to_share > a.to_share THEN 'CANCELLED' ELSE 'SUCCESS' END AS code
		FROM dbinsight.sample_attempt a
		JOIN dbinsight._sample_task(_sample_jobs.seed, _sample_jobs.scale) t USING (job)
		CROSS JOIN LATERAL (SELECT a.planned_end - a.start_time AS d) x
		CROSS JOIN LATERAL (SELECT (greatest(t.from_share, a.from_share) - a.from_share) / (a.to_share - a.from_share) AS f,
			(least(t.to_share, a.to_share) - a.from_share) / (a.to_share - a.from_share) AS t) b
		WHERE t.from_share < a.to_share AND t.to_share > a.from_share AND a.result_state IS DISTINCT FROM 'SKIPPED'
			AND a.start_time + x.d * b.f < dbinsight.now()
		OFFSET 0
	), tried AS (
		-- A task that is tried again leaves a failed task run before the good one. Planted: inventory_sync does so often.
		SELECT p.*, r.try, p.start_time + (p.end_time - p.start_time) * CASE WHEN r.tries = 2 AND r.try = 2 THEN 0.45 ELSE 0 END AS begins,
			p.start_time + (p.end_time - p.start_time) * CASE WHEN r.tries = 2 AND r.try = 1 THEN 0.4 ELSE 1 END AS ends, r.tries
		FROM part p CROSS JOIN LATERAL (
			SELECT s.try, z.tries FROM (SELECT CASE WHEN p.result_state = 'SUCCEEDED' AND dbinsight._random(_sample_jobs.seed, 315, p.run * 20 + p.attempt * 10 + p.task)
				< CASE WHEN p.job = 5 THEN 0.2 ELSE 0.01 END THEN 2 ELSE 1 END AS tries) z, generate_series(1, z.tries) s(try)
		) r
		OFFSET 0
	)
	SELECT 'sample', t.workspace_id, t.job_id, (t.run * 100 + t.attempt * 40 + t.task * 4 + t.try)::text, s.slice_start, s.slice_end, t.task_key,
		CASE WHEN t.cluster_id IS NOT NULL THEN ARRAY[t.cluster_id] END,
		CASE WHEN s.is_last THEN CASE WHEN t.tries = 2 AND t.try = 1 THEN 'FAILED' ELSE t.result_state END END, t.run::text, t.run::text,
		CASE WHEN s.is_last AND t.result_state IS NOT NULL THEN CASE WHEN t.tries = 2 AND t.try = 1 THEN 'RUN_EXECUTION_ERROR' ELSE t.code END END, NULL
	FROM tried t, LATERAL dbinsight._sample_slice(t.begins, t.ends) s
	WHERE t.begins < t.ends
	ORDER BY s.slice_start, t.run, t.attempt, t.task, t.try;
END;
COMMENT ON FUNCTION dbinsight._sample_jobs(int, int, numeric) IS 'Job runs and task runs of the sample account';

/* Updates of pipelines: one every six hours; a failed one is retried under the same request. */
CREATE FUNCTION dbinsight._sample_update(days int, seed int, scale numeric)
	RETURNS TABLE (pipeline int, workspace_id text, pipeline_id text, dataset text, owner text, n bigint, age int, update_id text, request_id text,
		start_time timestamptz, end_time timestamptz, result_state text, retry boolean)
	LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 2200
BEGIN ATOMIC
	SELECT p.n, p.workspace_id, p.pipeline_id, p.dataset, p.owner, x.n, d.age, dbinsight._random_uuid(_sample_update.seed, 320, x.n * 2 + r.r), dbinsight._random_uuid(_sample_update.seed, 321, x.n),
		t.start_time + interval '12 minutes' * r.r, t.start_time + interval '12 minutes' * r.r + interval '1 second' * s.took,
		CASE WHEN dbinsight._random(_sample_update.seed, 324, x.n) < 0.005 THEN 'CANCELLED' WHEN s.fails AND r.r = 0 THEN 'FAILED' ELSE 'COMPLETED' END, r.r = 1
	FROM dbinsight._sample_pipeline(_sample_update.seed, _sample_update.scale) p
	CROSS JOIN dbinsight._sample_day(_sample_update.days, _sample_update.seed) d
	CROSS JOIN generate_series(0, 3) k(k)
	CROSS JOIN LATERAL (SELECT (p.n + 1) * 10000000::bigint + (d.day - date '2000-01-01') * 10 + k.k AS n) x
	CROSS JOIN LATERAL (SELECT d.midnight + interval '6 hours' * k.k + interval '1 minute' * (10 + 7 * (p.n % 20)) AS start_time) t
	CROSS JOIN LATERAL (SELECT dbinsight._random(_sample_update.seed, 322, x.n) < CASE WHEN p.n = 2 AND d.age <= 7 THEN 0.4 ELSE 0.02 END AS fails,
		floor(CASE WHEN dbinsight._random(_sample_update.seed, 322, x.n) < 0.02 THEN 300 ELSE 660 END * dbinsight._spread(_sample_update.seed, 323, x.n, 0.2)) AS took) s
	CROSS JOIN LATERAL generate_series(0, CASE WHEN s.fails THEN 1 ELSE 0 END) r(r)
	WHERE t.start_time + interval '12 minutes' * r.r + interval '1 second' * s.took <= dbinsight.now();
END;
COMMENT ON FUNCTION dbinsight._sample_update(int, int, numeric) IS 'Pipeline updates of the sample account';

CREATE FUNCTION dbinsight._sample_pipelines(days int, seed int, scale numeric) RETURNS void
	LANGUAGE sql BEGIN ATOMIC
	INSERT INTO dbinsight.fact_pipeline_update_timeline (account_id, workspace_id, pipeline_id, update_id, update_type, request_id, run_as,
		trigger_type, result_state, compute, period_start_time, period_end_time)
	SELECT 'sample', u.workspace_id, u.pipeline_id, u.update_id, 'REFRESH', u.request_id, u.owner, CASE WHEN u.retry THEN 'RETRY_ON_FAILURE' ELSE 'JOB_TASK' END,
		CASE WHEN s.is_last THEN u.result_state END, '{"type": "SERVERLESS"}', s.slice_start, s.slice_end
	FROM dbinsight._sample_update(_sample_pipelines.days, _sample_pipelines.seed, _sample_pipelines.scale) u,
		LATERAL dbinsight._sample_slice(u.start_time, u.end_time) s;

	INSERT INTO dbinsight.fact_pipeline_expectations (event_id, workspace_id, pipeline_id, update_id, dataset, expectation, event_time,
		passed_records, failed_records, action, extra)
	SELECT dbinsight._random_uuid(_sample_pipelines.seed, 330, u.n * 10 + e.n), u.workspace_id, u.pipeline_id, u.update_id, u.dataset, e.expectation,
		u.end_time - interval '20 seconds', r.rows - f.failed, f.failed, e.action, '{"account_id": "sample"}'
	FROM dbinsight._sample_update(_sample_pipelines.days, _sample_pipelines.seed, _sample_pipelines.scale) u
	CROSS JOIN (VALUES (0, 'valid_id', 'fail'), (1, 'valid_timestamp', 'drop'), (2, 'known_currency', 'allow'), (3, 'valid_total', 'drop'), (4, 'no_duplicates', 'allow')) e(n, expectation, action)
	CROSS JOIN LATERAL (SELECT floor(40000 * dbinsight._spread(_sample_pipelines.seed, 331, u.n, 0.2))::bigint AS rows) r
	-- Planted: for the last 3 days an eighth of the orders have no valid total.
	CROSS JOIN LATERAL (SELECT CASE WHEN u.pipeline = 0 AND e.n = 3 AND u.age <= 2 THEN r.rows / 8
		WHEN dbinsight._random(_sample_pipelines.seed, 332, u.n * 10 + e.n) < 0.7 OR e.n = 0 THEN 0
		ELSE floor(r.rows * 0.001 * dbinsight._random(_sample_pipelines.seed, 333, u.n * 10 + e.n))::bigint END AS failed) f
	WHERE u.result_state = 'COMPLETED';
END;
COMMENT ON FUNCTION dbinsight._sample_pipelines(int, int, numeric) IS 'Pipeline updates and expectations of the sample account';
