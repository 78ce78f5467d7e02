"""The breaker of a service says when it opens, that one run tries, and when it closes."""

from datetime import timedelta

import pytest
from desk_automation.scopes.breaker import tell_breaker
from desk_automation.scopes.decide import admit, end
from desk_automation.scopes.model import Evidence, Limit, Scope, ScopeRequest
from desk_automation.scopes.worker import LostBreakers
from desk_charter.services import Service
from desk_contracts import AnyEvent
from desk_contracts.chain import seal_of
from desk_contracts.events.automation import Outcome
from desk_contracts.events.breakers import (
    ServiceBreakerClosed,
    ServiceBreakerHalfOpened,
    ServiceBreakerOpened,
    ServiceBreakerRemoved,
)

from tests.support.automation_engine import (
    START,
    Engine,
    cleared,
    measured,
    raised,
    runbook,
)
from tests.support.automation_restraints import FakeRestraints
from tests.support.spoken import codes

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
ILL, WELL = 4.0, 60.0
TYPES = (
    ServiceBreakerOpened,
    ServiceBreakerHalfOpened,
    ServiceBreakerClosed,
    ServiceBreakerRemoved,
)


BREAKER = {"breaker": {"consecutive": 2, "reopen_after": "30m"}}


def service(**healing: object) -> Service:
    entry = {"name": "erp", "title": "ERP", "owner": "business-apps", "criticality": 1}
    return Service.model_validate(entry | ({"healing": healing} if healing else {}))


def make_engine() -> Engine:
    services = (service(**BREAKER),)
    limits = {"per_target": {"cooldown": "1s", "per_day": 99}}
    breaker = {"consecutive": 99, "reopen_after": "30m"}
    books = (
        runbook(limits=limits, breaker=breaker),
        runbook(
            id="restart",
            when='data.signal == "service-slow"',
            limits=limits,
            breaker=breaker,
        ),
    )
    return Engine(books, restraints=FakeRestraints(services=services))


async def run_on(engine: Engine, target: str, value: float, signal: str = "disk-filling") -> None:
    """The trouble shows at the target, and after the act this is measured."""
    now = engine.clock.now()
    event = raised(target, service="erp", episode=f"{target}/{now}", at=now)
    data = event.data.model_copy(update={"signal": signal})
    await engine.hear(event._replace(data=data))
    await engine.settle(SECOND)
    for _ in range(6):
        await engine.settle(2 * SECOND)
        await engine.hear(measured(value, engine.clock.now(), target))
    await engine.settle(20 * MINUTE)


def published(engine: Engine) -> list[AnyEvent]:
    return list({e.id: e for e in engine.bus.events() if isinstance(e.data, TYPES)}.values())


def kinds(engine: Engine) -> list[str]:
    return [
        event.type.removeprefix("desk.service.breaker-").removesuffix(".v1")
        for event in published(engine)
    ]


async def open_breaker(engine: Engine) -> None:
    await run_on(engine, "erp-1", ILL)
    await run_on(engine, "erp-2", ILL, "service-slow")


async def test_it_says_which_runs_of_whichever_runbooks_opened_it_until_when_and_why() -> None:
    engine = make_engine()
    await run_on(engine, "erp-1", ILL)
    assert published(engine) == []
    await run_on(engine, "erp-2", ILL, "service-slow")
    [event] = published(engine)
    data, runs = event.data, [item.state for item in await engine.runs.find({}) if item.state]
    assert isinstance(data, ServiceBreakerOpened)
    by_target = {run.target: run for run in runs}
    first, second = by_target["erp-1"], by_target["erp-2"]
    assert (event.subject, data.service, data.team) == ("erp", "erp", "business-apps")
    assert (data.failures, data.runs) == (2, (first.id, second.id))
    assert (data.run, data.runbook) == (second.id, "restart")
    assert (data.stopped_at, data.until) == (event.time, event.time + 30 * MINUTE)
    assert codes(data.explanation) == ["stop.service-breaker", "run.did-not-help"]
    assert data.explanation[1] == second.reason


async def test_the_run_that_tries_is_told_and_what_it_ends_with() -> None:
    engine = make_engine()
    await open_breaker(engine)
    [opened] = published(engine)
    engine.clock.advance(HOUR)
    await run_on(engine, "erp-3", ILL)
    engine.clock.advance(HOUR)
    await run_on(engine, "erp-4", WELL)
    assert kinds(engine) == ["opened", "half-opened", "opened", "half-opened", "closed"]
    [_, tried, again, _, closed] = published(engine)
    assert {event.data.stopped_at for event in published(engine)} == {opened.time}  # type: ignore[attr-defined]
    assert again.data.until == again.time + 30 * MINUTE  # type: ignore[attr-defined]
    assert tried.data.run == again.data.run != closed.data.run  # type: ignore[attr-defined]
    assert again.data.failures == 3  # type: ignore[attr-defined]
    await run_on(engine, "erp-1", ILL)
    assert len(published(engine)) == 5
    await run_on(engine, "erp-2", ILL)
    assert kinds(engine)[5:] == ["opened"]
    assert len(published(engine)[5].data.runs) == 2  # type: ignore[attr-defined]


async def look(engine: Engine, *services: Service) -> None:
    """The charter has these services from now on."""
    engine.restraints.services = services
    await make_lost_breakers(engine).look()


def make_lost_breakers(engine: Engine) -> LostBreakers:
    restraints = engine.restraints
    stored = restraints.scopes.documents
    return LostBreakers(
        engine.collections.scopes, stored, lambda: restraints.services, engine.clock
    )


@pytest.mark.parametrize("healing", [{}, {"at_once": 3}], ids=["no limits", "other limits"])
async def test_one_that_the_charter_has_lost_while_it_was_open_is_told_once_and_gone(
    healing: dict[str, object],
) -> None:
    engine = make_engine()
    await open_breaker(engine)
    await look(engine, service(**healing))
    await look(engine, service(**healing))
    assert kinds(engine) == ["opened", "removed"]
    [opened, removed] = published(engine)
    assert isinstance(removed.data, ServiceBreakerRemoved)
    assert (removed.subject, removed.data.team) == ("erp", "business-apps")
    assert (removed.data.stopped_at, removed.data.failures) == (opened.time, 2)
    await run_on(engine, "erp-3", ILL)
    await look(engine, service(**BREAKER))
    await run_on(engine, "erp-4", WELL)
    assert kinds(engine) == ["opened", "removed"]


async def test_of_a_service_that_is_gone_nobody_answers_for_its_breaker() -> None:
    engine = make_engine()
    await open_breaker(engine)
    await look(engine)
    [_, removed] = published(engine)
    assert isinstance(removed.data, ServiceBreakerRemoved)
    assert (removed.subject, removed.data.team) == ("erp", "")


async def test_one_that_is_closed_or_still_declared_is_not_removed() -> None:
    engine = make_engine()
    await run_on(engine, "erp-1", ILL)
    await look(engine)
    assert published(engine) == []
    await look(engine, service(**BREAKER))
    await run_on(engine, "erp-2", ILL)
    await look(engine, service(breaker={"consecutive": 9, "reopen_after": "9m"}))
    assert kinds(engine) == ["opened"]


async def test_the_scopes_are_looked_through_when_services_have_changed_and_else_not() -> None:
    engine = make_engine()
    lost = make_lost_breakers(engine)
    await lost.look()
    await open_breaker(engine)
    await lost.look()
    assert kinds(engine) == ["opened"]
    engine.restraints.services = ()
    await lost.look()
    assert kinds(engine) == ["opened", "removed"]


async def test_what_does_not_come_to_act_leaves_it_half_open_for_the_next() -> None:
    engine = make_engine()
    await open_breaker(engine)
    engine.clock.advance(HOUR)
    lost = raised("erp-3", service="erp", at=engine.clock.now())
    await engine.hear(lost, cleared(lost))
    await engine.settle(MINUTE)
    assert kinds(engine) == ["opened"]
    await run_on(engine, "erp-4", WELL)
    assert kinds(engine) == ["opened", "half-opened", "closed"]


def test_a_run_let_in_before_it_opened_is_no_try_when_it_asks_again() -> None:
    limit = Limit("service", "erp", failures=1, reopen_after=HOUR)
    old = ScopeRequest("old", "", 1, START + HOUR)
    scope = admit(None, START, limit=limit, ask=old)
    assert scope is not None
    scope = admit(scope, START, limit=limit, ask=ScopeRequest("ill", "", 1, START + HOUR))
    scope = end(scope, START, limit=limit, run="ill", outcome=Outcome.NOT_HEALED)
    assert scope is not None
    later = ScopeRequest("old", "", 1, START + 2 * HOUR)
    after = admit(scope, START + MINUTE, limit=limit, ask=later)
    assert after is not None
    evidence = Evidence("old", "clean-disk")
    assert list(tell_breaker(scope, after, limit, evidence, START + MINUTE)) == []
    assert after.canary == ""


def test_of_many_failures_the_newest_fifty_runs_are_kept() -> None:
    limit, scope = Limit("service", "erp", failures=99, reopen_after=HOUR), Scope()
    for number in range(60):
        after = end(scope, START, limit=limit, run=str(number), outcome=Outcome.INCONCLUSIVE)
        assert after is not None
        scope = after
    assert scope.failures == 60
    assert scope.failed == tuple(str(number) for number in range(10, 60))


@pytest.mark.parametrize("side", ["before", "after"])
async def test_death_at_any_write_tells_each_change_once_and_seals_it(side: str) -> None:
    number, has_died = 1, True
    while has_died:
        engine = make_engine()
        await run_on(engine, "erp-1", ILL)
        setattr(engine.boundary, side, engine.boundary.changes + number)
        await run_on(engine, "erp-2", ILL)
        engine.clock.advance(HOUR)
        await run_on(engine, "erp-3", WELL)
        has_died = engine.crashes > 0
        assert kinds(engine) == ["opened", "half-opened", "closed"], f"death {side} {number}"
        number += 1
    assert number > 20
    seals = {seal_of(item) for item in engine.bus.messages if item.key == b"erp"}
    assert sorted((seal.chain, seal.number) for seal in seals if seal) == [
        ("scope/service/erp", number) for number in (1, 2, 3)
    ]
