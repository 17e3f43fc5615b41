-- Channels, MLflow servers and the outbox: what may be written, by whom, and what becomes of it without a network.
\set SHOW_CONTEXT never
\set VERBOSITY default
BEGIN;
CREATE ROLE regress_dbi_reader IN ROLE dbinsight_reader;
CREATE ROLE regress_dbi_other IN ROLE dbinsight_reader;
CREATE ROLE regress_dbi_admin IN ROLE dbinsight_admin;
SAVEPOINT s;

-- Options of channels; no value is ever repeated.
CREATE SERVER c FOREIGN DATA WRAPPER dbinsight_channel; ROLLBACK TO s;
CREATE SERVER c FOREIGN DATA WRAPPER dbinsight_channel OPTIONS (kind 'slack'); ROLLBACK TO s;
CREATE SERVER c FOREIGN DATA WRAPPER dbinsight_channel OPTIONS (kind 'webhook', url 'https://user:secret@example.com'); ROLLBACK TO s;
CREATE SERVER c FOREIGN DATA WRAPPER dbinsight_channel OPTIONS (kind 'webhook', url 'ftp://example.com'); ROLLBACK TO s;
CREATE SERVER c FOREIGN DATA WRAPPER dbinsight_channel OPTIONS (kind 'webhook', secret 'whsec_AAAA'); ROLLBACK TO s;
CREATE SERVER c FOREIGN DATA WRAPPER dbinsight_channel OPTIONS (kind 'webhook', url 'https://example.com/hook');
CREATE USER MAPPING FOR CURRENT_USER SERVER c OPTIONS (secret 'whsec_not base64!'); ROLLBACK TO s;
CREATE SERVER c FOREIGN DATA WRAPPER dbinsight_channel OPTIONS (kind 'webhook');
CREATE USER MAPPING FOR CURRENT_USER SERVER c OPTIONS (username 'ann'); ROLLBACK TO s;
CREATE SERVER c FOREIGN DATA WRAPPER dbinsight_channel OPTIONS (kind 'webhook');
CREATE USER MAPPING FOR CURRENT_USER SERVER c OPTIONS (url 'https://example.com/hook?sig=1', secret 'whsec_AAAA whsec_BBBB'); ROLLBACK TO s;

-- Of MLflow servers.
CREATE SERVER m FOREIGN DATA WRAPPER dbinsight_mlflow; ROLLBACK TO s;
CREATE SERVER m FOREIGN DATA WRAPPER dbinsight_mlflow OPTIONS (tracking_uri 'https://a', server 'b'); ROLLBACK TO s;
CREATE SERVER m FOREIGN DATA WRAPPER dbinsight_mlflow OPTIONS (tracking_url 'https://a'); ROLLBACK TO s;
CREATE SERVER m FOREIGN DATA WRAPPER dbinsight_mlflow OPTIONS (tracking_uri 'https://a');
CREATE USER MAPPING FOR CURRENT_USER SERVER m OPTIONS (token 't', username 'u', password 'p'); ROLLBACK TO s;

CREATE SERVER c FOREIGN DATA WRAPPER dbinsight_channel OPTIONS (kind 'webhook', url 'https://example.com/hook');
CREATE SERVER m FOREIGN DATA WRAPPER dbinsight_mlflow OPTIONS (tracking_uri 'https://mlflow.example.com', experiment 'mine');
CREATE SERVER d FOREIGN DATA WRAPPER databricks OPTIONS (host 'example.com');
CREATE SERVER w FOREIGN DATA WRAPPER dbinsight_mlflow OPTIONS (server 'd');
SAVEPOINT s;

-- What is none.
SELECT dbinsight.send_event('c', NULL, '{}'); ROLLBACK TO s;
SELECT dbinsight.send_event('nowhere', 'test', '{}'); ROLLBACK TO s;
SELECT dbinsight.send_event('m', 'test', '{}'); ROLLBACK TO s;
SELECT dbinsight._outbox_put('letter', 'c', '{}'); ROLLBACK TO s;
SELECT dbinsight.send_event('c', 'test', '{}', E'two\nlines'); ROLLBACK TO s;
SELECT dbinsight.log_run('e', 'r'); ROLLBACK TO s;
SET LOCAL dbinsight.mlflow_server = 'm';
SELECT dbinsight.log_run('e', 'r', '[1]'); ROLLBACK TO s;
SET LOCAL dbinsight.mlflow_server = 'm';
SELECT dbinsight.log_run('e', 'r', '{"a\\b": 1}'); ROLLBACK TO s;
SET LOCAL dbinsight.mlflow_server = 'm';
SELECT dbinsight.log_run('e', 'r', NULL, '{"a": "many"}'); ROLLBACK TO s;
SET LOCAL dbinsight.mlflow_server = 'm';
SELECT dbinsight.log_run('e', 'r', NULL, '{"a": [1, null]}'); ROLLBACK TO s;
SELECT dbinsight.log_run('e', 'r', server => 'm', status => 'DONE'); ROLLBACK TO s;
SELECT dbinsight.log_run(NULL, 'r', server => 'w'); ROLLBACK TO s;
SELECT dbinsight.export_trace('00000000-0000-4000-8000-000000000000', 'm'); ROLLBACK TO s;

-- A run as it will be sent: params and tags by name and as text, metrics by step.
SET LOCAL dbinsight.mlflow_server = 'm';
SELECT dbinsight.log_run(NULL, 'r', '{"b": true, "a": 1, "none": null}', '{"y": [1, {"value": "NaN", "step": 7, "timestamp": 5}], "x": 2}', '{"mlflow.user": "me"}', started => '2025-01-01 00:00:00.5+00') IS NULL AS none;
SELECT payload ->> 'experiment' AS experiment, payload ->> 'name' AS name, payload ->> 'status' AS status, payload -> 'start_time' AS start_time, payload -> 'params' AS params FROM dbinsight.outbox;
SELECT m ->> 'key' AS key, m ->> 'value' AS value, m ->> 'step' AS step, m -> 'timestamp' IN ('5', payload -> 'end_time') AS timed FROM dbinsight.outbox, jsonb_array_elements(payload -> 'metrics') m;
SELECT payload -> 'tags' AS tags FROM dbinsight.outbox;
ROLLBACK TO s;

-- Learning is logged where the one who has it done may use the server.
SET LOCAL dbinsight.mlflow_server = 'm';
SELECT dbinsight._log_router(7, '{"accuracy": 0.9, "about": {"x": 1}}');
SELECT kind, destination, payload ->> 'experiment' AS experiment, payload #>> '{metrics,0,key}' AS metric, owner = current_user AS own FROM dbinsight.outbox;
ROLLBACK TO s;
SET LOCAL dbinsight.mlflow_server = 'nowhere';
SELECT dbinsight._log_router(7, '{"accuracy": 0.9}');
SELECT count(*) FROM dbinsight.outbox;
ROLLBACK TO s;

-- An answer is not worth less because its trace cannot be sent.
SET LOCAL dbinsight.mlflow_traces = on;
SELECT length(dbinsight.ask('hello')) > 0 AS answered;
SELECT count(*) FROM dbinsight.outbox;
SELECT message_id AS answer FROM dbinsight.spans LIMIT 1 \gset
SELECT dbinsight.export_trace(:'answer', 'w'); ROLLBACK TO s;
SET LOCAL dbinsight.mlflow_server = 'm';
SET LOCAL dbinsight.mlflow_traces = on;
SELECT length(dbinsight.ask('hello Bearer abcdefghijkl')) > 0 AS answered;
SELECT kind, payload ->> 'experiment' AS experiment, payload #>> '{trace_info,state}' AS state, payload #> '{trace_info}' ? 'request_preview' AS tells, payload::text LIKE '%hello%' AS anywhere,
	idempotency_key = 'trace-' || (payload #>> '{trace_info,client_request_id}') AS keyed FROM dbinsight.outbox;
SET LOCAL dbinsight.mlflow_content = on;
DELETE FROM dbinsight.outbox;
SELECT dbinsight.export_trace((SELECT message_id FROM dbinsight.spans LIMIT 1)) IS NULL AS none;
SELECT payload #>> '{trace_info,request_preview}' AS preview, payload::text LIKE '%abcdef%' AS secret FROM dbinsight.outbox;
ROLLBACK TO s;
SELECT dbinsight._redact('{"a": ["sk-0123456789abcdef", 5, "plain"], "b": {"c": "Bearer \"abc\\def"}, "https://x/?sig=1": null}');

-- Whose it is: one's own for who may use the server, everybody's for an admin.
GRANT USAGE ON FOREIGN SERVER c TO regress_dbi_reader;
SET ROLE regress_dbi_other;
SELECT dbinsight.send_event('c', 'test', '{}'); ROLLBACK TO s;
GRANT USAGE ON FOREIGN SERVER c TO regress_dbi_reader;
SET ROLE regress_dbi_reader;
SELECT dbinsight.send_event('c', 'test', '{"n": 1}', 'k') = dbinsight.send_event('c', 'test', '{"n": 2}', 'k') AS one;
SELECT kind, destination, payload -> 'data' AS data, idempotency_key, owner, state, attempts FROM dbinsight.outbox;
SAVEPOINT own;
SELECT dbinsight.deliver(); ROLLBACK TO own;
UPDATE dbinsight.outbox SET state = 'sent'; ROLLBACK TO own;
DELETE FROM dbinsight.outbox; ROLLBACK TO own;
INSERT INTO dbinsight.outbox (kind) VALUES ('x'); ROLLBACK TO own;
SELECT * FROM dbinsight._outbox_claim(1); ROLLBACK TO own;
SET ROLE regress_dbi_other;
SELECT count(*) FROM dbinsight.outbox;
SET ROLE regress_dbi_admin;
SELECT count(*) FROM dbinsight.outbox;
RESET ROLE;

-- States: a lease of an attempt, a failure that is passing, one that is not, and who comes too late.
SELECT id AS event FROM dbinsight.outbox \gset
SELECT count(*) FROM dbinsight._outbox_claim(8);
SELECT count(*) AS taken_twice FROM dbinsight._outbox_claim(8);
SELECT dbinsight._outbox_failed(:'event', 1, '38000', 'busy', false, 0, true);
SELECT state, attempts, last_error, leased_until IS NULL AS free, next_attempt_at > clock_timestamp() AS later FROM dbinsight.outbox;
SELECT failures, not_before > clock_timestamp() AS later FROM dbinsight.outbox_destinations;
SELECT count(*) AS too_early FROM dbinsight._outbox_claim(8);
SELECT topic, item, value FROM dbinsight.status() WHERE topic = 'outbox';
SELECT dbinsight._outbox_failed(:'event', 3, '38000', 'somebody else has it', true, 0, false);
SELECT dbinsight._outbox_failed(:'event', 1, '38000', 'no such thing', true, 0, false);
SELECT state, last_error FROM dbinsight.outbox;
SELECT dbinsight.retry_delivery(:'event'), dbinsight.retry_delivery(:'event') AS again;
SELECT dbinsight._outbox_sent(:'event', '{"status": 200}'), dbinsight._outbox_sent(:'event', '{}') AS again;
SELECT state, response, delivered_at IS NOT NULL AS told FROM dbinsight.outbox;
SELECT failures FROM dbinsight.outbox_destinations;

-- Waits double from half of dbinsight.delivery_delay to an hour, and are no shorter than asked for.
SET LOCAL dbinsight.delivery_delay = '4s';
SELECT n, bool_and(w BETWEEN lo AND 2 * lo) AS fits FROM (VALUES (1, interval '2 s'), (2, '4 s'), (5, '32 s'), (50, '30 min')) v(n, lo), generate_series(1, 20), LATERAL (SELECT dbinsight._outbox_wait(n, 0) AS w) x GROUP BY 1 ORDER BY 1;
SELECT dbinsight._outbox_wait(1, 600);
SELECT dbinsight.deliver(0);
ROLLBACK;
SELECT count(*) FROM dbinsight.outbox;
