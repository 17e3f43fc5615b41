-- Models and endpoints worked out by hand. The clock stands on 2025-03-10, noon.
\set VERBOSITY terse
\set ON_ERROR_ROLLBACK on
BEGIN;
SET LOCAL dbinsight.now = '2025-03-10 12:00:00+00';
SELECT (SELECT count(*) FROM dbinsight.get_model_performance()) AS performance, (SELECT count(*) FROM dbinsight.get_model_drift()) AS drift,
	(SELECT count(*) FROM dbinsight.get_training_history()) AS history, (SELECT count(*) FROM dbinsight.get_inference_metrics()) AS inference;
SELECT dbinsight._ensure_partitions('fact_inference_log', '2025-02-01+00', '2025-03-31+00') > 0 AS log,
	dbinsight._ensure_partitions('fact_endpoint_usage', '2025-02-01+00', '2025-03-31+00') > 0 AS requests,
	dbinsight._ensure_partitions('fact_usage', '2025-02-01+00', '2025-03-31+00') > 0 AS usage;
INSERT INTO dbinsight.dim_served_entities (workspace_id, served_entity_id, endpoint_name, entity_name, entity_version, change_time)
VALUES ('1001', 'se1', 'fraud-ep', 'prod.ml.fraud', '4', '2025-01-01+00');

/*
 * Internal: churn fell from 0.80 to 0.70 (-12.5 %), its rmse from 10 to 9 (-10 %, better). Training
 * figures, the baseline's and what is older than 30 days do not count.
 */
INSERT INTO dbinsight.model_metric (model_name, version, metric_name, value, split, evaluated_at) VALUES
	('churn', 1, 'pr_auc', 0.80, 'test', '2025-02-20+00'), ('churn', 2, 'pr_auc', 0.70, 'test', '2025-03-01+00'),
	('churn', 1, 'rmse', 10, 'test', '2025-02-20+00'), ('churn', 2, 'rmse', 9, 'test', '2025-03-01+00'),
	('churn', 2, 'pr_auc', 0.99, 'train', '2025-03-01+00'), ('churn', 2, 'pr_auc', 0.1, 'baseline', '2025-03-01+00'),
	('churn', 0, 'pr_auc', 0.2, 'test', '2025-01-01+00'), ('zero', 1, 'wins', 0, 'test', '2025-02-20+00'), ('zero', 2, 'wins', 3, 'test', '2025-03-01+00');
-- MLflow: by run name and by tag the same model; 0.90 to 0.93 is +3.33 %. NaN is no figure, a deleted run is gone.
INSERT INTO dbinsight.fact_mlflow_runs (workspace_id, run_id, run_name, tags, status, start_time, end_time, delete_time, created_by, params, aggregated_metrics) VALUES
	('1001', 'r1', 'credit', '{}', 'FINISHED', '2025-03-01 10:00+00', '2025-03-01 10:05+00', NULL, 'ann@company.com', '{"depth": "4", "training_rows": "5000"}',
	 '[{"metric_name": "accuracy", "latest_value": 0.9, "min_value": 0.1, "max_value": 0.9}, {"metric_name": "zeta", "latest_value": 1}]'),
	('1001', 'r2', 'brave-owl-7', '{"mlflow.registeredModelName": "credit", "mlflow.registeredModelVersion": "8"}', 'FINISHED', '2025-03-02 10:00+00', '2025-03-02 10:02:00.5+00', NULL, 'bob@company.com', NULL,
	 '[{"metric_name": "accuracy", "latest_value": 0.93}, {"metric_name": "loss", "latest_value": "NaN"}]'),
	('1001', 'r3', 'credit', '{}', 'FINISHED', '2025-03-03 10:00+00', '2025-03-03 10:02+00', '2025-03-04+00', NULL, NULL, '[{"metric_name": "accuracy", "latest_value": 0.1}]'),
	('1001', 'r4', 'credit', '{}', 'FAILED', '2025-03-04 10:00+00', '2025-03-04 10:01+00', NULL, 'ann@company.com', NULL, NULL),
	('1001', 'r5', 'credit', '{}', 'RUNNING', '2025-03-10 11:00+00', NULL, NULL, 'ann@company.com', NULL, '[]');
/*
 * fraud, 8 March: fraud said and was 6, said only 2, missed 2, legit 10: accuracy 16/20 = 0.8, precision 6/8, recall 6/8, f1 0.75.
 * 9 March: 3, 3, 1, 3: accuracy 0.6 (-25 %), precision 3/6 (-33.33 %), recall 3/4, f1 6/10 (-20 %). Fraud is the rarer: 12 of 30.
 * price-ep, no served entity, (11, 10), (18, 20), (5, 0): mae 8/3, rmse sqrt(30/3), mape of the two with an actual 10 %.
 * tri-ep: a as a 2, a as b 1, b 1, c 1. Precision (1 + 1/2 + 1)/3, recall (2/3 + 1 + 1)/3, f1 (4/5 + 2/3 + 1)/3, accuracy 4/5.
 */
INSERT INTO dbinsight.fact_inference_log (request_id, workspace_id, request_time, endpoint_name, served_entity_id, status_code, prediction_label, actual_label)
SELECT format('f%s-%s-%s-%s', d, p, a, i), '1001', ('2025-03-0' || d || ' 09:00+00')::timestamptz, 'fraud-ep', 'se1', 200, p, a
FROM (VALUES (8, 'fraud', 'fraud', 6), (8, 'fraud', 'legit', 2), (8, 'legit', 'fraud', 2), (8, 'legit', 'legit', 10),
	(9, 'fraud', 'fraud', 3), (9, 'fraud', 'legit', 3), (9, 'legit', 'fraud', 1), (9, 'legit', 'legit', 3)) v(d, p, a, n), generate_series(1, n) i;
INSERT INTO dbinsight.fact_inference_log (request_id, workspace_id, request_time, endpoint_name, prediction, actual) VALUES
	('p1', '1001', '2025-03-09 01:00+00', 'price-ep', 11, 10), ('p2', '1001', '2025-03-09 02:00+00', 'price-ep', 18, 20),
	('p3', '1001', '2025-03-09 23:00+00', 'price-ep', 5, 0), ('p4', '1001', '2025-03-09 23:30+00', 'price-ep', 7, NULL);
INSERT INTO dbinsight.fact_inference_log (request_id, request_time, endpoint_name, prediction_label, actual_label) VALUES
	('t1', '2025-03-09 01:00+00', 'tri-ep', 'a', 'a'), ('t2', '2025-03-09 01:00+00', 'tri-ep', 'a', 'a'), ('t3', '2025-03-09 01:00+00', 'tri-ep', 'b', 'a'),
	('t4', '2025-03-09 01:00+00', 'tri-ep', 'b', 'b'), ('t5', '2025-03-09 01:00+00', 'tri-ep', 'c', 'c');
SELECT dbinsight._refresh_derived('fact_inference_log', '2025-02-01+00', '2025-03-31+00') \g /dev/null
SELECT * FROM dbinsight.get_model_performance();
SELECT DISTINCT model_name FROM dbinsight.get_model_performance('fraud-ep');
SELECT count(*), min(evaluated_at) FROM dbinsight.get_model_performance('churn', 10);
SELECT * FROM dbinsight.get_model_performance(NULL, 0);
-- Affirmative words beat rarity: 1 is positive though it is the more frequent.
SAVEPOINT words;
UPDATE dbinsight.fact_inference_log SET prediction_label = CASE prediction_label WHEN 'fraud' THEN '0' ELSE '1' END,
	actual_label = CASE actual_label WHEN 'fraud' THEN '0' ELSE '1' END WHERE endpoint_name = 'fraud-ep';
SELECT dbinsight._refresh_derived('fact_inference_log', '2025-02-01+00', '2025-03-31+00') \g /dev/null
SELECT metric_name, value FROM dbinsight.get_model_performance('fraud-ep') WHERE evaluated_at = '2025-03-08+00' ORDER BY 1; -- precision 10/12, recall 10/12
ROLLBACK TO words;
DELETE FROM dbinsight.fact_inference_log;
SELECT dbinsight._refresh_derived('fact_inference_log', '2025-02-01+00', '2025-03-31+00') \g /dev/null

-- Training: churn 0.80, then 0.75; runs by name and tag are one model.
INSERT INTO dbinsight.models (name, version, stage, metrics, trained_at, duration_s, training_rows, trained_by, params) VALUES
	('churn', 1, 'archived', '{"brier": 0.1, "pr_auc": 0.80}', '2025-02-20 06:00+00', 120, 9000, 'ann@company.com', '{"trees": 100}'),
	('churn', 2, 'champion', '{"brier": 0.1, "pr_auc": 0.75}', '2025-03-01 06:00+00', NULL, 9500, 'ann@company.com', NULL),
	('empty', 1, 'insufficient_data', '{}', '2025-03-01 07:00+00', 1.2345, 10, NULL, NULL);
SELECT * FROM dbinsight.get_training_history();
SELECT model_name, version, run_id FROM dbinsight.get_training_history('CREDIT', 2);
SELECT * FROM dbinsight.get_training_history(top_n => -1);

/*
 * Drift. Baselines are 0.01 to 1.00, 100 rows on 20 February, ten in each decile; q of 10 empty-or-full bins with half a count.
 * moved: 0.51 to 1.00 twice: PSI = 5 x (20.5/105 - 0.1) ln(20.5/10.5) + 5 x (0.5/105 - 0.1) ln(0.5/10.5) = 1.7684, KS 0.5,
 *   mean 0.755 against 0.505, deviation 0.290115: 0.8617.
 * calm: the same 100 rows. few: 49 rows now.
 * chance: 50 rows, none in the first decile, 10 in the second, 5 in the others: PSI 0.2768 and KS 0.1 reach
 *   their thresholds, but chance alone gives (1/50 + 1/100) x 21.7 = 0.65 and 1.6276 x sqrt(0.03) = 0.28.
 *   JS 0.0424; mean 0.495, (0.505 - 0.495) / 0.290115 = 0.0345.
 */
INSERT INTO dbinsight.predictions (model_name, version, scored_at, entity_type, entity_id, score)
SELECT m, 1, '2025-02-20+00'::timestamptz, 'x', i::text, i / 100.0 FROM generate_series(1, 100) i, unnest(ARRAY['moved', 'calm', 'few', 'chance']) m
UNION ALL SELECT 'moved', 1, '2025-03-05+00', 'x', i::text, (51 + i % 50) / 100.0 FROM generate_series(0, 99) i
UNION ALL SELECT 'calm', 1, '2025-03-05+00', 'x', i::text, i / 100.0 FROM generate_series(1, 100) i
UNION ALL SELECT 'few', 1, '2025-03-05+00', 'x', i::text, 5 FROM generate_series(1, 49) i
UNION ALL SELECT 'chance', 1, '2025-03-05+00', 'x', i::text, i / 100.0 FROM generate_series(11, 100) i WHERE i <= 20 OR (i - 1) % 10 < 5
-- Too old, and not yet.
UNION ALL SELECT 'calm', 1, '2025-02-03 11:59+00', 'x', i::text, 900 FROM generate_series(1, 500) i
UNION ALL SELECT 'calm', 1, '2025-03-10 12:00+00', 'x', i::text, 900 FROM generate_series(1, 500) i;
/*
 * lab-ep: labels a 80, b 20 before, 30 and 30 now. p = 80.5/101, 20.5/101, q = 1/2 each:
 * PSI = 0.2970 ln(0.7970/0.5) + 0.2970 ln(0.5/0.2030) = 0.4063, JS 0.0715. Feature age is 30 for all, then 30 or 31 by halves:
 * one bin up to 30, one above: p = 100.5/101, 0.5/101, q = 1/2: PSI 2.6254, JS 0.2927, KS 0.5; no deviation before, so no mean shift.
 */
INSERT INTO dbinsight.fact_inference_log (request_id, request_time, endpoint_name, prediction_label, extra)
SELECT 'b' || i, '2025-02-20+00'::timestamptz, 'lab-ep', CASE WHEN i <= 80 THEN 'a' ELSE 'b' END, '{"features": {"age": 30, "city": "x"}}'::jsonb FROM generate_series(1, 100) i
UNION ALL SELECT 'c' || i, '2025-03-08+00', 'lab-ep', CASE WHEN i <= 30 THEN 'a' ELSE 'b' END, jsonb_build_object('features', jsonb_build_object('age', 30 + i % 2)) FROM generate_series(1, 60) i;
SELECT dbinsight._refresh_derived('fact_inference_log', '2025-02-01+00', '2025-03-31+00') \g /dev/null
SELECT model_name, subject, statistic, value, threshold, drifted, current_n, baseline_n FROM dbinsight.get_model_drift();
SELECT DISTINCT model_name, baseline_start, current_start FROM dbinsight.get_model_drift('calm');

/*
 * Endpoint chat on 9 March: version 1 has 6 requests (a 500, a 404, a 429), version 2 has 4. 10 dollars are shared 6 to 4;
 * a thousand requests cost 1000 either way. Latencies of version 1 are 100 to 400: p50 250, p95 300 + 0.85 x 100, p99 397.
 * Version 2 logs none. Today's request is outside the complete days, and another workspace's chat is another endpoint.
 */
INSERT INTO dbinsight.fact_endpoint_usage (databricks_request_id, workspace_id, requester, status_code, request_time, input_token_count, output_token_count, request_streaming, served_entity_id, endpoint_name, entity_name, entity_version)
SELECT 'v1-' || n, '1001', r, s, '2025-03-09 10:00+00'::timestamptz, t, 2 * t, n <= 3, 'se2', 'chat', 'llm', '1'
FROM (VALUES (1, 'ann', 200, 100), (2, 'ann', 200, 50), (3, 'bob', 200, 50), (4, 'bob', 500, NULL), (5, 'bob', 404, NULL), (6, 'carl', 429, NULL)) v(n, r, s, t)
UNION ALL SELECT 'v2-' || n, '1001', NULL, 200, '2025-03-09 23:59:59+00', NULL, NULL, NULL, 'se3', 'chat', 'llm', '2' FROM generate_series(1, 4) n
UNION ALL SELECT 'today', '1001', 'ann', 200, '2025-03-10 01:00+00', 1, 1, NULL, 'se2', 'chat', 'llm', '1'
UNION ALL SELECT 'old', '1001', 'ann', 200, '2025-03-02 23:00+00', 1, 1, NULL, 'se2', 'chat', 'llm', '1'
UNION ALL SELECT 'other', '1002', 'ann', 200, '2025-03-09 01:00+00', 1, 1, NULL, 'se9', 'chat', NULL, NULL;
INSERT INTO dbinsight.fact_inference_log (request_id, workspace_id, request_time, endpoint_name, served_entity_id, execution_ms)
SELECT 'l' || i, '1001', '2025-03-09 10:00+00', 'chat', 'se2', 100 * i FROM generate_series(1, 4) i;
INSERT INTO dbinsight.fact_usage (record_id, workspace_id, usage_date, usage_unit, usage_quantity, endpoint_name, list_cost, record_type) VALUES
	('e1', '1001', '2025-03-09', 'DBU', 100, 'chat', 12, 'ORIGINAL'), ('e2', '1001', '2025-03-09', 'DBU', -20, 'chat', -2, 'RETRACTION'), ('e3', '1001', '2025-03-10', 'DBU', 9, 'chat', 9, 'ORIGINAL');
SELECT dbinsight._refresh_derived('fact_inference_log', '2025-02-01+00', '2025-03-31+00') \g /dev/null
SELECT endpoint_name, served_entity, entity_version, usage_date, requests, errors, error_rate_pct, throttled, p50_ms, p95_ms, p99_ms FROM dbinsight.get_inference_metrics();
SELECT entity_version, input_tokens, output_tokens, tokens_per_request, distinct_requesters, streaming_pct, cost, cost_per_1k_requests, workspace_id FROM dbinsight.get_inference_metrics('CHAT');
-- A log without workspace and served entity speaks for each of the endpoint's.
UPDATE dbinsight.fact_inference_log SET workspace_id = NULL, served_entity_id = NULL WHERE endpoint_name = 'chat';
SELECT dbinsight._refresh_derived('fact_inference_log', '2025-02-01+00', '2025-03-31+00') \g /dev/null
SELECT workspace_id, entity_version, p50_ms FROM dbinsight.get_inference_metrics('chat');
SELECT count(*), sum(requests) FROM dbinsight.get_inference_metrics(days => 8);
SELECT count(*) FROM dbinsight.get_inference_metrics('nowhere');
/*
 * The rollups against the log, over windows that cut days at both ends; a refresh of some days leaves the others, a second
 * one changes nothing. Of 600 requests 37 minutes apart each fourth has the feature f; 85 have no prediction, 86 NaN, 86 -Infinity.
 */
INSERT INTO dbinsight.fact_inference_log (request_id, request_time, endpoint_name, prediction, actual, execution_ms, extra)
SELECT 'e' || i, '2025-02-20 07:13+00'::timestamptz + i * interval '37 minutes', 'edge-ep', CASE i % 7 WHEN 0 THEN NULL WHEN 1 THEN 'NaN' WHEN 2 THEN '-Infinity' ELSE (i % 11)::float8 END,
	CASE WHEN i % 3 > 0 THEN i % 5 END, 10 * i, CASE WHEN i % 4 = 0 THEN jsonb_build_object('features', jsonb_build_object('f', i % 6, 'g', 'x')) END
FROM generate_series(1, 600) i;
SELECT dbinsight._refresh_derived('fact_inference_log', '2025-02-21+00', '2025-02-23 05:00+00') \g /dev/null
SELECT dbinsight._refresh_derived('fact_inference_log', '2025-02-20+00', '2025-03-31+00') \g /dev/null
SELECT w.since, w.until, v.subject, count(*) AS n, sum(x) FILTER (WHERE x <> 'NaN' AND abs(x) < 'Infinity') = (
		SELECT sum(y) FROM (SELECT CASE v.subject WHEN 'prediction' THEN l.prediction ELSE (l.extra -> 'features' ->> v.subject)::float8 END AS y
			FROM dbinsight.fact_inference_log l WHERE l.endpoint_name = 'edge-ep' AND l.request_time >= w.since AND l.request_time < w.until) f
		WHERE y <> 'NaN' AND abs(y) < 'Infinity') AS sum_is_the_log_s, count(*) = (SELECT count(CASE v.subject WHEN 'prediction' THEN l.prediction ELSE (l.extra -> 'features' ->> v.subject)::float8 END)
		FROM dbinsight.fact_inference_log l WHERE l.endpoint_name = 'edge-ep' AND l.request_time >= w.since AND l.request_time < w.until) AS count_is_the_log_s
FROM (VALUES ('2025-02-21 10:00+00'::timestamptz, '2025-03-03 12:00+00'::timestamptz), ('2025-02-22+00', '2025-02-24+00'), ('2025-02-21 23:59+00', '2025-02-23 00:01+00')) w(since, until),
	LATERAL dbinsight._logged_values(w.since, w.until) v, LATERAL unnest(v."values") x
WHERE v.endpoint_name = 'edge-ep'
GROUP BY 1, 2, 3 ORDER BY w.since, w.until, v.subject COLLATE "C";
SELECT count(*) AS differences FROM (
	(SELECT day, endpoint_name, requests, judged, pairs, ratios FROM dbinsight.rollup_inference_outcome WHERE endpoint_name = 'edge-ep'
	EXCEPT SELECT date_trunc('day', l.request_time, 'UTC'), l.endpoint_name, count(*), count(l.actual), count(*) FILTER (WHERE l.prediction IS NOT NULL AND l.actual IS NOT NULL),
		count(*) FILTER (WHERE l.prediction IS NOT NULL AND l.actual <> 0) FROM dbinsight.fact_inference_log l WHERE l.endpoint_name = 'edge-ep' GROUP BY 1, 2)) d;
SELECT sum(cardinality(ms)), max(m) FROM dbinsight.rollup_inference_latency, LATERAL (SELECT max(x) AS m FROM unnest(ms) x) u WHERE endpoint_name = 'edge-ep';
-- The aggregate: 60 of each, all 1 before, 1 and 2 by halves now. One bin up to 1 and one above: p = 60.5/61, 0.5/61, q = 1/2; no deviation before, so no mean shift.
WITH d AS (SELECT dbinsight._drift(v.now, v.x) AS f FROM (VALUES (false, array_fill(1::float8, ARRAY[60])), (true, array_fill(1::float8, ARRAY[30]) || array_fill(2::float8, ARRAY[30]))) v(now, x))
SELECT f[1] AS now, f[2] AS before, round(f[3]::numeric, 6) = round(((0.5 - 60.5/61) * ln(0.5 / (60.5/61)) + (0.5 - 0.5/61) * ln(0.5 / (0.5/61)))::numeric, 6) AS psi, f[4] AS ks, f[6] AS mean_shift, f[7] AS bins FROM d;
SELECT dbinsight._drift(b, x) FROM (VALUES (true, ARRAY[1, NULL, 'NaN', 'Infinity']::float8[]), (false, '{}'), (NULL, '{1}'), (false, NULL)) v(b, x);
SELECT dbinsight._drift(b, x) IS NULL AS nothing FROM (VALUES (true, '{NaN}'::float8[])) v(b, x);
ROLLBACK;
