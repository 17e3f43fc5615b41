/*
 * What a report says, as one jsonb: sections of figures, charts and tables.
 * Every form (Markdown, JSON, HTML) is drawn from it, so they can't differ.
 *
 *   figure  {label, value, unit, change_pct, better}     better: up, down, none
 *   chart   {kind: area|bars|columns, caption, unit, rows, forecast, reference}
 *   table   {caption, columns: [[label, unit]…], rows: [[…]…], empty}
 */
CREATE FUNCTION dbinsight._figure(label text, value numeric, prior numeric, unit text, better text) RETURNS jsonb
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN jsonb_build_object('label', label, 'value', round(value, 4), 'unit', unit,
		'change_pct', CASE WHEN unit = 'pct' THEN NULL ELSE dbinsight.chg(value, prior) END,
		'change_points', CASE WHEN unit = 'pct' THEN round(value - prior, 2) END, 'better', better);
COMMENT ON FUNCTION dbinsight._figure(text, numeric, numeric, text, text) IS
'A figure of a report with its change against the period before: percent, or points for a percentage';

CREATE FUNCTION dbinsight._report_platform(since date, until date) RETURNS jsonb
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	overall record;
	domains jsonb;
	alerts jsonb;
BEGIN
	SELECT max(h.score) FILTER (WHERE h.domain = '(overall)') AS score, max(h.status) FILTER (WHERE h.domain = '(overall)') AS status,
		max(h.prior_score) FILTER (WHERE h.domain = '(overall)') AS prior_score,
		coalesce(jsonb_agg(jsonb_build_array(coalesce(a.title, h.domain), h.score, h.status, h.top_issue) ORDER BY h.score NULLS LAST, h.domain COLLATE "C")
			FILTER (WHERE h.domain <> '(overall)'), '[]') AS domains
	INTO overall FROM dbinsight.get_platform_health() h LEFT JOIN dbinsight.agents a ON a.name = h.domain;
	domains := overall.domains;
	SELECT coalesce(jsonb_agg(jsonb_build_array(a.severity, a.rule_name, coalesce(a.entity_id, a.message), to_char(a.fired_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'), a.status) ORDER BY dbinsight.severity_rank(a.severity), a.fired_at DESC, a.alert_id), '[]')
	INTO alerts FROM dbinsight.get_active_alerts() a;
	RETURN jsonb_build_object('id', 'platform', 'title', 'Platform',
		'summary', CASE WHEN overall.score IS NULL THEN 'No data to judge the platform by.'
			ELSE format('The platform scores %s of 100 (%s); %s.', dbinsight._shown(overall.score::numeric, 'score'), lower(overall.status),
				CASE jsonb_array_length(alerts) WHEN 0 THEN 'no alert is active' WHEN 1 THEN 'one alert is active' ELSE jsonb_array_length(alerts) || ' alerts are active' END) END,
		'figures', jsonb_build_array(dbinsight._figure('Health', overall.score::numeric, overall.prior_score::numeric, 'score', 'up'),
			dbinsight._figure('Active alerts', jsonb_array_length(alerts), NULL, 'count', 'down')),
		'charts', jsonb_build_array(jsonb_build_object('kind', 'bars', 'caption', 'Health by domain, 0 to 100', 'unit', 'score',
			'rows', (SELECT coalesce(jsonb_agg(jsonb_build_array(d -> 0, d -> 1)), '[]') FROM jsonb_array_elements(domains) d WHERE d ->> 1 IS NOT NULL))),
		'tables', jsonb_build_array(
			jsonb_build_object('caption', 'Domains', 'columns', '[["Domain", ""], ["Score", "score"], ["Status", ""], ["First concern", ""]]'::jsonb, 'rows', domains, 'empty', 'No domain has data.'),
			jsonb_build_object('caption', 'Active alerts', 'columns', '[["Severity", ""], ["Rule", ""], ["What", ""], ["Since (UTC)", ""], ["Status", ""]]'::jsonb,
				'rows', jsonb_path_query_array(alerts, '$[0 to 9]'), 'empty', 'No alert is active.')));
END $$;
COMMENT ON FUNCTION dbinsight._report_platform(date, date) IS 'Report section: health by domain and active alerts, as of now';

CREATE FUNCTION dbinsight._report_cost(since date, until date) RETURNS jsonb
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	days int := until - since + 1;
	now_ record;
	before_ record;
	driver record;
	trend jsonb;
	forecast jsonb := '[]';
	drivers jsonb;
	anomalies jsonb;
	budgets jsonb;
	daily_budget numeric;
BEGIN
	SELECT sum(d.total_cost) AS cost, sum(d.total_dbu) AS dbu INTO now_ FROM dbinsight.get_daily_cost_summary(since, until) d;
	SELECT sum(d.total_cost) AS cost, sum(d.total_dbu) AS dbu INTO before_ FROM dbinsight.get_daily_cost_summary(since - days, since - 1) d;
	SELECT jsonb_agg(jsonb_build_array(to_char(d.usage_date, 'DD Mon'), d.total_cost) ORDER BY d.usage_date) INTO trend
	FROM dbinsight.get_daily_cost_summary(until - greatest(29, days - 1), until) d;
	-- A forecast belongs to a report that ends yesterday; an older one knows what came.
	IF until = dbinsight.today() - 1 THEN
		SELECT coalesce(jsonb_agg(jsonb_build_array(to_char(f.forecast_date, 'DD Mon'), f.expected_cost, f.lower_80, f.upper_80) ORDER BY f.forecast_date), '[]')
		INTO forecast FROM dbinsight.get_cost_forecast(7) f WHERE f.expected_cost IS NOT NULL;
	END IF;
	SELECT coalesce(jsonb_agg(jsonb_build_array(d.resource_type, coalesce(d.resource_name, d.resource_id, '(other)'), coalesce(d.workspace_name, d.workspace_id, '(account)'),
		d.cost, d.delta_usd, d.pct_of_day, d.owner) ORDER BY d.rank), '[]')
	INTO drivers FROM dbinsight.get_top_cost_drivers(until, 10) d;
	SELECT * INTO driver FROM dbinsight.get_top_cost_drivers(until, 100) d ORDER BY d.delta_usd DESC NULLS LAST, d.rank LIMIT 1;
	SELECT coalesce(jsonb_agg(jsonb_build_array(a.usage_date, coalesce(a.workspace_name, a.workspace_id), a.direction, a.severity, a.cost, a.expected_cost, a.top_sku) ORDER BY abs(a.z_score) DESC, a.usage_date DESC, a.workspace_id), '[]')
	INTO anomalies FROM dbinsight.get_cost_anomalies(least(365, greatest(1, dbinsight.today() - since + greatest(0, 7 - days)))) a WHERE a.usage_date <= until;
	SELECT coalesce(jsonb_agg(jsonb_build_array(b.scope_type, coalesce(w.workspace_name, b.scope_id), b.budget_usd, b.spend_usd, b.used_pct, b.projected_pct, b.status)), '[]')
	INTO budgets FROM dbinsight.get_budget_status() b LEFT JOIN dbinsight.dim_workspace w ON b.scope_type = 'WORKSPACE' AND w.workspace_id = b.scope_id;
	SELECT max(b.budget_usd) / extract(day FROM date_trunc('month', until) + interval '1 month' - interval '1 day')::int INTO daily_budget
	FROM dbinsight.get_budget_status(NULL, 'ACCOUNT') b;
	RETURN jsonb_build_object('id', 'cost', 'title', 'Cost',
		'summary', CASE WHEN now_.cost IS NULL OR (SELECT count(*) FROM dbinsight.rollup_usage_daily r WHERE r.usage_date BETWEEN since AND until) = 0
			THEN 'No usage has been loaded for this period.'
			ELSE format('%s at list price, %s', dbinsight._shown(now_.cost, 'usd'), dbinsight._change_words(dbinsight.chg(now_.cost, before_.cost)::numeric))
				|| CASE WHEN driver.delta_usd > 0 THEN format('; the largest rise is %s, %s more than its daily mean of the week before.',
					coalesce(driver.resource_name, driver.resource_id), dbinsight._shown(driver.delta_usd, 'usd')) ELSE '.' END END,
		'figures', jsonb_build_array(dbinsight._figure('Cost', now_.cost, before_.cost, 'usd', 'down'), dbinsight._figure('DBU', now_.dbu, before_.dbu, 'dbu', 'none'),
			dbinsight._figure('Average a day', now_.cost / days, before_.cost / days, 'usd', 'down'),
			dbinsight._figure('Anomalous days', jsonb_array_length(anomalies), NULL, 'count', 'down')),
		'charts', jsonb_build_array(
			jsonb_build_object('kind', 'area', 'unit', 'usd', 'rows', trend, 'forecast', forecast, 'reference', round(daily_budget, 2),
				'caption', format('Cost a day%s%s', CASE WHEN jsonb_array_length(forecast) > 0 THEN ', the next week forecast with its 80 % band' ELSE '' END,
					CASE WHEN daily_budget IS NOT NULL THEN ', budget a day as a line' ELSE '' END)),
			jsonb_build_object('kind', 'bars', 'unit', 'usd', 'caption', format('Top cost drivers of %s', until),
				'rows', (SELECT coalesce(jsonb_agg(jsonb_build_array(d -> 1, d -> 3)), '[]') FROM jsonb_array_elements(drivers) d))),
		'tables', jsonb_build_array(
			jsonb_build_object('caption', format('Top cost drivers of %s', until), 'rows', drivers, 'empty', 'No usage on that day.',
				'columns', '[["Type", ""], ["Resource", ""], ["Workspace", ""], ["Cost", "usd"], ["Against its week", "usd"], ["Share", "pct"], ["Owner", ""]]'::jsonb),
			jsonb_build_object('caption', 'Anomalous days', 'rows', jsonb_path_query_array(anomalies, '$[0 to 9]'), 'empty', 'No day of any workspace stands out.',
				'columns', '[["Day", ""], ["Workspace", ""], ["Direction", ""], ["Severity", ""], ["Cost", "usd"], ["Expected", "usd"], ["SKU", ""]]'::jsonb),
			jsonb_build_object('caption', 'Budgets of this month', 'rows', budgets, 'empty', 'No budget has been set.',
				'columns', '[["Scope", ""], ["For", ""], ["Budget", "usd"], ["Spent", "usd"], ["Used", "pct"], ["Projected", "pct"], ["Status", ""]]'::jsonb)));
END $$;
COMMENT ON FUNCTION dbinsight._report_cost(date, date) IS 'Report section: cost of a period against the one before, trend and forecast, drivers, anomalies, budgets';

CREATE FUNCTION dbinsight._report_jobs(since date, until date) RETURNS jsonb
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	days int := until - since + 1;
	back int := greatest(1, dbinsight.today() - since + 1);
	now_ record;
	before_ record;
	columns_ jsonb;
	failures jsonb;
	codes jsonb;
	breaches jsonb;
	risks jsonb;
BEGIN
	SELECT count(*) AS runs, count(*) FILTER (WHERE r.is_success) AS ok, count(*) FILTER (WHERE r.is_failure) AS failed INTO now_
	FROM dbinsight.job_run r WHERE r.end_time >= since::timestamp AT TIME ZONE 'UTC' AND r.end_time < (until + 1)::timestamp AT TIME ZONE 'UTC';
	SELECT count(*) AS runs, count(*) FILTER (WHERE r.is_success) AS ok, count(*) FILTER (WHERE r.is_failure) AS failed INTO before_
	FROM dbinsight.job_run r WHERE r.end_time >= (since - days)::timestamp AT TIME ZONE 'UTC' AND r.end_time < since::timestamp AT TIME ZONE 'UTC';
	-- By hour for up to two days, else by day.
	SELECT coalesce(jsonb_agg(jsonb_build_array(to_char(b.t AT TIME ZONE 'UTC', CASE WHEN days <= 2 THEN 'HH24:00' ELSE 'DD Mon' END), b.ok, b.failed, b.other) ORDER BY b.t), '[]') INTO columns_
	FROM (
		SELECT g.t, count(r.run_id) FILTER (WHERE r.is_success) AS ok, count(r.run_id) FILTER (WHERE r.is_failure) AS failed,
			count(r.run_id) FILTER (WHERE NOT r.is_success AND NOT r.is_failure) AS other
		FROM generate_series(since::timestamp AT TIME ZONE 'UTC', (until + 1)::timestamp AT TIME ZONE 'UTC' - interval '1 second',
			CASE WHEN days <= 2 THEN interval '1 hour' ELSE interval '1 day' END) g(t)
		LEFT JOIN dbinsight.job_run r ON r.end_time >= g.t AND r.end_time < g.t + CASE WHEN days <= 2 THEN interval '1 hour' ELSE interval '1 day' END
		GROUP BY g.t
	) b;
	SELECT coalesce(jsonb_agg(jsonb_build_array(to_char(f.end_time AT TIME ZONE 'UTC', 'MM-DD HH24:MI'), f.job_name, coalesce(f.workspace_name, f.workspace_id), f.result_state,
			f.termination_code, array_to_string(f.failed_task_keys, ', '), f.consecutive_failures, f.duration_s, f.cost)
			ORDER BY f.consecutive_failures DESC, f.cost DESC NULLS LAST, f.end_time DESC, f.run_id), '[]') INTO failures
	FROM dbinsight.get_failed_jobs(24 * back) f
	WHERE f.end_time >= since::timestamp AT TIME ZONE 'UTC' AND f.end_time < (until + 1)::timestamp AT TIME ZONE 'UTC';
	SELECT coalesce(jsonb_agg(jsonb_build_array(c.code, c.n) ORDER BY c.n DESC, c.code COLLATE "C"), '[]') INTO codes
	FROM (SELECT coalesce(r.termination_code, 'UNKNOWN') AS code, count(*) AS n FROM dbinsight.job_run r
		WHERE r.is_failure AND r.end_time >= since::timestamp AT TIME ZONE 'UTC' AND r.end_time < (until + 1)::timestamp AT TIME ZONE 'UTC'
		GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 6) c;
	SELECT coalesce(jsonb_agg(jsonb_build_array(b.job_name, b.breach_type, to_char(b.start_time AT TIME ZONE 'UTC', 'MM-DD HH24:MI'), b.duration_s, b.target_s, b.result_state)
		ORDER BY b.overrun_pct DESC NULLS LAST, b.start_time DESC, b.run_id, b.breach_type), '[]') INTO breaches
	FROM dbinsight.get_sla_breaches(back) b
	WHERE b.start_time >= since::timestamp AT TIME ZONE 'UTC' AND b.start_time < (until + 1)::timestamp AT TIME ZONE 'UTC';
	SELECT coalesce(jsonb_agg(jsonb_build_array(r.job_name, round((100 * r.failure_probability)::numeric, 1), to_char(r.expected_next_run AT TIME ZONE 'UTC', 'MM-DD HH24:MI'), array_to_string(r.top_reasons, '; '))
		ORDER BY r.failure_probability DESC, r.job_id, r.workspace_id), '[]') INTO risks
	FROM dbinsight.get_job_failure_risk(5) r WHERE r.failure_probability > 0;
	RETURN jsonb_build_object('id', 'jobs', 'title', 'Jobs',
		'summary', CASE WHEN now_.runs = 0 THEN 'No job run ended in this period.'
			ELSE format('%s runs ended, %s failed: a success rate of %s.', dbinsight._shown(now_.runs, 'count'), CASE now_.failed WHEN 0 THEN 'none' ELSE now_.failed::text END,
				dbinsight._shown(dbinsight._pct(now_.ok, now_.ok + now_.failed)::numeric, 'pct')) END,
		'figures', jsonb_build_array(dbinsight._figure('Runs', now_.runs, before_.runs, 'count', 'none'),
			dbinsight._figure('Success rate', dbinsight._pct(now_.ok, now_.ok + now_.failed)::numeric, dbinsight._pct(before_.ok, before_.ok + before_.failed)::numeric, 'pct', 'up'),
			dbinsight._figure('Failures', now_.failed, before_.failed, 'count', 'down'),
			dbinsight._figure('SLA breaches', jsonb_array_length(breaches), NULL, 'count', 'down')),
		'charts', jsonb_build_array(
			jsonb_build_object('kind', 'columns', 'unit', 'count', 'rows', columns_, 'caption', format('Runs that ended, by %s: succeeded, failed, other', CASE WHEN days <= 2 THEN 'hour (UTC)' ELSE 'day' END)),
			jsonb_build_object('kind', 'bars', 'unit', 'count', 'rows', codes, 'caption', 'Failures by termination code')),
		'tables', jsonb_build_array(
			jsonb_build_object('caption', 'Failed runs', 'rows', jsonb_path_query_array(failures, '$[0 to 9]'), 'empty', 'No run failed.',
				'columns', '[["Ended (UTC)", ""], ["Job", ""], ["Workspace", ""], ["State", ""], ["Code", ""], ["Failed tasks", ""], ["In a row", "count"], ["Duration", "s"], ["Cost", "usd"]]'::jsonb),
			jsonb_build_object('caption', 'SLA breaches', 'rows', jsonb_path_query_array(breaches, '$[0 to 9]'), 'empty', 'No promise was broken.',
				'columns', '[["Job", ""], ["Breach", ""], ["Started (UTC)", ""], ["Duration", "s"], ["Target", "s"], ["State", ""]]'::jsonb),
			jsonb_build_object('caption', 'Jobs at risk', 'rows', risks, 'empty', 'No job stands out.',
				'columns', '[["Job", ""], ["Failure risk", "pct"], ["Next run (UTC)", ""], ["Why", ""]]'::jsonb)));
END $$;
COMMENT ON FUNCTION dbinsight._report_jobs(date, date) IS 'Report section: runs and failures of a period against the one before, SLA breaches, jobs at risk';

CREATE FUNCTION dbinsight._report_security(since date, until date) RETURNS jsonb
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	days int := until - since + 1;
	back int := greatest(1, dbinsight.today() - since + 1);
	severities jsonb;
	events bigint;
	before_ bigint;
	serious bigint;
	auth jsonb;
	attempts numeric;
	changes jsonb;
	findings jsonb;
BEGIN
	SELECT coalesce(jsonb_agg(jsonb_build_array(s.severity, s.n) ORDER BY dbinsight.severity_rank(s.severity)), '[]'), coalesce(sum(s.n), 0),
		coalesce(sum(s.n) FILTER (WHERE dbinsight.severity_rank(s.severity) <= 2), 0)
	INTO severities, events, serious
	FROM (SELECT e.severity, count(*) AS n FROM dbinsight.get_security_events(since, until) e GROUP BY e.severity) s;
	SELECT count(*) INTO before_ FROM dbinsight.get_security_events(since - days, since - 1) e;
	SELECT coalesce(jsonb_agg(jsonb_build_array(f.severity, coalesce(f.user_email, '(unknown)'), host(f.source_ip), f.attempts, f.pattern, to_char(f.last_attempt AT TIME ZONE 'UTC', 'MM-DD HH24:MI'),
			CASE WHEN f.succeeded_after THEN 'yes' ELSE 'no' END) ORDER BY dbinsight.severity_rank(f.severity), f.attempts DESC, f.user_email COLLATE "C", f.source_ip), '[]'), coalesce(sum(f.attempts), 0)
	INTO auth, attempts
	FROM dbinsight.get_failed_auth_attempts(24 * back) f
	WHERE f.last_attempt >= since::timestamp AT TIME ZONE 'UTC' AND f.first_attempt < (until + 1)::timestamp AT TIME ZONE 'UTC';
	SELECT coalesce(jsonb_agg(jsonb_build_array(to_char(c.event_time AT TIME ZONE 'UTC', 'MM-DD HH24:MI'), c.actor, c.action_name, c.securable_name, c.principal,
			CASE WHEN c.is_self_grant THEN 'granted to itself' WHEN c.is_admin_grant THEN 'powerful' ELSE '' END)
			ORDER BY c.is_self_grant DESC NULLS LAST, c.is_admin_grant DESC NULLS LAST, c.event_time DESC, c.event_id, c.principal), '[]') INTO changes
	FROM dbinsight.get_permission_changes(back) c
	WHERE c.event_time >= since::timestamp AT TIME ZONE 'UTC' AND c.event_time < (until + 1)::timestamp AT TIME ZONE 'UTC';
	SELECT coalesce(jsonb_agg(jsonb_build_array(f.severity, f.rule_id, f.title, f.entity_id, f.event_count, to_char(f.last_event AT TIME ZONE 'UTC', 'MM-DD HH24:MI'))
		ORDER BY dbinsight.severity_rank(f.severity), f.last_event DESC, f.finding_id), '[]') INTO findings
	FROM dbinsight.get_findings(back) f
	WHERE f.suppressed_by IS NULL AND f.status = 'open' AND f.last_event >= since::timestamp AT TIME ZONE 'UTC' AND f.last_event < (until + 1)::timestamp AT TIME ZONE 'UTC';
	RETURN jsonb_build_object('id', 'security', 'title', 'Security',
		'summary', CASE WHEN NOT EXISTS (SELECT FROM dbinsight.rollup_audit_hourly r WHERE r.hour >= since::timestamp AT TIME ZONE 'UTC' AND r.hour < (until + 1)::timestamp AT TIME ZONE 'UTC')
			THEN 'No audit events have been loaded for this period: nothing can be said.'
			ELSE format('%s of %s notable events are high or critical; %s; %s.', dbinsight._shown(serious, 'count'), dbinsight._shown(events, 'count'),
				CASE WHEN attempts = 0 THEN 'no sign-in was refused' ELSE dbinsight._shown(attempts, 'count') || ' sign-ins were refused' END,
				CASE jsonb_array_length(findings) WHEN 0 THEN 'no detection fired' WHEN 1 THEN 'one detection fired' ELSE jsonb_array_length(findings) || ' detections fired' END) END,
		'figures', jsonb_build_array(dbinsight._figure('Notable events', events, before_, 'count', 'down'), dbinsight._figure('High or critical', serious, NULL, 'count', 'down'),
			dbinsight._figure('Refused sign-ins', attempts, NULL, 'count', 'down'), dbinsight._figure('Open findings', jsonb_array_length(findings), NULL, 'count', 'down')),
		'charts', jsonb_build_array(jsonb_build_object('kind', 'bars', 'unit', 'count', 'rows', severities, 'caption', 'Notable events by severity')),
		'tables', jsonb_build_array(
			jsonb_build_object('caption', 'Findings', 'rows', jsonb_path_query_array(findings, '$[0 to 9]'), 'empty', 'No detection fired.',
				'columns', '[["Severity", ""], ["Rule", ""], ["What", ""], ["Who", ""], ["Events", "count"], ["Last (UTC)", ""]]'::jsonb),
			jsonb_build_object('caption', 'Refused sign-ins', 'rows', jsonb_path_query_array(auth, '$[0 to 9]'), 'empty', 'No sign-in was refused.',
				'columns', '[["Severity", ""], ["User", ""], ["Address", ""], ["Attempts", "count"], ["Pattern", ""], ["Last (UTC)", ""], ["Succeeded after", ""]]'::jsonb),
			jsonb_build_object('caption', 'Changes of rights', 'rows', jsonb_path_query_array(changes, '$[0 to 9]'), 'empty', 'No rights were changed.',
				'columns', '[["When (UTC)", ""], ["Who", ""], ["Action", ""], ["On", ""], ["For", ""], ["Note", ""]]'::jsonb)));
END $$;
COMMENT ON FUNCTION dbinsight._report_security(date, date) IS 'Report section: notable events, findings, refused sign-ins, changes of rights of a period';
