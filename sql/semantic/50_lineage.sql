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

CREATE TABLE dbinsight.rollup_lineage_monthly (
	month date NOT NULL,
	source_table_full_name text NOT NULL,
	target_table_full_name text NOT NULL,
	days bigint NOT NULL
);
COMMENT ON TABLE dbinsight.rollup_lineage_monthly IS
'Which table fed which: rollup_lineage_daily with one row a month, source and target; days has the bit of each UTC day with an event (1 the first of the month, 2 the second …)';
CREATE INDEX ON dbinsight.rollup_lineage_monthly (month);
CREATE INDEX ON dbinsight.rollup_lineage_monthly (source_table_full_name, month);

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
	WITH day AS (
		SELECT (since AT TIME ZONE 'UTC')::date AS low, (until AT TIME ZONE 'UTC')::date + 1 AS high
	), old AS (
		DELETE FROM dbinsight.rollup_lineage_monthly r USING day
		WHERE r.month >= date_trunc('month', day.low)::date AND r.month < day.high
		RETURNING r.month, r.source_table_full_name, r.target_table_full_name, r.days & ~dbinsight._day_bits(r.month, day.low, day.high) AS days
	)
	INSERT INTO dbinsight.rollup_lineage_monthly
	SELECT e.month, e.source_table_full_name, e.target_table_full_name, bit_or(e.days)
	FROM (
		SELECT o.* FROM old o
		UNION ALL
		SELECT date_trunc('month', r.event_date)::date, r.source_table_full_name, r.target_table_full_name,
			bit_or(1::bigint << (extract(day FROM r.event_date)::int - 1))
		FROM dbinsight.rollup_lineage_daily r, day WHERE r.event_date >= day.low AND r.event_date < day.high
		GROUP BY 1, 2, 3
	) e
	WHERE e.days <> 0
	GROUP BY e.month, e.source_table_full_name, e.target_table_full_name;
END;
COMMENT ON FUNCTION dbinsight._refresh_lineage_daily(timestamptz, timestamptz) IS
'Recomputes rollup_lineage_daily and rollup_lineage_monthly for the UTC days between two times';

INSERT INTO dbinsight.derived_relations VALUES
	('rollup_lineage_daily', 'fact_table_lineage', 20, '_refresh_lineage_daily'),
	('rollup_lineage_monthly', 'fact_table_lineage', 20, '_refresh_lineage_daily');

INSERT INTO dbinsight.retention VALUES
	('rollup_lineage_daily', 'event_date', '400 days'),
	-- by the first of the month
	('rollup_lineage_monthly', 'month', '431 days');

-- The last writes of a table, without the reads, which are many times more.
CREATE INDEX ON dbinsight.rollup_access_daily (table_full_name, last_access) INCLUDE (accesses, indirect_accesses) WHERE access = 'WRITE';
-- The writes of the last days, of all tables.
CREATE INDEX ON dbinsight.rollup_access_daily (last_access) INCLUDE (table_full_name, accesses, indirect_accesses) WHERE access = 'WRITE';
