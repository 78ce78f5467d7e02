"""Triage put together: what it reads, keeps, answers and runs."""

import sys

import httpx
import uvloop
from desk_shared.charter import CharterSource, InvalidCharter
from desk_shared.clock import Clock
from desk_shared.events import names
from desk_shared.http import AppParts, authenticator_from, make_app
from desk_shared.kit import Kit
from desk_shared.service import Service, run
from desk_shared.settings import load_settings

from desk_triage.api import decision_routes
from desk_triage.handlers import Known, change_fold, ticket_fold
from desk_triage.noticeboard import StoredBoard
from desk_triage.settings import TriageSettings
from desk_triage.store import CHANGES, TICKETS


def build(settings: TriageSettings, clock: Clock | None = None) -> Service:
    """The whole service; nothing connects yet."""
    kit = Kit.open("triage", settings, clock)
    charter = CharterSource(settings.charter, kit.clock)
    tickets, changes = kit.documents(TICKETS), kit.documents(CHANGES)
    board = StoredBoard(tickets, changes, kit.clock)
    known = Known(charter, board)
    kit.ledger("tickets", ticket_fold(tickets, known))
    kit.ledger("changes", change_fold(changes))
    kit.reads(names.TICKETS, names.CHANGES)
    kit.loop("charter", charter.run)
    kit.loop("board", board.run)
    client = httpx.AsyncClient()
    parts = AppParts(
        kit.health, kit.telemetry, authenticator_from(settings, client, kit.clock), kit.clock
    )
    app = make_app("Experience Desk: triage", "0.1.0", [decision_routes(tickets)], parts)
    return kit.service(app)


def main() -> None:
    """Run until told to stop; says what is wrong with settings or charter and exits with 2."""
    settings = load_settings(TriageSettings)
    try:
        service = build(settings)
    except InvalidCharter as invalid:
        sys.stderr.write(f"The service cannot start with this charter:\n{invalid.message}\n")
        raise SystemExit(2) from None
    uvloop.run(run(service))


if __name__ == "__main__":
    main()
