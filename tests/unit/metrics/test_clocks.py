"""Each clock from its beginning to its end, and what explains it."""

from datetime import date

import pytest
from desk_charter.calendars import Closure
from desk_contracts.events.sla import SlaBreached
from desk_contracts.events.tickets import How, Role
from desk_metrics.sla.explanation import Status, Why
from desk_metrics.sla.policies import Edition, PolicyBook

from tests.support.metrics_story import (
    BEGINNING,
    NEXT,
    OFFICE,
    OWNERSHIP,
    RESPONSE,
    UPDATE,
    Story,
    book,
    local,
    policy,
    transitions,
    urgent,
)
from tests.support.spoken import english


def test_updates_are_owed_from_the_first_response_to_the_end() -> None:
    policies = book(policy(UPDATE, 60))
    story = (
        Story()
        .question("09:10")
        .answered("09:30")
        .answered("10:00")
        .answered("11:30")
        .resolved("12:00")
    )
    assert [
        (item.cycle, item.status, local(item.due)) for item in story.explain(policies, "15:00")
    ] == [
        (1, Status.MET, "Mon 10:30"),
        (2, Status.BREACHED, "Mon 11:00"),
        (3, Status.MET, "Mon 12:30"),
    ]


def test_a_bot_update_is_an_update_but_begins_none() -> None:
    policies = book(policy(UPDATE, 60))
    assert Story().answered("09:10", Role.AUTOMATION).explain(policies, "12:00") == ()
    story = Story().answered("09:10").answered("09:40", Role.AUTOMATION)
    assert [item.by_automation for item in story.explain(policies, "10:00")] == [True, False]


def test_each_team_that_holds_the_ticket_has_a_clock() -> None:
    fast = policy(OWNERSHIP, 30, name="network", when={"teams": ["network"]})
    policies = book(fast, policy(OWNERSHIP, 60))
    story = (
        Story()
        .assigned("09:00", "desk")
        .assigned("09:10", "desk")
        .assigned("09:30", "network")
        .assigned("10:30", "desk")
        .resolved("11:00")
        .reopened("12:00")
    )
    clocks = [
        (item.team, item.cycle, item.policy, item.status)
        for item in story.explain(policies, "12:10")
    ]
    assert clocks == [
        ("desk", 1, "ownership-default", Status.MET),
        ("network", 1, "network", Status.BREACHED),
        ("desk", 2, "ownership-default", Status.MET),
        ("desk", 3, "ownership-default", Status.RUNNING),
    ]


def test_a_ticket_taken_from_its_team_is_held_by_none() -> None:
    story = Story().assigned("09:00", "desk").assigned("09:30", "")
    assert [item.status for item in story.explain(book(policy(OWNERSHIP)), "10:00")] == [Status.MET]


def test_an_assignment_while_resolved_begins_its_clock_at_the_reopening() -> None:
    story = Story().resolved("09:30").assigned("10:00", "desk").reopened("11:00")
    assert story.due(book(policy(OWNERSHIP, 60)), "11:00", OWNERSHIP) == "Mon 12:00"


def test_a_repair_by_the_desk_ends_the_response_sla_without_verdict() -> None:
    policies = book(policy(RESPONSE, 60), policy(NEXT, 60))
    story = Story().resolved("09:30", How.AUTOMATION)
    assert [item.status for item in story.explain(policies, "12:00")] == [Status.CANCELLED]
    story.reopened("10:00")
    assert [(item.clock, item.cycle) for item in story.explain(policies, "12:00")] == [
        (RESPONSE, 1),
        (RESPONSE, 2),
    ]


def test_a_resolution_by_a_person_is_a_response() -> None:
    story = Story().resolved("09:30")
    assert story.explain(book(policy(RESPONSE, 60)), "12:00")[0].status is Status.MET


def test_a_ticket_that_its_requester_withdraws_gets_no_verdict() -> None:
    policies = book(policy(RESPONSE, 60), policy())
    story = Story().resolved("09:30", How.WITHDRAWN)
    assert {item.status for item in story.explain(policies, "12:00")} == {Status.CANCELLED}


def test_reopening_by_its_requester_asks_for_an_answer() -> None:
    policies = book(policy(NEXT, 60))
    story = Story().answered("09:10").resolved("09:30").question("09:40").reopened("10:00")
    assert story.due(policies, "10:00", NEXT) == "Mon 11:00"
    by_team = Story().answered("09:10").resolved("09:30").reopened("10:00", by="bo")
    assert by_team.explain(policies, "10:00") == ()


def test_a_reopened_ticket_that_was_late_already_inherits_its_breach() -> None:
    story = Story().resolved("11:00").reopened("12:00")
    events = story.decide(book(policy(minutes=60)), "12:00").events
    assert transitions(events) == [
        "resolution started Mon 09:00",
        "resolution breached Mon 10:00",
        "resolution started Mon 12:00",
        "resolution breached Mon 12:00",
    ]
    assert [e.data.inherited for e in events if isinstance(e.data, SlaBreached)] == [
        False,
        True,
    ]


def test_a_reopened_sla_from_a_change_goes_on_from_the_change() -> None:
    policies = urgent(on_change="from_change")
    story = Story().priority("12:00", "P1").resolved("13:00").reopened("14:00")
    assert story.due(policies, "14:00") == "Mon 17:00"


@pytest.mark.parametrize(
    ("on_change", "due"),
    [
        ("retroactive", "Mon 15:00"),
        ("from_change", "Mon 16:00"),
    ],
)
def test_a_change_while_resolved_takes_hold_at_the_reopening(on_change: str, due: str) -> None:
    story = Story().resolved("10:00").priority("10:30", "P1").reopened("12:00")
    assert story.due(urgent(on_change=on_change), "12:00") == due


def test_each_stretch_says_whether_it_counted_and_why() -> None:
    story = Story("2026-11-20 15:00").paused("2026-11-20 16:00", "vendor").resumed("10:00")
    stretches = story.explain(book(policy()), "11:00")[0].explanation
    assert [
        (local(stretch.start), local(stretch.end), stretch.counted, english(stretch.message))
        for stretch in stretches
    ] == [
        ("Fri 15:00", "Fri 16:00", True, "open hours of “office”"),
        ("Fri 16:00", "Fri 17:00", False, "waiting for a supplier"),
        ("Fri 17:00", "Mon 09:00", False, "outside the hours of “office”"),
        ("Mon 09:00", "Mon 10:00", False, "waiting for a supplier"),
        ("Mon 10:00", "Mon 11:00", True, "open hours of “office”"),
    ]


def test_closed_days_are_named() -> None:
    closed = OFFICE.model_copy(
        update={
            "holiday_dates": {date(2026, 11, 24): "Founders' Day"},
            "closures": (
                Closure(name="stocktaking", first=date(2026, 11, 25), last=date(2026, 11, 25)),
            ),
        }
    )
    ours = Edition(version="v1", since=BEGINNING, policies=(policy(),), calendars=(closed,))
    stretches = Story("16:00").explain(PolicyBook([ours]), "2026-11-26 10:00")[0].explanation
    assert [(stretch.counted, english(stretch.message)) for stretch in stretches] == [
        (True, "open hours of “office”"),
        (False, "outside the hours of “office”"),
        (False, "holiday: Founders' Day"),
        (False, "closed: stocktaking"),
        (False, "outside the hours of “office”"),
        (True, "open hours of “office”"),
    ]


def test_time_between_cycles_and_before_a_fresh_goal_is_named() -> None:
    story = Story().resolved("10:00").reopened("11:00").priority("12:00", "P1")
    fresh = story.explain(urgent(on_change="from_change"), "13:00")
    assert [[item.why for item in sla.explanation] for sla in fresh] == [
        [Why.WORKED],
        [Why.WORKED, Why.RESOLVED, Why.WORKED],
        [Why.BEFORE, Why.WORKED],
    ]
    assert [sla.status for sla in fresh] == [Status.MET, Status.CANCELLED, Status.RUNNING]


def test_a_paused_sla_says_so() -> None:
    explained = Story().paused("10:00", "approval").explain(book(policy()), "11:00")[0]
    assert (explained.status, explained.due) == (Status.PAUSED, None)
    assert english(explained.explanation[-1].message) == "waiting for an approval"
