CREATE VIEW dbinsight.warehouse_interval AS
SELECT workspace_id, warehouse_id, event_type,
	CASE WHEN event_type IN ('RUNNING', 'SCALED_UP', 'SCALED_DOWN') THEN 'RUNNING' ELSE event_type END AS state,
	cluster_count, event_time AS start_time,
	lead(event_time, 1, dbinsight.now()) OVER (PARTITION BY workspace_id, warehouse_id ORDER BY event_time,
		array_position(ARRAY['STARTING', 'RUNNING', 'SCALED_UP', 'SCALED_DOWN', 'STOPPING', 'STOPPED'], event_type),
		cluster_count) AS end_time
FROM dbinsight.fact_warehouse_events
WHERE event_time < dbinsight.now();
COMMENT ON VIEW dbinsight.warehouse_interval IS
'What state (RUNNING, STARTING, STOPPING, STOPPED) each warehouse was in from one event to the next, and with how many clusters; the last one goes on until now';
