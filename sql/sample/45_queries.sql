/*
 * Statements on warehouses and on serverless compute.
 */
CREATE FUNCTION dbinsight._sample_queries(days int, seed int, scale numeric) RETURNS void
	LANGUAGE sql BEGIN ATOMIC
	INSERT INTO dbinsight.fact_query_history (account_id, workspace_id, statement_id, executed_by, session_id, execution_status, compute_type, warehouse_id,
		executed_by_user_id, statement_text, statement_type, error_message, client_application, total_duration_ms, waiting_for_compute_duration_ms,
		waiting_at_capacity_duration_ms, execution_duration_ms, compilation_duration_ms, total_task_duration_ms, result_fetch_duration_ms, start_time, end_time,
		update_time, read_partitions, pruned_files, read_files, read_rows, produced_rows, read_bytes, read_io_cache_percent, from_result_cache, spilled_local_bytes,
		written_bytes, shuffle_read_bytes, written_rows, written_files, dashboard_id, notebook_id, executed_as)
	WITH people AS (
		SELECT count(*)::int AS humans FROM dbinsight._sample_principal(_sample_queries.seed, _sample_queries.scale) p WHERE p.is_human
	), tables AS (
		SELECT count(t.read_rank)::int AS readable FROM dbinsight._sample_table(_sample_queries.seed, _sample_queries.scale) t
	), statement AS (
		SELECT w.n AS w, w.workspace_id, w.warehouse_id, w.max_clusters, w.always_on, d.age, d.midnight, x.n, h.hour,
			d.midnight + interval '1 hour' * h.hour + interval '1 millisecond' * dbinsight._pick(_sample_queries.seed, 450, x.n, 3600000) AS start_time,
			CASE WHEN w.always_on THEN 4000 ELSE 1400 END * dbinsight._spread(_sample_queries.seed, 451, x.n, 1.25) AS work_ms,
			dbinsight._random(_sample_queries.seed, 452, x.n) AS u, dbinsight._random(_sample_queries.seed, 453, x.n) AS v, dbinsight._random(_sample_queries.seed, 454, x.n) AS size,
			dbinsight._pick(_sample_queries.seed, 455, x.n, people.humans) AS human, dbinsight._pick(_sample_queries.seed, 456, x.n, tables.readable) AS rank
		FROM dbinsight._sample_warehouse(_sample_queries.seed, _sample_queries.scale) w
		CROSS JOIN dbinsight._sample_day(_sample_queries.days, _sample_queries.seed) d
		CROSS JOIN people CROSS JOIN tables
		CROSS JOIN LATERAL generate_series(1, round((ARRAY[340, 820, 200, 130, 170, 120, 280, 160])[1 + w.n % 8] * CASE WHEN w.always_on THEN d.machines ELSE d.people END)::int) k(k)
		CROSS JOIN LATERAL (SELECT (w.n + 1) * 1000000000::bigint + (d.day - date '2000-01-01') * 10000::bigint + k.k AS n) x
		CROSS JOIN LATERAL (SELECT CASE WHEN w.always_on THEN dbinsight._pick(_sample_queries.seed, 457, x.n, 24)
			ELSE greatest(7, least(18, dbinsight._sample_hour(dbinsight._random(_sample_queries.seed, 457, x.n)))) END AS hour) h
		OFFSET 0 -- each is drawn once
	), timed AS (
		SELECT s.*, CASE WHEN o.down THEN 'FAILED' WHEN s.u < 0.012 THEN 'FAILED' WHEN s.u < 0.018 THEN 'CANCELED' ELSE 'FINISHED' END AS status, o.down,
			s.u > 0.88 AND NOT s.always_on AND NOT o.down AS cached,
			-- Planted: analytics-shared has one cluster and queues in busy hours of the last 7 days.
			CASE WHEN s.w = 1 AND s.age <= 7 AND s.hour IN (9, 10, 11, 13, 14, 15, 16) AND s.v < 0.65 THEN (4000 + 50000 * s.size)::bigint
				WHEN s.v > 0.97 THEN (200 + 1500 * s.size)::bigint ELSE 0 END AS queue_ms
		FROM statement s CROSS JOIN dbinsight._sample_plan() p
		CROSS JOIN LATERAL (SELECT s.workspace_id = '3120498871250011' AND s.start_time >= p.outage_from - interval '5 seconds' AND s.start_time < p.outage_to AS down) o
		WHERE s.start_time < p.now
		OFFSET 0
	), sized AS (
		SELECT t.*, CASE WHEN t.cached THEN 40 + 200 * t.size WHEN t.down THEN 600 + 2000 * t.size WHEN t.status <> 'FINISHED' THEN t.work_ms * 0.4 ELSE t.work_ms END::bigint AS exec_ms,
			(60 + 250 * t.v)::bigint AS compile_ms,
			-- Planted: twelve statements on bi-reporting in the last 20 hours spill 20 to 53 GiB; they come below.
			CASE WHEN t.cached OR t.down THEN 0 ELSE (t.work_ms * 40000 * (0.3 + t.size))::bigint END AS bytes
		FROM timed t
		OFFSET 0
	), planted AS (
		SELECT w.n AS w, w.workspace_id, w.warehouse_id, 7000000000000::bigint + i.i AS n, p.now - interval '20 hours' + interval '90 minutes' * i.i AS start_time, 0 AS human, 'SPILL' AS kind, i.i
		FROM dbinsight._sample_warehouse(_sample_queries.seed, _sample_queries.scale) w CROSS JOIN dbinsight._sample_plan() p CROSS JOIN generate_series(0, 11) i(i) WHERE w.n = 0
		UNION ALL
		-- Planted: in the outage every statement of production fails, four more every five minutes than people send.
		SELECT w.n, w.workspace_id, w.warehouse_id, 7100000000000 + i.i, p.outage_from + interval '75 seconds' * i.i + interval '10 seconds', 0, 'OUTAGE', i.i
		FROM dbinsight._sample_warehouse(_sample_queries.seed, _sample_queries.scale) w CROSS JOIN dbinsight._sample_plan() p CROSS JOIN generate_series(0, 71) i(i) WHERE w.n = 0
	), row AS (
		SELECT z.workspace_id, z.n, e.principal AS executed_by, z.status, z.warehouse_id,
			CASE WHEN z.always_on AND z.size < 0.4 THEN CASE WHEN z.v < 0.5 THEN 'INSERT' ELSE 'MERGE' END ELSE 'SELECT' END AS statement_type, t.full_name, z.down,
			z.exec_ms + z.compile_ms + z.queue_ms AS total_ms, z.queue_ms, z.exec_ms, z.compile_ms, z.start_time, z.bytes, z.cached, z.size, z.u, z.v, z.status = 'FINISHED' AS done,
			CASE WHEN z.v < 0.02 THEN least(z.bytes / 8, 600000000) ELSE 0 END AS spilled, z.w
		FROM sized z
		JOIN dbinsight._sample_principal(_sample_queries.seed, _sample_queries.scale) e ON e.n = CASE WHEN z.always_on THEN 4 + 5 * (z.human % 3) ELSE z.human / 4 * 5 + z.human % 4 END
		JOIN dbinsight._sample_table(_sample_queries.seed, _sample_queries.scale) t ON t.read_rank = z.rank
		UNION ALL
		SELECT l.workspace_id, l.n, e.principal, CASE l.kind WHEN 'SPILL' THEN 'FINISHED' ELSE 'FAILED' END, l.warehouse_id, 'SELECT', 'main.gold.customer_transactions', l.kind = 'OUTAGE',
			m.exec_ms + 300, 0, m.exec_ms, 300, l.start_time, CASE l.kind WHEN 'SPILL' THEN 64424509440 ELSE 0 END, false, 0.5, 0.5, 0.5, l.kind = 'SPILL',
			CASE l.kind WHEN 'SPILL' THEN (20 + 3 * l.i) * 1073741824::bigint ELSE 0 END, l.w
		FROM planted l CROSS JOIN LATERAL (SELECT CASE l.kind WHEN 'SPILL' THEN 110000 + 9000 * l.i ELSE 2000 END AS exec_ms) m
		JOIN dbinsight._sample_principal(_sample_queries.seed, _sample_queries.scale) e ON e.n = CASE l.kind WHEN 'SPILL' THEN 5 ELSE 7 END
	)
	SELECT 'sample', r.workspace_id, dbinsight._time_uuid(_sample_queries.seed, 460, r.n, r.start_time), r.executed_by, dbinsight._random_uuid(_sample_queries.seed, 461, r.n / 12), r.status,
		'WAREHOUSE', r.warehouse_id, NULL,
		CASE r.statement_type WHEN 'SELECT' THEN CASE floor(r.u * 3)::int WHEN 0 THEN 'SELECT count(*), sum(amount) FROM ' ELSE 'SELECT day, team, sum(value) FROM ' END || r.full_name || ' WHERE day >= :since GROUP BY ALL'
			WHEN 'INSERT' THEN 'INSERT INTO ' || r.full_name || ' SELECT * FROM staged' ELSE 'MERGE INTO ' || r.full_name || ' USING updates ON updates.id = target.id WHEN MATCHED THEN UPDATE SET *' END,
		r.statement_type,
		CASE WHEN r.status = 'FAILED' THEN CASE WHEN r.down THEN '[CLOUD_PROVIDER_ERROR] The warehouse lost its compute.' ELSE
			(ARRAY['[TABLE_OR_VIEW_NOT_FOUND] The table or view cannot be found.', '[UNRESOLVED_COLUMN.WITH_SUGGESTION] A column cannot be resolved.', '[PARSE_SYNTAX_ERROR] Syntax error.',
				'[INSUFFICIENT_PERMISSIONS] No SELECT on the table.', '[DIVIDE_BY_ZERO] Division by zero.'])[1 + floor(r.v * 5)::int] END END,
		CASE WHEN r.w % 8 IN (0, 6) THEN 'Databricks SQL Dashboard' ELSE (ARRAY['Databricks SQL Editor', 'Databricks SQL Editor', 'Tableau', 'Power BI'])[1 + floor(r.size * 4)::int] END,
		r.total_ms, 0, r.queue_ms, r.exec_ms, r.compile_ms, r.exec_ms * 6, (r.exec_ms * 0.05 * r.size)::bigint, r.start_time, r.start_time + interval '1 millisecond' * r.total_ms,
		r.start_time + interval '1 millisecond' * r.total_ms + interval '1 minute', (1 + 20 * r.size)::bigint, (200 * r.v)::bigint, (5 + r.bytes / 134217728)::bigint, r.bytes / 180,
		CASE WHEN r.done THEN (1 + 2000 * r.size)::bigint END, r.bytes, (90 * r.v)::int, r.cached, r.spilled, CASE WHEN r.statement_type <> 'SELECT' AND r.done THEN r.bytes / 3 ELSE 0 END, r.bytes / 5,
		CASE WHEN r.statement_type <> 'SELECT' AND r.done THEN r.bytes / 540 ELSE 0 END, CASE WHEN r.statement_type <> 'SELECT' AND r.done THEN 4 ELSE 0 END,
		CASE WHEN r.w % 8 IN (0, 6) THEN dbinsight._random_hex(_sample_queries.seed, 462, r.w * 4 + floor(r.size * 4)::int, 32) END, NULL, r.executed_by
	FROM row r
	ORDER BY r.start_time, r.n;

	-- Notebooks on serverless compute: no warehouse, and no waiting times.
	INSERT INTO dbinsight.fact_query_history (account_id, workspace_id, statement_id, executed_by, session_id, execution_status, compute_type, statement_text, statement_type,
		client_application, total_duration_ms, execution_duration_ms, compilation_duration_ms, start_time, end_time, update_time, read_rows, produced_rows, read_bytes,
		from_result_cache, spilled_local_bytes, written_bytes, notebook_id, executed_as)
	SELECT 'sample', p.workspace_id, dbinsight._time_uuid(_sample_queries.seed, 470, x.n, x.start_time), p.principal, NULL, 'FINISHED', 'SERVERLESS_COMPUTE', 'SELECT * FROM ' || t.full_name || ' LIMIT 1000', 'SELECT',
		'Databricks Notebooks', m.ms + 200, m.ms, 200, x.start_time, x.start_time + interval '1 millisecond' * (m.ms + 200), x.start_time + interval '1 millisecond' * (m.ms + 200),
		m.ms * 40, 1000, m.ms * 20000, false, 0, 0, (500000000000 + p.n * 7)::text, p.principal
	FROM dbinsight._sample_principal(_sample_queries.seed, _sample_queries.scale) p
	CROSS JOIN dbinsight._sample_day(_sample_queries.days, _sample_queries.seed) d
	CROSS JOIN LATERAL generate_series(1, (4 * d.people)::int) k(k)
	CROSS JOIN LATERAL (SELECT y.n, d.midnight + interval '1 hour' * dbinsight._sample_hour(dbinsight._random(_sample_queries.seed, 471, y.n))
		+ interval '1 millisecond' * dbinsight._pick(_sample_queries.seed, 472, y.n, 3600000) AS start_time
		FROM (SELECT 8000000000000 + p.n * 10000000::bigint + (d.day - date '2000-01-01') * 100 + k.k AS n) y) x
	CROSS JOIN LATERAL (SELECT (2000 * dbinsight._spread(_sample_queries.seed, 473, x.n, 0.9))::bigint AS ms) m
	JOIN dbinsight._sample_table(_sample_queries.seed, _sample_queries.scale) t ON t.read_rank = dbinsight._pick(_sample_queries.seed, 474, x.n, 120)
	WHERE p.is_human AND x.start_time < dbinsight.now() - interval '2 minutes'
	ORDER BY x.start_time, x.n;
END;
COMMENT ON FUNCTION dbinsight._sample_queries(int, int, numeric) IS 'Query history of the sample account';
