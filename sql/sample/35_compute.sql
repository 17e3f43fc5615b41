/*
 * When clusters and warehouses run, and how busy their nodes are.
 */

/* People's clusters: two never stop, the others run on most working days. */
CREATE FUNCTION dbinsight._sample_uptime(days int, seed int, scale numeric)
	RETURNS TABLE (cluster int, start_time timestamptz, end_time timestamptz)
	LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 700
BEGIN ATOMIC
	SELECT c.n, u.start_time, least(u.start_time + u.length, dbinsight.now())
	FROM dbinsight._sample_cluster(_sample_uptime.seed, _sample_uptime.scale) c
	CROSS JOIN dbinsight._sample_day(_sample_uptime.days, _sample_uptime.seed) d
	CROSS JOIN LATERAL (SELECT (c.n + 1) * 100000::bigint + (d.day - date '2000-01-01') AS n) x
	CROSS JOIN LATERAL (SELECT d.midnight + CASE WHEN c.n IN (0, 3) THEN interval '0' ELSE interval '1 minute' * (450 + dbinsight._pick(_sample_uptime.seed, 350, x.n, 90)) END AS start_time,
		CASE WHEN c.n IN (0, 3) THEN interval '1 day' ELSE interval '1 minute' * (330 + dbinsight._pick(_sample_uptime.seed, 351, x.n, 180)) END AS length) u
	WHERE NOT c.is_job AND (c.n IN (0, 3) OR NOT d.weekend AND (c.n = 1 OR dbinsight._random(_sample_uptime.seed, 352, x.n) < 0.5))
		AND u.start_time < dbinsight.now() - interval '1 minute';
END;
COMMENT ON FUNCTION dbinsight._sample_uptime(int, int, numeric) IS 'When the all-purpose clusters of the sample account run';

CREATE FUNCTION dbinsight._sample_session(days int, seed int, scale numeric)
	RETURNS TABLE (warehouse int, start_time timestamptz, end_time timestamptz, last timestamptz)
	LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 700
BEGIN ATOMIC
	SELECT w.n, s.start_time, s.end_time, least(s.end_time, dbinsight.now())
	FROM dbinsight._sample_warehouse(_sample_session.seed, _sample_session.scale) w
	CROSS JOIN dbinsight._sample_day(_sample_session.days, _sample_session.seed) d
	CROSS JOIN LATERAL (SELECT (w.n + 1) * 100000::bigint + (d.day - date '2000-01-01') AS n) x
	CROSS JOIN LATERAL (SELECT d.midnight + CASE WHEN w.always_on THEN interval '0' ELSE interval '1 minute' * (405 + dbinsight._pick(_sample_session.seed, 355, x.n, 14)) END AS start_time,
		d.midnight + CASE WHEN w.always_on THEN interval '1 day' ELSE interval '1 minute' * (1145 + dbinsight._pick(_sample_session.seed, 356, x.n, 60)) END AS end_time) s
	WHERE s.start_time < dbinsight.now();
END;
COMMENT ON FUNCTION dbinsight._sample_session(int, int, numeric) IS 'When the warehouses of the sample account run: from before seven to after nineteen o''clock, or always';

CREATE FUNCTION dbinsight._sample_compute(days int, seed int, scale numeric) RETURNS void
	LANGUAGE sql BEGIN ATOMIC
	INSERT INTO dbinsight.fact_warehouse_events (account_id, workspace_id, warehouse_id, event_type, cluster_count, event_time)
	SELECT 'sample', w.workspace_id, w.warehouse_id, e.event_type, e.clusters, e.at
	FROM dbinsight._sample_session(_sample_compute.days, _sample_compute.seed, _sample_compute.scale) s
	JOIN dbinsight._sample_warehouse(_sample_compute.seed, _sample_compute.scale) w ON w.n = s.warehouse
	CROSS JOIN LATERAL (SELECT date_bin('1 day', s.start_time, timestamptz '2000-01-01 00:00:00+00') AS midnight) d
	CROSS JOIN LATERAL (VALUES
		('STARTING', 0, s.start_time, NOT w.always_on), ('RUNNING', 1, s.start_time + interval '7 seconds', NOT w.always_on OR s.start_time <= dbinsight.now() - interval '1 day' * _sample_compute.days),
		('SCALED_UP', w.max_clusters, d.midnight + interval '9 hours', w.max_clusters > 1), ('SCALED_DOWN', 1, d.midnight + interval '16 hours 30 minutes', w.max_clusters > 1),
		('STOPPING', 0, s.end_time, NOT w.always_on), ('STOPPED', 0, s.end_time + interval '3 seconds', NOT w.always_on)) e(event_type, clusters, at, happens)
	WHERE e.happens AND e.at < dbinsight.now();

	INSERT INTO dbinsight.fact_node_timeline (account_id, workspace_id, cluster_id, instance_id, start_time, end_time, driver, cpu_user_percent, cpu_system_percent,
		cpu_wait_percent, mem_used_percent, mem_swap_percent, network_sent_bytes, network_received_bytes, node_type, private_ip)
	WITH span AS (
		SELECT u.cluster AS n, u.start_time, u.end_time, false AS working
		FROM dbinsight._sample_uptime(least(_sample_compute.days, 14), _sample_compute.seed, _sample_compute.scale) u
		UNION ALL
		SELECT c.n, a.start_time, a.end_time, true
		FROM dbinsight.sample_attempt a
		JOIN dbinsight._sample_cluster(_sample_compute.seed, _sample_compute.scale) c USING (cluster_id)
		CROSS JOIN dbinsight._sample_plan() p WHERE a.start_time >= p.today - interval '14 days'
	), minute AS (
		SELECT s.n, m.minute, bool_or(s.working) AS working
		FROM span s CROSS JOIN LATERAL generate_series(date_bin('1 minute', s.start_time, timestamptz '2000-01-01 00:00:00+00'), s.end_time - interval '1 minute', interval '1 minute') m(minute)
		GROUP BY s.n, m.minute
	), node AS (
		SELECT c.n, c.workspace_id, c.cluster_id, c.node_type, c.is_job, m.minute, m.working, i.i,
			((c.n + 1) * 100::bigint + i.i) * 100000000 + (extract(epoch FROM m.minute)::bigint / 60 - 15778080) AS x,
			-- Planted: streaming-ingest fills its link for an hour yesterday.
			c.n = 3 AND m.minute >= p.yesterday + interval '10 hours' AND m.minute < p.yesterday + interval '11 hours' AS saturated
		FROM minute m JOIN dbinsight._sample_cluster(_sample_compute.seed, _sample_compute.scale) c USING (n) CROSS JOIN dbinsight._sample_plan() p
		CROSS JOIN LATERAL generate_series(0, CASE WHEN c.n = 4 AND m.minute >= p.yesterday AND m.minute < p.today THEN 8 ELSE c.workers END) i(i)
	), load AS (
		-- Planted: adhoc-research is never used.
		SELECT n.*, CASE WHEN n.n = 0 THEN 1 WHEN n.n = 3 THEN 26 WHEN n.working THEN CASE WHEN n.n = 4 THEN 78 ELSE 52 END ELSE 13 END AS base,
			dbinsight._random(_sample_compute.seed, 360, n.x) AS u, dbinsight._random(_sample_compute.seed, 361, n.x) AS v
		FROM node n
		OFFSET 0 -- each is drawn once
	)
	SELECT 'sample', l.workspace_id, l.cluster_id, 'i-' || dbinsight._random_hex(_sample_compute.seed, 362, ((l.n + 1) * 100::bigint + l.i) * 100000 + extract(epoch FROM l.minute)::bigint / 86400, 17),
		l.minute, l.minute + interval '1 minute', l.i = 0, floor(l.base * (50 + 100 * l.u)) / 100, floor(l.base * (4 + 6 * l.v)) / 100,
		floor(CASE WHEN l.working THEN 600 ELSE 100 END * l.v) / 100,
		floor(CASE WHEN l.n = 5 AND l.working THEN 9100 + 700 * l.u ELSE 2800 + 30 * l.base + 1400 * l.v END) / 100, CASE WHEN l.n = 5 AND l.v > 0.8 THEN 2.5 ELSE 0 END,
		CASE WHEN l.saturated THEN 40000000000 WHEN l.n = 0 THEN 40000 ELSE 400000 + l.base * 900000 * l.u END::bigint,
		CASE WHEN l.saturated THEN 27500000000 WHEN l.n = 0 THEN 60000 ELSE 600000 + l.base * 1500000 * l.v END::bigint,
		l.node_type, '10.20.' || 10 + l.n % 200 || '.' || 20 + l.i
	FROM load l
	-- In the order of time, as it arrives: block range indexes need it.
	ORDER BY l.minute, l.n, l.i;
END;
COMMENT ON FUNCTION dbinsight._sample_compute(int, int, numeric) IS 'Warehouse events, and node minutes of the last two weeks, of the sample account';
