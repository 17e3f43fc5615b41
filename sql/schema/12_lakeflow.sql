/*
 * Jobs and pipelines. The timelines keep the source's grain (a run and hourly
 * slice); tools read the run-level relations of 40_derived.sql.
 */
CREATE TABLE dbinsight.dim_job (
	account_id text,
	workspace_id text NOT NULL,
	job_id text NOT NULL,
	job_name text,
	creator_id text,
	tags jsonb,
	run_as_id text,
	run_as_user_name text,
	creator_user_name text,
	description text,
	trigger jsonb,
	trigger_type text,
	paused boolean,
	timeout_seconds bigint,
	health_rules jsonb,
	create_time timestamptz,
	delete_time timestamptz,
	change_time timestamptz NOT NULL,
	valid_from timestamptz GENERATED ALWAYS AS (change_time) STORED,
	valid_to timestamptz NOT NULL DEFAULT 'infinity',
	is_current boolean NOT NULL DEFAULT true,
	extra jsonb,
	PRIMARY KEY (workspace_id, job_id, change_time)
);
COMMENT ON TABLE dbinsight.dim_job IS 'system.lakeflow.jobs, one row a version of a job; job_id is unique only inside a workspace';

CREATE TABLE dbinsight.dim_job_task (
	account_id text,
	workspace_id text NOT NULL,
	job_id text NOT NULL,
	task_key text NOT NULL,
	depends_on text[],
	timeout_seconds bigint,
	health_rules jsonb,
	delete_time timestamptz,
	change_time timestamptz NOT NULL,
	valid_from timestamptz GENERATED ALWAYS AS (change_time) STORED,
	valid_to timestamptz NOT NULL DEFAULT 'infinity',
	is_current boolean NOT NULL DEFAULT true,
	extra jsonb,
	PRIMARY KEY (workspace_id, job_id, task_key, change_time)
);
COMMENT ON TABLE dbinsight.dim_job_task IS 'system.lakeflow.job_tasks, one row a version of a task with the tasks it depends on';

CREATE TABLE dbinsight.dim_pipeline (
	account_id text,
	workspace_id text NOT NULL,
	pipeline_id text NOT NULL,
	pipeline_type text,
	pipeline_name text,
	created_by text,
	run_as text,
	tags jsonb,
	settings jsonb,
	create_time timestamptz,
	delete_time timestamptz,
	change_time timestamptz NOT NULL,
	valid_from timestamptz GENERATED ALWAYS AS (change_time) STORED,
	valid_to timestamptz NOT NULL DEFAULT 'infinity',
	is_current boolean NOT NULL DEFAULT true,
	extra jsonb,
	PRIMARY KEY (workspace_id, pipeline_id, change_time)
);
COMMENT ON TABLE dbinsight.dim_pipeline IS 'system.lakeflow.pipelines, one row a version of a pipeline';

CREATE TABLE dbinsight.fact_job_run_timeline (
	account_id text,
	workspace_id text NOT NULL,
	job_id text,
	run_id text NOT NULL,
	period_start_time timestamptz NOT NULL,
	period_end_time timestamptz NOT NULL,
	trigger_type text,
	result_state text,
	run_type text,
	run_name text,
	compute_ids text[],
	termination_code text,
	termination_type text,
	job_parameters jsonb,
	source_task_run_id text,
	root_task_run_id text,
	extra jsonb,
	PRIMARY KEY (workspace_id, run_id, period_start_time, period_end_time)
) PARTITION BY RANGE (period_start_time);
COMMENT ON TABLE dbinsight.fact_job_run_timeline IS
'system.lakeflow.job_run_timeline, one row a run and hourly slice; result_state is set only on the slice that closes an attempt (read job_run)';
CREATE INDEX ON dbinsight.fact_job_run_timeline USING brin (period_start_time);

CREATE TABLE dbinsight.fact_job_task_run_timeline (
	account_id text,
	workspace_id text NOT NULL,
	job_id text,
	task_run_id text NOT NULL,
	period_start_time timestamptz NOT NULL,
	period_end_time timestamptz NOT NULL,
	task_key text NOT NULL,
	compute_ids text[],
	result_state text,
	job_run_id text,
	parent_run_id text,
	termination_code text,
	termination_type text,
	extra jsonb,
	PRIMARY KEY (workspace_id, task_run_id, task_key, period_start_time, period_end_time)
) PARTITION BY RANGE (period_start_time);
COMMENT ON TABLE dbinsight.fact_job_task_run_timeline IS
'system.lakeflow.job_task_run_timeline, one row a task run and hourly slice (read job_task_run)';
CREATE INDEX ON dbinsight.fact_job_task_run_timeline USING brin (period_start_time);

CREATE TABLE dbinsight.fact_pipeline_update_timeline (
	account_id text,
	workspace_id text NOT NULL,
	pipeline_id text NOT NULL,
	update_id text NOT NULL,
	update_type text,
	request_id text,
	run_as text,
	trigger_type text,
	trigger_details jsonb,
	result_state text,
	compute jsonb,
	period_start_time timestamptz NOT NULL,
	period_end_time timestamptz NOT NULL,
	extra jsonb,
	PRIMARY KEY (workspace_id, pipeline_id, update_id, period_start_time, period_end_time)
) PARTITION BY RANGE (period_start_time);
COMMENT ON TABLE dbinsight.fact_pipeline_update_timeline IS
'system.lakeflow.pipeline_update_timeline, one row a pipeline update and hourly slice (read pipeline_update)';

CREATE TABLE dbinsight.fact_pipeline_expectations (
	event_id text NOT NULL,
	workspace_id text,
	pipeline_id text,
	update_id text,
	dataset text NOT NULL,
	expectation text NOT NULL,
	event_time timestamptz NOT NULL,
	passed_records bigint,
	failed_records bigint,
	action text,
	extra jsonb,
	PRIMARY KEY (event_id, dataset, expectation, event_time)
) PARTITION BY RANGE (event_time);
COMMENT ON TABLE dbinsight.fact_pipeline_expectations IS
'Data-quality blocks of the pipeline event log: one row an event, dataset and expectation; counts are per progress event, so sum them';
CREATE INDEX ON dbinsight.fact_pipeline_expectations (event_time);
