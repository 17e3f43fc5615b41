"""The system tables in Spark: their columns, their rows from exported files, information_schema.

export.py writes the files; the columns are in system_tables.sql.
"""

import os
import re
import threading

import names

HERE = os.path.dirname(os.path.abspath(__file__))
OWNER = "System user"
CONVERTED = 4 * 1024 * 1024  # bytes of a file from which on Parquet is worth its making
KEPT = "__information_schema"  # the schema with the rows of information_schema that came from files
STRICT = "mode 'FAILFAST'"  # a value that does not fit its column must not become NULL


def schema():
    """{"system.access.audit": [("account_id", "string"), …], …}"""
    tables, current = {}, None
    with open(os.path.join(HERE, "system_tables.sql"), encoding="ascii") as lines:
        for line in lines:
            begins = re.match(r"CREATE TABLE ([\w.]+) \(", line)
            if begins:
                current = tables.setdefault(begins[1], [])
            elif line.startswith("\t"):
                name, kind = line.strip().rstrip(",").split(" ", 1)
                current.append((name, kind))
    return tables


def ddl(columns):
    return ", ".join(f"`{name}` {kind}" for name, kind in columns)


class Tables:
    def __init__(self, spark, catalogs):
        self.spark = spark
        self.catalogs = catalogs
        self.schema = schema()
        self.lock = threading.Lock()
        self.described = None  # what the views of information_schema were made from
        # The tables of information_schema.
        self.views = [table.rpartition(".")[2] for table in self.schema if ".information_schema." in table]

    def create(self, data):
        """A table for each system table, over the files of the folder data or empty; default schemas of the rest."""
        for catalog in self.catalogs:
            self.spark.sql(f"CREATE SCHEMA IF NOT EXISTS spark_catalog.`{names.schema_of(catalog, 'default')}`")
        for name in sorted({table.split(".")[1] for table in self.schema} - {"information_schema"}):
            self.spark.sql(f"CREATE SCHEMA IF NOT EXISTS spark_catalog.`{name}`")
        self.spark.sql(f"CREATE SCHEMA IF NOT EXISTS spark_catalog.`{KEPT}`")
        for table, columns in self.schema.items():
            _, part, name = table.split(".")
            if part == "information_schema":
                part = KEPT
            stored = self._stored(table, columns, data)
            self.spark.sql(f"CREATE TABLE spark_catalog.`{part}`.`{name}` ({ddl(columns)}) {stored}")

    def _stored(self, table, columns, data):
        """Where a table's rows are: its file, or Parquet made from it when that is large; an empty place without one."""
        source = os.path.join(data, f"{table}.ndjson") if data else ""
        if not os.path.exists(source):
            return "USING parquet"
        source = os.path.abspath(source)
        if os.path.getsize(source) < CONVERTED:
            return f"USING json OPTIONS ({STRICT}) LOCATION '{source}'"
        target = os.path.join(os.path.dirname(source), "parquet", table)
        made = os.path.join(target, "_SUCCESS")
        if not os.path.exists(made) or os.path.getmtime(made) < os.path.getmtime(source):
            rows = self.spark.read.schema(ddl(columns)).option("mode", "FAILFAST").json(source)
            rows.write.mode("overwrite").parquet(target)
        return f"USING parquet LOCATION '{target}'"

    # --- information_schema ---

    def refresh_information_schema(self):
        """Views over what there is now, for each catalog; system's covers them all."""
        with self.lock:
            present = self._present()
            if present == self.described:
                return
            tables, columns = self._describe(present)
            for catalog in self.catalogs:
                self._view(catalog, "tables", tables)
                self._view(catalog, "columns", columns)
                self._view(catalog, "schemata", self._schemata(present))
                for name in self.views:
                    if name not in ("tables", "columns", "schemata"):
                        self._view(catalog, name, [])
            self.described = present

    def _present(self):
        """(catalog, schema, table, kind) of everything, sorted."""
        found = []
        for row in self.spark.sql("SHOW SCHEMAS IN spark_catalog").collect():
            catalog, _, part = row[0].rpartition("__")
            catalog = catalog or "system"
            if catalog not in self.catalogs or part == "information_schema":
                continue
            listed = self.spark.sql(f"SHOW TABLES IN spark_catalog.`{row[0]}`").collect()
            found += [(catalog, part, table.tableName) for table in listed if not table.isTemporary]
        return sorted(found)

    def _describe(self, present):
        tables, columns = [], []
        for catalog, part, name in present:
            tables.append({"table_catalog": catalog, "table_schema": part, "table_name": name, "table_type": "MANAGED",
                           "is_insertable_into": "YES", "table_owner": OWNER, "data_source_format": "PARQUET"})
            frame = self.spark.table(f"spark_catalog.`{names.schema_of(catalog, part)}`.`{name}`")
            described = [(field.name, field.dataType.simpleString(), field.metadata.get("comment")) for field in frame.schema]
            columns += _columns(catalog, part, name, described)
        # The views of information_schema are no tables of Spark's; they list themselves all the same.
        for catalog in self.catalogs:
            for name in self.views:
                tables.append({"table_catalog": catalog, "table_schema": "information_schema", "table_name": name,
                               "table_type": "VIEW", "is_insertable_into": "NO", "table_owner": OWNER})
                described = [(column, kind, None) for column, kind in self.schema[f"system.information_schema.{name}"]]
                columns += _columns(catalog, "information_schema", name, described)
        return tables, columns

    def _schemata(self, present):
        pairs = {(catalog, part) for catalog, part, _ in present} | {(catalog, "information_schema") for catalog in self.catalogs}
        return [{"catalog_name": catalog, "schema_name": part, "schema_owner": OWNER} for catalog, part in sorted(pairs)]

    def _view(self, catalog, name, rows):
        columns = self.schema[f"system.information_schema.{name}"]
        first = columns[0][0] if columns[0][0].endswith("catalog") or columns[0][0] == "catalog_name" else None
        if catalog != "system" and first:
            rows = [row for row in rows if row[first] == catalog]
        tuples = [tuple(row.get(column) for column, _ in columns) for row in rows]
        frame = self.spark.createDataFrame(tuples, ddl(columns))
        if catalog == "system":
            frame = frame.unionAll(self.spark.table(f"spark_catalog.`{KEPT}`.`{name}`"))
        frame.createOrReplaceGlobalTempView(names.view_of(catalog, name))


def _columns(catalog, part, table, described):
    """Rows of information_schema.columns for (name, type, comment) of a table's columns."""
    rows = []
    for position, (name, kind, comment) in enumerate(described):
        word = re.match(r"\w+", kind)[0].upper()
        precision = re.match(r"decimal\((\d+),\s*(\d+)\)", kind)
        rows.append({
            "table_catalog": catalog, "table_schema": part, "table_name": table, "column_name": name,
            "ordinal_position": position, "is_nullable": "YES", "full_data_type": kind,
            "data_type": {"BIGINT": "LONG", "SMALLINT": "SHORT", "TINYINT": "BYTE"}.get(word, word),
            "numeric_precision": int(precision[1]) if precision else None,
            "numeric_scale": int(precision[2]) if precision else None, "is_updatable": "YES", "comment": comment})
    return rows
