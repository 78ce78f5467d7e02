"""A ticket that a repair left: as much of what it saw as an event bears, the newest first kept."""

import pytest
from desk_contracts import AnyEvent, Event
from desk_contracts.events.automation import Evidence, Outcome, RunEscalated, StepStatus
from desk_contracts.events.tickets import TicketCommented
from desk_contracts.message import Carried, Message, verbatim
from desk_intake.tickets.evidence import cut
from desk_intake.tickets.registration import from_run

from tests.support.intake_world import MONDAY

ROOM = 40 * 1024
CUT = " … (shortened)"


def lines(*texts: str, left_out: int = 0) -> list[Message]:
    """What the ticket's comment lists of a repair that saw these."""
    evidence = tuple(
        Evidence(
            step=f"s{number}",
            status=StepStatus.DONE,
            message=verbatim(text),
            left_out=left_out if number == 0 else 0,
        )
        for number, text in enumerate(texts)
    )
    data = RunEscalated(
        run="r", runbook="clean-disk", title="Free space", outcome=Outcome.NOT_HEALED,
        team="workplace", reason=verbatim("It did not help."), evidence=evidence,
    )  # fmt: skip
    fact: AnyEvent = Event("e", "/test", "laptop-1", MONDAY, data)
    emitted = from_run(fact, data, "K7M2-Q9PC")
    [comment] = [item for item in emitted if isinstance(item, TicketCommented)]
    assert comment.message is not None
    listed = comment.message.params["steps"]
    assert isinstance(listed, tuple)
    return [item for item in listed if isinstance(item, Message)]


def steps(listed: list[Message]) -> list[Carried]:
    return [line.params["step"] for line in listed if line.code == "comment.step"]


def left_out(listed: list[Message]) -> list[Carried]:
    return [line.params["count"] for line in listed if line.code == "comment.lines-left-out"]


def test_what_has_room_is_listed_in_its_order() -> None:
    listed = lines("a", "b", "c")
    assert (steps(listed), left_out(listed)) == (["s0", "s1", "s2"], [])


@pytest.mark.parametrize(("more", "kept"), [(0, ["s0", "s1"]), (1, ["s1"])])
def test_lines_are_listed_up_to_the_last_byte_that_there_is_room_for(
    more: int, kept: list[str]
) -> None:
    size = sum(len(line.model_dump_json().encode()) for line in lines("", "x"))
    listed = lines("y" * (ROOM - size + more), "x")
    assert steps(listed) == kept
    assert left_out(listed) == ([1] if more else [])


def test_what_stands_before_a_line_without_room_is_left_out_with_it_and_counted() -> None:
    """A list with a hole would tell another story than the repair's."""
    listed = lines("short", "also short", "z" * ROOM, "c", "d", left_out=5)
    assert (steps(listed), left_out(listed)) == (["s3", "s4"], [5 + 3])
    assert listed[0].code == "comment.lines-left-out"


@pytest.mark.parametrize("sign", ["x", "é", "🖨"])
def test_a_text_is_cut_where_it_has_no_room_and_says_so(sign: str) -> None:
    most = min(20_000, ROOM // len(sign.encode()))
    assert cut(sign * most) == sign * most
    shortened = cut(sign * (most + 1))
    assert shortened.endswith(CUT)
    assert set(shortened.removesuffix(CUT)) == {sign}
    assert len(shortened) <= 20_000
    assert len(shortened.encode()) <= ROOM
    # As much as there is room for, but for a few signs that make it whole.
    assert len(shortened.encode()) > min(20_000 * len(sign.encode()), ROOM) - 70
