"""An OpenID provider on this machine: publishes its keys, and gives tokens for a name and password.

Members of a team are called as in the charter (`network-1`); everybody else is an employee.
"""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

from joserfc import jwt
from joserfc.jwk import ECKey

from tests.support.served import served

_LOCAL = "127.0.0.1"
_LIFETIME_S = 3600


class Issuer(ThreadingHTTPServer):
    """Signs with a key of its own; `members` are teams by the name of a member."""

    daemon_threads = True

    def __init__(self, password: str, members: Mapping[str, str]) -> None:
        super().__init__((_LOCAL, 0), _Answerer)
        self.password, self._members = password, members
        self.key = ECKey.generate_key("P-256", {"kid": "one"})

    @property
    def address(self) -> str:
        return f"http://{_LOCAL}:{self.server_address[1]}"

    @property
    def token_url(self) -> str:
        return f"{self.address}/token"

    def sign(self, subject: str, *more: str) -> str:
        """An access token for the desk, with these roles besides the person's own."""
        team = self._members.get(subject)
        claims = {
            "iss": self.address,
            "aud": "experience-desk",
            "sub": subject,
            "exp": int(time.time()) + _LIFETIME_S,
            "roles": [*(["employee", "member"] if team else ["employee"]), *more],
        } | ({"team": team} if team else {})
        header = {"alg": "ES256", "kid": "one", "typ": "at+jwt"}
        return jwt.encode(header, claims, self.key, algorithms=["ES256"])


class _Answerer(BaseHTTPRequestHandler):
    server: Issuer

    def do_GET(self) -> None:
        if self.path == "/.well-known/openid-configuration":
            self._say(200, {"issuer": self.server.address, "jwks_uri": self.server.address})
        else:
            self._say(200, {"keys": [self.server.key.as_dict(private=False)]})

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
        if form.get("password") != [self.server.password]:
            self._say(401, {"error": "invalid_grant"})
        else:
            self._say(200, {"access_token": self.server.sign(form["username"][0])})

    def _say(self, status: int, body: dict[str, object]) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  given by the base
        """Says nothing."""


@contextmanager
def issuing(password: str, members: Mapping[str, str]) -> Iterator[Issuer]:
    """A provider as long as it is needed."""
    with served(Issuer(password, members)) as server:
        yield server
