/*
 * The catalog's columns, counted: there are many times more of them than of
 * tables, and what asks how well tables are documented only counts them.
 */
CREATE TABLE dbinsight.rollup_table_columns (
	snapshot_date date NOT NULL,
	table_full_name text NOT NULL,
	columns bigint NOT NULL,
	columns_with_comment bigint NOT NULL,
	PRIMARY KEY (snapshot_date, table_full_name)
);
COMMENT ON TABLE dbinsight.rollup_table_columns IS
'dim_column counted by snapshot and table: columns, and those with a comment';

CREATE FUNCTION dbinsight._refresh_table_columns(since timestamptz, until timestamptz) RETURNS void
	LANGUAGE sql BEGIN ATOMIC
	SELECT pg_advisory_xact_lock(hashtextextended('dbinsight.rollup_table_columns', 0));
	DELETE FROM dbinsight.rollup_table_columns r
	WHERE r.snapshot_date BETWEEN (since AT TIME ZONE 'UTC')::date AND (until AT TIME ZONE 'UTC')::date;
	INSERT INTO dbinsight.rollup_table_columns
	SELECT c.snapshot_date, c.table_full_name, count(*), count(nullif(btrim(c.comment), ''))
	FROM dbinsight.dim_column c
	WHERE c.snapshot_date BETWEEN (since AT TIME ZONE 'UTC')::date AND (until AT TIME ZONE 'UTC')::date
	GROUP BY c.snapshot_date, c.table_full_name;
END;
COMMENT ON FUNCTION dbinsight._refresh_table_columns(timestamptz, timestamptz) IS 'Recomputes rollup_table_columns for the snapshots between two times';

INSERT INTO dbinsight.derived_relations VALUES
	('rollup_table_columns', 'dim_column', 20, '_refresh_table_columns');

INSERT INTO dbinsight.retention VALUES
	('rollup_table_columns', 'snapshot_date', '400 days');
