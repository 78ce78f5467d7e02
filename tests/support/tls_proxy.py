"""TLS in front of a server that speaks none, with a certificate that can be replaced."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from desk_local.ports import HOST, free_ports

from tests.support.authority import Authority


@dataclass
class TlsProxy:
    """Hands on what it decrypts to a port of this machine."""

    behind: int
    folder: Path
    port: int = field(default_factory=lambda: free_ports(1)[0])
    _open: set[asyncio.StreamWriter] = field(default_factory=set)
    _server: asyncio.Server | None = None

    async def show(self, authority: Authority) -> None:
        """Cut all connections; new ones see a certificate that this authority signed."""
        await self.close()
        file = self.folder / "proxy.pem"
        await asyncio.to_thread(file.write_bytes, authority.sign())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        self._server = await asyncio.start_server(self._serve, HOST, self.port, ssl=context)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for writer in tuple(self._open):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind_reader, behind_writer = await asyncio.open_connection(HOST, self.behind)
        both = {writer, behind_writer}
        self._open |= both
        try:
            await asyncio.gather(_pipe(reader, behind_writer), _pipe(behind_reader, writer))
        finally:
            self._open -= both
            for end in both:
                end.transport.abort()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.transport.abort()


@asynccontextmanager
async def tls_in_front_of(url: str, folder: Path) -> AsyncIterator[TlsProxy]:
    proxy = TlsProxy(int(url.rpartition(":")[2]), folder)
    try:
        yield proxy
    finally:
        await proxy.close()
