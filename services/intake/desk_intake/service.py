"""Intake as one table: what it reads, keeps, answers and runs; `python -m desk_intake.service`."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from desk_charter.desk import Desk, obey_charter
from desk_contracts import AnyEvent, names
from desk_platform.kafka import Projection, Publisher
from desk_platform.kafka.specification import application
from desk_platform.kafka.timer_stops import AllPartitions, NothingUnread
from desk_platform.lifetimes import Ending
from desk_platform.service import Service, Subscription, Web
from desk_platform.similar import (
    IndexedModel,
    IndexedTicket,
    IndexReader,
    TextIndex,
    follow_ticket,
)
from desk_platform.startup import start_service
from desk_platform.store import Documents
from fastapi import APIRouter

from desk_intake.before.api.check import BeforeDeps, Indexes, NoSelfService, before_router
from desk_intake.before.store import CONTACTS, IndexedProblem, contacts_projection, follow_problem
from desk_intake.events.api.events import EventsDeps, events_router
from desk_intake.feedback.api import FeedbackDeps, feedback_router
from desk_intake.feedback.store import FEEDBACK
from desk_intake.knowledge.api.articles import KnowledgeDeps, knowledge_router
from desk_intake.knowledge.store import ARTICLES, RATINGS, IndexedArticle, follow_article
from desk_intake.searches.api import searches_router
from desk_intake.searches.model import SearchedWord
from desk_intake.searches.store import SEARCHES, searches_projection
from desk_intake.searches.worker import SearchCounter
from desk_intake.settings import IntakeSettings
from desk_intake.status.api import status_router
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
    before = _compose_before(desk, settings, deps)
    return Web(intake_routers(deps, feedback, before, desk.documents(SEARCHES), desk.publisher))


def _compose_before(desk: Desk, settings: IntakeSettings, deps: TicketDeps) -> BeforeDeps:
    articles, ratings = desk.documents(ARTICLES), desk.documents(RATINGS)
    changes = desk.unit_of_work("articles", Projection(articles), cached=0)
    rated = desk.unit_of_work("ratings", Projection(ratings), cached=0)
    contacts = desk.unit_of_work(
        "contacts", contacts_projection(desk.documents(CONTACTS)), cached=0
    )
    return BeforeDeps(
        knowledge=KnowledgeDeps(
            deps, articles, desk.commands(changes), ratings, desk.commands(rated)
        ),
        problems=desk.documents(PROBLEMS),
        indexes=_compose_indexes(desk, settings),
        contacts=desk.commands(contacts),
        items=NoSelfService(),
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
            name, topic, settings.kafka, index, follow, desk.health, prefix=settings.topic_prefix
        )
        desk.job(name, reader.run)
        return index, reader

    tickets, of_tickets = read(names.TICKETS, IndexedTicket, follow_ticket)
    articles, of_articles = read(names.KNOWLEDGE, IndexedArticle, follow_article)
    problems, of_problems = read(names.PROBLEMS, IndexedProblem, follow_problem)
    return Indexes(tickets, articles, problems, (of_tickets, of_articles, of_problems))


def intake_routers(
    deps: TicketDeps,
    feedback: FeedbackDeps,
    before: BeforeDeps,
    searches: Documents[SearchedWord],
    publisher: Publisher,
) -> tuple[APIRouter, ...]:
    """All that intake answers over HTTP."""
    return (
        before_router(before),
        tickets_router(deps),
        anybody_router(deps),
        staff_router(deps),
        feedback_router(feedback),
        knowledge_router(before.knowledge),
        searches_router(searches, deps.clock),
        status_router(before.problems, deps.charter),
        events_router(EventsDeps(deps.tickets, deps.charter, publisher, deps.clock)),
    )


SERVICE = Service(
    "intake",
    IntakeSettings,
    collections=(TICKETS, PROBLEMS, SLAS, FEEDBACK, ARTICLES, RATINGS, CONTACTS, SEARCHES),
    subscriptions=(
        Subscription(
            (names.REQUESTS, names.TRIAGE, names.PROBLEMS, names.AUTOMATION, names.SLA),
            to=("tickets", "problems", "slas"),
        ),
        # Apart: what intake says itself of tickets, nothing else waits for.
        Subscription((names.TICKETS,), to=("contacts",), group="contacts"),
    ),
    organisation=obey_charter(),
    compose=compose,
)

# `faststream docs serve desk_intake.service:asyncapi --factory`
asyncapi = partial(application, SERVICE)

if __name__ == "__main__":
    start_service(SERVICE)
