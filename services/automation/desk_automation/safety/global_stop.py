"""The stop of all acting: one document, read by every replica just before each act. Pure.

Nothing caches it, so a stop holds for every act that begins after it was written.
"""

from datetime import datetime

from desk_contracts import Event
from desk_contracts.chain import Link
from desk_contracts.errors import Rejected
from desk_contracts.events.automation import AutomationResumed, AutomationStopped
from desk_contracts.frozen import Frozen
from desk_contracts.ids import derive_id
from desk_contracts.message import Message, message
from desk_contracts.names import AUTOMATION_SOURCE
from desk_kernel import Decision

# The only document of its collection, and the subject of its events.
EVERYTHING = "automation"


class GlobalStop(Frozen):
    """Whether all acting is stopped, by whom, since when and why."""

    by: str = ""
    since: datetime | None = None
    reason: str = ""
    # Where the chain of its transitions ends.
    link: Link = Link()

    @property
    def is_on(self) -> bool:
        return bool(self.by)

    @property
    def description(self) -> Message:
        """Who holds it, for those who ask why nothing happens."""
        return message("stop.held-by", by=self.by, since=self.since or "", why=self.reason)


def stop_all(state: GlobalStop | None, by: str, reason: str, now: datetime) -> Decision[GlobalStop]:
    """Nothing acts any more; `Rejected` with who holds it where it is stopped already."""
    if state is not None and state.is_on:
        raise Rejected(state.description, code="stopped-already", by=state.by)
    stopped = GlobalStop(by=by, since=now, reason=reason)
    data = AutomationStopped(by=by, reason=reason)
    event = Event(
        id=derive_id(EVERYTHING, f"stopped/{now.isoformat()}"),
        source=AUTOMATION_SOURCE,
        subject=EVERYTHING,
        time=now,
        data=data,
    )
    return Decision(stopped, (event,))


def resume_all(
    state: GlobalStop | None, by: str, reason: str, now: datetime
) -> Decision[GlobalStop]:
    """Acting goes on; `Rejected` where nothing is stopped."""
    if state is None or not state.is_on or state.since is None:
        raise Rejected(message("stop.not-held"), code="not-stopped")
    data = AutomationResumed(by=by, reason=reason, stopped_by=state.by, stopped_at=state.since)
    event = Event(
        id=derive_id(EVERYTHING, f"resumed/{state.since.isoformat()}"),
        source=AUTOMATION_SOURCE,
        subject=EVERYTHING,
        time=now,
        data=data,
    )
    return Decision(GlobalStop(), (event,))
