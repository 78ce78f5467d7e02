"""Articles: whose word they are, who reads and changes them, and what is shown of them."""

from typing import Any

import httpx
import pytest
from desk_contracts.events.feedback import ArticleRated
from desk_contracts.events.knowledge import (
    ArticleRevised,
    Endorsement,
    Readership,
    Translation,
)
from desk_contracts.names import FEEDBACK, KNOWLEDGE
from desk_intake.knowledge.model import Article, Revision

from tests.support.intake_world import MONDAY, Caller, Desk, triage_says

TEXTS = [
    {"language": "en", "title": "VPN at home", "body": "Restart the *client*."},
    {"language": "de", "title": "VPN zu Hause", "body": "Den *Client* neu starten."},
]


def published(desk: Desk, topic: str) -> list[Any]:
    return [event.data for event in desk.publisher.events() if event.topic == topic]


async def write(caller: Caller, **more: Any) -> Any:
    answer = await caller.post("/articles", **{"translations": TEXTS, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def act(caller: Caller, path: str, if_match: str = '"1"', **body: Any) -> httpx.Response:
    headers = {"Idempotency-Key": path + if_match + str(body), "If-Match": if_match}
    return await caller.client.post(f"/v1/articles/{path}", json=body, headers=headers)


async def test_staff_write_the_desks_word_in_the_readers_language(desk: Desk) -> None:
    article = await write(desk.max, services=["VPN"])
    assert (article["endorsement"], article["services"]) == ("written", ["vpn"])
    german = await desk.ana.get(f"/articles/{article['id']}", **{"Accept-Language": "de"})
    shown = german.json()
    assert (shown["title"], shown["html"]) == (
        "VPN zu Hause", "<p>Den <em>Client</em> neu starten.</p>\n",
    )  # fmt: skip
    assert (shown["author"], shown["is_own"]) == (None, False)
    (event,) = published(desk, KNOWLEDGE)
    assert isinstance(event, ArticleRevised)
    assert [item.language for item in event.translations] == ["en", "de"]


async def test_nothing_that_runs_comes_out_of_markdown(desk: Desk) -> None:
    body = (
        "<script>alert(1)</script> <img src=x onerror=alert(1)>\n\n[a](javascript:alert(1))"
        ' ![i](https://spy.example/i.png) [b](data:text/html,x) [c](https://desk.example "t")\n\n'
        "| h |\n|---|\n| <b onclick=x>cell</b> |"
    )
    article = await write(desk.ana, translations=[{**TEXTS[0], "body": body}])
    html = article["html"]
    for bad in ("<script", "<img", 'javascript:"', 'href="javascript', 'href="data', "<b "):
        assert bad not in html, html
    assert 'href="https://desk.example" title="t" rel="noopener noreferrer"' in html
    assert "<table>" in html
    assert article["body"] == body


async def test_a_colleagues_answer_says_what_it_is_and_can_be_adopted(desk: Desk) -> None:
    article = await write(desk.ana)
    shown = (await desk.ben.get(f"/articles/{article['id']}")).json()
    assert (shown["endorsement"], shown["author"]) == ("offered", None)
    assert "not checked" in shown["endorsement_text"]
    assert (await act(desk.ben, f"{article['id']}/adopt")).status_code == 403
    stale = await act(desk.max, f"{article['id']}/adopt", '"7"')
    assert stale.status_code == 412
    adopted = await act(desk.max, f"{article['id']}/adopt")
    assert (adopted.status_code, adopted.json()["endorsement"]) == (200, "adopted")
    assert adopted.json()["adopted_by"] == "max"
    # The desk stands for it: its author no longer changes it alone.
    refused = await desk.ana.patch(f"/articles/{article['id']}", '"2"', services=["vpn"])
    assert refused.status_code == 403
    again = await act(desk.max, f"{article['id']}/adopt", '"2"')
    assert (again.status_code, len(published(desk, KNOWLEDGE))) == (200, 2)


async def test_nobody_but_its_author_and_staff_changes_an_answer(desk: Desk) -> None:
    path = f"/articles/{(await write(desk.ana))['id']}"
    assert (await desk.ben.patch(path, '"1"', services=["vpn"])).status_code == 403
    assert (await desk.ana.patch(path, "", services=["vpn"])).status_code == 428
    changed = await desk.ana.patch(path, '"1"', translations=[{**TEXTS[0], "title": "Anew"}])
    assert (changed.json()["revision"], changed.json()["title"]) == (2, "Anew")
    revisions = (await desk.max.get(f"{path}/revisions")).json()
    assert [item["translations"][0]["title"] for item in revisions["items"]] == [
        "Anew",
        "VPN at home",
    ]
    assert revisions["forgotten"] == 0
    assert (await desk.ana.get(f"{path}/revisions")).status_code == 403


def test_the_oldest_revisions_make_room_and_are_counted() -> None:
    def revised(number: int, size: int) -> Revision:
        texts = (Translation(language="en", title="T", body="x" * (size - 1)),)
        return Revision(number=number, at=MONDAY, by="max", translations=texts)

    article = Article(
        id="a", audience=Readership.EVERYBODY, endorsement=Endorsement.WRITTEN, author="max",
        made_at=MONDAY, changed_at=MONDAY, revisions=(revised(1, 20_000),),
    )  # fmt: skip
    for number in range(2, 16):
        article = article.with_revision(revised(number, 20_000))
    assert ([item.number for item in article.revisions], article.forgotten) == ([*range(1, 16)], 0)
    article = article.with_revision(revised(16, 1))
    assert (article.revisions[0].number, article.forgotten) == (2, 1)
    article = article.with_revision(revised(17, 20_000)).with_revision(revised(18, 20_000))
    assert (article.revisions[0].number, article.forgotten) == (4, 3)


async def test_articles_for_staff_are_none_for_others(desk: Desk) -> None:
    article = await write(desk.max, audience="staff")
    assert (await desk.ana.get(f"/articles/{article['id']}")).status_code == 404
    assert (await desk.ana.get("/articles?audience=staff")).status_code == 403
    assert (await desk.ana.get("/articles")).json()["items"] == []
    listed = (await desk.max.get("/articles?audience=staff")).json()["items"]
    assert [item["id"] for item in listed] == [article["id"]]
    assert (
        await desk.ana.post("/articles", translations=TEXTS, audience="staff")
    ).status_code == 403


async def test_what_is_retired_is_shown_no_more_until_it_is_restored(desk: Desk) -> None:
    id = (await write(desk.max))["id"]
    assert (await act(desk.max, f"{id}/retire")).status_code == 200
    assert (await desk.ana.get(f"/articles/{id}")).status_code == 404
    assert (await desk.ana.get("/articles")).json()["items"] == []
    assert published(desk, KNOWLEDGE)[-1].is_retired
    assert (await act(desk.max, f"{id}/restore", '"2"')).status_code == 200
    assert (await desk.ana.get(f"/articles/{id}")).status_code == 200


async def test_articles_are_listed_in_pages(desk: Desk) -> None:
    ids = set()
    for number in range(5):
        ids.add((await write(desk.max, services=[], translations=[
            {**TEXTS[0], "title": f"Article {number}"}
        ]))["id"])  # fmt: skip
    first = (await desk.ana.get("/articles?limit=3")).json()
    second = (await desk.ana.get(f"/articles?limit=3&cursor={first['next']}")).json()
    assert {item["id"] for item in first["items"] + second["items"]} == ids
    assert (len(first["items"]), second["next"]) == (3, None)


async def test_each_persons_last_rating_counts(desk: Desk) -> None:
    id = (await write(desk.max))["id"]
    for helped in (True, False):
        answer = await desk.ana.post(f"/articles/{id}/rating", helped=helped)
        assert answer.status_code == 200, answer.text
    rated = (await desk.ben.post(f"/articles/{id}/rating", helped=True)).json()
    assert (rated["helped"], rated["did_not_help"]) == (1, 1)
    assert (await desk.max.post(f"/articles/{id}/rating", helped=True)).status_code == 409
    ratings = published(desk, FEEDBACK)
    assert all(isinstance(item, ArticleRated) for item in ratings)
    assert [(item.by, item.rating, item.helped) for item in ratings] == [
        ("ana", 1, True), ("ana", 2, False), ("ben", 1, True),
    ]  # fmt: skip


async def test_a_ticket_becomes_an_article_in_one_call_and_for_staff_unless_said(
    desk: Desk,
) -> None:
    ticket = await desk.ana.open("VPN: my name is on it", service="vpn")
    assert (await desk.max.post(f"/tickets/{ticket}/article")).status_code == 422
    await desk.hear(triage_says(), ticket)
    await desk.max.post(f"/tickets/{ticket}/resolve", resolution="Renew the certificate.")
    assert (await desk.ana.post(f"/tickets/{ticket}/article")).status_code == 403
    made = await desk.max.post(f"/tickets/{ticket}/article")
    article = made.json()
    assert (made.status_code, article["audience"], article["ticket"]) == (201, "staff", ticket)
    assert (article["body"], article["services"]) == ("Renew the certificate.", ["vpn"])
    again = await desk.max.post(f"/tickets/{ticket}/article", title="Another")
    assert again.json()["id"] == article["id"]
    assert len(published(desk, KNOWLEDGE)) == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"translations": []}, None),
        ({"translations": [TEXTS[0], TEXTS[0]]}, "language-twice"),
        ({"translations": [{**TEXTS[0], "language": "?"}]}, None),
        ({"translations": [{**TEXTS[0], "body": " "}]}, None),
        ({"translations": TEXTS, "services": ["teleport"]}, "unknown-service"),
        ({"translations": [{**TEXTS[0], "body": "x" * 20_001}]}, None),
        ({"translations": [{**TEXTS[0], "language": f"{a}{b}", "body": "x" * 19_000}
                           for a in "ab" for b in "cd"]}, None),
    ],
)  # fmt: skip
async def test_what_is_no_article_is_refused(desk: Desk, body: Any, code: str | None) -> None:
    answer = await desk.max.post("/articles", **body)
    assert answer.status_code == 422, answer.text
    assert code is None or answer.json()["code"] == code
    assert published(desk, KNOWLEDGE) == []


async def test_a_repeated_call_writes_nothing_twice(desk: Desk) -> None:
    first = await desk.max.post("/articles", key="k-1", translations=TEXTS)
    again = await desk.max.post("/articles", key="k-1", translations=TEXTS)
    other = await desk.max.post("/articles", key="k-1", translations=TEXTS[:1])
    assert (first.json(), other.status_code) == (again.json(), 422)
    assert len(published(desk, KNOWLEDGE)) == 1


async def test_a_reader_who_has_it_gets_no_copy(desk: Desk) -> None:
    path = f"/articles/{(await write(desk.max))['id']}"
    tag = (await desk.ana.get(path)).headers["etag"]
    assert (await desk.ana.get(path, **{"If-None-Match": tag})).status_code == 304
    for helped in (True, False):
        await desk.ben.post(f"{path}/rating", helped=helped)
        answer = await desk.ana.get(path, **{"If-None-Match": tag})
        assert answer.status_code == 200
        tag = answer.headers["etag"]
