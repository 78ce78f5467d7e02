"""Books: what a source that is no ticket posted so far, and what it has to post anew."""

from collections.abc import Iterable
from dataclasses import dataclass

from desk_shared.events.envelope import Event, Payload

from desk_metrics.measures.contributions import Posted, Posting, Slice, changed_sheets, with_sheets
from desk_metrics.measures.decide import told


@dataclass(frozen=True, slots=True)
class Ledgered:
    """What one source posted so far."""

    source: str
    revision: int = 0
    posted: Posted = ()


def book_of(books: Iterable[Ledgered], source: str) -> Ledgered:
    """The book of a source, empty if it has none yet."""
    return next((one for one in books if one.source == source), Ledgered(source))


def posted_by(
    book: Ledgered, by: Slice, postings: tuple[Posting, ...], at: int
) -> tuple[Ledgered, list[Event[Payload]]]:
    """The book after these postings, and the events that carry what is new of them to the cells."""
    sheets = tuple(changed_sheets(book.source, by, postings, book.posted))
    if not sheets:
        return book, []
    revision = book.revision + 1
    events = [told(book.source, revision, sheet, at) for sheet in sheets]
    return Ledgered(book.source, revision, with_sheets(book.posted, sheets)), events
