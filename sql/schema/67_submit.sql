/*
 * Questions given to a background worker. Rows are written only by submit(),
 * stop() and the workers, for a row says as whom it runs.
 */
CREATE TABLE dbinsight.submitted (
	id uuid PRIMARY KEY,
	conversation uuid NOT NULL REFERENCES dbinsight.chat_conversations ON DELETE CASCADE,
	question text NOT NULL,
	agent text,
	user_id text NOT NULL,
	login name NOT NULL,
	role name NOT NULL,
	settings jsonb NOT NULL DEFAULT '{}',
	state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done', 'failed', 'stopped')),
	attempts int NOT NULL DEFAULT 0,
	pid int,
	queued_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	started_at timestamptz,
	finished_at timestamptz,
	sqlstate text,
	message text
);
COMMENT ON TABLE dbinsight.submitted IS
'Questions given to submit(): id is that of the answer in chat_messages; login, role and settings are those it runs with; sqlstate and message say why it failed; a person sees only their own (row-level security)';
CREATE INDEX ON dbinsight.submitted (queued_at) WHERE state IN ('queued', 'running');
CREATE INDEX ON dbinsight.submitted (conversation);

ALTER TABLE dbinsight.submitted ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_submitted ON dbinsight.submitted USING (user_id = dbinsight.person());

INSERT INTO dbinsight.retention VALUES ('submitted', 'queued_at', '30 days');
