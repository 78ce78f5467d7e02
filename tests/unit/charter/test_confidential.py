"""What is confidential is seen by its team, by whoever has the ticket, by owners and operators."""

from pathlib import Path

import pytest
from desk_shared.charter import Charter, load_charter

DEFAULT = load_charter(Path(__file__).parents[3] / "charter")


def with_secrets(team: str = "", service: str = "") -> Charter:
    """The default charter with a confidential team or service."""
    parts = {name: getattr(DEFAULT, name) for name in Charter.model_fields}
    parts["teams"] = tuple(
        one.model_copy(update={"confidential": one.name == team}) for one in DEFAULT.teams
    )
    parts["services"] = tuple(
        one.model_copy(update={"confidential": one.name == service}) for one in DEFAULT.services
    )
    return Charter.model_validate(parts)


SERVICE = with_secrets(service="crm")
TEAM = with_secrets(team="business-apps")


@pytest.mark.parametrize("charter", [SERVICE, TEAM])
@pytest.mark.parametrize(
    ("reader", "sees_all", "service", "team", "hidden"),
    [
        ("network", False, "crm", "business-apps", True),
        ("network", False, " CRM ", "", True),
        ("network", False, "Customer Records", "", True),
        ("", False, "crm", "", True),
        ("business-apps", False, "crm", "business-apps", False),
        ("business-apps", False, "crm", "network", False),
        ("network", False, "crm", "network", False),
        ("network", True, "crm", "business-apps", False),
        ("", True, "crm", "business-apps", False),
        ("network", False, "vpn", "network", False),
        ("network", False, "", "", False),
    ],
)
def test_who_sees_what(
    charter: Charter, reader: str, sees_all: bool, service: str, team: str, hidden: bool
) -> None:
    assert charter.sight_of(reader, sees_all=sees_all).hides(service, team) is hidden


def test_everything_of_a_confidential_team_is_confidential_and_of_a_service_only_it() -> None:
    of_team = TEAM.sight_of("network", sees_all=False)
    of_service = SERVICE.sight_of("network", sees_all=False)
    assert of_team.hides(team="business-apps")
    assert not of_service.hides(team="business-apps")
    assert not DEFAULT.sight_of("network", sees_all=False).hides("crm", "business-apps")
