/* Monitoring, profiles, maintenance of tables. Comes after the lineage: a table's last commit is its last write. */
CREATE FUNCTION dbinsight._sample_quality(days int, seed int, scale numeric) RETURNS void
	LANGUAGE sql BEGIN ATOMIC
	INSERT INTO dbinsight.fact_dq_monitoring (event_time, catalog_name, schema_name, table_name, catalog_id, schema_id, table_id, status, freshness_status,
		commit_last_value, commit_predicted_value, completeness_status, total_row_count, total_row_count_min_pred, total_row_count_max_pred,
		daily_row_count, daily_row_count_min_pred, daily_row_count_max_pred, impact_level, num_downstream_tables, num_queries_on_affected_tables, upstream_jobs, extra)
	SELECT e.event_time, t.catalog_name, t.schema_name, t.table_name, 'c-' || t.catalog_name, 's-' || t.schema_name, dbinsight._random_uuid(_sample_quality.seed, 580, t.n),
		CASE WHEN 'UNHEALTHY' IN (f.freshness, c.completeness) THEN 'UNHEALTHY' WHEN f.freshness = 'UNKNOWN' THEN 'UNKNOWN' ELSE 'HEALTHY' END,
		f.freshness, l.last_write, l.last_write + interval '1 day', c.completeness,
		r.base * (400 - d.age), r.base * (390 - d.age), r.base * (410 - d.age), r.daily, r.low, r.high,
		CASE WHEN 'UNHEALTHY' IN (f.freshness, c.completeness) THEN 1 + t.n % 4 ELSE 0 END, CASE t.layer WHEN 'bronze' THEN 4 WHEN 'silver' THEN 3 WHEN 'gold' THEN 2 ELSE 0 END, 10 + t.n % 40,
		CASE WHEN f.freshness = 'UNHEALTHY' THEN jsonb_build_array(jsonb_build_object('job_id', j.job_id, 'workspace_id', j.workspace_id, 'job_name', j.job_name, 'last_run_status', 'FAILED')) END,
		'{"account_id": "sample"}'
	FROM dbinsight._sample_table(_sample_quality.seed, _sample_quality.scale) t
	JOIN dbinsight._sample_job(_sample_quality.seed, _sample_quality.scale) j ON j.n = t.writer
	CROSS JOIN dbinsight._sample_day(_sample_quality.days, _sample_quality.seed) d
	CROSS JOIN LATERAL (SELECT d.midnight + interval '6 hours' + interval '1 second' * (t.n % 3000) AS event_time) e
	CROSS JOIN LATERAL (SELECT (SELECT w.event_time FROM dbinsight.fact_table_lineage w
		WHERE w.target_table_full_name = t.full_name AND w.event_time <= e.event_time AND w.event_time >= e.event_time - interval '14 days' ORDER BY w.event_time DESC LIMIT 1) AS last_write OFFSET 0) l
	CROSS JOIN LATERAL (SELECT CASE WHEN l.last_write IS NULL THEN 'UNKNOWN' WHEN l.last_write < e.event_time - interval '76 hours' THEN 'UNHEALTHY' ELSE 'HEALTHY' END AS freshness) f
	CROSS JOIN LATERAL (SELECT b.base, floor(b.base * 0.75)::bigint AS low, floor(b.base * 1.3)::bigint AS high,
		-- Planted: since yesterday a third of the clickstream arrives.
		CASE WHEN t.n = 12 AND d.age <= 1 THEN floor(b.base * 0.25) ELSE floor(b.base * (1 + 0.05 * dbinsight._noise(_sample_quality.seed, 591, t.n * 100000::bigint + d.age))) END::bigint AS daily
		FROM (SELECT floor((20000 + 400000 * dbinsight._random(_sample_quality.seed, 592, t.n)))::bigint AS base) b) r
	CROSS JOIN LATERAL (SELECT CASE WHEN r.daily NOT BETWEEN r.low AND r.high THEN 'UNHEALTHY' ELSE 'HEALTHY' END AS completeness) c
	WHERE e.event_time < dbinsight.now()
	ORDER BY e.event_time, t.n;

	-- Profiles: shares of ten bins. Planted: since yesterday amount of customer_transactions sits half as high again, and a fifth of the customers have no email.
	INSERT INTO dbinsight.fact_column_profile (table_full_name, column_name, profile_date, row_count, null_count, distinct_count, min_value, max_value, mean, stddev, hist_edges, hist_counts, extra)
	SELECT t.full_name, c.name, d.day, r.rows, floor(r.rows * CASE WHEN t.n = 7 AND c.name = 'email' AND d.age <= 1 THEN 0.2 ELSE 0.01 END)::bigint, floor(r.rows * c.distinct_share)::bigint,
		0, 200, CASE WHEN s.shifted THEN 120 ELSE 80 END + r.noise, 33 + r.noise / 4, '{0,20,40,60,80,100,120,140,160,180,200}',
		ARRAY(SELECT floor(h.share * r.rows / 1000)::bigint FROM unnest(CASE WHEN s.shifted THEN '{5,15,40,90,150,200,200,150,100,50}'::int[] ELSE '{30,90,160,220,200,150,90,40,15,5}'::int[] END) WITH ORDINALITY h(share, i) ORDER BY h.i),
		'{"account_id": "sample"}'
	FROM dbinsight._sample_table(_sample_quality.seed, _sample_quality.scale) t
	CROSS JOIN dbinsight._sample_day(_sample_quality.days, _sample_quality.seed) d
	JOIN (VALUES ('amount', 0.4, NULL), ('total', 0.5, NULL), ('id', 1.0, NULL), ('email', 0.9, 7)) c(name, distinct_share, only_table) ON c.only_table IS NULL OR c.only_table = t.n
	CROSS JOIN LATERAL (SELECT t.n = 10 AND c.name = 'amount' AND d.age <= 1 AS shifted) s
	CROSS JOIN LATERAL (SELECT 100000 + 37 * (_sample_quality.days - d.age) + floor(400 * dbinsight._random(_sample_quality.seed, 593, t.n * 100000::bigint + d.age))::bigint AS rows,
		round(dbinsight._noise(_sample_quality.seed, 594, t.n * 100000::bigint + d.age)::numeric, 3) AS noise) r
	WHERE (t.n IN (1, 2, 7, 9, 10, 11, 12) OR t.layer = 'gold' AND t.n % 9 = 3) AND d.midnight + interval '5 hours' < dbinsight.now();

	INSERT INTO dbinsight.fact_predictive_optimization (account_id, workspace_id, start_time, end_time, metastore_name, metastore_id, catalog_name, schema_name, table_name, table_id,
		operation_type, operation_id, operation_status, operation_metrics, usage_unit, usage_quantity)
	SELECT 'sample', '3120498871250011', o.start_time, o.start_time + interval '1 second' * (30 + dbinsight._pick(_sample_quality.seed, 595, x.n, 400)), 'company', '9f2c6c1e-6b1a-4f0e-8a53-1d2f6c0b7e11',
		t.catalog_name, t.schema_name, t.table_name, dbinsight._random_uuid(_sample_quality.seed, 580, t.n),
		(ARRAY['COMPACTION', 'VACUUM', 'ANALYZE', 'CLUSTERING'])[1 + dbinsight._pick(_sample_quality.seed, 596, x.n, 4)], dbinsight._random_uuid(_sample_quality.seed, 597, x.n),
		CASE WHEN dbinsight._random(_sample_quality.seed, 598, x.n) < 0.02 THEN 'FAILED: INTERNAL_ERROR' ELSE 'SUCCESSFUL' END, '{"number_of_compacted_files": "120", "number_of_output_files": "9"}',
		'ESTIMATED_DBU', round((0.02 + dbinsight._random(_sample_quality.seed, 599, x.n))::numeric, 4)
	FROM dbinsight._sample_table(_sample_quality.seed, _sample_quality.scale) t
	CROSS JOIN dbinsight._sample_day(_sample_quality.days, _sample_quality.seed) d
	CROSS JOIN LATERAL (SELECT t.n * 100000::bigint + (d.day - date '2000-01-01') AS n) x
	CROSS JOIN LATERAL (SELECT d.midnight + interval '1 hour' + interval '1 second' * dbinsight._pick(_sample_quality.seed, 600, x.n, 14400) AS start_time) o
	WHERE t.layer <> 'scratch' AND dbinsight._random(_sample_quality.seed, 601, x.n) < 0.2 AND o.start_time < dbinsight.now() - interval '10 minutes'
	ORDER BY o.start_time, x.n;
END;
COMMENT ON FUNCTION dbinsight._sample_quality(int, int, numeric) IS 'Data-quality results, profiles and maintenance of the sample account';
