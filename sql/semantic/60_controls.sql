/*
 * What the compliance checks read of the audit log: whether it is all there,
 * and the rare events that bear on a control. Both are small however large
 * the log is.
 */
CREATE TABLE dbinsight.rollup_audit_coverage (
	hour timestamptz NOT NULL,
	workspace_id text NOT NULL,
	events bigint NOT NULL,
	interactive_logins bigint NOT NULL,
	sso_bypassed bigint NOT NULL,
	first_time timestamptz NOT NULL,
	last_time timestamptz NOT NULL
);
COMMENT ON TABLE dbinsight.rollup_audit_coverage IS
'Audit events per UTC hour and workspace: how many, first and last, interactive sign-ins and those of them that went round single sign-on';
CREATE INDEX ON dbinsight.rollup_audit_coverage (hour);

CREATE FUNCTION dbinsight._refresh_audit_coverage(since timestamptz, until timestamptz) RETURNS void
	LANGUAGE sql BEGIN ATOMIC
	SELECT pg_advisory_xact_lock(hashtextextended('dbinsight.rollup_audit_coverage', 0));
	DELETE FROM dbinsight.rollup_audit_coverage r
	WHERE r.hour >= date_bin('1 hour', since, 'epoch') AND r.hour <= until;
	INSERT INTO dbinsight.rollup_audit_coverage (hour, workspace_id, events, interactive_logins, sso_bypassed, first_time, last_time)
	SELECT date_bin('1 hour', f.event_time, 'epoch'), f.workspace_id, count(*), count(*) FILTER (WHERE l.interactive),
		count(*) FILTER (WHERE l.interactive AND NOT l.single_sign_on), min(f.event_time), max(f.event_time)
	FROM dbinsight.fact_audit_logs f
	CROSS JOIN LATERAL (
		SELECT f.service_name = 'accounts' AND NOT f.is_failed AND f.action_name IN ('login', 'samlLogin', 'oidcBrowserLogin',
				'aadBrowserLogin', 'certLogin', 'mfaLogin', 'passwordVerifyAuthentication') AS interactive,
			f.action_name IN ('samlLogin', 'oidcBrowserLogin', 'aadBrowserLogin')
				OR coalesce(coalesce(f.request_params ->> 'authenticationMethod', f.request_params ->> 'authentication_method')
					IN ('BROWSER_BYO_IDP_SAML', 'SAML'), false) AS single_sign_on
	) l
	WHERE f.event_time >= date_bin('1 hour', since, 'epoch') AND f.event_time < date_bin('1 hour', until, 'epoch') + interval '1 hour'
	GROUP BY 1, 2;
END;
COMMENT ON FUNCTION dbinsight._refresh_audit_coverage(timestamptz, timestamptz) IS 'Recomputes rollup_audit_coverage for the hours between two times';

CREATE TABLE dbinsight.control_event (
	event_id text NOT NULL,
	event_time timestamptz NOT NULL,
	kind text NOT NULL,
	workspace_id text,
	user_email text,
	service_name text,
	action_name text,
	request_params jsonb,
	PRIMARY KEY (event_id, event_time)
);
COMMENT ON TABLE dbinsight.control_event IS
'Audit events that succeeded and bear on a control but on no category: MFA_DELETED, PLUMBING (keys, networks, storage of a workspace), RECIPIENT_OPEN (a recipient without an address list), LIBRARY_PUSHED, SECRET_ACL_WIDENED';
CREATE INDEX ON dbinsight.control_event (event_time);

CREATE FUNCTION dbinsight._control_kind(service_name text, action_name text, request_params jsonb) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE
		WHEN service_name = 'accounts' AND action_name = 'mfaDeleteKey' THEN 'MFA_DELETED'
		WHEN service_name IN ('accounts', 'accountsManager') AND action_name ~ '^(update|delete)(CustomerManagedKeyConfiguration|NetworkConfiguration|PrivateAccessSettings|VpcEndpoint|StorageConfiguration|CredentialsConfiguration|WorkspaceConfiguration)$' THEN 'PLUMBING'
		-- null, [], {"allowed_ip_addresses": []}: a list of addresses has digits
		WHEN action_name = 'createRecipient'
			AND coalesce(coalesce(request_params ->> 'ip_access_list', request_params ->> 'ipAccessList') !~ '[0-9]', true) THEN 'RECIPIENT_OPEN'
		WHEN action_name = 'installLibraryOnAllClusters' THEN 'LIBRARY_PUSHED'
		WHEN service_name = 'secrets' AND action_name = 'putAcl' AND (lower(request_params ->> 'principal') IN ('users', 'account users')
			OR upper(request_params ->> 'permission') = 'MANAGE') THEN 'SECRET_ACL_WIDENED'
	END;
COMMENT ON FUNCTION dbinsight._control_kind(text, text, jsonb) IS 'On which control an audit event bears; NULL for all but a few';

CREATE FUNCTION dbinsight._refresh_control_event(since timestamptz, until timestamptz) RETURNS void
	LANGUAGE sql BEGIN ATOMIC
	SELECT pg_advisory_xact_lock(hashtextextended('dbinsight.control_event', 0));
	DELETE FROM dbinsight.control_event c WHERE c.event_time BETWEEN since AND until;
	INSERT INTO dbinsight.control_event (event_id, event_time, kind, workspace_id, user_email, service_name, action_name, request_params)
	SELECT f.event_id, f.event_time, dbinsight._control_kind(f.service_name, f.action_name, f.request_params), f.workspace_id,
		f.user_email, f.service_name, f.action_name, f.request_params
	FROM dbinsight.fact_audit_logs f
	WHERE f.event_time BETWEEN since AND until AND NOT f.is_failed
		AND dbinsight._control_kind(f.service_name, f.action_name, f.request_params) IS NOT NULL;
END;
COMMENT ON FUNCTION dbinsight._refresh_control_event(timestamptz, timestamptz) IS 'Recomputes control_event for the events between two times';

INSERT INTO dbinsight.derived_relations VALUES
	('rollup_audit_coverage', 'fact_audit_logs', 20, '_refresh_audit_coverage'),
	('control_event', 'fact_audit_logs', 20, '_refresh_control_event');

INSERT INTO dbinsight.retention VALUES
	('rollup_audit_coverage', 'hour', '400 days'),
	('control_event', 'event_time', '400 days');
