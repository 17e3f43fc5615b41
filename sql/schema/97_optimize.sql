/*
 * optimize_prompt(): looks for a version of a prompt that does better.
 *
 * Questions whose tool is known are asked with the active version and with
 * candidates: other instructions, worked examples. Halving over small batches
 * leaves one candidate; three in ten questions are kept back, and only what is
 * better there by more than its standard error becomes active. It all happens
 * in one transaction, so that other sessions see nothing of what is tried.
 */
CREATE TABLE dbinsight.prompt_trials (
	run uuid NOT NULL,
	trial int NOT NULL,
	at timestamptz NOT NULL DEFAULT dbinsight.now(),
	name text NOT NULL,
	metric text NOT NULL,
	origin text NOT NULL,
	instructions text NOT NULL,
	demos jsonb NOT NULL DEFAULT '[]',
	scores jsonb NOT NULL DEFAULT '[]',
	PRIMARY KEY (run, trial)
);
COMMENT ON TABLE dbinsight.prompt_trials IS 'What optimize_prompt() tried; trial 0 is the version that was active';
COMMENT ON COLUMN dbinsight.prompt_trials.origin IS 'active, or how the instructions and the worked examples were made';
COMMENT ON COLUMN dbinsight.prompt_trials.scores IS '[{"question": …, "held_out": …, "score": …, "calls": …}]; a score of null: the model could not be asked';
INSERT INTO dbinsight.retention VALUES ('prompt_trials', 'at', '400 days');

CREATE FUNCTION dbinsight._trial_questions(name text, metric text, most int)
	RETURNS TABLE (n int, question text, tool text, verified boolean, held_out boolean)
	LANGUAGE sql STABLE
BEGIN ATOMIC
	/* What people verified stands first, then their examples, then those that shipped; in an order that is none, but always the same. */
	WITH known AS (
		SELECT DISTINCT ON (k.question) k.question, k.agent, k.tool, k.rank FROM (
			SELECT f.question, coalesce(f.expected_agent, '') AS agent, coalesce(f.expected_tool, '') AS tool, 1 AS rank
			FROM dbinsight.feedback f WHERE f.accepted AND f.verified_at IS NOT NULL AND btrim(f.question) <> ''
			UNION ALL SELECT e.example, e.agent, e.tool, CASE WHEN e.builtin THEN 3 ELSE 2 END
			FROM dbinsight.intent_examples e JOIN dbinsight.agents a ON a.name = e.agent AND a.enabled
				JOIN dbinsight.agent_tools t ON t.agent = e.agent AND t.tool = e.tool AND t.enabled WHERE e.enabled) k
		ORDER BY k.question, k.rank),
	listed AS (
		SELECT k.*, row_number() OVER (ORDER BY k.rank, md5(k.question)) AS n FROM known k
		WHERE _trial_questions.metric <> 'tool' OR k.tool <> ''),
	/* An author is only asked where several agents answer. */
	chosen AS (
		SELECT l.n, l.question, l.tool, l.rank FROM listed l WHERE _trial_questions.name = 'agent'
		UNION ALL SELECT l.n, rtrim(l.question, '?. ') || ', and ' || o.question, '', l.rank
		FROM listed l, LATERAL (SELECT k.question FROM listed k WHERE k.agent <> l.agent AND k.rank = l.rank ORDER BY md5(l.question || k.question) LIMIT 1) o
		WHERE _trial_questions.name = 'synthesis' AND l.n <= _trial_questions.most AND _trial_questions.metric <> 'tool')
	SELECT c.n::int, c.question, c.tool, c.rank = 1, c.n * 3 % 10 < 3 FROM chosen c ORDER BY c.n LIMIT _trial_questions.most;
END;
COMMENT ON FUNCTION dbinsight._trial_questions(text, text, int) IS 'What a prompt is tried with; three in ten are held out';

CREATE FUNCTION dbinsight._demo(message uuid) RETURNS jsonb
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	question text := dbinsight._question_of(message);
	answer text;
	plain text;
	cell record;
	places text[] := '{}';
BEGIN
	SELECT split_part(m.content, E'\n\n---\n', 1) INTO answer FROM dbinsight.chat_messages m
	WHERE m.id = message AND m.engine = 'model' AND m.reason IS NULL AND m.grounded AND cardinality(m.agents) = 1
		AND (SELECT bool_and(r.ok) AND count(*) = count(DISTINCT r.tool) FROM dbinsight.chat_results r WHERE r.message_id = m.id);
	IF answer IS NULL OR length(answer) > 1500 THEN
		RETURN NULL;
	END IF;
	/* The model is to refer to cells, not to write what stands in them: each becomes one character, later its reference. */
	FOR cell IN
		SELECT p.printed, min(p.place) AS place FROM (
			SELECT e.figure AS printed, format('[[r%s.%s%s]]', r.call, CASE WHEN e.row_number IS NOT NULL THEN e.row_number || '.' WHEN e.column_name <> 'rows' THEN 'total.' END, e.column_name) AS place
			FROM dbinsight.evidence(message) e JOIN dbinsight.chat_results r ON r.message_id = message AND r.tool = e.tool WHERE e.grounded
			UNION ALL SELECT v.value #>> '{}', format('[[r%s.%s.%s]]', r.call, w.n, r.columns -> (v.n::int - 1) ->> 0)
			FROM dbinsight.chat_results r, jsonb_array_elements(r.rows) WITH ORDINALITY w(value, n), jsonb_array_elements(w.value) WITH ORDINALITY v(value, n)
			WHERE r.message_id = message AND jsonb_typeof(v.value) = 'string' AND length(v.value #>> '{}') > 2) p
		GROUP BY p.printed ORDER BY length(p.printed) DESC, p.printed
	LOOP
		plain := regexp_replace(answer, '(?<![[:alnum:]_.,$])' || regexp_replace(cell.printed, '([^[:alnum:]_[:space:]])', '\\\1', 'g') || '(?![[:alnum:]_%]|[.,][0-9])',
			chr(57344 + cardinality(places)), 'g');
		IF plain <> answer AND cardinality(places) < 6000 THEN
			places := places || cell.place;
			answer := plain;
		END IF;
		IF position(cell.printed IN question) > 0 AND length(cell.printed) > 2 THEN
			RETURN NULL; /* everybody's models read a demo: nothing of the account may be in it */
		END IF;
	END LOOP;
	IF places = '{}' OR answer ~ '[0-9@]' OR question ~ '@' THEN
		RETURN NULL;
	END IF;
	FOR i IN 1 .. cardinality(places) LOOP
		answer := replace(answer, chr(57343 + i), places[i]);
	END LOOP;
	RETURN jsonb_build_object('question', question, 'answer', answer);
END $$;
COMMENT ON FUNCTION dbinsight._demo(uuid) IS 'An answer of a model as a worked example, its figures and names as references; NULL when something of the account would be left in it';

CREATE FUNCTION dbinsight._try_question(question text, tool text, metric text, path text, OUT score float8, OUT calls int, OUT demo jsonb)
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET dbinsight.llm_cache = 0 SET dbinsight.mlflow_traces = off AS $$
DECLARE
	answer record;
	called boolean;
BEGIN
	/* Tools are called as the caller would call them, with the caller's path. */
	PERFORM set_config('search_path', path, true);
	SELECT c.conversation_id, c.message_id INTO answer FROM dbinsight.chat(question) c;
	PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
	called := EXISTS (SELECT FROM dbinsight.chat_results r WHERE r.message_id = answer.message_id AND r.tool = _try_question.tool AND r.ok);
	SELECT count(*) INTO calls FROM dbinsight.llm_usage u WHERE u.message_id = answer.message_id;
	/* What the embedded analyst had to answer, the prompt did not achieve; what was not sent or not answered says nothing of it. */
	SELECT CASE WHEN m.engine IS NULL OR m.reason IN ('llm_unavailable', 'llm_error', 'budget_question', 'budget_day') THEN NULL
			WHEN m.engine <> 'model' THEN 0
			WHEN metric = 'tool' THEN called::int
			ELSE (m.scores ->> metric)::float8 END,
		CASE WHEN called THEN dbinsight._demo(m.id) END INTO score, demo
	FROM dbinsight.chat_messages m WHERE m.id = answer.message_id;
	DELETE FROM dbinsight.chat_conversations c WHERE c.id = answer.conversation_id;
END $$;
COMMENT ON FUNCTION dbinsight._try_question(text, text, text, text) IS 'Asks one question with the prompts that are active now: its score, what it took, and its answer as a worked example; the conversation is not kept';

CREATE FUNCTION dbinsight._trial_gain(run uuid, trial int, held_out boolean, OUT n int, OUT score float8, OUT baseline float8, OUT gain float8, OUT standard_error float8)
	LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT count(*)::int, avg(p.score), avg(p.baseline), avg(p.score - p.baseline), stddev_samp(p.score - p.baseline) / sqrt(count(*))
	FROM (SELECT (s.value ->> 'score')::float8 AS score, (b.value ->> 'score')::float8 AS baseline
		FROM dbinsight.prompt_trials t, jsonb_array_elements(t.scores) s, dbinsight.prompt_trials z, jsonb_array_elements(z.scores) b
		WHERE t.run = _trial_gain.run AND t.trial = _trial_gain.trial AND z.run = t.run AND z.trial = 0 AND (s.value ->> 'held_out')::boolean = _trial_gain.held_out
			AND b.value ->> 'question' = s.value ->> 'question' AND s.value ->> 'score' IS NOT NULL AND b.value ->> 'score' IS NOT NULL) p;
END;
COMMENT ON FUNCTION dbinsight._trial_gain(uuid, int, boolean) IS 'What a trial gains over the active version, question by question';

CREATE FUNCTION dbinsight._reworded(instructions text, server text) RETURNS text
	LANGUAGE sql VOLATILE
	RETURN (SELECT nullif(btrim(a.said[1]::jsonb ->> 'text'), _reworded.instructions) FROM (SELECT dbinsight._llm_ask_all(_reworded.server, ARRAY[jsonb_build_object('max_tokens', 1500, 'messages', jsonb_build_array(
		jsonb_build_object('role', 'system', 'content', 'You improve instructions for a language model. Say the same rules in other words: clearer, in a better order, nothing added and nothing left out. Answer with the instructions alone.'),
		jsonb_build_object('role', 'user', 'content', _reworded.instructions)))], 'optimize', NULL) AS said) a
		WHERE length(a.said[1]::jsonb ->> 'text') BETWEEN length(_reworded.instructions) / 3 AND 20000 AND NOT a.said[1]::jsonb ? 'fault');
COMMENT ON FUNCTION dbinsight._reworded(text, text) IS 'Instructions in a model''s words; NULL when it gives none that are others';

/* ---- candidates ---- */
CREATE FUNCTION dbinsight._prompt_candidates(run uuid, server text, most int) RETURNS TABLE (origin text, instructions text, demos jsonb)
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
	base record;
	bootstrapped jsonb[];
	seed text;
BEGIN
	SELECT t.name, t.instructions, t.demos, t.scores INTO base FROM dbinsight.prompt_trials t WHERE t.run = _prompt_candidates.run AND t.trial = 0;
	/* another run looks elsewhere */
	SELECT count(DISTINCT t.run) INTO seed FROM dbinsight.prompt_trials t WHERE t.name = base.name;
	/* of questions whose tool is known and was called; what people verified stands first, then the best */
	SELECT array_agg(d.value ORDER BY d.n) INTO bootstrapped FROM (
		SELECT c.value, row_number() OVER (ORDER BY c.verified DESC, c.score DESC, c.n) AS n FROM (
			SELECT DISTINCT ON (s.value #>> '{demo,answer}') s.value -> 'demo' AS value, (s.value ->> 'verified')::boolean AS verified, (s.value ->> 'score')::float8 AS score, s.n
			FROM jsonb_array_elements(base.scores) WITH ORDINALITY s(value, n)
			WHERE base.name = 'agent' AND (s.value ->> 'score')::float8 >= 0.8 AND jsonb_typeof(s.value -> 'demo') = 'object'
			ORDER BY s.value #>> '{demo,answer}', verified DESC, score DESC, s.n) c) d WHERE d.n <= 8;
	RETURN QUERY
	WITH wording AS (
		SELECT v.origin, base.instructions || E'\n' || v.rule AS instructions FROM (VALUES
			('parts', 'Before you answer, go through the question part by part: each part needs a result that answers it.'),
			('first sentence', 'The first sentence holds the figure asked for, its period and its object, and what it compares with.'),
			('short', 'Sentences of at most twenty words. Leave out every sentence that has no figure or name of a result.'),
			('step', 'End with one step that names the job, person, table or workspace it is about.'),
			('doubt', 'When you are not sure which cell a figure stands in, leave the statement out.')) v(origin, rule)
		UNION ALL SELECT 'reworded', r.instructions FROM (SELECT dbinsight._reworded(base.instructions, server) AS instructions OFFSET 0) r WHERE r.instructions IS NOT NULL
		UNION ALL SELECT 'same', base.instructions),
	worked AS (
		SELECT '' AS origin, base.demos
		UNION ALL SELECT DISTINCT ON (d.demos) d.origin, d.demos FROM (VALUES (1, ', best examples', to_jsonb(bootstrapped[1:4])), (2, ', other examples', to_jsonb(bootstrapped[5:8]))) d(n, origin, demos)
			WHERE jsonb_array_length(d.demos) > 0)
	SELECT w.origin || d.origin, w.instructions, d.demos FROM wording w, worked d
	WHERE w.instructions <> base.instructions OR d.demos <> base.demos
	ORDER BY md5(seed || w.origin || d.origin) LIMIT most;
END $$;
COMMENT ON FUNCTION dbinsight._prompt_candidates(uuid, text, int) IS 'Other instructions and worked examples for a prompt, in an order that differs from run to run';

/* ---- the search ---- */
CREATE FUNCTION dbinsight._use_trial(run uuid, trial int, draft int) RETURNS void
	LANGUAGE sql VOLATILE
BEGIN ATOMIC
	UPDATE dbinsight.prompts p SET instructions = t.instructions, demos = t.demos, active = true
	FROM dbinsight.prompt_trials t WHERE t.run = _use_trial.run AND t.trial = _use_trial.trial AND p.name = t.name AND p.version = _use_trial.draft;
END;
COMMENT ON FUNCTION dbinsight._use_trial(uuid, int, int) IS 'Makes a trial the active version, in the row of the draft';

CREATE FUNCTION dbinsight._try_trial(run uuid, trial int, draft int, questions int[], held_out boolean, path text) RETURNS int
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
DECLARE
	t dbinsight.prompt_trials;
	q record;
	tried record;
	used int := 0;
BEGIN
	PERFORM dbinsight._use_trial(run, trial, draft);
	SELECT * INTO t FROM dbinsight.prompt_trials p WHERE p.run = _try_trial.run AND p.trial = _try_trial.trial;
	FOR q IN SELECT l.* FROM dbinsight._trial_questions(t.name, t.metric, (SELECT max(i) FROM unnest(questions) i)) l
		/* not those that it has as worked examples */
		WHERE l.n = ANY (questions) AND NOT t.demos @> jsonb_build_array(jsonb_build_object('question', l.question)) ORDER BY l.n
	LOOP
		SELECT * INTO tried FROM dbinsight._try_question(q.question, q.tool, t.metric, path);
		used := used + tried.calls;
		UPDATE dbinsight.prompt_trials p SET scores = p.scores || jsonb_build_object('question', q.question, 'verified', q.verified, 'held_out', held_out, 'score', tried.score, 'calls', tried.calls)
			|| CASE WHEN trial = 0 AND NOT held_out THEN jsonb_build_object('demo', tried.demo) ELSE '{}' END
		WHERE p.run = _try_trial.run AND p.trial = _try_trial.trial;
	END LOOP;
	RETURN used;
END $$;
COMMENT ON FUNCTION dbinsight._try_trial(uuid, int, int, int[], boolean, text) IS 'Asks some questions with a trial; how many requests that took';

CREATE FUNCTION dbinsight._optimize_prompt(name text, metric text, budget int, path text)
	RETURNS TABLE (version int, score float8, baseline float8, standard_error float8, activated boolean, trials int)
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
DECLARE
	server text;
	current dbinsight.prompts;
	run uuid := gen_random_uuid();
	draft int;
	used int := 0;
	asked int := 0;
	each float8 := 3; /* requests a question: a call, an answer, perhaps a second one */
	train int[];
	held int[];
	batch int;
	alive int[];
	best int;
	gain record;
BEGIN
	name := dbinsight._one_of('name', coalesce(name, ''), 'agent', 'synthesis');
	metric := dbinsight._one_of('metric', coalesce(metric, 'overall'), 'overall', 'groundedness', 'accuracy', 'completeness', 'clarity', 'usefulness', 'tool');
	budget := dbinsight._in_range('budget', coalesce(budget, 50), 20, 100000);
	server := dbinsight._server(NULL, 'llm_server');
	/* one run at a time */
	SELECT * INTO current FROM dbinsight.prompts p WHERE p.name = name AND p.active FOR UPDATE;
	SELECT array_agg(l.n ORDER BY l.n) FILTER (WHERE NOT l.held_out), array_agg(l.n ORDER BY l.n) FILTER (WHERE l.held_out) INTO train, held
	FROM dbinsight._trial_questions(name, metric, greatest(7, least(150, budget / 8))) l;
	IF current.version IS NULL OR cardinality(train) < 4 OR coalesce(cardinality(held), 0) < 2 THEN
		RAISE EXCEPTION 'there is nothing to try the prompt % with', name USING ERRCODE = '55000',
			HINT = 'It takes an active version and seven questions: INSERT INTO dbinsight.intent_examples, or verify_feedback().';
	END IF;
	SELECT max(p.version) + 1 INTO draft FROM dbinsight.prompts p WHERE p.name = name;
	INSERT INTO dbinsight.prompts (name, version, signature, instructions, demos) VALUES (name, draft, current.signature, current.instructions, current.demos);
	INSERT INTO dbinsight.prompt_trials (run, trial, name, metric, origin, instructions, demos) VALUES (run, 0, name, metric, 'active', current.instructions, current.demos);

	/* The version that is active: on at most three tenths of the budget. */
	FOR i IN 1 .. cardinality(train) LOOP
		used := used + dbinsight._try_trial(run, 0, draft, train[i:i], false, path);
		asked := i;
		each := greatest(1, used::float8 / asked);
		IF asked = 3 AND NOT EXISTS (SELECT FROM dbinsight.prompt_trials t WHERE t.run = run AND jsonb_path_exists(t.scores, '$[*].score ? (@ >= 0)')) THEN
			RAISE EXCEPTION 'the language model server "%" answered none of three questions', server USING ERRCODE = '38000', HINT = 'SELECT dbinsight.ask(''…'') tells why.';
		END IF;
		EXIT WHEN asked >= 4 AND used + each > 0.3 * budget;
	END LOOP;
	train := train[1:asked];

	/* Candidates: a quarter of the questions a round, the better half stays; two passes over the held-out are kept in hand. */
	batch := greatest(2, least(35, asked / 4));
	INSERT INTO dbinsight.prompt_trials (run, trial, name, metric, origin, instructions, demos)
	SELECT run, row_number() OVER (), name, metric, c.origin, c.instructions, c.demos
	FROM dbinsight._prompt_candidates(run, server, greatest(1, least(24, ((budget - used - 1) / each - 2 * cardinality(held)) / (1.75 * batch)))::int) c;
	used := used + 1; /* the rewording */
	SELECT array_agg(t.trial ORDER BY t.trial) INTO alive FROM dbinsight.prompt_trials t WHERE t.run = run AND t.trial > 0;
	FOR place IN 1 .. asked BY batch LOOP
		EXIT WHEN (cardinality(alive) = 1 AND place > 1) OR used + each * (least(batch, asked - place + 1) * cardinality(alive) + 2 * cardinality(held)) > budget;
		FOREACH best IN ARRAY alive LOOP
			used := used + dbinsight._try_trial(run, best, draft, train[place:place + batch - 1], false, path);
		END LOOP;
		SELECT array_agg(r.trial) INTO alive FROM (
			SELECT a.trial FROM unnest(alive) a(trial), dbinsight._trial_gain(run, a.trial, false) g
			ORDER BY g.gain DESC NULLS LAST, a.trial LIMIT (cardinality(alive) + 1) / 2) r;
	END LOOP;
	best := alive[1];
	SELECT * INTO gain FROM dbinsight._trial_gain(run, best, false);
	IF gain.gain > 0 THEN
		used := used + dbinsight._try_trial(run, 0, draft, held, true, path) + dbinsight._try_trial(run, best, draft, held, true, path);
		SELECT * INTO gain FROM dbinsight._trial_gain(run, best, true);
	END IF;
	activated := coalesce(gain.n >= 2 AND gain.gain > 0 AND gain.gain > gain.standard_error, false);
	score := gain.score; baseline := gain.baseline; standard_error := gain.standard_error;
	trials := (SELECT count(*) FROM dbinsight.prompt_trials t WHERE t.run = run AND t.trial > 0);
	IF activated THEN
		version := draft;
		PERFORM dbinsight._use_trial(run, best, draft);
		UPDATE dbinsight.prompts p SET metrics = jsonb_build_object('run', run, 'trial', best, 'metric', metric, 'score', score, 'baseline', baseline,
			'standard_error', standard_error, 'held_out', gain.n, 'requests', used) WHERE p.name = name AND p.version = draft;
	ELSE
		version := current.version;
		UPDATE dbinsight.prompts p SET active = true WHERE p.name = name AND p.version = current.version;
		DELETE FROM dbinsight.prompts p WHERE p.name = name AND p.version = draft;
	END IF;
	RETURN NEXT;
END $$;
COMMENT ON FUNCTION dbinsight._optimize_prompt(text, text, int, text) IS 'optimize_prompt(), with the search path that tools are called with';

CREATE FUNCTION dbinsight.optimize_prompt(name text, metric text DEFAULT 'overall', budget int DEFAULT 50)
	RETURNS TABLE (version int, score float8, baseline float8, standard_error float8, activated boolean, trials int)
	LANGUAGE sql VOLATILE PARALLEL UNSAFE COST 100000 ROWS 1
BEGIN ATOMIC
	SELECT o.* FROM dbinsight._optimize_prompt(optimize_prompt.name, optimize_prompt.metric, optimize_prompt.budget, current_setting('search_path')) o;
END;
COMMENT ON FUNCTION dbinsight.optimize_prompt(text, text, int) IS 'Looks for instructions and worked examples with which language models answer better than with the active version of a prompt, and makes them active when questions that were held out say so by more than the standard error. Questions are those of verified feedback and of intent_examples; what was tried is in prompt_trials. One transaction; minutes
@param name the prompt
@enum name agent|synthesis
@param metric what is to grow: a score of the answers, or, of agent, tool: how often the known tool was called
@enum metric overall|groundedness|accuracy|completeness|clarity|usefulness|tool
@param budget requests to the language model, 20 to 100000, default 50: enough for two or three candidates; 1000 says something. No question is begun that would probably go beyond it';
