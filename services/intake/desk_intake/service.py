"""Intake as one table: what it reads, keeps, answers and runs; `python -m desk_intake.service`."""

from dataclasses import dataclass
from functools import partial

from desk_charter.desk import Desk, obey_charter
from desk_contracts import names
from desk_platform.kafka import Projection, Publisher
from desk_platform.kafka.specification import application
from desk_platform.kafka.timer_stops import AllPartitions
from desk_platform.service import Service, Subscription, Web
from desk_platform.startup import start_service
from fastapi import APIRouter

from desk_intake.demands.api import DemandDeps, demands_router
from desk_intake.demands.store import DEMANDS, demands_projection
from desk_intake.events.api.events import EventsDeps, events_router
from desk_intake.feedback.api import FeedbackDeps, feedback_router
from desk_intake.feedback.store import FEEDBACK
from desk_intake.live.api import LiveDeps, live_router
from desk_intake.live.worker import LiveTickets
from desk_intake.settings import IntakeSettings
from desk_intake.status.api import StatusDeps, status_router
from desk_intake.status.store import (
    CHANGES,
    PROBLEMS,
    VERDICTS,
    changes_projection,
    problems_projection,
    verdicts_projection,
)
from desk_intake.surveys.api import SurveyDeps, follow_ups_router, surveys_router
from desk_intake.surveys.model import Sampling
from desk_intake.surveys.store import (
    FOLLOW_UPS,
    INVITED,
    follow_ups_projection,
    invitations_projection,
    signer,
)
from desk_intake.tickets.api.actions import anybody_router, staff_router
from desk_intake.tickets.api.deps import TicketDeps
from desk_intake.tickets.api.pasts import TeamPasts
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
        pasts=TeamPasts(tickets, desk.clock),
    )
    feedback = FeedbackDeps(deps, desk.commands(responses), desk.documents(FEEDBACK))
    surveys = _compose_surveys(desk, settings, feedback)
    demands_kept = desk.documents(DEMANDS)
    votes = desk.unit_of_work("demands", demands_projection(demands_kept), cached=0)
    demands = DemandDeps(deps, demands_kept, desk.commands(votes))
    live = LiveTickets(desk.tail(names.TICKETS), tickets)
    changes_known, verdicts = desk.documents(CHANGES), desk.documents(VERDICTS)
    desk.unit_of_work("changes", changes_projection(changes_known))
    # Tickets of all partitions, and so all replicas, write the same day.
    desk.unit_of_work("verdicts", verdicts_projection(verdicts), cached=0)
    charter = deps.charter
    status = StatusDeps(problems, changes_known, verdicts, deps.pasts, charter, desk.clock)
    parts = IntakeParts(deps, feedback, surveys, demands, live, status)
    return Web(intake_routers(parts, desk.publisher))


def _compose_surveys(desk: Desk, settings: IntakeSettings, feedback: FeedbackDeps) -> SurveyDeps:
    sampling = Sampling(settings.survey_share, settings.survey_every)
    desk.unit_of_work(
        "invited", invitations_projection(desk.documents(INVITED), sampling, signer(desk.cursors))
    )
    owed = desk.documents(FOLLOW_UPS)
    # A replica that answers over HTTP writes them too.
    follow_ups = desk.unit_of_work("follow ups", follow_ups_projection(owed), cached=0)
    return SurveyDeps(feedback, owed, desk.commands(follow_ups))


@dataclass(frozen=True, slots=True)
class IntakeParts:
    """What its features need to answer."""

    tickets: TicketDeps
    feedback: FeedbackDeps
    surveys: SurveyDeps
    demands: DemandDeps
    live: LiveTickets
    status: StatusDeps


def intake_routers(parts: IntakeParts, publisher: Publisher) -> tuple[APIRouter, ...]:
    """All that intake answers over HTTP."""
    deps = parts.tickets
    return (
        tickets_router(deps),
        anybody_router(deps),
        staff_router(deps),
        feedback_router(parts.feedback),
        surveys_router(parts.surveys),
        follow_ups_router(parts.surveys),
        demands_router(parts.demands),
        status_router(parts.status),
        live_router(LiveDeps(deps, parts.live)),
        events_router(EventsDeps(deps.tickets, deps.charter, publisher, deps.clock)),
    )


SERVICE = Service(
    "intake",
    IntakeSettings,
    collections=(
        TICKETS,
        PROBLEMS,
        SLAS,
        FEEDBACK,
        INVITED,
        FOLLOW_UPS,
        DEMANDS,
        CHANGES,
        VERDICTS,
    ),
    subscriptions=(
        Subscription(
            (names.REQUESTS, names.TRIAGE, names.PROBLEMS, names.AUTOMATION, names.SLA),
            to=("tickets", "problems", "slas", "verdicts"),
        ),
        Subscription((names.CHANGES,), to=("changes",), group="changes"),
        # What follows for people from what it has told itself.
        Subscription(
            (names.TICKETS, names.FEEDBACK),
            to=("invited", "follow ups", "demands"),
            group="surveys",
        ),
    ),
    organisation=obey_charter(),
    compose=compose,
)

# `faststream docs serve desk_intake.service:asyncapi --factory`
asyncapi = partial(application, SERVICE)

if __name__ == "__main__":
    start_service(SERVICE)
