/*
 * The product's own state: models and predictions, findings, incidents,
 * alerts. A detection engine, models and an alert engine fill them later; the
 * tools read them from the start.
 */
CREATE TABLE dbinsight.models (
	name text NOT NULL,
	version int NOT NULL,
	kind text,
	algorithm text,
	stage text NOT NULL DEFAULT 'challenger' CHECK (stage IN ('champion', 'challenger', 'archived', 'insufficient_data')),
	metrics jsonb NOT NULL DEFAULT '{}',
	trained_at timestamptz NOT NULL DEFAULT dbinsight.now(),
	duration_s float8,
	training_rows bigint,
	trained_by text,
	params jsonb,
	feature_names text[],
	fingerprint text,
	PRIMARY KEY (name, version)
);
COMMENT ON TABLE dbinsight.models IS 'Registry of the product''s own models: one row a version; one champion a name';

CREATE TABLE dbinsight.model_metric (
	model_name text NOT NULL,
	version int NOT NULL,
	metric_name text NOT NULL,
	value float8,
	split text NOT NULL DEFAULT 'test',
	evaluated_at timestamptz NOT NULL DEFAULT dbinsight.now(),
	PRIMARY KEY (model_name, version, metric_name, split, evaluated_at)
);
COMMENT ON TABLE dbinsight.model_metric IS 'Measured quality of model versions: split is train, validation, test, baseline or production';

CREATE TABLE dbinsight.predictions (
	model_name text NOT NULL,
	version int NOT NULL,
	scored_at timestamptz NOT NULL,
	entity_type text NOT NULL,
	entity_id text NOT NULL,
	workspace_id text,
	target_time timestamptz,
	horizon_days int,
	score float8,
	value float8,
	lower_80 float8,
	upper_80 float8,
	label text,
	explanation jsonb
);
COMMENT ON TABLE dbinsight.predictions IS 'What the models said: score 0 normal to 1 worst; value in the unit of its model';
CREATE INDEX ON dbinsight.predictions (model_name, scored_at);
CREATE INDEX ON dbinsight.predictions (model_name, entity_type, entity_id, target_time);

CREATE TABLE dbinsight.incident_label (
	incident_id text PRIMARY KEY,
	root_cause text NOT NULL,
	labelled_by text NOT NULL DEFAULT current_user,
	labelled_at timestamptz NOT NULL DEFAULT dbinsight.now()
);
COMMENT ON TABLE dbinsight.incident_label IS 'Root causes a person confirmed, by incident of get_incident_summary';

CREATE TABLE dbinsight.detection_rules (
	id text PRIMARY KEY,
	title text NOT NULL,
	family text NOT NULL,
	severity text NOT NULL CHECK (severity IN ('critical', 'high', 'medium', 'low', 'info')),
	technique text,
	"window" interval NOT NULL,
	threshold numeric,
	entity_type text NOT NULL,
	query text NOT NULL,
	remediation text[] NOT NULL DEFAULT '{}',
	controls text[] NOT NULL DEFAULT '{}',
	enabled boolean NOT NULL DEFAULT true,
	builtin boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE dbinsight.detection_rules IS
'Detection rules: query names a function (since, until) that returns findings; severity is the base';

CREATE TABLE dbinsight.incidents (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	title text NOT NULL,
	severity text NOT NULL,
	status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'acknowledged', 'contained', 'resolved', 'false_positive')),
	opened_at timestamptz NOT NULL,
	last_event timestamptz NOT NULL,
	acknowledged_at timestamptz,
	acknowledged_by text,
	contained_at timestamptz,
	resolved_at timestamptz,
	reopened int NOT NULL DEFAULT 0,
	top_rule text,
	suggested_actions text[] NOT NULL DEFAULT '{}'
);
COMMENT ON TABLE dbinsight.incidents IS 'Security incidents: groups of findings that share an actor, token, object or address';

CREATE TABLE dbinsight.findings (
	id uuid PRIMARY KEY,
	rule_id text NOT NULL,
	title text NOT NULL,
	severity text NOT NULL CHECK (severity IN ('critical', 'high', 'medium', 'low', 'info')),
	technique text,
	entity_type text NOT NULL,
	entity_id text NOT NULL,
	workspace_id text,
	first_event timestamptz NOT NULL,
	last_event timestamptz NOT NULL,
	event_count bigint NOT NULL DEFAULT 1,
	confidence float8 NOT NULL DEFAULT 1.0,
	status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'acknowledged', 'resolved', 'false_positive')),
	suppressed_by text,
	incident_id uuid REFERENCES dbinsight.incidents ON DELETE SET NULL,
	evidence jsonb NOT NULL DEFAULT '{}',
	created_at timestamptz NOT NULL DEFAULT dbinsight.now()
);
COMMENT ON TABLE dbinsight.findings IS
'What the detection rules found; the id is made of rule, entity and first event, so that a second run changes nothing';
CREATE INDEX ON dbinsight.findings (last_event);
CREATE INDEX ON dbinsight.findings (rule_id, entity_id, last_event);

CREATE TABLE dbinsight.entity_risk (
	entity_type text NOT NULL,
	entity_id text NOT NULL,
	as_of timestamptz NOT NULL,
	risk float8 NOT NULL,
	band text NOT NULL,
	findings bigint NOT NULL,
	top_rules text[],
	top_contribution float8,
	last_event timestamptz,
	contributions jsonb,
	PRIMARY KEY (entity_type, entity_id, as_of)
);
COMMENT ON TABLE dbinsight.entity_risk IS 'Risk 0 to 100 of users, addresses, tokens, workspaces from their findings';

CREATE TABLE dbinsight.alert_rules (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	user_id text NOT NULL DEFAULT current_user,
	name text NOT NULL,
	query text NOT NULL,
	threshold numeric,
	enabled boolean NOT NULL DEFAULT true,
	created_at timestamptz NOT NULL DEFAULT dbinsight.now(),
	domain text,
	comparison text NOT NULL DEFAULT '>' CHECK (comparison IN ('>', '>=', '<', '<=', '=', '<>')),
	severity text NOT NULL DEFAULT 'medium' CHECK (severity IN ('critical', 'high', 'medium', 'low', 'info')),
	schedule text NOT NULL DEFAULT '5 min',
	channels text[] NOT NULL DEFAULT '{}',
	escalation jsonb NOT NULL DEFAULT '[]',
	updated_at timestamptz NOT NULL DEFAULT dbinsight.now()
);
COMMENT ON TABLE dbinsight.alert_rules IS 'Alert rules of people: a query whose value is compared with a threshold';

CREATE TABLE dbinsight.alert_events (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	rule_id uuid REFERENCES dbinsight.alert_rules ON DELETE CASCADE,
	domain text,
	severity text NOT NULL,
	status text NOT NULL DEFAULT 'FIRING' CHECK (status IN ('FIRING', 'ACKNOWLEDGED', 'RESOLVED', 'ERROR')),
	fired_at timestamptz NOT NULL DEFAULT dbinsight.now(),
	last_seen_at timestamptz NOT NULL DEFAULT dbinsight.now(),
	acknowledged_at timestamptz,
	acknowledged_by text,
	resolved_at timestamptz,
	value float8,
	threshold float8,
	entity_type text,
	entity_id text,
	message text,
	evidence jsonb,
	occurrence_count int NOT NULL DEFAULT 1
);
COMMENT ON TABLE dbinsight.alert_events IS 'Firings of alert rules';
CREATE INDEX ON dbinsight.alert_events (fired_at);

CREATE TABLE dbinsight.sample_truth (
	id int PRIMARY KEY,
	domain text NOT NULL,
	kind text NOT NULL,
	tool text NOT NULL,
	entity_type text NOT NULL,
	entity_id text NOT NULL,
	workspace_id text,
	starts_at timestamptz,
	ends_at timestamptz,
	expected text NOT NULL,
	figures jsonb NOT NULL DEFAULT '{}'
);
COMMENT ON TABLE dbinsight.sample_truth IS
'The incidents planted in the sample account: when, where, what a tool should find, and the exact figures where they are known';
