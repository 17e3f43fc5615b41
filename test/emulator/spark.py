"""Statements run by Spark SQL in local mode, with results printed as Databricks prints them.

Needs the virtual environment (requirements.txt) and Java.  All formatting is
done by Spark itself: a row arrives as one JSON text.
"""

import concurrent.futures
import contextlib
import logging
import os

import names
import results
import system_tables
from statements import Cancelled, SqlError

WORKERS = 8  # statements at once; further ones wait, as they do at a warehouse
CATALOGS = ("system", "main")

# A statement that fails in a task is the client's business; what else is an error goes to spark.log.
LOGGING = """rootLogger.level = error
rootLogger.appenderRef.stderr.ref = stderr
logger.task.name = org.apache.spark.scheduler.TaskSetManager
logger.task.level = off
logger.executor.name = org.apache.spark.executor.Executor
logger.executor.level = off
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = %p %c{1}: %m%n
"""


@contextlib.contextmanager
def own_stderr(path):
    """What is started inside, the JVM, writes its stderr to a file; it is shown when the start fails."""
    ours = os.dup(2)
    theirs = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(theirs, 2)
    try:
        yield
    except BaseException:
        with open(path, "rb") as said:
            os.write(ours, said.read()[-5000:])
        raise
    finally:
        os.dup2(ours, 2)
        os.close(ours)
        os.close(theirs)


class SparkEngine:
    def __init__(self, folder, data):
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
        # PySpark logs every failed statement with its Java stack; the client gets the error anyway.
        logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL + 1)
        self.failure = PySparkException
        log_settings = os.path.join(folder, "log4j2.properties")
        with open(log_settings, "w", encoding="ascii") as out:
            out.write(LOGGING)
        settings = {
            "spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false",
            "spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1",
            "spark.driver.memory": "1g", "spark.driver.maxResultSize": "512m",
            "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={log_settings} -Duser.timezone=UTC -XX:+UseSerialGC "
                                             "-XX:TieredStopAtLevel=1 -Xshare:auto",
            "spark.local.dir": folder, "spark.sql.warehouse.dir": os.path.join(folder, "warehouse"),
            "spark.sql.catalogImplementation": "in-memory",
            "spark.sql.session.timeZone": "UTC", "spark.sql.ansi.enabled": "true",
            "spark.sql.shuffle.partitions": "2", "spark.default.parallelism": "2", "spark.scheduler.mode": "FAIR",
            "spark.sql.adaptive.enabled": "false",  # answers of thousands of rows: planning again costs more than it saves
            "spark.sql.sources.parallelPartitionDiscovery.threshold": "1000",
        }
        builder = SparkSession.builder.master("local[2]").appName("emulator")
        for name, value in settings.items():
            builder = builder.config(name, value)
        with own_stderr(os.path.join(folder, "spark.log")):
            self.spark = builder.getOrCreate()
        self.context = self.spark.sparkContext
        # Threads that stay: each has a connection to the JVM, which a thread of a moment would leak.
        self.workers = concurrent.futures.ThreadPoolExecutor(WORKERS)
        self.canceller = concurrent.futures.ThreadPoolExecutor(1)
        self.tables = system_tables.Tables(self.spark, CATALOGS)
        self.tables.create(data)

    def prepare(self, statement):
        pass

    def cancel(self, statement):
        self.canceller.submit(self.context._jsc.sc().cancelJobGroupAndFutureJobs, statement.id)

    def run(self, statement):
        return self.workers.submit(self._run, statement).result()

    def _run(self, statement):
        if statement.cancelled.is_set():
            raise Cancelled
        try:
            self.context.setJobGroup(statement.id, statement.text[:100], interruptOnCancel=True)
            return self._answer(statement)
        except self.failure as error:
            if statement.cancelled.is_set():
                raise Cancelled
            raise self._sql_error(error)
        except Exception as error:
            # What the JVM throws without an error class, such as the end of a cancelled job.
            if statement.cancelled.is_set():
                raise Cancelled
            raise SqlError(names.restore(str(error).splitlines()[0], CATALOGS), code="UNKNOWN")

    def _answer(self, statement):
        request = statement.request
        parameters = {p["name"]: p.get("value") for p in request["parameters"]}
        types = {p["name"]: p.get("type") for p in request["parameters"]}
        try:
            text = names.rewrite(statement.text, CATALOGS, types)
        except names.BadType as error:
            raise SqlError(f"[UNSUPPORTED_DATATYPE] Unsupported data type \"{error}\". SQLSTATE: 0A000", "0A000")
        if "information_schema" in text:
            self.tables.refresh_information_schema()
        session = self.spark.newSession()
        self._use(session, request["catalog"] or "main", request["schema"])
        frame = session.sql(text, parameters)
        return self._printed(frame)

    def _use(self, session, catalog, schema):
        if catalog.lower() not in CATALOGS:
            raise SqlError(f"[NO_SUCH_CATALOG_EXCEPTION] Catalog '{catalog}' was not found. SQLSTATE: 42704", "42704")
        if schema:
            session.catalog.setCurrentDatabase(names.schema_of(catalog.lower(), schema))

    def _printed(self, frame):
        from pyspark.sql import functions as F
        fields = frame.schema.fields
        if not fields:
            return results.Result([], [])
        columns = [results.column(field.name, type_text(field.dataType), position) for position, field in enumerate(fields)]
        # By position: names may repeat.
        frame = frame.toDF(*[f"c{position}" for position in range(len(fields))])
        cells = [printed(F.col(f"c{position}"), field.dataType) for position, field in enumerate(fields)]
        rows = frame.select(F.to_json(F.array(*cells))).collect()
        return results.Printed(columns, [row[0] for row in rows])

    def _sql_error(self, error):
        message = error.getMessage() if error.getCondition() else str(error).split("\n\nJVM stacktrace")[0]
        return SqlError(names.restore(message, CATALOGS), error.getSqlState())


def type_text(kind):
    """The SQL text of a Spark type, with the blanks that the service writes."""
    from pyspark.sql import types as T
    if isinstance(kind, T.ArrayType):
        return f"ARRAY<{type_text(kind.elementType)}>"
    if isinstance(kind, T.MapType):
        return f"MAP<{type_text(kind.keyType)}, {type_text(kind.valueType)}>"
    if isinstance(kind, T.StructType):
        return "STRUCT<" + ", ".join(f"{field.name}: {type_text(field.dataType)}" for field in kind.fields) + ">"
    return kind.simpleString().upper()


def printed(cell, kind):
    """A column's text in JSON_ARRAY."""
    from pyspark.sql import functions as F
    from pyspark.sql import types as T
    if isinstance(kind, T.TimestampNTZType):
        return F.date_format(cell, "yyyy-MM-dd'T'HH:mm:ss.SSS")
    if isinstance(kind, T.TimestampType):
        return F.date_format(cell, "yyyy-MM-dd'T'HH:mm:ss.SSSXXX")
    if isinstance(kind, T.BinaryType):
        return F.base64(cell)
    if isinstance(kind, T.YearMonthIntervalType):
        return F.regexp_extract(cell.cast("interval year to month").cast("string"), "'(.*)'", 1)
    if isinstance(kind, T.DayTimeIntervalType):
        # 3 04:05:06.000000000: nine digits always, which Spark leaves out when they are zero.
        text = F.regexp_extract(cell.cast("interval day to second").cast("string"), "'(.*)'", 1)
        whole, fraction = F.split_part(text, F.lit("."), F.lit(1)), F.split_part(text, F.lit("."), F.lit(2))
        return F.concat(whole, F.lit("."), F.rpad(fraction, 9, "0"))
    if isinstance(kind, (T.ArrayType, T.MapType, T.StructType)):
        return F.to_json(cell, {"ignoreNullFields": "false"})
    if isinstance(kind, T.VariantType):
        return F.to_json(cell)
    return cell.cast("string")
