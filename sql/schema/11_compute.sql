/*
 * Compute: change logs of clusters and warehouses as versions with an end,
 * node minutes, warehouse events. Ids are unique only inside a workspace.
 * valid_to and is_current follow the versions; the loader keeps them
 * (_reversion) for every dimension that has change_time.
 */
CREATE TABLE dbinsight.dim_cluster (
	account_id text,
	workspace_id text NOT NULL,
	cluster_id text NOT NULL,
	cluster_name text,
	owned_by text,
	create_time timestamptz,
	delete_time timestamptz,
	driver_node_type text,
	worker_node_type text,
	worker_count bigint,
	min_autoscale_workers bigint,
	max_autoscale_workers bigint,
	auto_termination_minutes bigint,
	enable_elastic_disk boolean,
	cluster_source text,
	init_scripts jsonb,
	aws_attributes jsonb,
	azure_attributes jsonb,
	gcp_attributes jsonb,
	driver_instance_pool_id text,
	worker_instance_pool_id text,
	dbr_version text,
	data_security_mode text,
	policy_id text,
	tags jsonb,
	change_time timestamptz NOT NULL,
	valid_from timestamptz GENERATED ALWAYS AS (change_time) STORED,
	valid_to timestamptz NOT NULL DEFAULT 'infinity',
	is_current boolean NOT NULL DEFAULT true,
	extra jsonb,
	PRIMARY KEY (workspace_id, cluster_id, change_time)
);
COMMENT ON TABLE dbinsight.dim_cluster IS 'system.compute.clusters, one row a version of a cluster; is_current marks the latest';
CREATE INDEX ON dbinsight.dim_cluster (cluster_id) WHERE is_current;

CREATE TABLE dbinsight.dim_warehouse (
	account_id text,
	workspace_id text NOT NULL,
	warehouse_id text NOT NULL,
	warehouse_name text,
	warehouse_type text,
	warehouse_size text,
	warehouse_channel text,
	min_clusters int,
	max_clusters int,
	auto_stop_minutes int,
	created_by text,
	delete_time timestamptz,
	tags jsonb,
	change_time timestamptz NOT NULL,
	valid_from timestamptz GENERATED ALWAYS AS (change_time) STORED,
	valid_to timestamptz NOT NULL DEFAULT 'infinity',
	is_current boolean NOT NULL DEFAULT true,
	extra jsonb,
	PRIMARY KEY (workspace_id, warehouse_id, change_time)
);
COMMENT ON TABLE dbinsight.dim_warehouse IS 'system.compute.warehouses, one row a version of a SQL warehouse; is_current marks the latest';

CREATE TABLE dbinsight.dim_node_type (
	account_id text,
	node_type text PRIMARY KEY,
	core_count float8,
	memory_mb bigint,
	gpu_count bigint,
	extra jsonb
);
COMMENT ON TABLE dbinsight.dim_node_type IS 'system.compute.node_types, one row an instance type';

CREATE TABLE dbinsight.fact_node_timeline (
	account_id text,
	workspace_id text NOT NULL,
	cluster_id text NOT NULL,
	instance_id text NOT NULL,
	start_time timestamptz NOT NULL,
	end_time timestamptz,
	driver boolean,
	cpu_user_percent float8,
	cpu_system_percent float8,
	cpu_wait_percent float8,
	mem_used_percent float8,
	mem_swap_percent float8,
	network_sent_bytes bigint,
	network_received_bytes bigint,
	disk_free_bytes_per_mount_point jsonb,
	node_type text,
	private_ip text,
	-- least() would take an unknown sum for 100
	cpu_pct float8 GENERATED ALWAYS AS (CASE WHEN cpu_user_percent + cpu_system_percent > 100 THEN 100
		ELSE cpu_user_percent + cpu_system_percent END) STORED,
	extra jsonb,
	PRIMARY KEY (workspace_id, instance_id, start_time)
) PARTITION BY RANGE (start_time);
COMMENT ON TABLE dbinsight.fact_node_timeline IS
'system.compute.node_timeline, one row a node and minute: node-hours are count(*)/60.0, cluster-minutes count distinct minutes';
COMMENT ON COLUMN dbinsight.fact_node_timeline.cpu_pct IS 'CPU in use, percent: user + system, at most 100';
-- All nodes share a minute, so deduplication keeps this index small.
CREATE INDEX ON dbinsight.fact_node_timeline (start_time);
CREATE INDEX ON dbinsight.fact_node_timeline (cluster_id, start_time);

CREATE TABLE dbinsight.fact_warehouse_events (
	account_id text,
	workspace_id text NOT NULL,
	warehouse_id text NOT NULL,
	event_type text NOT NULL,
	cluster_count int NOT NULL DEFAULT 0,
	event_time timestamptz NOT NULL,
	extra jsonb,
	PRIMARY KEY (workspace_id, warehouse_id, event_time, event_type, cluster_count)
);
COMMENT ON TABLE dbinsight.fact_warehouse_events IS 'system.compute.warehouse_events, one row a state or scaling event of a warehouse';
