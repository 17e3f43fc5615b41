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
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_sort = off SET enable_nestloop = off SET jit = off AS $$
DECLARE
	-- Right after a load the statistics lag: hashing is safe; loops over what was thought
	-- small and sorts of wide rows are not.
	d record;
BEGIN
	-- One refresh may make several relations.
	FOR d IN SELECT r.refresh FROM dbinsight.derived_relations r
		WHERE r.gold_table = _refresh_derived.gold_table GROUP BY r.refresh ORDER BY max(r.position), min(r.name)
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
'Derived from fact_job_run_timeline, one row a run: the latest slice decides the state, NULL while it carries none; duration_s is time worked, wall_s includes the pause before a repair';
CREATE INDEX ON dbinsight.job_run (end_time);
CREATE INDEX ON dbinsight.job_run (start_time);
CREATE INDEX ON dbinsight.job_run (workspace_id, job_id, end_time);
CREATE INDEX ON dbinsight.job_run (end_time) WHERE is_failure;
CREATE INDEX ON dbinsight.job_run (workspace_id, job_id, end_time) WHERE is_failure;
CREATE INDEX ON dbinsight.job_run (workspace_id, job_id, end_time) WHERE is_success;

CREATE FUNCTION dbinsight._refresh_job_run(since timestamptz, until timestamptz) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET enable_sort = on SET enable_nestloop = on AS $$
DECLARE
	low timestamptz;
	high timestamptz;
	written bigint;
BEGIN
	-- A run has slices before and after those just loaded: seven days around
	-- them, and as far as the run was known to reach (a stream runs for months).
	SELECT least(since - interval '7 days', min(k.start_time)), greatest(until + interval '7 days', max(k.last_seen_time)) INTO low, high
	FROM dbinsight.job_run k
	WHERE (k.workspace_id, k.run_id) IN (SELECT o.workspace_id, o.run_id FROM dbinsight.fact_job_run_timeline o
		WHERE o.period_start_time BETWEEN since AND until);
	INSERT INTO dbinsight.job_run AS r (workspace_id, run_id, job_id, run_name, run_type, trigger_type, start_time,
		last_seen_time, attempts, repair_count, result_state, termination_code, first_result_state, is_terminal,
		end_time, duration_s, wall_s, compute_ids, job_parameters)
	WITH slice AS (
		SELECT f.workspace_id, f.run_id, f.job_id, f.run_name, f.run_type, f.trigger_type, f.period_start_time, f.period_end_time,
			f.result_state, f.termination_code, f.job_parameters, f.compute_ids, row_number() OVER latest AS age
		FROM dbinsight.fact_job_run_timeline f
		WHERE f.period_start_time BETWEEN low AND high AND (f.workspace_id, f.run_id) IN (SELECT o.workspace_id, o.run_id
			FROM dbinsight.fact_job_run_timeline o WHERE o.period_start_time BETWEEN since AND until)
		WINDOW latest AS (PARTITION BY f.workspace_id, f.run_id ORDER BY f.period_end_time DESC, f.period_start_time DESC)
	), run AS (
		SELECT workspace_id, run_id, max(job_id) AS job_id, max(run_name) AS run_name, max(run_type) AS run_type,
			(array_agg(trigger_type ORDER BY age DESC) FILTER (WHERE trigger_type IS NOT NULL))[1] AS trigger_type,
			min(period_start_time) AS start_time, max(period_end_time) AS last_seen_time,
			count(result_state)::int AS attempts,
			max(result_state) FILTER (WHERE age = 1) AS result_state,
			max(termination_code) FILTER (WHERE age = 1 AND result_state IS NOT NULL) AS termination_code,
			(array_agg(result_state ORDER BY age DESC) FILTER (WHERE result_state IS NOT NULL))[1] AS first_result_state,
			sum(extract(epoch FROM period_end_time - period_start_time))::float8 AS duration_s,
			(array_agg(job_parameters ORDER BY age DESC) FILTER (WHERE job_parameters IS NOT NULL))[1] AS job_parameters,
			-- no join with a second grouping: what a CTE holds the planner cannot estimate
			string_agg(array_to_string(compute_ids, E'\x01'), E'\x01') FILTER (WHERE compute_ids <> '{}') AS compute_ids
		FROM slice GROUP BY workspace_id, run_id
	)
	SELECT run.workspace_id, run.run_id, run.job_id, run.run_name, run.run_type, run.trigger_type, run.start_time,
		run.last_seen_time, run.attempts, greatest(run.attempts - 1, 0), run.result_state, run.termination_code,
		run.first_result_state, run.result_state IS NOT NULL, CASE WHEN run.result_state IS NOT NULL THEN run.last_seen_time END,
		run.duration_s, extract(epoch FROM run.last_seen_time - run.start_time)::float8, (SELECT array_agg(DISTINCT c ORDER BY c) FROM unnest(string_to_array(run.compute_ids, E'\x01')) c), run.job_parameters
	FROM run
	ON CONFLICT (workspace_id, run_id) DO UPDATE SET job_id = excluded.job_id, run_name = excluded.run_name,
		run_type = excluded.run_type, trigger_type = excluded.trigger_type, start_time = excluded.start_time,
		last_seen_time = excluded.last_seen_time, attempts = excluded.attempts, repair_count = excluded.repair_count,
		result_state = excluded.result_state, termination_code = excluded.termination_code,
		first_result_state = excluded.first_result_state, is_terminal = excluded.is_terminal, end_time = excluded.end_time,
		duration_s = excluded.duration_s, wall_s = excluded.wall_s, compute_ids = excluded.compute_ids,
		job_parameters = excluded.job_parameters;
	GET DIAGNOSTICS written = ROW_COUNT;
	IF written > 0.1 * (SELECT c.reltuples FROM pg_class c WHERE c.oid = 'dbinsight.job_run'::regclass) THEN
		ANALYZE dbinsight.job_run;
	END IF;
END $$;
COMMENT ON FUNCTION dbinsight._refresh_job_run(timestamptz, timestamptz) IS 'Recomputes the runs with a slice that starts between two times';

/*
 * Days on which runs touched by new slices end, or ended before those slices
 * came: a repair takes a run from the day of its failure to that of its end.
 */
CREATE FUNCTION dbinsight._job_run_end_days(since timestamptz, until timestamptz) RETURNS date[]
	LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT array_agg(DISTINCT d.day::date ORDER BY d.day::date)
	FROM (
		SELECT DISTINCT f.workspace_id, f.run_id FROM dbinsight.fact_job_run_timeline f
		WHERE f.period_start_time BETWEEN _job_run_end_days.since AND _job_run_end_days.until
	) touched
	JOIN dbinsight.job_run r USING (workspace_id, run_id)
	CROSS JOIN LATERAL generate_series(
		CASE WHEN r.is_terminal AND r.attempts = 1 THEN r.end_date ELSE r.run_date END::timestamp,
		(r.last_seen_time AT TIME ZONE 'UTC')::date::timestamp, interval '1 day') d(day)
	WHERE r.attempts > 0;
END;
COMMENT ON FUNCTION dbinsight._job_run_end_days(timestamptz, timestamptz) IS
'UTC days whose ended runs may differ after slices that start between two times were loaded';

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
	ready_time timestamptz,
	on_critical_path boolean NOT NULL DEFAULT true,		-- right for the many runs of one task
	PRIMARY KEY (workspace_id, task_run_id)
);
COMMENT ON TABLE dbinsight.job_task_run IS
'Derived from fact_job_task_run_timeline, one row a task run; attempt_no counts the task runs of one job run and task key';
COMMENT ON COLUMN dbinsight.job_task_run.ready_time IS
'When the last of its dependencies had ended; NULL when it has none in the run, so that it could start with the run';
COMMENT ON COLUMN dbinsight.job_task_run.on_critical_path IS
'Whether its task is on the path from the task that ended last back over the dependencies that ended last';
CREATE INDEX ON dbinsight.job_task_run (workspace_id, job_run_id);
CREATE INDEX ON dbinsight.job_task_run (start_time);

CREATE FUNCTION dbinsight._refresh_job_task_run(since timestamptz, until timestamptz) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET enable_sort = on SET enable_nestloop = on AS $$
DECLARE
	low timestamptz;
	high timestamptz;
	written bigint;
BEGIN
	SELECT least(since - interval '7 days', min(k.start_time)), greatest(until + interval '7 days', max(k.last_seen_time)) INTO low, high
	FROM dbinsight.job_task_run k
	WHERE (k.workspace_id, k.task_run_id) IN (SELECT o.workspace_id, o.task_run_id FROM dbinsight.fact_job_task_run_timeline o
		WHERE o.period_start_time BETWEEN since AND until);
	-- plpgsql, because a SQL function plans the UPDATE before the INSERT has
	-- filled the table, and chooses loops fit for an empty one.
	INSERT INTO dbinsight.job_task_run (workspace_id, task_run_id, job_id, job_run_id, parent_run_id, task_key,
		start_time, end_time, last_seen_time, duration_s, result_state, termination_code, compute_ids)
	WITH slice AS (
		SELECT f.workspace_id, f.task_run_id, f.job_id, f.job_run_id, f.parent_run_id, f.task_key, f.period_start_time,
			f.period_end_time, f.result_state, f.termination_code, f.compute_ids, row_number() OVER latest AS age
		FROM dbinsight.fact_job_task_run_timeline f
		WHERE f.period_start_time BETWEEN low AND high AND (f.workspace_id, f.task_run_id) IN (SELECT o.workspace_id, o.task_run_id
			FROM dbinsight.fact_job_task_run_timeline o WHERE o.period_start_time BETWEEN since AND until)
		WINDOW latest AS (PARTITION BY f.workspace_id, f.task_run_id ORDER BY f.period_end_time DESC, f.period_start_time DESC)
	), run AS (
		SELECT workspace_id, task_run_id, max(job_id) AS job_id, max(job_run_id) AS job_run_id,
			max(parent_run_id) AS parent_run_id, max(task_key) AS task_key, min(period_start_time) AS start_time,
			max(period_end_time) AS last_seen_time,
			max(result_state) FILTER (WHERE age = 1) AS result_state,
			max(termination_code) FILTER (WHERE age = 1 AND result_state IS NOT NULL) AS termination_code,
			sum(extract(epoch FROM period_end_time - period_start_time))::float8 AS duration_s,
			-- no join with a second grouping: what a CTE holds the planner cannot estimate
			string_agg(array_to_string(compute_ids, E'\x01'), E'\x01') FILTER (WHERE compute_ids <> '{}') AS compute_ids
		FROM slice GROUP BY workspace_id, task_run_id
	)
	SELECT run.workspace_id, run.task_run_id, run.job_id, run.job_run_id, run.parent_run_id, run.task_key, run.start_time,
		CASE WHEN run.result_state IS NOT NULL THEN run.last_seen_time END, run.last_seen_time, run.duration_s,
		run.result_state, run.termination_code, (SELECT array_agg(DISTINCT c ORDER BY c) FROM unnest(string_to_array(run.compute_ids, E'\x01')) c)
	FROM run
	ON CONFLICT (workspace_id, task_run_id) DO UPDATE SET job_id = excluded.job_id, job_run_id = excluded.job_run_id,
		parent_run_id = excluded.parent_run_id, task_key = excluded.task_key, start_time = excluded.start_time,
		end_time = excluded.end_time, last_seen_time = excluded.last_seen_time, duration_s = excluded.duration_s,
		result_state = excluded.result_state, termination_code = excluded.termination_code, compute_ids = excluded.compute_ids;
	-- A first load is followed by joins of this table in the same transaction,
	-- before autovacuum can tell the planner how large it has become.
	GET DIAGNOSTICS written = ROW_COUNT;
	IF written > 0.1 * (SELECT c.reltuples FROM pg_class c WHERE c.oid = 'dbinsight.job_task_run'::regclass) THEN
		ANALYZE dbinsight.job_task_run;
	END IF;
	UPDATE dbinsight.job_task_run t SET attempt_no = n.attempt_no
	FROM (
		SELECT k.workspace_id, k.task_run_id,
			row_number() OVER (PARTITION BY k.workspace_id, k.job_run_id, k.task_key ORDER BY k.start_time, k.task_run_id)::int AS attempt_no
		FROM (
			SELECT DISTINCT f.workspace_id, f.job_run_id FROM dbinsight.fact_job_task_run_timeline f
			WHERE f.period_start_time BETWEEN since AND until
		) touched JOIN dbinsight.job_task_run k USING (workspace_id, job_run_id)
	) n
	WHERE t.workspace_id = n.workspace_id AND t.task_run_id = n.task_run_id AND t.attempt_no <> n.attempt_no;
END $$;
COMMENT ON FUNCTION dbinsight._refresh_job_task_run(timestamptz, timestamptz) IS 'Recomputes the task runs with a slice that starts between two times';

/*
 * What the tasks of a run waited for, and the path from the task that ended
 * last back over the dependencies that ended last, until there is none.
 */
CREATE FUNCTION dbinsight._task_paths(task_keys text[], started timestamptz[], ended timestamptz[], depends_on text[],
		OUT ready timestamptz[], OUT on_critical_path boolean[])
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dbi_task_paths';
COMMENT ON FUNCTION dbinsight._task_paths(text[], timestamptz[], timestamptz[], text[]) IS
'When each task run of a run could start (NULL: it waited for none) and whether its task is on the critical path; each one''s dependencies are keys parted by the character 1';

/*
 * ready_time and on_critical_path of the task runs of some job runs, with the
 * dependencies valid when the task began; one older than the first known
 * version of its task takes that version. Index look-ups a run and a task run
 * (OFFSET 0 keeps them), no joins between sets of unknown size: the work grows
 * with the runs, beside one look at the definitions, which are few.
 */
CREATE FUNCTION dbinsight._rebuild_task_paths(workspaces text[], job_runs text[]) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET enable_sort = on SET enable_nestloop = on AS $$
BEGIN
	WITH version AS MATERIALIZED (
		SELECT d.workspace_id, d.job_id, d.task_key, d.depends_on,
			CASE WHEN row_number() OVER versions = 1 THEN '-infinity' ELSE d.change_time END AS since,
			lead(d.change_time, 1, 'infinity') OVER versions AS until
		FROM dbinsight.dim_job_task d
		WINDOW versions AS (PARTITION BY d.workspace_id, d.job_id, d.task_key ORDER BY d.change_time)
	)
	UPDATE dbinsight.job_task_run t SET ready_time = p.ready_time, on_critical_path = p.on_critical_path
	FROM (
		SELECT u.at, u.ready_time, u.on_critical_path
		FROM (
			SELECT array_agg(k.at) AS rows, dbinsight._task_paths(array_agg(k.task_key), array_agg(k.start_time), array_agg(k.last_seen_time),
				array_agg(array_to_string(v.depends_on, E'\x01'))) AS paths
			FROM (
				SELECT o.* FROM unnest(workspaces, job_runs) r(workspace_id, job_run_id)
				CROSS JOIN LATERAL (
					SELECT t.ctid AS at, t.* FROM dbinsight.job_task_run t WHERE t.workspace_id = r.workspace_id AND t.job_run_id = r.job_run_id OFFSET 0
				) o OFFSET 0
			) k
			LEFT JOIN version v ON v.workspace_id = k.workspace_id AND v.job_id = k.job_id AND v.task_key = k.task_key
				AND k.start_time >= v.since AND k.start_time < v.until
			GROUP BY k.workspace_id, k.job_run_id
		) g
		CROSS JOIN LATERAL unnest(g.rows, (g.paths).ready, (g.paths).on_critical_path) u(at, ready_time, on_critical_path)
	) p
	WHERE t.ctid = p.at
		AND (t.ready_time IS DISTINCT FROM p.ready_time OR t.on_critical_path <> p.on_critical_path);
END $$;
COMMENT ON FUNCTION dbinsight._rebuild_task_paths(text[], text[]) IS 'Finds ready times and critical paths of job runs, given as arrays of workspace and run ids';

/* A first version also holds for the runs before it. */
CREATE FUNCTION dbinsight._job_task_changes(since timestamptz, until timestamptz)
	RETURNS TABLE (workspace_id text, job_id text, changed timestamptz)
	LANGUAGE sql STABLE ROWS 100
BEGIN ATOMIC
	SELECT v.workspace_id, v.job_id, min(CASE WHEN EXISTS (SELECT FROM dbinsight.dim_job_task o WHERE o.workspace_id = v.workspace_id
		AND o.job_id = v.job_id AND o.task_key = v.task_key AND o.change_time < v.change_time) THEN v.change_time ELSE '-infinity' END)
	FROM dbinsight.dim_job_task v
	WHERE v.change_time BETWEEN _job_task_changes.since AND _job_task_changes.until
	GROUP BY v.workspace_id, v.job_id;
END;
COMMENT ON FUNCTION dbinsight._job_task_changes(timestamptz, timestamptz) IS
'Jobs whose task definitions changed between two times, and from when on that bears on their runs';

CREATE FUNCTION dbinsight._refresh_task_path(since timestamptz, until timestamptz) RETURNS void
	LANGUAGE sql BEGIN ATOMIC
	SELECT dbinsight._rebuild_task_paths(array_agg(r.workspace_id), array_agg(r.job_run_id))
	FROM (
		SELECT f.workspace_id, f.job_run_id FROM dbinsight.fact_job_task_run_timeline f
		WHERE f.period_start_time BETWEEN since AND until AND f.job_run_id IS NOT NULL
		UNION
		SELECT t.workspace_id, t.job_run_id
		FROM dbinsight._job_task_changes(since, until) c JOIN dbinsight.job_task_run t USING (workspace_id, job_id)
		WHERE t.job_run_id IS NOT NULL AND t.last_seen_time >= c.changed
	) r;
END;
COMMENT ON FUNCTION dbinsight._refresh_task_path(timestamptz, timestamptz) IS
'Finds ready times and critical paths of the job runs with a task slice that starts between two times, and of those whose task definitions changed then';

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
CREATE INDEX ON dbinsight.pipeline_update (workspace_id, pipeline_id, end_time);

CREATE FUNCTION dbinsight._refresh_pipeline_update(since timestamptz, until timestamptz) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET enable_sort = on SET enable_nestloop = on AS $$
DECLARE
	low timestamptz;
	high timestamptz;
BEGIN
	SELECT least(since - interval '7 days', min(k.start_time)), greatest(until + interval '7 days', max(k.last_seen_time)) INTO low, high
	FROM dbinsight.pipeline_update k
	WHERE (k.workspace_id, k.update_id) IN (SELECT o.workspace_id, o.update_id FROM dbinsight.fact_pipeline_update_timeline o
		WHERE o.period_start_time BETWEEN since AND until);
	INSERT INTO dbinsight.pipeline_update (workspace_id, update_id, pipeline_id, update_type, trigger_type, request_id,
		run_as, start_time, last_seen_time, end_time, duration_s, result_state)
	WITH slice AS (
		SELECT f.workspace_id, f.update_id, f.pipeline_id, f.update_type, f.trigger_type, f.request_id, f.run_as,
			f.period_start_time, f.period_end_time, f.result_state, row_number() OVER latest AS age
		FROM dbinsight.fact_pipeline_update_timeline f
		WHERE f.period_start_time BETWEEN low AND high AND (f.workspace_id, f.update_id) IN (SELECT o.workspace_id, o.update_id
			FROM dbinsight.fact_pipeline_update_timeline o WHERE o.period_start_time BETWEEN since AND until)
		WINDOW latest AS (PARTITION BY f.workspace_id, f.update_id ORDER BY f.period_end_time DESC, f.period_start_time DESC)
	), run AS (
		SELECT workspace_id, update_id, max(pipeline_id) AS pipeline_id, max(update_type) AS update_type,
			max(trigger_type) AS trigger_type, max(request_id) AS request_id, max(run_as) AS run_as,
			min(period_start_time) AS start_time, max(period_end_time) AS last_seen_time,
			-- The source spells this state with one L.
			replace(max(result_state) FILTER (WHERE age = 1), 'CANCELED', 'CANCELLED') AS result_state,
			sum(extract(epoch FROM period_end_time - period_start_time))::float8 AS duration_s
		FROM slice GROUP BY workspace_id, update_id
	)
	SELECT workspace_id, update_id, pipeline_id, update_type, trigger_type, request_id, run_as, start_time, last_seen_time,
		CASE WHEN result_state IS NOT NULL THEN last_seen_time END, duration_s, result_state
	FROM run
	ON CONFLICT (workspace_id, update_id) DO UPDATE SET pipeline_id = excluded.pipeline_id,
		update_type = excluded.update_type, trigger_type = excluded.trigger_type, request_id = excluded.request_id,
		run_as = excluded.run_as, start_time = excluded.start_time, last_seen_time = excluded.last_seen_time,
		end_time = excluded.end_time, duration_s = excluded.duration_s, result_state = excluded.result_state;
END $$;
COMMENT ON FUNCTION dbinsight._refresh_pipeline_update(timestamptz, timestamptz) IS 'Recomputes the updates with a slice that starts between two times';

INSERT INTO dbinsight.derived_relations VALUES
	('job_run', 'fact_job_run_timeline', 10, '_refresh_job_run'),
	('job_task_run', 'fact_job_task_run_timeline', 10, '_refresh_job_task_run'),
	('job_task_run paths', 'fact_job_task_run_timeline', 20, '_refresh_task_path'),
	('job_task_run of versions', 'dim_job_task', 20, '_refresh_task_path'),
	('pipeline_update', 'fact_pipeline_update_timeline', 10, '_refresh_pipeline_update');

/* Current rows of the versioned dimensions, and names that are never NULL. */
CREATE VIEW dbinsight.current_job AS
SELECT j.workspace_id, j.job_id, j.job_name, coalesce(j.run_as_user_name,
		(SELECT u.run_as FROM dbinsight.fact_usage u
		WHERE u.workspace_id = j.workspace_id AND u.job_id = j.job_id AND u.run_as IS NOT NULL
		ORDER BY u.usage_date DESC, u.usage_end_time DESC, u.run_as LIMIT 1), j.run_as_id) AS run_as,
	j.trigger_type, j.trigger, j.delete_time, j.change_time
FROM dbinsight.dim_job j WHERE j.is_current;
COMMENT ON VIEW dbinsight.current_job IS
'Latest version of each job; run_as is the name where known, else that of its latest bill, else the id';
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
	-- Not current_table: its equality would be asked after the pattern, which then is matched against the names of every snapshot.
	SELECT t.table_full_name, 'named', NULL
	FROM dbinsight.dim_table t WHERE t.snapshot_date >= (SELECT max(x.snapshot_date) FROM dbinsight.dim_table x)
		AND t.table_full_name ~* (SELECT dbinsight._setting('sensitive_name_pattern'))
) s
GROUP BY table_full_name;
COMMENT ON VIEW dbinsight.sensitive_objects IS
'Current tables that hold sensitive data, why (listed, classified, tagged, named) and under which class tags';
