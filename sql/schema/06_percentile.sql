/*
 * Percentiles that select instead of sorting, over values and over arrays of
 * values: the same figures as percentile_cont.
 */
CREATE FUNCTION dbinsight._percentile_add(internal, float8, float8) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'dbi_percentile_add';
COMMENT ON FUNCTION dbinsight._percentile_add(internal, float8, float8) IS 'Step of _percentile: one value';

CREATE FUNCTION dbinsight._percentile_add(internal, float8[], float8) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'dbi_percentile_add_array';
COMMENT ON FUNCTION dbinsight._percentile_add(internal, float8[], float8) IS 'Step of _percentile: every value of an array';

CREATE FUNCTION dbinsight._percentile_final(internal) RETURNS float8
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'dbi_percentile_final';
COMMENT ON FUNCTION dbinsight._percentile_final(internal) IS 'Result of _percentile';

CREATE AGGREGATE dbinsight._percentile(value float8, fraction float8) (
	SFUNC = dbinsight._percentile_add, STYPE = internal, SSPACE = 512, FINALFUNC = dbinsight._percentile_final, PARALLEL = SAFE);
COMMENT ON AGGREGATE dbinsight._percentile(float8, float8) IS
'percentile_cont(fraction) of the values, found by selection; NULLs are ignored, no value gives NULL';

CREATE AGGREGATE dbinsight._percentile("values" float8[], fraction float8) (
	SFUNC = dbinsight._percentile_add, STYPE = internal, SSPACE = 2048, FINALFUNC = dbinsight._percentile_final, PARALLEL = SAFE);
COMMENT ON AGGREGATE dbinsight._percentile(float8[], float8) IS
'percentile_cont(fraction) of all values of all arrays; NULLs are ignored, no value gives NULL';

CREATE FUNCTION dbinsight._gather_add(internal, float8[]) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'dbi_gather_add';
COMMENT ON FUNCTION dbinsight._gather_add(internal, float8[]) IS 'Step of _gather';

CREATE FUNCTION dbinsight._gather_final(internal) RETURNS float8[]
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'dbi_gather_final';
COMMENT ON FUNCTION dbinsight._gather_final(internal) IS 'Result of _gather';

CREATE AGGREGATE dbinsight._gather(float8[]) (
	SFUNC = dbinsight._gather_add, STYPE = internal, SSPACE = 2048, FINALFUNC = dbinsight._gather_final, PARALLEL = SAFE);
COMMENT ON AGGREGATE dbinsight._gather(float8[]) IS 'All values of all arrays in one array, NULLs left out; NULL when there is none';
