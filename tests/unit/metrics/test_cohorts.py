"""Did a change help: intervals as R prints them, counts by hand, honest about small numbers."""

import math
from datetime import UTC, date, datetime
from math import comb

import pytest
from desk_contracts.message import verbatim
from desk_metrics.measures.contributions import Slice, Where
from desk_metrics.planning.cohorts import (
    Cohort,
    CohortAnswer,
    CohortComparison,
    CohortCount,
    Sizes,
    Windows,
    cannot,
    compare,
    names,
)
from desk_metrics.planning.odds import Square, interval
from desk_metrics.sla.worktime import micros

from tests.support.metrics_measures import buckets_of, second
from tests.support.metrics_story import Story
from tests.support.spoken import english

WINDOWS = Windows(
    micros(datetime(2026, 11, 9, tzinfo=UTC)),
    micros(datetime(2026, 11, 23, tzinfo=UTC)),
    micros(datetime(2026, 12, 7, tzinfo=UTC)),
    date(2026, 11, 9),
    date(2026, 11, 23),
    date(2026, 12, 7),
)


def compare_counts(
    *counts: int,
    callers: int | None = None,
    sizes: Sizes = Sizes(),  # noqa: B008  (frozen)
) -> CohortComparison:
    return compare(Square(*counts), WINDOWS, sizes, callers)


@pytest.mark.parametrize(
    ("square", "low", "high"),
    [
        # fisher.test of R on its own two examples, the lady's tea and convicted twins; its search
        # for the ends stops at 1e-4.
        (Square(1, 3, 3, 1), 0.2117329, 621.9337505),
        (Square(15, 2, 3, 10), 0.003325764, 0.363182271),
    ],
)
def test_the_interval_is_that_of_fishers_exact_test(
    square: Square, low: float, high: float
) -> None:
    assert interval(square) == pytest.approx((low, high), rel=0.01)
    assert tails(square, *interval(square)) == pytest.approx((0.025, 0.025))


def tails(square: Square, low: float, high: float) -> tuple[float, float]:
    """Of the law itself: how often chance gives as many at the lower end, as few at the upper."""
    cohort, rest = square[0] + square[1], square[2] + square[3]
    after = square[1] + square[3]
    ways = {n: comb(cohort, n) * comb(rest, after - n) for n in range(min(cohort, after) + 1)}
    at_low = {n: count * low**n for n, count in ways.items()}
    at_high = {n: count * high**n for n, count in ways.items()}
    return (
        sum(value for n, value in at_low.items() if n >= square[1]) / sum(at_low.values()),
        sum(value for n, value in at_high.items() if n <= square[1]) / sum(at_high.values()),
    )


def test_nothing_on_one_side_leaves_the_interval_open() -> None:
    assert interval(Square(4, 0, 5, 5))[0] == 0
    assert interval(Square(0, 4, 5, 5))[1] == math.inf
    assert Square(0, 4, 5, 5).ratio is None


def test_without_a_contact_the_ratio_may_be_anything() -> None:
    answer = compare_counts(0, 0, 0, 0)
    assert (answer.ratio, answer.low, answer.high) == (None, 0.0, None)


def test_large_counts_agree_with_the_exact_interval() -> None:
    """Just below and just above the bound, on like proportions."""
    exact, quick = interval(Square(299, 299, 600, 600)), interval(Square(300, 300, 600, 600))
    assert quick == pytest.approx(exact, rel=0.01)


def test_a_clear_difference_helped() -> None:
    comparison = compare_counts(100, 40, 1000, 950)
    assert comparison.answer is CohortAnswer.BETTER
    assert comparison.ratio == pytest.approx(40 * 1000 / (100 * 950))
    assert english(comparison.explanation).startswith(
        "Helped: compared with how the rest went, the cohort had 58% fewer contacts; likely between"
    )


def test_what_got_better_for_everybody_is_nobodys_merit() -> None:
    comparison = compare_counts(100, 50, 1000, 500)
    assert comparison.answer is CohortAnswer.CANNOT_TELL
    assert comparison.ratio == 1
    assert english(comparison.explanation).startswith(
        "Cannot tell: with 150 contacts of the cohort anything between"
    )


def test_more_trouble_than_the_rest_is_said() -> None:
    comparison = compare_counts(20, 90, 1000, 1000)
    assert comparison.answer is CohortAnswer.WORSE
    assert "the cohort had 4.5 times as many contacts" in english(comparison.explanation)


@pytest.mark.parametrize(
    ("counts", "callers", "sentence"),
    [
        ((3, 0, 50, 50), None, "Cannot tell: 3 contacts of the cohort; below 10 all is chance."),
        ((1, 0, 0, 0), None, "Cannot tell: 1 contact of the cohort; below 10 all is chance."),
        ((0, 0, 0, 0), None, "Cannot tell: 0 contacts of the cohort; below 10 all is chance."),
        ((30, 1, 50, 50), 2, "Cannot tell: the 31 contacts of the cohort come from 2 people."),
        (
            (30, 1, 0, 5),
            None,
            "Cannot tell: the rest had no contacts in the same weeks to compare with.",
        ),
    ],
)
def test_too_little_is_never_a_verdict(
    counts: tuple[int, ...], callers: int | None, sentence: str
) -> None:
    comparison = compare_counts(*counts, callers=callers)
    assert (comparison.answer, english(comparison.explanation)) == (
        CohortAnswer.CANNOT_TELL,
        sentence,
    )


def test_with_numbers_of_people_the_difference_is_told_per_person_and_week() -> None:
    """Cohort: 60 fewer among 50 in two weeks; rest: 100 fewer among 1,000."""
    comparison = compare_counts(100, 40, 1000, 900, sizes=Sizes(50, 1000))
    assert comparison.fewer_per_person_per_week == pytest.approx((60 / 50 - 100 / 1000) / 2)


async def test_contacts_are_counted_on_their_side_of_the_change() -> None:
    lives = [
        Story("2026-11-10 09:00", service="vpn"),
        Story("2026-11-23 09:00", service="vpn"),
        Story("2026-11-08 09:00", service="vpn"),
        Story("2026-11-24 09:00", service="mail"),
    ]
    buckets = await buckets_of(*(second(life, f"t-{n}", "ada") for n, life in enumerate(lives)))
    everybody = CohortCount(Cohort(people=names(["ada", ""])), Where(), WINDOWS)
    of_vpn = CohortCount(Cohort(sites=names(["paris"])), Where(services=("vpn",)), WINDOWS)
    for bucket in buckets:
        everybody.add(bucket)
        of_vpn.add(bucket)
    assert (everybody.square, everybody.people) == ((1, 2, 0, 0), 1)
    assert of_vpn.square == (0, 0, 1, 1)


def test_nobody_is_no_member_of_a_cohort() -> None:
    assert not Cohort(people=names([""])).has(Slice())
    assert Cohort(devices=names(["pc-1"])).has(Slice(device="pc-1"))


def test_where_nothing_can_be_compared_nothing_is_counted() -> None:
    why = verbatim("x")
    assert cannot(why).model_dump(exclude={"explanation"}) == {
        "answer": CohortAnswer.CANNOT_TELL, "before": None, "after": None, "cohort_before": 0,
        "cohort_after": 0, "rest_before": 0, "rest_after": 0, "ratio": None, "low": None,
        "high": None, "fewer_per_person_per_week": None,
    }  # fmt: skip
    assert cannot(why).explanation == (why,)
