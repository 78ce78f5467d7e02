"""A storm's schedule: repeatable, complete, and on those who are there; and a full disk."""

import subprocess
import sys
from pathlib import Path

import pytest
from desk_contracts.topics import SERVICES
from desk_storm.disks import CAN_BE_FULL, full
from desk_storm.faults import ON_SERVICES, Kind, schedule, shown
from hypothesis import given
from hypothesis import strategies as st


@given(st.integers(), st.integers(0, 200), st.floats(1, 4000), st.integers(1, 5))
def test_a_seed_repeats_its_storm(seed: int, count: int, seconds: float, replicas: int) -> None:
    planned = schedule(seed, count, seconds, replicas)
    assert planned == schedule(seed, count, seconds, replicas)
    assert len(planned) == count
    assert planned == sorted(planned, key=lambda fault: fault.after)
    assert all(0 <= item.after <= seconds + 0.01 for item in planned)


@given(st.integers(), st.integers(len(Kind), 100))
def test_every_kind_falls_when_there_is_room_for_all(seed: int, count: int) -> None:
    assert {item.kind for item in schedule(seed, count, 60, 2)} == set(Kind)


def test_services_are_hit_in_every_replica_and_what_all_lean_on_by_its_own_kinds() -> None:
    planned = schedule(7, 2000, 60, 2)
    hit = {item.victim for item in planned if item.kind in ON_SERVICES}
    assert hit == {f"{name}-{number}" for name in SERVICES for number in (1, 2)}
    others = {item.victim for item in planned if item.kind not in (*ON_SERVICES, Kind.JOIN)}
    assert others == {"store", "broker", "charter"}
    joined = {item.victim for item in planned if item.kind is Kind.JOIN}
    assert joined == {f"{name}-3" for name in SERVICES}


def test_another_seed_is_another_storm() -> None:
    assert schedule(1, 50, 60, 2) != schedule(2, 50, 60, 2)


def test_the_line_that_tells_a_storm_counts_every_fault() -> None:
    planned = schedule(3, 40, 60, 2)
    counts = [int(part.split()[0]) for part in shown(planned).split(", ")]
    assert sum(counts) == 40


_WRITER = """
import signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with open(sys.argv[1], "ab", buffering=0) as file:
    for line in sys.stdin:
        try:
            file.write(b"words")
            print("written", flush=True)
        except OSError:
            print("no room", flush=True)
"""


@pytest.mark.skipif(not CAN_BE_FULL, reason="only Linux takes the room from a running process")
def test_a_full_disk_takes_no_byte_until_there_is_room_again(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _WRITER, str(tmp_path / "file")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as writer:
        assert writer.stdin is not None
        assert writer.stdout is not None

        def write() -> str:
            print("go", file=writer.stdin, flush=True)
            return str(writer.stdout.readline()).strip() if writer.stdout else ""

        outcomes = [write()]
        with full(writer.pid):
            outcomes += [write(), write()]
        outcomes.append(write())
        writer.stdin.close()
    assert outcomes == ["written", "no room", "no room", "written"]
    assert (tmp_path / "file").read_text() == "wordswords"
