"""Reads every system table from Spark: tables.py DATA OUT, two folders; OUT gets the rows that DATA had."""

import os
import sys

import tap

sys.path.insert(0, tap.EMULATOR)
import system_tables  # beside the emulator

MICROSECONDS = "map('timestampFormat', \"yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX\")"


def rows(emulator, table, columns):
    where = ""
    if table.startswith("system.information_schema."):
        # The system catalog lists itself there too.
        catalog = next(name for name, _ in columns if name in ("table_catalog", "catalog_name"))
        where = f" WHERE {catalog} <> 'system' AND NOT ({catalog} = 'main' AND {schema_of(columns)} = 'information_schema')"
    answer = emulator.execute(f"SELECT to_json(struct(*), {MICROSECONDS}) FROM {table}{where}", disposition="EXTERNAL_LINKS").json
    if answer["status"]["state"] != "SUCCEEDED":
        sys.exit(f"{table}: {answer['status']}")
    links = answer["result"].get("external_links")
    while links:
        yield from emulator.call("GET", links[0]["external_link"], token=None).json
        after = links[0].get("next_chunk_internal_link")
        links = after and emulator.call("GET", after).json["external_links"]


def schema_of(columns):
    return next((name for name, _ in columns if name in ("table_schema", "schema_name")), "''")


def main(data, out):
    emulator = tap.Emulator("--spark", "--data", data)
    os.makedirs(out, exist_ok=True)
    for table, columns in system_tables.schema().items():
        if os.path.exists(os.path.join(data, f"{table}.ndjson")):
            with open(os.path.join(out, f"{table}.ndjson"), "w", encoding="utf-8") as lines:
                lines.writelines(row[0] + "\n" for row in rows(emulator, table, columns))
    emulator.stop()


main(*sys.argv[1:])
