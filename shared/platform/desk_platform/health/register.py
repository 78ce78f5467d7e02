"""Whether a service has started, is alive and can do its work, as reasons people can read.

Startup: everything needed was there once. Live: the event loop turns and consumers make
progress; a restart helps. Ready: the dependencies answer; a restart would not help.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from desk_platform.clock import Clock
from desk_platform.health.progress import DEFAULT_LIMITS, Limits, Progress, in_seconds
from desk_platform.heartbeat import beat
from desk_platform.organisation import OrganisationStatus


class State(StrEnum):
    """How a component is; `degraded` still works, of one that is `unknown` nobody tried it yet."""

    UNKNOWN = "unknown"
    STARTING = "starting"
    READY = "ready"
    DEGRADED = "degraded"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Component:
    """One thing the service needs (or likes to have), as last reported."""

    name: str
    state: State
    reason: str
    since: datetime
    is_required: bool = True
    has_started: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a probe."""

    is_ok: bool
    reasons: tuple[str, ...]


@dataclass(slots=True)
class Dependency:
    """Something the service cannot work without, as it answered when it was asked last."""

    name: str
    clock: Clock
    since: datetime
    answers_count_for: timedelta
    reason: str = "not asked yet"
    last_ok: datetime | None = None
    last_asked: datetime | None = None

    def answer(self) -> None:
        """It answered just now."""
        now = self.clock.now()
        self.since = now if self.reason else self.since
        self.reason, self.last_ok, self.last_asked = "", now, now

    def fail(self, reason: str) -> None:
        """It did not; `since` is when it was heard last, or asked first."""
        self.last_asked = self.clock.now()
        if not self.reason and self.last_ok is not None:
            self.since = self.last_ok
        self.reason = reason

    @property
    def is_up(self) -> bool:
        return self.find_absence() is None

    def find_absence(self) -> str | None:
        """Why it is taken for away, or None. An answer of long ago says nothing."""
        now = self.clock.now()
        heard = "never heard"
        if self.last_ok is not None:
            heard = f"heard {in_seconds(now - self.last_ok)} ago"
        if self.reason:
            return f"{self.name} does not answer: {self.reason} ({heard})"
        if self.last_asked is None or now - self.last_asked > self.answers_count_for:
            return f"{self.name} was not asked lately ({heard})"
        return None


@dataclass(slots=True)
class Health:
    """The register: components report here, probes are answered from here."""

    clock: Clock
    # Which charter is in force, and whether a newer one was refused; None where none is obeyed.
    organisation: Callable[[], OrganisationStatus | None] = lambda: None
    limits: Limits = DEFAULT_LIMITS
    _dependencies: dict[str, Dependency] = field(default_factory=dict)
    _components: dict[str, Component] = field(default_factory=dict)
    _consumers: dict[str, Progress] = field(default_factory=dict)
    _last_tick: datetime | None = None
    _is_draining: bool = False

    def expect(self, name: str, *, required: bool = True, unless_known: bool = False) -> None:
        """Announces a component before it starts; one that is not required never fails a probe."""
        if unless_known and name in self._components:
            return
        now = self.clock.now()
        self._components[name] = Component(name, State.STARTING, "not started yet", now, required)

    def mark(self, name: str, state: State, reason: str = "") -> None:
        """Reports how a component is; `since` moves only when the state changes."""
        if name not in self._components:
            self.expect(name)
        before = self._components[name]
        self._components[name] = Component(
            name=name,
            state=state,
            reason=reason,
            since=before.since if before.state is state else self.clock.now(),
            is_required=before.is_required,
            has_started=before.has_started or state in (State.READY, State.DEGRADED),
        )

    def consumer(self, name: str) -> Progress:
        """The progress marks of one consumer, made at the first call."""
        if name not in self._consumers:
            now = self.clock.now()
            self._consumers[name] = Progress(name, self.clock, now, now, limits=self.limits)
        return self._consumers[name]

    def dependency(self, name: str) -> Dependency:
        """The answers of one dependency, made at the first call; not up before its first answer."""
        if name not in self._dependencies:
            now = self.clock.now()
            self._dependencies[name] = Dependency(name, self.clock, now, self.limits.answer)
        return self._dependencies[name]

    def drain(self) -> None:
        """The service is stopping: not ready from now on, still alive."""
        self._is_draining = True

    def tick(self) -> None:
        """The event loop turned."""
        self._last_tick = self.clock.now()

    async def watch_loop(self, pause: timedelta = timedelta(seconds=1)) -> None:
        """Ticks until cancelled; run it as a task of the service."""
        while True:
            self.tick()
            beat()
            await self.clock.sleep(pause)

    def dependencies(self) -> tuple[Dependency, ...]:
        return tuple(self._dependencies.values())

    def components(self) -> tuple[Component, ...]:
        return tuple(self._components.values())

    def consumers(self) -> tuple[Progress, ...]:
        return tuple(self._consumers.values())

    def answer_startup(self) -> Answer:
        """All required components were ready at least once."""
        waiting = [
            f"{component.name} is {component.state}: {component.reason}"
            for component in self._components.values()
            if component.is_required and not component.has_started
        ]
        return Answer(not waiting, tuple(waiting))

    def answer_live(self) -> Answer:
        """The loop turns and no consumer hangs."""
        reasons = [
            stall for consumer in self._consumers.values() if (stall := consumer.find_stall())
        ]
        silent = self.clock.now() - self._last_tick if self._last_tick else timedelta(0)
        if silent > self.limits.tick:
            reasons.append(f"the event loop has not turned for {in_seconds(silent)}")
        return Answer(not reasons, tuple(reasons))

    def answer_ready(self) -> Answer:
        """All dependencies answer, every required component works, and we are not stopping."""
        reasons = [
            absence
            for dependency in self._dependencies.values()
            if (absence := dependency.find_absence())
        ]
        reasons += [
            f"{component.name} is {component.state}: {component.reason}"
            for component in self._components.values()
            if component.is_required and component.state in (State.STARTING, State.DOWN)
        ]
        reasons += [
            trouble for consumer in self._consumers.values() if (trouble := consumer.find_trouble())
        ]
        if self._is_draining:
            reasons.append("the service is stopping")
        return Answer(not reasons, tuple(reasons))
