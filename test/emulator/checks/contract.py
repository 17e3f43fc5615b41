"""The emulator keeps the contract of the API, and each fault does what README.md says.  TAP."""

import base64
import gzip
import http.client
import json
import os
import socket
import sys
import threading
import time
import urllib.parse

import tap
from tap import equal, ok

sys.path.insert(0, tap.EMULATOR)
import names  # beside the emulator

emulator = tap.Emulator()
call, execute, control = emulator.call, emulator.execute, emulator.control
PATH = "/api/2.0/sql/statements"


def state(reply):
    return reply.json["status"]["state"]


def poll(identifier):
    return call("GET", f"{PATH}/{identifier}")


def broken(*arguments, **named):
    """Which way a call ends that does not end well."""
    try:
        call(*arguments, **named)
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        return type(reason).__name__
    return None


def credentials():
    reply = call("POST", PATH, {}, token=None)
    equal((reply.status, reply.json["error_code"]), (401, 401), "no credential")
    equal(call("POST", PATH, {}, token="dapi-wrong").json, {"error_code": 403, "message": "Invalid access token."}, "a wrong token")
    basic = {"Authorization": "Basic " + base64.b64encode(b"emulator-client:dose/+%:s3cret").decode()}
    form = b"grant_type=client_credentials&scope=all-apis"
    issued = call("POST", "/oidc/v1/token", form, basic, token=None).json
    equal((issued["token_type"], issued["expires_in"]), ("Bearer", 3600), "a service principal gets a token")
    token = issued["access_token"]
    equal(call("GET", "/api/2.0/sql/warehouses", token=token).status, 200, "which is good")
    control("POST", "clock", {"advance": 3601})
    equal(call("GET", "/api/2.0/sql/warehouses", token=token).status, 401, "for an hour")
    wrong = {"Authorization": "Basic " + base64.b64encode(b"emulator-client:no").decode()}
    reply = call("POST", "/oidc/v1/token", form, wrong, token=None)
    equal((reply.status, reply.json["error"]), (401, "invalid_client"), "a wrong secret")
    reply = call("POST", "/oidc/v1/token", b"grant_type=client_credentials&scope=x", basic, token=None)
    equal((reply.status, reply.json["error"]), (400, "invalid_scope"), "a wrong scope")
    found = call("GET", "/oidc/.well-known/oauth-authorization-server", token=None).json
    equal(found["token_endpoint"], f"{emulator.url}/oidc/v1/token", "discovery")


def requests():
    for members, what in (({"wait_timeout": "4s"}, "wait_timeout below 5s"), ({"wait_timeout": "51s"}, "above 50s"),
                          ({"wait_timeout": "10"}, "without a unit"), ({"format": "CSV"}, "INLINE CSV"),
                          ({"disposition": "BOTH"}, "an unknown disposition"), ({"row_limit": 0}, "row_limit 0"),
                          ({"statement": " "}, "an empty statement"), ({"warehouse_id": ""}, "no warehouse"),
                          ({"parameters": [{"name": "a", "value": 1}]}, "a parameter that is no string")):
        reply = call("POST", PATH, {"statement": "SELECT 1", "warehouse_id": tap.WAREHOUSE, **members})
        equal((reply.status, reply.json["error_code"]), (400, "INVALID_PARAMETER_VALUE"), f"refused: {what}")
    equal(call("POST", PATH, b"{").json["error_code"], "MALFORMED_REQUEST", "refused: no JSON")
    equal(call("POST", PATH, {"statement": "SELECT 1", "warehouse_id": "other"}).status, 404, "refused: another warehouse")
    equal(call("GET", "/api/2.0/nothing").json["error_code"], "ENDPOINT_NOT_FOUND", "an unknown path")


def results():
    answer = execute("SELECT 5 AS five").json
    equal(answer["manifest"], {
        "format": "JSON_ARRAY", "schema": {"column_count": 1, "columns": [
            {"name": "five", "type_text": "INT", "type_name": "INT", "position": 0}]},
        "total_chunk_count": 1, "chunks": [{"chunk_index": 0, "row_offset": 0, "row_count": 1}], "total_row_count": 1,
        "total_byte_count": 6, "truncated": False}, "a manifest")
    equal(answer["result"], {"chunk_index": 0, "row_offset": 0, "row_count": 1, "data_array": [["5"]]}, "a result")
    answer = execute("SELECT id FROM range(0)").json
    equal((answer["result"], "chunks" in answer["manifest"], answer["manifest"]["schema"]["column_count"]), ({}, False, 1),
          "no rows: columns, no chunks, no data_array")
    emulator.script(match="CREATE", columns=[])
    answer = execute("CREATE TABLE t").json
    equal((answer["result"], answer["manifest"]["schema"]), ({}, {"column_count": 0}), "DDL: no columns")
    emulator.script(match="FROM types", columns=[{"name": "d", "type": "DECIMAL(18,2)"}, {"name": "d", "type": "BIGINT"}],
                    rows=[["1.50", None]])
    equal(execute("SELECT * FROM types").json["manifest"]["schema"]["columns"], [
        {"name": "d", "type_text": "DECIMAL(18,2)", "type_name": "DECIMAL", "position": 0, "type_precision": 18, "type_scale": 2},
        {"name": "d", "type_text": "BIGINT", "type_name": "LONG", "position": 1}], "types, and a name that repeats")
    control("POST", "settings", {"chunk_rows": 3})
    equal(emulator.rows("SELECT id FROM range(7)"), [[str(i)] for i in range(7)], "chunks follow one another")
    answer = execute("SELECT id FROM range(7)", row_limit=4).json
    equal((answer["manifest"]["total_row_count"], answer["manifest"]["truncated"]), (4, True), "row_limit cuts and says so")
    answer = execute("SELECT id FROM range(7)", row_limit=7).json
    equal(answer["manifest"]["truncated"], False, "a row_limit that does not cut")
    answer = execute("SELECT id FROM range(7)", byte_limit=13).json
    equal((answer["manifest"]["total_row_count"], answer["manifest"]["truncated"]), (2, True), "byte_limit: rows of 6 bytes")
    identifier = answer["statement_id"]
    equal(call("GET", f"{PATH}/{identifier}/result/chunks/9").status, 400, "a chunk that is not there")
    emulator.script(match="FROM wide", columns=[{"name": "t", "type": "STRING"}], range=300000, pad=100)
    answer = execute("SELECT * FROM wide").json["status"]
    ok(answer["state"] == "FAILED" and "Inline byte limit" in answer["error"]["message"], "INLINE fails beyond 25 MiB", answer)
    emulator.script(match="FROM endless", columns=[{"name": "i", "type": "BIGINT"}, {"name": "t", "type": "STRING"}],
                    range=2000000000, pad=80, chunk_rows=200000)
    answer = execute("SELECT * FROM endless", disposition="EXTERNAL_LINKS").json["manifest"]
    ok(answer["total_byte_count"] > 100e9 and answer["truncated"], "beyond 100 GiB EXTERNAL_LINKS is cut", answer["total_byte_count"])
    control("POST", "reset")


def links():
    control("POST", "settings", {"link_rows": 4, "link_headers": {"x-key": "k"}})
    answer = execute("SELECT id FROM range(7)", disposition="EXTERNAL_LINKS").json
    link = answer["result"]["external_links"][0]
    equal((link["row_count"], link["next_chunk_index"], link["http_headers"]), (4, 1, {"x-key": "k"}), "a link and its headers")
    ok(urllib.parse.urlsplit(link["external_link"]).netloc != urllib.parse.urlsplit(emulator.url).netloc, "on another host")
    plain = {"headers": link["http_headers"], "token": None}
    equal(call("GET", link["external_link"], **plain).json, [["0"], ["1"], ["2"], ["3"]], "its file: a bare array")
    equal(call("GET", link["external_link"], headers=link["http_headers"]).status, 400, "not with Authorization")
    equal(call("GET", link["external_link"], token=None).status, 400, "not without its headers")
    equal(call("GET", link["external_link"] + "0", **plain).status, 403, "not with another signature")
    control("POST", "clock", {"advance": 900})
    equal(call("GET", link["external_link"], **plain).status, 403, "not after 15 minutes")
    after = call("GET", link["next_chunk_internal_link"]).json["external_links"][0]
    equal(call("GET", after["external_link"], **plain).json, [["4"], ["5"], ["6"]], "the next chunk has a fresh link")
    equal("next_chunk_index" in after, False, "the last chunk has no next")
    control("POST", "settings", {"link_headers": {}})
    emulator.script(match="FROM t", columns=[{"name": "a", "type": "STRING"}], rows=[["x,\"y"], [None], [""]], chunk_rows=2)
    answer = execute("SELECT a FROM t", disposition="EXTERNAL_LINKS", format="CSV").json
    first = answer["result"]["external_links"][0]
    second = call("GET", first["next_chunk_internal_link"]).json["external_links"][0]
    equal(call("GET", first["external_link"], token=None).body, b'a\n"x,""y"\nnull\n', "CSV: a header, NULL as a word")
    equal(call("GET", second["external_link"], token=None).body, b'""\n', "CSV: no header in later chunks")
    control("POST", "reset")


def life():
    emulator.script(match="slowly", columns=[{"name": "a", "type": "INT"}], rows=[["1"]], states=["PENDING", "RUNNING", "WARMING"])
    reply = execute("slowly")
    identifier = reply.json["statement_id"]
    equal(reply.json, {"statement_id": identifier, "status": {"state": "PENDING"}}, "PENDING has only an id and a state")
    equal([state(poll(identifier)) for _ in range(3)], ["RUNNING", "WARMING", "SUCCEEDED"], "scripted states, then the real one")
    emulator.script(match="stay", hold=True)
    started = time.monotonic()
    identifier = execute("stay", wait_timeout="0s").json["statement_id"]
    ok(time.monotonic() - started < 2, "wait_timeout 0s does not wait")
    equal(call("POST", f"{PATH}/{identifier}/cancel").json, {}, "cancel is received")
    equal(state(poll(identifier)), "CANCELED", "and carried out")
    equal([s["cancel_requests"] for s in control("GET", "statements") if s["statement_id"] == identifier], [1], "the log knows")
    started = time.monotonic()
    equal(state(execute("stay", wait_timeout="5s", on_wait_timeout="CANCEL")), "CANCELED", "on_wait_timeout CANCEL")
    ok(4.5 < time.monotonic() - started < 15, "after the wait", time.monotonic() - started)
    emulator.script(match="bad", error={"message": "[X] no", "sql_state": "42P01"})
    equal(execute("bad").json["status"], {"state": "FAILED", "error": {"error_code": "BAD_REQUEST", "message": "[X] no"},
                                          "sql_state": "42P01"}, "FAILED with HTTP 200")
    emulator.script(match="worse", error={"error_code": None})
    equal(execute("worse").json["status"], {"state": "FAILED"}, "FAILED without an error")
    identifier = execute("SELECT 1").json["statement_id"]
    control("POST", "clock", {"advance": 3601})
    equal(state(poll(identifier)), "CLOSED", "CLOSED after an hour")
    equal(call("GET", f"{PATH}/{identifier}/result/chunks/0").status, 404, "its chunks are gone")
    control("POST", "clock", {"advance": 11 * 3600})
    equal(poll(identifier).status, 404, "forgotten after twelve")
    control("POST", "reset")


def faults():
    identifier = execute("SELECT 1").json["statement_id"]
    emulator.fault(fault="status", status=429, retry_after=1, on="poll", skip=1)
    seen = [poll(identifier) for _ in range(3)]
    equal([(reply.status, reply.headers["Retry-After"]) for reply in seen], [(200, None), (429, "1"), (200, None)],
          "the second poll answers 429 with Retry-After 1")
    emulator.fault(fault="status", status=503, retry_after="date", on="poll")
    ok(poll(identifier).headers["Retry-After"].endswith("GMT"), "Retry-After as a date")
    bodies = {}
    for shape in ("standard", "numeric", "api12", "oauth", "summary", "scim", "text", "html", "openai", "empty"):
        emulator.fault(fault="status", status=403, shape=shape, error_code="PERMISSION_DENIED", message="no", on="poll")
        bodies[shape] = poll(identifier).body
    equal(json.loads(bodies["numeric"]), {"error_code": 403, "message": "no"}, "shape numeric")
    equal(json.loads(bodies["scim"])["detail"], "no", "shape scim")
    equal(json.loads(bodies["openai"])["error"]["message"], "no", "shape openai")
    equal((bodies["text"], bodies["empty"]), (b"PERMISSION_DENIED: no", b""), "shapes text and empty")
    ok(b"<pre>no</pre>" in bodies["html"] and len(set(bodies.values())) == 10, "shape html; all ten differ")
    emulator.fault(fault="edit", on="poll", set={"status.state": "ODD", "manifest.chunks.0.row_count": 9}, remove=["result"])
    answer = poll(identifier).json
    equal((answer["status"], answer["manifest"]["chunks"][0]["row_count"], "result" in answer), ({"state": "ODD"}, 9, False), "edit")
    emulator.fault(fault="latency", seconds=0.4, on="poll")
    started = time.monotonic()
    ok(poll(identifier).status == 200 and time.monotonic() - started >= 0.4, "latency")
    emulator.fault(fault="hang", on="poll")
    equal(broken("GET", f"{PATH}/{identifier}", timeout=0.5), "TimeoutError", "hang")
    emulator.fault(fault="reset_early", on="poll")
    equal(broken("GET", f"{PATH}/{identifier}"), "ConnectionResetError", "reset before the answer")
    emulator.fault(fault="reset", on="poll", bytes=10)
    equal(broken("GET", f"{PATH}/{identifier}"), "ConnectionResetError", "reset in mid-body")
    emulator.fault(fault="cut", on="poll", bytes=10)
    equal(broken("GET", f"{PATH}/{identifier}"), "IncompleteRead", "cut in mid-body")
    emulator.fault(fault="stall", on="poll", bytes=10)
    equal(broken("GET", f"{PATH}/{identifier}", timeout=0.5), "TimeoutError", "stall in mid-body")
    emulator.fault(fault="drip", on="poll", bytes=100, seconds=0.1)
    started = time.monotonic()
    ok(poll(identifier).status == 200 and time.monotonic() - started >= 0.3, "drip")
    emulator.fault(fault="malformed", on="poll")
    try:
        ok(False, "malformed", poll(identifier).json)
    except ValueError:
        ok(True, "malformed")
    emulator.fault(fault="redirect", on="poll")
    reply = poll(identifier)
    equal((reply.status, reply.headers["Location"].startswith("http://localhost:")), (307, True), "redirect to another host")
    emulator.fault(fault="gzip", on="poll")
    reply = poll(identifier)
    equal((reply.headers["Content-Encoding"], json.loads(gzip.decompress(reply.body))["statement_id"]), ("gzip", identifier), "gzip")
    emulator.fault(fault="header", on="poll", headers={"X-Odd": "1"})
    equal(poll(identifier).headers["X-Odd"], "1", "header")
    before = len(control("GET", "statements"))
    emulator.fault(fault="lost", on="execute", status=502)
    equal((execute("SELECT 2").status, len(control("GET", "statements")) - before), (502, 1), "lost: carried out, not answered")
    emulator.fault(fault="status", on="execute", status=503)
    equal((execute("SELECT 3").status, len(control("GET", "statements")) - before), (503, 1), "status: not carried out")
    emulator.fault(fault="endless", on="poll")
    parts = urllib.parse.urlsplit(emulator.url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    connection.request("GET", f"{PATH}/{identifier}", headers={"Authorization": f"Bearer {tap.TOKEN}"})
    ok(len(connection.getresponse().read(20000000)) == 20000000, "endless")
    connection.close()
    control("POST", "reset")


def log():
    control("DELETE", "requests")
    for _ in range(200):  # an answer whose client went away is noticed a little later
        if control("GET", "requests") == []:
            break
        time.sleep(0.1)
        control("DELETE", "requests")
    emulator.fault(fault="latency", seconds=0.5, on="poll", times=None)
    identifier = execute("SELECT 1").json["statement_id"]
    threads = [threading.Thread(target=poll, args=(identifier,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seen = control("GET", "requests?operation=poll")
    equal((len(seen), max(entry["in_flight"] for entry in seen)), (4, 4), "requests in flight together")
    entry = control("GET", "requests?operation=execute")[0]
    equal((json.loads(entry["body"])["statement"], entry["headers"]["Authorization"]), ("SELECT 1", f"Bearer {tap.TOKEN}"),
          "headers and body are kept")
    control("POST", "reset")
    equal(control("GET", "requests"), [], "reset forgets them")


def others():
    equal(call("GET", "/api/2.0/sql/warehouses").json["warehouses"][0]["id"], tap.WAREHOUSE, "warehouses")
    equal(call("POST", f"/api/2.0/sql/warehouses/{tap.WAREHOUSE}/stop").json, {}, "a warehouse stops")
    run = call("POST", "/api/2.2/jobs/run-now", {"job_id": 7, "idempotency_token": "t"}).json["run_id"]
    again = call("POST", "/api/2.2/jobs/run-now", {"job_id": 7, "idempotency_token": "t"}).json["run_id"]
    equal(run, again, "the same idempotency token, the same run")
    equal(call("GET", "/api/2.2/jobs/runs/get?run_id=5").json["error_code"], "INVALID_PARAMETER_VALUE", "a run that is not there")
    reply = call("POST", "/serving-endpoints/adder/invocations", {"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2], [3, 4]]}})
    equal(reply.json, {"predictions": [3, 7]}, "a served model")


def rewriting():
    """Names and markers for Spark; needs no Spark."""
    for given, expected in (
            ("SELECT * FROM system.access.audit", "SELECT * FROM spark_catalog.`access`.audit"),
            ("SELECT `System`.`access`.`audit`.`a.b` FROM t", "SELECT spark_catalog.`access`.`audit`.`a.b` FROM t"),
            ("FROM main.s.t AS system", "FROM spark_catalog.`main__s`.t AS system"),
            ("SELECT system.x, x.system.access.y", "SELECT system.x, x.system.access.y"),
            ("SELECT 'system.access.audit' -- main.s.t\n, \"main.s.t\" /* main.s.t */",
             "SELECT 'system.access.audit' -- main.s.t\n, \"main.s.t\" /* main.s.t */"),
            ("SELECT 'it\\'s main.s.t', r'\\', 'a''b main.s.t'", "SELECT 'it\\'s main.s.t', r'\\', 'a''b main.s.t'"),
            ("CREATE SCHEMA IF NOT EXISTS main.s", "CREATE SCHEMA IF NOT EXISTS spark_catalog.`main__s`"),
            ("FROM main.information_schema.columns c", "FROM global_temp.`main__information_schema__columns` c"),
            ("SELECT :d, a::int, ':d'", "SELECT CAST(:d AS DATE), a::int, ':d'"),
            ("WHERE x = :s AND 1.5e3=:n", "WHERE x = :s AND 1.5e3=CAST(:n AS DECIMAL(10, 2))")):
        equal(names.rewrite(given, ("system", "main"), {"d": "DATE", "s": "STRING", "n": "DECIMAL(10, 2)"}), expected, f"for Spark: {given}")
    try:
        names.rewrite("SELECT :d", (), {"d": "INT) OR (1"})
        ok(False, "a type that is none")
    except names.BadType:
        ok(True, "a type that is none")
    equal(names.restore("`spark_catalog`.`main__s`.`t`, spark_catalog.access.audit", ("system", "main")),
          "`main`.`s`.`t`, system.access.audit", "names in messages")


def secure():
    for kind in ("good", "other_host", "expired", "self_signed"):
        other = tap.Emulator("--tls", kind)
        other.trust = tap.trusting(other.folder)
        try:
            outcome = other.rows("SELECT 1")
        except OSError as error:
            outcome = getattr(error.reason, "verify_message", error.reason)
        expected = {"good": [["1"]], "expired": "certificate has expired", "self_signed": "self-signed certificate",
                    "other_host": "IP address mismatch, certificate is not valid for '127.0.0.1'."}[kind]
        equal(outcome, expected, f"TLS: {kind}")
        equal((other.stop(), os.path.exists(other.folder)), (0, False), "it ends, and leaves nothing")


def end():
    connection = socket.create_connection(urllib.parse.urlsplit(emulator.url).netloc.split(":"))
    connection.close()
    control("POST", "stop")
    equal(emulator.process.wait(10), 0, "stops when told")


for part in (credentials, requests, results, links, life, faults, log, others, rewriting, secure, end):
    part()
tap.done()
