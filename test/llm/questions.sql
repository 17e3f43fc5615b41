-- Each question is put to the model and to the embedded analyst, and what became of the model's answer is counted.
\set ON_ERROR_STOP 1
\pset footer off
SET dbinsight.now = '2026-06-15 12:00:00+00';
SET dbinsight.llm_cache = 0;
SET dbinsight.context_tokens = 6000;
SELECT set_config('dbinsight.ask_timeout', :'seconds' || 's', false) AS whole, set_config('dbinsight.request_timeout', :'seconds' || 's', false) AS each \gset
CREATE TEMPORARY TABLE asked (n int GENERATED ALWAYS AS IDENTITY, question text, content text, engine text, reason text, grounded boolean,
	embedded text, embedded_grounded boolean, requests int, tokens int, seconds numeric);
INSERT INTO asked (question) SELECT q FROM unnest(ARRAY[
	'What did we spend last week?',
	'Which jobs failed yesterday?',
	'Who changed permissions last week?',
	'Which SKU costs most this month?',
	'Which queries were slow yesterday?',
	'Which SLAs were breached last week?',
	'Which tables are stale?',
	'How do the models perform?',
	'Which external IP addresses connected last week?',
	'What did we spend last week and which jobs failed?']) WITH ORDINALITY q (q, n) ORDER BY n LIMIT :questions;
SET client_min_messages = warning;
DO $$
DECLARE
	one record;
	said record;
	plain record;
	kept record;
BEGIN
	FOR one IN SELECT * FROM asked ORDER BY n LOOP
		PERFORM set_config('dbinsight.llm_server', '', true);
		SELECT content, grounded INTO plain FROM dbinsight.chat(one.question);
		PERFORM set_config('dbinsight.llm_server', 'small', true);
		SELECT * INTO said FROM dbinsight.chat(one.question);
		SELECT engine, reason INTO kept FROM dbinsight.chat_messages WHERE id = said.message_id;
		UPDATE asked SET content = said.content, engine = kept.engine, reason = kept.reason, grounded = said.grounded, embedded = plain.content,
			embedded_grounded = plain.grounded,
			tokens = said.prompt_tokens + said.completion_tokens, seconds = round(said.latency_ms / 1000, 1),
			requests = (SELECT count(*) FROM dbinsight.llm_usage u WHERE u.message_id = said.message_id)
		WHERE n = one.n;
	END LOOP;
END $$;
SELECT n, question, engine, reason, grounded, requests, tokens, seconds FROM asked ORDER BY n;
SELECT engine, coalesce(reason, '') AS reason, count(*) AS answers, count(*) FILTER (WHERE grounded) AS grounded FROM asked GROUP BY 1, 2 ORDER BY 1, 2;
SELECT u.purpose, u.status, count(*) FROM dbinsight.llm_usage u GROUP BY 1, 2 ORDER BY 1, 2;
\pset tuples_only on
\pset format unaligned
SELECT format(E'\n%s. %s (%s)\n%s', n, question, engine, content) FROM asked ORDER BY n;
SELECT format('%s questions: %s answered by the model as it came, %s after a repair, %s by the embedded analyst; %s grounded', count(*),
	count(*) FILTER (WHERE engine = 'model' AND NOT repaired), count(*) FILTER (WHERE engine = 'model' AND repaired),
	count(*) FILTER (WHERE engine = 'embedded'), count(*) FILTER (WHERE grounded))
FROM (SELECT a.*, EXISTS (SELECT FROM dbinsight.chat_messages m JOIN dbinsight.llm_usage u ON u.message_id = m.id
	WHERE m.content = a.content AND u.purpose = 'repair') AS repaired FROM asked a) a;
-- None at all is a failure, and one that is not grounded where the embedded analyst's would be; so is a part left out by the latter.
SELECT 'failed: ' || question FROM asked
WHERE content IS NULL OR (NOT grounded AND (engine = 'model' OR embedded_grounded)) OR (engine = 'embedded' AND position(split_part(embedded, E'\n---\n', 1) IN content) = 0) ORDER BY n;
