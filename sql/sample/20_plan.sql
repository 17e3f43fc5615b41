/*
 * When what is planted happens. Everything is set against today or the clock,
 * so that it lies in the windows people ask about: yesterday, last night, the
 * last 24 hours, the last 7 days.
 */
CREATE FUNCTION dbinsight._sample_plan()
	RETURNS TABLE (now timestamptz, today timestamptz, yesterday timestamptz, night timestamptz,
		outage_from timestamptz, outage_to timestamptz, attack timestamptz)
	LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 1
BEGIN ATOMIC
	SELECT dbinsight.now(), d.today, d.today - interval '1 day',
		-- The start of the last nightly_etl that has surely ended.
		date_bin('1 day', dbinsight.now() - interval '200 minutes', timestamptz '2000-01-01 00:00:00+00') + interval '2 hours',
		d.today - interval '3 days' + interval '9 hours', d.today - interval '3 days' + interval '10 hours 30 minutes',
		date_bin('1 minute', dbinsight.now(), timestamptz '2000-01-01 00:00:00+00') - interval '9 hours 30 minutes'
	FROM (SELECT dbinsight.today()::timestamp AT TIME ZONE 'UTC' AS today) d;
END;
COMMENT ON FUNCTION dbinsight._sample_plan() IS 'Moments of what is planted in the sample account';

/* The hours that a stretch of time touches, cut at the clock hours. */
CREATE FUNCTION dbinsight._sample_slice(start_time timestamptz, end_time timestamptz)
	RETURNS TABLE (slice_start timestamptz, slice_end timestamptz, is_last boolean)
	LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
	SELECT greatest(start_time, h), least(end_time, h + interval '1 hour'), end_time <= h + interval '1 hour'
	FROM generate_series(date_bin('1 hour', start_time, timestamptz '2000-01-01 00:00:00+00'), end_time, interval '1 hour') h
	WHERE h < end_time OR start_time = end_time;
END;
COMMENT ON FUNCTION dbinsight._sample_slice(timestamptz, timestamptz) IS 'Hourly slices of a run, cut at clock hours';
