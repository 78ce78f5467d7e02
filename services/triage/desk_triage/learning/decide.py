"""What was learned, asked about one ticket: a team if it is sure enough, and always why."""

from collections.abc import Iterator

from desk_charter.model import Charter
from desk_contracts.events.tickets import TicketOpened
from desk_contracts.events.triage import TeamProposal
from desk_contracts.message import Message, Param, message

from desk_triage.learning.features import Features, extract_features
from desk_triage.learning.model import (
    PROPOSED,
    LearnedModel,
    Prediction,
    Reading,
    Scorer,
    WordEvidence,
)
from desk_triage.routing.model import LEARNED, TeamPrediction

# What a ticket is sorted as when its team is known and its category is not.
NO_CATEGORY = "other"
_MOST_WORDS = 2


def predict_team(
    model: LearnedModel | None, opened: TicketOpened, charter: Charter
) -> TeamPrediction:
    """Only teams that the charter has can be meant, whoever finished tickets in the past."""
    if model is None:
        return TeamPrediction()
    rule = f"{LEARNED}{model.version}"
    features = extract_features(opened)
    reading = model.team.read(features)
    ranked = model.team.rank_reading(reading, {team.name for team in charter.teams})
    proposals = tuple(
        _propose(model.team, features, reading, prediction, charter)
        for prediction in ranked[:PROPOSED]
    )
    if not ranked or not model.team.acts_alone(ranked[0].probability):
        return TeamPrediction(
            rule=rule,
            reasons=tuple(_explain_doubt(model, proposals, charter)),
            proposals=proposals,
        )
    reasons = (*proposals[0].reasons, _explain_record(model, ranked[0].probability))
    category, scorer = NO_CATEGORY, model.category
    if scorer is not None:
        best = next(iter(scorer.rank(features, scorer.names)), None)
        if best is not None and scorer.acts_alone(best.probability):
            category = best.name
    team = charter.team(ranked[0].name)
    return TeamPrediction(team, category, rule, reasons, proposals)


def _propose(
    scorer: Scorer, features: Features, reading: Reading, prediction: Prediction, charter: Charter
) -> TeamProposal:
    team = charter.team(prediction.name)
    evidence = scorer.find_evidence(features, team.name, _MOST_WORDS)
    reasons = list(_explain_evidence(evidence, team.title))
    if (near := scorer.find_nearest(reading, team.name)) is not None and near.finished:
        facts: dict[str, Param] = {"finished": near.finished, "tickets": near.tickets}
        reasons.append(message("learned.nearest", team=team.title, **facts))
    return TeamProposal(
        team=team.name, probability=_bound(prediction.probability), reasons=tuple(reasons)
    )


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
    model: LearnedModel, proposals: tuple[TeamProposal, ...], charter: Charter
) -> Iterator[Message]:
    """Whom it proposes, and why that one, so that the reader of the ticket has it at hand."""
    if not proposals:
        yield message("learned.nothing-fits", model=model.version)
    for place, proposal in enumerate(proposals, 1):
        yield message(
            "learned.proposed",
            place=place,
            team=charter.team(proposal.team).title,
            probability=proposal.probability,
            model=model.version,
        )
        yield from proposal.reasons


def _bound(probability: float) -> float:
    """Never certainty: that much no count of tickets can give."""
    return min(int(100 * probability), 99) / 100
