"""Reads telemetry and alerts for each device and service, and keeps what was looked at."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta

from desk_charter import Charter
from desk_contracts import AnyEvent, Event
from desk_contracts.events.signals import SignalCleared, SignalDropped, SignalRaised
from desk_contracts.events.telemetry import AlertFired, AlertResolved, Measured
from desk_contracts.message import message
from desk_contracts.names import TELEMETRY
from desk_contracts.topics import identity_retention
from desk_contracts.value_types import SubjectKind
from desk_kernel import Context, Decision, Readings, Reducers
from desk_platform.clock import Clock
from desk_platform.health import Health, State
from desk_platform.heartbeat import beat
from desk_platform.kafka import Projection
from desk_platform.lookout import Consideration, Lookout
from desk_platform.plugins import Registry
from desk_platform.store import Documents

from desk_triage.changes.worker import Inputs
from desk_triage.detection import alerts, decide, fleet
from desk_triage.detection.blindness import BlindSpots
from desk_triage.detection.detector import Detector, DetectorKind
from desk_triage.detection.dropping import Watched, drop_unwatched, list_watched, plan_look
from desk_triage.detection.fleet import FleetSymptom
from desk_triage.detection.model import Subject
from desk_triage.detection.outcome import explain_outcome
from desk_triage.routing.worker import note_service

UNWATCHED = "unwatched-measurement"
# The component of health that shows detectors which cannot judge.
COMPONENT = "detectors"
LOOK_EVERY = timedelta(seconds=10)
MOST_NAMED = 5

_React = Reducers[Subject | None, [Context], Decision[Subject] | None]


class Watchers:
    """The detectors by measurement, made anew only when the charter changes."""

    def __init__(self, charter: Callable[[], Charter], kinds: Registry[DetectorKind]) -> None:
        self._charter, self._kinds = charter, kinds
        self._made_of: Charter | None = None
        self._by_measurement: Mapping[str, Sequence[Detector]] = {}
        self._watched: Mapping[str, Watched] = {}

    def of(self, measurement: str) -> Sequence[Detector]:
        self._follow_charter()
        return self._by_measurement.get(measurement, ())

    @property
    def watched(self) -> Mapping[str, Watched]:
        """What each detector watches, by its id."""
        self._follow_charter()
        return self._watched

    def _follow_charter(self) -> None:
        charter = self._charter()
        if charter is self._made_of:
            return
        made: dict[str, list[Detector]] = {}
        for settings in charter.routing.detectors:
            detector = self._kinds.kind(settings.kind)(settings)
            made.setdefault(settings.measurement, []).append(detector)
        self._watched = list_watched(charter.routing.detectors)
        self._made_of, self._by_measurement = charter, made


def subject_projection(
    documents: Documents[Subject],
    inputs: Inputs,
    kinds: Registry[DetectorKind],
    blind_spots: BlindSpots,
) -> Projection[Subject]:
    """Telemetry of each device and service; what nobody watches is not even looked up."""
    watchers = Watchers(inputs.charter, kinds)
    keys: Readings[Iterable[str]] = Readings(())

    @keys.on(Measured)
    def find_watched(event: Event[Measured]) -> Iterable[str]:
        if watchers.of(event.data.name):
            return (event.subject,)
        note_unwatched(inputs.lookout, event)
        return ()

    @keys.on(AlertFired, AlertResolved)
    def find_alerted(event: AnyEvent) -> Iterable[str]:
        return (event.subject,)

    def on_timer(state: Subject | None, context: Context) -> Decision[Subject] | None:
        if state is None:
            return None
        now = context.now
        left, dropped = drop_unwatched(state, watchers.watched, context.id, now)
        decision = alerts.clear_quiet(plan_look(left, now), context.id, now)
        return decision._replace(events=(*dropped, *decision.events))

    react = _react_with(inputs, watchers, blind_spots)
    return Projection(documents, keys, react, on_timer, known_for=identity_retention(TELEMETRY))


def fleet_projection(
    documents: Documents[FleetSymptom], inputs: Inputs
) -> Projection[FleetSymptom]:
    """The devices that show each symptom, whoever they are, and what they share."""
    keys: Readings[Iterable[str]] = Readings(())

    @keys.on(SignalRaised, SignalCleared, SignalDropped)
    def find_symptom(event: Event[SignalRaised | SignalCleared | SignalDropped]) -> Iterable[str]:
        data = event.data
        return (data.signal,) if data.subject_kind is SubjectKind.DEVICE else ()

    react: Reducers[FleetSymptom | None, [Context], Decision[FleetSymptom] | None]
    react = Reducers(lambda _state, _event, _context: None)

    @react.on(SignalRaised)
    def add(
        state: FleetSymptom | None, event: Event[SignalRaised], context: Context
    ) -> Decision[FleetSymptom]:
        return fleet.add_member(state, event, inputs.charter(), inputs.snapshot(), context.now)

    @react.on(SignalCleared)
    def remove(
        state: FleetSymptom | None, event: Event[SignalCleared], _context: Context
    ) -> Decision[FleetSymptom] | None:
        return None if state is None else fleet.remove_member(state, event)

    @react.on(SignalDropped)
    def drop(
        state: FleetSymptom | None, event: Event[SignalDropped], _context: Context
    ) -> Decision[FleetSymptom] | None:
        return None if state is None else fleet.drop_member(state, event)

    def on_timer(state: FleetSymptom | None, context: Context) -> Decision[FleetSymptom] | None:
        if state is None:
            return None
        return fleet.look_again(state, inputs.charter(), inputs.snapshot(), context.now)

    return Projection(documents, keys, react, on_timer)


def _react_with(inputs: Inputs, watchers: Watchers, blind_spots: BlindSpots) -> _React:
    react: _React = Reducers(lambda _state, _event, _context: None)

    @react.on(Measured)
    def measure(
        state: Subject | None, event: Event[Measured], context: Context
    ) -> Decision[Subject] | None:
        charter, snapshot = inputs.charter(), inputs.snapshot()
        kept, watched = state or Subject(), watchers.watched
        before, dropped = drop_unwatched(kept, watched, event.subject, context.now)
        assessments = decide.assess(before, event, watchers.of(event.data.name), context.now)
        note_assessments(inputs.lookout, event, assessments)
        blind_spots.note(event.subject, assessments, context.now)
        note_service(inputs.lookout, event, event.data.service, charter)
        decision = decide.measure(before, event, assessments, charter, snapshot, context.now)
        if not dropped:
            return decision
        if decision is None:
            left = plan_look(before, context.now)
            return Decision(left, tuple(dropped), left.due)
        return decision._replace(events=(*dropped, *decision.events))

    @react.on(AlertFired)
    def fire(
        state: Subject | None, event: Event[AlertFired], context: Context
    ) -> Decision[Subject] | None:
        charter, snapshot = inputs.charter(), inputs.snapshot()
        note_service(inputs.lookout, event, event.data.service, charter)
        return alerts.fire(state, event, charter, snapshot, context.now)

    @react.on(AlertResolved)
    def resolve(
        state: Subject | None, event: Event[AlertResolved], context: Context
    ) -> Decision[Subject] | None:
        return alerts.resolve(state, event, context.now)

    return react


async def watch_blind_spots(
    blind_spots: BlindSpots, charter: Callable[[], Charter], health: Health, clock: Clock
) -> None:
    """Show detectors that cannot judge, until cancelled; they fail no probe: all others work."""
    health.expect(COMPONENT, required=False)
    while True:
        detectors = {detector.id for detector in charter().routing.detectors}
        blind_spots.forget_others(detectors, clock.now())
        if blind := blind_spots.count():
            named = [f"{name} on {count} subjects" for name, count in blind.items()][:MOST_NAMED]
            more = f" and {len(blind) - MOST_NAMED} more" if len(blind) > MOST_NAMED else ""
            reason = f"cannot judge what they are sent: {', '.join(named)}{more}; see /v1/why"
            health.mark(COMPONENT, State.DEGRADED, reason)
        else:
            health.mark(COMPONENT, State.READY)
        beat()
        await clock.sleep(LOOK_EVERY)


def note_assessments(
    lookout: Lookout, event: Event[Measured], assessments: Iterable[decide.Assessment]
) -> None:
    """Keep what each detector made of a measurement."""
    service = event.data.service
    for assessment in assessments:
        name, outcome = assessment.detector.settings.id, explain_outcome(assessment)
        noted = Consideration("detector", name, event.time, *outcome, service=service)
        lookout.note(event.subject, noted)


def note_unwatched(lookout: Lookout, event: Event[Measured]) -> None:
    """Nobody watches it: most often on purpose, sometimes since its name is misspelled."""
    name, service = event.data.name, event.data.service
    lookout.note_unhandled(UNWATCHED, name, event.subject, event.time, service)
    reason = message("detector.unwatched")
    noted = Consideration("measurement", name, event.time, "unwatched", reason, service=service)
    lookout.note(event.subject, noted)
