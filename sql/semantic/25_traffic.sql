/*
 * Traffic and waiting, kept so that thresholds which are known only when a
 * question is asked (80 % of a node type's 99.9th percentile) need no scan of
 * the minutes. Mbps = bytes sent and received * 8 / 60 / 1e6 of one minute.
 */
CREATE FUNCTION dbinsight._mbps(sent bigint, received bigint) RETURNS float8
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN (coalesce(sent, 0) + coalesce(received, 0))::float8 * 8 / 60 / 1e6;
COMMENT ON FUNCTION dbinsight._mbps(bigint, bigint) IS 'Megabits a second of the bytes of one minute, both directions';

/*
 * One row a node and hour with every minute's Mbps, greatest first, and beside
 * each whether the user CPU was below 50 %. Peaks stand in columns of their
 * own: an hour whose peak is under a threshold is never unpacked.
 */
CREATE TABLE dbinsight.rollup_node_traffic (
	hour timestamptz NOT NULL,
	workspace_id text NOT NULL,
	cluster_id text NOT NULL,
	instance_id text NOT NULL,
	node_type text,
	minutes int NOT NULL,
	sent_bytes bigint NOT NULL,
	received_bytes bigint NOT NULL,
	peak_mbps float8 NOT NULL,
	peak_cpu_low_mbps float8,
	mbps float8[] NOT NULL,
	cpu_low boolean[] NOT NULL
);
COMMENT ON TABLE dbinsight.rollup_node_traffic IS
'Network traffic per UTC hour and node: bytes, peaks, and the Mbps of its minutes in descending order with whether user CPU was below 50 %';
CREATE INDEX ON dbinsight.rollup_node_traffic (hour);
CREATE INDEX ON dbinsight.rollup_node_traffic (cluster_id, hour);
CREATE INDEX ON dbinsight.rollup_node_traffic (node_type);

CREATE FUNCTION dbinsight._refresh_node_traffic(since timestamptz, until timestamptz) RETURNS void
	LANGUAGE sql SET work_mem = '64MB' BEGIN ATOMIC
	SELECT pg_advisory_xact_lock(hashtextextended('dbinsight.rollup_node_traffic', 0));
	DELETE FROM dbinsight.rollup_node_traffic r WHERE r.hour >= dbinsight._hour(since) AND r.hour <= until;
	INSERT INTO dbinsight.rollup_node_traffic (hour, workspace_id, cluster_id, instance_id, node_type, minutes, sent_bytes,
		received_bytes, peak_mbps, peak_cpu_low_mbps, mbps, cpu_low)
	SELECT hour, workspace_id, cluster_id, instance_id, max(node_type), count(*), sum(sent), sum(received), max(mbps),
		max(mbps) FILTER (WHERE cpu_low), array_agg(mbps ORDER BY mbps DESC, cpu_low), array_agg(cpu_low ORDER BY mbps DESC, cpu_low)
	FROM (
		SELECT dbinsight._hour(f.start_time) AS hour, f.workspace_id, f.cluster_id, f.instance_id, f.node_type,
			coalesce(f.network_sent_bytes, 0) AS sent, coalesce(f.network_received_bytes, 0) AS received,
			dbinsight._mbps(f.network_sent_bytes, f.network_received_bytes) AS mbps,
			coalesce(f.cpu_user_percent < 50, false) AS cpu_low
		FROM dbinsight.fact_node_timeline f
		WHERE f.start_time >= dbinsight._hour(since) AND f.start_time < dbinsight._hour(until) + interval '1 hour'
	) m
	GROUP BY hour, workspace_id, cluster_id, instance_id;
END;
COMMENT ON FUNCTION dbinsight._refresh_node_traffic(timestamptz, timestamptz) IS 'Recomputes rollup_node_traffic for the hours between two times';

/* A cluster's peak is a sum over its nodes in one minute, which no sum of hours gives back. */
CREATE TABLE dbinsight.rollup_cluster_traffic (
	hour timestamptz NOT NULL,
	workspace_id text NOT NULL,
	cluster_id text NOT NULL,
	minutes int NOT NULL,
	peak_mbps float8 NOT NULL
);
COMMENT ON TABLE dbinsight.rollup_cluster_traffic IS
'Per UTC hour and cluster: distinct minutes with a node, and the greatest Mbps of all its nodes together in one minute';
CREATE INDEX ON dbinsight.rollup_cluster_traffic (hour);
CREATE INDEX ON dbinsight.rollup_cluster_traffic (cluster_id, hour);

CREATE FUNCTION dbinsight._refresh_cluster_traffic(since timestamptz, until timestamptz) RETURNS void
	LANGUAGE sql SET work_mem = '64MB' BEGIN ATOMIC
	SELECT pg_advisory_xact_lock(hashtextextended('dbinsight.rollup_cluster_traffic', 0));
	DELETE FROM dbinsight.rollup_cluster_traffic r WHERE r.hour >= dbinsight._hour(since) AND r.hour <= until;
	INSERT INTO dbinsight.rollup_cluster_traffic (hour, workspace_id, cluster_id, minutes, peak_mbps)
	SELECT dbinsight._hour(minute), workspace_id, cluster_id, count(*), max(mbps)
	FROM (
		SELECT date_bin('1 minute', f.start_time, 'epoch') AS minute, f.workspace_id, f.cluster_id,
			sum(dbinsight._mbps(f.network_sent_bytes, f.network_received_bytes)) AS mbps
		FROM dbinsight.fact_node_timeline f
		WHERE f.start_time >= dbinsight._hour(since) AND f.start_time < dbinsight._hour(until) + interval '1 hour'
		GROUP BY 1, 2, 3
	) m
	GROUP BY 1, 2, 3;
END;
COMMENT ON FUNCTION dbinsight._refresh_cluster_traffic(timestamptz, timestamptz) IS 'Recomputes rollup_cluster_traffic for the hours between two times';

/*
 * Whole hours from the rollups, the hours a window cuts from the minutes. The
 * first condition of each cut does not depend on a row: when the window begins
 * or ends on the hour, the fact is not even opened.
 */
CREATE FUNCTION dbinsight._traffic_hours(since timestamptz, until timestamptz)
	RETURNS TABLE (hour timestamptz, workspace_id text, cluster_id text, instance_id text, node_type text, minutes int,
		sent_bytes bigint, received_bytes bigint, peak_mbps float8, peak_cpu_low_mbps float8, mbps float8[], cpu_low boolean[])
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
	SELECT r.hour, r.workspace_id, r.cluster_id, r.instance_id, r.node_type, r.minutes, r.sent_bytes, r.received_bytes,
		r.peak_mbps, r.peak_cpu_low_mbps, r.mbps, r.cpu_low
	FROM dbinsight.rollup_node_traffic r
	WHERE r.hour >= dbinsight._next_hour(_traffic_hours.since) AND r.hour < dbinsight._hour(_traffic_hours.until)
	UNION ALL
	SELECT m.hour, m.workspace_id, m.cluster_id, m.instance_id, max(m.node_type), count(*)::int, sum(m.sent)::bigint, sum(m.received)::bigint,
		max(m.mbps), max(m.mbps) FILTER (WHERE m.cpu_low), array_agg(m.mbps ORDER BY m.mbps DESC, m.cpu_low),
		array_agg(m.cpu_low ORDER BY m.mbps DESC, m.cpu_low)
	FROM (
		SELECT dbinsight._hour(f.start_time) AS hour, f.workspace_id, f.cluster_id, f.instance_id, f.node_type,
			coalesce(f.network_sent_bytes, 0) AS sent, coalesce(f.network_received_bytes, 0) AS received,
			dbinsight._mbps(f.network_sent_bytes, f.network_received_bytes) AS mbps,
			coalesce(f.cpu_user_percent < 50, false) AS cpu_low
		FROM dbinsight.fact_node_timeline f
		WHERE dbinsight._next_hour(_traffic_hours.since) > _traffic_hours.since
			AND f.start_time >= _traffic_hours.since AND f.start_time < dbinsight._next_hour(_traffic_hours.since)
	) m
	GROUP BY m.hour, m.workspace_id, m.cluster_id, m.instance_id
	UNION ALL
	SELECT m.hour, m.workspace_id, m.cluster_id, m.instance_id, max(m.node_type), count(*)::int, sum(m.sent)::bigint, sum(m.received)::bigint,
		max(m.mbps), max(m.mbps) FILTER (WHERE m.cpu_low), array_agg(m.mbps ORDER BY m.mbps DESC, m.cpu_low),
		array_agg(m.cpu_low ORDER BY m.mbps DESC, m.cpu_low)
	FROM (
		SELECT dbinsight._hour(f.start_time) AS hour, f.workspace_id, f.cluster_id, f.instance_id, f.node_type,
			coalesce(f.network_sent_bytes, 0) AS sent, coalesce(f.network_received_bytes, 0) AS received,
			dbinsight._mbps(f.network_sent_bytes, f.network_received_bytes) AS mbps,
			coalesce(f.cpu_user_percent < 50, false) AS cpu_low
		FROM dbinsight.fact_node_timeline f
		WHERE dbinsight._hour(_traffic_hours.until) < _traffic_hours.until
			AND f.start_time >= dbinsight._hour(_traffic_hours.until) AND f.start_time < _traffic_hours.until
	) m
	GROUP BY m.hour, m.workspace_id, m.cluster_id, m.instance_id;
END;
COMMENT ON FUNCTION dbinsight._traffic_hours(timestamptz, timestamptz) IS
'Traffic per hour and node of [since, until), a window of an hour or more';

CREATE FUNCTION dbinsight._cluster_hours(since timestamptz, until timestamptz)
	RETURNS TABLE (hour timestamptz, workspace_id text, cluster_id text, minutes bigint, peak_mbps float8)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
	SELECT r.hour, r.workspace_id, r.cluster_id, r.minutes, r.peak_mbps
	FROM dbinsight.rollup_cluster_traffic r
	WHERE r.hour >= dbinsight._next_hour(_cluster_hours.since) AND r.hour < dbinsight._hour(_cluster_hours.until)
	UNION ALL
	SELECT dbinsight._hour(m.minute), m.workspace_id, m.cluster_id, count(*), max(m.mbps)
	FROM (
		SELECT date_bin('1 minute', f.start_time, 'epoch') AS minute, f.workspace_id, f.cluster_id,
			sum(dbinsight._mbps(f.network_sent_bytes, f.network_received_bytes)) AS mbps
		FROM dbinsight.fact_node_timeline f
		WHERE dbinsight._next_hour(_cluster_hours.since) > _cluster_hours.since
			AND f.start_time >= _cluster_hours.since AND f.start_time < dbinsight._next_hour(_cluster_hours.since)
		GROUP BY 1, 2, 3
	) m
	GROUP BY 1, 2, 3
	UNION ALL
	SELECT dbinsight._hour(m.minute), m.workspace_id, m.cluster_id, count(*), max(m.mbps)
	FROM (
		SELECT date_bin('1 minute', f.start_time, 'epoch') AS minute, f.workspace_id, f.cluster_id,
			sum(dbinsight._mbps(f.network_sent_bytes, f.network_received_bytes)) AS mbps
		FROM dbinsight.fact_node_timeline f
		WHERE dbinsight._hour(_cluster_hours.until) < _cluster_hours.until
			AND f.start_time >= dbinsight._hour(_cluster_hours.until) AND f.start_time < _cluster_hours.until
		GROUP BY 1, 2, 3
	) m
	GROUP BY 1, 2, 3;
END;
COMMENT ON FUNCTION dbinsight._cluster_hours(timestamptz, timestamptz) IS
'Minutes and peak Mbps per hour and cluster of [since, until), a window of an hour or more';

CREATE TABLE dbinsight.rollup_warehouse_queue (
	bucket timestamptz NOT NULL,
	workspace_id text,
	warehouse_id text NOT NULL,
	statements bigint NOT NULL,
	p95_queue_ms float8 NOT NULL
);
COMMENT ON TABLE dbinsight.rollup_warehouse_queue IS
'Per 15 minutes and SQL warehouse: statements, and the 95th percentile of their wait at capacity in milliseconds';
CREATE INDEX ON dbinsight.rollup_warehouse_queue (bucket);

CREATE FUNCTION dbinsight._refresh_warehouse_queue(since timestamptz, until timestamptz) RETURNS void
	LANGUAGE sql SET work_mem = '64MB' BEGIN ATOMIC
	SELECT pg_advisory_xact_lock(hashtextextended('dbinsight.rollup_warehouse_queue', 0));
	DELETE FROM dbinsight.rollup_warehouse_queue r WHERE r.bucket >= date_bin('15 minutes', since, 'epoch') AND r.bucket <= until;
	INSERT INTO dbinsight.rollup_warehouse_queue (bucket, workspace_id, warehouse_id, statements, p95_queue_ms)
	SELECT date_bin('15 minutes', f.start_time, 'epoch'), f.workspace_id, f.warehouse_id, count(*),
		percentile_cont(0.95) WITHIN GROUP (ORDER BY coalesce(f.queue_ms, 0))
	FROM dbinsight.fact_query_history f
	WHERE f.start_time >= date_bin('15 minutes', since, 'epoch')
		AND f.start_time < date_bin('15 minutes', until, 'epoch') + interval '15 minutes' AND f.warehouse_id IS NOT NULL
	GROUP BY 1, 2, 3;
END;
COMMENT ON FUNCTION dbinsight._refresh_warehouse_queue(timestamptz, timestamptz) IS 'Recomputes rollup_warehouse_queue for the quarter hours between two times';

CREATE FUNCTION dbinsight._warehouse_statements(since timestamptz, until timestamptz)
	RETURNS TABLE (workspace_id text, warehouse_id text, statements bigint)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
	SELECT q.workspace_id, q.warehouse_id, q.statements FROM dbinsight.rollup_warehouse_queue q
	WHERE q.bucket >= _warehouse_statements.since AND q.bucket < date_bin('15 minutes', _warehouse_statements.until, 'epoch')
	UNION ALL
	SELECT f.workspace_id, f.warehouse_id, 1 FROM dbinsight.fact_query_history f
	WHERE f.start_time >= _warehouse_statements.since AND f.warehouse_id IS NOT NULL
		AND f.start_time < date_bin('15 minutes', _warehouse_statements.since + interval '15 minutes - 1 microsecond', 'epoch')
	UNION ALL
	SELECT f.workspace_id, f.warehouse_id, 1 FROM dbinsight.fact_query_history f
	WHERE f.start_time >= date_bin('15 minutes', _warehouse_statements.until, 'epoch') AND f.start_time < _warehouse_statements.until
		AND f.warehouse_id IS NOT NULL;
END;
COMMENT ON FUNCTION dbinsight._warehouse_statements(timestamptz, timestamptz) IS 'Statements per warehouse of [since, until), a window of a quarter hour or more; sum them';

CREATE TABLE dbinsight.rollup_throttled (
	bucket timestamptz NOT NULL,
	origin text NOT NULL CHECK (origin IN ('audit', 'serving')),
	workspace_id text,
	service text NOT NULL,
	calls bigint NOT NULL,
	throttled bigint NOT NULL
);
COMMENT ON TABLE dbinsight.rollup_throttled IS
'Quarter hours in which a service of a workspace answered 429 at least once: all its calls and those answered 429. Requests to endpoints are the service modelServing';
CREATE INDEX ON dbinsight.rollup_throttled (bucket);

CREATE FUNCTION dbinsight._refresh_throttled_audit(since timestamptz, until timestamptz) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan AS $$
BEGIN
	PERFORM pg_advisory_xact_lock(hashtextextended('dbinsight.rollup_throttled', 0));
	DELETE FROM dbinsight.rollup_throttled r
	WHERE r.origin = 'audit' AND r.bucket >= date_bin('15 minutes', since, 'epoch') AND r.bucket <= until;
	INSERT INTO dbinsight.rollup_throttled (bucket, origin, workspace_id, service, calls, throttled)
	SELECT date_bin('15 minutes', f.event_time, 'epoch'), 'audit', f.workspace_id, coalesce(f.service_name, '(unknown)'),
		count(*), count(*) FILTER (WHERE f.status_code = 429)
	FROM dbinsight.fact_audit_logs f
	WHERE f.event_time >= date_bin('15 minutes', since, 'epoch')
		AND f.event_time < date_bin('15 minutes', until, 'epoch') + interval '15 minutes'
	GROUP BY 1, 3, 4 HAVING count(*) FILTER (WHERE f.status_code = 429) > 0;
END $$;
COMMENT ON FUNCTION dbinsight._refresh_throttled_audit(timestamptz, timestamptz) IS 'Recomputes the audit rows of rollup_throttled between two times';

CREATE FUNCTION dbinsight._refresh_throttled_serving(since timestamptz, until timestamptz) RETURNS void
	LANGUAGE sql BEGIN ATOMIC
	SELECT pg_advisory_xact_lock(hashtextextended('dbinsight.rollup_throttled', 0));
	DELETE FROM dbinsight.rollup_throttled r
	WHERE r.origin = 'serving' AND r.bucket >= date_bin('15 minutes', since, 'epoch') AND r.bucket <= until;
	INSERT INTO dbinsight.rollup_throttled (bucket, origin, workspace_id, service, calls, throttled)
	SELECT date_bin('15 minutes', f.request_time, 'epoch'), 'serving', f.workspace_id, 'modelServing',
		count(*), count(*) FILTER (WHERE f.status_code = 429)
	FROM dbinsight.fact_endpoint_usage f
	WHERE f.request_time >= date_bin('15 minutes', since, 'epoch')
		AND f.request_time < date_bin('15 minutes', until, 'epoch') + interval '15 minutes'
	GROUP BY 1, 3 HAVING count(*) FILTER (WHERE f.status_code = 429) > 0;
END;
COMMENT ON FUNCTION dbinsight._refresh_throttled_serving(timestamptz, timestamptz) IS 'Recomputes the serving rows of rollup_throttled between two times';

/*
 * Which clusters a job ran on each day. The cluster's version is looked up
 * when asked: change logs may arrive after the runs.
 */
CREATE TABLE dbinsight.rollup_job_cluster_daily (
	day timestamptz NOT NULL,
	workspace_id text NOT NULL,
	job_id text NOT NULL,
	cluster_id text NOT NULL,
	task_runs bigint NOT NULL,
	first_start timestamptz NOT NULL,
	last_start timestamptz NOT NULL,
	last_seen timestamptz NOT NULL
);
COMMENT ON TABLE dbinsight.rollup_job_cluster_daily IS 'job_task_run per UTC day of its start, job and cluster: task runs, first and last start, last moment seen';
CREATE INDEX ON dbinsight.rollup_job_cluster_daily (day);

CREATE FUNCTION dbinsight._refresh_job_cluster_daily(since timestamptz, until timestamptz) RETURNS void
	LANGUAGE sql SET work_mem = '64MB' BEGIN ATOMIC
	SELECT pg_advisory_xact_lock(hashtextextended('dbinsight.rollup_job_cluster_daily', 0));
	-- A slice may belong to a run that started up to seven days before it (see _refresh_job_task_run).
	DELETE FROM dbinsight.rollup_job_cluster_daily r WHERE r.day >= date_bin('1 day', since - interval '7 days', 'epoch') AND r.day <= until;
	INSERT INTO dbinsight.rollup_job_cluster_daily (day, workspace_id, job_id, cluster_id, task_runs, first_start, last_start, last_seen)
	SELECT date_bin('1 day', t.start_time, 'epoch'), t.workspace_id, t.job_id, c.cluster_id, count(*), min(t.start_time), max(t.start_time), max(t.last_seen_time)
	FROM dbinsight.job_task_run t, LATERAL unnest(t.compute_ids) c(cluster_id)
	WHERE t.start_time >= date_bin('1 day', since - interval '7 days', 'epoch')
		AND t.start_time < date_bin('1 day', until, 'epoch') + interval '1 day' AND t.job_id IS NOT NULL AND c.cluster_id IS NOT NULL
	GROUP BY 1, 2, 3, 4;
END;
COMMENT ON FUNCTION dbinsight._refresh_job_cluster_daily(timestamptz, timestamptz) IS 'Recomputes rollup_job_cluster_daily for runs that may have a slice between two times';

INSERT INTO dbinsight.derived_relations VALUES
	('rollup_job_cluster_daily', 'fact_job_task_run_timeline', 25, '_refresh_job_cluster_daily'),
	('rollup_node_traffic', 'fact_node_timeline', 20, '_refresh_node_traffic'),
	('rollup_cluster_traffic', 'fact_node_timeline', 20, '_refresh_cluster_traffic'),
	('rollup_warehouse_queue', 'fact_query_history', 20, '_refresh_warehouse_queue'),
	('rollup_throttled', 'fact_audit_logs', 20, '_refresh_throttled_audit'),
	('rollup_throttled (serving)', 'fact_endpoint_usage', 20, '_refresh_throttled_serving');

INSERT INTO dbinsight.retention VALUES
	('rollup_node_traffic', 'hour', '90 days'),
	('rollup_cluster_traffic', 'hour', '90 days'),
	('rollup_job_cluster_daily', 'day', '400 days'),
	('rollup_warehouse_queue', 'bucket', '400 days'),
	('rollup_throttled', 'bucket', '400 days');
