-- Periods in words. Expected days are counted on a calendar; weeks start on
-- Monday, "this X" ends today, "the past N days" include today.
CREATE TEMP TABLE phrase (at text, zone text, phrase text, kind text, first_day date, last_day date, hours float8);

-- Wednesday 18 June 2025, 14:30 UTC
INSERT INTO phrase VALUES
	('2025-06-18T14:30:00Z', 'UTC', 'today', 'calendar', '2025-06-18', '2025-06-18', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'yesterday', 'calendar', '2025-06-17', '2025-06-17', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'from yesterday', 'calendar', '2025-06-17', '2025-06-17', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'the day before yesterday', 'calendar', '2025-06-16', '2025-06-16', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'this week', 'calendar', '2025-06-16', '2025-06-18', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'this week so far', 'calendar', '2025-06-16', '2025-06-18', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'last week', 'calendar', '2025-06-09', '2025-06-15', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'the week before last', 'calendar', '2025-06-02', '2025-06-08', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'in the past week', 'rolling', '2025-06-12', '2025-06-18', 168),
	('2025-06-18T14:30:00Z', 'UTC', 'last 7 days', 'rolling', '2025-06-12', '2025-06-18', 168),
	('2025-06-18T14:30:00Z', 'UTC', 'over the last seven days', 'rolling', '2025-06-12', '2025-06-18', 168),
	('2025-06-18T14:30:00Z', 'UTC', 'past 24 hours', 'rolling', '2025-06-18', '2025-06-18', 24),
	('2025-06-18T14:30:00Z', 'UTC', 'last 48h', 'rolling', '2025-06-17', '2025-06-18', 48),
	('2025-06-18T14:30:00Z', 'UTC', 'last 2 wks', 'rolling', '2025-06-05', '2025-06-18', 336),
	('2025-06-18T14:30:00Z', 'UTC', 'the past fortnight', 'rolling', '2025-06-05', '2025-06-18', 336),
	('2025-06-18T14:30:00Z', 'UTC', 'last hour', 'rolling', '2025-06-18', '2025-06-18', 1),
	('2025-06-18T14:30:00Z', 'UTC', 'the last couple of days', 'rolling', '2025-06-17', '2025-06-18', 48),
	('2025-06-18T14:30:00Z', 'UTC', 'past few hours', 'rolling', '2025-06-18', '2025-06-18', 3),
	('2025-06-18T14:30:00Z', 'UTC', 'last twenty four hours', 'rolling', '2025-06-18', '2025-06-18', 24),
	('2025-06-18T14:30:00Z', 'UTC', 'past month', 'rolling', '2025-05-20', '2025-06-18', 720),
	('2025-06-18T14:30:00Z', 'UTC', 'this month', 'calendar', '2025-06-01', '2025-06-18', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'month to date', 'calendar', '2025-06-01', '2025-06-18', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'mtd', 'calendar', '2025-06-01', '2025-06-18', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'last month', 'calendar', '2025-05-01', '2025-05-31', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'to last month', 'calendar', '2025-05-01', '2025-05-31', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'the previous month', 'calendar', '2025-05-01', '2025-05-31', NULL),
	-- 19 to 31 March 13, April 30, May 31, 1 to 18 June 18: 92 days
	('2025-06-18T14:30:00Z', 'UTC', 'last 3 months', 'rolling', '2025-03-19', '2025-06-18', 2208),
	('2025-06-18T14:30:00Z', 'UTC', 'this quarter', 'calendar', '2025-04-01', '2025-06-18', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'last quarter', 'calendar', '2025-01-01', '2025-03-31', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'ytd', 'calendar', '2025-01-01', '2025-06-18', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'last year', 'calendar', '2024-01-01', '2024-12-31', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'in 2024', 'calendar', '2024-01-01', '2024-12-31', NULL),
	('2025-06-18T14:30:00Z', 'UTC', '3 days ago', 'calendar', '2025-06-15', '2025-06-15', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'a week ago', 'calendar', '2025-06-09', '2025-06-15', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'two weeks ago', 'calendar', '2025-06-02', '2025-06-08', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'two months ago', 'calendar', '2025-04-01', '2025-04-30', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'since monday', 'calendar', '2025-06-16', '2025-06-18', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'since friday', 'calendar', '2025-06-13', '2025-06-18', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'since 1 June', 'calendar', '2025-06-01', '2025-06-18', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'since March', 'calendar', '2025-03-01', '2025-06-18', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'after June 10', 'calendar', '2025-06-11', '2025-06-18', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'before 10 June', 'calendar', '2025-05-11', '2025-06-09', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'between 1 June and 5 June', 'calendar', '2025-06-01', '2025-06-05', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'from 2025-06-01 to 2025-06-05', 'calendar', '2025-06-01', '2025-06-05', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'from 2025-06-05 to 2025-06-01', 'calendar', '2025-06-01', '2025-06-05', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'from 1 to 5 June', 'calendar', '2025-06-01', '2025-06-05', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'June 1 - 5', 'calendar', '2025-06-01', '2025-06-05', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'June 1-5', 'calendar', '2025-06-01', '2025-06-05', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'from monday till today', 'calendar', '2025-06-16', '2025-06-18', NULL),
	('2025-06-18T14:30:00Z', 'UTC', '12 March', 'calendar', '2025-03-12', '2025-03-12', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'on the 12th of March', 'calendar', '2025-03-12', '2025-03-12', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'Mar 12th, 2024', 'calendar', '2024-03-12', '2024-03-12', NULL),
	('2025-06-18T14:30:00Z', 'UTC', '24 December', 'calendar', '2024-12-24', '2024-12-24', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'in March', 'calendar', '2025-03-01', '2025-03-31', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'in May', 'calendar', '2025-05-01', '2025-05-31', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'in June', 'calendar', '2025-06-01', '2025-06-18', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'in September', 'calendar', '2024-09-01', '2024-09-30', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'December 2023', 'calendar', '2023-12-01', '2023-12-31', NULL),
	('2025-06-18T14:30:00Z', 'UTC', '2025-03', 'calendar', '2025-03-01', '2025-03-31', NULL),
	('2025-06-18T14:30:00Z', 'UTC', '25/12/2024', 'calendar', '2024-12-25', '2024-12-25', NULL),
	('2025-06-18T14:30:00Z', 'UTC', '12/25/2024', 'calendar', '2024-12-25', '2024-12-25', NULL),
	('2025-06-18T14:30:00Z', 'UTC', '12.03.2025', 'calendar', '2025-03-12', '2025-03-12', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'Q1', 'calendar', '2025-01-01', '2025-03-31', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'in Q2', 'calendar', '2025-04-01', '2025-06-18', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'Q3', 'calendar', '2024-07-01', '2024-09-30', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'Q4 2023', 'calendar', '2023-10-01', '2023-12-31', NULL),
	('2025-06-18T14:30:00Z', 'UTC', '2023 Q4', 'calendar', '2023-10-01', '2023-12-31', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'the first quarter of 2024', 'calendar', '2024-01-01', '2024-03-31', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'on monday', 'calendar', '2025-06-16', '2025-06-16', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'wednesday', 'calendar', '2025-06-18', '2025-06-18', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'last wednesday', 'calendar', '2025-06-11', '2025-06-11', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'last friday', 'calendar', '2025-06-13', '2025-06-13', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'over the weekend', 'calendar', '2025-06-14', '2025-06-15', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'last weekend', 'calendar', '2025-06-14', '2025-06-15', NULL),
	-- from 18:00 on the 17th to 14:30 on the 18th: 20.5 hours
	('2025-06-18T14:30:00Z', 'UTC', 'overnight', 'hours', '2025-06-17', '2025-06-18', 21),
	('2025-06-18T14:30:00Z', 'UTC', 'last night', 'hours', '2025-06-17', '2025-06-18', 21),
	('2025-06-18T14:30:00Z', 'UTC', 'this morning', 'calendar', '2025-06-18', '2025-06-18', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'first week of May', 'calendar', '2025-05-01', '2025-05-07', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'last week of May', 'calendar', '2025-05-25', '2025-05-31', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'week of 4 June', 'calendar', '2025-06-02', '2025-06-08', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'recently', 'recent', '2025-06-18', '2025-06-18', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'next month', 'future', '2025-07-01', '2025-07-31', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'next 30 days', 'future', '2025-06-18', '2025-07-17', 720),
	('2025-06-18T14:30:00Z', 'UTC', 'rest of the month', 'future', '2025-06-18', '2025-06-30', NULL),
	('2025-06-18T14:30:00Z', 'UTC', '30-day', 'span', '2025-05-20', '2025-06-18', 720),
	('2025-06-18T14:30:00Z', 'UTC', '90 days', 'span', '2025-03-21', '2025-06-18', 2160),
	('2025-06-18T14:30:00Z', 'UTC', 'the month before', 'prior', '2025-05-01', '2025-05-31', NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'may fail', NULL, NULL, NULL, NULL),
	('2025-06-18T14:30:00Z', 'UTC', '31 February', NULL, NULL, NULL, NULL),
	('2025-06-18T14:30:00Z', 'UTC', 'failed jobs', NULL, NULL, NULL, NULL),
	('2025-06-18T14:30:00Z', 'UTC', '', NULL, NULL, NULL, NULL);

-- Saturday 21 June 2025: the weekend is running
INSERT INTO phrase VALUES
	('2025-06-21T10:00:00Z', 'UTC', 'over the weekend', 'calendar', '2025-06-21', '2025-06-21', NULL),
	('2025-06-21T10:00:00Z', 'UTC', 'last weekend', 'calendar', '2025-06-14', '2025-06-15', NULL),
	('2025-06-21T10:00:00Z', 'UTC', 'this week', 'calendar', '2025-06-16', '2025-06-21', NULL);

-- Monday 10 March 2025, noon
INSERT INTO phrase VALUES
	('2025-03-10T12:00:00Z', 'UTC', 'this week', 'calendar', '2025-03-10', '2025-03-10', NULL),
	('2025-03-10T12:00:00Z', 'UTC', 'last week', 'calendar', '2025-03-03', '2025-03-09', NULL),
	('2025-03-10T12:00:00Z', 'UTC', 'monday', 'calendar', '2025-03-10', '2025-03-10', NULL),
	('2025-03-10T12:00:00Z', 'UTC', 'last monday', 'calendar', '2025-03-03', '2025-03-03', NULL),
	('2025-03-10T12:00:00Z', 'UTC', 'overnight', 'hours', '2025-03-09', '2025-03-10', 18),
	('2025-03-10T08:00:00Z', 'UTC', 'overnight', 'hours', '2025-03-09', '2025-03-10', 14);

-- Leap day 2024, 23:30 UTC, a Thursday; already 1 March in Tokyo
INSERT INTO phrase VALUES
	('2024-02-29T23:30:00Z', 'UTC', 'today', 'calendar', '2024-02-29', '2024-02-29', NULL),
	('2024-02-29T23:30:00Z', 'UTC', 'this month', 'calendar', '2024-02-01', '2024-02-29', NULL),
	('2024-02-29T23:30:00Z', 'UTC', 'last month', 'calendar', '2024-01-01', '2024-01-31', NULL),
	('2024-02-29T23:30:00Z', 'UTC', 'last year', 'calendar', '2023-01-01', '2023-12-31', NULL),
	-- from the day after 28 February 2023: 366 days
	('2024-02-29T23:30:00Z', 'UTC', 'last 12 months', 'rolling', '2023-03-01', '2024-02-29', 8784),
	('2024-02-29T23:30:00Z', 'Asia/Tokyo', 'today', 'calendar', '2024-03-01', '2024-03-01', NULL),
	('2024-02-29T23:30:00Z', 'Asia/Tokyo', 'yesterday', 'calendar', '2024-02-29', '2024-02-29', NULL),
	('2024-02-29T23:30:00Z', 'Asia/Tokyo', 'this month', 'calendar', '2024-03-01', '2024-03-01', NULL),
	('2024-02-29T23:30:00Z', 'Asia/Tokyo', 'last month', 'calendar', '2024-02-01', '2024-02-29', NULL),
	('2024-02-29T23:30:00Z', 'Asia/Tokyo', 'this week', 'calendar', '2024-02-26', '2024-03-01', NULL),
	-- 18:30 in New York: since 18:00 of the 28th 24.5 hours
	('2024-02-29T23:30:00Z', 'America/New_York', 'last night', 'hours', '2024-02-28', '2024-02-29', 25);

-- New Year 2025, 00:15, a Wednesday
INSERT INTO phrase VALUES
	('2025-01-01T00:15:00Z', 'UTC', 'yesterday', 'calendar', '2024-12-31', '2024-12-31', NULL),
	('2025-01-01T00:15:00Z', 'UTC', 'this year', 'calendar', '2025-01-01', '2025-01-01', NULL),
	('2025-01-01T00:15:00Z', 'UTC', 'this week', 'calendar', '2024-12-30', '2025-01-01', NULL),
	('2025-01-01T00:15:00Z', 'UTC', 'last month', 'calendar', '2024-12-01', '2024-12-31', NULL),
	('2025-01-01T00:15:00Z', 'UTC', 'last quarter', 'calendar', '2024-10-01', '2024-12-31', NULL),
	('2025-01-01T00:15:00Z', 'UTC', 'in December', 'calendar', '2024-12-01', '2024-12-31', NULL),
	-- 18:00 to 00:15: 6.25 hours
	('2025-01-01T00:15:00Z', 'UTC', 'overnight', 'hours', '2024-12-31', '2025-01-01', 7),
	('2025-01-01T00:15:00Z', 'America/New_York', 'today', 'calendar', '2024-12-31', '2024-12-31', NULL),
	('2025-01-01T00:15:00Z', 'America/New_York', 'this year', 'calendar', '2024-01-01', '2024-12-31', NULL);

-- What is read differently from what was counted: nothing.
CREATE FUNCTION pg_temp.read_at(at text, zone text, phrase text) RETURNS record LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('dbinsight.now', at, true);
	RETURN dbinsight._read_period(phrase, zone);
END $$;
SELECT p.*, r.* FROM phrase p,
	LATERAL (SELECT * FROM pg_temp.read_at(p.at, p.zone, p.phrase) AS t(got_kind text, got_first date, got_last date, got_hours float8)) r
WHERE (p.kind, p.first_day, p.last_day, p.hours) IS DISTINCT FROM (r.got_kind, r.got_first, r.got_last, r.got_hours);
SELECT count(*) > 100 AS many FROM phrase;

-- A period never ends before it begins, on any day of a leap year, in any zone.
SELECT d.at, f.phrase, t.*
FROM (SELECT to_char(timestamp '2024-01-01 13:00' + n * interval '1 day', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS at FROM generate_series(0, 365, 3) n) d,
	(VALUES ('UTC'), ('Asia/Tokyo'), ('America/New_York')) z(zone),
	(SELECT phrase FROM phrase WHERE kind IS NOT NULL AND at = '2025-06-18T14:30:00Z' AND phrase !~ '20[0-9][0-9]') f,
	LATERAL (SELECT * FROM pg_temp.read_at(d.at, z.zone, f.phrase) AS t(kind text, first_day date, last_day date, hours float8)) t
WHERE t.kind IS NULL OR t.first_day > t.last_day OR (t.kind NOT IN ('future') AND t.last_day > (d.at::timestamptz AT TIME ZONE z.zone)::date
	AND f.phrase <> 'week of 4 June')
LIMIT 20;

-- The order of day and month follows DateStyle where the numbers leave it open.
SET dbinsight.now = '2025-06-18T14:30:00Z';
SET DateStyle = 'ISO, MDY';
SELECT first_day FROM dbinsight._read_period('03/04/2025');
SET DateStyle = 'ISO, DMY';
SELECT first_day FROM dbinsight._read_period('03/04/2025');
RESET DateStyle;
RESET dbinsight.now;
