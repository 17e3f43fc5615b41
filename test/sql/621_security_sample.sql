-- The security tools find what is planted in the sample account, with the
-- figures that sample_truth gives, and the detection rules name it.
\set VERBOSITY terse
SET dbinsight.now = '2026-06-15 12:00:00+00';
CREATE VIEW pg_temp.truth AS SELECT kind, entity_id, workspace_id, starts_at, ends_at, figures FROM dbinsight.sample_truth WHERE domain IN ('security', 'network');

-- The spray: every account it tried, with its attempts; critical for the one it got into.
SELECT count(*) = (t.figures ->> 'users')::int AS users, sum(f.attempts) = (t.figures ->> 'failed_sign_ins')::int AS attempts,
	bool_and(f.pattern = t.figures ->> 'pattern') AS pattern, bool_and(f.first_attempt >= t.starts_at AND f.last_attempt <= t.ends_at) AS inside,
	bool_and((f.severity = 'critical') = (f.user_email = t.figures ->> 'succeeded_user')) AS critical
FROM pg_temp.truth t JOIN dbinsight.get_failed_auth_attempts(24) f ON host(f.source_ip) = t.entity_id WHERE t.kind = 'password_spray' GROUP BY t.figures;
-- Nothing else looks like an attack.
SELECT count(*) FROM dbinsight.get_failed_auth_attempts(168) f WHERE f.pattern IN ('PASSWORD_SPRAY', 'BRUTE_FORCE')
	AND host(f.source_ip) <> (SELECT entity_id FROM pg_temp.truth WHERE kind = 'password_spray');

-- The administrator and the right somebody gave himself are the only ones of their kind this week.
SELECT t.kind, p.event_time = t.starts_at AS at, p.actor = t.entity_id AS actor, p.is_admin_grant AS admin, p.is_self_grant AS self,
	CASE t.kind WHEN 'admin_grant' THEN p.principal = t.figures ->> 'principal' AND p.action_name = t.figures ->> 'action_name'
		ELSE p.securable_name = t.figures ->> 'securable' AND to_jsonb(p.added) @> (t.figures -> 'added') END AS what
FROM dbinsight.get_permission_changes(7) p FULL JOIN pg_temp.truth t ON t.starts_at = p.event_time AND t.kind IN ('admin_grant', 'self_grant')
WHERE p.is_admin_grant OR p.is_self_grant OR t.kind IN ('admin_grant', 'self_grant') ORDER BY 1;

-- The reader of customer_pii: each day once.
SELECT count(*) = (t.figures ->> 'reads')::int AS reads, count(DISTINCT p.access_time::date) = (t.figures ->> 'days')::int AS days,
	bool_and(p.table_full_name = t.figures ->> 'table') AS "table", count(*) FILTER (WHERE p.is_first_access) AS first
FROM pg_temp.truth t, dbinsight.get_pii_access_logs(t.entity_id, 7) p WHERE t.kind = 'pii_reader' GROUP BY t.figures;
-- What is read of sensitive tables is read of sensitive tables: by counting the facts.
SELECT count(*) AS differences FROM (
	SELECT lower(l.created_by), l.source_table_full_name, date_trunc('minute', l.event_time) FROM dbinsight.fact_table_lineage l
	WHERE l.event_time >= '2026-06-08 12:00Z' AND l.event_time < '2026-06-15 12:00Z' AND l.direct_access IS NOT FALSE
		AND l.source_table_full_name IN (SELECT table_full_name FROM dbinsight.sensitive_objects)
	EXCEPT SELECT user_email, table_full_name, date_trunc('minute', access_time) FROM dbinsight.get_pii_access_logs() WHERE access_path = 'lineage') d;

-- The token of a year is a violation, and so is the administrator.
SELECT v.violation_type, v.principal = CASE t.kind WHEN 'long_lived_token' THEN t.entity_id ELSE t.figures ->> 'principal' END AS principal, v.first_seen = t.starts_at AS at
FROM dbinsight.get_compliance_violations() v FULL JOIN pg_temp.truth t
	ON t.kind = CASE v.violation_type WHEN 'LONG_LIVED_TOKEN' THEN 'long_lived_token' WHEN 'ADMIN_GRANT' THEN 'admin_grant' END AND t.starts_at = v.first_seen
WHERE v.violation_type IN ('LONG_LIVED_TOKEN', 'ADMIN_GRANT') OR t.kind IN ('long_lived_token', 'admin_grant') ORDER BY 1;

-- load_sample() ran the detection rules: every planted attack has its finding, of the right entity, in its time.
SELECT r.kind, r.rule, bool_or(f.id IS NOT NULL) AS found, bool_and(f.first_event >= t.starts_at - interval '1 hour' AND f.last_event <= t.ends_at + interval '1 minute') AS inside
FROM (VALUES ('password_spray', 'SEC-AUTH-002', NULL), ('password_spray', 'SEC-AUTH-003', 'succeeded_user'), ('after_hours', 'SEC-BEH-001', NULL),
	('exfiltration', 'SEC-DATA-003', NULL), ('exfiltration', 'SEC-EXF-001', NULL), ('self_grant', 'SEC-PRIV-005', NULL), ('admin_grant', 'SEC-PRIV-001', 'principal'),
	('long_lived_token', 'SEC-TOK-001', NULL), ('pii_reader', 'SEC-DATA-003', NULL), ('beacon', 'SEC-NET-004', 'workspace'), ('new_storage', 'SEC-NET-007', 'workspace')) r(kind, rule, who)
JOIN pg_temp.truth t ON t.kind = r.kind
LEFT JOIN dbinsight.findings f ON f.rule_id = r.rule
	AND f.entity_id = coalesce(CASE r.who WHEN 'workspace' THEN t.workspace_id ELSE t.figures ->> r.who END, t.entity_id)
	AND f.last_event >= t.starts_at - interval '1 hour' AND f.first_event <= t.ends_at
GROUP BY r.kind, r.rule ORDER BY 1, 2;
-- The worst of them have incidents, and whom they concern has the risk to show.
SELECT i.severity, i.title FROM dbinsight.incidents i WHERE dbinsight.severity_rank(i.severity) <= 2
	AND NOT EXISTS (SELECT FROM pg_temp.truth t WHERE i.last_event BETWEEN t.starts_at - interval '1 hour' AND t.ends_at + interval '1 hour');
-- noah: one critical of 8.75 h: 90 * 2^(-8.75/168) = 86.8. The address: one high of 9.24 h: 65.5. dana: high 22.12 h (0.5967), medium 21.1 h (0.3318),
-- low 22.12 h (0.1056): 1 - 0.4033 * (1 - 0.3318 / 2^1.5) * (1 - 0.1056 / 3^1.5) = 65.1 %. tom: high 67.8 h and 120.5 h: 48.8 %, an administrator: 58.9.
SELECT e.entity_type, e.entity_id, round(e.risk::numeric, 1) AS risk, e.band FROM dbinsight.entity_risk e
WHERE e.risk >= 40 AND e.entity_type <> 'workspace' ORDER BY e.entity_type, e.entity_id COLLATE "C";
-- A second run changes nothing.
BEGIN;
CREATE TEMP TABLE before AS SELECT * FROM dbinsight.findings;
SELECT count(*) > 0 AS ran FROM dbinsight.run_detections();
SELECT count(*) AS differences FROM ((TABLE before EXCEPT TABLE dbinsight.findings) UNION ALL (TABLE dbinsight.findings EXCEPT TABLE before)) d;
ROLLBACK;
