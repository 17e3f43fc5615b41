/*
 * Tools of the reliability agent: promises, services, incidents.
 */
CREATE FUNCTION dbinsight.get_sla_breaches(days int DEFAULT 7)
	RETURNS TABLE (workspace_id text, job_id text, job_name text, run_id text, breach_type text, start_time timestamptz,
		duration_s float8, target_s float8, overrun_s float8, overrun_pct float8, result_state text, target_source text)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
	WITH ended AS (
		SELECT r.workspace_id, r.job_id, r.run_id, r.run_name, r.start_time, r.wall_s, r.result_state, r.is_failure
		FROM dbinsight.job_run r
		WHERE r.end_time >= dbinsight._since_days(get_sla_breaches.days) AND r.end_time < dbinsight.now()
	), judged AS (
		SELECT e.*, t.target_s, t.target_source
		FROM ended e
		LEFT JOIN dbinsight._duration_targets(dbinsight._since_days(get_sla_breaches.days)) t
			ON t.workspace_id = e.workspace_id AND t.job_id = e.job_id
	)
	SELECT b.workspace_id, b.job_id, coalesce(j.job_name, b.run_name), b.run_id, b.breach_type, b.start_time,
		dbinsight._r(b.wall_s, 3), dbinsight._r(b.target_s, 3), dbinsight._r(b.overrun_s, 3),
		dbinsight._r(100 * b.overrun_s / nullif(b.target_s, 0), 2), b.result_state, b.target_source
	FROM (
		SELECT d.*, 'DURATION' AS breach_type, d.wall_s - d.target_s AS overrun_s
		FROM judged d WHERE d.wall_s > d.target_s AND d.result_state NOT IN ('CANCELLED', 'SKIPPED')
		UNION ALL
		SELECT d.*, 'FAILURE', NULL::float8 FROM judged d WHERE d.is_failure
	) b
	LEFT JOIN dbinsight.current_job j ON j.workspace_id = b.workspace_id AND j.job_id = b.job_id
	ORDER BY dbinsight._r(100 * b.overrun_s / nullif(b.target_s, 0), 2) DESC NULLS LAST, b.start_time DESC, b.workspace_id, b.run_id,
		b.breach_type;
END;
COMMENT ON FUNCTION dbinsight.get_sla_breaches(int) IS
'Which job runs broke their promise in the last days: took longer than their target, or failed.
not for: a plain list of failed jobs (get_failed_jobs); late data (get_freshness_violations); how much of the time services were up (get_uptime_metrics)
A target is that of sla_targets, else 1.5 times the 95th percentile of the 30 days before; durations include the pause before a repair
@param days rolling window in days, 1 to 400, 7';

CREATE FUNCTION dbinsight.get_uptime_metrics(workspace text DEFAULT NULL, days int DEFAULT 30)
	RETURNS TABLE (workspace_id text, workspace_name text, service text, demanded_minutes bigint, down_minutes bigint,
		uptime_pct float8, outages bigint, longest_outage_min float8, mtbf_h float8, mttr_min float8, target_pct float8,
		meets_target boolean)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 50
BEGIN ATOMIC
	WITH cut AS MATERIALIZED (
		-- The days that the window cuts, by bucket; whole days come from the daily rollup.
		SELECT b.workspace_id, b.service, b.bucket, b.attempts >= 3 AND 2 * b.failures >= b.attempts AS down
		FROM (
			SELECT c.* FROM dbinsight._service_window(dbinsight._since_days(get_uptime_metrics.days),
				dbinsight._day_after(dbinsight._since_days(get_uptime_metrics.days))::timestamp AT TIME ZONE 'UTC') c
			UNION ALL
			SELECT c.* FROM dbinsight._service_window(dbinsight.today()::timestamp AT TIME ZONE 'UTC', dbinsight.now()) c
		) b
		WHERE b.attempts > 0 AND b.service IN ('jobs', 'sql', 'pipelines', 'serving')
	), service AS (
		SELECT d.workspace_id, d.service, sum(d.demanded) AS demanded, sum(d.down) AS down
		FROM (
			SELECT u.workspace_id, u.service, u.demanded, u.down FROM dbinsight.rollup_uptime_daily u
			WHERE u.day >= dbinsight._day_after(dbinsight._since_days(get_uptime_metrics.days)) AND u.day < dbinsight.today()
			UNION ALL
			SELECT c.workspace_id, c.service, 1, c.down::int FROM cut c
			UNION ALL
			SELECT c.workspace_id, '(all)', 1, bool_or(c.down)::int FROM cut c GROUP BY c.workspace_id, c.bucket
		) d
		GROUP BY d.workspace_id, d.service
	), down_bucket AS (
		SELECT d.workspace_id, v.service, d.bucket
		FROM (
			SELECT r.workspace_id, r.service, r.bucket FROM dbinsight.rollup_service_5min r
			WHERE r.bucket >= dbinsight._day_after(dbinsight._since_days(get_uptime_metrics.days))::timestamp AT TIME ZONE 'UTC'
				AND r.bucket < dbinsight.today()::timestamp AT TIME ZONE 'UTC'
				AND r.attempts >= 3 AND 2 * r.failures >= r.attempts AND r.service IN ('jobs', 'sql', 'pipelines', 'serving')
			UNION ALL
			SELECT c.workspace_id, c.service, c.bucket FROM cut c WHERE c.down
		) d
		CROSS JOIN LATERAL (VALUES (d.service), ('(all)')) v(service)
		GROUP BY d.workspace_id, v.service, d.bucket
	), outage AS (
		SELECT g.workspace_id, g.service, extract(epoch FROM max(g.bucket) - min(g.bucket))::float8 / 60 + 5 AS minutes
		FROM (
			-- A gap of 15 minutes between two down buckets is 20 between their starts.
			SELECT d.workspace_id, d.service, d.bucket, count(*) FILTER (WHERE d.apart) OVER (PARTITION BY d.workspace_id, d.service
				ORDER BY d.bucket) AS n
			FROM (
				SELECT k.workspace_id, k.service, k.bucket, k.bucket - lag(k.bucket) OVER (PARTITION BY k.workspace_id, k.service
					ORDER BY k.bucket) > interval '20 minutes' AS apart
				FROM down_bucket k
			) d
		) g
		GROUP BY g.workspace_id, g.service, g.n
	), outages AS (
		SELECT o.workspace_id, o.service, count(*) AS n, max(o.minutes) AS longest, avg(o.minutes) AS mean
		FROM outage o GROUP BY o.workspace_id, o.service
	)
	SELECT s.workspace_id, w.workspace_name, s.service, 5 * s.demanded, 5 * s.down,
		dbinsight._pct(s.demanded - s.down, s.demanded), coalesce(o.n, 0), coalesce(o.longest, 0),
		dbinsight._r(5.0::float8 * s.demanded / 60 / o.n, 3), dbinsight._r(o.mean, 3), t.target_pct::float8,
		100 * (s.demanded - s.down) >= t.target_pct * s.demanded
	FROM service s
	LEFT JOIN outages o ON o.workspace_id = s.workspace_id AND o.service = s.service
	LEFT JOIN dbinsight.dim_workspace w ON w.workspace_id = s.workspace_id
	CROSS JOIN LATERAL (SELECT coalesce((SELECT c.target_pct FROM dbinsight.uptime_targets c
		WHERE c.workspace_id = s.workspace_id AND c.service = s.service), 99.9) AS target_pct) t
	WHERE dbinsight._matches(get_uptime_metrics.workspace, s.workspace_id, w.workspace_name)
	ORDER BY s.workspace_id, s.service;
END;
COMMENT ON FUNCTION dbinsight.get_uptime_metrics(text, int) IS
'How much of the time jobs, SQL, pipelines and serving were up in the last days, with outages, time between and time to repair.
not for: whether services are well right now (get_service_health); the share of runs that succeeded (get_job_success_rate)
Counted in five-minute buckets with at least one attempt; down with at least three, half of them failed. (all): any service of the workspace
@param workspace workspace id or name (% as wildcard), all
@param days rolling window in days, 1 to 400, 30';

/*
 * Not inlined (that is what its setting does): a recursive query over
 * subqueries is estimated so dear that it would be compiled first, which takes
 * longer than the walk.
 */
CREATE FUNCTION dbinsight._downstream_tables(entity_types text[], workspace_ids text[], entity_ids text[])
	RETURNS TABLE (entity_type text, workspace_id text, entity_id text, tables bigint)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 200 SET jit = off
BEGIN ATOMIC
	WITH RECURSIVE flow AS MATERIALIZED (
		SELECT DISTINCT f.source_table_full_name AS source, f.target_table_full_name AS target
		FROM dbinsight.rollup_lineage_monthly f
		WHERE f.month >= date_trunc('month', dbinsight._first_day(30))::date AND f.month < dbinsight.today()
			AND f.days & dbinsight._day_bits(f.month, dbinsight._first_day(30), dbinsight.today()) <> 0
			AND f.source_table_full_name <> f.target_table_full_name
	), reached AS (
		SELECT DISTINCT f.entity_type, f.workspace_id, f.entity_id, f.table_full_name AS table_name, 0 AS depth
		FROM dbinsight.rollup_table_write_monthly f
		WHERE f.month >= date_trunc('month', dbinsight._first_day(30))::date AND f.month < dbinsight.today()
			AND f.days & dbinsight._day_bits(f.month, dbinsight._first_day(30), dbinsight.today()) <> 0
			AND (f.entity_type, f.workspace_id, f.entity_id) IN (
				SELECT * FROM unnest(_downstream_tables.entity_types, _downstream_tables.workspace_ids, _downstream_tables.entity_ids))
		UNION
		SELECT r.entity_type, r.workspace_id, r.entity_id, f.target, r.depth + 1
		FROM reached r JOIN flow f ON f.source = r.table_name WHERE r.depth < 3
	)
	SELECT r.entity_type, r.workspace_id, r.entity_id, count(DISTINCT r.table_name)
	FROM reached r WHERE r.depth > 0 GROUP BY r.entity_type, r.workspace_id, r.entity_id;
END;
COMMENT ON FUNCTION dbinsight._downstream_tables(text[], text[], text[]) IS
'How many tables are made, in up to three steps, from those that each job or pipeline wrote in 30 days';

CREATE FUNCTION dbinsight.get_incident_summary(severity text DEFAULT NULL, days int DEFAULT 7)
	RETURNS TABLE (incident_id text, severity text, status text, entity_type text, workspace_id text, entity_id text,
		entity_name text, opened_at timestamptz, resolved_at timestamptz, duration_min float8, failures bigint, root_cause text,
		termination_codes text[], affected_downstream bigint, cost numeric, ml_class text)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 50
BEGIN ATOMIC
	WITH incident AS MATERIALIZED (
		SELECT i.*, dbinsight._incident_id(i.workspace_id, i.entity_id, i.opened_at) AS incident_id,
			coalesce(i.resolved_at, dbinsight.now()) - i.opened_at AS lasted,
			dbinsight._incident_severity(i.failures, coalesce(i.resolved_at, dbinsight.now()) - i.opened_at) AS severity
		FROM dbinsight._incident_streaks(dbinsight._since_days(get_incident_summary.days)) i
		WHERE get_incident_summary.severity IS NULL
			OR dbinsight.severity_rank(dbinsight._incident_severity(i.failures, coalesce(i.resolved_at, dbinsight.now()) - i.opened_at))
				<= dbinsight._severity_arg(get_incident_summary.severity)
	), failed AS MATERIALIZED (
		SELECT i.incident_id, f.workspace_id, f.run_id, f.run_name, f.termination_code, f.result_state
		FROM incident i JOIN dbinsight.job_run f ON f.workspace_id = i.workspace_id AND f.job_id = i.entity_id AND f.is_failure
			AND f.end_time >= i.opened_at AND f.end_time <= i.last_failure
		WHERE i.entity_type = 'job'
	), run AS (
		SELECT f.incident_id, mode() WITHIN GROUP (ORDER BY f.termination_code) AS termination_code,
			mode() WITHIN GROUP (ORDER BY f.result_state) AS result_state, max(f.run_name) AS run_name,
			array_agg(DISTINCT f.termination_code) FILTER (WHERE f.termination_code IS NOT NULL) AS termination_codes,
			sum(c.cost) AS cost
		FROM failed f
		-- Of all runs at once, in one statement where usage is on a warehouse. OFFSET: and not again for each run.
		LEFT JOIN (
			SELECT u.workspace_id, u.job_run_id, sum(u.list_cost) AS cost FROM dbinsight.fact_usage u
			WHERE u.job_run_id = ANY (ARRAY(SELECT x.run_id FROM failed x))
			GROUP BY u.workspace_id, u.job_run_id OFFSET 0
		) c ON c.workspace_id = f.workspace_id AND c.job_run_id = f.run_id
		GROUP BY f.incident_id
	), downstream AS (
		SELECT d.*
		FROM (SELECT array_agg(i.entity_type) AS types, array_agg(i.workspace_id) AS workspaces, array_agg(i.entity_id) AS ids FROM incident i) x
		CROSS JOIN LATERAL dbinsight._downstream_tables(x.types, x.workspaces, x.ids) d
	)
	SELECT i.incident_id, i.severity, CASE WHEN i.resolved_at IS NULL THEN 'OPEN' ELSE 'RESOLVED' END, i.entity_type,
		i.workspace_id, i.entity_id, coalesce(j.job_name, p.pipeline_name, r.run_name), i.opened_at, i.resolved_at,
		dbinsight._r(extract(epoch FROM i.lasted)::float8 / 60, 3), i.failures, dbinsight._root_cause(r.termination_code, r.result_state),
		coalesce(r.termination_codes, '{}'), coalesce(d.tables, 0), round(r.cost, 4),
		(SELECT m.label FROM dbinsight.predictions m
			WHERE m.model_name = 'incident_classifier' AND m.entity_type = 'incident' AND m.entity_id = i.incident_id
				AND m.scored_at <= dbinsight.now()
			ORDER BY m.scored_at DESC, m.version DESC LIMIT 1)
	FROM incident i
	LEFT JOIN dbinsight.current_job j ON i.entity_type = 'job' AND j.workspace_id = i.workspace_id AND j.job_id = i.entity_id
	LEFT JOIN dbinsight.current_pipeline p ON i.entity_type = 'pipeline' AND p.workspace_id = i.workspace_id AND p.pipeline_id = i.entity_id
	LEFT JOIN downstream d ON d.entity_type = i.entity_type AND d.workspace_id = i.workspace_id AND d.entity_id = i.entity_id
	LEFT JOIN run r ON i.entity_type = 'job' AND r.incident_id = i.incident_id
	ORDER BY dbinsight.severity_rank(i.severity), i.opened_at DESC, i.workspace_id, i.entity_id;
END;
COMMENT ON FUNCTION dbinsight.get_incident_summary(text, int) IS
'What incidents there were: streaks of failures of a job or pipeline, with severity, root cause, recovery, downstream tables and cost.
not for: security incidents (get_security_incidents); each failed run on its own (get_failed_jobs); what is firing now (get_active_alerts)
@param severity least severity, all
@enum severity critical|high|medium|low
@param days incidents whose last failure is in the last days, 1 to 400, 7';

CREATE FUNCTION dbinsight.get_service_health(service_name text DEFAULT NULL)
	RETURNS TABLE (service_name text, status text, error_rate_pct float8, baseline_error_rate_pct float8, attempts_24h bigint,
		failures_24h bigint, p95_latency_s float8, baseline_p95_s float8, open_incidents bigint, last_failure timestamptz,
		checked_at timestamptz)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 6
BEGIN ATOMIC
	WITH recent AS (
		SELECT b.service, sum(b.attempts) AS attempts, sum(b.failures) AS failures, dbinsight._percentile(b.latencies, 0.95) AS p95
		FROM dbinsight._service_window(dbinsight.now() - interval '24 hours', dbinsight.now()) b GROUP BY b.service
		UNION ALL
		-- Ingestion: each source that ever loaded is an attempt, and fails with
		-- an error or when it lags more than three times its target.
		SELECT 'ingestion', count(*), count(*) FILTER (WHERE s.last_error IS NOT NULL
			OR s.last_event_time < dbinsight.now() - 3 * s.lag_target_minutes * interval '1 minute'), NULL
		FROM dbinsight.ingest_status s WHERE s.enabled AND s.last_loaded_at IS NOT NULL AND s.last_loaded_at <= dbinsight.now()
	), baseline AS (
		SELECT b.service, sum(b.attempts) AS attempts, sum(b.failures) AS failures, dbinsight._percentile(b.latencies, 0.95) AS p95
		FROM dbinsight._service_window(dbinsight.now() - interval '8 days', dbinsight.now() - interval '24 hours') b GROUP BY b.service
	), incident AS (
		SELECT CASE i.entity_type WHEN 'job' THEN 'jobs' ELSE 'pipelines' END AS service, count(*) AS n,
			bool_or(dbinsight._incident_severity(i.failures, dbinsight.now() - i.opened_at) = 'critical') AS critical
		FROM dbinsight._incident_streaks(dbinsight.now() - interval '7 days') i
		WHERE i.resolved_at IS NULL GROUP BY i.entity_type
	), health AS (
		SELECT v.service, coalesce(r.attempts, 0) AS attempts, coalesce(r.failures, 0) AS failures, r.p95, b.p95 AS baseline_p95,
			dbinsight._pct(r.failures, r.attempts) AS error_rate, dbinsight._pct(b.failures, b.attempts) AS baseline_error_rate,
			coalesce(i.n, 0) AS open_incidents, coalesce(i.critical, false) AS critical,
			(SELECT max(f.last_failure) FROM dbinsight.rollup_service_5min f
				WHERE f.service = v.service AND f.failures > 0 AND f.last_failure < dbinsight.now()) AS last_failure
		FROM (VALUES ('jobs'), ('sql'), ('pipelines'), ('serving'), ('clusters'), ('ingestion')) v(service)
		LEFT JOIN recent r USING (service) LEFT JOIN baseline b USING (service) LEFT JOIN incident i USING (service)
		WHERE get_service_health.service_name IS NULL OR v.service = dbinsight._one_of('service_name', get_service_health.service_name,
			'jobs', 'sql', 'pipelines', 'serving', 'clusters', 'ingestion')
	)
	SELECT s.service, s.status, s.error_rate, s.baseline_error_rate, s.attempts, s.failures, dbinsight._r(s.p95, 3),
		dbinsight._r(s.baseline_p95, 3), s.open_incidents, s.last_failure, dbinsight.now()
	FROM (
		SELECT h.*, CASE
			WHEN h.critical THEN 'RED'
			WHEN h.attempts = 0 THEN 'NO_DATA'
			WHEN h.error_rate >= 20 AND h.error_rate >= 2 * coalesce(h.baseline_error_rate, 0) THEN 'RED'
			WHEN h.error_rate >= 5 AND h.error_rate >= 1.5 * coalesce(h.baseline_error_rate, 0) THEN 'AMBER'
			WHEN h.p95 >= 2 * h.baseline_p95 AND h.baseline_p95 > 0 THEN 'AMBER'
			ELSE 'GREEN' END AS status
		FROM health h
	) s
	ORDER BY array_position(ARRAY['RED', 'AMBER', 'NO_DATA', 'GREEN'], s.status), s.service;
END;
COMMENT ON FUNCTION dbinsight.get_service_health(text) IS
'Whether jobs, SQL, pipelines, serving, clusters and ingestion are well now: the last 24 hours against the seven days before.
not for: uptime and outages over weeks (get_uptime_metrics); the health of each pipeline (get_pipeline_health); the whole platform over all domains (get_platform_health)
@param service_name one service, all
@enum service_name jobs|sql|pipelines|serving|clusters|ingestion';

CREATE FUNCTION dbinsight.get_failure_streaks(min_failures int DEFAULT 3)
	RETURNS TABLE (workspace_id text, job_id text, job_name text, consecutive_failures bigint, first_failure timestamptz,
		last_failure timestamptz, last_success timestamptz, last_termination_code text, run_as text)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 50
BEGIN ATOMIC
	-- Materialized: one look-up of the last success a job, not one a failure.
	WITH failing AS MATERIALIZED (
		SELECT g.workspace_id, g.job_id, (SELECT max(o.end_time) FROM dbinsight.job_run o
			WHERE o.workspace_id = g.workspace_id AND o.job_id = g.job_id AND o.is_success
				AND o.end_time < dbinsight.now()) AS last_success
		FROM (
			SELECT r.workspace_id, r.job_id FROM dbinsight.job_run r
			WHERE r.is_failure AND r.job_id IS NOT NULL AND r.end_time < dbinsight.now()
			GROUP BY r.workspace_id, r.job_id
		) g
	)
	SELECT s.workspace_id, s.job_id, coalesce(j.job_name, s.run_name), s.failures, s.first_failure, s.last_failure, s.last_success,
		s.termination_code, j.run_as
	FROM (
		SELECT k.workspace_id, k.job_id, k.last_success, count(*) AS failures, min(f.end_time) AS first_failure,
			max(f.end_time) AS last_failure, max(f.run_name) AS run_name,
			(array_agg(f.termination_code ORDER BY f.end_time DESC, f.run_id DESC))[1] AS termination_code
		FROM failing k
		JOIN dbinsight.job_run f ON f.workspace_id = k.workspace_id AND f.job_id = k.job_id AND f.is_failure
			AND f.end_time > coalesce(k.last_success, '-infinity') AND f.end_time < dbinsight.now()
		GROUP BY k.workspace_id, k.job_id, k.last_success
		HAVING count(*) >= dbinsight._in_range('min_failures', get_failure_streaks.min_failures, 1, 1000000)
	) s
	LEFT JOIN dbinsight.current_job j ON j.workspace_id = s.workspace_id AND j.job_id = s.job_id
	ORDER BY s.failures DESC, s.last_failure DESC, s.workspace_id, s.job_id;
END;
COMMENT ON FUNCTION dbinsight.get_failure_streaks(int) IS
'Which jobs are failing in a row right now, since when and how many times.
not for: streaks that have ended and pipelines (get_incident_summary); single failed runs (get_failed_jobs)
@param min_failures least failures in a row, 1 to 1000000, 3';

SELECT dbinsight._builtin_tool('dbinsight.get_sla_breaches(int)'::regprocedure, ARRAY['reliability', 'performance'], ARRAY[
	'which jobs breached their SLA', 'show SLA breaches of the last week', 'which runs missed their deadline',
	'did we meet our SLAs this month', 'jobs that took longer than promised', 'SLO violations in the past 30 days']);
SELECT dbinsight._builtin_tool('dbinsight.get_uptime_metrics(text,int)'::regprocedure, ARRAY['reliability'], ARRAY[
	'what is our uptime', 'show availability by service', 'how many outages did we have last month', 'what are MTBF and MTTR',
	'did we reach 99.9 percent availability', 'longest outage in the past 30 days', 'was SQL down this week']);
SELECT dbinsight._builtin_tool('dbinsight.get_incident_summary(text,int)'::regprocedure, ARRAY['reliability'], ARRAY[
	'summarize the incidents of this week', 'which incidents are open', 'show critical incidents', 'what caused the outages',
	'root causes of recent incidents', 'which incidents affected downstream tables', 'high severity incidents in the last 14 days']);
SELECT dbinsight._builtin_tool('dbinsight.get_service_health(text)'::regprocedure, ARRAY['reliability'], ARRAY[
	'are all services healthy', 'service health status', 'is SQL healthy right now', 'which services have elevated error rates',
	'is anything down', 'health of jobs and pipelines today']);
SELECT dbinsight._builtin_tool('dbinsight.get_failure_streaks(int)'::regprocedure, ARRAY['performance', 'reliability'], ARRAY[
	'which jobs keep failing', 'jobs failing repeatedly', 'consecutive job failures', 'which jobs have failed three times in a row',
	'since when is job etl_daily failing', 'longest failure streaks']);
