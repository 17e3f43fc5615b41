"""A Databricks workspace on loopback.  python3 test/emulator --help; README.md says what it does."""

import argparse
import os
import signal
import sys
import tempfile
import threading
import time

import control
import credentials
import faults
import model_scripts
import models
import requests_log
import scripted
import server
import statements
import tls
import workspace


def arguments():
    parser = argparse.ArgumentParser(prog="emulator", description="A Databricks workspace on loopback, for tests")
    parser.add_argument("--tls", choices=tls.KINDS, help="HTTPS with this kind of certificate; without it HTTP")
    parser.add_argument("--token", default="dapi0123456789abcdef", help="the personal access token")
    parser.add_argument("--client-id", default="emulator-client")
    parser.add_argument("--client-secret", default="dose/+%:s3cret")
    parser.add_argument("--model-key", default="sk-emulated-0123456789abcdef", help="the key of the OpenAI and Anthropic paths")
    parser.add_argument("--warehouse", default="abcdef0123456789", help="id of the SQL warehouse")
    parser.add_argument("--folder", help="where certificates and Spark's files go (default: one that is removed at the end)")
    parser.add_argument("--spark", action="store_true", help="Spark SQL runs what no script matches; needs requirements.txt and Java")
    parser.add_argument("--data", help="with --spark: a folder that export.py wrote")
    return parser.parse_args()


def end_with(parent):
    """Orphans of a test that was killed must not stay."""
    while os.getppid() == parent:
        time.sleep(0.3)
    os._exit(1)


def make_spark(options):
    if not options.spark:
        return None
    import spark  # PySpark is in the virtual environment only
    return spark.SparkEngine(options.folder, options.data)


def main():
    options = arguments()
    parent = os.getppid()
    threading.Thread(target=end_with, args=(parent,), daemon=True).start()
    scratch = None
    if options.folder is None:
        scratch = tempfile.TemporaryDirectory(prefix="dbi-emulator.")
        options.folder = scratch.name
    context = tls.make(options.folder, options.tls) if options.tls else None

    settings = {"chunk_rows": 5000, "link_rows": 100000, "link_seconds": 899, "link_headers": {}, "token_seconds": 3600,
                "storage_url": None,
                "model_key": options.model_key, "model_seconds": 0, "embeddings_reversed": False}
    log, switchboard, scripts = requests_log.RequestLog(), faults.Switchboard(), scripted.Scripts()
    who = credentials.Credentials(options.token, options.client_id, options.client_secret)
    engine = scripted.ScriptedEngine(scripts, make_spark(options))
    store = statements.Statements(engine, settings)
    said = model_scripts.ModelScripts()
    place = workspace.Workspace(who, store, models.Models(said, who, settings), options.warehouse)
    ended = threading.Event()

    def route_storage(request):
        key = request.path.removeprefix("/bucket/")
        return "storage", lambda: store.fetch(key, request.query, request.headers)

    api = server.Server("api", place.route, log, switchboard, context)
    storage = server.Server("storage", route_storage, log, switchboard, context)
    # Always plain HTTP, so that a test needs no TLS of its own.
    desk = server.Server("control", lambda request: ("control", lambda: calls.answer(request)), log, switchboard)
    place.url, settings["storage_url"] = api.url, storage.url
    calls = control.Control(switchboard, scripts, said, log, store, who, settings, ended.set)
    for one in (api, storage, desk):
        threading.Thread(target=one.serve_forever, args=(0.1,), daemon=True).start()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: ended.set())
    print("ready", api.url, desk.url, options.folder, flush=True)
    ended.wait()
    if scratch is not None:
        scratch.cleanup()
    sys.stdout.flush()
    os._exit(0)  # connections that hang on purpose are not waited for


main()
