-- Jobs as rows: what may be written, by whom, and what the scheduler makes of it. No worker runs in these tests
-- (dbinsight.job_workers is 0): the functions the scheduler calls are called here instead.
\set SHOW_CONTEXT never
BEGIN;
SET LOCAL TimeZone = 'UTC';
CREATE ROLE regress_dbi_reader IN ROLE dbinsight_reader LOGIN;
CREATE ROLE regress_dbi_operator IN ROLE dbinsight_operator LOGIN;
CREATE ROLE regress_dbi_admin IN ROLE dbinsight_admin LOGIN;
CREATE ROLE regress_dbi_team LOGIN;
GRANT regress_dbi_team TO regress_dbi_admin;
SELECT name, schedule, time_zone, enabled, timeout, overlap, max_attempts, catch_up FROM dbinsight.jobs ORDER BY name;
UPDATE dbinsight.jobs SET enabled = false WHERE name = 'retention';

-- What is refused
SAVEPOINT s;
INSERT INTO dbinsight.jobs (name, schedule, command) VALUES ('j', '0 0 30 2 *', 'SELECT 1'); ROLLBACK TO s;
INSERT INTO dbinsight.jobs (name, schedule, time_zone, command) VALUES ('j', '@daily', 'Mars', 'SELECT 1'); ROLLBACK TO s;
INSERT INTO dbinsight.jobs (name, schedule, command) VALUES ('j', '@daily', ' ; '); ROLLBACK TO s;
\set VERBOSITY sqlstate
INSERT INTO dbinsight.jobs (name, schedule, command, overlap) VALUES ('j', '@daily', 'SELECT 1', 'both'); ROLLBACK TO s;
INSERT INTO dbinsight.jobs (name, schedule, command, timeout) VALUES ('j', '@daily', 'SELECT 1', '0'); ROLLBACK TO s;
INSERT INTO dbinsight.jobs (name, schedule, command, timeout) VALUES ('j', '@daily', 'SELECT 1', '25 days'); ROLLBACK TO s;
INSERT INTO dbinsight.jobs (name, schedule, command, max_attempts) VALUES ('j', '@daily', 'SELECT 1', 0); ROLLBACK TO s;
INSERT INTO dbinsight.jobs (name, schedule, command, retry_delay) VALUES ('j', '@daily', 'SELECT 1', '-1 s'); ROLLBACK TO s;
INSERT INTO dbinsight.jobs (name, schedule, command) VALUES (NULL, '@daily', 'SELECT 1'); ROLLBACK TO s;
INSERT INTO dbinsight.jobs (name, schedule, command, last_status) VALUES ('j', '@daily', 'SELECT 1', 'succeeded'); ROLLBACK TO s;
SELECT dbinsight.run_job('nothing'); ROLLBACK TO s;
SELECT dbinsight.run_job('retention'); ROLLBACK TO s;

-- By whom
SET ROLE regress_dbi_reader;
SELECT * FROM dbinsight.jobs; ROLLBACK TO s;
SET ROLE regress_dbi_reader;
SELECT * FROM dbinsight.job_runs; ROLLBACK TO s;
SET ROLE regress_dbi_reader;
SELECT dbinsight.start_worker(); ROLLBACK TO s;
SET ROLE regress_dbi_reader;
SELECT dbinsight._job_finish(1, 'succeeded'); ROLLBACK TO s;
SET ROLE regress_dbi_operator;
SELECT count(*) FROM dbinsight.jobs;
SELECT count(*) FROM dbinsight.job_status;
SELECT dbinsight.stop_worker(); ROLLBACK TO s;
SET ROLE regress_dbi_operator;
INSERT INTO dbinsight.jobs (name, schedule, command) VALUES ('j', '@daily', 'SELECT 1'); ROLLBACK TO s;
\set VERBOSITY default
SET ROLE regress_dbi_admin;
INSERT INTO dbinsight.jobs (name, schedule, command) VALUES ('mine', '@daily', 'SELECT 1');
INSERT INTO dbinsight.jobs (name, schedule, command, owner) VALUES ('ours', '@daily', 'SELECT 1', 'regress_dbi_team');
SELECT name, owner FROM dbinsight.jobs WHERE name IN ('mine', 'ours') ORDER BY 1;
UPDATE dbinsight.jobs SET enabled = true, timeout = '10 min' WHERE name = 'retention';
SAVEPOINT t;
UPDATE dbinsight.jobs SET command = 'SELECT 2' WHERE name = 'retention'; ROLLBACK TO t;
UPDATE dbinsight.jobs SET owner = 'regress_dbi_admin' WHERE name = 'retention'; ROLLBACK TO t;
INSERT INTO dbinsight.jobs (name, schedule, command, owner) VALUES ('his', '@daily', 'SELECT 1', 'regress_dbi_operator'); ROLLBACK TO t;
\set VERBOSITY sqlstate
INSERT INTO dbinsight.jobs (name, schedule, command, owner) VALUES ('his', '@daily', 'SELECT 1', 'regress_dbi_gone'); ROLLBACK TO t;
UPDATE dbinsight.job_state SET next_due = now(); ROLLBACK TO t;
INSERT INTO dbinsight.job_definitions (name, schedule, command, builtin) VALUES ('x', '@daily', 'SELECT 1', true); ROLLBACK TO t;
\set VERBOSITY default
-- One's own job takes the place of the one that came with the extension.
INSERT INTO dbinsight.jobs (name, schedule, command) VALUES ('detections', '@daily', 'SELECT 3');
SELECT name, owner, command FROM dbinsight.jobs WHERE name = 'detections';
\set VERBOSITY sqlstate
INSERT INTO dbinsight.jobs (name, schedule, command) VALUES ('detections', '@daily', 'SELECT 4'); ROLLBACK TO t;
\set VERBOSITY default
RESET ROLE;
-- What a person changed goes into a dump, what came with the extension does not.
SELECT name, builtin FROM dbinsight.job_definitions WHERE name IN ('retention', 'detections') ORDER BY 1;
ROLLBACK TO s;

-- Due. The plan follows the definition; a missed run is made up once.
DELETE FROM dbinsight.jobs;
INSERT INTO dbinsight.jobs (name, schedule, command, max_attempts, retry_delay) VALUES ('a', '1 hour', 'SELECT 1', 3, '10 s');
SELECT dbinsight._job_follow();
SELECT next_due = dbinsight.next_run('1 hour', d.changed_at) AS planned, next_due = j.next_run AS shown FROM dbinsight.job_state s
	JOIN dbinsight.job_definitions d ON d.name = s.job JOIN dbinsight.jobs j ON j.name = s.job;
SELECT * FROM dbinsight._job_due(5);
UPDATE dbinsight.job_state SET next_due = '2020-01-01 00:00:00';
SELECT count(*) AS one_for_all_that_was_missed FROM dbinsight._job_due(5);
SELECT job, owner = current_user AS as_me, due, attempt, state FROM dbinsight.job_runs;
SELECT next_due = dbinsight.next_run('1 hour', clock_timestamp()) AS goes_on FROM dbinsight.job_state;
SELECT count(*) AS not_twice FROM dbinsight._job_due(5);

-- The worker takes it, once.
SELECT max(id) AS run FROM dbinsight.job_runs \gset
SELECT * FROM dbinsight._job_claim(:run, 4711);
SELECT * FROM dbinsight._job_claim(:run, 4712);
SELECT last_status FROM dbinsight.jobs;

-- Due while it runs: skipped, or one queued.
SELECT dbinsight.run_job('a');
SELECT count(*) FROM dbinsight._job_due(5);
SELECT state, message FROM dbinsight.job_runs ORDER BY id DESC LIMIT 1;
UPDATE dbinsight.jobs SET overlap = 'queue';
SELECT dbinsight.run_job('a');
SELECT count(*) FROM dbinsight._job_due(5);
SELECT queued_due IS NOT NULL AS queued, next_due > clock_timestamp() AS planned FROM dbinsight.job_state;
SELECT dbinsight.run_job('a');
SELECT count(*) FROM dbinsight._job_due(5);
SELECT state, message FROM dbinsight.job_runs ORDER BY id DESC LIMIT 1;

-- It fails: again within 10 s, then within 20 s, then no more; what is queued comes first and is a run of its own.
SELECT dbinsight._job_finish(:run, 'failed', 'XX000', 'broken', 'mend it');
SELECT dbinsight._job_finish(:run, 'succeeded') AS ended_once;
SELECT last_status, last_sqlstate, last_message, failures, retry_attempt, retry_at > clock_timestamp() - interval '1 s' AS soon,
	retry_at <= clock_timestamp() + interval '10 s' AS within FROM dbinsight.job_state;
SELECT job FROM dbinsight._job_due(5);
SELECT max(id) AS run FROM dbinsight.job_runs \gset
SELECT retry_at IS NULL AS given_up, queued_due IS NULL AS taken FROM dbinsight.job_state;
SELECT attempt FROM dbinsight.job_runs WHERE id = :run;
SELECT dbinsight._job_finish(:run, 'failed', 'XX000', 'broken');
UPDATE dbinsight.job_state SET retry_at = clock_timestamp();
SELECT job FROM dbinsight._job_due(5);
SELECT max(id) AS run FROM dbinsight.job_runs \gset
SELECT attempt FROM dbinsight.job_runs WHERE id = :run;
SELECT dbinsight._job_finish(:run, 'failed', 'XX000', 'broken');
SELECT retry_attempt, retry_at <= clock_timestamp() + interval '20 s' AS within FROM dbinsight.job_state;
UPDATE dbinsight.job_state SET retry_at = clock_timestamp();
SELECT job FROM dbinsight._job_due(5);
SELECT max(id) AS run FROM dbinsight.job_runs \gset
SELECT dbinsight._job_finish(:run, 'failed', 'XX000', 'broken');
SELECT retry_at IS NULL AS no_fourth, failures FROM dbinsight.job_state;
-- The delay is anywhere between nothing and its span, and the span ends at an hour.
CREATE TEMP TABLE delays (attempt int, seconds float8);
DO $$
BEGIN
	FOR i IN 1 .. 60 LOOP
		FOR attempt IN 1 .. 2 LOOP
			PERFORM dbinsight._job_finish(dbinsight._job_begin(d, clock_timestamp(), attempt), 'failed') FROM dbinsight.job_definitions d;
			INSERT INTO delays SELECT attempt, extract(epoch FROM retry_at - clock_timestamp()) FROM dbinsight.job_state;
		END LOOP;
	END LOOP;
END $$;
SELECT attempt, min(seconds) < 2 * attempt AS short_ones, max(seconds) > 8 * attempt AS long_ones, max(seconds) <= 10 * attempt AS within
FROM delays GROUP BY 1 ORDER BY 1;

-- No worker: it stays due, and its row says so.
SELECT dbinsight.run_job('a');
SELECT count(*) FROM dbinsight._job_due(0);
SELECT waiting, next_due <= clock_timestamp() AS still_due FROM dbinsight.job_state;
SELECT * FROM dbinsight._job_next();
SELECT run AS run FROM dbinsight._job_due(5) \gset
SELECT waiting IS NULL AS started FROM dbinsight.job_state;
SELECT dbinsight._job_unstarted(:run, 'a free worker process');
SELECT waiting, next_due <= clock_timestamp() AS due_again FROM dbinsight.job_state;
SELECT count(*) AS no_run FROM dbinsight.job_runs WHERE id = :run;
-- Late because it waited is not missed.
UPDATE dbinsight.jobs SET catch_up = false;
UPDATE dbinsight.job_state SET next_due = clock_timestamp() - interval '1 day';
SELECT run AS run FROM dbinsight._job_due(5) \gset
SELECT dbinsight._job_finish(:run, 'succeeded', rows => 7);
SELECT last_status, failures FROM dbinsight.job_state;
-- Missed while nobody looked, and not to be made up.
UPDATE dbinsight.job_state SET next_due = clock_timestamp() - interval '1 day';
SELECT count(*) FROM dbinsight._job_due(5);
SELECT state, message FROM dbinsight.job_runs ORDER BY id DESC LIMIT 1;

-- A worker that is gone.
SELECT dbinsight.run_job('a');
SELECT run AS run FROM dbinsight._job_due(5) \gset
SELECT dbinsight._job_lost(ARRAY[:run], '{}');
SELECT state FROM dbinsight.job_runs WHERE id = :run;
SELECT dbinsight._job_lost('{}', '{}');
SELECT count(*) AS never_taken FROM dbinsight.job_runs WHERE id = :run;
SELECT run AS run FROM dbinsight._job_due(5) \gset
SELECT dbinsight._job_lost('{}', ARRAY[:run]);
SELECT state, sqlstate, message FROM dbinsight.job_runs WHERE id = :run;
SELECT dbinsight.run_job('a');
SELECT run AS run FROM dbinsight._job_due(5) \gset
SELECT job FROM dbinsight._job_claim(:run, 4711);
SELECT dbinsight._job_lost('{}', '{}');
SELECT state, sqlstate, message, hint FROM dbinsight.job_runs WHERE id = :run;

-- An owner who is gone or may not come in fails that job and no other.
INSERT INTO dbinsight.jobs (name, schedule, command, owner) VALUES ('b', '1 hour', 'SELECT 1', 'regress_dbi_team');
SELECT dbinsight._job_follow();
DROP ROLE regress_dbi_team;
SELECT dbinsight.run_job('a'), dbinsight.run_job('b');
SELECT job FROM dbinsight._job_due(5);
SELECT state, sqlstate, message FROM dbinsight.job_runs WHERE job = 'b';
-- A superuser may restore a job of a role that is not there; nobody else.
INSERT INTO dbinsight.jobs (name, schedule, command, owner) VALUES ('c', '1 hour', 'SELECT 1', 'regress_dbi_gone');

-- A schedule that cannot be followed any more stops no other.
ALTER TABLE dbinsight.job_definitions DISABLE TRIGGER check_job;
UPDATE dbinsight.job_definitions SET time_zone = 'Mars/Base', changed_at = changed_at + interval '1 s' WHERE name = 'b';
SELECT dbinsight._job_follow();
SELECT job, next_due = 'infinity' AS never FROM dbinsight.job_state ORDER BY 1;
ALTER TABLE dbinsight.job_definitions ENABLE TRIGGER check_job;

-- Disabled, it is not due; enabled again, it is not made up.
UPDATE dbinsight.jobs SET enabled = false, time_zone = 'UTC';
UPDATE dbinsight.job_state SET next_due = '2020-01-01';
SELECT count(*) FROM dbinsight._job_due(5);
SELECT next_run FROM dbinsight.jobs WHERE name = 'a';
UPDATE dbinsight.jobs SET enabled = true;
SELECT dbinsight._job_follow();
SELECT count(*) FROM dbinsight._job_due(5);
-- The clock was set back by hours: what was planned on it before is planned anew. A step of a minute is no reason, nor is time that goes on.
SAVEPOINT clock;
UPDATE dbinsight.job_state SET next_due = clock_timestamp() + interval '6 hours', retry_at = clock_timestamp() + interval '6 hours', retry_due = clock_timestamp(), retry_attempt = 2;
SELECT dbinsight._job_follow();
SELECT job, next_due = dbinsight.next_run('1 hour', clock_timestamp()) AS planned_anew, retry_at <= clock_timestamp() AS tried FROM dbinsight.job_state ORDER BY 1;
CREATE TEMP TABLE planned ON COMMIT DROP AS SELECT job, next_due FROM dbinsight.job_state;
SELECT dbinsight._job_follow();
SELECT count(*) AS as_it_was FROM dbinsight.job_state JOIN planned USING (job, next_due);
ROLLBACK TO clock;
DELETE FROM dbinsight.jobs;
SELECT dbinsight._job_follow();
SELECT count(*) FROM dbinsight.job_state;

-- With nothing to be sent no worker is started to send it, but when somebody asks for it.
INSERT INTO dbinsight.jobs (name, schedule, command) VALUES ('sends', '1 min', 'CALL dbinsight.deliver_due()');
SELECT dbinsight._job_follow();
UPDATE dbinsight.job_state SET next_due = date_trunc('minute', clock_timestamp());
SELECT count(*) FROM dbinsight._job_due(5);
SELECT next_due > clock_timestamp() AS planned, waiting IS NULL AS waits_for_nothing, (SELECT count(*) FROM dbinsight.job_runs WHERE job = 'sends') AS runs FROM dbinsight.job_state;
SELECT dbinsight.run_job('sends');
SELECT run AS run, job FROM dbinsight._job_due(5) \gset
SELECT :'job' AS asked_for, dbinsight._job_finish(:run, 'succeeded');
INSERT INTO dbinsight.outbox_destinations (destination) VALUES ('regress_channel');
INSERT INTO dbinsight.outbox (kind, destination, payload, idempotency_key, owner, person) VALUES ('webhook', 'regress_channel', '{}', 'k', current_user, 'p');
UPDATE dbinsight.job_state SET next_due = date_trunc('minute', clock_timestamp());
SELECT run AS run, job FROM dbinsight._job_due(5) \gset
SELECT :'job' AS something_to_send, dbinsight._job_finish(:run, 'succeeded');
UPDATE dbinsight.outbox_destinations SET not_before = clock_timestamp() + interval '1 hour';
UPDATE dbinsight.job_state SET next_due = date_trunc('minute', clock_timestamp());
SELECT count(*) AS not_while_nobody_answers FROM dbinsight._job_due(5);
DELETE FROM dbinsight.outbox;
DELETE FROM dbinsight.outbox_destinations;
DELETE FROM dbinsight.jobs;
SELECT dbinsight._job_follow();

-- Ingestion after the clock was set back: what was read until then is read until now, and a run of later was no run.
SET LOCAL dbinsight.now = '2025-03-10 12:00:00+00';
INSERT INTO dbinsight.ingest_state (source, read_until) VALUES ('system.access.audit', '2025-03-10 18:00:00+00');
SELECT min(since) AS since, max(until) AS until FROM dbinsight._ingest_slices('system.access.audit', NULL, dbinsight.now());
INSERT INTO dbinsight.ingest_runs (source, state, started_at) VALUES ('system.access.audit', 'succeeded', clock_timestamp() + interval '6 hours');
SELECT count(*) AS due FROM dbinsight._ingest_sources(true) WHERE source = 'system.access.audit';
INSERT INTO dbinsight.ingest_runs (source, state) VALUES ('system.access.audit', 'succeeded');
SELECT count(*) AS due FROM dbinsight._ingest_sources(true) WHERE source = 'system.access.audit';
DELETE FROM dbinsight.ingest_state;
DELETE FROM dbinsight.ingest_runs;

-- What grows by itself goes with its retention: runs after 90 days, incidents with their findings after 400; one that a newer
-- (suppressed) finding points to goes too, and the finding stays.
SET LOCAL dbinsight.now = '2025-03-10 12:00:00+00';
DELETE FROM dbinsight.job_runs;
INSERT INTO dbinsight.job_runs (job, owner, command, timeout, due, state, created_at)
SELECT 'a', current_user, 'SELECT 1', '1 s', t, 'succeeded', t FROM (VALUES (timestamptz '2024-12-10 11:59+00'), ('2024-12-10 12:01+00')) v(t);
INSERT INTO dbinsight.incidents (id, title, severity, opened_at, last_event)
SELECT ('00000000-0000-0000-0000-00000000000' || n)::uuid, 'incident ' || n, 'low', t, t FROM (VALUES (1, timestamptz '2024-02-01 00:00+00'), (2, '2024-03-01 00:00+00')) v(n, t);
INSERT INTO dbinsight.findings (id, rule_id, title, severity, entity_type, entity_id, first_event, last_event, incident_id, suppressed_by)
SELECT ('00000000-0000-0000-0000-00000000000' || n)::uuid, 'r', 'finding ' || n, 'low', 'user', 'u', t, t, ('00000000-0000-0000-0000-00000000000' || i)::uuid, CASE n WHEN 2 THEN 'x' END
FROM (VALUES (1, 1, timestamptz '2024-02-01 00:00+00'), (2, 1, '2024-12-01 00:00+00'), (3, 2, '2024-03-01 00:00+00')) v(n, i, t);
SELECT * FROM dbinsight.apply_retention();
SELECT due FROM dbinsight.job_runs;
SELECT f.title, i.title FROM dbinsight.findings f LEFT JOIN dbinsight.incidents i ON i.id = f.incident_id ORDER BY 1;

-- status() shows what is there and nothing that is secret.
CREATE FOREIGN DATA WRAPPER dbinsight_regress;
CREATE SERVER regress_server FOREIGN DATA WRAPPER dbinsight_regress OPTIONS (host 'hidden.host');
CREATE USER MAPPING FOR regress_dbi_admin SERVER regress_server OPTIONS (token 'hidden-token');
INSERT INTO dbinsight.jobs (name, schedule, command) VALUES ('next', '1 day', 'SELECT 1');
SET ROLE regress_dbi_operator;
SELECT topic, item, value, note FROM dbinsight.status() WHERE topic IN ('jobs', 'server') AND item <> 'next due';
SELECT topic, item, value = note AS same FROM dbinsight.status() WHERE item = 'next due' AND note = 'next';
SELECT string_agg(DISTINCT topic, ' ') AS topics, count(*) FILTER (WHERE s::text LIKE '%hidden%') AS secrets FROM dbinsight.status() s;
RESET ROLE;
SET ROLE regress_dbi_reader;
SELECT * FROM dbinsight.status();
ROLLBACK;
