-- Detection rules over hand-made events. T is Monday 2025-03-10 12:00 UTC; each
-- part begins from an empty account. Everything is rolled back.
\set VERBOSITY terse
BEGIN;
SET LOCAL dbinsight.now = '2025-03-10 12:00:00+00';

---- The risk formula: the catalogue's worked values ----
SELECT v.what, v.expected, round(dbinsight.risk_score(v.s, coalesce(v.c, array_fill(1.0::float8, ARRAY[cardinality(v.s)])),
	coalesce(v.h, array_fill(0.0::float8, ARRAY[cardinality(v.s)])), v.m)::numeric, 1) AS risk
FROM (VALUES
	('nothing', 0.0, '{}'::text[], NULL::float8[], NULL::float8[], 1.0),
	('one critical', 90.0, '{critical}', NULL, NULL, 1),
	('one critical, 168 h old', 45.0, '{critical}', NULL, '{168}', 1),
	('one high', 70.0, '{high}', NULL, NULL, 1),
	('two high', 77.4, '{high,high}', NULL, NULL, 1),
	('three medium', 57.8, '{medium,medium,medium}', NULL, NULL, 1),
	('ten low', 34.7, array_fill('low'::text, ARRAY[10]), NULL, NULL, 1),
	('fifty low', 39.0, array_fill('low'::text, ARRAY[50]), NULL, NULL, 1),
	('a thousand low', 39.0, array_fill('low'::text, ARRAY[1000]), NULL, NULL, 1),
	('fifty info', 11.1, array_fill('info'::text, ARRAY[50]), NULL, NULL, 1),
	('one medium at 0.5', 22.5, '{medium}', '{0.5}', NULL, 1),
	('critical, high 96 h, medium 48 h', 91.6, '{critical,high,medium}', NULL, '{0,96,48}', 1),
	('the same in another order', 91.6, '{medium,critical,high}', NULL, '{48,0,96}', 1),
	('one high, administrator', 77.8, '{high}', NULL, NULL, 1.5)) v(what, expected, s, c, h, m);
-- Bounded, and never less with a finding more.
SELECT bool_and(r.risk BETWEEN 0 AND 100 AND r.risk >= r.before) AS sound FROM (
	SELECT dbinsight.risk_score(array_fill('critical'::text, ARRAY[n]), array_fill(1::float8, ARRAY[n]), array_fill(0::float8, ARRAY[n]), 2) AS risk,
		lag(dbinsight.risk_score(array_fill('critical'::text, ARRAY[n]), array_fill(1::float8, ARRAY[n]), array_fill(0::float8, ARRAY[n]), 2), 1, 0::float8) OVER (ORDER BY n) AS before
	FROM generate_series(0, 60) n) r;
SELECT string_agg(dbinsight.risk_band(r), ' ' ORDER BY r) FROM unnest(ARRAY[19.9, 20, 39.9, 40, 69.9, 70, 89.9, 90]) r;

SELECT count(dbinsight._ensure_partitions(t, '2025-01-01', '2025-03-31')) FROM unnest(ARRAY['fact_audit_logs', 'fact_table_lineage', 'fact_outbound_network']) t;
CREATE FUNCTION pg_temp.audit(id text, at timestamptz, actor text, service text, action text, status int, ip text DEFAULT NULL,
	params jsonb DEFAULT '{}', workspace text DEFAULT 'w1', agent text DEFAULT NULL, level text DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
	INSERT INTO dbinsight.fact_audit_logs (event_id, event_time, workspace_id_raw, audit_level, service_name, action_name,
		request_params, status_code, source_ip_raw, user_agent, user_identity_email, category, base_severity)
	SELECT id, at, workspace, level, service, action, params, status, ip, agent, actor, l.category, l.base_severity
	FROM (SELECT 1) one LEFT JOIN LATERAL dbinsight._audit_label(service, action, params) l ON true;
$$;
CREATE VIEW pg_temp.found AS SELECT rule_id, severity, entity_type, entity_id, first_event, last_event, event_count AS n, suppressed_by IS NOT NULL AS suppressed
	FROM dbinsight.findings;
-- Every rule has its function; every function of that name a rule.
SELECT count(*) AS rules, count(*) FILTER (WHERE to_regprocedure(format('dbinsight.%I(timestamptz,timestamptz)', query)) IS NOT NULL) AS functions
FROM dbinsight.detection_rules;
SELECT sum(findings) FROM dbinsight.run_detections();
SAVEPOINT empty;

---- Signing in ----
SELECT FROM generate_series(0, 4) n, LATERAL (SELECT
	-- five in 8 minutes; five, the fifth ten minutes after the first; five of one token's client: a stale credential
	pg_temp.audit('a' || n, '2025-03-10 08:00Z'::timestamptz + n * interval '2 minutes', 'ann@x.com', 'accounts', 'login', 401, '8.8.8.' || n),
	pg_temp.audit('b' || n, '2025-03-10 08:00Z'::timestamptz + n * interval '2.5 minutes', 'bob@x.com', 'accounts', 'login', 401, '8.8.7.1'),
	pg_temp.audit('c' || n, '2025-03-10 08:00Z'::timestamptz + n * interval '1 minute', 'cy@x.com', 'accounts', 'tokenLogin', 401, '8.8.6.1', '{}', 'w1', 'job/1'),
	-- the same again 61 minutes after the last: a second detection of ann
	pg_temp.audit('d' || n, '2025-03-10 09:09Z'::timestamptz + n * interval '1 minute', 'ann@x.com', 'accounts', 'samlLogin', 403, '8.8.8.1'),
	-- a server's error is no refusal; somebody unnamed opens nothing
	pg_temp.audit('e' || n, '2025-03-10 08:00Z'::timestamptz + n * interval '1 minute', 'dan@x.com', 'accounts', 'login', 500, '8.8.5.1'),
	pg_temp.audit('f' || n, '2025-03-10 08:00Z'::timestamptz + n * interval '1 minute', 'unknown', 'accounts', 'login', 401, '8.8.5.1')) e;
-- eve: 20 in 57 minutes, five of them at once; then in. Spray: 9.9.9.9 tries 5 accounts twice each, and gets into one already refused five times.
SELECT FROM generate_series(0, 19) n, LATERAL pg_temp.audit('g' || n, '2025-03-10 06:00Z'::timestamptz + CASE WHEN n < 5 THEN 0 ELSE n * 3 END * interval '1 minute', 'eve@x.com', 'accounts', 'login', 401, '7.7.7.7');
SELECT FROM pg_temp.audit('g20', '2025-03-10 07:05Z', 'eve@x.com', 'accounts', 'samlLogin', 200, '7.7.7.8');
INSERT INTO dbinsight.trusted_cidrs VALUES ('9.9.8.0/24', 'office');
SELECT FROM generate_series(0, 9) n, LATERAL (SELECT
	pg_temp.audit('s' || n, '2025-03-10 10:00Z'::timestamptz + n * interval '2 minutes', 's' || n % 5 || '@x.com', 'accounts', 'login', 401, '9.9.9.9'),
	-- not sprays: from a trusted network 5 accounts are too few; 4 accounts; spread over 45 minutes
	pg_temp.audit('t' || n, '2025-03-10 10:00Z'::timestamptz + n * interval '2 minutes', 't' || n % 5 || '@x.com', 'accounts', 'login', 401, '9.9.8.9'),
	pg_temp.audit('u' || n, '2025-03-10 10:00Z'::timestamptz + n * interval '2 minutes', 'u' || n % 4 || '@x.com', 'accounts', 'login', 401, '9.9.7.9'),
	pg_temp.audit('v' || n, '2025-03-10 10:00Z'::timestamptz + n * interval '5 minutes', 'v' || n % 5 || '@x.com', 'accounts', 'login', 401, '9.9.6.9')) e;
-- one account refused twelve times and four once: 16 attempts of 5 accounts, but the median is 1: a spray. Five accounts, one after
-- the other four times: whenever there are five the median is 4: none.
SELECT FROM generate_series(0, 15) n, LATERAL pg_temp.audit('w' || n, '2025-03-10 03:00Z'::timestamptz + n * interval '1 minute', 'w' || greatest(0, n - 11) || '@x.com', 'accounts', 'login', 401, '9.9.5.9');
SELECT FROM generate_series(0, 19) n, LATERAL pg_temp.audit('x' || n, '2025-03-10 03:00Z'::timestamptz + n * interval '1 minute', 'x' || n / 4 || '@x.com', 'accounts', 'login', 401, '9.9.4.9');
SELECT FROM generate_series(0, 2) n, LATERAL pg_temp.audit('s1' || n, '2025-03-10 10:18Z'::timestamptz + n * interval '1 second', 's0@x.com', 'accounts', 'login', 401, '9.9.9.9');
SELECT FROM pg_temp.audit('s20', '2025-03-10 10:20Z', 's0@x.com', 'accounts', 'login', 200, '9.9.9.9');
-- Refused by an IP access list: ten in an hour; three accounts; one alone (info); a cluster's own client is nobody.
SELECT FROM generate_series(0, 9) n, LATERAL (SELECT
	pg_temp.audit('i' || n, '2025-03-10 01:00Z'::timestamptz + n * interval '6 minutes', 'ivy@x.com', 'accounts', 'IpAccessDenied', 403, '6.6.6.1'),
	CASE WHEN n < 3 THEN pg_temp.audit('j' || n, '2025-03-10 01:00Z', 'j' || n || '@x.com', 'accounts', 'IpAccessDenied', 403, '6.6.6.2') END,
	CASE WHEN n < 1 THEN pg_temp.audit('k' || n, '2025-03-10 01:00Z', 'kim@x.com', 'accounts', 'IpAccessDenied', 403, '6.6.6.3') END,
	pg_temp.audit('l' || n, '2025-03-10 01:00Z', 'kim@x.com', 'accounts', 'IpAccessDenied', 403, '6.6.6.4', '{}', 'w1', 'Databricks-Runtime/15')) e;
SELECT r.rule_id, r.findings FROM dbinsight.run_detections() r WHERE r.findings > 0;
-- 001: ann twice (medium), cy (low), eve (high), w0 (12 in 11 minutes: medium). 003: eve; s0 has only 5 refusals within 30 minutes of 10:20
-- (10:00, 10:10, three at 10:18), from the spraying address: critical. 013: 6.6.6.1 and .2 medium, .3 info.
SELECT rule_id, severity, entity_type, entity_id, first_event, last_event, n FROM pg_temp.found ORDER BY rule_id, entity_id COLLATE "C", first_event;

-- A second run, one over the last hours only, and one that begins inside a burst change nothing.
CREATE TEMP TABLE before AS SELECT * FROM dbinsight.findings;
CREATE TEMP TABLE incidents_before AS SELECT * FROM dbinsight.incidents;
SELECT count(*) FROM dbinsight.run_detections();
SELECT count(*) FROM dbinsight.run_detections('2025-03-10 09:00Z');
SELECT count(*) FROM dbinsight.run_detections('2025-03-10 06:04Z', '2025-03-10 10:19Z');
SELECT count(*) AS differences FROM ((TABLE before EXCEPT TABLE dbinsight.findings) UNION ALL (TABLE dbinsight.findings EXCEPT TABLE before)) d;
SELECT count(*) AS differences FROM ((TABLE incidents_before EXCEPT TABLE dbinsight.incidents) UNION ALL (TABLE dbinsight.incidents EXCEPT TABLE incidents_before)) d;
-- A later event makes a finding grow; its id stays.
SELECT FROM pg_temp.audit('a9', '2025-03-10 09:15Z', 'ann@x.com', 'accounts', 'login', 401, '8.8.8.1');
SELECT count(*) FROM dbinsight.run_detections();
SELECT f.first_event, f.last_event, f.event_count, b.event_count AS was FROM dbinsight.findings f JOIN before b USING (id) WHERE f.event_count <> b.event_count;
DROP TABLE before, incidents_before;
-- Incidents: eve's guessing and success are one, critical or high by the worst; ann's two bursts one hour apart are one; s0's success with no finding of s0's is its own;
-- addresses have theirs. cy (low) and 6.6.6.3 (info) open none.
SELECT i.title, i.severity, i.opened_at, i.last_event, count(*) AS findings, string_agg(DISTINCT f.rule_id, ' ') AS rules
FROM dbinsight.incidents i JOIN dbinsight.findings f ON f.incident_id = i.id GROUP BY i.id ORDER BY i.title COLLATE "C", i.opened_at;
SELECT rule_id, entity_id FROM dbinsight.findings WHERE incident_id IS NULL ORDER BY 1, 2;
ROLLBACK TO empty;

---- Rights and tokens ----
INSERT INTO dbinsight.dim_workspace (workspace_id, workspace_name, create_time) VALUES ('w1', 'prod', '2024-01-01'), ('w9', 'fresh', '2025-03-09 10:00Z');
SELECT FROM (VALUES (1)) v, LATERAL (SELECT
	-- account administrators: ann makes bob one; bob, one for 23 hours, makes cy one (critical); dan himself (critical); by group at account level
	pg_temp.audit('p1', '2025-03-08 10:00Z', 'ann@x.com', 'accounts', 'setAccountAdmin', 200, '8.8.8.8', '{"targetUserName": "Bob@x.com"}', '0', NULL, 'ACCOUNT_LEVEL'),
	pg_temp.audit('p2', '2025-03-09 09:00Z', 'bob@x.com', 'accounts', 'setAccountAdmin', NULL, '8.8.8.8', '{"targetUserName": "cy@x.com"}', '0', NULL, 'ACCOUNT_LEVEL'),
	pg_temp.audit('p3', '2025-03-09 09:30Z', 'dan@x.com', 'accounts', 'setAdmin', 200, '8.8.8.8', '{"targetUserName": "dan@x.com"}', '0', NULL, 'ACCOUNT_LEVEL'),
	pg_temp.audit('p4', '2025-03-07 09:30Z', 'ann@x.com', 'accounts', 'addPrincipalToGroup', 200, '8.8.8.8', '{"principal": "fay@x.com", "targetGroupName": "platform-owners"}', '0', NULL, 'ACCOUNT_LEVEL'),
	-- workspace administrators; the first day of w9 is its set-up; refused, removed and plain groups are none
	pg_temp.audit('p5', '2025-03-07 09:30Z', 'ann@x.com', 'accounts', 'setAdmin', 200, NULL, '{"targetUserName": "gil@x.com"}'),
	pg_temp.audit('p6', '2025-03-09 11:00Z', 'ann@x.com', 'accounts', 'setAdmin', 200, NULL, '{"targetUserName": "hal@x.com"}', 'w9'),
	pg_temp.audit('p7', '2025-03-10 11:00Z', 'ann@x.com', 'accounts', 'setAdmin', 200, NULL, '{"targetUserName": "ian@x.com"}', 'w9'),
	pg_temp.audit('p8', '2025-03-07 09:30Z', 'ann@x.com', 'accounts', 'setAdmin', 403, NULL, '{"targetUserName": "jo@x.com"}'),
	pg_temp.audit('p9', '2025-03-07 09:30Z', 'ann@x.com', 'accounts', 'removeAdmin', 200, NULL, '{"targetUserName": "jo@x.com"}'),
	pg_temp.audit('p10', '2025-03-07 09:30Z', 'ann@x.com', 'accounts', 'addPrincipalToGroup', 200, NULL, '{"principal": "jo@x.com", "targetGroupName": "analysts"}'),
	-- to oneself: on a table of another; on one made two minutes before (quiet); a right taken from oneself (quiet)
	pg_temp.audit('q0', '2025-03-06 09:58Z', 'kim@x.com', 'unityCatalog', 'createTable', 200, NULL, '{"full_name_arg": "main.a.mine"}'),
	pg_temp.audit('q1', '2025-03-06 10:00Z', 'kim@x.com', 'unityCatalog', 'updatePermissions', 200, NULL, '{"securable_full_name": "main.a.mine", "changes": "[{\"principal\": \"kim@x.com\", \"add\": [\"SELECT\"]}]"}'),
	pg_temp.audit('q2', '2025-03-06 10:00:01Z', 'kim@x.com', 'unityCatalog', 'updatePermissions', 200, NULL, '{"securable_full_name": "main.a.other", "changes": "[{\"principal\": \"KIM@x.com\", \"add\": [\"SELECT\"]}]"}'),
	pg_temp.audit('q3', '2025-03-06 10:00:02Z', 'kim@x.com', 'unityCatalog', 'updatePermissions', 200, NULL, '{"securable_full_name": "main.a.third", "changes": "[{\"principal\": \"kim@x.com\", \"remove\": [\"SELECT\"]}]"}'),
	-- tokens of 72 hours (none), 72 hours and a second (low), 91 days (medium), 366 days and none (high); made on 2025-03-05 00:00Z = 1741132800 s
	pg_temp.audit('k1', '2025-03-05 00:00Z', 'lea@x.com', 'accounts', 'generateDbToken', 200, NULL, '{"tokenId": "1", "tokenExpirationTime": "1741392000000"}'),
	pg_temp.audit('k2', '2025-03-05 00:00Z', 'lea@x.com', 'accounts', 'generateDbToken', 200, NULL, '{"tokenId": "2", "tokenExpirationTime": "1741392001000"}'),
	pg_temp.audit('k3', '2025-03-05 00:00Z', 'lea@x.com', 'accounts', 'generateDbToken', 200, NULL, '{"tokenId": "3", "tokenExpirationTime": "1748995200000"}'),
	pg_temp.audit('k4', '2025-03-05 00:00Z', 'lea@x.com', 'accounts', 'generateDbToken', 200, NULL, '{"tokenId": "4", "tokenExpirationTime": "1772755200000"}'),
	pg_temp.audit('k5', '2025-03-05 00:00Z', 'lea@x.com', 'accounts', 'generateDbToken', 200, NULL, '{"tokenId": "5", "tokenExpirationTime": "0"}'),
	pg_temp.audit('k6', '2025-03-05 00:00Z', 'lea@x.com', 'accounts', 'generateDbToken', 200, NULL, '{"tokenId": "6", "tokenExpirationTime": "never"}')) e;
SELECT count(*) FROM dbinsight.run_detections();
-- dan's setAdmin is also a right he gave himself. bob's and ann's own changes are their work, not theirs to be found for.
SELECT rule_id, severity, entity_id, first_event, evidence ->> 'object' AS object FROM dbinsight.findings
ORDER BY rule_id, first_event, entity_id COLLATE "C", (evidence ->> 'object') COLLATE "C";
-- One incident for dan (two rules, critical first); bob and cy share bob (as entity and as actor) but 23 hours apart.
SELECT title, severity, suggested_actions FROM dbinsight.incidents WHERE title ~ '(bob|cy|dan)@' ORDER BY title COLLATE "C";
-- Risk of gil: one high, 74.5 hours old: c = 0.7 * 2^(-74.5/96) = 0.4088; he is an administrator now: odds 1.5 * 40.88 / 59.12 = 1.0372, risk 50.91.
-- kim: one high of 97.9997 hours: c = 0.7 * 2^(-98/96) = 0.345, no administrator: 34.5. What a workspace is named weighs too: w9 has
-- ian's finding at half confidence, one hour old: 0.35 * 2^(-1/96) = 0.3475.
SELECT entity_type, entity_id, risk, band, findings, top_rules, top_contribution FROM dbinsight.entity_risk
WHERE entity_id IN ('gil@x.com', 'kim@x.com', 'w9') ORDER BY entity_id;
SELECT contributions FROM dbinsight.entity_risk WHERE entity_id = 'w9' AND jsonb_array_length(contributions) <> 1;
-- One state a day.
SET LOCAL dbinsight.now = '2025-03-10 13:00:00+00';
SELECT count(*) FROM dbinsight.run_detections();
SELECT as_of, count(*) FROM dbinsight.entity_risk WHERE entity_id = 'gil@x.com' GROUP BY 1;
SET LOCAL dbinsight.now = '2025-03-10 12:00:00+00';
ROLLBACK TO empty;

---- Data ----
INSERT INTO dbinsight.dim_table (snapshot_date, table_catalog, table_schema, table_name, created)
SELECT date '2025-03-09', 'main', 'hr', 'pii_' || n, timestamptz '2024-01-01' FROM generate_series(1, 6) n UNION ALL SELECT '2025-03-09', 'main', 'hr', 'pii_new', '2025-03-05';
-- ann and bob are seen on five days before; cy on four.
SELECT FROM generate_series(1, 5) n, LATERAL (SELECT
	pg_temp.audit('a' || n, '2025-02-24 10:00Z'::timestamptz + n * interval '1 day', 'ann@x.com', 'accounts', 'login', 200),
	pg_temp.audit('b' || n, '2025-02-24 10:00Z'::timestamptz + n * interval '1 day', 'bob@x.com', 'accounts', 'login', 200),
	CASE WHEN n < 5 THEN pg_temp.audit('c' || n, '2025-02-24 10:00Z'::timestamptz + n * interval '1 day', 'cy@x.com', 'accounts', 'login', 200) END) e;
INSERT INTO dbinsight.fact_table_lineage (record_id, event_id, event_time, created_by, source_table_full_name)
-- ann: five new tables within 24 hours and one she knows; a table made five days ago is new to everybody
SELECT 'a' || n, 'a' || n, '2025-03-06 12:00Z'::timestamptz + n * interval '5 hours', 'ann@x.com', 'main.hr.pii_' || n FROM generate_series(1, 5) n
UNION ALL VALUES ('a6', 'a6', '2025-02-20 12:00Z'::timestamptz, 'ann@x.com', 'main.hr.pii_6'), ('a7', 'a7', '2025-03-06 12:00Z', 'ann@x.com', 'main.hr.pii_6'),
	('a8', 'a8', '2025-03-06 12:00Z', 'ann@x.com', 'main.hr.pii_new'), ('b1', 'b1', '2025-03-06 12:00Z', 'bob@x.com', 'main.hr.pii_1'),
	('b2', 'b2', '2025-03-07 12:00Z', 'bob@x.com', 'main.hr.pii_1'), ('c1', 'c1', '2025-03-06 12:00Z', 'cy@x.com', 'main.hr.pii_1');
-- Downloads: dan 21 within an hour, eve 20. What is refused is not downloaded.
SELECT FROM generate_series(0, 20) n, LATERAL (SELECT
	pg_temp.audit('d' || n, '2025-03-07 10:00Z'::timestamptz + n * interval '2 minutes', 'dan@x.com', 'notebook', 'downloadPreviewResults', 200),
	pg_temp.audit('e' || n, '2025-03-07 10:00Z'::timestamptz + n * interval '2 minutes', 'eve@x.com', 'notebook', 'downloadPreviewResults', CASE n WHEN 0 THEN 403 ELSE 200 END)) e;
-- Out of hours, Sunday 03:00: fay works on weekdays; gil always works then (five Sundays, half of his events); hal is a machine; ivy has no past.
SELECT FROM generate_series(1, 6) n, LATERAL (SELECT
	pg_temp.audit('f' || n, '2025-02-24 10:00Z'::timestamptz + n * interval '1 day', 'fay@x.com', 'accounts', 'login', 200),
	CASE WHEN n < 5 THEN pg_temp.audit('g' || n, '2025-03-09 03:30Z'::timestamptz - n * interval '7 days', 'gil@x.com', 'accounts', 'login', 200) END,
	pg_temp.audit('g1' || n, '2025-02-24 10:00Z'::timestamptz + n * interval '1 day', 'gil@x.com', 'accounts', 'login', 200)) e;
SELECT FROM unnest(ARRAY['fay@x.com', 'gil@x.com', 'hal', 'ivy@x.com']) u, LATERAL (SELECT
	pg_temp.audit(u || 1, '2025-03-09 03:00Z', u, 'secrets', 'createScope', 200), pg_temp.audit(u || 2, '2025-03-09 03:10Z', u, 'workspace', 'workspaceConfEdit', 200),
	pg_temp.audit(u || 3, '2025-03-09 03:20Z', u, 'workspace', 'workspaceConfEdit', 403), pg_temp.audit(u || 4, '2025-03-09 03:20Z', u, 'jobs', 'runNow', 200)) e;
SELECT dbinsight._refresh_derived('fact_audit_logs', '2025-02-01', '2025-03-11'), dbinsight._refresh_derived('fact_table_lineage', '2025-02-01', '2025-03-11');
SELECT count(*) FROM dbinsight.run_detections();
-- 003: ann high (five within 24 hours, from 17:00 to 13:00 the next day), bob low once. EXF: dan. BEH: ann's reads at 22:00, 03:00 and 08:00 are
-- out of hours at 22:00 and 03:00 (Thursday night), five hours apart: one; fay: medium (a high change among two).
SELECT rule_id, severity, entity_id, first_event, last_event, n FROM pg_temp.found ORDER BY 1, 3;
SELECT evidence -> 'tables' AS tables FROM dbinsight.findings WHERE rule_id = 'SEC-DATA-003' AND severity = 'high';
ROLLBACK TO empty;

---- Network ----
INSERT INTO dbinsight.fact_outbound_network (event_id, event_time, workspace_id, destination_type, destination, access_type, network_source_type)
-- w1: 20 refusals in 9.5 minutes; w2: 19; w3: 20, half of them of another kind of compute
SELECT 'a' || n, '2025-03-09 10:00Z'::timestamptz + n * interval '30 seconds', 'w1', 'DNS', CASE WHEN n % 4 = 0 THEN 'x.com' ELSE 'bad.com' END, 'DENIED', 'JOB' FROM generate_series(0, 19) n
UNION ALL SELECT 'b' || n, '2025-03-09 10:00Z'::timestamptz + n * interval '30 seconds', 'w2', 'DNS', 'bad.com', 'DENIED', 'JOB' FROM generate_series(0, 18) n
UNION ALL SELECT 'c' || n, '2025-03-09 10:00Z'::timestamptz + n * interval '30 seconds', 'w3', 'DNS', 'bad.com', 'DENIED', CASE WHEN n % 2 = 0 THEN 'JOB' ELSE 'APP' END FROM generate_series(0, 19) n
-- beats: every 15 minutes for 8 hours across midnight, a few seconds off (33 calls); every 15 minutes for 5 hours: too short;
-- 40 calls at random: gaps n^2 mod 31 minutes
UNION ALL SELECT 'd' || n, '2025-03-08 20:00Z'::timestamptz + n * interval '15 minutes' + (n * 7 % 5) * interval '1 second', 'w1', 'DNS', 'beat.com', 'DRY_RUN_DENIAL', 'APP' FROM generate_series(0, 32) n
UNION ALL SELECT 'e' || n, '2025-03-08 13:00Z'::timestamptz + n * interval '12 minutes', 'w1', 'DNS', 'short.com', 'DENIED', 'APP' FROM generate_series(0, 25) n
UNION ALL SELECT 'f' || n, '2025-03-08 12:00Z'::timestamptz + (SELECT sum(k * k % 31) FROM generate_series(0, n) k) * interval '1 minute', 'w2', 'DNS', 'human.com', 'DENIED', 'APP' FROM generate_series(0, 39) n
-- storage: s3://new three times in 20 minutes and once two hours later; s3://old was refused 29 days before; w4: three new buckets in an hour
UNION ALL SELECT 'g' || n, '2025-03-09 05:00Z'::timestamptz + CASE n WHEN 3 THEN 120 ELSE n * 10 END * interval '1 minute', 'w2', 'STORAGE', 's3://new', 'DENIED', 'JOB' FROM generate_series(0, 3) n
UNION ALL VALUES ('h0', '2025-02-08 05:00Z'::timestamptz, 'w2', 'STORAGE', 's3://old', 'DENIED', 'JOB'), ('h1', '2025-03-09 05:00Z', 'w2', 'STORAGE', 's3://old', 'DENIED', 'JOB')
UNION ALL SELECT 'k' || n, '2025-03-09 05:00Z'::timestamptz + n * interval '20 minutes', 'w4', 'STORAGE', 's3://b' || n, 'DENIED', 'JOB' FROM generate_series(0, 2) n;
SELECT count(*) FROM dbinsight.run_detections();
-- The beat: intervals of 899 to 903 seconds, so skew 0 and a score of (1 + 1 - MAD / median) / 2, nearly 1; seen from noon it is whole, and what
-- the windows from midnight see of it is the same finding. s3://old was refused 29 days before, so the account has a week of history and the beat
-- is new: high. Storage: w2's new bucket, medium; w4's three, high.
SELECT f.rule_id, f.severity, f.entity_id, f.first_event, f.last_event, f.event_count AS n, f.evidence ->> 'object' AS object, f.evidence ->> 'destination' AS destination,
	(f.evidence ->> 'score')::numeric > 0.99 AS steady FROM dbinsight.findings f ORDER BY 1, 3;
-- Without a week of history nothing is known to be new: medium.
DELETE FROM dbinsight.fact_outbound_network WHERE event_id = 'h0';
DELETE FROM dbinsight.findings;
SELECT count(*) FROM dbinsight.run_detections();
SELECT severity, count(*) FROM dbinsight.findings WHERE rule_id = 'SEC-NET-004' GROUP BY 1;
ROLLBACK TO empty;

---- Exceptions ----
SELECT FROM (VALUES (1)) v, LATERAL (SELECT
	pg_temp.audit('x1', '2025-03-10 08:00Z', 'ann@x.com', 'accounts', 'setAccountAdmin', 200, '8.8.8.8', '{"targetUserName": "bob@x.com"}', '0', 'terraform/1'),
	pg_temp.audit('x2', '2025-03-10 08:00Z', 'ann@x.com', 'accounts', 'setAccountAdmin', 200, '8.8.9.8', '{"targetUserName": "cy@x.com"}', '0', 'terraform/1'),
	pg_temp.audit('x3', '2025-03-10 08:00Z', 'zoe@x.com', 'accounts', 'setAccountAdmin', 200, '8.8.8.8', '{"targetUserName": "dan@x.com"}', '0', 'terraform/1'),
	pg_temp.audit('x4', '2025-03-10 08:00Z', 'lea@x.com', 'accounts', 'generateDbToken', 200, '8.8.8.8', '{"tokenId": "1"}')) e;
-- Only the first covers something: ann from 8.8.8.0/24. The second ended yesterday, the third has no condition,
-- the fourth trusts a user agent where rights change, the fifth is about other rules.
INSERT INTO dbinsight.allow_list (rule, actor, source_ip, user_agent, reason, owner, expires_at) VALUES
	('privilege', 'ANN@x.com', '8.8.8.0/24', NULL, 'on-boarding', 'sec', '2025-04-01'), ('*', 'lea@x.com', NULL, NULL, 'old', 'sec', '2025-03-09'),
	('*', NULL, NULL, NULL, 'everything', 'sec', '2025-04-01'), ('SEC-PRIV-001', NULL, NULL, 'terraform', 'tool', 'sec', '2025-04-01'), ('network', 'zoe@x.com', NULL, NULL, 'other', 'sec', '2025-04-01');
SELECT count(*) FROM dbinsight.run_detections();
SELECT f.entity_id, f.suppressed_by = a.id::text AS suppressed, f.incident_id IS NOT NULL AS incident FROM dbinsight.findings f
LEFT JOIN dbinsight.allow_list a ON a.id::text = f.suppressed_by ORDER BY 1;
-- Suppressed findings come last, and do not count as risk.
SELECT entity_id, severity FROM dbinsight.get_findings();
SELECT count(*) FROM dbinsight.get_findings(severity => 'critical');
SELECT count(*) FROM dbinsight.get_findings(rule_id => 'SEC-TOK%');
SELECT count(*) FROM dbinsight.entity_risk WHERE entity_id = 'bob@x.com';

---- A rule is the name of a function, never SQL; a rule can be switched off and its threshold changed ----
INSERT INTO dbinsight.detection_rules (id, title, family, severity, "window", entity_type, query) VALUES
	('X-1', 'x', 'x', 'low', '1 hour', 'user', '_detect_x(now(), now()); DROP TABLE dbinsight.findings; --'), ('X-2', 'x', 'x', 'low', '1 hour', 'user', 'apply_retention');
UPDATE dbinsight.detection_rules SET enabled = false WHERE family NOT IN ('x', 'token');
UPDATE dbinsight.detection_rules SET threshold = 1000000, severity = 'info' WHERE id = 'SEC-TOK-001';
SELECT * FROM dbinsight.run_detections();
SAVEPOINT bad;
SELECT * FROM dbinsight.run_detections('2025-03-11');
ROLLBACK TO bad;
SELECT * FROM dbinsight.run_detections('-infinity');
ROLLBACK TO empty;

---- An incident that was resolved opens again; three low rules of one identity within an hour make one ----
INSERT INTO dbinsight.findings (id, rule_id, title, severity, entity_type, entity_id, first_event, last_event, evidence) VALUES
	('00000000-0000-0000-0000-000000000001', 'SEC-PRIV-005', 'one', 'high', 'user', 'ann@x.com', '2025-03-09 10:00Z', '2025-03-09 10:00Z', '{}'),
	('00000000-0000-0000-0000-000000000002', 'SEC-EXF-001', 'two', 'medium', 'user', 'bob@x.com', '2025-03-09 11:59Z', '2025-03-09 12:00Z', '{"actor": "Ann@x.com"}'),
	('00000000-0000-0000-0000-000000000003', 'SEC-TOK-001', 'three', 'low', 'user', 'bob@x.com', '2025-03-09 13:59Z', '2025-03-09 13:59Z', '{}'),
	('00000000-0000-0000-0000-000000000004', 'SEC-TOK-001', 'four', 'low', 'user', 'cy@x.com', '2025-03-09 10:00Z', '2025-03-09 10:00Z', '{}'),
	('00000000-0000-0000-0000-000000000005', 'SEC-BEH-001', 'five', 'low', 'user', 'cy@x.com', '2025-03-09 10:30Z', '2025-03-09 10:30Z', '{}'),
	('00000000-0000-0000-0000-000000000006', 'SEC-DATA-003', 'six', 'low', 'user', 'cy@x.com', '2025-03-09 11:00Z', '2025-03-09 11:00Z', '{}'),
	('00000000-0000-0000-0000-000000000007', 'SEC-TOK-001', 'seven', 'low', 'user', 'dan@x.com', '2025-03-09 10:00Z', '2025-03-09 10:00Z', '{}'),
	('00000000-0000-0000-0000-000000000008', 'SEC-AUTH-013', 'eight', 'medium', 'ip', '8.8.8.8', '2025-03-09 10:00Z', '2025-03-09 10:00Z', '{}'),
	('00000000-0000-0000-0000-000000000009', 'SEC-AUTH-002', 'nine', 'high', 'ip', '8.8.8.8', '2025-03-09 10:31Z', '2025-03-09 10:31Z', '{}');
SELECT dbinsight._store_incidents();
-- one + two (ann acted, 1 h 59 min later) + three (bob, low, joins); four to six; eight and nine are 31 minutes apart: two. dan's low finding is alone.
SELECT i.title, i.severity, i.top_rule, i.opened_at, i.last_event, (SELECT string_agg(right(f.id::text, 1), ' ' ORDER BY f.id) FROM dbinsight.findings f WHERE f.incident_id = i.id) AS findings
FROM dbinsight.incidents i ORDER BY i.title COLLATE "C";
UPDATE dbinsight.incidents SET status = 'resolved', resolved_at = '2025-03-09 14:30Z' WHERE title LIKE 'one%';
INSERT INTO dbinsight.findings (id, rule_id, title, severity, entity_type, entity_id, first_event, last_event) VALUES
	('00000000-0000-0000-0000-00000000000a', 'SEC-PRIV-001', 'ten', 'critical', 'user', 'bob@x.com', '2025-03-09 15:00Z', '2025-03-09 15:00Z');
SELECT dbinsight._store_incidents();
SELECT title, severity, status, reopened, last_event FROM dbinsight.incidents WHERE reopened > 0;
ROLLBACK TO empty;

---- Who may run them ----
SET LOCAL ROLE dbinsight_admin;
SELECT count(*) FROM dbinsight.run_detections();
SELECT count(*) FROM dbinsight._store_entity_risk();
ROLLBACK TO empty;
SET LOCAL ROLE dbinsight_reader;
SELECT count(*) FROM dbinsight.get_findings();
SELECT count(*) FROM dbinsight.run_detections();
ROLLBACK;
