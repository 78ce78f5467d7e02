"""Every fold of every service: repeats at any distance leave what there would be without them.

The folds are taken from the services as their `main` makes them, the events from the examples of
the contract, so a new fold or a new type of event is covered without a new test.
"""

import json
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any, cast

import pytest
from desk_automation.runs.plan import version_of
from desk_charter import load_charter
from desk_charter.runbook_checks import RUNBOOKS
from desk_contracts import AnyEvent, Codec, Payload
from desk_contracts.chain import Seal
from desk_contracts.errors import DeskError
from desk_contracts.events.automation import RunEscalated, RunHealed, RunStarted
from desk_contracts.events.contributions import ContributionsChanged
from desk_contracts.events.feedback import SurveyAnswered, Taken
from desk_contracts.events.signals import SignalRaised
from desk_contracts.events.tickets import TicketOpened, TicketResolved, TicketStarted
from desk_contracts.topics import SERVICES, Service, topics_read_by
from desk_intake.before.model import Contact, PersonContacts
from desk_local.paths import ROOT
from desk_platform.clock import FakeClock
from desk_platform.kafka import Projection, UnitOfWork
from desk_platform.store import Stored
from desk_platform.store.measured import MeasuredDocuments
from desk_testing.fakes import FakeDocuments, FakePublisher
from desk_testing.processes import CHARTER
from desk_testing.telemetry import record_telemetry

from tests.support.bus_desk import received
from tests.support.faults import built

EXAMPLES = ROOT / "tests" / "contract" / "events" / "examples"
NOWHERE = ("127.0.0.1:9", "mongodb://127.0.0.1:9")
EVENTS, REPEATS = 160, 80
METERS = record_telemetry().telemetry.meters


@cache
def projections(service: Service) -> dict[str, Projection[Any]]:
    """By name, those that read the bus."""
    by_name: dict[str, Projection[Any]] = {}
    # Everybody is asked how it went.
    more = {"INTAKE_SURVEY_SHARE": "1"}
    for _, part in built(service, *NOWHERE, f"repeats-{service}", **more).consumers:
        handler = getattr(part, "_handler", None)
        handler = getattr(handler, "_inner", handler)
        for unit_of_work in getattr(handler, "_units_of_work", ()):
            by_name[unit_of_work.name] = unit_of_work._projection
    return by_name


@cache
def examples() -> tuple[AnyEvent, ...]:
    decoded = []
    for path in sorted(EXAMPLES.glob("*.json")):
        value = json.loads(path.read_text())
        headers = [("content-type", b"application/cloudevents+json; charset=UTF-8")]
        key = value["subject"].encode()
        decoded.append(Codec().decode(key, json.dumps(value).encode(), headers))
    return (*decoded, *filter(None, map(_variant, decoded)))


# What an example alone does not reach: a runbook that matches, somebody to ask or to call.
_CHANGED: dict[type[Payload], dict[str, object]] = {
    SignalRaised: {"attributes": {"agent_url": "http://127.0.0.1:9000"}},
    TicketResolved: {"requester": "j.doe"},
    TicketStarted: {"device": "laptop-0417"},
    SurveyAnswered: {"score": 1},
}


def _variant(event: AnyEvent) -> AnyEvent | None:
    if update := _CHANGED.get(type(event.data)):
        return event._replace(data=event.data.model_copy(update=update))
    if isinstance(event.data, ContributionsChanged):
        return event._replace(subject="person:742.j.doe")
    if isinstance(event.data, RunHealed):
        [book] = [item for item in load_charter(CHARTER).of(RUNBOOKS) if item.promotion is not None]
        named = {"runbook": book.id, "version": version_of(book)}
        return event._replace(data=event.data.model_copy(update=named))
    if isinstance(event.data, RunStarted):
        return event._replace(seal=Seal(event.subject, 1, "0" * 8, "", "0" * 32, "1" * 32).text)
    return None


@dataclass
class Came:
    """What a fold came to."""

    states: dict[str, str]
    emitted: set[str]
    refused: set[str]


def life(service: Service, projection: Projection[Any], dice: random.Random) -> Iterator[AnyEvent]:
    """Events that this fold wants, in any order, many for one document.

    What opens it comes first, as its writer has it: a ticket is opened before all else, and a run
    is escalated before a correction says that it healed.
    """
    read = {topic.name for topic in topics_read_by(service)} | {"desk.notifications"}
    kinds = [
        example
        for example in examples()
        if any(example.topic.startswith(topic) for topic in read)
        and any(True for _ in projection.keys(example))
    ]
    sequences: defaultdict[str, int] = defaultdict(int)
    opened = [kind for kind in kinds if isinstance(kind.data, TicketOpened | RunEscalated)]
    for number in range(EVENTS if kinds else 0):
        event = opened[number] if number < len(opened) else dice.choice(kinds)
        if event.sequence is not None:
            sequences[event.subject] += 1
            event = event._replace(sequence=sequences[event.subject])
        yield event._replace(id=f"{event.id}-{number}", time=event.time + timedelta(seconds=number))


def write_first(service: Service, name: str, at: datetime) -> Iterator[Stored[Any]]:
    """The documents of a fold that only a command opens."""
    if (service, name) == ("intake", "contacts"):
        contact = Contact(
            id="c-1", taken=Taken.ARTICLE, target="a-1", title="VPN", service="vpn", at=at
        )
        yield Stored("j.doe", state=PersonContacts(id="j.doe", contacts=(contact,)))


async def came_to(
    projection: Projection[Any],
    first: Sequence[Stored[Any]],
    events: Sequence[AnyEvent],
    dice: random.Random,
) -> Came:
    clock = FakeClock(max(item.time for item in events))
    measured = cast("MeasuredDocuments[Any]", projection.documents)
    documents = FakeDocuments(measured._documents._schema, clock)  # type: ignore[attr-defined]
    await documents.write(first)
    publisher, refused = FakePublisher(), set[str]()
    at_work: Projection[Any] = replace(projection, documents=documents)

    async def on_failed(failures: Sequence[tuple[Any, Exception]]) -> None:
        for task, error in failures:
            if not isinstance(error, DeskError):
                raise error
            refused.add(f"{task.cause.event.id} {error.kind}")

    for place, event in enumerate(events):
        unit_of_work: UnitOfWork[Any] = UnitOfWork(
            at_work, publisher, clock, METERS, cached=dice.choice((0, 9))
        )
        await unit_of_work.run(unit_of_work.work_items_of(received(event, place)), on_failed)
    states = {id: text or "" for id, (_, text) in documents._rows.items()}
    return Came(states, {item.id for item in publisher.events()}, refused)


NAMED = [(service, name) for service in SERVICES for name in projections(service)]


@pytest.mark.parametrize(("service", "name"), NAMED)
@pytest.mark.parametrize("seed", range(2))
async def test_repeats_at_any_distance_change_nothing(
    service: Service, name: str, seed: int
) -> None:
    dice = random.Random(f"{service} {name} {seed}")  # noqa: S311
    projection = projections(service)[name]
    events = list(life(service, projection, dice))
    assert events, "no example reaches this fold"
    first = list(write_first(service, name, min(item.time for item in events)))
    repeated = list(events)
    for _ in range(REPEATS):
        again_at = dice.randrange(len(events))
        place = dice.randint(repeated.index(events[again_at]) + 1, len(repeated))
        repeated.insert(place, events[again_at])
    once, again = (
        await came_to(projection, first, events, dice),
        await came_to(projection, first, repeated, dice),
    )
    assert once.states
    assert again.states == once.states
    assert again.emitted == once.emitted
    assert again.refused == once.refused
