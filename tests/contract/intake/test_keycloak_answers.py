"""What a real Keycloak cannot be made to say: each answer has one meaning."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from desk_contracts.accounts import Account, Effect
from desk_contracts.errors import DependencyDown
from desk_intake.adapters.directories.keycloak import KeycloakDirectory, KeycloakServer
from desk_local.ports import HOST
from pydantic import SecretStr

from tests.support.served import served

IVY = Account("an-id", "ivy", "ivy@corp.example", "ivy")
TOKEN = b'{"access_token": "a-token-that-nobody-reads"}'


class Script(ThreadingHTTPServer):
    """Answers the sign-in, then every question with the same."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__((HOST, 0), _Answerer)
        self.token, self.status, self.body, self.lifts = TOKEN, 204, b"", 204


class _Answerer(BaseHTTPRequestHandler):
    server: Script

    def do_POST(self) -> None:
        self._answer(200, self.server.token)

    def do_GET(self) -> None:
        self._answer(self.server.status, self.server.body)

    def do_PUT(self) -> None:
        self._answer(self.server.status, b"")

    def do_DELETE(self) -> None:
        self._answer(self.server.lifts, b"")

    def _answer(self, status: int, body: bytes) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        self.send_response(status)
        self.send_header("location", "/elsewhere")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: object) -> None:
        """Says nothing."""


@pytest.fixture
def script() -> Iterator[Script]:
    with served(Script()) as server:
        yield server


@pytest.fixture
def directory(script: Script) -> KeycloakDirectory:
    url = f"http://{HOST}:{script.server_address[1]}"
    return KeycloakDirectory(KeycloakServer(url, "desk", "desk", SecretStr("a-secret")))


@pytest.mark.parametrize(
    ("status", "effect"),
    [
        *((204, Effect.DONE), (400, Effect.REFUSED), (404, Effect.REFUSED)),
        *((408, Effect.UNKNOWN), (500, Effect.UNKNOWN), (503, Effect.UNKNOWN)),
    ],
)
async def test_an_answer_to_a_change_means_one_effect(
    script: Script, directory: KeycloakDirectory, status: int, effect: Effect
) -> None:
    script.status = status
    assert await directory.set_password(IVY, "a new word, long enough") is effect


@pytest.mark.parametrize("status", [302, 401, 403])
async def test_who_does_not_let_the_desk_in_changed_nothing(
    script: Script, directory: KeycloakDirectory, status: int
) -> None:
    script.status = status
    with pytest.raises(DependencyDown, match=f"HTTP {status}"):
        await directory.set_password(IVY, "a new word, long enough")


@pytest.mark.parametrize("status", [401, 404, 500])
async def test_a_password_that_came_and_a_lock_that_may_have_stayed_is_unknown(
    script: Script, directory: KeycloakDirectory, status: int
) -> None:
    script.lifts = status
    assert await directory.set_password(IVY, "a new word, long enough") is Effect.UNKNOWN


async def test_words_that_are_not_understood_are_in_no_error(
    script: Script, directory: KeycloakDirectory
) -> None:
    script.token = b'{"token": "a-token-that-nobody-reads"}'
    with pytest.raises(DependencyDown, match="not understood") as raised:
        await directory.find_account("ivy")
    assert "nobody-reads" not in str(raised.value)
    assert raised.value.__suppress_context__
    script.token, script.status, script.body = TOKEN, 200, b'[{"id": 5}]'
    with pytest.raises(DependencyDown, match="not understood"):
        await directory.find_account("ivy")
