-- Who may do what, and what a hostile search path changes: nothing.
\set SHOW_CONTEXT never
BEGIN;
SET LOCAL dbinsight.now = '2025-03-10 12:00:00+00';
CREATE ROLE regress_dbi_reader IN ROLE dbinsight_reader;
CREATE ROLE regress_dbi_operator IN ROLE dbinsight_operator;
CREATE ROLE regress_dbi_admin IN ROLE dbinsight_admin;
CREATE ROLE regress_dbi_nobody;
SAVEPOINT s;

-- Nobody sees nothing.
SET ROLE regress_dbi_nobody;
SELECT * FROM dbinsight.fact_usage; ROLLBACK TO s;
SET ROLE regress_dbi_nobody;
SELECT dbinsight.now(); ROLLBACK TO s;

-- A reader looks, and changes nothing but what is its own.
SET ROLE regress_dbi_reader;
SELECT count(*) FROM dbinsight.fact_usage;
SELECT count(*) FROM dbinsight.get_daily_cost_summary(date '2025-03-01', date '2025-03-05');
INSERT INTO dbinsight.user_preferences (display_name) VALUES ('Reader');
SELECT user_id, display_name FROM dbinsight.user_preferences;
INSERT INTO dbinsight.user_preferences (user_id) VALUES ('somebody'); ROLLBACK TO s;
SET ROLE regress_dbi_reader;
SELECT dbinsight.load_rows('system.access.audit', '[]'); ROLLBACK TO s;
SET ROLE regress_dbi_reader;
SELECT * FROM dbinsight.rejected_rows; ROLLBACK TO s;
SET ROLE regress_dbi_reader;
INSERT INTO dbinsight.budgets VALUES ('ACCOUNT', '', '2025-03-01', 1); ROLLBACK TO s;
SET ROLE regress_dbi_reader;
DELETE FROM dbinsight.fact_usage; ROLLBACK TO s;
SET ROLE regress_dbi_reader;
SELECT dbinsight._refresh_derived('fact_usage', now(), now()); ROLLBACK TO s;
SET ROLE regress_dbi_reader;
UPDATE dbinsight.agent_tools SET function = 'pg_sleep(double precision)'; ROLLBACK TO s;

-- An operator keeps alert rules, not sources.
SET ROLE regress_dbi_operator;
INSERT INTO dbinsight.alert_rules (name, query) VALUES ('r', 'SELECT 1');
SELECT dbinsight.load_rows('system.access.audit', '[]'); ROLLBACK TO s;

-- An admin loads and keeps settings, and cannot change what runs as the owner.
SET ROLE regress_dbi_admin;
SELECT dbinsight.load_rows('system.access.audit', '[{"event_id": "1", "event_time": "2025-03-01T00:00:00Z"}, 5]');
SELECT reason FROM dbinsight.rejected_rows;
INSERT INTO dbinsight.budgets VALUES ('ACCOUNT', '', '2025-03-01', 1);
UPDATE dbinsight.sources SET enabled = false WHERE source = 'system.access.audit';
SELECT current_user, session_user <> current_user AS acting;
UPDATE dbinsight.sources SET computed_from = 'evil'; ROLLBACK TO s;
SET ROLE regress_dbi_admin;
UPDATE dbinsight.detection_rules SET query = 'evil'; ROLLBACK TO s;
SET ROLE regress_dbi_admin;
INSERT INTO dbinsight.fact_audit_logs (event_id, event_time) VALUES ('x', now()); ROLLBACK TO s;

-- For whom a session acts: the setting counts for members of dbinsight_proxy alone.
SET LOCAL dbinsight.user_id = 'boss@company.com';
SELECT dbinsight.person() = current_user AS myself;
SET ROLE regress_dbi_reader;
SELECT dbinsight.person();
ROLLBACK TO s;

-- A path full of traps: names and operators were bound when the extension was made.
CREATE SCHEMA regress_trap;
CREATE FUNCTION regress_trap.trap() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'trapped'; END $$;
CREATE FUNCTION regress_trap.equal(text, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'trapped'; END $$;
CREATE OPERATOR regress_trap.= (LEFTARG = text, RIGHTARG = text, FUNCTION = regress_trap.equal);
CREATE FUNCTION regress_trap.lower(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'trapped'; END $$;
CREATE FUNCTION regress_trap.round(numeric, int) RETURNS numeric LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'trapped'; END $$;
CREATE FUNCTION regress_trap.now() RETURNS timestamptz LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'trapped'; END $$;
CREATE FUNCTION regress_trap.format(text, VARIADIC text[]) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'trapped'; END $$;
SET LOCAL search_path = regress_trap, dbinsight, pg_catalog;
SELECT load_rows('system.access.audit', '[{"event_id": "2", "event_time": "2025-03-09T12:00:00Z", "action_name": "login", "response": {"status_code": 401}, "user_identity": {"email": "Ann@x.org"}, "source_ip_address": "8.8.8.8"}]');
SELECT user_email, attempts FROM get_failed_auth_attempts(48);
SELECT pg_catalog.count(*) FROM get_daily_cost_summary();
SELECT length(report('security')) > 100 AS reported;
SELECT agent FROM route('Were there any failed logins overnight?') LIMIT 1;
SELECT pg_catalog.strpos(ask('Were there any failed logins in the last 48 hours?'), 'ann@x.org') > 0 AS answered;
ROLLBACK;
SELECT count(*) FROM pg_roles WHERE rolname LIKE 'regress_dbi%';
