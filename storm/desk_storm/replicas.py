"""Every service several times, as processes; who ended by itself is written down."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from desk_contracts.topics import SERVICES
from desk_local.paths import Places
from desk_local.ports import HOST, free_ports
from desk_local.processes import last_lines
from desk_local.services import Around, ServiceProcess, command_of, index_variables, port_variable

from desk_storm.books import End

_READY_SECONDS = 90.0


class Replica(ServiceProcess):
    """One process of a service; its log has its number in the name."""

    def __init__(
        self, service: str, number: int, places: Places, port: int, around: Around
    ) -> None:
        super().__init__(service, places, port, around, attached=True)
        self.service = service
        self.number = number
        self.name = f"{service}-{number}"
        self.is_meant_to_run = False
        # Where intake takes mail by SMTP, if it does.
        self.mail_port: int | None = None

    @property
    def code(self) -> int | None:
        """The exit code of what ran last, or minus the signal that ended it."""
        return None if self.running is None else self.running.code

    def command(self) -> list[str]:
        return command_of(self.service)

    def env(self) -> Mapping[str, str]:
        mail = {} if self.mail_port is None else {"INTAKE_SMTP_PORT": str(self.mail_port)}
        return {
            **mail,
            f"{self.service.upper()}_HTTP_HOST": HOST,
            port_variable(self.service): str(self.port),
            **index_variables(self.service, self.places.folder / f"{self.name}.index"),
            **self.around.variables(),
        }


@dataclass
class Fleet:
    """All replicas; `ends` is the book of those that ended by themselves."""

    replicas: dict[str, Replica]
    ends: list[End] = field(default_factory=list)
    # So many are there from the beginning; the last of each service joins for some time only.
    count: int = 1
    _lost: set[str] = field(default_factory=set)

    @classmethod
    def made(cls, folder: Path, around: Around, count: int) -> "Fleet":
        """`count` replicas of each service on free ports, not started, and one more to join."""
        names = [(service, number) for number in range(1, count + 2) for service in SERVICES]
        ports = free_ports(len(names))
        made = (
            Replica(service, number, Places(folder), port, around)
            for (service, number), port in zip(names, ports, strict=True)
        )
        return cls({item.name: item for item in made}, count=count)

    def take_mail(self) -> list[int]:
        """Each replica of intake on a port of its own; those of the ones that are there always."""
        intakes = [item for item in self.replicas.values() if item.service == "intake"]
        for replica, port in zip(intakes, free_ports(len(intakes)), strict=True):
            replica.mail_port = port
        return [item.mail_port for item in self.of("intake") if item.mail_port is not None]

    @property
    def logs(self) -> list[Path]:
        """Every replica's own, over all its starts."""
        return [replica.log for replica in self.replicas.values()]

    def of(self, service: str) -> list[Replica]:
        """The replicas of one service that are there all the time."""
        return [item for item in self.lasting if item.service == service]

    @property
    def lasting(self) -> list[Replica]:
        """Those that are there all the time."""
        return [replica for replica in self.replicas.values() if replica.number <= self.count]

    async def start(self, stack: AsyncExitStack) -> None:
        """All of them, ready before this returns; the stack ends them."""
        stack.push_async_callback(self.stop)
        for item in self.lasting:
            await self.begin(item)
        for item in self.lasting:
            await asyncio.to_thread(item.wait_ready, _READY_SECONDS)

    async def begin(self, replica: Replica) -> None:
        """Start it without waiting."""
        await asyncio.to_thread(replica.launch)
        replica.is_meant_to_run = True

    async def end(self, replica: Replica, *, gently: bool) -> None:
        """SIGTERM and its time to stop, or SIGKILL."""
        self.look()
        # Whoever ends it on purpose also begins it again.
        self._lost.discard(replica.name)
        replica.is_meant_to_run = False
        await asyncio.to_thread(replica.stop if gently else replica.kill)

    async def stop(self) -> None:
        """SIGKILL for all; the books are closed before."""
        await asyncio.gather(
            *(self.end(replica, gently=False) for replica in self.replicas.values())
        )

    def look(self) -> None:
        """Write down who is gone though nobody ended it."""
        for replica in self.replicas.values():
            if replica.is_meant_to_run and not replica.alive:
                replica.is_meant_to_run = False
                self._lost.add(replica.name)
                at, tail = datetime.now(UTC), last_lines(replica.log)
                self.ends.append(End(at, replica.service, replica.number, replica.code, tail))

    async def revive(self) -> None:
        """Once a second: who ended by itself is written down and started again, as an orchestrator
        would, so that the storm goes on."""
        while True:
            await self.bring_back()
            await asyncio.sleep(1)

    async def bring_back(self) -> None:
        """Start who ended by itself, once; who was ended on purpose is left to who did it."""
        self.look()
        while self._lost:
            await self.begin(self.replicas[self._lost.pop()])
