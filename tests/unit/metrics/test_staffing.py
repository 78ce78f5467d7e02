"""How many people at which hour: the formula against published tables, plans reckoned by hand."""

import math
from dataclasses import replace
from itertools import pairwise

import pytest
from desk_metrics.planning.arrivals import HOURS, by_chance, error, forecast
from desk_metrics.planning.erlang import has_to_wait, mean_wait, people_needed, share_within
from desk_metrics.planning.staffing import (
    StaffingTerms,
    TeamCapacity,
    move_into_hours,
    plan_staffing,
)

from tests.support.spoken import english

# Ten erlangs (200 calls an hour of 180 s), answered within 20 s: people, share that waits, share in
# time, mean wait in seconds, as tables of call centres print them.
TEN_ERLANGS = [
    (11, 0.682, 0.390, 122.8),
    (12, 0.449, 0.640, 40.4),
    (13, 0.285, 0.796, 17.1),
    (14, 0.174, 0.888, 7.8),
    (15, 0.102, 0.941, 3.7),
]


@pytest.mark.parametrize(("people", "waits", "in_time", "mean"), TEN_ERLANGS)
def test_erlang_c_agrees_with_the_tables(
    people: int, waits: float, in_time: float, mean: float
) -> None:
    assert has_to_wait(10, people) == pytest.approx(waits, abs=0.0005)
    assert share_within(10, people, 20 / 180) == pytest.approx(in_time, abs=0.0005)
    assert mean_wait(10, people) * 180 == pytest.approx(mean, abs=0.05)


def test_erlang_c_agrees_with_the_example_of_360_calls_in_half_an_hour() -> None:
    """Calls of four minutes, 55 people: 23.9 % wait, 8.2 s in the mean, 84.6 % within 15 s."""
    assert has_to_wait(48, 55) == pytest.approx(0.239, abs=0.0005)
    assert mean_wait(48, 55) * 240 == pytest.approx(8.2, abs=0.05)
    assert share_within(48, 55, 15 / 240) == pytest.approx(0.846, abs=0.0005)


@pytest.mark.parametrize(
    ("load", "people", "waits"),
    [(0.7, 1, 0.7), (1, 2, 1 / 3), (2, 3, 4 / 9), (3, 3, 1), (0, 2, 0), (0, 0, 0)],
)
def test_small_cases_are_exact(load: float, people: int, waits: float) -> None:
    assert has_to_wait(load, people) == pytest.approx(waits)


def test_too_few_people_never_catch_up() -> None:
    assert share_within(3, 3, 100) == 0
    assert mean_wait(3, 2) == math.inf
    assert (mean_wait(0, 0), share_within(0, 0, 1)) == (0, 1)


@pytest.mark.parametrize(("share", "people"), [(0.6, 12), (0.79, 13), (0.8, 14), (0.89, 15)])
def test_people_needed_are_read_off_the_table(share: float, people: int) -> None:
    assert people_needed(10, 20 / 180, share) == people


def flat(value: int) -> list[int]:
    return [value] * HOURS


def test_newer_weeks_weigh_more() -> None:
    """Weights 0.64, 0.8 and 1 over 2.44."""
    assert forecast([flat(1), flat(2), flat(4)])[0] == pytest.approx((0.64 + 1.6 + 4) / 2.44)


def test_a_steady_series_has_no_error_and_chance_is_told_beside_it() -> None:
    errors = error([flat(4)] * 8)
    assert (errors.weeks, errors.hourly, errors.weekly, errors.naive) == (2, 0, 0, 0)
    # A Poisson of mean 4 deviates by 2 e^-4 4^5/4! = 1.5629 in the mean.
    assert errors.by_chance == pytest.approx(1.5629 / 4, abs=1e-4)


def test_the_error_is_measured_on_weeks_that_the_forecast_did_not_know() -> None:
    """Four weeks of 10, then 20: one held-out week missed by half of what came."""
    errors = error([flat(10)] * 4 + [flat(20)])
    assert errors.weeks == 1
    assert [errors.hourly, errors.weekly, errors.naive] == pytest.approx([0.5] * 3)


def test_nothing_in_the_held_out_weeks_has_no_error() -> None:
    errors = error([flat(3)] * 3 + [flat(0)])
    assert (errors.hourly, errors.by_chance) == (None, None)
    assert by_chance([0.0]) is None


DAY = tuple(9 <= hour % 24 < 17 and hour // 24 < 5 for hour in range(HOURS))
CREW = TeamCapacity("network", "", "Europe/Berlin", DAY, 3, {"vpn": 2})
TERMS = StaffingTerms("response-default", 2 * 3600.0, 0.9, 1800.0, "given")


def morning(count: int) -> list[int]:
    """All of it on Mondays from 10 to 11."""
    return [count if hour == 10 else 0 for hour in range(HOURS)]


def test_what_comes_at_night_waits_for_the_morning() -> None:
    night: list[float] = [0.0] * HOURS
    night[3] = 4.0  # Monday at three
    night[5 * 24] = 2.0  # Saturday
    work = move_into_hours(night, DAY, 2 * 3600)
    assert (work[9], work[10], work[3], work[11]) == (3.0, 3.0, 0.0, 0.0)
    assert sum(work) == 6.0
    assert move_into_hours(night, (False,) * HOURS, 3600) == [0.0] * HOURS
    always = move_into_hours(night, (True,) * HOURS, 3600)
    assert always == night


def test_a_plan_says_the_busiest_hour_and_the_error() -> None:
    """Ten tickets of half an hour are five erlangs: six people."""
    plan = plan_staffing([morning(10)] * 8, {"vpn": [morning(10)] * 8}, CREW, TERMS)
    (hour,) = plan.hours
    assert (hour.day, hour.hour, hour.people) == ("Monday", 10, people_needed(5, 4, 0.9))
    assert hour.people == 6
    assert english(plan.explanation) == (
        "Most are needed on Monday from 10 to 11: 6 people for 10 tickets an hour, to answer 90%"
        " within 2 hours; the team has 3. In 2 weeks that it did not know the forecast was off by"
        " 0% by the hour, of which chance alone makes 25%, and by 0% by the week."
    )
    (skill,) = plan.skills
    assert (skill.skill, skill.people, skill.members) == ("vpn", 6, 2)
    assert (plan.person_hours, plan.arrivals_per_week) == (6, 10)


@pytest.mark.parametrize(
    ("weeks", "crew", "terms", "begins"),
    [
        (3, CREW, TERMS, "Too early to say: 3 whole weeks of data; 4 are needed."),
        (8, replace(CREW, open_hours=(False,) * HOURS), TERMS, "Team network has no hour of work"),
        (8, CREW, replace(TERMS, handling=None), "Cannot be told: no ticket shows how long"),
    ],
)
def test_what_cannot_be_planned_is_said(
    weeks: int, crew: TeamCapacity, terms: StaffingTerms, begins: str
) -> None:
    plan = plan_staffing([morning(10)] * weeks, {}, crew, terms)
    assert plan.hours == ()
    assert english(plan.explanation).startswith(begins)


def test_four_weeks_are_enough_for_a_plan_and_the_last_tells_its_error() -> None:
    plan = plan_staffing([morning(10)] * 4, {}, CREW, TERMS)
    assert [(hour.day, hour.hour, hour.people) for hour in plan.hours] == [("Monday", 10, 6)]
    assert plan.error is not None
    assert (plan.error.held_out_weeks, plan.error.per_hour) == (1, 0)


def test_no_tickets_need_nobody() -> None:
    plan = plan_staffing([flat(0)] * 5, {}, CREW, TERMS)
    assert english(plan.explanation) == (
        "No ticket came to network in 5 weeks, so how many people it needs cannot be told."
    )


def test_more_arrivals_never_need_fewer_people() -> None:
    needed = [people_needed(load / 10, 0.5, 0.9) for load in range(1, 300)]
    assert all(previous <= other for previous, other in pairwise(needed))
