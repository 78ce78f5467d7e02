"""Which SLAs were in force when: kept for ever, since a ticket is judged by its own time.

Replicas see a change of the charter at different moments. So that none of them says a word by what
no longer holds, each edition carries up to when things are said by it. Every replica moves that on
before it says anything of a later moment; who replaces an edition closes it first, after all that.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from desk_charter import Charter
from desk_kernel import Context, Decision
from desk_platform.clock import Clock
from desk_platform.heartbeat import beat
from desk_platform.kafka import CommandQueue
from desk_platform.store import Documents
from desk_platform.telemetry import get_logger

from desk_metrics.sla.charter import edition_of, slas_alike
from desk_metrics.sla.policies import Edition, PolicyBook
from desk_metrics.sla.worktime import micros

log = get_logger()

# The first edition also judges whatever happened before the desk knew it.
_EVER = datetime(2000, 1, 1, tzinfo=UTC)
_CHECK = timedelta(seconds=1)
# An edition is good for so long; moved on when half of it is left. A change of the charter is in
# force no later than this after it was seen.
AHEAD = timedelta(seconds=6)
# The smallest step of time that every store keeps.
_TICK = timedelta(milliseconds=1)
_Rule = Callable[[Edition | None, Context], Decision[Edition] | None]


class Editions:
    """The policy book, with a new edition whenever the charter's SLAs change."""

    def __init__(
        self,
        documents: Documents[Edition],
        commands: CommandQueue[Edition],
        charter: Callable[[], Charter],
        clock: Clock,
    ) -> None:
        self._documents = documents
        self._commands = commands
        self._charter = charter
        self._clock = clock
        self._seen = ""
        self._editions: dict[str, Edition] = {}
        # A loop and the timers' gate both keep it up to date.
        self._lock = asyncio.Lock()
        self.book = PolicyBook(())

    async def begin(self) -> None:
        """Read every edition there was, then note today's."""
        stored = await self._documents.find({}, order="since", limit=10000)
        for item in stored:
            if item.unreadable is not None:
                raise item.unreadable
        self._keep({item.id: item.state for item in stored if item.state is not None})
        await self.refresh()

    async def run(self) -> None:
        """Look at the charter until cancelled."""
        while True:
            await self._clock.sleep(_CHECK)
            await self.refresh()
            beat()

    async def until_now(self) -> None:
        """Return once it is known which edition is in force now."""
        while not self.book.knows(micros(self._clock.now())):
            await self.refresh()
            beat()

    async def refresh(self) -> None:
        """Know the book for some seconds from now; note what the charter has changed."""
        async with self._lock:
            charter = self._charter()
            if not self._editions:
                await self._open(edition_of(charter, _EVER))
            # Have the last edition hold for some seconds more, or go on to the next.
            while _find_known_until(self._last) - self._clock.now() <= AHEAD / 2:
                await self._change(next(reversed(self._editions)), _move_edition_on)
                await self._follow(charter)
            while charter.version != self._seen:
                # Another edition, unless the last one has the same policies. Of two replicas that
                # see different charters one is first; the other replaces what that one has made.
                if slas_alike(edition_of(charter, _EVER), self._last):
                    self._seen = charter.version
                else:
                    await self._change(next(reversed(self._editions)), _close_edition)
                    await self._follow(charter)

    async def _follow(self, charter: Charter) -> None:
        """What comes after an edition that is closed: another replica's, or ours. One that was
        struck down between the two leaves it to us."""
        since = self._last.until
        if since is not None:
            await self._open(edition_of(charter, since))

    async def _open(self, edition: Edition) -> None:
        def rule(before: Edition | None, context: Context) -> Decision[Edition] | None:
            said_until = max(edition.since, context.now)
            opened = edition.model_copy(update={"said_until": said_until})
            return Decision(opened) if before is None else None

        # The number makes it one edition, whoever is first.
        await self._change(f"{len(self._editions) + 1:06d}", rule)
        log.info("slas_changed", version=self._last.version, since=str(self._last.since))

    async def _change(self, id: str, rule: _Rule) -> None:
        kept = (await self._commands.change(id, rule)).state
        if kept is not None:
            self._keep({**self._editions, id: kept})

    def _keep(self, editions: dict[str, Edition]) -> None:
        is_another = editions.keys() != self._editions.keys()
        self._editions = editions
        if is_another:
            self.book = PolicyBook(editions.values())
            for problem in self.book.problems():
                log.error("slas_need_attention", **problem._asdict())
        if editions:
            self.book.known_until = micros(_find_known_until(self._last))

    @property
    def _last(self) -> Edition:
        return self._editions[next(reversed(self._editions))]


def _find_known_until(edition: Edition) -> datetime:
    """Up to when nothing can be in force instead of what comes after it."""
    if edition.until is not None:
        return edition.until - _TICK
    return edition.said_until or edition.since


def _move_edition_on(before: Edition | None, context: Context) -> Decision[Edition] | None:
    if (
        before is None
        or before.until is not None
        or _find_known_until(before) - context.now > AHEAD / 2
    ):
        return None
    return Decision(before.model_copy(update={"said_until": context.now + AHEAD}))


def _close_edition(before: Edition | None, context: Context) -> Decision[Edition] | None:
    if before is None or before.until is not None:
        return None
    until = max(context.now, _find_known_until(before) + _TICK)
    return Decision(before.model_copy(update={"until": until}))
