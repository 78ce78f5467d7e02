"""Triage as one table: what it reads, keeps, answers and runs; `python -m desk_triage.service`."""

from functools import partial

from desk_shared.bus.described import application
from desk_shared.bus.stops import AllPartitions, NothingUnread, OwnPartition
from desk_shared.charter.desk import Desk, obey_charter
from desk_shared.events import names
from desk_shared.lookout import Lookout
from desk_shared.service import Service, Subscription, Web
from desk_shared.starting import start_service

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


def compose(desk: Desk, settings: TriageSettings) -> Web:
    """Its units of work, jobs and routes."""
    tickets, subjects = desk.documents(TICKETS), desk.documents(SUBJECTS)
    clusters, changes = desk.documents(CLUSTERS), desk.documents(CHANGES)
    board = StoredBoard(tickets, clusters, changes, desk.clock)
    model = ModelSource(settings.model_file, desk.clock)
    lookout = Lookout(desk.clock.now(), desk.telemetry.meters)
    known = Known(desk.charter, board, model, lookout)
    desk.unit_of_work("tickets", ticket_projection(tickets, known))
    forgets = NothingUnread("what is forgotten is old by the time of its own events")
    desk.unit_of_work("changes", change_projection(changes), stops=forgets)
    # Tickets of one cluster lie in all partitions, so every replica writes it: nothing is cached.
    # That a problem is over is concluded from the silence of all of them.
    gathered = desk.unit_of_work(
        "clusters",
        cluster_projection(clusters, known),
        cached=0,
        stops=AllPartitions((names.TICKETS, names.SIGNALS)),
    )
    # That an alert stays quiet is concluded from silence: only by who hears the subject.
    desk.unit_of_work(
        "subjects", subject_projection(subjects, known), stops=OwnPartition(names.TELEMETRY)
    )
    desk.job("model", model.run)
    desk.job("board", board.run)
    commands = desk.commands(gathered)
    documents = TriageDocuments(tickets, subjects, clusters, commands, desk.cursors)
    why = Whys(lookout, tickets, subjects, desk.charter)
    return Web([triage_routes(documents), why_routes(why)])


SERVICE = Service(
    "triage",
    TriageSettings,
    collections=(TICKETS, SUBJECTS, CLUSTERS, CHANGES),
    subscriptions=(
        Subscription(
            (names.TICKETS, names.CHANGES, names.SIGNALS), to=("tickets", "changes", "clusters")
        ),
        # However much telemetry there is, no ticket waits behind it.
        Subscription((names.TELEMETRY,), to=("subjects",), lane="telemetry"),
    ),
    organisation=obey_charter(),
    compose=compose,
)

# `faststream docs serve desk_triage.service:asyncapi --factory`
asyncapi = partial(application, SERVICE)

if __name__ == "__main__":
    start_service(SERVICE)
