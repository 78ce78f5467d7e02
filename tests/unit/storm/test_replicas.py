"""Who ended by itself is written down and begun again once; who was ended on purpose is not."""

import sys
from pathlib import Path

import pytest
from desk_local.paths import Places
from desk_local.services import Around
from desk_storm.replicas import Fleet, Replica
from desk_testing import eventually


class Counted(Replica):
    """A replica without a process that counts how often it was begun."""

    begun = 0
    is_up = False

    @property
    def alive(self) -> bool:
        return self.is_up

    def launch(self) -> None:
        self.begun += 1
        self.is_up = True

    def kill(self) -> None:
        self.is_up = False


@pytest.fixture
def replica(tmp_path: Path) -> Counted:
    return Counted("intake", 1, Places(tmp_path), 1, Around("kafka", "store"))


async def test_who_ended_by_itself_is_written_down_and_begun_again(replica: Counted) -> None:
    fleet = Fleet({replica.name: replica})
    await fleet.begin(replica)
    replica.is_up = False
    await fleet.bring_back()
    await fleet.bring_back()
    assert [(end.service, end.replica) for end in fleet.ends] == [("intake", 1)]
    assert replica.begun == 2


async def test_who_was_ended_on_purpose_is_left_to_who_did_it(replica: Counted) -> None:
    """Also one that had ended by itself before."""
    fleet = Fleet({replica.name: replica})
    await fleet.begin(replica)
    replica.is_up = False
    await fleet.bring_back()
    await fleet.end(replica, gently=False)
    await fleet.bring_back()
    assert replica.begun == 2
    assert len(fleet.ends) == 1


class Failing(Replica):
    """A process that says why and ends."""

    def command(self) -> list[str]:
        return [sys.executable, "-c", "print('the charter has no teams'); raise SystemExit(3)"]


async def test_an_end_is_written_down_with_its_code_and_its_last_words(tmp_path: Path) -> None:
    replica = Failing("intake", 1, Places(tmp_path), 1, Around("kafka", "store"))
    fleet = Fleet({replica.name: replica})
    await fleet.begin(replica)
    await eventually(lambda: not replica.alive)
    fleet.look()
    assert [(end.code, end.tail) for end in fleet.ends] == [(3, "the charter has no teams")]
