"""The desk's log as an object-centric event log: OCEL 2.0, as process-mining tools read it. Pure.

Objects are tickets, persons, devices, teams, problems, runs and changes. An event names every
object that it is about, with what the object is to it as qualifier. Texts that people wrote are
left out.
Source of the form: OCEL (Object-Centric Event Log) 2.0 Specification, ocel-standard.org, JSON.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import blake2b
from typing import NamedTuple

from desk_contracts import AnyEvent, Payload
from desk_contracts.events.automation import RunEscalated, RunStarted
from desk_contracts.events.changes import ChangeFinished, ChangePlanned, ChangeStarted
from desk_contracts.events.problems import ProblemDetected
from desk_contracts.events.tickets import LinkKind, TicketLinked, TicketOpened
from desk_contracts.names import AUTOMATION, CHANGES, PROBLEMS, SLA, TICKETS

# Read for the log; what a topic's key names is in `_SUBJECTS`.
TOPICS = (TICKETS, SLA, PROBLEMS, AUTOMATION, CHANGES)
# Who acts where no person does.
_NOBODY = frozenset({"", "desk", "automation", "unknown"})
_Json = dict[str, object]


class ObjectKind(StrEnum):
    """What an object is."""

    TICKET = "ticket"
    PERSON = "person"
    DEVICE = "device"
    TEAM = "team"
    PROBLEM = "problem"
    RUN = "run"
    CHANGE = "change"


class Reference(NamedTuple):
    """An object, and what it is to the event or the other object."""

    kind: ObjectKind
    name: str
    qualifier: str

    @property
    def id(self) -> str:
        """Unique over all kinds: a device may be called like a team."""
        return f"{self.kind}:{self.name}"


_SUBJECTS = {TICKETS: ObjectKind.TICKET, SLA: ObjectKind.TICKET, PROBLEMS: ObjectKind.PROBLEM}
# A field of an event that names an object, and what the object is to the event.
_FIELDS = {
    "requester": (ObjectKind.PERSON, "requester"),
    "by": (ObjectKind.PERSON, "actor"),
    "member": (ObjectKind.PERSON, "member"),
    "person": (ObjectKind.PERSON, "affected"),
    "device": (ObjectKind.DEVICE, "device"),
    "team": (ObjectKind.TEAM, "team"),
    "previous_team": (ObjectKind.TEAM, "previous team"),
    "into": (ObjectKind.TICKET, "merged into"),
    "run": (ObjectKind.RUN, "run"),
    "change": (ObjectKind.CHANGE, "change"),
    "tickets": (ObjectKind.TICKET, "ticket"),
    "people": (ObjectKind.PERSON, "affected"),
}
_LINKS = {
    LinkKind.PROBLEM: ObjectKind.PROBLEM,
    LinkKind.RUN: ObjectKind.RUN,
    LinkKind.TICKET: ObjectKind.TICKET,
}
# Fields that are told with an event: short, of a closed set or a name that the charter knows.
_ATTRIBUTES = (
    "kind", "channel", "priority", "category", "service", "site", "impact", "urgency",
    "waiting_for", "how", "cause", "runbook", "step", "status", "outcome", "succeeded", "clock",
    "policy", "percent", "role",
)  # fmt: skip
# Fields that are told of the object itself, from the moment of the event on.
_OF_OBJECTS: dict[type[Payload], tuple[str, ...]] = {
    TicketOpened: ("code", "kind", "channel", "service", "site"),
    ProblemDetected: ("service",),
    RunStarted: ("runbook", "service"),
    RunEscalated: ("outcome",),
    ChangePlanned: ("kind",),
    ChangeStarted: ("kind",),
    ChangeFinished: ("kind", "succeeded"),
}
_CHANGING = ("priority", "category", "service")


@dataclass(slots=True)  # not frozen: filled while the log is read
class _Entry:
    kind: ObjectKind
    attributes: list[_Json] = field(default_factory=list)
    related: dict[tuple[str, str], None] = field(default_factory=dict)


@dataclass(slots=True)
class ObjectLog:
    """What the events add up to: objects and types. The events themselves are not held."""

    objects: dict[str, _Entry] = field(default_factory=dict)
    events: Counter[str] = field(default_factory=Counter)
    repeats: int = 0
    _types: dict[str, dict[str, str]] = field(default_factory=dict)
    _seen: set[bytes] = field(default_factory=set)

    def add(self, event: AnyEvent) -> _Json | None:
        """The event as the log writes it; None if it was there before.

        An event's identity is its source and id; a second delivery of it is only counted.
        """
        name = f"{event.source} {event.id}"
        digest = blake2b(name.encode(), digest_size=16).digest()
        if digest in self._seen:
            self.repeats += 1
            return None
        self._seen.add(digest)
        kind = event.type.removeprefix("desk.").rpartition(".v")[0]
        # Readers keep one relation of an event with an object, so the first qualifier is told.
        by_id: dict[str, Reference] = {}
        for item in list_references(event):
            by_id.setdefault(item.id, item)
        references = list(by_id.values())
        self._keep_objects(event, references)
        attributes = [
            {"name": field_name, "value": value}
            for field_name in _ATTRIBUTES
            if (value := _read(event.data, field_name)) is not None
        ]
        types = self._types.setdefault(kind, {})
        types.update({str(item["name"]): _type_of(item["value"]) for item in attributes})
        self.events[kind] += 1
        return {
            "id": name,
            "type": kind,
            "time": _format(event.time),
            "attributes": attributes,
            "relationships": [_relate(item.id, item.qualifier) for item in references],
        }

    def count_objects(self) -> Counter[ObjectKind]:
        """Objects by kind."""
        return Counter(entry.kind for entry in self.objects.values())

    def list_objects(self) -> Iterator[_Json]:
        """Every object with its attributes, and what it is related to."""
        for id, entry in self.objects.items():
            yield {
                "id": id,
                "type": entry.kind.value,
                "attributes": entry.attributes,
                "relationships": [_relate(*related) for related in entry.related],
            }

    def list_object_types(self) -> list[_Json]:
        """The kinds of objects there are, with the attributes that any of them has."""
        types: dict[str, dict[str, str]] = {}
        for entry in self.objects.values():
            attributes = types.setdefault(entry.kind.value, {})
            attributes.update({str(a["name"]): _type_of(a["value"]) for a in entry.attributes})
        return _describe_types(types)

    def list_event_types(self) -> list[_Json]:
        """The types of events there are, with their attributes."""
        return _describe_types(self._types)

    def _keep_objects(self, event: AnyEvent, references: list[Reference]) -> None:
        for item in references:
            self.objects.setdefault(item.id, _Entry(item.kind))
        if not references:
            return
        subject, *others = references
        entry = self.objects[subject.id]
        for other in others:
            if other.id != subject.id:
                entry.related[other.id, other.qualifier] = None
        names = _OF_OBJECTS.get(type(event.data), _CHANGING if event.topic == TICKETS else ())
        for name in names:
            value = _read(event.data, name)
            last = next((a["value"] for a in reversed(entry.attributes) if a["name"] == name), None)
            if value is not None and value != last:
                entry.attributes.append({"name": name, "time": _format(event.time), "value": value})


def list_references(event: AnyEvent) -> Iterator[Reference]:
    """The objects that an event is about; the first is the one whose life it belongs to."""
    data = event.data
    if event.topic in _SUBJECTS:
        kind = _SUBJECTS[event.topic]
        yield Reference(kind, event.subject, kind.value)
    elif event.topic == AUTOMATION:
        if run := getattr(data, "run", ""):
            yield Reference(ObjectKind.RUN, run, "run")
        # The target of a repair is a device, or the service that the event names.
        if event.subject != getattr(data, "service", ""):
            yield Reference(ObjectKind.DEVICE, event.subject, "device")
    yield from _list_fields(data)
    if isinstance(data, TicketLinked) and data.kind in _LINKS:
        yield Reference(_LINKS[data.kind], data.target, "linked")


def _list_fields(data: Payload) -> Iterator[Reference]:
    for name, (kind, qualifier) in _FIELDS.items():
        value = getattr(data, name, None) or ()
        for item in (value,) if isinstance(value, str) else value:
            if not (kind is ObjectKind.PERSON and item in _NOBODY):
                yield Reference(kind, item, qualifier)


def _read(data: Payload, name: str) -> str | int | bool | None:
    """A field's value; None where the event has none or says nothing."""
    value = getattr(data, name, None)
    return value if isinstance(value, str | int) and value != "" else None


def _type_of(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    return "integer" if isinstance(value, int) else "string"


def _describe_types(types: dict[str, dict[str, str]]) -> list[_Json]:
    return [
        {
            "name": name,
            "attributes": [
                {"name": attribute, "type": kind} for attribute, kind in sorted(attributes.items())
            ],
        }
        for name, attributes in sorted(types.items())
    ]


def _relate(id: str, qualifier: str) -> _Json:
    return {"objectId": id, "qualifier": qualifier}


def _format(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
