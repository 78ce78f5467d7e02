"""Gathers like tickets, and the signals of the service they are about."""

from collections.abc import Iterable

from desk_contracts import AnyEvent, Event
from desk_contracts.events.signals import SignalCleared, SignalRaised
from desk_contracts.events.tickets import TicketOpened
from desk_contracts.value_types import SubjectKind
from desk_kernel import Context, Decision, Readings, Reducers
from desk_platform.kafka import Projection
from desk_platform.store import Documents

from desk_triage.changes.worker import Inputs
from desk_triage.problems import decide
from desk_triage.problems.model import IncidentCluster, cluster_key
from desk_triage.routing.classification import classify
from desk_triage.routing.model import TROUBLE

_Gather = Reducers[IncidentCluster | None, [Context], Decision[IncidentCluster] | None]


def cluster_projection(
    documents: Documents[IncidentCluster], inputs: Inputs
) -> Projection[IncidentCluster]:
    """Incident clusters, by service and category."""
    gather = _gather_for(inputs)

    def react(
        state: IncidentCluster | None, event: AnyEvent, context: Context
    ) -> Decision[IncidentCluster] | None:
        decision = gather(state, event, context)
        if decision is None:
            return None
        if context.more and decision.state.problem is not None and decision.state.problem.joining:
            # The batch's last ticket tells of all that joined; should it fail, a timer does.
            return Decision(decision.state, decision.events, context.now)
        return decide.emit_joined(decision, event.time, event)

    def on_timer(
        state: IncidentCluster | None, context: Context
    ) -> Decision[IncidentCluster] | None:
        return None if state is None else decide.end_if_quiet(state, context.now)

    return Projection(documents, _keys_for(inputs), react, on_timer)


def _keys_for(inputs: Inputs) -> Readings[Iterable[str]]:
    """Which clusters an event concerns."""
    keys: Readings[Iterable[str]] = Readings(())

    @keys.on(TicketOpened)
    def find_cluster_of_ticket(event: Event[TicketOpened]) -> Iterable[str]:
        if event.data.kind not in TROUBLE:
            return ()
        about = classify(event.data, inputs.charter())
        name = about.service.name if about.service else ""
        return (cluster_key(name, about.category),) if name else ()

    @keys.on(SignalRaised, SignalCleared)
    def find_clusters_of_signal(event: Event[SignalRaised | SignalCleared]) -> Iterable[str]:
        """Every cluster of the service whose own signal it is."""
        service = event.data.service
        if event.data.subject_kind is not SubjectKind.SERVICE or not service:
            return ()
        outcomes = (rule.then for rule in inputs.charter().routing.rules)
        named = [then.category for then in outcomes if then.service == service and then.category]
        categories = dict.fromkeys([*named, service])
        return tuple(cluster_key(service, category) for category in categories)

    return keys


def _gather_for(inputs: Inputs) -> _Gather:
    gather: _Gather = Reducers(lambda _state, _event, _context: None)

    @gather.on(TicketOpened)
    def add_ticket(
        state: IncidentCluster | None, event: Event[TicketOpened], context: Context
    ) -> Decision[IncidentCluster] | None:
        charter, snapshot = inputs.charter(), inputs.snapshot()
        return decide.add_ticket(context.id, state, event, charter, snapshot, context.now)

    @gather.on(SignalRaised)
    def add_signal(
        state: IncidentCluster | None, event: Event[SignalRaised], context: Context
    ) -> Decision[IncidentCluster] | None:
        charter, snapshot = inputs.charter(), inputs.snapshot()
        return decide.add_signal(context.id, state, event, charter, snapshot, context.now)

    @gather.on(SignalCleared)
    def remove_signal(
        state: IncidentCluster | None, event: Event[SignalCleared], context: Context
    ) -> Decision[IncidentCluster] | None:
        if state is None:
            return None
        return decide.remove_signal(state, event, inputs.charter(), context.now)

    return gather
