/*
 * Relations derived from the facts, each defined once. A maintained one has a
 * refresh function (since, until) that recomputes what the rows of that time
 * touch; the loader calls it after every batch, load_sample() at its end.
 */
CREATE TABLE dbinsight.derived_relations (
	name text PRIMARY KEY,
	gold_table text NOT NULL,
	position int NOT NULL,
	refresh text NOT NULL
);
COMMENT ON TABLE dbinsight.derived_relations IS
'Maintained relations: the gold table they follow, their order, and the function (since, until) that refreshes them';

CREATE FUNCTION dbinsight._refresh_derived(gold_table text, since timestamptz, until timestamptz) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	d record;
BEGIN
	FOR d IN SELECT r.refresh FROM dbinsight.derived_relations r
		WHERE r.gold_table = _refresh_derived.gold_table ORDER BY r.position, r.name
	LOOP
		EXECUTE format('SELECT dbinsight.%I($1, $2)', d.refresh) USING since, until;
	END LOOP;
END $$;
COMMENT ON FUNCTION dbinsight._refresh_derived(text, timestamptz, timestamptz) IS
'Brings every relation derived from a gold table up to date for rows between two times';

/* Result states: one spelling, and what counts as success and failure. */
CREATE FUNCTION dbinsight.is_success(result_state text) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN coalesce(result_state = 'SUCCEEDED', false);
COMMENT ON FUNCTION dbinsight.is_success(text) IS 'SUCCEEDED; neutral states and NULL are neither success nor failure';

CREATE FUNCTION dbinsight.is_failure(result_state text) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN coalesce(result_state IN ('FAILED', 'ERROR', 'TIMED_OUT'), false);
COMMENT ON FUNCTION dbinsight.is_failure(text) IS 'FAILED, ERROR or TIMED_OUT; CANCELLED, SKIPPED, BLOCKED are neutral';

CREATE FUNCTION dbinsight.run_state(result_state text, last_seen_time timestamptz) RETURNS text
	LANGUAGE sql STABLE PARALLEL SAFE
	RETURN coalesce(result_state, CASE WHEN last_seen_time >= dbinsight.now() - interval '3 hours' THEN 'RUNNING' ELSE 'LOST' END);
COMMENT ON FUNCTION dbinsight.run_state(text, timestamptz) IS
'State of a run as shown: its result, or RUNNING when its last slice is less than three hours old, else LOST';

CREATE TABLE dbinsight.job_run (
	workspace_id text NOT NULL,
	run_id text NOT NULL,
	job_id text,
	run_name text,
	run_type text,
	trigger_type text,
	start_time timestamptz NOT NULL,
	last_seen_time timestamptz NOT NULL,
	attempts int NOT NULL,
	repair_count int NOT NULL,
	result_state text,
	termination_code text,
	first_result_state text,
	is_terminal boolean NOT NULL,
	end_time timestamptz,
	duration_s float8 NOT NULL,
	wall_s float8 NOT NULL,
	run_date date GENERATED ALWAYS AS ((start_time AT TIME ZONE 'UTC')::date) STORED,
	end_date date GENERATED ALWAYS AS ((end_time AT TIME ZONE 'UTC')::date) STORED,
	is_success boolean GENERATED ALWAYS AS (coalesce(result_state = 'SUCCEEDED', false)) STORED,
	is_failure boolean GENERATED ALWAYS AS (coalesce(result_state IN ('FAILED', 'ERROR', 'TIMED_OUT'), false)) STORED,
	compute_ids text[],
	job_parameters jsonb,
	PRIMARY KEY (workspace_id, run_id)
);
COMMENT ON TABLE dbinsight.job_run IS
'Derived from fact_job_run_timeline, one row a run: latest attempt decides the state; duration_s is time worked, wall_s includes the pause before a repair';
CREATE INDEX ON dbinsight.job_run (end_time);
CREATE INDEX ON dbinsight.job_run (start_time);
CREATE INDEX ON dbinsight.job_run (workspace_id, job_id, end_time);
CREATE INDEX ON dbinsight.job_run (end_time) WHERE is_failure;

CREATE FUNCTION dbinsight._refresh_job_run(since timestamptz, until timestamptz) RETURNS void
	LANGUAGE sql BEGIN ATOMIC
	-- A run may have begun up to seven days before the slices just loaded and
	-- may go on for as long after them: read its other slices there.
	INSERT INTO dbinsight.job_run AS r (workspace_id, run_id, job_id, run_name, run_type, trigger_type, start_time,
		last_seen_time, attempts, repair_count, result_state, termination_code, first_result_state, is_terminal,
		end_time, duration_s, wall_s, compute_ids, job_parameters)
	WITH touched AS (
		SELECT DISTINCT f.workspace_id, f.run_id FROM dbinsight.fact_job_run_timeline f
		WHERE f.period_start_time BETWEEN since AND until
	), slice AS (
		SELECT f.* FROM dbinsight.fact_job_run_timeline f JOIN touched USING (workspace_id, run_id)
		WHERE f.period_start_time BETWEEN since - interval '7 days' AND until + interval '7 days'
	), run AS (
		SELECT workspace_id, run_id, max(job_id) AS job_id, max(run_name) AS run_name, max(run_type) AS run_type,
			(array_agg(trigger_type ORDER BY period_start_time, period_end_time) FILTER (WHERE trigger_type IS NOT NULL))[1] AS trigger_type,
			min(period_start_time) AS start_time, max(period_end_time) AS last_seen_time,
			count(result_state)::int AS attempts,
			(array_agg(result_state ORDER BY period_end_time DESC, period_start_time DESC) FILTER (WHERE result_state IS NOT NULL))[1] AS result_state,
			(array_agg(termination_code ORDER BY period_end_time DESC, period_start_time DESC) FILTER (WHERE result_state IS NOT NULL))[1] AS termination_code,
			(array_agg(result_state ORDER BY period_end_time, period_start_time) FILTER (WHERE result_state IS NOT NULL))[1] AS first_result_state,
			(array_agg(result_state IS NOT NULL ORDER BY period_end_time DESC, period_start_time DESC))[1] AS is_terminal,
			sum(extract(epoch FROM period_end_time - period_start_time))::float8 AS duration_s,
			(array_agg(job_parameters ORDER BY period_start_time) FILTER (WHERE job_parameters IS NOT NULL))[1] AS job_parameters
		FROM slice GROUP BY workspace_id, run_id
	), compute AS (
		SELECT workspace_id, run_id, array_agg(DISTINCT c ORDER BY c) AS compute_ids
		FROM slice, unnest(slice.compute_ids) c GROUP BY workspace_id, run_id
	)
	SELECT run.workspace_id, run.run_id, run.job_id, run.run_name, run.run_type, run.trigger_type, run.start_time,
		run.last_seen_time, run.attempts, greatest(run.attempts - 1, 0),
		CASE WHEN run.is_terminal THEN run.result_state END, CASE WHEN run.is_terminal THEN run.termination_code END,
		run.first_result_state, run.is_terminal, CASE WHEN run.is_terminal THEN run.last_seen_time END, run.duration_s,
		extract(epoch FROM run.last_seen_time - run.start_time)::float8, compute.compute_ids, run.job_parameters
	FROM run LEFT JOIN compute USING (workspace_id, run_id)
	ON CONFLICT (workspace_id, run_id) DO UPDATE SET job_id = excluded.job_id, run_name = excluded.run_name,
		run_type = excluded.run_type, trigger_type = excluded.trigger_type, start_time = excluded.start_time,
		last_seen_time = excluded.last_seen_time, attempts = excluded.attempts, repair_count = excluded.repair_count,
		result_state = excluded.result_state, termination_code = excluded.termination_code,
		first_result_state = excluded.first_result_state, is_terminal = excluded.is_terminal, end_time = excluded.end_time,
		duration_s = excluded.duration_s, wall_s = excluded.wall_s, compute_ids = excluded.compute_ids,
		job_parameters = excluded.job_parameters;
END;
COMMENT ON FUNCTION dbinsight._refresh_job_run(timestamptz, timestamptz) IS 'Recomputes the runs with a slice that starts between two times';

CREATE TABLE dbinsight.job_task_run (
	workspace_id text NOT NULL,
	task_run_id text NOT NULL,
	job_id text,
	job_run_id text,
	parent_run_id text,
	task_key text,
	start_time timestamptz NOT NULL,
	end_time timestamptz,
	last_seen_time timestamptz NOT NULL,
	duration_s float8 NOT NULL,
	result_state text,
	termination_code text,
	compute_ids text[],
	attempt_no int NOT NULL DEFAULT 1,
	PRIMARY KEY (workspace_id, task_run_id)
);
COMMENT ON TABLE dbinsight.job_task_run IS
'Derived from fact_job_task_run_timeline, one row a task run; attempt_no counts the task runs of one job run and task key';
CREATE INDEX ON dbinsight.job_task_run (workspace_id, job_run_id);
CREATE INDEX ON dbinsight.job_task_run (start_time);

CREATE FUNCTION dbinsight._refresh_job_task_run(since timestamptz, until timestamptz) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	-- plpgsql, because a SQL function plans the UPDATE before the INSERT has
	-- filled the table, and chooses loops fit for an empty one.
	INSERT INTO dbinsight.job_task_run (workspace_id, task_run_id, job_id, job_run_id, parent_run_id, task_key,
		start_time, end_time, last_seen_time, duration_s, result_state, termination_code, compute_ids)
	WITH touched AS (
		SELECT DISTINCT f.workspace_id, f.task_run_id FROM dbinsight.fact_job_task_run_timeline f
		WHERE f.period_start_time BETWEEN since AND until
	), slice AS (
		SELECT f.* FROM dbinsight.fact_job_task_run_timeline f JOIN touched USING (workspace_id, task_run_id)
		WHERE f.period_start_time BETWEEN since - interval '7 days' AND until + interval '7 days'
	), run AS (
		SELECT workspace_id, task_run_id, max(job_id) AS job_id, max(job_run_id) AS job_run_id,
			max(parent_run_id) AS parent_run_id, max(task_key) AS task_key, min(period_start_time) AS start_time,
			max(period_end_time) AS last_seen_time,
			(array_agg(result_state ORDER BY period_end_time DESC, period_start_time DESC) FILTER (WHERE result_state IS NOT NULL))[1] AS result_state,
			(array_agg(termination_code ORDER BY period_end_time DESC, period_start_time DESC) FILTER (WHERE result_state IS NOT NULL))[1] AS termination_code,
			sum(extract(epoch FROM period_end_time - period_start_time))::float8 AS duration_s
		FROM slice GROUP BY workspace_id, task_run_id
	), compute AS (
		SELECT workspace_id, task_run_id, array_agg(DISTINCT c ORDER BY c) AS compute_ids
		FROM slice, unnest(slice.compute_ids) c GROUP BY workspace_id, task_run_id
	)
	SELECT run.workspace_id, run.task_run_id, run.job_id, run.job_run_id, run.parent_run_id, run.task_key, run.start_time,
		CASE WHEN run.result_state IS NOT NULL THEN run.last_seen_time END, run.last_seen_time, run.duration_s,
		run.result_state, run.termination_code, compute.compute_ids
	FROM run LEFT JOIN compute USING (workspace_id, task_run_id)
	ON CONFLICT (workspace_id, task_run_id) DO UPDATE SET job_id = excluded.job_id, job_run_id = excluded.job_run_id,
		parent_run_id = excluded.parent_run_id, task_key = excluded.task_key, start_time = excluded.start_time,
		end_time = excluded.end_time, last_seen_time = excluded.last_seen_time, duration_s = excluded.duration_s,
		result_state = excluded.result_state, termination_code = excluded.termination_code, compute_ids = excluded.compute_ids;
	UPDATE dbinsight.job_task_run t SET attempt_no = n.attempt_no
	FROM (
		SELECT workspace_id, task_run_id,
			row_number() OVER (PARTITION BY workspace_id, job_run_id, task_key ORDER BY start_time, task_run_id)::int AS attempt_no
		FROM dbinsight.job_task_run
		WHERE (workspace_id, job_run_id) IN (SELECT c.workspace_id, c.job_run_id FROM dbinsight.job_task_run c
			WHERE c.start_time BETWEEN since - interval '7 days' AND until)
	) n
	WHERE t.workspace_id = n.workspace_id AND t.task_run_id = n.task_run_id AND t.attempt_no <> n.attempt_no;
END $$;
COMMENT ON FUNCTION dbinsight._refresh_job_task_run(timestamptz, timestamptz) IS 'Recomputes the task runs with a slice that starts between two times';

CREATE TABLE dbinsight.pipeline_update (
	workspace_id text NOT NULL,
	update_id text NOT NULL,
	pipeline_id text,
	update_type text,
	trigger_type text,
	request_id text,
	run_as text,
	start_time timestamptz NOT NULL,
	last_seen_time timestamptz NOT NULL,
	end_time timestamptz,
	duration_s float8 NOT NULL,
	result_state text,
	PRIMARY KEY (workspace_id, update_id)
);
COMMENT ON TABLE dbinsight.pipeline_update IS
'Derived from fact_pipeline_update_timeline, one row an update: COMPLETED is success, FAILED failure, CANCELLED neutral';
CREATE INDEX ON dbinsight.pipeline_update (end_time);

CREATE FUNCTION dbinsight._refresh_pipeline_update(since timestamptz, until timestamptz) RETURNS void
	LANGUAGE sql BEGIN ATOMIC
	INSERT INTO dbinsight.pipeline_update (workspace_id, update_id, pipeline_id, update_type, trigger_type, request_id,
		run_as, start_time, last_seen_time, end_time, duration_s, result_state)
	WITH touched AS (
		SELECT DISTINCT f.workspace_id, f.update_id FROM dbinsight.fact_pipeline_update_timeline f
		WHERE f.period_start_time BETWEEN since AND until
	), run AS (
		SELECT f.workspace_id, f.update_id, max(pipeline_id) AS pipeline_id, max(update_type) AS update_type,
			max(trigger_type) AS trigger_type, max(request_id) AS request_id, max(run_as) AS run_as,
			min(period_start_time) AS start_time, max(period_end_time) AS last_seen_time,
			(array_agg(result_state ORDER BY period_end_time DESC) FILTER (WHERE result_state IS NOT NULL))[1] AS result_state,
			sum(extract(epoch FROM period_end_time - period_start_time))::float8 AS duration_s
		FROM dbinsight.fact_pipeline_update_timeline f JOIN touched USING (workspace_id, update_id)
		WHERE f.period_start_time BETWEEN since - interval '7 days' AND until + interval '7 days'
		GROUP BY f.workspace_id, f.update_id
	)
	SELECT workspace_id, update_id, pipeline_id, update_type, trigger_type, request_id, run_as, start_time, last_seen_time,
		CASE WHEN result_state IS NOT NULL THEN last_seen_time END, duration_s, result_state
	FROM run
	ON CONFLICT (workspace_id, update_id) DO UPDATE SET pipeline_id = excluded.pipeline_id,
		update_type = excluded.update_type, trigger_type = excluded.trigger_type, request_id = excluded.request_id,
		run_as = excluded.run_as, start_time = excluded.start_time, last_seen_time = excluded.last_seen_time,
		end_time = excluded.end_time, duration_s = excluded.duration_s, result_state = excluded.result_state;
END;
COMMENT ON FUNCTION dbinsight._refresh_pipeline_update(timestamptz, timestamptz) IS 'Recomputes the updates with a slice that starts between two times';

INSERT INTO dbinsight.derived_relations VALUES
	('job_run', 'fact_job_run_timeline', 10, '_refresh_job_run'),
	('job_task_run', 'fact_job_task_run_timeline', 10, '_refresh_job_task_run'),
	('pipeline_update', 'fact_pipeline_update_timeline', 10, '_refresh_pipeline_update');

/* Current rows of the versioned dimensions, and names that are never NULL. */
CREATE VIEW dbinsight.current_job AS
SELECT j.workspace_id, j.job_id, j.job_name, coalesce(j.run_as_user_name, j.run_as_id) AS run_as, j.trigger_type, j.trigger,
	j.delete_time, j.change_time
FROM dbinsight.dim_job j WHERE j.is_current;
COMMENT ON VIEW dbinsight.current_job IS 'Latest version of each job; run_as is the name where known, else the id';
CREATE VIEW dbinsight.current_cluster AS SELECT * FROM dbinsight.dim_cluster WHERE is_current;
COMMENT ON VIEW dbinsight.current_cluster IS 'Latest version of each cluster';
CREATE VIEW dbinsight.current_warehouse AS SELECT * FROM dbinsight.dim_warehouse WHERE is_current;
COMMENT ON VIEW dbinsight.current_warehouse IS 'Latest version of each SQL warehouse';
CREATE VIEW dbinsight.current_pipeline AS SELECT * FROM dbinsight.dim_pipeline WHERE is_current;
COMMENT ON VIEW dbinsight.current_pipeline IS 'Latest version of each pipeline';
CREATE VIEW dbinsight.current_served_entity AS SELECT * FROM dbinsight.dim_served_entities WHERE is_current;
COMMENT ON VIEW dbinsight.current_served_entity IS 'Latest version of each served entity';
CREATE VIEW dbinsight.current_table AS
SELECT * FROM dbinsight.dim_table WHERE snapshot_date = (SELECT max(snapshot_date) FROM dbinsight.dim_table);
COMMENT ON VIEW dbinsight.current_table IS 'Tables of the latest snapshot';
CREATE VIEW dbinsight.current_column AS
SELECT * FROM dbinsight.dim_column WHERE snapshot_date = (SELECT max(snapshot_date) FROM dbinsight.dim_column);
COMMENT ON VIEW dbinsight.current_column IS 'Columns of the latest snapshot';
CREATE VIEW dbinsight.current_grant AS
SELECT * FROM dbinsight.dim_grant WHERE snapshot_date = (SELECT max(snapshot_date) FROM dbinsight.dim_grant);
COMMENT ON VIEW dbinsight.current_grant IS 'Grants of the latest snapshot';
CREATE VIEW dbinsight.current_tag AS
SELECT * FROM dbinsight.dim_tag WHERE snapshot_date = (SELECT max(snapshot_date) FROM dbinsight.dim_tag);
COMMENT ON VIEW dbinsight.current_tag IS 'Tags of the latest snapshot';
CREATE VIEW dbinsight.current_column_mask AS
SELECT * FROM dbinsight.dim_column_mask WHERE snapshot_date = (SELECT max(snapshot_date) FROM dbinsight.dim_column_mask);
COMMENT ON VIEW dbinsight.current_column_mask IS 'Column masks of the latest snapshot';
CREATE VIEW dbinsight.current_row_filter AS
SELECT * FROM dbinsight.dim_row_filter WHERE snapshot_date = (SELECT max(snapshot_date) FROM dbinsight.dim_row_filter);
COMMENT ON VIEW dbinsight.current_row_filter IS 'Row filters of the latest snapshot';

/* Sensitive objects: what a person listed, what was classified or tagged, what the name says. */
CREATE VIEW dbinsight.sensitive_objects AS
SELECT table_full_name, array_agg(DISTINCT reason ORDER BY reason) AS reasons,
	coalesce(array_agg(DISTINCT class_tag ORDER BY class_tag) FILTER (WHERE class_tag IS NOT NULL), '{}') AS class_tags
FROM (
	SELECT t.table_full_name, 'listed' AS reason, s.class_tag
	FROM dbinsight.current_table t JOIN dbinsight.sensitive_tables s ON t.table_full_name ILIKE s.table_pattern
	UNION ALL
	SELECT c.table_full_name, 'classified', c.class_tag
	FROM dbinsight.fact_data_classification c JOIN dbinsight.current_table t USING (table_full_name)
	UNION ALL
	SELECT g.object_full_name, 'tagged', g.tag_name || coalesce('=' || nullif(g.tag_value, ''), '')
	FROM dbinsight.current_tag g JOIN dbinsight.current_table t ON t.table_full_name = g.object_full_name
	WHERE g.level IN ('table', 'column') AND (g.tag_name IN ('pii', 'sensitive', 'classification') OR g.tag_name LIKE 'class.%')
	UNION ALL
	SELECT t.table_full_name, 'named', NULL
	FROM dbinsight.current_table t WHERE t.table_full_name ~* dbinsight._setting('sensitive_name_pattern')
) s
GROUP BY table_full_name;
COMMENT ON VIEW dbinsight.sensitive_objects IS
'Current tables that hold sensitive data, why (listed, classified, tagged, named) and under which class tags';
