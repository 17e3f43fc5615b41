/*
 * MLflow: runs and traces, through the outbox (src/databricks/mlflow*.c).
 */
CREATE FUNCTION dbinsight.mlflow_validator(options text[], catalog oid) RETURNS void
	LANGUAGE C STRICT AS 'MODULE_PATHNAME', 'dbi_mlflow_validator';
COMMENT ON FUNCTION dbinsight.mlflow_validator(text[], oid) IS 'Checks the options of servers and user mappings of dbinsight_mlflow';

CREATE FOREIGN DATA WRAPPER dbinsight_mlflow NO HANDLER VALIDATOR dbinsight.mlflow_validator;
COMMENT ON FOREIGN DATA WRAPPER dbinsight_mlflow IS 'MLflow tracking servers: tracking_uri, or server, a server of databricks whose workspace and secret are used; experiment is the default one. A user mapping has a token, or username and password; a server that asks for neither needs none';

CREATE FUNCTION dbinsight._mlflow_server(server text) RETURNS text
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF coalesce(server, dbinsight._setting('mlflow_server')) = '' THEN
		RAISE EXCEPTION 'no MLflow server is set' USING ERRCODE = '55000',
			HINT = 'CREATE SERVER … FOREIGN DATA WRAPPER dbinsight_mlflow, then SET dbinsight.mlflow_server to its name.';
	END IF;
	RETURN coalesce(server, dbinsight._setting('mlflow_server'));
END $$;
COMMENT ON FUNCTION dbinsight._mlflow_server(text) IS 'The server that is named, or that of dbinsight.mlflow_server';

CREATE FUNCTION dbinsight._server_option(server text, option text) RETURNS text
	LANGUAGE sql STABLE
	RETURN (SELECT o.option_value FROM pg_foreign_server s, LATERAL pg_options_to_table(s.srvoptions) o
		WHERE s.srvname = _server_option.server AND o.option_name = _server_option.option);
COMMENT ON FUNCTION dbinsight._server_option(text, text) IS 'The value of an option of a foreign server; NULL when it is not set';

/* Values as MLflow wants them: text, but for what is text already. */
CREATE FUNCTION dbinsight._mlflow_entities(members jsonb, what text, longest int) RETURNS jsonb
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	bad text;
BEGIN
	IF members IS NULL THEN
		RETURN '[]';
	ELSIF jsonb_typeof(members) <> 'object' THEN
		RAISE EXCEPTION '%s are an object, not %', what, jsonb_typeof(members) USING ERRCODE = '22023',
			HINT = 'As in {"name": "value"}.';
	END IF;
	SELECT m.key INTO bad FROM jsonb_each_text(members) m
	WHERE m.key !~ '^[-/[:alnum:]_. :]{1,250}$' OR length(m.value) > longest ORDER BY m.key COLLATE "C" LIMIT 1;
	IF bad IS NOT NULL THEN
		RAISE EXCEPTION 'MLflow does not take "%" of the %s', bad, what USING ERRCODE = '22023',
			HINT = format('A name has at most 250 letters, digits, blanks and _ - . / :, a value at most %s characters.', longest);
	END IF;
	RETURN (SELECT coalesce(jsonb_agg(jsonb_build_object('key', m.key, 'value', m.value) ORDER BY m.key COLLATE "C"), '[]')
		FROM jsonb_each_text(members) m WHERE m.value IS NOT NULL);
END $$;
COMMENT ON FUNCTION dbinsight._mlflow_entities(jsonb, text, int) IS 'Members of an object as a list of keys and text values; raises 22023 for what MLflow would refuse';

/* A number, a list of numbers (steps 0, 1, …), or a list of {"value", "step", "timestamp"}. */
CREATE FUNCTION dbinsight._mlflow_metrics(metrics jsonb, at bigint) RETURNS jsonb
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	made jsonb;
	bad text;
BEGIN
	IF metrics IS NULL THEN
		RETURN '[]';
	ELSIF jsonb_typeof(metrics) <> 'object' THEN
		RAISE EXCEPTION 'metrics are an object, not %', jsonb_typeof(metrics) USING ERRCODE = '22023',
			HINT = 'As in {"loss": [0.9, 0.4], "accuracy": 0.97}.';
	END IF;
	SELECT jsonb_agg(jsonb_build_object('key', m.key, 'value', x.value, 'timestamp', x.at, 'step', x.step) ORDER BY m.key COLLATE "C", v.n),
		min(m.key COLLATE "C") FILTER (WHERE m.key !~ '^[-/[:alnum:]_. :]{1,250}$' OR jsonb_typeof(x.at) IS DISTINCT FROM 'number' OR jsonb_typeof(x.step) IS DISTINCT FROM 'number'
			OR (jsonb_typeof(x.value) IS DISTINCT FROM 'number' AND coalesce(x.value #>> '{}' NOT IN ('NaN', 'Infinity', '-Infinity'), true)))
	INTO made, bad
	FROM jsonb_each(metrics) m, LATERAL jsonb_array_elements(CASE jsonb_typeof(m.value) WHEN 'array' THEN m.value ELSE jsonb_build_array(m.value) END) WITH ORDINALITY v(value, n),
		LATERAL (SELECT CASE jsonb_typeof(v.value) WHEN 'object' THEN v.value -> 'value' ELSE v.value END,
			CASE jsonb_typeof(v.value) WHEN 'object' THEN coalesce(v.value -> 'step', to_jsonb(v.n - 1)) ELSE to_jsonb(v.n - 1) END,
			CASE jsonb_typeof(v.value) WHEN 'object' THEN coalesce(v.value -> 'timestamp', to_jsonb(_mlflow_metrics.at)) ELSE to_jsonb(_mlflow_metrics.at) END) x(value, step, at);
	IF bad IS NOT NULL THEN
		RAISE EXCEPTION 'metric "%" is none', bad USING ERRCODE = '22023',
			HINT = 'A metric is a number, a list of numbers, or a list of {"value": …, "step": …, "timestamp": milliseconds}; "NaN", "Infinity" and "-Infinity" are numbers; a name has at most 250 letters, digits, blanks and _ - . / :';
	END IF;
	RETURN coalesce(made, '[]');
END $$;
COMMENT ON FUNCTION dbinsight._mlflow_metrics(jsonb, bigint) IS 'Metrics of a run as MLflow''s list of key, value, timestamp (milliseconds) and step';

CREATE FUNCTION dbinsight._milliseconds(at timestamptz) RETURNS bigint
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN floor(extract(epoch FROM at) * 1000)::bigint;
COMMENT ON FUNCTION dbinsight._milliseconds(timestamptz) IS 'Milliseconds since 1970, as MLflow tells time';

CREATE FUNCTION dbinsight.log_run(experiment text, name text, params jsonb DEFAULT NULL, metrics jsonb DEFAULT NULL, tags jsonb DEFAULT NULL, server text DEFAULT NULL,
	started timestamptz DEFAULT NULL, status text DEFAULT 'FINISHED') RETURNS uuid
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	target text := dbinsight._mlflow_server(server);
	chosen text := coalesce(experiment, dbinsight._server_option(target, 'experiment'));
	at bigint := dbinsight._milliseconds(clock_timestamp());
BEGIN
	IF coalesce(chosen, '') = '' THEN
		RAISE EXCEPTION 'no experiment is named' USING ERRCODE = '22023', HINT = format('Name one, or ALTER SERVER %I OPTIONS (ADD experiment …).', target);
	END IF;
	PERFORM dbinsight._one_of('status', status, 'FINISHED', 'FAILED', 'KILLED', 'RUNNING');
	RETURN dbinsight._outbox_put('mlflow_run', target, jsonb_build_object('experiment', chosen, 'name', coalesce(name, 'dbinsight'), 'status', status,
		'start_time', coalesce(dbinsight._milliseconds(started), at), 'end_time', at, 'params', dbinsight._mlflow_entities(params, 'params', 6000),
		'metrics', dbinsight._mlflow_metrics(metrics, at),
		'tags', dbinsight._mlflow_entities(jsonb_build_object('mlflow.source.name', 'dbinsight', 'mlflow.source.type', 'JOB', 'mlflow.user', dbinsight.person()) || coalesce(tags, '{}'), 'tags', 5000)));
END $$;
COMMENT ON FUNCTION dbinsight.log_run(text, text, jsonb, jsonb, jsonb, text, timestamptz, text) IS
'Logs a run to MLflow once this transaction has committed; the id of its row in dbinsight.outbox, whose response tells the run''s id
@param experiment by name, made when it is not there; default the server''s option experiment
@param name of the run
@param params an object, as in {"depth": 6}
@param metrics an object of numbers, or of lists of numbers, one a step, or of {"value", "step", "timestamp"}
@param tags an object
@param server of the wrapper dbinsight_mlflow; default dbinsight.mlflow_server
@param started default now
@param status FINISHED, FAILED, KILLED, RUNNING, default FINISHED
@enum status FINISHED|FAILED|KILLED|RUNNING';

/* ---- traces ---- */

CREATE FUNCTION dbinsight._mlflow_trace_info(message uuid, content boolean) RETURNS jsonb
	LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT jsonb_strip_nulls(jsonb_build_object('trace_id', 'tr-' || s.trace_id, 'client_request_id', s.message_id,
		'request_time', to_char(s.start_time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
		'execution_duration', round(extract(epoch FROM s.end_time - s.start_time), 3) || 's',
		'state', CASE s.status WHEN 'error' THEN 'ERROR' ELSE 'OK' END,
		-- a preview is at most 10 KB there
		'request_preview', CASE WHEN _mlflow_trace_info.content THEN left(dbinsight._redact(to_jsonb(q.content)) #>> '{}', 1000) END,
		'response_preview', CASE WHEN _mlflow_trace_info.content THEN left(dbinsight._redact(to_jsonb(m.content)) #>> '{}', 1000) END,
		'trace_metadata', jsonb_build_object('mlflow.trace.session', m.conversation_id, 'mlflow.trace.user', c.user_id, 'mlflow.source.name', 'dbinsight'),
		'tags', jsonb_build_object('mlflow.traceName', s.name)))
	FROM dbinsight.spans s JOIN dbinsight.chat_messages m ON m.id = s.message_id JOIN dbinsight.chat_conversations c ON c.id = m.conversation_id
	LEFT JOIN dbinsight.chat_messages q ON q.conversation_id = m.conversation_id AND q.seq = m.seq - 1
	WHERE s.message_id = _mlflow_trace_info.message AND s.parent_span_id IS NULL AND c.user_id = dbinsight.person();
END;
COMMENT ON FUNCTION dbinsight._mlflow_trace_info(uuid, boolean) IS 'The head of a trace as MLflow''s API for traces has it, without the experiment; question and answer when content is asked for';

CREATE FUNCTION dbinsight.export_trace(message uuid, server text DEFAULT NULL) RETURNS uuid
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	target text := dbinsight._mlflow_server(server);
	content boolean := dbinsight._setting('mlflow_content') = 'on';
	trace jsonb := dbinsight._trace_otlp(message, content);
BEGIN
	IF trace IS NULL THEN
		RAISE EXCEPTION 'answer % has no trace', message USING ERRCODE = '22023', HINT = 'dbinsight.trace was off, or the trace is past its retention.';
	ELSIF dbinsight._server_option(target, 'server') IS NOT NULL THEN
		RAISE EXCEPTION 'traces are not sent to a workspace of Databricks' USING ERRCODE = '0A000',
			HINT = 'A server with the option tracking_uri takes them: an MLflow server from 3.4 on.';
	END IF;
	-- one delivery a trace and server: a second call finds the first
	RETURN dbinsight._outbox_put('mlflow_trace', target, jsonb_build_object('experiment', coalesce(dbinsight._server_option(target, 'experiment'), 'dbinsight'),
		'trace_info', dbinsight._mlflow_trace_info(message, content), 'otlp', CASE WHEN content THEN dbinsight._redact(trace) ELSE trace END), 'trace-' || message);
END $$;
COMMENT ON FUNCTION dbinsight.export_trace(uuid, text) IS
'Sends how an answer of yours was made to MLflow once this transaction has committed; the id of its row in dbinsight.outbox. Questions, arguments, rows and answers are in it only with dbinsight.mlflow_content, and without what looks like a secret
@param message id of the answer
@param server of the wrapper dbinsight_mlflow with a tracking_uri; default dbinsight.mlflow_server';

/* An answer is not worth less because its trace cannot be sent. */
CREATE FUNCTION dbinsight._export_new_trace() RETURNS trigger
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM dbinsight.export_trace(NEW.message_id);
	RETURN NULL;
EXCEPTION WHEN OTHERS THEN
	RAISE WARNING 'the trace of the answer is not sent to MLflow: %', SQLERRM USING ERRCODE = SQLSTATE;
	RETURN NULL;
END $$;
COMMENT ON FUNCTION dbinsight._export_new_trace() IS 'Sends the trace of each answer to MLflow, with dbinsight.mlflow_traces';
CREATE TRIGGER export_trace AFTER INSERT ON dbinsight.spans
	FOR EACH ROW WHEN (NEW.parent_span_id IS NULL AND dbinsight._setting('mlflow_traces') = 'on') EXECUTE FUNCTION dbinsight._export_new_trace();

/* ---- learning ---- */

CREATE FUNCTION dbinsight._log_router() RETURNS trigger
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	-- retrain_router() runs as the owner, who may use any server
	IF NOT has_server_privilege(session_user, dbinsight._setting('mlflow_server'), 'USAGE') THEN
		RAISE EXCEPTION 'permission denied for foreign server %', dbinsight._setting('mlflow_server') USING ERRCODE = '42501';
	END IF;
	PERFORM dbinsight.log_run(coalesce(dbinsight._server_option(dbinsight._setting('mlflow_server'), 'experiment'), 'dbinsight'), 'router ' || NEW.version,
		params => (SELECT jsonb_object_agg(m.key, m.value) FROM jsonb_each(NEW.metrics) m WHERE jsonb_typeof(m.value) IN ('string', 'boolean')),
		metrics => (SELECT jsonb_object_agg(m.key, m.value) FROM jsonb_each(NEW.metrics) m WHERE jsonb_typeof(m.value) = 'number'),
		tags => jsonb_build_object('dbinsight.model', 'router', 'dbinsight.version', NEW.version));
	RETURN NULL;
EXCEPTION WHEN OTHERS THEN
	RAISE WARNING 'the training is not logged to MLflow: %', SQLERRM USING ERRCODE = SQLSTATE;
	RETURN NULL;
END $$;
COMMENT ON FUNCTION dbinsight._log_router() IS 'Logs each training of the router to dbinsight.mlflow_server, as the owner of the extension';
CREATE TRIGGER log_router AFTER INSERT ON dbinsight.router_models
	FOR EACH ROW WHEN (dbinsight._setting('mlflow_server') <> '') EXECUTE FUNCTION dbinsight._log_router();
