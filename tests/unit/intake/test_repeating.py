"""A call repeated with its key does nothing for a day, whatever came in between."""

from datetime import UTC, datetime, timedelta

import pytest
from desk_contracts.events.tickets import TicketCommented
from desk_intake.tickets.calls import (
    KEPT_HERE,
    MOST_HERE,
    NOTHING,
    Command,
    Recalled,
    Unsure,
    fingerprint_of,
    with_command,
)
from desk_platform.http.idempotency import KEEP_FOR

from tests.support.intake_world import Desk, triage_says

# Half as many again as a ticket itself knows.
MANY = MOST_HERE * 3 // 2


async def comments(desk: Desk, ticket: str, count: int, first: int = 0) -> None:
    for number in range(first, first + count):
        answer = await desk.ana.post(f"/tickets/{ticket}/comments", f"n-{number}", text=f"{number}")
        assert answer.status_code == 200, answer.text


def commented(desk: Desk, ticket: str) -> list[str]:
    return [item.data.text for item in desk.log(ticket) if isinstance(item.data, TicketCommented)]


async def test_a_call_repeated_after_many_others_does_nothing(desk: Desk) -> None:
    ticket = await desk.ana.open()
    await comments(desk, ticket, MANY)
    await comments(desk, ticket, MANY)
    assert commented(desk, ticket) == [str(number) for number in range(MANY)]
    assert len((await desk.ticket(ticket)).commands) <= MOST_HERE
    await desk.check(ticket)


async def test_its_key_with_another_body_is_refused_after_many_others(desk: Desk) -> None:
    ticket = (await desk.ana.post("/tickets", "opening", title="VPN")).json()["id"]
    await comments(desk, ticket, MANY)
    other = await desk.ana.post(f"/tickets/{ticket}/comments", "n-3", text="something else")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    same = await desk.ana.post("/tickets", "opening", title="VPN")
    assert (same.status_code, same.json()["id"]) == (201, ticket)
    assert (await desk.ana.post("/tickets", "opening", title="Printer")).status_code == 422
    await comments(desk, ticket, MANY)
    assert len(commented(desk, ticket)) == MANY


async def test_a_key_is_known_for_a_day_and_then_let_go(desk: Desk) -> None:
    ticket = await desk.ana.open()
    await comments(desk, ticket, MANY)
    desk.clock.advance(KEEP_FOR)
    assert await desk.calls.sweep(1_000) == 0
    await comments(desk, ticket, MANY)
    assert len(commented(desk, ticket)) == MANY
    desk.clock.advance(KEEP_FOR)
    await comments(desk, ticket, MANY, first=1_000)
    kept = len(desk.calls.calls)
    assert await desk.calls.sweep(1_000) > 0
    # Those of the first day that were still in the ticket are over: they were not kept anywhere.
    assert kept <= 2 * (MANY - KEPT_HERE)
    assert all(call.until > desk.clock.now() for call in desk.calls.calls.values())


async def test_an_answer_to_a_survey_repeated_after_many_others_does_nothing(desk: Desk) -> None:
    ticket = await desk.ana.open()
    await desk.hear(triage_says(), ticket)
    await desk.max.post(f"/tickets/{ticket}/resolve", resolution="done")

    async def say(number: int, score: int) -> int:
        path = f"/tickets/{ticket}/feedback"
        return (await desk.ana.post(path, f"s-{number}", score=score)).status_code

    assert {await say(number, 1 + number % 5) for number in range(100)} == {200}
    count = len(desk.publisher.messages)
    assert {await say(number, 1 + number % 5) for number in range(100)} == {200}
    assert await say(7, 5) == 422
    assert len(desk.publisher.messages) == count


async def test_with_the_store_of_calls_away_nothing_is_done_and_a_repeat_is_safe(
    desk: Desk,
) -> None:
    ticket = await desk.ana.open()
    await comments(desk, ticket, 100)
    desk.calls.is_down = True
    answer = await desk.ana.post(f"/tickets/{ticket}/comments", "late", text="late")
    assert answer.status_code == 503
    desk.calls.is_down = False
    for _ in range(2):
        assert (
            await desk.ana.post(f"/tickets/{ticket}/comments", "late", text="late")
        ).status_code == 200
    assert commented(desk, ticket)[-2:] == ["99", "late"]


def test_what_was_looked_up_counts_only_until_another_call_is_dropped() -> None:
    """Between the look and the answer another replica may keep the call there and drop it here."""
    before = tuple(Command(key=f"k{n}", fingerprint="f") for n in range(MOST_HERE))
    # So it is where another release kept more.
    for many in (before, (*before, Command(key="more", fingerprint="f"))):
        with pytest.raises(Unsure):
            with_command("t", many, Command(key="new", fingerprint="f"))
    with pytest.raises(Unsure) as first:
        fingerprint_of("t", before, "other", NOTHING)
    looked_up = Recalled(first.value.mark)
    assert fingerprint_of("t", before, "other", looked_up) is None
    safe = frozenset(item.key for item in before)
    after = with_command("t", before, Command(key="new", fingerprint="f"), Recalled(safe=safe))
    with pytest.raises(Unsure) as again:
        fingerprint_of("t", after, "k7", looked_up)
    assert fingerprint_of("t", after, "k7", Recalled(again.value.mark, "f")) == "f"
    assert fingerprint_of("t", after, "k0", NOTHING) == "f"  # the first is never dropped


@pytest.mark.parametrize(
    ("made", "minutes", "is_let_go"),
    [
        (True, 25 * 60 - 1, False),
        (True, 25 * 60, True),
        (True, None, False),  # of what is called now nobody knows the moment
        (False, 99 * 60, False),  # of the older call nobody does
        (False, None, False),
    ],
)
def test_a_call_is_let_go_when_its_day_is_known_to_be_over(
    made: bool, minutes: int | None, is_let_go: bool
) -> None:
    start = datetime(2026, 3, 2, 9, tzinfo=UTC)
    past = [Command(key=f"k{n}", fingerprint="f", at=start if made else None) for n in range(64)]
    now = None if minutes is None else start + timedelta(minutes=minutes)
    new = Command(key="new", fingerprint="f", at=now)
    if not is_let_go:
        with pytest.raises(Unsure) as unsure:
            with_command("t", tuple(past), new)
        assert unsure.value.to_keep == tuple(past[1:33])
        return
    assert with_command("t", tuple(past), new) == (past[0], *past[33:], new)
