/*
 * Traces: how answers were made, as spans, and as OpenTelemetry exports them.
 */
CREATE TABLE dbinsight.spans (
	trace_id text NOT NULL CHECK (trace_id ~ '^[0-9a-f]{32}$'),
	span_id text NOT NULL CHECK (span_id ~ '^[0-9a-f]{16}$'),
	parent_span_id text CHECK (parent_span_id ~ '^[0-9a-f]{16}$'),
	message_id uuid NOT NULL REFERENCES dbinsight.chat_messages ON DELETE CASCADE,
	name text NOT NULL,
	start_time timestamptz NOT NULL,
	end_time timestamptz NOT NULL,
	status text NOT NULL CHECK (status IN ('ok', 'error')),
	attributes jsonb NOT NULL DEFAULT '{}',
	PRIMARY KEY (trace_id, span_id)
);
COMMENT ON TABLE dbinsight.spans IS
'How answers were made: a trace for each message, with the workflow, its plan, its agents and their tool calls; OpenTelemetry''s names and attributes, no content';
COMMENT ON COLUMN dbinsight.spans.trace_id IS 'The id of the message without its hyphens: 16 bytes, as W3C trace context wants them';
COMMENT ON COLUMN dbinsight.spans.start_time IS 'By the clock on the wall, whatever dbinsight.now says';
COMMENT ON COLUMN dbinsight.spans.attributes IS 'Those of the conventions for generative AI (gen_ai.*), MLflow''s type of span, and dbinsight.*';
CREATE INDEX ON dbinsight.spans (message_id);
CREATE INDEX ON dbinsight.spans (name, start_time);
ALTER TABLE dbinsight.spans ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_spans ON dbinsight.spans
	USING (EXISTS (SELECT FROM dbinsight.chat_messages m JOIN dbinsight.chat_conversations c ON c.id = m.conversation_id
		WHERE m.id = message_id AND c.user_id = dbinsight.person()))
	WITH CHECK (EXISTS (SELECT FROM dbinsight.chat_messages m JOIN dbinsight.chat_conversations c ON c.id = m.conversation_id
		WHERE m.id = message_id AND c.user_id = dbinsight.person()));

INSERT INTO dbinsight.retention VALUES ('spans', 'start_time', '90 days');

CREATE FUNCTION dbinsight._otlp_value(value jsonb) RETURNS jsonb
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE jsonb_typeof(value)
	WHEN 'boolean' THEN jsonb_build_object('boolValue', value)
	WHEN 'number' THEN CASE WHEN (value #>> '{}')::numeric % 1 = 0 THEN jsonb_build_object('intValue', value #>> '{}') ELSE jsonb_build_object('doubleValue', value) END
	WHEN 'string' THEN jsonb_build_object('stringValue', value)
	ELSE jsonb_build_object('stringValue', value::text) END;
COMMENT ON FUNCTION dbinsight._otlp_value(jsonb) IS 'A value as OTLP/JSON writes it, whole numbers as text; what has parts becomes its JSON text';

CREATE FUNCTION dbinsight._otlp_attributes(attributes jsonb) RETURNS jsonb
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT coalesce(jsonb_agg(jsonb_build_object('key', a.key, 'value', dbinsight._otlp_value(a.value)) ORDER BY a.key COLLATE "C"), '[]')
	FROM jsonb_each(_otlp_attributes.attributes) a WHERE a.value <> 'null';
END;
COMMENT ON FUNCTION dbinsight._otlp_attributes(jsonb) IS 'The members of an object as a list of OTLP attributes';

CREATE FUNCTION dbinsight._otlp_time(at timestamptz) RETURNS text
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN ((extract(epoch FROM at) * 1000000)::bigint * 1000)::text;
COMMENT ON FUNCTION dbinsight._otlp_time(timestamptz) IS 'Nanoseconds since 1970, as text';

CREATE FUNCTION dbinsight._span_content(message uuid, operation text, call int) RETURNS jsonb
	LANGUAGE sql STABLE
BEGIN ATOMIC
	/* what was said stands in the conversation, what tools returned in its results; both under row-level security */
	SELECT CASE operation
		WHEN 'invoke_workflow' THEN (
			SELECT jsonb_build_object('gen_ai.input.messages', jsonb_build_array(jsonb_build_object('role', 'user', 'parts', jsonb_build_array(jsonb_build_object('type', 'text', 'content', q.content)))),
				'gen_ai.output.messages', jsonb_build_array(jsonb_build_object('role', 'assistant', 'finish_reason', 'stop',
					'parts', jsonb_build_array(jsonb_build_object('type', 'text', 'content', m.content)))),
				'mlflow.spanInputs', to_jsonb(q.content), 'mlflow.spanOutputs', to_jsonb(m.content))
			FROM dbinsight.chat_messages m JOIN dbinsight.chat_messages q ON q.conversation_id = m.conversation_id AND q.seq = m.seq - 1
			WHERE m.id = _span_content.message)
		WHEN 'execute_tool' THEN (
			SELECT jsonb_build_object('gen_ai.tool.call.arguments', r.arguments, 'mlflow.spanInputs', r.arguments)
				|| CASE WHEN r.ok THEN jsonb_build_object('gen_ai.tool.call.result', x.result, 'mlflow.spanOutputs', x.result) ELSE jsonb_build_object('error.message', r.error) END
			FROM dbinsight.chat_results r, LATERAL (SELECT jsonb_build_object('columns', (SELECT jsonb_agg(c -> 0 ORDER BY n) FROM jsonb_array_elements(r.columns) WITH ORDINALITY t(c, n)),
				'rows', r.rows, 'row_count', r.row_count) AS result) x
			WHERE r.message_id = _span_content.message AND r.call = _span_content.call)
		END;
END;
COMMENT ON FUNCTION dbinsight._span_content(uuid, text, int) IS 'Attributes that hold what a person asked, what a tool was given and returned, what was answered';

CREATE FUNCTION dbinsight._trace_otlp(message uuid, content boolean) RETURNS jsonb
	LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT jsonb_build_object('resourceSpans', jsonb_build_array(jsonb_build_object(
		'resource', jsonb_build_object('attributes', dbinsight._otlp_attributes(jsonb_build_object('service.name', 'dbinsight', 'service.version', e.extversion))),
		'scopeSpans', jsonb_build_array(jsonb_build_object('scope', jsonb_build_object('name', 'dbinsight', 'version', e.extversion), 'spans', s.spans)))))
	FROM pg_extension e, (
		SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('traceId', s.trace_id, 'spanId', s.span_id, 'parentSpanId', s.parent_span_id,
			'name', s.name, 'kind', 1 /* internal */, 'startTimeUnixNano', dbinsight._otlp_time(s.start_time), 'endTimeUnixNano', dbinsight._otlp_time(s.end_time),
			'attributes', dbinsight._otlp_attributes(s.attributes || CASE WHEN _trace_otlp.content
				THEN coalesce(dbinsight._span_content(s.message_id, s.attributes ->> 'gen_ai.operation.name', (s.attributes ->> 'gen_ai.tool.call.id')::int), '{}') ELSE '{}' END),
			'status', CASE s.status WHEN 'error' THEN '{"code": 2}'::jsonb ELSE '{"code": 1}' END))
			ORDER BY s.start_time, s.parent_span_id IS NOT NULL, s.end_time DESC, s.span_id) AS spans
		FROM dbinsight.spans s JOIN dbinsight.chat_messages m ON m.id = s.message_id JOIN dbinsight.chat_conversations c ON c.id = m.conversation_id
		WHERE s.message_id = dbinsight._own_answer(_trace_otlp.message) AND c.user_id = dbinsight.person()) s
	WHERE e.extname = 'dbinsight' AND s.spans IS NOT NULL;
END;
COMMENT ON FUNCTION dbinsight._trace_otlp(uuid, boolean) IS 'trace_otlp(), with questions, arguments, rows and answers or without';

CREATE FUNCTION dbinsight.trace_otlp(message uuid) RETURNS jsonb
	LANGUAGE sql STABLE
	RETURN dbinsight._trace_otlp(message, dbinsight._setting('trace_content') = 'on');
COMMENT ON FUNCTION dbinsight.trace_otlp(uuid) IS
'How an answer of yours was made, as OTLP/JSON for POST /v1/traces of an OpenTelemetry collector; NULL when dbinsight.trace was off or the trace is past its retention. Questions, arguments, rows and answers are in it only with dbinsight.trace_content
@param message id of the answer';
