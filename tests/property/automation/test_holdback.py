"""Who waits is chosen alike for all, and nothing is said that the numbers do not carry."""

from desk_automation.holdback.decide import choose_arm, compare
from desk_automation.holdback.description import describe_difference
from desk_automation.holdback.model import Comparison, Tally
from hypothesis import example, given
from hypothesis import strategies as st

COUNTS = st.integers(0, 400)
TALLIES = st.builds(Tally, well=COUNTS, ill=COUNTS, unknown=st.integers(0, 40))
FEW, MANY = Tally(well=9, ill=0), Tally(well=380, ill=20)
NATURAL = Tally(well=40, ill=360)


@given(st.text(max_size=40), st.floats(0, 100, allow_nan=False))
@example("run-1", 50.0)
def test_the_same_run_is_always_in_the_same_arm_and_a_larger_share_keeps_who_waits(
    run: str, percent: float
) -> None:
    assert choose_arm(run, percent) == choose_arm(run, percent)
    if choose_arm(run, percent) == "waits":
        assert choose_arm(run, 100.0) == "waits"
    assert choose_arm(run, 0.0) == "acts"


def test_the_share_that_waits_is_the_declared_one() -> None:
    waiting = sum(choose_arm(f"run-{number}", 10) == "waits" for number in range(20_000))
    assert 1_800 <= waiting <= 2_200


@given(TALLIES, TALLIES, st.integers(10, 60))
@example(FEW, MANY, 10)
@example(MANY, NATURAL, 30)
@example(Tally(well=30, unknown=40), Tally(ill=30), 30)
def test_below_the_least_number_nothing_is_known_and_the_interval_holds_the_difference(
    acts: Tally, waits: Tally, least: int
) -> None:
    comparison = Comparison(acts=acts, waits=waits)
    difference = compare(comparison, least)
    assert (difference is None) == (min(acts.decided, waits.decided) < least)
    if difference is None:
        code = describe_difference(difference, comparison, least).code
        assert code == "recovery.not-known"
    else:
        assert -1 <= difference.low <= difference.beyond <= difference.high <= 1


@given(TALLIES, TALLIES)
@example(MANY, NATURAL)
def test_what_is_not_known_only_widens_the_interval(acts: Tally, waits: Tally) -> None:
    certain = Comparison(
        acts=acts.model_copy(update={"unknown": 0}), waits=waits.model_copy(update={"unknown": 0})
    )
    all_of_it, part = compare(Comparison(acts=acts, waits=waits), 1), compare(certain, 1)
    if all_of_it is not None and part is not None:
        assert all_of_it.low <= part.low
        assert all_of_it.high >= part.high


def test_a_clear_difference_is_said_and_a_chance_is_not() -> None:
    codes = [
        describe_difference(compare(comparison, 30), comparison, 30).code
        for comparison in (
            Comparison(acts=MANY, waits=NATURAL),
            Comparison(acts=NATURAL, waits=MANY),
            Comparison(acts=Tally(well=20, ill=20), waits=Tally(well=18, ill=22)),
            Comparison(acts=MANY, waits=FEW),
        )
    ]
    assert codes == [
        "recovery.beyond",
        "recovery.less",
        "recovery.may-be-none",
        "recovery.not-known",
    ]
