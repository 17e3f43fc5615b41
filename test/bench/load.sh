#!/bin/bash
# load_rows() against COPY of the same rows into a copy of the table with the same indexes.
# The rows are audit events and usage records of the sample account, as Databricks prints them.
set -euo pipefail

ROWS=${BENCH_ROWS:-100000}
RUNS=${BENCH_RUNS:-3}
dir=$(mktemp -d)
trap 'rm -rf "$dir"; dropdb --if-exists bench_load' EXIT

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

psql_load() { psql -XqAt -v ON_ERROR_STOP=1 -d bench_load "$@"; }

# Seconds a statement takes on the server.
seconds() { psql_load -c '\timing on' -c "$1" | sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p' | tail -n 1; }

median() { sort -n | sed -n "$(((RUNS + 1) / 2))p"; }

# compare GOLD SOURCE JSON ORDER
compare() {
	local gold=$1 source=$2 json=$3 order=$4 columns i loads=() copies=()
	columns=$(psql -XqAt -c "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
		WHERE attrelid = 'dbinsight.$gold'::regclass AND attnum > 0 AND attgenerated = '' AND NOT attisdropped")
	psql -XqAt -c "\copy (SELECT $columns FROM dbinsight.$gold ORDER BY $order DESC LIMIT $ROWS) TO '$dir/$gold.copy'"
	psql -XqAt -c "\copy (SELECT jsonb_agg(j) FROM (SELECT $json AS j FROM dbinsight.$gold ORDER BY $order DESC LIMIT $ROWS) s) TO '$dir/$gold.json'"
	psql -XqAt -c "\copy (SELECT sku_name, cloud, usage_unit, currency_code, price_start_time, price_end_time, price_default, price_effective FROM dbinsight.fact_list_prices) TO '$dir/prices.copy'"
	for ((i = 0; i < RUNS; i++)); do
		dropdb --if-exists bench_load
		createdb bench_load
		psql_load -c "CREATE EXTENSION dbinsight" -c "SET client_min_messages = warning" \
			-c "\copy dbinsight.fact_list_prices (sku_name, cloud, usage_unit, currency_code, price_start_time, price_end_time, price_default, price_effective) FROM '$dir/prices.copy'" \
			-c "CREATE TABLE batch (rows jsonb)" -c "\copy batch FROM '$dir/$gold.json'"
		loads+=("$(seconds "SELECT dbinsight.load_rows('$source', rows) FROM batch")")
		psql_load -c "CREATE TABLE copied (LIKE dbinsight.$gold INCLUDING ALL) PARTITION BY RANGE ($order)" \
			-c "SELECT format('CREATE TABLE copied_%s PARTITION OF copied %s', n, bound) FROM (SELECT row_number() OVER () AS n, pg_get_expr(c.relpartbound, c.oid) AS bound
				FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'dbinsight.$gold'::regclass) p" >"$dir/partitions.sql"
		sed 's/$/;/' "$dir/partitions.sql" | psql_load
		copies+=("$(seconds "\copy copied ($columns) FROM '$dir/$gold.copy'")")
	done
	local load copy
	load=$(printf '%s\n' "${loads[@]}" | median)
	copy=$(printf '%s\n' "${copies[@]}" | median)
	awk -v s="$source" -v n="$(psql_load -c "SELECT count(*) FROM dbinsight.$gold")" -v l="$load" -v c="$copy" \
		'BEGIN { printf "load_rows %s = %d rows in %.0f ms, COPY %.0f ms: %.2f of its rows a second\n", s, n, l, c, c / l }'
}

compare fact_audit_logs system.access.audit "$audit_json" event_time
compare fact_usage system.billing.usage "$usage_json" usage_date
