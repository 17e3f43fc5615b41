#!/bin/bash
# make demo / make demo-stop: dbinsight on a private server, with a sample account in it.
. "$(dirname "$0")/common.sh"
. "$ROOT/test/harness/packages.sh"
. "$ROOT/test/harness/cluster.sh"

DATABASE=dbinsight
PLACE=$ROOT/build/demo.dir # says where the cluster lives

QUESTIONS=(
	"What did we spend in the last 30 days, and on what?"
	"Which jobs failed in the last 24 hours?"
	"Were there failed logins or other suspicious sign-ins this week?"
	"Which queries are the slowest?"
	"Which tables hold PII, and who read them?"
)

# Below the clone when the server's user gets there, in a place of its own otherwise.
# It stays the same from run to run, so that the second demo finds the first one's server.
find_place() {
	mkdir -p "$ROOT/build"
	WORK=$(cat "$PLACE" 2>/dev/null || true)
	if [ -z "$WORK" ] || ! (cd / && as_server test -w "$WORK"); then
		WORK=$ROOT/build/demo
		mkdir -p "$WORK"
		! is_root || chown "$(server_user)" "$WORK"
		if ! (cd / && as_server test -w "$WORK"); then
			rmdir "$WORK"
			WORK=$(TMPDIR=/var/tmp make_work demo)
		fi
		echo "$WORK" >"$PLACE"
	fi
}

sql() { cluster_psql -d "$DATABASE" "$@"; }

start_server() {
	find_place
	cluster_init "$WORK" "shared_preload_libraries = 'dbinsight'" "dbinsight.database = '$DATABASE'"
	if cluster_running; then step "The private server runs already"
	else step "Starting a private server (no network port) in $WORK"
	fi
	cluster_start
}

fill_database() {
	local sample
	step "Creating database $DATABASE and the extension"
	cluster_psql -d postgres -c "SET client_min_messages = warning" \
		-c "DROP DATABASE IF EXISTS $DATABASE WITH (FORCE)" -c "CREATE DATABASE $DATABASE"
	sql -c "CREATE EXTENSION dbinsight"
	step "Loading the sample account: 90 days of a synthetic Databricks account"
	sql -c "SELECT * FROM dbinsight.load_sample()"

	# The server reads the file itself, and may not be let into the clone.
	sample=$ROOT/../shared/data/audit-events.ndjson
	[ -r "$sample" ] || sample=$ROOT/test/data/audit-events.ndjson
	as_server tee "$WORK/audit-events.ndjson" <"$sample" >/dev/null
	step "Loading real audit events (sample events of panther-labs/panther-analysis, Apache-2.0)"
	sql -At -v path="$WORK/audit-events.ndjson" <<<"SELECT dbinsight.load_file('system.access.audit', :'path') || ' rows loaded'"
}

ask_questions() {
	local question
	for question in "${QUESTIONS[@]}"; do
		step "dbinsight.ask('$question')"
		printf '\n'
		sql -At -v question="$question" <<<"SELECT dbinsight.ask(:'question')"
		printf '\n'
	done
}

show_reports() {
	step "dbinsight.report('daily')"
	printf '\n'
	sql -At -c "SELECT dbinsight.report('daily')"
	printf '\n'
	step "Writing report.html: dbinsight.report('daily', 'html')"
	sql -At -o "$ROOT/report.html" -c "SELECT dbinsight.report('daily', 'html')"
}

goodbye() {
	step "Done.  The server keeps running; stop it with: make demo-stop"
	printf '\nReport:   %s\nConnect:  %s/psql -h %s -p %s -U postgres %s\nThen:     SELECT dbinsight.ask(%s);\n' \
		"$ROOT/report.html" "$PG_BIN" "$CLUSTER_SOCKET" "$CLUSTER_PORT" "$DATABASE" "'Why did the cost go up?'"
}

start() {
	need_packages build
	find_postgres
	build_and_install
	start_server
	fill_database
	ask_questions
	show_reports
	goodbye
}

stop() {
	local running=
	if [ -s "$PLACE" ]; then
		find_postgres
		WORK=$(cat "$PLACE")
		for CLUSTER_DATA in "$WORK"/data-*; do
			[ -d "$CLUSTER_DATA" ] && cluster_running || continue
			running=yes
			cluster_stop
			step "Stopped the server in $CLUSTER_DATA"
		done
	fi
	[ -n "$running" ] || step "No demo server is running"
}

case ${1:-start} in
	start) start ;;
	stop) stop ;;
	*) die "usage: $0 [start|stop]" ;;
esac
