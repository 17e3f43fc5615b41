"""One peer's turns: peer.py langgraph|dspy SECONDS TURNS; tools, a list of [agent, name, sql], on standard input.

Prints JSON.  In a process of its own, so that its memory is its own.
"""

import importlib
import json
import resource
import sys

import emulated

kind, seconds, turns = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
tools = json.load(sys.stdin)
model = emulated.Model()
model.scripts({"langgraph": emulated.langgraph_scripts, "dspy": emulated.dspy_scripts}[kind](tools), 0)
answer = importlib.import_module(f"team_{kind}").team(f"{model.url}/v1", emulated.KEY, tools)
answer("How is the account?")  # imports, connections and caches are not of a turn
model.control("POST", "settings", {"model_seconds": seconds})
measured = [model.turn(lambda: answer("How is the account?")) for _ in range(turns)]
model.stop()
json.dump({"turns": measured, "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}, sys.stdout)
