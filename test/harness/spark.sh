#!/bin/bash
# The Python of the emulator's Spark SQL: a virtual environment made once from test/emulator/requirements.txt.
# Sourced after common.sh and packages.sh: prepare_spark exports EMULATOR_SPARK (that python), or
# EMULATOR_NO_SPARK (why there is none; a preset one asks for none), and never fails.
# Run by itself it makes the environment and prints its python.
if [ "${BASH_SOURCE[0]}" = "$0" ]; then
	. "$(dirname "$0")/common.sh"
	. "$ROOT/test/harness/packages.sh"
fi
. "$ROOT/test/harness/venv.sh"

SPARK_REQUIREMENTS=$ROOT/test/emulator/requirements.txt
SPARK_TIMEOUT=${SPARK_TIMEOUT:-400}  # seconds for its download (450 MB, kept in pip's cache) and installation

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

spark_without() {
	export EMULATOR_NO_SPARK=$1
	note "no Spark: $1"
}

prepare_spark() {
	local python place
	[ -z "${EMULATOR_NO_SPARK:-}" ] && [ -z "${EMULATOR_SPARK:-}" ] || return 0
	if ! python=$(venv_base_python) || ! spark_java >/dev/null; then
		(need_packages spark) || { spark_without "python3 with venv, or Java, cannot be installed"; return 0; }
	fi
	python=$(venv_base_python) || { spark_without "no python3 with venv that user $(server_user) can run"; return 0; }
	JAVA_HOME=$(spark_java) || { spark_without "no Java from 17 to 23"; return 0; }
	place=$(venv_place emulator)
	venv_install "$python" "$place" "$SPARK_REQUIREMENTS" "$SPARK_TIMEOUT" || { spark_without "PySpark cannot be installed"; return 0; }
	export JAVA_HOME EMULATOR_SPARK=$place/venv/bin/python
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
	prepare_spark
	[ -n "${EMULATOR_SPARK:-}" ] || die "$EMULATOR_NO_SPARK"
	printf 'JAVA_HOME=%s EMULATOR_SPARK=%s\n' "$JAVA_HOME" "$EMULATOR_SPARK"
fi
