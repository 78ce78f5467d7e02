"""The outermost layer of every request: ids, trace, duration, bounds and the last error handler.

Plain ASGI and nothing copied: it stands in the way of every request.
"""

import asyncio
import contextlib
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from desk_contracts.ids import new_id
from opentelemetry.context import attach, detach
from opentelemetry.trace import Span, SpanKind, StatusCode, set_span_in_context
from opentelemetry.util.types import AttributeValue
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from desk_platform.http.body import Bodies, refuse_encoded
from desk_platform.http.gate import Gate
from desk_platform.http.language import speak
from desk_platform.http.problems import refusal, unforeseen_error
from desk_platform.http.rates import HEADERS_KEY, RateLimits
from desk_platform.http.refusals import (
    Held,
    Overloaded,
    RepeatedName,
    Stopping,
    TooLarge,
    TooManyRequests,
    UnsupportedMediaType,
)
from desk_platform.http.streams import LEAVE_KEY
from desk_platform.telemetry import Telemetry, get_logger, log_context, names, remote_context

_ID = re.compile(rb"[A-Za-z0-9._:/+=-]{1,128}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# Nobody signs in to read them.
_DOCUMENTS = frozenset({"/openapi.json"})
# What others write down for a caller that hung up before its answer.
_HUNG_UP = 499
# Caches keep one answer per language.
_VARIES = (b"vary", b"accept-language")
_NO_SNIFF = (b"x-content-type-options", b"nosniff")
# Who keeps a connection open is told that the next call needs another one.
_LAST = (b"connection", b"close")
# Once nobody is let in: a body that is not there by now is left unread.
_BODY_IS_HERE_SECONDS = 0.2
_log = get_logger()


@dataclass(slots=True)
class _Exchange:
    """What is known of one request while it runs."""

    request_id: str
    correlation_id: str
    traceparent: str | None
    length: int | None
    media_type: str
    encoding: str
    send: Send
    status: int = 0
    error: str | None = None
    extra: list[tuple[bytes, bytes]] = field(default_factory=list)
    # Nothing of the request is still to come: the connection may be closed after the answer.
    is_whole: bool = False
    is_last: Callable[[], bool] = lambda: False
    # When an answer that stays open began: what comes after it is no time that anybody waited.
    opened_at: float | None = None

    async def send_on(self, message: Message) -> None:
        """Notes the status and adds the request id to the answer."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            last = (_LAST,) if self.is_whole and self.is_last() else ()
            message["headers"] = [*message.get("headers", ()), *self.extra, *last]
        await self.send(message)


class Edge:
    """Middleware of every desk application; probes and metrics pass through untouched."""

    def __init__(
        self, app: ASGIApp, telemetry: Telemetry, bodies: Bodies, gate: Gate, limits: RateLimits
    ) -> None:
        self._app = app
        self._tracer = telemetry.tracer
        self._duration = telemetry.meters.http_duration
        self._bodies = bodies
        self._gate = gate
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(("/health/", "/metrics")):
            await self._app(scope, receive, send)
            return
        exchange = _open(scope, send)
        exchange.is_last = self._is_last
        scope["desk.correlation_id"] = exchange.correlation_id
        scope[HEADERS_KEY] = exchange.extra
        began = time.perf_counter()
        parent = remote_context(exchange.traceparent)
        span = self._tracer.start_span(_method(scope), context=parent, kind=SpanKind.SERVER)
        # Attached by hand: the SDK's own context manager costs half as much as the span again.
        token = attach(set_span_in_context(span, parent))
        try:
            with log_context(
                request_id=exchange.request_id, correlation_id=exchange.correlation_id
            ):
                await self._answer(scope, receive, exchange)
        finally:
            detach(token)
            ended = exchange.opened_at or time.perf_counter()
            self._report(scope, exchange, span, ended - began)
            span.end()

    async def _answer(self, scope: Scope, receive: Receive, exchange: _Exchange) -> None:
        try:
            await self._admit(scope, receive, exchange)
        except (
            TooLarge,
            RepeatedName,
            UnsupportedMediaType,
            TooManyRequests,
            Overloaded,
            Stopping,
            Held,
        ) as refused:
            await refusal(refused, scope["path"])(scope, _do_nothing, exchange.send_on)
        except ClientDisconnect:
            exchange.status = exchange.status or _HUNG_UP
        except asyncio.CancelledError:
            if exchange.status or not self._gate.is_closed:
                raise
            # The body was still to come when the server ended: nothing was begun.
            late = self._gate.explain_stop()
            await refusal(late, scope["path"])(scope, _do_nothing, exchange.send_on)

    async def _admit(self, scope: Scope, receive: Receive, exchange: _Exchange) -> None:
        """A body is read whole before its call takes a place: who sends slowly holds up nobody."""
        if self._gate.is_closed:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_BODY_IS_HERE_SECONDS):
                    with self._bodies.hold() as body:
                        await body.read(receive, exchange.length, scope["path"])
                        exchange.is_whole = True
            raise self._gate.explain_stop()
        refuse_encoded(scope["method"], exchange.encoding)
        with self._bodies.hold() as body:
            kind = exchange.media_type
            receive = await body.read(receive, exchange.length, scope["path"], kind)
            exchange.is_whole = True
            with self._gate.admit() as place:

                def leave_place() -> None:
                    exchange.opened_at = time.perf_counter()
                    body.drop()
                    place.leave()

                scope[LEAVE_KEY] = leave_place
                try:
                    if scope["path"] in _DOCUMENTS:
                        self._limits.count_anonymous(scope)
                    await self._call(scope, receive, exchange)
                finally:
                    # It leads to the connection and back to the scope: only the collector would
                    # free what a call has used.
                    del scope[LEAVE_KEY]

    async def _call(self, scope: Scope, receive: Receive, exchange: _Exchange) -> None:
        try:
            await self._app(scope, receive, exchange.send_on)
        except ClientDisconnect:
            raise
        except (Exception, asyncio.CancelledError) as error:
            exchange.error = type(error).__qualname__
            is_cancelled = isinstance(error, asyncio.CancelledError)
            if exchange.status or (is_cancelled and not self._gate.is_closed):
                # Half an answer is out: only closing the connection tells the caller.
                if not is_cancelled:
                    _log.error("request_failed", path=scope["path"], exc_info=error)
                raise
            if self._gate.is_closed:
                # What it needed has stopped before it; the same key finds out what was done.
                _log.warning("request_cut_short", path=scope["path"], reason=repr(error))
                raise self._gate.explain_stop() from error
            _log.error("request_failed", path=scope["path"], exc_info=error)
            await unforeseen_error(scope["path"])(scope, receive, exchange.send_on)

    def _is_last(self) -> bool:
        return self._gate.is_closed

    def _report(self, scope: Scope, exchange: _Exchange, span: Span, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", None)
        attributes: dict[str, AttributeValue] = {
            names.HTTP_METHOD: _method(scope),
            names.URL_SCHEME: scope["scheme"],
            names.HTTP_STATUS: exchange.status or 500,
        }
        if route is not None:
            attributes[names.HTTP_ROUTE] = route
        if exchange.error is not None or exchange.status >= 500:
            attributes[names.ERROR_TYPE] = exchange.error or str(exchange.status)
        self._duration.record(seconds, attributes)
        if span.is_recording():
            span.update_name(f"{_method(scope)} {route}" if route else _method(scope))
            span.set_attributes({**attributes, names.URL_PATH: scope["path"]})
            if names.ERROR_TYPE in attributes:
                span.set_status(StatusCode.ERROR)


def _open(scope: Scope, send: Send) -> _Exchange:
    # Of several headers of one name the first counts.
    given: dict[bytes, bytes] = dict(reversed(scope["headers"]))

    def read(name: bytes) -> str:
        return given.get(name, b"").decode("latin-1")

    length = given.get(b"content-length", b"")
    request_id = _read_id(given.get(b"x-request-id", b"")) or new_id()
    exchange = _Exchange(
        request_id=request_id,
        correlation_id=_read_id(given.get(b"x-correlation-id", b"")) or request_id,
        traceparent=read(b"traceparent") or None,
        length=int(length) if length.isdigit() else None,
        media_type=read(b"content-type"),
        encoding=read(b"content-encoding"),
        send=send,
    )
    language = (b"content-language", speak(read(b"accept-language") or None).encode())
    exchange.extra = [(b"x-request-id", request_id.encode()), _NO_SNIFF, language, _VARIES]
    return exchange


def _read_id(value: bytes) -> str:
    return value.decode() if _ID.fullmatch(value) else ""


def _method(scope: Scope) -> str:
    """Made-up methods would make endless metric series."""
    method: str = scope["method"]
    return method if method in _METHODS else "_OTHER"


async def _do_nothing() -> Message:
    return {"type": "http.disconnect"}
