"""How sure is sure enough, and is it any good: measured with the very sums that decide later."""

import math
from collections import Counter
from collections.abc import Callable, Container, Iterator, Sequence
from typing import NamedTuple

from desk_shared.kernel.wilson import wilson

from desk_triage.domain.learned import Scorer, Trial, Word
from desk_triage.domain.lessons import Lesson
from desk_triage.domain.teaching import (
    MIN_OF_A_NAME,
    RARE,
    Answer,
    Fit,
    Weeks,
    by_weeks,
    names_of,
    taught,
)

MIN_TAUGHT, MIN_HELD = 200, 50
# One-sided 99 %: what holds for a few tickets by chance alone is not taken for a rule, and weeks
# to come are never quite like those that the threshold was found on.
_Z = 2.33
_LIKELIER_THAN_NOT = 0.5
_MOST_TEMPERED = 2_000
_DIGITS = 3
_STEPS = 24


class LearningTask(NamedTuple):
    """What is to be learned: the answer of a lesson, and which answers may be given."""

    answer: Answer
    allowed: Container[str]
    precision: float


class Refused(NamedTuple):
    """Why there is no model, as a sentence; the trial, if it came to one."""

    why: str
    trial: Trial | None = None


class _Judged(NamedTuple):
    """The likeliest answer of one lesson, how probable it was said to be, and what was so."""

    name: str
    share: float
    truth: str

    @property
    def is_right(self) -> bool:
        return self.name == self.truth


def learn(lessons: Sequence[Lesson], task: LearningTask, fit: Fit) -> Scorer | Refused:
    """A scorer that is right as often as asked on weeks it has not seen, or why there is none."""
    known = [one for one in lessons if task.answer(one)]
    weeks = by_weeks(known)
    if weeks is None or len(weeks.taught) < MIN_TAUGHT or _least_held(weeks) < MIN_HELD:
        return Refused(_too_few(len(known), weeks))
    names = names_of(map(task.answer, weeks.taught))
    if not any(name in task.allowed for name in names if name):
        return Refused(f"nobody who may be chosen has {MIN_OF_A_NAME} finished tickets or more")
    if len({names.get(task.answer(one), RARE) for one in weeks.taught}) < 2:
        return Refused("all tickets have the same answer, so there is nothing to tell apart")
    scorer = taught(weeks.taught, task.answer, fit)
    is_narrowed = min(len(_open(weeks.tempered)), len(_open(weeks.judged))) >= MIN_HELD
    if is_narrowed:
        weeks = weeks._replace(tempered=_open(weeks.tempered), judged=_open(weeks.judged))
    scorer = _tempered(scorer, weeks.tempered, task.answer)
    threshold = _threshold(list(_tried(scorer, weeks.tempered, task)), task.precision)
    if threshold is None:
        return Refused(f"it is never so sure that {task.precision:.0%} would be right")
    scorer = scorer.model_copy(update={"threshold": threshold})
    trial = _trial(scorer, weeks, task, is_narrowed=is_narrowed)
    why = _objection(trial, task.precision)
    return Refused(why, trial) if why else scorer.model_copy(update={"trial": trial})


def _too_few(known: int, weeks: Weeks | None) -> str:
    asked = (
        f"{MIN_TAUGHT} to learn from and {MIN_HELD} in each of the two parts that are held out,"
        " by whole weeks"
    )
    if weeks is None:
        return f"the {known} tickets are of too few weeks; it takes {asked}"
    return (
        f"there are {len(weeks.taught)} tickets to learn from, and {len(weeks.tempered)} and"
        f" {len(weeks.judged)} held out; it takes {asked}"
    )


def _least_held(weeks: Weeks) -> int:
    return min(len(weeks.tempered), len(weeks.judged))


def _open(lessons: Sequence[Lesson]) -> list[Lesson]:
    return [one for one in lessons if one.is_open]


def _tried(scorer: Scorer, lessons: Sequence[Lesson], task: LearningTask) -> Iterator[_Judged]:
    for lesson in lessons:
        found = scorer.likely(lesson.tokens, task.allowed)
        name, share = found[0] if found else ("", 0.0)
        yield _Judged(name, share, task.answer(lesson))


def _tempered(scorer: Scorer, lessons: Sequence[Lesson], answer: Answer) -> Scorer:
    """Its probabilities made honest: all weights divided by the one number that fits best."""
    places = {name: index for index, name in enumerate(scorer.names)}
    sample = lessons[:: max(1, len(lessons) // _MOST_TEMPERED)]
    said = [
        ([math.log(share) for share in scorer.shares(one.tokens)], places.get(answer(one), RARE))
        for one in sample
    ]
    number = math.exp(_least(lambda log: _loss(said, math.exp(log)), -2.0, 3.0))
    return scorer.model_copy(
        update={
            "bias": tuple(round(one / number, _DIGITS) for one in scorer.bias),
            "words": {token: _divided(word, number) for token, word in scorer.words.items()},
        }
    )


def _divided(word: Word, number: float) -> Word:
    ties = ((index, count, round(weight / number, _DIGITS)) for index, count, weight in word.ties)
    return Word(word.tickets, tuple(ties))


def _loss(said: list[tuple[list[float], int]], number: float) -> float:
    """The surprise at what was so, if all logarithms are divided by that number."""
    total = 0.0
    for logs, truth in said:
        total += math.log(math.fsum(math.exp(one / number) for one in logs)) - logs[truth] / number
    return total


def _least(of: Callable[[float], float], low: float, high: float) -> float:
    """Where a function with one valley is least, by golden sections."""
    golden = (math.sqrt(5) - 1) / 2
    left, right = high - golden * (high - low), low + golden * (high - low)
    at_left, at_right = of(left), of(right)
    for _ in range(_STEPS):
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - golden * (high - low)
            at_left = of(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + golden * (high - low)
            at_right = of(right)
    return (low + high) / 2


def _threshold(judged: Sequence[_Judged], precision: float) -> float | None:
    """The lowest share from which on it is right as often as asked, with room for chance."""
    ranked = sorted(judged, key=lambda one: -one.share)
    found: float | None = None
    right = 0
    for count, one in enumerate(ranked, 1):
        right += one.is_right
        is_last_of_its_share = count == len(ranked) or ranked[count].share < one.share
        if is_last_of_its_share and one.share and wilson(right, count, _Z)[0] >= precision:
            found = one.share
    return None if found is None else max(found, _LIKELIER_THAN_NOT)


def _trial(scorer: Scorer, weeks: Weeks, task: LearningTask, *, is_narrowed: bool) -> Trial:
    judged = list(_tried(scorer, weeks.judged, task))
    sure = [one for one in judged if one.share >= scorer.threshold]
    counted = Counter(map(task.answer, weeks.taught))
    usual = min(counted, key=lambda name: (-counted[name], name))
    days = [one.opened_at.date() for one in weeks.judged]
    return Trial(
        since=min(days),
        until=max(days),
        only_open=is_narrowed,
        tickets=len(judged),
        right=sum(one.is_right for one in judged),
        usual=usual,
        usual_right=sum(one.truth == usual for one in judged),
        better=sum(one.is_right and one.truth != usual for one in judged),
        worse=sum(not one.is_right and one.truth == usual for one in judged),
        decided=len(sure),
        decided_right=sum(one.is_right for one in sure),
        sureness=math.fsum(one.share for one in sure) / len(sure) if sure else 0.0,
    )


def _objection(trial: Trial, precision: float) -> str:
    """Why a scorer should not be used, if so. A lead over the usual answer may not be chance."""
    if not trial.decided:
        return "it was sure of no ticket of the last weeks"
    if trial.better - trial.worse <= _Z * math.sqrt(trial.better + trial.worse):
        return "it does no better than naming always the most frequent one"
    if trial.precision < precision:
        return (
            f"where it was sure, it was right in {trial.precision:.1%} of the tickets of the last"
            f" weeks, and {precision:.0%} are asked for"
        )
    return ""
