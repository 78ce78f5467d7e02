"""Carries out erasures in one service's store, and says so with an event.

One replica at a time, until a pass over everything changes nothing any more. Killed anywhere it
begins again: what is gone already is passed over. A store that was put back from before does not
have the mark, so the erasure is carried out again.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from desk_contracts import Event
from desk_contracts.events.erasures import ErasureDone
from desk_contracts.ids import derive_id, new_id
from desk_contracts.redaction import Erasure, Redactor
from desk_kernel import Context, Decision

from desk_platform.clock import Clock
from desk_platform.erasure.follower import Erasures
from desk_platform.erasure.model import ErasedHere
from desk_platform.erasure.rows import has_documents, redact_row
from desk_platform.health import State
from desk_platform.heartbeat import beat
from desk_platform.kafka.work_items import Rule
from desk_platform.store import Documents, Store, Stored
from desk_platform.store.leases import Leases
from desk_platform.store.raw import Raw, pages_of
from desk_platform.telemetry import get_logger

log = get_logger()

# As long as a page takes at the very most; it is renewed with each.
_TERM = timedelta(minutes=2)
# Events that wait to be published say what they say: their documents' turn comes after.
_AGAIN = timedelta(seconds=1)
# What was under way when the erasure was asked for, as the mail that a ticket is closed, is told
# first; a pass after that finds what it left.
SETTLES_WITHIN = timedelta(seconds=30)
_COMPONENT = "erasures"
# So often it shows that it is there, where nobody is erased.
_ROUND_S = 5.0


class ErasureMarks(Protocol):
    """The way to note what was carried out, with its receipt."""

    async def change(
        self, id: str, rule: Rule[ErasedHere], *, is_first: bool = False
    ) -> Stored[ErasedHere]: ...


@dataclass(frozen=True, slots=True)
class ErasedStore:
    """What one service keeps, and where it notes what was erased there."""

    service: str
    store: Store
    documents: Documents[ErasedHere]
    marks: ErasureMarks
    leases: Leases


class ErasureWorker:
    """Waits for erasures that this store does not have, and carries them out."""

    def __init__(self, kept: ErasedStore, erasures: Erasures, clock: Clock) -> None:
        self._kept, self._store = kept, kept.store
        self.erasures, self._key, self._clock = erasures, erasures.key, clock
        self._health = erasures.health
        self._holder = new_id()
        # Of all passes since the last receipt.
        self._counts, self._files = Counter[str](), set[str]()
        self._settled = clock.now()
        self._health.expect(_COMPONENT, required=False)

    async def run(self) -> None:
        """Until cancelled."""
        is_due = True
        while True:
            if is_due and self.erasures.is_complete:
                await self.catch_up()
            beat()
            is_due = await self.erasures.wait(_ROUND_S)

    async def catch_up(self) -> None:
        """Until this store has all that was asked for, done here or by another replica."""
        while not await self.carry_out_once():
            beat()
            await self._clock.sleep(max(_AGAIN, self._settled - self._clock.now()))

    async def carry_out_once(self) -> bool:
        """One pass, where one is due; False if another has to follow."""
        wanted = dict(self.erasures.all)
        marks = await self._kept.documents.load(wanted)
        missing = [erasure for id, erasure in wanted.items() if id not in marks]
        if self._key is None and any(erasure.person for erasure in missing):
            reason = f"{len(missing)} erasures wait here for DESK_ERASURE_KEY"
            self._health.mark(_COMPONENT, State.DEGRADED, reason)
            log.error("erasure_without_key", erasures=len(missing))
            return True
        if not missing:
            self._health.mark(_COMPONENT, State.READY)
            return True
        self._health.mark(_COMPONENT, State.READY, f"{len(missing)} erasures are carried out")
        return await self._carry_out(missing)

    async def _carry_out(self, erasures: list[Erasure]) -> bool:
        """Whether all of it is done; False if another replica is at it or something must wait."""
        lease = await self._kept.leases.acquire(_COMPONENT, self._holder, _TERM)
        if lease is None:
            return False
        self._settled = max(erasure.at for erasure in erasures) + SETTLES_WITHIN
        is_settled = self._clock.now() >= self._settled
        redactor, is_whole = Redactor(self._key or b"", erasures), True
        changed = self._counts.total()
        for collection in filter(has_documents, await self._store.collections()):
            async for page in pages_of(self._store, collection):
                for row in page:
                    is_whole &= await self._redact(redactor, collection, row)
                beat()
                lease = await self._kept.leases.renew(lease, _TERM)
                if lease is None:
                    return False
        files = self._store.files()
        for id in self._files:
            await files.delete(id)
        is_done = is_whole and is_settled and changed == self._counts.total()
        if is_done:
            await self._store.scrub()
            await self._note(erasures)
        await self._kept.leases.release(lease)
        return is_done

    async def _redact(self, redactor: Redactor, collection: str, row: Raw) -> bool:
        """False for a document that was written meanwhile, or has events to be published still."""
        # The service answers meanwhile: a large row takes milliseconds.
        await asyncio.sleep(0)
        outcome = redact_row(redactor, collection, row)
        self._files.update(outcome.files)
        if outcome.row is None:
            return True
        is_busy = bool(row.get("outbox") or row.get("buffered"))
        if is_busy or not await self._store.replace_raw(collection, row, outcome.row):
            return False
        self._counts[collection] += 1
        return True

    async def _note(self, erasures: Iterable[Erasure]) -> None:
        documents, files = self._counts.total(), len(self._files)
        for erasure in erasures:
            rule = emit_receipt(erasure.id, self._kept.service, documents, files)
            await self._kept.marks.change(erasure.id, rule)
        log.info("erased", documents=dict(self._counts), files=files)
        self._counts, self._files = Counter(), set()


def emit_receipt(erasure: str, service: str, documents: int, files: int) -> Rule[ErasedHere]:
    """The mark and its event; nothing if the mark is there."""

    def rule(state: ErasedHere | None, context: Context) -> Decision[ErasedHere] | None:
        if state is not None:
            return None
        done = ErasureDone(erasure=erasure, service=service, documents=documents, files=files)
        at = context.now
        event = Event(
            # A store that was put back does it again, and says so again.
            id=derive_id(f"{erasure}/{service}/{at.isoformat()}", "erasure-done"),
            source=f"/desk/{service}",
            subject=f"{erasure}/{service}",
            time=at,
            data=done,
            correlation_id=erasure,
            causation_id=erasure,
        )
        return Decision(ErasedHere(at=at, documents=documents, files=files), (event,))

    return rule
