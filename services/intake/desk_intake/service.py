"""Intake as one table: what it reads, keeps, answers and runs; `python -m desk_intake.service`."""

from functools import partial

from desk_charter.desk import Desk, obey_charter
from desk_contracts import names
from desk_platform.kafka import Projection, Publisher
from desk_platform.kafka.specification import application
from desk_platform.kafka.timer_stops import AllPartitions
from desk_platform.service import Service, Subscription, Web
from desk_platform.startup import start_service
from desk_platform.store import Documents
from fastapi import APIRouter

from desk_intake.events.api.events import EventsDeps, events_router
from desk_intake.feedback.api import FeedbackDeps, feedback_router
from desk_intake.feedback.store import FEEDBACK
from desk_intake.live.api import LiveDeps, live_router
from desk_intake.live.worker import LiveTickets
from desk_intake.settings import IntakeSettings
from desk_intake.status.api import status_router
from desk_intake.status.model import KnownProblem
from desk_intake.status.store import PROBLEMS, problems_projection
from desk_intake.tickets.api.actions import anybody_router, staff_router
from desk_intake.tickets.api.deps import TicketDeps
from desk_intake.tickets.api.tickets import tickets_router
from desk_intake.tickets.store import SLAS, TICKETS, slas_projection, tickets_projection


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
    feedback = FeedbackDeps(deps, desk.commands(responses))
    live = LiveTickets(desk.tail(names.TICKETS), tickets)
    return Web(intake_routers(deps, feedback, problems, live, desk.publisher))


def intake_routers(
    deps: TicketDeps,
    feedback: FeedbackDeps,
    problems: Documents[KnownProblem],
    live: LiveTickets,
    publisher: Publisher,
) -> tuple[APIRouter, ...]:
    """All that intake answers over HTTP."""
    return (
        tickets_router(deps),
        anybody_router(deps),
        staff_router(deps),
        feedback_router(feedback),
        status_router(problems, deps.charter),
        live_router(LiveDeps(deps, live)),
        events_router(EventsDeps(deps.tickets, deps.charter, publisher, deps.clock)),
    )


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
