/*
 * Large facts are partitioned by month. A partition is made when the first row
 * of its month arrives; there is no default partition to hide mistakes in.
 *
 * The indexes are the partitions', not the fact's. pg_dump restores the
 * extension, then each partition attached to its fact, then the partition's
 * indexes: a fact that had indexes would by then have given it the same ones,
 * and the restore would end in errors. So a blank takes over what the files
 * above declared, and partitions are made like it.
 */
DO $$
DECLARE
	fact record;
	i record;
	blank text;
BEGIN
	FOR fact IN SELECT c.oid, c.relname FROM pg_class c WHERE c.relnamespace = 'dbinsight'::regnamespace AND c.relkind = 'p' LOOP
		blank := '_blank_' || fact.relname;
		EXECUTE format('CREATE TABLE dbinsight.%I (LIKE dbinsight.%I INCLUDING ALL)', blank, fact.relname);
		EXECUTE format('COMMENT ON TABLE dbinsight.%I IS %L', blank, 'Never holds rows: the partitions of ' || fact.relname || ' are made like it');
		FOR i IN SELECT conname FROM pg_constraint WHERE conrelid = fact.oid AND contype IN ('p', 'u') LOOP
			EXECUTE format('ALTER TABLE dbinsight.%I DROP CONSTRAINT %I', fact.relname, i.conname);
		END LOOP;
		FOR i IN SELECT indexrelid::regclass AS index FROM pg_index WHERE indrelid = fact.oid LOOP
			EXECUTE format('DROP INDEX %s', i.index);
		END LOOP;
	END LOOP;
END $$;

CREATE FUNCTION dbinsight._ensure_partitions(gold_table text, since timestamptz, until timestamptz) RETURNS int
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	month timestamp := date_trunc('month', since AT TIME ZONE 'UTC');
	zone text;
	part text;
	made int := 0;
BEGIN
	SELECT CASE WHEN a.atttypid = 'timestamptz'::regtype THEN '+00' ELSE '' END INTO zone
	FROM pg_partitioned_table p JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0]
	WHERE p.partrelid = format('dbinsight.%I', gold_table)::regclass;
	IF NOT FOUND THEN
		RETURN 0;
	END IF;
	PERFORM pg_advisory_xact_lock(hashtextextended('dbinsight partitions of ' || gold_table, 0));
	WHILE month <= until AT TIME ZONE 'UTC' LOOP
		part := format('%s_p%s', gold_table, to_char(month, 'YYYYMM'));
		IF to_regclass(format('dbinsight.%I', part)) IS NULL THEN
			EXECUTE format('CREATE TABLE dbinsight.%I (LIKE dbinsight.%I INCLUDING ALL)', part, '_blank_' || gold_table);
			EXECUTE format('ALTER TABLE dbinsight.%I ATTACH PARTITION dbinsight.%I FOR VALUES FROM (%L) TO (%L)', gold_table, part,
				to_char(month, 'YYYY-MM-DD') || CASE zone WHEN '' THEN '' ELSE ' 00:00' || zone END,
				to_char(month + interval '1 month', 'YYYY-MM-DD') || CASE zone WHEN '' THEN '' ELSE ' 00:00' || zone END);
			made := made + 1;
		END IF;
		month := month + interval '1 month';
	END LOOP;
	RETURN made;
END $$;
COMMENT ON FUNCTION dbinsight._ensure_partitions(text, timestamptz, timestamptz) IS
'Makes the monthly partitions of a fact that two times need; says how many were made';

/*
 * Filling an empty partition and building its indexes then takes less than
 * half of what keeping them up row by row does.
 */
CREATE FUNCTION dbinsight._drop_indexes(part regclass) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	i record;
BEGIN
	FOR i IN SELECT x.indexrelid::regclass AS index, c.conname FROM pg_index x LEFT JOIN pg_constraint c ON c.conindid = x.indexrelid AND c.contype IN ('p', 'u')
		WHERE x.indrelid = part
	LOOP
		EXECUTE CASE WHEN i.conname IS NULL THEN format('DROP INDEX %s', i.index) ELSE format('ALTER TABLE %s DROP CONSTRAINT %I', part, i.conname) END;
	END LOOP;
END $$;
COMMENT ON FUNCTION dbinsight._drop_indexes(regclass) IS 'Drops the indexes of a partition that is about to be filled';

CREATE FUNCTION dbinsight._build_indexes(gold_table text, part regclass) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	i record;
BEGIN
	FOR i IN SELECT pg_get_indexdef(x.indexrelid) AS index, pg_get_constraintdef(c.oid) AS constr
		FROM pg_index x LEFT JOIN pg_constraint c ON c.conindid = x.indexrelid AND c.contype IN ('p', 'u')
		WHERE x.indrelid = format('dbinsight.%I', '_blank_' || gold_table)::regclass ORDER BY x.indexrelid
	LOOP
		EXECUTE CASE WHEN i.constr IS NULL THEN regexp_replace(i.index, ' INDEX \S+ ON \S+ ', format(' INDEX ON %s ', part))
			ELSE format('ALTER TABLE %s ADD %s', part, i.constr) END;
	END LOOP;
END $$;
COMMENT ON FUNCTION dbinsight._build_indexes(text, regclass) IS 'Gives a partition without indexes those of its fact''s blank';
