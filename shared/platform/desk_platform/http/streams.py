"""An answer that stays open: server-sent events, as browsers and proxies know them."""

from collections.abc import AsyncGenerator, Callable
from typing import Any

from fastapi import Request
from fastapi.sse import ServerSentEvent, format_sse_event
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from desk_platform.http.gate import Gate

# Under this name the request's scope has the way to leave its place among the calls.
LEAVE_KEY = "desk.leave"
# How a document says what each event of a stream has (OpenAPI 3.2, as FastAPI writes it into 3.1).
STREAM_OF_JSON: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            "text/event-stream": {
                "itemSchema": {
                    "type": "object",
                    "properties": {
                        "event": {"type": "string"},
                        "id": {"type": "string"},
                        "data": {"type": "string", "contentMediaType": "application/json"},
                        "retry": {"type": "integer", "minimum": 0},
                    },
                }
            }
        }
    }
}
# Nobody keeps a part of it, and no proxy gathers several before it passes them on.
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class EventStream(StreamingResponse):
    """Events for one person until they go, the stream ends or the service stops.

    Not FastAPI's class for it, which begins to answer before it is known whether there is a place.
    """

    media_type = "text/event-stream"

    def __init__(
        self,
        request: Request,
        person: str,
        events: AsyncGenerator[ServerSentEvent, None],
        end: Callable[[], None],
    ) -> None:
        """`end` makes `events` come to its end soon."""
        super().__init__(_write_each(events), headers=_HEADERS)
        self._events = events
        self._gate: Gate = request.app.state.gate
        self._person, self._end = person, end

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._gate.hold_open(self._person, self._end):
            leave: Callable[[], None] | None = scope.get(LEAVE_KEY)
            if leave is not None:
                leave()
            try:
                await super().__call__(scope, receive, send)
            finally:
                self._end()
                await self._events.aclose()


async def _write_each(
    events: AsyncGenerator[ServerSentEvent, None],
) -> AsyncGenerator[bytes, None]:
    async for event in events:
        yield format_sse_event(
            data_str=event.raw_data,
            event=event.event,
            id=event.id,
            retry=event.retry,
            comment=event.comment,
        )
