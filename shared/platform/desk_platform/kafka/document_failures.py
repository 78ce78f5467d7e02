"""Documents that one loop could not work on: each is its own trouble, counted and shown.

The loop goes on with the others. What is noted here shows in health, meters and log.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from desk_contracts.errors import DeskError, describe_error, error_code

from desk_platform.clock import Clock
from desk_platform.health import Health, State
from desk_platform.telemetry import Meters, get_logger, names

log = get_logger()

MOST_REMEMBERED = 10_000
# A document that has not failed for so long after its next try was due has done well meanwhile.
FORGOTTEN_AFTER = timedelta(minutes=2)
_SHOWN = 3
_LONGEST_REASON = 200


@dataclass(slots=True)  # not frozen: it grows with each failure
class Trouble:
    """One document: how often it failed, why the last time, and when it is tried again."""

    failures: int
    reason: str
    again_at: datetime | None


class Troubles:
    """The troubles of one loop."""

    def __init__(self, loop: str, clock: Clock, meters: Meters, health: Health | None) -> None:
        self._loop, self._clock, self._meters, self._health = loop, clock, meters, health
        self._by_id: dict[str, Trouble] = {}
        meters.document_failures.add(0, {names.LOOP: loop})
        meters.documents_held.set(0, {names.LOOP: loop})

    def failures(self, id: str) -> int:
        """How often in a row it failed, as far as that is kept."""
        self._forget()
        return self._by_id[id].failures if id in self._by_id else 0

    def note(self, id: str, error: Exception, again_at: datetime | None) -> None:
        """It failed; `again_at` is when it is tried again, None if it is given up."""
        failures = self.failures(id) + 1
        reason = describe_error(error)
        if len(reason) > _LONGEST_REASON:
            reason = f"{reason[:_LONGEST_REASON]}…"
        is_new = id not in self._by_id or again_at is None
        if id in self._by_id or len(self._by_id) < MOST_REMEMBERED:
            self._by_id[id] = Trouble(failures, reason, again_at)
        attributes = {names.LOOP: self._loop, names.REASON: error_code(error)}
        self._meters.document_failures.add(1, attributes)
        details = {"loop": self._loop, "document": id, "failures": failures, "reason": reason}
        if again_at is None:
            log.error("document_given_up", **details, exc_info=error)
        elif is_new and not isinstance(error, DeskError):
            log.error("document_failed", **details, exc_info=error)
        else:
            log.warning("document_failed_again" if not is_new else "document_waits", **details)
        self.show()

    def end(self, id: str) -> None:
        """It did well."""
        if self._by_id.pop(id, None) is not None:
            self.show()

    def show(self) -> None:
        """Set gauge and health to what is known now."""
        self._forget()
        self._meters.documents_held.set(len(self._by_id), {names.LOOP: self._loop})
        if self._health is None:
            return
        name = f"documents of {self._loop}"
        self._health.expect(name, required=False, unless_known=True)
        if not self._by_id:
            self._health.mark(name, State.READY)
            return
        self._health.mark(name, State.DEGRADED, self._words())

    def _words(self) -> str:
        given_up = {id: trouble for id, trouble in self._by_id.items() if trouble.again_at is None}
        waiting = len(self._by_id) - len(given_up)
        shown = list((given_up or self._by_id).items())[:_SHOWN]
        examples = "; ".join(f"{id}: {trouble.reason}" for id, trouble in shown)
        return (
            f"{waiting} failed and are tried again, {len(given_up)} were given up until they"
            f" change or the service is started again. {examples}"
        )

    def _forget(self) -> None:
        before = self._clock.now() - FORGOTTEN_AFTER
        over = [
            id
            for id, trouble in self._by_id.items()
            if trouble.again_at and trouble.again_at < before
        ]
        for id in over:
            del self._by_id[id]
