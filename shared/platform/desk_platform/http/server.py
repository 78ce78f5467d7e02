"""Uvicorn with bounds: headers, bodies and connections that would cost more than they are worth.

Uvicorn's quick parser keeps any number of header bytes and waits for them for ever. Whoever sends
too much is told so with a problem, whoever is too slow too; then the connection is closed.
"""

import asyncio
import contextlib
import json
import os
import resource
import socket
from collections.abc import Generator
from datetime import timedelta
from itertools import chain
from typing import Any, ClassVar

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from desk_platform.http.gathered_writes import GatheredWrites
from desk_platform.http.problems import MEDIA_TYPE, problem_members
from desk_platform.settings import HttpSettings, ServiceSettings, SettingsError

MAX_HEADERS = 100
# Files that a service has open beside its connections.
_OTHER_FILES = 200
# Chunks of a body bring their own lengths; past this they are more wrapping than content.
_WRAPPING = 2
# After a refusal: so much and so long is read and thrown away, for the caller to read why.
_MAX_LEFTOVER = 4 * 1024 * 1024
_LINGER_SECONDS = 1.0
# Between the end of the listener and that of its connections.
_LAST_WORDS = timedelta(seconds=1)
# The date of an answer is true to the second.
_DATE_SECONDS = 1.0


class _TooMuch(Exception):
    """What is being read is longer than agreed."""


class BoundedProtocol(HttpToolsProtocol):
    """One connection. `waiting` has those whose next request is not whole, the oldest first."""

    bounds: ClassVar[HttpSettings]
    body_limit: ClassVar[int]
    waiting: ClassVar[dict["BoundedProtocol", None]]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._deadline: asyncio.TimerHandle | None = None
        # What is to be waited for once all that came is parsed: most requests come whole.
        self._next: timedelta | None = None
        self._stuck: asyncio.TimerHandle | None = None
        self._is_in_head = self._is_in_body = self._began_now = False
        self._head = self._count = self._body = 0
        # Bytes that may still come after a refusal; None while there was none.
        self._leftover: int | None = None
        self._refusal = (400, "bad-request", "This is not HTTP as the desk reads it.")

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(GatheredWrites(transport, self.loop.call_soon))
        self.waiting[self] = None
        self._arm(self.bounds.header_timeout)
        if len(self.connections) > self.bounds.connections:
            # Nobody holds a place by being slow; a probe comes in whatever others do.
            oldest = next(iter(self.waiting))
            self.waiting.pop(oldest)
            oldest.hang_up(at_once=True)

    def connection_lost(self, exc: Exception | None) -> None:
        self.waiting.pop(self, None)
        self._disarm()
        if self._stuck is not None:
            self._stuck.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._leftover is not None:
            self._leftover -= len(data)
            if self._leftover < 0:
                self.transport.close()
            return
        self._began_now = False
        super().data_received(data)
        if self._leftover is not None or self.transport.is_closing():
            return
        if self._next is not None:
            self._arm(self._next)
        self._count_on(len(data))

    def _count_on(self, length: int) -> None:
        """What came with a request's first bytes was counted as it was parsed, part by part."""
        if self._is_in_head and not self._began_now:
            self._head += length
            if self._head > self.bounds.header_bytes:
                self._refuse(*_long_head(self.bounds))
        elif self._is_in_body:
            self._body += length
            if self._body > _WRAPPING * self.body_limit + self.bounds.header_bytes:
                self._refuse(413, "too-large", f"Send at most {self.body_limit} bytes at once.")
        elif self._deadline is None and self._is_idle():
            self._arm(self.bounds.header_timeout)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._is_in_head = self._began_now = True
        self._head = self._count = 0
        self.waiting[self] = None
        if self._deadline is None:
            self._next = self.bounds.header_timeout

    def on_url(self, url: bytes) -> None:
        self._take(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count += 1
        self._take(len(name) + len(value) + 4)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._is_in_head, self._is_in_body, self._body = False, True, 0
        super().on_headers_complete()
        self._next = self.bounds.body_timeout

    def on_message_complete(self) -> None:
        self._is_in_body = False
        self.waiting.pop(self, None)
        self._disarm()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self.transport.is_closing() and not self._is_in_head and not self._is_in_body:
            self.waiting[self] = None

    def shutdown(self) -> None:
        """Whoever has connected already may ask for a moment yet, to be told to come back."""
        if self._is_idle() and self._leftover is None:
            self._unset_keepalive_if_required()
            self._arm(_LAST_WORDS)
        else:
            super().shutdown()

    def pause_writing(self) -> None:
        super().pause_writing()
        seconds = self.bounds.write_timeout.total_seconds()
        self._stuck = self.loop.call_later(seconds, self.transport.abort)

    def resume_writing(self) -> None:
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  uvicorn's words say less
        self._refuse(*self._refusal)

    def _take(self, length: int) -> None:
        """Count a part of the head as it is parsed; trailers of a body count as well."""
        self._head += length
        if self._head > self.bounds.header_bytes or self._count > MAX_HEADERS:
            self._refusal = _long_head(self.bounds)
            raise _TooMuch

    def _is_idle(self) -> bool:
        return self.cycle is None or (self.cycle.response_complete and not self.pipeline)

    def _arm(self, span: timedelta) -> None:
        self._disarm()
        self._deadline = self.loop.call_later(span.total_seconds(), self._expire, span)

    def _disarm(self) -> None:
        self._next = None
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _expire(self, span: timedelta) -> None:
        self._deadline = None
        if self.flow.read_paused:
            # We do not read just now: the caller is not slow.
            self._arm(span)
            return
        self.hang_up()

    def hang_up(self, *, at_once: bool = False) -> None:
        """Say why, if there is a request to answer, and hang up."""
        if self._is_in_head or self._is_in_body:
            part = "headers" if self._is_in_head else "body"
            limit = self.bounds.header_timeout if self._is_in_head else self.bounds.body_timeout
            seconds = f"{limit.total_seconds():g}"
            detail = f"The request's {part} did not come within {seconds} s; send it again at once."
            self._refuse(408, "request-timeout", detail)
            if at_once:
                self.transport.close()
        elif not self.transport.is_closing():
            self.transport.close()

    def _refuse(self, status: int, code: str, detail: str) -> None:
        """Answer past the application and hang up; nothing is put into another answer."""
        self._disarm()
        if self._leftover is not None or self.transport.is_closing():
            return
        self._leftover = _MAX_LEFTOVER
        cycle = self.cycle
        if cycle is None or cycle.response_complete or not cycle.response_started:
            self.transport.write(_raw_problem(status, code, detail))
        if cycle is not None:
            cycle.disconnected = True
            cycle.message_event.set()
        # Closed with bytes unread, TCP would throw our answer away before it is read.
        self.transport.write_eof()
        self.flow.resume_reading()
        self._deadline = self.loop.call_later(_LINGER_SECONDS, self.transport.close)


def _long_head(bounds: HttpSettings) -> tuple[int, str, str]:
    detail = (
        f"The request's line and headers are too long; send at most {bounds.header_bytes} bytes"
        f" in {MAX_HEADERS} headers."
    )
    return 431, "headers-too-large", detail


def _raw_problem(status: int, code: str, detail: str) -> bytes:
    body = json.dumps(problem_members(status, code, detail, "")).encode()
    head = (
        f"content-type: {MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\n"
        "x-content-type-options: nosniff\r\nconnection: close\r\n\r\n"
    )
    return STATUS_LINE[status] + head.encode() + body


def bound_protocol(bounds: HttpSettings, body_limit: int) -> type[BoundedProtocol]:
    """The protocol of one server."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = max(8, min(bounds.connections, files - _OTHER_FILES))

    class Bounded(BoundedProtocol):
        waiting: ClassVar[dict[BoundedProtocol, None]] = {}

    Bounded.bounds = bounds.model_copy(update={"connections": most})
    Bounded.body_limit = body_limit
    return Bounded


class Server(uvicorn.Server):
    """Uvicorn without its own signal handlers: the service decides when to `stop`."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Take no more calls, and end with those under way."""
        self.should_exit = True
        self._stopping.set()

    async def main_loop(self) -> None:
        """Uvicorn looks ten times a second whether it is to stop, and renews the date of answers
        with each tenth look; here a stop is an event, and each look renews the date."""
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_DATE_SECONDS):
                    await self._stopping.wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Nobody who has connected is reset: whoever the listener had not taken yet is heard."""
        for server in self.servers:
            listeners = [
                socket.socket(fileno=os.dup(listener.fileno())) for listener in server.sockets
            ]
            server.close()
            for connection in chain.from_iterable(map(_the_rest, listeners)):
                await asyncio.get_running_loop().connect_accepted_socket(self._protocol, connection)
        await super().shutdown(sockets)

    def _protocol(self) -> asyncio.Protocol:
        made: asyncio.Protocol = self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config,
            server_state=self.server_state,
            app_state=self.lifespan.state,
        )
        return made


def _the_rest(listener: socket.socket) -> list[socket.socket]:
    """The connections that wait at a listener, which is closed at once behind the last."""
    rest = []
    listener.setblocking(False)
    with listener, contextlib.suppress(BlockingIOError):
        while True:
            with contextlib.suppress(ConnectionAbortedError):
                connection, _ = listener.accept()
                connection.setblocking(False)
                rest.append(connection)
    return rest


def listener_of(settings: ServiceSettings) -> socket.socket:
    """Where a service answers; raises `SettingsError` if it cannot, as when the port is taken."""
    host, port = settings.http_host, settings.http_port
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        prefix = settings.model_config.get("env_prefix", "")
        hint = f"set {prefix}HTTP_HOST and {prefix}HTTP_PORT to one that is free, or free it."
        raise SettingsError(
            [f"{host}:{port} cannot be listened on ({error.strerror}); {hint}"]
        ) from error
    return listener


def server_of(app: ASGIApp, settings: ServiceSettings, body_limit: int) -> Server:
    """A server for this application, not started yet."""
    bounds = settings.http
    config = uvicorn.Config(
        app,
        host=settings.http_host,
        port=settings.http_port,
        http=bound_protocol(bounds, body_limit),
        log_config=None,
        access_log=False,
        loop="none",
        lifespan="off",
        server_header=False,
        timeout_keep_alive=bounds.keep_alive.total_seconds(),  # type: ignore[arg-type]
        timeout_graceful_shutdown=5,
        proxy_headers=bool(bounds.trusted_proxies),
        forwarded_allow_ips=list(bounds.trusted_proxies),
    )
    return Server(config)
