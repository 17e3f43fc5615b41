#!/bin/bash
# What a turn costs beside the language model's own time, with 1, 3 and 8 agents, and the same of LangGraph's supervisor
# and DSPy's ReAct: same scripted model, same rows. Then the first token, and BENCH_LLM_SESSIONS (200) questions at once.
set -euo pipefail

here=$(dirname "$0")/llm
venv=$(cd "$(dirname "$0")/../.." && pwd)/build/bench-llm
if ! cmp -s "$here/requirements.txt" "$venv/complete"; then
	rm -rf "$venv"
	python3 -m venv "$venv"
	"$venv/bin/python" -m pip install -q --disable-pip-version-check -r "$here/requirements.txt"
	cp "$here/requirements.txt" "$venv/complete"
fi
exec "$venv/bin/python" -W ignore "$here/measure.py"
