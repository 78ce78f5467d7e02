"""The commands around what was learned: a second model, going back, and pinning."""

import json
from pathlib import Path

import pytest
from desk_contracts import Codec
from desk_testing.processes import CHARTER
from desk_triage.learning.commands import app
from desk_triage.learning.store import ModelShelf
from typer.testing import CliRunner, Result

from tests.support.triage_history import PER_WEEK, lives
from tests.support.triage_model import model

LIVES = list(lives(20 * PER_WEEK))
pytestmark = pytest.mark.timeout(120)


def write_history(path: Path, weeks: int) -> Path:
    codec = Codec()
    with path.open("w", encoding="utf-8") as stream:
        for event in (event for life in LIVES[: weeks * PER_WEEK] for event in life):
            message = codec.encode(event)
            head = {
                name.removeprefix("ce_"): value.decode()
                for name, value in message.headers
                if name.startswith("ce_") and value is not None
            }
            stream.write(json.dumps(head | {"data": json.loads(message.value)}) + "\n")
    return path


def run(*words: str) -> Result:
    env = {"DESK_CHARTER": str(CHARTER), "DESK_ENVIRONMENT": "local", "COLUMNS": "200"}
    return CliRunner(env=env).invoke(app, words)


def test_a_model_follows_another_only_by_winning_and_a_pinned_one_stays(tmp_path: Path) -> None:
    out = tmp_path / "triage-model.json"
    shelf, past = ModelShelf(out), write_history(tmp_path / "h.jsonl", 12)
    more = write_history(tmp_path / "more.jsonl", 20)
    options = ("--out", str(out))
    assert "No model is kept here." in run("models", *options).output
    first = run("learn", str(past), *options)
    assert first.exit_code == 0, first.output
    champion = shelf.version
    assert f"version {champion}" in first.output

    again = run("learn", str(past), *options)
    assert again.exit_code == 0
    assert "newer than the model in force" in again.output
    assert shelf.version == champion

    # One that names the wrong team is beaten on weeks that neither has seen.
    shelf.put(bad := model())
    won = run("learn", str(more), *options)
    assert "it takes over" in won.output
    assert shelf.version not in (bad.version, champion)
    latest = shelf.version

    assert run("use", champion, *options).exit_code == 0
    assert f"{champion}: learned from 720 tickets" in run("models", *options).output
    assert "In force, pinned." in run("models", *options).output
    pinned = run("learn", str(more), *options)
    assert "is pinned, so it stays in force" in pinned.output
    assert shelf.version == champion

    assert run("unpin", *options).exit_code == 0
    assert run("use", latest, *options).exit_code == 0
    assert shelf.version == latest
