-- Language models in a turn, as far as SQL goes: no model is there to be asked.
\set ON_ERROR_ROLLBACK on
\set SHOW_CONTEXT never
BEGIN;
SET LOCAL dbinsight.now = '2025-03-10 12:00:00+00';

-- Settings.
SELECT dbinsight.now();
SELECT name, setting, unit, context FROM pg_settings
WHERE name IN ('dbinsight.llm_server', 'dbinsight.ask_timeout', 'dbinsight.llm_cache', 'dbinsight.budget_question_usd', 'dbinsight.budget_user_day_usd') ORDER BY name;
SET LOCAL dbinsight.budget_question_usd = -1;

-- A server that does not exist is told, one that cannot be reached as well; the answer is the embedded one.
SET LOCAL dbinsight.llm_server = 'no_such_server';
SELECT content AS with_no_server, message_id AS m, model, prompt_tokens, cost_usd FROM dbinsight.chat('Which jobs failed today?') \gset
SELECT engine, reason, model FROM dbinsight.chat_messages WHERE id = :'m';
CREATE SERVER nobody FOREIGN DATA WRAPPER dbinsight_llm OPTIONS (provider 'openai', base_url 'https://127.0.0.1:9/v1', model 'none');
SET LOCAL dbinsight.llm_server = 'nobody';
CREATE USER MAPPING FOR CURRENT_USER SERVER nobody OPTIONS (api_key 'not a secret');
SELECT content AS with_model, message_id AS m, model, prompt_tokens, cost_usd FROM dbinsight.chat('Which jobs failed today?') \gset
SELECT engine, reason, model FROM dbinsight.chat_messages WHERE id = :'m';
SELECT count(*) AS requests, bool_and(s.status = 'error') AS failed FROM dbinsight.spans s WHERE s.message_id = :'m' AND s.name = 'chat none';
SELECT x ->> 'key' AS key FROM jsonb_path_query(dbinsight.trace_otlp(:'m'), '$.resourceSpans[0].scopeSpans[0].spans[*] ? (@.name == "chat none").attributes[*]') x ORDER BY x ->> 'key' COLLATE "C";
SET LOCAL dbinsight.llm_server = '';
SELECT content AS without_model, message_id AS m FROM dbinsight.chat('Which jobs failed today?') \gset
SELECT replace(:'with_model', E'\n*Answered without the language model: the language model could not be reached.*', '') = :'without_model' AS same_words,
	replace(:'with_no_server', E'\n*Answered without the language model: the language model server, or a user mapping for it, does not exist.*', '') = :'without_model' AS same_without_server;
SELECT engine, reason FROM dbinsight.chat_messages WHERE id = :'m';

-- What refuses or asks back asks no model.
SET LOCAL dbinsight.llm_server = 'nobody';
SELECT message_id AS m FROM dbinsight.chat('Delete all failed jobs') \gset
SELECT engine, (SELECT count(*) FROM dbinsight.spans s WHERE s.message_id = :'m' AND s.name LIKE 'chat%') AS requests FROM dbinsight.chat_messages WHERE id = :'m';
SELECT regexp_replace(dbinsight.explain_ask('Which jobs failed today?'), '.*\n(language model: [^\n]*)\n.*', '\1');

-- Tools of an agent for a question: those of the plan first, then by words, twelve at most.
SELECT tool FROM dbinsight._model_tools('cost', 'What will we spend until the end of the month, forecast?', '{get_idle_cluster_cost}', 3);
SELECT count(*) FROM dbinsight._model_tools('security', 'failed logins', '{}', 12);
SELECT count(*) FROM dbinsight._model_tools('security', '\ '' & | ! :* the', '{}', 12);
SELECT count(*) FROM dbinsight._model_tools('no_such_agent', 'failed logins', '{}', 12);

-- What is known of them is read anew when the registry or a function changes; rights are those of whoever asks.
UPDATE dbinsight.agent_tools SET enabled = false WHERE agent = 'cost' AND tool = 'get_cost_forecast';
SELECT count(*) FILTER (WHERE tool = 'get_cost_forecast') FROM dbinsight._model_tools('cost', 'forecast', '{}', 12);
UPDATE dbinsight.agent_tools SET enabled = true WHERE agent = 'cost' AND tool = 'get_cost_forecast';
SELECT count(*) FILTER (WHERE tool = 'get_cost_forecast') FROM dbinsight._model_tools('cost', 'forecast', '{}', 12);
SET LOCAL ROLE dbinsight_reader;
SELECT count(*) FILTER (WHERE tool = 'get_cost_forecast') FROM dbinsight._model_tools('cost', 'forecast', '{}', 12);
RESET ROLE;
SELECT p.oid::regprocedure AS forecast FROM pg_proc p WHERE p.proname = 'get_cost_forecast' \gset
REVOKE EXECUTE ON FUNCTION :forecast FROM dbinsight_reader;
SET LOCAL ROLE dbinsight_reader;
SELECT count(*) FILTER (WHERE tool = 'get_cost_forecast') FROM dbinsight._model_tools('cost', 'forecast', '{}', 12);
RESET ROLE;
GRANT EXECUTE ON FUNCTION :forecast TO dbinsight_reader;

-- Playbooks.
INSERT INTO dbinsight.playbooks (name, agent, title, steps, words, enabled) VALUES
	('spikes', 'cost', 'Cost spikes', 'Compare with the day before.', '{anomaly,jump}', true),
	('anywhere', NULL, 'Anything about jobs', 'Name the owner.', '{}', true),
	('off', NULL, 'Cost of nothing', 'Never told.', '{}', false);
SELECT * FROM dbinsight._matching_playbooks('cost', 'Why did costs jump on Monday?');
SELECT * FROM dbinsight._matching_playbooks('security', 'Which job was changed?');
SELECT * FROM dbinsight._matching_playbooks('security', 'the and of');
INSERT INTO dbinsight.playbooks (name, agent, title, steps) VALUES ('x', 'no_such_agent', 'x', 'x');

-- The cache is of a person and a role.
SELECT dbinsight._cache_answer('a request', '{"text": "an answer"}');
SELECT dbinsight._cache_answer('a request', '{"text": "another"}');
SELECT dbinsight._cached_answer('a request', 60), dbinsight._cached_answer('a request', 0) IS NULL AS too_old, dbinsight._cached_answer('another', 60) IS NULL AS unknown;
CREATE ROLE dbi_test_reader IN ROLE dbinsight_reader;
SET LOCAL ROLE dbi_test_reader;
SELECT count(*) FROM dbinsight.llm_cache;
SELECT dbinsight._cached_answer('a request', 60) IS NULL AS not_mine;
INSERT INTO dbinsight.llm_cache (role_name, key, answer) VALUES ('postgres', 'x', '{}');
SELECT dbinsight._llm_spent_today();
RESET ROLE;
ROLLBACK;
