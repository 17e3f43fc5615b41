#!/bin/bash
# What a turn costs beside the language model's own time, with 1, 3 and 8 agents, and the same of LangGraph's supervisor
# and DSPy's ReAct: same scripted model, same rows. Then the first token, and BENCH_LLM_SESSIONS (200) questions at once.
server=$(env | grep '^PG') # common.sh forgets which server it is
. "$(dirname "$0")/../harness/common.sh"
. "$ROOT/test/harness/venv.sh"

python=$(venv_base_python) || die "no python3 with venv"
place=$(venv_place bench-llm)
venv_install "$python" "$place" "$ROOT/test/bench/llm/requirements.txt" 400 || die "the peers cannot be installed from PyPI"
mapfile -t server <<<"$server"
exec env "${server[@]}" "$place/venv/bin/python" -W ignore "$ROOT/test/bench/llm/measure.py"
