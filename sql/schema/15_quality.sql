/*
 * Quality, classification, the catalog's daily snapshots.
 */
CREATE TABLE dbinsight.fact_dq_monitoring (
	event_time timestamptz NOT NULL,
	catalog_name text,
	schema_name text,
	table_name text,
	catalog_id text,
	schema_id text,
	table_id text NOT NULL,
	table_full_name text GENERATED ALWAYS AS (catalog_name || '.' || schema_name || '.' || table_name) STORED,
	status text,
	freshness_status text,
	commit_last_value timestamptz,
	commit_predicted_value timestamptz,
	completeness_status text,
	total_row_count bigint,
	total_row_count_min_pred bigint,
	total_row_count_max_pred bigint,
	daily_row_count bigint,
	daily_row_count_min_pred bigint,
	daily_row_count_max_pred bigint,
	impact_level int,
	num_downstream_tables bigint,
	num_queries_on_affected_tables bigint,
	upstream_jobs jsonb,
	extra jsonb,
	PRIMARY KEY (table_id, event_time)
);
COMMENT ON TABLE dbinsight.fact_dq_monitoring IS
'system.data_quality_monitoring.table_results, one row a table and evaluation; statuses upper case: HEALTHY, UNHEALTHY, UNKNOWN';
CREATE INDEX ON dbinsight.fact_dq_monitoring (event_time);
CREATE INDEX ON dbinsight.fact_dq_monitoring (table_full_name, commit_last_value, event_time);
CREATE INDEX ON dbinsight.fact_dq_monitoring (commit_last_value) INCLUDE (table_full_name, event_time);

CREATE TABLE dbinsight.fact_data_classification (
	catalog_id text,
	table_id text NOT NULL,
	latest_detected_time timestamptz,
	first_detected_time timestamptz,
	catalog_name text,
	schema_name text,
	table_name text,
	table_full_name text GENERATED ALWAYS AS (catalog_name || '.' || schema_name || '.' || table_name) STORED,
	column_name text NOT NULL,
	data_type text,
	class_tag text NOT NULL,
	confidence text,
	frequency float8,
	extra jsonb,
	PRIMARY KEY (table_id, column_name, class_tag)
);
COMMENT ON TABLE dbinsight.fact_data_classification IS
'system.data_classification.results, one row a table, column and class tag; sample values are never loaded';

CREATE TABLE dbinsight.fact_predictive_optimization (
	account_id text,
	workspace_id text,
	start_time timestamptz,
	end_time timestamptz,
	metastore_name text,
	metastore_id text,
	catalog_name text,
	schema_name text,
	table_name text,
	table_id text NOT NULL,
	operation_type text,
	operation_id text NOT NULL,
	operation_status text,
	operation_metrics jsonb,
	usage_unit text,
	usage_quantity numeric,
	extra jsonb,
	PRIMARY KEY (operation_id, table_id)
);
COMMENT ON TABLE dbinsight.fact_predictive_optimization IS
'system.storage.predictive_optimization_operations_history, one row a maintenance operation on a table';
CREATE INDEX ON dbinsight.fact_predictive_optimization (start_time);

CREATE TABLE dbinsight.fact_column_profile (
	table_full_name text NOT NULL,
	column_name text NOT NULL,
	profile_date date NOT NULL,
	row_count bigint,
	null_count bigint,
	distinct_count bigint,
	min_value float8,
	max_value float8,
	mean float8,
	stddev float8,
	hist_edges float8[],
	hist_counts bigint[],
	top_values jsonb,
	extra jsonb,
	PRIMARY KEY (table_full_name, column_name, profile_date)
);
COMMENT ON TABLE dbinsight.fact_column_profile IS
'Column profiles, one row a table, column and day: from monitor profile output or the product''s own profiler';

CREATE TABLE dbinsight.dim_table (
	snapshot_date date NOT NULL,
	table_catalog text NOT NULL,
	table_schema text NOT NULL,
	table_name text NOT NULL,
	table_full_name text GENERATED ALWAYS AS (table_catalog || '.' || table_schema || '.' || table_name) STORED,
	table_type text,
	table_owner text,
	comment text,
	created timestamptz,
	created_by text,
	last_altered timestamptz,
	last_altered_by text,
	data_source_format text,
	storage_path text,
	extra jsonb,
	PRIMARY KEY (snapshot_date, table_catalog, table_schema, table_name)
);
COMMENT ON TABLE dbinsight.dim_table IS
'Daily snapshots of system.information_schema.tables; current means the latest snapshot_date. last_altered is a definition change, not a write';
CREATE INDEX ON dbinsight.dim_table (table_full_name);

CREATE TABLE dbinsight.dim_column (
	snapshot_date date NOT NULL,
	table_catalog text NOT NULL,
	table_schema text NOT NULL,
	table_name text NOT NULL,
	column_name text NOT NULL,
	table_full_name text GENERATED ALWAYS AS (table_catalog || '.' || table_schema || '.' || table_name) STORED,
	ordinal_position int,
	is_nullable text,
	full_data_type text,
	data_type text,
	comment text,
	extra jsonb,
	PRIMARY KEY (snapshot_date, table_catalog, table_schema, table_name, column_name)
);
COMMENT ON TABLE dbinsight.dim_column IS 'Daily snapshots of system.information_schema.columns';

CREATE TABLE dbinsight.dim_grant (
	snapshot_date date NOT NULL,
	object_type text NOT NULL,
	object_full_name text NOT NULL,
	grantee text NOT NULL,
	privilege_type text NOT NULL,
	is_grantable text,
	inherited_from text NOT NULL DEFAULT 'NONE',
	grantor text,
	extra jsonb,
	PRIMARY KEY (snapshot_date, object_full_name, grantee, privilege_type, inherited_from, object_type)
);
COMMENT ON TABLE dbinsight.dim_grant IS
'Daily snapshots of system.information_schema.table_privileges and of the other privilege views; privilege_type with underscores as spaces removed';
CREATE INDEX ON dbinsight.dim_grant (object_full_name, grantee);

CREATE TABLE dbinsight.dim_tag (
	snapshot_date date NOT NULL,
	level text NOT NULL,
	object_full_name text NOT NULL,
	column_name text NOT NULL DEFAULT '',
	tag_name text NOT NULL,
	tag_value text,
	extra jsonb,
	PRIMARY KEY (snapshot_date, level, object_full_name, column_name, tag_name)
);
COMMENT ON TABLE dbinsight.dim_tag IS
'Daily snapshots of tags: level catalog, schema, table, column or volume; schema and catalog tags apply to what they hold';

CREATE TABLE dbinsight.dim_column_mask (
	snapshot_date date NOT NULL,
	table_full_name text NOT NULL,
	column_name text NOT NULL,
	mask_name text,
	using_columns text,
	extra jsonb,
	PRIMARY KEY (snapshot_date, table_full_name, column_name)
);
COMMENT ON TABLE dbinsight.dim_column_mask IS 'Daily snapshots of system.information_schema.column_masks';

CREATE TABLE dbinsight.dim_row_filter (
	snapshot_date date NOT NULL,
	table_full_name text NOT NULL,
	filter_name text,
	target_columns text,
	extra jsonb,
	PRIMARY KEY (snapshot_date, table_full_name)
);
COMMENT ON TABLE dbinsight.dim_row_filter IS 'Daily snapshots of system.information_schema.row_filters';
