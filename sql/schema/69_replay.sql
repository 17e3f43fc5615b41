/*
 * Replay: a message's plan again, and what changed since.
 */
ALTER TABLE dbinsight.chat_messages ADD COLUMN plan jsonb;
COMMENT ON COLUMN dbinsight.chat_messages.plan IS
'What was to be called for the answer, as replay() runs it again: intent, assumptions, and of each call agent, tool, arguments, role, label, filters and period (days since 2000-01-01); NULL when nothing was';

CREATE FUNCTION dbinsight._replay_plan(question text, plan jsonb, at text DEFAULT NULL, recorded jsonb DEFAULT NULL) RETURNS jsonb
	LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000 AS 'MODULE_PATHNAME', 'dbi_replay_plan';
COMMENT ON FUNCTION dbinsight._replay_plan(text, jsonb, text, jsonb) IS
'Calls the tools of a plan and tells what they return, storing nothing: content, grounded, results as in chat_results; at takes the place of dbinsight.now, recorded, rows of chat_results, that of all calls';

CREATE FUNCTION dbinsight._row_object(columns jsonb, cells jsonb) RETURNS jsonb
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT jsonb_object_agg(c.item ->> 0, cells -> (c.n - 1)::int) FROM jsonb_array_elements(_row_object.columns) WITH ORDINALITY c(item, n);
END;
COMMENT ON FUNCTION dbinsight._row_object(jsonb, jsonb) IS 'A row of chat_results with the names of its columns';

CREATE FUNCTION dbinsight._row_keys(columns jsonb, before jsonb, after jsonb) RETURNS int[]
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	/* the fewest leading columns that name things or times and tell all rows apart, on both sides */
	WITH named AS (
		SELECT (c.n - 1)::int AS at FROM jsonb_array_elements(_row_keys.columns) WITH ORDINALITY c(item, n)
		WHERE c.item ->> 1 IN ('text', 'plain', 'date', 'time')
	), candidate AS (
		SELECT array_agg(n.at) OVER (ORDER BY n.at) AS key FROM named n
	)
	SELECT k.key FROM candidate k
	WHERE NOT EXISTS (
		SELECT FROM (SELECT 1 AS side, r FROM jsonb_array_elements(_row_keys.before) r UNION ALL SELECT 2, r FROM jsonb_array_elements(_row_keys.after) r) s,
			LATERAL (SELECT jsonb_agg(s.r -> p ORDER BY p) AS key FROM unnest(k.key) p) v
		GROUP BY s.side, v.key HAVING count(*) > 1)
	ORDER BY cardinality(k.key) LIMIT 1;
END;
COMMENT ON FUNCTION dbinsight._row_keys(jsonb, jsonb, jsonb) IS 'Positions of the columns by which rows of two results of a tool are paired; NULL when nothing tells them apart';

CREATE FUNCTION dbinsight._row_changes(columns jsonb, before jsonb, after jsonb, most int DEFAULT 20) RETURNS jsonb
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	WITH key AS (
		SELECT dbinsight._row_keys(_row_changes.columns, _row_changes.before, _row_changes.after) AS at
	), b AS (
		SELECT r.cells, r.n, row_number() OVER (PARTITION BY r.cells ORDER BY r.n) AS copy, (SELECT jsonb_agg(r.cells -> p ORDER BY p) FROM unnest(key.at) p) AS key
		FROM key, jsonb_array_elements(_row_changes.before) WITH ORDINALITY r(cells, n)
	), a AS (
		SELECT r.cells, r.n, row_number() OVER (PARTITION BY r.cells ORDER BY r.n) AS copy, (SELECT jsonb_agg(r.cells -> p ORDER BY p) FROM unnest(key.at) p) AS key
		FROM key, jsonb_array_elements(_row_changes.after) WITH ORDINALITY r(cells, n)
	), pair AS (
		SELECT coalesce(b.key, a.key) AS key, b.cells AS old, b.n AS old_n, a.cells AS new, a.n AS new_n
		FROM b FULL JOIN a ON coalesce(b.key, b.cells) = coalesce(a.key, a.cells) AND (b.key IS NOT NULL OR a.copy = b.copy)
	), numbered AS (
		SELECT p.*, c.change, row_number() OVER (PARTITION BY c.change ORDER BY coalesce(p.new_n, p.old_n)) AS i
		FROM pair p, LATERAL (SELECT CASE WHEN p.old IS NULL THEN 'added' WHEN p.new IS NULL THEN 'removed' WHEN p.old <> p.new THEN 'changed' ELSE 'same' END AS change) c
	)
	SELECT jsonb_build_object(
		'counts', jsonb_build_object('same', count(*) FILTER (WHERE n.change = 'same'), 'added', count(*) FILTER (WHERE n.change = 'added'),
			'removed', count(*) FILTER (WHERE n.change = 'removed'), 'changed', count(*) FILTER (WHERE n.change = 'changed')),
		'added', coalesce(jsonb_agg(dbinsight._row_object(_row_changes.columns, n.new) ORDER BY n.i) FILTER (WHERE n.change = 'added' AND n.i <= most), '[]'),
		'removed', coalesce(jsonb_agg(dbinsight._row_object(_row_changes.columns, n.old) ORDER BY n.i) FILTER (WHERE n.change = 'removed' AND n.i <= most), '[]'),
		'changed', coalesce(jsonb_agg((SELECT jsonb_object_agg(c.item ->> 0, CASE WHEN n.old -> (c.at - 1)::int = n.new -> (c.at - 1)::int THEN n.new -> (c.at - 1)::int
					ELSE jsonb_build_object('before', n.old -> (c.at - 1)::int, 'after', n.new -> (c.at - 1)::int) END)
				FROM jsonb_array_elements(_row_changes.columns) WITH ORDINALITY c(item, at)) ORDER BY n.i) FILTER (WHERE n.change = 'changed' AND n.i <= most), '[]'),
		'order', CASE WHEN bool_and(n.change = 'same') AND bool_or(n.old_n <> n.new_n) THEN 'changed' ELSE 'same' END)
	FROM numbered n;
END;
COMMENT ON FUNCTION dbinsight._row_changes(jsonb, jsonb, jsonb, int) IS
'Rows of a tool before and after: how many are the same, added, removed, changed, and the first of each; a changed row has before and after where they differ. Rows are paired by what names them';

CREATE FUNCTION dbinsight._total_changes(columns jsonb, before jsonb, after jsonb) RETURNS jsonb
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT coalesce(jsonb_agg(jsonb_build_object('column', c.item ->> 0, 'before', t.before, 'after', t.after) ORDER BY c.n), '[]')
	FROM jsonb_array_elements(_total_changes.columns) WITH ORDINALITY c(item, n),
		LATERAL (SELECT (SELECT sum((r -> (c.n - 1)::int)::numeric) FROM jsonb_array_elements(_total_changes.before) r WHERE jsonb_typeof(r -> (c.n - 1)::int) = 'number') AS before,
			(SELECT sum((r -> (c.n - 1)::int)::numeric) FROM jsonb_array_elements(_total_changes.after) r WHERE jsonb_typeof(r -> (c.n - 1)::int) = 'number') AS after) t
	WHERE c.item ->> 1 IN ('count', 'usd', 'seconds', 'ms', 'minutes', 'hours', 'bytes', 'gib', 'tib') AND t.before IS DISTINCT FROM t.after;
END;
COMMENT ON FUNCTION dbinsight._total_changes(jsonb, jsonb, jsonb) IS 'Columns that can be added up and whose totals differ';

CREATE FUNCTION dbinsight._call_changes(old jsonb, new jsonb) RETURNS jsonb
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT jsonb_strip_nulls(jsonb_build_object('agent', coalesce(old, new) ->> 'agent', 'tool', coalesce(old, new) ->> 'tool', 'arguments', coalesce(old, new) -> 'arguments',
		'status', CASE WHEN old IS NULL THEN 'new' WHEN new IS NULL THEN 'not called'
			WHEN (old ->> 'ok')::boolean AND NOT (new ->> 'ok')::boolean THEN 'fails now' WHEN NOT (old ->> 'ok')::boolean AND (new ->> 'ok')::boolean THEN 'works now'
			WHEN NOT (old ->> 'ok')::boolean THEN CASE WHEN old ->> 'error' = new ->> 'error' THEN 'same' ELSE 'changed' END
			WHEN old -> 'columns' <> new -> 'columns' THEN 'other columns'
			WHEN old -> 'rows' = new -> 'rows' AND old -> 'row_count' = new -> 'row_count' AND coalesce(old -> 'digest', 'null') = coalesce(new -> 'digest', 'null')
				AND old -> 'truncated' = new -> 'truncated' THEN 'same' ELSE 'changed' END,
		'row_count', CASE WHEN old -> 'row_count' = new -> 'row_count' THEN old -> 'row_count' ELSE jsonb_build_object('before', old -> 'row_count', 'after', new -> 'row_count') END,
		'error', CASE WHEN old ->> 'error' IS NOT NULL OR new ->> 'error' IS NOT NULL THEN jsonb_build_object('before', old ->> 'error', 'after', new ->> 'error') END,
		'rows', x.rows, 'totals', CASE WHEN x.rows IS NOT NULL THEN dbinsight._total_changes(new -> 'columns', old -> 'rows', new -> 'rows') END))
	FROM (SELECT CASE WHEN (old ->> 'ok')::boolean AND (new ->> 'ok')::boolean AND old -> 'columns' = new -> 'columns' AND old -> 'rows' <> new -> 'rows'
		THEN dbinsight._row_changes(new -> 'columns', old -> 'rows', new -> 'rows') END AS rows) x;
END;
COMMENT ON FUNCTION dbinsight._call_changes(jsonb, jsonb) IS 'What is different between two results of a call, each as a row of chat_results; either may be missing';

CREATE FUNCTION dbinsight._headline(content text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN substring(content FROM '^(?:#[^\n]*\n+)?([^\n]*)');
COMMENT ON FUNCTION dbinsight._headline(text) IS 'The first line of an answer that is not the title of a part';
