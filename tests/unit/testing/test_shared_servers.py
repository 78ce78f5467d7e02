"""Processes of tests that run side by side share a few local servers, unless none is wanted."""

from dataclasses import dataclass, field
from itertools import count
from types import SimpleNamespace

import pytest
from desk_local.paths import ROOT
from desk_testing import pytest_plugin
from desk_testing.servers import Given


@dataclass
class Config:
    """What is asked of pytest's own."""

    args: list[str]
    infra: str = "local"
    stash: pytest.Stash = field(default_factory=pytest.Stash)

    def getoption(self, _name: str) -> str:
        return self.infra


@pytest.fixture(autouse=True)
def started(monkeypatch: pytest.MonkeyPatch) -> list[Given]:
    """Nothing is started; which servers would have been."""
    all_started, numbers = list[Given](), count()

    def start(_config: object) -> Given:
        number = next(numbers)
        all_started.append(Given(f"kafka-{number}", f"store-{number}"))
        return all_started[-1]

    monkeypatch.setattr(pytest_plugin, "_start", start)
    return all_started


def inputs_of(config: Config, processes: int) -> list[dict[str, tuple[str, str]]]:
    """What each process is told."""
    inputs = []
    for number in range(processes):
        gateway = SimpleNamespace(id=f"gw{number}")
        node = SimpleNamespace(config=config, workerinput={}, gateway=gateway)
        pytest_plugin.pytest_configure_node(node)
        inputs.append(node.workerinput)
    return inputs


def test_five_share_two(started: list[Given]) -> None:
    inputs = inputs_of(Config([str(ROOT / "tests/unit"), str(ROOT / "tests/e2e")]), 5)
    first, second = ((servers.kafka, servers.store_url) for servers in started)
    assert [given["servers"] for given in inputs] == [first, second, first, second, first]


@pytest.mark.parametrize(
    ("paths", "infra"),
    [
        (["tests/unit"], "local"),
        (["tests/unit/testing", "tests/unit/http/test_body.py::test_of_it"], "local"),
        (["/somewhere/else"], "local"),
        (["tests/integration"], "given"),
        (["tests/integration"], "containers"),
    ],
)
def test_none_is_started_that_nobody_shares(
    paths: list[str], infra: str, started: list[Given]
) -> None:
    inputs = inputs_of(Config([str(ROOT / path) for path in paths], infra), 2)
    assert inputs == [{}, {}]
    assert started == []
