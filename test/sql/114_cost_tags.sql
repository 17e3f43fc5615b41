-- Cost by tag and missing tags, worked out by hand. The clock stands on 2025-03-10, noon.
\set VERBOSITY terse
\set ON_ERROR_ROLLBACK on
BEGIN;
SET LOCAL dbinsight.now = '2025-03-10 12:00:00+00';
SET LOCAL dbinsight.required_tags = 'team, project';
SELECT (SELECT count(*) FROM dbinsight.get_cost_by_tag()) AS tags, (SELECT count(*) FROM dbinsight.get_untagged_resources()) AS untagged;
SELECT dbinsight._ensure_partitions('fact_usage', '2025-03-01+00', '2025-03-31+00') > 0 AS made;
INSERT INTO dbinsight.dim_workspace (workspace_id, workspace_name) VALUES ('1001', 'prod');
INSERT INTO dbinsight.fact_usage (record_id, workspace_id, usage_date, usage_end_time, usage_unit, usage_quantity, list_cost, job_id, cluster_id, job_name, run_as, custom_tags) VALUES
	-- Job 1: 10 dollars with both tags, then 30 without project, by two people.
	('a', '1001', '2025-03-05', '2025-03-05 10:00+00', 'DBU', 20, 10, '1', NULL, 'load', 'ann@company.com', '{"team": "data", "project": "x"}'),
	('b', '1001', '2025-03-06', '2025-03-06 10:00+00', 'DBU', 20, 10, '1', NULL, 'load', 'ann@company.com', '{"team": "data"}'),
	('c', '1001', '2025-03-07', '2025-03-07 10:00+00', 'DBU', 40, 20, '1', NULL, 'load', 'bob@company.com', '{"team": "data"}'),
	-- Job 2 was mended on the day: its latest record has both.
	('d', '1001', '2025-03-07', '2025-03-07 10:00+00', 'DBU', 10, 5, '2', NULL, NULL, NULL, NULL),
	('e', '1001', '2025-03-07', '2025-03-07 11:00+00', 'DBU', 10, 5, '2', NULL, NULL, NULL, '{"team": "ml", "project": "y"}'),
	-- Job 3 has both; cluster c has none; job 4 was billed and taken back; storage is no resource.
	('f', '1001', '2025-03-08', NULL, 'DBU', 10, 5, '3', NULL, NULL, NULL, '{"team": "ml", "project": "y", "more": "z"}'),
	('g', '1002', '2025-03-08', NULL, 'DBU', 80, 40, NULL, 'c', NULL, NULL, '{}'),
	('h', '1001', '2025-03-08', NULL, 'DBU', 10, 7, '4', NULL, NULL, NULL, NULL), ('i', '1001', '2025-03-08', NULL, 'DBU', -10, -7, '4', NULL, NULL, NULL, NULL),
	('j', NULL, '2025-03-08', NULL, 'GB', 10, 5, NULL, NULL, NULL, NULL, NULL);
SELECT dbinsight._refresh_derived('fact_usage', '2025-03-01+00', '2025-03-10+00');
-- Of 100: untagged 5 + 40 + 0 + 5 = 50, jobs 2, 4 and cluster c; data 40; ml 10, jobs 2 and 3.
SELECT * FROM dbinsight.get_cost_by_tag();
SELECT tag_value, cost FROM dbinsight.get_cost_by_tag('project', '2025-03-07', '2025-03-08');
SELECT tag_value, cost FROM dbinsight.get_cost_by_tag('nothing');
-- Job 1: 30 dollars without project; ann and bob 20 each of its 40, the first by name. Job 2: the 5 before it was mended, nothing missing now.
SELECT * FROM dbinsight.get_untagged_resources();
SELECT resource_id FROM dbinsight.get_untagged_resources(resource_type => 'cluster');
SELECT * FROM dbinsight.get_untagged_resources(resource_type => 'TABLE');
-- The setting decides, without a new rollup.
SET LOCAL dbinsight.required_tags = 'more';
SELECT resource_id, cost, missing_tags FROM dbinsight.get_untagged_resources('2025-03-08');
SET LOCAL dbinsight.required_tags = '';
SELECT count(*) FROM dbinsight.get_untagged_resources();
ROLLBACK;
