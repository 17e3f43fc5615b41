"""An HTTP server at the far end of the outbox: it notes what comes, checks signatures, and fails as told.

    receiver.py LOG [--secret whsec_…] [--to http://127.0.0.1:5000]

Prints its port. Each request is a line of JSON in LOG. With --to it passes requests on to another server. A path
/_fault/KIND/TIMES/REGEX sets what happens to the next TIMES requests whose path matches:

    a status    answered with it, not passed on; 429.2 with Retry-After: 2
    reset       the connection ends with half of an answer
    lost        passed on, and the answer is lost
    hang        no answer for a minute
"""

import argparse
import base64
import hashlib
import hmac
import json
import re
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

lock = threading.Lock()
faults = []


def take_fault(path):
    with lock:
        for fault in faults:
            if fault["times"] > 0 and re.search(fault["path"], path):
                fault["times"] -= 1
                return fault["kind"]
    return None


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def note(self, body, answer):
        headers = {name.lower(): value for name, value in self.headers.items()}
        line = {"path": self.path, "method": self.command, "headers": headers, "body": body.decode(), "answer": answer, "at": time.time(),
                "signed": self.is_signed(headers, body)}
        with lock, open(options.log, "a") as log:
            log.write(json.dumps(line) + "\n")

    def is_signed(self, headers, body):
        if not options.secret or "webhook-signature" not in headers:
            return None
        key = base64.b64decode(options.secret.removeprefix("whsec_"))
        text = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        wanted = "v1," + base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
        return wanted in headers["webhook-signature"].split(" ") and abs(time.time() - int(headers["webhook-timestamp"])) < 300

    def reply(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def pass_on(self, body):
        kept = {n: v for n, v in self.headers.items() if n.lower() not in ("host", "content-length", "connection")}
        request = urllib.request.Request(options.to + self.path, body or None, kept, method=self.command)
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, answer.read(), answer.headers.get("Content-Type", "")
        except urllib.error.HTTPError as error:
            return error.code, error.read(), error.headers.get("Content-Type", "")

    def half(self):
        self.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"half')
        self.close_connection = True

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path.startswith("/_fault/"):
            kind, times, path = self.path.split("/", 4)[2:]
            with lock:
                faults.append({"kind": kind, "times": int(times), "path": urllib.parse.unquote(path)})
            return self.reply(200)
        fault = take_fault(self.path)
        if fault is not None:
            self.note(body, fault)
            if fault == "reset":
                return self.half()
            if fault == "hang":
                time.sleep(60)
                return self.half()
            if fault == "lost":
                self.pass_on(body)
                return self.half()
            status, _, after = fault.partition(".")
            return self.reply(int(status), b"as told: Bearer abcdefghij", [("Retry-After", after)] if after else [])
        if options.to is None:
            self.note(body, "200")
            return self.reply(200, b"{}")
        status, answer, kind = self.pass_on(body)
        self.note(body, str(status))
        return self.reply(status, answer, [("Content-Type", kind)])

    do_GET = do_POST = do_PATCH = answer


parser = argparse.ArgumentParser()
parser.add_argument("log")
parser.add_argument("--secret")
parser.add_argument("--to")
options = parser.parse_args()
server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
print(server.server_address[1], flush=True)
# It ends with who started it.
threading.Thread(target=lambda: (sys.stdin.read(), server.shutdown()), daemon=True).start()
server.serve_forever()
