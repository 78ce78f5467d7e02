"""What an open breaker withholds: one run of each cause brings it to people, the others are
counted. Pure.

The signal and the service of a match are its cause: that another cause has the same cure does not
say that it is the same trouble.
"""

from dataclasses import replace
from datetime import datetime

from desk_automation.safety.model import Bounds, Refusal
from desk_automation.safety.statistics import BreakerEpisode, RunbookStatistics, admit, find_refusal

# A match of a cause beyond these is brought to people by itself.
MAX_CAUSES = 200
MAX_TARGETS = 50


def begin_episode(run: str, cause: str, now: datetime) -> BreakerEpisode:
    """The breaker opened; the run that opened it brings its own cause to people."""
    return BreakerEpisode(since=now, run=run, told_by={cause: run} if cause else {})


def admit_or_withhold(
    counts: RunbookStatistics | None, run: str, cause: str, bounds: Bounds, now: datetime
) -> RunbookStatistics | None:
    """The statistics with one more start, or with the run that brings a new cause to people; None
    if nothing changes."""
    if (after := admit(counts, run, bounds, now)) is not None:
        return after
    before = counts or RunbookStatistics()
    refusal, episode = find_refusal(before, run, bounds, now), before.open_episode
    if refusal is None or refusal.kind != "breaker" or episode is None:
        return None
    if not cause or cause in episode.told_by or len(episode.told_by) >= MAX_CAUSES:
        return None
    told_by = {**episode.told_by, cause: run}
    return before.model_copy(update={"episode": episode.model_copy(update={"told_by": told_by})})


def find_withholding(
    counts: RunbookStatistics, run: str, cause: str, bounds: Bounds, now: datetime
) -> Refusal | None:
    """Why the run may not start; of an open breaker since when, and who brings it to people."""
    refusal, episode = find_refusal(counts, run, bounds, now), counts.open_episode
    if refusal is None or refusal.kind != "breaker" or episode is None:
        return refusal
    return replace(refusal, since=episode.since, holder=episode.told_by.get(cause, run))


def count_withheld(counts: RunbookStatistics, target: str, since: datetime) -> RunbookStatistics:
    """The statistics with one more match that the breaker withheld; an episode that another has
    followed by now is counted no more."""
    episode = counts.episode
    if episode is None or episode.since != since:
        return counts
    targets = tuple(dict.fromkeys((*episode.targets, target)))[-MAX_TARGETS:]
    changes = {"withheld": episode.withheld + 1, "targets": targets}
    return counts.model_copy(update={"episode": episode.model_copy(update=changes)})


def is_told(before: BreakerEpisode | None, after: BreakerEpisode, *, is_over: bool) -> bool:
    """Whether people hear of the count: each time that it has doubled, and of each that comes when
    the end was told already."""
    count = before.withheld if before is not None and before.since == after.since else 0
    if after.withheld <= count:
        return False
    return is_over or count.bit_length() < after.withheld.bit_length()
