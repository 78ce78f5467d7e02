"""Golden cases G22 to G31 of whole tickets, as events."""

from datetime import timedelta

import pytest
from desk_contracts.events.sla import SlaStarted
from desk_metrics.sla.decide import decide
from desk_metrics.sla.explanation import Status
from desk_metrics.sla.model import evolve

from tests.support.metrics_story import (
    RESOLUTION,
    RESPONSE,
    Story,
    at,
    book,
    local,
    policy,
    transitions,
    urgent,
)


def test_g22_only_open_time_counts_as_pause() -> None:
    story = Story("2026-11-20 15:00").paused("2026-11-20 16:00").resumed("10:00")
    assert story.due(book(policy()), "10:00") == "Mon 13:00"
    assert story.explain(book(policy()), "12:00")[0].held == timedelta(minutes=120)


def test_g23_a_pause_outside_hours_moves_nothing() -> None:
    story = Story().paused("18:00").resumed("2026-11-24 08:00")
    later = "2026-11-24 10:00"
    assert story.due(book(policy(minutes=600)), later) == "Tue 11:00"
    assert story.explain(book(policy(minutes=600)), later)[0].held == timedelta(0)


def test_g24_waiting_for_two_at_once_is_one_pause() -> None:
    story = Story().paused("10:00").paused("10:30", "vendor").resumed("12:00")
    assert story.due(book(policy()), "12:00") == "Mon 15:00"


def test_g25_pauses_count_to_the_second() -> None:
    story = Story().paused("10:00:05").resumed("10:00:50")
    assert story.due(book(policy(minutes=120)), "10:30") == "Mon 11:00:45"


@pytest.mark.parametrize(
    ("on_change", "due"),
    [
        ("retroactive", "Mon 14:00"),
        ("from_change", "Mon 16:00"),
    ],
)
def test_g26_a_shorter_goal_in_flight(on_change: str, due: str) -> None:
    story = Story().paused("10:00").resumed("11:00").priority("12:00", "P1")
    assert story.due(urgent(on_change=on_change), "12:00") == due


def test_g26_a_wait_during_the_change_counts_from_the_change_on() -> None:
    story = Story().paused("10:00").priority("12:00", "P1").resumed("13:00")
    assert story.due(urgent(on_change="retroactive"), "13:00") == "Mon 16:00"
    assert story.due(urgent(on_change="from_change"), "13:00") == "Mon 17:00"


@pytest.mark.parametrize(
    ("on_reopen", "due"),
    [("continue", "Tue 11:00"), ("restart", "Tue 13:00"), ("counts", "Mon 13:00")],
)
def test_g27_reopened(on_reopen: str, due: str) -> None:
    story = Story().resolved("11:00").reopened("2026-11-24 09:00")
    policies = book(policy(on_reopen=on_reopen))
    assert story.due(policies, "2026-11-24 09:00") == due
    assert [item.cycle for item in story.explain(policies, "2026-11-24 09:00")] == [1, 2]


def test_g28_warnings_are_in_working_time_and_stand_while_paused() -> None:
    policies = book(policy(minutes=480, warn_at=(75,)))
    assert local(Story("15:00").decide(policies, "15:00").due) == "Tue 13:00"
    paused = Story("15:00").paused("16:00").resumed("16:30")
    assert local(paused.decide(policies, "16:30").due) == "Tue 13:30"


def test_g28_a_paused_clock_warns_nobody() -> None:
    policies = book(policy(minutes=480, warn_at=(75,)))
    assert Story("15:00").paused("16:00").decide(policies, "2026-12-23 09:00").due is None


def test_g29_late_facts_in_any_order_and_twice_give_the_same_deadline() -> None:
    policies = book(policy(minutes=180))
    story = Story().retitled("09:05").paused("10:00").resumed("12:30")
    opened, title, paused, resumed = story.events
    orders = [
        [opened, title, paused, resumed],
        [opened, resumed, title, resumed, paused, paused, opened],
        [resumed, paused, title, opened],
    ]
    states = [story.clocks(order) for order in orders]
    assert states[0] == states[1] == states[2]
    assert story.due(policies, "13:00") == "Mon 14:30"


def test_g29_a_breach_that_late_facts_disprove_is_taken_back() -> None:
    policies = book(policy(minutes=180))
    story = Story().paused("10:00").resumed("12:30")
    opened, paused, resumed = story.events
    first = decide(story.clocks([opened]), policies, at("12:31"))
    assert transitions(first.events) == [
        "resolution started Mon 09:00",
        "resolution breached Mon 12:00",
    ]
    second = decide(evolve(evolve(first.state, resumed), paused), policies, at("12:40"))
    assert transitions(second.events) == [
        "resolution cancelled Mon 12:40",
        "resolution started Mon 09:00",
        "resolution paused Mon 10:00",
        "resolution resumed Mon 12:30",
    ]
    assert local(second.due) == "Mon 14:30"
    ids = [event.id for event in (*first.events, *second.events)]
    assert len(ids) == len(set(ids))


def test_g30_a_calendar_that_never_opens_slas_without_due_and_is_reported() -> None:
    policies = book(policy(calendar="never"))
    decision = Story().decide(policies, "2027-11-23 09:00")
    assert [event.data for event in decision.events] == [
        SlaStarted(
            clock=RESOLUTION,
            policy="resolution-default",
            policy_version="1@v1",
            target=timedelta(hours=4),
            due=None,
        )
    ]
    assert decision.due is None
    [problem] = policies.problems()
    assert (problem.code, problem.about) == ("calendar-never-opens", "never")


def test_g31_time_taken_and_margin_of_a_late_answer() -> None:
    policies = book(policy(RESPONSE, 60, calendar="always"))
    explained = Story("09:30").answered("14:00").explain(policies, "15:00")[0]
    assert explained.used == timedelta(minutes=270)
    assert explained.margin == timedelta(minutes=-210)
    assert (explained.status, explained.remaining) == (Status.BREACHED, timedelta(0))
