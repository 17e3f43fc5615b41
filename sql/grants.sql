/*
 * Every REVOKE and GRANT, in one place, last. Functions are revoked from
 * PUBLIC in the transaction that made them, so no one ever had them.
 *
 *   reader     looks: gold tables, derived relations, registries, tools, ask
 *   operator   acts on alerts and findings
 *   admin      keeps settings, sources, registries; loads
 *
 * Internal functions a reader's own query runs through (windows, checks,
 * labels) are granted; those that write as the owner are not.
 */
REVOKE ALL ON ALL ROUTINES IN SCHEMA dbinsight FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA dbinsight FROM PUBLIC;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA dbinsight FROM PUBLIC;
GRANT USAGE ON SCHEMA dbinsight TO dbinsight_reader, dbinsight_proxy;

DO $$
DECLARE
	f record;
BEGIN
	FOR f IN
		SELECT p.oid::regprocedure AS name,
			p.proname ~ '^_(refresh|replace|reprice|rename|ensure|drop|sample|store(?!_results)|remove|builtin|detect|run|rebuild|train|job_(?!run_|task_)|last_run|outbox_(?!put)|log_router|start_s|wake|scheduler|worker|metrics|model_states|remote|place|make_room|clear_room|use_remote|like_table|dump_rows|switchable|dependents)'
				OR p.proname IN ('use_foreign', 'use_rollup', 'use_local') AS owner_only,
			p.proname IN ('load_rows', 'load_file', 'load_sample', 'ingest', 'apply_retention', 'register_tool', 'register_agent',
				'run_detections', '_databricks_query', '_llm_ask', 'start_worker', 'stop_worker', 'run_job', 'retrain_router', 'use_router', 'verify_feedback', 'optimize_prompt', '_optimize_prompt', '_try_question', '_try_trial', '_use_trial', '_reworded', '_prompt_candidates', 'deliver', 'retry_delivery') AS admin_only,
			p.proname IN ('status', 'metrics') AS operator_only
		FROM pg_catalog.pg_proc p WHERE p.pronamespace = 'dbinsight'::pg_catalog.regnamespace AND p.prokind IN ('f', 'a')
			AND p.prorettype <> 'trigger'::pg_catalog.regtype
	LOOP
		IF f.admin_only THEN
			EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO dbinsight_admin', f.name);
		ELSIF f.operator_only THEN
			EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO dbinsight_operator', f.name);
		ELSIF NOT f.owner_only THEN
			EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO dbinsight_reader', f.name);
		END IF;
	END LOOP;
END $$;

GRANT EXECUTE ON PROCEDURE dbinsight.ingest_due, dbinsight.deliver_due TO dbinsight_admin;

/* A reader sees every table but those that hold rows as they came, others' questions, or commands. */
GRANT SELECT ON ALL TABLES IN SCHEMA dbinsight TO dbinsight_reader;
REVOKE SELECT ON dbinsight.rejected_rows, dbinsight.security_log, dbinsight.jobs, dbinsight.job_status, dbinsight.job_definitions,
	dbinsight.job_state, dbinsight.job_runs FROM dbinsight_reader;
GRANT SELECT ON dbinsight.jobs, dbinsight.job_status, dbinsight.job_runs TO dbinsight_operator;
GRANT INSERT, UPDATE, DELETE ON dbinsight.jobs TO dbinsight_admin;
REVOKE SELECT ON dbinsight.prompt_trials FROM dbinsight_reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON dbinsight.prompt_trials TO dbinsight_admin;
GRANT SELECT, DELETE ON dbinsight.rejected_rows TO dbinsight_admin;
GRANT SELECT ON dbinsight.security_log TO dbinsight_admin;

/* One's own conversations; row-level security says which. */
GRANT INSERT, UPDATE, DELETE ON dbinsight.chat_conversations, dbinsight.chat_messages, dbinsight.user_preferences TO dbinsight_reader;
GRANT INSERT, UPDATE, DELETE ON dbinsight.llm_cache TO dbinsight_reader;
GRANT INSERT, DELETE ON dbinsight.chat_results, dbinsight.feedback, dbinsight.spans TO dbinsight_reader;
GRANT INSERT ON dbinsight.llm_usage TO dbinsight_reader;
GRANT INSERT, UPDATE ON dbinsight.judgements TO dbinsight_reader;

GRANT INSERT, UPDATE, DELETE ON dbinsight.alert_rules TO dbinsight_operator;
GRANT UPDATE (status, acknowledged_at, acknowledged_by, resolved_at) ON dbinsight.alert_events TO dbinsight_operator;
GRANT UPDATE (status) ON dbinsight.findings TO dbinsight_operator;
GRANT UPDATE (status, acknowledged_at, acknowledged_by, contained_at, resolved_at) ON dbinsight.incidents TO dbinsight_operator;
GRANT INSERT ON dbinsight.incident_label TO dbinsight_operator;

GRANT INSERT, UPDATE, DELETE ON dbinsight.budgets, dbinsight.commitments, dbinsight.sla_targets, dbinsight.uptime_targets,
	dbinsight.freshness_targets, dbinsight.sensitive_tables, dbinsight.trusted_cidrs, dbinsight.node_bandwidth,
	dbinsight.allow_list, dbinsight.audit_action, dbinsight.agents, dbinsight.agent_tools,
	dbinsight.answer_templates, dbinsight.answer_rules, dbinsight.answer_links, dbinsight.report_templates,
	dbinsight.concepts, dbinsight.concept_forms, dbinsight.concept_weights, dbinsight.tool_companions, dbinsight.name_hints,
	dbinsight.argument_words, dbinsight.foreign_words, dbinsight.intent_examples, dbinsight.playbooks, dbinsight.llm_prices, dbinsight.prompts
	TO dbinsight_admin;
/* Servers are the admin's to make; who may use one, its owner says. */
GRANT USAGE ON FOREIGN DATA WRAPPER databricks, dbinsight_channel, dbinsight_llm, dbinsight_mlflow TO dbinsight_admin;
/* What a source is made of is the extension's; how it is run is the admin's. */
GRANT UPDATE (overlap, schedule, lag_target_minutes, retention, first_load, enabled) ON dbinsight.sources TO dbinsight_admin;
GRANT UPDATE (keep) ON dbinsight.retention TO dbinsight_admin;
GRANT UPDATE (enabled, severity, threshold, "window") ON dbinsight.detection_rules TO dbinsight_admin;

/* ---- what pg_dump carries: a person's rows, the account's, and where the sequences stand ---- */
DO $$
DECLARE
	t record;
BEGIN
	FOR t IN
		SELECT c.oid, c.relname,
			EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'builtin') AS has_builtin
		FROM pg_catalog.pg_class c
		WHERE c.relnamespace = 'dbinsight'::pg_catalog.regnamespace AND c.relkind IN ('r', 'S')
			AND c.relname NOT IN ('derived_relations', 'job_state', 'scheduler', 'llm_cache')
	LOOP
		PERFORM pg_catalog.pg_extension_config_dump(t.oid::pg_catalog.regclass, CASE WHEN t.has_builtin THEN 'WHERE NOT builtin' ELSE '' END);
	END LOOP;
END $$;
