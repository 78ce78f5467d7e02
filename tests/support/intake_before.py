"""What intake knows before a ticket is logged, on fakes."""

from collections.abc import Callable
from typing import TypeVar

from desk_contracts import AnyEvent
from desk_contracts import names as topics
from desk_intake.before.api.check import BeforeDeps, Indexes
from desk_intake.before.api.items import SelfService
from desk_intake.before.model import PersonContacts
from desk_intake.before.store import CONTACTS, IndexedProblem, contacts_projection, follow_problem
from desk_intake.catalogue.api import CatalogueDeps
from desk_intake.knowledge.api.articles import KnowledgeDeps
from desk_intake.knowledge.store import ARTICLES, RATINGS, IndexedArticle, follow_article
from desk_intake.searches.model import SearchedWord
from desk_intake.searches.store import SEARCHES, searches_projection
from desk_intake.searches.worker import SearchCounter
from desk_intake.status.model import KnownProblem
from desk_intake.tickets.store import SearchedTicket, follow_searched
from desk_platform.clock import FakeClock
from desk_platform.health import Health
from desk_platform.kafka import CommandQueue, Projection, UnitOfWork
from desk_platform.settings import KafkaSettings
from desk_platform.similar import IndexedModel, IndexReader, TextIndex
from desk_testing.fakes import FakeDocuments, FakePublisher
from desk_testing.telemetry import RecordedTelemetry

from tests.support.scratch import make_scratch_folder

I = TypeVar("I", bound=IndexedModel)  # noqa: E741 (an indexed document)


async def fill_index(
    index: TextIndex[I], follow: Callable[[I | None, AnyEvent], I | None], log: list[AnyEvent]
) -> None:
    """What the log says is found from now on."""
    await index.open("topic")
    states: dict[str, I] = {}
    for event in log:
        after = follow(states.get(event.subject), event)
        if after is not None:
            states[event.subject] = after
    await index.write(states.values(), {})


def open_index(
    name: str, model: type[I], follow: Callable[[I | None, AnyEvent], I | None], clock: FakeClock
) -> tuple[TextIndex[I], IndexReader[I]]:
    """An index in a folder of its own, and a reader that reads nothing."""
    index = TextIndex(make_scratch_folder() / name, model)
    kafka = KafkaSettings(bootstrap="nowhere:1")
    return index, IndexReader(name, name, kafka, index, follow, Health(clock))


def make_before(
    catalogue: CatalogueDeps,
    problems: FakeDocuments[KnownProblem],
    publisher: FakePublisher,
    telemetry: RecordedTelemetry,
    clock: FakeClock,
) -> tuple[BeforeDeps, UnitOfWork[PersonContacts], UnitOfWork[SearchedWord]]:
    """What is asked before a ticket is logged, and what feeds it."""
    deps, meters = catalogue.tickets, telemetry.telemetry.meters
    articles, ratings = FakeDocuments(ARTICLES, clock), FakeDocuments(RATINGS, clock)
    contacts = UnitOfWork(
        contacts_projection(FakeDocuments(CONTACTS, clock)), publisher, clock, meters, cached=0
    )
    by_topic = (
        open_index(topics.TICKETS, SearchedTicket, follow_searched, clock),
        open_index(topics.KNOWLEDGE, IndexedArticle, follow_article, clock),
        open_index(topics.PROBLEMS, IndexedProblem, follow_problem, clock),
    )
    indexes = Indexes(
        by_topic[0][0],
        by_topic[1][0],
        by_topic[2][0],
        by_topic[0][1],
        tuple(reader for _, reader in by_topic),
    )
    knowledge = KnowledgeDeps(
        deps,
        articles,
        CommandQueue(UnitOfWork(Projection(articles), publisher, clock, meters, cached=0)),
        ratings,
        CommandQueue(UnitOfWork(Projection(ratings), publisher, clock, meters, cached=0)),
    )
    commands = CommandQueue(contacts)
    words = UnitOfWork(
        searches_projection(FakeDocuments(SEARCHES, clock)), publisher, clock, meters, cached=0
    )
    counter = SearchCounter(CommandQueue(words), clock, b"a secret")
    before = BeforeDeps(knowledge, problems, indexes, commands, SelfService(catalogue), counter)
    return before, contacts, words
