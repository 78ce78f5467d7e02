"""A change of the SLAs reaches open tickets at once, and no others."""

from datetime import timedelta

from desk_contracts.events.sla import ClockName
from desk_metrics.sla.policies import Edition, PolicyBook

from tests.support.metrics_desk import Desk
from tests.support.metrics_story import Story, at, edition, policy, transitions

CHANGE = at("12:00")
OLD = edition(policy(minutes=60))
GENEROUS = edition(policy(minutes=480), since=CHANGE, version="v2")
NOTHING = Edition(version="v2", since=CHANGE, policies=(), calendars=())


async def desk_at_noon(new: Edition) -> Desk:
    """One ticket is open and broken, one is done; then the SLA policies change."""
    desk = Desk(at("11:30"), PolicyBook([OLD]))
    done = [
        event._replace(id=f"done-{event.id}", subject="done")
        for event in Story("09:00").resolved("09:30").events
    ]
    await desk.tell([*Story("09:00").events, *done])
    await desk.at(at("11:59"))
    desk.published.messages.clear()
    desk.book = PolicyBook([OLD, new])
    await desk.at(CHANGE + timedelta(seconds=1))
    return desk


async def test_a_running_sla_is_taken_back_and_made_anew() -> None:
    desk = await desk_at_noon(GENEROUS)
    assert transitions(desk.emitted, ClockName.RESOLUTION) == [
        "resolution cancelled Mon 12:00",
        "resolution started Mon 12:00",
    ]
    assert {event.subject for event in desk.emitted} == {"ticket-1"}


async def test_a_sla_that_is_no_more_is_withdrawn_with_its_breach() -> None:
    desk = await desk_at_noon(NOTHING)
    assert transitions(desk.emitted) == ["resolution cancelled Mon 12:00"]


async def test_deciding_again_after_a_restart_says_nothing_more() -> None:
    desk = await desk_at_noon(GENEROUS)
    desk.restarted()
    await desk.at(CHANGE + timedelta(minutes=1))
    assert desk.emitted == []


async def test_what_a_stop_left_over_is_found_at_the_next_start() -> None:
    desk = Desk(at("11:30"), PolicyBook([OLD]))
    await desk.tell(Story("09:00").events)
    await desk.at(at("11:59"))
    desk.book = PolicyBook([OLD, GENEROUS])
    desk.clock.advance(timedelta(minutes=2))
    assert await desk.restarted().reevaluation.look() == 1
    await desk.at(desk.clock.now())
    assert await desk.restarted().reevaluation.look() == 0


async def test_hundreds_of_open_tickets_are_all_reached() -> None:
    desk = Desk(at("11:30"), PolicyBook([OLD]))
    people = [Story("11:00", requester=f"person-{n:04d}") for n in range(1200)]
    many = [
        story.events[0]._replace(id=f"e-{n:04d}", subject=f"t-{n:04d}")
        for n, story in enumerate(people)
    ]
    await desk.tell(many)
    desk.book = PolicyBook([OLD, GENEROUS])
    desk.clock.advance(timedelta(minutes=40))
    assert await desk.runner.reevaluation.look() == 1200
