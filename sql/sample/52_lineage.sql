/*
 * Which table was made from which, and who read them. A table is written when
 * its job succeeds, once a day: when the job fails, the table goes stale.
 */
CREATE FUNCTION dbinsight._sample_lineage_writes(days int, seed int, scale numeric) RETURNS void
	LANGUAGE sql BEGIN ATOMIC
	INSERT INTO dbinsight.fact_table_lineage (record_id, account_id, metastore_id, workspace_id, entity_type, entity_id, entity_run_id, source_table_full_name,
		source_table_catalog, source_table_schema, source_table_name, source_path, source_type, target_table_full_name, target_table_catalog, target_table_schema,
		target_table_name, target_type, created_by, event_time, event_date, event_id, entity_metadata, direct_access)
	WITH run AS (
		SELECT DISTINCT ON (a.job, (a.start_time AT TIME ZONE 'UTC')::date) a.job, a.workspace_id, a.job_id, a.run, a.owner, a.end_time
		FROM dbinsight.sample_attempt a
		WHERE a.result_state = 'SUCCEEDED' ORDER BY a.job, (a.start_time AT TIME ZONE 'UTC')::date, a.start_time
	)
	SELECT dbinsight._time_uuid(_sample_lineage_writes.seed, 540, x.n * 2 + e.i, w.event_time), 'sample', '9f2c6c1e-6b1a-4f0e-8a53-1d2f6c0b7e11', r.workspace_id, 'JOB', r.job_id, r.run::text,
		s.full_name, s.catalog_name, s.schema_name, s.table_name, CASE WHEN s.n IS NULL THEN 's3://company-landing/' || t.table_name END, CASE WHEN s.n IS NULL THEN 'PATH' ELSE 'TABLE' END,
		t.full_name, t.catalog_name, t.schema_name, t.table_name, 'TABLE', r.owner, w.event_time, (w.event_time AT TIME ZONE 'UTC')::date, dbinsight._random_uuid(_sample_lineage_writes.seed, 541, x.n),
		jsonb_build_object('job_info', jsonb_build_object('job_id', r.job_id, 'job_run_id', r.run::text)), true
	FROM run r
	JOIN dbinsight._sample_table(_sample_lineage_writes.seed, _sample_lineage_writes.scale) t ON t.writer = r.job
	CROSS JOIN LATERAL (SELECT r.run * 10000 + t.n AS n) x
	CROSS JOIN LATERAL (SELECT r.end_time - interval '1 second' * (20 + dbinsight._pick(_sample_lineage_writes.seed, 542, x.n, 30)) AS event_time) w
	CROSS JOIN LATERAL (SELECT 0 AS i, t.upstream AS upstream UNION ALL SELECT 1, t.upstream2 WHERE t.upstream2 IS NOT NULL) e
	LEFT JOIN dbinsight._sample_table(_sample_lineage_writes.seed, _sample_lineage_writes.scale) s ON s.n = e.upstream
	ORDER BY w.event_time, x.n, e.i;

	-- Columns of the last two weeks' writes: the key and the amount go from table to table.
	INSERT INTO dbinsight.fact_column_lineage (record_id, account_id, metastore_id, workspace_id, entity_type, entity_id, entity_run_id, source_table_full_name, source_column_name,
		source_type, target_table_full_name, target_column_name, target_type, created_by, event_time, event_date, event_id, direct_access)
	WITH run AS (
		SELECT DISTINCT ON (a.job, (a.start_time AT TIME ZONE 'UTC')::date) a.job, a.workspace_id, a.job_id, a.run, a.owner, a.end_time
		FROM dbinsight.sample_attempt a CROSS JOIN dbinsight._sample_plan() p
		WHERE a.start_time >= p.today - interval '14 days' AND a.result_state = 'SUCCEEDED' ORDER BY a.job, (a.start_time AT TIME ZONE 'UTC')::date, a.start_time
	)
	SELECT dbinsight._time_uuid(_sample_lineage_writes.seed, 545, x.n * 4 + c.i, w.event_time), 'sample', '9f2c6c1e-6b1a-4f0e-8a53-1d2f6c0b7e11', r.workspace_id, 'JOB', r.job_id, r.run::text,
		s.full_name, c.source_column, 'TABLE', t.full_name, c.target_column, 'TABLE', r.owner, w.event_time, (w.event_time AT TIME ZONE 'UTC')::date, dbinsight._random_uuid(_sample_lineage_writes.seed, 541, x.n), true
	FROM run r
	JOIN dbinsight._sample_table(_sample_lineage_writes.seed, _sample_lineage_writes.scale) t ON t.writer = r.job
	JOIN dbinsight._sample_table(_sample_lineage_writes.seed, _sample_lineage_writes.scale) s ON s.n = t.upstream
	CROSS JOIN LATERAL (SELECT r.run * 10000 + t.n AS n) x
	CROSS JOIN LATERAL (SELECT r.end_time - interval '1 second' * (20 + dbinsight._pick(_sample_lineage_writes.seed, 542, x.n, 30)) AS event_time) w
	CROSS JOIN (VALUES (0, 'id', 'id'), (1, 'amount', 'amount'), (2, 'amount', 'total')) c(i, source_column, target_column)
	ORDER BY w.event_time, x.n, c.i;
END;
COMMENT ON FUNCTION dbinsight._sample_lineage_writes(int, int, numeric) IS 'Writes of tables in the sample account';

/* A third of the statements leave a row about the table they read; the statement says which. */
CREATE FUNCTION dbinsight._sample_lineage_reads(days int, seed int, scale numeric) RETURNS void
	LANGUAGE sql BEGIN ATOMIC
	INSERT INTO dbinsight.fact_table_lineage (record_id, account_id, metastore_id, workspace_id, entity_type, entity_id, entity_run_id, source_table_full_name,
		source_table_catalog, source_table_schema, source_table_name, source_type, created_by, event_time, event_date, event_id, statement_id, direct_access)
	SELECT 'r-' || q.statement_id, 'sample', '9f2c6c1e-6b1a-4f0e-8a53-1d2f6c0b7e11', q.workspace_id,
		CASE WHEN q.dashboard_id IS NOT NULL THEN 'DASHBOARD_V3' WHEN q.notebook_id IS NOT NULL THEN 'NOTEBOOK' ELSE 'DBSQL_QUERY' END,
		coalesce(q.dashboard_id, q.notebook_id, q.statement_id), q.statement_id, t.name, split_part(t.name, '.', 1), split_part(t.name, '.', 2), split_part(t.name, '.', 3), 'TABLE',
		q.executed_by, q.start_time, (q.start_time AT TIME ZONE 'UTC')::date, q.statement_id, q.statement_id, true
	FROM dbinsight.fact_query_history q
	CROSS JOIN LATERAL (SELECT split_part(split_part(q.statement_text, ' FROM ', 2), ' ', 1) AS name) t
	WHERE q.account_id = 'sample' AND q.statement_type = 'SELECT' AND q.execution_status = 'FINISHED' AND right(q.statement_id, 1) < '5'
	ORDER BY q.start_time, q.statement_id;

	-- Sensitive tables are read by their stewards on working days; planted: by user@company.com on six days, and by dana.wright yesterday.
	INSERT INTO dbinsight.fact_table_lineage (record_id, account_id, metastore_id, workspace_id, entity_type, entity_id, source_table_full_name,
		source_table_catalog, source_table_schema, source_table_name, source_type, created_by, event_time, event_date, event_id, direct_access)
	SELECT dbinsight._random_uuid(_sample_lineage_reads.seed, 550, r.n), 'sample', '9f2c6c1e-6b1a-4f0e-8a53-1d2f6c0b7e11', p.workspace_id, 'NOTEBOOK', (500000000000 + p.n * 7)::text,
		t.full_name, t.catalog_name, t.schema_name, t.table_name, 'TABLE', p.principal, r.event_time, (r.event_time AT TIME ZONE 'UTC')::date, dbinsight._random_uuid(_sample_lineage_reads.seed, 551, r.n), true
	FROM (
		SELECT (d.day - date '2000-01-01') * 10::bigint + k.k AS n, 6 + 2 * (k.k % 2) AS p, dbinsight._pick(_sample_lineage_reads.seed, 552, (d.day - date '2000-01-01') * 10::bigint + k.k, 12) AS rank,
			d.midnight + interval '9 hours' + interval '1 minute' * dbinsight._pick(_sample_lineage_reads.seed, 553, (d.day - date '2000-01-01') * 10::bigint + k.k, 480) AS event_time
		FROM dbinsight._sample_day(_sample_lineage_reads.days, _sample_lineage_reads.seed) d CROSS JOIN generate_series(0, 3) k(k) WHERE NOT d.weekend
		UNION ALL
		SELECT 1000000000 + i.i, 0, 0, w.yesterday - interval '1 day' * i.i + interval '10 hours 17 minutes' FROM dbinsight._sample_plan() w CROSS JOIN generate_series(0, 5) i(i)
		UNION ALL
		SELECT 2000000000 + i.i, 1, i.i, w.yesterday + interval '13 hours 20 minutes' + interval '3 minutes' * i.i FROM dbinsight._sample_plan() w CROSS JOIN generate_series(0, 11) i(i)
	) r
	JOIN dbinsight._sample_principal(_sample_lineage_reads.seed, _sample_lineage_reads.scale) p ON p.n = r.p
	JOIN dbinsight._sample_table(_sample_lineage_reads.seed, _sample_lineage_reads.scale) t ON t.sensitive_rank = r.rank
	WHERE r.event_time < dbinsight.now()
	ORDER BY r.event_time, r.n;
END;
COMMENT ON FUNCTION dbinsight._sample_lineage_reads(int, int, numeric) IS 'Reads of tables in the sample account';

CREATE FUNCTION dbinsight._sample_lineage(days int, seed int, scale numeric) RETURNS void
	LANGUAGE sql BEGIN ATOMIC
	SELECT dbinsight._sample_lineage_writes(_sample_lineage.days, _sample_lineage.seed, _sample_lineage.scale);
	SELECT dbinsight._sample_lineage_reads(_sample_lineage.days, _sample_lineage.seed, _sample_lineage.scale);
END;
COMMENT ON FUNCTION dbinsight._sample_lineage(int, int, numeric) IS 'Lineage of the sample account';
