/*
 * Quality: is the data right and on time.
 */

/* A table argument: the full name, or its last part or parts; with % a pattern. Case aside. */
CREATE FUNCTION dbinsight._table_matches(argument text, table_full_name text) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN argument IS NULL OR lower(table_full_name) = lower(argument)
		OR right(lower(table_full_name), length(argument) + 1) = '.' || lower(argument)
		OR (strpos(argument, '%') > 0 AND table_full_name ILIKE argument);
COMMENT ON FUNCTION dbinsight._table_matches(text, text) IS
'Whether a table argument means this table: NULL means any; the full name or its last parts (fact_usage, gold.fact_usage), case aside; with % a pattern';

CREATE FUNCTION dbinsight._schema_of(table_full_name text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN split_part(table_full_name, '.', 1) || '.' || split_part(table_full_name, '.', 2);
COMMENT ON FUNCTION dbinsight._schema_of(text) IS 'catalog.schema of a full table name';

/*
 * Datasets of pipeline events are full names or names inside the pipeline's
 * target, which its settings carry.
 */
CREATE FUNCTION dbinsight._dataset_full_name(dataset text, settings jsonb) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE length(dataset) - length(replace(dataset, '.', ''))
		WHEN 0 THEN (settings ->> 'catalog') || '.' || coalesce(settings ->> 'schema', settings ->> 'target') || '.' || dataset
		WHEN 1 THEN (settings ->> 'catalog') || '.' || dataset
		ELSE dataset END;
COMMENT ON FUNCTION dbinsight._dataset_full_name(text, jsonb) IS
'Full table name of a pipeline dataset; NULL when neither the name nor the pipeline''s settings tell it';

/* Latest monitoring result of each table in [since, until). */
CREATE FUNCTION dbinsight._dq_latest(since timestamptz, until timestamptz)
	RETURNS TABLE (table_full_name text, schema_full_name text, status text, freshness_status text, completeness_status text,
		healthy_checks int, unhealthy_checks int, impact_level int)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 500
BEGIN ATOMIC
	-- The latest of each is found by hashing: to sort a week of wide rows takes longer than to read them twice.
	SELECT m.table_full_name, m.catalog_name || '.' || m.schema_name, m.status, m.freshness_status,
		m.completeness_status,
		(m.freshness_status IS NOT DISTINCT FROM 'HEALTHY')::int + (m.completeness_status IS NOT DISTINCT FROM 'HEALTHY')::int,
		(m.freshness_status IS NOT DISTINCT FROM 'UNHEALTHY')::int + (m.completeness_status IS NOT DISTINCT FROM 'UNHEALTHY')::int,
		m.impact_level
	FROM (
		SELECT o.table_id, max(o.event_time) AS event_time FROM dbinsight.fact_dq_monitoring o
		WHERE o.event_time >= _dq_latest.since AND o.event_time < _dq_latest.until AND o.table_full_name IS NOT NULL
		GROUP BY o.table_id
	) l
	JOIN dbinsight.fact_dq_monitoring m ON m.table_id = l.table_id AND m.event_time = l.event_time
	WHERE m.event_time >= _dq_latest.since AND m.event_time < _dq_latest.until;
END;
COMMENT ON FUNCTION dbinsight._dq_latest(timestamptz, timestamptz) IS
'Latest data quality monitoring result of each table between two times, with its checks: freshness and completeness; UNKNOWN is no check';

CREATE FUNCTION dbinsight.get_dq_summary(schema text DEFAULT NULL, days int DEFAULT 7)
	RETURNS TABLE (schema_full_name text, tables_total bigint, tables_monitored bigint, coverage_pct float8, healthy bigint,
		unhealthy bigint, unknown bigint, freshness_unhealthy bigint, completeness_unhealthy bigint,
		expectation_failed_records bigint, dq_score float8, prior_dq_score float8, worst_table text)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 50
BEGIN ATOMIC
	WITH monitored AS (
		SELECT * FROM dbinsight._dq_latest(dbinsight._since_days(get_dq_summary.days), dbinsight.now())
	), now_by_schema AS (
		SELECT m.schema_full_name, count(*) AS tables, count(*) FILTER (WHERE m.status = 'HEALTHY') AS healthy,
			count(*) FILTER (WHERE m.status = 'UNHEALTHY') AS unhealthy,
			count(*) FILTER (WHERE m.status IS DISTINCT FROM 'HEALTHY' AND m.status IS DISTINCT FROM 'UNHEALTHY') AS unknown,
			count(*) FILTER (WHERE m.freshness_status = 'UNHEALTHY') AS freshness_unhealthy,
			count(*) FILTER (WHERE m.completeness_status = 'UNHEALTHY') AS completeness_unhealthy,
			sum(m.healthy_checks) AS good, sum(m.healthy_checks + m.unhealthy_checks) AS checks,
			(array_agg(m.table_full_name ORDER BY m.unhealthy_checks DESC, m.impact_level DESC NULLS LAST, m.table_full_name COLLATE "C")
				FILTER (WHERE m.unhealthy_checks > 0 OR m.status = 'UNHEALTHY'))[1] AS worst_table
		FROM monitored m GROUP BY m.schema_full_name
	), prior_by_schema AS (
		SELECT p.schema_full_name, sum(p.healthy_checks) AS good, sum(p.healthy_checks + p.unhealthy_checks) AS checks
		FROM dbinsight._dq_latest(dbinsight._since_days(get_dq_summary.days) - make_interval(days => get_dq_summary.days),
			dbinsight._since_days(get_dq_summary.days)) p
		GROUP BY p.schema_full_name
	), tables_by_schema AS (
		SELECT dbinsight._schema_of(t.table_full_name) AS schema_full_name, count(*) AS tables
		FROM (
			SELECT c.table_full_name FROM dbinsight.current_table c WHERE lower(c.table_schema) <> 'information_schema'
			UNION SELECT m.table_full_name FROM monitored m
		) t GROUP BY 1
	), failed_by_schema AS (
		SELECT dbinsight._schema_of(dbinsight._dataset_full_name(e.dataset, p.settings)) AS schema_full_name,
			sum(e.failed_records)::bigint AS failed
		FROM dbinsight.fact_pipeline_expectations e
		LEFT JOIN dbinsight.current_pipeline p ON p.workspace_id = e.workspace_id AND p.pipeline_id = e.pipeline_id
		WHERE e.event_time >= dbinsight._since_days(get_dq_summary.days) AND e.event_time < dbinsight.now()
		GROUP BY 1
	)
	SELECT s.schema_full_name, coalesce(t.tables, 0), coalesce(n.tables, 0), dbinsight._pct(n.tables, t.tables),
		coalesce(n.healthy, 0), coalesce(n.unhealthy, 0), coalesce(n.unknown, 0), coalesce(n.freshness_unhealthy, 0),
		coalesce(n.completeness_unhealthy, 0), coalesce(f.failed, 0), dbinsight._pct(n.good, n.checks),
		dbinsight._pct(p.good, p.checks), n.worst_table
	FROM (SELECT schema_full_name FROM tables_by_schema
		UNION SELECT schema_full_name FROM failed_by_schema WHERE schema_full_name IS NOT NULL) s
	LEFT JOIN tables_by_schema t USING (schema_full_name)
	LEFT JOIN now_by_schema n USING (schema_full_name)
	LEFT JOIN prior_by_schema p USING (schema_full_name)
	LEFT JOIN failed_by_schema f USING (schema_full_name)
	WHERE dbinsight._matches(get_dq_summary.schema, s.schema_full_name, split_part(s.schema_full_name, '.', 2))
	ORDER BY dbinsight._pct(n.good, n.checks) NULLS LAST, s.schema_full_name COLLATE "C";
END;
COMMENT ON FUNCTION dbinsight.get_dq_summary(text, int) IS
'How good is the data of each schema: monitored tables, healthy and unhealthy checks, failed expectation records and a data quality score against the window before.
not for: which single tables are late (get_freshness_violations) or which rules rejected rows (get_expectation_failures).
dq_score is 100 x healthy checks / (healthy + unhealthy), a table giving up to two checks (freshness, completeness); NULL without any, so an unmonitored schema has no score.
@param schema catalog.schema or the schema''s own name, % as wildcard; default all
@param days window in days, 1 to 400, default 7';

/*
 * With a catalog only its tables are read. In PL/pgSQL, because a query into
 * which this was inlined would be estimated with the branches without one too;
 * its plan is kept, for to make one takes as long as to read the tables.
 */
CREATE FUNCTION dbinsight._written_tables(as_of timestamptz) RETURNS TABLE (table_full_name text, last_today timestamptz)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 2000 SET search_path = pg_catalog, pg_temp SET jit = off
	SET plan_cache_mode = force_generic_plan AS $$
BEGIN
	RETURN QUERY
	WITH today AS MATERIALIZED (
		SELECT l.target_table_full_name AS table_full_name, max(l.event_time) AS last_write
		FROM dbinsight.fact_table_lineage l
		WHERE l.target_table_full_name IS NOT NULL AND l.event_time < _written_tables.as_of
			AND l.event_time >= date_bin('1 day', _written_tables.as_of, 'epoch')
		GROUP BY l.target_table_full_name
	)
	SELECT c.table_full_name, d.last_write
	FROM (
		SELECT t.table_full_name FROM dbinsight.current_table t
		UNION ALL
		SELECT d.table_full_name FROM today d WHERE NOT EXISTS (SELECT FROM dbinsight.dim_table)
		UNION ALL
		SELECT r.table_full_name FROM dbinsight.rollup_access_daily r
		WHERE r.access = 'WRITE' AND r.last_access >= (date_trunc('day', _written_tables.as_of, 'UTC') - interval '60 days')
			AND r.last_access < date_trunc('day', _written_tables.as_of, 'UTC') AND NOT EXISTS (SELECT FROM dbinsight.dim_table)
		UNION ALL
		SELECT m.table_full_name FROM dbinsight.fact_dq_monitoring m
		WHERE m.event_time >= _written_tables.as_of - interval '60 days' AND m.event_time < _written_tables.as_of
			AND m.commit_last_value < _written_tables.as_of AND NOT EXISTS (SELECT FROM dbinsight.dim_table)
	) c
	LEFT JOIN today d ON d.table_full_name = c.table_full_name;
END $$;
COMMENT ON FUNCTION dbinsight._written_tables(timestamptz) IS
'Tables of the catalog, without a catalog every table somebody wrote in the 60 days before a moment, with the last write of its day';

/*
 * Age of each table at a moment: the latest lineage write or the commit time
 * data quality monitoring saw, whichever is newer. Complete days come from the
 * rollup, the day of the moment from the lineage itself. Tables that left the
 * catalog are left out; a table without a target needs two writes in 60 days,
 * else it is no table somebody keeps fresh.
 */
CREATE FUNCTION dbinsight._table_freshness(as_of timestamptz, default_hours numeric)
	RETURNS TABLE (table_full_name text, last_write timestamptz, hours_since_write float8, threshold_h float8)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 500
BEGIN ATOMIC
	-- What happened since the start of the third day before is found at once, for
	-- nearly every table; the others are probed. What is older cannot be the
	-- latest of a table that has something newer.
	WITH written AS MATERIALIZED (
		SELECT r.table_full_name, sum(r.accesses + r.indirect_accesses) AS writes, max(r.last_access) AS last_write
		FROM dbinsight.rollup_access_daily r
		WHERE r.access = 'WRITE' AND r.last_access >= date_trunc('day', _table_freshness.as_of, 'UTC') - interval '3 days'
			AND r.last_access < date_trunc('day', _table_freshness.as_of, 'UTC')
		GROUP BY r.table_full_name
	), committed AS MATERIALIZED (
		SELECT q.table_full_name, max(q.commit_last_value) AS commit_last_value
		FROM dbinsight.fact_dq_monitoring q
		WHERE q.commit_last_value >= date_trunc('day', _table_freshness.as_of, 'UTC') - interval '3 days' AND q.commit_last_value < _table_freshness.as_of
			AND q.event_time >= _table_freshness.as_of - interval '60 days' AND q.event_time < _table_freshness.as_of
		GROUP BY q.table_full_name
	), target AS MATERIALIZED (
		SELECT lower(t.table_pattern) AS pattern, t.max_hours,
			row_number() OVER (ORDER BY length(t.table_pattern) DESC, t.table_pattern COLLATE "C") AS place
		FROM dbinsight.freshness_targets t
	), candidate AS MATERIALIZED (
		-- Grouped, not joined: a join of what has no statistics is estimated so dear that the rest would be compiled.
		SELECT e.table_full_name, max(e.writes) AS writes, max(e.last_write) AS last_write, max(e.commit_last_value) AS commit_last_value
		FROM (
			SELECT c.table_full_name, true AS is_kept, NULL::numeric AS writes, c.last_today AS last_write, NULL::timestamptz AS commit_last_value
			FROM dbinsight._written_tables(_table_freshness.as_of) c
			UNION ALL
			SELECT n.table_full_name, false, n.writes, n.last_write, NULL FROM written n WHERE n.writes >= 2
			UNION ALL
			SELECT k.table_full_name, false, NULL, NULL, k.commit_last_value FROM committed k
		) e
		GROUP BY e.table_full_name HAVING bool_or(e.is_kept)
	), probed AS MATERIALIZED (
		SELECT c.table_full_name, w.writes, greatest(w.last_write, c.last_write, c.commit_last_value) AS last_write, w.earlier_write,
			c.commit_last_value IS NULL
				AND coalesce(greatest(w.last_write, c.last_write), '-infinity') < date_trunc('day', _table_freshness.as_of, 'UTC') - interval '3 days' AS lacks_commit
		FROM candidate c
		-- The latest two rows say whether there were two writes.
		CROSS JOIN LATERAL (
			SELECT sum(x.writes) FILTER (WHERE x.is_recent) AS writes, max(x.last_access) FILTER (WHERE x.is_recent) AS last_write,
				max(x.last_access) AS earlier_write
			FROM (
				SELECT r.accesses + r.indirect_accesses AS writes, r.last_access,
					r.last_access >= date_trunc('day', _table_freshness.as_of, 'UTC') - interval '60 days' AS is_recent
				FROM dbinsight.rollup_access_daily r
				WHERE r.table_full_name = c.table_full_name AND r.access = 'WRITE'
					AND r.last_access < date_trunc('day', _table_freshness.as_of, 'UTC')
				ORDER BY r.last_access DESC LIMIT 2
			) x
		) w
		WHERE c.writes IS NULL
	), earlier_commit AS MATERIALIZED (
		SELECT q.table_full_name, max(q.commit_last_value) AS commit_last_value FROM dbinsight.fact_dq_monitoring q
		WHERE q.table_full_name = ANY (ARRAY(SELECT p.table_full_name FROM probed p WHERE p.lacks_commit)) AND q.commit_last_value < _table_freshness.as_of
			AND q.event_time >= _table_freshness.as_of - interval '60 days' AND q.event_time < _table_freshness.as_of
		GROUP BY q.table_full_name
	), seen AS MATERIALIZED (
		SELECT c.table_full_name, c.writes, greatest(c.last_write, c.commit_last_value) AS last_write
		FROM candidate c WHERE c.writes IS NOT NULL
		UNION ALL
		SELECT p.table_full_name, p.writes, coalesce(greatest(p.last_write, m.commit_last_value), p.earlier_write)
		FROM probed p LEFT JOIN earlier_commit m ON m.table_full_name = p.table_full_name
	)
	SELECT a.table_full_name, a.last_write,
		round(extract(epoch FROM _table_freshness.as_of - a.last_write) / 3600, 3)::float8,
		coalesce(t.max_hours, _table_freshness.default_hours)::float8
	FROM (
		-- Of the patterns a name is like, the longest says how old the table may be.
		SELECT s.*, (SELECT min(t.place) FROM target t WHERE s.name LIKE t.pattern) AS place
		FROM (SELECT s.*, lower(s.table_full_name) AS name FROM seen s WHERE s.last_write IS NOT NULL OFFSET 0) s
		OFFSET 0
	) a
	LEFT JOIN target t ON t.place = a.place
	WHERE a.writes >= 2 OR t.max_hours IS NOT NULL;
END;
COMMENT ON FUNCTION dbinsight._table_freshness(timestamptz, numeric) IS
'Tables that are kept fresh, with their last write before a moment, their age and the age allowed, hours';

CREATE FUNCTION dbinsight.get_freshness_violations(hours int DEFAULT 24)
	RETURNS TABLE (table_full_name text, last_write timestamptz, hours_since_write float8, threshold_h float8, overdue_h float8,
		expected_by timestamptz, severity text, writer_type text, writer_id text, writer_last_state text, downstream_tables bigint,
		readers_7d bigint, predicted_late_prob float8)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 50
BEGIN ATOMIC
	WITH late AS MATERIALIZED (
		SELECT f.* FROM dbinsight._table_freshness(dbinsight.now(),
			dbinsight._in_range('hours', get_freshness_violations.hours, 1, 9600)::numeric) f
		WHERE f.hours_since_write > f.threshold_h
	), written AS MATERIALIZED (
		SELECT e.target_table_full_name AS table_full_name, max(e.event_time) AS event_time FROM dbinsight.fact_table_lineage e
		WHERE e.target_table_full_name = ANY (ARRAY(SELECT l.table_full_name FROM late l)) AND e.event_time < dbinsight.now()
		GROUP BY e.target_table_full_name
	), writer AS MATERIALIZED (
		SELECT DISTINCT ON (e.target_table_full_name) e.target_table_full_name AS table_full_name, e.entity_type, e.entity_id, e.workspace_id
		-- OFFSET: of all tables at once, not one after the other.
		FROM written w JOIN (
			SELECT x.* FROM dbinsight.fact_table_lineage x
			WHERE x.target_table_full_name = ANY (ARRAY(SELECT w.table_full_name FROM written w)) AND x.event_time < dbinsight.now()
				AND x.event_time >= (SELECT min(w.event_time) FROM written w) OFFSET 0
		) e ON e.target_table_full_name = w.table_full_name AND e.event_time = w.event_time
		ORDER BY e.target_table_full_name, e.record_id
	)
	SELECT l.table_full_name, l.last_write, l.hours_since_write, l.threshold_h,
		dbinsight._r(l.hours_since_write - l.threshold_h, 3), l.last_write + make_interval(secs => l.threshold_h * 3600),
		s.severity, w.entity_type, w.entity_id, coalesce(j.state, p.state), d.tables, r.readers, q.score
	FROM late l
	LEFT JOIN writer w ON w.table_full_name = l.table_full_name
	LEFT JOIN LATERAL (
		-- OFFSET: of the job's runs the latest, not of the latest runs the job's.
		SELECT dbinsight.run_state(x.result_state, x.last_seen_time) AS state
		FROM (SELECT r.* FROM dbinsight.job_run r WHERE r.workspace_id = w.workspace_id AND r.job_id = w.entity_id
			AND r.start_time < dbinsight.now() OFFSET 0) x
		WHERE w.entity_type = 'JOB'
		ORDER BY x.start_time DESC, x.run_id LIMIT 1
	) j ON true
	LEFT JOIN LATERAL (
		SELECT dbinsight.run_state(x.result_state, x.last_seen_time) AS state FROM dbinsight.pipeline_update x
		WHERE w.entity_type = 'PIPELINE' AND x.workspace_id = w.workspace_id AND x.pipeline_id = w.entity_id
			AND x.start_time < dbinsight.now()
		ORDER BY x.start_time DESC, x.update_id LIMIT 1
	) p ON true
	CROSS JOIN LATERAL (
		SELECT count(DISTINCT x.target_table_full_name) AS tables FROM dbinsight.rollup_lineage_monthly x
		WHERE x.source_table_full_name = l.table_full_name AND x.target_table_full_name <> l.table_full_name
			AND x.month >= date_trunc('month', dbinsight._first_day(60))::date AND x.month <= dbinsight.today()
			AND x.days & dbinsight._day_bits(x.month, dbinsight._first_day(60), dbinsight.today() + 1) <> 0
	) d
	CROSS JOIN LATERAL (
		SELECT count(DISTINCT x.user_email) AS readers FROM dbinsight.rollup_access_daily x
		WHERE x.table_full_name = l.table_full_name AND x.access = 'READ' AND x.accesses > 0
			AND x.access_date >= dbinsight._first_day(7) AND x.access_date < dbinsight.today()
	) r
	CROSS JOIN LATERAL (
		SELECT dbinsight._severity_name(CASE WHEN l.hours_since_write > 3 * l.threshold_h THEN 2
			WHEN l.hours_since_write > 2 * l.threshold_h THEN 3 ELSE 4 END - (r.readers >= 10)::int) AS severity
	) s
	LEFT JOIN LATERAL (
		SELECT x.score FROM dbinsight.predictions x
		WHERE x.model_name = 'freshness_predictor' AND x.entity_type = 'table' AND x.entity_id = l.table_full_name
			AND x.scored_at > dbinsight.now() - interval '7 days' AND x.scored_at <= dbinsight.now()
		ORDER BY x.scored_at DESC, x.version DESC LIMIT 1
	) q ON true
	ORDER BY dbinsight.severity_rank(s.severity), l.hours_since_write - l.threshold_h DESC, l.table_full_name COLLATE "C";
END;
COMMENT ON FUNCTION dbinsight.get_freshness_violations(int) IS
'Which tables are late: not written for longer than their freshness target allows, with the job or pipeline that writes them and who waits.
not for: a job that missed its deadline (get_sla_breaches) or the quality score of a schema (get_dq_summary).
A table counts when it has a row in freshness_targets (longest pattern wins) or was written at least twice in the last 60 days; the last write is the newest of lineage and the commit time monitoring saw.
severity: high beyond 3 x the threshold, medium beyond 2 x, else low; one rank up when ten or more people read it in the last 7 complete days. downstream_tables are those written from it directly in 60 days.
@param hours allowed age in hours of tables without a target, 1 to 9600, default 24';

CREATE FUNCTION dbinsight.get_expectation_failures(pipeline text DEFAULT NULL, days int DEFAULT 7)
	RETURNS TABLE (workspace_id text, pipeline_id text, pipeline_name text, dataset text, expectation text, action text,
		evaluations bigint, passed_records bigint, failed_records bigint, failure_pct float8, prior_failure_pct float8,
		first_failure timestamptz, last_failure timestamptz)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 50
BEGIN ATOMIC
	WITH sums AS (
		SELECT e.workspace_id, e.pipeline_id, e.dataset, e.expectation,
			(array_agg(e.action ORDER BY e.event_time DESC, e.event_id) FILTER (WHERE e.action IS NOT NULL))[1] AS action,
			count(*) FILTER (WHERE e.event_time >= w.since) AS evaluations,
			coalesce(sum(e.passed_records) FILTER (WHERE e.event_time >= w.since), 0)::bigint AS passed,
			coalesce(sum(e.failed_records) FILTER (WHERE e.event_time >= w.since), 0)::bigint AS failed,
			sum(e.failed_records) FILTER (WHERE e.event_time < w.since) AS prior_failed,
			sum(e.passed_records + e.failed_records) FILTER (WHERE e.event_time < w.since) AS prior_records,
			min(e.event_time) FILTER (WHERE e.event_time >= w.since AND e.failed_records > 0) AS first_failure,
			max(e.event_time) FILTER (WHERE e.event_time >= w.since AND e.failed_records > 0) AS last_failure
		FROM dbinsight.fact_pipeline_expectations e, (SELECT dbinsight._since_days(get_expectation_failures.days) AS since) w
		WHERE e.event_time >= dbinsight._since_days(get_expectation_failures.days) - make_interval(days => get_expectation_failures.days)
			AND e.event_time < dbinsight.now()
		GROUP BY e.workspace_id, e.pipeline_id, e.dataset, e.expectation
	)
	SELECT s.workspace_id, s.pipeline_id, coalesce(p.pipeline_name, s.pipeline_id), s.dataset, s.expectation, s.action,
		s.evaluations, s.passed, s.failed, dbinsight._pct(s.failed, s.passed + s.failed),
		dbinsight._pct(s.prior_failed, s.prior_records), s.first_failure, s.last_failure
	FROM sums s
	LEFT JOIN dbinsight.current_pipeline p ON p.workspace_id = s.workspace_id AND p.pipeline_id = s.pipeline_id
	WHERE s.failed > 0 AND dbinsight._matches(get_expectation_failures.pipeline, s.pipeline_id, p.pipeline_name)
	ORDER BY s.failed DESC, s.workspace_id COLLATE "C", s.pipeline_id COLLATE "C", s.dataset COLLATE "C", s.expectation COLLATE "C";
END;
COMMENT ON FUNCTION dbinsight.get_expectation_failures(text, int) IS
'Which data quality expectations of pipelines rejected or flagged records, how many, and whether it is more than before.
not for: pipeline updates that failed as a whole (get_pipeline_health) or late tables (get_freshness_violations).
Counts are sums over the progress events of the window; prior_failure_pct is the equally long window before.
@param pipeline pipeline id or name, % as wildcard; default all
@param days window in days, 1 to 400, default 7';

/*
 * Distances of two histograms: edges e[1..n+1], counts c[1..n]. Inside a bin
 * the values are taken as evenly spread, so a cumulative share is piecewise
 * linear. Bins of width zero (constant columns) are steps.
 */
CREATE FUNCTION dbinsight._hist_valid(edges float8[], counts bigint[]) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN coalesce(array_length(edges, 1) = array_length(counts, 1) + 1 AND array_position(edges, NULL) IS NULL
		AND array_position(counts, NULL) IS NULL AND 0 <= ALL (counts) AND 0 < ANY (counts), false);
COMMENT ON FUNCTION dbinsight._hist_valid(float8[], bigint[]) IS
'Whether a histogram can be compared: one edge more than counts, nothing unknown, and something counted';

/*
 * psi and js over the baseline's ten equally filled bins, the outer ones open
 * to both sides; equal cuts fall together. Shares are floored at 1e-4 so that
 * an empty bin has a logarithm. ks is the greatest distance of the cumulative
 * shares, reached at an edge of either.
 */
CREATE FUNCTION dbinsight._hist_distance(base_edges float8[], base_counts bigint[], edges float8[], counts bigint[],
	OUT psi float8, OUT js float8, OUT ks float8)
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dbi_hist_distance';
COMMENT ON FUNCTION dbinsight._hist_distance(float8[], bigint[], float8[], bigint[]) IS
'How far a histogram is from a baseline: population stability index and Jensen-Shannon divergence (base 2) over the baseline''s tenths, Kolmogorov-Smirnov statistic';

CREATE FUNCTION dbinsight.get_drift_metrics("table" text DEFAULT NULL, baseline_date date DEFAULT NULL)
	RETURNS TABLE (table_full_name text, column_name text, metric text, baseline_date date, current_date_used date,
		baseline_value float8, current_value float8, change float8, change_pct float8, threshold float8, drifted boolean)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 50
BEGIN ATOMIC
	WITH latest AS (
		SELECT p.table_full_name, max(p.profile_date) AS day FROM dbinsight.fact_column_profile p
		WHERE p.profile_date <= dbinsight.today() AND dbinsight._table_matches(get_drift_metrics."table", p.table_full_name)
		GROUP BY p.table_full_name
	), pair AS (
		SELECT l.table_full_name, l.day, (SELECT max(p.profile_date) FROM dbinsight.fact_column_profile p
			WHERE p.table_full_name = l.table_full_name AND p.profile_date < l.day
				AND p.profile_date <= coalesce(get_drift_metrics.baseline_date, l.day - 7)) AS base_day
		FROM latest l
	), both_days AS MATERIALIZED (
		SELECT pair.table_full_name, pair.base_day, pair.day, c.column_name,
			b.row_count AS b_rows, c.row_count AS c_rows, b.null_count AS b_nulls, c.null_count AS c_nulls,
			b.distinct_count AS b_distinct, c.distinct_count AS c_distinct, b.mean AS b_mean, c.mean AS c_mean, b.stddev AS b_stddev,
			d.psi, d.js, d.ks
		FROM pair
		JOIN dbinsight.fact_column_profile b ON b.table_full_name = pair.table_full_name AND b.profile_date = pair.base_day
		JOIN dbinsight.fact_column_profile c ON c.table_full_name = pair.table_full_name AND c.profile_date = pair.day
			AND c.column_name = b.column_name
		LEFT JOIN LATERAL dbinsight._hist_distance(b.hist_edges, b.hist_counts, c.hist_edges, c.hist_counts) d
			ON dbinsight._hist_valid(b.hist_edges, b.hist_counts) AND dbinsight._hist_valid(c.hist_edges, c.hist_counts)
	), whole AS (
		SELECT pair.table_full_name, pair.base_day, pair.day,
			max(p.row_count) FILTER (WHERE p.profile_date = pair.base_day) AS b_rows,
			max(p.row_count) FILTER (WHERE p.profile_date = pair.day) AS c_rows,
			count(*) FILTER (WHERE p.profile_date = pair.base_day) AS b_columns,
			count(*) FILTER (WHERE p.profile_date = pair.day) AS c_columns
		FROM pair JOIN dbinsight.fact_column_profile p
			ON p.table_full_name = pair.table_full_name AND p.profile_date IN (pair.base_day, pair.day)
		WHERE pair.base_day IS NOT NULL
		GROUP BY pair.table_full_name, pair.base_day, pair.day
	), figures AS (
		-- size is what is held against the threshold
		SELECT c.table_full_name, c.column_name, c.base_day, c.day, m.metric, m.base, m.cur, m.change, m.change_pct, m.size, m.threshold
		FROM both_days c, LATERAL (
			SELECT dbinsight._pct(c.b_nulls, c.b_rows) AS b_null_pct, dbinsight._pct(c.c_nulls, c.c_rows) AS c_null_pct,
				(c.c_mean - c.b_mean) / nullif(c.b_stddev, 0) AS shift
		) n, LATERAL (VALUES
			('null_pct', n.b_null_pct, n.c_null_pct, n.c_null_pct - n.b_null_pct, dbinsight.chg(n.c_null_pct::numeric, n.b_null_pct::numeric),
				abs(n.c_null_pct - n.b_null_pct), 5::float8),
			('distinct_count', c.b_distinct, c.c_distinct, c.c_distinct - c.b_distinct, dbinsight.chg(c.c_distinct, c.b_distinct),
				abs(dbinsight.chg(c.c_distinct, c.b_distinct)), 50),
			('mean_shift', c.b_mean, c.c_mean, n.shift, dbinsight.chg(c.c_mean::numeric, c.b_mean::numeric),
				coalesce(abs(n.shift), CASE WHEN c.b_stddev = 0 AND c.c_mean <> c.b_mean THEN 'Infinity'::float8 END), 0.5),
			('psi', NULL, c.psi, NULL, NULL, c.psi, 0.2),
			('js_divergence', NULL, c.js, NULL, NULL, c.js, 0.1),
			('ks_statistic', NULL, c.ks, NULL, NULL, c.ks, 0.1)
		) m(metric, base, cur, change, change_pct, size, threshold)
		UNION ALL
		SELECT w.table_full_name, '(table)', w.base_day, w.day, m.metric, m.base, m.cur, m.cur - m.base,
			dbinsight.chg(m.cur::numeric, m.base::numeric), m.size, m.threshold
		FROM whole w, LATERAL (VALUES
			('row_count', w.b_rows::float8, w.c_rows::float8, abs(dbinsight.chg(w.c_rows, w.b_rows)), 30::float8),
			('column_count', w.b_columns, w.c_columns, abs(w.c_columns - w.b_columns), 0)
		) m(metric, base, cur, size, threshold)
	)
	SELECT f.table_full_name, f.column_name, f.metric, f.base_day, f.day, dbinsight._r(f.base, 4), dbinsight._r(f.cur, 4),
		dbinsight._r(f.change, 4), f.change_pct, f.threshold, coalesce(f.size > f.threshold, false)
	FROM figures f
	WHERE f.cur IS NOT NULL AND (get_drift_metrics."table" IS NOT NULL OR f.size > f.threshold)
	ORDER BY coalesce(f.size > f.threshold, false) DESC,
		CASE WHEN f.threshold > 0 THEN f.size / f.threshold ELSE f.size END DESC NULLS LAST,
		f.table_full_name COLLATE "C", f.column_name COLLATE "C", f.metric COLLATE "C";
END;
COMMENT ON FUNCTION dbinsight.get_drift_metrics(text, date) IS
'How has the content of a table moved: nulls, distinct values, means and distributions of its columns, rows and columns of the table, latest profile against an earlier one.
not for: drift of a model or its predictions (get_model_drift) or late tables (get_freshness_violations).
Drifted beyond: null_pct 5 points, distinct_count 50 %, mean_shift 0.5 baseline standard deviations, psi 0.2, js_divergence 0.1, ks_statistic 0.1; rows named (table): row_count 30 %, column_count any change. Ordered by drifted, then by how many times over its threshold a figure is.
@param table full name, or its last part (fact_usage finds main.gold.fact_usage), % as wildcard; default every profiled table, drifted rows only
@param baseline_date compare with the profile of this day or the last before it; default 7 days before the latest profile';

SELECT dbinsight._builtin_tool('dbinsight.get_dq_summary(text,int)'::regprocedure, ARRAY['quality'], ARRAY[
	'how good is our data quality', 'data quality score by schema', 'which schema has the worst data quality',
	'show the DQ summary for main.gold', 'how many monitored tables are unhealthy', 'is data quality better than last week',
	'what share of tables is covered by monitoring']);
SELECT dbinsight._builtin_tool('dbinsight.get_freshness_violations(int)'::regprocedure, ARRAY['quality'], ARRAY[
	'which tables are stale', 'what data is late', 'tables not updated in the last 24 hours', 'freshness violations',
	'which tables missed their freshness target', 'is any table overdue and who reads it', 'what has not refreshed since yesterday']);
SELECT dbinsight._builtin_tool('dbinsight.get_expectation_failures(text,int)'::regprocedure, ARRAY['quality'], ARRAY[
	'which expectations failed', 'failed data quality expectations this week', 'how many records were dropped by expectations',
	'which pipeline rules reject rows', 'expectation failure rate of the orders pipeline', 'did expectation failures get worse']);
SELECT dbinsight._builtin_tool('dbinsight.get_drift_metrics(text,date)'::regprocedure, ARRAY['quality'], ARRAY[
	'has the data drifted', 'data drift in main.gold.orders', 'which columns changed their distribution', 'null rate increase by column',
	'compare the table profile with last week', 'PSI of the columns of fact_sales', 'did the row count of a table jump']);
