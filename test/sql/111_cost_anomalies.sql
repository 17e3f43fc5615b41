-- Cost anomalies worked out by hand. The clock stands on 2025-03-10, noon; data from 15 January to 9 March.
\set VERBOSITY terse
\set ON_ERROR_ROLLBACK on
BEGIN;
SET LOCAL dbinsight.now = '2025-03-10 12:00:00+00';
INSERT INTO dbinsight.dim_workspace (workspace_id, workspace_name) VALUES ('1001', 'flat'), ('1002', 'swing'), ('1003', 'young');
SELECT dbinsight._ensure_partitions('fact_usage', '2025-01-01+00', '2025-03-31+00') > 0 AS made;

CREATE TEMP TABLE series AS
SELECT d::date AS d, w, sku, cost FROM generate_series('2025-01-15'::timestamp, '2025-03-09', '1 day') d, LATERAL (VALUES
	-- 1001: 60 + 40 every day; 160 + 40 on 5 March.
	('1001', 'S1', CASE d::date WHEN '2025-03-05' THEN 160 ELSE 60 END), ('1001', 'S2', 40),
	-- 1002: 90 and 110 in turn; 15 + 5 on 7 March.
	('1002', 'T1', CASE WHEN d::date = '2025-03-07' THEN 15 WHEN (d::date - '2025-01-15') % 2 = 0 THEN 50 ELSE 70 END),
	('1002', 'T2', CASE d::date WHEN '2025-03-07' THEN 5 ELSE 40 END),
	-- 1003: begins on 1 March with 10; 25 on the 7th and the 9th.
	('1003', 'S1', CASE WHEN d::date < '2025-03-01' THEN NULL WHEN d::date IN ('2025-03-07', '2025-03-09') THEN 25 ELSE 10 END),
	-- 1004: 5, and 14.9 on 8 March: 9.9 dollars more.
	('1004', 'S1', CASE d::date WHEN '2025-03-08' THEN 14.9 ELSE 5 END),
	-- 1005: 100, nothing at all on 6 March. 1006: 100 until 3 March, then nothing ever.
	('1005', 'S1', CASE WHEN d::date <> '2025-03-06' THEN 100 END),
	('1006', 'S1', CASE WHEN d::date <= '2025-03-03' THEN 100 END)) v(w, sku, cost);
INSERT INTO dbinsight.fact_usage (record_id, workspace_id, sku_name, usage_date, usage_unit, usage_quantity, list_cost, price_found)
SELECT w || sku || d, w, sku, d, 'DBU', cost, cost, true FROM series WHERE cost IS NOT NULL;
SELECT dbinsight._refresh_derived('fact_usage', '2025-01-01+00', '2025-03-10+00');
INSERT INTO dbinsight.predictions (model_name, version, scored_at, entity_type, entity_id, target_time, score) VALUES
	('cost_anomaly_detector', 1, '2025-03-06 01:00+00', 'workspace', '1001', '2025-03-05 00:00+00', 0.5),
	('cost_anomaly_detector', 1, '2025-03-07 01:00+00', 'workspace', '1001', '2025-03-05 00:00+00', 0.97),
	('cost_anomaly_detector', 1, '2025-03-07 01:00+00', 'workspace', '1001', '2025-03-06 00:00+00', 0.1);

/*
 * 1005, 6 March: median 100, MAD 0, so 5 % of 100 is one deviation: (0 - 100) / 5 = -20.
 * 1001, 5 March: (200 - 100) / 5 = 20; S1 is 160 - 60 = 100 over its median; the later score counts.
 * 1003, 9 March: 8 days before, median 10, MAD 0, 5 % is 0.5, so 1 dollar: (25 - 10) / 1 = 15. Its 7th has only 6 days before.
 *   S1 is 25 - 10 = 15 over.
 * 1002, 7 March: 14 days of 90, 14 of 110: median 100, MAD 1.4826 x 10: (20 - 100) / 14.826 = -5.396. T1 has median 60, falls 45; T2 falls 35.
 *   9 and 11 February have only 25 and 27 days before, one more of 90 than of 110: median 90, MAD 0, (110 - 90) / 4.5 = 4.44.
 * 1004 lies 9.9 dollars off: not reported. 1006 has ended: no series, no dip.
 */
SELECT * FROM dbinsight.get_cost_anomalies();
SELECT usage_date, workspace_id FROM dbinsight.get_cost_anomalies(3);
SELECT usage_date, workspace_id, severity FROM dbinsight.get_cost_anomalies(z_threshold => 5.5);
SELECT * FROM dbinsight.get_cost_anomalies(0);
SELECT * FROM dbinsight.get_cost_anomalies(30, -1);

-- With the clock on 6 March noon, the 6th is today: never judged. 5 and 7 February are as the 9th, with 21 and 23 days before.
SET LOCAL dbinsight.now = '2025-03-06 12:00:00+00';
SELECT usage_date, workspace_id, z_score FROM dbinsight.get_cost_anomalies();
ROLLBACK;
