"""The store of one service, whatever keeps it: what the service's parts are made from."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Protocol

from desk_contracts.errors import NotFound

from desk_platform.settings import StoreSettings
from desk_platform.store.census import Entry
from desk_platform.store.document import S
from desk_platform.store.documents import Documents, Schema
from desk_platform.store.files import Files
from desk_platform.store.idempotency import KeptCalls
from desk_platform.store.leases import Leases
from desk_platform.store.milestones import Milestones
from desk_platform.store.positions import Positions
from desk_platform.store.raw import Raw
from desk_platform.store.sqlite.store import SCHEME, SqliteStore, folder_of


class Store(Protocol):
    """One service's own database. `MongoStore` and `SqliteStore` pass the same contract suites."""

    name: str
    # As the conventions of OpenTelemetry call its kind.
    system: str

    async def ping(self) -> None: ...
    async def drop(self) -> None: ...
    async def stop(self) -> None: ...
    def documents(self, schema: Schema[S], now: Callable[[], datetime]) -> Documents[S]: ...
    def calls(self, now: Callable[[], datetime], collection: str = "calls") -> KeptCalls: ...
    def leases(self, now: Callable[[], datetime]) -> Leases: ...
    def files(self) -> Files: ...
    def milestones(self) -> Milestones: ...
    def positions(self) -> Positions: ...
    async def census(self, collection: str) -> dict[str, Entry]: ...
    async def entry_of(self, collection: str, id: str) -> Entry: ...
    async def find_handled_since(self, mark_key: str, offset: int) -> set[str]: ...
    async def collections(self) -> list[str]: ...
    async def read_raw(self, collection: str, after: str, limit: int) -> list[Raw]: ...
    async def write_raw(self, collection: str, rows: Iterable[Raw]) -> None: ...
    async def replace_raw(self, collection: str, row: Raw, other: Raw) -> bool: ...
    async def scrub(self) -> None: ...


def open_store(settings: StoreSettings, name: str) -> Store:
    """The store of that name behind the address of the settings."""
    if settings.url.startswith(SCHEME):
        return SqliteStore(folder_of(settings.url), name)
    # Its driver and what that needs are 7 MB, which a desk on SQLite need not load.
    from desk_platform.store.mongo.store import MongoStore  # noqa: PLC0415

    return MongoStore(settings, name)


def open_existing_store(settings: StoreSettings, name: str, beside: Iterable[str] = ()) -> Store:
    """The same for those who only read: SQLite would make what is not there, and find it empty.

    `NotFound` unless the folder has the store of that name, or one of those `beside` it.
    """
    if settings.url.startswith(SCHEME):
        folder = folder_of(settings.url)
        files = [f"{each}.sqlite3" for each in (name, *beside)]
        if not any((folder / file).is_file() for file in files):
            what = f"holds no {files[0]}" if folder.is_dir() else "is not there"
            raise NotFound(
                f"The folder {folder.absolute()} of the store {what}. Is DESK_STORE right?"
                " A desk of this machine says where its store is with `make status`."
            )
    return open_store(settings, name)
