"""What learning found: how right, how often sure, and what it could not learn."""

from collections import Counter
from collections.abc import Container, Sequence

from desk_contracts.message import Message, message

from desk_triage.learning.evaluation import MIN_HELD_OUT, Contest, Refusal
from desk_triage.learning.examples import TrainingExample
from desk_triage.learning.interval import find_limits
from desk_triage.learning.model import NEVER_ALONE, Evaluation, LearnedModel, Scorer

NOTHING_WRITTEN = message("learning.nothing-written")
_MOST_TEAMS = 5


def describe_examples(
    examples: Sequence[TrainingExample], teams: Container[str], seen: int, unreadable: int = 0
) -> list[Message]:
    """What there is to learn from, and whose tickets are of no use."""
    lost = [message("learning.unreadable", count=unreadable)] if unreadable else []
    if not examples:
        return [message("learning.no-examples", count=seen), *lost]
    summary = message(
        "learning.examples",
        examples=len(examples),
        count=seen,
        since=examples[0].opened_at.date(),
        until=examples[-1].opened_at.date(),
    )
    routed = sum(not example.is_unrouted for example in examples)
    lines = [summary, *lost, message("learning.routed", count=routed)]
    strange = Counter(example.team for example in examples if example.team not in teams)
    if strange:
        named = [name for name, _ in strange.most_common(_MOST_TEAMS)]
        more = max(0, len(strange) - _MOST_TEAMS)
        lines.append(
            message("learning.strange-teams", count=strange.total(), teams=named)
            if not more
            else message(
                "learning.more-strange-teams", count=strange.total(), teams=named, more=more
            )
        )
    return lines


def describe_team(result: Scorer | Refusal, precision: float) -> list[Message]:
    """How the prediction of the team did on the weeks that were held out."""
    if isinstance(result, Refusal):
        return [message("learning.no-team", why=result.why), *_describe(result, precision)]
    learned = message("learning.team", count=result.tickets, until=result.until)
    return [learned, *_describe(result, precision)]


def describe_category(result: Scorer | Refusal, precision: float) -> list[Message]:
    """The same of the category."""
    if isinstance(result, Refusal):
        return [message("learning.no-category", why=result.why), *_describe(result, precision)]
    learned = message("learning.category", count=result.tickets, until=result.until)
    return [learned, *_describe(result, precision)]


def _describe(result: Scorer | Refusal, precision: float) -> list[Message]:
    lines = _describe_evaluation(result.evaluation, precision) if result.evaluation else []
    if isinstance(result, Scorer) and result.threshold < NEVER_ALONE:
        lines.append(message("learning.threshold", threshold=result.threshold))
    elif isinstance(result, Scorer):
        lines.append(message("learning.never-sure", precision=precision))
    return lines


def _describe_evaluation(evaluation: Evaluation, precision: float) -> list[Message]:
    span = {"since": evaluation.since, "until": evaluation.until}
    return [
        message("learning.evaluated-unrouted", count=evaluation.tickets, **span)
        if evaluation.only_unrouted
        else message("learning.evaluated", count=evaluation.tickets, **span),
        message(
            "learning.accuracy",
            accuracy=evaluation.accuracy,
            majority=evaluation.majority_class,
            baseline=evaluation.baseline,
        ),
        message("learning.among-three", share=evaluation.top_three),
        _describe_sure(evaluation, precision),
    ]


def _describe_sure(evaluation: Evaluation, precision: float) -> Message:
    if not evaluation.decided:
        return message("learning.sure-of-none")
    low, high = find_limits(evaluation.decided_right, evaluation.decided)
    return message(
        "learning.confidence",
        decided=evaluation.decided,
        coverage=evaluation.coverage,
        right=evaluation.precision,
        low=low,
        high=high,
        precision=precision,
        confidence=evaluation.confidence,
    )


def describe_contest(contest: Contest, champion: str) -> Message:
    """How the challenger did beside the model in force, and which of them stays."""
    if contest.tickets < MIN_HELD_OUT:
        return message(
            "learning.too-little-new", tickets=contest.tickets, held=MIN_HELD_OUT, model=champion
        )
    if contest.is_won:
        return message(
            "learning.takes-over",
            right=contest.right,
            champion=contest.champion_right,
            tickets=contest.tickets,
            model=champion,
        )
    return message(
        "learning.champion-stays",
        right=contest.right,
        champion=contest.champion_right,
        tickets=contest.tickets,
        model=champion,
    )


def describe_models(models: Sequence[LearnedModel], current: str, pinned: str) -> list[Message]:
    """A line for each model, the newest first."""
    if not models:
        return [message("learning.no-models")]
    return [_describe_one(model, current, pinned) for model in models]


def _describe_one(model: LearnedModel, current: str, pinned: str) -> Message:
    version, team = model.version, model.team
    if version == pinned:
        return message("learning.model-pinned", model=version, count=team.tickets, until=team.until)
    if version == current:
        return message(
            "learning.model-in-force", model=version, count=team.tickets, until=team.until
        )
    return message("learning.model", model=version, count=team.tickets, until=team.until)


def describe_file(path: str, model: LearnedModel, size: int) -> Message:
    """Where the model is, and what happens now."""
    return message("learning.written", path=path, model=model.version, kibibytes=size // 1024)
