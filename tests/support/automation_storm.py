"""Replicas of automation that die again and again, and a book of what became of their runs."""

import asyncio
import random
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import httpx
from desk_contracts import AnyEvent, Event
from desk_contracts.events.automation import RunStarted, RunStepRecorded, StepStatus
from desk_contracts.events.signals import SignalRaised
from desk_testing import eventually

from tests.support.automation_desk import Automation, Bus, Target, measured
from tests.support.automation_kills import DYING, ends_of, fresh_trouble

# The worker's change of a document before or after which it dies, and the call that it dies at.
BOUNDARIES = (
    "call:before",
    "call:after",
    *(f"{place}:{number}" for place in ("before", "after") for number in range(1, 16)),
)
# A life that reaches none of them is ended so many seconds after its first answer, or earlier.
LONGEST_LIFE = 8.0
MOST_AT_WORK = 48
_STOPPED_FOR = (0.5, 6.0)  # shorter and longer than the lease


@dataclass
class Book:
    """How often what was done, what is asked of the desk, and how long a dead one's runs waited."""

    troubles: list[Event[SignalRaised]] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)
    """Of interrupted runs, since the first fault that met them."""
    recoveries: list[float] = field(default_factory=list)
    """The same since the last fault: nobody goes on while faults go on."""
    # By run: since when nothing was heard of it although it was in the middle of its step.
    _interrupted: dict[str, float] = field(default_factory=dict)
    _last_fault: float = 0.0
    _at_work: set[str] = field(default_factory=set)
    _read: set[str] = field(default_factory=set)

    @property
    def count(self) -> int:
        return self.faults.total()

    def note(self, fault: str) -> None:
        """Something failed now: each run at work may have been the dead one's."""
        self.faults[fault] += 1
        self._last_fault = time.monotonic()
        for run in self._at_work:
            self._interrupted.setdefault(run, time.monotonic())

    def hear(self, events: Mapping[str, AnyEvent]) -> None:
        """What automation said, in the order in which it came."""
        for id in [id for id in events if id not in self._read]:
            self._read.add(id)
            data = events[id].data
            run = getattr(data, "run", "")
            if (since := self._interrupted.pop(run, None)) is not None:
                self.waits.append(time.monotonic() - since)
                self.recoveries.append(time.monotonic() - self._last_fault)
            is_begun = isinstance(data, RunStepRecorded) and data.status is StepStatus.INTENT
            if isinstance(data, RunStarted) or is_begun:
                self._at_work.add(run)
            else:
                self._at_work.discard(run)


@dataclass
class Storm:
    """Two replicas, their target, the bus, and so many faults in an order by seed."""

    replicas: tuple[Automation, Automation]
    bus: Bus
    target: Target
    pick: random.Random
    faults: int
    book: Book = field(default_factory=Book)

    async def rage(self, outages: Mapping[str, Callable[[], Awaitable[None]]]) -> None:
        """Until there were so many faults; afterwards both replicas run."""
        lives = [self._live(replica) for replica in self.replicas]
        async with asyncio.TaskGroup() as group:
            for life in (*lives, self._feed(), self._break(outages)):
                group.create_task(life)
        for replica in self.replicas:
            replica.module = ""
            await replica.start()

    async def all_ended(self) -> bool:
        """Whether all that is open has come to its end, devices reporting all the time."""
        await self._report()
        return not self._open()

    def unsaid(self) -> list[str]:
        """Targets that were acted on although no end of the step was ever told."""
        finished = {
            event.subject
            for event in self.bus.seen.values()
            if isinstance(event.data, RunStepRecorded)
            and event.data.status is not StepStatus.INTENT
        }
        acted = {path.rpartition("/")[2] for path, _ in self.target.requests if "/actions/" in path}
        return sorted(acted - finished)

    def steps(self) -> Counter[str]:
        """How steps ended, each event once."""
        steps = [event.data for event in self.bus.seen.values()]
        return Counter(str(step.status) for step in steps if isinstance(step, RunStepRecorded))

    def _open(self) -> list[Event[SignalRaised]]:
        return [trouble for trouble in self.book.troubles if not ends_of(self.bus, trouble)]

    async def _feed(self) -> None:
        """It ends by itself: what is in the book has been published."""
        while self.book.count < self.faults:
            if len(self._open()) < MOST_AT_WORK:
                some = fresh_trouble(self.target, f"d{len(self.book.troubles)}")
                self.book.troubles += some
                await self.bus.publish(*some)
            await self._report()

    async def _report(self) -> None:
        """Each device says how it is; a disk that was cleaned is free."""
        await self.bus.publish(
            *(
                measured(trouble.subject, 40.0 if trouble.subject in self.target.repaired else 4.0)
                for trouble in self._open()
            )
        )
        await self.bus.read()
        self.book.hear(self.bus.seen)

    async def _live(self, replica: Automation) -> None:
        replica.module = DYING
        while self.book.count < self.faults:
            await asyncio.to_thread(replica.launch, DIE_AT=self.pick.choice(BOUNDARIES))
            process = replica.process
            assert process is not None
            await eventually(lambda: lives(replica), timeout=120, interval=0.1)
            # What it dies of comes sooner, unless there is too little to do.
            until = time.monotonic() + self.pick.uniform(LONGEST_LIFE / 3, LONGEST_LIFE)
            await eventually(
                lambda: process.poll() is not None or time.monotonic() > until,  # noqa: B023
                timeout=60,
            )
            if process.poll() is None and self.pick.random() < 0.3:
                process.send_signal(signal.SIGSTOP)
                self.book.note("stopped, and went on")
                await _pass(self.pick.uniform(*_STOPPED_FOR))
                process.send_signal(signal.SIGCONT)
                await _pass(self.pick.uniform(0.5, 2))
            at_boundary = process.poll() == -signal.SIGKILL
            await asyncio.to_thread(replica.kill)
            self.book.note("killed at a boundary" if at_boundary else "killed at a chance moment")

    async def _break(self, outages: Mapping[str, Callable[[], Awaitable[None]]]) -> None:
        while self.book.count < self.faults:
            await _pass(self.pick.uniform(10, 30))
            name = self.pick.choice(sorted(outages))
            self.book.note(name)
            await outages[name]()


async def lives(automation: Automation) -> bool:
    """It answers, or has died already."""
    assert automation.process is not None
    try:
        await automation.get("/health/live")
    except httpx.TransportError:
        return automation.process.poll() is not None
    return True


async def _pass(seconds: float) -> None:
    """The outage itself takes this long."""
    until = time.monotonic() + seconds
    await eventually(lambda: time.monotonic() > until, timeout=seconds + 60)
