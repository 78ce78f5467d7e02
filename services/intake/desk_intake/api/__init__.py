"""The HTTP side of intake: tickets, what can be done with them, and what is down."""

from desk_intake.api import actions, events, feedback, status, tickets

__all__ = ["ROUTERS"]

ROUTERS = (tickets.router, actions.router, feedback.router, status.router, events.router)
