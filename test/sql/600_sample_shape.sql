-- The sample account hangs together: what one table names, another has.
SELECT (SELECT count(*) FROM dbinsight.dim_workspace) AS workspaces,
  (SELECT count(DISTINCT (workspace_id, job_id)) FROM dbinsight.dim_job) AS jobs,
  (SELECT count(DISTINCT cluster_id) FROM dbinsight.dim_cluster) AS clusters,
  (SELECT count(DISTINCT warehouse_id) FROM dbinsight.dim_warehouse) AS warehouses,
  (SELECT count(DISTINCT endpoint_name) FROM dbinsight.dim_served_entities) AS endpoints,
  (SELECT count(*) FROM dbinsight.current_table) AS tables,
  (SELECT count(DISTINCT user_email) FROM dbinsight.fact_audit_logs WHERE account_id = 'sample') AS people_and_service_principals;

-- Rows that name something that is not there.
SELECT 'run of usage' AS what, count(*) AS missing FROM dbinsight.fact_usage u
WHERE u.job_run_id IS NOT NULL AND NOT EXISTS (SELECT FROM dbinsight.job_run r WHERE r.workspace_id = u.workspace_id AND r.run_id = u.job_run_id)
UNION ALL
SELECT 'job of run', count(*) FROM dbinsight.job_run r WHERE r.run_type = 'JOB_RUN' AND NOT EXISTS (SELECT FROM dbinsight.current_job j WHERE j.workspace_id = r.workspace_id AND j.job_id = r.job_id)
UNION ALL
SELECT 'run of task', count(*) FROM dbinsight.job_task_run t WHERE NOT EXISTS (SELECT FROM dbinsight.job_run r WHERE r.workspace_id = t.workspace_id AND r.run_id = t.job_run_id)
UNION ALL
SELECT 'definition of task', count(*) FROM (SELECT DISTINCT workspace_id, job_id, task_key FROM dbinsight.job_task_run) t
WHERE NOT EXISTS (SELECT FROM dbinsight.dim_job_task d WHERE d.workspace_id = t.workspace_id AND d.job_id = t.job_id AND d.task_key = t.task_key)
UNION ALL
SELECT 'cluster of task', count(*) FROM (SELECT DISTINCT t.workspace_id, c FROM dbinsight.job_task_run t, unnest(t.compute_ids) c) t
WHERE NOT EXISTS (SELECT FROM dbinsight.current_cluster d WHERE d.workspace_id = t.workspace_id AND d.cluster_id = t.c)
UNION ALL
SELECT 'cluster of usage', count(*) FROM (SELECT DISTINCT workspace_id, cluster_id FROM dbinsight.fact_usage WHERE cluster_id IS NOT NULL) u
WHERE NOT EXISTS (SELECT FROM dbinsight.current_cluster d WHERE d.workspace_id = u.workspace_id AND d.cluster_id = u.cluster_id)
UNION ALL
SELECT 'cluster of node', count(*) FROM (SELECT DISTINCT workspace_id, cluster_id FROM dbinsight.fact_node_timeline) n
WHERE NOT EXISTS (SELECT FROM dbinsight.current_cluster d WHERE d.workspace_id = n.workspace_id AND d.cluster_id = n.cluster_id)
UNION ALL
SELECT 'warehouse of query', count(*) FROM (SELECT DISTINCT workspace_id, warehouse_id FROM dbinsight.fact_query_history WHERE warehouse_id IS NOT NULL) q
WHERE NOT EXISTS (SELECT FROM dbinsight.current_warehouse d WHERE d.workspace_id = q.workspace_id AND d.warehouse_id = q.warehouse_id)
UNION ALL
SELECT 'statement of lineage', count(*) FROM dbinsight.fact_table_lineage l WHERE l.statement_id IS NOT NULL
  AND NOT EXISTS (SELECT FROM dbinsight.fact_query_history q WHERE q.statement_id = l.statement_id)
UNION ALL
SELECT 'table of lineage', count(*) FROM (SELECT source_table_full_name AS t FROM dbinsight.fact_table_lineage UNION SELECT target_table_full_name FROM dbinsight.fact_table_lineage) l
WHERE l.t IS NOT NULL AND NOT EXISTS (SELECT FROM dbinsight.current_table c WHERE c.table_full_name = l.t)
UNION ALL
SELECT 'endpoint of request', count(*) FROM (SELECT DISTINCT workspace_id, served_entity_id FROM dbinsight.fact_endpoint_usage) r
WHERE NOT EXISTS (SELECT FROM dbinsight.current_served_entity e WHERE e.workspace_id = r.workspace_id AND e.served_entity_id = r.served_entity_id)
UNION ALL
SELECT 'experiment of run', count(*) FROM dbinsight.fact_mlflow_runs r WHERE NOT EXISTS (SELECT FROM dbinsight.dim_experiment e WHERE e.experiment_id = r.experiment_id)
ORDER BY 1;

-- Nothing lies after the clock, and no slice or record is longer than an hour.
SELECT (SELECT count(*) FROM dbinsight.fact_audit_logs WHERE event_time > dbinsight.now()) AS audit,
  (SELECT count(*) FROM dbinsight.fact_query_history WHERE start_time > dbinsight.now()) AS queries,
  (SELECT count(*) FROM dbinsight.fact_usage WHERE usage_end_time > dbinsight.now()) AS usage,
  (SELECT count(*) FROM dbinsight.fact_job_run_timeline WHERE period_end_time > dbinsight.now() OR period_end_time - period_start_time > interval '1 hour'
    OR date_bin('1 hour', period_start_time, '2000-01-01') <> date_bin('1 hour', period_end_time - interval '1 microsecond', '2000-01-01') AND period_end_time > period_start_time) AS runs,
  (SELECT count(*) FROM dbinsight.fact_job_task_run_timeline WHERE period_end_time > dbinsight.now() OR period_end_time - period_start_time > interval '1 hour') AS tasks,
  (SELECT count(*) FROM dbinsight.fact_table_lineage WHERE event_time > dbinsight.now()) AS lineage,
  (SELECT count(*) FROM dbinsight.fact_node_timeline WHERE start_time > dbinsight.now()) AS nodes,
  (SELECT count(*) FROM dbinsight.fact_inference_log WHERE request_time > dbinsight.now()) AS requests;

-- A run has a result only where an attempt closes; the current one is last.
SELECT count(*) FILTER (WHERE attempts > 2) AS many_attempts, count(*) FILTER (WHERE repair_count = 1) > 100 AS some_repairs,
  count(*) FILTER (WHERE NOT is_terminal) BETWEEN 1 AND 20 AS running,
  round(100.0 * count(*) FILTER (WHERE is_success) / nullif(count(*) FILTER (WHERE is_success OR is_failure), 0)) AS success_pct
FROM dbinsight.job_run;

-- Rhythm: working days, working hours, growth, month ends; money: corrections come in pairs, free usage has no price.
SELECT round(avg(n) FILTER (WHERE isodow >= 6) / avg(n) FILTER (WHERE isodow < 6), 1) AS weekend_share FROM (
  SELECT event_time::date AS day, extract(isodow FROM event_time::date) AS isodow, count(*)::numeric AS n FROM dbinsight.fact_audit_logs WHERE user_type = 'HUMAN' GROUP BY 1, 2) d;
SELECT count(*) FILTER (WHERE extract(hour FROM start_time) BETWEEN 7 AND 18)::numeric / count(*) > 0.9 AS queries_in_working_hours FROM dbinsight.fact_query_history;
SELECT late.n > 1.1 * early.n AS grows FROM
  (SELECT count(*) AS n FROM dbinsight.fact_query_history WHERE start_time BETWEEN '2026-03-18' AND '2026-04-15') early,
  (SELECT count(*) AS n FROM dbinsight.fact_query_history WHERE start_time BETWEEN '2026-05-18' AND '2026-06-15') late;
SELECT count(*) FILTER (WHERE record_type = 'RETRACTION') = count(*) FILTER (WHERE record_type = 'RESTATEMENT') AS in_pairs, count(*) FILTER (WHERE record_type = 'RETRACTION') > 100 AS many,
  count(*) FILTER (WHERE record_type = 'RETRACTION' AND usage_quantity > 0) AS positive_retractions,
  count(*) FILTER (WHERE price_found <> (sku_name NOT LIKE '%FREE_USAGE%')) AS wrongly_priced,
  count(*) FILTER (WHERE list_cost IS DISTINCT FROM coalesce(list_price, 0) * usage_quantity) AS wrongly_costed,
  round(100.0 * sum(list_cost) FILTER (WHERE is_tagged) / sum(list_cost)) BETWEEN 80 AND 98 AS most_is_tagged
FROM dbinsight.fact_usage;
-- The labels of audit events are those the loader would give.
SELECT count(*) AS wrongly_labelled FROM dbinsight.fact_audit_logs f LEFT JOIN LATERAL dbinsight._audit_label(f.service_name, f.action_name, f.request_params) l ON true
WHERE (f.category, f.base_severity) IS DISTINCT FROM (l.category, l.base_severity);
-- The one version of each that holds now.
SELECT (SELECT count(*) FROM (SELECT FROM dbinsight.dim_job GROUP BY workspace_id, job_id HAVING count(*) FILTER (WHERE is_current) <> 1) x) AS jobs,
  (SELECT count(*) FROM (SELECT FROM dbinsight.dim_cluster GROUP BY workspace_id, cluster_id HAVING count(*) FILTER (WHERE is_current) <> 1) x) AS clusters,
  (SELECT count(*) FROM dbinsight.dim_job WHERE is_current <> (valid_to = 'infinity')) AS ends;
