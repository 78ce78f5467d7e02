"""Intake as one table: what it reads, keeps, answers and runs; `python -m desk_intake.service`."""

from functools import partial

from desk_shared.bus import Projection
from desk_shared.bus.described import application
from desk_shared.bus.stops import AllPartitions
from desk_shared.charter.desk import Desk, obey_charter
from desk_shared.events import names
from desk_shared.service import Service, Subscription, Web
from desk_shared.starting import start_service

from desk_intake.api import ROUTERS
from desk_intake.handlers import problems_projection, slas_projection, tickets_projection
from desk_intake.ports import IntakeDeps
from desk_intake.settings import IntakeSettings
from desk_intake.store import FEEDBACK, PROBLEMS, SLAS, TICKETS


def compose(desk: Desk, settings: IntakeSettings) -> Web:
    """Its units of work and routes."""
    tickets, problems, slas = (desk.documents(one) for one in (TICKETS, PROBLEMS, SLAS))
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
    said = desk.unit_of_work("feedback", Projection(desk.documents(FEEDBACK)), cached=0)
    desk.tells_how_far(names.TICKETS, changes, TICKETS.collection)
    deps = IntakeDeps(
        tickets=tickets,
        changes=desk.commands(changes),
        feedback=desk.commands(said),
        problems=problems,
        slas=slas,
        charter=lambda: desk.charter.current,
        publisher=desk.publisher,
        calls=desk.kept_calls(),
        clock=desk.clock,
        cursors=desk.cursors,
        close_after=settings.close_after,
    )
    return Web(ROUTERS, {"intake": deps})


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
