/*
 * Jobs: SQL that runs by itself. A definition is written by people, its state
 * by the scheduler and the workers alone, so that neither waits for the
 * other's locks.
 */
CREATE FUNCTION dbinsight.next_run(schedule text, after timestamptz DEFAULT now(), time_zone text DEFAULT 'UTC') RETURNS timestamptz
	LANGUAGE C STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dbi_next_run';
COMMENT ON FUNCTION dbinsight.next_run(text, timestamptz, text) IS
'The first moment after the given one at which a schedule is due: five fields as in crontab(5) on the clock of a time zone, or @hourly, @daily, @weekly, @monthly, @yearly, or an interval of a second or more, counted from 2000-01-01 00:00 UTC.
A wall time that the clock skips is due when the gap ends, one that comes twice only the first time; with a star for minute or hour the schedule follows the clock instead
@param schedule as in ''30 2 * * mon-fri'', ''@daily'', ''5 min''
@param after default now
@param time_zone whose clock the five fields are of, default UTC';

CREATE TABLE dbinsight.job_definitions (
	name text PRIMARY KEY CHECK (name <> ''),
	owner name NOT NULL DEFAULT current_user,
	schedule text NOT NULL,
	time_zone text NOT NULL DEFAULT 'UTC',
	command text NOT NULL,
	enabled boolean NOT NULL DEFAULT true,
	-- the server counts a timeout in milliseconds of an int
	timeout interval NOT NULL DEFAULT '1 hour' CHECK (timeout >= interval '1 ms' AND timeout <= interval '24 days'),
	overlap text NOT NULL DEFAULT 'skip' CHECK (overlap IN ('skip', 'queue')),
	max_attempts int NOT NULL DEFAULT 1 CHECK (max_attempts BETWEEN 1 AND 100),
	retry_delay interval NOT NULL DEFAULT '30 seconds' CHECK (retry_delay >= interval '0' AND retry_delay <= interval '1 day'),
	catch_up boolean NOT NULL DEFAULT true,
	builtin boolean NOT NULL DEFAULT false,
	changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE dbinsight.job_definitions IS 'What jobs is made of; changed_at is when schedule, time zone or enabled last changed, from which on runs are due';

CREATE TABLE dbinsight.job_state (
	job text PRIMARY KEY,
	planned_at timestamptz NOT NULL,
	next_due timestamptz,
	queued_due timestamptz,
	retry_at timestamptz,
	retry_due timestamptz,
	retry_attempt int,
	waiting text,
	last_status text,
	last_started timestamptz,
	last_ended timestamptz,
	last_sqlstate text,
	last_message text,
	failures int NOT NULL DEFAULT 0
);
COMMENT ON TABLE dbinsight.job_state IS
'The scheduler''s own: when each job is due, what waits, how the last run went, failures in a row; planned_at is the changed_at it follows';

CREATE TABLE dbinsight.job_runs (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	job text NOT NULL,
	owner name NOT NULL,
	command text NOT NULL,
	timeout interval NOT NULL,
	due timestamptz NOT NULL,
	attempt int NOT NULL DEFAULT 1,
	state text NOT NULL CHECK (state IN ('starting', 'running', 'succeeded', 'failed', 'skipped')),
	pid int,
	created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	started_at timestamptz,
	ended_at timestamptz,
	rows bigint,
	sqlstate text,
	message text,
	hint text
);
COMMENT ON TABLE dbinsight.job_runs IS
'Every run of a job: when it was due, started and ended, the attempt, rows of its last statement; why it failed or was skipped. Kept as long as dbinsight.retention says';
CREATE INDEX ON dbinsight.job_runs (job, id);
CREATE INDEX ON dbinsight.job_runs (created_at);
CREATE INDEX ON dbinsight.job_runs (id) WHERE state IN ('starting', 'running');

INSERT INTO dbinsight.retention VALUES ('job_runs', 'created_at', '90 days');

CREATE TABLE dbinsight.scheduler (
	one boolean PRIMARY KEY DEFAULT true CHECK (one),
	enabled boolean NOT NULL DEFAULT true,
	started_at timestamptz,
	creator int NOT NULL,
	creator_since timestamptz NOT NULL
);
COMMENT ON TABLE dbinsight.scheduler IS
'One row: whether this database is to have a scheduler (stop_worker() says no), when the last one started, and which session made the extension: it may be a restore';
INSERT INTO dbinsight.scheduler (creator, creator_since)
SELECT a.pid, a.backend_start FROM pg_catalog.pg_stat_get_activity(pg_backend_pid()) a;

CREATE VIEW dbinsight.jobs AS
SELECT d.name, d.owner, d.schedule, d.time_zone, d.command, d.enabled, d.timeout, d.overlap, d.max_attempts, d.retry_delay, d.catch_up,
	CASE WHEN d.enabled THEN coalesce(
		(SELECT least(s.next_due, s.retry_at, s.queued_due) FROM dbinsight.job_state s WHERE s.job = d.name AND s.planned_at = d.changed_at),
		dbinsight.next_run(d.schedule, d.changed_at, d.time_zone)) END AS next_run,
	(SELECT CASE WHEN r.state IS NOT NULL THEN r.state ELSE s.last_status END
		FROM dbinsight.job_state s LEFT JOIN dbinsight.job_runs r ON r.job = s.job AND r.state IN ('starting', 'running')
		WHERE s.job = d.name ORDER BY r.id LIMIT 1) AS last_status,
	(SELECT s.last_started FROM dbinsight.job_state s WHERE s.job = d.name) AS last_started
FROM dbinsight.job_definitions d;
COMMENT ON VIEW dbinsight.jobs IS
'Schedule of the background worker: one row a job, to be inserted, updated and deleted. command is SQL that runs as owner; schedule as next_run() reads it, on the clock of time_zone; overlap (skip, queue): what happens when the last run is still going; a failed run is tried again up to max_attempts times, after a random part of retry_delay that doubles each time; catch_up: one missed run is made up. next_run and last_status tell how it stands';

CREATE VIEW dbinsight.job_status AS
SELECT d.name AS job, d.enabled, s.next_due, s.retry_at, s.queued_due, s.waiting, s.last_status, s.last_started, s.last_ended - s.last_started AS last_duration,
	s.last_sqlstate, s.last_message, s.failures AS failures_in_a_row, r.pid AS running_pid, r.started_at AS running_since,
	coalesce(h.runs, 0) AS runs_7d, coalesce(h.failed, 0) AS failed_7d, coalesce(h.skipped, 0) AS skipped_7d, h.mean_duration
FROM dbinsight.job_definitions d LEFT JOIN dbinsight.job_state s ON s.job = d.name
LEFT JOIN dbinsight.job_runs r ON r.job = d.name AND r.state = 'running'
LEFT JOIN LATERAL (SELECT count(*) FILTER (WHERE x.state IN ('succeeded', 'failed')) AS runs, count(*) FILTER (WHERE x.state = 'failed') AS failed,
	count(*) FILTER (WHERE x.state = 'skipped') AS skipped, avg(x.ended_at - x.started_at) FILTER (WHERE x.state = 'succeeded') AS mean_duration
	FROM dbinsight.job_runs x WHERE x.job = d.name AND x.created_at >= clock_timestamp() - interval '7 days') h ON true;
COMMENT ON VIEW dbinsight.job_status IS 'How each job stands: due, retry, what it waits for, the last run, the run that is going, its runs of seven days';

/* ---- what may be written ---- */

CREATE FUNCTION dbinsight._may_act_as(role name) RETURNS boolean
	LANGUAGE C STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dbi_may_act_as';
COMMENT ON FUNCTION dbinsight._may_act_as(name) IS 'Whether the current user may take a role; that of a role that does not exist only a superuser may';

CREATE FUNCTION dbinsight._check_job() RETURNS trigger
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM dbinsight.next_run(NEW.schedule, now(), NEW.time_zone);
	IF btrim(NEW.command, E' \t\n\r;') = '' THEN
		RAISE EXCEPTION 'a job needs a command' USING ERRCODE = '22023', HINT = 'Write SQL, as in SELECT * FROM dbinsight.run_detections().';
	END IF;
	-- A command runs as the owner: only who may be the owner says what and as whom.
	IF TG_OP = 'INSERT' OR NEW.owner <> OLD.owner OR NEW.command <> OLD.command THEN
		IF NOT dbinsight._may_act_as(NEW.owner) OR (TG_OP = 'UPDATE' AND NOT dbinsight._may_act_as(OLD.owner)) THEN
			RAISE EXCEPTION 'role "%" may not say what job "%" runs', current_user, NEW.name USING ERRCODE = '42501',
				HINT = 'A job runs as its owner; a member of the owner''s role or a superuser may change owner and command.';
		END IF;
	END IF;
	IF TG_OP = 'INSERT' THEN
		NEW.changed_at := clock_timestamp();
	ELSIF NEW IS DISTINCT FROM OLD THEN
		NEW.builtin := false;
		IF (NEW.schedule, NEW.time_zone, NEW.enabled) IS DISTINCT FROM (OLD.schedule, OLD.time_zone, OLD.enabled) THEN
			NEW.changed_at := clock_timestamp();
		END IF;
	END IF;
	RETURN NEW;
END $$;
COMMENT ON FUNCTION dbinsight._check_job() IS 'A job can be followed, and its command is only that of somebody who may act as its owner';
CREATE TRIGGER check_job BEFORE INSERT OR UPDATE ON dbinsight.job_definitions
	FOR EACH ROW EXECUTE FUNCTION dbinsight._check_job();

CREATE FUNCTION dbinsight._replace_job() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	DELETE FROM dbinsight.job_definitions d WHERE d.name = NEW.name AND d.builtin;
	RETURN NEW;
END $$;
COMMENT ON FUNCTION dbinsight._replace_job() IS 'One''s own job takes the place of the one that came with the extension; so does a restored one';
CREATE TRIGGER replace_job BEFORE INSERT ON dbinsight.job_definitions
	FOR EACH ROW EXECUTE FUNCTION dbinsight._replace_job();

CREATE FUNCTION dbinsight._tell_scheduler() RETURNS trigger
	LANGUAGE C AS 'MODULE_PATHNAME', 'dbi_tell_scheduler';
COMMENT ON FUNCTION dbinsight._tell_scheduler() IS 'Wakes the scheduler of this database, if there is one, once the transaction has committed';
CREATE TRIGGER tell_scheduler AFTER INSERT OR UPDATE OR DELETE ON dbinsight.job_definitions
	FOR EACH STATEMENT EXECUTE FUNCTION dbinsight._tell_scheduler();
