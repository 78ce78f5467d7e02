"""The Dockerfile by its text, since no engine builds it here: targets, sources, user, lock."""

import re
import subprocess
import sys
import tomllib
from configparser import ConfigParser
from fnmatch import fnmatch
from importlib.metadata import distributions
from pathlib import Path

import pytest
from desk_contracts.topics import SERVICES

ROOT = Path(__file__).parents[3]
# Imported where they happen to be installed, by Rich and by Python's own start-up.
OPTIONAL = {"attrs", "setuptools"}
FIGURES = "--from=figures /opt/figures /opt/figures"
TEXT = (ROOT / "deploy/images/Dockerfile").read_text(encoding="utf-8")


def instructions() -> list[tuple[str, str]]:
    joined = re.sub(r"\\\n\s*", "", TEXT)
    lines = [line for line in joined.splitlines() if line and not line.startswith("#")]
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in lines]


def stages() -> dict[str, tuple[str, list[tuple[str, str]]]]:
    """Each target with what it stands on and its own instructions."""
    found: dict[str, tuple[str, list[tuple[str, str]]]] = {}
    for word, rest in instructions():
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            current: list[tuple[str, str]] = []
            found[name] = (base, current)
        elif found:
            current.append((word, rest))
    return found


def sources() -> list[str]:
    copies = [rest for word, rest in instructions() if word == "COPY" and "--from" not in rest]
    return [re.sub(r"^--\S+ ", "", rest).split()[0] for rest in copies]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_a_target_that_starts_it(service: str) -> None:
    base, own = stages()[service]
    assert base == "desk"
    assert ("CMD", f'["python", "-m", "desk_{service}.service"]') in own
    assert ("COPY", f"services/{service}/desk_{service} /opt/app/desk_{service}") in own


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
    assert any(fnmatch(source, line[1:]) for line in lines if line.startswith("!"))


def test_the_metrics_image_tells_desk_of_the_commands_of_its_package() -> None:
    project = tomllib.loads((ROOT / "services/metrics/pyproject.toml").read_text(encoding="utf-8"))
    told = ConfigParser()
    told.read(ROOT / "deploy/images/desk_metrics.dist-info/entry_points.txt", encoding="utf-8")
    declared = project["project"]["entry-points"]
    assert {group: dict(told[group]) for group in told.sections()} == declared
    (found,) = distributions(name="desk-metrics", path=[str(ROOT / "deploy/images")])
    assert found.version == project["project"]["version"]


def test_libraries_come_by_hash_and_as_wheels() -> None:
    install = next(rest for word, rest in instructions() if "pip install" in rest and word == "RUN")
    assert "--require-hashes" in install
    assert "--only-binary=:all:" in install
    assert ("ENV", "PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1") in stages()["libraries"][1]


def pins(name: str) -> set[str]:
    text = (ROOT / name).read_text(encoding="utf-8")
    return set(re.findall(r"^(\S+==\S+)", text, re.MULTILINE))


def test_images_run_the_versions_that_are_tested() -> None:
    every, metrics = pins("requirements-run.lock"), pins("requirements-metrics.lock")
    assert every | metrics < pins("requirements.lock")
    assert not every & metrics


def test_what_only_metrics_needs_is_in_its_image_alone() -> None:
    needed = {pin.partition("==")[0] for pin in pins("requirements-metrics.lock")}
    assert needed == {"jinja2", "markupsafe", "pyarrow"}
    having = {name for name, (_, own) in stages().items() if ("COPY", FIGURES) in own}
    assert having == {"metrics"}


def test_what_only_learning_needs_is_locked_and_in_no_image() -> None:
    library = {"scikit-learn", "numpy", "scipy"}
    of_images = pins("requirements-run.lock") | pins("requirements-metrics.lock")
    assert not {pin.partition("==")[0] for pin in of_images} & library
    assert {pin.partition("==")[0] for pin in pins("requirements.lock")} >= library


def test_no_development_tool_is_in_an_image() -> None:
    names = {pin.partition("==")[0] for pin in pins("requirements-run.lock")}
    assert not names & {"pytest", "hypothesis", "mypy", "ruff", "testcontainers", "hatchling"}


@pytest.mark.timeout(360)
@pytest.mark.parametrize(
    ("services", "locks"),
    [
        ([name for name in SERVICES if name != "metrics"], ["requirements-run.lock"]),
        (["metrics"], ["requirements-run.lock", "requirements-metrics.lock"]),
    ],
)
def test_a_service_needs_nothing_that_its_image_has_not(
    services: list[str], locks: list[str]
) -> None:
    """What importing it loads comes from the locks of its image, the project or Python."""
    names = {pin.partition("==")[0].lower() for lock in locks for pin in pins(lock)}
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *services],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert loaded
    assert {one for one in loaded if not one.startswith("desk-")} <= names | OPTIONAL


LOADED = """
import importlib, importlib.metadata, re, sys
for name in sys.argv[1:]:
    importlib.import_module(f"desk_{name}.service")
importlib.import_module("desk_cli")
packages = importlib.metadata.packages_distributions()
tops = {name.partition(".")[0] for name in sys.modules}
for top in tops:
    for found in packages.get(top, ())[:1]:
        print(re.sub(r"[-_.]+", "-", found).lower())
"""
