/*
 * metrics(): Prometheus' text exposition, version 0.0.4. All are gauges, of
 * now or of the last 24 hours: rows go with their retention, so a count of
 * them is no counter.
 */
CREATE FUNCTION dbinsight._metric_label(value text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN '"' || replace(replace(replace(coalesce(value, ''), '\', '\\'), '"', '\"'), E'\n', '\n') || '"';
COMMENT ON FUNCTION dbinsight._metric_label(text) IS 'The value of a label, quoted';

CREATE FUNCTION dbinsight._metrics() RETURNS TABLE (name text, help text, labels jsonb, value numeric)
	LANGUAGE sql VOLATILE
BEGIN ATOMIC
	SELECT 'dbinsight_info', 'Always 1; the version.', jsonb_build_object('version', e.extversion), 1::numeric FROM pg_extension e WHERE e.extname = 'dbinsight'
	UNION ALL SELECT 'dbinsight_scheduler_running', 'Whether this database has a scheduler.', '{}', (dbinsight._scheduler_pid() IS NOT NULL)::int
	UNION ALL SELECT 'dbinsight_ingest_rows_24h', 'Rows ingested in the last 24 hours.', jsonb_build_object('source', i.source_table), i.rows_24h
		FROM dbinsight.ingest_status i WHERE i.enabled AND i.last_loaded_at IS NOT NULL
	UNION ALL SELECT 'dbinsight_ingest_age_seconds', 'Age of the newest event.', jsonb_build_object('source', i.source_table),
		round(extract(epoch FROM dbinsight.now() - i.last_event_time), 3) FROM dbinsight.ingest_status i WHERE i.enabled AND i.last_event_time IS NOT NULL
	UNION ALL SELECT 'dbinsight_ingest_failing', 'Whether the last load failed.', jsonb_build_object('source', i.source_table), (i.last_error IS NOT NULL)::int
		FROM dbinsight.ingest_status i WHERE i.enabled AND (i.last_loaded_at IS NOT NULL OR i.last_error IS NOT NULL)
	UNION ALL SELECT 'dbinsight_job_failures', 'Failures of a job in a row.', jsonb_build_object('job', j.job), coalesce(j.failures_in_a_row, 0)
		FROM dbinsight.job_status j WHERE j.enabled
	UNION ALL SELECT 'dbinsight_job_running', 'Whether a job is running.', jsonb_build_object('job', j.job), (j.running_pid IS NOT NULL)::int
		FROM dbinsight.job_status j WHERE j.enabled
	UNION ALL SELECT 'dbinsight_job_last_seconds', 'How long the last run of a job took.', jsonb_build_object('job', j.job), round(extract(epoch FROM j.last_duration), 3)
		FROM dbinsight.job_status j WHERE j.enabled AND j.last_duration IS NOT NULL
	UNION ALL SELECT 'dbinsight_outbox_deliveries', 'Deliveries to be made, or given up within 24 hours.', jsonb_build_object('destination', o.destination, 'state', o.state), count(*)
		FROM dbinsight.outbox o WHERE o.state IN ('pending', 'failed') OR (o.state = 'given up' AND o.created_at > clock_timestamp() - interval '24 hours') GROUP BY o.destination, o.state
	UNION ALL SELECT 'dbinsight_outbox_oldest_seconds', 'Age of the oldest delivery to be made.', jsonb_build_object('destination', o.destination),
		round(extract(epoch FROM clock_timestamp() - min(o.created_at)), 3) FROM dbinsight.outbox o WHERE o.state IN ('pending', 'failed') GROUP BY o.destination
	UNION ALL SELECT 'dbinsight_questions_waiting', 'Submitted questions that are queued or running.', jsonb_build_object('state', q.state), count(*)
		FROM dbinsight.submitted q WHERE q.state IN ('queued', 'running') GROUP BY q.state
	UNION ALL SELECT 'dbinsight_answers_24h', 'Answers of the last 24 hours.', jsonb_build_object('model', m.model, 'grounded', coalesce(m.grounded, false)), count(*)
		FROM dbinsight.chat_messages m WHERE m.role = 'assistant' AND m.created_at > dbinsight.now() - interval '24 hours' GROUP BY m.model, coalesce(m.grounded, false)
	UNION ALL SELECT 'dbinsight_answer_seconds_24h', 'Time that half and 95 % of the answers of the last 24 hours took at most.', jsonb_build_object('quantile', q.q),
		round((percentile_cont(q.q::float8) WITHIN GROUP (ORDER BY m.latency_ms))::numeric / 1000, 6)
		FROM dbinsight.chat_messages m, (VALUES ('0.5'), ('0.95')) q(q) WHERE m.role = 'assistant' AND m.latency_ms IS NOT NULL AND m.created_at > dbinsight.now() - interval '24 hours' GROUP BY q.q
	UNION ALL SELECT 'dbinsight_answer_tokens_24h', 'Tokens of the last 24 hours.', jsonb_build_object('kind', k.kind), coalesce(sum(k.n), 0)
		FROM dbinsight.chat_messages m, LATERAL (VALUES ('completion', m.completion_tokens), ('prompt', m.prompt_tokens)) k(kind, n)
		WHERE m.role = 'assistant' AND m.created_at > dbinsight.now() - interval '24 hours' GROUP BY k.kind
	UNION ALL SELECT 'dbinsight_answer_cost_usd_24h', 'What the answers of the last 24 hours cost.', '{}', coalesce(sum(m.cost_usd), 0)
		FROM dbinsight.chat_messages m WHERE m.role = 'assistant' AND m.created_at > dbinsight.now() - interval '24 hours';
END;
COMMENT ON FUNCTION dbinsight._metrics() IS 'What metrics() tells, a row a sample';

CREATE FUNCTION dbinsight.metrics() RETURNS text
	LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH sample AS (
		SELECT m.name, min(m.help) OVER (PARTITION BY m.name) AS help, m.name || coalesce('{' || l.list || '}', '') || ' ' || m.value AS line,
			row_number() OVER (PARTITION BY m.name ORDER BY l.list COLLATE "C") AS n
		FROM dbinsight._metrics() m, LATERAL (SELECT string_agg(p.key || '=' || dbinsight._metric_label(p.value), ',' ORDER BY p.key COLLATE "C") AS list FROM jsonb_each_text(m.labels) p) l
	)
	SELECT string_agg(CASE WHEN s.n = 1 THEN format(E'# HELP %s %s\n# TYPE %s gauge\n', s.name, s.help, s.name) ELSE '' END || s.line || E'\n', '' ORDER BY s.name COLLATE "C", s.n) FROM sample s;
END;
COMMENT ON FUNCTION dbinsight.metrics() IS
'Ingestion, jobs, the outbox, questions and answers as Prometheus reads them (text/plain; version=0.0.4), all gauges; have a collector that speaks SQL call it';
