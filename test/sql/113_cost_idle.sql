-- Idle clusters worked out by hand. The clock stands on 2025-03-10, noon; 3 to 9 March are the complete days.
\set VERBOSITY terse
\set ON_ERROR_ROLLBACK on
BEGIN;
SET LOCAL dbinsight.now = '2025-03-10 12:00:00+00';
SELECT count(*) FROM dbinsight.get_idle_cluster_cost();
SELECT dbinsight._ensure_partitions('fact_usage', '2025-03-01+00', '2025-03-31+00') > 0 AS usage,
	dbinsight._ensure_partitions('fact_node_timeline', '2025-03-01+00', '2025-03-31+00') > 0 AS nodes;
INSERT INTO dbinsight.dim_cluster (workspace_id, cluster_id, cluster_name, cluster_source, owned_by, auto_termination_minutes, change_time)
VALUES ('1001', 'c1', 'shared', 'UI', 'ann@company.com', 120, '2025-01-01+00');
/*
 * c1 runs 120 minutes on two nodes. Minutes 0 to 59: both at 2 % CPU. 60 to 89: the second at 50 %. 90 to 99: both at 2 %, but
 * 600 KiB and 500 KiB go over the network, more than 1 MiB together. 100 to 109: both at 5 %. 110 to 119: no CPU known of the second.
 * So 60 of 120 minutes are idle under 5 %, 70 under 6 %, and no more under 60 % than 60 + 30 + 10 = 100.
 */
INSERT INTO dbinsight.fact_node_timeline (workspace_id, cluster_id, instance_id, start_time, end_time, driver, cpu_user_percent, cpu_system_percent, network_sent_bytes, network_received_bytes)
SELECT '1001', 'c1', 'i' || node, '2025-03-05 10:00+00'::timestamptz + m * interval '1 minute', '2025-03-05 10:01+00'::timestamptz + m * interval '1 minute', node = 1,
	CASE WHEN m BETWEEN 60 AND 89 AND node = 2 THEN 49 WHEN m BETWEEN 100 AND 109 THEN 4 WHEN m >= 110 AND node = 2 THEN NULL ELSE 1 END, 1,
	CASE WHEN m BETWEEN 90 AND 99 THEN CASE node WHEN 1 THEN 600 * 1024 ELSE 0 END ELSE 100 END,
	CASE WHEN m BETWEEN 90 AND 99 THEN CASE node WHEN 2 THEN 500 * 1024 ELSE 0 END END
FROM generate_series(0, 119) m, generate_series(1, 2) node
-- c2, a job's cluster, idles for an hour; c3 for 59 minutes only; c4 today; the same id elsewhere is another cluster.
UNION ALL SELECT '1001', 'c2', 'j', '2025-03-06 10:00+00'::timestamptz + m * interval '1 minute', NULL, true, 0, 0, 0, 0 FROM generate_series(0, 59) m
UNION ALL SELECT '1001', 'c3', 'k', '2025-03-06 10:00+00'::timestamptz + m * interval '1 minute', NULL, true, 0, 0, 0, 0 FROM generate_series(0, 58) m
UNION ALL SELECT '1001', 'c4', 'l', '2025-03-10 01:00+00'::timestamptz + m * interval '1 minute', NULL, true, 0, 0, 0, 0 FROM generate_series(0, 99) m
UNION ALL SELECT '1002', 'c1', 'm', '2025-03-06 10:00+00'::timestamptz + m * interval '1 minute', NULL, true, 0, 0, 0, 0 FROM generate_series(0, 89) m;
INSERT INTO dbinsight.fact_usage (record_id, workspace_id, usage_date, usage_unit, usage_quantity, list_cost, cluster_id, job_id) VALUES
	('a', '1001', '2025-03-05', 'DBU', 1, 25, 'c1', NULL), ('b', '1001', '2025-03-05', 'DBU', -1, -5, 'c1', NULL), ('c', '1001', '2025-03-10', 'DBU', 1, 99, 'c1', NULL),
	('d', '1001', '2025-03-06', 'DBU', 1, 6, 'c2', '7'), ('e', '1001', '2025-03-06', 'DBU', 1, 50, 'c3', NULL);
SELECT dbinsight._refresh_derived('fact_node_timeline', '2025-03-05 10:00+00', '2025-03-10 02:39+00');
-- c1: 2 h observed, 1 h idle of 20 dollars: 10.
SELECT * FROM dbinsight.get_idle_cluster_cost();
SELECT idle_h, idle_pct, idle_cost FROM dbinsight.get_idle_cluster_cost(7, 6) WHERE cluster_name = 'shared';
SELECT idle_h, idle_pct, idle_cost FROM dbinsight.get_idle_cluster_cost(7, 60) WHERE cluster_name = 'shared';
SELECT count(*) FROM dbinsight.get_idle_cluster_cost(3);
SELECT * FROM dbinsight.get_idle_cluster_cost(7, 101);
-- Again, and in part: nothing doubles.
SELECT dbinsight._refresh_derived('fact_node_timeline', '2025-03-05 10:30+00', '2025-03-05 11:10+00');
SELECT observed_h FROM dbinsight.get_idle_cluster_cost() WHERE cluster_name = 'shared';
ROLLBACK;
