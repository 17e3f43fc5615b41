/*
 * The scheduler from a session: start, stop, have it look once, run one job.
 */
CREATE FUNCTION dbinsight._scheduler_pid() RETURNS int
	LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dbi_scheduler_pid';
COMMENT ON FUNCTION dbinsight._scheduler_pid() IS 'The process of this database''s scheduler; NULL when there is none';

CREATE FUNCTION dbinsight._wake_scheduler() RETURNS void
	LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dbi_wake_scheduler';
COMMENT ON FUNCTION dbinsight._wake_scheduler() IS 'Has the scheduler look once this transaction has committed';

CREATE FUNCTION dbinsight._start_scheduler() RETURNS void
	LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dbi_start_scheduler';
COMMENT ON FUNCTION dbinsight._start_scheduler() IS 'Starts a scheduler in this database once this transaction has committed';

CREATE FUNCTION dbinsight._is_preloaded() RETURNS boolean
	LANGUAGE C STABLE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'dbi_is_preloaded';
COMMENT ON FUNCTION dbinsight._is_preloaded() IS 'Whether shared_preload_libraries has the library, so that schedulers start by themselves';

CREATE FUNCTION dbinsight._is_wanted_here() RETURNS boolean
	LANGUAGE C STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dbi_is_wanted_here';
COMMENT ON FUNCTION dbinsight._is_wanted_here() IS 'Whether dbinsight.database names this database, or none';

CREATE FUNCTION dbinsight._library_version() RETURNS text
	LANGUAGE C STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dbi_library_version';
COMMENT ON FUNCTION dbinsight._library_version() IS 'The version of the library that is loaded';

CREATE FUNCTION dbinsight._run_once() RETURNS text
	LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dbi_run_once';
COMMENT ON FUNCTION dbinsight._run_once() IS 'Runs the jobs that are due in workers and waits for their end; how that went';

CREATE FUNCTION dbinsight.start_worker() RETURNS boolean
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE dbinsight.scheduler SET enabled = true WHERE NOT enabled;
	PERFORM dbinsight._start_scheduler();
	RETURN dbinsight._scheduler_pid() IS NULL;
END $$;
COMMENT ON FUNCTION dbinsight.start_worker() IS
'Starts the scheduler of this database once the transaction has committed; it comes back after a crash, and after a restart of the server if the library is preloaded. False when it is running already';

CREATE FUNCTION dbinsight.stop_worker() RETURNS boolean
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE dbinsight.scheduler SET enabled = false WHERE enabled;
	PERFORM dbinsight._wake_scheduler();
	RETURN dbinsight._scheduler_pid() IS NOT NULL;
END $$;
COMMENT ON FUNCTION dbinsight.stop_worker() IS
'Ends the scheduler of this database once the transaction has committed, and keeps it from starting until start_worker(); jobs that are running go on. False when none was running';

CREATE FUNCTION dbinsight.run_job(name text) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	d dbinsight.job_definitions;
BEGIN
	SELECT * INTO d FROM dbinsight.job_definitions x WHERE x.name = run_job.name;
	IF d.name IS NULL THEN
		RAISE EXCEPTION 'there is no job "%"', run_job.name USING ERRCODE = '42704', HINT = 'See dbinsight.jobs.';
	ELSIF NOT d.enabled THEN
		RAISE EXCEPTION 'job "%" is disabled', run_job.name USING ERRCODE = '55000', HINT = 'UPDATE dbinsight.jobs SET enabled = true.';
	END IF;
	PERFORM dbinsight._job_follow();
	UPDATE dbinsight.job_state s SET next_due = clock_timestamp() WHERE s.job = d.name;
	PERFORM dbinsight._wake_scheduler();
END $$;
COMMENT ON FUNCTION dbinsight.run_job(text) IS
'Makes a job due now: the scheduler starts it, or the next run_due(). Its schedule goes on as before
@param name of the job, in dbinsight.jobs';

CREATE FUNCTION dbinsight._start_submitted() RETURNS int
	LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dbi_start_submitted';
COMMENT ON FUNCTION dbinsight._start_submitted() IS
'Has workers started, once this transaction commits, for submitted questions that wait, also those whose worker died; how many';

CREATE FUNCTION dbinsight._last_run() RETURNS bigint
	LANGUAGE sql VOLATILE RETURN (SELECT coalesce(max(r.id), 0) FROM dbinsight.job_runs r);
COMMENT ON FUNCTION dbinsight._last_run() IS 'The newest run of any job';

CREATE FUNCTION dbinsight._runs_after(run bigint) RETURNS TABLE (job text, status text, elapsed_ms numeric)
	LANGUAGE sql VOLATILE
BEGIN ATOMIC
	SELECT r.job, r.state, round(coalesce(1000 * extract(epoch FROM r.ended_at - r.started_at), 0), 3)
	FROM dbinsight.job_runs r WHERE r.id > _runs_after.run ORDER BY r.id;
END;
COMMENT ON FUNCTION dbinsight._runs_after(bigint) IS 'Runs of jobs since one, as run_due() tells them';

CREATE FUNCTION dbinsight.run_due() RETURNS TABLE (job text, status text, elapsed_ms numeric)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	began timestamptz := clock_timestamp();
	last bigint := dbinsight._last_run();
	done text := dbinsight._run_once();
	started int;
BEGIN
	IF done = 'done' THEN
		RETURN QUERY SELECT * FROM dbinsight._runs_after(last);
	ELSE
		RETURN QUERY SELECT 'jobs', done, round(1000 * extract(epoch FROM clock_timestamp() - began), 3);
	END IF;
	began := clock_timestamp();
	started := dbinsight._start_submitted();
	IF started > 0 THEN
		RETURN QUERY SELECT 'submitted questions', format('%s to start', started), round(1000 * extract(epoch FROM clock_timestamp() - began), 3);
	END IF;
END $$;
COMMENT ON FUNCTION dbinsight.run_due() IS
'For callers outside that drive the schedule: runs the jobs that are due, each in a worker as its owner, waits until they have ended and tells how each went; then starts workers for submitted questions that wait. Where a scheduler is running it does what is due itself. Call it in a transaction of its own';
