-- Network tools over hand-made events. T is Monday 2025-03-10 12:30 UTC, not on
-- the hour: windows cut hours, which the rollups do not hold. Rolled back.
\set VERBOSITY terse
BEGIN;
SET LOCAL dbinsight.now = '2025-03-10 12:30:00+00';
SELECT count(dbinsight._ensure_partitions(t, '2025-01-01', '2025-03-31')) FROM unnest(ARRAY['fact_audit_logs', 'fact_node_timeline',
	'fact_query_history', 'fact_outbound_network', 'fact_endpoint_usage']) t;
CREATE FUNCTION pg_temp.audit(id text, at timestamptz, actor text, action text, status int, ip text, agent text DEFAULT NULL, service text DEFAULT 'accounts')
	RETURNS void LANGUAGE sql AS $$
	INSERT INTO dbinsight.fact_audit_logs (event_id, event_time, workspace_id_raw, service_name, action_name, request_params, status_code,
		source_ip_raw, user_agent, user_identity_email, category, base_severity)
	SELECT id, at, 'w1', service, action, '{}', status, ip, agent, actor, l.category, l.base_severity
	FROM (SELECT 1) one LEFT JOIN LATERAL dbinsight._audit_label(service, action, '{}') l ON true;
$$;
SAVEPOINT empty;
SELECT (SELECT count(*) FROM dbinsight.get_external_ips()), (SELECT count(*) FROM dbinsight.get_connection_patterns()),
	(SELECT count(*) FROM dbinsight.get_bandwidth_usage()), (SELECT count(*) FROM dbinsight.get_network_bottlenecks()),
	(SELECT count(*) FROM dbinsight.get_denied_egress());

---- get_external_ips: R(7 days) is from 2025-03-03 12:30 ----
INSERT INTO dbinsight.trusted_cidrs VALUES ('9.9.9.0/24', 'office');
SELECT FROM (VALUES (1)) v, LATERAL (SELECT
	-- 30 days of history before the window, to the hour: is_new is known.
	pg_temp.audit('h0', '2025-02-01 12:00Z', 'ann@x.com', 'login', 200, '8.8.8.8'),
	-- 8.8.8.8: known; one event of the cut first hour counts, one a second before the window does not.
	pg_temp.audit('k0', '2025-03-03 12:29:59Z', 'ann@x.com', 'login', 200, '8.8.8.8'),
	pg_temp.audit('k1', '2025-03-03 12:30Z', 'ann@x.com', 'login', 200, '8.8.8.8:443'),
	pg_temp.audit('k2', '2025-03-05 10:00Z', 'bob@x.com', 'getTable', 404, '8.8.8.8', NULL, 'unityCatalog'),
	pg_temp.audit('k3', '2025-03-10 12:29:59Z', 'bob@x.com', 'login', 200, '8.8.8.8'),
	pg_temp.audit('k4', '2025-03-10 12:30Z', 'bob@x.com', 'login', 200, '8.8.8.8'),
	-- 1.1.1.1: seen for the first time in the cut hour just before the window: not new. One refusal: medium.
	pg_temp.audit('l0', '2025-03-03 12:10Z', 'ann@x.com', 'login', 200, '1.1.1.1'),
	pg_temp.audit('l1', '2025-03-04 10:00Z', 'ann@x.com', 'login', 401, '1.1.1.1'),
	-- 7.7.7.7: new, with a token made: high. 6.6.6.6: new, harmless: medium. 9.9.9.9: new with a token, trusted: medium.
	pg_temp.audit('m0', '2025-03-04 10:00Z', 'cy@x.com', 'generateDbToken', 200, '7.7.7.7'),
	pg_temp.audit('m1', '2025-03-04 10:00Z', 'cy@x.com', 'login', 200, '6.6.6.6'),
	pg_temp.audit('m2', '2025-03-04 10:00Z', 'cy@x.com', 'generateDbToken', 200, '9.9.9.9'),
	-- private and unknown addresses are not external
	pg_temp.audit('o0', '2025-03-04 10:00Z', 'cy@x.com', 'login', 200, '10.0.0.1'), pg_temp.audit('o1', '2025-03-04 10:00Z', 'cy@x.com', 'login', 200, '0.0.0.0')) e;
-- 5.5.5.5: known, five refusals: high.
SELECT FROM generate_series(0, 4) n, LATERAL pg_temp.audit('r' || n, '2025-03-06 10:00Z'::timestamptz + n * interval '1 hour', NULL, 'login', 403, '5.5.5.5');
SELECT FROM pg_temp.audit('r9', '2025-02-20 10:00Z', NULL, 'login', 200, '5.5.5.5');
SELECT dbinsight._refresh_derived('fact_audit_logs', '2025-02-01', '2025-03-11');
-- Failed: of 8.8.8.8's three events one (404): 33.33 %. sensitive: the refused sign-ins (low, denied: medium) and the tokens.
SELECT source_ip, ip_class, is_trusted AS trusted, users, events, failed_pct, denied, sensitive_events AS sens, services, first_seen, last_seen, is_new, risk
FROM dbinsight.get_external_ips();
-- The same from the facts alone.
SELECT count(*) AS differences FROM (
	SELECT source_ip, count(DISTINCT user_email), count(*), count(*) FILTER (WHERE is_denied) FROM dbinsight.fact_audit_logs
	WHERE event_time >= '2025-03-03 12:30Z' AND event_time < '2025-03-10 12:30Z' AND dbinsight.ip_class(source_ip) = 'public' GROUP BY 1
	EXCEPT SELECT source_ip, users, events, denied FROM dbinsight.get_external_ips()) d;
-- With 10 days the history before it is 27 days: not known.
SELECT count(*), count(is_new) FROM dbinsight.get_external_ips(10);
ROLLBACK TO empty;

---- get_connection_patterns ----
SELECT FROM (VALUES (1)) v, LATERAL (SELECT
	-- ann: three public networks at 09:00, 09:05 and 09:09:59; two stays of the first. Known from 8.8.8.0/24 only.
	pg_temp.audit('a0', '2025-02-20 09:00Z', 'ann@x.com', 'login', 200, '8.8.8.1', 'A'),
	pg_temp.audit('a1', '2025-03-10 09:00Z', 'ann@x.com', 'login', 200, '8.8.8.8', 'A'), pg_temp.audit('a2', '2025-03-10 09:01Z', 'ann@x.com', 'login', 200, '8.8.8.9', 'B'),
	pg_temp.audit('a3', '2025-03-10 09:05Z', 'ann@x.com', 'login', 200, '9.9.9.9', 'A'),
	pg_temp.audit('a4', '2025-03-10 09:09:59Z', 'ann@x.com', 'login', 200, '2600:1700:1::5', 'A'),
	-- bob: the third network exactly ten minutes after the first: two at a time. All his networks are known.
	pg_temp.audit('b0', '2025-02-20 09:00Z', 'bob@x.com', 'login', 200, '8.8.8.8'), pg_temp.audit('b1', '2025-02-20 09:00Z', 'bob@x.com', 'login', 200, '9.9.9.9'),
	pg_temp.audit('b2', '2025-02-20 09:00Z', 'bob@x.com', 'login', 200, '7.7.7.7'),
	pg_temp.audit('b3', '2025-03-10 09:00Z', 'bob@x.com', 'login', 200, '8.8.8.8'), pg_temp.audit('b4', '2025-03-10 09:05Z', 'bob@x.com', 'login', 200, '9.9.9.9'),
	pg_temp.audit('b5', '2025-03-10 09:10Z', 'bob@x.com', 'login', 200, '7.7.7.7'),
	-- cy has no history: new is not known; dan is on a new private network
	pg_temp.audit('c0', '2025-03-09 22:00Z', 'cy@x.com', 'login', 200, '8.8.8.8'), pg_temp.audit('c1', '2025-03-10 01:00Z', 'cy@x.com', 'login', 200, '8.8.8.8'),
	pg_temp.audit('d0', '2025-02-20 09:00Z', 'dan@x.com', 'login', 200, '10.0.0.1'), pg_temp.audit('d1', '2025-03-10 01:00Z', 'dan@x.com', 'login', 200, '10.0.1.1')) e;
-- eve: six known private networks in one day; mac: 501 connections of one client from a known network.
SELECT FROM generate_series(1, 6) n, LATERAL (SELECT pg_temp.audit('e' || n, '2025-02-20 09:00Z', 'eve@x.com', 'login', 200, '10.1.' || n || '.1'),
	pg_temp.audit('f' || n, '2025-03-10 09:00Z', 'eve@x.com', 'login', 200, '10.1.' || n || '.2')) e;
SELECT FROM generate_series(0, 501) n, LATERAL pg_temp.audit('m' || n, CASE n WHEN 0 THEN '2025-02-20 09:00Z' ELSE '2025-03-05 10:00Z' END::timestamptz + n * interval '1 second',
	'mac@x.com', 'tokenLogin', 200, '10.2.0.1', 'robot');
SELECT dbinsight._refresh_derived('fact_audit_logs', '2025-02-01', '2025-03-11');
-- ann: 2 of 4 from the first (50 %), 1 of 4 (25 %) from each other.
SELECT user_email, prefix, ip_class, connections AS n, distinct_ips AS ips, active_days AS days, hours_of_day AS hours, user_agents AS agents,
	share_of_user_pct AS share, is_new_prefix AS new, concurrent_prefixes AS conc, pattern
FROM dbinsight.get_connection_patterns() WHERE user_email <> 'eve@x.com';
SELECT pattern, count(*), min(concurrent_prefixes), min(share_of_user_pct) FROM dbinsight.get_connection_patterns() WHERE user_email = 'eve@x.com' GROUP BY 1;
ROLLBACK TO empty;

---- get_bandwidth_usage ----
-- Mbps = bytes * 8 / 60 / 1e6: 7500000 bytes in a minute are 1 Mbps.
INSERT INTO dbinsight.dim_cluster (workspace_id, cluster_id, cluster_name, change_time) VALUES ('w1', 'c1', 'etl', '2025-01-01');
INSERT INTO dbinsight.node_bandwidth VALUES ('big', 0.5);
INSERT INTO dbinsight.fact_node_timeline (workspace_id, cluster_id, instance_id, start_time, node_type, network_sent_bytes, network_received_bytes, cpu_user_percent) VALUES
	-- c1, 10:00: i1 1 + 3 Mbps and i2 2 Mbps in one minute (6 together), i1 alone 8 Mbps in the next
	('w1', 'c1', 'i1', '2025-03-10 10:00Z', 'big', 7500000, 22500000, 10), ('w1', 'c1', 'i2', '2025-03-10 10:00Z', 'big', 15000000, NULL, 10),
	('w1', 'c1', 'i1', '2025-03-10 10:01Z', 'big', 0, 60000000, 10),
	-- the cut hours: 12:29 yesterday is out, 12:30 in; 12:29 today in, 12:30 out
	('w1', 'c1', 'i1', '2025-03-09 12:29Z', 'big', 7500000, 0, 10), ('w1', 'c1', 'i1', '2025-03-09 12:30Z', 'big', 15000000, 0, 10),
	('w1', 'c1', 'i1', '2025-03-10 12:29Z', 'big', 22500000, 0, 10), ('w1', 'c1', 'i1', '2025-03-10 12:30Z', 'big', 7500000, 0, 10),
	-- c2: a node type nobody wrote a line rate for
	('w2', 'c2', 'j1', '2025-03-10 10:00Z', 'odd', 1073741824, 536870912, 10), ('w2', 'c2', 'j2', '2025-03-08 10:00Z', 'big', 7500000, 0, 10);
SELECT dbinsight._refresh_derived('fact_node_timeline', '2025-03-01', '2025-03-11');
-- 10:00 c1: 105e6 bytes over 2 minutes: 7 Mbps, of 2 nodes of 500 Mbps 0.7 %; sent 22.5e6 = 0.021 GiB, received 82.5e6 = 0.0768 GiB.
-- c2: 1.5 GiB in a minute = 1610612736 * 8 / 60 / 1e6 = 214.748 Mbps.
SELECT * FROM dbinsight.get_bandwidth_usage();
-- Days from 4 days on: the 9th, the 10th, and c2's 8th. c1 on the 10th: 127.5e6 bytes in 3 minutes = 5.667 Mbps.
SELECT workspace_id, cluster_name, period_start, nodes, avg_mbps, peak_mbps, peak_node_mbps, capacity_mbps, utilization_pct FROM dbinsight.get_bandwidth_usage(4);
SELECT count(*) FROM dbinsight.get_bandwidth_usage(1, 'ETL');
SELECT count(*) FROM dbinsight.get_bandwidth_usage(cluster_id => 'c%', days => 3);
SAVEPOINT bad;
SELECT count(*) FROM dbinsight.get_bandwidth_usage(401);
ROLLBACK TO bad;
ROLLBACK TO empty;

---- get_network_bottlenecks ----
-- NODE_SATURATED with a known line rate: 0.01 Gbps = 10 Mbps, so 8 Mbps (60e6 bytes) and more count.
INSERT INTO dbinsight.node_bandwidth VALUES ('big', 0.01);
INSERT INTO dbinsight.dim_cluster (workspace_id, cluster_id, cluster_name, change_time) VALUES ('w1', 'c1', 'etl', '2025-01-01');
-- c1: 12 minutes at 8 Mbps and idle CPU, 3 at 9 Mbps with a busy CPU, 45 quiet: 12 of 60 = 20 %: high.
-- c2: 9 minutes only. c3: 10 of 210 minutes = 4.76 %: low; at 11:00 four, at 12:00 six.
INSERT INTO dbinsight.fact_node_timeline (workspace_id, cluster_id, instance_id, start_time, node_type, network_sent_bytes, network_received_bytes, cpu_user_percent)
SELECT 'w1', 'c1', 'i1', '2025-03-10 08:00Z'::timestamptz + n * interval '1 minute', 'big', CASE WHEN n < 12 THEN 60000000 WHEN n < 15 THEN 67500000 ELSE 100 END, 0,
	CASE WHEN n < 12 THEN 49.9 ELSE 50 END FROM generate_series(0, 59) n
UNION ALL SELECT 'w1', 'c2', 'i2', '2025-03-10 08:00Z'::timestamptz + n * interval '1 minute', 'big', 60000000, 0, 0 FROM generate_series(0, 8) n
UNION ALL SELECT 'w1', 'c3', 'i3', '2025-03-10 09:00Z'::timestamptz + n * interval '1 minute', 'big', CASE WHEN n BETWEEN 176 AND 179 OR n BETWEEN 180 AND 185 THEN 90000000 ELSE 0 END, 0, 0
	FROM generate_series(0, 209) n;
SELECT dbinsight._refresh_derived('fact_node_timeline', '2025-03-01', '2025-03-11');
SELECT kind, severity, workspace_id, entity_type, entity_id, entity_name, occurrences AS n, affected_pct, peak_value, reference_value, unit, worst_hour
FROM dbinsight.get_network_bottlenecks();
SELECT kind, count(*) FROM dbinsight.get_network_bottlenecks(1) GROUP BY 1;
ROLLBACK TO empty;

-- Without a line rate the reference is the type's 99.9th percentile over 7 days: exactly percentile_cont of the minutes.
-- The hours cut by the window and a node type without a name are in it; what is a second older is not.
INSERT INTO dbinsight.fact_node_timeline (workspace_id, cluster_id, instance_id, start_time, node_type, network_sent_bytes, network_received_bytes, cpu_user_percent)
SELECT 'w1', 'c' || i % 3, 'i' || i, '2025-03-03 12:00Z'::timestamptz + n * interval '3 minutes', CASE i WHEN 5 THEN NULL ELSE 't' || i % 2 END,
	(i * 7919::bigint * n * n + 104729 * n) % 99990001, (n * 7907) % 90001, (i * n) % 100
FROM generate_series(0, 5) i, generate_series(0, 3370) n;
SELECT dbinsight._refresh_derived('fact_node_timeline', '2025-03-01', '2025-03-11');
SELECT count(*) AS types, count(*) FILTER (WHERE abs(r.mbps - e.mbps) < 1e-9) AS exact
FROM dbinsight._node_reference(dbinsight.now()) r FULL JOIN (
	SELECT node_type, percentile_cont(0.999) WITHIN GROUP (ORDER BY dbinsight._mbps(network_sent_bytes, network_received_bytes)) AS mbps
	FROM dbinsight.fact_node_timeline WHERE start_time >= '2025-03-03 12:30Z' AND start_time < '2025-03-10 12:30Z' GROUP BY 1) e
	ON coalesce(e.node_type, '') = coalesce(r.node_type, '');
-- And the saturated minutes are those of the facts.
WITH reference AS MATERIALIZED (SELECT * FROM dbinsight._node_reference(dbinsight.now())), fact AS (
	SELECT f.cluster_id, count(*) FILTER (WHERE f.cpu_user_percent < 50 AND dbinsight._mbps(f.network_sent_bytes, f.network_received_bytes) >= 0.8 * r.mbps) AS n, count(*) AS total
	FROM dbinsight.fact_node_timeline f JOIN reference r ON r.node_type IS NOT DISTINCT FROM f.node_type
	WHERE f.start_time >= '2025-03-05 12:30Z' AND f.start_time < '2025-03-10 12:30Z' GROUP BY 1)
SELECT count(*) AS clusters, count(*) FILTER (WHERE b.occurrences = f.n AND b.affected_pct = dbinsight._pct(f.n, f.total)) AS equal
FROM dbinsight.get_network_bottlenecks(5) b FULL JOIN fact f ON f.cluster_id = b.entity_id;
ROLLBACK TO empty;

-- FETCH_BOUND: h1 has five of ten statements that fetch 60 s or more and 60 % of duration + fetch: 90 / (60 + 90) = 60 %. 50 %: high.
-- Not: fetch 59.999 s, or 90 / (61 + 90) = 59.6 %. h2 has four.
INSERT INTO dbinsight.dim_warehouse (workspace_id, warehouse_id, warehouse_name, change_time) VALUES ('w1', 'h1', 'bi', '2025-01-01');
INSERT INTO dbinsight.fact_query_history (statement_id, workspace_id, warehouse_id, start_time, total_duration_ms, result_fetch_duration_ms)
SELECT 'f' || n, 'w1', 'h1', CASE n WHEN 0 THEN '2025-03-05 09:00Z' ELSE '2025-03-05 10:00Z' END::timestamptz + n * interval '1 minute',
	CASE WHEN n < 5 THEN 60000 ELSE 61000 END, CASE WHEN n < 5 THEN 90000 WHEN n = 5 THEN 59999 ELSE 90000 END FROM generate_series(0, 9) n
UNION ALL SELECT 'g' || n, 'w1', 'h2', '2025-03-05 10:00Z', 0, 60000 FROM generate_series(0, 3) n;
-- QUEUEING: h3 has two quarter hours of 20 statements; in the first all waited 30 s, in the second 19 of 20 did not: p95 = 0.05 * 40 s = 2 s.
-- One of two: 50 %. A quarter of 19 statements is not judged, nor the one at 12:15 that ends after T (12:30 is its end: judged), nor the one before.
INSERT INTO dbinsight.fact_query_history (statement_id, workspace_id, warehouse_id, start_time, total_duration_ms, waiting_at_capacity_duration_ms)
SELECT 'q' || n, 'w1', 'h3', '2025-03-10 12:15Z'::timestamptz + n * interval '1 second', 1000, 30000 FROM generate_series(0, 19) n
UNION ALL SELECT 'r' || n, 'w1', 'h3', '2025-03-10 11:00Z'::timestamptz + n * interval '1 second', 1000, CASE n WHEN 0 THEN 40000 END FROM generate_series(0, 19) n
UNION ALL SELECT 's' || n, 'w1', 'h3', '2025-03-10 10:00Z'::timestamptz + n * interval '1 second', 1000, 90000 FROM generate_series(0, 18) n
UNION ALL SELECT 't' || n, 'w1', 'h3', '2025-03-03 12:15Z'::timestamptz + n * interval '1 second', 1000, 90000 FROM generate_series(0, 19) n;
SELECT dbinsight._refresh_derived('fact_query_history', '2025-03-01', '2025-03-11');
-- THROTTLED: jobs 50 of 1000 calls = 5 % in one quarter: medium; clusters 49; sql 50 of 1001. Serving 60 of 100 = 60 %: high.
INSERT INTO dbinsight.fact_audit_logs (event_id, event_time, workspace_id_raw, service_name, action_name, status_code)
SELECT 'j' || n, '2025-03-09 10:15Z'::timestamptz + n * interval '0.5 second', 'w1', 'jobs', 'runNow', CASE WHEN n < 50 THEN 429 ELSE 200 END FROM generate_series(0, 999) n
UNION ALL SELECT 'c' || n, '2025-03-09 10:15Z'::timestamptz, 'w1', 'clusters', 'start', 429 FROM generate_series(0, 48) n
UNION ALL SELECT 's' || n, '2025-03-09 10:15Z'::timestamptz + n * interval '0.5 second', 'w1', 'sql', 'run', CASE WHEN n < 50 THEN 429 ELSE 200 END FROM generate_series(0, 1000) n;
INSERT INTO dbinsight.fact_endpoint_usage (databricks_request_id, workspace_id, request_time, status_code)
SELECT 'e' || n, 'w2', '2025-03-09 11:45Z', CASE WHEN n < 60 THEN 429 ELSE 200 END FROM generate_series(0, 99) n;
SELECT dbinsight._refresh_derived('fact_audit_logs', '2025-03-01', '2025-03-11'), dbinsight._refresh_derived('fact_endpoint_usage', '2025-03-01', '2025-03-11');
-- POLICY_GAP: in the 24 hours before T 120 of 200 denials (60 %) go to a.com, six an hour, 17:00 the first full one; two days before that it is
-- 119 of 199, too few; dry runs do not count.
INSERT INTO dbinsight.fact_outbound_network (event_id, event_time, workspace_id, destination_type, destination, access_type, network_source_type)
SELECT 'a' || n, '2025-03-10 12:29Z'::timestamptz - n * interval '10 minutes', 'w1', 'DNS', CASE WHEN n < 120 THEN 'a.com' ELSE 'b' || n || '.com' END, 'DENIED', 'JOB'
FROM generate_series(0, 143) n
UNION ALL SELECT 'b' || n, '2025-03-10 01:05Z', 'w1', 'DNS', 'c' || n || '.com', 'DROP', 'JOB' FROM generate_series(0, 55) n
UNION ALL SELECT 'c' || n, '2025-03-08 20:00Z', 'w1', 'DNS', CASE WHEN n < 119 THEN 'a.com' ELSE 'x.com' END, 'DENY', 'JOB' FROM generate_series(0, 198) n
UNION ALL SELECT 'd' || n, '2025-03-06 20:00Z', 'w1', 'DNS', 'a.com', 'DRY_RUN_DENIAL', 'JOB' FROM generate_series(0, 299) n;
SELECT kind, severity, workspace_id AS ws, entity_type, entity_id, entity_name, occurrences AS n, affected_pct, peak_value AS peak, reference_value AS ref, unit, worst_hour
FROM dbinsight.get_network_bottlenecks();
SELECT count(*) FROM dbinsight.get_network_bottlenecks() WHERE advice IS NULL OR advice = '';

---- get_denied_egress: R(7 days), severity ----
INSERT INTO dbinsight.dim_workspace (workspace_id, workspace_name) VALUES ('w1', 'prod');
INSERT INTO dbinsight.fact_outbound_network (event_id, event_time, workspace_id, destination_type, destination, access_type, network_source_type, storage_rejection_reason) VALUES
	('s1', '2025-03-09 10:00Z', 'w2', 'STORAGE', 's3://new', 'DENIED', 'NOTEBOOK', 'POLICY'), ('s2', '2025-03-09 11:00Z', 'w2', 'STORAGE', 's3://old', 'DENIED', 'JOB', 'POLICY'),
	('s3', '2025-03-03 12:29Z', 'w2', 'STORAGE', 's3://old', 'DENIED', NULL, NULL), ('s4', '2025-03-09 10:00Z', 'w2', 'DNS', 'fine.com', 'ALLOWED', NULL, NULL),
	('s5', '2025-02-01 12:29Z', 'w2', 'STORAGE', 's3://new', 'DENIED', NULL, NULL);
-- a.com: 120 + 119 denials and 300 dry runs: high. s3://new: last denied 36 days before: new storage, high. x.com: 80, medium (and new).
-- b120.com … and c0.com …: one each, new: medium. s3://old: 1, known: low.
SELECT workspace_id, workspace_name, destination_type, destination, access_type, denials, dry_run, source_types, rejection_reasons, first_seen, last_seen, is_new, severity
FROM dbinsight.get_denied_egress() WHERE destination !~ '^[bc]\d+\.com$';
SELECT severity, is_new, count(*), sum(denials) FROM dbinsight.get_denied_egress() WHERE destination ~ '^[bc]\d+\.com$' GROUP BY 1, 2;

CREATE FUNCTION pg_temp.plan(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE 'EXPLAIN (COSTS OFF) ' || query;
END $$;
SELECT t.tool, EXISTS (SELECT FROM pg_temp.plan('SELECT * FROM dbinsight.' || t.tool) p WHERE p LIKE '%Function Scan on get_%') AS called
FROM (VALUES ('get_external_ips()'), ('get_connection_patterns()'), ('get_bandwidth_usage()'), ('get_network_bottlenecks()'), ('get_denied_egress()')) t(tool);
ROLLBACK;
