"""The Dockerfile by its text, since no engine builds it here: targets, sources, user, lock."""

import re
import subprocess
import sys
import tomllib
from configparser import ConfigParser
from importlib.metadata import distributions
from pathlib import Path

import pytest
from desk_contracts.topics import SERVICES

ROOT = Path(__file__).parents[3]
# Imported where they happen to be installed: by structlog, by Rich, by Python's own start-up.
OPTIONAL = {"attrs", "setuptools", "rich", "pygments", "markdown-it-py", "mdurl"}
LOCKS = ROOT / "deploy/images/locks"
# What a service does not run is not in its image; who operates the desk has it all.
NAMES = sorted(path.stem for path in LOCKS.glob("*.lock") if path.stem != "base")
TEXT = (ROOT / "deploy/images/Dockerfile").read_text(encoding="utf-8")


def instructions() -> list[tuple[str, str]]:
    joined = re.sub(r"\\\n\s*", "", TEXT)
    lines = [line for line in joined.splitlines() if line and not line.startswith("#")]
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in lines]


def stages() -> dict[str, tuple[str, list[tuple[str, str]]]]:
    """Each target with what it stands on and its own instructions."""
    by_name: dict[str, tuple[str, list[tuple[str, str]]]] = {}
    for word, rest in instructions():
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            current: list[tuple[str, str]] = []
            by_name[name] = (base, current)
        elif by_name:
            current.append((word, rest))
    return by_name


def sources() -> list[str]:
    copies = [rest for word, rest in instructions() if word == "COPY" and "--from" not in rest]
    return [re.sub(r"^--\S+ ", "", rest).split()[0] for rest in copies]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_a_target_that_starts_it(service: str) -> None:
    base, own = stages()[service]
    assert base == "desk"
    assert ("CMD", f'["python", "-m", "desk_{service}.service"]') in own
    package = f"services/{service}/desk_{service}"
    assert ("COPY", f"--from=sources /opt/{package} /opt/app/desk_{service}") in own


def test_no_target_runs_as_root() -> None:
    users = [rest for word, rest in instructions() if word == "USER"]
    assert users
    assert all(re.fullmatch(r"[1-9]\d*:[1-9]\d*", user) for user in users)
    assert ("USER", users[0]) in stages()["desk"][1]


@pytest.mark.parametrize("source", sources())
def test_what_is_copied_exists_and_reaches_the_build(source: str) -> None:
    assert (ROOT / source).exists()
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert lines[1] == "*"
    let_in = [line[1:] for line in lines if line.startswith("!")]
    within = [path for path in let_in if path == source or path.startswith(f"{source}/")]
    assert within
    assert all(list(ROOT.glob(path)) for path in let_in)


def test_a_service_has_neither_commands_nor_tools() -> None:
    dropped = next(rest for word, rest in stages()["sources"][1] if "commands.py" in rest)
    assert "find /opt/services -name commands.py -delete" in dropped
    for name in ("desk", *SERVICES):
        assert not [rest for _, rest in stages()[name][1] if "hands" in rest or "desk_cli" in rest]
    assert ("COPY", "--from=sources /opt/hands /opt/app") in stages()["tools"][1]


WITH_COMMANDS = [
    path.parent.name
    for path in sorted((ROOT / "services").glob("*/pyproject.toml"))
    if "entry-points" in tomllib.loads(path.read_text(encoding="utf-8"))["project"]
]


@pytest.mark.parametrize("service", WITH_COMMANDS)
def test_the_operators_image_knows_what_a_service_adds_to_desk(service: str) -> None:
    path = ROOT / f"services/{service}/pyproject.toml"
    project = tomllib.loads(path.read_text(encoding="utf-8"))["project"]
    parser, folder = ConfigParser(), ROOT / "deploy/images/dist-info"
    parser.optionxform = str  # type: ignore[assignment, method-assign]  # names keep their case
    parser.read(folder / f"desk_{service}.dist-info/entry_points.txt", encoding="utf-8")
    assert {group: dict(parser[group]) for group in parser.sections()} == project["entry-points"]
    (distribution,) = distributions(name=f"desk-{service}", path=[str(folder)])
    assert distribution.version == project["version"]


def test_libraries_come_by_hash_and_as_wheels() -> None:
    install = next(rest for word, rest in instructions() if "pip install" in rest and word == "RUN")
    assert "--require-hashes" in install
    assert "--only-binary=:all:" in install
    assert ("ENV", "PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1") in stages()["libraries"][1]


def pins(path: Path) -> set[str]:
    return set(re.findall(r"^(\S+==\S+)", path.read_text(encoding="utf-8"), re.MULTILINE))


def pins_of(image: str) -> set[str]:
    """All libraries of an image."""
    own = LOCKS / f"{image}.lock"
    return pins(LOCKS / "base.lock") | (pins(own) if own.exists() else set())


def names_of(lines: set[str]) -> set[str]:
    return {pin.partition("==")[0].lower() for pin in lines}


@pytest.mark.parametrize("name", NAMES)
def test_images_run_the_versions_that_are_tested(name: str) -> None:
    assert pins_of(name) < pins(ROOT / "requirements.lock")
    assert not pins(LOCKS / "base.lock") & pins(LOCKS / f"{name}.lock")


@pytest.mark.parametrize("name", NAMES)
def test_what_one_image_needs_is_in_no_other(name: str) -> None:
    having = {
        image for image, (_, own) in stages().items() if any(f"extras/{name} " in r for _, r in own)
    }
    assert having == ({name} if name in SERVICES else set())
    assert f" {name}" in TEXT


def test_what_only_learning_needs_is_locked_and_in_no_image() -> None:
    library = {"scikit-learn", "numpy", "scipy"}
    of_images = set().union(*map(pins_of, (*SERVICES, "tools")))
    assert not names_of(of_images) & library
    assert names_of(pins(ROOT / "requirements.lock")) >= library


@pytest.mark.parametrize("image", [*SERVICES, "tools"])
def test_no_development_tool_is_in_an_image(image: str) -> None:
    development = {"pytest", "hypothesis", "mypy", "ruff", "testcontainers", "hatchling"}
    assert not names_of(pins_of(image)) & development


def test_what_draws_on_a_terminal_is_the_operators() -> None:
    assert not names_of(pins(LOCKS / "base.lock")) & {"rich", "typer"}


@pytest.mark.timeout(360)
@pytest.mark.parametrize("service", SERVICES)
def test_a_service_needs_nothing_that_its_image_has_not(service: str) -> None:
    """What importing it loads comes from the locks of its image, the project or Python."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED, service],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert "desk-tools" not in loaded
    libraries = {name for name in loaded if not name.startswith("desk-")}
    assert libraries
    assert libraries <= names_of(pins_of(service)) | OPTIONAL


LOADED = """
import importlib, importlib.metadata, re, sys
for name in sys.argv[1:]:
    importlib.import_module(f"desk_{name}.service")
packages = importlib.metadata.packages_distributions()
tops = {name.partition(".")[0] for name in sys.modules}
for top in tops:
    for found in packages.get(top, ())[:1]:
        print(re.sub(r"[-_.]+", "-", found).lower())
"""
