-- Runs, task runs and pipeline updates from their slices; the rollups that follow them.
BEGIN;
SET LOCAL dbinsight.now = '2025-03-10 12:00:00+00';
SELECT dbinsight._ensure_partitions(t, '2025-02-01', '2025-03-11')
FROM unnest(ARRAY['fact_job_run_timeline', 'fact_job_task_run_timeline', 'fact_pipeline_update_timeline', 'fact_node_timeline']) t;

-- long     22:30 to 00:20 over a month's end in three slices: 6600 s, one attempt, clusters c1 and c2
-- repaired 10 min FAILED on the 5th, 5 min SUCCEEDED on the 6th: worked 900 s, 10:00 to 08:05 the next day = 79500 s
-- mending  failed at 10:30, its repair was seen until 11:40: neither ended nor failed, attempts 1
-- lost     seen until 11:00 the day before
-- skipped  a slice without length: never executed
-- closed   a slice without length carries the state: the later of two that end together
-- long in w2: another run, the ids are those of a workspace
INSERT INTO dbinsight.fact_job_run_timeline (workspace_id, job_id, run_id, run_name, period_start_time, period_end_time, result_state,
	termination_code, trigger_type, compute_ids) VALUES
	('w1', 'j1', 'long', 'Long', '2025-02-28 22:30+00', '2025-02-28 23:00+00', NULL, NULL, 'CRON', '{c1}'),
	('w1', 'j1', 'long', 'Long', '2025-02-28 23:00+00', '2025-03-01 00:00+00', NULL, NULL, 'CRON', '{c2,c1}'),
	('w1', 'j1', 'long', 'Long', '2025-03-01 00:00+00', '2025-03-01 00:20+00', 'SUCCEEDED', 'SUCCESS', 'CRON', NULL),
	('w1', 'j2', 'repaired', 'Repaired', '2025-03-05 10:00+00', '2025-03-05 10:10+00', 'FAILED', 'CLUSTER_ERROR', 'CRON', NULL),
	('w1', 'j3', 'mending', 'Mending', '2025-03-10 10:00+00', '2025-03-10 10:30+00', 'FAILED', 'RUN_EXECUTION_ERROR', 'CRON', NULL),
	('w1', 'j3', 'mending', 'Mending', '2025-03-10 11:00+00', '2025-03-10 11:40+00', NULL, NULL, 'CRON', NULL),
	('w1', 'j4', 'lost', 'Lost', '2025-03-09 10:00+00', '2025-03-09 11:00+00', NULL, NULL, 'ONETIME', NULL),
	('w1', 'j5', 'skipped', 'Skipped', '2025-03-09 10:00+00', '2025-03-09 10:00+00', 'SKIPPED', 'MAX_CONCURRENT_RUNS_EXCEEDED', 'CRON', NULL),
	('w1', 'j6', 'closed', 'Closed', '2025-03-09 09:00+00', '2025-03-09 09:10+00', NULL, NULL, 'CRON', NULL),
	('w1', 'j6', 'closed', 'Closed', '2025-03-09 09:10+00', '2025-03-09 09:10+00', 'TIMED_OUT', 'SUCCESS', 'CRON', NULL),
	('w2', 'j1', 'long', 'Other', '2025-02-28 22:30+00', '2025-02-28 22:40+00', 'CANCELLED', 'CANCELLED', 'CRON', NULL),
	('w1', 'j7', 'stream', 'Stream', '2025-02-05 00:00+00', '2025-02-05 01:00+00', NULL, NULL, 'CONTINUOUS', NULL);
SELECT dbinsight._refresh_derived('fact_job_run_timeline', '2025-02-05', '2025-03-10 12:00+00');
-- A day's worth of failures before the repair comes.
SELECT run_id, result_state, end_date, duration_s FROM dbinsight.job_run WHERE run_id = 'repaired';
SELECT service, sum(attempts) AS attempts, sum(failures) AS failures FROM dbinsight.rollup_service_5min
WHERE bucket >= '2025-03-05' AND bucket < '2025-03-07' GROUP BY service;

-- The repair, and a slice of the stream a month after the only one known; only their time is refreshed.
INSERT INTO dbinsight.fact_job_run_timeline (workspace_id, job_id, run_id, run_name, period_start_time, period_end_time, result_state,
	termination_code, trigger_type) VALUES
	('w1', 'j2', 'repaired', 'Repaired', '2025-03-06 08:00+00', '2025-03-06 08:05+00', 'SUCCEEDED', 'SUCCESS', 'CRON'),
	('w1', 'j7', 'stream', 'Stream', '2025-03-09 23:00+00', '2025-03-10 00:00+00', NULL, NULL, 'CONTINUOUS');
SELECT dbinsight._refresh_derived('fact_job_run_timeline', '2025-03-06 08:00+00', '2025-03-06 08:00+00');
SELECT dbinsight._refresh_derived('fact_job_run_timeline', '2025-03-09 23:00+00', '2025-03-09 23:00+00');

CREATE TEMP TABLE expected AS SELECT * FROM (VALUES
	('w1', 'long', '2025-02-28 22:30+00'::timestamptz, '2025-03-01 00:20+00'::timestamptz, 'SUCCEEDED', 'SUCCESS', 'SUCCEEDED', 1, 0, true, 6600::float8, 6600::float8, '{c1,c2}'::text[], 'SUCCEEDED'),
	('w1', 'repaired', '2025-03-05 10:00+00', '2025-03-06 08:05+00', 'SUCCEEDED', 'SUCCESS', 'FAILED', 2, 1, true, 900, 79500, NULL, 'SUCCEEDED'),
	('w1', 'mending', '2025-03-10 10:00+00', NULL, NULL, NULL, 'FAILED', 1, 0, false, 4200, 6000, NULL, 'RUNNING'),
	('w1', 'lost', '2025-03-09 10:00+00', NULL, NULL, NULL, NULL, 0, 0, false, 3600, 3600, NULL, 'LOST'),
	('w1', 'skipped', '2025-03-09 10:00+00', '2025-03-09 10:00+00', 'SKIPPED', 'MAX_CONCURRENT_RUNS_EXCEEDED', 'SKIPPED', 1, 0, true, 0, 0, NULL, 'SKIPPED'),
	('w1', 'closed', '2025-03-09 09:00+00', '2025-03-09 09:10+00', 'TIMED_OUT', 'SUCCESS', 'TIMED_OUT', 1, 0, true, 600, 600, NULL, 'TIMED_OUT'),
	('w2', 'long', '2025-02-28 22:30+00', '2025-02-28 22:40+00', 'CANCELLED', 'CANCELLED', 'CANCELLED', 1, 0, true, 600, 600, NULL, 'CANCELLED'),
	('w1', 'stream', '2025-02-05 00:00+00', NULL, NULL, NULL, NULL, 0, 0, false, 7200, 2851200, NULL, 'LOST')
) v(workspace_id, run_id, start_time, end_time, result_state, termination_code, first_result_state, attempts, repair_count, is_terminal,
	duration_s, wall_s, compute_ids, state);
-- 33 days from 5 February to 10 March 00:00: 33 * 86400 = 2851200 s. The stream's last slice ended twelve hours ago.
CREATE TEMP VIEW got AS SELECT workspace_id, run_id, start_time, end_time, result_state, termination_code, first_result_state, attempts,
	repair_count, is_terminal, duration_s, wall_s, compute_ids, dbinsight.run_state(result_state, last_seen_time) AS state
FROM dbinsight.job_run;
(TABLE expected EXCEPT TABLE got) UNION ALL (TABLE got EXCEPT TABLE expected);
-- TIMED_OUT fails; cancelled, skipped and unfinished runs neither fail nor succeed.
SELECT workspace_id, run_id, is_success, is_failure FROM dbinsight.job_run ORDER BY workspace_id COLLATE "C", run_id COLLATE "C";

-- The failure of the 5th has become the success of the 6th.
SELECT bucket, attempts, failures, latencies FROM dbinsight.rollup_service_5min
WHERE service = 'jobs' AND bucket >= '2025-03-05' AND bucket < '2025-03-07';
SELECT day, service, demanded, down FROM dbinsight.rollup_uptime_daily WHERE day BETWEEN '2025-03-05' AND '2025-03-06' ORDER BY 1, 2;

-- Tasks: d waits for b and c since 5 March, before that for b alone.
INSERT INTO dbinsight.dim_job_task (workspace_id, job_id, task_key, depends_on, change_time, valid_to, is_current) VALUES
	('w1', 'p', 'a', '{}', '2025-02-01', 'infinity', true), ('w1', 'p', 'b', '{a}', '2025-02-01', 'infinity', true),
	('w1', 'p', 'c', '{a}', '2025-02-01', 'infinity', true), ('w1', 'p', 'd', '{b}', '2025-02-01', '2025-03-05', false),
	('w1', 'p', 'd', '{b,c}', '2025-03-05', 'infinity', true);
INSERT INTO dbinsight.fact_job_run_timeline (workspace_id, job_id, run_id, period_start_time, period_end_time, result_state, termination_code) VALUES
	('w1', 'p', 'p0', '2025-03-01 08:00+00', '2025-03-01 09:00+00', 'SUCCEEDED', 'SUCCESS'),
	('w1', 'p', 'p1', '2025-03-10 08:00+00', '2025-03-10 09:00+00', 'SUCCEEDED', 'SUCCESS');
INSERT INTO dbinsight.fact_job_task_run_timeline (workspace_id, job_id, job_run_id, task_run_id, task_key, period_start_time, period_end_time,
	result_state, termination_code, compute_ids) VALUES
	('w1', 'p', 'p0', '0a', 'a', '2025-03-01 08:00+00', '2025-03-01 08:05+00', 'SUCCEEDED', 'SUCCESS', '{k}'),
	('w1', 'p', 'p0', '0b', 'b', '2025-03-01 08:05+00', '2025-03-01 08:06+00', 'SUCCEEDED', 'SUCCESS', NULL),
	('w1', 'p', 'p0', '0c', 'c', '2025-03-01 08:05+00', '2025-03-01 08:30+00', 'SUCCEEDED', 'SUCCESS', NULL),
	('w1', 'p', 'p0', '0d', 'd', '2025-03-01 08:31+00', '2025-03-01 09:00+00', 'SUCCEEDED', 'SUCCESS', NULL),
	('w1', 'p', 'p1', '1a', 'a', '2025-03-10 08:00+00', '2025-03-10 08:10+00', 'SUCCEEDED', 'SUCCESS', '{k}'),
	('w1', 'p', 'p1', '1b', 'b', '2025-03-10 08:12+00', '2025-03-10 08:20+00', 'SUCCEEDED', 'SUCCESS', NULL),
	('w1', 'p', 'p1', '1c', 'c', '2025-03-10 08:11+00', '2025-03-10 08:25+00', 'FAILED', 'RUN_EXECUTION_ERROR', NULL),
	('w1', 'p', 'p1', '1c2', 'c', '2025-03-10 08:26+00', '2025-03-10 08:40+00', 'SUCCEEDED', 'SUCCESS', NULL),
	('w1', 'p', 'p1', '1d', 'd', '2025-03-10 08:41+00', '2025-03-10 08:50+00', NULL, NULL, '{m}'),
	('w1', 'p', 'p1', '1d', 'd', '2025-03-10 08:50+00', '2025-03-10 09:00+00', 'SUCCEEDED', 'SUCCESS', '{l}');
-- Node minutes of k: 8:09 and 8:10; a ends at 8:10, so it has the first. Of l, one that began 8:40:30, half a minute before d.
INSERT INTO dbinsight.fact_node_timeline (workspace_id, cluster_id, instance_id, start_time, driver, cpu_user_percent, cpu_system_percent,
	cpu_wait_percent, mem_used_percent) VALUES
	('w1', 'k', 'i1', '2025-03-10 08:09+00', true, 90, 20, 4, 70), ('w1', 'k', 'i1', '2025-03-10 08:10+00', true, 10, 0, 0, 10),
	('w2', 'k', 'i9', '2025-03-10 08:09+00', true, 1, 1, 1, 1), ('w1', 'l', 'i2', '2025-03-10 08:40:30+00', false, 20, 10, NULL, 50);
SELECT dbinsight._refresh_derived('fact_node_timeline', '2025-03-10 08:09+00', '2025-03-10 08:41+00');
SELECT dbinsight._refresh_derived('fact_job_task_run_timeline', '2025-03-01 08:00+00', '2025-03-10 09:00+00');
SELECT dbinsight._refresh_derived('fact_job_run_timeline', '2025-03-01 08:00+00', '2025-03-10 09:00+00');
-- p0: d ended last, back over b (the only dependency then) to a. p1: d, back over c (8:40, later than b's 8:20) to a.
CREATE TEMP TABLE expected_task AS SELECT * FROM (VALUES
	('0a', 1, NULL::timestamptz, true, 300::float8), ('0b', 1, '2025-03-01 08:05+00', true, 60), ('0c', 1, '2025-03-01 08:05+00', false, 1500),
	('0d', 1, '2025-03-01 08:06+00', true, 1740), ('1a', 1, NULL, true, 600), ('1b', 1, '2025-03-10 08:10+00', false, 480),
	('1c', 1, '2025-03-10 08:10+00', true, 840), ('1c2', 2, '2025-03-10 08:10+00', true, 840), ('1d', 1, '2025-03-10 08:40+00', true, 1140)
) v(task_run_id, attempt_no, ready_time, on_critical_path, duration_s);
CREATE TEMP VIEW got_task AS SELECT task_run_id, attempt_no, ready_time, on_critical_path, duration_s FROM dbinsight.job_task_run;
(TABLE expected_task EXCEPT TABLE got_task) UNION ALL (TABLE got_task EXCEPT TABLE expected_task);
SELECT task_run_id, end_time, result_state, compute_ids FROM dbinsight.job_task_run WHERE task_run_id IN ('1c', '1d') ORDER BY 1;
SELECT task_run_id, node_minutes, cpu_minutes, cpu_sum, cpu_wait_minutes, cpu_wait_sum, mem FROM dbinsight.task_run_node ORDER BY 1;
-- c of the 10th: one run, two task runs of 840 s, one failed; shares 840/3600 twice; waited from 8:10 to 8:11.
SELECT end_date, task_key, runs, task_runs, failures, retries, durations, round(share_sum::numeric, 4) AS share_sum, wait_sum, path_runs,
	cpu_minutes, mem
FROM dbinsight.rollup_task_daily WHERE end_date >= '2025-03-10' ORDER BY task_key COLLATE "C";

-- A definition that comes late: d had always waited for a alone, so that p0's path is d, a.
INSERT INTO dbinsight.dim_job_task (workspace_id, job_id, task_key, depends_on, change_time, valid_to, is_current) VALUES
	('w1', 'p', 'd', '{a}', '2025-03-01', '2025-03-05', false);
UPDATE dbinsight.dim_job_task SET valid_to = '2025-03-01' WHERE job_id = 'p' AND task_key = 'd' AND change_time = '2025-02-01';
SELECT dbinsight._refresh_derived('dim_job_task', '2025-03-01', '2025-03-01');
SELECT task_run_id, ready_time FROM dbinsight.job_task_run WHERE job_run_id = 'p0' AND on_critical_path ORDER BY 1;
SELECT task_key, path_runs FROM dbinsight.rollup_task_daily WHERE end_date = '2025-03-01' AND job_id = 'p' ORDER BY task_key COLLATE "C";

-- Pipelines: CANCELED is spelled with one L at the source; two slices are one update.
INSERT INTO dbinsight.fact_pipeline_update_timeline (workspace_id, pipeline_id, update_id, period_start_time, period_end_time, result_state) VALUES
	('w1', 'pl', 'u1', '2025-03-09 08:30+00', '2025-03-09 09:00+00', NULL), ('w1', 'pl', 'u1', '2025-03-09 09:00+00', '2025-03-09 09:15+00', 'COMPLETED'),
	('w1', 'pl', 'u2', '2025-03-09 10:00+00', '2025-03-09 10:01+00', 'CANCELED'), ('w1', 'pl', 'u3', '2025-03-10 11:00+00', '2025-03-10 11:30+00', NULL);
SELECT dbinsight._refresh_derived('fact_pipeline_update_timeline', '2025-03-09', '2025-03-10 12:00+00');
SELECT update_id, result_state, start_time, end_time, duration_s FROM dbinsight.pipeline_update ORDER BY 1;

-- Warehouse states: STARTING and RUNNING at the same moment, scaling keeps it running, the last state goes on until now.
INSERT INTO dbinsight.fact_warehouse_events (workspace_id, warehouse_id, event_type, cluster_count, event_time) VALUES
	('w1', 'wh', 'RUNNING', 1, '2025-03-10 10:00+00'), ('w1', 'wh', 'STARTING', 0, '2025-03-10 10:00+00'),
	('w1', 'wh', 'SCALED_UP', 3, '2025-03-10 10:30+00'), ('w1', 'wh', 'STOPPING', 0, '2025-03-10 11:00+00'),
	('w1', 'wh', 'STOPPED', 0, '2025-03-10 11:01+00'), ('w1', 'wh', 'STARTING', 0, '2025-03-10 13:00+00');
SELECT state, cluster_count, start_time, end_time FROM dbinsight.warehouse_interval ORDER BY start_time, end_time;

-- The percentile of rollups is that of percentile_cont, NULLs aside.
SELECT count(*) FROM (
	SELECT g, dbinsight._percentile(x, 0.95) AS a, percentile_cont(0.95) WITHIN GROUP (ORDER BY x) AS b,
		dbinsight._percentile(ARRAY[x, NULL, 2 * x], 0.5) AS c,
		(SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY y) FROM unnest(array_agg(x) || array_agg(2 * x)) y) AS d
	FROM (SELECT n % 7 AS g, CASE WHEN n % 5 > 0 THEN (n * 7919) % 1009 END::float8 AS x FROM generate_series(1, 3000) n) s
	GROUP BY g
) p WHERE a IS DISTINCT FROM b OR c IS DISTINCT FROM d;
SELECT dbinsight._percentile(x, 0.5), dbinsight._gather(ARRAY[x]) FROM (VALUES (NULL::float8)) v(x);
SELECT dbinsight._percentile(1.0::float8, 1.5);
ROLLBACK;
