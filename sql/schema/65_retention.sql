/*
 * Retention: every table that grows by itself has one. A fact's is that of
 * its source (sources.retention); the others' are rows of retention.
 */
CREATE TABLE dbinsight.retention (
	table_name text PRIMARY KEY,
	time_column text NOT NULL,
	keep interval
);
COMMENT ON TABLE dbinsight.retention IS
'How long rows of the product''s own and derived tables are kept by their time column; NULL keeps them for ever';

INSERT INTO dbinsight.retention VALUES
	('ingest_log', 'loaded_at', '90 days'),
	('rejected_rows', 'rejected_at', '90 days'),
	('findings', 'last_event', '400 days'),
	('incidents', 'last_event', '400 days'),
	('entity_risk', 'as_of', '400 days'),
	('predictions', 'scored_at', '400 days'),
	('alert_events', 'fired_at', '400 days'),
	('job_run', 'start_time', '400 days'),
	('job_task_run', 'start_time', '400 days'),
	('pipeline_update', 'start_time', '400 days'),
	('chat_conversations', 'updated_at', '400 days'),
	('security_log', 'at', '400 days');

CREATE FUNCTION dbinsight._replace_retention() RETURNS trigger
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	DELETE FROM dbinsight.retention WHERE table_name = NEW.table_name;
	RETURN NEW;
END $$;
COMMENT ON FUNCTION dbinsight._replace_retention() IS 'An inserted retention replaces the one of the same table, so that a restored dump wins over the seeds';
CREATE TRIGGER replace_retention BEFORE INSERT ON dbinsight.retention
	FOR EACH ROW EXECUTE FUNCTION dbinsight._replace_retention();

/* Partitions of a table that end before a time; they go whole. */
CREATE FUNCTION dbinsight._drop_partitions(table_name text, before timestamptz) RETURNS bigint
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	part record;
	dropped bigint := 0;
BEGIN
	FOR part IN
		SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
		WHERE i.inhparent = format('dbinsight.%I', _drop_partitions.table_name)::regclass
			AND c.relname ~ '_p[0-9]{6}$'
			AND (to_date(right(c.relname, 6), 'YYYYMM') + interval '1 month') AT TIME ZONE 'UTC' <= before
	LOOP
		EXECUTE format('DROP TABLE dbinsight.%I', part.relname);
		dropped := dropped + 1;
	END LOOP;
	RETURN dropped;
END $$;
COMMENT ON FUNCTION dbinsight._drop_partitions(text, timestamptz) IS 'Drops the monthly partitions of a fact that end before a time';

CREATE FUNCTION dbinsight.apply_retention() RETURNS TABLE (table_name text, partitions_dropped bigint, rows_deleted bigint)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	r record;
	before timestamptz;
BEGIN
	FOR r IN
		SELECT s.gold_table AS name, s.time_column AS column, max(s.retention) AS keep
		FROM dbinsight.sources s WHERE s.mode = 'local' AND s.retention IS NOT NULL AND s.time_column IS NOT NULL GROUP BY 1, 2
		UNION ALL SELECT t.table_name, t.time_column, t.keep FROM dbinsight.retention t WHERE t.keep IS NOT NULL
		ORDER BY 1
	LOOP
		before := dbinsight.now() - r.keep;
		table_name := r.name;
		partitions_dropped := dbinsight._drop_partitions(r.name, before);
		EXECUTE format('DELETE FROM dbinsight.%I WHERE %I < $1', r.name, r.column) USING before;
		GET DIAGNOSTICS rows_deleted = ROW_COUNT;
		IF partitions_dropped > 0 OR rows_deleted > 0 THEN
			RETURN NEXT;
		END IF;
	END LOOP;
END $$;
COMMENT ON FUNCTION dbinsight.apply_retention() IS
'Removes what is older than its retention: whole partitions first, then rows; says what went';
