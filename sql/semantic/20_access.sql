/*
 * Access rollups. A refresh takes a lock of its own first: two loads that touch
 * the same hours would otherwise each insert their sums.
 */
CREATE TABLE dbinsight.rollup_audit_hourly (
	hour timestamptz NOT NULL,
	workspace_id text,
	user_email text,
	user_type text,
	service_name text,
	action_name text,
	category text,
	base_severity text,
	source_ip inet,
	events bigint NOT NULL,
	failed bigint NOT NULL,
	denied bigint NOT NULL,
	sensitive bigint NOT NULL,
	throttled bigint NOT NULL,
	first_time timestamptz NOT NULL,
	last_time timestamptz NOT NULL
);
COMMENT ON TABLE dbinsight.rollup_audit_hourly IS
'Audit events per UTC hour, workspace, identity, action and address: counts, failed (status >= 400), denied, sensitive (effective severity medium or worse), throttled (status 429)';
CREATE INDEX ON dbinsight.rollup_audit_hourly (hour);
CREATE INDEX ON dbinsight.rollup_audit_hourly (source_ip, hour);
CREATE INDEX ON dbinsight.rollup_audit_hourly (user_email, hour);

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

CREATE FUNCTION dbinsight._refresh_audit_hourly(since timestamptz, until timestamptz) RETURNS void
	LANGUAGE sql BEGIN ATOMIC
	SELECT pg_advisory_xact_lock(hashtextextended('dbinsight.rollup_audit_hourly', 0));
	DELETE FROM dbinsight.rollup_audit_hourly r
	WHERE r.hour >= date_bin('1 hour', since, 'epoch') AND r.hour <= until;
	INSERT INTO dbinsight.rollup_audit_hourly (hour, workspace_id, user_email, user_type, service_name, action_name, category,
		base_severity, source_ip, events, failed, denied, sensitive, throttled, first_time, last_time)
	SELECT date_bin('1 hour', f.event_time, 'epoch'), f.workspace_id, f.user_email, f.user_type, f.service_name, f.action_name,
		f.category, f.base_severity, f.source_ip, count(*), count(*) FILTER (WHERE f.is_failed), count(*) FILTER (WHERE f.is_denied),
		count(*) FILTER (WHERE dbinsight._is_sensitive(f.category, f.base_severity, f.is_denied, f.is_failed)),
		count(*) FILTER (WHERE f.status_code = 429), min(f.event_time), max(f.event_time)
	FROM dbinsight.fact_audit_logs f
	WHERE f.event_time >= date_bin('1 hour', since, 'epoch') AND f.event_time < date_bin('1 hour', until, 'epoch') + interval '1 hour'
	GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9;
END;
COMMENT ON FUNCTION dbinsight._refresh_audit_hourly(timestamptz, timestamptz) IS 'Recomputes rollup_audit_hourly for the hours between two times';

CREATE TABLE dbinsight.rollup_access_daily (
	access_date date NOT NULL,
	table_full_name text NOT NULL,
	user_email text,
	access text NOT NULL CHECK (access IN ('READ', 'WRITE')),
	entity_type text,
	accesses bigint NOT NULL,
	indirect_accesses bigint NOT NULL,
	first_access timestamptz NOT NULL,
	last_access timestamptz NOT NULL
);
COMMENT ON TABLE dbinsight.rollup_access_daily IS
'Table lineage per UTC day, table, identity (created_by, lower case), access and entity type: a source is READ, a target is WRITTEN; one access an event and table';
COMMENT ON COLUMN dbinsight.rollup_access_daily.accesses IS 'Events that touched the table itself: "who read this" counts only these';
COMMENT ON COLUMN dbinsight.rollup_access_daily.indirect_accesses IS 'Events that reached it only by the expansion of a view';
COMMENT ON COLUMN dbinsight.rollup_access_daily.first_access IS 'First event of the row, direct or not';
CREATE INDEX ON dbinsight.rollup_access_daily (access_date);
CREATE INDEX ON dbinsight.rollup_access_daily (table_full_name, access_date);
CREATE INDEX ON dbinsight.rollup_access_daily (user_email, access_date);

CREATE FUNCTION dbinsight._refresh_access_daily(since timestamptz, until timestamptz) RETURNS void
	LANGUAGE sql BEGIN ATOMIC
	SELECT pg_advisory_xact_lock(hashtextextended('dbinsight.rollup_access_daily', 0));
	DELETE FROM dbinsight.rollup_access_daily r
	WHERE r.access_date BETWEEN (since AT TIME ZONE 'UTC')::date AND (until AT TIME ZONE 'UTC')::date;
	INSERT INTO dbinsight.rollup_access_daily (access_date, table_full_name, user_email, access, entity_type,
		accesses, indirect_accesses, first_access, last_access)
	SELECT (e.event_time AT TIME ZONE 'UTC')::date, e.table_full_name, e.user_email, e.access, e.entity_type,
		count(*) FILTER (WHERE e.direct), count(*) FILTER (WHERE NOT e.direct), min(e.event_time), max(e.event_time)
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

INSERT INTO dbinsight.derived_relations VALUES
	('rollup_audit_hourly', 'fact_audit_logs', 20, '_refresh_audit_hourly'),
	('rollup_access_daily', 'fact_table_lineage', 20, '_refresh_access_daily');
