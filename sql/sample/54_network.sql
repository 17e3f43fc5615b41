/* Denied traffic. */
CREATE FUNCTION dbinsight._sample_network(days int, seed int, scale numeric) RETURNS void
	LANGUAGE sql BEGIN ATOMIC
	INSERT INTO dbinsight.fact_outbound_network (event_id, account_id, event_time, workspace_id, destination_type, destination, access_type, network_source_type,
		dns_domain, dns_rcode, storage_hostname, storage_path, storage_rejection_reason)
	SELECT dbinsight._random_uuid(_sample_network.seed, 560, o.n), 'sample', o.event_time, o.workspace_id, o.type, o.destination, o.access_type, o.source,
		CASE o.type WHEN 'DNS' THEN o.destination END, CASE o.type WHEN 'DNS' THEN 3 END,
		CASE o.type WHEN 'STORAGE' THEN o.destination END, CASE o.type WHEN 'STORAGE' THEN '/data' END, CASE o.type WHEN 'STORAGE' THEN 'NOT_ALLOWED' END
	FROM (
		SELECT x.n, w.workspace_id, t.type, t.destination, CASE WHEN dbinsight._random(_sample_network.seed, 561, x.n) < 0.1 THEN 'DRY_RUN_DENIAL' ELSE 'DROP' END AS access_type,
			(ARRAY['DBSQL', 'General Compute', 'MLServing'])[1 + dbinsight._pick(_sample_network.seed, 562, x.n, 3)] AS source,
			d.midnight + interval '1 millisecond' * dbinsight._pick(_sample_network.seed, 563, x.n, 86400000) AS event_time
		FROM dbinsight._sample_day(_sample_network.days, _sample_network.seed) d
		CROSS JOIN LATERAL generate_series(1, greatest(1, (28 * _sample_network.scale * d.machines)::int)) k(k)
		CROSS JOIN LATERAL (SELECT (d.day - date '2000-01-01') * 10000::bigint + k.k AS n) x
		JOIN dbinsight._sample_workspace() w ON w.n = dbinsight._pick(_sample_network.seed, 564, x.n, 4)
		JOIN (VALUES (0, 'DNS', 'pypi.org'), (1, 'DNS', 'files.pythonhosted.org'), (2, 'DNS', 'registry.npmjs.org'), (3, 'STORAGE', 'old-landing.s3.amazonaws.com'),
			(4, 'DNS', 'api.github.com'), (5, 'DNS', 'huggingface.co'), (6, 'IP', '104.18.12.7'), (7, 'DNS', 'repo.maven.apache.org')) t(n, type, destination) ON t.n = dbinsight._pick(_sample_network.seed, 565, x.n, 8)
		UNION ALL
		-- Planted: a beacon, every five minutes for two days.
		SELECT 1000000000000 + i.i, '3120498871250011', 'DNS', 'cdn-telemetry-sync.xyz', 'DROP', 'General Compute',
			date_bin('1 minute', p.now, timestamptz '2000-01-01 00:00:00+00') - interval '48 hours' + interval '5 minutes' * i.i + interval '1 second' * dbinsight._pick(_sample_network.seed, 566, i.i, 9)
		FROM dbinsight._sample_plan() p CROSS JOIN generate_series(0, 575) i(i)
		UNION ALL
		-- Planted: a storage account never seen before.
		SELECT 1100000000000 + i.i, '3120498871250012', 'STORAGE', 'exfil-drop.blob.core.windows.net', 'DROP', 'DBSQL', p.yesterday + interval '15 hours 10 minutes' + interval '40 seconds' * i.i
		FROM dbinsight._sample_plan() p CROSS JOIN generate_series(0, 14) i(i)
	) o
	WHERE o.event_time < dbinsight.now()
	ORDER BY o.event_time, o.n;

	INSERT INTO dbinsight.fact_inbound_network (event_id, account_id, event_time, workspace_id, request_path, source_ip_raw, authenticated_as, policy_outcome)
	SELECT dbinsight._random_uuid(_sample_network.seed, 570, o.n), 'sample', o.event_time, o.workspace_id, o.path, o.address, o.who, o.outcome
	FROM (
		SELECT x.n, w.workspace_id, '/api/2.0/' || (ARRAY['clusters/list', 'jobs/list', 'sql/statements'])[1 + dbinsight._pick(_sample_network.seed, 571, x.n, 3)] AS path,
			'91.' || 10 + dbinsight._pick(_sample_network.seed, 572, x.n, 80) || '.' || dbinsight._pick(_sample_network.seed, 573, x.n, 250) || '.9' AS address, 'users' AS who,
			CASE WHEN dbinsight._random(_sample_network.seed, 574, x.n) < 0.2 THEN 'DRY_RUN_DENIAL' ELSE 'DENIED' END AS outcome,
			d.midnight + interval '1 millisecond' * dbinsight._pick(_sample_network.seed, 575, x.n, 86400000) AS event_time
		FROM dbinsight._sample_day(least(_sample_network.days, 30), _sample_network.seed) d
		CROSS JOIN LATERAL generate_series(1, greatest(1, (6 * _sample_network.scale)::int)) k(k)
		CROSS JOIN LATERAL (SELECT (d.day - date '2000-01-01') * 10000::bigint + k.k AS n) x
		JOIN dbinsight._sample_workspace() w ON w.n = dbinsight._pick(_sample_network.seed, 576, x.n, 4)
		UNION ALL
		-- Planted: the address of the sign-in attack was turned away before.
		SELECT 1000000000000 + i.i, '3120498871250011', '/api/2.0/workspace/list', '45.134.26.77', 'users', 'DENIED', p.attack - interval '30 minutes' + interval '20 seconds' * i.i
		FROM dbinsight._sample_plan() p CROSS JOIN generate_series(0, 74) i(i)
	) o
	WHERE o.event_time < dbinsight.now()
	ORDER BY o.event_time, o.n;
END;
COMMENT ON FUNCTION dbinsight._sample_network(int, int, numeric) IS 'Denied traffic of the sample account';
