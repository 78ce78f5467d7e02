"""When a prediction is sure enough, and how good it is, by the sums that decide.

Three parts by time. The first teaches, the second sets how closely to follow, how much the nearest
tickets count, the temperature and the threshold; the third judges. Then all of them teach.
"""

import math
from collections import Counter
from collections.abc import Container, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from desk_contracts.message import Message, message

from desk_triage.learning.dataset import (
    MIN_OF_A_NAME,
    RARE,
    Answer,
    Split,
    Trainer,
    choose_names,
    limit_influence,
    prepare,
    split_by_weeks,
    train,
)
from desk_triage.learning.examples import TrainingExample
from desk_triage.learning.interval import find_lower
from desk_triage.learning.model import NEVER_ALONE, PROPOSED, Evaluation, Scorer
from desk_triage.learning.table import soften

MIN_TRAINING, MIN_HELD_OUT = 200, 50
# What is tried on the second part: how closely to follow, and the share of the nearest tickets.
FREEDOMS = (0.3, 1.0)
SHARES = (0.0, 0.15, 0.3)
_LIKELIER_THAN_NOT = 0.5
_LEAST = 1e-6


class LearningTask(NamedTuple):
    """What is to be learned: the answer of an example, and which answers may be given."""

    answer: Answer
    allowed: Container[str]
    precision: float


class Refusal(NamedTuple):
    """Why there is no model; the evaluation, if it came to one."""

    why: Message
    evaluation: Evaluation | None = None


class Attempt(NamedTuple):
    """The best prediction for one example, how probable it was, the truth, and the first three."""

    name: str
    probability: float
    truth: str
    first: tuple[str, ...]

    @property
    def is_right(self) -> bool:
        return self.name == self.truth


def learn(
    examples: Sequence[TrainingExample], task: LearningTask, trainer: Trainer
) -> Scorer | Refusal:
    """A scorer that learned from all examples, with what weeks say that it had not seen then."""
    challenger = challenge(examples, task, trainer)
    return challenger if isinstance(challenger, Refusal) else complete(challenger, trainer)


class Challenger(NamedTuple):
    """A challenger that was judged on weeks it has not seen, before it learns from these too."""

    examples: list[TrainingExample]
    task: LearningTask
    held: list[TrainingExample]
    developed: "Developed"
    evaluation: Evaluation
    attempts: list[Attempt]
    """What it said of each ticket of `held`."""


def challenge(
    examples: Sequence[TrainingExample], task: LearningTask, trainer: Trainer
) -> Challenger | Refusal:
    """Learn from the earlier weeks and judge on the last, or say what there is too little of."""
    answered = limit_influence([example for example in examples if task.answer(example)])
    split = split_by_weeks(answered)
    if split is None:
        return Refusal(
            message(
                "learning.too-few-weeks",
                tickets=len(answered),
                training=MIN_TRAINING,
                held=MIN_HELD_OUT,
            )
        )
    if why := _find_lack(split, task):
        return Refusal(why)
    developed = develop(split, task, trainer)
    held = _keep_open(split.evaluation) if developed.is_open_only else split.evaluation
    return Challenger(answered, task, held, developed, *judge(developed, split, task))


def complete(challenger: Challenger, trainer: Trainer) -> Scorer:
    """The challenger as it may come into force: it has learned from all weeks."""
    scorer = train(
        prepare(challenger.examples, challenger.task.answer), trainer, challenger.developed.freedom
    )
    # What it is sure of is told by all weeks that were held out.
    attempts = [*challenger.developed.attempts, *challenger.attempts]
    threshold = find_threshold(attempts, challenger.task.precision)
    settled = settle(scorer, challenger.developed, threshold)
    return settled.model_copy(update={"evaluation": challenger.evaluation})


class Contest(NamedTuple):
    """Champion and challenger on the same tickets, which neither has seen."""

    tickets: int
    right: int
    champion_right: int

    @property
    def is_won(self) -> bool:
        """Whether the challenger takes over: enough tickets, and not less often right."""
        return self.tickets >= MIN_HELD_OUT and self.right >= self.champion_right


def compete(challenger: Challenger, champion: Scorer) -> Contest:
    """Only tickets that were opened after the champion had learned count."""
    task = challenger.task
    pairs = [
        (example, attempt)
        for example, attempt in zip(challenger.held, challenger.attempts, strict=True)
        if example.opened_at.date() > champion.until
    ]
    theirs = list(attempt_all(champion, [example for example, _ in pairs], task))
    return Contest(
        len(pairs),
        sum(attempt.is_right for _, attempt in pairs),
        sum(attempt.is_right for attempt in theirs),
    )


class Developed(NamedTuple):
    """A scorer that has learned from all but the last part, and what was chosen for it."""

    scorer: Scorer
    freedom: float
    attempts: list[Attempt]
    """What it said of the second part before it had learned from it."""
    is_open_only: bool
    """Whether only tickets count for which today's rules find no team."""


def develop(split: Split, task: LearningTask, trainer: Trainer) -> Developed:
    """Choose on the second part, then learn from the first two."""
    is_open_only = min(len(_keep_open(part)) for part in split[1:]) >= MIN_HELD_OUT
    held = _keep_open(split.calibration) if is_open_only else split.calibration
    material = prepare(split.training, task.answer)
    tried = [_try(train(material, trainer, freedom), held, task, trainer) for freedom in FREEDOMS]
    best = max(range(len(tried)), key=lambda place: tried[place].value)  # of equals the first
    chosen, freedom = tried[best], FREEDOMS[best]
    attempts = list(attempt_all(chosen.scorer, held, task))
    threshold = find_threshold(attempts, task.precision)
    both = [*split.training, *split.calibration]
    scorer = train(prepare(both, task.answer), trainer, freedom)
    settled = settle(scorer, Developed(chosen.scorer, freedom, attempts, is_open_only), threshold)
    return Developed(settled, freedom, attempts, is_open_only)


def judge(
    developed: Developed, split: Split, task: LearningTask
) -> tuple[Evaluation, list[Attempt]]:
    """What it says of the last part, which it has not seen."""
    held = _keep_open(split.evaluation) if developed.is_open_only else split.evaluation
    attempts = list(attempt_all(developed.scorer, held, task))
    learned = [*split.training, *split.calibration]
    counts = Counter(map(task.answer, learned))
    majority = min(counts, key=lambda name: (-counts[name], name))
    sure = [attempt for attempt in attempts if developed.scorer.acts_alone(attempt.probability)]
    days = [example.opened_at.date() for example in held]
    confidence = math.fsum(attempt.probability for attempt in sure) / max(1, len(sure))
    evaluation = Evaluation(
        since=min(days),
        until=max(days),
        only_unrouted=developed.is_open_only,
        tickets=len(attempts),
        right=sum(attempt.is_right for attempt in attempts),
        among_three=sum(attempt.truth in attempt.first for attempt in attempts),
        majority_class=majority,
        majority_right=sum(attempt.truth == majority for attempt in attempts),
        better=sum(attempt.is_right and attempt.truth != majority for attempt in attempts),
        worse=sum(not attempt.is_right and attempt.truth == majority for attempt in attempts),
        decided=len(sure),
        decided_right=sum(attempt.is_right for attempt in sure),
        confidence=confidence,
    )
    return evaluation, attempts


def _keep_open(examples: Sequence[TrainingExample]) -> list[TrainingExample]:
    return [example for example in examples if example.is_unrouted]


def settle(scorer: Scorer, chosen: Developed, threshold: float) -> Scorer:
    """The same scorer, calibrated as the chosen one."""
    like = chosen.scorer
    near = scorer.nearest
    if near is not None and like.nearest is not None:
        near = near.model_copy(update={"share": like.nearest.share})
    return scorer.model_copy(
        update={"temperature": like.temperature, "nearest": near, "threshold": threshold}
    )


class _Tried(NamedTuple):
    scorer: Scorer
    value: float


def _try(
    scorer: Scorer, held: Sequence[TrainingExample], task: LearningTask, trainer: Trainer
) -> _Tried:
    """Calibrated, with the share of the nearest tickets that does best, and how well it does."""
    places = {name: index for index, name in enumerate(scorer.names)}
    truths = np.array([places.get(task.answer(example), RARE) for example in held], np.int64)
    lookup = [scorer.vocabulary.find(example.features) for example in held]
    logits = np.array([scorer.add_up(item) for item in lookup])
    temperature = round(trainer.calibrate(logits, truths), 6)
    linear = np.array([soften(row / temperature) for row in logits])
    near = linear.copy()
    if (table := scorer.nearest_table) is not None:
        for place, item in enumerate(lookup):
            shares, neighbours = table.ask(item, len(scorer.names))
            near[place] = shares if neighbours else linear[place]
    places_of_truth = np.arange(len(truths)), truths
    likelihoods = [((1 - share) * linear + share * near)[places_of_truth] for share in SHARES]
    # How probable the truth was on average (logarithmic), so that being sure counts as well.
    values = [float(np.log(np.maximum(item, _LEAST)).mean()) for item in likelihoods]
    best = max(range(len(SHARES)), key=lambda place: (values[place], -place))
    update: dict[str, object] = {"temperature": temperature}
    if scorer.nearest is not None:
        update["nearest"] = scorer.nearest.model_copy(update={"share": SHARES[best]})
    return _Tried(scorer.model_copy(update=update), values[best])


def _find_lack(split: Split, task: LearningTask) -> Message | None:
    """What there is too little of to learn, if anything."""
    sizes = [len(part) for part in split]
    if sizes[0] < MIN_TRAINING or min(sizes[1:]) < MIN_HELD_OUT:
        return message(
            "learning.too-few-tickets",
            tickets=sizes[0],
            calibration=sizes[1],
            evaluation=sizes[2],
            training=MIN_TRAINING,
            held=MIN_HELD_OUT,
        )
    names = choose_names(map(task.answer, split.training))
    if not any(name in task.allowed for name in names if name):
        return message("learning.nobody-allowed", tickets=MIN_OF_A_NAME)
    if len({names.get(task.answer(example), RARE) for example in split.training}) < 2:
        return message("learning.one-answer")
    return None


def attempt_all(
    scorer: Scorer, examples: Sequence[TrainingExample], task: LearningTask
) -> Iterator[Attempt]:
    """What a scorer says of each example, beside the truth."""
    for example in examples:
        ranked = scorer.rank(example.features, task.allowed)
        name, probability = ranked[0] if ranked else ("", 0.0)
        first = tuple(prediction.name for prediction in ranked[:PROPOSED])
        yield Attempt(name, probability, task.answer(example), first)


def find_threshold(attempts: Sequence[Attempt], precision: float) -> float:
    """The lowest probability from which on it is right as often as asked; 1 if there is none.

    By the exact lower limit, so that what holds for a few tickets by chance is taken for no rule.
    """
    ranked = sorted(attempts, key=lambda attempt: -attempt.probability)
    threshold: float | None = None
    right = 0
    for count, attempt in enumerate(ranked, 1):
        right += attempt.is_right
        probability = attempt.probability
        is_last_of_it = count == len(ranked) or ranked[count].probability < probability
        if is_last_of_it and probability and find_lower(right, count) >= precision:
            threshold = probability
    return NEVER_ALONE if threshold is None else max(threshold, _LIKELIER_THAN_NOT)
