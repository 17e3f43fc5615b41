/*
 * What a person keeps: budgets, targets, lists. Empty at install.
 */
CREATE TABLE dbinsight.budgets (
	scope_type text NOT NULL CHECK (scope_type IN ('ACCOUNT', 'WORKSPACE', 'TAG')),
	scope_id text NOT NULL,
	month date NOT NULL CHECK (extract(day FROM month) = 1),
	amount_usd numeric NOT NULL CHECK (amount_usd > 0),
	PRIMARY KEY (scope_type, scope_id, month)
);
COMMENT ON TABLE dbinsight.budgets IS
'Monthly budgets in US dollars: scope ACCOUNT (any scope_id), WORKSPACE (workspace_id) or TAG (key=value); month is the first of the month';

CREATE TABLE dbinsight.commitments (
	contract_year int PRIMARY KEY,
	amount_usd numeric NOT NULL CHECK (amount_usd > 0)
);
COMMENT ON TABLE dbinsight.commitments IS 'Committed spend a contract year, US dollars';

CREATE TABLE dbinsight.sla_targets (
	workspace_id text NOT NULL,
	job_id text NOT NULL,
	max_duration_s numeric CHECK (max_duration_s > 0),
	min_success_pct numeric CHECK (min_success_pct BETWEEN 0 AND 100),
	PRIMARY KEY (workspace_id, job_id)
);
COMMENT ON TABLE dbinsight.sla_targets IS 'Promises per job: longest wall time in seconds, least success rate in percent';

CREATE TABLE dbinsight.uptime_targets (
	workspace_id text NOT NULL,
	service text NOT NULL,
	target_pct numeric NOT NULL CHECK (target_pct BETWEEN 0 AND 100),
	PRIMARY KEY (workspace_id, service)
);
COMMENT ON TABLE dbinsight.uptime_targets IS 'Uptime promises per workspace and service, percent; 99.9 where there is none';

CREATE TABLE dbinsight.freshness_targets (
	table_pattern text PRIMARY KEY,
	max_hours numeric NOT NULL CHECK (max_hours > 0)
);
COMMENT ON TABLE dbinsight.freshness_targets IS 'How old a table may be, hours: ILIKE patterns over full names, the longest match wins';

CREATE TABLE dbinsight.sensitive_tables (
	table_pattern text PRIMARY KEY,
	class_tag text,
	reason text
);
COMMENT ON TABLE dbinsight.sensitive_tables IS 'Tables a person declares sensitive: ILIKE patterns over full names';

CREATE TABLE dbinsight.trusted_cidrs (
	cidr cidr PRIMARY KEY,
	label text
);
COMMENT ON TABLE dbinsight.trusted_cidrs IS 'Networks that count as one''s own';

CREATE TABLE dbinsight.node_bandwidth (
	node_type text PRIMARY KEY,
	gbps numeric NOT NULL CHECK (gbps > 0)
);
COMMENT ON TABLE dbinsight.node_bandwidth IS 'Line rate a node type, gigabits a second; no system table has it, so a person fills it or leaves it empty';

CREATE TABLE dbinsight.allow_list (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	rule text NOT NULL DEFAULT '*',
	actor text,
	source_ip cidr,
	user_agent text,
	object_prefix text,
	domain_suffix text,
	workspace_id text,
	reason text NOT NULL,
	owner text NOT NULL,
	created_by text NOT NULL DEFAULT current_user,
	created_at timestamptz NOT NULL DEFAULT dbinsight.now(),
	expires_at timestamptz NOT NULL DEFAULT dbinsight.now() + interval '90 days'
);
COMMENT ON TABLE dbinsight.allow_list IS
'Exceptions for detections: rule id, family or *; every entry expires. A suppressed finding is still stored';

CREATE TABLE dbinsight.audit_action (
	action_name text NOT NULL,
	service_name text NOT NULL DEFAULT '',
	category text NOT NULL,
	base_severity text NOT NULL CHECK (base_severity IN ('critical', 'high', 'medium', 'low', 'info')),
	builtin boolean NOT NULL DEFAULT false,
	PRIMARY KEY (action_name, service_name)
);
COMMENT ON TABLE dbinsight.audit_action IS
'Coarse labels of audit actions; an empty service_name means any service, a named one wins. Rules that decide whether something is an attack are detections';
