"""What is confidential is seen by its team, by whoever has the ticket, by owners and operators."""

import pytest
from desk_charter import Charter

from tests.support.confidential import DEFAULT, SERVICE, TEAM


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


def test_each_team_sees_what_is_its_own_whoever_asked_before() -> None:
    nobody = TEAM.sight_of("", sees_all=False)
    unknown = TEAM.sight_of("a team of before", sees_all=False)
    assert (unknown.team, unknown.hidden_teams) == ("a team of before", nobody.hidden_teams)
    assert nobody.hides(team="business-apps")
    for _ in range(2):
        assert not TEAM.sight_of("business-apps", sees_all=False).hides(team="business-apps")
        assert TEAM.sight_of("network", sees_all=False).hides(team="business-apps")
