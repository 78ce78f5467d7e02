"""What is kept of words and names, and that there is an end to it."""

from datetime import timedelta

import numpy as np
import pytest
from desk_triage.learning.dataset import (
    Coefficients,
    TrainingSet,
    choose_names,
    choose_words,
    prepare,
    split_by_weeks,
    train,
)
from desk_triage.learning.examples import TrainingExample
from desk_triage.learning.model import Word
from desk_triage.learning.table import Floats, Ints

from tests.support.triage_history import BEGUN, features

NAMES = {"": 0} | {f"team-{number}": number for number in range(1, 60)}


def team(example: TrainingExample) -> str:
    return example.team


def example(number: int, *words: str) -> TrainingExample:
    at = BEGUN + timedelta(minutes=number)
    who, spoken = f"person-{number}", features(*words)
    return TrainingExample(at, f"t-{number}", at, who, spoken, f"team-{1 + number % 59}", "", True)


def test_rare_names_share_one_place() -> None:
    result = choose_names(["a"] * 2 + ["b"] * 30 + ["c"])
    assert result == {"": 0, "b": 1, "a": 2}


def test_the_five_hundred_most_frequent_names_are_kept() -> None:
    counts = {f"team-{number:03}": 600 - number for number in range(501)}
    names = choose_names(name for name, count in counts.items() for _ in range(count))
    assert list(names) == ["", *list(counts)[:500]]


def test_a_trainer_gets_rows_of_length_one_and_rare_names_as_the_first() -> None:
    """Twelve tickets each of two teams, and one of a third that is too rare to be learned."""
    teams = ["b"] * 12 + ["a"] * 13 + ["rare"]
    examples = [
        example(number, "word", name, f"only-{number}")._replace(team=name)
        for number, name in enumerate(teams)
    ]
    trainer = Recorder()
    scorer = train(prepare(examples, team), trainer, 0.3)
    (given,) = trainer.given
    assert given.names == 3
    assert scorer.names == ("", "a", "b")
    assert given.answers.tolist() == [2] * 12 + [1] * 13 + [0]
    assert given.starts[-1] == len(given.features) == len(given.values)
    first = slice(int(given.starts[0]), int(given.starts[1]))
    # Words and pieces of words: two kinds, each of length one.
    assert (given.values[first] ** 2).sum() == pytest.approx(2)
    assert (scorer.tickets, scorer.since, scorer.until) == (26, BEGUN.date(), BEGUN.date())
    # What fewer than five people said is told to nobody.
    assert scorer.words == {
        "word": Word(26, ((0, 1), (1, 13), (2, 12))),
        "a": Word(13, ((1, 13),)),
        "b": Word(12, ((2, 12),)),
    }


class Recorder:
    """A trainer that keeps what it was given."""

    def __init__(self) -> None:
        self.given: list[TrainingSet] = []

    def fit(self, training_set: TrainingSet, freedom: float) -> Coefficients:
        assert freedom == 0.3
        self.given.append(training_set)
        return Coefficients(
            np.zeros(training_set.names), np.zeros((training_set.width, training_set.names))
        )

    def calibrate(self, logits: Floats, answers: Ints) -> float:
        raise AssertionError(f"nobody asked for it: {logits}, {answers}")


def test_a_file_says_nearly_what_was_fitted() -> None:
    """Whole numbers of a unit per feature: sums of fitted numbers differ little."""
    examples = [example(number, f"word-{number % 7}", "often") for number in range(140)]
    material = prepare(examples, team)
    width, names = len(material.vocabulary.hashes), len(material.names)
    numbers = np.random.default_rng(7).normal(size=(width, names))

    class Given(Recorder):
        def fit(self, training_set: TrainingSet, freedom: float) -> Coefficients:
            super().fit(training_set, freedom)
            return Coefficients(np.zeros(names), numbers)

    trainer = Given()
    scorer = train(material, trainer, 0.3)
    (given,) = trainer.given
    part = slice(int(given.starts[3]), int(given.starts[4]))
    exact = given.values[part] @ numbers[given.features[part]]
    sums = scorer.add_up(material.lookup[3])
    assert sums - sums.mean() == pytest.approx(exact - exact.mean(), abs=0.05)


@pytest.mark.parametrize(
    ("sizes", "parts"), [((30, 30, 20, 20), (60, 20, 20)), ((31, 31, 19, 19), (31, 31, 38))]
)
def test_each_part_held_out_has_a_fifth_at_least(
    sizes: tuple[int, ...], parts: tuple[int, ...]
) -> None:
    weeks = [number for number, size in enumerate(sizes) for _ in range(size)]
    moments = [BEGUN + timedelta(weeks=week) for week in weeks]
    split = split_by_weeks(
        [
            example(number)._replace(opened_at=moment, finished_at=moment)
            for number, moment in enumerate(moments)
        ]
    )
    assert split is not None
    assert tuple(map(len, split)) == parts


def test_the_words_used_most_are_kept_within_bounds() -> None:
    words = [f"w{_letters(number)}" for number in range(5_010)]
    few = choose_words((example(number % 2, *words) for number in range(10)), NAMES, team)
    assert not few
    many = [example(number * 59, *words) for number in range(5)]
    assert len(choose_words(many, NAMES, team)) == 5_000
    wide = choose_words((example(number, *words[:400]) for number in range(59)), NAMES, team)
    assert len(wide) == 16_000 // 59
    exact = choose_words((example(number, *words[:320]) for number in range(50)), NAMES, team)
    assert len(exact) == 16_000 // 50


def _letters(number: int) -> str:
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))
