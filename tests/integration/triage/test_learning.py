"""`desk triage learn` on the real stream and on a history file, and a triage that asks it."""

import asyncio
import json
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import pytest
from desk_contracts import AnyEvent, Codec
from desk_contracts.events.triage import TriageDecided
from desk_testing import eventually
from desk_testing.processes import CHARTER, ServiceProcess, environment

from tests.support.spoken import english
from tests.support.triage_desk import opened
from tests.support.triage_history import lives

pytestmark = [pytest.mark.connected, pytest.mark.timeout(600)]

COMMAND = (sys.executable, "-c", "from desk_cli import main; main()", "triage", "learn")
PAST = list(lives())
MODEL = "triage-model.json"


class Bus(Protocol):
    async def publish(self, events: Sequence[AnyEvent]) -> None: ...

    async def read(self) -> list[AnyEvent]: ...


@pytest.fixture
def charter(tmp_path: Path) -> Path:
    return Path(shutil.copytree(CHARTER, tmp_path / "charter"))


async def learned(env: dict[str, str], *words: str) -> tuple[int, str]:
    """What the command says and leaves with."""
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        *words,
        env=env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    texts, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, texts.decode()


def history(path: Path) -> Path:
    """The past as `desk import` writes it: a CloudEvent in each line."""
    codec = Codec()
    with path.open("w") as stream:
        for example in (event for emitted in PAST for event in emitted):
            message = codec.encode(example)
            head = {
                name.removeprefix("ce_"): value.decode()
                for name, value in message.headers
                if name.startswith("ce_") and value is not None
            }
            document = head | {"data": json.loads(message.value), "sourcerow": "7"}
            stream.write(json.dumps(document) + "\n")
    return path


async def test_the_stream_teaches_a_running_triage(
    bus: Bus, kafka: str, store_url: str, prefix: str, charter: Path, tmp_path: Path
) -> None:
    env = environment(kafka, store_url, prefix, charter)
    await bus.publish([event for emitted in PAST for event in emitted])
    service = ServiceProcess("triage", env, tmp_path / "triage.log")
    try:
        await service.start()
        code, texts = await learned(env)
        assert code == 0, texts
        assert "720 of 720 tickets were finished by teams" in texts
        assert "It is sure of" in texts
        assert "learned from" in texts
        version = json.loads(await asyncio.to_thread((charter / MODEL).read_text))["version"]
        assert version in texts

        result = await decided_by_model(bus)
        assert result.team == "network"
        assert result.category == "antennas"
        assert any(reason.params.get("model") == version for reason in result.explanation)
        assert "“antenna”" in english(result.explanation[0])
    finally:
        service.stop()


async def decided_by_model(bus: Bus) -> TriageDecided:
    """A new ticket now and then, until the service has the model and is sure of one."""

    wanted: set[str] = set()

    async def is_decided() -> list[TriageDecided]:
        # Tickets of the past may still be waiting when the model comes; it judges those as well.
        ticket = opened("The antenna bends")
        wanted.add(ticket.subject)
        await bus.publish([ticket])
        emitted = [entry.data for entry in await bus.read() if entry.subject in wanted]
        return [
            item
            for item in emitted
            if isinstance(item, TriageDecided) and item.explanation[0].code.startswith("learned.")
        ]

    return (await eventually(is_decided, timeout=180, interval=0.5))[0]


async def test_a_history_file_teaches_the_same_as_the_stream(
    bus: Bus, kafka: str, store_url: str, prefix: str, charter: Path, tmp_path: Path
) -> None:
    env = environment(kafka, store_url, prefix, charter)
    file = await asyncio.to_thread(history, tmp_path / "history.jsonl")
    code, texts = await learned(env, str(file), "--out", str(tmp_path / "file.json"))
    assert code == 0, texts
    await bus.publish([event for emitted in PAST for event in emitted])
    code, texts = await learned(env, "--out", str(tmp_path / "stream.json"))
    assert code == 0, texts
    written = [tmp_path / "file.json", tmp_path / "stream.json"]
    first, other = [await asyncio.to_thread(path.read_bytes) for path in written]
    assert first == other


async def test_an_empty_stream_teaches_nothing_and_says_so(
    bus: Bus,  # noqa: ARG001  (makes the topics)
    kafka: str,
    store_url: str,
    prefix: str,
    charter: Path,
) -> None:
    code, texts = await learned(environment(kafka, store_url, prefix, charter))
    assert code == 1
    assert "No ticket of 0 was found that a team has finished." in texts
    assert "No model was written" in texts
    assert not (charter / MODEL).exists()


@pytest.fixture
def without_library(tmp_path: Path) -> Path:
    """A folder that hides the library, as where it is not installed."""
    hiding = tmp_path / "hiding"
    hiding.mkdir()
    (hiding / "sitecustomize.py").write_text(
        "import sys\n"
        "class Hidden:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.startswith('sklearn'):\n"
        "            raise ModuleNotFoundError('no sklearn')\n"
        "sys.meta_path.insert(0, Hidden())\n"
    )
    return hiding


async def test_without_the_library_it_says_what_to_install(
    without_library: Path, charter: Path
) -> None:
    env = os.environ | {"PYTHONPATH": str(without_library), "DESK_CHARTER": str(charter)}
    code, texts = await learned(env)
    assert code == 2
    assert "desk-triage[learn]" in texts
    assert "Traceback" not in texts


async def test_a_damaged_model_stops_the_start_with_what_to_do(
    kafka: str, store_url: str, prefix: str, charter: Path
) -> None:
    await asyncio.to_thread((charter / MODEL).write_text, '{"format": 1, "version"')
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "desk_triage"),
        env=environment(kafka, store_url, prefix, charter),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, texts = await process.communicate()
    assert process.returncode == 2
    assert "The service cannot start with this model:" in texts.decode()
    assert "desk triage learn" in texts.decode()
