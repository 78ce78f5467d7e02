"""Intake as one table: what it reads, keeps, answers and runs; `python -m desk_intake.service`."""

import ssl
from functools import partial
from typing import TypeVar

from desk_charter.desk import Desk, obey_charter
from desk_contracts import AnyEvent, names
from desk_platform.kafka import Projection, Publisher
from desk_platform.kafka.specification import application
from desk_platform.kafka.timer_stops import AllPartitions, NothingUnread
from desk_platform.lifetimes import Ending
from desk_platform.service import Service, Subscription, Web
from desk_platform.settings.secret_files import SecretFolder
from desk_platform.startup import start_service
from fastapi import APIRouter

from desk_intake.adapters.mailboxes.imap import COMPONENT as IMAP
from desk_intake.adapters.mailboxes.imap import ImapAccount, ImapPoll
from desk_intake.adapters.mailboxes.smtp import SmtpReceiver, SmtpWay
from desk_intake.attachments.api import UPLOADS, attachments_router
from desk_intake.chat.api import ChatDeps, chat_router
from desk_intake.chat.charter import CHATS
from desk_intake.events.api.events import EventsDeps, events_router
from desk_intake.feedback.api import FeedbackDeps, feedback_router
from desk_intake.feedback.store import FEEDBACK
from desk_intake.mail.charter import MAILBOXES
from desk_intake.mail.store import MAILS
from desk_intake.mail.worker import MailDesk
from desk_intake.settings import IntakeSettings
from desk_intake.status.api import status_router
from desk_intake.status.store import PROBLEMS, problems_projection
from desk_intake.tickets.api.actions import anybody_router, staff_router
from desk_intake.tickets.api.batch import batch_router
from desk_intake.tickets.api.deps import LinkableProblem, TicketDeps
from desk_intake.tickets.api.links import links_router
from desk_intake.tickets.api.people import people_router
from desk_intake.tickets.api.tickets import tickets_router
from desk_intake.tickets.store import SLAS, TICKETS, slas_projection, tickets_projection
from desk_intake.webhooks.api import WebhookDeps, webhooks_router
from desk_intake.webhooks.charter import WEBHOOKS


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
    secrets = SecretFolder(settings.signing_secrets)
    _take_mail(desk, settings, deps)
    return Web(intake_routers(deps, feedback, problems, desk.publisher, secrets), UPLOADS)


async def find_linkable(problems: Documents[KnownProblem], id: str) -> LinkableProblem | None:
    """An open, confirmed problem as tickets are linked to it."""
    stored = (await problems.load([id])).get(id)
    problem = stored.read() if stored else None
    if problem is None or not (problem.is_open and problem.is_confirmed):
        return None
    return LinkableProblem(problem.title, problem.service, problem.team)


def _take_mail(desk: Desk, settings: IntakeSettings, deps: TicketDeps) -> None:
    """Mail by SMTP and from a mailbox, where the settings ask for it."""
    mails = desk.documents(MAILS)
    records = desk.commands(desk.unit_of_work("mails", Projection(mails), cached=0))
    mail = MailDesk(deps, mails, records, settings.reply_secret, settings.authserv_id or "")
    if settings.smtp_port is not None:
        tls = None
        if settings.smtp_cert_file and settings.smtp_key_file:
            tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            tls.load_cert_chain(settings.smtp_cert_file, settings.smtp_key_file)
        way = SmtpWay(
            settings.http_host,
            settings.smtp_port,
            settings.mail_bytes,
            settings.smtp_connections,
            tls,
        )
        desk.part("smtp", SmtpReceiver(mail, way))
    if settings.imap_host and settings.imap_username and settings.imap_password:
        account = ImapAccount(
            settings.imap_host,
            settings.imap_port,
            settings.imap_username,
            settings.imap_password,
            settings.mail_bytes,
            settings.imap_folder,
            settings.imap_security,
            settings.imap_ca_file,
        )
        desk.health.expect(IMAP, required=False)
        poll = ImapPoll(mail, account, settings.imap_interval, desk.clock, desk.health)
        desk.job(IMAP, poll.run)


def intake_routers(
    deps: TicketDeps,
    feedback: FeedbackDeps,
    before: BeforeDeps,
    searches: Documents[SearchedWord],
    publisher: Publisher,
    secrets: SecretFolder,
) -> tuple[APIRouter, ...]:
    """All that intake answers over HTTP."""
    events = EventsDeps(deps.tickets, deps.charter, publisher, deps.clock)
    return (
        batch_router(deps),
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
        status_router(problems, deps.charter),
        events_router(events),
        webhooks_router(WebhookDeps(events, secrets)),
        chat_router(ChatDeps(deps, secrets, set())),
    )


SERVICE = Service(
    "intake",
    IntakeSettings,
    collections=(TICKETS, PROBLEMS, SLAS, FEEDBACK, MAILS),
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
        # Apart: what intake says itself of tickets, nothing else waits for.
        Subscription((names.TICKETS,), to=("contacts",), group="contacts"),
    ),
    organisation=obey_charter(CHATS, MAILBOXES, WEBHOOKS),
    compose=compose,
)

# `faststream docs serve desk_intake.service:asyncapi --factory`
asyncapi = partial(application, SERVICE)

if __name__ == "__main__":
    start_service(SERVICE)
