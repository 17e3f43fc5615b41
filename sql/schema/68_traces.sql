/*
 * Traces: how answers were made, as spans.
 */
CREATE TABLE dbinsight.spans (
	trace_id text NOT NULL CHECK (trace_id ~ '^[0-9a-f]{32}$'),
	span_id text NOT NULL CHECK (span_id ~ '^[0-9a-f]{16}$'),
	parent_span_id text CHECK (parent_span_id ~ '^[0-9a-f]{16}$'),
	message_id uuid NOT NULL REFERENCES dbinsight.chat_messages ON DELETE CASCADE,
	name text NOT NULL,
	start_time timestamptz NOT NULL,
	end_time timestamptz NOT NULL,
	status text NOT NULL DEFAULT 'unset' CHECK (status IN ('unset', 'ok', 'error')),
	status_message text,
	attributes jsonb NOT NULL DEFAULT '{}',
	PRIMARY KEY (trace_id, span_id)
);
