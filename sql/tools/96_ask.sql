/*
 * Asking, the registry of agents and tools, conversations.
 */
CREATE FUNCTION dbinsight._check_tool(function regprocedure) RETURNS text
	LANGUAGE C STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dbi_check_tool';
COMMENT ON FUNCTION dbinsight._check_tool(regprocedure) IS
'The qualified signature of a function that is fit to be a tool; an error that says why otherwise';

CREATE FUNCTION dbinsight._tool_schema(function regprocedure) RETURNS jsonb
	LANGUAGE C STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dbi_tool_schema_sql';
COMMENT ON FUNCTION dbinsight._tool_schema(regprocedure) IS 'JSON Schema of a function''s arguments, from their types, defaults and @param and @enum lines';

CREATE FUNCTION dbinsight._tool_description(function regprocedure) RETURNS text
	LANGUAGE C STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dbi_tool_description';
COMMENT ON FUNCTION dbinsight._tool_description(regprocedure) IS 'The comment of a function without its @ lines';

CREATE FUNCTION dbinsight._call_tool(function regprocedure, arguments text) RETURNS jsonb
	LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dbi_call_tool_sql';
COMMENT ON FUNCTION dbinsight._call_tool(regprocedure, text) IS
'Calls a function as an answer does: arguments are a JSON object, checked against its types; read-only, with deadline and row limit. An error is part of the result';

CREATE FUNCTION dbinsight._known_agent(agent text) RETURNS text
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF agent IS NULL OR EXISTS (SELECT FROM dbinsight.agents a WHERE a.name = agent AND a.enabled) THEN
		RETURN agent;
	END IF;
	RAISE EXCEPTION 'there is no agent "%"', agent USING ERRCODE = 'invalid_parameter_value',
		HINT = 'Agents: ' || (SELECT string_agg(a.name, ', ' ORDER BY a.position, a.name) FROM dbinsight.agents a WHERE a.enabled) || '.';
END $$;
COMMENT ON FUNCTION dbinsight._known_agent(text) IS 'The agent''s name, NULL stays NULL; 22023 listing the agents when there is none of that name';

CREATE FUNCTION dbinsight.tools(agent text DEFAULT NULL)
	RETURNS TABLE (agent text, tool text, description text, parameters jsonb)
	LANGUAGE sql STABLE ROWS 150
BEGIN ATOMIC
	SELECT t.agent, t.tool, dbinsight._tool_description(f.oid), dbinsight._tool_schema(f.oid)
	FROM (SELECT dbinsight._known_agent(tools.agent)) wanted(name), dbinsight.agents a JOIN dbinsight.agent_tools t ON t.agent = a.name
		JOIN pg_proc f ON f.proname = t.tool::name AND dbinsight._signature(f.oid) = t.function
	WHERE a.enabled AND t.enabled AND (wanted.name IS NULL OR t.agent = wanted.name)
		AND has_function_privilege(f.oid, 'EXECUTE') AND has_schema_privilege(f.pronamespace, 'USAGE')
	ORDER BY a.position, a.name, t.position, t.tool COLLATE "C";
END;
COMMENT ON FUNCTION dbinsight.tools(text) IS
'The tools you may call, by agent, with their arguments as JSON Schema
@param agent name of an agent; all of them when NULL';

CREATE FUNCTION dbinsight.register_agent(name text, description text, instructions text DEFAULT '', examples text[] DEFAULT '{}') RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF register_agent.name IS NULL OR register_agent.name !~ '^[a-z][a-z0-9_]{0,62}$' THEN
		RAISE EXCEPTION 'agent name "%" is not valid', coalesce(register_agent.name, '') USING ERRCODE = 'invalid_parameter_value',
			HINT = 'Begin with a letter; small letters, digits and underscores, at most 63.';
	END IF;
	IF coalesce(btrim(register_agent.description), '') = '' THEN
		RAISE EXCEPTION 'agent "%" needs a description', register_agent.name USING ERRCODE = 'invalid_parameter_value',
			HINT = 'Say in a few words what it answers; questions find it by them.';
	END IF;
	IF EXISTS (SELECT FROM dbinsight.agents a WHERE a.name = register_agent.name AND a.builtin) THEN
		RAISE EXCEPTION 'agent "%" ships with dbinsight and cannot be registered anew', register_agent.name USING ERRCODE = 'duplicate_object',
			HINT = 'Choose another name, or give it your tools with dbinsight.register_tool(function, agent).';
	END IF;
	INSERT INTO dbinsight.agents AS a (name, title, description, instructions, examples)
	VALUES (register_agent.name, initcap(replace(register_agent.name, '_', ' ')), register_agent.description,
		coalesce(register_agent.instructions, ''), coalesce(register_agent.examples, '{}'))
	ON CONFLICT ON CONSTRAINT agents_pkey DO UPDATE
	SET description = excluded.description, instructions = excluded.instructions, examples = excluded.examples, enabled = true;
END $$;
COMMENT ON FUNCTION dbinsight.register_agent(text, text, text, text[]) IS
'Adds an agent of your own, or changes it; give it tools with register_tool()
@param name small letters, digits, underscores
@param description what it answers, in a few words
@param instructions for a language model: how it should answer
@param examples questions it should get';

CREATE FUNCTION dbinsight.register_tool(function regprocedure, agent text, examples text[] DEFAULT '{}') RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	signature text;
	known text;
BEGIN
	IF register_tool.function IS NULL OR register_tool.agent IS NULL THEN
		RAISE EXCEPTION 'register_tool needs a function and an agent' USING ERRCODE = 'null_value_not_allowed',
			HINT = 'For instance: SELECT dbinsight.register_tool(''my.get_open_orders(int)'', ''cost'', ARRAY[''How many orders are open?'']).';
	END IF;
	PERFORM dbinsight._known_agent(register_tool.agent);
	signature := dbinsight._check_tool(register_tool.function);
	SELECT t.function INTO known FROM dbinsight.agent_tools t, pg_proc p
	WHERE p.oid = register_tool.function AND t.tool = p.proname AND t.function <> signature LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'there is a tool of that name already: %', known USING ERRCODE = 'duplicate_object',
			HINT = 'Tools are named by their function; give yours another name.';
	END IF;
	INSERT INTO dbinsight.agent_tools AS t (agent, tool, function, examples)
	SELECT register_tool.agent, p.proname, signature, coalesce(register_tool.examples, '{}')
	FROM pg_proc p WHERE p.oid = register_tool.function
	ON CONFLICT ON CONSTRAINT agent_tools_pkey DO UPDATE SET function = excluded.function, examples = excluded.examples, enabled = true;
END $$;
COMMENT ON FUNCTION dbinsight.register_tool(regprocedure, text, text[]) IS
'Lets an agent call a function: of any schema, STABLE or IMMUTABLE, with named arguments, returning rows or a value
@param function its signature, such as my.get_open_orders(int); its comment says what it answers, @param lines what its arguments mean
@param agent name of an agent
@param examples questions it answers';

CREATE FUNCTION dbinsight.ask(question text, conversation uuid DEFAULT NULL, agent text DEFAULT NULL) RETURNS text
	LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000 AS 'MODULE_PATHNAME', 'dbi_ask';
COMMENT ON FUNCTION dbinsight.ask(text, uuid, text) IS
'Answers a question about the account, in Markdown, from tool results only; chat() returns the same with its parts
@param question in English
@param conversation continue this one; a new one is made when NULL
@param agent let only this agent answer';

CREATE FUNCTION dbinsight.chat(question text, conversation uuid DEFAULT NULL, agent text DEFAULT NULL)
	RETURNS TABLE (conversation_id uuid, message_id uuid, content text, agents text[], tool_calls jsonb, suggestions text[],
		grounded boolean, scores jsonb, model text, prompt_tokens int, completion_tokens int, cost_usd numeric, latency_ms numeric)
	LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000 ROWS 1 AS 'MODULE_PATHNAME', 'dbi_chat';
COMMENT ON FUNCTION dbinsight.chat(text, uuid, text) IS
'Answers a question about the account and returns the answer with its conversation, agents, tool calls, follow-up questions and scores
@param question in English
@param conversation continue this one; a new one is made when NULL
@param agent let only this agent answer';

CREATE FUNCTION dbinsight._own_conversation(conversation uuid) RETURNS uuid
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF EXISTS (SELECT FROM dbinsight.chat_conversations c WHERE c.id = conversation AND c.user_id = dbinsight.person()) THEN
		RETURN conversation;
	END IF;
	RAISE EXCEPTION 'you have no conversation %', coalesce(conversation::text, 'NULL') USING ERRCODE = 'no_data_found',
		HINT = 'Your own conversations: SELECT id, title FROM dbinsight.chat_conversations ORDER BY updated_at DESC.';
END $$;
COMMENT ON FUNCTION dbinsight._own_conversation(uuid) IS 'The conversation when it is the caller''s own; else P0002, the same whether it is another''s or none';

CREATE FUNCTION dbinsight._conversation_markdown(conversation uuid) RETURNS text
	LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT '# ' || coalesce(c.title, 'Conversation') || E'\n\n'
		|| coalesce(string_agg(CASE m.role WHEN 'user' THEN '## ' || regexp_replace(m.content, '\s+', ' ', 'g')
			ELSE m.content || coalesce(E'\n\n**Ask next:** ' || (SELECT string_agg(s.question, ' · ' ORDER BY s.n)
				FROM unnest(m.suggestions) WITH ORDINALITY s(question, n) WHERE strpos(m.content, s.question) = 0), '') END, E'\n\n' ORDER BY m.seq), '')
		|| E'\n'
	FROM dbinsight.chat_conversations c LEFT JOIN dbinsight.chat_messages m ON m.conversation_id = c.id
	WHERE c.id = _conversation_markdown.conversation AND c.user_id = dbinsight.person()
	GROUP BY c.id;
END;
COMMENT ON FUNCTION dbinsight._conversation_markdown(uuid) IS 'A conversation of the caller as Markdown';

CREATE FUNCTION dbinsight._conversation_json(conversation uuid) RETURNS jsonb
	LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT jsonb_build_object('id', c.id, 'title', c.title, 'user_id', c.user_id, 'created_at', c.created_at, 'updated_at', c.updated_at,
		'messages', coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object('id', m.id, 'role', m.role, 'created_at', m.created_at, 'content', m.content,
			'agents', m.agents, 'tool_calls', m.tool_calls, 'suggestions', m.suggestions, 'grounded', m.grounded, 'scores', m.scores,
			'model', m.model, 'evidence', m.evidence)) ORDER BY m.seq) FILTER (WHERE m.id IS NOT NULL), '[]'))
	FROM dbinsight.chat_conversations c LEFT JOIN dbinsight.chat_messages m ON m.conversation_id = c.id
	WHERE c.id = _conversation_json.conversation AND c.user_id = dbinsight.person()
	GROUP BY c.id;
END;
COMMENT ON FUNCTION dbinsight._conversation_json(uuid) IS 'A conversation of the caller as JSON';

CREATE FUNCTION dbinsight.export_conversation(conversation uuid, format text DEFAULT 'markdown') RETURNS text
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	wanted text := dbinsight._one_of('format', coalesce(export_conversation.format, 'markdown'), 'markdown', 'json');
	own uuid := dbinsight._own_conversation(export_conversation.conversation);
BEGIN
	IF wanted = 'json' THEN
		RETURN jsonb_pretty(dbinsight._conversation_json(own));
	END IF;
	RETURN dbinsight._conversation_markdown(own);
END $$;
COMMENT ON FUNCTION dbinsight.export_conversation(uuid, text) IS
'A conversation of your own as a text to keep
@param conversation its id
@param format markdown or json
@enum format markdown|json';

CREATE FUNCTION dbinsight.evidence(message uuid)
	RETURNS TABLE (figure text, value numeric, tool text, row_number int, column_name text, grounded boolean)
	LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT e.item ->> 'figure', (e.item ->> 'value')::numeric, e.item ->> 'tool', (e.item ->> 'row')::int, e.item ->> 'column', (e.item ->> 'grounded')::boolean
	FROM dbinsight.chat_messages m JOIN dbinsight.chat_conversations c ON c.id = m.conversation_id,
		LATERAL jsonb_array_elements(m.evidence) WITH ORDINALITY e(item, n)
	WHERE m.id = evidence.message AND c.user_id = dbinsight.person()
	ORDER BY e.n;
END;
COMMENT ON FUNCTION dbinsight.evidence(uuid) IS
'Each figure of an answer of yours and the cell it comes from: tool, row of its result, column; without a row it is derived (column tells how) or an argument
@param message id of the answer';

CREATE FUNCTION dbinsight._tool_inputs(functions oid[]) RETURNS TABLE (function oid, gold_table text)
	LANGUAGE sql STABLE ROWS 20
BEGIN ATOMIC
	/* what a function with a bound body reads: through other functions, views and maintained relations */
	WITH RECURSIVE reads(function, kind, id) AS (
		SELECT f, 'pg_proc'::regclass::oid, f FROM unnest(functions) f
		UNION
		SELECT r.function, n.kind, n.id FROM reads r, LATERAL (
			SELECT d.refclassid, d.refobjid FROM pg_depend d
			WHERE d.classid = r.kind AND d.objid = r.id AND r.kind = 'pg_proc'::regclass AND d.refclassid IN ('pg_proc'::regclass, 'pg_class'::regclass)
			UNION ALL
			SELECT d.refclassid, d.refobjid FROM pg_rewrite w JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
			WHERE r.kind = 'pg_class'::regclass AND w.ev_class = r.id AND d.refclassid IN ('pg_proc'::regclass, 'pg_class'::regclass) AND d.refobjid <> r.id
			UNION ALL
			SELECT 'pg_class'::regclass, g.oid FROM pg_class c JOIN dbinsight.derived_relations x ON split_part(x.name, ' ', 1) = c.relname
				JOIN pg_class g ON g.relname = x.gold_table AND g.relnamespace = c.relnamespace
			WHERE r.kind = 'pg_class'::regclass AND c.oid = r.id
		) n(kind, id)
	)
	SELECT DISTINCT r.function, c.relname::text FROM reads r JOIN pg_class c ON c.oid = r.id
	WHERE r.kind = 'pg_class'::regclass AND EXISTS (SELECT FROM dbinsight.sources s WHERE s.gold_table = c.relname AND s.enabled);
END;
COMMENT ON FUNCTION dbinsight._tool_inputs(oid[]) IS 'The gold tables that functions read, as far as their bodies are bound (BEGIN ATOMIC)';
