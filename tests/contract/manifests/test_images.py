"""The Dockerfile by its text, since tests have no engine: targets, sources, user, locks, names."""

import re
import subprocess
import sys
import tomllib
from configparser import ConfigParser
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import pytest
from desk_contracts.topics import SERVICES

ROOT = Path(__file__).parents[3]
# Imported where they happen to be installed: by structlog, Rich, OpenTelemetry, httpcore, Python's
# start-up.
OPTIONAL = {
    *("attrs", "setuptools", "rich", "pygments", "markdown-it-py", "mdurl", "psutil", "sniffio"),
}
LOCKS = ROOT / "deploy/images/locks"
# What a service does not run is not in its image; who operates the desk has it all.
NAMES = sorted(path.stem for path in LOCKS.glob("*.lock") if path.stem != "base")
TEXT = (ROOT / "deploy/images/Dockerfile").read_text(encoding="utf-8")


def instructions() -> list[tuple[str, str]]:
    # Comments go first, also between the lines of one instruction.
    joined = re.sub(r"\\\n\s*", "", re.sub(r"^\s*#.*\n", "", TEXT, flags=re.MULTILINE))
    lines = [line for line in joined.splitlines() if line]
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
    assert ("CMD", f'["python", "-m", "desk_{service}"]') in own
    assert ("COPY", f"--from=sources /tree/{service} /") in own
    laid_out = next(rest for _, rest in stages()["sources"][1] if "/tree" in rest)
    loop = re.search(r"for name in ([a-z ]+);", laid_out)
    assert loop
    assert service in loop[1].split()


def test_no_target_runs_as_root() -> None:
    users = [rest for word, rest in instructions() if word == "USER"]
    assert users
    assert all(re.fullmatch(r"[1-9]\d*:[1-9]\d*", user) for user in users)
    assert ("USER", users[0]) in stages()["desk"][1]


def test_every_stage_stands_on_one_base_by_its_digest() -> None:
    (base,) = [rest for word, rest in instructions() if word == "ARG"]
    assert re.fullmatch(r"PYTHON=python:3\.11-slim@sha256:[0-9a-f]{64}", base)
    assert {base for base, _ in stages().values()} == {"${PYTHON}", "desk"}


def test_nothing_needs_buildkit() -> None:
    """Older engines, and newer ones without the plug-in buildx, know no such instruction."""
    assert not re.search(
        r"^#\s*syntax=|--(chmod|link|parents|mount|exclude)\b|<<", TEXT, re.MULTILINE
    )


LET_IN = [
    line[1:]
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    if line.startswith("!")
]


@pytest.mark.parametrize("source", sources())
def test_what_is_copied_reaches_the_build(source: str) -> None:
    """As engines without BuildKit read it: a folder is entered for a plain path below it only."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert lines[2] == "*"
    assert not re.search(r"[*?\[]", "".join(LET_IN))
    assert all((ROOT / path).exists() for path in LET_IN)
    assert [path for path in LET_IN if path == source or path.startswith(f"{source}/")]


def test_every_package_that_is_ours_and_runs_in_an_image_is_let_in() -> None:
    packages = [*ROOT.glob("shared/*/desk_*"), *ROOT.glob("services/*/desk_*")]
    ours = {path.relative_to(ROOT).as_posix() for path in packages}
    assert ours <= set(LET_IN)


@pytest.mark.parametrize("stage", ["libraries", "sources"])
def test_the_same_sources_make_the_same_layers(stage: str) -> None:
    """Bytecode without times in it, then modes and times set, and copied to the root as a whole."""
    commands = " ".join(rest for word, rest in stages()[stage][1] if word == "RUN")
    assert "--invalidation-mode unchecked-hash" in commands
    assert commands.endswith("find /tree -exec touch -h -d @315532800 {} +")
    assert "chmod -R u=rwX,go=rX /tree" in commands
    for base, own in stages().values():
        copies = [rest for word, rest in own if word == "COPY" and base == "desk"]
        assert all(re.fullmatch(r"--from=(libraries|sources) /tree/\w+ /", copy) for copy in copies)


def test_an_image_holds_the_list_of_what_it_was_made_from() -> None:
    commands = " ".join(rest for word, rest in stages()["libraries"][1] if word == "RUN")
    assert "cp /tmp/locks/base.lock /opt/desk/" in commands
    assert "cp /tmp/locks/$name.lock /opt/extras/$name/" in commands


def test_a_service_has_neither_commands_nor_tools() -> None:
    dropped = next(rest for word, rest in stages()["sources"][1] if "commands.py" in rest)
    assert "find /opt/services -name commands.py -delete" in dropped
    before, _, after = dropped.partition("find /opt/services -name commands.py -delete")
    assert "/tree/tools/opt/app/" in before
    assert "/opt/tools" not in after
    for name in ("desk", *SERVICES):
        assert not [
            rest for _, rest in stages()[name][1] if re.search(r"/tree/(hands|tools)", rest)
        ]
    assert ("COPY", "--from=sources /tree/tools /") in stages()["tools"][1]


def test_the_operators_image_holds_all_that_desk_imports() -> None:
    """Modules of ours that `desk` loads with every service's commands, against what is copied."""
    done = subprocess.run(
        [sys.executable, "-c", COMMANDS],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    copied = {Path(path).name for path in LET_IN}
    assert {"desk_cli", "desk_triage"} <= set(done.stdout.split()) <= copied


COMMANDS = """
import sys
from importlib.metadata import entry_points
import desk_cli.main
for point in entry_points(group="desk.commands"):
    point.load()
print(*{name.partition(".")[0] for name in sys.modules if name.startswith("desk_")})
"""


def built(*words: str) -> set[str]:
    """The names that `make images` gives."""
    done = subprocess.run(
        ["make", "--dry-run", "images", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    template = re.search(r"--tag (\S+)", done.stdout)
    assert template
    return {template[1].replace("$name", name) for name in (*SERVICES, "tools")}


@pytest.mark.parametrize(
    ("overlay", "words"),
    [("dev", ()), ("prod", ("REGISTRY=registry.desk.example/", "TAG=0.1.0"))],
)
def test_an_overlay_runs_what_make_images_builds(
    overlay: str, words: tuple[str, ...], rendered: Any
) -> None:
    used = {
        container["image"]
        for pod in rendered(overlay).pods().values()
        for container in pod["containers"]
    }
    assert {image for image in used if "experience-desk/" in image} == built(*words)


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
    copied = f"--from=libraries /tree/{name} /"
    having = {image for image, (_, own) in stages().items() if ("COPY", copied) in own}
    assert having == ({name} if name in SERVICES else set())
    assert f" {name}" in TEXT


def test_what_only_learning_needs_is_locked_and_in_no_image() -> None:
    library = {"scikit-learn", "scipy"}
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
