"""Triage put together: what it reads, keeps, answers and runs."""

import httpx
from desk_shared.builder import ServiceBuilder
from desk_shared.bus import BatchProcessor, CommandQueue
from desk_shared.bus.stops import AllPartitions, NothingUnread, OwnPartition
from desk_shared.clock import Clock
from desk_shared.events import names
from desk_shared.http import authenticator_from, cursors_from, make_app
from desk_shared.lookout import Lookout
from desk_shared.service import Service
from desk_shared.starting import start_service
from fastapi import APIRouter, FastAPI

from desk_triage.api import TriageDocuments, triage_routes
from desk_triage.handlers import (
    Known,
    change_projection,
    cluster_projection,
    subject_projection,
    ticket_projection,
)
from desk_triage.model_file import ModelSource
from desk_triage.noticeboard import StoredBoard
from desk_triage.settings import TriageSettings
from desk_triage.store import CHANGES, CLUSTERS, SUBJECTS, TICKETS
from desk_triage.why import Whys, why_routes


def build(settings: TriageSettings, clock: Clock | None = None) -> Service:
    """The whole service; nothing connects yet."""
    builder = ServiceBuilder.open("triage", settings, clock)
    charter = builder.charter()
    tickets, subjects = builder.documents(TICKETS), builder.documents(SUBJECTS)
    clusters, changes = builder.documents(CLUSTERS), builder.documents(CHANGES)
    board = StoredBoard(tickets, clusters, changes, builder.clock)
    model = ModelSource(settings.model_file, builder.clock)
    lookout = Lookout(builder.clock.now(), builder.telemetry.meters)
    known = Known(charter, board, model, lookout)
    builder.unit_of_work("tickets", ticket_projection(tickets, known))
    forgets = NothingUnread("what is forgotten is old by the time of its own events")
    builder.unit_of_work("changes", change_projection(changes), stops=forgets)
    # Tickets of one cluster lie in all partitions, so every replica writes it: nothing is cached.
    # That a problem is over is concluded from the silence of all of them.
    gathered = builder.unit_of_work(
        "clusters",
        cluster_projection(clusters, known),
        cached=0,
        stops=AllPartitions((names.TICKETS, names.SIGNALS)),
    )
    builder.reads(names.TICKETS, names.CHANGES, names.SIGNALS)
    # Telemetry has a lane of its own: however much there is, no ticket waits behind it.
    # That an alert stays quiet is concluded from silence: only by who hears the subject.
    watched = builder.unit_of_work(
        "subjects",
        subject_projection(subjects, known),
        reads_bus=False,
        stops=OwnPartition(names.TELEMETRY),
    )
    builder.reads(names.TELEMETRY, lane="telemetry", handler=BatchProcessor(watched))
    builder.loop("model", model.run)
    builder.loop("board", board.run)
    commands, cursors = CommandQueue(gathered), cursors_from(settings)
    documents = TriageDocuments(tickets, subjects, clusters, commands, cursors)
    why = why_routes(Whys(lookout, tickets, subjects, charter))
    return builder.service(_app(builder, documents, why))


def _app(builder: ServiceBuilder, documents: TriageDocuments, why: APIRouter) -> FastAPI:
    signs_in = authenticator_from(builder.settings, httpx.AsyncClient(), builder.clock)
    parts = builder.app_parts(signs_in)
    return make_app("Experience Desk: triage", "0.1.0", [triage_routes(documents), why], parts)


def main() -> None:
    """Run until told to stop; what cannot start says why and ends with 2."""
    start_service(TriageSettings, build)


if __name__ == "__main__":
    main()
