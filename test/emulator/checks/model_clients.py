"""The official clients of OpenAI and Anthropic against the scripted models: what both take for granted.  TAP."""

import time

import anthropic
import openai

import tap
from tap import equal, ok

emulator = tap.Emulator()
KEY = "sk-emulated-0123456789abcdef"
gpt = openai.OpenAI(base_url=f"{emulator.url}/v1", api_key=KEY)
databricks = openai.OpenAI(base_url=f"{emulator.url}/serving-endpoints", api_key=tap.TOKEN)
claude = anthropic.Anthropic(base_url=emulator.url, api_key=KEY)
SCHEMA = {"type": "object", "properties": {"days": {"type": "integer"}}, "required": [], "additionalProperties": False}
TOOLS = [{"type": "function", "function": {"name": "get_cost", "description": "cost", "parameters": SCHEMA}}]
USER = [{"role": "user", "content": "What did it cost?"}]
TWO = [{"name": "get_cost", "arguments": {"days": 7}}, {"name": "get_cost", "arguments": {"days": 30}}]


def model(**script):
    emulator.control("POST", "models", script)


def failure(client, kind):
    try:
        client()
    except kind as error:
        return error.status_code
    return None


def stream(client):
    with client.chat.completions.stream(model="m", messages=USER, tools=TOOLS, stream_options={"include_usage": True}) as events:
        for _ in events:
            pass
        return events.get_final_completion()


def openai_dialect():
    model(text="Twelve é dollars.", reasoning="hm", tokens={"prompt": 20, "completion": 9, "cached": 4})
    for client, name in ((gpt, "openai"), (databricks, "databricks")):
        done = client.chat.completions.create(model="m", messages=USER)
        equal((done.choices[0].message.content, done.choices[0].finish_reason, done.usage.total_tokens,
               done.usage.prompt_tokens_details.cached_tokens), ("Twelve é dollars.", "stop", 29, 4), f"{name}: an answer")
        done = stream(client)
        equal((done.choices[0].message.content, done.usage.total_tokens), ("Twelve é dollars.", 29), f"{name}: streamed")
    for how in ("index", "interleaved", "whole", "together"):
        model(calls=TWO, deltas=how, bytes=7, wire={"newline": "\r\n", "comments": True})
        calls = stream(gpt).choices[0].message.tool_calls
        equal([(call.function.name, call.function.arguments) for call in calls],
              [("get_cost", '{"days": 7}'), ("get_cost", '{"days": 30}')], f"calls in pieces: {how}")
    model(refusal="No.")
    equal(gpt.chat.completions.create(model="m", messages=USER).choices[0].message.refusal, "No.", "a refusal")
    emulator.control("POST", "reset")
    first = gpt.chat.completions.create(model="m", messages=USER, tools=TOOLS).choices[0].message
    results = [{"role": "tool", "tool_call_id": call.id, "content": '[{"usd": 12.5}]'} for call in first.tool_calls]
    second = gpt.chat.completions.create(model="m", messages=[*USER, first, *results], tools=TOOLS).choices[0].message
    ok("[[r1.1.usd]]" in second.content, "two rounds with a tool", second.content)
    vectors = gpt.embeddings.create(model="m", input=["a b", "c"], encoding_format="float")
    equal([len(one.embedding) for one in vectors.data], [8, 8], "embeddings")
    equal([one.id for one in gpt.models.list()], ["emulated"], "models")


def openai_failures():
    model(text="fine")
    model(status=429, headers={"retry-after-ms": "300"}, times=1)
    started = time.monotonic()
    equal(gpt.chat.completions.create(model="m", messages=USER).choices[0].message.content, "fine", "429 is tried again")
    ok(time.monotonic() - started >= 0.3, "after so long as the header says")
    model(status=503, headers={"x-should-retry": "false"})
    equal(failure(lambda: gpt.chat.completions.create(model="m", messages=USER), openai.APIStatusError), 503, "not when told not to")
    wrong = openai.OpenAI(base_url=f"{emulator.url}/v1", api_key="sk-wrong")
    equal(failure(lambda: wrong.models.list(), openai.AuthenticationError), 401, "a wrong key")
    model(text="one two three", end={"how": "error", "after": 3})
    try:
        stream(gpt)
        ok(False, "an error in mid-stream")
    except openai.APIError as error:
        equal(error.message, "The server had an error.", "an error in mid-stream")


def anthropic_message():
    with claude.messages.stream(model="m", max_tokens=100, messages=USER,
                                tools=[{"name": "get_cost", "description": "cost", "input_schema": SCHEMA}]) as events:
        for _ in events:
            pass
        return events.get_final_message()


def anthropic_dialect():
    model(text="Let me see é.", reasoning="hm", calls=TWO, tokens={"prompt": 20, "completion": 9, "cached": 4}, bytes=5)
    whole = claude.messages.create(model="m", max_tokens=100, messages=USER)
    for name, done in (("whole", whole), ("streamed", anthropic_message())):
        equal([block.type for block in done.content], ["thinking", "text", "tool_use", "tool_use"], f"anthropic: blocks, {name}")
        equal((done.content[1].text, done.content[3].input, done.stop_reason, done.usage.output_tokens, done.usage.cache_read_input_tokens),
              ("Let me see é.", {"days": 30}, "tool_use", 9, 4), f"anthropic: what they hold, {name}")
    model(text="Twelve.")
    results = [{"type": "tool_result", "tool_use_id": block.id, "content": "12"} for block in whole.content if block.type == "tool_use"]
    turns = [*USER, {"role": "assistant", "content": whole.content}, {"role": "user", "content": results}]
    equal(claude.messages.create(model="m", max_tokens=100, messages=turns).content[0].text, "Twelve.", "anthropic: results of tools")
    model(status=529, headers={"retry-after": "0.1"}, times=1)
    equal(claude.messages.create(model="m", max_tokens=100, messages=USER).stop_reason, "end_turn", "anthropic: 529 is tried again")
    model(text="one two", end={"how": "error", "after": 4})
    try:
        anthropic_message()
        ok(False, "anthropic: an error in mid-stream")
    except anthropic.APIStatusError as error:
        equal(error.body["error"]["type"], "overloaded_error", "anthropic: an error in mid-stream")
    model(refusal="No.")
    equal(claude.messages.create(model="m", max_tokens=100, messages=USER).stop_reason, "refusal", "anthropic: a refusal")


for part in (openai_dialect, openai_failures, anthropic_dialect):
    emulator.control("POST", "reset")
    part()
equal(emulator.stop(), 0, "stops when told")
tap.done()
