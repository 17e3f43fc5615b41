/*
 * Charts for terminals and for one self-contained HTML page. Shapes and
 * colours are those of the console's design: plain SVG, drawn from figures,
 * no script, nothing fetched.
 */
/* In numeric: float8 would raise where a difference or a quotient leaves its range. */
CREATE FUNCTION dbinsight.sparkline("values" float8[]) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT string_agg(CASE WHEN v IS NULL OR v = 'NaN' THEN ' '
		WHEN v = 'Infinity' THEN '█'
		WHEN v = '-Infinity' THEN '▁'
		WHEN hi = lo THEN '▄'
		ELSE substr('▁▂▃▄▅▆▇█', 1 + floor(7.999 * (v - lo) / (hi - lo))::int, 1) END, '' ORDER BY n)
	FROM (SELECT v::numeric, n FROM unnest(sparkline."values") WITH ORDINALITY u(v, n)) u,
		(SELECT min(x)::numeric AS lo, max(x)::numeric AS hi FROM unnest(sparkline."values") x WHERE x NOT IN ('NaN', 'Infinity', '-Infinity')) r;
END;
COMMENT ON FUNCTION dbinsight.sparkline(float8[]) IS
'A line of block characters, lowest to highest value; a missing value is a blank: SELECT sparkline(array_agg(total_cost ORDER BY usage_date)) FROM get_daily_cost_summary()';

CREATE FUNCTION dbinsight.bar(value float8, "max" float8, width int DEFAULT 20) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	-- Eighths of a character; what does not fit stops at the width.
	SELECT repeat('█', eighths / 8) || CASE eighths % 8 WHEN 0 THEN '' ELSE substr('▏▎▍▌▋▊▉', eighths % 8, 1) END
	FROM (SELECT round(8 * dbinsight._in_range('width', bar.width, 1, 200)
		* greatest(0, least(1, coalesce(nullif(bar.value::numeric / nullif(bar."max"::numeric, 0), 'NaN'), 0))))::int AS eighths) e;
END;
COMMENT ON FUNCTION dbinsight.bar(float8, float8, int) IS
'A bar of block characters, value of max, width characters wide: SELECT resource_name, bar(cost, max(cost) OVER ()) FROM get_top_cost_drivers()';

/* ---- text ---- */

CREATE FUNCTION dbinsight._html("text" text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN replace(replace(replace(replace(replace("text", '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;'), '''', '&#39;');
COMMENT ON FUNCTION dbinsight._html(text) IS 'Text escaped for HTML and SVG, attributes too';

CREATE FUNCTION dbinsight._markdown_cell("text" text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN replace(replace(replace(regexp_replace("text", '[\r\n]+', ' ', 'g'), '\', '\\'), '|', '\|'), '<', '&lt;');
COMMENT ON FUNCTION dbinsight._markdown_cell(text) IS 'Text for one line or cell of Markdown: it cannot break its table nor bring HTML';

CREATE FUNCTION dbinsight._duration(seconds numeric) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE WHEN seconds < 1 THEN round(seconds * 1000)::text || ' ms'
		WHEN seconds < 60 THEN trim_scale(round(seconds, 1))::text || ' s'
		WHEN seconds < 3600 THEN floor(seconds / 60)::text || ' min ' || lpad(floor(seconds)::bigint % 60 || '', 2, '0') || ' s'
		ELSE floor(seconds / 3600)::text || ' h ' || lpad((floor(seconds)::bigint % 3600) / 60 || '', 2, '0') || ' min' END;
COMMENT ON FUNCTION dbinsight._duration(numeric) IS 'Seconds as people say them: 2 h 05 min, 3 min 07 s, 4.2 s';

/* NULL is no data and is shown as a dash, never as 0. */
CREATE FUNCTION dbinsight._shown(value numeric, unit text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE WHEN value IS NULL THEN '–'
		WHEN unit = 'usd' THEN CASE WHEN value < 0 THEN '-' ELSE '' END || '$'
			|| to_char(abs(value), CASE WHEN abs(value) < 10000 THEN 'FM999,990.00' ELSE 'FM999,999,999,990' END)
		WHEN unit = 'pct' THEN to_char(value, 'FM999,990.0') || ' %'
		WHEN unit = 'count' THEN to_char(value, 'FM999,999,999,990')
		WHEN unit = 'dbu' THEN to_char(value, CASE WHEN abs(value) < 1000 THEN 'FM990.0' ELSE 'FM999,999,999,990' END)
		WHEN unit = 's' THEN dbinsight._duration(value)
		WHEN unit = 'score' THEN to_char(value, 'FM990.0')
		ELSE trim_scale(round(value, 2))::text END;
COMMENT ON FUNCTION dbinsight._shown(numeric, text) IS 'A figure in its unit: usd, pct, count, dbu, s, score; a dash for no data';

/* Change against the period before, in words. */
CREATE FUNCTION dbinsight._change_words(change_pct numeric) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE WHEN change_pct IS NULL THEN 'no figure before'
		WHEN abs(change_pct) < 0.05 THEN 'unchanged'
		WHEN change_pct > 0 THEN to_char(change_pct, 'FM999,990.0') || ' % more than before'
		ELSE to_char(-change_pct, 'FM999,990.0') || ' % less than before' END;
COMMENT ON FUNCTION dbinsight._change_words(numeric) IS 'A percent change in words';

/* ---- axes ---- */

/* Next of 1, 2, 2.5, 5 times a power of ten at or above a fifth of the top, so that an axis has at most six labels. */
CREATE FUNCTION dbinsight._nice_step(top numeric) RETURNS numeric
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE WHEN _nice_step.top <= 0 THEN 1 ELSE min(m * power(10::numeric, e)) FILTER (WHERE m * power(10::numeric, e) * 5 >= _nice_step.top) END
	FROM (VALUES (1), (2), (2.5), (5), (10)) f(m),
		(SELECT floor(log(greatest(_nice_step.top, 0.000001) / 5)) AS e) p;
END;
COMMENT ON FUNCTION dbinsight._nice_step(numeric) IS 'Step of an axis from 0 to top with at most six labels';

/*
 * A series over time as area and line with an optional forecast (dashed, with
 * its band). points: [[label, value|null], …]; forecast: [[label, value, low, high], …].
 */
CREATE FUNCTION dbinsight._svg_area(caption text, unit text, points jsonb, forecast jsonb DEFAULT '[]', reference numeric DEFAULT NULL) RETURNS text
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	n int := jsonb_array_length(points);
	total int := n + jsonb_array_length(forecast);
	top numeric;
	step numeric;
	line text;
	area text;
	dashed text;
	band text;
	grid text := '';
	labels text := '';
	ends text := '';
BEGIN
	IF n = 0 THEN
		RETURN '';
	END IF;
	SELECT greatest(max((p ->> 1)::numeric), max((p ->> 3)::numeric), _svg_area.reference, 0.000001) INTO top
	FROM jsonb_array_elements(points || forecast) p;
	step := dbinsight._nice_step(top);
	top := step * ceil(top / step);

	-- The plot is 720 x 180 at (60, 10) of a box of 800 x 240.
	SELECT string_agg(format('<line x1="60" y1="%1$s" x2="780" y2="%1$s"/><text x="54" y="%2$s" text-anchor="end">%3$s</text>',
		round(190 - 180 * v / top, 1), round(194 - 180 * v / top, 1), dbinsight._html(dbinsight._shown(v, unit))), '' ORDER BY v)
	INTO grid FROM generate_series(0, top, step) v;
	WITH p AS (
		SELECT i, 60 + 720 * (i - 1) / greatest(total - 1, 1)::numeric AS x, CASE WHEN e ->> 1 IS NOT NULL THEN 190 - 180 * greatest((e ->> 1)::numeric, 0) / top END AS y, e, i > n AS future
		FROM jsonb_array_elements(points || forecast) WITH ORDINALITY a(e, i)
	)
	SELECT
		string_agg(round(x, 1) || ',' || round(y, 1), ' ' ORDER BY i) FILTER (WHERE NOT future AND y IS NOT NULL),
		string_agg(round(x, 1) || ',' || round(y, 1), ' ' ORDER BY i) FILTER (WHERE i >= n AND y IS NOT NULL),
		string_agg(round(x, 1) || ',' || round(190 - 180 * least((e ->> 3)::numeric, top) / top, 1), ' ' ORDER BY i) FILTER (WHERE future),
		string_agg(CASE WHEN (i - 1) % greatest(1, ceil(total / 8.0)::int) = 0
			THEN format('<text x="%s" y="210" text-anchor="middle">%s</text>', round(x, 1), dbinsight._html(e ->> 0)) ELSE '' END, '' ORDER BY i),
		string_agg(CASE WHEN i = n AND y IS NOT NULL
			THEN format('<circle class="dot" cx="%s" cy="%s" r="4"/>', round(x, 1), round(y, 1)) ELSE '' END, '')
	INTO line, dashed, band, labels, ends FROM p;
	area := format('%s 60,190', coalesce(line, ''));
	IF band IS NOT NULL THEN
		SELECT band || ' ' || string_agg(round(60 + 720 * (n + i - 1) / greatest(total - 1, 1)::numeric, 1) || ','
			|| round(190 - 180 * greatest((e ->> 2)::numeric, 0) / top, 1), ' ' ORDER BY i DESC)
		INTO band FROM jsonb_array_elements(forecast) WITH ORDINALITY a(e, i);
	END IF;
	RETURN format('<svg viewBox="0 0 800 240" role="img" aria-label="%s"><g class="grid">%s</g><g class="axis">%s</g>', dbinsight._html(caption), grid, labels)
		|| CASE WHEN band IS NULL THEN '' ELSE format('<polygon class="band" points="%s"/>', band) END
		|| format('<polygon class="area" points="60,190 %s %s,190"/>', coalesce(line, ''), round(60 + 720 * (n - 1) / greatest(total - 1, 1)::numeric, 1))
		|| format('<polyline class="line" points="%s"/>', coalesce(line, ''))
		|| CASE WHEN jsonb_array_length(forecast) > 0 THEN format('<polyline class="line dashed" points="%s"/>', dashed) ELSE '' END
		|| CASE WHEN reference IS NULL THEN '' ELSE format('<line class="reference" x1="60" x2="780" y1="%1$s" y2="%1$s"/>', round(190 - 180 * reference / top, 1)) END
		|| ends || '</svg>';
END $$;
COMMENT ON FUNCTION dbinsight._svg_area(text, text, jsonb, jsonb, numeric) IS
'SVG of a series over time: area and line, an optional dashed forecast with its band, an optional reference line';

/* Horizontal bars, largest first as given. rows: [[label, value], …]. */
CREATE FUNCTION dbinsight._svg_bars(caption text, unit text, rows jsonb) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE WHEN count(*) = 0 THEN '' ELSE
		format('<svg viewBox="0 0 800 %s" role="img" aria-label="%s">', 8 + 28 * count(*), dbinsight._html(_svg_bars.caption))
		|| string_agg(format('<text class="name" x="250" y="%s" text-anchor="end">%s</text><rect class="bar" x="260" y="%s" width="%s" height="18"/><text x="%s" y="%s">%s</text>',
			28 * i - 8, dbinsight._html(CASE WHEN length(e ->> 0) > 34 THEN left(e ->> 0, 33) || '…' ELSE e ->> 0 END),
			28 * i - 22, round(greatest(0, 400 * (e ->> 1)::numeric / greatest(top, 0.000001)), 1),
			round(268 + greatest(0, 400 * (e ->> 1)::numeric / greatest(top, 0.000001)), 1), 28 * i - 8,
			dbinsight._html(dbinsight._shown((e ->> 1)::numeric, _svg_bars.unit))), '' ORDER BY i) || '</svg>' END
	FROM jsonb_array_elements(_svg_bars.rows) WITH ORDINALITY a(e, i),
		(SELECT max((m ->> 1)::numeric) AS top FROM jsonb_array_elements(_svg_bars.rows) m) t;
END;
COMMENT ON FUNCTION dbinsight._svg_bars(text, text, jsonb) IS 'SVG of horizontal bars with their labels and figures';

/* Stacked columns. rows: [[label, succeeded, failed, other], …]. */
CREATE FUNCTION dbinsight._svg_columns(caption text, rows jsonb) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE WHEN count(*) = 0 THEN '' ELSE
		format('<svg viewBox="0 0 800 240" role="img" aria-label="%s"><g class="grid">', dbinsight._html(_svg_columns.caption))
		|| (SELECT string_agg(format('<line x1="60" y1="%1$s" x2="780" y2="%1$s"/><text x="54" y="%2$s" text-anchor="end">%3$s</text>',
				round(190 - 180 * v / (step * ceil(top / step)), 1), round(194 - 180 * v / (step * ceil(top / step)), 1), dbinsight._shown(v, 'count')), '' ORDER BY v)
			FROM generate_series(0, step * ceil(top / step), step) v)
		|| '</g>'
		|| string_agg(
			format('<rect class="ok" x="%1$s" y="%2$s" width="%3$s" height="%4$s"/><rect class="failed" x="%1$s" y="%5$s" width="%3$s" height="%6$s"/><rect class="other" x="%1$s" y="%7$s" width="%3$s" height="%8$s"/>',
				round(62 + 720 * (i - 1) / k::numeric, 1), round(190 - h * ok, 1), round(720 / k::numeric - 4, 1), round(h * ok, 1),
				round(190 - h * (ok + failed), 1), round(h * failed, 1), round(190 - h * (ok + failed + other), 1), round(h * other, 1))
			|| CASE WHEN (i - 1) % greatest(1, ceil(k / 8.0)::int) = 0
				THEN format('<text x="%s" y="210" text-anchor="middle">%s</text>', round(62 + 720 * (i - 0.5) / k::numeric, 1), dbinsight._html(label)) ELSE '' END, '' ORDER BY i)
		|| '</svg>' END
	FROM (
		SELECT i, e ->> 0 AS label, (e ->> 1)::numeric AS ok, (e ->> 2)::numeric AS failed, (e ->> 3)::numeric AS other,
			t.top, t.step, t.k, 180 / (t.step * ceil(t.top / t.step)) AS h
		FROM jsonb_array_elements(_svg_columns.rows) WITH ORDINALITY a(e, i),
			(SELECT greatest(max((m ->> 1)::numeric + (m ->> 2)::numeric + (m ->> 3)::numeric), 1) AS top, count(*) AS k,
				greatest(1, dbinsight._nice_step(greatest(max((m ->> 1)::numeric + (m ->> 2)::numeric + (m ->> 3)::numeric), 1))) AS step
			 FROM jsonb_array_elements(_svg_columns.rows) m) t
	) c
	GROUP BY top, step;
END;
COMMENT ON FUNCTION dbinsight._svg_columns(text, jsonb) IS 'SVG of stacked columns: succeeded, failed, other';
