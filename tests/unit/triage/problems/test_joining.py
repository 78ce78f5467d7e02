"""Which report joins which problem, and how a problem learns what weight is enough."""

from datetime import timedelta

import pytest
from desk_contracts.events.problems import ProblemDetected, ProblemStatus
from desk_triage.problems.bursts import LEAST_SAID, find_threshold, weigh_all
from desk_triage.problems.decide import add_report
from desk_triage.problems.joining import join, list_before
from desk_triage.problems.members import Members
from desk_triage.problems.model import Problem, ProblemRegister, Report, Tally
from desk_triage.problems.owner import merge_problems, remove_tickets, split_problem
from desk_triage.problems.profile import Scales
from desk_triage.problems.rates import unpack

from tests.support.triage_desk import MONDAY
from tests.support.triage_problems import PlayedRegister, ordinary, outage, report, signal

NOW = MONDAY + timedelta(minutes=6)


@pytest.fixture
def played() -> PlayedRegister:
    return PlayedRegister().play([*ordinary(120), *outage(6)])


def change(played: PlayedRegister, **update: object) -> Problem:
    """The only problem, as it is from now on."""
    assert played.register is not None
    (problem,) = played.register.problems
    changed = problem.model_copy(update=update)
    played.register = played.register.model_copy(update={"problems": (changed,)})
    return changed


def read(minutes: float, service: str = "vpn", text: str = "the VPN") -> Report:
    event = report("late", "ana", minutes, text, service)
    at, words = event.data.reported_at, event.data.words
    return Report(ticket="late", person="ana", at=at, counted_at=at, service=service, words=words)


def joins(played: PlayedRegister, ticket: Report) -> bool:
    register = played.register
    assert register is not None
    return join(register, ticket, unpack(register.rates), played.desk) is not None


def weigh(played: PlayedRegister, ticket: Report) -> float:
    register = played.register
    assert register is not None
    return Scales(register.problems[0].profile, unpack(register.rates)).weigh(ticket.wording)


def test_what_weighs_enough_joins(played: PlayedRegister) -> None:
    weight = weigh(played, read(3))
    change(played, enough=weight)
    assert joins(played, read(3))
    change(played, enough=weight + 1e-6)
    assert not joins(played, read(3))


@pytest.mark.parametrize(
    ("is_open", "service", "is_in"),
    [(True, "vpn", True), (False, "vpn", False), (True, "mail", False)],
)
def test_while_its_service_shows_it_less_has_to_be_said(
    played: PlayedRegister, service: str, *, is_open: bool, is_in: bool
) -> None:
    played.play([signal(3), *([] if is_open else [signal(3.1, is_open=False)])])
    ticket = read(4, service)
    change(played, enough=99.0)
    assert weigh(played, ticket) >= LEAST_SAID
    assert joins(played, ticket) is is_in
    assert not joins(played, read(4, "vpn", "other words")) or weigh(
        played, read(4, "vpn", "other words")
    ) >= (LEAST_SAID)


@pytest.mark.parametrize(("minutes", "is_in"), [(-15, True), (-15.1, False)])
def test_a_window_before_its_first_report_is_the_earliest(
    played: PlayedRegister, minutes: float, *, is_in: bool
) -> None:
    assert joins(played, read(minutes, text="VPN tunnel drops after login")) is is_in


def test_of_two_problems_it_joins_the_one_that_it_fits_better(played: PlayedRegister) -> None:
    problem = change(played)
    other = problem.model_copy(update={"id": "other", "enough": problem.enough - 1})
    register = played.register
    assert register is not None
    for problems in ((problem, other), (other, problem)):
        both = register.model_copy(update={"problems": problems})
        joined = join(both, read(3), unpack(both.rates), played.desk)
        assert joined is not None
        sizes = {item.id: item.tickets for item in joined[0].problems}
        assert sizes == {problem.id: 6, "other": 7}
        # Who joins one was seen by all.
        assert [item.tally.seen for item in joined[0].problems] == [problem.tally.seen + 1] * 2


def test_who_asked_before_the_quiet_time_counts_for_the_time_before(
    played: PlayedRegister,
) -> None:
    tally = change(played).tally.model_copy(update={"since": MONDAY + timedelta(minutes=2)})
    problem = change(played, tally=tally)
    text = "VPN tunnel drops after login"
    register = played.register
    assert register is not None
    for minutes, counts in ((2, (tally.joined + 1, 0)), (1.9, (tally.joined, 1))):
        joined = join(register, read(minutes, text=text), unpack(register.rates), played.desk)
        assert joined is not None
        (after,) = joined[0].problems
        assert (after.tally.joined, after.tally.joined_before) == counts
        assert after.worded_by == problem.worded_by + 1
        assert (after.first_at, after.last_at) == (problem.first_at, problem.last_at)


def test_what_is_enough_is_learned_from_tickets_before_and_the_share_that_joins() -> None:
    """Of tickets from before some say a part of the same, so that it matters how many may join."""
    texts = (
        "VPN slow",
        "tunnel drops",
        "login of the VPN",
        "VPN tunnel login",
        "drops after login",
    )
    alike = [
        report(f"like-{n}", f"like-p{n}", -40 - 12 * n, texts[n % 5], "files") for n in range(60)
    ]
    before = sorted([*ordinary(240, until=-20, every=3), *alike], key=lambda event: event.time)
    played = PlayedRegister().play(before)
    others = ordinary(6, until=0.9, every=0.1, seed=9, name="else")
    crowd = sorted([*outage(17, every=0.05), *others], key=lambda event: event.time)
    for event in crowd:
        played.play([event])
        for problem in played.problems:
            if problem.worded_by in (5, 8, 12) and problem.tickets == problem.worded_by:
                tally, register = problem.tally, played.register
                assert register is not None
                rates = unpack(register.rates)
                part = (tally.joined + tally.joined_before) / (tally.seen + tally.seen_before)
                compared = list_before(problem, register, played.desk)
                weights = weigh_all(Scales(problem.profile, rates), compared)
                assert weights[0] > LEAST_SAID
                assert problem.enough == pytest.approx(find_threshold(weights, part))


def test_where_more_come_every_day_more_people_are_needed() -> None:
    sizes = []
    for every in (4, 0.05):
        played = PlayedRegister().play([*ordinary(600, every=every), *outage(40, every=0.02)])
        (detected,) = played.of(ProblemDetected)
        assert isinstance(detected.data, ProblemDetected)
        sizes.append(detected.data.ticket_count)
    assert sizes[0] == 3
    assert sizes[1] is not None
    assert sizes[1] > 3


def test_a_signal_that_comes_last_makes_two_people_a_problem_at_once() -> None:
    played = PlayedRegister().play([*ordinary(120), *outage(2)])
    assert not played.problems
    played.play([signal(2, service="mail")])
    assert not played.problems
    played.play([signal(3, episode="e2")])
    (problem,) = played.problems
    assert (problem.tickets, problem.status) == (2, ProblemStatus.CONFIRMED)
    assert problem.signals == ("e2",)


def test_whom_no_event_named_yet_leaves_with_a_ticket(played: PlayedRegister) -> None:
    joining = Members([("out-1", "out-p1"), ("out-2", "out-p2"), ("out-3", "out-p3")])
    problem = change(played, joining=joining)
    after = remove_tickets(played.register, problem.id, ["out-1"], NOW, played.desk)
    listed = [getattr(event.data, "tickets", ()) for event in after.events]
    assert listed == [(), ("out-2", "out-3")]
    change(played, joining=joining)
    parted = split_problem(played.register, problem.id, ["out-2"], NOW, played.desk)
    assert [getattr(event.data, "tickets", ()) for event in parted.events] == [
        (), ("out-2",), ("out-1", "out-3"),
    ]  # fmt: skip


def make_other(target: Problem, tally: Tally) -> Problem:
    """A problem that shares some of what the target has."""
    return target.model_copy(
        update={
            "id": "other",
            "members": Members([("out-1", "out-p1"), ("out-9", "nine")]),
            "first_at": MONDAY - timedelta(hours=1),
            "last_at": NOW,
            "signals": ("e2", "e3"),
            "has_lost_signals": True,
            "removed": ("x", "y"),
            "unlisted": 2,
            "tally": tally,
        }
    )


def test_a_merged_problem_has_all_that_both_had(played: PlayedRegister) -> None:
    target = change(played, signals=("e1", "e2"), removed=("x", "out-9"), unlisted=1)
    tally = target.tally.model_copy(
        update={"joined": 5, "seen": 9, "joined_before": 2, "seen_before": 3, "since": NOW}
    )
    other = make_other(target, tally)
    assert played.register is not None
    both = played.register.model_copy(update={"problems": (target, other)})
    decision = merge_problems(both, "other", target.id, "eva", NOW, played.desk)
    (whole,) = decision.state.problems
    ours = target.tally
    assert whole.model_dump(exclude={"wording", "message", "title"}) == target.model_copy(
        update={
            "members": target.members.add(("out-9", "nine")),
            "first_at": other.first_at,
            "last_at": NOW,
            "signals": ("e1", "e2", "e3"),
            "has_lost_signals": True,
            "removed": ("x", "y"),
            "unlisted": 3,
            "worded_by": 2 * target.worded_by,
            "tally": tally.model_copy(
                update={
                    "joined": ours.joined + 5,
                    "seen": max(ours.seen, 9),
                    "joined_before": 2,
                    "seen_before": 3,
                }
            ),
        }
    ).model_dump(exclude={"wording", "message", "title"})
    assert whole.wording == {term: 2 * count for term, count in target.wording.items()}


def test_a_report_that_joins_is_no_report_any_more(played: PlayedRegister) -> None:
    before = played.register
    assert before is not None
    event = report("late", "ana", 3, "VPN tunnel drops after login", "vpn")
    decision = add_report(before, event, played.desk)
    assert decision.state.recent == before.recent
    assert isinstance(decision.state, ProblemRegister)
