#!/bin/bash
# make docs: pages that are made of the regression tests' output.  --check: fails when one is not up to date.
set -euo pipefail
cd "$(dirname "$0")/../.."

pushdown() {
	cat <<'PAGE'
# What is left to the warehouse

A query on foreign tables of one server is sent as Databricks SQL as far as everything in it is listed here; the rest is done by Postgres. `$1` is the first argument. The same list is the view `dbinsight.databricks_pushdown`; this page is made of it by `make docs`.

PAGE
	grep '^|' expected/302_databricks_pushdown.out
}

if [ "${1:-}" = --check ]; then
	pushdown | cmp -s - src/databricks/PUSHDOWN.md || { echo "src/databricks/PUSHDOWN.md is not up to date: make docs" >&2; exit 1; }
else
	pushdown >src/databricks/PUSHDOWN.md
fi
