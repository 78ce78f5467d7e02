"""The ledger of solutions: each fact from an event, none from silence, and what is taken back."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest
from desk_contracts import AnyEvent
from desk_contracts.events.solutions import ReturnReason, SolutionLasted, SolutionReturned
from desk_contracts.events.tickets import How, TicketConfirmed, TicketOpened, TicketResolved
from desk_contracts.message import verbatim

from tests.support.metrics_desk import Desk
from tests.support.metrics_measures import NOBODY, NOW, figures, second
from tests.support.metrics_story import REQUESTER, Story, at


async def live(*lives: Iterable[AnyEvent], until: datetime = NOW) -> Desk:
    """A desk that hears of them by then."""
    desk = Desk(until, NOBODY)
    for life in lives:
        await desk.tell(life)
    await desk.at(until)
    return desk


def verdicts(desk: Desk) -> list[tuple[str, object]]:
    wanted = (SolutionLasted, SolutionReturned)
    return [(event.subject, event.data) for event in desk.emitted if isinstance(event.data, wanted)]


def solved(verified_by: str = "") -> Story:
    data = TicketResolved(by="bo", resolution=verbatim("Done."), verified_by=verified_by)
    return Story("09:00").say("11:00", data)


def of_service(story: Story, service: str = "vpn") -> Story:
    """The story, known to be about that service from the first."""
    first = story.events[0]
    assert isinstance(first.data, TicketOpened)
    data = first.data.model_copy(update={"service": service})
    story.events[0] = first._replace(data=data)
    return story


async def test_it_lasted_when_seven_days_are_over_and_not_a_moment_before() -> None:
    resolved_at = at("11:00")
    early = await live(solved().events, until=resolved_at + timedelta(days=7, seconds=-1))
    assert verdicts(early) == []
    desk = await live(solved().events, until=resolved_at + timedelta(days=7))
    ((ticket, data),) = verdicts(desk)
    assert (ticket, data) == ("ticket-1", SolutionLasted(resolution=2, resolved_at=resolved_at))


async def test_a_reopening_within_seven_days_is_a_return_and_a_later_one_is_not() -> None:
    soon = solved().reopened("2026-11-25 09:00").resolved("2026-11-25 10:00")
    desk = await live(soon.events)
    first = verdicts(desk)[0][1]
    assert isinstance(first, SolutionReturned)
    assert (first.resolution, first.reason) == (2, ReturnReason.REOPENED)
    late = solved().reopened("2026-11-30 12:00")
    assert [type(data) for _, data in verdicts(await live(late.events))] == [SolutionLasted]


async def test_who_asks_again_about_the_same_service_shows_that_it_did_not_last() -> None:
    earlier = of_service(solved())
    again = of_service(Story("2026-11-26 09:00"))
    events = second(again, "ticket-2", who=REQUESTER)
    desk = await live(earlier.events, events)
    ((ticket, data),) = verdicts(desk)
    assert isinstance(data, SolutionReturned)
    assert (ticket, data.reason, data.ticket) == (
        "ticket-1",
        ReturnReason.ASKED_AGAIN,
        "ticket-2",
    )
    other = second(of_service(Story("2026-11-26 09:00"), "mail"), "ticket-2", who=REQUESTER)
    desk = await live(of_service(solved()).events, other)
    assert [type(data) for _, data in verdicts(desk)] == [SolutionLasted]


async def test_what_comes_late_takes_back_that_it_lasted() -> None:
    desk = await live(of_service(solved()).events, until=at("11:00") + timedelta(days=7))
    assert [type(data) for _, data in verdicts(desk)] == [SolutionLasted]
    await desk.tell(second(of_service(Story("2026-11-26 09:00")), "ticket-2", who=REQUESTER))
    await desk.at(NOW)
    assert [type(data) for _, data in verdicts(desk)] == [SolutionLasted, SolutionReturned]


@pytest.mark.parametrize("how", [How.WITHDRAWN, How.DENIED])
async def test_what_was_withdrawn_or_denied_is_no_solution(how: How) -> None:
    desk = await live(Story("09:00").resolved("10:00", how).events)
    assert verdicts(desk) == []


async def test_facts_are_counted_from_their_events_alone() -> None:
    silent = solved()
    confirmed = solved().say("12:00", TicketConfirmed(by=REQUESTER, resolution=2))
    verified = solved(verified_by="run-1")
    measured = await figures(
        silent.events, second(confirmed), second(verified, "ticket-3"), second(Story("09:00"), "t4")
    )
    assert (measured["answered"], measured["resolved"]) == (3, 3)
    assert (measured["confirmed"], measured["verified"]) == (1, 1)
    assert measured["confirmed_share"] == pytest.approx(1 / 3)
    assert (measured["lasted"], measured["lasted_share"]) == (0, None)
    later = await figures(silent.events, second(confirmed), day="2026-11-30")
    assert (later["lasted"], later["lasted_share"], later["first_contact_lasted"]) == (2, 1, 1)


async def test_a_reopening_takes_back_what_was_confirmed() -> None:
    story = solved().say("12:00", TicketConfirmed(by=REQUESTER, resolution=2))
    story.reopened("2026-11-25 09:00")
    assert (await figures(story.events))["confirmed"] == 0
    before = await figures(story.events, as_of=at("13:00"))
    assert before["confirmed"] == 1
    day = await figures(story.events, day="2026-11-25")
    assert (day["returned"], day["lasted_share"]) == (1, 0)
