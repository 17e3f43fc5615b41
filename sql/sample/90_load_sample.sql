/*
 * load_sample(): a synthetic account in the gold tables. Its rows are told
 * apart by account_id 'sample' (where a table has no such column, by the same
 * word in extra), so that a real account is never touched.
 */
CREATE TABLE dbinsight.sample_load (
	only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
	days int NOT NULL,
	seed int NOT NULL,
	scale numeric NOT NULL,
	since timestamptz NOT NULL,
	until timestamptz NOT NULL
);
COMMENT ON TABLE dbinsight.sample_load IS 'What load_sample() was last called with, and the time its account covers';

/* Which relations hold rows of the sample, and how to tell them. */
CREATE FUNCTION dbinsight._sample_relations()
	RETURNS TABLE (gold_table text, marker text)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 40
BEGIN ATOMIC
	SELECT g.gold_table, CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_attribute a
			WHERE a.attrelid = ('dbinsight.' || g.gold_table)::regclass AND a.attname = 'account_id' AND NOT a.attisdropped)
		THEN 'account_id' ELSE 'extra ->> ''account_id''' END
	FROM (SELECT DISTINCT s.gold_table FROM dbinsight.sources s) g
	ORDER BY g.gold_table;
END;
COMMENT ON FUNCTION dbinsight._sample_relations() IS 'Gold tables, and the expression that is the word sample in rows of the sample account';

CREATE FUNCTION dbinsight._sample_refuse() RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	r record;
	account text;
BEGIN
	SELECT s.source INTO account FROM dbinsight.sources s WHERE s.mode <> 'local' LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'the rows of source % are not here: the sample would mix with them', account
			USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Load the sample into a database of its own.';
	END IF;
	FOR r IN SELECT * FROM dbinsight._sample_relations() LOOP
		EXECUTE format('SELECT %s FROM dbinsight.%I WHERE %1$s <> ''sample'' LIMIT 1', r.marker, r.gold_table) INTO account;
		IF account IS NOT NULL THEN
			RAISE EXCEPTION 'the account % is loaded here: the sample would mix with it', account
				USING ERRCODE = 'object_not_in_prerequisite_state',
					DETAIL = format('dbinsight.%s holds its rows.', r.gold_table),
					HINT = 'Load the sample into a database of its own.';
		END IF;
	END LOOP;
END $$;
COMMENT ON FUNCTION dbinsight._sample_refuse() IS 'Raises an error when a real account is loaded';

/* Where nothing but the sample is in a table, emptying it is much cheaper than deleting. */
CREATE FUNCTION dbinsight._sample_remove() RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	r record;
	mixed boolean;
BEGIN
	IF NOT EXISTS (SELECT FROM dbinsight.sample_load) THEN
		RETURN;
	END IF;
	FOR r IN SELECT t.relid, g.marker FROM dbinsight._sample_relations() g, pg_partition_tree(('dbinsight.' || g.gold_table)::regclass) t WHERE t.isleaf
		UNION ALL
		SELECT ('dbinsight.' || g.gold_table)::regclass, g.marker FROM dbinsight._sample_relations() g
		WHERE NOT EXISTS (SELECT FROM pg_partition_tree(('dbinsight.' || g.gold_table)::regclass))
	LOOP
		EXECUTE format('SELECT EXISTS (SELECT FROM %s WHERE %s IS DISTINCT FROM ''sample'')', r.relid, r.marker) INTO mixed;
		EXECUTE CASE WHEN mixed THEN format('DELETE FROM %s WHERE %s = ''sample''', r.relid, r.marker) ELSE format('TRUNCATE %s', r.relid) END;
	END LOOP;
	-- A refresh makes no row go away whose facts have gone. A name may say more than the relation's: "job_run of versions".
	FOR r IN SELECT DISTINCT a.attrelid::regclass AS relation FROM dbinsight.derived_relations d JOIN pg_attribute a ON a.attrelid = to_regclass('dbinsight.' || split_part(d.name, ' ', 1))
		AND a.attname = 'workspace_id' AND NOT a.attisdropped JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p')
	LOOP
		EXECUTE format('DELETE FROM %s WHERE workspace_id IN (SELECT workspace_id FROM dbinsight._sample_workspace())', r.relation);
	END LOOP;
	FOR r IN SELECT table_name, key FROM dbinsight.sample_row LOOP
		EXECUTE format('DELETE FROM dbinsight.%I t WHERE to_jsonb(t) @> $1', r.table_name) USING r.key;
	END LOOP;
	-- Findings are made again after the load, those from other rows too.
	DELETE FROM dbinsight.findings f USING dbinsight.sample_load l WHERE f.last_event BETWEEN l.since AND l.until;
	DELETE FROM dbinsight.incidents i WHERE NOT EXISTS (SELECT FROM dbinsight.findings f WHERE f.incident_id = i.id);
	DELETE FROM dbinsight.entity_risk e USING dbinsight.sample_load l WHERE e.as_of BETWEEN l.since AND l.until;
	DELETE FROM dbinsight.sample_row;
	DELETE FROM dbinsight.sample_truth;
	DELETE FROM dbinsight.sample_load;
END $$;
COMMENT ON FUNCTION dbinsight._sample_remove() IS 'Removes the rows of an earlier load_sample(), nothing else';

/* The partitions of the gold tables, with whether they have indexes. */
CREATE FUNCTION dbinsight._sample_partitions()
	RETURNS TABLE (gold_table text, part regclass, is_empty boolean, is_indexed boolean)
	LANGUAGE sql VOLATILE ROWS 100
BEGIN ATOMIC
	SELECT g.gold_table, i.inhrelid::regclass, pg_relation_size(i.inhrelid) = 0, EXISTS (SELECT FROM pg_catalog.pg_index x WHERE x.indrelid = i.inhrelid)
	FROM dbinsight._sample_relations() g JOIN pg_catalog.pg_inherits i ON i.inhparent = ('dbinsight.' || g.gold_table)::regclass
	ORDER BY g.gold_table, i.inhrelid;
END;
COMMENT ON FUNCTION dbinsight._sample_partitions() IS 'Partitions that load_sample() fills: whether they hold anything, and whether they have indexes';

/*
 * Everything derived, once: a refresh that follows several gold tables runs a
 * single time, after all it may read, and each relation is analyzed before the
 * next one is made from it.
 */
CREATE FUNCTION dbinsight._sample_refresh(since timestamptz, until timestamptz) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
	-- What was filled a moment ago has no statistics yet: hash, whatever the estimate.
	SET enable_nestloop = off SET enable_sort = off AS $$
DECLARE
	r record;
BEGIN
	FOR r IN SELECT d.refresh, max(d.position) AS last, min(d.name) AS first_name, array_agg(DISTINCT c.oid::regclass) FILTER (WHERE c.oid IS NOT NULL) AS relations
		FROM dbinsight.derived_relations d
		LEFT JOIN pg_class c ON c.oid = to_regclass('dbinsight.' || split_part(d.name, ' ', 1)) AND c.relkind IN ('r', 'p', 'm')
		-- Over all time the days of the runs are among those of the usage.
		WHERE d.refresh <> '_refresh_job_allpurpose_cost_of_runs'
		GROUP BY d.refresh ORDER BY 2, 3
	LOOP
		EXECUTE format('SELECT dbinsight.%I($1, $2)', r.refresh) USING since, until;
		RAISE DEBUG 'refreshed by % at %', r.refresh, clock_timestamp();
		IF r.relations IS NOT NULL THEN
			EXECUTE 'ANALYZE ' || array_to_string(r.relations, ', ');
		END IF;
	END LOOP;
END $$;
COMMENT ON FUNCTION dbinsight._sample_refresh(timestamptz, timestamptz) IS 'Brings all derived relations up to date between two times';

CREATE FUNCTION dbinsight.load_sample(days int DEFAULT 90, seed int DEFAULT 42, scale numeric DEFAULT 1)
	RETURNS TABLE (table_name text, rows bigint)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET jit = off SET work_mem = '64MB' SET default_statistics_target = 30 AS $$
#variable_conflict use_variable
DECLARE
	subject text;
	r record;
	since timestamptz;
	until timestamptz := dbinsight.now();
	refresh_since timestamptz;
	refresh_until timestamptz;
BEGIN
	PERFORM dbinsight._in_range('days', days, 1, 730), dbinsight._in_range('scale', scale, 0.001, 100);
	IF seed IS NULL THEN
		RAISE EXCEPTION 'seed must not be null' USING ERRCODE = 'invalid_parameter_value', HINT = 'Give any whole number.';
	END IF;
	PERFORM pg_advisory_xact_lock(hashtextextended('dbinsight sample', 0));
	PERFORM dbinsight._sample_refuse();
	-- What is planted reaches two weeks back, whatever the days.
	since := dbinsight.today()::timestamp AT TIME ZONE 'UTC' - interval '1 day' * greatest(days, 14);
	SELECT least(since, min(l.since)), greatest(until, max(l.until)) INTO refresh_since, refresh_until FROM dbinsight.sample_load l;
	PERFORM dbinsight._sample_remove();
	FOR r IN SELECT g.gold_table FROM dbinsight._sample_relations() g LOOP
		PERFORM dbinsight._ensure_partitions(r.gold_table, since, until);
	END LOOP;
	PERFORM dbinsight._drop_indexes(p.part) FROM dbinsight._sample_partitions() p WHERE p.is_empty;
	INSERT INTO dbinsight.sample_load (days, seed, scale, since, until) VALUES (days, seed, scale, since, until);

	FOREACH subject IN ARRAY ARRAY['dimensions', 'attempts', 'jobs', 'pipelines', 'compute', 'billing', 'queries', 'audit', 'lineage', 'network', 'catalog', 'quality', 'models', 'settings', 'truth'] LOOP
		RAISE NOTICE 'load_sample: %', subject;
		EXECUTE format('SELECT dbinsight.%I($1, $2, $3)', '_sample_' || subject) USING days, seed, scale;
		-- What is filled is indexed for the subjects that look it up; what is still empty, in the end.
		PERFORM dbinsight._build_indexes(p.gold_table, p.part) FROM dbinsight._sample_partitions() p
		WHERE NOT p.is_indexed AND (NOT p.is_empty OR subject = 'truth');
	END LOOP;

	TRUNCATE dbinsight.sample_attempt;

	RAISE NOTICE 'load_sample: statistics and what is derived';
	FOR r IN SELECT g.gold_table FROM dbinsight._sample_relations() g LOOP
		EXECUTE format('ANALYZE dbinsight.%I', r.gold_table);
	END LOOP;
	PERFORM dbinsight._sample_refresh(refresh_since, refresh_until);
	RAISE NOTICE 'load_sample: detections';
	PERFORM dbinsight.run_detections();

	FOR r IN SELECT * FROM dbinsight._sample_relations() LOOP
		table_name := r.gold_table;
		EXECUTE format('SELECT count(*) FROM dbinsight.%I WHERE %s = ''sample''', r.gold_table, r.marker) INTO rows;
		IF rows > 0 THEN
			RETURN NEXT;
		END IF;
	END LOOP;
END $$;
COMMENT ON FUNCTION dbinsight.load_sample(int, int, numeric) IS
'Fills the gold tables with a synthetic account that ends at dbinsight.now(), with incidents planted in it (dbinsight.sample_truth).
The same seed and clock give the same rows. Loading again replaces the earlier sample; a real account makes it refuse.
@param days 1 to 730: how many days of history
@param seed any whole number
@param scale 0.001 to 100: entities at scale 1 are 60 people and service principals, 40 jobs, 25 clusters, 300 tables; workspaces are always 4';
