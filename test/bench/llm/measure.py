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


def say(key, value):
    print(f"{key} = {value}", flush=True)


def connect(**settings):
    connection = psycopg.connect(autocommit=True)
    for name, value in {"dbinsight.now": NOW, "dbinsight.llm_server": "bench_llm", "dbinsight.llm_cache": "0", **settings}.items():
        connection.execute(f"SET {name} = '{value}'")
    return connection


def set_up(model):
    with psycopg.connect(autocommit=True) as connection:
        connection.execute("DROP SERVER IF EXISTS bench_llm CASCADE")
        connection.execute(f"CREATE SERVER bench_llm FOREIGN DATA WRAPPER dbinsight_llm OPTIONS (provider 'openai', base_url '{model.url}/v1', model 'm')")
        connection.execute(f"CREATE USER MAPPING FOR CURRENT_USER SERVER bench_llm OPTIONS (api_key '{emulated.KEY}')")


def private_mb(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as lines:
        return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024


def cpu_ms(pid):
    """What a backend has spent on a processor, and waited for one: the machine may be busy with other things."""
    with open(f"/proc/{pid}/schedstat", encoding="ascii") as line:
        on, waited, _ = line.read().split()
    return int(on) / 1e6, int(waited) / 1e6


def lines_of(name):
    """Of a user's program: neither blank, nor comment, nor docstring."""
    with open(os.path.join(HERE, name), encoding="utf-8") as text:
        return sum(1 for line in text if line.strip() and not line.strip().startswith(("#", '"""')))


def summary(turns):
    return {"overhead": statistics.median(turn["wall"] - turn["model"] for turn in turns) * 1000,
            "wall": statistics.median(turn["wall"] for turn in turns), "requests": turns[0]["requests"]}


def dbinsight(model, agents, seconds, turns):
    model.scripts([], 0)
    connection = connect()
    ask = """SELECT grounded, agents, (SELECT sum((c->>'elapsed_ms')::float8) FROM jsonb_array_elements(tool_calls) c) FROM dbinsight.chat(%s)"""
    connection.execute(ask, [QUESTIONS[agents]])
    model.control("POST", "settings", {"model_seconds": seconds})
    pid = connection.info.backend_pid
    measured = []
    for _ in range(turns):
        cpu = cpu_ms(pid)
        measured.append(model.turn(lambda: connection.execute(ask, [QUESTIONS[agents]]).fetchone()))
        grounded, asked, tools = measured[-1]["said"]
        measured[-1]["tools"] = tools / 1000
        measured[-1]["cpu"], measured[-1]["waited"] = (now - before for now, before in zip(cpu_ms(pid), cpu))
        if not grounded or measured[-1]["requests"] < 2 * agents:
            raise SystemExit(f"not the model's own answer: {measured[-1]}")
    found = summary(measured)
    found.update(agents=len(asked), tools=statistics.median(turn["tools"] for turn in measured) * 1000,
                 memory_mb=private_mb(pid), **{name: statistics.median(turn[name] for turn in measured) for name in ("cpu", "waited")})
    connection.close()
    return found


def peer(kind, agents, seconds, turns):
    command = [sys.executable, "-W", "ignore", os.path.join(HERE, "peer.py"), kind, str(seconds), str(turns)]
    done = subprocess.run(command, input=json.dumps(TOOLS[:agents]), capture_output=True, text=True, timeout=900, check=False)
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    found = json.loads(done.stdout)
    return {**summary(found["turns"]), "memory_mb": found["memory_mb"]}


def overheads(model):
    for seconds in (0.2, 2):
        for agents in (1, 3, 8):
            turns = 9 if seconds < 1 else 3
            ours = dbinsight(model, agents, seconds, turns)
            # Rounds in a row: call, answer, and the author's when there are several.
            rounds = 2 if ours["agents"] == 1 else 3
            say(f"{agents} agents, {seconds} s: dbinsight",
                f"{ours['overhead']:.1f} ms beside the model ({ours['tools']:.1f} ms in tools; {ours['cpu']:.1f} ms on a processor, {ours['waited']:.1f} waiting for one), {ours['wall']:.2f} s, {ours['agents']} agents, "
                f"{ours['requests']} requests, {ours['wall'] / (rounds * seconds):.2f} of the slowest agent and the author, {ours['memory_mb']:.0f} MB")
            for kind in ("langgraph", "dspy"):
                theirs = peer(kind, agents, seconds, max(1, turns // 3))
                say(f"{agents} agents, {seconds} s: {kind}",
                    f"{theirs['overhead']:.1f} ms beside the model, {theirs['overhead'] / ours['overhead']:.1f} times ours, {theirs['wall']:.2f} s, "
                    f"{theirs['requests']} requests, {theirs['memory_mb']:.0f} MB")


def first_token(model):
    """When the first sentence of a slow answer has been written, and when the client has it."""
    model.scripts([{"round": 0, "policy": "competent", "latency": 0}, {"text": "[[r1.rows]] days are in it. The rest follows later.\n", "latency": 0.1,
                   "pieces": ["[[r1.rows]] days are in it. The", " rest follows", " later.\n"], "delay": 0.5}], 0)
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
PARTS = {"overheads": overheads, "first_token": first_token, "crowd": crowd}
for name in sys.argv[1:] or PARTS:
    PARTS[name](model)
if not sys.argv[1:]:
    say("lines of a user's program", f"dbinsight 4 of SQL, LangGraph {lines_of('team_langgraph.py')}, DSPy {lines_of('team_dspy.py')}")
model.stop()
