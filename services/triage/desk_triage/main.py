"""Triage put together: what it reads, keeps, answers and runs."""

import httpx
from desk_shared.bus import Commands, Folding
from desk_shared.bus.stops import AllPartitions, NothingUnread, OwnPartition
from desk_shared.clock import Clock
from desk_shared.events import names
from desk_shared.http import authenticator_from, cursors_from, make_app
from desk_shared.kit import Kit
from desk_shared.lookout import Lookout
from desk_shared.service import Service
from desk_shared.starting import start_service
from fastapi import APIRouter, FastAPI

from desk_triage.api import TriageDocuments, triage_routes
from desk_triage.handlers import Known, change_fold, cluster_fold, subject_fold, ticket_fold
from desk_triage.model_file import ModelSource
from desk_triage.noticeboard import StoredBoard
from desk_triage.settings import TriageSettings
from desk_triage.store import CHANGES, CLUSTERS, SUBJECTS, TICKETS
from desk_triage.why import Whys, why_routes


def build(settings: TriageSettings, clock: Clock | None = None) -> Service:
    """The whole service; nothing connects yet."""
    kit = Kit.open("triage", settings, clock)
    charter = kit.charter()
    tickets, subjects = kit.documents(TICKETS), kit.documents(SUBJECTS)
    clusters, changes = kit.documents(CLUSTERS), kit.documents(CHANGES)
    board = StoredBoard(tickets, clusters, changes, kit.clock)
    model = ModelSource(settings.model_file, kit.clock)
    lookout = Lookout(kit.clock.now(), kit.telemetry.meters)
    known = Known(charter, board, model, lookout)
    kit.ledger("tickets", ticket_fold(tickets, known))
    forgets = NothingUnread("what is forgotten is old by the time of its own events")
    kit.ledger("changes", change_fold(changes), stops=forgets)
    # Tickets of one cluster lie in all partitions, so every replica writes it: nothing is cached.
    # That a problem is over is concluded from the silence of all of them.
    gathered = kit.ledger(
        "clusters",
        cluster_fold(clusters, known),
        cached=0,
        stops=AllPartitions((names.TICKETS, names.SIGNALS)),
    )
    kit.reads(names.TICKETS, names.CHANGES, names.SIGNALS)
    # Telemetry has a lane of its own: however much there is, no ticket waits behind it.
    # That an alert stays quiet is concluded from silence: only by who hears the subject.
    watched = kit.ledger(
        "subjects",
        subject_fold(subjects, known),
        reads_bus=False,
        stops=OwnPartition(names.TELEMETRY),
    )
    kit.reads(names.TELEMETRY, lane="telemetry", handler=Folding(watched))
    kit.loop("model", model.run)
    kit.loop("board", board.run)
    commands, cursors = Commands(gathered), cursors_from(settings)
    documents = TriageDocuments(tickets, subjects, clusters, commands, cursors)
    why = why_routes(Whys(lookout, tickets, subjects, charter))
    return kit.service(_app(kit, documents, why))


def _app(kit: Kit, documents: TriageDocuments, why: APIRouter) -> FastAPI:
    signs_in = authenticator_from(kit.settings, httpx.AsyncClient(), kit.clock)
    parts = kit.app_parts(signs_in)
    return make_app("Experience Desk: triage", "0.1.0", [triage_routes(documents), why], parts)


def main() -> None:
    """Run until told to stop; what cannot start says why and ends with 2."""
    start_service(TriageSettings, build)


if __name__ == "__main__":
    main()
