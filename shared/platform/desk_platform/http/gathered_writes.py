"""The head and the body of an answer go out at once: one packet, one call to the system.

Uvicorn writes the two apart, and the event loop sends each as it comes.
"""

import asyncio
from collections.abc import Callable
from typing import Any

# What is larger goes out at once, so that the transport says when its caller reads too slowly.
_MOST_HELD = 64 * 1024


class GatheredWrites(asyncio.Transport):
    """A transport that sends what was written together before the event loop goes on."""

    def __init__(self, transport: asyncio.Transport, later: Callable[..., object]) -> None:
        super().__init__()
        self._transport, self._later = transport, later
        self._held: list[bytes] = []
        self._size = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Sent with what is written until the loop goes on."""
        if not self._held:
            self._later(self._send)
        self._held.append(bytes(data))
        self._size += len(data)
        if self._size > _MOST_HELD:
            self._send()

    def _send(self) -> None:
        if self._held:
            data = b"".join(self._held)
            self._held, self._size = [], 0
            if not self._transport.is_closing():
                self._transport.write(data)

    def write_eof(self) -> None:
        self._send()
        self._transport.write_eof()

    def close(self) -> None:
        self._send()
        self._transport.close()

    def abort(self) -> None:
        self._held, self._size = [], 0
        self._transport.abort()

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._transport.get_extra_info(name, default)

    def get_write_buffer_size(self) -> int:
        return self._size + self._transport.get_write_buffer_size()

    def pause_reading(self) -> None:
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        self._transport.resume_reading()

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._transport.set_protocol(protocol)
