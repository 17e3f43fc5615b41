/*
 * How a question is understood, without answering it. Not parallel safe: they
 * read the lexicon under a snapshot of their own.
 */
CREATE FUNCTION dbinsight.route(question text, conversation uuid DEFAULT NULL)
	RETURNS TABLE (agent text, confidence float8)
	LANGUAGE C STABLE PARALLEL UNSAFE ROWS 2 COST 10000 AS 'MODULE_PATHNAME', 'dbi_route_sql';
COMMENT ON FUNCTION dbinsight.route(text, uuid) IS
'Which agents a question is for, in their order and how sure that is; no row means that nothing here can answer it
@param question text, the question
@param conversation uuid, a conversation of one''s own that the question continues, default NULL';

CREATE FUNCTION dbinsight.plan(question text, conversation uuid DEFAULT NULL)
	RETURNS TABLE (agent text, tool text, arguments jsonb, confidence float8)
	LANGUAGE C STABLE PARALLEL UNSAFE ROWS 3 COST 10000 AS 'MODULE_PATHNAME', 'dbi_plan_sql';
COMMENT ON FUNCTION dbinsight.plan(text, uuid) IS
'What the embedded planner would call for a question, without calling it; arguments that are not listed keep the default of the function
@param question text, the question
@param conversation uuid, a conversation of one''s own that the question continues, default NULL';

CREATE FUNCTION dbinsight.explain_ask(question text, conversation uuid DEFAULT NULL) RETURNS text
	LANGUAGE C STABLE PARALLEL UNSAFE COST 10000 AS 'MODULE_PATHNAME', 'dbi_explain_ask';
COMMENT ON FUNCTION dbinsight.explain_ask(text, uuid) IS
'Why a question is understood as it is: normalised text, slots with their origin, what spoke for each agent and tool, the plan; runs no tool
@param question text, the question
@param conversation uuid, a conversation of one''s own that the question continues, default NULL';

CREATE FUNCTION dbinsight._read_period(phrase text, timezone text DEFAULT 'UTC',
	OUT kind text, OUT first_day date, OUT last_day date, OUT hours float8)
	LANGUAGE C STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dbi_read_period';
COMMENT ON FUNCTION dbinsight._read_period(text, text) IS
'The period a phrase means at dbinsight.now() in a time zone, both days inside; hours is the reach of a rolling one; NULL when the whole phrase is not a period';
