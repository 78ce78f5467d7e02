"""A device's agent as the target of an executor: its own parts, with what the bus does between."""

import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from desk_automation.actions.executor import Executor
from desk_automation.actions.model import Action
from desk_automation.adapters.executors.device import DeviceAction, Devices
from desk_automation.adapters.executors.registry import EXECUTORS
from desk_automation.adapters.executors.wait import WaitExecutor
from desk_automation.devices.decide import record_answer
from desk_automation.devices.model import CommandRecord
from desk_automation.devices.store import COMMANDS
from desk_contracts import Codec
from desk_contracts.codec import Message
from desk_contracts.events.devices import CommandIssued
from desk_platform.clock import SystemClock
from desk_platform.store import Stored
from desk_testing.fakes import FakeDocuments

from tests.support.agent_device import DEVICE, SIGNER, Device, Folder
from tests.support.executor_sides import FarSide, surroundings


@dataclass
class DeviceSide:
    """The agent's own parts on a real folder."""

    executor: Executor
    device: Device
    answers: FakeDocuments[CommandRecord]
    timeout: float = 0.3
    is_silent: bool = False

    def action(self, key: str) -> Action:  # noqa: ARG002 (it is in the order)
        return DeviceAction(device=DEVICE, action="restart-service", parameters={"name": "spooler"})

    def action_elsewhere(self) -> Action:
        return DeviceAction(device="laptop-8", action="restart-service")

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
            record = record_answer(before.state, event.subject, answer, event.time)
            await self.answers.write([replace(before, state=record)])


@asynccontextmanager
async def device_side() -> AsyncIterator[FarSide]:
    with tempfile.TemporaryDirectory() as folder:
        answers, device = FakeDocuments(COMMANDS, SystemClock()), Device(Folder(Path(folder)))
        device.times.wall = datetime.now(UTC)
        device.clock.anchor(device.times.wall)
        side = DeviceSide(WaitExecutor(), device, answers)
        given = replace(surroundings(), devices=Devices(side, answers, SIGNER))
        side.executor = EXECUTORS.kind("device").open(given)
        yield side
        await side.executor.close()
