-- Rows and arguments nobody should send: each becomes a rejected row or an error of ours, and the rest of the batch lands.
\set VERBOSITY terse
BEGIN;
SET LOCAL dbinsight.now = '2025-03-10 12:00:00+00';

-- A name is in indexes, which hold some 2700 bytes a row: 1000 are taken, 1001 are not, nor a key of more than 2500.
CREATE TEMP TABLE long AS SELECT string_agg(md5(i::text), '' ORDER BY i) AS t FROM generate_series(1, 100) i;
SELECT dbinsight.load_rows('system.access.audit', jsonb_build_array(
	jsonb_build_object('event_id', left(t, 1000), 'event_time', '2025-03-01T00:00:00Z', 'user_agent', t),
	jsonb_build_object('event_id', left(t, 1001), 'event_time', '2025-03-01T00:00:00Z'),
	jsonb_build_object('event_id', 'e', 'event_time', '2025-03-01T00:00:00Z', 'user_identity', jsonb_build_object('email', t)))) FROM long;
SELECT dbinsight.load_rows('system.lakeflow.job_tasks', jsonb_build_array(
	jsonb_build_object('workspace_id', left(t, 900), 'job_id', left(t, 900), 'task_key', left(t, 700), 'change_time', '2025-03-01T00:00:00Z'),
	jsonb_build_object('workspace_id', left(t, 900), 'job_id', left(t, 900), 'task_key', left(t, 701), 'change_time', '2025-03-01T00:00:00Z'))) FROM long;

-- JSON text that nests deeper than any field does is not parsed: the parser would run out of stack.
SELECT dbinsight.load_rows('system.access.audit', jsonb_build_array(
	jsonb_build_object('event_id', 'deep', 'event_time', '2025-03-01T00:00:00Z', 'request_params', repeat('[', 200000)),
	jsonb_build_object('event_id', 'flat', 'event_time', '2025-03-01T00:00:00Z', 'request_params', repeat('[', 64) || repeat(']', 64))));
SELECT dbinsight._try_jsonb(repeat('{"a":', 200000)) IS NULL AS deep;

-- Figures whose sums would overflow; a column that has to be there without being of the key.
SELECT dbinsight.load_rows('system.compute.node_timeline', '[
 {"workspace_id": 1, "cluster_id": "c", "instance_id": "a", "start_time": "2025-03-01T00:00:00Z", "network_sent_bytes": 4611686018427387903, "network_received_bytes": 4611686018427387903, "cpu_user_percent": 1e100},
 {"workspace_id": 1, "cluster_id": "c", "instance_id": "b", "start_time": "2025-03-01T00:00:00Z", "network_sent_bytes": 4611686018427387904},
 {"workspace_id": 1, "cluster_id": "c", "instance_id": "c", "start_time": "2025-03-01T00:00:00Z", "cpu_user_percent": 1e101},
 {"workspace_id": 1, "instance_id": "d", "start_time": "2025-03-01T00:00:00Z"}]');

-- A reason quotes 60 bytes at most, cut between characters: 59 letters and a whole ü would be 61.
SELECT dbinsight.load_rows('system.access.audit', jsonb_build_array(jsonb_build_object('event_id', 'cut', 'event_time', repeat('x', 59) || 'üü'),
	jsonb_build_object('event_id', 'number', 'event_time', ('1' || repeat('0', 99))::numeric)));
SELECT reason, convert_from(textsend(reason), 'UTF8') = reason AS valid FROM dbinsight.rejected_rows ORDER BY id;

-- The same bad row a thousand times is one, and counted.
SELECT dbinsight.load_rows('system.access.audit', (SELECT jsonb_agg('{"event_id": "again"}'::jsonb) FROM generate_series(1, 1000)));
SELECT dbinsight.load_rows('system.access.audit', '[{"event_id": "again"}, {"event_id": "again"}]');
SELECT reason, times FROM dbinsight.rejected_rows WHERE "row" ->> 'event_id' = 'again';

-- Internal checks a reader may call, without the names they are told about.
\set ON_ERROR_ROLLBACK on
SELECT dbinsight._in_range(NULL, 2, 1, 3), dbinsight._one_of(NULL, 'A', 'a', 'b');
SELECT dbinsight._in_range(NULL, 4, 1, 3);
SELECT dbinsight._in_range('x', 1, NULL, 3);
SELECT dbinsight._one_of(NULL, 'c', 'a', 'b');
SELECT dbinsight._one_of('x', 'c', VARIADIC NULL::text[]);
SELECT dbinsight._one_of('x', 'c', 'a', NULL);

-- Figures at the edges of their type.
SELECT dbinsight.sparkline('{-Infinity, 1, 2, 3, NaN, NULL, 8, Infinity}'), dbinsight.sparkline('{-1.7e308, 0, 5e-324, 1.7e308}'), dbinsight.sparkline('{Infinity}');
SELECT dbinsight.bar('Infinity', 1, 4), dbinsight.bar(1, 'Infinity', 4), dbinsight.bar('Infinity', 'Infinity', 4), dbinsight.bar('NaN', 1, 4), dbinsight.bar(1e308, 5e-324, 4);

-- Names with typographic apostrophes and other wide signs are cut where their characters end.
SELECT q, p.tool, p.arguments, convert_from(textsend(p.arguments::text), 'UTF8') = p.arguments::text AS valid
FROM (VALUES ('who owns table main.sales.o’brien’’_é_tab’é’'), ('lineage of main.gold.é’’’a_b’s'), ('is “caf’é’_é” fresh?')) v(q), LATERAL dbinsight.plan(q) p WHERE p.tool IS NOT NULL ORDER BY 1, p.tool;
ROLLBACK;
