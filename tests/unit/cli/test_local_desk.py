"""Commands mean the desk of the environment, else the one that runs on this machine."""

from pathlib import Path

import pytest
from desk_cli.local_desk import adopt_local_desk
from desk_local import state
from desk_local.paths import Places
from desk_local.state import Entry, Origin, Server, State


@pytest.fixture(autouse=True)
def local_desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK_LOCAL", str(tmp_path))
    servers = {
        "kafka": Server(address="127.0.0.1:9092", origin=Origin.LOCAL),
        "store": Server(address="sqlite:/desk/store", origin=Origin.LOCAL),
    }
    state.write(Places.default(), State(servers=servers))


def test_without_addresses_it_is_the_one_that_runs_here() -> None:
    env: dict[str, str] = {}
    adopt_local_desk(env)
    assert env == {"DESK_KAFKA": "127.0.0.1:9092", "DESK_STORE": "sqlite:/desk/store"}


def test_another_desks_store_is_never_read_with_the_brokers_of_this_one() -> None:
    env = {"DESK_STORE": "mongodb://store:27017"}
    assert adopt_local_desk(env) == "named by the environment"
    assert env == {"DESK_STORE": "mongodb://store:27017"}


def test_what_is_given_and_runs_here_is_this_desk() -> None:
    env = {"DESK_KAFKA": "127.0.0.1:9092", "DESK_STORE": ""}
    assert adopt_local_desk(env) == "named by the environment"
    assert env == {"DESK_KAFKA": "127.0.0.1:9092", "DESK_STORE": "sqlite:/desk/store"}


def test_services_are_asked_where_they_run() -> None:
    entry = Entry(pid=1, birth="x", port=8102, address="http://127.0.0.1:8102")
    running = state.read(Places.default()).with_process("triage", entry)
    state.write(Places.default(), running)
    env = {"DESKCLI_INTAKE_URL": "http://elsewhere"}
    assert "the desk of" in adopt_local_desk(env)
    assert env["DESKCLI_TRIAGE_URL"] == "http://127.0.0.1:8102"
    assert env["DESKCLI_INTAKE_URL"] == "http://elsewhere"


def test_where_no_desk_runs_nothing_is_adopted() -> None:
    Places.default().state.unlink()
    env: dict[str, str] = {}
    adopt_local_desk(env)
    assert env == {}
