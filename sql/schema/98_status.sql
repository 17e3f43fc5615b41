/*
 * status(): one screen. It runs as the owner and shows no secret: of a server
 * its name and how many roles have a mapping, not what is in one.
 */
CREATE FUNCTION dbinsight._moment(t timestamptz) RETURNS text
	LANGUAGE sql STABLE PARALLEL SAFE RETURN to_char(t, 'YYYY-MM-DD HH24:MI:SS TZ');
COMMENT ON FUNCTION dbinsight._moment(timestamptz) IS 'A moment as status() writes it';

CREATE FUNCTION dbinsight._scheduler_state(OUT value text, OUT note text)
	LANGUAGE sql VOLATILE BEGIN ATOMIC
	SELECT CASE WHEN p.pid IS NOT NULL THEN 'running' WHEN NOT s.enabled THEN 'stopped' ELSE 'not running' END,
		CASE WHEN p.pid IS NOT NULL THEN format('since %s, process %s', dbinsight._moment(s.started_at), p.pid)
			WHEN NOT s.enabled THEN 'by stop_worker(); SELECT dbinsight.start_worker() starts it'
			WHEN dbinsight._is_preloaded() AND dbinsight._is_wanted_here() THEN 'the launcher starts it within dbinsight.launcher_interval'
			ELSE 'SELECT dbinsight.start_worker(), or call run_due() from outside' END
	FROM dbinsight.scheduler s, LATERAL (SELECT dbinsight._scheduler_pid() AS pid) p;
END;
COMMENT ON FUNCTION dbinsight._scheduler_state() IS 'Whether the scheduler is there, since when, and what to do if not';

/* A background worker is what is none of the server's own processes. */
CREATE FUNCTION dbinsight._worker_processes() RETURNS bigint
	LANGUAGE sql STABLE RETURN (SELECT count(*) FROM pg_stat_activity a
		WHERE a.backend_type NOT IN ('client backend', 'autovacuum launcher', 'autovacuum worker', 'checkpointer', 'background writer',
			'walwriter', 'startup', 'walreceiver', 'walsender', 'archiver', 'logger', 'io worker', 'slotsync worker', 'walsummarizer',
			'standalone backend'));
COMMENT ON FUNCTION dbinsight._worker_processes() IS 'How many of max_worker_processes are taken';

/* Of each model server what it is and how it did of late; of every model that failed and did not recover, its breaker. */
CREATE FUNCTION dbinsight._model_states() RETURNS TABLE ("position" int, item text, value text, note text)
	LANGUAGE sql VOLATILE ROWS 10
BEGIN ATOMIC
	SELECT 1, f.srvname::text, CASE WHEN u.requests = 0 THEN 'not asked' WHEN u.answered = u.requests THEN 'answers' WHEN u.answered = 0 THEN 'fails' ELSE 'fails at times' END,
		concat_ws(', ', (SELECT string_agg(o.option_value, ' ' ORDER BY o.option_name DESC) FROM pg_options_to_table(f.srvoptions) o WHERE o.option_name IN ('provider', 'model')),
			CASE WHEN f.srvname = current_setting('dbinsight.llm_server', true) THEN 'dbinsight.llm_server' END,
			CASE WHEN u.requests > 0 THEN format('last 24 hours: %s of %s requests answered', u.answered, u.requests) END, 'median ' || dbinsight._r(u.median_ms / 1000, 1) || ' s',
			'last error ' || u.last_error || ' at ' || dbinsight._moment(u.last_error_at))
	FROM pg_foreign_server f JOIN pg_foreign_data_wrapper w ON w.oid = f.srvfdw AND w.fdwname = 'dbinsight_llm',
		LATERAL (SELECT count(*) AS requests, count(*) FILTER (WHERE l.status <> 'error') AS answered,
				percentile_cont(0.5) WITHIN GROUP (ORDER BY l.latency_ms) FILTER (WHERE l.status <> 'error') AS median_ms,
				max(l.at) FILTER (WHERE l.status = 'error') AS last_error_at, (array_agg(l.error ORDER BY l.at DESC, l.id DESC) FILTER (WHERE l.status = 'error'))[1] AS last_error
			FROM dbinsight.llm_usage l WHERE l.server = f.srvname AND l.at > dbinsight.now() - interval '24 hours') u
	UNION ALL SELECT 2, b.endpoint, 'breaker ' || b.state,
		concat_ws(', ', format('failures in a row: %s', b.failures), 'opened ' || dbinsight._moment(b.opened_at),
			CASE WHEN NOT dbinsight._is_preloaded() THEN 'in this session; each has its own without preloading' END)
	FROM dbinsight._llm_breakers() b WHERE b.failures > 0;
END;
COMMENT ON FUNCTION dbinsight._model_states() IS 'The lines of status() on language models: servers, and breakers that have counted failures';

CREATE FUNCTION dbinsight.status() RETURNS TABLE (topic text, item text, value text, note text)
	LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 30
BEGIN ATOMIC
	SELECT r.topic, r.item, r.value, r.note FROM (
		SELECT 10, 'version', 'extension', e.extversion,
			CASE WHEN e.extversion <> dbinsight._library_version() THEN 'ALTER EXTENSION dbinsight UPDATE, and restart the server if the library is preloaded' END
			FROM pg_extension e WHERE e.extname = 'dbinsight'
		UNION ALL SELECT 11, 'version', 'library', dbinsight._library_version(), NULL
		UNION ALL SELECT 12, 'version', 'server', current_setting('server_version'), NULL
		UNION ALL SELECT 20, 'worker', 'preloaded', CASE WHEN dbinsight._is_preloaded() THEN 'yes' ELSE 'no' END, NULL
		UNION ALL SELECT 21, 'worker', 'scheduler', s.value, s.note FROM dbinsight._scheduler_state() s
		UNION ALL SELECT 22, 'worker', 'processes', format('%s of %s', dbinsight._worker_processes(), current_setting('max_worker_processes')),
			format('of these at most %s for jobs, %s for questions in a database', current_setting('dbinsight.job_workers', true),
				current_setting('dbinsight.submit_workers', true))
		UNION ALL SELECT 30, 'jobs', 'enabled', format('%s of %s', count(*) FILTER (WHERE j.enabled), count(*)), NULL FROM dbinsight.job_definitions j
		UNION ALL (SELECT 31, 'jobs', 'next due', dbinsight._moment(j.next_run), j.name FROM dbinsight.jobs j
			WHERE j.enabled AND j.last_status IS DISTINCT FROM 'running' ORDER BY j.next_run, j.name LIMIT 1)
		UNION ALL SELECT 32, 'jobs', 'running', r.job, format('since %s, process %s', dbinsight._moment(r.started_at), r.pid)
			FROM dbinsight.job_runs r WHERE r.state = 'running'
		UNION ALL SELECT 33, 'jobs', 'waiting', s.job, 'for ' || s.waiting FROM dbinsight.job_state s WHERE s.waiting IS NOT NULL
		UNION ALL (SELECT 34, 'jobs', 'failed', s.job, format('%s %s: %s%s', dbinsight._moment(s.last_ended), s.last_sqlstate, left(s.last_message, 200),
				CASE WHEN s.retry_at IS NOT NULL THEN format(' (again at %s)', dbinsight._moment(s.retry_at)) ELSE '' END)
			FROM dbinsight.job_state s WHERE s.last_status = 'failed' ORDER BY s.last_ended DESC LIMIT 5)
		UNION ALL SELECT 40, 'questions', q.state, count(*)::text, NULL FROM dbinsight.submitted q WHERE q.state IN ('queued', 'running') GROUP BY q.state
		UNION ALL SELECT 50, 'server', f.srvname, w.fdwname, CASE count(m.umid) WHEN 0 THEN 'no user mapping' ELSE format('user mappings: %s', count(m.umid)) END
			FROM pg_foreign_server f JOIN pg_foreign_data_wrapper w ON w.oid = f.srvfdw LEFT JOIN pg_user_mappings m ON m.srvid = f.oid
			WHERE w.fdwname = 'databricks' OR w.fdwname LIKE 'dbinsight\_%' GROUP BY f.srvname, w.fdwname
		UNION ALL SELECT 50 + m.position, 'model', m.item, m.value, m.note FROM dbinsight._model_states() m
		UNION ALL SELECT 60, 'data', 'sources', format('%s of %s have rows', count(i.last_loaded_at), count(*)), NULL FROM dbinsight.ingest_status i WHERE i.enabled
		UNION ALL SELECT 61, 'data', 'newest event', dbinsight._moment(max(i.last_event_time)), NULL FROM dbinsight.ingest_status i HAVING count(i.last_event_time) > 0
		UNION ALL (SELECT 62, 'data', 'late', i.source_table, format('newest event %s, expected every %s min', dbinsight._moment(i.last_event_time), i.lag_target_minutes)
			FROM dbinsight.ingest_status i WHERE i.enabled AND i.last_event_time < dbinsight.now() - make_interval(mins => i.lag_target_minutes)
			ORDER BY i.last_event_time, i.source_table LIMIT 5)
		UNION ALL SELECT 63, 'data', 'load failed', i.source_table, left(i.last_error, 200) FROM dbinsight.ingest_status i WHERE i.enabled AND i.last_error IS NOT NULL
		UNION ALL SELECT 70, 'outbox', o.state, count(*)::text, CASE o.state WHEN 'pending' THEN 'oldest since ' || dbinsight._moment(min(o.created_at))
				WHEN 'failed' THEN 'next attempt ' || dbinsight._moment(min(o.next_attempt_at)) ELSE 'last 7 days; SELECT dbinsight.retry_delivery(id) takes one up again' END
			FROM dbinsight.outbox o WHERE o.state IN ('pending', 'failed') OR (o.state = 'given up' AND o.created_at > clock_timestamp() - interval '7 days') GROUP BY o.state
		UNION ALL (SELECT 71, 'outbox', d.destination, format('failures in a row: %s', d.failures),
				coalesce((SELECT left(o.last_error, 200) FROM dbinsight.outbox o WHERE o.destination = d.destination AND o.last_error IS NOT NULL
					AND o.state IN ('failed', 'given up') ORDER BY o.seq DESC LIMIT 1), '') || format(' (again at %s)', dbinsight._moment(d.not_before))
			FROM dbinsight.outbox_destinations d WHERE d.failures > 0 ORDER BY d.last_failure_at DESC LIMIT 5)
		UNION ALL SELECT 64, 'data', 'not in its place', s.source, format('its mode is %s, but its table is here, as after a restore: SELECT dbinsight.use_%1$s(%2$L), or use_local(%2$L)', s.mode, s.source)
			FROM dbinsight.sources s WHERE s.mode <> 'local' AND EXISTS (SELECT FROM pg_class c WHERE c.oid = to_regclass('dbinsight.' || s.gold_table) AND c.relkind <> 'v')
	) r(position, topic, item, value, note)
	ORDER BY r.position, r.item, r.value;
END;
COMMENT ON FUNCTION dbinsight.status() IS
'One screen: versions, preloading, the scheduler, worker processes, jobs that are due, run, wait or failed, questions that wait, servers that are set up (never their secrets), how language models do and which are left alone, how fresh the data is, what waits in the outbox';
