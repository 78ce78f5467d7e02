"""Prevented contacts, the time that people say they lost, and parts that are no contacts."""

from itertools import permutations

import pytest
from desk_contracts import AnyEvent
from desk_contracts.events.feedback import ContactPrevented, ContactReturned, Taken
from desk_metrics.measures.figures import without_services
from desk_metrics.reports.causes import Causes, Service, Trouble
from desk_metrics.reports.periods import read_period

from tests.support.metrics_desk import Desk
from tests.support.metrics_feedback import DAY, HOUR, NOW, after, answered, figures, happened
from tests.support.metrics_measures import second
from tests.support.metrics_story import Story


def took(contact: str = "c-1", hours: float = 9, service: str = "vpn") -> AnyEvent:
    data = ContactPrevented(
        contact=contact, by="ana", taken=Taken.ARTICLE, target="a-1", service=service
    )
    return happened(data, contact, DAY + hours * HOUR)


def logged(contact: str = "c-1", hours: float = 33) -> AnyEvent:
    data = ContactReturned(contact=contact, by="ana", ticket="t-1", likeness=0.8)
    return happened(data, contact, DAY + hours * HOUR)


async def test_what_was_taken_counts_until_the_same_is_logged_in_any_order_and_once() -> None:
    events = [took("c-1"), took("c-2"), logged("c-1")]
    for order in permutations([*events, *events[1:]]):
        measured = (await figures(await after(*order)))[""]
        assert (measured["deflected"], measured["deflections_returned"]) == (1, 1)
        assert measured["prevented_contacts"] == 0, "that counts repairs"


async def test_as_of_before_the_ticket_it_still_counts() -> None:
    desk = await after(took(), logged())
    then = (await figures(desk, as_of=DAY + 32 * HOUR))[""]
    assert (then["deflected"], then["deflections_returned"]) == (1, 0)
    assert (await figures(desk))[""]["amended"] == 1


async def test_a_return_of_what_is_not_known_counts_nothing() -> None:
    measured = (await figures(await after(logged())))[""]
    assert (measured["deflected"], measured["deflections_returned"]) == (0, 0)


async def test_the_share_is_of_all_that_would_have_come_and_by_service() -> None:
    desk = await after(took("c-1"), took("c-2", service="mail"))
    await desk.tell(second(Story("2026-11-23 09:00", service="vpn"), "t-1"))
    await desk.at(NOW)
    measured = await figures(desk, "service")
    assert measured["vpn"]["deflection_share"] == 0.5
    assert measured["mail"]["deflection_share"] == 1.0
    assert (await figures(await after()))[""]["deflection_share"] is None
    assert without_services(measured["vpn"])["deflected"] is None, "no team is known of it"


def lost(minutes: int | None, hours: int, revision: int = 1, ticket: str = "t-1") -> AnyEvent:
    event = answered(4, hours, revision, service="vpn")
    data = event.data.model_copy(update={"lost_minutes": minutes, "ticket": ticket})
    return event._replace(id=f"{event.id}/{ticket}/{minutes}", data=data)


async def test_who_does_not_say_what_it_cost_is_unknown_and_not_zero() -> None:
    silent = (await figures(await after(lost(None, 9))))[""]
    assert (silent["surveys"], silent["reported_lost_answers"]) == (1, 0)
    assert silent["reported_lost_minutes"] is None
    nothing = (await figures(await after(lost(0, 9))))[""]
    assert (nothing["reported_lost_answers"], nothing["reported_lost_minutes"]) == (1, 0)


@pytest.mark.parametrize(("second", "minutes", "answers"), [(20, 50, 2), (None, 30, 1)])
async def test_a_later_answer_replaces_the_earlier_one_also_by_silence(
    second: int | None, minutes: float, answers: int
) -> None:
    answers_given = [lost(90, 9), lost(second, 10, 2), lost(30, 11, ticket="t-2")]
    for order in permutations(answers_given):
        measured = (await figures(await after(*order)))[""]
        assert measured["reported_lost_minutes"] == minutes
        assert (measured["reported_lost_answers"], measured["surveys"]) == (answers, 2)


async def test_who_solved_it_is_no_judge_of_what_it_cost() -> None:
    event = lost(60, 9)
    uncounted = event._replace(data=event.data.model_copy(update={"counted": False}))
    assert (await figures(await after(uncounted)))[""]["reported_lost_minutes"] is None


async def test_a_part_that_was_split_off_is_no_second_contact() -> None:
    desk = await after()
    await desk.tell(second(Story("2026-11-23 09:00", requester="ana", service="vpn"), "t-1"))
    events = second(Story("2026-11-23 09:30", requester="ana", service="vpn"), "t-2")
    opened = events[0].data.model_copy(update={"split_from": "t-1"})
    await desk.tell([events[0]._replace(data=opened), *events[1:]])
    await desk.at(NOW)
    measured = (await figures(desk))[""]
    assert (measured["contacts"], measured["came_again"]) == (1, 0)
    assert measured["arrivals"] == 2, "somebody works on both"


async def test_the_weekly_report_tells_both_of_each_service() -> None:
    desk = await after(took("c-1"), took("c-2"), logged("c-2"), lost(45, 9))
    trouble = await _trouble(desk)
    assert (trouble.deflected, trouble.reported_lost_minutes) == (1, 45)
    assert trouble.reported_lost_answers == 1
    assert trouble.score == 0, "nobody is ranked by what only some are asked"
    assert (await _trouble(await after(took()))).reported_lost_minutes is None


async def _trouble(desk: Desk) -> Trouble:
    causes = Causes(read_period("2026-W48"), NOW)
    for bucket in await desk.buckets():
        causes.add(bucket)
    [status] = causes.rank([Service("vpn", "VPN", "network")], {})
    return status.trouble
