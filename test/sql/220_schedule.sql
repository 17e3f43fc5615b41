-- When a schedule is due. Every expected moment is worked out beside it from the calendar and the zone's rules.
\set VERBOSITY default
BEGIN;
SET LOCAL TimeZone = 'UTC';
CREATE TEMP TABLE expected (schedule text, after timestamptz, zone text, due timestamptz, why text);
INSERT INTO expected VALUES
	-- the calendar; 2026-11-22 is a Sunday
	('* * * * *', '2026-11-22 10:00:00', 'UTC', '2026-11-22 10:01:00', 'strictly after'),
	('* * * * *', '2026-11-22 10:00:59.999999', 'UTC', '2026-11-22 10:01:00', 'fractions of a second'),
	('* * * * *', '2026-11-22 09:59:59.999999', 'UTC', '2026-11-22 10:00:00', 'a microsecond later'),
	('30 2 * * *', '2026-11-22 02:30:00', 'UTC', '2026-11-23 02:30:00', 'next day'),
	('*/15 * * * *', '2026-11-22 10:16:00', 'UTC', '2026-11-22 10:30:00', 'step of a star'),
	('5-59/20 * * * *', '2026-11-22 10:26:00', 'UTC', '2026-11-22 10:45:00', '5, 25, 45'),
	('5-44/20 * * * *', '2026-11-22 10:26:00', 'UTC', '2026-11-22 11:05:00', '5, 25'),
	('0 8-10,14,20-22/2 * * *', '2026-11-22 14:00:00', 'UTC', '2026-11-22 20:00:00', 'lists of ranges and steps'),
	('0 8-10,14,20-22/2 * * *', '2026-11-22 20:00:00', 'UTC', '2026-11-22 22:00:00', 'step in a list'),
	('0 0 * * mon', '2026-11-22 12:00:00', 'UTC', '2026-11-23 00:00:00', 'weekday by name'),
	('0 0 * * MON-FRI', '2026-11-27 12:00:00', 'UTC', '2026-11-30 00:00:00', 'Friday to Monday'),
	('0 0 * * 0', '2026-11-22 00:00:00', 'UTC', '2026-11-29 00:00:00', 'Sunday is 0'),
	('0 0 * * 7', '2026-11-22 00:00:00', 'UTC', '2026-11-29 00:00:00', 'and 7'),
	('0 0 * * fri-sun', '2026-11-28 00:00:00', 'UTC', '2026-11-29 00:00:00', 'a range that ends on Sunday'),
	('0 0 * * 5-7', '2026-11-29 00:00:00', 'UTC', '2026-12-04 00:00:00', 'Friday again'),
	('0 0 1 jan,jul *', '2026-02-01 00:00:00', 'UTC', '2026-07-01 00:00:00', 'months by name'),
	('0 0 31 * *', '2026-03-31 00:00:00', 'UTC', '2026-05-31 00:00:00', 'April has no 31st'),
	('0 0 30 * *', '2026-01-30 00:00:00', 'UTC', '2026-03-30 00:00:00', 'nor February a 30th'),
	('59 23 31 12 *', '2026-12-31 23:59:00', 'UTC', '2027-12-31 23:59:00', 'the last minute of the year'),
	('0 0 29 2 *', '2024-02-29 00:00:00', 'UTC', '2028-02-29 00:00:00', 'leap day'),
	('0 0 29 2 *', '2096-02-29 00:00:00', 'UTC', '2104-02-29 00:00:00', '2100 is no leap year'),
	('0 0 29 2 *', '1999-12-31 00:00:00', 'UTC', '2000-02-29 00:00:00', '2000 is one'),
	-- day of month and weekday: one is enough when both are given; 2026-11-13 is a Friday
	('0 0 13 * fri', '2026-11-01 00:00:00', 'UTC', '2026-11-06 00:00:00', 'a Friday'),
	('0 0 13 * fri', '2026-12-11 00:00:00', 'UTC', '2026-12-13 00:00:00', 'a 13th'),
	-- a star with a step is a star: both must hold; odd days and Mondays: 2026-12-07
	('0 0 */2 * mon', '2026-11-24 00:00:00', 'UTC', '2026-12-07 00:00:00', '11-30 is even'),
	-- leap days with an even weekday (Sunday, Tuesday, Thursday, Saturday): 2028 Tuesday
	('0 0 29 2 */2', '2024-02-29 00:00:00', 'UTC', '2028-02-29 00:00:00', '2024 Thursday, 2028 Tuesday'),
	('0 0 29 2 */7', '2028-02-29 00:00:00', 'UTC', '2032-02-29 00:00:00', '2032 Sunday'),
	('0 0 29 2 */7', '2032-02-29 00:00:00', 'UTC', '2060-02-29 00:00:00', 'and 28 years later'),
	-- names
	('@hourly', '2026-11-22 10:00:00', 'UTC', '2026-11-22 11:00:00', ''),
	('@daily', '2026-11-22 10:00:00', 'UTC', '2026-11-23 00:00:00', ''),
	('@MIDNIGHT', '2026-11-22 10:00:00', 'UTC', '2026-11-23 00:00:00', ''),
	('@weekly', '2026-11-22 10:00:00', 'UTC', '2026-11-29 00:00:00', 'Sunday'),
	('@monthly', '2026-11-22 10:00:00', 'UTC', '2026-12-01 00:00:00', ''),
	('@yearly', '2026-11-22 10:00:00', 'UTC', '2027-01-01 00:00:00', ''),
	('@annually', '2026-11-22 10:00:00', 'UTC', '2027-01-01 00:00:00', ''),
	('  0	0 *  * * ', '2026-11-22 10:00:00', 'UTC', '2026-11-23 00:00:00', 'blanks and tabs'),
	-- intervals count from 2000-01-01 00:00 UTC, a Saturday
	('5 min', '2026-11-22 10:05:00', 'UTC', '2026-11-22 10:10:00', ''),
	('5 min', '2026-11-22 10:04:59.999999', 'America/New_York', '2026-11-22 10:05:00', 'whatever the zone'),
	('00:00:10', '2026-11-22 10:00:05', 'UTC', '2026-11-22 10:00:10', ''),
	('PT90M', '2000-01-01 01:30:00', 'UTC', '2000-01-01 03:00:00', 'ISO 8601'),
	('1 day', '2026-03-29 12:00:00', 'Europe/Berlin', '2026-03-30 00:00:00', '24 hours, in UTC'),
	('1 week', '2026-11-22 00:00:00', 'UTC', '2026-11-28 00:00:00', 'Saturdays'),
	('1 hour', '1999-12-31 22:30:00', 'UTC', '1999-12-31 23:00:00', 'before 2000'),
	-- Europe/Berlin, 2026-03-29: at 01:00 UTC the clock goes from 02:00 to 03:00
	('30 2 * * *', '2026-03-29 00:00:00', 'Europe/Berlin', '2026-03-29 01:00:00', 'skipped: when the gap ends'),
	('30 2 * * *', '2026-03-29 01:00:00', 'Europe/Berlin', '2026-03-30 00:30:00', 'once; 02:30 summer time'),
	('0,30 2 * * *', '2026-03-29 01:00:00', 'Europe/Berlin', '2026-03-30 00:00:00', 'both skipped ones are one run'),
	('0 2,3 * * *', '2026-03-29 00:00:00', 'Europe/Berlin', '2026-03-29 01:00:00', 'skipped and 03:00 coincide'),
	('0 2,3 * * *', '2026-03-29 01:00:00', 'Europe/Berlin', '2026-03-30 00:00:00', ''),
	('0 3 * * *', '2026-03-28 12:00:00', 'Europe/Berlin', '2026-03-29 01:00:00', '03:00 is there'),
	('30 1 * * *', '2026-03-28 12:00:00', 'Europe/Berlin', '2026-03-29 00:30:00', '01:30 winter time'),
	('*/30 * * * *', '2026-03-29 00:30:00', 'Europe/Berlin', '2026-03-29 01:00:00', '01:30, then 03:00'),
	('30 * * * *', '2026-03-29 00:30:00', 'Europe/Berlin', '2026-03-29 01:30:00', 'every hour: 01:30, then 03:30'),
	('*/20 2 * * *', '2026-03-28 12:00:00', 'Europe/Berlin', '2026-03-30 00:00:00', 'a star follows the clock: no two o''clock that day'),
	-- Europe/Berlin, 2026-10-25: at 01:00 UTC the clock goes from 03:00 back to 02:00
	('30 2 * * *', '2026-10-24 12:00:00', 'Europe/Berlin', '2026-10-25 00:30:00', 'the first 02:30'),
	('30 2 * * *', '2026-10-25 00:30:00', 'Europe/Berlin', '2026-10-26 01:30:00', 'not the second'),
	('30 2 * * *', '2026-10-25 01:00:00', 'Europe/Berlin', '2026-10-26 01:30:00', 'nor seen from within'),
	('30 2 * * *', '2026-10-25 01:29:00', 'Europe/Berlin', '2026-10-26 01:30:00', ''),
	('0 3 * * *', '2026-10-25 00:59:00', 'Europe/Berlin', '2026-10-25 02:00:00', '03:00 comes once'),
	('0 2 * * *', '2026-10-25 00:00:00', 'Europe/Berlin', '2026-10-26 01:00:00', 'the moment the clock is set back is 02:00 again'),
	('*/30 * * * *', '2026-10-25 00:30:00', 'Europe/Berlin', '2026-10-25 01:00:00', 'every half hour in both'),
	('*/30 * * * *', '2026-10-25 01:00:00', 'Europe/Berlin', '2026-10-25 01:30:00', ''),
	('30 * * * *', '2026-10-25 00:30:00', 'Europe/Berlin', '2026-10-25 01:30:00', 'every hour in both'),
	-- New York: 2026-03-08 07:00 UTC from 02:00 to 03:00; 2026-11-01 06:00 UTC from 02:00 back to 01:00
	('15 2 8 3 *', '2026-01-01 00:00:00', 'America/New_York', '2026-03-08 07:00:00', 'a date whose time is skipped'),
	('15 1 1 11 *', '2026-01-01 00:00:00', 'America/New_York', '2026-11-01 05:15:00', 'a date whose time comes twice'),
	('15 1 1 11 *', '2026-11-01 05:15:00', 'America/New_York', '2027-11-01 05:15:00', 'in 2027 summer time lasts until the 7th'),
	-- Lord Howe Island shifts by half an hour: 2026-10-03 15:30 UTC from 02:00 (+10:30) to 02:30 (+11)
	('15 2 * * *', '2026-10-03 00:00:00', 'Australia/Lord_Howe', '2026-10-03 15:30:00', 'a gap of half an hour'),
	('45 2 * * *', '2026-10-03 00:00:00', 'Australia/Lord_Howe', '2026-10-03 15:45:00', 'after it'),
	-- Samoa had no 2011-12-30: at 10:00 UTC of that day the clock went a day ahead
	('0 12 30 12 *', '2011-12-29 12:00:00', 'Pacific/Apia', '2011-12-30 10:00:00', 'a day that was skipped'),
	('0 12 * * *', '2011-12-30 10:00:00', 'Pacific/Apia', '2011-12-30 22:00:00', 'noon of the 31st'),
	-- far away, where the zone's rule repeats
	('30 2 * * *', '2400-03-26 00:00:00', 'Europe/Berlin', '2400-03-26 01:00:00', 'the last Sunday of March 2400'),
	-- offsets that are no whole hours
	('0 0 * * *', '2026-11-22 00:00:00', 'Asia/Kathmandu', '2026-11-22 18:15:00', '+05:45');
SELECT schedule, after, zone, due, dbinsight.next_run(schedule, after, zone) AS got, why
FROM expected WHERE dbinsight.next_run(schedule, after, zone) IS DISTINCT FROM due ORDER BY 1, 2;
SELECT count(*) > 60 AS checked FROM expected;

-- A run's successor comes after it, and each is found from any moment between the two.
SELECT count(*) AS wrong FROM (SELECT DISTINCT schedule, zone FROM expected) e,
	LATERAL (SELECT dbinsight.next_run(schedule, timestamptz '2026-10-24 23:10:00', zone) AS one) a,
	LATERAL (SELECT dbinsight.next_run(schedule, one, zone) AS two) b
WHERE two <= one OR dbinsight.next_run(schedule, one + (two - one) / 2, zone) <> two OR dbinsight.next_run(schedule, two - interval '1 microsecond', zone) <> two;
-- A year of days through both changes of the clock: 365 runs, none on two o'clock twice.
WITH RECURSIVE run(at, n) AS (
	SELECT dbinsight.next_run('30 2 * * *', '2026-01-01 00:00:00+01', 'Europe/Berlin'), 1
	UNION ALL SELECT dbinsight.next_run('30 2 * * *', at, 'Europe/Berlin'), n + 1 FROM run WHERE at < '2027-01-01 00:00:00+01')
SELECT count(*), count(DISTINCT (at AT TIME ZONE 'Europe/Berlin')::date) AS days, count(*) FILTER (WHERE (at AT TIME ZONE 'Europe/Berlin')::time <> '02:30') AS moved
FROM run WHERE at < '2027-01-01 00:00:00+01';
SELECT dbinsight.next_run(NULL) IS NULL AS nothing_of_nothing;
ROLLBACK;

-- What cannot be followed
\set SHOW_CONTEXT never
SELECT dbinsight.next_run('0 0 30 2 *');
\echo :LAST_ERROR_SQLSTATE
SELECT dbinsight.next_run('0 0 31 feb,apr,jun,sep,nov *');
SELECT dbinsight.next_run('60 * * * *');
SELECT dbinsight.next_run('* 24 * * *');
SELECT dbinsight.next_run('* * 0 * *');
SELECT dbinsight.next_run('* * * 13 *');
SELECT dbinsight.next_run('* * * * 8');
SELECT dbinsight.next_run('30-10 * * * *');
SELECT dbinsight.next_run('*/0 * * * *');
SELECT dbinsight.next_run('5/10 * * * *');
SELECT dbinsight.next_run('1,,2 * * * *');
SELECT dbinsight.next_run('1, * * * *');
SELECT dbinsight.next_run('1 2 3 mond *');
SELECT dbinsight.next_run('99999999999999999999 * * * *');
SELECT dbinsight.next_run('0 0 * *');
SELECT dbinsight.next_run('0 0 * * * *');
SELECT dbinsight.next_run('@reboot');
SELECT dbinsight.next_run('soon');
SELECT dbinsight.next_run('');
SELECT dbinsight.next_run('5');
SELECT dbinsight.next_run('1 month');
SELECT dbinsight.next_run('0.5 s');
SELECT dbinsight.next_run('-5 min');
SELECT dbinsight.next_run('1 day 5 min ago');
SELECT dbinsight.next_run('1000000 years');
SELECT dbinsight.next_run('@daily', 'infinity');
SELECT dbinsight.next_run('@daily', '294276-12-31 23:00:00+00');
SELECT dbinsight.next_run('@daily', '2026-01-01', 'Europe/Nowhere');
SELECT dbinsight.next_run('@daily', '2026-01-01', repeat('x', 300));
