"""Finds patterns in the events of one subject, in the events' own time. Pure.

Events are put in order before they are looked at. One waits until an event of a later time has
come, later by the lateness, or until so much of the log's time has passed since it arrived. Both
are in the log, so the same log gives the same matches, however it is cut and whenever it is read.
Timers only make happen what the next event of the subject would make happen anyway.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from desk_charter.patterns import Absent, Count, Distinct, Held, Pattern, Sequence, When

from desk_automation.patterns.model import (
    CountedEvent,
    Left,
    Match,
    Occurrence,
    SubjectWindows,
    Wait,
    Window,
)

# More events than this do not wait for their order; the oldest is then done at once.
MOST_WAITING = 100
# An event that says it is older than this by its arrival tells nothing of those that follow.
LONGEST_BEHIND = timedelta(hours=1)
_NOTHING = timedelta()


@dataclass(slots=True)
class _Step:
    """A window at work, and what it left out."""

    window: Window
    when: When
    pattern: Pattern
    late: int = 0
    quiet: int = 0
    flapping: int = 0

    def update(self, **changes: object) -> None:
        self.window = self.window.model_copy(update=changes)


def find_due(at: datetime, arrived: datetime, lateness: timedelta) -> datetime:
    """When no earlier event is waited for any longer, in the log's time."""
    return max(at, arrived) + lateness


def hear(
    windows: SubjectWindows, runbook: str, version: str, when: When, occurrence: Occurrence
) -> SubjectWindows:
    """The windows after an event of the subject."""
    window = find_window(windows, runbook)
    if window is None or window.version != version:
        # What was found under the pattern before is found.
        window = Window(runbook=runbook, version=version, matches=window.matches if window else ())
    pattern = when.pattern
    if pattern is None:
        return windows
    step = _Step(window, when, pattern)
    _elapse(step, occurrence.arrived)
    _take(step, occurrence)
    _forget_idle(step)
    return _replace(windows, step)


def elapse(windows: SubjectWindows, runbook: str, when: When, until: datetime) -> SubjectWindows:
    """The windows once the log's time has come to `until`."""
    window = find_window(windows, runbook)
    if window is None or when.pattern is None:
        return windows
    step = _Step(window, when, when.pattern)
    _elapse(step, until)
    return _replace(windows, step)


def find_window(windows: SubjectWindows, runbook: str) -> Window | None:
    """That of the runbook, if anything is in it."""
    return next((window for window in windows.windows if window.runbook == runbook), None)


def forget_all_but(windows: SubjectWindows, kept: Iterable[Window]) -> SubjectWindows:
    """Only these windows, and of those only what is not empty."""
    return windows.model_copy(update={"windows": tuple(kept)})


def clear_matches(windows: SubjectWindows, started: Iterable[tuple[str, str]]) -> SubjectWindows:
    """Without the matches that were started, each as its runbook and its first event."""
    gone = frozenset(started)
    kept = []
    for window in windows.windows:
        left = tuple(item for item in window.matches if (window.runbook, item.first) not in gone)
        if left or not _is_idle(window):
            kept.append(window.model_copy(update={"matches": left}))
    return windows.model_copy(update={"windows": tuple(kept)})


def next_due(window: Window, when: When | None) -> datetime | None:
    """When the log's time makes something happen in it; None if nothing is left to happen."""
    moments = [item.due for item in window.waiting]
    if window.wait is not None:
        moments.append(window.wait.due)
    if not moments and when is not None and (ends := _end_of(window, when)) is not None:
        moments.append(ends)
    return min(moments, default=None)


def _replace(windows: SubjectWindows, step: _Step) -> SubjectWindows:
    others = [window for window in windows.windows if window.runbook != step.window.runbook]
    if step.window.matches or not _is_idle(step.window):
        others.append(step.window)
    before = windows.left_out
    left_out = Left(
        late=before.late + step.late,
        quiet=before.quiet + step.quiet,
        flapping=before.flapping + step.flapping,
    )
    return SubjectWindows(windows=tuple(others), left_out=left_out)


def _is_idle(window: Window) -> bool:
    """Whether nothing of what it remembers could be a part of a match to come."""
    is_bare = not (window.waiting or window.entries or window.changes or window.trouble)
    return is_bare and window.wait is None and window.quiet_until is None


def _forget_idle(step: _Step) -> None:
    """An idle window is as one that never was, whether it is still kept for its matches or not."""
    window = step.window
    if _is_idle(window):
        step.window = Window(runbook=window.runbook, version=window.version, matches=window.matches)


def _take(step: _Step, occurrence: Occurrence) -> None:
    """Put an event among those that wait, and do what need not wait any longer."""
    window = step.window
    if any(other.id == occurrence.id for other in window.waiting):
        return
    if window.read_until is not None and occurrence.at <= window.read_until:
        step.late += 1
        return
    waiting = tuple(sorted((*window.waiting, occurrence), key=lambda item: (item.at, item.id)))
    step.update(waiting=waiting, behind=_find_behind(occurrence))
    _advance(step, occurrence.at - step.when.lateness)
    while len(step.window.waiting) > MOST_WAITING:
        _advance(step, step.window.waiting[0].at)


def _find_behind(occurrence: Occurrence) -> timedelta:
    """How long it was on its way, as far as it is believed."""
    return min(max(_NOTHING, occurrence.arrived - occurrence.at), LONGEST_BEHIND)


def _elapse(step: _Step, until: datetime) -> None:
    """Do, one after the other, what the log's time makes happen up to a moment."""
    while True:
        window = step.window
        moments = [(item.due, item.at) for item in window.waiting]
        if window.wait is not None:
            moments.append((window.wait.due, window.wait.at))
        if not moments or min(moments)[0] > until:
            break
        _advance(step, min(moments)[1])
    ends = _end_of(step.window, step.when)
    if ends is not None and ends <= until:
        # That trouble is there stays known only as long as changes of it count.
        step.update(entries=(), quiet_until=None, changes=(), trouble="")
    _forget_idle(step)


def _end_of(window: Window, when: When) -> datetime | None:
    """When all that it remembers is too old to matter; None as long as something is under way."""
    if window.waiting or window.wait is not None:
        return None
    moments = [window.quiet_until] if window.quiet_until else []
    within = getattr(when.pattern, "within", _NOTHING)
    moments += [entry.at + within for entry in window.entries]
    if when.flap is not None:
        moments += [at + when.flap.within for at in window.changes]
        if window.trouble and window.read_until is not None:
            moments.append(window.read_until + when.flap.within)
    if not moments:
        return None
    return max(moments) + window.behind + when.lateness


def _advance(step: _Step, to: datetime) -> None:
    """All events up to this moment of theirs are in: do them, and what ends by then, in order."""
    if step.window.read_until is not None and to <= step.window.read_until:
        return
    while True:
        window = step.window
        first = window.waiting[0] if window.waiting and window.waiting[0].at <= to else None
        wait = window.wait if window.wait is not None and window.wait.at <= to else None
        if first is not None and (wait is None or first.at <= wait.at):
            step.update(waiting=window.waiting[1:])
            _note_change(step, first)
            _apply(step, first)
        elif wait is not None:
            step.update(wait=None)
            _find(step, wait.first.id, wait.first.at, wait.at, wait.first)
        else:
            break
    step.update(read_until=to)


def _apply(step: _Step, item: Occurrence) -> None:
    """One event, in its order."""
    pattern = step.pattern
    match pattern:
        case Count():
            _count(step, pattern, item)
        case Distinct():
            _count_values(step, pattern, item)
        case Sequence():
            _follow(step, pattern, item)
        case Absent():
            if 1 in item.parts:
                step.update(wait=None)
            _begin_wait(step, item, pattern.within)
        case Held():
            wait = step.window.wait
            is_over = wait is not None and item.is_end and item.episode == wait.first.episode
            if 1 in item.parts or is_over:
                step.update(wait=None)
            _begin_wait(step, item, pattern.duration)
        case _:
            assert_never(pattern)


def _count(step: _Step, pattern: Count, item: Occurrence) -> None:
    if 0 not in item.parts:
        return
    since = item.at - pattern.within
    kept = [entry for entry in step.window.entries if entry.at >= since]
    kept.append(CountedEvent(at=item.at, id=item.id))
    _keep_or_find(step, kept, pattern.at_least, item)


def _count_values(step: _Step, pattern: Distinct, item: Occurrence) -> None:
    if 0 not in item.parts or not item.value:
        return
    since = item.at - pattern.within
    kept = [
        entry for entry in step.window.entries if entry.at >= since and entry.value != item.value
    ]
    kept.append(CountedEvent(at=item.at, id=item.id, value=item.value))
    _keep_or_find(step, kept, pattern.at_least, item)


def _keep_or_find(step: _Step, kept: list[CountedEvent], at_least: int, item: Occurrence) -> None:
    if len(kept) < at_least:
        step.update(entries=tuple(kept))
        return
    step.update(entries=())
    _find(step, kept[0].id, kept[0].at, item.at, item)


def _follow(step: _Step, pattern: Sequence, item: Occurrence) -> None:
    """Of all beginnings that reach a part, the latest is kept: whatever follows fits it best."""
    since, last = item.at - pattern.within, len(pattern.parts) - 1
    reached = {entry.part: entry for entry in step.window.entries if entry.at >= since}
    # From the last part on, so that one event is not two parts at once.
    for part in sorted(item.parts, reverse=True):
        begun = CountedEvent(at=item.at, id=item.id) if part == 0 else reached.get(part - 1)
        if begun is None:
            continue
        if part == last:
            step.update(entries=())
            _find(step, begun.id, begun.at, item.at, item)
            return
        if part not in reached or reached[part].at <= begun.at:
            reached[part] = begun.model_copy(update={"part": part})
    step.update(entries=tuple(reached[part] for part in sorted(reached)))


def _begin_wait(step: _Step, item: Occurrence, time: timedelta) -> None:
    if 0 not in item.parts or step.window.wait is not None:
        return
    at = item.at + time
    due = at + _find_behind(item) + step.when.lateness
    step.update(wait=Wait(at=at, due=due, first=item))


def _note_change(step: _Step, item: Occurrence) -> None:
    """From well to trouble, or back: trouble is an event that may start the run."""
    flap, window = step.when.flap, step.window
    if flap is None:
        return
    if item.event is not None:
        is_change, trouble = not window.trouble, item.episode
    elif item.is_end and item.episode == window.trouble:
        is_change, trouble = True, ""
    else:
        return
    since = item.at - flap.within
    changes = tuple(at for at in window.changes if at >= since)
    if is_change:
        changes = (*changes, item.at)[-flap.changes :]
    step.update(trouble=trouble, changes=changes)


def _find(step: _Step, first: str, since: datetime, at: datetime, item: Occurrence) -> None:
    """The pattern is there: a match, unless the subject is flapping or is to be left in peace."""
    window, flap = step.window, step.when.flap
    if item.event is None:
        return
    if flap is not None:
        recent = [change for change in window.changes if change >= at - flap.within]
        if len(recent) >= flap.changes:
            step.flapping += 1
            return
    if window.quiet_until is not None and at < window.quiet_until:
        step.quiet += 1
        return
    match = Match(first=first, since=since, at=at, event=item.event)
    quiet_until = at + step.when.quiet if step.when.quiet else None
    step.update(matches=(*window.matches, match), quiet_until=quiet_until)
