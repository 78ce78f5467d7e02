"""The index of tickets: what is written is found, also after a restart, and never twice."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from desk_contracts import Payload
from desk_contracts.events.tickets import (
    How,
    Kind,
    State,
    TicketClosed,
    TicketConfirmed,
    TicketMerged,
    TicketReopened,
    TicketResolved,
    TicketUpdated,
)
from desk_contracts.message import verbatim
from desk_platform.similar import IndexedTicket, TextIndex, Written, find_similar, follow_ticket

from tests.support.triage_desk import event, opened

AT = datetime(2026, 3, 2, tzinfo=UTC)


def ticket(id: str, title: str, text: str = "", **more: Any) -> IndexedTicket:
    base = IndexedTicket(
        id=id, code=f"C{id}", kind=Kind.INCIDENT, title=title, text=text, requester="ana",
        opened_at=AT,
    )  # fmt: skip
    return base.model_copy(update=more)


SOLVED: dict[str, Any] = {
    "state": State.RESOLVED,
    "how": How.MEMBER,
    "resolution": verbatim("Restart the spooler."),
    "resolved_at": AT,
}
TICKETS = (
    ticket("1", "Printer on floor three is jammed"),
    ticket("2", "Printer jammed again, paper stuck", **SOLVED),
    ticket("3", "VPN drops the connection"),
    ticket("4", "Cannot sign in to payroll", state=State.MERGED),
    ticket("5", "Paper stuck in the printer", **{**SOLVED, "how": How.WITHDRAWN}),
)


@pytest.fixture
async def index(tmp_path: Path) -> AsyncIterator[TextIndex[IndexedTicket]]:
    index = TextIndex(tmp_path / "tickets.index", IndexedTicket)
    await index.open("topic-1")
    await index.write(TICKETS, {0: 5})
    yield index
    await index.close()


async def ask(
    index: TextIndex[IndexedTicket], title: str, text: str = "", hidden: str = ""
) -> tuple[list[str], list[str]]:
    similar = await find_similar(index, Written(title, text), lambda other: other.id != hidden, 5)
    return [item.item.id for item in similar.open], [item.item.id for item in similar.solved]


async def test_open_and_solved_ones_are_found_apart(index: TextIndex[IndexedTicket]) -> None:
    """What was merged or withdrawn is neither open nor a solution."""
    assert await ask(index, "Printer has jammed") == (["1"], ["2"])
    assert await ask(index, "Printer has jammed", hidden="1") == ([], ["2"])
    assert await ask(index, "payroll sign in") == ([], [])


async def test_a_mistyped_word_is_found_by_its_letters(index: TextIndex[IndexedTicket]) -> None:
    assert (await ask(index, "pritner jamed"))[0] == ["1"]


@pytest.mark.parametrize(
    "text",
    ["", '"', "' OR 1=1 --", "words : (", "NEAR(a b)", "*", "<script>alert(1)</script>", "\0", "_"],
)
async def test_no_text_is_a_query_language(index: TextIndex[IndexedTicket], text: str) -> None:
    assert await ask(index, text, text) == ([], [])


async def test_a_megabyte_is_searched_like_any_other_text(index: TextIndex[IndexedTicket]) -> None:
    assert (await ask(index, "printer jammed", "paper " * 170_000))[1] == ["2"]


async def test_a_ticket_changed_is_found_by_its_new_text_only(
    index: TextIndex[IndexedTicket],
) -> None:
    await index.write([ticket("3", "Keyboard does not type")], {})
    assert (await ask(index, "VPN connection"))[0] == []
    assert (await ask(index, "my keyboard"))[0] == ["3"]
    assert await index.count() == len(TICKETS)


async def test_it_is_found_by_id_and_code(index: TextIndex[IndexedTicket]) -> None:
    assert await index.find("3") == await index.find("C3") == TICKETS[2]
    assert await index.find("9") is None


async def test_it_goes_on_after_a_restart_where_it_stood(tmp_path: Path) -> None:
    path = tmp_path / "again.index"
    first = TextIndex(path, IndexedTicket)
    assert await first.open("topic-1") == {}
    await first.write(TICKETS[:1], {0: 17, 3: 2})
    await first.close()
    second = TextIndex(path, IndexedTicket)
    assert await second.open("topic-1") == {0: 17, 3: 2}
    assert (await ask(second, "printer"))[0] == ["1"]
    # A topic made anew holds other tickets: nothing of the old one stays.
    assert await second.open("topic-2") == {}
    assert await second.count() == 0
    assert await ask(second, "printer") == ([], [])
    await second.close()


async def test_a_write_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "broken.index"
    index = TextIndex(path, IndexedTicket)
    await index.open("topic-1")
    await index.write(TICKETS[:1], {0: 1})

    def break_off() -> Iterator[IndexedTicket]:
        yield ticket("7", "New")
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError):
        await index.write(break_off(), {0: 2})
    assert await index.find("7") is None
    await index.write(TICKETS[1:2], {})
    await index.close()
    again = TextIndex(path, IndexedTicket)
    assert await again.open("topic-1") == {0: 1}
    assert await again.count() == 2
    await again.close()


async def test_a_damaged_folder_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "damaged.index"
    path.mkdir()
    (path / "meta.json").write_text("no JSON")
    index = TextIndex(path, IndexedTicket)
    assert await index.open("topic-1") == {}
    await index.write(TICKETS, {0: 5})
    assert await index.count() == len(TICKETS)
    await index.close()


async def test_a_folder_that_cannot_be_made_is_told_and_used_once_it_can(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("no folder")
    index = TextIndex(in_the_way / "tickets.index", IndexedTicket)
    with pytest.raises(OSError, match="delete it: it is made anew"):
        await index.open("topic-1")
    in_the_way.unlink()
    assert await index.open("topic-1") == {}
    await index.close()


async def test_another_form_of_the_word_is_found_by_its_stem(
    index: TextIndex[IndexedTicket],
) -> None:
    """As far as the ticket says its language; neither has a word or an ending of the other."""
    german = ticket("8", "Drucker druckt nicht", "Beim Drucken kommt nichts.", language="de")
    await index.write([german], {})
    assert (await ask(index, "connections are dropping"))[0] == ["3"]


@pytest.mark.parametrize(
    ("data", "is_proven"),
    [
        (TicketConfirmed(by="ana", resolution=1), True),
        (TicketConfirmed(by="ana", resolution=7), False),
        (TicketClosed(by="ana"), False),
        (TicketClosed(by="desk"), False),
    ],
)
def test_only_the_resolution_that_was_confirmed_is_proven(data: Payload, is_proven: bool) -> None:
    solved = ticket("9", "Printer", **SOLVED, resolution_sequence=1)
    after = follow_ticket(solved, event("9", data, sequence=2)) or solved
    assert ("proven" in after.tags) is is_proven


def test_a_ticket_is_followed_through_its_life() -> None:
    first = opened("Printer jammed", description="Paper.")
    state = follow_ticket(None, first)
    assert state is not None
    assert follow_ticket(state, first) is None

    def then(data: object, sequence: int) -> IndexedTicket | None:
        nonlocal state
        after = follow_ticket(state, event(first.subject, data, sequence=sequence))  # type: ignore[arg-type]
        state = after or state
        return after

    updated = then(TicketUpdated(by="ana", title="Printer is jammed"), 2)
    assert updated is not None
    assert (updated.title, updated.text, updated.is_open) == ("Printer is jammed", "Paper.", True)
    solved = then(TicketResolved(by="ned", resolution=verbatim("Restarted."), cause="heat"), 3)
    assert solved is not None
    assert (solved.is_solved, solved.is_open, solved.cause) == (True, False, "heat")
    assert then(TicketUpdated(by="ana", title="Late copy"), 2) is None
    back = then(TicketReopened(by="ana", reason="No."), 4)
    assert back is not None
    assert (back.is_open, back.is_solved, back.resolution) == (True, False, None)
    assert then(TicketUpdated(by="ana"), 5) is None
    merged = then(TicketMerged(into="other", by="ned"), 6)
    assert merged is not None
    assert not merged.is_open
    assert not merged.is_solved
    closed = then(TicketClosed(by="desk"), 7)
    assert closed is not None
    assert not closed.is_solved


async def test_of_equals_the_newer_is_first(index: TextIndex[IndexedTicket]) -> None:
    later = ticket("0", TICKETS[1].title, **{**SOLVED, "opened_at": AT + timedelta(days=1)})
    await index.write([later], {})
    assert (await ask(index, TICKETS[1].title))[1] == ["0", "2"]
