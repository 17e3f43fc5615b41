/*
 * Who and what is in the sample account. The first of each kind have names
 * and parts in what is planted; the rest are made up. Positions (n) start at 0.
 */
CREATE FUNCTION dbinsight._sample_workspace()
	RETURNS TABLE (n int, workspace_id text, workspace_name text)
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE ROWS 4
BEGIN ATOMIC
	SELECT * FROM (VALUES (0, '3120498871250011', 'production'), (1, '3120498871250012', 'analytics'),
		(2, '3120498871250013', 'ml-platform'), (3, '3120498871250014', 'development')) w(n, workspace_id, workspace_name);
END;
COMMENT ON FUNCTION dbinsight._sample_workspace() IS 'Workspaces of the sample account';

/* A fifth are service principals: every other one known by its application id. */
CREATE FUNCTION dbinsight._sample_principal(seed int, scale numeric)
	RETURNS TABLE (n int, principal text, is_human boolean, workspace_id text, team text, address text, home text)
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE ROWS 60
BEGIN ATOMIC
	SELECT p.n,
		CASE WHEN p.n % 5 <> 4 THEN coalesce((ARRAY['user', 'dana.wright', 'tom.becker', 'nina.kowalski', NULL,
				'priya.nair', 'liam.olsen', 'sofia.rossi', 'omar.haddad', NULL, 'grace.kim', 'ivan.petrov', 'lucia.mendez', 'noah.fischer'])[p.n + 1],
				(ARRAY['alice', 'ben', 'carla', 'david', 'elena', 'felix', 'gina', 'hugo', 'iris', 'jonas', 'karin', 'leo', 'maya', 'nils', 'olga', 'pablo'])[1 + p.n % 16]
				|| '.' || (ARRAY['adams', 'brandt', 'costa', 'dubois', 'evans', 'ferrari', 'garcia', 'hansen', 'ito', 'jensen', 'keller', 'lopez', 'moreau'])[1 + p.n % 13]
				|| CASE WHEN p.n >= 208 THEN (p.n / 208)::text ELSE '' END) || '@company.com'
			WHEN p.n % 10 = 4 THEN 'svc-' || (ARRAY['etl', 'ml', 'bi', 'ci', 'ingest', 'governance'])[1 + (p.n / 10) % 6] || CASE WHEN p.n >= 60 THEN '-' || p.n / 60 ELSE '' END
			ELSE dbinsight._random_uuid(_sample_principal.seed, 10, p.n) END,
		p.n % 5 <> 4, w.workspace_id,
		(ARRAY['data-engineering', 'analytics', 'data-science', 'finance', 'platform', 'marketing'])[1 + p.n % 6],
		CASE WHEN p.n % 5 = 4 THEN '10.20.200.' || 10 + p.n % 240
			ELSE (ARRAY['52.18.44.10', '3.120.77.21', '34.201.8.5'])[1 + p.n % 3] END,
		'86.' || 13 + p.n % 40 || '.' || 1 + (p.n * 7) % 250 || '.' || 1 + (p.n * 13) % 250
	FROM generate_series(0, dbinsight._sample_count(60, 15, _sample_principal.scale) - 1) p(n)
	JOIN dbinsight._sample_workspace() w ON w.n = CASE WHEN p.n % 5 = 4 THEN (p.n / 5) % 4 ELSE (ARRAY[0, 1, 1, 2, 0, 3, 0])[1 + p.n % 7] END;
END;
COMMENT ON FUNCTION dbinsight._sample_principal(int, numeric) IS 'People and service principals of the sample account';

/* All-purpose clusters of people, and the compute of jobs, which keeps its id from run to run. */
CREATE FUNCTION dbinsight._sample_cluster(seed int, scale numeric)
	RETURNS TABLE (n int, cluster_id text, cluster_name text, workspace_id text, is_job boolean, node_type text, workers int,
		autoscale boolean, dbr_version text, owner text, in_workspace bigint, of_workspace bigint)
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE ROWS 25
BEGIN ATOMIC
	SELECT c.n, lpad((1 + c.n % 12)::text, 2, '0') || lpad((1 + c.n % 28)::text, 2, '0') || '-' || 101500 + c.n % 40 || '-' || dbinsight._random_hex(_sample_cluster.seed, 20, c.n, 8),
		coalesce((ARRAY['adhoc-research', 'sandbox-experiments', 'shared-analytics', 'streaming-ingest', 'gpu-training', 'nightly-etl'])[c.n + 1],
			CASE WHEN c.is_job THEN 'job-compute-' ELSE 'team-' || (ARRAY['finance', 'growth', 'risk', 'supply', 'search'])[1 + c.n % 5] || '-' END || c.n),
		w.workspace_id, c.is_job,
		CASE WHEN c.n = 4 THEN 'p4d.24xlarge' ELSE (ARRAY['i3.xlarge', 'm5.xlarge', 'r5.2xlarge', 'm5.2xlarge'])[1 + c.n % 4] END,
		CASE WHEN c.n IN (0, 3) THEN 2 ELSE 1 + c.n % 2 END, c.n % 3 = 0 AND c.n > 3,
		CASE WHEN c.n = 7 THEN '10.4.x-scala2.12' ELSE (ARRAY['15.4.x-scala2.12', '14.3.x-scala2.12', '16.2.x-scala2.12', '13.3.x-scala2.12'])[1 + c.n % 4] END,
		p.principal,
		row_number() OVER (PARTITION BY w.workspace_id, c.is_job ORDER BY c.n) - 1, count(*) OVER (PARTITION BY w.workspace_id, c.is_job)
	FROM (SELECT s AS n, s >= 4 AND s % 2 = 1 OR s = 4 AS is_job FROM generate_series(0, dbinsight._sample_count(25, 14, _sample_cluster.scale) - 1) s) c
	JOIN dbinsight._sample_workspace() w ON w.n = CASE WHEN c.n < 6 THEN (ARRAY[1, 3, 1, 0, 2, 0])[c.n + 1]
		WHEN c.is_job THEN (c.n - 5) / 2 % 4 ELSE (ARRAY[1, 0, 2, 3])[1 + c.n / 2 % 4] END
	JOIN dbinsight._sample_principal(_sample_cluster.seed, _sample_cluster.scale) p
		ON p.n = (ARRAY[6, 11, 5, 7])[1 + c.n % 4];
END;
COMMENT ON FUNCTION dbinsight._sample_cluster(int, numeric) IS 'Classic compute of the sample account';

CREATE FUNCTION dbinsight._sample_warehouse(seed int, scale numeric)
	RETURNS TABLE (n int, warehouse_id text, warehouse_name text, workspace_id text, warehouse_type text, warehouse_size text,
		max_clusters int, auto_stop_minutes int, always_on boolean, dbu_per_hour int, owner text)
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE ROWS 8
BEGIN ATOMIC
	SELECT h.n, dbinsight._random_hex(_sample_warehouse.seed, 30, h.n, 16),
		coalesce((ARRAY['bi-reporting', 'analytics-shared', 'etl-sql', 'data-science', 'finance-reports', 'dev-sql', 'exec-dashboards', 'adhoc-sql'])[h.n + 1], 'team-sql-' || h.n),
		w.workspace_id, CASE WHEN h.n % 4 = 3 THEN 'PRO' ELSE 'SERVERLESS' END,
		(ARRAY['MEDIUM', 'SMALL', 'LARGE', 'X_SMALL'])[1 + h.n % 4], CASE WHEN h.n = 1 THEN 1 ELSE 1 + h.n % 3 END,
		(ARRAY[10, 10, 15, 45])[1 + h.n % 4], h.n % 8 = 2, (ARRAY[24, 12, 20, 6])[1 + h.n % 4], p.principal
	FROM generate_series(0, dbinsight._sample_count(8, 6, _sample_warehouse.scale) - 1) h(n)
	JOIN dbinsight._sample_workspace() w ON w.n = (ARRAY[0, 1, 0, 2, 1, 3, 0, 1])[1 + h.n % 8]
	JOIN dbinsight._sample_principal(_sample_warehouse.seed, _sample_warehouse.scale) p ON p.n = (ARRAY[6, 5, 11, 7])[1 + h.n % 4];
END;
COMMENT ON FUNCTION dbinsight._sample_warehouse(int, numeric) IS 'SQL warehouses of the sample account';

/*
 * Jobs: how often they run, how long, how many tasks, on what. compute is
 * serverless, classic (own job compute) or shared (an all-purpose cluster).
 * dbu_per_hour is what the whole run burns.
 */
CREATE FUNCTION dbinsight._sample_job(seed int, scale numeric)
	RETURNS TABLE (n int, job_id text, job_name text, workspace_id text, runs_a_day int, first_minute int, median_s float8, tasks int,
		compute text, cluster_id text, dbu_per_hour numeric, owner text, team text, weekdays_only boolean)
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE ROWS 40
BEGIN ATOMIC
	SELECT j.n, j.job_id, j.job_name, w.workspace_id, j.runs_a_day, j.first_minute, j.median_s,
		CASE j.runs_a_day WHEN 48 THEN 2 WHEN 1 THEN CASE WHEN j.n = 1 THEN 3 ELSE 6 END ELSE 3 END,
		j.compute, c.cluster_id, j.dbu_per_hour, p.principal, p.team,
		j.n >= 12 AND j.runs_a_day = 1 AND j.n % 3 = 0
	FROM (
		SELECT s.n, (100000000000000 + floor(dbinsight._random(_sample_job.seed, 40, s.n) * 9e14)::bigint)::text AS job_id,
			coalesce(k.job_name, (ARRAY['orders', 'customers', 'payments', 'inventory', 'clickstream', 'finance', 'marketing', 'logistics', 'support', 'pricing'])[1 + s.n % 10]
				|| '_' || (ARRAY['ingest', 'merge', 'aggregate', 'export', 'snapshot', 'quality_checks', 'backfill'])[1 + s.n / 10 % 7]
				|| CASE WHEN s.n >= 70 THEN '_' || s.n / 70 ELSE '' END) AS job_name,
			coalesce(k.workspace, (ARRAY[0, 0, 1, 3, 0, 1, 2, 0, 3, 1])[1 + dbinsight._pick(_sample_job.seed, 41, s.n, 10)]) AS workspace,
			coalesce(k.runs_a_day, (ARRAY[48, 24, 24, 4, 4, 4, 1, 1, 1, 1])[1 + s.n % 10]) AS runs_a_day,
			coalesce(k.first_minute, dbinsight._pick(_sample_job.seed, 42, s.n, 1440)) AS first_minute,
			coalesce(k.median_s, CASE (ARRAY[48, 24, 24, 4, 4, 4, 1, 1, 1, 1])[1 + s.n % 10] WHEN 48 THEN 240 WHEN 24 THEN 480 WHEN 4 THEN 1200 ELSE 2700 END
				* (0.6 + 1.2 * dbinsight._random(_sample_job.seed, 43, s.n))) AS median_s,
			coalesce(k.compute, CASE WHEN s.n % 13 = 6 THEN 'shared' WHEN s.n % 10 = 0 OR s.n % 3 = 1 THEN 'serverless' ELSE 'classic' END) AS compute,
			coalesce(k.dbu_per_hour, 4 + dbinsight._pick(_sample_job.seed, 44, s.n, 20)) AS dbu_per_hour
		FROM generate_series(0, dbinsight._sample_count(40, 14, _sample_job.scale) - 1) s(n)
		LEFT JOIN (VALUES
			(0, 'nightly_etl', 0, 1, 120, 3000, 'classic', 40),
			(1, 'gpu_model_training', 2, 1, 960, 6600, 'classic', 120),
			(2, 'customer_360_refresh', 0, 1, 300, 1200, 'classic', 16),
			(3, 'revenue_daily_close', 0, 1, 510, 2400, 'classic', 20),
			(4, 'orders_hourly_merge', 0, 24, 10, 700, 'classic', 12),
			(5, 'inventory_sync', 1, 48, 3, 300, 'serverless', 8),
			(6, 'ad_hoc_reporting', 1, 4, 75, 1500, 'shared', 0),
			(7, 'feature_refresh', 2, 24, 20, 500, 'serverless', 8),
			(8, 'churn_model_training', 2, 1, 1290, 4200, 'serverless', 24),
			(9, 'fraud_feature_backfill', 2, 4, 45, 1800, 'serverless', 16),
			(10, 'dashboard_extracts', 1, 48, 7, 260, 'serverless', 8),
			(11, 'integration_tests', 3, 48, 14, 280, 'serverless', 6))
			k(n, job_name, workspace, runs_a_day, first_minute, median_s, compute, dbu_per_hour) USING (n)
	) j
	JOIN dbinsight._sample_workspace() w ON w.n = j.workspace
	JOIN dbinsight._sample_principal(_sample_job.seed, _sample_job.scale) p
		ON p.n = CASE j.n WHEN 5 THEN 11 WHEN 6 THEN 6 WHEN 11 THEN 12 ELSE 4 + 5 * (j.n % 3) END
	LEFT JOIN dbinsight._sample_cluster(_sample_job.seed, _sample_job.scale) c
		ON c.workspace_id = w.workspace_id AND (j.compute = 'classic' AND c.is_job AND c.in_workspace = CASE WHEN j.n < 2 THEN 0 ELSE j.n % c.of_workspace END
			OR j.compute = 'shared' AND NOT c.is_job AND c.in_workspace = 1 % c.of_workspace);
END;
COMMENT ON FUNCTION dbinsight._sample_job(int, numeric) IS 'Jobs of the sample account';

CREATE FUNCTION dbinsight._sample_pipeline(seed int, scale numeric)
	RETURNS TABLE (n int, pipeline_id text, pipeline_name text, workspace_id text, owner text, dataset text)
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE ROWS 6
BEGIN ATOMIC
	SELECT p.n, dbinsight._random_uuid(_sample_pipeline.seed, 50, p.n),
		(ARRAY['orders', 'customers', 'payments', 'inventory', 'clickstream', 'returns'])[1 + p.n % 6] || '_pipeline' || CASE WHEN p.n >= 6 THEN '_' || p.n / 6 ELSE '' END,
		w.workspace_id, s.principal,
		'main.silver.' || (ARRAY['orders', 'customers', 'payments', 'inventory', 'clickstream', 'returns'])[1 + p.n % 6] || CASE WHEN p.n >= 6 THEN '_' || p.n / 6 ELSE '' END
	FROM generate_series(0, dbinsight._sample_count(6, 6, _sample_pipeline.scale) - 1) p(n)
	JOIN dbinsight._sample_workspace() w ON w.n = (ARRAY[0, 0, 0, 1, 0, 3])[1 + p.n % 6]
	JOIN dbinsight._sample_principal(_sample_pipeline.seed, _sample_pipeline.scale) s ON s.n = 4 + 5 * (p.n % 3);
END;
COMMENT ON FUNCTION dbinsight._sample_pipeline(int, numeric) IS 'Pipelines of the sample account, each with the silver table it keeps';

/* logs says whether the endpoint has an inference table: what it answers is a label or a value. */
CREATE FUNCTION dbinsight._sample_endpoint(seed int, scale numeric)
	RETURNS TABLE (n int, endpoint_id text, endpoint_name text, workspace_id text, served_entity_id text, entity_name text, entity_type text,
		logs text, requests_a_day int, latency_ms float8)
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE ROWS 6
BEGIN ATOMIC
	SELECT e.n, dbinsight._random_hex(_sample_endpoint.seed, 60, e.n, 32),
		(ARRAY['fraud-scoring', 'churn-predictor', 'demand-forecast', 'support-chat', 'doc-embeddings', 'recommender'])[1 + e.n % 6] || CASE WHEN e.n >= 6 THEN '-' || e.n / 6 ELSE '' END,
		w.workspace_id, dbinsight._random_hex(_sample_endpoint.seed, 61, e.n, 32),
		(ARRAY['ml.models.fraud_model', 'ml.models.churn_model', 'ml.models.demand_model', 'system.ai.llama_v3', 'system.ai.bge_large_en', 'ml.models.recommender'])[1 + e.n % 6]
			|| CASE WHEN e.n >= 6 THEN '_' || e.n / 6 ELSE '' END,
		CASE WHEN e.n % 6 IN (3, 4) THEN 'FOUNDATION_MODEL' ELSE 'CUSTOM_MODEL' END,
		(ARRAY['label', 'label', 'value', NULL, NULL, 'value'])[1 + e.n % 6],
		(ARRAY[190, 160, 120, 70, 70, 120])[1 + e.n % 6], (ARRAY[45, 60, 120, 900, 80, 150])[1 + e.n % 6]
	FROM generate_series(0, dbinsight._sample_count(6, 6, _sample_endpoint.scale) - 1) e(n)
	JOIN dbinsight._sample_workspace() w ON w.n = (ARRAY[0, 2, 2, 0, 2, 0])[1 + e.n % 6];
END;
COMMENT ON FUNCTION dbinsight._sample_endpoint(int, numeric) IS 'Serving endpoints of the sample account';

/*
 * Tables: eighteen with names, then chains of six about one subject, each
 * written from the one before it, the last a scratch table nobody touches.
 * read_rank numbers the tables everybody reads, sensitive_rank the sensitive ones.
 */
CREATE FUNCTION dbinsight._sample_table(seed int, scale numeric)
	RETURNS TABLE (n int, catalog_name text, schema_name text, table_name text, full_name text, layer text, upstream int, upstream2 int,
		writer int, sensitive boolean, read_rank bigint, sensitive_rank bigint)
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE ROWS 300
BEGIN ATOMIC
	SELECT t.n, split_part(t.full_name, '.', 1), split_part(t.full_name, '.', 2), split_part(t.full_name, '.', 3), t.full_name, t.layer, t.upstream, t.upstream2,
		CASE WHEN t.layer <> 'scratch' THEN coalesce(t.writer, 12 + dbinsight._pick(_sample_table.seed, 70, t.n, dbinsight._sample_count(40, 14, _sample_table.scale) - 12)) END,
		t.sensitive,
		CASE WHEN NOT t.sensitive AND t.layer <> 'scratch' THEN row_number() OVER (PARTITION BY NOT t.sensitive AND t.layer <> 'scratch' ORDER BY t.n) - 1 END,
		CASE WHEN t.sensitive THEN row_number() OVER (PARTITION BY t.sensitive ORDER BY t.n) - 1 END
	FROM (
		SELECT * FROM (VALUES
			(0, 'main.bronze.usage_raw', 'bronze', NULL, NULL, 0, false),
			(1, 'main.silver.usage_clean', 'silver', 0, NULL, 0, false),
			(2, 'main.gold.fact_usage', 'gold', 1, 3, 0, false),
			(3, 'main.silver.price_list', 'silver', NULL, NULL, 0, false),
			(4, 'analytics.marts.cost_by_team', 'mart', 2, NULL, 10, false),
			(5, 'analytics.marts.daily_spend', 'mart', 2, NULL, 10, false),
			(6, 'main.bronze.customers_raw', 'bronze', NULL, NULL, 0, false),
			(7, 'main.silver.customers', 'silver', 6, NULL, 0, false),
			(8, 'main.gold.customer_pii', 'gold', 7, NULL, 0, true),
			(9, 'main.gold.customer_360', 'gold', 7, 12, 2, false),
			(10, 'main.gold.customer_transactions', 'gold', 11, NULL, 4, false),
			(11, 'main.silver.orders', 'silver', 14, NULL, 4, false),
			(12, 'main.silver.clickstream', 'silver', 15, NULL, 0, false),
			(13, 'analytics.marts.customer_ltv', 'mart', 9, 10, 10, false),
			(14, 'main.bronze.orders_raw', 'bronze', NULL, NULL, 4, false),
			(15, 'main.bronze.clickstream_raw', 'bronze', NULL, NULL, 0, false),
			(16, 'hr.core.employee_salary', 'gold', NULL, NULL, 0, true),
			(17, 'hr.core.employee_ssn', 'gold', NULL, NULL, 0, true)) f(n, full_name, layer, upstream, upstream2, writer, sensitive)
		UNION ALL
		SELECT c.n, replace((ARRAY['main.bronze.%_raw', CASE WHEN c.chain % 3 = 2 THEN 'main.silver.%_pii' ELSE 'main.silver.%' END, 'main.gold.fact_%', 'main.gold.agg_%_daily',
				'analytics.marts.%_kpi', 'analytics.sandbox.tmp_%'])[1 + c.place], '%', c.subject),
			(ARRAY['bronze', 'silver', 'gold', 'gold', 'mart', 'scratch'])[1 + c.place],
			CASE WHEN c.place BETWEEN 1 AND 4 THEN c.n - 1 END, NULL, NULL, c.place = 1 AND c.chain % 3 = 2
		FROM (
			SELECT s AS n, (s - 18) / 6 AS chain, (s - 18) % 6 AS place,
				(ARRAY['payments', 'inventory', 'shipments', 'returns', 'campaigns', 'sessions', 'tickets', 'invoices', 'suppliers', 'subscriptions', 'devices', 'surveys'])[1 + (s - 18) / 6 % 12]
				|| CASE WHEN s >= 90 THEN '_' || (s - 18) / 72 ELSE '' END AS subject
			FROM generate_series(18, dbinsight._sample_count(300, 210, _sample_table.scale) - 1) s
		) c
	) t;
END;
COMMENT ON FUNCTION dbinsight._sample_table(int, numeric) IS 'Tables of the sample account and what they are made of';
