/* The whole hours and days inside a window begin here; times on the boundary are inside. */
CREATE FUNCTION dbinsight._hour_after(at timestamptz) RETURNS timestamptz
	LANGUAGE sql STABLE PARALLEL SAFE
	RETURN date_trunc('hour', at - interval '1 microsecond', 'UTC') + interval '1 hour';
COMMENT ON FUNCTION dbinsight._hour_after(timestamptz) IS 'The first full UTC hour not before a time';

CREATE FUNCTION dbinsight._day_after(at timestamptz) RETURNS date
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN ((at - interval '1 microsecond') AT TIME ZONE 'UTC')::date + 1;
COMMENT ON FUNCTION dbinsight._day_after(timestamptz) IS 'The first UTC day that begins at or after a time';

/*
 * Node minutes by hour and by task run. The values whose percentiles are asked
 * for stay in arrays (8 bytes a node minute, against some 250 in the fact), so
 * percentiles are exact.
 */
CREATE TABLE dbinsight.rollup_node_hourly (
	hour timestamptz NOT NULL,
	workspace_id text NOT NULL,
	cluster_id text NOT NULL,
	node_type text,
	driver boolean,
	instances text[] NOT NULL,
	node_minutes int NOT NULL,
	minute_mask bigint NOT NULL,
	cpu_minutes int NOT NULL,
	cpu_sum float8,
	mem_minutes int NOT NULL,
	mem_sum float8,
	cpu_wait_minutes int NOT NULL,
	cpu_wait_sum float8,
	swap_minutes int NOT NULL,
	swap_sum float8,
	idle_minutes int NOT NULL,
	saturated_minutes int NOT NULL,
	sent_bytes bigint,
	received_bytes bigint,
	cpu float8[],
	mem float8[]
);
COMMENT ON TABLE dbinsight.rollup_node_hourly IS
'fact_node_timeline by UTC hour, cluster, node type and driver: node-minutes, sums and counts of percentages, bytes; cpu and mem hold every value';
COMMENT ON COLUMN dbinsight.rollup_node_hourly.minute_mask IS
'Bit n is set when minute n of the hour has a row: bit_count over bit_or gives the cluster-minutes';
COMMENT ON COLUMN dbinsight.rollup_node_hourly.idle_minutes IS 'Node-minutes with cpu_pct < 10';
COMMENT ON COLUMN dbinsight.rollup_node_hourly.saturated_minutes IS 'Node-minutes with cpu_pct > 90 or mem_used_percent > 90';
CREATE INDEX ON dbinsight.rollup_node_hourly (hour);
CREATE INDEX ON dbinsight.rollup_node_hourly (cluster_id, hour);

CREATE FUNCTION dbinsight._node_hours(since timestamptz, until timestamptz)
	RETURNS SETOF dbinsight.rollup_node_hourly
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
	SELECT date_trunc('hour', n.start_time, 'UTC'), n.workspace_id, n.cluster_id, n.node_type, n.driver,
		array_agg(DISTINCT n.instance_id), count(*)::int,
		bit_or(1::bigint << extract(minute FROM n.start_time AT TIME ZONE 'UTC')::int),
		count(n.cpu_pct)::int, sum(n.cpu_pct), count(n.mem_used_percent)::int, sum(n.mem_used_percent),
		count(n.cpu_wait_percent)::int, sum(n.cpu_wait_percent), count(n.mem_swap_percent)::int, sum(n.mem_swap_percent),
		(count(*) FILTER (WHERE n.cpu_pct < 10))::int,
		(count(*) FILTER (WHERE n.cpu_pct > 90 OR n.mem_used_percent > 90))::int,
		sum(n.network_sent_bytes)::bigint, sum(n.network_received_bytes)::bigint,
		array_agg(n.cpu_pct) FILTER (WHERE n.cpu_pct IS NOT NULL),
		array_agg(n.mem_used_percent) FILTER (WHERE n.mem_used_percent IS NOT NULL)
	FROM dbinsight.fact_node_timeline n
	WHERE n.start_time >= _node_hours.since AND n.start_time < _node_hours.until
	GROUP BY 1, 2, 3, 4, 5;
END;
COMMENT ON FUNCTION dbinsight._node_hours(timestamptz, timestamptz) IS 'Rows of rollup_node_hourly made from the node minutes of [since, until)';

CREATE FUNCTION dbinsight._refresh_node_hourly(since timestamptz, until timestamptz) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	low timestamptz := date_trunc('hour', since, 'UTC');
	high timestamptz := date_trunc('hour', until, 'UTC') + interval '1 hour';
BEGIN
	PERFORM pg_advisory_xact_lock(hashtextextended('dbinsight.rollup_node_hourly', 0));
	DELETE FROM dbinsight.rollup_node_hourly r WHERE r.hour >= low AND r.hour < high;
	INSERT INTO dbinsight.rollup_node_hourly SELECT * FROM dbinsight._node_hours(low, high);
END $$;
COMMENT ON FUNCTION dbinsight._refresh_node_hourly(timestamptz, timestamptz) IS 'Recomputes the hours of rollup_node_hourly between two times';

CREATE TABLE dbinsight.task_run_node (
	workspace_id text NOT NULL,
	task_run_id text NOT NULL,
	start_time timestamptz NOT NULL,
	node_minutes int NOT NULL,
	cpu_minutes int NOT NULL,
	cpu_sum float8,
	cpu_wait_minutes int NOT NULL,
	cpu_wait_sum float8,
	mem float8[],
	PRIMARY KEY (workspace_id, task_run_id)
);
COMMENT ON TABLE dbinsight.task_run_node IS
'Derived: node-minutes of the clusters of a task run that overlap it: counts and sums of CPU and CPU wait percent; mem holds every memory percentage';

CREATE FUNCTION dbinsight._refresh_task_run_node(since timestamptz, until timestamptz) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM pg_advisory_xact_lock(hashtextextended('dbinsight.task_run_node', 0));
	DELETE FROM dbinsight.task_run_node d USING dbinsight.job_task_run t
	WHERE d.workspace_id = t.workspace_id AND d.task_run_id = t.task_run_id
		AND t.start_time <= until AND t.last_seen_time >= since;
	-- One index scan a task run: a join would pair every run of a cluster with
	-- all of its minutes. A row of the fact is a minute: one that began less
	-- than a minute before the task overlaps it.
	INSERT INTO dbinsight.task_run_node
	SELECT t.workspace_id, t.task_run_id, t.start_time, n.*
	FROM dbinsight.job_task_run t
	CROSS JOIN LATERAL (
		SELECT count(*) AS node_minutes, count(m.cpu_pct), sum(m.cpu_pct), count(m.cpu_wait_percent), sum(m.cpu_wait_percent),
			array_agg(m.mem_used_percent) FILTER (WHERE m.mem_used_percent IS NOT NULL)
		FROM dbinsight.fact_node_timeline m
		WHERE m.workspace_id = t.workspace_id AND m.cluster_id = ANY (t.compute_ids)
			AND m.start_time > t.start_time - interval '1 minute' AND m.start_time < t.last_seen_time
	) n
	WHERE t.start_time <= until AND t.last_seen_time >= since AND t.last_seen_time > t.start_time AND n.node_minutes > 0;
END $$;
COMMENT ON FUNCTION dbinsight._refresh_task_run_node(timestamptz, timestamptz) IS
'Recomputes the node figures of task runs that run between two times';

INSERT INTO dbinsight.derived_relations VALUES
	('rollup_node_hourly', 'fact_node_timeline', 10, '_refresh_node_hourly'),
	('task_run_node of nodes', 'fact_node_timeline', 20, '_refresh_task_run_node'),
	('task_run_node', 'fact_job_task_run_timeline', 30, '_refresh_task_run_node');

INSERT INTO dbinsight.retention VALUES
	('rollup_node_hourly', 'hour', '90 days'),
	('task_run_node', 'start_time', '400 days');
