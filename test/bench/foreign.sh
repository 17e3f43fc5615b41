#!/bin/bash
# Every tool over foreign tables: 14 days of the sample at scale BENCH_FOREIGN_SCALE (0.05) lie on the emulator's
# warehouse, run by Spark (EMULATOR_SPARK), and no rows here. Of each tool that asks the warehouse: statements, rows
# and bytes fetched, and the share of the rows of the tables it reads that stayed there. BENCH_TOOLS is a regular
# expression of tools. The tables of the benches' own account are not touched.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
export PGDATABASE=bench_foreign PGOPTIONS="-c client_min_messages=warning -c dbinsight.allow_private_addresses=on
	-c dbinsight.now=2026-06-15T12:00:00Z -c dbinsight.databricks_server=ws -c timezone=UTC -c jit=off"
TOOL_TIMEOUT=${BENCH_TOOL_TIMEOUT:-300}  # seconds
dir=$(mktemp -d)
chmod 755 "$dir"

finish() {
	[ -z "${control:-}" ] || curl -sS -o "$dir/stopped" -X POST "$control/_control/stop" || true
	psql -Xq -d postgres -c 'DROP DATABASE IF EXISTS bench_foreign WITH (FORCE)'
	rm -rf "$dir"
}

psql_bench() { psql -XqAt -v ON_ERROR_STOP=1 "$@"; }

prepare() {
	psql_bench -d postgres -c 'CREATE DATABASE bench_foreign'
	psql_bench -c 'CREATE EXTENSION dbinsight' -c "SELECT FROM dbinsight.load_sample(days => 14, scale => ${BENCH_FOREIGN_SCALE:-0.05})" >"$dir/loaded"
	mkdir "$dir/data"
	"$EMULATOR_SPARK" "$here/../emulator/export.py" "$dir/data" >"$dir/exported"
	coproc EMULATOR { "$EMULATOR_SPARK" "$here/../emulator" --spark --data "$dir/data" 2>"$dir/emulator.log"; }
	read -r _ host control _ <&"${EMULATOR[0]}"
	psql_bench -c "CREATE SERVER ws FOREIGN DATA WRAPPER databricks OPTIONS (host '$host', warehouse_id 'abcdef0123456789')" \
		-c "CREATE USER MAPPING FOR CURRENT_USER SERVER ws OPTIONS (token 'dapi0123456789abcdef')" \
		-c "SELECT dbinsight.use_foreign(s.source) FROM dbinsight.sources s WHERE s.remote IS NOT NULL
			AND NOT EXISTS (SELECT FROM jsonb_each(s.mapping) m WHERE m.value ->> 'as' = 'today')" >"$dir/foreign"
	held
}

# What the tables hold, by the name that a statement gives them.
held() {
	psql_bench -c "SELECT format('SELECT %L, count(*) FROM dbinsight_local.%I;', dbinsight._remote_name(s.remote), s.gold_table)
		FROM dbinsight.sources s WHERE s.mode = 'foreign'" >"$dir/counts.sql"
	psql_bench -F ' ' -f "$dir/counts.sql" | sort >"$dir/held"
}

# The tools, with the one argument that has no default.
tools() {
	psql_bench -F ' ' -c "SELECT p.proname, CASE p.proname WHEN 'get_table_lineage' THEN quote_literal((SELECT min(t.table_full_name) FROM dbinsight.current_table t)) END
		FROM pg_proc p WHERE p.pronamespace = 'dbinsight'::regnamespace AND p.proname ~ '^get_' AND p.proname ~ '${BENCH_TOOLS:-.}' ORDER BY 1"
}

measure() {
	local tool=$1 argument=${2:-} before statements rows held bytes
	before=$(curl -sSf "$control/_control/statements" | jq length)
	curl -sSf -o "$dir/answer" -X DELETE "$control/_control/requests"
	if ! psql_bench -c "SET statement_timeout = '${TOOL_TIMEOUT}s'" -c "SELECT count(*) FROM (SELECT * FROM dbinsight.$tool($argument) OFFSET 0) t" >"$dir/out" 2>"$dir/error"; then
		echo "$tool = failed: $(head -n 1 "$dir/error")"
	fi
	curl -sSf "$control/_control/statements" | jq ".[$before:]" >"$dir/statements"
	statements=$(jq length "$dir/statements")
	[ "$statements" -gt 0 ] || return 0
	rows=$(jq '[.[].rows] | add' "$dir/statements")
	bytes=$(curl -sSf "$control/_control/requests" | jq '[.. | objects | .sent? // empty] | add')
	held=$(jq -r '.[].statement' "$dir/statements" | grep -oE 'FROM `system`(\.`[a-z_]+`)+' | sed 's/^FROM //' | sort -u | join - "$dir/held" | awk '{ n += $2 } END { print n + 0 }')
	awk -v tool="$tool" -v statements="$statements" -v rows="$rows" -v held="$held" -v bytes="$bytes" 'BEGIN {
		printf "%s = %d statements, %d rows and %d bytes fetched, of %d rows %.1f %% stayed there\n", tool, statements, rows, bytes, held,
			held ? 100 * (1 - (rows < held ? rows : held) / held) : 0 }'
}

if [ -z "${EMULATOR_SPARK:-}" ]; then
	echo "tools over foreign tables = not measured: ${EMULATOR_NO_SPARK:-EMULATOR_SPARK is not set}"
	exit
fi
trap finish EXIT
prepare
tools | while read -r tool argument; do measure "$tool" "$argument"; done
