"""Signals matched with runbooks, a second, against ansible-rulebook with as many rules."""

import asyncio
import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import cast

from desk_automation.matching.rulebook import Rulebook
from desk_charter import load_charter
from desk_contracts import Codec, Event
from desk_contracts.codec import Message
from desk_contracts.events.signals import SignalRaised
from desk_contracts.ids import new_id
from desk_contracts.value_types import Severity, SubjectKind

from desk_bench.rows import Row, compared
from desk_bench.serving import ROOT

# The `ansible-rulebook` of an environment with bench/requirements-ansible.txt, and a Java for it.
ANSIBLE = "BENCH_ANSIBLE_RULEBOOK"
RULES = 100
_SOURCE = Path(__file__).with_name("ansible_source.py")
_NAME = f"signals matched with {RULES} runbooks"
_BAR = "≥ 10000"
_RUNBOOK = """\
id: bench-{number}
title: A rule of a benchmark
why: To see how many are asked a second.
owner_team: workplace
risk: reversible
mode: auto
expires: 2099-12-31
when: data.signal == "bench-{number}" && data.value < 25.0
steps:
  - id: act
    kind: act
    effect: keyed
    request: {{method: POST, url: "http://127.0.0.1:9000/act"}}
verify: {{measurement: bench.value, at_least: 1, within: 12h}}
escalate: {{title: "A benchmark ended"}}
"""


async def run(events: int) -> list[Row]:
    """Both find the one rule of each signal, from the bytes of the log or a generator's values."""
    ours = _desk([_signal(number) for number in range(events)])
    rows = [Row(_NAME, round(ours, 1), "events/s", bar=_BAR)]
    rulebook = os.environ.get(ANSIBLE)
    if not rulebook:
        reason = f"no baseline: set {ANSIBLE} (bench/requirements-ansible.in)"
        return [
            *rows,
            Row(f"{_NAME}, against ansible-rulebook", round(ours, 1), "events/s", bar=reason),
        ]
    theirs = await _ansible(rulebook, events)
    return [
        *rows,
        compared(f"{_NAME}, against ansible-rulebook", ours, theirs, "events/s", "≥ 1.0"),
    ]


def _signal(number: int) -> Message:
    data = SignalRaised(
        episode=f"e-{number}",
        detector="bench",
        signal=f"bench-{number % RULES}",
        title="Trouble of a benchmark",
        severity=Severity.WARNING,
        subject_kind=SubjectKind.DEVICE,
        measurement="bench.value",
        value=4.0,
        threshold=10.0,
    )
    at = datetime.now(UTC)
    return Codec().encode(Event(new_id(), "/desk/triage", f"device-{number}", at, data))


def _desk(messages: Sequence[Message]) -> float:
    """Decoded as the service does it, then asked of each rule; with the ids of the runs.

    The shipped runbooks are asked beside them.
    """
    with tempfile.TemporaryDirectory() as folder:
        charter = Path(folder) / "charter"
        shutil.copytree(ROOT / "charter", charter)
        for number in range(RULES):
            text = _RUNBOOK.format(number=number)
            (charter / "runbooks" / f"bench-{number}.yaml").write_text(text, encoding="utf-8")
        rulebook = Rulebook(load_charter(charter))
    codec, matches = Codec(), 0
    started = perf_counter()
    for message in messages:
        event = codec.decode(message.key, message.value, message.headers)
        if isinstance(event.data, SignalRaised):
            matches += len(rulebook.runs(cast("Event[SignalRaised]", event)))
    seconds = perf_counter() - started
    assert matches == len(messages)
    return len(messages) / seconds


async def _ansible(command: str, events: int) -> float:
    """From the first event to the action of the last one's rule; its start does not count."""
    condition = 'event.signal == "bench-{}" and event.value < 25.0'
    rules = [
        {"name": f"rule {number}", "condition": condition.format(number), "action": {"none": {}}}
        for number in range(RULES)
    ]
    last = {
        "name": "the last one",
        "condition": "event.is_last is defined",
        "actions": [{"debug": {"msg": "BENCH-END"}}, {"shutdown": {}}],
    }
    ruleset = {
        "name": "bench",
        "hosts": "all",
        "sources": [{_SOURCE.stem: {"events": events, "rules": RULES}}],
        "rules": [*rules, last],
    }
    with tempfile.TemporaryDirectory() as folder:
        rulebook, hosts = Path(folder) / "rulebook.yml", Path(folder) / "hosts"
        rulebook.write_text(json.dumps([ruleset]), encoding="utf-8")
        hosts.write_text("localhost\n", encoding="utf-8")
        shutil.copy(_SOURCE, folder)
        words = (command, "--rulebook", str(rulebook), "-i", str(hosts), "-S", folder)
        # It looks for programs of its own environment by their names.
        environ = {**os.environ, "PATH": f"{Path(command).parent}:{os.environ['PATH']}"}
        child = await asyncio.create_subprocess_exec(
            *words, stdout=asyncio.subprocess.PIPE, env=environ
        )
        assert child.stdout is not None
        began = ended = 0.0
        async for line in child.stdout:
            if b"BENCH-BEGIN" in line:
                began = perf_counter()
            if b"BENCH-END" in line:
                ended = perf_counter()
        await child.wait()
    assert 0.0 < began < ended, "ansible-rulebook did not come to its end"
    return events / (ended - began)
