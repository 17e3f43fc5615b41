"""Databricks SQL made ready for Spark: names of three parts, and typed parameters.

Spark's own catalog has schemas only, so a catalog becomes part of the schema's
name: system.access.audit is spark_catalog.access.audit, main.s.t is
spark_catalog.main__s.t, and X.information_schema.T is a global view.  Named
markers get the cast that the service applies to their text.
"""

import re

# In this order: what may hold a name or a marker as text comes first.
TOKEN = re.compile(r"""
    (?P<space>\s+|--[^\n]*|/\*.*?\*/)
  | (?P<string>[rR]'[^']*'|[rR]"[^"]*"|'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*")
  | (?P<name>`(?:[^`]|``)*`|[A-Za-z_][A-Za-z0-9_]*)
  | (?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?[A-Za-z]*|\.\d+)
  | (?P<marker>(?<!:):[A-Za-z_][A-Za-z0-9_]*)
  | (?P<other>::|.)
""", re.VERBOSE | re.DOTALL)

# What a schema's name of two parts follows: CREATE SCHEMA IF NOT EXISTS main.s, SHOW TABLES IN main.s
BEFORE_SCHEMA = {"SCHEMA", "DATABASE", "NAMESPACE", "USE", "EXISTS", "IN"}
TYPE = re.compile(r"[A-Za-z_]+(\s*\(\s*\d+(\s*,\s*\d+)?\s*\))?(\s+[A-Za-z]+)*")


def plain(name):
    return name[1:-1].replace("``", "`") if name.startswith("`") else name


def schema_of(catalog, schema):
    """The schema's name in Spark's catalog."""
    return schema if catalog == "system" else f"{catalog}__{schema}"


def view_of(catalog, table):
    """The global view that stands for a table of an information_schema."""
    return f"{catalog}__information_schema__{table}"


class BadType(ValueError):
    pass


def rewrite(text, catalogs, types):
    """The statement for Spark; types maps the parameters' names to their SQL types."""
    tokens = [(match.lastgroup, match.group()) for match in TOKEN.finditer(text)]
    out, place, word = [], 0, ""
    while place < len(tokens):
        kind, token = tokens[place]
        if kind == "name":
            chain, place = _chain(tokens, place)
            out.append(_renamed(chain, catalogs, word))
            word = chain[0].upper() if len(chain) == 1 else ""
            continue
        if kind == "marker":
            token = _typed(token, types)
        elif kind != "space":
            word = ""
        out.append(token)
        place += 1
    return "".join(out)


def _chain(tokens, place):
    """The names joined by dots that begin here, and where they end."""
    chain = [tokens[place][1]]
    place += 1
    while place + 1 < len(tokens) and tokens[place][1] == "." and tokens[place + 1][0] == "name":
        chain.append(tokens[place + 1][1])
        place += 2
    return chain, place


def _renamed(chain, catalogs, word):
    names = [plain(name).lower() for name in chain]
    if names[0] not in catalogs or len(names) < (2 if word in BEFORE_SCHEMA else 3):
        return ".".join(chain)
    if names[1] == "information_schema" and len(names) > 2:
        return ".".join([f"global_temp.`{view_of(names[0], names[2])}`"] + chain[3:])
    return ".".join([f"spark_catalog.`{schema_of(names[0], names[1])}`"] + chain[2:])


def _typed(marker, types):
    name = marker[1:]
    declared = types.get(name)
    if not declared or declared.upper() == "STRING":
        return marker
    if not TYPE.fullmatch(declared):
        raise BadType(declared)
    return f"CAST({marker} AS {declared})"


def restore(message, catalogs):
    """Names in Spark's messages as the client knows them."""
    for catalog in catalogs:
        if catalog != "system":
            message = re.sub(rf"`?spark_catalog`?\.`?{catalog}__(\w+)`?", rf"`{catalog}`.`\1`", message)
    return re.sub(r"(`?)spark_catalog\1\.", r"\1system\1.", message)
