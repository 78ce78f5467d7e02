"""`desk runbook show` and `stop` against a server that answers as automation does."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from desk_cli.options import settings
from desk_contracts.errors import DependencyDown, NotFound
from desk_runbooks.runs_api import RunsClient, describe_story

RUN = {
    "id": "r1",
    "runbook": "clean-disk",
    "title": "Free space",
    "target": "laptop-1",
    "episode": "e1",
    "status": "It helped.",
    "created_at": "2026-03-02T09:00:00Z",
    "ended_at": None,
    "journal": [{"at": "2026-03-02T09:00:01Z", "step": "clean", "text": "clean is done"}],
}


class Answering(BaseHTTPRequestHandler):
    """Knows one run."""

    calls: list[tuple[str, str, bool]] = []  # noqa: RUF012 (one for the server's time)

    def do_GET(self) -> None:
        self.answer("/v1/runs/r1")

    def do_POST(self) -> None:
        self.answer("/v1/runs/r1/stop")

    def answer(self, path: str) -> None:
        self.calls.append((self.command, self.path, "Idempotency-Key" in self.headers))
        body = json.dumps(RUN).encode()
        self.send_response(200 if self.path == path else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the library's)
        """Nothing on the terminal."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[HTTPServer]:
    Answering.calls.clear()
    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        monkeypatch.setenv("DESKCLI_AUTOMATION_URL", f"http://127.0.0.1:{server.server_port}")
        settings.cache_clear()
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
    settings.cache_clear()


def test_a_run_is_shown_with_its_journal(server: HTTPServer) -> None:  # noqa: ARG001
    text = describe_story(RunsClient().read("r1"))
    assert "Free space (clean-disk) on laptop-1" in text
    assert "2026-03-02T09:00:01Z  clean is done" in text


def test_a_run_is_stopped_by_a_call_with_a_key(server: HTTPServer) -> None:  # noqa: ARG001
    RunsClient().stop("r1")
    assert Answering.calls == [("POST", "/v1/runs/r1/stop", True)]


def test_a_run_that_is_not_there_is_said(server: HTTPServer) -> None:  # noqa: ARG001
    with pytest.raises(NotFound, match="There is no run 'r2'"):
        RunsClient().read("r2")


def test_a_desk_that_is_down_is_said(
    server: HTTPServer,  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DESKCLI_AUTOMATION_URL", "http://127.0.0.1:9")
    settings.cache_clear()
    with pytest.raises(DependencyDown, match="Is the desk up"):
        RunsClient().stop("r1")
