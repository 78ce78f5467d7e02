"""Notify as one table: what it reads, keeps, sends and answers; `python -m desk_notify`."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from functools import partial

from desk_charter import Charter
from desk_charter.desk import Desk, obey_charter
from desk_charter.retention import RETENTION, Records, find_time_kept
from desk_charter.slas import SLAS
from desk_contracts import names
from desk_contracts.topics import ALL_TEAM_TOPICS
from desk_platform.health import State
from desk_platform.kafka import BatchProcessor, Projection
from desk_platform.kafka.specification import application
from desk_platform.kafka.timer_stops import NothingUnread
from desk_platform.kafka.unit_of_work import UnitOfWork
from desk_platform.lifetimes import Ending
from desk_platform.service import Service, Subscription, Web
from desk_platform.store.removal import Removal
from desk_platform.telemetry import names as telemetry_names

from desk_notify.adapters.channels import CHANNELS, find_unserved
from desk_notify.adapters.channels.log import LogChannel
from desk_notify.adapters.channels.way_to_team import MeasuredWay
from desk_notify.adapters.directories import DIRECTORIES
from desk_notify.deliveries.api import delivery_router
from desk_notify.deliveries.channel import Channel
from desk_notify.deliveries.mail_limits import MailRules
from desk_notify.deliveries.model import Dispatch
from desk_notify.deliveries.store import DELIVERIES, MAILBOXES, MailLimits, delivery_projection
from desk_notify.deliveries.worker import DeliveryWorker, ServedChannels, serve_all
from desk_notify.rules.store import (
    PEOPLE,
    TEAM_TOPICS,
    TICKETS,
    person_projection,
    team_topic_projection,
    ticket_projection,
)
from desk_notify.settings import NotifySettings
from desk_notify.subscriptions.model import CurrentDirectory
from desk_notify.subscriptions.worker import TeamTopics

# Receives what notify has told itself.
FURTHER_CHANNELS = "further channels"
# NOOP or connecting, MAIL, RCPT, DATA, the text: each may take the whole timeout, none is cut off
# by another worker that takes its delivery for abandoned.
EXCHANGES_PER_MAIL = 5
# A mail is not read within the second.
LINGER = timedelta(milliseconds=500)


def compose(desk: Desk, settings: NotifySettings) -> Web:
    """Its units of work, channels and routes."""
    directory_now = DIRECTORIES.kind(settings.directory)(desk.charter, settings)
    desk.unit_of_work("tickets", ticket_projection(desk.documents(TICKETS), directory_now))
    desk.unit_of_work("people", person_projection(desk.documents(PEOPLE), directory_now))
    desk.unit_of_work(
        "team topics", team_topic_projection(desk.documents(TEAM_TOPICS), directory_now)
    )
    connections = {
        scheme: served
        for scheme, kind in CHANNELS.kinds.items()
        if (served := kind.connect(settings))
    }
    documents = desk.documents(DELIVERIES)
    projection = delivery_projection(documents, directory_now, connections)
    # Workers of other replicas write the same documents: nothing is remembered between turns.
    deliveries = desk.unit_of_work("deliveries", projection, cached=0)
    kept = partial(find_time_kept, desk.charter, Records.DELIVERIES)
    desk.job("removal of deliveries", Removal(DELIVERIES, documents, kept, desk.clock).run)
    further = LogChannel(BatchProcessor(deliveries), directory_now)
    desk.receiver(FURTHER_CHANNELS, MeasuredWay(further, desk.telemetry))
    _report_channels(desk, connections)
    topics = TeamTopics(desk.charter, settings, desk.health, desk.clock)
    desk.health.expect("team topics", required=False)
    desk.job("team topics", topics.run)
    if connections:
        _deliver(desk, settings, connections, deliveries, directory_now)
    return Web([delivery_router(documents, desk.cursors)])


def _report_channels(desk: Desk, connections: Collection[str]) -> None:
    """Health tells of kinds that are not configured, and of channels that nobody serves."""
    for scheme, kind in CHANNELS.kinds.items():
        desk.health.expect(kind.component, required=False)
        if scheme not in connections:
            desk.health.mark(kind.component, State.READY, "not configured: nothing is sent")

    def report(charter: Charter) -> None:
        strange = [str(problem) for problem in find_unserved(charter)]
        reason = "; ".join(strange) if strange else "all of them are served"
        desk.health.mark("channels", State.DEGRADED if strange else State.READY, reason)

    desk.health.expect("channels", required=False)
    report(desk.charter.current)
    desk.charter.on_change(report)


def _deliver(
    desk: Desk,
    settings: NotifySettings,
    connections: Mapping[str, Sequence[Channel]],
    deliveries: UnitOfWork[Dispatch],
    directory_now: CurrentDirectory,
) -> None:
    """Channels beside the log: fed by our own topics, so that they hold nobody up."""
    outcomes = desk.telemetry.metrics.get_meter("desk_notify").create_counter(
        telemetry_names.DELIVERIES, "{delivery}", "Attempts at a delivery, by outcome"
    )
    for scheme in connections:
        outcomes.add(0, {telemetry_names.CHANNEL: scheme})
    mailboxes = desk.unit_of_work("mailboxes", Projection(desk.documents(MAILBOXES)), cached=0)
    rules = MailRules(settings.mail_domains, settings.mail_per_hour)
    workers = [
        DeliveryWorker(
            desk.commands(deliveries),
            ServedChannels(scheme, CHANNELS.kind(scheme).component, served),
            desk.clock,
            desk.health,
            outcomes,
            MailLimits(directory_now, desk.commands(mailboxes), rules),
            telemetry=desk.telemetry,
            most=settings.mail_attempts,
            lease=settings.smtp_timeout * EXCHANGES_PER_MAIL,
        )
        for scheme, served in connections.items()
    ]
    sends = NothingUnread("a message that is due says what was true when it was told")
    desk.timers("deliveries", deliveries, serve_all(workers), sends)
    for worker in workers:
        desk.part("channels", Ending(worker.close))


SERVICE = Service(
    "notify",
    NotifySettings,
    collections=(TICKETS, PEOPLE, TEAM_TOPICS, DELIVERIES, MAILBOXES),
    subscriptions=(
        # A ticket's own life, and all that touches people and teams beside it.
        Subscription(
            (
                names.TICKETS,
                names.FEEDBACK,
                names.SLA,
                names.PROBLEMS,
                names.AUTOMATION,
                names.SIGNALS,
                names.REPORTS,
            ),
            to=("tickets", "people", "team topics"),
        ),
        # What it has told itself, on its way to channels besides the topic.
        Subscription(
            pattern=ALL_TEAM_TOPICS, to=(FURTHER_CHANNELS,), group="deliveries", linger=LINGER
        ),
    ),
    organisation=obey_charter(RETENTION, SLAS),
    compose=compose,
)

# `faststream docs serve desk_notify.service:asyncapi --factory`
asyncapi = partial(application, SERVICE)
