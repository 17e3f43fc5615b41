"""The Statement Execution API: states, waits, results, chunks, links."""

import itertools
import re
import secrets
import threading
import urllib.parse

import answers
import clock
import results

TERMINAL = ("SUCCEEDED", "FAILED", "CANCELED", "CLOSED")
STATEMENT_LIMIT = 16 * 1024 * 1024  # bytes of text
READABLE = 3600  # seconds a result can be read after success
KNOWN = 12 * 3600  # seconds until a statement is forgotten
INLINE_MESSAGE = ("Inline byte limit exceeded. Statements executed with disposition=INLINE can have a result size of at most "
                  f"{results.INLINE_LIMIT} bytes. Please execute the statement with disposition=EXTERNAL_LINKS if you want "
                  "to download the full result.")


class SqlError(Exception):
    """What an engine raises for a statement that fails; code None leaves status.error out."""

    def __init__(self, message, sql_state=None, code="BAD_REQUEST"):
        super().__init__(message)
        self.message = message
        self.sql_state = sql_state
        self.code = code


class Cancelled(Exception):
    """What an engine raises when it noticed statement.cancelled."""


class Statement:
    def __init__(self, identifier, request):
        self.id = identifier
        self.request = request
        self.text = request["statement"]
        self.state = "PENDING"
        self.error = None
        self.ended = None
        self.chunks = None
        self.truncated = False
        self.bytes = 0
        self.rows = 0
        self.shown = []  # states to report first, one an answer: an engine's script may fill it
        self.cancelled = threading.Event()
        self.cancel_requests = 0
        self.changed = threading.Condition()

    def finish(self, state, error=None):
        with self.changed:
            if self.state not in TERMINAL:
                self.state, self.error, self.ended = state, error, clock.now()
            self.changed.notify_all()

    def running(self):
        with self.changed:
            if self.state == "PENDING":
                self.state = "RUNNING"

    def wait(self, seconds):
        """For the end, or until scripted states say what to report."""
        with self.changed:
            self.changed.wait_for(lambda: self.shown or self.state in TERMINAL, seconds)

    def cancel(self):
        self.cancelled.set()
        self.finish("CANCELED")


class Statements:
    def __init__(self, engine, settings):
        self.engine = engine
        self.settings = settings
        self.lock = threading.Lock()
        self.all = {}
        self.numbers = itertools.count(1)
        self.links = {}

    # --- calls ---

    def execute(self, request):
        checked = check(request)
        with self.lock:
            number = next(self.numbers)
            statement = Statement(f"01ef{number:04x}-0000-1000-8000-{number:012x}", checked)
            self.all[statement.id] = statement
        self.engine.prepare(statement)
        threading.Thread(target=self._run, args=(statement,), daemon=True).start()
        seconds = checked["wait_seconds"]
        if seconds:
            statement.wait(seconds)
            if statement.state not in TERMINAL and not statement.shown and checked["on_wait_timeout"] == "CANCEL":
                self.engine.cancel(statement)
                statement.cancel()
        return self._describe(statement)

    def poll(self, identifier):
        return self._describe(self._find(identifier))

    def cancel(self, identifier):
        statement = self._find(identifier)
        statement.cancel_requests += 1
        if statement.state not in TERMINAL:
            self.engine.cancel(statement)
            statement.cancel()
        return answers.Answer(200, b"{}")

    def close(self, identifier):
        statement = self._find(identifier)
        self.engine.cancel(statement)
        statement.cancel()
        with statement.changed:
            statement.state, statement.chunks = "CLOSED", None
        return answers.Answer(200, b"{}")

    def chunk(self, identifier, index):
        statement = self._find(identifier)
        if self._state(statement) != "SUCCEEDED":
            raise answers.refuse(404, "NOT_FOUND", f"The result of statement {identifier} is not available.")
        if not 0 <= index < statement.chunks.count:
            raise answers.refuse(400, "INVALID_PARAMETER_VALUE",
                                 f"Chunk index {index} is out of range: there are {statement.chunks.count} chunks.")
        return answers.ok(self._result(statement, index))

    def fetch(self, key, query, headers):
        """A presigned link: no Authorization, not after its end, with the headers it asks for."""
        if "Authorization" in headers:
            raise _storage_error(400, "InvalidArgument", "Only one auth mechanism allowed")
        with self.lock:
            link = self.links.get(key)
        if link is None or query.get("X-Amz-Signature") != [link["signature"]]:
            raise _storage_error(403, "SignatureDoesNotMatch", "The request signature we calculated does not match")
        if link["expires"] <= clock.now():
            raise _storage_error(403, "AccessDenied", "Request has expired")
        for name, value in link["headers"].items():
            if headers.get(name) != value:
                raise _storage_error(400, "InvalidRequest", f"The header {name} was not sent")
        chunks = link["statement"].chunks
        if chunks is None:
            raise _storage_error(404, "NoSuchKey", "The specified key does not exist.")
        content = {"CSV": "text/csv", "ARROW_STREAM": "application/vnd.apache.arrow.stream"}.get(chunks.form, "application/json")
        return answers.Answer(200, chunks.encoded(link["index"]), content)

    def list(self):
        with self.lock:
            return [{"statement_id": s.id, "statement": s.text, "state": self._state(s), "rows": s.rows, "cancel_requests": s.cancel_requests,
                     "request": {k: v for k, v in s.request.items() if k != "statement"}} for s in self.all.values()]

    # --- the work ---

    def _run(self, statement):
        try:
            statement.running()
            result = self.engine.run(statement)
            request = statement.request
            large = request["disposition"] == "EXTERNAL_LINKS"
            byte_limit = request["byte_limit"]
            if byte_limit is None and large:
                byte_limit = results.LINKS_LIMIT
            result, statement.truncated = results.cut(result, request["row_limit"], byte_limit)
            statement.bytes, statement.rows = results.byte_count(result), result.row_count
            if not large and statement.bytes > results.INLINE_LIMIT:
                raise SqlError(INLINE_MESSAGE)
            rows = getattr(statement, "chunk_rows", None) or self.settings["link_rows" if large else "chunk_rows"]
            statement.chunks = results.Chunks(result, rows, request["format"])
            statement.finish("SUCCEEDED")
        except Cancelled:
            statement.finish("CANCELED")
        except SqlError as error:
            statement.finish("FAILED", error)
        except Exception as error:  # a bug of the emulator must be seen, not waited for
            statement.finish("FAILED", SqlError(f"the emulator failed: {error!r}", code="INTERNAL_ERROR"))
            raise

    def _find(self, identifier):
        with self.lock:
            statement = self.all.get(identifier)
        if statement is None or (statement.ended is not None and clock.now() >= statement.ended + KNOWN):
            raise answers.refuse(404, "NOT_FOUND", f"The statement {identifier} was not found.")
        return statement

    def _state(self, statement):
        if statement.state == "SUCCEEDED" and clock.now() >= statement.ended + READABLE:
            return "CLOSED"
        return statement.state

    def _describe(self, statement):
        with statement.changed:
            state = statement.shown.pop(0) if statement.shown else None
        if state is None:
            state = self._state(statement)
        elif state == "SUCCEEDED":
            statement.wait(60)
            state = self._state(statement)
        status = {"state": state}
        answer = {"statement_id": statement.id, "status": status}
        if state == "FAILED" and statement.error is not None:
            if statement.error.code is not None:
                status["error"] = {"error_code": statement.error.code, "message": statement.error.message}
            if statement.error.sql_state:
                status["sql_state"] = statement.error.sql_state
        if state == "SUCCEEDED":
            answer["manifest"] = self._manifest(statement)
            answer["result"] = self._result(statement, 0) if statement.chunks.count else {}
        return answers.ok(answer)

    def _manifest(self, statement):
        chunks = statement.chunks
        columns = chunks.result.columns
        schema = {"column_count": len(columns)}
        if columns:
            schema["columns"] = columns
        manifest = {"format": chunks.form, "schema": schema, "total_chunk_count": chunks.count}
        large = statement.request["disposition"] == "EXTERNAL_LINKS"
        if chunks.count:
            manifest["chunks"] = [self._span(statement, index, large) for index in range(chunks.count)]
        return {**manifest, "total_row_count": chunks.result.row_count, "total_byte_count": statement.bytes,
                "truncated": statement.truncated}

    def _span(self, statement, index, large):
        start, count = statement.chunks.span(index)
        span = {"chunk_index": index, "row_offset": start, "row_count": count}
        if large:
            span["byte_count"] = statement.bytes * count // statement.chunks.result.row_count
        return span

    def _result(self, statement, index):
        chunks = statement.chunks
        large = statement.request["disposition"] == "EXTERNAL_LINKS"
        span = self._span(statement, index, large)
        if index + 1 < chunks.count:
            start = chunks.span(index + 1)[0]
            span["next_chunk_index"] = index + 1
            span["next_chunk_internal_link"] = f"/api/2.0/sql/statements/{statement.id}/result/chunks/{index + 1}?row_offset={start}"
        if large:
            return {"external_links": [{**span, **self._link(statement, index)}]}
        return {**span, "data_array": list(chunks.rows(index))}

    def _link(self, statement, index):
        seconds = self.settings["link_seconds"]
        key = f"{statement.id}/{index}"
        link = {"statement": statement, "index": index, "expires": clock.now() + seconds,
                "signature": secrets.token_hex(32), "headers": dict(self.settings["link_headers"])}
        path = f"{key}-{link['signature'][:8]}"  # two links to one chunk live side by side
        with self.lock:
            self.links[path] = link
        query = urllib.parse.urlencode({"X-Amz-Algorithm": "AWS4-HMAC-SHA256", "X-Amz-Expires": int(seconds),
                                        "X-Amz-Signature": link["signature"]})
        made = {"external_link": f"{self.settings['storage_url']}/bucket/{path}?{query}", "expiration": clock.iso(link["expires"])}
        if link["headers"]:
            made["http_headers"] = link["headers"]
        return made


def _storage_error(status, code, message):
    """Object storage speaks XML."""
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return answers.Refused(answers.Answer(status, body.encode(), "application/xml"))


# --- checking a request ---

def _invalid(message):
    return answers.refuse(400, "INVALID_PARAMETER_VALUE", message)


def _one_of(request, name, default, words):
    value = request.get(name) or default
    if value not in words:
        raise _invalid(f"{name} must be one of {', '.join(words)}, not {value!r}.")
    return value


def _limit(request, name):
    value = request.get(name)
    if value is None:
        return None
    if not re.fullmatch(r"\d+", str(value)) or int(value) < 1:
        raise _invalid(f"{name} must be a positive number.")
    return int(value)


def _wait_seconds(text):
    match = re.fullmatch(r"(\d+)s", str(text))
    seconds = int(match[1]) if match else -1
    if seconds != 0 and not 5 <= seconds <= 50:
        raise _invalid("wait_timeout must be 0s or between 5s and 50s.")
    return seconds


def check(request):
    if not isinstance(request, dict):
        raise answers.refuse(400, "MALFORMED_REQUEST", "The body is no JSON object.")
    text = request.get("statement")
    if not isinstance(text, str) or not text.strip():
        raise _invalid("statement is required.")
    if len(text.encode()) > STATEMENT_LIMIT:
        raise _invalid("statement is larger than 16 MiB.")
    if not request.get("warehouse_id"):
        raise _invalid("warehouse_id is required.")
    parameters = request.get("parameters") or []
    for parameter in parameters:
        if not parameter.get("name") or not isinstance(parameter.get("value"), (str, type(None))):
            raise _invalid("A parameter needs a name, and its value is a string or null.")
    disposition = _one_of(request, "disposition", "INLINE", ("INLINE", "EXTERNAL_LINKS"))
    form = _one_of(request, "format", "JSON_ARRAY", ("JSON_ARRAY", "ARROW_STREAM", "CSV"))
    if disposition == "INLINE" and form != "JSON_ARRAY":
        raise _invalid("The INLINE disposition only supports the JSON_ARRAY format.")
    if len(request.get("query_tags") or []) > 20:
        raise _invalid("At most 20 query tags.")
    return {
        "statement": text, "warehouse_id": request["warehouse_id"], "catalog": request.get("catalog"),
        "schema": request.get("schema"), "parameters": parameters, "disposition": disposition, "format": form,
        "row_limit": _limit(request, "row_limit"), "byte_limit": _limit(request, "byte_limit"),
        "wait_seconds": _wait_seconds(request.get("wait_timeout") or "10s"),
        "on_wait_timeout": _one_of(request, "on_wait_timeout", "CONTINUE", ("CONTINUE", "CANCEL")),
        "query_tags": request.get("query_tags") or [],
    }
