-- Input that is no question, and arguments that do not fit.
\set ON_ERROR_ROLLBACK on
\set SHOW_CONTEXT never
BEGIN;
SET LOCAL dbinsight.now = '2025-03-10 12:00:00+00';
SELECT dbinsight.ask(NULL);
SELECT dbinsight.ask('');
SELECT dbinsight.ask(E' \n\t ');
SELECT * FROM dbinsight.chat('');
SELECT dbinsight.ask('Which jobs failed?', NULL, 'no_such_agent');
SELECT dbinsight.export_conversation(NULL);
SELECT conversation_id AS c FROM dbinsight.chat('Which jobs failed?') \gset
SELECT dbinsight.export_conversation(:'c', 'pdf');
SELECT count(*) FROM dbinsight.evidence(NULL);

-- Long questions are not read; the title and the text of odd ones are cut between characters.
SELECT length(content) < 500 AS short, tool_calls FROM dbinsight.chat(repeat('why ', 4000));
SELECT max(length(content)) AS kept FROM dbinsight.chat_messages WHERE role = 'user';
SELECT conversation_id AS c FROM dbinsight.chat(repeat('ü', 60) || ' which jobs failed?') \gset
SELECT title FROM dbinsight.chat_conversations WHERE id = :'c';
SELECT count(*) FROM unnest(ARRAY['?', '''', '"; --', '{}', '\', 'select 1', '%s%n', '<script>alert(1)</script>', '👾👾👾', 'jobs'' OR 1=1 --', repeat('(', 500),
	'{cost}', '[[x]]', E'a\u0001b']) q, LATERAL dbinsight.chat(q) c WHERE c.content <> '';

-- Noise, other tongues, markup and statements: refused, or asked back; nothing is called that was not asked for.
CREATE FUNCTION pg_temp.understood(question text) RETURNS text LANGUAGE sql AS $$
	SELECT substring(x FROM '(?n)^kind: (\w+)') || coalesce(' ' || (SELECT string_agg(m[1] || ' ' || m[2], ' ') FROM regexp_matches(x, '(?n)^  \w+\.(\w+) (\{.*\}) \(', 'g') m), '')
	FROM dbinsight.explain_ask(understood.question) x $$;
SELECT what, pg_temp.understood(question) FROM (VALUES
	(1, 'noise of 8 kB', (SELECT string_agg(chr(33 + (i * 7919 % 94)), '' ORDER BY i) FROM generate_series(1, 8192) i)),
	(2, 'ten thousand words', repeat('lorem ipsum ', 5000)),
	(3, 'words up to the limit', repeat('zq ', 2730)),
	(4, 'two languages', 'bitte zeig mir die failed jobs in production seit gestern, danke'),
	(5, 'another language', 'сколько мы потратили вчера'),
	(6, 'a statement', 'SELECT * FROM billing.usage; DELETE FROM jobs'),
	(7, 'a statement at the end of a question', 'which jobs failed yesterday''; DROP TABLE findings; --'),
	(8, 'HTML', '<b>which</b> <i>jobs</i> <a href="http://example.com/?q=1">failed</a> yesterday<br/>'),
	(9, 'Markdown', E'## **Which** jobs `failed` *yesterday*?\n\n| a | b |\n| --- | --- |'),
	(10, 'control characters', E'which\x07 jobs\x1b[31m failed\x0b yesterday\x7f'),
	(11, 'zero width and right to left', E'which\u200b jobs \u202efailed\u202c yesterday'),
	(12, 'a table in quotes', 'who has access to "main"."gold"."odd name"?'),
	(13, 'a table in back ticks', 'who has access to `main.gold.orders`?')
) q(n, what, question) ORDER BY n;

-- A workspace, a job and a table that are called like periods and verbs.
SAVEPOINT odd_names;
SET LOCAL dbinsight.now = '2025-06-18 14:30:00+00';
INSERT INTO dbinsight.dim_workspace (workspace_id, workspace_name) VALUES ('901', 'yesterday'), ('902', 'drop');
INSERT INTO dbinsight.dim_job (workspace_id, job_id, job_name, change_time) VALUES ('901', '9001', 'last week', '2025-01-01');
SELECT q, pg_temp.understood(q) FROM unnest(ARRAY[
	'failed jobs in the workspace yesterday', 'failed jobs yesterday', 'failed jobs in workspace "yesterday" in the past 48 hours',
	'failed jobs in workspace "drop"', 'run history of the job "last week"']) WITH ORDINALITY t(q, n) ORDER BY n;
-- Of two tables of one name the first is taken, and the other can be chosen.
INSERT INTO dbinsight.dim_table (snapshot_date, table_catalog, table_schema, table_name) VALUES ('2025-06-18', 'main', 'gold', 'giraffes'), ('2025-06-18', 'main', 'silver', 'giraffes');
SELECT conversation_id AS c FROM dbinsight.chat('who has access to the table giraffes?') \gset
SELECT regexp_replace(content, '.*(\*Assumed:\*[^\n]*).*', '\1') AS assumed FROM dbinsight.chat_messages WHERE conversation_id = :'c' AND role = 'assistant';
SELECT tool, arguments FROM dbinsight.plan('the other reading', :'c');
ROLLBACK TO odd_names;

-- Clocks: a leap day, the ends of months, the day a clock is put forward, west of midnight.
CREATE FUNCTION pg_temp.at(clock timestamptz, zone text, question text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	said text;
BEGIN
	PERFORM set_config('dbinsight.now', clock::text, true);
	INSERT INTO dbinsight.user_preferences (timezone) VALUES (zone) ON CONFLICT (user_id) DO UPDATE SET timezone = excluded.timezone;
	said := pg_temp.understood(question);
	PERFORM set_config('dbinsight.now', '', true);
	RETURN said;
END $$;
SELECT n, pg_temp.at(clock, zone, question) FROM (VALUES
	-- 2024-02-29: a year before is the 28th of February; the month before is January
	(1, '2024-02-29 12:00+00'::timestamptz, 'UTC', 'what did we spend yesterday'),
	(2, '2024-02-29 12:00+00', 'UTC', 'what did we spend last month'),
	(3, '2024-03-01 12:00+00', 'UTC', 'what did we spend yesterday'),
	(4, '2025-03-01 12:00+00', 'UTC', 'what did we spend yesterday'),
	-- the last of March: last month is the whole of February
	(5, '2025-03-31 12:00+00', 'UTC', 'what did we spend last month'),
	(6, '2025-12-31 23:59+00', 'UTC', 'what did we spend yesterday'),
	(7, '2026-01-01 00:00+00', 'UTC', 'what did we spend yesterday'),
	-- 2025-03-30 in Berlin has 23 hours, 2025-10-26 has 25
	(8, '2025-03-30 01:30+00', 'Europe/Berlin', 'top cost drivers yesterday'),
	(9, '2025-10-26 22:30+00', 'Europe/Berlin', 'top cost drivers yesterday'),
	-- half past one of the 19th in Tokyo, half past nine of the 17th in Los Angeles
	(10, '2025-06-18 16:30+00', 'Asia/Tokyo', 'top cost drivers yesterday'),
	(11, '2025-06-18 04:30+00', 'America/Los_Angeles', 'top cost drivers yesterday')
) v(n, clock, zone, question) ORDER BY n;

-- Arguments of a call are checked against the function: errors are data, the others go on.
CREATE SCHEMA shop;
CREATE DOMAIN shop.percent AS numeric CHECK (value BETWEEN 0 AND 100);
CREATE FUNCTION shop.get_giraffe_counts(days int, share shop.percent DEFAULT 10, since date DEFAULT NULL, names text[] DEFAULT '{}')
	RETURNS TABLE (name text, days_used int, share_pct numeric, names text[]) LANGUAGE sql STABLE
	AS $$ SELECT 'gina'::text, get_giraffe_counts.days, get_giraffe_counts.share::numeric, get_giraffe_counts.names $$;
COMMENT ON FUNCTION shop.get_giraffe_counts(int, shop.percent, date, text[]) IS 'How many giraffe counts are there?
@param days look-back in days, 1 to 30';
SELECT dbinsight.register_agent('giraffe', 'giraffes', '', '{}');
SELECT dbinsight.register_tool('shop.get_giraffe_counts(int, shop.percent, date, text[])', 'giraffe', ARRAY['How many giraffe counts are there?']);
SELECT * FROM (VALUES
	('{"days": 3}'), ('{"days": "3"}'), ('{"days": 3, "names": ["a", "b"]}'), ('{"days": 3, "share": 12.5}'),
	('{}'), ('{"days": null}'), ('{"days": "a week"}'), ('{"days": 3.5}'), ('{"days": 99999999999}'), ('{"days": [1]}'), ('{"days": {"a": 1}}'),
	('{"days": 3, "share": 101}'), ('{"days": 3, "since": "soon"}'), ('{"days": 3, "dayz": 1}'), ('[]'), ('{"days": "1; DROP TABLE x"}')) v(arguments),
	LATERAL dbinsight._call_tool('shop.get_giraffe_counts(int, shop.percent, date, text[])', v.arguments) c(result);
SELECT dbinsight._call_tool('shop.get_giraffe_counts(int, shop.percent, date, text[])', 'no json');
ROLLBACK;
