"""Fixtures of every test: real servers once per run, and names nobody else uses."""

import gc
import logging
import os
import secrets
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import structlog
from desk_local import CannotStart, local_servers
from desk_local.paths import ROOT
from desk_local.servers import BACKENDS
from hypothesis import HealthCheck, Phase, settings

from desk_testing import servers as infra
from desk_testing.fakes_only import FakesOnly
from desk_testing.mixed import mix_files
from desk_testing.once import make_things_once
from desk_testing.servers import Choice, Given, Infra, NotThere, Servers

# How long an example takes says how busy the machine is, and nothing about the law.
settings.register_profile(
    "desk", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
# Whether an example fails is all that is asked of a mutant, not which is the smallest.
settings.register_profile(
    "mutants", settings.get_profile("desk"), phases=[Phase.explicit, Phase.generate]
)
settings.load_profile("desk")

_STARTED = pytest.StashKey[Servers | NotThere]()
# Of a run in several processes: the servers that they share.
_SHARED = pytest.StashKey[list[Servers]]()
# One for each process takes more CPU; one for all has not the memory for all topics (ADR 132).
_SHARED_BROKERS = 2


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--infra` and `--backend`."""
    parser.addoption(
        "--infra",
        choices=[str(choice) for choice in Infra],
        default=None,
        help="where Kafka and the store come from: given (DESK_KAFKA, DESK_STORE), containers "
        "(needs a container engine) or local (Java processes); given if both are set, else local",
    )

    parser.addoption(
        "--backend",
        choices=BACKENDS,
        default="sqlite",
        help="of local servers: what the store is; h2 and memory speak MongoDB's protocol",
    )


def pytest_configure(config: pytest.Config) -> None:
    """A suite that only fakes pass fails, if whole files were asked for.

    Coverage follows the processes that run tests, and not those that tests start.
    """
    if hasattr(config, "workerinput"):
        os.environ.pop("COVERAGE_PROCESS_CONFIG", None)
    make_things_once()
    is_whole = not any("::" in argument for argument in config.args)
    config.pluginmanager.register(FakesOnly(is_whole=is_whole), "desk-fakes-only")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Keep what a worker has run before it ends: xdist kills one that takes ten seconds for that.

    So one of two halves was lost on a busy machine, and counted as never run.
    """
    coverage = sys.modules.get("coverage")
    measuring = coverage.Coverage.current() if coverage is not None else None
    if measuring is not None and hasattr(session.config, "workerinput"):
        measuring.stop()
        measuring.save()


def pytest_report_header(config: pytest.Config) -> str:
    """Says which servers a test would meet, and why."""
    choice = _choice(config)
    backend = f", store: {config.getoption('--backend')}" if choice.infra is Infra.LOCAL else ""
    return f"infra: {choice.infra} ({choice.why}){backend}"


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """What is collected stays to the end. The collector of garbage leaves it alone: to look through
    the modules of all tests takes a second of CPU, each time, and so it would here."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """One of many processes takes files that wait and files that compute in turn."""
    if hasattr(config, "workerinput"):
        items[:] = mix_files(items)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    """Start the servers before the first test if any wants them: no test pays for it."""
    wanted = any("servers" in getattr(item, "fixturenames", ()) for item in session.items)
    if wanted and not session.config.option.collectonly:
        session.config.stash[_STARTED] = _start(session.config)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Processes side by side share local servers: what a test makes there has a name of its own."""
    stash = node.config.stash
    if _SHARED not in stash:
        stash[_SHARED] = _start_shared(node.config)
    if shared := stash[_SHARED]:
        servers = shared[int(node.gateway.id.removeprefix("gw")) % len(shared)]
        node.workerinput["servers"] = (servers.kafka, servers.store_url)


def _start_shared(config: pytest.Config) -> list[Servers]:
    """None for units, which never want any; whether others do only who collects them knows."""
    tests = ROOT / "tests"
    paths = [Path(argument.partition("::")[0]).resolve() for argument in config.args]
    ours = [path for path in paths if path.is_relative_to(tests)]
    is_for_units = all(path.is_relative_to(tests / "unit") for path in ours)
    if _choice(config).infra is not Infra.LOCAL or is_for_units:
        return []
    with ThreadPoolExecutor() as pool:
        started = list(pool.map(_start, [config] * _SHARED_BROKERS))
    return [servers for servers in started if not isinstance(servers, NotThere)]


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what was started, also after an interrupt; what thousands of topics left takes long."""
    started = [*config.stash.get(_SHARED, ()), config.stash.get(_STARTED, None)]
    servers = [item for item in started if item is not None and not isinstance(item, NotThere)]
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda item: item.stop(), servers))


def _start(config: pytest.Config) -> Servers | NotThere:
    if shared := getattr(config, "workerinput", {}).get("servers"):
        return Given(*shared)
    try:
        return infra.start(_choice(config).infra, config.getoption("--backend"))
    except NotThere as reason:
        return reason
    except CannotStart as problem:
        raise pytest.UsageError(str(problem)) from problem


def _choice(config: pytest.Config) -> Choice:
    return infra.choose(config.getoption("--infra"))


@pytest.fixture(autouse=True)
def logs_of_one_test() -> Iterator[None]:
    """What a test configures ends with it: its stream is closed, the next test's lines go on."""
    root = logging.getLogger()
    handlers, level, structured = root.handlers, root.level, structlog.get_config()
    yield
    root.handlers, root.level = handlers, level
    structlog.configure(**structured)
    logging.captureWarnings(capture=False)


@pytest.fixture(scope="session")
def servers(pytestconfig: pytest.Config) -> Servers:
    """Kafka and the store for the whole run."""
    if _STARTED not in pytestconfig.stash:  # asked for by name only, while a test runs
        pytestconfig.stash[_STARTED] = _start(pytestconfig)
    started = pytestconfig.stash[_STARTED]
    if isinstance(started, NotThere):
        pytest.skip(str(started))
    return started


@pytest.fixture(scope="session")
def kafka(servers: Servers) -> str:
    """Kafka's bootstrap address."""
    return servers.kafka


@pytest.fixture(scope="session")
def store_url(servers: Servers) -> str:
    """The store's address."""
    return servers.store_url


@pytest.fixture(scope="session")
def mongo(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a store that speaks MongoDB's protocol, whatever the others use."""
    url: str = request.getfixturevalue("store_url")
    if not url.startswith("sqlite:"):
        yield url
        return
    with local_servers(kafka=False, backend="memory", is_quick=True) as own:
        yield own.store_url


@pytest.fixture
def prefix() -> str:
    """Goes before every topic, group and database name of one test; good in all three."""
    return f"t{secrets.token_hex(4)}-"
