"""Before logging: what is answer, for whom, and what counts as prevented."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from desk_contracts.events.feedback import ContactPrevented, ContactReturned
from desk_contracts.events.problems import ProblemDetected, ProblemResolved, ProblemStatus
from desk_contracts.message import verbatim
from desk_contracts.names import FEEDBACK
from desk_intake.before.items import ItemTexts
from desk_intake.catalogue.charter import CatalogueItem
from desk_kernel.likeness import read_terms

from tests.support.intake_world import Caller, Desk, triage_says

TITLE, TEXT = "VPN drops the connection at home", "Every few minutes the tunnel is gone."


def contacts(desk: Desk) -> list[Any]:
    return [event.data for event in desk.publisher.events() if event.topic == FEEDBACK]


async def check(desk: Desk, caller: Caller, title: str = TITLE, **more: Any) -> Any:
    await desk.read_topics()
    answer = await caller.client.post("/v1/tickets/check", json={"title": title, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def hear_problem(desk: Desk, status: ProblemStatus = ProblemStatus.CONFIRMED) -> None:
    detected = ProblemDetected(
        service="vpn", title=verbatim("VPN gateway drops connections"), tickets=(), people=(),
        team="network", message=verbatim("We exchange the gateway."), status=status,
    )  # fmt: skip
    await desk.hear(detected, "p-1")


async def write_article(
    caller: Caller, title: str, body: str = "Switch the tunnel to TCP.", **more: Any
) -> str:
    text = {"language": "en", "title": title, "body": body}
    answer = await caller.post("/articles", translations=[text], **more)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def solve(desk: Desk, caller: Caller, title: str, *, confirm: bool = True) -> str:
    ticket = await caller.open(title, description=TEXT)
    await desk.hear(triage_says(), ticket)
    await desk.max.post(f"/tickets/{ticket}/resolve", resolution="Changed the MTU.")
    if confirm:
        assert (await caller.post(f"/tickets/{ticket}/confirm")).status_code == 200
    return ticket


async def take(caller: Caller, taken: str, target: str, **more: Any) -> Any:
    return await caller.post(
        "/contacts/prevented", **{"title": TITLE, "taken": taken, "target": target, **more}
    )


async def test_problems_and_articles_that_fit_are_found_before_anything_is_logged(
    desk: Desk,
) -> None:
    await hear_problem(desk)
    article = await write_article(desk.max, "VPN connection drops")
    await write_article(desk.max, "Order a new keyboard", "In the shop.")
    answer = await check(desk, desk.ana, description=TEXT)
    assert [item["id"] for item in answer["problems"]] == ["p-1"]
    assert [item["id"] for item in answer["articles"]] == [article]
    assert (answer["items"], answer["solved"], answer["is_complete"]) == ([], [], True)
    assert answer["articles"][0]["reasons"][0]["code"] == "similar.shared-words"


async def test_the_problem_of_the_named_service_is_told_whatever_the_words(desk: Desk) -> None:
    await hear_problem(desk)
    answer = await check(desk, desk.ana, "I cannot work", service="VPN")
    assert [item["reasons"][0]["code"] for item in answer["problems"]] == ["similar.same-service"]
    assert (await check(desk, desk.ana, "I cannot work"))["problems"] == []


async def test_of_problems_only_what_is_confirmed_and_open_is_told(desk: Desk) -> None:
    await hear_problem(desk, ProblemStatus.PROPOSED)
    assert (await check(desk, desk.ana, service="vpn"))["problems"] == []
    assert (await take(desk.ana, "problem", "p-1")).status_code == 404
    over = ProblemResolved(
        service="vpn", title=verbatim("x"), tickets=(), people=(), resolution=verbatim("y")
    )
    await desk.hear(over, "p-1")
    assert (await check(desk, desk.ana, service="vpn"))["problems"] == []


async def test_before_everything_is_read_the_answer_says_so(desk: Desk) -> None:
    answer = await desk.ana.client.post("/v1/tickets/check", json={"title": TITLE})
    assert answer.json() == {
        "problems": [], "articles": [], "items": [], "solved": [], "is_complete": False,
    }  # fmt: skip


async def test_of_others_tickets_only_what_was_made_public_is_told(desk: Desk) -> None:
    ticket = await solve(desk, desk.ben, "My salary VPN drops the connection")
    assert (await check(desk, desk.ana, description=TEXT))["solved"] == []
    own = (await check(desk, desk.ben, description=TEXT))["solved"]
    assert [(item["id"], item["solution"]) for item in own] == [(ticket, "Changed the MTU.")]
    staff = (await check(desk, desk.max, description=TEXT))["solved"]
    assert [item["id"] for item in staff] == [ticket]
    internal = await desk.max.post(f"/tickets/{ticket}/article", title="VPN and MTU")
    assert (await check(desk, desk.ana, description=TEXT))["solved"] == []
    article = internal.json()["id"]
    headers = {"If-Match": '"1"'}
    public = await desk.max.patch(f"/articles/{article}", headers["If-Match"], audience="everybody")
    assert public.status_code == 200
    (shown,) = (await check(desk, desk.ana, description=TEXT))["solved"]
    assert (shown["article"], shown["code"], shown["title"]) == (article, None, "VPN and MTU")
    assert shown["likeness"] == 0.0
    assert "salary" not in str(shown)
    assert ticket not in str(shown)


async def test_silence_proves_no_solution(desk: Desk) -> None:
    await solve(desk, desk.ana, TITLE, confirm=False)
    await desk.pass_time(timedelta(days=6))
    assert (await check(desk, desk.ana, description=TEXT))["solved"] == []


async def test_joining_a_problem_is_one_call_and_counted_once(desk: Desk) -> None:
    await hear_problem(desk)
    first = await take(desk.ana, "problem", "p-1", service="vpn")
    assert first.status_code == 201, first.text
    again = await take(desk.ana, "problem", "p-1")
    assert again.json()["id"] == first.json()["id"]
    (counted,) = contacts(desk)
    assert isinstance(counted, ContactPrevented)
    assert (counted.by, counted.taken, counted.target) == ("ana", "problem", "p-1")
    assert TITLE not in counted.model_dump_json()
    article = await write_article(desk.max, "VPN connection drops")
    await take(desk.ana, "article", article)
    assert [getattr(item, "target", "") for item in contacts(desk)] == ["p-1", article]


async def test_whoever_logs_the_same_within_a_week_is_not_counted_any_more(desk: Desk) -> None:
    article = await write_article(desk.max, "VPN connection drops")
    contact = (await take(desk.ana, "article", article)).json()["id"]
    await take(desk.ben, "article", article)
    await desk.pass_time(timedelta(days=6))
    await desk.ana.open("Order a new keyboard")
    ticket = await desk.ana.open("The VPN drops the connection again")
    await desk.read_topics()
    returned = [item for item in contacts(desk) if isinstance(item, ContactReturned)]
    assert [(item.contact, item.ticket, item.by) for item in returned] == [(contact, ticket, "ana")]
    await desk.ana.open("The VPN drops the connection again")
    await desk.read_topics()
    assert len([item for item in contacts(desk) if isinstance(item, ContactReturned)]) == 1


async def test_after_a_week_it_stays_counted(desk: Desk) -> None:
    article = await write_article(desk.max, "VPN connection drops")
    await take(desk.ana, "article", article)
    await desk.pass_time(timedelta(days=7, seconds=1))
    await desk.ana.open(TITLE)
    await desk.read_topics()
    assert [type(item) for item in contacts(desk)] == [ContactPrevented]


async def test_after_a_week_its_words_are_kept_no_more_and_the_same_call_is_still_answered(
    desk: Desk,
) -> None:
    body = {"title": TITLE, "taken": "article"}
    body["target"] = await write_article(desk.max, "VPN connection drops")
    first = await desk.ana.post("/contacts/prevented", key="k-1", **body)
    kept = desk.others[-1]._projection.documents
    (due,) = await kept.due(desk.clock.now() + timedelta(days=8), 9)
    assert due[0] - desk.clock.now() == timedelta(days=7)
    await desk.pass_time(timedelta(days=7))
    await desk.others[-1].on_timer(["ana"], _no_failure)
    person = (await kept.load(["ana"]))["ana"]
    state = person.read()
    assert state is not None
    assert state.contacts == ()
    assert TITLE not in state.track[0].model_dump_json()
    assert person.due == state.track[0].at + timedelta(days=90)
    again = await desk.ana.post("/contacts/prevented", key="k-1", **body)
    assert (again.status_code, again.json()["id"]) == (201, first.json()["id"])
    assert again.json()["at"] is None


async def _no_failure(failures: Sequence[tuple[Any, Exception]]) -> None:
    assert not failures


@pytest.mark.parametrize("taken", ["problem", "article", "item", "ticket"])
async def test_nothing_is_taken_that_is_not_there(desk: Desk, taken: str) -> None:
    await desk.read_topics()
    answer = await take(desk.ana, taken, "unknown")
    assert (answer.status_code, contacts(desk)) == (404, [])


async def test_nobody_takes_the_ticket_of_somebody_else(desk: Desk) -> None:
    ticket = await solve(desk, desk.ben, TITLE)
    await desk.read_topics()
    assert (await take(desk.ana, "ticket", ticket)).status_code == 404
    assert (await take(desk.ben, "ticket", ticket)).status_code == 201


async def test_a_repeated_call_counts_nothing_twice(desk: Desk) -> None:
    await hear_problem(desk)
    body = {"title": TITLE, "taken": "problem", "target": "p-1"}
    first = await desk.ana.post("/contacts/prevented", key="k-1", **body)
    again = await desk.ana.post("/contacts/prevented", key="k-1", **body)
    other = await desk.ana.post("/contacts/prevented", key="k-1", **{**body, "title": "Other"})
    assert (first.json(), other.status_code, len(contacts(desk))) == (again.json(), 422, 1)


async def test_items_that_fit_are_offered_in_the_readers_language(desk: Desk) -> None:
    (item,) = (await check(desk, desk.ana, "I need a second monitor"))["items"]
    assert (item["id"], item["title"], item["ask_at"]) == (
        "hardware", "Hardware", "/v1/catalogue/hardware/requests",
    )  # fmt: skip
    assert item["reasons"][0]["params"]["words"] == ["monitor"]
    # What they write and what they read may be two languages; typing errors are forgiven.
    answer = await desk.ana.client.post(
        "/v1/tickets/check",
        json={"title": "Zugrif auf einen Ordner", "language": "de"},
        headers={"Accept-Language": "de"},
    )
    assert [item["title"] for item in answer.json()["items"]] == [
        "Zugriff auf einen Ordner oder eine Anwendung"
    ]


async def test_what_the_named_service_offers_is_told_whatever_the_words(desk: Desk) -> None:
    (item,) = (await check(desk, desk.ana, "I cannot work", service="identity"))["items"]
    assert (item["id"], item["likeness"]) == ("access", 0.0)
    assert [reason["code"] for reason in item["reasons"]] == ["similar.same-service"]


async def test_items_are_offered_and_taken_only_by_those_who_may_ask(desk: Desk) -> None:
    # Nobody recovers an account by themselves where there is no directory.
    assert (await check(desk, desk.ana, "Password forgotten"))["items"] == []
    assert (await take(desk.ana, "item", "password-reset")).status_code == 404
    assert (await take(desk.ana, "item", "hardware")).status_code == 201


def catalogue_of(*names: str, words: str, german: str = "") -> tuple[CatalogueItem, ...]:
    titles = {"en": words, "de": german or words}
    return tuple(
        CatalogueItem.model_validate(
            {
                "name": name, "title": titles, "description": titles,
                "fulfilment": {"team": "network"},
            }
        )
        for name in names
    )  # fmt: skip


def test_what_may_not_be_asked_for_takes_no_place_of_what_may() -> None:
    hidden = [f"hidden-{number}" for number in range(30)]
    items = ItemTexts(catalogue_of(*hidden, "shown", words="Parking permit"))
    draft = read_terms("Parking permit", "")
    assert list(items.rank(draft, {"shown"}, 5)) == ["shown"]
    assert len(items.rank(draft, {*hidden, "shown"}, 5)) == 5
    assert items.rank(draft, (), 5) == {}


def test_a_word_that_few_items_have_says_more() -> None:
    common = catalogue_of(*(f"access-{number}" for number in range(9)), words="Access")
    items = ItemTexts((*common, *catalogue_of("card", words="Badge")))
    names = ["card", *(item.name for item in common)]
    assert next(iter(items.rank(read_terms("Access badge", ""), names, 5))) == "card"


def test_a_word_that_no_item_has_says_as_much_as_one_that_a_single_item_has() -> None:
    """Both are as rare, so that what is written beside a match makes it as much less alike."""
    other = catalogue_of("other", words="omega", german="sigma")
    items = ItemTexts((*catalogue_of("badge", words="badge"), *other))
    texts = ("badge", "badge omega", "badge tulip")
    alone, rare, unknown = (
        items.rank(read_terms(text, ""), ["badge"], 5)["badge"].score for text in texts
    )
    assert alone > rare == pytest.approx(unknown)
