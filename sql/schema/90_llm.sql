/*
 * Language models: the wrapper dbinsight_llm, what models cost, what was used.
 */
CREATE FUNCTION dbinsight.llm_validator(options text[], catalog oid) RETURNS void
	LANGUAGE C STRICT AS 'MODULE_PATHNAME', 'dbi_llm_validator';
COMMENT ON FUNCTION dbinsight.llm_validator(text[], oid) IS 'Checks the options of servers and user mappings of dbinsight_llm';

CREATE FOREIGN DATA WRAPPER dbinsight_llm VALIDATOR dbinsight.llm_validator;
COMMENT ON FOREIGN DATA WRAPPER dbinsight_llm IS 'Language models: servers that speak the protocol of OpenAI, Anthropic or Databricks model serving';

CREATE TABLE dbinsight.llm_prices (
	server text NOT NULL,
	model text NOT NULL,
	price_in numeric NOT NULL CHECK (price_in >= 0),
	price_out numeric NOT NULL CHECK (price_out >= 0),
	price_cached numeric CHECK (price_cached >= 0),
	price_cache_write numeric CHECK (price_cache_write >= 0),
	PRIMARY KEY (server, model)
);
COMMENT ON TABLE dbinsight.llm_prices IS
'What tokens of a model cost, in USD per million, where the server''s options price_in and price_out do not hold: other models of it, cached tokens';
COMMENT ON COLUMN dbinsight.llm_prices.price_in IS 'Of the prompt';
COMMENT ON COLUMN dbinsight.llm_prices.price_out IS 'Of the answer';
COMMENT ON COLUMN dbinsight.llm_prices.price_cached IS 'Of the part of the prompt read from the provider''s cache; NULL: as price_in';
COMMENT ON COLUMN dbinsight.llm_prices.price_cache_write IS 'Of the part of the prompt written to the provider''s cache; NULL: as price_in';

CREATE TABLE dbinsight.llm_usage (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	at timestamptz NOT NULL DEFAULT dbinsight.now(),
	user_id text NOT NULL DEFAULT dbinsight.person(),
	conversation_id uuid,
	message_id uuid,
	agent text,
	purpose text,
	server text NOT NULL,
	model text NOT NULL,
	response_id text,
	status text NOT NULL CHECK (status IN ('stop', 'length', 'tool_calls', 'refusal', 'other', 'error', 'broken_off')),
	error text,
	prompt_tokens bigint NOT NULL,
	completion_tokens bigint NOT NULL,
	cached_tokens bigint NOT NULL DEFAULT 0,
	estimated boolean NOT NULL DEFAULT false,
	usd numeric(12, 6) NOT NULL DEFAULT 0,
	latency_ms float8 NOT NULL,
	first_token_ms float8
);
COMMENT ON TABLE dbinsight.llm_usage IS 'Every request to a language model: who, for what, tokens, cost, time; a person sees only their own (row-level security)';
COMMENT ON COLUMN dbinsight.llm_usage.conversation_id IS 'NULL for what belongs to none; the row stays when the conversation goes, for the money was spent';
COMMENT ON COLUMN dbinsight.llm_usage.purpose IS 'What it was for: route, agent, synthesis, repair, judge, embed, optimize';
COMMENT ON COLUMN dbinsight.llm_usage.status IS 'Why the answer ended; error: it did not come, broken_off: nobody waited for its end, or the question was cancelled';
COMMENT ON COLUMN dbinsight.llm_usage.error IS 'SQLSTATE, of status error';
COMMENT ON COLUMN dbinsight.llm_usage.prompt_tokens IS 'With the cached ones';
COMMENT ON COLUMN dbinsight.llm_usage.estimated IS 'The server told no tokens: they were counted here, by bytes';
COMMENT ON COLUMN dbinsight.llm_usage.usd IS 'At the price of that time';
COMMENT ON COLUMN dbinsight.llm_usage.first_token_ms IS 'From the request to the first piece of the answer';
CREATE INDEX ON dbinsight.llm_usage (user_id, at);
CREATE INDEX ON dbinsight.llm_usage (conversation_id);
CREATE INDEX ON dbinsight.llm_usage (at);
ALTER TABLE dbinsight.llm_usage ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_usage ON dbinsight.llm_usage
	USING (user_id = dbinsight.person()) WITH CHECK (user_id = dbinsight.person());
CREATE POLICY all_usage ON dbinsight.llm_usage FOR SELECT TO dbinsight_admin USING (true);

INSERT INTO dbinsight.retention VALUES ('llm_usage', 'at', '400 days');

CREATE VIEW dbinsight.llm_costs WITH (security_invoker) AS
	SELECT (u.at AT TIME ZONE 'UTC')::date AS day, u.user_id, u.agent, u.server, u.model, count(*) AS requests,
		count(*) FILTER (WHERE u.status = 'error') AS errors, sum(u.prompt_tokens)::bigint AS prompt_tokens, sum(u.completion_tokens)::bigint AS completion_tokens,
		sum(u.cached_tokens)::bigint AS cached_tokens, sum(u.usd) AS usd, percentile_cont(0.5) WITHIN GROUP (ORDER BY u.latency_ms) AS median_latency_ms
	FROM dbinsight.llm_usage u GROUP BY 1, 2, 3, 4, 5;
COMMENT ON VIEW dbinsight.llm_costs IS 'What language models were used for and cost, by day (UTC), person, agent and model; one''s own, an admin sees all';
COMMENT ON COLUMN dbinsight.llm_costs.errors IS 'Of the requests: without an answer';

/* ---- for who sets a server up, and for tests */
CREATE FUNCTION dbinsight._llm_ask(server text, request jsonb) RETURNS text
	LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 10000 AS 'MODULE_PATHNAME', 'dbi_llm_ask';
COMMENT ON FUNCTION dbinsight._llm_ask(text, jsonb) IS 'One request to a language model with the caller''s user mapping; the answer with its calls, usage, cost and times, or its fault, as json
@param server a foreign server of the wrapper dbinsight_llm on which the caller has USAGE
@param request messages [{role, content, calls, call_id, failed, raw}], tools [{name, description, schema}], tool_choice, max_tokens, temperature, schema_name, schema, model, timeout_ms';

CREATE FUNCTION dbinsight._llm_ask_all(server text, requests jsonb[], purpose text, message uuid) RETURNS text[]
	LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000 AS 'MODULE_PATHNAME', 'dbi_llm_ask_all';
COMMENT ON FUNCTION dbinsight._llm_ask_all(text, jsonb[], text, uuid) IS 'Several requests to a language model at once, as _llm_ask() makes one; each is a row of llm_usage
@param purpose as llm_usage has it
@param message the message they are made for, or NULL';

CREATE FUNCTION dbinsight._llm_read(provider text, pieces bytea[], form text DEFAULT NULL) RETURNS text
	LANGUAGE C STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'dbi_llm_read';
COMMENT ON FUNCTION dbinsight._llm_read(text, bytea[], text) IS 'What is read from a stream of server-sent events that comes in these pieces; asks nothing of the network
@param provider whose dialect: openai, databricks, anthropic
@param pieces the bytes as they arrive
@param form of anthropic, the tool whose input is the answer';

CREATE FUNCTION dbinsight._llm_breakers()
	RETURNS TABLE (endpoint text, state text, failures int, opened_at timestamptz)
	LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED ROWS 10 AS 'MODULE_PATHNAME', 'dbi_llm_breakers';
COMMENT ON FUNCTION dbinsight._llm_breakers() IS 'Models that failed of late, and whether they are left alone: of all sessions when the library is preloaded, else of this one';
