"""What a program of the official SDK does: the rows of a statement, by COPY, into a table.  Prints milliseconds.

ingest_client.py HOST TOKEN WAREHOUSE STATEMENT TABLE COLUMNS     (the database is psql's)
"""

import csv
import io
import sys
import time

import databricks.sdk
import psycopg
import requests
from databricks.sdk.service import sql


def lines(rows):
    out = io.StringIO()
    csv.writer(out).writerows([["\\N" if cell is None else cell for cell in row] for row in rows])
    return out.getvalue()


def main(host, token, warehouse, statement, table, columns):
    began = time.monotonic()
    execution = databricks.sdk.WorkspaceClient(host=host, token=token).statement_execution
    answer = execution.execute_statement(statement, warehouse, disposition=sql.Disposition.EXTERNAL_LINKS,
                                         format=sql.Format.JSON_ARRAY, wait_timeout="50s")
    links = answer.result.external_links
    with psycopg.connect("") as connection, connection.cursor() as cursor:
        with cursor.copy(f"COPY {table} ({columns}) FROM STDIN (FORMAT csv, NULL '\\N')") as copy:
            while links:
                copy.write(lines(requests.get(links[0].external_link, timeout=60).json()))
                following = links[0].next_chunk_index
                links = following and execution.get_statement_result_chunk_n(answer.statement_id, following).external_links
    print(round(1000 * (time.monotonic() - began)))


if __name__ == "__main__":
    main(*sys.argv[1:])
