#!/bin/bash
# A real MLflow server for tests: a virtual environment made once from test/t/mlflow-requirements.txt.
# Sourced after common.sh and packages.sh: prepare_mlflow exports MLFLOW_VENV, or MLFLOW_NONE (why there is none; a preset
# one asks for none), and never fails.
# Run by itself it makes the environment and prints its place.
if [ "${BASH_SOURCE[0]}" = "$0" ]; then
	. "$(dirname "$0")/common.sh"
	. "$ROOT/test/harness/packages.sh"
fi
. "$ROOT/test/harness/venv.sh"

MLFLOW_REQUIREMENTS=$ROOT/test/t/mlflow-requirements.txt
MLFLOW_TIMEOUT=${MLFLOW_TIMEOUT:-500} # seconds for its download (250 MB, kept in pip's cache) and installation

mlflow_without() {
	export MLFLOW_NONE=$1
	note "no MLflow: $1"
}

prepare_mlflow() {
	local python place
	[ -z "${MLFLOW_NONE:-}" ] && [ -z "${MLFLOW_VENV:-}" ] || return 0
	python=$(venv_base_python) || { mlflow_without "no python3 with venv that user $(server_user) can run"; return 0; }
	place=$(venv_place mlflow)
	venv_install "$python" "$place" "$MLFLOW_REQUIREMENTS" "$MLFLOW_TIMEOUT" || { mlflow_without "mlflow cannot be installed from PyPI"; return 0; }
	export MLFLOW_VENV=$place/venv
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
	prepare_mlflow
	[ -n "${MLFLOW_VENV:-}" ] || die "$MLFLOW_NONE"
	printf 'MLFLOW_VENV=%s\n' "$MLFLOW_VENV"
fi
