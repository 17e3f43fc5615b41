/*
 * Roles belong to the cluster, not to the extension: made when missing, never
 * dropped.
 */
DO $$
DECLARE
	r record;
BEGIN
	FOR r IN SELECT * FROM (VALUES
		('dbinsight_reader', 'dbinsight: may ask, call tools, read reports and its own conversations'),
		('dbinsight_operator', 'dbinsight: reader, and may acknowledge, keep alert rules, approve remediation'),
		('dbinsight_admin', 'dbinsight: operator, and may keep sources, servers, models, jobs and registries'),
		('dbinsight_proxy', 'dbinsight: a shared login that may act for the person named in dbinsight.user_id')) v(name, about)
	LOOP
		IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = r.name) THEN
			EXECUTE format('CREATE ROLE %I NOLOGIN', r.name);
			EXECUTE format('COMMENT ON ROLE %I IS %L', r.name, r.about);
		END IF;
	END LOOP;
	IF NOT pg_catalog.pg_has_role('dbinsight_operator', 'dbinsight_reader', 'MEMBER') THEN
		GRANT dbinsight_reader TO dbinsight_operator;
	END IF;
	IF NOT pg_catalog.pg_has_role('dbinsight_admin', 'dbinsight_operator', 'MEMBER') THEN
		GRANT dbinsight_operator TO dbinsight_admin;
	END IF;
END $$;
