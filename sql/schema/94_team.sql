/*
 * What a language model is given for an answer, what it said before, and what
 * is kept of how the answer was made.
 */
ALTER TABLE dbinsight.chat_messages ADD COLUMN engine text CHECK (engine IN ('embedded', 'model'));
ALTER TABLE dbinsight.chat_messages ADD COLUMN reason text;
COMMENT ON COLUMN dbinsight.chat_messages.engine IS
'Who worded the answer when dbinsight.llm_server was set: model, or embedded when the model''s answer was not to be had; NULL when no model was asked for';
COMMENT ON COLUMN dbinsight.chat_messages.reason IS
'Why the embedded analyst answered instead, the whole or the part of an agent: llm_missing, llm_unavailable, llm_timeout, llm_error, llm_refused, llm_empty, llm_wordy, budget_question, budget_day, ungrounded, no_data; or why a model''s answer is not whole';

/* ---- playbooks ---- */
CREATE TABLE dbinsight.playbooks (
	name text PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9_]{0,62}$'),
	agent text REFERENCES dbinsight.agents ON UPDATE CASCADE ON DELETE CASCADE,
	title text NOT NULL,
	steps text NOT NULL,
	words text[] NOT NULL DEFAULT '{}',
	enabled boolean NOT NULL DEFAULT true
);
COMMENT ON TABLE dbinsight.playbooks IS
'Procedures in plain text: given to a language model when the question shares a word with the title or the words';
COMMENT ON COLUMN dbinsight.playbooks.agent IS 'Whom it is for; NULL: every agent';
COMMENT ON COLUMN dbinsight.playbooks.words IS 'Further words of questions it is for';

CREATE FUNCTION dbinsight._any_word(question text) RETURNS tsquery
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT string_agg('''' || replace(replace(w.word, '\', '\\'), '''', '''''') || '''', ' | ')::tsquery
	FROM unnest(tsvector_to_array(to_tsvector('pg_catalog.english'::regconfig, _any_word.question))) w(word);
END;
COMMENT ON FUNCTION dbinsight._any_word(text) IS 'A search for any of the words of a question; NULL when it has none';

CREATE FUNCTION dbinsight._matching_playbooks(agent text, question text)
	RETURNS TABLE (title text, steps text)
	LANGUAGE sql STABLE ROWS 2
BEGIN ATOMIC
	SELECT p.title, p.steps
	FROM dbinsight.playbooks p, LATERAL (SELECT to_tsvector('pg_catalog.english'::regconfig, p.title || ' ' || array_to_string(p.words, ' ')) AS v) t
	WHERE p.enabled AND (p.agent IS NULL OR p.agent = _matching_playbooks.agent) AND t.v @@ dbinsight._any_word(_matching_playbooks.question)
	ORDER BY ts_rank(t.v, dbinsight._any_word(_matching_playbooks.question)) DESC, p.name COLLATE "C"
	LIMIT 2;
END;
COMMENT ON FUNCTION dbinsight._matching_playbooks(text, text) IS 'The playbooks that an agent is given for a question, the best first';

/* ---- tools and prompts for a model ---- */
CREATE FUNCTION dbinsight._tool_words(tool text, examples text[]) RETURNS tsvector
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN to_tsvector('pg_catalog.english'::regconfig, replace(_tool_words.tool, '_', ' ') || ' ' || array_to_string(_tool_words.examples, ' '));
COMMENT ON FUNCTION dbinsight._tool_words(text, text[]) IS 'The words of a tool''s name and of the questions it answers';

ALTER TABLE dbinsight.agent_tools ADD COLUMN words tsvector GENERATED ALWAYS AS (dbinsight._tool_words(tool, examples)) STORED;
COMMENT ON COLUMN dbinsight.agent_tools.words IS 'By which the tools of an agent are ranked for a question';

CREATE FUNCTION dbinsight._model_tools(agent text, question text, planned text[], most int)
	RETURNS TABLE (tool text, function oid)
	LANGUAGE C STABLE STRICT PARALLEL UNSAFE ROWS 12 AS 'MODULE_PATHNAME', 'dbi_model_tools';
COMMENT ON FUNCTION dbinsight._model_tools(text, text, text[], int) IS 'The tools of an agent that a model is offered for a question, those of the plan first';

CREATE FUNCTION dbinsight._exchanges(conversation uuid, most int)
	RETURNS TABLE (turn int, agents text, question text, answer text)
	LANGUAGE sql STABLE ROWS 10
BEGIN ATOMIC
	SELECT e.turn, e.agents, e.question, e.answer
	FROM (SELECT (row_number() OVER (ORDER BY a.seq))::int AS turn, coalesce(array_to_string(a.agents, ', '), '') AS agents, q.content AS question, a.content AS answer
		FROM dbinsight.chat_messages q JOIN dbinsight.chat_messages a ON a.conversation_id = q.conversation_id AND a.seq = q.seq + 1
			JOIN dbinsight.chat_conversations c ON c.id = q.conversation_id
		WHERE q.conversation_id = _exchanges.conversation AND c.user_id = dbinsight.person() AND q.role = 'user' AND a.role = 'assistant'
		ORDER BY a.seq DESC LIMIT _exchanges.most) e
	ORDER BY e.turn;
END;
COMMENT ON FUNCTION dbinsight._exchanges(uuid, int) IS 'The last questions and answers of a conversation of the caller, the oldest first';

/* ---- the cache of what models said ---- */
CREATE TABLE dbinsight.llm_cache (
	user_id text NOT NULL DEFAULT dbinsight.person(),
	role_name name NOT NULL DEFAULT current_user,
	key text NOT NULL,
	created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	answer jsonb NOT NULL,
	PRIMARY KEY (user_id, role_name, key)
);
COMMENT ON TABLE dbinsight.llm_cache IS
'What language models answered at temperature 0, by a hash of all they were told; each person and role has their own. See dbinsight.llm_cache';
ALTER TABLE dbinsight.llm_cache ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_cache ON dbinsight.llm_cache
	USING (user_id = dbinsight.person() AND role_name = current_user) WITH CHECK (user_id = dbinsight.person() AND role_name = current_user);
INSERT INTO dbinsight.retention VALUES ('llm_cache', 'created_at', '7 days');

CREATE FUNCTION dbinsight._cache_key(request text) RETURNS text
	LANGUAGE sql STABLE PARALLEL SAFE
RETURN encode(sha256(convert_to(_cache_key.request, 'UTF8')), 'hex');
COMMENT ON FUNCTION dbinsight._cache_key(text) IS 'The key under which the answer to a request is kept';

CREATE FUNCTION dbinsight._cached_answer(request text, seconds int) RETURNS jsonb
	LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT c.answer FROM dbinsight.llm_cache c
	WHERE c.user_id = dbinsight.person() AND c.role_name = current_user AND c.key = dbinsight._cache_key(_cached_answer.request)
		AND c.created_at > clock_timestamp() - make_interval(secs => _cached_answer.seconds);
END;
COMMENT ON FUNCTION dbinsight._cached_answer(text, int) IS 'What a model answered to an equal request of the caller at most so many seconds ago';

CREATE FUNCTION dbinsight._cache_answer(request text, answer jsonb) RETURNS void
	LANGUAGE sql
BEGIN ATOMIC
	INSERT INTO dbinsight.llm_cache (key, answer) VALUES (dbinsight._cache_key(_cache_answer.request), _cache_answer.answer)
	ON CONFLICT ON CONSTRAINT llm_cache_pkey DO UPDATE SET answer = excluded.answer, created_at = excluded.created_at;
END;
COMMENT ON FUNCTION dbinsight._cache_answer(text, jsonb) IS 'Keeps what a model answered, for the caller';

/* ---- budgets ---- */
CREATE FUNCTION dbinsight._llm_spent_today() RETURNS float8
	LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT coalesce(sum(u.usd), 0)::float8 FROM dbinsight.llm_usage u
	WHERE u.user_id = dbinsight.person() AND u.at >= dbinsight.today()::timestamp AT TIME ZONE 'UTC';
END;
COMMENT ON FUNCTION dbinsight._llm_spent_today() IS 'USD that language models have cost the caller since midnight UTC';
