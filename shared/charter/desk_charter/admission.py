"""Whether an event may say what it says: the charter's sources applied to one event.

Asked once for each event of an open topic, by the consumer and by the HTTP way in; pure but for
what it remembers of the charter in force.
"""

from collections.abc import Callable, Iterable, Iterator

from desk_contracts.device_answers import SignedAnswer, is_by_device
from desk_contracts.envelope import AnyEvent
from desk_contracts.errors import Invalid
from desk_contracts.events.changes import ChangeFinished, ChangePlanned, ChangeStarted
from desk_contracts.value_types import SubjectKind

from desk_charter.model import Charter
from desk_charter.source_checks import OPEN_TYPES
from desk_charter.sources import OutsideSystem, is_covered

UNKNOWN, REVOKED, NOT_ALLOWED = "unknown-source", "source-revoked", "not-allowed-for-source"
UNSIGNED = "not-signed-by-device"
# Sources are written by outsiders, so what is remembered of them has an end.
MOST_REMEMBERED = 10_000
_LONGEST_SHOWN = 200
_NONE: frozenset[str] = frozenset()


class Admission:
    """Applies the sources of the charter in force.

    `accepts_unknown` lets in what no entry covers, as on one's own machine; entries count there
    too.
    """

    def __init__(self, charter: Callable[[], Charter], *, accepts_unknown: bool = False) -> None:
        self._charter = charter
        self._accepts_unknown = accepts_unknown
        self._read_from: Charter | None = None
        self._systems: dict[str, OutsideSystem | None] = {}
        # The types that need no second look, by source: most events are let in here.
        self._free: dict[str, frozenset[str]] = {}

    @property
    def accepts_unknown(self) -> bool:
        """Whether sources that the charter does not list are let in."""
        return self._accepts_unknown

    def __call__(self, event: AnyEvent) -> Invalid | None:
        """Why the event is not let in; None if it is. Events of the desk's own topics are."""
        type = event.data.TYPE
        if type not in OPEN_TYPES:
            return None
        if isinstance(event.data, SignedAnswer):
            refusal = refuse_unsigned(self._charter().sources, event.subject, event.data)
            if refusal is not None:
                return refusal
        if self._charter() is self._read_from and type in self._free.get(event.source, _NONE):
            return None
        system = self.system_of(event.source)
        if system is None:
            if self._accepts_unknown:
                return None
            return Invalid(
                f"no system of sources.yaml has the source {_shown(event.source)}; add it there or"
                " correct the event's source, then replay the dead letter",
                code=UNKNOWN,
            )
        return refusal_of(system, event)

    def system_of(self, source: str) -> OutsideSystem | None:
        """Whose source that is; revoked systems are found too."""
        charter = self._charter()
        if charter is not self._read_from:
            self._read_from, self._systems, self._free = charter, {}, {}
        try:
            return self._systems[source]
        except KeyError:
            system = next((s for s in charter.sources if is_covered(s.source, source)), None)
        if len(self._systems) >= MOST_REMEMBERED:
            self._systems.clear()
            self._free.clear()
        self._systems[source] = system
        if system and not (system.revoked or system.services or system.subjects):
            self._free[source] = system.known_types
        return system


def refusal_of(system: OutsideSystem, event: AnyEvent) -> Invalid | None:
    """Why this system may not say this; None if it may."""
    if system.revoked:
        return Invalid(
            f"'{system.name}' is revoked in sources.yaml; nothing is taken from it",
            code=REVOKED,
        )
    if event.type not in system.known_types:
        return refuse_type(system, event.type)
    if system.subjects and not system.may_concern(event.subject):
        allowed = ", ".join(system.subjects)
        return _not_allowed(
            system, f"may send events of {allowed}, and not of {_shown(event.subject)}"
        )
    return _refuse_service(system, event) if system.services else None


def refuse_unsigned(
    systems: Iterable[OutsideSystem], device: str, data: SignedAnswer
) -> Invalid | None:
    """Why an answer is not the device's; whoever sends it, its key decides."""
    keys = [key for system in systems for key in system.device_keys.get(device, ())]
    if not keys or is_by_device(keys, device, data):
        return None
    trouble = "its signature is wrong" if data.signature else "it has no signature"
    return Invalid(
        f"this is no answer of {_shown(device)}: {trouble}; if the device has a new key, add that"
        " to device_keys in sources.yaml and replay the dead letter",
        code=UNSIGNED,
    )


def refuse_type(system: OutsideSystem, type: str) -> Invalid:
    """Why this system may not send events of that type."""
    return _not_allowed(system, f"may send {', '.join(system.types)}, and not {type}")


def _refuse_service(system: OutsideSystem, event: AnyEvent) -> Invalid | None:
    named = list(services_of(event))
    foreign = next((item for item in named if not system.may_name(item)), None)
    if named and foreign is None:
        return None
    trouble = "names no service" if foreign is None else f"is about {_shown(foreign)}"
    allowed = ", ".join(system.services)
    return _not_allowed(system, f"may speak for {allowed}, and this event {trouble}")


def services_of(event: AnyEvent) -> Iterator[str]:
    """The services an event speaks for: its field, and its subject where that is a service."""
    data = event.data
    field: str = getattr(data, "service", "")
    if field:
        yield field
    is_service = getattr(data, "subject_kind", None) is SubjectKind.SERVICE
    if is_service or isinstance(data, ChangePlanned | ChangeStarted | ChangeFinished):
        yield event.subject


def _not_allowed(system: OutsideSystem, sentence: str) -> Invalid:
    return Invalid(
        f"'{system.name}' {sentence}; correct the event or the entry in sources.yaml",
        code=NOT_ALLOWED,
    )


def _shown(text: str) -> str:
    return repr(text[:_LONGEST_SHOWN])
