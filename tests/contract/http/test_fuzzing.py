"""schemathesis over the whole document of each service: it finds nothing.

With a few examples of each operation here; `make fuzz` has more. All its checks are on. Two have
little to do: no operation deletes anything, and who may do what to whose things is in
`test_who_sees_what.py`, since all calls here are by one person.
"""

import os
import sys
from collections import Counter

import pytest
from desk_contracts.topics import SERVICES
from desk_platform.http import PUBLIC
from fastapi import Depends, Response

from tests.support.http_fuzz import fuzz
from tests.support.http_worlds import WORLDS, World

EXAMPLES = int(os.environ.get("DESK_FUZZ_EXAMPLES", "2"))
# Of this run, by service.
CALLS: Counter[str] = Counter()
SEED = int(os.environ.get("DESK_FUZZ_SEED", "1"))


@pytest.fixture
async def world(name: str) -> World:
    return await WORLDS[name]()


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", SERVICES)
def test_nothing_is_found_in_a_document(
    name: str, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    done = fuzz(world, EXAMPLES, SEED)
    CALLS[name] = done.calls
    if EXAMPLES > 2:
        with capsys.disabled():
            sys.stdout.write(
                f"\n{name}: {done.calls} calls {done.phases}, answers {done.statuses};"
                f" {CALLS.total()} calls so far\n"
            )
    assert not done.faults, "\n\n".join(f"{key}\n{text}" for key, text in done.faults.items())
    assert any(200 <= status < 300 for status in done.statuses)
    assert len(done.phases) > 2


@pytest.mark.parametrize("name", ["notify"])
def test_what_breaks_its_document_is_found(world: World) -> None:
    async def break_down() -> int:
        return 1 // 0

    async def answer_in_text() -> Response:
        return Response("text", media_type="text/plain")

    for path, endpoint in (("/v1/broken", break_down), ("/v1/text", answer_in_text)):
        world.app.add_api_route(path, endpoint, dependencies=[Depends(PUBLIC)])
    done = fuzz(world, 1, SEED, only="/v1/(broken|text)")
    assert {fault.split(" /")[0] for fault in done.faults} == {
        "not_a_server_error GET",
        "content_type_conformance GET",
    }
