-- The compliance report over a hand-made account, first in order, then not.
-- The clock stands at Monday 2025-03-10 12:00 UTC; the window begins 2024-12-10 12:00.
BEGIN;
SET LOCAL dbinsight.now = '2025-03-10 12:00:00+00';
DELETE FROM dbinsight.detection_rules;

-- Templates: requirements and pairs of each regulation, counted in the reference by hand.
SELECT regulation, count(DISTINCT requirement) AS requirements, count(*) AS pairs FROM dbinsight.compliance_controls
GROUP BY regulation ORDER BY regulation COLLATE "C";
SELECT count(*) AS checks, count(*) FILTER (WHERE NOT EXISTS (SELECT FROM dbinsight.compliance_controls c WHERE c.check_id = k.id)) AS unused
FROM dbinsight.compliance_checks k;

-- Nothing loaded: nothing passes, and every row says why; not even when every rule is installed.
SAVEPOINT a;
INSERT INTO dbinsight.detection_rules (id, title, family, severity, "window", entity_type, query)
SELECT DISTINCT r, r, '-', 'low', interval '1 hour', 'user', '-' FROM dbinsight.compliance_checks, unnest(rules) r;
SELECT DISTINCT status FROM dbinsight.get_compliance_report();
ROLLBACK TO a;
SELECT status, count(DISTINCT check_id), bool_and(evidence ? 'reason') AS with_reason FROM dbinsight.get_compliance_report() GROUP BY status;
SELECT DISTINCT regulation FROM dbinsight.get_compliance_report('pci dss') UNION ALL SELECT DISTINCT regulation FROM dbinsight.get_compliance_report('SOC 2')
UNION ALL SELECT DISTINCT regulation FROM dbinsight.get_compliance_report('iso 27001') UNION ALL SELECT DISTINCT regulation FROM dbinsight.get_compliance_report('ISO/IEC 27001:2022')
UNION ALL SELECT DISTINCT regulation FROM dbinsight.get_compliance_report('gdpr') UNION ALL SELECT DISTINCT regulation FROM dbinsight.get_compliance_report('Hipaa');
SAVEPOINT a;
SELECT * FROM dbinsight.get_compliance_report('SOX');
ROLLBACK TO a;

-- An account in order. w1 is heard every six hours; switches were set before the window; one sign-in, by SAML.
SELECT dbinsight._ensure_partitions('fact_audit_logs', '2024-11-01', '2025-03-10'), dbinsight._ensure_partitions('fact_table_lineage', '2024-12-01', '2025-03-10');
INSERT INTO dbinsight.fact_audit_logs (event_id, event_time, workspace_id_raw, service_name, action_name, category, base_severity, status_code, user_identity_email, request_params)
SELECT 'h' || n, '2024-12-10 00:00+00'::timestamptz + n * interval '6 hours', 'w1', 'accounts', 'tokenLogin', 'auth', 'low', 200, '0a1b2c3d-0000-4000-8000-00000000000a', '{}'::jsonb
FROM generate_series(0, 362) n
UNION ALL SELECT 'c1', '2024-11-01 10:00+00', 'w1', 'workspace', 'workspaceConfEdit', 'config', 'high', 200, 'root@x.com', '{"workspaceConfKeys": "enableVerboseAuditLogs", "workspaceConfValues": "true"}'
UNION ALL SELECT 'c2', '2024-11-01 10:01+00', 'w1', 'workspace', 'workspaceConfEdit', 'config', 'high', 200, 'root@x.com', '{"workspaceConfKeys": "enableIpAccessLists", "workspaceConfValues": "true"}'
UNION ALL SELECT 'l1', '2025-03-01 09:00+00', 'w1', 'accounts', 'samlLogin', 'auth', 'low', 200, 'ana@x.com', '{}';
INSERT INTO dbinsight.dim_table (snapshot_date, table_catalog, table_schema, table_name, table_owner) VALUES
	('2025-03-10', 'main', 'gold', 'customer_pii', 'ana@x.com'), ('2025-03-10', 'main', 'gold', 'sales', 'ana@x.com');
INSERT INTO dbinsight.dim_grant (snapshot_date, object_type, object_full_name, grantee, privilege_type) VALUES
	('2025-03-10', 'TABLE', 'main.gold.customer_pii', 'analysts', 'SELECT'),
	('2025-03-10', 'TABLE', 'main.gold.customer_pii', '0a1b2c3d-0000-4000-8000-00000000000a', 'SELECT');
INSERT INTO dbinsight.fact_data_classification (table_id, catalog_name, schema_name, table_name, column_name, class_tag) VALUES
	('t1', 'main', 'gold', 'customer_pii', 'email', 'class.email_address');
INSERT INTO dbinsight.dim_column_mask (snapshot_date, table_full_name, column_name, mask_name) VALUES ('2025-03-10', 'main.gold.customer_pii', 'email', 'main.f.hide');
INSERT INTO dbinsight.dim_tag (snapshot_date, level, object_full_name, tag_name, tag_value) VALUES
	('2025-03-10', 'table', 'main.gold.customer_pii', 'purpose', 'billing'), ('2025-03-10', 'schema', 'main.gold', 'legal_basis', 'contract'),
	('2025-03-10', 'table', 'main.gold.sales', 'retention', '2026-01-01');
INSERT INTO dbinsight.fact_table_lineage (record_id, event_id, workspace_id, source_table_full_name, created_by, event_time) VALUES
	('g1', 'g1', 'w1', 'main.gold.customer_pii', 'ana@x.com', '2025-03-01 09:30+00');
-- nine of ten runs succeeded, as promised
INSERT INTO dbinsight.sla_targets (workspace_id, job_id, min_success_pct) VALUES ('w1', 'j1', 90);
INSERT INTO dbinsight.job_run (workspace_id, run_id, job_id, start_time, last_seen_time, end_time, attempts, repair_count, result_state, is_terminal, duration_s, wall_s)
SELECT 'w1', 'r' || n, 'j1', '2025-03-01', '2025-03-01 01:00+00', '2025-03-01 01:00+00', 1, 0, CASE n WHEN 0 THEN 'FAILED' ELSE 'SUCCEEDED' END, true, 1, 1
FROM generate_series(0, 9) n;
SELECT dbinsight._refresh_derived('fact_audit_logs', '2024-11-01', '2025-03-10 12:00+00'), dbinsight._refresh_derived('fact_table_lineage', '2025-03-01', '2025-03-10 12:00+00');
-- C03 fails: rows go back to 2024-11-01, 129 of 365 days. These differ from what is expected:
CREATE TEMP VIEW result AS SELECT DISTINCT check_id, status, failing, evidence, newest_input FROM dbinsight.get_compliance_report();
SELECT r.check_id, r.status, e.status AS expected, r.evidence FROM result r LEFT JOIN (
	SELECT unnest('{C01,C02,C06,C07,C08,C10,C12,C14,C15,C16,C17,C22,C24,C31,C35,C38}'::text[]), 'PASS' UNION ALL SELECT 'C03', 'FAIL') e(check_id, status) USING (check_id)
WHERE r.status <> coalesce(e.status, 'NOT_ASSESSED') ORDER BY 1;
SELECT check_id, failing, evidence, newest_input FROM result WHERE check_id IN ('C03', 'C10', 'C15', 'C22') ORDER BY check_id COLLATE "C";
SELECT DISTINCT window_start, window_end, checked_at FROM dbinsight.get_compliance_report('SOC2');

-- And not in order.
INSERT INTO dbinsight.fact_audit_logs (event_id, event_time, workspace_id_raw, service_name, action_name, category, base_severity, status_code, user_identity_email, request_params) VALUES
	-- w2: seven hours silent, and since 03-08 07:00 for more than a day
	('d1', '2025-03-08 00:00+00', 'w2', 'accounts', 'tokenLogin', 'auth', 'low', 200, 'x@x.com', '{}'),
	('d2', '2025-03-08 07:00+00', 'w2', 'accounts', 'tokenLogin', 'auth', 'low', 200, 'x@x.com', '{}'),
	-- verbose audit off for two hours
	('d3', '2025-03-01 00:00+00', 'w1', 'workspace', 'workspaceConfEdit', 'config', 'high', 200, 'root@x.com', '{"workspaceConfKeys": "enableVerboseAuditLogs", "workspaceConfValues": "false"}'),
	('d4', '2025-03-01 02:00+00', 'w1', 'workspace', 'workspaceConfEdit', 'config', 'high', 200, 'root@x.com', '{"workspaceConfKeys": "enableVerboseAuditLogs", "workspaceConfValues": "true"}'),
	-- two administrators made, one of them approved; a removal and a failure do not count
	('d5', '2025-03-05 10:00+00', 'w1', 'accounts', 'setAdmin', 'admin', 'high', 200, 'boss@x.com', '{"targetUserName": "eve@x.com"}'),
	('d6', '2025-03-05 11:00+00', 'w1', 'accounts', 'setAdmin', 'admin', 'high', 200, 'root@x.com', '{"targetUserName": "ann@x.com"}'),
	('d7', '2025-03-05 12:00+00', 'w1', 'accounts', 'removeAdmin', 'admin', 'high', 200, 'boss@x.com', '{"targetUserName": "eve@x.com"}'),
	('d8', '2025-03-05 13:00+00', 'w1', 'accounts', 'setAdmin', 'admin', 'high', 403, 'boss@x.com', '{"targetUserName": "eve@x.com"}'),
	-- ana grants herself the table at 10:00 and reads it at 15:00
	('d9', '2025-03-06 10:00+00', 'w1', 'unityCatalog', 'updatePermissions', 'permission', 'medium', 200, 'ana@x.com', '{"securable_type": "TABLE", "securable_full_name": "main.gold.customer_pii", "changes": "[{\"principal\": \"ana@x.com\", \"add\": [\"SELECT\"]}]"}'),
	-- a token for ever; a password sign-in; a deleted second factor; a deleted list; support without a window
	('d10', '2025-03-06 11:00+00', 'w1', 'accounts', 'generateDbToken', 'token', 'medium', 200, 'ana@x.com', '{}'),
	('d11', '2025-03-06 12:00+00', 'w1', 'accounts', 'login', 'auth', 'low', 200, 'ana@x.com', '{}'),
	('d12', '2025-03-06 13:00+00', 'w1', 'accounts', 'mfaDeleteKey', NULL, NULL, 200, 'ana@x.com', '{}'),
	('d13', '2025-03-06 14:00+00', 'w1', 'accounts', 'deleteIpAccessList', 'network_policy', 'critical', 200, 'root@x.com', '{"ipAccessListId": "l"}'),
	('d14', '2025-03-06 15:00+00', 'w1', 'genie', 'databricksAccess', 'support_access', 'high', 200, 'support', '{"user": "support"}'),
	-- a recipient open to any address (inside a year), one with a list, a library, a scope for everybody
	('d15', '2024-11-06 16:00+00', 'w1', 'unityCatalog', 'createRecipient', NULL, NULL, 200, 'ana@x.com', '{"name": "r", "ip_access_list": "null"}'),
	('d16', '2025-03-06 16:00+00', 'w1', 'unityCatalog', 'createRecipient', NULL, NULL, 200, 'ana@x.com', '{"name": "s", "ip_access_list": "{\"allowed_ip_addresses\": [\"203.0.113.9\"]}"}'),
	('d17', '2025-03-06 17:00+00', 'w1', 'clusterLibraries', 'installLibraryOnAllClusters', NULL, NULL, 200, 'ana@x.com', '{}'),
	('d18', '2025-03-06 18:00+00', 'w1', 'secrets', 'putAcl', 'secret', 'medium', 200, 'ana@x.com', '{"principal": "users", "permission": "READ"}');
INSERT INTO dbinsight.allow_list (rule, actor, reason, owner, expires_at) VALUES ('SEC-PRIV-002', 'ROOT@x.com', 'ticket 7', 'ana', '2025-06-01'),
	('*', NULL, 'an exception for all is no approval', 'ana', '2025-06-01'), ('PRIV', 'boss@x.com', 'ran out', 'ana', '2025-03-01');
INSERT INTO dbinsight.dim_grant (snapshot_date, object_type, object_full_name, grantee, privilege_type) VALUES
	('2025-03-10', 'TABLE', 'main.gold.customer_pii', 'account users', 'SELECT'), ('2025-03-10', 'TABLE', 'main.gold.customer_pii', 'bob@x.com', 'SELECT');
INSERT INTO dbinsight.fact_table_lineage (record_id, event_id, workspace_id, source_table_full_name, created_by, event_time) VALUES
	('g2', 'g2', 'w1', 'main.gold.customer_pii', 'ana@x.com', '2025-03-06 15:00+00'), ('g3', 'g3', 'w1', 'main.gold.customer_pii', NULL, '2025-03-06 15:00+00');
INSERT INTO dbinsight.fact_data_classification (table_id, catalog_name, schema_name, table_name, column_name, class_tag) VALUES
	('t1', 'main', 'gold', 'customer_pii', 'phone', 'class.phone_number');
INSERT INTO dbinsight.dim_table (snapshot_date, table_catalog, table_schema, table_name) VALUES ('2025-03-10', 'main', 'raw', 'loose');
UPDATE dbinsight.dim_tag SET tag_value = '2025-03-09' WHERE tag_name = 'retention';
DELETE FROM dbinsight.dim_tag WHERE tag_name = 'purpose';
INSERT INTO dbinsight.job_run (workspace_id, run_id, job_id, start_time, last_seen_time, end_time, attempts, repair_count, result_state, is_terminal, duration_s, wall_s)
VALUES ('w1', 'r99', 'j1', '2025-03-02', '2025-03-02 01:00+00', '2025-03-02 01:00+00', 1, 0, 'FAILED', true, 1, 1);
-- Detections: of the rules of C25 all are installed and one finding is open for days; of C18 all, nothing found; of C11 one of four.
INSERT INTO dbinsight.detection_rules (id, title, family, severity, "window", entity_type, query) VALUES
	('SEC-CMP-012', 'Host sensor alarm', 'CMP', 'high', '1 hour', 'cluster', '-'), ('SEC-EXF-016', 'Spread', 'EXF', 'medium', '1 day', 'table', '-'),
	('SEC-AUTH-001', 'Guessing', 'AUTH', 'medium', '10 min', 'user', '-');
INSERT INTO dbinsight.incidents (id, title, severity, opened_at, last_event, acknowledged_at) VALUES
	('00000000-0000-4000-8000-000000000001', 'x', 'critical', '2025-03-05 10:00+00', '2025-03-05 10:00+00', '2025-03-05 10:20+00'),
	('00000000-0000-4000-8000-000000000002', 'y', 'high', '2025-03-05 10:00+00', '2025-03-05 10:00+00', '2025-03-05 10:20+00');
INSERT INTO dbinsight.findings (id, rule_id, title, severity, entity_type, entity_id, first_event, last_event, status) VALUES
	('00000000-0000-4000-8000-00000000000f', 'SEC-CMP-012', 'x', 'high', 'cluster', 'c', '2025-03-05', '2025-03-05', 'open'),
	('00000000-0000-4000-8000-00000000000e', 'SEC-CMP-012', 'x', 'high', 'cluster', 'd', '2025-03-10 11:00+00', '2025-03-10 11:00+00', 'open');
SELECT dbinsight._refresh_derived('fact_audit_logs', '2024-11-01', '2025-03-10 12:00+00'), dbinsight._refresh_derived('fact_table_lineage', '2025-03-01', '2025-03-10 12:00+00');
-- What passes by the audit log (C24: nothing weakened; C18: nothing found) is only WARN, as verbose audit was off. Different from expected:
SELECT r.check_id, r.status, r.failing, e.status AS expected, e.failing AS expected_failing, r.evidence FROM result r LEFT JOIN (VALUES
	('C01', 'FAIL', 2), ('C02', 'FAIL', 1), ('C03', 'FAIL', 1), ('C04', 'FAIL', 1), ('C06', 'FAIL', 1), ('C07', 'FAIL', 1), ('C08', 'FAIL', 1), ('C10', 'FAIL', 2),
	('C12', 'FAIL', 1), ('C14', 'FAIL', 2), ('C15', 'FAIL', 1), ('C16', 'FAIL', 1), ('C17', 'FAIL', 1), ('C18', 'WARN', 0), ('C20', 'FAIL', 1), ('C22', 'FAIL', 1),
	('C24', 'WARN', 0), ('C25', 'FAIL', 1), ('C26', 'FAIL', 1), ('C27', 'FAIL', 1), ('C28', 'FAIL', 1), ('C31', 'FAIL', 1), ('C32', 'FAIL', 1), ('C35', 'FAIL', 1),
	('C36', 'FAIL', 1), ('C38', 'FAIL', 1)) e(check_id, status, failing) USING (check_id)
WHERE r.status <> coalesce(e.status, 'NOT_ASSESSED') OR r.failing <> coalesce(e.failing, 0) ORDER BY 1;
SELECT check_id, evidence FROM result WHERE status IN ('FAIL', 'WARN') AND check_id <> 'C03' ORDER BY check_id COLLATE "C";
SELECT check_id, evidence FROM result WHERE check_id IN ('C11', 'C19', 'C23', 'C29') ORDER BY check_id COLLATE "C";

-- Only people hold grants: a warning, not a failure.
DELETE FROM dbinsight.dim_grant WHERE grantee = 'account users';
SELECT status, failing, evidence FROM result WHERE check_id = 'C14';
-- Order: requirement, then check.
SELECT requirement, check_id FROM dbinsight.get_compliance_report('SOC2') LIMIT 6;
ROLLBACK;
