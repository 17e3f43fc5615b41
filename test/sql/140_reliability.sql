-- The reliability agent's tools on an account made by hand; T is 10 March 2025, 12:00 UTC.
BEGIN;
SET LOCAL dbinsight.now = '2025-03-10 12:00:00+00';

-- Nothing loaded: no rows, and no service is called healthy.
SELECT count(*) FROM dbinsight.get_sla_breaches();
SELECT count(*) FROM dbinsight.get_uptime_metrics();
SELECT count(*) FROM dbinsight.get_incident_summary();
SELECT count(*) FROM dbinsight.get_failure_streaks();
SELECT service_name, status, error_rate_pct, attempts_24h, open_incidents, checked_at FROM dbinsight.get_service_health();

SELECT sum(dbinsight._ensure_partitions(t, '2025-02-01', '2025-03-13')) > 0 AS partitions
FROM unnest(ARRAY['fact_job_run_timeline', 'fact_pipeline_update_timeline', 'fact_query_history', 'fact_endpoint_usage',
	'fact_inference_log', 'fact_audit_logs', 'fact_table_lineage', 'fact_usage']) t;
INSERT INTO dbinsight.dim_workspace (workspace_id, workspace_name) VALUES ('sla', 'Promises'), ('up', 'Uptime'), ('in', 'Incidents');
INSERT INTO dbinsight.dim_job (workspace_id, job_id, job_name, run_as_user_name, change_time) VALUES
	('sla', 's1', 'Derived', 'ann@x.io', '2025-01-01'), ('sla', 's2', 'Configured', 'ann@x.io', '2025-01-01'),
	('in', 'i4', 'Broken', 'bob@x.io', '2025-01-01');

-- Promises. s1: 100, 100, 100, 100, 200 s in the 30 days before: p95 100 + 0.8 * 100 = 180, target 270. Its 200 s run ends a
-- second before the window; edge ends when it begins, so that it is in it.
INSERT INTO dbinsight.sla_targets (workspace_id, job_id, max_duration_s) VALUES ('sla', 's2', 60);
INSERT INTO dbinsight.fact_job_run_timeline (workspace_id, job_id, run_id, run_name, period_start_time, period_end_time, result_state, termination_code)
SELECT 'sla', v.job, v.run, 'name of ' || v.run, v.at, v.at + v.s * interval '1 second', v.state, 'RUN_EXECUTION_ERROR'
FROM (VALUES
	('s1', 'b1', '2025-02-10 00:00+00'::timestamptz, 100, 'SUCCEEDED'), ('s1', 'b2', '2025-02-11 00:00+00', 100, 'SUCCEEDED'),
	('s1', 'b3', '2025-02-12 00:00+00', 100, 'SUCCEEDED'), ('s1', 'b4', '2025-02-13 00:00+00', 100, 'SUCCEEDED'),
	('s1', 'b5', '2025-03-03 11:56:39+00', 200, 'SUCCEEDED'), ('s1', 'b6', '2025-02-14 00:00+00', 9000, 'FAILED'),
	('s1', 'edge', '2025-03-03 11:55:30+00', 270, 'SUCCEEDED'),	-- as long as its target: kept
	('s1', 'cancelled', '2025-03-05 00:00+00', 1000, 'CANCELLED'),
	('s1', 'failed', '2025-03-06 00:00+00', 400, 'FAILED'),
	('s1', 'slow', '2025-03-07 00:00+00', 300, 'SUCCEEDED'),
	('s2', 'slow2', '2025-03-08 00:00+00', 61, 'SUCCEEDED'),
	('s2', 'repaired', '2025-03-08 10:00+00', 10, 'FAILED'), ('s2', 'repaired', '2025-03-08 10:16:40+00', 10, 'SUCCEEDED'),
	('s3', 'few1', '2025-02-10 00:00+00', 1, 'SUCCEEDED'), ('s3', 'few2', '2025-02-11 00:00+00', 1, 'SUCCEEDED'),
	('s3', 'few3', '2025-02-12 00:00+00', 1, 'SUCCEEDED'), ('s3', 'few4', '2025-02-13 00:00+00', 1, 'SUCCEEDED'),
	('s3', 'timed out', '2025-03-08 00:00+00', 500, 'TIMED_OUT'), ('s3', 'running', '2025-03-10 11:00+00', 1800, NULL)
) v(job, run, at, s, state);

-- Incidents. i1: a cancellation does not end its streak, which began before the window. i6's ended before it.
INSERT INTO dbinsight.fact_job_run_timeline (workspace_id, job_id, run_id, run_name, period_start_time, period_end_time, result_state, termination_code)
SELECT 'in', v.job, v.job || v.n, v.job, v.ended - interval '1 minute', v.ended, v.state, v.code
FROM (VALUES
	('i1', 1, '2025-03-01 00:00+00'::timestamptz, 'SUCCEEDED', 'SUCCESS'), ('i1', 2, '2025-03-02 00:00+00', 'FAILED', 'CLUSTER_ERROR'),
	('i1', 3, '2025-03-03 00:00+00', 'CANCELLED', 'CANCELLED'), ('i1', 4, '2025-03-04 00:00+00', 'FAILED', 'CLUSTER_ERROR'),
	('i1', 5, '2025-03-05 00:00+00', 'FAILED', 'RUN_EXECUTION_ERROR'), ('i1', 6, '2025-03-06 00:00+00', 'SUCCEEDED', 'SUCCESS'),
	('i2', 1, '2025-03-10 10:00+00', 'FAILED', 'UNAUTHORIZED_ERROR'),
	('i3', 1, '2025-03-10 07:00+00', 'TIMED_OUT', NULL), ('i3', 2, '2025-03-10 09:00+00', 'TIMED_OUT', NULL), ('i3', 3, '2025-03-10 10:00+00', 'SUCCEEDED', 'SUCCESS'),
	('i4', 1, '2025-03-10 11:00+00', 'FAILED', 'RUN_EXECUTION_ERROR'), ('i4', 2, '2025-03-10 11:10+00', 'FAILED', 'DRIVER_ERROR'),
	('i4', 3, '2025-03-10 11:20+00', 'FAILED', 'RUN_EXECUTION_ERROR'),
	('i5', 1, '2025-03-10 05:00+00', 'ERROR', 'INTERNAL_ERROR'), ('i5', 2, '2025-03-10 09:00+00', 'SUCCEEDED', 'SUCCESS'),
	('i6', 1, '2025-03-01 00:00+00', 'FAILED', 'CLOUD_FAILURE'), ('i6', 2, '2025-03-02 00:00+00', 'SUCCEEDED', 'SUCCESS')
) v(job, n, ended, state, code);
INSERT INTO dbinsight.dim_pipeline (workspace_id, pipeline_id, pipeline_name, change_time) VALUES ('in', 'p1', 'Flow', '2025-01-01');
INSERT INTO dbinsight.fact_pipeline_update_timeline (workspace_id, pipeline_id, update_id, period_start_time, period_end_time, result_state) VALUES
	('in', 'p1', 'u1', '2025-03-10 05:59+00', '2025-03-10 06:00+00', 'FAILED'), ('in', 'p1', 'u2', '2025-03-10 06:29+00', '2025-03-10 06:30+00', 'FAILED'),
	('in', 'p1', 'u3', '2025-03-10 07:58+00', '2025-03-10 08:00+00', 'COMPLETED');
INSERT INTO dbinsight.fact_usage (record_id, workspace_id, usage_date, list_cost, job_id, job_run_id) VALUES
	('c1', 'in', '2025-03-02', 2, 'i1', 'i12'), ('c2', 'in', '2025-03-04', 3.25, 'i1', 'i14'), ('c3', 'in', '2025-03-03', 100, 'i1', 'i13');
-- i1 wrote a; from a three steps reach b, c, d; e is a fourth. x is written by another job, old by i1 before the 30 days.
INSERT INTO dbinsight.fact_table_lineage (record_id, workspace_id, entity_type, entity_id, source_table_full_name, target_table_full_name, event_time, entity_metadata)
SELECT 'l' || row_number() OVER (), 'in', v.kind, v.id, v.src, v.tgt, v.at, v.meta
FROM (VALUES
	('JOB', 'i1', NULL, 'm.s.a', '2025-03-05 00:00+00'::timestamptz, NULL::jsonb), ('JOB', 'i1', 'm.s.old', 'm.s.y', '2025-02-07 00:00+00', NULL),
	('NOTEBOOK', 'n1', 'm.s.a', 'm.s.b', '2025-03-05 01:00+00', NULL), ('NOTEBOOK', 'n1', 'm.s.b', 'm.s.c', '2025-03-05 01:00+00', NULL),
	('NOTEBOOK', 'n1', 'm.s.b', 'm.s.b', '2025-03-05 01:00+00', NULL),
	('NOTEBOOK', 'n1', 'm.s.c', 'm.s.d', '2025-03-05 01:00+00', NULL), ('NOTEBOOK', 'n1', 'm.s.d', 'm.s.e', '2025-03-05 01:00+00', NULL),
	('NOTEBOOK', 'n2', 'm.s.d', 'm.s.x', '2025-03-05 01:00+00', '{"job_info": {"job_id": "i4"}}'), ('PIPELINE', 'p1', NULL, 'm.s.c', '2025-03-05 01:00+00', NULL)
) v(kind, id, src, tgt, at, meta);
INSERT INTO dbinsight.predictions (model_name, version, scored_at, entity_type, entity_id, workspace_id, score, label) VALUES
	('incident_classifier', 1, '2025-03-10 11:30+00', 'incident', md5('in|i4|2025-03-10T11:00:00.000000Z'), 'in', 0.8, 'DATA');

-- Statements, each of a second, failed ones marked; one that began the evening before ended at 11:05:10.
INSERT INTO dbinsight.fact_query_history (workspace_id, statement_id, execution_status, start_time, end_time, total_duration_ms)
SELECT 'up', 'q' || row_number() OVER (), CASE WHEN v.failed THEN 'FAILED' ELSE 'FINISHED' END, coalesce(v.began, v.at - interval '1 second'), v.at,
	CASE WHEN v.began IS NULL THEN 1000 ELSE 9000 END
FROM (
	SELECT b.at + n * interval '30 seconds', n <= b.failures, NULL::timestamptz
	FROM (VALUES
		('2025-03-10 10:00+00'::timestamptz, 4, 2), ('2025-03-10 10:10+00', 3, 3), ('2025-03-10 10:30+00', 3, 2),
		('2025-03-10 10:55+00', 3, 3), ('2025-03-10 11:00+00', 2, 2), ('2025-03-10 11:05+00', 2, 0),
		('2025-03-09 13:00+00', 1, 0), ('2025-03-09 11:57+00', 3, 3), ('2025-03-08 05:00+00', 10, 0),
		('2025-03-11 23:55+00', 3, 3), ('2025-03-12 00:00+00', 3, 3)) b(at, attempts, failures)
	CROSS JOIN LATERAL generate_series(1, b.attempts) n
	UNION ALL SELECT '2025-03-10 11:05:10+00', false, '2025-03-09 23:50+00' UNION ALL SELECT '2025-03-10 11:05:20+00', true, '2025-03-09 23:50+00'
	UNION ALL SELECT '2025-03-10 12:00+00', false, NULL UNION ALL SELECT NULL, false, '2025-03-10 11:59+00'
) v(at, failed, began);
INSERT INTO dbinsight.fact_endpoint_usage (databricks_request_id, workspace_id, request_time, status_code) VALUES
	('r1', 'up', '2025-03-10 10:11+00', 500), ('r2', 'up', '2025-03-10 10:12+00', 503), ('r3', 'up', '2025-03-10 10:13+00', 429),
	('r4', 'up', '2025-03-10 11:10+00', 200);
INSERT INTO dbinsight.fact_inference_log (request_id, workspace_id, request_time, execution_ms) VALUES
	('r3', 'up', '2025-03-10 10:13+00', 500), ('r4', 'up', '2025-03-10 11:10+00', 1500);
INSERT INTO dbinsight.uptime_targets VALUES ('up', 'serving', 50);
-- Clusters: a result counts only where it failed.
INSERT INTO dbinsight.fact_audit_logs (event_id, event_time, workspace_id_raw, service_name, action_name, status_code) VALUES
	('a1', '2025-03-10 09:00+00', 'up', 'clusters', 'create', 200), ('a2', '2025-03-10 09:01+00', 'up', 'clusters', 'createResult', 200),
	('a3', '2025-03-10 09:02+00', 'up', 'clusters', 'start', 400), ('a4', '2025-03-10 09:03+00', 'up', 'clusters', 'startResult', 500),
	('a5', '2025-03-10 09:04+00', 'up', 'clusters', 'delete', 500), ('a6', '2025-03-10 09:05+00', 'up', 'jobs', 'create', 500),
	('a7', '2025-03-08 09:00+00', 'up', 'clusters', 'start', 200), ('a8', '2025-03-09 09:00+00', 'up', 'clusters', 'resize', 200);
SELECT dbinsight._refresh_derived(t, '2025-02-01', '2025-03-12 06:00+00')
FROM unnest(ARRAY['fact_job_run_timeline', 'fact_pipeline_update_timeline', 'fact_query_history', 'fact_endpoint_usage',
	'fact_inference_log', 'fact_audit_logs', 'fact_table_lineage']) WITH ORDINALITY u(t, n) ORDER BY n;

-- failed: 400 s, 130 over 270 = 48.15 %, and a failure besides; slow: 30 over; slow2: 1 over 60; repaired: 10:00:00 to 10:16:50
-- is 1010 s of waiting although 20 were worked. s3 has too few runs for a target.
CREATE TEMP TABLE expected_breach AS SELECT * FROM (VALUES
	(1::bigint, 's2', 'Configured', 'repaired', 'DURATION', 1010::float8, 60::float8, 950::float8, 1583.33::float8, 'SUCCEEDED', 'configured'),
	(2, 's1', 'Derived', 'failed', 'DURATION', 400, 270, 130, 48.15, 'FAILED', 'derived'),
	(3, 's1', 'Derived', 'slow', 'DURATION', 300, 270, 30, 11.11, 'SUCCEEDED', 'derived'),
	(4, 's2', 'Configured', 'slow2', 'DURATION', 61, 60, 1, 1.67, 'SUCCEEDED', 'configured'),
	(5, 's3', 'name of timed out', 'timed out', 'FAILURE', 500, NULL, NULL, NULL, 'TIMED_OUT', NULL),
	(6, 's1', 'Derived', 'failed', 'FAILURE', 400, 270, NULL, NULL, 'FAILED', 'derived')
) v(n, job_id, job_name, run_id, breach_type, duration_s, target_s, overrun_s, overrun_pct, result_state, target_source);
CREATE TEMP VIEW got_breach AS SELECT row_number() OVER () AS n, job_id, job_name, run_id, breach_type, duration_s, target_s, overrun_s, overrun_pct,
	result_state, target_source FROM dbinsight.get_sla_breaches() WHERE workspace_id = 'sla';
(TABLE expected_breach EXCEPT TABLE got_breach) UNION ALL (TABLE got_breach EXCEPT TABLE expected_breach);
SELECT run_id, breach_type FROM dbinsight.get_sla_breaches(2) WHERE workspace_id = 'sla';

-- A day. sql: asked for in 7 buckets (10:00, 10:10, 10:30, 10:55, 11:00, 11:05 and 13:00 the day before) = 35 min, down in four: two of
-- four, three of three, two of three, three of three; two attempts are too few, and 1 of 4 at 11:05 is up. Between 10:05 and 10:10 and
-- between 10:15 and 10:30 are gaps of 15 min at most: one outage 10:00 to 10:35; after 20 min another of 5. 42.86 = 3 / 7;
-- mttr (35 + 5) / 2; mtbf 35 min / 2. The failures of 11:57 are before the window.
-- serving: 429 is no failure of the service, 2 of 3 is down. (all): 8 buckets, 4 of them down.
CREATE TEMP TABLE expected_up AS SELECT * FROM (VALUES
	('Uptime', '(all)', 40::bigint, 20::bigint, 50::float8, 2::bigint, 35::float8, 0.333::float8, 20::float8, 99.9::float8, false),
	('Uptime', 'serving', 10, 5, 50, 1, 5, 0.167, 5, 50, true),
	('Uptime', 'sql', 35, 20, 42.86, 2, 35, 0.292, 20, 99.9, false)
) v(workspace_name, service, demanded_minutes, down_minutes, uptime_pct, outages, longest_outage_min, mtbf_h, mttr_min, target_pct, meets_target);
CREATE TEMP VIEW got_up AS SELECT workspace_name, service, demanded_minutes, down_minutes, uptime_pct, outages, longest_outage_min, mtbf_h, mttr_min,
	target_pct, meets_target FROM dbinsight.get_uptime_metrics('UPTIME', 1);
(TABLE expected_up EXCEPT TABLE got_up) UNION ALL (TABLE got_up EXCEPT TABLE expected_up);
-- Services without failures have no outage, hence neither mtbf nor mttr; order by workspace and service.
SELECT workspace_id, service, demanded_minutes, down_minutes, uptime_pct, outages, longest_outage_min, mtbf_h, mttr_min, meets_target
FROM dbinsight.get_uptime_metrics(days => 1) WHERE workspace_id <> 'up';

-- Four days to 12 March 6:00, three of them whole: 4 more buckets (11:55 and 12:00, 23:55 and 0:00), 3 of them down; the outage over
-- midnight is one of 10 min: 36.36 = 4 / 11, mttr (5 + 35 + 5 + 10) / 4, mtbf 55 min / 4.
-- (The ten statements of 8 March 5:00 are before 6:00.)
SET LOCAL dbinsight.now = '2025-03-12 06:00:00+00';
SELECT demanded_minutes, down_minutes, uptime_pct, outages, longest_outage_min, mtbf_h, mttr_min FROM dbinsight.get_uptime_metrics('up', 4) WHERE service = 'sql';
-- At 10:02 the bucket of 10:00 has only its first attempts, at 10:00:30, 10:01:00 and 10:01:30: two of three failed.
-- At 10:01:30 it has two, which are too few. Before, 13:00 and the three failures of 11:55.
SET LOCAL dbinsight.now = '2025-03-10 10:02:00+00';
SELECT demanded_minutes, down_minutes, uptime_pct FROM dbinsight.get_uptime_metrics('up', 1) WHERE service = 'sql';
SET LOCAL dbinsight.now = '2025-03-10 10:01:30+00';
SELECT demanded_minutes, down_minutes, uptime_pct FROM dbinsight.get_uptime_metrics('up', 1) WHERE service = 'sql';
SET LOCAL dbinsight.now = '2025-03-10 12:00:00+00';

-- Incidents: i1 lasted four days: critical. i4 3 failures, i5 4 hours: high. i3 2, p1 2: medium. i2 one failure for 2 hours: low.
CREATE TEMP TABLE expected_incident AS SELECT * FROM (VALUES
	(1::bigint, 'critical', 'RESOLVED', 'job', 'i1', 'i1', '2025-03-02 00:00+00'::timestamptz, '2025-03-06 00:00+00'::timestamptz, 5760::float8, 3::bigint, 'CLOUD', '{CLUSTER_ERROR,RUN_EXECUTION_ERROR}'::text[], 3::bigint, 5.25::numeric, NULL),
	(2, 'high', 'OPEN', 'job', 'i4', 'Broken', '2025-03-10 11:00+00', NULL, 60, 3, 'USER_CODE', '{DRIVER_ERROR,RUN_EXECUTION_ERROR}', 0, NULL, 'DATA'),
	(3, 'high', 'RESOLVED', 'job', 'i5', 'i5', '2025-03-10 05:00+00', '2025-03-10 09:00+00', 240, 1, 'UNKNOWN', '{INTERNAL_ERROR}', 0, NULL, NULL),
	(4, 'medium', 'RESOLVED', 'job', 'i3', 'i3', '2025-03-10 07:00+00', '2025-03-10 10:00+00', 180, 2, 'TIMEOUT', '{}', 0, NULL, NULL),
	-- p1 wrote c: d, then e and x
	(5, 'medium', 'RESOLVED', 'pipeline', 'p1', 'Flow', '2025-03-10 06:00+00', '2025-03-10 08:00+00', 120, 2, 'UNKNOWN', '{}', 3, NULL, NULL),
	(6, 'low', 'OPEN', 'job', 'i2', 'i2', '2025-03-10 10:00+00', NULL, 120, 1, 'PERMISSION', '{UNAUTHORIZED_ERROR}', 0, NULL, NULL)
) v(n, severity, status, entity_type, entity_id, entity_name, opened_at, resolved_at, duration_min, failures, root_cause, termination_codes, affected_downstream, cost, ml_class);
CREATE TEMP VIEW got_incident AS SELECT row_number() OVER () AS n, severity, status, entity_type, entity_id, entity_name, opened_at, resolved_at,
	duration_min, failures, root_cause, termination_codes, affected_downstream, cost, ml_class FROM dbinsight.get_incident_summary() WHERE workspace_id = 'in';
(TABLE expected_incident EXCEPT TABLE got_incident) UNION ALL (TABLE got_incident EXCEPT TABLE expected_incident);
SELECT entity_id, severity FROM dbinsight.get_incident_summary('HIGH') WHERE workspace_id = 'in';
SELECT entity_id FROM dbinsight.get_incident_summary(days => 1) WHERE workspace_id = 'in' AND severity = 'critical';
-- The identity of an incident does not change with the session's time zone.
SET LOCAL timezone = 'Asia/Tokyo';
SELECT incident_id = md5('in|i4|2025-03-10T11:00:00.000000Z') AS same FROM dbinsight.get_incident_summary() WHERE entity_id = 'i4';
SET LOCAL timezone = 'UTC';

SELECT workspace_id, job_id, job_name, consecutive_failures, first_failure, last_failure, last_success, last_termination_code, run_as
FROM dbinsight.get_failure_streaks(1);
SELECT job_id FROM dbinsight.get_failure_streaks();

-- Health. sql: 20 attempts, 13 failed = 65 %; before, 3 of 13 = 23.08 %, less than half of it: RED. Of its 20 durations two are of 9 s:
-- p95 at position 18.05 is 9. serving: 2 of 4; latency 0.5 and 1.5: 1.45. clusters: 2 of 3. pipelines: 2 of 3, of 60, 60 and 120 s: 114.
-- jobs: i3 failed twice, i2 once, i4 three times, i5 once, i3 and i5 succeeded: 7 of 9 = 77.78 %. i2, i4 and s3 are open, s3 for more
-- than a day, which is critical. The baseline is counted from the runs.
INSERT INTO dbinsight.ingest_state (source, last_event_time, last_loaded_at, last_error) VALUES
	('system.access.audit', '2025-03-10 11:00+00', '2025-03-10 11:30+00', NULL);
SELECT service_name, status, error_rate_pct, baseline_error_rate_pct, attempts_24h, failures_24h, p95_latency_s, baseline_p95_s, open_incidents, last_failure
FROM dbinsight.get_service_health() WHERE service_name <> 'jobs';
SELECT h.status, h.error_rate_pct, h.attempts_24h, h.failures_24h, h.open_incidents, h.last_failure,
	h.baseline_error_rate_pct = round(100.0 * b.failed / b.n, 2) AS baseline, h.baseline_p95_s = round(b.p95::numeric, 3) AS baseline_p95
FROM dbinsight.get_service_health('JOBS') h, (
	SELECT count(*) AS n, count(*) FILTER (WHERE is_failure) AS failed, percentile_cont(0.95) WITHIN GROUP (ORDER BY duration_s) AS p95
	FROM dbinsight.job_run WHERE end_time >= '2025-03-02 12:00+00' AND end_time < '2025-03-09 12:00+00') b;
-- A source that lags more than three times its 240 minutes, and the only one: 1 of 1.
UPDATE dbinsight.ingest_state SET last_event_time = '2025-03-09 23:59+00';
SELECT status, error_rate_pct FROM dbinsight.get_service_health('ingestion');

-- Arguments out of range.
CREATE FUNCTION pg_temp.sqlstate(query text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE query;
	RETURN 'none';
EXCEPTION WHEN others THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
SELECT q, pg_temp.sqlstate('SELECT * FROM dbinsight.' || q) FROM (VALUES
	(1, 'get_sla_breaches(0)'), (2, 'get_uptime_metrics(NULL, 401)'), (3, $$get_incident_summary('grave')$$), (4, 'get_incident_summary(NULL, NULL)'),
	(5, $$get_service_health('mail')$$), (6, 'get_failure_streaks(0)')) v(n, q) ORDER BY n;
SELECT tool, string_agg(agent, ', ' ORDER BY position) AS agents, min(cardinality(examples)) BETWEEN 5 AND 8 AS examples
FROM dbinsight.agent_tools
WHERE tool IN ('get_sla_breaches', 'get_uptime_metrics', 'get_incident_summary', 'get_service_health', 'get_failure_streaks')
GROUP BY tool ORDER BY tool COLLATE "C";
SET LOCAL ROLE dbinsight_reader;
SELECT count(*) FROM dbinsight.get_uptime_metrics();
SELECT count(*) FROM dbinsight.get_sla_breaches();
ROLLBACK;
