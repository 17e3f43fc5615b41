"""Who may call: personal access tokens and OAuth for a service principal."""

import base64
import itertools
import threading
import urllib.parse

import answers
import clock


class Credentials:
    def __init__(self, token, client_id, client_secret):
        self.lock = threading.Lock()
        self.tokens = {token}
        self.client_id = client_id
        self.client_secret = client_secret
        self.seconds = 3600  # life of an OAuth token
        self.issued = {}
        self.numbers = itertools.count(1)

    def check(self, header):
        if not header or not header.startswith("Bearer "):
            raise answers.refuse(401, 401, "Credential was not sent or was of an unsupported type for this API.")
        token = header[len("Bearer "):]
        with self.lock:
            if token in self.tokens:
                return
            expires = self.issued.get(token)
        if expires is None:
            raise answers.refuse(403, 403, "Invalid access token.")
        if expires <= clock.now():
            raise answers.refuse(401, 401, "Access token has expired.")

    def issue(self, authorization, body):
        """Answers POST /oidc/v1/token."""
        if authorization != "Basic " + base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode():
            raise answers.Refused(answers.error(401, "oauth", "invalid_client", "Client authentication failed"))
        try:
            form = urllib.parse.parse_qs(body.decode(), strict_parsing=True)
        except ValueError:
            form = {}
        if form.get("grant_type") != ["client_credentials"]:
            raise answers.Refused(answers.error(400, "oauth", "unsupported_grant_type", "grant_type is not supported"))
        if form.get("scope") != ["all-apis"]:
            raise answers.Refused(answers.error(400, "oauth", "invalid_scope", "scope is not allowed"))
        with self.lock:
            token = f"eyJraWQiOiJlbXVsYXRvciJ9.{next(self.numbers):08d}"
            self.issued[token] = clock.now() + self.seconds
        return answers.ok({"access_token": token, "token_type": "Bearer", "expires_in": self.seconds, "scope": "all-apis"})

    def revoke(self):
        """What was issued is not known any more."""
        with self.lock:
            for token in self.issued:
                self.issued[token] = 0

    def replace(self, token):
        with self.lock:
            self.tokens = {token}
