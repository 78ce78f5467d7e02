"""A bounded past: at most 32 points of a window, thinned evenly when there are more.

The window is cut into equal slots and the first point of each slot is kept; the slots are halved
in number until the points fit. The points kept are a function of the points seen, not of their
order (as long as all lie within one window), and a duplicate changes nothing.
"""

from desk_triage.domain.watching import Point, Watch

MAX_POINTS = 32
# 2^20 slots: in a window of six hours each is 20 ms wide, so nothing is thinned yet.
_FINEST = 20


def remember(watch: Watch, point: Point, window_s: float) -> Watch:
    """With one more point, without those that left the window; the same object if unchanged."""
    if _is_covered(watch, point, window_s):
        return watch
    newest = max(point[0], watch.points[-1][0]) if watch.points else point[0]
    inside = {one for one in (*watch.points, point) if one[0] > newest - window_s}
    coarseness = watch.coarseness
    kept = _thinned(inside, window_s, coarseness)
    while len(kept) > MAX_POINTS:
        coarseness += 1
        kept = _thinned(inside, window_s, coarseness)
    if kept == watch.points:
        return watch
    return watch.model_copy(update={"points": kept, "coarseness": coarseness})


def needed(watch: Watch, min_samples: int) -> int:
    """How many points make a judgement; thinned ones stand for more than themselves."""
    return min(min_samples, MAX_POINTS // 2) if watch.coarseness else min(min_samples, MAX_POINTS)


def _is_covered(watch: Watch, point: Point, window_s: float) -> bool:
    """The usual case, without sorting anything: the newest slot has its point already."""
    if not watch.points:
        return False
    (oldest_s, _), (newest_s, _) = watch.points[0], watch.points[-1]
    width = window_s / 2 ** (_FINEST - watch.coarseness)
    is_newest = newest_s < point[0] < oldest_s + window_s
    return is_newest and point[0] // width == newest_s // width


def _thinned(points: set[Point], window_s: float, coarseness: int) -> tuple[Point, ...]:
    width = window_s / 2 ** (_FINEST - coarseness)
    first: dict[int, Point] = {}
    for point in sorted(points):
        first.setdefault(int(point[0] // width), point)
    return tuple(first.values())
