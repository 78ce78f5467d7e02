"""The context snapshot: what triage knows beside the event itself.

Changes under way, people in open problems, open tickets of each member. A decision is given it
like it is given the time; it is as fresh as the last read of the store (a second).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from desk_contracts.message import Message, Param, message

from desk_triage.changes.model import Change

Facts = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ContextSnapshot:
    """A picture of the moment. `people` counts who is in the open problem of (service, category).

    `load` is the number of open tickets a member has. `population` are devices that report, ill
    and well, with what they say of themselves (site, version, model); of a large fleet, a part.
    """

    changes: Mapping[str, Sequence[Change]] = field(default_factory=dict)
    people: Mapping[tuple[str, str], int] = field(default_factory=dict)
    load: Mapping[str, int] = field(default_factory=dict)
    population: Mapping[str, Facts] = field(default_factory=dict)


EMPTY = ContextSnapshot()


def explain_changes(
    snapshot: ContextSnapshot, service: str, title: str, at: datetime, limit: int = 3
) -> tuple[Message, ...]:
    """The changes of a service as reasons, e.g. that a release started 12 minutes before."""
    suspects = [change for change in snapshot.changes.get(service, ()) if change.is_suspect(at)]
    return tuple(_explain(change, title, at) for change in suspects[-limit:])


def _explain(change: Change, service: str, at: datetime) -> Message:
    facts: dict[str, Param] = {
        "kind": change.kind,
        "service": service,
        "title": change.title,
        "change": change.change,
        "ago": at - change.started_at,
    }
    if change.finished_at is None or change.finished_at > at:
        return message("change.running", **facts)
    return message("change.ended" if change.succeeded else "change.rolled-back", **facts)
