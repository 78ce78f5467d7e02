"""How a service answers why it did or did not act: the same form in every service."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from desk_contracts.frozen import Frozen
from desk_kernel.sight import Sight
from fastapi import Depends, Query, Request

from desk_platform.http.language import sentence
from desk_platform.http.principal import STAFF, Principal, may_see_person, require, sight
from desk_platform.lookout import Consideration, Lookout, Unhandled

SubjectAsked = Annotated[
    str,
    Query(min_length=1, max_length=1_024, description="A device, a service, a ticket or a target."),
]

# Values of conditions that name a person.
_PERSONS = frozenset({"data.person", "data.requester", "data.by"})
_SOMEBODY = "(somebody)"


@dataclass(frozen=True, slots=True)
class Reader:
    """Who asks, and what they may see."""

    principal: Principal
    seen: Sight


async def _reader(
    request: Request, principal: Annotated[Principal, Depends(require(*STAFF))]
) -> Reader:
    return Reader(principal, sight(request, principal))


StaffReader = Annotated[Reader, Depends(_reader)]


class LookView(Frozen):
    """What looked at the subject, and what came of it."""

    kind: str
    """detector, runbook, measurement, service, signal, run or decision."""
    name: str
    """Which one."""
    at: datetime | None
    """When it looked, or the event said it was; null where that is not kept."""
    outcome: str
    """What came of it, as a code."""
    text: str
    """What that means."""
    values: Mapping[str, str]
    """What it depended on."""


class WhyView(Frozen):
    """Everything that is known of why something was done about a subject, or was not."""

    subject: str
    since: datetime
    """Looks are kept in memory by the replica that answers, since this moment; older ones, and
    those of other replicas, are not among them."""
    looks: tuple[LookView, ...]
    """What is stored comes first, then the looks, newest first."""


class UnhandledView(Frozen):
    """Something that was sent and that nothing is set up for."""

    kind: str
    name: str
    count: int
    last_subject: str
    last_at: datetime | None
    meant: str = ""
    """The nearest name that is known, if one is near: it may be misspelled."""


class UnhandledList(Frozen):
    """What this replica has seen since `since` and nothing is set up for, most often first."""

    since: datetime
    items: tuple[UnhandledView, ...]


def why_view(
    subject: str, lookout: Lookout, reader: Reader, stored: Iterable[LookView] = ()
) -> WhyView:
    """What is stored, and then what was looked at. What is hidden from the reader is answered as
    what nothing is known of."""
    if reader.seen.hides(subject, subject):
        return WhyView(subject=subject, since=lookout.since, looks=())
    looks = (look for look in lookout.looks_at(subject) if not reader.seen.hides(look.service))
    shown = (*stored, *(_look_view(look, reader.principal) for look in looks))
    return WhyView(subject=subject, since=lookout.since, looks=shown)


def _look_view(look: Consideration, reader: Principal) -> LookView:
    values = {
        name: value if name not in _PERSONS or may_see_person(reader, value) else _SOMEBODY
        for name, value in look.values.items()
    }
    return LookView(
        kind=look.kind,
        name=look.name,
        at=look.at,
        outcome=look.outcome,
        text=sentence(look.message),
        values=values,
    )


def view_unhandled(unhandled: Unhandled, meant: str = "") -> UnhandledView:
    """One name that nothing is set up for; `meant` is a known one that is near."""
    return UnhandledView(
        kind=unhandled.kind,
        name=unhandled.name,
        count=unhandled.count,
        last_subject=unhandled.last_subject,
        last_at=unhandled.last_at,
        meant=meant,
    )
