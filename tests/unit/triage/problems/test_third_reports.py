"""What the third report decides: by how unusual a word is, and by what else its people say."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from desk_contracts.events.problems import ProblemDetected
from desk_triage.problems.bursts import Group, is_enough, is_overwhelming, require_surprise
from desk_triage.problems.profile import MOST_EVIDENCE, Profile
from desk_triage.problems.rates import NO_PAST
from desk_triage.problems.window import Burst
from hypothesis import given
from hypothesis import strategies as st

from tests.support.triage_desk import MONDAY
from tests.support.triage_problems import PlayedRegister, ordinary, outage, report, signal

_FAMILIAR = ("tunnel closed", "gateway slow", "session ended", "lost key", "panne salle", "reseau")
_SAME = (
    "gateway tunnel session lost",
    "lost gateway tunnel session",
    "session lost tunnel gateway",
)
_ONE_WORD = ("tunnel under river", "where is tunnel seven", "tunnel visitors friday")
_FRENCH = ("panne du reseau prive", "panne du reseau", "la panne reseau")


def _with_past(times: int) -> PlayedRegister:
    """A desk to which each of the familiar words came so often in forty hours."""
    before = [
        report(f"{text}-{n}", f"{text}-p{n}", -2_390 + n * 2_300 / times, text)
        for text in _FAMILIAR
        for n in range(times)
    ]
    played = PlayedRegister().play(sorted([*ordinary(600), *before], key=lambda item: item.time))
    assert played.emitted == []
    return played


def _play_each(played: PlayedRegister, texts: Sequence[str], begins: float = 0) -> list[int]:
    """How many problems there are after each of these reports, 36 seconds apart."""
    counts = []
    for number, text in enumerate(texts):
        moment = begins + number * 0.6
        played.play([report(f"third-{number}", f"third-p{number}", moment, text)])
        counts.append(len(played.problems))
    return counts


def test_a_word_that_hardly_came_is_enough_at_the_third_report() -> None:
    texts = ("spooler stopped", "the spooler has stopped", "spooler stopped again")
    assert _play_each(_with_past(2), texts) == [0, 0, 1]


def test_who_says_the_same_needs_less_than_who_shares_one_word() -> None:
    # The same words, as rare in the past, in the same time.
    assert _play_each(_with_past(2), _SAME) == [0, 0, 1]
    assert _play_each(_with_past(2), _ONE_WORD) == [0, 0, 0]


def test_what_is_common_is_no_problem_though_all_say_it() -> None:
    assert _play_each(_with_past(40), _SAME) == [0, 0, 0]


def test_another_side_of_an_open_problem_joins_it() -> None:
    played = _with_past(1).play(outage(4))
    assert _play_each(played, _FRENCH, begins=3) == [1, 1, 1]
    assert {f"third-{n}" for n in range(3)} <= set(played.listed)
    assert len(played.of(ProblemDetected)) == 1


def test_words_that_are_not_enough_do_not_hide_a_signal_of_the_service() -> None:
    played = _with_past(2).play([signal(-0.5)])
    for number, (text, service) in enumerate(zip(_ONE_WORD, ("", "vpn", "vpn"), strict=True)):
        assert played.problems == ()
        played.play([report(f"s{number}", f"sp{number}", number * 0.6, text, service)])
    assert [problem.service for problem in played.problems] == ["vpn"]


def _group(beyond: float, third: float, by_chance: float) -> Group:
    burst = Burst(1, MONDAY - timedelta(minutes=2), 7 + beyond, beyond)
    return Group(burst, [], Profile(3, {}), 3.0, third, by_chance)


_WEIGHTS = st.floats(0, 25)


@given(st.floats(-3, 12), _WEIGHTS, _WEIGHTS, st.floats(0, 5))
def test_more_evidence_never_makes_less_of_it(
    beyond: float, third: float, by_chance: float, more: float
) -> None:
    if not is_enough(_group(beyond, third, by_chance)):
        return
    assert is_enough(_group(beyond + more, third, by_chance))
    assert is_enough(_group(beyond, third + more, by_chance))
    assert is_enough(_group(beyond, third, max(0.0, by_chance - more)))


@pytest.mark.parametrize("beyond", [-3.0, -1.0, 0.0])
def test_one_word_in_common_is_never_enough_by_what_is_said(beyond: float) -> None:
    assert not is_enough(_group(beyond, MOST_EVIDENCE, 0.0))


@pytest.mark.parametrize(
    ("beyond", "more_than_chance", "enough"),
    [
        (0.0, 4.0, True),  # four more than chance: the count has to be what is needed, no more
        (-0.01, 4.0, False),
        (-1.0, 8.0, True),  # each four more are worth one
        (-1.01, 8.0, False),
        (-2.0, 24.0, True),  # and two are the most
        (-2.01, 24.0, False),
        (0.25, 3.0, True),  # who says less than that needs more
        (0.24, 3.0, False),
        (0.5, 0.0, True),  # and half a one is the most that is asked
        (0.49, 0.0, False),
    ],
)
def test_what_people_say_beside_the_word_counts_within_limits(
    beyond: float, more_than_chance: float, *, enough: bool
) -> None:
    group = _group(beyond, MOST_EVIDENCE + 20, MOST_EVIDENCE + 20 - more_than_chance)
    assert is_enough(group) is enough


@pytest.mark.parametrize(("beyond", "enough"), [(0.99, False), (1.0, True)])
def test_one_word_in_common_has_to_be_more_unusual(beyond: float, *, enough: bool) -> None:
    assert is_enough(_group(beyond, MOST_EVIDENCE, 0.0)) is enough


@pytest.mark.parametrize(
    ("tickets", "least"), [(0, 4.0771), (1, 6.0594), (10, 7.0594), (100, 8.0594), (1_000, 9.0594)]
)
def test_ten_times_the_load_asks_for_ten_times_less_chance(tickets: int, least: float) -> None:
    """30 tests a ticket of a day, and 2.6 powers of ten of room."""
    assert require_surprise(tickets, timedelta(minutes=15)) == pytest.approx(least, abs=1e-4)


@pytest.mark.parametrize(("people", "is_evident"), [(9, False), (10, True)])
def test_nothing_is_out_of_the_question_before_ten_people_say_it(
    people: int, *, is_evident: bool
) -> None:
    played = PlayedRegister().play([*ordinary(), *outage(people)])
    (problem,) = played.problems
    assert len(problem.people) == people
    assert is_overwhelming(problem, NO_PAST, problem.last_at, needed=-10) is is_evident
