"""Where records become events: everybody who reads a topic reads it through here.

An event is believed on its own topic only: its type is a header that anybody chooses who may write
some topic, while who may write a topic is what the broker checks. What outsiders say of the time
is believed within a window around the record's arrival.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import NamedTuple

from desk_contracts import AnyEvent, Codec
from desk_contracts.errors import Invalid
from desk_contracts.events.changes import ChangePlanned
from desk_contracts.rfc3339 import AHEAD, EARLIEST, PLANNED_AHEAD, is_believed
from desk_contracts.topics import ALL_TEAM_TOPICS, BY_NAME, DEAD, RETRY

from desk_platform.clock import Clock, SystemClock
from desk_platform.kafka.decoded_records import DecodedRecords
from desk_platform.kafka.records import ARRIVED, KafkaRecord, our_headers, time_of

_AHEAD_MS = AHEAD / timedelta(milliseconds=1)
_EARLIEST_MS = EARLIEST.timestamp() * 1000
_SANE_YEARS = range(1990, 2200)
_TEAM_TOPIC = re.compile(ALL_TEAM_TOPICS)


class _Home(NamedTuple):
    """The topic whose events a record may carry. `is_fresh`: it was first read from there."""

    topic: str
    is_open: bool
    is_fresh: bool


class RecordDecoder:
    """Reads the records of a desk whose topics have this prefix.

    `decoded` is what several readers of one topic share.
    """

    def __init__(
        self,
        codec: Codec | None = None,
        prefix: str = "",
        clock: Clock | None = None,
        decoded: DecodedRecords | None = None,
    ) -> None:
        self._codec = codec or Codec()
        self._prefix = prefix
        self._clock = clock or SystemClock()
        self._homes: dict[str, _Home] = {}
        self._latest_ms = 0.0
        # Whatever arrives from the first on may be of any moment up to the second.
        self._since_ms, self._until = 0.0, EARLIEST
        self._decode_quickly = self._codec.decode_quickly
        if decoded is not None:
            self._decode_quickly = partial(_decode_once, self._decode_quickly, decoded)

    def read(self, record: KafkaRecord) -> AnyEvent:
        """The record's event; `Invalid` if it is none or belongs to another topic.

        The hot path, once per record.
        """
        event = self._decode_quickly(record)
        if event is None:
            passed_over = getattr(record, "checksum", None)
            if isinstance(passed_over, Invalid):
                raise passed_over
            arrived = self._find_arrival(record)
            event = self._codec.decode(record.key, record.value, record.headers, arrived)
        topic, is_open, is_fresh = self._homes.get(record.topic) or self._home(record.topic)
        if topic != event.data.TOPIC and topic != event.topic:  # noqa: PLR1714 (a call spared)
            raise Invalid(
                f"{event.type} belongs on {event.topic} and came on {topic}: publish it there, if"
                " you may",
                code="wrong-topic",
            )
        # Our own are believed, but for what an earlier version took over from outsiders.
        if is_open or event.time.year not in _SANE_YEARS:
            return self._correct_time(event, record, is_fresh=is_fresh)
        return event

    def _home(self, topic: str) -> _Home:
        name = topic.removeprefix(self._prefix)
        side = next((suffix for suffix in (RETRY, DEAD) if name.endswith(suffix)), "")
        if side:
            # By the name of the side topic alone: headers can be forged.
            name = name.removesuffix(side)
            team = _TEAM_TOPIC.match(name)
            origins = [origin for origin in BY_NAME if name.startswith(f"{origin}.")]
            others = max(origins, key=len, default=name.rpartition(".")[0])
            name = others if team is None else team.group()
        declared = BY_NAME.get(name)
        is_open = declared is not None and declared.writer == "outside"
        return self._homes.setdefault(topic, _Home(name, is_open, not side))

    def _correct_time(self, event: AnyEvent, record: KafkaRecord, *, is_fresh: bool) -> AnyEvent:
        """The event at its own time, if that is within the window; else at that of its arrival."""
        arrived = time_of(record)
        if not (is_fresh and self._is_well(event.time, arrived)):
            event = self._date(event, record)
        if isinstance(event.data, ChangePlanned):
            _check_plan(event.data, event.time)
        return event

    def _is_well(self, at: datetime, arrived: float) -> bool:
        """Whether the moment surely lies in the window of a record that arrived then.

        Moments are compared with the last window as they are: a number made of each costs more.
        """
        if not arrived <= self._latest_ms:
            return False
        if self._since_ms <= arrived and EARLIEST <= at <= self._until:
            return True
        if not _EARLIEST_MS <= at.timestamp() * 1000 <= arrived + _AHEAD_MS:
            return False
        self._since_ms, self._until = arrived, datetime.fromtimestamp(arrived / 1000, UTC) + AHEAD
        return True

    def _date(self, event: AnyEvent, record: KafkaRecord) -> AnyEvent:
        arrived = self._find_arrival(record)
        if is_believed(event.time, arrived):
            return event
        amended = tuple(sorted({*event.amended, "time"}))
        time = event.told_time or event.time.isoformat()
        return event._replace(time=arrived, amended=amended, told_time=time)

    def _find_arrival(self, record: KafkaRecord) -> datetime:
        """When the broker took the record, the first time; now, if that cannot be known.

        A topic whose records still carry their producers' own time could say anything.
        """
        now = self._clock.now()
        self._latest_ms = now.timestamp() * 1000 + _AHEAD_MS
        noted = our_headers(record).get(ARRIVED, b"")
        is_told = noted.isdigit() and len(noted) < len(str(int(self._latest_ms))) + 1
        arrived = int(noted) if is_told else time_of(record)
        if not _EARLIEST_MS <= arrived <= self._latest_ms:
            return now
        return datetime.fromtimestamp(arrived / 1000, UTC)


def _decode_once(
    decode: Callable[[KafkaRecord], AnyEvent | None], decoded: DecodedRecords, record: KafkaRecord
) -> AnyEvent | None:
    event = decoded.find(record)
    if event is None and (event := decode(record)) is not None:
        decoded.keep(record, event)
    return event


def _check_plan(plan: ChangePlanned, arrived: datetime) -> None:
    """A plan for a day that nobody can mean is no plan: there is nothing to put in its place."""
    for name, moment in (("starts", plan.starts), ("ends", plan.ends)):
        if not is_believed(moment, arrived, PLANNED_AHEAD):
            raise Invalid(
                f"{name} is {moment.isoformat()}; a change is planned from {EARLIEST.year} on "
                f"and at most {PLANNED_AHEAD.days} days ahead",
                code="bad-time",
            )
