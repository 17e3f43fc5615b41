/*
 * Governance: where data comes from and goes, who may see it, who answers for it.
 */

/*
 * Tables one step away, since a time. Complete days come from the rollup, the
 * part of the first day and the current day from the lineage: each an index
 * probe, so that a walk reads what it reaches and no more. Not inlined (that
 * is what its setting does): a recursive query over a subquery is estimated so
 * dear that it would be compiled first, which takes longer than the walk.
 */
CREATE FUNCTION dbinsight._cut_days(since timestamptz) RETURNS TABLE (since timestamptz, until timestamptz)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 2
BEGIN ATOMIC
	SELECT _cut_days.since, least(date_bin('1 day', _cut_days.since, 'epoch') + interval '1 day', dbinsight.now())
	UNION ALL
	SELECT date_bin('1 day', dbinsight.now(), 'epoch'), dbinsight.now()
	WHERE date_bin('1 day', dbinsight.now(), 'epoch') > _cut_days.since;
END;
COMMENT ON FUNCTION dbinsight._cut_days(timestamptz) IS 'The parts of days at both ends of a window that runs from a time to now';

CREATE FUNCTION dbinsight._neighbours(direction text, table_full_name text, since timestamptz)
	RETURNS TABLE (neighbour text, events bigint, last_event timestamptz)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 5 SET jit = off
BEGIN ATOMIC
	SELECT e.neighbour, sum(e.events)::bigint, max(e.last_event)
	FROM (
		SELECT r.source_table_full_name AS neighbour, r.events, r.last_event
		FROM dbinsight.rollup_lineage_daily r
		WHERE _neighbours.direction = 'upstream' AND r.target_table_full_name = _neighbours.table_full_name
			AND r.event_date > (_neighbours.since AT TIME ZONE 'UTC')::date AND r.event_date < dbinsight.today()
		UNION ALL
		SELECT r.target_table_full_name, r.events, r.last_event
		FROM dbinsight.rollup_lineage_daily r
		WHERE _neighbours.direction = 'downstream' AND r.source_table_full_name = _neighbours.table_full_name
			AND r.event_date > (_neighbours.since AT TIME ZONE 'UTC')::date AND r.event_date < dbinsight.today()
		UNION ALL
		SELECT l.source_table_full_name, count(DISTINCT coalesce(l.event_id, l.record_id)), max(l.event_time)
		FROM dbinsight._cut_days(_neighbours.since) d
		JOIN dbinsight.fact_table_lineage l ON l.event_time >= d.since AND l.event_time < d.until
		WHERE _neighbours.direction = 'upstream' AND l.target_table_full_name = _neighbours.table_full_name
			AND l.source_table_full_name IS NOT NULL
		GROUP BY 1
		UNION ALL
		SELECT l.target_table_full_name, count(DISTINCT coalesce(l.event_id, l.record_id)), max(l.event_time)
		FROM dbinsight._cut_days(_neighbours.since) d
		JOIN dbinsight.fact_table_lineage l ON l.event_time >= d.since AND l.event_time < d.until
		WHERE _neighbours.direction = 'downstream' AND l.source_table_full_name = _neighbours.table_full_name
			AND l.target_table_full_name IS NOT NULL
		GROUP BY 1
	) e
	WHERE e.neighbour <> _neighbours.table_full_name
	GROUP BY e.neighbour;
END;
COMMENT ON FUNCTION dbinsight._neighbours(text, text, timestamptz) IS
'Tables that a table was made from (upstream) or that were made from it (downstream) since a time, how many events and when last';

CREATE FUNCTION dbinsight.get_table_lineage(table_name text, direction text DEFAULT 'both', max_depth int DEFAULT 3, days int DEFAULT 90)
	RETURNS TABLE (direction text, depth int, table_full_name text, table_type text, via_entity_type text, via_entity_id text,
		via_entity_name text, parent_table text, events bigint, last_event timestamptz, owner text)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 50
BEGIN ATOMIC
	WITH RECURSIVE catalogued AS MATERIALIZED (
		SELECT t.table_full_name FROM dbinsight.current_table t
		WHERE get_table_lineage.table_name IS NOT NULL AND dbinsight._table_matches(get_table_lineage.table_name, t.table_full_name)
	), source_name(table_full_name) AS (
		-- names of the lineage, each by one probe of the index; asked for only when the catalog does not know the table
		(SELECT min(r.source_table_full_name) FROM dbinsight.rollup_lineage_daily r)
		UNION ALL
		SELECT (SELECT min(r.source_table_full_name) FROM dbinsight.rollup_lineage_daily r WHERE r.source_table_full_name > s.table_full_name)
		FROM source_name s WHERE s.table_full_name IS NOT NULL
	), target_name(table_full_name) AS (
		(SELECT min(r.target_table_full_name) FROM dbinsight.rollup_lineage_daily r)
		UNION ALL
		SELECT (SELECT min(r.target_table_full_name) FROM dbinsight.rollup_lineage_daily r WHERE r.target_table_full_name > s.table_full_name)
		FROM target_name s WHERE s.table_full_name IS NOT NULL
	), origin AS MATERIALIZED (
		SELECT c.table_full_name FROM catalogued c
		UNION
		SELECT n.table_full_name
		FROM (SELECT s.table_full_name FROM source_name s UNION SELECT t.table_full_name FROM target_name t) n
		WHERE NOT EXISTS (SELECT FROM catalogued) AND get_table_lineage.table_name IS NOT NULL
			AND dbinsight._table_matches(get_table_lineage.table_name, n.table_full_name)
	), walk AS (
		-- rows are (direction, depth, table): UNION drops those met before, max_depth ends every cycle
		SELECT d.direction, 0 AS depth, o.table_full_name
		FROM origin o, (VALUES ('upstream'), ('downstream')) d(direction)
		WHERE dbinsight._one_of('direction', get_table_lineage.direction, 'upstream', 'downstream', 'both') IN (d.direction, 'both')
		UNION
		SELECT w.direction, w.depth + 1, n.neighbour
		FROM walk w, LATERAL dbinsight._neighbours(w.direction, w.table_full_name, dbinsight._since_days(get_table_lineage.days)) n
		WHERE w.depth < dbinsight._in_range('max_depth', get_table_lineage.max_depth, 1, 20)
	), reached AS MATERIALIZED (
		SELECT w.direction, w.table_full_name, min(w.depth) AS depth FROM walk w GROUP BY 1, 2
	), nearest AS (
		SELECT DISTINCT ON (r.direction, r.table_full_name) r.direction, r.depth, r.table_full_name, n.neighbour AS from_table, n.events, n.last_event
		FROM reached r
		CROSS JOIN LATERAL dbinsight._neighbours(CASE r.direction WHEN 'upstream' THEN 'downstream' ELSE 'upstream' END, r.table_full_name,
			dbinsight._since_days(get_table_lineage.days)) n
		JOIN reached f ON f.direction = r.direction AND f.table_full_name = n.neighbour AND f.depth = r.depth - 1
		WHERE r.depth > 0
		ORDER BY r.direction, r.table_full_name, n.last_event DESC, n.neighbour COLLATE "C"
	)
	SELECT n.direction, n.depth, n.table_full_name, t.table_type, v.entity_type, v.entity_id,
		coalesce(j.job_name, p.pipeline_name), n.from_table, n.events, n.last_event, t.table_owner
	FROM nearest n
	LEFT JOIN dbinsight.current_table t ON t.table_full_name = n.table_full_name
	LEFT JOIN LATERAL (
		SELECT l.entity_type, l.entity_id, l.workspace_id FROM dbinsight.fact_table_lineage l
		WHERE l.event_time = n.last_event
			AND l.source_table_full_name = CASE n.direction WHEN 'upstream' THEN n.table_full_name ELSE n.from_table END
			AND l.target_table_full_name = CASE n.direction WHEN 'upstream' THEN n.from_table ELSE n.table_full_name END
		ORDER BY l.record_id LIMIT 1
	) v ON true
	LEFT JOIN dbinsight.current_job j ON v.entity_type = 'JOB' AND j.workspace_id = v.workspace_id AND j.job_id = v.entity_id
	LEFT JOIN dbinsight.current_pipeline p ON v.entity_type = 'PIPELINE' AND p.workspace_id = v.workspace_id AND p.pipeline_id = v.entity_id
	ORDER BY n.direction, n.depth, n.table_full_name COLLATE "C";
END;
COMMENT ON FUNCTION dbinsight.get_table_lineage(text, text, int, int) IS
'Where does a table come from and what is made from it: tables up and down the lineage with the job, pipeline or notebook between.
not for: who read or wrote a table (get_table_access_audit) or who may (get_access_grants).
Each table is named once a direction, at its least depth; parent_table is the table one step nearer, via and last_event are of the newest event between the two, events counts them. Lineage is best effort: absence is no proof.
@param table_name full name, or its last part (fact_usage finds main.gold.fact_usage), case aside, % as wildcard
@param direction upstream, downstream or both, default both
@enum direction upstream|downstream|both
@param max_depth how many steps to follow, 1 to 20, default 3
@param days window in days, 1 to 400, default 90';

/* HUMAN and SERVICE_PRINCIPAL by the form of the name, else a group. */
CREATE FUNCTION dbinsight._grantee_type(grantee text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE WHEN dbinsight.user_type(lower(grantee)) = 'HUMAN' THEN 'USER'
		WHEN strpos(grantee, '@') > 0 OR grantee ~ '^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$' THEN 'SERVICE_PRINCIPAL'
		ELSE 'GROUP' END;
COMMENT ON FUNCTION dbinsight._grantee_type(text) IS
'USER, SERVICE_PRINCIPAL (an application id or a service account address) or GROUP, by the form of the name';

CREATE FUNCTION dbinsight._privilege(privilege text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN replace(upper(btrim(privilege)), '_', ' ');
COMMENT ON FUNCTION dbinsight._privilege(text) IS 'One spelling of a privilege: upper case, words separated by spaces';

/*
 * Grants of the latest snapshot that reach a table. Privilege views list what
 * a table inherits; where only the schema's or the catalog's own grants were
 * loaded, those that give access to data are handed down here.
 */
CREATE FUNCTION dbinsight._table_grants(tables text[])
	RETURNS TABLE (table_full_name text, grantee text, privilege_type text, inherited_from text, grantor text, granted_on text)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 500
BEGIN ATOMIC
	WITH scope AS (
		SELECT t AS table_full_name FROM unnest(_table_grants.tables) t
	), own AS (
		SELECT s.table_full_name, g.grantee, dbinsight._privilege(g.privilege_type) AS privilege_type,
			nullif(upper(g.inherited_from), 'NONE') AS inherited_from, g.grantor
		FROM scope s JOIN dbinsight.current_grant g ON g.object_full_name = s.table_full_name
		WHERE upper(g.object_type) NOT IN ('SCHEMA', 'CATALOG', 'METASTORE')
	), handed_down AS (
		SELECT s.table_full_name, g.grantee, dbinsight._privilege(g.privilege_type) AS privilege_type,
			upper(g.object_type) AS inherited_from, g.grantor
		FROM scope s JOIN dbinsight.current_grant g
			ON g.object_full_name IN (dbinsight._schema_of(s.table_full_name), split_part(s.table_full_name, '.', 1))
		WHERE upper(g.object_type) IN ('SCHEMA', 'CATALOG')
			AND dbinsight._privilege(g.privilege_type) IN ('SELECT', 'MODIFY', 'ALL PRIVILEGES', 'MANAGE')
	)
	SELECT DISTINCT ON (a.table_full_name, a.grantee, a.privilege_type) a.table_full_name, a.grantee, a.privilege_type,
		a.inherited_from, a.grantor, CASE a.inherited_from WHEN 'SCHEMA' THEN dbinsight._schema_of(a.table_full_name)
			WHEN 'CATALOG' THEN split_part(a.table_full_name, '.', 1) ELSE a.table_full_name END
	FROM (SELECT * FROM own UNION ALL SELECT * FROM handed_down) a
	-- the table's own grant before one of its schema before one of its catalog
	ORDER BY a.table_full_name, a.grantee, a.privilege_type, a.inherited_from DESC NULLS FIRST;
END;
COMMENT ON FUNCTION dbinsight._table_grants(text[]) IS
'Grants of the latest snapshot that reach each of these tables, once a grantee and privilege, with the object they were given on';

CREATE FUNCTION dbinsight.get_access_grants(table_name text DEFAULT NULL)
	RETURNS TABLE (table_full_name text, grantee text, grantee_type text, privilege_type text, inherited_from text, is_owner boolean,
		is_broad boolean, grantor text, last_used timestamptz, days_unused int, granted_at timestamptz, granted_by text)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
	WITH scope AS MATERIALIZED (
		SELECT s.table_full_name FROM dbinsight.sensitive_objects s WHERE get_access_grants.table_name IS NULL
		UNION
		SELECT t.table_full_name FROM dbinsight.current_table t
		WHERE get_access_grants.table_name IS NOT NULL AND dbinsight._table_matches(get_access_grants.table_name, t.table_full_name)
		UNION
		SELECT g.object_full_name FROM dbinsight.current_grant g
		WHERE get_access_grants.table_name IS NOT NULL AND upper(g.object_type) NOT IN ('SCHEMA', 'CATALOG', 'METASTORE')
			AND dbinsight._table_matches(get_access_grants.table_name, g.object_full_name)
	), held AS (
		SELECT g.table_full_name, g.grantee, g.privilege_type, g.inherited_from, false AS is_owner, g.grantor, g.granted_on
		FROM dbinsight._table_grants(ARRAY(SELECT s.table_full_name FROM scope s)) g
		UNION ALL
		SELECT t.table_full_name, t.table_owner, 'OWNERSHIP', NULL, true, NULL, t.table_full_name
		FROM scope s JOIN dbinsight.current_table t ON t.table_full_name = s.table_full_name
		WHERE t.table_owner IS NOT NULL
	), used AS MATERIALIZED (
		SELECT s.table_full_name, r.user_email, r.last_read, r.last_write
		FROM scope s CROSS JOIN LATERAL (
			SELECT x.user_email, max(x.last_direct) FILTER (WHERE x.access = 'READ') AS last_read,
				max(x.last_access) FILTER (WHERE x.access = 'WRITE') AS last_write
			FROM dbinsight.rollup_access_daily x
			WHERE x.table_full_name = s.table_full_name AND x.access_date <= dbinsight.today()
			GROUP BY x.user_email
		) r
	), given AS MATERIALIZED (
		SELECT DISTINCT ON (g.securable, g.principal, g.privilege) g.securable, g.principal, g.privilege, g.event_time, g.actor
		FROM (
			SELECT lower(dbinsight._securable_name(a.request_params)) AS securable, lower(c.principal) AS principal, p.privilege,
				a.event_time, a.user_email AS actor
			FROM dbinsight.fact_audit_logs a
			CROSS JOIN LATERAL dbinsight._grants(a.request_params) c
			CROSS JOIN LATERAL unnest(c.added) p(privilege)
			WHERE a.category = 'permission' AND a.action_name = 'updatePermissions' AND NOT a.is_failed AND a.event_time < dbinsight.now()
				AND lower(dbinsight._securable_name(a.request_params)) IN
					(SELECT lower(v.name) FROM scope s, LATERAL (VALUES (s.table_full_name), (dbinsight._schema_of(s.table_full_name)),
						(split_part(s.table_full_name, '.', 1))) v(name))
		) g
		ORDER BY g.securable, g.principal, g.privilege, g.event_time DESC
	)
	SELECT h.table_full_name, h.grantee,
		CASE WHEN dbinsight._grantee_type(h.grantee) = 'GROUP'
				AND EXISTS (SELECT FROM dbinsight.rollup_access_daily r WHERE r.user_email = lower(h.grantee)) THEN 'SERVICE_PRINCIPAL'
			ELSE dbinsight._grantee_type(h.grantee) END,
		h.privilege_type, h.inherited_from, h.is_owner, b.is_broad, h.grantor, x.last_used,
		dbinsight.today() - (x.last_used AT TIME ZONE 'UTC')::date, g.event_time, g.actor
	FROM held h
	LEFT JOIN used u ON u.table_full_name = h.table_full_name AND u.user_email = lower(h.grantee)
	LEFT JOIN given g ON g.securable = lower(h.granted_on) AND g.principal = lower(h.grantee) AND g.privilege = h.privilege_type
	CROSS JOIN LATERAL (SELECT lower(h.grantee) IN ('account users', 'users') AS is_broad) b
	CROSS JOIN LATERAL (SELECT CASE WHEN h.privilege_type = 'SELECT' THEN u.last_read WHEN h.privilege_type = 'MODIFY' THEN u.last_write
		WHEN h.is_owner OR h.privilege_type IN ('ALL PRIVILEGES', 'MANAGE') THEN greatest(u.last_read, u.last_write) END AS last_used) x
	ORDER BY h.is_owner DESC, b.is_broad DESC, h.grantee COLLATE "C", h.privilege_type COLLATE "C", h.table_full_name COLLATE "C";
END;
COMMENT ON FUNCTION dbinsight.get_access_grants(text) IS
'Who may read or change a table: grants on it, its schema and its catalog, its owner, and when each was last used.
not for: who did read it (get_table_access_audit, get_pii_access_logs) or which rights changed lately (get_permission_changes).
Without a table: every sensitive table. last_used is the latest read for SELECT, write for MODIFY, either for ALL PRIVILEGES and ownership, from lineage; NULL for groups, whose members act under their own names; a plain name that acts in lineage is a service principal. granted_at and granted_by are of the newest updatePermissions event that gave it, NULL when older than the audit log.
@param table_name full name, or its last part (customer_pii finds main.gold.customer_pii), case aside, % as wildcard; default all sensitive tables';

/* What documents each table, in the latest snapshots taken on or before a day. Schema and catalog tags apply to what they hold. */
CREATE FUNCTION dbinsight._metadata_tables(as_of date)
	RETURNS TABLE (table_full_name text, has_comment boolean, has_owner boolean, has_tags boolean, has_classification boolean,
		has_lineage boolean, columns bigint, columns_with_comment bigint)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 2000
BEGIN ATOMIC
	WITH tagged AS MATERIALIZED (
		SELECT DISTINCT g.object_full_name FROM dbinsight.dim_tag g
		WHERE g.snapshot_date = (SELECT max(x.snapshot_date) FROM dbinsight.dim_tag x WHERE x.snapshot_date <= _metadata_tables.as_of)
			AND g.level IN ('table', 'schema', 'catalog')
	), described AS (
		SELECT c.table_full_name, c.columns, c.columns_with_comment
		FROM dbinsight.rollup_table_columns c
		WHERE c.snapshot_date = (SELECT max(x.snapshot_date) FROM dbinsight.rollup_table_columns x WHERE x.snapshot_date <= _metadata_tables.as_of)
	), classified AS MATERIALIZED (
		-- a set, not EXISTS, which the planner may ask the warehouse once a table
		SELECT DISTINCT f.table_full_name FROM dbinsight.fact_data_classification f
		WHERE f.table_full_name IS NOT NULL
			AND (f.first_detected_time IS NULL OR f.first_detected_time < (_metadata_tables.as_of + 1)::timestamp AT TIME ZONE 'UTC')
	), used AS MATERIALIZED (
		-- One day names nearly every table that is used at all; only the others are probed.
		SELECT DISTINCT r.table_full_name FROM dbinsight.rollup_access_daily r WHERE r.access_date = _metadata_tables.as_of - 1
	)
	SELECT t.table_full_name, nullif(btrim(t.comment), '') IS NOT NULL, nullif(btrim(t.table_owner), '') IS NOT NULL,
		t.table_full_name IN (SELECT g.object_full_name FROM tagged g)
			OR dbinsight._schema_of(t.table_full_name) IN (SELECT g.object_full_name FROM tagged g)
			OR t.table_catalog IN (SELECT g.object_full_name FROM tagged g),
		t.table_full_name IN (SELECT f.table_full_name FROM classified f),
		t.table_full_name IN (SELECT u.table_full_name FROM used u)
			-- not EXISTS, which might be answered by hashing all of 90 days
			OR coalesce((SELECT true FROM dbinsight.rollup_access_daily r WHERE r.table_full_name = t.table_full_name
				AND r.access_date >= _metadata_tables.as_of - 90 AND r.access_date <= _metadata_tables.as_of LIMIT 1), false),
		coalesce(d.columns, 0), coalesce(d.columns_with_comment, 0)
	FROM dbinsight.dim_table t
	LEFT JOIN described d ON d.table_full_name = t.table_full_name
	WHERE t.snapshot_date = (SELECT max(x.snapshot_date) FROM dbinsight.dim_table x WHERE x.snapshot_date <= _metadata_tables.as_of)
		AND lower(t.table_schema) <> 'information_schema';
END;
COMMENT ON FUNCTION dbinsight._metadata_tables(date) IS
'Each table as it was catalogued on a day: comment, owner, tags, classification, lineage of 90 days, columns with a comment';

CREATE FUNCTION dbinsight._metadata_score(tables numeric, with_comment numeric, with_owner numeric, columns numeric,
	columns_with_comment numeric, with_tags numeric, with_lineage numeric) RETURNS float8
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN round((30 * with_comment + 20 * with_owner + 15 * with_tags + 15 * with_lineage) / nullif(tables, 0)
		+ 20 * columns_with_comment / nullif(columns, 0), 2)::float8;
COMMENT ON FUNCTION dbinsight._metadata_score(numeric, numeric, numeric, numeric, numeric, numeric, numeric) IS
'30 comment + 20 owner + 20 column comments + 15 tags + 15 lineage, of shares; NULL without tables or without known columns';

CREATE FUNCTION dbinsight.get_metadata_quality(schema text DEFAULT NULL)
	RETURNS TABLE (schema_full_name text, tables bigint, with_comment bigint, with_owner bigint, with_tags bigint,
		column_comment_pct float8, classified_pct float8, with_lineage bigint, metadata_score float8, worst_tables text[])
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 50
BEGIN ATOMIC
	WITH each_table AS (
		SELECT dbinsight._schema_of(m.table_full_name) AS schema_full_name, m.*,
			30 * m.has_comment::int + 20 * m.has_owner::int + 15 * m.has_tags::int + 15 * m.has_lineage::int
				+ 20 * coalesce(m.columns_with_comment::numeric / nullif(m.columns, 0), 0) AS points
		FROM dbinsight._metadata_tables(dbinsight.today()) m
	), by_schema AS (
		SELECT t.schema_full_name, count(*) AS tables, count(*) FILTER (WHERE t.has_comment) AS with_comment,
			count(*) FILTER (WHERE t.has_owner) AS with_owner, count(*) FILTER (WHERE t.has_tags) AS with_tags,
			sum(t.columns_with_comment) AS columns_with_comment, sum(t.columns) AS columns,
			count(*) FILTER (WHERE t.has_classification) AS classified, count(*) FILTER (WHERE t.has_lineage) AS with_lineage,
			(array_agg(t.table_full_name ORDER BY t.points, t.table_full_name COLLATE "C") FILTER (WHERE t.points < 100))[1:5] AS worst_tables
		FROM each_table t
		WHERE dbinsight._matches(get_metadata_quality.schema, t.schema_full_name, split_part(t.schema_full_name, '.', 2))
		GROUP BY t.schema_full_name
	)
	SELECT s.schema_full_name, s.tables, s.with_comment, s.with_owner, s.with_tags, dbinsight._pct(s.columns_with_comment, s.columns),
		dbinsight._pct(s.classified, s.tables), s.with_lineage, c.score, coalesce(s.worst_tables, '{}')
	FROM by_schema s
	CROSS JOIN LATERAL (SELECT dbinsight._metadata_score(s.tables, s.with_comment, s.with_owner, s.columns, s.columns_with_comment,
		s.with_tags, s.with_lineage) AS score) c
	ORDER BY c.score NULLS LAST, s.schema_full_name COLLATE "C";
END;
COMMENT ON FUNCTION dbinsight.get_metadata_quality(text) IS
'How well is the catalog documented: comments, owners, tags, classification and lineage of the tables of each schema, worst first.
not for: whether the data itself is right or on time (get_dq_summary) or tags on spend (get_tag_coverage).
metadata_score = 30 comment + 20 owner + 20 column comments + 15 tags + 15 lineage, shares of tables (column comments: of columns). A tag of the schema or catalog counts for its tables; lineage means any read or write in 90 days; classified_pct is the share of tables with a classification result. worst_tables holds at most five.
@param schema catalog.schema or the schema''s own name, % as wildcard; default all';

SELECT dbinsight._builtin_tool('dbinsight.get_table_lineage(text,text,int,int)'::regprocedure, ARRAY['governance'], ARRAY[
	'lineage of main.gold.fact_usage', 'where does fact_usage come from', 'what is built from the orders table', 'upstream tables of customer_360',
	'show downstream of main.silver.orders', 'which tables depend on price_list', 'which job writes fact_usage and from what']);
SELECT dbinsight._builtin_tool('dbinsight.get_access_grants(text)'::regprocedure, ARRAY['governance'], ARRAY[
	'who has access to main.gold.customer_pii', 'who can read the employee salary table', 'list grants on customer_pii',
	'who owns fact_usage and who may change it', 'which grants on sensitive tables are never used', 'can all account users read sensitive data',
	'who gave access to employee_ssn']);
SELECT dbinsight._builtin_tool('dbinsight.get_metadata_quality(text)'::regprocedure, ARRAY['governance'], ARRAY[
	'how well are our tables documented', 'tables without comments or owner', 'metadata quality by schema', 'which schema is worst documented',
	'share of columns with a comment', 'how complete is the catalog documentation of main.gold']);
