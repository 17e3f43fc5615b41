/*
 * Models and endpoints. The serving system table has no latency: latency
 * figures come from fact_inference_log and are NULL without it.
 */
CREATE TABLE dbinsight.dim_served_entities (
	account_id text,
	workspace_id text NOT NULL,
	served_entity_id text NOT NULL,
	created_by text,
	endpoint_name text,
	endpoint_id text,
	served_entity_name text,
	entity_type text,
	entity_name text,
	entity_version text,
	endpoint_config_version int,
	task text,
	external_model_config jsonb,
	foundation_model_config jsonb,
	custom_model_config jsonb,
	feature_spec_config jsonb,
	endpoint_delete_time timestamptz,
	change_time timestamptz NOT NULL,
	valid_from timestamptz GENERATED ALWAYS AS (change_time) STORED,
	valid_to timestamptz NOT NULL DEFAULT 'infinity',
	is_current boolean NOT NULL DEFAULT true,
	extra jsonb,
	PRIMARY KEY (workspace_id, served_entity_id, change_time)
);
COMMENT ON TABLE dbinsight.dim_served_entities IS 'system.serving.served_entities, one row a version of a served entity';

CREATE TABLE dbinsight.fact_endpoint_usage (
	account_id text,
	workspace_id text,
	client_request_id text,
	databricks_request_id text NOT NULL,
	requester text,
	status_code int,
	request_time timestamptz NOT NULL,
	input_token_count bigint,
	output_token_count bigint,
	input_character_count bigint,
	output_character_count bigint,
	usage_context jsonb,
	request_streaming boolean,
	served_entity_id text,
	endpoint_name text,
	entity_name text,
	entity_version text,
	extra jsonb,
	PRIMARY KEY (databricks_request_id, request_time)
) PARTITION BY RANGE (request_time);
COMMENT ON TABLE dbinsight.fact_endpoint_usage IS
'system.serving.endpoint_usage, one row a request; endpoint and entity names are those of the served entity at load';
CREATE INDEX ON dbinsight.fact_endpoint_usage (request_time);

CREATE TABLE dbinsight.fact_inference_log (
	request_id text NOT NULL,
	workspace_id text,
	request_time timestamptz NOT NULL,
	endpoint_name text,
	served_entity_id text,
	status_code int,
	execution_ms bigint,
	prediction float8,
	prediction_label text,
	actual float8,
	actual_label text,
	extra jsonb,
	PRIMARY KEY (request_id, request_time)
) PARTITION BY RANGE (request_time);
COMMENT ON TABLE dbinsight.fact_inference_log IS 'Inference (payload) tables of endpoints that log them, one row a request: latency, prediction, actual';
CREATE INDEX ON dbinsight.fact_inference_log (request_time);
-- Those that log what the model was given.
CREATE INDEX ON dbinsight.fact_inference_log (request_time) WHERE extra ? 'features';

CREATE TABLE dbinsight.dim_experiment (
	account_id text,
	update_time timestamptz,
	delete_time timestamptz,
	workspace_id text NOT NULL,
	experiment_id text NOT NULL,
	experiment_name text,
	create_time timestamptz,
	extra jsonb,
	PRIMARY KEY (workspace_id, experiment_id)
);
COMMENT ON TABLE dbinsight.dim_experiment IS 'system.mlflow.experiments_latest, one row an experiment';

CREATE TABLE dbinsight.fact_mlflow_runs (
	account_id text,
	update_time timestamptz,
	delete_time timestamptz,
	workspace_id text NOT NULL,
	run_id text NOT NULL,
	experiment_id text,
	created_by text,
	start_time timestamptz,
	end_time timestamptz,
	run_name text,
	status text,
	params jsonb,
	tags jsonb,
	aggregated_metrics jsonb,
	extra jsonb,
	PRIMARY KEY (workspace_id, run_id)
);
COMMENT ON TABLE dbinsight.fact_mlflow_runs IS 'system.mlflow.runs_latest, one row a run, latest state';
CREATE INDEX ON dbinsight.fact_mlflow_runs (start_time);

CREATE TABLE dbinsight.fact_mlflow_run_metrics (
	account_id text,
	insert_time timestamptz NOT NULL,
	record_id text NOT NULL,
	workspace_id text,
	experiment_id text,
	run_id text,
	metric_name text,
	metric_time timestamptz,
	metric_step bigint,
	metric_value float8,
	extra jsonb,
	PRIMARY KEY (record_id)
);
COMMENT ON TABLE dbinsight.fact_mlflow_run_metrics IS 'system.mlflow.run_metrics_history, one row a logged metric value';
CREATE INDEX ON dbinsight.fact_mlflow_run_metrics (run_id, metric_name);
