"""The official SDK as the client, Spark SQL as the engine: what both take for granted.  TAP."""

import json
import threading
import time

import databricks.sdk
import pyarrow
import requests
from databricks.sdk import errors
from databricks.sdk.service import serving, sql

import tap
from tap import equal, ok

emulator = tap.Emulator("--spark")


def client(**how):
    how = how or {"token": tap.TOKEN}
    return databricks.sdk.WorkspaceClient(host=emulator.url, **how)


workspace = client()


def run(statement, **members):
    members.setdefault("wait_timeout", "50s")
    return workspace.statement_execution.execute_statement(statement, tap.WAREHOUSE, **members)


def one(expression, **members):
    """The first cell, or the error's message."""
    answer = run(f"SELECT {expression}", **members)
    return answer.result.data_array[0][0] if answer.status.error is None else answer.status.error.message


def statements():
    answer = run("SELECT id, CAST(id AS DECIMAL(10,2)) / 4 AS quarter FROM range(3) ORDER BY id")
    equal([(c.name, c.type_text, c.type_name.value) for c in answer.manifest.schema.columns],
          [("id", "BIGINT", "LONG"), ("quarter", "DECIMAL(14,6)", "DECIMAL")], "columns")
    equal(answer.result.data_array, [["0", "0.000000"], ["1", "0.250000"], ["2", "0.500000"]], "rows")
    parameters = [sql.StatementParameterListItem(name="day", value="2025-03-01", type="DATE"),
                  sql.StatementParameterListItem(name="text", value="it's \\ :day"),
                  sql.StatementParameterListItem(name="nothing", type="INT")]
    answer = run("SELECT date_add(:day, 1), :text, ':day', :nothing, 1::string -- :no", parameters=parameters)
    equal(answer.result.data_array, [["2025-03-02", "it's \\ :day", ":day", None, "1"]], "named parameters, and what only looks so")
    emulator.control("POST", "settings", {"chunk_rows": 4, "link_rows": 4})
    answer = run("SELECT id FROM range(10) ORDER BY id")
    rows, index = list(answer.result.data_array), answer.result.next_chunk_index
    while index is not None:
        chunk = workspace.statement_execution.get_statement_result_chunk_n(answer.statement_id, index)
        rows, index = rows + chunk.data_array, chunk.next_chunk_index
    equal((rows, answer.manifest.total_chunk_count), ([[str(i)] for i in range(10)], 3), "chunks")
    for form in (sql.Format.JSON_ARRAY, sql.Format.ARROW_STREAM):
        answer = run("SELECT id FROM range(10) ORDER BY id", disposition=sql.Disposition.EXTERNAL_LINKS, format=form)
        rows, links = [], answer.result.external_links
        while links:
            body = requests.get(links[0].external_link, timeout=30).content
            rows += json.loads(body) if form == sql.Format.JSON_ARRAY else pyarrow.ipc.open_stream(body).read_all()["id"].to_pylist()
            index = links[0].next_chunk_index
            links = index and workspace.statement_execution.get_statement_result_chunk_n(answer.statement_id, index).external_links
        expected = [[str(i)] for i in range(10)] if form == sql.Format.JSON_ARRAY else list(range(10))
        equal(rows, expected, f"external links, {form.value}")
    emulator.control("POST", "reset")


def printed():
    for expression, text in (
            ("true", "true"), ("CAST(-5 AS TINYINT)", "-5"), ("9223372036854775807", "9223372036854775807"),
            ("CAST(1.5 AS FLOAT)", "1.5"), ("1e10D", "1.0E10"), ("double('NaN')", "NaN"), ("-double('Infinity')", "-Infinity"),
            ("CAST(0 AS DECIMAL(38,18))", "0.000000000000000000"), ("CAST(1e-7 AS DECIMAL(20,10))", "0.0000001000"),
            ("'é \"\\\\ \\n'", 'é "\\ \n'), ("''", ""), ("CAST(NULL AS STRING)", None), ("NULL", None),
            ("DATE'2025-01-31'", "2025-01-31"), ("TIMESTAMP'2021-01-01 10:00:00.123456'", "2021-01-01T10:00:00.123Z"),
            ("TIMESTAMP'2021-01-01 10:00:00 America/Los_Angeles'", "2021-01-01T18:00:00.000Z"),
            ("TIMESTAMP_NTZ'2021-01-01 10:00:00'", "2021-01-01T10:00:00.000"), ("X'0102ff'", "AQL/"),
            ("INTERVAL '1-2' YEAR TO MONTH", "1-2"), ("INTERVAL '3 04:05:06.5' DAY TO SECOND", "3 04:05:06.500000000"),
            ("array(1, NULL)", "[1,null]"), ("map('a', 1)", '{"a":1}'), ("named_struct('x', 1, 'y', NULL)", '{"x":1,"y":null}'),
            ("parse_json('{\"a\": [1]}')", '{"a":[1]}')):
        equal(one(expression), text, f"prints {expression}")


def failures():
    for statement, sql_state, begins in (
            ("SELEC 1", "42601", "[PARSE_SYNTAX_ERROR]"), ("SELECT 1 / 0", "22012", "[DIVIDE_BY_ZERO]"),
            ("SELECT CAST('x' AS INT)", "22018", "[CAST_INVALID_INPUT]"),
            ("SELECT 2147483647 + 1", "22003", "[ARITHMETIC_OVERFLOW]"),
            ("SELECT * FROM system.access.nothing", "42P01",
             "[TABLE_OR_VIEW_NOT_FOUND] The table or view `system`.`access`.`nothing` cannot be found."),
            ("SELECT * FROM main.s.nothing", "42P01", "[TABLE_OR_VIEW_NOT_FOUND] The table or view `main`.`s`.`nothing` cannot"),
            ("SELECT nothing FROM system.access.audit", "42703", "[UNRESOLVED_COLUMN.WITH_SUGGESTION]")):
        status = run(statement).status
        ok(status.state == sql.StatementState.FAILED and status.error.message.startswith(begins)
           and f"SQLSTATE: {sql_state}" in status.error.message, f"fails with {sql_state}: {statement}", status)
    try:
        workspace.statement_execution.get_statement("01ef-none")
        ok(False, "an unknown statement")
    except errors.NotFound as error:
        ok("01ef-none" in str(error), "an unknown statement", str(error))
    try:
        client(token="dapi-wrong").warehouses.list().__next__()
        ok(False, "a wrong token")
    except errors.PermissionDenied as error:
        ok("Invalid access token" in str(error), "a wrong token", str(error))


def cancelling():
    started = time.monotonic()
    identifier = run("SELECT count(*) FROM range(1000000000000) WHERE id % 7 = 3", wait_timeout="0s").statement_id
    time.sleep(1)
    equal(workspace.statement_execution.get_statement(identifier).status.state, sql.StatementState.RUNNING, "a long statement runs")
    workspace.statement_execution.cancel_execution(identifier)
    equal(workspace.statement_execution.get_statement(identifier).status.state, sql.StatementState.CANCELED, "and is cancelled")
    threads = [threading.Thread(target=one, args=("1",)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ok(time.monotonic() - started < 60, "Spark is free again", time.monotonic() - started)


def catalogs():
    run("CREATE SCHEMA main.s")
    run("CREATE TABLE main.s.t (a INT COMMENT 'first', b DECIMAL(10,2), c STRUCT<x: INT>)")
    run("INSERT INTO `main`.`s`.`t` VALUES (1, 2.5, named_struct('x', 3))")
    equal(run("SELECT t.a, main.s.t.b, c.x FROM main.s.t").result.data_array, [["1", "2.50", "3"]], "a table of another catalog")
    equal(run("SELECT a FROM t", catalog="main", schema="s").result.data_array, [["1"]], "catalog and schema of a request")
    answer = run("SELECT column_name, full_data_type, data_type, comment FROM main.information_schema.columns "
                 "WHERE table_schema = 's' ORDER BY ordinal_position")
    equal(answer.result.data_array, [["a", "int", "INT", "first"], ["b", "decimal(10,2)", "DECIMAL", None],
                                     ["c", "struct<x:int>", "STRUCT", None]], "information_schema.columns")
    answer = run("SELECT table_name FROM system.information_schema.tables WHERE table_schema = 'access' ORDER BY 1")
    equal([row[0] for row in answer.result.data_array], ["audit", "column_lineage", "inbound_network", "outbound_network",
                                                         "table_lineage", "workspaces_latest"], "information_schema.tables")
    equal(run("SELECT event_id FROM audit", catalog="system", schema="access").manifest.total_row_count, 0, "without data: empty tables")
    run("DROP TABLE main.s.t")
    equal(run("SELECT * FROM main.information_schema.tables WHERE table_schema = 's'").manifest.total_row_count, 0, "a dropped table")


def principals():
    emulator.control("POST", "settings", {"token_seconds": 3600})
    service = client(client_id="emulator-client", client_secret="dose/+%:s3cret")
    equal(service.statement_execution.execute_statement("SELECT 1", tap.WAREHOUSE, wait_timeout="50s").result.data_array, [["1"]],
          "OAuth for a service principal")
    try:
        client(client_id="emulator-client", client_secret="no").warehouses.list().__next__()
        ok(False, "a wrong secret")
    except Exception as error:
        ok("invalid_client" in str(error), "a wrong secret", str(error))


def others():
    equal([w.id for w in workspace.warehouses.list()], [tap.WAREHOUSE], "warehouses")
    first = workspace.jobs.run_now(7, idempotency_token="t").response.run_id
    equal(workspace.jobs.run_now(7, idempotency_token="t").response.run_id, first, "run-now with the same token")
    equal(workspace.jobs.get_run(first).state.result_state.value, "SUCCESS", "a run")
    equal(sorted(e.name for e in workspace.serving_endpoints.list()), ["adder", "chat", "embed"], "serving endpoints")
    said = workspace.serving_endpoints.query("chat", messages=[serving.ChatMessage(role=serving.ChatMessageRole.USER, content="hi")])
    equal(said.choices[0].message.content, "hi", "chat")
    emulator.fault(fault="status", status=429, retry_after=1, on="warehouse")
    started = time.monotonic()
    equal([w.id for w in workspace.warehouses.list()], [tap.WAREHOUSE], "the SDK repeats after 429")
    ok(time.monotonic() - started >= 1, "as late as Retry-After says")


for part in (statements, printed, failures, cancelling, catalogs, principals, others):
    part()
equal(emulator.stop(), 0, "stops when told")
tap.done()
