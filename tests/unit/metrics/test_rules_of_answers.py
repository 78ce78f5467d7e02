"""Rules R1 to R8: answers, merges, and policies that change in flight."""

from datetime import timedelta

from desk_contracts.events.sla import SlaBreached, SlaCancelled, SlaMet
from desk_contracts.events.tickets import Role
from desk_contracts.message import message
from desk_metrics.sla.decide import decide
from desk_metrics.sla.explanation import Status
from desk_metrics.sla.model import evolve
from desk_metrics.sla.policies import PolicyBook

from tests.support.metrics_story import (
    NEXT,
    RESPONSE,
    Story,
    at,
    book,
    edition,
    local,
    policy,
    transitions,
)


def test_r01_an_answer_at_the_due_instant_is_in_time() -> None:
    policies = book(policy(RESPONSE, 60))
    decision = Story().answered("10:00").decide(policies, "12:00")
    assert transitions(decision.events) == ["response started Mon 09:00", "response met Mon 10:00"]
    kept = decision.events[-1].data
    assert isinstance(kept, SlaMet)
    assert (kept.took, kept.due) == (timedelta(hours=1), at("10:00"))


def test_r01_no_answer_one_tick_after_the_due_instant_is_a_breach() -> None:
    policies = book(policy(RESPONSE, 60))
    running = Story().decide(policies, "10:00")
    assert transitions(running.events) == ["response started Mon 09:00"]
    assert running.due == at("10:00") + timedelta(milliseconds=1)
    broken = decide(running.state, policies, running.due)
    assert transitions(broken.events) == ["response breached Mon 10:00"]
    assert broken.due is None
    late = Story().answered("10:00:01").decide(policies, "12:00")
    assert transitions(late.events) == ["response started Mon 09:00", "response breached Mon 10:00"]


def test_r02_automatic_and_bot_answers_are_no_first_response() -> None:
    policies = book(policy(RESPONSE, 60))
    story = (
        Story()
        .answered("09:01", automatic=True)
        .answered("09:02", Role.AUTOMATION)
        .answered("09:03", Role.SYSTEM)
        .answered("09:04", public=False)
    )
    assert transitions(story.decide(policies, "10:01").events)[-1] == "response breached Mon 10:00"


def test_r02_a_bot_answer_ends_the_waiting_and_is_reported_apart() -> None:
    policies = book(policy(NEXT, 60))
    story = Story().answered("09:10").question("09:20").answered("09:30", Role.AUTOMATION)
    explained = story.explain(policies, "10:00")[0]
    assert (explained.status, explained.by_automation) == (Status.MET, True)
    by_person = Story().answered("09:10").question("09:20").answered("09:30")
    assert not by_person.explain(policies, "10:00")[0].by_automation


def test_r03_an_answer_counts_when_the_same_update_pauses() -> None:
    policies = book(policy(RESPONSE, 60))
    for story in (
        Story().answered("09:30").paused("09:30"),
        Story().paused("09:30").answered("09:30"),
    ):
        assert story.explain(policies, "12:00")[0].status is Status.MET


def test_r03_closing_in_the_same_update_still_writes_the_verdict() -> None:
    policies = book(policy(RESPONSE, 60), policy())
    story = Story().priority("10:00", "P1").answered("10:00").resolved("10:00").closed("10:00")
    assert transitions(story.decide(policies, "10:00").events) == [
        "resolution started Mon 09:00",
        "response started Mon 09:00",
        "response met Mon 10:00",
        "resolution met Mon 10:00",
    ]


def test_r03_closing_without_resolving_is_the_resolution() -> None:
    assert Story().closed("10:00").explain(book(policy()), "11:00")[0].status is Status.MET


def test_r04_asking_again_does_not_move_the_start() -> None:
    policies = book(policy(NEXT, 60))
    story = Story().answered("09:10").question("09:20").question("09:50").question("10:10")
    assert story.due(policies, "10:15", NEXT) == "Mon 10:20"
    assert len(story.explain(policies, "10:15")) == 1


def test_r04_an_answer_ends_it_and_the_next_question_begins_a_cycle() -> None:
    policies = book(policy(NEXT, 60))
    story = Story().answered("09:10").question("09:20").answered("09:30").question("11:00")
    assert [(item.cycle, item.status) for item in story.explain(policies, "11:05")] == [
        (1, Status.MET),
        (2, Status.RUNNING),
    ]
    assert story.due(policies, "11:05", NEXT) == "Mon 12:00"


def test_r04_internal_and_automatic_notes_never_count() -> None:
    policies = book(policy(NEXT, 60))
    silent = (
        Story().answered("09:10").question("09:20", public=False).question("09:21", automatic=True)
    )
    assert silent.explain(policies, "10:00") == ()
    internal = Story().answered("09:10").question("09:20").answered("09:30", public=False)
    assert internal.explain(policies, "10:00")[0].status is Status.RUNNING


def test_r05_next_response_waits_for_the_first() -> None:
    policies = book(policy(RESPONSE, 120), policy(NEXT, 10))
    story = Story().question("09:05").question("09:20")
    assert {item.clock for item in story.explain(policies, "10:00")} == {RESPONSE}
    assert story.answered("10:00").decide(policies, "10:30").due is None


def test_r06_nothing_runs_when_the_team_spoke_last() -> None:
    story = Story().answered("09:10").question("09:20").answered("09:30").answered("09:40")
    assert [item.status for item in story.explain(book(policy(NEXT, 60)), "12:00")] == [Status.MET]


def test_r07_a_merged_ticket_stops_without_verdict() -> None:
    policies = book(policy(minutes=60))
    decision = Story().merged("09:30").resolved("09:40").decide(policies, "2026-12-23 09:00")
    assert transitions(decision.events) == [
        "resolution started Mon 09:00",
        "resolution cancelled Mon 09:30",
    ]
    withdrawn = decision.events[-1].data
    assert isinstance(withdrawn, SlaCancelled)
    assert withdrawn.because == message("sla.goes-on-in", ticket="ticket-2")
    assert decision.due is None


def test_r07_a_breach_before_the_merge_stays_a_breach() -> None:
    decision = Story().merged("11:00").decide(book(policy(minutes=60)), "12:00")
    assert transitions(decision.events)[1:] == ["resolution breached Mon 10:00"]


def test_r08_a_policy_that_no_longer_matches_is_withdrawn_with_its_breach() -> None:
    only_incidents = policy(minutes=60, name="urgent", when={"priorities": ["P1"]})
    policies = book(only_incidents, policy(minutes=480))
    story = Story().triaged("09:00", "P1")
    broken = story.decide(policies, "10:30")
    assert "resolution breached Mon 10:00" in transitions(broken.events)
    lowered = decide(
        evolve(broken.state, story.priority("11:00", "P3").events[-1]), policies, at("11:00")
    )
    assert transitions(lowered.events) == [
        "resolution cancelled Mon 11:00",
        "resolution started Mon 11:00",
    ]
    assert isinstance(lowered.events[0].data, SlaCancelled)
    assert lowered.events[0].data.because == message(
        "sla.other-applies", policy="resolution-default"
    )


def test_r08_switching_slas_off_withdraws_and_on_again_resumes_from_the_start() -> None:
    policies = PolicyBook(
        [
            edition(policy(minutes=60)),
            edition(since=at("09:30"), version="v2"),
            edition(policy(minutes=60), since=at("10:30"), version="v3"),
        ]
    )
    story = Story()
    off = story.decide(policies, "10:20")
    assert transitions(off.events) == [
        "resolution started Mon 09:00",
        "resolution cancelled Mon 09:30",
    ]
    on = decide(off.state, policies, at("10:31"))
    assert transitions(on.events) == [
        "resolution started Mon 10:30",
        "resolution breached Mon 10:30",
    ]
    assert isinstance(on.events[1].data, SlaBreached)
    assert on.events[1].data.inherited


def test_r08_a_calendar_edit_recomputes_open_tickets_and_leaves_closed_ones() -> None:
    first, second = (
        edition(policy()),
        edition(policy(calendar="always"), since=at("12:00"), version="v2"),
    )
    policies = PolicyBook([first, second])
    closed = Story("08:00").resolved("11:30")
    assert [(item.policy_version, item.status) for item in closed.explain(policies, "13:00")] == [
        ("1@v1", Status.MET)
    ]
    still_open = Story("08:00")
    assert [
        (item.policy_version, local(item.due)) for item in still_open.explain(policies, "12:00")
    ] == [
        ("1@v1", "Mon 13:00"),
        ("1@v2", "Mon 12:00"),
    ]


def test_r08_an_edition_that_changes_nothing_about_a_sla_leaves_it_alone() -> None:
    other = policy(RESPONSE, 30)
    policies = PolicyBook(
        [edition(policy()), edition(policy(), other, since=at("10:00"), version="v2")]
    )
    decision = Story().answered("09:30").decide(policies, "11:00")
    assert transitions(decision.events) == ["resolution started Mon 09:00"]


def test_r08_a_coming_edition_is_a_timer_while_something_runs() -> None:
    later = edition(policy(minutes=60), since=at("09:30"), version="v2")
    policies = PolicyBook([edition(policy()), later])
    running = Story().decide(policies, "09:10")
    assert running.due == at("09:30")
    turned = decide(running.state, policies, at("09:30"))
    assert transitions(turned.events) == [
        "resolution cancelled Mon 09:30",
        "resolution started Mon 09:30",
    ]
    assert Story().resolved("09:05").decide(policies, "09:10").due is None


def test_r08_switched_on_in_flight_the_sla_reaches_back_or_not() -> None:
    for on_change, due in (("retroactive", "Mon 13:00"), ("from_change", "Mon 14:00")):
        switched_on = edition(policy(on_change=on_change), since=at("10:00"), version="v2")
        policies = PolicyBook([edition(), switched_on])
        assert Story().due(policies, "10:00") == due


def test_r08_an_edition_comes_into_force_before_what_happens_at_that_instant() -> None:
    shorter = edition(policy(minutes=60), since=at("09:30"), version="v2")
    policies = PolicyBook([edition(policy()), shorter])
    decision = Story().resolved("09:30").decide(policies, "09:30")
    assert transitions(decision.events) == [
        "resolution started Mon 09:00",
        "resolution cancelled Mon 09:30",
        "resolution started Mon 09:30",
        "resolution met Mon 09:30",
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
