/*
 * The engine: runs the rules, stores what they find once, groups findings
 * into incidents, scores entities.
 */

/* The allow-list entry that covers a finding, its id as text. Only rules about addresses and data may be excused by a user agent, which anybody can forge. */
CREATE FUNCTION dbinsight._suppressed_by(rule_id text, family text, entity_type text, entity_id text, workspace_id text, last_event timestamptz, evidence jsonb)
	RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
	RETURN (SELECT a.id::text FROM dbinsight.allow_list a
		WHERE a.rule IN ('*', _suppressed_by.rule_id, _suppressed_by.family) AND a.expires_at > _suppressed_by.last_event
			AND a.expires_at > dbinsight.now()
			AND (a.actor IS NULL OR lower(a.actor) IN (lower(_suppressed_by.entity_id), lower(_suppressed_by.evidence ->> 'actor')))
			AND (a.source_ip IS NULL OR coalesce(dbinsight.clean_ip(_suppressed_by.evidence ->> 'source_ip') <<= a.source_ip, false))
			AND (a.user_agent IS NULL OR (_suppressed_by.family NOT IN ('privilege', 'token')
				AND coalesce(strpos(lower(_suppressed_by.evidence ->> 'user_agent'), lower(a.user_agent)) > 0, false)))
			AND (a.object_prefix IS NULL OR coalesce(starts_with(_suppressed_by.evidence ->> 'object', a.object_prefix), false)
				OR EXISTS (SELECT FROM jsonb_array_elements_text(CASE jsonb_typeof(_suppressed_by.evidence -> 'tables') WHEN 'array'
					THEN _suppressed_by.evidence -> 'tables' ELSE '[]' END) t(name) HAVING count(*) > 0 AND bool_and(starts_with(t.name, a.object_prefix))))
			AND (a.domain_suffix IS NULL OR coalesce('.' || lower(_suppressed_by.evidence ->> 'destination')
				LIKE '%.' || replace(replace(lower(ltrim(a.domain_suffix, '.')), '_', '\_'), '%', '\%'), false))
			AND (a.workspace_id IS NULL OR coalesce(a.workspace_id = _suppressed_by.workspace_id, false))
			AND coalesce(a.actor, a.source_ip::text, a.user_agent, a.object_prefix, a.domain_suffix, a.workspace_id) IS NOT NULL
		ORDER BY a.created_at, a.id LIMIT 1);
COMMENT ON FUNCTION dbinsight._suppressed_by(text, text, text, text, text, timestamptz, jsonb) IS
'The oldest valid allow-list entry all of whose conditions a finding meets; an entry without a condition suppresses nothing';

/*
 * A detection that overlaps a stored finding of the same rule, entity and
 * object is that finding, seen with more or with less of its time: the id
 * stays and the finding only grows. So a run over any part of the time, any
 * number of times, gives the same findings.
 */
CREATE FUNCTION dbinsight._store_finding(d dbinsight._detection, rule dbinsight.detection_rules) RETURNS uuid
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	known uuid;
	entry text := dbinsight._suppressed_by(d.rule_id, rule.family, d.entity_type, d.entity_id, d.workspace_id, d.last_event, d.evidence);
BEGIN
	SELECT f.id INTO known FROM dbinsight.findings f
	WHERE f.rule_id = d.rule_id AND f.entity_id = d.entity_id AND f.entity_type = d.entity_type
		AND f.first_event <= d.last_event AND f.last_event >= d.first_event
		AND f.evidence ->> 'object' IS NOT DISTINCT FROM d.evidence ->> 'object'
	ORDER BY f.first_event, f.id LIMIT 1;
	IF known IS NULL THEN
		known := md5(concat_ws('|', d.rule_id, d.entity_type, d.entity_id, d.evidence ->> 'object',
			extract(epoch FROM d.first_event)))::uuid;
		INSERT INTO dbinsight.findings (id, rule_id, title, severity, technique, entity_type, entity_id, workspace_id, first_event,
			last_event, event_count, confidence, suppressed_by, evidence)
		VALUES (known, d.rule_id, rule.title, d.severity, rule.technique, d.entity_type, d.entity_id, d.workspace_id, d.first_event,
			d.last_event, d.event_count, d.confidence, entry, d.evidence)
		ON CONFLICT (id) DO NOTHING;
	ELSE
		UPDATE dbinsight.findings f SET first_event = least(f.first_event, d.first_event), last_event = greatest(f.last_event, d.last_event),
			event_count = greatest(f.event_count, d.event_count), suppressed_by = entry,
			severity = CASE WHEN dbinsight.severity_rank(d.severity) < dbinsight.severity_rank(f.severity) THEN d.severity ELSE f.severity END,
			evidence = CASE WHEN d.event_count > f.event_count THEN d.evidence ELSE f.evidence END
		WHERE f.id = known AND (f.first_event > d.first_event OR f.last_event < d.last_event OR f.event_count < d.event_count
			OR f.suppressed_by IS DISTINCT FROM entry OR dbinsight.severity_rank(d.severity) < dbinsight.severity_rank(f.severity));
	END IF;
	RETURN known;
END $$;
COMMENT ON FUNCTION dbinsight._store_finding(dbinsight._detection, dbinsight.detection_rules) IS 'Stores what a rule found, once; gives the finding''s id';

/*
 * Incidents: findings that share an identity (entity or actor) within two
 * hours, or an address within half an hour. What is medium or worse opens one;
 * low and info only join, unless three rules meet within an hour.
 */
CREATE FUNCTION dbinsight._store_incident(finding dbinsight.findings) RETURNS uuid
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	made uuid := md5('incident|' || finding.id)::uuid;
BEGIN
	INSERT INTO dbinsight.incidents (id, title, severity, opened_at, last_event, top_rule)
	VALUES (made, finding.title || ': ' || finding.entity_id, finding.severity, finding.first_event, finding.last_event, finding.rule_id)
	ON CONFLICT (id) DO NOTHING;
	RETURN made;
END $$;
COMMENT ON FUNCTION dbinsight._store_incident(dbinsight.findings) IS 'Opens an incident for a finding; the id is made of the finding''s';

CREATE FUNCTION dbinsight._matching_incident(finding dbinsight.findings) RETURNS uuid
	LANGUAGE sql STABLE
	RETURN (SELECT i.id FROM dbinsight.incidents i JOIN dbinsight.findings m ON m.incident_id = i.id,
			LATERAL (SELECT CASE WHEN lower(m.entity_id) IN (lower((_matching_incident.finding).entity_id), lower((_matching_incident.finding).evidence ->> 'actor'))
					OR lower(m.evidence ->> 'actor') IN (lower((_matching_incident.finding).entity_id), lower((_matching_incident.finding).evidence ->> 'actor'))
				THEN CASE (_matching_incident.finding).entity_type WHEN 'ip' THEN interval '30 minutes' ELSE interval '2 hours' END END AS near) k
		WHERE k.near IS NOT NULL
			AND m.first_event <= (_matching_incident.finding).last_event + k.near AND m.last_event >= (_matching_incident.finding).first_event - k.near
			AND (i.resolved_at IS NULL OR (_matching_incident.finding).last_event < i.resolved_at + interval '7 days')
			AND greatest(i.last_event, (_matching_incident.finding).last_event) - least(i.opened_at, (_matching_incident.finding).first_event) <= interval '72 hours'
		ORDER BY i.opened_at, i.id LIMIT 1);
COMMENT ON FUNCTION dbinsight._matching_incident(dbinsight.findings) IS
'The oldest incident a finding belongs to: same identity within two hours, same address within 30 minutes, 72 hours in all, not resolved a week ago';

CREATE FUNCTION dbinsight._store_incident_summaries() RETURNS void
	LANGUAGE sql BEGIN ATOMIC
	UPDATE dbinsight.incidents i SET severity = n.severity, opened_at = n.opened_at, last_event = n.last_event, top_rule = n.rule_id,
		title = n.title, suggested_actions = n.actions,
		status = CASE WHEN i.resolved_at < n.last_event THEN 'open' ELSE i.status END,
		reopened = i.reopened + CASE WHEN i.resolved_at < n.last_event THEN 1 ELSE 0 END,
		resolved_at = CASE WHEN i.resolved_at < n.last_event THEN NULL ELSE i.resolved_at END
	FROM (
		SELECT f.incident_id, dbinsight._severity_name(min(dbinsight.severity_rank(f.severity))) AS severity,
			min(f.first_event) AS opened_at, max(f.last_event) AS last_event,
			(array_agg(f.rule_id ORDER BY dbinsight.severity_rank(f.severity), f.first_event, f.id))[1] AS rule_id,
			(array_agg(f.title || ': ' || f.entity_id ORDER BY dbinsight.severity_rank(f.severity), f.first_event, f.id))[1] AS title,
			coalesce(array_agg(DISTINCT a.action) FILTER (WHERE a.action IS NOT NULL), '{}') AS actions
		FROM dbinsight.findings f LEFT JOIN dbinsight.detection_rules r ON r.id = f.rule_id LEFT JOIN LATERAL unnest(r.remediation) a(action) ON true
		WHERE f.incident_id IS NOT NULL AND f.suppressed_by IS NULL
		GROUP BY f.incident_id
	) n
	WHERE n.incident_id = i.id AND (i.severity, i.opened_at, i.last_event, i.top_rule, i.title, i.suggested_actions)
		IS DISTINCT FROM (n.severity, n.opened_at, n.last_event, n.rule_id, n.title, n.actions);
END;
COMMENT ON FUNCTION dbinsight._store_incident_summaries() IS
'An incident is what its findings are: severity, times, title and actions follow them; a finding after its resolution opens it again';

CREATE FUNCTION dbinsight._store_incidents() RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	f dbinsight.findings;
	incident uuid;
	grave boolean;
BEGIN
	-- First what may open an incident, then what may only join one.
	FOREACH grave IN ARRAY ARRAY[true, false] LOOP
		FOR f IN SELECT * FROM dbinsight.findings x
			WHERE x.incident_id IS NULL AND x.suppressed_by IS NULL AND x.status NOT IN ('false_positive', 'resolved')
				AND (dbinsight.severity_rank(x.severity) <= 3) = grave
			ORDER BY x.first_event, x.id
		LOOP
			incident := dbinsight._matching_incident(f);
			IF incident IS NULL AND (grave OR (f.severity = 'low' AND (SELECT count(DISTINCT n.rule_id) >= 3 FROM dbinsight.findings n
					WHERE n.entity_type = f.entity_type AND n.entity_id = f.entity_id AND n.suppressed_by IS NULL AND n.severity = 'low'
						AND n.first_event BETWEEN f.first_event - interval '60 minutes' AND f.first_event + interval '60 minutes'))) THEN
				incident := dbinsight._store_incident(f);
			END IF;
			UPDATE dbinsight.findings x SET incident_id = incident WHERE x.id = f.id AND incident IS NOT NULL;
		END LOOP;
	END LOOP;
	PERFORM dbinsight._store_incident_summaries();
END $$;
COMMENT ON FUNCTION dbinsight._store_incidents() IS 'Puts findings without an incident into one, and brings every incident''s summary up to date';

CREATE FUNCTION dbinsight.run_detections(since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL)
	RETURNS TABLE (rule_id text, findings bigint)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	start_time timestamptz := coalesce(since, dbinsight.now() - interval '30 days');
	end_time timestamptz := coalesce(until, dbinsight.now());
	rule dbinsight.detection_rules;
	d dbinsight._detection;
	known boolean;
BEGIN
	IF NOT (isfinite(start_time) AND isfinite(end_time) AND start_time < end_time) THEN
		RAISE EXCEPTION 'since must be a finite time before until' USING ERRCODE = '22023', HINT = 'The default is the last 30 days.';
	END IF;
	PERFORM pg_advisory_xact_lock(hashtextextended('dbinsight.run_detections', 0));
	FOR rule IN SELECT * FROM dbinsight.detection_rules r WHERE r.enabled ORDER BY r.id LOOP
		-- The row names a function of ours; it is never run as SQL.
		known := EXISTS (SELECT FROM pg_proc p
		WHERE p.pronamespace = 'dbinsight'::regnamespace AND p.proname = rule.query AND p.proname LIKE '\_detect\_%'
			AND p.proargtypes = '1184 1184'::oidvector AND p.proretset AND p.prorettype = 'dbinsight._detection'::regtype);
		IF NOT known THEN
			RAISE WARNING 'detection rule % is skipped: there is no function dbinsight.% of detections', rule.id, quote_ident(rule.query)
				USING HINT = 'A rule names a function _detect_… (since timestamptz, until timestamptz) returning SETOF dbinsight._detection.';
			CONTINUE;
		END IF;
		rule_id := rule.id;
		findings := 0;
		FOR d IN EXECUTE format('SELECT * FROM dbinsight.%I($1, $2) x ORDER BY x.first_event, x.entity_id, x.evidence ->> ''object''', rule.query)
			USING start_time, end_time
		LOOP
			PERFORM dbinsight._store_finding(d, rule);
			findings := findings + 1;
		END LOOP;
		RETURN NEXT;
	END LOOP;
	PERFORM dbinsight._store_incidents();
	PERFORM dbinsight._store_entity_risk();
END $$;
COMMENT ON FUNCTION dbinsight.run_detections(timestamptz, timestamptz) IS
'Runs the enabled detection rules over [since, until), by default the last 30 days; stores findings, incidents and entity risk; says how many detections each rule made. Running again changes nothing';
