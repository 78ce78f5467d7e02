"""What is kept of words and names, and that there is an end to it."""

from datetime import timedelta

from desk_triage.domain.lessons import Lesson
from desk_triage.domain.teaching import MAX_TIES, MAX_WORDS, names_of, vocabulary

from tests.unit.triage.past import BEGUN

NAMES = {"": 0} | {f"team-{number}": number for number in range(1, 60)}


def team(lesson: Lesson) -> str:
    return lesson.team


def lesson(number: int, *tokens: str) -> Lesson:
    at = BEGUN + timedelta(minutes=number)
    who = f"person-{number}"
    return Lesson(at, f"t-{number}", at, who, tokens, f"team-{1 + number % 59}", "", True)


def test_rare_names_share_one_place() -> None:
    found = names_of(["a"] * 12 + ["b"] * 30 + ["c"] * 9)
    assert found == {"": 0, "b": 1, "a": 2}


def test_the_words_used_most_are_kept_within_bounds() -> None:
    words = [f"word-{number}" for number in range(MAX_WORDS + 10)]
    few = vocabulary((lesson(number % 2, *words) for number in range(10)), NAMES, team)
    assert not few
    many = [lesson(number * 59, *words) for number in range(5)]
    assert len(vocabulary(many, NAMES, team)) == MAX_WORDS
    wide = vocabulary((lesson(number, *words[:400]) for number in range(59)), NAMES, team)
    assert len(wide) == MAX_TIES // 59
