-- What must hold of arithmetic that is shipped, for a table whose columns a, b, c, d have the types that decimal_columns() is
-- given. judged_decimal() is NULL, or says what does not; sign is what became of the expression.
CREATE SERVER fuzz FOREIGN DATA WRAPPER databricks OPTIONS (host 'dbc-1.cloud.databricks.com', warehouse_id 'abcdef');
CREATE USER MAPPING FOR CURRENT_USER SERVER fuzz OPTIONS (token 'hush');
CREATE SCHEMA fuzz;

-- The values that need most digits: as many nines as the type takes (no DECIMAL there has more than 38), the least step from 0, and a half to be rounded.
CREATE FUNCTION pg_temp.ends_of(type text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	p int := substring(type FROM 'numeric\((\d+)');
	s int := coalesce(substring(type FROM ',\s*(-?\d+)')::int, 0);
BEGIN
	IF p IS NOT NULL THEN
		RETURN QUERY SELECT v::text FROM unnest(ARRAY[power(10::numeric, least(p, 38 + least(s, 0))) - 1, 1, 5, 0]) n, LATERAL (SELECT n * ('1e' || -s)::numeric) e(v);
	ELSE
		RETURN QUERY SELECT unnest(CASE type WHEN 'int2' THEN '{-32768,32767,0}' WHEN 'int4' THEN '{-2147483648,2147483647,0}'
			WHEN 'int8' THEN '{-9223372036854775808,9223372036854775807,0}' ELSE '{123456789012345678901234567890.5,-0.000000000000000000000000000001}' END::text[]);
	END IF;
END $$;

CREATE FUNCTION pg_temp.decimal_columns(types text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	columns text := (SELECT string_agg(format('%s %s', chr(96 + n::int), t), ', ') FROM unnest(types) WITH ORDINALITY u(t, n));
BEGIN
	IF types::text = current_setting('fuzz.made', true) THEN RETURN; END IF;
	PERFORM set_config('fuzz.made', types::text, true);
	DROP SCHEMA fuzz CASCADE;
	CREATE SCHEMA fuzz;
	EXECUTE format('CREATE FOREIGN TABLE fuzz.there (%s) SERVER fuzz', columns);
	EXECUTE format('CREATE TABLE fuzz.here (%s)', columns);
	EXECUTE format('INSERT INTO fuzz.here SELECT %s FROM %s', (SELECT string_agg(format('x%s::%s', i, t), ', ') FROM unnest(types) WITH ORDINALITY u(t, i)),
		(SELECT string_agg(format('pg_temp.ends_of(%L) x%s', t, i), ', ') FROM unnest(types) WITH ORDINALITY u(t, i)));
END $$;

-- Every DECIMAL that is named has 1 to 38 digits, and every result on those ends fits one.
CREATE FUNCTION pg_temp.judged_decimal(types text[], expression text, OUT finding text, OUT sign text) LANGUAGE plpgsql AS $$
DECLARE
	line text;
	remote text;
	filtered boolean := false;
	digits int[];
	worst text;
BEGIN
	PERFORM pg_temp.decimal_columns(types);
	BEGIN
		FOR line IN EXECUTE format('EXPLAIN (VERBOSE, COSTS OFF) SELECT 1 FROM fuzz.there WHERE (%s) IS NOT NULL', expression) LOOP
			filtered := filtered OR line ~ '^\s*Filter:';
			remote := coalesce(substring(line FROM 'Remote SQL: (.*)'), remote);
		END LOOP;
		sign := CASE WHEN filtered THEN 'here ' ELSE 'there ' END || regexp_replace(expression, '[0-9.]+|[a-d]', '0', 'g');
		IF NOT filtered AND remote ~ 'WHERE' THEN
			FOR digits IN SELECT regexp_matches(remote, 'DECIMAL\((-?\d+), ?(-?\d+)\)', 'g')::int[] LOOP
				IF digits[1] NOT BETWEEN 1 AND 38 OR digits[2] NOT BETWEEN 0 AND digits[1] THEN
					finding := format('no type of a warehouse: DECIMAL(%s,%s)', digits[1], digits[2]);
					RETURN;
				END IF;
			END LOOP;
			EXECUTE format('SELECT v::text FROM (SELECT (%s)::numeric AS v FROM fuzz.here) s WHERE length(trim(LEADING ''0'' FROM translate(v::text, ''-.'', ''''))) > 38 LIMIT 1', expression) INTO worst;
			finding := 'shipped, and may be ' || worst;
		END IF;
	EXCEPTION
		WHEN data_exception OR undefined_function OR ambiguous_function OR feature_not_supported THEN
			sign := coalesce(sign, 'error ' || sqlstate);	-- of the types, or of constants that are folded: as on any table
			IF sqlstate NOT IN ('22003', '22012', '42883', '42725') AND sqlerrm !~ '^cannot convert (NaN|infinity) to' THEN finding := sqlstate || ' ' || sqlerrm; END IF;
		WHEN OTHERS THEN
			sign := '';
			finding := sqlstate || ' ' || sqlerrm;
	END;
END $$;
