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

. "$(dirname "$0")/account.bash"

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
		-c "\copy dbinsight.fact_list_prices ($price_columns) FROM '$dir/prices.copy'" \
		-c "CREATE TABLE batch (name text, rows jsonb)" -c "\copy batch FROM '$dir/many.json'" -c "\copy batch FROM '$dir/few.json'"
}

# report WHAT SOURCE ROWS LOADS COPIES
report() {
	awk -v what="$1" -v s="$2" -v n="$3" -v l="$(tr ' ' '\n' <<<"$4" | median)" -v c="$(tr ' ' '\n' <<<"$5" | median)" \
		'BEGIN { printf "%s %s = %d rows in %.0f ms, COPY %.0f ms: %.2f of its rows a second\n", what, s, n, l, c, c / l }'
}

# compare GOLD SOURCE JSON ORDER KEY
compare() {
	local gold=$1 source=$2 json=$3 order=$4 key=$5 columns i name many_loads="" many_copies="" few_loads="" few_copies=""
	columns=$(columns_of "$gold")
	export_rows "$gold" "$json" "$order" "$key" few "$SMALL" 0
	export_rows "$gold" "$json" "$order" "$key" many "$ROWS" "$SMALL"
	export_prices
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
