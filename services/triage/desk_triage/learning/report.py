"""What learning found, in words: how right, how often sure, and what it could not learn."""

from collections import Counter
from collections.abc import Container, Sequence
from pathlib import Path

from desk_triage.domain.judging import Refused
from desk_triage.domain.learned import LearnedModel, Scorer, Trial
from desk_triage.domain.lessons import Lesson

NOTHING_WRITTEN = "No model was written; what was in force stays in force."
_MOST_TEAMS = 5


def read(lessons: Sequence[Lesson], teams: Container[str], seen: int, unreadable: int = 0) -> str:
    """What there is to learn from, and whose tickets teach nothing that can be used."""
    lost = f" {unreadable:,} records could not be read." if unreadable else ""
    if not lessons:
        return f"No ticket of {seen:,} was found that a team has finished.{lost}"
    first, last = lessons[0].opened_at.date(), lessons[-1].opened_at.date()
    by_rules = sum(not one.is_open for one in lessons)
    text = (
        f"{len(lessons):,} of {_tickets(seen)} were finished by teams, opened {first} to {last}."
        f"{lost}"
        f" For {by_rules:,} of them today's rules know a team; the model is for the others."
    )
    strange = Counter(one.team for one in lessons if one.team not in teams)
    if not strange:
        return text
    named = ", ".join(name for name, _ in strange.most_common(_MOST_TEAMS))
    more = f" and {len(strange) - _MOST_TEAMS} more" if len(strange) > _MOST_TEAMS else ""
    return (
        f"{text}\n{strange.total():,} were finished by teams that the charter does not have"
        f" ({named}{more}): what is like these stays with a person. Names and titles in teams.yaml"
        " count."
    )


def told(what: str, found: Scorer | Refused, precision: float) -> str:
    """How it did on the weeks that were held out."""
    if isinstance(found, Refused):
        tried = f"{_tried(found.trial, precision)}\n" if found.trial else ""
        return f"{what} cannot be learned: {found.why}.\n{tried}".rstrip()
    learned = f"learned from {_tickets(found.tickets)}, finished by {found.until}"
    trial = _tried(found.trial, precision) if found.trial else ""
    return (
        f"{what}: {learned}.\n{trial}\n  It is sure from a probability of {found.threshold:.2f} on."
    )


def _tried(trial: Trial, precision: float) -> str:
    which = " that no rule knows" if trial.only_open else ""
    sure = f"{trial.decided:,} ({trial.coverage:.1%})"
    return "\n".join(
        (
            f"  Tried on {_tickets(trial.tickets)}{which}, opened {trial.since} to {trial.until}.",
            f"  Always made to answer it is right in {trial.accuracy:.1%};"
            f" answering always “{trial.usual}” in {trial.baseline:.1%}.",
            f"  It is sure of {sure}, and right in {trial.precision:.1%} of those"
            f" ({precision:.0%} asked); it expected {trial.sureness:.1%}.",
        )
    )


def written(path: Path, model: LearnedModel, size: int) -> str:
    """Where it is, and what happens now."""
    return (
        f"Written: {path}, version {model.version}, {size / 1024:.0f} KiB."
        " A running triage takes it over within seconds."
    )


def _tickets(count: int) -> str:
    return f"{count:,} ticket{'' if count == 1 else 's'}"
