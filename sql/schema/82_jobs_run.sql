/*
 * What the scheduler and the workers do to the rows of jobs. Each function is
 * called by them in a transaction of its own, as the owner of the extension,
 * by one scheduler at a time.
 */

/* The next run, or never when the schedule cannot be followed any more: one job must not stop the others. */
CREATE FUNCTION dbinsight._job_next_run(schedule text, after timestamptz, time_zone text) RETURNS timestamptz
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN dbinsight.next_run(schedule, after, time_zone);
EXCEPTION WHEN invalid_parameter_value THEN
	RAISE WARNING '%', SQLERRM;
	RETURN 'infinity';
END $$;
COMMENT ON FUNCTION dbinsight._job_next_run(text, timestamptz, text) IS 'next_run(), or infinity with a warning';

CREATE FUNCTION dbinsight._job_is_alive(run bigint) RETURNS boolean
	LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dbi_job_is_alive';
COMMENT ON FUNCTION dbinsight._job_is_alive(bigint) IS 'Whether the worker of a run is there: it holds a lock as long as it lives';

/* Ends a run; false when it has ended already. */
CREATE FUNCTION dbinsight._job_finish(run bigint, state text, sqlstate text DEFAULT NULL, message text DEFAULT NULL, hint text DEFAULT NULL,
	rows bigint DEFAULT NULL) RETURNS boolean
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	r dbinsight.job_runs;
	d dbinsight.job_definitions;
	again timestamptz;
BEGIN
	UPDATE dbinsight.job_runs x SET state = _job_finish.state, sqlstate = _job_finish.sqlstate, message = _job_finish.message,
		hint = _job_finish.hint, rows = _job_finish.rows, ended_at = clock_timestamp(), pid = NULL
	WHERE x.id = run AND x.state IN ('starting', 'running') RETURNING x.* INTO r;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	SELECT * INTO d FROM dbinsight.job_definitions x WHERE x.name = r.job;
	IF state = 'failed' AND d.enabled AND r.attempt < d.max_attempts THEN
		-- full jitter: somewhere in a span that doubles, up to an hour or the delay itself
		again := clock_timestamp() + random() * least(d.retry_delay * 2 ^ least(r.attempt - 1, 20), greatest(d.retry_delay, interval '1 hour'));
	END IF;
	UPDATE dbinsight.job_state s SET last_status = r.state, last_started = r.started_at, last_ended = r.ended_at, last_sqlstate = r.sqlstate,
		last_message = r.message, failures = CASE WHEN r.state = 'failed' THEN s.failures + 1 ELSE 0 END,
		retry_at = again, retry_due = r.due, retry_attempt = r.attempt + 1
	WHERE s.job = r.job;
	PERFORM pg_notify('dbinsight_jobs', json_build_object('job', left(r.job, 200), 'run', r.id, 'status', r.state)::text);
	RETURN true;
END $$;
COMMENT ON FUNCTION dbinsight._job_finish(bigint, text, text, text, text, bigint) IS
'Writes how a run ended, plans its next attempt, and tells those who LISTEN dbinsight_jobs';

/* mine: runs whose workers this scheduler knows to be there; gone: those it knows to have ended. */
CREATE FUNCTION dbinsight._job_lost(mine bigint[], gone bigint[]) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	r dbinsight.job_runs;
BEGIN
	FOR r IN SELECT * FROM dbinsight.job_runs x WHERE x.state IN ('starting', 'running') AND x.id <> ALL (mine) ORDER BY x.id LOOP
		IF r.state = 'running' AND (r.id = ANY (gone) OR NOT dbinsight._job_is_alive(r.id)) THEN
			PERFORM dbinsight._job_finish(r.id, 'failed', '57P02', 'the worker ended before the command', 'The server''s log may know why.');
		ELSIF r.state = 'starting' AND r.id = ANY (gone) THEN
			PERFORM dbinsight._job_finish(r.id, 'failed', '08004', format('a worker could not log in as role "%s"', r.owner),
				'The server''s log has the reason.');
		ELSIF r.state = 'starting' THEN
			PERFORM dbinsight._job_unstarted(r.id, NULL);
		END IF;
	END LOOP;
END $$;
COMMENT ON FUNCTION dbinsight._job_lost(bigint[], bigint[]) IS
'Ends the runs whose worker is gone; one that was never taken by a worker is due again';

CREATE FUNCTION dbinsight._job_unstarted(run bigint, why text) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	r dbinsight.job_runs;
BEGIN
	DELETE FROM dbinsight.job_runs x WHERE x.id = run AND x.state = 'starting' RETURNING x.* INTO r;
	UPDATE dbinsight.job_state s SET waiting = why,
		next_due = CASE WHEN r.attempt = 1 THEN least(s.next_due, r.due) ELSE s.next_due END,
		retry_at = CASE WHEN r.attempt > 1 THEN clock_timestamp() END, retry_due = r.due, retry_attempt = r.attempt
	WHERE s.job = r.job;
END $$;
COMMENT ON FUNCTION dbinsight._job_unstarted(bigint, text) IS 'Takes back a run that no worker has taken: it is due again';

/* Why a role cannot run a job here; NULL when it can. */
CREATE FUNCTION dbinsight._job_owner_problem(owner name, OUT sqlstate text, OUT message text, OUT hint text)
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	can_login boolean := (SELECT r.rolcanlogin FROM pg_roles r WHERE r.rolname = owner);
BEGIN
	IF can_login IS NULL THEN
		sqlstate := '42704';
		message := format('role "%s" does not exist', owner);
		hint := 'Give the job another owner.';
	ELSIF NOT can_login AND current_setting('server_version_num')::int < 170000 THEN
		sqlstate := '28000';
		message := format('role "%s" is not permitted to log in', owner);
		hint := 'ALTER ROLE … LOGIN, or give the job another owner.';
	ELSIF NOT has_database_privilege(owner, current_database(), 'CONNECT') THEN
		sqlstate := '42501';
		message := format('role "%s" may not connect to this database', owner);
		hint := 'GRANT CONNECT ON DATABASE, or give the job another owner.';
	END IF;
END $$;
COMMENT ON FUNCTION dbinsight._job_owner_problem(name) IS 'Why a worker could not log in as a role';

/*
 * State follows the definitions, and the clock: what was planned before it was
 * set back, by more than a minute, is planned anew. As long as the clock goes
 * on, nothing is planned later than the first moment after the present.
 */
CREATE FUNCTION dbinsight._job_follow() RETURNS void
	LANGUAGE sql BEGIN ATOMIC
	DELETE FROM dbinsight.job_state s WHERE NOT EXISTS (SELECT FROM dbinsight.job_definitions d WHERE d.name = s.job);
	INSERT INTO dbinsight.job_state (job, planned_at, next_due)
	SELECT d.name, d.changed_at, dbinsight._job_next_run(d.schedule, d.changed_at, d.time_zone) FROM dbinsight.job_definitions d
	WHERE NOT EXISTS (SELECT FROM dbinsight.job_state s WHERE s.job = d.name AND s.planned_at = d.changed_at)
	ON CONFLICT (job) DO UPDATE SET planned_at = excluded.planned_at, next_due = excluded.next_due, queued_due = NULL, retry_at = NULL, waiting = NULL;
	UPDATE dbinsight.job_state s SET next_due = dbinsight._job_next_run(d.schedule, clock_timestamp(), d.time_zone)
	FROM dbinsight.job_definitions d
	WHERE d.name = s.job AND CASE WHEN s.next_due > clock_timestamp() AND s.next_due < 'infinity'
		THEN s.next_due > dbinsight._job_next_run(d.schedule, clock_timestamp() + interval '1 minute', d.time_zone) END;
	-- A retry is never further away than this.
	UPDATE dbinsight.job_state s SET retry_at = clock_timestamp()
	FROM dbinsight.job_definitions d
	WHERE d.name = s.job AND s.retry_at > clock_timestamp() + greatest(interval '1 hour', d.retry_delay) + interval '1 minute';
END;
COMMENT ON FUNCTION dbinsight._job_follow() IS 'Plans jobs that are new or changed, or were planned before the clock was set back; forgets those that are gone';

CREATE FUNCTION dbinsight._job_skip(definition dbinsight.job_definitions, due timestamptz, message text) RETURNS void
	LANGUAGE sql BEGIN ATOMIC
	INSERT INTO dbinsight.job_runs (job, owner, command, timeout, due, state, ended_at, message)
	VALUES ((_job_skip.definition).name, (_job_skip.definition).owner, (_job_skip.definition).command, (_job_skip.definition).timeout, _job_skip.due,
		'skipped', clock_timestamp(), _job_skip.message);
END;
COMMENT ON FUNCTION dbinsight._job_skip(dbinsight.job_definitions, timestamptz, text) IS 'Notes that a run was left out, and why';

/* Makes a run of a job; its id, or NULL when it failed before it could start. */
CREATE FUNCTION dbinsight._job_begin(definition dbinsight.job_definitions, due timestamptz, attempt int) RETURNS bigint
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	run bigint;
	problem record;
BEGIN
	INSERT INTO dbinsight.job_runs (job, owner, command, timeout, due, attempt, state)
	VALUES (definition.name, definition.owner, definition.command, definition.timeout, due, attempt, 'starting') RETURNING id INTO run;
	SELECT * INTO problem FROM dbinsight._job_owner_problem(definition.owner);
	IF problem.sqlstate IS NULL THEN
		RETURN run;
	END IF;
	PERFORM dbinsight._job_finish(run, 'failed', problem.sqlstate, problem.message, problem.hint);
	RETURN NULL;
END $$;
COMMENT ON FUNCTION dbinsight._job_begin(dbinsight.job_definitions, timestamptz, int) IS 'Makes the row of a run, which its worker will take';

/*
 * A job that comes by every minute for what is mostly nothing would have a
 * process started for it. One that was asked for by run_job() is due off the
 * minute, and has its run.
 */
CREATE FUNCTION dbinsight._job_is_idle(command text, due timestamptz) RETURNS boolean
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN command = 'CALL dbinsight.deliver_due()' AND due = date_trunc('second', due) AND NOT dbinsight._outbox_is_due();
END $$;
COMMENT ON FUNCTION dbinsight._job_is_idle(text, timestamptz) IS 'Whether a run that is due by its schedule would find nothing to do';

/*
 * Runs to be started now, at most workers at a time in all. What was missed
 * while nobody looked is one run, for the next one is counted from the
 * present. A run that waits for a worker stays due.
 */
/*
 * A restore makes the extension and then fills its tables: a job that ran in
 * between would write rows that the dump has, too. So a scheduler waits while
 * the session that made the extension works, and while pg_restore's do.
 */
CREATE FUNCTION dbinsight._scheduler_waits() RETURNS boolean
	LANGUAGE sql VOLATILE
BEGIN ATOMIC
	SELECT EXISTS (
		SELECT FROM pg_catalog.pg_stat_activity a, dbinsight.scheduler s
		WHERE a.datname = current_database() AND (a.application_name = 'pg_restore' AND a.backend_type = 'client backend'
			OR a.pid = s.creator AND a.backend_start = s.creator_since
				AND (a.state <> 'idle' OR a.state_change > clock_timestamp() - interval '5 seconds')));
END;
COMMENT ON FUNCTION dbinsight._scheduler_waits() IS 'Whether a restore may be going on, for which jobs have to wait';

CREATE FUNCTION dbinsight._job_due(workers int) RETURNS TABLE (run bigint, login oid, job text)
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	present timestamptz := clock_timestamp();
	active int := (SELECT count(*) FROM dbinsight.job_runs r WHERE r.state IN ('starting', 'running'));
	d dbinsight.job_definitions;
	s dbinsight.job_state;
	is_new boolean;
	is_busy boolean;
BEGIN
	FOR s IN SELECT y.* FROM dbinsight.job_state y JOIN dbinsight.job_definitions x ON x.name = y.job
		WHERE x.enabled AND (y.next_due <= present OR y.retry_at <= present OR y.queued_due IS NOT NULL)
		ORDER BY least(y.next_due, y.retry_at, y.queued_due), x.name
	LOOP
		SELECT x.* INTO d FROM dbinsight.job_definitions x WHERE x.name = s.job;
		CONTINUE WHEN NOT FOUND;
		is_new := coalesce(s.next_due <= present, false);
		is_busy := EXISTS (SELECT FROM dbinsight.job_runs r WHERE r.job = d.name AND r.state IN ('starting', 'running'));
		IF is_busy AND is_new THEN
			IF d.overlap = 'queue' AND s.queued_due IS NULL THEN
				UPDATE dbinsight.job_state x SET queued_due = s.next_due WHERE x.job = d.name;
			ELSE
				PERFORM dbinsight._job_skip(d, s.next_due, CASE d.overlap WHEN 'queue' THEN 'the last run is still going, and one is queued'
					ELSE 'the last run is still going' END);
			END IF;
		ELSIF is_new AND s.waiting IS NULL AND NOT d.catch_up AND s.next_due < present - interval '1 minute' THEN
			PERFORM dbinsight._job_skip(d, s.next_due, 'missed: no scheduler was there');
		ELSIF is_new AND s.queued_due IS NULL AND s.waiting IS NULL AND dbinsight._job_is_idle(d.command, s.next_due) THEN
			NULL;	-- until it is due the next time
		ELSIF is_busy THEN
			CONTINUE;
		ELSIF active >= workers THEN
			UPDATE dbinsight.job_state x SET waiting = format('a worker: dbinsight.job_workers is %s', workers)
			WHERE x.job = d.name AND x.waiting IS NULL;
			CONTINUE;
		ELSE
			job := d.name;
			login := (SELECT r.oid FROM pg_roles r WHERE r.rolname = d.owner);
			UPDATE dbinsight.job_state x SET waiting = NULL, retry_at = NULL, queued_due = NULL WHERE x.job = d.name;
			run := CASE WHEN s.queued_due IS NOT NULL THEN dbinsight._job_begin(d, s.queued_due, 1)
				WHEN is_new THEN dbinsight._job_begin(d, s.next_due, 1)
				ELSE dbinsight._job_begin(d, s.retry_due, s.retry_attempt) END;
			IF run IS NOT NULL THEN
				active := active + 1;
				RETURN NEXT;
			END IF;
			-- The queued one goes first; a new one is seen to when that runs.
			is_new := is_new AND s.queued_due IS NULL;
		END IF;
		IF is_new THEN
			UPDATE dbinsight.job_state x SET next_due = dbinsight._job_next_run(d.schedule, present, d.time_zone) WHERE x.job = d.name;
		END IF;
	END LOOP;
END $$;
COMMENT ON FUNCTION dbinsight._job_due(int) IS 'Makes the runs that are due, as far as there are workers, and plans what comes after them';

CREATE FUNCTION dbinsight._job_next(OUT due timestamptz, OUT waiting boolean)
	LANGUAGE sql STABLE BEGIN ATOMIC
	SELECT min(least(s.next_due, s.retry_at)) FILTER (WHERE s.waiting IS NULL), coalesce(bool_or(s.waiting IS NOT NULL), false)
	FROM dbinsight.job_state s JOIN dbinsight.job_definitions d ON d.name = s.job WHERE d.enabled;
END;
COMMENT ON FUNCTION dbinsight._job_next() IS 'When the next job is due, and whether one waits for a worker';

/* A worker takes its run: what to do, and the milliseconds it has. */
CREATE FUNCTION dbinsight._job_claim(run bigint, pid int, OUT job text, OUT command text, OUT timeout_ms int)
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE dbinsight.job_runs r SET state = 'running', pid = _job_claim.pid, started_at = clock_timestamp()
	WHERE r.id = run AND r.state = 'starting'
	RETURNING r.job, r.command, ceil(1000 * extract(epoch FROM r.timeout))::int INTO job, command, timeout_ms;
END $$;
COMMENT ON FUNCTION dbinsight._job_claim(bigint, int) IS 'Gives a run to its worker; nothing when it is not to be started any more';
