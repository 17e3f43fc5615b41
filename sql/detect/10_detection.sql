/*
 * What a detection rule is: a row of detection_rules and a function
 * _detect_…(since, until) that returns detections. The functions read window
 * and threshold from their row, so that an administrator's change holds.
 * Windows slide, (t - window, t], hence the microsecond taken off each frame;
 * events of one entity that lie close together are one detection.
 */
CREATE TYPE dbinsight._detection AS (
	rule_id text,
	severity text,
	entity_type text,
	entity_id text,
	workspace_id text,
	first_event timestamptz,
	last_event timestamptz,
	event_count bigint,
	confidence float8,
	evidence jsonb
);
COMMENT ON TYPE dbinsight._detection IS
'What a rule found: evidence holds at most 20 event_ids, the actor, and object where one entity can have several detections at a time';

CREATE FUNCTION dbinsight._rule_window(rule_id text) RETURNS interval
	LANGUAGE sql STABLE PARALLEL SAFE
	RETURN (SELECT r."window" FROM dbinsight.detection_rules r WHERE r.id = _rule_window.rule_id);
COMMENT ON FUNCTION dbinsight._rule_window(text) IS 'The window of a rule';

CREATE FUNCTION dbinsight._rule_threshold(rule_id text) RETURNS numeric
	LANGUAGE sql STABLE PARALLEL SAFE
	RETURN (SELECT r.threshold FROM dbinsight.detection_rules r WHERE r.id = _rule_threshold.rule_id);
COMMENT ON FUNCTION dbinsight._rule_threshold(text) IS 'The threshold of a rule';

CREATE FUNCTION dbinsight._rule_severity(rule_id text, steps int DEFAULT 0) RETURNS text
	LANGUAGE sql STABLE PARALLEL SAFE
	RETURN (SELECT dbinsight._severity_name(dbinsight.severity_rank(r.severity) - _rule_severity.steps)
		FROM dbinsight.detection_rules r WHERE r.id = _rule_severity.rule_id);
COMMENT ON FUNCTION dbinsight._rule_severity(text, int) IS 'The base severity of a rule, raised by some steps';

CREATE FUNCTION dbinsight._actor_type(actor text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE dbinsight.user_type(actor) WHEN 'SERVICE_PRINCIPAL' THEN 'service_principal' ELSE 'user' END;
COMMENT ON FUNCTION dbinsight._actor_type(text) IS 'Entity type of an identity: user or service_principal';

CREATE FUNCTION dbinsight._evidence(event_ids text[], more jsonb DEFAULT '{}') RETURNS jsonb
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN jsonb_build_object('event_ids', to_jsonb(event_ids[1:20])) || jsonb_strip_nulls(more);
COMMENT ON FUNCTION dbinsight._evidence(text[], jsonb) IS 'Evidence of a detection: the first 20 events and what else is known';

/* A platform component says so in its user agent; it is no person at the door. */
CREATE FUNCTION dbinsight._is_service_agent(user_agent text) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN coalesce(user_agent ~* '(Databricks-Service/driver|Databricks-Runtime|Delta-Sharing-SparkStructuredStreaming|RawDBHttpClient|mlflow-python|obsSDK-scala|wsfs|feature-store)', false);
COMMENT ON FUNCTION dbinsight._is_service_agent(text) IS 'Whether a user agent is one of the platform''s own clients';

CREATE FUNCTION dbinsight._is_admin_group(group_name text) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN coalesce(group_name ~* '(admin|owner|superuser|root)', false);
COMMENT ON FUNCTION dbinsight._is_admin_group(text) IS 'Whether a group''s name says that it rules';
