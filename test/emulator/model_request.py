"""A chat request of any dialect in one shape: what a script or a policy looks at."""

import answers

DIALECTS = ("openai", "databricks", "anthropic")


class Call:
    def __init__(self, identifier, name, arguments):
        self.id = identifier
        self.name = name
        self.arguments = arguments  # as it came: JSON text, or an object (Anthropic)


class Message:
    """role is system, user, assistant or tool; a tool's message says which call it answers."""

    def __init__(self, role, text="", calls=(), call_id=None):
        self.role = role
        self.text = text
        self.calls = list(calls)
        self.call_id = call_id


class ChatRequest:
    def __init__(self, dialect, body):
        self.dialect = dialect
        self.body = body
        self.model = body.get("model") or ""
        self.stream = bool(body.get("stream"))
        self.messages = _anthropic(body) if dialect == "anthropic" else _openai(body)
        self.tools = {}
        for tool in body.get("tools") or []:
            function = tool if dialect == "anthropic" else tool.get("function", {})
            schema = function.get("input_schema") or function.get("parameters") or {}
            self.tools[function.get("name")] = {"description": function.get("description", ""), "schema": schema}
        choice = body.get("tool_choice")
        if choice == "none" or isinstance(choice, dict) and choice.get("type") == "none":
            self.tools = {}
        wants = body.get("stream_options") or {}
        self.include_usage = dialect == "anthropic" or bool(wants.get("include_usage"))

    @property
    def system(self):
        return "\n".join(message.text for message in self.messages if message.role == "system")

    @property
    def last_user(self):
        """Position and text of the last thing a person (or the program in its place) said."""
        for position in range(len(self.messages) - 1, -1, -1):
            if self.messages[position].role == "user":
                return position, self.messages[position].text
        return -1, ""

    @property
    def question(self):
        return self.last_user[1]

    @property
    def since(self):
        """What came after the last user text: the rounds of this answer so far."""
        return self.messages[self.last_user[0] + 1:]

    @property
    def round(self):
        return sum(1 for message in self.since if message.role == "assistant" and message.calls)

    @property
    def results(self):
        """Texts of the tools' answers in this turn, in the order in which they stand."""
        return [message.text for message in self.since if message.role == "tool"]

    @property
    def prompt_tokens(self):
        characters = sum(len(message.text) + sum(len(str(call.arguments)) for call in message.calls)
                         for message in self.messages) + sum(len(str(tool)) for tool in self.tools.values())
        return max(1, characters // 4)


def text_of(content):
    """Content is text, null, or a list of parts."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    return "".join(part if isinstance(part, str) else part.get("text") or "" for part in content)


def _refused(message, param="messages"):
    return answers.Refused(answers.ok({"error": {"message": message, "type": "invalid_request_error",
                                                 "param": param, "code": None}}, 400))


def _openai(body):
    listed = body.get("messages")
    if not isinstance(listed, list) or not listed:
        raise _refused("messages is required and not empty.")
    found, waiting = [], []
    for message in listed:
        role = message.get("role")
        if role not in ("system", "developer", "user", "assistant", "tool"):
            raise _refused(f"no role {role!r}")
        if role == "tool":
            if message.get("tool_call_id") not in waiting:
                raise _refused("messages with role 'tool' must be a response to a preceding message with 'tool_calls'.")
            waiting.remove(message["tool_call_id"])
        elif waiting:
            raise _refused("An assistant message with 'tool_calls' must be followed by tool messages responding to each "
                           f"'tool_call_id'. The following did not have response messages: {', '.join(waiting)}")
        calls = [Call(call.get("id"), call["function"]["name"], call["function"].get("arguments"))
                 for call in message.get("tool_calls") or []]
        waiting += [call.id for call in calls]
        found.append(Message("system" if role == "developer" else role, text_of(message.get("content")), calls,
                             message.get("tool_call_id")))
    if waiting:
        raise _refused(f"tool calls without an answer: {', '.join(waiting)}")
    return found


def _anthropic_refused(message):
    return answers.Refused(answers.ok({"type": "error", "error": {"type": "invalid_request_error", "message": message},
                                       "request_id": "req_emulated"}, 400))


def _anthropic(body):
    listed = body.get("messages")
    if not isinstance(body.get("max_tokens"), int):
        raise _anthropic_refused("max_tokens: Field required")
    if not isinstance(listed, list) or not listed:
        raise _anthropic_refused("messages: at least one message is required")
    found, waiting = [], []
    if body.get("system"):
        found.append(Message("system", text_of(body["system"])))
    for message in listed:
        role, content = message.get("role"), message.get("content")
        if role not in ("user", "assistant"):
            raise _anthropic_refused(f"messages: no role {role!r}")
        if not content:
            raise _anthropic_refused("messages: text content blocks must be non-empty")
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        if role == "assistant":
            calls = [Call(block["id"], block["name"], block.get("input")) for block in blocks if block.get("type") == "tool_use"]
            waiting = [call.id for call in calls]
            found.append(Message("assistant", text_of([b for b in blocks if b.get("type") == "text"]), calls))
            continue
        for block in blocks:
            if block.get("type") == "tool_result":
                if block.get("tool_use_id") not in waiting:
                    raise _anthropic_refused(f"unexpected tool_use_id {block.get('tool_use_id')!r} found in tool_result blocks")
                waiting.remove(block["tool_use_id"])
                found.append(Message("tool", text_of(block.get("content")), call_id=block["tool_use_id"]))
        if waiting:
            raise _anthropic_refused(f"tool_use ids were found without tool_result blocks immediately after: {', '.join(waiting)}")
        said = text_of([block for block in blocks if block.get("type") == "text"])
        if said:
            found.append(Message("user", said))
    if waiting:
        raise _anthropic_refused(f"tool_use ids were found without tool_result blocks: {', '.join(waiting)}")
    return found
