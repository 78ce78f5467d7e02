"""What a detector may remember: the samples of its window, evenly thinned, and a few numbers."""

import pytest
from desk_triage.detection.model import DetectorState
from desk_triage.detection.window import count_needed, remember
from pydantic import ValidationError

HOUR = 3_600.0
# A moment at which a slot of any width begins.
START = 2.0**20 * HOUR


def seen(*moments: float, window_s: float = HOUR) -> DetectorState:
    state = DetectorState()
    for moment in moments:
        state = remember(state, (START + moment, 1.0), window_s)
    return state


def moments(state: DetectorState) -> list[float]:
    return [at_s - START for at_s, _ in state.samples]


@pytest.mark.parametrize(("newest", "kept"), [(HOUR - 1, [0.0]), (HOUR, []), (HOUR + 1, [])])
def test_what_left_the_window_is_forgotten(newest: float, kept: list[float]) -> None:
    assert moments(seen(0.0, newest)) == [*kept, newest]
    assert moments(seen(newest, 0.0)) == [*kept, newest]


def test_thirty_two_samples_are_kept_as_they_are_and_more_are_thinned() -> None:
    whole = seen(*map(float, range(32)))
    assert moments(whole) == list(map(float, range(32)))
    assert whole.coarseness == 0
    thinned = seen(*map(float, range(33)))
    assert thinned.coarseness > 0
    assert 16 < len(thinned.samples) <= 32
    assert moments(thinned)[0] == 0.0


def test_samples_all_over_the_window_are_thinned_evenly() -> None:
    kept = moments(seen(*(HOUR / 64 * number for number in range(64))))
    assert kept == [HOUR / 32 * number for number in range(32)]


def test_the_first_sample_of_a_slot_stands_for_the_slot() -> None:
    state = seen(*(HOUR / 64 * number for number in range(64)))
    (newest_s, _) = state.samples[-1]
    again = remember(state, (newest_s + 1, 9.0), HOUR)
    assert again is state
    earlier = remember(state, (newest_s - 1, 9.0), HOUR)
    assert earlier.samples == state.samples


def test_what_is_too_old_goes_even_where_the_newest_slot_has_its_sample() -> None:
    slot, window_s = 128.0, 32 * 128.0
    dense = [slot * (number + part) for number in range(1, 31) for part in (0.25, 0.75)]
    state = seen(slot * 0.75, *dense, slot * 32.125, window_s=window_s)
    assert moments(state) == [slot * 0.75, *dense[::2], slot * 32.125]
    same = remember(state, (START + slot * 32.625, 1.0), window_s)
    assert same is state, "nothing is too old yet"
    later = remember(state, (START + slot * 32.75, 1.0), window_s)
    assert moments(later) == moments(state)[1:]


@pytest.mark.parametrize(
    ("coarseness", "wanted", "needed"),
    [(0, 5, 5), (0, 40, 32), (1, 5, 5), (1, 16, 16), (1, 40, 16)],
)
def test_of_a_thinned_window_fewer_samples_are_enough(
    coarseness: int, wanted: int, needed: int
) -> None:
    assert count_needed(DetectorState(coarseness=coarseness), wanted) == needed


def test_a_kind_of_detector_keeps_two_hundred_and_fifty_six_numbers_at_most() -> None:
    assert len(DetectorState(numbers=(0.0,) * 256).numbers) == 256
    with pytest.raises(ValidationError):
        DetectorState(numbers=(0.0,) * 257)
