"""Asks what a service depends on whether it answers, on a clock, with or without traffic."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from desk_contracts.errors import describe_error
from desk_kernel import Backoff

from desk_platform.clock import Clock
from desk_platform.health import Dependency
from desk_platform.health.progress import in_seconds
from desk_platform.heartbeat import beat
from desk_platform.kafka.retry import attempt_async
from desk_platform.tasks import cancel_tasks
from desk_platform.telemetry import get_logger

log = get_logger()

# Together 5.5 s at the most until an absence is known, and seldom enough for an idle service.
ASKED_EVERY = timedelta(seconds=2.5)
ANSWERED_WITHIN = timedelta(seconds=3)
# A service that starts is asked about before its clients know anybody; it is ready when they do.
UNTIL_FIRST_ANSWER = Backoff(timedelta(milliseconds=100), ASKED_EVERY)

Ask = Callable[[], Awaitable[object]]


class DependencyWatch:
    """One dependency. What is not answered is waited for and not asked again beside it.

    So a server that stands still gets one question, and the answer to it ends the absence at once.
    """

    def __init__(self, dependency: Dependency, ask: Ask, clock: Clock) -> None:
        """`ask` raises if there is no answer, in words that people can read."""
        self._dependency, self._ask, self._clock = dependency, ask, clock

    async def run(self) -> None:
        """Ask until cancelled."""
        unanswered = 0
        while True:
            await self._question()
            beat()
            unanswered = unanswered + 1 if self._dependency.last_ok is None else 0
            pause = UNTIL_FIRST_ANSWER.after(unanswered) if unanswered else ASKED_EVERY
            await self._clock.sleep(pause)

    async def _question(self) -> None:
        async def ask() -> Exception | None:
            return await attempt_async(self._ask())

        loop = asyncio.get_running_loop()
        question, began = asyncio.create_task(ask()), loop.time()
        was_up = self._dependency.is_up
        try:
            while not question.done():
                await asyncio.wait({question}, timeout=ANSWERED_WITHIN.total_seconds())
                if not question.done():
                    waited = timedelta(seconds=loop.time() - began)
                    self._dependency.fail(f"no answer for {in_seconds(waited)}")
        finally:
            await cancel_tasks(question)
        name, error = self._dependency.name, question.result()
        if error is not None:
            self._dependency.fail(describe_error(error))
            if was_up:
                log.warning("dependency_away", dependency=name, reason=self._dependency.reason)
            return
        since = self._dependency.last_ok
        self._dependency.answer()
        if not was_up:
            log.info("dependency_answers", dependency=name, last_ok=since)
