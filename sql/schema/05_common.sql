/*
 * The clock, windows, argument checks and small formulas that every tool uses.
 */

CREATE FUNCTION dbinsight.now() RETURNS timestamptz
	LANGUAGE C STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'dbi_now_sql';
COMMENT ON FUNCTION dbinsight.now() IS
'The clock every function uses: the setting dbinsight.now when it is set, else the transaction time';

CREATE FUNCTION dbinsight.today() RETURNS date
	LANGUAGE C STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'dbi_today_sql';
COMMENT ON FUNCTION dbinsight.today() IS 'The UTC date of dbinsight.now()';

/*
 * Window bounds. Each checks its argument and raises 22023 with the allowed
 * range, so that a tool's own query stays one plain statement. Stable, hence
 * good for pruning partitions at executor start.
 */
CREATE FUNCTION dbinsight._since_hours(hours int, max_hours int DEFAULT 9600) RETURNS timestamptz
	LANGUAGE C STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'dbi_since_hours';
COMMENT ON FUNCTION dbinsight._since_hours(int, int) IS 'Start of the rolling window of the last hours (1 to max_hours)';

CREATE FUNCTION dbinsight._since_days(days int, max_days int DEFAULT 400) RETURNS timestamptz
	LANGUAGE C STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'dbi_since_days';
COMMENT ON FUNCTION dbinsight._since_days(int, int) IS 'Start of the rolling window of the last days (1 to max_days)';

CREATE FUNCTION dbinsight._first_day(days int, max_days int DEFAULT 400) RETURNS date
	LANGUAGE C STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'dbi_first_day';
COMMENT ON FUNCTION dbinsight._first_day(int, int) IS 'First of the last complete days: today - days; the window ends before today';

CREATE FUNCTION dbinsight._start_date(start_date date, end_date date, default_days int DEFAULT 30) RETURNS date
	LANGUAGE C STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'dbi_start_date';
COMMENT ON FUNCTION dbinsight._start_date(date, date, int) IS
'First day of a closed range of dates: start_date, or today - default_days; the range must not end before it starts nor span more than 1100 days';

CREATE FUNCTION dbinsight._end_date(start_date date, end_date date) RETURNS date
	LANGUAGE C STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'dbi_end_date';
COMMENT ON FUNCTION dbinsight._end_date(date, date) IS
'Last day of a closed range of dates: end_date, or yesterday (the start when that is later)';

CREATE FUNCTION dbinsight._top_n(n int) RETURNS bigint
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'dbi_top_n';
COMMENT ON FUNCTION dbinsight._top_n(int) IS 'A row limit, checked: 1 to 100000';

CREATE FUNCTION dbinsight._in_range(argument text, value float8, low float8, high float8) RETURNS float8
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'dbi_in_range';
COMMENT ON FUNCTION dbinsight._in_range(text, float8, float8, float8) IS 'The value when it lies in [low, high]; else 22023 naming the argument and the range';

CREATE FUNCTION dbinsight._one_of(argument text, value text, VARIADIC allowed text[]) RETURNS text
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'dbi_one_of';
COMMENT ON FUNCTION dbinsight._one_of(text, text, text[]) IS
'The allowed word that equals the value, case aside; NULL stays NULL; any other value raises 22023 listing the words';

/* Formulas of the catalogue's conventions. */
CREATE FUNCTION dbinsight.chg(cur numeric, prior numeric) RETURNS float8
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN round(100 * (cur - prior) / abs(nullif(prior, 0)), 2)::float8;
COMMENT ON FUNCTION dbinsight.chg(numeric, numeric) IS
'Percent change from prior to cur, two decimals; NULL when prior is NULL or 0';

CREATE FUNCTION dbinsight._pct(part numeric, whole numeric) RETURNS float8
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN round(100 * part / nullif(whole, 0), 2)::float8;
COMMENT ON FUNCTION dbinsight._pct(numeric, numeric) IS 'Share in percent, 0 to 100, two decimals; NULL when whole is 0';

CREATE FUNCTION dbinsight._r(x float8, digits int) RETURNS float8
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN round(x::numeric, digits)::float8;
COMMENT ON FUNCTION dbinsight._r(float8, int) IS 'Round a double to a number of decimals';

CREATE FUNCTION dbinsight._seconds(i interval) RETURNS float8
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN round(extract(epoch FROM i), 3)::float8;
COMMENT ON FUNCTION dbinsight._seconds(interval) IS 'An interval in seconds, three decimals';

CREATE FUNCTION dbinsight.severity_rank(severity text) RETURNS int
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE lower(severity) WHEN 'critical' THEN 1 WHEN 'high' THEN 2 WHEN 'medium' THEN 3
		WHEN 'low' THEN 4 WHEN 'info' THEN 5 END;
COMMENT ON FUNCTION dbinsight.severity_rank(text) IS 'critical 1, high 2, medium 3, low 4, info 5; anything else NULL';

CREATE FUNCTION dbinsight._severity_name(rank int) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN (ARRAY['critical', 'high', 'medium', 'low', 'info'])[greatest(1, least(5, rank))];
COMMENT ON FUNCTION dbinsight._severity_name(int) IS 'The severity of a rank, 1 critical to 5 info, clamped';

CREATE FUNCTION dbinsight._severity_arg(severity text) RETURNS int
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN dbinsight.severity_rank(dbinsight._one_of('severity', severity, 'critical', 'high', 'medium', 'low', 'info'));
COMMENT ON FUNCTION dbinsight._severity_arg(text) IS 'Rank of a severity argument; NULL stays NULL, an unknown word raises 22023';

CREATE FUNCTION dbinsight._matches(argument text, id text, name text) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN argument IS NULL OR lower(id) = lower(argument) OR lower(name) = lower(argument)
		OR (strpos(argument, '%') > 0 AND (id ILIKE argument OR name ILIKE argument));
COMMENT ON FUNCTION dbinsight._matches(text, text, text) IS
'Whether an entity argument means this entity: NULL means any; id or name, case aside; with % a pattern';

/* Addresses, decided offline. */
CREATE FUNCTION dbinsight.clean_ip(address text) RETURNS inet
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dbi_clean_ip';
COMMENT ON FUNCTION dbinsight.clean_ip(text) IS
'The address without its port; NULL when empty, unparsable, 0.0.0.0 or 127.0.0.1';

CREATE FUNCTION dbinsight.ip_class(address inet) RETURNS text
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dbi_ip_class';
COMMENT ON FUNCTION dbinsight.ip_class(inet) IS
'public, private, cgnat, loopback, link_local or reserved';

CREATE FUNCTION dbinsight.is_off_hours(at timestamptz) RETURNS boolean
	LANGUAGE C STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dbi_is_off_hours';
COMMENT ON FUNCTION dbinsight.is_off_hours(timestamptz) IS
'Outside dbinsight.business_hours, Monday to Friday, in dbinsight.business_tz';

/* Who acted, and what kind of identity that is. Used in generated columns. */
CREATE FUNCTION dbinsight._actor(email text, subject_name text, request_params jsonb) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN nullif(nullif(nullif(lower(coalesce(email, subject_name, request_params ->> 'user')), ''), 'unknown'), 'system-user');
COMMENT ON FUNCTION dbinsight._actor(text, text, jsonb) IS
'The acting identity of an audit event, lower case; NULL when empty, unknown or system-user';

CREATE FUNCTION dbinsight.user_type(principal text) RETURNS text
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'dbi_user_type_sql';
COMMENT ON FUNCTION dbinsight.user_type(text) IS
'SYSTEM, SERVICE_PRINCIPAL or HUMAN by the form of the name';

CREATE FUNCTION dbinsight._setting(name text) RETURNS text
	LANGUAGE C STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dbi_setting';
COMMENT ON FUNCTION dbinsight._setting(text) IS
'A setting of dbinsight by its name without the prefix; loads the library first, so that the default is there';

CREATE FUNCTION dbinsight._try_jsonb(document text) RETURNS jsonb
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dbi_try_jsonb_sql';
COMMENT ON FUNCTION dbinsight._try_jsonb(text) IS 'JSON text as jsonb; NULL when it is not JSON, nests deeper than 64 or has more than four million commas';
