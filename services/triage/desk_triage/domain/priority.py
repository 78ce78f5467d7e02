"""Priority: impact by urgency as in the charter's matrix, people affected, and criticality."""

from dataclasses import dataclass

from desk_shared.charter.model import AffectedPeople, Charter, RuleThen, Service
from desk_shared.events.people import Level, Priority, Reason
from desk_shared.events.tickets import Kind, TicketOpened

_ORDER = (Priority.P1, Priority.P2, Priority.P3, Priority.P4)
_WEIGHT = {Level.LOW: 0, Level.MEDIUM: 1, Level.HIGH: 2}
_IMPACT = {
    Level.HIGH: "many people are hindered",
    Level.MEDIUM: "some people are hindered",
    Level.LOW: "one person is hindered",
}
_URGENCY = {
    Level.HIGH: "work has stopped",
    Level.MEDIUM: "work goes on with difficulty",
    Level.LOW: "work goes on",
}
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
    reasons: tuple[Reason, ...]


def weigh(
    charter: Charter, opened: TicketOpened, then: RuleThen, service: Service | None, people: int
) -> Weighed:
    """A rule's word counts before the ticket's own, and people affected may raise the impact."""
    affected = _affected(charter.routing.affected, people) if opened.kind in _TROUBLE else Level.LOW
    impact = max(then.impact or opened.impact or Level.LOW, affected, key=_WEIGHT.__getitem__)
    urgency = then.urgency or opened.urgency or _URGENCY_OF_KIND[opened.kind]
    priority = charter.routing.priorities.priority(impact, urgency)
    text = f"{priority}: {_IMPACT[impact]} (impact {impact}), {_URGENCY[urgency]}"
    reasons = [Reason(rule="priority-matrix", text=f"{text} (urgency {urgency}).")]
    if affected is not Level.LOW:
        reasons.append(
            Reason(rule="affected-people", text=f"{people} people report the same trouble.")
        )
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


def _criticality_reason(service: Service, priority: Priority) -> Reason:
    why = "the company stops without it" if service.criticality == 1 else "hardly anybody needs it"
    return Reason(rule="criticality", text=f"{service.title} makes it {priority}: {why}.")
