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
		SELECT o.workspace_id, o.endpoint_name, o.served_entity_id, (o.day AT TIME ZONE 'UTC')::date AS day, o.prediction_label,
			o.actual_label, o.judged AS n, o.pairs, o.absolute, o.squared, o.ratios, o.ratio
		FROM dbinsight._logged_outcomes(dbinsight._since_days(get_model_performance.days), dbinsight.now()) o
		WHERE o.judged > 0
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
		SELECT r.model_name, r.version, 'mlflow', NULL, m.value ->> 'metric_name', r.evaluated_at, (m.value ->> 'latest_value')::float8
		FROM (
			SELECT coalesce(f.tags ->> 'mlflow.registeredModelName', f.run_name) AS model_name,
				f.tags ->> 'mlflow.registeredModelVersion' AS version, coalesce(f.end_time, f.start_time) AS evaluated_at,
				f.aggregated_metrics, f.run_name
			FROM dbinsight.fact_mlflow_runs f
			WHERE f.delete_time IS NULL AND coalesce(f.end_time, f.start_time) >= dbinsight._since_days(get_model_performance.days)
				AND coalesce(f.end_time, f.start_time) < dbinsight.now()
		) r, LATERAL jsonb_array_elements(CASE WHEN jsonb_typeof(r.aggregated_metrics) = 'array' THEN r.aggregated_metrics END) m
		WHERE r.model_name IS NOT NULL AND m.value ->> 'metric_name' IS NOT NULL AND jsonb_typeof(m.value -> 'latest_value') = 'number'
			AND dbinsight._matches(get_model_performance.model_name, r.model_name, r.run_name)
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
	), changed AS MATERIALIZED (
		SELECT c.*, dbinsight.chg(c.value::numeric, c.baseline::numeric) AS change_pct FROM compared c
	)
	SELECT c.model_name, c.version, c.source, c.metric_name, c.evaluated_at, dbinsight._r(c.value, 6), dbinsight._r(c.baseline, 6),
		c.change_pct, c.better,
		CASE WHEN c.change_pct * CASE WHEN c.better THEN 1 ELSE -1 END < -5 THEN 'DEGRADED'
			WHEN c.change_pct * CASE WHEN c.better THEN 1 ELSE -1 END > 5 THEN 'IMPROVED'
			WHEN c.baseline <> 0 THEN 'STABLE' END
	FROM changed c
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
	WITH sample AS (
		SELECT p.model_name COLLATE "C" AS model_name, 'prediction' COLLATE "C" AS subject, p.scored_at >= dbinsight._since_days(7) AS is_current,
			array_agg(coalesce(p.score, p.value)) AS "values"
		FROM dbinsight.predictions p
		WHERE p.scored_at >= dbinsight._since_days(35) AND p.scored_at < dbinsight.now()
			AND dbinsight._matches(get_model_drift.model_name, p.model_name, p.model_name)
		GROUP BY 1, 3
		UNION ALL
		SELECT coalesce(e.entity_name, l.endpoint_name), l.subject, l.is_current, l."values"
		FROM (
			SELECT true AS is_current, v.* FROM dbinsight._logged_values(dbinsight._since_days(7), dbinsight.now()) v
			UNION ALL
			SELECT false, v.* FROM dbinsight._logged_values(dbinsight._since_days(35), dbinsight._since_days(7)) v
		) l
		LEFT JOIN dbinsight.current_served_entity e ON e.served_entity_id = l.served_entity_id
			AND (e.workspace_id = l.workspace_id OR l.workspace_id IS NULL)
		WHERE dbinsight._matches(get_model_drift.model_name, coalesce(e.entity_name, l.endpoint_name), l.endpoint_name)
	), compared AS MATERIALIZED (
		SELECT s.model_name, s.subject, dbinsight._drift(s.is_current, s."values") AS figures
		FROM sample s WHERE s.model_name IS NOT NULL
		GROUP BY s.model_name, s.subject
	), label AS (
		SELECT coalesce(e.entity_name, l.endpoint_name) COLLATE "C" AS model_name, l.prediction_label,
			coalesce(sum(l.requests) FILTER (WHERE l.is_current), 0) AS n, coalesce(sum(l.requests) FILTER (WHERE NOT l.is_current), 0) AS m
		FROM (
			SELECT true AS is_current, o.* FROM dbinsight._logged_outcomes(dbinsight._since_days(7), dbinsight.now()) o
			UNION ALL
			SELECT false, o.* FROM dbinsight._logged_outcomes(dbinsight._since_days(35), dbinsight._since_days(7)) o
		) l
		LEFT JOIN dbinsight.current_served_entity e ON e.served_entity_id = l.served_entity_id
			AND (e.workspace_id = l.workspace_id OR l.workspace_id IS NULL)
		WHERE l.prediction_label IS NOT NULL AND coalesce(e.entity_name, l.endpoint_name) IS NOT NULL
			AND dbinsight._matches(get_model_drift.model_name, coalesce(e.entity_name, l.endpoint_name), l.endpoint_name)
		GROUP BY 1, l.prediction_label
	), label_bin AS MATERIALIZED (
		-- The twenty labels most frequent before, and one bin for the others.
		SELECT c.model_name, 'prediction_label' COLLATE "C" AS subject, least(c.place, 21) AS bin, sum(c.n)::bigint AS bin_n, sum(c.m)::bigint AS bin_m,
			(sum(sum(c.n)) OVER w)::bigint AS n, (sum(sum(c.m)) OVER w)::bigint AS m
		FROM (SELECT l.*, row_number() OVER (PARTITION BY l.model_name ORDER BY l.m DESC, l.prediction_label COLLATE "C") AS place FROM label l) c
		GROUP BY c.model_name, 3
		WINDOW w AS (PARTITION BY c.model_name)
	), share AS (
		-- Half a count in each bin, so that one empty bin cannot decide.
		SELECT b.*, (b.bin_n + 0.5::float8) / (b.n + 0.5::float8 * b.bins) AS q, (b.bin_m + 0.5::float8) / (b.m + 0.5::float8 * b.bins) AS p
		FROM (
			SELECT b.*, count(*) OVER (PARTITION BY b.model_name) AS bins
			FROM label_bin b WHERE b.n >= 50 AND b.m >= 50
		) b
	), measured AS (
		SELECT c.model_name, c.subject, c.figures[1]::bigint AS n, c.figures[2]::bigint AS m, c.figures[3] AS psi, c.figures[4] AS ks,
			c.figures[5] AS js, c.figures[6] AS mean_shift, c.figures[7] - 1 AS degrees
		FROM compared c WHERE c.figures IS NOT NULL
		UNION ALL
		SELECT l.model_name, l.subject, l.n, l.m, sum((s.q - s.p) * ln(s.q / s.p)), NULL,
			sum(s.p * ln(2 * s.p / (s.p + s.q)) + s.q * ln(2 * s.q / (s.p + s.q))) / (2 * ln(2::float8)), NULL, max(s.bins) - 1
		FROM label_bin l
		LEFT JOIN share s ON s.model_name = l.model_name AND s.bin = l.bin
		GROUP BY l.model_name, l.subject, l.n, l.m
	), noise AS (
		-- 99 of 100 statistics stay below this without drift. chi is the chi-square's 99 % point in Wilson and
		-- Hilferty's form; 1.6276 and 2.5758 are those of the Kolmogorov and, two-sided, the normal distribution.
		SELECT m.*, 1.0::float8 / nullif(m.n, 0) + 1.0::float8 / nullif(m.m, 0) AS rate,
			m.degrees * power(1 - 2.0::float8 / (9 * nullif(m.degrees, 0)) + 2.3263 * sqrt(2.0::float8 / (9 * nullif(m.degrees, 0))), 3) AS chi
		FROM measured m
	), verdict AS (
		SELECT t.model_name, t.subject, t.n, t.m, v.statistic, v.value, v.threshold,
			coalesce(v.value >= v.threshold AND v.value > coalesce(v.noise, 0), false) AS drifted
		FROM noise t
		CROSS JOIN LATERAL (VALUES ('psi', t.psi, 0.2::float8, t.rate * t.chi), ('ks', t.ks, 0.1, 1.6276 * sqrt(t.rate)),
			('js', t.js, 0.1, t.rate * t.chi / (8 * ln(2::float8))), ('mean_shift', t.mean_shift, 0.5, 2.5758 * sqrt(t.rate))
		) v(statistic, value, threshold, noise)
		WHERE t.subject <> 'prediction_label' OR v.statistic IN ('psi', 'js')
	)
	SELECT v.model_name, v.subject, v.statistic, dbinsight._r(v.value, 4), v.threshold, v.drifted, v.n, v.m,
		dbinsight._since_days(35), dbinsight._since_days(7)
	FROM verdict v
	ORDER BY v.drifted DESC, v.subject, v.model_name, v.statistic COLLATE "C";
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
			m.duration_s, m.stage AS status, m.training_rows, nullif(m.metrics, '{}') AS metrics, m.trained_by, m.params
		FROM dbinsight.models m
		WHERE m.trained_at <= dbinsight.now() AND dbinsight._matches(get_training_history.model_name, m.name, m.name)
		UNION ALL
		SELECT coalesce(f.tags ->> 'mlflow.registeredModelName', f.run_name), f.tags ->> 'mlflow.registeredModelVersion', f.run_id, 'mlflow',
			f.start_time, f.end_time, extract(epoch FROM f.end_time - f.start_time)::float8, f.status,
			CASE WHEN f.params ->> 'training_rows' ~ '^[0-9]{1,18}$' THEN (f.params ->> 'training_rows')::bigint END,
			nullif(f.aggregated_metrics, '[]'), f.created_by, f.params
		FROM dbinsight.fact_mlflow_runs f
		WHERE f.delete_time IS NULL AND f.start_time <= dbinsight.now()
			AND dbinsight._matches(get_training_history.model_name, coalesce(f.tags ->> 'mlflow.registeredModelName', f.run_name), f.run_name)
	), latest AS (
		-- The one before it is the latest earlier training that left metrics.
		SELECT t.*, lag(t.metrics) OVER (PARTITION BY t.model_name, t.source, t.metrics IS NULL
			ORDER BY t.started_at, t.version COLLATE "C", t.run_id COLLATE "C") AS earlier
		FROM training t
		ORDER BY t.started_at DESC NULLS LAST, t.model_name COLLATE "C", t.version COLLATE "C", t.run_id COLLATE "C"
		LIMIT dbinsight._top_n(get_training_history.top_n)
	), measured AS MATERIALIZED (
		SELECT l.*, CASE l.source WHEN 'mlflow' THEN dbinsight._latest_metrics(l.metrics) ELSE l.metrics END AS figures,
			CASE l.source WHEN 'mlflow' THEN dbinsight._latest_metrics(l.earlier) ELSE l.earlier END AS earlier_figures
		FROM latest l
	), judged AS MATERIALIZED (
		SELECT m.*, dbinsight._primary_metric(m.figures) AS primary_metric FROM measured m
	)
	SELECT j.model_name, j.version, j.run_id, j.source, j.started_at, j.ended_at, dbinsight._r(j.duration_s, 3), j.status,
		j.training_rows, j.primary_metric, dbinsight._r((j.figures ->> j.primary_metric)::float8, 6),
		dbinsight._r((j.figures ->> j.primary_metric)::float8 - CASE WHEN jsonb_typeof(j.earlier_figures -> j.primary_metric) = 'number'
			THEN (j.earlier_figures ->> j.primary_metric)::float8 END, 6), j.trained_by, j.params
	FROM judged j
	ORDER BY j.started_at DESC NULLS LAST, j.model_name COLLATE "C", j.version COLLATE "C", j.run_id COLLATE "C";
END;
COMMENT ON FUNCTION dbinsight.get_training_history(text, int) IS
'When were models trained, by whom, how long did it take and how good did they become?
not for: how a model performs now, use get_model_performance; experiments as a whole, use get_experiment_summary
@param model_name text, a model or MLflow run by name (% as wildcard), default all
@param top_n int, rows, latest first, 1 to 100000, default 50
Source internal is the product''s own models (status is their stage), mlflow the runs. primary_metric is the usual target among the recorded metrics; metric_delta its change since the model''s last earlier training that left metrics.';

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
		SELECT l.workspace_id, l.endpoint_name, l.served_entity_id, (l.day AT TIME ZONE 'UTC')::date AS usage_date,
			ARRAY[dbinsight._percentile(l.ms, 0.5), dbinsight._percentile(l.ms, 0.95), dbinsight._percentile(l.ms, 0.99)] AS ms
		FROM dbinsight.rollup_inference_latency l
		WHERE l.day >= dbinsight._first_day(get_inference_metrics.days)::timestamp AT TIME ZONE 'UTC'
			AND l.day < dbinsight.today()::timestamp AT TIME ZONE 'UTC'
			AND dbinsight._matches(get_inference_metrics.endpoint, l.endpoint_name, l.endpoint_name)
		GROUP BY 1, 2, 3, 4
	), best AS (
		-- A log may lack the workspace or the served entity: the endpoint's figures then stand for each.
		SELECT DISTINCT ON (s.workspace_id, s.endpoint_name, s.served_entity_id, s.entity_name, s.entity_version, s.usage_date) s.*, l.ms
		FROM served s
		LEFT JOIN latency l ON l.endpoint_name = s.endpoint_name AND l.usage_date = s.usage_date
			AND coalesce(l.workspace_id = s.workspace_id, l.workspace_id IS NULL)
			AND coalesce(l.served_entity_id = s.served_entity_id, l.served_entity_id IS NULL)
		ORDER BY s.workspace_id, s.endpoint_name, s.served_entity_id, s.entity_name, s.entity_version, s.usage_date,
			l.served_entity_id NULLS LAST, l.workspace_id NULLS LAST
	), cost AS (
		SELECT u.workspace_id, u.endpoint_name, u.usage_date, sum(u.list_cost) AS cost
		FROM dbinsight.fact_usage u
		WHERE u.endpoint_name IS NOT NULL AND u.usage_date >= dbinsight._first_day(get_inference_metrics.days)
			AND u.usage_date < dbinsight.today()
		GROUP BY u.workspace_id, u.endpoint_name, u.usage_date
	)
	SELECT s.endpoint_name, coalesce(s.entity_name, s.served_entity_id), s.entity_version, s.usage_date, s.requests, s.errors,
		dbinsight._pct(s.errors, s.requests), s.throttled, dbinsight._r(s.ms[1], 3), dbinsight._r(s.ms[2], 3), dbinsight._r(s.ms[3], 3),
		s.input_tokens, s.output_tokens, dbinsight._r(nullif(s.input_tokens + s.output_tokens, 0)::float8 / s.requests, 2), s.requesters,
		dbinsight._pct(s.streaming, s.requests), round(c.cost * s.requests / s.endpoint_requests, 4),
		round(1000 * c.cost / s.endpoint_requests, 4), s.workspace_id
	FROM best s
	LEFT JOIN cost c ON c.workspace_id = s.workspace_id AND c.endpoint_name = s.endpoint_name AND c.usage_date = s.usage_date
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
