"""Servers come from given addresses, else Docker Compose, else this machine; and it says why."""

from pathlib import Path

import pytest
from desk_local import CannotStart
from desk_local.origin import pick
from desk_local.state import Origin

KAFKA, MONGO = "kafka.example:9092", "mongodb://store.example"


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A docker command whose engine answers."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    program = tmp_path / "docker"
    program.write_text("#!/bin/sh\necho 28.0.0\n")
    program.chmod(0o755)
    return program


@pytest.mark.usefixtures("docker")
def test_given_addresses_win() -> None:
    picked = pick(env={"DESK_KAFKA": KAFKA, "DESK_STORE": MONGO})
    assert {item.origin for item in picked.values()} == {Origin.GIVEN}
    assert picked["kafka"].address == KAFKA
    assert picked["store"].why == "DESK_STORE is set"


@pytest.mark.usefixtures("docker")
def test_compose_serves_what_is_not_given() -> None:
    picked = pick(env={"DESK_KAFKA": KAFKA})
    assert picked["kafka"].origin is Origin.GIVEN
    assert picked["store"].origin is Origin.COMPOSE


def test_without_an_engine_servers_are_local(docker: Path) -> None:
    docker.write_text("#!/bin/sh\nexit 1\n")
    picked = pick(env={})
    assert {item.origin for item in picked.values()} == {Origin.LOCAL}
    assert "no container engine answers" in picked["kafka"].why


def test_compose_that_was_asked_for_is_not_replaced_in_silence(docker: Path) -> None:
    docker.write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(CannotStart, match="Start the engine first"):
        pick(Origin.COMPOSE, env={})


@pytest.mark.usefixtures("docker")
def test_local_that_was_asked_for_wins_over_an_engine() -> None:
    assert pick(Origin.LOCAL, env={})["kafka"].origin is Origin.LOCAL


def test_given_that_was_asked_for_needs_both_addresses() -> None:
    with pytest.raises(CannotStart, match="Set both"):
        pick(Origin.GIVEN, env={"DESK_KAFKA": KAFKA})
