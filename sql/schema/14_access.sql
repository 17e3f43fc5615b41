/*
 * Who did what: audit, lineage, network denials. category and base_severity
 * are labels of dbinsight.audit_action, put on when a row is loaded.
 */
CREATE TABLE dbinsight.fact_audit_logs (
	event_id text NOT NULL,
	event_time timestamptz NOT NULL,
	event_date date,
	account_id text,
	workspace_id_raw text,
	audit_level text,
	version text,
	request_id text,
	service_name text,
	action_name text,
	request_params jsonb,
	status_code int,
	error_message text,
	response_result text,
	source_ip_raw text,
	user_agent text,
	session_id text,
	user_identity_email text,
	user_identity_subject text,
	run_by text,
	run_as text,
	acting_resource text,
	category text,
	base_severity text,
	workspace_id text GENERATED ALWAYS AS (coalesce(nullif(workspace_id_raw, '0'), request_params ->> 'workspace_id', '0')) STORED,
	source_ip inet GENERATED ALWAYS AS (dbinsight.clean_ip(source_ip_raw)) STORED,
	user_email text GENERATED ALWAYS AS (dbinsight._actor(user_identity_email, user_identity_subject, request_params)) STORED,
	user_type text GENERATED ALWAYS AS (dbinsight.user_type(dbinsight._actor(user_identity_email, user_identity_subject, request_params))) STORED,
	is_failed boolean GENERATED ALWAYS AS (coalesce(status_code >= 400, false)) STORED,
	is_denied boolean GENERATED ALWAYS AS (coalesce(status_code IN (401, 403), false)
		OR coalesce(action_name IN ('IpAccessDenied', 'accountIpAclsValidationFailed'), false)) STORED,
	is_auth boolean GENERATED ALWAYS AS (coalesce(category = 'auth', false)) STORED,
	extra jsonb,
	PRIMARY KEY (event_id, event_time)
) PARTITION BY RANGE (event_time);
COMMENT ON TABLE dbinsight.fact_audit_logs IS 'system.access.audit, one row an event_id; category and base_severity come from dbinsight.audit_action';
CREATE INDEX ON dbinsight.fact_audit_logs USING brin (event_time) WITH (pages_per_range = 32);
CREATE INDEX ON dbinsight.fact_audit_logs (event_time)
	WHERE is_denied OR base_severity IN ('medium', 'high', 'critical') OR (base_severity = 'low' AND (is_failed OR category <> 'auth')) OR category IN ('auth_denied', 'admin', 'permission', 'token', 'secret', 'network_policy', 'config', 'support_access', 'destructive', 'download');
CREATE INDEX ON dbinsight.fact_audit_logs (category, event_time) WHERE category IN ('admin', 'permission', 'token', 'network_policy', 'config', 'support_access', 'auth_denied');
CREATE INDEX ON dbinsight.fact_audit_logs (user_email, event_time);
CREATE INDEX ON dbinsight.fact_audit_logs (action_name, event_time) WHERE action_name IN ('createRecipient', 'createShare', 'updateShare');

CREATE TABLE dbinsight.fact_table_lineage (
	record_id text NOT NULL,
	account_id text,
	metastore_id text,
	workspace_id text,
	entity_type text,
	entity_id text,
	entity_run_id text,
	source_table_full_name text,
	source_table_catalog text,
	source_table_schema text,
	source_table_name text,
	source_path text,
	source_type text,
	target_table_full_name text,
	target_table_catalog text,
	target_table_schema text,
	target_table_name text,
	target_path text,
	target_type text,
	created_by text,
	event_time timestamptz NOT NULL,
	event_date date,
	event_id text,
	statement_id text,
	entity_metadata jsonb,
	direct_access boolean,
	extra jsonb,
	PRIMARY KEY (record_id, event_time)
) PARTITION BY RANGE (event_time);
COMMENT ON TABLE dbinsight.fact_table_lineage IS
'system.access.table_lineage, one row an event, source and target: a read of the source and a write of the target';
CREATE INDEX ON dbinsight.fact_table_lineage (event_time);
CREATE INDEX ON dbinsight.fact_table_lineage (source_table_full_name, event_time);
CREATE INDEX ON dbinsight.fact_table_lineage (target_table_full_name, event_time);

CREATE TABLE dbinsight.fact_column_lineage (
	record_id text NOT NULL,
	account_id text,
	metastore_id text,
	workspace_id text,
	entity_type text,
	entity_id text,
	entity_run_id text,
	source_table_full_name text,
	source_column_name text,
	source_type text,
	source_path text,
	target_table_full_name text,
	target_column_name text,
	target_type text,
	target_path text,
	created_by text,
	event_time timestamptz NOT NULL,
	event_date date,
	event_id text,
	statement_id text,
	entity_metadata jsonb,
	direct_access boolean,
	extra jsonb,
	PRIMARY KEY (record_id, event_time)
) PARTITION BY RANGE (event_time);
COMMENT ON TABLE dbinsight.fact_column_lineage IS 'system.access.column_lineage, one row an event, source column and target column';
CREATE INDEX ON dbinsight.fact_column_lineage (source_table_full_name, event_time);
CREATE INDEX ON dbinsight.fact_column_lineage (target_table_full_name, event_time);

CREATE TABLE dbinsight.fact_outbound_network (
	event_id text NOT NULL,
	account_id text,
	event_time timestamptz NOT NULL,
	workspace_id text,
	destination_type text,
	destination text,
	access_type text,
	network_source_type text,
	dns_domain text,
	dns_rcode int,
	storage_hostname text,
	storage_path text,
	storage_rejection_reason text,
	outcome text GENERATED ALWAYS AS (CASE WHEN upper(access_type) IN ('DENIED', 'DENY', 'DROP') THEN 'denied'
		WHEN upper(access_type) IN ('DRY_RUN_DENIAL', 'DENY_DRY_RUN') THEN 'dry_run' ELSE 'allowed' END) STORED,
	extra jsonb,
	PRIMARY KEY (event_id, event_time)
) PARTITION BY RANGE (event_time);
COMMENT ON TABLE dbinsight.fact_outbound_network IS
'system.access.outbound_network, one row a denied (or would-be denied) egress attempt of serverless compute; empty means no policy, not clean';
CREATE INDEX ON dbinsight.fact_outbound_network (event_time);

CREATE TABLE dbinsight.fact_inbound_network (
	event_id text NOT NULL,
	account_id text,
	event_time timestamptz NOT NULL,
	workspace_id text,
	request_path text,
	source_ip_raw text,
	authenticated_as text,
	policy_outcome text,
	rule_label text,
	source_ip inet GENERATED ALWAYS AS (dbinsight.clean_ip(source_ip_raw)) STORED,
	outcome text GENERATED ALWAYS AS (CASE WHEN upper(policy_outcome) IN ('DENIED', 'DENY', 'DROP') THEN 'denied'
		WHEN upper(policy_outcome) IN ('DRY_RUN_DENIAL', 'DENY_DRY_RUN') THEN 'dry_run' ELSE 'allowed' END) STORED,
	extra jsonb,
	PRIMARY KEY (event_id, event_time)
) PARTITION BY RANGE (event_time);
COMMENT ON TABLE dbinsight.fact_inbound_network IS 'system.access.inbound_network, one row a denied (or would-be denied) request by an ingress policy';
CREATE INDEX ON dbinsight.fact_inbound_network (event_time);

CREATE TABLE dbinsight.dim_workspace (
	account_id text,
	workspace_id text PRIMARY KEY,
	workspace_name text,
	workspace_url text,
	create_time timestamptz,
	status text,
	extra jsonb
);
COMMENT ON TABLE dbinsight.dim_workspace IS 'system.access.workspaces_latest; rows of deleted workspaces are kept so that old bills still have a name';
