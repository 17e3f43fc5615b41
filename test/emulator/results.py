"""Results of statements: columns, rows by position, chunks, and their three formats.

A row is a list of cells as JSON_ARRAY prints them: text or None.  A result
answers any range of rows again and again, so that chunks can be asked for in
any order and a generated result of billions of rows holds none of them.
"""

import csv
import io
import json

import answers

INLINE_LIMIT = 25 * 1024 * 1024  # bytes; INLINE fails beyond it
LINKS_LIMIT = 100 * 1024 ** 3  # bytes; EXTERNAL_LINKS is cut there
COUNTED = 100000  # rows whose bytes are counted one by one; those of more are estimated

# SQL names whose type_name differs from their first word.
TYPE_NAMES = {
    "BIGINT": "LONG", "SMALLINT": "SHORT", "TINYINT": "BYTE", "INTEGER": "INT", "VOID": "NULL",
    "REAL": "FLOAT", "VARCHAR": "STRING", "NUMERIC": "DECIMAL",
}


def column(name, type_text, position):
    """A column of a manifest from its SQL type text, such as DECIMAL(18,2)."""
    text = type_text.strip()
    word = text.split("(")[0].split("<")[0].split()[0].upper()
    made = {"name": name, "type_text": text, "type_name": TYPE_NAMES.get(word, word), "position": position}
    if made["type_name"] == "DECIMAL":
        inner = text.partition("(")[2].rstrip(") ") or "10,0"
        precision, _, scale = inner.partition(",")
        made["type_precision"], made["type_scale"] = int(precision), int(scale or 0)
    if made["type_name"] == "INTERVAL":
        made["type_interval_type"] = text.partition(" ")[2].upper()
    return made


def row_json(row):
    return json.dumps(row, separators=(",", ":"), ensure_ascii=False)


class Result:
    """Rows held in memory."""

    def __init__(self, columns, rows):
        self.columns = columns
        self.held = rows
        self.row_count = len(rows)

    def rows(self, start, count):
        return iter(self.held[start:start + count])

    def texts(self, start, count):
        """The same rows as JSON."""
        return map(row_json, self.rows(start, count))


class Printed(Result):
    """Rows kept as their JSON texts."""

    def rows(self, start, count):
        return map(json.loads, self.held[start:start + count])

    def texts(self, start, count):
        return iter(self.held[start:start + count])


class Generated(Result):
    """count rows made on demand from templates: "{i}" is the row's number from 0."""

    def __init__(self, columns, templates, count, null_every=None):
        self.columns = columns
        self.templates = templates
        self.row_count = count
        self.null_every = null_every

    def rows(self, start, count):
        return map(json.loads, self.texts(start, count))

    def texts(self, start, count):
        # JSON's own brackets are square: the text of a row of templates is a template too.
        full = row_json(self.templates).format
        # Never the first column: it says which row this is.
        holed = row_json(self.templates[:-1] + [None]).format if self.null_every and len(self.templates) > 1 else full
        every = self.null_every or 1
        for i in range(start, min(start + count, self.row_count)):
            yield (full if i % every else holed)(i=i, minute=i % 60)


class Cut(Result):
    """The first rows of another result."""

    def __init__(self, result, count):
        self.columns = result.columns
        self.whole = result
        self.row_count = count

    def rows(self, start, count):
        return self.whole.rows(start, min(count, self.row_count - start))

    def texts(self, start, count):
        return self.whole.texts(start, min(count, self.row_count - start))


def _average(result):
    """Bytes of a row, from a thousand of them: enough for totals of a generated result."""
    sample = [len(text) + 1 for text in result.texts(0, 1000)]
    return sum(sample) / len(sample) if sample else 0


def _arrow():
    """The module that needs pyarrow, which only the virtual environment has."""
    try:
        import arrow
    except ImportError:
        raise answers.refuse(501, "NOT_IMPLEMENTED", "ARROW_STREAM needs the emulator's virtual environment.")
    return arrow


def byte_count(result):
    if result.row_count <= COUNTED:
        return sum(len(text.encode()) + 1 for text in result.texts(0, result.row_count))
    return int(_average(result) * result.row_count)


def _fitting(result, count, byte_limit):
    """How many of the first count rows fit."""
    if count > COUNTED:
        return int(byte_limit / _average(result))
    used = 0
    for number, text in enumerate(result.texts(0, count)):
        used += len(text.encode()) + 1
        if used > byte_limit:
            return number
    return count


def cut(result, row_limit, byte_limit):
    """The result within the limits, and whether they cut it."""
    count = result.row_count
    if row_limit is not None:
        count = min(count, row_limit)
    if byte_limit is not None:
        count = min(count, _fitting(result, count, byte_limit))
    if count == result.row_count:
        return result, False
    return Cut(result, count), True


class Chunks:
    """How a result is cut into chunks, and how one is printed."""

    def __init__(self, result, chunk_rows, form):
        self.result = result
        self.chunk_rows = chunk_rows
        self.form = form
        self.count = -(-result.row_count // chunk_rows)

    def span(self, index):
        start = index * self.chunk_rows
        return start, min(self.chunk_rows, self.result.row_count - start)

    def rows(self, index):
        return self.result.rows(*self.span(index))

    def encoded(self, index):
        if self.form == "JSON_ARRAY":
            return ("[" + ",".join(self.result.texts(*self.span(index))) + "]").encode()
        rows = self.rows(index)
        if self.form == "CSV":
            return self._csv(rows, index == 0)
        return _arrow().encode(self.result.columns, rows)

    def _csv(self, rows, header):
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        if header:
            writer.writerow([c["name"] for c in self.result.columns])
        # The service prints NULL as this word, so that CSV cannot tell the two apart.
        writer.writerows([["null" if cell is None else cell for cell in row] for row in rows])
        return out.getvalue().encode()
