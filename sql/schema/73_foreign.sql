/*
 * A system table as a query of Databricks SQL that has the gold table's own
 * columns: what load_rows() does to a row, said for the warehouse. 74 puts it
 * in the gold table's place.
 *
 *   SELECT columns, computed ones, versions' ends
 *   FROM (one row a key FROM (fields by sources.mapping FROM the system table))
 *
 * It is written when a source is switched, for which columns an account's
 * table has is known only there.
 */
CREATE FUNCTION dbinsight._remote_type_fields(type text) RETURNS TABLE (name text, type text)
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dbi_remote_type_fields';
COMMENT ON FUNCTION dbinsight._remote_type_fields(text) IS 'The fields of a STRUCT of Databricks, in order; none for other types';

CREATE FUNCTION dbinsight._remote_quote(name text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT RETURN '`' || replace(name, '`', '``') || '`';
COMMENT ON FUNCTION dbinsight._remote_quote(text) IS 'An identifier, quoted for Databricks SQL';

CREATE FUNCTION dbinsight._remote_literal(value text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT RETURN '''' || replace(replace(value, '\', '\\'), '''', '\''') || '''';
COMMENT ON FUNCTION dbinsight._remote_literal(text) IS 'A string, quoted for Databricks SQL';

/* DESCRIBE cuts long structs short; the catalog does not. */
CREATE FUNCTION dbinsight._remote_fields(server name, remote text) RETURNS jsonb
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	parts text[] := parse_ident(remote);
	fields jsonb;
BEGIN
	IF cardinality(parts) <> 3 THEN
		RAISE EXCEPTION 'remote table "%" is not of the form catalog.schema.table', remote USING ERRCODE = '22023';
	END IF;
	SELECT jsonb_object_agg(lower(f[1]), f[2]) INTO fields
	FROM dbinsight._databricks_query(server, format('SELECT column_name, full_data_type FROM %s.information_schema.columns WHERE lower(table_schema) = %s AND lower(table_name) = %s',
		dbinsight._remote_quote(parts[1]), dbinsight._remote_literal(lower(parts[2])), dbinsight._remote_literal(lower(parts[3])))) f;
	IF fields IS NULL THEN
		RAISE EXCEPTION 'remote table % does not exist', remote USING ERRCODE = '42P01',
			HINT = 'Or the user of the server may not read it: GRANT SELECT on it, and USE SCHEMA and USE CATALOG, in the account.';
	END IF;
	RETURN fields;
END $$;
COMMENT ON FUNCTION dbinsight._remote_fields(name, text) IS 'The columns of a remote table and their types, as the account''s catalog has them';

/* a.b.c of the row r; NULL when the table has no such field. */
CREATE FUNCTION dbinsight._remote_path(fields jsonb, path text, OUT expression text, OUT type text)
	LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	part text;
BEGIN
	FOREACH part IN ARRAY string_to_array(path, '.') LOOP
		IF expression IS NULL THEN
			expression := 'r.' || dbinsight._remote_quote(part);
			type := fields ->> lower(part);
		ELSE
			expression := expression || '.' || dbinsight._remote_quote(part);
			SELECT f.type INTO type FROM dbinsight._remote_type_fields(type) f WHERE lower(f.name) = lower(part);
		END IF;
		IF type IS NULL THEN
			expression := NULL;
			RETURN;
		END IF;
	END LOOP;
END $$;
COMMENT ON FUNCTION dbinsight._remote_path(jsonb, text) IS 'A field of a remote table by its path, and its type';

/* The day in UTC of an instant, whatever zone the warehouse's session is in. */
CREATE FUNCTION dbinsight._remote_date(expression text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
	RETURN replace('date_from_unix_date(CAST((unix_micros($1) - pmod(unix_micros($1), 86400000000)) div 86400000000 AS INT))', '$1', expression);
COMMENT ON FUNCTION dbinsight._remote_date(text) IS 'The UTC date of an instant in Databricks SQL';

/*
 * A field as the gold column's type has it: kind is the type's name there, in
 * capitals and without arguments.
 */
CREATE FUNCTION dbinsight._remote_value(expression text, kind text, gold regtype) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE
		WHEN gold = 'text'::regtype THEN CASE WHEN kind IN ('STRING', 'VARCHAR') THEN expression
			WHEN kind IN ('STRUCT', 'MAP', 'ARRAY', 'VARIANT') THEN format('to_json(%s)', expression) ELSE format('CAST(%s AS STRING)', expression) END
		WHEN gold = 'timestamptz'::regtype AND kind <> 'TIMESTAMP' THEN format('CAST(%s AS TIMESTAMP)', expression)
		WHEN gold = 'date'::regtype AND kind = 'TIMESTAMP' THEN dbinsight._remote_date(expression)
		WHEN gold = 'date'::regtype AND kind <> 'DATE' THEN format('CAST(%s AS DATE)', expression)
		WHEN gold = 'boolean'::regtype AND kind <> 'BOOLEAN' THEN format('CAST(%s AS BOOLEAN)', expression)
		WHEN gold = 'integer'::regtype AND kind <> 'INT' THEN format('CAST(%s AS INT)', expression)
		WHEN gold = 'bigint'::regtype AND kind <> 'BIGINT' THEN format('CAST(%s AS BIGINT)', expression)
		WHEN gold = 'double precision'::regtype AND kind <> 'DOUBLE' THEN format('CAST(%s AS DOUBLE)', expression)
		WHEN gold = 'numeric'::regtype AND kind <> 'DECIMAL' THEN format('CAST(%s AS DECIMAL(38,18))', expression)
		ELSE expression END;
COMMENT ON FUNCTION dbinsight._remote_value(text, text, regtype) IS 'A remote field as the type of a gold column';

/* The normalisations of the loader. */
CREATE FUNCTION dbinsight._remote_normal(expression text, normal text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE normal
		WHEN 'upper' THEN format('translate(%s, ''abcdefghijklmnopqrstuvwxyz'', ''ABCDEFGHIJKLMNOPQRSTUVWXYZ'')', expression)
		WHEN 'state' THEN replace('CASE $1 WHEN ''SUCCESS'' THEN ''SUCCEEDED'' WHEN ''CANCELED'' THEN ''CANCELLED'' WHEN ''TIMEDOUT'' THEN ''TIMED_OUT'' ELSE $1 END',
			'$1', format('translate(%s, ''abcdefghijklmnopqrstuvwxyz'', ''ABCDEFGHIJKLMNOPQRSTUVWXYZ'')', expression))
		ELSE expression END;
COMMENT ON FUNCTION dbinsight._remote_normal(text, text) IS 'A remote string, spelled as the loader spells it';

/* The type of a foreign table's column: that of the gold column, with the digits a DECIMAL is known to have. */
CREATE FUNCTION dbinsight._remote_local_type(gold regtype, remote_type text) RETURNS text
	LANGUAGE sql STABLE PARALLEL SAFE
	RETURN CASE WHEN gold = 'numeric'::regtype THEN 'numeric' || coalesce(substring(remote_type FROM '(?i)^decimal(\(\s*\d+\s*,\s*\d+\s*\))'), '(38,18)')
		ELSE format_type(gold, NULL) END;
COMMENT ON FUNCTION dbinsight._remote_local_type(regtype, text) IS 'The local type of a column of a foreign gold table';

/* Paths of one entry of sources.mapping. */
CREATE FUNCTION dbinsight._mapped_paths(mapping jsonb, column_name text) RETURNS text[]
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE
		WHEN jsonb_typeof(mapping -> column_name) = 'array' THEN ARRAY(SELECT jsonb_array_elements_text(mapping -> column_name))
		WHEN jsonb_typeof(mapping #> ARRAY[column_name, 'path']) = 'array' THEN ARRAY(SELECT jsonb_array_elements_text(mapping #> ARRAY[column_name, 'path']))
		ELSE ARRAY[dbinsight._remote_field(mapping, column_name)] END;
COMMENT ON FUNCTION dbinsight._mapped_paths(jsonb, text) IS 'The fields a gold column takes the first of that is not null';

/* What no column takes: a struct of it, NULL when there is none. Members of structs that are taken in part are kept. */
CREATE FUNCTION dbinsight._remote_rest(expression text, path text, type text, taken text[]) RETURNS text
	LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	f record;
	part text;
	names text[] := '{}';
	parts text[] := '{}';
BEGIN
	FOR f IN SELECT * FROM dbinsight._remote_type_fields(type) LOOP
		IF lower(concat_ws('.', path, f.name)) = ANY (taken) THEN
			CONTINUE;
		END IF;
		part := concat_ws('.', expression, dbinsight._remote_quote(f.name));
		IF EXISTS (SELECT FROM unnest(taken) t WHERE starts_with(t, lower(concat_ws('.', path, f.name)) || '.')) THEN
			part := dbinsight._remote_rest(part, concat_ws('.', path, f.name), f.type, taken);
		END IF;
		IF part IS NOT NULL THEN
			names := names || dbinsight._remote_literal(f.name);
			parts := parts || part;
		END IF;
	END LOOP;
	RETURN CASE WHEN parts <> '{}' THEN (SELECT format('CASE WHEN %s THEN named_struct(%s) END',
		string_agg(p || ' IS NOT NULL', ' OR ' ORDER BY i), string_agg(n || ', ' || p, ', ' ORDER BY i))
		FROM unnest(names, parts) WITH ORDINALITY u(n, p, i)) END;
END $$;
COMMENT ON FUNCTION dbinsight._remote_rest(text, text, text, text[]) IS 'The fields of a remote struct that no gold column takes, as a struct';

CREATE FUNCTION dbinsight._remote_extra(fields jsonb, mapping jsonb, columns text[], excluded text[]) RETURNS text
	LANGUAGE sql STABLE
	RETURN coalesce('to_json(' || dbinsight._remote_rest('r', NULL,
		(SELECT 'STRUCT<' || string_agg(dbinsight._remote_quote(f.key) || ': ' || f.value, ', ' ORDER BY f.key COLLATE "C") || '>' FROM jsonb_each_text(fields) f),
		ARRAY(SELECT lower(p) FROM unnest(columns) c, unnest(dbinsight._mapped_paths(mapping, c)) p UNION SELECT lower(e) FROM unnest(excluded) e)) || ')', 'CAST(NULL AS STRING)');
COMMENT ON FUNCTION dbinsight._remote_extra(jsonb, jsonb, text[], text[]) IS 'The gold column extra of a remote row';

/* ---- the query ---- */

/*
 * The columns of a source's query, those of the gold table in order. A
 * generated column is none of them unless it is computed there; what the view
 * of 74 does not find here it calculates from the others.
 */
CREATE FUNCTION dbinsight._remote_columns(source text, fields jsonb, computed jsonb)
	RETURNS TABLE (number int, name text, field text, expression text, local_type text, column_type text)
	LANGUAGE sql STABLE ROWS 50
BEGIN ATOMIC
	WITH gold AS (
		SELECT s.mapping, s.excluded, s.write_mode, a.attnum::int AS number, a.attname::text AS name, a.atttypid::regtype AS type, a.attgenerated <> '' AS is_generated
		FROM dbinsight.sources s
		JOIN pg_catalog.pg_attribute a ON a.attrelid = coalesce(to_regclass('dbinsight_local.' || s.gold_table), to_regclass('dbinsight.' || s.gold_table)) AND a.attnum > 0 AND NOT a.attisdropped
		WHERE s.source = _remote_columns.source
	), found AS (
		SELECT g.number, string_agg(dbinsight._remote_normal(dbinsight._remote_value(r.expression, upper(substring(r.type FROM '^\w+')), g.type),
				g.mapping -> g.name ->> 'as'), ', ' ORDER BY p.n) AS values, count(r.expression) AS n, min(r.type) AS type
		FROM gold g CROSS JOIN LATERAL unnest(dbinsight._mapped_paths(g.mapping, g.name)) WITH ORDINALITY p(path, n)
		CROSS JOIN LATERAL dbinsight._remote_path(_remote_columns.fields, p.path) r
		WHERE r.expression IS NOT NULL
		GROUP BY g.number
	)
	SELECT g.number, g.name,
		CASE WHEN g.name = 'extra' THEN dbinsight._remote_extra(_remote_columns.fields, g.mapping, (SELECT array_agg(o.name) FROM gold o WHERE NOT o.is_generated AND o.name <> 'extra'), g.excluded)
			WHEN g.is_generated OR (g.write_mode = 'version' AND g.name IN ('valid_to', 'is_current')) THEN NULL
			WHEN g.mapping -> g.name ? 'const' THEN format('coalesce(%s)', concat_ws(', ', f.values, dbinsight._remote_literal(g.mapping -> g.name ->> 'const')))
			WHEN f.n > 1 THEN format('coalesce(%s)', f.values)
			ELSE coalesce(f.values, format('CAST(NULL AS %s)', CASE g.type WHEN 'text'::regtype THEN 'STRING' WHEN 'timestamptz'::regtype THEN 'TIMESTAMP' WHEN 'date'::regtype THEN 'DATE'
				WHEN 'boolean'::regtype THEN 'BOOLEAN' WHEN 'integer'::regtype THEN 'INT' WHEN 'bigint'::regtype THEN 'BIGINT' WHEN 'double precision'::regtype THEN 'DOUBLE'
				WHEN 'numeric'::regtype THEN 'DECIMAL(38,18)' WHEN 'text[]'::regtype THEN 'ARRAY<STRING>' WHEN 'bigint[]'::regtype THEN 'ARRAY<BIGINT>'
				WHEN 'double precision[]'::regtype THEN 'ARRAY<DOUBLE>' ELSE 'STRING' END)) END,
		CASE WHEN _remote_columns.computed -> 'columns' ? g.name THEN _remote_columns.computed #>> ARRAY['columns', g.name, '0']
			WHEN g.write_mode = 'version' AND g.name = 'valid_to' THEN 'd._next'
			WHEN g.write_mode = 'version' AND g.name = 'is_current' THEN 'd._next IS NULL'
			WHEN NOT g.is_generated THEN 'd.' || dbinsight._remote_quote(g.name) END,
		dbinsight._remote_local_type(g.type, coalesce(_remote_columns.computed #>> ARRAY['columns', g.name, '1'], f.type)),
		CASE WHEN g.type = 'jsonb'::regtype THEN CASE WHEN g.name = 'extra' THEN 'STRING' ELSE coalesce(f.type, 'STRING') END END
	FROM gold g LEFT JOIN found f USING (number)
	ORDER BY g.number;
END;
COMMENT ON FUNCTION dbinsight._remote_columns(text, jsonb, jsonb) IS
'The columns of the query of a source: field is the gold column as the mapping takes it from the remote row, expression what the query gives for it; NULL: calculated here';

/*
 * One row a key, as the loader keeps it: the newest version. The time column
 * is part of the key here, so that a condition on it reaches the files below
 * the window; no key's time changes.
 */
CREATE FUNCTION dbinsight._remote_text(source text, fields jsonb, computed jsonb) RETURNS text
	LANGUAGE sql STABLE
BEGIN ATOMIC
	WITH c AS (
		SELECT string_agg(format('%s AS %s', c.field, dbinsight._remote_quote(c.name)), ', ' ORDER BY c.number) FILTER (WHERE c.field IS NOT NULL) AS fields,
			string_agg(format('%s AS %s', c.expression, dbinsight._remote_quote(c.name)), ', ' ORDER BY c.number) FILTER (WHERE c.expression IS NOT NULL) AS columns
		FROM dbinsight._remote_columns(_remote_text.source, _remote_text.fields, _remote_text.computed) c
	), k AS (
		SELECT string_agg(dbinsight._remote_quote(k.name), ', ' ORDER BY k.name COLLATE "C") AS names,
			string_agg('k.' || dbinsight._remote_quote(k.name), ', ' ORDER BY k.name COLLATE "C") FILTER (WHERE k.name <> 'change_time') AS entity,
			string_agg(dbinsight._remote_quote(k.name) || ' IS NOT NULL', ' AND ' ORDER BY k.name COLLATE "C") AS present
		FROM dbinsight.sources s CROSS JOIN LATERAL (SELECT unnest(s.key) UNION SELECT s.time_column WHERE s.time_column IS NOT NULL) k(name)
		WHERE s.source = _remote_text.source
	)
	SELECT format('SELECT %s FROM (SELECT k.*%s FROM (SELECT m.*, row_number() OVER (PARTITION BY %s ORDER BY %s) AS _n FROM (SELECT %s FROM %s r) m WHERE %s) k WHERE k._n = 1) d%s',
		c.columns, CASE WHEN s.write_mode = 'version' THEN format(', lead(k.change_time) OVER (PARTITION BY %s ORDER BY k.change_time) AS _next', k.entity) ELSE '' END,
		k.names, coalesce(dbinsight._remote_quote(s.version_column) || ' DESC NULLS LAST', '1'), c.fields, dbinsight._remote_name(s.remote), k.present,
		coalesce(' ' || (_remote_text.computed ->> 'from'), ''))
	FROM dbinsight.sources s, c, k WHERE s.source = _remote_text.source;
END;
COMMENT ON FUNCTION dbinsight._remote_text(text, jsonb, jsonb) IS 'The query of a source in Databricks SQL';

CREATE FUNCTION dbinsight._remote_query(source text, server name) RETURNS text
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	s dbinsight.sources;
	computed jsonb;
BEGIN
	SELECT o.* INTO STRICT s FROM dbinsight.sources o WHERE o.source = _remote_query.source;
	IF s.remote_computed IS NOT NULL THEN
		EXECUTE format('SELECT dbinsight.%I($1)', s.remote_computed) INTO computed USING server;
	END IF;
	RETURN dbinsight._remote_text(s.source, dbinsight._remote_fields(server, s.remote), computed);
END $$;
COMMENT ON FUNCTION dbinsight._remote_query(text, name) IS 'The query of a source in Databricks SQL, after asking which columns its table has';

/* ---- what is computed: sources.remote_computed, {"from": what joins the rows d, "columns": {column: [expression, type]}} ---- */

/* The price list an account is priced by, gathered a SKU as price_history is, the latest interval first. */
CREATE FUNCTION dbinsight._remote_prices(server name) RETURNS text
	LANGUAGE sql VOLATILE
	RETURN (SELECT format('(SELECT sku_name, lower(cloud) AS cloud, usage_unit, reverse(array_sort(collect_list(named_struct(''valid_from'', price_start_time, ''valid_to'', price_end_time,'
			' ''price'', CAST(coalesce(price_effective, price_default) AS DECIMAL(38,18)))))) AS intervals FROM (%s) WHERE currency_code = ''USD'' GROUP BY 1, 2, 3)',
			dbinsight._remote_query(s.source, server))
		FROM dbinsight.sources s WHERE s.gold_table = CASE dbinsight._setting('price_basis') WHEN 'account' THEN 'fact_account_prices' ELSE 'fact_list_prices' END);
COMMENT ON FUNCTION dbinsight._remote_prices(name) IS 'Prices in US dollars over time in Databricks SQL';

/*
 * DECIMALs of 38 digits have no room for the whole product of two; these two
 * leave 26 after the point. Beyond 1,000 dollars a unit or 100 million units a
 * record it has six.
 */
CREATE FUNCTION dbinsight._remote_usage(server name) RETURNS jsonb
	LANGUAGE sql VOLATILE
	RETURN (SELECT jsonb_build_object('from', format('LEFT JOIN %s p ON p.sku_name = d.sku_name AND p.cloud = lower(d.cloud) AND p.usage_unit = d.usage_unit', dbinsight._remote_prices(server)),
			'columns', jsonb_build_object(
				'list_price', jsonb_build_array(x.price, 'DECIMAL(38,18)'),
				'list_cost', jsonb_build_array(replace('coalesce(try_cast(coalesce($1, 0) AS DECIMAL(21,18)) * try_cast(coalesce(d.usage_quantity, 0) AS DECIMAL(26,18)),'
					' CAST(coalesce($1, 0) * coalesce(d.usage_quantity, 0) AS DECIMAL(38,26)))', '$1', x.price), 'DECIMAL(38,26)'),
				'price_found', jsonb_build_array(format('%s IS NOT NULL', x.price), 'BOOLEAN'),
				'is_tagged', jsonb_build_array('CASE WHEN d.custom_tags IS NULL THEN false ELSE size(d.custom_tags) > 0 END', 'BOOLEAN')))
		FROM (SELECT 'get(filter(p.intervals, x -> d.usage_end_time >= x.valid_from AND (x.valid_to IS NULL OR d.usage_end_time < x.valid_to)), 0).price' AS price) x);
COMMENT ON FUNCTION dbinsight._remote_usage(name) IS 'Computed columns of fact_usage in Databricks SQL';

/* Of the seeded labels of an action: those of its service, else those of no service. */
CREATE FUNCTION dbinsight._remote_labels(severities boolean) RETURNS text
	LANGUAGE sql STABLE
	RETURN (SELECT format('coalesce(try_element_at(%1$s, concat(d.service_name, ''/'', d.action_name)), try_element_at(%1$s, concat(''/'', d.action_name)))',
		'map(' || string_agg(dbinsight._remote_literal(a.service_name || '/' || a.action_name) || ', ' || dbinsight._remote_literal(CASE WHEN severities THEN a.base_severity ELSE a.category END),
			', ' ORDER BY a.service_name COLLATE "C", a.action_name COLLATE "C") || ')') FROM dbinsight.audit_action a
		WHERE CASE WHEN severities THEN a.base_severity ELSE a.category END IS NOT NULL);
COMMENT ON FUNCTION dbinsight._remote_labels(boolean) IS 'Category, or base severity, that audit_action gives an event, in Databricks SQL';

/* _label_category() and _label_severity(), and the identity that acted. */
CREATE FUNCTION dbinsight._remote_audit(server name) RETURNS jsonb
	LANGUAGE sql STABLE
	RETURN (SELECT jsonb_build_object('columns', jsonb_build_object(
			'category', jsonb_build_array(format('CASE WHEN %s THEN ''admin'' WHEN %s THEN NULL ELSE coalesce(%s, CASE WHEN %s THEN ''destructive'' END) END', x.admin, x.unlabelled, x.category, x.deletion), 'STRING'),
			'base_severity', jsonb_build_array(format('CASE WHEN %s THEN ''high'' WHEN %s THEN NULL WHEN %s IS NOT NULL THEN %s WHEN %s THEN ''medium'' END', x.admin, x.unlabelled, x.category, x.severity, x.deletion), 'STRING'),
			'event_date', jsonb_build_array(format('coalesce(d.event_date, %s)', dbinsight._remote_date('d.event_time')), 'DATE'),
			'user_email', jsonb_build_array('nullif(nullif(nullif(lower(coalesce(d.user_identity_email, d.user_identity_subject, try_element_at(d.request_params, ''user''))), ''''), ''unknown''), ''system-user'')', 'STRING')))
		FROM (SELECT dbinsight._remote_labels(false) AS category, dbinsight._remote_labels(true) AS severity,
			'coalesce(d.action_name IN (''addPrincipalToGroup'', ''addPrincipalsToGroup'', ''removePrincipalFromGroup'', ''removePrincipalsFromGroup'')'
			' AND lower(coalesce(try_element_at(d.request_params, ''targetGroupName''), try_element_at(d.request_params, ''target_group_name'')))'
			' IN (''admins'', ''account admins'', ''metastore admins'', ''metastore-admins'', ''account-admins''), false)' AS admin,
			'CASE d.action_name WHEN ''downloadQueryResult'' THEN coalesce(try_element_at(d.request_params, ''fileType'') = ''arrows'', false)'
			' WHEN ''workspaceExport'' THEN coalesce(try_element_at(d.request_params, ''workspaceExportFormat'') = ''SOURCE'', false)'
			' WHEN ''generateTemporaryTableCredential'' THEN instr(coalesce(try_element_at(d.request_params, ''operation''), ''''), ''READ'') = 0 ELSE false END' AS unlabelled,
			'coalesce(startswith(d.action_name, ''delete'') OR startswith(d.action_name, ''permanentDelete'') OR startswith(d.action_name, ''purge'')'
			' OR startswith(d.action_name, ''trash'') OR endswith(d.action_name, ''Delete''), false)' AS deletion) x);
COMMENT ON FUNCTION dbinsight._remote_audit(name) IS 'Computed columns of fact_audit_logs in Databricks SQL';

CREATE FUNCTION dbinsight._remote_nodes(server name) RETURNS jsonb
	LANGUAGE sql IMMUTABLE
	RETURN '{"columns": {"cpu_pct": ["CASE WHEN d.cpu_user_percent + d.cpu_system_percent > 100 THEN 100D ELSE d.cpu_user_percent + d.cpu_system_percent END", "DOUBLE"]}}'::jsonb;
COMMENT ON FUNCTION dbinsight._remote_nodes(name) IS 'Computed columns of fact_node_timeline in Databricks SQL';

CREATE FUNCTION dbinsight._remote_outcome(decision text) RETURNS jsonb
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN jsonb_build_object('columns', jsonb_build_object('outcome', jsonb_build_array(replace('CASE WHEN upper($1) IN (''DENIED'', ''DENY'', ''DROP'') THEN ''denied'''
		' WHEN upper($1) IN (''DRY_RUN_DENIAL'', ''DENY_DRY_RUN'') THEN ''dry_run'' ELSE ''allowed'' END', '$1', decision), 'STRING')));
COMMENT ON FUNCTION dbinsight._remote_outcome(text) IS 'What became of a request, by the column that says so, in Databricks SQL';

CREATE FUNCTION dbinsight._remote_outbound(server name) RETURNS jsonb
	LANGUAGE sql IMMUTABLE RETURN dbinsight._remote_outcome('d.access_type');
COMMENT ON FUNCTION dbinsight._remote_outbound(name) IS 'Computed columns of fact_outbound_network in Databricks SQL';

CREATE FUNCTION dbinsight._remote_inbound(server name) RETURNS jsonb
	LANGUAGE sql IMMUTABLE RETURN dbinsight._remote_outcome('d.policy_outcome');
COMMENT ON FUNCTION dbinsight._remote_inbound(name) IS 'Computed columns of fact_inbound_network in Databricks SQL';

CREATE FUNCTION dbinsight._remote_endpoints(server name) RETURNS jsonb
	LANGUAGE sql VOLATILE
	RETURN jsonb_build_object('from', format('LEFT JOIN (%s) e ON e.is_current AND e.workspace_id = d.workspace_id AND e.served_entity_id = d.served_entity_id',
			dbinsight._remote_query('system.serving.served_entities', server)),
		'columns', '{"endpoint_name": ["e.endpoint_name", "STRING"], "entity_name": ["e.entity_name", "STRING"], "entity_version": ["e.entity_version", "STRING"]}'::jsonb);
COMMENT ON FUNCTION dbinsight._remote_endpoints(name) IS 'Computed columns of fact_endpoint_usage in Databricks SQL';

UPDATE dbinsight.sources s SET remote_computed = c.function
FROM (VALUES ('fact_usage', '_remote_usage'), ('fact_audit_logs', '_remote_audit'), ('fact_node_timeline', '_remote_nodes'), ('fact_outbound_network', '_remote_outbound'),
	('fact_inbound_network', '_remote_inbound'), ('fact_endpoint_usage', '_remote_endpoints')) c(gold_table, function)
WHERE s.gold_table = c.gold_table;
