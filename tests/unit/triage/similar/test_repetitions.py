"""One person who asks twice: the same words, nearly the same, or something else."""

from itertools import permutations

import pytest
from desk_contracts import Event
from desk_contracts.events.tickets import Kind, TicketOpened
from desk_contracts.events.triage import RepetitionFound
from desk_triage.similar.decide import remember
from desk_triage.similar.model import MAX_RECENT, PersonTickets

from tests.support.triage_desk import TriageDesk, opened

VPN = "The VPN client drops the connection every few minutes"
DAY = 24 * 60


def run(*tickets: Event[TicketOpened]) -> tuple[PersonTickets, list[RepetitionFound]]:
    person, emitted = PersonTickets(), []
    for ticket in tickets:
        decision = remember(person, ticket)
        if decision is not None:
            person = decision.state
            emitted += [item.data for item in decision.events]
    return person, [item for item in emitted if isinstance(item, RepetitionFound)]


@pytest.mark.parametrize(
    "again", [VPN, VPN.upper(), f"  {VPN}!!", VPN.replace("connection", "con\u00adnection")]
)
def test_the_same_words_are_the_same_however_typed(again: str) -> None:
    first, second = opened(VPN), opened(again, 5)
    _, (repetition,) = run(first, second)
    assert repetition.is_exact
    assert (repetition.of, repetition.of_code) == (first.subject, first.data.code)
    assert repetition.code == second.data.code
    assert [item.code for item in repetition.explanation] == ["repetition.exact"]


def test_nearly_the_same_is_proposed_with_how_alike_it_is() -> None:
    _, (repetition,) = run(opened(VPN), opened(VPN.replace("drops", "looses"), 60))
    assert not repetition.is_exact
    assert 0.75 <= repetition.likeness < 1
    assert [item.code for item in repetition.explanation] == ["repetition.alike"]


@pytest.mark.parametrize(
    ("first", "second", "minutes"),
    [
        (VPN, "The printer on the third floor is out of paper", 5),
        (VPN, VPN, 8 * DAY),
        ("help", "help", 5),
        ("!!!", "???", 5),
        ("\u200b x", "\u200b y", 5),
    ],
)
def test_other_words_long_ago_and_too_few_words_are_no_repetition(
    first: str, second: str, minutes: float
) -> None:
    assert run(opened(first), opened(second, minutes))[1] == []


def test_the_rest_of_a_long_text_counts_for_the_same_words() -> None:
    long = "All of my mail is gone. " * 100
    first = opened("Mail gone", description=f"{long} A")
    _, (repetition,) = run(first, opened("Mail gone", 5, description=f"{long} B"))
    assert not repetition.is_exact


def test_other_scripts_are_compared_alike() -> None:
    text = "無法連接到公司的虛擬專用網路"
    _, (repetition,) = run(opened(text), opened(text, 9))
    assert repetition.is_exact


def test_delivered_again_it_repeats_nothing() -> None:
    ticket = opened(VPN)
    assert run(ticket, ticket)[1] == []


def test_read_out_of_order_the_later_one_repeats() -> None:
    early, late = opened(VPN), opened(VPN, 30)
    person, (repetition,) = run(late, early)
    assert (repetition.code, repetition.of) == (late.data.code, early.subject)
    assert [item.id for item in person.recent] == [early.subject, late.subject]


def test_in_any_order_each_repetition_is_told_once() -> None:
    tickets = [opened(VPN, 10 * n) for n in range(3)]
    for order in permutations(tickets):
        _, emitted = run(*order)
        assert {item.code for item in emitted} == {item.data.code for item in tickets[1:]}
        assert len(emitted) == 2


def test_an_old_one_that_is_read_late_makes_no_new_one_forgotten() -> None:
    """Another partition may lie days behind."""
    old, new, again = opened("Beamer", 0), opened(VPN, 10 * DAY), opened(VPN, 10 * DAY + 30)
    _, (repetition,) = run(new, old, again)
    assert (repetition.code, repetition.of) == (again.data.code, new.subject)


def test_what_is_kept_of_a_person_is_bounded() -> None:
    tickets = [opened(f"Trouble {n}", n, description="x" * 20_000) for n in range(50)]
    person, _ = run(*tickets)
    assert len(person.recent) == MAX_RECENT
    assert len(person.model_dump_json()) < 16_000


async def test_other_people_and_the_desk_itself_repeat_nobody() -> None:
    desk = TriageDesk()
    await desk.feed(opened(VPN, person="ana"), opened(VPN, 1, person="ben"))
    await desk.feed(
        opened(VPN, 2, person="carl", kind=Kind.PROACTIVE),
        opened(VPN, 3, person="carl", kind=Kind.PROACTIVE),
    )
    assert desk.emitted(RepetitionFound) == []
    await desk.feed(opened(VPN, 4, person="ana"))
    assert len(desk.emitted(RepetitionFound)) == 1
