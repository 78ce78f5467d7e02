"""The agent as a process on a real broker, with the test in the desk's place."""

import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from desk_contracts import AnyEvent, Codec, Event, Payload, names
from desk_contracts.device_orders import DeviceCommand
from desk_contracts.events.devices import CommandAnswered
from desk_contracts.ids import new_id
from desk_testing.eventually import eventually

from tests.support.agent_device import DEVICE, Folder, issue, order

P = TypeVar("P", bound=Payload)


@dataclass
class AgentProcess:
    """Several lives of one agent on the same folder."""

    folder: Folder
    config: Path
    module: str = "desk_agent"
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        with (self.folder.root / "agent.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", self.module, "--config", str(self.config)],
                stdout=log,
                stderr=log,
            )

    def kill(self) -> None:
        self.end(signal.SIGKILL)

    def stop(self) -> None:
        self.end(signal.SIGTERM)

    def end(self, number: int) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(30)

    @property
    def is_dead(self) -> bool:
        return self.process is not None and self.process.poll() is not None


@dataclass
class DeskSide:
    """Gives orders, and reads all that the device sends."""

    producer: AIOKafkaProducer
    consumer: AIOKafkaConsumer
    prefix: str
    seen: dict[str, AnyEvent] = field(default_factory=dict)
    copies: Counter[str] = field(default_factory=Counter)

    async def send(self, data: Payload, device: str = DEVICE) -> None:
        event = Event(
            id=new_id(),
            source="/desk/automation",
            subject=device,
            time=datetime.now(UTC),
            data=data,
        )
        message = Codec().encode(event)
        await self.producer.send_and_wait(
            self.prefix + names.ACTIONS,
            key=message.key,
            value=message.value,
            headers=list(message.headers),
        )

    async def give(self, action: str = "restart-service", **more: str) -> DeviceCommand:
        parameters = more or {"name": "spooler"}
        command = order(action, at=datetime.now(UTC), run=new_id())
        command = command.model_copy(update={"parameters": parameters})
        await self.send(issue(command))
        return command

    async def repeat(self, command: DeviceCommand, token: int) -> None:
        """As automation sends it again after it heard nothing."""
        now = datetime.now(UTC)
        life = command.expires - command.issued_at
        changes = {"token": token, "issued_at": now, "expires": now + life}
        await self.send(issue(command.model_copy(update=changes)))

    async def read(self) -> None:
        for records in (await self.consumer.getmany(timeout_ms=100)).values():
            for record in records:
                event = Codec().decode(record.key, record.value, record.headers)
                self.seen.setdefault(event.id, event)
                self.copies[event.id] += 1

    async def events(self, kind: type[P]) -> list[P]:
        await self.read()
        return [event.data for event in self.seen.values() if isinstance(event.data, kind)]

    async def answer_to(self, command: DeviceCommand, token: int = 1) -> CommandAnswered:
        """The first answer to that sending."""

        async def find() -> CommandAnswered:
            answers = await self.events(CommandAnswered)
            fitting = [a for a in answers if (a.command, a.token) == (command.key, token)]
            return fitting[0]

        return await eventually(find)
