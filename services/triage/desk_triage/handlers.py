"""The folds of triage: which documents an event concerns, and the rule that decides for one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

from desk_shared.bus import Projection
from desk_shared.charter import Charter
from desk_shared.charter.model import Detector
from desk_shared.events import AnyEvent, Event
from desk_shared.events.changes import ChangeFinished, ChangeStarted
from desk_shared.events.names import TELEMETRY
from desk_shared.events.people import SubjectKind
from desk_shared.events.signals import SignalCleared, SignalRaised
from desk_shared.events.telemetry import AlertFired, AlertResolved, Measured
from desk_shared.events.tickets import Kind, TicketOpened
from desk_shared.events.topics import known_for
from desk_shared.kernel import Context, Decision
from desk_shared.lookout import Lookout
from desk_shared.store import Documents
from pydantic import BaseModel

from desk_triage.domain import alerts, changes, clusters, subjects, tickets
from desk_triage.domain.changes import ServiceChanges
from desk_triage.domain.model import Ticket
from desk_triage.domain.problem import Cluster, cluster_key
from desk_triage.domain.routing import find_subject
from desk_triage.domain.subjects import by_measurement
from desk_triage.domain.watching import Subject
from desk_triage.looking import note_alert, note_looks, note_ticket, note_unwatched
from desk_triage.ports import CharterInForce, ModelInForce, Noticeboard

S = TypeVar("S", bound=BaseModel)

# What people ask for is not trouble, however many ask for it at once.
_TROUBLE = frozenset({Kind.INCIDENT, Kind.PROACTIVE})


@dataclass(frozen=True, slots=True)
class Known:
    """What every rule is told beside its event."""

    charter: CharterInForce
    board: Noticeboard
    model: ModelInForce
    lookout: Lookout


def ticket_projection(documents: Documents[Ticket], known: Known) -> Projection[Ticket]:
    """Tickets in their strict order: decided when opened, then watched for corrections."""

    def keys(event: AnyEvent) -> Iterable[str]:
        return (event.subject,) if event.data.TOPIC == TicketOpened.TOPIC else ()

    def react(state: Ticket | None, event: AnyEvent, _context: Context) -> Decision[Ticket] | None:
        if state is not None:
            after = tickets.follow(state, event)
            return None if after is None else Decision(after)
        if not isinstance(event.data, TicketOpened):
            return None
        opened = cast("Event[TicketOpened]", event)
        charter, board, model = known.charter.current, known.board.current, known.model.current
        note_ticket(known.lookout, opened, charter)
        return tickets.open_ticket(opened, charter, board, model)

    return Projection(documents, keys, react, ordered=True)


def change_projection(documents: Documents[ServiceChanges]) -> Projection[ServiceChanges]:
    """Changes of each service, forgotten when nobody suspects them any more."""

    def keys(event: AnyEvent) -> Iterable[str]:
        return (event.subject,) if isinstance(event.data, ChangeStarted | ChangeFinished) else ()

    def react(
        state: ServiceChanges | None, event: AnyEvent, _context: Context
    ) -> Decision[ServiceChanges] | None:
        return changes.follow(state, event)

    def wake(state: ServiceChanges | None, context: Context) -> Decision[ServiceChanges] | None:
        return None if state is None else changes.forget(state, context.now)

    return Projection(documents, keys, react, wake)


class Watchers:
    """The detectors by measurement, sorted out anew only when the charter changes."""

    def __init__(self, charter: CharterInForce) -> None:
        self._charter = charter
        self._of: Charter | None = None
        self._by_measurement: subjects.Detectors = {}

    def of(self, measurement: str) -> Sequence[Detector]:
        charter = self._charter.current
        if charter is not self._of:
            self._of, self._by_measurement = charter, by_measurement(charter)
        return self._by_measurement.get(measurement, ())


def subject_projection(documents: Documents[Subject], known: Known) -> Projection[Subject]:
    """Telemetry of each device and service; what nobody watches is not even looked up."""
    watchers = Watchers(known.charter)

    def keys(event: AnyEvent) -> Iterable[str]:
        return _watched(event, watchers, known.lookout)

    def react(state: Subject | None, event: AnyEvent, context: Context) -> Decision[Subject] | None:
        data, charter, board = event.data, known.charter.current, known.board.current
        if isinstance(data, Measured):
            measured = cast("Event[Measured]", event)
            found = subjects.consider(state, measured, watchers.of(data.name), context.now)
            note_looks(known.lookout, measured, found, charter)
            return subjects.measure(state, measured, found, charter, board)
        if isinstance(data, AlertFired):
            fired = cast("Event[AlertFired]", event)
            note_alert(known.lookout, fired, charter)
            return alerts.fire(state, fired, charter, board, context.now)
        if isinstance(data, AlertResolved):
            return alerts.resolve(state, cast("Event[AlertResolved]", event), context.now)
        return None

    def wake(state: Subject | None, context: Context) -> Decision[Subject] | None:
        return None if state is None else alerts.clear_quiet(state, context.id, context.now)

    return Projection(documents, keys, react, wake, known_for=known_for(TELEMETRY))


def _watched(event: AnyEvent, watchers: Watchers, lookout: Lookout) -> Iterable[str]:
    data = event.data
    if isinstance(data, Measured):
        if watchers.of(data.name):
            return (event.subject,)
        note_unwatched(lookout, event, data)
        return ()
    return (event.subject,) if isinstance(data, AlertFired | AlertResolved) else ()


def cluster_projection(documents: Documents[Cluster], known: Known) -> Projection[Cluster]:
    """Like tickets, and the signals of the service they are about."""

    def keys(event: AnyEvent) -> Iterable[str]:
        data, charter = event.data, known.charter.current
        if isinstance(data, TicketOpened) and data.kind in _TROUBLE:
            subject = find_subject(data, charter)
            name = subject.service.name if subject.service else ""
            return (cluster_key(name, subject.category),) if name else ()
        if isinstance(data, SignalRaised | SignalCleared):
            is_own = data.subject_kind is SubjectKind.SERVICE and data.service
            return _keys_of_service(charter, data.service) if is_own else ()
        return ()

    def react(state: Cluster | None, event: AnyEvent, context: Context) -> Decision[Cluster] | None:
        found = _gathered(state, event, context, known)
        if found is None:
            return None
        if context.more and found.state.problem is not None and found.state.problem.joining:
            # The batch's last ticket tells of all that joined; should it fail, a timer does.
            return Decision(found.state, found.events, context.now)
        return clusters.tell_joined(found, event.time, event)

    def wake(state: Cluster | None, context: Context) -> Decision[Cluster] | None:
        return None if state is None else clusters.end_if_quiet(state, context.now)

    return Projection(documents, keys, react, wake)


def _gathered(
    state: Cluster | None, event: AnyEvent, context: Context, known: Known
) -> Decision[Cluster] | None:
    data, charter, board = event.data, known.charter.current, known.board.current
    if isinstance(data, TicketOpened):
        opened = cast("Event[TicketOpened]", event)
        return clusters.report(context.id, state, opened, charter, board, context.now)
    if isinstance(data, SignalRaised):
        raised = cast("Event[SignalRaised]", event)
        return clusters.notice_signal(context.id, state, raised, charter, board, context.now)
    if isinstance(data, SignalCleared) and state is not None:
        return clusters.forget_signal(
            state, cast("Event[SignalCleared]", event), charter, context.now
        )
    return None


def _keys_of_service(charter: Charter, service: str) -> tuple[str, ...]:
    """Every cluster that a signal of this service is evidence for."""
    rules = (rule.then for rule in charter.routing.rules)
    named = [then.category for then in rules if then.service == service and then.category]
    return tuple(cluster_key(service, one) for one in dict.fromkeys([*named, service]))
