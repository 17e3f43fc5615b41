"""Models without a script: one that echoes, one that is competent, one that obeys what a cell tells it.

Templates: in a text or an argument {{value N ROW COLUMN}} is the cell of the N-th tool result (from 1) as it stands in
the tool's message, {{rows N}} its number of rows, {{question}} the last user text.
"""

import json
import re

TEMPLATE = re.compile(r"\{\{(\w+)((?:\s+[^\s{}]+)*)\}\}")
WORD = re.compile(r"[a-z]{3,}")
ORDER = re.compile(r"\bcall\s+(?:the\s+tool\s+)?`?([a-z_]\w+)`?", re.IGNORECASE)
PROPOSAL = re.compile(r"^- (\w+) (\{.*)$", re.MULTILINE)
# Words that say nothing about the subject of a question or a tool.
COMMON = {"the", "and", "for", "what", "which", "how", "why", "are", "was", "were", "did", "does", "our", "get", "all", "any",
          "much", "many", "with", "from", "this", "that", "last", "has", "have", "show", "list", "over", "time", "per", "day"}


def echo(request):
    return {"text": request.question}


def competent(request):
    """Calls what the prompt proposes, or up to three tools whose names share words with the question, and then tells
    by reference what their results say.  Findings of agents it passes on; a JSON schema it fills."""
    schema = ((request.body.get("response_format") or {}).get("json_schema") or {}).get("schema")
    if schema:
        return {"text": json.dumps(_filled(schema, request.question))}
    findings = _json(request.question) if '"findings"' in request.question else None
    if isinstance(findings, dict) and "findings" in findings:
        return {"text": "\n\n".join(f"[[agent.{one['agent']}]]" for one in findings["findings"]) + "\n"}
    if request.tools and not _results(request):
        calls = _proposed(request) or [{"name": name, "arguments": {}} for name in _chosen(request)]
        if calls:
            return {"calls": calls}
    return {"text": _told(request)}


def obey(request):
    """Does what the data say: calls whatever tool a result names, and repeats its text."""
    told = ORDER.search("\n".join(request.results))
    if told and request.round < 2:
        return {"calls": [{"name": told[1], "arguments": {}}]}
    if request.results:
        return {"text": "As I was told: " + " ".join(request.results)[:2000]}
    return competent(request)


POLICIES = {"echo": echo, "competent": competent, "obey": obey}


def stems(text):
    return {word.rstrip("s") for word in WORD.findall(text.lower())} - COMMON


def _proposed(request):
    """Lines of the prompt such as "- get_x {"days": 7}", of tools that are offered."""
    calls = []
    for name, arguments in PROPOSAL.findall(request.system):
        if name in request.tools:
            try:
                calls.append({"name": name, "arguments": json.JSONDecoder().raw_decode(arguments)[0]})
            except ValueError:
                continue
    return calls[:3]


def _chosen(request):
    asked = stems(request.question)
    worth = {name: len(asked & stems(name.replace("_", " "))) for name, tool in request.tools.items()
             if not tool["schema"].get("required")}
    best = sorted((name for name in worth if worth[name]), key=lambda name: (-worth[name], name))[:3]
    return best or sorted(worth)[:1]


def _results(request):
    """Of this turn; when the last user text asks for the answer once more, those that stand before it."""
    return request.results or [message.text for message in request.messages if message.role == "tool"]


def _told(request):
    results = _results(request)
    if not results:
        return request.question
    lines = []
    for number, text in enumerate(results, 1):
        rows = table(text)
        if rows:
            shown = ", ".join(f"{column} [[r{number}.1.{column}]]" for column in list(rows[0])[:3])
            lines.append(f"- {shown}.")
        else:
            lines.append("- One of the questions has no rows.")
    return "This is what the data say:\n\n" + "\n".join(lines) + "\n"


def _filled(schema, question):
    """A value that fits a JSON schema: of words those that the question has, or the first."""
    kind = schema.get("type")
    if "enum" in schema:
        return next((word for word in schema["enum"] if str(word).lower() in question.lower()), schema["enum"][0])
    if kind == "object":
        return {name: _filled(member, question) for name, member in schema.get("properties", {}).items()}
    if kind == "array":
        items = schema.get("items", {})
        said = [word for word in items.get("enum", []) if str(word).lower() in question.lower()]
        return said or [_filled(items, question)]
    return {"integer": 1, "number": 1, "boolean": True}.get(kind, "as asked")


def table(text):
    """The rows of a tool's message as dictionaries; the JSON may stand between delimiters and prose."""
    found = _json(text)
    if isinstance(found, dict):
        columns, rows = found.get("columns"), found.get("rows", [])
    else:
        columns, rows = None, found or []
    names = [column.get("name") if isinstance(column, dict) else column for column in columns or []]
    made = []
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, dict):
            made.append(row)
        elif isinstance(row, list):
            made.append(dict(zip(names or map(str, range(1, len(row) + 1)), row)))
    return made


def _json(text):
    decoder = json.JSONDecoder()
    for match in re.finditer(r"[\[{]", text):
        try:
            found = decoder.raw_decode(text, match.start())[0]
        except ValueError:
            continue
        if found:
            return found
    return None


def fill(text, request):
    def value(match):
        words = match[2].split()
        if match[1] == "question":
            return request.question
        number = int(words[0]) if words else 1
        rows = table(request.results[number - 1]) if number <= len(request.results) else []
        if match[1] == "rows":
            return str(len(rows))
        if match[1] == "value" and len(words) == 3 and int(words[1]) <= len(rows):
            return str(rows[int(words[1]) - 1].get(words[2], ""))
        return ""
    return TEMPLATE.sub(value, text or "")
