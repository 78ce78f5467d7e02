"""Who has to come again within a week about the same: by event time, once, in any order."""

from datetime import timedelta
from itertools import permutations

import pytest
from desk_contracts import AnyEvent
from desk_contracts.events.tickets import Kind, TicketUpdated
from desk_metrics.measures.figures import Figures, figures_of
from desk_metrics.measures.repeat_contacts import SPAN
from desk_metrics.measures.totals import QuerySpan, totals_of
from desk_metrics.rebuild.store import compare_collections
from desk_metrics.reports.causes import Causes, Service, Trouble
from desk_metrics.reports.periods import read_period
from desk_metrics.sla.policies import PolicyBook
from desk_metrics.sla.worktime import instant, micros

from tests.support.metrics_desk import Desk
from tests.support.metrics_measures import second
from tests.support.metrics_story import Story, at

FIRST, NOW = at("2026-11-01 00:00"), at("2026-12-20 00:00")
LAPTOP = "laptop-7"


def contact(when: str, ticket: str, who: str = "ben", **more: str) -> list[AnyEvent]:
    return second(Story(when, requester=who, **more), ticket)  # type: ignore[arg-type]  # words only


async def after(*lives: list[AnyEvent]) -> Desk:
    desk = Desk(NOW, PolicyBook(()))
    for life in lives:
        await desk.tell(life)
    await desk.at(NOW)
    return desk


async def figures(desk: Desk, by: str = "", as_of: str = "2026-12-20 00:00") -> dict[str, Figures]:
    span = QuerySpan(micros(FIRST), micros(NOW), micros(at(as_of)))
    totals_by_slice = totals_of(await desk.buckets(), [span], by)
    return {name: figures_of(totals, span) for (_, name), totals in totals_by_slice.items()}


async def again(*lives: list[AnyEvent]) -> float | None:
    return (await figures(await after(*lives)))[""]["came_again"]


@pytest.mark.parametrize(
    ("first", "other", "count"),
    [
        ({"service": "vpn"}, {"service": "vpn"}, 1),
        ({"device": LAPTOP}, {"device": LAPTOP}, 1),
        ({"service": "vpn", "device": LAPTOP}, {"service": "vpn", "device": LAPTOP}, 1),
        ({"service": "vpn", "device": LAPTOP}, {"service": "mail", "device": LAPTOP}, 1),
        ({"service": "vpn"}, {"service": "mail"}, 0),
        ({"service": "vpn"}, {"service": "vpn", "who": "cleo"}, 0),
        ({}, {}, 0),
    ],
)
async def test_the_same_person_about_the_same_service_or_device(
    first: dict[str, str], other: dict[str, str], count: int
) -> None:
    lives = contact("2026-11-23 09:00", "t-1", **first), contact("2026-11-25 09:00", "t-2", **other)
    assert await again(*lives) == count


@pytest.mark.parametrize(("when", "count"), [("2026-11-30 09:00", 1), ("2026-11-30 09:01", 0)])
async def test_again_is_within_seven_days(when: str, count: int) -> None:
    lives = contact("2026-11-23 09:00", "t-1", service="vpn"), contact(when, "t-2", service="vpn")
    assert await again(*lives) == count


async def test_three_in_a_row_came_again_twice_and_belong_to_their_days() -> None:
    days = ("2026-11-23 09:00", "2026-11-26 09:00", "2026-12-01 09:00")
    desk = await after(*(contact(day, f"t-{day}", service="vpn") for day in days))
    vpn = (await figures(desk, "service"))["vpn"]
    assert (vpn["came_again"], vpn["came_again_share"]) == (2, 2 / 3)
    early = (await figures(desk, "service", "2026-11-30 00:00"))["vpn"]
    assert (early["came_again"], early["contacts"]) == (1, 2)


async def test_what_the_desk_opened_itself_is_no_contact() -> None:
    mine = second(Story("09:00", service="vpn", requester="ben", kind=Kind.PROACTIVE), "t-1")
    assert await again(mine, contact("10:00", "t-2", service="vpn")) == 0


async def test_what_a_ticket_turns_out_to_be_about_counts_and_nothing_else() -> None:
    """Opened without a service; triage says which. Then one turns out to be about mail."""
    life = Story("2026-11-23 09:00", requester="ben").triaged("2026-11-23 09:05", "P3", "vpn")
    other = contact("2026-11-24 09:00", "t-2", service="vpn")
    desk = await after(second(life, "t-1"), other)
    assert (await figures(desk, "service"))["vpn"]["came_again"] == 1
    moved = life.say("2026-11-24 10:00", TicketUpdated(by="bo", service="mail"))
    await desk.tell(second(moved, "t-1"))
    by_service = await figures(desk, "service")
    assert {name: measured["came_again"] for name, measured in by_service.items()} == {
        "mail": 0,
        "vpn": 0,
    }


async def test_any_order_of_arrival_gives_the_same_documents() -> None:
    life = Story("2026-11-23 09:00", requester="ben").triaged("2026-11-23 09:05", "P3", "vpn")
    lives = (
        second(life.assigned("2026-11-24 09:00", "network").resolved("2026-11-24 10:00"), "t-1"),
        contact("2026-11-25 09:00", "t-2", service="vpn"),
        contact("2026-11-25 09:00", "t-3", service="vpn", device=LAPTOP),
        contact("2026-11-27 09:00", "t-4", device=LAPTOP),
    )
    straight = await after(*lives)
    assert (await figures(straight))[""]["came_again"] == 3
    for order in permutations(lives):
        shuffled = await after(*order, *order)
        comparisons, _ = await compare_collections(straight.collections, shuffled.collections)
        assert [
            comparison.collection for comparison in comparisons if not comparison.is_clean
        ] == []
        returns = next(
            comparison for comparison in comparisons if comparison.collection == "returns"
        )
        assert returns.alike == 1


async def test_a_month_late_it_still_joins() -> None:
    late = contact("2026-11-23 09:00", "t-1", service="vpn")
    assert await again(contact("2026-11-26 09:00", "t-2", service="vpn"), late) == 1


async def test_however_much_a_robot_asks_each_is_judged_in_any_order() -> None:
    """Every three hours for six weeks: more than one document holds, across where they meet."""
    start = at("2026-11-01 00:00")
    lives = []
    for number in range(6 * 7 * 8):
        when = f"{start + timedelta(hours=3 * number):%Y-%m-%d %H:%M}"
        lives.append(contact(when, f"t-{number}", who="robot", service=f"s-{number % 56}"))
    straight, backwards = await after(*lives), await after(*reversed(lives))
    assert (await figures(straight))[""]["came_again"] == 6 * 56 - 56
    comparisons, _ = await compare_collections(straight.collections, backwards.collections)
    assert [comparison.collection for comparison in comparisons if not comparison.is_clean] == []
    assert (
        next(comparison for comparison in comparisons if comparison.collection == "returns").alike
        > 1
    )


async def test_across_the_border_of_two_documents_it_is_again_once() -> None:
    border = instant(micros(at("2026-12-05 09:00")) // SPAN * SPAN)
    days = [f"{border + timedelta(days=day):%Y-%m-%d %H:%M}" for day in (-8, -2, 3, 11)]
    desk = await after(*(contact(day, f"t-{day}", service="vpn") for day in days))
    measured = (await figures(desk))[""]
    assert (measured["contacts"], measured["came_again"]) == (4, 2)


async def test_what_came_again_ranks_a_service_higher() -> None:
    """Two contacts each; those about mail are of one person within a day."""
    desk = await after(
        contact("2026-11-23 09:00", "t-1", "ana", service="erp"),
        contact("2026-11-23 09:00", "t-2", "ben", service="erp"),
        contact("2026-11-23 09:00", "t-3", "cleo", service="mail"),
        contact("2026-11-24 09:00", "t-4", "cleo", service="mail"),
    )
    causes = Causes(read_period("2026-W48"), NOW)
    for bucket in await desk.buckets():
        causes.add(bucket)
    services = [Service(name, name, "network") for name in ("erp", "mail")]
    ranked = {item.service.name: item.trouble for item in causes.rank(services, {})}
    assert list(ranked) == ["mail", "erp"]
    assert _costs(ranked["mail"]) == (2, 1, 3 * 15)
    assert _costs(ranked["erp"]) == (2, 0, 2 * 15)


def _costs(trouble: Trouble) -> tuple[int, int, float]:
    return trouble.contacts, trouble.came_again, trouble.score
