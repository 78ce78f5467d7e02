"""`desk why` says what the services say, and a sentence where they do not."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from desk_cli.main import app
from desk_cli.options import settings
from desk_contracts.errors import DependencyDown, Rejected
from typer.testing import CliRunner, Result

SINCE = "2026-03-02T09:00:00Z"
LOOK = {
    "kind": "detector",
    "name": "disk-nearly-full",
    "at": SINCE,
    "outcome": "healthy",
    "text": "It is not below 10,\x1b[2J and is well.",
    "values": {"value": "60", "line": "10", "unit": ""},
}
NAME = {"kind": "unwatched-measurement", "name": "disk.fre", "count": 3, "last_subject": "lt-1"}


@contextmanager
def served(status: int, body: str) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """A service on this machine that gives one answer, and what it was asked."""
    requests: list[tuple[str, str]] = []

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requests.append((self.path, str(self.headers.get("Authorization"))))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_words: object) -> None:
            """It says nothing."""

    server = HTTPServer(("127.0.0.1", 0), Answers)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", requests
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


Ask = Callable[..., Result]


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ask]:
    def run_why(url: str, *words: str, as_: str = "") -> Result:
        for name in ("DESKCLI_TRIAGE_URL", "DESKCLI_AUTOMATION_URL"):
            monkeypatch.setenv(name, url)
        monkeypatch.setenv("DESK_ENVIRONMENT", "local")
        if as_:
            monkeypatch.setenv("DESKCLI_TOKEN", as_)
        settings.cache_clear()
        return CliRunner().invoke(app, ["why", *words])

    yield run_why
    settings.cache_clear()


def test_every_look_is_a_line_with_its_values_and_nothing_acts_on_the_terminal(ask: Ask) -> None:
    body = json.dumps({"subject": "a/b", "since": SINCE, "looks": [LOOK]})
    with served(200, body) as (url, requests):
        result = ask(url, "a/b", as_="t-1")
    assert result.exit_code == 0, result.output
    assert [path for path, _ in requests] == ["/v1/why?subject=a%2Fb"] * 2
    assert {token for _, token in requests} == {"Bearer t-1"}
    assert "detector disk-nearly-full: healthy" in result.output
    assert "[value=60, line=10]" in result.output
    assert "\x1b" not in result.output
    assert "this replica knows it since 2026-03-02 09:00" in result.output


def test_what_nothing_is_set_up_for_is_listed_with_the_likely_name(ask: Ask) -> None:
    item = NAME | {"last_at": SINCE, "meant": "disk.free"}
    with served(200, json.dumps({"since": SINCE, "items": [item]})) as (url, _):
        output = ask(url).output
    assert "disk.fre: 3 times" in output
    assert "did you mean disk.free?" in output
    with served(200, json.dumps({"since": SINCE, "items": []})) as (url, _):
        assert "nothing." in ask(url).output


@pytest.mark.parametrize(("status", "body"), [(403, "no"), (200, "<html>"), (200, "{}")])
def test_an_answer_that_is_none_is_said_in_a_sentence(ask: Ask, status: int, body: str) -> None:
    with served(status, body) as (url, _):
        result = ask(url, "x")
    assert isinstance(result.exception, Rejected)


def test_a_service_that_is_away_is_named(ask: Ask) -> None:
    with served(200, "{}") as (url, _):
        pass
    result = ask(url, "x")
    assert isinstance(result.exception, DependencyDown)
    assert url in str(result.exception)
