"""The switchboard: what goes wrong, on which calls, how often.

A fault is a dictionary; README.md lists the kinds and their members.
"""

import email.utils
import gzip
import json
import re
import threading

import answers
import clock

BEFORE = ("latency", "hang", "status", "redirect", "reset_early")
AFTER = ("lost", "edit", "malformed", "cut", "reset", "drip", "stall", "endless", "gzip", "header")
OPERATIONS = ("any", "discovery", "token", "execute", "poll", "chunk", "cancel", "close", "storage", "warehouse",
              "jobs", "serving", "chat", "embeddings", "models", "other")


class Switchboard:
    def __init__(self):
        self.lock = threading.Lock()
        self.faults = []

    def add(self, fault):
        kind, on = fault.get("fault"), fault.setdefault("on", "any")
        if kind not in BEFORE + AFTER:
            raise answers.refuse(400, "INVALID_PARAMETER_VALUE", f"no fault {kind!r}; there are {', '.join(BEFORE + AFTER)}")
        if on not in OPERATIONS:
            raise answers.refuse(400, "INVALID_PARAMETER_VALUE", f"no operation {on!r}; there are {', '.join(OPERATIONS)}")
        fault.setdefault("times", 1)  # null: for ever
        fault.setdefault("skip", 0)
        fault["hit"] = 0
        with self.lock:
            self.faults.append(fault)

    def clear(self):
        with self.lock:
            self.faults.clear()

    def list(self):
        with self.lock:
            return [dict(fault) for fault in self.faults]

    def take(self, operation, path):
        """The faults that strike this request; counts them."""
        taken = []
        with self.lock:
            for fault in self.faults:
                if fault["on"] not in ("any", operation) or not re.search(fault.get("path", ""), path):
                    continue
                if fault["skip"] > 0:
                    fault["skip"] -= 1
                elif fault["times"] is None or fault["hit"] < fault["times"]:
                    fault["hit"] += 1
                    taken.append(fault)
        return taken


def status_answer(fault):
    answer = answers.error(fault.get("status", 500), fault.get("shape", "standard"), fault.get("error_code"), fault.get("message"))
    if fault.get("retry_after") == "date":
        answer.headers["Retry-After"] = email.utils.formatdate(clock.now() + fault.get("seconds", 1), usegmt=True)
    elif fault.get("retry_after") is not None:
        answer.headers["Retry-After"] = str(fault["retry_after"])
    answer.headers.update(fault.get("headers", {}))
    if "body" in fault:
        answer.body = fault["body"].encode()
    return answer


def edit(answer, fault):
    """Changes members of a JSON answer: set {"status.state": "CLOSED"}, remove ["manifest"]; numbers are array positions."""
    tree = json.loads(answer.body)
    for path, value in fault.get("set", {}).items():
        keys = _keys(path)
        place = tree
        for key in keys[:-1]:
            place = place[key] if isinstance(key, int) else place.setdefault(key, {})
        place[keys[-1]] = value
    for path in fault.get("remove", []):
        keys = _keys(path)
        place = tree
        try:
            for key in keys[:-1]:
                place = place[key]
            del place[keys[-1]]
        except (KeyError, IndexError, TypeError):
            pass
    answer.body = answers.compact(tree).encode()


def _keys(path):
    return [int(key) if key.lstrip("-").isdigit() else key for key in path.split(".")]


def compress(answer):
    answer.body = gzip.compress(answer.body, mtime=0)
    answer.headers["Content-Encoding"] = "gzip"
