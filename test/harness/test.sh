#!/bin/bash
# make test: every suite on servers of its own; ends with one line of totals.
# TESTS="name ..." runs only the named regression, isolation or TAP tests.
. "$(dirname "$0")/common.sh"
. "$ROOT/test/harness/packages.sh"
. "$ROOT/test/harness/cluster.sh"
. "$ROOT/test/harness/spark.sh"
. "$ROOT/test/harness/mlflow.sh"

# One order of the tests everywhere, and UTF8 in the servers the TAP tests make, which drop LC_ALL.
export LANG=C.UTF-8 LC_ALL=C.UTF-8
PASSED=0 FAILED=0 SKIPPED=0
ENVIRONMENTS= # the process that makes them
SUITE_TIMEOUT=${SUITE_TIMEOUT:-2400} # seconds; --foreground below lets Ctrl-C through

count() { PASSED=$((PASSED + $1)) FAILED=$((FAILED + $2)) SKIPPED=$((SKIPPED + $3)); }

# An unreadable clone (below /root, say) is no obstacle: the tests run from a copy the server's user owns.
prepare() {
	need_packages build test
	find_postgres
	build_and_install
	WORK=$(make_work test)
	trap finish EXIT
	trap 'exit 130' INT TERM
	mkdir "$WORK/run"
	cp -R "$ROOT/test" "$ROOT/expected" "$WORK/run/"
	rm -rf "$WORK/run/test/expected"
	ln -s ../expected "$WORK/run/test/expected"
	! is_root || chown -R "$(server_user)" "$WORK/run"
	rm -rf "$ROOT/build/test"
	cd "$WORK/run"
	make_environments >&2 &
	ENVIRONMENTS=$!
}

# TAP tests that are to run use this.
wanted_by_tap() { names t pl | sed 's|.*|test/t/&.pl|' | xargs -r grep -q "$1"; }

# In the background, while the regression tests run on one core: pip waits for the network more than for the processor.
make_environments() {
	if wanted_by_tap 'Emulator::spark'; then prepare_spark; fi
	if wanted_by_tap MLFLOW_VENV; then prepare_mlflow; fi
	declare -px | sed -nE 's/^declare -x ((JAVA_HOME|EMULATOR_SPARK|EMULATOR_NO_SPARK|MLFLOW_VENV|MLFLOW_NONE)=)/export \1/p' >"$WORK/environments"
}

await_environments() {
	wait "$ENVIRONMENTS" || true
	ENVIRONMENTS=
	# shellcheck disable=SC1091  # written above
	[ ! -r "$WORK/environments" ] || . "$WORK/environments"
}

finish() {
	local status=$? left
	cd /
	[ -z "$ENVIRONMENTS" ] || pkill -P "$ENVIRONMENTS" || true
	cluster_stop
	# TAP tests that were broken off did not stop theirs.
	for left in "$WORK"/run/out/tap/tmp_check/*/pgdata/postmaster.pid; do
		[ ! -e "$left" ] || as_server "$PG_BIN/pg_ctl" -s -m immediate -D "$(dirname "$left")" stop || true
	done
	rm -rf "$WORK"
	exit $status
}

# The names of a folder's tests, in alphabetical order, narrowed by TESTS.
names() {
	local file name
	for file in test/"$1"/*."$2"; do
		name=$(basename "$file" ."$2")
		[ -f "$file" ] || continue
		case " ${TESTS:-$name} " in *" $name "*) echo "$name" ;; esac
	done
}

# 000_install makes the database of all regression tests, 500_sample fills it for those behind it.
sql_names() {
	local wanted
	wanted=$(names sql sql)
	[ -n "$wanted" ] || return 0
	{
		printf '%s\n' "$wanted"
		TESTS=000_install names sql sql
		[[ ${wanted##*$'\n'} < 500 ]] || TESTS=500_sample names sql sql
	} | sort -u
}

# Reads pg_regress: "test x ... ok" up to 15, TAP from 16 on.
count_regress() {
	local file=$1 expected=$2 passed failed
	passed=$(grep -cE '^(test .*\.\.\. +ok|ok [0-9]+)' "$file" || true)
	failed=$(grep -cE '^(test .*\.\.\. +(FAILED|failed)|not ok [0-9]+)' "$file" || true)
	# What never reported (server gone, time out) has failed too.
	[ $((passed + failed)) -ge "$expected" ] || failed=$((expected - passed))
	count "$passed" "$failed" 0
	[ "$failed" -gt 0 ]
}

show_diffs() {
	local suite=$1
	mkdir -p "$ROOT/build/test/$suite"
	cp -R out/"$suite"/regression.* out/"$suite"/results "$ROOT/build/test/$suite/" 2>/dev/null || true
	cp "$WORK/server.log" "$ROOT/build/test/" 2>/dev/null || true
	if [ -s "out/$suite/regression.diffs" ]; then
		head -n 200 "out/$suite/regression.diffs"
		[ "$(wc -l <"out/$suite/regression.diffs")" -le 200 ] || note "... cut at 200 lines"
	fi
	note "differences and results: build/test/$suite, server log: build/test/server.log"
}

# regress SUITE PROGRAM TEST...
regress() {
	local suite=$1 program=$2 options=() name
	shift 2
	step "Running the $suite tests ($#)"
	as_server mkdir -p "out/$suite"
	# pg_regress gives up altogether at a missing output; against an empty one it shows what came.
	for name; do [ -e "expected/$name.out" ] || as_server touch "expected/$name.out"; done
	[ "$PG_MAJOR" -lt 16 ] || options+=(--expecteddir=.)
	[ "$suite" != isolation ] || options+=(--load-extension=dbinsight)
	as_server timeout --foreground "$SUITE_TIMEOUT" "$program" --inputdir=test --outputdir="out/$suite" "${options[@]}" \
		--launcher=test/harness/launcher --bindir="$PG_BIN" --host="$CLUSTER_SOCKET" --port=$CLUSTER_PORT \
		--user=postgres "$@" </dev/null 2>&1 | tee "$WORK/$suite.out" | grep -E '\.\.\. |^(not )?ok |[Ee]rror|FATAL' || true
	if count_regress "$WORK/$suite.out" $#; then show_diffs "$suite"; fi
}

sql_suites() {
	local sql iso
	mapfile -t sql < <(sql_names)
	mapfile -t iso < <(names specs spec)
	[ $((${#sql[@]} + ${#iso[@]})) -gt 0 ] || return 0
	cluster_init "$WORK" "shared_preload_libraries = 'dbinsight'" "dbinsight.job_workers = 0" "fsync = off" \
		"log_min_messages = warning"
	cluster_start
	[ ${#sql[@]} -eq 0 ] || regress regression "$PG_TESTS/regress/pg_regress" "${sql[@]}"
	[ ${#iso[@]} -eq 0 ] || regress isolation "$PG_TESTS/isolation/pg_isolation_regress" "${iso[@]}"
	cluster_stop
}

tap_suite() {
	local tap totals
	mapfile -t tap < <(names t pl)
	[ ${#tap[@]} -gt 0 ] || return 0
	await_environments
	step "Running the TAP tests (${#tap[@]} files)"
	as_server mkdir -p out/tap
	as_server env PATH="$PG_BIN:$PATH" PG_REGRESS="$PG_TESTS/regress/pg_regress" TESTDIR="$WORK/run/out/tap" \
		TESTDATADIR="$WORK/run/out/tap/tmp_check" TESTLOGDIR="$WORK/run/out/tap/tmp_check/log" \
		PERL5LIB="$PG_TESTS/perl" PGPORT=65432 \
		timeout --foreground "$SUITE_TIMEOUT" perl test/harness/prove.pl out/tap/totals out/tap/tmp_check/log "${tap[@]}" </dev/null || true
	if ! read -r -a totals 2>/dev/null <out/tap/totals; then totals=(0 "${#tap[@]}" 0); fi
	count "${totals[@]}"
	if [ "${totals[1]}" -gt 0 ]; then
		mkdir -p "$ROOT/build/test/tap"
		cp -R out/tap/tmp_check/log "$ROOT/build/test/tap/" 2>/dev/null || true
		note "logs: build/test/tap/log"
	fi
}

prepare
sql_suites
tap_suite
step "Done"
[ "$FAILED" -gt 0 ] || [ "$PASSED" -gt 0 ] || die "no test was run"
printf '%d passed, %d failed, %d skipped\n' $PASSED $FAILED $SKIPPED
[ "$FAILED" -eq 0 ]
