"""Listings: whose tickets, which, in what order, page by page."""

from datetime import timedelta
from typing import Any

import pytest
from desk_contracts.events.sla import ClockName, SlaAtRisk, SlaBreached, SlaMet, SlaStarted
from desk_intake.tickets.registration import proactive_ticket

from tests.support.intake_facts import escalated
from tests.support.intake_world import Desk, list_titles, triage_says


async def three_tickets(desk: Desk) -> list[str]:
    ticket_ids = []
    for who, title, service in (
        (desk.ana, "first", "vpn"),
        (desk.ben, "second", "vpn"),
        (desk.ana, "third", "mail"),
    ):
        ticket_ids.append(await who.open(title, service=service))
        desk.clock.advance(timedelta(minutes=1))
    return ticket_ids


async def test_employees_see_their_own_and_staff_everybodys_newest_first(desk: Desk) -> None:
    await three_tickets(desk)
    assert list_titles(await desk.ana.get("/tickets")) == ["third", "first"]
    assert list_titles(await desk.max.get("/tickets")) == ["third", "second", "first"]
    assert list_titles(await desk.max.get("/tickets?requester=me")) == []
    assert list_titles(await desk.max.get("/tickets?requester=ben")) == ["second"]
    refused = await desk.ana.get("/tickets?requester=ben")
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


async def test_filters_narrow_the_listing(desk: Desk) -> None:
    first, second, _ = await three_tickets(desk)
    await desk.hear(triage_says(), first)
    await desk.ben.post(f"/tickets/{second}/resolve", resolution="Works")
    for query, wanted in (
        ("team=network", ["first"]),
        ("state=resolved", ["second"]),
        ("open=true", ["third", "first"]),
        ("open=false", ["second"]),
        ("service=vpn", ["second", "first"]),
        ("service=vpn&open=true&team=network", ["first"]),
    ):
        assert list_titles(await desk.max.get(f"/tickets?{query}")) == wanted
    wrong = await desk.max.get("/tickets?state=lost")
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["pointer"] == "/state"


async def test_a_member_finds_what_is_theirs(desk: Desk) -> None:
    first, second, _ = await three_tickets(desk)
    for ticket, member in ((first, "network-1"), (second, "network-2")):
        given = await desk.max.post(f"/tickets/{ticket}/assign", team="network", member=member)
        assert given.status_code == 200, given.text
    assert list_titles(await desk.max.get("/tickets?member=network-1")) == ["first"]
    other = desk.client("network-2", "member", "network")
    assert list_titles(await other.get("/tickets?member=me")) == ["second"]
    assert list_titles(await other.get("/tickets?member=me&open=false")) == []


async def test_what_is_due_first_comes_first_page_by_page(desk: Desk) -> None:
    hours = {await desk.ana.open(f"due in {n}"): n for n in (3, 1, 4, 2)}
    await desk.ana.open("without a clock")
    other = await desk.ben.open("of somebody else")
    for ticket, n in {**hours, other: 5}.items():
        due = desk.clock.now() + timedelta(hours=n)
        started = SlaStarted(
            policy="p",
            policy_version="1",
            clock=ClockName.RESOLUTION,
            due=due,
            target=timedelta(hours=n),
        )
        await desk.hear(started, ticket)
    mine = ["due in 1", "due in 2", "due in 3", "due in 4"]
    assert list_titles(await desk.ana.get("/tickets?order=due")) == mine
    everybodys = await desk.max.get("/tickets?order=due&open=true")
    assert list_titles(everybodys) == [*mine, "of somebody else"]
    page = await desk.ana.get("/tickets?order=due&limit=3")
    rest = await desk.ana.get(f"/tickets?order=due&limit=3&cursor={page.json()['next']}")
    assert list_titles(page) + list_titles(rest) == mine
    assert rest.json()["next"] is None
    elsewhere = await desk.ana.get(f"/tickets?limit=3&cursor={page.json()['next']}")
    assert elsewhere.json()["code"] == "bad-cursor"
    assert (await desk.ana.get("/tickets?order=oldest")).status_code == 422


async def test_tickets_are_found_by_how_their_clock_stands(desk: Desk) -> None:
    first, second, third = await three_tickets(desk)
    clock: dict[str, Any] = {"policy": "p", "policy_version": "1", "clock": ClockName.RESOLUTION}
    soon = desk.clock.now() + timedelta(hours=1)
    for ticket in (first, second, third):
        started = SlaStarted(**clock, due=soon, target=timedelta(hours=1))
        await desk.hear(started, ticket)
    await desk.hear(SlaAtRisk(**clock, due=soon, percent=80), second)
    await desk.hear(SlaBreached(**clock, due=soon), third)
    for query, wanted in (
        ("sla=running", ["first"]),
        ("sla=at_risk", ["second"]),
        ("sla=breached&order=due&open=true", ["third"]),
        ("sla=breached&service=vpn", []),
    ):
        assert list_titles(await desk.max.get(f"/tickets?{query}")) == wanted
    assert list_titles(await desk.ana.get("/tickets?sla=at_risk")) == []
    await desk.hear(SlaMet(**clock, due=soon, took=timedelta(hours=1)), first)
    assert list_titles(await desk.max.get("/tickets?sla=running")) == []
    refused = await desk.max.get("/tickets?sla=running&order=newest")
    assert (refused.status_code, refused.json()["code"]) == (422, "sla-by-due")
    assert (await desk.max.get("/tickets?sla=late")).status_code == 422


async def test_pages_follow_each_other_without_gap_or_overlap(desk: Desk) -> None:
    opened = [await desk.ana.open(f"ticket {n}") for n in range(5)]  # all in one moment
    seen: list[str] = []
    path = "/tickets?limit=2"
    while path:
        page = await desk.ana.get(path)
        seen += [item["id"] for item in page.json()["items"]]
        cursor = page.json()["next"]
        assert ("link" in page.headers) == (cursor is not None)
        path = f"/tickets?limit=2&cursor={cursor}" if cursor else ""
    assert sorted(seen) == sorted(opened)


async def test_a_cursor_is_good_for_its_own_listing_only(desk: Desk) -> None:
    await three_tickets(desk)
    cursor = (await desk.max.get("/tickets?limit=1")).json()["next"]
    other = await desk.max.get(f"/tickets?limit=1&open=true&cursor={cursor}")
    his = await desk.ana.get(f"/tickets?limit=1&cursor={cursor}")
    assert {other.status_code, his.status_code} == {400}
    assert other.json()["code"] == "bad-cursor"


async def test_a_line_of_a_listing_says_what_comes_next(desk: Desk) -> None:
    first, *_ = await three_tickets(desk)
    await desk.hear(triage_says(), first)
    line = (await desk.ana.get("/tickets")).json()["items"][-1]
    assert line["next_step"] == "Somebody of the team Network and remote access takes it up."
    assert line["state_in_words"] == "with its team"
    assert "description" not in line


async def test_a_damaged_ticket_is_neither_missing_nor_in_anybodys_way(desk: Desk) -> None:
    first, *_ = await three_tickets(desk)
    code = (await desk.ana.get(f"/tickets/{first}")).json()["code"]
    sound = (await desk.ticket(first)).model_dump_json()
    desk.tickets.damage(first)
    for ref in (first, code):
        answer = await desk.ana.get(f"/tickets/{ref}")
        assert (answer.status_code, answer.json()["code"]) == (500, "internal-error")
    assert list_titles(await desk.ana.get("/tickets")) == ["third"]
    desk.tickets.damage(first, sound)
    assert (await desk.ana.get(f"/tickets/{code}")).status_code == 200


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("printer", ["The printers jam", "Printer"]),
        ("jams", ["The printers jam"]),
        ("PRINTER tray", ["The printers jam"]),
        ("prin", ["The printers jam", "Printer"]),
        ("pirnter", ["The printers jam", "Printer"]),
        ("printer vpn", []),
        ("x9", []),
    ],
)
async def test_a_text_finds_words_their_forms_and_beginnings(
    desk: Desk, text: str, expected: list[str]
) -> None:
    for title, words in (("Printer", ""), ("VPN away", ""), ("The printers jam", "In tray 2")):
        await desk.ana.open(title, description=words)
        desk.clock.advance(timedelta(minutes=1))
    await desk.search()
    assert list_titles(await desk.ana.get(f"/tickets?q={text}")) == expected
    code = (await desk.ana.get("/tickets")).json()["items"][1]["code"]
    assert list_titles(await desk.ana.get(f"/tickets?q={code.lower()}")) == ["VPN away"]


async def test_a_text_finds_no_more_than_the_list_shows_page_by_page(desk: Desk) -> None:
    for number in range(5):  # three of one moment, and two later ones
        await desk.ana.open(f"VPN {number}", service="vpn")
        desk.clock.advance(timedelta(minutes=1 if number >= 2 else 0))
    await desk.ben.open("VPN of ben")
    await desk.search()
    listed = list_titles(await desk.ana.get("/tickets"))
    pages, url = list[list[str]](), "/tickets?q=vpn&limit=2"
    while url:
        answer = await desk.ana.get(url)
        pages.append(list_titles(answer))
        following = answer.json()["next"]
        url = f"/tickets?q=vpn&limit=2&cursor={following}" if following else ""
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [title for page in pages for title in page] == listed
    assert len(list_titles(await desk.max.get("/tickets?q=vpn"))) == 6
    assert list_titles(await desk.max.get("/tickets?q=vpn&requester=ben")) == ["VPN of ben"]
    assert len(list_titles(await desk.max.get("/tickets?q=vpn&service=vpn"))) == 5
    assert (await desk.ana.get("/tickets?q=vpn&requester=ben")).status_code == 403
    first = (await desk.ana.get("/tickets?q=vpn&limit=2")).json()["next"]
    assert (await desk.ana.get(f"/tickets?q=mail&cursor={first}")).status_code == 400


async def test_what_a_repair_found_is_not_to_be_guessed_by_its_words(desk: Desk) -> None:
    await desk.hear(escalated(person="ana", tell="We look at your disk."), "lt-7")
    where = f"/tickets/{proactive_ticket('run-1')}"
    version = (await desk.max.get(where)).headers["ETag"]
    changed = await desk.max.patch(where, version, description="Broken sectors")
    assert changed.status_code == 200, changed.text
    await desk.search()
    ticket = (await desk.max.get(where)).json()
    assert list_titles(await desk.max.get("/tickets?q=sectors")) == [ticket["title"]]
    assert list_titles(await desk.ana.get("/tickets?q=sectors")) == []
    of_title = ticket["title"].split()[0]
    assert list_titles(await desk.ana.get(f"/tickets?q={of_title}")) == [ticket["title"]]


async def test_a_text_narrows_those_whose_clock_runs(desk: Desk) -> None:
    first, second, _ = await three_tickets(desk)
    for ticket, minutes in ((first, 30), (second, 60)):
        target = timedelta(minutes=minutes)
        due = desk.clock.now() + target
        clock: dict[str, Any] = {"policy": "p", "policy_version": "1", "due": due}
        started = SlaStarted(**clock, clock=ClockName.RESOLUTION, target=target)
        await desk.hear(started, ticket)
    await desk.search()
    assert list_titles(await desk.max.get("/tickets?order=due")) == ["first", "second"]
    assert list_titles(await desk.max.get("/tickets?order=due&q=second")) == ["second"]


async def test_a_search_says_what_it_searched_and_whether_the_index_is_behind(desk: Desk) -> None:
    await desk.ana.open("VPN away")
    missing = await desk.ana.get("/tickets?q=vpn")
    assert (missing.status_code, missing.json()["code"]) == (503, "no-index-yet")
    assert (await desk.ana.get("/tickets")).json()["search"] is None
    await desk.search()
    note = (await desk.ana.get("/tickets?q=vpn")).json()["search"]
    assert note["is_complete"]
    desk.indexes.of_tickets.is_complete = False
    behind = (await desk.ana.get("/tickets?q=vpn")).json()
    assert not behind["search"]["is_complete"]
    assert behind["search"]["text"] != note["text"]
    assert len(behind["items"]) == 1
    no_word = await desk.ana.get("/tickets?q=!!!")
    assert (no_word.status_code, no_word.json()["code"]) == (422, "no-word-to-search")
    for wrong in ("", "x" * 201):
        assert (await desk.ana.get(f"/tickets?q={wrong}")).status_code == 422


async def watch(desk: Desk, ticket: str, person: str) -> None:
    watched = await desk.max.post(f"/tickets/{ticket}/watch", person=person)
    assert watched.status_code == 200, watched.text


async def test_people_list_what_they_watch_whoever_asked(desk: Desk) -> None:
    first, second, third = await three_tickets(desk)
    for ticket, person in ((first, "ben"), (third, "ben"), (second, "ana"), (first, "max")):
        await watch(desk, ticket, person)
    await desk.search()
    page = await desk.ben.get("/tickets?watching=me")
    assert list_titles(page) == ["third", "first"]
    assert page.json()["search"]["is_complete"] is True
    for who, query, wanted in (
        (desk.ana, "", ["second"]),
        (desk.max, "", ["first"]),
        (desk.ben, "&service=vpn", ["first"]),
        (desk.ben, "&requester=ana&service=mail", ["third"]),
        (desk.ben, "&requester=me", []),
        (desk.ben, "&q=first", ["first"]),
        (desk.ben, "&q=second", []),
        (desk.ben, "&open=false", []),
    ):
        assert list_titles(await who.get(f"/tickets?watching=me{query}")) == wanted, query
    # Whoever watches and asks for nothing of the kind sees their own, as ever.
    assert list_titles(await desk.ben.get("/tickets")) == ["second"]
    assert (await desk.ben.get("/tickets?requester=ana")).status_code == 403
    assert (await desk.max.get("/tickets?watching=ben")).status_code == 422


async def test_what_is_watched_no_longer_is_gone_before_the_index_knows(desk: Desk) -> None:
    first, _, third = await three_tickets(desk)
    await watch(desk, first, "ben")
    await watch(desk, third, "ben")
    await desk.search()
    assert (await desk.ben.post(f"/tickets/{third}/unwatch")).status_code == 200
    assert list_titles(await desk.ben.get("/tickets?watching=me")) == ["first"]
    await desk.search()
    assert list_titles(await desk.ben.get("/tickets?watching=me")) == ["first"]


async def test_what_is_watched_comes_page_by_page_and_by_its_clock(desk: Desk) -> None:
    opened = [await desk.ana.open(f"ticket {number}") for number in range(5)]
    for hours, ticket in enumerate(opened[:4], 1):
        due = desk.clock.now() + timedelta(hours=hours)
        started = SlaStarted(
            policy="p", policy_version="1", clock=ClockName.RESOLUTION, due=due,
            target=timedelta(hours=hours),
        )  # fmt: skip
        await desk.hear(started, ticket)
    for ticket in opened[1:]:
        await watch(desk, ticket, "ben")
    await desk.search()
    by_clock = await desk.ben.get("/tickets?watching=me&order=due")
    assert list_titles(by_clock) == ["ticket 1", "ticket 2", "ticket 3"]
    first = (await desk.ben.get("/tickets?watching=me&limit=3")).json()
    path = f"/tickets?watching=me&limit=3&cursor={first['next']}"
    rest = (await desk.ben.get(path)).json()
    ids = [item["id"] for item in (*first["items"], *rest["items"])]
    assert (sorted(ids), rest["next"]) == (sorted(opened[1:]), None)
    # A cursor is one person's: what another one watches is another list.
    await watch(desk, opened[0], "mia")
    assert (await desk.max.get(path)).json()["code"] == "bad-cursor"
