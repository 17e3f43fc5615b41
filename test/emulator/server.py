"""HTTP and HTTPS on loopback: reads a request, lets the faults strike, answers, keeps the log."""

import http.server
import json
import select
import socket
import socketserver
import ssl
import struct
import sys
import time
import urllib.parse

import answers
import faults
import requests_log


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, name, route, log, switchboard, tls=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.name = name
        self.route = route  # function(request) -> (operation, function() -> Answer)
        self.log = log
        self.switchboard = switchboard
        self.tls = tls
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.server_port}"

    def server_bind(self):
        # HTTPServer asks the name service for the host's name; nothing here needs one.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]

    def get_request(self):
        connection, address = super().get_request()
        if self.tls:
            # The handshake happens at the first read, in the connection's own thread.
            connection = self.tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def handle_error(self, request, client_address):
        """A client that hangs up, or refuses our certificate, is what tests do."""
        if not isinstance(sys.exc_info()[1], (OSError, ssl.SSLError)):
            super().handle_error(request, client_address)


class Request:
    def __init__(self, handler, body):
        split = urllib.parse.urlsplit(handler.path)
        self.method = handler.command
        self.path = split.path
        self.query = urllib.parse.parse_qs(split.query)
        self.target = handler.path
        self.headers = handler.headers
        self.body = body
        self.noted = {}  # what the log shall say beside the usual

    def json(self):
        try:
            return json.loads(self.body or b"{}")
        except ValueError:
            raise answers.refuse(400, "MALFORMED_REQUEST", "Could not parse request object: the body is no JSON.")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "databricks"
    sys_version = ""
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def _serve(self):
        request = Request(self, self._body())
        operation, answer = self.server.route(request)
        if operation == "control":
            self._send(self._guarded(answer))
            return
        entry = {
            "server": self.server.name, "operation": operation, "method": request.method, "path": request.target,
            "headers": dict(self.headers), "body": request.body[:requests_log.BODY_LIMIT].decode("utf-8", "replace"),
            "connection": self.client_address[1],
        }
        self.server.log.begin(entry)
        try:
            self._answer(request, operation, answer, entry)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError, TimeoutError):
            entry["broken"] = True
            self.close_connection = True
        finally:
            self.server.log.end(entry)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _serve

    def _body(self):
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            parts = []
            while True:
                size = int(self.rfile.readline().split(b";")[0], 16)
                part = self.rfile.read(size)
                self.rfile.readline()
                if not size:
                    return b"".join(parts)
                parts.append(part)
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _guarded(self, answer):
        try:
            return answer()
        except answers.Refused as refused:
            return refused.answer

    def _answer(self, request, operation, answer, entry):
        taken = self.server.switchboard.take(operation, request.target)
        entry["faults"] = [fault["fault"] for fault in taken]
        made = None
        for fault in taken:
            kind = fault["fault"]
            if kind == "latency":
                time.sleep(fault.get("seconds", 1))
            elif kind == "hang":
                self._hang(fault.get("seconds", 3600), entry)
                return
            elif kind == "reset_early":
                self._reset()
                return
            elif kind == "status":
                made = faults.status_answer(fault)
            elif kind == "redirect":
                where = fault.get("location", f"http://localhost:{self.server.server_port}/elsewhere{request.path}")
                made = answers.Answer(fault.get("status", 307), b"", headers={"Location": where})
        if made is None:
            made = self._guarded(answer)
        how = {}
        for fault in taken:
            kind = fault["fault"]
            if kind == "lost":  # it was done, and the client does not learn so
                made = faults.status_answer(fault)
            elif kind == "edit":
                faults.edit(made, fault)
            elif kind == "malformed":
                made.body = fault["body"].encode() if "body" in fault else made.body[:len(made.body) * 2 // 3]
            elif kind == "gzip":
                faults.compress(made)
            elif kind == "header":
                made.headers.update(fault.get("headers", {}))
            elif kind == "endless":
                made = answers.Answer(made.status, _endless(made.body))
            elif kind in ("cut", "reset", "stall", "drip"):
                how = fault
        entry["status"] = made.status
        entry.update(request.noted)
        self._send(made, how, entry)

    def _send(self, answer, how=None, entry=None):
        how = how or {}
        whole = isinstance(answer.body, bytes)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("x-databricks-org-id", "1234567890123456")
        if whole:
            self.send_header("Content-Length", str(len(answer.body)))
        else:
            self.send_header("Transfer-Encoding", "chunked")
        if how.get("fault") in ("cut", "reset") or self.close_connection:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        if self.command == "HEAD":
            return
        if not whole:
            self._send_parts(answer.body, entry)
            return
        self._send_body(answer.body, how, entry)

    def _send_parts(self, parts, entry):
        try:
            for part in parts:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
                if entry is not None:
                    entry["sent"] += len(part)
                    self.server.log.part(entry)
            self.wfile.write(b"0\r\n\r\n")
        except answers.Cut:
            self.close_connection = True
        except answers.Reset:
            self._reset()
        except answers.Hang as hang:
            self._hang(hang.args[0], entry)

    def _send_body(self, body, how, entry):
        kind = how.get("fault")
        if kind == "drip":
            step = how.get("bytes", 1)
            for start in range(0, len(body), step):
                self.wfile.write(body[start:start + step])
                self.wfile.flush()
                if entry is not None:
                    entry["sent"] += len(body[start:start + step])
                time.sleep(how.get("seconds", 0.05))
            return
        if kind in ("cut", "reset", "stall"):
            body = body[:how.get("bytes", len(body) // 2)]
        self.wfile.write(body)
        self.wfile.flush()
        if entry is not None:
            entry["sent"] = len(body)
        if kind == "reset":
            self._reset()
        elif kind == "stall":
            self._hang(how.get("seconds", 3600), entry)

    def _hang(self, seconds, entry):
        """Says nothing more until the client goes away."""
        ready, _, _ = select.select([self.connection], [], [], seconds)
        entry["broken"] = bool(ready)
        self.close_connection = True

    def _reset(self):
        """Closes with RST instead of FIN: zero seconds of lingering."""
        time.sleep(0.05)  # what was written must reach the client first
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        # Also the descriptor of the unread rest: a second reference would keep the socket open.
        self.rfile.close()
        self.connection.close()


def _endless(body):
    """A JSON array of rows that has no end; what precedes the last row stays as it is."""
    start = body.rfind(b"[")
    end = body.find(b"]", start)
    row = body[start:end + 1]
    if start < 0 or end < 0:
        row, start = b"[null]", len(body)
    yield body[:start]
    block = (row + b",") * 1000
    while True:
        yield block
