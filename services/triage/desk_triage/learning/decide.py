"""What was learned, asked about one ticket: a team if it is sure enough, and always why."""

from collections.abc import Iterator

from desk_charter.model import Charter
from desk_contracts.events.tickets import TicketOpened
from desk_contracts.message import Message, Param, message

from desk_triage.learning.model import LearnedModel, Prediction, WordEvidence, extract_tokens
from desk_triage.routing.model import TeamPrediction

# What a ticket is sorted as when its team is known and its category is not.
NO_CATEGORY = "other"
_MOST_WORDS = 2


def predict_team(
    model: LearnedModel | None, opened: TicketOpened, charter: Charter
) -> TeamPrediction:
    """Only teams that the charter has can be meant, whoever finished tickets in the past."""
    if model is None:
        return TeamPrediction()
    rule = f"learned:{model.version}"
    tokens = extract_tokens(opened)
    ranked = model.team.rank(tokens, {team.name for team in charter.teams})
    if not ranked or ranked[0].probability < model.team.threshold:
        return TeamPrediction(rule=rule, reasons=(_explain_doubt(model, ranked, charter),))
    team = charter.team(ranked[0].name)
    evidence = model.team.find_evidence(tokens, team.name, _MOST_WORDS)
    reasons = (
        *_explain_evidence(evidence, team.title),
        _explain_record(model, ranked[0].probability),
    )
    category, scorer = NO_CATEGORY, model.category
    if scorer is not None:
        best = next(iter(scorer.rank(tokens, scorer.names)), None)
        if best is not None and best.probability >= scorer.threshold:
            category = best.name
    return TeamPrediction(team, category, rule, reasons)


def _explain_evidence(words: tuple[WordEvidence, ...], team: str) -> Iterator[Message]:
    """Only counts that the model holds: of the tickets with a word, how many that team finished."""
    for evidence in words:
        # `vpn` is a word; `site=berlin` is what the ticket states.
        name, is_stated, text = evidence.token.partition("=")
        if is_stated:
            word = message("learned.stated", name=name.replace("_", " "), word=text)
        else:
            word = message("learned.phrase" if " " in name else "learned.word", word=name)
        yield message(
            "learned.evidence",
            word=word,
            team=team,
            finished=evidence.finished,
            tickets=evidence.tickets,
        )


def _explain_record(model: LearnedModel, probability: float) -> Message:
    facts: dict[str, Param] = {
        "tickets": model.team.tickets,
        "probability": _bound(probability),
        "model": model.version,
    }
    evaluation = model.team.evaluation
    if evaluation is None or not evaluation.decided:
        return message("learned.record", **facts)
    right, decided = evaluation.decided_right, evaluation.decided
    return message("learned.record-tried", right=right, decided=decided, **facts)


def _explain_doubt(
    model: LearnedModel, ranked: tuple[Prediction, ...], charter: Charter
) -> Message:
    if not ranked:
        return message("learned.nothing-fits", model=model.version)
    first, *others = ranked[:2]
    facts: dict[str, Param] = {"probability": _bound(first.probability), "model": model.version}
    name = charter.team(first.name).title
    if not others:
        return message("learned.too-weak", team=name, **facts)
    return message(
        "learned.unsure",
        first=name,
        second=charter.team(others[0].name).title,
        other=_bound(others[0].probability),
        **facts,
    )


def _bound(probability: float) -> float:
    """Never certainty: that much no count of tickets can give."""
    return min(int(100 * probability), 99) / 100
