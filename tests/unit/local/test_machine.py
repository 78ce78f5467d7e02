"""What is missing on a machine, or in the way, is said in a sentence that tells what to do."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from desk_local import CannotStart, toolchain
from desk_local.ports import HOST, demand_free, free_ports, is_free


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
