/*
 * What an answer rests on, how good it is, and what people say of it.
 */
ALTER TABLE dbinsight.chat_messages ADD COLUMN grounding jsonb;
ALTER TABLE dbinsight.chat_messages ADD COLUMN understood jsonb;
COMMENT ON COLUMN dbinsight.chat_messages.grounding IS
'What the referee says of the answer: claims, supported, contradictions, and spans, each [text, kind, supported, reason, tool, row, column]; see grounding()';
COMMENT ON COLUMN dbinsight.chat_messages.understood IS
'How sure the reading of the question was: kind of plan, agents with their probability, arguments by origin, hours since the newest row';

CREATE TABLE dbinsight.chat_results (
	message_id uuid NOT NULL REFERENCES dbinsight.chat_messages ON DELETE CASCADE,
	call int NOT NULL,
	agent text NOT NULL,
	tool text NOT NULL,
	arguments jsonb NOT NULL,
	given jsonb NOT NULL,
	columns jsonb NOT NULL,
	rows jsonb NOT NULL,
	row_count int NOT NULL,
	truncated boolean NOT NULL,
	ok boolean NOT NULL,
	error text,
	digest jsonb,
	noun text NOT NULL DEFAULT '',
	context jsonb NOT NULL DEFAULT '[]',
	fresh jsonb NOT NULL DEFAULT '[]',
	PRIMARY KEY (message_id, call)
);
COMMENT ON TABLE dbinsight.chat_results IS
'What the calls of an answer returned, a row a call; goes with its message';
COMMENT ON COLUMN dbinsight.chat_results.given IS 'Every argument as it was bound: [name, kind, whether the plan gave it, value]';
COMMENT ON COLUMN dbinsight.chat_results.columns IS '[name, kind] of each column; the kind says the unit: usd, pct, seconds, gib, count …';
COMMENT ON COLUMN dbinsight.chat_results.rows IS
'The rows the answer was made from, each an array in the order of columns, names in place of ids; past 64 kB only the first';
COMMENT ON COLUMN dbinsight.chat_results.row_count IS 'Rows the answer was made from, whether kept or not';
COMMENT ON COLUMN dbinsight.chat_results.truncated IS 'The tool had more rows than dbinsight.max_tool_rows';
COMMENT ON COLUMN dbinsight.chat_results.digest IS
'Where rows were cut: of each column [values, sum, least, largest, distinct], over all rows';
COMMENT ON COLUMN dbinsight.chat_results.noun IS 'What a row of the tool is called: one/many';
COMMENT ON COLUMN dbinsight.chat_results.context IS 'With the first call: periods and assumptions of the answer';
COMMENT ON COLUMN dbinsight.chat_results.fresh IS 'With the first call: each source and the time of its newest row';
ALTER TABLE dbinsight.chat_results ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_results ON dbinsight.chat_results
	USING (EXISTS (SELECT FROM dbinsight.chat_messages m JOIN dbinsight.chat_conversations c ON c.id = m.conversation_id
		WHERE m.id = message_id AND c.user_id = dbinsight.person()))
	WITH CHECK (EXISTS (SELECT FROM dbinsight.chat_messages m JOIN dbinsight.chat_conversations c ON c.id = m.conversation_id
		WHERE m.id = message_id AND c.user_id = dbinsight.person()));

CREATE FUNCTION dbinsight._store_results(message uuid, results jsonb) RETURNS void
	LANGUAGE sql VOLATILE
BEGIN ATOMIC
	INSERT INTO dbinsight.chat_results (message_id, call, agent, tool, arguments, given, columns, rows, row_count, truncated, ok, error, digest, noun, context, fresh)
	SELECT _store_results.message, (r ->> 'call')::int, r ->> 'agent', r ->> 'tool', r -> 'arguments', r -> 'given', r -> 'columns', r -> 'rows',
		(r ->> 'row_count')::int, (r ->> 'truncated')::boolean, (r ->> 'ok')::boolean, r ->> 'error', r -> 'digest', r ->> 'noun', r -> 'context', r -> 'fresh'
	FROM jsonb_array_elements(_store_results.results) r;
END;
COMMENT ON FUNCTION dbinsight._store_results(uuid, jsonb) IS 'Keeps what the calls of a message returned, with the caller''s rights';

CREATE FUNCTION dbinsight._own_answer(message uuid) RETURNS uuid
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF EXISTS (SELECT FROM dbinsight.chat_messages m JOIN dbinsight.chat_conversations c ON c.id = m.conversation_id
			WHERE m.id = message AND m.role = 'assistant' AND c.user_id = dbinsight.person()) THEN
		RETURN message;
	END IF;
	RAISE EXCEPTION 'you have no answer %', coalesce(message::text, 'NULL') USING ERRCODE = 'no_data_found',
		HINT = 'chat() returns the id of its answer as message_id; your own: SELECT id FROM dbinsight.chat_messages WHERE role = ''assistant''.';
END $$;
COMMENT ON FUNCTION dbinsight._own_answer(uuid) IS 'The answer when it is the caller''s own; else P0002, the same whether it is another''s or none';

CREATE FUNCTION dbinsight._question_of(message uuid) RETURNS text
	LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT q.content FROM dbinsight.chat_messages a JOIN dbinsight.chat_messages q ON q.conversation_id = a.conversation_id AND q.seq < a.seq AND q.role = 'user'
	WHERE a.id = _question_of.message ORDER BY q.seq DESC LIMIT 1;
END;
COMMENT ON FUNCTION dbinsight._question_of(uuid) IS 'The question an answer answers';

/* ---- grounding ---- */
CREATE FUNCTION dbinsight._ground(question text, results text, content text) RETURNS jsonb
	LANGUAGE C STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dbi_check_text';
COMMENT ON FUNCTION dbinsight._ground(text, text, text) IS 'Judges a text by results as chat_results keeps them, a JSON array of its rows';

CREATE FUNCTION dbinsight._check_text(message uuid, content text) RETURNS jsonb
	LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT dbinsight._ground(coalesce(dbinsight._question_of(o.id), ''),
		coalesce((SELECT jsonb_agg(to_jsonb(r) ORDER BY r.call) FROM dbinsight.chat_results r WHERE r.message_id = o.id), '[]')::text, _check_text.content)
	FROM dbinsight._own_answer(_check_text.message) o(id);
END;
COMMENT ON FUNCTION dbinsight._check_text(uuid, text) IS
'Judges another text by what the calls of an answer of yours returned: what it claims, and which of that no row supports
@param message id of the answer whose results are the measure
@param content the text';

CREATE FUNCTION dbinsight.grounding(message uuid)
	RETURNS TABLE (span text, kind text, supported boolean, reason text, tool text, row_number int, column_name text)
	LANGUAGE sql STABLE ROWS 100
BEGIN ATOMIC
	SELECT s.item ->> 0, s.item ->> 1, (s.item ->> 2)::boolean, s.item ->> 3, s.item ->> 4, (s.item ->> 5)::int, s.item ->> 6
	FROM dbinsight._own_answer(grounding.message) o(id) JOIN dbinsight.chat_messages m ON m.id = o.id,
		LATERAL jsonb_array_elements(m.grounding -> 'spans') WITH ORDINALITY s(item, n)
	ORDER BY s.n;
END;
COMMENT ON FUNCTION dbinsight.grounding(uuid) IS
'Every figure, date, name and superlative in an answer of yours as an independent check reads it: whether a row supports it, which, or why not
@param message id of the answer';

/* ---- scores ---- */
CREATE VIEW dbinsight.score_weights AS
SELECT v.part, v.name, v.weight::float8 AS weight, v.about FROM (VALUES
	('overall', 'groundedness', 3.0, 'share of the claims that rows support; numbers and superlatives count 1, dates and names a half'),
	('overall', 'accuracy', 3.0, 'groundedness × calls with valid arguments × (1 − contradictions / claims)'),
	('overall', 'completeness', 2.0, 'facets answered of those asked; nothing found is an answer, a failed call that is named counts a half'),
	('overall', 'usefulness', 1.5, 'see its parts'),
	('overall', 'clarity', 1.0, 'see its parts'),
	('overall', 'confidence', 1.0, 'how likely the question was understood and the answer is right'),
	('overall', 'response_time', 0.5, '1 within the target of 1000 ms, a third less for each doubling'),
	('clarity', 'length', 0.30, 'between 8 and 120 words of prose a facet'),
	('clarity', 'sentences', 0.25, 'share of the sentences with at most 22 words'),
	('clarity', 'structure', 0.25, 'the first line answers with a figure or a yes or no; a table or list where there are more than three facts'),
	('clarity', 'formatting', 0.20, 'marks in pairs, no raw values'),
	('usefulness', 'completeness', 0.30, ''),
	('usefulness', 'action', 0.25, 'a recommendation that names a thing; 1 when there is nothing to act on'),
	('usefulness', 'specificity', 0.20, 'supported claims in prose per 100 words, 6 are enough'),
	('usefulness', 'context', 0.15, 'a comparison or a share beside the figures'),
	('usefulness', 'sources', 0.10, 'the calls are named'),
	('confidence', 'constant', -3.6, 'logit'),
	('confidence', 'route', 2.4, 'probability of the least certain agent asked'),
	('confidence', 'margin', 0.6, 'how far it is from the next agent'),
	('confidence', 'slots', 0.8, 'share of the arguments said in the question or kept from the conversation'),
	('confidence', 'tools', 1.4, 'share of the calls that came back'),
	('confidence', 'groundedness', 1.6, ''),
	('confidence', 'fresh', 0.6, '1 when the newest row is at most a day old, falling to 0 at eight days'),
	('confidence', 'rows', 0.4, '1 when a call returned a row')
) v(part, name, weight, about);
COMMENT ON VIEW dbinsight.score_weights IS 'Of what the scores of an answer are made: the weights of each part';

CREATE FUNCTION dbinsight._weight(part text, name text) RETURNS float8
	LANGUAGE sql STABLE PARALLEL SAFE
	RETURN (SELECT w.weight FROM dbinsight.score_weights w WHERE w.part = _weight.part AND w.name = _weight.name);
COMMENT ON FUNCTION dbinsight._weight(text, text) IS 'A weight of score_weights';

/* What the scores are made from, measured on the text and the calls. One row: a set is inlined, so that _scores() keeps its plan. */
CREATE FUNCTION dbinsight._score_parts(content text, tool_calls jsonb, grounding jsonb, understood jsonb, latency_ms float8) RETURNS SETOF jsonb
	LANGUAGE sql STABLE ROWS 1
BEGIN ATOMIC
	SELECT jsonb_build_object(
		'claims', c.claims, 'contradictions', c.contradictions,
		'groundedness', c.supported_weight / nullif(c.weight, 0),
		'calls', k.calls, 'calls_ok', k.ok, 'valid_arguments', 1 - k.invalid::float8 / nullif(k.calls, 0), 'rows', k.rows,
		'facets', f.asked, 'completeness', f.answered / nullif(f.asked, 0),
		'words', t.words, 'prose_claims', c.prose,
		'length', CASE WHEN t.words < 8 THEN t.words / 8.0 WHEN t.words > 120 * greatest(f.asked, 1) THEN 120.0 * greatest(f.asked, 1) / t.words ELSE 1 END,
		'sentences', t.short_sentences / greatest(t.sentences, 1),
		'structure', (CASE WHEN t.headline ~ '[0-9]' OR t.headline ~ '^\*\*(Yes|No)\.' OR t.headline ~ '\mNo\M' OR k.calls = 0 THEN 0.5 ELSE 0 END)
			+ (CASE WHEN c.claims <= 3 OR t.main ~ '\n(\||- )' THEN 0.5 ELSE 0 END),
		'formatting', (CASE WHEN regexp_count(t.main, '\*\*') % 2 = 0 AND regexp_count(t.main, '`') % 2 = 0 THEN 0.5 ELSE 0 END)
			+ (CASE WHEN t.main ~* '\m(null|nan|infinity)\M' THEN 0 ELSE 0.5 END),
		'action', CASE WHEN k.rows = 0 THEN 1 WHEN t.main ~ '\*\*Recommended\*\*' THEN 1 ELSE 0 END,
		'specificity', least(1, 100.0 * c.prose / greatest(t.words, 1) / 6),
		'context', CASE WHEN t.main ~ '(%|\magainst\M|\mof [0-9]|\m(more|less|higher|lower) than\M|\m(up|down) )' OR k.rows = 0 THEN 1 ELSE 0 END,
		'sources', CASE WHEN _score_parts.content ~ '\n\*Sources:\* ' THEN 1 ELSE 0 END,
		'route', (_score_parts.understood ->> 'route')::float8, 'margin', (_score_parts.understood ->> 'margin')::float8,
		'slots', (_score_parts.understood ->> 'slots')::float8,
		'fresh', 1 - least(1, greatest(0, ((_score_parts.understood ->> 'lag_h')::float8 - 24) / 168)),
		'latency_ms', _score_parts.latency_ms)
	/* once for all that looks at it: OFFSET keeps it from being put where it is used */
	FROM (SELECT q.main, regexp_replace(q.main, '(^|\n)\|[^\n]*', '', 'g') AS prose
		FROM (SELECT split_part(_score_parts.content, E'\n---\n', 1) AS main OFFSET 0) q OFFSET 0) p,
		LATERAL (SELECT count(*)::float8 AS claims,
			sum(CASE WHEN s ->> 1 IN ('number', 'superlative') THEN 1 ELSE 0.5 END)::float8 AS weight,
			sum(CASE WHEN NOT (s ->> 2)::boolean THEN 0 WHEN s ->> 1 IN ('number', 'superlative') THEN 1 ELSE 0.5 END)::float8 AS supported_weight,
			coalesce((_score_parts.grounding ->> 'contradictions')::float8, 0) AS contradictions,
			(count(*) FILTER (WHERE (s ->> 2)::boolean AND s ->> 1 <> 'date' AND strpos(p.prose, s ->> 0) > 0))::float8 AS prose
		FROM jsonb_array_elements(_score_parts.grounding -> 'spans') s) c,
		(SELECT count(*)::float8 AS calls, count(*) FILTER (WHERE (x ->> 'ok')::boolean)::float8 AS ok,
			count(*) FILTER (WHERE x ? 'argument')::float8 AS invalid, coalesce(sum((x ->> 'rows')::int), 0)::float8 AS rows
		FROM jsonb_array_elements(_score_parts.tool_calls) x) k,
		/* a facet: an agent, what it was asked about, and the side of a comparison */
		(SELECT count(*)::float8 AS asked, sum(a.answered)::float8 AS answered FROM (
			SELECT max(CASE WHEN (x ->> 'ok')::boolean THEN 1 ELSE 0.5 END) AS answered
			FROM jsonb_array_elements(_score_parts.tool_calls) x WHERE x ->> 'role' IN ('answer', 'baseline')
			GROUP BY x ->> 'agent', x ->> 'role', x -> 'arguments' ->> 'workspace', x -> 'arguments' ->> 'job_name'
			UNION ALL
			SELECT 0 FROM jsonb_array_elements_text(_score_parts.understood -> 'agents') r(agent)
			WHERE NOT EXISTS (SELECT FROM jsonb_array_elements(_score_parts.tool_calls) x WHERE x ->> 'agent' = r.agent)) a) f,
		LATERAL (SELECT p.main, split_part(p.main, E'\n', 1) AS headline, regexp_count(p.prose, '\S+')::float8 AS words,
			s.n AS sentences, s.short AS short_sentences
		FROM (SELECT count(*)::float8 AS n, count(*) FILTER (WHERE regexp_count(x, '\S+') <= 22)::float8 AS short
				FROM regexp_split_to_table(p.prose, '([.!?;:]\s|\n)+') x WHERE x ~ '\w') s) t;
END;
COMMENT ON FUNCTION dbinsight._score_parts(text, jsonb, jsonb, jsonb, float8) IS 'What the scores of an answer are made from';

CREATE FUNCTION dbinsight._scores(content text, tool_calls jsonb, grounding jsonb, understood jsonb, latency_ms float8) RETURNS jsonb
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	p jsonb;
	called boolean;
	scores jsonb;
	z float8;
	overall float8;
BEGIN
	SELECT x INTO p FROM dbinsight._score_parts(content, tool_calls, grounding, understood, latency_ms) x;
	called := (p ->> 'calls')::float8 > 0;
	/* clarity and usefulness are weighted sums of their parts */
	SELECT jsonb_object_agg(s.part, s.value) INTO scores FROM (
		SELECT w.part, sum(w.weight * (p ->> w.name)::float8) AS value FROM dbinsight.score_weights w
		WHERE w.part = 'clarity' OR (w.part = 'usefulness' AND called) GROUP BY w.part) s;
	IF called THEN
		scores := scores || jsonb_build_object('groundedness', (p ->> 'groundedness')::float8,
			'accuracy', (p ->> 'groundedness')::float8 * (p ->> 'valid_arguments')::float8 * (1 - (p ->> 'contradictions')::float8 / greatest((p ->> 'claims')::float8, 1)),
			'completeness', (p ->> 'completeness')::float8);
		SELECT sum(w.weight * CASE w.name WHEN 'constant' THEN 1 WHEN 'tools' THEN (p ->> 'calls_ok')::float8 / (p ->> 'calls')::float8
			WHEN 'rows' THEN CASE WHEN (p ->> 'rows')::float8 > 0 THEN 1 ELSE 0 END ELSE coalesce((p ->> w.name)::float8, 0.5) END)
		INTO z FROM dbinsight.score_weights w WHERE w.part = 'confidence';
		scores := scores || jsonb_build_object('confidence', 1 / (1 + exp(-z)));
	END IF;
	IF latency_ms IS NOT NULL THEN
		scores := scores || jsonb_build_object('response_time', CASE WHEN latency_ms <= 1000 THEN 1 ELSE greatest(0, 1 - ln(latency_ms / 1000) / ln(2.0) / 3) END);
	END IF;
	/* a score of 0 would make all 0; it counts as 1 % */
	SELECT exp(sum(w.weight * ln(greatest((scores ->> w.name)::float8, 0.01))) / sum(w.weight)) INTO overall
	FROM dbinsight.score_weights w WHERE w.part = 'overall' AND scores ->> w.name IS NOT NULL;
	SELECT jsonb_object_agg(s.key, round(s.value::numeric, 4)) INTO scores
	FROM (SELECT e.key, (e.value #>> '{}')::float8 AS value FROM jsonb_each(scores || jsonb_build_object('overall', overall)) e) s
	WHERE s.value IS NOT NULL;
	RETURN scores || jsonb_build_object('scorer_version', 1, 'details',
		(SELECT jsonb_object_agg(e.key, CASE WHEN jsonb_typeof(e.value) = 'number' THEN to_jsonb(round((e.value #>> '{}')::numeric, 4)) ELSE e.value END)
		FROM jsonb_each(jsonb_strip_nulls(p) - 'latency_ms') e));
END $$;
COMMENT ON FUNCTION dbinsight._scores(text, jsonb, jsonb, jsonb, float8) IS 'The scores of an answer, from 0 to 1; one that does not apply is left out';

CREATE FUNCTION dbinsight.score(message uuid) RETURNS jsonb
	LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT dbinsight._scores(m.content, m.tool_calls, m.grounding, m.understood, m.latency_ms::float8)
	FROM dbinsight._own_answer(score.message) o(id) JOIN dbinsight.chat_messages m ON m.id = o.id;
END;
COMMENT ON FUNCTION dbinsight.score(uuid) IS
'Scores of an answer of yours, from 0 to 1, worked out anew from what is stored: groundedness, accuracy, completeness, clarity, usefulness, confidence, response_time, overall; see score_weights
@param message id of the answer';

/* ---- what people say ---- */
CREATE TABLE dbinsight.feedback (
	message_id uuid NOT NULL REFERENCES dbinsight.chat_messages ON DELETE CASCADE,
	user_id text NOT NULL DEFAULT dbinsight.person(),
	rating int NOT NULL CHECK (rating IN (-1, 1)),
	comment text,
	expected_agent text,
	expected_tool text,
	question text,
	given_at timestamptz NOT NULL DEFAULT dbinsight.now(),
	accepted boolean,
	verified_by text,
	verified_at timestamptz,
	PRIMARY KEY (message_id, user_id)
);
COMMENT ON TABLE dbinsight.feedback IS
'Thumbs up (1) and down (-1), and which agent and tool should have answered; a correction teaches the router only after verify_feedback()';
ALTER TABLE dbinsight.feedback ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_feedback ON dbinsight.feedback
	USING (user_id = dbinsight.person()) WITH CHECK (user_id = dbinsight.person() AND verified_at IS NULL);
CREATE POLICY admins_read ON dbinsight.feedback FOR SELECT TO dbinsight_admin USING (true);

CREATE FUNCTION dbinsight._known_routing(agent text, tool text) RETURNS text
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	owner text;
BEGIN
	IF agent IS NOT NULL THEN
		PERFORM dbinsight._known_agent(agent);
	END IF;
	IF tool IS NULL THEN
		RETURN agent;
	END IF;
	SELECT t.agent INTO owner FROM dbinsight.agent_tools t
	WHERE t.tool = _known_routing.tool AND t.agent = coalesce(_known_routing.agent, t.agent) ORDER BY t.position, t.agent LIMIT 1;
	IF owner IS NULL THEN
		RAISE EXCEPTION '% has no tool "%"', coalesce('agent "' || agent || '"', 'no agent'), tool USING ERRCODE = 'invalid_parameter_value',
			HINT = 'Tools: SELECT agent, tool FROM dbinsight.tools().';
	END IF;
	RETURN owner;
END $$;
COMMENT ON FUNCTION dbinsight._known_routing(text, text) IS 'The agent of an expected routing; 22023 when there is no such agent or tool';

CREATE FUNCTION dbinsight.give_feedback(message uuid, rating int, comment text DEFAULT NULL, expected_agent text DEFAULT NULL, expected_tool text DEFAULT NULL)
	RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	own uuid := dbinsight._own_answer(give_feedback.message);
	agent text := dbinsight._known_routing(give_feedback.expected_agent, give_feedback.expected_tool);
BEGIN
	IF give_feedback.rating IS NULL OR give_feedback.rating NOT IN (-1, 1) THEN
		RAISE EXCEPTION 'rating must be 1 or -1, not %', coalesce(give_feedback.rating::text, 'NULL') USING ERRCODE = 'invalid_parameter_value',
			HINT = '1: the answer was right and useful; -1: it was not. Say why in comment.';
	END IF;
	/* said anew, it is unverified again */
	DELETE FROM dbinsight.feedback f WHERE f.message_id = own AND f.user_id = dbinsight.person();
	INSERT INTO dbinsight.feedback (message_id, rating, comment, expected_agent, expected_tool, question)
	VALUES (own, give_feedback.rating, give_feedback.comment, agent, give_feedback.expected_tool, dbinsight._question_of(own));
END $$;
COMMENT ON FUNCTION dbinsight.give_feedback(uuid, int, text, text, text) IS
'Says whether an answer of yours was good, and who should have answered; said again, it replaces what was said
@param message id of the answer
@param rating 1 or -1
@param comment anything
@param expected_agent agent that should have answered
@param expected_tool tool that should have been called';

CREATE FUNCTION dbinsight.verify_feedback(message uuid, accept boolean DEFAULT true) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	verifier text := dbinsight.person();
	taught bigint := 0;
BEGIN
	UPDATE dbinsight.feedback f SET accepted = coalesce(verify_feedback.accept, false), verified_by = verifier, verified_at = dbinsight.now()
	WHERE f.message_id = verify_feedback.message;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no feedback on answer %', coalesce(verify_feedback.message::text, 'NULL') USING ERRCODE = 'no_data_found',
			HINT = 'What waits: SELECT * FROM dbinsight.feedback WHERE verified_at IS NULL.';
	END IF;
	IF verify_feedback.accept THEN
		INSERT INTO dbinsight.intent_examples AS e (agent, tool, example, added_by)
		SELECT DISTINCT ON (f.question, f.expected_agent) f.expected_agent, coalesce(f.expected_tool, ''), f.question, verifier
		FROM dbinsight.feedback f
		WHERE f.message_id = verify_feedback.message AND f.expected_agent IS NOT NULL AND btrim(coalesce(f.question, '')) <> ''
		ORDER BY f.question, f.expected_agent, f.given_at DESC
		ON CONFLICT (example, agent) DO UPDATE SET tool = excluded.tool, enabled = true, added_by = excluded.added_by, added_at = excluded.added_at;
		GET DIAGNOSTICS taught = ROW_COUNT;
	END IF;
	RETURN taught;
END $$;
COMMENT ON FUNCTION dbinsight.verify_feedback(uuid, boolean) IS
'Marks the feedback on an answer as right or wrong; a right correction becomes an example in intent_examples, from which retrain_router() learns. How many it made
@param message id of the answer
@param accept false: it is wrong';

/* ---- over all answers: figures only, nobody's words ---- */
CREATE VIEW dbinsight.agent_scores AS
SELECT a.agent, count(*) AS answers,
	round(avg((m.scores ->> 'groundedness')::numeric), 4) AS groundedness,
	round(avg((m.scores ->> 'accuracy')::numeric), 4) AS accuracy,
	round(avg((m.scores ->> 'completeness')::numeric), 4) AS completeness,
	round(avg((m.scores ->> 'clarity')::numeric), 4) AS clarity,
	round(avg((m.scores ->> 'usefulness')::numeric), 4) AS usefulness,
	round(avg((m.scores ->> 'confidence')::numeric), 4) AS confidence,
	round(avg((m.scores ->> 'response_time')::numeric), 4) AS response_time,
	round(avg((m.scores ->> 'overall')::numeric), 4) AS overall,
	count(f.rating) AS rated,
	round(avg(CASE WHEN f.rating = 1 THEN 1 WHEN f.rating = -1 THEN 0 END), 4) AS feedback_share,
	max(m.created_at) AS last_at
FROM dbinsight.chat_messages m CROSS JOIN LATERAL unnest(m.agents) a(agent)
	LEFT JOIN dbinsight.feedback f ON f.message_id = m.id
WHERE m.role = 'assistant'
GROUP BY a.agent;
COMMENT ON VIEW dbinsight.agent_scores IS
'Mean scores of each agent over all answers of everybody, and the share of thumbs up among those that were rated';

CREATE FUNCTION dbinsight.system_score() RETURNS jsonb
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH answers AS (
		SELECT m.*, f.rating, (m.scores ->> 'confidence')::float8 AS p, CASE f.rating WHEN 1 THEN 1.0 WHEN -1 THEN 0.0 END AS y
		FROM dbinsight.chat_messages m LEFT JOIN dbinsight.feedback f ON f.message_id = m.id
		WHERE m.role = 'assistant'
	), calibration AS (
		SELECT sum(b.n) AS n, sum(b.brier) / sum(b.n) AS brier, sum(b.n * abs(b.p - b.y)) / sum(b.n) AS ece
		FROM (SELECT least(floor(a.p * 10), 9) AS bin, count(*) AS n, avg(a.p) AS p, avg(a.y) AS y, sum((a.p - a.y) ^ 2) AS brier
			FROM answers a WHERE a.p IS NOT NULL AND a.y IS NOT NULL GROUP BY 1) b
	)
	SELECT jsonb_build_object(
		'answers', (SELECT count(*) FROM answers),
		'grounded', (SELECT round(avg(CASE WHEN a.grounded THEN 1 ELSE 0 END), 4) FROM answers a WHERE a.grounding IS NOT NULL),
		'scores', (SELECT coalesce(jsonb_object_agg(s.name, s.value), '{}') FROM (
			SELECT w.name, round(avg((a.scores ->> w.name)::numeric), 4) AS value FROM answers a, dbinsight.score_weights w
			WHERE w.part = 'overall' GROUP BY w.name
			UNION ALL SELECT 'overall', round(avg((a.scores ->> 'overall')::numeric), 4) FROM answers a) s WHERE s.value IS NOT NULL),
		'latency_ms', (SELECT jsonb_build_object('p50', round(percentile_cont(0.5) WITHIN GROUP (ORDER BY a.latency_ms)::numeric, 1),
			'p95', round(percentile_cont(0.95) WITHIN GROUP (ORDER BY a.latency_ms)::numeric, 1)) FROM answers a),
		'feedback', (SELECT jsonb_build_object('rated', count(a.rating), 'up', count(*) FILTER (WHERE a.rating = 1), 'down', count(*) FILTER (WHERE a.rating = -1)) FROM answers a),
		'calibration', (SELECT jsonb_build_object('rated', coalesce(c.n, 0), 'brier', round(c.brier::numeric, 4), 'expected_calibration_error', round(c.ece::numeric, 4)) FROM calibration c),
		'scorer_version', 1);
END;
COMMENT ON FUNCTION dbinsight.system_score() IS
'Means of the scores over all answers, speed, feedback, and how well confidence agrees with it: Brier score and expected calibration error over ten bins';
