"""Measures the device. What cannot be measured is not there, and never zero."""

import stat
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

import psutil
from desk_contracts import Payload
from desk_contracts.events.telemetry import Measured, Observed
from desk_contracts.value_types import SubjectKind

from desk_agent.config import AgentConfig
from desk_agent.database import Database

# One refused sign-in in Linux' btmp: struct utmp of glibc on all its architectures with 64 bits.
_UTMP_BYTES = 384
_MOST_CRASHES = 20
# By it runbooks know which devices take signed orders.
AGENT = "desk-agent"


@dataclass(frozen=True, slots=True)
class Reading:
    """One number of now."""

    name: str
    value: float
    unit: str


class Sensors:
    """All that the agent's file asks for and the system has."""

    def __init__(
        self,
        config: AgentConfig,
        database: Database,
        boot_time: Callable[[], float] = psutil.boot_time,
    ) -> None:
        self._config, self._plan, self._database = config, config.telemetry, database
        self._boot_time = boot_time

    def read(self, name: str) -> float | None:
        """One measurement of now; None if there is none of that name."""
        return next((reading.value for reading in self._readings() if reading.name == name), None)

    def measure(self) -> list[Reading]:
        """Every number that can be had."""
        return list(self._readings())

    def describe(self, reading: Reading) -> Measured:
        """The number as the desk's event."""
        return Measured(
            subject_kind=SubjectKind.DEVICE,
            name=reading.name,
            value=reading.value,
            unit=reading.unit,
            service=self._config.service,
            person=self._config.person,
            site=self._config.site,
            attributes={"agent": AGENT},
        )

    def report_incidents(self) -> list[Payload]:
        """What happened since this was asked last; the first time nothing did."""
        return [*self._crashes(), *self._sign_in_failures()]

    def _readings(self) -> Iterator[Reading]:
        free = self._free_percent()
        if free is not None:
            yield Reading("disk.free.percent", free, "%")
        memory = psutil.virtual_memory()
        yield Reading("memory.available.percent", 100 * memory.available / memory.total, "%")
        battery = psutil.sensors_battery()
        if battery is not None:
            yield Reading("battery.percent", battery.percent, "%")
        yield Reading("uptime.seconds", max(0.0, time.time() - self._boot_time()), "s")

    def _free_percent(self) -> float | None:
        disk, quota, used = self._plan.disk, self._plan.quota_bytes, 0
        try:
            if not quota:
                return 100 - psutil.disk_usage(str(disk)).percent
            for path in disk.rglob("*"):
                with suppress(FileNotFoundError):  # gone meanwhile
                    entry = path.lstat()
                    used += entry.st_size if stat.S_ISREG(entry.st_mode) else 0
        except OSError:
            return None
        return max(0.0, 100 * (1 - used / quota))

    def _crashes(self) -> Iterator[Observed]:
        folder = self._plan.crashes
        if folder is None:
            return
        try:
            files = {path.name: path.stat().st_mtime for path in folder.iterdir()}
        except OSError:
            return
        newest = max(files.values(), default=0.0)
        since = self._since("crashes", newest)
        fresh = sorted(name for name, at in files.items() if at > since)
        for name in fresh[:_MOST_CRASHES]:
            yield Observed(
                subject_kind=SubjectKind.DEVICE,
                name="crash",
                text=name[:300],
                service=self._config.service,
                person=self._config.person,
                site=self._config.site,
                attributes={"crashes": str(len(fresh))},
            )

    def _sign_in_failures(self) -> Iterator[Measured]:
        file = self._plan.sign_ins
        if file is None:
            return
        try:
            size = float(file.stat().st_size)
        except OSError:
            return
        before = self._since("sign_ins", size)
        # A log that is shorter was begun anew.
        count = (size - before if size >= before else size) // _UTMP_BYTES
        yield self.describe(Reading("sign-in.failures", count, "1"))

    def _since(self, name: str, now: float) -> float:
        """What was seen last, and from now on this."""
        before = self._database.read_meta(name)
        self._database.write_meta(name, repr(now))
        return now if before is None else float(before)
