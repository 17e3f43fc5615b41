-- The sample account the later tests use, with the clock they share.
\set ECHO none
SELECT format('ALTER DATABASE %I SET dbinsight.now = %L', current_database(), '2026-06-15 12:00:00+00') \gexec
SELECT format('ALTER DATABASE %I SET timezone = %L', current_database(), 'UTC') \gexec
\set ECHO all
\connect -
SET client_min_messages = warning;
SELECT dbinsight.now();
SELECT table_name, rows FROM dbinsight.load_sample() ORDER BY table_name COLLATE "C";
-- Facts: about a million.
SELECT sum(rows) BETWEEN 900000 AND 1500000 AS about_a_million FROM (
  SELECT count(*) AS rows FROM dbinsight.fact_usage UNION ALL SELECT count(*) FROM dbinsight.fact_audit_logs UNION ALL SELECT count(*) FROM dbinsight.fact_query_history
  UNION ALL SELECT count(*) FROM dbinsight.fact_node_timeline UNION ALL SELECT count(*) FROM dbinsight.fact_job_run_timeline UNION ALL SELECT count(*) FROM dbinsight.fact_job_task_run_timeline
  UNION ALL SELECT count(*) FROM dbinsight.fact_table_lineage UNION ALL SELECT count(*) FROM dbinsight.fact_endpoint_usage UNION ALL SELECT count(*) FROM dbinsight.fact_inference_log) f;
