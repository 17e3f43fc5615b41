/*
 * Answers while they are made, and their end before that.
 */
CREATE FUNCTION dbinsight.ask_stream(question text, conversation uuid DEFAULT NULL, agent text DEFAULT NULL)
	RETURNS TABLE (seq int, event text, agent text, tool text, content text, data jsonb)
	LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000 ROWS 20 AS 'MODULE_PATHNAME', 'dbi_ask_stream';
COMMENT ON FUNCTION dbinsight.ask_stream(text, uuid, text) IS
'Answers as chat() does and returns what happens as rows: start, route, tool_call, tool_result, delta (joined they are the answer), suggestion, usage, finish, and error for a part that failed. Call it in a SELECT list, as in SELECT (dbinsight.ask_stream(''…'')).*, and read row by row (psql: \set FETCH_COUNT 1): then rows arrive while the answer is made
@param question in English
@param conversation continue this one; a new one is made when NULL
@param agent let only this agent answer';

CREATE FUNCTION dbinsight.submit(question text, conversation uuid DEFAULT NULL, agent text DEFAULT NULL) RETURNS uuid
	LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000 AS 'MODULE_PATHNAME', 'dbi_submit';
COMMENT ON FUNCTION dbinsight.submit(text, uuid, text) IS
'Has a background worker answer, with your rights and settings, once this transaction commits. Returns the id the answer will have in chat_messages; dbinsight.submitted says how far it is, and NOTIFY dbinsight_chat when it is done
@param question in English
@param conversation continue this one; a new one is made when NULL
@param agent let only this agent answer';

CREATE FUNCTION dbinsight.stop(conversation uuid) RETURNS boolean
	LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dbi_stop';
COMMENT ON FUNCTION dbinsight.stop(uuid) IS
'Asks the answers of a conversation of yours that are being made, in whatever session, to end now and keep what they have; a submitted question that waits is not answered. False when there is none
@param conversation its id';
