"""Requests for items of the catalogue: the form, who says yes, and what silence means."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from desk_charter import Charter
from desk_contracts.errors import Rejected, error_code
from desk_contracts.events.fulfilment import TicketApprovalRequested
from desk_contracts.events.tickets import ApprovalAsked, TicketItemRequested
from desk_contracts.message import message
from desk_intake.catalogue.charter import CATALOGUE, Approval
from desk_intake.catalogue.decide import Asker, FilledForm, request_item

from tests.support.intake_world import Caller, Desk, triage_says

ACCESS = {"resource": "finance share", "right": "read", "purpose": "The yearly report"}
HARDWARE = {"kind": "monitor", "purpose": "A second screen"}


async def ask(caller: Caller, item: str, answers: dict[str, Any]) -> dict[str, Any]:
    answer = await caller.post(f"/catalogue/{item}/requests", answers=answers)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def decide(caller: Caller, request: dict[str, Any], word: str, **more: Any) -> Any:
    body = {"digest": request["digest"], **more}
    return await caller.post(f"/requests/{request['id']}/{word}", **body)


async def test_only_what_is_offered_is_listed(desk: Desk) -> None:
    names = [item["name"] for item in (await desk.ana.get("/catalogue")).json()]
    # Without a directory nobody recovers an account by themselves, so that is not offered.
    assert names == ["access", "software", "hardware", "reboot", "clean-up"]
    assert (await desk.ana.get("/catalogue/yacht")).status_code == 404
    german = await desk.ana.get("/catalogue/hardware", **{"Accept-Language": "de"})
    assert german.json()["labels"]["kind"] == "Was"


@pytest.mark.parametrize(
    ("answers", "pointer", "says"),
    [
        ({"right": "read", "purpose": "The report"}, "/answers/resource", "missing"),
        ({**ACCESS, "right": "own"}, "/answers/right", "Choose one of these"),
        ({**ACCESS, "resource": "x"}, "/answers/resource", "2 or more"),
        ({**ACCESS, "resource": 7}, "/answers/resource", "text"),
        ({**ACCESS, "days": 366}, "/answers/days", "365 or less"),
        ({**ACCESS, "days": 10**30}, "/answers/days", "too large"),
        ({**ACCESS, "days": True}, "/answers/days", "whole number"),
        ({**ACCESS, "colour": "red"}, "/answers/colour", "no such field"),
        ({**ACCESS, "purpose": {"a": "b"}}, "/answers/purpose", "text"),
    ],
)
async def test_each_wrong_field_is_told(
    desk: Desk, answers: dict[str, Any], pointer: str, says: str
) -> None:
    answer = await desk.ana.post("/catalogue/access/requests", answers=answers)
    assert answer.status_code == 422
    details = [error["detail"] for error in answer.json()["errors"] if error["pointer"] == pointer]
    assert any(says in detail for detail in details), answer.json()
    assert not desk.publisher.events()


async def test_a_yes_gives_the_work_to_its_team_whatever_triage_says(desk: Desk) -> None:
    request = await ask(desk.ana, "access", ACCESS)
    assert request["waits_for"] == ["identity-1", "identity-2"]
    await desk.hear(triage_says("network"), request["id"])
    waiting = await desk.ticket(request["id"])
    assert (waiting.state, waiting.team) == ("waiting", "")
    approver = desk.client("identity-2")
    assert [it["id"] for it in (await approver.get("/approvals")).json()["items"]] == [
        request["id"]
    ]
    answer = await decide(approver, request, "approve", reason="She does the report.")
    assert answer.json()["outcome"] == "approved"
    assert answer.json()["waits_for"] == []
    await desk.hear(triage_says("network"), request["id"], id="again")
    ticket = await desk.ticket(request["id"])
    assert (ticket.state, ticket.team) == ("assigned", "identity")
    assert (await approver.get("/approvals")).json()["items"] == []


async def test_nobody_approves_what_they_did_not_read(desk: Desk) -> None:
    request = await ask(desk.ana, "access", ACCESS)
    other = await ask(desk.ana, "access", {**ACCESS, "right": "write"})
    assert other["digest"] != request["digest"]
    refused = await decide(
        desk.client("identity-1"), request | {"digest": other["digest"]}, "approve"
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "other-request")
    assert (await desk.ticket(request["id"])).awaits_approval


async def test_who_has_no_vote_sees_and_decides_nothing(desk: Desk) -> None:
    request = await ask(desk.ana, "access", ACCESS)
    assert (await decide(desk.ben, request, "approve")).status_code == 404
    assert (await desk.ben.get(f"/requests/{request['id']}")).status_code == 404
    assert (await decide(desk.ana, request, "approve")).json()["code"] == "no-approver"
    assert (await decide(desk.max, request, "approve")).json()["code"] == "no-approver"
    mine = await ask(desk.client("identity-1"), "access", ACCESS)
    assert mine["waits_for"] == ["identity-2"]


async def test_the_second_of_two_needed_decides_and_each_counts_once(desk: Desk) -> None:
    request = await ask(desk.ana, "hardware", HARDWARE)
    first_one, second_one = desk.client("workplace-1"), desk.client("service-care-1")
    first = (await decide(first_one, request, "approve")).json()
    assert (first["outcome"], first["state"]) == (None, "waiting")
    assert (await decide(first_one, request, "approve")).json()["code"] == "decided-already"
    assert (await decide(second_one, request, "approve")).json()["outcome"] == "approved"
    assert (await decide(second_one, request, "deny")).json()["code"] == "approval-over"


async def test_it_is_denied_once_too_few_are_left(desk: Desk) -> None:
    request = await ask(desk.ana, "access", ACCESS)
    first = await decide(desk.client("identity-1"), request, "deny")
    assert first.json()["outcome"] is None
    last = await decide(desk.client("identity-2"), request, "deny", reason="Ask finance.")
    assert (last.json()["outcome"], last.json()["state"]) == ("denied", "resolved")
    ticket = await desk.ticket(request["id"])
    assert (ticket.how, ticket.resolution and ticket.resolution.code) == (
        "denied",
        "resolution.denied-because",
    )
    again = await desk.ana.post(f"/tickets/{request['id']}/reopen", reason="Please.")
    assert again.json()["code"] == "not-approved"


async def test_silence_is_no_consent(desk: Desk) -> None:
    request = await ask(desk.ana, "access", ACCESS)
    await desk.pass_time(timedelta(days=3) - timedelta(seconds=1))
    assert (await desk.ticket(request["id"])).awaits_approval
    desk.clock.advance(timedelta(seconds=1))
    late = await decide(desk.client("identity-1"), request, "approve")
    assert late.json()["code"] == "approval-over"
    await desk.pass_time(timedelta(0))
    await desk.pass_time(timedelta(minutes=1))
    ticket = await desk.ticket(request["id"])
    assert ticket.request is not None
    assert (ticket.state, ticket.how, ticket.request.outcome) == ("resolved", "denied", "expired")
    assert desk.types(request["id"]).count("approval-concluded") == 1


async def test_a_vote_that_was_given_away_is_the_others(desk: Desk) -> None:
    request = await ask(desk.ana, "access", ACCESS)
    first_one = desk.client("identity-1")
    refusals = [("identity-2", "has-vote"), ("identity-1", "has-vote"), ("ana", "own-request")]
    for to, code in refusals:
        assert (await decide(first_one, request, "delegate", to=to)).json()["code"] == code
    given = await decide(first_one, request, "delegate", to="Ben@corp.example")
    assert given.json()["waits_for"] == ["ben@corp.example", "identity-2"]
    assert (await decide(first_one, request, "approve")).json()["code"] == "vote-given-away"
    granted = await decide(desk.client("ben@corp.example"), request, "approve")
    assert granted.json()["outcome"] == "approved"


async def test_nothing_goes_round_an_approval(desk: Desk) -> None:
    request = await ask(desk.ana, "access", ACCESS)
    ticket = f"/tickets/{request['id']}"
    calls: list[tuple[str, dict[str, Any]]] = [
        ("resume", {}),
        ("assign", {"team": "network"}),
        ("pause", {"waiting_for": "vendor"}),
        ("resolve", {"resolution": "Done."}),
    ]
    for action, body in calls:
        answer = await desk.max.post(f"{ticket}/{action}", **body)
        assert answer.json()["code"] == "awaits-approval", action
    assert (await desk.max.post(f"{ticket}/start")).status_code == 409


async def test_who_asked_takes_it_back(desk: Desk) -> None:
    request = await ask(desk.ana, "access", ACCESS)
    path = f"/requests/{request['id']}/cancel"
    assert (await desk.max.post(path, reason="No.")).status_code == 403
    answer = await desk.ana.post(path, reason="No longer needed.")
    assert (answer.json()["state"], answer.json()["waits_for"]) == ("resolved", [])
    refused = await decide(desk.client("identity-1"), request, "approve")
    assert refused.json()["code"] == "approval-over"


async def test_a_repeated_call_asks_once(desk: Desk) -> None:
    first = await desk.ana.post("/catalogue/software/requests", "k-1", answers=_software())
    again = await desk.ana.post("/catalogue/software/requests", "k-1", answers=_software())
    assert first.json() == again.json()
    other = await desk.ana.post("/catalogue/software/requests", "k-1", answers=_software("Krita"))
    assert other.json()["code"] == "idempotency-key-reused"


async def test_only_ones_own_device_is_restarted(desk: Desk) -> None:
    request = await ask(desk.ana, "reboot", {"device": "laptop-ana"})
    ticket = await desk.ticket(request["id"])
    assert ticket.fulfilment is not None
    assert (ticket.fulfilment.runbook, ticket.device) == ("restart-own-device", "laptop-ana")
    for device in ("laptop-ben", "laptop-nobody"):
        refused = await desk.ana.post("/catalogue/reboot/requests", answers={"device": device})
        assert (refused.status_code, refused.json()["code"]) == (403, "not-own-device")


def _software(program: str = "Inkscape") -> dict[str, str]:
    return {"program": program, "purpose": "Drawings"}


def _list_requests(desk: Desk, ticket: str) -> list[tuple[tuple[str, ...], bool]]:
    return [
        (event.data.approvers, event.data.is_reminder)
        for event in desk.log(ticket)
        if isinstance(event.data, TicketApprovalRequested)
    ]


async def test_approvers_are_asked_and_reminded_once_at_half_time(desk: Desk) -> None:
    request = await ask(desk.ana, "hardware", HARDWARE)
    approvers = tuple(request["waits_for"])
    assert _list_requests(desk, request["id"]) == [(approvers, False)]
    await decide(desk.client(approvers[0]), request, "approve")
    await desk.pass_time(timedelta(days=2, hours=11))
    assert len(_list_requests(desk, request["id"])) == 1
    await desk.pass_time(timedelta(hours=1))
    # Who has answered is left alone.
    assert _list_requests(desk, request["id"])[1:] == [(approvers[1:], True)]
    await desk.pass_time(timedelta(days=2))
    assert len(_list_requests(desk, request["id"])) == 2
    await desk.pass_time(timedelta(hours=12))
    ticket = await desk.ticket(request["id"])
    assert (ticket.state, ticket.how) == ("resolved", "denied")
    assert len(_list_requests(desk, request["id"])) == 2


async def test_a_reminder_that_came_too_late_to_be_sent_is_not_sent(desk: Desk) -> None:
    request = await ask(desk.ana, "access", ACCESS)
    desk.clock.advance(timedelta(days=4))
    await desk.pass_time(timedelta())
    assert (await desk.ticket(request["id"])).how == "denied"
    assert len(_list_requests(desk, request["id"])) == 1


async def test_who_is_given_a_vote_is_asked(desk: Desk) -> None:
    request = await ask(desk.ana, "access", ACCESS)
    assert (
        await decide(desk.client("identity-1"), request, "delegate", to="ben")
    ).status_code == 200
    assert _list_requests(desk, request["id"])[1:] == [(("ben",), False)]


@pytest.mark.parametrize(
    ("needed", "people", "approvers"),
    [
        (1, ("eve",), ("eve",)),
        (2, ("eve", "ned"), ("eve", "ned")),
        (1, ("eve", "ned", "eve", "ana"), ("eve", "ned")),
        (2, ("eve", "ana", "eve"), None),
        (1, ("ana",), None),
    ],
)
def test_as_many_as_must_say_yes_are_asked_or_nobody(
    charter: Charter, needed: int, people: tuple[str, ...], approvers: tuple[str, ...] | None
) -> None:
    now = datetime(2026, 3, 2, 9, tzinfo=UTC)
    within = timedelta(hours=5)
    approval = Approval(needed=needed, people=people, within=within, may_delegate=False)
    item = next(item for item in charter.of(CATALOGUE) if item.name == "hardware")
    item = item.model_copy(update={"approval": approval})
    form = FilledForm(item, Asker("ana", frozenset()), HARDWARE, "en")
    if approvers is None:
        with pytest.raises(Rejected) as refused:
            request_item(charter, form, "K7M2-Q9PG", now)
        count = len({*people} - {"ana"})
        assert error_code(refused.value) == "too-few-approvers"
        assert refused.value.described == message(
            "refused.too-few-approvers", needed=needed, count=count
        )
        return
    _, requested, *_ = request_item(charter, form, "K7M2-Q9PG", now)
    assert isinstance(requested, TicketItemRequested)
    assert requested.approval == ApprovalAsked(
        needed=needed, approvers=approvers, until=now + within, may_delegate=False
    )
