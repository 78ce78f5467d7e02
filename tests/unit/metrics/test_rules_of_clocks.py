"""Rules R9 to R16: selection, pauses, warnings, breaches."""

from datetime import timedelta

from desk_contracts.events.sla import SlaBreached, SlaPaused
from desk_contracts.events.tickets import Kind
from desk_metrics.sla.decide import decide
from desk_metrics.sla.model import evolve

from tests.support.metrics_story import (
    Story,
    at,
    book,
    local,
    policy,
    transitions,
    urgent,
)


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
    assert transitions(story.decide(book(policy()), "12:00").events)[1:] == [
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
    assert [(item.used, local(item.ends)) for item in explained] == [
        (timedelta(hours=1), "Mon 10:00")
    ]


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
    assert transitions(everything) == [
        "resolution started Mon 09:00",
        "resolution at-risk Mon 09:50",
        "resolution at-risk Mon 10:30",
        "resolution breached Mon 10:40",
    ]


def test_r12_a_new_cycle_arms_the_warnings_again() -> None:
    policies = book(policy(minutes=100, warn_at=(50,), on_reopen="restart"))
    story = Story().resolved("10:00").reopened("11:00")
    assert [
        line for line in transitions(story.decide(policies, "12:00").events) if "risk" in line
    ] == [
        "resolution at-risk Mon 09:50",
        "resolution at-risk Mon 11:50",
    ]


def test_r12_nothing_warns_at_the_creation_or_outside_hours() -> None:
    policies = book(policy(minutes=30, warn_at=(1, 99)))
    decision = Story("2026-11-21 12:00").decide(policies, "2026-11-22 23:00")
    assert transitions(decision.events) == ["resolution started Sat 12:00"]
    assert local(decision.due) == "Mon 09:00:18"


def test_r12_of_the_warnings_passed_when_a_sla_begins_only_the_highest_is_said() -> None:
    policies = urgent(minutes=240, warn_at=(25, 50, 90))
    story = Story().priority("11:30", "P1")
    assert transitions(story.decide(policies, "11:30").events)[2:] == [
        "resolution started Mon 11:30",
        "resolution at-risk Mon 11:30",
    ]


def test_r12_a_warning_comes_before_what_happens_at_its_instant() -> None:
    policies = book(policy(minutes=100, warn_at=(50,)))
    story = Story()
    warned = story.decide(policies, "09:50")
    paused = decide(evolve(warned.state, story.paused("09:50").events[-1]), policies, at("09:50"))
    assert transitions([*warned.events, *paused.events])[1:] == [
        "resolution at-risk Mon 09:50",
        "resolution paused Mon 09:50",
    ]
    assert story.decide(policies, "09:50").events == (*warned.events, *paused.events)


def test_r13_a_paused_clock_does_not_breach() -> None:
    decision = Story().paused("09:30").decide(book(policy(minutes=60)), "2027-11-23 09:00")
    assert transitions(decision.events)[-1] == "resolution paused Mon 09:30"
    assert decision.due is None
    assert isinstance(decision.events[-1].data, SlaPaused)
    assert decision.events[-1].data.waiting_for == "employee"


def test_r13_a_breach_by_a_retroactive_start_is_marked_inherited() -> None:
    story = Story().priority("15:00", "P1")
    events = story.decide(urgent(minutes=60), "15:00").events
    assert transitions(events)[-1] == "resolution breached Mon 15:00"
    breach = events[-1].data
    assert isinstance(breach, SlaBreached)
    assert (breach.inherited, local(breach.due)) == (True, "Mon 10:00")


def test_r13_a_sla_that_begins_at_its_due_instant_breaks_by_itself() -> None:
    story = Story().priority("10:00", "P1")
    running = story.decide(urgent(minutes=60), "10:00")
    assert transitions(running.events)[-1] == "resolution started Mon 10:00"
    breach = decide(running.state, urgent(minutes=60), at("10:01")).events[-1].data
    assert isinstance(breach, SlaBreached)
    assert not breach.inherited


def test_r13_what_is_late_already_is_not_also_at_risk() -> None:
    story = Story().priority("15:00", "P1")
    events = story.decide(urgent(minutes=60, warn_at=(50,)), "15:00").events
    assert transitions(events)[2:] == [
        "resolution started Mon 15:00",
        "resolution breached Mon 15:00",
    ]


def test_r13_a_breach_that_happens_under_its_own_sla_is_not_inherited() -> None:
    story = Story().priority("09:30", "P1")
    breach = story.decide(urgent(minutes=60), "15:00").events[-1].data
    assert isinstance(breach, SlaBreached)
    assert not breach.inherited


def test_r14_a_pause_at_the_very_beginning_pauses_and_cancels_nothing() -> None:
    story = Story().paused("09:00")
    decision = story.decide(book(policy(minutes=60)), "12:00")
    assert transitions(decision.events) == [
        "resolution started Mon 09:00",
        "resolution paused Mon 09:00",
    ]
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
