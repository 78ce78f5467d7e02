"""The one supervisor: runs loops, and begins again with each that fails, however often.

No loop ends a service. What is away comes back, and a bug in one loop leaves the others at work;
health, a counter and the log show both.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta

from desk_contracts.errors import DeskError, Transient, describe_error

from desk_platform.clock import Clock
from desk_platform.health import Health, State
from desk_platform.heartbeat import on_beat
from desk_platform.kafka.retry import attempt_async, backoff
from desk_platform.tasks import cancel_tasks
from desk_platform.telemetry import Meters, get_logger, names

log = get_logger()

Loop = Callable[[], Coroutine[None, None, None]]

LONGEST_PAUSE = timedelta(seconds=30)


def loop_component(name: str) -> str:
    """What a loop is called in health."""
    return f"loop {name}"


class EndedByItself(Exception):
    """A loop came to its end although nobody stopped it."""


class Supervisor:
    """Keeps loops running until they are cancelled."""

    def __init__(self, clock: Clock, health: Health, meters: Meters) -> None:
        self._clock, self._health, self._meters = clock, health, meters

    async def keep(self, name: str, loop: Loop) -> None:
        """Run it for ever."""
        failures, component = 0, loop_component(name)

        def tell() -> None:
            nonlocal failures
            if failures:
                log.info("loop_goes_on", loop=name, failures=failures)
                self._health.mark(component, State.READY)
            failures = 0

        self._health.expect(component, unless_known=True)
        self._health.mark(component, State.READY)
        self._meters.loop_failures.add(0, {names.LOOP: name})
        on_beat.set(tell)
        while True:
            error = await attempt_async(loop()) or EndedByItself("it ended without a reason")
            failures += 1
            self._report(name, component, error, failures)
            longest = LONGEST_PAUSE.total_seconds()
            transient = isinstance(error, Transient)
            await self._clock.sleep(backoff(failures, longest=5.0 if transient else longest))

    @asynccontextmanager
    async def keep_all(self, loops: Mapping[str, Loop]) -> AsyncIterator[None]:
        """These run until the end of the `async with`, where they are ended where they stand."""
        tasks = [
            asyncio.create_task(self.keep(name, loop), name=name) for name, loop in loops.items()
        ]
        for task in tasks:
            task.add_done_callback(self._tell_of_the_end)
        try:
            yield
        finally:
            await cancel_tasks(*tasks)

    def _tell_of_the_end(self, task: "asyncio.Task[None]") -> None:
        """Only a bug of the supervisor's own ends what it keeps before it is stopped."""
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("loop_ended", loop=task.get_name(), exc_info=error)
            component = loop_component(task.get_name())
            self._health.mark(component, State.DOWN, f"it ended: {error!r}")

    def _report(self, name: str, component: str, error: Exception, failures: int) -> None:
        """What is away makes us not ready; despite a bug in one loop the rest is worth having."""
        is_away = isinstance(error, Transient | OSError)
        kind = error.kind if isinstance(error, DeskError) else type(error).__name__
        self._meters.loop_failures.add(1, {names.LOOP: name, names.REASON: kind})
        reason = describe_error(error)
        state = State.DOWN if isinstance(error, Transient) else State.DEGRADED
        self._health.mark(component, state, f"{reason} (failed {failures} times, tried again)")
        if is_away:
            if failures == 1:
                log.warning("loop_waits", loop=name, reason=reason)
        else:
            log.error("loop_failed", loop=name, failures=failures, exc_info=error)
