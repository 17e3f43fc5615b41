/*
 * Signing in: guessing, spraying, getting in after it, being turned away.
 */
INSERT INTO dbinsight.detection_rules (id, title, family, severity, technique, "window", threshold, entity_type, query, remediation, controls, builtin) VALUES
('SEC-AUTH-001', 'Password guessing on one account', 'authentication', 'medium', 'T1110.001', '10 minutes', 5, 'user', '_detect_password_guessing',
 '{R-NOTIFY,R-BLOCK-IP}', '{"S2 CC6.1","S2 CC7.2","I A.8.5","I A.8.16","H 308(a)(5)(ii)(C)","P 10.2.1.4","P 8.3.4"}', true),
('SEC-AUTH-002', 'Password spray', 'authentication', 'high', 'T1110.003', '30 minutes', 10, 'ip', '_detect_password_spray',
 '{R-BLOCK-IP,R-FORCE-MFA}', '{"S2 CC6.1","S2 CC6.6","I A.8.5","H 308(a)(5)(ii)(C)","P 10.2.1.4"}', true),
('SEC-AUTH-003', 'Success after repeated failures', 'authentication', 'high', 'T1110', '30 minutes', 5, 'user', '_detect_success_after_failures',
 '{R-REVOKE-SESSIONS,R-DISABLE-USER}', '{"S2 CC6.1","S2 CC7.3","I A.5.24","I A.8.5","H 308(a)(6)(ii)","P 10.4.1.1"}', true),
('SEC-AUTH-013', 'Blocked by an IP access list', 'authentication', 'medium', 'T1133', '60 minutes', 10, 'ip', '_detect_ip_blocked',
 '{R-REVIEW}', '{"S2 CC6.6","I A.8.20","P 1.4.2","P 10.2.1.4"}', true);

CREATE FUNCTION dbinsight._is_login(service_name text, action_name text) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN coalesce(service_name = 'accounts' AND action_name IN ('login', 'samlLogin', 'oidcBrowserLogin', 'aadBrowserLogin', 'aadTokenLogin',
		'certLogin', 'jwtLogin', 'tokenLogin', 'mfaLogin', 'passwordVerifyAuthentication'), false);
COMMENT ON FUNCTION dbinsight._is_login(text, text) IS 'Whether an audit event is an attempt to sign in';

CREATE FUNCTION dbinsight._refused_logins(since timestamptz, until timestamptz)
	RETURNS TABLE (event_id text, event_time timestamptz, actor text, source_ip inet, action_name text, user_agent text, workspace_id text)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
	SELECT f.event_id, f.event_time, f.user_email, f.source_ip, f.action_name, f.user_agent, f.workspace_id
	FROM dbinsight.fact_audit_logs f
	WHERE f.event_time >= _refused_logins.since AND f.event_time < _refused_logins.until AND f.is_denied
		AND dbinsight._is_login(f.service_name, f.action_name);
END;
COMMENT ON FUNCTION dbinsight._refused_logins(timestamptz, timestamptz) IS 'Refused attempts to sign in';

CREATE FUNCTION dbinsight._detect_password_guessing(since timestamptz, until timestamptz) RETURNS SETOF dbinsight._detection
	LANGUAGE sql STABLE BEGIN ATOMIC
	WITH attempt AS (
		SELECT l.*,
			count(*) OVER (PARTITION BY l.actor ORDER BY l.event_time
				RANGE BETWEEN (SELECT dbinsight._rule_window('SEC-AUTH-001')) - interval '1 microsecond' PRECEDING AND CURRENT ROW) AS in_window,
			count(*) OVER (PARTITION BY l.actor ORDER BY l.event_time
				RANGE BETWEEN interval '1 hour' - interval '1 microsecond' PRECEDING AND CURRENT ROW) AS in_hour,
			(l.event_time - lag(l.event_time) OVER (PARTITION BY l.actor ORDER BY l.event_time, l.event_id) < interval '1 hour') IS NOT TRUE AS starts
		FROM dbinsight._refused_logins(since, until) l WHERE l.actor IS NOT NULL
	), episode AS (
		SELECT a.*, count(*) FILTER (WHERE a.starts) OVER (PARTITION BY a.actor ORDER BY a.event_time, a.event_id) AS n FROM attempt a
	)
	-- One token, retried by one client from one place, is a stale credential.
	SELECT 'SEC-AUTH-001', CASE
			WHEN bool_and(e.action_name IN ('tokenLogin', 'jwtLogin')) AND count(DISTINCT e.source_ip) <= 1 AND count(DISTINCT e.user_agent) <= 1
				THEN dbinsight._rule_severity('SEC-AUTH-001', -1)
			WHEN max(e.in_hour) >= 20 THEN dbinsight._rule_severity('SEC-AUTH-001', 1)
			ELSE dbinsight._rule_severity('SEC-AUTH-001') END,
		dbinsight._actor_type(e.actor), e.actor, min(e.workspace_id), min(e.event_time), max(e.event_time), count(*), 1.0::float8,
		dbinsight._evidence(array_agg(e.event_id ORDER BY e.event_time, e.event_id), jsonb_build_object('actor', e.actor,
			'source_ip', min(host(e.source_ip)), 'addresses', count(DISTINCT e.source_ip), 'max_in_window', max(e.in_window), 'user_agent', min(e.user_agent)))
	FROM episode e
	GROUP BY e.actor, e.n
	HAVING max(e.in_window) >= (SELECT dbinsight._rule_threshold('SEC-AUTH-001'));
END;
COMMENT ON FUNCTION dbinsight._detect_password_guessing(timestamptz, timestamptz) IS
'SEC-AUTH-001: refused sign-ins of one account, the threshold within the window; one step up at 20 in an hour';

/*
 * Every minute of an address that could complete a spray is judged over the
 * window before its last attempt: a flood of attempts costs no more than that.
 */
CREATE FUNCTION dbinsight._detect_password_spray(since timestamptz, until timestamptz) RETURNS SETOF dbinsight._detection
	LANGUAGE sql STABLE BEGIN ATOMIC
	WITH attempt AS MATERIALIZED (
		SELECT l.*, count(*) OVER (PARTITION BY l.source_ip ORDER BY l.event_time
			RANGE BETWEEN (SELECT dbinsight._rule_window('SEC-AUTH-002')) - interval '1 microsecond' PRECEDING AND CURRENT ROW) AS in_window
		FROM dbinsight._refused_logins(since, until) l WHERE l.actor IS NOT NULL AND l.source_ip IS NOT NULL
	), minute AS (
		SELECT a.source_ip, max(a.event_time) AS until FROM attempt a
		GROUP BY a.source_ip, date_bin('1 minute', a.event_time, 'epoch')
		HAVING max(a.in_window) >= (SELECT dbinsight._rule_threshold('SEC-AUTH-002'))
	), actor AS (
		SELECT m.source_ip, m.until, a.actor, count(*) AS n
		FROM minute m JOIN attempt a ON a.source_ip = m.source_ip AND a.event_time <= m.until
			AND a.event_time > m.until - (SELECT dbinsight._rule_window('SEC-AUTH-002'))
		GROUP BY m.source_ip, m.until, a.actor
	), fired AS (
		SELECT a.source_ip, a.until, sum(a.n) AS attempts, count(*) AS actors FROM actor a
		GROUP BY a.source_ip, a.until
		HAVING sum(a.n) >= (SELECT dbinsight._rule_threshold('SEC-AUTH-002'))
			AND count(*) >= CASE WHEN EXISTS (SELECT FROM dbinsight.trusted_cidrs t WHERE a.source_ip <<= t.cidr) THEN 15 ELSE 5 END
			AND percentile_cont(0.5) WITHIN GROUP (ORDER BY a.n) <= 3
	), spray AS (
		SELECT a.*, (a.event_time - lag(a.event_time) OVER (PARTITION BY a.source_ip ORDER BY a.event_time, a.event_id)
			< (SELECT dbinsight._rule_window('SEC-AUTH-002'))) IS NOT TRUE AS starts
		FROM attempt a
		WHERE EXISTS (SELECT FROM fired f WHERE f.source_ip = a.source_ip AND a.event_time <= f.until
			AND a.event_time > f.until - (SELECT dbinsight._rule_window('SEC-AUTH-002')))
	), episode AS (
		SELECT s.*, count(*) FILTER (WHERE s.starts) OVER (PARTITION BY s.source_ip ORDER BY s.event_time, s.event_id) AS n FROM spray s
	)
	SELECT 'SEC-AUTH-002', dbinsight._rule_severity('SEC-AUTH-002'), 'ip', host(e.source_ip), min(e.workspace_id), min(e.event_time),
		max(e.event_time), count(*), 1.0::float8,
		dbinsight._evidence(array_agg(e.event_id ORDER BY e.event_time, e.event_id), jsonb_build_object('source_ip', host(e.source_ip),
			'actors', count(DISTINCT e.actor), 'user_agent', min(e.user_agent)))
	FROM episode e GROUP BY e.source_ip, e.n;
END;
COMMENT ON FUNCTION dbinsight._detect_password_spray(timestamptz, timestamptz) IS
'SEC-AUTH-002: within the window from one address the threshold of refused sign-ins over 5 accounts (15 from a trusted network), at most 3 each by the median';

CREATE FUNCTION dbinsight._detect_success_after_failures(since timestamptz, until timestamptz) RETURNS SETOF dbinsight._detection
	LANGUAGE sql STABLE BEGIN ATOMIC
	WITH refused AS MATERIALIZED (
		SELECT * FROM dbinsight._refused_logins(since, until) l WHERE l.actor IS NOT NULL
	), suspect AS (
		SELECT r.actor, min(r.event_time) AS first, max(r.event_time) AS last FROM refused r
		GROUP BY r.actor HAVING count(*) >= (SELECT dbinsight._rule_threshold('SEC-AUTH-003'))
	), success AS (
		SELECT f.user_email AS actor, f.source_ip, f.workspace_id, f.event_time, f.event_id, f.action_name
		FROM suspect s JOIN dbinsight.fact_audit_logs f ON f.user_email = s.actor AND f.event_time > s.first
			AND f.event_time <= s.last + (SELECT dbinsight._rule_window('SEC-AUTH-003')) AND f.event_time >= since AND f.event_time < until
		WHERE dbinsight._is_login(f.service_name, f.action_name) AND NOT f.is_failed AND NOT f.is_denied
	), spray AS MATERIALIZED (
		SELECT x.entity_id, x.first_event, x.last_event FROM dbinsight._detect_password_spray(since, until) x
	), hit AS (
		SELECT s.*, r.failures, r.event_ids, r.first_failure,
			EXISTS (SELECT FROM spray x WHERE x.entity_id = host(s.source_ip) AND s.event_time BETWEEN x.first_event AND x.last_event + (SELECT dbinsight._rule_window('SEC-AUTH-003'))) AS sprayed,
			row_number() OVER (PARTITION BY s.actor, s.source_ip, r.first_failure ORDER BY s.event_time, s.event_id) AS n
		FROM success s, LATERAL (
			SELECT count(*) AS failures, array_agg(r.event_id ORDER BY r.event_time, r.event_id) AS event_ids, min(r.event_time) AS first_failure
			FROM refused r WHERE r.actor = s.actor AND r.event_time < s.event_time
				AND r.event_time >= s.event_time - (SELECT dbinsight._rule_window('SEC-AUTH-003'))
				AND (s.action_name <> 'tokenLogin' OR r.action_name = 'tokenLogin')
		) r
		WHERE r.failures >= (SELECT dbinsight._rule_threshold('SEC-AUTH-003'))
	)
	SELECT 'SEC-AUTH-003', dbinsight._rule_severity('SEC-AUTH-003', h.sprayed::int), dbinsight._actor_type(h.actor), h.actor, h.workspace_id,
		h.first_failure, h.event_time, h.failures + 1, 1.0::float8,
		dbinsight._evidence(ARRAY[h.event_id] || h.event_ids, jsonb_build_object('actor', h.actor, 'source_ip', host(h.source_ip), 'failures', h.failures))
	FROM hit h WHERE h.n = 1;
END;
COMMENT ON FUNCTION dbinsight._detect_success_after_failures(timestamptz, timestamptz) IS
'SEC-AUTH-003: a sign-in after the threshold of refusals within the window; critical from an address that sprays. A token''s success counts only refused tokens';

CREATE FUNCTION dbinsight._detect_ip_blocked(since timestamptz, until timestamptz) RETURNS SETOF dbinsight._detection
	LANGUAGE sql STABLE BEGIN ATOMIC
	WITH blocked AS (
		SELECT f.source_ip, f.user_email, f.event_id, f.event_time, f.workspace_id,
			count(*) OVER (PARTITION BY f.source_ip ORDER BY f.event_time
				RANGE BETWEEN (SELECT dbinsight._rule_window('SEC-AUTH-013')) - interval '1 microsecond' PRECEDING AND CURRENT ROW) AS in_window,
			(f.event_time - lag(f.event_time) OVER (PARTITION BY f.source_ip ORDER BY f.event_time, f.event_id)
				< (SELECT dbinsight._rule_window('SEC-AUTH-013'))) IS NOT TRUE AS starts
		FROM dbinsight.fact_audit_logs f
		WHERE f.event_time >= since AND f.event_time < until AND f.category = 'auth_denied' AND f.source_ip IS NOT NULL
			AND NOT dbinsight._is_service_agent(f.user_agent) AND coalesce(f.request_params ->> 'path' !~ '(telemetry|health)', true)
	), episode AS (
		SELECT b.*, count(*) FILTER (WHERE b.starts) OVER (PARTITION BY b.source_ip ORDER BY b.event_time, b.event_id) AS n FROM blocked b
	)
	SELECT 'SEC-AUTH-013', CASE WHEN max(e.in_window) >= (SELECT dbinsight._rule_threshold('SEC-AUTH-013')) OR count(DISTINCT e.user_email) >= 3
			THEN dbinsight._rule_severity('SEC-AUTH-013') ELSE 'info' END,
		'ip', host(e.source_ip), min(e.workspace_id), min(e.event_time), max(e.event_time), count(*), 1.0::float8,
		dbinsight._evidence(array_agg(e.event_id ORDER BY e.event_time, e.event_id),
			jsonb_build_object('source_ip', host(e.source_ip), 'actors', count(DISTINCT e.user_email)))
	FROM episode e GROUP BY e.source_ip, e.n;
END;
COMMENT ON FUNCTION dbinsight._detect_ip_blocked(timestamptz, timestamptz) IS
'SEC-AUTH-013: requests an IP access list refused; the rule''s severity at the threshold within the window or 3 accounts, else info';
