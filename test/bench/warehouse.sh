#!/bin/bash
# The wrapper `databricks` against the emulator: what a count over ten million rows fetches (with Spark, when there is
# one: EMULATOR_SPARK), the memory of a backend that reads five million rows, and how long after a cancel a backend is
# free again, in each kind of wait.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
CANCELS=${BENCH_CANCELS:-200}
dir=$(mktemp -d)

finish() {
	[ -z "${control:-}" ] || curl -sS -o "$dir/stopped" -X POST "$control/_control/stop" || true
	psql_bench -c 'DROP SERVER IF EXISTS bench CASCADE' -c 'DROP SERVER IF EXISTS bench_oauth CASCADE' -c 'DROP SCHEMA IF EXISTS bench CASCADE'
	rm -rf "$dir"
}
trap finish EXIT

psql_bench() { PGOPTIONS='-c client_min_messages=warning -c dbinsight.allow_private_addresses=on' psql -XqAt -v ON_ERROR_STOP=1 "$@"; }
tell() { curl -sSf -o "$dir/answer" "$control/_control/$1" -d "$2"; }
reset() { curl -sSf -o "$dir/answer" -X POST "$control/_control/reset"; }
# Bytes that the emulator has sent in answer to statements since the log was emptied.
sent() { curl -sSf "$control/_control/requests" | jq '[.. | objects | .sent? // empty] | add'; }

start_emulator() {
	local python=python3 options=()
	if [ -n "${EMULATOR_SPARK:-}" ]; then python=$EMULATOR_SPARK options=(--spark); fi
	coproc EMULATOR { "$python" "$here/../emulator" "${options[@]}" 2>"$dir/emulator.log"; }
	read -r _ host control _ <&"${EMULATOR[0]}"
	psql_bench -c "CREATE SERVER bench FOREIGN DATA WRAPPER databricks OPTIONS (host '$host', warehouse_id 'abcdef0123456789', catalog 'main')" \
		-c "CREATE USER MAPPING FOR CURRENT_USER SERVER bench OPTIONS (token 'dapi0123456789abcdef')" \
		-c "CREATE SERVER bench_oauth FOREIGN DATA WRAPPER databricks OPTIONS (host '$host', warehouse_id 'abcdef0123456789')" \
		-c "CREATE USER MAPPING FOR CURRENT_USER SERVER bench_oauth OPTIONS (client_id 'emulator-client', client_secret 'dose/+%:s3cret')" \
		-c 'CREATE SCHEMA bench'
}

count_rows() {
	local rows
	if [ -z "${EMULATOR_SPARK:-}" ]; then
		echo "a count over ten million rows = not measured: ${EMULATOR_NO_SPARK:-EMULATOR_SPARK is not set}"
		return
	fi
	psql_bench -c "SELECT FROM dbinsight._databricks_query('bench', 'CREATE TABLE main.default.ten USING parquet AS SELECT id, id % 7 AS kind FROM range(10000000)')" \
		-c "CREATE FOREIGN TABLE bench.ten (id bigint, kind bigint) SERVER bench OPTIONS (schema_name 'default', table_name 'ten')"
	curl -sSf -o "$dir/answer" -X DELETE "$control/_control/requests"
	rows=$(psql_bench -c 'SELECT count(*) FROM bench.ten WHERE kind < 3')
	echo "a count over ten million rows = $rows counted there, 1 row and $(sent) bytes fetched in all"
}

five_million() {
	local last
	last=$(psql_bench -c "SELECT count(*) FROM (SELECT dbinsight._databricks_query('bench', 'SELECT id FROM range(5000000)', true)) q" \
		-c "SELECT (regexp_match(pg_read_file('/proc/self/status'), 'RssAnon:\s+(\d+)'))[1]::int / 1024, (regexp_match(pg_read_file('/proc/self/status'), 'VmHWM:\s+(\d+)'))[1]::int / 1024" | tail -n 1)
	echo "five million rows read = ${last%|*} MB of memory of its own at the end, ${last#*|} MB resident at the most"
}

# Two sessions: one asks again and again and notes when it is free, the other cancels it somewhere in its wait.
prepare_cancels() {
	psql_bench <<'SQL'
CREATE UNLOGGED TABLE bench.cancelled (i int PRIMARY KEY, at timestamptz, free timestamptz);
CREATE PROCEDURE bench.ask(server name, large boolean, n int) LANGUAGE plpgsql AS $$
BEGIN
	FOR this IN 1..n LOOP
		INSERT INTO bench.cancelled VALUES (this);
		COMMIT;
		BEGIN
			PERFORM count(*) FROM (SELECT dbinsight._databricks_query(server, 'SELECT held', large)) q;
		EXCEPTION WHEN query_canceled THEN
			UPDATE bench.cancelled c SET free = clock_timestamp() WHERE c.i = this;
		END;
		COMMIT;
	END LOOP;
END $$;
CREATE PROCEDURE bench.cancel(pid int, n int) LANGUAGE plpgsql AS $$
DECLARE moment timestamptz;
BEGIN
	FOR this IN 1..n LOOP
		WHILE NOT EXISTS (SELECT FROM bench.cancelled c WHERE c.i = this) LOOP COMMIT; PERFORM pg_sleep(0.005); END LOOP;
		PERFORM pg_sleep(0.03 + 0.05 * random());
		moment := clock_timestamp();
		PERFORM pg_cancel_backend(pid);
		COMMIT;
		WHILE EXISTS (SELECT FROM bench.cancelled c WHERE c.i = this AND c.free IS NULL) LOOP COMMIT; PERFORM pg_sleep(0.002); END LOOP;
		UPDATE bench.cancelled c SET at = moment WHERE c.i = this;
		COMMIT;
	END LOOP;
END $$;
SQL
}

# cancels NAME SERVER LARGE
cancels() {
	local pid asker
	psql_bench -c 'TRUNCATE bench.cancelled'
	{
		echo 'SELECT pg_backend_pid();'
		echo "CALL bench.ask('$2', $3, $CANCELS);"
	} >"$dir/ask.sql"
	: >"$dir/pid"
	psql_bench -f "$dir/ask.sql" >"$dir/pid" &
	asker=$!
	while [ ! -s "$dir/pid" ]; do sleep 0.05; done
	pid=$(head -n 1 "$dir/pid")
	psql_bench -c "CALL bench.cancel($pid, $CANCELS)"
	wait $asker
	psql_bench -c "SELECT format('cancel in %s = median %s ms, p99 %s ms, of %s', '$1', round((percentile_cont(0.5) WITHIN GROUP (ORDER BY ms))::numeric, 1),
		round((percentile_cont(0.99) WITHIN GROUP (ORDER BY ms))::numeric, 1), count(*))
		FROM (SELECT 1000 * extract(epoch FROM free - at) AS ms FROM bench.cancelled) c"
	reset
}

held='{"match": "held", "columns": [{"name": "a", "type": "INT"}], "hold": true}'
many='{"match": "held", "columns": [{"name": "a", "type": "INT"}], "range": 100000000}'
start_emulator
count_rows
five_million
prepare_cancels
tell scripts "$held"
cancels 'a statement that runs' bench false
tell scripts "$held"
tell faults '{"fault": "hang", "on": "poll", "times": null}'
cancels 'an answer' bench false
tell faults '{"fault": "hang", "on": "execute", "times": null}'
cancels 'the first answer' bench false
tell scripts "$held"
tell faults '{"fault": "latency", "seconds": 0.4, "on": "execute", "times": null}'
cancels 'a first answer that takes 0.4 s' bench false
tell faults '{"fault": "hang", "on": "token", "times": null}'
cancels 'a token' bench_oauth false
tell scripts "$many"
tell faults '{"fault": "hang", "on": "storage", "times": null}'
cancels 'a file' bench true
tell scripts "$many"
tell faults '{"fault": "stall", "on": "storage", "times": null}'
cancels 'the middle of a file' bench true
tell faults '{"fault": "status", "status": 429, "retry_after": 60, "on": "execute", "times": null}'
cancels 'another try' bench false
tell scripts "$many"
cancels 'rows without end' bench true
