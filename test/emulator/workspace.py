"""Which path is which call, and the calls outside statement execution."""

import itertools
import re

import answers
import clock

STATEMENTS = re.compile(r"/api/2\.0/sql/statements/?")
STATEMENT = re.compile(r"/api/2\.0/sql/statements/([^/]+)(/cancel)?")
CHUNK = re.compile(r"/api/2\.0/sql/statements/([^/]+)/result/chunks/(\d+)")
WAREHOUSE = re.compile(r"/api/2\.0/sql/warehouses(?:/([^/]+))?(?:/(start|stop))?/?")
JOBS = re.compile(r"/api/2\.[12]/jobs/(.+)")
INVOCATIONS = re.compile(r"/serving-endpoints/([^/]+)/invocations")
ENDPOINTS = re.compile(r"/api/2\.0/serving-endpoints(?:/([^/]+))?")


class Workspace:
    def __init__(self, credentials, statements, models, warehouse_id):
        self.credentials = credentials
        self.statements = statements
        self.models = models
        self.warehouse_id = warehouse_id
        self.warehouse_state = "RUNNING"
        self.runs = {}
        self.run_tokens = {}
        self.run_numbers = itertools.count(1001)
        self.url = None  # known once the server has a port

    def route(self, request):
        """The operation's name, which faults refer to, and a function that makes the answer."""
        path, method = request.path, request.method
        if path == "/oidc/v1/token" and method == "POST":
            return "token", lambda: self.credentials.issue(request.headers.get("Authorization"), request.body)
        if path == "/oidc/.well-known/oauth-authorization-server":
            return "discovery", lambda: answers.ok({
                "issuer": f"{self.url}/oidc", "token_endpoint": f"{self.url}/oidc/v1/token",
                "authorization_endpoint": f"{self.url}/oidc/v1/authorize"})
        if path == "/.well-known/databricks-config":
            # Asked by recent SDKs before anything else.
            return "discovery", lambda: answers.ok({
                "oidc_endpoint": f"{self.url}/oidc", "account_id": "00000000-0000-4000-8000-000000000000",
                "workspace_id": "1234567890123456", "cloud": "AWS"})
        model = self.models.route(request)
        if model is not None:
            return model
        operation, answer = self._authorized(request, path, method)

        def checked():
            self.credentials.check(request.headers.get("Authorization"))
            return answer()
        return operation, checked

    def _authorized(self, request, path, method):
        if STATEMENTS.fullmatch(path) and method == "POST":
            return "execute", lambda: self._execute(request.json())
        match = CHUNK.fullmatch(path)
        if match and method == "GET":
            return "chunk", lambda: self.statements.chunk(match[1], int(match[2]))
        match = STATEMENT.fullmatch(path)
        if match and match[2] and method == "POST":
            return "cancel", lambda: self.statements.cancel(match[1])
        if match and not match[2] and method == "GET":
            return "poll", lambda: self.statements.poll(match[1])
        if match and not match[2] and method == "DELETE":
            return "close", lambda: self.statements.close(match[1])
        match = WAREHOUSE.fullmatch(path)
        if match:
            return "warehouse", lambda: self._warehouse(match[1], match[2], method)
        match = JOBS.fullmatch(path)
        if match:
            return "jobs", lambda: self._jobs(match[1], method, request)
        match = ENDPOINTS.fullmatch(path)
        if match and method == "GET":
            return "serving", lambda: self._endpoints(match[1])
        match = INVOCATIONS.fullmatch(path)
        if match and method == "POST":
            # A chat endpoint under its own name is the same operation as under the common path.
            return "chat" if match[1] == "chat" else "serving", lambda: self._invoke(match[1], request)
        return "other", lambda: self._unknown(path)

    def _unknown(self, path):
        raise answers.refuse(404, "ENDPOINT_NOT_FOUND", f"No API found for '{path}'")

    def _execute(self, body):
        warehouse = body.get("warehouse_id") if isinstance(body, dict) else None
        if warehouse and warehouse != self.warehouse_id:
            raise answers.refuse(404, "NOT_FOUND", f"The SQL warehouse {warehouse} was not found.")
        return self.statements.execute(body)

    # --- SQL warehouses ---

    def _warehouse(self, identifier, action, method):
        described = {
            "id": self.warehouse_id, "name": "Shared", "cluster_size": "2X-Small", "min_num_clusters": 1,
            "max_num_clusters": 1, "auto_stop_mins": 10, "creator_name": "ann@example.com", "state": self.warehouse_state,
            "num_clusters": 1 if self.warehouse_state == "RUNNING" else 0, "num_active_sessions": 0, "enable_photon": True,
            "enable_serverless_compute": True, "warehouse_type": "PRO", "channel": {"name": "CHANNEL_NAME_CURRENT"},
            "health": {"status": "HEALTHY"}}
        if identifier is None:
            return answers.ok({"warehouses": [described]})
        if identifier != self.warehouse_id:
            raise answers.refuse(404, "RESOURCE_DOES_NOT_EXIST", f"SQL warehouse {identifier} does not exist.")
        if action is None:
            return answers.ok(described)
        if method != "POST":
            self._unknown(f"/api/2.0/sql/warehouses/{identifier}/{action}")
        self.warehouse_state = "RUNNING" if action == "start" else "STOPPED"
        return answers.ok({})

    # --- jobs: every job exists, every run ends at once unless it is cancelled ---

    def _jobs(self, call, method, request):
        if call == "runs/get" and method == "GET":
            return answers.ok(self._run(request.query.get("run_id", [None])[0]))
        if method != "POST":
            self._unknown(request.path)
        body = request.json()
        if call == "run-now":
            return self._run_now(body)
        if call == "runs/cancel":
            run = self._run(body.get("run_id"))
            run["state"] = {"life_cycle_state": "TERMINATED", "result_state": "CANCELED", "state_message": "Run cancelled."}
            return answers.ok({})
        if call == "runs/repair":
            return self._repair(body)
        return self._unknown(request.path)

    def _run_now(self, body):
        job, token = body.get("job_id"), body.get("idempotency_token")
        if not isinstance(job, int):
            raise answers.refuse(400, "INVALID_PARAMETER_VALUE", "job_id is required and a number.")
        if token and len(token) > 64:
            raise answers.refuse(400, "INVALID_PARAMETER_VALUE", "idempotency_token has more than 64 characters.")
        number = self.run_tokens.get(token) if token else None
        if number is None:
            number = next(self.run_numbers)
            started = int(clock.now() * 1000)
            self.runs[number] = {
                "job_id": job, "run_id": number, "number_in_job": number, "run_name": f"job {job}", "start_time": started,
                "end_time": started, "repair_history": [], "run_page_url": f"{self.url}/#job/{job}/run/{number}",
                "state": {"life_cycle_state": "TERMINATED", "result_state": "SUCCESS", "state_message": ""}}
            if token:
                self.run_tokens[token] = number
        return answers.ok({"run_id": number, "number_in_job": number})

    def _repair(self, body):
        run = self._run(body.get("run_id"))
        history = run["repair_history"]
        if history and body.get("latest_repair_id") != history[-1]["id"]:
            raise answers.refuse(400, "INVALID_PARAMETER_VALUE", "latest_repair_id is not the id of the latest repair.")
        history.append({"type": "REPAIR", "id": next(self.run_numbers)})
        run["state"] = {"life_cycle_state": "TERMINATED", "result_state": "SUCCESS", "state_message": ""}
        return answers.ok({"repair_id": history[-1]["id"]})

    def _run(self, identifier):
        run = self.runs.get(int(identifier)) if str(identifier).isdigit() else None
        if run is None:
            raise answers.refuse(400, "INVALID_PARAMETER_VALUE", f"Run {identifier} does not exist.")
        return run

    # --- serving endpoints: a language model, embeddings, a model that adds ---

    ENDPOINT_TASKS = {"chat": "llm/v1/chat", "embed": "llm/v1/embeddings", "adder": None}

    def _endpoints(self, name):
        described = [{"name": known, "id": f"endpoint-{known}", "state": {"ready": "READY", "config_update": "NOT_UPDATING"},
                      "task": task, "creator": "ann@example.com", "creation_timestamp": 1735689600000,
                      "last_updated_timestamp": 1735689600000} for known, task in self.ENDPOINT_TASKS.items()]
        if name is None:
            return answers.ok({"endpoints": described})
        self._known_endpoint(name)
        return answers.ok(next(one for one in described if one["name"] == name))

    def _known_endpoint(self, name):
        if name not in self.ENDPOINT_TASKS:
            raise answers.refuse(404, "RESOURCE_DOES_NOT_EXIST", f"The given endpoint does not exist: {name}")

    def _invoke(self, name, request):
        self._known_endpoint(name)
        if name == "chat":
            return self.models.chat("databricks", request, name)
        if name == "embed":
            return self.models.embeddings(request.json())
        return self.models.predict(request.json())
