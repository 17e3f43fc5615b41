"""The control path /_control/..., on a port of its own: what a test sets and asks.  Never logged, never struck by a fault."""

import threading

import answers
import clock


class Control:
    def __init__(self, switchboard, scripts, model_scripts, log, statements, credentials, settings, stop):
        self.switchboard = switchboard
        self.scripts = scripts
        self.model_scripts = model_scripts
        self.log = log
        self.statements = statements
        self.credentials = credentials
        self.settings = settings
        self.defaults = dict(settings)
        self.stop = stop

    def answer(self, request):
        call = request.path.removeprefix("/_control/")
        if request.method == "POST":
            body = request.json() if call not in ("stop", "reset") else None
            action = {"faults": self._faults, "scripts": self._scripts, "models": self._models, "settings": self._settings, "clock": self._clock,
                      "credentials": self._credentials, "reset": self._reset, "stop": self._stop}.get(call)
            if action is not None:
                return answers.ok(action(body))
        if request.method == "DELETE" and call in ("faults", "scripts", "models", "requests"):
            {"faults": self.switchboard, "scripts": self.scripts, "models": self.model_scripts, "requests": self.log}[call].clear()
            return answers.ok({})
        if request.method == "GET":
            asked = {name: values[0] for name, values in request.query.items()}
            if call == "requests":
                return answers.ok(self.log.find(asked.get("operation"), asked.get("path")))
            if call == "faults":
                return answers.ok(self.switchboard.list())
            if call == "models":
                return answers.ok(self.model_scripts.list())
            if call == "clock":
                # Both on the clock that every process of this machine reads, so that times can be compared.
                return answers.ok({"now": clock.iso(clock.now()), "log_started": self.log.started})
            if call == "statements":
                return answers.ok(self.statements.list())
            if call == "settings":
                return answers.ok(self.settings)
        raise answers.refuse(404, "ENDPOINT_NOT_FOUND", f"no control call {request.method} {call!r}")

    def _faults(self, body):
        for fault in body if isinstance(body, list) else [body]:
            self.switchboard.add(fault)
        return {}

    def _scripts(self, body):
        for script in body if isinstance(body, list) else [body]:
            self.scripts.add(script)
        return {}

    def _models(self, body):
        for script in body if isinstance(body, list) else [body]:
            self.model_scripts.add(script)
        return {}

    def _settings(self, body):
        unknown = set(body) - set(self.defaults)
        if unknown:
            raise answers.refuse(400, "INVALID_PARAMETER_VALUE", f"no setting {', '.join(sorted(unknown))}")
        self.settings.update(body)
        self.credentials.seconds = self.settings["token_seconds"]
        return self.settings

    def _clock(self, body):
        clock.advance(body["advance"])
        return {"now": clock.iso(clock.now())}

    def _credentials(self, body):
        if body.get("revoke"):
            self.credentials.revoke()
        if "token" in body:
            self.credentials.replace(body["token"])
        return {}

    def _reset(self, _):
        self.switchboard.clear()
        self.scripts.clear()
        self.model_scripts.clear()
        self.log.clear()
        self._settings(self.defaults)
        return {}

    def _stop(self, _):
        # After the answer has left.
        threading.Timer(0.05, self.stop).start()
        return {}
