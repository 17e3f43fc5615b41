"""Which script answers a chat request, and what it says: calls, text, and how the two go over the wire."""

import json
import re
import threading

import answers
import model_policies

MEMBERS = {
    # which requests
    "name", "match", "system", "model", "offers", "round", "results", "times", "skip",
    # what is said
    "rounds", "policy", "text", "calls", "refusal", "reasoning", "finish",
    # how it is said: see model_wire.py
    "latency", "pieces", "delay", "arguments", "deltas", "content", "usage", "tokens", "wire", "end", "bytes", "repeat",
    # instead of an answer
    "status", "error", "headers", "body",
}
PATTERNS = ("match", "system", "model")


class ModelScripts:
    def __init__(self):
        self.lock = threading.Lock()
        self.scripts = []

    def add(self, script):
        unknown = set(script) - MEMBERS
        if unknown:
            raise answers.refuse(400, "INVALID_PARAMETER_VALUE", f"a model's script has no {', '.join(sorted(unknown))}")
        if script.get("policy", "echo") not in model_policies.POLICIES:
            raise answers.refuse(400, "INVALID_PARAMETER_VALUE", f"no policy {script['policy']!r}")
        try:
            script["patterns"] = {name: re.compile(script[name], re.IGNORECASE | re.DOTALL) for name in PATTERNS if name in script}
        except re.error as error:
            raise answers.refuse(400, "INVALID_PARAMETER_VALUE", f"pattern: {error}")
        script.setdefault("times", None)
        with self.lock:
            self.scripts.insert(0, script)  # the newest wins

    def clear(self):
        with self.lock:
            self.scripts.clear()

    def list(self):
        with self.lock:
            return [{name: value for name, value in script.items() if name != "patterns"} for script in self.scripts]

    def take(self, request):
        with self.lock:
            for script in self.scripts:
                if script["times"] == 0 or not _fits(script, request):
                    continue
                if script.get("skip", 0) > 0:
                    script["skip"] -= 1
                    continue
                if script["times"] is not None:
                    script["times"] -= 1
                return script
        return {}


def _fits(script, request):
    looked_at = {"match": request.question, "system": request.system, "model": request.model}
    if not all(pattern.search(looked_at[name]) for name, pattern in script["patterns"].items()):
        return False
    offers = script.get("offers")
    if offers is not None and not (set(offers) <= set(request.tools) if offers else not request.tools):
        return False
    return script.get("round", request.round) == request.round and script.get("results", len(request.results)) == len(request.results)


def reply(script, request):
    """The script's answer to this request, with one round's members laid over its own."""
    said = dict(script)
    rounds = said.pop("rounds", None)
    if rounds:
        said.update(rounds[min(request.round, len(rounds) - 1)])
    if not said.keys() & {"text", "calls", "refusal", "status", "body", "policy"}:
        said["policy"] = "competent"
    if "policy" in said:
        said = {**model_policies.POLICIES[said["policy"]](request), **said}
    said["text"] = model_policies.fill(said.get("text"), request) * said.get("repeat", 1)
    said["calls"] = [_call(call, position, request) for position, call in enumerate(said.get("calls", []))]
    return said


def _call(call, position, request):
    """Arguments are an object, or text that is sent as it stands: "", "{\\"days\\": ", "[1]"."""
    arguments = call.get("arguments", {})
    if not isinstance(arguments, str):
        arguments = model_policies.fill(json.dumps(arguments, ensure_ascii=False), request)
    return {**call, "arguments": arguments, "id": call.get("id", f"call_{len(request.messages)}_{position}")}
