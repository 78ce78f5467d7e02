"""The tutorial from its first line to its last, as it stands but for ports and the folder /tmp."""

import asyncio
import os
import re
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from desk_local.lifecycle import DESK_PORTS
from desk_local.paths import ROOT
from desk_local.ports import free_offset
from desk_local.services import PORTS
from desk_testing import eventually

pytestmark = [pytest.mark.connected, pytest.mark.timeout(900)]

TUTORIAL = (ROOT / "docs/tutorial.md").read_text(encoding="utf-8")
STEPS = re.findall(r"```sh\n(.*?)```", TUTORIAL, re.DOTALL)
MEMBER = {"X-Desk-User": "network-1", "X-Desk-Roles": "member", "X-Desk-Team": "network"}
# A call that is refused fails, as a reader would see.
STRICT = 'set -eo pipefail; curl() { command curl --fail-with-body "$@"; }\n'
_DONE = "step is done"


@dataclass
class Reader:
    """Somebody who types it all into one shell, and reads what comes."""

    shell: asyncio.subprocess.Process
    folder: Path
    offset: int

    async def type(self, step: str) -> str:
        """What is answered until the next prompt."""
        here = step.replace("/tmp/", f"{self.folder}/")  # noqa: S108  (the tutorial's)
        for port in PORTS.values():
            here = here.replace(f"127.0.0.1:{port}", f"127.0.0.1:{port + self.offset}")
        here = here.replace("make up", 'make up ARGS="--infra local"')
        assert self.shell.stdin is not None
        assert self.shell.stdout is not None
        self.shell.stdin.write(f"{here}\necho; echo '{_DONE}'\n".encode())
        lines = []
        while (line := (await self.shell.stdout.readline()).decode()) != f"{_DONE}\n":
            lines.append(line)
            assert line, "".join(lines)
        return "".join(lines)

    async def get(self, service: str, path: str) -> dict[str, object]:
        url = f"http://127.0.0.1:{PORTS[service] + self.offset}{path}"
        async with httpx.AsyncClient() as http:
            answer = await http.get(url, headers=MEMBER)
        answer.raise_for_status()
        return dict(answer.json())


@pytest.fixture
def env(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A desk of its own on ports of its own, which is not there yet."""
    offset = free_offset(DESK_PORTS)
    given = {name: value for name, value in os.environ.items() if not name.startswith("DESK")}
    env = given | {"DESK_LOCAL": str(tmp_path / "local"), "DESK_PORT_OFFSET": str(offset)}
    yield env
    subprocess.run(["make", "down"], cwd=ROOT, env=env, check=True, capture_output=True)


@asynccontextmanager
async def open_shell(env: dict[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """One for all steps, in the project's folder."""
    shell = await asyncio.create_subprocess_exec(
        *("bash", "--norc"),
        cwd=ROOT,
        env=env,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        limit=2**24,
    )
    try:
        yield shell
    finally:
        shell.kill()
        await shell.wait()


async def test_every_role_of_the_tutorial_gets_what_it_says(
    env: dict[str, str], tmp_path: Path
) -> None:
    up, ask, timeline, work, change, look, report = STEPS
    async with open_shell(env) as shell:
        reader = Reader(shell, tmp_path, int(env["DESK_PORT_OFFSET"]))
        await reader.type(STRICT)
        assert "intake: ready" in await reader.type(up)
        await reader.type(ask)
        code = (await reader.type("echo $code")).strip()
        await reader.type(ask)
        assert (await reader.type("echo $code")).strip() == code

        # Nobody reads a page faster than a ticket finds its team.
        async def is_with_its_team() -> bool:
            return (await reader.get("intake", f"/v1/tickets/{code}"))["team"] == "network"

        await eventually(is_with_its_team, timeout=60)
        assert "VPN" in await reader.type(timeline)
        assert '"resolved"' in await reader.type(work)
        await reader.type(change)

        async def is_quiet() -> bool:
            return "0 lost, 0 doubled" in await reader.type("desk audit || true")

        await eventually(is_quiet, timeout=60)
        looked = await reader.type(look)
        assert "not ready" not in looked
        assert "0 lost, 0 doubled, 0 out of order, 0 gaps" in looked
        assert "explanation" in await reader.type(report)
