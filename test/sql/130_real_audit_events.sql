-- 58 real audit events (test/data/audit-events.ndjson, see its README) through
-- the loader and into the security tools. They carry three times; the clock is
-- set just after two of them. Expected rows were worked out by reading the file.
\set VERBOSITY terse
\set events `cat "$PG_ABS_SRCDIR/data/audit-events.ndjson"`
BEGIN;
SELECT dbinsight.load_rows('system.access.audit', (SELECT jsonb_agg(e.line::jsonb) FROM regexp_split_to_table(:'events', '\n') e(line)));
SELECT event_time, count(*) FROM dbinsight.fact_audit_logs GROUP BY 1 ORDER BY 1;

-- Monday 2024-01-01 00:00. Four refused getShare (unlabelled, denied: medium), three refused
-- metadata reads (info, denied: low). The rest succeeded or has no status: info.
SET LOCAL dbinsight.now = '2024-01-02 00:00:00+00';
SELECT left(event_id, 6) AS event, severity, category, user_email, service_name, action_name, status_code, source_ip, error_message
FROM dbinsight.get_security_events();
SELECT count(*) FROM dbinsight.get_failed_auth_attempts();
SELECT count(*) FROM dbinsight.get_permission_changes();

-- Friday 2009-02-13 23:31:30: outside business hours, so what is high and done by a person is critical.
-- critical: administrators made or removed (0bc5bc metastore-admins, 0ec7aa, 2e42a7, 77f34d, a18b9b, abd83b refused, ebe22b, f15a67),
--   metastore and workspace configuration (14cf28, 914223, 8902da); high: four refused by the IP access list (medium, denied);
-- medium: four group changes by people (permission; unity-catalog-admins and workspace-admins are not administrators by the catalogue's list),
--   one of an application id's membership (a6fe4a), a refused sign-in without a name (afe002: low, denied), a refused removeGroup (346c6d: unlabelled, denied).
SET LOCAL dbinsight.now = '2009-02-14 00:00:00+00';
SELECT left(event_id, 6) AS event, severity, category, user_email, user_type, action_name, target, status_code, source_ip
FROM dbinsight.get_security_events();
-- user@example.com three times and an application once, both from 192.0.2.100 (a documentation range); one attempt without name or address.
SELECT user_email, source_ip, ip_class, attempts, methods, max_per_10min, distinct_users_from_ip, succeeded_after, pattern, severity
FROM dbinsight.get_failed_auth_attempts();
-- Thirteen changes. The principal is targetUserName or principal, beside it the group; attacker@example.com tried to make themselves admin and was refused.
SELECT left(event_id, 6) AS event, actor, action_name, securable_type, securable_name, principal, is_admin_grant AS admin, is_self_grant AS self, is_failed
FROM dbinsight.get_permission_changes();

-- The rules. Account: a18b9b, 0ec7aa (setAdmin at ACCOUNT_LEVEL). Workspace: f15a67, 77f34d, 822279, a6fe4a. Metastore: 14cf28 (new owner),
-- 0bc5bc, ebaa5c. The IP list: 96e995 and d45edc; 62ab50 is a cluster's own client, 75661f telemetry. 58 events hold no burst of anything.
SELECT * FROM dbinsight.run_detections() r WHERE r.findings > 0;
SELECT rule_id, severity, entity_type, entity_id, workspace_id, event_count AS n, evidence ->> 'object' AS object,
	(SELECT string_agg(left(e, 6), ' ' ORDER BY e COLLATE "C") FROM jsonb_array_elements_text(evidence -> 'event_ids') e) AS events
FROM dbinsight.get_findings() ORDER BY rule_id, entity_id COLLATE "C", (evidence ->> 'object') COLLATE "C";
ROLLBACK;
