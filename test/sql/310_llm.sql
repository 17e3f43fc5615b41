-- Language models without a network: options, what is read of streams, prompts. Over the wire: test/t/090_llm.pl.
BEGIN;
SET LOCAL dbinsight.now = '2025-03-10 12:00:00+00';
\set VERBOSITY terse

-- ---- options

CREATE FUNCTION pg_temp.try(sql text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	hint text;
BEGIN
	EXECUTE sql;
	RETURN 'fine';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN sqlstate || ' ' || sqlerrm || coalesce(' / ' || nullif(hint, ''), '');
END $$;
SELECT pg_temp.try(format('CREATE SERVER bad FOREIGN DATA WRAPPER dbinsight_llm OPTIONS (%s)', o)) FROM unnest(ARRAY[
	$$provider 'opneai'$$, $$base_url 'api.example.com'$$, $$base_url 'https://user:secret@h/v1'$$, $$base_url 'https://h/v1?key=x'$$,
	$$max_tokens '0'$$, $$max_tokens '1.5'$$, $$temperature '3'$$, $$price_in '-1'$$, $$price_out 'nan'$$, $$timeout 'soon'$$, $$model ''$$,
	$$modle 'x'$$, $$api_key 'sk-secret'$$]) WITH ORDINALITY u(o, n) ORDER BY n;
CREATE SERVER m FOREIGN DATA WRAPPER dbinsight_llm OPTIONS (provider 'openai', model 'x', timeout '90s', temperature '0', price_in '0.15', price_out '0.6');
SELECT pg_temp.try($$CREATE USER MAPPING FOR CURRENT_USER SERVER m OPTIONS (token 'x')$$);

-- ---- what a server lacks is said when it is used

SELECT pg_temp.try($$SELECT dbinsight._llm_ask('m', '{}')$$);
CREATE USER MAPPING FOR CURRENT_USER SERVER m;
SELECT pg_temp.try($$SELECT dbinsight._llm_ask('m', '{}')$$);
ALTER USER MAPPING FOR CURRENT_USER SERVER m OPTIONS (ADD api_key 'sk-0123456789');
SELECT pg_temp.try($$SELECT dbinsight._llm_ask('m', '{}')$$);
SELECT pg_temp.try($$SELECT dbinsight._llm_ask('m', '{"messages": [{"role": "user", "content": "x"}], "tools": [{"name": "t"}]}')$$);
SELECT pg_temp.try($$SELECT dbinsight._llm_ask('m', '{"messages": [{"role": "user", "content": "x"}, {"role": "tool", "content": "x"}]}')$$);
ALTER SERVER m OPTIONS (DROP model);
SELECT pg_temp.try($$SELECT dbinsight._llm_ask('m', '{}')$$);
SELECT pg_temp.try($$SELECT * FROM dbinsight.embed('{a}')$$);
SELECT pg_temp.try($$SELECT * FROM dbinsight.embed('{a}', 'm')$$);
SELECT pg_temp.try($$SELECT dbinsight.serve_predict('e', '[{"a": 1}]')$$);
SELECT pg_temp.try(format('SELECT dbinsight.serve_predict(%L, %L, %L, %L)', 'e', r, f, 'w'))
FROM (VALUES (1, '{"a": 1}', 'records'), (2, '[1]', 'records'), (3, '[{"a": 1}]', 'rows')) v(n, r, f) ORDER BY n;

-- ---- streams: the members of an answer, whatever the pieces (expected values stand in the events)

CREATE FUNCTION pg_temp.sse(VARIADIC events text[]) RETURNS text LANGUAGE sql RETURN (
	SELECT string_agg('data: ' || e || E'\n\n', '' ORDER BY n) FROM unnest(events) WITH ORDINALITY u(e, n));
CREATE FUNCTION pg_temp.reads(provider text, stream text, size int DEFAULT 100000, form text DEFAULT NULL) RETURNS jsonb LANGUAGE sql RETURN (
	SELECT dbinsight._llm_read(provider, array_agg(substring(b FROM i FOR size) ORDER BY i), form)::jsonb
	FROM (SELECT convert_to(stream, 'UTF8') AS b) s, generate_series(1, greatest(length(b), 1), size) i);
-- text | finish | id | calls as name and arguments | tokens of prompt, completion, cached | error
CREATE FUNCTION pg_temp.short(a jsonb) RETURNS text LANGUAGE sql RETURN concat_ws(' | ', a ->> 'text', coalesce(a ->> 'finish', '-'), a ->> 'id',
	(SELECT string_agg(format('%s(%s)', c ->> 'name', c ->> 'arguments'), ' ' ORDER BY n) FROM jsonb_array_elements(a -> 'calls') WITH ORDINALITY u(c, n)),
	format('%s+%s cached %s', a #>> '{usage,prompt}', a #>> '{usage,completion}', a #>> '{usage,cached}'), a ->> 'error');
CREATE TEMP TABLE stream (name text, provider text, stream text);
INSERT INTO stream VALUES
('text', 'openai', pg_temp.sse('{"id":"c1","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":null}',
	'{"id":"c1","choices":[{"index":0,"delta":{"content":"Gr\u00fc\u00dfe \ud83d\ude00, "}}]}', '{"choices":[{"index":0,"delta":{"content":"€ 12"}}]}', '{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}',
	'{"choices":[],"usage":{"prompt_tokens":20,"completion_tokens":9,"total_tokens":29,"prompt_tokens_details":{"cached_tokens":5}}}', '[DONE]')),
('call by index, cut', 'openai', pg_temp.sse('{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"run","arguments":""}}]}}]}',
	'{"choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"b","type":"function","function":{"name":"list"}},{"index":0,"function":{"arguments":"{\"q\":"}}]}}]}',
	'{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":" 1}"}}]}}]}', '{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}', '[DONE]')),
('no index', 'openai', pg_temp.sse('{"choices":[{"delta":{"tool_calls":[{"id":"a","function":{"name":"run","arguments":"{\"q\""}}]}}]}', '{"choices":[{"delta":{"tool_calls":[{"function":{"arguments":":1}"}}]}}]}',
	'{"choices":[{"delta":{"tool_calls":[{"id":"b","function":{"name":"run","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}')),
('neither index nor id', 'openai', pg_temp.sse('{"choices":[{"delta":{"tool_calls":[{"function":{"name":"run","arguments":"{\"q\":1}"}}]}}]}', '{"choices":[{"delta":{"tool_calls":[{"function":{"name":"run","arguments":"{\"q\":2}"}}]}}]}')),
('one index, two ids', 'openai', pg_temp.sse('{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"run","arguments":"{}"}}]}}]}', '{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"b","function":{"name":"list","arguments":"{}"}}]}}]}')),
('an id with each piece', 'openai', pg_temp.sse('{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"run","arguments":"{\"q\""}}]}}]}', '{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"z","function":{"arguments":":1}"}}]}}]}')),
('arguments as object', 'openai', pg_temp.sse('{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"run","arguments":{"q":1}}}]}}]}')),
('old function_call', 'openai', pg_temp.sse('{"choices":[{"delta":{"function_call":{"name":"run","arguments":"{"}}}]}', '{"choices":[{"delta":{"function_call":{"arguments":"}"}},"finish_reason":"function_call"}]}')),
('parts', 'databricks', pg_temp.sse('{"choices":[{"delta":{"role":"assistant","content":[{"type":"reasoning","summary":[{"type":"summary_text","text":"hm"}]},{"type":"text","text":"a"},{"type":"text","text":"b"}]}}]}')),
('delta at the top', 'databricks', pg_temp.sse('{"choices":[],"delta":{"role":"assistant","content":"ab"},"custom_outputs":{}}', '[DONE]')),
('usage in each', 'databricks', pg_temp.sse('{"choices":[{"delta":{"content":"a"}}],"usage":{"prompt_tokens":7,"completion_tokens":1}}', '{"choices":[{"delta":{"content":"b"}}],"usage":{"prompt_tokens":"7","completion_tokens":2.0}}')),
('usage in the choice', 'openai', pg_temp.sse('{"choices":[{"delta":{"content":"a"},"usage":{"prompt_tokens":7,"completion_tokens":1}}]}')),
('other choices, nulls', 'openai', pg_temp.sse('{"choices":[{"index":1,"delta":{"content":"no"}},{"index":0,"delta":{"content":null,"tool_calls":null}},{"index":0,"delta":null}]}', '{"choices":[{"index":0,"delta":{"content":"yes"},"finish_reason":"length"}]}')),
('refusal', 'openai', pg_temp.sse('{"choices":[{"delta":{"refusal":"No."},"finish_reason":"stop"}]}')),
('error in the midst', 'openai', pg_temp.sse('{"choices":[{"delta":{"content":"a"}}]}', '{"error":{"message":"overloaded","type":"server_error","code":null}}', '{"choices":[{"delta":{"content":"b"}}]}')),
('after the end', 'openai', pg_temp.sse('{"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]}', '[DONE]', '{"choices":[{"delta":{"content":"b"}}]}')),
('characters no text holds', 'openai', pg_temp.sse('{"choices":[{"delta":{"content":"a\u0000b\ud83dc\\u0000"}}]}')),
('whole body', 'openai', pg_temp.sse('{"id":"w","choices":[{"index":0,"message":{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"run","arguments":""}},{"id":"b","type":"function","function":{"name":"run","arguments":""}}]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":3,"completion_tokens":2}}')),
('anthropic', 'anthropic', pg_temp.sse('{"type":"message_start","message":{"id":"m1","content":[],"usage":{"input_tokens":10,"cache_read_input_tokens":30,"cache_creation_input_tokens":2,"output_tokens":1}}}', '{"type":"ping"}',
	'{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}', '{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Looking."}}', '{"type":"content_block_stop","index":0}',
	'{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"t1","name":"run","input":{}}}', '{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"q\""}}',
	'{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":": 1}"}}', '{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"t2","name":"list","input":{}}}',
	'{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":25}}', '{"type":"message_stop"}')),
('anthropic, error', 'anthropic', pg_temp.sse('{"type":"content_block_delta","index":9,"delta":{"type":"text_delta","text":"lost"}}', '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}')),
('anthropic, too long', 'anthropic', pg_temp.sse('{"type":"message_delta","delta":{"stop_reason":"model_context_window_exceeded"}}')),
('not JSON', 'openai', pg_temp.sse('{broken', '{"choices":[{"delta":{"content":"a"}}]}')),
('nothing', 'openai', '');
SELECT name, pg_temp.short(pg_temp.reads(provider, stream)) || CASE WHEN (pg_temp.reads(provider, stream) ->> 'garbled')::boolean THEN ' garbled' ELSE '' END AS answer FROM stream ORDER BY ctid;
-- the same in any pieces and with any ends of lines; made-up ids aside
SELECT s.name, size, newline FROM stream s, unnest(ARRAY[1, 2, 3, 7]) size, (VALUES (E'\n'), (E'\r'), (E'\r\n')) e(newline)
WHERE pg_temp.short(pg_temp.reads(s.provider, replace(s.stream, E'\n', newline), size)) <> pg_temp.short(pg_temp.reads(s.provider, s.stream));
-- comments, fields that are unknown, a byte order mark, no blank, several lines of data, no end
SELECT pg_temp.short(pg_temp.reads('openai', E'\uFEFF: hello\n\nid: 1\nretry: 5\nnonsense\ndata:{"choices":[{"delta":\ndata: {"content":"a"}}]}\n:x\n\nevent: x\n\ndata: {"choices":[{"delta":{"content":"b"},"finish_reason":"stop"}]}', size)) FROM unnest(ARRAY[1, 100000]) size;
-- members of a call that are not known; blocks that only Anthropic understands, to be replayed
SELECT pg_temp.reads('openai', pg_temp.sse('{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","type":"function","thought_signature":"s","x":{"y":[1]},"function":{"name":"run","arguments":"{}"}}]}}]}')) #> '{calls,0,extra}' AS extra;
SELECT (pg_temp.reads('anthropic', pg_temp.sse('{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}', '{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}',
	'{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"sig"}}', '{"type":"content_block_start","index":1,"content_block":{"type":"redacted_thinking","data":"xyz"}}',
	'{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"t","name":"run","input":{}}}', '{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"q\": "}}')) ->> 'raw')::jsonb AS raw;
-- JSON output of Anthropic is the input of a tool
SELECT pg_temp.short(pg_temp.reads('anthropic', pg_temp.sse('{"type":"content_block_start","index":0,"content_block":{"type":"text","text":"Well: "}}', '{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"t","name":"judge","input":{}}}',
	'{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"v\": 1}"}}'), form => 'judge'));

-- ---- rows for a serving endpoint

SELECT dbinsight._dataframe('[{"b": "x", "a": 1}, {"c": null, "a": 2}, {}]', f) FROM unnest(ARRAY['records', 'split']) f;
SELECT dbinsight._dataframe('[]', f) FROM unnest(ARRAY['records', 'split']) f;

-- ---- prompts: one version is active, the latest that became so

SELECT name, version, builtin FROM dbinsight.prompts WHERE active ORDER BY name COLLATE "C";
INSERT INTO dbinsight.prompts (name, version, instructions, active) VALUES ('agent', 2, 'Mine.', true), ('agent', 3, 'Draft.', false);
SELECT version, builtin, active FROM dbinsight.prompts WHERE name = 'agent' ORDER BY version;
UPDATE dbinsight.prompts SET active = true WHERE name = 'agent' AND version = 1;
SELECT version FROM dbinsight.prompts WHERE name = 'agent' AND active;
SELECT pg_temp.try($$INSERT INTO dbinsight.prompts (name, version, instructions, demos) VALUES ('agent', 4, 'x', '{}')$$) ~ '^23514';

-- ---- usage: a person sees their own, an admin all

INSERT INTO dbinsight.llm_usage (user_id, server, model, status, prompt_tokens, completion_tokens, usd, latency_ms)
VALUES ('ann', 'm', 'x', 'stop', 100, 10, 0.01, 500), ('ann', 'm', 'x', 'error', 0, 0, 0, 100), ('bob', 'm', 'x', 'stop', 10, 1, 0.002, 300);
CREATE ROLE ann IN ROLE dbinsight_reader;
CREATE ROLE eve IN ROLE dbinsight_admin;
SET LOCAL ROLE ann;
SELECT user_id, requests, errors, prompt_tokens, usd FROM dbinsight.llm_costs;
RESET ROLE;
SET LOCAL ROLE eve;
SELECT day, user_id, requests, errors, usd, median_latency_ms FROM dbinsight.llm_costs ORDER BY user_id COLLATE "C";
ROLLBACK;
