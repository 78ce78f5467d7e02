"""Slack and Mattermost on a desk in memory: genuine calls, one ticket each, in their language."""

import hmac
import json
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from desk_charter import Charter
from desk_contracts.events.tickets import Channel
from desk_intake.chat.charter import ChatKind, ChatUser, ChatWorkspace
from desk_intake.chat.decide import read_command
from desk_intake.chat.model import ChatAction

from tests.support.charter_sections import obeying
from tests.support.intake_world import MONDAY, Desk, make_desk, triage_says

SIGNING, TOKEN = "8f742231b10e8888abcd99yyyzzz85a5", "gr8t0kenofmattermost"
CHATS = (
    ChatWorkspace(
        name="slack",
        kind=ChatKind.SLACK,
        users=(ChatUser(user="U1", person="ana", language="de"),),
    ),
    ChatWorkspace(name="mattermost", kind=ChatKind.MATTERMOST),
    ChatWorkspace(name="keyless", kind=ChatKind.MATTERMOST),
)
NOW = int(MONDAY.timestamp())


@pytest.fixture
def desk(charter: Charter, tmp_path: Path) -> Desk:
    (tmp_path / "slack").write_text(SIGNING)
    (tmp_path / "mattermost").write_text(TOKEN)
    return make_desk(obeying(charter, chats=CHATS), tmp_path)


async def send(desk: Desk, chat: str, body: bytes, **headers: str) -> httpx.Response:
    async with httpx.AsyncClient(transport=desk.transport, base_url="http://desk") as client:
        return await client.post(f"/v1/chat/{chat}", content=body, headers=headers)


async def slack(
    desk: Desk, body: bytes, kind: str = "application/x-www-form-urlencoded", at: int = NOW
) -> httpx.Response:
    digest = hmac.new(SIGNING.encode(), f"v0:{at}:".encode() + body, sha256).hexdigest()
    headers = {"X-Slack-Signature": f"v0={digest}", "X-Slack-Request-Timestamp": str(at)}
    return await send(desk, "slack", body, **{"Content-Type": kind}, **headers)


def command(text: str, trigger: str = "1.a", user: str = "U1", **more: str) -> bytes:
    fields = {"command": "/desk", "text": text, "user_id": user, "trigger_id": trigger}
    return urlencode(fields | more).encode()


async def test_a_line_opens_one_ticket_and_is_answered_in_the_writers_language(
    desk: Desk,
) -> None:
    answers = [await slack(desk, command("Das VPN geht nicht")) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert answers[0].json()["response_type"] == "ephemeral"
    [ticket] = [item.read() for item in await desk.tickets.find({}, limit=9)]
    assert ticket is not None
    assert (ticket.requester, ticket.channel, ticket.language) == ("ana", Channel.CHAT, "de")
    assert answers[0].json()["text"].startswith(f"Ihr Ticket ist {ticket.code}")


async def test_state_and_comments_of_ones_own_tickets_and_of_no_others(desk: Desk) -> None:
    id = await desk.ana.open()
    code = (await desk.ticket(id)).code
    await desk.hear(triage_says(), id)
    state = await slack(desk, command(f"stand {code.lower()}"))
    assert "network" in state.json()["text"]
    added = await slack(desk, command(f"kommentar {code} Seit heute.", "2.b"))
    assert added.json()["text"] == f"Im Ticket {code} ergänzt."
    entry = (await desk.ticket(id)).timeline[-1]
    assert (entry.who, entry.message.params["text"]) == ("ana", "Seit heute.")
    for text in (f"state {code}", f"comment {code} Mine?"):
        answer = await slack(desk, command(text, "3.c", user="U2"))
        assert answer.status_code == 200
        assert "VPN" not in answer.json()["text"]
    assert (await desk.ticket(id)).comments == 1


async def test_mattermost_shows_its_token_in_the_header_or_in_the_body(desk: Desk) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    by_header = await send(
        desk, "mattermost", command("Mouse", user="u7"), Authorization=f"Token {TOKEN}", **form
    )
    by_body = await send(desk, "mattermost", command("", "2", "u7", token=TOKEN), **form)
    hook = {
        "token": TOKEN,
        "post_id": "p1",
        "user_id": "u7",
        "text": "desk: Toner",
        "trigger_word": "desk:",
    }
    by_hook = await send(
        desk, "mattermost", json.dumps(hook).encode(), **{"Content-Type": "application/json"}
    )
    texts = [answer.json()["text"] for answer in (by_header, by_body, by_hook)]
    assert "Mouse" in texts[0]
    assert "`state CODE`" in texts[1]
    assert "“Toner”" in texts[2]
    requesters = {item.read().requester for item in await desk.tickets.find({}, limit=9)}  # type: ignore[union-attr]
    assert requesters == {"mattermost:u7"}


async def test_slacks_events_are_heard_once_and_bots_are_not(desk: Desk) -> None:
    kind = "application/json"
    challenge = json.dumps({"type": "url_verification", "challenge": "abc"}).encode()
    assert (await slack(desk, challenge, kind)).json() == {"challenge": "abc"}
    bots = [slack_event("E2", bot_id="B1"), slack_event("E3", subtype="x")]
    for body in (slack_event("E1"), slack_event("E1"), *bots, slack_event("E4", "reaction_added")):
        assert (await slack(desk, body, kind)).json() == {}
    [ticket] = [item.read() for item in await desk.tickets.find({}, limit=9)]
    assert ticket is not None
    assert ticket.title == "No sound"


def slack_event(id: str, type: str = "app_mention", **more: object) -> bytes:
    inner = {"type": type, "user": "U1", "text": "<@U0DESK> No sound", **more}
    return json.dumps({"type": "event_callback", "event_id": id, "event": inner}).encode()


async def test_a_mention_in_a_channel_that_is_read_is_one_line(desk: Desk) -> None:
    place = {"channel": "C1", "ts": "1774861000.000100"}
    for body in (slack_event("E1", **place), slack_event("E2", "message", **place)):
        assert (await slack(desk, body, "application/json")).status_code == 200
    assert await desk.tickets.count() == 1
    await slack(desk, slack_event("E3", channel="C1", ts="1774861001.000100"), "application/json")
    assert await desk.tickets.count() == 2


async def test_what_nobody_is_answered_has_to_be_sent_again_while_the_store_is_away(
    desk: Desk,
) -> None:
    desk.tickets.is_down = True
    away = await slack(desk, slack_event("E1"), "application/json")
    assert away.status_code == 503
    desk.tickets.is_down = False
    assert (await slack(desk, slack_event("E1"), "application/json")).json() == {}
    assert await desk.tickets.count() == 1


async def test_what_is_not_genuine_or_not_readable_is_a_problem(desk: Desk) -> None:
    body, form = command("x"), {"Content-Type": "application/x-www-form-urlencoded"}
    late = await slack(desk, body, at=NOW - 301)
    unsigned = await send(desk, "slack", body, **form)
    wrong = await send(desk, "mattermost", command("x") + b"&token=wrong", **form)
    keyless = await send(desk, "keyless", command("x") + b"&token=", **form)
    for answer in (late, unsigned, wrong, keyless):
        assert (answer.status_code, answer.json()["code"]) == (401, "bad-signature")
        assert SIGNING not in answer.text
    unknown = await send(desk, "nowhere", body, **form)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "no-such-chat")
    empty = await send(desk, "mattermost", f"token={TOKEN}".encode(), **form)
    assert (empty.status_code, empty.json()["code"]) == (422, "no-chat-line")
    assert await desk.tickets.count() == 0


async def test_while_the_store_is_away_people_are_told_to_try_again(desk: Desk) -> None:
    desk.tickets.is_down = True
    answer = await slack(desk, command("Das VPN geht nicht"))
    assert answer.json()["text"].startswith("Der Desk kann das jetzt nicht")
    desk.tickets.is_down = False
    await slack(desk, command("Das VPN geht nicht"))
    assert await desk.tickets.count() == 1


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("", ChatAction.HELP),
        ("hilfe", ChatAction.HELP),
        ("help me with the VPN", ChatAction.OPEN),
        ("status of the printer", ChatAction.OPEN),
        ("state K7M2-Q9PG", ChatAction.STATE),
        ("comment K7M2Q9PG it works", ChatAction.COMMENT),
        ("comment K7M2Q9PG", ChatAction.HELP),
        ("The VPN is away", ChatAction.OPEN),
    ],
)
def test_a_line_is_a_command_only_if_it_names_a_ticket(text: str, action: ChatAction) -> None:
    assert read_command(text).action is action


@pytest.mark.parametrize("text", ["The VPN\u202e is\x00 away", "The\tVPN\u2028is \u2066away"])
async def test_a_line_with_signs_that_act_is_cleaned_and_opens_its_ticket(
    desk: Desk, text: str
) -> None:
    answer = await slack(desk, command(text))
    assert answer.status_code == 200
    [ticket] = [item.read() for item in await desk.tickets.find({}, limit=9)]
    assert ticket is not None
    assert ticket.title == "The VPN is away"


async def test_half_a_character_opens_its_ticket_as_well(desk: Desk) -> None:
    hook = {"token": TOKEN, "post_id": "p1", "user_id": "u7", "text": "The VPN \ud83d is away"}
    body = json.dumps(hook).encode()
    answer = await send(desk, "mattermost", body, **{"Content-Type": "application/json"})
    assert answer.status_code == 200
    [ticket] = [item.read() for item in await desk.tickets.find({}, limit=9)]
    assert ticket is not None
    assert ticket.title == "The VPN \ufffd is away"
