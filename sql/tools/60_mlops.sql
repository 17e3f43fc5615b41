/*
 * Models and endpoints. Names come from the served entity, versions too; where
 * a log names no served entity its endpoint stands for the model.
 */
CREATE FUNCTION dbinsight._primary_metric(metrics jsonb) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	-- What a run was trained for is not recorded: the usual target comes first, val_ or test_ before it or not.
	SELECT m.key
	FROM jsonb_each(_primary_metric.metrics) m
	LEFT JOIN unnest(ARRAY['pr_auc', 'roc_auc', 'auc', 'f1', 'f1_score', 'accuracy', 'mase', 'wape', 'rmse', 'mae', 'mape', 'loss'])
		WITH ORDINALITY k(name, place) ON lower(m.key) = k.name OR lower(m.key) LIKE '%\_' || replace(k.name, '_', '\_')
	WHERE jsonb_typeof(m.value) = 'number'
	ORDER BY k.place, m.key COLLATE "C"
	LIMIT 1;
END;
COMMENT ON FUNCTION dbinsight._primary_metric(jsonb) IS
'Name of the metric that stands for a model among {name: value}: the usual targets by preference, else the first name';

CREATE FUNCTION dbinsight._latest_metrics(aggregated_metrics jsonb) RETURNS jsonb
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	-- NaN and infinities arrive as text and are left out: nothing can be compared with them.
	SELECT jsonb_object_agg(m.value ->> 'metric_name', m.value -> 'latest_value')
	FROM jsonb_array_elements(CASE WHEN jsonb_typeof(_latest_metrics.aggregated_metrics) = 'array'
		THEN _latest_metrics.aggregated_metrics END) m
	WHERE jsonb_typeof(m.value -> 'latest_value') = 'number' AND m.value ->> 'metric_name' IS NOT NULL;
END;
COMMENT ON FUNCTION dbinsight._latest_metrics(jsonb) IS 'The aggregated metrics of an MLflow run as {name: latest value}';

CREATE FUNCTION dbinsight._higher_is_better(metric_name text) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN metric_name !~* '(loss|error|mae|rmse|mse|mape|latency|psi)';
COMMENT ON FUNCTION dbinsight._higher_is_better(text) IS 'Whether a metric of this name is better when higher';

CREATE FUNCTION dbinsight.get_model_performance(model_name text DEFAULT NULL, days int DEFAULT 30)
	RETURNS TABLE (model_name text, version text, source text, metric_name text, evaluated_at timestamptz, value float8,
		baseline_value float8, change_pct float8, higher_is_better boolean, status text)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 200
BEGIN ATOMIC
	WITH pair AS (
		SELECT l.workspace_id, l.endpoint_name, l.served_entity_id, (l.request_time AT TIME ZONE 'UTC')::date AS day,
			l.prediction_label, l.actual_label, count(*) AS n,
			count(l.prediction - l.actual) AS pairs, sum(abs(l.prediction - l.actual)) AS absolute,
			sum((l.prediction - l.actual) * (l.prediction - l.actual)) AS squared,
			count(l.prediction) FILTER (WHERE l.actual <> 0) AS ratios,
			sum(abs(l.prediction - l.actual) / abs(nullif(l.actual, 0))) AS ratio
		FROM dbinsight.fact_inference_log l
		WHERE l.request_time >= dbinsight._since_days(get_model_performance.days) AND l.request_time < dbinsight.now()
			AND (l.actual IS NOT NULL OR l.actual_label IS NOT NULL)
		GROUP BY l.workspace_id, l.endpoint_name, l.served_entity_id, 4, l.prediction_label, l.actual_label
	), named AS MATERIALIZED (
		SELECT coalesce(e.entity_name, p.endpoint_name) AS model_name, e.entity_version AS version, p.*
		FROM pair p
		LEFT JOIN dbinsight.current_served_entity e ON e.served_entity_id = p.served_entity_id
			AND (e.workspace_id = p.workspace_id OR p.workspace_id IS NULL)
		WHERE dbinsight._matches(get_model_performance.model_name, coalesce(e.entity_name, p.endpoint_name), p.endpoint_name)
	), confusion AS MATERIALIZED (
		SELECT n.model_name, n.version, n.day, n.prediction_label, n.actual_label, sum(n.n) AS n
		FROM named n WHERE n.prediction_label IS NOT NULL AND n.actual_label IS NOT NULL
		GROUP BY n.model_name, n.version, n.day, n.prediction_label, n.actual_label
	), label AS (
		SELECT c.model_name, v.label, sum(c.n) FILTER (WHERE v.is_actual) AS actuals
		FROM confusion c, LATERAL (VALUES (c.actual_label, true), (c.prediction_label, false)) v(label, is_actual)
		GROUP BY c.model_name, v.label
	), judged AS (
		-- Of two labels one is positive: the affirmative word, else the rarer. Of more, each is in turn.
		SELECT l.model_name, l.label, count(*) OVER w <> 2 OR row_number() OVER (w ORDER BY
			lower(l.label) IN ('1', 'true', 't', 'yes', 'y', 'positive', 'pos') DESC, coalesce(l.actuals, 0), l.label COLLATE "C" DESC) = 1 AS positive
		FROM label l
		WINDOW w AS (PARTITION BY l.model_name)
	), outcome AS (
		SELECT c.model_name, c.version, c.day, j.label,
			coalesce(sum(c.n) FILTER (WHERE c.prediction_label = j.label AND c.actual_label = j.label), 0)::float8 AS tp,
			coalesce(sum(c.n) FILTER (WHERE c.prediction_label = j.label AND c.actual_label <> j.label), 0)::float8 AS fp,
			coalesce(sum(c.n) FILTER (WHERE c.prediction_label <> j.label AND c.actual_label = j.label), 0)::float8 AS fn
		FROM confusion c JOIN judged j ON j.model_name = c.model_name AND j.positive
		GROUP BY c.model_name, c.version, c.day, j.label
	), observed AS (
		SELECT m.model_name, m.version::text AS version, 'internal' AS source, m.split, m.metric_name, m.evaluated_at, m.value
		FROM dbinsight.model_metric m
		WHERE m.evaluated_at >= dbinsight._since_days(get_model_performance.days) AND m.evaluated_at < dbinsight.now()
			AND m.split IN ('test', 'production') AND m.value NOT IN ('NaN', 'Infinity', '-Infinity')
			AND dbinsight._matches(get_model_performance.model_name, m.model_name, m.model_name)
		UNION ALL
		SELECT r.model_name, r.version, 'mlflow', NULL, m.key, r.evaluated_at, m.value::float8
		FROM (
			SELECT coalesce(f.tags ->> 'mlflow.registeredModelName', f.run_name) AS model_name,
				f.tags ->> 'mlflow.registeredModelVersion' AS version, coalesce(f.end_time, f.start_time) AS evaluated_at,
				dbinsight._latest_metrics(f.aggregated_metrics) AS metrics, f.run_name
			FROM dbinsight.fact_mlflow_runs f
			WHERE f.delete_time IS NULL AND coalesce(f.end_time, f.start_time) >= dbinsight._since_days(get_model_performance.days)
				AND coalesce(f.end_time, f.start_time) < dbinsight.now()
		) r, LATERAL jsonb_each(r.metrics) m
		WHERE r.model_name IS NOT NULL AND dbinsight._matches(get_model_performance.model_name, r.model_name, r.run_name)
		UNION ALL
		SELECT o.model_name, o.version, 'production', NULL, m.metric_name, o.day::timestamp AT TIME ZONE 'UTC', m.value
		FROM (
			SELECT o.model_name, o.version, o.day, avg(o.tp / nullif(o.tp + o.fp, 0)) AS precision, avg(o.tp / nullif(o.tp + o.fn, 0)) AS recall,
				avg(2 * o.tp / nullif(2 * o.tp + o.fp + o.fn, 0)) AS f1
			FROM outcome o GROUP BY o.model_name, o.version, o.day
		) o, LATERAL (VALUES ('precision', o.precision), ('recall', o.recall), ('f1', o.f1)) m(metric_name, value)
		UNION ALL
		SELECT c.model_name, c.version, 'production', NULL, 'accuracy', c.day::timestamp AT TIME ZONE 'UTC',
			(coalesce(sum(c.n) FILTER (WHERE c.prediction_label = c.actual_label), 0) / sum(c.n))::float8
		FROM confusion c GROUP BY c.model_name, c.version, c.day
		UNION ALL
		SELECT v.model_name, v.version, 'production', NULL, m.metric_name, v.day::timestamp AT TIME ZONE 'UTC', m.value
		FROM (
			SELECT n.model_name, n.version, n.day, sum(n.absolute) / sum(n.pairs) AS mae, sqrt(sum(n.squared) / sum(n.pairs)) AS rmse,
				100 * sum(n.ratio) / nullif(sum(n.ratios), 0)::float8 AS mape
			FROM named n WHERE n.pairs > 0 GROUP BY n.model_name, n.version, n.day
		) v, LATERAL (VALUES ('mae', v.mae::float8), ('rmse', v.rmse::float8), ('mape', v.mape)) m(metric_name, value)
	), compared AS (
		SELECT o.*, first_value(o.value) OVER (PARTITION BY o.model_name, o.source, o.split, o.metric_name
				ORDER BY o.evaluated_at, o.version COLLATE "C", o.value) AS baseline,
			dbinsight._higher_is_better(o.metric_name) AS better
		FROM observed o WHERE o.value IS NOT NULL
	)
	SELECT c.model_name, c.version, c.source, c.metric_name, c.evaluated_at, dbinsight._r(c.value, 6), dbinsight._r(c.baseline, 6),
		dbinsight.chg(c.value::numeric, c.baseline::numeric), c.better,
		CASE WHEN dbinsight.chg(c.value::numeric, c.baseline::numeric) * CASE WHEN c.better THEN 1 ELSE -1 END < -5 THEN 'DEGRADED'
			WHEN dbinsight.chg(c.value::numeric, c.baseline::numeric) * CASE WHEN c.better THEN 1 ELSE -1 END > 5 THEN 'IMPROVED'
			WHEN c.baseline <> 0 THEN 'STABLE' END
	FROM compared c
	ORDER BY c.evaluated_at DESC, c.metric_name COLLATE "C", c.model_name COLLATE "C", c.source, c.version COLLATE "C", c.value;
END;
COMMENT ON FUNCTION dbinsight.get_model_performance(text, int) IS
'How good are the models: which metrics got better or worse than at the start of the window?
not for: whether inputs or predictions changed, use get_model_drift; latency, errors and tokens of endpoints, use get_inference_metrics
@param model_name text, a model, MLflow run or endpoint by name (% as wildcard), default all
@param days int, rolling days, 1 to 400, default 30
Source internal is the product''s own models (test and production figures), mlflow the latest metrics of runs, production what logged predictions score against actuals, per day: accuracy, precision, recall and f1 as fractions, mape in percent. Of two labels the positive one is 1, true, yes or positive, else the rarer; with more labels precision, recall and f1 are the plain mean over labels. baseline_value is the first value in the window; more than 5 % worse is DEGRADED.';

CREATE FUNCTION dbinsight.get_model_drift(model_name text DEFAULT NULL)
	RETURNS TABLE (model_name text, subject text, statistic text, value float8, threshold float8, drifted boolean,
		current_n bigint, baseline_n bigint, baseline_start timestamptz, current_start timestamptz)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 40
BEGIN ATOMIC
	WITH logged AS MATERIALIZED (
		SELECT coalesce(e.entity_name, l.endpoint_name) AS model_name, l.request_time >= dbinsight._since_days(7) AS is_current,
			l.prediction, l.prediction_label, l.extra -> 'features' AS features
		FROM dbinsight.fact_inference_log l
		LEFT JOIN dbinsight.current_served_entity e ON e.served_entity_id = l.served_entity_id
			AND (e.workspace_id = l.workspace_id OR l.workspace_id IS NULL)
		WHERE l.request_time >= dbinsight._since_days(35) AND l.request_time < dbinsight.now()
			AND dbinsight._matches(get_model_drift.model_name, coalesce(e.entity_name, l.endpoint_name), l.endpoint_name)
	), number AS MATERIALIZED (
		SELECT o.model_name, o.subject, o.is_current, o.x
		FROM (
			SELECT p.model_name, 'prediction' AS subject, p.scored_at >= dbinsight._since_days(7) AS is_current, coalesce(p.score, p.value) AS x
			FROM dbinsight.predictions p
			WHERE p.scored_at >= dbinsight._since_days(35) AND p.scored_at < dbinsight.now()
				AND dbinsight._matches(get_model_drift.model_name, p.model_name, p.model_name)
			UNION ALL
			SELECT l.model_name, 'prediction', l.is_current, l.prediction FROM logged l WHERE l.prediction IS NOT NULL
			UNION ALL
			SELECT l.model_name, f.key, l.is_current, (f.value #>> '{}')::float8
			FROM logged l, LATERAL jsonb_each(CASE WHEN jsonb_typeof(l.features) = 'object' THEN l.features END) f
			WHERE jsonb_typeof(f.value) = 'number'
		) o
		WHERE o.x NOT IN ('NaN', 'Infinity', '-Infinity') AND o.model_name IS NOT NULL
	), sided AS (
		SELECT o.model_name, o.subject, count(*) FILTER (WHERE o.is_current) AS n, count(*) FILTER (WHERE NOT o.is_current) AS m,
			avg(o.x) FILTER (WHERE o.is_current) - avg(o.x) FILTER (WHERE NOT o.is_current) AS shift,
			stddev_samp(o.x) FILTER (WHERE NOT o.is_current) AS deviation,
			-- Deciles of the negated values: width_bucket() puts what equals an edge above it, and x <= edge belongs below.
			percentile_cont(ARRAY[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]) WITHIN GROUP (ORDER BY -o.x) FILTER (WHERE NOT o.is_current) AS decile
		FROM number o GROUP BY o.model_name, o.subject
	), measured AS MATERIALIZED (
		SELECT s.*, s.n >= 50 AND s.m >= 50 AS enough,
			(SELECT array_agg(DISTINCT d ORDER BY d) FROM unnest(s.decile) d) AS edge
		FROM sided s
	), bin AS (
		SELECT s.model_name, s.subject, s.n, s.m, cardinality(s.edge) + 1 AS bins, coalesce(c.n, 0) AS bin_n, coalesce(c.m, 0) AS bin_m
		FROM measured s
		CROSS JOIN LATERAL generate_series(0, cardinality(s.edge)) b(bin)
		LEFT JOIN (
			SELECT o.model_name, o.subject, width_bucket(-o.x, s.edge) AS bin, count(*) FILTER (WHERE o.is_current) AS n,
				count(*) FILTER (WHERE NOT o.is_current) AS m
			FROM number o JOIN measured s ON s.model_name = o.model_name AND s.subject = o.subject AND s.enough
			GROUP BY 1, 2, 3
		) c ON c.model_name = s.model_name AND c.subject = s.subject AND c.bin = b.bin
		WHERE s.enough
	), label_count AS (
		SELECT l.model_name, l.prediction_label AS label, count(*) FILTER (WHERE l.is_current) AS n, count(*) FILTER (WHERE NOT l.is_current) AS m
		FROM logged l WHERE l.prediction_label IS NOT NULL AND l.model_name IS NOT NULL
		GROUP BY l.model_name, l.prediction_label
	), label_bin AS (
		-- The twenty labels most frequent before, and one bin for the others.
		SELECT c.model_name, least(c.place, 21) AS bin, sum(c.n) AS bin_n, sum(c.m) AS bin_m
		FROM (SELECT *, row_number() OVER (PARTITION BY model_name ORDER BY m DESC, label COLLATE "C") AS place FROM label_count) c
		GROUP BY c.model_name, 2
	), label_side AS MATERIALIZED (
		SELECT b.model_name, 'prediction_label' AS subject, b.bin_n, b.bin_m, sum(b.bin_n) OVER w AS n, sum(b.bin_m) OVER w AS m, count(*) OVER w AS bins
		FROM label_bin b WINDOW w AS (PARTITION BY b.model_name)
	), shares AS (
		-- Half a count in each bin, so that one empty bin cannot decide.
		SELECT b.model_name, b.subject, b.n::float8 AS n, b.m::float8 AS m, b.bins, (b.bin_n + 0.5)::float8 / (b.n + 0.5 * b.bins)::float8 AS q,
			(b.bin_m + 0.5)::float8 / (b.m + 0.5 * b.bins)::float8 AS p
		FROM (SELECT model_name, subject, n, m, bins, bin_n, bin_m FROM bin
			UNION ALL
			SELECT model_name, subject, n, m, bins, bin_n, bin_m FROM label_side WHERE n >= 50 AND m >= 50) b
	), binned AS (
		-- noise: the 99 % point of the statistic without drift, chi-square with bins - 1 degrees (Wilson and Hilferty's form).
		SELECT s.model_name, s.subject, sum((s.q - s.p) * ln(s.q / s.p)) AS psi,
			sum(s.p * ln(2 * s.p / (s.p + s.q)) + s.q * ln(2 * s.q / (s.p + s.q))) / (2 * ln(2::float8)) AS js,
			(1 / s.n + 1 / s.m) * CASE WHEN s.bins > 1 THEN (s.bins - 1) * power(1 - 2.0 / (9 * (s.bins - 1))
				+ 2.3263 * sqrt(2.0 / (9 * (s.bins - 1))), 3) ELSE 0 END::float8 AS noise
		FROM shares s GROUP BY s.model_name, s.subject, s.n, s.m, s.bins
	), ks AS (
		SELECT k.model_name, k.subject, max(abs(k.n_below / k.n - k.m_below / k.m)) AS ks
		FROM (
			SELECT c.model_name, c.subject, s.n::float8 AS n, s.m::float8 AS m,
				sum(c.n) OVER w AS n_below, sum(c.m) OVER w AS m_below
			FROM (SELECT o.model_name, o.subject, o.x, (count(*) FILTER (WHERE o.is_current))::float8 AS n,
					(count(*) FILTER (WHERE NOT o.is_current))::float8 AS m
				FROM number o GROUP BY o.model_name, o.subject, o.x) c
			JOIN measured s ON s.model_name = c.model_name AND s.subject = c.subject AND s.enough
			WINDOW w AS (PARTITION BY c.model_name, c.subject ORDER BY c.x)
		) k
		GROUP BY k.model_name, k.subject
	), verdict AS (
		-- 1.6276 and 2.5758: the 1 % points of the Kolmogorov distribution and, two-sided, of the normal one.
		SELECT s.model_name, s.subject, s.n, s.m, v.statistic, v.value, v.threshold, v.noise
		FROM measured s
		LEFT JOIN binned b ON b.model_name = s.model_name AND b.subject = s.subject
		LEFT JOIN ks k ON k.model_name = s.model_name AND k.subject = s.subject
		CROSS JOIN LATERAL (VALUES
			('psi', b.psi, 0.2::float8, b.noise),
			('ks', k.ks, 0.1, 1.6276 * sqrt(1.0::float8 / nullif(s.n, 0) + 1.0::float8 / nullif(s.m, 0))),
			('js', b.js, 0.1, b.noise / (8 * ln(2::float8))),
			('mean_shift', CASE WHEN s.enough THEN abs(s.shift) / nullif(s.deviation, 0) END, 0.5,
				2.5758 * sqrt(1.0::float8 / nullif(s.n, 0) + 1.0::float8 / nullif(s.m, 0)))
		) v(statistic, value, threshold, noise)
		UNION ALL
		SELECT s.model_name, s.subject, s.n, s.m, v.statistic, v.value, v.threshold, v.noise
		FROM (SELECT DISTINCT l.model_name, l.subject, l.n::bigint AS n, l.m::bigint AS m FROM label_side l) s
		LEFT JOIN binned b ON b.model_name = s.model_name AND b.subject = s.subject
		CROSS JOIN LATERAL (VALUES ('psi', b.psi, 0.2::float8, b.noise), ('js', b.js, 0.1, b.noise / (8 * ln(2::float8)))) v(statistic, value, threshold, noise)
	)
	SELECT v.model_name, v.subject, v.statistic, dbinsight._r(v.value, 4), v.threshold, coalesce(v.value >= v.threshold AND v.value > v.noise, false),
		v.n, v.m, dbinsight._since_days(35), dbinsight._since_days(7)
	FROM verdict v
	ORDER BY coalesce(v.value >= v.threshold AND v.value > v.noise, false) DESC, v.subject COLLATE "C", v.model_name COLLATE "C", v.statistic COLLATE "C";
END;
COMMENT ON FUNCTION dbinsight.get_model_drift(text) IS
'Have the predictions or logged features of a model drifted in the last 7 days against the 28 days before?
not for: whether a model got worse, use get_model_performance; drift of tables, use get_drift_metrics
@param model_name text, a model or endpoint by name (% as wildcard), default all
psi and js compare shares of the baseline''s deciles (or labels), ks the whole distribution, mean_shift is in baseline standard deviations. drifted: at or over the threshold and beyond what chance alone gives in 99 of 100 cases at these row counts. Under 50 rows on either side the value is NULL.';

CREATE FUNCTION dbinsight.get_training_history(model_name text DEFAULT NULL, top_n int DEFAULT 50)
	RETURNS TABLE (model_name text, version text, run_id text, source text, started_at timestamptz, ended_at timestamptz,
		duration_s float8, status text, training_rows bigint, primary_metric text, metric_value float8, metric_delta float8,
		trained_by text, params jsonb)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 50
BEGIN ATOMIC
	WITH training AS (
		SELECT m.name AS model_name, m.version::text AS version, NULL::text AS run_id, 'internal' AS source,
			m.trained_at - make_interval(secs => coalesce(m.duration_s, 0)) AS started_at, m.trained_at AS ended_at,
			m.duration_s, m.stage AS status, m.training_rows, m.metrics, m.trained_by, m.params
		FROM dbinsight.models m
		WHERE m.trained_at <= dbinsight.now() AND dbinsight._matches(get_training_history.model_name, m.name, m.name)
		UNION ALL
		SELECT coalesce(f.tags ->> 'mlflow.registeredModelName', f.run_name), f.tags ->> 'mlflow.registeredModelVersion', f.run_id, 'mlflow',
			f.start_time, f.end_time, extract(epoch FROM f.end_time - f.start_time)::float8, f.status,
			CASE WHEN f.params ->> 'training_rows' ~ '^[0-9]{1,18}$' THEN (f.params ->> 'training_rows')::bigint END,
			dbinsight._latest_metrics(f.aggregated_metrics), f.created_by, f.params
		FROM dbinsight.fact_mlflow_runs f
		WHERE f.delete_time IS NULL AND f.start_time <= dbinsight.now()
			AND dbinsight._matches(get_training_history.model_name, coalesce(f.tags ->> 'mlflow.registeredModelName', f.run_name), f.run_name)
	), measured AS (
		SELECT t.*, (t.metrics ->> t.primary_metric)::float8 AS metric_value
		FROM (SELECT *, dbinsight._primary_metric(metrics) AS primary_metric FROM training) t
	), compared AS (
		SELECT m.*, m.metric_value - lag(m.metric_value) OVER (PARTITION BY m.model_name, m.source, m.primary_metric
			ORDER BY m.started_at, m.version COLLATE "C", m.run_id COLLATE "C") AS delta
		FROM measured m
	)
	SELECT c.model_name, c.version, c.run_id, c.source, c.started_at, c.ended_at, dbinsight._r(c.duration_s, 3), c.status,
		c.training_rows, c.primary_metric, dbinsight._r(c.metric_value, 6), dbinsight._r(c.delta, 6), c.trained_by, c.params
	FROM compared c
	ORDER BY c.started_at DESC NULLS LAST, c.model_name COLLATE "C", c.version COLLATE "C", c.run_id COLLATE "C"
	LIMIT dbinsight._top_n(get_training_history.top_n);
END;
COMMENT ON FUNCTION dbinsight.get_training_history(text, int) IS
'When were models trained, by whom, how long did it take and how good did they become?
not for: how a model performs now, use get_model_performance; experiments as a whole, use get_experiment_summary
@param model_name text, a model or MLflow run by name (% as wildcard), default all
@param top_n int, rows, latest first, 1 to 100000, default 50
Source internal is the product''s own models (status is their stage), mlflow the runs. primary_metric is the usual target among the recorded metrics; metric_delta its change since the training before.';

/*
 * Complete days, because usage is billed by the day. An endpoint's cost of a day
 * is shared among its served entities by their requests.
 */
CREATE FUNCTION dbinsight.get_inference_metrics(endpoint text DEFAULT NULL, days int DEFAULT 7)
	RETURNS TABLE (endpoint_name text, served_entity text, entity_version text, usage_date date, requests bigint, errors bigint,
		error_rate_pct float8, throttled bigint, p50_ms float8, p95_ms float8, p99_ms float8, input_tokens bigint,
		output_tokens bigint, tokens_per_request float8, distinct_requesters bigint, streaming_pct float8, cost numeric,
		cost_per_1k_requests numeric, workspace_id text)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
	WITH request AS (
		SELECT u.workspace_id, u.endpoint_name, u.served_entity_id, u.entity_name, u.entity_version,
			(u.request_time AT TIME ZONE 'UTC')::date AS usage_date, u.requester, count(*) AS requests,
			count(*) FILTER (WHERE u.status_code >= 400 AND u.status_code <> 429) AS errors,
			count(*) FILTER (WHERE u.status_code = 429) AS throttled, sum(u.input_token_count) AS input_tokens,
			sum(u.output_token_count) AS output_tokens, count(*) FILTER (WHERE u.request_streaming) AS streaming
		FROM dbinsight.fact_endpoint_usage u
		WHERE u.request_time >= dbinsight._first_day(get_inference_metrics.days)::timestamp AT TIME ZONE 'UTC'
			AND u.request_time < dbinsight.today()::timestamp AT TIME ZONE 'UTC'
		GROUP BY 1, 2, 3, 4, 5, 6, 7
	), served AS (
		SELECT r.workspace_id, r.endpoint_name, r.served_entity_id, r.entity_name, r.entity_version, r.usage_date,
			sum(r.requests)::bigint AS requests, sum(r.errors)::bigint AS errors, sum(r.throttled)::bigint AS throttled,
			coalesce(sum(r.input_tokens), 0)::bigint AS input_tokens, coalesce(sum(r.output_tokens), 0)::bigint AS output_tokens,
			count(r.requester) AS requesters, sum(r.streaming) AS streaming,
			sum(sum(r.requests)) OVER (PARTITION BY r.workspace_id, r.endpoint_name, r.usage_date) AS endpoint_requests
		FROM request r
		GROUP BY r.workspace_id, r.endpoint_name, r.served_entity_id, r.entity_name, r.entity_version, r.usage_date
	), latency AS MATERIALIZED (
		SELECT l.workspace_id, l.endpoint_name, l.served_entity_id, (l.request_time AT TIME ZONE 'UTC')::date AS usage_date,
			percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY l.execution_ms::float8) AS ms
		FROM dbinsight.fact_inference_log l
		WHERE l.request_time >= dbinsight._first_day(get_inference_metrics.days)::timestamp AT TIME ZONE 'UTC'
			AND l.request_time < dbinsight.today()::timestamp AT TIME ZONE 'UTC' AND l.execution_ms IS NOT NULL
			AND dbinsight._matches(get_inference_metrics.endpoint, l.endpoint_name, l.endpoint_name)
		GROUP BY 1, 2, 3, 4
	), cost AS (
		SELECT u.workspace_id, u.endpoint_name, u.usage_date, sum(u.list_cost) AS cost
		FROM dbinsight.fact_usage u
		WHERE u.endpoint_name IS NOT NULL AND u.usage_date >= dbinsight._first_day(get_inference_metrics.days)
			AND u.usage_date < dbinsight.today()
		GROUP BY u.workspace_id, u.endpoint_name, u.usage_date
	)
	SELECT s.endpoint_name, coalesce(s.entity_name, s.served_entity_id), s.entity_version, s.usage_date, s.requests, s.errors,
		dbinsight._pct(s.errors, s.requests), s.throttled, dbinsight._r(l.ms[1], 3), dbinsight._r(l.ms[2], 3), dbinsight._r(l.ms[3], 3),
		s.input_tokens, s.output_tokens, dbinsight._r(nullif(s.input_tokens + s.output_tokens, 0)::float8 / s.requests, 2), s.requesters,
		dbinsight._pct(s.streaming, s.requests), round(c.cost * s.requests / s.endpoint_requests, 4),
		round(1000 * c.cost / s.endpoint_requests, 4), s.workspace_id
	FROM served s
	LEFT JOIN cost c ON c.workspace_id = s.workspace_id AND c.endpoint_name = s.endpoint_name AND c.usage_date = s.usage_date
	LEFT JOIN LATERAL (
		-- A log may lack the workspace or the served entity: the endpoint's figures then stand for each.
		SELECT l.ms FROM latency l
		WHERE l.endpoint_name = s.endpoint_name AND l.usage_date = s.usage_date
			AND (l.workspace_id = s.workspace_id OR l.workspace_id IS NULL)
			AND (l.served_entity_id = s.served_entity_id OR l.served_entity_id IS NULL)
		ORDER BY l.served_entity_id NULLS LAST, l.workspace_id NULLS LAST LIMIT 1
	) l ON true
	WHERE dbinsight._matches(get_inference_metrics.endpoint, s.endpoint_name, s.endpoint_name)
	ORDER BY s.endpoint_name COLLATE "C", s.usage_date, s.entity_name COLLATE "C", s.entity_version COLLATE "C",
		s.workspace_id COLLATE "C", s.served_entity_id COLLATE "C";
END;
COMMENT ON FUNCTION dbinsight.get_inference_metrics(text, int) IS
'How do serving endpoints do each day: requests, errors, throttling, latency, tokens and cost?
not for: quality of predictions, use get_model_performance; cost of endpoints over a period, use get_serving_cost
@param endpoint text, an endpoint by name (% as wildcard), default all
@param days int, complete days, 1 to 400, default 7
Errors are statuses from 400 on but 429, which is throttling. Latency comes from inference logs and is NULL without them. An endpoint''s cost is shared among its served entities by requests.';

SELECT dbinsight._builtin_tool('dbinsight.get_model_performance(text,integer)'::regprocedure, ARRAY['mlops'], ARRAY[
	'How are our models performing?', 'Did the accuracy of the fraud model drop?', 'Which models degraded in the last month?',
	'Show RMSE and MAE of the forecasting model', 'Is the churn model getting worse?', 'Precision and recall of models in production']);
SELECT dbinsight._builtin_tool('dbinsight.get_model_drift(text)'::regprocedure, ARRAY['mlops'], ARRAY[
	'Is there model drift?', 'Have the predictions of the churn model drifted?', 'PSI of our models',
	'Which models'' predictions changed this week?', 'Check feature drift of the fraud model', 'Did prediction distributions shift?']);
SELECT dbinsight._builtin_tool('dbinsight.get_training_history(text,integer)'::regprocedure, ARRAY['mlops'], ARRAY[
	'When was the fraud model last trained?', 'Show the training history', 'Which training runs failed?',
	'How long does model training take?', 'Who trained the models last week?', 'Did the last retraining improve the model?']);
SELECT dbinsight._builtin_tool('dbinsight.get_inference_metrics(text,integer)'::regprocedure, ARRAY['mlops'], ARRAY[
	'How many requests do our serving endpoints get?', 'Error rate of the endpoint chat-prod', 'What is the p95 latency of model serving?',
	'Which endpoints are throttled?', 'Tokens per request by endpoint', 'What does an endpoint cost per thousand requests?', 'Inference metrics of the last 7 days']);
