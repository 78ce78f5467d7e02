"""Who only watches a ticket: reads it, comments on it, says "me too", leaves; nothing else.

Goes by the rows of who sees what, which every route has: a new route is tried without being named.
"""

import json

import httpx
import pytest

from tests.support.http_rows import ROWS, TICKET, Row, fill
from tests.support.http_worlds import intake

MAY = {
    f"GET {TICKET}", f"GET {TICKET}/timeline", f"POST {TICKET}/comments",
    f"POST {TICKET}/attachments", f"GET {TICKET}/attachments/{{attachment}}",
    f"POST {TICKET}/unwatch", f"POST {TICKET}/me-too",
}  # fmt: skip
FIRST = {row.route: row for row in reversed(ROWS) if row.service == "intake"}
OF_A_TICKET = [row for row in FIRST.values() if TICKET in row.route]


@pytest.mark.parametrize("row", OF_A_TICKET, ids=str)
async def test_a_watcher_may_do_what_watchers_may(row: Row) -> None:
    world = await intake()
    names = {name: ids[0] for name, ids in world.names.items()}
    body = {} if row.route.endswith(("/unwatch", "/me-too")) else row.body
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(world.app), base_url="http://desk"
    ) as client:

        async def ask(who: str, route: str, sent: object) -> httpx.Response:
            method, path = fill(route, names).split()
            headers = {"X-Desk-User": who, "X-Desk-Roles": "employee", "Idempotency-Key": route}
            content = None if sent is None else json.loads(fill(json.dumps(sent), names))
            headers |= {"If-Match": "*"}
            return await client.request(method, path, json=content, headers=headers)

        before = await ask("wim", row.route + row.query, body)
        assert before.status_code in {403, 404}
        watched = await ask("ana@desk.example", f"POST {TICKET}/watch", {"person": "wim"})
        assert watched.status_code == 200, watched.text
        answer = await ask("wim", row.route + row.query, body)
        if row.route in MAY:
            assert answer.is_success, answer.text
        else:
            assert answer.status_code == 403, answer.text
