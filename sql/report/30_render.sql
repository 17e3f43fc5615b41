/*
 * The forms of a report.
 */
CREATE FUNCTION dbinsight._cell(value jsonb, unit text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE WHEN value IS NULL OR jsonb_typeof(value) = 'null' THEN '–'
		WHEN unit <> '' AND jsonb_typeof(value) = 'number' THEN dbinsight._shown((value #>> '{}')::numeric, unit)
		ELSE value #>> '{}' END;
COMMENT ON FUNCTION dbinsight._cell(jsonb, text) IS 'One cell of a report''s table as text';

CREATE FUNCTION dbinsight._figure_change(figure jsonb) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE WHEN figure ->> 'change_points' IS NOT NULL THEN to_char((figure ->> 'change_points')::numeric, 'FMSG999990.0') || ' points'
		WHEN figure ->> 'change_pct' IS NOT NULL THEN to_char((figure ->> 'change_pct')::numeric, 'FMSG999,990.0') || ' %' END;
COMMENT ON FUNCTION dbinsight._figure_change(jsonb) IS 'The change of a figure against the period before, signed; NULL when there is none';

CREATE FUNCTION dbinsight._markdown_table(t jsonb) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT '### ' || (_markdown_table.t ->> 'caption') || E'\n\n' || CASE WHEN jsonb_array_length(_markdown_table.t -> 'rows') = 0
		THEN (_markdown_table.t ->> 'empty') || E'\n'
		ELSE (SELECT '| ' || string_agg(c ->> 0, ' | ' ORDER BY i) || E' |\n|' || string_agg(CASE c ->> 1 WHEN '' THEN ' --- |' ELSE ' ---: |' END, '' ORDER BY i) || E'\n'
				FROM jsonb_array_elements(_markdown_table.t -> 'columns') WITH ORDINALITY a(c, i))
			|| (SELECT string_agg(line, '' ORDER BY n) FROM (
				SELECT n, '| ' || string_agg(dbinsight._markdown_cell(dbinsight._cell(v, _markdown_table.t -> 'columns' -> (i - 1)::int ->> 1)), ' | ' ORDER BY i) || E' |\n' AS line
				FROM jsonb_array_elements(_markdown_table.t -> 'rows') WITH ORDINALITY r(cells, n), jsonb_array_elements(cells) WITH ORDINALITY c(v, i)
				GROUP BY n) l) END;
END;
COMMENT ON FUNCTION dbinsight._markdown_table(jsonb) IS 'A report''s table as Markdown';

CREATE FUNCTION dbinsight._report_markdown(report jsonb) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT format(E'# %s\n\n%s. Made at %s UTC by dbinsight.\n', _report_markdown.report ->> 'title', _report_markdown.report ->> 'period', _report_markdown.report ->> 'made_at')
		|| coalesce((SELECT E'\n> ' || string_agg(w #>> '{}', E'\n> ') || E'\n' FROM jsonb_array_elements(_report_markdown.report -> 'warnings') w), '')
		|| (SELECT string_agg(
			format(E'\n## %s\n\n%s\n\n', s ->> 'title', dbinsight._markdown_cell(s ->> 'summary'))
			|| (SELECT string_agg(format('- %s: **%s**%s', f ->> 'label', dbinsight._shown((f ->> 'value')::numeric, f ->> 'unit'),
					coalesce(' (' || dbinsight._figure_change(f) || ')', '')), E'\n' ORDER BY n) || E'\n'
				FROM jsonb_array_elements(s -> 'figures') WITH ORDINALITY x(f, n))
			|| coalesce((SELECT string_agg(format(E'\n%s: `%s`\n', c ->> 'caption', dbinsight.sparkline((SELECT array_agg((p ->> 1)::float8 ORDER BY m) FROM jsonb_array_elements(c -> 'rows') WITH ORDINALITY y(p, m)))), '' ORDER BY n)
				FROM jsonb_array_elements(s -> 'charts') WITH ORDINALITY x(c, n) WHERE c ->> 'kind' = 'area' AND jsonb_array_length(c -> 'rows') > 1), '')
			|| coalesce((SELECT string_agg(E'\n' || dbinsight._markdown_table(t), '' ORDER BY n) FROM jsonb_array_elements(s -> 'tables') WITH ORDINALITY x(t, n)), ''), '' ORDER BY k)
		FROM jsonb_array_elements(_report_markdown.report -> 'sections') WITH ORDINALITY z(s, k));
END;
COMMENT ON FUNCTION dbinsight._report_markdown(jsonb) IS 'A report as Markdown';

CREATE FUNCTION dbinsight._html_table(t jsonb) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE WHEN jsonb_array_length(_html_table.t -> 'rows') = 0
		THEN format('<h3>%s</h3><p class="empty">%s</p>', dbinsight._html(_html_table.t ->> 'caption'), dbinsight._html(_html_table.t ->> 'empty'))
		ELSE format('<div class="scroll" tabindex="0" role="region" aria-label="%1$s"><table><caption>%1$s</caption><thead><tr>', dbinsight._html(_html_table.t ->> 'caption'))
			|| (SELECT string_agg(format('<th scope="col"%s>%s</th>', CASE c ->> 1 WHEN '' THEN '' ELSE ' class="n"' END, dbinsight._html(c ->> 0)), '' ORDER BY i)
				FROM jsonb_array_elements(_html_table.t -> 'columns') WITH ORDINALITY a(c, i))
			|| '</tr></thead><tbody>'
			|| (SELECT string_agg('<tr>' || cells || '</tr>', '' ORDER BY n) FROM (
				SELECT n, string_agg(format('<td%s>%s</td>', CASE _html_table.t -> 'columns' -> (i - 1)::int ->> 1 WHEN '' THEN
						CASE WHEN v #>> '{}' IN ('critical', 'high', 'medium', 'low') THEN format(' class="s %s"', v #>> '{}') ELSE '' END ELSE ' class="n"' END,
					dbinsight._html(dbinsight._cell(v, _html_table.t -> 'columns' -> (i - 1)::int ->> 1))), '' ORDER BY i) AS cells
				FROM jsonb_array_elements(_html_table.t -> 'rows') WITH ORDINALITY r(cells, n), jsonb_array_elements(cells) WITH ORDINALITY c(v, i)
				GROUP BY n) l)
			|| '</tbody></table></div>' END;
END;
COMMENT ON FUNCTION dbinsight._html_table(jsonb) IS 'A report''s table as HTML, everything escaped';

CREATE FUNCTION dbinsight._html_chart(chart jsonb) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE WHEN svg = '' THEN '' ELSE format('<figure>%s<figcaption>%s</figcaption></figure>', svg, dbinsight._html(_html_chart.chart ->> 'caption')) END
	FROM (SELECT CASE _html_chart.chart ->> 'kind'
		WHEN 'area' THEN dbinsight._svg_area(_html_chart.chart ->> 'caption', _html_chart.chart ->> 'unit', coalesce(nullif(_html_chart.chart -> 'rows', 'null'), '[]'),
			_html_chart.chart -> 'forecast', (_html_chart.chart ->> 'reference')::numeric)
		WHEN 'bars' THEN dbinsight._svg_bars(_html_chart.chart ->> 'caption', _html_chart.chart ->> 'unit', _html_chart.chart -> 'rows')
		ELSE dbinsight._svg_columns(_html_chart.chart ->> 'caption', _html_chart.chart -> 'rows') END AS svg) s;
END;
COMMENT ON FUNCTION dbinsight._html_chart(jsonb) IS 'A report''s chart as a figure with its caption; empty when there is nothing to draw';

CREATE FUNCTION dbinsight._report_style() RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN ':root{color-scheme:light dark;--bg:#F6F5F1;--surface:#FFF;--line:#D9D5CA;--text:#1B1F23;--text2:#4A4F57;--accent:#0B5C66;--soft:#E1EEEF;--s1:#0B6E79;--s2:#A33A03;--s4:#8F7C5E;'
		'--critical:#A8201A;--high:#A03F08;--medium:#6F5300;--low:#24527A;--ok:#1E6B3A}'
		'@media(prefers-color-scheme:dark){:root{--bg:#0F1417;--surface:#171E22;--line:#2D383E;--text:#ECEFEA;--text2:#A9B3B5;--accent:#5CC4CE;--soft:#12343A;--s1:#5CC4CE;--s2:#C16730;--s4:#FEE676;'
		'--critical:#FF8A80;--high:#FFA86B;--medium:#E6C34A;--low:#8DB9E8;--ok:#6FCF97}}'
		'*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--text);font:1rem/1.5 ui-sans-serif,system-ui,sans-serif}'
		'main{max-width:72rem;margin:0 auto;padding:1.5rem 1rem}h1{font-size:1.5rem;margin:0 0 .25rem}h2{font-size:1.25rem;margin:2rem 0 .5rem}h3{font-size:1rem;margin:1rem 0 .25rem}'
		'p{margin:.25rem 0 1rem}.meta,.empty{color:var(--text2)}.warning{border-left:3px solid var(--high);padding-left:.75rem}'
		'.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));gap:1rem;margin:0 0 1rem;padding:0}'
		'.figures div{background:var(--surface);border:1px solid var(--line);border-radius:10px;padding:1rem 1.25rem}'
		'dt{font-size:.875rem;color:var(--text2)}dd{margin:0;font-size:2rem;font-variant-numeric:tabular-nums;line-height:1.2}dd small{display:block;font-size:.875rem;color:var(--text2)}'
		'.better{color:var(--ok)!important}.worse{color:var(--critical)!important}'
		'figure,.scroll{background:var(--surface);border:1px solid var(--line);border-radius:10px;margin:0 0 1rem;padding:1rem}.scroll{overflow-x:auto}'
		'.scroll:focus-visible{outline:2px solid var(--high);outline-offset:2px}'
		'figcaption,caption{font-size:.875rem;color:var(--text2);text-align:left;padding:.25rem 0}caption{font-weight:600;color:var(--text)}'
		'table{border-collapse:collapse;width:100%;font-size:.875rem}th,td{text-align:left;padding:.35rem .75rem .35rem 0;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:break-word}'
		'th{color:var(--text2);font-weight:600}.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}'
		'.s{font-weight:600}.critical{color:var(--critical)}.high{color:var(--high)}.medium{color:var(--medium)}.low{color:var(--low)}'
		'svg{display:block;width:100%;height:auto;font-size:12px;fill:var(--text2)}.grid line{stroke:var(--line)}.area{fill:var(--soft)}.band{fill:var(--soft);opacity:.7}'
		'.line{fill:none;stroke:var(--s1);stroke-width:2}.dashed{stroke-dasharray:6 4}.dot,.bar,rect.ok{fill:var(--s1)}rect.failed{fill:var(--s2)}rect.other{fill:var(--s4)}'
		'.reference{stroke:var(--s2);stroke-dasharray:2 4}.name{fill:var(--text)}'
		'@media print{@page{size:A4;margin:15mm}body{background:#FFF}section{break-inside:auto}h2{break-after:avoid}figure,.figures,tr{break-inside:avoid}section+section{break-before:page}}';
COMMENT ON FUNCTION dbinsight._report_style() IS 'Style sheet of the HTML report: both themes by media query, print style';

CREATE FUNCTION dbinsight._html_figures(figures jsonb) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT '<dl class="figures">' || string_agg(format('<div><dt>%s</dt><dd>%s%s</dd></div>', dbinsight._html(f ->> 'label'),
		dbinsight._html(dbinsight._shown((f ->> 'value')::numeric, f ->> 'unit')),
		-- format() takes NULL for an empty text: what is not known says nothing
		CASE WHEN change IS NULL THEN '' WHEN change = 0 THEN '<small>as before</small>' ELSE format('<small%s>%s than before</small>',
			CASE WHEN f ->> 'better' = 'none' THEN '' WHEN (f ->> 'better' = 'up') = (change > 0) THEN ' class="better"' ELSE ' class="worse"' END,
			CASE WHEN change > 0 THEN '▲ ' || ltrim(words, '+') || ' more' ELSE '▼ ' || ltrim(words, '-') || ' less' END) END), '' ORDER BY n) || '</dl>'
	FROM jsonb_array_elements(_html_figures.figures) WITH ORDINALITY x(f, n),
		LATERAL (SELECT coalesce(f ->> 'change_points', f ->> 'change_pct')::numeric AS change, dbinsight._figure_change(f) AS words) c;
END;
COMMENT ON FUNCTION dbinsight._html_figures(jsonb) IS 'The figures of a report section as HTML';

CREATE FUNCTION dbinsight._report_html(report jsonb) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT format('<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"/><meta name="viewport" content="width=device-width,initial-scale=1"/><title>%1$s</title><style>%2$s</style></head><body><main><h1>%1$s</h1><p class="meta">%3$s. Made at %4$s UTC by dbinsight.</p>',
			dbinsight._html(_report_html.report ->> 'title'), dbinsight._report_style(), dbinsight._html(_report_html.report ->> 'period'), dbinsight._html(_report_html.report ->> 'made_at'))
		|| coalesce((SELECT string_agg(format('<p class="warning">%s</p>', dbinsight._html(w #>> '{}')), '') FROM jsonb_array_elements(_report_html.report -> 'warnings') w), '')
		|| (SELECT string_agg(format('<section aria-labelledby="%1$s"><h2 id="%1$s">%2$s</h2><p>%3$s</p>', dbinsight._html(s ->> 'id'), dbinsight._html(s ->> 'title'), dbinsight._html(s ->> 'summary'))
			|| dbinsight._html_figures(s -> 'figures')
			|| coalesce((SELECT string_agg(dbinsight._html_chart(c), '' ORDER BY n) FROM jsonb_array_elements(s -> 'charts') WITH ORDINALITY x(c, n)), '')
			|| coalesce((SELECT string_agg(dbinsight._html_table(t), '' ORDER BY n) FROM jsonb_array_elements(s -> 'tables') WITH ORDINALITY x(t, n)), '')
			|| '</section>', '' ORDER BY k)
			FROM jsonb_array_elements(_report_html.report -> 'sections') WITH ORDINALITY z(s, k))
		|| '</main></body></html>';
END;
COMMENT ON FUNCTION dbinsight._report_html(jsonb) IS 'A report as one HTML file: no request to anywhere, no script, charts as inline SVG';

CREATE TABLE dbinsight.report_templates (
	kind text PRIMARY KEY,
	title text NOT NULL,
	days int NOT NULL CHECK (days BETWEEN 1 AND 366),
	sections text[] NOT NULL CHECK (sections <@ ARRAY['platform', 'cost', 'jobs', 'security'] AND cardinality(sections) > 0),
	builtin boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE dbinsight.report_templates IS 'Kinds of reports: their sections in order and the days they look back by default';

INSERT INTO dbinsight.report_templates VALUES
	('daily', 'Daily report', 1, '{platform,cost,jobs,security}', true),
	('weekly', 'Weekly report', 7, '{platform,cost,jobs,security}', true),
	('cost', 'Cost report', 30, '{cost}', true),
	('jobs', 'Job report', 7, '{jobs}', true),
	('security', 'Security report', 7, '{security}', true);

CREATE FUNCTION dbinsight._report_data(kind text, since date, until date) RETURNS jsonb
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
	template dbinsight.report_templates;
	sections jsonb := '[]';
	section text;
	data jsonb;
	late jsonb;
BEGIN
	SELECT * INTO template FROM dbinsight.report_templates t WHERE t.kind = _report_data.kind;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'report "%" does not exist', coalesce(_report_data.kind, 'NULL') USING ERRCODE = 'undefined_object',
			HINT = format('There are: %s. A row of dbinsight.report_templates makes another.',
				(SELECT string_agg(t.kind, ', ' ORDER BY t.kind) FROM dbinsight.report_templates t));
	END IF;
	since := dbinsight._start_date(since, until, CASE WHEN until IS NULL THEN template.days ELSE dbinsight.today() - until + template.days - 1 END);
	until := dbinsight._end_date(since, until);
	FOREACH section IN ARRAY template.sections LOOP
		EXECUTE format('SELECT dbinsight.%I($1, $2)', '_report_' || section) INTO data USING since, until;
		sections := sections || jsonb_build_array(data);
	END LOOP;
	SELECT coalesce(jsonb_agg(format('%s is behind: its newest row is %s, %s.', s.source_table, to_char(s.last_event_time AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'),
		dbinsight._duration(extract(epoch FROM dbinsight.now() - s.last_event_time)) || ' old') ORDER BY s.source_table COLLATE "C"), '[]') INTO late
	FROM dbinsight.ingest_status s
	WHERE s.gold_table IN ('fact_usage', 'fact_audit_logs', 'fact_job_run_timeline')
		AND s.last_event_time < dbinsight.now() - 3 * s.lag_target_minutes * interval '1 minute';
	RETURN jsonb_build_object('kind', kind, 'title', template.title, 'since', since, 'until', until,
		'period', CASE WHEN since = until THEN since::text ELSE since || ' to ' || until END,
		'made_at', to_char(dbinsight.now() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'), 'warnings', late, 'sections', sections);
END $$;
COMMENT ON FUNCTION dbinsight._report_data(text, date, date) IS 'What a report says, before it is given a form';

CREATE FUNCTION dbinsight.report(kind text DEFAULT 'daily', format text DEFAULT 'markdown', since date DEFAULT NULL, until date DEFAULT NULL) RETURNS text
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	form text := dbinsight._one_of('format', coalesce(report.format, 'NULL'), 'markdown', 'json', 'html');
	data jsonb := dbinsight._report_data(report.kind, report.since, report.until);
BEGIN
	RETURN CASE form WHEN 'markdown' THEN dbinsight._report_markdown(data) WHEN 'html' THEN dbinsight._report_html(data) ELSE jsonb_pretty(data) END;
END $$;
COMMENT ON FUNCTION dbinsight.report(text, text, date, date) IS
'A report over a period: kind is a row of report_templates (daily, weekly, cost, jobs, security), format markdown, json or html. Without dates it ends yesterday';
