"""TAP output, and an emulator of one's own to check: used by the checks beside this file."""

import json
import os
import ssl
import subprocess
import sys
import urllib.error
import urllib.request

EMULATOR = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TOKEN = "dapi0123456789abcdef"
WAREHOUSE = "abcdef0123456789"
_count = 0
_failed = 0


def ok(passed, what, detail=None):
    global _count, _failed
    _count += 1
    print(f"{'ok' if passed else 'not ok'} {_count} - {' '.join(what.split())}", flush=True)
    if not passed:
        _failed += 1
        print(f"# {detail!r}"[:2000], file=sys.stderr, flush=True)


def equal(got, expected, what):
    ok(got == expected, what, {"got": got, "expected": expected})


def done():
    print(f"1..{_count}")
    sys.exit(1 if _failed else 0)


class Reply:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Emulator:
    def __init__(self, *options):
        command = [sys.executable, EMULATOR, *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        words = self.process.stdout.readline().split()
        if words[:1] != ["ready"]:
            raise SystemExit("the emulator did not start")
        self.url, self.control_url, self.folder = words[1:]
        self.trust = None

    def stop(self):
        self.process.terminate()
        return self.process.wait(10)

    def call(self, method, target, body=None, headers=None, token=TOKEN, timeout=30):
        url = target if "://" in target else self.url + target
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, dict(headers or {}), method=method)
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=self.trust), _NoRedirect)
        try:
            with opener.open(request, timeout=timeout) as reply:
                return Reply(reply.status, reply.headers, reply.read())
        except urllib.error.HTTPError as reply:
            return Reply(reply.code, reply.headers, reply.read())

    def control(self, method, call, body=None):
        reply = self.call(method, f"{self.control_url}/_control/{call}", body, token=None)
        assert reply.status == 200, reply.body
        return reply.json

    def fault(self, **fault):
        self.control("POST", "faults", fault)

    def script(self, **script):
        self.control("POST", "scripts", script)

    def execute(self, statement, **members):
        return self.call("POST", "/api/2.0/sql/statements",
                         {"statement": statement, "warehouse_id": WAREHOUSE, "wait_timeout": "50s", **members})

    def rows(self, statement, **members):
        """All rows, over every chunk; an error's message instead when it fails."""
        answer = self.execute(statement, **members).json
        if answer["status"]["state"] != "SUCCEEDED":
            return answer["status"]
        found, result = [], answer["result"]
        while result:
            found += result.get("data_array", [])
            after = result.get("next_chunk_internal_link")
            result = self.call("GET", after).json if after else None
        return found


def trusting(folder):
    context = ssl.create_default_context(cafile=os.path.join(folder, "ca.pem"))
    context.verify_flags |= ssl.VERIFY_X509_STRICT  # what Python 3.13 and later ask for by themselves
    return context
