"""Writes the gold rows of a dbinsight database as the system tables they came from.

python3 test/emulator/export.py FOLDER [SOURCE...]

One file a source, FOLDER/SOURCE.ndjson, one JSON object a row: the mapping of
dbinsight.sources read backwards.  The database is that of psql (PGHOST,
PGDATABASE, ...).  Columns that only the gold table has (labels, prices,
generated ones) are left out; of snapshots only the latest is a remote state.
"""

import json
import os
import subprocess
import sys

import system_tables

# jsonb_build_object() takes a hundred arguments.
PAIRS = 45

REGISTRY = """
SELECT jsonb_build_object('source', s.source, 'table', s.gold_table, 'mapping', s.mapping, 'computed', s.computed,
	'columns', (SELECT jsonb_agg(a.attname ORDER BY a.attnum) FROM pg_attribute a
		WHERE a.attrelid = ('dbinsight.' || s.gold_table)::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''))
FROM dbinsight.sources s ORDER BY s.source
"""


def psql(query):
    """The lines that a query gives; columns are divided by tabs, which JSON text never holds."""
    environment = {**os.environ, "PGOPTIONS": "-c timezone=UTC -c datestyle=ISO"}
    command = ["psql", "-XAtq", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-v", "FETCH_COUNT=5000", "-f", "-"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
                          env=environment) as process:
        process.stdin.write(query + ";\n")
        process.stdin.close()
        for line in process.stdout:
            yield line.rstrip("\n")
    if process.returncode:
        sys.exit(f"psql failed with status {process.returncode}")


def literal(text):
    return "'" + text.replace("'", "''") + "'"


class Backwards:
    """The query that turns the gold rows of a source into remote ones."""

    def __init__(self, entry, remote):
        self.entry = entry
        self.remote = remote and {name for name, _ in remote}
        self.tree = {}
        self.filters = []
        for column in entry["columns"]:
            if column != "extra":
                self._place(column, entry["mapping"].get(column, column))

    def _place(self, column, path):
        if isinstance(path, dict):
            if path.get("as") == "today":
                table = self.entry["table"]
                self.filters.append(f't."{column}" = (SELECT max("{column}") FROM dbinsight.{table})')
                return
            if "concat" in path:
                # A name of another depth is a row of another source, or of none.
                self.filters.append(f"cardinality(string_to_array(t.\"{column}\", '.')) = {len(path['concat'])}")
                for number, part in enumerate(path["concat"], 1):
                    self._leaf(part, f'split_part(t."{column}", \'.\', {number})')
                return
            if "path" not in path:
                # Several sources share the table; this column says which one a row is from.
                self.filters.append(f't."{column}" = {literal(path["const"])}')
                return
            path = path["path"]
        if isinstance(path, list):
            path = next((one for one in path if self._is_remote(one)), path[0])
        self._leaf(path, f't."{column}"')

    def _is_remote(self, path):
        return self.remote is None or path.split(".")[0] in self.remote

    def _leaf(self, path, expression):
        if not self._is_remote(path) or (self.remote is None and path in self.entry["computed"]):
            return
        node = self.tree
        *structs, last = path.split(".")
        for name in structs:
            node = node.setdefault(name, {})
        node[last] = expression

    def query(self):
        where = f" WHERE {' AND '.join(self.filters)}" if self.filters else ""
        extra = "t.extra" if "extra" in self.entry["columns"] else "NULL"
        return f"SELECT {self._object(self.tree)}, {extra} FROM dbinsight.{self.entry['table']} t{where}"

    def _object(self, node):
        pairs = [f"{literal(name)}, {self._struct(value) if isinstance(value, dict) else value}" for name, value in node.items()]
        parts = [f"jsonb_build_object({', '.join(pairs[start:start + PAIRS])})" for start in range(0, len(pairs), PAIRS)]
        return " || ".join(parts)

    def _struct(self, node):
        """A struct without any member was NULL, as far as the gold row knows."""
        return f"CASE WHEN num_nonnulls({', '.join(leaves(node))}) > 0 THEN {self._object(node)} END"


def leaves(node):
    for value in node.values():
        if isinstance(value, dict):
            yield from leaves(value)
        else:
            yield value


def merge(into, rest):
    """Puts back what the loader found no column for."""
    for name, value in rest.items():
        if isinstance(value, dict) and isinstance(into.get(name), dict):
            merge(into[name], value)
        elif into.get(name) is None:
            into[name] = value


def export(folder, wanted):
    schema = system_tables.schema()
    os.makedirs(folder, exist_ok=True)
    for line in list(psql(REGISTRY)):
        entry = json.loads(line)
        source = entry["source"]
        if wanted and source not in wanted:
            continue
        count = 0
        with open(os.path.join(folder, f"{source}.ndjson"), "w", encoding="utf-8") as out:
            for row in psql(Backwards(entry, schema.get(source)).query()):
                text, extra = row.split("\t")
                if extra:
                    whole = json.loads(text)
                    merge(whole, json.loads(extra))
                    text = json.dumps(whole, ensure_ascii=False)
                out.write(text + "\n")
                count += 1
        print(source, count)


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    export(sys.argv[1], set(sys.argv[2:]))
