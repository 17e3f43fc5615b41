-- The performance agent's tools on an account made by hand; T is 10 March 2025, 12:00 UTC.
BEGIN;
SET LOCAL dbinsight.now = '2025-03-10 12:00:00+00';

-- Nothing loaded: no rows, no error.
SELECT count(*) FROM dbinsight.get_failed_jobs();
SELECT count(*) FROM dbinsight.get_slow_queries();
SELECT count(*) FROM dbinsight.get_job_bottlenecks();
SELECT count(*) FROM dbinsight.get_resource_utilization();
SELECT count(*) FROM dbinsight.get_job_runs();
SELECT count(*) FROM dbinsight.get_job_success_rate();
SELECT count(*) FROM dbinsight.get_high_spill_queries();
SELECT count(*) FROM dbinsight.get_job_failure_risk();

SELECT sum(dbinsight._ensure_partitions(t, '2025-02-01', '2025-03-11')) > 0 AS partitions
FROM unnest(ARRAY['fact_job_run_timeline', 'fact_job_task_run_timeline', 'fact_node_timeline', 'fact_query_history', 'fact_usage']) t;
INSERT INTO dbinsight.dim_workspace (workspace_id, workspace_name) VALUES ('w1', 'Prod'), ('w2', 'Dev');
INSERT INTO dbinsight.dim_job (workspace_id, job_id, job_name, run_as_user_name, run_as_id, change_time) VALUES
	('w1', 'e1', 'ETL daily', 'ann@x.io', '41', '2025-01-01'), ('w1', 'e2', 'Report', NULL, '42', '2025-01-01'),
	('w1', 'e3', 'Tasks', NULL, '43', '2025-01-01');

-- One slice a run. h ends on the first moment of 24 hours, late on the last that is not in it.
INSERT INTO dbinsight.fact_job_run_timeline (workspace_id, job_id, run_id, run_name, run_type, trigger_type, period_start_time, period_end_time,
	result_state, termination_code) VALUES
	('w1', 'e1', 'f0', 'etl', 'JOB_RUN', 'CRON', '2025-03-01 01:00+00', '2025-03-01 01:02+00', 'SUCCEEDED', 'SUCCESS'),
	('w1', 'e1', 'f1', 'etl', 'JOB_RUN', 'CRON', '2025-03-08 01:00+00', '2025-03-08 01:10+00', 'SUCCEEDED', 'SUCCESS'),
	('w1', 'e1', 'f2', 'etl', 'JOB_RUN', 'CRON', '2025-03-09 13:00+00', '2025-03-09 13:20+00', 'FAILED', 'RUN_EXECUTION_ERROR'),
	('w1', 'e1', 'f3', 'etl', 'JOB_RUN', 'CRON', '2025-03-10 01:00+00', '2025-03-10 01:05+00', 'TIMED_OUT', 'RUN_EXECUTION_ERROR'),
	('w1', 'e1', 'f4', 'etl', 'JOB_RUN', 'CRON', '2025-03-10 11:00+00', '2025-03-10 11:50+00', NULL, NULL),
	('w1', 'e2', 'g0', 'rep', 'JOB_RUN', 'CRON', '2025-03-09 03:00+00', '2025-03-09 03:30+00', 'SUCCEEDED', 'SUCCESS'),
	('w1', 'e2', 'h', 'rep', 'JOB_RUN', 'CRON', '2025-03-09 11:50+00', '2025-03-09 12:00+00', 'FAILED', 'DRIVER_ERROR'),
	('w1', 'e2', 'g1', 'rep', 'JOB_RUN', 'ONETIME', '2025-03-10 02:00+00', '2025-03-10 02:30+00', 'CANCELLED', 'CANCELLED'),
	('w1', 'e2', 'g2', 'rep', 'JOB_RUN', 'CRON', '2025-03-10 03:00+00', '2025-03-10 03:40+00', 'FAILED', 'CLUSTER_ERROR'),
	('w1', 'e2', 'late', 'rep', 'JOB_RUN', 'CRON', '2025-03-10 11:58+00', '2025-03-10 12:00+00', 'FAILED', 'CLUSTER_ERROR'),
	('w2', 'e1', 'k1', 'submitted', 'SUBMIT_RUN', 'ONETIME', '2025-03-10 05:00+00', '2025-03-10 05:10+00', 'ERROR', 'INTERNAL_ERROR'),
	('w1', 'e3', 'D', 'tasks', 'JOB_RUN', 'CRON', '2025-02-08 11:00+00', '2025-02-08 12:00+00', 'SUCCEEDED', 'SUCCESS'),
	('w1', 'e3', 'C', 'tasks', 'JOB_RUN', 'CRON', '2025-02-08 10:00+00', '2025-02-08 11:59+00', 'SUCCEEDED', 'SUCCESS'),
	('w1', 'e3', 'B', 'tasks', 'JOB_RUN', 'CRON', '2025-03-08 18:00+00', '2025-03-08 19:00+00', 'SUCCEEDED', 'SUCCESS'),
	('w1', 'e3', 'A', 'tasks', 'JOB_RUN', 'CRON', '2025-03-09 08:00+00', '2025-03-09 09:00+00', 'SUCCEEDED', 'SUCCESS'),
	('w1', 'e3', 'E', 'tasks', 'JOB_RUN', 'CRON', '2025-03-10 08:00+00', '2025-03-10 08:30+00', 'SUCCEEDED', 'SUCCESS');
INSERT INTO dbinsight.dim_job_task (workspace_id, job_id, task_key, depends_on, change_time) VALUES
	('w1', 'e3', 'a', '{}', '2025-01-01'), ('w1', 'e3', 'b', '{a}', '2025-01-01'), ('w1', 'e3', 'c', NULL, '2025-01-01');
-- f2: y failed and succeeded on its retry, z failed.
INSERT INTO dbinsight.fact_job_task_run_timeline (workspace_id, job_id, job_run_id, task_run_id, task_key, period_start_time, period_end_time,
	result_state, compute_ids) VALUES
	('w1', 'e1', 'f2', 'f2x', 'x', '2025-03-09 13:00+00', '2025-03-09 13:05+00', 'SUCCEEDED', NULL),
	('w1', 'e1', 'f2', 'f2y', 'y', '2025-03-09 13:05+00', '2025-03-09 13:06+00', 'FAILED', NULL),
	('w1', 'e1', 'f2', 'f2y2', 'y', '2025-03-09 13:07+00', '2025-03-09 13:08+00', 'SUCCEEDED', NULL),
	('w1', 'e1', 'f2', 'f2z', 'z', '2025-03-09 13:08+00', '2025-03-09 13:20+00', 'FAILED', NULL),
	('w1', 'e3', 'D', 'Da', 'a', '2025-02-08 11:00+00', '2025-02-08 12:00+00', 'SUCCEEDED', NULL),
	('w1', 'e3', 'C', 'Ca', 'a', '2025-02-08 10:00+00', '2025-02-08 11:59+00', 'SUCCEEDED', NULL),
	('w1', 'e3', 'B', 'Ba', 'a', '2025-03-08 18:00+00', '2025-03-08 18:20+00', 'SUCCEEDED', NULL),
	('w1', 'e3', 'B', 'Bb', 'b', '2025-03-08 18:20+00', '2025-03-08 19:00+00', 'SUCCEEDED', NULL),
	('w1', 'e3', 'A', 'Aa', 'a', '2025-03-09 08:00+00', '2025-03-09 08:10+00', 'SUCCEEDED', '{k9}'),
	('w1', 'e3', 'A', 'Ac', 'c', '2025-03-09 08:00+00', '2025-03-09 08:05+00', 'FAILED', NULL),
	('w1', 'e3', 'A', 'Ab', 'b', '2025-03-09 08:25+00', '2025-03-09 09:00+00', 'SUCCEEDED', NULL),
	('w1', 'e3', 'E', 'Ea', 'a', '2025-03-10 08:00+00', '2025-03-10 08:24+00', 'SUCCEEDED', NULL);
INSERT INTO dbinsight.dim_cluster (workspace_id, cluster_id, cluster_name, cluster_source, change_time) VALUES
	('w1', 'k1', 'Shared', 'UI', '2025-01-01'), ('w1', 'k2', 'Idle', 'UI', '2025-01-01');
-- k9 serves task a of run A: CPU 50, 60 and unknown, memory 80, 92, 100, wait 10, 20, 30.
INSERT INTO dbinsight.fact_node_timeline (workspace_id, cluster_id, instance_id, start_time, driver, node_type, cpu_user_percent,
	cpu_system_percent, cpu_wait_percent, mem_used_percent, mem_swap_percent, network_sent_bytes, network_received_bytes) VALUES
	('w1', 'k9', 'n', '2025-03-09 08:00+00', true, 'm', 40, 10, 10, 80, 0, 0, 0),
	('w1', 'k9', 'n', '2025-03-09 08:01+00', true, 'm', 50, 10, 20, 92, 0, 0, 0),
	('w1', 'k9', 'n', '2025-03-09 08:02+00', true, 'm', NULL, 10, 30, 100, 0, 0, 0),
	('w1', 'k1', 'i1', '2025-03-09 11:59+00', true, 'm', 99, 0, 0, 99, 0, 536870912, 0),
	('w1', 'k1', 'i1', '2025-03-09 12:00+00', true, 'm', 4, 1, 1, 50, 0, 536870912, 0),
	('w1', 'k1', 'i2', '2025-03-09 12:00+00', false, 'm', 5, 0, 3, 95, 2, 536870912, 0),
	('w1', 'k1', 'i1', '2025-03-09 12:01+00', true, 'm', 90, 5, 0, 60, 0, 536870912, 0),
	('w1', 'k1', 'i1', '2025-03-10 11:59+00', true, 'm', 20, 0, 0, 20, 2, 536870912, 1073741824),
	('w1', 'k1', 'i1', '2025-03-10 12:00+00', true, 'm', 99, 0, 0, 99, 0, 536870912, 0),
	('w1', 'k2', 'i3', '2025-03-10 10:30+00', true, 'm', 0, 0, 0, 10, 0, NULL, NULL),
	('w1', 'k3', 'i4', '2025-03-10 10:30+00', true, 'm', 30, 0, 0, 40, 0, 0, 0),
	('w2', 'k4', 'i5', '2025-03-10 10:30+00', true, 'm', 50, 0, 0, 60, 0, 0, 0);
INSERT INTO dbinsight.fact_usage (record_id, workspace_id, usage_date, usage_start_time, usage_end_time, list_cost, job_id, job_run_id, cluster_id, run_as) VALUES
	('u1', 'w1', '2025-03-09', '2025-03-09 13:00+00', '2025-03-09 14:00+00', 1.5, 'e1', 'f2', 'x', 'ann@x.io'),
	('u2', 'w1', '2025-03-09', '2025-03-09 13:00+00', '2025-03-09 14:00+00', -0.25, 'e1', 'f2', 'x', 'ann@x.io'),
	('u3', 'w2', '2025-03-10', '2025-03-10 05:00+00', '2025-03-10 06:00+00', 7, 'e1', 'f2', 'x', NULL),
	('u4', 'w1', '2025-03-08', '2025-03-08 03:00+00', '2025-03-08 04:00+00', 3, 'e2', 'older', 'x', 'sp-old'),
	('u5', 'w1', '2025-03-10', '2025-03-10 03:00+00', '2025-03-10 04:00+00', 0.5, 'e2', 'g2', 'x', 'sp-new'),
	('u6', 'w1', '2025-03-09', '2025-03-09 11:00+00', '2025-03-09 12:30+00', 2, NULL, NULL, 'k1', NULL),
	('u7', 'w1', '2025-03-09', '2025-03-09 11:00+00', '2025-03-09 12:00+00', 9, NULL, NULL, 'k1', NULL);
SELECT dbinsight._refresh_derived(t, '2025-02-01', '2025-03-11')
FROM unnest(ARRAY['fact_job_run_timeline', 'fact_job_task_run_timeline', 'fact_node_timeline']) WITH ORDINALITY u(t, n) ORDER BY n;

-- Failures: latest first; a success ends a streak, a cancellation does not; f3 has no bill yet, so no cost.
CREATE TEMP TABLE expected_failed AS SELECT * FROM (VALUES
	(1::bigint, 'w2', 'Dev', 'submitted', 'k1', 'ERROR', 'INTERNAL_ERROR', NULL, 600::float8, '{}'::text[], 1::bigint, NULL::numeric),
	(2, 'w1', 'Prod', 'Report', 'g2', 'FAILED', 'CLUSTER_ERROR', 'sp-new', 2400, '{}', 2, 0.5),
	(3, 'w1', 'Prod', 'ETL daily', 'f3', 'TIMED_OUT', 'RUN_EXECUTION_ERROR', 'ann@x.io', 300, '{}', 2, NULL),
	(4, 'w1', 'Prod', 'ETL daily', 'f2', 'FAILED', 'RUN_EXECUTION_ERROR', 'ann@x.io', 1200, '{z}', 1, 1.25),
	(5, 'w1', 'Prod', 'Report', 'h', 'FAILED', 'DRIVER_ERROR', 'sp-new', 600, '{}', 1, NULL)
) v(n, workspace_id, workspace_name, job_name, run_id, result_state, termination_code, run_as, duration_s, failed_task_keys, consecutive_failures, cost);
CREATE TEMP VIEW got_failed AS SELECT row_number() OVER () AS n, workspace_id, workspace_name, job_name, run_id, result_state, termination_code,
	run_as, duration_s, failed_task_keys, consecutive_failures, cost FROM dbinsight.get_failed_jobs();
(TABLE expected_failed EXCEPT TABLE got_failed) UNION ALL (TABLE got_failed EXCEPT TABLE expected_failed);
SELECT run_id FROM dbinsight.get_failed_jobs(workspace => 'dev');
SELECT run_id FROM dbinsight.get_failed_jobs(24, 'w_');
SELECT run_id FROM dbinsight.get_failed_jobs(9, 'p%');

-- Success: e1 1 of 3 (before: 1 of 1), e2 1 of 3 and one cancelled; the running run and that ending now do not count.
CREATE TEMP TABLE expected_rate AS SELECT * FROM (VALUES
	(1::bigint, 'w2', 'e1', 'submitted', 1::bigint, 0::bigint, 1::bigint, 0::bigint, 0::float8, NULL::float8, NULL::float8, NULL::float8, '2025-03-10 05:10+00'::timestamptz),
	(2, 'w1', 'e1', 'ETL daily', 3, 1, 2, 0, 33.33, 100, 600, 600, '2025-03-10 01:05+00'),
	(3, 'w1', 'e2', 'Report', 4, 1, 2, 1, 33.33, NULL, 1800, 1800, '2025-03-10 03:40+00'),
	-- 3600, 3600, 1800: average 3000, p95 between the second and the third, which are equal
	(4, 'w1', 'e3', 'Tasks', 3, 3, 0, 0, 100, NULL, 3000, 3600, NULL)
) v(n, workspace_id, job_id, job_name, runs, succeeded, failed, cancelled, rate, prior, avg_s, p95_s, last_failure);
CREATE TEMP VIEW got_rate AS SELECT row_number() OVER () AS n, workspace_id, job_id, job_name, runs, succeeded, failed, cancelled,
	success_rate_pct, prior_success_rate_pct, avg_duration_s, p95_duration_s, last_failure FROM dbinsight.get_job_success_rate(7, 1);
(TABLE expected_rate EXCEPT TABLE got_rate) UNION ALL (TABLE got_rate EXCEPT TABLE expected_rate);
SELECT job_id FROM dbinsight.get_job_success_rate(7, 3, 'Prod');
SELECT count(*) FROM dbinsight.get_job_success_rate();

-- Runs: latest start first.
SELECT run_id, job_name, end_time, duration_s, result_state, cost FROM dbinsight.get_job_runs('etl DAILY');
SELECT run_id FROM dbinsight.get_job_runs(NULL, 7, 'running');
SELECT run_id, run_type FROM dbinsight.get_job_runs('submit%');
SELECT run_id FROM dbinsight.get_job_runs(top_n => 2);

-- Tasks of e3 since 8 March 12:00: a took 600, 1200, 1440 s: average 1080, p95 1200 + 0.9 * 240 = 1416; shares 16.67, 33.33 and 80 %;
-- memory 80, 92, 100: p95 92 + 0.9 * 8 = 99.2; CPU (50 + 60) / 2; wait (10 + 20 + 30) / 3, not over 20.
-- b took 2100 and 2400 s: average 2250, p95 2385; shares 58.33 and 66.67 %; waited 900 s and none: 450 is not more than 20 % of 2250.
-- c was never on the path, so that it is there only when the job is named.
CREATE TEMP TABLE expected_task AS SELECT * FROM (VALUES
	(1::bigint, 'b', 2::bigint, 0::bigint, 2250::float8, 2385::float8, 62.5::float8, 450::float8, 100::float8, 0::bigint, NULL::float8, NULL::float8, NULL::float8, 'LONG_TASK'),
	(2, 'a', 3, 0, 1080, 1416, 43.33, 0, 100, 0, 55, 99.2, 20, 'MEMORY'),
	(3, 'c', 1, 1, 300, 300, 8.33, 0, 0, 0, NULL, NULL, NULL, 'NONE')
) v(n, task_key, runs, failures, avg_s, p95_s, share, wait, path, retries, cpu, p95_mem, cpu_wait, bottleneck_type);
CREATE TEMP VIEW got_task AS SELECT row_number() OVER () AS n, task_key, runs, failures, avg_duration_s, p95_duration_s, share_of_run_pct,
	wait_before_s, on_critical_path_pct, retries, avg_cpu_pct, p95_mem_pct, avg_cpu_wait_pct, bottleneck_type
FROM dbinsight.get_job_bottlenecks('Tasks', 2);
(TABLE expected_task EXCEPT TABLE got_task) UNION ALL (TABLE got_task EXCEPT TABLE expected_task);
SELECT job_id, task_key, runs, retries, bottleneck_type FROM dbinsight.get_job_bottlenecks(days => 2);
-- 30 days: D ended on the first moment of the window, C a minute before it. One day: only E.
SELECT runs FROM dbinsight.get_job_bottlenecks('e3') WHERE task_key = 'a';
SELECT task_key, runs, avg_duration_s FROM dbinsight.get_job_bottlenecks('e3', 1);
-- y of f2 failed once, was retried once, and waited for nothing it depends on: its first attempt began 5 min into the run.
SELECT task_key, runs, failures, retries, wait_before_s, on_critical_path_pct FROM dbinsight.get_job_bottlenecks('e1', 1) ORDER BY 1;

-- Clusters: k1 has 4 node-minutes in 3 minutes. CPU 5, 5, 20, 95: mean 31.25, p95 20 + 0.85 * 75 = 83.75;
-- memory 20, 50, 60, 95: mean 56.25, p95 60 + 0.85 * 35 = 89.75; two idle, two saturated; half a GiB sent a minute;
-- of the bills the one that ends when the window begins is outside.
CREATE TEMP TABLE expected_cluster AS SELECT * FROM (VALUES
	(1::bigint, 'w1', 'k1', 'Shared', 2::bigint, 0.05::float8, 0.067::float8, 31.25::float8, 83.75::float8, 56.25::float8, 89.75::float8,
		1::float8, 1::float8, 50::float8, 50::float8, 2::float8, 1::float8, 2::numeric, 'SATURATED'),
	(2, 'w1', 'k2', 'Idle', 1, 0.017, 0.017, 0, 0, 10, 10, 0, 0, 100, 0, NULL, NULL, NULL, 'IDLE'),
	(3, 'w1', 'k3', NULL, 1, 0.017, 0.017, 30, 30, 40, 40, 0, 0, 0, 0, 0, 0, NULL, 'UNDERUTILIZED'),
	(4, 'w2', 'k4', NULL, 1, 0.017, 0.017, 50, 50, 60, 60, 0, 0, 0, 0, 0, 0, NULL, 'BALANCED')
) v(n, workspace_id, cluster_id, cluster_name, nodes, observed_h, node_h, cpu, p95_cpu, mem, p95_mem, cpu_wait, swap, idle, saturated,
	sent, received, cost, state);
CREATE TEMP VIEW got_cluster AS SELECT row_number() OVER () AS n, workspace_id, cluster_id, cluster_name, nodes, observed_h, node_h, avg_cpu_pct,
	p95_cpu_pct, avg_mem_pct, p95_mem_pct, avg_cpu_wait_pct, avg_swap_pct, idle_pct, saturated_pct, net_sent_gib, net_received_gib, cost, state
FROM dbinsight.get_resource_utilization();
(TABLE expected_cluster EXCEPT TABLE got_cluster) UNION ALL (TABLE got_cluster EXCEPT TABLE expected_cluster);
SELECT cluster_id FROM dbinsight.get_resource_utilization('DEV');
-- In two hours k1 was seen for the one minute 11:59; at 12:30 the window of an hour cuts two clock hours: 11:59 and 12:00.
SELECT node_h, avg_cpu_pct FROM dbinsight.get_resource_utilization('w1', 2) WHERE cluster_id = 'k1';
SET LOCAL dbinsight.now = '2025-03-10 12:30:00+00';
SELECT node_h, avg_cpu_pct FROM dbinsight.get_resource_utilization('w1', 1) WHERE cluster_id = 'k1';
SET LOCAL dbinsight.now = '2025-03-10 12:00:00+00';

-- Queries: each cause at its limit. q5 pruned 111 of 1111 files = 9.99 %; q6 fetched for 30 s after 70 s = 30 %.
INSERT INTO dbinsight.dim_warehouse (workspace_id, warehouse_id, warehouse_name, change_time) VALUES ('w1', 'wh', 'BI', '2025-01-01');
INSERT INTO dbinsight.fact_query_history (workspace_id, statement_id, warehouse_id, executed_by, execution_status, statement_type, start_time,
	total_duration_ms, waiting_at_capacity_duration_ms, waiting_for_compute_duration_ms, compilation_duration_ms, result_fetch_duration_ms,
	spilled_local_bytes, read_bytes, shuffle_read_bytes, read_files, pruned_files, statement_text)
SELECT 'w1', v.id, 'wh', 'ann@x.io', v.status, 'SELECT', v.at, v.ms, v.queue, v.provision, v.compile, v.fetch_ms, s.spill, v.read, 1073741824, v.files, v.pruned, repeat('x', 600)
FROM (VALUES
	('q1', 'FINISHED', '2025-03-09 12:00+00'::timestamptz, 100000, 30000, 40000, 0, 0, 0, 0::bigint, 0, 0),
	('q2', 'FINISHED', '2025-03-10 09:00+00', 100000, 29999, 30000, 30000, NULL, 0, 0, 0, 0),
	('q3', 'FINISHED', '2025-03-10 09:00+00', 90000, NULL, NULL, 27000, NULL, 1, 0, 0, 0),
	('q4', 'FINISHED', '2025-03-10 09:00+00', 80000, NULL, NULL, 0, 0, 2, 4294967296, 5000, 0),
	('q5', 'FINISHED', '2025-03-10 09:00+00', 75000, NULL, NULL, 0, 0, 0, 0, 1000, 111),
	('q6', 'FINISHED', '2025-03-10 09:00+00', 70000, NULL, NULL, 0, 30000, NULL, 0, 999, 0),
	('q8', 'FINISHED', '2025-03-10 09:00+00', 60000, 0, 0, 0, 0, 0, 0, NULL, NULL),
	('q9', 'FINISHED', '2025-03-10 09:00+00', 59999, 0, 0, 0, 0, 0, 0, 0, 0),
	('q10', 'FAILED', '2025-03-10 09:00+00', 900000, 0, 0, 0, 0, 3, NULL, 0, 0),
	('q11', 'FINISHED', '2025-03-09 11:59+00', 900000, 0, 0, 0, 0, 3, 0, 0, 0)
) v(id, status, at, ms, queue, provision, compile, fetch_ms, spill_gib, read, files, pruned)
CROSS JOIN LATERAL (SELECT v.spill_gib * 1073741824::bigint AS spill) s;
SELECT rank, statement_id, warehouse_name, duration_s, queue_s, provision_s, compile_s, spilled_gib, pruned_file_pct, main_cause, length(statement_text)
FROM dbinsight.get_slow_queries();
SELECT statement_id FROM dbinsight.get_slow_queries(59.9991, 24, 3);
SELECT count(*) FROM dbinsight.get_slow_queries(0, 25);
-- Spill: of any end; 3 GiB over nothing read is no ratio.
SELECT statement_id, warehouse_name, spilled_gib, read_gib, shuffle_gib, spill_to_read, workspace_id FROM dbinsight.get_high_spill_queries(24, 1);
SELECT statement_id FROM dbinsight.get_high_spill_queries(24, 2);
SELECT count(*) FROM dbinsight.get_high_spill_queries(25, 0);

-- Risk without a model: e2 0.7 * 2/3 + 0.3 = 0.7667; e1 0.7 * 2/4 + 0.3 = 0.65; e3 never failed.
-- e1 began at 1:00 on 1, 8, 9 (13:00) and 10 March: gaps 168, 36, 12 h; 36 h after the last is 11 March 13:00.
-- (f4 still runs and has no end, so that it is not among the ended ones the interval is taken from.)
SELECT job_id, job_name, failure_probability, expected_next_run, top_reasons, recent_success_rate_pct, scored_at, method
FROM dbinsight.get_job_failure_risk() WHERE job_id <> 'e3';
SELECT job_id, failure_probability, top_reasons FROM dbinsight.get_job_failure_risk() WHERE job_id = 'e3';
SELECT count(*) FROM dbinsight.get_job_failure_risk(1);
-- With fresh scores the model speaks, alone, and by its latest score.
INSERT INTO dbinsight.predictions (model_name, version, scored_at, entity_type, entity_id, workspace_id, target_time, score, explanation) VALUES
	('job_failure_predictor', 1, '2025-03-09 12:00+00', 'job', 'e1', 'w1', '2025-03-10 13:00+00', 0.9, NULL),
	('job_failure_predictor', 1, '2025-03-10 06:00+00', 'job', 'e1', 'w1', '2025-03-11 01:00+00', 0.42,
		'{"top": [{"feature": "consecutive_failures", "value": 2, "typical": 0, "contribution": 0.3}, {"feature": "weekday", "value": 1}]}'),
	('job_failure_predictor', 1, '2025-03-08 11:59+00', 'job', 'e2', 'w1', '2025-03-11 01:00+00', 0.99, NULL);
SELECT workspace_id, job_id, job_name, failure_probability, expected_next_run, top_reasons, recent_success_rate_pct, scored_at, method
FROM dbinsight.get_job_failure_risk();

-- Arguments out of range.
CREATE FUNCTION pg_temp.sqlstate(query text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE query;
	RETURN 'none';
EXCEPTION WHEN others THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
SELECT q, pg_temp.sqlstate('SELECT * FROM dbinsight.' || q) FROM (VALUES
	(1, 'get_failed_jobs(0)'), (2, 'get_failed_jobs(NULL)'), (3, 'get_slow_queries(-1)'), (4, 'get_slow_queries(NULL)'), (5, 'get_slow_queries(60, 24, 0)'),
	(6, 'get_job_bottlenecks(NULL, 401)'), (7, 'get_resource_utilization(NULL, 0)'), (8, $$get_job_runs(result_state => 'broken')$$),
	(9, 'get_job_success_rate(7, 0)'), (10, 'get_high_spill_queries(24, -1)'), (11, 'get_job_failure_risk(0)')) v(n, q) ORDER BY n;

-- Who may call them.
SELECT tool, string_agg(agent, ', ' ORDER BY position) AS agents, min(cardinality(examples)) BETWEEN 5 AND 8 AS examples
FROM dbinsight.agent_tools
WHERE tool IN ('get_failed_jobs', 'get_slow_queries', 'get_job_bottlenecks', 'get_resource_utilization', 'get_job_runs', 'get_job_success_rate',
	'get_job_failure_risk', 'get_high_spill_queries') GROUP BY tool ORDER BY tool COLLATE "C";
SET LOCAL ROLE dbinsight_reader;
SELECT count(*) FROM dbinsight.get_job_bottlenecks(days => 2);
SELECT count(*) FROM dbinsight.get_resource_utilization();
ROLLBACK;
