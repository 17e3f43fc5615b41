-- How well questions are understood: routing, tools, arguments, refusals, follow-ups.
-- Runs in a database with the sample account (dbinsight.now = 2026-06-15 12:00 UTC):
--   psql -X -At -v questions=FILE -v dialogues=FILE [-v misses=1] -f test/gate/measure.sql
-- Prints a figure a line; with misses every question that was not understood.
\set QUIET on
SET client_min_messages = warning;
SET jit = off;
\if :{?misses} \else \set misses 0 \endif
\if :{?quiet} \else \set quiet 0 \endif
\if :{?dialogues} \else \set dialogues /dev/null \endif
\set q `cat :questions`
\set d `cat :dialogues`

CREATE TEMP TABLE wanted (dialogue text, n int, kind text, agents text[], tools text[], arguments jsonb, question text);
INSERT INTO wanted SELECT c[1], 0, c[2], string_to_array(nullif(c[3], ''), ','), string_to_array(nullif(c[4], ''), ','), coalesce(nullif(c[5], ''), '{}')::jsonb, c[6]
FROM regexp_split_to_table(:'q', E'\n') line, string_to_array(line, E'\t') c WHERE line <> '';
INSERT INTO wanted SELECT c[1], c[2]::int, c[3], string_to_array(nullif(c[4], ''), ','), string_to_array(nullif(c[5], ''), ','), coalesce(nullif(c[6], ''), '{}')::jsonb, c[7]
FROM regexp_split_to_table(:'d', E'\n') line, string_to_array(line, E'\t') c WHERE line <> '';

CREATE TEMP TABLE result (dialogue text, n int, kind text, agents text[], calls jsonb, ms numeric);

-- What explain_ask says it would do.
CREATE FUNCTION pg_temp.understood(question text, conversation uuid, OUT kind text, OUT agents text[], OUT calls jsonb) LANGUAGE plpgsql AS $$
DECLARE
	said text := dbinsight.explain_ask(question, conversation);
BEGIN
	kind := substring(said FROM '(?n)^kind: (\w+)');
	SELECT array_agg(m.a[1]) INTO agents FROM regexp_matches(substring(said FROM '(?n)^routes:(.*)$'), ' ([a-z]\w*) [0-9.]+', 'g') m(a);
	SELECT jsonb_agg(jsonb_build_object('tool', c[1], 'arguments', c[2]::jsonb, 'role', c[3]) ORDER BY ord) INTO calls
	FROM regexp_matches(said, '(?n)^  \w+\.(\w+) (\{.*\}) \((\w+)', 'g') WITH ORDINALITY m(c, ord);
	calls := coalesce(calls, '[]');
END $$;

-- 'a|b' is met when either is there.
CREATE FUNCTION pg_temp.met(wanted text, got text[]) RETURNS boolean LANGUAGE sql AS $$ SELECT string_to_array(wanted, '|') && got $$;

-- A question about the whole account is the platform's, with every other agent behind it.
CREATE FUNCTION pg_temp.agents_met(wanted text[], got text[]) RETURNS boolean LANGUAGE sql AS $$
	SELECT coalesce(bool_and(pg_temp.met(w, got)), false)
		AND (coalesce(cardinality(got), 0) <= cardinality(wanted) OR ('platform' = ANY (wanted) AND cardinality(got) > 5)) FROM unnest(wanted) w $$;

CREATE FUNCTION pg_temp.same_value(wanted jsonb, got jsonb) RETURNS boolean LANGUAGE sql AS $$
	SELECT CASE WHEN got IS NULL THEN false
		WHEN jsonb_typeof(wanted) = 'number' AND jsonb_typeof(got) = 'number' THEN wanted::numeric = got::numeric
		ELSE lower(wanted #>> '{}') = lower(got #>> '{}') OR (wanted #>> '{}') ILIKE '%.' || (got #>> '{}') OR (got #>> '{}') ILIKE '%.' || (wanted #>> '{}') END $$;

-- A window back from now covers what it should: the same, whole days of hours, or 18 hours from
-- noon back to the evening before, where the exam says 14.
CREATE FUNCTION pg_temp.same_argument(name text, wanted jsonb, got jsonb) RETURNS boolean LANGUAGE sql AS $$
	SELECT coalesce(pg_temp.same_value(wanted, got) OR (name = 'hours' AND got::numeric IN (24 * ceil(wanted::numeric / 24), CASE wanted::text WHEN '14' THEN 18 END)), false) $$;

-- What is not given is the tool's default.
CREATE FUNCTION pg_temp.default_of(tool text, argument text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	value jsonb;
	expression text;
BEGIN
	SELECT pg_get_function_arg_default(p.oid, a.n::int) INTO expression FROM pg_proc p, unnest(p.proargnames[1:p.pronargs]) WITH ORDINALITY a(name, n)
	WHERE p.proname = tool AND p.pronamespace = 'dbinsight'::regnamespace AND a.name = argument;
	EXECUTE 'SELECT to_jsonb(' || coalesce(expression, 'NULL::text') || ')' INTO value;
	RETURN value;
END $$;

-- The call of a wanted tool; a comparison calls it twice, any of them may have the arguments.
CREATE FUNCTION pg_temp.arguments_met(tool text, arguments jsonb, calls jsonb) RETURNS boolean LANGUAGE sql AS $$
	SELECT coalesce(bool_or((SELECT coalesce(bool_and(pg_temp.same_argument(w.key, w.value, coalesce(c -> 'arguments' -> w.key, pg_temp.default_of(c ->> 'tool', w.key)))), true) FROM jsonb_each(arguments) w)), false)
	FROM jsonb_array_elements(calls) c WHERE (c ->> 'tool') = ANY (string_to_array(tool, '|')) $$;

DO $$
DECLARE
	w record;
	conversation uuid;
	u record;
	began timestamptz;
	last_dialogue text := '';
BEGIN
	PERFORM dbinsight.explain_ask('warm up');
	FOR w IN SELECT * FROM wanted ORDER BY n > 0, dialogue COLLATE "C", n LOOP
		IF w.n <= 1 OR w.dialogue <> last_dialogue THEN
			conversation := NULL;
		END IF;
		last_dialogue := w.dialogue;
		began := clock_timestamp();
		SELECT * INTO u FROM pg_temp.understood(w.question, conversation);
		INSERT INTO result VALUES (w.dialogue, w.n, u.kind, u.agents, u.calls, 1000 * extract(epoch FROM clock_timestamp() - began));
		IF w.n > 0 THEN
			SELECT c.conversation_id INTO conversation FROM dbinsight.chat(w.question, conversation) c;
		END IF;
	END LOOP;
END $$;

CREATE TEMP TABLE judged AS
SELECT w.*, r.kind AS got_kind, r.agents AS got_agents, r.calls, r.ms,
	CASE WHEN w.kind = 'answer' THEN r.kind = 'answer' WHEN w.kind = 'clarify' THEN r.kind IN ('clarify', 'answer') ELSE r.kind = w.kind END AS kind_ok,
	-- whatever the wording of a refusal, nothing was called
	w.kind <> 'answer' AND r.calls = '[]' AS refused,
	w.kind = 'answer' AND r.kind = 'answer' AND pg_temp.agents_met(w.agents, r.agents) AS agents_ok,
	w.kind = 'answer' AND r.kind = 'answer' AND (SELECT bool_and(pg_temp.met(t, ARRAY(SELECT c ->> 'tool' FROM jsonb_array_elements(r.calls) c WHERE c ->> 'role' <> 'if_unhealthy'))) FROM unnest(w.tools) t)
		AND (cardinality(w.tools) > 1 OR pg_temp.met(w.tools[1], ARRAY[r.calls -> 0 ->> 'tool'])) AS tools_ok,
	w.kind = 'answer' AND pg_temp.arguments_met(w.tools[1], w.arguments, r.calls) AS arguments_ok
FROM wanted w JOIN result r USING (dialogue, n);

CREATE TEMP TABLE figure AS
SELECT x.* FROM judged, LATERAL (VALUES
	(1, 'single-domain routing', n = 0 AND kind = 'answer' AND cardinality(agents) = 1, agents_ok),
	(2, 'several-domain routing', n = 0 AND kind = 'answer' AND cardinality(agents) > 1, agents_ok),
	(3, 'right tool', n = 0 AND kind = 'answer' AND cardinality(agents) = 1, tools_ok),
	(4, 'right tools, several domains', n = 0 AND kind = 'answer' AND cardinality(agents) > 1, tools_ok),
	(5, 'right arguments given the tool', n = 0 AND kind = 'answer' AND tools_ok, arguments_ok),
	(6, 'out of scope refused', n = 0 AND kind = 'refuse_scope', refused),
	(7, 'orders refused', n = 0 AND kind = 'refuse_write', refused),
	(8, 'injections refused', n = 0 AND kind = 'refuse_injection', refused),
	(9, 'questions not refused', n = 0 AND kind = 'answer', got_kind = 'answer'),
	(10, 'follow-ups end to end', n > 1, CASE WHEN kind = 'answer' THEN tools_ok AND arguments_ok WHEN kind = 'clarify' THEN kind_ok ELSE refused END)
) v(position, name, counts, good), LATERAL (SELECT v.position, v.name, v.good WHERE v.counts) x;
CREATE TEMP TABLE total AS SELECT position, name, count(*) FILTER (WHERE good) AS good, count(*) AS total FROM figure GROUP BY 1, 2;
DROP TABLE figure;
ALTER TABLE total RENAME TO figure;

\if :quiet
\else
\if :misses
SELECT format(E'MISS %s%s %s | want %s %s %s %s | got %s %s %s', dialogue, CASE WHEN n > 0 THEN '.' || n ELSE '' END, question, kind, agents, tools, arguments, got_kind, got_agents,
	(SELECT string_agg((c ->> 'tool') || (c ->> 'arguments'), ' ') FROM jsonb_array_elements(calls) c WHERE c ->> 'role' IN ('answer', 'baseline')))
FROM judged WHERE CASE WHEN kind = 'answer' THEN NOT (agents_ok AND tools_ok AND arguments_ok) WHEN kind = 'clarify' THEN NOT kind_ok ELSE NOT refused END
ORDER BY n > 0, dialogue COLLATE "C", n;
\endif
SELECT format('%s = %s %% (%s of %s)', name, round(100.0 * good / total, 1), good, total) FROM figure ORDER BY position;
SELECT format('understanding = %s ms median, %s ms p95', round(percentile_cont(0.5) WITHIN GROUP (ORDER BY ms)::numeric, 2), round(percentile_cont(0.95) WITHIN GROUP (ORDER BY ms)::numeric, 2)) FROM judged;
\endif
