/*
 * What the compliance checks read of the audit log beside its coverage: the
 * rare events that bear on a control, few however large the log is.
 */
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
		-- A list, which is looked up by hash: a pattern of these costs a load of sign-ins more than all else here.
		WHEN service_name IN ('accounts', 'accountsManager') AND action_name IN ('updateCustomerManagedKeyConfiguration', 'deleteCustomerManagedKeyConfiguration',
			'updateNetworkConfiguration', 'deleteNetworkConfiguration', 'updatePrivateAccessSettings', 'deletePrivateAccessSettings', 'updateVpcEndpoint',
			'deleteVpcEndpoint', 'updateStorageConfiguration', 'deleteStorageConfiguration', 'updateCredentialsConfiguration',
			'deleteCredentialsConfiguration', 'updateWorkspaceConfiguration', 'deleteWorkspaceConfiguration') THEN 'PLUMBING'
		-- null, [], {"allowed_ip_addresses": []}: a list of addresses has digits
		WHEN action_name = 'createRecipient'
			AND coalesce(coalesce(request_params ->> 'ip_access_list', request_params ->> 'ipAccessList') !~ '[0-9]', true) THEN 'RECIPIENT_OPEN'
		WHEN action_name = 'installLibraryOnAllClusters' THEN 'LIBRARY_PUSHED'
		WHEN service_name = 'secrets' AND action_name = 'putAcl' AND (lower(request_params ->> 'principal') IN ('users', 'account users')
			OR upper(request_params ->> 'permission') = 'MANAGE') THEN 'SECRET_ACL_WIDENED'
	END;
COMMENT ON FUNCTION dbinsight._control_kind(text, text, jsonb) IS 'On which control an audit event bears; NULL for all but a few';

CREATE FUNCTION dbinsight._refresh_control_event(since timestamptz, until timestamptz) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan AS $$
BEGIN
	PERFORM pg_advisory_xact_lock(hashtextextended('dbinsight.control_event', 0));
	DELETE FROM dbinsight.control_event c WHERE c.event_time BETWEEN since AND until;
	INSERT INTO dbinsight.control_event (event_id, event_time, kind, workspace_id, user_email, service_name, action_name, request_params)
	SELECT f.event_id, f.event_time, dbinsight._control_kind(f.service_name, f.action_name, f.request_params), f.workspace_id,
		f.user_email, f.service_name, f.action_name, f.request_params
	FROM dbinsight.fact_audit_logs f
	WHERE f.event_time BETWEEN since AND until AND NOT f.is_failed
		AND dbinsight._control_kind(f.service_name, f.action_name, f.request_params) IS NOT NULL;
END $$;
COMMENT ON FUNCTION dbinsight._refresh_control_event(timestamptz, timestamptz) IS 'Recomputes control_event for the events between two times';

INSERT INTO dbinsight.derived_relations VALUES
	('control_event', 'fact_audit_logs', 20, '_refresh_control_event');

INSERT INTO dbinsight.retention VALUES
	('control_event', 'event_time', '400 days');
