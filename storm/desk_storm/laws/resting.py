"""Rest: when nobody does anything any more, the desk comes to an end, too."""

from collections.abc import Iterator

from desk_storm.history import History
from desk_storm.laws.law import Finding, law


@law
def desk_comes_to_rest(history: History) -> Iterator[Finding]:
    """What was begun is ended, sent and read once everybody has gone home."""
    for book in history.books.restless:
        yield "desk", f"{book.seconds:.0f} s after the last call: {'; '.join(book.reasons)}"


LAWS = (desk_comes_to_rest,)
