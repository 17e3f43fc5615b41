-- The governance tools over the sample account.
SET dbinsight.now = '2026-06-15 12:00:00+00';

-- Lineage of main.gold.fact_usage as planted: by full name, by last part, whatever the case.
SELECT to_jsonb(array_agg(l.table_full_name ORDER BY l.table_full_name) FILTER (WHERE l.direction = 'upstream' AND l.depth = 1)) = t.figures -> 'upstream_1' AS upstream_1,
	to_jsonb(array_agg(l.table_full_name ORDER BY l.table_full_name) FILTER (WHERE l.direction = 'upstream' AND l.depth = 2)) = t.figures -> 'upstream_2' AS upstream_2,
	to_jsonb(array_agg(l.table_full_name ORDER BY l.table_full_name) FILTER (WHERE l.direction = 'downstream' AND l.depth = 1)) = t.figures -> 'downstream_1' AS downstream_1
FROM dbinsight.sample_truth t, unnest(ARRAY['main.gold.fact_usage', 'fact_usage', 'FACT_USAGE']) name, LATERAL dbinsight.get_table_lineage(name) l
WHERE t.tool = 'get_table_lineage' GROUP BY name, t.figures;
SELECT DISTINCT l.via_entity_type, l.via_entity_name FROM dbinsight.get_table_lineage('fact_usage', 'upstream', 1) l;
-- One step of every table, counted over the lineage of 90 days: tables whose neighbours differ.
WITH edge AS (
	SELECT l.source_table_full_name AS s, l.target_table_full_name AS t, count(DISTINCT l.event_id) AS events, max(l.event_time) AS last_event
	FROM dbinsight.fact_table_lineage l
	WHERE l.source_table_full_name IS NOT NULL AND l.target_table_full_name IS NOT NULL AND l.event_time >= dbinsight.now() - interval '90 days' AND l.event_time < dbinsight.now()
	GROUP BY 1, 2
), tool AS (
	SELECT n.direction, d.table_full_name, n.table_full_name AS neighbour, n.events, n.last_event
	FROM dbinsight.current_table d, LATERAL dbinsight.get_table_lineage(d.table_full_name, 'both', 1) n
), counted AS (
	SELECT 'upstream' AS direction, e.t AS table_full_name, e.s AS neighbour, e.events, e.last_event FROM edge e UNION ALL SELECT 'downstream', e.s, e.t, e.events, e.last_event FROM edge e
)
SELECT count(*) AS different FROM ((SELECT * FROM counted EXCEPT SELECT * FROM tool) UNION ALL (SELECT * FROM tool EXCEPT SELECT * FROM counted)) x;

-- Grants on customer_pii as planted: everybody may read, and tom.becker gave himself two rights, at the time of the event.
SELECT g.is_broad, g.privilege_type FROM dbinsight.sample_truth t JOIN dbinsight.get_access_grants(t.entity_id) g ON g.grantee = t.figures ->> 'grantee' WHERE t.tool = 'get_access_grants';
SELECT g.grantee, g.privilege_type, g.granted_by, g.granted_at = t.starts_at AS at_the_event FROM dbinsight.sample_truth t
JOIN dbinsight.get_access_grants('customer_pii') g ON g.grantee = t.entity_id WHERE t.kind = 'self_grant' ORDER BY g.privilege_type COLLATE "C";
-- user@company.com read it yesterday at 10:17 for the last time
SELECT g.last_used, g.days_unused FROM dbinsight.get_access_grants('customer_pii') g WHERE g.grantee = 'user@company.com' AND g.privilege_type = 'SELECT';
-- without a table: every sensitive table, each grant of the snapshot and its owner, and what the schema hands down
SELECT count(DISTINCT g.table_full_name) = (SELECT count(*) FROM dbinsight.sensitive_objects) AS tables,
	count(*) FILTER (WHERE g.inherited_from IS NULL AND NOT g.is_owner) = (SELECT count(*) FROM dbinsight.current_grant c JOIN dbinsight.sensitive_objects s ON s.table_full_name = c.object_full_name
		WHERE c.object_type = 'TABLE' AND c.inherited_from = 'NONE') AS own_grants,
	count(*) FILTER (WHERE g.is_owner) = (SELECT count(*) FROM dbinsight.current_table t JOIN dbinsight.sensitive_objects s USING (table_full_name) WHERE t.table_owner IS NOT NULL) AS owners,
	bool_and(g.grantee = 'data-engineers') FILTER (WHERE g.inherited_from = 'SCHEMA') AS handed_down
FROM dbinsight.get_access_grants() g;

-- Documentation: the sandbox as planted, and the counts of every schema.
SELECT m.with_comment = (t.figures ->> 'with_comment')::bigint AS comments, m.with_owner = (t.figures ->> 'with_owner')::bigint AS owners, m.with_tags = (t.figures ->> 'with_tags')::bigint AS tags,
	m.tables = (t.figures ->> 'tables')::bigint AS tables, m.metadata_score
FROM dbinsight.sample_truth t LEFT JOIN dbinsight.get_metadata_quality(t.entity_id) m ON true WHERE t.tool = 'get_metadata_quality' AND t.kind = 'undocumented';
SELECT schema_full_name FROM dbinsight.get_metadata_quality() LIMIT 1;
SELECT count(*) AS different FROM dbinsight.get_metadata_quality() m JOIN (
	SELECT t.table_catalog || '.' || t.table_schema AS name, count(*) AS tables, count(t.comment) AS comments, count(t.table_owner) AS owners,
		count(*) FILTER (WHERE EXISTS (SELECT FROM dbinsight.fact_table_lineage l WHERE t.table_full_name IN (l.source_table_full_name, l.target_table_full_name))) AS with_lineage
	FROM dbinsight.dim_table t WHERE t.snapshot_date = '2026-06-15' GROUP BY 1) c ON c.name = m.schema_full_name
WHERE (c.tables, c.comments, c.owners, c.with_lineage) IS DISTINCT FROM (m.tables, m.with_comment, m.with_owner, m.with_lineage);

-- Compliance: what is planted fails, with the event or the object in the evidence.
CREATE TEMP TABLE result AS SELECT DISTINCT check_id, status, failing, evidence FROM dbinsight.get_compliance_report();
SELECT p.check_id, r.status, r.evidence -> 'ids' ? p.id AS in_evidence FROM (
	SELECT 'C06' AS check_id, a.event_id AS id FROM dbinsight.fact_audit_logs a JOIN dbinsight.sample_truth t ON t.kind = 'admin_grant' AND a.event_time = t.starts_at AND a.action_name = 'setAccountAdmin'
	UNION ALL SELECT 'C07', a.event_id FROM dbinsight.fact_audit_logs a JOIN dbinsight.sample_truth t ON t.kind = 'self_grant' AND a.event_time = t.starts_at AND a.action_name = 'updatePermissions'
	UNION ALL SELECT 'C12', a.event_id FROM dbinsight.fact_audit_logs a JOIN dbinsight.sample_truth t ON t.kind = 'long_lived_token' AND a.event_time = t.starts_at AND a.action_name = 'generateDbToken'
	UNION ALL SELECT 'C14', 'main.gold.customer_pii to account users: SELECT'
	UNION ALL SELECT 'C17', 'main.gold.customer_pii.' || c FROM unnest('{email,ssn,full_name}'::text[]) c
) p LEFT JOIN result r USING (check_id) ORDER BY 1, p.id COLLATE "C" DESC;
-- every check answers; none passes with something failing, but those that ask for a share
SELECT count(*) AS checks, count(*) FILTER (WHERE status = 'NOT_ASSESSED' AND NOT evidence ? 'reason') AS without_reason,
	count(*) FILTER (WHERE status = 'PASS' AND failing > 0 AND check_id NOT IN ('C04', 'C10', 'C15', 'C16', 'C17', 'C38')) AS contradictions, max(jsonb_array_length(evidence -> 'ids')) <= 20 AS at_most_20 FROM result;
-- ninety days of audit are not a year
SELECT status, evidence -> 'days_held' <= '91' AS about_ninety FROM result WHERE check_id = 'C03';
SELECT c.failing = (SELECT count(DISTINCT (d.table_full_name, d.column_name)) FROM dbinsight.fact_data_classification d
	WHERE NOT EXISTS (SELECT FROM dbinsight.dim_column_mask m WHERE m.snapshot_date = '2026-06-15' AND m.table_full_name = d.table_full_name AND m.column_name = d.column_name)
	AND NOT EXISTS (SELECT FROM dbinsight.dim_row_filter f WHERE f.snapshot_date = '2026-06-15' AND f.table_full_name = d.table_full_name)) AS unmasked_columns FROM result c WHERE c.check_id = 'C17';
DROP TABLE result;
