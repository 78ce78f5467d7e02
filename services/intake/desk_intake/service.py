"""Intake as one table: what it reads, keeps, answers and runs; `python -m desk_intake.service`."""

from functools import partial

from desk_charter.desk import Desk, obey_charter
from desk_contracts import names
from desk_platform.kafka import Projection
from desk_platform.kafka.specification import application
from desk_platform.kafka.timer_stops import AllPartitions
from desk_platform.service import Service, Subscription, Web
from desk_platform.startup import start_service

from desk_intake.events.api import events
from desk_intake.feedback import api as feedback
from desk_intake.feedback.store import FEEDBACK
from desk_intake.settings import IntakeSettings
from desk_intake.status import api as status
from desk_intake.status.store import PROBLEMS, problems_projection
from desk_intake.tickets.api import actions
from desk_intake.tickets.api import tickets as ticket_routes
from desk_intake.tickets.api.deps import TicketDeps
from desk_intake.tickets.store import SLAS, TICKETS, slas_projection, tickets_projection

ROUTERS = (
    ticket_routes.router,
    actions.router,
    feedback.router,
    status.router,
    events.router,
)


def compose(desk: Desk, settings: IntakeSettings) -> Web:
    """Its units of work and routes."""
    tickets, problems, slas = (desk.documents(item) for item in (TICKETS, PROBLEMS, SLAS))
    # Other replicas and the HTTP side write the same tickets: nothing is remembered between turns.
    # What other services found out may open a ticket again, under any key.
    changes = desk.unit_of_work(
        "tickets",
        tickets_projection(tickets, settings.close_after),
        cached=0,
        stops=AllPartitions((names.TRIAGE, names.PROBLEMS, names.AUTOMATION)),
    )
    desk.unit_of_work("problems", problems_projection(problems))
    desk.unit_of_work("slas", slas_projection(slas))
    responses = desk.unit_of_work("feedback", Projection(desk.documents(FEEDBACK)), cached=0)
    desk.tells_how_far(names.TICKETS, changes, TICKETS.collection)
    deps = TicketDeps(
        tickets=tickets,
        changes=desk.commands(changes),
        slas=slas,
        charter=lambda: desk.charter.current,
        calls=desk.keep_calls(),
        clock=desk.clock,
        cursors=desk.cursors,
        close_after=settings.close_after,
    )
    state = {
        "intake": deps,
        "feedback": desk.commands(responses),
        "problems": problems,
        "publisher": desk.publisher,
    }
    return Web(ROUTERS, state)


SERVICE = Service(
    "intake",
    IntakeSettings,
    collections=(TICKETS, PROBLEMS, SLAS, FEEDBACK),
    subscriptions=(
        Subscription(
            (names.REQUESTS, names.TRIAGE, names.PROBLEMS, names.AUTOMATION, names.SLA),
            to=("tickets", "problems", "slas"),
        ),
    ),
    organisation=obey_charter(),
    compose=compose,
)

# `faststream docs serve desk_intake.service:asyncapi --factory`
asyncapi = partial(application, SERVICE)

if __name__ == "__main__":
    start_service(SERVICE)
