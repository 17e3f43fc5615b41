#!/bin/bash
# load_rows() against COPY of the same rows into a copy of the table with the same indexes: first many rows into
# an empty account, then the newest, a small batch, on top of them. load_rows() brings the derived relations up to
# date as well. The rows are audit events and usage records of the sample account, as Databricks prints them.
set -euo pipefail

ROWS=${BENCH_ROWS:-100000}
SMALL=${BENCH_SMALL_ROWS:-1000}
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

# rows_of GOLD ORDER KEY LIMIT OFFSET: a FROM clause
rows_of() { echo "FROM dbinsight.$1 ORDER BY $2 DESC, $3 LIMIT $4 OFFSET $5"; }

# export_rows GOLD JSON ORDER KEY NAME LIMIT OFFSET: the same rows for load_rows() and for COPY
export_rows() {
	local rows
	rows=$(rows_of "$1" "$3" "$4" "$6" "$7")
	psql -XqAt -c "\copy (SELECT $columns $rows) TO '$dir/$5.copy'"
	psql -XqAt -c "\copy (SELECT '$5', jsonb_agg(j) FROM (SELECT $2 AS j $rows) s) TO '$dir/$5.json'"
}

prepare() {
	dropdb --if-exists bench_load
	createdb bench_load
	psql_load -c "CREATE EXTENSION dbinsight" -c "SET client_min_messages = warning" \
		-c "\copy dbinsight.fact_list_prices (sku_name, cloud, usage_unit, currency_code, price_start_time, price_end_time, price_default, price_effective) FROM '$dir/prices.copy'" \
		-c "CREATE TABLE batch (name text, rows jsonb)" -c "\copy batch FROM '$dir/many.json'" -c "\copy batch FROM '$dir/few.json'"
}

# The table, its partitions and the indexes, which are the partitions' (sql/schema/30_partitions.sql).
make_copy() {
	psql_load -c "CREATE TABLE copied (LIKE dbinsight.$1 INCLUDING ALL) PARTITION BY RANGE ($2)"
	psql_load -c "SELECT format('CREATE TABLE copied_%1\$s (LIKE dbinsight.%2\$I INCLUDING ALL); ALTER TABLE copied ATTACH PARTITION copied_%1\$s %3\$s;', n, '_blank_$1', bound)
		FROM (SELECT row_number() OVER () AS n, pg_get_expr(c.relpartbound, c.oid) AS bound
			FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'dbinsight.$1'::regclass) p" >"$dir/partitions.sql"
	psql_load -f "$dir/partitions.sql"
}

# report WHAT SOURCE ROWS LOADS COPIES
report() {
	awk -v what="$1" -v s="$2" -v n="$3" -v l="$(tr ' ' '\n' <<<"$4" | median)" -v c="$(tr ' ' '\n' <<<"$5" | median)" \
		'BEGIN { printf "%s %s = %d rows in %.0f ms, COPY %.0f ms: %.2f of its rows a second\n", what, s, n, l, c, c / l }'
}

# compare GOLD SOURCE JSON ORDER KEY
compare() {
	local gold=$1 source=$2 json=$3 order=$4 key=$5 columns i name many_loads="" many_copies="" few_loads="" few_copies=""
	columns=$(psql -XqAt -c "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
		WHERE attrelid = 'dbinsight.$gold'::regclass AND attnum > 0 AND attgenerated = '' AND NOT attisdropped")
	export_rows "$gold" "$json" "$order" "$key" few "$SMALL" 0
	export_rows "$gold" "$json" "$order" "$key" many "$ROWS" "$SMALL"
	psql -XqAt -c "\copy (SELECT sku_name, cloud, usage_unit, currency_code, price_start_time, price_end_time, price_default, price_effective FROM dbinsight.fact_list_prices) TO '$dir/prices.copy'"
	for ((i = 0; i < RUNS; i++)); do
		prepare
		many_loads+="${many_loads:+ }$(seconds "SELECT dbinsight.load_rows('$source', rows) FROM batch WHERE name = 'many'")"
		few_loads+="${few_loads:+ }$(seconds "SELECT dbinsight.load_rows('$source', rows) FROM batch WHERE name = 'few'")"
		make_copy "$gold" "$order"
		many_copies+="${many_copies:+ }$(seconds "\copy copied ($columns) FROM '$dir/many.copy'")"
		few_copies+="${few_copies:+ }$(seconds "\copy copied ($columns) FROM '$dir/few.copy'")"
		for name in "dbinsight.$gold" copied; do
			[ "$(psql_load -c "SELECT count(*) FROM $name")" = "$(cat "$dir/many.copy" "$dir/few.copy" | wc -l)" ]
		done
	done
	report load_rows "$source" "$(wc -l <"$dir/many.copy")" "$many_loads" "$many_copies"
	report "load_rows on top" "$source" "$(wc -l <"$dir/few.copy")" "$few_loads" "$few_copies"
}

compare fact_audit_logs system.access.audit "$audit_json" event_time event_id
compare fact_usage system.billing.usage "$usage_json" usage_date record_id
