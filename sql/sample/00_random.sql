/*
 * Draws of the sample account: a seed, a stream (which decision: a number used
 * once in this room) and n (about what). The same three, the same answer, on
 * every machine.
 */
CREATE FUNCTION dbinsight._random(seed int, stream int, n bigint) RETURNS float8
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dbi_random';
COMMENT ON FUNCTION dbinsight._random(int, int, bigint) IS 'A number in [0, 1) made of seed, stream and n';

CREATE FUNCTION dbinsight._pick(seed int, stream int, n bigint, one_of int) RETURNS int
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dbi_pick';
COMMENT ON FUNCTION dbinsight._pick(int, int, bigint, int) IS 'A whole number from 0 to one_of - 1 made of seed, stream and n';

CREATE FUNCTION dbinsight._noise(seed int, stream int, n bigint) RETURNS float8
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dbi_noise';
COMMENT ON FUNCTION dbinsight._noise(int, int, bigint) IS 'A nearly normal deviate, mean 0, deviation 1, within 4.9';

CREATE FUNCTION dbinsight._spread(seed int, stream int, n bigint, sigma float8) RETURNS float8
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dbi_spread';
COMMENT ON FUNCTION dbinsight._spread(int, int, bigint, float8) IS 'A log-normal factor with median 1';

CREATE FUNCTION dbinsight._random_hex(seed int, stream int, n bigint, digits int) RETURNS text
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dbi_random_hex';
COMMENT ON FUNCTION dbinsight._random_hex(int, int, bigint, int) IS 'Up to 32 hexadecimal digits made of seed, stream and n';

CREATE FUNCTION dbinsight._random_uuid(seed int, stream int, n bigint) RETURNS text
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dbi_random_uuid';
COMMENT ON FUNCTION dbinsight._random_uuid(int, int, bigint) IS 'A version 4 UUID made of seed, stream and n';

CREATE FUNCTION dbinsight._time_uuid(seed int, stream int, n bigint, at timestamptz) RETURNS text
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dbi_time_uuid';
COMMENT ON FUNCTION dbinsight._time_uuid(int, int, bigint, timestamptz) IS 'A version 7 UUID: begins with the milliseconds of a time, so that keys arrive in order';

/* How many of something: as many at scale 1, and enough at any scale for what is planted. */
CREATE FUNCTION dbinsight._sample_count(at_scale_1 int, at_least int, scale numeric) RETURNS int
	LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN greatest(at_least, round(at_scale_1 * scale)::int);
COMMENT ON FUNCTION dbinsight._sample_count(int, int, numeric) IS 'Number of entities of a kind at a scale';

/*
 * The hour of a working person's act, from a uniform draw: two peaks and a
 * dip at noon; two in a hundred fall after nineteen o'clock.
 */
CREATE FUNCTION dbinsight._sample_hour(u float8) RETURNS int
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN ('{7,7,7,8,8,8,8,8,8,8,8,8,9,9,9,9,9,9,9,9,9,9,9,9,10,10,10,10,10,10,10,10,10,10,10,10,11,11,11,11,11,11,11,11,11,11,12,12,12,12,12,12,13,13,13,13,13,13,13,13,14,14,14,14,14,14,14,14,14,14,14,15,15,15,15,15,15,15,15,15,15,15,16,16,16,16,16,16,16,16,17,17,17,17,18,18,18,18,19,20}'::int[])[1 + floor(u * 100)::int];
COMMENT ON FUNCTION dbinsight._sample_hour(float8) IS 'Hour of day of human work from a draw in [0, 1)';

/*
 * The days of the account: from days before today to today. people and
 * machines say how much each does that day: slow growth (0.3 % a day), month
 * ends, weekends, noise.
 */
CREATE FUNCTION dbinsight._sample_day(days int, seed int)
	RETURNS TABLE (day date, midnight timestamptz, age int, weekend boolean, month_end boolean, people float8, machines float8)
	LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 91
BEGIN ATOMIC
	SELECT d.day, d.day::timestamp AT TIME ZONE 'UTC', d.age, d.weekend, d.month_end,
		g.growth * CASE WHEN d.weekend THEN 0.12 ELSE 1 END, g.growth * CASE WHEN d.weekend THEN 0.85 ELSE 1 END
	FROM (
		SELECT c.day, c.age, extract(isodow FROM c.day) >= 6 AS weekend,
			extract(day FROM c.day + 2) <= 2 OR extract(day FROM c.day) = 1 AS month_end
		FROM (SELECT dbinsight.today() - a AS day, a AS age FROM generate_series(0, _sample_day.days) a) c
	) d, LATERAL (SELECT (1 + 0.05 * dbinsight._noise(_sample_day.seed, 1, d.day - date '2000-01-01'))
		* CASE WHEN d.month_end THEN 1.2 ELSE 1 END / (1 + 0.003 * d.age) AS growth) g;
END;
COMMENT ON FUNCTION dbinsight._sample_day(int, int) IS 'Days of the sample account with the volume of people''s and machines'' work';
