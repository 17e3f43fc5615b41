/*
 * Definitions: workspaces, compute, jobs, pipelines, endpoints, prices. Some
 * have an earlier version, so that a question about the past differs.
 */
CREATE FUNCTION dbinsight._sample_tags(team text, project text, workspace_id text, missing int) RETURNS jsonb
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE missing
		WHEN 0 THEN jsonb_build_object('team', team)
		WHEN 1 THEN jsonb_build_object('team', team, 'project', project, 'environment', CASE right(workspace_id, 1) WHEN '4' THEN 'dev' ELSE 'prod' END)
		ELSE jsonb_build_object('team', team, 'project', project, 'environment', CASE right(workspace_id, 1) WHEN '4' THEN 'dev' ELSE 'prod' END,
			'cost_center', 'cc-' || 1000 + ascii(team) * 7 + length(team)) END;
COMMENT ON FUNCTION dbinsight._sample_tags(text, text, text, int) IS 'Tags of a resource; 0 and 1 in the last argument leave some out';

CREATE FUNCTION dbinsight._sample_dimensions(days int, seed int, scale numeric) RETURNS void
	LANGUAGE sql BEGIN ATOMIC
	INSERT INTO dbinsight.dim_workspace (account_id, workspace_id, workspace_name, workspace_url, create_time, status)
	SELECT 'sample', workspace_id, workspace_name, 'https://' || workspace_name || '.cloud.example.com', timestamptz '2023-02-01 09:00:00+00', 'RUNNING'
	FROM dbinsight._sample_workspace();

	INSERT INTO dbinsight.dim_node_type (account_id, node_type, core_count, memory_mb, gpu_count)
	VALUES ('sample', 'i3.xlarge', 4, 31232, 0), ('sample', 'm5.xlarge', 4, 16384, 0), ('sample', 'm5.2xlarge', 8, 32768, 0),
		('sample', 'r5.2xlarge', 8, 65536, 0), ('sample', 'p4d.24xlarge', 96, 1179648, 8)
	ON CONFLICT DO NOTHING;

	INSERT INTO dbinsight.dim_cluster (account_id, workspace_id, cluster_id, cluster_name, owned_by, create_time, driver_node_type, worker_node_type,
		worker_count, min_autoscale_workers, max_autoscale_workers, auto_termination_minutes, cluster_source, dbr_version, data_security_mode, tags,
		change_time, valid_to, is_current)
	SELECT 'sample', c.workspace_id, c.cluster_id, c.cluster_name, c.owner, v.first, c.node_type, c.node_type,
		CASE WHEN NOT c.autoscale THEN c.workers END, CASE WHEN c.autoscale THEN 1 END, CASE WHEN c.autoscale THEN 2 * c.workers + 1 END,
		CASE WHEN c.n IN (0, 3) THEN 0 WHEN v.version = 1 THEN 120 ELSE 60 END, CASE WHEN c.is_job THEN 'JOB' ELSE 'UI' END,
		CASE WHEN v.version = 1 AND c.n <> 7 THEN '13.3.x-scala2.12' ELSE c.dbr_version END,
		CASE WHEN c.n = 8 THEN 'NONE' WHEN c.is_job OR c.n % 2 = 0 THEN 'SINGLE_USER' ELSE 'USER_ISOLATION' END,
		CASE WHEN c.n <> 1 THEN dbinsight._sample_tags((ARRAY['data-engineering', 'analytics', 'platform'])[1 + c.n % 3], 'lakehouse', c.workspace_id, c.n % 9) ELSE '{}' END,
		v.change_time, v.valid_to, v.version = 2
	FROM dbinsight._sample_cluster(_sample_dimensions.seed, _sample_dimensions.scale) c CROSS JOIN dbinsight._sample_plan() p
	CROSS JOIN LATERAL (SELECT p.today - interval '1 day' * (_sample_dimensions.days + 60 + c.n) AS first) f
	CROSS JOIN LATERAL (VALUES (1, f.first, f.first, p.today - interval '18 days'), (2, f.first, CASE WHEN c.n % 5 = 2 THEN p.today - interval '18 days' ELSE f.first END, 'infinity'))
		v(version, first, change_time, valid_to)
	WHERE v.version = 2 OR c.n % 5 = 2;

	INSERT INTO dbinsight.dim_warehouse (account_id, workspace_id, warehouse_id, warehouse_name, warehouse_type, warehouse_size, warehouse_channel,
		min_clusters, max_clusters, auto_stop_minutes, created_by, tags, change_time)
	SELECT 'sample', w.workspace_id, w.warehouse_id, w.warehouse_name, w.warehouse_type, w.warehouse_size, 'CURRENT', 1, w.max_clusters, w.auto_stop_minutes, w.owner,
		dbinsight._sample_tags((ARRAY['analytics', 'finance', 'data-engineering'])[1 + w.n % 3], 'reporting', w.workspace_id, w.n % 8),
		p.today - interval '1 day' * (_sample_dimensions.days + 50 + w.n)
	FROM dbinsight._sample_warehouse(_sample_dimensions.seed, _sample_dimensions.scale) w CROSS JOIN dbinsight._sample_plan() p;

	INSERT INTO dbinsight.dim_job (account_id, workspace_id, job_id, job_name, creator_id, tags, run_as_id, run_as_user_name, creator_user_name, trigger,
		trigger_type, paused, timeout_seconds, create_time, change_time, valid_to, is_current)
	SELECT 'sample', j.workspace_id, j.job_id, j.job_name, (7000000 + j.n)::text, dbinsight._sample_tags(j.team, j.job_name, j.workspace_id, j.n % 8),
		(8000000 + j.n)::text, j.owner, j.owner,
		jsonb_build_object('schedule', jsonb_build_object('quartz_cron_expression', CASE j.runs_a_day WHEN 1 THEN format('0 %s %s * * ?', j.first_minute % 60, j.first_minute / 60)
			WHEN 4 THEN format('0 %s 0/6 * * ?', j.first_minute % 60) WHEN 24 THEN format('0 %s * * * ?', j.first_minute % 60) ELSE '0 0/30 * * * ?' END, 'timezone_id', 'UTC')),
		CASE WHEN j.n = 11 THEN 'MANUAL' WHEN j.n % 9 = 7 THEN 'FILE_ARRIVAL' ELSE 'CRON' END, false, 0, f.first, v.change_time, v.valid_to, v.version = 2
	FROM dbinsight._sample_job(_sample_dimensions.seed, _sample_dimensions.scale) j CROSS JOIN dbinsight._sample_plan() p
	CROSS JOIN LATERAL (SELECT p.today - interval '1 day' * (_sample_dimensions.days + 30 + j.n) AS first) f
	CROSS JOIN LATERAL (VALUES (1, f.first, p.today - interval '11 days'), (2, CASE WHEN j.n % 6 = 1 THEN p.today - interval '11 days' ELSE f.first END, 'infinity'))
		v(version, change_time, valid_to)
	WHERE v.version = 2 OR j.n % 6 = 1;

	INSERT INTO dbinsight.dim_job_task (account_id, workspace_id, job_id, task_key, depends_on, timeout_seconds, change_time)
	SELECT 'sample', j.workspace_id, j.job_id, t.task_key, t.depends_on, 0, p.today - interval '1 day' * (_sample_dimensions.days + 30 + j.n)
	FROM dbinsight._sample_job(_sample_dimensions.seed, _sample_dimensions.scale) j
	JOIN dbinsight._sample_task(_sample_dimensions.seed, _sample_dimensions.scale) t ON t.job = j.n CROSS JOIN dbinsight._sample_plan() p;

	INSERT INTO dbinsight.dim_pipeline (account_id, workspace_id, pipeline_id, pipeline_type, pipeline_name, created_by, run_as, tags, settings, create_time, change_time)
	SELECT 'sample', l.workspace_id, l.pipeline_id, 'ETL_PIPELINE', l.pipeline_name, l.owner, l.owner, dbinsight._sample_tags('data-engineering', l.pipeline_name, l.workspace_id, 2),
		'{"photon": true, "serverless": true, "continuous": false, "development": false, "edition": "ADVANCED", "channel": "CURRENT"}',
		p.today - interval '1 day' * (_sample_dimensions.days + 40), p.today - interval '1 day' * (_sample_dimensions.days + 40)
	FROM dbinsight._sample_pipeline(_sample_dimensions.seed, _sample_dimensions.scale) l CROSS JOIN dbinsight._sample_plan() p;

	INSERT INTO dbinsight.dim_served_entities (account_id, workspace_id, served_entity_id, created_by, endpoint_name, endpoint_id, served_entity_name, entity_type,
		entity_name, entity_version, endpoint_config_version, task, change_time)
	SELECT 'sample', e.workspace_id, e.served_entity_id, 'svc-ml', e.endpoint_name, e.endpoint_id, e.endpoint_name || '-entity', e.entity_type, e.entity_name,
		CASE WHEN e.logs IS NOT NULL THEN (3 + e.n % 6)::text END, 2, CASE e.n % 6 WHEN 3 THEN 'llm/v1/chat' WHEN 4 THEN 'llm/v1/embeddings' END,
		p.today - interval '1 day' * (_sample_dimensions.days + 20)
	FROM dbinsight._sample_endpoint(_sample_dimensions.seed, _sample_dimensions.scale) e CROSS JOIN dbinsight._sample_plan() p;

	-- The price of serverless SQL rose 35 days ago.
	INSERT INTO dbinsight.fact_list_prices (account_id, sku_name, cloud, usage_unit, currency_code, price_start_time, price_end_time, price_default, price_effective)
	SELECT 'sample', s.sku, 'AWS', s.unit, 'USD', v.since, v.until, v.price, v.price
	FROM (VALUES
		('PREMIUM_JOBS_COMPUTE', 'DBU', 0.15, 0.15), ('PREMIUM_JOBS_COMPUTE_(PHOTON)', 'DBU', 0.15, 0.15),
		('PREMIUM_JOBS_SERVERLESS_COMPUTE_US_EAST_N_VIRGINIA', 'DBU', 0.35, 0.35), ('PREMIUM_ALL_PURPOSE_COMPUTE', 'DBU', 0.55, 0.55),
		('PREMIUM_ALL_PURPOSE_COMPUTE_(PHOTON)', 'DBU', 0.55, 0.55), ('PREMIUM_ALL_PURPOSE_SERVERLESS_COMPUTE_US_EAST_N_VIRGINIA', 'DBU', 0.75, 0.75),
		('PREMIUM_SERVERLESS_SQL_COMPUTE_US_EAST_N_VIRGINIA', 'DBU', 0.65, 0.70), ('PREMIUM_SQL_PRO_COMPUTE_US_EAST_N_VIRGINIA', 'DBU', 0.55, 0.55),
		('PREMIUM_DLT_ADVANCED_COMPUTE', 'DBU', 0.36, 0.36), ('PREMIUM_DLT_SERVERLESS_COMPUTE_US_EAST_N_VIRGINIA', 'DBU', 0.45, 0.45),
		('PREMIUM_SERVERLESS_REAL_TIME_INFERENCE_US_EAST_N_VIRGINIA', 'DBU', 0.07, 0.07), ('PREMIUM_DATABRICKS_STORAGE_US_EAST_N_VIRGINIA', 'DSU', 0.023, 0.023),
		('PREMIUM_INTERNET_EGRESS_US_EAST_N_VIRGINIA', 'GB', 0.09, 0.09), ('PREMIUM_DATABASE_SERVERLESS_COMPUTE_US_EAST_N_VIRGINIA', 'DBU', 0.52, 0.52)) s(sku, unit, before, after)
	CROSS JOIN dbinsight._sample_plan() p
	CROSS JOIN LATERAL (VALUES (timestamptz '2022-01-01 00:00:00+00', CASE WHEN s.before <> s.after THEN p.today - interval '35 days' END, s.before),
		(p.today - interval '35 days', NULL, s.after)) v(since, until, price)
	WHERE s.before <> s.after OR v.until IS NULL AND v.since < timestamptz '2022-01-02 00:00:00+00'
	ON CONFLICT DO NOTHING;
END;
COMMENT ON FUNCTION dbinsight._sample_dimensions(int, int, numeric) IS 'Definitions of the sample account';
