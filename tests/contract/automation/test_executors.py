"""What every executor keeps to, the fake of the tests included."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest
from desk_automation.actions.answer import Answer, Result
from desk_automation.actions.executor import Executor, Fence
from desk_automation.actions.model import Action, Attempt, Call
from desk_automation.actions.redaction import redact
from desk_automation.adapters.executors.device import DeviceAction, Devices
from desk_automation.adapters.executors.http import HttpAction
from desk_automation.adapters.executors.http_hosts import Hosts
from desk_automation.adapters.executors.registry import EXECUTORS, Surroundings
from desk_automation.adapters.executors.wait import WaitAction, WaitExecutor
from desk_automation.devices.decide import record_answer
from desk_automation.devices.model import CommandRecord
from desk_automation.devices.store import COMMANDS
from desk_contracts import Codec
from desk_contracts.codec import Message
from desk_contracts.events.devices import CommandIssued
from desk_contracts.message import verbatim
from desk_platform.clock import SystemClock
from desk_platform.store import Stored
from desk_testing.fakes import FakeDocuments
from desk_testing.telemetry import record_telemetry

from tests.support.agent_device import DEVICE, SIGNER, Device, Folder
from tests.support.automation_engine import FakeTarget
from tests.support.spoken import english

METERS = record_telemetry().telemetry.meters
SECRET = "hunter2hunter2"  # noqa: S105 (made up)


class FarSide(Protocol):
    """A target of one executor, told what to do with the next call."""

    @property
    def executor(self) -> Executor: ...
    @property
    def action(self) -> Action: ...

    def take(self) -> None: ...
    def refuse(self) -> None: ...
    def fall_silent(self) -> None: ...
    def say(self, text: str) -> None: ...
    def effects(self) -> int: ...


@dataclass
class HttpSide:
    """A server that keeps idempotency keys, and breaks off where it is silent."""

    executor: Executor
    action: Action = field(default_factory=lambda: HttpAction(method="POST", url="http://x"))
    status: str = "200 OK"
    body: str = "ok"
    is_silent: bool = False
    keys: list[str] = field(default_factory=list)

    def take(self) -> None:
        self.status, self.is_silent = "200 OK", False

    def refuse(self) -> None:
        self.status = "404 Not Found"

    def fall_silent(self) -> None:
        self.is_silent = True

    def say(self, text: str) -> None:
        self.body = text

    def effects(self) -> int:
        return len(set(self.keys))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        [key] = [line for line in head.splitlines() if line.lower().startswith("idempotency-key")]
        if self.status.startswith("2"):
            self.keys.append(key)
        if self.is_silent:
            await reader.read()
        else:
            body = self.body.encode()
            text = f"HTTP/1.1 {self.status}\r\ncontent-length: {len(body)}\r\n\r\n"
            writer.write(text.encode() + body)
            await writer.drain()
        writer.close()


@dataclass
class FakeSide:
    """The far side of the engine's tests."""

    executor: FakeTarget
    action: Action = field(default_factory=lambda: HttpAction(method="POST", url="http://x"))

    def take(self) -> None:
        self.executor.script = [Answer(Result.OK, verbatim("200"), is_met=True)]

    def refuse(self) -> None:
        self.executor.script = [Answer(Result.REFUSED, verbatim("404"))]

    def fall_silent(self) -> None:
        self.executor.script = [Answer(Result.UNKNOWN, verbatim("no answer"))]

    def say(self, text: str) -> None:
        self.executor.script = [Answer(Result.OK, verbatim(redact(text)), is_met=True)]

    def effects(self) -> int:
        return self.executor.distinct_effects


@asynccontextmanager
async def http_side(_: Path) -> AsyncIterator[FarSide]:
    hosts = Hosts(("127.0.0.0/8:*",))
    side = HttpSide(EXECUTORS.kind("http").open(Surroundings(hosts, SystemClock(), METERS)))
    server = await asyncio.start_server(side.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    side.action = HttpAction(method="POST", url=f"http://127.0.0.1:{port}/clean")
    yield side
    await side.executor.close()
    server.close()


@dataclass
class DeviceSide:
    """The agent's own parts on a real folder, with what the bus does in between."""

    executor: Executor
    device: Device
    answers: FakeDocuments[CommandRecord]
    action: Action = field(
        default_factory=lambda: DeviceAction(
            device=DEVICE, action="restart-service", parameters={"name": "spooler"}
        )
    )
    is_silent: bool = False

    def take(self) -> None:
        self.is_silent = False

    def refuse(self) -> None:
        self.device.config.restart.clear()

    def fall_silent(self) -> None:
        self.is_silent = True

    def say(self, text: str) -> None:
        folder = self.device.folder
        folder.restart_with(f"echo start >> {folder.starts}; echo '{text}'")

    def effects(self) -> int:
        return self.device.folder.count_of_starts

    async def publish(self, messages: Sequence[Message]) -> None:
        for message in messages:
            event = Codec().decode(message.key, message.value, message.headers)
            assert isinstance(event.data, CommandIssued)
            answer = self.device.take_issued(event.data)
            if self.is_silent:
                continue
            stored = (await self.answers.load([answer.command])).get(answer.command)
            before = stored or Stored(answer.command)
            record = record_answer(before.state, event.subject, answer)
            await self.answers.write([replace(before, state=record)])


@asynccontextmanager
async def device_side(tmp_path: Path) -> AsyncIterator[FarSide]:
    answers, device = FakeDocuments(COMMANDS, SystemClock()), Device(Folder(tmp_path))
    device.times.wall = datetime.now(UTC)
    device.clock.anchor(device.times.wall)
    kind = EXECUTORS.kind("device")
    side = DeviceSide(WaitExecutor(), device, answers)
    devices = Devices(side, answers, SIGNER)
    side.executor = kind.open(Surroundings(Hosts(()), SystemClock(), METERS, devices))
    yield side
    await side.executor.close()


@asynccontextmanager
async def fake_side(_: Path) -> AsyncIterator[FarSide]:
    yield FakeSide(FakeTarget())


SIDES = {"http": http_side, "device": device_side, "fake": fake_side}


@pytest.fixture(params=sorted(SIDES))
async def far_side(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[FarSide]:
    async with SIDES[request.param](tmp_path) as side:
        yield side


async def is_open() -> bool:
    return True


async def is_closed() -> bool:
    return False


def attempt_of(action: Action, executor: str = "http", key: str = "key-1") -> Attempt:
    call = Call(
        executor=executor,
        action=action.model_dump(mode="json"),
        summary=action.summarize(),
        timeout=timedelta(seconds=0.3),
        attempts=3,
        base=timedelta(seconds=1),
        cap=timedelta(seconds=1),
    )
    return Attempt("act", "clean", call, key, 1)


async def test_what_is_taken_is_answered_once_with_yes(far_side: FarSide) -> None:
    far_side.take()
    answer = await far_side.executor.execute(attempt_of(far_side.action), "run", 1, is_open)
    assert (answer.result, answer.is_sent, far_side.effects()) == (Result.OK, True, 1)


async def test_a_refusal_is_none_that_may_have_had_an_effect(far_side: FarSide) -> None:
    far_side.refuse()
    answer = await far_side.executor.execute(attempt_of(far_side.action), "run", 1, is_open)
    assert (answer.result, far_side.effects()) == (Result.REFUSED, 0)


async def test_silence_after_sending_is_in_doubt_and_ends_with_the_timeout(
    far_side: FarSide,
) -> None:
    far_side.fall_silent()
    async with asyncio.timeout(5):
        answer = await far_side.executor.execute(attempt_of(far_side.action), "run", 1, is_open)
    assert (answer.result, answer.is_sent) == (Result.UNKNOWN, True)


async def test_a_second_try_under_the_same_key_has_one_effect(far_side: FarSide) -> None:
    attempt = attempt_of(far_side.action)
    far_side.take()
    await far_side.executor.execute(attempt, "run", 1, is_open)
    far_side.take()
    await far_side.executor.execute(replace(attempt, number=2), "run", 2, is_open)
    assert far_side.effects() == 1
    far_side.take()
    await far_side.executor.execute(replace(attempt, key="key-2"), "run", 3, is_open)
    assert far_side.effects() == 2


async def test_nothing_leaves_once_another_worker_has_the_run(far_side: FarSide) -> None:
    far_side.take()
    answer = await far_side.executor.execute(attempt_of(far_side.action), "run", 1, is_closed)
    assert (answer.result, answer.is_sent) == (Result.NOT_TAKEN, False)
    assert far_side.effects() == 0


async def test_secrets_of_an_answer_are_not_in_what_is_journalled(far_side: FarSide) -> None:
    far_side.take()
    far_side.say(f"done, token={SECRET}")
    answer = await far_side.executor.execute(attempt_of(far_side.action), "run", 1, is_open)
    assert SECRET not in english(answer.message)
    assert "***" in english(answer.message)


async def test_a_call_that_is_cancelled_ends_and_the_executor_goes_on(far_side: FarSide) -> None:
    far_side.fall_silent()
    call = attempt_of(far_side.action)
    task = asyncio.create_task(far_side.executor.execute(call, "run", 1, is_open))
    await asyncio.wait({task}, timeout=0.05)
    task.cancel()
    await asyncio.wait({task}, timeout=5)
    assert task.done()
    far_side.take()
    answer = await far_side.executor.execute(call, "run", 2, is_open)
    assert answer.result is Result.OK


async def test_calls_to_one_target_share_a_slot(far_side: FarSide) -> None:
    call = attempt_of(far_side.action).call
    other = attempt_of(HttpAction(method="POST", url="http://elsewhere:81/clean")).call
    assert far_side.executor.slot_of(call) == far_side.executor.slot_of(call)
    assert far_side.executor.slot_of(call) != far_side.executor.slot_of(other)


WAIT = WaitAction(pause=timedelta(seconds=5))


@pytest.mark.parametrize(("fence", "result"), [(is_open, Result.OK), (is_closed, Result.NOT_TAKEN)])
async def test_a_wait_is_over_when_it_is_asked_and_never_in_doubt(
    fence: Fence, result: Result
) -> None:
    executor = EXECUTORS.kind("wait").open(Surroundings(Hosts(()), SystemClock(), METERS))
    answer = await executor.execute(attempt_of(WAIT, "wait"), "run", 1, fence)
    assert (answer.result, executor.slot_of(attempt_of(WAIT, "wait").call)) == (result, None)
    await executor.close()


def test_every_kind_is_in_this_suite() -> None:
    assert set(EXECUTORS.kinds) == {"http", "device", "wait"}
