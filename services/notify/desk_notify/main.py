"""Notify put together: what it reads, keeps, sends and answers; `python -m desk_notify.main`."""

from datetime import timedelta

import httpx
from desk_shared.builder import ServiceBuilder
from desk_shared.bus import BatchProcessor, CommandQueue, Projection
from desk_shared.bus.stops import NothingUnread
from desk_shared.charter import Charter, CharterSource
from desk_shared.clock import Clock
from desk_shared.events import names
from desk_shared.events.topics import ALL_TEAM_TOPICS
from desk_shared.health import Health, State
from desk_shared.http import authenticator_from, cursors_from, make_app
from desk_shared.service import Service
from desk_shared.starting import start_service
from desk_shared.store import Documents

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

# A ticket's own life, and all that touches people and teams beside it.
READS = (
    names.TICKETS,
    names.SLA,
    names.PROBLEMS,
    names.AUTOMATION,
    names.SIGNALS,
    names.REPORTS,
)

# NOOP or connecting, MAIL, RCPT, DATA, the text: each may take the whole timeout, none is cut off
# by another worker that takes its delivery for abandoned.
EXCHANGES_PER_MAIL = 5
# A mail is not read within the second.
PACE = timedelta(milliseconds=200)


class _Closing:
    """Lets the HTTP client go when the service stops."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def start(self) -> None:
        """It connects when it is used."""

    async def stop(self) -> None:
        await self._client.aclose()


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


def build(settings: NotifySettings, clock: Clock | None = None) -> Service:
    """The whole service; nothing connects yet."""
    builder = ServiceBuilder.open("notify", settings, clock)
    client = httpx.AsyncClient()
    authenticator = authenticator_from(settings, client, builder.clock)
    builder.part("sign-in client", _Closing(client))
    charter = builder.charter()
    look = _Directories(charter, settings, builder.health)
    builder.unit_of_work("tickets", ticket_projection(builder.documents(TICKETS), look))
    builder.unit_of_work("people", person_projection(builder.documents(PEOPLE), look))
    builder.unit_of_work("matters", matter_projection(builder.documents(MATTERS), look))
    builder.reads(*READS)
    deliveries = _deliver(builder, settings, look)
    parts = builder.app_parts(authenticator)
    routes = delivery_routes(deliveries, cursors_from(settings))
    return builder.service(make_app("Experience Desk: notify", "0.1.0", [routes], parts))


def _deliver(builder: ServiceBuilder, settings: NotifySettings, look: Look) -> Documents[Dispatch]:
    """The channels besides Kafka: fed by our own topics, so that they hold nobody up."""
    documents = builder.documents(DELIVERIES)
    server = _mail_server(settings)
    fold = delivery_projection(documents, look, has_mail=server is not None)
    # Workers of other replicas write the same documents: nothing is remembered between turns.
    unit_of_work = builder.unit_of_work("deliveries", fold, reads_bus=False, cached=0)
    builder.health.expect(COMPONENT, required=False)
    if server is None:
        builder.health.mark(COMPONENT, State.READY, "not configured: no mail is sent")
    else:
        outcomes = builder.telemetry.metrics.get_meter("desk_notify").create_counter(
            "desk.deliveries", unit="{delivery}", description="Attempts at a delivery, by outcome"
        )
        lines = [SmtpChannel(server) for _ in range(settings.smtp_connections)]
        commands = CommandQueue(unit_of_work)
        boxes = Projection(builder.documents(MAILBOXES))
        mailboxes = builder.unit_of_work("mailboxes", boxes, reads_bus=False, cached=0)
        rules = MailRules(settings.mail_domains, settings.mail_per_hour)
        lease = settings.smtp_timeout * EXCHANGES_PER_MAIL
        worker = DeliveryWorker(
            commands,
            lines,
            builder.clock,
            builder.health,
            outcomes,
            MailGate(look, CommandQueue(mailboxes), rules),
            most=settings.mail_attempts,
            lease=lease,
        )
        sends = NothingUnread("a mail that is due says what was true when it was told")
        builder.timers("deliveries", worker, documents, sends)
        unit_of_work.on_due = worker.on_due
        builder.part("mail", worker)
    handler = LogChannel(BatchProcessor(unit_of_work), look)
    builder.reads(pattern=ALL_TEAM_TOPICS, handler=handler, lane="deliveries", pace=PACE)
    return documents


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


def main() -> None:
    """Run until told to stop; what cannot start says why and ends with 2."""
    start_service(NotifySettings, build)


if __name__ == "__main__":
    main()
