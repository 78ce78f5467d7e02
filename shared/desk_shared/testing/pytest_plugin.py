"""Fixtures of every test: real servers once per run, and names nobody else uses."""

import secrets
from collections.abc import Iterator

import pytest

from desk_shared.testing import servers as infra
from desk_shared.testing.servers import Choice, Infra, Servers


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--infra`."""
    parser.addoption(
        "--infra",
        choices=[str(one) for one in Infra],
        default=None,
        help="where Kafka and the store come from: given (DESK_KAFKA, DESK_MONGO), containers "
        "(needs a container engine) or local (Java processes); given if both are set, else local",
    )


def pytest_report_header(config: pytest.Config) -> str:
    """Says which servers a test would meet, and why."""
    choice = _choice(config)
    return f"infra: {choice.infra} ({choice.why})"


def _choice(config: pytest.Config) -> Choice:
    return infra.choose(config.getoption("--infra"))


@pytest.fixture(scope="session")
def servers(pytestconfig: pytest.Config) -> Iterator[Servers]:
    """Kafka and the store for the whole run, started when the first test asks for them."""
    try:
        started = infra.start(_choice(pytestconfig).infra)
    except infra.NotThere as reason:
        pytest.skip(str(reason))
    yield started
    started.stop()


@pytest.fixture(scope="session")
def kafka(servers: Servers) -> str:
    """Kafka's bootstrap address."""
    return servers.kafka


@pytest.fixture(scope="session")
def mongo(servers: Servers) -> str:
    """The store's address."""
    return servers.mongo


@pytest.fixture
def prefix() -> str:
    """Goes before every topic, group and database name of one test; good in all three."""
    return f"t{secrets.token_hex(4)}-"
