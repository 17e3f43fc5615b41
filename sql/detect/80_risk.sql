/*
 * Risk of an entity, 0 to 100. Each finding contributes its severity's base
 * times its confidence, halved with every half-life of that severity; the
 * i-th strongest counts with weight i^-1.5, so that a flood of weak findings
 * never adds up to a strong one.
 */
CREATE FUNCTION dbinsight._contribution(severity text, confidence float8, age_hours float8) RETURNS float8
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE lower(severity) WHEN 'critical' THEN 0.90 WHEN 'high' THEN 0.70 WHEN 'medium' THEN 0.45 WHEN 'low' THEN 0.20 WHEN 'info' THEN 0.05 END
		* greatest(0, least(1, confidence))
		* power(2::float8, - greatest(0, age_hours) / CASE lower(severity) WHEN 'critical' THEN 168 WHEN 'high' THEN 96
			WHEN 'medium' THEN 48 WHEN 'low' THEN 24 WHEN 'info' THEN 12 END);
COMMENT ON FUNCTION dbinsight._contribution(text, float8, float8) IS 'What one finding contributes to risk, 0 to 1: base of its severity, confidence, age';

CREATE FUNCTION dbinsight.risk_score(severities text[], confidences float8[], ages_hours float8[], multiplier float8 DEFAULT 1) RETURNS float8
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT 100 * o.odds / (1 + o.odds)
	FROM (
		SELECT multiplier * least(99.9, r.r) / (100 - least(99.9, r.r)) AS odds
		FROM (
			SELECT 100 * (1 - coalesce(exp(sum(ln(1 - s.c * power(s.i::float8, -1.5)))), 1)) AS r
			FROM (
				SELECT t.c, row_number() OVER (ORDER BY t.c DESC) AS i
				FROM (SELECT dbinsight._contribution(u.severity, u.confidence, u.age_hours) AS c
					FROM unnest(severities, confidences, ages_hours) u(severity, confidence, age_hours)) t
				WHERE t.c IS NOT NULL
			) s
			WHERE s.i <= 50
		) r
	) o;
END;
COMMENT ON FUNCTION dbinsight.risk_score(text[], float8[], float8[], float8) IS
'Risk 0 to 100 of findings given by severity, confidence (0 to 1) and age in hours; multiplier 1.5 for administrators and production, 0.75 for development, 1 otherwise';

CREATE FUNCTION dbinsight.risk_band(risk float8) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE WHEN risk >= 90 THEN 'critical' WHEN risk >= 70 THEN 'high' WHEN risk >= 40 THEN 'medium' WHEN risk >= 20 THEN 'low'
		WHEN risk IS NOT NULL THEN 'none' END;
COMMENT ON FUNCTION dbinsight.risk_band(float8) IS 'Band of a risk: critical from 90, high from 70, medium from 40, low from 20, else none';

/*
 * Findings of the last 30 days per entity: an entity's own in full, and to a
 * workspace also those of its users and addresses, at half the confidence.
 */
CREATE FUNCTION dbinsight._store_entity_risk() RETURNS bigint
	LANGUAGE sql BEGIN ATOMIC
	SELECT pg_advisory_xact_lock(hashtextextended('dbinsight.entity_risk', 0));
	-- One state a day is kept: enough to say what the risk was a week ago.
	DELETE FROM dbinsight.entity_risk r
	WHERE r.as_of >= dbinsight.today()::timestamp AT TIME ZONE 'UTC' AND r.as_of < (dbinsight.today() + 1)::timestamp AT TIME ZONE 'UTC';
	WITH finding AS (
		SELECT f.id, f.rule_id, f.severity, f.entity_type, f.entity_id, f.workspace_id, f.last_event, f.confidence
		FROM dbinsight.findings f
		WHERE f.last_event >= dbinsight.now() - interval '30 days' AND f.last_event <= dbinsight.now()
			AND f.suppressed_by IS NULL AND f.status <> 'false_positive'
	), of_entity AS (
		SELECT f.entity_type, f.entity_id, f.id, f.rule_id, f.severity, f.last_event, f.confidence FROM finding f
		WHERE f.entity_type IN ('user', 'service_principal', 'ip', 'token', 'workspace', 'recipient')
		UNION ALL
		SELECT 'workspace', f.workspace_id, f.id, f.rule_id, f.severity, f.last_event, f.confidence / 2 FROM finding f
		WHERE f.workspace_id <> '0' AND NOT (f.entity_type = 'workspace' AND f.entity_id = f.workspace_id)
	), part AS (
		SELECT e.*, extract(epoch FROM dbinsight.now() - e.last_event)::float8 / 3600 AS age,
			dbinsight._contribution(e.severity, e.confidence, extract(epoch FROM dbinsight.now() - e.last_event)::float8 / 3600) AS c
		FROM of_entity e
	), ranked AS (
		SELECT p.*, row_number() OVER (PARTITION BY p.entity_type, p.entity_id ORDER BY p.c DESC, p.last_event DESC, p.id) AS i FROM part p
	), entity AS (
		SELECT r.entity_type, r.entity_id, array_agg(r.severity) AS severities, array_agg(r.confidence) AS confidences, array_agg(r.age) AS ages,
			count(*) AS findings, max(r.c) AS top, max(r.last_event) AS last_event,
			jsonb_agg(jsonb_build_object('finding_id', r.id, 'rule_id', r.rule_id, 'contribution', dbinsight._r(r.c, 4),
				'weight', dbinsight._r(power(r.i::float8, -1.5), 4)) ORDER BY r.i) FILTER (WHERE r.i <= 50) AS contributions
		FROM ranked r GROUP BY r.entity_type, r.entity_id
	), scored AS (
		SELECT e.*, dbinsight.risk_score(e.severities, e.confidences, e.ages, CASE
				WHEN e.entity_type IN ('user', 'service_principal') AND EXISTS (
					SELECT FROM dbinsight._admin_grants(dbinsight.now() - interval '400 days', dbinsight.now()) g WHERE g.target = e.entity_id) THEN 1.5
				WHEN e.entity_type = 'workspace' THEN coalesce((SELECT CASE WHEN w.workspace_name ~* '(^|[^a-z])prod' THEN 1.5
					WHEN w.workspace_name ~* '(^|[^a-z])dev' THEN 0.75 END FROM dbinsight.dim_workspace w WHERE w.workspace_id = e.entity_id), 1)
				ELSE 1 END) AS risk,
			(SELECT array_agg(t.rule_id ORDER BY t.c DESC, t.rule_id) FROM (
				SELECT r.rule_id, max(r.c) AS c FROM ranked r WHERE r.entity_type = e.entity_type AND r.entity_id = e.entity_id
				GROUP BY r.rule_id ORDER BY 2 DESC, 1 LIMIT 5) t) AS top_rules
		FROM entity e
	), stored AS (
		INSERT INTO dbinsight.entity_risk (entity_type, entity_id, as_of, risk, band, findings, top_rules, top_contribution, last_event, contributions)
		SELECT s.entity_type, s.entity_id, dbinsight.now(), dbinsight._r(s.risk, 2), dbinsight.risk_band(s.risk), s.findings, s.top_rules,
			dbinsight._r(s.top, 4), s.last_event, s.contributions
		FROM scored s
		RETURNING 1
	)
	SELECT count(*) FROM stored;
END;
COMMENT ON FUNCTION dbinsight._store_entity_risk() IS
'Stores today''s risk of every entity with a finding of the last 30 days that is neither suppressed nor a false positive; says how many';
