"""The scripted language model that all sides of the comparison talk to, and what its log says of a turn."""

import json
import os
import subprocess
import sys
import time
import urllib.request

EMULATOR = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "emulator")
KEY = "sk-emulated-0123456789abcdef"


class Model:
    def __init__(self):
        self.process = subprocess.Popen([sys.executable, EMULATOR], stdout=subprocess.PIPE, text=True)
        _, self.url, self.control_url, _ = self.process.stdout.readline().split()
        self.started = self.control("GET", "clock")["log_started"]

    def control(self, method, call, body=None):
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(f"{self.control_url}/_control/{call}", data, method=method)) as reply:
            return json.load(reply)

    def scripts(self, scripts, seconds):
        """The newest fits first: they are added from the last to the first."""
        self.control("POST", "reset", {})
        self.control("POST", "settings", {"model_seconds": seconds})
        self.control("POST", "models", scripts[::-1])

    def turn(self, answer):
        """Wall, the time in which the model was at work, the longest single way through it, requests; the answer."""
        self.control("DELETE", "requests")
        began = time.monotonic()
        said = answer()
        wall = time.monotonic() - began
        asked = self.asked()
        failed = [entry["status"] for entry in asked if entry["status"] != 200]
        if failed:
            raise SystemExit(f"the model refused: {failed}")
        return {"wall": wall, "model": busy([(entry["at_ms"], entry["ended_ms"]) for entry in asked]) / 1000,
                "requests": len(asked), "said": said}

    def asked(self):
        """The requests of a turn; a client may have its answer before the model has noted that it has given it."""
        for _ in range(200):
            asked = [entry for entry in self.control("GET", "requests") if entry["operation"] == "chat"]
            if all("ended_ms" in entry for entry in asked):
                return asked
            time.sleep(0.01)
        raise SystemExit("the model does not come to its end")

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


def busy(spans):
    """The length of the union."""
    total, end = 0, 0
    for start, stop in sorted(spans):
        total += max(0, stop - max(start, end))
        end = max(end, stop)
    return total


def langgraph_scripts(tools):
    """The supervisor hands over to one after the other; each calls its tool and says what it has."""
    scripts = []
    for number, (agent, _, _) in enumerate(tools):
        scripts.append({"system": "supervisor", "results": 2 * number, "calls": [{"name": f"transfer_to_{agent}"}]})
    scripts.append({"system": "supervisor", "text": "All was found."})
    for number, (_, name, _) in enumerate(tools):
        scripts.append({"offers": [name], "results": 2 * number + 1, "calls": [{"name": name}]})
        scripts.append({"offers": [name], "text": "That was found."})
    return scripts


def dspy_scripts(tools):
    """Each thinks, calls its tool, finishes, and extracts its answer; one more writes the answer of several."""
    step = "[[ ## next_thought ## ]]\nLook.\n\n[[ ## next_tool_name ## ]]\n{}\n\n[[ ## next_tool_args ## ]]\n{{}}\n\n[[ ## completed ## ]]\n"
    return [{"match": r"field .\[\[ ## answer", "text": "[[ ## answer ## ]]\nAll was found.\n\n[[ ## completed ## ]]\n"},
            {"match": r"field .\[\[ ## reasoning",
             "text": "[[ ## reasoning ## ]]\nSo.\n\n[[ ## answer ## ]]\nThat was found.\n\n[[ ## completed ## ]]\n"},
            {"match": "observation_0.*next_thought", "text": step.format("finish")},
            *[{"match": "next_thought", "system": rf"\b{name}\b", "text": step.format(name)} for _, name, _ in tools]]
