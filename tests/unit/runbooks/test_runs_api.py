"""What `desk runbook` asks of a desk that runs; here a server answers as automation does."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from desk_cli.options import settings
from desk_contracts.errors import DependencyDown, Invalid, NotFound, Rejected
from desk_runbooks.commands import runbook_app
from desk_runbooks.runs_api import RunsClient, describe_story
from typer.testing import CliRunner

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


ROLLOUT = {"ring": 2, "waiting": 37, "stopped_since": None, "status": "Ring 2 of 2 places."}
RUNBOOKS = {
    "items": [
        {
            "id": "clean-disk",
            "version": "0123456789abcdef",
            "mode": "approve",
            "per_hour": 200,
            "started_within_hour": 7,
            "breaker": "half-open",
            "failures_in_a_row": 5,
            "rollout": ROLLOUT,
        }
    ],
    "next": None,
}
ENDED = {"title": "Conflict", "code": "run-is-over", "detail": "The run is over already."}


class Answering(BaseHTTPRequestHandler):
    """Knows one run."""

    calls: list[tuple[str, str, bool]] = []  # noqa: RUF012 (one for the server's time)
    bodies: list[dict[str, object]] = []  # noqa: RUF012 (one for the server's time)

    def do_GET(self) -> None:
        answers = {"/v1/runs/r1": (200, RUN), "/v1/runbooks": (200, RUNBOOKS)}
        self.answer(*answers.get(self.path, (404, {})))

    def do_POST(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        self.bodies.append(json.loads(self.rfile.read(size)))
        answers = {
            "/v1/runs/r1/stop": (200, RUN),
            "/v1/runs/r1/take": (200, RUN),
            "/v1/runbooks/clean-disk/runs": (200, RUN),
            "/v1/runbooks/clean-disk/resume": (200, ROLLOUT),
            "/v1/runs/over/take": (409, ENDED),
        }
        self.answer(*answers.get(self.path, (404, {})))

    def answer(self, status: int, content: object) -> None:
        self.calls.append((self.command, self.path, "Idempotency-Key" in self.headers))
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the library's)
        """Nothing on the terminal."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[HTTPServer]:
    Answering.calls.clear()
    Answering.bodies.clear()
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


def test_a_run_is_taken_over_with_a_comment(server: HTTPServer) -> None:  # noqa: ARG001
    shown = CliRunner().invoke(runbook_app, ["take", "r1", "--comment", "I am beside it."])
    assert "Free space (clean-disk) on laptop-1" in shown.output
    assert Answering.calls == [("POST", "/v1/runs/r1/take", True)]
    assert Answering.bodies == [{"comment": "I am beside it."}]


def test_a_run_is_asked_for_with_a_reason_and_attributes(
    server: HTTPServer,  # noqa: ARG001
) -> None:
    words = ["run", "clean-disk", "laptop-1", "--reason", "She cannot save.", "--set", "a=b=c"]
    assert "Free space (clean-disk)" in CliRunner().invoke(runbook_app, words).output
    assert Answering.calls == [("POST", "/v1/runbooks/clean-disk/runs", True)]
    assert Answering.bodies == [
        {"target": "laptop-1", "reason": "She cannot save.", "attributes": {"a": "b=c"}}
    ]


@pytest.mark.parametrize(
    "words", [["--reason", " "], ["--reason", "x", "--set", "a"]], ids=["reason", "attribute"]
)
def test_a_run_without_a_reason_or_with_half_an_attribute_is_not_asked_for(
    server: HTTPServer,  # noqa: ARG001
    words: list[str],
) -> None:
    refused = CliRunner().invoke(runbook_app, ["run", "clean-disk", "laptop-1", *words])
    assert isinstance(refused.exception, Invalid)
    assert Answering.calls == []


def test_a_run_that_is_over_is_not_taken_and_the_desk_says_so(
    server: HTTPServer,  # noqa: ARG001
) -> None:
    with pytest.raises(Rejected, match="answered 409: The run is over already"):
        RunsClient().take("over")


def test_a_name_that_is_a_path_asks_for_no_other_route(server: HTTPServer) -> None:  # noqa: ARG001
    with pytest.raises(NotFound, match="There is no run"):
        RunsClient().read("r1/../../runbooks")


def plan(*arguments: str) -> str:
    charter = ("--charter", str(Path(__file__).parents[3] / "charter"))
    return (
        CliRunner()
        .invoke(runbook_app, ["plan", "clean-disk", "laptop-7", *charter, *arguments])
        .output
    )


def test_a_plan_says_what_the_desk_that_runs_says_of_the_limits(
    server: HTTPServer,  # noqa: ARG001
) -> None:
    shown = plan()
    assert "limits used: 7 of 200 in the last hour; breaker half-open, 5 failures in a row" in shown
    assert "The desk that runs has another version of it: 0123456789abcdef, mode approve." in shown
    assert "fleet guard: more than 200 targets within 15m are one cause; then it stops" in shown
    assert "rings now: Ring 2 of 2 places." in shown


def test_a_run_is_shown_with_the_rings_of_its_runbook(server: HTTPServer) -> None:  # noqa: ARG001
    shown = CliRunner().invoke(runbook_app, ["show", "r1"])
    assert shown.exit_code == 0
    assert "rings of clean-disk now: Ring 2 of 2 places." in shown.output
    missing = CliRunner().invoke(runbook_app, ["show", "r2"])
    assert isinstance(missing.exception, NotFound)
    assert "'desk runbook show RUN --verify' says what the log has" in missing.exception.message


def test_a_stopped_runbook_goes_on_for_a_reason(server: HTTPServer) -> None:  # noqa: ARG001
    went = CliRunner().invoke(runbook_app, ["resume", "clean-disk", "--reason", "It is mended."])
    assert (went.exit_code, went.output) == (0, "Ring 2 of 2 places.\n")
    assert Answering.calls == [("POST", "/v1/runbooks/clean-disk/resume", True)]
    assert Answering.bodies[-1] == {"reason": "It is mended."}
    refused = CliRunner().invoke(runbook_app, ["resume", "clean-disk", "--reason", " "])
    assert isinstance(refused.exception, Invalid)


def test_a_plan_says_that_nobody_was_asked(
    server: HTTPServer,  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert "limits used: unknown, nobody was asked (--offline)" in plan("--offline")
    assert Answering.calls == []
    monkeypatch.setenv("DESKCLI_AUTOMATION_URL", "http://127.0.0.1:9")
    settings.cache_clear()
    shown = plan()
    assert "limits used: unknown, nobody could be asked: http://127.0.0.1:9/v1/runbooks" in shown
    assert "POST http://127.0.0.1:9000/v1/actions/clean-disk" in shown


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
