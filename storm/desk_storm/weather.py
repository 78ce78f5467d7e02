"""Carries the planned faults out, each on its victim, several at once on different ones."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from desk_local import LocalServers
from desk_local.daemon import Daemon
from desk_local.processes import CannotStart, last_lines

from desk_storm import charter, disks
from desk_storm.books import Charter, Fault, Stuck
from desk_storm.faults import Kind, Planned
from desk_storm.replicas import Fleet, Replica
from desk_storm.store_files import StoreFiles

# Two cores start two processes in the time in which they would start one after the other.
_STARTS_AT_ONCE = 2
_PULSES, _PULSE_SECONDS = 20, 0.2
# A start may fall into other faults; on a busy machine it takes a minute then.
_READY_SECONDS = 180.0
_JOINS_SECONDS = 20.0


class Pausable(Protocol):
    """What can stand still for a while."""

    def pause(self) -> None: ...
    def resume(self) -> None: ...


@dataclass
class Weather:
    """The faults of a storm; `faults` is their book, `charters` that of the versions.

    `store_files` are those of an embedded store, which has no server.
    """

    fleet: Fleet
    servers: LocalServers
    folder: Path
    store_files: StoreFiles | None = None
    faults: list[Fault] = field(default_factory=list)
    charters: list[Charter] = field(default_factory=list)
    slowest: float = 0.0
    stuck: list[Stuck] = field(default_factory=list)
    _locks: dict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))
    _starting: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_STARTS_AT_ONCE))

    async def rage(self, planned: Sequence[Planned], seconds: float) -> None:
        """All of them, each at its time; returns when the last one is over and the time is."""
        began = asyncio.get_running_loop().time()
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.sleep(seconds))
            for item in planned:
                wait = began + item.after - asyncio.get_running_loop().time()
                await asyncio.sleep(max(0.0, wait))
                group.create_task(self._fall(item))

    async def _fall(self, planned: Planned) -> None:
        """One fault; a victim has one at a time."""
        async with self._locks[planned.victim]:
            at = datetime.now(UTC)
            number = len(self.faults)
            self.faults.append(Fault(at, None, planned.kind, planned.victim))
            await self._strike(planned)
            until = datetime.now(UTC)
            self.faults[number] = Fault(at, until, planned.kind, planned.victim)

    async def _strike(self, planned: Planned) -> None:
        match planned.kind:
            case Kind.KILL | Kind.TERMINATE:
                await self._restart(planned.victim, gently=planned.kind is Kind.TERMINATE)
            case Kind.JOIN:
                replica = self.fleet.replicas[planned.victim]
                await self._begin(replica)
                await asyncio.sleep(_JOINS_SECONDS)
                await self.fleet.end(replica, gently=True)
            case Kind.CHARTER:
                self.charters.append(charter.change(self.folder, len(self.charters)))
            case Kind.KILL_STORE | Kind.KILL_BROKER:
                await _again(self._daemon(planned.victim))
            case Kind.FULL_STORE | Kind.FULL_BROKER:
                await _filled(self._daemon(planned.victim), planned.lasts)
            case Kind.SLOW_STORE | Kind.SLOW_BROKER:
                for _ in range(_PULSES):
                    await _frozen(self._pausable(planned.victim), _PULSE_SECONDS)
                    await asyncio.sleep(_PULSE_SECONDS / 2)
            case _:
                await _frozen(self._pausable(planned.victim), planned.lasts)

    def _daemon(self, victim: str) -> Daemon:
        if victim == "store":
            return self.servers.store
        return self.servers.broker if victim == "broker" else self.fleet.replicas[victim]

    def _pausable(self, victim: str) -> Pausable:
        if victim == "store" and self.store_files is not None:
            return self.store_files
        return self._daemon(victim)

    async def _restart(self, victim: str, *, gently: bool) -> None:
        replica = self.fleet.replicas[victim]
        await self.fleet.end(replica, gently=gently)
        await self._begin(replica)

    async def _begin(self, replica: Replica) -> None:
        async with self._starting:
            began = asyncio.get_running_loop().time()
            await self.fleet.begin(replica)
            if not await asyncio.to_thread(_is_ready, replica):
                at, tail = datetime.now(UTC), last_lines(replica.log)
                self.stuck.append(Stuck(at, replica.service, replica.number, tail))
            self.slowest = max(self.slowest, asyncio.get_running_loop().time() - began)


def _is_ready(replica: Replica) -> bool:
    """In time; one that ends by itself meanwhile is in another book."""
    try:
        replica.wait_ready(_READY_SECONDS)
    except CannotStart:
        return not replica.alive
    return True


async def _again(victim: Daemon) -> None:
    """Kill it and start it; there is no storm without it, so `CannotStart` is the end."""
    await asyncio.to_thread(victim.kill)
    await asyncio.to_thread(victim.start, _READY_SECONDS)


async def _filled(victim: Daemon, seconds: float) -> None:
    """Its disk is full; then somebody makes room and starts it anew, as such servers need."""
    if victim.running is not None:
        with disks.full(victim.running.pid):
            await asyncio.sleep(seconds)
    await _again(victim)


async def _frozen(victim: Pausable, seconds: float) -> None:
    victim.pause()
    try:
        await asyncio.sleep(seconds)
    finally:
        victim.resume()
