-- What is kept up to date batch by batch is what is made at once from all rows:
-- batches in any order, over each other's days, with rows that come again and
-- rows that are restated.
\set VERBOSITY terse
BEGIN;
SET LOCAL dbinsight.now = '2025-03-10 12:00:00+00';
SET LOCAL client_min_messages = warning;

-- Seven batches of each source. Batch 6 is a repetition of rows of the others, batch 7 restates some.
CREATE TEMP TABLE feed (source text, batch int, row_no int, j jsonb) ON COMMIT DROP;

-- 6 000 events in 40 days from 12 people at three networks each; every 97th answered 429, every 31st refused.
INSERT INTO feed
SELECT 'system.access.audit', 1 + n * 7919 % 5, n, jsonb_build_object('event_id', 'e' || n,
	'event_time', to_char(timestamp '2025-01-20 00:00' + n * interval '577 seconds' + (n % 7) * interval '3 seconds', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
	'workspace_id', 1001 + n % 3, 'service_name', (ARRAY['accounts', 'unityCatalog', 'jobs', 'clusters', 'secrets'])[1 + n % 5],
	'action_name', (ARRAY['oidcBrowserLogin', 'generateTemporaryTableCredential', 'deleteJob', 'start', 'putAcl', 'login', 'mfaDeleteKey'])[1 + n % 5 + (n % 10 = 5)::int * 5 + (n % 50 = 10)::int * 6],
	'source_ip_address', CASE WHEN n % 11 > 0 THEN (ARRAY['8.8.', '9.9.', '10.1.'])[1 + n / 3 % 3] || n % 12 || '.' || n % 4 END,
	'user_agent', 'agent ' || n % 2, 'user_identity', jsonb_build_object('email', CASE WHEN n % 29 > 0 THEN 'p' || n % 12 || '@company.com' END),
	'request_params', jsonb_build_object('table_full_name', 'main.s.t' || n % 9, 'operation', 'READ', 'principal', 'users', 'permission', 'READ'),
	'response', jsonb_build_object('status_code', CASE WHEN n % 97 = 0 THEN 429 WHEN n % 31 = 0 THEN 403 ELSE 200 END))
FROM generate_series(1, 6000) n;

-- 400 more, four every two hours within three minutes, by one of two people from up to four networks at once.
INSERT INTO feed
SELECT 'system.access.audit', 1 + n * 7919 % 5, n, jsonb_build_object('event_id', 'b' || n,
	'event_time', to_char(timestamp '2025-01-21 00:08' + n / 4 * interval '2 hours' + n % 4 * interval '1 minute', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'workspace_id', 1001, 'service_name', 'jobs',
	'action_name', 'runNow', 'source_ip_address', '8.8.' || n * 3 % 5 || '.1', 'user_identity', jsonb_build_object('email', 'p' || n / 40 % 2 || '@company.com'))
FROM generate_series(1, 400) n;

INSERT INTO feed
SELECT 'system.billing.list_prices', 1, n, jsonb_build_object('sku_name', 'SKU' || n % 4, 'cloud', 'AWS', 'usage_unit', 'DBU', 'currency_code', 'USD',
	'price_start_time', CASE WHEN n < 4 THEN '2024-01-01T00:00:00Z' ELSE '2025-02-10T00:00:00Z' END,
	'price_end_time', CASE WHEN n < 4 THEN '2025-02-10T00:00:00Z' END, 'pricing', jsonb_build_object('default', 0.1 * (n + 1)))
FROM generate_series(0, 7) n;

-- 2 500 records in 40 days: jobs, warehouses, and all-purpose clusters that the task runs below share.
INSERT INTO feed
SELECT 'system.billing.usage', 1 + n * 7907 % 5, n, jsonb_build_object('record_id', 'u' || n, 'workspace_id', 1001 + n % 3, 'sku_name', 'SKU' || n % 5, 'cloud', 'AWS',
	'usage_unit', 'DBU', 'usage_quantity', (n % 17 + 1) * 0.37, 'usage_start_time', to_char(t, 'YYYY-MM-DD HH24:MI:SS'), 'usage_end_time', to_char(t + interval '1 hour', 'YYYY-MM-DD HH24:MI:SS'),
	'usage_date', to_char(t, 'YYYY-MM-DD'), 'record_type', 'ORIGINAL', 'ingestion_date', '2025-03-09', 'billing_origin_product', 'P' || n % 3,
	'custom_tags', CASE WHEN n % 4 = 0 THEN '{"team": "data"}' ELSE '{}' END::jsonb,
	'usage_metadata', jsonb_build_object('job_id', CASE WHEN n % 5 = 1 THEN n % 3 END, 'warehouse_id', CASE WHEN n % 5 = 2 THEN 'w1' END,
		'cluster_id', CASE WHEN n % 5 IN (3, 4) THEN 'c' || n % 2 END), 'identity_metadata', jsonb_build_object('run_as', 'p' || n % 12 || '@company.com'))
FROM generate_series(1, 2500) n, LATERAL (SELECT timestamp '2025-01-20 00:00' + n / 3 * interval '1 hour' + interval '1 hour') x(t);

-- 800 runs of three jobs with two tasks each, the second after the first.
INSERT INTO feed
SELECT 'system.lakeflow.job_tasks', 1, n, jsonb_build_object('workspace_id', 1001 + n % 3, 'job_id', n % 3, 'task_key', CASE WHEN n < 3 THEN 'first' ELSE 'second' END,
	'change_time', '2025-01-01T00:00:00Z', 'depends_on_keys', CASE WHEN n < 3 THEN '[]' ELSE '["first"]' END::jsonb)
FROM generate_series(0, 5) n;
INSERT INTO feed
SELECT 'system.lakeflow.job_run_timeline', 1 + n * 7901 % 5, n, jsonb_build_object('workspace_id', 1001 + n % 3, 'run_id', n, 'job_id', n % 3, 'run_type', 'JOB_RUN',
	'period_start_time', to_char(t, 'YYYY-MM-DD HH24:MI:SS'), 'period_end_time', to_char(t + interval '30 minutes', 'YYYY-MM-DD HH24:MI:SS'),
	'result_state', CASE WHEN n % 13 = 0 THEN 'FAILED' ELSE 'SUCCEEDED' END)
FROM generate_series(1, 800) n, LATERAL (SELECT timestamp '2025-01-20 00:00' + n * interval '71 minutes') x(t);
INSERT INTO feed
SELECT 'system.lakeflow.job_task_run_timeline', 1 + n * 7883 % 5, n, jsonb_build_object('workspace_id', 1001 + n / 2 % 3, 'run_id', 't' || n, 'job_run_id', n / 2, 'job_id', n / 2 % 3,
	'task_key', CASE n % 2 WHEN 0 THEN 'first' ELSE 'second' END, 'period_start_time', to_char(t, 'YYYY-MM-DD HH24:MI:SS'), 'period_end_time', to_char(t + interval '14 minutes', 'YYYY-MM-DD HH24:MI:SS'),
	'result_state', 'SUCCEEDED', 'compute_ids', jsonb_build_array('c' || n % 2))
FROM generate_series(2, 1601) n, LATERAL (SELECT timestamp '2025-01-20 00:00' + n / 2 * interval '71 minutes' + n % 2 * interval '15 minutes') x(t);

INSERT INTO feed
SELECT 'system.access.table_lineage', 1 + n * 7879 % 5, n, jsonb_build_object('record_id', 'l' || n, 'event_id', 'v' || n / 2, 'workspace_id', 1001, 'entity_type', 'JOB', 'entity_id', n % 3,
	'source_table_full_name', 'main.s.t' || n % 9, 'target_table_full_name', CASE WHEN n % 2 = 0 THEN 'main.s.u' || n % 5 END, 'created_by', 'p' || n % 12 || '@company.com',
	'event_time', to_char(timestamp '2025-01-20 00:00' + n * interval '29 minutes', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
FROM generate_series(1, 1900) n;
INSERT INTO feed
SELECT 'system.query.history', 1 + n * 7877 % 5, n, jsonb_build_object('statement_id', 'q' || n, 'workspace_id', 1001, 'executed_by', 'p' || n % 12 || '@company.com', 'execution_status', CASE WHEN n % 9 = 0 THEN 'FAILED' ELSE 'FINISHED' END,
	'compute', '{"type": "WAREHOUSE", "warehouse_id": "w1"}'::jsonb, 'start_time', to_char(t, 'YYYY-MM-DD HH24:MI:SS'), 'end_time', to_char(t + n % 40 * interval '1 minute', 'YYYY-MM-DD HH24:MI:SS'),
	'update_time', to_char(t + interval '1 hour', 'YYYY-MM-DD HH24:MI:SS'), 'total_duration_ms', n % 40 * 60000, 'waiting_at_capacity_duration_ms', n % 50 * 1000)
FROM generate_series(1, 1900) n, LATERAL (SELECT timestamp '2025-01-20 00:00' + n * interval '29 minutes') x(t);

INSERT INTO feed SELECT source, 6, row_no, j FROM feed WHERE row_no % 8 = 3 AND batch < 6;
-- A newer version of an event an hour later, a record with another figure on another day, a run that ended otherwise, a statement that went on.
INSERT INTO feed
SELECT source, 7, row_no, j || CASE source
	WHEN 'system.access.audit' THEN jsonb_build_object('event_time', to_char(((j ->> 'event_time')::timestamptz + interval '1 hour') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'source_ip_address', '8.8.0.0')
	WHEN 'system.billing.usage' THEN jsonb_build_object('usage_quantity', 5, 'usage_date', to_char((j ->> 'usage_date')::date + 20, 'YYYY-MM-DD'))
	WHEN 'system.query.history' THEN jsonb_build_object('execution_status', 'FAILED', 'update_time', '2025-03-09 00:00:00') ELSE '{"result_state": "TIMEDOUT"}' END
FROM feed WHERE row_no % 41 = 5 AND batch < 6 AND source IN ('system.access.audit', 'system.billing.usage', 'system.query.history', 'system.lakeflow.job_run_timeline');

-- All at once into months that are new: their indexes are made at the end, as many as a month has otherwise, and they know every row.
SAVEPOINT empty;
SELECT dbinsight.load_rows('system.access.audit', (SELECT jsonb_agg(f.j) FROM feed f WHERE f.source = 'system.access.audit' AND f.batch < 6));
SELECT count(*) AS indexes, count(*) FILTER (WHERE NOT i.indisvalid OR pg_relation_size(i.indexrelid) = 0) AS unusable,
	count(*) = 3 * (SELECT count(*) FROM pg_index b WHERE b.indrelid = 'dbinsight._blank_fact_audit_logs'::regclass) AS as_blank
FROM pg_index i JOIN pg_inherits h ON h.inhrelid = i.indrelid WHERE h.inhparent = 'dbinsight.fact_audit_logs'::regclass;
SET LOCAL enable_seqscan = off;
SET LOCAL enable_bitmapscan = off;
SELECT count(*) AS found FROM feed f CROSS JOIN LATERAL (SELECT FROM dbinsight.fact_audit_logs a WHERE a.event_id = f.j ->> 'event_id' OFFSET 0) a WHERE f.source = 'system.access.audit' AND f.batch < 6;
SAVEPOINT again;
INSERT INTO dbinsight.fact_audit_logs (event_id, event_time) SELECT event_id, event_time FROM dbinsight.fact_audit_logs WHERE event_id = 'e17';
ROLLBACK TO again;
-- The rest in one call: the repetition is skipped, the restatement replaces.
SELECT dbinsight.load_rows('system.access.audit', (SELECT jsonb_agg(f.j) FROM feed f WHERE f.source = 'system.access.audit' AND f.batch IN (6, 7)))
	= (SELECT count(*) FROM feed f WHERE f.source = 'system.access.audit' AND f.batch = 7) AS only_restated;
ROLLBACK TO empty;
-- More than one slice of 20 000: the last 300 rows are newer versions of the first 300, which the load itself has just written.
SELECT dbinsight.load_rows('system.access.audit', (SELECT jsonb_agg(jsonb_build_object('event_id', 'x' || n % 20200,
	'event_time', to_char(timestamp '2025-02-01' + n * interval '1 minute', 'YYYY-MM-DD HH24:MI:SS')) ORDER BY n) FROM generate_series(0, 20499) n));
SELECT count(*), count(DISTINCT event_id) AS ids, max(event_time) FROM dbinsight.fact_audit_logs;
SELECT event_id, event_time FROM dbinsight.fact_audit_logs WHERE event_id IN ('x0', 'x299', 'x300') ORDER BY 1;
SELECT sum(events) FROM dbinsight.rollup_audit_hourly;
ROLLBACK TO empty;
-- A trigger of the user's is not passed by.
CREATE FUNCTION pg_temp.shout() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.user_agent := upper(NEW.user_agent); RETURN NEW; END';
CREATE TRIGGER shout BEFORE INSERT ON dbinsight.fact_audit_logs FOR EACH ROW EXECUTE FUNCTION pg_temp.shout();
SELECT dbinsight.load_rows('system.access.audit', (SELECT jsonb_agg(f.j) FROM feed f WHERE f.source = 'system.access.audit' AND f.batch = 1)) > 0 AS loaded;
SELECT count(*) FILTER (WHERE user_agent <> upper(user_agent)) AS passed_by FROM dbinsight.fact_audit_logs;
ROLLBACK TO empty;

-- Batches 3, 1, 5, 2, 4, then the repetition and the restatement; sources after each other in each.
CREATE TEMP TABLE written ON COMMIT DROP AS
SELECT b.batch, s.source, dbinsight.load_rows(s.source, (SELECT jsonb_agg(f.j ORDER BY f.row_no * 7873 % 6007) FROM feed f WHERE f.source = s.source AND f.batch = b.batch)) AS rows
FROM (SELECT DISTINCT source, batch FROM feed) s JOIN unnest(ARRAY[3, 1, 5, 2, 4, 6, 7]) WITH ORDINALITY b(batch, turn) ON b.batch = s.batch
ORDER BY b.turn, s.source COLLATE "C";
-- All of the first five, none of the sixth, all of the seventh.
SELECT w.source, sum(w.rows) FILTER (WHERE w.batch < 6) = max(f.rows) FILTER (WHERE f.part = 5) AS first, sum(w.rows) FILTER (WHERE w.batch = 6) AS repeated,
	sum(w.rows) FILTER (WHERE w.batch = 7) = max(f.rows) FILTER (WHERE f.part = 7) AS restated
FROM (SELECT source, batch, sum(rows) AS rows FROM written GROUP BY source, batch) w
JOIN (SELECT source, greatest(batch, 5) AS part, count(*) AS rows FROM feed GROUP BY 1, 2) f ON f.source = w.source AND f.part = greatest(w.batch, 5)
GROUP BY w.source ORDER BY w.source COLLATE "C";

-- Every derived relation as it is now, its arrays in order and its floats without their last digits.
CREATE FUNCTION pg_temp.plain(row_of jsonb) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_object_agg(e.key, CASE jsonb_typeof(e.value) WHEN 'array' THEN (SELECT jsonb_agg(x ORDER BY x) FROM jsonb_array_elements(e.value) x)
		WHEN 'number' THEN to_jsonb(round(e.value::numeric, 9)) ELSE e.value END)
	FROM jsonb_each(row_of) e $$;
CREATE TEMP TABLE content (made text, relation text, j jsonb) ON COMMIT DROP;
CREATE FUNCTION pg_temp.note(made text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	r text;
BEGIN
	FOR r IN SELECT DISTINCT split_part(name, ' ', 1) FROM dbinsight.derived_relations LOOP
		EXECUTE format('INSERT INTO content SELECT %L, %L, pg_temp.plain(to_jsonb(t)) FROM dbinsight.%I t', made, r, r);
	END LOOP;
END $$;
CREATE FUNCTION pg_temp.forget() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	r text;
BEGIN
	FOR r IN SELECT DISTINCT split_part(name, ' ', 1) FROM dbinsight.derived_relations LOOP
		EXECUTE format('DELETE FROM dbinsight.%I', r);
	END LOOP;
END $$;
SELECT pg_temp.note('by batch');
SELECT pg_temp.forget();
SELECT dbinsight._sample_refresh('2025-01-01', '2025-04-01');
SELECT pg_temp.note('at once');

-- No row of either is missing from the other. What was seen of an address stays seen, so there the rows by batch may reach further.
SELECT coalesce(b.relation, o.relation) AS relation, coalesce(b.n, 0) AS by_batch, coalesce(o.n, 0) AS at_once
FROM (SELECT relation, count(*) AS n FROM (SELECT relation, j FROM content WHERE made = 'by batch' EXCEPT ALL SELECT relation, j FROM content WHERE made = 'at once') d GROUP BY relation) b
FULL JOIN (SELECT relation, count(*) AS n FROM (SELECT relation, j FROM content WHERE made = 'at once' EXCEPT ALL SELECT relation, j FROM content WHERE made = 'by batch') d GROUP BY relation) o USING (relation)
WHERE coalesce(b.relation, o.relation) <> 'rollup_address_seen'
ORDER BY 1;
SELECT count(*) AS narrower FROM content o
WHERE o.relation = 'rollup_address_seen' AND o.made = 'at once' AND NOT EXISTS (SELECT FROM content b
	WHERE b.relation = o.relation AND b.made = 'by batch' AND b.j ->> 'source_ip' = o.j ->> 'source_ip' AND b.j ->> 'user_email' IS NOT DISTINCT FROM o.j ->> 'user_email'
		AND (b.j ->> 'first_seen')::timestamptz <= (o.j ->> 'first_seen')::timestamptz AND (b.j ->> 'last_seen')::timestamptz >= (o.j ->> 'last_seen')::timestamptz);
-- The relations that had rows to be compared.
SELECT relation FROM content WHERE made = 'by batch' GROUP BY relation ORDER BY relation COLLATE "C";
-- Events of one day, counted by hand from the facts, are those of its rollups.
SELECT (SELECT count(*) FROM dbinsight.fact_audit_logs WHERE event_date = '2025-02-01') = (SELECT sum(events) FROM dbinsight.rollup_audit_hourly
	WHERE hour >= '2025-02-01 00:00+00' AND hour < '2025-02-02 00:00+00') AS hourly,
	(SELECT count(*) FROM dbinsight.fact_audit_logs WHERE event_date = '2025-02-01' AND source_ip IS NOT NULL) = (SELECT sum(events) FROM dbinsight.rollup_address_daily WHERE day = '2025-02-01 00:00+00') AS addresses;
ROLLBACK;
