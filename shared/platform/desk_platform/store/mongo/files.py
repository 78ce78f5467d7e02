"""`Files` in GridFS, by whichever driver the settings name."""

from collections.abc import AsyncIterable, AsyncIterator
from typing import Any, Protocol, cast

from gridfs.asynchronous import AsyncGridFSBucket
from motor.motor_asyncio import AsyncIOMotorGridFSBucket

from desk_platform.settings.groups import StoreDriver
from desk_platform.store.files import check_id
from desk_platform.store.mongo.clients import CurrentDatabase
from desk_platform.store.mongo.driver import Row, translate_errors

BUCKET = "attachments"


class _Upload(Protocol):
    async def write(self, data: bytes) -> object: ...
    async def close(self) -> object: ...
    async def abort(self) -> object: ...


class _Download(Protocol):
    async def readchunk(self) -> bytes: ...


class GridFiles:
    """Each try has an id of the driver's; a file is there once its last piece is.

    Two tries at once keep the same bytes twice, which nobody sees.
    """

    def __init__(self, database: CurrentDatabase, driver: StoreDriver) -> None:
        self._database, self._driver = database, driver

    async def put(self, id: str, content: AsyncIterable[bytes]) -> None:
        """The entry that makes it a file is the last write."""
        check_id(id)
        with translate_errors():
            if await self._find(id) is not None:
                return
            opened = self._bucket().open_upload_stream(id)
            upload = cast(_Upload, opened)
            try:
                async for piece in content:
                    await upload.write(piece)
            except BaseException:
                await upload.abort()
                raise
            await upload.close()

    async def open(self, id: str) -> AsyncIterator[bytes] | None:
        """Piece by piece; None if there is none."""
        with translate_errors():
            entry = await self._find(check_id(id))
            if entry is None:
                return None
            download = cast(_Download, await self._bucket().open_download_stream(entry["_id"]))
        return _read(download)

    async def delete(self, id: str) -> None:
        """Every try of it."""
        check_id(id)
        with translate_errors():
            while (entry := await self._find(id)) is not None:
                await self._bucket().delete(entry["_id"])

    async def list_ids(self) -> list[str]:
        """All that are whole."""
        with translate_errors():
            rows = self._database[f"{BUCKET}.files"].find({}, {"filename": 1})
            return sorted({str(row["filename"]) for row in await rows.to_list(None)})

    async def _find(self, id: str) -> Row | None:
        return await self._database[f"{BUCKET}.files"].find_one({"filename": id})

    def _bucket(self) -> Any:
        kind = AsyncIOMotorGridFSBucket if self._driver == "motor" else AsyncGridFSBucket
        return cast(Any, kind)(self._database.now(), bucket_name=BUCKET)


async def _read(download: _Download) -> AsyncIterator[bytes]:
    with translate_errors():
        while piece := await download.readchunk():
            yield piece
