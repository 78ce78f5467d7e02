"""The HTTP side of intake: tickets, what can be done with them, and what is down."""

from desk_shared.http import AppParts, make_app
from fastapi import FastAPI

from desk_intake.api import actions, events, feedback, status, tickets
from desk_intake.ports import IntakeDeps

__all__ = ["intake_app"]

TITLE = "Experience Desk: intake"
ROUTERS = (tickets.router, actions.router, feedback.router, status.router, events.router)


def intake_app(parts: AppParts, deps: IntakeDeps) -> FastAPI:
    """The whole application."""
    app = make_app(TITLE, "1.0.0", ROUTERS, parts)
    app.state.intake, app.state.charter = deps, deps.charter
    return app
