"""Which promises were in force when: kept for ever, since a ticket is judged by its own time."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from desk_shared.bus import Commands, Reacted, Turn
from desk_shared.charter import Charter
from desk_shared.clock import Clock
from desk_shared.store import Documents
from desk_shared.telemetry import get_logger
from desk_shared.turns import turned

from desk_metrics.charter import edition_of, promises_alike
from desk_metrics.domain.policies import Edition, PolicyBook

log = get_logger()

# The first edition also judges whatever happened before the desk knew it.
_EVER = datetime(2000, 1, 1, tzinfo=UTC)
_CHECK = timedelta(seconds=2)


class Editions:
    """The policy book, with a new edition whenever the charter's promises change."""

    def __init__(
        self,
        documents: Documents[Edition],
        commands: Commands[Edition],
        charter: Callable[[], Charter],
        clock: Clock,
    ) -> None:
        self._documents = documents
        self._commands = commands
        self._charter = charter
        self._clock = clock
        self._seen = ""
        self._editions: tuple[Edition, ...] = ()
        self.book = PolicyBook(())

    async def start(self) -> None:
        """Read every edition there was, then note today's."""
        await self._read()
        await self.refresh()

    async def stop(self) -> None:
        """Nothing is held open."""

    async def run(self) -> None:
        """Look at the charter until cancelled."""
        while True:
            await self._clock.sleep(_CHECK)
            await self.refresh()
            turned()

    async def refresh(self) -> None:
        """Add an edition if what the charter promises has changed."""
        charter = self._charter()
        if charter.version == self._seen:
            return
        # Another replica may have noted it already.
        await self._read()
        since = self._clock.now() if self._editions else _EVER
        fresh = edition_of(charter, since)
        self._seen = charter.version
        if self._editions and promises_alike(fresh, self._editions[-1]):
            return
        # Replicas see the change at different moments; the number makes it one edition.
        number = len(self._editions) + 1
        kept = await self._commands.change(f"{number:06d}@{charter.version}", _keep(fresh))
        if kept.state is not None:
            self._editions = (*self._editions, kept.state)
            self._rebuild()
            log.info("promises_changed", version=charter.version, since=str(kept.state.since))

    async def _read(self) -> None:
        stored = await self._documents.find({}, order="since", limit=10_000)
        for one in stored:
            if one.unreadable is not None:  # what was promised then cannot be guessed
                raise one.unreadable
        editions = tuple(one.state for one in stored if one.state is not None)
        if editions != self._editions:
            self._editions = editions
            self._rebuild()

    def _rebuild(self) -> None:
        self.book = PolicyBook(self._editions)
        for problem in self.book.problems():
            log.error("promises_need_attention", about=problem.about, text=problem.text)


def _keep(edition: Edition) -> Callable[[Edition | None, Turn], Reacted[Edition] | None]:
    def rule(known: Edition | None, _turn: Turn) -> Reacted[Edition] | None:
        return Reacted(edition) if known is None else None

    return rule
