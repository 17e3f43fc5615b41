/*
 * How far two samples of a number lie apart. The statistics are those of
 * get_model_drift: ten bins by the share of the baseline below a value, half a
 * count in each.
 */
CREATE FUNCTION dbinsight._drift_add(internal, boolean, float8[]) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'dbi_drift_add';
COMMENT ON FUNCTION dbinsight._drift_add(internal, boolean, float8[]) IS 'Step of _drift';

CREATE FUNCTION dbinsight._drift_final(internal) RETURNS float8[]
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'dbi_drift_final';
COMMENT ON FUNCTION dbinsight._drift_final(internal) IS 'Result of _drift';

CREATE AGGREGATE dbinsight._drift(is_current boolean, "values" float8[]) (
	SFUNC = dbinsight._drift_add, STYPE = internal, SSPACE = 2048, FINALFUNC = dbinsight._drift_final, PARALLEL = SAFE);
COMMENT ON AGGREGATE dbinsight._drift(boolean, float8[]) IS
'Compares the values that are current with the others: {rows now, rows before, psi, ks, js, mean shift in deviations of those before, bins}; under 50 rows on either side only the two counts. What is no finite number is left out';
