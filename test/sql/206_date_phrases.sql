-- Phrases for periods in the spirit of the public corpora of such, each with
-- its clock and the days it must mean: test/gate/dates.tsv, columns phrase,
-- clock, kind, first day, last day, hours; no kind: it is no period.
\getenv source PG_ABS_SRCDIR
\set file :source '/gate/dates.tsv'
\set d `cat ":file"`
CREATE TEMP TABLE phrase AS
SELECT c[1] AS phrase, c[2] AS at, nullif(c[3], '') AS kind, nullif(c[4], '')::date AS first_day, nullif(c[5], '')::date AS last_day,
	nullif(c[6], '')::float8 AS hours
FROM regexp_split_to_table(:'d', E'\n') line, string_to_array(line, E'\t') c WHERE line <> '';
SELECT count(*) > 200 AS many FROM phrase;
CREATE FUNCTION pg_temp.read_at(at text, phrase text) RETURNS record LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('dbinsight.now', at, true);
	RETURN dbinsight._read_period(phrase, 'UTC');
END $$;
-- What is read differently: nothing.
SELECT p.*, r.* FROM phrase p,
	LATERAL (SELECT * FROM pg_temp.read_at(p.at, p.phrase) AS t(got_kind text, got_first date, got_last date, got_hours float8)) r
WHERE (p.kind, p.first_day, p.last_day, p.hours) IS DISTINCT FROM (r.got_kind, r.got_first, r.got_last, r.got_hours);
