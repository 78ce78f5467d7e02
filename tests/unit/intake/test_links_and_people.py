"""Merging, splitting, linking, watching, "me too" and taking, over HTTP."""

import asyncio

import pytest
from desk_contracts.events.problems import ProblemDetected, ProblemStatus
from desk_contracts.events.tickets import LinkKind, TicketOpened
from desk_contracts.message import verbatim
from desk_intake.tickets.model import MAX_WATCHERS

from tests.support.intake_world import Desk, triage_says


async def test_merges_of_one_person_at_once_hide_no_ticket(desk: Desk) -> None:
    first, second = await desk.ana.open("VPN"), await desk.ana.open("VPN again")
    answers = await asyncio.gather(
        desk.max.post(f"/tickets/{first}/merge", into=second),
        desk.max.post(f"/tickets/{second}/merge", into=first),
    )
    assert sorted(answer.status_code for answer in answers) in ([200, 409], [200, 503])
    states = {(await desk.ticket(id)).state for id in (first, second)}
    assert states == {"merged", "new"}


async def test_who_died_while_merging_is_waited_for(desk: Desk) -> None:
    first, second, third = [
        await desk.ana.open(title) for title in ("VPN", "VPN again", "VPN, third")
    ]
    assert (await desk.max.post(f"/tickets/{first}/merge", into=second)).status_code == 200
    assert (await desk.max.post(f"/tickets/{third}/merge", into=second)).status_code == 200
    # However often its own log is read, and whatever was read of it before: each is said once.
    for _ in range(2):
        desk.heard = 0
        await desk.hear_itself()
    assert desk.types(second) == ["opened", "linked", "linked"]
    await desk.check(second)


async def test_a_part_of_a_ticket_becomes_one_of_its_own(desk: Desk) -> None:
    whole = await desk.ana.open("VPN and toner", device="laptop-1", description="Both.")
    call = {"title": "The toner is empty", "kind": "request"}
    answer = await desk.max.post(f"/tickets/{whole}/split", "s-1", **call)
    again = await desk.max.post(f"/tickets/{whole}/split", "s-1", **call)
    part = answer.json()
    assert (answer.status_code, again.json()["id"]) == (201, part["id"])
    assert (part["requester"], part["device"], part["kind"]) == ("ana", "laptop-1", "request")
    assert part["split_from"] == whole
    for _ in range(2):
        await desk.hear_itself()
    assert desk.types(part["id"]) == ["opened", "linked"]
    assert desk.types(whole) == ["opened", "linked"]
    assert (await desk.ticket(whole)).has_link(LinkKind.TICKET, part["id"])
    assert (await desk.ana.get(f"/tickets/{part['id']}")).status_code == 200
    opened = desk.log(part["id"])[0].data
    assert isinstance(opened, TicketOpened)
    assert opened.split_from == whole


async def test_what_is_over_is_not_split(desk: Desk) -> None:
    whole = await desk.ana.open()
    await desk.ana.post(f"/tickets/{whole}/resolve", resolution="x")
    answer = await desk.max.post(f"/tickets/{whole}/split", title="x")
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong-state")


async def test_a_person_links_a_ticket_to_a_known_problem(desk: Desk) -> None:
    ticket = await desk.ana.open()
    for id, status in (("p-1", ProblemStatus.CONFIRMED), ("p-2", ProblemStatus.PROPOSED)):
        detected = ProblemDetected(
            service="vpn", title=verbatim("VPN is down"), team="network", tickets=(), people=(),
            explanation=(), status=status, message=verbatim("We work on it."),
        )  # fmt: skip
        await desk.hear(detected, id)
    for _ in range(2):
        answer = await desk.max.post(f"/tickets/{ticket}/problem", problem="p-1", reason="Same")
        assert answer.status_code == 200, answer.text
    assert [link["target"] for link in answer.json()["links"]] == ["p-1"]
    assert desk.types(ticket) == ["opened", "linked", "commented"]
    for id in ("p-2", "p-3"):
        refused = await desk.max.post(f"/tickets/{ticket}/problem", problem=id)
        assert (refused.status_code, refused.json()["code"]) == (422, "unknown-problem")


async def test_a_watcher_reads_and_comments_and_leaves(desk: Desk) -> None:
    ticket = await desk.ana.open()
    assert (await desk.ben.get(f"/tickets/{ticket}")).status_code == 404
    for _ in range(2):
        answer = await desk.ana.post(f"/tickets/{ticket}/watch", person="ben")
        assert answer.json()["watchers"] == ["ben"]
    assert (await desk.ben.get(f"/tickets/{ticket}/timeline")).status_code == 200
    commented = await desk.ben.post(f"/tickets/{ticket}/comments", text="Here as well")
    assert commented.status_code == 200
    refused = await desk.ben.post(f"/tickets/{ticket}/unwatch", person="cem")
    assert refused.status_code == 403
    assert (await desk.ben.post(f"/tickets/{ticket}/unwatch")).json()["watchers"] == []
    assert (await desk.ben.get(f"/tickets/{ticket}")).status_code == 404
    assert desk.types(ticket) == ["opened", "watcher-added", "commented", "watcher-removed"]
    await desk.check(ticket)


async def test_watchers_are_bounded(desk: Desk) -> None:
    ticket = await desk.ana.open()
    for number in range(MAX_WATCHERS):
        answer = await desk.ana.post(f"/tickets/{ticket}/watch", person=f"p-{number}")
        assert answer.status_code == 200
    answer = await desk.ana.post(f"/tickets/{ticket}/watch", person="one-more")
    assert (answer.status_code, answer.json()["code"]) == (409, "too-many-watchers")


async def test_people_with_the_same_trouble_are_counted_once_each(desk: Desk) -> None:
    ticket = await desk.ana.open()
    await desk.ana.post(f"/tickets/{ticket}/watch", person="ben")
    for _ in range(2):
        assert (await desk.ben.post(f"/tickets/{ticket}/me-too")).json()["affected"] == 2
    for _ in range(2):
        seen = (await desk.max.post(f"/tickets/{ticket}/me-too", person="cem")).json()
    assert (seen["affected"], seen["also_affected"]) == (3, ["ben", "cem"])
    # Who they are is nobody's business but that of those who work on it.
    hers = await desk.ana.get(f"/tickets/{ticket}")
    assert (hers.json()["affected"], hers.json()["also_affected"]) == (3, [])
    assert "cem" not in hers.text
    own = await desk.ana.post(f"/tickets/{ticket}/me-too")
    assert (own.status_code, own.json()["code"]) == (409, "own-ticket")
    for_others = await desk.ben.post(f"/tickets/{ticket}/me-too", person="dan")
    assert for_others.status_code == 403
    await desk.check(ticket)


@pytest.mark.parametrize("is_waiting", [False, True])
async def test_taking_a_ticket_moves_it_to_the_caller_and_their_team(
    desk: Desk, *, is_waiting: bool
) -> None:
    ticket = await desk.ana.open()
    await desk.hear(triage_says(), ticket)
    await desk.max.post(f"/tickets/{ticket}/start")
    if is_waiting:
        await desk.max.post(f"/tickets/{ticket}/pause", waiting_for="vendor")
    mia = desk.client("mia", "member", "workplace")
    for _ in range(2):
        view = (await mia.post(f"/tickets/{ticket}/take")).json()
        assert (view["team"], view["member"], view["state"]) == ("workplace", "mia", "assigned")
    assert desk.types(ticket).count("assigned") == 2
    lost = await desk.client("zoe", "owner").post(f"/tickets/{await desk.ana.open()}/take")
    assert (lost.status_code, lost.json()["code"]) == (409, "no-team")
