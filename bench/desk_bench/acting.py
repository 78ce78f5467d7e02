"""Automation at work in a benchmark: its runbooks, the signals that start them, their target."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

import psutil
from desk_contracts import Event
from desk_contracts.events.signals import SignalRaised
from desk_contracts.ids import new_id
from desk_contracts.value_types import Severity, SubjectKind
from desk_local.ports import free_ports
from desk_local.services import command_of

from desk_bench.serving import ROOT, environment, process, ready

# By the ports at which they answer.
Processes = dict[int, psutil.Process]
# How many acts a run of `acts` has.
STEPS = 10
_STEP = """\
  - id: act-{number}
    kind: act
    effect: keyed
    request: {{method: POST, url: "${{data.attributes.agent_url}}/act/${{subject}}"}}
    timeout: 30s
"""
_WAIT = """\
  - id: wait
    kind: wait
    for: 12h
"""
_RUNBOOK = """\
id: bench-{name}
title: Acts of a benchmark
why: To see how many steps are kept a second.
owner_team: workplace
risk: reversible
mode: auto
expires: 2099-12-31
when: data.signal == "bench-{name}"
limits:
  per_target: {{cooldown: 1s, per_day: 9}}
  per_runbook: {{per_hour: 1000000}}
steps:
{steps}
verify: {{measurement: bench.value, at_least: 1, within: 12h}}
escalate: {{title: "A benchmark ended"}}
"""


@dataclass
class Target:
    """Answers each call at once, over connections that stay open."""

    # When it was called first, by what is acted on.
    called: dict[str, float] = field(default_factory=dict)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, to its end."""
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                subject = head[: head.index(b" HTTP/")].rpartition(b"/")[2].decode()
                self.called.setdefault(subject, perf_counter())
                _, length, rest = head.lower().partition(b"content-length: ")
                await reader.readexactly(int(rest.split(b"\r\n")[0]) if length else 0)
                writer.write(
                    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
                    b"content-length: 2\r\n\r\n{}"
                )
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


def raise_signal(subject: str, runbook: str, url: str) -> Event[SignalRaised]:
    """What starts one run of `acts`, `waits` or `starts` on the subject; it calls the target."""
    data = SignalRaised(
        episode=f"{subject}/{runbook}",
        detector="bench",
        signal=f"bench-{runbook}",
        title="Trouble of a benchmark",
        severity=Severity.WARNING,
        subject_kind=SubjectKind.DEVICE,
        measurement="bench.value",
        value=0.0,
        threshold=1.0,
        attributes={"agent_url": url},
    )
    return Event(new_id(), "/desk/triage", subject, datetime.now(UTC), data)


@contextmanager
def automation(
    kafka: str, store_url: str, replicas: int = 1
) -> Iterator[dict[int, psutil.Process]]:
    """The service with runbooks of the benchmark beside the shipped ones, as processes."""
    acts = "".join(_STEP.format(number=number) for number in range(STEPS))
    first = _STEP.format(number=0)
    kinds = {"acts": acts, "waits": first + _WAIT, "starts": first}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        charter = Path(folder) / "charter"
        shutil.copytree(ROOT / "charter", charter)
        for name, steps in kinds.items():
            text = _RUNBOOK.format(name=name, steps=steps)
            (charter / "runbooks" / f"bench-{name}.yaml").write_text(text, encoding="utf-8")
        processes: Processes = {}
        for port in free_ports(replicas):
            environ = environment("automation", kafka, store_url, port)
            environ |= {"DESK_CHARTER": str(charter), "AUTOMATION_QUEUE_WAIT": "86400"}
            started = stack.enter_context(process(command_of("automation"), environ))
            processes[port] = psutil.Process(started.pid)
        yield processes


async def all_ready(processes: Processes) -> None:
    """Wait until each of them is."""
    for port in processes:
        await ready(port, "/health/ready")
