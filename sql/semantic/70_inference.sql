/*
 * Logged inference, a day at a time: every value of every number, for what
 * compares distributions, and how predictions met actuals, for what scores
 * them. Names are looked up when asked: a change log may arrive later.
 */
CREATE FUNCTION dbinsight._inference_values(since timestamptz, until timestamptz)
	RETURNS TABLE (day timestamptz, workspace_id text, endpoint_name text, served_entity_id text, subject text, "values" float8[])
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
	SELECT date_bin('1 day', l.request_time, 'epoch'), l.workspace_id, l.endpoint_name, l.served_entity_id, 'prediction', array_agg(l.prediction)
	FROM dbinsight.fact_inference_log l
	WHERE l.request_time >= _inference_values.since AND l.request_time < _inference_values.until AND l.prediction IS NOT NULL
	GROUP BY 1, 2, 3, 4
	UNION ALL
	SELECT date_bin('1 day', l.request_time, 'epoch'), l.workspace_id, l.endpoint_name, l.served_entity_id, f.key, array_agg((f.value #>> '{}')::float8)
	FROM dbinsight.fact_inference_log l,
		LATERAL jsonb_each(CASE WHEN jsonb_typeof(l.extra -> 'features') = 'object' THEN l.extra -> 'features' END) f
	WHERE l.request_time >= _inference_values.since AND l.request_time < _inference_values.until
		AND l.extra ? 'features' AND jsonb_typeof(f.value) = 'number'
	GROUP BY 1, 2, 3, 4, 5;
END;
COMMENT ON FUNCTION dbinsight._inference_values(timestamptz, timestamptz) IS
'Predictions and logged features (subject) of the requests in [since, until), per UTC day, endpoint and served entity';

CREATE FUNCTION dbinsight._inference_outcomes(since timestamptz, until timestamptz)
	RETURNS TABLE (day timestamptz, workspace_id text, endpoint_name text, served_entity_id text, prediction_label text, actual_label text,
		requests bigint, judged bigint, pairs bigint, absolute float8, squared float8, ratios bigint, ratio float8)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
	SELECT date_bin('1 day', l.request_time, 'epoch'), l.workspace_id, l.endpoint_name, l.served_entity_id, l.prediction_label, l.actual_label,
		count(*), count(*) FILTER (WHERE l.actual IS NOT NULL OR l.actual_label IS NOT NULL), count(l.prediction - l.actual),
		sum(abs(l.prediction - l.actual)), sum((l.prediction - l.actual) * (l.prediction - l.actual)),
		count(l.prediction) FILTER (WHERE l.actual <> 0), sum(abs(l.prediction - l.actual) / abs(nullif(l.actual, 0)))
	FROM dbinsight.fact_inference_log l
	WHERE l.request_time >= _inference_outcomes.since AND l.request_time < _inference_outcomes.until
	GROUP BY 1, 2, 3, 4, 5, 6;
END;
COMMENT ON FUNCTION dbinsight._inference_outcomes(timestamptz, timestamptz) IS
'Requests in [since, until) per UTC day, endpoint, served entity and pair of labels: how many, how many with an actual, and the errors of numbers';

CREATE TABLE dbinsight.rollup_inference_values (
	day timestamptz NOT NULL,
	workspace_id text,
	endpoint_name text,
	served_entity_id text,
	subject text NOT NULL,
	"values" float8[] NOT NULL
);
COMMENT ON TABLE dbinsight.rollup_inference_values IS
'fact_inference_log per UTC day, endpoint, served entity and subject (prediction, or the name of a logged feature): all values, in no order';
CREATE INDEX ON dbinsight.rollup_inference_values (day);

CREATE TABLE dbinsight.rollup_inference_outcome (
	day timestamptz NOT NULL,
	workspace_id text,
	endpoint_name text,
	served_entity_id text,
	prediction_label text,
	actual_label text,
	requests bigint NOT NULL,
	judged bigint NOT NULL,
	pairs bigint NOT NULL,
	absolute float8,
	squared float8,
	ratios bigint NOT NULL,
	ratio float8
);
COMMENT ON TABLE dbinsight.rollup_inference_outcome IS
'fact_inference_log per UTC day, endpoint, served entity and pair of labels: requests, those judged (with an actual), and of pairs of numbers the sums of absolute, squared and relative errors';
CREATE INDEX ON dbinsight.rollup_inference_outcome (day);

CREATE FUNCTION dbinsight._refresh_inference_values(since timestamptz, until timestamptz) RETURNS void
	LANGUAGE sql SET work_mem = '64MB' BEGIN ATOMIC
	SELECT pg_advisory_xact_lock(hashtextextended('dbinsight.rollup_inference_values', 0));
	DELETE FROM dbinsight.rollup_inference_values r WHERE r.day >= date_bin('1 day', since, 'epoch') AND r.day <= until;
	INSERT INTO dbinsight.rollup_inference_values (day, workspace_id, endpoint_name, served_entity_id, subject, "values")
	SELECT v.day, v.workspace_id, v.endpoint_name, v.served_entity_id, v.subject, v."values"
	FROM dbinsight._inference_values(date_bin('1 day', since, 'epoch'), date_bin('1 day', until, 'epoch') + interval '1 day') v;
END;
COMMENT ON FUNCTION dbinsight._refresh_inference_values(timestamptz, timestamptz) IS 'Recomputes rollup_inference_values for the UTC days between two times';

CREATE FUNCTION dbinsight._refresh_inference_outcome(since timestamptz, until timestamptz) RETURNS void
	LANGUAGE sql BEGIN ATOMIC
	SELECT pg_advisory_xact_lock(hashtextextended('dbinsight.rollup_inference_outcome', 0));
	DELETE FROM dbinsight.rollup_inference_outcome r WHERE r.day >= date_bin('1 day', since, 'epoch') AND r.day <= until;
	INSERT INTO dbinsight.rollup_inference_outcome (day, workspace_id, endpoint_name, served_entity_id, prediction_label, actual_label,
		requests, judged, pairs, absolute, squared, ratios, ratio)
	SELECT o.day, o.workspace_id, o.endpoint_name, o.served_entity_id, o.prediction_label, o.actual_label,
		o.requests, o.judged, o.pairs, o.absolute, o.squared, o.ratios, o.ratio
	FROM dbinsight._inference_outcomes(date_bin('1 day', since, 'epoch'), date_bin('1 day', until, 'epoch') + interval '1 day') o;
END;
COMMENT ON FUNCTION dbinsight._refresh_inference_outcome(timestamptz, timestamptz) IS 'Recomputes rollup_inference_outcome for the UTC days between two times';

/* Whole days from the rollups, the days a window cuts from the log. */
CREATE FUNCTION dbinsight._logged_values(since timestamptz, until timestamptz)
	RETURNS TABLE (workspace_id text, endpoint_name text, served_entity_id text, subject text, "values" float8[])
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
	SELECT r.workspace_id, r.endpoint_name, r.served_entity_id, r.subject, r."values"
	FROM dbinsight.rollup_inference_values r
	WHERE r.day >= _logged_values.since AND r.day < date_bin('1 day', _logged_values.until, 'epoch')
	UNION ALL
	SELECT v.workspace_id, v.endpoint_name, v.served_entity_id, v.subject, v."values"
	FROM dbinsight._inference_values(_logged_values.since, date_bin('1 day', _logged_values.since + interval '1 day - 1 microsecond', 'epoch')) v
	UNION ALL
	SELECT v.workspace_id, v.endpoint_name, v.served_entity_id, v.subject, v."values"
	FROM dbinsight._inference_values(date_bin('1 day', _logged_values.until, 'epoch'), _logged_values.until) v;
END;
COMMENT ON FUNCTION dbinsight._logged_values(timestamptz, timestamptz) IS
'Predictions and logged features of [since, until), a window of a day or more';

CREATE FUNCTION dbinsight._logged_outcomes(since timestamptz, until timestamptz)
	RETURNS TABLE (day timestamptz, workspace_id text, endpoint_name text, served_entity_id text, prediction_label text, actual_label text,
		requests bigint, judged bigint, pairs bigint, absolute float8, squared float8, ratios bigint, ratio float8)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
	SELECT r.day, r.workspace_id, r.endpoint_name, r.served_entity_id, r.prediction_label, r.actual_label,
		r.requests, r.judged, r.pairs, r.absolute, r.squared, r.ratios, r.ratio
	FROM dbinsight.rollup_inference_outcome r
	WHERE r.day >= _logged_outcomes.since AND r.day < date_bin('1 day', _logged_outcomes.until, 'epoch')
	UNION ALL
	SELECT o.day, o.workspace_id, o.endpoint_name, o.served_entity_id, o.prediction_label, o.actual_label,
		o.requests, o.judged, o.pairs, o.absolute, o.squared, o.ratios, o.ratio
	FROM dbinsight._inference_outcomes(_logged_outcomes.since, date_bin('1 day', _logged_outcomes.since + interval '1 day - 1 microsecond', 'epoch')) o
	UNION ALL
	SELECT o.day, o.workspace_id, o.endpoint_name, o.served_entity_id, o.prediction_label, o.actual_label,
		o.requests, o.judged, o.pairs, o.absolute, o.squared, o.ratios, o.ratio
	FROM dbinsight._inference_outcomes(date_bin('1 day', _logged_outcomes.until, 'epoch'), _logged_outcomes.until) o;
END;
COMMENT ON FUNCTION dbinsight._logged_outcomes(timestamptz, timestamptz) IS
'Requests, labels and errors of [since, until), a window of a day or more: rows to be summed';

CREATE TABLE dbinsight.rollup_inference_latency (
	day timestamptz NOT NULL,
	workspace_id text,
	endpoint_name text,
	served_entity_id text,
	ms float8[] NOT NULL
);
COMMENT ON TABLE dbinsight.rollup_inference_latency IS
'fact_inference_log per UTC day, endpoint and served entity: every execution time in milliseconds, in no order';
CREATE INDEX ON dbinsight.rollup_inference_latency (day);

CREATE FUNCTION dbinsight._refresh_inference_latency(since timestamptz, until timestamptz) RETURNS void
	LANGUAGE sql BEGIN ATOMIC
	SELECT pg_advisory_xact_lock(hashtextextended('dbinsight.rollup_inference_latency', 0));
	DELETE FROM dbinsight.rollup_inference_latency r WHERE r.day >= date_bin('1 day', since, 'epoch') AND r.day <= until;
	INSERT INTO dbinsight.rollup_inference_latency (day, workspace_id, endpoint_name, served_entity_id, ms)
	SELECT date_bin('1 day', l.request_time, 'epoch'), l.workspace_id, l.endpoint_name, l.served_entity_id, array_agg(l.execution_ms::float8)
	FROM dbinsight.fact_inference_log l
	WHERE l.request_time >= date_bin('1 day', since, 'epoch') AND l.request_time < date_bin('1 day', until, 'epoch') + interval '1 day'
		AND l.execution_ms IS NOT NULL
	GROUP BY 1, 2, 3, 4;
END;
COMMENT ON FUNCTION dbinsight._refresh_inference_latency(timestamptz, timestamptz) IS 'Recomputes rollup_inference_latency for the UTC days between two times';

CREATE TABLE dbinsight.rollup_endpoint_hourly (
	hour timestamptz PRIMARY KEY,
	requests bigint NOT NULL,
	errors bigint NOT NULL
);
COMMENT ON TABLE dbinsight.rollup_endpoint_hourly IS
'fact_endpoint_usage per UTC hour: requests to all endpoints, and errors (status 400 and above, but 429, which is no error of the endpoint)';

CREATE FUNCTION dbinsight._refresh_endpoint_hourly(since timestamptz, until timestamptz) RETURNS void
	LANGUAGE sql BEGIN ATOMIC
	SELECT pg_advisory_xact_lock(hashtextextended('dbinsight.rollup_endpoint_hourly', 0));
	DELETE FROM dbinsight.rollup_endpoint_hourly r WHERE r.hour >= date_bin('1 hour', since, 'epoch') AND r.hour <= until;
	INSERT INTO dbinsight.rollup_endpoint_hourly
	SELECT date_bin('1 hour', u.request_time, 'epoch'), count(*), count(*) FILTER (WHERE u.status_code >= 400 AND u.status_code <> 429)
	FROM dbinsight.fact_endpoint_usage u
	WHERE u.request_time >= date_bin('1 hour', since, 'epoch') AND u.request_time < date_bin('1 hour', until, 'epoch') + interval '1 hour'
	GROUP BY 1;
END;
COMMENT ON FUNCTION dbinsight._refresh_endpoint_hourly(timestamptz, timestamptz) IS 'Recomputes rollup_endpoint_hourly for the UTC hours between two times';

/* Whole hours from the rollup, the hours a window cuts from the requests. */
CREATE FUNCTION dbinsight._endpoint_requests(since timestamptz, until timestamptz) RETURNS TABLE (requests bigint, errors bigint)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
	SELECT r.requests, r.errors FROM dbinsight.rollup_endpoint_hourly r
	WHERE r.hour >= _endpoint_requests.since AND r.hour < date_bin('1 hour', _endpoint_requests.until, 'epoch')
	UNION ALL
	SELECT count(*), count(*) FILTER (WHERE u.status_code >= 400 AND u.status_code <> 429)
	FROM dbinsight.fact_endpoint_usage u
	WHERE u.request_time >= _endpoint_requests.since
		AND u.request_time < date_bin('1 hour', _endpoint_requests.since + interval '1 hour - 1 microsecond', 'epoch')
	UNION ALL
	SELECT count(*), count(*) FILTER (WHERE u.status_code >= 400 AND u.status_code <> 429)
	FROM dbinsight.fact_endpoint_usage u
	WHERE u.request_time >= date_bin('1 hour', _endpoint_requests.until, 'epoch') AND u.request_time < _endpoint_requests.until;
END;
COMMENT ON FUNCTION dbinsight._endpoint_requests(timestamptz, timestamptz) IS
'Requests to all endpoints and their errors in [since, until), a window of an hour or more: rows to be summed';

INSERT INTO dbinsight.derived_relations VALUES
	('rollup_endpoint_hourly', 'fact_endpoint_usage', 20, '_refresh_endpoint_hourly'),
	('rollup_inference_latency', 'fact_inference_log', 20, '_refresh_inference_latency'),
	('rollup_inference_values', 'fact_inference_log', 20, '_refresh_inference_values'),
	('rollup_inference_outcome', 'fact_inference_log', 20, '_refresh_inference_outcome');

INSERT INTO dbinsight.retention VALUES
	('rollup_endpoint_hourly', 'hour', '400 days'),
	('rollup_inference_values', 'day', '90 days'),
	('rollup_inference_outcome', 'day', '400 days'),
	('rollup_inference_latency', 'day', '400 days');
