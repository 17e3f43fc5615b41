"""One peer's turns: peer.py langgraph|dspy; on standard input what to measure, see measure.peer().

Prints JSON.  In a process of its own, so that its memory is its own; it grows with the agents.
"""

import importlib
import json
import sys
import time

import emulated
from process import private_mb

QUESTION = "How is the account?"
SCRIPTS = {"langgraph": emulated.langgraph_scripts, "dspy": emulated.dspy_scripts}


def timed(answer):
    """A turn, with the time that this process has spent on a processor."""
    cpu = time.process_time()
    found = model.turn(lambda: answer(QUESTION))
    return {**found, "cpu": (time.process_time() - cpu) * 1000}


def measure(tools, turns):
    """With these tools, so many turns at each latency."""
    model.scripts(SCRIPTS[kind](tools), 0)
    answer = team(f"{model.url}/v1", emulated.KEY, tools)
    answer(QUESTION)  # imports, connections and caches are not of a turn
    found = []
    for seconds, number in turns:
        model.control("POST", "settings", {"model_seconds": seconds})
        found.append({"agents": len(tools), "seconds": seconds, "turns": [timed(answer) for _ in range(number)], "memory_mb": private_mb()})
    return found


kind = sys.argv[1]
wanted = json.load(sys.stdin)
model = emulated.Model()
team = importlib.import_module(f"team_{kind}").team
measured = [one for agents in wanted["agents"] for one in measure(wanted["tools"][:agents], wanted["turns"])]
model.stop()
json.dump(measured, sys.stdout)
