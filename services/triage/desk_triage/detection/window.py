"""The sample window: at most 32 samples of a time span, thinned evenly when there are more.

The window is cut into equal slots and the first sample of each slot is kept; the slots are halved
in number until the samples fit. The samples kept are a function of the samples seen, not of their
order (as long as all lie within one window), and a duplicate changes nothing.
"""

from desk_triage.detection.model import DetectorState, Sample

MAX_SAMPLES = 32
# 2^20 slots: in a window of six hours each is 20 ms wide, so nothing is thinned yet.
_FINEST = 20


def remember(state: DetectorState, sample: Sample, window_s: float) -> DetectorState:
    """With one more sample, without those that left the window; the same object if unchanged."""
    if _is_covered(state, sample, window_s):
        return state
    newest = max(sample[0], state.samples[-1][0]) if state.samples else sample[0]
    inside = {kept for kept in (*state.samples, sample) if kept[0] > newest - window_s}
    coarseness = state.coarseness
    thinned = _thin(inside, window_s, coarseness)
    while len(thinned) > MAX_SAMPLES:
        coarseness += 1
        thinned = _thin(inside, window_s, coarseness)
    if thinned == state.samples:
        return state
    return state.model_copy(update={"samples": thinned, "coarseness": coarseness})


def count_needed(state: DetectorState, min_samples: int) -> int:
    """How many samples make a judgement; thinned ones stand for more than themselves."""
    return min(min_samples, MAX_SAMPLES // 2) if state.coarseness else min(min_samples, MAX_SAMPLES)


def _is_covered(state: DetectorState, sample: Sample, window_s: float) -> bool:
    """The usual case, without sorting anything: the newest slot has its sample already."""
    if not state.samples:
        return False
    oldest_s, _ = state.samples[0]
    newest_s, _ = state.samples[-1]  # desk-skip: mutate only quicker
    width = window_s / 2 ** (_FINEST - state.coarseness)
    is_newest = newest_s < sample[0] < oldest_s + window_s
    is_same = sample[0] // width == newest_s // width  # desk-skip: mutate only quicker
    return is_newest and is_same


def _thin(samples: set[Sample], window_s: float, coarseness: int) -> tuple[Sample, ...]:
    width = window_s / 2 ** (_FINEST - coarseness)
    first: dict[int, Sample] = {}
    for sample in sorted(samples):
        first.setdefault(int(sample[0] // width), sample)
    return tuple(first.values())
