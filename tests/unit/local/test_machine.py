"""What is missing on a machine, or in the way, is said in a sentence that tells what to do."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from desk_local import CannotStart, toolchain
from desk_local.lifecycle import Bringer, Options
from desk_local.origin import compose_address, project_of
from desk_local.paths import ROOT, Places
from desk_local.ports import HOST, demand_free, free_offset, free_ports, is_free
from desk_local.services import default_ports


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server((HOST, 0)) as server:
        yield int(server.getsockname()[1])


def _program(folder: Path, name: str, says: str) -> Path:
    program = folder / name
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(f"#!/bin/sh\necho '{says}'\n")
    program.chmod(0o755)
    return program


@pytest.mark.parametrize(
    ("text", "major"),
    [
        ('JAVA_VERSION="17.0.15"', 17),
        ('openjdk version "21" 2023-09-19', 21),
        ('java version "1.8.0_392"', 8),
        ("nonsense", 0),
    ],
)
def test_java_versions_are_read(text: str, major: int) -> None:
    assert toolchain.major_java_version(text) == major


def test_an_old_java_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _program(tmp_path, "bin/java", 'openjdk version "11.0.2"')
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(CannotStart, match=r"Java 11 .* needs Java 17 or newer"):
        toolchain.java()


def test_no_java_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CannotStart, match=r"Install a Java 17 .* DESK_KAFKA and DESK_STORE"):
        toolchain.java()


def test_no_maven_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CannotStart, match=r"Install Maven 3\.6 or newer"):
        toolchain.maven()


def test_an_old_maven_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _program(tmp_path, "mvn", "Apache Maven 3.3.9 (bb52d850)")
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    with pytest.raises(CannotStart, match="too old"):
        toolchain.maven()


def test_a_taken_port_names_the_setting_that_moves_it(taken: int) -> None:
    assert not is_free(taken)
    with pytest.raises(CannotStart, match=rf"Port {taken}, which kafka needs.*DESK_KAFKA_PORT="):
        demand_free([taken], what="kafka", setting="DESK_KAFKA_PORT")


def test_free_ports_are_different_and_free() -> None:
    ports = free_ports(5)
    assert len(set(ports)) == 5
    assert all(is_free(port) for port in ports)


def test_processes_that_look_at_once_never_lease_the_same_port() -> None:
    code = (
        "import sys; from desk_local import ports;"
        "ports._LOWEST, ports._HIGHEST = 12_000, 12_080;"
        "print(*ports.free_ports(20), flush=True); sys.stdin.read()"
    )
    look = partial(
        subprocess.Popen[str],
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    leased: list[str] = []
    with look() as first, look() as second, look() as third:
        for looker in (first, second, third):
            assert looker.stdout is not None
            leased += looker.stdout.readline().split()
    assert len(leased) == len(set(leased)) == 60


def test_an_offset_moves_every_port_to_a_free_one() -> None:
    moved = free_offset([9092, 9093, 27017])
    assert all(is_free(port + moved) for port in (9092, 9093, 27017))
    assert free_offset([9092, 9093, 27017]) != moved


def test_without_enough_free_ports_it_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desk_local.ports._HIGHEST", 12_003)
    with pytest.raises(CannotStart, match="Fewer than 4 ports from 12000 to 12003 are free"):
        free_ports(4)


def test_one_setting_moves_all_ports_and_each_can_still_be_moved() -> None:
    env = {"DESK_PORT_OFFSET": "100", "TRIAGE_HTTP_PORT": "9000"}
    ports = default_ports(env)
    assert (ports["intake"], ports["triage"], ports["metrics"]) == (8101, 9000, 8105)
    for wrong in ("x", "-1", "40000", "1.5"):
        with pytest.raises(CannotStart, match="DESK_PORT_OFFSET cannot be"):
            default_ports({"DESK_PORT_OFFSET": wrong})
    with pytest.raises(CannotStart, match="INTAKE_HTTP_PORT cannot be '70000'"):
        default_ports({"INTAKE_HTTP_PORT": "70000"})


def test_a_taken_port_of_a_service_starts_nothing_at_all(
    taken: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("METRICS_HTTP_PORT", str(taken))
    for name, port in zip(("INTAKE", "TRIAGE", "AUTOMATION", "NOTIFY"), free_ports(4), strict=True):
        monkeypatch.setenv(f"{name}_HTTP_PORT", str(port))
    lines: list[str] = []
    with pytest.raises(CannotStart, match=f"Port {taken}, which metrics needs"):
        Bringer(Places(tmp_path), lines.append).up(Options())
    assert lines == []
    assert not Places(tmp_path).state.exists()


def test_containers_are_of_one_clone_and_obey_the_ports() -> None:
    assert project_of(Path("/a")) != project_of(Path("/b"))
    assert compose_address("kafka", 10092) == "127.0.0.1:10092"
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    for variable in ("DESK_KAFKA_PORT", "DESK_STORE_PORT"):
        assert f"127.0.0.1:${{{variable}:-" in text
    assert "name: experience-desk" not in text
