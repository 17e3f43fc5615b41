/*
 * replay(): see sql/schema/69_replay.sql for how two results are compared.
 */
CREATE FUNCTION dbinsight.replay(message uuid, clock text DEFAULT 'message') RETURNS jsonb
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	wanted text := dbinsight._one_of('clock', coalesce(replay.clock, 'message'), 'message', 'now', 'recorded');
	own uuid := dbinsight._own_answer(replay.message);
	answer record;
	recorded jsonb;
	cut boolean;
	again jsonb;
	calls jsonb;
BEGIN
	SELECT m.content, m.plan, m.status, q.content AS question,
		to_char(CASE wanted WHEN 'now' THEN dbinsight.now() ELSE m.created_at END AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at
	INTO STRICT answer
	FROM dbinsight.chat_messages m JOIN dbinsight.chat_messages q ON q.conversation_id = m.conversation_id AND q.seq = m.seq - 1
	WHERE m.id = own;
	IF answer.plan IS NOT NULL THEN
		IF wanted = 'recorded' THEN
			SELECT coalesce(jsonb_agg(to_jsonb(r) - 'message_id' ORDER BY r.call), '[]'), bool_or(r.digest IS NOT NULL) INTO recorded, cut
			FROM dbinsight.chat_results r WHERE r.message_id = own;
		END IF;
		again := dbinsight._replay_plan(answer.question, answer.plan, answer.at, recorded);
	END IF;
	/* a call of the same tool with the same arguments is the same call, the second one of them the second */
	WITH was AS (
		SELECT to_jsonb(r) AS result, r.call, r.tool, r.arguments, row_number() OVER (PARTITION BY r.tool, r.arguments ORDER BY r.call) AS nth
		FROM dbinsight.chat_results r WHERE r.message_id = own
	), is_now AS (
		SELECT r AS result, (r ->> 'call')::int AS call, r ->> 'tool' AS tool, r -> 'arguments' AS arguments,
			row_number() OVER (PARTITION BY r ->> 'tool', r -> 'arguments' ORDER BY (r ->> 'call')::int) AS nth
		FROM jsonb_array_elements(again -> 'results') r
	)
	SELECT jsonb_agg(dbinsight._call_changes(was.result, is_now.result) ORDER BY coalesce(was.call, is_now.call), was.call IS NULL) INTO calls
	FROM was FULL JOIN is_now ON is_now.tool = was.tool AND is_now.arguments = was.arguments AND is_now.nth = was.nth;
	RETURN jsonb_strip_nulls(jsonb_build_object('message', own, 'question', answer.question, 'clock', answer.at, 'status', answer.status, 'cut', nullif(cut, false),
		'answer', CASE WHEN again IS NULL OR again ->> 'content' = answer.content THEN 'same' ELSE 'changed' END,
		'headline', CASE WHEN dbinsight._headline(again ->> 'content') <> dbinsight._headline(answer.content)
			THEN jsonb_build_object('before', dbinsight._headline(answer.content), 'after', dbinsight._headline(again ->> 'content')) END,
		'content', CASE WHEN again ->> 'content' <> answer.content THEN again ->> 'content' END,
		'calls', coalesce(calls, '[]')));
END $$;
COMMENT ON FUNCTION dbinsight.replay(uuid, text) IS
'Runs the plan of an answer of yours again, as you may now, and says what changed since: of each call rows added, removed and changed, totals before and after, errors; of the answer its headline and its words. With the clock of the message only data, rights and tools can differ, and where none does the answer is the same to the byte; recorded makes no call at all: the text is made again from the results as they were kept, whatever has become of the data, to the byte too but where a result was cut
@param message id of the answer
@param clock message takes the moment of the answer for the present, now the present itself, recorded the moment of the answer and its results
@enum clock message|now|recorded';
