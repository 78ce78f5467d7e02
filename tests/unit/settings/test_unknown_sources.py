"""Who may publish under a name that the charter does not list."""

import pytest
from desk_platform.settings import Environment, ServiceSettings
from desk_platform.settings.groups import UnknownSources


@pytest.mark.parametrize(
    ("environment", "unknown_sources", "accepts"),
    [
        (Environment.LOCAL, None, True),
        (Environment.LOCAL, UnknownSources.REFUSE, False),
        (Environment.DEV, None, False),
        (Environment.PROD, None, False),
        (Environment.DEV, UnknownSources.ACCEPT, True),
    ],
)
def test_unknown_sources_come_in_on_ones_own_machine_or_where_it_is_said(
    environment: Environment, unknown_sources: UnknownSources | None, accepts: bool
) -> None:
    settings = ServiceSettings(environment=environment, unknown_sources=unknown_sources)
    assert settings.accepts_unknown_sources is accepts
