"""Every route of every service, by every reader, about something plain and something confidential.

A route without a row here fails: whoever adds one says who may see what.
"""

import io
import json
import os
import re
from pathlib import Path

import httpx
import pyarrow.parquet as pq
import pytest
from desk_metrics.measures.parquet import PARQUET
from desk_testing.commands import run_module

from tests.support.http_rows import ALL, EACH, ROWS, Row, fill
from tests.support.http_worlds import ADA, ADAS, READERS, SECRETS, WORLDS, World

ROOT = Path(__file__).parents[3]
# FastAPI's own: it shows the code's routes and nothing else.
OF_THE_FRAMEWORK = {"/openapi.json"}
UNKNOWN = "00000000-0000-4000-8000-000000000000"
SEERS = {"mia", "olga", "otto"}
# A ticket's state may refuse what its reader may do; that is told to nobody else.
PASSED = {200, 201, 202, 207, 409, 412, 422}
PROCESS = re.compile(r"^(?:process|desk_loop)_.*$", re.MULTILINE)
REFUSED = {"f": {403}, "n": {404}, "u": {401}, "-": {401, 403}}


def test_every_route_of_every_service_has_a_row() -> None:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environ = kept | {"DESK_ENVIRONMENT": "local", "DESK_CHARTER": str(ROOT / "charter")}
    done = run_module("tests.support.all_routes", env=environ)
    assert done.returncode == 0, done.stderr
    routes = {(service, route) for service, route in json.loads(done.stdout.splitlines()[-1])}
    ours = {item for item in routes if item[1].split()[1] not in OF_THE_FRAMEWORK}
    rows = {(row.service, row.route.replace("{other}", "{ticket}")) for row in ROWS}
    assert ours == rows


@pytest.mark.parametrize("row", ROWS, ids=str)
async def test_who_sees_what(row: Row) -> None:
    world, is_changed = await WORLDS[row.service](), False
    for place, who in enumerate(READERS):
        if is_changed:
            world = await WORLDS[row.service]()  # what the one before did is undone
        plain, _ = await ask(world, row, who, 0)
        secret, content = await ask(world, row, who, 1)
        # Who is refused has done nothing.
        is_refused = {plain.status_code, secret.status_code} <= {401, 403, 404}
        is_changed = row.body is not None and row.plain not in {ALL, EACH} and not is_refused
        expected_plain, expected = row.plain[place], row.secret[place]
        assert passes(plain, expected_plain), (who, plain.status_code, plain.text)
        assert passes(secret, expected), (who, secret.status_code, secret.text)
        if who in SEERS:
            assert not row.shows or expected != "+" or SECRETS.search(content), (who, content)
        elif not (who == "sue" and (row.service == "intake" or row.route.endswith("/remove"))):
            assert (leaked := SECRETS.search(content)) is None, (who, leaked, content)
            unknown, told_of_nothing = await ask(world, row, who, None)
            assert secret.status_code == unknown.status_code, (who, content, told_of_nothing)
            is_read = row.route.startswith("GET") or secret.is_error
            assert not is_read or content == told_of_nothing, who


@pytest.mark.parametrize(("who", "sees"), [("max", False), ("ada", True), ("olga", True)])
async def test_single_people_are_shown_to_owners_operators_and_themselves(
    who: str, sees: bool
) -> None:
    world = await WORLDS["triage"]()
    answer, _ = await ask(world, Row("triage", "GET /v1/signals", "", ""), who, 0)
    assert '"laptop-1"' in answer.text
    assert (ADA in answer.text) is sees


def passes(answer: httpx.Response, expected: str) -> bool:
    return answer.status_code in REFUSED.get(expected, PASSED)


async def ask(world: World, row: Row, who: str, of: int | None) -> tuple[httpx.Response, str]:
    """The answer, and what it tells, what was asked for left out."""
    filled, requested = {}, []
    for name, ids in world.names.items():
        is_both = len(set(ids)) == 1
        filled[name] = ids[of or 0] if is_both or of is not None else UNKNOWN
        requested += [] if is_both else [filled[name]]
    method, path = (row.route + row.query).split(maxsplit=1)
    body = None if row.body is None else json.loads(fill(json.dumps(row.body), filled))
    reader = ADAS if who == "ada" else READERS[who]
    headers = {"Idempotency-Key": f"{who} {of}", "If-Match": "*"}
    if reader is not None:
        roles = ",".join(sorted(reader.roles)) or "boss"
        headers |= {"X-Desk-User": reader.subject, "X-Desk-Roles": roles}
        headers |= {"X-Desk-Team": reader.team or ""}
        if row.service != "intake":
            headers["Authorization"] = f"Bearer {reader.subject}"
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(world.app), base_url="http://desk", headers=headers
    ) as client:
        answer = await client.request(method, fill(path, filled), json=body)
    return answer, told_by(
        answer, [item for item in requested if item in fill(row_text(row), filled)]
    )


def row_text(row: Row) -> str:
    return f"{row.route}{row.query}{json.dumps(row.body)}"


def told_by(answer: httpx.Response, requested: list[str]) -> str:
    text = answer.text
    if answer.headers.get("content-type") == PARQUET:
        text = str(pq.read_table(io.BytesIO(answer.content)).to_pylist())
    # These differ between any two calls: what the process itself uses, and what names the call.
    text = PROCESS.sub("", text)
    passing = ("correlation-id", "x-correlation-id", "x-request-id", "ratelimit", "content-length")
    headers = [f"{k}: {v}" for k, v in sorted(answer.headers.items()) if not k.startswith(passing)]
    for item in sorted(requested, key=len, reverse=True):
        text = text.replace(item, "*")
        headers = [line.replace(item, "*") for line in headers]
    return "\n".join((text, *headers))
