/*
 * What a person would have set up, and alerts that fire. A setting somebody
 * already made is kept.
 */
CREATE FUNCTION dbinsight._sample_budgets() RETURNS void
	LANGUAGE sql BEGIN ATOMIC
	-- Planted: ml-platform has a budget it has already spent.
	WITH spend AS (
		SELECT u.workspace_id, sum(u.list_cost) FILTER (WHERE u.usage_date >= date_trunc('month', dbinsight.today()::timestamp)::date) AS month_cost,
			sum(u.list_cost) FILTER (WHERE u.usage_date >= dbinsight.today() - 30) / 30 AS day_cost
		FROM dbinsight.fact_usage u WHERE u.account_id = 'sample' AND u.usage_date < dbinsight.today() GROUP BY u.workspace_id
	), made AS (
		INSERT INTO dbinsight.budgets (scope_type, scope_id, month, amount_usd)
		SELECT b.scope_type, b.scope_id, (date_trunc('month', dbinsight.today()::timestamp) - interval '1 month' * m.m)::date, b.amount
		FROM generate_series(0, 2) m(m) CROSS JOIN LATERAL (
			SELECT 'WORKSPACE' AS scope_type, s.workspace_id AS scope_id,
				CASE WHEN s.workspace_id = '3120498871250013' AND m.m = 0 THEN greatest(100, round(0.8 * coalesce(s.month_cost, 0))) ELSE greatest(100, round(s.day_cost * 40)) END AS amount
			FROM spend s WHERE s.day_cost IS NOT NULL
			UNION ALL
			SELECT 'ACCOUNT', 'all', greatest(100, round(sum(s.day_cost) * 34)) FROM spend s
			UNION ALL
			SELECT 'TAG', 'team=data-engineering', greatest(100, round(sum(s.day_cost) * 12)) FROM spend s) b
		WHERE b.amount IS NOT NULL
		ON CONFLICT DO NOTHING RETURNING scope_type, scope_id, month
	)
	INSERT INTO dbinsight.sample_row SELECT 'budgets', to_jsonb(made) FROM made;
END;
COMMENT ON FUNCTION dbinsight._sample_budgets() IS 'Budgets of the sample account, set against what it spent';

CREATE FUNCTION dbinsight._sample_targets(seed int, scale numeric) RETURNS void
	LANGUAGE sql BEGIN ATOMIC
	WITH made AS (
		INSERT INTO dbinsight.commitments (contract_year, amount_usd) VALUES (extract(year FROM dbinsight.today())::int, 1000000)
		ON CONFLICT DO NOTHING RETURNING contract_year
	) INSERT INTO dbinsight.sample_row SELECT 'commitments', to_jsonb(made) FROM made;

	WITH made AS (
		INSERT INTO dbinsight.sla_targets (workspace_id, job_id, max_duration_s, min_success_pct)
		SELECT j.workspace_id, j.job_id, t.seconds, t.pct FROM dbinsight._sample_job(_sample_targets.seed, _sample_targets.scale) j
		JOIN (VALUES (0, 7200, 98), (3, 3600, 99), (4, 1500, 95)) t(n, seconds, pct) USING (n)
		ON CONFLICT DO NOTHING RETURNING workspace_id, job_id
	) INSERT INTO dbinsight.sample_row SELECT 'sla_targets', to_jsonb(made) FROM made;

	WITH made AS (
		INSERT INTO dbinsight.uptime_targets (workspace_id, service, target_pct) VALUES ('3120498871250011', 'sql', 99.9), ('3120498871250011', 'jobs', 99.5)
		ON CONFLICT DO NOTHING RETURNING workspace_id, service
	) INSERT INTO dbinsight.sample_row SELECT 'uptime_targets', to_jsonb(made) FROM made;

	WITH made AS (
		INSERT INTO dbinsight.freshness_targets (table_pattern, max_hours) VALUES ('main.gold.%', 36), ('main.gold.customer_360', 24), ('analytics.sandbox.%', 8760)
		ON CONFLICT DO NOTHING RETURNING table_pattern
	) INSERT INTO dbinsight.sample_row SELECT 'freshness_targets', to_jsonb(made) FROM made;

	WITH made AS (
		INSERT INTO dbinsight.sensitive_tables (table_pattern, class_tag, reason) VALUES ('hr.core.%', 'hr', 'Personnel data')
		ON CONFLICT DO NOTHING RETURNING table_pattern
	) INSERT INTO dbinsight.sample_row SELECT 'sensitive_tables', to_jsonb(made) FROM made;

	WITH made AS (
		INSERT INTO dbinsight.trusted_cidrs (cidr, label) VALUES ('10.20.0.0/16', 'own network'), ('52.18.44.0/28', 'office Dublin'), ('3.120.77.16/28', 'office Frankfurt'), ('34.201.8.0/28', 'office Ashburn')
		ON CONFLICT DO NOTHING RETURNING cidr
	) INSERT INTO dbinsight.sample_row SELECT 'trusted_cidrs', to_jsonb(made) FROM made;

	WITH made AS (
		INSERT INTO dbinsight.node_bandwidth (node_type, gbps) VALUES ('i3.xlarge', 10), ('m5.xlarge', 10), ('m5.2xlarge', 10), ('r5.2xlarge', 10), ('p4d.24xlarge', 400)
		ON CONFLICT DO NOTHING RETURNING node_type
	) INSERT INTO dbinsight.sample_row SELECT 'node_bandwidth', to_jsonb(made) FROM made;
END;
COMMENT ON FUNCTION dbinsight._sample_targets(int, numeric) IS 'Targets and lists of the sample account';

CREATE FUNCTION dbinsight._sample_alerts(seed int) RETURNS void
	LANGUAGE sql BEGIN ATOMIC
	WITH rule AS (
		SELECT dbinsight._random_uuid(_sample_alerts.seed, 700, r.n)::uuid AS id, r.*
		FROM (VALUES
			(1, 'Cost of yesterday far above expectation', 'cost', 'high', 'SELECT count(*) FROM dbinsight.get_cost_anomalies(1)', 0, 1, 'FIRING', 300, 1, 'workspace', '3120498871250013', 'ml-platform cost far more than expected yesterday'),
			(2, 'Failed sign-ins from one address', 'security', 'critical', 'SELECT coalesce(max(attempts), 0) FROM dbinsight.get_failed_auth_attempts(24)', 5, 8, 'FIRING', 540, 64, 'ip', '45.134.26.77', '64 failed sign-ins to 8 accounts from 45.134.26.77'),
			(3, 'Gold table is stale', 'quality', 'medium', 'SELECT count(*) FROM dbinsight.get_freshness_violations(24)', 0, 1, 'ACKNOWLEDGED', 4300, 12, 'table', 'main.gold.customer_360', 'main.gold.customer_360 was not written for days'),
			(4, 'Nightly load failed', 'reliability', 'high', 'SELECT count(*) FROM dbinsight.get_failed_jobs(24)', 0, 1, 'FIRING', 560, 1, 'job', 'nightly_etl', 'nightly_etl failed in load_fact_usage'),
			(5, 'Denied egress in bulk', 'network', 'high', 'SELECT coalesce(max(denials), 0) FROM dbinsight.get_denied_egress(1)', 100, 288, 'FIRING', 1400, 20, 'destination', 'cdn-telemetry-sync.xyz', 'production tries cdn-telemetry-sync.xyz every five minutes'),
			(6, 'SQL of production fails', 'reliability', 'critical', 'SELECT count(*) FROM dbinsight.get_failed_queries(1)', 50, 96, 'RESOLVED', 4500, 18, 'workspace', '3120498871250011', 'statements of production fail'))
			r(n, name, domain, severity, query, threshold, value, status, minutes, occurrences, entity_type, entity_id, message)
	), made AS (
		INSERT INTO dbinsight.alert_rules (id, user_id, name, query, threshold, domain, severity, created_at, updated_at)
		SELECT r.id, 'user@company.com', r.name, r.query, r.threshold, r.domain, r.severity, p.today - interval '30 days', p.today - interval '30 days' FROM rule r CROSS JOIN dbinsight._sample_plan() p
		ON CONFLICT DO NOTHING RETURNING id
	), event AS (
		INSERT INTO dbinsight.alert_events (id, rule_id, domain, severity, status, fired_at, last_seen_at, acknowledged_at, acknowledged_by, resolved_at, value, threshold, entity_type, entity_id, message, occurrence_count)
		SELECT dbinsight._random_uuid(_sample_alerts.seed, 701, r.n)::uuid, r.id, r.domain, r.severity, r.status, p.now - interval '1 minute' * r.minutes,
			p.now - interval '1 minute' * CASE r.status WHEN 'RESOLVED' THEN r.minutes - 90 ELSE 5 END, CASE r.status WHEN 'ACKNOWLEDGED' THEN p.now - interval '1 hour' END,
			CASE r.status WHEN 'ACKNOWLEDGED' THEN 'priya.nair@company.com' END, CASE r.status WHEN 'RESOLVED' THEN p.now - interval '1 minute' * (r.minutes - 90) END,
			r.value, r.threshold, r.entity_type, r.entity_id, r.message, r.occurrences
		FROM rule r CROSS JOIN dbinsight._sample_plan() p WHERE r.id IN (SELECT id FROM made)
	)
	-- Their events go with the rules.
	INSERT INTO dbinsight.sample_row SELECT 'alert_rules', jsonb_build_object('id', made.id) FROM made;
END;
COMMENT ON FUNCTION dbinsight._sample_alerts(int) IS 'Alert rules of the sample account and what fired';

/* The sources look as if they had just been read; one is late. None is said to end before a row that it has. */
CREATE FUNCTION dbinsight._sample_ingest() RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	r record;
	newest timestamptz;
BEGIN
	FOR r IN SELECT s.source, s.gold_table, s.lag_target_minutes,
			(SELECT a.attname FROM pg_attribute a WHERE a.attrelid = format('dbinsight.%I', s.gold_table)::regclass
				AND a.attname = s.time_column AND a.atttypid = 'timestamptz'::regtype) AS time_column
		FROM dbinsight.sources s
		WHERE s.source <> 'system.billing.account_prices' AND NOT EXISTS (SELECT FROM dbinsight.ingest_state i WHERE i.source = s.source) ORDER BY s.source
	LOOP
		newest := NULL;
		IF r.source = 'system.access.column_lineage' THEN
			newest := dbinsight.now() - interval '12 hours';
		ELSE
			IF r.time_column IS NOT NULL THEN
				EXECUTE format('SELECT max(%1$I) FROM dbinsight.%2$I WHERE %1$I < dbinsight.now()', r.time_column, r.gold_table) INTO newest;
			END IF;
			newest := greatest(newest, dbinsight.now() - interval '1 minute' * (r.lag_target_minutes / 8));
		END IF;
		INSERT INTO dbinsight.ingest_state (source, last_event_time, last_loaded_at)
		VALUES (r.source, newest, dbinsight.now() - CASE r.source WHEN 'system.access.column_lineage' THEN interval '12 hours' ELSE interval '0' END);
		INSERT INTO dbinsight.sample_row VALUES ('ingest_state', jsonb_build_object('source', r.source));
	END LOOP;
END $$;
COMMENT ON FUNCTION dbinsight._sample_ingest() IS 'State of the sources of the sample account';

CREATE FUNCTION dbinsight._sample_settings(days int, seed int, scale numeric) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM dbinsight._sample_budgets(), dbinsight._sample_targets(seed, scale), dbinsight._sample_alerts(seed), dbinsight._sample_ingest();
END $$;
COMMENT ON FUNCTION dbinsight._sample_settings(int, int, numeric) IS 'Settings, alerts and source states of the sample account';
