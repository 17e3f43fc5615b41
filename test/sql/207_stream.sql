-- ask_stream(): what happens in a turn, as rows; stop() and submit() as far as
-- one session shows them.
\set ON_ERROR_ROLLBACK on
\set SHOW_CONTEXT never
\set VERBOSITY terse
BEGIN;
SET LOCAL dbinsight.now = '2025-03-10 12:00:00+00';
CREATE ROLE regress_ann LOGIN IN ROLE dbinsight_reader;
CREATE ROLE regress_bob LOGIN IN ROLE dbinsight_reader;
CREATE SCHEMA zoo;
GRANT USAGE ON SCHEMA zoo TO dbinsight_reader;
CREATE FUNCTION zoo.get_zebra_stripes() RETURNS TABLE (zebra text, stripe_count int)
	LANGUAGE sql STABLE AS $$ VALUES ('Zora', 26), ('Zeno', 31) $$;
COMMENT ON FUNCTION zoo.get_zebra_stripes() IS 'How many stripes does each zebra have?';
CREATE FUNCTION zoo.get_zebra_names() RETURNS TABLE (zebra text) LANGUAGE plpgsql STABLE AS $$
BEGIN
	RAISE EXCEPTION 'the names are lost' USING ERRCODE = 'no_data_found', HINT = 'Look under the saddle.';
END $$;
COMMENT ON FUNCTION zoo.get_zebra_names() IS 'What are the names of the zebras?';
CREATE FUNCTION zoo.get_lion_meals() RETURNS TABLE (lion text, meals int) LANGUAGE sql STABLE AS $$ VALUES ('Leo', 3) $$;
COMMENT ON FUNCTION zoo.get_lion_meals() IS 'How many meals did each lion get?';
SELECT dbinsight.register_agent('zebra', 'zebras: stripes, names', '', ARRAY['How many stripes does each zebra have?']);
SELECT dbinsight.register_agent('lion', 'lions and their meals', '', ARRAY['How many meals did each lion get?']);
SELECT dbinsight.register_tool('zoo.get_zebra_stripes()', 'zebra', ARRAY['How many stripes does each zebra have?']);
SELECT dbinsight.register_tool('zoo.get_zebra_names()', 'zebra', ARRAY['What are the names of the zebras?']);
SELECT dbinsight.register_tool('zoo.get_lion_meals()', 'lion', ARRAY['How many meals did each lion get?']);

-- What is random or depends on the machine is left out of data.
CREATE FUNCTION pg_temp.plain(data jsonb) RETURNS jsonb LANGUAGE sql AS
$$ SELECT data - '{conversation,message,elapsed_ms,latency_ms,scores,confidence}'::text[] $$;
CREATE FUNCTION pg_temp.shown(question text, agent text DEFAULT NULL) RETURNS text LANGUAGE sql AS
$$ SELECT string_agg(s.content, '' ORDER BY s.seq) FROM dbinsight.ask_stream(question, NULL, agent) s WHERE s.event = 'delta' $$;

-- The events in their order, in FROM and in the SELECT list.
SELECT seq, event, agent, tool, content IS NOT NULL AS has_content, pg_temp.plain(data) AS data
FROM dbinsight.ask_stream('How many stripes does each zebra have?', NULL, 'zebra');
SELECT string_agg(event, ' ' ORDER BY seq) AS events
FROM (SELECT (dbinsight.ask_stream('How many stripes does each zebra have?', NULL, 'zebra')).*) s;
-- Two agents: each has a part of the text, the whole has the others.
SELECT string_agg(event || coalesce(':' || agent, ''), ' ' ORDER BY seq) AS events
FROM dbinsight.ask_stream('How many stripes does each zebra have, and how many meals did each lion get?') WHERE event IN ('route', 'tool_call', 'delta');

-- Joined, what was shown is what chat() answers.
SELECT left(q, 60) AS question, pg_temp.shown(q) = c.content AS same
FROM unnest(ARRAY['How many stripes does each zebra have?', 'What are the names of the zebras?',
	'How many stripes does each zebra have, and how many meals did each lion get?', 'Which jobs failed in the last 24 hours?',
	'Why are costs high and jobs failing?', 'What is the weather like?', 'Drop the table main.sales.orders', 'hello',
	repeat('zebra ', 2000)]) WITH ORDINALITY t(q, n), LATERAL dbinsight.chat(q) c ORDER BY n;

-- What is stored is what was shown, under the ids that were told.
CREATE TEMP TABLE told AS SELECT * FROM dbinsight.ask_stream('How many meals did each lion get?');
SELECT m.content = (SELECT string_agg(content, '' ORDER BY seq) FROM told WHERE event = 'delta') AS same, m.status,
	m.conversation_id::text = s.data ->> 'conversation' AS conversation, m.suggestions IS NOT DISTINCT FROM
	(SELECT coalesce(array_agg(content ORDER BY seq), '{}') FROM told WHERE event = 'suggestion') AS suggestions
FROM told f, told s, dbinsight.chat_messages m WHERE f.event = 'finish' AND s.event = 'start' AND m.id::text = f.data ->> 'message';

-- A part that fails is an error event, and the answer goes on.
SELECT event, tool, content, pg_temp.plain(data) AS data FROM dbinsight.ask_stream('What are the names of the zebras?', NULL, 'zebra')
WHERE event IN ('tool_result', 'error', 'finish');
-- What fails altogether is an error.
\set VERBOSITY sqlstate
SELECT * FROM dbinsight.ask_stream(' ');
SELECT * FROM dbinsight.ask_stream('How many meals did each lion get?', '00000000-0000-0000-0000-000000000000');
SELECT * FROM dbinsight.ask_stream('How many meals did each lion get?', NULL, 'giraffe');
\set VERBOSITY terse

-- Not read to its end: stored with what was shown.
DELETE FROM dbinsight.chat_conversations;
SELECT (dbinsight.ask_stream('How many stripes does each zebra have?', NULL, 'zebra')).event LIMIT 1;
SELECT (dbinsight.ask_stream('How many stripes does each zebra have?', NULL, 'zebra')).event LIMIT 4;
CREATE TEMP TABLE cut AS SELECT (dbinsight.ask_stream('How many stripes does each zebra have?', NULL, 'zebra')).* LIMIT 5;
SELECT m.status, m.content = coalesce((SELECT string_agg(content, '' ORDER BY seq) FROM cut WHERE event = 'delta'), '') AS as_cut,
	m.content = '' AS nothing, jsonb_array_length(m.tool_calls) AS calls
FROM dbinsight.chat_messages m WHERE role = 'assistant' ORDER BY 2, 3 DESC, 4;
-- The conversation goes on after it.
SELECT count(*) FROM dbinsight.chat_conversations c, LATERAL dbinsight.chat('How many meals did each lion get?', c.id) a WHERE a.content <> '';

-- A cursor: rows one by one, another answer between them, the end of the transaction before the last.
DECLARE slow CURSOR FOR SELECT (dbinsight.ask_stream('How many meals did each lion get?')).event;
FETCH 3 FROM slow;
SELECT dbinsight.ask('How many stripes does each zebra have?') <> '' AS answered;
UPDATE dbinsight.agents SET description = description WHERE name = 'lion'; -- the vocabulary is read anew
SELECT dbinsight.ask('How many stripes does each zebra have?') <> '' AS answered;
FETCH ALL FROM slow;
CLOSE slow;
-- The turn is one person's.
DECLARE other CURSOR FOR SELECT (dbinsight.ask_stream('How many meals did each lion get?')).event;
FETCH 1 FROM other;
SET LOCAL ROLE regress_bob;
FETCH 1 FROM other;
RESET ROLE;

-- stop(): what there is gets told. Another's is not there.
DELETE FROM dbinsight.chat_conversations;
DECLARE long CURSOR FOR SELECT e.event, e.tool, e.content, pg_temp.plain(e.data) AS data, CASE e.event WHEN 'start' THEN e.data ->> 'conversation' END AS conversation
	FROM (SELECT (dbinsight.ask_stream('How many stripes does each zebra have, and how many meals did each lion get?')).*) e;
FETCH 1 FROM long \gset
FETCH 4 FROM long;
SET LOCAL SESSION AUTHORIZATION regress_bob;
SELECT dbinsight.stop(:'conversation') AS bob;
RESET SESSION AUTHORIZATION;
SELECT dbinsight.stop(:'conversation'), dbinsight.stop(:'conversation') AS again, dbinsight.stop(gen_random_uuid()) AS another;
FETCH ALL FROM long;
SELECT dbinsight.stop(:'conversation') AS after_its_end;
CLOSE long;
SELECT status, jsonb_array_length(tool_calls) AS calls, grounded FROM dbinsight.chat_messages WHERE conversation_id = :'conversation' AND role = 'assistant';

-- dbinsight.progress
SET LOCAL dbinsight.progress = notice;
SELECT dbinsight.ask('What are the names of the zebras?', NULL, 'zebra') <> '' AS answered;
SET LOCAL dbinsight.progress = off;

-- submit(): a row that waits for the commit, which does not come here.
SET LOCAL SESSION AUTHORIZATION regress_ann;
SELECT dbinsight.submit('How many meals did each lion get?') AS answer \gset
SELECT conversation FROM dbinsight.submitted WHERE id = :'answer' \gset
SELECT dbinsight.submit('And the zebras?', :'conversation', 'zebra') IS NOT NULL AS second;
SELECT question, agent, user_id, login, role, settings ->> 'dbinsight.now' AS now, state, attempts, sqlstate FROM dbinsight.submitted ORDER BY queued_at;
SELECT title FROM dbinsight.chat_conversations WHERE id = :'conversation';
INSERT INTO dbinsight.submitted (id, conversation, question, user_id, login, role) VALUES (gen_random_uuid(), :'conversation', 'q', 'regress_ann', 'postgres', 'postgres');
UPDATE dbinsight.submitted SET login = 'postgres';
SELECT dbinsight.stop(:'conversation');
SELECT state, count(*) FROM dbinsight.submitted GROUP BY 1;
\set VERBOSITY sqlstate
SELECT dbinsight.submit('');
SELECT dbinsight.submit('How many meals did each lion get?', NULL, 'giraffe');
SELECT dbinsight.submit('How many meals did each lion get?', gen_random_uuid());
RESET SESSION AUTHORIZATION;
SET LOCAL SESSION AUTHORIZATION regress_bob;
SELECT count(*) AS bobs FROM dbinsight.submitted;
SELECT dbinsight.submit('How many meals did each lion get?', :'conversation');
RESET SESSION AUTHORIZATION;
SELECT job FROM dbinsight.run_due() WHERE job <> 'jobs';
ROLLBACK;

-- A read-only transaction answers and stores nothing.
BEGIN READ ONLY;
SELECT event, data ? 'message' AS stored FROM dbinsight.ask_stream('Which jobs failed in the last 24 hours?') WHERE event IN ('start', 'finish');
SELECT dbinsight.stop('00000000-0000-0000-0000-000000000000');
SELECT dbinsight.submit('Which jobs failed in the last 24 hours?');
ROLLBACK;
