"""Promises of whole tickets: golden cases G22 to G30 as events, and the rules R1 to R16."""

from datetime import date, timedelta
from functools import reduce

import pytest
from desk_metrics.domain.calendars import Closure
from desk_metrics.domain.clocks import TicketClocks, evolve
from desk_metrics.domain.explain import Status, Why
from desk_metrics.domain.policies import Edition, PolicyBook
from desk_metrics.domain.telling import decide
from desk_shared.errors import Invalid
from desk_shared.events.envelope import Event
from desk_shared.events.promises import (
    ClockName,
    PromiseBreached,
    PromiseKept,
    PromisePaused,
    PromiseStarted,
    PromiseWithdrawn,
)
from desk_shared.events.tickets import How, Kind, Role, TicketStarted
from pydantic import TypeAdapter

from tests.unit.metrics.story import (
    BEGINNING,
    OFFICE,
    Story,
    at,
    book,
    edition,
    local,
    policy,
    said,
)

RESPONSE, NEXT = ClockName.RESPONSE, ClockName.NEXT_RESPONSE
RESOLUTION, UPDATE, OWNERSHIP = ClockName.RESOLUTION, ClockName.UPDATE, ClockName.OWNERSHIP


STORED = TypeAdapter(TicketClocks)


def urgent(minutes: float = 240, **more: object) -> PolicyBook:
    """Eight hours for all, but fewer for P1."""
    special = policy(RESOLUTION, minutes, name="urgent", when={"priorities": ["P1"]}, **more)
    return book(special, policy(minutes=480))


# Golden cases


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
        ("retroactive_start", "Mon 13:00"),
        ("from_change", "Mon 16:00"),
    ],
)
def test_g26_a_shorter_goal_in_flight(on_change: str, due: str) -> None:
    story = Story().paused("10:00").resumed("11:00").priority("12:00", "P1")
    assert story.due(urgent(on_change=on_change), "12:00") == due


def test_g26_a_wait_during_the_change_counts_from_the_change_on() -> None:
    story = Story().paused("10:00").priority("12:00", "P1").resumed("13:00")
    assert story.due(urgent(on_change="retroactive"), "13:00") == "Mon 16:00"
    assert story.due(urgent(on_change="retroactive_start"), "13:00") == "Mon 14:00"
    assert story.due(urgent(on_change="from_change"), "13:00") == "Mon 17:00"


@pytest.mark.parametrize(
    ("on_reopen", "due"),
    [("continue", "Tue 11:00"), ("restart", "Tue 13:00"), ("counts", "Mon 13:00")],
)
def test_g27_reopened(on_reopen: str, due: str) -> None:
    story = Story().resolved("11:00").reopened("2026-11-24 09:00")
    policies = book(policy(on_reopen=on_reopen))
    assert story.due(policies, "2026-11-24 09:00") == due
    assert [one.cycle for one in story.explain(policies, "2026-11-24 09:00")] == [1, 2]


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
    assert said(first.events) == ["resolution started Mon 09:00", "resolution breached Mon 12:00"]
    second = decide(evolve(evolve(first.state, resumed), paused), policies, at("12:40"))
    assert said(second.events) == [
        "resolution withdrawn Mon 12:40",
        "resolution started Mon 09:00",
        "resolution paused Mon 10:00",
        "resolution resumed Mon 12:30",
    ]
    assert local(second.due) == "Mon 14:30"
    ids = [event.id for event in (*first.events, *second.events)]
    assert len(ids) == len(set(ids))


def test_g30_a_calendar_that_never_opens_promises_without_due_and_is_reported() -> None:
    policies = book(policy(calendar="never"))
    decision = Story().decide(policies, "2027-11-23 09:00")
    assert [event.data for event in decision.events] == [
        PromiseStarted(
            clock=RESOLUTION,
            policy="resolution-default",
            policy_version="1@v1",
            goal=timedelta(hours=4),
            due=None,
        )
    ]
    assert decision.due is None
    assert [problem.about for problem in policies.problems()] == ["never"]
    assert "has no open hour" in policies.problems()[0].text


def test_g31_time_taken_and_margin_of_a_late_answer() -> None:
    policies = book(policy(RESPONSE, 60, calendar="always"))
    explained = Story("09:30").answered("14:00").explain(policies, "15:00")[0]
    assert explained.used == timedelta(minutes=270)
    assert explained.margin == timedelta(minutes=-210)
    assert (explained.status, explained.remaining) == (Status.BREACHED, timedelta(0))


# Rules


def test_r01_an_answer_at_the_due_instant_is_in_time() -> None:
    policies = book(policy(RESPONSE, 60))
    decision = Story().answered("10:00").decide(policies, "12:00")
    assert said(decision.events) == ["response started Mon 09:00", "response kept Mon 10:00"]
    kept = decision.events[-1].data
    assert isinstance(kept, PromiseKept)
    assert (kept.took, kept.due) == (timedelta(hours=1), at("10:00"))


def test_r01_no_answer_one_tick_after_the_due_instant_is_a_breach() -> None:
    policies = book(policy(RESPONSE, 60))
    running = Story().decide(policies, "10:00")
    assert said(running.events) == ["response started Mon 09:00"]
    assert running.due == at("10:00") + timedelta(milliseconds=1)
    broken = decide(running.state, policies, running.due)
    assert said(broken.events) == ["response breached Mon 10:00"]
    assert broken.due is None
    late = Story().answered("10:00:01").decide(policies, "12:00")
    assert said(late.events) == ["response started Mon 09:00", "response breached Mon 10:00"]


def test_r02_automatic_and_bot_answers_are_no_first_response() -> None:
    policies = book(policy(RESPONSE, 60))
    story = (
        Story()
        .answered("09:01", automatic=True)
        .answered("09:02", Role.AUTOMATION)
        .answered("09:03", Role.SYSTEM)
        .answered("09:04", public=False)
    )
    assert said(story.decide(policies, "10:01").events)[-1] == "response breached Mon 10:00"


def test_r02_a_bot_answer_ends_the_waiting_and_is_reported_apart() -> None:
    policies = book(policy(NEXT, 60))
    story = Story().answered("09:10").asked("09:20").answered("09:30", Role.AUTOMATION)
    explained = story.explain(policies, "10:00")[0]
    assert (explained.status, explained.by_automation) == (Status.KEPT, True)
    by_person = Story().answered("09:10").asked("09:20").answered("09:30")
    assert not by_person.explain(policies, "10:00")[0].by_automation


def test_r03_an_answer_counts_when_the_same_update_pauses() -> None:
    policies = book(policy(RESPONSE, 60))
    for story in (
        Story().answered("09:30").paused("09:30"),
        Story().paused("09:30").answered("09:30"),
    ):
        assert story.explain(policies, "12:00")[0].status is Status.KEPT


def test_r03_closing_in_the_same_update_still_writes_the_verdict() -> None:
    policies = book(policy(RESPONSE, 60), policy())
    story = Story().priority("10:00", "P1").answered("10:00").resolved("10:00").closed("10:00")
    assert said(story.decide(policies, "10:00").events) == [
        "resolution started Mon 09:00",
        "response started Mon 09:00",
        "response kept Mon 10:00",
        "resolution kept Mon 10:00",
    ]


def test_r03_closing_without_resolving_is_the_resolution() -> None:
    assert Story().closed("10:00").explain(book(policy()), "11:00")[0].status is Status.KEPT


def test_r04_asking_again_does_not_move_the_start() -> None:
    policies = book(policy(NEXT, 60))
    story = Story().answered("09:10").asked("09:20").asked("09:50").asked("10:10")
    assert story.due(policies, "10:15", NEXT) == "Mon 10:20"
    assert len(story.explain(policies, "10:15")) == 1


def test_r04_an_answer_ends_it_and_the_next_question_begins_a_cycle() -> None:
    policies = book(policy(NEXT, 60))
    story = Story().answered("09:10").asked("09:20").answered("09:30").asked("11:00")
    assert [(one.cycle, one.status) for one in story.explain(policies, "11:05")] == [
        (1, Status.KEPT),
        (2, Status.RUNNING),
    ]
    assert story.due(policies, "11:05", NEXT) == "Mon 12:00"


def test_r04_internal_and_automatic_notes_never_count() -> None:
    policies = book(policy(NEXT, 60))
    silent = Story().answered("09:10").asked("09:20", public=False).asked("09:21", automatic=True)
    assert silent.explain(policies, "10:00") == ()
    internal = Story().answered("09:10").asked("09:20").answered("09:30", public=False)
    assert internal.explain(policies, "10:00")[0].status is Status.RUNNING


def test_r05_next_response_waits_for_the_first() -> None:
    policies = book(policy(RESPONSE, 120), policy(NEXT, 10))
    story = Story().asked("09:05").asked("09:20")
    assert {one.clock for one in story.explain(policies, "10:00")} == {RESPONSE}
    assert story.answered("10:00").decide(policies, "10:30").due is None


def test_r06_nothing_runs_when_the_team_spoke_last() -> None:
    story = Story().answered("09:10").asked("09:20").answered("09:30").answered("09:40")
    assert [one.status for one in story.explain(book(policy(NEXT, 60)), "12:00")] == [Status.KEPT]


def test_r07_a_merged_ticket_stops_without_verdict() -> None:
    policies = book(policy(minutes=60))
    decision = Story().merged("09:30").resolved("09:40").decide(policies, "2026-12-23 09:00")
    assert said(decision.events) == [
        "resolution started Mon 09:00",
        "resolution withdrawn Mon 09:30",
    ]
    withdrawn = decision.events[-1].data
    assert isinstance(withdrawn, PromiseWithdrawn)
    assert withdrawn.because == "the ticket goes on in ticket-2"
    assert decision.due is None


def test_r07_a_breach_before_the_merge_stays_a_breach() -> None:
    decision = Story().merged("11:00").decide(book(policy(minutes=60)), "12:00")
    assert said(decision.events)[1:] == ["resolution breached Mon 10:00"]


def test_r08_a_policy_that_no_longer_matches_is_withdrawn_with_its_breach() -> None:
    only_incidents = policy(minutes=60, name="urgent", when={"priorities": ["P1"]})
    policies = book(only_incidents, policy(minutes=480))
    story = Story().triaged("09:00", "P1")
    broken = story.decide(policies, "10:30")
    assert "resolution breached Mon 10:00" in said(broken.events)
    lowered = decide(
        evolve(broken.state, story.priority("11:00", "P3").events[-1]), policies, at("11:00")
    )
    assert said(lowered.events) == [
        "resolution withdrawn Mon 11:00",
        "resolution started Mon 11:00",
    ]
    assert isinstance(lowered.events[0].data, PromiseWithdrawn)
    assert lowered.events[0].data.because == "promise 'resolution-default' applies instead"


def test_r08_switching_promises_off_withdraws_and_on_again_resumes_from_the_start() -> None:
    policies = PolicyBook(
        [
            edition(policy(minutes=60)),
            edition(since=at("09:30"), version="v2"),
            edition(policy(minutes=60), since=at("10:30"), version="v3"),
        ]
    )
    story = Story()
    off = story.decide(policies, "10:20")
    assert said(off.events) == ["resolution started Mon 09:00", "resolution withdrawn Mon 09:30"]
    on = decide(off.state, policies, at("10:31"))
    assert said(on.events) == ["resolution started Mon 10:30", "resolution breached Mon 10:30"]
    assert isinstance(on.events[1].data, PromiseBreached)
    assert on.events[1].data.inherited


def test_r08_a_calendar_edit_recomputes_open_tickets_and_leaves_closed_ones() -> None:
    first, second = (
        edition(policy()),
        edition(policy(calendar="always"), since=at("12:00"), version="v2"),
    )
    policies = PolicyBook([first, second])
    closed = Story("08:00").resolved("11:30")
    assert [(one.policy_version, one.status) for one in closed.explain(policies, "13:00")] == [
        ("1@v1", Status.KEPT)
    ]
    still_open = Story("08:00")
    assert [
        (one.policy_version, local(one.due)) for one in still_open.explain(policies, "12:00")
    ] == [
        ("1@v1", "Mon 13:00"),
        ("1@v2", "Mon 12:00"),
    ]


def test_r08_an_edition_that_changes_nothing_about_a_promise_leaves_it_alone() -> None:
    other = policy(RESPONSE, 30)
    policies = PolicyBook(
        [edition(policy()), edition(policy(), other, since=at("10:00"), version="v2")]
    )
    decision = Story().answered("09:30").decide(policies, "11:00")
    assert said(decision.events) == ["resolution started Mon 09:00"]


def test_r08_a_coming_edition_is_a_timer_while_something_runs() -> None:
    later = edition(policy(minutes=60), since=at("09:30"), version="v2")
    policies = PolicyBook([edition(policy()), later])
    running = Story().decide(policies, "09:10")
    assert running.due == at("09:30")
    turned = decide(running.state, policies, at("09:30"))
    assert said(turned.events) == ["resolution withdrawn Mon 09:30", "resolution started Mon 09:30"]
    assert Story().resolved("09:05").decide(policies, "09:10").due is None


def test_r08_switched_on_in_flight_the_promise_reaches_back_or_not() -> None:
    for on_change, due in (("retroactive", "Mon 13:00"), ("from_change", "Mon 14:00")):
        switched_on = edition(policy(on_change=on_change), since=at("10:00"), version="v2")
        policies = PolicyBook([edition(), switched_on])
        assert Story().due(policies, "10:00") == due


def test_r08_an_edition_comes_into_force_before_what_happens_at_that_instant() -> None:
    shorter = edition(policy(minutes=60), since=at("09:30"), version="v2")
    policies = PolicyBook([edition(policy()), shorter])
    decision = Story().resolved("09:30").decide(policies, "09:30")
    assert said(decision.events) == [
        "resolution started Mon 09:00",
        "resolution withdrawn Mon 09:30",
        "resolution started Mon 09:30",
        "resolution kept Mon 09:30",
    ]


def test_r08_an_edit_of_the_calendar_never_gives_a_fresh_goal() -> None:
    policies = PolicyBook(
        [
            edition(policy(on_change="from_change")),
            edition(
                policy(on_change="from_change", calendar="always"), since=at("12:00"), version="v2"
            ),
        ]
    )
    assert Story().due(policies, "12:00") == "Mon 13:00"


def test_r09_the_first_match_in_written_order_holds() -> None:
    vip = policy(minutes=60, name="vip", when={"groups": ["board"]})
    mail = policy(minutes=120, name="mail", when={"services": ["mail"], "kinds": ["incident"]})
    policies = book(vip, mail, policy())
    names = [
        Story(group="board", service="mail").explain(policies, "09:00")[0].policy,
        Story(group="sales", service="mail").explain(policies, "09:00")[0].policy,
        Story(service="mail", kind=Kind.REQUEST).explain(policies, "09:00")[0].policy,
        Story().explain(policies, "09:00")[0].policy,
    ]
    assert names == ["vip", "mail", "resolution-default", "resolution-default"]


def test_r09_a_default_is_a_last_resort_wherever_it_stands() -> None:
    vip = policy(minutes=60, name="vip", when={"groups": ["board"]})
    assert Story(group="board").explain(book(policy(), vip), "09:00")[0].policy == "vip"


def test_r10_another_reason_neither_doubles_nor_ends_the_pause() -> None:
    story = (
        Story().paused("10:00").paused("10:30", "vendor").paused("10:40", "vendor").resumed("11:00")
    )
    assert said(story.decide(book(policy()), "12:00").events)[1:] == [
        "resolution paused Mon 10:00",
        "resolution resumed Mon 11:00",
    ]
    assert story.due(book(policy()), "12:00") == "Mon 14:00"


def test_r10_only_the_reasons_that_a_policy_names_stop_its_clock() -> None:
    story = Story().paused("10:00").paused("10:30", "vendor").paused("10:45").resumed("11:00")
    assert story.due(book(policy(pause_on=("employee",))), "12:00") == "Mon 13:45"
    assert story.due(book(policy(pause_on=())), "12:00") == "Mon 13:00"


def test_r10_closing_after_resolving_moves_nothing() -> None:
    story = Story().resolved("10:00").resolved("10:30").closed("2026-11-30 10:00")
    explained = story.explain(book(policy()), "2026-12-01 10:00")
    assert [(one.used, local(one.ends)) for one in explained] == [(timedelta(hours=1), "Mon 10:00")]


def test_r11_held_and_remaining_are_never_negative_and_percent_stands_in_a_pause() -> None:
    policies = book(policy(minutes=100))
    story = Story().resumed("09:10").paused("09:50")
    shares = [
        story.explain(policies, now)[0].percent for now in ("09:30", "09:50", "12:00", "16:00")
    ]
    assert shares == [30, 50, 50, 50]
    late = Story().explain(policies, "16:00")[0]
    assert (late.remaining, late.overrun) == (timedelta(0), timedelta(minutes=320))
    assert late.held == timedelta(0)


def test_r12_each_warning_and_breach_is_said_once() -> None:
    policies = book(policy(minutes=100, warn_at=(50, 90)))
    decision = Story().decide(policies, "09:00")
    everything = list(decision.events)
    for minute in range(0, 300, 7):
        decision = decide(decision.state, policies, at("09:00") + timedelta(minutes=minute))
        everything += decision.events
    assert said(everything) == [
        "resolution started Mon 09:00",
        "resolution at-risk Mon 09:50",
        "resolution at-risk Mon 10:30",
        "resolution breached Mon 10:40",
    ]


def test_r12_a_new_cycle_arms_the_warnings_again() -> None:
    policies = book(policy(minutes=100, warn_at=(50,), on_reopen="restart"))
    story = Story().resolved("10:00").reopened("11:00")
    assert [line for line in said(story.decide(policies, "12:00").events) if "risk" in line] == [
        "resolution at-risk Mon 09:50",
        "resolution at-risk Mon 11:50",
    ]


def test_r12_nothing_warns_at_the_creation_or_outside_hours() -> None:
    policies = book(policy(minutes=30, warn_at=(1, 99)))
    decision = Story("2026-11-21 12:00").decide(policies, "2026-11-22 23:00")
    assert said(decision.events) == ["resolution started Sat 12:00"]
    assert local(decision.due) == "Mon 09:00:18"


def test_r12_of_the_warnings_passed_when_a_promise_begins_only_the_highest_is_said() -> None:
    policies = urgent(minutes=240, warn_at=(25, 50, 90))
    story = Story().priority("11:30", "P1")
    assert said(story.decide(policies, "11:30").events)[2:] == [
        "resolution started Mon 11:30",
        "resolution at-risk Mon 11:30",
    ]


def test_r12_a_warning_comes_before_what_happens_at_its_instant() -> None:
    policies = book(policy(minutes=100, warn_at=(50,)))
    story = Story()
    warned = story.decide(policies, "09:50")
    paused = decide(evolve(warned.state, story.paused("09:50").events[-1]), policies, at("09:50"))
    assert said([*warned.events, *paused.events])[1:] == [
        "resolution at-risk Mon 09:50",
        "resolution paused Mon 09:50",
    ]
    assert story.decide(policies, "09:50").events == (*warned.events, *paused.events)


def test_r13_a_paused_clock_does_not_breach() -> None:
    decision = Story().paused("09:30").decide(book(policy(minutes=60)), "2027-11-23 09:00")
    assert said(decision.events)[-1] == "resolution paused Mon 09:30"
    assert decision.due is None
    assert isinstance(decision.events[-1].data, PromisePaused)
    assert decision.events[-1].data.because == "employee"


def test_r13_a_breach_by_a_retroactive_start_is_marked_inherited() -> None:
    story = Story().priority("15:00", "P1")
    events = story.decide(urgent(minutes=60), "15:00").events
    assert said(events)[-1] == "resolution breached Mon 15:00"
    breach = events[-1].data
    assert isinstance(breach, PromiseBreached)
    assert (breach.inherited, local(breach.due)) == (True, "Mon 10:00")


def test_r13_a_promise_that_begins_at_its_due_instant_breaks_by_itself() -> None:
    story = Story().priority("10:00", "P1")
    running = story.decide(urgent(minutes=60), "10:00")
    assert said(running.events)[-1] == "resolution started Mon 10:00"
    breach = decide(running.state, urgent(minutes=60), at("10:01")).events[-1].data
    assert isinstance(breach, PromiseBreached)
    assert not breach.inherited


def test_r13_what_is_late_already_is_not_also_at_risk() -> None:
    story = Story().priority("15:00", "P1")
    events = story.decide(urgent(minutes=60, warn_at=(50,)), "15:00").events
    assert said(events)[2:] == ["resolution started Mon 15:00", "resolution breached Mon 15:00"]


def test_r13_a_breach_that_happens_under_its_own_promise_is_not_inherited() -> None:
    story = Story().priority("09:30", "P1")
    breach = story.decide(urgent(minutes=60), "15:00").events[-1].data
    assert isinstance(breach, PromiseBreached)
    assert not breach.inherited


def test_r14_a_pause_at_the_very_beginning_pauses_and_cancels_nothing() -> None:
    story = Story().paused("09:00")
    decision = story.decide(book(policy(minutes=60)), "12:00")
    assert said(decision.events) == ["resolution started Mon 09:00", "resolution paused Mon 09:00"]
    resumed = decide(
        evolve(decision.state, story.resumed("12:00").events[-1]),
        book(policy(minutes=60)),
        at("12:00"),
    )
    assert local(resumed.due) == "Mon 13:00"


def test_r15_a_target_is_working_minutes_and_nothing_else() -> None:
    day = Story().due(book(policy(minutes=8 * 60)), "09:00")
    assert day == "Mon 17:00"  # a working day is eight open hours, never 24 hours


def test_r16_a_far_deadline_costs_no_stepping() -> None:
    policies = book(policy(minutes=60 * 8 * 250 * 5))  # five working years
    explained = Story().explain(policies, "09:00")[0]
    assert explained.due is not None
    assert explained.due.year == 2031


# Clocks


def test_updates_are_owed_from_the_first_response_to_the_end() -> None:
    policies = book(policy(UPDATE, 60))
    story = (
        Story()
        .asked("09:10")
        .answered("09:30")
        .answered("10:00")
        .answered("11:30")
        .resolved("12:00")
    )
    assert [
        (one.cycle, one.status, local(one.due)) for one in story.explain(policies, "15:00")
    ] == [
        (1, Status.KEPT, "Mon 10:30"),
        (2, Status.BREACHED, "Mon 11:00"),
        (3, Status.KEPT, "Mon 12:30"),
    ]


def test_a_bot_update_is_an_update_but_begins_none() -> None:
    policies = book(policy(UPDATE, 60))
    assert Story().answered("09:10", Role.AUTOMATION).explain(policies, "12:00") == ()
    story = Story().answered("09:10").answered("09:40", Role.AUTOMATION)
    assert [one.by_automation for one in story.explain(policies, "10:00")] == [True, False]


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
    found = [
        (one.team, one.cycle, one.policy, one.status) for one in story.explain(policies, "12:10")
    ]
    assert found == [
        ("desk", 1, "ownership-default", Status.KEPT),
        ("network", 1, "network", Status.BREACHED),
        ("desk", 2, "ownership-default", Status.KEPT),
        ("desk", 3, "ownership-default", Status.RUNNING),
    ]


def test_a_ticket_taken_from_its_team_is_held_by_none() -> None:
    story = Story().assigned("09:00", "desk").assigned("09:30", "")
    assert [one.status for one in story.explain(book(policy(OWNERSHIP)), "10:00")] == [Status.KEPT]


def test_an_assignment_while_resolved_begins_its_clock_at_the_reopening() -> None:
    story = Story().resolved("09:30").assigned("10:00", "desk").reopened("11:00")
    assert story.due(book(policy(OWNERSHIP, 60)), "11:00", OWNERSHIP) == "Mon 12:00"


def test_a_repair_by_the_desk_ends_the_response_promise_without_verdict() -> None:
    policies = book(policy(RESPONSE, 60), policy(NEXT, 60))
    story = Story().resolved("09:30", How.AUTOMATION)
    assert [one.status for one in story.explain(policies, "12:00")] == [Status.WITHDRAWN]
    story.reopened("10:00")
    assert [(one.clock, one.cycle) for one in story.explain(policies, "12:00")] == [
        (RESPONSE, 1),
        (RESPONSE, 2),
    ]


def test_a_resolution_by_a_person_is_a_response() -> None:
    story = Story().resolved("09:30")
    assert story.explain(book(policy(RESPONSE, 60)), "12:00")[0].status is Status.KEPT


def test_a_ticket_that_its_requester_withdraws_gets_no_verdict() -> None:
    policies = book(policy(RESPONSE, 60), policy())
    story = Story().resolved("09:30", How.WITHDRAWN)
    assert {one.status for one in story.explain(policies, "12:00")} == {Status.WITHDRAWN}


def test_reopening_by_its_requester_asks_for_an_answer() -> None:
    policies = book(policy(NEXT, 60))
    story = Story().answered("09:10").resolved("09:30").asked("09:40").reopened("10:00")
    assert story.due(policies, "10:00", NEXT) == "Mon 11:00"
    by_team = Story().answered("09:10").resolved("09:30").reopened("10:00", by="bo")
    assert by_team.explain(policies, "10:00") == ()


def test_a_reopened_ticket_that_was_late_already_inherits_its_breach() -> None:
    story = Story().resolved("11:00").reopened("12:00")
    events = story.decide(book(policy(minutes=60)), "12:00").events
    assert said(events) == [
        "resolution started Mon 09:00",
        "resolution breached Mon 10:00",
        "resolution started Mon 12:00",
        "resolution breached Mon 12:00",
    ]
    assert [e.data.inherited for e in events if isinstance(e.data, PromiseBreached)] == [
        False,
        True,
    ]


def test_a_reopened_promise_from_a_change_goes_on_from_the_change() -> None:
    policies = urgent(on_change="from_change")
    story = Story().priority("12:00", "P1").resolved("13:00").reopened("14:00")
    assert story.due(policies, "14:00") == "Mon 17:00"


@pytest.mark.parametrize(
    ("on_change", "due"),
    [
        ("retroactive", "Mon 15:00"),
        ("retroactive_start", "Mon 15:00"),
        ("from_change", "Mon 16:00"),
    ],
)
def test_a_change_while_resolved_takes_hold_at_the_reopening(on_change: str, due: str) -> None:
    story = Story().resolved("10:00").priority("10:30", "P1").reopened("12:00")
    assert story.due(urgent(on_change=on_change), "12:00") == due


# Facts


def test_facts_from_before_the_opening_count_from_the_opening() -> None:
    story = Story().triaged("08:00", "P1").paused("08:30").resumed("10:00")
    assert story.due(urgent(), "10:00") == "Mon 14:00"


def test_facts_from_the_future_wait_for_their_time() -> None:
    policies = book(policy(minutes=180))
    story = Story().resolved("11:00")
    early = story.decide(policies, "10:00")
    assert said(early.events) == ["resolution started Mon 09:00"]
    assert early.due == at("11:00")
    assert said(decide(early.state, policies, early.due).events) == ["resolution kept Mon 11:00"]


def test_a_ticket_of_tomorrow_promises_nothing_yet() -> None:
    decision = Story("2026-11-24 09:00").decide(book(policy()), "10:00")
    assert decision.events == ()
    assert local(decision.due) == "Tue 09:00"
    assert Story("2026-11-24 09:00").explain(book(policy()), "10:00") == ()


def test_without_its_opening_nothing_is_promised_and_nothing_lost() -> None:
    story = Story().paused("10:00").resumed("11:00")
    policies = book(policy())
    waiting = decide(story.clocks(story.events[1:]), policies, at("12:00"))
    assert (waiting.events, waiting.due) == ((), None)
    whole = decide(evolve(waiting.state, story.events[0]), policies, at("12:00"))
    assert len(whole.events) == 3


def test_impossible_facts_say_nothing() -> None:
    story = (
        Story()
        .say("09:05", TicketStarted(by="bo"))
        .reopened("09:10")
        .resumed("09:20")
        .resolved("10:00")
        .paused("10:10")
        .answered("10:20")
        .merged("11:00")
        .reopened("12:00")
        .answered("13:00")
    )
    assert said(story.decide(book(policy()), "15:00").events) == [
        "resolution started Mon 09:00",
        "resolution kept Mon 10:00",
    ]


def test_a_second_opening_says_nothing() -> None:
    story = Story()
    story.say("11:00", story.events[0].data)
    assert story.due(book(policy()), "12:00") == "Mon 13:00"


def test_what_follows_a_corrected_saying_is_said_again() -> None:
    """Otherwise the last thing said of the clock would be its older cycle."""
    policies = book(policy(on_reopen="restart"))
    story = Story().resolved("11:00").reopened("12:00").paused("10:00").resumed("10:30")
    first = decide(story.clocks(story.events[:3]), policies, at("12:10"))
    second = decide(reduce(evolve, story.events[3:], first.state), policies, at("12:10"))
    assert said(second.events) == [
        "resolution withdrawn Mon 12:10",
        "resolution withdrawn Mon 12:10",
        "resolution started Mon 09:00",
        "resolution paused Mon 10:00",
        "resolution resumed Mon 10:30",
        "resolution kept Mon 11:00",
        "resolution started Mon 12:00",
    ]


def test_a_promise_that_late_facts_put_before_others_leaves_them_alone() -> None:
    policies = book(policy(), policy(NEXT, 60))
    story = Story().answered("09:10").asked("11:00").asked("09:30").answered("10:00")
    first = decide(story.clocks(story.events[:3]), policies, at("11:10"))
    second = decide(reduce(evolve, story.events[3:], first.state), policies, at("11:10"))
    assert [line for line in said(second.events) if "resolution" in line] == []
    assert said(second.events, NEXT)[-1] == "next_response started Mon 11:00"


def test_late_facts_that_only_move_the_due_instant_are_told_too() -> None:
    """The wait lies before the promise began to apply, so none of its own sayings is new."""
    story = Story().priority("12:00", "P1").paused("10:00").resumed("11:00")
    first = decide(story.clocks(story.events[:2]), urgent(), at("12:00"))
    second = decide(reduce(evolve, story.events[2:], first.state), urgent(), at("12:00"))
    dues = [
        local(event.data.due)
        for event in (*first.events, *second.events)
        if isinstance(event.data, PromiseStarted) and event.data.policy == "urgent"
    ]
    assert dues == ["Mon 13:00", "Mon 14:00"]


def test_of_what_was_withdrawn_anyway_nothing_more_is_said() -> None:
    policies = book(policy())
    story = Story().merged("12:00").paused("10:00").resumed("11:00")
    first = decide(story.clocks(story.events[:2]), policies, at("12:00"))
    second = decide(reduce(evolve, story.events[2:], first.state), policies, at("12:10"))
    assert second.events == ()
    assert decide(second.state, policies, at("12:20")).events == ()


def test_a_breach_said_again_after_late_facts_pages_nobody() -> None:
    policies = book(policy(minutes=60))
    story = Story().paused("09:10").resumed("09:20")
    first = decide(story.clocks(story.events[:1]), policies, at("11:00"))
    second = decide(reduce(evolve, story.events[1:], first.state), policies, at("11:00"))
    breaches = [e.data for e in second.events if isinstance(e.data, PromiseBreached)]
    assert [(local(one.due), one.inherited) for one in breaches] == [("Mon 10:10", True)]


def test_a_withdrawal_that_late_facts_reveal_is_said_with_its_reason() -> None:
    policies = book(policy())
    story = Story().resolved("11:00").merged("10:00")
    first = decide(story.clocks(story.events[:2]), policies, at("11:00"))
    second = decide(evolve(first.state, story.events[2]), policies, at("11:10"))
    assert said(second.events) == ["resolution withdrawn Mon 10:00"]
    withdrawn = second.events[0].data
    assert isinstance(withdrawn, PromiseWithdrawn)
    assert withdrawn.because == "the ticket goes on in ticket-2"


def test_time_does_not_run_backwards_for_a_ticket() -> None:
    policies = book(policy(minutes=60))
    broken = Story().decide(policies, "11:00")
    again = decide(broken.state, policies, at("09:30"))
    assert again.events == ()
    assert again.state == broken.state


def test_saying_it_again_gives_the_same_ids() -> None:
    policies = book(policy(minutes=60, warn_at=(50,)))
    first = Story().decide(policies, "11:00").events
    assert first == Story().decide(policies, "11:00").events
    assert len({event.id for event in first}) == 3
    assert {(event.subject, event.source, event.causation_id) for event in first} == {
        ("ticket-1", "/desk/metrics", "event-1")
    }


def test_events_of_another_ticket_or_without_number_are_refused() -> None:
    event = Story().events[0]
    with pytest.raises(Invalid, match="not a numbered event"):
        evolve(TicketClocks(ticket="other"), event)
    bare = Event(event.id, event.source, event.subject, event.time, event.data)
    with pytest.raises(Invalid, match="not a numbered event"):
        evolve(TicketClocks(ticket="ticket-1"), bare)


def test_clocks_survive_the_store() -> None:
    decision = Story().triaged("09:01", "P1").paused("10:00").decide(urgent(), "12:00")
    document = STORED.dump_json(decision.state)
    assert STORED.validate_json(document) == decision.state


def test_a_promise_that_late_facts_make_vanish_is_taken_back_once() -> None:
    policies = urgent(minutes=300)
    story = Story().priority("12:00", "P1").priority("10:00", "P2")
    first = decide(story.clocks(story.events[:2]), policies, at("12:30"))
    assert said(first.events)[-1] == "resolution started Mon 12:00"
    story.resolved("11:00")
    merged = evolve(evolve(first.state, story.events[3]), story.events[2])
    second = decide(merged, policies, at("12:40"))
    assert said(second.events) == [
        "resolution withdrawn Mon 12:40",
        "resolution started Mon 09:00",
        "resolution kept Mon 11:00",
    ]
    assert decide(second.state, policies, at("12:50")).events == ()


# Explaining


def test_each_stretch_says_whether_it_counted_and_why() -> None:
    story = Story("2026-11-20 15:00").paused("2026-11-20 16:00", "vendor").resumed("10:00")
    stretches = story.explain(book(policy()), "11:00")[0].stretches
    assert [(local(one.start), local(one.end), one.counted, one.text) for one in stretches] == [
        ("Fri 15:00", "Fri 16:00", True, "open hours of 'office'"),
        ("Fri 16:00", "Fri 17:00", False, "waiting for the vendor"),
        ("Fri 17:00", "Mon 09:00", False, "outside the hours of 'office'"),
        ("Mon 09:00", "Mon 10:00", False, "waiting for the vendor"),
        ("Mon 10:00", "Mon 11:00", True, "open hours of 'office'"),
    ]


def test_closed_days_are_named() -> None:
    closed = OFFICE.model_copy(
        update={
            "holidays": {date(2026, 11, 24): "Founders' Day"},
            "closures": (
                Closure(name="stocktaking", first=date(2026, 11, 25), last=date(2026, 11, 25)),
            ),
        }
    )
    ours = Edition(version="v1", since=BEGINNING, policies=(policy(),), calendars=(closed,))
    stretches = Story("16:00").explain(PolicyBook([ours]), "2026-11-26 10:00")[0].stretches
    assert [(one.counted, one.text) for one in stretches] == [
        (True, "open hours of 'office'"),
        (False, "outside the hours of 'office'"),
        (False, "holiday: Founders' Day"),
        (False, "closed: stocktaking"),
        (False, "outside the hours of 'office'"),
        (True, "open hours of 'office'"),
    ]


def test_time_between_cycles_and_before_a_fresh_goal_is_named() -> None:
    story = Story().resolved("10:00").reopened("11:00").priority("12:00", "P1")
    fresh = story.explain(urgent(on_change="from_change"), "13:00")
    assert [[one.why for one in promise.stretches] for promise in fresh] == [
        [Why.WORKED],
        [Why.WORKED, Why.RESOLVED, Why.WORKED],
        [Why.BEFORE, Why.WORKED],
    ]
    assert [promise.status for promise in fresh] == [Status.KEPT, Status.WITHDRAWN, Status.RUNNING]


def test_a_paused_promise_says_so() -> None:
    explained = Story().paused("10:00", "approval").explain(book(policy()), "11:00")[0]
    assert (explained.status, explained.due) == (Status.PAUSED, None)
    assert explained.stretches[-1].text == "waiting for an approval"
