"""The folds of triage: which documents an event concerns, and the rule that decides for one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

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
from desk_shared.kernel import Context, Decision, Readings, Reducers
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
        return first(event)

    first: Readings[Decision[Ticket] | None] = Readings(None)

    @first.on(TicketOpened)
    def open_ticket(event: Event[TicketOpened]) -> Decision[Ticket]:
        charter, board, model = known.charter.current, known.board.current, known.model.current
        note_ticket(known.lookout, event, charter)
        return tickets.open_ticket(event, charter, board, model)

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

    keys: Readings[Iterable[str]] = Readings(())

    @keys.on(Measured)
    def watched(event: Event[Measured]) -> Iterable[str]:
        if watchers.of(event.data.name):
            return (event.subject,)
        note_unwatched(known.lookout, event, event.data)
        return ()

    @keys.on(AlertFired, AlertResolved)
    def alerted(event: AnyEvent) -> Iterable[str]:
        return (event.subject,)

    def wake(state: Subject | None, context: Context) -> Decision[Subject] | None:
        return None if state is None else alerts.clear_quiet(state, context.id, context.now)

    react = _reacting(known, watchers)
    return Projection(documents, keys, react, wake, known_for=known_for(TELEMETRY))


def _reacting(
    known: Known, watchers: Watchers
) -> Reducers[Subject | None, [Context], Decision[Subject] | None]:
    react: Reducers[Subject | None, [Context], Decision[Subject] | None] = Reducers(
        lambda _state, _event, _context: None
    )

    @react.on(Measured)
    def measure(
        state: Subject | None, event: Event[Measured], context: Context
    ) -> Decision[Subject] | None:
        charter, board = known.charter.current, known.board.current
        found = subjects.consider(state, event, watchers.of(event.data.name), context.now)
        note_looks(known.lookout, event, found, charter)
        return subjects.measure(state, event, found, charter, board)

    @react.on(AlertFired)
    def fire(
        state: Subject | None, event: Event[AlertFired], context: Context
    ) -> Decision[Subject] | None:
        charter, board = known.charter.current, known.board.current
        note_alert(known.lookout, event, charter)
        return alerts.fire(state, event, charter, board, context.now)

    @react.on(AlertResolved)
    def resolve(
        state: Subject | None, event: Event[AlertResolved], context: Context
    ) -> Decision[Subject] | None:
        return alerts.resolve(state, event, context.now)

    return react


def cluster_projection(documents: Documents[Cluster], known: Known) -> Projection[Cluster]:
    """Like tickets, and the signals of the service they are about."""

    keys: Readings[Iterable[str]] = Readings(())
    gather = _gathering(known)

    @keys.on(TicketOpened)
    def cluster_of_ticket(event: Event[TicketOpened]) -> Iterable[str]:
        if event.data.kind not in _TROUBLE:
            return ()
        subject = find_subject(event.data, known.charter.current)
        name = subject.service.name if subject.service else ""
        return (cluster_key(name, subject.category),) if name else ()

    @keys.on(SignalRaised, SignalCleared)
    def clusters_of_signal(event: Event[SignalRaised | SignalCleared]) -> Iterable[str]:
        data = event.data
        is_own = data.subject_kind is SubjectKind.SERVICE and data.service
        return _keys_of_service(known.charter.current, data.service) if is_own else ()

    def react(state: Cluster | None, event: AnyEvent, context: Context) -> Decision[Cluster] | None:
        found = gather(state, event, context)
        if found is None:
            return None
        if context.more and found.state.problem is not None and found.state.problem.joining:
            # The batch's last ticket tells of all that joined; should it fail, a timer does.
            return Decision(found.state, found.events, context.now)
        return clusters.tell_joined(found, event.time, event)

    def wake(state: Cluster | None, context: Context) -> Decision[Cluster] | None:
        return None if state is None else clusters.end_if_quiet(state, context.now)

    return Projection(documents, keys, react, wake)


def _gathering(
    known: Known,
) -> Reducers[Cluster | None, [Context], Decision[Cluster] | None]:
    gather: Reducers[Cluster | None, [Context], Decision[Cluster] | None] = Reducers(
        lambda _state, _event, _context: None
    )

    @gather.on(TicketOpened)
    def report(
        state: Cluster | None, event: Event[TicketOpened], context: Context
    ) -> Decision[Cluster] | None:
        charter, board = known.charter.current, known.board.current
        return clusters.report(context.id, state, event, charter, board, context.now)

    @gather.on(SignalRaised)
    def notice(
        state: Cluster | None, event: Event[SignalRaised], context: Context
    ) -> Decision[Cluster] | None:
        charter, board = known.charter.current, known.board.current
        return clusters.notice_signal(context.id, state, event, charter, board, context.now)

    @gather.on(SignalCleared)
    def forget(
        state: Cluster | None, event: Event[SignalCleared], context: Context
    ) -> Decision[Cluster] | None:
        charter = known.charter.current
        return None if state is None else clusters.forget_signal(state, event, charter, context.now)

    return gather


def _keys_of_service(charter: Charter, service: str) -> tuple[str, ...]:
    """Every cluster that a signal of this service is evidence for."""
    rules = (rule.then for rule in charter.routing.rules)
    named = [then.category for then in rules if then.service == service and then.category]
    return tuple(cluster_key(service, one) for one in dict.fromkeys([*named, service]))
