/*
 * Network tools: addresses, connections, traffic, denied destinations.
 */
CREATE FUNCTION dbinsight._is_trusted(address inet) RETURNS boolean
	LANGUAGE sql STABLE PARALLEL SAFE
	RETURN EXISTS (SELECT FROM dbinsight.trusted_cidrs t WHERE _is_trusted.address <<= t.cidr);
COMMENT ON FUNCTION dbinsight._is_trusted(inet) IS 'Whether an address lies inside a trusted network';

CREATE FUNCTION dbinsight._address_risk(is_trusted boolean, is_new boolean, denied numeric, sensitive numeric) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE WHEN NOT is_trusted AND ((coalesce(is_new, false) AND sensitive > 0) OR denied >= 5) THEN 'high'
		WHEN coalesce(is_new, false) OR denied >= 1 THEN 'medium' ELSE 'low' END;
COMMENT ON FUNCTION dbinsight._address_risk(boolean, boolean, numeric, numeric) IS
'Risk of a public address by whether it is trusted and new, and its denied and sensitive events';

CREATE FUNCTION dbinsight.get_external_ips(days int DEFAULT 7)
	RETURNS TABLE (source_ip inet, ip_class text, is_trusted boolean, users bigint, events bigint, failed_pct float8, denied bigint,
		sensitive_events bigint, services text[], first_seen timestamptz, last_seen timestamptz, is_new boolean, risk text)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 200
BEGIN ATOMIC
	WITH part AS MATERIALIZED (
		-- Distinct users and services of an address survive this grouping; it is small. On its own it is hashed, not sorted.
		SELECT h.source_ip, h.user_email, h.service_name, sum(h.events) AS events, sum(h.failed) AS failed, sum(h.denied) AS denied,
			sum(h.sensitive) AS sensitive, min(h.first_time) AS first_time, max(h.last_time) AS last_time
		FROM dbinsight._addresses(dbinsight._since_days(get_external_ips.days), dbinsight.now()) h
		WHERE dbinsight.ip_class(h.source_ip) = 'public'
		GROUP BY h.source_ip, h.user_email, h.service_name
	), ip AS (
		SELECT p.source_ip, count(DISTINCT p.user_email) AS users, sum(p.events)::bigint AS events, sum(p.failed) AS failed,
			sum(p.denied)::bigint AS denied, sum(p.sensitive)::bigint AS sensitive_events,
			array_agg(DISTINCT p.service_name) FILTER (WHERE p.service_name IS NOT NULL) AS services,
			min(p.first_time) AS first_seen, max(p.last_time) AS last_seen
		FROM part p
		GROUP BY p.source_ip
	), judged AS MATERIALIZED (
		SELECT ip.*, dbinsight._is_trusted(ip.source_ip) AS is_trusted, n.is_new
		FROM ip LEFT JOIN dbinsight._new_addresses(dbinsight._since_days(get_external_ips.days)) n ON n.source_ip = ip.source_ip
	), rated AS (
		SELECT j.*, dbinsight._address_risk(j.is_trusted, j.is_new, j.denied, j.sensitive_events) AS risk
		FROM judged j
	)
	SELECT r.source_ip, 'public', r.is_trusted, r.users, r.events, dbinsight._pct(r.failed, r.events), r.denied, r.sensitive_events,
		coalesce(r.services, '{}'), r.first_seen, r.last_seen, r.is_new, r.risk
	FROM rated r
	ORDER BY dbinsight.severity_rank(r.risk), r.events DESC, r.source_ip;
END;
COMMENT ON FUNCTION dbinsight.get_external_ips(int) IS
'Which public addresses reach the account, who uses them, what is refused, and which are new or risky.
not for: how one user connects (get_connection_patterns), destinations our compute tries to reach (get_denied_egress).
is_new: never seen before the window, NULL with less than 30 days of history before it. sensitive_events are those of severity medium or worse. There is no geolocation in the system tables.
@param days int, 1 to 400, default 7';

CREATE FUNCTION dbinsight.get_connection_patterns(days int DEFAULT 7)
	RETURNS TABLE (user_email text, prefix cidr, ip_class text, connections bigint, distinct_ips bigint, active_days bigint,
		hours_of_day int[], user_agents bigint, share_of_user_pct float8, is_new_prefix boolean, concurrent_prefixes bigint, pattern text)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 500
BEGIN ATOMIC
	WITH part AS MATERIALIZED (
		SELECT c.day, c.user_email, dbinsight._prefix(c.source_ip) AS prefix, c.source_ip, c.user_agent, sum(c.events) AS events, bit_or(c.hours) AS hours
		FROM dbinsight._connections(dbinsight._since_days(get_connection_patterns.days), dbinsight.now()) c
		GROUP BY c.day, c.user_email, c.source_ip, c.user_agent
	), pair AS (
		SELECT p.user_email, p.prefix, min(dbinsight.ip_class(p.source_ip)) AS ip_class, sum(p.events)::bigint AS connections,
			count(DISTINCT p.source_ip) AS distinct_ips, count(DISTINCT p.day) AS active_days, bit_or(p.hours) AS hours,
			count(DISTINCT p.user_agent) AS user_agents
		FROM part p GROUP BY p.user_email, p.prefix
	), person AS (
		SELECT p.user_email, sum(p.connections) AS connections, count(*) FILTER (WHERE p.ip_class = 'public') AS public_prefixes
		FROM pair p GROUP BY p.user_email
	), roaming AS (
		SELECT d.user_email, max(d.prefixes) AS prefixes_per_day
		FROM (SELECT p.user_email, p.day, count(DISTINCT p.prefix) AS prefixes FROM part p GROUP BY p.user_email, p.day) d
		GROUP BY d.user_email
	), concurrent AS (
		SELECT c.user_email, max(c.prefixes) AS prefixes FROM dbinsight.rollup_concurrent c
		WHERE c.bucket >= dbinsight._since_days(get_connection_patterns.days) AND c.bucket < dbinsight.now()
		GROUP BY c.user_email
	), seen AS (
		SELECT a.user_email, dbinsight._prefix(a.source_ip) AS prefix, min(a.first_seen) AS first_seen
		FROM dbinsight.rollup_address_seen a WHERE a.user_email IS NOT NULL GROUP BY 1, 2
	), known AS (
		SELECT s.user_email, min(s.first_seen) AS first_seen FROM seen s GROUP BY s.user_email
	), judged AS (
		SELECT p.*, dbinsight._pct(p.connections, u.connections) AS share_of_user_pct, r.prefixes_per_day,
			coalesce(c.prefixes, least(u.public_prefixes, 1)) AS concurrent_prefixes,
			CASE WHEN k.first_seen < dbinsight._since_days(get_connection_patterns.days)
				THEN s.first_seen >= dbinsight._since_days(get_connection_patterns.days) END AS is_new_prefix
		FROM pair p JOIN person u ON u.user_email = p.user_email JOIN roaming r ON r.user_email = p.user_email
			LEFT JOIN concurrent c ON c.user_email = p.user_email LEFT JOIN known k ON k.user_email = p.user_email
			LEFT JOIN seen s ON s.user_email = p.user_email AND s.prefix = p.prefix
	), named AS (
		SELECT j.*, CASE WHEN j.concurrent_prefixes >= 3 THEN 'CONCURRENT' WHEN j.is_new_prefix THEN 'NEW_NETWORK'
			WHEN j.prefixes_per_day > 5 THEN 'ROAMING' WHEN j.connections > 500 AND j.user_agents = 1 THEN 'AUTOMATED' ELSE 'NORMAL' END AS pattern
		FROM judged j
	)
	SELECT n.user_email, n.prefix, n.ip_class, n.connections, n.distinct_ips, n.active_days,
		ARRAY(SELECT h.hour FROM generate_series(0, 23) h(hour) WHERE n.hours & (1 << h.hour) <> 0 ORDER BY h.hour), n.user_agents,
		n.share_of_user_pct, n.is_new_prefix, n.concurrent_prefixes, n.pattern
	FROM named n
	ORDER BY array_position(ARRAY['CONCURRENT', 'NEW_NETWORK', 'ROAMING', 'AUTOMATED', 'NORMAL'], n.pattern), n.connections DESC,
		n.user_email, n.prefix;
END;
COMMENT ON FUNCTION dbinsight.get_connection_patterns(int) IS
'How each user connects: from which networks, at which hours, from several at once, from a new one, or like a machine.
not for: all public addresses of the account (get_external_ips), refused sign-ins (get_failed_auth_attempts).
A network is a /24 of IPv4 or a /48 of IPv6. hours_of_day are UTC. concurrent_prefixes is the most public networks of the user within any ten minutes that end in the window, its first, cut ten minutes left out. is_new_prefix: not used by the user before the window; NULL for a user without any history.
@param days int, 1 to 400, default 7';

CREATE FUNCTION dbinsight.get_bandwidth_usage(days int DEFAULT 1, cluster_id text DEFAULT NULL)
	RETURNS TABLE (workspace_id text, cluster_id text, cluster_name text, period_start timestamptz, nodes bigint, sent_gib float8,
		received_gib float8, avg_mbps float8, peak_mbps float8, peak_node_mbps float8, capacity_mbps float8, utilization_pct float8)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
	WITH cluster AS (
		SELECT c.workspace_id, c.cluster_id, c.cluster_name FROM dbinsight.current_cluster c
	), instance AS (
		SELECT date_bin(CASE WHEN get_bandwidth_usage.days <= 3 THEN interval '1 hour' ELSE interval '1 day' END, h.hour, 'epoch') AS period_start,
			h.workspace_id, h.cluster_id, h.instance_id, max(h.node_type) AS node_type, sum(h.sent_bytes) AS sent,
			sum(h.received_bytes) AS received, max(h.peak_mbps) AS peak
		FROM dbinsight._traffic_hours(dbinsight._since_days(get_bandwidth_usage.days), dbinsight.now()) h
		GROUP BY 1, 2, 3, 4
	), node AS (
		SELECT i.period_start, i.workspace_id, i.cluster_id, count(*) AS nodes, sum(i.sent) AS sent, sum(i.received) AS received,
			max(i.peak) AS peak_node, CASE WHEN bool_and(b.gbps IS NOT NULL) THEN sum(b.gbps) * 1000 END AS capacity
		FROM instance i LEFT JOIN dbinsight.node_bandwidth b ON b.node_type = i.node_type
		GROUP BY 1, 2, 3
	), together AS (
		SELECT date_bin(CASE WHEN get_bandwidth_usage.days <= 3 THEN interval '1 hour' ELSE interval '1 day' END, h.hour, 'epoch') AS period_start,
			h.workspace_id, h.cluster_id, sum(h.minutes) AS minutes, max(h.peak_mbps) AS peak
		FROM dbinsight._cluster_hours(dbinsight._since_days(get_bandwidth_usage.days), dbinsight.now()) h
		GROUP BY 1, 2, 3
	), used AS (
		SELECT n.*, c.cluster_name, t.peak, ((n.sent + n.received) * 8 / 60 / 1000000 / t.minutes)::float8 AS average
		FROM node n JOIN together t ON t.period_start = n.period_start AND t.workspace_id = n.workspace_id AND t.cluster_id = n.cluster_id
			LEFT JOIN cluster c ON c.workspace_id = n.workspace_id AND c.cluster_id = n.cluster_id
		WHERE dbinsight._matches(get_bandwidth_usage.cluster_id, n.cluster_id, c.cluster_name)
	)
	SELECT dbinsight._workspace(u.workspace_id), u.cluster_id, coalesce(u.cluster_name, u.cluster_id), u.period_start, u.nodes,
		dbinsight._r((u.sent / 1073741824)::float8, 4), dbinsight._r((u.received / 1073741824)::float8, 4), dbinsight._r(u.average, 3),
		dbinsight._r(u.peak, 3), dbinsight._r(u.peak_node, 3), u.capacity::float8,
		dbinsight._r(100 * u.average / nullif(u.capacity, 0)::float8, 2)
	FROM used u
	ORDER BY u.period_start, u.cluster_id, u.workspace_id;
END;
COMMENT ON FUNCTION dbinsight.get_bandwidth_usage(int, text) IS
'How much network traffic each cluster sent and received over time, in GiB and Mbps, and how near its capacity it was.
not for: what slows clusters or warehouses down on the network (get_network_bottlenecks).
Traffic is of all interfaces of a node: the source does not separate internet from in-region traffic. A period is an hour for up to 3 days, else a day (UTC). Mbps are sent and received together; avg_mbps is over the minutes in which the cluster had a node, utilization_pct is it against capacity_mbps, the line rates of the nodes seen (node_bandwidth), NULL when one is not known.
@param days int, 1 to 400, default 1
@param cluster_id text, a cluster id or name, or a pattern with %; default all';

/*
 * The minutes at or above 80 % of what a node can do. The reference of a node
 * type without a known line rate is the exact 99.9th percentile of its minutes:
 * the greatest m minutes lie in the m node-hours with the greatest peaks, so
 * only those are unpacked, and without such a type nothing is read. In
 * PL/pgSQL: most types are known, but a query into which this was inlined would
 * be estimated with all that might have to be read; and its plan is kept.
 */
CREATE FUNCTION dbinsight._node_reference(until timestamptz) RETURNS TABLE (node_type text, mbps float8)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 20 SET search_path = pg_catalog, pg_temp SET jit = off
	SET plan_cache_mode = force_generic_plan AS $$
BEGIN
	RETURN QUERY
	WITH RECURSIVE kind AS (
		-- Each node type ever seen, a probe a type; NULL comes last and ends it.
		(SELECT r.node_type FROM dbinsight.rollup_node_traffic r ORDER BY r.node_type LIMIT 1)
		UNION ALL
		SELECT (SELECT r.node_type FROM dbinsight.rollup_node_traffic r WHERE r.node_type > k.node_type ORDER BY r.node_type LIMIT 1)
		FROM kind k WHERE k.node_type IS NOT NULL
	), stranger AS MATERIALIZED (
		SELECT EXISTS (SELECT FROM kind k WHERE NOT EXISTS (SELECT FROM dbinsight.node_bandwidth b WHERE b.node_type = k.node_type)
			AND k.node_type IS NOT NULL) OR EXISTS (SELECT FROM dbinsight.rollup_node_traffic r WHERE r.node_type IS NULL) AS is_there
	), type AS (
		-- place: percentile_cont's position in ascending order, from 0; the cut
		-- is the m-th greatest peak, m being the minutes from that place up.
		SELECT t.node_type, t.n, t.place, coalesce(t.peaks[t.n - floor(t.place)::bigint], 0) AS cut
		FROM (
			SELECT h.node_type, sum(h.minutes) AS n, (sum(h.minutes) - 1) * 0.999 AS place, array_agg(h.peak_mbps ORDER BY h.peak_mbps DESC) AS peaks
			FROM dbinsight._traffic_hours(_node_reference.until - interval '7 days', _node_reference.until) h
			-- hashed, where NOT EXISTS may sort a week of node-hours
			WHERE (h.node_type IN (SELECT b.node_type FROM dbinsight.node_bandwidth b)) IS NOT TRUE AND (SELECT s.is_there FROM stranger s)
			GROUP BY h.node_type
		) t
	), top_minute AS (
		SELECT t.node_type, t.n, t.place, v.mbps, row_number() OVER (PARTITION BY t.node_type ORDER BY v.mbps DESC) AS rank
		FROM dbinsight._traffic_hours(_node_reference.until - interval '7 days', _node_reference.until) h
			JOIN type t ON t.node_type IS NOT DISTINCT FROM h.node_type, LATERAL unnest(h.mbps) v(mbps)
		WHERE h.peak_mbps >= t.cut AND v.mbps >= t.cut
	)
	SELECT b.node_type, b.gbps::float8 * 1000 FROM dbinsight.node_bandwidth b
	UNION ALL
	SELECT m.node_type, min(m.mbps) + (min(m.place) - floor(min(m.place)))::float8 * (max(m.mbps) - min(m.mbps))
	FROM top_minute m
	WHERE m.rank IN (m.n - floor(m.place), m.n - ceil(m.place))
	GROUP BY m.node_type;
END $$;
COMMENT ON FUNCTION dbinsight._node_reference(timestamptz) IS
'What a node type can carry, Mbps: its line rate where known, else the 99.9th percentile of its minutes in the seven days before a time';

CREATE FUNCTION dbinsight.get_network_bottlenecks(days int DEFAULT 7)
	RETURNS TABLE (kind text, severity text, workspace_id text, entity_type text, entity_id text, entity_name text, occurrences bigint,
		affected_pct float8, peak_value float8, reference_value float8, unit text, worst_hour timestamptz, advice text)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 50
BEGIN ATOMIC
	WITH reference AS MATERIALIZED (
		SELECT r.node_type, r.mbps FROM dbinsight._node_reference(dbinsight.now()) r WHERE r.mbps > 0
	), saturated_hour AS (
		SELECT h.hour, h.workspace_id, h.cluster_id, r.mbps AS reference, count(*) AS minutes, max(m.mbps) AS peak
		FROM dbinsight._traffic_hours(dbinsight._since_days(get_network_bottlenecks.days), dbinsight.now()) h
			-- an unknown type is one, too; so written the join can hash
			JOIN reference r ON coalesce(r.node_type, '') = coalesce(h.node_type, ''),
			LATERAL unnest(h.mbps, h.cpu_low) m(mbps, cpu_low)
		-- what is below the least reference, nearly everything, is not even joined
		WHERE h.peak_cpu_low_mbps >= (SELECT 0.8 * min(l.mbps) FROM reference l)
			AND h.peak_cpu_low_mbps >= 0.8 * r.mbps AND m.mbps >= 0.8 * r.mbps AND m.cpu_low
		GROUP BY h.hour, h.workspace_id, h.cluster_id, r.mbps
	), saturated AS (
		SELECT s.workspace_id, s.cluster_id, sum(s.minutes)::bigint AS occurrences, max(s.peak) AS peak,
			(array_agg(s.reference ORDER BY s.peak DESC, s.reference))[1] AS reference,
			(array_agg(s.hour ORDER BY s.minutes DESC, s.hour))[1] AS worst_hour
		FROM (
			SELECT i.hour, i.workspace_id, i.cluster_id, sum(i.minutes) AS minutes, max(i.peak) AS peak,
				(array_agg(i.reference ORDER BY i.peak DESC, i.reference))[1] AS reference
			FROM saturated_hour i GROUP BY i.hour, i.workspace_id, i.cluster_id
		) s GROUP BY s.workspace_id, s.cluster_id HAVING sum(s.minutes) >= 10
	), quarter AS (
		-- Only quarter hours that lie wholly in the window are judged.
		SELECT q.* FROM dbinsight.rollup_warehouse_queue q
		WHERE q.bucket >= dbinsight._since_days(get_network_bottlenecks.days) AND q.bucket <= dbinsight.now() - interval '15 minutes'
	), slow_fetch AS (
		SELECT f.workspace_id, f.warehouse_id, count(*) AS occurrences, max(f.result_fetch_duration_ms) / 1000.0 AS peak
		FROM dbinsight.fact_query_history f
		WHERE f.start_time >= dbinsight._since_days(get_network_bottlenecks.days) AND f.start_time < dbinsight.now()
			AND f.result_fetch_duration_ms >= 60000 AND f.warehouse_id IS NOT NULL
			AND f.result_fetch_duration_ms >= 0.6 * (coalesce(f.total_duration_ms, 0) + f.result_fetch_duration_ms)
		GROUP BY f.workspace_id, f.warehouse_id HAVING count(*) >= 5
	), denial AS (
		SELECT d.destination, floor(extract(epoch FROM dbinsight.now() - d.event_time) / 86400) AS day, dbinsight._hour(d.event_time) AS hour, count(*) AS n
		FROM dbinsight.fact_outbound_network d
		WHERE d.event_time >= dbinsight._since_days(get_network_bottlenecks.days) AND d.event_time < dbinsight.now() AND d.outcome = 'denied'
		GROUP BY 1, 2, 3
	), gap AS (
		SELECT d.destination, d.day, d.n, d.total
		FROM (SELECT x.destination, x.day, sum(x.n) AS n, sum(sum(x.n)) OVER (PARTITION BY x.day) AS total FROM denial x GROUP BY x.destination, x.day) d
		WHERE d.total >= 200 AND d.n >= 0.6 * d.total
	), found AS (
		SELECT 'NODE_SATURATED' AS kind, s.workspace_id, 'cluster' AS entity_type, s.cluster_id AS entity_id,
			coalesce(c.cluster_name, s.cluster_id) AS entity_name, s.occurrences, dbinsight._pct(s.occurrences, m.minutes) AS affected_pct,
			dbinsight._r(s.peak, 3) AS peak_value, dbinsight._r(s.reference, 3) AS reference_value, 'Mbps' AS unit, s.worst_hour,
			'Nodes wait for the network, not for CPU: take a node type with more bandwidth, keep data in the same region, cache what is read again.' AS advice
		FROM saturated s
			CROSS JOIN LATERAL (
				SELECT sum(h.minutes) AS minutes
				FROM dbinsight._traffic_hours(dbinsight._since_days(get_network_bottlenecks.days), dbinsight.now()) h
				WHERE h.workspace_id = s.workspace_id AND h.cluster_id = s.cluster_id
			) m
			LEFT JOIN dbinsight.current_cluster c ON c.workspace_id = s.workspace_id AND c.cluster_id = s.cluster_id
		UNION ALL
		SELECT 'FETCH_BOUND', f.workspace_id, 'warehouse', f.warehouse_id, coalesce(w.warehouse_name, f.warehouse_id), f.occurrences,
			dbinsight._pct(f.occurrences, (SELECT sum(a.statements)
				FROM dbinsight._warehouse_statements(dbinsight._since_days(get_network_bottlenecks.days), dbinsight.now()) a
				WHERE a.warehouse_id = f.warehouse_id AND a.workspace_id IS NOT DISTINCT FROM f.workspace_id)),
			dbinsight._r(f.peak::float8, 3), 60, 's',
			(SELECT dbinsight._hour(a.start_time) FROM dbinsight.fact_query_history a
				WHERE a.start_time >= dbinsight._since_days(get_network_bottlenecks.days) AND a.start_time < dbinsight.now()
					AND a.result_fetch_duration_ms >= 60000 AND a.warehouse_id = f.warehouse_id
					AND a.result_fetch_duration_ms >= 0.6 * (coalesce(a.total_duration_ms, 0) + a.result_fetch_duration_ms)
				GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1),
			'Clients spend their time fetching results: use cloud fetch, fetch fewer rows, or export large results instead.'
		FROM slow_fetch f LEFT JOIN dbinsight.current_warehouse w ON w.workspace_id = f.workspace_id AND w.warehouse_id = f.warehouse_id
		UNION ALL
		SELECT 'QUEUEING', q.workspace_id, 'warehouse', q.warehouse_id, coalesce(min(w.warehouse_name), q.warehouse_id),
			count(*) FILTER (WHERE q.p95_queue_ms >= 30000), dbinsight._pct(count(*) FILTER (WHERE q.p95_queue_ms >= 30000), count(*)),
			dbinsight._r(max(q.p95_queue_ms) / 1000, 3), 30, 's',
			dbinsight._hour((array_agg(q.bucket ORDER BY q.p95_queue_ms DESC, q.bucket))[1]),
			'Statements wait for a free cluster: raise max_clusters or the size of the warehouse, or spread the load.'
		FROM quarter q LEFT JOIN dbinsight.current_warehouse w ON w.workspace_id = q.workspace_id AND w.warehouse_id = q.warehouse_id
		WHERE q.statements >= 20
		GROUP BY q.workspace_id, q.warehouse_id HAVING count(*) FILTER (WHERE q.p95_queue_ms >= 30000) > 0
		UNION ALL
		SELECT 'THROTTLED', t.workspace_id, 'service', t.service, t.service, count(*), dbinsight._pct(sum(t.throttled), sum(t.calls)),
			max(t.throttled)::float8, 50, 'answers 429 in 15 minutes', dbinsight._hour((array_agg(t.bucket ORDER BY t.throttled DESC, t.bucket))[1]),
			'Calls are refused for exceeding a rate limit: back off, batch the calls, or ask for a higher limit.'
		FROM dbinsight.rollup_throttled t
		WHERE t.bucket >= dbinsight._since_days(get_network_bottlenecks.days) AND t.bucket <= dbinsight.now() - interval '15 minutes'
			AND t.throttled >= 50 AND t.throttled >= 0.05 * t.calls
		GROUP BY t.workspace_id, t.service
		UNION ALL
		SELECT 'POLICY_GAP', NULL, 'destination', g.destination, g.destination, sum(g.n)::bigint, max(dbinsight._pct(g.n, g.total)),
			max(g.n)::float8, 200, 'denials in 24 hours',
			(SELECT x.hour FROM denial x JOIN gap y ON y.destination = x.destination AND y.day = x.day
				WHERE x.destination = g.destination GROUP BY x.hour ORDER BY sum(x.n) DESC, x.hour LIMIT 1),
			'One destination makes most of the denials: allow it in the network policy if it is wanted, else find what keeps calling it.'
		FROM gap g GROUP BY g.destination
	), rated AS (
		SELECT f.*, CASE WHEN f.kind = 'POLICY_GAP' OR f.affected_pct >= 20 THEN 'high' WHEN f.affected_pct >= 5 THEN 'medium' ELSE 'low' END AS severity
		FROM found f
	)
	SELECT r.kind, r.severity, dbinsight._workspace(r.workspace_id), r.entity_type, r.entity_id, r.entity_name, r.occurrences, r.affected_pct,
		r.peak_value, r.reference_value, r.unit, r.worst_hour, r.advice
	FROM rated r
	ORDER BY dbinsight.severity_rank(r.severity), r.occurrences DESC, r.entity_id, r.kind, r.workspace_id;
END;
COMMENT ON FUNCTION dbinsight.get_network_bottlenecks(int) IS
'What the network or a limit slows down: saturated nodes, clients that fetch slowly, queueing warehouses, throttled services, one denied destination that dominates.
not for: how much traffic there was (get_bandwidth_usage), every denied destination (get_denied_egress).
NODE_SATURATED: node-minutes at 80 % or more of the node type''s line rate (node_bandwidth, else its 99.9th percentile over 7 days) with user CPU under 50 %, affected_pct of the cluster''s node-minutes. FETCH_BOUND: statements, of the warehouse''s. QUEUEING: quarter hours with 20 statements and a 95th percentile of 30 s, of those with 20 statements. THROTTLED: quarter hours; affected_pct is the share answered 429 in them. POLICY_GAP: denials, of all denials in the worst 24 hours counted back from now.
Packet loss, round-trip time and NAT counters are in no system table.
@param days int, 1 to 400, default 7';

CREATE FUNCTION dbinsight.get_denied_egress(days int DEFAULT 7)
	RETURNS TABLE (workspace_id text, workspace_name text, destination_type text, destination text, access_type text, denials bigint,
		dry_run bigint, source_types text[], rejection_reasons text[], first_seen timestamptz, last_seen timestamptz, is_new boolean, severity text)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 200
BEGIN ATOMIC
	WITH target AS (
		SELECT d.workspace_id, d.destination_type, d.destination, min(d.access_type) AS access_type,
			count(*) FILTER (WHERE d.outcome = 'denied') AS denials, count(*) FILTER (WHERE d.outcome = 'dry_run') AS dry_run,
			array_agg(DISTINCT d.network_source_type) FILTER (WHERE d.network_source_type IS NOT NULL) AS source_types,
			array_agg(DISTINCT d.storage_rejection_reason) FILTER (WHERE d.storage_rejection_reason IS NOT NULL) AS rejection_reasons,
			min(d.event_time) AS first_seen, max(d.event_time) AS last_seen
		FROM dbinsight.fact_outbound_network d
		WHERE d.event_time >= dbinsight._since_days(get_denied_egress.days) AND d.event_time < dbinsight.now() AND d.outcome <> 'allowed'
		GROUP BY d.workspace_id, d.destination_type, d.destination
	), known AS (
		SELECT DISTINCT d.destination FROM dbinsight.fact_outbound_network d
		WHERE d.event_time >= dbinsight._since_days(get_denied_egress.days) - interval '30 days'
			AND d.event_time < dbinsight._since_days(get_denied_egress.days) AND d.outcome = 'denied'
	), rated AS (
		SELECT t.*, k.destination IS NULL AS is_new, CASE WHEN t.denials >= 100 OR (k.destination IS NULL AND upper(t.destination_type) = 'STORAGE') THEN 'high'
			WHEN t.denials >= 10 OR k.destination IS NULL THEN 'medium' ELSE 'low' END AS severity
		FROM target t LEFT JOIN known k ON k.destination = t.destination
	)
	SELECT dbinsight._workspace(r.workspace_id), w.workspace_name, r.destination_type, r.destination, r.access_type, r.denials, r.dry_run,
		coalesce(r.source_types, '{}'), coalesce(r.rejection_reasons, '{}'), r.first_seen, r.last_seen, r.is_new, r.severity
	FROM rated r LEFT JOIN dbinsight.dim_workspace w ON w.workspace_id = r.workspace_id
	ORDER BY dbinsight.severity_rank(r.severity), r.denials DESC, r.workspace_id, r.destination, r.destination_type;
END;
COMMENT ON FUNCTION dbinsight.get_denied_egress(int) IS
'Which destinations serverless compute tried to reach and was refused by the network policy, how often, and which are new.
not for: requests from outside that were refused (get_failed_auth_attempts for sign-ins), traffic volumes (get_bandwidth_usage).
dry_run are attempts that a policy in dry-run mode would have refused. is_new: not denied in the 30 days before the window. No rows mean no policy, not that nothing called out.
@param days int, 1 to 400, default 7';

SELECT dbinsight._builtin_tool('dbinsight.get_external_ips(int)'::regprocedure, ARRAY['network', 'security'], ARRAY[
	'Which external IP addresses access our account?', 'Are there new public IPs this week?', 'List risky external addresses',
	'Who connects from outside our network?', 'Which untrusted IPs were denied?', 'Show internet addresses seen in the last 30 days']);
SELECT dbinsight._builtin_tool('dbinsight.get_connection_patterns(int)'::regprocedure, ARRAY['network', 'security'], ARRAY[
	'How do users connect to the workspace?', 'Is anyone connecting from several networks at once?', 'Which users appeared on a new network?',
	'Show unusual connection patterns', 'From which subnets does bob@example.com connect?', 'Which accounts look automated?']);
SELECT dbinsight._builtin_tool('dbinsight.get_bandwidth_usage(int,text)'::regprocedure, ARRAY['network'], ARRAY[
	'How much bandwidth did we use today?', 'Which cluster sends the most data?', 'Network traffic by cluster in the last 3 days',
	'What is the peak throughput of cluster etl-main?', 'How many gigabytes did clusters receive yesterday?', 'Show network utilization']);
SELECT dbinsight._builtin_tool('dbinsight.get_network_bottlenecks(int)'::regprocedure, ARRAY['network', 'performance'], ARRAY[
	'Are there network bottlenecks?', 'Which clusters are limited by the network?', 'Is the network saturated?', 'Are we being throttled with 429 errors?',
	'Which warehouses queue statements?', 'Why is fetching results slow?', 'Is one denied destination dominating?']);
SELECT dbinsight._builtin_tool('dbinsight.get_denied_egress(int)'::regprocedure, ARRAY['network', 'security'], ARRAY[
	'Which destinations were blocked?', 'Show denied egress this week', 'Did compute try to reach a forbidden host?',
	'Which outbound connections did the network policy refuse?', 'Are there new denied destinations?', 'What would the dry-run policy block?']);
