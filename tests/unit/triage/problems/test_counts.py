"""What is counted of tickets, what is unusual, and that all of it is bounded."""

from datetime import timedelta
from fractions import Fraction
from math import comb, log10
from time import process_time

import pytest
from desk_triage.problems.counting import Counts
from desk_triage.problems.rates import (
    MOST_HOURS,
    MOST_TERMS,
    NO_PAST,
    Rates,
    hour_of_week,
    surprise_of,
    unpack,
)
from desk_triage.problems.terms import MOST_WORDS, number_key, number_terms, read_words
from desk_triage.problems.window import MAX_REPORTS, Counted, Window
from hypothesis import given
from hypothesis import strategies as st

from tests.support.triage_desk import MONDAY
from tests.support.triage_problems import PlayedRegister, ordinary, report

_WINDOW = timedelta(minutes=15)
_ODD = (
    "",
    " \n",
    "\0\ud7ff",
    "NaN inf -1e999",
    "<b>&amp;</b>",
    "{{x}} %s",
    "😀😀",
    "ไม่ได้",
    "会議室",
)


@given(st.floats(0.001, 50), st.floats(0.5, 500), st.integers(1, 200))
def test_more_is_never_less_surprising(mean: float, past: float, count: int) -> None:
    here, more = surprise_of(count, mean, past), surprise_of(count + 1, mean, past)
    assert 0 <= here <= more
    assert surprise_of(count, mean * 2, past) <= here + 1e-6


def test_little_past_makes_the_same_count_less_surprising() -> None:
    assert surprise_of(8, 1, 1) < surprise_of(8, 1, 10) < surprise_of(8, 1, 1000)
    # As a Poisson count it would be 4.99; that rates vary makes it less.
    assert 2.5 < surprise_of(8, 1, 1e9) < 4.99


@pytest.mark.parametrize("count", [2, 5, 12, 40])
@pytest.mark.parametrize(("familiar", "shape"), [(8.0, 4), (8 / 3, 2), (8 / 7, 1)])
def test_a_count_is_compared_with_the_negative_binomial_distribution(
    count: int, familiar: float, shape: int
) -> None:
    """Its shape is 1 by an eighth (rates vary by a third) and what the little past adds to that."""
    chance = Fraction(1, 1 + shape)  # of a mean of 1
    fewer = sum(
        comb(number + shape - 1, number) * chance**number * (1 - chance) ** shape
        for number in range(count)
    )
    assert surprise_of(count, 1.0, familiar) == pytest.approx(-log10(1 - fewer), rel=1e-4)


@pytest.mark.parametrize(("count", "mean"), [(0, 1.0), (1, 1.0), (3, 3.0), (5, 0.0), (2, 2.5)])
def test_what_is_expected_is_no_surprise(count: int, mean: float) -> None:
    assert surprise_of(count, mean, 10) == 0.0


def test_an_hour_of_the_week_has_its_own_rate() -> None:
    key = number_key("service", "identity")
    monday, other = 8, 40
    rates = NO_PAST.count_in(
        [(frozenset({key}), (key,), monday)] * 60 + [(frozenset({1}), (), monday)] * 60
        + [(frozenset({1}), (), other)] * 2_000
    )  # fmt: skip
    assert rates.surprise(key, 12, 24, monday) < 1
    assert rates.surprise(key, 12, 24, other) > 3


@given(st.lists(st.tuples(st.frozensets(st.integers(1, 2**32 - 1)), st.integers(0, 167))))
def test_rates_come_back_from_the_store_as_they_were(
    tickets: list[tuple[frozenset[int], int]],
) -> None:
    rates = NO_PAST.count_in((terms, terms, hour) for terms, hour in tickets)
    again = unpack(rates.pack())
    assert again.pack() == rates.pack()
    for terms, hour in tickets:
        for term in terms:
            assert again.surprise(term, 3, 10, hour) == rates.surprise(term, 3, 10, hour)


def test_a_million_new_words_take_bounded_room() -> None:
    rates: Rates = NO_PAST
    for start in range(0, 1_000_000, 100_000):
        terms = (frozenset({number, number + 1}) for number in range(start, start + 100_000, 2))
        rates = rates.count_in((ticket, ticket, 0) for ticket in terms)
    assert len(rates.pack()) < (MOST_TERMS + MOST_HOURS) * 10
    # Of what is no longer kept so much is assumed as of the rarest that is.
    assert rates.count(-1) >= 1


def test_of_too_many_terms_three_quarters_are_kept_the_most_frequent() -> None:
    kept = MOST_TERMS * 3 // 4
    # All but one of them are in three tickets, one is in two, and those that go are in one.
    sizes = (kept - 1, kept, MOST_TERMS + 1)
    rates = NO_PAST.count_in((frozenset(range(1, size + 1)), (), 0) for size in sizes)
    assert (rates.count(1), rates.count(kept - 1), rates.count(kept)) == (3, 3, 2)
    assert rates.floor == rates.count(kept + 1) == rates.count(MOST_TERMS + 1) == 2


def test_of_too_many_hours_the_same_are_kept_in_whatever_order_they_were_counted() -> None:
    keys = range(16_384)  # and all together are one more
    orders = [[(frozenset[int](), order, 5)] for order in (keys, reversed(keys))]
    packed = {NO_PAST.count_in(tickets).pack() for tickets in orders}
    assert len(packed) == 1


def test_a_large_vocabulary_is_kept_whole_so_that_rare_words_stay_rare() -> None:
    rates = NO_PAST.count_in((frozenset({number}), (), 0) for number in range(1, 50_001))
    assert (rates.count(1), rates.count(50_000)) == (1, 1)
    assert rates.count(50_001) == 0


@pytest.mark.parametrize("text", [*_ODD, "x" * 1_000_000, "word " * 200_000, "会" * 500_000])
def test_any_text_is_bounded_work(text: str) -> None:
    began = process_time()
    words = read_words(text, text)
    assert len(words) <= MOST_WORDS
    assert len(number_terms(words, "", "")) <= MOST_WORDS * 24
    assert process_time() - began < 1


def test_words_of_one_letter_are_left_out() -> None:
    assert {"ab", "vpn"} <= {*read_words("ab a vpn", "x")}
    assert not {"a", "x"} & {*read_words("ab a vpn", "x")}


def test_odd_texts_are_reports_like_any_other() -> None:
    odd = [report(f"o{n}", f"q{n}", n / 2, text * 3) for n, text in enumerate(_ODD * 3)]
    played = PlayedRegister().play([*ordinary(), *odd])
    assert played.register is not None
    assert played.register.recent


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 4)), max_size=60))
def test_counts_made_anew_are_the_same(arrivals: list[tuple[int, int]]) -> None:
    minutes = 0.0
    events = []
    for number, (person, step) in enumerate(arrivals):
        minutes += step * 2
        events.append(
            report(f"t{number}", f"p{person}", minutes, f"word{person} printer", "printing")
        )
    played = PlayedRegister().play(events)
    if played.register is None:
        return
    live = played.desk.counts.take(played.register.recent, _WINDOW)
    anew = Counts().take(played.register.recent, _WINDOW)
    assert live.tickets == anew.tickets
    assert [part.counts for part in live.parts] == [part.counts for part in anew.parts]


def test_a_window_of_fifteen_minutes_is_looked_at_by_five_and_by_two_as_well() -> None:
    lengths = [part.length for part in Window(_WINDOW).parts]
    assert lengths == [timedelta(minutes=minutes) for minutes in (15, 5, 2)]


def test_a_flood_is_counted_in_bounded_room() -> None:
    window = Window(_WINDOW)
    for number in range(MAX_REPORTS + 500):
        moment = MONDAY + timedelta(milliseconds=number)
        window.add(Counted(moment, f"p{number}", frozenset({number})))
    assert window.tickets == MAX_REPORTS
    assert len(window.parts[0].counts) == MAX_REPORTS
    assert not window.has("p0")


def test_hours_of_a_week_are_counted_from_monday() -> None:
    assert hour_of_week(MONDAY) == 8
    assert hour_of_week(MONDAY - timedelta(hours=9)) == 167
