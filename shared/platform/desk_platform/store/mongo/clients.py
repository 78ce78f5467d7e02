"""The client of a MongoDB-wire server, made anew when its certificates or password are replaced.

A driver's client keeps what it was made with. So whoever has a collection asks for it by name each
time, and gets that of the client of now.
"""

from datetime import UTC
from typing import Any, cast

from bson.codec_options import CodecOptions
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import AsyncMongoClient
from pymongo.errors import ConfigurationError

from desk_platform.certificates import CertificateFiles
from desk_platform.settings import SettingsError, StoreSettings
from desk_platform.store.mongo.driver import (
    WRITE_CONCERN,
    Collection,
    Database,
    Row,
    translate_errors,
)
from desk_platform.telemetry import get_logger

log = get_logger()

Inputs = tuple[object, str]


class MongoClients:
    """The client in use, and the one before it, whose calls may still be under way."""

    def __init__(self, settings: StoreSettings) -> None:
        self._settings = settings
        self._made_from = self._inputs()
        self._retired: list[Any] = []
        self.current = self._make()

    async def ping(self) -> None:
        """Raise `DependencyDown` unless the server answers; with what the files say, if need be."""
        await self._follow_files()
        with translate_errors():
            await self.current.admin.command("ping")

    async def close(self) -> None:
        """Close every connection."""
        for client in (self.current, *self._retired):
            await _close(client)
        self._retired.clear()

    async def _follow_files(self) -> None:
        """Take over what was replaced once the server accepts it; until then the old one serves."""
        if (inputs := self._inputs()) == self._made_from:
            return
        client = self._make()
        try:
            with translate_errors():
                await client.admin.command("ping")
        except BaseException:
            await _close(client)
            raise
        # Calls under way end with the client before; the one before that has none left.
        for retired in self._retired:
            await _close(retired)
        self._retired = [self.current]
        self.current, self._made_from = client, inputs
        log.info("store_client_renewed")

    def _make(self) -> Any:
        kind = AsyncIOMotorClient if self._settings.driver == "motor" else AsyncMongoClient
        try:
            return cast(Any, kind)(self._settings.url, **_options(self._settings))
        except (ConfigurationError, ValueError, TypeError) as error:
            # An option that is none, a port that is no number, a host that has no such record.
            raise SettingsError(
                [
                    f"DESK_STORE cannot be '{self._settings.url}': {error}. Write mongodb://host:port."
                ]
            ) from error

    def _inputs(self) -> Inputs:
        password = self._settings.password
        files = CertificateFiles(self._settings.ca_file)
        return files.fingerprints(), password.get_secret_value() if password else ""


class CurrentDatabase:
    """A `Database` whose collections are those of the client of now."""

    def __init__(self, clients: MongoClients, name: str) -> None:
        self._clients, self._name = clients, name
        self._client: Any = None
        self._collections: dict[str, Collection] = {}

    def __getitem__(self, name: str) -> Collection:
        return cast(Collection, _CurrentCollection(self, name))

    async def list_collection_names(self) -> list[str]:
        """Names of the collections that hold anything."""
        return await self.now().list_collection_names()

    async def command(self, command: Row) -> Row:
        """What the server answers to it."""
        return await self.now().command(command)

    def collection(self, name: str) -> Collection:
        """That of the client of now; made once for each client, as the drivers take long for it."""
        if self._client is not self._clients.current:
            self._client, self._collections = self._clients.current, {}
        if name not in self._collections:
            self._collections[name] = self.now()[name]
        return self._collections[name]

    def now(self) -> Database:
        """That of the client of now."""
        options: CodecOptions[Row] = CodecOptions(tz_aware=True, tzinfo=UTC)
        return cast(Database, self._clients.current.get_database(self._name, options))


class _CurrentCollection:
    """Hands every call on to the collection of that name."""

    def __init__(self, database: CurrentDatabase, name: str) -> None:
        self._database, self._name = database, name

    def __getattr__(self, call: str) -> object:
        return getattr(self._database.collection(self._name), call)


async def _close(client: Any) -> None:
    closing = client.close()
    if closing is not None:  # PyMongo's is awaited, motor's is not
        await closing


def _options(settings: StoreSettings) -> dict[str, object]:
    options: dict[str, object] = {
        "serverSelectionTimeoutMS": 3000,
        "connectTimeoutMS": 3000,
        "socketTimeoutMS": 20_000,
        "w": WRITE_CONCERN,
        "readConcernLevel": "majority",
        "appname": "experience-desk",
    }
    if settings.username:
        options["username"] = settings.username
        options["password"] = settings.password.get_secret_value() if settings.password else ""
    if settings.ca_file is not None:
        options["tls"] = True
        options["tlsCAFile"] = str(settings.ca_file)
    return options
