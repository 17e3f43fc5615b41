/*
 * Billing by day. Account-level usage has workspace_id '0' or NULL in the
 * system table; here it is '(account)', so that keys join and group plainly.
 */
CREATE FUNCTION dbinsight._workspace_key(workspace_id text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN coalesce(nullif(workspace_id, '0'), '(account)');
COMMENT ON FUNCTION dbinsight._workspace_key(text) IS 'The workspace id as the tools show it: (account) for account-level rows';

CREATE TABLE dbinsight.rollup_usage_daily (
	usage_date date NOT NULL,
	workspace_id text NOT NULL,
	sku_name text,
	cloud text,
	billing_origin_product text,
	usage_unit text,
	resource_type text,
	resource_id text,
	owner text,
	owner_type text,
	is_serverless boolean,
	is_tagged boolean NOT NULL,
	list_cost numeric NOT NULL,
	dbu numeric NOT NULL,
	usage_quantity numeric NOT NULL,
	unpriced_quantity numeric NOT NULL,
	records bigint NOT NULL,
	last_usage_time timestamptz,
	resource_name text,
	tags jsonb
);
COMMENT ON TABLE dbinsight.rollup_usage_daily IS
'fact_usage summed by day, workspace, SKU, product, resource, owner and tags, over ORIGINAL, RETRACTION and RESTATEMENT records; sums are not rounded';
COMMENT ON COLUMN dbinsight.rollup_usage_daily.workspace_id IS '(account) for account-level usage';
COMMENT ON COLUMN dbinsight.rollup_usage_daily.list_cost IS 'US dollars at list price; 0 where no price was found';
COMMENT ON COLUMN dbinsight.rollup_usage_daily.dbu IS 'usage_quantity where usage_unit is DBU, else 0';
COMMENT ON COLUMN dbinsight.rollup_usage_daily.unpriced_quantity IS 'usage_quantity of records without a price, in usage_unit';
COMMENT ON COLUMN dbinsight.rollup_usage_daily.resource_name IS 'Name the usage records themselves carry (job, app, endpoint, notebook); dimensions know more';
COMMENT ON COLUMN dbinsight.rollup_usage_daily.tags IS
'All custom tags, not only those of dbinsight.required_tags: changing that setting then needs no new rollup';
CREATE INDEX ON dbinsight.rollup_usage_daily (usage_date);
-- First and last day of a workspace's or a SKU's series.
CREATE INDEX ON dbinsight.rollup_usage_daily (workspace_id, usage_date);
CREATE INDEX ON dbinsight.rollup_usage_daily (sku_name, usage_date);

/* The same without resources: a few dozen rows a day for questions about the account, a workspace or a SKU. */
CREATE TABLE dbinsight.rollup_sku_daily (
	usage_date date NOT NULL,
	workspace_id text NOT NULL,
	sku_name text,
	is_tagged boolean NOT NULL,
	list_cost numeric NOT NULL,
	dbu numeric NOT NULL
);
COMMENT ON TABLE dbinsight.rollup_sku_daily IS 'rollup_usage_daily summed by day, workspace, SKU and whether it is tagged; sums are not rounded';
CREATE INDEX ON dbinsight.rollup_sku_daily (usage_date);

CREATE FUNCTION dbinsight._refresh_usage_daily(since timestamptz, until timestamptz) RETURNS void
	LANGUAGE sql BEGIN ATOMIC
	-- Two loads that touch the same days would otherwise each insert their sums.
	SELECT pg_advisory_xact_lock(hashtextextended('dbinsight.rollup_usage_daily', 0));
	DELETE FROM dbinsight.rollup_usage_daily r
	WHERE r.usage_date BETWEEN (since AT TIME ZONE 'UTC')::date AND (until AT TIME ZONE 'UTC')::date;
	INSERT INTO dbinsight.rollup_usage_daily (usage_date, workspace_id, sku_name, cloud, billing_origin_product, usage_unit,
		resource_type, resource_id, owner, owner_type, is_serverless, is_tagged, tags, list_cost, dbu, usage_quantity,
		unpriced_quantity, records, last_usage_time, resource_name)
	SELECT f.usage_date, dbinsight._workspace_key(f.workspace_id), f.sku_name, f.cloud, f.billing_origin_product, f.usage_unit,
		f.resource_type, f.resource_id, f.owner, f.owner_type, f.is_serverless, f.is_tagged,
		CASE WHEN f.is_tagged AND jsonb_typeof(f.custom_tags) = 'object' THEN f.custom_tags END,
		coalesce(sum(f.list_cost), 0), coalesce(sum(f.usage_quantity) FILTER (WHERE f.usage_unit = 'DBU'), 0),
		coalesce(sum(f.usage_quantity), 0), coalesce(sum(f.usage_quantity) FILTER (WHERE NOT f.price_found), 0),
		count(*), max(f.usage_end_time),
		max(CASE f.resource_type WHEN 'JOB' THEN f.job_name WHEN 'ENDPOINT' THEN f.endpoint_name WHEN 'APP' THEN f.app_name
			WHEN 'NOTEBOOK' THEN f.notebook_path END)
	FROM dbinsight.fact_usage f
	WHERE f.usage_date BETWEEN (since AT TIME ZONE 'UTC')::date AND (until AT TIME ZONE 'UTC')::date
	GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13;
	DELETE FROM dbinsight.rollup_sku_daily r
	WHERE r.usage_date BETWEEN (since AT TIME ZONE 'UTC')::date AND (until AT TIME ZONE 'UTC')::date;
	INSERT INTO dbinsight.rollup_sku_daily (usage_date, workspace_id, sku_name, is_tagged, list_cost, dbu)
	SELECT r.usage_date, r.workspace_id, r.sku_name, r.is_tagged, sum(r.list_cost), sum(r.dbu)
	FROM dbinsight.rollup_usage_daily r
	WHERE r.usage_date BETWEEN (since AT TIME ZONE 'UTC')::date AND (until AT TIME ZONE 'UTC')::date
	GROUP BY r.usage_date, r.workspace_id, r.sku_name, r.is_tagged;
END;
COMMENT ON FUNCTION dbinsight._refresh_usage_daily(timestamptz, timestamptz) IS
'Recomputes rollup_usage_daily and rollup_sku_daily for the days between two times';

/*
 * A job on an all-purpose cluster is billed to the cluster, without a job id.
 * Its share of each usage record is the time its task runs overlap the record,
 * of the record's length or of all the overlaps when they are longer together:
 * the shares of a record never exceed it.
 */
CREATE TABLE dbinsight.job_allpurpose_cost (
	usage_date date NOT NULL,
	workspace_id text,
	job_id text,
	job_run_id text,
	task_run_id text NOT NULL,
	cluster_id text NOT NULL,
	sku_name text,
	cloud text,
	list_cost numeric NOT NULL,
	dbu numeric NOT NULL
);
COMMENT ON TABLE dbinsight.job_allpurpose_cost IS
'Derived: what task runs on all-purpose clusters cost, their share of the cluster''s usage records by overlap in time; a correction keeps its sign';
COMMENT ON COLUMN dbinsight.job_allpurpose_cost.list_cost IS 'US dollars at list price, not rounded';
CREATE INDEX ON dbinsight.job_allpurpose_cost (usage_date);
CREATE INDEX ON dbinsight.job_allpurpose_cost (workspace_id, job_id, usage_date);

CREATE FUNCTION dbinsight._refresh_job_allpurpose_cost(since timestamptz, until timestamptz) RETURNS void
	LANGUAGE sql BEGIN ATOMIC
	SELECT pg_advisory_xact_lock(hashtextextended('dbinsight.job_allpurpose_cost', 0));
	DELETE FROM dbinsight.job_allpurpose_cost c
	WHERE c.usage_date BETWEEN (since AT TIME ZONE 'UTC')::date AND (until AT TIME ZONE 'UTC')::date;
	INSERT INTO dbinsight.job_allpurpose_cost (usage_date, workspace_id, job_id, job_run_id, task_run_id, cluster_id,
		sku_name, cloud, list_cost, dbu)
	WITH record AS (
		SELECT f.record_id, f.usage_date, f.workspace_id, f.cluster_id, f.sku_name, f.cloud, f.usage_start_time AS start_time,
			f.usage_end_time AS end_time, (f.usage_start_time AT TIME ZONE 'UTC')::date AS first_day,
			coalesce(f.list_cost, 0) AS list_cost,
			CASE WHEN f.usage_unit = 'DBU' THEN coalesce(f.usage_quantity, 0) ELSE 0 END AS dbu
		FROM dbinsight.fact_usage f
		WHERE f.usage_date BETWEEN (since AT TIME ZONE 'UTC')::date AND (until AT TIME ZONE 'UTC')::date
			AND f.cluster_id IS NOT NULL AND f.job_id IS NULL AND f.usage_start_time < f.usage_end_time
	), run AS (
		SELECT DISTINCT t.workspace_id, c.cluster_id, t.job_id, t.job_run_id, t.task_run_id, t.start_time,
			t.last_seen_time AS end_time, (t.start_time AT TIME ZONE 'UTC')::date AS first_day
		FROM dbinsight.job_task_run t, unnest(t.compute_ids) c(cluster_id)
		WHERE t.start_time < (SELECT max(record.end_time) FROM record)
			AND t.last_seen_time > (SELECT min(record.start_time) FROM record)
	), record_day AS MATERIALIZED (
		SELECT record.*, record.first_day + n AS day
		FROM record, generate_series(0, (record.end_time AT TIME ZONE 'UTC')::date - record.first_day) n
	), run_day AS MATERIALIZED (
		SELECT run.*, run.first_day + n AS day
		FROM run, generate_series(0, (run.end_time AT TIME ZONE 'UTC')::date - run.first_day) n
	), overlap AS (
		-- Joined by day, so that a long load does not pair every record of a
		-- cluster with every run; a pair meets on the later of its first days.
		-- Materialized above, for else the days would be made after the join.
		SELECT r.*, t.job_id, t.job_run_id, t.task_run_id,
			extract(epoch FROM r.end_time - r.start_time) AS record_s,
			extract(epoch FROM least(r.end_time, t.end_time) - greatest(r.start_time, t.start_time)) AS overlap_s
		FROM record_day r
		JOIN run_day t ON t.workspace_id = r.workspace_id AND t.cluster_id = r.cluster_id AND t.day = r.day
		WHERE t.day = greatest(r.first_day, t.first_day) AND t.start_time < r.end_time AND t.end_time > r.start_time
	), share AS (
		-- Cut, not rounded: rounding up could give away more than the record.
		SELECT overlap.*, trunc(overlap_s / greatest(record_s, sum(overlap_s) OVER (PARTITION BY record_id, usage_date)), 16) AS part
		FROM overlap
	)
	SELECT usage_date, workspace_id, job_id, job_run_id, task_run_id, cluster_id, sku_name, cloud,
		sum(list_cost * part), sum(dbu * part)
	FROM share
	GROUP BY usage_date, workspace_id, job_id, job_run_id, task_run_id, cluster_id, sku_name, cloud;
END;
COMMENT ON FUNCTION dbinsight._refresh_job_allpurpose_cost(timestamptz, timestamptz) IS
'Recomputes job_allpurpose_cost for the usage of the days between two times';

/* Runs that arrive after the usage change the shares of the days they span. */
CREATE FUNCTION dbinsight._refresh_job_allpurpose_cost_of_runs(since timestamptz, until timestamptz) RETURNS void
	LANGUAGE sql BEGIN ATOMIC
	SELECT dbinsight._refresh_job_allpurpose_cost(least(since, min(t.start_time)) - interval '1 day',
		greatest(until, max(t.last_seen_time)))
	FROM dbinsight.job_task_run t
	WHERE t.start_time BETWEEN since - interval '7 days' AND until AND t.last_seen_time >= since
	HAVING count(*) > 0;
END;
COMMENT ON FUNCTION dbinsight._refresh_job_allpurpose_cost_of_runs(timestamptz, timestamptz) IS
'Recomputes job_allpurpose_cost for the days spanned by the task runs between two times';

/*
 * What a cluster's minutes looked like when almost nothing went over its
 * network: kept by value, so that any idle threshold can be asked for.
 */
CREATE TABLE dbinsight.rollup_cluster_quiet_hourly (
	hour timestamptz NOT NULL,
	workspace_id text NOT NULL,
	cluster_id text NOT NULL,
	minutes int NOT NULL,
	quiet_cpu float8[] NOT NULL
);
COMMENT ON TABLE dbinsight.rollup_cluster_quiet_hourly IS
'Cluster-minutes per UTC hour, and of those with less than 1 MiB over the network of all nodes the busiest node''s CPU percent';
COMMENT ON COLUMN dbinsight.rollup_cluster_quiet_hourly.quiet_cpu IS 'One value a quiet minute, percent; a minute with a node of unknown CPU is not quiet';
CREATE INDEX ON dbinsight.rollup_cluster_quiet_hourly (hour);
INSERT INTO dbinsight.retention VALUES ('rollup_cluster_quiet_hourly', 'hour', '90 days');

CREATE FUNCTION dbinsight._refresh_cluster_quiet_hourly(since timestamptz, until timestamptz) RETURNS void
	LANGUAGE sql BEGIN ATOMIC
	SELECT pg_advisory_xact_lock(hashtextextended('dbinsight.rollup_cluster_quiet_hourly', 0));
	DELETE FROM dbinsight.rollup_cluster_quiet_hourly r
	WHERE r.hour >= date_trunc('hour', since, 'UTC') AND r.hour <= until;
	INSERT INTO dbinsight.rollup_cluster_quiet_hourly (hour, workspace_id, cluster_id, minutes, quiet_cpu)
	SELECT date_trunc('hour', m.minute, 'UTC'), m.workspace_id, m.cluster_id, count(*),
		coalesce(array_agg(m.cpu ORDER BY m.cpu) FILTER (WHERE m.known AND m.bytes < 1048576), '{}')
	FROM (
		SELECT f.workspace_id, f.cluster_id, date_trunc('minute', f.start_time, 'UTC') AS minute, max(f.cpu_pct) AS cpu,
			bool_and(f.cpu_pct IS NOT NULL) AS known,
			coalesce(sum(f.network_sent_bytes), 0) + coalesce(sum(f.network_received_bytes), 0) AS bytes
		FROM dbinsight.fact_node_timeline f
		WHERE f.start_time >= date_trunc('hour', since, 'UTC') AND f.start_time < date_trunc('hour', until, 'UTC') + interval '1 hour'
		GROUP BY f.workspace_id, f.cluster_id, 3
	) m
	GROUP BY 1, m.workspace_id, m.cluster_id;
END;
COMMENT ON FUNCTION dbinsight._refresh_cluster_quiet_hourly(timestamptz, timestamptz) IS
'Recomputes rollup_cluster_quiet_hourly for the hours between two times';

INSERT INTO dbinsight.derived_relations VALUES
	('rollup_usage_daily', 'fact_usage', 20, '_refresh_usage_daily'),
	('rollup_sku_daily', 'fact_usage', 20, '_refresh_usage_daily'),
	('job_allpurpose_cost', 'fact_usage', 30, '_refresh_job_allpurpose_cost'),
	('rollup_cluster_quiet_hourly', 'fact_node_timeline', 20, '_refresh_cluster_quiet_hourly'),
	('job_allpurpose_cost of runs', 'fact_job_task_run_timeline', 30, '_refresh_job_allpurpose_cost_of_runs');

CREATE VIEW dbinsight.resource_names AS
SELECT workspace_id, 'JOB' AS resource_type, job_id AS resource_id, job_name AS resource_name FROM dbinsight.current_job
UNION ALL
SELECT workspace_id, 'PIPELINE', pipeline_id, pipeline_name FROM dbinsight.current_pipeline
UNION ALL
SELECT workspace_id, 'WAREHOUSE', warehouse_id, warehouse_name FROM dbinsight.current_warehouse
UNION ALL
SELECT workspace_id, 'CLUSTER', cluster_id, cluster_name FROM dbinsight.current_cluster;
COMMENT ON VIEW dbinsight.resource_names IS 'Names of the resources usage is billed to, from the latest versions of the dimensions';

CREATE VIEW dbinsight.workspace_names AS
SELECT workspace_id, workspace_name FROM dbinsight.dim_workspace WHERE workspace_id <> '0'
UNION ALL
SELECT '(account)', '(account)';
COMMENT ON VIEW dbinsight.workspace_names IS 'Names of workspaces, with (account) for usage that belongs to none';
