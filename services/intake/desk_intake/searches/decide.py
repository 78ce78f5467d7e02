"""Which words of a search are counted, for whom, and when it is forgotten who it was. Pure."""

import hashlib
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

from desk_contracts.text import terms
from desk_kernel import Context, Decision

from desk_intake.searches.model import MAX_PEOPLE, SearchedWord

MAX_WORDS = 12
_SHORTEST, _LONGEST = 3, 40


def choose_words(title: str) -> frozenset[str]:
    """Words of a title that can be counted; what else was written is looked at by nobody."""
    words = (word for word in terms(title) if _SHORTEST <= len(word) <= _LONGEST)
    return frozenset(list(dict.fromkeys(words))[:MAX_WORDS])


def name_week(day: date) -> str:
    """The ISO week, for example `2026-W48`."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def digest_person(secret: bytes, week: str, person: str) -> str:
    """The same for one person within a week, and another one in the next."""
    key = hashlib.sha256(secret + week.encode()).digest()
    return hashlib.blake2b(person.encode(), key=key, digest_size=12).hexdigest()


def end_week(week: str) -> datetime:
    """When the next week begins, UTC."""
    year, _, number = week.partition("-W")
    monday = date.fromisocalendar(int(year), int(number), 1) + timedelta(weeks=1)
    return datetime.combine(monday, time(), UTC)


def count_people(
    before: SearchedWord | None,
    word: str,
    week: str,
    people: Iterable[str],
    without: Iterable[str],
) -> Decision[SearchedWord] | None:
    """The word with more people who looked for it; None if nothing is new."""
    current = before or SearchedWord(word=word, week=week)
    if current.counted:
        return None
    after = current.model_copy(
        update={
            "people": _limit(current.people | frozenset(people)),
            "without": _limit(current.without | frozenset(without)),
        }
    )
    return None if after == before else Decision(after, due=end_week(week))


def _limit(people: frozenset[str]) -> frozenset[str]:
    return frozenset(sorted(people)[:MAX_PEOPLE])


def forget_people(word: SearchedWord | None, context: Context) -> Decision[SearchedWord] | None:
    """The week is over: what is left is the count."""
    if word is None:
        return None
    if context.now < end_week(word.week):
        return Decision(word, due=end_week(word.week))
    counts = {"counted": word.shown, "counted_without": word.shown_without}
    nobody = {"people": frozenset[str](), "without": frozenset[str]()}
    return Decision(word.model_copy(update=counts | nobody))
