"""Services: none ends by itself, and every caller is answered."""

from collections.abc import Iterator

from desk_storm.history import History
from desk_storm.laws.law import Finding, law


@law
def no_service_ends_by_itself(history: History) -> Iterator[Finding]:
    """Only who kills ends a service."""
    for end in history.books.ends:
        yield f"{end.service}-{end.replica}", f"ended by itself at {end.at} with code {end.code}"


@law
def who_is_started_is_ready_again(history: History) -> Iterator[Finding]:
    """A restart ends in a service that works, whatever else fails meanwhile."""
    for book in history.books.stuck:
        yield f"{book.service}-{book.replica}", f"was not ready again at {book.at}"


@law
def every_call_is_answered(history: History) -> Iterator[Finding]:
    """Who asks again with the same key is answered in the end."""
    for call in history.books.calls:
        is_early = call.at > history.closing
        if not is_early and (call.status is None or call.status in (429, 503)):
            yield call.key, f"{call.method} {call.path}: {call.tries} tries, none was answered"


@law
def no_call_meets_a_bug(history: History) -> Iterator[Finding]:
    """Nobody is ever answered that something happened that nobody foresaw."""
    for call in history.books.calls:
        if 500 in (*call.answers, call.status):
            yield call.key, f"{call.method} {call.path} was answered with 500: {call.answer[:200]}"


LAWS = (
    no_service_ends_by_itself,
    who_is_started_is_ready_again,
    every_call_is_answered,
    no_call_meets_a_bug,
)
