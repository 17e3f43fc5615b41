"""An HTTP answer before it is sent, and the shapes in which Databricks reports errors."""

import json


class Answer:
    """body is bytes, or an iterator of bytes that is sent in chunks and may never end."""

    def __init__(self, status=200, body=b"", content_type="application/json", headers=None):
        self.status = status
        self.body = body
        self.headers = {"Content-Type": content_type, **(headers or {})}


class Refused(Exception):
    """Raised anywhere in a handler; carries the answer."""

    def __init__(self, answer):
        super().__init__(answer.status)
        self.answer = answer


class Cut(Exception):
    """Raised by an answer's iterator: the connection is closed before the answer's end."""


class Reset(Exception):
    """Raised by an answer's iterator: the connection is reset."""


class Hang(Exception):
    """Raised by an answer's iterator: nothing more comes for so many seconds."""


def loads_or(text, otherwise):
    try:
        return json.loads(text)
    except ValueError:
        return otherwise


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def ok(value, status=200):
    return Answer(status, compact(value).encode())


def refuse(status, code, message, **extra):
    return Refused(ok({"error_code": code, "message": message, **extra}, status))


# The error_code that usually comes with a status.
USUAL_CODE = {
    400: "BAD_REQUEST", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "RESOURCE_DOES_NOT_EXIST",
    408: "REQUEST_TIMEOUT", 409: "RESOURCE_CONFLICT", 429: "REQUEST_LIMIT_EXCEEDED", 499: "CANCELLED",
    500: "INTERNAL_ERROR", 501: "NOT_IMPLEMENTED", 502: "BAD_GATEWAY", 503: "TEMPORARILY_UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}

SHAPES = ("standard", "numeric", "api12", "oauth", "summary", "scim", "text", "html", "openai", "empty")


def error(status, shape="standard", code=None, message=None):
    """The same error in any of the bodies that the platform uses."""
    code = USUAL_CODE.get(status, "UNKNOWN") if code is None else code
    message = f"The emulator was told to answer {status}." if message is None else message
    bodies = {
        "standard": {"error_code": code, "message": message, "details": [
            {"@type": "type.googleapis.com/google.rpc.RequestInfo", "request_id": "5f0c0000-0000-0000", "serving_data": ""}]},
        "numeric": {"error_code": status, "message": message},
        "api12": {"error": message},
        "oauth": {"error": code.lower(), "error_description": message},
        "summary": {"errorCode": code, "errorSummary": message},
        "scim": {"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "detail": message,
                 "status": str(status), "scimType": "invalidValue"},
        "openai": {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": code}},
    }
    if shape == "text":
        return Answer(status, f"{code}: {message}".encode(), "text/plain")
    if shape == "html":
        page = f"<html><head><title>Error {status}</title></head><body><h2>HTTP ERROR {status}</h2><pre>{message}</pre></body></html>"
        return Answer(status, page.encode(), "text/html;charset=iso-8859-1")
    if shape == "empty":
        return Answer(status, b"")
    return ok(bodies[shape], status)
