"""Where a goal stands, with weeks that can be reckoned by hand."""

import math
from datetime import UTC, date, datetime, timedelta

import pytest
from desk_contracts.events.reports import GoalVerdict
from desk_contracts.message import Message
from desk_metrics.measures.contributions import Where
from desk_metrics.measures.units import Unit, unit_of
from desk_metrics.planning.goals import assess_goal, plan_value
from desk_metrics.planning.model import WEEK_US, GoalFigures, GoalWeek, MeasuredGoal
from desk_metrics.planning.quantities import amount, amount_of, number
from desk_metrics.planning.trends import trend_of
from desk_metrics.sla.worktime import micros

from tests.support.spoken import english

# The baseline ends on Sunday 28 December 2025, so weeks after it begin on Mondays.
AFTER = datetime(2025, 12, 29, tzinfo=UTC)
DUE = date(2027, 12, 26)  # 104 weeks later
HALF = MeasuredGoal(
    "half",
    "Half the tickets",
    "contacts",
    Where(),
    wants_less=True,
    factor=0.5,
    value=None,
    first=date(2025, 7, 7),
    last=date(2025, 12, 28),
    due=DUE,
)
SHARE = MeasuredGoal(
    "most",
    "Most before anybody reports",
    "fixed_before_reported",
    Where(),
    wants_less=False,
    factor=None,
    value=0.5,
    first=HALF.first,
    last=HALF.last,
    due=DUE,
)


def weeks_of(values: list[float | None]) -> tuple[GoalWeek, ...]:
    start = micros(AFTER)
    return tuple(
        GoalWeek(start + n * WEEK_US, start + (n + 1) * WEEK_US, value)
        for n, value in enumerate(values)
    )


def seen(
    values: list[float | None], baseline: float | None = 20_000.0, weeks_known: float = 25.0
) -> GoalFigures:
    last = [value for value in values[-4:] if value is not None]
    recent = sum(last) / len(last) if last else None
    return GoalFigures(baseline, weeks_known, 25.0, weeks_of(values), recent)


def after(weeks: int) -> datetime:
    return AFTER + timedelta(weeks=weeks)


def halving(weeks: int, every: float) -> list[float | None]:
    """20,000 a week that halve in so many weeks, told at each week's end."""
    return [20_000 * 0.5 ** ((n + 1) / every) for n in range(weeks)]


def test_exact_halving_ends_exactly_at_the_target() -> None:
    assessment = assess_goal(HALF, seen(halving(26, every=104)), after(26))
    assert assessment.forecast is not None
    assert assessment.forecast.value == pytest.approx(10_000)
    assert (assessment.forecast.low, assessment.forecast.high) == pytest.approx((10_000, 10_000))
    assert assessment.scale == "logarithmic"
    assert assessment.planned_now == pytest.approx(20_000 * 0.5**0.25)
    assert assessment.verdict in {GoalVerdict.ON_THE_WAY, GoalVerdict.WITHIN_REACH}


def test_too_slow_is_behind_and_says_by_how_much() -> None:
    """Halving in 148 weeks leaves 20,000 x 0.5^(104/148) = 12,289 after 104."""
    assessment = assess_goal(HALF, seen(halving(26, every=148)), after(26))
    assert assessment.verdict is GoalVerdict.BEHIND
    assert english(assessment.explanation) == (
        "Behind: at this rate 12,300 a week in December 2027, the aim is 10,000 a week; likely"
        " between 12,300 a week and 12,300 a week."
    )


def test_faster_than_needed_is_on_the_way() -> None:
    assessment = assess_goal(HALF, seen(halving(26, every=80)), after(26))
    assert assessment.verdict is GoalVerdict.ON_THE_WAY
    assert english(assessment.explanation).startswith(
        "On the way: at this rate 8,120 a week in December 2027"
    )


def test_noise_that_leaves_the_target_possible_is_within_reach() -> None:
    noisy = [
        (value or 0) * (1.15 if n % 2 else 0.87) for n, value in enumerate(halving(26, every=110))
    ]
    assessment = assess_goal(HALF, seen([*noisy]), after(26))
    assert assessment.forecast is not None
    assert assessment.forecast.low < 10_000 < assessment.forecast.value < assessment.forecast.high
    assert assessment.verdict is GoalVerdict.WITHIN_REACH


def test_one_holiday_week_does_not_bend_the_line() -> None:
    values = halving(26, every=148)
    values[25] = 900.0
    assessment = assess_goal(HALF, seen(values), after(26))
    assert assessment.forecast is not None
    assert assessment.forecast.value == pytest.approx(12_289, rel=0.001)


def test_three_weeks_are_too_early_to_say() -> None:
    assessment = assess_goal(HALF, seen(halving(3, every=20)), after(3))
    assert (assessment.verdict, assessment.forecast) == (GoalVerdict.TOO_EARLY, None)
    assert (
        english(assessment.explanation)
        == "Too early to say: 3 weeks of data since the baseline; 8 are needed."
    )


def test_weeks_that_point_anywhere_are_too_early_to_say() -> None:
    wild: list[float | None] = [9_000, 30_000, 14_000, 28_000, 9_500, 31_000, 12_000, 22_000]
    assessment = assess_goal(HALF, seen(wild), after(8))
    assert assessment.verdict is GoalVerdict.TOO_EARLY
    assert "December 2027 may bring anything between" in english(assessment.explanation)


def test_a_baseline_that_is_not_over_is_waited_for() -> None:
    assessment = assess_goal(
        HALF, GoalFigures(20_000.0, 5, 25, (), 20_000.0), AFTER - timedelta(days=40)
    )
    assert assessment.verdict is GoalVerdict.CANNOT_TELL
    assert english(assessment.explanation) == (
        "Too early to say: the baseline is being measured until 28 December 2025."
    )


def test_without_a_baseline_a_factor_cannot_be_told_but_a_value_can() -> None:
    half = assess_goal(HALF, seen(halving(10, every=104), baseline=None, weeks_known=0), after(10))
    assert half.verdict is GoalVerdict.CANNOT_TELL
    assert english(half.explanation).startswith(
        "Cannot be told: there is no figure from 7 July 2025 to"
    )
    share = assess_goal(SHARE, seen([0.1] * 10, baseline=None, weeks_known=0), after(10))
    assert share.verdict is GoalVerdict.BEHIND
    assert share.planned_now is None
    assert "rests on 0 of its 25 weeks" in english(share.explanation)


def test_shares_stay_between_nothing_and_all() -> None:
    rising: list[float | None] = [0.01 * n for n in range(1, 31)]
    assessment = assess_goal(SHARE, seen(rising, baseline=0.01), after(30))
    assert assessment.forecast is not None
    assert (assessment.scale, assessment.forecast.high) == ("plain", 1.0)
    assert assessment.verdict is GoalVerdict.ON_THE_WAY


def test_reached_that_would_be_lost_again_says_so() -> None:
    rising = [6_000 * 2 ** (n / 50) for n in range(30)]
    assessment = assess_goal(HALF, seen([*rising]), after(30))
    assert assessment.verdict is GoalVerdict.REACHED
    assert english(assessment.explanation).startswith(
        "Reached for now, with 8,790 a week; at this rate 2"
    )


@pytest.mark.parametrize(
    ("value", "verdict", "begins"),
    [
        (9_000.0, GoalVerdict.REACHED, "Reached: 9,000 a week in the last four weeks"),
        (
            12_300.0,
            GoalVerdict.MISSED,
            "Missed: 12,300 a week in the four weeks before 26 December",
        ),
    ],
)
def test_after_the_due_day_it_is_reached_or_missed(
    value: float, verdict: GoalVerdict, begins: str
) -> None:
    assessment = assess_goal(HALF, seen([value] * 110), after(110))
    assert assessment.verdict is verdict
    assert english(assessment.explanation).startswith(begins)


def test_milestones_compare_the_plan_with_what_was_measured() -> None:
    assessment = assess_goal(HALF, seen(halving(30, every=80)), after(30))
    first, second, *_ = assessment.milestones
    assert first.day == date(2026, 6, 28)  # 26 weeks after the baseline
    assert first.planned == pytest.approx(20_000 * 0.5**0.25)
    four = [20_000 * 0.5 ** (n / 80) for n in range(23, 27)]
    assert first.measured == pytest.approx(sum(four) / 4)
    assert (first.is_met, second.measured) == (True, None)
    assert assessment.milestones[-1].planned == pytest.approx(10_000)


def test_weeks_without_a_figure_are_left_out() -> None:
    values = halving(26, every=148)
    values[3] = values[9] = None
    assessment = assess_goal(HALF, seen(values), after(26))
    assert assessment.forecast is not None
    assert assessment.forecast.weeks == 24
    assert assessment.forecast.value == pytest.approx(12_289, rel=0.001)


def test_the_plain_way_is_a_straight_line() -> None:
    half_way = micros(after(52))
    assert plan_value(SHARE, 0.1, 0.5, half_way, is_log=False) == pytest.approx(0.3)
    assert plan_value(SHARE, 0.1, 0.5, micros(AFTER), is_log=False) == pytest.approx(0.1)


def test_sens_slope_and_bounds_are_those_of_a_worked_example() -> None:
    """y = 2x with one odd point: 15 slopes, ten of them 2, and the odd one's five spread."""
    points = [(0.0, 0.0), (1.0, 2.0), (2.0, 4.0), (3.0, 6.0), (4.0, 8.0), (5.0, 30.0)]
    trend = trend_of(points, is_log=False)
    assert trend.slope == 2
    # S has variance 6*5*17/18 = 28.33; 1.2816 * 5.323 = 6.82; ranks (15 -+ 6.82)/2 = 4.09, 10.91.
    assert trend.slope_low == 2
    assert trend.slope_high == 7


def test_a_trend_needs_three_points() -> None:
    with pytest.raises(ValueError, match="three points"):
        trend_of([(0.0, 1.0), (1.0, 2.0)], is_log=False)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (12_289.0, Unit.PER_WEEK, "12,300 a week"),
        (0.4823, Unit.SHARE, "48.2 %"),
        (5_400.0, Unit.SECONDS, "90 minutes"),
        (200_000.0, Unit.SECONDS, "2.31 days"),
        (12.0, Unit.SECONDS, "12 seconds"),
        (0.0124, Unit.PLAIN, "0.0124"),
    ],
)
def test_amounts_are_told_with_three_digits(value: float, unit: Unit, text: str) -> None:
    assert amount(value, unit) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (119, "119 seconds"),
        (120, "2 minutes"),
        (7_199, "120 minutes"),
        (7_200, "2 hours"),
        (172_799, "48 hours"),
        (172_800, "2 days"),
    ],
)
def test_a_length_is_told_in_the_largest_unit_of_which_there_are_two(
    seconds: int, text: str
) -> None:
    assert amount(seconds, Unit.SECONDS) == text
    length = amount_of(seconds, Unit.SECONDS)
    assert isinstance(length, Message)
    assert english(length) == text


def test_numbers_have_no_exponent() -> None:
    assert [number(item) for item in (0, 1_234_567, 99.96, 0.5)] == ["0", "1,230,000", "100", "0.5"]


def test_a_share_that_grows_for_ever_is_told_up_to_where_numbers_have_a_meaning() -> None:
    """Nine times as much each week; beyond e^300, and below its inverse, nothing more is said."""
    trend = trend_of([(0, 1), (1, 9), (2, 81)], is_log=True)
    assert trend.at(100).middle == pytest.approx(9.0**100)
    assert trend.at(1e6).high == trend.at(1e6).middle == math.exp(300)
    assert trend.at(-1e6).low == trend.at(-1e6).middle == math.exp(-300)


@pytest.mark.parametrize(
    ("measure", "unit"),
    [
        ("contacts", Unit.PER_WEEK),
        ("mttr_p90", Unit.SECONDS),
        ("first_contact_resolution", Unit.SHARE),
        ("reopen_rate", Unit.SHARE),
        ("response_met", Unit.SHARE),
        ("fixed_before_reported", Unit.SHARE),
        ("backlog", Unit.PLAIN),
        ("backlog_age", Unit.SECONDS),
        ("contacts_per_person_per_day", Unit.PLAIN),
    ],
)
def test_every_measure_has_its_unit(measure: str, unit: Unit) -> None:
    assert unit_of(measure) is unit
