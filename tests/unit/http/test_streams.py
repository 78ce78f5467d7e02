"""Answers that stay open hold no place of a call, are counted apart and end with the service."""

from contextlib import ExitStack
from datetime import timedelta

import pytest
from desk_platform.http import TooManyRequests
from desk_platform.http.gate import MAX_STREAMS, MAX_STREAMS_EACH, Gate
from desk_platform.http.refusals import Overloaded, Stopping
from desk_platform.precedence import Precedence


def never() -> None:
    raise AssertionError("nothing ends here")


def test_a_stream_leaves_its_place_to_others() -> None:
    gate = Gate(1, Precedence())
    with gate.admit() as place:
        with pytest.raises(Overloaded), gate.admit():
            never()
        place.leave()
        with gate.admit():
            assert gate.under_way == 1
        assert gate.under_way == 0
    assert gate.under_way == 0


def test_one_person_has_so_many_and_no_more_until_one_ends() -> None:
    gate = Gate(1, Precedence())
    with ExitStack() as streams:
        first = streams.enter_context(ExitStack())
        first.enter_context(gate.hold_open("ana", never))
        for _ in range(MAX_STREAMS_EACH - 1):
            streams.enter_context(gate.hold_open("ana", never))
        with pytest.raises(TooManyRequests), gate.hold_open("ana", never):
            never()
        streams.enter_context(gate.hold_open("ben", never))
        first.close()
        streams.enter_context(gate.hold_open("ana", never))


def test_so_many_are_open_at_all() -> None:
    gate = Gate(1, Precedence())
    with ExitStack() as streams:
        for number in range(MAX_STREAMS):
            streams.enter_context(gate.hold_open(f"p-{number}", never))
        with pytest.raises(Overloaded), gate.hold_open("last", never):
            never()


async def test_all_end_when_the_service_stops_and_none_begins() -> None:
    gate, ended = Gate(1, Precedence()), list[str]()
    with gate.hold_open("ana", lambda: ended.append("ana")):
        assert await gate.close(timedelta(seconds=1)) == 0
        assert ended == ["ana"]
        with pytest.raises(Stopping), gate.hold_open("ben", never):
            never()
