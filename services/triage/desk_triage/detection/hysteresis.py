"""From single verdicts to an episode: trouble has to last, and only health ends it.

The verdicts may come in any order. What decides is the newest healthy moment and the moments of
trouble after it, so with no time to last the end is the same whatever the order, and a duplicate
adds nothing. With a time to last, a healthy measurement that comes late cannot take a raised
signal back; the next healthy one clears it. Values between the two levels, and what cannot be
judged, decide nothing.
"""

from desk_triage.detection.detector import Verdict
from desk_triage.detection.model import Watch

MAX_TROUBLES = 32
# While all is well the newest healthy moment is written down only now and then: so many writes are
# saved. Measurements further apart than this may come in any order.
GRAIN_S = 60.0


def is_lasting(watch: Watch, hold_s: float) -> bool:
    """Whether the trouble has lasted long enough to be raised."""
    return bool(watch.troubles) and watch.troubles[-1] - watch.troubles[0] >= hold_s


def is_over(watch: Watch) -> bool:
    """Whether health has followed all trouble."""
    return not watch.troubles


def apply_verdict(watch: Watch, verdict: Verdict, at_s: float) -> Watch:
    """What to remember after one verdict; the very same object if nothing new was learned."""
    if watch.clear_s is not None and at_s <= watch.clear_s:
        return watch
    if verdict is Verdict.TROUBLE:
        return _add_trouble(watch, at_s)
    if verdict is not Verdict.HEALTHY:
        return watch
    left = tuple(trouble for trouble in watch.troubles if trouble > at_s)
    is_calm = not watch.troubles and not watch.is_raised
    if is_calm and watch.clear_s is not None and at_s - watch.clear_s < GRAIN_S:
        return watch
    return watch.model_copy(update={"clear_s": at_s, "troubles": left})


def _add_trouble(watch: Watch, at_s: float) -> Watch:
    troubles = watch.troubles
    if watch.is_raised:
        last = max(at_s, *troubles) if troubles else at_s
        return watch if troubles == (last,) else watch.model_copy(update={"troubles": (last,)})
    if at_s in troubles:
        return watch
    first, *rest = sorted((*troubles, at_s))
    kept = (first, *rest[-(MAX_TROUBLES - 1) :])
    return watch.model_copy(update={"troubles": kept})
