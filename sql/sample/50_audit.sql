/*
 * Who did what.
 */

/*
 * What people and service principals do all day: two hundred slots each, more
 * for what is done more often. Labels are those the loader would give.
 */
CREATE FUNCTION dbinsight._sample_action()
	RETURNS TABLE (slot int, is_human boolean, service_name text, action_name text, params text, category text, base_severity text)
	LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 400
BEGIN ATOMIC
	SELECT (row_number() OVER (PARTITION BY a.is_human ORDER BY a.n, s) - 1)::int, a.is_human, a.service_name, a.action_name, a.params, l.category, l.base_severity
	FROM (VALUES
		(1, true, 30, 'accounts', 'tokenLogin', 'token', '{}'), (2, true, 8, 'accounts', 'oidcBrowserLogin', 'user', '{}'), (3, true, 42, 'unityCatalog', 'getTable', 'table', '{}'),
		(4, true, 26, 'unityCatalog', 'generateTemporaryTableCredential', 'credential', '{"operation": "READ"}'), (5, true, 30, 'databrickssql', 'commandSubmit', 'none', '{}'),
		(6, true, 24, 'notebook', 'runCommand', 'notebook', '{}'), (7, true, 4, 'jobs', 'runNow', 'job', '{}'), (8, true, 3, 'clusters', 'start', 'none', '{}'),
		(9, true, 4, 'notebook', 'createNotebook', 'notebook', '{}'), (10, true, 2, 'workspace', 'workspaceExport', 'source', '{"workspaceExportFormat": "SOURCE"}'),
		(11, true, 6, 'secrets', 'getSecret', 'secret', '{}'), (12, true, 10, 'dashboards', 'getDashboard', 'none', '{}'), (13, true, 2, 'jobs', 'update', 'job', '{}'),
		(14, true, 7, 'unityCatalog', 'getSchema', 'none', '{}'), (15, true, 1, 'databrickssql', 'downloadQueryResult', 'csv', '{"fileType": "csv"}'), (16, true, 1, 'accounts', 'logout', 'user', '{}'),
		(1, false, 70, 'accounts', 'tokenLogin', 'token', '{}'), (2, false, 40, 'unityCatalog', 'generateTemporaryTableCredential', 'credential', '{"operation": "READ"}'),
		(3, false, 20, 'unityCatalog', 'getTable', 'table', '{}'), (4, false, 28, 'secrets', 'getSecret', 'secret', '{}'), (5, false, 22, 'filesystem', 'filesGet', 'none', '{}'),
		(6, false, 12, 'jobs', 'submitRun', 'none', '{}'), (7, false, 8, 'unityCatalog', 'getSchema', 'none', '{}')) a(n, is_human, slots, service_name, action_name, params, label_params)
	CROSS JOIN LATERAL generate_series(1, a.slots) s
	LEFT JOIN LATERAL dbinsight._audit_label(a.service_name, a.action_name, a.label_params::jsonb) l ON true;
END;
COMMENT ON FUNCTION dbinsight._sample_action() IS 'What is done in the sample account, and how often';

CREATE FUNCTION dbinsight._sample_audit_daily(days int, seed int, scale numeric) RETURNS void
	LANGUAGE sql BEGIN ATOMIC
	INSERT INTO dbinsight.fact_audit_logs (event_id, event_time, event_date, account_id, workspace_id_raw, audit_level, version, request_id, service_name, action_name,
		request_params, status_code, error_message, source_ip_raw, user_agent, session_id, user_identity_email, category, base_severity)
	WITH tables AS (
		SELECT count(t.read_rank)::int AS readable FROM dbinsight._sample_table(_sample_audit_daily.seed, _sample_audit_daily.scale) t
	), event AS (
		SELECT p.n AS p, p.principal, p.is_human, p.workspace_id, p.address, p.home, x.n, dbinsight._pick(_sample_audit_daily.seed, 500, x.n, 200) AS slot,
			dbinsight._random(_sample_audit_daily.seed, 501, x.n) AS u, dbinsight._random(_sample_audit_daily.seed, 502, x.n) AS v,
			dbinsight._pick(_sample_audit_daily.seed, 503, x.n, tables.readable) AS rank, d.day,
			d.midnight + interval '1 millisecond' * dbinsight._pick(_sample_audit_daily.seed, 504, x.n, 3600000)
				+ interval '1 hour' * CASE WHEN NOT p.is_human THEN dbinsight._pick(_sample_audit_daily.seed, 505, x.n, 24)
					-- The four people of whom something is planted keep to working hours otherwise.
					WHEN p.n < 4 THEN greatest(7, least(18, dbinsight._sample_hour(dbinsight._random(_sample_audit_daily.seed, 505, x.n))))
					ELSE dbinsight._sample_hour(dbinsight._random(_sample_audit_daily.seed, 505, x.n)) END AS event_time
		FROM dbinsight._sample_principal(_sample_audit_daily.seed, _sample_audit_daily.scale) p
		CROSS JOIN dbinsight._sample_day(_sample_audit_daily.days, _sample_audit_daily.seed) d
		CROSS JOIN tables
		CROSS JOIN LATERAL generate_series(1, ((0.5 + dbinsight._random(_sample_audit_daily.seed, 506, p.n)) * CASE WHEN NOT p.is_human THEN 95 * d.machines
			WHEN p.n < 4 AND d.weekend THEN 0 ELSE 48 * d.people END)::int) k(k)
		CROSS JOIN LATERAL (SELECT (p.n + 1) * 100000000::bigint + (d.day - date '2000-01-01') * 10000::bigint + k.k AS n) x
		OFFSET 0 -- each is drawn once
	)
	SELECT dbinsight._time_uuid(_sample_audit_daily.seed, 510, e.n, e.event_time), e.event_time, e.day, 'sample', CASE WHEN a.service_name = 'accounts' THEN '0' ELSE e.workspace_id END,
		CASE WHEN a.service_name IN ('accounts', 'unityCatalog') THEN 'ACCOUNT_LEVEL' ELSE 'WORKSPACE_LEVEL' END, '2.0', dbinsight._random_hex(_sample_audit_daily.seed, 511, e.n, 16), a.service_name, a.action_name,
		CASE a.params WHEN 'token' THEN jsonb_build_object('user', e.principal, 'authenticationMethod', 'BEARER')
			WHEN 'user' THEN jsonb_build_object('user', e.principal)
			WHEN 'table' THEN jsonb_build_object('full_name_arg', t.full_name, 'workspace_id', e.workspace_id)
			WHEN 'credential' THEN jsonb_build_object('table_full_name', t.full_name, 'operation', 'READ', 'workspace_id', e.workspace_id)
			WHEN 'notebook' THEN jsonb_build_object('notebookId', (500000000000 + e.p * 7)::text)
			WHEN 'secret' THEN jsonb_build_object('scope', 'shared', 'key', 'key-' || e.rank % 9)
			WHEN 'source' THEN jsonb_build_object('workspaceExportFormat', 'SOURCE', 'notebookFullPath', '/Users/' || e.principal || '/analysis')
			WHEN 'csv' THEN jsonb_build_object('fileType', 'csv') WHEN 'job' THEN jsonb_build_object('jobId', (400000 + e.rank)::text) ELSE '{}' END,
		s.status_code, CASE s.status_code WHEN 401 THEN 'Invalid credentials.' WHEN 403 THEN 'PERMISSION_DENIED: User does not have the privilege.'
			WHEN 404 THEN 'RESOURCE_DOES_NOT_EXIST' WHEN 429 THEN 'REQUEST_LIMIT_EXCEEDED' WHEN 500 THEN 'INTERNAL_ERROR' END,
		CASE WHEN NOT e.is_human OR e.u < 0.8 THEN e.address WHEN e.u < 0.95 THEN '10.20.' || 100 + e.p % 60 || '.' || 1 + e.p % 250 ELSE e.home END,
		CASE WHEN NOT e.is_human THEN 'databricks-sdk-py/0.30.0 python/3.11.4' WHEN e.p % 3 = 0 THEN 'Mozilla/5.0 (Macintosh) Chrome/125.0' ELSE 'Mozilla/5.0 (Windows NT 10.0) Edg/124.0' END,
		dbinsight._random_hex(_sample_audit_daily.seed, 512, e.p * 10000::bigint + (e.day - date '2000-01-01'), 24), e.principal, a.category, a.base_severity
	FROM event e
	JOIN dbinsight._sample_action() a ON a.slot = e.slot AND a.is_human = e.is_human
	JOIN dbinsight._sample_table(_sample_audit_daily.seed, _sample_audit_daily.scale) t ON t.read_rank = e.rank
	CROSS JOIN dbinsight._sample_plan() w
	CROSS JOIN LATERAL (SELECT CASE WHEN e.v < 0.985 THEN 200 WHEN a.category = 'auth' THEN CASE WHEN e.v < 0.99 THEN 401 ELSE 200 END
		ELSE (ARRAY[403, 404, 404, 400, 429, 500])[1 + floor((e.v - 0.985) * 400)::int % 6] END AS status_code) s
	WHERE e.event_time < w.now
		-- Nothing blurs what happens to the accounts that are attacked.
		AND NOT (e.p BETWEEN 5 AND 13 AND e.event_time > w.attack - interval '10 minutes' AND e.event_time < w.attack + interval '90 minutes')
	ORDER BY e.event_time, e.n;
END;
COMMENT ON FUNCTION dbinsight._sample_audit_daily(int, int, numeric) IS 'Everyday audit events of the sample account';

/* Changes administrators make: a few a day. */
CREATE FUNCTION dbinsight._sample_audit_changes(days int, seed int, scale numeric) RETURNS void
	LANGUAGE sql BEGIN ATOMIC
	INSERT INTO dbinsight.fact_audit_logs (event_id, event_time, event_date, account_id, workspace_id_raw, audit_level, version, service_name, action_name,
		request_params, status_code, source_ip_raw, user_agent, session_id, user_identity_email, category, base_severity)
	SELECT dbinsight._random_uuid(_sample_audit_changes.seed, 520, c.n), c.event_time, c.event_time::date, 'sample', CASE WHEN c.service_name = 'accounts' THEN '0' ELSE c.workspace_id END,
		'WORKSPACE_LEVEL', '2.0', c.service_name, c.action_name, c.params, 200, c.address, 'Mozilla/5.0 (Macintosh) Chrome/125.0',
		dbinsight._random_hex(_sample_audit_changes.seed, 512, c.p * 10000::bigint + (c.day - date '2000-01-01'), 24), c.principal, l.category, l.base_severity
	FROM (
		SELECT x.n, p.n AS p, p.principal, p.workspace_id, p.address, d.day,
			d.midnight + interval '1 hour' * greatest(8, least(17, dbinsight._sample_hour(dbinsight._random(_sample_audit_changes.seed, 521, x.n)))) + interval '1 second' * dbinsight._pick(_sample_audit_changes.seed, 522, x.n, 3600) AS event_time,
			m.service_name, m.action_name,
			CASE m.params WHEN 'grant' THEN jsonb_build_object('securable_type', 'TABLE', 'securable_full_name', t.full_name, 'workspace_id', p.workspace_id,
					'changes', jsonb_build_array(jsonb_build_object('principal', o.principal, 'add', jsonb_build_array('SELECT'), 'remove', '[]'::jsonb))::text)
				WHEN 'token' THEN jsonb_build_object('tokenExpirationTime', ((extract(epoch FROM d.midnight)::bigint + 86400 * 30) * 1000)::text, 'tokenHash', dbinsight._random_hex(_sample_audit_changes.seed, 523, x.n, 16))
				WHEN 'group' THEN jsonb_build_object('targetUserName', o.principal, 'targetGroupName', 'analysts')
				WHEN 'job' THEN jsonb_build_object('resourceId', (400000 + x.n % 97)::text, 'targetUserId', o.principal, 'aclPermissionSet', '{CAN_VIEW}')
				WHEN 'notebook' THEN jsonb_build_object('path', '/Users/' || p.principal || '/scratch-' || x.n % 50)
				WHEN 'secret' THEN jsonb_build_object('scope', 'team-' || p.team, 'key', 'key-' || x.n % 9)
				WHEN 'table' THEN jsonb_build_object('full_name_arg', 'analytics.sandbox.tmp_' || dbinsight._random_hex(_sample_audit_changes.seed, 524, x.n, 6), 'workspace_id', p.workspace_id)
				ELSE '{}' END AS params
		FROM dbinsight._sample_day(_sample_audit_changes.days, _sample_audit_changes.seed) d
		CROSS JOIN LATERAL generate_series(1, (7 * _sample_audit_changes.scale * d.people)::int) k(k)
		CROSS JOIN LATERAL (SELECT 9000000000000 + (d.day - date '2000-01-01') * 10000::bigint + k.k AS n) x
		JOIN (VALUES (0, 'unityCatalog', 'updatePermissions', 'grant'), (1, 'accounts', 'generateDbToken', 'token'), (2, 'jobs', 'changeJobAcl', 'job'), (3, 'notebook', 'deleteNotebook', 'notebook'),
			(4, 'accounts', 'addPrincipalToGroup', 'group'), (5, 'secrets', 'putSecret', 'secret'), (6, 'unityCatalog', 'deleteTable', 'table'), (7, 'unityCatalog', 'updatePermissions', 'grant'))
			m(n, service_name, action_name, params) ON m.n = dbinsight._pick(_sample_audit_changes.seed, 525, x.n, 8)
		JOIN dbinsight._sample_principal(_sample_audit_changes.seed, _sample_audit_changes.scale) p ON p.n = (ARRAY[5, 6, 7, 8, 10, 11])[1 + dbinsight._pick(_sample_audit_changes.seed, 526, x.n, 6)]
		JOIN dbinsight._sample_principal(_sample_audit_changes.seed, _sample_audit_changes.scale) o ON o.n = 12 + dbinsight._pick(_sample_audit_changes.seed, 527, x.n, 3)
		JOIN dbinsight._sample_table(_sample_audit_changes.seed, _sample_audit_changes.scale) t ON t.read_rank = dbinsight._pick(_sample_audit_changes.seed, 528, x.n, 60)
		WHERE NOT d.weekend
	) c
	LEFT JOIN LATERAL dbinsight._audit_label(c.service_name, c.action_name, c.params) l ON true
	WHERE c.event_time < dbinsight.now()
	ORDER BY c.event_time, c.n;
END;
COMMENT ON FUNCTION dbinsight._sample_audit_changes(int, int, numeric) IS 'Changes of rights, tokens, groups in the sample account';

/* Planted: see sample_truth. Each line is a kind of event, how often, from when, how far apart. */
CREATE FUNCTION dbinsight._sample_audit_planted(days int, seed int, scale numeric) RETURNS void
	LANGUAGE sql BEGIN ATOMIC
	INSERT INTO dbinsight.fact_audit_logs (event_id, event_time, event_date, account_id, workspace_id_raw, audit_level, version, service_name, action_name,
		request_params, status_code, error_message, source_ip_raw, user_agent, session_id, user_identity_email, category, base_severity)
	SELECT dbinsight._random_uuid(_sample_audit_planted.seed, 530, c.kind * 1000 + c.i), c.event_time, c.event_time::date, 'sample', CASE WHEN c.service_name = 'accounts' THEN '0' ELSE c.workspace_id END,
		CASE WHEN c.service_name = 'accounts' THEN 'ACCOUNT_LEVEL' ELSE 'WORKSPACE_LEVEL' END, '2.0', c.service_name, c.action_name, c.params, c.status_code,
		CASE c.status_code WHEN 401 THEN 'Invalid credentials.' END, c.address, 'Mozilla/5.0 (X11; Linux x86_64) Firefox/121.0', dbinsight._random_hex(_sample_audit_planted.seed, 531, c.kind, 24),
		c.principal, l.category, l.base_severity
	FROM (
		-- 1: one address tries eight accounts, eight times each in forty minutes; 2: and gets into the last of them.
		SELECT 1 AS kind, i AS i, a.principal, a.workspace_id, '45.134.26.77' AS address, p.attack + interval '37.5 seconds' * i AS event_time, 'accounts' AS service_name, 'login' AS action_name,
			jsonb_build_object('user', a.principal) AS params, 401 AS status_code
		FROM dbinsight._sample_plan() p CROSS JOIN generate_series(0, 63) i
		JOIN dbinsight._sample_principal(_sample_audit_planted.seed, _sample_audit_planted.scale) a ON a.n = (ARRAY[5, 6, 7, 8, 10, 11, 12, 13])[1 + i % 8]
		UNION ALL
		SELECT 2, 0, a.principal, a.workspace_id, '45.134.26.77', p.attack + interval '45 minutes', 'accounts', 'login', jsonb_build_object('user', a.principal), 200
		FROM dbinsight._sample_plan() p JOIN dbinsight._sample_principal(_sample_audit_planted.seed, _sample_audit_planted.scale) a ON a.n = 13
		UNION ALL
		-- 3: nina.kowalski reads sensitive tables at night, three nights, forty times each.
		SELECT 3, i, a.principal, a.workspace_id, a.home, p.today - interval '1 day' * (ARRAY[2, 3, 5])[1 + i / 40] + interval '1 hour' + interval '150 seconds' * (i % 40),
			'unityCatalog', 'generateTemporaryTableCredential', jsonb_build_object('table_full_name', t.full_name, 'operation', 'READ', 'workspace_id', a.workspace_id), 200
		FROM dbinsight._sample_plan() p CROSS JOIN generate_series(0, 119) i
		JOIN dbinsight._sample_principal(_sample_audit_planted.seed, _sample_audit_planted.scale) a ON a.n = 3
		JOIN dbinsight._sample_table(_sample_audit_planted.seed, _sample_audit_planted.scale) t ON t.sensitive_rank = i % 3
		UNION ALL
		-- 4: dana.wright downloads sixty results from an address nobody used before, yesterday afternoon.
		SELECT 4, i, a.principal, a.workspace_id, '185.243.115.84', p.yesterday + interval '14 hours' + interval '55 seconds' * i, 'databrickssql', 'downloadQueryResult',
			jsonb_build_object('fileType', 'csv', 'queryId', dbinsight._random_uuid(_sample_audit_planted.seed, 532, i)), 200
		FROM dbinsight._sample_plan() p CROSS JOIN generate_series(0, 59) i
		JOIN dbinsight._sample_principal(_sample_audit_planted.seed, _sample_audit_planted.scale) a ON a.n = 1
		UNION ALL
		-- 5: and before that reads twelve sensitive tables.
		SELECT 5, i, a.principal, a.workspace_id, '185.243.115.84', p.yesterday + interval '13 hours 20 minutes' + interval '3 minutes' * i, 'unityCatalog', 'generateTemporaryTableCredential',
			jsonb_build_object('table_full_name', t.full_name, 'operation', 'READ', 'workspace_id', a.workspace_id), 200
		FROM dbinsight._sample_plan() p CROSS JOIN generate_series(0, 11) i
		JOIN dbinsight._sample_principal(_sample_audit_planted.seed, _sample_audit_planted.scale) a ON a.n = 1
		JOIN dbinsight._sample_table(_sample_audit_planted.seed, _sample_audit_planted.scale) t ON t.sensitive_rank = i
		UNION ALL
		-- 6: tom.becker grants himself a sensitive table.
		SELECT 6, 0, a.principal, a.workspace_id, a.address, p.today - interval '3 days' + interval '16 hours 12 minutes', 'unityCatalog', 'updatePermissions',
			jsonb_build_object('securable_type', 'TABLE', 'securable_full_name', 'main.gold.customer_pii', 'workspace_id', a.workspace_id,
				'changes', jsonb_build_array(jsonb_build_object('principal', a.principal, 'add', '["SELECT", "MODIFY"]'::jsonb, 'remove', '[]'::jsonb))::text), 200
		FROM dbinsight._sample_plan() p JOIN dbinsight._sample_principal(_sample_audit_planted.seed, _sample_audit_planted.scale) a ON a.n = 2
		UNION ALL
		-- 7: a token for a year; 8: a new account administrator.
		SELECT 7, 0, a.principal, a.workspace_id, a.address, p.today - interval '6 days' + interval '10 hours 5 minutes', 'accounts', 'generateDbToken',
			jsonb_build_object('tokenExpirationTime', ((extract(epoch FROM p.today - interval '6 days' + interval '10 hours 5 minutes')::bigint + 365 * 86400) * 1000)::text, 'tokenHash', dbinsight._random_hex(_sample_audit_planted.seed, 533, 0, 16)), 200
		FROM dbinsight._sample_plan() p JOIN dbinsight._sample_principal(_sample_audit_planted.seed, _sample_audit_planted.scale) a ON a.n = 8
		UNION ALL
		SELECT 8, 0, a.principal, a.workspace_id, a.address, p.today - interval '5 days' + interval '11 hours 30 minutes', 'accounts', 'setAccountAdmin', '{"targetUserName": "tom.becker@company.com"}', 200
		FROM dbinsight._sample_plan() p JOIN dbinsight._sample_principal(_sample_audit_planted.seed, _sample_audit_planted.scale) a ON a.n = 10
		UNION ALL
		-- 9: omar.haddad deletes forty notebooks within twenty minutes, the day before yesterday.
		SELECT 9, i, a.principal, a.workspace_id, a.address, p.yesterday - interval '1 day' + interval '15 hours' + interval '30 seconds' * i, 'notebook', 'deleteNotebook',
			jsonb_build_object('path', '/Shared/reports/report-' || i), 200
		FROM dbinsight._sample_plan() p CROSS JOIN generate_series(0, 39) i
		JOIN dbinsight._sample_principal(_sample_audit_planted.seed, _sample_audit_planted.scale) a ON a.n = 8
	) c
	LEFT JOIN LATERAL dbinsight._audit_label(c.service_name, c.action_name, c.params) l ON true
	ORDER BY c.event_time, c.kind, c.i;
END;
COMMENT ON FUNCTION dbinsight._sample_audit_planted(int, int, numeric) IS 'Planted audit events of the sample account';

CREATE FUNCTION dbinsight._sample_audit(days int, seed int, scale numeric) RETURNS void
	LANGUAGE sql BEGIN ATOMIC
	SELECT dbinsight._sample_audit_daily(_sample_audit.days, _sample_audit.seed, _sample_audit.scale);
	SELECT dbinsight._sample_audit_changes(_sample_audit.days, _sample_audit.seed, _sample_audit.scale);
	SELECT dbinsight._sample_audit_planted(_sample_audit.days, _sample_audit.seed, _sample_audit.scale);
END;
COMMENT ON FUNCTION dbinsight._sample_audit(int, int, numeric) IS 'Audit events of the sample account';
