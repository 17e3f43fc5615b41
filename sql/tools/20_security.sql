/*
 * Security tools: who did what.
 */
CREATE FUNCTION dbinsight.get_security_events(start_date date DEFAULT NULL, end_date date DEFAULT NULL, severity text DEFAULT NULL)
	RETURNS TABLE (event_time timestamptz, event_id text, severity text, category text, workspace_id text, user_email text,
		user_type text, service_name text, action_name text, target text, status_code int, is_failed boolean, source_ip inet,
		error_message text)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
	SELECT e.event_time, e.event_id, e.severity, e.category, dbinsight._workspace(e.workspace_id), e.user_email, e.user_type,
		e.service_name, e.action_name, dbinsight._audit_target(e.request_params), e.status_code, e.is_failed, e.source_ip, e.error_message
	FROM (
		SELECT f.*, dbinsight._audit_severity(f.category, f.base_severity, f.is_denied, f.is_failed, f.user_type, f.event_time) AS severity
		FROM dbinsight.fact_audit_logs f
		WHERE f.event_time >= dbinsight._start_date(get_security_events.start_date,
				coalesce(get_security_events.end_date, greatest(dbinsight.today(), get_security_events.start_date)), 7)::timestamp AT TIME ZONE 'UTC'
			AND f.event_time < (dbinsight._end_date(get_security_events.start_date,
				coalesce(get_security_events.end_date, greatest(dbinsight.today(), get_security_events.start_date))) + 1)::timestamp AT TIME ZONE 'UTC'
			AND f.event_time < CASE WHEN get_security_events.end_date IS NULL THEN dbinsight.now() ELSE 'infinity' END
			-- What can be low or worse; info is everything. The same words as the index's.
			AND (coalesce(dbinsight._severity_arg(get_security_events.severity), 4) = 5
				OR f.is_denied OR f.base_severity IN ('medium', 'high', 'critical')
				OR (f.base_severity = 'low' AND (f.is_failed OR f.category <> 'auth')))
	) e
	WHERE dbinsight.severity_rank(e.severity) <= coalesce(dbinsight._severity_arg(get_security_events.severity), 4)
	ORDER BY dbinsight.severity_rank(e.severity), e.event_time DESC, e.event_id;
END;
COMMENT ON FUNCTION dbinsight.get_security_events(date, date, text) IS
'Which security-relevant audit events happened in a range of days, worst first: changes of rights, denials, tokens, secrets, configuration, destruction.
not for: refused sign-ins grouped by account and address (get_failed_auth_attempts), changes of permissions with what was added and removed (get_permission_changes).
Severity is the label of the action, one rank higher when denied, or when a person does something high outside business hours. Successful sign-ins and unlabelled actions are info, listed only with severity info.
@param start_date date, UTC, inclusive; default the last seven days and today
@param end_date date, UTC, inclusive; default today
@param severity text, minimum severity; default low
@enum severity critical|high|medium|low|info';

CREATE FUNCTION dbinsight.get_failed_auth_attempts(hours int DEFAULT 24)
	RETURNS TABLE (user_email text, source_ip inet, ip_class text, attempts bigint, methods text[], first_attempt timestamptz,
		last_attempt timestamptz, max_per_10min bigint, distinct_users_from_ip bigint, succeeded_after boolean, pattern text, severity text)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
	WITH failed AS (
		-- The sliding ten minutes are (t - 10 min, t]: an event exactly ten minutes old is out.
		SELECT f.user_email, f.source_ip, f.action_name, f.event_time, f.category,
			count(*) OVER (PARTITION BY f.user_email, f.source_ip ORDER BY f.event_time
				RANGE BETWEEN interval '10 minutes' - interval '1 microsecond' PRECEDING AND CURRENT ROW) AS in_10min
		FROM dbinsight.fact_audit_logs f
		WHERE f.event_time >= dbinsight._since_hours(get_failed_auth_attempts.hours) AND f.event_time < dbinsight.now()
			AND ((f.is_auth AND f.is_denied) OR f.category = 'auth_denied')
	), pair AS (
		SELECT failed.user_email, failed.source_ip, count(*) AS attempts, array_agg(DISTINCT failed.action_name) AS methods,
			min(failed.event_time) AS first_attempt, max(failed.event_time) AS last_attempt, max(failed.in_10min) AS max_per_10min,
			bool_and(failed.category = 'auth_denied') AS only_blocked
		FROM failed GROUP BY failed.user_email, failed.source_ip
	), entered AS (
		-- The bounds that do not depend on the pair are for a log that stays on the warehouse: one statement reads it.
		SELECT DISTINCT p.user_email, p.last_attempt FROM pair p
		JOIN dbinsight.fact_audit_logs s ON s.user_email = p.user_email AND s.event_time > p.last_attempt
			AND s.event_time <= p.last_attempt + interval '30 minutes'
		WHERE s.event_time > (SELECT min(p.last_attempt) FROM pair p)
			AND s.event_time <= (SELECT max(p.last_attempt) FROM pair p) + interval '30 minutes' AND s.event_time < dbinsight.now()
			AND s.is_auth AND NOT s.is_failed AND NOT s.is_denied AND s.action_name <> 'logout'
	), judged AS (
		SELECT pair.*, a.distinct_users_from_ip, e.user_email IS NOT NULL AS succeeded_after
		FROM pair LEFT JOIN (
			SELECT pair.source_ip, count(pair.user_email) AS distinct_users_from_ip FROM pair GROUP BY pair.source_ip
		) a ON a.source_ip = pair.source_ip
		LEFT JOIN entered e ON e.user_email = pair.user_email AND e.last_attempt = pair.last_attempt
	), named AS (
		SELECT judged.*, CASE WHEN judged.distinct_users_from_ip >= 5 THEN 'PASSWORD_SPRAY' WHEN judged.max_per_10min >= 5 THEN 'BRUTE_FORCE'
			WHEN judged.only_blocked THEN 'IP_BLOCKED' ELSE 'SPORADIC' END AS pattern
		FROM judged
	), rated AS (
		SELECT named.*, CASE WHEN named.pattern IN ('PASSWORD_SPRAY', 'BRUTE_FORCE') THEN CASE WHEN named.succeeded_after THEN 'critical' ELSE 'high' END
			WHEN named.attempts >= 3 THEN 'medium' ELSE 'low' END AS severity
		FROM named
	)
	SELECT r.user_email, r.source_ip, dbinsight.ip_class(r.source_ip), r.attempts, r.methods, r.first_attempt, r.last_attempt,
		r.max_per_10min, r.distinct_users_from_ip, r.succeeded_after, r.pattern, r.severity
	FROM rated r
	ORDER BY dbinsight.severity_rank(r.severity), r.attempts DESC, r.user_email, r.source_ip;
END;
COMMENT ON FUNCTION dbinsight.get_failed_auth_attempts(int) IS
'Who failed to sign in, from which address, how often, and whether it looks like guessing or spraying.
not for: refused requests after signing in (get_security_events), egress refused by a network policy (get_denied_egress).
One row an account and address. An address that the feed does not give is NULL and never counts as a spray. succeeded_after: the account signed in within 30 minutes after its last refusal.
@param hours int, 1 to 9600, default 24';

CREATE FUNCTION dbinsight.get_permission_changes(days int DEFAULT 7)
	RETURNS TABLE (event_time timestamptz, event_id text, actor text, actor_type text, workspace_id text, action_name text,
		securable_type text, securable_name text, principal text, added text[], removed text[], is_admin_grant boolean,
		is_self_grant boolean, is_failed boolean, source_ip inet)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 500
BEGIN ATOMIC
	SELECT f.event_time, f.event_id, f.user_email, f.user_type, dbinsight._workspace(f.workspace_id), f.action_name,
		dbinsight._securable_type(f.request_params), dbinsight._securable_name(f.request_params), c.principal, c.added, c.removed,
		(f.category = 'admin' AND NOT dbinsight._takes_away(f.action_name))
			OR c.added && ARRAY['ALL PRIVILEGES', 'MANAGE', 'OWNER', 'OWNERSHIP'],
		coalesce(lower(c.principal) = f.user_email, false), f.is_failed, f.source_ip
	FROM dbinsight.fact_audit_logs f, LATERAL dbinsight._grants(f.request_params) c
	WHERE f.category IN ('permission', 'admin')
		AND f.event_time >= dbinsight._since_days(get_permission_changes.days) AND f.event_time < dbinsight.now()
	ORDER BY f.event_time DESC, f.event_id, c.principal;
END;
COMMENT ON FUNCTION dbinsight.get_permission_changes(int) IS
'Who gave or took which rights, to or from whom, on what, in the last days: grants, revocations, group membership, administrators, access lists.
not for: rights as they stand now (get_compliance_violations for those that break a rule), all kinds of events (get_security_events).
updatePermissions gives one row a principal with what it gained and lost. In a change of membership the member is the principal and the group the securable. is_admin_grant: an administrator was made, or ALL PRIVILEGES, MANAGE or ownership was given. Failed attempts are listed with is_failed.
@param days int, 1 to 400, default 7';

/* Reads of sensitive tables, one a user, table, minute and path. */
CREATE FUNCTION dbinsight._sensitive_reads(since timestamptz, until timestamptz)
	RETURNS TABLE (access_time timestamptz, minute timestamptz, user_email text, user_type text, table_full_name text, class_tags text[],
		access_path text, entity_type text, entity_id text, workspace_id text, statement_id text, source_ip inet, event_id text)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
	WITH sensitive AS MATERIALIZED (
		SELECT s.table_full_name, s.class_tags FROM dbinsight.sensitive_objects s
	)
	SELECT l.event_time, l.minute, l.user_email, dbinsight.user_type(l.user_email), l.table_full_name, l.class_tags, 'lineage',
		l.entity_type, l.entity_id, l.workspace_id, l.statement_id, NULL::inet, l.event_id
	FROM (
		SELECT DISTINCT ON (e.source_table_full_name, lower(e.created_by), date_bin('1 minute', e.event_time, 'epoch'))
			e.event_time, date_bin('1 minute', e.event_time, 'epoch') AS minute, lower(e.created_by) AS user_email,
			e.source_table_full_name AS table_full_name, s.class_tags, e.entity_type, e.entity_id, e.workspace_id, e.statement_id,
			coalesce(e.event_id, e.record_id) AS event_id
		-- Sensitive tables are few, and what is read is mostly something else: their names are looked up, in one statement of a
		-- warehouse too. OFFSET: not again for each of them.
		FROM (
			SELECT l.* FROM dbinsight.fact_table_lineage l
			WHERE l.source_table_full_name = ANY (ARRAY(SELECT x.table_full_name FROM sensitive x)) AND l.event_time >= _sensitive_reads.since
				AND l.event_time < _sensitive_reads.until AND l.direct_access IS NOT FALSE OFFSET 0
		) e JOIN sensitive s ON s.table_full_name = e.source_table_full_name
		ORDER BY e.source_table_full_name, lower(e.created_by), date_bin('1 minute', e.event_time, 'epoch'), e.event_time, e.record_id
	) l
	UNION ALL
	SELECT r.first_time, r.minute, r.user_email, dbinsight.user_type(r.user_email), r.table_full_name, s.class_tags, 'audit',
		NULL, NULL, r.workspace_id, NULL, r.source_ip, r.event_id
	FROM dbinsight.rollup_audit_read r JOIN sensitive s ON s.table_full_name = r.table_full_name
	-- Only of the minutes the window cuts the time itself is asked, so that the estimate is not that of four bounds.
	WHERE r.minute >= date_bin('1 minute', _sensitive_reads.since, 'epoch') AND r.minute < _sensitive_reads.until
		AND (r.minute >= _sensitive_reads.since OR r.first_time >= _sensitive_reads.since)
		AND (r.minute < date_bin('1 minute', _sensitive_reads.until, 'epoch') OR r.first_time < _sensitive_reads.until);
END;
COMMENT ON FUNCTION dbinsight._sensitive_reads(timestamptz, timestamptz) IS
'Reads of sensitive tables in [since, until) by lineage and by the audit log, one row a user, table, minute and path';

/* A set, not a boolean: EXISTS over it becomes part of the caller's plan. */
CREATE FUNCTION dbinsight._reads_of(user_email text, table_full_name text, since timestamptz, until timestamptz)
	RETURNS TABLE (first_time timestamptz)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
	SELECT a.first_direct FROM dbinsight.rollup_access_daily a
	WHERE a.user_email = _reads_of.user_email AND a.table_full_name = _reads_of.table_full_name AND a.access = 'READ'
		AND a.access_date BETWEEN (_reads_of.since AT TIME ZONE 'UTC')::date AND (_reads_of.until AT TIME ZONE 'UTC')::date
		AND a.last_direct >= _reads_of.since AND a.first_direct < _reads_of.until
	UNION ALL
	SELECT r.first_time FROM dbinsight.rollup_audit_read r
	WHERE r.user_email = _reads_of.user_email AND r.table_full_name = _reads_of.table_full_name
		AND r.minute >= date_bin('1 minute', _reads_of.since, 'epoch') AND r.minute < _reads_of.until
		AND r.first_time >= _reads_of.since AND r.first_time < _reads_of.until;
END;
COMMENT ON FUNCTION dbinsight._reads_of(text, text, timestamptz, timestamptz) IS
'Days and minutes in [since, until) in which an identity read a table itself, by lineage or by the audit log';

CREATE FUNCTION dbinsight.get_pii_access_logs("user" text DEFAULT NULL, days int DEFAULT 7)
	RETURNS TABLE (access_time timestamptz, user_email text, user_type text, table_full_name text, class_tags text[], access_path text,
		entity_type text, entity_id text, workspace_id text, statement_id text, source_ip inet, is_off_hours boolean, is_first_access boolean)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
	-- Compared with the start of the minute: the credential a read asks for
	-- comes seconds before its lineage and is not an earlier read.
	SELECT r.access_time, r.user_email, r.user_type, r.table_full_name, r.class_tags, r.access_path, r.entity_type, r.entity_id,
		dbinsight._workspace(r.workspace_id), r.statement_id, r.source_ip, dbinsight.is_off_hours(r.access_time),
		CASE WHEN r.user_email IS NOT NULL
			THEN NOT EXISTS (SELECT FROM dbinsight._reads_of(r.user_email, r.table_full_name, r.access_time - interval '90 days', r.minute)) END
	FROM dbinsight._sensitive_reads(dbinsight._since_days(get_pii_access_logs.days), dbinsight.now()) r
	WHERE dbinsight._matches(get_pii_access_logs."user", r.user_email, r.user_email)
	ORDER BY r.access_time DESC, r.user_email, r.table_full_name, r.access_path;
END;
COMMENT ON FUNCTION dbinsight.get_pii_access_logs(text, int) IS
'Who read which sensitive table (personal data: listed, classified, tagged, or named so) and when, by lineage and by the audit log.
not for: who may read a table (get_compliance_violations for broad or stale grants).
One row a user, table, minute and path. is_first_access: that user had not read that table in the 90 days before. Reads through a view do not count as reads of its base table.
@param user text, an e-mail or application id, or a pattern with %; default everybody
@param days int, 1 to 400, default 7';

CREATE FUNCTION dbinsight._wants(type text, violation_type text) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN type IS NULL OR upper(type) = violation_type;
COMMENT ON FUNCTION dbinsight._wants(text, text) IS 'Whether a type argument asks for this type; NULL asks for all';

/*
 * What breaks a rule as things stand, and what broke one and happened since a
 * time. In no order: who only counts is spared the columns it does not read.
 */
CREATE FUNCTION dbinsight._violations(type text, since timestamptz)
	RETURNS TABLE (violation_type text, severity text, object_type text, object_name text, principal text, detail text,
		first_seen timestamptz, last_seen timestamptz, regulations text[], evidence_id text)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 200
BEGIN ATOMIC
	WITH sensitive AS (
		SELECT s.table_full_name, s.class_tags FROM dbinsight.sensitive_objects s
	), grants AS (
		SELECT g.object_full_name, g.grantee, upper(replace(g.privilege_type, '_', ' ')) AS privilege, g.snapshot_date
		FROM dbinsight.current_grant g JOIN sensitive s ON s.table_full_name = g.object_full_name
		WHERE g.object_type = 'TABLE'
	), v AS (
		SELECT 'PUBLIC_GRANT_ON_SENSITIVE' AS violation_type, 'critical' AS severity, 'TABLE' AS object_type, g.object_full_name AS object_name,
			g.grantee AS principal, string_agg(DISTINCT g.privilege, ', ') || ' granted to everybody' AS detail,
			(SELECT min(h.snapshot_date) FROM dbinsight.dim_grant h WHERE h.object_full_name = g.object_full_name AND h.grantee = g.grantee
				AND upper(replace(h.privilege_type, '_', ' ')) IN ('SELECT', 'MODIFY', 'ALL PRIVILEGES'))::timestamp AT TIME ZONE 'UTC' AS first_seen,
			max(g.snapshot_date)::timestamp AT TIME ZONE 'UTC' AS last_seen, '{GDPR,HIPAA,SOC2,PCI}'::text[] AS regulations,
			g.object_full_name || ' to ' || g.grantee AS evidence_id
		FROM grants g
		WHERE dbinsight._wants(_violations.type, 'PUBLIC_GRANT_ON_SENSITIVE')
			AND lower(g.grantee) IN ('account users', 'users') AND g.privilege IN ('SELECT', 'MODIFY', 'ALL PRIVILEGES')
		GROUP BY g.object_full_name, g.grantee
		UNION ALL
		SELECT 'UNMASKED_SENSITIVE_COLUMN', 'high', 'COLUMN', c.table_full_name || '.' || c.column_name, NULL,
			'classified ' || string_agg(DISTINCT c.class_tag, ', ') || ', without a mask or a row filter',
			min(c.first_detected_time), max(c.latest_detected_time), '{GDPR,HIPAA,PCI}', c.table_full_name || '.' || c.column_name
		FROM dbinsight.fact_data_classification c JOIN dbinsight.current_table t ON t.table_full_name = c.table_full_name
		WHERE dbinsight._wants(_violations.type, 'UNMASKED_SENSITIVE_COLUMN')
			AND NOT EXISTS (SELECT FROM dbinsight.current_column_mask m WHERE m.table_full_name = c.table_full_name AND m.column_name = c.column_name)
			AND NOT EXISTS (SELECT FROM dbinsight.current_row_filter r WHERE r.table_full_name = c.table_full_name)
		GROUP BY c.table_full_name, c.column_name
		UNION ALL
		SELECT 'SENSITIVE_TABLE_WITHOUT_OWNER', 'medium', 'TABLE', t.table_full_name, NULL,
			'nobody owns it; sensitive: ' || coalesce(nullif(array_to_string(s.class_tags, ', '), ''), 'by name'),
			t.created, t.snapshot_date::timestamp AT TIME ZONE 'UTC', '{SOC2}', t.table_full_name
		FROM dbinsight.current_table t JOIN sensitive s ON s.table_full_name = t.table_full_name
		WHERE dbinsight._wants(_violations.type, 'SENSITIVE_TABLE_WITHOUT_OWNER') AND nullif(t.table_owner, '') IS NULL
		UNION ALL
		SELECT e.violation_type, e.severity, e.object_type, e.object_name, e.principal, e.detail, a.event_time, a.event_time, e.regulations, a.event_id
		FROM dbinsight.fact_audit_logs a, LATERAL (
			SELECT 'LONG_LIVED_TOKEN' AS violation_type, 'high' AS severity, 'TOKEN' AS object_type,
				coalesce(a.request_params ->> 'tokenId', a.request_params ->> 'tokenHash', a.user_email) AS object_name, a.user_email AS principal,
				coalesce('expires after ' || round(dbinsight._token_days(a.event_time, a.request_params)::numeric, 1) || ' days', 'never expires') AS detail,
				'{SOC2,PCI}'::text[] AS regulations, 90 AS days
			WHERE a.action_name = 'generateDbToken' AND dbinsight._token_is_long(a.event_time, a.request_params, 90)
			UNION ALL
			SELECT 'ADMIN_GRANT', 'high', 'ADMIN_ROLE',
				coalesce(dbinsight._securable_name(a.request_params), CASE a.action_name WHEN 'setAccountAdmin' THEN 'account admin'
					WHEN 'changeAccountOwner' THEN 'account owner' ELSE 'admin' END),
				dbinsight._audit_principal(a.request_params), a.action_name || ' by ' || coalesce(a.user_email, 'an unknown identity'), '{SOC2}', 30
			WHERE a.category = 'admin' AND NOT dbinsight._takes_away(a.action_name)
			UNION ALL
			SELECT 'IP_ACL_WEAKENED', 'critical', 'IP_ACCESS_LIST',
				coalesce(a.request_params ->> 'ipAccessListId', dbinsight._workspace(a.workspace_id)), a.user_email,
				CASE a.action_name WHEN 'deleteIpAccessList' THEN 'an IP access list was deleted' ELSE 'IP access lists were switched off' END, '{SOC2,PCI}', 30
			WHERE a.action_name = 'deleteIpAccessList'
				OR (a.action_name = 'workspaceConfEdit' AND dbinsight._conf_value(a.request_params, 'enableIpAccessLists') = 'false')
			UNION ALL
			SELECT 'AUDIT_WEAKENED', 'critical', 'WORKSPACE', dbinsight._workspace(a.workspace_id), a.user_email,
				'verbose audit logs were switched off', '{SOC2,HIPAA}', 90
			WHERE a.action_name = 'workspaceConfEdit' AND dbinsight._conf_value(a.request_params, 'enableVerboseAuditLogs') = 'false'
			UNION ALL
			SELECT 'SUPPORT_ACCESS', 'medium', 'WORKSPACE', dbinsight._workspace(a.workspace_id),
				coalesce(a.request_params ->> 'user', a.user_email),
				'vendor support entered' || coalesce(': ' || (a.request_params ->> 'reason'), ''), '{SOC2,HIPAA}', 30
			WHERE a.action_name = 'databricksAccess'
		) e
		WHERE a.category IN ('token', 'admin', 'network_policy', 'config', 'support_access')
			AND a.event_time >= greatest(dbinsight._first_day(90)::timestamp AT TIME ZONE 'UTC', _violations.since)
			AND a.event_time < dbinsight.today()::timestamp AT TIME ZONE 'UTC'
			AND a.event_time >= (dbinsight.today() - e.days)::timestamp AT TIME ZONE 'UTC'
			AND NOT a.is_failed AND NOT a.is_denied
			AND (_violations.type IS NULL OR upper(_violations.type) IN
				('LONG_LIVED_TOKEN', 'ADMIN_GRANT', 'IP_ACL_WEAKENED', 'AUDIT_WEAKENED', 'SUPPORT_ACCESS'))
		UNION ALL
		SELECT 'LEGACY_ACCESS_MODE', 'high', 'CLUSTER', coalesce(c.cluster_name, c.cluster_id), c.owned_by,
			'access mode ' || coalesce(c.data_security_mode, 'not set') || ' in workspace ' || c.workspace_id,
			u.first_hour, u.last_hour, '{GDPR,HIPAA}', c.cluster_id
		-- A probe a cluster of that mode, for most have another.
		FROM dbinsight.current_cluster c
		CROSS JOIN LATERAL (
			SELECT min(h.hour) AS first_hour, max(h.hour) AS last_hour FROM dbinsight.rollup_cluster_traffic h
			WHERE h.workspace_id = c.workspace_id AND h.cluster_id = c.cluster_id
				AND h.hour >= dbinsight._first_day(30)::timestamp AT TIME ZONE 'UTC' AND h.hour < dbinsight.today()::timestamp AT TIME ZONE 'UTC'
		) u
		WHERE dbinsight._wants(_violations.type, 'LEGACY_ACCESS_MODE')
			AND (c.data_security_mode IS NULL OR c.data_security_mode = 'NONE' OR c.data_security_mode LIKE 'LEGACY\_%')
			AND u.last_hour >= _violations.since
		UNION ALL
		-- A job cluster is created after its run has begun: the version must
		-- overlap the run, not hold at its first moment.
		SELECT 'UNSUPPORTED_RUNTIME', 'medium', 'JOB', coalesce(min(j.job_name), r.job_id), min(j.run_as),
			'runs on ' || string_agg(DISTINCT r.dbr_version, ', ') || ' in workspace ' || r.workspace_id,
			min(r.first_start), max(r.last_start), '{SOC2,PCI}', r.job_id
		FROM (
			SELECT t.workspace_id, t.job_id, t.first_start, t.last_start, c.dbr_version
			FROM dbinsight.rollup_job_cluster_daily t JOIN dbinsight.dim_cluster c ON c.workspace_id = t.workspace_id AND c.cluster_id = t.cluster_id
				AND c.valid_from <= t.last_seen AND c.valid_to > t.first_start
			WHERE dbinsight._wants(_violations.type, 'UNSUPPORTED_RUNTIME')
				AND t.day >= dbinsight._first_day(30)::timestamp AT TIME ZONE 'UTC' AND t.day < dbinsight.today()::timestamp AT TIME ZONE 'UTC'
				AND substring(c.dbr_version FROM '^(\d{1,6})\.')::int < 13
		) r LEFT JOIN dbinsight.current_job j ON j.workspace_id = r.workspace_id AND j.job_id = r.job_id
		GROUP BY r.workspace_id, r.job_id HAVING max(r.last_start) >= _violations.since
		UNION ALL
		-- Whether the members of a group read cannot be seen: only grants to
		-- one identity can be called stale.
		SELECT 'STALE_SENSITIVE_GRANT', 'medium', 'TABLE', g.object_full_name, g.grantee, 'SELECT granted, no read in 90 days',
			(SELECT min(h.snapshot_date) FROM dbinsight.dim_grant h WHERE h.object_full_name = g.object_full_name AND h.grantee = g.grantee
				AND upper(h.privilege_type) = 'SELECT')::timestamp AT TIME ZONE 'UTC',
			max(g.snapshot_date)::timestamp AT TIME ZONE 'UTC', '{GDPR,SOC2}', g.object_full_name || ' to ' || g.grantee
		FROM grants g
		WHERE dbinsight._wants(_violations.type, 'STALE_SENSITIVE_GRANT') AND g.privilege = 'SELECT'
			AND (strpos(g.grantee, '@') > 0 OR g.grantee ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$')
			AND NOT EXISTS (SELECT FROM dbinsight._reads_of(lower(g.grantee), g.object_full_name, dbinsight._since_days(90), dbinsight.now()))
		GROUP BY g.object_full_name, g.grantee
		UNION ALL
		SELECT 'SHARE_WITHOUT_IP_ACL', 'high', 'RECIPIENT', coalesce(a.request_params ->> 'name', a.request_params ->> 'recipient_name', a.event_id),
			a.user_email, 'recipient created without an IP access list', a.event_time, a.event_time, '{GDPR,PCI}', a.event_id
		FROM dbinsight.fact_audit_logs a
		WHERE dbinsight._wants(_violations.type, 'SHARE_WITHOUT_IP_ACL') AND a.action_name = 'createRecipient'
			AND a.event_time >= greatest(dbinsight._first_day(365)::timestamp AT TIME ZONE 'UTC', _violations.since)
			AND a.event_time < dbinsight.today()::timestamp AT TIME ZONE 'UTC'
			AND NOT a.is_failed
			-- null, [], {"allowed_ip_addresses": []}: a list of addresses has digits
			AND coalesce(coalesce(a.request_params ->> 'ip_access_list', a.request_params ->> 'ipAccessList') !~ '[0-9]', true)
		UNION ALL
		SELECT 'SENSITIVE_OFF_HOURS_READ', 'low', 'TABLE', r.table_full_name, r.user_email,
			count(*) || CASE count(*) WHEN 1 THEN ' read' ELSE ' reads' END || ' outside business hours',
			min(r.access_time), max(r.access_time), '{HIPAA}', min(r.event_id)
		FROM dbinsight._sensitive_reads(dbinsight._first_day(7)::timestamp AT TIME ZONE 'UTC', dbinsight.today()::timestamp AT TIME ZONE 'UTC') r
		WHERE dbinsight._wants(_violations.type, 'SENSITIVE_OFF_HOURS_READ')
			AND r.user_type = 'HUMAN' AND dbinsight.is_off_hours(r.access_time)
		GROUP BY r.table_full_name, r.user_email HAVING max(r.access_time) >= _violations.since
	)
	SELECT v.*
	FROM v
	WHERE v.violation_type = coalesce(dbinsight._one_of('type', _violations.type, 'PUBLIC_GRANT_ON_SENSITIVE',
		'UNMASKED_SENSITIVE_COLUMN', 'SENSITIVE_TABLE_WITHOUT_OWNER', 'LONG_LIVED_TOKEN', 'ADMIN_GRANT', 'IP_ACL_WEAKENED',
		'AUDIT_WEAKENED', 'LEGACY_ACCESS_MODE', 'UNSUPPORTED_RUNTIME', 'STALE_SENSITIVE_GRANT', 'SHARE_WITHOUT_IP_ACL',
		'SUPPORT_ACCESS', 'SENSITIVE_OFF_HOURS_READ'), v.violation_type);
END;
COMMENT ON FUNCTION dbinsight._violations(text, timestamptz) IS
'Rules broken: grants, masks and owners as they stand, whatever the time; events, runs and reads of which the last is not before it';

CREATE FUNCTION dbinsight.get_compliance_violations(type text DEFAULT NULL)
	RETURNS TABLE (violation_type text, severity text, object_type text, object_name text, principal text, detail text,
		first_seen timestamptz, last_seen timestamptz, regulations text[], evidence_id text)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 200
BEGIN ATOMIC
	SELECT v.* FROM dbinsight._violations(get_compliance_violations.type, '-infinity') v
	ORDER BY dbinsight.severity_rank(v.severity), v.violation_type, v.object_name, v.principal, v.first_seen DESC, v.evidence_id;
END;
COMMENT ON FUNCTION dbinsight.get_compliance_violations(text) IS
'Which rules of GDPR, HIPAA, SOC 2 and PCI are broken now: public or stale grants on sensitive tables, unmasked columns, long-lived tokens, administrators made, weakened access lists or audit, legacy access modes and runtimes, shares without an IP list, support access, reads out of hours.
not for: every change of rights (get_permission_changes), every read of sensitive data (get_pii_access_logs).
A token without an expiry counts as long-lived. Only grants to one identity can be stale: which members of a group read is not in the system tables.
@param type text, one kind of violation; default all
@enum type PUBLIC_GRANT_ON_SENSITIVE|UNMASKED_SENSITIVE_COLUMN|SENSITIVE_TABLE_WITHOUT_OWNER|LONG_LIVED_TOKEN|ADMIN_GRANT|IP_ACL_WEAKENED|AUDIT_WEAKENED|LEGACY_ACCESS_MODE|UNSUPPORTED_RUNTIME|STALE_SENSITIVE_GRANT|SHARE_WITHOUT_IP_ACL|SUPPORT_ACCESS|SENSITIVE_OFF_HOURS_READ';

CREATE FUNCTION dbinsight.get_findings(days int DEFAULT 7, severity text DEFAULT NULL, rule_id text DEFAULT NULL)
	RETURNS TABLE (finding_id text, rule_id text, title text, severity text, technique text, entity_type text, entity_id text,
		workspace_id text, first_event timestamptz, last_event timestamptz, event_count bigint, confidence float8, status text,
		suppressed_by text, incident_id text, evidence jsonb)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
	SELECT f.id::text, f.rule_id, f.title, f.severity, f.technique, f.entity_type, f.entity_id, dbinsight._workspace(f.workspace_id),
		f.first_event, f.last_event, f.event_count, f.confidence, f.status, f.suppressed_by, f.incident_id::text, f.evidence
	FROM dbinsight.findings f
	WHERE f.last_event >= dbinsight._since_days(get_findings.days) AND f.last_event < dbinsight.now()
		AND dbinsight.severity_rank(f.severity) <= coalesce(dbinsight._severity_arg(get_findings.severity), 5)
		AND dbinsight._matches(get_findings.rule_id, f.rule_id, f.title)
	ORDER BY f.suppressed_by IS NOT NULL, dbinsight.severity_rank(f.severity), f.last_event DESC, f.rule_id, f.entity_id, f.id;
END;
COMMENT ON FUNCTION dbinsight.get_findings(int, text, text) IS
'What the detection rules found in the last days: guessing and spraying, administrators made, sensitive readers, tokens, denied destinations, each with its evidence.
not for: raw events (get_security_events), breaches of regulation (get_compliance_violations).
Findings an allow-list entry suppressed come last. run_detections() fills them.
@param days int, 1 to 400, default 7
@param severity text, minimum severity; default all
@param rule_id text, a rule id such as SEC-AUTH-001, a title, or a pattern with %; default all
@enum severity critical|high|medium|low|info';

SELECT dbinsight._builtin_tool('dbinsight.get_security_events(date,date,text)'::regprocedure, ARRAY['security'], ARRAY[
	'What security events happened this week?', 'Show critical and high security events', 'Anything suspicious in the audit log since Monday?',
	'List denied requests yesterday', 'Which sensitive actions were taken in the account last week?', 'Was a secret or a setting changed recently?']);
SELECT dbinsight._builtin_tool('dbinsight.get_failed_auth_attempts(int)'::regprocedure, ARRAY['security'], ARRAY[
	'Who failed to log in in the last 24 hours?', 'Are there failed sign-ins or brute force attempts?', 'Is somebody spraying passwords at us?',
	'Which IP addresses are guessing passwords?', 'Did a login succeed after many failures?', 'Show login failures of the last week']);
SELECT dbinsight._builtin_tool('dbinsight.get_permission_changes(int)'::regprocedure, ARRAY['security', 'governance'], ARRAY[
	'Who changed permissions this week?', 'Were any admins added?', 'Which privileges were granted in the last 7 days?',
	'Did anyone grant rights to themselves?', 'Who was added to the admins group?', 'Show revoked permissions this month']);
SELECT dbinsight._builtin_tool('dbinsight.get_pii_access_logs(text,int)'::regprocedure, ARRAY['security', 'governance'], ARRAY[
	'Who accessed PII this week?', 'Which users read sensitive tables?', 'Has anyone read personal data for the first time?',
	'What sensitive data did alice@example.com read?', 'Who looked at customer personal information out of hours?', 'Show access to sensitive data in the last 30 days']);
SELECT dbinsight._builtin_tool('dbinsight.get_compliance_violations(text)'::regprocedure, ARRAY['security', 'governance'], ARRAY[
	'Are we compliant?', 'What compliance violations are open?', 'Which sensitive columns have no mask?', 'Are there long-lived tokens?',
	'Which GDPR or HIPAA rules do we break?', 'Is sensitive data granted to all users?', 'Which clusters use a legacy access mode?']);
SELECT dbinsight._builtin_tool('dbinsight.get_findings(int,text,text)'::regprocedure, ARRAY['security'], ARRAY[
	'What did the detection rules find?', 'Show security findings this week', 'Which threats were detected?', 'Are there high severity detections?',
	'What are the findings of rule SEC-AUTH-001?', 'Any signs of an attack?']);
