"""Whether a service has started, is alive and can do its work, as reasons people can read.

Startup: everything needed was there once. Live: the event loop turns and consumers make
progress; a restart helps. Ready: the dependencies answer; a restart would not help.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from fastapi import APIRouter
from starlette.responses import JSONResponse

from desk_platform.clock import Clock
from desk_platform.heartbeat import beat


class State(StrEnum):
    """How a component is; `degraded` still works."""

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


@dataclass(frozen=True, slots=True)
class Limits:
    """When silence means that something hangs."""

    # A loop that stands still for ten ticks misses heartbeats soon after.
    tick: timedelta = timedelta(seconds=10)
    # Well above a poll's own timeout, below Kafka's default max.poll.interval of 300 s.
    poll: timedelta = timedelta(seconds=90)
    # Lag without a single commit for this long: joined, assigned and stuck.
    commit: timedelta = timedelta(minutes=5)


@dataclass(slots=True)
class Progress:
    """Marks one consumer leaves once per batch, never per record."""

    name: str
    clock: Clock
    last_poll: datetime
    last_commit: datetime
    assigned: int = 0
    assigned_at: datetime | None = None
    lag: int = 0
    # Records of topics that were replaced: a restart would not help, so no watch counts them.
    halted: int = 0
    pause_reason: str | None = None

    def mark_poll(self) -> None:
        self.last_poll = self.clock.now()

    def mark_commit(self) -> None:
        self.last_commit = self.clock.now()

    def mark_assignment(self, partitions: int) -> None:
        """Each assignment starts the watches anew."""
        self.assigned = partitions
        self.last_poll = self.last_commit = self.assigned_at = self.clock.now()

    def mark_lag(self, records: int, *, halted: int = 0) -> None:
        """With no lag there is nothing to commit: the commit watch starts when lag appears."""
        if self.lag == 0 or records == 0:
            self.last_commit = self.clock.now()
        self.lag, self.halted = records, halted

    def pause(self, reason: str) -> None:
        """Paused on purpose (a dependency is away): a restart would not help."""
        self.pause_reason = reason

    def resume(self) -> None:
        self.pause_reason = None
        self.last_poll = self.last_commit = self.clock.now()

    def find_stall(self, limits: Limits) -> str | None:
        """Why this consumer hangs, or None."""
        if self.assigned == 0 or self.pause_reason is not None:
            return None
        now = self.clock.now()
        if now - self.last_poll > limits.poll:
            return f"{self.name} has not polled for {_seconds(now - self.last_poll)}"
        if self.lag > 0 and now - self.last_commit > limits.commit:
            silent = _seconds(now - self.last_commit)
            return f"{self.name} is {self.lag} records behind and committed nothing for {silent}"
        return None


@dataclass(slots=True)
class Health:
    """The register: components report here, probes are answered from here."""

    clock: Clock
    limits: Limits = Limits()
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
            self._consumers[name] = Progress(name, self.clock, last_poll=now, last_commit=now)
        return self._consumers[name]

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
            stall
            for consumer in self._consumers.values()
            if (stall := consumer.find_stall(self.limits))
        ]
        silent = self.clock.now() - self._last_tick if self._last_tick else timedelta(0)
        if silent > self.limits.tick:
            reasons.append(f"the event loop has not turned for {_seconds(silent)}")
        return Answer(not reasons, tuple(reasons))

    def answer_ready(self) -> Answer:
        """Every required component works and the service is not stopping."""
        reasons = [
            f"{component.name} is {component.state}: {component.reason}"
            for component in self._components.values()
            if component.is_required and component.state in (State.STARTING, State.DOWN)
        ]
        if self._is_draining:
            reasons.append("the service is stopping")
        return Answer(not reasons, tuple(reasons))


def health_router(health: Health) -> APIRouter:
    """`/health/{startup,live,ready}`: 200 or 503, with the reasons and every component."""
    router = APIRouter(include_in_schema=False)

    @router.get("/health/startup")
    async def answer_startup() -> JSONResponse:
        return _reply(health, health.answer_startup())

    @router.get("/health/live")
    async def answer_live() -> JSONResponse:
        return _reply(health, health.answer_live())

    @router.get("/health/ready")
    async def answer_ready() -> JSONResponse:
        return _reply(health, health.answer_ready())

    return router


def _reply(health: Health, answer: Answer) -> JSONResponse:
    body = {
        "status": "ok" if answer.is_ok else "not ok",
        "reasons": list(answer.reasons),
        "components": [_describe(component) for component in health.components()],
        "consumers": [_describe_progress(consumer) for consumer in health.consumers()],
    }
    headers = {"Cache-Control": "no-store"}
    return JSONResponse(body, status_code=200 if answer.is_ok else 503, headers=headers)


def _describe(component: Component) -> dict[str, object]:
    return {
        "name": component.name,
        "state": component.state.value,
        "reason": component.reason,
        "since": component.since.isoformat(),
        "required": component.is_required,
    }


def _describe_progress(progress: Progress) -> dict[str, object]:
    return {
        "name": progress.name,
        "partitions": progress.assigned,
        "lag": progress.lag + progress.halted,
        "halted": progress.halted,
        "last_poll": progress.last_poll.isoformat(),
        "last_commit": progress.last_commit.isoformat(),
        "paused": progress.pause_reason,
    }


def _seconds(span: timedelta) -> str:
    return f"{span.total_seconds():.0f} s"
