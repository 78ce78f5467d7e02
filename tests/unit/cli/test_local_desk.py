"""Commands mean the desk of the environment, else the one that runs on this machine."""

from pathlib import Path

import pytest
from desk_cli.local_desk import adopt_local_desk
from desk_local import state
from desk_local.paths import Places
from desk_local.state import Origin, Server, State


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


def test_an_address_that_is_given_stands() -> None:
    env = {"DESK_STORE": "mongodb://store:27017"}
    adopt_local_desk(env)
    assert env == {"DESK_KAFKA": "127.0.0.1:9092", "DESK_STORE": "mongodb://store:27017"}


def test_where_no_desk_runs_nothing_is_adopted() -> None:
    Places.default().state.unlink()
    env: dict[str, str] = {}
    adopt_local_desk(env)
    assert env == {}
