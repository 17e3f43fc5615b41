-- Cost tools on a hand-made account. The clock stands on Monday 2025-03-10, noon.
\set VERBOSITY terse
\set ON_ERROR_ROLLBACK on
BEGIN;
SET LOCAL dbinsight.now = '2025-03-10 12:00:00+00';

-- Nothing loaded: no row, also none of zeros.
SELECT (SELECT count(*) FROM dbinsight.get_daily_cost_summary()) AS daily, (SELECT count(*) FROM dbinsight.get_top_cost_drivers()) AS drivers,
	(SELECT count(*) FROM dbinsight.get_workspace_cost_breakdown()) AS breakdown, (SELECT count(*) FROM dbinsight.get_sku_cost_trend()) AS trend,
	(SELECT count(*) FROM dbinsight.get_cost_by_sku()) AS skus, (SELECT count(*) FROM dbinsight.get_cost_anomalies()) AS anomalies,
	(SELECT count(*) FROM dbinsight.get_cost_forecast()) AS forecast, (SELECT count(*) FROM dbinsight.get_budget_status()) AS budgets,
	(SELECT count(*) FROM dbinsight.get_cost_mtd_summary()) AS mtd;

INSERT INTO dbinsight.dim_workspace (workspace_id, workspace_name) VALUES ('1001', 'prod'), ('1002', 'dev');
INSERT INTO dbinsight.dim_job (workspace_id, job_id, job_name, change_time) VALUES ('1001', '7', 'Nightly load', '2025-01-01+00');
INSERT INTO dbinsight.dim_warehouse (workspace_id, warehouse_id, warehouse_name, change_time) VALUES ('1001', 'w1', 'BI', '2025-01-01+00');
INSERT INTO dbinsight.dim_cluster (workspace_id, cluster_id, cluster_name, change_time) VALUES ('1002', 'c1', 'shared', '2025-01-01+00'), ('1001', 'c1', 'not this one', '2025-01-01+00');

SELECT dbinsight._ensure_partitions('fact_usage', '2025-02-01+00', '2025-03-31+00') > 0 AS made;
-- Job 7 costs 10 DBU at 0.5 = 5 dollars each day from 1 to 9 March, tagged.
INSERT INTO dbinsight.fact_usage (record_id, workspace_id, sku_name, cloud, usage_start_time, usage_end_time, usage_date, usage_unit, usage_quantity,
	record_type, billing_origin_product, custom_tags, job_id, job_run_id, job_name, run_as, is_serverless, list_price, list_cost, price_found)
SELECT 'base' || d, '1001', 'JOBS', 'AWS', ('2025-03-0' || d || ' 01:00+00')::timestamptz, ('2025-03-0' || d || ' 02:00+00')::timestamptz,
	('2025-03-0' || d)::date, 'DBU', 10, 'ORIGINAL', 'JOBS', '{"team": "data"}', '7', 'r' || d, 'nightly', 'ann@company.com', false, 0.5, 5, true
FROM generate_series(1, 9) d;
INSERT INTO dbinsight.fact_usage (record_id, workspace_id, sku_name, cloud, usage_date, usage_unit, usage_quantity, billing_origin_product,
	record_type, warehouse_id, cluster_id, pipeline_id, endpoint_name, run_as, owned_by, is_serverless, custom_tags, list_price, list_cost, price_found) VALUES
	('w-bob',   '1001', 'SQL',     'AWS', '2025-03-09', 'DBU', 3,   'SQL', 'ORIGINAL', 'w1', NULL, NULL, NULL, 'bob@company.com', NULL, true, '{}', 0.7, 2.1, true),
	('w-carol', '1001', 'SQL',     'AWS', '2025-03-09', 'DBU', 5,   'SQL', 'ORIGINAL', 'w1', NULL, NULL, NULL, 'carol@company.com', NULL, true, '{}', 0.7, 3.5, true),
	('c-8',     '1002', 'ALL_PURPOSE', 'AWS', '2025-03-08', 'DBU', 20, 'ALL_PURPOSE', 'ORIGINAL', NULL, 'c1', NULL, NULL, NULL, 'bob@company.com', false, NULL, 0.55, 11, true),
	('c-9',     '1002', 'ALL_PURPOSE', 'AWS', '2025-03-09', 'DBU', 4,  'INTERACTIVE', 'ORIGINAL', NULL, 'c1', NULL, NULL, NULL, 'bob@company.com', false, NULL, 0.55, 2.2, true),
	('s-null',  NULL,   'STORAGE', 'AWS', '2025-03-09', 'GB', 100, 'DEFAULT_STORAGE', 'ORIGINAL', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0.023, 2.3, true),
	('s-zero',  '0',    'STORAGE', 'AWS', '2025-03-09', 'GB', 100, 'DEFAULT_STORAGE', 'ORIGINAL', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0.023, 2.3, true),
	('e-new',   '1002', 'SERVING', 'AWS', '2025-03-09', 'DBU', 3,   'MODEL_SERVING', 'ORIGINAL', NULL, NULL, NULL, 'chat', NULL, NULL, true, '{}', NULL, 0, false),
	('p-third', '1002', 'DLT',     'AWS', '2025-03-09', 'DBU', 2,   'DLT', 'ORIGINAL', NULL, NULL, 'p1', NULL, 'sp-1', NULL, NULL, '{}', 0.333333333333333333, 0.666666666666666666, true),
	('today',   '1001', 'JOBS',    'AWS', '2025-03-10', 'DBU', 1,   'JOBS', 'ORIGINAL', NULL, NULL, NULL, NULL, 'ann@company.com', NULL, false, '{}', 0.5, 0.5, true);

-- Job 8 is billed 50 dollars on 8 March, then corrected: retracted, restated at 20.
INSERT INTO dbinsight.fact_usage (record_id, workspace_id, sku_name, cloud, usage_date, usage_unit, usage_quantity, record_type, billing_origin_product, job_id, list_price, list_cost, price_found)
VALUES ('x1', '1001', 'JOBS', 'AWS', '2025-03-08', 'DBU', 100, 'ORIGINAL', 'JOBS', '8', 0.5, 50, true);
SELECT dbinsight._refresh_derived('fact_usage', '2025-02-01+00', '2025-03-10 12:00+00');
SELECT usage_date, total_cost, total_dbu FROM dbinsight.get_daily_cost_summary('2025-03-08', '2025-03-08'); -- 5 + 11 + 50; 10 + 20 + 100
INSERT INTO dbinsight.fact_usage (record_id, workspace_id, sku_name, cloud, usage_date, usage_unit, usage_quantity, record_type, billing_origin_product, job_id, list_price, list_cost, price_found)
VALUES ('x2', '1001', 'JOBS', 'AWS', '2025-03-08', 'DBU', -100, 'RETRACTION', 'JOBS', '8', 0.5, -50, true),
	('x3', '1001', 'JOBS', 'AWS', '2025-03-08', 'DBU', 40, 'RESTATEMENT', 'JOBS', '8', 0.5, 20, true);
SELECT dbinsight._refresh_derived('fact_usage', '2025-03-08+00', '2025-03-08+00');
SELECT usage_date, total_cost, total_dbu FROM dbinsight.get_daily_cost_summary('2025-03-08', '2025-03-08'); -- 5 + 11 + 20; 10 + 20 + 40

-- The rollup holds the fact's sums to the last digit; a refresh repeated changes nothing.
SELECT dbinsight._refresh_derived('fact_usage', '-infinity', 'infinity');
SELECT r.list_cost = f.list_cost AS cost, r.usage_quantity = f.usage_quantity AS quantity, r.records = f.records AS records, r.list_cost
FROM (SELECT sum(list_cost) AS list_cost, sum(usage_quantity) AS usage_quantity, sum(records) AS records FROM dbinsight.rollup_usage_daily) r,
	(SELECT sum(list_cost) AS list_cost, sum(usage_quantity) AS usage_quantity, count(*) AS records FROM dbinsight.fact_usage) f;
SELECT usage_date, workspace_id, resource_type, resource_id, owner, is_serverless, is_tagged, tags, list_cost, dbu, usage_quantity, unpriced_quantity, records
FROM dbinsight.rollup_usage_daily WHERE usage_date >= '2025-03-08'
ORDER BY usage_date, workspace_id COLLATE "C", resource_type COLLATE "C", resource_id COLLATE "C", owner COLLATE "C";

-- By day. 9 March: 5 jobs + 5.6 SQL + 0.6667 pipelines + 2.2 all-purpose + 0 serving (unpriced) + 4.6 storage = 18.0667;
-- DBU 10 + 8 + 2 + 4 + 3 = 27. Means of 7 days: 5; (6 x 5 + 36) / 7 = 9.4286; (5 x 5 + 36 + 18.0667) / 7 = 11.2952.
-- Changes: (36 - 5) / 5 = 620 %; (18.0667 - 36) / 36 = -49.81 %; (0.5 - 18.0667) / 18.0667 = -97.23 %. The account is no workspace.
SELECT usage_date, total_cost, total_dbu, workspace_count, jobs_cost, sql_cost, pipelines_cost, all_purpose_cost AS ap_cost, serving_cost, other_cost,
	serverless_cost, tagged_cost, prior_day_cost, day_over_day_pct, avg_7d_cost, is_partial
FROM dbinsight.get_daily_cost_summary('2025-03-08', '2025-03-10');
-- The default range is 30 days to yesterday, each day once.
SELECT count(*), min(usage_date), max(usage_date), sum(total_cost) FROM dbinsight.get_daily_cost_summary();
SELECT * FROM dbinsight.get_daily_cost_summary('2025-03-09', '2025-03-08');
-- Named parameters, and a start alone: the range ends yesterday.
SELECT count(*) FROM dbinsight.get_daily_cost_summary(start_date => '2025-03-05');

-- Yesterday's drivers, of 18.0667. Baselines: job 7 35 / 7 = 5, cluster c1 11 / 7 = 1.5714; change of c1 (2.2 - 1.5714) / 1.5714 = 40 %.
SELECT * FROM dbinsight.get_top_cost_drivers();
-- 8 March: job 8 nets 20 although it was billed 50 first; two rows only.
SELECT rank, resource_type, resource_id, cost, pct_of_day, baseline_cost, delta_usd FROM dbinsight.get_top_cost_drivers('2025-03-08', 2);
SELECT * FROM dbinsight.get_top_cost_drivers('2024-01-01');
SELECT * FROM dbinsight.get_top_cost_drivers(NULL, 0);

-- By workspace. prod: JOBS 9 x 5 + 20 = 65, SQL 5.6; dev 11 + 2.2 + 0.6667 + 0; account 4.6; all together 89.0667.
SELECT * FROM dbinsight.get_workspace_cost_breakdown();
SELECT workspace_name, sku_name, cost, pct_of_workspace, pct_of_account FROM dbinsight.get_workspace_cost_breakdown('PROD', '2025-03-09', '2025-03-09');
SELECT workspace_id, sku_name, cost FROM dbinsight.get_workspace_cost_breakdown('(account)');
SELECT DISTINCT workspace_name FROM dbinsight.get_workspace_cost_breakdown('100%') ORDER BY 1;
SELECT count(*) FROM dbinsight.get_workspace_cost_breakdown('nowhere');

-- A SKU from day to day. ALL_PURPOSE: 11 on the 8th, 2.2 on the 9th; nothing before the first day.
SELECT * FROM dbinsight.get_sku_cost_trend('all_purpose', 5);
-- JOBS has 1 to 9 March; the cumulative cost starts with the window: 5, 30, 35. Mean on the 9th: (6 x 5 + 25) / 7 = 7.8571.
SELECT usage_date, cost, quantity, avg_unit_price, prior_day_cost, change_pct, avg_7d_cost, cumulative_cost FROM dbinsight.get_sku_cost_trend('JOBS', 3);
-- A silent day is 0: without the 7th there is still a row for it.
SAVEPOINT gap;
DELETE FROM dbinsight.fact_usage WHERE usage_date = '2025-03-07';
SELECT dbinsight._refresh_derived('fact_usage', '2025-03-07+00', '2025-03-07+00');
SELECT usage_date, cost, quantity, avg_unit_price, prior_day_cost, change_pct FROM dbinsight.get_sku_cost_trend('JOBS', 3);
ROLLBACK TO gap;
SELECT * FROM dbinsight.get_sku_cost_trend(days => 0);

-- By SKU, of 89.0667: JOBS 65 / 130 DBU = 0.5, STORAGE of no workspace and no resource, SERVING unpriced.
SELECT * FROM dbinsight.get_cost_by_sku();

-- This month to yesterday: 89.0667 in 9 days; projected 89.0667 / 9 x 31 = 306.7852. DBU 90 + 40 + 20 + 4 + 8 + 3 + 2 = 167; 167 / 9 x 31 = 575.2222.
SELECT * FROM dbinsight.get_cost_mtd_summary();
-- February: 1 to 9 counts as prior (8), the 20th only in the total (8 + 100). Change (89.0667 - 8) / 8 = 1013.33 %.
INSERT INTO dbinsight.fact_usage (record_id, usage_date, usage_unit, usage_quantity, list_cost) VALUES ('feb9', '2025-02-09', 'DBU', 16, 8), ('feb10', '2025-02-20', 'DBU', 200, 100);
SELECT dbinsight._refresh_derived('fact_usage', '2025-02-01+00', '2025-02-28+00');
SELECT * FROM dbinsight.get_cost_mtd_summary();
-- On the last day of March 30 days are complete, more than February has: all of it is prior.
SET LOCAL dbinsight.now = '2025-03-31 12:00:00+00';
SELECT metric, prior_mtd, days_elapsed, last_month_total FROM dbinsight.get_cost_mtd_summary();
-- On the first of a month no day is complete.
SET LOCAL dbinsight.now = '2025-03-01 12:00:00+00';
SELECT * FROM dbinsight.get_cost_mtd_summary();
SET LOCAL dbinsight.now = '2025-03-10 12:00:00+00';

/*
 * Jobs on the all-purpose cluster c2: one record 10:00 to 11:00, 12 dollars, 60 DBU.
 * Task 1 overlaps 15 minutes: 3 dollars. Tasks 2 and 3 run through the second record
 * (11:00 to 12:00, 12 dollars) together with task 4's 30 minutes: 150 minutes overlap
 * 60 of record, so 60/150, 60/150 and 30/150 of 12: 4.8, 4.8, 2.4. Task 5 ran on
 * another workspace's c2, task 6 touches the record only at its end.
 */
INSERT INTO dbinsight.fact_usage (record_id, workspace_id, sku_name, usage_date, usage_start_time, usage_end_time, usage_unit, usage_quantity, cluster_id, list_cost) VALUES
	('ap1', '1001', 'ALL_PURPOSE', '2025-03-05', '2025-03-05 10:00+00', '2025-03-05 11:00+00', 'DBU', 60, 'c2', 12),
	('ap2', '1001', 'ALL_PURPOSE', '2025-03-05', '2025-03-05 11:00+00', '2025-03-05 12:00+00', 'DBU', 60, 'c2', 12),
	('ap3', '1001', 'ALL_PURPOSE', '2025-03-06', '2025-03-05 23:30+00', '2025-03-06 00:30+00', 'DBU', 60, 'c2', 12);
SELECT dbinsight._ensure_partitions('fact_job_task_run_timeline', '2025-03-01+00', '2025-03-31+00') > 0 AS made;
INSERT INTO dbinsight.fact_job_task_run_timeline (workspace_id, job_id, job_run_id, task_run_id, task_key, period_start_time, period_end_time, result_state, compute_ids) VALUES
	('1001', '20', 'r1', 't1', 'a', '2025-03-05 10:15+00', '2025-03-05 10:30+00', 'SUCCEEDED', '{c2}'),
	('1001', '20', 'r2', 't2', 'a', '2025-03-05 11:00+00', '2025-03-05 12:00+00', 'SUCCEEDED', '{c2,w9}'),
	('1001', '21', 'r3', 't3', 'a', '2025-03-05 11:00+00', '2025-03-05 12:00+00', 'FAILED', '{c2}'),
	('1001', '21', 'r4', 't4', 'a', '2025-03-05 11:30+00', '2025-03-05 12:30+00', 'SUCCEEDED', '{c2}'),
	('1002', '22', 'r5', 't5', 'a', '2025-03-05 10:00+00', '2025-03-05 12:00+00', 'SUCCEEDED', '{c2}'),
	('1001', '23', 'r6', 't6', 'a', '2025-03-06 00:30+00', '2025-03-06 01:00+00', 'SUCCEEDED', '{c2}'),
	-- Over midnight, as the record is: 23:50 to 00:20 is half of it, 6 dollars.
	('1001', '24', 'r7', 't7', 'a', '2025-03-05 23:50+00', '2025-03-06 00:20+00', 'SUCCEEDED', '{c2}');
-- Usage first, runs later, and the other way round: the same.
SELECT dbinsight._refresh_derived('fact_usage', '2025-03-05+00', '2025-03-06+00');
SELECT count(*) FROM dbinsight.job_allpurpose_cost;
SELECT dbinsight._refresh_derived('fact_job_task_run_timeline', '2025-03-05 10:15+00', '2025-03-06 01:00+00');
SELECT usage_date, workspace_id, job_id, job_run_id, task_run_id, cluster_id, round(list_cost, 6) AS list_cost, round(dbu, 6) AS dbu
FROM dbinsight.job_allpurpose_cost ORDER BY task_run_id COLLATE "C";
TRUNCATE dbinsight.job_allpurpose_cost;
SELECT dbinsight._refresh_derived('fact_usage', '2025-03-05+00', '2025-03-06+00');
-- A retraction of the second record takes its shares away again.
INSERT INTO dbinsight.fact_usage (record_id, workspace_id, sku_name, usage_date, usage_start_time, usage_end_time, usage_unit, usage_quantity, cluster_id, list_cost, record_type)
VALUES ('ap2r', '1001', 'ALL_PURPOSE', '2025-03-05', '2025-03-05 11:00+00', '2025-03-05 12:00+00', 'DBU', -60, 'c2', -12, 'RETRACTION');
SELECT round(sum(list_cost), 6) AS before FROM dbinsight.job_allpurpose_cost;
SELECT dbinsight._refresh_derived('fact_usage', '2025-03-05+00', '2025-03-06+00');
SELECT task_run_id, round(list_cost, 6) AS list_cost FROM dbinsight.job_allpurpose_cost ORDER BY task_run_id COLLATE "C";
ROLLBACK;
