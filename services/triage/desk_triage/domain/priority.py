"""Priority: impact by urgency as in the charter's matrix, people affected, and criticality."""

from dataclasses import dataclass

from desk_shared.charter.model import AffectedPeople, Charter, RuleThen, Service
from desk_shared.events.message import Message, message
from desk_shared.events.people import Level, Priority
from desk_shared.events.tickets import Kind, TicketOpened

_ORDER = (Priority.P1, Priority.P2, Priority.P3, Priority.P4)
_WEIGHT = {Level.LOW: 0, Level.MEDIUM: 1, Level.HIGH: 2}
# What people ask for can wait longer than what hinders them.
_URGENCY_OF_KIND = {
    Kind.INCIDENT: Level.MEDIUM,
    Kind.PROACTIVE: Level.MEDIUM,
    Kind.REQUEST: Level.LOW,
    Kind.QUESTION: Level.LOW,
}
_TROUBLE = frozenset({Kind.INCIDENT, Kind.PROACTIVE})
STOPS_THE_COMPANY, HARDLY_ANYBODY = 1, 4


@dataclass(frozen=True, slots=True)
class Weighed:
    """A priority and why."""

    priority: Priority
    reasons: tuple[Message, ...]


def weigh(
    charter: Charter, opened: TicketOpened, then: RuleThen, service: Service | None, people: int
) -> Weighed:
    """A rule's word counts before the ticket's own, and people affected may raise the impact."""
    affected = _affected(charter.routing.affected, people) if opened.kind in _TROUBLE else Level.LOW
    impact = max(then.impact or opened.impact or Level.LOW, affected, key=_WEIGHT.__getitem__)
    urgency = then.urgency or opened.urgency or _URGENCY_OF_KIND[opened.kind]
    priority = charter.routing.priorities.priority(impact, urgency)
    reasons = [message("priority.matrix", priority=priority, impact=impact, urgency=urgency)]
    if affected is not Level.LOW:
        reasons.append(message("priority.affected-people", count=people))
    shifted = _by_criticality(priority, impact, service)
    if service is not None and shifted is not priority:
        reasons.append(_criticality_reason(service, shifted))
    return Weighed(shifted, tuple(reasons))


def _affected(limits: AffectedPeople, people: int) -> Level:
    if people >= limits.high:
        return Level.HIGH
    return Level.MEDIUM if people >= limits.medium else Level.LOW


def _by_criticality(priority: Priority, impact: Level, service: Service | None) -> Priority:
    """One step up for trouble of several people with what stops the company, one down at the end.

    One person's trouble is no more urgent because the service is important to all others.
    """
    if service is None:
        return priority
    step = 0
    if service.criticality == STOPS_THE_COMPANY and impact is not Level.LOW:
        step = -1
    elif service.criticality == HARDLY_ANYBODY:
        step = 1
    return _ORDER[min(max(_ORDER.index(priority) + step, 0), len(_ORDER) - 1)]


def _criticality_reason(service: Service, priority: Priority) -> Message:
    if service.criticality == STOPS_THE_COMPANY:
        return message("priority.company-stops", service=service.title, priority=priority)
    return message("priority.hardly-needed", service=service.title, priority=priority)
