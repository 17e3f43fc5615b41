/*
 * A gold table is a name, not a place: use_foreign() puts a view over a
 * foreign table in its place, use_local() puts the table back.
 *
 * The tools' bodies are bound to the table itself, not to its name. So the
 * definitions of all that depends on it are read, the place is changed, and
 * each is created again from its text: same functions, same views, with their
 * grants and registrations. All in one transaction, which has the gold table
 * to itself: a reader that is under way is waited for, one that comes waits,
 * and an error leaves everything as it was.
 *
 * The table that makes room goes into the schema dbinsight_local with its rows
 * and indexes, and leaves the extension meanwhile, so that pg_dump carries it.
 * The view and the foreign table are the extension's: a dump has them not, and
 * after a restore use_foreign() or use_local() says again which it is to be.
 */
CREATE FUNCTION dbinsight._dump_rows(relation regclass) RETURNS void
	LANGUAGE C VOLATILE STRICT AS 'MODULE_PATHNAME', 'dbi_dump_rows';
COMMENT ON FUNCTION dbinsight._dump_rows(regclass) IS 'Has pg_dump carry the rows of a table that has come back to the extension';

CREATE FUNCTION dbinsight._is_refreshing() RETURNS boolean
	LANGUAGE C IMMUTABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'dbi_refreshing';
COMMENT ON FUNCTION dbinsight._is_refreshing() IS
'Whether this is the refresh of a source whose mode is rollup. Plans are made with the answer: all are thrown away when it changes';

CREATE FUNCTION dbinsight._refresh_remote(source text, since timestamptz, until timestamptz) RETURNS bigint
	LANGUAGE C VOLATILE AS 'MODULE_PATHNAME', 'dbi_refresh_remote';
COMMENT ON FUNCTION dbinsight._refresh_remote(text, timestamptz, timestamptz) IS
'Refreshes what is derived from a source that is not local, for the rows whose watermark is between two times; NULL: for all. Returns how many these are';

/* What hangs on a relation and is made again from its text, functions first. */
CREATE FUNCTION dbinsight._dependents(relation regclass) RETURNS text[]
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	stuck text;
BEGIN
	SELECT string_agg(pg_describe_object(d.classid, d.objid, 0), ', ') INTO stuck
	FROM (
		SELECT DISTINCT d.classid, d.objid FROM pg_depend d LEFT JOIN pg_rewrite w ON d.classid = 'pg_rewrite'::regclass AND w.oid = d.objid
			LEFT JOIN pg_class v ON v.oid = w.ev_class
		WHERE d.deptype = 'n' AND d.refclassid = 'pg_class'::regclass AND d.refobjid = relation
			AND NOT (d.classid = 'pg_proc'::regclass OR (v.relkind = 'v' AND w.ev_type = '1') OR d.classid = 'pg_constraint'::regclass)
		UNION
		SELECT d.classid, d.objid FROM pg_depend d JOIN pg_class c ON c.oid = relation JOIN pg_type t ON t.oid = c.reltype
		WHERE d.deptype = 'n' AND d.refclassid = 'pg_type'::regclass AND d.refobjid IN (t.oid, t.typarray)
	) d;
	IF stuck IS NOT NULL THEN
		RAISE EXCEPTION 'cannot change the place of %: % depends on it', relation, stuck USING ERRCODE = '2BP01',
			HINT = 'Views and functions follow; drop the others, and make them again afterwards.';
	END IF;
	RETURN ARRAY(
		SELECT pg_get_functiondef(p.oid) FROM pg_proc p
		WHERE p.oid IN (SELECT d.objid FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = relation)
		UNION ALL
		SELECT format('CREATE OR REPLACE VIEW %s%s AS %s', v.oid::regclass, ' WITH (' || array_to_string(v.reloptions, ', ') || ')', pg_get_viewdef(v.oid))
		FROM pg_class v
		WHERE v.oid IN (SELECT w.ev_class FROM pg_depend d JOIN pg_rewrite w ON w.oid = d.objid
			WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = relation AND w.ev_class <> relation));
END $$;
COMMENT ON FUNCTION dbinsight._dependents(regclass) IS 'Statements that bind the functions and views that depend on a relation to the one that has its name then';

/* Whoever may read the one may read the other; and it gets the comment and the owner. */
CREATE FUNCTION dbinsight._like_table(relation regclass, model regclass) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	c pg_class;
	g record;
BEGIN
	SELECT * INTO STRICT c FROM pg_class WHERE oid = model;
	EXECUTE format('ALTER TABLE %s OWNER TO %I', relation, pg_get_userbyid(c.relowner));
	FOR g IN SELECT a.grantee, a.is_grantable FROM aclexplode(c.relacl) a WHERE a.privilege_type = 'SELECT' AND a.grantee <> c.relowner LOOP
		EXECUTE format('GRANT SELECT ON %s TO %s%s', relation, CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g.grantee)) END,
			CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END);
	END LOOP;
END $$;
COMMENT ON FUNCTION dbinsight._like_table(regclass, regclass) IS 'Gives a relation the owner and the readers of another';

/*
 * Makes room under a gold table's name. A table that holds rows goes to
 * dbinsight_local; a view, or the empty table that CREATE EXTENSION has made
 * again before a dump was restored, is renamed and dropped in the end.
 */
CREATE FUNCTION dbinsight._make_room(gold_table text) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	relation regclass := format('dbinsight.%I', gold_table)::regclass;
	is_view boolean := (SELECT c.relkind = 'v' FROM pg_class c WHERE c.oid = relation);
	holds_rows boolean;
BEGIN
	IF NOT is_view THEN
		EXECUTE format('ALTER EXTENSION dbinsight DROP TABLE %s', relation);
		IF to_regclass(format('dbinsight_local.%I', gold_table)) IS NULL THEN
			IF to_regnamespace('dbinsight_local') IS NULL THEN
				CREATE SCHEMA dbinsight_local;
			END IF;
			EXECUTE format('ALTER TABLE %s SET SCHEMA dbinsight_local', relation);
			RETURN;
		END IF;
		EXECUTE format('SELECT EXISTS (SELECT FROM %s)', relation) INTO holds_rows;
		IF holds_rows THEN
			RAISE EXCEPTION 'both dbinsight.% and dbinsight_local.% hold rows', gold_table, gold_table USING ERRCODE = '55000',
				HINT = 'Move the rows of one into the other, or drop it.';
		END IF;
	ELSE
		EXECUTE format('ALTER EXTENSION dbinsight DROP VIEW %s', relation);
		EXECUTE format('ALTER EXTENSION dbinsight DROP FOREIGN TABLE dbinsight.%I', '_remote_' || gold_table);
		EXECUTE format('ALTER FOREIGN TABLE dbinsight.%I RENAME TO %I', '_remote_' || gold_table, '_former_remote_' || gold_table);
	END IF;
	EXECUTE format('ALTER %s %s RENAME TO %I', CASE WHEN is_view THEN 'VIEW' ELSE 'TABLE' END, relation, '_former_' || gold_table);
END $$;
COMMENT ON FUNCTION dbinsight._make_room(text) IS 'Takes away what has the name of a gold table, for another to have it';

CREATE FUNCTION dbinsight._clear_room(gold_table text) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	former regclass := to_regclass(format('dbinsight.%I', '_former_' || gold_table));
BEGIN
	IF former IS NOT NULL THEN
		EXECUTE format('DROP %s %s', CASE (SELECT c.relkind FROM pg_class c WHERE c.oid = former) WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, former);
		IF to_regclass(format('dbinsight.%I', '_former_remote_' || gold_table)) IS NOT NULL THEN
			EXECUTE format('DROP FOREIGN TABLE dbinsight.%I', '_former_remote_' || gold_table);
		END IF;
	END IF;
END $$;
COMMENT ON FUNCTION dbinsight._clear_room(text) IS 'Drops what _make_room() left behind';

/* The local table back under its name. */
CREATE FUNCTION dbinsight._place_local(gold_table text) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	relation regclass := format('dbinsight_local.%I', gold_table)::regclass;
BEGIN
	EXECUTE format('ALTER TABLE %s SET SCHEMA dbinsight', relation);
	EXECUTE format('ALTER EXTENSION dbinsight ADD TABLE %s', relation);
	IF (SELECT c.relkind = 'r' FROM pg_class c WHERE c.oid = relation) THEN
		PERFORM dbinsight._dump_rows(relation);		-- those of a partitioned one are its partitions'
	END IF;
	IF NOT EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = 'dbinsight_local'::regnamespace) THEN
		DROP SCHEMA dbinsight_local;
	END IF;
END $$;
COMMENT ON FUNCTION dbinsight._place_local(text) IS 'Puts the table of a gold name back into its place';

/*
 * The foreign table, and the view with the gold table's columns over it.
 * Generated columns that the query has not are calculated by the view, from
 * the expressions of the table: the planner ships of them what can be shipped.
 */
CREATE FUNCTION dbinsight._place_remote(source text, server name, fields jsonb, computed jsonb, is_rollup boolean) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	gold text := (SELECT s.gold_table FROM dbinsight.sources s WHERE s.source = _place_remote.source);
	model regclass := format('dbinsight_local.%I', gold)::regclass;
	remote text := format('dbinsight.%I', '_remote_' || gold);
	columns text;
	shown text;
BEGIN
	SELECT string_agg(format('%I %s%s', c.name, c.local_type, coalesce(' OPTIONS (column_type ' || quote_literal(c.column_type) || ')', '')), ', ' ORDER BY c.number) FILTER (WHERE c.expression IS NOT NULL),
		string_agg(format('%s AS %I', CASE WHEN c.expression IS NULL THEN pg_get_expr(d.adbin, d.adrelid)
			WHEN c.name = 'valid_to' THEN format('coalesce(%I, ''infinity'')', c.name)
			ELSE format('%I::%s', c.name, format_type(a.atttypid, a.atttypmod)) END, c.name), ', ' ORDER BY c.number)
	INTO columns, shown
	FROM dbinsight._remote_columns(source, fields, computed) c
	JOIN pg_attribute a ON a.attrelid = model AND a.attnum = c.number
	LEFT JOIN pg_attrdef d ON d.adrelid = model AND d.adnum = c.number;
	EXECUTE format('CREATE FOREIGN TABLE %s (%s) SERVER %I OPTIONS (query %L)', remote, columns, server, dbinsight._remote_text(source, fields, computed));
	EXECUTE format('CREATE VIEW dbinsight.%I WITH (security_invoker) AS %s', gold,
		format(CASE WHEN gold LIKE 'dim%' THEN 'WITH r AS MATERIALIZED (SELECT * FROM %2$s) SELECT %1$s FROM r' ELSE 'SELECT %s FROM %s' END, shown, remote)
		|| CASE WHEN is_rollup THEN ' WHERE dbinsight._is_refreshing()' ELSE '' END);
	EXECUTE format('COMMENT ON FOREIGN TABLE %s IS %L', remote, source || ' as it is read on the warehouse, for ' || gold);
	EXECUTE format('COMMENT ON VIEW dbinsight.%I IS %L', gold, obj_description(model, 'pg_class'));
	PERFORM dbinsight._like_table(remote::regclass, model), dbinsight._like_table(format('dbinsight.%I', gold)::regclass, model);
	EXECUTE format('ALTER EXTENSION dbinsight ADD FOREIGN TABLE %s', remote);
	EXECUTE format('ALTER EXTENSION dbinsight ADD VIEW dbinsight.%I', gold);
END $$;
COMMENT ON FUNCTION dbinsight._place_remote(text, name, jsonb, jsonb, boolean) IS 'Puts a foreign table, and a view over it, in the place of a gold table';

CREATE FUNCTION dbinsight._switchable(source text) RETURNS dbinsight.sources
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	s dbinsight.sources;
BEGIN
	SELECT o.* INTO s FROM dbinsight.sources o WHERE o.source = _switchable.source FOR UPDATE;
	IF s.source IS NULL THEN
		RAISE EXCEPTION 'source "%" does not exist', source USING ERRCODE = '42704', HINT = 'SELECT source FROM dbinsight.sources lists them all.';
	END IF;
	IF NOT pg_has_role((SELECT e.extowner FROM pg_extension e WHERE e.extname = 'dbinsight'), 'USAGE') THEN
		RAISE EXCEPTION 'only the owner of the extension may change the place of a gold table' USING ERRCODE = '42501';
	END IF;
	RETURN s;
END $$;
COMMENT ON FUNCTION dbinsight._switchable(text) IS 'The row of a source whose place is about to change';

-- Unchecked: a function that writes a gold table is kept, though it cannot run meanwhile.
CREATE FUNCTION dbinsight._use_remote(source text, server name, mode text) RETURNS text
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET check_function_bodies = off AS $$
DECLARE
	s dbinsight.sources := dbinsight._switchable(source);
	fields jsonb;
	computed jsonb;
	relation regclass := format('dbinsight.%I', s.gold_table)::regclass;
	definition text;
	definitions text[];
BEGIN
	IF s.remote IS NULL THEN
		RAISE EXCEPTION 'source "%" has no remote table', source USING ERRCODE = '55000',
			HINT = format('UPDATE dbinsight.sources SET remote = ''catalog.schema.table'' WHERE source = %L.', source);
	ELSIF EXISTS (SELECT FROM jsonb_each(s.mapping) m WHERE m.value ->> 'as' = 'today') THEN
		RAISE EXCEPTION 'source "%" cannot be %', source, mode USING ERRCODE = '0A000',
			DETAIL = 'The account shows its present state only; the days before are kept here.',
			HINT = 'Leave it local: ingest() adds a copy a day. The present is read there through IMPORT FOREIGN SCHEMA.';
	ELSIF coalesce(server, '') = '' THEN
		RAISE EXCEPTION 'no Databricks workspace is set' USING ERRCODE = '55000',
			HINT = 'CREATE SERVER ... FOREIGN DATA WRAPPER databricks, then name it here or SET dbinsight.databricks_server to its name.';
	END IF;
	-- The account is asked before anything is locked.
	fields := dbinsight._remote_fields(server, s.remote);
	IF s.remote_computed IS NOT NULL THEN
		EXECUTE format('SELECT dbinsight.%I($1)', s.remote_computed) INTO computed USING server;
	END IF;
	IF (SELECT c.relkind FROM pg_class c WHERE c.oid = relation) <> 'v' THEN
		EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', relation);
	END IF;
	definitions := dbinsight._dependents(relation);
	PERFORM dbinsight._make_room(s.gold_table);
	PERFORM dbinsight._place_remote(source, server, fields, computed, mode = 'rollup');
	FOREACH definition IN ARRAY definitions LOOP
		EXECUTE definition;
	END LOOP;
	PERFORM dbinsight._clear_room(s.gold_table);
	UPDATE dbinsight.sources o SET mode = _use_remote.mode WHERE o.source = s.source;
	IF s.mode = 'local' THEN
		UPDATE dbinsight.ingest_state i SET local_read_until = i.read_until WHERE i.source = s.source;
	END IF;
	RETURN s.gold_table;
END $$;
COMMENT ON FUNCTION dbinsight._use_remote(text, name, text) IS 'Puts a source into the mode foreign or rollup';

CREATE FUNCTION dbinsight.use_foreign(source text, server name DEFAULT NULL) RETURNS text
	LANGUAGE sql VOLATILE
	RETURN dbinsight._use_remote(source, coalesce(server, dbinsight._setting('databricks_server')::name), 'foreign');
COMMENT ON FUNCTION dbinsight.use_foreign(text, name) IS
'Leaves the rows of a source on the warehouse: its gold table is read there from now on, and every tool follows. Returns the gold table. Again: as the account''s table, prices and labels are now
@param source a source of dbinsight.sources whose remote is set
@param server a foreign server of databricks; default dbinsight.databricks_server';

CREATE FUNCTION dbinsight.use_rollup(source text, server name DEFAULT NULL) RETURNS text
	LANGUAGE sql VOLATILE
	RETURN dbinsight._use_remote(source, coalesce(server, dbinsight._setting('databricks_server')::name), 'rollup');
COMMENT ON FUNCTION dbinsight.use_rollup(text, name) IS
'Keeps only what is derived from a source, calculated on the warehouse by ingest_due(). Its gold table shows no rows: tools that read them, not what is derived, answer with none
@param source a source of dbinsight.sources whose remote is set
@param server a foreign server of databricks; default dbinsight.databricks_server';

CREATE FUNCTION dbinsight.use_local(source text) RETURNS text
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	s dbinsight.sources := dbinsight._switchable(source);
	relation regclass := format('dbinsight.%I', s.gold_table)::regclass;
	definition text;
	definitions text[];
BEGIN
	IF to_regclass(format('dbinsight_local.%I', s.gold_table)) IS NOT NULL THEN
		definitions := dbinsight._dependents(relation);
		PERFORM dbinsight._make_room(s.gold_table);
		PERFORM dbinsight._place_local(s.gold_table);
		FOREACH definition IN ARRAY definitions LOOP
			EXECUTE definition;
		END LOOP;
		PERFORM dbinsight._clear_room(s.gold_table);
	END IF;
	-- What came while the rows were elsewhere is read by the next ingestion.
	UPDATE dbinsight.sources o SET mode = 'local' WHERE o.source = s.source;
	UPDATE dbinsight.ingest_state i SET read_until = i.local_read_until WHERE i.source = s.source AND s.mode <> 'local';
	RETURN s.gold_table;
END $$;
COMMENT ON FUNCTION dbinsight.use_local(text) IS
'Puts the table of a gold name back into its place, with the rows it had; ingestion goes on where it was left. Returns the gold table
@param source a source of dbinsight.sources';

/*
 * The refresh of what follows a remote source: which of its days have rows
 * that are new is one row from the warehouse.
 */
CREATE FUNCTION dbinsight._refresh_from_remote(source text, since timestamptz, until timestamptz) RETURNS bigint
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
	s dbinsight.sources;
	by_day boolean;
	present bigint;
	oldest text;
	newest text;
BEGIN
	SELECT o.* INTO STRICT s FROM dbinsight.sources o WHERE o.source = _refresh_from_remote.source;
	IF s.watermark_column IS NULL OR since IS NULL THEN
		EXECUTE format('SELECT count(*), ''-infinity'', ''infinity'' FROM dbinsight.%I', s.gold_table) INTO present, oldest, newest;
	ELSE
		SELECT a.atttypid = 'date'::regtype INTO by_day FROM pg_attribute a WHERE a.attrelid = format('dbinsight.%I', s.gold_table)::regclass AND a.attname = s.watermark_column;
		EXECUTE format(CASE WHEN by_day
				-- A day that is not over counts whole.
				THEN 'SELECT count(*), min(%1$I)::text, max(%1$I)::text FROM dbinsight.%2$I WHERE %3$I >= ($1 AT TIME ZONE ''UTC'')::date AND %3$I <= (($2 - interval ''1 microsecond'') AT TIME ZONE ''UTC'')::date'
				ELSE 'SELECT count(*), min(%1$I)::text, max(%1$I)::text FROM dbinsight.%2$I WHERE %3$I >= $1 AND %3$I < $2' END, coalesce(s.time_column, s.watermark_column), s.gold_table, s.watermark_column)
			INTO present, oldest, newest USING since, until;
	END IF;
	IF present > 0 THEN
		-- Of a date the whole day.
		PERFORM dbinsight._refresh_derived(s.gold_table, (oldest || CASE WHEN length(oldest) = 10 THEN ' 00:00+00' ELSE '' END)::timestamptz,
			(newest || CASE WHEN length(newest) = 10 THEN ' 00:00+00' ELSE '' END)::timestamptz);
		IF s.after_load IS NOT NULL THEN
			EXECUTE format('SELECT dbinsight.%I()', s.after_load);
		END IF;
	END IF;
	INSERT INTO dbinsight.ingest_state AS i (source, watermark, last_event_time, last_loaded_at)
	SELECT s.source, CASE WHEN present > 0 AND since IS NOT NULL THEN until END, CASE WHEN length(newest) > 8 THEN newest::timestamptz END, dbinsight.now()
	ON CONFLICT (source) DO UPDATE SET watermark = greatest(i.watermark, excluded.watermark), last_event_time = greatest(i.last_event_time, excluded.last_event_time),
		last_loaded_at = excluded.last_loaded_at, last_error = NULL;
	RETURN present;
END $$;
COMMENT ON FUNCTION dbinsight._refresh_from_remote(text, timestamptz, timestamptz) IS 'Does the work of _refresh_remote()';
