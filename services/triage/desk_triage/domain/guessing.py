"""What was learned, asked about one ticket: a team if it is sure enough, and always why."""

from collections.abc import Iterator
from dataclasses import dataclass

from desk_shared.charter.model import Charter, Team
from desk_shared.events.message import Message, Param, message
from desk_shared.events.tickets import TicketOpened

from desk_triage.domain.learned import LearnedModel, Likely, Scorer, Telling, tokens_of

# What a ticket is sorted as when its team is known and its category is not.
NO_CATEGORY = "other"
_MOST_WORDS = 2


@dataclass(frozen=True, slots=True)
class Guess:
    """Without a team it is left to a person; `rule` names the model."""

    team: Team | None = None
    category: str = ""
    rule: str = ""
    reasons: tuple[Message, ...] = ()


def guess(model: LearnedModel | None, opened: TicketOpened, charter: Charter) -> Guess:
    """Only teams that the charter has can be meant, whoever finished tickets in the past."""
    if model is None:
        return Guess()
    rule = f"learned:{model.version}"
    tokens = tokens_of(opened)
    found = model.team.likely(tokens, {team.name for team in charter.teams})
    if not found or found[0].share < model.team.threshold:
        return Guess(rule=rule, reasons=(_doubt(model, found, charter),))
    team = charter.team(found[0].name)
    said = _evidence(model.team.telling(tokens, team.name, _MOST_WORDS), team.title)
    category = _category(model.category, tokens) or NO_CATEGORY
    return Guess(team, category, rule, (*said, _record(model, found[0].share)))


def _category(scorer: Scorer | None, tokens: tuple[str, ...]) -> str:
    if scorer is None:
        return ""
    found = scorer.likely(tokens, scorer.names)
    return found[0].name if found and found[0].share >= scorer.threshold else ""


def _evidence(found: tuple[Telling, ...], team: str) -> Iterator[Message]:
    """Only counts that the model holds: of the tickets with a word, how many that team finished."""
    for one in found:
        yield message(
            "learned.evidence",
            word=_spoken(one.token),
            team=team,
            finished=one.finished,
            tickets=one.tickets,
        )


def _record(model: LearnedModel, share: float) -> Message:
    facts: dict[str, Param] = {
        "tickets": model.team.tickets,
        "probability": _bounded(share),
        "model": model.version,
    }
    trial = model.team.trial
    if trial is None or not trial.decided:
        return message("learned.record", **facts)
    return message(
        "learned.record-tried", right=trial.decided_right, decided=trial.decided, **facts
    )


def _doubt(model: LearnedModel, found: tuple[Likely, ...], charter: Charter) -> Message:
    if not found:
        return message("learned.nothing-fits", model=model.version)
    first, *others = found[:2]
    facts: dict[str, Param] = {"probability": _bounded(first.share), "model": model.version}
    name = charter.team(first.name).title
    if not others:
        return message("learned.too-weak", team=name, **facts)
    return message(
        "learned.unsure",
        first=name,
        second=charter.team(others[0].name).title,
        other=_bounded(others[0].share),
        **facts,
    )


def _bounded(share: float) -> float:
    """Never certainty: that much no count of tickets can give."""
    return min(int(100 * share), 99) / 100


def _spoken(token: str) -> Message:
    """`vpn` is a word; `site=berlin` is what the ticket states."""
    name, is_stated, text = token.partition("=")
    if is_stated:
        return message("learned.stated", name=name.replace("_", " "), word=text)
    return message("learned.phrase" if " " in token else "learned.word", word=token)
