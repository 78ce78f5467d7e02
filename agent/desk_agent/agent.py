"""The agent as one process: measures on a clock, obeys what it reads, acts by itself when cut off.

Whatever touches the device runs in one thread after another, so that no two acts meet.
"""

import asyncio
import fcntl
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import psutil
from desk_contracts import AnyEvent
from desk_contracts.errors import Invalid
from desk_contracts.events.devices import AgentConnected, CommandIssued, PolicyIssued

from desk_agent import VERSION
from desk_agent.actions.programs import Programs
from desk_agent.actions.registry import open_actions
from desk_agent.autonomy import Autonomy
from desk_agent.clock import DeviceClock
from desk_agent.config import AgentConfig
from desk_agent.database import Database
from desk_agent.link import LINK_FAILURES, Link, repeat
from desk_agent.orders import Orders
from desk_agent.sensors import Reading, Sensors
from desk_agent.spool import Spool

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
_SETTLED_EVERY = timedelta(seconds=1)


class Agent:
    """Everything that the agent's file asks for."""

    def __init__(
        self, config: AgentConfig, boot_time: Callable[[], float] = psutil.boot_time
    ) -> None:
        """Raises `Invalid` where another agent works on the same state."""
        self._config, signer = config, config.read_signer()
        config.state.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._alone = hold_alone(config.state / "agent.lock")
        self._database = Database(config.state / "agent.db")
        floor = self._database.read_meta("floor")
        self._clock = DeviceClock(None if floor is None else datetime.fromisoformat(floor))
        most = config.spool.most_measurements
        self._spool = Spool(self._database, config.device, config.source, most, signer)
        self._sensors = Sensors(config, self._database, boot_time)
        programs = Programs(config.state / "children.lock")
        self._actions = open_actions(config, programs, self._clock)
        measure = self._sensors.read
        self._orders = Orders(
            device=config.device,
            pinned=config.pinned,
            database=self._database,
            spool=self._spool,
            clock=self._clock,
            actions=self._actions,
            programs=programs,
            measure=measure,
        )
        self._autonomy = Autonomy(
            device=config.device,
            pinned=config.pinned,
            database=self._database,
            spool=self._spool,
            clock=self._clock,
            orders=self._orders,
            measure=measure,
        )
        self._link = Link(
            config, self._database, self._spool, self._clock, self._describe, self._obey
        )
        self._device = asyncio.Lock()

    async def run(self) -> None:
        """Until it is cancelled; an act under way ends first. It begins with what was left open."""
        await self._settle()
        self._orders.journal.prune(self._clock.now())
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(repeat(self._look, self._config.telemetry.every))
            tasks.create_task(repeat(self._settle, _SETTLED_EVERY))
            tasks.create_task(self._connect_always())

    async def _look(self) -> None:
        async with self._device:
            await asyncio.to_thread(self._measure)
        self._link.has_events.set()

    def _measure(self) -> None:
        readings, now = self._sensors.measure(), self._clock.now()
        offset = self._clock.offset
        if offset is not None:
            readings.append(Reading("clock.offset.seconds", offset.total_seconds(), "s"))
            self._database.write_meta("floor", now.isoformat())
        with self._database.write():
            for reading in readings:
                self._spool.add(self._sensors.describe(reading), now)
            for incident in self._sensors.report_incidents():
                self._spool.add(incident, now)
        values = {reading.name: reading.value for reading in readings}
        silence = self._clock.elapsed() - self._link.heard_at
        # Between two reports the desk says nothing: it is away once one of them was not taken.
        is_away = silence >= 2 * self._config.telemetry.every
        self._autonomy.consider(values, silence if is_away else None)

    async def _settle(self) -> None:
        async with self._device:
            await asyncio.to_thread(self._orders.settle)
            await asyncio.to_thread(self._autonomy.report)
        self._link.has_events.set()

    async def _obey(self, event: AnyEvent) -> None:
        async with self._device:
            if isinstance(event.data, CommandIssued):
                await asyncio.to_thread(self._orders.take, event.data)
            elif isinstance(event.data, PolicyIssued):
                await asyncio.to_thread(self._autonomy.keep, event.data)
        self._link.has_events.set()

    async def _connect_always(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            began = self._clock.elapsed()
            try:
                await self._link.run_once()
            except* LINK_FAILURES as error:
                print(f"the desk is out of reach: {describe_failure(error)}", flush=True)  # noqa: T201
            if self._clock.elapsed() - began > timedelta(seconds=_LONGEST_PAUSE):
                pause = _FIRST_PAUSE
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _describe(self) -> AgentConnected:
        return AgentConnected(
            agent_version=VERSION,
            journal=self._database.journal,
            policies={id: str(version) for id, version in self._autonomy.versions.items()},
            actions={name: action.targets for name, action in self._actions.items()},
        )


def hold_alone(file: Path) -> int:
    """The right to be the only agent on this state, until the process ends."""
    lock = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        text = f"another agent works on {file.parent}; stop it, or give this one a state of its own"
        raise Invalid(text, code="not-alone") from error
    return lock


def describe_failure(error: BaseException) -> str:
    """The first of what went wrong, for the log."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__} {error}".strip()[:300]
