"""What people wrote in old tickets goes by a rule of the charter, once, and nothing else does."""

from datetime import timedelta

from desk_charter import Charter
from desk_charter.retention import RetentionRule
from desk_contracts.events.erasures import ErasureRequested
from desk_contracts.events.tickets import Kind
from desk_contracts.redaction import Erasure
from desk_intake.erasures.worker import RetentionWorker
from desk_platform.erasure import Erasures
from desk_platform.health import Health
from desk_platform.settings import ServiceSettings
from desk_platform.settings.groups import Environment

from tests.support.charter_sections import obeying
from tests.support.intake_world import Desk, make_desk

RULES = (RetentionRule(name="two-months", kinds=(Kind.INCIDENT,), texts_days=60),)


def worker(desk: Desk) -> tuple[RetentionWorker, Erasures]:
    erasures = Erasures(ServiceSettings(environment=Environment.LOCAL), Health(desk.clock))
    deps = desk.erasures
    return RetentionWorker(deps.tickets, deps.requests, erasures), erasures


def requests(desk: Desk) -> list[ErasureRequested]:
    events = [event.data for event in desk.publisher.events()]
    return [data for data in events if isinstance(data, ErasureRequested)]


async def closed(desk: Desk, **more: object) -> str:
    ticket = await desk.ana.open("VPN", **more)
    await desk.ana.post(f"/tickets/{ticket}/resolve", resolution="x")
    await desk.ana.post(f"/tickets/{ticket}/close")
    return ticket


async def test_texts_of_closed_tickets_expire_once(charter: Charter) -> None:
    desk = make_desk(obeying(charter, retention=RULES))
    old = await closed(desk)
    await closed(desk, kind="question")
    await desk.ana.open("Still open")
    desk.clock.advance(timedelta(days=59))
    new = await closed(desk)
    retention, erasures = worker(desk)
    await retention.look()
    assert requests(desk) == []
    desk.clock.advance(timedelta(days=1, minutes=1))
    await retention.look()
    (request,) = requests(desk)
    assert request == ErasureRequested(tickets=(old,), by="desk", reason="two-months")
    await retention.look()
    assert len(requests(desk)) == 1
    # Once it is read from the topic.
    erasures.tickets |= Erasure("e", desk.clock.now(), tickets=frozenset({old})).tickets
    desk.clock.advance(timedelta(days=60))
    await retention.look()
    assert [item.tickets for item in requests(desk)] == [(old,), (new,)]
