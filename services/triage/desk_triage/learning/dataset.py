"""From training examples to a scorer: how they are split, what is kept of words and names.

What fits the coefficients is passed in, so this stays free of the library that does.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from desk_triage.learning.examples import TrainingExample
from desk_triage.learning.model import Linear, Nearest, Scorer, Word
from desk_triage.learning.packed import pack
from desk_triage.learning.table import (
    COMMON,
    MOST_WEIGHT,
    RARITY_UNIT,
    WEIGHT_UNIT,
    Floats,
    Ints,
    Lookup,
    Vocabulary,
    lengths_of,
    make_rows,
)

HELD_OUT = 0.2
MIN_OF_A_NAME, MAX_NAMES = 2, 500
# The index of the empty name, which stands for all that have fewer tickets.
RARE = 0
# A word that only few people used tells of these people, and the file is read by many.
MIN_PEOPLE = 5
MAX_WORDS, MAX_COUNTS = 5_000, 16_000
# What one person's tickets may be of all.
MAX_SHARE_OF_A_PERSON, MIN_OF_A_PERSON = 0.05, 50
# A feature of one ticket teaches nothing about another.
MIN_TICKETS = 2
MAX_FEATURES, MAX_WEIGHTS = 200_000, 12_000_000
# The second voice knows the newest solved tickets.
MAX_NEAREST = 20_000


class TrainingSet(NamedTuple):
    """What a trainer is given: per ticket the rows of its features and their values, and a name.

    Row `i` is `features[starts[i]:starts[i + 1]]`; each kind of feature in it has the length one.
    """

    width: int
    names: int
    starts: Ints
    features: Ints
    values: Floats
    answers: Ints


class Coefficients(NamedTuple):
    """A number per name, and per feature a number per name."""

    bias: Floats
    weights: NDArray[np.float64]


class Trainer(Protocol):
    """What fits a linear model, and calibrates it on examples that it was not fitted on."""

    def fit(self, training_set: TrainingSet, freedom: float) -> Coefficients:
        """The coefficients; with more `freedom` they follow the examples more closely."""
        ...

    def calibrate(self, logits: Floats, answers: Ints) -> float:
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


def limit_influence(examples: Sequence[TrainingExample]) -> list[TrainingExample]:
    """The newest of each person, if somebody sent more than a share of all.

    So no account that floods the desk, and nobody who corrects its tickets, teaches all the others.
    """
    most = max(MIN_OF_A_PERSON, int(MAX_SHARE_OF_A_PERSON * len(examples)))
    counts = Counter[str]()
    kept: list[TrainingExample] = []
    for example in reversed(examples):
        counts[example.person] += 1
        if counts[example.person] <= most:
            kept.append(example)
    return kept[::-1]


def choose_words(
    examples: Iterable[TrainingExample], names: Mapping[str, int], answer: Answer
) -> dict[str, Word]:
    """The words that can be told, with the names that finished tickets with them."""
    people: defaultdict[str, set[str]] = defaultdict(set)
    finished: defaultdict[str, Counter[int]] = defaultdict(Counter)
    for example in examples:
        name = names.get(answer(example), RARE)
        for token in example.features.words:
            finished[token][name] += 1
            if len(people[token]) < MIN_PEOPLE:
                people[token].add(example.person)
    used = [token for token, who in people.items() if len(who) >= MIN_PEOPLE]
    used.sort(key=lambda token: (-finished[token].total(), token))
    kept: dict[str, Word] = {}
    counts = 0
    for token in used[:MAX_WORDS]:
        counts += len(finished[token])
        if counts > MAX_COUNTS:
            break
        kept[token] = Word(finished[token].total(), tuple(sorted(finished[token].items())))
    return kept


def choose_names(answers: Iterable[str]) -> dict[str, int]:
    """The names with enough tickets by their index, most frequent first; the rest is ``""``."""
    counts = Counter(answers)
    ranked = sorted(counts, key=lambda name: (-counts[name], name))
    kept = [name for name in ranked if name and counts[name] >= MIN_OF_A_NAME][:MAX_NAMES]
    return {name: index for index, name in enumerate(["", *kept])}


class Material(NamedTuple):
    """Examples as numbers, made once for all that is tried with them."""

    examples: Sequence[TrainingExample]
    names: Mapping[str, int]
    vocabulary: Vocabulary
    lookup: list[Lookup]
    answers: Ints
    answer: Answer


def prepare(examples: Sequence[TrainingExample], answer: Answer) -> Material:
    """What is kept of the examples' features and names."""
    names = choose_names(map(answer, examples))
    most = min(MAX_FEATURES, MAX_WEIGHTS // len(names))
    vocabulary, _ = make_rows([example.features.hashes for example in examples], MIN_TICKETS, most)
    lookup = [vocabulary.find(example.features) for example in examples]
    answers = [names.get(answer(example), RARE) for example in examples]
    return Material(examples, names, vocabulary, lookup, np.array(answers, np.int64), answer)


def train(material: Material, trainer: Trainer, freedom: float) -> Scorer:
    """A scorer that is not calibrated yet, and listens to solved tickets not at all."""
    examples, lookup = material.examples, material.lookup
    # Those of each kind have the length one together.
    values: list[Floats] = [
        item.values / np.repeat(np.array(lengths_of(item)), item.kinds) for item in lookup
    ]
    coefficients = trainer.fit(
        TrainingSet(
            len(material.vocabulary.hashes),
            len(material.names),
            np.cumsum([0, *map(len, values)]),
            np.concatenate([np.empty(0, np.int64), *(item.rows for item in lookup)]),
            np.concatenate([np.empty(0), *values]),
            material.answers,
        ),
        freedom,
    )
    return Scorer(
        tickets=len(examples),
        since=min(example.opened_at for example in examples).date(),
        until=max(example.finished_at for example in examples).date(),
        names=tuple(material.names),
        linear=_pack_linear(material.vocabulary, coefficients),
        nearest=_pack_nearest(material),
        words=choose_words(examples, material.names, material.answer),
    )


def _pack_linear(vocabulary: Vocabulary, coefficients: Coefficients) -> Linear:
    """Each feature's weights as whole numbers of a unit of its own.

    Adding one number to all weights of a feature changes no probability, so they lie around zero.
    """
    weights = coefficients.weights - coefficients.weights.mean(axis=1, keepdims=True)
    highest = np.abs(weights).max(axis=1, initial=0)
    rarity = vocabulary.rarity / RARITY_UNIT
    units = np.round(highest / MOST_WEIGHT * rarity * WEIGHT_UNIT).astype(np.uint32)
    scale = rarity * WEIGHT_UNIT / np.maximum(units, 1)  # without a unit a weight counts nothing
    rounded = np.clip(np.round(weights * scale[:, None]), -MOST_WEIGHT, MOST_WEIGHT)
    return Linear(
        bias=tuple(round(float(bias), 6) for bias in coefficients.bias),
        hashes=pack(vocabulary.hashes, np.uint32),
        rarity=pack(vocabulary.rarity, np.uint16),
        units=pack(units, np.uint32),
        weights=pack(rounded, np.int8),
    )


def _pack_nearest(material: Material) -> Nearest:
    """The newest tickets, by features that are not in too many of them."""
    lookup, answers = material.lookup[-MAX_NEAREST:], material.answers[-MAX_NEAREST:]
    rows: list[Ints] = []
    shares: list[Ints] = []
    for item in lookup:
        words, pieces, _ = item.kinds
        wanted = np.r_[0:words, words + pieces : len(item.rows)]
        values = item.values[wanted].astype(float)
        length = float(np.sqrt((values * values).sum())) or 1.0
        rows.append(item.rows[wanted])
        shares.append(np.round(values / length * 65_535).astype(np.int64))
    tickets = np.repeat(np.arange(len(lookup)), list(map(len, rows)))
    features = np.concatenate([np.empty(0, np.int64), *rows])
    counts = np.bincount(features, minlength=len(material.vocabulary.hashes))
    kept = counts[features] <= max(MIN_TICKETS, COMMON * len(lookup))
    order = np.lexsort((tickets[kept], features[kept]))
    counts = np.bincount(features[kept], minlength=len(material.vocabulary.hashes))
    return Nearest(
        share=0.0,
        names=pack(answers, np.uint16),
        counts=pack(counts, np.uint32),
        tickets=pack(tickets[kept][order], np.uint32),
        shares=pack(np.concatenate([np.empty(0, np.int64), *shares])[kept][order], np.uint16),
    )
