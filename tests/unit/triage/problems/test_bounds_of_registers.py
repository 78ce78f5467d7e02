"""Where the bounds of a register turn: its pages, lists, its past and its first tickets."""

from datetime import timedelta

import pytest
from desk_contracts.events.problems import ProblemDetected
from desk_triage.problems.decide import add_report
from desk_triage.problems.events import MAX_LIST_BYTES, split_members
from desk_triage.problems.members import PAGE, Members
from desk_triage.problems.model import Problem, ProblemRegister, Report, omit_members
from desk_triage.problems.rates import Rates

from tests.support.triage_desk import MONDAY
from tests.support.triage_problems import PlayedRegister, ordinary, outage, report


def write(ticket: str = "t", minutes: float = 0, *words: str, service: str = "") -> Report:
    at = MONDAY + timedelta(minutes=minutes)
    return Report(ticket=ticket, person=ticket, at=at, counted_at=at, words=words, service=service)


def make_problem(**more: object) -> Problem:
    played = PlayedRegister().play([*ordinary(60), *outage(6)])
    return played.problems[0].model_copy(update=more)


@pytest.mark.parametrize("past", [0, 1, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE])
def test_members_are_what_a_list_of_them_is(past: int) -> None:
    plain = [(f"t{number}", f"p{number}") for number in range(past)]
    members = Members()
    for member in plain:
        members = members.add(member)
    assert list(members) == plain
    assert members == Members(plain)
    assert hash(members) == hash(Members(plain))
    assert len(members) == past
    assert [members[number] for number in range(past)] == plain
    assert members.add(("x", "y"))[-1] == ("x", "y")
    assert members != members.add(("x", "y"))
    assert repr(Members([("a", "b")])) == "Members((('a', 'b'),))"


def test_lists_for_events_are_as_long_as_their_bytes_allow() -> None:
    member = ("ü" * 10, "p" * 10)  # with four for each text it needs 38 bytes
    fits = MAX_LIST_BYTES // 38
    assert [len(part) for part in split_members([member] * (2 * fits + 1))] == [fits, fits, 1]
    assert [len(part) for part in split_members([member] * fits)] == [fits]
    assert list(split_members([])) == [[]]
    huge = ("t" * MAX_LIST_BYTES, "p")
    assert [len(part) for part in split_members([huge, member, huge])] == [1, 1, 1]


def test_a_listing_counts_who_is_in_it_and_names_nobody() -> None:
    problem = make_problem(unlisted=3, removed=("x",))
    shown = omit_members(ProblemRegister(problems=(problem,), recent=(write(),)))
    (listed,) = shown.problems
    assert (listed.tickets, listed.head_count) == (9, 6)
    assert (len(listed.members), listed.wording, listed.removed, listed.people) == (0, {}, (), ())
    assert shown.recent == ()


@pytest.mark.parametrize(("past", "joins"), [(49, 8), (50, 0)])
def test_fifty_tickets_are_a_past(past: int, joins: int) -> None:
    """Until then nearly all must report the same service; then an unusual count is needed."""
    register = ProblemRegister(rates=Rates(past, 99.0, {}, {}).pack())
    played = PlayedRegister()
    played.register = register
    played.play(outage(8, every=0.1))
    assert len(set(played.listed)) == joins


@pytest.mark.parametrize(
    ("alike", "others", "is_one"), [(7, 0, False), (8, 0, True), (9, 3, True), (9, 4, False)]
)
def test_without_a_past_eight_people_and_three_of_four_report_the_same(
    alike: int, others: int, *, is_one: bool
) -> None:
    odd = [
        report(f"o{n}", f"q{n}", -1 + n / 10, f"odd{n} thing{n}", f"s{n}") for n in range(others)
    ]
    played = PlayedRegister().play([*odd, *outage(alike, every=0.1)])
    assert bool(played.of(ProblemDetected)) is is_one


@pytest.mark.parametrize(("minutes", "is_kept"), [(-30, True), (-30.1, False)])
def test_what_was_asked_for_two_windows_ago_is_none_of_what_is_recent(
    minutes: float, *, is_kept: bool
) -> None:
    played = PlayedRegister().play([report("t-1", "p", 0, "one")])
    decision = add_report(played.register, report("t-2", "q", minutes, "two"), played.desk)
    assert ("t-2" in {item.ticket for item in decision.state.recent}) is is_kept
    assert decision.state.latest == MONDAY


@pytest.mark.parametrize(
    ("past", "old", "is_counted"),
    [(0, 9, False), (0, 10, True), (400, 19, False), (400, 20, True), (9e5, 199, False),
     (9e5, 200, True)],
)  # fmt: skip
def test_the_past_is_counted_a_twentieth_at_a_time(
    past: float, old: int, *, is_counted: bool
) -> None:
    reports = [write(f"t{number}", 0, f"word{number}") for number in range(old)]
    register = ProblemRegister(
        rates=Rates(past, 0, {}, {}).pack(), recent=tuple(reports), latest=MONDAY
    )
    played = PlayedRegister()
    played.register = register
    played.play([report("new", "new", 15, "just old enough")])
    assert len(_register(played).recent) == old + 1, "what is as old as the window is recent"
    played.play([report("next", "next", 15.1, "too old")])
    assert len(_register(played).recent) == (2 if is_counted else old + 2)
    assert len(_register(played).others) == (old if is_counted else 0)


def _register(played: PlayedRegister) -> ProblemRegister:
    assert played.register is not None
    return played.register
