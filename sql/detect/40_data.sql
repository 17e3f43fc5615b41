/*
 * Data: first touches of sensitive tables, downloads, work out of hours.
 */
INSERT INTO dbinsight.detection_rules (id, title, family, severity, technique, "window", threshold, entity_type, query, remediation, controls, builtin) VALUES
('SEC-DATA-003', 'First touch of sensitive tables', 'data', 'low', 'T1213.006', '24 hours', 5, 'user', '_detect_sensitive_first_touch',
 '{R-REVIEW}', '{"S2 CC6.1","S2 C1.1","I A.8.3","G 5(1)(c)","G 32","H 502(b)","H 312(b)","P 10.2.1.1"}', true),
('SEC-EXF-001', 'Many downloads from the control plane', 'exfiltration', 'medium', 'T1567', '60 minutes', 20, 'user', '_detect_downloads',
 '{R-CANCEL,R-RESTORE-CONF}', '{"S2 CC6.7","S2 C1.1","I A.8.12","G 5(1)(f)","G 32","H 312(e)(1)","P 3.4.2"}', true),
('SEC-BEH-001', 'Privileged change or sensitive read out of hours', 'behaviour', 'low', 'T1078.004', '8 hours', 5, 'user', '_detect_after_hours',
 '{R-NOTIFY}', '{"S2 CC7.2","I A.8.16"}', true);

/* How many days of a time before a moment an identity was seen at all. */
CREATE FUNCTION dbinsight._active_days(actor text, since timestamptz, until timestamptz) RETURNS bigint
	LANGUAGE sql STABLE PARALLEL SAFE
	RETURN (SELECT count(DISTINCT d.day) FROM (
		SELECT (h.hour AT TIME ZONE 'UTC')::date AS day FROM dbinsight.rollup_audit_hourly h
		WHERE h.user_email = _active_days.actor AND h.hour >= _active_days.since AND h.hour < _active_days.until
		UNION ALL
		SELECT a.access_date FROM dbinsight.rollup_access_daily a
		WHERE a.user_email = _active_days.actor AND a.access_date >= (_active_days.since AT TIME ZONE 'UTC')::date
			AND a.last_access < _active_days.until) d);
COMMENT ON FUNCTION dbinsight._active_days(text, timestamptz, timestamptz) IS 'Days in a time on which an identity acted or touched a table';

CREATE FUNCTION dbinsight._detect_sensitive_first_touch(since timestamptz, until timestamptz) RETURNS SETOF dbinsight._detection
	LANGUAGE sql STABLE BEGIN ATOMIC
	WITH read AS (
		-- The first read of each table and identity; a table is new for a week.
		SELECT DISTINCT ON (r.user_email, r.table_full_name) r.*
		FROM dbinsight._sensitive_reads(since, until) r JOIN dbinsight.current_table t ON t.table_full_name = r.table_full_name
		WHERE r.user_email IS NOT NULL AND coalesce(r.access_time >= t.created + interval '7 days', true)
		ORDER BY r.user_email, r.table_full_name, r.access_time
	), first_read AS MATERIALIZED (
		SELECT r.* FROM read r
		WHERE NOT EXISTS (SELECT FROM dbinsight._reads_of(r.user_email, r.table_full_name, r.access_time - interval '30 days', r.minute))
	), touch AS (
		SELECT r.*, count(*) OVER (PARTITION BY r.user_email ORDER BY r.access_time
				RANGE BETWEEN (SELECT dbinsight._rule_window('SEC-DATA-003')) - interval '1 microsecond' PRECEDING AND CURRENT ROW) AS in_window,
			(r.access_time - lag(r.access_time) OVER (PARTITION BY r.user_email ORDER BY r.access_time, r.table_full_name)
				< (SELECT dbinsight._rule_window('SEC-DATA-003'))) IS NOT TRUE AS starts
		FROM first_read r
		WHERE dbinsight._active_days(r.user_email, r.access_time - interval '30 days', r.access_time) >= 5
	), episode AS (
		SELECT t.*, count(*) FILTER (WHERE t.starts) OVER (PARTITION BY t.user_email ORDER BY t.access_time, t.table_full_name) AS n FROM touch t
	)
	SELECT 'SEC-DATA-003', dbinsight._rule_severity('SEC-DATA-003', CASE WHEN max(e.in_window) >= (SELECT dbinsight._rule_threshold('SEC-DATA-003')) THEN 2 ELSE 0 END),
		dbinsight._actor_type(e.user_email), e.user_email, min(e.workspace_id), min(e.access_time), max(e.access_time), count(*), 1.0::float8,
		dbinsight._evidence(array_agg(e.event_id ORDER BY e.access_time, e.table_full_name), jsonb_build_object('actor', e.user_email,
			'tables', to_jsonb((array_agg(e.table_full_name ORDER BY e.access_time, e.table_full_name))[1:20])))
	FROM episode e GROUP BY e.user_email, e.n;
END;
COMMENT ON FUNCTION dbinsight._detect_sensitive_first_touch(timestamptz, timestamptz) IS
'SEC-DATA-003: an identity with 5 active days reads sensitive tables it had not read in 30 days; two steps up at the threshold of tables within the window';

CREATE FUNCTION dbinsight._detect_downloads(since timestamptz, until timestamptz) RETURNS SETOF dbinsight._detection
	LANGUAGE sql STABLE BEGIN ATOMIC
	WITH download AS (
		SELECT f.user_email, f.event_id, f.event_time, f.workspace_id, f.source_ip,
			count(*) OVER (PARTITION BY f.user_email ORDER BY f.event_time
				RANGE BETWEEN (SELECT dbinsight._rule_window('SEC-EXF-001')) - interval '1 microsecond' PRECEDING AND CURRENT ROW) AS in_window,
			(f.event_time - lag(f.event_time) OVER (PARTITION BY f.user_email ORDER BY f.event_time, f.event_id)
				< (SELECT dbinsight._rule_window('SEC-EXF-001'))) IS NOT TRUE AS starts
		FROM dbinsight.fact_audit_logs f
		WHERE f.event_time >= since AND f.event_time < until AND f.category = 'download' AND NOT f.is_failed AND f.user_email IS NOT NULL
	), episode AS (
		SELECT d.*, count(*) FILTER (WHERE d.starts) OVER (PARTITION BY d.user_email ORDER BY d.event_time, d.event_id) AS n FROM download d
	)
	SELECT 'SEC-EXF-001', dbinsight._rule_severity('SEC-EXF-001'), dbinsight._actor_type(e.user_email), e.user_email, min(e.workspace_id),
		min(e.event_time), max(e.event_time), count(*), 1.0::float8,
		dbinsight._evidence(array_agg(e.event_id ORDER BY e.event_time, e.event_id),
			jsonb_build_object('actor', e.user_email, 'source_ip', min(host(e.source_ip)), 'max_in_window', max(e.in_window)))
	FROM episode e GROUP BY e.user_email, e.n
	HAVING max(e.in_window) > (SELECT dbinsight._rule_threshold('SEC-EXF-001'));
END;
COMMENT ON FUNCTION dbinsight._detect_downloads(timestamptz, timestamptz) IS
'SEC-EXF-001: more downloads of results, notebooks or models by one identity than the threshold within the window';

/*
 * Out of hours is suspicious only when it is unusual for that person: less
 * than 5 % of the last 30 days fall in that hour of the week.
 */
CREATE FUNCTION dbinsight._detect_after_hours(since timestamptz, until timestamptz) RETURNS SETOF dbinsight._detection
	LANGUAGE sql STABLE BEGIN ATOMIC
	WITH act AS (
		SELECT f.user_email, f.event_time, f.event_id, f.workspace_id, f.base_severity IN ('critical', 'high') AS is_grave, f.action_name AS what
		FROM dbinsight.fact_audit_logs f
		WHERE f.event_time >= since AND f.event_time < until
			AND f.category IN ('admin', 'permission', 'token', 'secret', 'network_policy', 'config', 'support_access')
			AND NOT f.is_failed AND NOT f.is_denied AND f.user_type = 'HUMAN' AND dbinsight.is_off_hours(f.event_time)
		UNION ALL
		SELECT r.user_email, r.access_time, r.event_id, r.workspace_id, false, 'read of ' || r.table_full_name
		FROM dbinsight._sensitive_reads(since, until) r
		-- A schedule that runs under somebody's name is not that person at night.
		WHERE r.user_type = 'HUMAN' AND dbinsight.is_off_hours(r.access_time) AND coalesce(r.entity_type NOT IN ('JOB', 'PIPELINE'), true)
	), hour AS (
		-- What each of them did in every hour, and 0 for the hours in question.
		SELECT r.user_email, r.hour, sum(r.events) AS events FROM dbinsight.rollup_audit_hourly r
		WHERE r.hour >= since - interval '31 days' AND r.hour < until AND r.user_email IN (SELECT a.user_email FROM act a)
		GROUP BY r.user_email, r.hour
		UNION ALL
		SELECT DISTINCT a.user_email, dbinsight._hour(a.event_time), 0 FROM act a
	), day AS (
		SELECT h.*, h.events > 0 AND row_number() OVER (PARTITION BY h.user_email, (h.hour AT TIME ZONE 'UTC')::date, h.events > 0 ORDER BY h.hour) = 1 AS is_first
		FROM hour h
	), usual AS (
		SELECT DISTINCT ON (d.user_email, d.hour) d.user_email, d.hour,
			sum(d.events) OVER (PARTITION BY d.user_email ORDER BY d.hour RANGE BETWEEN '30 days' PRECEDING AND '1 hour' PRECEDING) AS total,
			sum(d.events) OVER (PARTITION BY d.user_email, mod(extract(epoch FROM d.hour)::bigint, 604800) ORDER BY d.hour
				RANGE BETWEEN '30 days' PRECEDING AND '1 hour' PRECEDING) AS here,
			count(*) FILTER (WHERE d.is_first) OVER (PARTITION BY d.user_email ORDER BY d.hour RANGE BETWEEN '30 days' PRECEDING AND '1 hour' PRECEDING) AS days
		FROM day d
		ORDER BY d.user_email, d.hour
	), odd AS (
		SELECT a.*, (a.event_time - lag(a.event_time) OVER (PARTITION BY a.user_email ORDER BY a.event_time, a.event_id)
			< (SELECT dbinsight._rule_window('SEC-BEH-001'))) IS NOT TRUE AS starts
		FROM act a JOIN usual u ON u.user_email = a.user_email AND u.hour = dbinsight._hour(a.event_time)
		WHERE u.days >= 5 AND coalesce(u.here, 0) < u.total * (SELECT dbinsight._rule_threshold('SEC-BEH-001')) / 100
	), episode AS (
		SELECT o.*, count(*) FILTER (WHERE o.starts) OVER (PARTITION BY o.user_email ORDER BY o.event_time, o.event_id) AS n FROM odd o
	)
	SELECT 'SEC-BEH-001', dbinsight._rule_severity('SEC-BEH-001', bool_or(e.is_grave)::int), 'user', e.user_email, min(e.workspace_id),
		min(e.event_time), max(e.event_time), count(*), 1.0::float8,
		dbinsight._evidence(array_agg(e.event_id ORDER BY e.event_time, e.event_id), jsonb_build_object('actor', e.user_email,
			'what', to_jsonb((array_agg(DISTINCT e.what))[1:20])))
	FROM episode e GROUP BY e.user_email, e.n;
END;
COMMENT ON FUNCTION dbinsight._detect_after_hours(timestamptz, timestamptz) IS
'SEC-BEH-001: a person changes rights, credentials or configuration, or reads sensitive tables, outside business hours at an hour of the week that holds less than the threshold in percent of their last 30 days';
