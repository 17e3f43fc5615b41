/*
 * Attempts of each service in buckets of five minutes, the grain of uptime.
 */
CREATE TABLE dbinsight.rollup_service_5min (
	bucket timestamptz NOT NULL,
	workspace_id text NOT NULL,
	service text NOT NULL,
	attempts int NOT NULL,
	failures int NOT NULL,
	last_failure timestamptz,
	latencies float8[]
);
COMMENT ON TABLE dbinsight.rollup_service_5min IS
'Attempts and failures of jobs, sql, pipelines, serving and clusters by five-minute bucket and workspace; latencies holds the seconds of each where known';
CREATE INDEX ON dbinsight.rollup_service_5min (bucket);
CREATE INDEX ON dbinsight.rollup_service_5min (service, last_failure) WHERE failures > 0;
CREATE INDEX ON dbinsight.rollup_service_5min (bucket) WHERE attempts >= 3 AND 2 * failures >= attempts;

CREATE TABLE dbinsight.rollup_uptime_daily (
	day date NOT NULL,
	workspace_id text NOT NULL,
	service text NOT NULL,
	demanded int NOT NULL,
	down int NOT NULL,
	PRIMARY KEY (day, workspace_id, service)
);
COMMENT ON TABLE dbinsight.rollup_uptime_daily IS
'Five-minute buckets of rollup_service_5min by UTC day: demanded with an attempt, down with at least three of which half failed; (all) counts a bucket once over the services';

CREATE FUNCTION dbinsight._bucket(at timestamptz) RETURNS timestamptz
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN date_bin('5 minutes', at, '2000-01-01 00:00:00+00');
COMMENT ON FUNCTION dbinsight._bucket(timestamptz) IS 'Start of the five-minute bucket of a time';

/* Statements end two days after they began at the latest: the platform's STATEMENT_TIMEOUT. */
CREATE FUNCTION dbinsight._service_attempts(since timestamptz, until timestamptz)
	RETURNS TABLE (service text, workspace_id text, at timestamptz, attempts int, failures int, latency_s float8)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
	SELECT 'jobs', r.workspace_id, r.end_time, 1, r.is_failure::int, r.duration_s
	FROM dbinsight.job_run r
	WHERE r.end_time >= _service_attempts.since AND r.end_time < _service_attempts.until
	UNION ALL
	SELECT 'sql', coalesce(q.workspace_id, '0'), q.end_time, 1, (coalesce(q.execution_status, '') = 'FAILED')::int,
		q.total_duration_ms / 1000.0::float8
	FROM dbinsight.fact_query_history q
	WHERE q.end_time >= _service_attempts.since AND q.end_time < _service_attempts.until
		AND q.start_time >= _service_attempts.since - interval '2 days' AND q.start_time < _service_attempts.until
	UNION ALL
	SELECT 'pipelines', p.workspace_id, p.end_time, 1, (p.result_state = 'FAILED')::int, p.duration_s
	FROM dbinsight.pipeline_update p
	WHERE p.end_time >= _service_attempts.since AND p.end_time < _service_attempts.until
	UNION ALL
	SELECT 'serving', coalesce(e.workspace_id, '0'), e.request_time, 1, coalesce(e.status_code >= 500, false)::int, NULL
	FROM dbinsight.fact_endpoint_usage e
	WHERE e.request_time >= _service_attempts.since AND e.request_time < _service_attempts.until
	UNION ALL
	-- The serving table has no latency; the inference log has, but is no second count of the requests.
	SELECT 'serving', coalesce(i.workspace_id, '0'), i.request_time, 0, 0, i.execution_ms / 1000.0::float8
	FROM dbinsight.fact_inference_log i
	WHERE i.request_time >= _service_attempts.since AND i.request_time < _service_attempts.until
	UNION ALL
	-- A request is an attempt; its result is one too where it failed after the request was accepted.
	SELECT 'clusters', a.workspace_id, a.event_time, 1, a.is_failed::int, NULL
	FROM dbinsight.fact_audit_logs a
	WHERE a.event_time >= _service_attempts.since AND a.event_time < _service_attempts.until AND a.service_name = 'clusters'
		AND (a.action_name IN ('create', 'start', 'resize')
			OR a.is_failed AND a.action_name IN ('createResult', 'startResult', 'resizeResult'));
END;
COMMENT ON FUNCTION dbinsight._service_attempts(timestamptz, timestamptz) IS
'What each service was asked to do in [since, until), by end of the run, statement or update, or time of the request';

CREATE FUNCTION dbinsight._service_buckets(since timestamptz, until timestamptz)
	RETURNS SETOF dbinsight.rollup_service_5min
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
	SELECT dbinsight._bucket(a.at), a.workspace_id, a.service, sum(a.attempts)::int, sum(a.failures)::int,
		max(a.at) FILTER (WHERE a.failures > 0), array_agg(a.latency_s) FILTER (WHERE a.latency_s IS NOT NULL)
	FROM dbinsight._service_attempts(_service_buckets.since, _service_buckets.until) a
	GROUP BY dbinsight._bucket(a.at), a.workspace_id, a.service;
END;
COMMENT ON FUNCTION dbinsight._service_buckets(timestamptz, timestamptz) IS 'Rows of rollup_service_5min made from the attempts of [since, until)';

CREATE FUNCTION dbinsight._rebuild_service(service text, since timestamptz, until timestamptz) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	low timestamptz := dbinsight._bucket(since);
	high timestamptz := dbinsight._bucket(until) + interval '5 minutes';
BEGIN
	IF since IS NULL OR until IS NULL THEN
		RETURN;
	END IF;
	PERFORM pg_advisory_xact_lock(hashtextextended('dbinsight.rollup_service_5min', 0));
	DELETE FROM dbinsight.rollup_service_5min r WHERE r.service = _rebuild_service.service AND r.bucket >= low AND r.bucket < high;
	INSERT INTO dbinsight.rollup_service_5min
	SELECT * FROM dbinsight._service_buckets(low, high) b WHERE b.service = _rebuild_service.service;
	IF _rebuild_service.service = 'clusters' THEN
		RETURN;
	END IF;
	low := date_trunc('day', low, 'UTC');
	high := date_trunc('day', until, 'UTC') + interval '1 day';
	DELETE FROM dbinsight.rollup_uptime_daily u
	WHERE u.day >= (low AT TIME ZONE 'UTC')::date AND u.day < (high AT TIME ZONE 'UTC')::date
		AND u.service IN (_rebuild_service.service, '(all)');
	INSERT INTO dbinsight.rollup_uptime_daily
	SELECT (b.bucket AT TIME ZONE 'UTC')::date, b.workspace_id, CASE GROUPING(b.service) WHEN 0 THEN b.service ELSE '(all)' END,
		count(DISTINCT b.bucket), count(DISTINCT b.bucket) FILTER (WHERE b.attempts >= 3 AND 2 * b.failures >= b.attempts)
	FROM dbinsight.rollup_service_5min b
	WHERE b.bucket >= low AND b.bucket < high AND b.attempts > 0 AND b.service IN ('jobs', 'sql', 'pipelines', 'serving')
	GROUP BY GROUPING SETS ((1, 2, b.service), (1, 2))
	HAVING GROUPING(b.service) = 1 OR b.service = _rebuild_service.service;
END $$;
COMMENT ON FUNCTION dbinsight._rebuild_service(text, timestamptz, timestamptz) IS
'Recomputes one service''s buckets between two times, and the days they are in';

CREATE FUNCTION dbinsight._refresh_service_jobs(since timestamptz, until timestamptz) RETURNS void
	LANGUAGE sql BEGIN ATOMIC
	SELECT dbinsight._rebuild_service('jobs', d.day::timestamp AT TIME ZONE 'UTC', (d.day + 1)::timestamp AT TIME ZONE 'UTC' - interval '1 microsecond')
	FROM unnest(dbinsight._job_run_end_days(since, until)) d(day);
END;
COMMENT ON FUNCTION dbinsight._refresh_service_jobs(timestamptz, timestamptz) IS 'Recomputes the job buckets that new slices touch';

CREATE FUNCTION dbinsight._refresh_service_sql(since timestamptz, until timestamptz) RETURNS void
	LANGUAGE sql BEGIN ATOMIC
	SELECT dbinsight._rebuild_service('sql', since, greatest(until, max(q.end_time)))
	FROM dbinsight.fact_query_history q WHERE q.start_time BETWEEN since AND until;
END;
COMMENT ON FUNCTION dbinsight._refresh_service_sql(timestamptz, timestamptz) IS 'Recomputes the buckets in which statements that began between two times ended';

CREATE FUNCTION dbinsight._refresh_service_pipelines(since timestamptz, until timestamptz) RETURNS void
	LANGUAGE sql BEGIN ATOMIC
	SELECT dbinsight._rebuild_service('pipelines', min(p.start_time), max(p.last_seen_time))
	FROM (
		SELECT DISTINCT f.workspace_id, f.update_id FROM dbinsight.fact_pipeline_update_timeline f
		WHERE f.period_start_time BETWEEN since AND until
	) touched JOIN dbinsight.pipeline_update p USING (workspace_id, update_id);
END;
COMMENT ON FUNCTION dbinsight._refresh_service_pipelines(timestamptz, timestamptz) IS 'Recomputes the pipeline buckets that new slices touch';

CREATE FUNCTION dbinsight._refresh_service_serving(since timestamptz, until timestamptz) RETURNS void
	LANGUAGE sql
	RETURN dbinsight._rebuild_service('serving', since, until);
COMMENT ON FUNCTION dbinsight._refresh_service_serving(timestamptz, timestamptz) IS 'Recomputes the serving buckets between two times';

CREATE FUNCTION dbinsight._refresh_service_clusters(since timestamptz, until timestamptz) RETURNS void
	LANGUAGE sql
	RETURN dbinsight._rebuild_service('clusters', since, until);
COMMENT ON FUNCTION dbinsight._refresh_service_clusters(timestamptz, timestamptz) IS 'Recomputes the cluster buckets between two times';

/* Each refreshes both tables; their names are there so that both are analyzed and emptied. */
INSERT INTO dbinsight.derived_relations VALUES
	('rollup_service_5min', 'fact_job_run_timeline', 30, '_refresh_service_jobs'),
	('rollup_uptime_daily', 'fact_query_history', 30, '_refresh_service_sql'),
	('rollup_service_5min of pipelines', 'fact_pipeline_update_timeline', 30, '_refresh_service_pipelines'),
	('rollup_service_5min of serving', 'fact_endpoint_usage', 30, '_refresh_service_serving'),
	('rollup_service_5min of latency', 'fact_inference_log', 30, '_refresh_service_serving'),
	('rollup_service_5min of clusters', 'fact_audit_logs', 30, '_refresh_service_clusters');

/* In PL/pgSQL, so that a session plans the many branches once and not at every call. */
CREATE FUNCTION dbinsight._service_edge(since timestamptz, until timestamptz)
	RETURNS SETOF dbinsight.rollup_service_5min
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 10 SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF since < until THEN
		RETURN QUERY SELECT * FROM dbinsight._service_buckets(since, until);
	END IF;
END $$;
COMMENT ON FUNCTION dbinsight._service_edge(timestamptz, timestamptz) IS 'What part of a bucket holds: its attempts in [since, until)';

CREATE FUNCTION dbinsight._service_window(since timestamptz, until timestamptz)
	RETURNS SETOF dbinsight.rollup_service_5min
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
	-- Whole buckets from the rollup, the cut ones at both ends from the attempts.
	SELECT r.* FROM dbinsight.rollup_service_5min r
	WHERE r.bucket >= dbinsight._bucket(_service_window.since - interval '1 microsecond') + interval '5 minutes'
		AND r.bucket < dbinsight._bucket(_service_window.until)
	UNION ALL
	SELECT b.* FROM dbinsight._service_edge(_service_window.since,
		dbinsight._bucket(_service_window.since - interval '1 microsecond') + interval '5 minutes') b
	UNION ALL
	SELECT b.* FROM dbinsight._service_edge(dbinsight._bucket(_service_window.until), _service_window.until) b;
END;
COMMENT ON FUNCTION dbinsight._service_window(timestamptz, timestamptz) IS
'Attempts by five-minute bucket, workspace and service in exactly [since, until); not both ends may cut the same bucket';

/*
 * Which tables jobs and pipelines write; rollup_lineage_daily has only the
 * flows between tables, and a job may fill a table from elsewhere. Months have
 * a bit a day, so that weeks are read from one or two rows of each table.
 */
CREATE FUNCTION dbinsight._day_bits(month date, since date, until date) RETURNS bigint
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN ((1::bigint << least(greatest(until - month, 0), 31)) - 1) & -(1::bigint << least(greatest(since - month, 0), 31));
COMMENT ON FUNCTION dbinsight._day_bits(date, date, date) IS
'The days in [since, until) of the month that begins so, a bit a day: 1 the first, 2 the second, 4 the third …';

CREATE TABLE dbinsight.rollup_table_write_monthly (
	month date NOT NULL,
	entity_type text NOT NULL CHECK (entity_type IN ('job', 'pipeline')),
	workspace_id text,
	entity_id text NOT NULL,
	table_full_name text NOT NULL,
	days bigint NOT NULL
);
COMMENT ON TABLE dbinsight.rollup_table_write_monthly IS
'Tables written by jobs and pipelines, from fact_table_lineage; one row a month, job or pipeline, and table; days has the bit of each UTC day with a write (1 the first of the month, 2 the second …)';
CREATE INDEX ON dbinsight.rollup_table_write_monthly (month);

CREATE FUNCTION dbinsight._refresh_table_write_monthly(since timestamptz, until timestamptz) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	low date := (since AT TIME ZONE 'UTC')::date;
	high date := (until AT TIME ZONE 'UTC')::date + 1;
BEGIN
	PERFORM pg_advisory_xact_lock(hashtextextended('dbinsight.rollup_table_write_monthly', 0));
	WITH old AS (
		DELETE FROM dbinsight.rollup_table_write_monthly r WHERE r.month >= date_trunc('month', low)::date AND r.month < high
		RETURNING r.*
	), written AS (
		-- A notebook that runs as a task has the job among its metadata.
		SELECT (l.event_time AT TIME ZONE 'UTC')::date AS day, CASE WHEN m.job_id IS NOT NULL THEN 'job' ELSE 'pipeline' END AS entity_type,
			l.workspace_id, coalesce(m.job_id, m.pipeline_id) AS entity_id, l.target_table_full_name
		FROM dbinsight.fact_table_lineage l
		CROSS JOIN LATERAL (SELECT
			coalesce(CASE WHEN l.entity_type = 'JOB' THEN l.entity_id END, l.entity_metadata -> 'job_info' ->> 'job_id') AS job_id,
			coalesce(CASE WHEN l.entity_type = 'PIPELINE' THEN l.entity_id END,
				l.entity_metadata -> 'dlt_pipeline_info' ->> 'dlt_pipeline_id') AS pipeline_id) m
		WHERE l.event_time >= low::timestamp AT TIME ZONE 'UTC' AND l.event_time < high::timestamp AT TIME ZONE 'UTC'
			AND l.target_table_full_name IS NOT NULL AND coalesce(m.job_id, m.pipeline_id) IS NOT NULL
	)
	INSERT INTO dbinsight.rollup_table_write_monthly
	SELECT d.month, d.entity_type, d.workspace_id, d.entity_id, d.table_full_name, bit_or(d.days)
	FROM (
		SELECT o.month, o.entity_type, o.workspace_id, o.entity_id, o.table_full_name, o.days & ~dbinsight._day_bits(o.month, low, high) AS days
		FROM old o
		UNION ALL
		SELECT date_trunc('month', w.day)::date, w.entity_type, w.workspace_id, w.entity_id, w.target_table_full_name,
			bit_or(1::bigint << (extract(day FROM w.day)::int - 1))
		FROM written w GROUP BY 1, 2, 3, 4, 5
	) d
	WHERE d.days <> 0
	GROUP BY d.month, d.entity_type, d.workspace_id, d.entity_id, d.table_full_name;
END $$;
COMMENT ON FUNCTION dbinsight._refresh_table_write_monthly(timestamptz, timestamptz) IS
'Recomputes the days of rollup_table_write_monthly between two times';

INSERT INTO dbinsight.derived_relations VALUES
	('rollup_table_write_monthly', 'fact_table_lineage', 30, '_refresh_table_write_monthly');

INSERT INTO dbinsight.retention VALUES
	('rollup_service_5min', 'bucket', '400 days'),
	('rollup_uptime_daily', 'day', '400 days'),
	-- by the first of the month
	('rollup_table_write_monthly', 'month', '431 days');

/*
 * Incidents: streaks of failures of a job or pipeline that no success
 * interrupts; neutral ends neither lengthen nor break one.
 */
CREATE FUNCTION dbinsight._incident_id(workspace_id text, entity_id text, opened_at timestamptz) RETURNS text
	LANGUAGE sql STABLE PARALLEL SAFE
	RETURN md5(workspace_id || '|' || entity_id || '|' || to_char(opened_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'));
COMMENT ON FUNCTION dbinsight._incident_id(text, text, timestamptz) IS 'Identity of an incident: the same in every session and at every later look';

CREATE FUNCTION dbinsight._incident_streaks(since timestamptz)
	RETURNS TABLE (entity_type text, workspace_id text, entity_id text, last_success timestamptz, last_failure timestamptz,
		resolved_at timestamptz, failures bigint, opened_at timestamptz)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 200
BEGIN ATOMIC
	-- From the failures of the window to the success before each: failures
	-- with the same one are of one streak, which may reach back beyond the window.
	SELECT 'job', s.workspace_id, s.job_id, s.last_success, s.last_failure, n.resolved_at, b.failures, b.opened_at
	FROM (
		SELECT f.workspace_id, f.job_id, p.last_success, max(f.end_time) AS last_failure
		FROM dbinsight.job_run f
		CROSS JOIN LATERAL (
			SELECT max(o.end_time) AS last_success FROM dbinsight.job_run o
			WHERE o.workspace_id = f.workspace_id AND o.job_id = f.job_id AND o.is_success AND o.end_time < f.end_time
		) p
		WHERE f.is_failure AND f.job_id IS NOT NULL AND f.end_time >= _incident_streaks.since AND f.end_time < dbinsight.now()
		GROUP BY f.workspace_id, f.job_id, p.last_success
	) s
	CROSS JOIN LATERAL (
		SELECT min(o.end_time) AS resolved_at FROM dbinsight.job_run o
		WHERE o.workspace_id = s.workspace_id AND o.job_id = s.job_id AND o.is_success
			AND o.end_time >= s.last_failure AND o.end_time < dbinsight.now()
	) n
	CROSS JOIN LATERAL (
		SELECT count(*) AS failures, min(o.end_time) AS opened_at FROM dbinsight.job_run o
		WHERE o.workspace_id = s.workspace_id AND o.job_id = s.job_id AND o.is_failure
			AND o.end_time > coalesce(s.last_success, '-infinity') AND o.end_time <= s.last_failure
	) b
	UNION ALL
	SELECT 'pipeline', s.workspace_id, s.pipeline_id, s.last_success, s.last_failure, n.resolved_at, b.failures, b.opened_at
	FROM (
		SELECT f.workspace_id, f.pipeline_id, p.last_success, max(f.end_time) AS last_failure
		FROM dbinsight.pipeline_update f
		CROSS JOIN LATERAL (
			SELECT max(o.end_time) AS last_success FROM dbinsight.pipeline_update o
			WHERE o.workspace_id = f.workspace_id AND o.pipeline_id = f.pipeline_id AND o.result_state = 'COMPLETED'
				AND o.end_time < f.end_time
		) p
		WHERE f.result_state = 'FAILED' AND f.pipeline_id IS NOT NULL
			AND f.end_time >= _incident_streaks.since AND f.end_time < dbinsight.now()
		GROUP BY f.workspace_id, f.pipeline_id, p.last_success
	) s
	CROSS JOIN LATERAL (
		SELECT min(o.end_time) AS resolved_at FROM dbinsight.pipeline_update o
		WHERE o.workspace_id = s.workspace_id AND o.pipeline_id = s.pipeline_id AND o.result_state = 'COMPLETED'
			AND o.end_time >= s.last_failure AND o.end_time < dbinsight.now()
	) n
	CROSS JOIN LATERAL (
		SELECT count(*) AS failures, min(o.end_time) AS opened_at FROM dbinsight.pipeline_update o
		WHERE o.workspace_id = s.workspace_id AND o.pipeline_id = s.pipeline_id AND o.result_state = 'FAILED'
			AND o.end_time > coalesce(s.last_success, '-infinity') AND o.end_time <= s.last_failure
	) b;
END;
COMMENT ON FUNCTION dbinsight._incident_streaks(timestamptz) IS
'Streaks of failures of jobs and pipelines whose last failure is not before a time: when each began, ended, and was resolved';

CREATE FUNCTION dbinsight._incident_severity(failures bigint, lasted interval) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE WHEN failures >= 5 OR lasted >= interval '24 hours' THEN 'critical'
		WHEN failures >= 3 OR lasted >= interval '4 hours' THEN 'high'
		WHEN failures = 2 THEN 'medium' ELSE 'low' END;
COMMENT ON FUNCTION dbinsight._incident_severity(bigint, interval) IS 'Severity of an incident by its failures and how long it lasted';

CREATE FUNCTION dbinsight._root_cause(termination_code text, result_state text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE
		WHEN termination_code IN ('CLOUD_FAILURE', 'CLUSTER_ERROR', 'DRIVER_ERROR') THEN 'CLOUD'
		WHEN termination_code IN ('INVALID_CLUSTER_REQUEST', 'INVALID_RUN_CONFIGURATION', 'LIBRARY_INSTALLATION_ERROR',
			'REPOSITORY_CHECKOUT_FAILED', 'FEATURE_DISABLED', 'RESOURCE_NOT_FOUND') THEN 'CONFIG'
		WHEN termination_code IN ('UNAUTHORIZED_ERROR', 'STORAGE_ACCESS_ERROR') THEN 'PERMISSION'
		WHEN termination_code IN ('WORKSPACE_RUN_LIMIT_EXCEEDED', 'CLUSTER_REQUEST_LIMIT_EXCEEDED', 'MAX_CONCURRENT_RUNS_EXCEEDED',
			'MAX_JOB_QUEUE_SIZE_EXCEEDED', 'MAX_SPARK_CONTEXTS_EXCEEDED') THEN 'CAPACITY'
		WHEN result_state = 'TIMED_OUT' THEN 'TIMEOUT'
		WHEN termination_code = 'RUN_EXECUTION_ERROR' THEN 'USER_CODE'
		ELSE 'UNKNOWN' END;
COMMENT ON FUNCTION dbinsight._root_cause(text, text) IS
'Root cause class of a termination code: CLOUD, CONFIG, PERMISSION, CAPACITY, TIMEOUT, USER_CODE, UNKNOWN';
