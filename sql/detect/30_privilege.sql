/*
 * Rights: administrators made, rights given to oneself, credentials made.
 */
INSERT INTO dbinsight.detection_rules (id, title, family, severity, technique, "window", threshold, entity_type, query, remediation, controls, builtin) VALUES
('SEC-PRIV-001', 'Account administrator granted', 'privilege', 'high', 'T1098.003', '24 hours', 1, 'user', '_detect_account_admin',
 '{R-REMOVE-GROUP,R-NOTIFY}', '{"S2 CC6.3","I A.8.2","H 308(a)(4)(ii)(C)","P 7.2.2","P 10.2.1.2","P 10.2.1.5"}', true),
('SEC-PRIV-002', 'Workspace administrator granted', 'privilege', 'high', 'T1098.003', '24 hours', 1, 'user', '_detect_workspace_admin',
 '{R-REMOVE-GROUP}', '{"S2 CC6.3","I A.8.2","P 7.2.2","P 10.2.1.2"}', true),
('SEC-PRIV-004', 'Metastore admin or owner changed', 'privilege', 'high', 'T1098.003', '24 hours', 1, 'user', '_detect_metastore_admin',
 '{R-RESTORE-CONF}', '{"S2 CC6.3","I A.8.2","I A.5.15","P 7.2.2"}', true),
('SEC-PRIV-005', 'Self-granted privilege', 'privilege', 'high', 'T1098', '5 minutes', 1, 'user', '_detect_self_grant',
 '{R-REVOKE-GRANT}', '{"S2 CC6.3","S2 CC5.1","I A.5.3","I A.5.18","P 7.2.3"}', true),
('SEC-TOK-001', 'Long-lived personal access token', 'token', 'low', 'T1098.001', '72 hours', 3, 'user', '_detect_long_lived_token',
 '{R-REVOKE-TOKEN}', '{"S2 CC6.1","I A.5.17","P 8.6.3","P 8.3.9"}', true);

/* Administrators made, with whether of the account or of a workspace. */
CREATE FUNCTION dbinsight._admin_grants(since timestamptz, until timestamptz)
	RETURNS TABLE (event_id text, event_time timestamptz, actor text, target text, group_name text, workspace_id text, source_ip inet,
		action_name text, of_account boolean)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
	SELECT g.event_id, g.event_time, g.actor, g.target, g.group_name, g.workspace_id, g.source_ip, g.action_name, g.of_account
	FROM (
		SELECT f.event_id, f.event_time, f.user_email AS actor, lower(dbinsight._audit_principal(f.request_params)) AS target,
			dbinsight._audit_group(f.request_params) AS group_name, f.workspace_id, f.source_ip, f.action_name,
			f.action_name IN ('setAccountAdmin', 'changeAccountOwner')
				OR coalesce(f.audit_level = 'ACCOUNT_LEVEL', false) AS of_account,
			f.action_name IN ('setAccountAdmin', 'changeAccountOwner', 'setAdmin')
				OR (f.action_name IN ('addPrincipalToGroup', 'addPrincipalsToGroup') AND dbinsight._is_admin_group(dbinsight._audit_group(f.request_params))) AS is_grant
		FROM dbinsight.fact_audit_logs f
		WHERE f.event_time >= _admin_grants.since AND f.event_time < _admin_grants.until AND f.category IN ('admin', 'permission')
			AND f.service_name IN ('accounts', 'accountsManager') AND NOT f.is_failed AND NOT f.is_denied
		UNION ALL
		SELECT f.event_id, f.event_time, f.user_email, lower(dbinsight._audit_principal(f.request_params)), NULL, f.workspace_id, f.source_ip,
			f.action_name, false, coalesce(upper(f.request_params ->> 'permissions') LIKE '%ADMIN%', false)
		FROM dbinsight.fact_audit_logs f
		WHERE f.event_time >= _admin_grants.since AND f.event_time < _admin_grants.until AND f.action_name = 'updatePermissionAssignment'
			AND f.service_name = 'workspace' AND f.category IN ('admin', 'permission') AND NOT f.is_failed AND NOT f.is_denied
	) g
	WHERE g.is_grant AND g.target IS NOT NULL;
END;
COMMENT ON FUNCTION dbinsight._admin_grants(timestamptz, timestamptz) IS 'Who was made an administrator, by whom, of the account or of a workspace';

CREATE FUNCTION dbinsight._is_metastore_group(group_name text) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN coalesce(group_name ~* '(metastore|unity|catalog)', false);
COMMENT ON FUNCTION dbinsight._is_metastore_group(text) IS 'Whether a group''s name says that it is about a metastore';

CREATE FUNCTION dbinsight._detect_account_admin(since timestamptz, until timestamptz) RETURNS SETOF dbinsight._detection
	LANGUAGE sql STABLE BEGIN ATOMIC
	SELECT 'SEC-PRIV-001', dbinsight._rule_severity('SEC-PRIV-001', (coalesce(g.actor = g.target, false) OR EXISTS (
			SELECT FROM dbinsight._admin_grants(since - (SELECT dbinsight._rule_window('SEC-PRIV-001')), until) b
			WHERE b.of_account AND b.target = g.actor AND b.event_time < g.event_time
				AND b.event_time >= g.event_time - (SELECT dbinsight._rule_window('SEC-PRIV-001'))))::int),
		dbinsight._actor_type(g.target), g.target, g.workspace_id, g.event_time, g.event_time, 1::bigint, 1.0::float8,
		dbinsight._evidence(ARRAY[g.event_id], jsonb_build_object('actor', g.actor, 'action', g.action_name, 'group', g.group_name,
			'source_ip', host(g.source_ip), 'object', g.action_name || coalesce(' ' || g.group_name, '')))
	FROM dbinsight._admin_grants(since, until) g WHERE g.of_account AND NOT dbinsight._is_metastore_group(g.group_name);
END;
COMMENT ON FUNCTION dbinsight._detect_account_admin(timestamptz, timestamptz) IS
'SEC-PRIV-001: an account administrator is made; critical when by oneself or by one who became administrator within the window';

CREATE FUNCTION dbinsight._detect_workspace_admin(since timestamptz, until timestamptz) RETURNS SETOF dbinsight._detection
	LANGUAGE sql STABLE BEGIN ATOMIC
	SELECT 'SEC-PRIV-002', dbinsight._rule_severity('SEC-PRIV-002'), dbinsight._actor_type(g.target), g.target, g.workspace_id,
		g.event_time, g.event_time, 1::bigint, 1.0::float8,
		dbinsight._evidence(ARRAY[g.event_id], jsonb_build_object('actor', g.actor, 'action', g.action_name, 'group', g.group_name,
			'source_ip', host(g.source_ip), 'object', g.workspace_id || ' ' || g.action_name || coalesce(' ' || g.group_name, '')))
	FROM dbinsight._admin_grants(since, until) g LEFT JOIN dbinsight.dim_workspace w ON w.workspace_id = g.workspace_id
	-- The first day of a workspace is its set-up.
	WHERE NOT g.of_account AND NOT dbinsight._is_metastore_group(g.group_name) AND coalesce(g.event_time >= w.create_time + (SELECT dbinsight._rule_window('SEC-PRIV-002')) OR g.event_time < w.create_time, true);
END;
COMMENT ON FUNCTION dbinsight._detect_workspace_admin(timestamptz, timestamptz) IS 'SEC-PRIV-002: a workspace administrator is made';

CREATE FUNCTION dbinsight._detect_metastore_admin(since timestamptz, until timestamptz) RETURNS SETOF dbinsight._detection
	LANGUAGE sql STABLE BEGIN ATOMIC
	SELECT 'SEC-PRIV-004', dbinsight._rule_severity('SEC-PRIV-004'), dbinsight._actor_type(x.target), x.target, x.workspace_id,
		x.event_time, x.event_time, 1::bigint, 1.0::float8,
		dbinsight._evidence(ARRAY[x.event_id], jsonb_build_object('actor', x.actor, 'source_ip', host(x.source_ip), 'object', x.object))
	FROM (
		SELECT g.event_id, g.event_time, g.actor, g.target, g.workspace_id, g.source_ip, g.group_name AS object
		FROM dbinsight._admin_grants(since, until) g WHERE dbinsight._is_metastore_group(g.group_name)
		UNION ALL
		SELECT f.event_id, f.event_time, f.user_email, lower(f.request_params ->> 'owner'), f.workspace_id, f.source_ip,
			coalesce(f.request_params ->> 'metastoreId', f.request_params ->> 'metastore_id', f.request_params ->> 'id', 'metastore')
		FROM dbinsight.fact_audit_logs f
		WHERE f.event_time >= since AND f.event_time < until AND f.category = 'config' AND f.service_name = 'unityCatalog'
			AND f.action_name = 'updateMetastore' AND f.request_params ->> 'owner' IS NOT NULL AND NOT f.is_failed AND NOT f.is_denied
	) x;
END;
COMMENT ON FUNCTION dbinsight._detect_metastore_admin(timestamptz, timestamptz) IS
'SEC-PRIV-004: the owner of a metastore changes, or somebody joins a group that rules one';

CREATE FUNCTION dbinsight._detect_self_grant(since timestamptz, until timestamptz) RETURNS SETOF dbinsight._detection
	LANGUAGE sql STABLE BEGIN ATOMIC
	SELECT 'SEC-PRIV-005', dbinsight._rule_severity('SEC-PRIV-005'), dbinsight._actor_type(f.user_email), f.user_email, f.workspace_id,
		f.event_time, f.event_time, 1::bigint, 1.0::float8,
		dbinsight._evidence(ARRAY[f.event_id], jsonb_build_object('actor', f.user_email, 'action', f.action_name, 'added', to_jsonb(c.added),
			'source_ip', host(f.source_ip), 'object', coalesce(dbinsight._securable_name(f.request_params), f.action_name)))
	FROM dbinsight.fact_audit_logs f, LATERAL dbinsight._grants(f.request_params) c
	WHERE f.event_time >= since AND f.event_time < until AND f.category IN ('admin', 'permission')
		AND NOT f.is_failed AND NOT f.is_denied AND f.user_email IS NOT NULL AND lower(c.principal) = f.user_email
		AND NOT dbinsight._takes_away(f.action_name) AND (cardinality(c.added) > 0 OR cardinality(c.removed) = 0)
		-- Who makes an object gives themselves rights on it.
		AND NOT EXISTS (SELECT FROM dbinsight.fact_audit_logs m
			WHERE m.user_email = f.user_email AND m.event_time <= f.event_time AND m.event_time >= f.event_time - (SELECT dbinsight._rule_window('SEC-PRIV-005'))
				AND m.action_name LIKE 'create%' AND dbinsight._audit_target(m.request_params) = dbinsight._securable_name(f.request_params));
END;
COMMENT ON FUNCTION dbinsight._detect_self_grant(timestamptz, timestamptz) IS
'SEC-PRIV-005: somebody gave themselves a right, not on an object they made within the window';

CREATE FUNCTION dbinsight._detect_long_lived_token(since timestamptz, until timestamptz) RETURNS SETOF dbinsight._detection
	LANGUAGE sql STABLE BEGIN ATOMIC
	SELECT 'SEC-TOK-001', dbinsight._rule_severity('SEC-TOK-001', CASE
			WHEN dbinsight._token_is_long(f.event_time, f.request_params, 365) THEN 2
			WHEN dbinsight._token_is_long(f.event_time, f.request_params, 90) THEN 1 ELSE 0 END),
		dbinsight._actor_type(f.user_email), f.user_email, f.workspace_id, f.event_time, f.event_time, 1::bigint, 1.0::float8,
		dbinsight._evidence(ARRAY[f.event_id], jsonb_build_object('actor', f.user_email, 'source_ip', host(f.source_ip),
			'days', round(dbinsight._token_days(f.event_time, f.request_params)::numeric, 1),
			'object', coalesce(f.request_params ->> 'tokenId', f.request_params ->> 'tokenHash', f.event_id)))
	FROM dbinsight.fact_audit_logs f
	WHERE f.event_time >= since AND f.event_time < until AND f.category = 'token' AND f.action_name = 'generateDbToken'
		AND NOT f.is_failed AND NOT f.is_denied AND f.user_email IS NOT NULL
		AND dbinsight._token_is_long(f.event_time, f.request_params, (SELECT dbinsight._rule_threshold('SEC-TOK-001'))::float8);
END;
COMMENT ON FUNCTION dbinsight._detect_long_lived_token(timestamptz, timestamptz) IS
'SEC-TOK-001: a token that lives longer than the threshold in days; one step up beyond 90 days, two beyond 365 or without an expiry';
