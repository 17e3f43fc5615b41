"""A reply in its dialect: whole, or as the events of a stream, with all the oddities a script asks for.

A stream is an iterator of bytes; each element is written at once, so what an element holds is what the client's
first read can see.  Ending is an exception of answers.py: Reset, Hang, Cut.
"""

import time

import answers
import clock

STOP = {"tool_calls": "tool_use", "stop": "end_turn", "length": "max_tokens", "content_filter": "refusal"}


def pieces(text, how):
    """A number is characters a piece, a list is the pieces themselves; default words."""
    if isinstance(how, list):
        return how
    if isinstance(how, int):
        return [text[start:start + how] for start in range(0, len(text), how)]
    words, start = [], 0
    for position, character in enumerate(text):
        if character == " " and position:
            words.append(text[start:position])
            start = position
    return words + [text[start:]] if text else []


def argument_pieces(said, call):
    """Where the arguments are split: positions in the text, or a number of characters; default 5."""
    text, how = call["arguments"], said.get("arguments", 5)
    if isinstance(how, int):
        return pieces(text, how) or [""]
    cuts = [0, *[min(cut, len(text)) for cut in how], len(text)]
    return [text[start:end] for start, end in zip(cuts, cuts[1:])]


def tokens(said, request):
    written = len(said["text"]) + sum(len(call["arguments"]) for call in said["calls"])
    return {"prompt": request.prompt_tokens, "completion": max(1, written // 4), "cached": 0, "cache_write": 0,
            **said.get("tokens", {})}


def finish(said):
    return said.get("finish", "content_filter" if said.get("refusal") else "tool_calls" if said["calls"] else "stop")


def answer(said, request):
    if said.get("latency"):
        time.sleep(said["latency"])
    if "status" in said:
        return _refusal(said, request)
    if "body" in said:
        return answers.Answer(200, said["body"].encode("utf-8", "surrogateescape"),
                              "text/event-stream" if request.stream else "application/json", said.get("headers"))
    dialect = Anthropic if request.dialect == "anthropic" else OpenAI
    if not request.stream:
        made = answers.ok(dialect(said, request).whole())
    else:
        made = answers.Answer(200, _wire(dialect(said, request).events(), said, request), "text/event-stream",
                              {"Cache-Control": "no-cache"})
    made.headers.update(said.get("headers", {}))
    if request.dialect == "databricks":
        made.headers.setdefault("served-model-name", request.model)
    return made


def _refusal(said, request):
    """error is a whole body (object or text), or absent: the dialect's usual one."""
    status, error = said["status"], said.get("error")
    if isinstance(error, str):
        made = answers.Answer(status, error.encode(), "text/plain")
    elif error is not None:
        made = answers.ok(error, status)
    elif request.dialect == "anthropic":
        made = answers.ok({"type": "error", "error": anthropic_error(status), "request_id": "req_emulated"}, status)
    elif request.dialect == "databricks":
        made = answers.error(status)
    else:
        made = answers.ok({"error": openai_error(status)}, status)
    made.headers.update(said.get("headers", {}))
    return made


def openai_error(status):
    code = {401: "invalid_api_key", 404: "model_not_found", 429: "rate_limit_exceeded"}.get(status)
    kind = "server_error" if status >= 500 else "rate_limit_error" if status == 429 else "invalid_request_error"
    return {"message": f"The emulator was told to answer {status}.", "type": kind, "param": None, "code": code}


def anthropic_error(status):
    kind = {400: "invalid_request_error", 401: "authentication_error", 403: "permission_error", 404: "not_found_error",
            413: "request_too_large", 429: "rate_limit_error", 504: "timeout_error", 529: "overloaded_error"}
    return {"type": kind.get(status, "api_error"), "message": f"The emulator was told to answer {status}."}


def _wire(events, said, request):
    """Events to bytes: separators, comments, pieces of so many bytes, and the end that the script wants."""
    wire, end = said.get("wire", {}), said.get("end", {})
    newline, space = wire.get("newline", "\n"), "" if wire.get("no_space") else " "
    after, count, step = end.get("after"), 0, said.get("bytes")
    for name, data, wait in events:
        if after is not None and count >= after:
            break
        if wait:
            time.sleep(wait)
        lines = [f"event:{space}{name}"] if name else []
        lines += [f"data:{space}{data if isinstance(data, str) else answers.compact(data)}"]
        if wire.get("comments"):
            lines = [": keep-alive", "", *lines]
        if wire.get("fields"):
            lines = ["id: 7", "retry: 3000", "unknown: field", *lines]
        last = data == "[DONE]"
        if last and wire.get("no_done"):
            continue
        closing = "" if last and wire.get("no_blank") else newline
        raw = (newline.join(lines) + newline + closing).encode("utf-8", "surrogatepass")
        for start in range(0, len(raw), step or len(raw)):
            yield raw[start:start + (step or len(raw))]
            if step and said.get("delay"):
                time.sleep(said["delay"])
        count += 1
    yield from _ending(end, request, newline)


def _ending(end, request, newline):
    how = end.get("how")
    if how == "error":
        if request.dialect == "anthropic":
            error = end.get("error", {"type": "error", "error": anthropic_error(529)})
            yield f"event: error{newline}data: {answers.compact(error)}{newline}{newline}".encode()
        else:
            error = end.get("error", {"error": {"message": "The server had an error.", "type": "server_error", "code": None}})
            yield f"data: {answers.compact(error)}{newline}{newline}".encode()
    elif how == "garbage":
        yield f"data: {end.get('data', '{broken')}{newline}{newline}".encode()
    elif how == "reset":
        raise answers.Reset
    elif how == "cut":
        raise answers.Cut
    elif how == "hang":
        raise answers.Hang(end.get("seconds", 3600))


class OpenAI:
    """Also Databricks: content as parts, usage in every chunk, empty choices, a delta at the top."""

    def __init__(self, said, request):
        self.said = said
        self.request = request
        self.head = {"id": said.get("id", "chatcmpl-emulated"), "created": int(clock.now()), "model": request.model or "emulated"}

    def usage(self):
        used = tokens(self.said, self.request)
        return {"prompt_tokens": used["prompt"], "completion_tokens": used["completion"],
                "total_tokens": used["prompt"] + used["completion"], "prompt_tokens_details": {"cached_tokens": used["cached"]}}

    def content(self, text):
        """How a text stands in a message or a delta."""
        if self.said.get("content") != "parts":
            return text
        return [{"type": "text", "text": text}]

    def whole(self):
        said = self.said
        message = {"role": "assistant", "content": self.content(said["text"]) if said["text"] else None}
        if said.get("reasoning") and said.get("content") == "parts":
            part = {"type": "reasoning", "summary": [{"type": "summary_text", "text": said["reasoning"]}]}
            message["content"] = [part, *(message["content"] or [])]
        elif said.get("reasoning"):
            message["reasoning_content"] = said["reasoning"]
        if said.get("refusal"):
            message.update(content=None, refusal=said["refusal"])
        if said["calls"]:
            message["tool_calls"] = [self.call(call) for call in said["calls"]]
        made = {**self.head, "object": "chat.completion",
                "choices": [{"index": 0, "message": message, "finish_reason": finish(said)}]}
        if said.get("content") == "no choices":
            made["choices"] = []
        if said.get("usage") != "none":
            made["usage"] = self.usage()
        return made

    def call(self, call, arguments=None):
        return {"id": call["id"], "type": "function", **call.get("extra", {}),
                "function": {"name": call["name"], "arguments": call["arguments"] if arguments is None else arguments}}

    def chunk(self, delta, reason=None):
        made = {**self.head, "object": "chat.completion.chunk",
                "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}
        if self.said.get("usage") == "every":
            made["usage"] = self.usage()
        elif self.request.include_usage:
            made["usage"] = None
        return made

    def events(self):
        said, wait = self.said, self.said.get("delay", 0)
        if said.get("bytes"):
            wait = 0  # the delay is between the pieces of bytes then
        if said.get("wire", {}).get("empty_choices"):
            yield None, {**self.head, "object": "chat.completion.chunk", "choices": [], "prompt_filter_results": []}, 0
        yield None, self.chunk({"role": "assistant", "content": ""}), 0
        if said.get("reasoning"):
            part = [{"type": "reasoning", "summary": [{"type": "summary_text", "text": said["reasoning"]}]}]
            yield None, self.chunk({"content": part} if said.get("content") == "parts" else {"reasoning_content": said["reasoning"]}), 0
        if said.get("refusal"):
            yield None, self.chunk({"refusal": said["refusal"]}), 0
        for number, piece in enumerate(pieces(said["text"], said.get("pieces"))):
            yield None, self.text_event(piece), wait if number else 0
        for delta in self.call_deltas():
            yield None, self.chunk({"tool_calls": delta}), wait
        yield None, self.chunk({}, finish(said)), 0
        if said.get("usage") == "last" or (self.request.include_usage and said.get("usage") is None):
            yield None, {**self.head, "object": "chat.completion.chunk", "choices": [], "usage": self.usage()}, 0
        yield None, "[DONE]", 0

    def text_event(self, piece):
        if self.said.get("content") == "top delta":
            return {**self.head, "object": "chat.completion.chunk", "choices": [],
                    "delta": {"role": "assistant", "content": piece, "id": "msg_1"}, "custom_outputs": {}}
        delta = {"content": self.content(piece)}
        if self.said.get("usage") == "every":
            delta["role"] = "assistant"  # models that repeat the one repeat the other
        return self.chunk(delta)

    def call_deltas(self):
        """deltas: index (default), whole, no index, null content beside them, or interleaved."""
        how, calls = self.said.get("deltas", "index"), self.said["calls"]
        if how == "together" and calls:
            yield [{"index": index, **self.call(call)} for index, call in enumerate(calls)]
            return
        if how in ("whole", "whole no index"):
            for index, call in enumerate(calls):
                yield [{**({"index": index} if how == "whole" else {}), **self.call(call)}]
            return
        parts = [argument_pieces(self.said, call) for call in calls]
        for index, call in enumerate(calls):
            place = {} if how == "no index" else {"index": index}
            yield [{**place, **self.call(call, "")}]
            if how != "interleaved":
                for part in parts[index]:
                    yield [{**place, "function": {"arguments": part}}]
        if how == "interleaved":
            for number in range(max(map(len, parts), default=0)):
                for index, part in enumerate(parts):
                    if number < len(part):
                        yield [{"index": index, "function": {"arguments": part[number]}}]


class Anthropic:
    def __init__(self, said, request):
        self.said = said
        self.request = request

    def message(self, blocks, reason, used):
        return {"id": "msg_emulated", "type": "message", "role": "assistant", "model": self.request.model, "content": blocks,
                "stop_reason": reason, "stop_sequence": None, "usage": used}

    def usage(self):
        used = tokens(self.said, self.request)
        return {"input_tokens": used["prompt"], "cache_creation_input_tokens": used["cache_write"],
                "cache_read_input_tokens": used["cached"], "output_tokens": used["completion"]}

    def reason(self):
        return "refusal" if self.said.get("refusal") else STOP.get(finish(self.said), finish(self.said))

    def blocks(self):
        said, made = self.said, []
        if said.get("reasoning"):
            made.append({"type": "thinking", "thinking": said["reasoning"], "signature": "c2lnbmVk"})
        if said["text"] or said.get("refusal"):
            made.append({"type": "text", "text": said["text"] or said["refusal"]})
        for call in said["calls"]:
            made.append({"type": "tool_use", "id": call["id"], "name": call["name"], "input": answers.loads_or(call["arguments"], {})})
        return made

    def whole(self):
        return self.message(self.blocks(), self.reason(), self.usage())

    def events(self):
        said, wait = self.said, 0 if self.said.get("bytes") else self.said.get("delay", 0)
        used = self.usage()
        yield "message_start", {"type": "message_start", "message": self.message([], None, {**used, "output_tokens": 1})}, 0
        yield "ping", {"type": "ping"}, 0
        calls = iter(said["calls"])
        for index, block in enumerate(self.blocks()):
            kind = block["type"]
            empty = {"thinking": {"type": "thinking", "thinking": "", "signature": ""}, "text": {"type": "text", "text": ""},
                     "tool_use": {**block, "input": {}}}[kind]
            yield "content_block_start", {"type": "content_block_start", "index": index, "content_block": empty}, 0
            if kind == "tool_use":
                parts = [{"type": "input_json_delta", "partial_json": part} for part in argument_pieces(said, next(calls))]
            elif kind == "text":
                parts = [{"type": "text_delta", "text": part} for part in pieces(block["text"], said.get("pieces"))]
            else:
                parts = [{"type": "thinking_delta", "thinking": block["thinking"]},
                         {"type": "signature_delta", "signature": block["signature"]}]
            for number, part in enumerate(parts):
                yield "content_block_delta", {"type": "content_block_delta", "index": index, "delta": part}, wait if number else 0
            yield "content_block_stop", {"type": "content_block_stop", "index": index}, 0
        ended = {"type": "message_delta", "delta": {"stop_reason": self.reason(), "stop_sequence": None}}
        if said.get("usage") != "none":
            ended["usage"] = {"output_tokens": used["output_tokens"]}
        yield "message_delta", ended, 0
        yield "message_stop", {"type": "message_stop"}, 0
