"""Priority: impact by urgency as in the charter's matrix, people affected, and criticality."""

from dataclasses import dataclass

from desk_charter.model import Charter
from desk_charter.routing import RuleThen
from desk_charter.services import Service
from desk_contracts.events.tickets import Kind, TicketOpened
from desk_contracts.message import Message, Param, message
from desk_contracts.value_types import Level, Priority

from desk_triage.routing.model import TROUBLE

_ORDER = (Priority.P1, Priority.P2, Priority.P3, Priority.P4)
_RANK = {Level.LOW: 0, Level.MEDIUM: 1, Level.HIGH: 2}
# What people ask for can wait longer than what hinders them.
_URGENCY_OF_KIND = {
    Kind.INCIDENT: Level.MEDIUM,
    Kind.PROACTIVE: Level.MEDIUM,
    Kind.REQUEST: Level.LOW,
    Kind.QUESTION: Level.LOW,
}
STOPS_THE_COMPANY, HARDLY_ANYBODY = 1, 4


@dataclass(frozen=True, slots=True)
class PriorityChoice:
    """A priority and why."""

    priority: Priority
    reasons: tuple[Message, ...]


def choose_priority(
    charter: Charter, opened: TicketOpened, then: RuleThen, service: Service | None, people: int
) -> PriorityChoice:
    """A rule's word counts before the ticket's own, and people affected may raise the impact."""
    limits, affected = charter.routing.affected, Level.LOW
    if opened.kind in TROUBLE and people >= limits.medium:
        affected = Level.HIGH if people >= limits.high else Level.MEDIUM
    impact = max(then.impact or opened.impact or Level.LOW, affected, key=_RANK.__getitem__)
    urgency = then.urgency or opened.urgency or _URGENCY_OF_KIND[opened.kind]
    priority = charter.routing.priorities.priority(impact, urgency)
    reasons = [message("priority.matrix", priority=priority, impact=impact, urgency=urgency)]
    if affected is not Level.LOW:
        reasons.append(message("priority.affected-people", count=people))
    shifted = _shift_by_criticality(priority, impact, service)
    if service is not None and shifted is not priority:
        stops = service.criticality == STOPS_THE_COMPANY
        facts: dict[str, Param] = {"service": service.title, "priority": shifted}
        reasons.append(
            message("priority.company-stops" if stops else "priority.hardly-needed", **facts)
        )
    return PriorityChoice(shifted, tuple(reasons))


def _shift_by_criticality(priority: Priority, impact: Level, service: Service | None) -> Priority:
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
