"""From training examples to a scorer: how they are split, which words and names count.

What fits the coefficients is passed in, so this stays free of any library.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple, Protocol

from desk_triage.learning.examples import TrainingExample
from desk_triage.learning.model import Scorer, Word

HELD_OUT = 0.2
MIN_OF_A_NAME, MAX_NAMES = 10, 100
# The index of the empty name, which stands for all that have fewer tickets.
RARE = 0
# A word that only few people used tells of these people, and the file is read by many.
MIN_PEOPLE = 5
MAX_WORDS, MAX_WEIGHTS = 5_000, 16_000


class TrainingSet(NamedTuple):
    """What a trainer is given: per ticket the indexes of its words, and that of its name."""

    words: int
    names: int
    rows: list[list[int]]
    answers: list[int]


class Coefficients(NamedTuple):
    """A number per name, and per word a number per name."""

    bias: list[float]
    words: list[list[float]]


class Trainer(Protocol):
    """What fits a linear model, and calibrates it on examples that it was not fitted on."""

    def fit(self, training_set: TrainingSet) -> Coefficients:
        """The coefficients of a ticket's row that has the length one."""
        ...

    def calibrate(self, logits: Sequence[Sequence[float]], answers: Sequence[int]) -> float:
        """The temperature: divided by it, the logits are the most probable for these answers."""
        ...


Answer = Callable[[TrainingExample], str]


class Split(NamedTuple):
    """The examples by time. No example was finished after a later part begins."""

    training: list[TrainingExample]
    calibration: list[TrainingExample]
    evaluation: list[TrainingExample]


def split_by_weeks(examples: Sequence[TrainingExample]) -> Split | None:
    """Parts that begin on Mondays; each of the two held out has a fifth of the tickets or more."""
    per_week = Counter(
        example.opened_at.date() - timedelta(days=example.opened_at.weekday())
        for example in examples
    )
    starts: list[date] = []
    count = 0
    for week in sorted(per_week, reverse=True):
        count += per_week[week]
        if count >= HELD_OUT * len(examples):
            starts.append(week)
            count = 0
        if len(starts) == 2:
            break
    if len(starts) < 2:
        return None
    evaluation, calibration = starts
    return Split(
        [example for example in examples if example.finished_at.date() < calibration],
        [
            example
            for example in examples
            if example.opened_at.date() >= calibration and example.finished_at.date() < evaluation
        ],
        [example for example in examples if example.opened_at.date() >= evaluation],
    )


def choose_words(
    examples: Iterable[TrainingExample], names: Mapping[str, int], answer: Answer
) -> dict[str, Counter[int]]:
    """The words worth learning with the names that finished tickets with them, most used first."""
    people: defaultdict[str, set[str]] = defaultdict(set)
    finished: defaultdict[str, Counter[int]] = defaultdict(Counter)
    for example in examples:
        name = names.get(answer(example), RARE)
        for token in example.tokens:
            finished[token][name] += 1
            if len(people[token]) < MIN_PEOPLE:
                people[token].add(example.person)
    used = [token for token, who in people.items() if len(who) >= MIN_PEOPLE]
    used.sort(key=lambda token: (-finished[token].total(), token))
    kept: dict[str, Counter[int]] = {}
    weights = 0
    for token in used[:MAX_WORDS]:
        weights += len(finished[token])
        if weights > MAX_WEIGHTS:
            break
        kept[token] = finished[token]
    return kept


def choose_names(answers: Iterable[str]) -> dict[str, int]:
    """The names with enough tickets by their index, most frequent first; the rest is ``""``."""
    counts = Counter(answers)
    ranked = sorted(counts, key=lambda name: (-counts[name], name))
    kept = [name for name in ranked if name and counts[name] >= MIN_OF_A_NAME][:MAX_NAMES]
    return {name: index for index, name in enumerate(["", *kept])}


def train(examples: Sequence[TrainingExample], answer: Answer, trainer: Trainer) -> Scorer:
    """A scorer that is not calibrated yet."""
    names = choose_names(map(answer, examples))
    words = choose_words(examples, names, answer)
    index = {token: place for place, token in enumerate(words)}
    rows = [[index[token] for token in example.tokens if token in index] for example in examples]
    answers = [names.get(answer(example), RARE) for example in examples]
    coefficients = trainer.fit(TrainingSet(len(words), len(names), rows, answers))
    return Scorer(
        tickets=len(examples),
        since=min(example.opened_at for example in examples).date(),
        until=max(example.finished_at for example in examples).date(),
        names=tuple(names),
        bias=tuple(coefficients.bias),
        threshold=1.0,
        words={
            token: _make_word(finished, coefficients.words[index[token]])
            for token, finished in words.items()
        },
    )


def _make_word(finished: Counter[int], coefficients: list[float]) -> Word:
    """Only with names the word was ever seen with; its weight for all others is made the zero.

    Adding one number to all weights of a word changes no probability, so only the small
    differences among those others are lost; and what is evaluated is what is left.
    """
    others = [weight for index, weight in enumerate(coefficients) if index not in finished]
    zero = math.fsum(others) / len(others) if others else 0.0
    weights = tuple(
        (index, finished[index], coefficients[index] - zero) for index in sorted(finished)
    )
    return Word(finished.total(), weights)
