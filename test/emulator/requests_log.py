"""What was received: GET /_control/requests."""

import re
import threading
import time

BODY_LIMIT = 65536  # bytes of a request kept


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
