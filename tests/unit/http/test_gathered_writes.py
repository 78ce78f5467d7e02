"""What is written before the loop goes on is sent at once, in order, and never lost at a close."""

import asyncio
from collections.abc import Callable

import pytest
from desk_platform.http.gathered_writes import GatheredWrites


class Wire(asyncio.Transport):
    """What was sent, one call after the other."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[bytes | str] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.calls.append(bytes(data))

    def write_eof(self) -> None:
        self.calls.append("eof")

    def close(self) -> None:
        self.calls.append("close")

    def abort(self) -> None:
        self.calls.append("abort")

    def is_closing(self) -> bool:
        return "close" in self.calls or "abort" in self.calls


@pytest.fixture
def soon() -> list[Callable[[], None]]:
    """What the loop does next."""
    return []


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def transport(wire: Wire, soon: list[Callable[[], None]]) -> GatheredWrites:
    return GatheredWrites(wire, soon.append)


def test_a_head_and_its_body_are_one_call(
    wire: Wire, soon: list[Callable[[], None]], transport: GatheredWrites
) -> None:
    transport.write(b"head ")
    transport.write(bytearray(b"body"))
    assert (wire.calls, len(soon)) == ([], 1)
    soon.pop()()
    assert wire.calls == [b"head body"]
    transport.write(b"next")
    soon.pop()()
    assert wire.calls == [b"head body", b"next"]


def test_what_is_large_does_not_wait(wire: Wire, transport: GatheredWrites) -> None:
    transport.write(b"head")
    transport.write(b"b" * 70_000)
    assert wire.calls == [b"head" + b"b" * 70_000]


@pytest.mark.parametrize("last", ["close", "eof"])
def test_an_end_comes_behind_what_was_written(
    wire: Wire, soon: list[Callable[[], None]], transport: GatheredWrites, last: str
) -> None:
    transport.write(b"all of it")
    if last == "close":
        transport.close()
    else:
        transport.write_eof()
    soon.pop()()
    assert wire.calls == [b"all of it", last]


def test_an_abort_sends_nothing_more(
    wire: Wire, soon: list[Callable[[], None]], transport: GatheredWrites
) -> None:
    transport.write(b"half of it")
    transport.abort()
    soon.pop()()
    assert wire.calls == ["abort"]
    transport.write(b"too late")
    soon.pop()()
    assert wire.calls == ["abort"]
