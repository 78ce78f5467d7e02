"""What every kind of directory keeps: who is asked for is found, and a message has a recipient."""

from collections.abc import Callable
from pathlib import Path

import pytest
from desk_charter import CharterSource
from desk_notify.adapters.directories import DIRECTORIES
from desk_notify.settings import NotifySettings
from desk_notify.subscriptions.model import Directory
from desk_platform.clock import SystemClock

from tests.support.notify_desk import directory as fake

CHARTER = Path(__file__).parents[3] / "charter"
Kind = Callable[[], Directory]


@pytest.fixture(params=["fake", *sorted(DIRECTORIES.kinds)])
def directory(request: pytest.FixtureRequest) -> Directory:
    if request.param == "fake":
        return fake()
    settings = NotifySettings(environment="local")  # type: ignore[arg-type]  # as it is written
    source = CharterSource(CHARTER, SystemClock())
    return DIRECTORIES.kind(request.param)(source, settings)()


def test_a_message_always_has_a_recipient(directory: Directory) -> None:
    assert directory.team("nobody-of-that-name").name == directory.default_team
    assert directory.owner_of("no-such-service").name == directory.default_team


def test_every_owner_is_a_team(directory: Directory) -> None:
    assert set(directory.owners.values()) <= set(directory.teams)
    for service, owner in directory.owners.items():
        assert directory.owner_of(service).name == owner


def test_teams_are_found_by_their_names(directory: Directory) -> None:
    for name, profile in directory.teams.items():
        assert directory.team(name) is profile
        assert profile.name == name
        assert profile.title


def test_what_is_confidential_goes_to_its_owner_alone(directory: Directory) -> None:
    for service in directory.confidential:
        assert directory.holder_of("", service) == directory.owner_of(service)
