"""Paging: capped limits, a next link that repeats no host, secrets where they count."""

from typing import Annotated, NamedTuple

import httpx
import pytest
from desk_platform.http import (
    Cursors,
    Page,
    PageRequest,
    cursors_from,
    find_visible,
    link_next,
    page_request,
)
from desk_platform.http.paging import MAX_LIMIT
from desk_platform.settings import Environment, ServiceSettings, SettingsError, SignInSettings
from desk_platform.store.pages import After
from fastapi import Depends, FastAPI, Request
from pydantic import SecretStr

app = FastAPI()


@app.get("/v1/things")
async def list_things(
    request: Request, page: Annotated[PageRequest, Depends(page_request)]
) -> Page[str]:
    return Page(items=(str(page.limit), str(page.cursor), link_next(request, "c+/2")), next="c+/2")


async def ask(query: str) -> httpx.Response:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
        return await client.get(f"/v1/things{query}")


@pytest.mark.parametrize(
    ("query", "limit"), [("", "50"), ("?limit=7", "7"), ("?limit=100000", str(MAX_LIMIT))]
)
async def test_limits_are_capped(query: str, limit: str) -> None:
    assert (await ask(query)).json()["items"][0] == limit


@pytest.mark.parametrize("limit", ["0", "-1", "many"])
async def test_a_limit_that_means_nothing_is_refused(limit: str) -> None:
    assert (await ask(f"?limit={limit}")).status_code == 422


async def test_the_next_link_keeps_the_filters_and_replaces_the_cursor() -> None:
    [_, cursor, link] = (await ask("?state=new&team=a%26b&empty=&cursor=c1")).json()["items"]
    assert cursor == "c1"
    assert link == '</v1/things?state=new&team=a%26b&empty=&cursor=c%2B%2F2>; rel="next"'


def settings(environment: Environment, secret: str | None) -> ServiceSettings:
    held = SecretStr(secret) if secret else None
    return ServiceSettings(environment=environment, sign_in=SignInSettings(cursor_secret=held))


def test_only_one_machine_may_go_without_a_secret() -> None:
    assert cursors_from(settings(Environment.LOCAL, None)).secret
    assert cursors_from(settings(Environment.PROD, "x" * 32)) == Cursors(b"x" * 32)
    for weak in (None, "short"):
        with pytest.raises(SettingsError, match="DESK_CURSOR_SECRET"):
            cursors_from(settings(Environment.PROD, weak))


class Thing(NamedTuple):
    sort: int
    id: str = ""


@pytest.mark.parametrize("hidden", [set(), {3}, {0, 1, 2, 3, 4}, {2, 5, 9}, set(range(10))])
@pytest.mark.parametrize("limit", [1, 2, 3, 10])
async def test_what_is_hidden_leaves_no_hole_in_any_page(hidden: set[int], limit: int) -> None:
    async def find(after: After | None, most: int) -> list[Thing]:
        first = 0 if after is None else int(str(after[0])) + 1
        return [Thing(n) for n in range(first, min(10, first + most))]

    pages, after = list[list[int]](), None
    while True:
        visible = await find_visible(find, lambda row: row.sort not in hidden, after, limit)
        pages.append([item.sort for item in visible[:limit]])
        if len(visible) <= limit:
            break
        after = (visible[limit - 1].sort, "")
    shown = [item for item in range(10) if item not in hidden]
    assert pages == ([shown[n : n + limit] for n in range(0, len(shown), limit)] or [[]])
