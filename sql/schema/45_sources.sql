/*
 * The registry of sources: what is read, where it goes, by which key it is
 * told apart, and how source fields become gold columns. load_rows(),
 * load_file() and ingestion follow it; there is no other way in.
 *
 * mapping names only the columns that do not have the source field's own name:
 *   "a.b"                     the member b of the struct a
 *   ["a.b", "c"]              the first of these that is not null
 *   {"concat": ["a", "b"]}    joined with dots
 *   {"const": "x"}            always x, unless the row has a field of the column's name
 *   {"path": "a", "as": "state"}   with a normalisation: state, upper, privilege, today
 * Fields that no column takes are kept in the column extra.
 */
CREATE TABLE dbinsight.sources (
	source text PRIMARY KEY,
	gold_table text NOT NULL,
	key text[] NOT NULL,
	version_column text,
	time_column text,
	watermark_column text,
	overlap interval NOT NULL DEFAULT '24 hours',
	write_mode text NOT NULL CHECK (write_mode IN ('append', 'upsert', 'version')),
	mapping jsonb NOT NULL DEFAULT '{}',
	excluded text[] NOT NULL DEFAULT '{}',
	computed jsonb NOT NULL DEFAULT '{}',
	computed_from text,
	after_load text,
	schedule text NOT NULL DEFAULT '1 hour',
	lag_target_minutes int NOT NULL DEFAULT 240,
	retention interval,
	first_load interval NOT NULL DEFAULT '90 days',
	mode text NOT NULL DEFAULT 'local' CHECK (mode IN ('local', 'foreign', 'rollup')),
	enabled boolean NOT NULL DEFAULT true,
	remote text,
	slice interval NOT NULL DEFAULT '7 days' CHECK (slice >= interval '1 hour'),
	remote_computed text
);
COMMENT ON TABLE dbinsight.sources IS
'One row a system table: remote name, gold table, key, version and watermark columns, overlap, field mapping, schedule, retention, mode';
COMMENT ON COLUMN dbinsight.sources.write_mode IS
'append: a known key is skipped unless its version is newer; upsert: a known key is replaced when the row differs; version: change log, every change_time is a row and valid_to follows';
COMMENT ON COLUMN dbinsight.sources.remote IS 'The table ingest() reads, catalog.schema.table; NULL: its rows are loaded by hand';
COMMENT ON COLUMN dbinsight.sources.mode IS
'local: rows are ingested; foreign: they stay on the warehouse, and the gold name reads them there; rollup: only what is derived from them is kept here. Changed by use_foreign(), use_rollup() and use_local()';
COMMENT ON COLUMN dbinsight.sources.remote_computed IS
'For the modes foreign and rollup: the function that says in Databricks SQL what computed says for rows that are loaded';
COMMENT ON COLUMN dbinsight.sources.slice IS 'The longest window that ingest() reads by one statement and writes in one transaction';
COMMENT ON COLUMN dbinsight.sources.first_load IS 'How far back the first ingestion goes';
COMMENT ON COLUMN dbinsight.sources.overlap IS 'How much of what was read before is read again, for rows that come late';
COMMENT ON COLUMN dbinsight.sources.schedule IS 'How long after an ingestion the next one is due';
COMMENT ON COLUMN dbinsight.sources.retention IS 'How long rows are kept by the time column; NULL keeps them for ever. Applied by apply_retention()';

INSERT INTO dbinsight.sources (source, gold_table, key, version_column, time_column, watermark_column, overlap, write_mode, mapping, excluded, computed, computed_from, after_load, lag_target_minutes, retention) VALUES
('system.billing.usage', 'fact_usage', '{record_id}', NULL, 'usage_date', 'ingestion_date', '2 days', 'upsert',
 '{"cluster_id": "usage_metadata.cluster_id", "job_id": "usage_metadata.job_id", "job_run_id": "usage_metadata.job_run_id",
   "job_name": ["usage_metadata.job_name", "usage_metadata.run_name"], "notebook_id": "usage_metadata.notebook_id",
   "notebook_path": "usage_metadata.notebook_path", "warehouse_id": "usage_metadata.warehouse_id",
   "instance_pool_id": "usage_metadata.instance_pool_id", "node_type": "usage_metadata.node_type",
   "pipeline_id": "usage_metadata.dlt_pipeline_id", "endpoint_name": "usage_metadata.endpoint_name",
   "endpoint_id": "usage_metadata.endpoint_id", "app_id": "usage_metadata.app_id", "app_name": "usage_metadata.app_name",
   "database_instance_id": "usage_metadata.database_instance_id", "budget_policy_id": "usage_metadata.budget_policy_id",
   "source_region": "usage_metadata.source_region", "destination_region": "usage_metadata.destination_region",
   "run_as": "identity_metadata.run_as", "created_by": "identity_metadata.created_by", "owned_by": "identity_metadata.owned_by",
   "is_serverless": "product_features.is_serverless", "is_photon": "product_features.is_photon",
   "jobs_tier": "product_features.jobs_tier", "sql_tier": "product_features.sql_tier", "dlt_tier": "product_features.dlt_tier",
   "serving_type": "product_features.serving_type", "performance_target": "product_features.performance_target"}', '{}',
 '{"list_price": "dbinsight._price_at(p.valid_from, p.valid_to, p.price, i.usage_end_time)",
   "list_cost": "coalesce(dbinsight._price_at(p.valid_from, p.valid_to, p.price, i.usage_end_time), 0) * coalesce(i.usage_quantity, 0)",
   "price_found": "dbinsight._price_at(p.valid_from, p.valid_to, p.price, i.usage_end_time) IS NOT NULL"}',
 'LEFT JOIN dbinsight.price_history p ON p.sku_name = i.sku_name AND p.cloud = lower(i.cloud) AND p.usage_unit = i.usage_unit',
 NULL, 1440, NULL),
('system.billing.list_prices', 'fact_list_prices', '{sku_name,cloud,currency_code,usage_unit,price_start_time}', NULL, NULL, NULL, '0', 'upsert',
 '{"price_default": "pricing.default", "price_effective": "pricing.effective_list.default", "price_promotional": "pricing.promotional.default"}',
 '{}', '{}', NULL, '_reprice', 1440, NULL),
('system.billing.account_prices', 'fact_account_prices', '{sku_name,cloud,currency_code,usage_unit,price_start_time}', NULL, NULL, NULL, '0', 'upsert',
 '{"price_default": "pricing.default", "price_effective": "pricing.effective_list.default", "price_promotional": "pricing.promotional.default"}',
 '{}', '{}', NULL, '_reprice', 1440, NULL),
('system.compute.clusters', 'dim_cluster', '{workspace_id,cluster_id,change_time}', NULL, 'change_time', 'change_time', '24 hours', 'version',
 '{}', '{change_date}', '{}', NULL, NULL, 480, NULL),
('system.compute.warehouses', 'dim_warehouse', '{workspace_id,warehouse_id,change_time}', NULL, 'change_time', 'change_time', '24 hours', 'version',
 '{}', '{}', '{}', NULL, NULL, 480, NULL),
('system.compute.node_types', 'dim_node_type', '{node_type}', NULL, NULL, NULL, '0', 'upsert', '{}', '{}', '{}', NULL, NULL, 10080, NULL),
('system.compute.node_timeline', 'fact_node_timeline', '{workspace_id,instance_id,start_time}', NULL, 'start_time', 'start_time', '24 hours', 'append',
 '{}', '{}', '{}', NULL, NULL, 240, '90 days'),
('system.compute.warehouse_events', 'fact_warehouse_events', '{workspace_id,warehouse_id,event_time,event_type,cluster_count}', NULL, 'event_time', 'event_time', '24 hours', 'append',
 '{"cluster_count": {"path": "cluster_count", "const": "0"}}', '{}', '{}', NULL, NULL, 240, '400 days'),
('system.lakeflow.jobs', 'dim_job', '{workspace_id,job_id,change_time}', NULL, 'change_time', 'change_time', '24 hours', 'version',
 '{"job_name": "name", "run_as_id": "run_as"}', '{}', '{}', NULL, NULL, 480, NULL),
('system.lakeflow.job_tasks', 'dim_job_task', '{workspace_id,job_id,task_key,change_time}', NULL, 'change_time', 'change_time', '24 hours', 'version',
 '{"depends_on": "depends_on_keys"}', '{}', '{}', NULL, NULL, 480, NULL),
('system.lakeflow.pipelines', 'dim_pipeline', '{workspace_id,pipeline_id,change_time}', NULL, 'change_time', 'change_time', '24 hours', 'version',
 '{"pipeline_name": "name"}', '{configuration}', '{}', NULL, NULL, 480, NULL),
('system.lakeflow.job_run_timeline', 'fact_job_run_timeline', '{workspace_id,run_id,period_start_time,period_end_time}', NULL, 'period_start_time', 'period_end_time', '48 hours', 'upsert',
 '{"result_state": {"path": "result_state", "as": "state"}}', '{}', '{}', NULL, NULL, 240, '400 days'),
('system.lakeflow.job_task_run_timeline', 'fact_job_task_run_timeline', '{workspace_id,task_run_id,task_key,period_start_time,period_end_time}', NULL, 'period_start_time', 'period_end_time', '48 hours', 'upsert',
 '{"task_run_id": "run_id", "result_state": {"path": "result_state", "as": "state"}}', '{task_parameters}', '{}', NULL, NULL, 240, '400 days'),
('system.lakeflow.pipeline_update_timeline', 'fact_pipeline_update_timeline', '{workspace_id,pipeline_id,update_id,period_start_time,period_end_time}', NULL, 'period_start_time', 'period_end_time', '48 hours', 'upsert',
 '{"run_as": "run_as_user_name", "result_state": {"path": "result_state", "as": "state"}}', '{}', '{}', NULL, NULL, 240, '400 days'),
('pipeline.event_log.expectations', 'fact_pipeline_expectations', '{event_id,dataset,expectation}', NULL, 'event_time', 'event_time', '1 hour', 'append',
 '{"event_id": ["event_id", "id"], "event_time": ["event_time", "timestamp"], "expectation": ["expectation", "name"]}', '{}', '{}', NULL, NULL, 240, '400 days'),
('system.query.history', 'fact_query_history', '{statement_id}', 'update_time', 'start_time', 'update_time', '6 hours', 'upsert',
 '{"compute_type": "compute.type", "cluster_id": "compute.cluster_id", "warehouse_id": "compute.warehouse_id",
   "job_id": "query_source.job_info.job_id", "job_run_id": "query_source.job_info.job_run_id",
   "job_task_run_id": "query_source.job_info.job_task_run_id", "dashboard_id": "query_source.dashboard_id",
   "legacy_dashboard_id": "query_source.legacy_dashboard_id", "alert_id": "query_source.alert_id",
   "notebook_id": "query_source.notebook_id", "sql_query_id": "query_source.sql_query_id",
   "genie_space_id": "query_source.genie_space_id", "pipeline_id": "query_source.pipeline_info.pipeline_id"}',
 '{query_parameters}', '{}', NULL, NULL, 240, '400 days'),
('system.access.audit', 'fact_audit_logs', '{event_id}', 'event_time', 'event_time', 'event_time', '48 hours', 'append',
 '{"workspace_id_raw": "workspace_id", "status_code": ["response.status_code", "response.statusCode"],
   "error_message": ["response.error_message", "response.errorMessage"], "response_result": "response.result",
   "source_ip_raw": "source_ip_address", "user_identity_email": "user_identity.email",
   "user_identity_subject": ["user_identity.subject_name", "user_identity.subjectName"],
   "run_by": "identity_metadata.run_by", "run_as": "identity_metadata.run_as",
   "acting_resource": "identity_metadata.acting_resource"}', '{}',
 '{"category": "dbinsight._label_category(coalesce(s.category, a.category), i.action_name, i.request_params)",
   "base_severity": "dbinsight._label_severity(coalesce(s.category, a.category), coalesce(s.base_severity, a.base_severity), i.action_name, i.request_params)",
   "event_date": "coalesce(i.event_date, (i.event_time AT TIME ZONE ''UTC'')::date)"}',
 'LEFT JOIN dbinsight.audit_action s ON s.action_name = i.action_name AND s.service_name = i.service_name
  LEFT JOIN dbinsight.audit_action a ON a.action_name = i.action_name AND a.service_name = ''''', NULL, 240, '400 days'),
('system.access.table_lineage', 'fact_table_lineage', '{record_id}', 'event_time', 'event_time', 'event_time', '48 hours', 'append',
 '{}', '{}', '{}', NULL, NULL, 480, '400 days'),
('system.access.column_lineage', 'fact_column_lineage', '{record_id}', 'event_time', 'event_time', 'event_time', '48 hours', 'append',
 '{}', '{}', '{}', NULL, NULL, 480, '400 days'),
('system.access.outbound_network', 'fact_outbound_network', '{event_id}', 'event_time', 'event_time', 'event_time', '48 hours', 'append',
 '{"dns_domain": "dns_event.domain_name", "dns_rcode": "dns_event.rcode", "storage_hostname": "storage_event.hostname",
   "storage_path": "storage_event.path", "storage_rejection_reason": "storage_event.rejection_reason"}', '{}', '{}', NULL, NULL, 240, '400 days'),
('system.access.inbound_network', 'fact_inbound_network', '{event_id}', 'event_time', 'event_time', 'event_time', '48 hours', 'append',
 '{"source_ip_raw": "source.ip"}', '{}', '{}', NULL, NULL, 240, '400 days'),
('system.access.workspaces_latest', 'dim_workspace', '{workspace_id}', NULL, NULL, NULL, '0', 'upsert', '{}', '{}', '{}', NULL, NULL, 1440, NULL),
('system.data_quality_monitoring.table_results', 'fact_dq_monitoring', '{table_id,event_time}', NULL, 'event_time', 'event_time', '24 hours', 'append',
 '{"status": {"path": "status", "as": "upper"}, "freshness_status": {"path": "freshness.status", "as": "upper"},
   "commit_last_value": "freshness.commit_freshness.last_value", "commit_predicted_value": "freshness.commit_freshness.predicted_value",
   "completeness_status": {"path": "completeness.status", "as": "upper"},
   "total_row_count": "completeness.total_row_count.last_value", "total_row_count_min_pred": "completeness.total_row_count.min_predicted_value",
   "total_row_count_max_pred": "completeness.total_row_count.max_predicted_value",
   "daily_row_count": "completeness.daily_row_count.last_value", "daily_row_count_min_pred": "completeness.daily_row_count.min_predicted_value",
   "daily_row_count_max_pred": "completeness.daily_row_count.max_predicted_value",
   "impact_level": "downstream_impact.impact_level", "num_downstream_tables": "downstream_impact.num_downstream_tables",
   "num_queries_on_affected_tables": "downstream_impact.num_queries_on_affected_tables",
   "upstream_jobs": "root_cause_analysis.upstream_jobs"}', '{_internal_debug_info}', '{}', NULL, NULL, 1440, '400 days'),
('system.data_classification.results', 'fact_data_classification', '{table_id,column_name,class_tag}', 'latest_detected_time', 'latest_detected_time', 'latest_detected_time', '24 hours', 'upsert',
 '{}', '{samples}', '{}', NULL, NULL, 2880, NULL),
('system.storage.predictive_optimization_operations_history', 'fact_predictive_optimization', '{operation_id,table_id}', NULL, 'start_time', 'end_time', '24 hours', 'upsert',
 '{}', '{}', '{}', NULL, NULL, 2880, '400 days'),
('profile.columns', 'fact_column_profile', '{table_full_name,column_name,profile_date}', NULL, 'profile_date', 'profile_date', '2 days', 'upsert', '{}', '{}', '{}', NULL, NULL, 2880, '400 days'),
('system.information_schema.tables', 'dim_table', '{snapshot_date,table_catalog,table_schema,table_name}', NULL, 'snapshot_date', NULL, '0', 'upsert',
 '{"snapshot_date": {"path": "snapshot_date", "as": "today"}}', '{}', '{}', NULL, NULL, 2880, '400 days'),
('system.information_schema.columns', 'dim_column', '{snapshot_date,table_catalog,table_schema,table_name,column_name}', NULL, 'snapshot_date', NULL, '0', 'upsert',
 '{"snapshot_date": {"path": "snapshot_date", "as": "today"}}', '{}', '{}', NULL, NULL, 2880, '400 days'),
('system.information_schema.table_privileges', 'dim_grant', '{snapshot_date,object_full_name,grantee,privilege_type,inherited_from,object_type}', NULL, 'snapshot_date', NULL, '0', 'upsert',
 '{"snapshot_date": {"path": "snapshot_date", "as": "today"}, "object_type": {"const": "TABLE"},
   "object_full_name": {"concat": ["table_catalog", "table_schema", "table_name"]},
   "privilege_type": {"path": "privilege_type", "as": "privilege"}, "inherited_from": {"path": "inherited_from", "const": "NONE"}}',
 '{}', '{}', NULL, NULL, 2880, '400 days'),
('system.information_schema.schema_privileges', 'dim_grant', '{snapshot_date,object_full_name,grantee,privilege_type,inherited_from,object_type}', NULL, 'snapshot_date', NULL, '0', 'upsert',
 '{"snapshot_date": {"path": "snapshot_date", "as": "today"}, "object_type": {"const": "SCHEMA"},
   "object_full_name": {"concat": ["catalog_name", "schema_name"]},
   "privilege_type": {"path": "privilege_type", "as": "privilege"}, "inherited_from": {"path": "inherited_from", "const": "NONE"}}',
 '{}', '{}', NULL, NULL, 2880, '400 days'),
('system.information_schema.catalog_privileges', 'dim_grant', '{snapshot_date,object_full_name,grantee,privilege_type,inherited_from,object_type}', NULL, 'snapshot_date', NULL, '0', 'upsert',
 '{"snapshot_date": {"path": "snapshot_date", "as": "today"}, "object_type": {"const": "CATALOG"}, "object_full_name": "catalog_name",
   "privilege_type": {"path": "privilege_type", "as": "privilege"}, "inherited_from": {"path": "inherited_from", "const": "NONE"}}',
 '{}', '{}', NULL, NULL, 2880, '400 days'),
('system.information_schema.table_tags', 'dim_tag', '{snapshot_date,level,object_full_name,column_name,tag_name}', NULL, 'snapshot_date', NULL, '0', 'upsert',
 '{"snapshot_date": {"path": "snapshot_date", "as": "today"}, "level": {"const": "table"}, "column_name": {"const": ""},
   "object_full_name": {"concat": ["catalog_name", "schema_name", "table_name"]}}', '{}', '{}', NULL, NULL, 2880, '400 days'),
('system.information_schema.column_tags', 'dim_tag', '{snapshot_date,level,object_full_name,column_name,tag_name}', NULL, 'snapshot_date', NULL, '0', 'upsert',
 '{"snapshot_date": {"path": "snapshot_date", "as": "today"}, "level": {"const": "column"},
   "object_full_name": {"concat": ["catalog_name", "schema_name", "table_name"]}}', '{}', '{}', NULL, NULL, 2880, '400 days'),
('system.information_schema.column_masks', 'dim_column_mask', '{snapshot_date,table_full_name,column_name}', NULL, 'snapshot_date', NULL, '0', 'upsert',
 '{"snapshot_date": {"path": "snapshot_date", "as": "today"}, "table_full_name": {"concat": ["table_catalog", "table_schema", "table_name"]}}',
 '{}', '{}', NULL, NULL, 2880, '400 days'),
('system.information_schema.row_filters', 'dim_row_filter', '{snapshot_date,table_full_name}', NULL, 'snapshot_date', NULL, '0', 'upsert',
 '{"snapshot_date": {"path": "snapshot_date", "as": "today"}, "table_full_name": {"concat": ["table_catalog", "table_schema", "table_name"]}}',
 '{}', '{}', NULL, NULL, 2880, '400 days'),
('system.serving.endpoint_usage', 'fact_endpoint_usage', '{databricks_request_id}', 'request_time', 'request_time', 'request_time', '24 hours', 'append',
 '{}', '{}',
 '{"endpoint_name": "e.endpoint_name", "entity_name": "e.entity_name", "entity_version": "e.entity_version"}',
 'LEFT JOIN dbinsight.current_served_entity e ON e.workspace_id = i.workspace_id AND e.served_entity_id = i.served_entity_id', NULL, 240, '400 days'),
('system.serving.served_entities', 'dim_served_entities', '{workspace_id,served_entity_id,change_time}', NULL, 'change_time', 'change_time', '24 hours', 'version',
 '{}', '{}', '{}', NULL, '_rename_endpoints', 480, NULL),
('serving.inference_log', 'fact_inference_log', '{request_id}', 'request_time', 'request_time', 'request_time', '24 hours', 'append',
 '{"request_id": ["request_id", "databricks_request_id"], "request_time": ["request_time", "timestamp"],
   "execution_ms": ["execution_ms", "execution_duration_ms", "execution_time_ms"]}', '{request,response}', '{}', NULL, NULL, 480, '400 days'),
('system.mlflow.experiments_latest', 'dim_experiment', '{workspace_id,experiment_id}', 'update_time', NULL, 'update_time', '24 hours', 'upsert',
 '{"experiment_name": "name"}', '{}', '{}', NULL, NULL, 480, NULL),
('system.mlflow.runs_latest', 'fact_mlflow_runs', '{workspace_id,run_id}', 'update_time', 'start_time', 'update_time', '24 hours', 'upsert',
 '{}', '{}', '{}', NULL, NULL, 480, '400 days'),
('system.mlflow.run_metrics_history', 'fact_mlflow_run_metrics', '{record_id}', NULL, 'insert_time', 'insert_time', '24 hours', 'append',
 '{}', '{}', '{}', NULL, NULL, 480, '400 days');

-- An account's event logs and inference tables have names of their own.
UPDATE dbinsight.sources SET remote = source WHERE source LIKE 'system.%';
-- What has no watermark is read whole.
UPDATE dbinsight.sources SET schedule = '1 day' WHERE watermark_column IS NULL;
-- A definition of years ago still holds: what describes things is read from its beginning, and is small.
UPDATE dbinsight.sources SET first_load = '10 years', slice = '10 years' WHERE gold_table LIKE 'dim%' OR write_mode = 'version';
UPDATE dbinsight.sources SET slice = '1 day'
WHERE gold_table IN ('fact_audit_logs', 'fact_usage', 'fact_query_history', 'fact_node_timeline', 'fact_column_lineage', 'fact_endpoint_usage');

/*
 * A restored dump brings every row of this table, and CREATE EXTENSION has
 * just seeded it: the row that arrives replaces the seeded one.
 */
CREATE FUNCTION dbinsight._replace_source() RETURNS trigger
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	DELETE FROM dbinsight.sources WHERE source = NEW.source;
	RETURN NEW;
END $$;
COMMENT ON FUNCTION dbinsight._replace_source() IS 'An inserted source replaces the row of the same name';
CREATE TRIGGER replace_source BEFORE INSERT ON dbinsight.sources
	FOR EACH ROW EXECUTE FUNCTION dbinsight._replace_source();

CREATE TABLE dbinsight.rejected_rows (
	id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
	source text NOT NULL,
	row_hash bytea NOT NULL,
	reason text NOT NULL,
	column_name text,
	"row" jsonb,
	rejected_at timestamptz NOT NULL DEFAULT dbinsight.now(),
	times int NOT NULL DEFAULT 1,
	UNIQUE (source, row_hash)
);
COMMENT ON TABLE dbinsight.rejected_rows IS
'Rows that could not be typed, each with its reason; correct them and load them again, then delete them here';

CREATE TABLE dbinsight.ingest_log (
	id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
	source text NOT NULL,
	loaded_at timestamptz NOT NULL DEFAULT dbinsight.now(),
	rows_read bigint NOT NULL,
	rows_written bigint NOT NULL,
	rows_rejected bigint NOT NULL,
	first_event timestamptz,
	last_event timestamptz,
	elapsed_ms numeric
);
COMMENT ON TABLE dbinsight.ingest_log IS 'One row a load: what was read, written and rejected';
CREATE INDEX ON dbinsight.ingest_log (source, loaded_at);

CREATE TABLE dbinsight.ingest_state (
	source text PRIMARY KEY,
	watermark timestamptz,
	last_event_time timestamptz,
	last_loaded_at timestamptz,
	last_error text,
	read_until timestamptz,
	unavailable_since timestamptz,
	failures int NOT NULL DEFAULT 0,
	local_read_until timestamptz
);
COMMENT ON TABLE dbinsight.ingest_state IS 'Where each source stands: the greatest watermark ingested, moved in the transaction that wrote the rows';
COMMENT ON COLUMN dbinsight.ingest_state.read_until IS 'Everything before was asked for; moved in the transaction that wrote its rows';
COMMENT ON COLUMN dbinsight.ingest_state.local_read_until IS 'read_until when the source ceased to be local: where use_local() goes on';
COMMENT ON COLUMN dbinsight.ingest_state.unavailable_since IS 'Since when the account does not have the table, or does not let us read it';
COMMENT ON COLUMN dbinsight.ingest_state.failures IS 'Ingestions in a row that failed';

CREATE VIEW dbinsight.ingest_status AS
SELECT s.source AS source_table, s.gold_table, st.watermark, st.last_event_time, st.last_loaded_at,
	coalesce((SELECT sum(l.rows_written) FROM dbinsight.ingest_log l
		WHERE l.source = s.source AND l.loaded_at >= dbinsight.now() - interval '24 hours' AND l.loaded_at <= dbinsight.now()), 0)::bigint AS rows_24h,
	s.lag_target_minutes, st.last_error, s.mode, s.enabled
FROM dbinsight.sources s LEFT JOIN dbinsight.ingest_state st USING (source);
COMMENT ON VIEW dbinsight.ingest_status IS 'Each source: newest event, last load, rows of the last 24 hours, target lag, last error';

/*
 * The label of an audit event: the pair if seeded, else the action, with the
 * conditions of the catalogue. Functions of what the two look-ups found, so
 * that a load joins a whole batch at once.
 */
CREATE FUNCTION dbinsight._is_admin_group(action_name text, request_params jsonb) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE WHEN action_name IN ('addPrincipalToGroup', 'addPrincipalsToGroup', 'removePrincipalFromGroup', 'removePrincipalsFromGroup')
		THEN coalesce(lower(coalesce(request_params ->> 'targetGroupName', request_params ->> 'target_group_name'))
			IN ('admins', 'account admins', 'metastore admins', 'metastore-admins', 'account-admins'), false) ELSE false END;
COMMENT ON FUNCTION dbinsight._is_admin_group(text, jsonb) IS 'Whether an audit event changes who is in a group of administrators';

CREATE FUNCTION dbinsight._is_unlabelled(action_name text, request_params jsonb) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE action_name
		WHEN 'downloadQueryResult' THEN coalesce(request_params ->> 'fileType' = 'arrows', false)
		WHEN 'workspaceExport' THEN coalesce(request_params ->> 'workspaceExportFormat' = 'SOURCE', false)
		WHEN 'generateTemporaryTableCredential' THEN strpos(coalesce(request_params ->> 'operation', ''), 'READ') = 0
		ELSE false END;
COMMENT ON FUNCTION dbinsight._is_unlabelled(text, jsonb) IS 'Whether an audit event of a seeded action is nevertheless nothing of note';

CREATE FUNCTION dbinsight._is_deletion(action_name text) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN coalesce(starts_with(action_name, 'delete') OR starts_with(action_name, 'permanentDelete') OR starts_with(action_name, 'purge')
		OR starts_with(action_name, 'trash') OR right(action_name, 6) = 'Delete', false);
COMMENT ON FUNCTION dbinsight._is_deletion(text) IS 'Whether an audit action deletes something, by its name';

CREATE FUNCTION dbinsight._label_category(seeded_category text, action_name text, request_params jsonb) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE WHEN dbinsight._is_admin_group(action_name, request_params) THEN 'admin'
		WHEN dbinsight._is_unlabelled(action_name, request_params) THEN NULL
		WHEN seeded_category IS NOT NULL THEN seeded_category
		WHEN dbinsight._is_deletion(action_name) THEN 'destructive' END;
COMMENT ON FUNCTION dbinsight._label_category(text, text, jsonb) IS 'Category of an audit event, from what is seeded for its action';

CREATE FUNCTION dbinsight._label_severity(seeded_category text, seeded_severity text, action_name text, request_params jsonb) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE WHEN dbinsight._is_admin_group(action_name, request_params) THEN 'high'
		WHEN dbinsight._is_unlabelled(action_name, request_params) THEN NULL
		WHEN seeded_category IS NOT NULL THEN seeded_severity
		WHEN dbinsight._is_deletion(action_name) THEN 'medium' END;
COMMENT ON FUNCTION dbinsight._label_severity(text, text, text, jsonb) IS 'Base severity of an audit event, from what is seeded for its action';

CREATE FUNCTION dbinsight._audit_label(service_name text, action_name text, request_params jsonb)
	RETURNS TABLE (category text, base_severity text)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
	SELECT dbinsight._label_category(coalesce(s.category, a.category), _audit_label.action_name, _audit_label.request_params),
		dbinsight._label_severity(coalesce(s.category, a.category), coalesce(s.base_severity, a.base_severity), _audit_label.action_name,
			_audit_label.request_params)
	FROM (SELECT 1) one
	LEFT JOIN dbinsight.audit_action s ON s.action_name = _audit_label.action_name AND s.service_name = _audit_label.service_name
	LEFT JOIN dbinsight.audit_action a ON a.action_name = _audit_label.action_name AND a.service_name = '';
END;
COMMENT ON FUNCTION dbinsight._audit_label(text, text, jsonb) IS 'Category and base severity of an audit action; NULL when it is not seeded';

/* The seeds of audit_action. A named service wins over the empty one. */
INSERT INTO dbinsight.audit_action (category, base_severity, action_name, service_name, builtin)
SELECT s.category, s.severity, split_part(a, '/', 1), split_part(a, '/', 2), true
FROM (VALUES
	('auth', 'low', 'login tokenLogin samlLogin oidcBrowserLogin jwtLogin certLogin aadBrowserLogin aadTokenLogin mfaLogin logout'),
	('auth_denied', 'medium', 'IpAccessDenied accountIpAclsValidationFailed'),
	('admin', 'critical', 'setAccountAdmin removeAccountAdmin changeAccountOwner'),
	('admin', 'high', 'setAdmin removeAdmin updateRoleAssignment'),
	('permission', 'medium', 'updatePermissions updateSharePermissions grantPermission revokePermission denyPermission addPrincipalToGroup addPrincipalsToGroup removePrincipalFromGroup removePrincipalsFromGroup changePermissions changeClusterAcl changeClusterPolicyAcl changeWarehouseAcls changeJobAcl resetJobAcl changePipelineAcls changeWorkspaceAcl changeDatabricksSqlAcl changeDatabricksWorkspaceAcl changeDbTokenAcl changePasswordAcl changeServicePrincipalAcls changeRegisteredModelAcl changeInferenceEndpointAcl changeFeatureTableAcl changeInstancePoolAcl changeIamRoleAcl updateRuleSet'),
	('permission', 'high', 'changeSecurableOwner transferObjectOwnership changeOwner'),
	('secret', 'medium', 'putSecret deleteSecret putAcl deleteAcl createScope deleteScope'),
	('secret_read', 'info', 'getSecret listSecrets listScopes'),
	('token', 'medium', 'generateDbToken revokeDbToken createServicePrincipalSecret'),
	('network_policy', 'critical', 'deleteIpAccessList'),
	('network_policy', 'high', 'updateIpAccessList createIpAccessList'),
	('config', 'high', 'workspaceConfEdit setSetting updateMetastore create/globalInitScripts update/globalInitScripts delete/globalInitScripts'),
	('support_access', 'high', 'databricksAccess'),
	('metadata_read', 'info', 'getTable getSchema getCatalog'),
	('data_read', 'info', 'filesGet generateTemporaryTableCredential generateTemporaryPathCredential generateTemporaryVolumeCredential deltaSharingQueryTable deltaSharingQueryTableChanges'),
	('download', 'medium', 'downloadPreviewResults downloadLargeResults downloadQueryResult workspaceExport getModelVersionDownloadUri getModelVersionSignedDownloadUri'),
	('destructive', 'high', 'deleteCatalog deleteSchema deleteMetastore deleteExternalLocation')
) s(category, severity, actions), LATERAL regexp_split_to_table(s.actions, ' ') a;

/* Effective severity of an event: the base, one rank up when denied, or when a person does something high out of hours. */
CREATE FUNCTION dbinsight._audit_severity(category text, base_severity text, is_denied boolean, is_failed boolean, user_type text, event_time timestamptz)
	RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
	RETURN CASE
		WHEN base_severity IS NULL THEN CASE WHEN is_denied THEN 'medium' ELSE 'info' END
		WHEN category = 'auth' AND NOT is_failed THEN 'info'
		WHEN is_denied OR (base_severity = 'high' AND user_type = 'HUMAN' AND dbinsight.is_off_hours(event_time))
			THEN dbinsight._severity_name(dbinsight.severity_rank(base_severity) - 1)
		ELSE base_severity END;
COMMENT ON FUNCTION dbinsight._audit_severity(text, text, boolean, boolean, text, timestamptz) IS
'Effective severity of an audit event by the catalogue''s rule';

/* After prices change, what was priced before is priced again. */
CREATE FUNCTION dbinsight._reprice() RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	since date;
	until date;
BEGIN
	IF NOT EXISTS (SELECT FROM dbinsight.sources s WHERE s.gold_table = 'fact_usage' AND s.mode = 'local') THEN
		RETURN;		-- the warehouse prices what it keeps
	END IF;
	WITH fresh AS (
		SELECT * FROM (
			SELECT u.record_id, u.usage_date, u.list_price, dbinsight._price_at(p.valid_from, p.valid_to, p.price, u.usage_end_time) AS price
			FROM dbinsight.fact_usage u
			LEFT JOIN dbinsight.price_history p ON p.sku_name = u.sku_name AND p.cloud = lower(u.cloud) AND p.usage_unit = u.usage_unit
		) u
		WHERE u.price IS DISTINCT FROM u.list_price
	), changed AS (
		UPDATE dbinsight.fact_usage u SET list_price = f.price,
			list_cost = coalesce(f.price, 0) * coalesce(u.usage_quantity, 0), price_found = f.price IS NOT NULL
		FROM fresh f WHERE u.record_id = f.record_id AND u.usage_date = f.usage_date
		RETURNING u.usage_date
	)
	SELECT min(usage_date), max(usage_date) INTO since, until FROM changed;
	IF since IS NOT NULL THEN
		PERFORM dbinsight._refresh_derived('fact_usage', since::timestamp AT TIME ZONE 'UTC', (until + 1)::timestamp AT TIME ZONE 'UTC');
	END IF;
END $$;
COMMENT ON FUNCTION dbinsight._reprice() IS 'Prices usage again whose price changed, and refreshes what depends on it';

CREATE FUNCTION dbinsight._rename_endpoints() RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM dbinsight.sources s WHERE s.gold_table = 'fact_endpoint_usage' AND s.mode = 'local') THEN
		RETURN;		-- the warehouse names what it keeps
	END IF;
	UPDATE dbinsight.fact_endpoint_usage u SET endpoint_name = e.endpoint_name, entity_name = e.entity_name, entity_version = e.entity_version
	FROM dbinsight.current_served_entity e
	WHERE e.workspace_id = u.workspace_id AND e.served_entity_id = u.served_entity_id AND u.endpoint_name IS NULL;
END $$;
COMMENT ON FUNCTION dbinsight._rename_endpoints() IS 'Names the requests whose served entity was not known when they were loaded';

CREATE FUNCTION dbinsight.load_rows(source text, rows jsonb) RETURNS bigint
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dbi_load_rows';
COMMENT ON FUNCTION dbinsight.load_rows(text, jsonb) IS
'Loads rows as Databricks prints them (a JSON array of objects) into the gold table of a source; returns the rows written. A known row is left alone, a bad one is set aside in rejected_rows';

CREATE FUNCTION dbinsight.load_file(source text, path text) RETURNS bigint
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dbi_load_file';
COMMENT ON FUNCTION dbinsight.load_file(text, text) IS
'load_rows() for a file on the server, one JSON object a line or one array; for members of pg_read_server_files';
