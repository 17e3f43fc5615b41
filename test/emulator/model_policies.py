"""Models without a script: one that echoes, one that is competent, one that obeys what a cell tells it.

Templates: in a text or an argument {{value N ROW COLUMN}} is the cell of the N-th tool result (from 1) as it stands in
the tool's message, {{rows N}} its number of rows, {{question}} the last user text.
"""

import json
import re

TEMPLATE = re.compile(r"\{\{(\w+)((?:\s+[^\s{}]+)*)\}\}")
WORD = re.compile(r"[a-z]{3,}")
ORDER = re.compile(r"\bcall\s+(?:the\s+tool\s+)?`?([a-z_]\w+)`?", re.IGNORECASE)
# Words that say nothing about the subject of a question or a tool.
COMMON = {"the", "and", "for", "what", "which", "how", "why", "are", "was", "were", "did", "does", "our", "get", "all", "any",
          "much", "many", "with", "from", "this", "that", "last", "has", "have", "show", "list", "over", "time", "per", "day"}


def echo(request):
    return {"text": request.question}


def competent(request):
    """Calls up to three tools whose names share words with the question, then tells what their results say."""
    if request.tools and not request.results:
        chosen = _chosen(request)
        if chosen:
            return {"calls": [{"name": name, "arguments": {}} for name in chosen]}
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


def _chosen(request):
    asked = stems(request.question)
    worth = {name: len(asked & stems(name.replace("_", " "))) for name, tool in request.tools.items()
             if not tool["schema"].get("required")}
    best = sorted((name for name in worth if worth[name]), key=lambda name: (-worth[name], name))[:3]
    return best or sorted(worth)[:1]


def _told(request):
    if not request.results:
        return request.question
    lines = []
    for number, text in enumerate(request.results, 1):
        rows = table(text)
        if rows:
            shown = ", ".join(f"{column} [[r{number}.1.{column}]]" for column in list(rows[0])[:3])
            lines.append(f"- {shown}.")
        else:
            lines.append("- One of the questions has no rows.")
    return "This is what the data say:\n\n" + "\n".join(lines) + "\n"


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
