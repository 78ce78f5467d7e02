"""Changes under way are known, and forgotten when nobody suspects them any more."""

from desk_contracts.events.changes import ChangeFinished, ChangeKind
from desk_triage.changes.decide import MAX_CHANGES, expire, follow
from desk_triage.changes.model import LONGEST_CHANGE, SUSPECT_FOR, Change, ServiceChanges

from tests.support.triage_desk import TriageDesk, at, change_started, event


async def remembered(desk: TriageDesk) -> tuple[Change, ...]:
    result = await desk.changes.find({"suspect": True})
    return tuple(change for entry in result if entry.state for change in entry.state.changes)


async def test_a_change_is_suspect_until_two_hours_after_its_end() -> None:
    desk = TriageDesk()
    end = ChangeFinished(change="c-1", kind=ChangeKind.RELEASE, succeeded=False)
    await desk.feed(change_started("vpn", 0), event("vpn", end, 30))
    (change,) = await remembered(desk)
    assert change.suspect_until == at(30) + SUSPECT_FOR
    assert not change.succeeded
    ((due, id),) = await desk.changes.due(at(10_000), 5)
    desk.clock.advance(due - desk.clock.now())
    await desk.on_timer(desk.units_of_work[1], id)
    assert await remembered(desk) == ()


def test_one_that_nobody_reported_as_finished_is_not_suspect_for_ever() -> None:
    outcome = follow(None, change_started("vpn", 0))
    assert outcome is not None
    assert outcome.due == at(0) + LONGEST_CHANGE
    assert expire(outcome.state, at(0) + LONGEST_CHANGE).state.changes == ()


def test_an_end_without_a_beginning_tells_nothing() -> None:
    end = ChangeFinished(change="c-9", kind=ChangeKind.RELEASE, succeeded=True)
    outcome = follow(None, event("vpn", end))
    assert outcome is not None
    assert outcome.state.changes == ()


def test_only_the_newest_are_kept() -> None:
    state: ServiceChanges | None = None
    for number in range(MAX_CHANGES + 3):
        begun = change_started("vpn", number)
        data = begun.data.model_copy(update={"change": f"c-{number}"})
        outcome = follow(state, event("vpn", data, number))
        assert outcome is not None
        state = outcome.state
    assert state is not None
    assert state.changes[0].change == "c-3"
