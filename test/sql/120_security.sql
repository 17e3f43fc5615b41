-- Security tools over hand-made events. T is Monday 2025-03-10 12:00 UTC;
-- business hours are 7 to 19 on weekdays. Everything is rolled back.
\set VERBOSITY terse
BEGIN;
SET LOCAL dbinsight.now = '2025-03-10 12:00:00+00';
SELECT dbinsight._ensure_partitions('fact_audit_logs', '2024-11-01', '2025-03-31'),
	dbinsight._ensure_partitions('fact_table_lineage', '2024-11-01', '2025-03-31'),
	dbinsight._ensure_partitions('fact_node_timeline', '2025-02-01', '2025-03-31') > 0 AS made;

-- Text that is not JSON is nothing, not an error.
SELECT v.t, dbinsight._try_json(v.t)
FROM (VALUES ('[{"add": 1}]'), ('[{"add":'), (''), ('nul'), ('{"a": "\u0000"}'), ('1e999999')) v(t);
SELECT dbinsight._try_json(repeat('[', 100000)) IS NULL AS deep, dbinsight._try_json(repeat('[', 64) || repeat(']', 64)) IS NULL AS allowed,
	dbinsight._try_number('12x'), dbinsight._try_number('-3.5'), dbinsight._try_number('99999999999999999999');

-- An event as the loader would write it: labelled.
CREATE FUNCTION pg_temp.audit(id text, at timestamptz, actor text, service text, action text, status int, ip text DEFAULT NULL,
	params jsonb DEFAULT '{}', workspace text DEFAULT 'w1', agent text DEFAULT NULL, level text DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
	INSERT INTO dbinsight.fact_audit_logs (event_id, event_time, event_date, workspace_id_raw, audit_level, service_name, action_name,
		request_params, status_code, source_ip_raw, user_agent, user_identity_email, category, base_severity)
	SELECT id, at, (at AT TIME ZONE 'UTC')::date, workspace, level, service, action, params, status, ip, agent, actor, l.category, l.base_severity
	FROM (SELECT 1) one LEFT JOIN LATERAL dbinsight._audit_label(service, action, params) l ON true;
$$;
SAVEPOINT empty;

-- Nothing loaded: no rows anywhere.
SELECT (SELECT count(*) FROM dbinsight.get_security_events()), (SELECT count(*) FROM dbinsight.get_failed_auth_attempts()),
	(SELECT count(*) FROM dbinsight.get_permission_changes()), (SELECT count(*) FROM dbinsight.get_pii_access_logs()),
	(SELECT count(*) FROM dbinsight.get_compliance_violations()), (SELECT count(*) FROM dbinsight.get_findings());

---- get_security_events ----
SELECT FROM (VALUES (1)) v, LATERAL (SELECT
	pg_temp.audit('s01', '2025-03-10 09:00Z', 'ann@x.com', 'accounts', 'login', 200),                        -- info: a sign-in that succeeded
	pg_temp.audit('s02', '2025-03-10 08:00Z', 'ann@x.com', 'secrets', 'createScope', 200, NULL, '{"scope": "prod"}'), -- medium
	pg_temp.audit('s03', '2025-03-09 10:00Z', 'Bob@x.com', 'workspace', 'workspaceConfEdit', 200),            -- high, Sunday, a person: critical
	pg_temp.audit('s04', '2025-03-07 10:00Z', 'bob@x.com', 'workspace', 'workspaceConfEdit', 200),            -- high
	pg_temp.audit('s05', '2025-03-05 10:00Z', 'ann@x.com', 'unityCatalog', 'getTable', 403, '10.1.2.3:443', '{"full_name_arg": "main.a.b"}'), -- info, denied: low
	pg_temp.audit('s06', '2025-03-05 11:00Z', 'ann@x.com', 'odd', 'frobnicate', 401),                         -- unlabelled, denied: medium
	pg_temp.audit('s07', '2025-03-05 12:00Z', 'ann@x.com', 'odd', 'frobnicate', 200),                         -- unlabelled: info
	pg_temp.audit('s08', '2025-03-02 23:59:59Z', 'bob@x.com', 'accounts', 'setAdmin', 200, NULL, '{"targetUserName": "eve@x.com"}'), -- before the seven days
	pg_temp.audit('s09', '2025-03-03 00:00Z', '0a1b2c3d-0000-4000-8000-000000000001', 'accounts', 'setAdmin', 200, NULL, '{}', '0'), -- high; off hours raise people only
	pg_temp.audit('s10', '2025-03-06 10:00Z', 'ann@x.com', 'accounts', 'login', 500),                         -- low: failed, not refused
	pg_temp.audit('s11', '2025-03-06 11:00Z', 'ann@x.com', 'accounts', 'login', 401),                         -- low, denied: medium
	pg_temp.audit('s12', '2025-03-10 12:00Z', 'ann@x.com', 'secrets', 'createScope', 200)) e;                 -- at T, not before it
-- critical s03; high s04 s09; medium s02 s11 s06; low s10 s05; newest first in each.
SELECT event_time, event_id, severity, category, workspace_id, user_email, user_type, action_name, target, status_code, is_failed, source_ip
FROM dbinsight.get_security_events();
-- A minimum: critical and high.
SELECT string_agg(event_id, ' ') FROM dbinsight.get_security_events(severity => 'HIGH');
-- info is everything before T: s01 and s07 join, at the end.
SELECT string_agg(event_id, ' ') FROM dbinsight.get_security_events(severity => 'info');
-- Both days are inside: only s08 on the 2nd (Sunday, a person: critical), s09 on the 3rd.
SELECT event_id, severity, workspace_id, target FROM dbinsight.get_security_events('2025-03-02', '2025-03-03');
-- One date alone: to today; and the default start for an end alone is seven days before today.
SELECT string_agg(event_id, ' ') FROM dbinsight.get_security_events('2025-03-09');
SELECT string_agg(event_id, ' ') FROM dbinsight.get_security_events(end_date => '2025-03-05');
SELECT count(*) FROM dbinsight.get_security_events('2025-03-11');
SAVEPOINT bad;
SELECT count(*) FROM dbinsight.get_security_events(severity => 'grave');
ROLLBACK TO bad;
SELECT count(*) FROM dbinsight.get_security_events('2025-03-05', '2025-03-04');
ROLLBACK TO empty;

---- get_failed_auth_attempts: R(24 hours) from Sunday 12:00 ----
SELECT FROM generate_series(0, 5) n, LATERAL (SELECT
	-- Two minutes apart: of six, (10:00, 10:10] holds five. Then in, 20 minutes later.
	pg_temp.audit('b' || n, '2025-03-10 10:00Z'::timestamptz + n * interval '2 minutes', 'mal@x.com', 'accounts', 'login', 401, '8.8.4.4'),
	-- One attempt each of five accounts from one address (n = 5 is the address of a sixth, elsewhere).
	pg_temp.audit('p' || n, '2025-03-10 11:00Z'::timestamptz + n * interval '1 minute', 'u' || n || '@x.com', 'accounts', 'tokenLogin', 403,
		CASE WHEN n < 5 THEN '9.9.9.9' ELSE '9.9.9.8' END),
	-- Five accounts without an address are not a spray.
	pg_temp.audit('n' || n, '2025-03-10 11:30Z'::timestamptz + n * interval '1 minute', 'v' || n || '@x.com', 'accounts', 'samlLogin', 401, '0.0.0.0')) e;
SELECT FROM (VALUES (1)) v, LATERAL (SELECT
	pg_temp.audit('b6', '2025-03-10 10:30Z', 'mal@x.com', 'accounts', 'samlLogin', 200, '8.8.4.4'),
	pg_temp.audit('i0', '2025-03-10 01:00Z', 'carl@x.com', 'accounts', 'IpAccessDenied', 403, '8.8.8.8'),
	pg_temp.audit('i1', '2025-03-10 01:05Z', 'carl@x.com', 'accounts', 'accountIpAclsValidationFailed', NULL, '8.8.8.8'),
	-- Three, twenty minutes apart; signing out is not signing in, nor is a success 31 minutes later.
	pg_temp.audit('d0', '2025-03-10 02:00Z', 'dora@x.com', 'accounts', 'login', 401, '192.168.1.1'),
	pg_temp.audit('d1', '2025-03-10 02:20Z', 'dora@x.com', 'accounts', 'mfaLogin', 401, '192.168.1.1'),
	pg_temp.audit('d2', '2025-03-10 02:40Z', 'dora@x.com', 'accounts', 'login', 401, '192.168.1.1'),
	pg_temp.audit('d3', '2025-03-10 02:45Z', 'dora@x.com', 'accounts', 'logout', 200, '192.168.1.1'),
	pg_temp.audit('d4', '2025-03-10 03:11Z', 'dora@x.com', 'accounts', 'login', 200, '192.168.1.1'),
	-- An error of the server is no refusal; a refusal one second before the window is not in it.
	pg_temp.audit('x0', '2025-03-10 04:00Z', 'dora@x.com', 'accounts', 'login', 500, '192.168.1.1'),
	pg_temp.audit('x1', '2025-03-09 11:59:59Z', 'dora@x.com', 'accounts', 'login', 401, '192.168.1.1')) e;
-- mal: brute force and in: critical. u0 to u4: spray, high. dora: 3 attempts, medium. carl: blocked, low. u5, v0 to v5: sporadic, low.
SELECT user_email, source_ip, ip_class, attempts, methods, first_attempt, last_attempt, max_per_10min AS max10,
	distinct_users_from_ip AS users, succeeded_after AS after, pattern, severity
FROM dbinsight.get_failed_auth_attempts();
-- 25 hours reach the refusal of 11:59:59 the day before.
SELECT attempts FROM dbinsight.get_failed_auth_attempts(25) WHERE user_email = 'dora@x.com';
SAVEPOINT bad;
SELECT count(*) FROM dbinsight.get_failed_auth_attempts(0);
ROLLBACK TO bad;
SELECT count(*) FROM dbinsight.get_failed_auth_attempts(NULL);
ROLLBACK TO empty;

---- get_permission_changes ----
SELECT FROM (VALUES (1)) v, LATERAL (SELECT
	-- Two principals; ann gives herself all privileges.
	pg_temp.audit('c1', '2025-03-10 09:00Z', 'ann@x.com', 'unityCatalog', 'updatePermissions', 200, '10.0.0.1', '{"securable_type": "table",
		"securable_full_name": "main.s.t", "changes": "[{\"principal\": \"bob@x.com\", \"add\": [\"SELECT\"], \"remove\": [\"MODIFY\", \"EXECUTE\"]}, {\"principal\": \"Ann@x.com\", \"add\": [\"ALL_PRIVILEGES\"]}]"}'),
	-- Broken text, JSON of another shape, a bare string for a list, a list that is JSON already: a row each, never an error.
	pg_temp.audit('c2', '2025-03-10 08:00Z', 'ann@x.com', 'unityCatalog', 'updatePermissions', 200, NULL, '{"changes": "[{\"principal\": "}'),
	pg_temp.audit('c3', '2025-03-10 07:59Z', 'ann@x.com', 'unityCatalog', 'updatePermissions', 200, NULL, '{"changes": "{\"principal\": \"x\"}"}'),
	pg_temp.audit('c4', '2025-03-10 07:58Z', 'ann@x.com', 'unityCatalog', 'updatePermissions', 200, NULL, '{"changes": "[3, {\"principal\": \"g\", \"add\": \"MANAGE\", \"remove\": 7}]"}'),
	pg_temp.audit('c5', '2025-03-10 07:57Z', 'ann@x.com', 'unityCatalog', 'updatePermissions', 200, NULL,
		'{"changes": [{"principal": "g", "add": ["USE SCHEMA"]}, {"principal": "g", "add": ["SELECT", null], "remove": []}]}'),
	-- Membership: the member is the principal, the group the securable.
	pg_temp.audit('c6', '2025-03-09 09:00Z', 'ann@x.com', 'accounts', 'addPrincipalToGroup', 200, NULL, '{"targetUserName": "gil@x.com", "targetGroupName": "Account Admins"}', '0'),
	pg_temp.audit('c7', '2025-03-09 08:00Z', 'ann@x.com', 'accounts', 'removePrincipalFromGroup', 200, NULL, '{"targetUserName": "gil@x.com", "targetGroupName": "admins"}', '0'),
	pg_temp.audit('c8', '2025-03-08 09:00Z', 'eve@x.com', 'accounts', 'setAdmin', 403, NULL, '{"targetUserName": "eve@x.com"}'),
	pg_temp.audit('c9', '2025-03-07 09:00Z', 'ann@x.com', 'workspace', 'changeClusterAcl', 200, NULL, '{"resourceId": "c-1", "targetGroupName": "users"}'),
	pg_temp.audit('c10', '2025-03-03 11:59:59Z', 'ann@x.com', 'accounts', 'setAdmin', 200)) e;
SELECT event_time, event_id, actor, workspace_id, action_name, securable_type, securable_name, principal, added, removed,
	is_admin_grant AS admin, is_self_grant AS self, is_failed
FROM dbinsight.get_permission_changes();
SELECT count(*) FROM dbinsight.get_permission_changes(8) WHERE event_id = 'c10';
ROLLBACK TO empty;

---- get_pii_access_logs ----
-- Sensitive: crm.customers (listed and classified) and hr.salary (by its name). orders is neither.
INSERT INTO dbinsight.dim_table (snapshot_date, table_catalog, table_schema, table_name, table_owner, created) VALUES
	('2025-03-09', 'main', 'crm', 'customers', 'ann@x.com', '2024-01-01'), ('2025-03-09', 'main', 'hr', 'salary', '', '2024-01-01'),
	('2025-03-09', 'main', 'shop', 'orders', 'ann@x.com', '2024-01-01'), ('2025-03-01', 'main', 'old', 'pii', NULL, '2024-01-01');
INSERT INTO dbinsight.sensitive_tables VALUES ('main.crm.%', 'customer', 'contract');
INSERT INTO dbinsight.fact_data_classification (table_id, catalog_name, schema_name, table_name, column_name, class_tag, first_detected_time, latest_detected_time) VALUES
	('t1', 'main', 'crm', 'customers', 'email', 'class.email_address', '2025-01-01', '2025-03-01'),
	('t1', 'main', 'crm', 'customers', 'phone', 'class.phone_number', '2025-01-02', '2025-03-01'),
	('t9', 'main', 'gone', 'away', 'email', 'class.email_address', '2025-01-01', '2025-03-01');
INSERT INTO dbinsight.fact_table_lineage (record_id, event_id, event_time, workspace_id, created_by, entity_type, entity_id, source_table_full_name,
	target_table_full_name, direct_access, statement_id) VALUES
	-- ann read customers 90 days less a second before l1, 90 days and a second before l5
	('l0', 'e0', '2024-12-10 10:00:01Z', 'w1', 'ann@x.com', 'NOTEBOOK', 'n1', 'main.crm.customers', NULL, true, NULL),
	-- two reads in one minute are one row, the first's
	('l1', 'e1', '2025-03-10 10:00:00Z', 'w1', 'Ann@x.com', 'NOTEBOOK', 'n1', 'main.crm.customers', 'main.shop.orders', true, 'q1'),
	('l2', 'e2', '2025-03-10 10:00:59Z', 'w1', 'ann@x.com', 'NOTEBOOK', 'n1', 'main.crm.customers', NULL, NULL, 'q2'),
	-- through a view: not a read of the base table
	('l3', 'e3', '2025-03-10 10:05:00Z', 'w1', 'ann@x.com', 'NOTEBOOK', 'n1', 'main.hr.salary', NULL, false, 'q3'),
	-- a write, a plain table, a table no longer there, one second too early
	('l4', 'e4', '2025-03-10 10:06:00Z', 'w1', 'ann@x.com', 'NOTEBOOK', 'n1', 'main.shop.orders', 'main.crm.customers', NULL, 'q4'),
	('l5', 'e5', '2025-03-09 23:00:00Z', 'w1', 'bob@x.com', 'JOB', 'j1', 'main.hr.salary', NULL, NULL, NULL),
	('l6', 'e6', '2025-03-10 11:00:00Z', 'w1', 'bob@x.com', 'JOB', 'j1', 'main.hr.salary', NULL, NULL, NULL),
	('l7', 'e7', '2025-03-10 11:00:00Z', 'w1', 'bob@x.com', 'JOB', 'j1', 'main.old.pii', NULL, NULL, NULL),
	('l8', 'e8', '2025-03-03 11:59:59Z', 'w1', 'cy@x.com', 'JOB', 'j1', 'main.hr.salary', NULL, NULL, NULL),
	('l9', 'e9', '2025-03-04 10:00:00Z', NULL, NULL, NULL, NULL, 'main.hr.salary', NULL, NULL, NULL);
SELECT FROM (VALUES (1)) v, LATERAL (SELECT
	-- the credential cy asks for, and a refused one
	pg_temp.audit('r1', '2025-03-10 06:30Z', 'cy@x.com', 'unityCatalog', 'generateTemporaryTableCredential', 200, '8.8.8.8:1234', '{"table_full_name": "main.hr.salary", "operation": "READ"}'),
	pg_temp.audit('r2', '2025-03-10 06:40Z', 'dan@x.com', 'unityCatalog', 'generateTemporaryTableCredential', 403, NULL, '{"table_full_name": "main.hr.salary", "operation": "READ"}'),
	pg_temp.audit('r3', '2025-03-10 06:45Z', 'dan@x.com', 'unityCatalog', 'generateTemporaryTableCredential', 200, NULL, '{"table_full_name": "main.hr.salary", "operation": "WRITE"}'),
	pg_temp.audit('r4', '2025-03-10 06:50Z', 'dan@x.com', 'unityCatalog', 'getTable', 200, NULL, '{"full_name_arg": "main.hr.salary"}')) e;
SELECT dbinsight._refresh_derived('fact_audit_logs', '2025-03-01', '2025-03-11'), dbinsight._refresh_derived('fact_table_lineage', '2024-12-01', '2025-03-11');
-- l6: bob's second read, so not the first; l1: ann had read 89 days 23:59:59 before; cy's audit read is not the first (l8, outside the window);
-- l5: Sunday, the first; l9: nobody is named, so first is unknown.
SELECT access_time, user_email, user_type, table_full_name AS "table", class_tags, access_path AS path, entity_type AS entity, workspace_id AS ws,
	statement_id AS stmt, source_ip, is_off_hours AS off, is_first_access AS first
FROM dbinsight.get_pii_access_logs();
SELECT count(*) FROM dbinsight.get_pii_access_logs('ANN@x.com');
SELECT string_agg(user_email, ' ') FROM dbinsight.get_pii_access_logs("user" => 'b%', days => 1);
SELECT count(*) FROM dbinsight.get_pii_access_logs('nobody', 30);

---- get_compliance_violations ----
INSERT INTO dbinsight.dim_column_mask VALUES ('2025-03-09', 'main.crm.customers', 'phone', 'main.m.mask');
INSERT INTO dbinsight.dim_grant (snapshot_date, object_type, object_full_name, grantee, privilege_type) VALUES
	('2025-02-01', 'TABLE', 'main.hr.salary', 'account users', 'SELECT'), ('2025-03-09', 'TABLE', 'main.hr.salary', 'account users', 'SELECT'),
	('2025-03-09', 'TABLE', 'main.hr.salary', 'account users', 'MODIFY'), ('2025-03-09', 'TABLE', 'main.hr.salary', 'Users', 'APPLY TAG'),
	('2025-03-09', 'TABLE', 'main.shop.orders', 'users', 'SELECT'),
	-- bob reads salary, so his grant is used; zoe never did; analysts is a group, whose reads cannot be seen
	('2025-03-09', 'TABLE', 'main.hr.salary', 'Bob@x.com', 'SELECT'), ('2025-03-09', 'TABLE', 'main.hr.salary', 'zoe@x.com', 'SELECT'),
	('2025-03-09', 'TABLE', 'main.hr.salary', 'analysts', 'SELECT'), ('2025-03-09', 'TABLE', 'main.hr.salary', 'yan@x.com', 'MODIFY');
SELECT FROM (VALUES (1)) v, LATERAL (SELECT
	-- 1741564800000 ms is 2025-03-10 00:00Z. From 2025-03-01: 90 days end 2025-05-30 00:00Z = 1748563200000 ms.
	pg_temp.audit('t1', '2025-03-01 00:00Z', 'ann@x.com', 'accounts', 'generateDbToken', 200, NULL, '{"tokenId": "k1", "tokenExpirationTime": "1748563200000"}'),
	pg_temp.audit('t2', '2025-03-01 00:00Z', 'ann@x.com', 'accounts', 'generateDbToken', 200, NULL, '{"tokenId": "k2", "tokenExpirationTime": "1748649600000"}'),
	pg_temp.audit('t3', '2025-03-01 00:00Z', 'ann@x.com', 'accounts', 'generateDbToken', 200, NULL, '{"tokenId": "k3", "tokenExpirationTime": "-1"}'),
	pg_temp.audit('t4', '2025-03-01 00:00Z', 'ann@x.com', 'accounts', 'generateDbToken', 200, NULL, '{"tokenId": "k4", "tokenExpirationTime": "soon"}'),
	pg_temp.audit('t5', '2025-03-01 00:00Z', 'ann@x.com', 'accounts', 'generateDbToken', 403, NULL, '{"tokenId": "k5"}'),
	-- today is not in D(90); the first day is, the day before it is not
	pg_temp.audit('t6', '2025-03-10 00:00Z', 'ann@x.com', 'accounts', 'generateDbToken', 200, NULL, '{"tokenId": "k6"}'),
	pg_temp.audit('t7', '2024-12-10 00:00Z', 'ann@x.com', 'accounts', 'generateDbToken', 200, NULL, '{"tokenId": "k7"}'),
	pg_temp.audit('t8', '2024-12-09 23:59Z', 'ann@x.com', 'accounts', 'generateDbToken', 200, NULL, '{"tokenId": "k8"}'),
	pg_temp.audit('a1', '2025-03-02 00:00Z', 'ann@x.com', 'accounts', 'setAccountAdmin', 200, NULL, '{"targetUserName": "gil@x.com"}', '0'),
	pg_temp.audit('a2', '2025-03-02 00:00Z', 'ann@x.com', 'accounts', 'removeAdmin', 200, NULL, '{"targetUserName": "gil@x.com"}'),
	pg_temp.audit('a3', '2025-02-07 00:00Z', 'ann@x.com', 'accounts', 'setAccountAdmin', 200, NULL, '{"targetUserName": "old@x.com"}', '0'),
	pg_temp.audit('n1', '2025-03-02 01:00Z', 'ann@x.com', 'accounts', 'deleteIpAccessList', 200, NULL, '{"ipAccessListId": "list-1"}', '0'),
	pg_temp.audit('n2', '2025-03-02 02:00Z', 'ann@x.com', 'workspace', 'workspaceConfEdit', 200, NULL, '{"workspaceConfKeys": "enableX, enableIpAccessLists", "workspaceConfValues": "true, False"}'),
	pg_temp.audit('n3', '2025-03-02 03:00Z', 'ann@x.com', 'workspace', 'workspaceConfEdit', 200, NULL, '{"workspaceConfKeys": "enableIpAccessLists", "workspaceConfValues": "true"}'),
	pg_temp.audit('v1', '2025-01-02 00:00Z', 'ann@x.com', 'workspace', 'workspaceConfEdit', 200, NULL, '{"workspaceConfKeys": "enableVerboseAuditLogs", "workspaceConfValues": "false"}'),
	pg_temp.audit('g1', '2025-03-02 04:00Z', 'support@databricks.com', 'genie', 'databricksAccess', 200, NULL, '{"reason": "ticket 7", "user": "fix@databricks.com"}'),
	pg_temp.audit('q1', '2024-11-20 00:00Z', 'ann@x.com', 'unityCatalog', 'createRecipient', 200, NULL, '{"name": "partner"}', '0'),
	pg_temp.audit('q2', '2024-11-20 00:00Z', 'ann@x.com', 'unityCatalog', 'createRecipient', 200, NULL, '{"name": "safe", "ip_access_list": "{\"allowed_ip_addresses\": [\"8.8.8.0/24\"]}"}', '0'),
	pg_temp.audit('q3', '2024-11-21 00:00Z', 'ann@x.com', 'unityCatalog', 'createRecipient', 200, NULL, '{"name": "empty", "ipAccessList": "{\"allowed_ip_addresses\": []}"}', '0')) e;
INSERT INTO dbinsight.dim_cluster (workspace_id, cluster_id, cluster_name, owned_by, data_security_mode, dbr_version, change_time, valid_to, is_current) VALUES
	('w1', 'c1', 'old-mode', 'ann@x.com', 'LEGACY_SINGLE_USER', '15.4.x-scala2.12', '2025-01-01', 'infinity', true),
	('w1', 'c2', 'no-mode', 'ann@x.com', NULL, '12.2.x-scala2.12', '2025-01-01', 'infinity', true),
	('w1', 'c3', 'good', 'ann@x.com', 'USER_ISOLATION', '13.3.x-scala2.12', '2025-03-05', 'infinity', true),
	('w1', 'c3', 'good', 'ann@x.com', 'NONE', '10.4.x-scala2.12', '2025-01-01', '2025-03-05', false),
	('w1', 'c4', 'idle', 'ann@x.com', 'NONE', 'custom:x', '2025-01-01', 'infinity', true);
INSERT INTO dbinsight.fact_node_timeline (workspace_id, cluster_id, instance_id, start_time) VALUES
	('w1', 'c1', 'i1', '2025-03-01 10:00Z'), ('w1', 'c1', 'i1', '2025-03-02 11:30Z'), ('w1', 'c2', 'i2', '2025-03-01 10:00Z'),
	('w1', 'c3', 'i3', '2025-03-01 10:00Z'), ('w1', 'c4', 'i4', '2025-02-07 23:59Z');
INSERT INTO dbinsight.dim_job (workspace_id, job_id, job_name, run_as_user_name, change_time) VALUES ('w1', 'j2', 'report', 'ann@x.com', '2025-01-01');
-- The run of j2 began a minute before its cluster; j3 ran on c3 after its upgrade, j4 before it; j5 before the 30 days.
INSERT INTO dbinsight.job_task_run (workspace_id, task_run_id, job_id, start_time, last_seen_time, duration_s, compute_ids) VALUES
	('w1', 'x2', 'j2', '2025-03-04 10:00Z', '2025-03-04 10:30Z', 1800, '{c2}'), ('w1', 'x3', 'j3', '2025-03-06 10:00Z', '2025-03-06 10:30Z', 1800, '{c3}'),
	('w1', 'x4', 'j4', '2025-03-04 10:00Z', '2025-03-04 10:30Z', 1800, '{c3}'), ('w1', 'x5', 'j5', '2025-02-07 10:00Z', '2025-02-07 10:30Z', 1800, '{c2}');
SELECT dbinsight._refresh_job_cluster_daily('2025-02-01', '2025-03-11'), dbinsight._refresh_derived('fact_node_timeline', '2025-02-01', '2025-03-11');
-- Of the reads above, off hours in D(7) (not today) by people: bob's on Sunday.
SELECT violation_type, severity, object_type, object_name, principal, detail FROM dbinsight.get_compliance_violations();
SELECT violation_type, first_seen, last_seen, regulations, evidence_id FROM dbinsight.get_compliance_violations()
WHERE violation_type NOT IN ('LONG_LIVED_TOKEN', 'IP_ACL_WEAKENED');
SELECT string_agg(evidence_id, ' ') FROM dbinsight.get_compliance_violations('long_lived_token');
SELECT count(*) FROM dbinsight.get_compliance_violations('SUPPORT_ACCESS');
-- A row filter protects every column of its table.
INSERT INTO dbinsight.dim_row_filter VALUES ('2025-03-09', 'main.crm.customers', 'f');
SELECT count(*) FROM dbinsight.get_compliance_violations('UNMASKED_SENSITIVE_COLUMN');
SAVEPOINT bad;
SELECT count(*) FROM dbinsight.get_compliance_violations('PUBLIC');
ROLLBACK TO bad;

---- A tool is one plain query: the planner sees through it ----
CREATE FUNCTION pg_temp.plan(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE 'EXPLAIN (COSTS OFF) ' || query;
END $$;
SELECT t.tool, EXISTS (SELECT FROM pg_temp.plan('SELECT * FROM dbinsight.' || t.tool) p WHERE p LIKE '%Function Scan on get_%') AS called
FROM (VALUES ('get_security_events()'), ('get_failed_auth_attempts()'), ('get_permission_changes()'), ('get_pii_access_logs()'),
	('get_compliance_violations()'), ('get_findings()')) t(tool);
ROLLBACK;
