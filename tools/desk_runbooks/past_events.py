"""What the log says about trouble, requests and past runs: from the brokers, or from a file."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from desk_cli.options import settings
from desk_contracts import AnyEvent, Codec, names
from desk_contracts.errors import Invalid
from desk_contracts.events.automation import RunStarted
from desk_contracts.events.changes import ChangeFinished, ChangePlanned
from desk_contracts.events.devices import PolicyApplied
from desk_contracts.events.fulfilment import TicketFulfilmentRequested, TicketFulfilmentWithdrawn
from desk_contracts.events.signals import (
    SignalCleared,
    SignalDropped,
    SignalRaised,
    SignalSeverityChanged,
)
from desk_contracts.json_values import read_object
from desk_platform.kafka.deserializer import RecordDecoder
from desk_platform.kafka.topic_reader import list_topic_names, read_all

TOPICS = (names.SIGNALS, names.TICKETS, names.AUTOMATION, names.ACTION_RESULTS, names.CHANGES)
_USED = (
    SignalRaised, SignalCleared, TicketFulfilmentRequested, TicketFulfilmentWithdrawn, RunStarted,
    PolicyApplied, SignalDropped, SignalSeverityChanged, ChangePlanned, ChangeFinished,
)  # fmt: skip
_HEADERS = (("content-type", b"application/cloudevents+json"),)


@dataclass(slots=True)
class PastEvents:
    """The part of a log that says when runbooks would have run, in event time."""

    triggers: list[AnyEvent] = field(default_factory=list)
    # When an episode's trouble was over, and when a run of the desk for it began.
    cleared: dict[str, datetime] = field(default_factory=dict)
    started: dict[str, datetime] = field(default_factory=dict)
    # Episodes that nobody watched any more before they were over.
    dropped: set[str] = field(default_factory=set)
    # When devices acted by themselves, by device.
    applied: dict[str, list[datetime]] = field(default_factory=dict)
    raised: int = 0
    requested: int = 0
    unreadable: int = 0
    # Signals and requests before it are not played.
    begin: datetime | None = None
    since: datetime | None = None
    until: datetime | None = None
    # What repeats an event is counted once.
    _identities: set[tuple[str, str]] = field(default_factory=set)

    def add(self, event: AnyEvent) -> None:
        """Note an event of any of the topics, once however often the log has it."""
        data, identity = event.data, (event.source, event.id)
        if not isinstance(data, _USED) or identity in self._identities:
            return
        self._identities.add(identity)
        is_before = self.begin is not None and event.time < self.begin
        if is_before and isinstance(data, SignalRaised | TicketFulfilmentRequested):
            return
        if not is_before:
            self.since = min(self.since or event.time, event.time)
            self.until = max(self.until or event.time, event.time)
        match data:
            case RunStarted():
                _keep_first(self.started, data.episode, event.time)
            case PolicyApplied():
                self.applied.setdefault(event.subject, []).append(data.started_at)
            case SignalCleared():
                _keep_first(self.cleared, data.episode, event.time)
                self.triggers.append(event)
            case SignalDropped():
                self.dropped.add(data.episode)
                self.triggers.append(event)
            case _:
                self.raised += isinstance(data, SignalRaised)
                self.requested += isinstance(data, TicketFulfilmentRequested)
                self.triggers.append(event)

    def put_in_order(self) -> None:
        """By their own time; what came at one moment stays in the order of the log."""
        self.triggers.sort(key=lambda event: event.time)


def _keep_first(times: dict[str, datetime], episode: str, at: datetime) -> None:
    times[episode] = min(times.get(episode, at), at)


def read_file(file: Path, begin: datetime | None = None) -> PastEvents:
    """A log of CloudEvents in JSON Lines; `Invalid` names the line that is none."""
    if not file.is_file():
        raise Invalid(f"There is no file '{file}'.")
    past, codec, now = PastEvents(begin=begin), Codec(), datetime.now(UTC)
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                document, _ = read_object(line)
                key = str(document.get("subject") or "").encode(errors="replace")
                past.add(codec.decode(key, line, _HEADERS, now))
            except Invalid as error:
                raise Invalid(f"{file}:{number}: {error.message}") from error
    past.put_in_order()
    return past


async def read_brokers(begin: datetime | None = None) -> PastEvents:
    """The whole log of this desk; a record that cannot be read is counted."""
    chosen, past = settings(), PastEvents(begin=begin)
    decoder = RecordDecoder(prefix=chosen.topic_prefix)
    there = await list_topic_names(chosen.kafka)
    # Signals must be there; of the others those that this desk has.
    signals, *others = (chosen.topic_prefix + name for name in TOPICS)
    topics = [signals, *(name for name in others if name in there)]
    async for record in read_all(chosen.kafka, topics):
        try:
            past.add(decoder.read(record))
        except Invalid:
            past.unreadable += 1
    past.put_in_order()
    return past
