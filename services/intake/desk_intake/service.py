"""Intake as one table: what it reads, keeps, answers and runs; `python -m desk_intake`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TypeVar

from desk_charter.desk import Desk, obey_charter
from desk_charter.retention import RETENTION
from desk_contracts import AnyEvent, names
from desk_contracts.accounts import Directory
from desk_platform.health import UsageReport
from desk_platform.kafka import Projection, Publisher
from desk_platform.kafka.specification import application
from desk_platform.kafka.timer_stops import AllPartitions, NothingUnread
from desk_platform.lifetimes import Ending
from desk_platform.service import Service, Subscription, Web
from desk_platform.settings.secret_files import SecretFolder
from desk_platform.similar import (
    IndexedModel,
    IndexReader,
    TextIndex,
)
from desk_platform.store import Documents
from fastapi import APIRouter

from desk_intake.adapters.couriers.reported import COMPONENT as MAIL_RELAY
from desk_intake.adapters.couriers.reported import ReportedCourier
from desk_intake.adapters.couriers.smtp import open_courier
from desk_intake.adapters.directories import open_directory
from desk_intake.adapters.directories.reported import COMPONENT as DIRECTORY
from desk_intake.adapters.directories.reported import ReportedDirectory
from desk_intake.adapters.mailboxes.ways import take_mail
from desk_intake.attachments.api import UPLOADS, attachments_router
from desk_intake.attachments.store import UPLOADED
from desk_intake.attachments.worker import UploadDesk
from desk_intake.before.api.check import BeforeDeps, Indexes, before_router
from desk_intake.before.api.items import SelfService
from desk_intake.before.api.track import track_router
from desk_intake.before.model import PersonContacts
from desk_intake.before.store import (
    CONTACTS,
    JOINED,
    IndexedProblem,
    contacts_projection,
    follow_joined,
    follow_problem,
)
from desk_intake.catalogue.api import (
    CatalogueDeps,
    approvals_router,
    catalogue_router,
    requests_router,
)
from desk_intake.catalogue.charter import CATALOGUE
from desk_intake.chat.api import ChatDeps, chat_router
from desk_intake.chat.charter import CHATS
from desk_intake.demands.api import DemandDeps, demands_router
from desk_intake.demands.store import DEMANDS, demands_projection
from desk_intake.erasures.api import ErasureDeps, erasures_router
from desk_intake.erasures.store import ERASURES
from desk_intake.erasures.worker import RetentionWorker
from desk_intake.events.api.events import EventsDeps, events_router
from desk_intake.feedback.api import FeedbackDeps, feedback_router
from desk_intake.feedback.store import FEEDBACK
from desk_intake.knowledge.api.articles import KnowledgeDeps, knowledge_router
from desk_intake.knowledge.store import ARTICLES, RATINGS, IndexedArticle, follow_article
from desk_intake.live.api import LiveDeps, live_router
from desk_intake.live.worker import LiveTickets
from desk_intake.mail.charter import MAILBOXES
from desk_intake.mail.store import MAILS
from desk_intake.recovery.api import RecoveryDeps, recovery_router
from desk_intake.recovery.store import ASKS, RECOVERIES
from desk_intake.recovery.worker import Recoveries, RecoveryWorker
from desk_intake.searches.api import searches_router
from desk_intake.searches.model import SearchedWord
from desk_intake.searches.store import SEARCHES, searches_projection
from desk_intake.searches.worker import SearchCounter
from desk_intake.settings import IntakeSettings
from desk_intake.status.api import StatusDeps, status_router
from desk_intake.status.store import (
    CHANGES,
    PROBLEMS,
    VERDICTS,
    changes_projection,
    find_linkable,
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
from desk_intake.tickets.api.batch import batch_router
from desk_intake.tickets.api.deps import TicketDeps
from desk_intake.tickets.api.links import links_router
from desk_intake.tickets.api.pasts import TeamPasts
from desk_intake.tickets.api.people import people_router
from desk_intake.tickets.api.texts import TicketTexts
from desk_intake.tickets.api.tickets import tickets_router
from desk_intake.tickets.store import (
    SLAS,
    TICKETS,
    SearchedTicket,
    follow_searched,
    slas_projection,
    tickets_projection,
)
from desk_intake.webhooks.api import WebhookDeps, webhooks_router
from desk_intake.webhooks.charter import WEBHOOKS


@dataclass(frozen=True, slots=True)
class IntakeParts:
    """What its features need to answer."""

    tickets: TicketDeps
    feedback: FeedbackDeps
    surveys: SurveyDeps
    demands: DemandDeps
    live: LiveTickets
    status: StatusDeps
    catalogue: CatalogueDeps
    before: BeforeDeps
    taken: Documents[PersonContacts]
    searches: Documents[SearchedWord]
    publisher: Publisher
    secrets: SecretFolder
    erasures: ErasureDeps
    recovery: RecoveryDeps | None = None


def compose(desk: Desk, settings: IntakeSettings) -> Web:
    """Its units of work and routes."""
    deps = _compose_tickets(desk, settings)
    opinions = desk.documents(FEEDBACK)
    responses = desk.unit_of_work("feedback", Projection(opinions), cached=0)
    feedback = FeedbackDeps(deps, desk.commands(responses), opinions)
    demands = desk.documents(DEMANDS)
    # An answer is given over HTTP, and stands in the demand when its reminder is due.
    answered = NothingUnread("no event answers a demand")
    votes = desk.unit_of_work("demands", demands_projection(demands), cached=0, stops=answered)
    take_mail(desk, settings, deps)
    # Recovery and the catalogue use the same one.
    directory: Directory | None = open_directory(settings)
    if directory is not None:
        directory = ReportedDirectory(directory, UsageReport(desk.health, DIRECTORY))
    wanted = desk.documents(ERASURES)
    erasures = desk.commands(desk.unit_of_work("erasures asked for", Projection(wanted), cached=0))
    desk.job("retention", RetentionWorker(deps, erasures, desk.erasures).run)
    recovery = _compose_recovery(desk, settings, deps, directory)
    catalogue = CatalogueDeps(deps, directory, recovers=recovery is not None)
    parts = IntakeParts(
        tickets=deps,
        feedback=feedback,
        surveys=_compose_surveys(desk, settings, feedback),
        demands=DemandDeps(deps, demands, desk.commands(votes)),
        live=LiveTickets(desk.tail(names.TICKETS), deps.tickets),
        status=_compose_status(desk, deps),
        catalogue=catalogue,
        before=_compose_before(desk, settings, catalogue),
        taken=desk.documents(CONTACTS),
        searches=desk.documents(SEARCHES),
        publisher=desk.publisher,
        secrets=SecretFolder(settings.signing_secrets),
        erasures=ErasureDeps(deps, erasures, desk.erasures.key),
        recovery=recovery,
    )
    return Web(intake_routers(parts), UPLOADS)


def _compose_tickets(desk: Desk, settings: IntakeSettings) -> TicketDeps:
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
    desk.tells_how_far(names.TICKETS, changes, TICKETS.collection)
    files = desk.store.files()
    lists = desk.unit_of_work("uploads", Projection(desk.documents(UPLOADED)), cached=0)
    uploads = UploadDesk(files, desk.commands(lists), tickets, desk.clock)
    unread = NothingUnread("no event says of a file that no ticket names it")
    desk.timers("uploads", lists, uploads.on_timer, unread)
    return TicketDeps(
        tickets=tickets,
        changes=desk.commands(changes),
        slas=slas,
        charter=lambda: desk.charter.current,
        calls=desk.keep_calls(),
        clock=desk.clock,
        cursors=desk.cursors,
        close_after=settings.close_after,
        leases=desk.leases(),
        find_problem=partial(find_linkable, problems),
        files=files,
        uploads=uploads,
        pasts=TeamPasts(tickets, desk.clock),
    )


def _compose_status(desk: Desk, deps: TicketDeps) -> StatusDeps:
    changes, verdicts = desk.documents(CHANGES), desk.documents(VERDICTS)
    desk.unit_of_work("changes", changes_projection(changes))
    # Tickets of all partitions, and so all replicas, write the same day.
    desk.unit_of_work("verdicts", verdicts_projection(verdicts), cached=0)
    problems = desk.documents(PROBLEMS)
    return StatusDeps(problems, changes, verdicts, deps.pasts, deps.charter, desk.clock)


def _compose_surveys(desk: Desk, settings: IntakeSettings, feedback: FeedbackDeps) -> SurveyDeps:
    sampling = Sampling(settings.survey_share, settings.survey_every)
    desk.unit_of_work(
        "invited", invitations_projection(desk.documents(INVITED), sampling, signer(desk.cursors))
    )
    owed = desk.documents(FOLLOW_UPS)
    # A replica that answers over HTTP writes them too.
    follow_ups = desk.unit_of_work(
        "follow ups",
        follow_ups_projection(owed),
        cached=0,
        stops=NothingUnread("no event finishes a follow-up"),
    )
    return SurveyDeps(feedback, owed, desk.commands(follow_ups))


def _compose_before(desk: Desk, settings: IntakeSettings, catalogue: CatalogueDeps) -> BeforeDeps:
    deps = catalogue.tickets
    articles, ratings = desk.documents(ARTICLES), desk.documents(RATINGS)
    changes = desk.unit_of_work("articles", Projection(articles), cached=0)
    rated = desk.unit_of_work("ratings", Projection(ratings), cached=0)
    contacts = desk.unit_of_work(
        "contacts",
        contacts_projection(desk.documents(CONTACTS)),
        cached=0,
        # What was logged in a contact's week is read before the week is over.
        stops=AllPartitions((names.TICKETS,)),
    )
    desk.unit_of_work("joined", follow_joined(desk.documents(JOINED)), cached=0)
    return BeforeDeps(
        knowledge=KnowledgeDeps(
            deps, articles, desk.commands(changes), ratings, desk.commands(rated)
        ),
        problems=desk.documents(PROBLEMS),
        indexes=_compose_indexes(desk, settings),
        contacts=desk.commands(contacts),
        items=SelfService(catalogue),
        searches=_compose_searches(desk),
    )


def _compose_searches(desk: Desk) -> SearchCounter:
    words = desk.unit_of_work(
        "searches",
        searches_projection(desk.documents(SEARCHES)),
        cached=0,
        stops=NothingUnread("a week is over, whatever any topic says"),
    )
    counter = SearchCounter(desk.commands(words), desk.clock, desk.cursors.secret)
    desk.job("searches", counter.run)
    return counter


S = TypeVar("S", bound=IndexedModel)


def _compose_indexes(desk: Desk, settings: IntakeSettings) -> Indexes:
    """Each replica reads these topics into its own folder, so that each can answer for all."""

    def read(
        topic: str, model: type[S], follow: Callable[[S | None, AnyEvent], S | None]
    ) -> tuple[TextIndex[S], IndexReader[S]]:
        name = f"index of {topic}"
        index = TextIndex(settings.indexes_folder / topic, model)
        desk.part(name, Ending(index.close))
        reader = IndexReader(
            name, topic, settings.kafka, index, follow, desk.health,
            prefix=settings.topic_prefix, decoded=desk.share_decoded(),
        )  # fmt: skip
        reader.erasures = desk.erasures
        desk.job(name, reader.run, required=False)
        return index, reader

    tickets, of_tickets = read(names.TICKETS, SearchedTicket, follow_searched)
    articles, of_articles = read(names.KNOWLEDGE, IndexedArticle, follow_article)
    problems, of_problems = read(names.PROBLEMS, IndexedProblem, follow_problem)
    return Indexes(tickets, articles, problems, of_tickets, (of_tickets, of_articles, of_problems))


def _compose_recovery(
    desk: Desk, settings: IntakeSettings, deps: TicketDeps, directory: Directory | None
) -> RecoveryDeps | None:
    courier = open_courier(settings)
    if directory is None or courier is None:
        return None
    # Other replicas write these too.
    asks = desk.unit_of_work("recovery asks", Projection(desk.documents(ASKS)), cached=0)
    recoveries = desk.unit_of_work("recoveries", Projection(desk.documents(RECOVERIES)), cached=0)
    around = Recoveries(
        asks=desk.commands(asks),
        recoveries=desk.commands(recoveries),
        tickets=deps.changes,
        directory=directory,
        courier=ReportedCourier(courier, UsageReport(desk.health, MAIL_RELAY)),
        clock=desk.clock,
        charter=deps.charter,
        close_after=settings.close_after,
    )
    worker = RecoveryWorker(around)
    unread = NothingUnread("no event says anything of a recovery")
    desk.timers("recovery asks", asks, worker.on_asks, unread)
    desk.timers("recoveries", recoveries, worker.on_recoveries, unread)
    return RecoveryDeps(around.asks, worker)


def intake_routers(parts: IntakeParts) -> tuple[APIRouter, ...]:
    """All that intake answers over HTTP."""
    deps = parts.tickets
    indexes = parts.before.indexes
    events = EventsDeps(deps.tickets, deps.charter, parts.publisher, deps.clock)
    return (
        before_router(parts.before),
        track_router(parts.before, parts.taken),
        batch_router(deps),
        tickets_router(deps, TicketTexts(indexes.tickets, indexes.of_tickets)),
        anybody_router(deps),
        staff_router(deps),
        links_router(deps),
        people_router(deps),
        attachments_router(deps),
        catalogue_router(parts.catalogue),
        requests_router(deps),
        approvals_router(deps),
        recovery_router(parts.recovery),
        feedback_router(parts.feedback),
        surveys_router(parts.surveys),
        follow_ups_router(parts.surveys),
        demands_router(parts.demands),
        knowledge_router(parts.before.knowledge),
        searches_router(parts.searches, deps.clock),
        status_router(parts.status),
        live_router(LiveDeps(deps, parts.live)),
        erasures_router(parts.erasures),
        events_router(events),
        webhooks_router(WebhookDeps(events, parts.secrets)),
        chat_router(ChatDeps(deps, parts.secrets, set())),
    )


COLLECTIONS = (
    TICKETS, PROBLEMS, SLAS, FEEDBACK, INVITED, FOLLOW_UPS, DEMANDS, CHANGES, VERDICTS, MAILS,
    ARTICLES, RATINGS, CONTACTS, JOINED, SEARCHES, ASKS, RECOVERIES, ERASURES, UPLOADED,
)  # fmt: skip

SERVICE = Service(
    "intake",
    IntakeSettings,
    collections=COLLECTIONS,
    subscriptions=(
        Subscription(
            (names.REQUESTS, names.TRIAGE, names.PROBLEMS, names.AUTOMATION, names.SLA),
            to=("tickets", "problems", "slas", "verdicts", "joined"),
        ),
        Subscription((names.CHANGES,), to=("changes",), group="changes"),
        # Apart: what follows of what it has told itself, for people and for the second ticket that
        # something concerns. Nothing else waits for it.
        Subscription(
            (names.TICKETS, names.FEEDBACK),
            to=("tickets", "invited", "follow ups", "demands", "contacts", "joined"),
            group="people",
            linger=timedelta(seconds=1),
        ),
    ),
    organisation=obey_charter(CATALOGUE, CHATS, MAILBOXES, RETENTION, WEBHOOKS),
    compose=compose,
)

# `faststream docs serve desk_intake.service:asyncapi --factory`
asyncapi = partial(application, SERVICE)
