"""What is kept of words and names, and that there is an end to it."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from desk_triage.learning.dataset import (
    Coefficients,
    TrainingSet,
    choose_names,
    choose_words,
    split_by_weeks,
    train,
)
from desk_triage.learning.examples import TrainingExample
from desk_triage.learning.model import Word

from tests.support.triage_history import BEGUN

NAMES = {"": 0} | {f"team-{number}": number for number in range(1, 60)}


def team(example: TrainingExample) -> str:
    return example.team


def example(number: int, *tokens: str) -> TrainingExample:
    at = BEGUN + timedelta(minutes=number)
    who = f"person-{number}"
    return TrainingExample(at, f"t-{number}", at, who, tokens, f"team-{1 + number % 59}", "", True)


def test_rare_names_share_one_place() -> None:
    result = choose_names(["a"] * 10 + ["b"] * 30 + ["c"] * 9)
    assert result == {"": 0, "b": 1, "a": 2}


def test_the_hundred_most_frequent_names_are_kept() -> None:
    counts = {f"team-{number:03}": 200 - number for number in range(101)}
    names = choose_names(name for name, count in counts.items() for _ in range(count))
    assert list(names) == ["", *list(counts)[:100]]


def test_a_trainer_gets_the_indexes_of_words_and_names_and_rare_names_as_the_first() -> None:
    """Twelve tickets each of two teams, and two of a third that is too rare to be learned."""
    teams = ["b"] * 12 + ["a"] * 13 + ["rare"] * 2
    examples = [
        example(number, "word", name, "only-mine" if number == 0 else "word")._replace(team=name)
        for number, name in enumerate(teams)
    ]
    trainer = Recorder()
    scorer = train(examples, team, trainer)
    (given,) = trainer.given
    assert (given.words, given.names) == (3, 3)
    assert scorer.names == ("", "a", "b")
    assert given.answers == [2] * 12 + [1] * 13 + [0] * 2
    # Words by how many used them; what fewer than five people said is not among them.
    assert list(scorer.words) == ["word", "a", "b"]
    assert given.rows[0] == [0, 2]
    assert given.rows[12] == [0, 1, 0]
    assert given.rows[-1] == [0, 0]
    assert scorer.bias == (0.0, 1.0, 2.0)
    # A word's weights are told from the mean of those that it was never seen with.
    assert scorer.words["a"] == Word(13, ((1, 13, 11.0 - (10.0 + 12.0) / 2),))
    assert scorer.words["word"] == Word(27 + 26, ((0, 4, 0.0), (1, 26, 1.0), (2, 23, 2.0)))
    assert (scorer.tickets, scorer.since, scorer.until) == (27, BEGUN.date(), BEGUN.date())


class Recorder:
    """A trainer whose numbers say where they stand: of word 1 for name 2 it is 12."""

    def __init__(self) -> None:
        self.given: list[TrainingSet] = []

    def fit(self, training_set: TrainingSet) -> Coefficients:
        self.given.append(training_set)
        names = range(training_set.names)
        words = [[word * 10.0 + name for name in names] for word in range(training_set.words)]
        return Coefficients([float(name) for name in names], words)

    def calibrate(self, logits: Sequence[Sequence[float]], answers: Sequence[int]) -> float:
        raise AssertionError(f"nobody asked for it: {logits}, {answers}")


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
    words = [f"word-{number}" for number in range(5_010)]
    few = choose_words((example(number % 2, *words) for number in range(10)), NAMES, team)
    assert not few
    many = [example(number * 59, *words) for number in range(5)]
    assert len(choose_words(many, NAMES, team)) == 5_000
    wide = choose_words((example(number, *words[:400]) for number in range(59)), NAMES, team)
    assert len(wide) == 16_000 // 59
    exact = choose_words((example(number, *words[:320]) for number in range(50)), NAMES, team)
    assert len(exact) == 16_000 // 50
