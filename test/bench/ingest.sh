#!/bin/bash
# ingest() of audit events and usage records from the emulator, which only hands out files that are ready, against
# (a) the official SDK and COPY in Python, (b) curl | jq | COPY, (c) COPY of the same rows from a file on the server,
# into copies of the tables with the same indexes. ingest() also labels, prices, and brings the derived relations up to date.
# (a) wants the emulator's virtual environment and Debian's python3-psycopg.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
ROWS=${BENCH_ROWS:-100000}
RUNS=${BENCH_RUNS:-3}
dir=$(mktemp -d)
chmod 755 "$dir"
. "$here/account.bash"
token=dapi0123456789abcdef
warehouse=abcdef0123456789

finish() {
	[ -z "${control:-}" ] || curl -sS -o "$dir/stopped" -X POST "$control/_control/stop" || true
	dropdb --if-exists bench_load
	rm -rf "$dir"
}
trap finish EXIT

die() {
	echo "error: $*" >&2
	exit 1
}

milliseconds() { echo $(($(date +%s%N) / 1000000)); }

start_emulator() {
	local url
	coproc EMULATOR { python3 "$here/../emulator" 2>"$dir/emulator.log"; }
	read -r _ url control _ <&"${EMULATOR[0]}"
	host=$url
	curl -sSf -o "$dir/answer" "$control/_control/settings" -d '{"link_rows": 20000}'
}

# script MATCH FILE COLUMNS: the emulator's answer to a statement
script() {
	local names
	names=$(jq -cn --arg names "$3" '[$names | split(", ")[] | {name: ., type: "STRING"}]')
	curl -sSf -o "$dir/answer" "$control/_control/scripts" -d "{\"match\": \"$1\", \"file\": \"$2\", \"columns\": $names}"
}

# Milliseconds of processor that the emulator has had: on two cores it competes with who reads from it.
emulator_cpu() { awk -v ticks="$(getconf CLK_TCK)" '{ print 1000 * ($14 + $15) / ticks }' "/proc/$EMULATOR_PID/stat"; }

# The rows thrice: objects as ingest() asks for them (and as to_json() prints them, without blanks), cells as they stand in the table, COPY's own.
export_rows() {
	local gold=$1 json=$2 order=$3 key=$4 from cells
	from="FROM (SELECT * FROM dbinsight.$gold ORDER BY $order DESC, $key LIMIT $ROWS) t"
	cells=$(sed 's/[^, ]\+/&::text/g' <<<"$columns")
	psql -XqAt -c "SELECT jsonb_strip_nulls($json) $from" | jq -c '[tojson]' >"$dir/objects"
	psql -XqAt -c "SELECT json_build_array($cells) $from" >"$dir/cells"
	psql -XqAt -c "\copy (SELECT $columns $from) TO '$dir/copy'"
	chmod 644 "$dir"/*
}

prepare() {
	dropdb --if-exists bench_load
	createdb bench_load
	psql_load -c "CREATE EXTENSION dbinsight" -c "SET client_min_messages = warning" \
		-c "ALTER DATABASE bench_load SET dbinsight.databricks_server = 'bench'" -c "ALTER DATABASE bench_load SET dbinsight.allow_private_addresses = on" \
		-c "UPDATE dbinsight.sources SET slice = '100 years'" \
		-c "CREATE SERVER bench FOREIGN DATA WRAPPER databricks OPTIONS (host '$host', warehouse_id '$warehouse')" \
		-c "CREATE USER MAPPING FOR CURRENT_USER SERVER bench OPTIONS (token '$token')" \
		-c "\copy dbinsight.fact_list_prices ($price_columns) FROM '$dir/prices.copy'"
}

with_sdk() {
	PYTHONPATH=/usr/lib/python3/dist-packages PGDATABASE=bench_load "$EMULATOR_SPARK" "$here/ingest_client.py" "$host" "$token" "$warehouse" "SELECT cells" copied "$columns"
}

# Each chunk's link is asked for when its turn comes: they expire.
curl_chunks() {
	local api=$host/api/2.0/sql/statements answer chunk=0 id
	answer=$(curl -sSf -H "Authorization: Bearer $token" "$api" \
		-d "{\"statement\": \"SELECT cells\", \"warehouse_id\": \"$warehouse\", \"disposition\": \"EXTERNAL_LINKS\", \"format\": \"JSON_ARRAY\", \"wait_timeout\": \"50s\"}")
	id=$(jq -r .statement_id <<<"$answer")
	answer=$(jq -c .result <<<"$answer")
	while [ -n "$chunk" ]; do
		curl -sSf "$(jq -r '.external_links[0].external_link' <<<"$answer")" | jq -r '.[] | @csv'
		chunk=$(jq -r '.external_links[0].next_chunk_index // empty' <<<"$answer")
		[ -z "$chunk" ] || answer=$(curl -sSf -H "Authorization: Bearer $token" "$api/$id/result/chunks/$chunk")
	done
}

with_curl() {
	local began
	began=$(milliseconds)
	curl_chunks | psql_load -c "\copy copied ($columns) FROM STDIN (FORMAT csv)"
	echo $(($(milliseconds) - began))
}

empty() { psql_load -c "TRUNCATE copied" -c "CHECKPOINT"; }

# timed COMMAND…: runs it; the emulator's part in $spent
timed() {
	local before
	before=$(emulator_cpu)
	"$@" >"$dir/took"
	spent=$(awk -v b="$before" -v n="$(emulator_cpu)" 'BEGIN { print n - b }')
}

check_rows() { [ "$(psql_load -c "SELECT count(*) FROM $1")" = "$rows" ] || die "$1 has not $rows rows"; }

report() {
	awk -v s="$1" -v n="$rows" -v i="$(tr ' ' '\n' <<<"$2" | median)" -v a="$(tr ' ' '\n' <<<"$3" | median)" -v b="$(tr ' ' '\n' <<<"$4" | median)" \
		-v c="$(tr ' ' '\n' <<<"$5" | median)" -v ic="$(tr ' ' '\n' <<<"$6" | median)" -v cc="$(tr ' ' '\n' <<<"$7" | median)" \
		-v ie="$(tr ' ' '\n' <<<"$8" | median)" -v ae="$(tr ' ' '\n' <<<"$9" | median)" 'BEGIN {
		printf "ingest %s = %d rows in %.0f ms (%.0f a second); SDK and COPY %.0f ms: %.1f of its rows a second; curl, jq, COPY %.0f ms: %.1f; COPY %.0f ms: %.2f; processor %.0f ms, of COPY %.0f ms: %.2f; of the emulator %.0f ms, for the SDK %.0f ms\n",
			s, n, i, 1000 * n / i, a, a / i, b, b / i, c, c / i, ic, cc, cc / ic, ie, ae }'
}

# compare GOLD SOURCE JSON ORDER KEY
compare() {
	local gold=$1 source=$2 json=$3 order=$4 key=$5 i columns rows ours="" sdk="" curls="" copies="" our_cpu="" copy_cpu="" our_emulator="" sdk_emulator="" spent
	columns=$(columns_of "$gold")
	export_rows "$gold" "$json" "$order" "$key"
	rows=$(wc -l <"$dir/cells")
	script to_json "$dir/objects" row
	script cells "$dir/cells" "$columns"
	for ((i = 0; i < RUNS; i++)); do
		prepare
		timed seconds "SELECT * FROM dbinsight.ingest('$source', '2000-01-01', '2050-01-01')"
		ours+="${ours:+ }$(cat "$dir/took")"
		our_cpu+="${our_cpu:+ }$(cat "$dir/cpu")"
		our_emulator+="${our_emulator:+ }$spent"
		check_rows "dbinsight.$gold"
		make_copy "$gold" "$order"
		timed with_sdk
		sdk+="${sdk:+ }$(cat "$dir/took")"
		sdk_emulator+="${sdk_emulator:+ }$spent"
		check_rows copied
		empty
		curls+="${curls:+ }$(with_curl)"
		check_rows copied
		empty
		copies+="${copies:+ }$(seconds "COPY copied ($columns) FROM '$dir/copy'")"
		copy_cpu+="${copy_cpu:+ }$(cat "$dir/cpu")"
		check_rows copied
	done
	report "$source" "$ours" "$sdk" "$curls" "$copies" "$our_cpu" "$copy_cpu" "$our_emulator" "$sdk_emulator"
}

command -v jq >/dev/null || die "install jq"
[ -n "${EMULATOR_SPARK:-}" ] || die "${EMULATOR_NO_SPARK:-EMULATOR_SPARK is not set; see test/harness/spark.sh}"
PYTHONPATH=/usr/lib/python3/dist-packages "$EMULATOR_SPARK" -c 'import psycopg' || die "install python3-psycopg"
start_emulator
export_prices
compare fact_audit_logs system.access.audit "$audit_json" event_time event_id
compare fact_usage system.billing.usage "$usage_json" usage_date record_id
