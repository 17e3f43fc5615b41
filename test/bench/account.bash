# Rows of the sample account for the benches that load them elsewhere. Sourced; wants $dir and $RUNS.
# Audit events and usage records as Databricks has them:
audit_json="jsonb_build_object('event_id', event_id, 'event_time', event_time, 'event_date', event_date, 'account_id', account_id,
	'workspace_id', workspace_id_raw, 'audit_level', audit_level, 'version', version, 'request_id', request_id, 'service_name', service_name,
	'action_name', action_name, 'request_params', request_params, 'source_ip_address', source_ip_raw, 'user_agent', user_agent, 'session_id', session_id,
	'user_identity', jsonb_build_object('email', user_identity_email, 'subject_name', user_identity_subject),
	'response', jsonb_build_object('status_code', status_code, 'error_message', error_message, 'result', response_result))"
usage_json="jsonb_build_object('record_id', record_id, 'account_id', account_id, 'workspace_id', workspace_id, 'sku_name', sku_name, 'cloud', cloud,
	'usage_start_time', usage_start_time, 'usage_end_time', usage_end_time, 'usage_date', usage_date, 'usage_unit', usage_unit,
	'usage_quantity', usage_quantity::text, 'usage_type', usage_type, 'record_type', record_type, 'ingestion_date', ingestion_date,
	'billing_origin_product', billing_origin_product, 'custom_tags', custom_tags,
	'usage_metadata', jsonb_build_object('cluster_id', cluster_id, 'job_id', job_id, 'job_run_id', job_run_id, 'warehouse_id', warehouse_id, 'node_type', node_type,
		'notebook_id', notebook_id, 'dlt_pipeline_id', pipeline_id, 'endpoint_name', endpoint_name),
	'identity_metadata', jsonb_build_object('run_as', run_as, 'owned_by', owned_by, 'created_by', created_by),
	'product_features', jsonb_build_object('is_serverless', is_serverless, 'is_photon', is_photon))"

price_columns="sku_name, cloud, usage_unit, currency_code, price_start_time, price_end_time, price_default, price_effective"

psql_load() { psql -XqAt -v ON_ERROR_STOP=1 -d bench_load "$@"; }

# Milliseconds a statement takes on the server; those of its backend's processor, which others on the machine lengthen less, in $dir/cpu.
seconds() {
	psql_load -c "SET log_statement_stats = on" -c "SET client_min_messages = log" -c '\timing on' -c "$1" >"$dir/timed" 2>&1 || {
		cat "$dir/timed" >&2
		return 1
	}
	awk '/ s user, .* s elapsed$/ { ms = 1000 * ($2 + $5) } END { print ms }' "$dir/timed" >"$dir/cpu"
	sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p' "$dir/timed" | tail -n 1
}

median() { sort -n | sed -n "$(((RUNS + 1) / 2))p"; }


# What COPY writes of a gold table.
columns_of() {
	psql -XqAt -c "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
		WHERE attrelid = 'dbinsight.$1'::regclass AND attnum > 0 AND attgenerated = '' AND NOT attisdropped"
}

export_prices() { psql -XqAt -c "\copy (SELECT $price_columns FROM dbinsight.fact_list_prices) TO '$dir/prices.copy'"; }

# The table, its partitions and the indexes, which are the partitions' (sql/schema/30_partitions.sql).
make_copy() {
	psql_load -c "CREATE TABLE copied (LIKE dbinsight.$1 INCLUDING ALL) PARTITION BY RANGE ($2)"
	psql_load -c "SELECT format('CREATE TABLE copied_%1\$s (LIKE dbinsight.%2\$I INCLUDING ALL); ALTER TABLE copied ATTACH PARTITION copied_%1\$s %3\$s;', n, '_blank_$1', bound)
		FROM (SELECT row_number() OVER () AS n, pg_get_expr(c.relpartbound, c.oid) AS bound
			FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'dbinsight.$1'::regclass) p" >"$dir/partitions.sql"
	psql_load -f "$dir/partitions.sql"
}
