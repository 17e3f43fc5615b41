-- Data quality, late tables, failed expectations, drift, over a hand-made account.
-- The clock stands at Monday 2025-03-10 12:00 UTC.
BEGIN;
SET LOCAL dbinsight.now = '2025-03-10 12:00:00+00';
SELECT count(*) FROM dbinsight.get_dq_summary();
SELECT count(*) FROM dbinsight.get_freshness_violations();
SELECT count(*) FROM dbinsight.get_expectation_failures();
SELECT count(*) FROM dbinsight.get_drift_metrics();

INSERT INTO dbinsight.dim_table (snapshot_date, table_catalog, table_schema, table_name) VALUES
	('2025-03-10', 'main', 'gold', 'orders'), ('2025-03-10', 'main', 'gold', 'sales'), ('2025-03-10', 'main', 'gold', 'old'),
	('2025-03-10', 'main', 'silver', 'raw'), ('2025-03-10', 'main', 'silver', 'events'),
	('2025-03-10', 'main', 'information_schema', 'tables'),
	('2025-03-01', 'main', 'gold', 'dropped');

-- orders: latest of the window 03-09 (1 healthy, 1 unhealthy check), before it 03-05, in the window before 02-28 (2 healthy).
-- sales: one healthy check, completeness unknown. raw: nothing known. events: two unhealthy.
INSERT INTO dbinsight.fact_dq_monitoring (event_time, catalog_name, schema_name, table_name, table_id, status, freshness_status, completeness_status, commit_last_value) VALUES
	('2025-03-09 08:00+00', 'main', 'gold', 'orders', 't1', 'UNHEALTHY', 'HEALTHY', 'UNHEALTHY', NULL),
	('2025-03-05 08:00+00', 'main', 'gold', 'orders', 't1', 'HEALTHY', 'HEALTHY', 'HEALTHY', NULL),
	('2025-02-28 08:00+00', 'main', 'gold', 'orders', 't1', 'HEALTHY', 'HEALTHY', 'HEALTHY', NULL),
	('2025-03-10 13:00+00', 'main', 'gold', 'orders', 't1', 'HEALTHY', 'HEALTHY', 'HEALTHY', NULL),
	('2025-03-10 06:00+00', 'main', 'gold', 'sales', 't2', 'HEALTHY', 'HEALTHY', 'UNKNOWN', NULL),
	('2025-03-08 06:00+00', 'main', 'silver', 'raw', 't3', 'UNKNOWN', 'UNKNOWN', 'UNKNOWN', NULL),
	('2025-03-07 06:00+00', 'main', 'silver', 'events', 't4', 'UNHEALTHY', 'UNHEALTHY', 'UNHEALTHY', '2025-03-06 12:00+00');
INSERT INTO dbinsight.dim_pipeline (workspace_id, pipeline_id, pipeline_name, settings, change_time) VALUES
	('w1', 'p1', 'orders_pipeline', '{"catalog": "main", "target": "silver"}', '2025-01-01');
SELECT dbinsight._ensure_partitions('fact_pipeline_expectations', '2025-02-20', '2025-03-10');
-- valid_id: 90 + 100 passed, 10 + 0 failed in the window; 95 passed and 5 failed before it. not_null never fails.
INSERT INTO dbinsight.fact_pipeline_expectations (event_id, workspace_id, pipeline_id, dataset, expectation, event_time, passed_records, failed_records, action) VALUES
	('e1', 'w1', 'p1', 'raw', 'valid_id', '2025-03-08 10:00+00', 90, 10, 'drop'),
	('e2', 'w1', 'p1', 'raw', 'valid_id', '2025-03-09 10:00+00', 100, 0, 'drop'),
	('e0', 'w1', 'p1', 'raw', 'valid_id', '2025-03-01 10:00+00', 95, 5, 'drop'),
	('e3', 'w1', 'p1', 'raw', 'not_null', '2025-03-09 10:00+00', 100, 0, 'fail'),
	('e4', 'w1', 'gone', 'main.gold.sales', 'positive', '2025-03-09 11:00+00', 30, 30, 'allow'),
	('e5', 'w1', 'p1', 'raw', 'valid_id', '2025-03-10 12:00+00', 0, 1000, 'drop');

-- gold: 3 tables, 2 monitored, checks 2 of 3; silver: raw has no check, events 0 of 2. Failed records 10 (raw) and 30 (sales).
SELECT * FROM dbinsight.get_dq_summary();
SELECT schema_full_name FROM dbinsight.get_dq_summary('GOLD');
-- one day: only the two latest evaluations since 03-09 12:00 are left (sales), orders falls out
SELECT schema_full_name, tables_monitored, dq_score FROM dbinsight.get_dq_summary('main.gold', 1);
SELECT * FROM dbinsight.get_expectation_failures();
SELECT dataset FROM dbinsight.get_expectation_failures('ORDERS_%');
SAVEPOINT a;
SELECT * FROM dbinsight.get_expectation_failures(NULL, 0);
ROLLBACK TO a;

-- Writes. orders: 3 of 60 days, the last 03-08 12:00 (48 h ago); the one at 13:00 has not happened yet.
-- sales: once, 7 h ago, with a target of 6 h (the longest pattern). raw: one event with two sources is one write.
-- events: two writes in February, monitoring saw a commit 96 h ago. dropped: no table any more. old: a target, last write 2388 h ago.
SELECT dbinsight._ensure_partitions('fact_table_lineage', '2024-12-01', '2025-03-10');
INSERT INTO dbinsight.fact_table_lineage (record_id, event_id, workspace_id, entity_type, entity_id, source_table_full_name, target_table_full_name, created_by, event_time) VALUES
	('r1', 'v1', 'w1', 'JOB', 'j1', 'main.silver.raw', 'main.gold.orders', 'svc', '2025-03-01 12:00+00'),
	('r2', 'v2', 'w1', 'JOB', 'j1', 'main.silver.raw', 'main.gold.orders', 'svc', '2025-03-02 12:00+00'),
	('r3', 'v3', 'w1', 'JOB', 'j1', 'main.silver.raw', 'main.gold.orders', 'svc', '2025-03-08 12:00+00'),
	('r4', 'v4', 'w1', 'JOB', 'j1', 'main.silver.raw', 'main.gold.orders', 'svc', '2025-03-10 13:00+00'),
	('r5', 'v5', 'w1', 'PIPELINE', 'p1', NULL, 'main.gold.sales', 'svc', '2025-03-10 05:00+00'),
	('r6', 'v6', 'w1', 'JOB', 'j2', 'main.x.a', 'main.silver.raw', 'svc', '2025-03-01 05:00+00'),
	('r7', 'v6', 'w1', 'JOB', 'j2', 'main.x.b', 'main.silver.raw', 'svc', '2025-03-01 05:00+00'),
	('r8', 'v8', 'w1', 'NOTEBOOK', 'n1', NULL, 'main.silver.events', 'svc', '2025-02-01 05:00+00'),
	('r9', 'v9', 'w1', 'NOTEBOOK', 'n1', NULL, 'main.silver.events', 'svc', '2025-02-02 05:00+00'),
	('r10', 'v10', 'w1', 'JOB', 'j1', NULL, 'main.gold.dropped', 'svc', '2025-02-02 05:00+00'),
	('r11', 'v11', 'w1', 'JOB', 'j1', NULL, 'main.gold.dropped', 'svc', '2025-02-03 05:00+00'),
	('r12', 'v12', 'w1', 'JOB', 'j1', NULL, 'main.gold.old', 'svc', '2024-12-01 00:00+00'),
	('r13', 'v13', 'w1', 'JOB', 'j3', 'main.gold.orders', 'main.gold.sales', 'svc', '2025-03-01 01:00+00');
-- ten readers of orders, one of them twice
INSERT INTO dbinsight.fact_table_lineage (record_id, event_id, workspace_id, entity_type, source_table_full_name, created_by, event_time)
SELECT 'q' || n, 'q' || n, 'w1', 'DBSQL_QUERY', 'main.gold.orders', 'u' || n % 10 || '@x.com', '2025-03-04 09:00+00' FROM generate_series(0, 10) n;
INSERT INTO dbinsight.freshness_targets VALUES ('main.gold.sales', 6), ('main.%', 1000), ('main.gold.o%', 24), ('main.silver.%', 24);
SELECT dbinsight._refresh_derived('fact_table_lineage', '2024-12-01', '2025-03-11');
INSERT INTO dbinsight.job_run (workspace_id, run_id, job_id, start_time, last_seen_time, attempts, repair_count, result_state, is_terminal, duration_s, wall_s) VALUES
	('w1', 'r1', 'j1', '2025-03-09 12:00+00', '2025-03-09 13:00+00', 1, 0, 'FAILED', true, 3600, 3600),
	('w1', 'r2', 'j1', '2025-03-08 12:00+00', '2025-03-08 13:00+00', 1, 0, 'SUCCEEDED', true, 3600, 3600);
INSERT INTO dbinsight.predictions (model_name, version, scored_at, entity_type, entity_id, score) VALUES
	('freshness_predictor', 1, '2025-03-09', 'table', 'main.gold.sales', 0.4), ('freshness_predictor', 1, '2025-03-10', 'table', 'main.gold.sales', 0.7);
-- old 2388 h > 3 x 24: high. events 96 h > 3 x 24: high. raw 223 h > 3 x 24: high. orders 48 h, not beyond 2 x 24: low, ten readers: medium.
-- sales 7 h of 6: low. Ordered by severity, then by hours overdue.
SELECT table_full_name, last_write, hours_since_write, threshold_h, overdue_h, expected_by, severity FROM dbinsight.get_freshness_violations();
SELECT table_full_name, writer_type, writer_id, writer_last_state, downstream_tables, readers_7d, predicted_late_prob FROM dbinsight.get_freshness_violations();
-- without targets only orders (three writes) and events (two) are kept fresh; raw was written once
DELETE FROM dbinsight.freshness_targets;
SELECT table_full_name, threshold_h FROM dbinsight.get_freshness_violations(30);
-- 31 tables, each written twice and committed as the monitor saw, now one first, now the other, 60 to 90 hours ago, across the edges of
-- the days that are looked at at once, and half of them long before as well: the newer of both counts, so none is listed.
SAVEPOINT edges;
INSERT INTO dbinsight.dim_table (snapshot_date, table_catalog, table_schema, table_name)
SELECT (SELECT max(snapshot_date) FROM dbinsight.dim_table), 'edge', 's', 't' || k FROM generate_series(0, 30) k;
INSERT INTO dbinsight.fact_table_lineage (record_id, event_id, workspace_id, entity_type, entity_id, target_table_full_name, created_by, event_time)
SELECT 'e' || k || '_' || n, 'e' || k || '_' || n, 'w1', 'JOB', 'j1', 'edge.s.t' || k, 'svc',
	dbinsight.now() - CASE n WHEN 3 THEN 400 ELSE 60 + k END * interval '1 hour' - n * interval '1 minute'
FROM generate_series(0, 30) k, generate_series(0, 3) n WHERE n < 2 OR (n = 3 AND k % 2 = 0);
INSERT INTO dbinsight.fact_dq_monitoring (event_time, catalog_name, schema_name, table_name, table_id, commit_last_value)
SELECT dbinsight.now() - n * interval '1 day' - interval '1 hour', 'edge', 's', 't' || k, 'edge' || k, dbinsight.now() - (60 + k * 7 % 31 + n * 24) * interval '1 hour'
FROM generate_series(0, 30) k, generate_series(0, 2) n;
SELECT dbinsight._refresh_derived('fact_table_lineage', '2025-02-01', '2025-03-11');
SELECT k, f.last_write, dbinsight.now() - least(60 + k, 60 + k * 7 % 31) * interval '1 hour' AS expected
FROM generate_series(0, 30) k LEFT JOIN dbinsight._table_freshness(dbinsight.now(), 24) f ON f.table_full_name = 'edge.s.t' || k
WHERE f.last_write IS DISTINCT FROM dbinsight.now() - least(60 + k, 60 + k * 7 % 31) * interval '1 hour' ORDER BY k;
ROLLBACK TO edges;
SAVEPOINT a;
SELECT * FROM dbinsight.get_freshness_violations(0);
ROLLBACK TO a;

-- Histograms. Values spread evenly over 0..10 against 5..15: tenths of the baseline are cut at 1..9; the new shares are
-- 0 (floored at 1e-4) five times, .1 four times, .6 once. psi = 5 x .0999 ln 1000 + .5 ln 6 = 4.3463;
-- js = half of 5 (.1 x .99856 - .0001 x 8.96723) + .1 x -1.80735 + .6 x .77761 = .3903; ks = .5 at 5 and at 10.
SELECT round(psi::numeric, 4) AS psi, round(js::numeric, 4) AS js, ks FROM dbinsight._hist_distance('{0,10}', '{100}', '{5,15}', '{80}');
-- the same distribution in other bins, and a constant column, are no distance
SELECT round(psi::numeric, 12) AS psi, round(js::numeric, 12) AS js, ks FROM dbinsight._hist_distance('{0,5,10}', '{50,50}', '{0,2,10}', '{2,8}');
SELECT * FROM dbinsight._hist_distance('{5,5}', '{9}', '{5,5}', '{70}');
-- skewed: 90 of 100 in the first of two bins. Deciles lie at 10/9, 20/9 .. 10 (the ninth at the edge)
-- The same in SQL, step by step, over histograms of 1 to 12 bins, some of width zero, some empty.
CREATE FUNCTION pg_temp._cumulative(counts bigint[]) RETURNS float8[]
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT array_agg(s.upto ORDER BY s.n)
	FROM (SELECT u.n, sum(u.c::float8) OVER (ORDER BY u.n) AS upto FROM unnest(counts) WITH ORDINALITY u(c, n)) s;
END;
CREATE FUNCTION pg_temp._hist_cdf(edges float8[], upto float8[], x float8) RETURNS float8
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE WHEN x < edges[1] THEN 0 WHEN x >= edges[array_length(edges, 1)] THEN 1
		ELSE (coalesce(upto[width_bucket(x, edges) - 1], 0)
			+ (upto[width_bucket(x, edges)] - coalesce(upto[width_bucket(x, edges) - 1], 0))
			* (x - edges[width_bucket(x, edges)]) / (edges[width_bucket(x, edges) + 1] - edges[width_bucket(x, edges)]))
			/ upto[array_length(upto, 1)] END;
CREATE FUNCTION pg_temp._hist_quantile(edges float8[], upto float8[], share float8) RETURNS float8
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN edges[width_bucket(share * upto[array_length(upto, 1)], upto) + 1]
		+ (edges[width_bucket(share * upto[array_length(upto, 1)], upto) + 2] - edges[width_bucket(share * upto[array_length(upto, 1)], upto) + 1])
		* (share * upto[array_length(upto, 1)] - coalesce(upto[width_bucket(share * upto[array_length(upto, 1)], upto)], 0))
		/ (upto[width_bucket(share * upto[array_length(upto, 1)], upto) + 1]
			- coalesce(upto[width_bucket(share * upto[array_length(upto, 1)], upto)], 0));
CREATE FUNCTION pg_temp._hist_distance(base_edges float8[], base_counts bigint[], edges float8[], counts bigint[])
	RETURNS TABLE (psi float8, js float8, ks float8)
	LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
	WITH sums AS MATERIALIZED (
		SELECT pg_temp._cumulative(base_counts) AS base, pg_temp._cumulative(counts) AS cur
	), cut AS (
		SELECT c.x, pg_temp._hist_cdf(base_edges, s.base, c.x) AS p, pg_temp._hist_cdf(edges, s.cur, c.x) AS q
		FROM sums s, LATERAL (SELECT DISTINCT pg_temp._hist_quantile(base_edges, s.base, k / 10.0::float8) AS x FROM generate_series(1, 9) k) c
		UNION ALL SELECT 'Infinity', 1, 1
	), bin AS (
		SELECT greatest(c.p - lag(c.p, 1, 0::float8) OVER o, 1e-4) AS p, greatest(c.q - lag(c.q, 1, 0::float8) OVER o, 1e-4) AS q
		FROM cut c WINDOW o AS (ORDER BY c.x)
	)
	SELECT sum((b.q - b.p) * ln(b.q / b.p)),
		sum((b.p * ln(2 * b.p / (b.p + b.q)) + b.q * ln(2 * b.q / (b.p + b.q))) / 2 / ln(2::float8)),
		(SELECT max(abs(pg_temp._hist_cdf(base_edges, s.base, e.x) - pg_temp._hist_cdf(edges, s.cur, e.x)))
		 FROM sums s, unnest(base_edges || edges) e(x))
	FROM bin b;
END;
SELECT round(pg_temp._hist_quantile('{0,10,20}', '{90,100}', k / 10.0)::numeric, 4) FROM generate_series(1, 9) k;
WITH histogram AS (
	SELECT i, (SELECT array_agg(e ORDER BY n) FROM (SELECT n, sum((i * n * 7 % 5)::float8 / (1 + i % 3)) OVER (ORDER BY n) AS e FROM generate_series(1, 2 + i % 12) n) x) AS edges,
		(SELECT array_agg((i * (n + 3) * 13 % 11)::bigint) FROM generate_series(1, 1 + i % 12) n) AS counts
	FROM generate_series(1, 90) i
)
SELECT count(*) > 4000 AS enough, count(*) FILTER (WHERE abs(x.psi - y.psi) > 1e-9 OR abs(x.js - y.js) > 1e-9 OR abs(x.ks - y.ks) > 1e-9 OR (x.psi, x.js, x.ks) IS NULL) AS different
FROM histogram a, histogram b, LATERAL dbinsight._hist_distance(a.edges, a.counts, b.edges, b.counts) x, LATERAL pg_temp._hist_distance(a.edges, a.counts, b.edges, b.counts) y
WHERE dbinsight._hist_valid(a.edges, a.counts) AND dbinsight._hist_valid(b.edges, b.counts);
-- What is no histogram has no distance.
SELECT * FROM dbinsight._hist_distance('{0,1}', '{0}', '{0,1}', '{1}') UNION ALL SELECT * FROM dbinsight._hist_distance('{0,1}', '{1}', '{0,1}', '{1,2}')
UNION ALL SELECT * FROM dbinsight._hist_distance('{0,1}', '{1}', '{0,NULL}', '{1}') UNION ALL SELECT * FROM dbinsight._hist_distance('{0,1}', '{1}', '{}', '{}')
UNION ALL SELECT * FROM dbinsight._hist_distance('{0,1}', '{-1}', '{0,1}', '{1}') UNION ALL SELECT * FROM dbinsight._hist_distance('{0,1}', NULL, '{0,1}', '{1}');
-- Edges that do not ascend or are no numbers are measured somehow, and nothing outside them is read.
SELECT count(*) FROM (VALUES ('{0,9,-5,7}'::float8[]), ('{5,1,2,9}'), ('{NaN,NaN,NaN,NaN}'), ('{0,NaN,1,Infinity}'), ('{-Infinity,3,2,Infinity}')) a(e),
	(VALUES ('{9,3,1,12}'::float8[]), ('{0,NaN,NaN,4}')) b(e), LATERAL dbinsight._hist_distance(a.e, '{1,0,3}', b.e, '{2,5,1}');
SELECT dbinsight._hist_valid('{0,1}', '{1}') AS good, dbinsight._hist_valid('{0,1}', '{1,2}') AS wrong_length,
	dbinsight._hist_valid('{0,1}', '{0}') AS empty, dbinsight._hist_valid(NULL, '{1}') AS missing, dbinsight._hist_valid('{0,NULL}', '{1}') AS unknown;

-- Profiles of 03-02 and 03-09 (seven days before); the one of 03-05 is too young for a baseline, the one of 03-12 not yet there.
-- amount: mean 5 -> 10, stddev 2.5: shift 2. status: nulls 0 -> 10 %, distinct 4 -> 5. fixed: stddev 0, mean moved. extra is new.
INSERT INTO dbinsight.fact_column_profile (table_full_name, column_name, profile_date, row_count, null_count, distinct_count, mean, stddev, hist_edges, hist_counts) VALUES
	('main.gold.orders', 'amount', '2025-03-02', 100, 0, 100, 5, 2.5, '{0,10}', '{100}'),
	('main.gold.orders', 'status', '2025-03-02', 100, 0, 4, NULL, NULL, NULL, NULL),
	('main.gold.orders', 'fixed', '2025-03-02', 100, 0, 1, 5, 0, '{5,5}', '{100}'),
	('main.gold.orders', 'amount', '2025-03-05', 100, 0, 100, 10, 2.5, '{5,15}', '{100}'),
	('main.gold.orders', 'amount', '2025-03-12', 100, 0, 100, 10, 2.5, '{5,15}', '{100}'),
	('main.gold.orders', 'amount', '2025-03-09', 140, 0, 120, 10, 2.5, '{5,15}', '{140}'),
	('main.gold.orders', 'status', '2025-03-09', 140, 14, 5, NULL, NULL, NULL, NULL),
	('main.gold.orders', 'fixed', '2025-03-09', 140, 0, 1, 6, 0, '{6,6}', '{140}'),
	('main.gold.orders', 'extra', '2025-03-09', 140, 0, 1, 1, 1, NULL, NULL),
	('main.gold.sales', 'price', '2025-03-01', 10, 0, 10, 1, 1, NULL, NULL),
	('main.gold.sales', 'price', '2025-03-09', 10, 0, 10, 1, 1, NULL, NULL),
	('main.gold.alone', 'price', '2025-03-09', 10, 0, 10, 1, 1, NULL, NULL);
-- fixed jumps from 5 to 6, a step beside a step: all of it lies beyond the one cut at 5: shares 1, 1e-4 against 1e-4, 1
-- (psi = 2 x .9999 ln 10000 = 18.4188; js = log2(2/1.0001) + .0001 x log2(.0002/1.0001) = .9986; ks 1).
SELECT column_name, metric, baseline_value, current_value, change, change_pct, threshold, drifted FROM dbinsight.get_drift_metrics('orders');
SELECT DISTINCT table_full_name, baseline_date, current_date_used FROM dbinsight.get_drift_metrics('main.gold.orders');
-- without a table: drifted rows only, of every table (eleven above; sales has none, alone has no baseline)
SELECT table_full_name, count(*), bool_and(drifted) FROM dbinsight.get_drift_metrics() GROUP BY 1;
SELECT DISTINCT baseline_date FROM dbinsight.get_drift_metrics('orders', '2025-03-08');
SELECT count(*) FROM dbinsight.get_drift_metrics('orders', '2025-03-01');
ROLLBACK;
