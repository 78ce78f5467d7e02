"""However much people write: lists stay short, timelines come in pages, a ticket has an end."""

from datetime import timedelta

import httpx
import pytest
from desk_contracts.errors import Rejected
from desk_contracts.events.tickets import Role, TicketCommented
from desk_contracts.messages import catalogue
from desk_intake.tickets import lifecycle as life
from desk_intake.tickets.answers import EntryView
from desk_intake.tickets.lifecycle import Actor
from desk_intake.tickets.model import MAX_ENTRIES
from desk_intake.tickets.sla import TicketSla
from desk_intake.tickets.store import TICKETS
from desk_intake.tickets.view import MAX_LATEST, MAX_LATEST_TEXT, Reader, show, timeline
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.intake_world import Desk, Story
from tests.support.spoken import english

NO_SLA = TicketSla(ticket="t")
ANYBODY = Reader(False, {}, timedelta(days=5), catalogue("en"))
STAFF = Reader(True, {}, timedelta(days=5), catalogue("en"))


def comment(text: str, *, public: bool = True, automatic: bool = False) -> TicketCommented:
    return TicketCommented(
        by="max", role=Role.MEMBER, text=text, public=public, automatic=automatic
    )


async def test_a_listing_shows_the_same_of_a_ticket_however_much_is_written_in_it(
    desk: Desk,
) -> None:
    ticket = await desk.ana.open(description="y" * 20_000)
    for _ in range(5):
        await desk.ana.post(f"/tickets/{ticket}/comments", text="z" * 20_000)
    whole = (await desk.ana.get(f"/tickets/{ticket}")).json()
    answer = await desk.ana.get("/tickets")
    (listed,) = answer.json()["items"]
    assert listed == {name: whole[name] for name in listed}
    state = await desk.ticket(ticket)
    assert TICKETS.brief is not None
    assert len(TICKETS.brief(state).model_dump_json()) < 2_000


async def test_a_timeline_is_read_in_pages_that_no_new_line_moves(desk: Desk) -> None:
    ticket = await desk.ana.open()
    for number in range(5):
        await desk.ana.post(f"/tickets/{ticket}/comments", text=f"n{number}")
    first = await desk.ana.get(f"/tickets/{ticket}/timeline?limit=3")
    assert 'rel="next"' in first.headers["link"]
    await desk.ana.post(f"/tickets/{ticket}/comments", text="n5")
    following = first.json()["next"]
    second = await desk.ana.get(f"/tickets/{ticket}/timeline?limit=50&cursor={following}")
    assert "link" not in second.headers
    assert second.json()["next"] is None
    lines = [item["text"] for page in (first, second) for item in page.json()["entries"]]
    assert [line[-2:] for line in lines[1:]] == [f"n{number}" for number in range(6)]


async def test_a_cursor_of_one_timeline_opens_no_other(desk: Desk) -> None:
    first, other = await desk.ana.open(), await desk.ana.open()
    await desk.ana.post(f"/tickets/{first}/comments", text="n")
    cursor = (await desk.ana.get(f"/tickets/{first}/timeline?limit=1")).json()["next"]
    answer = await desk.ana.get(f"/tickets/{other}/timeline?cursor={cursor}")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-cursor")


async def test_a_ticket_comes_with_its_newest_lines_and_the_way_to_all(desk: Desk) -> None:
    ticket = await desk.ana.open()
    for number in range(MAX_LATEST + 2):
        await desk.ana.post(f"/tickets/{ticket}/comments", text=f"n{number}")
    shown = (await desk.ana.get(f"/tickets/{ticket}")).json()
    assert shown["timeline_url"] == f"/v1/tickets/{ticket}/timeline"
    path = shown["timeline_url"].removeprefix("/v1")
    whole = (await desk.ana.get(path)).json()["entries"]
    assert len(whole) == MAX_LATEST + 3
    assert shown["latest_entries"] == whole[-MAX_LATEST:]


@pytest.mark.parametrize(
    ("lengths", "shown"),
    [
        ([9_000, 9_000, 9_000], 2),
        ([10, MAX_LATEST_TEXT], 1),
        ([MAX_LATEST_TEXT - 10, 10], 2),
        ([1] * 30, 10),
        # Nothing is left out between two that are shown, though it would have room.
        ([10, MAX_LATEST_TEXT, 10], 1),
    ],
)
def test_long_lines_take_the_room_of_others(lengths: list[int], shown: int) -> None:
    story = Story.begin().then(*[comment("x" * length) for length in lengths])
    story.then(comment("for staff", public=False))
    entries = show(story.ticket, NO_SLA, ANYBODY).latest_entries
    assert [len(entry.text) for entry in entries] == lengths[-shown:]
    assert show(story.ticket, NO_SLA, STAFF).latest_entries[-1].text.endswith("for staff")


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.tuples(st.booleans(), st.integers(1, 3_000)), max_size=30),
    st.integers(0, MAX_ENTRIES + 20),
    st.integers(1, 7),
    st.booleans(),
)
def test_the_pages_of_a_timeline_are_the_whole_of_it(
    comments: list[tuple[bool, int]], more: int, size: int, is_staff: bool
) -> None:
    story = Story.begin()
    story.then(*[comment("x") for _ in range(more)])
    story.then(*[comment("x" * length, public=public) for public, length in comments])
    reader = STAFF if is_staff else ANYBODY
    whole, rest = timeline(story.ticket, reader)
    seen: list[EntryView] = []
    last = -1
    assert rest is None
    while True:
        page, following = timeline(story.ticket, reader, last, size)
        assert len(page.entries) <= size
        seen += page.entries
        if following is None:
            break
        assert following > last
        last = following
    assert tuple(seen) == whole.entries


def test_a_ticket_that_has_too_many_comments_takes_no_more_and_says_what_to_do() -> None:
    max_of_network = Actor("max", is_staff=True, team="network")
    ticket = Story.begin().then(*[comment("n")] * 999).ticket
    story = Story(ticket)
    story.then(*life.comment(ticket, max_of_network, "last", public=True))
    with pytest.raises(Rejected) as caught:
        life.comment(story.ticket, max_of_network, "one more", public=False)
    assert caught.value.kind == "too-many-comments"
    assert caught.value.fields["most"] == 1_000
    assert "open a new ticket" in english(caught.value.described)
    assert life.resolve(story.ticket, max_of_network, "Done", None, "")


def test_what_machines_write_takes_no_comment_from_people() -> None:
    story = Story.begin()
    story.then(*[comment("n", automatic=True) for _ in range(10)], comment("a word"))
    assert story.ticket.comments == 1


@pytest.mark.parametrize("path", ["/v1/tickets", "/v1/events"])
@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"[" * 1_000_000, 413, "too-deep"),
        (b'{"title":' * 100_000, 413, "too-deep"),
        (b"[" + b"[]," * 300_000, 413, "too-many-members"),
        (b'{"attributes":{' + b'"a":"b",' * 100_000, 413, "too-many-members"),
    ],
)
async def test_a_body_that_is_long_to_build_is_refused_before_anybody_signs_in(
    desk: Desk, path: str, body: bytes, status: int, code: str
) -> None:
    async with httpx.AsyncClient(transport=desk.transport, base_url="http://desk") as stranger:
        json = {"content-type": "application/json"}
        answer = await stranger.post(path, content=body, headers=json)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize("body", [b'{"title": "\xff"}', b'{"title": ' + b"9" * 10_000 + b"}"])
async def test_a_body_that_cannot_be_read_says_so(desk: Desk, body: bytes) -> None:
    headers = {"X-Desk-User": "ana", "X-Desk-Roles": "employee", "Idempotency-Key": "k"}
    async with httpx.AsyncClient(transport=desk.transport, base_url="http://desk") as ana:
        json = {"content-type": "application/json"}
        answer = await ana.post("/v1/tickets", content=body, headers=headers | json)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-json")
