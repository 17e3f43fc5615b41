/*
 * How many queries of a second or longer were efficient, by hour, for the
 * health of performance. Efficient as get_query_efficiency says: finished
 * within 300 s, no spill, at most a tenth of the time in the queue.
 */
CREATE FUNCTION dbinsight._query_counts(since timestamptz, until timestamptz) RETURNS TABLE (hour timestamptz, queries bigint, efficient bigint)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
	SELECT date_bin('1 hour', q.start_time, 'epoch'), count(*),
		count(*) FILTER (WHERE q.execution_status = 'FINISHED' AND coalesce(q.spilled_local_bytes, 0) = 0
			AND 10 * coalesce(q.queue_ms, 0) <= q.total_duration_ms AND q.total_duration_ms <= 300000)
	FROM dbinsight.fact_query_history q
	WHERE q.start_time >= _query_counts.since AND q.start_time < _query_counts.until AND q.total_duration_ms >= 1000
	GROUP BY 1;
END;
COMMENT ON FUNCTION dbinsight._query_counts(timestamptz, timestamptz) IS
'Queries of a second or longer that began in [since, until), per UTC hour, and those of them that were efficient';

CREATE TABLE dbinsight.rollup_query_hourly (
	hour timestamptz PRIMARY KEY,
	queries bigint NOT NULL,
	efficient bigint NOT NULL
);
COMMENT ON TABLE dbinsight.rollup_query_hourly IS
'fact_query_history per UTC hour of the start: queries of a second or longer, and the efficient of them (finished within 300 s without spill, at most a tenth of the time in the queue)';

CREATE FUNCTION dbinsight._refresh_query_hourly(since timestamptz, until timestamptz) RETURNS void
	LANGUAGE sql BEGIN ATOMIC
	SELECT pg_advisory_xact_lock(hashtextextended('dbinsight.rollup_query_hourly', 0));
	DELETE FROM dbinsight.rollup_query_hourly r WHERE r.hour >= date_bin('1 hour', since, 'epoch') AND r.hour <= until;
	INSERT INTO dbinsight.rollup_query_hourly
	SELECT * FROM dbinsight._query_counts(date_bin('1 hour', since, 'epoch'), date_bin('1 hour', until, 'epoch') + interval '1 hour');
END;
COMMENT ON FUNCTION dbinsight._refresh_query_hourly(timestamptz, timestamptz) IS 'Recomputes rollup_query_hourly for the UTC hours between two times';

/* Whole hours from the rollup, the hours a window cuts from the queries. */
CREATE FUNCTION dbinsight._query_hours(since timestamptz, until timestamptz) RETURNS TABLE (queries bigint, efficient bigint)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
	SELECT r.queries, r.efficient FROM dbinsight.rollup_query_hourly r
	WHERE r.hour >= _query_hours.since AND r.hour < date_bin('1 hour', _query_hours.until, 'epoch')
	UNION ALL
	SELECT c.queries, c.efficient
	FROM dbinsight._query_counts(_query_hours.since, date_bin('1 hour', _query_hours.since + interval '1 hour - 1 microsecond', 'epoch')) c
	UNION ALL
	SELECT c.queries, c.efficient FROM dbinsight._query_counts(date_bin('1 hour', _query_hours.until, 'epoch'), _query_hours.until) c;
END;
COMMENT ON FUNCTION dbinsight._query_hours(timestamptz, timestamptz) IS
'Queries of a second or longer that began in [since, until), a window of an hour or more, and the efficient of them: rows to be summed';

INSERT INTO dbinsight.derived_relations VALUES
	('rollup_query_hourly', 'fact_query_history', 20, '_refresh_query_hourly');

INSERT INTO dbinsight.retention VALUES
	('rollup_query_hourly', 'hour', '400 days');
