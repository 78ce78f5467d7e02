"""One service as a process of its own on real servers, as an operator sees it: start, ask, kill."""

import asyncio
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from desk_local.paths import ROOT
from desk_local.ports import free_ports
from desk_local.services import index_variables

from desk_testing.eventually import eventually
from desk_testing.forks import FORK_SERVER, Process

CHARTER = ROOT / "charter"
# Somebody who may do everything; a test that is about rights says who asks.
ANYBODY = {
    "X-Desk-User": "developer",
    "X-Desk-Roles": "employee,member,owner,operator",
    "X-Desk-Team": "network",
}


def environment(
    kafka: str, store_url: str, prefix: str, charter: Path = CHARTER, **more: str
) -> dict[str, str]:
    """What a service is told of the servers; topics and databases are those of one test."""
    return os.environ | {
        "DESK_ENVIRONMENT": "local",
        "DESK_KAFKA": kafka,
        "DESK_STORE": store_url,
        "DESK_TOPIC_PREFIX": prefix,
        "DESK_DATABASE_PREFIX": prefix,
        "DESK_CHARTER": str(charter),
        **more,
    }


def is_narrow(group: str) -> bool:
    """Whether the group reads only topics with one partition, so that one replica reads all."""
    return group.removesuffix(".retry").endswith("triage.register")


@dataclass
class ServiceProcess:
    """Several lives of one service: each has the same port and adds to the same log."""

    name: str
    env: dict[str, str]
    log: Path
    port: int = field(default_factory=lambda: free_ports(1)[0])
    # What Python runs; else the service itself.
    module: str = ""
    # Whether each life is an interpreter of its own, as where an operator starts it.
    is_fresh: bool = False
    process: Process | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def charter(self) -> Path:
        """The files that it reads."""
        return Path(self.env["DESK_CHARTER"])

    def launch(self, **more: str) -> None:
        """Start it without waiting; the settings are for this life only."""
        here = {"HTTP_HOST": "127.0.0.1", "HTTP_PORT": str(self.port)}
        own = {f"{self.name.upper()}_{key}": value for key, value in here.items()}
        own |= index_variables(self.name, self.log.with_suffix(".index"))
        module = self.module or f"desk_{self.name}"
        env = self.env | own | more
        if sys.platform == "linux" and not self.is_fresh:
            self.log.touch()
            self.process = FORK_SERVER.launch(module, env, self.log)
            return
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 (our own module)
                [sys.executable, "-m", module], env=env, cwd=ROOT, stdout=log, stderr=log
            )

    async def start(self, **more: str) -> None:
        """Start it and wait until it is ready."""
        await asyncio.to_thread(self.launch, **more)
        # After a kill the group waits for the dead member's session before it shares anew.
        await eventually(self.is_ready, timeout=240, interval=0.1)

    async def is_ready(self) -> bool:
        """Says it is ready, and reads: each of its consumers has partitions.

        One of a topic with a single partition may have none: another replica has it.
        """
        if self.process is None or self.process.poll() is not None:
            raise RuntimeError(f"{self.name} ended early:\n{self.log.read_text()[-3000:]}")
        try:
            answer = await self.get("/health/ready")
        except httpx.TransportError as error:
            raise AssertionError(f"no answer yet: {error!r}") from error
        if answer.status_code != httpx.codes.OK:
            raise AssertionError(answer.text)
        consumers = answer.json()["consumers"]
        return all(item["partitions"] or is_narrow(item["name"]) for item in consumers)

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """Its answer, to somebody who may see everything unless the headers say who asks."""
        async with httpx.AsyncClient(base_url=self.url, timeout=60, headers=ANYBODY) as client:
            return await client.get(path, headers=headers)

    def kill(self) -> None:
        """End it with SIGKILL."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it with SIGTERM; does nothing if it does not run."""
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        process, self.process = self.process, None
        if process is None:
            return
        process.send_signal(number)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)
