"""All windows of one subject under the rulebook in force. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from desk_contracts import AnyEvent

from desk_automation.conditions.inputs import values_of
from desk_automation.patterns.decide import elapse, hear, next_due
from desk_automation.patterns.model import SubjectWindows
from desk_automation.patterns.rules import PatternRule

# A record may be read so much later than the time that its writer gave it. What timers do with the
# log's time, they do so much later, when nothing of an earlier time can still come to be read.
READ_LATER = timedelta(seconds=1)


def hear_event(
    windows: SubjectWindows | None,
    event: AnyEvent,
    arrived: datetime,
    rules: Sequence[PatternRule],
) -> SubjectWindows | None:
    """The subject's windows after an event; None if no pattern has to do with it."""
    values, is_heard = values_of(event, ""), False
    after = windows or SubjectWindows()
    for rule in rules:
        if (occurrence := rule.find_occurrence(event, values, arrived)) is not None:
            after, is_heard = hear(after, rule.runbook, rule.version, rule.when, occurrence), True
    return after if is_heard else None


def let_time_pass(
    windows: SubjectWindows, rules: Mapping[str, PatternRule], now: datetime
) -> SubjectWindows:
    """What has come of it by now. Windows of other patterns than those in force are given up, but
    what was a match is started."""
    for window in windows.windows:
        rule = rules.get(window.runbook)
        if rule is not None and rule.version == window.version:
            windows = elapse(windows, rule.runbook, rule.when, now - READ_LATER)
    kept = tuple(
        window
        for window in windows.windows
        if window.matches
        or (window.runbook in rules and rules[window.runbook].version == window.version)
    )
    return windows.model_copy(update={"windows": kept})


def find_next(
    windows: SubjectWindows, rules: Mapping[str, PatternRule], now: datetime
) -> datetime | None:
    """When it is to be looked at: at once with matches, else when time makes something of it."""
    if any(window.matches for window in windows.windows):
        return now
    moments = []
    for window in windows.windows:
        rule = rules.get(window.runbook)
        due = next_due(window, None if rule is None else rule.when)
        moments.append(now if due is None else due + READ_LATER)
    return min(moments, default=None)
