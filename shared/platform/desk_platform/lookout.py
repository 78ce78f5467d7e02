"""What a service looked at and did not act on: kept in memory, bounded, for `GET /v1/why`.

Nothing here is written to a store, since most of what is looked at leads to nothing. It is what
this replica has seen since it started, and every answer made of it says so.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from desk_contracts.message import Message

from desk_platform.telemetry import Meters, get_logger

log = get_logger()

MOST_SUBJECTS = 5_000
MOST_PER_SUBJECT = 50
# So many looks at one subject are worked out only when somebody asks, or when more come.
MOST_LATER = 4
MOST_NAMES = 500
OTHERS = "(others)"


class Consideration(NamedTuple):
    """One look: what looked (`detector`, `runbook` …) and its name, when, and what came of it.

    `outcome` is a code; `message` says it to people; `values` are those that it depended on. The
    service decides who may see it.
    """

    kind: str
    name: str
    at: datetime
    outcome: str
    message: Message
    values: Mapping[str, str] = {}
    service: str = ""


@dataclass(slots=True)  # not frozen: counted up for every event
class Unhandled:
    """Something that was sent and that nothing is set up for, with where it was seen last."""

    kind: str
    name: str
    count: int = 0
    last_subject: str = ""
    last_at: datetime | None = None
    last_service: str = ""


Looks = Callable[[], "Iterable[Consideration]"]


@dataclass(slots=True)
class _Subject:
    looks: OrderedDict[tuple[str, str], Consideration] = field(default_factory=OrderedDict)
    later: deque[Looks] = field(default_factory=deque)

    def work_out(self, most: int) -> None:
        """Leave so many for later."""
        while len(self.later) > most:
            for look in self.later.popleft()():
                self.keep(look)

    def keep(self, look: Consideration) -> None:
        key = (look.kind, look.name)
        self.looks[key] = look
        self.looks.move_to_end(key)
        if len(self.looks) > MOST_PER_SUBJECT:
            self.looks.popitem(last=False)


@dataclass(slots=True)
class Lookout:
    """The last look of everything at each subject, and what nothing looks at."""

    since: datetime
    meters: Meters
    _subjects: OrderedDict[str, _Subject] = field(default_factory=OrderedDict)
    _unhandled: dict[tuple[str, str], Unhandled] = field(default_factory=dict)

    def note(self, subject: str, look: Consideration) -> None:
        """Keep the newest look; the subject and the look that are oldest make room."""
        kept = self._find(subject)
        kept.work_out(0)
        kept.keep(look)

    def note_later(self, subject: str, looks: Looks) -> None:
        """The same for looks that cost more than most of them are worth: nobody asks for them."""
        kept = self._find(subject)
        kept.later.append(looks)
        kept.work_out(MOST_LATER)

    def _find(self, subject: str) -> _Subject:
        kept = self._subjects.setdefault(subject, _Subject())
        self._subjects.move_to_end(subject)
        if len(self._subjects) > MOST_SUBJECTS:
            self._subjects.popitem(last=False)
        return kept

    def note_unhandled(
        self, kind: str, name: str, subject: str, at: datetime, service: str = ""
    ) -> None:
        """Count something that nothing is set up for, e.g. a measurement that nobody watches."""
        self.meters.unhandled.count(kind)
        key = (kind, name)
        counted = self._unhandled.get(key)
        if counted is None:
            if len(self._unhandled) >= MOST_NAMES:
                key = (kind, OTHERS)
            else:
                log.info("unheeded", kind=kind, name=name, subject=subject)
            counted = self._unhandled.setdefault(key, Unhandled(*key))
        counted.count += 1
        counted.last_subject, counted.last_at, counted.last_service = subject, at, service

    def looks_at(self, subject: str) -> tuple[Consideration, ...]:
        """What looked at that subject, the newest look first."""
        kept = self._subjects.get(subject)
        if kept is None:
            return ()
        kept.work_out(0)
        return tuple(reversed(kept.looks.values()))

    @property
    def all_unhandled(self) -> tuple[Unhandled, ...]:
        """What was counted, most often first."""
        return tuple(sorted(self._unhandled.values(), key=lambda counted: -counted.count))
