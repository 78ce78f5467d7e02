"""When a ticket will be solved: what is said, what is not, and whether it came so."""

from datetime import datetime, timedelta

import pytest
from desk_contracts.value_types import Priority
from desk_intake.tickets.forecast import (
    LEAST_SOLVED,
    PastTicket,
    TeamPast,
    foresee,
    look_back,
)
from hypothesis import given
from hypothesis import strategies as st

from tests.support.intake_world import MONDAY, Desk, triage_says

HOUR = timedelta(hours=1)


def solved(hours: float, opened_at: datetime = MONDAY, category: str = "vpn") -> PastTicket:
    return PastTicket(opened_at, opened_at + hours * HOUR, True, category)


def waits(opened_at: datetime, priority: Priority | None = None) -> PastTicket:
    return PastTicket(opened_at, None, False, "vpn", priority)


def hours_of(moment: datetime | None, since: datetime) -> float | None:
    return None if moment is None else (moment - since) / HOUR


def test_the_past_says_when_with_its_interval() -> None:
    past = TeamPast(tuple(solved(hours) for hours in range(1, 11)))
    now = MONDAY + 100 * HOUR
    forecast = foresee(waits(now), past, now)
    moments = (forecast.earliest, forecast.median, forecast.latest)
    assert [hours_of(item, now) for item in moments] == [1, 5, 9]
    assert (forecast.solved, forecast.basis, forecast.ahead) == (10, "category", 0)


def test_a_ticket_that_waited_is_compared_with_those_that_waited_as_long() -> None:
    past = TeamPast(tuple(solved(hours) for hours in [0.1] * 50 + list(range(1, 21))))
    now = MONDAY + 100 * HOUR
    at_once = foresee(waits(now), past, now)
    later = foresee(waits(now - 5 * HOUR), past, now)
    assert hours_of(at_once.median, now) == pytest.approx(0.1, abs=0.1)
    assert later.solved == 15
    assert later.earliest is not None
    assert later.earliest > now - timedelta(minutes=5), "what is over cannot be expected"
    assert hours_of(later.median, now) == 8


def test_too_few_say_nothing() -> None:
    now = MONDAY + 100 * HOUR
    few = TeamPast(tuple(solved(1) for _ in range(LEAST_SOLVED - 1)))
    assert foresee(waits(now), few, now).status == "unknown"
    old = TeamPast(tuple(solved(1) for _ in range(50)))
    assert foresee(waits(now - 2 * HOUR), old, now).status == "unknown", "none lasted as long"


def test_of_a_category_with_too_few_the_whole_team_speaks() -> None:
    now = MONDAY + 100 * HOUR
    past = TeamPast(tuple(solved(3, category="printing") for _ in range(20)))
    forecast = foresee(waits(now), past, now)
    assert (forecast.basis, hours_of(forecast.median, now)) == ("team", 3)


def test_open_tickets_count_so_that_a_team_that_falls_behind_does_not_look_quick() -> None:
    now = MONDAY + 100 * HOUR
    quick = tuple(solved(1) for _ in range(10))
    stuck = tuple(waits(MONDAY) for _ in range(30))
    forecast = foresee(waits(now), TeamPast(quick + stuck), now)
    assert forecast.earliest is not None
    assert (forecast.median, forecast.latest) == (None, None), "it may take longer than is known"
    assert forecast.ahead == 30


@pytest.mark.parametrize("given_up", [0, 1, 30])
def test_what_ended_unsolved_says_only_how_long_it_was_not_solved(given_up: int) -> None:
    now = MONDAY + 100 * HOUR
    quick = tuple(solved(hours) for hours in range(1, 11))
    withdrawn = tuple(
        PastTicket(MONDAY, MONDAY + 0.5 * HOUR, False, "vpn") for _ in range(given_up)
    )
    forecast = foresee(waits(now), TeamPast(quick + withdrawn), now)
    assert (forecast.solved, hours_of(forecast.median, now)) == (10, 5)


def test_what_is_more_urgent_or_older_is_ahead() -> None:
    now = MONDAY + HOUR
    past = TeamPast(
        (
            waits(MONDAY, priority=Priority.P1),
            waits(MONDAY, priority=Priority.P3),
            waits(now, priority=Priority.P1),
            waits(MONDAY),
        )
    )
    mine = waits(MONDAY + HOUR / 2, priority=Priority.P2)
    assert foresee(mine, past, now).ahead == 1
    with_older = TeamPast(past.tickets, older=(waits(MONDAY - HOUR, priority=Priority.P2),))
    assert foresee(mine, with_older, now).ahead == 2
    assert foresee(mine, TeamPast(past.tickets, older=None), now).ahead is None


spans = st.floats(0.1, 200)


@given(st.lists(spans, min_size=LEAST_SOLVED, max_size=60), st.lists(spans, max_size=20))
def test_the_moments_are_in_order_and_never_past(took: list[float], open_for: list[float]) -> None:
    now = MONDAY + 1_000 * HOUR
    open_ones = tuple(waits(now - hours * HOUR) for hours in open_for)
    past = TeamPast(tuple(solved(hours) for hours in took) + open_ones)
    forecast = foresee(waits(now), past, now)
    moments = [forecast.earliest, forecast.median, forecast.latest]
    present = [item for item in moments if item is not None]
    assert present == sorted(present)
    assert all(item > now - timedelta(minutes=5) for item in present)
    assert moments[: len(present)] == present, "nothing later is known where the earlier is not"


def test_what_was_said_is_compared_with_what_came_and_knows_nothing_of_later() -> None:
    opened = [MONDAY + number * HOUR for number in range(40)]
    # Each takes as long as the place in its ten says: the same spread all the time.
    tickets = [solved(1 + (number * 7) % 10, at) for number, at in enumerate(opened)]
    record = look_back(TeamPast(tuple(tickets)), MONDAY + 1_000 * HOUR)
    assert record.nothing_said >= LEAST_SOLVED
    assert record.coverage is not None
    assert record.coverage > 0.6

    # From one day on everything takes a week: what was said before was wrong, and it shows.
    slower = [solved(200, MONDAY + (40 + number) * HOUR) for number in range(20)]
    wrong = look_back(TeamPast((*tickets, *slower)), MONDAY + 1_000 * HOUR)
    assert wrong.later >= 15
    assert wrong.coverage is not None
    assert wrong.coverage < 0.6


def test_what_is_open_is_late_once_the_latest_moment_is_over() -> None:
    past = tuple(solved(hours, MONDAY - 50 * HOUR) for hours in range(1, 11))
    mine = waits(MONDAY)
    assert look_back(TeamPast((*past, mine)), MONDAY + HOUR).not_known_yet == 1
    assert look_back(TeamPast((*past, mine)), MONDAY + 20 * HOUR).later == 1


async def test_an_answer_about_a_ticket_says_what_is_to_be_expected(desk: Desk) -> None:
    for _ in range(LEAST_SOLVED):
        ticket = await desk.ana.open()
        await desk.hear(triage_says(), ticket)
        desk.clock.advance(HOUR)
        await desk.max.post(f"/tickets/{ticket}/resolve", resolution="Done")
    mine = await desk.ana.open()
    unknown = (await desk.ana.get(f"/tickets/{mine}")).json()["forecast"]
    assert (unknown["status"], unknown["earliest"], unknown["ahead"]) == ("unknown", None, None)
    await desk.hear(triage_says(), mine)
    desk.clock.advance(timedelta(minutes=2))
    answer = await desk.ana.get(f"/tickets/{mine}")
    forecast = answer.json()["forecast"]
    assert (forecast["status"], forecast["solved"]) == ("known", LEAST_SOLVED)
    latest = datetime.fromisoformat(forecast["latest"])
    assert latest - desk.clock.now() <= HOUR
    assert "Four of five" in forecast["text"]
    # What is expected moves with the hours, and so does the tag; the version to change stays.
    tag = answer.headers["etag"]
    assert (await desk.ana.get(f"/tickets/{mine}", **{"If-None-Match": tag})).status_code == 304
    desk.clock.advance(2 * HOUR)
    later = await desk.ana.get(f"/tickets/{mine}", **{"If-None-Match": tag})
    assert (later.status_code, later.json()["forecast"]["status"]) == (200, "unknown")
    changed = await desk.ana.patch(f"/tickets/{mine}", tag, title="It is the VPN")
    assert changed.status_code == 200
    over = await desk.max.post(f"/tickets/{mine}/resolve", resolution="Done")
    assert over.json()["forecast"] is None
