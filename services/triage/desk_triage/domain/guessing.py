"""What was learned, asked about one ticket: a team if it is sure enough, and always why."""

from dataclasses import dataclass

from desk_shared.charter.model import Charter, Team
from desk_shared.events.people import Reason
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
    reasons: tuple[Reason, ...] = ()


def guess(model: LearnedModel | None, opened: TicketOpened, charter: Charter) -> Guess:
    """Only teams that the charter has can be meant, whoever finished tickets in the past."""
    if model is None:
        return Guess()
    rule = f"learned:{model.version}"
    tokens = tokens_of(opened)
    found = model.team.likely(tokens, {team.name for team in charter.teams})
    if not found or found[0].share < model.team.threshold:
        return Guess(rule=rule, reasons=(Reason(rule=rule, text=_doubt(found, charter)),))
    team = charter.team(found[0].name)
    said = _evidence(model.team.telling(tokens, team.name, _MOST_WORDS), team.title)
    texts = (*said, _record(model, found[0].share))
    category = _category(model.category, tokens) or NO_CATEGORY
    return Guess(team, category, rule, tuple(Reason(rule=rule, text=text) for text in texts))


def _category(scorer: Scorer | None, tokens: tuple[str, ...]) -> str:
    if scorer is None:
        return ""
    found = scorer.likely(tokens, scorer.names)
    return found[0].name if found and found[0].share >= scorer.threshold else ""


def _evidence(found: tuple[Telling, ...], team: str) -> tuple[str, ...]:
    """Only counts that the model holds: of the tickets with a word, how many that team finished."""
    if not found:
        return ()
    first, *others = found
    text = (
        f"Tickets with {_spoken(first.token)} were finished by {team} in {first.finished:,} of"
        f" {first.tickets:,} cases"
    )
    more = (f", with {_spoken(o.token)} in {o.finished:,} of {o.tickets:,}" for o in others)
    return (f"{text}{''.join(more)}.",)


def _record(model: LearnedModel, share: float) -> str:
    text = (
        f"What was learned from {model.team.tickets:,} finished tickets is {_percent(share)} sure"
        f" (model {model.version})"
    )
    trial = model.team.trial
    if trial is None or not trial.decided:
        return f"{text}."
    return (
        f"{text}; when it was tried, {trial.decided_right:,} of {trial.decided:,} such decisions"
        " were right."
    )


def _doubt(found: tuple[Likely, ...], charter: Charter) -> str:
    if not found:
        return "Nothing that was learned from finished tickets fits it."
    names = [f"{charter.team(one.name).title} ({_percent(one.share)})" for one in found[:2]]
    between = " and ".join(names)
    if len(names) == 1:
        return f"What was learned from finished tickets speaks too weakly for {between}."
    return f"What was learned from finished tickets is unsure between {between}."


def _percent(share: float) -> str:
    """Never certainty: that much no count of tickets can give."""
    return f"{min(int(100 * share), 99)}%"


def _spoken(token: str) -> str:
    """`vpn` is a word; `site=berlin` is what the ticket states."""
    name, is_stated, text = token.partition("=")
    if not is_stated:
        return f"the words “{token}”" if " " in token else f"the word “{token}”"
    return f"the {name.replace('_', ' ')} “{text}”"
