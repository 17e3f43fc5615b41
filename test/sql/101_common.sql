-- The clock, windows, argument checks, formulas, addresses.
\set SHOW_CONTEXT never
SET dbinsight.now = '2025-03-10T12:30:00Z';
SELECT dbinsight.now(), dbinsight.today();
SET dbinsight.now = '2025-03-10 01:30:00+02';
SELECT dbinsight.now(), dbinsight.today();
SET dbinsight.now = '1999-12-31T23:59:59.999999';
SELECT dbinsight.now(), dbinsight.today();
SET dbinsight.now = 'tomorrow';
SET dbinsight.now = '2025-02-30';
SET dbinsight.now = '2025-03-10T12:30:00Z';
SET timezone = 'Asia/Tokyo';
SELECT dbinsight.now(), dbinsight.today();
RESET timezone;

-- Windows.
SELECT dbinsight._since_hours(24), dbinsight._since_days(7), dbinsight._first_day(30);
SELECT s, e, dbinsight._start_date(s, e), dbinsight._end_date(s, e)
FROM (VALUES (NULL::date, NULL::date), ('2025-03-01', NULL), (NULL, '2025-03-01'), ('2025-03-01', '2025-03-05'), ('2025-03-10', NULL), (NULL, '2024-01-01')) v(s, e);
SELECT dbinsight._since_days(0);
SELECT dbinsight._since_days(401);
SELECT dbinsight._since_days(1000000000);
SELECT dbinsight._since_hours(-1);
SELECT dbinsight._since_hours(NULL);
SELECT dbinsight._start_date('2025-03-05', '2025-03-01');
SELECT dbinsight._end_date('2025-03-05', '2025-03-01');
SELECT dbinsight._start_date('2000-01-01', '2025-03-01');
SELECT dbinsight._start_date('infinity', NULL);
SELECT dbinsight._top_n(0);
SELECT dbinsight._in_range('z_threshold', 'NaN', 0, 100);
SELECT dbinsight._one_of('severity', 'URGENT', 'high', 'low');
SELECT dbinsight._one_of('severity', 'HIGH', 'high', 'low'), dbinsight._one_of('severity', NULL, 'high');

-- Formulas.
SELECT dbinsight.chg(110, 100), dbinsight.chg(90, -100), dbinsight.chg(1, 0), dbinsight.chg(NULL, 1), dbinsight._pct(1, 3), dbinsight._pct(1, 0);
SELECT s, dbinsight.severity_rank(s), dbinsight._severity_name(dbinsight.severity_rank(s) - 1) FROM unnest(ARRAY['critical', 'High', 'medium', 'low', 'info', 'x']) s;
SELECT dbinsight._matches(NULL, 'a', 'b'), dbinsight._matches('A', 'a', 'b'), dbinsight._matches('nightly%', '7', 'Nightly_ETL'), dbinsight._matches('nightly', '7', 'nightly_etl'), dbinsight._matches('x', NULL, NULL);

-- Addresses.
SELECT a, dbinsight.clean_ip(a), dbinsight.ip_class(dbinsight.clean_ip(a))
FROM unnest(ARRAY['8.8.8.8', '8.8.8.8:443', '10.0.0.1', '172.31.255.255', '172.32.0.1', '192.168.1.1', '100.64.0.1', '100.128.0.1', '127.0.0.2', '127.0.0.1', '0.0.0.0', '0.1.2.3',
	'169.254.169.254', '192.0.2.1', '198.19.0.1', '198.51.100.7', '203.0.113.9', '224.0.0.1', '255.255.255.255', '2001:4860::1', '[2001:4860::1]:443', 'fc00::1', 'fe80::1', '::1', '::', '2001:db8::1', '::ffff:10.0.0.1',
	'', 'not an address', '1.2.3', '999.1.1.1', repeat('1', 100)]) a;
SELECT p, dbinsight.user_type(p) FROM unnest(ARRAY['ann@company.com', '12345678-1234-1234-1234-123456789012', 'etl-runner', 'sa@x.iam.gserviceaccount.com', 'System-User', 'databricks-support@x.com', 'Unity Catalog', NULL]) p;

-- Hours of work: Monday 10 March 2025. 19:00 is outside, 07:00 inside, Saturday outside.
SELECT t, dbinsight.is_off_hours(t) FROM unnest(ARRAY['2025-03-10 06:59+00', '2025-03-10 07:00+00', '2025-03-10 18:59+00', '2025-03-10 19:00+00', '2025-03-15 12:00+00']::timestamptz[]) t;
SET dbinsight.business_tz = 'America/New_York';
-- 18:59 UTC is 14:59 in New York, 11:30 UTC is 07:30 (daylight time since 9 March), 10:59 UTC is 06:59.
SELECT t, dbinsight.is_off_hours(t) FROM unnest(ARRAY['2025-03-10 18:59+00', '2025-03-10 11:30+00', '2025-03-10 10:59+00', '2025-03-07 11:30+00']::timestamptz[]) t;
RESET dbinsight.business_tz;
SET dbinsight.business_hours = '22-6';
SELECT t, dbinsight.is_off_hours(t) FROM unnest(ARRAY['2025-03-10 23:00+00', '2025-03-10 05:00+00', '2025-03-10 12:00+00']::timestamptz[]) t;
SET dbinsight.business_hours = '9 to 5';
SET dbinsight.business_tz = 'Mars/Olympus';
SET dbinsight.price_basis = 'free';
\set VERBOSITY terse
SET dbinsight.no_such_setting = 1;
\set VERBOSITY default
RESET dbinsight.business_hours;

-- Terminal charts.
SELECT dbinsight.sparkline(ARRAY[1, 2, 3, NULL, 8, 5]), dbinsight.sparkline(ARRAY[3, 3]), dbinsight.sparkline('{}'), dbinsight.sparkline(NULL), dbinsight.sparkline(ARRAY['NaN', 1, 2]::float8[]);
SELECT dbinsight.bar(5, 10, 10), dbinsight.bar(12, 10, 4), dbinsight.bar(0, 0), dbinsight.bar(-1, 10), dbinsight.bar(1, 16, 2), dbinsight.bar(NULL, 1);
SELECT dbinsight.bar(1, 1, 0);
-- Text for HTML and Markdown.
SELECT dbinsight._html('<img src="x" onerror=''a&b''>'), dbinsight._markdown_cell(E'a|b\nc');
-- A bit a day: of 3 and 4 March 4 + 8; a window around the month has all 31, 2^31 - 1; the last day 2^30; none before and after.
SELECT dbinsight._day_bits('2025-03-01', '2025-03-03', '2025-03-05') AS two, dbinsight._day_bits('2025-03-01', '2025-02-10', '2025-05-01') AS whole,
	dbinsight._day_bits('2025-03-01', '2025-03-31', '2025-04-01') AS last, dbinsight._day_bits('2025-03-01', '2025-04-01', '2025-05-01') AS after,
	dbinsight._day_bits('2025-03-01', '2025-01-01', '2025-03-01') AS before;
RESET dbinsight.now;
