"""Topics: one writer, one partition per key, one event per id, numbers without a gap."""

from collections import defaultdict
from collections.abc import Iterator

from desk_contracts import names
from desk_contracts.topics import BY_NAME, DEAD, OPEN_TOPICS

from desk_storm.history import History
from desk_storm.laws.law import Finding, law


@law
def one_writer(history: History) -> Iterator[Finding]:
    """Only the service that a topic belongs to writes there."""
    for record in history.records:
        topic = BY_NAME.get(record.topic)
        writer = "notify" if record.topic.startswith(names.NOTIFICATIONS) else ""
        writer = topic.writer if topic is not None else writer
        event = record.event
        if event is None or writer in ("", "outside"):
            continue
        shared_by = topic.shared_by if topic is not None else ()
        if event.source not in {f"/desk/{name}" for name in (writer, *shared_by)}:
            yield record.topic, f"{event.id} was written by {event.source}"


@law
def one_partition_per_key(history: History) -> Iterator[Finding]:
    """What is about one subject stays in order, so it stays in one partition."""
    places: dict[tuple[str, str], set[int]] = defaultdict(set)
    for record in history.records:
        if record.event is not None and record.topic not in OPEN_TOPICS:
            places[record.topic, record.event.subject].add(record.partition)
    for (topic, subject), partitions in places.items():
        if len(partitions) > 1:
            yield subject, f"{topic} has it in partitions {sorted(partitions)}"


@law
def an_id_says_one_thing(history: History) -> Iterator[Finding]:
    """A repeat of an event is the same event."""
    contents: dict[tuple[str, str], tuple[str, object]] = {}
    for record in history.records:
        event = record.event
        if event is None or record.topic in OPEN_TOPICS:
            continue
        content = (event.subject, event.data)
        before = contents.setdefault((record.topic, event.identity), content)
        if before != content:
            yield event.id, f"{record.topic}: two events under one id, {before!r} and {content!r}"


@law
def numbers_without_a_gap(history: History) -> Iterator[Finding]:
    """Events of a ticket are numbered from 1, each number once."""
    for ticket, life in history.tickets.items():
        numbers = [item.event.sequence or 0 for item in life]
        if numbers != list(range(1, len(numbers) + 1)):
            yield ticket, f"its events have the numbers {numbers}"


@law
def numbers_in_order(history: History) -> Iterator[Finding]:
    """New events of a ticket come in the order of their numbers; only copies may come later."""
    last: dict[str, int] = defaultdict(int)
    seen: set[str] = set()
    for record in history.records:
        event = record.event
        if record.topic != names.TICKETS or event is None or event.id in seen:
            continue
        seen.add(event.id)
        number = event.sequence or 0
        if number < last[event.subject]:
            yield event.subject, f"number {number} came after {last[event.subject]}"
        last[event.subject] = max(number, last[event.subject])


@law
def no_dead_letters(history: History) -> Iterator[Finding]:
    """What is legal is handled; what is not may be parked, but never because of a bug."""
    illegal = {book.event.identity for book in history.books.sent if not book.is_legal}
    for record in history.books.records:
        if not record.topic.endswith(DEAD):
            continue
        is_expected = record.event is None or record.event.identity in illegal
        if record.reason == "bug" or not is_expected:
            what = "an unreadable record" if record.event is None else record.event.type
            yield record.topic, f"{what} at {record.partition}/{record.offset}: {record.reason}"


LAWS = (
    one_writer,
    one_partition_per_key,
    an_id_says_one_thing,
    numbers_without_a_gap,
    numbers_in_order,
    no_dead_letters,
)
