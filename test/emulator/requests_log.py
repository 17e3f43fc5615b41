"""What was received: GET /_control/requests."""

import re
import threading
import time

BODY_LIMIT = 262144  # bytes of a request kept: a prompt of 16000 tokens and more
PARTS = 1000  # of an answer sent in parts so many times are kept


class RequestLog:
    def __init__(self):
        self.lock = threading.Lock()
        self.started = time.monotonic()
        self.entries = []
        self.flying = 0
        self.number = 0

    def begin(self, entry):
        with self.lock:
            self.flying += 1
            self.number += 1
            entry.update(number=self.number, at_ms=self._ms(), in_flight=self.flying, status=None, sent=0, broken=False)
            self.entries.append(entry)

    def part(self, entry):
        parts = entry.setdefault("parts_ms", [])
        if len(parts) < PARTS:
            parts.append(self._ms())

    def end(self, entry):
        with self.lock:
            self.flying -= 1
            entry["ended_ms"] = self._ms()

    def clear(self):
        with self.lock:
            self.entries = [entry for entry in self.entries if "ended_ms" not in entry]

    def find(self, operation=None, path=None):
        with self.lock:
            return [dict(entry) for entry in self.entries
                    if operation in (None, entry["operation"]) and (path is None or re.search(path, entry["path"]))]

    def _ms(self):
        return round((time.monotonic() - self.started) * 1000, 1)
