/*
 * Compliance: a library of checks, and for each regulation which of them speak
 * to which requirement. A check passes only on data; without input it is
 * NOT_ASSESSED and says why. Where only a part of a check can be computed, that
 * part can prove a failure but never a pass.
 */
CREATE TABLE dbinsight.compliance_checks (
	id text PRIMARY KEY,
	question text NOT NULL,
	rules text[] NOT NULL DEFAULT '{}',
	from_audit boolean NOT NULL DEFAULT false,
	builtin boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE dbinsight.compliance_checks IS
'The check library: rules are the detection rules a check rests on; from_audit marks those that prove nothing for a time in which verbose audit was off';

INSERT INTO dbinsight.compliance_checks (id, question, rules, from_audit, builtin) VALUES
	('C01', 'Audit rows complete and fresh', '{}', true, true),
	('C02', 'Verbose audit stayed on', '{}', false, true),
	('C03', 'Audit retention', '{}', false, true),
	('C04', 'Events reviewed daily', '{}', false, true),
	('C05', 'Admin count limited', '{}', false, true),
	('C06', 'Admin grants approved', '{SEC-PRIV-001,SEC-PRIV-002,SEC-PRIV-004}', true, true),
	('C07', 'No self-granted privilege', '{}', true, true),
	('C08', 'Dormant accounts handled', '{}', true, true),
	('C09', 'Leavers removed', '{}', false, true),
	('C10', 'SSO/MFA in force', '{}', true, true),
	('C11', 'Failed logins handled', '{SEC-AUTH-001,SEC-AUTH-002,SEC-AUTH-003,SEC-AUTH-004}', true, true),
	('C12', 'Token lifetime bounded', '{}', true, true),
	('C13', 'Machine secrets rotated', '{}', false, true),
	('C14', 'Least privilege on sensitive data', '{}', false, true),
	('C15', 'Access to sensitive data is recorded', '{}', false, true),
	('C16', 'Sensitive data classified', '{}', false, true),
	('C17', 'Sensitive columns masked or filtered', '{}', false, true),
	('C18', 'No unexplained spread', '{SEC-EXF-016}', true, true),
	('C19', 'Exfiltration alarms handled', '{SEC-EXF-001,SEC-EXF-003,SEC-EXF-007,SEC-EXF-015,SEC-CHAIN-003}', true, true),
	('C20', 'External sharing governed', '{SEC-EXF-008}', true, true),
	('C21', 'Transfers outside region', '{}', false, true),
	('C22', 'Network perimeter enforced', '{SEC-CONF-003}', true, true),
	('C23', 'Denied egress investigated', '{SEC-NET-001,SEC-NET-003,SEC-NET-004,SEC-NET-007,SEC-NET-014}', false, true),
	('C24', 'Configuration drift controlled', '{SEC-CONF-005,SEC-CONF-006,SEC-CONF-008,SEC-CONF-009}', true, true),
	('C25', 'Malware and host alarms handled', '{SEC-CMP-012}', true, true),
	('C26', 'Code and libraries controlled', '{SEC-CMP-001,SEC-CMP-002,SEC-CMP-003,SEC-CMP-011}', true, true),
	('C27', 'Secrets protected', '{SEC-SCRT-001,SEC-SCRT-002,SEC-SCRT-004}', true, true),
	('C28', 'Deletion and retention', '{}', false, true),
	('C29', 'Destruction controlled', '{SEC-DATA-006}', true, true),
	('C30', 'Encryption keys managed', '{SEC-CONF-008}', true, true),
	('C31', 'Vendor access controlled', '{SEC-AUTH-012}', true, true),
	('C32', 'Incident process works', '{}', false, true),
	('C33', 'Breach clock', '{}', false, true),
	('C34', 'Access review done', '{}', false, true),
	('C35', 'Capacity and availability', '{}', false, true),
	('C36', 'Segregation of duties', '{}', true, true),
	('C37', 'Clocks and order', '{}', false, true),
	('C38', 'Records of processing', '{}', false, true);

CREATE TABLE dbinsight.compliance_controls (
	regulation text NOT NULL CHECK (regulation IN ('SOC2', 'ISO27001', 'GDPR', 'HIPAA', 'PCI')),
	requirement text NOT NULL,
	check_id text NOT NULL REFERENCES dbinsight.compliance_checks,
	builtin boolean NOT NULL DEFAULT false,
	PRIMARY KEY (regulation, requirement, check_id)
);
COMMENT ON TABLE dbinsight.compliance_controls IS
'Which checks speak to which requirement of SOC 2 (trust services criteria), ISO/IEC 27001:2022 Annex A, GDPR, HIPAA Security Rule (45 CFR 164), PCI DSS v4.0; an aid to the auditor, no legal advice';

INSERT INTO dbinsight.compliance_controls (regulation, requirement, check_id, builtin)
SELECT v.regulation, split_part(r.requirement, ': ', 1), c.check_id, true
FROM (VALUES
	('SOC2', 'CC6.1: C10 C12 C14 C22; CC6.2: C08 C09; CC6.3: C05 C06 C07 C34 C36; CC6.6: C22 C23; CC6.7: C19 C20; CC6.8: C25 C26; CC7.1: C24 C26; CC7.2: C01 C02 C04 C11; CC7.3-7.5: C32; CC8.1: C24; CC9.2: C31 C20; A1.1-A1.2: C35 C29; C1.1: C16 C17 C18; C1.2: C28'),
	('ISO27001', 'A.5.3: C36; A.5.7: C23; A.5.9: C38; A.5.12-5.13: C16; A.5.14: C20 C21; A.5.15: C14; A.5.16: C08 C09; A.5.17: C10 C12 C13; A.5.18: C34; A.5.19-5.22: C31; A.5.24-5.28: C32; A.5.34: C17 C33; A.8.2: C05 C06; A.8.3: C14; A.8.4: C26; A.8.5: C10 C11; A.8.6: C35; A.8.7: C25; A.8.9: C24; A.8.10: C28; A.8.11: C17; A.8.12: C18 C19; A.8.13: C29; A.8.15: C01 C02 C03; A.8.16: C04 C23; A.8.17: C37; A.8.20-8.23: C22; A.8.24: C30 C27; A.8.32: C24'),
	('GDPR', 'Art 5(1)(c): C18 C16; Art 5(1)(e): C28; Art 5(1)(f), 32(1)(b): C14 C19 C22 C27; Art 5(2), 24: C01 C02 C38; Art 25: C17; Art 28: C20 C31; Art 30: C38; Art 32(1)(a): C17 C30; Art 32(1)(c): C29 C35; Art 32(1)(d): C04 C34; Art 33-34: C32 C33; Art 44-46: C21'),
	('HIPAA', '164.308(a)(1)(ii)(D): C04; 164.308(a)(3)(ii)(C): C09; 164.308(a)(4): C14 C34 C06; 164.308(a)(5)(ii)(B): C25; 164.308(a)(5)(ii)(C): C11; 164.308(a)(5)(ii)(D): C10 C12; 164.308(a)(6)(ii): C32; 164.308(a)(7): C29; 164.308(b): C31 C20; 164.312(a)(1): C14 C08; 164.312(a)(2)(i): C15; 164.312(a)(2)(iv): C30; 164.312(b): C01 C02 C15; 164.312(c)(1): C29; 164.312(d): C10; 164.312(e)(1): C19 C22; 164.502(b): C18; 164.316(b)(2): C03'),
	('PCI', '1.2, 1.4: C22 C23; 2.2: C24; 3.4: C17 C19; 3.6-3.7: C30 C27; 5.3: C25; 6.3, 6.5: C26 C24; 7.2.1-7.2.2: C14 C05; 7.2.4: C34; 7.2.5: C13; 8.2.4-8.2.5: C09; 8.2.6: C08; 8.3.4: C11; 8.4.2: C10; 8.6: C12 C13; 10.2.1.1: C15; 10.2.1.2: C06; 10.2.1.4: C11; 10.2.1.5: C06 C12; 10.2.1.6: C02; 10.3: C01; 10.4.1.1: C04; 10.5.1: C03; 10.6: C37; 10.7.2: C01 C02; 11.5.1: C23; 12.8: C20 C31; 12.10: C32')
) v(regulation, requirements), LATERAL regexp_split_to_table(v.requirements, '; ') r(requirement),
LATERAL regexp_split_to_table(split_part(r.requirement, ': ', 2), ' ') c(check_id);

/* An approval is an exception somebody owns: by rule or family, never by *, for that actor and place, not run out when it happened. */
CREATE FUNCTION dbinsight._is_approved(rules text[], actor text, workspace_id text, at timestamptz) RETURNS boolean
	LANGUAGE sql STABLE PARALLEL SAFE
	RETURN EXISTS (SELECT FROM dbinsight.allow_list a
		WHERE (a.rule = ANY (rules) OR upper(a.rule) IN (SELECT split_part(r, '-', 2) FROM unnest(rules) r)
				OR lower(a.rule) IN (SELECT d.family FROM dbinsight.detection_rules d WHERE d.id = ANY (rules)))
			AND (a.actor IS NULL OR lower(a.actor) = lower(_is_approved.actor))
			AND (a.workspace_id IS NULL OR a.workspace_id = _is_approved.workspace_id) AND a.expires_at > at);
COMMENT ON FUNCTION dbinsight._is_approved(text[], text, text, timestamptz) IS
'Whether an allow-list entry for one of these rules, or their family, covered this actor at that time';

CREATE FUNCTION dbinsight._check_evidence(ids text[], more jsonb DEFAULT '{}') RETURNS jsonb
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN more || jsonb_build_object('ids', to_jsonb(coalesce(ids[1:20], '{}'::text[])));
COMMENT ON FUNCTION dbinsight._check_evidence(text[], jsonb) IS 'Evidence of a check: at most 20 ids, and what else it has to say';

CREATE FUNCTION dbinsight._unknown(reason text) RETURNS jsonb
	LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN jsonb_build_object('reason', reason);
COMMENT ON FUNCTION dbinsight._unknown(text) IS 'Evidence of a check that cannot be assessed: why';

/* Settings whose given value weakens a workspace. */
CREATE FUNCTION dbinsight._weakened_settings(request_params jsonb) RETURNS text[]
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT array_agg(v.key || '=' || dbinsight._conf_value(request_params, v.key) ORDER BY v.key)
	FROM (VALUES ('enableResultsDownloading', 'true'), ('enableExportNotebook', 'true'), ('enableNotebookTableClipboard', 'true'),
		('enableDbfsFileBrowser', 'true'), ('enableFileStoreEndpoint', 'true'), ('enableWebTerminal', 'true'), ('enableUploadDataUis', 'true'),
		('storeInteractiveNotebookResultsInCustomerAccount', 'false'), ('enableProjectsAllowList', 'false'),
		('enableDeprecatedGlobalInitScripts', 'true'), ('enableDeprecatedClusterNamedInitScripts', 'true'), ('enableEnforceImdsV2', 'false'),
		('enforceUserIsolation', 'false'), ('enableLibraryAndInitScriptOnSharedCluster', 'true'), ('enforceClusterViewAcls', 'false'),
		('enforceWorkspaceViewAcls', 'false'), ('enableJobViewAcls', 'false')) v(key, weak)
	WHERE dbinsight._conf_value(request_params, v.key) = v.weak;
END;
COMMENT ON FUNCTION dbinsight._weakened_settings(jsonb) IS 'Protective switches a workspaceConfEdit turned off; NULL when none';

/* Checks of the audit log itself and of what it says. */
CREATE FUNCTION dbinsight._audit_checks(since timestamptz, until timestamptz)
	RETURNS TABLE (check_id text, status text, failing bigint, evidence jsonb, newest_input timestamptz)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 20
BEGIN ATOMIC
	WITH audit AS MATERIALIZED (
		SELECT min(c.first_time) AS oldest, max(c.last_time) AS newest, max(c.last_time) >= _audit_checks.since AS present,
			sum(c.interactive_logins) FILTER (WHERE c.hour >= _audit_checks.since) AS logins,
			sum(c.sso_bypassed) FILTER (WHERE c.hour >= _audit_checks.since) AS bypassed
		FROM dbinsight.rollup_audit_coverage c WHERE c.hour < _audit_checks.until
	), gap AS MATERIALIZED (
		-- account events are few and far between; a workspace is never silent for six hours
		SELECT x.workspace_id, x.last_time, x.next_time
		FROM (
			SELECT c.workspace_id, c.last_time, lead(c.first_time, 1, _audit_checks.until) OVER w AS next_time,
				lead(c.first_time) OVER w IS NULL AS is_last
			FROM dbinsight.rollup_audit_coverage c
			WHERE c.hour >= _audit_checks.since AND c.hour < _audit_checks.until AND c.workspace_id <> '0'
			WINDOW w AS (PARTITION BY c.workspace_id ORDER BY c.hour)
		) x
		WHERE x.next_time - x.last_time > CASE WHEN x.is_last THEN interval '24 hours' ELSE interval '6 hours' END
	), event AS MATERIALIZED (
		SELECT a.event_id, a.event_time, a.category, a.service_name, a.action_name, a.workspace_id, a.user_email, a.request_params
		FROM dbinsight.fact_audit_logs a
		WHERE a.category IN ('admin', 'token', 'network_policy', 'config', 'support_access') AND NOT a.is_failed
			AND a.event_time < _audit_checks.until
	), recent AS (
		SELECT * FROM event e WHERE e.event_time >= _audit_checks.since
	), verbose_off AS (
		SELECT o.workspace_id, o.event_id, greatest(o.event_time, _audit_checks.since) AS off_from, o.off_to
		FROM (
			SELECT e.*, v.value, lead(e.event_time, 1, _audit_checks.until) OVER (PARTITION BY e.workspace_id ORDER BY e.event_time, e.event_id) AS off_to
			FROM event e, LATERAL (SELECT dbinsight._conf_value(e.request_params, 'enableVerboseAuditLogs') AS value) v
			WHERE e.action_name = 'workspaceConfEdit' AND v.value IS NOT NULL
		) o
		WHERE o.value = 'false' AND o.off_to > _audit_checks.since
	), admin_grant AS (
		SELECT e.event_id FROM recent e
		WHERE e.category = 'admin' AND NOT dbinsight._takes_away(e.action_name)
			AND NOT dbinsight._is_approved('{SEC-PRIV-001,SEC-PRIV-002,SEC-PRIV-004}', e.user_email, e.workspace_id, e.event_time)
	), self_grant AS MATERIALIZED (
		SELECT p.event_id, p.event_time, p.actor, p.securable_name
		FROM dbinsight.get_permission_changes(90) p WHERE p.is_self_grant AND NOT p.is_failed
	), token AS (
		SELECT e.event_id FROM recent e
		WHERE (e.action_name = 'generateDbToken' AND dbinsight._token_is_long(e.event_time, e.request_params, 90))
			OR (e.action_name = 'workspaceConfEdit' AND coalesce(dbinsight._try_number(nullif(
				dbinsight._conf_value(e.request_params, 'maxTokenLifetimeDays'), '')), 0) NOT BETWEEN 1 AND 90
				AND dbinsight._conf_value(e.request_params, 'maxTokenLifetimeDays') IS NOT NULL)
	), grantee AS MATERIALIZED (
		SELECT DISTINCT lower(g.grantee) AS principal FROM dbinsight.current_grant g WHERE dbinsight._grantee_type(g.grantee) <> 'GROUP'
	), dormant AS (
		SELECT g.principal FROM grantee g
		WHERE NOT EXISTS (SELECT FROM dbinsight.rollup_audit_hourly h WHERE h.user_email = g.principal AND h.hour >= _audit_checks.since)
			AND NOT EXISTS (SELECT FROM dbinsight.rollup_access_daily r WHERE r.user_email = g.principal
				AND r.access_date >= (_audit_checks.since AT TIME ZONE 'UTC')::date)
	), perimeter AS (
		SELECT e.event_id, e.workspace_id, CASE WHEN e.action_name = 'deleteIpAccessList'
			OR dbinsight._conf_value(e.request_params, 'enableIpAccessLists') = 'false' THEN 'off' ELSE 'changed' END AS what
		FROM recent e
		WHERE (e.category = 'network_policy' OR dbinsight._conf_value(e.request_params, 'enableIpAccessLists') = 'false')
			AND NOT dbinsight._is_approved('{SEC-CONF-003}', e.user_email, e.workspace_id, e.event_time)
	), lists AS (
		SELECT DISTINCT ON (e.workspace_id) e.workspace_id, dbinsight._conf_value(e.request_params, 'enableIpAccessLists') AS value
		FROM event e WHERE dbinsight._conf_value(e.request_params, 'enableIpAccessLists') IS NOT NULL
		ORDER BY e.workspace_id, e.event_time DESC, e.event_id
	), enforced AS MATERIALIZED (
		SELECT EXISTS (SELECT FROM lists l WHERE l.value = 'true') AS lists_on, EXISTS (SELECT FROM lists l WHERE l.value = 'false') AS lists_off,
			EXISTS (SELECT FROM dbinsight.fact_audit_logs a WHERE a.category = 'auth_denied' AND a.event_time >= _audit_checks.since
				AND a.event_time < _audit_checks.until) AS refused,
			EXISTS (SELECT FROM dbinsight.fact_inbound_network n WHERE n.event_time >= _audit_checks.since AND n.event_time < _audit_checks.until)
				OR EXISTS (SELECT FROM dbinsight.fact_outbound_network n WHERE n.event_time >= _audit_checks.since
					AND n.event_time < _audit_checks.until) AS policies
	), change AS (
		SELECT e.event_id, e.event_time FROM recent e
		WHERE (e.action_name IN ('setSetting', 'deleteSetting') OR dbinsight._weakened_settings(e.request_params) IS NOT NULL)
			AND e.category = 'config'
			AND NOT dbinsight._is_approved('{SEC-CONF-005,SEC-CONF-006,SEC-CONF-009}', e.user_email, e.workspace_id, e.event_time)
		UNION ALL
		SELECT c.event_id, c.event_time FROM dbinsight.control_event c
		WHERE c.kind = 'PLUMBING' AND c.event_time >= _audit_checks.since AND c.event_time < _audit_checks.until
			AND NOT dbinsight._is_approved('{SEC-CONF-008}', c.user_email, c.workspace_id, c.event_time)
	), support AS (
		-- open: a support window was opened in that workspace in the day before
		SELECT e.event_id FROM recent e
		WHERE e.category = 'support_access'
			AND NOT (dbinsight._is_approved('{SEC-AUTH-012}', coalesce(e.request_params ->> 'user', e.user_email), e.workspace_id, e.event_time)
				AND EXISTS (SELECT FROM event w WHERE w.workspace_id = e.workspace_id
					AND nullif(dbinsight._conf_value(w.request_params, 'customerApprovedWSLoginExpirationTime'), '') IS NOT NULL
					AND w.event_time BETWEEN e.event_time - interval '24 hours' AND e.event_time))
	), rare AS MATERIALIZED (
		SELECT c.kind, c.event_id FROM dbinsight.control_event c
		WHERE c.event_time < _audit_checks.until
			AND c.event_time >= CASE c.kind WHEN 'RECIPIENT_OPEN' THEN _audit_checks.until - interval '365 days' ELSE _audit_checks.since END
			AND NOT dbinsight._is_approved(CASE c.kind WHEN 'LIBRARY_PUSHED' THEN '{SEC-CMP-003}'::text[]
				WHEN 'RECIPIENT_OPEN' THEN '{SEC-EXF-008}' WHEN 'SECRET_ACL_WIDENED' THEN '{SEC-SCRT-004}'
				WHEN 'MFA_DELETED' THEN '{SEC-AUTH-009}' ELSE '{SEC-CONF-008}' END, c.user_email, c.workspace_id, c.event_time)
	), used_own AS (
		-- Self grants are few: LIMIT asks for each, where EXISTS might read every access first.
		SELECT s.event_id FROM self_grant s
		CROSS JOIN LATERAL (SELECT FROM dbinsight.rollup_access_daily r
			WHERE r.user_email = s.actor AND r.table_full_name = s.securable_name AND r.access_date >= (s.event_time AT TIME ZONE 'UTC')::date
				AND r.last_direct >= s.event_time AND r.first_direct <= s.event_time + interval '24 hours' LIMIT 1) u
	)
	SELECT c.check_id, CASE WHEN c.needs_audit AND audit.present IS NOT TRUE THEN 'NOT_ASSESSED' ELSE c.status END,
		CASE WHEN c.needs_audit AND audit.present IS NOT TRUE THEN 0 ELSE c.failing END,
		CASE WHEN c.needs_audit AND audit.present IS NOT TRUE THEN dbinsight._unknown('no audit row in the window') ELSE c.evidence END,
		audit.newest
	FROM audit, LATERAL (
		SELECT 'C01' AS check_id, true AS needs_audit, CASE count(*) WHEN 0 THEN 'PASS' ELSE 'FAIL' END AS status, count(*) AS failing,
			dbinsight._check_evidence(array_agg(g.workspace_id || ' silent from ' || to_char(g.last_time AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI')
				|| ' to ' || to_char(g.next_time AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') ORDER BY g.last_time DESC, g.workspace_id)) AS evidence
		FROM gap g
		UNION ALL
		SELECT 'C02', true, CASE count(*) WHEN 0 THEN 'PASS' ELSE 'FAIL' END, count(*),
			dbinsight._check_evidence(array_agg(v.event_id ORDER BY v.off_from DESC, v.event_id), jsonb_build_object('minutes_off',
				coalesce(round(sum(extract(epoch FROM v.off_to - v.off_from)) / 60), 0), 'workspaces', coalesce(jsonb_agg(DISTINCT v.workspace_id), '[]')))
		FROM verbose_off v
		UNION ALL
		SELECT 'C03', true, CASE WHEN audit.oldest <= _audit_checks.until - interval '365 days' THEN 'PASS' ELSE 'FAIL' END,
			(audit.oldest > _audit_checks.until - interval '365 days')::int, dbinsight._check_evidence(NULL, jsonb_build_object('target_days', 365,
				'oldest_row', audit.oldest, 'days_held', floor(extract(epoch FROM _audit_checks.until - audit.oldest) / 86400)))
		UNION ALL
		SELECT 'C06', true, CASE count(*) WHEN 0 THEN 'PASS' ELSE 'FAIL' END, count(*), dbinsight._check_evidence(array_agg(g.event_id ORDER BY g.event_id))
		FROM admin_grant g
		UNION ALL
		SELECT 'C07', true, CASE count(*) WHEN 0 THEN 'PASS' ELSE 'FAIL' END, count(*), dbinsight._check_evidence(array_agg(s.event_id ORDER BY s.event_id))
		FROM self_grant s
		UNION ALL
		SELECT 'C08', true, CASE WHEN NOT EXISTS (SELECT FROM grantee) OR audit.oldest > _audit_checks.since + interval '1 day' THEN 'NOT_ASSESSED'
				WHEN count(*) = 0 THEN 'PASS' ELSE 'FAIL' END,
			CASE WHEN audit.oldest > _audit_checks.since + interval '1 day' THEN 0 ELSE count(*) END,
			CASE WHEN NOT EXISTS (SELECT FROM grantee) THEN dbinsight._unknown('no grant to a single identity is loaded')
				WHEN audit.oldest > _audit_checks.since + interval '1 day' THEN dbinsight._unknown('the audit log held does not reach back over the window')
				ELSE dbinsight._check_evidence(array_agg(d.principal ORDER BY d.principal)) END
		FROM dormant d
		UNION ALL
		SELECT 'C10', true, CASE WHEN coalesce(audit.logins, 0) = 0 THEN 'NOT_ASSESSED'
				WHEN 100 * audit.bypassed < audit.logins AND count(*) = 0 THEN 'PASS' ELSE 'FAIL' END,
			CASE WHEN coalesce(audit.logins, 0) = 0 THEN 0 ELSE audit.bypassed + count(*) END,
			CASE WHEN coalesce(audit.logins, 0) = 0 THEN dbinsight._unknown('no interactive sign-in in the window')
				ELSE dbinsight._check_evidence(array_agg(r.event_id ORDER BY r.event_id), jsonb_build_object('interactive_sign_ins', audit.logins,
					'not_by_single_sign_on', audit.bypassed, 'mfa_keys_deleted', count(*))) END
		FROM rare r WHERE r.kind = 'MFA_DELETED'
		UNION ALL
		SELECT 'C12', true, CASE count(*) WHEN 0 THEN 'PASS' ELSE 'FAIL' END, count(*), dbinsight._check_evidence(array_agg(t.event_id ORDER BY t.event_id))
		FROM token t
		UNION ALL
		SELECT 'C20', true, CASE count(*) WHEN 0 THEN 'NOT_ASSESSED' ELSE 'FAIL' END, count(*), CASE count(*)
			WHEN 0 THEN dbinsight._unknown('no recipient without an address list was made, but lifetimes of recipient tokens and approvals of shares are not loaded')
			ELSE dbinsight._check_evidence(array_agg(r.event_id ORDER BY r.event_id)) END
		FROM rare r WHERE r.kind = 'RECIPIENT_OPEN'
		UNION ALL
		SELECT 'C22', true, CASE WHEN enforced.lists_off OR count(*) FILTER (WHERE p.what = 'off') > 0 THEN 'FAIL'
				WHEN NOT (enforced.lists_on OR enforced.refused OR enforced.policies) THEN 'NOT_ASSESSED'
				WHEN count(*) FILTER (WHERE p.what IS NOT NULL) > 0 THEN 'WARN' ELSE 'PASS' END,
			count(p.event_id), CASE WHEN NOT (enforced.lists_on OR enforced.refused OR enforced.policies OR enforced.lists_off OR count(p.event_id) > 0)
				THEN dbinsight._unknown('nothing shows that access lists or network policies are on')
				ELSE dbinsight._check_evidence(array_agg(p.event_id ORDER BY p.event_id) FILTER (WHERE p.event_id IS NOT NULL),
					jsonb_build_object('ip_lists_on', enforced.lists_on, 'ip_lists_off', enforced.lists_off, 'requests_refused', enforced.refused,
						'network_policy_rows', enforced.policies)) END
		FROM enforced LEFT JOIN perimeter p ON true GROUP BY enforced.lists_on, enforced.lists_off, enforced.refused, enforced.policies
		UNION ALL
		SELECT 'C24', true, CASE count(*) WHEN 0 THEN 'PASS' ELSE 'FAIL' END, count(*),
			dbinsight._check_evidence(array_agg(x.event_id ORDER BY x.event_time DESC, x.event_id))
		FROM change x
		UNION ALL
		SELECT 'C31', true, CASE count(*) WHEN 0 THEN 'PASS' ELSE 'FAIL' END, count(*), dbinsight._check_evidence(array_agg(s.event_id ORDER BY s.event_id))
		FROM support s
		UNION ALL
		SELECT 'C36', true, CASE count(*) WHEN 0 THEN 'NOT_ASSESSED' ELSE 'FAIL' END, count(*), CASE count(*)
			WHEN 0 THEN dbinsight._unknown('nobody granted a table to themselves and used it within 24 hours, but requests and approvals are not loaded')
			ELSE dbinsight._check_evidence(array_agg(u.event_id ORDER BY u.event_id)) END
		FROM used_own u
		UNION ALL
		SELECT k.check_id, true, CASE count(r.event_id) WHEN 0 THEN 'NOT_ASSESSED' ELSE 'FAIL' END, count(r.event_id), CASE count(r.event_id)
			WHEN 0 THEN dbinsight._unknown(k.reason) ELSE dbinsight._check_evidence(array_agg(r.event_id ORDER BY r.event_id)) END
		FROM (VALUES ('C26', 'no library was pushed to every cluster and no global init script changed, but job and cluster definitions are not watched by an installed rule'),
			('C27', 'no secret scope was opened widely, but reads of secrets are not watched by an installed rule')) k(check_id, reason)
		LEFT JOIN (
			SELECT CASE x.kind WHEN 'LIBRARY_PUSHED' THEN 'C26' ELSE 'C27' END AS check_id, x.event_id FROM rare x
			WHERE x.kind IN ('LIBRARY_PUSHED', 'SECRET_ACL_WIDENED')
			UNION ALL
			SELECT 'C26', e.event_id FROM recent e WHERE e.category = 'config' AND e.service_name = 'globalInitScripts'
				AND NOT dbinsight._is_approved('{SEC-CMP-001}', e.user_email, e.workspace_id, e.event_time)
		) r USING (check_id)
		GROUP BY k.check_id, k.reason
	) c;
END;
COMMENT ON FUNCTION dbinsight._audit_checks(timestamptz, timestamptz) IS
'Compliance checks computed from the audit log between two times';

/* Checks of the catalog, of classification, of reads, of promises about jobs. */
CREATE FUNCTION dbinsight._catalog_checks(since timestamptz, until timestamptz)
	RETURNS TABLE (check_id text, status text, failing bigint, evidence jsonb, newest_input timestamptz)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
	WITH sensitive AS MATERIALIZED (
		SELECT s.table_full_name FROM dbinsight.sensitive_objects s
	), broad AS MATERIALIZED (
		SELECT g.table_full_name || ' to ' || g.grantee || ': ' || g.privilege_type AS id,
			lower(g.grantee) IN ('account users', 'users') OR g.privilege_type = 'ALL PRIVILEGES' AS is_broad
		FROM dbinsight._table_grants(ARRAY(SELECT s.table_full_name FROM sensitive s)) g
		WHERE (lower(g.grantee) IN ('account users', 'users') AND g.privilege_type IN ('SELECT', 'MODIFY', 'ALL PRIVILEGES'))
			OR g.privilege_type = 'ALL PRIVILEGES' OR dbinsight._grantee_type(g.grantee) = 'USER'
	), reads AS MATERIALIZED (
		SELECT s.table_full_name, r.reads, r.unknown, r.newest
		FROM sensitive s CROSS JOIN LATERAL (
			SELECT sum(x.accesses) AS reads, coalesce(sum(x.accesses) FILTER (WHERE x.user_email IS NULL), 0) AS unknown, max(x.last_direct) AS newest
			FROM dbinsight.rollup_access_daily x
			WHERE x.table_full_name = s.table_full_name AND x.access = 'READ' AND x.accesses > 0
				AND x.access_date >= (_catalog_checks.since AT TIME ZONE 'UTC')::date
				AND x.access_date < (_catalog_checks.until AT TIME ZONE 'UTC')::date
		) r
	), catalogued AS MATERIALIZED (
		SELECT m.table_full_name, m.has_owner, m.has_tags OR m.has_classification AS is_labelled
		FROM dbinsight._metadata_tables((_catalog_checks.until AT TIME ZONE 'UTC')::date) m
	), tag AS MATERIALIZED (
		SELECT g.level, g.object_full_name, lower(g.tag_name) AS tag_name, g.tag_value FROM dbinsight.current_tag g
	), sensitive_column AS MATERIALIZED (
		SELECT c.table_full_name, c.column_name, EXISTS (SELECT FROM dbinsight.current_column_mask m
				WHERE m.table_full_name = c.table_full_name AND m.column_name = c.column_name)
			OR EXISTS (SELECT FROM dbinsight.current_row_filter f WHERE f.table_full_name = c.table_full_name) AS is_covered
		FROM (
			SELECT d.table_full_name, d.column_name FROM dbinsight.fact_data_classification d
			JOIN dbinsight.current_table t ON t.table_full_name = d.table_full_name
			UNION
			SELECT g.object_full_name, g.column_name FROM dbinsight.current_tag g
			WHERE g.level = 'column' AND (g.tag_name IN ('pii', 'sensitive', 'classification') OR g.tag_name LIKE 'class.%')
		) c
	), expired AS (
		SELECT t.object_full_name FROM tag t JOIN dbinsight.current_table c ON c.table_full_name = t.object_full_name
		WHERE t.level = 'table' AND t.tag_name IN ('retention', 'retention_date', 'retain_until')
			AND t.tag_value ~ '^\d{4}-(0[1-9]|1[0-2])-([0-2]\d|3[01])$'
			AND t.tag_value < to_char(_catalog_checks.until AT TIME ZONE 'UTC', 'YYYY-MM-DD')
	), stated AS MATERIALIZED (
		SELECT t.object_full_name, bool_or(t.tag_name = 'purpose') AS purpose, bool_or(t.tag_name <> 'purpose') AS basis
		FROM tag t WHERE t.level IN ('table', 'schema', 'catalog') AND t.tag_name IN ('purpose', 'legal_basis', 'legal-basis', 'legalbasis')
		GROUP BY t.object_full_name
	), recorded AS MATERIALIZED (
		SELECT s.table_full_name, coalesce(c.has_owner, false) AND p.purpose AND p.basis AS is_complete
		FROM sensitive s LEFT JOIN catalogued c ON c.table_full_name = s.table_full_name
		CROSS JOIN LATERAL (
			SELECT coalesce(bool_or(t.purpose), false) AS purpose, coalesce(bool_or(t.basis), false) AS basis
			FROM stated t WHERE t.object_full_name IN
				(s.table_full_name, dbinsight._schema_of(s.table_full_name), split_part(s.table_full_name, '.', 1))
		) p
	), promise AS MATERIALIZED (
		SELECT s.workspace_id, s.job_id, s.min_success_pct, r.good, r.runs, r.newest
		FROM dbinsight.sla_targets s CROSS JOIN LATERAL (
			SELECT count(*) FILTER (WHERE x.is_success) AS good, count(*) AS runs, max(x.end_time) AS newest
			FROM dbinsight.job_run x
			WHERE x.workspace_id = s.workspace_id AND x.job_id = s.job_id AND (x.is_success OR x.is_failure)
				AND x.end_time >= _catalog_checks.since AND x.end_time < _catalog_checks.until
		) r
		WHERE s.min_success_pct IS NOT NULL
	), snapshot AS (
		SELECT (SELECT max(t.snapshot_date) FROM dbinsight.dim_table t)::timestamp AT TIME ZONE 'UTC' AS tables,
			(SELECT max(t.snapshot_date) FROM dbinsight.dim_grant t)::timestamp AT TIME ZONE 'UTC' AS grants
	)
	SELECT 'C14', CASE WHEN snapshot.grants IS NULL OR NOT EXISTS (SELECT FROM sensitive) THEN 'NOT_ASSESSED'
			WHEN bool_or(b.is_broad) THEN 'FAIL' WHEN count(b.id) > 0 THEN 'WARN' ELSE 'PASS' END, count(b.id),
		CASE WHEN snapshot.grants IS NULL THEN dbinsight._unknown('no grants are loaded')
			WHEN NOT EXISTS (SELECT FROM sensitive) THEN dbinsight._unknown('no sensitive table is known')
			ELSE dbinsight._check_evidence(array_agg(b.id ORDER BY b.is_broad DESC, b.id) FILTER (WHERE b.id IS NOT NULL)) END, snapshot.grants
	FROM snapshot LEFT JOIN broad b ON true GROUP BY snapshot.grants
	UNION ALL
	SELECT 'C15', CASE WHEN coalesce(sum(r.reads), 0) = 0 THEN 'NOT_ASSESSED' WHEN 100 * sum(r.unknown) <= sum(r.reads) THEN 'PASS' ELSE 'FAIL' END,
		coalesce(sum(r.unknown), 0)::bigint, CASE WHEN coalesce(sum(r.reads), 0) = 0 THEN dbinsight._unknown('no read of a sensitive table is recorded')
			ELSE dbinsight._check_evidence(array_agg(r.table_full_name ORDER BY r.table_full_name) FILTER (WHERE r.unknown > 0),
				jsonb_build_object('reads', sum(r.reads))) END, max(r.newest)
	FROM reads r
	UNION ALL
	SELECT 'C16', CASE WHEN count(*) = 0 OR NOT EXISTS (SELECT FROM dbinsight.fact_data_classification) THEN 'NOT_ASSESSED'
			WHEN 10 * count(*) FILTER (WHERE c.is_labelled) >= 9 * count(*) THEN 'PASS' ELSE 'FAIL' END,
		CASE WHEN EXISTS (SELECT FROM dbinsight.fact_data_classification) THEN count(*) FILTER (WHERE NOT c.is_labelled) ELSE 0 END,
		CASE WHEN count(*) = 0 THEN dbinsight._unknown('no table is catalogued')
			WHEN NOT EXISTS (SELECT FROM dbinsight.fact_data_classification) THEN dbinsight._unknown('data classification is off or not loaded')
			ELSE dbinsight._check_evidence(array_agg(c.table_full_name ORDER BY c.table_full_name) FILTER (WHERE NOT c.is_labelled),
				jsonb_build_object('tables', count(*))) END, (SELECT s.tables FROM snapshot s)
	FROM catalogued c
	UNION ALL
	SELECT 'C17', CASE WHEN count(*) = 0 THEN 'NOT_ASSESSED' WHEN 20 * count(*) FILTER (WHERE c.is_covered) >= 19 * count(*) THEN 'PASS' ELSE 'FAIL' END,
		count(*) FILTER (WHERE NOT c.is_covered), CASE count(*) WHEN 0 THEN dbinsight._unknown('no sensitive column is known')
			ELSE dbinsight._check_evidence(array_agg(c.table_full_name || '.' || c.column_name ORDER BY c.table_full_name, c.column_name)
				FILTER (WHERE NOT c.is_covered), jsonb_build_object('sensitive_columns', count(*))) END, (SELECT s.tables FROM snapshot s)
	FROM sensitive_column c
	UNION ALL
	SELECT 'C28', CASE count(*) WHEN 0 THEN 'NOT_ASSESSED' ELSE 'FAIL' END, count(*), CASE count(*)
			WHEN 0 THEN dbinsight._unknown('no table is past the date of a retention tag, but statements that cut history short are not watched by an installed rule')
			ELSE dbinsight._check_evidence(array_agg(e.object_full_name ORDER BY e.object_full_name)) END, (SELECT s.tables FROM snapshot s)
	FROM expired e
	UNION ALL
	SELECT 'C35', CASE WHEN coalesce(sum(p.runs), 0) = 0 THEN 'NOT_ASSESSED'
			WHEN count(*) FILTER (WHERE 100 * p.good < p.min_success_pct * p.runs) = 0 THEN 'PASS' ELSE 'FAIL' END,
		count(*) FILTER (WHERE 100 * p.good < p.min_success_pct * p.runs),
		CASE WHEN coalesce(sum(p.runs), 0) = 0 THEN dbinsight._unknown('no run of a job with a promised success rate (sla_targets) in the window')
			ELSE dbinsight._check_evidence(array_agg(p.job_id ORDER BY p.job_id) FILTER (WHERE 100 * p.good < p.min_success_pct * p.runs),
				jsonb_build_object('jobs_with_a_target', count(*))) END, max(p.newest)
	FROM promise p
	UNION ALL
	SELECT 'C38', CASE WHEN count(*) = 0 THEN 'NOT_ASSESSED' WHEN 20 * count(*) FILTER (WHERE r.is_complete) >= 19 * count(*) THEN 'PASS' ELSE 'FAIL' END,
		count(*) FILTER (WHERE NOT r.is_complete), CASE count(*) WHEN 0 THEN dbinsight._unknown('no sensitive table is known')
			ELSE dbinsight._check_evidence(array_agg(r.table_full_name ORDER BY r.table_full_name) FILTER (WHERE NOT r.is_complete),
				jsonb_build_object('sensitive_tables', count(*))) END, (SELECT s.tables FROM snapshot s)
	FROM recorded r;
END;
COMMENT ON FUNCTION dbinsight._catalog_checks(timestamptz, timestamptz) IS
'Compliance checks computed from the catalog, classification, lineage and promises about jobs';

/*
 * Checks that rest on detection rules: an open finding older than a day
 * fails. A rule that is not installed or had nothing to look at cannot have
 * found anything, so a check passes only when all its rules are and had.
 */
CREATE FUNCTION dbinsight._finding_checks(since timestamptz, until timestamptz)
	RETURNS TABLE (check_id text, status text, failing bigint, evidence jsonb, newest_input timestamptz)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
	WITH needed AS (
		SELECT c.id AS check_id, ARRAY(SELECT r FROM unnest(c.rules) r WHERE NOT EXISTS (SELECT FROM dbinsight.detection_rules d
			WHERE d.id = r AND d.enabled) ORDER BY r) AS missing, c.rules
		FROM dbinsight.compliance_checks c
		WHERE c.id IN ('C11', 'C18', 'C19', 'C23', 'C25', 'C29')
	), open AS (
		SELECT n.check_id, n.missing, n.rules, array_agg(f.id::text ORDER BY f.last_event DESC, f.id) FILTER (WHERE f.id IS NOT NULL) AS ids
		FROM needed n LEFT JOIN dbinsight.findings f ON f.rule_id = ANY (n.rules) AND f.status = 'open' AND f.suppressed_by IS NULL
			AND f.last_event >= _finding_checks.since AND f.last_event < _finding_checks.until - interval '24 hours'
			AND (n.check_id <> 'C19' OR f.severity IN ('critical', 'high'))
		GROUP BY 1, 2, 3
	), urgent AS (
		SELECT count(*) AS findings, count(*) FILTER (WHERE f.status = 'open') AS open,
			array_agg(f.id::text ORDER BY f.last_event DESC, f.id) FILTER (WHERE f.status = 'open') AS ids
		FROM dbinsight.findings f
		WHERE f.severity IN ('critical', 'high') AND f.suppressed_by IS NULL AND f.last_event >= _finding_checks.since
			AND f.last_event < _finding_checks.until - interval '24 hours'
	), handled AS (
		-- acknowledged within: critical 15 minutes, high an hour, medium eight hours
		SELECT count(*) AS incidents, array_agg(i.id::text ORDER BY i.opened_at DESC, i.id) FILTER (WHERE late.yes) AS ids
		FROM dbinsight.incidents i, LATERAL (SELECT coalesce(i.acknowledged_at, _finding_checks.until) - i.opened_at
			> CASE i.severity WHEN 'critical' THEN interval '15 minutes' WHEN 'high' THEN interval '1 hour' ELSE interval '8 hours' END) late(yes)
		WHERE i.opened_at >= _finding_checks.since AND i.opened_at < _finding_checks.until AND i.severity IN ('critical', 'high', 'medium')
	), newest AS (
		SELECT (SELECT max(f.created_at) FROM dbinsight.findings f) AS finding, (SELECT max(i.opened_at) FROM dbinsight.incidents i) AS incident
	)
	SELECT o.check_id, CASE WHEN o.ids IS NOT NULL THEN 'FAIL' WHEN w.reason IS NOT NULL THEN 'NOT_ASSESSED' ELSE 'PASS' END,
		coalesce(cardinality(o.ids), 0), CASE WHEN o.ids IS NULL AND w.reason IS NOT NULL THEN dbinsight._unknown(w.reason)
			ELSE dbinsight._check_evidence(o.ids) END, newest.finding
	FROM open o, newest, LATERAL (SELECT CASE
		WHEN cardinality(o.missing) > 0 THEN 'detection rules not installed: ' || array_to_string(o.missing, ', ')
		WHEN o.check_id = 'C23' AND NOT EXISTS (SELECT FROM dbinsight.fact_outbound_network n WHERE n.event_time < _finding_checks.until)
			THEN 'no egress policy is known: nothing was ever recorded'
		WHEN o.check_id = 'C25' AND NOT EXISTS (SELECT FROM dbinsight.findings f WHERE f.rule_id = ANY (o.rules))
			THEN 'nothing shows that a host sensor reports'
		WHEN NOT EXISTS (SELECT FROM dbinsight.rollup_audit_coverage a WHERE a.hour >= _finding_checks.since AND a.hour < _finding_checks.until)
			THEN 'no audit row in the window' END AS reason) w
	UNION ALL
	SELECT 'C04', CASE WHEN u.findings = 0 THEN 'NOT_ASSESSED' WHEN 20 * u.open <= u.findings THEN 'PASS' ELSE 'FAIL' END, u.open,
		CASE u.findings WHEN 0 THEN dbinsight._unknown('no critical or high finding to review in the window')
			ELSE dbinsight._check_evidence(u.ids, jsonb_build_object('critical_and_high', u.findings)) END, newest.finding
	FROM urgent u, newest
	UNION ALL
	SELECT 'C32', CASE WHEN h.incidents = 0 THEN 'NOT_ASSESSED' WHEN h.ids IS NULL THEN 'PASS' ELSE 'FAIL' END, coalesce(cardinality(h.ids), 0),
		CASE h.incidents WHEN 0 THEN dbinsight._unknown('no security incident in the window')
			ELSE dbinsight._check_evidence(h.ids, jsonb_build_object('incidents', h.incidents)) END, newest.incident
	FROM handled h, newest;
END;
COMMENT ON FUNCTION dbinsight._finding_checks(timestamptz, timestamptz) IS
'Compliance checks computed from findings and incidents of the detection rules';

/* What no loaded table can tell. */
CREATE FUNCTION dbinsight._open_checks()
	RETURNS TABLE (check_id text, status text, failing bigint, evidence jsonb, newest_input timestamptz)
	LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 8
BEGIN ATOMIC
	SELECT v.check_id, 'NOT_ASSESSED', 0::bigint, dbinsight._unknown(v.reason), NULL::timestamptz
	FROM (VALUES
		('C05', 'members of the administrators'' groups are not loaded: the audit log shows changes, not who was one before'),
		('C09', 'no list of leavers is loaded'),
		('C13', 'no inventory of secrets with their age is loaded'),
		('C21', 'regions of recipients, connections and external locations are not loaded'),
		('C30', 'whether customer-managed keys are in use is not loaded'),
		('C33', 'incidents carry no mark for personal data yet'),
		('C34', 'no records of access reviews are loaded'),
		('C37', 'arrival times of audit rows are not kept')) v(check_id, reason);
END;
COMMENT ON FUNCTION dbinsight._open_checks() IS 'Compliance checks whose input is in no loaded table, each with the reason';

/*
 * All results. A function of its own with plans that are kept, because to plan
 * its many parts takes longer than to run them.
 */
CREATE FUNCTION dbinsight._check_results(since timestamptz, until timestamptz)
	RETURNS TABLE (check_id text, status text, failing bigint, evidence jsonb, newest_input timestamptz)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 38 SET search_path = pg_catalog, pg_temp SET jit = off SET plan_cache_mode = force_generic_plan AS $$
BEGIN
	RETURN QUERY SELECT * FROM dbinsight._audit_checks(since, until);
	RETURN QUERY SELECT * FROM dbinsight._catalog_checks(since, until);
	RETURN QUERY SELECT * FROM dbinsight._finding_checks(since, until);
	RETURN QUERY SELECT * FROM dbinsight._open_checks();
END $$;
COMMENT ON FUNCTION dbinsight._check_results(timestamptz, timestamptz) IS 'Result of every compliance check between two times';

CREATE FUNCTION dbinsight.get_compliance_report(regulation text DEFAULT NULL)
	RETURNS TABLE (regulation text, requirement text, check_id text, question text, status text, failing bigint, evidence jsonb,
		window_start date, window_end date, newest_input timestamptz, checked_at timestamptz)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 150
BEGIN ATOMIC
	WITH result AS MATERIALIZED (
		SELECT * FROM dbinsight._check_results(dbinsight._since_days(90), dbinsight.now())
	), wanted AS (
		SELECT dbinsight._one_of('regulation', CASE WHEN w.word ~ '^soc2' THEN 'SOC2' WHEN w.word ~ '^iso(iec)?27001' THEN 'ISO27001'
			WHEN w.word ~ '^pci' THEN 'PCI' WHEN w.word ~ '^hipaa' THEN 'HIPAA' WHEN w.word ~ '^gdpr' THEN 'GDPR'
			ELSE get_compliance_report.regulation END, 'SOC2', 'ISO27001', 'GDPR', 'HIPAA', 'PCI') AS regulation
		FROM (SELECT regexp_replace(lower(get_compliance_report.regulation), '[^a-z0-9]', '', 'g') AS word) w
	)
	SELECT c.regulation, c.requirement, c.check_id, k.question,
		CASE WHEN r.check_id IS NULL THEN 'NOT_ASSESSED' WHEN r.status = 'PASS' AND k.from_audit AND v.status = 'FAIL' THEN 'WARN' ELSE r.status END,
		coalesce(r.failing, 0),
		CASE WHEN r.check_id IS NULL THEN dbinsight._unknown('no computation is installed for this check')
			WHEN r.status = 'PASS' AND k.from_audit AND v.status = 'FAIL' THEN r.evidence || dbinsight._unknown('verbose audit was off in the window: nothing found proves nothing')
			ELSE r.evidence END,
		(dbinsight._since_days(90) AT TIME ZONE 'UTC')::date, dbinsight.today(), r.newest_input, dbinsight.now()
	FROM wanted w
	JOIN dbinsight.compliance_controls c ON c.regulation = w.regulation OR w.regulation IS NULL
	JOIN dbinsight.compliance_checks k ON k.id = c.check_id
	LEFT JOIN result r ON r.check_id = c.check_id
	LEFT JOIN result v ON v.check_id = 'C02'
	ORDER BY c.requirement COLLATE "C", c.check_id COLLATE "C", c.regulation COLLATE "C";
END;
COMMENT ON FUNCTION dbinsight.get_compliance_report(text) IS
'How do we stand against SOC 2, ISO 27001, GDPR, HIPAA or PCI DSS: each requirement with its checks, passed, failed or not assessed, over the last 90 days.
not for: single violations to fix now (get_compliance_violations).
status is PASS, FAIL, WARN or NOT_ASSESSED. No data is NOT_ASSESSED, never PASS; evidence says why, or holds at most 20 ids. While verbose audit was off, checks of the audit log that would pass are WARN. An aid to the auditor, no legal advice.
@param regulation SOC2, ISO27001, GDPR, HIPAA or PCI, also as people write them (soc 2, iso 27001, pci dss); default all five
@enum regulation SOC2|ISO27001|GDPR|HIPAA|PCI';

SELECT dbinsight._builtin_tool('dbinsight.get_compliance_report(text)'::regprocedure, ARRAY['governance'], ARRAY[
	'GDPR report', 'are we SOC 2 compliant', 'show the HIPAA compliance report', 'PCI DSS status', 'which ISO 27001 controls fail',
	'compliance report for the auditor', 'which requirements could not be assessed']);
