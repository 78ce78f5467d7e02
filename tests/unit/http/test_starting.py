"""A service's start: what cannot start ends with 2 and a sentence, what starts says who counts."""

import importlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from desk_contracts.topics import SERVICES
from desk_local.paths import ROOT
from desk_platform.startup import start_service

LOCAL = {"DESK_ENVIRONMENT": "local", "DESK_CHARTER": str(ROOT / "charter")}
BROKEN = {
    "no user of the store": ({"DESK_ENVIRONMENT": "prod"}, "DESK_STORE_USERNAME"),
    "open to all the network": ({"HTTP_HOST": "0.0.0.0"}, "_HTTP_HOST is 0.0.0.0"),  # noqa: S104
    "no charter": ({"DESK_CHARTER": "/nowhere"}, "/nowhere"),
    "an algorithm that proves nothing": ({"DESK_OIDC_ALGORITHMS": "none"}, "DESK_OIDC_ALGORITHMS"),
    "a setting that is wrong": ({"DESK_LOG_LEVEL": "loudly"}, "DESK_LOG_LEVEL"),
    "a setting of its own that is misspelt": ({"HTTP_PROT": "1"}, "Did you mean"),
    "a shared setting that is misspelt": ({"DESK_KAFKAA": "x"}, "Did you mean DESK_KAFKA?"),
    "a secret that is too short": ({"DESK_CURSOR_SECRET": "short"}, "DESK_CURSOR_SECRET"),
}


def start(
    name: str, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> "pytest.ExceptionInfo[SystemExit]":
    """How it ends, with these variables and no others; what has no prefix is its own."""
    for env_name in os.environ:
        if env_name.startswith(("DESK_", f"{name.upper()}_")):
            monkeypatch.delenv(env_name)
    for variable, value in {"HTTP_PORT": "0", **LOCAL, **environ}.items():
        is_own = variable.startswith("HTTP_")
        monkeypatch.setenv(f"{name.upper()}_{variable}" if is_own else variable, value)
    table = importlib.import_module(f"desk_{name}.service").SERVICE
    with pytest.raises(SystemExit) as ended:
        start_service(table)
    return ended


@pytest.mark.parametrize("name", SERVICES)
@pytest.mark.parametrize(("environ", "part"), BROKEN.values(), ids=BROKEN)
def test_what_cannot_start_says_why_and_ends_with_2(
    name: str,
    environ: dict[str, str],
    part: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert start(name, environ, monkeypatch).value.code == 2
    assert part in capsys.readouterr().err


@pytest.mark.parametrize("name", SERVICES)
def test_a_charter_that_is_wrong_is_said_with_its_place(
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "teams.yaml").write_text("teams: [{name: 7}]\n")
    assert start(name, {"DESK_CHARTER": str(tmp_path)}, monkeypatch).value.code == 2
    assert "teams.yaml" in capsys.readouterr().err


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize("name", SERVICES)
def test_a_port_that_is_taken_is_said_with_its_setting(
    name: str, taken: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert start(name, {"HTTP_PORT": str(taken)}, monkeypatch).value.code == 2
    stderr = capsys.readouterr().err
    assert f"127.0.0.1:{taken}" in stderr
    assert f"{name.upper()}_HTTP_PORT" in stderr


def test_a_process_ends_so() -> None:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-m", "desk_intake"],
        env=kept | LOCAL | {"DESK_CHARTER": "/nowhere"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (done.returncode, "Traceback" in done.stderr) == (2, False), done.stderr
    assert "/nowhere" in done.stderr
