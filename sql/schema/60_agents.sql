/*
 * Agents, their tools, conversations.
 */
CREATE TABLE dbinsight.agents (
	name text PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9_]{0,62}$'),
	position int NOT NULL DEFAULT 100,
	title text NOT NULL,
	description text NOT NULL,
	instructions text NOT NULL DEFAULT '',
	examples text[] NOT NULL DEFAULT '{}',
	enabled boolean NOT NULL DEFAULT true,
	builtin boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE dbinsight.agents IS 'The team: eight domain agents, the orchestrator''s own platform tools, and whatever a user adds; position is the order they are named in';

INSERT INTO dbinsight.agents (name, position, title, description, builtin) VALUES
	('cost', 1, 'Cost', 'money and DBU: how much, who, trend, anomaly, forecast, budget, waste', true),
	('security', 2, 'Security', 'who did what: sign-ins, changes of rights, sensitive reads, threats, violations', true),
	('performance', 3, 'Performance', 'jobs and queries: failures, durations, slow queries, bottlenecks, utilisation', true),
	('reliability', 4, 'Reliability', 'promises and services: SLA, uptime, outages, incidents, health', true),
	('quality', 5, 'Quality', 'whether data is right and on time: freshness, expectations, drift', true),
	('mlops', 6, 'MLOps', 'models and endpoints: performance, drift, training, inference', true),
	('governance', 7, 'Governance', 'ownership, access, lineage, documentation, regulation reports', true),
	('network', 8, 'Network', 'addresses, connections, traffic, denied destinations, bandwidth', true),
	('platform', 9, 'Platform', 'the orchestrator''s own tools: alerts, health of the whole account', true);

CREATE TABLE dbinsight.agent_tools (
	agent text NOT NULL REFERENCES dbinsight.agents ON UPDATE CASCADE ON DELETE CASCADE,
	tool text NOT NULL,
	function text NOT NULL,
	position int NOT NULL DEFAULT 100,
	examples text[] NOT NULL DEFAULT '{}',
	enabled boolean NOT NULL DEFAULT true,
	builtin boolean NOT NULL DEFAULT false,
	PRIMARY KEY (agent, tool)
);
COMMENT ON TABLE dbinsight.agent_tools IS
'Which agent may call which function: function is its signature, every name in it qualified; a tool of several agents has a row for each, the lowest position owns it';

/* Functions are found by comparing signatures: to_regprocedure() throws at whoever may not use the schema of one. */
CREATE FUNCTION dbinsight._signature(function oid) RETURNS text
	LANGUAGE C STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dbi_signature';
COMMENT ON FUNCTION dbinsight._signature(oid) IS 'The signature of a function with every name in it qualified, whatever the search path';

CREATE FUNCTION dbinsight._builtin_tool(function regprocedure, agents text[], examples text[] DEFAULT '{}') RETURNS void
	LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
	INSERT INTO dbinsight.agent_tools (agent, tool, function, position, examples, builtin)
	SELECT a.agent, p.proname, dbinsight._signature(p.oid), a.n, _builtin_tool.examples, true
	FROM pg_proc p, unnest(agents) WITH ORDINALITY a(agent, n)
	WHERE p.oid = _builtin_tool.function
	ON CONFLICT (agent, tool) DO UPDATE SET function = excluded.function, position = excluded.position, examples = excluded.examples;
$$;
COMMENT ON FUNCTION dbinsight._builtin_tool(regprocedure, text[], text[]) IS 'Registers a tool that ships with the extension; the first agent owns it';

/* For whom this session acts: dbinsight.user_id only for members of dbinsight_proxy. */
CREATE FUNCTION dbinsight.person() RETURNS text
	LANGUAGE C STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'dbi_person';
COMMENT ON FUNCTION dbinsight.person() IS
'The person this session acts for: dbinsight.user_id when the session user is a member of dbinsight_proxy, else current_user';

CREATE TABLE dbinsight.chat_conversations (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	user_id text NOT NULL DEFAULT dbinsight.person(),
	created_at timestamptz NOT NULL DEFAULT dbinsight.now(),
	updated_at timestamptz NOT NULL DEFAULT dbinsight.now(),
	title text,
	frame jsonb NOT NULL DEFAULT '{}'
);
COMMENT ON TABLE dbinsight.chat_conversations IS 'Conversations; a person sees only their own (row-level security)';
CREATE INDEX ON dbinsight.chat_conversations (user_id, updated_at);

CREATE TABLE dbinsight.chat_messages (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	conversation_id uuid NOT NULL REFERENCES dbinsight.chat_conversations ON DELETE CASCADE,
	seq int NOT NULL,
	role text NOT NULL CHECK (role IN ('user', 'assistant', 'system', 'tool')),
	content text NOT NULL,
	tool_calls jsonb,
	created_at timestamptz NOT NULL DEFAULT dbinsight.now(),
	agents text[],
	suggestions text[],
	grounded boolean,
	scores jsonb,
	model text,
	prompt_tokens int,
	completion_tokens int,
	cost_usd numeric,
	latency_ms numeric,
	evidence jsonb,
	status text NOT NULL DEFAULT 'complete' CHECK (status IN ('complete', 'stopped', 'unread')),
	UNIQUE (conversation_id, seq)
);
COMMENT ON TABLE dbinsight.chat_messages IS 'Messages of conversations: questions, answers with their tool calls, evidence and scores';
COMMENT ON COLUMN dbinsight.chat_messages.status IS
'complete; stopped: ended by stop(); unread: ask_stream() was not read to its end, and the content is what was shown';

CREATE TABLE dbinsight.user_preferences (
	user_id text PRIMARY KEY DEFAULT dbinsight.person(),
	display_name text,
	timezone text NOT NULL DEFAULT 'UTC',
	theme text NOT NULL DEFAULT 'auto' CHECK (theme IN ('light', 'dark', 'auto')),
	refresh_rate int NOT NULL DEFAULT 30 CHECK (refresh_rate >= 0),
	updated_at timestamptz NOT NULL DEFAULT dbinsight.now()
);
COMMENT ON TABLE dbinsight.user_preferences IS 'What a person chose: name, time zone, theme, refresh rate in seconds (0: off)';

CREATE TABLE dbinsight.security_log (
	id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
	at timestamptz NOT NULL DEFAULT dbinsight.now(),
	user_id text NOT NULL DEFAULT dbinsight.person(),
	kind text NOT NULL,
	detail text
);
COMMENT ON TABLE dbinsight.security_log IS 'Questions that were refused because they tried to change something, to get at secrets, or to rewrite the rules';

ALTER TABLE dbinsight.chat_conversations ENABLE ROW LEVEL SECURITY;
ALTER TABLE dbinsight.chat_messages ENABLE ROW LEVEL SECURITY;
ALTER TABLE dbinsight.user_preferences ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_conversations ON dbinsight.chat_conversations
	USING (user_id = dbinsight.person()) WITH CHECK (user_id = dbinsight.person());
CREATE POLICY own_messages ON dbinsight.chat_messages
	USING (EXISTS (SELECT FROM dbinsight.chat_conversations c WHERE c.id = conversation_id AND c.user_id = dbinsight.person()))
	WITH CHECK (EXISTS (SELECT FROM dbinsight.chat_conversations c WHERE c.id = conversation_id AND c.user_id = dbinsight.person()));
CREATE POLICY own_preferences ON dbinsight.user_preferences
	USING (user_id = dbinsight.person()) WITH CHECK (user_id = dbinsight.person());
