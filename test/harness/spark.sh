#!/bin/bash
# The Python of the emulator's Spark SQL: a virtual environment made once from test/emulator/requirements.txt.
# Sourced after common.sh and packages.sh: prepare_spark exports EMULATOR_SPARK (that python), or
# EMULATOR_NO_SPARK (why there is none; a preset one asks for none), and never fails.
# Run by itself it makes the environment and prints its python.
if [ "${BASH_SOURCE[0]}" = "$0" ]; then
	. "$(dirname "$0")/common.sh"
	. "$ROOT/test/harness/packages.sh"
fi

SPARK_REQUIREMENTS=$ROOT/test/emulator/requirements.txt
SPARK_PLACE=$ROOT/build/emulator.dir # says where the environment is
SPARK_TIMEOUT=${SPARK_TIMEOUT:-400}  # seconds for its download (450 MB, kept in pip's cache) and installation

# Debian's python is open to every user, which one in somebody's home is not.
spark_base_python() {
	local python
	for python in /usr/bin/python3 python3; do
		(cd / && as_server "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 9))') 2>/dev/null || continue
		echo "$python"
		return
	done
	return 1
}

# Spark 4 runs on Java 17 and later; from 24 on Java lacks the security manager that its libraries ask for.
spark_java() {
	local java version
	for java in "${JAVA_HOME:+$JAVA_HOME/bin/java}" java /usr/lib/jvm/*/bin/java; do
		[ -n "$java" ] || continue
		version=$( (cd / && as_server "$java" -version) 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p;/version/q' || true)
		[ "${version:-0}" -ge 17 ] && [ "$version" -lt 24 ] || continue
		java=$(readlink -f "$(command -v "$java")")
		dirname "$(dirname "$java")"
		return
	done
	return 1
}

# Below the clone when the server's user gets there, in a place of its own otherwise.
spark_place() {
	local place
	place=$(cat "$SPARK_PLACE" 2>/dev/null || true)
	if [ -z "$place" ] || ! (cd / && as_server test -r "$place"); then
		place=$ROOT/build/emulator
		mkdir -p "$place"
		if ! (cd / && as_server test -r "$place"); then
			rmdir "$place"
			place=$(TMPDIR=/var/tmp make_work emulator)
		fi
		echo "$place" >"$SPARK_PLACE"
	fi
	echo "$place"
}

spark_install() {
	local python=$1 place=$2 wanted log
	wanted=$({ "$python" --version; cat "$SPARK_REQUIREMENTS"; } | cksum)
	[ "$(cat "$place/complete" 2>/dev/null)" != "$wanted" ] || return 0
	step "Making the virtual environment of the emulator's Spark in $place"
	log=$place/install.log
	rm -rf "$place/venv" "$place/complete"
	"$python" -m venv "$place/venv" >"$log" 2>&1 &&
		timeout "$SPARK_TIMEOUT" "$place/venv/bin/python" -m pip install -q --disable-pip-version-check --retries 1 \
			-r "$SPARK_REQUIREMENTS" >>"$log" 2>&1 &&
		echo "$wanted" >"$place/complete" && return
	note "pip could not install it; see $log"
	return 1
}

spark_without() {
	export EMULATOR_NO_SPARK=$1
	note "no Spark: $1"
}

prepare_spark() {
	local python place
	[ -z "${EMULATOR_NO_SPARK:-}" ] && [ -z "${EMULATOR_SPARK:-}" ] || return 0
	if ! python=$(spark_base_python) || ! spark_java >/dev/null; then
		(need_packages spark) || { spark_without "python3 with venv, or Java, cannot be installed"; return 0; }
	fi
	python=$(spark_base_python) || { spark_without "no python3 with venv that user $(server_user) can run"; return 0; }
	JAVA_HOME=$(spark_java) || { spark_without "no Java from 17 to 23"; return 0; }
	place=$(spark_place)
	spark_install "$python" "$place" || { spark_without "PySpark cannot be installed"; return 0; }
	export JAVA_HOME EMULATOR_SPARK=$place/venv/bin/python
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
	prepare_spark
	[ -n "${EMULATOR_SPARK:-}" ] || die "$EMULATOR_NO_SPARK"
	printf 'JAVA_HOME=%s EMULATOR_SPARK=%s\n' "$JAVA_HOME" "$EMULATOR_SPARK"
fi
