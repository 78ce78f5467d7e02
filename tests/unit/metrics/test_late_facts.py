"""Facts that come late, twice, from the future or never."""

from functools import reduce

import pytest
from desk_contracts.envelope import Event, Payload
from desk_contracts.errors import Invalid
from desk_contracts.events.sla import SlaBreached, SlaCancelled, SlaStarted
from desk_contracts.events.tickets import TicketStarted
from desk_contracts.message import message
from desk_metrics.sla.decide import decide
from desk_metrics.sla.model import TicketClocks, evolve
from pydantic import TypeAdapter

from tests.support.metrics_story import (
    NEXT,
    Story,
    at,
    book,
    local,
    policy,
    transitions,
    urgent,
)

STORED = TypeAdapter(TicketClocks)


def test_facts_from_before_the_opening_count_from_the_opening() -> None:
    story = Story().triaged("08:00", "P1").paused("08:30").resumed("10:00")
    assert story.due(urgent(), "10:00") == "Mon 14:00"


def test_facts_from_the_future_wait_for_their_time() -> None:
    policies = book(policy(minutes=180))
    story = Story().resolved("11:00")
    early = story.decide(policies, "10:00")
    assert transitions(early.events) == ["resolution started Mon 09:00"]
    assert early.due == at("11:00")
    assert transitions(decide(early.state, policies, early.due).events) == [
        "resolution met Mon 11:00"
    ]


def test_a_ticket_of_tomorrow_slas_nothing_yet() -> None:
    decision = Story("2026-11-24 09:00").decide(book(policy()), "10:00")
    assert decision.events == ()
    assert local(decision.due) == "Tue 09:00"
    assert Story("2026-11-24 09:00").explain(book(policy()), "10:00") == ()


def test_without_its_opening_there_is_no_sla_and_nothing_lost() -> None:
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
    assert transitions(story.decide(book(policy()), "15:00").events) == [
        "resolution started Mon 09:00",
        "resolution met Mon 10:00",
    ]


def test_a_second_opening_says_nothing() -> None:
    story = Story()
    story.say("11:00", story.events[0].data)
    assert story.due(book(policy()), "12:00") == "Mon 13:00"


def test_what_follows_a_corrected_transition_is_said_again() -> None:
    """Otherwise the last thing transitions of the clock would be its older cycle."""
    policies = book(policy(on_reopen="restart"))
    story = Story().resolved("11:00").reopened("12:00").paused("10:00").resumed("10:30")
    first = decide(story.clocks(story.events[:3]), policies, at("12:10"))
    second = decide(reduce(evolve, story.events[3:], first.state), policies, at("12:10"))
    assert transitions(second.events) == [
        "resolution cancelled Mon 12:10",
        "resolution cancelled Mon 12:10",
        "resolution started Mon 09:00",
        "resolution paused Mon 10:00",
        "resolution resumed Mon 10:30",
        "resolution met Mon 11:00",
        "resolution started Mon 12:00",
    ]


def test_a_sla_that_late_facts_put_before_others_leaves_them_alone() -> None:
    policies = book(policy(), policy(NEXT, 60))
    story = Story().answered("09:10").question("11:00").question("09:30").answered("10:00")
    first = decide(story.clocks(story.events[:3]), policies, at("11:10"))
    second = decide(reduce(evolve, story.events[3:], first.state), policies, at("11:10"))
    assert [line for line in transitions(second.events) if "resolution" in line] == []
    assert transitions(second.events, NEXT)[-1] == "next_response started Mon 11:00"


def test_late_facts_that_only_move_the_due_instant_are_told_too() -> None:
    """The wait lies before the SLA began to apply, so none of its own sayings is new."""
    story = Story().priority("12:00", "P1").paused("10:00").resumed("11:00")
    first = decide(story.clocks(story.events[:2]), urgent(), at("12:00"))
    second = decide(reduce(evolve, story.events[2:], first.state), urgent(), at("12:00"))
    dues = [
        local(event.data.due)
        for event in (*first.events, *second.events)
        if isinstance(event.data, SlaStarted) and event.data.policy == "urgent"
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
    breaches = [e.data for e in second.events if isinstance(e.data, SlaBreached)]
    assert [(local(breach.due), breach.inherited) for breach in breaches] == [("Mon 10:10", True)]


def untrue(events: tuple[Event[Payload], ...]) -> list[str]:
    return [event.data.untrue for event in events if isinstance(event.data, SlaCancelled)]


@pytest.mark.parametrize(
    ("late", "expected"),
    [
        (Story().resolved("09:50"), ["breached"]),
        (Story().resolved("09:10"), ["breached"]),
        (Story().merged("09:30"), ["breached"]),
        (Story().paused("09:10"), ["breached"]),
        (Story().paused("09:10").resumed("09:20"), [""]),
        (Story().paused("10:30"), []),
    ],
)
def test_that_a_breach_was_none_is_said_with_what_takes_it_back(
    late: Story, expected: list[str]
) -> None:
    policies = book(policy(minutes=60))
    first = decide(late.clocks(late.events[:1]), policies, at("11:00"))
    assert transitions(first.events)[-1] == "resolution breached Mon 10:00"
    second = decide(reduce(evolve, late.events[1:], first.state), policies, at("11:00"))
    assert untrue(second.events) == expected
    assert decide(second.state, policies, at("11:00")).events == ()


def test_that_it_was_never_at_risk_is_said_too() -> None:
    policies = book(policy(minutes=60, warn_at=(50,)))
    story = Story().resolved("09:20")
    first = decide(story.clocks(story.events[:1]), policies, at("09:40"))
    assert transitions(first.events)[-1] == "resolution at-risk Mon 09:30"
    second = decide(reduce(evolve, story.events[1:], first.state), policies, at("09:40"))
    assert untrue(second.events) == ["at_risk"]


def test_a_withdrawal_that_late_facts_reveal_is_said_with_its_reason() -> None:
    policies = book(policy())
    story = Story().resolved("11:00").merged("10:00")
    first = decide(story.clocks(story.events[:2]), policies, at("11:00"))
    second = decide(evolve(first.state, story.events[2]), policies, at("11:10"))
    assert transitions(second.events) == ["resolution cancelled Mon 10:00"]
    withdrawn = second.events[0].data
    assert isinstance(withdrawn, SlaCancelled)
    assert withdrawn.because == message("sla.goes-on-in", ticket="ticket-2")


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


def test_a_sla_that_late_facts_make_vanish_is_taken_back_once() -> None:
    policies = urgent(minutes=300)
    story = Story().priority("12:00", "P1").priority("10:00", "P2")
    first = decide(story.clocks(story.events[:2]), policies, at("12:30"))
    assert transitions(first.events)[-1] == "resolution started Mon 12:00"
    story.resolved("11:00")
    merged = evolve(evolve(first.state, story.events[3]), story.events[2])
    second = decide(merged, policies, at("12:40"))
    assert transitions(second.events) == [
        "resolution cancelled Mon 12:40",
        "resolution started Mon 09:00",
        "resolution met Mon 11:00",
    ]
    assert decide(second.state, policies, at("12:50")).events == ()
