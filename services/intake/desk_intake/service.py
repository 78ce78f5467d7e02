"""Intake as one table: what it reads, keeps, answers and runs; `python -m desk_intake.service`."""

from dataclasses import dataclass
from functools import partial

from desk_charter.desk import Desk, obey_charter
from desk_contracts import names
from desk_platform.kafka import Projection, Publisher
from desk_platform.kafka.specification import application
from desk_platform.kafka.timer_stops import AllPartitions, NothingUnread
from desk_platform.service import Service, Subscription, Web
from desk_platform.startup import start_service
from desk_platform.store import Documents
from fastapi import APIRouter

from desk_intake.adapters.couriers.smtp import MailServer, SmtpCourier
from desk_intake.adapters.directories.ldap import LdapDirectory, LdapServer
from desk_intake.attachments.api import UPLOADS, attachments_router
from desk_intake.catalogue.api import (
    CatalogueDeps,
    DeviceOwners,
    approvals_router,
    catalogue_router,
    requests_router,
)
from desk_intake.catalogue.charter import CATALOGUE
from desk_intake.events.api.events import EventsDeps, events_router
from desk_intake.feedback.api import FeedbackDeps, feedback_router
from desk_intake.feedback.store import FEEDBACK
from desk_intake.recovery.api import RecoveryDeps, recovery_router
from desk_intake.recovery.store import ASKS, RECOVERIES
from desk_intake.recovery.worker import Recoveries, RecoveryWorker
from desk_intake.settings import IntakeSettings, LineSecurity
from desk_intake.status.api import status_router
from desk_intake.status.model import KnownProblem
from desk_intake.status.store import PROBLEMS, problems_projection
from desk_intake.tickets.api.actions import anybody_router, staff_router
from desk_intake.tickets.api.deps import LinkableProblem, TicketDeps
from desk_intake.tickets.api.links import links_router
from desk_intake.tickets.api.people import people_router
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
    ticket_changes = desk.commands(changes)
    deps = TicketDeps(
        tickets=tickets,
        changes=ticket_changes,
        slas=slas,
        charter=lambda: desk.charter.current,
        calls=desk.keep_calls(),
        clock=desk.clock,
        cursors=desk.cursors,
        close_after=settings.close_after,
        leases=desk.leases(),
        find_problem=partial(find_linkable, problems),
        files=desk.store.files(),
    )
    feedback = FeedbackDeps(deps, desk.commands(responses))
    directory = _open_directory(settings)
    edges = Edges(
        problems, desk.publisher, directory, _add_recovery(desk, settings, deps, directory)
    )
    return Web(intake_routers(deps, feedback, edges), UPLOADS)


async def find_linkable(problems: Documents[KnownProblem], id: str) -> LinkableProblem | None:
    """An open, confirmed problem as tickets are linked to it."""
    stored = (await problems.load([id])).get(id)
    problem = stored.read() if stored else None
    if problem is None or not (problem.is_open and problem.is_confirmed):
        return None
    return LinkableProblem(problem.title, problem.service, problem.team)


def _open_directory(settings: IntakeSettings) -> LdapDirectory | None:
    if settings.directory_host is None or settings.directory_password is None:
        return None
    scheme = "ldaps" if settings.directory_security is LineSecurity.TLS else "ldap"
    return LdapDirectory(
        LdapServer(
            f"{scheme}://{settings.directory_host}:{settings.directory_port}",
            settings.directory_base,
            settings.directory_user,
            settings.directory_password,
            settings.directory_person,
            starttls=settings.directory_security is LineSecurity.STARTTLS,
            ca_file=settings.directory_ca_file,
        )
    )


def _add_recovery(
    desk: Desk, settings: IntakeSettings, deps: TicketDeps, directory: LdapDirectory | None
) -> RecoveryDeps | None:
    if directory is None or settings.smtp_host is None or settings.recovery_page is None:
        return None
    courier = SmtpCourier(
        MailServer(
            settings.smtp_host,
            settings.smtp_port,
            settings.recovery_sender,
            settings.recovery_page,
            tls=settings.smtp_security is LineSecurity.TLS,
            starttls=settings.smtp_security is LineSecurity.STARTTLS,
            username=settings.smtp_username,
            password=settings.smtp_password,
            ca_file=settings.smtp_ca_file,
        )
    )
    # Other replicas write these too.
    asks = desk.unit_of_work("recovery asks", Projection(desk.documents(ASKS)), cached=0)
    recoveries = desk.unit_of_work("recoveries", Projection(desk.documents(RECOVERIES)), cached=0)
    around = Recoveries(
        asks=desk.commands(asks),
        recoveries=desk.commands(recoveries),
        tickets=deps.changes,
        directory=directory,
        courier=courier,
        clock=desk.clock,
        charter=deps.charter,
        close_after=settings.close_after,
    )
    worker = RecoveryWorker(around)
    unread = NothingUnread("no event says anything of a recovery")
    desk.timers("recovery asks", asks, worker.on_asks, unread)
    desk.timers("recoveries", recoveries, worker.on_recoveries, unread)
    return RecoveryDeps(around.asks, worker)


@dataclass(frozen=True, slots=True)
class Edges:
    """What routes need beside tickets and feedback."""

    problems: Documents[KnownProblem]
    publisher: Publisher
    devices: DeviceOwners | None = None
    recovery: RecoveryDeps | None = None


def intake_routers(deps: TicketDeps, feedback: FeedbackDeps, edges: Edges) -> tuple[APIRouter, ...]:
    """All that intake answers over HTTP."""
    return (
        tickets_router(deps),
        anybody_router(deps),
        staff_router(deps),
        links_router(deps),
        people_router(deps),
        attachments_router(deps),
        catalogue_router(CatalogueDeps(deps, edges.devices, recovers=edges.recovery is not None)),
        requests_router(deps),
        approvals_router(deps),
        recovery_router(edges.recovery),
        feedback_router(feedback),
        status_router(edges.problems, deps.charter),
        events_router(EventsDeps(deps.tickets, deps.charter, edges.publisher, deps.clock)),
    )


SERVICE = Service(
    "intake",
    IntakeSettings,
    collections=(TICKETS, PROBLEMS, SLAS, FEEDBACK, ASKS, RECOVERIES),
    subscriptions=(
        Subscription(
            (
                names.REQUESTS,
                names.TRIAGE,
                names.PROBLEMS,
                names.AUTOMATION,
                names.SLA,
                # Its own log: what concerns two tickets is written to the second one from here.
                names.TICKETS,
            ),
            to=("tickets", "problems", "slas"),
        ),
    ),
    organisation=obey_charter(CATALOGUE),
    compose=compose,
)

# `faststream docs serve desk_intake.service:asyncapi --factory`
asyncapi = partial(application, SERVICE)

if __name__ == "__main__":
    start_service(SERVICE)
