/*
 * Large facts are partitioned by month. A partition is made when the first row
 * of its month arrives; there is no default partition to hide mistakes in.
 */
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
			EXECUTE format('CREATE TABLE dbinsight.%I PARTITION OF dbinsight.%I FOR VALUES FROM (%L) TO (%L)', part, gold_table,
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
