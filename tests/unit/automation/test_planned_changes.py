"""What is known of the changes of a service that other systems announced."""

from datetime import datetime, timedelta

import pytest
from desk_automation.windows.decide import MAX_CHANGES, follow
from desk_automation.windows.model import PlannedChanges
from desk_contracts import Event
from desk_contracts.events.changes import ChangeFinished, ChangeKind, ChangePlanned

from tests.support.automation_engine import START

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SOURCE = "/releases"


def planned(
    change: str, starts: datetime = START, at: datetime = START, source: str = SOURCE
) -> Event[ChangePlanned]:
    data = ChangePlanned(
        change=change, kind=ChangeKind.RELEASE, title="New", starts=starts, ends=starts + HOUR
    )
    return Event(f"{change}/{at}", source, "vpn", at, data)


def finished(change: str, at: datetime, source: str = SOURCE) -> Event[ChangeFinished]:
    data = ChangeFinished(change=change, kind=ChangeKind.RELEASE, succeeded=True)
    return Event(f"{change}/over", source, "vpn", at, data)


def after(*events: Event[ChangePlanned] | Event[ChangeFinished]) -> PlannedChanges:
    state: PlannedChanges | None = None
    for event in events:
        state = follow(state, event) or state
    assert state is not None
    return state


def names(state: PlannedChanges) -> list[str]:
    return [change.change for change in state.changes]


@pytest.mark.parametrize(
    ("late", "kept"), [(timedelta(0), ["c-1", "c-2"]), (timedelta(microseconds=1), ["c-2"])]
)
def test_a_change_is_known_for_a_day_after_its_end(late: timedelta, kept: list[str]) -> None:
    almost = START + HOUR + DAY - timedelta(microseconds=1)
    assert names(after(planned("c-1"), planned("c-2", at=almost + late))) == kept


def test_what_is_announced_again_is_moved() -> None:
    moved = planned("c-1", starts=START + 2 * HOUR)
    state = after(planned("c-1"), planned("c-2"), moved)
    assert names(state) == ["c-2", "c-1"]
    assert state.changes[-1].starts == START + 2 * HOUR


def test_two_systems_may_give_the_same_number() -> None:
    state = after(planned("c-1"), planned("c-1", source="/network"))
    assert names(state) == ["c-1", "c-1"]
    state = after(
        planned("c-1"), planned("c-1", source="/network"), finished("c-1", START + HOUR / 2)
    )
    assert [change.finished_at for change in state.changes] == [START + HOUR / 2, None]


def test_the_latest_two_hundred_are_known() -> None:
    state = after(*(planned(f"c-{number}") for number in range(MAX_CHANGES + 2)))
    assert names(state) == [f"c-{number}" for number in range(2, MAX_CHANGES + 2)]
    assert MAX_CHANGES == 200


def test_the_end_of_what_nobody_announced_changes_nothing() -> None:
    over = finished("c-1", START)
    assert follow(None, over) is None
    assert follow(after(planned("c-2")), over) is None
