-- How an answer was made, as spans and as OTLP/JSON; what is in a trace and what is not; whose it is.
\set ON_ERROR_ROLLBACK on
\set SHOW_CONTEXT never
\set VERBOSITY sqlstate
BEGIN;
SET LOCAL dbinsight.now = '2025-03-10 12:00:00+00';
SET LOCAL client_min_messages = warning;
CREATE SCHEMA zoo;
CREATE FUNCTION zoo.get_zebra_naps(name text DEFAULT 'zoe') RETURNS TABLE (zebra text, naps int) LANGUAGE sql STABLE AS $$ VALUES ('zoe', 3), ('zack', 1) $$;
COMMENT ON FUNCTION zoo.get_zebra_naps(text) IS 'How many naps did the zebras take?';
CREATE FUNCTION zoo.get_giraffe_meals() RETURNS TABLE (giraffe text) LANGUAGE plpgsql STABLE AS $$ BEGIN RAISE EXCEPTION 'secret of gina' USING ERRCODE = '22012'; END $$;
COMMENT ON FUNCTION zoo.get_giraffe_meals() IS 'Which meals did the giraffes eat?';
SELECT dbinsight.register_agent('zoo', 'zebras and giraffes', '', ARRAY['How many naps did the zebras take?']);
SELECT dbinsight.register_tool('zoo.get_zebra_naps(text)', 'zoo', ARRAY['How many naps did the zebras take?']);
SELECT dbinsight.register_tool('zoo.get_giraffe_meals()', 'zoo', ARRAY['Which meals did the giraffes eat?']);
INSERT INTO dbinsight.tool_companions VALUES ('get_zebra_naps', 'why', 'get_giraffe_meals', 1);
CREATE ROLE regress_ann IN ROLE dbinsight_reader;
CREATE ROLE regress_bob IN ROLE dbinsight_reader;
GRANT USAGE ON SCHEMA zoo TO regress_ann;

SET LOCAL ROLE regress_ann;
SELECT message_id AS m, conversation_id AS c FROM dbinsight.chat('Why did the zebras take so many naps?', NULL, 'zoo') \gset
SELECT s.name, p.name AS parent, s.status, s.attributes - 'gen_ai.conversation.id' AS attributes
FROM dbinsight.spans s LEFT JOIN dbinsight.spans p ON p.span_id = s.parent_span_id WHERE s.message_id = :'m' ORDER BY s.attributes ->> 'gen_ai.tool.call.id' NULLS FIRST, s.name COLLATE "C";
SELECT count(*) AS wrong FROM dbinsight.spans WHERE trace_id <> replace(:'m', '-', '') OR end_time < start_time OR start_time < transaction_timestamp() - interval '1 minute'
	OR name LIKE 'invoke_workflow%' AND attributes ->> 'gen_ai.conversation.id' <> :'c';
-- The members that OTLP/JSON has, and no others; ids in hexadecimal, times and whole numbers as text, kind 1 (internal), status 1 (ok) or 2 (error).
CREATE TEMP TABLE otlp AS SELECT s FROM jsonb_array_elements(dbinsight.trace_otlp(:'m') #> '{resourceSpans,0,scopeSpans,0,spans}') s;
SELECT dbinsight.trace_otlp(:'m') #- '{resourceSpans,0,scopeSpans,0,spans}' = jsonb_build_object('resourceSpans', jsonb_build_array(jsonb_build_object(
	'resource', jsonb_build_object('attributes', jsonb_build_array(jsonb_build_object('key', 'service.name', 'value', '{"stringValue": "dbinsight"}'::jsonb),
		jsonb_build_object('key', 'service.version', 'value', jsonb_build_object('stringValue', e.extversion)))),
	'scopeSpans', jsonb_build_array(jsonb_build_object('scope', jsonb_build_object('name', 'dbinsight', 'version', e.extversion)))))) AS around
FROM pg_extension e WHERE e.extname = 'dbinsight';
SELECT s ->> 'name' AS name, s -> 'kind' AS kind, s -> 'status' AS status, s ->> 'traceId' ~ '^[0-9a-f]{32}$' AND s ->> 'spanId' ~ '^[0-9a-f]{16}$' AS ids,
	(SELECT count(*) FROM otlp p WHERE p.s ->> 'spanId' = o.s ->> 'parentSpanId') AS parents,
	(SELECT string_agg(k, ' ' ORDER BY k) FROM jsonb_object_keys(s) k) = concat_ws(' ', 'attributes', 'endTimeUnixNano', 'kind', 'name', CASE WHEN s ? 'parentSpanId' THEN 'parentSpanId' END,
		'spanId', 'startTimeUnixNano', 'status', 'traceId') AS members,
	s ->> 'startTimeUnixNano' ~ '^\d{19}$' AND (s ->> 'endTimeUnixNano')::bigint >= (s ->> 'startTimeUnixNano')::bigint AS times
FROM otlp o ORDER BY s ->> 'name' COLLATE "C";
SELECT a FROM otlp, jsonb_array_elements(s -> 'attributes') a WHERE s ->> 'name' = 'execute_tool get_zebra_naps' ORDER BY a ->> 'key' COLLATE "C";
-- No word of the person or of the account, unless the setting says so.
SELECT dbinsight.trace_otlp(:'m')::text ~ 'zoe|secret|so many' AS told;
SET LOCAL dbinsight.trace_content = on;
SELECT s ->> 'name' AS name, a ->> 'key' AS key, left(a -> 'value' ->> 'stringValue', 120) AS value FROM jsonb_array_elements(dbinsight.trace_otlp(:'m') #> '{resourceSpans,0,scopeSpans,0,spans}') s,
	jsonb_array_elements(s -> 'attributes') a WHERE a ->> 'key' ~ 'mlflow.span(In|Out)puts|call\.|messages|error' AND a ->> 'key' NOT LIKE 'dbinsight%' ORDER BY s ->> 'name' COLLATE "C", a ->> 'key' COLLATE "C";
RESET dbinsight.trace_content;
SELECT dbinsight._otlp_attributes('{"n": 9007199254740993, "r": 0.5, "b": false, "t": "x", "l": [1, "a"], "none": null}');

-- Nobody else's.
SET LOCAL ROLE regress_bob;
SELECT count(*) FROM dbinsight.spans;
SELECT dbinsight.trace_otlp(:'m');
SELECT dbinsight.replay(:'m');
INSERT INTO dbinsight.spans SELECT replace(:'m', '-', ''), '1234567890abcdef', NULL, :'m', 'x', now(), now(), 'ok', '{}';
SELECT dbinsight.trace_otlp(NULL);

-- Not when it is switched off, not of an answer that is not kept; it goes with its message and with its retention.
SET LOCAL ROLE regress_ann;
SET LOCAL dbinsight.trace = off;
SELECT message_id AS untraced FROM dbinsight.chat('How many naps did the zebras take?', NULL, 'zoo') \gset
RESET dbinsight.trace;
SELECT count(*) FROM dbinsight.spans WHERE message_id = :'untraced';
SELECT dbinsight.trace_otlp(:'untraced') IS NULL AS none;
SELECT message_id AS refused FROM dbinsight.chat('Please drop table fact_usage') \gset
SELECT name, attributes ->> 'dbinsight.plan.kind' AS kind FROM dbinsight.spans WHERE message_id = :'refused' ORDER BY name COLLATE "C";
SELECT dbinsight.replay(:'refused') - 'message';
DELETE FROM dbinsight.chat_conversations WHERE id = :'c';
SELECT count(*) FROM dbinsight.spans WHERE message_id = :'m';
RESET ROLE;
SELECT count(*) > 0 AS before FROM dbinsight.spans;
UPDATE dbinsight.retention SET keep = NULL WHERE table_name = 'chat_conversations';
SELECT set_config('dbinsight.now', to_char(now() + interval '91 days', 'YYYY-MM-DD'), true) <> '' AS later;
SELECT rows_deleted > 0 AS gone FROM dbinsight.apply_retention() WHERE table_name = 'spans';
SELECT count(*) FROM dbinsight.spans;

-- replay(): rows are paired by what names them, in any number of columns; without that they come and go.
SELECT dbinsight._row_changes('[["day", "date"], ["who", "text"], ["n", "count"]]', '[["2025-03-01", "a", 1], ["2025-03-01", "b", 2], ["2025-03-02", "a", 3]]',
	'[["2025-03-01", "a", 1], ["2025-03-02", "a", 4], ["2025-03-02", "c", 5]]');
SELECT dbinsight._row_changes('[["who", "text"], ["n", "count"]]', '[["a", 1], ["a", 1], ["b", 2]]', '[["a", 1], ["b", 2], ["b", 3]]');
SELECT dbinsight._row_changes('[["who", "text"], ["n", "count"]]', '[["a", 1], ["b", 2]]', '[["b", 2], ["a", 1]]');
SELECT dbinsight._row_changes('[["n", "count"]]', '[]', '[[1]]');
SELECT r -> 'counts' AS counts, jsonb_array_length(r -> 'added') AS shown FROM dbinsight._row_changes('[["n", "count"]]', '[]', (SELECT jsonb_agg(jsonb_build_array(i)) FROM generate_series(1, 50) i)) r;
SELECT dbinsight._total_changes('[["who", "text"], ["cost", "usd"], ["share", "pct"], ["n", "count"]]', '[["a", 1.5, 10, 1], ["b", null, 20, 2]]', '[["a", 2.5, 30, 3]]');
SELECT dbinsight.replay(NULL);
SELECT dbinsight.replay(gen_random_uuid());
SELECT dbinsight.replay(:'refused', 'tomorrow');
-- What is no plan is refused; a tool that is not in the registry is left out.
SELECT dbinsight._replay_plan('x', p::jsonb) FROM unnest(ARRAY['[]']) p;
SELECT dbinsight._replay_plan('x', '{"intent": 1}');
SELECT dbinsight._replay_plan('x', '{"intent": "what", "assumptions": [], "calls": [[]]}');
SELECT dbinsight._replay_plan('x', '{"intent": "what", "assumptions": [], "calls": [{"agent": "zoo", "tool": "get_zebra_naps", "arguments": 1}]}');
SELECT dbinsight._replay_plan('x', '{"intent": "what", "assumptions": [], "calls": [{"agent": "zoo", "tool": "pg_sleep", "arguments": {"a": 1}, "role": "answer", "label": "", "filters": []}]}');
SELECT dbinsight._replay_plan('x', '{"intent": "what", "assumptions": [], "calls": []}', 'yesterday');
ROLLBACK;
