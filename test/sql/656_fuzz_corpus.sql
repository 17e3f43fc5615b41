-- What the fuzzer of test/fuzz/understand.pl came upon: an input for each way it was understood (a slice of them), and
-- those that were read wrongly once. Each is read without an error, twice the same, in two different sessions' clocks.
\set ON_ERROR_ROLLBACK on
\set SHOW_CONTEXT never
\getenv source PG_ABS_SRCDIR
\set dates_file :source '/fuzz/corpus/dates.ndjson'
\set normaliser_file :source '/fuzz/corpus/normaliser.ndjson'
\set entities_file :source '/fuzz/corpus/entities.ndjson'
\set dates `cat ":dates_file"`
\set normaliser `cat ":normaliser_file"`
\set entities `cat ":entities_file"`
BEGIN;
SET LOCAL dbinsight.now = '2026-06-15 12:00:00+00';
CREATE TEMP TABLE input AS
SELECT target, n, line::jsonb #>> '{}' AS q FROM (VALUES ('dates', :'dates'), ('normaliser', :'normaliser'), ('entities', :'entities')) f(target, lines),
	regexp_split_to_table(lines, E'\n') WITH ORDINALITY l(line, n) WHERE line <> '';
SELECT target, count(*) > 90 AS many FROM input GROUP BY target ORDER BY target COLLATE "C";
CREATE FUNCTION pg_temp.judged(target text, q text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	p record;
	again record;
	e text;
BEGIN
	IF target = 'dates' THEN
		FOR at IN 1 .. 3 LOOP
			PERFORM set_config('dbinsight.now', (ARRAY['2024-02-29T23:59:59Z', '2025-01-01T00:00:00Z', '2026-12-31T18:30:00Z'])[at], true);
			SELECT * INTO p FROM dbinsight._read_period(q, 'Asia/Kolkata');
			SELECT * INTO again FROM dbinsight._read_period(q, 'Asia/Kolkata');
			IF p::text <> again::text THEN RETURN 'read differently the second time'; END IF;
			IF (p.kind IS NULL) <> (p.first_day IS NULL) OR (p.kind IS NULL) <> (p.last_day IS NULL) THEN RETURN 'a kind without days'; END IF;
			IF p.last_day < p.first_day THEN RETURN 'ends before it begins'; END IF;
			IF p.hours <= 0 THEN RETURN 'reaches back ' || p.hours || ' hours'; END IF;
		END LOOP;
		PERFORM set_config('dbinsight.now', '2026-06-15T12:00:00Z', true);
		RETURN NULL;
	END IF;
	e := dbinsight.explain_ask(q);
	IF e <> dbinsight.explain_ask(q) THEN RETURN 'understood differently the second time'; END IF;
	IF e LIKE '%' || chr(65533) || '%' AND q NOT LIKE '%' || chr(65533) || '%' THEN RETURN 'a character was cut'; END IF;
	RETURN (SELECT 'an argument that is no object' FROM dbinsight.plan(q) c WHERE jsonb_typeof(c.arguments) <> 'object' LIMIT 1);
EXCEPTION WHEN OTHERS THEN
	RETURN CASE WHEN sqlstate <> '22023' OR btrim(q, E' \t\r\n') <> '' THEN sqlstate || ' ' || sqlerrm END;
END $$;
SELECT i.target, i.q, j.finding FROM input i, LATERAL (SELECT pg_temp.judged(i.target, i.q) AS finding) j WHERE j.finding IS NOT NULL;
-- A future of no length is no period; one of some length is.
SELECT q, r.* FROM unnest(ARRAY['coming 0 hour', 'next 0 days', 'next 2 days', 'last 0 weeks']) q, LATERAL dbinsight._read_period(q) r;
-- Some of them to the end: asked, and told as a stream whose parts are the answer.
SELECT count(*) > 4 AS many, count(*) FILTER (WHERE c.content <> s.joined) AS different
FROM input i, LATERAL dbinsight.chat(i.q) c, LATERAL (SELECT string_agg(e.content, '' ORDER BY e.seq) FILTER (WHERE e.event = 'delta') AS joined FROM dbinsight.ask_stream(i.q) e) s
WHERE i.target <> 'dates' AND i.n % 24 = 0;
ROLLBACK;
