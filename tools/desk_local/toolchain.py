"""Java and Maven: are they there, and the local servers' jars and classes, built once."""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from desk_platform.terminal import say

from desk_local.paths import JAVA_PROJECT
from desk_local.processes import CannotStart

JAVA_NEEDED = 17
MAVEN_NEEDED = (3, 6)
_BUILD_SECONDS = 900


def java() -> str:
    """The `java` to use: `JAVA_HOME`'s, else the one on the PATH; 17 or newer."""
    home = os.environ.get("JAVA_HOME")
    path = str(Path(home, "bin", "java")) if home else shutil.which("java")
    if path is None or not Path(path).exists():
        raise CannotStart(
            f"Java is not installed{f' in JAVA_HOME ({home})' if home else ''}. Install a Java "
            f"{JAVA_NEEDED} runtime or newer (on Debian or Ubuntu: apt install openjdk-17-jdk), "
            "or give the addresses of running servers in DESK_KAFKA and DESK_STORE."
        )
    # From the runtime's `release` file; else by asking, which costs a start of Java.
    program = Path(path).resolve()
    release = program.parent.parent / "release"
    text = release.read_text() if release.exists() else _output_of([str(program), "-version"])
    version = major_java_version(text)
    if version < JAVA_NEEDED:
        raise CannotStart(
            f"Java {version} was found at {path}, but Kafka 4 needs Java {JAVA_NEEDED} or newer. "
            f"Install Java {JAVA_NEEDED} and let JAVA_HOME point to it."
        )
    return path


def major_java_version(text: str) -> int:
    """17 for `17.0.15`, 8 for `1.8.0_392`; 0 if there is no version in the text."""
    match = re.search(r'"(\d+)(?:\.(\d+))?', text)
    if match is None:
        return 0
    return int(match[2] or 0) if match[1] == "1" else int(match[1])


def maven() -> str:
    """The `mvn` to build with; only asked for when something has to be built."""
    program = shutil.which("mvn")
    wanted = ".".join(map(str, MAVEN_NEEDED))
    if program is None:
        raise CannotStart(
            f"Maven is not installed. Install Maven {wanted} or newer (on Debian or Ubuntu: "
            "apt install maven); it fetches Kafka and the local store once."
        )
    match = re.search(r"Apache Maven (\d+)\.(\d+)", _output_of([program, "-version"]))
    if match is None or (int(match[1]), int(match[2])) < MAVEN_NEEDED:
        raise CannotStart(f"{program} is too old or does not run. Install Maven {wanted} or newer.")
    return program


def classpath() -> str:
    """Where the servers' classes are; builds them when their sources changed, else at once."""
    if not (JAVA_PROJECT / "pom.xml").exists():
        raise CannotStart(
            f"The local servers' sources are not in {JAVA_PROJECT}. Run this from a checkout of "
            "the project, or give the addresses of running servers in DESK_KAFKA and DESK_STORE."
        )
    target = JAVA_PROJECT / "target"
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for file in [JAVA_PROJECT / "pom.xml", *sorted((JAVA_PROJECT / "src").rglob("*.java"))]:
        digest.update(file.read_bytes())
    stamp, wanted = target / "stamp", digest.hexdigest()
    with _only_one(target / "lock"):
        if not stamp.exists() or stamp.read_text() != wanted:
            _build(target)
            stamp.write_text(wanted)
    return os.pathsep.join(str(jar) for jar in sorted((target / "lib").glob("*.jar")))


def _build(target: Path) -> None:
    log = target / "build.log"
    for archive in target.glob("*.jsa"):
        archive.unlink()
    for folder in ("classes", "lib"):
        shutil.rmtree(target / folder, ignore_errors=True)
    say("Fetching Kafka and the local store with Maven (once, about 50 MB) ...")
    command = [maven(), "--batch-mode", "--no-transfer-progress", "-q"]
    with log.open("wb") as out:
        done = subprocess.run(  # noqa: S603
            [*command, "compile", "dependency:copy-dependencies"],
            cwd=JAVA_PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            timeout=_BUILD_SECONDS,
            check=False,
        )
    if done.returncode != 0:
        raise CannotStart(
            f"Maven could not build the local servers; its whole output is in {log}. "
            f"The end of it:\n{log.read_text(errors='replace')[-2000:]}"
        )
    # Our own classes as a jar: Java archives loaded classes only of jars.
    classes = target / "classes"
    with zipfile.ZipFile(target / "lib" / "desk-local.jar", "w") as jar:
        for file in sorted(classes.rglob("*.class")):
            jar.write(file, file.relative_to(classes))


def archive_of(name: str) -> Path:
    """Where the loaded classes of one server are kept for the next start."""
    return JAVA_PROJECT / "target" / f"{name}.jsa"


@contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    """Two commands at the same time build once: the second waits for the first."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _output_of(command: list[str]) -> str:
    answer = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    return answer.stdout + answer.stderr
