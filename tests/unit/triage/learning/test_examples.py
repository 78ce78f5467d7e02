"""Who counts as having finished a ticket, and what is remembered of it."""

from datetime import timedelta

import pytest
from desk_contracts.envelope import Payload
from desk_contracts.events.tickets import (
    How,
    TicketAssigned,
    TicketClosed,
    TicketMerged,
    TicketReopened,
    TicketResolved,
)
from desk_contracts.message import verbatim
from desk_triage.learning.examples import ExampleCollector, TrainingExample

from tests.support.triage_history import BEGUN, examples_of, features, life, ticket

NOTHING = features()


def assigned(team: str) -> TicketAssigned:
    return TicketAssigned(team=team)


def resolved(how: How = How.MEMBER) -> TicketResolved:
    return TicketResolved(by="m-1", how=how, resolution=verbatim("Done"))


def example(*texts: Payload) -> TrainingExample | None:
    emitted = [(float(hour), entry) for hour, entry in enumerate(texts, 1)]
    result = examples_of([life(1, *emitted, opened=ticket("A antenna", 1))])
    return result[0] if result else None


def test_the_last_team_before_the_end_is_the_answer() -> None:
    result = example(assigned("service-care"), assigned("network"), resolved())
    assert result is not None
    assert result.team == "network"
    assert result.finished_at - result.opened_at == timedelta(hours=3) - timedelta(minutes=0)
    assert result.is_unrouted


def test_who_gets_it_after_the_end_did_not_finish_it() -> None:
    result = example(assigned("network"), resolved(), assigned("workplace"), TicketClosed(by="m"))
    assert result is not None
    assert result.team == "network"


def test_after_a_reopening_the_next_end_counts() -> None:
    again = TicketReopened(by="ana", reason="Not yet")
    result = example(assigned("network"), resolved(), again, assigned("workplace"), resolved())
    assert result is not None
    assert result.team == "workplace"
    assert example(assigned("network"), resolved(), again) is None


def test_a_ticket_that_was_only_closed_was_finished() -> None:
    assert example(assigned("network"), TicketClosed(by="m-1")) is not None


@pytest.mark.parametrize("how", [How.WITHDRAWN, How.SELF_SERVICE, How.AUTOMATION])
def test_what_no_team_finished_teaches_nothing(how: How) -> None:
    assert example(assigned("network"), resolved(how)) is None
    assert example(resolved()) is None
    assert example(assigned("network"), TicketMerged(into="t-2", by="m"), resolved()) is None


def test_a_second_delivery_and_strangers_change_nothing() -> None:
    emitted = life(1, (1, assigned("network")), (2, resolved()), opened=ticket("A antenna", 1))
    stray = life(2, (1, assigned("workplace")), opened=ticket("Other", 2))[1:]
    twice, once = (
        [example._replace(features=NOTHING) for example in examples_of([given])]
        for given in ([*emitted, *emitted[1:], *stray], emitted)
    )
    assert twice == once != []


def test_rules_that_know_a_team_are_noted() -> None:
    emitted = life(1, (1, assigned("network")), (2, resolved()), opened=ticket("VPN is down", 1))
    assert not examples_of([emitted])[0].is_unrouted


def test_only_the_newest_are_kept() -> None:
    gathered = ExampleCollector(lambda _opened, _at: True, most=10)
    for number in range(50):
        for event in life(number, (1, assigned("n")), (2, resolved()), opened=ticket("A", number)):
            gathered.add(event)
    result = gathered.all()
    assert len(result) == 10
    assert result[-1].opened_at == BEGUN + timedelta(minutes=49)
    assert gathered.seen == 50


def test_what_cannot_be_read_is_counted() -> None:
    gathered = ExampleCollector(lambda _opened, _at: True)
    gathered.add(None)
    assert (gathered.unreadable, gathered.all()) == (1, [])
