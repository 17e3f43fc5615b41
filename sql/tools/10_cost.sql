/*
 * Cost: list-price US dollars and DBU by day, workspace, SKU, resource. Every
 * tool reads rollup_usage_daily and sums it once, or rollup_sku_daily where
 * resources do not matter.
 */
CREATE FUNCTION dbinsight.get_daily_cost_summary(start_date date DEFAULT NULL, end_date date DEFAULT NULL)
	RETURNS TABLE (usage_date date, total_cost numeric, total_dbu numeric, workspace_count bigint, jobs_cost numeric,
		sql_cost numeric, pipelines_cost numeric, all_purpose_cost numeric, serving_cost numeric, other_cost numeric,
		serverless_cost numeric, tagged_cost numeric, prior_day_cost numeric, day_over_day_pct float8, avg_7d_cost numeric,
		is_partial boolean)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 31
BEGIN ATOMIC
	WITH part AS (
		SELECT u.usage_date, u.workspace_id, u.is_serverless, u.is_tagged,
			CASE WHEN u.billing_origin_product = 'JOBS' THEN 'jobs' WHEN u.billing_origin_product = 'SQL' THEN 'sql'
				WHEN u.billing_origin_product = 'DLT' THEN 'pipelines'
				WHEN u.billing_origin_product IN ('ALL_PURPOSE', 'INTERACTIVE') THEN 'all_purpose'
				WHEN u.billing_origin_product IN ('MODEL_SERVING', 'VECTOR_SEARCH', 'AI_GATEWAY', 'AI_FUNCTIONS', 'AGENT_BRICKS') THEN 'serving'
				ELSE 'other' END AS bucket,
			u.cost, u.dbu
		FROM (
			SELECT r.usage_date, r.workspace_id, r.billing_origin_product, r.is_serverless, r.is_tagged,
				sum(r.list_cost) AS cost, sum(r.dbu) AS dbu
			FROM dbinsight.rollup_usage_daily r
			WHERE r.usage_date >= dbinsight._start_date(get_daily_cost_summary.start_date, get_daily_cost_summary.end_date) - 7
				AND r.usage_date <= dbinsight._end_date(get_daily_cost_summary.start_date, get_daily_cost_summary.end_date)
			GROUP BY r.usage_date, r.workspace_id, r.billing_origin_product, r.is_serverless, r.is_tagged
		) u
	), day AS (
		SELECT p.usage_date, sum(p.cost) AS cost, sum(p.dbu) AS dbu,
			count(DISTINCT p.workspace_id) FILTER (WHERE p.workspace_id <> '(account)') AS workspaces,
			sum(p.cost) FILTER (WHERE p.bucket = 'jobs') AS jobs, sum(p.cost) FILTER (WHERE p.bucket = 'sql') AS sql,
			sum(p.cost) FILTER (WHERE p.bucket = 'pipelines') AS pipelines,
			sum(p.cost) FILTER (WHERE p.bucket = 'all_purpose') AS all_purpose,
			sum(p.cost) FILTER (WHERE p.bucket = 'serving') AS serving, sum(p.cost) FILTER (WHERE p.bucket = 'other') AS other,
			sum(p.cost) FILTER (WHERE p.is_serverless) AS serverless, sum(p.cost) FILTER (WHERE p.is_tagged) AS tagged
		FROM part p GROUP BY p.usage_date
	), filled AS (
		SELECT c.usage_date, coalesce(d.cost, 0) AS cost, d.dbu, d.workspaces, d.jobs, d.sql, d.pipelines, d.all_purpose,
			d.serving, d.other, d.serverless, d.tagged,
			lag(coalesce(d.cost, 0)) OVER (ORDER BY c.usage_date) AS prior,
			avg(coalesce(d.cost, 0)) OVER (ORDER BY c.usage_date ROWS BETWEEN 7 PRECEDING AND 1 PRECEDING) AS avg_7d
		FROM (
			SELECT dbinsight._start_date(get_daily_cost_summary.start_date, get_daily_cost_summary.end_date) + n AS usage_date
			FROM generate_series(-7, dbinsight._end_date(get_daily_cost_summary.start_date, get_daily_cost_summary.end_date)
				- dbinsight._start_date(get_daily_cost_summary.start_date, get_daily_cost_summary.end_date)) n
		) c
		LEFT JOIN day d ON d.usage_date = c.usage_date
	)
	SELECT f.usage_date, round(f.cost, 4), coalesce(f.dbu, 0), coalesce(f.workspaces, 0), round(coalesce(f.jobs, 0), 4),
		round(coalesce(f.sql, 0), 4), round(coalesce(f.pipelines, 0), 4), round(coalesce(f.all_purpose, 0), 4),
		round(coalesce(f.serving, 0), 4), round(coalesce(f.other, 0), 4), round(coalesce(f.serverless, 0), 4),
		round(coalesce(f.tagged, 0), 4), round(f.prior, 4), dbinsight.chg(f.cost, f.prior), round(f.avg_7d, 4),
		f.usage_date >= dbinsight.today()
	FROM filled f
	WHERE f.usage_date >= dbinsight._start_date(get_daily_cost_summary.start_date, get_daily_cost_summary.end_date)
		AND EXISTS (SELECT FROM day)
	ORDER BY f.usage_date;
END;
COMMENT ON FUNCTION dbinsight.get_daily_cost_summary(date, date) IS
'What did the account cost each day, split by product, with the day before and the mean of the seven days before?
not for: one workspace''s split, use get_workspace_cost_breakdown; whether a day is unusual, use get_cost_anomalies; the month so far, use get_cost_mtd_summary
@param start_date date, first day, default 30 days ago
@param end_date date, last day, default yesterday
US dollars at list price. A day without usage is 0. is_partial marks today and later: billing rows still arrive.';

CREATE FUNCTION dbinsight.get_cost_anomalies(lookback_days int DEFAULT 30, z_threshold float8 DEFAULT 3.0)
	RETURNS TABLE (usage_date date, workspace_id text, workspace_name text, cost numeric, expected_cost numeric,
		deviation_usd numeric, deviation_pct float8, z_score float8, direction text, severity text, top_sku text,
		top_sku_delta_usd numeric, ml_score float8)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 20
BEGIN ATOMIC
	WITH sku_day AS MATERIALIZED (
		SELECT r.workspace_id, r.usage_date, r.sku_name, sum(r.list_cost) AS cost
		FROM dbinsight.rollup_sku_daily r
		WHERE r.usage_date >= dbinsight._first_day(dbinsight._in_range('lookback_days', get_cost_anomalies.lookback_days, 1, 365)::int) - 28 AND r.usage_date < dbinsight.today()
		GROUP BY r.workspace_id, r.usage_date, r.sku_name
	), day AS (
		SELECT s.workspace_id, s.usage_date, sum(s.cost) AS cost FROM sku_day s GROUP BY s.workspace_id, s.usage_date
	), span AS (
		-- A silent day between a workspace's first and last day costs 0; before and after there is no series.
		SELECT w.workspace_id,
			greatest((SELECT min(r.usage_date) FROM dbinsight.rollup_usage_daily r WHERE r.workspace_id = w.workspace_id),
				dbinsight._first_day(dbinsight._in_range('lookback_days', get_cost_anomalies.lookback_days, 1, 365)::int) - 28) AS first_day,
			least((SELECT max(r.usage_date) FROM dbinsight.rollup_usage_daily r WHERE r.workspace_id = w.workspace_id),
				dbinsight.today() - 1) AS last_day
		FROM (SELECT DISTINCT d.workspace_id FROM day d) w
	), series AS MATERIALIZED (
		SELECT s.workspace_id, c.usage_date, coalesce(d.cost, 0) AS cost,
			array_agg(coalesce(d.cost, 0)::float8) OVER before AS costs, count(d.cost) OVER before AS days_with_data
		FROM (
			SELECT dbinsight._first_day(dbinsight._in_range('lookback_days', get_cost_anomalies.lookback_days, 1, 365)::int) + n AS usage_date
			FROM generate_series(-28, dbinsight._in_range('lookback_days', get_cost_anomalies.lookback_days, 1, 365)::int - 1) n
		) c
		JOIN span s ON c.usage_date BETWEEN s.first_day AND s.last_day
		LEFT JOIN day d ON d.workspace_id = s.workspace_id AND d.usage_date = c.usage_date
		WINDOW before AS (PARTITION BY s.workspace_id ORDER BY c.usage_date ROWS BETWEEN 28 PRECEDING AND 1 PRECEDING)
	), typical AS MATERIALIZED (
		SELECT c.workspace_id, c.usage_date, c.cost, c.costs,
			(SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY b) FROM unnest(c.costs) b) AS median
		FROM series c
		WHERE c.usage_date >= dbinsight._first_day(dbinsight._in_range('lookback_days', get_cost_anomalies.lookback_days, 1, 365)::int)
			AND c.days_with_data >= 7
	), scaled AS MATERIALIZED (
		SELECT t.workspace_id, t.usage_date, t.cost, t.median,
			1.4826 * (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(b - t.median)) FROM unnest(t.costs) b) AS mad
		FROM typical t
	), anomaly AS MATERIALIZED (
		-- A quiet workspace still detects: at least 5 % of its median, or one dollar, is one deviation.
		SELECT s.workspace_id, s.usage_date, s.cost, s.median::numeric AS expected, s.cost - s.median::numeric AS deviation,
			(s.cost::float8 - s.median) / greatest(s.mad, 0.05 * s.median, 1) AS z
		FROM scaled s
		WHERE abs(s.cost::float8 - s.median) >= 10
			AND abs((s.cost::float8 - s.median) / greatest(s.mad, 0.05 * s.median, 1))
				>= dbinsight._in_range('z_threshold', get_cost_anomalies.z_threshold, 0, 1000)
	), sku_delta AS (
		SELECT a.workspace_id, a.usage_date, k.sku_name,
			coalesce(max(x.cost) FILTER (WHERE b.usage_date = a.usage_date), 0)
				- (percentile_cont(0.5) WITHIN GROUP (ORDER BY coalesce(x.cost, 0)::float8)
					FILTER (WHERE b.usage_date < a.usage_date))::numeric AS delta
		FROM anomaly a
		JOIN (SELECT DISTINCT s.workspace_id, s.sku_name FROM sku_day s) k ON k.workspace_id = a.workspace_id
		JOIN series b ON b.workspace_id = a.workspace_id AND b.usage_date BETWEEN a.usage_date - 28 AND a.usage_date
		LEFT JOIN sku_day x ON x.workspace_id = a.workspace_id AND x.sku_name = k.sku_name AND x.usage_date = b.usage_date
		GROUP BY a.workspace_id, a.usage_date, k.sku_name
	), top_sku AS (
		SELECT DISTINCT ON (a.workspace_id, a.usage_date) a.workspace_id, a.usage_date, d.sku_name, d.delta
		FROM anomaly a JOIN sku_delta d ON d.workspace_id = a.workspace_id AND d.usage_date = a.usage_date
		ORDER BY a.workspace_id, a.usage_date, sign(a.deviation) * d.delta DESC, d.sku_name COLLATE "C"
	)
	SELECT a.usage_date, a.workspace_id, w.workspace_name, round(a.cost, 4), round(a.expected, 4), round(a.deviation, 4),
		dbinsight.chg(a.cost, a.expected), dbinsight._r(a.z, 2), CASE WHEN a.z > 0 THEN 'SPIKE' ELSE 'DIP' END,
		CASE WHEN abs(a.z) >= 6 THEN 'high' WHEN abs(a.z) >= 4 THEN 'medium' ELSE 'low' END,
		t.sku_name, round(t.delta, 4),
		(SELECT p.score FROM dbinsight.predictions p
			WHERE p.model_name = 'cost_anomaly_detector' AND p.entity_type = 'workspace' AND p.entity_id = a.workspace_id
				AND p.target_time >= a.usage_date::timestamp AT TIME ZONE 'UTC'
				AND p.target_time < (a.usage_date + 1)::timestamp AT TIME ZONE 'UTC'
			ORDER BY p.scored_at DESC LIMIT 1)
	FROM anomaly a
	LEFT JOIN top_sku t ON t.workspace_id = a.workspace_id AND t.usage_date = a.usage_date
	LEFT JOIN dbinsight.workspace_names w ON w.workspace_id = a.workspace_id
	ORDER BY abs(a.z) DESC, a.usage_date DESC, a.workspace_id COLLATE "C";
END;
COMMENT ON FUNCTION dbinsight.get_cost_anomalies(int, float8) IS
'Which workspaces cost unusually much or little on which days, and which SKU made the difference?
not for: the plain change of a period against the one before, use get_cost_growth; what was most expensive on one day, use get_top_cost_drivers
@param lookback_days int, complete days looked at, 1 to 365, default 30
@param z_threshold number, least robust z-score reported, 0 to 1000, default 3
Expected is the median of the 28 days before (at least 7 with data); z is the deviation over the largest of the scaled median absolute deviation, 5 % of the median and 1 dollar. Deviations under 10 dollars are left out. For a dip top_sku is the SKU that fell most.';

CREATE FUNCTION dbinsight.get_top_cost_drivers(date date DEFAULT NULL, top_n int DEFAULT 10)
	RETURNS TABLE (rank bigint, resource_type text, resource_id text, resource_name text, workspace_id text,
		workspace_name text, owner text, cost numeric, pct_of_day float8, baseline_cost numeric, delta_usd numeric,
		delta_pct float8, main_sku text)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
	WITH part AS MATERIALIZED (
		SELECT r.workspace_id, r.resource_type, coalesce(r.resource_id, '') AS resource_id, r.owner, r.sku_name,
			r.usage_date = coalesce(get_top_cost_drivers.date, dbinsight.today() - 1) AS on_day,
			sum(r.list_cost) AS cost, max(r.resource_name) AS resource_name
		FROM dbinsight.rollup_usage_daily r
		WHERE r.usage_date BETWEEN coalesce(get_top_cost_drivers.date, dbinsight.today() - 1) - 7
			AND coalesce(get_top_cost_drivers.date, dbinsight.today() - 1)
		GROUP BY 1, 2, 3, 4, 5, 6
	), resource AS (
		SELECT p.workspace_id, p.resource_type, p.resource_id, max(p.resource_name) AS resource_name,
			sum(p.cost) FILTER (WHERE p.on_day) AS cost, coalesce(sum(p.cost) FILTER (WHERE NOT p.on_day), 0) / 7 AS baseline
		FROM part p
		GROUP BY p.workspace_id, p.resource_type, p.resource_id
		HAVING bool_or(p.on_day)
	), ranked AS (
		SELECT r.*, row_number() OVER (ORDER BY r.cost DESC, r.workspace_id COLLATE "C", r.resource_type COLLATE "C",
				r.resource_id COLLATE "C") AS place,
			sum(r.cost) OVER () AS day_cost
		FROM resource r
	), top AS MATERIALIZED (
		SELECT r.* FROM ranked r ORDER BY r.place LIMIT dbinsight._top_n(get_top_cost_drivers.top_n)
	), top_owner AS (
		SELECT DISTINCT ON (p.workspace_id, p.resource_type, p.resource_id) p.workspace_id, p.resource_type, p.resource_id, p.owner
		FROM part p WHERE p.on_day AND p.owner IS NOT NULL
		GROUP BY p.workspace_id, p.resource_type, p.resource_id, p.owner
		ORDER BY p.workspace_id, p.resource_type, p.resource_id, sum(p.cost) DESC, p.owner COLLATE "C"
	), top_sku AS (
		SELECT DISTINCT ON (p.workspace_id, p.resource_type, p.resource_id) p.workspace_id, p.resource_type, p.resource_id, p.sku_name
		FROM part p WHERE p.on_day
		GROUP BY p.workspace_id, p.resource_type, p.resource_id, p.sku_name
		ORDER BY p.workspace_id, p.resource_type, p.resource_id, sum(p.cost) DESC, p.sku_name COLLATE "C"
	)
	SELECT t.place, t.resource_type, nullif(t.resource_id, ''), coalesce(n.resource_name, t.resource_name), t.workspace_id,
		w.workspace_name, o.owner, round(t.cost, 4), dbinsight._pct(t.cost, t.day_cost), round(t.baseline, 4),
		round(t.cost - t.baseline, 4), dbinsight.chg(t.cost, t.baseline), s.sku_name
	FROM top t
	LEFT JOIN top_owner o ON o.workspace_id = t.workspace_id AND o.resource_type = t.resource_type AND o.resource_id = t.resource_id
	LEFT JOIN top_sku s ON s.workspace_id = t.workspace_id AND s.resource_type = t.resource_type AND s.resource_id = t.resource_id
	LEFT JOIN dbinsight.resource_names n ON n.workspace_id = t.workspace_id AND n.resource_type = t.resource_type
		AND n.resource_id = t.resource_id
	LEFT JOIN dbinsight.workspace_names w ON w.workspace_id = t.workspace_id
	ORDER BY t.place;
END;
COMMENT ON FUNCTION dbinsight.get_top_cost_drivers(date, int) IS
'Which jobs, warehouses, pipelines, clusters and endpoints cost most on one day, and how does that compare with the week before?
not for: a longer period of jobs, use get_most_expensive_jobs; what grew over a period, use get_cost_growth
@param date date, the day, default yesterday
@param top_n int, rows, 1 to 100000, default 10
baseline_cost is the mean of the seven days before, days without usage counted as 0. Owner and main_sku are those with most of the day''s cost. Usage of no resource is resource_type OTHER.';

CREATE FUNCTION dbinsight.get_workspace_cost_breakdown(workspace_id text DEFAULT NULL, start_date date DEFAULT NULL, end_date date DEFAULT NULL)
	RETURNS TABLE (workspace_id text, workspace_name text, billing_origin_product text, sku_name text, cost numeric,
		dbu numeric, pct_of_workspace float8, pct_of_account float8, active_days bigint, first_date date, last_date date)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
	SELECT s.workspace_id, s.workspace_name, s.billing_origin_product, s.sku_name, round(s.cost, 4), s.dbu,
		dbinsight._pct(s.cost, s.workspace_cost), dbinsight._pct(s.cost, s.account_cost), s.active_days, s.first_date, s.last_date
	FROM (
		SELECT d.workspace_id, w.workspace_name, d.billing_origin_product, d.sku_name, sum(d.cost) AS cost, sum(d.dbu) AS dbu,
			count(*) AS active_days, min(d.usage_date) AS first_date, max(d.usage_date) AS last_date,
			sum(sum(d.cost)) OVER (PARTITION BY d.workspace_id) AS workspace_cost, sum(sum(d.cost)) OVER () AS account_cost
		FROM (
			SELECT r.workspace_id, r.billing_origin_product, r.sku_name, r.usage_date, sum(r.list_cost) AS cost, sum(r.dbu) AS dbu
			FROM dbinsight.rollup_usage_daily r
			WHERE r.usage_date >= dbinsight._start_date(get_workspace_cost_breakdown.start_date, get_workspace_cost_breakdown.end_date)
				AND r.usage_date <= dbinsight._end_date(get_workspace_cost_breakdown.start_date, get_workspace_cost_breakdown.end_date)
			GROUP BY r.workspace_id, r.billing_origin_product, r.sku_name, r.usage_date
		) d
		LEFT JOIN dbinsight.workspace_names w ON w.workspace_id = d.workspace_id
		GROUP BY d.workspace_id, w.workspace_name, d.billing_origin_product, d.sku_name
	) s
	WHERE dbinsight._matches(get_workspace_cost_breakdown.workspace_id, s.workspace_id, s.workspace_name)
	ORDER BY s.workspace_cost DESC, s.cost DESC, s.sku_name COLLATE "C", s.workspace_id COLLATE "C", s.billing_origin_product COLLATE "C";
END;
COMMENT ON FUNCTION dbinsight.get_workspace_cost_breakdown(text, date, date) IS
'What does each workspace cost, split by product and SKU, and what share of the account is that?
not for: the account''s total by day, use get_daily_cost_summary; SKUs over all workspaces, use get_cost_by_sku
@param workspace_id text, a workspace by id or name (% as wildcard; (account) for usage of no workspace), default all
@param start_date date, first day, default 30 days ago
@param end_date date, last day, default yesterday
pct_of_account is the share of all workspaces together, also when one is asked for.';

CREATE FUNCTION dbinsight.get_sku_cost_trend(sku_name text DEFAULT NULL, days int DEFAULT 30)
	RETURNS TABLE (usage_date date, sku_name text, cost numeric, quantity numeric, usage_unit text, avg_unit_price numeric,
		prior_day_cost numeric, change_pct float8, avg_7d_cost numeric, cumulative_cost numeric)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 500
BEGIN ATOMIC
	WITH day AS MATERIALIZED (
		SELECT r.sku_name, r.usage_unit, r.usage_date, sum(r.list_cost) AS cost, sum(r.usage_quantity) AS quantity
		FROM dbinsight.rollup_usage_daily r
		WHERE r.usage_date >= dbinsight._first_day(get_sku_cost_trend.days) - 7 AND r.usage_date < dbinsight.today()
			AND r.sku_name IS NOT NULL
		GROUP BY r.sku_name, r.usage_unit, r.usage_date
	), span AS (
		SELECT s.sku_name, s.usage_unit,
			greatest((SELECT min(r.usage_date) FROM dbinsight.rollup_usage_daily r WHERE r.sku_name = s.sku_name),
				dbinsight._first_day(get_sku_cost_trend.days) - 7) AS first_day,
			least((SELECT max(r.usage_date) FROM dbinsight.rollup_usage_daily r WHERE r.sku_name = s.sku_name),
				dbinsight.today() - 1) AS last_day
		FROM (SELECT d.sku_name, d.usage_unit FROM day d
			WHERE dbinsight._matches(get_sku_cost_trend.sku_name, d.sku_name, d.sku_name)
			GROUP BY d.sku_name, d.usage_unit
			HAVING max(d.usage_date) >= dbinsight._first_day(get_sku_cost_trend.days)) s
	), filled AS (
		SELECT s.sku_name, s.usage_unit, c.usage_date, coalesce(d.cost, 0) AS cost, coalesce(d.quantity, 0) AS quantity
		FROM (SELECT dbinsight._first_day(get_sku_cost_trend.days) + n AS usage_date FROM generate_series(-7, get_sku_cost_trend.days - 1) n) c
		JOIN span s ON c.usage_date BETWEEN s.first_day AND s.last_day
		LEFT JOIN day d ON d.sku_name = s.sku_name AND d.usage_unit IS NOT DISTINCT FROM s.usage_unit AND d.usage_date = c.usage_date
	), compared AS (
		SELECT f.*, lag(f.cost) OVER series AS prior,
			avg(f.cost) OVER (series ROWS BETWEEN 7 PRECEDING AND 1 PRECEDING) AS avg_7d
		FROM filled f
		WINDOW series AS (PARTITION BY f.sku_name, f.usage_unit ORDER BY f.usage_date)
	)
	SELECT c.usage_date, c.sku_name, round(c.cost, 4), c.quantity, c.usage_unit, round(c.cost / nullif(c.quantity, 0), 6),
		round(c.prior, 4), dbinsight.chg(c.cost, c.prior), round(c.avg_7d, 4),
		round(sum(c.cost) OVER (PARTITION BY c.sku_name, c.usage_unit ORDER BY c.usage_date), 4)
	FROM compared c
	WHERE c.usage_date >= dbinsight._first_day(get_sku_cost_trend.days)
	ORDER BY c.sku_name COLLATE "C", c.usage_date, c.usage_unit COLLATE "C";
END;
COMMENT ON FUNCTION dbinsight.get_sku_cost_trend(text, int) IS
'How did the cost, the quantity and the unit price of a SKU move from day to day?
not for: SKUs compared over a period, use get_cost_by_sku; the account''s daily cost, use get_daily_cost_summary
@param sku_name text, a SKU (% as wildcard), default all
@param days int, complete days, 1 to 400, default 30
A day without usage between a SKU''s first and last day is 0. cumulative_cost runs from the first day shown.';

CREATE FUNCTION dbinsight.get_cost_by_sku(start_date date DEFAULT NULL, end_date date DEFAULT NULL)
	RETURNS TABLE (sku_name text, cloud text, billing_origin_product text, usage_unit text, quantity numeric, cost numeric,
		pct_of_total float8, avg_unit_price numeric, workspace_count bigint, resource_count bigint, unpriced_quantity numeric)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 50
BEGIN ATOMIC
	SELECT p.sku_name, p.cloud, p.billing_origin_product, p.usage_unit, sum(p.quantity), round(sum(p.cost), 4),
		dbinsight._pct(sum(p.cost), sum(sum(p.cost)) OVER ()), round(sum(p.cost) / nullif(sum(p.quantity), 0), 6),
		count(DISTINCT p.workspace_id) FILTER (WHERE p.workspace_id <> '(account)'), sum(p.is_resource)::bigint, sum(p.unpriced)
	FROM (
		SELECT r.sku_name, r.cloud, r.billing_origin_product, r.usage_unit, r.workspace_id, (r.resource_id IS NOT NULL)::int AS is_resource,
			sum(r.usage_quantity) AS quantity, sum(r.list_cost) AS cost, sum(r.unpriced_quantity) AS unpriced
		FROM dbinsight.rollup_usage_daily r
		WHERE r.usage_date >= dbinsight._start_date(get_cost_by_sku.start_date, get_cost_by_sku.end_date)
			AND r.usage_date <= dbinsight._end_date(get_cost_by_sku.start_date, get_cost_by_sku.end_date)
		GROUP BY r.sku_name, r.cloud, r.billing_origin_product, r.usage_unit, r.workspace_id, r.resource_type, r.resource_id
	) p
	GROUP BY p.sku_name, p.cloud, p.billing_origin_product, p.usage_unit
	ORDER BY sum(p.cost) DESC, p.sku_name COLLATE "C", p.cloud COLLATE "C", p.billing_origin_product COLLATE "C", p.usage_unit COLLATE "C";
END;
COMMENT ON FUNCTION dbinsight.get_cost_by_sku(date, date) IS
'Which SKUs is the money spent on, at which unit price, and how much usage has no price?
not for: one SKU from day to day, use get_sku_cost_trend; the split by product, use get_cost_by_product
@param start_date date, first day, default 30 days ago
@param end_date date, last day, default yesterday
unpriced_quantity is usage for which no list price was found: it counts 0 dollars.';

/*
 * Cost and DBU per complete day of a workspace or the account. The window ends
 * where the data ends: when billing is late, the missing days are not zeros.
 */
CREATE FUNCTION dbinsight.get_cost_forecast(horizon_days int DEFAULT 30, workspace_id text DEFAULT NULL)
	RETURNS TABLE (forecast_date date, expected_cost numeric, lower_80 numeric, upper_80 numeric, expected_dbu numeric,
		actual_cost numeric, method text, model_version text, scored_at timestamptz)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 30
BEGIN ATOMIC
	WITH workspace_day AS MATERIALIZED (
		-- The last 8 of each weekday, and a week more for billing that is late.
		SELECT d.workspace_id, w.workspace_name, d.usage_date, d.cost, d.dbu
		FROM (
			SELECT r.workspace_id, r.usage_date, sum(r.list_cost) AS cost, sum(r.dbu) AS dbu
			FROM dbinsight.rollup_usage_daily r
			WHERE r.usage_date >= dbinsight.today() - 63
				AND r.usage_date < dbinsight.today() + dbinsight._in_range('horizon_days', get_cost_forecast.horizon_days, 1, 365)::int
			GROUP BY r.workspace_id, r.usage_date
		) d
		LEFT JOIN dbinsight.workspace_names w ON w.workspace_id = d.workspace_id
		WHERE dbinsight._matches(get_cost_forecast.workspace_id, d.workspace_id, w.workspace_name)
	), day AS MATERIALIZED (
		SELECT d.usage_date, sum(d.cost) AS cost, sum(d.dbu) AS dbu FROM workspace_day d GROUP BY d.usage_date
	), span AS (
		SELECT (SELECT min((SELECT min(r.usage_date) FROM dbinsight.rollup_usage_daily r WHERE r.workspace_id = w.workspace_id))
				FROM (SELECT DISTINCT d.workspace_id FROM workspace_day d) w) AS first_day,
			(SELECT max(d.usage_date) FROM day d WHERE d.usage_date < dbinsight.today()) AS last_day
	), history AS (
		SELECT s.last_day - n AS usage_date, coalesce(d.cost, 0) AS cost, coalesce(d.dbu, 0) AS dbu, n / 7 AS weeks_ago
		FROM span s
		CROSS JOIN LATERAL generate_series(0, least(s.last_day - s.first_day, 55)) n
		LEFT JOIN day d ON d.usage_date = s.last_day - n
		WHERE s.last_day IS NOT NULL
	), weekday AS (
		SELECT extract(isodow FROM h.usage_date) AS isodow, avg(h.cost) FILTER (WHERE h.weeks_ago < 4) AS cost,
			avg(h.dbu) FILTER (WHERE h.weeks_ago < 4) AS dbu, stddev_samp(h.cost) AS deviation
		FROM history h GROUP BY 1
	), series AS (
		SELECT CASE WHEN get_cost_forecast.workspace_id IS NULL THEN 'account' WHEN count(DISTINCT d.workspace_id) = 1
			THEN 'ws:' || min(d.workspace_id) END AS name
		FROM workspace_day d
	), scored AS (
		SELECT DISTINCT ON (p.entity_id, (p.target_time AT TIME ZONE 'UTC')::date) p.entity_id,
			(p.target_time AT TIME ZONE 'UTC')::date AS forecast_date, p.value, p.lower_80, p.upper_80, p.version, p.scored_at
		FROM series s
		JOIN dbinsight.predictions p ON p.model_name = 'dbu_usage_forecaster' AND p.entity_type = 'series'
			AND p.entity_id IN (s.name || '|cost', s.name || '|dbu')
		WHERE p.scored_at >= dbinsight._since_days(8) AND p.scored_at <= dbinsight.now()
			AND p.target_time >= dbinsight.today()::timestamp AT TIME ZONE 'UTC'
		ORDER BY p.entity_id, (p.target_time AT TIME ZONE 'UTC')::date, p.scored_at DESC, p.version DESC
	)
	SELECT f.forecast_date,
		round(CASE WHEN m.value IS NOT NULL THEN m.value::numeric ELSE w.cost END, 4),
		round(CASE WHEN m.value IS NOT NULL THEN m.lower_80::numeric WHEN w.deviation IS NOT NULL THEN greatest(w.cost - 1.2816 * w.deviation, 0) END, 4),
		round(CASE WHEN m.value IS NOT NULL THEN m.upper_80::numeric ELSE w.cost + 1.2816 * w.deviation END, 4),
		round(CASE WHEN q.value IS NOT NULL THEN q.value::numeric ELSE w.dbu END, 4),
		round(d.cost, 4), CASE WHEN m.value IS NOT NULL THEN 'model' ELSE 'seasonal_naive' END, m.version::text, m.scored_at
	FROM (
		SELECT dbinsight.today() + n AS forecast_date
		FROM generate_series(0, dbinsight._in_range('horizon_days', get_cost_forecast.horizon_days, 1, 365)::int - 1) n
		WHERE EXISTS (SELECT FROM history) OR EXISTS (SELECT FROM scored)
	) f
	CROSS JOIN series s
	LEFT JOIN weekday w ON w.isodow = extract(isodow FROM f.forecast_date)
	LEFT JOIN day d ON d.usage_date = f.forecast_date
	LEFT JOIN scored m ON m.forecast_date = f.forecast_date AND m.entity_id = s.name || '|cost'
	LEFT JOIN scored q ON q.forecast_date = f.forecast_date AND q.entity_id = s.name || '|dbu'
	ORDER BY f.forecast_date;
END;
COMMENT ON FUNCTION dbinsight.get_cost_forecast(int, text) IS
'What will the account or a workspace cost on each of the coming days?
not for: whether a budget will hold, use get_budget_status; this month''s projected end, use get_cost_mtd_summary
@param horizon_days int, days from today on, 1 to 365, default 30
@param workspace_id text, a workspace by id or name, default the whole account
method says where a day comes from: model (dbu_usage_forecaster, scored in the last 8 days) or seasonal_naive (mean of the last 4 same weekdays, 80 % interval from the deviation of the last 8). actual_cost is what has already been billed for the day.';

CREATE FUNCTION dbinsight.get_budget_status(month date DEFAULT NULL, scope_type text DEFAULT NULL)
	RETURNS TABLE (scope_type text, scope_id text, budget_usd numeric, spend_usd numeric, used_pct float8, elapsed_pct float8,
		projected_usd numeric, projected_pct float8, exhaustion_date date, breach_probability float8, status text)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 20
BEGIN ATOMIC
	WITH calendar AS (
		SELECT m.first_day, (m.first_day + interval '1 month')::date - 1 AS last_day,
			(m.first_day + interval '1 month')::date - m.first_day AS days,
			greatest(0, least((m.first_day + interval '1 month')::date, dbinsight.today()) - m.first_day) AS elapsed
		FROM (SELECT date_trunc('month', coalesce(get_budget_status.month, dbinsight.today())::timestamp)::date AS first_day) m
	), budget AS (
		SELECT b.scope_type, b.scope_id, b.amount_usd FROM dbinsight.budgets b, calendar c
		WHERE b.month = c.first_day
			AND (get_budget_status.scope_type IS NULL
				OR b.scope_type = dbinsight._one_of('scope_type', get_budget_status.scope_type, 'ACCOUNT', 'WORKSPACE', 'TAG'))
	), part AS MATERIALIZED (
		SELECT r.usage_date, r.workspace_id, sum(r.list_cost) AS cost
		FROM dbinsight.rollup_sku_daily r
		WHERE r.usage_date >= (SELECT c.first_day FROM calendar c)
			AND r.usage_date < (SELECT c.first_day + c.elapsed FROM calendar c)
		GROUP BY r.usage_date, r.workspace_id
	), tag_part AS (
		-- Resource by resource, so only when a budget asks for it.
		SELECT p.usage_date, t.key || '=' || t.value AS scope_id, p.cost
		FROM (
			SELECT r.usage_date, r.tags, sum(r.list_cost) AS cost
			FROM dbinsight.rollup_usage_daily r
			WHERE r.usage_date >= (SELECT c.first_day FROM calendar c)
				AND r.usage_date < (SELECT c.first_day + c.elapsed FROM calendar c)
				AND (SELECT EXISTS (SELECT FROM budget b WHERE b.scope_type = 'TAG'))
			GROUP BY r.usage_date, r.tags
		) p, jsonb_each_text(p.tags) t
	), day AS MATERIALIZED (
		SELECT 'ACCOUNT' AS scope_type, NULL AS scope_id, p.usage_date, sum(p.cost) AS cost FROM part p GROUP BY p.usage_date
		UNION ALL
		SELECT 'WORKSPACE', p.workspace_id, p.usage_date, p.cost FROM part p
		UNION ALL
		SELECT 'TAG', t.scope_id, t.usage_date, sum(t.cost) FROM tag_part t
		WHERE t.scope_id IN (SELECT b.scope_id FROM budget b WHERE b.scope_type = 'TAG') GROUP BY t.scope_id, t.usage_date
	), running AS (
		SELECT b.scope_type, b.scope_id, b.amount_usd, d.usage_date, d.cost,
			sum(d.cost) OVER (PARTITION BY b.scope_type, b.scope_id ORDER BY d.usage_date) AS cumulative
		FROM budget b
		LEFT JOIN day d ON d.scope_type = b.scope_type
			AND (b.scope_type = 'ACCOUNT' OR d.scope_id = CASE b.scope_type WHEN 'WORKSPACE' THEN dbinsight._workspace_key(b.scope_id) ELSE b.scope_id END)
	), spent AS (
		SELECT r.scope_type, r.scope_id, r.amount_usd, coalesce(sum(r.cost), 0) AS spend,
			min(r.usage_date) FILTER (WHERE r.cumulative >= r.amount_usd) AS reached_on
		FROM running r
		GROUP BY r.scope_type, r.scope_id, r.amount_usd
	), judged AS (
		SELECT s.*, c.*, 100 * s.spend / s.amount_usd AS used, s.spend / nullif(c.elapsed, 0) * c.days AS projected
		FROM spent s, calendar c
	), shown AS (
		SELECT j.*, CASE WHEN j.used >= 100 THEN 1 WHEN j.used >= 90 OR 100 * j.projected / j.amount_usd >= 110 THEN 2
				WHEN j.used >= 80 OR 100 * j.projected / j.amount_usd >= 100 THEN 3 ELSE 4 END AS place
		FROM judged j
	)
	SELECT s.scope_type, s.scope_id, round(s.amount_usd, 4), round(s.spend, 4), round(s.used, 2)::float8,
		dbinsight._pct(s.elapsed, s.days), round(s.projected, 4), round(100 * s.projected / s.amount_usd, 2)::float8,
		CASE WHEN s.spend >= s.amount_usd THEN s.reached_on
			-- Rate is spend / elapsed days, so the budget lasts amount / rate days of the month.
			WHEN s.projected >= s.amount_usd THEN s.first_day + ceil(s.amount_usd * s.elapsed / nullif(s.spend, 0))::int - 1 END,
		(SELECT p.score FROM dbinsight.predictions p
			WHERE p.model_name = 'budget_alerter' AND p.entity_type = 'budget' AND p.entity_id = s.scope_type || ':' || s.scope_id
				AND p.target_time >= s.first_day::timestamp AT TIME ZONE 'UTC'
				AND p.target_time < (s.last_day + 1)::timestamp AT TIME ZONE 'UTC'
				AND p.scored_at <= dbinsight.now()
			ORDER BY p.scored_at DESC LIMIT 1),
		(ARRAY['EXCEEDED', 'CRITICAL', 'WARNING', 'OK'])[s.place]
	FROM shown s
	ORDER BY s.place, s.projected / s.amount_usd DESC NULLS LAST, s.scope_type COLLATE "C", s.scope_id COLLATE "C";
END;
COMMENT ON FUNCTION dbinsight.get_budget_status(date, text) IS
'How much of each monthly budget is spent, where will the month end, and when does the money run out?
not for: the month so far without budgets, use get_cost_mtd_summary; spend against the yearly commitment, use get_commit_vs_actual
@param month date, any day of the month, default this month
@param scope_type text, default all
@enum scope_type ACCOUNT|WORKSPACE|TAG
Spend counts complete days. The projection is linear. breach_probability comes from budget_alerter and is NULL without it. EXCEEDED from 100 % used; CRITICAL from 90 % used or 110 % projected; WARNING from 80 % used or 100 % projected.';

CREATE FUNCTION dbinsight.get_cost_mtd_summary()
	RETURNS TABLE (metric text, current_mtd numeric, prior_mtd numeric, mom_change_pct float8, days_elapsed int,
		days_in_month int, projected_month_end numeric, last_month_total numeric)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 2
BEGIN ATOMIC
	WITH calendar AS (
		SELECT m.first_day, (m.first_day - interval '1 month')::date AS prior_day,
			(m.first_day + interval '1 month')::date - m.first_day AS days, dbinsight.today() - m.first_day AS elapsed
		FROM (SELECT date_trunc('month', dbinsight.today()::timestamp)::date AS first_day) m
	), day AS MATERIALIZED (
		SELECT r.usage_date, sum(r.list_cost) AS cost, sum(r.dbu) AS dbu
		FROM dbinsight.rollup_sku_daily r
		WHERE r.usage_date >= (SELECT c.prior_day FROM calendar c) AND r.usage_date < dbinsight.today()
		GROUP BY r.usage_date
	), total AS (
		SELECT v.metric, c.days, c.elapsed,
			coalesce(sum(v.value) FILTER (WHERE v.usage_date >= c.first_day), 0) AS this_month,
			coalesce(sum(v.value) FILTER (WHERE v.usage_date < least(c.prior_day + c.elapsed, c.first_day)), 0) AS prior,
			coalesce(sum(v.value) FILTER (WHERE v.usage_date < c.first_day), 0) AS last_month
		FROM calendar c
		CROSS JOIN (VALUES ('cost_usd'), ('dbu')) m(metric)
		LEFT JOIN LATERAL (
			SELECT m.metric, d.usage_date, CASE m.metric WHEN 'dbu' THEN d.dbu ELSE d.cost END AS value FROM day d
			UNION ALL
			SELECT m.metric, NULL, NULL
		) v ON true
		GROUP BY v.metric, c.days, c.elapsed
	)
	SELECT t.metric, round(t.this_month, 4), round(t.prior, 4), dbinsight.chg(t.this_month, t.prior), t.elapsed, t.days,
		round(t.this_month / nullif(t.elapsed, 0) * t.days, 4), round(t.last_month, 4)
	FROM total t
	WHERE EXISTS (SELECT FROM day)
	ORDER BY t.metric COLLATE "C";
END;
COMMENT ON FUNCTION dbinsight.get_cost_mtd_summary() IS
'What has this month cost so far, against the same days of last month, and where will it end?
not for: budgets, use get_budget_status; single days, use get_daily_cost_summary
Counts complete days; the projection is linear and NULL on the first of a month. prior_mtd is the same number of days of the previous month.';

CREATE FUNCTION dbinsight.get_cost_by_tag(tag_key text DEFAULT 'team', start_date date DEFAULT NULL, end_date date DEFAULT NULL)
	RETURNS TABLE (tag_value text, cost numeric, dbu numeric, pct_of_total float8, resource_count bigint, workspace_count bigint)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 20
BEGIN ATOMIC
	SELECT coalesce(t.tag_value, '(untagged)'), round(sum(t.cost), 4), sum(t.dbu), dbinsight._pct(sum(t.cost), sum(sum(t.cost)) OVER ()),
		count(t.resource_id), count(DISTINCT t.workspace_id) FILTER (WHERE t.workspace_id <> '(account)')
	FROM (
		SELECT r.tags ->> get_cost_by_tag.tag_key AS tag_value, r.workspace_id, r.resource_id, sum(r.list_cost) AS cost, sum(r.dbu) AS dbu
		FROM dbinsight.rollup_usage_daily r
		WHERE r.usage_date >= dbinsight._start_date(get_cost_by_tag.start_date, get_cost_by_tag.end_date)
			AND r.usage_date <= dbinsight._end_date(get_cost_by_tag.start_date, get_cost_by_tag.end_date)
		GROUP BY 1, r.workspace_id, r.resource_type, r.resource_id
	) t
	GROUP BY t.tag_value
	ORDER BY sum(t.cost) DESC, coalesce(t.tag_value, '(untagged)') COLLATE "C";
END;
COMMENT ON FUNCTION dbinsight.get_cost_by_tag(text, date, date) IS
'What does each team, project or other tag value cost?
not for: how much spend is tagged at all, use get_tag_coverage; which resources lack tags, use get_untagged_resources
@param tag_key text, a tag''s key as written, default team
@param start_date date, first day, default 30 days ago
@param end_date date, last day, default yesterday
Usage without the tag is (untagged).';

CREATE FUNCTION dbinsight.get_untagged_resources(start_date date DEFAULT NULL, end_date date DEFAULT NULL, resource_type text DEFAULT NULL)
	RETURNS TABLE (resource_type text, resource_id text, resource_name text, workspace_id text, workspace_name text, owner text,
		cost numeric, missing_tags text[], last_used date)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
	WITH required AS MATERIALIZED (
		SELECT array_agg(k.key) AS keys
		FROM (SELECT trim(k) AS key FROM unnest(string_to_array(dbinsight._setting('required_tags'), ',')) k) k WHERE k.key <> ''
	), part AS MATERIALIZED (
		SELECT r.workspace_id, r.resource_type, r.resource_id, r.owner, r.tags, max(r.resource_name) AS resource_name, sum(r.list_cost) AS cost,
			max(r.usage_date) AS last_used, max(r.last_usage_time) AS last_usage_time
		FROM dbinsight.rollup_usage_daily r
		WHERE r.usage_date >= dbinsight._start_date(get_untagged_resources.start_date, get_untagged_resources.end_date)
			AND r.usage_date <= dbinsight._end_date(get_untagged_resources.start_date, get_untagged_resources.end_date)
			AND r.resource_id IS NOT NULL
			AND (get_untagged_resources.resource_type IS NULL OR r.resource_type = dbinsight._one_of('resource_type', get_untagged_resources.resource_type,
				'JOB', 'PIPELINE', 'WAREHOUSE', 'ENDPOINT', 'APP', 'DATABASE', 'CLUSTER', 'NOTEBOOK'))
		GROUP BY r.workspace_id, r.resource_type, r.resource_id, r.owner, r.tags
	), resource AS (
		-- One pass: the tags of the latest use, and the owner with the greatest part of the cost.
		SELECT p.workspace_id, p.resource_type, p.resource_id, max(p.resource_name) AS resource_name, max(p.last_used) AS last_used,
			sum(p.cost) FILTER (WHERE NOT coalesce(p.tags, '{}') ?& q.keys) AS cost,
			(array_agg(p.tags ORDER BY p.last_used DESC, p.last_usage_time DESC NULLS LAST, p.tags))[1] AS tags,
			(array_agg(p.owner ORDER BY p.owner_cost DESC, p.owner COLLATE "C") FILTER (WHERE p.owner IS NOT NULL))[1] AS owner
		FROM (SELECT p.*, sum(p.cost) OVER (PARTITION BY p.workspace_id, p.resource_type, p.resource_id, p.owner) AS owner_cost FROM part p) p,
			required q
		GROUP BY p.workspace_id, p.resource_type, p.resource_id
		HAVING sum(p.cost) FILTER (WHERE NOT coalesce(p.tags, '{}') ?& q.keys) <> 0
	)
	SELECT r.resource_type, r.resource_id, coalesce(n.resource_name, r.resource_name), r.workspace_id, w.workspace_name, r.owner, round(r.cost, 4),
		ARRAY(SELECT k FROM unnest(q.keys) WITH ORDINALITY k(k, n) WHERE NOT coalesce(r.tags, '{}') ? k ORDER BY k.n), r.last_used
	FROM resource r
	CROSS JOIN required q
	LEFT JOIN dbinsight.resource_names n ON n.workspace_id = r.workspace_id AND n.resource_type = r.resource_type AND n.resource_id = r.resource_id
	LEFT JOIN dbinsight.workspace_names w ON w.workspace_id = r.workspace_id
	ORDER BY r.cost DESC, r.resource_id COLLATE "C", r.workspace_id COLLATE "C", r.resource_type COLLATE "C";
END;
COMMENT ON FUNCTION dbinsight.get_untagged_resources(date, date, text) IS
'Which resources lack required tags, which tags, and how much was spent on them meanwhile?
not for: the share of spend that is tagged, use get_tag_coverage; spend by tag value, use get_cost_by_tag; tags on tables, use governance tools
@param start_date date, first day, default 30 days ago
@param end_date date, last day, default yesterday
@param resource_type text, default all
@enum resource_type JOB|PIPELINE|WAREHOUSE|ENDPOINT|APP|DATABASE|CLUSTER|NOTEBOOK
cost counts the usage that lacked a tag of dbinsight.required_tags; missing_tags are those absent from the latest usage, none when it was mended since.';

CREATE FUNCTION dbinsight.get_idle_cluster_cost(days int DEFAULT 7, cpu_threshold float8 DEFAULT 5.0)
	RETURNS TABLE (workspace_id text, cluster_id text, cluster_name text, cluster_source text, owned_by text, observed_h float8,
		idle_h float8, idle_pct float8, cost numeric, idle_cost numeric, auto_termination_minutes bigint)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 50
BEGIN ATOMIC
	WITH observed AS (
		SELECT r.workspace_id, r.cluster_id, sum(r.minutes) AS minutes,
			sum((SELECT count(*) FROM unnest(r.quiet_cpu) cpu
				WHERE cpu < dbinsight._in_range('cpu_threshold', get_idle_cluster_cost.cpu_threshold, 0, 100))) AS idle
		FROM dbinsight.rollup_cluster_quiet_hourly r
		WHERE r.hour >= dbinsight._first_day(get_idle_cluster_cost.days)::timestamp AT TIME ZONE 'UTC'
			AND r.hour < dbinsight.today()::timestamp AT TIME ZONE 'UTC'
		GROUP BY r.workspace_id, r.cluster_id
		HAVING sum(r.minutes) >= 60
	), billed AS (
		-- The fact, for a job's cluster is billed under the job.
		SELECT u.workspace_id, u.cluster_id, sum(u.list_cost) AS cost
		FROM dbinsight.fact_usage u
		WHERE u.usage_date >= dbinsight._first_day(get_idle_cluster_cost.days) AND u.usage_date < dbinsight.today() AND u.cluster_id IS NOT NULL
		GROUP BY u.workspace_id, u.cluster_id
	)
	SELECT o.workspace_id, o.cluster_id, c.cluster_name, c.cluster_source, c.owned_by, round(o.minutes / 60.0, 3)::float8,
		round(o.idle / 60.0, 3)::float8, dbinsight._pct(o.idle, o.minutes), round(b.cost, 4), round(b.cost * o.idle / o.minutes, 4),
		c.auto_termination_minutes
	FROM observed o
	LEFT JOIN billed b ON b.workspace_id = o.workspace_id AND b.cluster_id = o.cluster_id
	LEFT JOIN dbinsight.current_cluster c ON c.workspace_id = o.workspace_id AND c.cluster_id = o.cluster_id
	ORDER BY b.cost * o.idle / o.minutes DESC NULLS LAST, o.workspace_id COLLATE "C", o.cluster_id COLLATE "C";
END;
COMMENT ON FUNCTION dbinsight.get_idle_cluster_cost(int, float8) IS
'Which clusters ran idle, for how long, and what did the idle time cost?
not for: how busy clusters and nodes are, use get_resource_utilization; which resources cost most, use get_top_cost_drivers
@param days int, complete days, 1 to 400, default 7
@param cpu_threshold number, percent CPU under which every node must stay, 0 to 100, default 5
A minute is idle when every node is under the threshold and less than 1 MiB went over the network. Clusters observed for an hour or more; idle_cost is the cluster''s cost by its share of idle minutes, NULL when nothing was billed.';

SELECT dbinsight._builtin_tool('dbinsight.get_daily_cost_summary(date,date)'::regprocedure, ARRAY['cost'], ARRAY[
	'How much did we spend each day last week?', 'Show daily cost for June', 'What was yesterday''s total cost?',
	'Daily spend split by jobs, SQL and serving', 'How has our Databricks bill developed over the last 30 days?',
	'What share of daily cost is serverless or tagged?', 'Did spend go up compared with the day before?']);
SELECT dbinsight._builtin_tool('dbinsight.get_cost_anomalies(integer,double precision)'::regprocedure, ARRAY['cost'], ARRAY[
	'Are there any cost anomalies?', 'Were there unusual cost spikes in the last 30 days?', 'Which workspace had an unexpected jump in spend?',
	'Why was the bill so high on one day?', 'Did any workspace spend unusually little?', 'Which SKU caused the cost spike?']);
SELECT dbinsight._builtin_tool('dbinsight.get_top_cost_drivers(date,integer)'::regprocedure, ARRAY['cost'], ARRAY[
	'What were the top cost drivers yesterday?', 'Which resources cost the most on 2026-06-10?', 'What is driving our spend?',
	'Which cluster or warehouse was most expensive yesterday?', 'Who owns the most expensive resources?', 'What cost more than usual yesterday?']);
SELECT dbinsight._builtin_tool('dbinsight.get_workspace_cost_breakdown(text,date,date)'::regprocedure, ARRAY['cost'], ARRAY[
	'How much does each workspace cost?', 'Break down the cost of the production workspace', 'Which workspace spends the most?',
	'What products does workspace prod use and what do they cost?', 'Share of the account''s spend by workspace', 'Cost per workspace last month']);
SELECT dbinsight._builtin_tool('dbinsight.get_sku_cost_trend(text,integer)'::regprocedure, ARRAY['cost'], ARRAY[
	'How is the cost of the jobs compute SKU developing?', 'Trend of SKU costs over the last 30 days', 'Did a SKU''s price change?',
	'Daily cost of serverless SQL', 'Cumulative cost of a SKU this month', 'Which way is all-purpose compute cost going?']);
SELECT dbinsight._builtin_tool('dbinsight.get_cost_by_sku(date,date)'::regprocedure, ARRAY['cost'], ARRAY[
	'What do we spend by SKU?', 'Which SKUs cost most this month?', 'Is there usage without a price?',
	'Average unit price by SKU', 'DBU and cost per SKU and cloud', 'Top SKUs in the last 90 days']);
SELECT dbinsight._builtin_tool('dbinsight.get_cost_forecast(integer,text)'::regprocedure, ARRAY['cost'], ARRAY[
	'What will we spend in the next 30 days?', 'Forecast our Databricks cost', 'Predict next week''s DBU usage',
	'How much will the production workspace cost next month?', 'Expected spend for the coming days with a range', 'Cost projection for the next quarter']);
SELECT dbinsight._builtin_tool('dbinsight.get_budget_status(date,text)'::regprocedure, ARRAY['cost'], ARRAY[
	'Are we within budget?', 'Which budgets are exceeded?', 'When will the team budget run out?',
	'Budget status this month', 'How much of the workspace budget is used?', 'Will we overspend this month?']);
SELECT dbinsight._builtin_tool('dbinsight.get_cost_mtd_summary()'::regprocedure, ARRAY['cost'], ARRAY[
	'What is our month-to-date spend?', 'How much have we spent this month compared with last month?', 'Where will this month''s bill end?',
	'MTD cost and DBU', 'Projected cost at the end of the month', 'What did last month cost in total?']);
SELECT dbinsight._builtin_tool('dbinsight.get_idle_cluster_cost(integer,double precision)'::regprocedure, ARRAY['cost'], ARRAY[
	'How much do idle clusters cost us?', 'Which clusters are idle?', 'Where do we waste money on unused compute?',
	'Idle cost of clusters in the last week', 'Which clusters need a shorter auto termination?', 'Clusters that run but do nothing']);
SELECT dbinsight._builtin_tool('dbinsight.get_cost_by_tag(text,date,date)'::regprocedure, ARRAY['cost'], ARRAY[
	'What does each team cost?', 'Cost by project tag', 'Chargeback by cost center for last month',
	'Spend per environment', 'How much is untagged by team?', 'Which team spends the most?']);
SELECT dbinsight._builtin_tool('dbinsight.get_untagged_resources(date,date,text)'::regprocedure, ARRAY['cost'], ARRAY[
	'Which resources are untagged?', 'What do untagged clusters cost?', 'Which jobs miss the cost_center tag?',
	'List resources without required tags', 'Who owns untagged resources?', 'Spend that cannot be allocated']);
