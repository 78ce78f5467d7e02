"""Notify as one table: what it reads, keeps, sends and answers; `python -m desk_notify.service`."""

from datetime import timedelta
from functools import partial

from desk_shared.bus import BatchProcessor, Projection
from desk_shared.bus.described import application
from desk_shared.bus.stops import NothingUnread
from desk_shared.bus.unit_of_work import UnitOfWork
from desk_shared.charter import Charter, CharterSource
from desk_shared.charter.desk import Desk, obey_charter
from desk_shared.events import names
from desk_shared.events.topics import ALL_TEAM_TOPICS
from desk_shared.health import Health, State
from desk_shared.lifetimes import Ending
from desk_shared.service import Service, Subscription, Web
from desk_shared.starting import start_service

from desk_notify.api import delivery_routes
from desk_notify.channels.smtp import SmtpChannel, SmtpServer
from desk_notify.domain.deliveries import LOG, MAIL
from desk_notify.domain.directory import Directory
from desk_notify.domain.mailboxes import MailRules
from desk_notify.domain.model import Dispatch
from desk_notify.gate import MailGate
from desk_notify.handlers import (
    LogChannel,
    Look,
    delivery_projection,
    directory_of,
    matter_projection,
    person_projection,
    ticket_projection,
)
from desk_notify.settings import NotifySettings, SmtpSecurity
from desk_notify.store import DELIVERIES, MAILBOXES, MATTERS, PEOPLE, TICKETS
from desk_notify.worker import COMPONENT, DeliveryWorker

TEAM_TOPICS = "team topics"
# NOOP or connecting, MAIL, RCPT, DATA, the text: each may take the whole timeout, none is cut off
# by another worker that takes its delivery for abandoned.
EXCHANGES_PER_MAIL = 5
# A mail is not read within the second.
PACE = timedelta(milliseconds=200)


class _Directories:
    """The directory of the charter in force, made anew only when the charter changes."""

    def __init__(self, source: CharterSource, settings: NotifySettings, health: Health) -> None:
        self._settings, self._health = settings, health
        self._take(source.current)
        source.on_change(self._take)

    def __call__(self) -> Directory:
        return self._current

    def _take(self, charter: Charter) -> None:
        settings = self._settings
        self._current = directory_of(charter, settings.portal or "", settings.team_language)
        channels = {one for team in charter.teams for one in team.channels}
        strange = sorted(c for c in channels if c != LOG and not c.startswith(MAIL))
        reason = f"not served yet: {', '.join(strange)}" if strange else "all of them are served"
        state = State.DEGRADED if strange else State.READY
        self._health.expect("channels", required=False)
        self._health.mark("channels", state, reason)


def compose(desk: Desk, settings: NotifySettings) -> Web:
    """Its units of work, channels and routes."""
    look = _Directories(desk.charter, settings, desk.health)
    desk.unit_of_work("tickets", ticket_projection(desk.documents(TICKETS), look))
    desk.unit_of_work("people", person_projection(desk.documents(PEOPLE), look))
    desk.unit_of_work("matters", matter_projection(desk.documents(MATTERS), look))
    documents, server = desk.documents(DELIVERIES), _mail_server(settings)
    # Workers of other replicas write the same documents: nothing is remembered between turns.
    deliveries = desk.unit_of_work(
        "deliveries", delivery_projection(documents, look, has_mail=server is not None), cached=0
    )
    desk.receiver(TEAM_TOPICS, LogChannel(BatchProcessor(deliveries), look))
    desk.health.expect(COMPONENT, required=False)
    if server is None:
        desk.health.mark(COMPONENT, State.READY, "not configured: no mail is sent")
    else:
        _send(desk, settings, server, deliveries, look)
    return Web([delivery_routes(documents, desk.cursors)])


def _send(
    desk: Desk,
    settings: NotifySettings,
    server: SmtpServer,
    deliveries: UnitOfWork[Dispatch],
    look: Look,
) -> None:
    """Mail beside the log: fed by our own topics, so that it holds nobody up."""
    outcomes = desk.telemetry.metrics.get_meter("desk_notify").create_counter(
        "desk.deliveries", unit="{delivery}", description="Attempts at a delivery, by outcome"
    )
    mailboxes = desk.unit_of_work("mailboxes", Projection(desk.documents(MAILBOXES)), cached=0)
    rules = MailRules(settings.mail_domains, settings.mail_per_hour)
    worker = DeliveryWorker(
        desk.commands(deliveries),
        [SmtpChannel(server) for _ in range(settings.smtp_connections)],
        desk.clock,
        desk.health,
        outcomes,
        MailGate(look, desk.commands(mailboxes), rules),
        most=settings.mail_attempts,
        lease=settings.smtp_timeout * EXCHANGES_PER_MAIL,
    )
    sends = NothingUnread("a mail that is due says what was true when it was told")
    desk.timers("deliveries", deliveries, worker.wake, sends)
    desk.part("mail", Ending(worker.hang_up))


def _mail_server(settings: NotifySettings) -> SmtpServer | None:
    if settings.smtp_host is None:
        return None
    password = settings.smtp_password
    return SmtpServer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        sender=settings.sender,
        sender_name=settings.sender_name,
        starttls=settings.smtp_security is SmtpSecurity.STARTTLS,
        tls=settings.smtp_security is SmtpSecurity.TLS,
        username=settings.smtp_username,
        password=password.get_secret_value() if password else None,
        ca_file=settings.smtp_ca_file,
        timeout=settings.smtp_timeout,
    )


SERVICE = Service(
    "notify",
    NotifySettings,
    collections=(TICKETS, PEOPLE, MATTERS, DELIVERIES, MAILBOXES),
    subscriptions=(
        # A ticket's own life, and all that touches people and teams beside it.
        Subscription(
            (
                names.TICKETS,
                names.SLA,
                names.PROBLEMS,
                names.AUTOMATION,
                names.SIGNALS,
                names.REPORTS,
            ),
            to=("tickets", "people", "matters"),
        ),
        # What it has told itself, on its way to channels besides the topic.
        Subscription(pattern=ALL_TEAM_TOPICS, to=(TEAM_TOPICS,), lane="deliveries", pace=PACE),
    ),
    organisation=obey_charter(),
    compose=compose,
)

# `faststream docs serve desk_notify.service:asyncapi --factory`
asyncapi = partial(application, SERVICE)

if __name__ == "__main__":
    start_service(SERVICE)
