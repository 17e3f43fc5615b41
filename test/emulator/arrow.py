"""Chunks as Arrow IPC streams, made from the cells as JSON_ARRAY prints them.

So timestamps carry milliseconds, and arrays, maps, structs and intervals are
text; the service sends them typed.
"""

import base64
import datetime
import decimal
import io

import pyarrow

NUMBERS = {"BYTE": pyarrow.int8(), "SHORT": pyarrow.int16(), "INT": pyarrow.int32(), "LONG": pyarrow.int64(),
           "FLOAT": pyarrow.float32(), "DOUBLE": pyarrow.float64()}


def _moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def _typed(column):
    """The Arrow type of a column, and what makes its value of a cell."""
    name = column["type_name"]
    if name in ("FLOAT", "DOUBLE"):
        return NUMBERS[name], float
    if name in NUMBERS:
        return NUMBERS[name], int
    if name == "DECIMAL":
        return pyarrow.decimal128(column["type_precision"], column["type_scale"]), decimal.Decimal
    if name == "BOOLEAN":
        return pyarrow.bool_(), lambda cell: cell == "true"
    if name == "DATE":
        return pyarrow.date32(), datetime.date.fromisoformat
    if name == "TIMESTAMP":
        return pyarrow.timestamp("us", "UTC"), _moment
    if name == "TIMESTAMP_NTZ":
        return pyarrow.timestamp("us"), _moment
    if name == "BINARY":
        return pyarrow.binary(), base64.b64decode
    return pyarrow.string(), str


def encode(columns, rows):
    typed = [_typed(column) for column in columns]
    schema = pyarrow.schema([(column["name"], kind) for column, (kind, _) in zip(columns, typed)])
    rows = list(rows)
    arrays = [pyarrow.array([None if row[position] is None else make(row[position]) for row in rows], kind)
              for position, (kind, make) in enumerate(typed)]
    out = io.BytesIO()
    with pyarrow.ipc.new_stream(out, schema) as writer:
        writer.write_batch(pyarrow.record_batch(arrays, schema=schema))
    return out.getvalue()
