/*
 * Serving endpoints, experiments, and the product's own models.
 */
CREATE FUNCTION dbinsight._sample_request(days int, seed int, scale numeric)
	RETURNS TABLE (e int, workspace_id text, endpoint_name text, served_entity_id text, entity_name text, logs text, latency_ms float8, age int, n bigint,
		request_time timestamptz, status_code int)
	LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 60000
BEGIN ATOMIC
	SELECT p.n, p.workspace_id, p.endpoint_name, p.served_entity_id, p.entity_name, p.logs, p.latency_ms, d.age, x.n, x.request_time,
		CASE WHEN dbinsight._random(_sample_request.seed, 605, x.n) < 0.985 THEN 200 ELSE (ARRAY[400, 429, 500, 503])[1 + dbinsight._pick(_sample_request.seed, 606, x.n, 4)] END
	FROM dbinsight._sample_endpoint(_sample_request.seed, _sample_request.scale) p
	CROSS JOIN dbinsight._sample_day(_sample_request.days, _sample_request.seed) d
	CROSS JOIN LATERAL generate_series(1, round(p.requests_a_day * d.machines)::int) k(k)
	CROSS JOIN LATERAL (SELECT y.n, d.midnight + interval '1 millisecond' * dbinsight._pick(_sample_request.seed, 607, y.n, 3600000)
			+ interval '1 hour' * CASE WHEN k.k % 3 = 0 THEN dbinsight._pick(_sample_request.seed, 608, y.n, 24) ELSE dbinsight._sample_hour(dbinsight._random(_sample_request.seed, 608, y.n)) END AS request_time
		FROM (SELECT (p.n + 1) * 1000000000::bigint + (d.day - date '2000-01-01') * 10000::bigint + k.k AS n) y) x
	WHERE x.request_time < dbinsight.now();
END;
COMMENT ON FUNCTION dbinsight._sample_request(int, int, numeric) IS 'Requests to the endpoints of the sample account';

CREATE FUNCTION dbinsight._sample_experiment(scale numeric)
	RETURNS TABLE (n int, name text, model text)
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE ROWS 8
BEGIN ATOMIC
	SELECT e.n, (ARRAY['gpu_model_training', 'churn_model', 'fraud_model', 'demand_model', 'recommender', 'price_elasticity', 'lead_scoring', 'image_tags'])[1 + e.n % 8] || CASE WHEN e.n >= 8 THEN '_' || e.n / 8 ELSE '' END,
		(ARRAY['ml.models.vision_model', 'ml.models.churn_model', 'ml.models.fraud_model', 'ml.models.demand_model', 'ml.models.recommender', 'ml.models.price_model', 'ml.models.lead_model', 'ml.models.tag_model'])[1 + e.n % 8]
			|| CASE WHEN e.n >= 8 THEN '_' || e.n / 8 ELSE '' END
	FROM generate_series(0, dbinsight._sample_count(8, 4, _sample_experiment.scale) - 1) e(n);
END;
COMMENT ON FUNCTION dbinsight._sample_experiment(numeric) IS 'Experiments of the sample account';

/* Training runs: one or two a day and experiment; those of gpu_model_training yesterday are the failed job runs. */
CREATE FUNCTION dbinsight._sample_training(days int, seed int, scale numeric)
	RETURNS TABLE (e int, name text, model text, k int, n bigint, start_time timestamptz, took interval, failed boolean, accuracy numeric)
	LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
	SELECT e.n, e.name, e.model, k.k, x.n, x.start_time, interval '1 second' * (900 + dbinsight._pick(_sample_training.seed, 640, x.n, 5000)), dbinsight._random(_sample_training.seed, 641, x.n) < 0.04,
		round((0.84 + 0.02 * (e.n % 5) + 0.012 * dbinsight._noise(_sample_training.seed, 642, x.n))::numeric, 4)
	FROM dbinsight._sample_experiment(_sample_training.scale) e CROSS JOIN dbinsight._sample_day(_sample_training.days, _sample_training.seed) d
	CROSS JOIN LATERAL generate_series(1, 1 + dbinsight._pick(_sample_training.seed, 643, e.n * 100000::bigint + d.age, 2)) k(k)
	CROSS JOIN LATERAL (SELECT (e.n + 1) * 10000000::bigint + (d.day - date '2000-01-01') * 10 + k.k AS n,
		d.midnight + interval '1 hour' * (7 + 4 * k.k) + interval '1 minute' * dbinsight._pick(_sample_training.seed, 644, e.n * 100000::bigint + d.age, 60) AS start_time) x
	WHERE x.start_time + interval '2 hours' < dbinsight.now() AND NOT (e.n = 0 AND d.age = 1)
	UNION ALL
	SELECT e.n, e.name, e.model, t.k, 1000000000 + t.k, p.yesterday + t.since, t.until - t.since, true, 0
	FROM dbinsight._sample_experiment(_sample_training.scale) e CROSS JOIN dbinsight._sample_plan() p
	CROSS JOIN (VALUES (1, interval '8 hours 35 minutes', interval '13 hours 40 minutes'), (2, interval '14 hours', interval '18 hours 50 minutes'),
		(3, interval '19 hours 10 minutes', interval '23 hours 30 minutes')) t(k, since, until)
	WHERE e.n = 0;
END;
COMMENT ON FUNCTION dbinsight._sample_training(int, int, numeric) IS 'Training runs of the sample account';

CREATE FUNCTION dbinsight._sample_serving(days int, seed int, scale numeric) RETURNS void
	LANGUAGE sql BEGIN ATOMIC
	INSERT INTO dbinsight.fact_endpoint_usage (account_id, workspace_id, client_request_id, databricks_request_id, requester, status_code, request_time, input_token_count,
		output_token_count, request_streaming, served_entity_id, endpoint_name, entity_name, entity_version)
	SELECT 'sample', r.workspace_id, NULL, dbinsight._time_uuid(_sample_serving.seed, 610, r.n, r.request_time), p.principal, r.status_code, r.request_time,
		CASE WHEN r.logs IS NULL THEN 200 + dbinsight._pick(_sample_serving.seed, 611, r.n, 1800) END, CASE WHEN r.logs IS NULL THEN 50 + dbinsight._pick(_sample_serving.seed, 612, r.n, 600) END,
		r.logs IS NULL AND r.e % 6 = 3, r.served_entity_id, r.endpoint_name, r.entity_name, CASE WHEN r.logs IS NOT NULL THEN (3 + r.e % 6)::text END
	FROM dbinsight._sample_request(_sample_serving.days, _sample_serving.seed, _sample_serving.scale) r
	JOIN dbinsight._sample_principal(_sample_serving.seed, _sample_serving.scale) p ON p.n = (ARRAY[4, 9, 14, 4, 6, 7, 9, 4, 11, 14])[1 + dbinsight._pick(_sample_serving.seed, 613, r.n, 10)]
	ORDER BY r.request_time, r.n;

	INSERT INTO dbinsight.fact_inference_log (request_id, workspace_id, request_time, endpoint_name, served_entity_id, status_code, execution_ms, prediction, prediction_label, actual, actual_label, extra)
	SELECT dbinsight._time_uuid(_sample_serving.seed, 610, r.n, r.request_time), r.workspace_id, r.request_time, r.endpoint_name, r.served_entity_id, r.status_code,
		-- Planted: fraud-scoring takes twice as long for the last three days.
		(r.latency_ms * CASE WHEN r.e = 0 AND r.age <= 2 THEN 2 ELSE 1 END * dbinsight._spread(_sample_serving.seed, 614, r.n, 0.3))::bigint,
		CASE WHEN r.status_code = 200 THEN v.prediction END, CASE WHEN r.status_code = 200 AND r.logs = 'label' THEN v.label END,
		CASE WHEN r.status_code = 200 AND r.logs = 'value' THEN v.actual END,
		-- Planted: churn-predictor is right 93 times in a hundred, and for two weeks less and less often, down to 72.
		CASE WHEN r.status_code = 200 AND r.logs = 'label' THEN CASE WHEN dbinsight._random(_sample_serving.seed, 615, r.n) < CASE WHEN r.e = 1 AND r.age < 14 THEN 0.72 + 0.015 * r.age WHEN r.e = 1 THEN 0.93 ELSE 0.97 END
			THEN v.label ELSE CASE v.label WHEN 'yes' THEN 'no' ELSE 'yes' END END END, '{"account_id": "sample"}'
	FROM dbinsight._sample_request(_sample_serving.days, _sample_serving.seed, _sample_serving.scale) r
	CROSS JOIN LATERAL (SELECT x.prediction, CASE WHEN x.prediction > 0.7 THEN 'yes' ELSE 'no' END AS label,
			round((x.prediction * (1 + 0.1 * dbinsight._noise(_sample_serving.seed, 616, r.n)))::numeric, 4)::float8 AS actual
		FROM (SELECT CASE r.logs WHEN 'label' THEN round(dbinsight._random(_sample_serving.seed, 617, r.n)::numeric, 4) ELSE round((100 * dbinsight._spread(_sample_serving.seed, 617, r.n, 0.3))::numeric, 3) END::float8 AS prediction) x) v
	WHERE r.logs IS NOT NULL
	ORDER BY r.request_time, r.n;
END;

CREATE FUNCTION dbinsight._sample_experiments(days int, seed int, scale numeric) RETURNS void
	LANGUAGE sql BEGIN ATOMIC
	INSERT INTO dbinsight.dim_experiment (account_id, update_time, workspace_id, experiment_id, experiment_name, create_time)
	SELECT 'sample', p.today, '3120498871250013', (700000000000 + e.n)::text, '/Shared/' || e.name, p.today - interval '1 day' * (_sample_experiments.days + 100)
	FROM dbinsight._sample_experiment(_sample_experiments.scale) e CROSS JOIN dbinsight._sample_plan() p;

	INSERT INTO dbinsight.fact_mlflow_runs (account_id, update_time, workspace_id, run_id, experiment_id, created_by, start_time, end_time, run_name, status, params, tags, aggregated_metrics)
	SELECT 'sample', r.start_time + r.took, '3120498871250013', dbinsight._random_hex(_sample_experiments.seed, 620, r.n, 32), (700000000000 + r.e)::text, 'svc-ml', r.start_time, r.start_time + r.took,
		r.name || '-' || to_char(r.start_time AT TIME ZONE 'UTC', 'YYYYMMDD') || '-' || r.k, CASE WHEN r.failed THEN 'FAILED' ELSE 'FINISHED' END,
		jsonb_build_object('max_depth', (4 + r.n % 5)::text, 'learning_rate', '0.1'), jsonb_build_object('mlflow.registeredModelName', r.model, 'mlflow.user', 'svc-ml'),
		CASE WHEN NOT r.failed THEN jsonb_build_array(
			jsonb_build_object('metric_name', 'accuracy', 'min_value', round(r.accuracy - 0.05, 4), 'max_value', round(r.accuracy, 4), 'latest_value', round(r.accuracy, 4)),
			jsonb_build_object('metric_name', 'loss', 'min_value', round(1 - r.accuracy, 4), 'max_value', 0.9, 'latest_value', round(1 - r.accuracy, 4))) END
	FROM dbinsight._sample_training(_sample_experiments.days, _sample_experiments.seed, _sample_experiments.scale) r
	ORDER BY r.start_time, r.n;

	INSERT INTO dbinsight.fact_mlflow_run_metrics (account_id, insert_time, record_id, workspace_id, experiment_id, run_id, metric_name, metric_time, metric_step, metric_value)
	SELECT 'sample', r.start_time + r.took * s.s / 5, dbinsight._random_uuid(_sample_experiments.seed, 621, r.n * 20 + s.s * 2 + m.m), '3120498871250013', (700000000000 + r.e)::text,
		dbinsight._random_hex(_sample_experiments.seed, 620, r.n, 32), m.name, r.start_time + r.took * s.s / 5, s.s, CASE m.m WHEN 0 THEN r.accuracy - 0.01 * (5 - s.s) ELSE 1 - r.accuracy + 0.05 * (5 - s.s) END
	FROM dbinsight._sample_training(_sample_experiments.days, _sample_experiments.seed, _sample_experiments.scale) r
	CROSS JOIN generate_series(1, 5) s(s) CROSS JOIN (VALUES (0, 'accuracy'), (1, 'loss')) m(m, name)
	WHERE NOT r.failed;
END;

CREATE FUNCTION dbinsight._sample_own_models(days int, seed int, scale numeric) RETURNS void
	LANGUAGE sql BEGIN ATOMIC
	WITH made AS (
		INSERT INTO dbinsight.models (name, version, kind, algorithm, stage, metrics, trained_at, duration_s, training_rows, trained_by, params, feature_names, fingerprint)
		SELECT m.name, m.version, m.kind, m.algorithm, m.stage, m.metrics::jsonb, p.today - interval '1 day' * m.age + interval '3 hours', 40 + m.version, m.rows, 'sample', '{"seed": 42}', m.features::text[],
			dbinsight._random_hex(_sample_own_models.seed, 630, m.n, 32)
		FROM dbinsight._sample_plan() p CROSS JOIN (VALUES
			(1, 'job_failure_predictor', 1, 'classification', 'gradient_boosting', 'archived', '{"auc": 0.81}', 62, 21000, '{failures_last_5,failures_last_20,consecutive_failures,hour,duration_trend}'),
			(2, 'job_failure_predictor', 2, 'classification', 'gradient_boosting', 'champion', '{"auc": 0.86}', 12, 36000, '{failures_last_5,failures_last_20,consecutive_failures,hour,duration_trend}'),
			-- Planted: trained too long ago.
			(3, 'cost_anomaly_detector', 1, 'anomaly', 'isolation_forest', 'champion', '{"pr_auc": 0.74}', 104, 1200, '{log_cost,robust_z,weekday_ratio,new_resource_share}'))
			m(n, name, version, kind, algorithm, stage, metrics, age, rows, features)
		ON CONFLICT DO NOTHING RETURNING name, version
	), metric AS (
		INSERT INTO dbinsight.model_metric (model_name, version, metric_name, value, split, evaluated_at)
		SELECT v.name, v.version, v.metric, v.value, v.split, p.today - interval '1 day' * v.age + interval '3 hours'
		FROM dbinsight._sample_plan() p CROSS JOIN (VALUES ('job_failure_predictor', 1, 'auc', 0.81, 'test', 62), ('job_failure_predictor', 2, 'auc', 0.86, 'test', 12), ('job_failure_predictor', 2, 'auc', 0.70, 'baseline', 12),
			('job_failure_predictor', 2, 'auc', 0.855, 'production', 5), ('cost_anomaly_detector', 1, 'pr_auc', 0.74, 'test', 104), ('cost_anomaly_detector', 1, 'pr_auc', 0.61, 'baseline', 104),
			('cost_anomaly_detector', 1, 'pr_auc', 0.72, 'production', 28), ('cost_anomaly_detector', 1, 'pr_auc', 0.60, 'production', 2)) v(name, version, metric, value, split, age)
		WHERE (v.name, v.version) IN (SELECT name, version FROM made)
	)
	INSERT INTO dbinsight.sample_row
	SELECT t.name, k.key FROM made CROSS JOIN LATERAL (VALUES (1, 'models'), (2, 'model_metric'), (3, 'predictions')) t(n, name)
	CROSS JOIN LATERAL (SELECT CASE t.n WHEN 1 THEN jsonb_build_object('name', made.name, 'version', made.version) ELSE jsonb_build_object('model_name', made.name, 'version', made.version) END AS key) k;

	-- Every six hours the detector scores the day before, per workspace. Planted: its scores rise in the last 7 days; ml-platform yesterday is an anomaly.
	INSERT INTO dbinsight.predictions (model_name, version, scored_at, entity_type, entity_id, workspace_id, target_time, score, value, label, explanation)
	SELECT 'cost_anomaly_detector', 1, x.scored_at, 'workspace', w.workspace_id, w.workspace_id, d.midnight - interval '1 day', s.score, (ARRAY[1500, 900, 260, 320])[w.n + 1],
		CASE WHEN s.score >= 0.98 THEN 'ANOMALY' ELSE 'NORMAL' END, jsonb_build_object('top', jsonb_build_array(jsonb_build_object('feature', 'robust_z', 'value', round((8 * s.score)::numeric, 2), 'typical', 0.4, 'contribution', round((0.6 * s.score)::numeric, 3))))
	FROM dbinsight._sample_day(least(_sample_own_models.days, 60), _sample_own_models.seed) d CROSS JOIN dbinsight._sample_workspace() w CROSS JOIN generate_series(0, 3) k(k)
	CROSS JOIN LATERAL (SELECT d.midnight + interval '6 hours' * k.k + interval '5 minutes' AS scored_at, (w.n + 1) * 1000000::bigint + d.age * 10 + k.k AS n) x
	CROSS JOIN LATERAL (SELECT CASE WHEN w.n = 2 AND d.age = 0 THEN 0.995 ELSE round(least(0.95, greatest(0.01, 0.25 + CASE WHEN d.age <= 7 THEN 0.25 ELSE 0 END + 0.08 * dbinsight._noise(_sample_own_models.seed, 631, x.n)))::numeric, 4)::float8 END AS score) s
	WHERE x.scored_at < dbinsight.now();

	INSERT INTO dbinsight.predictions (model_name, version, scored_at, entity_type, entity_id, workspace_id, target_time, score, label, explanation)
	SELECT 'job_failure_predictor', 2, x.scored_at, 'job', j.job_id, j.workspace_id, x.scored_at + interval '1 day' / j.runs_a_day, s.score, CASE WHEN s.score >= 0.5 THEN 'LIKELY' ELSE 'UNLIKELY' END,
		jsonb_build_object('top', jsonb_build_array(
			jsonb_build_object('feature', 'consecutive_failures', 'value', CASE WHEN s.score > 0.5 THEN CASE j.n WHEN 0 THEN 1 WHEN 1 THEN 3 ELSE 5 END ELSE 0 END, 'typical', 0, 'contribution', round((0.5 * s.score)::numeric, 3)),
			jsonb_build_object('feature', 'failures_last_20', 'value', round((10 * s.score)::numeric, 0), 'typical', 1, 'contribution', round((0.2 * s.score)::numeric, 3))))
	FROM dbinsight._sample_job(_sample_own_models.seed, _sample_own_models.scale) j
	CROSS JOIN LATERAL (SELECT date_bin('1 hour', dbinsight.now(), timestamptz '2000-01-01 00:00:00+00') - interval '2 hours' - interval '1 day' * a AS scored_at, a, (j.n + 1) * 1000::bigint + a AS n FROM generate_series(0, least(_sample_own_models.days, 34)) a) x
	CROSS JOIN LATERAL (SELECT CASE WHEN x.a = 0 AND j.n IN (0, 1, 2) THEN (ARRAY[0.81, 0.74, 0.97])[j.n + 1] ELSE round((0.01 + 0.3 * dbinsight._random(_sample_own_models.seed, 632, j.n) * dbinsight._random(_sample_own_models.seed, 633, x.n))::numeric, 4)::float8 END AS score) s;
END;

CREATE FUNCTION dbinsight._sample_models(days int, seed int, scale numeric) RETURNS void
	LANGUAGE sql BEGIN ATOMIC
	SELECT dbinsight._sample_serving(_sample_models.days, _sample_models.seed, _sample_models.scale);
	SELECT dbinsight._sample_experiments(_sample_models.days, _sample_models.seed, _sample_models.scale);
	SELECT dbinsight._sample_own_models(_sample_models.days, _sample_models.seed, _sample_models.scale);
END;
COMMENT ON FUNCTION dbinsight._sample_serving(int, int, numeric) IS 'Requests to the endpoints of the sample account';
COMMENT ON FUNCTION dbinsight._sample_experiments(int, int, numeric) IS 'Experiments of the sample account';
COMMENT ON FUNCTION dbinsight._sample_own_models(int, int, numeric) IS 'Models of the product and what they said of the sample account';
COMMENT ON FUNCTION dbinsight._sample_models(int, int, numeric) IS 'Machine learning in the sample account';
