-- Every registered tool with its defaults, against its own body with the
-- arguments written in: what a person would write by hand over the same tables.
-- Median of seven runs each, in turn. Then the tools whose estimated cost is so high that JIT would compile them.
\set QUIET on
SET client_min_messages = warning;
CREATE TEMP TABLE timing (tool text, form text, ms numeric, rows bigint);
CREATE TEMP TABLE estimate (tool text, cost float8);

-- Every column of every row is made; not by a cursor, which would not have parallel workers.
CREATE FUNCTION pg_temp.run(query text) RETURNS TABLE (ms numeric, rows bigint) LANGUAGE plpgsql AS $$
DECLARE
	began timestamptz := clock_timestamp();
BEGIN
	EXECUTE format('SELECT count(t) FROM (%s) t', query) INTO rows;
	ms := 1000 * extract(epoch FROM clock_timestamp() - began);
	RETURN NEXT;
END $$;

CREATE FUNCTION pg_temp.cost(query text) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan;
	RETURN plan -> 0 -> 'Plan' ->> 'Total Cost';
END $$;

-- A tool's body with literals for its arguments.
CREATE FUNCTION pg_temp.by_hand(f regprocedure, args text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	p pg_proc;
	body text;
	value text;
BEGIN
	SELECT * INTO p FROM pg_proc WHERE oid = f;
	body := pg_get_function_sqlbody(f);
	body := regexp_replace(regexp_replace(body, '^\s*BEGIN ATOMIC\s+', ''), ';\s*END\s*$', '');
	FOR i IN 1 .. p.pronargs LOOP
		value := format('(%s)::%s', args[i], format_type(p.proargtypes[i - 1], NULL));
		body := regexp_replace(body, format('\m%s\.(%s\M|"%s")', p.proname, p.proargnames[i], p.proargnames[i]), value, 'g');
	END LOOP;
	RETURN body;
END $$;

DO $$
DECLARE
	t record;
	args text[];
	call text;
	hand text;
BEGIN
	FOR t IN SELECT DISTINCT tool, function::regprocedure AS f FROM dbinsight.agent_tools ORDER BY tool LOOP
		SELECT array_agg(CASE WHEN d.value IS NOT NULL THEN d.value
				WHEN a.name = 'table_name' THEN quote_literal('main.gold.fact_usage')
				ELSE 'NULL' END ORDER BY a.n) INTO args
		FROM pg_proc p, unnest(p.proargnames[1:p.pronargs]) WITH ORDINALITY a(name, n),
			LATERAL (SELECT pg_get_function_arg_default(p.oid, a.n::int) AS value) d
		WHERE p.oid = t.f;
		call := format('SELECT * FROM dbinsight.%I(%s)', t.tool, array_to_string(coalesce(args, '{}'), ', '));
		hand := pg_temp.by_hand(t.f, coalesce(args, '{}'));
		INSERT INTO estimate SELECT t.tool, pg_temp.cost(call);
		FOR i IN 1 .. 7 LOOP
			INSERT INTO timing SELECT t.tool, 'tool', r.ms, r.rows FROM pg_temp.run(call) r;
			INSERT INTO timing SELECT t.tool, 'hand', r.ms, r.rows FROM pg_temp.run(hand) r;
		END LOOP;
	END LOOP;
END $$;

SELECT format('%s = %s ms, %s rows; by hand %s ms, ratio %s%s', tool, round(a.ms, 1), a.rows, round(b.ms, 1), round(a.ms / nullif(b.ms, 0), 2),
	CASE WHEN a.rows <> b.rows THEN ' (ROWS DIFFER)' WHEN a.ms > 250 THEN ' (over 250 ms)' ELSE '' END)
FROM (SELECT tool, percentile_cont(0.5) WITHIN GROUP (ORDER BY ms)::numeric AS ms, max(rows) AS rows FROM timing WHERE form = 'tool' GROUP BY tool) a
JOIN (SELECT tool, percentile_cont(0.5) WITHIN GROUP (ORDER BY ms)::numeric AS ms, max(rows) AS rows FROM timing WHERE form = 'hand' GROUP BY tool) b USING (tool)
ORDER BY a.ms DESC;

-- How fast the machine was meanwhile.
SELECT format('a million numbers counted, for comparison = %s ms', round(percentile_cont(0.5) WITHIN GROUP (ORDER BY r.ms)::numeric, 1))
FROM generate_series(1, 7) i, LATERAL pg_temp.run(format('SELECT g FROM generate_series(%s, 1000000) g', i)) r;

-- Plans the server would compile, were JIT on: their estimates are too dear.
SELECT format('estimated above jit_above_cost = %s', coalesce(string_agg(format('%s (%s)', tool, round(cost)), ', ' ORDER BY cost DESC), 'none'))
FROM estimate WHERE cost > current_setting('jit_above_cost')::float8;
