/*
 * Parts of audit events that several tools and rules read.
 */
CREATE FUNCTION dbinsight._audit_target(request_params jsonb) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN coalesce(request_params ->> 'securable_full_name', request_params ->> 'full_name_arg', request_params ->> 'table_full_name',
		request_params ->> 'targetUserName', request_params ->> 'targetGroupName', request_params ->> 'name', request_params ->> 'name_arg',
		request_params ->> 'jobId', request_params ->> 'cluster_id', request_params ->> 'warehouseId', request_params ->> 'path',
		request_params ->> 'scope');
COMMENT ON FUNCTION dbinsight._audit_target(jsonb) IS 'What an audit event was done to: the first of the naming parameters that is there';

CREATE FUNCTION dbinsight._audit_group(request_params jsonb) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN coalesce(request_params ->> 'targetGroupName', request_params ->> 'target_group_name', request_params ->> 'targetGroupId');
COMMENT ON FUNCTION dbinsight._audit_group(jsonb) IS 'The group an audit event names, under any of its spellings';

/* In a change of membership the member is the principal, the group the object. */
CREATE FUNCTION dbinsight._audit_principal(request_params jsonb) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN coalesce(request_params ->> 'targetUserName', request_params ->> 'target_user_name', request_params ->> 'principal',
		request_params ->> 'principals', request_params ->> 'targetUserId', dbinsight._audit_group(request_params));
COMMENT ON FUNCTION dbinsight._audit_principal(jsonb) IS
'Who received or lost a right: the user or principal named, else the group';

CREATE FUNCTION dbinsight._audit_table(request_params jsonb) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN coalesce(request_params ->> 'full_name_arg', request_params ->> 'table_full_name');
COMMENT ON FUNCTION dbinsight._audit_table(jsonb) IS 'The table an audit event names';

CREATE FUNCTION dbinsight._securable_type(request_params jsonb) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN coalesce(upper(coalesce(request_params ->> 'securable_type', request_params ->> 'securableType')),
		CASE WHEN dbinsight._audit_group(request_params) IS DISTINCT FROM dbinsight._audit_principal(request_params)
			AND dbinsight._audit_group(request_params) IS NOT NULL THEN 'GROUP' END);
COMMENT ON FUNCTION dbinsight._securable_type(jsonb) IS 'Kind of object a change of rights is about, upper case; GROUP for a change of membership';

CREATE FUNCTION dbinsight._securable_name(request_params jsonb) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN coalesce(request_params ->> 'securable_full_name', request_params ->> 'full_name_arg', request_params ->> 'table_full_name',
		nullif(dbinsight._audit_group(request_params), dbinsight._audit_principal(request_params)),
		request_params ->> 'name', request_params ->> 'name_arg', request_params ->> 'resourceId', request_params ->> 'jobId',
		request_params ->> 'cluster_id', request_params ->> 'clusterId', request_params ->> 'warehouseId', request_params ->> 'path',
		request_params ->> 'scope');
COMMENT ON FUNCTION dbinsight._securable_name(jsonb) IS 'The object a change of rights is about; the group for a change of membership';

/*
 * Who gained and lost what in one event. updatePermissions lists several
 * principals as JSON text; where that text is missing or broken the event
 * still gives its one row.
 */
CREATE FUNCTION dbinsight._grants(request_params jsonb) RETURNS TABLE (principal text, added text[], removed text[])
	LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
	SELECT g.principal, coalesce(array_agg(DISTINCT g.word) FILTER (WHERE g.side = 'add'), '{}'),
		coalesce(array_agg(DISTINCT g.word) FILTER (WHERE g.side = 'remove'), '{}')
	FROM (
		SELECT coalesce(c.change ->> 'principal', dbinsight._audit_principal(_grants.request_params)) AS principal,
			CASE WHEN w.word IS NOT NULL THEN side.side END AS side, upper(replace(w.word, '_', ' ')) AS word
		FROM (SELECT dbinsight._try_json(_grants.request_params ->> 'changes') AS list) j,
			LATERAL json_array_elements(CASE WHEN json_typeof(j.list) = 'array' AND j.list #> '{0}' IS NOT NULL THEN j.list ELSE '[{}]' END) c(change),
			LATERAL (VALUES ('add'), ('remove')) side(side)
			LEFT JOIN LATERAL unnest(dbinsight._json_words(c.change -> side.side)) w(word) ON true
	) g
	GROUP BY g.principal;
END;
COMMENT ON FUNCTION dbinsight._grants(jsonb) IS
'The principals of a change of permissions with what each gained and lost, privileges upper case with spaces';

CREATE FUNCTION dbinsight._takes_away(action_name text) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN coalesce(action_name ~ '^(remove|revoke|delete)', false);
COMMENT ON FUNCTION dbinsight._takes_away(text) IS 'Whether an administrative action takes a right away';

/* workspaceConfEdit lists keys and values, separated by commas, in two parameters. */
CREATE FUNCTION dbinsight._conf_value(request_params jsonb, key text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE WHEN request_params ->> 'workspaceConfKeys' = key THEN lower(btrim(request_params ->> 'workspaceConfValues'))
		ELSE lower(btrim(coalesce(request_params ->> key, (string_to_array(request_params ->> 'workspaceConfValues', ','))[
			array_position(string_to_array(replace(request_params ->> 'workspaceConfKeys', ' ', ''), ','), key)]))) END;
COMMENT ON FUNCTION dbinsight._conf_value(jsonb, text) IS 'What a workspaceConfEdit sets a key to, lower case; NULL when it does not set it';

/* tokenExpirationTime is the moment of expiry in epoch milliseconds; missing, 0 or negative means none. */
CREATE FUNCTION dbinsight._token_days(event_time timestamptz, request_params jsonb) RETURNS float8
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE WHEN dbinsight._try_number(request_params ->> 'tokenExpirationTime') > 0
		THEN (dbinsight._try_number(request_params ->> 'tokenExpirationTime') / 1000 - extract(epoch FROM event_time)) / 86400 END;
COMMENT ON FUNCTION dbinsight._token_days(timestamptz, jsonb) IS 'Days a new token lives; NULL when it has no expiry or the expiry cannot be read';

CREATE FUNCTION dbinsight._token_is_long(event_time timestamptz, request_params jsonb, days float8) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE WHEN nullif(request_params ->> 'tokenExpirationTime', '') IS NULL THEN true
		ELSE coalesce(dbinsight._try_number(request_params ->> 'tokenExpirationTime') <= 0
			OR dbinsight._token_days(event_time, request_params) > days, false) END;
COMMENT ON FUNCTION dbinsight._token_is_long(timestamptz, jsonb, float8) IS
'Whether a new token lives longer than some days or has no expiry; an expiry that cannot be read is not judged';

CREATE FUNCTION dbinsight._workspace(workspace_id text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN coalesce(nullif(workspace_id, '0'), '(account)');
COMMENT ON FUNCTION dbinsight._workspace(text) IS 'A workspace id as shown: events of the account itself have none';

CREATE FUNCTION dbinsight._prefix(address inet) RETURNS cidr
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN network(set_masklen(address, CASE family(address) WHEN 4 THEN 24 ELSE 48 END));
COMMENT ON FUNCTION dbinsight._prefix(inet) IS 'The network novelty is measured on: /24 of an IPv4 address, /48 of an IPv6 address';

CREATE FUNCTION dbinsight._hour(at timestamptz) RETURNS timestamptz
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN date_bin('1 hour', at, 'epoch');
COMMENT ON FUNCTION dbinsight._hour(timestamptz) IS 'The UTC hour a time lies in';

CREATE FUNCTION dbinsight._next_hour(at timestamptz) RETURNS timestamptz
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN date_bin('1 hour', at + interval '1 hour - 1 microsecond', 'epoch');
COMMENT ON FUNCTION dbinsight._next_hour(timestamptz) IS 'The first full UTC hour at or after a time';

/*
 * Access rollups. A refresh takes a lock of its own first: two loads that touch
 * the same hours would otherwise each insert their sums. It groups as many
 * rows as were loaded, hence its own work_mem. A rollup is kept only where it
 * is much smaller than the facts: events per address and minute are hardly
 * fewer than the events themselves, and cost a load more than its rows do.
 * In PL/pgSQL with plans of their own, so that the range is known to the
 * planner: of the months outside it not even an index is read.
 */
CREATE TABLE dbinsight.rollup_audit_hourly (
	hour timestamptz NOT NULL,
	user_email text,
	events bigint NOT NULL
);
COMMENT ON TABLE dbinsight.rollup_audit_hourly IS 'Audit events per UTC hour and identity';
CREATE INDEX ON dbinsight.rollup_audit_hourly (hour);
CREATE INDEX ON dbinsight.rollup_audit_hourly (user_email, hour);

CREATE TABLE dbinsight.rollup_audit_coverage (
	hour timestamptz NOT NULL,
	workspace_id text NOT NULL,
	events bigint NOT NULL,
	interactive_logins bigint NOT NULL,
	sso_bypassed bigint NOT NULL,
	first_time timestamptz NOT NULL,
	last_time timestamptz NOT NULL
);
COMMENT ON TABLE dbinsight.rollup_audit_coverage IS
'Audit events per UTC hour and workspace: how many, first and last, interactive sign-ins and those of them that went round single sign-on';
CREATE INDEX ON dbinsight.rollup_audit_coverage (hour);

CREATE FUNCTION dbinsight._is_interactive_login(service_name text, action_name text) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN service_name = 'accounts' AND action_name IN ('login', 'samlLogin', 'oidcBrowserLogin', 'aadBrowserLogin', 'certLogin', 'mfaLogin',
		'passwordVerifyAuthentication');
COMMENT ON FUNCTION dbinsight._is_interactive_login(text, text) IS 'Whether an audit action is a person''s sign-in';

CREATE FUNCTION dbinsight._is_single_sign_on(action_name text, request_params jsonb) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN action_name IN ('samlLogin', 'oidcBrowserLogin', 'aadBrowserLogin')
		OR coalesce(coalesce(request_params ->> 'authenticationMethod', request_params ->> 'authentication_method') IN ('BROWSER_BYO_IDP_SAML', 'SAML'), false);
COMMENT ON FUNCTION dbinsight._is_single_sign_on(text, jsonb) IS 'Whether a sign-in went by single sign-on';

/*
 * Off hours raise only what is high already, so whether an event is sensitive
 * does not depend on the business hours in force when the rollup is made.
 */
CREATE FUNCTION dbinsight._is_sensitive(category text, base_severity text, is_denied boolean, is_failed boolean) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE WHEN base_severity IS NULL THEN is_denied
		WHEN category = 'auth' AND NOT is_failed THEN false
		ELSE base_severity IN ('critical', 'high', 'medium') OR (base_severity = 'low' AND is_denied) END;
COMMENT ON FUNCTION dbinsight._is_sensitive(text, text, boolean, boolean) IS
'Whether the effective severity of an audit event is medium or worse';

CREATE TABLE dbinsight.rollup_access_daily (
	access_date date NOT NULL,
	table_full_name text NOT NULL,
	user_email text,
	access text NOT NULL CHECK (access IN ('READ', 'WRITE')),
	entity_type text,
	accesses bigint NOT NULL,
	indirect_accesses bigint NOT NULL,
	first_access timestamptz NOT NULL,
	last_access timestamptz NOT NULL,
	first_direct timestamptz,
	last_direct timestamptz
);
COMMENT ON TABLE dbinsight.rollup_access_daily IS
'Table lineage per UTC day, table, identity (created_by, lower case), access and entity type: a source is READ, a target is WRITTEN; one access an event and table';
COMMENT ON COLUMN dbinsight.rollup_access_daily.accesses IS 'Events that touched the table itself: "who read this" counts only these';
COMMENT ON COLUMN dbinsight.rollup_access_daily.indirect_accesses IS 'Events that reached it only by the expansion of a view';
COMMENT ON COLUMN dbinsight.rollup_access_daily.first_access IS 'First event of the row, direct or not';
COMMENT ON COLUMN dbinsight.rollup_access_daily.first_direct IS 'First event that touched the table itself; NULL when none did';
CREATE INDEX ON dbinsight.rollup_access_daily (access_date, table_full_name);
-- With all that is asked of a table's accesses: they lie on as many pages as there are days.
CREATE INDEX ON dbinsight.rollup_access_daily (table_full_name, access_date) INCLUDE (user_email, access, accesses, last_direct, last_access);
CREATE INDEX ON dbinsight.rollup_access_daily (user_email, table_full_name, access_date);

CREATE FUNCTION dbinsight._refresh_access_daily(since timestamptz, until timestamptz) RETURNS void
	LANGUAGE sql SET work_mem = '64MB' BEGIN ATOMIC
	SELECT pg_advisory_xact_lock(hashtextextended('dbinsight.rollup_access_daily', 0));
	DELETE FROM dbinsight.rollup_access_daily r
	WHERE r.access_date BETWEEN (since AT TIME ZONE 'UTC')::date AND (until AT TIME ZONE 'UTC')::date;
	INSERT INTO dbinsight.rollup_access_daily (access_date, table_full_name, user_email, access, entity_type,
		accesses, indirect_accesses, first_access, last_access, first_direct, last_direct)
	SELECT (e.event_time AT TIME ZONE 'UTC')::date, e.table_full_name, e.user_email, e.access, e.entity_type,
		count(*) FILTER (WHERE e.direct), count(*) FILTER (WHERE NOT e.direct), min(e.event_time), max(e.event_time),
		min(e.event_time) FILTER (WHERE e.direct), max(e.event_time) FILTER (WHERE e.direct)
	FROM (
		SELECT side.table_full_name, lower(l.created_by) AS user_email, side.access, l.entity_type,
			bool_or(l.direct_access IS NOT FALSE) AS direct, min(l.event_time) AS event_time
		FROM dbinsight.fact_table_lineage l,
			LATERAL (VALUES ('READ', l.source_table_full_name), ('WRITE', l.target_table_full_name)) side(access, table_full_name)
		WHERE l.event_time >= date_bin('1 day', since, 'epoch') AND l.event_time < date_bin('1 day', until, 'epoch') + interval '1 day'
			AND side.table_full_name IS NOT NULL
		GROUP BY side.table_full_name, lower(l.created_by), side.access, l.entity_type, coalesce(l.event_id, l.record_id),
			(l.event_time AT TIME ZONE 'UTC')::date
	) e
	GROUP BY 1, 2, 3, 4, 5;
END;
COMMENT ON FUNCTION dbinsight._refresh_access_daily(timestamptz, timestamptz) IS 'Recomputes rollup_access_daily for the UTC days between two times';

/* A denied request for a credential read nothing, so only what succeeded (or has no status) counts. */
CREATE TABLE dbinsight.rollup_audit_read (
	minute timestamptz NOT NULL,
	table_full_name text NOT NULL,
	user_email text,
	workspace_id text,
	source_ip inet,
	reads bigint NOT NULL,
	first_time timestamptz NOT NULL,
	event_id text NOT NULL
);
COMMENT ON TABLE dbinsight.rollup_audit_read IS
'Reads of tables seen in the audit log (category data_read with a table name), one row a minute, table and identity; workspace, address and event_id are of the first';
CREATE INDEX ON dbinsight.rollup_audit_read (minute);
CREATE INDEX ON dbinsight.rollup_audit_read (user_email, table_full_name, minute);

CREATE FUNCTION dbinsight._refresh_audit_read(since timestamptz, until timestamptz) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan AS $$
BEGIN
	PERFORM pg_advisory_xact_lock(hashtextextended('dbinsight.rollup_audit_read', 0));
	DELETE FROM dbinsight.rollup_audit_read r
	WHERE r.minute >= date_bin('1 minute', since, 'epoch') AND r.minute <= until;
	INSERT INTO dbinsight.rollup_audit_read (minute, table_full_name, user_email, workspace_id, source_ip, reads, first_time, event_id)
	SELECT e.minute, e.table_full_name, e.user_email, e.workspace_id, e.source_ip, e.reads, e.event_time, e.event_id
	FROM (
		SELECT r.*, count(*) OVER (PARTITION BY r.minute, r.table_full_name, r.user_email) AS reads,
			row_number() OVER (PARTITION BY r.minute, r.table_full_name, r.user_email ORDER BY r.event_time, r.event_id) AS position
		FROM (
			SELECT date_bin('1 minute', f.event_time, 'epoch') AS minute, dbinsight._audit_table(f.request_params) AS table_full_name,
				f.user_email, f.workspace_id, f.source_ip, f.event_time, f.event_id
			FROM dbinsight.fact_audit_logs f
			WHERE f.event_time >= date_bin('1 minute', since, 'epoch')
				AND f.event_time < date_bin('1 minute', until, 'epoch') + interval '1 minute'
				AND f.category = 'data_read' AND NOT f.is_failed
		) r
		WHERE r.table_full_name IS NOT NULL
	) e
	WHERE e.position = 1;
END $$;
COMMENT ON FUNCTION dbinsight._refresh_audit_read(timestamptz, timestamptz) IS 'Recomputes rollup_audit_read for the minutes between two times';

/*
 * When each identity was seen at each address. It is only ever widened: what
 * was seen stays seen, also when the events are no longer kept.
 */
CREATE TABLE dbinsight.rollup_address_seen (
	source_ip inet NOT NULL,
	user_email text,
	first_seen timestamptz NOT NULL,
	last_seen timestamptz NOT NULL,
	UNIQUE NULLS NOT DISTINCT (source_ip, user_email)
);
COMMENT ON TABLE dbinsight.rollup_address_seen IS 'Addresses in the audit log, one row an address and identity: first and last time seen';
CREATE INDEX ON dbinsight.rollup_address_seen (user_email);

CREATE TABLE dbinsight.rollup_connection_daily (
	day timestamptz NOT NULL,
	user_email text NOT NULL,
	source_ip inet NOT NULL,
	user_agent text,
	events bigint NOT NULL,
	hours int NOT NULL
);
COMMENT ON TABLE dbinsight.rollup_connection_daily IS
'Audit events with an address per UTC day, identity, address and user agent; hours has the bit of each hour with an event (1 for 00:00 to 00:59, 2 for 01:00 …)';
CREATE INDEX ON dbinsight.rollup_connection_daily (day);

CREATE TABLE dbinsight.rollup_address_daily (
	day timestamptz NOT NULL,
	source_ip inet NOT NULL,
	user_email text,
	service_name text,
	events bigint NOT NULL,
	failed bigint NOT NULL,
	denied bigint NOT NULL,
	sensitive bigint NOT NULL,
	first_time timestamptz NOT NULL,
	last_time timestamptz NOT NULL
);
COMMENT ON TABLE dbinsight.rollup_address_daily IS
'Audit events with an address per UTC day, address, identity and service: counts, failed (status >= 400), denied, sensitive (effective severity medium or worse)';
CREATE INDEX ON dbinsight.rollup_address_daily (day);
-- What makes an address dangerous is a small part of what it does.
CREATE INDEX ON dbinsight.rollup_address_daily (day) INCLUDE (source_ip, denied, sensitive) WHERE denied > 0 OR sensitive > 0;

CREATE FUNCTION dbinsight._hour_bit(at timestamptz) RETURNS int
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN 1 << date_part('hour', at AT TIME ZONE 'UTC')::int;
COMMENT ON FUNCTION dbinsight._hour_bit(timestamptz) IS 'The bit of the UTC hour of a time, as in rollup_connection_daily';

/*
 * The audit log is by far the largest source: it is read once, for three
 * groupings, of which five rollups are made. Days are made anew as a whole,
 * hours where they are touched. Counts are int4 until they are summed: the sum
 * of bigints is a numeric, which costs more than the counting.
 */
CREATE FUNCTION dbinsight._refresh_audit(since timestamptz, until timestamptz) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET work_mem = '64MB' AS $$
BEGIN
	PERFORM pg_advisory_xact_lock(hashtextextended('dbinsight.rollup_audit_hourly', 0));
	DELETE FROM dbinsight.rollup_audit_hourly r WHERE r.hour >= dbinsight._hour(since) AND r.hour <= until;
	DELETE FROM dbinsight.rollup_audit_coverage r WHERE r.hour >= dbinsight._hour(since) AND r.hour <= until;
	DELETE FROM dbinsight.rollup_address_daily r WHERE r.day >= date_bin('1 day', since, 'epoch') AND r.day <= until;
	DELETE FROM dbinsight.rollup_connection_daily r WHERE r.day >= date_bin('1 day', since, 'epoch') AND r.day <= until;
	WITH part AS MATERIALIZED (
		SELECT GROUPING(e.hour, e.user_email) AS set, e.day, e.source_ip, e.user_email, e.service_name, e.user_agent, e.hour, e.workspace_id,
			count(*)::int AS events, count(*) FILTER (WHERE e.is_failed)::int AS failed, count(*) FILTER (WHERE e.is_denied)::int AS denied,
			count(*) FILTER (WHERE dbinsight._is_sensitive(e.category, e.base_severity, e.is_denied, e.is_failed))::int AS sensitive,
			count(*) FILTER (WHERE e.is_login)::int AS logins,
			count(*) FILTER (WHERE e.is_login AND NOT dbinsight._is_single_sign_on(e.action_name, e.request_params))::int AS bypassed,
			min(e.event_time) AS first_time, max(e.event_time) AS last_time, bit_or(dbinsight._hour_bit(e.event_time)) AS hours
		FROM (
			SELECT date_bin('1 day', f.event_time, 'epoch') AS day, dbinsight._hour(f.event_time) AS hour,
				dbinsight._is_interactive_login(f.service_name, f.action_name) AND NOT f.is_failed AS is_login, f.*
			FROM dbinsight.fact_audit_logs f
			WHERE f.event_time >= date_bin('1 day', since, 'epoch') AND f.event_time < date_bin('1 day', until, 'epoch') + interval '1 day'
		) e
		GROUP BY GROUPING SETS ((e.day, e.source_ip, e.user_email, e.service_name, e.user_agent), (e.hour, e.user_email), (e.hour, e.workspace_id))
	), days AS MATERIALIZED (
		SELECT p.* FROM part p WHERE p.set = 2 AND p.source_ip IS NOT NULL
	), audit_hourly AS (
		INSERT INTO dbinsight.rollup_audit_hourly (hour, user_email, events)
		SELECT p.hour, p.user_email, p.events FROM part p WHERE p.set = 0 AND p.hour >= dbinsight._hour(since) AND p.hour <= until
	), coverage AS (
		INSERT INTO dbinsight.rollup_audit_coverage (hour, workspace_id, events, interactive_logins, sso_bypassed, first_time, last_time)
		SELECT p.hour, p.workspace_id, p.events, p.logins, p.bypassed, p.first_time, p.last_time
		FROM part p WHERE p.set = 1 AND p.hour >= dbinsight._hour(since) AND p.hour <= until
	), connection AS (
		INSERT INTO dbinsight.rollup_connection_daily (day, user_email, source_ip, user_agent, events, hours)
		SELECT d.day, d.user_email, d.source_ip, d.user_agent, sum(d.events), bit_or(d.hours)
		FROM days d WHERE d.user_email IS NOT NULL GROUP BY d.day, d.user_email, d.source_ip, d.user_agent
	), seen AS (
		INSERT INTO dbinsight.rollup_address_seen AS r (source_ip, user_email, first_seen, last_seen)
		SELECT d.source_ip, d.user_email, min(d.first_time), max(d.last_time) FROM days d GROUP BY d.source_ip, d.user_email
		ON CONFLICT (source_ip, user_email) DO UPDATE SET first_seen = least(r.first_seen, excluded.first_seen),
			last_seen = greatest(r.last_seen, excluded.last_seen)
		WHERE r.first_seen > excluded.first_seen OR r.last_seen < excluded.last_seen
	)
	INSERT INTO dbinsight.rollup_address_daily (day, source_ip, user_email, service_name, events, failed, denied, sensitive, first_time, last_time)
	SELECT d.day, d.source_ip, d.user_email, d.service_name, sum(d.events), sum(d.failed), sum(d.denied), sum(d.sensitive),
		min(d.first_time), max(d.last_time)
	FROM days d GROUP BY d.day, d.source_ip, d.user_email, d.service_name;
END $$;
COMMENT ON FUNCTION dbinsight._refresh_audit(timestamptz, timestamptz) IS
'Recomputes the hours and days of the audit rollups between two times, and widens rollup_address_seen';

CREATE TABLE dbinsight.rollup_concurrent (
	bucket timestamptz NOT NULL,
	user_email text NOT NULL,
	prefixes bigint NOT NULL
);
COMMENT ON TABLE dbinsight.rollup_concurrent IS
'Ten-minute buckets in which an identity was on two or more public networks within ten minutes: the most at a time, of windows that end in the bucket';
CREATE INDEX ON dbinsight.rollup_concurrent (bucket);

/*
 * The number can only rise when a network is first seen in a bucket. Of the
 * ten minutes before that moment, those in its own bucket hold what began by
 * then, those in the bucket before what lasted until less than ten minutes ago.
 */
CREATE FUNCTION dbinsight._refresh_concurrent(since timestamptz, until timestamptz) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET work_mem = '64MB' AS $$
BEGIN
	PERFORM pg_advisory_xact_lock(hashtextextended('dbinsight.rollup_concurrent', 0));
	DELETE FROM dbinsight.rollup_concurrent r
	WHERE r.bucket >= date_bin('10 minutes', since, 'epoch') AND r.bucket <= until + interval '10 minutes';
	INSERT INTO dbinsight.rollup_concurrent (bucket, user_email, prefixes)
	WITH stay AS MATERIALIZED (
		SELECT date_bin('10 minutes', f.event_time, 'epoch') AS bucket, f.user_email, dbinsight._prefix(f.source_ip) AS prefix,
			min(f.event_time) AS first_time, max(f.event_time) AS last_time
		FROM dbinsight.fact_audit_logs f
		WHERE f.event_time >= date_bin('10 minutes', since, 'epoch') - interval '10 minutes'
			AND f.event_time < date_bin('10 minutes', until, 'epoch') + interval '20 minutes'
			AND f.user_email IS NOT NULL AND dbinsight.ip_class(f.source_ip) = 'public'
		GROUP BY 1, 2, 3
	)
	SELECT m.bucket, m.user_email, max(m.prefixes)
	FROM (
		SELECT p.bucket, p.user_email, p.prefix, 1 + count(DISTINCT p.other) AS prefixes
		FROM (
			SELECT s.bucket, s.user_email, s.prefix, o.prefix AS other
			FROM stay s JOIN stay o ON o.user_email = s.user_email AND o.bucket = s.bucket
			WHERE o.prefix <> s.prefix AND o.first_time <= s.first_time
			UNION ALL
			SELECT s.bucket, s.user_email, s.prefix, o.prefix
			FROM stay s JOIN stay o ON o.user_email = s.user_email AND o.bucket = s.bucket - interval '10 minutes'
			WHERE o.prefix <> s.prefix AND o.last_time > s.first_time - interval '10 minutes'
		) p
		WHERE p.bucket >= date_bin('10 minutes', since, 'epoch')
		GROUP BY p.bucket, p.user_email, p.prefix
	) m
	GROUP BY m.bucket, m.user_email;
END $$;
COMMENT ON FUNCTION dbinsight._refresh_concurrent(timestamptz, timestamptz) IS 'Recomputes rollup_concurrent for the ten minutes between two times and those after them';

/*
 * Whole days from the rollup, the two days a window cuts, which are one day
 * together, from the facts. A window that begins or ends at midnight does not
 * open the facts there: the first condition of each cut is decided before any row.
 */
CREATE FUNCTION dbinsight._connections(since timestamptz, until timestamptz)
	RETURNS TABLE (day timestamptz, user_email text, source_ip inet, user_agent text, events bigint, hours int)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
	SELECT d.day, d.user_email, d.source_ip, d.user_agent, d.events, d.hours
	FROM dbinsight.rollup_connection_daily d
	WHERE d.day >= _connections.since AND d.day < date_bin('1 day', _connections.until, 'epoch')
	UNION ALL
	SELECT date_bin('1 day', f.event_time, 'epoch'), f.user_email, f.source_ip, f.user_agent, 1, dbinsight._hour_bit(f.event_time)
	FROM dbinsight.fact_audit_logs f
	WHERE date_bin('1 day', _connections.since, 'epoch') < _connections.since
		AND f.event_time >= _connections.since AND f.event_time < date_bin('1 day', _connections.since, 'epoch') + interval '1 day'
		AND f.user_email IS NOT NULL AND f.source_ip IS NOT NULL
	UNION ALL
	SELECT date_bin('1 day', f.event_time, 'epoch'), f.user_email, f.source_ip, f.user_agent, 1, dbinsight._hour_bit(f.event_time)
	FROM dbinsight.fact_audit_logs f
	WHERE date_bin('1 day', _connections.until, 'epoch') < _connections.until
		AND f.event_time >= date_bin('1 day', _connections.until, 'epoch') AND f.event_time < _connections.until
		AND f.user_email IS NOT NULL AND f.source_ip IS NOT NULL;
END;
COMMENT ON FUNCTION dbinsight._connections(timestamptz, timestamptz) IS
'How identities connected in [since, until), a window of a day or more: rows to be summed, hours as in rollup_connection_daily';

CREATE FUNCTION dbinsight._addresses(since timestamptz, until timestamptz)
	RETURNS TABLE (source_ip inet, user_email text, service_name text, events bigint, failed bigint, denied bigint, sensitive bigint,
		first_time timestamptz, last_time timestamptz)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
	SELECT d.source_ip, d.user_email, d.service_name, d.events, d.failed, d.denied, d.sensitive, d.first_time, d.last_time
	FROM dbinsight.rollup_address_daily d
	WHERE d.day >= _addresses.since AND d.day < date_bin('1 day', _addresses.until, 'epoch')
	-- The rest of the first day and the part of the last one.
	UNION ALL
	SELECT f.source_ip, f.user_email, f.service_name, 1, f.is_failed::int, f.is_denied::int,
		dbinsight._is_sensitive(f.category, f.base_severity, f.is_denied, f.is_failed)::int, f.event_time, f.event_time
	FROM dbinsight.fact_audit_logs f
	WHERE date_bin('1 day', _addresses.since, 'epoch') < _addresses.since
		AND f.event_time >= _addresses.since AND f.event_time < date_bin('1 day', _addresses.since, 'epoch') + interval '1 day'
		AND f.source_ip IS NOT NULL
	UNION ALL
	SELECT f.source_ip, f.user_email, f.service_name, 1, f.is_failed::int, f.is_denied::int,
		dbinsight._is_sensitive(f.category, f.base_severity, f.is_denied, f.is_failed)::int, f.event_time, f.event_time
	FROM dbinsight.fact_audit_logs f
	WHERE date_bin('1 day', _addresses.until, 'epoch') < _addresses.until
		AND f.event_time >= date_bin('1 day', _addresses.until, 'epoch') AND f.event_time < _addresses.until AND f.source_ip IS NOT NULL;
END;
COMMENT ON FUNCTION dbinsight._addresses(timestamptz, timestamptz) IS
'Audit counts of [since, until), a window of a day or more, by address, identity and service; sum them';

CREATE FUNCTION dbinsight._address_dangers(since timestamptz, until timestamptz)
	RETURNS TABLE (source_ip inet, denied bigint, sensitive bigint)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
	SELECT d.source_ip, d.denied, d.sensitive
	FROM dbinsight.rollup_address_daily d
	WHERE d.day >= _address_dangers.since AND d.day < date_bin('1 day', _address_dangers.until, 'epoch') AND (d.denied > 0 OR d.sensitive > 0)
	-- Of the cut days the events themselves; what _is_sensitive says of them lies within the condition an index of the log has.
	UNION ALL
	SELECT f.source_ip, f.is_denied::int, dbinsight._is_sensitive(f.category, f.base_severity, f.is_denied, f.is_failed)::int
	FROM dbinsight.fact_audit_logs f
	WHERE date_bin('1 day', _address_dangers.since, 'epoch') < _address_dangers.since
		AND f.event_time >= _address_dangers.since AND f.event_time < date_bin('1 day', _address_dangers.since, 'epoch') + interval '1 day'
		AND f.source_ip IS NOT NULL AND (f.is_denied OR f.base_severity IN ('medium', 'high', 'critical'))
	UNION ALL
	SELECT f.source_ip, f.is_denied::int, dbinsight._is_sensitive(f.category, f.base_severity, f.is_denied, f.is_failed)::int
	FROM dbinsight.fact_audit_logs f
	WHERE date_bin('1 day', _address_dangers.until, 'epoch') < _address_dangers.until
		AND f.event_time >= date_bin('1 day', _address_dangers.until, 'epoch') AND f.event_time < _address_dangers.until
		AND f.source_ip IS NOT NULL AND (f.is_denied OR f.base_severity IN ('medium', 'high', 'critical'));
END;
COMMENT ON FUNCTION dbinsight._address_dangers(timestamptz, timestamptz) IS
'The denied and sensitive events of _addresses, without what is neither; sum them by address';

CREATE FUNCTION dbinsight._new_addresses(since timestamptz)
	RETURNS TABLE (source_ip inet, is_new boolean)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
	SELECT a.source_ip, CASE WHEN (SELECT min(o.first_seen) FROM dbinsight.rollup_address_seen o) <= _new_addresses.since - interval '30 days'
		THEN min(a.first_seen) >= _new_addresses.since END
	FROM dbinsight.rollup_address_seen a GROUP BY a.source_ip;
END;
COMMENT ON FUNCTION dbinsight._new_addresses(timestamptz) IS
'Whether each address was first seen at or after a time; NULL with less than 30 days of history before it';

INSERT INTO dbinsight.derived_relations VALUES
	('rollup_audit_hourly', 'fact_audit_logs', 20, '_refresh_audit'),
	('rollup_audit_coverage', 'fact_audit_logs', 20, '_refresh_audit'),
	('rollup_address_daily', 'fact_audit_logs', 20, '_refresh_audit'),
	('rollup_connection_daily', 'fact_audit_logs', 20, '_refresh_audit'),
	('rollup_address_seen', 'fact_audit_logs', 20, '_refresh_audit'),
	('rollup_concurrent', 'fact_audit_logs', 20, '_refresh_concurrent'),
	('rollup_audit_read', 'fact_audit_logs', 20, '_refresh_audit_read'),
	('rollup_access_daily', 'fact_table_lineage', 20, '_refresh_access_daily');

INSERT INTO dbinsight.retention VALUES
	('rollup_audit_hourly', 'hour', '400 days'),
	('rollup_audit_coverage', 'hour', '400 days'),
	('rollup_access_daily', 'access_date', '400 days'),
	('rollup_audit_read', 'minute', '400 days'),
	('rollup_address_seen', 'last_seen', '400 days'),
	('rollup_connection_daily', 'day', '400 days'),
	('rollup_concurrent', 'bucket', '400 days'),
	('rollup_address_daily', 'day', '400 days');
