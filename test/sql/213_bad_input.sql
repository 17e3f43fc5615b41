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
