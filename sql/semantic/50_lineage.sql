/*
 * Which table feeds which, a day at a time. A refresh takes a lock of its own
 * first: two loads that touch the same days would otherwise each insert their
 * counts.
 */
CREATE TABLE dbinsight.rollup_lineage_daily (
	event_date date NOT NULL,
	source_table_full_name text NOT NULL,
	target_table_full_name text NOT NULL,
	workspace_id text,
	entity_type text,
	entity_id text,
	events bigint NOT NULL,
	last_event timestamptz NOT NULL
);
COMMENT ON TABLE dbinsight.rollup_lineage_daily IS
'Edges of table lineage per UTC day, source, target and entity that moved the data; only rows with both sides, one event counted once';
CREATE INDEX ON dbinsight.rollup_lineage_daily (event_date);
CREATE INDEX ON dbinsight.rollup_lineage_daily (source_table_full_name, event_date) INCLUDE (target_table_full_name);
CREATE INDEX ON dbinsight.rollup_lineage_daily (target_table_full_name, event_date);

CREATE FUNCTION dbinsight._refresh_lineage_daily(since timestamptz, until timestamptz) RETURNS void
	LANGUAGE sql BEGIN ATOMIC
	SELECT pg_advisory_xact_lock(hashtextextended('dbinsight.rollup_lineage_daily', 0));
	DELETE FROM dbinsight.rollup_lineage_daily r
	WHERE r.event_date BETWEEN (since AT TIME ZONE 'UTC')::date AND (until AT TIME ZONE 'UTC')::date;
	INSERT INTO dbinsight.rollup_lineage_daily (event_date, source_table_full_name, target_table_full_name, workspace_id,
		entity_type, entity_id, events, last_event)
	SELECT (l.event_time AT TIME ZONE 'UTC')::date, l.source_table_full_name, l.target_table_full_name, l.workspace_id,
		l.entity_type, l.entity_id, count(DISTINCT coalesce(l.event_id, l.record_id)), max(l.event_time)
	FROM dbinsight.fact_table_lineage l
	WHERE l.event_time >= date_bin('1 day', since, 'epoch') AND l.event_time < date_bin('1 day', until, 'epoch') + interval '1 day'
		AND l.source_table_full_name IS NOT NULL AND l.target_table_full_name IS NOT NULL
	GROUP BY 1, 2, 3, 4, 5, 6;
END;
COMMENT ON FUNCTION dbinsight._refresh_lineage_daily(timestamptz, timestamptz) IS 'Recomputes rollup_lineage_daily for the UTC days between two times';

INSERT INTO dbinsight.derived_relations VALUES
	('rollup_lineage_daily', 'fact_table_lineage', 20, '_refresh_lineage_daily');

INSERT INTO dbinsight.retention VALUES
	('rollup_lineage_daily', 'event_date', '400 days');

-- The last writes of a table, without the reads, which are many times more.
CREATE INDEX ON dbinsight.rollup_access_daily (table_full_name, last_access) INCLUDE (accesses, indirect_accesses) WHERE access = 'WRITE';
-- The writes of the last days, of all tables.
CREATE INDEX ON dbinsight.rollup_access_daily (last_access) INCLUDE (table_full_name, accesses, indirect_accesses) WHERE access = 'WRITE';
