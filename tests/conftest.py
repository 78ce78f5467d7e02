"""A Keycloak for all tests that want one: it starts in half a minute of CPU."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from desk_testing import keycloak
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

_ON_KEYCLOAK = {
    "tests/contract/intake/test_directories.py",
    "tests/integration/intake/test_keycloak_running.py",
}


class OneKeycloak(LoadFileScheduling):  # type: ignore[misc]  # xdist's are not typed
    """Files as they are, but those on Keycloak go to one process."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return "keycloak" if file in _ON_KEYCLOAK else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OneKeycloak | None:
    """Where whole files are spread over processes."""
    return OneKeycloak(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.fixture(scope="session")
def keycloak_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where `ca.pem` is what clients of the server are to believe."""
    return tmp_path_factory.mktemp("keycloak")


@pytest.fixture(scope="session")
def keycloak_server(keycloak_folder: Path) -> Iterator[keycloak.Keycloak]:
    """Tests make realms of their own in it; it runs to the end."""
    if not keycloak.is_installed():
        pytest.skip(keycloak.MISSING)
    # Imports that no other run should pay for.
    from tests.support.directory_kinds import run_keycloak  # noqa: PLC0415

    with run_keycloak(keycloak_folder) as running:
        yield running
