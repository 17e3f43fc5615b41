/*
 * Platform: alerts, how fresh what we know is, and how the whole account does.
 */
CREATE FUNCTION dbinsight.get_active_alerts(severity text DEFAULT NULL, domain text DEFAULT NULL)
	RETURNS TABLE (alert_id uuid, rule_id text, rule_name text, domain text, severity text, status text, fired_at timestamptz,
		last_seen_at timestamptz, age_min float8, value float8, threshold float8, entity_type text, entity_id text, message text,
		occurrence_count int, acknowledged_by text)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 20
BEGIN ATOMIC
	SELECT e.id, e.rule_id::text, r.name, coalesce(e.domain, r.domain), e.severity, e.status, e.fired_at, e.last_seen_at,
		round(extract(epoch FROM dbinsight.now() - e.fired_at) / 60, 3)::float8, e.value, e.threshold, e.entity_type, e.entity_id,
		e.message, e.occurrence_count, e.acknowledged_by
	FROM dbinsight.alert_events e LEFT JOIN dbinsight.alert_rules r ON r.id = e.rule_id
	WHERE e.status IN ('FIRING', 'ACKNOWLEDGED') AND e.resolved_at IS NULL AND e.fired_at <= dbinsight.now()
		AND (get_active_alerts.severity IS NULL
			OR dbinsight.severity_rank(e.severity) <= dbinsight._severity_arg(get_active_alerts.severity))
		AND (get_active_alerts.domain IS NULL OR lower(coalesce(e.domain, r.domain)) = lower(get_active_alerts.domain))
	ORDER BY dbinsight.severity_rank(e.severity), e.fired_at DESC, e.id;
END;
COMMENT ON FUNCTION dbinsight.get_active_alerts(text, text) IS
'What is firing now: alerts that are not resolved, worst first, with their value, threshold and who acknowledged them.
not for: what the detection rules found (get_findings) or failing jobs (get_incident_summary).
@param severity minimum severity: critical, high, medium, low or info; default all
@enum severity critical|high|medium|low|info
@param domain cost, security, performance, reliability, quality, mlops, governance, network or an own one; default all';

CREATE FUNCTION dbinsight.get_ingestion_status()
	RETURNS TABLE (source_table text, gold_table text, last_event_time timestamptz, lag_min float8, target_lag_min float8,
		rows_24h bigint, last_loaded_at timestamptz, status text, last_error text)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 40
BEGIN ATOMIC
	SELECT x.source_table, x.gold_table, x.last_event_time, x.lag_min, x.lag_target_minutes::float8, x.rows_24h, x.last_loaded_at,
		s.status, x.last_error
	FROM (
		SELECT i.*, round(extract(epoch FROM dbinsight.now() - CASE WHEN t.write_mode = 'version' OR i.last_event_time IS NULL
			THEN i.last_loaded_at ELSE i.last_event_time END) / 60, 3)::float8 AS lag_min
		FROM dbinsight.ingest_status i JOIN dbinsight.sources t ON t.source = i.source_table
		WHERE i.enabled
	) x
	CROSS JOIN LATERAL (SELECT CASE WHEN x.mode = 'foreign' THEN 'OK' WHEN x.last_loaded_at IS NULL AND x.last_event_time IS NULL THEN 'EMPTY'
		WHEN x.lag_min <= x.lag_target_minutes THEN 'OK' WHEN x.lag_min <= 3 * x.lag_target_minutes THEN 'LATE' ELSE 'STALE' END AS status) s
	ORDER BY array_position('{STALE,LATE,EMPTY,OK}', s.status), x.lag_min DESC NULLS LAST, x.source_table COLLATE "C";
END;
COMMENT ON FUNCTION dbinsight.get_ingestion_status() IS
'How fresh is what dbinsight knows: for each source the newest event, the lag against its target, and whether loading failed.
not for: late tables of the account (get_freshness_violations).
lag is since the newest event; for change logs (jobs, clusters) and sources without a time, since the last load. OK within the target, LATE up to 3 x, STALE beyond, EMPTY never loaded. A source read in place (mode foreign) has no lag.';

/*
 * Health. Each domain has parts. A part of a share gives weight x share (0 to
 * 1) to the score; a part of penalties takes points from 100. points NULL means
 * that the input is missing, and then the domain has no score: no data is never
 * shown as healthy. Functions with as_of judge the seven days before that
 * moment, so that the same can be said of the week before; the others ask
 * tools, which know only now.
 */
CREATE FUNCTION dbinsight._health_cost()
	RETURNS TABLE (domain text, component text, weight float8, points float8, inputs jsonb, issue text)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 3
BEGIN ATOMIC
	WITH account AS MATERIALIZED (
		SELECT sum(b.budget_usd) AS amount, sum(b.projected_usd) AS projected
		FROM dbinsight.get_budget_status(NULL, 'ACCOUNT') b HAVING count(*) > 0
	), budget AS (
		-- the account's budget, else those of its workspaces
		SELECT a.amount, a.projected FROM account a
		UNION ALL
		SELECT sum(b.budget_usd), sum(b.projected_usd)
		FROM dbinsight.get_budget_status(NULL, 'WORKSPACE') b WHERE NOT EXISTS (SELECT FROM account) HAVING count(*) > 0
	), spend AS (
		SELECT sum(r.list_cost) AS total, coalesce(sum(r.list_cost) FILTER (WHERE r.is_tagged), 0) AS tagged
		FROM dbinsight.rollup_sku_daily r
		WHERE r.usage_date >= dbinsight._first_day(30) AND r.usage_date < dbinsight.today()
	), anomaly AS (
		SELECT count(*) AS days FROM dbinsight.get_cost_anomalies(7) a WHERE a.severity = 'high'
	)
	SELECT 'cost', 'budget', 50::float8,
		CASE WHEN b.amount IS NOT NULL AND b.projected > 0 THEN (50 * least(1, b.amount / b.projected))::float8 END,
		jsonb_build_object('budget_usd', b.amount, 'projected_usd', b.projected),
		CASE WHEN b.amount IS NULL THEN 'no budget for this month' WHEN b.projected IS NULL OR b.projected <= 0 THEN 'no spend this month yet'
			WHEN b.projected > b.amount THEN 'the month is projected at ' || round(100 * b.projected / b.amount) || ' % of the budget' END
	FROM (SELECT 1) one LEFT JOIN budget b ON true
	UNION ALL
	SELECT 'cost', 'tag_coverage', 30, (30 * s.tagged / nullif(s.total, 0))::float8,
		jsonb_build_object('cost_usd', round(s.total, 4), 'tagged_usd', round(s.tagged, 4)),
		CASE WHEN s.total IS NULL OR s.total = 0 THEN 'no spend in 30 days'
			ELSE round(100 - 100 * s.tagged / s.total) || ' % of spend has no tag' END
	FROM spend s
	UNION ALL
	SELECT 'cost', 'anomalies', 20, CASE WHEN s.total > 0 THEN 20 * (1 - least(1, a.days / 5.0))::float8 END,
		jsonb_build_object('high_anomalies_7d', a.days),
		CASE WHEN s.total IS NULL OR s.total = 0 THEN 'no spend in 30 days' WHEN a.days > 0 THEN 'high cost anomalies in 7 days: ' || a.days END
	FROM anomaly a, spend s;
END;
COMMENT ON FUNCTION dbinsight._health_cost() IS
'Parts of the health of cost: 50 budget over projected spend, 30 share of spend with a tag, 20 less high anomalies of 7 days';

CREATE FUNCTION dbinsight._health_security()
	RETURNS TABLE (domain text, component text, weight float8, points float8, inputs jsonb, issue text)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 3
BEGIN ATOMIC
	WITH found AS (
		-- what stands as it is counts while it stands; what happened counts for a week
		SELECT v.severity, v.violation_type AS what FROM dbinsight._violations(NULL, dbinsight._since_days(7)) v
		WHERE v.severity IN ('critical', 'high', 'medium')
		UNION ALL
		SELECT f.severity, 'sign-in ' || f.pattern FROM dbinsight.get_failed_auth_attempts(168) f
	), counted AS (
		SELECT f.severity, count(*) AS n, mode() WITHIN GROUP (ORDER BY f.what) AS most FROM found f GROUP BY f.severity
	)
	SELECT 'security', s.severity, s.each, CASE WHEN p.present THEN -s.each * coalesce(c.n, 0) END,
		jsonb_build_object('found', coalesce(c.n, 0)),
		CASE WHEN NOT p.present THEN 'no audit events in 7 days'
			WHEN c.n > 0 THEN c.n || ' ' || s.severity || CASE WHEN c.n = 1 THEN ' finding: ' ELSE ' findings, most of them ' END || c.most END
	FROM (VALUES ('critical', 25::float8), ('high', 10), ('medium', 2)) s(severity, each)
	LEFT JOIN counted c ON c.severity = s.severity
	CROSS JOIN (SELECT EXISTS (SELECT FROM dbinsight.rollup_audit_coverage a
		WHERE a.hour >= dbinsight._since_days(7) AND a.hour < dbinsight.now()) AS present) p;
END;
COMMENT ON FUNCTION dbinsight._health_security() IS
'Penalties of security: 25 each critical, 10 high, 2 medium open violation or pattern of failed sign-ins, last 7 days';

CREATE FUNCTION dbinsight._health_performance()
	RETURNS TABLE (domain text, component text, weight float8, points float8, inputs jsonb, issue text)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 3
BEGIN ATOMIC
	WITH query AS (
		SELECT coalesce(sum(q.queries), 0) AS n, coalesce(sum(q.efficient), 0) AS good
		FROM dbinsight._query_hours(dbinsight._since_hours(24), dbinsight.now()) q
	), run AS (
		-- late: what get_sla_breaches lists as DURATION
		SELECT coalesce(sum(d.runs), 0) AS n, (SELECT l.runs FROM dbinsight._late_runs(dbinsight._since_days(7), dbinsight.now()) l) AS late
		FROM dbinsight._ended_window(dbinsight._since_days(7), dbinsight.now()) d
	), cluster AS (
		SELECT count(*) AS n, count(*) FILTER (WHERE c.saturated * 5 > c.minutes) AS saturated
		FROM (
			SELECT sum(h.node_minutes) AS minutes, sum(h.saturated_minutes) AS saturated FROM dbinsight.rollup_node_hourly h
			WHERE h.hour >= dbinsight._since_hours(24) AND h.hour < dbinsight.now()
			GROUP BY h.workspace_id, h.cluster_id
		) c
	)
	SELECT 'performance', 'efficient_queries', 50::float8, 50 * q.good / nullif(q.n, 0)::float8,
		jsonb_build_object('queries_24h', q.n, 'efficient', q.good),
		CASE WHEN q.n = 0 THEN 'no queries of a second or more in 24 hours'
			WHEN q.good < q.n THEN round(100 - 100.0 * q.good / q.n) || ' % of queries spill, queue, fail or are slow' END
	FROM query q
	UNION ALL
	SELECT 'performance', 'sla_duration', 30, CASE WHEN r.n > 0 THEN 30 * (1 - least(1, r.late / r.n::float8)) END,
		jsonb_build_object('runs_7d', r.n, 'duration_breaches', r.late),
		CASE WHEN r.n = 0 THEN 'no job run ended in 7 days' WHEN r.late > 0 THEN 'job runs longer than their target in 7 days: ' || r.late END
	FROM run r
	UNION ALL
	SELECT 'performance', 'saturated_clusters', 20, 20 * (1 - c.saturated / nullif(c.n, 0)::float8),
		jsonb_build_object('clusters_24h', c.n, 'saturated', c.saturated),
		CASE WHEN c.n = 0 THEN 'no cluster minutes in 24 hours' WHEN c.saturated > 0 THEN 'saturated clusters: ' || c.saturated || ' of ' || c.n END
	FROM cluster c;
END;
COMMENT ON FUNCTION dbinsight._health_performance() IS
'Parts of the health of performance: 50 share of efficient queries (24 h), 30 less the share of runs over their duration target (7 days), 20 less the share of saturated clusters (24 h, whole hours)';

CREATE FUNCTION dbinsight._health_reliability(as_of timestamptz)
	RETURNS TABLE (domain text, component text, weight float8, points float8, inputs jsonb, issue text)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 3
BEGIN ATOMIC
	WITH ended AS MATERIALIZED (
		SELECT d.workspace_id, d.job_id, d.succeeded, d.failed, d.last_success, d.last_failure
		FROM dbinsight._ended_window(_health_reliability.as_of - interval '7 days', _health_reliability.as_of) d
	), run AS (
		SELECT coalesce(sum(e.succeeded + e.failed), 0) AS n, coalesce(sum(e.succeeded), 0) AS good FROM ended e
	), bucket AS (
		-- as get_uptime_metrics counts (all): whole days from the daily rollup, the days the week cuts by bucket
		SELECT coalesce(sum(u.demanded), 0) AS demanded, coalesce(sum(u.down), 0) AS down
		FROM (
			SELECT d.demanded, d.down FROM dbinsight.rollup_uptime_daily d
			WHERE d.service = '(all)' AND d.day >= dbinsight._day_after(_health_reliability.as_of - interval '7 days')
				AND d.day < (_health_reliability.as_of AT TIME ZONE 'UTC')::date
			UNION ALL
			SELECT 1, bool_or(b.attempts >= 3 AND 2 * b.failures >= b.attempts)::int
			FROM (
				SELECT c.* FROM dbinsight._service_window(_health_reliability.as_of - interval '7 days',
					dbinsight._day_after(_health_reliability.as_of - interval '7 days')::timestamp AT TIME ZONE 'UTC') c
				UNION ALL
				SELECT c.* FROM dbinsight._service_window(date_trunc('day', _health_reliability.as_of, 'UTC'), _health_reliability.as_of) c
			) b
			WHERE b.attempts > 0 AND b.service IN ('jobs', 'sql', 'pipelines', 'serving')
			GROUP BY b.workspace_id, b.bucket
		) u
	), failing AS (
		SELECT 'job' AS entity_type, e.workspace_id, e.job_id AS entity_id, max(e.last_failure) AS last_failure, max(e.last_success) AS last_success
		FROM ended e WHERE e.job_id IS NOT NULL GROUP BY 2, 3
		UNION ALL
		SELECT 'pipeline', p.workspace_id, p.pipeline_id, max(p.end_time) FILTER (WHERE p.result_state = 'FAILED'),
			max(p.end_time) FILTER (WHERE p.result_state = 'COMPLETED')
		FROM dbinsight.pipeline_update p
		WHERE p.end_time >= _health_reliability.as_of - interval '7 days' AND p.end_time < _health_reliability.as_of AND p.pipeline_id IS NOT NULL
		GROUP BY 2, 3
	), streak AS (
		-- open: the latest end is a failure; it may have begun before the week
		SELECT f.workspace_id, f.entity_id, s.failures, s.opened_at
		FROM failing f
		CROSS JOIN LATERAL (
			SELECT count(*) AS failures, min(r.end_time) AS opened_at FROM dbinsight.job_run r
			WHERE f.entity_type = 'job' AND r.workspace_id = f.workspace_id AND r.job_id = f.entity_id AND r.is_failure
				AND r.end_time <= f.last_failure AND r.end_time > coalesce(f.last_success, (
					SELECT max(o.end_time) FROM dbinsight.job_run o WHERE o.workspace_id = f.workspace_id AND o.job_id = f.entity_id
						AND o.is_success AND o.end_time < f.last_failure), '-infinity')
			HAVING count(*) > 0
			UNION ALL
			SELECT count(*), min(p.end_time) FROM dbinsight.pipeline_update p
			WHERE f.entity_type = 'pipeline' AND p.workspace_id = f.workspace_id AND p.pipeline_id = f.entity_id AND p.result_state = 'FAILED'
				AND p.end_time <= f.last_failure AND p.end_time > coalesce(f.last_success, (
					SELECT max(o.end_time) FROM dbinsight.pipeline_update o WHERE o.workspace_id = f.workspace_id
						AND o.pipeline_id = f.entity_id AND o.result_state = 'COMPLETED' AND o.end_time < f.last_failure), '-infinity')
			HAVING count(*) > 0
		) s
		WHERE f.last_failure > coalesce(f.last_success, '-infinity')
	), incident AS (
		SELECT count(*) AS n FROM streak s
		WHERE dbinsight._incident_severity(s.failures, _health_reliability.as_of - s.opened_at) = 'critical'
	)
	SELECT 'reliability', 'job_success', 60::float8, 60 * r.good / nullif(r.n, 0)::float8,
		jsonb_build_object('runs_7d', r.n, 'succeeded', r.good),
		CASE WHEN r.n = 0 THEN 'no job run ended in 7 days' WHEN r.good < r.n THEN round(100 - 100.0 * r.good / r.n, 1) || ' % of job runs failed' END
	FROM run r
	UNION ALL
	SELECT 'reliability', 'uptime', 25, 25 * (b.demanded - b.down) / nullif(b.demanded, 0)::float8,
		jsonb_build_object('demanded_minutes_7d', 5 * b.demanded, 'down_minutes', 5 * b.down),
		CASE WHEN b.demanded = 0 THEN 'nothing was asked of any service in 7 days' WHEN b.down > 0 THEN 'minutes of outage in 7 days: ' || 5 * b.down END
	FROM bucket b
	UNION ALL
	SELECT 'reliability', 'critical_incidents', 15, CASE WHEN r.n > 0 THEN 15 * (1 - least(1, i.n / 3.0))::float8 END,
		jsonb_build_object('open_critical', i.n),
		CASE WHEN r.n = 0 THEN 'no job run ended in 7 days' WHEN i.n > 0 THEN 'open critical incidents of jobs or pipelines: ' || i.n END
	FROM incident i, run r;
END;
COMMENT ON FUNCTION dbinsight._health_reliability(timestamptz) IS
'Parts of the health of reliability in the 7 days before a moment: 60 job success rate, 25 uptime, 15 less open critical incidents';

CREATE FUNCTION dbinsight._health_quality(as_of timestamptz)
	RETURNS TABLE (domain text, component text, weight float8, points float8, inputs jsonb, issue text)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 2
BEGIN ATOMIC
	WITH recent AS MATERIALIZED (
		SELECT o.table_id, o.event_time, o.freshness_status, o.completeness_status FROM dbinsight.fact_dq_monitoring o
		WHERE o.event_time >= _health_quality.as_of - interval '1 day' AND o.event_time < _health_quality.as_of AND o.table_full_name IS NOT NULL
	)
	SELECT 'quality', 'dq_score', 70::float8, 70 * d.good / nullif(d.checks, 0)::float8, jsonb_build_object('checks', coalesce(d.checks, 0), 'healthy', coalesce(d.good, 0)),
		CASE WHEN coalesce(d.checks, 0) = 0 THEN 'no table is monitored' WHEN d.good < d.checks THEN 'unhealthy data quality checks: ' || d.checks - d.good || ' of ' || d.checks END
	FROM (
		-- As _dq_latest counts the checks, read once: a status is the latest when none comes later.
		-- Of a table that the last day tells of, nothing older is the latest.
		SELECT sum((m.fresh = m.latest)::int + (m.complete = m.latest)::int) AS good,
			sum((m.fresh = m.latest)::int + (m.complete = m.latest)::int + (m.stale = m.latest)::int + (m.incomplete = m.latest)::int) AS checks
		FROM (
			SELECT max(o.event_time) AS latest,
				coalesce(max(o.event_time) FILTER (WHERE o.freshness_status = 'HEALTHY'), '-infinity') AS fresh,
				coalesce(max(o.event_time) FILTER (WHERE o.freshness_status = 'UNHEALTHY'), '-infinity') AS stale,
				coalesce(max(o.event_time) FILTER (WHERE o.completeness_status = 'HEALTHY'), '-infinity') AS complete,
				coalesce(max(o.event_time) FILTER (WHERE o.completeness_status = 'UNHEALTHY'), '-infinity') AS incomplete
			FROM (
				SELECT r.table_id, r.event_time, r.freshness_status, r.completeness_status FROM recent r
				UNION ALL
				SELECT e.table_id, e.event_time, e.freshness_status, e.completeness_status FROM dbinsight.fact_dq_monitoring e
				WHERE e.event_time >= _health_quality.as_of - interval '7 days' AND e.event_time < _health_quality.as_of - interval '1 day'
					AND e.table_full_name IS NOT NULL AND e.table_id NOT IN (SELECT r.table_id FROM recent r)  -- hashed: a join would sort the week
			) o
			GROUP BY o.table_id
		) m
	) d
	UNION ALL
	SELECT 'quality', 'freshness', 30, 30 * f.fresh / nullif(f.n, 0)::float8, jsonb_build_object('tables', f.n, 'fresh', f.fresh),
		CASE WHEN f.n = 0 THEN 'no table is written regularly' WHEN f.fresh < f.n THEN 'late tables: ' || f.n - f.fresh || ' of ' || f.n END
	FROM (SELECT count(*) AS n, count(*) FILTER (WHERE t.hours_since_write <= t.threshold_h) AS fresh
		FROM dbinsight._table_freshness(_health_quality.as_of, 24) t) f;
END;
COMMENT ON FUNCTION dbinsight._health_quality(timestamptz) IS
'Parts of the health of quality at a moment: 70 share of healthy checks (latest of 7 days), 30 share of tables within their freshness threshold';

CREATE FUNCTION dbinsight._health_mlops()
	RETURNS TABLE (domain text, component text, weight float8, points float8, inputs jsonb, issue text)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 2
BEGIN ATOMIC
	WITH request AS MATERIALIZED (
		SELECT coalesce(sum(u.requests), 0) AS n, coalesce(sum(u.errors), 0) AS bad
		FROM dbinsight._endpoint_requests(dbinsight._since_days(7), dbinsight.now()) u
	)
	SELECT 'mlops', 'inference_errors', 50::float8, 50 * (r.n - r.bad) / nullif(r.n, 0)::float8, jsonb_build_object('requests_7d', r.n, 'errors', r.bad),
		CASE WHEN r.n = 0 THEN 'no inference requests in 7 days' WHEN r.bad > 0 THEN round(100.0 * r.bad / r.n, 1) || ' % of inference requests failed' END
	FROM request r
	UNION ALL
	SELECT 'mlops', 'drifted_models', 50, 50 * (d.n - d.drifted) / nullif(d.n, 0)::float8, jsonb_build_object('models', d.n, 'drifted', d.drifted),
		CASE WHEN d.n = 0 THEN 'no model has enough predictions to judge drift' WHEN d.drifted > 0 THEN 'drifted models: ' || d.drifted || ' of ' || d.n END
	FROM (SELECT count(*) AS n, count(*) FILTER (WHERE m.drifted) AS drifted
		FROM (SELECT x.model_name, bool_or(x.drifted) AS drifted FROM dbinsight.get_model_drift() x
			GROUP BY x.model_name HAVING count(x.value) > 0) m) d;
END;
COMMENT ON FUNCTION dbinsight._health_mlops() IS
'Parts of the health of mlops: 50 less the error rate of inference (7 days; refused for too many requests is no error), 50 less the share of models that drifted';

CREATE FUNCTION dbinsight._health_governance(as_of timestamptz)
	RETURNS TABLE (domain text, component text, weight float8, points float8, inputs jsonb, issue text)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 2
BEGIN ATOMIC
	SELECT 'governance', 'metadata', 60::float8, 0.6 * m.score, jsonb_build_object('tables', m.tables, 'metadata_score', m.score),
		CASE WHEN m.tables = 0 THEN 'no table is catalogued' WHEN m.score IS NULL THEN 'no columns are catalogued'
			WHEN m.score < 100 THEN 'tables without a comment: ' || m.undescribed || ' of ' || m.tables END
	FROM (SELECT count(*) AS tables, count(*) FILTER (WHERE NOT t.has_comment) AS undescribed,
			dbinsight._metadata_score(count(*), count(*) FILTER (WHERE t.has_comment), count(*) FILTER (WHERE t.has_owner), sum(t.columns),
				sum(t.columns_with_comment), count(*) FILTER (WHERE t.has_tags), count(*) FILTER (WHERE t.has_lineage)) AS score
		FROM dbinsight._metadata_tables((_health_governance.as_of AT TIME ZONE 'UTC')::date) t) m
	UNION ALL
	SELECT 'governance', 'masking', 40, 40 * c.covered / nullif(c.n, 0)::float8, jsonb_build_object('classified_columns', c.n, 'masked_or_filtered', c.covered),
		CASE WHEN c.n = 0 THEN 'no column is classified' WHEN c.covered < c.n THEN 'classified columns without a mask: ' || c.n - c.covered || ' of ' || c.n END
	FROM (
		SELECT count(*) AS n, count(*) FILTER (WHERE
			EXISTS (SELECT FROM dbinsight.dim_column_mask m WHERE m.table_full_name = d.table_full_name AND m.column_name = d.column_name
				AND m.snapshot_date = (SELECT max(x.snapshot_date) FROM dbinsight.dim_column_mask x
					WHERE x.snapshot_date <= (_health_governance.as_of AT TIME ZONE 'UTC')::date))
			OR EXISTS (SELECT FROM dbinsight.dim_row_filter r WHERE r.table_full_name = d.table_full_name
				AND r.snapshot_date = (SELECT max(x.snapshot_date) FROM dbinsight.dim_row_filter x
					WHERE x.snapshot_date <= (_health_governance.as_of AT TIME ZONE 'UTC')::date))) AS covered
		FROM (SELECT DISTINCT f.table_full_name, f.column_name FROM dbinsight.fact_data_classification f
			WHERE f.first_detected_time IS NULL OR f.first_detected_time < _health_governance.as_of) d
	) c;
END;
COMMENT ON FUNCTION dbinsight._health_governance(timestamptz) IS
'Parts of the health of governance at a moment: 60 metadata score, 40 share of classified columns with a mask or a row filter';

CREATE FUNCTION dbinsight._health_network()
	RETURNS TABLE (domain text, component text, weight float8, points float8, inputs jsonb, issue text)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 3
BEGIN ATOMIC
	WITH present AS MATERIALIZED (
		-- a LIMIT, unlike EXISTS, goes to the warehouse when the rows are there
		SELECT EXISTS (SELECT FROM dbinsight.rollup_audit_coverage a WHERE a.hour >= dbinsight._since_days(7) AND a.hour < dbinsight.now()) AS audit,
			(SELECT true FROM dbinsight.fact_outbound_network o WHERE o.event_time < dbinsight.now() LIMIT 1) IS NOT NULL AS egress
	), counted AS (
		-- those get_external_ips rates high, which only denied or sensitive events can make one
		SELECT 'high_risk_addresses' AS component, 15::float8 AS each, count(*) AS n, 'external addresses of high risk: ' AS what
		FROM (
			SELECT d.source_ip, sum(d.denied) AS denied, sum(d.sensitive) AS sensitive
			FROM dbinsight._address_dangers(dbinsight._since_days(7), dbinsight.now()) d
			WHERE dbinsight.ip_class(d.source_ip) = 'public'
			GROUP BY d.source_ip
		) i
		LEFT JOIN dbinsight._new_addresses(dbinsight._since_days(7)) n ON n.source_ip = i.source_ip
		WHERE dbinsight._address_risk(dbinsight._is_trusted(i.source_ip), n.is_new, i.denied, i.sensitive) = 'high'
		UNION ALL
		SELECT 'denied_egress', 10, count(*), 'destinations denied often or newly: '
		FROM dbinsight.get_denied_egress(7) d WHERE d.severity = 'high'
		UNION ALL
		SELECT 'bottlenecks', 5, count(*), 'severe network bottlenecks: '
		FROM dbinsight.get_network_bottlenecks(7) b WHERE b.severity = 'high'
	)
	SELECT 'network', c.component, c.each,
		CASE WHEN p.audit AND (p.egress OR c.component <> 'denied_egress') THEN -c.each * c.n END, jsonb_build_object('found', c.n),
		CASE WHEN NOT p.audit THEN 'no audit events in 7 days'
			WHEN c.component = 'denied_egress' AND NOT p.egress THEN 'no egress policy is known: nothing was ever recorded'
			WHEN c.n > 0 THEN c.what || c.n END
	FROM counted c, present p;
END;
COMMENT ON FUNCTION dbinsight._health_network() IS
'Penalties of network: 15 each high-risk external address, 10 each destination with a high count of denied egress, 5 each severe bottleneck, last 7 days';

/*
 * The parts of one domain's health, now or a week earlier. A function of its own
 * with plans that are kept, because to plan its many parts takes longer than to
 * run some of them. Each part is so small that workers of its own would not pay;
 * the domains share workers among them: COST is what their plans are estimated
 * at, which the planner cannot look up by itself, and keeps the sum of eleven
 * below jit_above_cost.
 */
CREATE FUNCTION dbinsight._health_part(part text, prior boolean)
	RETURNS TABLE (domain text, component text, weight float8, points float8, inputs jsonb, issue text, is_prior boolean)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 3 COST 1500000 SET search_path = pg_catalog, pg_temp SET jit = off
	SET max_parallel_workers_per_gather = 0 AS $$
BEGIN
	-- Not a variable for the moment: what it will hold the planner cannot estimate.
	CASE (_health_part.part || CASE WHEN _health_part.prior THEN ' before' ELSE '' END)
		WHEN 'cost' THEN RETURN QUERY SELECT *, false FROM dbinsight._health_cost();
		WHEN 'security' THEN RETURN QUERY SELECT *, false FROM dbinsight._health_security();
		WHEN 'performance' THEN RETURN QUERY SELECT *, false FROM dbinsight._health_performance();
		WHEN 'reliability' THEN RETURN QUERY SELECT *, false FROM dbinsight._health_reliability(dbinsight.now());
		WHEN 'reliability before' THEN RETURN QUERY SELECT *, true FROM dbinsight._health_reliability(dbinsight._since_days(7));
		WHEN 'quality' THEN RETURN QUERY SELECT *, false FROM dbinsight._health_quality(dbinsight.now());
		WHEN 'quality before' THEN RETURN QUERY SELECT *, true FROM dbinsight._health_quality(dbinsight._since_days(7));
		WHEN 'mlops' THEN RETURN QUERY SELECT *, false FROM dbinsight._health_mlops();
		WHEN 'governance' THEN RETURN QUERY SELECT *, false FROM dbinsight._health_governance(dbinsight.now());
		WHEN 'governance before' THEN RETURN QUERY SELECT *, true FROM dbinsight._health_governance(dbinsight._since_days(7));
		WHEN 'network' THEN RETURN QUERY SELECT *, false FROM dbinsight._health_network();
	END CASE;
END $$;
COMMENT ON FUNCTION dbinsight._health_part(text, boolean) IS 'Parts of the health of a domain, now or (reliability, quality, governance) a week earlier';

CREATE FUNCTION dbinsight.get_platform_health()
	RETURNS TABLE (domain text, score float8, status text, weight float8, components jsonb, inputs_present boolean,
		prior_score float8, top_issue text)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 9
BEGIN ATOMIC
	WITH part AS MATERIALIZED (
		-- The longest first, so that workers end together.
		SELECT * FROM dbinsight._health_part('quality', false)
		UNION ALL SELECT * FROM dbinsight._health_part('quality', true)
		UNION ALL SELECT * FROM dbinsight._health_part('performance', false)
		UNION ALL SELECT * FROM dbinsight._health_part('mlops', false)
		UNION ALL SELECT * FROM dbinsight._health_part('security', false)
		UNION ALL SELECT * FROM dbinsight._health_part('network', false)
		UNION ALL SELECT * FROM dbinsight._health_part('reliability', false)
		UNION ALL SELECT * FROM dbinsight._health_part('reliability', true)
		UNION ALL SELECT * FROM dbinsight._health_part('governance', false)
		UNION ALL SELECT * FROM dbinsight._health_part('governance', true)
		UNION ALL SELECT * FROM dbinsight._health_part('cost', false)
	), prior AS (
		SELECT p.domain, CASE WHEN bool_and(p.points IS NOT NULL) THEN sum(p.points) END AS score
		FROM part p WHERE p.is_prior GROUP BY p.domain
	), scored AS MATERIALIZED (
		-- penalties (security, network) are taken from 100, shares begin at 0; the issue named is the gravest kind, or the share that lost most
		SELECT p.domain, bool_and(p.points IS NOT NULL) AS present,
			CASE WHEN bool_and(p.points IS NOT NULL) THEN
				dbinsight._r(greatest(0, CASE WHEN p.domain IN ('security', 'network') THEN 100 ELSE 0 END + sum(p.points)), 2) END AS score,
			jsonb_object_agg(p.component, jsonb_build_object('weight', p.weight, 'points', dbinsight._r(p.points, 2), 'inputs', p.inputs)) AS components,
			(array_agg(p.issue ORDER BY p.points IS NULL DESC,
				CASE WHEN p.domain IN ('security', 'network') THEN -p.weight ELSE p.points - p.weight END, p.component)
				FILTER (WHERE p.issue IS NOT NULL AND (p.points IS NULL
					OR p.points < CASE WHEN p.domain IN ('security', 'network') THEN 0 ELSE p.weight END)))[1] AS issue
		FROM part p WHERE NOT p.is_prior GROUP BY p.domain
	), whole AS (
		SELECT dbinsight._r(avg(s.score), 2) AS score, bool_and(s.present) AS present,
			jsonb_object_agg(s.domain, s.score) AS components,
			(array_agg(s.domain || ': ' || s.issue ORDER BY s.score, s.domain) FILTER (WHERE s.score IS NOT NULL AND s.issue IS NOT NULL))[1] AS issue
		FROM scored s
	), line AS (
		SELECT 0 AS place, '(overall)' AS domain, w.score, w.components, w.present, NULL::float8 AS prior_score, w.issue FROM whole w
		UNION ALL
		SELECT array_position('{cost,security,performance,reliability,quality,mlops,governance,network}', s.domain), s.domain, s.score,
			s.components, s.present, dbinsight._r(p.score, 2), s.issue
		FROM scored s LEFT JOIN prior p ON p.domain = s.domain
	)
	SELECT l.domain, l.score, CASE WHEN l.score IS NULL THEN 'NO_DATA' WHEN l.score >= 90 THEN 'HEALTHY' WHEN l.score >= 75 THEN 'ATTENTION'
		WHEN l.score >= 50 THEN 'DEGRADED' ELSE 'CRITICAL' END, 1::float8, l.components, l.present, l.prior_score, l.issue
	FROM line l
	-- Always true. It names a function of the library, so that the library is there before parallel workers are:
	-- one that loads it in their midst may not take the session's settings over, dbinsight.now among them.
	WHERE dbinsight.now() IS NOT NULL
	ORDER BY l.place;
END;
COMMENT ON FUNCTION dbinsight.get_platform_health() IS
'How healthy is the whole account: a score of 0 to 100 for each domain and overall, what it is made of, and the worst issue of each.
not for: what is firing right now (get_active_alerts), whether services answer (get_service_health).
status: HEALTHY from 90, ATTENTION from 75, DEGRADED from 50, else CRITICAL. A domain without one of its inputs has no score (NO_DATA, inputs_present false, top_issue says what is missing) and does not count in the overall mean, in which every domain weighs the same.
prior_score is the same parts a week earlier: for reliability, quality and governance, whose inputs are kept by time; NULL for the others.
components holds each part with its weight (or the penalty each), its points and its inputs.';

SELECT dbinsight._builtin_tool('dbinsight.get_active_alerts(text,text)'::regprocedure, ARRAY['platform'], ARRAY[
	'what is firing', 'active alerts', 'show critical alerts', 'are there unacknowledged cost alerts', 'which alerts are open right now',
	'any alerts for security']);
SELECT dbinsight._builtin_tool('dbinsight.get_platform_health()'::regprocedure, ARRAY['platform'], ARRAY[
	'how healthy is our platform', 'give me the morning summary', 'overall health score', 'how are we doing', 'platform health by domain',
	'which domain is in the worst state', 'is everything ok']);
SELECT dbinsight._builtin_tool('dbinsight.get_ingestion_status()'::regprocedure, ARRAY['platform'], ARRAY[
	'is the data in dbinsight up to date', 'ingestion status', 'which sources are stale', 'when was the audit log last loaded',
	'how old is the billing data', 'did loading fail']);
