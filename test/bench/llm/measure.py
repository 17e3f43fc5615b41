"""Overhead of a turn with 1, 3 and 8 agents, dbinsight and its peers; the first token; many sessions at once.

Prints "key = value" lines.  The database is that of PGHOST, PGPORT, PGUSER, PGDATABASE, with a sample account in it.
"""

import concurrent.futures
import json
import os
import statistics
import subprocess
import sys
import time

import psycopg

import emulated
from process import cpu_ms, private_mb

HERE = os.path.dirname(os.path.abspath(__file__))
NOW = "2026-06-15 12:00:00+00"
SESSIONS = int(os.environ.get("BENCH_LLM_SESSIONS", 200))
# One tool an agent, the same rows for everybody.
TOOLS = [("cost", "get_daily_cost_summary", "dbinsight.get_daily_cost_summary('2026-06-08', '2026-06-14')"),
         ("performance", "get_failed_jobs", "dbinsight.get_failed_jobs(192)"),
         ("security", "get_permission_changes", "dbinsight.get_permission_changes(8)"),
         ("reliability", "get_sla_breaches", "dbinsight.get_sla_breaches()"),
         ("quality", "get_freshness_violations", "dbinsight.get_freshness_violations()"),
         ("mlops", "get_inference_metrics", "dbinsight.get_inference_metrics()"),
         ("governance", "get_metadata_quality", "dbinsight.get_metadata_quality()"),
         ("network", "get_external_ips", "dbinsight.get_external_ips()")]
QUESTIONS = {1: "What did we spend last week?",
             3: "What did we spend last week, which jobs failed and who changed permissions?",
             8: "What did we spend last week, which jobs failed, who changed permissions, which SLAs were breached, which tables are stale, "
                "how did the model endpoints perform, which tables have no owner and which external addresses connected?"}


# Turns at each latency of the model in seconds; a peer's supervisor asks one agent after the other, which takes its time.
TURNS = [(0.2, 9), (2, 2)]
PEER_TURNS = [(0.2, 2), (2, 1)]
ASK = "SELECT grounded, agents, (SELECT sum((c->>'elapsed_ms')::float8) FROM jsonb_array_elements(tool_calls) c) FROM dbinsight.chat(%s)"


def say(key, value):
    print(f"{key} = {value}", flush=True)


def connect(**settings):
    connection = psycopg.connect(autocommit=True)
    for name, value in {"dbinsight.now": NOW, "dbinsight.llm_server": "bench_llm", "dbinsight.llm_cache": "0", **settings}.items():
        connection.execute(f"SET {name} = '{value}'")
    return connection


def set_up(model):
    """What a user writes, as it stands in the file."""
    with open(os.path.join(HERE, "team_dbinsight.sql"), encoding="utf-8") as text:
        program = text.read().replace(":url", model.url).replace(":key", emulated.KEY)
    with psycopg.connect(autocommit=True) as connection:
        connection.execute("DROP SERVER IF EXISTS bench_llm CASCADE")
        connection.execute(program)


def lines_of(name):
    """Of a user's program: neither blank, nor comment, nor docstring."""
    with open(os.path.join(HERE, name), encoding="utf-8") as text:
        return sum(1 for line in text if line.strip() and not line.strip().startswith(("#", "--", '"""')))


def summary(turns):
    return {"overhead": statistics.median(turn["wall"] - turn["model"] for turn in turns) * 1000,
            "wall": statistics.median(turn["wall"] for turn in turns), "cpu": statistics.median(turn["cpu"] for turn in turns),
            "requests": turns[0]["requests"]}


def one_turn(model, connection, agents):
    """A turn, and what its backend has spent on it."""
    pid = connection.info.backend_pid
    before = cpu_ms(pid)
    turn = model.turn(lambda: connection.execute(ASK, [QUESTIONS[agents]]).fetchone())
    turn["cpu"], turn["waited"] = (now - then for now, then in zip(cpu_ms(pid), before))
    grounded, asked, tools = turn["said"]
    turn["tools"], turn["agents"] = tools, len(asked)
    if not grounded or turn["requests"] < 2 * agents:
        raise SystemExit(f"not the model's own answer: {turn}")
    return turn


def dbinsight(model, agents):
    """The same things of dbinsight that peer() finds of a peer, and some more."""
    model.scripts([], 0)
    connection = connect()
    connection.execute(ASK, [QUESTIONS[agents]])  # connections and caches are not of a turn
    found = {}
    for seconds, number in TURNS:
        model.control("POST", "settings", {"model_seconds": seconds})
        turns = [one_turn(model, connection, agents) for _ in range(number)]
        found[agents, seconds] = {**summary(turns), "memory_mb": private_mb(connection.info.backend_pid), "agents": turns[0]["agents"],
                                  **{name: statistics.median(turn[name] for turn in turns) for name in ("tools", "waited")}}
    connection.close()
    return found


def peer(kind):
    """By agents and latency.  All in one process: importing takes most of the time."""
    wanted = {"tools": TOOLS, "agents": list(QUESTIONS), "turns": PEER_TURNS}
    done = subprocess.run([sys.executable, "-W", "ignore", os.path.join(HERE, "peer.py"), kind], input=json.dumps(wanted),
                          capture_output=True, text=True, timeout=900, check=False)
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    return {(one["agents"], one["seconds"]): {**summary(one["turns"]), "memory_mb": one["memory_mb"]} for one in json.loads(done.stdout)}


def say_ours(key, seconds, ours):
    # Rounds in a row: call, answer, and the author's when there are several.
    rounds = 2 if ours["agents"] == 1 else 3
    say(f"{key}: dbinsight",
        f"{ours['overhead']:.1f} ms beside the model ({ours['tools']:.1f} ms in tools; {ours['cpu']:.1f} ms on a processor, {ours['waited']:.1f} waiting for one), "
        f"{ours['wall']:.2f} s, {ours['requests']} requests, {ours['wall'] / (rounds * seconds):.2f} of the slowest agent and the author, "
        f"{ours['memory_mb']:.0f} MB")


def say_theirs(key, theirs, ours):
    times = {name: theirs[name] / ours[name] for name in ("overhead", "cpu", "memory_mb")}
    say(key,
        f"{theirs['overhead']:.1f} ms beside the model, {times['overhead']:.1f} times ours; {theirs['cpu']:.1f} ms on a processor without its tools' SQL, "
        f"{times['cpu']:.1f} times; {theirs['wall']:.2f} s, {theirs['requests']} requests, {theirs['memory_mb']:.0f} MB, {times['memory_mb']:.1f} times")


def overheads(model):
    ours = {}
    for agents in QUESTIONS:
        ours.update(dbinsight(model, agents))
    theirs = {kind: peer(kind) for kind in ("langgraph", "dspy")}
    for (agents, seconds), found in ours.items():
        key = f"{agents} agents, {seconds} s"
        say_ours(key, seconds, found)
        for kind, others in theirs.items():
            say_theirs(f"{key}: {kind}", others[agents, seconds], found)


def lines(model):
    own = lines_of("team_dbinsight.sql")
    theirs = ", ".join(f"{kind} {lines_of(f'team_{kind}.py')} ({lines_of(f'team_{kind}.py') / own:.0f} times)" for kind in ("langgraph", "dspy"))
    say("lines of a user's program", f"dbinsight {own} of SQL, {theirs}")


def first_token(model):
    """When the first sentence of a slow answer has been written, and when the client has it."""
    model.scripts([{"round": 0, "policy": "competent", "latency": 0}, {"text": "[[r1.rows]] days are in it. The rest follows later.\n", "latency": 0.1,
                   "pieces": ["[[r1.rows]] days are in it. The", " rest follows", " later.\n"], "delay": 0.2}], 0)
    connection = connect()
    lags = []
    for _ in range(9):
        model.control("DELETE", "requests")
        at = None
        with connection.cursor() as cursor:
            for event, in cursor.stream("SELECT (dbinsight.ask_stream(%s)).event", [QUESTIONS[1]], size=1):
                if event == "delta" and at is None:
                    at = time.monotonic()
        parts = model.control("GET", "requests")[-1]["parts_ms"]
        lags.append((at - model.started) * 1000 - parts[1])  # [0] is the role
    connection.close()
    say("first sentence at the client after it was sent", f"{statistics.median(lags[1:]):.1f} ms (most {max(lags[1:]):.1f})")


def crowd(model):
    """Many sessions, each a question, at once."""
    model.scripts([], 0.2)
    connections = [connect(**{"dbinsight.ask_timeout": "300s"}) for _ in range(SESSIONS)]

    def ask(connection):
        try:
            return connection.execute("SELECT grounded, model FROM dbinsight.chat(%s)", [QUESTIONS[1]]).fetchone()
        except psycopg.Error as error:
            return (False, str(error))
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(SESSIONS) as pool:
        said = list(pool.map(ask, connections))
    wall = time.monotonic() - began
    memory = [private_mb(connection.info.backend_pid) for connection in connections]
    by_model = sum(1 for grounded, name in said if grounded and name == "m")
    wrong = sorted({name for grounded, name in said if not grounded})
    say(f"{SESSIONS} sessions at once", f"{by_model} grounded answers of the model in {wall:.1f} s, {sum(1 for g, n in said if g) - by_model} embedded, "
        f"{statistics.median(memory):.1f} MB a session (most {max(memory):.1f}){', errors: ' + '; '.join(wrong) if wrong else ''}")
    for connection in connections:
        connection.close()


model = emulated.Model()
set_up(model)
PARTS = {"overheads": overheads, "first_token": first_token, "crowd": crowd, "lines": lines}
say("load of the machine before", os.getloadavg()[0])
for name in sys.argv[1:] or PARTS:
    PARTS[name](model)
model.stop()
