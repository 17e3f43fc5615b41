"""The scripted engine: answers are given beforehand, or generated from range(n)."""

import re
import threading

import answers
import results
from statements import Cancelled, SqlError

RANGE = re.compile(r"\s*SELECT\s+(\*|id)\s+FROM\s+range\((\d+)\)\s*;?\s*", re.IGNORECASE)
ONE = re.compile(r"\s*SELECT\s+(-?\d+)\s*(?:AS\s+(\w+))?\s*;?\s*", re.IGNORECASE)


class Scripts:
    def __init__(self):
        self.lock = threading.Lock()
        self.scripts = []

    def add(self, script):
        try:
            script["pattern"] = re.compile(script.get("match", ""), re.IGNORECASE | re.DOTALL)
        except re.error as error:
            raise answers.refuse(400, "INVALID_PARAMETER_VALUE", f"match: {error}")
        script.setdefault("times", None)
        with self.lock:
            self.scripts.insert(0, script)  # the newest wins

    def clear(self):
        with self.lock:
            self.scripts.clear()

    def take(self, text):
        with self.lock:
            for script in self.scripts:
                if script["times"] != 0 and script["pattern"].search(text):
                    if script["times"] is not None:
                        script["times"] -= 1
                    return script
        return None


class ScriptedEngine:
    """fallback, another engine, runs the statements that no script matches."""

    def __init__(self, scripts, fallback=None):
        self.scripts = scripts
        self.fallback = fallback

    def prepare(self, statement):
        statement.script = self.scripts.take(statement.text)
        if statement.script is not None:
            statement.shown = list(statement.script.get("states", []))
            statement.chunk_rows = statement.script.get("chunk_rows")
        elif self.fallback is not None:
            self.fallback.prepare(statement)

    def cancel(self, statement):
        if statement.script is None and self.fallback is not None:
            self.fallback.cancel(statement)

    def run(self, statement):
        script = statement.script
        if script is not None:
            return self._play(statement, script)
        if self.fallback is not None:
            return self.fallback.run(statement)
        match = RANGE.fullmatch(statement.text)
        if match:
            return results.Generated([results.column("id", "BIGINT", 0)], ["{i}"], int(match[2]))
        match = ONE.fullmatch(statement.text)
        if match:
            return results.Result([results.column(match[2] or match[1], "INT", 0)], [[match[1]]])
        raise SqlError("\n[PARSE_SYNTAX_ERROR] No script of the emulator matches this statement. SQLSTATE: 42601", "42601")

    def _play(self, statement, script):
        if script.get("seconds") and statement.cancelled.wait(script["seconds"]):
            raise Cancelled
        if script.get("hold"):
            statement.cancelled.wait()
            raise Cancelled
        if "error" in script:
            error = script["error"]
            raise SqlError(error.get("message", ""), error.get("sql_state"), error.get("error_code", "BAD_REQUEST"))
        columns = [results.column(c["name"], c["type"], position) for position, c in enumerate(script.get("columns", []))]
        if "range" in script:
            pad = "x" * script.get("pad", 0)
            templates = [c.get("value", "{i}") + (pad if position == len(columns) - 1 else "")
                         for position, c in enumerate(script["columns"])]
            return results.Generated(columns, templates, script["range"], script.get("null_every"))
        if "file" in script:
            if "held" not in script:
                with open(script["file"], encoding="utf-8") as lines:
                    script["held"] = lines.read().split("\n")[:-1]
            return results.Printed(columns, script["held"])
        return results.Result(columns, script.get("rows", []))
