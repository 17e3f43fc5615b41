-- What must hold of rows and of JSON, whatever the bytes. judged() is NULL, or says what does not; sign is how they were read.
CREATE FUNCTION pg_temp.rows_or_error(bytes bytea, types regtype[], size int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	pieces bytea[] := (SELECT coalesce(array_agg(substring(bytes FROM i FOR size) ORDER BY i), '{}') FROM generate_series(1, length(bytes), size) i);
BEGIN
	RETURN (SELECT coalesce(jsonb_agg(to_jsonb(r) ORDER BY n), '[]') FROM ROWS FROM (dbinsight._databricks_read(pieces, types)) WITH ORDINALITY x(r, n));
EXCEPTION WHEN OTHERS THEN
	RETURN sqlstate || ' ' || sqlerrm;
END $$;

-- The same rows as the server's own JSON has them; NULL when it does not take them for rows of text of that width.
CREATE FUNCTION pg_temp.rows_by_json(bytes bytea, width int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	whole json;
BEGIN
	whole := convert_from(bytes, 'UTF8')::json;
	IF json_typeof(whole) <> 'array' THEN RETURN NULL; END IF;
	IF EXISTS (SELECT FROM json_array_elements(whole) r WHERE json_typeof(r) <> 'array') THEN RETURN NULL; END IF;
	IF EXISTS (SELECT FROM json_array_elements(whole) r WHERE json_array_length(r) <> width) THEN RETURN NULL; END IF;
	IF EXISTS (SELECT FROM json_array_elements(whole) r, json_array_elements(r) c WHERE json_typeof(c) IN ('array', 'object')) THEN RETURN NULL; END IF;
	RETURN (SELECT coalesce(jsonb_agg((SELECT to_jsonb(coalesce(array_agg(c ORDER BY m), '{}')) FROM json_array_elements_text(r) WITH ORDINALITY y(c, m)) ORDER BY n), '[]')
		FROM json_array_elements(whole) WITH ORDINALITY x(r, n));
EXCEPTION WHEN OTHERS THEN
	RETURN NULL;
END $$;

CREATE FUNCTION pg_temp.judged_rows(bytes bytea, types regtype[], OUT finding text, OUT sign text) LANGUAGE plpgsql AS $$
DECLARE
	whole text := pg_temp.rows_or_error(bytes, types, 1000000);
	known text;
	bare boolean; -- numbers outside strings: they are taken as they come, JSON or not, up to a thousand bytes
BEGIN
	sign := regexp_replace(left(whole, 60), '\d+|".*', '0', 'g') || types::text;
	IF whole <> pg_temp.rows_or_error(bytes, types, 1) OR whole <> pg_temp.rows_or_error(bytes, types, 7) THEN
		finding := 'differs by the pieces';
	ELSIF whole !~ '^\[' AND whole !~ '^(08P01|22...|54000|54001) ' THEN
		finding := whole;
	ELSIF types <@ '{text}' THEN
		known := pg_temp.rows_by_json(bytes, cardinality(types));
		bare := regexp_replace(encode(bytes, 'escape'), '"([^"\\]|\\.)*"', '', 'g') ~ '[-+.eE\d]';
		IF (known <> whole AND encode(bytes, 'escape') !~ '(\d{250}){3}') OR (known IS NULL AND whole ~ '^\[' AND NOT bare) THEN
			finding := format('is %s, for JSON it is %s', left(whole, 200), coalesce(left(known, 200), 'none'));
		END IF;
	ELSIF whole ~ '^\[' AND types IN ('{date}', '{timestamp}') THEN
		-- What is printed as Postgres prints it is what Postgres reads.
		SELECT format('%s is read as %s', t.cell, v.cell) INTO finding
		FROM jsonb_array_elements(pg_temp.rows_or_error(bytes, '{text}', 1000)::jsonb) WITH ORDINALITY r(cells, n), LATERAL (SELECT r.cells ->> 0) t(cell),
			jsonb_array_elements(whole::jsonb) WITH ORDINALITY w(cells, m), LATERAL (SELECT w.cells ->> 0) v(cell)
		WHERE m = n AND t.cell ~ '^(?!0000)\d{4,6}-\d\d-\d\d( \d\d:\d\d:\d\d(\.\d{1,6})?)?$' AND v.cell::timestamp <> t.cell::timestamp
		LIMIT 1;
	END IF;
END $$;

CREATE FUNCTION pg_temp.judged_jsonb(bytes bytea, OUT finding text, OUT sign text) LANGUAGE plpgsql AS $$
DECLARE
	input text;
	known jsonb;
	made jsonb;
	refused text;
BEGIN
	input := convert_from(bytes, 'UTF8');
	BEGIN
		known := input::jsonb;
	EXCEPTION WHEN OTHERS THEN
		refused := regexp_replace(sqlerrm, '".*', '');
	END;
	made := dbinsight._try_jsonb(input);
	sign := coalesce(jsonb_typeof(made), 'none ' || coalesce(refused, '')) || regexp_replace(left(coalesce(made::text, ''), 12), '[[:alnum:]]+', '0', 'g');
	-- Deeper than 64, and numbers of a thousand digits or an exponent of four, are refused.
	IF made IS DISTINCT FROM known AND (made IS NOT NULL OR input !~ '[[{].{63,}|(\d{250}){4}|[eE][-+]?\d{4}') OR made::text <> known::text THEN
		finding := format('is %s, for the server it is %s', coalesce(left(made::text, 200), 'none'), coalesce(left(known::text, 200), 'none'));
	ELSIF dbinsight._try_json(input) IS NULL AND made IS NOT NULL THEN
		finding := 'jsonb, and not json';
	END IF;
EXCEPTION WHEN character_not_in_repertoire OR untranslatable_character THEN
	sign := 'no text';
END $$;
