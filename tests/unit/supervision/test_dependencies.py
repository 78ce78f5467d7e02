"""Dependencies are asked on a clock; a question without an answer is asked once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from desk_contracts.errors import DependencyDown
from desk_platform import dependencies
from desk_platform.clock import SystemClock
from desk_platform.dependencies import DependencyWatch
from desk_platform.health import Dependency, Health
from desk_platform.tasks import cancel_tasks
from desk_testing import eventually
from structlog.testing import capture_logs


class Server:
    """Answers, refuses, or stands still until it is let go."""

    def __init__(self) -> None:
        self.questions = 0
        self.error: Exception | None = None
        self.goes_on = asyncio.Event()
        self.goes_on.set()

    async def ping(self) -> None:
        self.questions += 1
        await self.goes_on.wait()
        if self.error is not None:
            raise self.error


@asynccontextmanager
async def watched(server: Server) -> AsyncIterator[Dependency]:
    clock = SystemClock()
    dependency = Health(clock).dependency("store")
    watch = asyncio.create_task(DependencyWatch(dependency, server.ping, clock).run())
    try:
        yield dependency
    finally:
        await cancel_tasks(watch)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dependencies, "ASKED_EVERY", timedelta(milliseconds=5))
    monkeypatch.setattr(dependencies, "ANSWERED_WITHIN", timedelta(milliseconds=50))


async def test_an_absence_is_told_once_with_its_reason_and_so_is_its_end() -> None:
    server = Server()
    with capture_logs() as lines:
        async with watched(server) as dependency:
            await eventually(lambda: dependency.is_up)
            server.error = DependencyDown("the store does not answer: refused")
            before = server.questions
            await eventually(lambda: server.questions > before + 5)
            assert dependency.reason == "the store does not answer: refused"
            server.error = None
            await eventually(lambda: dependency.is_up)
    names = [line["event"] for line in lines]
    assert names == ["dependency_answers", "dependency_away", "dependency_answers"]


async def test_a_bug_of_the_question_is_no_answer() -> None:
    server = Server()
    server.error = ZeroDivisionError("nobody thought of this")
    async with watched(server) as dependency:
        await eventually(lambda: "ZeroDivisionError" in dependency.reason)
        assert not dependency.is_up


async def test_a_server_that_stands_still_is_asked_once_and_heard_when_it_goes_on() -> None:
    server = Server()
    async with watched(server) as dependency:
        await eventually(lambda: dependency.is_up)
        server.goes_on.clear()
        await eventually(lambda: not dependency.is_up)
        assert dependency.reason.startswith("no answer for ")
        before = server.questions
        first = dependency.last_asked
        await eventually(lambda: dependency.last_asked != first)
        assert server.questions == before
        server.goes_on.set()
        await eventually(lambda: dependency.is_up)
    assert server.goes_on.is_set()


class NotingClock(SystemClock):
    """Waits for nothing and notes for how long it was to."""

    def __init__(self) -> None:
        self.pauses: list[timedelta] = []

    async def sleep(self, pause: timedelta) -> None:
        self.pauses.append(pause)
        await asyncio.sleep(0)


async def test_until_its_first_answer_a_server_is_asked_again_soon() -> None:
    server, clock = Server(), NotingClock()
    server.error = DependencyDown("no broker is known yet")
    dependency = Health(clock).dependency("kafka")
    watch = asyncio.create_task(DependencyWatch(dependency, server.ping, clock).run())
    await eventually(lambda: len(clock.pauses) >= 3)
    assert clock.pauses[:3] == [timedelta(seconds=seconds) for seconds in (0.1, 0.2, 0.4)]
    server.error = None
    await eventually(lambda: dependency.is_up)
    server.error = DependencyDown("gone again")
    before = len(clock.pauses)
    await eventually(lambda: len(clock.pauses) >= before + 5)
    assert set(clock.pauses[before:]) == {dependencies.ASKED_EVERY}
    await cancel_tasks(watch)
