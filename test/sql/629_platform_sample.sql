-- Alerts, ingestion and health over the sample account.
SET dbinsight.now = '2026-06-15 12:00:00+00';

-- Every input is there, so every domain has a score; overall is their mean; parts add up.
CREATE TEMP TABLE health AS SELECT * FROM dbinsight.get_platform_health();
SELECT domain, inputs_present, score BETWEEN 0 AND 100 AS score, status = CASE WHEN score >= 90 THEN 'HEALTHY' WHEN score >= 75 THEN 'ATTENTION' WHEN score >= 50 THEN 'DEGRADED' ELSE 'CRITICAL' END AS status,
	prior_score IS NOT NULL AS prior, top_issue IS NOT NULL AS issue FROM health;
SELECT round(avg(h.score) FILTER (WHERE h.domain <> '(overall)')::numeric, 2)::float8 = max(h.score) FILTER (WHERE h.domain = '(overall)') AS mean_of_domains FROM health h;
SELECT h.domain FROM health h, LATERAL (SELECT sum((c.value ->> 'points')::float8) AS points FROM jsonb_each(h.components) c) p
WHERE h.domain <> '(overall)' AND abs(h.score - CASE WHEN h.domain IN ('security', 'network') THEN greatest(0, 100 + p.points) ELSE p.points END) > 0.02;

-- Parts against plain counts of the facts and against the tools they are said to come from.
SELECT (h.components #>> '{job_success,inputs,succeeded}')::bigint = j.good AND (h.components #>> '{job_success,inputs,runs_7d}')::bigint = j.good + j.bad AS job_success
FROM health h, (
	SELECT count(*) FILTER (WHERE r.state = 'SUCCEEDED') AS good, count(*) FILTER (WHERE r.state IN ('FAILED', 'ERROR', 'TIMED_OUT')) AS bad
	FROM (SELECT (array_agg(f.result_state ORDER BY f.period_end_time DESC))[1] AS state, max(f.period_end_time) AS at
		FROM dbinsight.fact_job_run_timeline f GROUP BY f.workspace_id, f.run_id) r
	WHERE r.at >= dbinsight.now() - interval '7 days' AND r.at < dbinsight.now()) j WHERE h.domain = 'reliability';
SELECT (h.components #>> '{uptime,inputs,down_minutes}')::bigint = u.down AND (h.components #>> '{uptime,inputs,demanded_minutes_7d}')::bigint = u.demanded AS uptime
FROM health h, (SELECT sum(m.down_minutes) AS down, sum(m.demanded_minutes) AS demanded FROM dbinsight.get_uptime_metrics(NULL, 7) m WHERE m.service = '(all)') u WHERE h.domain = 'reliability';
SELECT (h.components #>> '{critical_incidents,inputs,open_critical}')::bigint = (SELECT count(*) FROM dbinsight.get_incident_summary('critical', 7) i WHERE i.status = 'OPEN') AS incidents
FROM health h WHERE h.domain = 'reliability';
SELECT (h.components #>> '{budget,inputs,budget_usd}')::numeric = b.budget AS budget, abs((h.components #>> '{budget,inputs,projected_usd}')::numeric - b.projected) < 0.01 AS projection
FROM health h, (SELECT (SELECT sum(amount_usd) FROM dbinsight.budgets WHERE scope_type = 'ACCOUNT' AND month = '2026-06-01') AS budget,
	(SELECT sum(list_cost) / 14 * 30 FROM dbinsight.fact_usage WHERE usage_date >= '2026-06-01' AND usage_date < '2026-06-15') AS projected) b WHERE h.domain = 'cost';
SELECT (h.components #>> '{freshness,inputs,tables}')::bigint - (h.components #>> '{freshness,inputs,fresh}')::bigint = (SELECT count(*) FROM dbinsight.get_freshness_violations()) AS late_tables
FROM health h WHERE h.domain = 'quality';
SELECT (h.components #>> '{inference_errors,inputs,errors}')::bigint = m.errors AND (h.components #>> '{inference_errors,inputs,requests_7d}')::bigint = m.requests AS inference
FROM health h, (SELECT count(*) AS requests, count(*) FILTER (WHERE u.status_code >= 400 AND u.status_code <> 429) AS errors FROM dbinsight.fact_endpoint_usage u
	WHERE u.request_time >= dbinsight.now() - interval '7 days' AND u.request_time < dbinsight.now()) m WHERE h.domain = 'mlops';
SELECT (h.components #>> '{saturated_clusters,inputs,saturated}')::bigint = (SELECT count(*) FROM dbinsight.get_resource_utilization(NULL, 24) u WHERE u.state = 'SATURATED') AS saturated
FROM health h WHERE h.domain = 'performance';
SELECT (h.components #>> '{denied_egress,inputs,found}')::bigint = (SELECT count(*) FROM dbinsight.get_denied_egress(7) d WHERE d.severity = 'high') AS egress,
	(h.components #>> '{high_risk_addresses,inputs,found}')::bigint = (SELECT count(*) FROM dbinsight.get_external_ips(7) i WHERE i.risk = 'high') AS addresses FROM health h WHERE h.domain = 'network';

-- A week earlier, by the clock: reliability, quality and governance say then what prior_score says now.
SET dbinsight.now = '2026-06-08 12:00:00+00';
CREATE TEMP TABLE earlier AS SELECT * FROM dbinsight.get_platform_health() WHERE domain IN ('reliability', 'quality');
SET dbinsight.now = '2026-06-15 12:00:00+00';
SELECT e.domain, e.score = h.prior_score AS same FROM earlier e JOIN health h USING (domain) ORDER BY 1;
DROP TABLE health, earlier;

-- Alerts and ingestion against their tables.
SELECT count(*) = (SELECT count(*) FROM dbinsight.alert_events e WHERE e.status IN ('FIRING', 'ACKNOWLEDGED') AND e.resolved_at IS NULL AND e.fired_at <= dbinsight.now()) AS active_alerts FROM dbinsight.get_active_alerts();
SELECT count(*) = (SELECT count(*) FROM dbinsight.sources WHERE enabled) AS sources, bool_and((status = 'EMPTY') = (last_event_time IS NULL AND last_loaded_at IS NULL)) AS empty_ones FROM dbinsight.get_ingestion_status();
