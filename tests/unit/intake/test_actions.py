"""What people do with tickets over HTTP, and what they are told when they cannot."""

from datetime import timedelta
from typing import Any

import pytest
from desk_contracts.events.tickets import LinkKind, Role, TicketCommented, TicketPaused, WaitingFor

from tests.support.intake_world import CLOSE_AFTER, MONDAY, Desk, triage_says
from tests.support.spoken import english

HOUR = timedelta(hours=1)


async def at_work(desk: Desk) -> str:
    """Ana's ticket, triaged to the network team, with Max at work on it."""
    ticket = await desk.ana.open()
    await desk.hear(triage_says(), ticket)
    assert (await desk.max.post(f"/tickets/{ticket}/start")).status_code == 200
    return ticket


async def test_a_whole_life(desk: Desk) -> None:
    ticket = await at_work(desk)
    ana, max_ = desk.ana, desk.max
    states = []
    for who, action, body in (
        (max_, "pause", {"waiting_for": "vendor"}),
        (max_, "resume", {}),
        (max_, "resolve", {"resolution": "New certificate", "cause": "expired"}),
        (ana, "reopen", {"reason": "Still away"}),
        (max_, "start", {}),
        (max_, "resolve", {"resolution": "Newer certificate"}),
        (ana, "close", {}),
    ):
        answer = await who.post(f"/tickets/{ticket}/{action}", **body)
        states.append(answer.json()["state"])
    assert states == [
        "waiting", "in_progress", "resolved", "assigned", "in_progress", "resolved", "closed",
    ]  # fmt: skip
    view = (await ana.get(f"/tickets/{ticket}")).json()
    assert (view["reopened"], view["how"], view["resolution"]) == (1, "member", "Newer certificate")
    assert view["tried"] == ["Resolved: New certificate."]


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("resume", {}),
        ("pause", {"waiting_for": "vendor"}),
        ("reopen", {"reason": "x"}),
        ("close", {}),
    ],
)
async def test_what_a_state_does_not_allow_is_refused_with_the_states_that_would(
    desk: Desk, action: str, body: dict[str, Any]
) -> None:
    ticket = await desk.ana.open()
    answer = await desk.max.post(f"/tickets/{ticket}/{action}", **body)
    refusal = answer.json()
    assert (answer.status_code, refusal["code"], refusal["state"]) == (409, "wrong-state", "new")
    assert refusal["allowed"]
    assert " is new, so it cannot be " in refusal["detail"]
    assert desk.types(ticket) == ["opened"]


async def test_a_closed_ticket_takes_nothing_more_and_says_where_to_go(desk: Desk) -> None:
    ticket = await at_work(desk)
    await desk.max.post(f"/tickets/{ticket}/resolve", resolution="Done")
    await desk.max.post(f"/tickets/{ticket}/close")
    answer = await desk.ana.post(f"/tickets/{ticket}/comments", text="And another thing")
    assert answer.status_code == 409
    assert answer.json()["detail"].endswith("Open a new ticket and mention this one.")


async def test_nobody_learns_of_the_tickets_of_others(desk: Desk) -> None:
    ticket = await desk.ana.open()
    code = (await desk.ticket(ticket)).code
    ben = desk.ben
    answers = [
        await ben.get(f"/tickets/{ticket}"),
        await ben.get(f"/tickets/{code}"),
        await ben.get(f"/tickets/{ticket}/timeline"),
        await ben.patch(f"/tickets/{ticket}", '"1"', title="x"),
        await ben.post(f"/tickets/{ticket}/comments", text="x"),
        await ben.post(f"/tickets/{code}/resolve", resolution="x"),
        await ben.get("/tickets/01890000-0000-7000-8000-000000000000"),
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert {answer.json()["code"] for answer in answers} == {"not-found"}
    assert answers[0].json()["detail"] == f"There is no ticket {ticket}, or it is not yours."


@pytest.mark.parametrize("action", ["start", "pause", "resume", "assign", "merge"])
async def test_employees_do_not_do_the_work_of_staff(desk: Desk, action: str) -> None:
    ticket = await desk.ana.open()
    body = {"pause": {"waiting_for": "vendor"}, "merge": {"into": ticket}}.get(action, {})
    answer = await desk.ana.post(f"/tickets/{ticket}/{action}", **body)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_the_same_action_again_does_nothing_and_another_with_its_key_is_refused(
    desk: Desk,
) -> None:
    ticket = await desk.ana.open()
    ana, path = desk.ana, f"/tickets/{ticket}/comments"
    first = await ana.post(path, "n-1", text="It says error 5")
    again = await ana.post(path, "n-1", text="It says error 5")
    other = await ana.post(path, "n-1", text="It says error 6")
    assert first.json() == again.json()
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert desk.types(ticket) == ["opened", "commented"]


async def test_a_change_needs_the_version_it_was_made_from(desk: Desk) -> None:
    ticket = await desk.ana.open()
    path = f"/tickets/{ticket}"
    without = await desk.ana.patch(path, "", title="VPN is slow")
    first = await desk.ana.patch(path, '"1"', title="VPN is slow", urgency="high")
    stale = await desk.ana.patch(path, '"1"', title="VPN is fast")
    assert (without.status_code, without.json()["code"]) == (428, "precondition-required")
    assert (first.status_code, first.headers["etag"]) == (200, '"2"')
    assert (first.json()["title"], first.json()["urgency"]) == ("VPN is slow", "high")
    assert (stale.status_code, stale.json()["current"]) == (412, '"2"')
    (_, updated) = desk.log(ticket)
    assert updated.data.model_dump(exclude_none=True) == {
        "by": "ana",
        "title": "VPN is slow",
        "urgency": "high",
    }


async def test_a_change_that_changes_nothing_makes_no_event(desk: Desk) -> None:
    ticket = await desk.ana.open(title="VPN")
    answer = await desk.ana.patch(f"/tickets/{ticket}", "*", title="VPN")
    assert (answer.status_code, answer.headers["etag"]) == (200, '"1"')
    assert desk.types(ticket) == ["opened"]


async def test_only_staff_set_the_priority_and_triage_leaves_it_alone_then(desk: Desk) -> None:
    ticket = await desk.ana.open()
    assert (await desk.ana.patch(f"/tickets/{ticket}", "*", priority="P1")).status_code == 403
    await desk.max.patch(f"/tickets/{ticket}", "*", priority="P1")
    await desk.hear(triage_says(), ticket)
    stored = await desk.ticket(ticket)
    assert (stored.priority, stored.category, stored.team) == ("P1", "vpn", "network")


async def test_reading_what_is_unchanged_costs_a_304(desk: Desk) -> None:
    ticket = await desk.ana.open()
    first = await desk.ana.get(f"/tickets/{ticket}")
    again = await desk.ana.get(f"/tickets/{ticket}", **{"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    lines = await desk.ana.get(f"/tickets/{ticket}/timeline", **{"If-None-Match": '"1"'})
    assert lines.status_code == 304


async def test_a_code_is_forgiven_its_case_and_refused_its_typing_mistakes(desk: Desk) -> None:
    ticket = await desk.ana.open()
    code = (await desk.ticket(ticket)).code
    assert (await desk.ana.get(f"/tickets/{code.lower().replace('-', '')}")).json()["id"] == ticket
    wrong = code[:-1] + ("A" if code[-1] != "A" else "B")
    answer = await desk.ana.get(f"/tickets/{wrong}")
    assert (answer.status_code, answer.json()["code"]) == (422, "bad-code")


async def test_an_employees_answer_ends_the_wait_for_it(desk: Desk) -> None:
    ticket = await at_work(desk)
    question = "Which device is it?"
    await desk.max.post(f"/tickets/{ticket}/pause", waiting_for="employee", text=question)
    comment, paused = (event.data for event in desk.log(ticket)[-2:])
    assert isinstance(comment, TicketCommented)
    assert (comment.role, comment.public, comment.automatic) == (Role.MEMBER, True, False)
    assert isinstance(paused, TicketPaused)
    answered = await desk.ana.post(f"/tickets/{ticket}/comments", text="lt-7")
    assert answered.json()["state"] == "in_progress"
    assert desk.types(ticket)[-2:] == ["commented", "resumed"]


async def test_waiting_for_another_neither_doubles_nor_ends_the_wait(desk: Desk) -> None:
    ticket = await at_work(desk)
    path = f"/tickets/{ticket}/pause"
    await desk.max.post(path, waiting_for="employee")
    await desk.max.post(path, waiting_for="employee")
    await desk.max.post(path, waiting_for="vendor")
    comment = await desk.ana.post(f"/tickets/{ticket}/comments", text="Any news?")
    assert comment.json()["state"] == "waiting"
    assert desk.types(ticket)[-3:] == ["paused", "paused", "commented"]


async def test_a_wait_ends_by_itself_when_it_was_said_to(desk: Desk) -> None:
    ticket = await at_work(desk)
    until = MONDAY + HOUR
    path = f"/tickets/{ticket}/pause"
    past = await desk.max.post(path, waiting_for="vendor", until=MONDAY.isoformat())
    assert (past.status_code, past.json()["code"]) == (422, "until-in-the-past")
    zoneless = await desk.max.post(path, waiting_for="vendor", until="2026-03-02T12:00:00")
    assert zoneless.status_code == 422
    await desk.max.post(path, waiting_for="vendor", until=until.isoformat())
    await desk.pass_time(2 * HOUR)
    stored = await desk.ticket(ticket)
    assert (stored.state, stored.updated_at) == ("in_progress", until)
    assert stored.waiting_for is None


async def test_a_resolved_ticket_closes_by_itself_once(desk: Desk) -> None:
    ticket = await at_work(desk)
    answer = await desk.max.post(f"/tickets/{ticket}/resolve", resolution="Done")
    assert "closes by itself on Saturday 7 March 2026, 09:00 (UTC)" in answer.json()["next_step"]
    await desk.pass_time(CLOSE_AFTER - HOUR)
    assert desk.types(ticket)[-1] == "resolved"
    await desk.pass_time(2 * HOUR)
    await desk.pass_time(HOUR)
    assert desk.types(ticket)[-2:] == ["resolved", "closed"]
    assert (await desk.ticket(ticket)).closed_at == MONDAY + CLOSE_AFTER


async def test_a_reopened_ticket_does_not_close_by_itself(desk: Desk) -> None:
    ticket = await at_work(desk)
    await desk.max.post(f"/tickets/{ticket}/resolve", resolution="Done")
    await desk.ana.post(f"/tickets/{ticket}/reopen", reason="No")
    await desk.pass_time(2 * CLOSE_AFTER)
    assert desk.types(ticket)[-1] == "reopened"


async def test_whoever_asked_can_say_that_help_is_no_longer_needed(desk: Desk) -> None:
    ticket = await desk.ana.open()
    boast = await desk.ana.post(f"/tickets/{ticket}/resolve", resolution="x", how="member")
    assert boast.status_code == 403
    answer = await desk.ana.post(f"/tickets/{ticket}/resolve", resolution="Works again")
    assert (answer.json()["state"], answer.json()["how"]) == ("resolved", "withdrawn")
    again = await desk.ana.post(f"/tickets/{ticket}/reopen", reason="It does not")
    assert again.json()["state"] == "new"


async def test_internal_comments_stay_with_staff(desk: Desk) -> None:
    ticket = await desk.ana.open()
    assert (
        await desk.ana.post(f"/tickets/{ticket}/comments", text="x", public=False)
    ).status_code == (403)
    await desk.max.post(
        f"/tickets/{ticket}/comments", text="The third time this week", public=False
    )
    hers = (await desk.ana.get(f"/tickets/{ticket}/timeline")).json()["entries"]
    his = (await desk.max.get(f"/tickets/{ticket}/timeline")).json()["entries"]
    assert [her["what"] for her in hers] == ["opened"]
    assert [hi["what"] for hi in his] == ["opened", "commented"]


async def test_staff_who_need_help_speak_as_employees_on_their_own_tickets(desk: Desk) -> None:
    ticket = await desk.max.open()
    await desk.max.post(f"/tickets/{ticket}/comments", text="Please hurry")
    comment = desk.log(ticket)[-1].data
    assert isinstance(comment, TicketCommented)
    assert comment.role is Role.EMPLOYEE
    assert (await desk.ticket(ticket)).answered_at is None


async def test_a_persons_choice_of_team_stands_against_triage(desk: Desk) -> None:
    ticket = await desk.ana.open()
    await desk.max.post(f"/tickets/{ticket}/assign", team="workplace", reason="It is the laptop")
    await desk.hear(triage_says(team="network"), ticket)
    stored = await desk.ticket(ticket)
    assert (stored.team, stored.category, stored.state) == ("workplace", "vpn", "assigned")
    assert "It stays with the team workplace" in english(stored.timeline[-1].message)


async def test_assigning_from_a_wait_ends_the_wait(desk: Desk) -> None:
    ticket = await at_work(desk)
    await desk.max.post(f"/tickets/{ticket}/pause", waiting_for="vendor")
    answer = await desk.max.post(f"/tickets/{ticket}/assign", team="workplace")
    assert answer.json()["state"] == "assigned"
    assert desk.types(ticket)[-2:] == ["resumed", "assigned"]
    assert answer.json()["waiting_for"] is None


async def test_a_team_is_called_by_its_name_or_its_title_however_typed(desk: Desk) -> None:
    """The ticket has the name that all others know it by."""
    ticket = await desk.ana.open()
    answer = await desk.max.post(f"/tickets/{ticket}/assign", team=" Print and Rooms")
    assert answer.json()["team"] == "print-and-rooms"
    listed = (await desk.max.get("/tickets?team=printing+and+meeting+rooms")).json()["items"]
    assert [item["id"] for item in listed] == [ticket]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"team": "nobody"}, "unknown-team"),
        ({"team": "network", "member": "workplace-1"}, "unknown-member"),
    ],
)
async def test_a_team_must_be_in_the_charter(desk: Desk, body: dict[str, Any], code: str) -> None:
    ticket = await desk.ana.open()
    answer = await desk.max.post(f"/tickets/{ticket}/assign", **body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert "network" in answer.json()["detail"]


async def test_starting_what_nobody_has_takes_it_for_the_own_team(desk: Desk) -> None:
    ticket = await desk.ana.open()
    lost = desk.client("zoe", "owner")
    refused = await lost.post(f"/tickets/{ticket}/start")
    assert (refused.status_code, refused.json()["code"]) == (409, "no-team")
    answer = await desk.max.post(f"/tickets/{ticket}/start")
    assert (answer.json()["team"], answer.json()["member"]) == ("network", "max")
    assert desk.types(ticket) == ["opened", "assigned", "started"]


async def test_a_merge_is_told_on_both_sides_and_repeating_it_does_nothing(desk: Desk) -> None:
    kept, gone = await desk.ana.open("VPN"), await desk.ana.open("VPN again")
    max_ = desk.max
    first = await max_.post(f"/tickets/{gone}/merge", "m-1", into=kept)
    again = await max_.post(f"/tickets/{gone}/merge", "m-1", into=kept)
    assert first.json() == again.json()
    assert (first.json()["state"], first.json()["merged_into"]) == ("merged", kept)
    assert desk.types(gone) == ["opened", "merged"]
    assert desk.types(kept) == ["opened"]
    for _ in range(2):
        await desk.hear_itself()
    assert desk.types(kept) == ["opened", "linked"]
    await desk.check(kept)
    assert (await desk.ticket(kept)).has_link(LinkKind.TICKET, gone)


async def test_merges_that_would_hide_a_ticket_are_refused(desk: Desk) -> None:
    mine, his, over = await desk.ana.open(), await desk.ben.open(), await desk.ana.open()
    await desk.ana.post(f"/tickets/{over}/resolve", resolution="x")
    codes = [
        (await desk.max.post(f"/tickets/{mine}/merge", into=into)).json()["code"]
        for into in (mine, his, over)
    ]
    assert codes == ["same-ticket", "different-requesters", "wrong-target"]
    assert desk.types(mine) == ["opened"]


async def test_a_wait_for_an_approval_is_told_in_words(desk: Desk) -> None:
    ticket = await at_work(desk)
    answer = await desk.max.post(f"/tickets/{ticket}/pause", waiting_for=WaitingFor.APPROVAL.value)
    assert answer.json()["state_in_words"] == "waiting for an approval"
    assert answer.json()["next_step"] == "The work goes on when the approval is given."
