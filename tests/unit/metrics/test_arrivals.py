"""Arrivals and the work on tickets, read from the buckets of lives that can be reckoned by hand."""

from datetime import UTC, datetime, timedelta

import pytest
from desk_contracts.events.tickets import TicketStarted
from desk_metrics.planning.arrival_weeks import ArrivalWeeks, mondays_of
from desk_metrics.planning.arrivals import HOURS, error

from tests.support.metrics_measures import NOW, buckets_of, figures, second
from tests.support.metrics_story import BERLIN, Story, at

EVER = datetime(2000, 1, 1, tzinfo=UTC)


def worked(opened: str = "09:00") -> Story:
    return Story(opened, service="vpn").assigned("09:05", "network")


async def test_handling_runs_from_the_first_work_to_the_resolution() -> None:
    life = worked().say("10:00", TicketStarted(by="bo")).resolved("10:40")
    measured = await figures(life.events)
    assert (measured["handling_count"], measured["handling"]) == (1, 40 * 60)


async def test_what_was_reopened_or_waited_for_tells_nothing_of_handling() -> None:
    again = worked().say("10:00", TicketStarted(by="bo")).resolved("10:40").reopened("11:00")
    waited = worked().say("10:00", TicketStarted(by="bo")).paused("10:10").resumed("10:20")
    measured = await figures(again.events, second(waited.resolved("10:40")))
    assert (measured["handling_count"], measured["handling"]) == (0, None)


async def test_arrivals_are_counted_in_the_teams_own_hour_and_by_skill() -> None:
    """23 November 2026 is a Monday; 09:00 in Berlin is hour 9 there and 8 in UTC."""
    mondays = mondays_of(BERLIN, NOW, 2, EVER)
    assert [monday.date().isoformat() for monday in mondays] == ["2026-11-16", "2026-11-23"]
    arrivals = ArrivalWeeks(
        "network", BERLIN, mondays, {"vpn": frozenset({"vpn"}), "erp": frozenset()}
    )
    other = Story("11:00", service="mail").assigned("11:01", "mail")
    reopened = worked("2026-11-16 00:30").resolved("2026-11-24 09:10").reopened("2026-11-29 23:30")
    for bucket in await buckets_of(worked().events, second(other), second(reopened, "ticket-3")):
        arrivals.add(bucket)
    first, last = arrivals.weeks
    assert [hour for hour, count in enumerate(first) if count] == [0]
    assert [hour for hour, count in enumerate(last) if count] == [9, 6 * 24 + 23]
    assert arrivals.by_skill["vpn"] == arrivals.weeks
    assert sum(map(sum, arrivals.by_skill["erp"])) == 0


def test_no_week_before_the_first_figure_and_none_that_is_not_over() -> None:
    first = at("2026-11-10 12:00")
    mondays = mondays_of(BERLIN, NOW, 12, first)
    assert [item.date().isoformat() for item in mondays] == ["2026-11-16", "2026-11-23"]


def test_a_week_in_which_the_clock_changes_is_a_week() -> None:
    mondays = mondays_of(BERLIN, datetime(2026, 11, 3, tzinfo=UTC), 2, EVER)
    assert [item.utcoffset() for item in mondays] == [timedelta(hours=2), timedelta(hours=1)]
    assert mondays[1] - mondays[0] == timedelta(weeks=1)


@pytest.mark.parametrize(("count", "held_out"), [(4, 1), (7, 1), (8, 2), (16, 4), (52, 4)])
def test_a_quarter_of_the_weeks_four_at_most_says_how_far_a_forecast_is_off(
    count: int, held_out: int
) -> None:
    """Ten an hour until one week before the end, then none: only that week is missed."""
    weeks = [(10,) * HOURS] * (count - 1) + [(0,) * HOURS]
    off = error(weeks)
    assert off.weeks == held_out
    assert off.naive == (1 / (held_out - 1) if held_out > 1 else None)
