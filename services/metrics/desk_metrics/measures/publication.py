"""Books: what a source that is no ticket posted so far, and what it has to post anew."""

from collections.abc import Iterable
from dataclasses import dataclass

from desk_contracts.envelope import Event, Payload

from desk_metrics.measures.contributions import (
    Contribution,
    Published,
    Slice,
    find_changed_sets,
    keep_prints,
)
from desk_metrics.measures.decide import make_event


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """What one source posted so far."""

    source: str
    revision: int = 0
    published: Published = ()


def find_source(sources: Iterable[SourceRecord], source: str) -> SourceRecord:
    """The book of a source, empty if it has none yet."""
    return next((item for item in sources if item.source == source), SourceRecord(source))


def publish(
    book: SourceRecord, by: Slice, contributions: tuple[Contribution, ...], at: int
) -> tuple[SourceRecord, list[Event[Payload]]]:
    """The book after these contributions, and the events that carry what is new to the buckets."""
    contribution_sets = tuple(find_changed_sets(book.source, by, contributions, book.published))
    if not contribution_sets:
        return book, []
    revision = book.revision + 1
    events = [
        make_event(book.source, revision, contribution_set, at)
        for contribution_set in contribution_sets
    ]
    return SourceRecord(
        book.source, revision, keep_prints(book.published, contribution_sets)
    ), events
