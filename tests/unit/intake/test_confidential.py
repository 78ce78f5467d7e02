"""Tickets, problems and the status of what is confidential, by every route and every reader."""

import httpx
import pytest
from desk_contracts.events.problems import ProblemDetected
from desk_contracts.message import verbatim
from desk_platform.http import STAFF

from tests.support.confidential import SERVICE
from tests.support.intake_world import Desk, make_desk

SECRET = "Salary of the board is wrong"  # noqa: S105
OUTAGE = "Nobody can see customers"
READERS = {
    "ana": ("employee", "", True),  # she asked
    "ben": ("employee", "", False),
    "eve": ("employee", "business-apps", False),  # a team without the role
    "max": ("member", "network", False),
    "mia": ("member", "business-apps", True),
    "olga": ("owner", "", True),
    "otto": ("operator", "", True),
    "nil": ("member", "no-such-team", False),
}
CALLS = ("comments", "start", "pause", "resume", "resolve", "reopen", "close", "assign", "merge")
BODIES = {
    "comments": {"text": "x"},
    "pause": {"waiting_for": "vendor"},
    "resolve": {"resolution": "x"},
    "reopen": {"reason": "x"},
    "assign": {"team": "network"},
}


@pytest.fixture
async def desk() -> Desk:
    return make_desk(SERVICE)


async def secret(desk: Desk) -> str:
    ticket = await desk.ana.open(SECRET, service="Customer records")
    problem = ProblemDetected(
        service="crm", title=verbatim(OUTAGE), team="business-apps", message=verbatim(OUTAGE),
        tickets=(), people=(), explanation=(),
    )  # fmt: skip
    await desk.hear(problem, "p-1")
    return ticket


async def read(desk: Desk, who: str, path: str) -> httpx.Response:
    role, team, _ = READERS[who]
    return await desk.client(who, role, team).get(path)


@pytest.mark.parametrize("who", READERS)
async def test_only_those_whom_it_concerns_read_it(desk: Desk, who: str) -> None:
    ticket = await secret(desk)
    code = (await desk.ticket(ticket)).code
    may = READERS[who][2]
    for path in (f"/tickets/{ticket}", f"/tickets/{code}", f"/tickets/{ticket}/timeline"):
        answer = await read(desk, who, path)
        assert (answer.status_code == 200) is may, (path, answer.text)
        assert may or SECRET not in answer.text
    for path in ("/tickets", "/tickets?team=business-apps", "/tickets?service=Customer records"):
        assert SECRET not in (await read(desk, who, path)).text or may


@pytest.mark.parametrize("action", CALLS)
@pytest.mark.parametrize("who", [reader for reader, (_, _, may) in READERS.items() if not may])
async def test_nobody_else_does_anything_with_it(desk: Desk, who: str, action: str) -> None:
    ticket = await secret(desk)
    own = await desk.client(who, "employee").open("my own")
    role, team, _ = READERS[who]
    body = {"into": own} if action == "merge" else BODIES.get(action, {})
    refused = await desk.client(who, role, team).post(f"/tickets/{ticket}/{action}", **body)
    assert refused.status_code in (403, 404)
    assert SECRET not in refused.text
    assert desk.types(ticket) == ["opened"]


@pytest.mark.parametrize(("who", "sees"), [("ben", False), ("max", False), ("mia", True)])
async def test_the_status_page_keeps_it_too(desk: Desk, who: str, sees: bool) -> None:
    await secret(desk)
    shown = (await read(desk, who, "/status")).text
    assert (OUTAGE in shown) is sees
    assert ('"crm"' in shown) is sees


async def test_pages_have_no_holes_where_something_is_hidden(desk: Desk) -> None:
    for number in range(9):
        service = "crm" if number % 3 else "vpn"
        await desk.ana.open(f"ticket {number}", service=service)
    page = (await desk.max.get("/tickets?limit=2")).json()
    more = (await desk.max.get(f"/tickets?limit=2&cursor={page['next']}")).json()
    assert [len(page["items"]), len(more["items"]), more["next"]] == [2, 1, None]


async def test_a_member_of_no_team_is_told_so_and_acts_for_themselves_only(desk: Desk) -> None:
    lost = desk.client("nil", "member,employee", "gone")
    own = await lost.open("mine")
    hers = await desk.ana.open()
    assert (await lost.get(f"/tickets/{own}")).status_code == 200
    assert (await lost.get(f"/tickets/{hers}")).status_code == 404
    refused = await lost.post(f"/tickets/{own}/start")
    assert (refused.status_code, refused.json()["code"]) == (403, "no-team-of-charter")
    assert "team" in refused.json()["detail"]


@pytest.mark.parametrize("path", ["/tickets", "/status"])
async def test_whoever_has_no_role_is_refused_with_the_role_that_is_asked_for(
    desk: Desk, path: str
) -> None:
    refused = await desk.client("x", "").get(path)
    assert refused.status_code == 403
    assert "employee" in refused.json()["detail"]
    assert all(role.value in refused.json()["detail"] for role in STAFF)


async def test_staff_of_another_team_who_watch_read_and_speak_as_employees(desk: Desk) -> None:
    ticket = await secret(desk)
    mia, max_ = desk.client("mia", "member", "business-apps"), desk.max
    await mia.post(f"/tickets/{ticket}/comments", text="For us only", public=False)
    assert (await mia.post(f"/tickets/{ticket}/watch", person="max")).status_code == 200
    assert SECRET in (await max_.get(f"/tickets/{ticket}")).text
    for path in ("", "/timeline"):
        assert "For us only" not in (await max_.get(f"/tickets/{ticket}{path}")).text
    internal = await max_.post(f"/tickets/{ticket}/comments", text="x", public=False)
    assert internal.status_code == 403
    assert (await max_.post(f"/tickets/{ticket}/comments", text="x")).status_code == 200
    # What an employee says is no first response of a team.
    assert (await desk.ticket(ticket)).answered_at is None
    for action, body in (("start", {}), ("resolve", {"resolution": "x"}), ("take", {})):
        assert (await max_.post(f"/tickets/{ticket}/{action}", **body)).status_code == 403
