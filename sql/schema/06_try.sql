/*
 * Reading values out of request parameters, which are text that anybody may
 * have written: what cannot be read is NULL.
 */
CREATE FUNCTION dbinsight._try_json(value text) RETURNS json
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dbi_try_json';
COMMENT ON FUNCTION dbinsight._try_json(text) IS 'The text as json; NULL when it is not JSON, nests deeper than 64 or has more than four million commas';

CREATE FUNCTION dbinsight._try_number(value text) RETURNS numeric
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE WHEN value ~ '^\s*[-+]?\d{1,18}(\.\d{1,18})?\s*$' THEN value::numeric END;
COMMENT ON FUNCTION dbinsight._try_number(text) IS 'The text as a number of at most 18 digits before the point; NULL when it is not one';

CREATE FUNCTION dbinsight._json_words(value json) RETURNS text[]
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE json_typeof(value)
		WHEN 'array' THEN (SELECT coalesce(array_agg(w.word ORDER BY w.n), '{}') FROM json_array_elements_text(value) WITH ORDINALITY w(word, n) WHERE w.word IS NOT NULL)
		WHEN 'string' THEN ARRAY[value #>> '{}']
		ELSE '{}'::text[] END;
COMMENT ON FUNCTION dbinsight._json_words(json) IS 'A json array, or one string, as words; empty for anything else';
