-- The network tools find what is planted in the sample account, and say what
-- counting the facts says.
\set VERBOSITY terse
SET dbinsight.now = '2026-06-15 12:00:00+00';
CREATE VIEW pg_temp.truth AS SELECT kind, entity_id, workspace_id, starts_at, ends_at, figures FROM dbinsight.sample_truth WHERE domain = 'network';

SELECT e.events = (t.figures ->> 'events')::int AS events, e.users = (t.figures ->> 'users')::int AS users, e.is_new, e.is_trusted,
	e.sensitive_events = (t.figures ->> 'sensitive_events')::int AS sensitive, e.risk = t.figures ->> 'risk' AS risk
FROM pg_temp.truth t JOIN dbinsight.get_external_ips(7) e ON host(e.source_ip) = t.entity_id WHERE t.kind = 'new_address';
-- The same sums from the facts, over a window that cuts hours and ten minutes.
BEGIN;
SET LOCAL dbinsight.now = '2026-06-15 11:47:13+00';
SELECT count(*) AS differences FROM (
	SELECT source_ip, count(DISTINCT user_email), count(*), count(*) FILTER (WHERE is_denied) FROM dbinsight.fact_audit_logs
	WHERE event_time >= '2026-06-08 11:47:13Z' AND event_time < '2026-06-15 11:47:13Z' AND dbinsight.ip_class(source_ip) = 'public' GROUP BY 1
	EXCEPT SELECT source_ip, users, events, denied FROM dbinsight.get_external_ips()) d;
SELECT count(*) AS differences FROM (
	SELECT user_email, dbinsight._prefix(source_ip), count(*), count(DISTINCT source_ip), count(DISTINCT (event_time AT TIME ZONE 'UTC')::date),
		array_agg(DISTINCT extract(hour FROM event_time AT TIME ZONE 'UTC')::int), count(DISTINCT user_agent) FROM dbinsight.fact_audit_logs
	WHERE event_time >= '2026-06-08 11:47:13Z' AND event_time < '2026-06-15 11:47:13Z' AND user_email IS NOT NULL AND source_ip IS NOT NULL GROUP BY 1, 2
	EXCEPT SELECT user_email, prefix, connections, distinct_ips, active_days, hours_of_day, user_agents FROM dbinsight.get_connection_patterns()) d;
-- Networks at once: event by event, for the windows that end in the whole ten-minute buckets.
SELECT count(*) AS users, count(*) FILTER (WHERE p.concurrent_prefixes = greatest(m.prefixes, 1)) AS equal FROM (
	SELECT user_email, max(concurrent_prefixes) AS concurrent_prefixes FROM dbinsight.get_connection_patterns() WHERE ip_class = 'public' GROUP BY 1) p
JOIN (
	SELECT e.user_email, max(n.prefixes) AS prefixes FROM dbinsight.fact_audit_logs e, LATERAL (
		SELECT count(DISTINCT dbinsight._prefix(o.source_ip)) AS prefixes FROM dbinsight.fact_audit_logs o
		WHERE o.user_email = e.user_email AND o.event_time > e.event_time - interval '10 minutes' AND o.event_time <= e.event_time
			AND dbinsight.ip_class(o.source_ip) = 'public') n
	WHERE e.event_time >= '2026-06-08 11:50Z' AND e.event_time < '2026-06-15 11:50Z' AND dbinsight.ip_class(e.source_ip) = 'public' GROUP BY 1) m USING (user_email);
SELECT count(*) AS differences FROM (
	SELECT cluster_id, date_bin('1 hour', start_time, 'epoch'), count(DISTINCT instance_id), round(sum(network_sent_bytes) / 1024.0 ^ 3, 4)::float8
	FROM dbinsight.fact_node_timeline WHERE start_time >= '2026-06-14 11:47:13Z' AND start_time < '2026-06-15 11:47:13Z' GROUP BY 1, 2
	EXCEPT SELECT cluster_id, period_start, nodes, sent_gib FROM dbinsight.get_bandwidth_usage()) d;
ROLLBACK;

-- The saturated link, its reference a known line rate; nothing else is saturated.
SELECT b.entity_id = t.entity_id AS cluster, b.workspace_id = t.workspace_id AS workspace, b.occurrences = (t.figures ->> 'node_minutes')::int AS minutes,
	b.peak_value = (t.figures ->> 'node_mbps')::int AS peak, b.reference_value = (t.figures ->> 'reference_mbps')::int AS reference, b.worst_hour = t.starts_at AS hour
FROM dbinsight.get_network_bottlenecks() b, pg_temp.truth t WHERE b.kind = 'NODE_SATURATED' AND t.kind = 'saturated_link';
SELECT max(u.peak_node_mbps) = (t.figures ->> 'node_mbps')::int AS peak FROM pg_temp.truth t, dbinsight.get_bandwidth_usage(2, t.entity_id) u
WHERE t.kind = 'saturated_link' AND u.period_start = t.starts_at GROUP BY t.figures;

-- The beacon and the storage nobody used before.
SELECT t.kind, d.denials = (t.figures ->> 'denials')::int AS denials, d.workspace_id = t.workspace_id AS workspace, d.is_new, d.severity = t.figures ->> 'severity' AS severity
FROM pg_temp.truth t JOIN dbinsight.get_denied_egress() d ON d.destination = t.entity_id WHERE t.kind IN ('beacon', 'new_storage') ORDER BY 1;
SELECT d.destination, d.severity FROM dbinsight.get_denied_egress() d WHERE d.severity = 'high' AND d.destination NOT IN (SELECT entity_id FROM pg_temp.truth);
SELECT b.kind, b.severity, b.affected_pct >= 60 AS dominates FROM dbinsight.get_network_bottlenecks() b JOIN pg_temp.truth t ON t.kind = 'beacon' AND b.entity_id = t.entity_id;
