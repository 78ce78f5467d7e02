"""From lessons to a scorer: which weeks teach and judge, which words and names count.

Who adds up the weights is passed in, so this stays free of any library.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from desk_triage.domain.learned import Scorer, Tie, Word
from desk_triage.domain.lessons import Lesson

HELD_OUT = 0.2
MIN_OF_A_NAME, MAX_NAMES = 10, 100
# The index of the empty name, which stands for all that have fewer tickets.
RARE = 0
# A word that only few people used tells of these people, and the file is read by many.
MIN_PEOPLE = 5
MAX_WORDS, MAX_TIES = 5_000, 16_000


class Pupil(NamedTuple):
    """What is given to whoever adds up weights: indexes of words and of one name per ticket."""

    words: int
    names: int
    rows: list[list[int]]
    answers: list[int]


class Weights(NamedTuple):
    """A number per name, and per word a number per name."""

    bias: list[float]
    words: list[list[float]]


Fit = Callable[[Pupil], Weights]
Answer = Callable[[Lesson], str]


class Weeks(NamedTuple):
    """The lessons by time. No lesson was finished after a later part begins."""

    taught: list[Lesson]
    tempered: list[Lesson]
    judged: list[Lesson]


def by_weeks(lessons: Sequence[Lesson]) -> Weeks | None:
    """Parts that begin on Mondays; each of the two held out has a fifth of the tickets or more."""
    per_week = Counter(_monday(one) for one in lessons)
    starts: list[date] = []
    held = 0
    for week in sorted(per_week, reverse=True):
        held += per_week[week]
        if held >= HELD_OUT * len(lessons):
            starts.append(week)
            held = 0
        if len(starts) == 2:
            break
    if len(starts) < 2:
        return None
    judging, tempering = starts
    early = [one for one in lessons if one.finished_at.date() < tempering]
    tempered = [
        one
        for one in lessons
        if one.opened_at.date() >= tempering and one.finished_at.date() < judging
    ]
    return Weeks(early, tempered, [one for one in lessons if one.opened_at.date() >= judging])


def _monday(lesson: Lesson) -> date:
    opened = lesson.opened_at.date()
    return opened - timedelta(days=opened.weekday())


def vocabulary(
    lessons: Iterable[Lesson], names: Mapping[str, int], answer: Answer
) -> dict[str, Counter[int]]:
    """The words worth learning with the names that finished tickets with them, most used first."""
    people: defaultdict[str, set[str]] = defaultdict(set)
    finished: defaultdict[str, Counter[int]] = defaultdict(Counter)
    for lesson in lessons:
        name = names.get(answer(lesson), RARE)
        for token in lesson.tokens:
            finished[token][name] += 1
            if len(people[token]) < MIN_PEOPLE:
                people[token].add(lesson.person)
    used = [token for token, who in people.items() if len(who) >= MIN_PEOPLE]
    used.sort(key=lambda token: (-finished[token].total(), token))
    kept: dict[str, Counter[int]] = {}
    ties = 0
    for token in used[:MAX_WORDS]:
        ties += len(finished[token])
        if ties > MAX_TIES:
            break
        kept[token] = finished[token]
    return kept


def names_of(answers: Iterable[str]) -> dict[str, int]:
    """The names with enough tickets by their index, most frequent first; the rest is ``""``."""
    counted = Counter(answers)
    ranked = sorted(counted, key=lambda name: (-counted[name], name))
    kept = [name for name in ranked if name and counted[name] >= MIN_OF_A_NAME][:MAX_NAMES]
    return {name: index for index, name in enumerate(["", *kept])}


def taught(lessons: Sequence[Lesson], answer: Answer, fit: Fit) -> Scorer:
    """A scorer that is not tempered yet."""
    names = names_of(map(answer, lessons))
    words = vocabulary(lessons, names, answer)
    index = {token: place for place, token in enumerate(words)}
    rows = [[index[token] for token in one.tokens if token in index] for one in lessons]
    answers = [names.get(answer(one), RARE) for one in lessons]
    weights = fit(Pupil(len(words), len(names), rows, answers))
    return Scorer(
        tickets=len(lessons),
        since=min(one.opened_at for one in lessons).date(),
        until=max(one.finished_at for one in lessons).date(),
        names=tuple(names),
        bias=tuple(weights.bias),
        threshold=1.0,
        words={
            token: Word(finished.total(), _ties(finished, weights.words[index[token]]))
            for token, finished in words.items()
        },
    )


def _ties(finished: Counter[int], weights: list[float]) -> tuple[Tie, ...]:
    """Only whom the word was ever seen with; how it speaks for all others is made the zero.

    Adding one number to all weights of a word changes no share, so only the small differences
    among those others are lost; and what is judged is what is left.
    """
    others = [weight for index, weight in enumerate(weights) if index not in finished]
    zero = math.fsum(others) / len(others) if others else 0.0
    return tuple((index, finished[index], weights[index] - zero) for index in sorted(finished))
