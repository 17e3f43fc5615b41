-- The system tables as a Databricks account shows them, with the columns that later accounts have.
-- Left out: query.history.query_parameters (hundreds of nested members) and hidden columns.
-- Read line by line by system_tables.py: one column a line.

CREATE TABLE system.access.audit (
	account_id string,
	workspace_id string,
	version string,
	event_time timestamp,
	event_date date,
	source_ip_address string,
	user_agent string,
	session_id string,
	user_identity struct<email:string,subject_name:string>,
	service_name string,
	action_name string,
	request_id string,
	request_params map<string,string>,
	response struct<status_code:int,error_message:string,result:string>,
	audit_level string,
	event_id string,
	identity_metadata struct<run_by:string,run_as:string,acting_resource:string,run_by_display_name:string,run_as_display_name:string>
);

CREATE TABLE system.access.table_lineage (
	account_id string,
	metastore_id string,
	workspace_id string,
	entity_type string,
	entity_id string,
	entity_run_id string,
	source_table_full_name string,
	source_table_catalog string,
	source_table_schema string,
	source_table_name string,
	source_path string,
	source_type string,
	target_table_full_name string,
	target_table_catalog string,
	target_table_schema string,
	target_table_name string,
	target_path string,
	target_type string,
	created_by string,
	event_time timestamp,
	event_date date,
	record_id string,
	event_id string,
	statement_id string,
	entity_metadata struct<job_info:struct<job_id:string,job_run_id:string>,dashboard_id:string,legacy_dashboard_id:string,notebook_id:string,sql_query_id:string,dlt_pipeline_info:struct<dlt_pipeline_id:string,dlt_update_id:string>>,
	direct_access boolean
);

CREATE TABLE system.access.column_lineage (
	account_id string,
	metastore_id string,
	workspace_id string,
	entity_type string,
	entity_id string,
	entity_run_id string,
	source_table_full_name string,
	source_table_catalog string,
	source_table_schema string,
	source_table_name string,
	source_path string,
	source_type string,
	source_column_name string,
	target_table_full_name string,
	target_table_catalog string,
	target_table_schema string,
	target_table_name string,
	target_path string,
	target_type string,
	target_column_name string,
	created_by string,
	event_time timestamp,
	event_date date,
	record_id string,
	event_id string,
	statement_id string,
	entity_metadata struct<job_info:struct<job_id:string,job_run_id:string>,dashboard_id:string,legacy_dashboard_id:string,notebook_id:string,sql_query_id:string,dlt_pipeline_info:struct<dlt_pipeline_id:string,dlt_update_id:string>>,
	direct_access boolean
);

CREATE TABLE system.access.outbound_network (
	account_id string,
	workspace_id string,
	destination_type string,
	destination string,
	dns_event struct<domain_name:string,rcode:int>,
	storage_event struct<hostname:string,path:string,rejection_reason:string>,
	event_time timestamp,
	access_type string,
	event_id string,
	network_source_type string
);

CREATE TABLE system.access.inbound_network (
	account_id string,
	workspace_id string,
	event_id string,
	request_path string,
	source struct<ip:string>,
	authenticated_as string,
	event_time timestamp,
	policy_outcome string,
	rule_label string,
	policy_id string
);

CREATE TABLE system.access.workspaces_latest (
	account_id string,
	workspace_id string,
	workspace_name string,
	workspace_url string,
	create_time timestamp,
	status string
);

CREATE TABLE system.billing.usage (
	account_id string,
	workspace_id string,
	record_id string,
	sku_name string,
	cloud string,
	usage_start_time timestamp,
	usage_end_time timestamp,
	usage_date date,
	custom_tags map<string,string>,
	usage_unit string,
	usage_quantity decimal(38,18),
	usage_metadata struct<cluster_id:string,job_id:string,warehouse_id:string,instance_pool_id:string,node_type:string,job_run_id:string,notebook_id:string,dlt_pipeline_id:string,endpoint_name:string,endpoint_id:string,dlt_update_id:string,dlt_maintenance_id:string,run_name:string,job_name:string,notebook_path:string,central_clean_room_id:string,source_region:string,destination_region:string,app_id:string,app_name:string,metastore_id:string,private_endpoint_name:string,storage_api_type:string,budget_policy_id:string,ai_runtime_pool_id:string,ai_runtime_workload_id:string,uc_table_catalog:string,uc_table_schema:string,uc_table_name:string,database_instance_id:string,sharing_materialization_id:string,schema_id:string,usage_policy_id:string,base_environment_id:string,agent_bricks_id:string,index_id:string,catalog_id:string>,
	identity_metadata struct<run_as:string,created_by:string,owned_by:string,run_by:string>,
	record_type string,
	ingestion_date date,
	billing_origin_product string,
	product_features struct<jobs_tier:string,sql_tier:string,dlt_tier:string,is_serverless:boolean,is_photon:boolean,serving_type:string,networking:struct<connectivity_type:string>,ai_runtime:struct<compute_type:string>,model_serving:struct<offering_type:string>,ai_gateway:struct<feature_type:string>,performance_target:string,serverless_gpu:struct<workload_type:string>,agent_bricks:struct<problem_type:string,workload_type:string>,ai_functions:struct<ai_function:string>,apps:struct<compute_size:string>,lakeflow_connect:struct<task_type:string>>,
	usage_type string
);

CREATE TABLE system.billing.list_prices (
	account_id string,
	price_start_time timestamp,
	price_end_time timestamp,
	sku_name string,
	cloud string,
	currency_code string,
	usage_unit string,
	pricing struct<default:decimal(38,18),promotional:struct<default:decimal(38,18)>,effective_list:struct<default:decimal(38,18)>>
);

CREATE TABLE system.billing.account_prices (
	account_id string,
	price_start_time timestamp,
	price_end_time timestamp,
	sku_name string,
	cloud string,
	currency_code string,
	usage_unit string,
	pricing struct<default:decimal(38,18)>
);

CREATE TABLE system.compute.clusters (
	account_id string,
	workspace_id string,
	cluster_id string,
	cluster_name string,
	owned_by string,
	create_time timestamp,
	delete_time timestamp,
	driver_node_type string,
	worker_node_type string,
	worker_count bigint,
	min_autoscale_workers bigint,
	max_autoscale_workers bigint,
	auto_termination_minutes bigint,
	enable_elastic_disk boolean,
	tags map<string,string>,
	cluster_source string,
	init_scripts array<string>,
	aws_attributes struct<first_on_demand:bigint,availability:string,zone_id:string,instance_profile_arn:string,spot_bid_price_percent:bigint,ebs_volume_type:string,ebs_volume_count:bigint,ebs_volume_size:bigint,ebs_volume_iops:bigint,ebs_volume_throughput:bigint>,
	azure_attributes struct<first_on_demand:bigint,availability:string,spot_bid_max_price:double>,
	gcp_attributes struct<use_preemptible_executors:boolean,google_service_account:string,boot_disk_size:bigint,availability:string,zone_id:string,local_ssd_count:bigint>,
	driver_instance_pool_id string,
	worker_instance_pool_id string,
	dbr_version string,
	change_time timestamp,
	change_date date,
	data_security_mode string,
	policy_id string
);

CREATE TABLE system.compute.node_timeline (
	account_id string,
	workspace_id string,
	cluster_id string,
	instance_id string,
	start_time timestamp,
	end_time timestamp,
	driver boolean,
	cpu_user_percent double,
	cpu_system_percent double,
	cpu_wait_percent double,
	mem_used_percent double,
	mem_swap_percent double,
	network_sent_bytes bigint,
	network_received_bytes bigint,
	disk_free_bytes_per_mount_point map<string,bigint>,
	node_type string,
	private_ip string
);

CREATE TABLE system.compute.node_types (
	account_id string,
	node_type string,
	core_count double,
	memory_mb bigint,
	gpu_count bigint
);

CREATE TABLE system.compute.warehouses (
	warehouse_id string,
	workspace_id string,
	account_id string,
	warehouse_name string,
	warehouse_type string,
	warehouse_channel string,
	warehouse_size string,
	min_clusters int,
	max_clusters int,
	auto_stop_minutes int,
	tags map<string,string>,
	change_time timestamp,
	delete_time timestamp,
	created_by string
);

CREATE TABLE system.compute.warehouse_events (
	account_id string,
	workspace_id string,
	warehouse_id string,
	event_type string,
	cluster_count int,
	event_time timestamp
);

CREATE TABLE system.lakeflow.jobs (
	account_id string,
	workspace_id string,
	job_id string,
	name string,
	creator_id string,
	tags map<string,string>,
	run_as string,
	change_time timestamp,
	delete_time timestamp,
	description string,
	trigger struct<file_arrival:struct<url:string,min_time_between_triggers_seconds:int,wait_after_last_change_seconds:int>,periodic:struct<interval:int,units:string>,continuous:struct<enabled:boolean>,table_update:struct<table_names:array<string>,min_time_between_triggers_seconds:bigint,wait_after_last_change_seconds:bigint,condition:string>,schedule:struct<quartz_cron_expression:string,timezone_id:string>>,
	trigger_type string,
	run_as_user_name string,
	creator_user_name string,
	paused boolean,
	timeout_seconds bigint,
	health_rules array<struct<metric:string,operator:string,value:bigint>>,
	deployment struct<kind:string,metadata_file_path:string>,
	create_time timestamp
);

CREATE TABLE system.lakeflow.job_tasks (
	account_id string,
	workspace_id string,
	job_id string,
	task_key string,
	depends_on_keys array<string>,
	change_time timestamp,
	delete_time timestamp,
	timeout_seconds bigint,
	health_rules array<struct<metric:string,operator:string,value:bigint>>
);

CREATE TABLE system.lakeflow.job_run_timeline (
	account_id string,
	workspace_id string,
	job_id string,
	run_id string,
	period_start_time timestamp,
	period_end_time timestamp,
	trigger_type string,
	result_state string,
	run_type string,
	run_name string,
	compute_ids array<string>,
	termination_code string,
	job_parameters map<string,map<string,string>>,
	source_task_run_id string,
	root_task_run_id string,
	compute array<struct<type:string,cluster_id:string,warehouse_id:string>>,
	termination_type string,
	setup_duration_seconds bigint,
	queue_duration_seconds bigint,
	run_duration_seconds bigint,
	cleanup_duration_seconds bigint,
	execution_duration_seconds bigint
);

CREATE TABLE system.lakeflow.job_task_run_timeline (
	account_id string,
	workspace_id string,
	job_id string,
	run_id string,
	period_start_time timestamp,
	period_end_time timestamp,
	task_key string,
	compute_ids array<string>,
	result_state string,
	job_run_id string,
	parent_run_id string,
	termination_code string,
	compute array<struct<type:string,cluster_id:string,warehouse_id:string>>,
	termination_type string,
	task_parameters map<string,map<string,string>>,
	setup_duration_seconds bigint,
	cleanup_duration_seconds bigint,
	execution_duration_seconds bigint
);

CREATE TABLE system.lakeflow.pipelines (
	workspace_id string,
	pipeline_id string,
	pipeline_type string,
	name string,
	created_by string,
	run_as string,
	tags map<string,string>,
	settings struct<photon:boolean,development:boolean,continuous:boolean,serverless:boolean,edition:string,channel:string>,
	configuration map<string,string>,
	change_time timestamp,
	delete_time timestamp,
	account_id string,
	create_time timestamp
);

CREATE TABLE system.lakeflow.pipeline_update_timeline (
	workspace_id string,
	pipeline_id string,
	update_id string,
	update_type string,
	request_id string,
	run_as_user_name string,
	trigger_type string,
	trigger_details struct<job_task:struct<job_id:string,job_task_run_id:string,performance_target:string>>,
	result_state string,
	compute struct<type:string,cluster_id:string>,
	period_start_time timestamp,
	period_end_time timestamp,
	refresh_selection array<struct<table_catalog:string,table_schema:string,table_name:string>>,
	full_refresh_selection array<struct<table_catalog:string,table_schema:string,table_name:string>>,
	reset_checkpoint_selection array<string>,
	account_id string
);

CREATE TABLE system.query.history (
	account_id string,
	workspace_id string,
	statement_id string,
	executed_by string,
	session_id string,
	execution_status string,
	compute struct<type:string,cluster_id:string,warehouse_id:string>,
	executed_by_user_id string,
	statement_text string,
	statement_type string,
	error_message string,
	client_application string,
	client_driver string,
	total_duration_ms bigint,
	waiting_for_compute_duration_ms bigint,
	waiting_at_capacity_duration_ms bigint,
	execution_duration_ms bigint,
	compilation_duration_ms bigint,
	total_task_duration_ms bigint,
	result_fetch_duration_ms bigint,
	start_time timestamp,
	end_time timestamp,
	update_time timestamp,
	read_partitions bigint,
	pruned_files bigint,
	read_files bigint,
	read_rows bigint,
	produced_rows bigint,
	read_bytes bigint,
	read_io_cache_percent tinyint,
	from_result_cache boolean,
	spilled_local_bytes bigint,
	written_bytes bigint,
	shuffle_read_bytes bigint,
	query_source struct<job_info:struct<job_id:string,job_run_id:string,job_task_run_id:string>,legacy_dashboard_id:string,dashboard_id:string,alert_id:string,notebook_id:string,sql_query_id:string,genie_space_id:string,pipeline_info:struct<pipeline_id:string,update_id:string>>,
	executed_as_user_id string,
	executed_as string,
	written_rows bigint,
	written_files bigint,
	cache_origin_statement_id string,
	query_tags map<string,string>,
	pruned_files_bytes bigint,
	read_files_bytes bigint
);

CREATE TABLE system.serving.endpoint_usage (
	workspace_id string,
	account_id string,
	client_request_id string,
	databricks_request_id string,
	requester string,
	status_code int,
	request_time timestamp,
	input_token_count bigint,
	output_token_count bigint,
	input_character_count bigint,
	output_character_count bigint,
	usage_context map<string,string>,
	request_streaming boolean,
	served_entity_id string
);

CREATE TABLE system.serving.served_entities (
	served_entity_id string,
	account_id string,
	workspace_id string,
	created_by string,
	endpoint_name string,
	endpoint_id string,
	served_entity_name string,
	entity_type string,
	entity_name string,
	entity_version string,
	endpoint_config_version int,
	task string,
	external_model_config struct<provider:string>,
	foundation_model_config struct<min_provisioned_throughput:bigint,max_provisioned_throughput:bigint>,
	custom_model_config struct<min_concurrency:int,max_concurrency:int,compute_type:string>,
	feature_spec_config struct<min_concurrency:int,max_concurrency:int,compute_type:string>,
	change_time timestamp,
	endpoint_delete_time timestamp
);

CREATE TABLE system.mlflow.experiments_latest (
	account_id string,
	update_time timestamp,
	delete_time timestamp,
	workspace_id string,
	experiment_id string,
	name string,
	create_time timestamp
);

CREATE TABLE system.mlflow.runs_latest (
	account_id string,
	update_time timestamp,
	delete_time timestamp,
	workspace_id string,
	run_id string,
	experiment_id string,
	created_by string,
	start_time timestamp,
	end_time timestamp,
	run_name string,
	status string,
	params map<string,string>,
	tags map<string,string>,
	aggregated_metrics array<struct<metric_name:string,min_value:double,max_value:double,latest_value:double>>
);

CREATE TABLE system.mlflow.run_metrics_history (
	account_id string,
	insert_time timestamp,
	record_id string,
	workspace_id string,
	experiment_id string,
	run_id string,
	metric_name string,
	metric_time timestamp,
	metric_step bigint,
	metric_value double
);

CREATE TABLE system.data_quality_monitoring.table_results (
	event_time timestamp,
	catalog_name string,
	schema_name string,
	table_name string,
	catalog_id string,
	schema_id string,
	table_id string,
	status string,
	freshness struct<status:string,commit_freshness:struct<status:string,error_code:string,last_value:timestamp,predicted_value:timestamp>>,
	completeness struct<status:string,total_row_count:struct<status:string,error_code:string,last_value:bigint,min_predicted_value:bigint,max_predicted_value:bigint>,daily_row_count:struct<status:string,error_code:string,last_value:bigint,min_predicted_value:bigint,max_predicted_value:bigint>>,
	downstream_impact struct<impact_level:int,num_downstream_tables:bigint,num_queries_on_affected_tables:bigint>,
	root_cause_analysis struct<upstream_jobs:array<struct<job_id:string,workspace_id:string,job_name:string,last_run_status:string,run_page_url:string>>>
);

CREATE TABLE system.data_classification.results (
	catalog_id string,
	table_id string,
	latest_detected_time timestamp,
	first_detected_time timestamp,
	catalog_name string,
	schema_name string,
	table_name string,
	column_name string,
	data_type string,
	class_tag string,
	samples array<string>,
	confidence string,
	frequency double
);

CREATE TABLE system.storage.predictive_optimization_operations_history (
	account_id string,
	workspace_id string,
	start_time timestamp,
	end_time timestamp,
	metastore_name string,
	metastore_id string,
	catalog_name string,
	schema_name string,
	table_name string,
	table_id string,
	operation_type string,
	operation_id string,
	operation_status string,
	operation_metrics map<string,string>,
	usage_unit string,
	usage_quantity decimal(38,18)
);

CREATE TABLE system.information_schema.tables (
	table_catalog string,
	table_schema string,
	table_name string,
	table_type string,
	is_insertable_into string,
	commit_action string,
	table_owner string,
	comment string,
	created timestamp,
	created_by string,
	last_altered timestamp,
	last_altered_by string,
	data_source_format string,
	storage_sub_directory string,
	storage_path string
);

CREATE TABLE system.information_schema.columns (
	table_catalog string,
	table_schema string,
	table_name string,
	column_name string,
	ordinal_position int,
	column_default string,
	is_nullable string,
	full_data_type string,
	data_type string,
	character_maximum_length bigint,
	character_octet_length bigint,
	numeric_precision int,
	numeric_precision_radix int,
	numeric_scale int,
	datetime_precision int,
	interval_type string,
	interval_precision int,
	maximum_cardinality bigint,
	is_identity string,
	identity_generation string,
	identity_start string,
	identity_increment string,
	identity_maximum string,
	identity_minimum string,
	identity_cycle string,
	is_generated string,
	generation_expression string,
	is_system_time_period_start string,
	is_system_time_period_end string,
	system_time_period_timestamp_generation string,
	is_updatable string,
	partition_index int,
	comment string
);

CREATE TABLE system.information_schema.table_privileges (
	grantor string,
	grantee string,
	table_catalog string,
	table_schema string,
	table_name string,
	privilege_type string,
	is_grantable string,
	inherited_from string
);

CREATE TABLE system.information_schema.table_tags (
	catalog_name string,
	schema_name string,
	table_name string,
	tag_name string,
	tag_value string
);

CREATE TABLE system.information_schema.column_tags (
	catalog_name string,
	schema_name string,
	table_name string,
	column_name string,
	tag_name string,
	tag_value string
);

CREATE TABLE system.information_schema.schemata (
	catalog_name string,
	schema_name string,
	schema_owner string,
	comment string,
	created timestamp,
	created_by string,
	last_altered timestamp,
	last_altered_by string,
	url string
);

CREATE TABLE system.information_schema.column_masks (
	table_catalog string,
	table_schema string,
	table_name string,
	column_name string,
	mask_name string,
	using_columns string
);

CREATE TABLE system.information_schema.schema_privileges (
	grantor string,
	grantee string,
	catalog_name string,
	schema_name string,
	privilege_type string,
	is_grantable string,
	inherited_from string
);

CREATE TABLE system.information_schema.catalog_privileges (
	grantor string,
	grantee string,
	catalog_name string,
	privilege_type string,
	is_grantable string,
	inherited_from string
);

CREATE TABLE system.information_schema.row_filters (
	table_catalog string,
	table_schema string,
	table_name string,
	filter_name string,
	target_columns string
);
