"""Language models over HTTP: the paths and keys of OpenAI, Anthropic and Databricks Model Serving, one engine behind."""

import hashlib
import re
import time

import answers
import model_request
import model_scripts
import model_wire

DIMENSIONS = 8  # of an embedding
DATABRICKS = re.compile(r"/serving-endpoints/(chat/completions|embeddings)")


class Models:
    def __init__(self, scripts, credentials, settings):
        self.scripts = scripts
        self.credentials = credentials
        self.settings = settings

    def route(self, request):
        """As Workspace.route; None when the path is none of ours."""
        path, method = request.path, request.method
        if path == "/v1/models" and method == "GET":
            return "models", self._keyed(request, "openai", lambda: answers.ok({"object": "list", "data": [
                {"id": "emulated", "object": "model", "created": 1735689600, "owned_by": "emulator"}]}))
        if method != "POST":
            return None
        if path == "/v1/messages":
            return "chat", self._keyed(request, "anthropic", lambda: self.chat("anthropic", request))
        if path == "/v1/chat/completions":
            return "chat", self._keyed(request, "openai", lambda: self.chat("openai", request))
        if path == "/v1/embeddings":
            return "embeddings", self._keyed(request, "openai", lambda: self.embeddings(request.json()))
        match = DATABRICKS.fullmatch(path)
        if match and match[1] == "embeddings":
            return "embeddings", self._workspace(request, lambda: self.embeddings(request.json()))
        if match:
            return "chat", self._workspace(request, lambda: self.chat("databricks", request))
        return None

    def _workspace(self, request, answer):
        def checked():
            self.credentials.check(request.headers.get("Authorization"))
            return answer()
        return checked

    def _keyed(self, request, dialect, answer):
        def checked():
            sent = (request.headers.get("Authorization") or "").removeprefix("Bearer ")
            if dialect == "anthropic":
                sent = request.headers.get("x-api-key") or sent
                if not request.headers.get("anthropic-version"):
                    raise answers.Refused(answers.ok({"type": "error", "error": {
                        "type": "invalid_request_error", "message": "anthropic-version: header is required"}}, 400))
            if sent != self.settings["model_key"]:
                error = model_wire.anthropic_error(401) if dialect == "anthropic" else model_wire.openai_error(401)
                error["message"] = "Incorrect API key provided."
                raise answers.Refused(answers.ok({"type": "error", "error": error} if dialect == "anthropic" else {"error": error}, 401))
            return answer()
        return checked

    def chat(self, dialect, request, model=None):
        """A time to think, then what the newest fitting script says."""
        body = request.json()
        if not isinstance(body, dict):
            raise answers.refuse(400, "BAD_REQUEST", "The body is no object.")
        if model is not None:
            body["model"] = model
        asked = model_request.ChatRequest(dialect, body)
        script = self.scripts.take(asked)
        request.noted = {"model": asked.model, "script": script.get("name"), "round": asked.round, "results": len(asked.results),
                         "stream": asked.stream, "offered": sorted(asked.tools), "question": asked.question}
        if "latency" not in script and self.settings["model_seconds"]:
            time.sleep(self.settings["model_seconds"])
        return model_wire.answer(model_scripts.reply(script, asked), asked)

    def embeddings(self, body):
        texts = body.get("input")
        texts = [texts] if isinstance(texts, str) else texts
        if not isinstance(texts, list) or not texts:
            raise answers.refuse(400, "BAD_REQUEST", "input is required: a text or a list of texts.")
        data = [{"object": "embedding", "index": index, "embedding": embedding(text)} for index, text in enumerate(texts)]
        if self.settings["embeddings_reversed"]:
            data.reverse()
        words = sum(len(text.split()) for text in texts)
        return answers.ok({"object": "list", "model": body.get("model") or "emulated", "data": data,
                           "usage": {"prompt_tokens": words, "total_tokens": words}})

    @staticmethod
    def predict(body):
        """A model that adds its columns up; the four shapes of input are four ways to say the same rows."""
        if "dataframe_split" in body:
            rows = body["dataframe_split"]["data"]
        elif "inputs" in body:
            inputs = body["inputs"]
            rows = zip(*inputs.values()) if isinstance(inputs, dict) else inputs
        else:
            listed = body.get("dataframe_records", body.get("instances"))
            if not isinstance(listed, list):
                raise answers.refuse(400, "BAD_REQUEST", "Give dataframe_split, dataframe_records, inputs or instances.")
            rows = [row.values() if isinstance(row, dict) else row for row in listed]
        try:
            return answers.ok({"predictions": [sum(row) if hasattr(row, "__iter__") else row for row in rows]})
        except TypeError as error:
            raise answers.refuse(400, "BAD_REQUEST", f"Failed to enforce schema of data: {error}")


def embedding(text):
    """Words hashed to dimensions: texts that share words are near each other.  Unit length."""
    made = [0.0] * DIMENSIONS
    for word in text.lower().split():
        made[hashlib.md5(word.encode()).digest()[0] % DIMENSIONS] += 1.0
    length = sum(value * value for value in made) ** 0.5 or 1.0
    return [round(value / length, 6) for value in made]
