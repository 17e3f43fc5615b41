/*
 * The network: bursts of refused destinations, calls at a steady beat. These
 * rows name no user: the workspace is the entity.
 */
INSERT INTO dbinsight.detection_rules (id, title, family, severity, technique, "window", threshold, entity_type, query, remediation, controls, builtin) VALUES
('SEC-NET-001', 'Burst of denied egress', 'network', 'medium', 'T1041', '10 minutes', 20, 'workspace', '_detect_denied_egress',
 '{R-REVIEW}', '{"S2 CC6.6","S2 CC6.7","I A.8.20","I A.8.23","P 1.3.2"}', true),
('SEC-NET-004', 'Beaconing', 'network', 'medium', 'T1071.001', '24 hours', 24, 'workspace', '_detect_beaconing',
 '{R-BLOCK-DOMAIN}', '{"S2 CC7.2","I A.8.16","P 11.5.1"}', true),
('SEC-NET-007', 'Storage write refused by egress policy', 'network', 'medium', 'T1537', '60 minutes', 3, 'workspace', '_detect_denied_storage',
 '{R-REVIEW}', '{"S2 CC6.7","I A.8.12","G 44","P 1.3.2"}', true);

CREATE FUNCTION dbinsight._detect_denied_egress(since timestamptz, until timestamptz) RETURNS SETOF dbinsight._detection
	LANGUAGE sql STABLE BEGIN ATOMIC
	WITH denied AS (
		SELECT d.workspace_id, coalesce(d.network_source_type, '(unknown)') AS source_type, d.destination, d.event_id, d.event_time,
			count(*) OVER (PARTITION BY d.workspace_id, d.network_source_type ORDER BY d.event_time
				RANGE BETWEEN (SELECT dbinsight._rule_window('SEC-NET-001')) - interval '1 microsecond' PRECEDING AND CURRENT ROW) AS in_window,
			(d.event_time - lag(d.event_time) OVER (PARTITION BY d.workspace_id, d.network_source_type ORDER BY d.event_time, d.event_id)
				< interval '1 hour') IS NOT TRUE AS starts
		FROM dbinsight.fact_outbound_network d
		WHERE d.event_time >= since AND d.event_time < until AND d.outcome = 'denied'
	), episode AS (
		SELECT d.*, count(*) FILTER (WHERE d.starts) OVER (PARTITION BY d.workspace_id, d.source_type ORDER BY d.event_time, d.event_id) AS n FROM denied d
	), top AS (
		SELECT e.workspace_id, e.source_type, e.n, mode() WITHIN GROUP (ORDER BY e.destination) AS destination, count(DISTINCT e.destination) AS destinations,
			min(e.event_time) AS first_event, max(e.event_time) AS last_event, count(*) AS events, max(e.in_window) AS in_window,
			array_agg(e.event_id ORDER BY e.event_time, e.event_id) AS event_ids
		FROM episode e GROUP BY e.workspace_id, e.source_type, e.n
		HAVING max(e.in_window) >= (SELECT dbinsight._rule_threshold('SEC-NET-001'))
	)
	SELECT 'SEC-NET-001', dbinsight._rule_severity('SEC-NET-001'), 'workspace', coalesce(t.workspace_id, '0'), t.workspace_id, t.first_event,
		t.last_event, t.events, 1.0::float8, dbinsight._evidence(t.event_ids, jsonb_build_object('object', t.source_type,
			'destination', t.destination, 'destinations', t.destinations, 'max_in_window', t.in_window))
	FROM top t;
END;
COMMENT ON FUNCTION dbinsight._detect_denied_egress(timestamptz, timestamptz) IS
'SEC-NET-001: refused destinations of one workspace and kind of compute, the threshold within the window; an hour of quiet ends the burst';

/*
 * A day is looked at twice, from midnight and from noon: a beat across
 * midnight is whole in one of them, and a long one is held together by their
 * overlap (_store_finding). score is that of the catalogue: how symmetric and
 * how narrow the intervals are.
 */
CREATE FUNCTION dbinsight._detect_beaconing(since timestamptz, until timestamptz) RETURNS SETOF dbinsight._detection
	LANGUAGE sql STABLE BEGIN ATOMIC
	WITH call AS (
		SELECT b.start, d.workspace_id, coalesce(d.network_source_type, '(unknown)') AS source_type, d.destination,
			date_trunc('second', d.event_time, 'UTC') AS at, min(d.event_id) AS event_id
		FROM dbinsight.fact_outbound_network d, LATERAL (VALUES
			(date_bin('24 hours', d.event_time, 'epoch')), (date_bin('24 hours', d.event_time, timestamptz '1970-01-01 12:00:00+00'))) b(start)
		WHERE d.event_time >= since AND d.event_time < until AND d.destination IS NOT NULL
		GROUP BY 1, 2, 3, 4, 5
	), step AS (
		SELECT c.*, extract(epoch FROM c.at - lag(c.at) OVER (PARTITION BY c.start, c.workspace_id, c.source_type, c.destination ORDER BY c.at))::float8 AS gap
		FROM call c
	), beat AS (
		SELECT s.start, s.workspace_id, s.source_type, s.destination, count(*) AS n, min(s.at) AS first_event, max(s.at) AS last_event,
			percentile_cont(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (ORDER BY s.gap) AS q, array_agg(s.event_id ORDER BY s.at) AS event_ids
		FROM step s GROUP BY 1, 2, 3, 4
		HAVING count(*) >= (SELECT dbinsight._rule_threshold('SEC-NET-004')) AND max(s.at) - min(s.at) >= interval '6 hours'
			AND count(DISTINCT dbinsight._hour(s.at)) >= 6
	), spread AS (
		SELECT b.start, b.workspace_id, b.source_type, b.destination, percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(s.gap - b.q[2])) AS mad
		FROM beat b JOIN step s ON s.start = b.start AND s.workspace_id IS NOT DISTINCT FROM b.workspace_id
			AND s.source_type = b.source_type AND s.destination = b.destination
		GROUP BY 1, 2, 3, 4
	), scored AS (
		SELECT b.*, (1 - abs(CASE WHEN b.q[3] - b.q[1] < 10 OR b.q[2] IN (b.q[1], b.q[3]) THEN 0
				ELSE (b.q[3] + b.q[1] - 2 * b.q[2]) / (b.q[3] - b.q[1]) END) + greatest(0, 1 - d.mad / b.q[2])) / 2 AS score
		FROM beat b JOIN spread d ON d.start = b.start AND d.workspace_id IS NOT DISTINCT FROM b.workspace_id
			AND d.source_type = b.source_type AND d.destination = b.destination
		WHERE b.q[2] >= 30
	), active AS (
		SELECT c.start, count(DISTINCT c.workspace_id) AS workspaces FROM call c GROUP BY c.start
	), contact AS (
		SELECT c.start, c.destination, count(DISTINCT c.workspace_id) AS workspaces FROM call c GROUP BY c.start, c.destination
	), known AS (
		SELECT d.destination, min(d.event_time) AS since FROM dbinsight.fact_outbound_network d
		WHERE d.event_time >= _detect_beaconing.since - interval '60 days' AND d.event_time < until GROUP BY d.destination
	)
	SELECT 'SEC-NET-004', dbinsight._rule_severity('SEC-NET-004', CASE
			WHEN a.workspaces >= 4 AND 2 * c.workspaces >= a.workspaces THEN -1
			WHEN h.since < b.first_event - interval '7 days' AND k.since >= b.first_event - interval '7 days' THEN 1 ELSE 0 END),
		'workspace', coalesce(b.workspace_id, '0'), b.workspace_id, b.first_event, b.last_event, b.n, 1.0::float8,
		dbinsight._evidence(b.event_ids, jsonb_build_object('object', b.source_type || ' ' || b.destination, 'destination', b.destination,
			'interval_s', b.q[2], 'score', dbinsight._r(b.score, 3)))
	FROM scored b JOIN active a ON a.start = b.start JOIN contact c ON c.start = b.start AND c.destination = b.destination
		JOIN known k ON k.destination = b.destination CROSS JOIN (SELECT min(k.since) AS since FROM known k) h
	WHERE b.score >= 0.90;
END;
COMMENT ON FUNCTION dbinsight._detect_beaconing(timestamptz, timestamptz) IS
'SEC-NET-004: calls to one destination at a steady beat, the threshold of them in 24 hours over 6 hours or more; one step up for a destination less than 7 days old, one down when half of the workspaces call it';

/*
 * No list of one's own storage is kept: what was refused in the 30 days before
 * is known and no news. What comes within the window of the first refusal is.
 */
CREATE FUNCTION dbinsight._detect_denied_storage(since timestamptz, until timestamptz) RETURNS SETOF dbinsight._detection
	LANGUAGE sql STABLE BEGIN ATOMIC
	WITH denied AS (
		SELECT d.workspace_id, d.destination, d.event_id, d.event_time,
			(d.event_time - lag(d.event_time) OVER (PARTITION BY d.destination ORDER BY d.event_time, d.event_id) < interval '30 days') IS NOT TRUE AS is_first
		FROM dbinsight.fact_outbound_network d
		WHERE d.event_time >= since - interval '30 days' AND d.event_time < until AND upper(d.destination_type) = 'STORAGE' AND d.outcome = 'denied'
	), seen AS (
		SELECT d.*, max(d.event_time) FILTER (WHERE d.is_first) OVER (PARTITION BY d.destination ORDER BY d.event_time, d.event_id) AS first_time FROM denied d
	), fresh AS (
		SELECT s.* FROM seen s WHERE s.event_time >= since AND s.event_time < s.first_time + (SELECT dbinsight._rule_window('SEC-NET-007'))
	), episode AS (
		SELECT f.*, count(*) FILTER (WHERE f.starts) OVER (PARTITION BY f.workspace_id ORDER BY f.event_time, f.event_id) AS n
		FROM (SELECT x.*, (x.event_time - lag(x.event_time) OVER (PARTITION BY x.workspace_id ORDER BY x.event_time, x.event_id)
			< (SELECT dbinsight._rule_window('SEC-NET-007'))) IS NOT TRUE AS starts FROM fresh x) f
	)
	SELECT 'SEC-NET-007', dbinsight._rule_severity('SEC-NET-007', (count(DISTINCT e.destination) >= (SELECT dbinsight._rule_threshold('SEC-NET-007')))::int),
		'workspace', coalesce(e.workspace_id, '0'), e.workspace_id, min(e.event_time), max(e.event_time), count(*), 1.0::float8,
		dbinsight._evidence(array_agg(e.event_id ORDER BY e.event_time, e.event_id), jsonb_build_object('destination', min(e.destination),
			'destinations', count(DISTINCT e.destination)))
	FROM episode e GROUP BY e.workspace_id, e.n;
END;
COMMENT ON FUNCTION dbinsight._detect_denied_storage(timestamptz, timestamptz) IS
'SEC-NET-007: storage not refused in the 30 days before is refused; one step up at the threshold of destinations in one burst';
