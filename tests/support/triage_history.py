"""A made past: tickets that no rule of the default charter knows, and who finished them."""

import hashlib
import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np
from desk_contracts import AnyEvent, Event
from desk_contracts.envelope import Payload
from desk_contracts.events.tickets import (
    Channel,
    Kind,
    TicketAssigned,
    TicketOpened,
    TicketResolved,
    TicketTriaged,
)
from desk_contracts.ids import derive_id, ticket_code
from desk_contracts.message import verbatim
from desk_contracts.value_types import Priority
from desk_triage.learning.dataset import Coefficients, TrainingSet
from desk_triage.learning.evaluation import LearningTask
from desk_triage.learning.examples import ExampleCollector, TrainingExample
from desk_triage.learning.features import Features, make_features
from desk_triage.learning.table import Floats, Ints
from desk_triage.routing.assignment import is_unrouted

from tests.support.triage_desk import CHARTER

BEGUN = datetime(2025, 9, 1, 8, 0, tzinfo=UTC)
PER_WEEK = 60
TEAMS = ("network", "workplace", "business-apps")
CATEGORIES = ("antennas", "hinges", "ledgers")
_COMMENTS = (
    ("The antenna bends", "antenna mast sways", "Branch antenna shakes"),
    ("Hinge broke", "Loose hinge and battery", "The battery is swollen"),
    ("Ledger shows wrong sums", "Cannot post to the ledger", "Quarter in the ledger closed"),
)
_VAGUE = "Something is odd since yesterday"
TEAM = LearningTask(lambda example: example.team, {team.name for team in CHARTER.teams}, 0.9)
CATEGORY = LearningTask(lambda example: example.category, CATEGORIES, 0.9)


def life(number: int, *texts: tuple[float, Payload], opened: TicketOpened) -> list[AnyEvent]:
    """The events of one ticket; `said` is what happened so many hours after it was opened."""
    ticket = derive_id(f"past/{number}", "ticket")
    begun = BEGUN + timedelta(days=7 * (number // PER_WEEK), minutes=number % PER_WEEK)
    emitted: list[tuple[float, Payload]] = [(0.0, opened), *texts]
    return [
        Event(
            id=derive_id(f"past/{number}", "event", place),
            source="/past",
            subject=ticket,
            time=begun + timedelta(hours=hours),
            data=data,
            sequence=place,
        )
        for place, (hours, data) in enumerate(emitted, 1)
    ]


def ticket(title: str, number: int = 0, **more: object) -> TicketOpened:
    return TicketOpened(
        code=ticket_code(derive_id(f"past/{number}", "ticket")),
        kind=Kind.INCIDENT,
        title=title,
        requester=f"person-{number % 40}",
        channel=Channel.MAIL,
        **more,  # type: ignore[arg-type]
    )


def lives(count: int = 12 * PER_WEEK, *, is_noise: bool = False) -> Iterator[list[AnyEvent]]:
    """First with service care, then with who finishes it. Now and then nothing telling is said,
    or an unlikely team finishes it; in noise, words and teams have nothing to do with each other.
    """
    for number in range(count):
        topic = number % 3
        texts = _COMMENTS[topic][number % 5 % 3]
        title = _VAGUE if number % 7 == 0 else texts
        team = (topic + 1) % 3 if number % 31 == 0 else topic
        if is_noise:
            team = hashlib.blake2b(bytes([number % 256, number // 256])).digest()[0] % 3
        yield life(
            number,
            (0.0, TicketTriaged(category=CATEGORIES[topic], priority=Priority.P3)),
            (0.0, TicketAssigned(team="service-care")),
            (1.0, TicketAssigned(team=TEAMS[team], previous_team="service-care")),
            (5.0, TicketResolved(by="m-1", resolution=verbatim("Done"))),
            opened=ticket(title, number),
        )


def examples_of(emitted: Iterable[Sequence[AnyEvent]]) -> list[TrainingExample]:
    gathered = ExampleCollector(lambda opened, at: is_unrouted(opened, at, CHARTER))
    for events in emitted:
        for event in events:
            gathered.add(event)
    return gathered.all()


@cache
def _past() -> tuple[TrainingExample, ...]:
    return tuple(examples_of(lives()))


def list_past() -> list[TrainingExample]:
    """A year of `lives`; several modules want it as they are collected, in each process."""
    return list(_past())


def features(*words: str) -> Features:
    """What a ticket with these words says, and nothing else."""
    return make_features(list(words), [], {})


class MeansTrainer:
    """The nearest mean: good enough to stand for the library, and quick to load."""

    def fit(self, training_set: TrainingSet, freedom: float) -> Coefficients:
        assert freedom > 0
        given = training_set
        rows = np.repeat(np.arange(len(given.answers)), np.diff(given.starts))
        sums = np.zeros((given.width, given.names))
        np.add.at(sums, (given.features, given.answers[rows]), given.values)
        counts = np.bincount(given.answers, minlength=given.names)
        means = sums / np.maximum(counts, 1)
        bias = np.where(counts > 0, -(means**2).sum(axis=0) / 2, -20.0)
        return Coefficients(bias, means)

    def calibrate(self, logits: Floats, answers: Ints) -> float:
        """The best of three hundred temperatures."""

        def loss(temperature: float) -> float:
            sums = logits / temperature
            right = sums[np.arange(len(answers)), answers]
            return float((np.logaddexp.reduce(sums, axis=1) - right).sum())

        return min((math.exp(step / 40) for step in range(-200, 121)), key=loss)


MEANS = MeansTrainer()
