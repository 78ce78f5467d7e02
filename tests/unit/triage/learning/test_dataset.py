"""What is kept of words and names, and that there is an end to it."""

from datetime import timedelta

from desk_triage.learning.dataset import MAX_WEIGHTS, MAX_WORDS, choose_names, choose_words
from desk_triage.learning.examples import TrainingExample

from tests.support.triage_history import BEGUN

NAMES = {"": 0} | {f"team-{number}": number for number in range(1, 60)}


def team(example: TrainingExample) -> str:
    return example.team


def example(number: int, *tokens: str) -> TrainingExample:
    at = BEGUN + timedelta(minutes=number)
    who = f"person-{number}"
    return TrainingExample(at, f"t-{number}", at, who, tokens, f"team-{1 + number % 59}", "", True)


def test_rare_names_share_one_place() -> None:
    result = choose_names(["a"] * 12 + ["b"] * 30 + ["c"] * 9)
    assert result == {"": 0, "b": 1, "a": 2}


def test_the_words_used_most_are_kept_within_bounds() -> None:
    words = [f"word-{number}" for number in range(MAX_WORDS + 10)]
    few = choose_words((example(number % 2, *words) for number in range(10)), NAMES, team)
    assert not few
    many = [example(number * 59, *words) for number in range(5)]
    assert len(choose_words(many, NAMES, team)) == MAX_WORDS
    wide = choose_words((example(number, *words[:400]) for number in range(59)), NAMES, team)
    assert len(wide) == MAX_WEIGHTS // 59
