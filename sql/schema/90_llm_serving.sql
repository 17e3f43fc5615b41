/*
 * What else language model servers and serving endpoints do: embeddings, predictions of custom models.
 */
CREATE FUNCTION dbinsight._llm_embed(texts text[], server text) RETURNS TABLE ("position" int, embedding real[])
	LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 10000 ROWS 100 AS 'MODULE_PATHNAME', 'dbi_llm_embed';
COMMENT ON FUNCTION dbinsight._llm_embed(text[], text) IS 'embed(), of a server that is named';

CREATE FUNCTION dbinsight._server(given text, setting text) RETURNS text
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	server text := coalesce(given, nullif(current_setting('dbinsight.' || setting, true), ''));
BEGIN
	IF server IS NULL THEN
		RAISE EXCEPTION 'no server is named, and dbinsight.% is not set', setting
			USING ERRCODE = '55000', HINT = format('Name one in the call, or SET dbinsight.%s = ''…''.', setting);
	END IF;
	RETURN server;
END $$;
COMMENT ON FUNCTION dbinsight._server(text, text) IS 'The server given, else that of a setting of dbinsight; 55000 when there is none';

CREATE FUNCTION dbinsight.embed(texts text[], server text DEFAULT NULL) RETURNS TABLE ("position" int, embedding real[])
	LANGUAGE sql VOLATILE PARALLEL UNSAFE COST 10000 ROWS 100
BEGIN ATOMIC
	SELECT e."position", e.embedding FROM dbinsight._llm_embed(embed.texts, dbinsight._server(embed.server, 'llm_server')) e ORDER BY e."position";
END;
COMMENT ON FUNCTION dbinsight.embed(text[], text) IS 'Texts as vectors, by the option embedding_model of a language model server; texts that mean the like have vectors near each other
@param texts at most 32 kB each; 96 go into one request
@param server a server of the wrapper dbinsight_llm, default dbinsight.llm_server';

CREATE FUNCTION dbinsight._serve(server text, endpoint text, body jsonb) RETURNS jsonb
	LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 10000 AS 'MODULE_PATHNAME', 'dbi_serve';
COMMENT ON FUNCTION dbinsight._serve(text, text, jsonb) IS 'POSTs a body to a model serving endpoint of a workspace; its whole answer';

CREATE FUNCTION dbinsight._dataframe(records jsonb, format text) RETURNS jsonb
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	/* Columns are those of any row, by name; a row that lacks one has null there. */
	WITH columns AS (SELECT array_agg(DISTINCT k.key ORDER BY k.key) AS names FROM jsonb_array_elements(_dataframe.records) r, jsonb_object_keys(r) k(key))
	SELECT CASE _dataframe.format
		WHEN 'records' THEN jsonb_build_object('dataframe_records', _dataframe.records)
		WHEN 'split' THEN jsonb_build_object('dataframe_split', jsonb_build_object('columns', coalesce(to_jsonb(c.names), '[]'),
			'data', (SELECT coalesce(jsonb_agg((SELECT coalesce(jsonb_agg(coalesce(r.value -> n.name, 'null') ORDER BY n.i), '[]')
				FROM unnest(c.names) WITH ORDINALITY n(name, i)) ORDER BY r.i), '[]') FROM jsonb_array_elements(_dataframe.records) WITH ORDINALITY r(value, i)))) END
	FROM columns c;
END;
COMMENT ON FUNCTION dbinsight._dataframe(jsonb, text) IS 'Rows as a serving endpoint takes them: dataframe_records, or dataframe_split';

CREATE FUNCTION dbinsight.serve_predict(endpoint text, rows jsonb, format text DEFAULT 'records', server text DEFAULT NULL) RETURNS jsonb
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	answer jsonb;
BEGIN
	IF rows IS NULL OR jsonb_typeof(rows) <> 'array' OR jsonb_path_exists(rows, 'strict $[*] ? (@.type() != "object")') THEN
		RAISE EXCEPTION 'rows is not a JSON array of objects' USING ERRCODE = '22023', HINT = 'Write [{"feature": 1, …}, …].';
	END IF;
	IF endpoint IS NULL THEN
		RAISE EXCEPTION 'no endpoint is named' USING ERRCODE = '22023', HINT = 'Give the name of a model serving endpoint.';
	END IF;
	answer := dbinsight._serve(dbinsight._server(server, 'databricks_server'), endpoint, dbinsight._dataframe(rows, coalesce(dbinsight._one_of('format', format, 'records', 'split'), 'records')));
	IF NOT answer ? 'predictions' THEN
		RAISE EXCEPTION 'the endpoint % answered without predictions', endpoint
			USING ERRCODE = '08P01', HINT = 'Endpoints of language models are asked through a server of the wrapper dbinsight_llm.';
	END IF;
	RETURN answer -> 'predictions';
END $$;
COMMENT ON FUNCTION dbinsight.serve_predict(text, jsonb, text, text) IS 'What a custom model behind a Databricks serving endpoint predicts for rows: its predictions, mostly an array in their order. A model scaled to zero takes minutes to start: raise dbinsight.request_timeout then
@param endpoint name of the endpoint
@param rows a JSON array of objects, one a row; null where a value is missing
@param format how they travel
@enum format records|split
@param server the workspace, default dbinsight.databricks_server';
