"""When a prediction is sure enough, and whether it is any good, by the sums that decide."""

import math
from collections import Counter
from collections.abc import Container, Iterator, Sequence
from typing import NamedTuple

from desk_contracts.message import Message, message
from desk_kernel.wilson import wilson

from desk_triage.learning.dataset import (
    MIN_OF_A_NAME,
    RARE,
    Answer,
    Split,
    Trainer,
    choose_names,
    split_by_weeks,
    train,
)
from desk_triage.learning.examples import TrainingExample
from desk_triage.learning.model import Evaluation, Scorer, Word

MIN_TRAINING, MIN_HELD_OUT = 200, 50
# One-sided 99 %: what holds for a few tickets by chance alone is not taken for a rule, and weeks
# to come are never quite like those that the threshold was found on.
_Z = 2.33
_LIKELIER_THAN_NOT = 0.5
_DIGITS = 3


class LearningTask(NamedTuple):
    """What is to be learned: the answer of an example, and which answers may be given."""

    answer: Answer
    allowed: Container[str]
    precision: float


class Refusal(NamedTuple):
    """Why there is no model; the evaluation, if it came to one."""

    why: Message
    evaluation: Evaluation | None = None


class _Attempt(NamedTuple):
    """The best prediction for one example, how probable it was, and the true answer."""

    name: str
    probability: float
    truth: str

    @property
    def is_right(self) -> bool:
        return self.name == self.truth


def learn(
    examples: Sequence[TrainingExample], task: LearningTask, trainer: Trainer
) -> Scorer | Refusal:
    """A scorer that is right as often as asked on weeks it has not seen, or why there is none."""
    answered = [example for example in examples if task.answer(example)]
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
    scorer = train(split.training, task.answer, trainer)
    unrouted = [
        [example for example in part if example.is_unrouted]
        for part in (split.calibration, split.evaluation)
    ]
    only_unrouted = min(map(len, unrouted)) >= MIN_HELD_OUT
    if only_unrouted:
        split = Split(split.training, *unrouted)
    scorer = _calibrate(scorer, split.calibration, task.answer, trainer)
    threshold = _find_threshold(list(_try(scorer, split.calibration, task)), task.precision)
    if threshold is None:
        return Refusal(message("learning.never-sure", precision=task.precision))
    scorer = scorer.model_copy(update={"threshold": threshold})
    evaluation = _evaluate(scorer, split, task, only_unrouted=only_unrouted)
    why = _object_to(evaluation, task.precision)
    if why is not None:
        return Refusal(why, evaluation)
    return scorer.model_copy(update={"evaluation": evaluation})


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


def _try(
    scorer: Scorer, examples: Sequence[TrainingExample], task: LearningTask
) -> Iterator[_Attempt]:
    for example in examples:
        ranked = scorer.rank(example.tokens, task.allowed)
        name, probability = ranked[0] if ranked else ("", 0.0)
        yield _Attempt(name, probability, task.answer(example))


def _calibrate(
    scorer: Scorer, examples: Sequence[TrainingExample], answer: Answer, trainer: Trainer
) -> Scorer:
    """Its probabilities made honest: all weights divided by the temperature that fits best."""
    places = {name: index for index, name in enumerate(scorer.names)}
    logits = [scorer.add_up(example.tokens) for example in examples]
    answers = [places.get(answer(example), RARE) for example in examples]
    temperature = trainer.calibrate(logits, answers)

    def divide(word: Word) -> Word:
        weights = (
            (index, count, round(weight / temperature, _DIGITS))
            for index, count, weight in word.weights
        )
        return Word(word.tickets, tuple(weights))

    return scorer.model_copy(
        update={
            "bias": tuple(round(bias / temperature, _DIGITS) for bias in scorer.bias),
            "words": {token: divide(word) for token, word in scorer.words.items()},
        }
    )


def _find_threshold(outcomes: Sequence[_Attempt], precision: float) -> float | None:
    """The lowest probability from which on it is right as often as asked, with room for chance."""
    ranked = sorted(outcomes, key=lambda outcome: -outcome.probability)
    threshold: float | None = None
    right = 0
    for count, outcome in enumerate(ranked, 1):
        right += outcome.is_right
        probability = outcome.probability
        is_last_of_it = count == len(ranked) or ranked[count].probability < probability
        if is_last_of_it and probability and wilson(right, count, _Z)[0] >= precision:
            threshold = probability
    return None if threshold is None else max(threshold, _LIKELIER_THAN_NOT)


def _evaluate(
    scorer: Scorer, split: Split, task: LearningTask, *, only_unrouted: bool
) -> Evaluation:
    outcomes = list(_try(scorer, split.evaluation, task))
    sure = [outcome for outcome in outcomes if outcome.probability >= scorer.threshold]
    counts = Counter(map(task.answer, split.training))
    majority = min(counts, key=lambda name: (-counts[name], name))
    days = [example.opened_at.date() for example in split.evaluation]
    confidence = math.fsum(outcome.probability for outcome in sure) / max(1, len(sure))
    return Evaluation(
        since=min(days),
        until=max(days),
        only_unrouted=only_unrouted,
        tickets=len(outcomes),
        right=sum(outcome.is_right for outcome in outcomes),
        majority_class=majority,
        majority_right=sum(outcome.truth == majority for outcome in outcomes),
        better=sum(outcome.is_right and outcome.truth != majority for outcome in outcomes),
        worse=sum(not outcome.is_right and outcome.truth == majority for outcome in outcomes),
        decided=len(sure),
        decided_right=sum(outcome.is_right for outcome in sure),
        confidence=confidence,
    )


def _object_to(evaluation: Evaluation, precision: float) -> Message | None:
    """Why a scorer should not be used, if so. A lead over the majority class may not be chance."""
    if not evaluation.decided:
        return message("learning.sure-of-none")
    lead = evaluation.better - evaluation.worse
    if lead <= _Z * math.sqrt(evaluation.better + evaluation.worse):
        return message("learning.no-better")
    if evaluation.precision < precision:
        return message("learning.not-precise", right=evaluation.precision, precision=precision)
    return None
