"""compose.services.yaml: what `make images` builds, with settings that the services accept."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from desk_cli.options import CliSettings
from desk_contracts.topics import SERVICES
from desk_local.services import PORTS
from desk_platform.settings import ServiceSettings, exposures, read_settings, variables

from tests.support.service_settings import MADE_UP, settings_of

ROOT = Path(__file__).parents[3]
CONTAINERS: dict[str, dict[str, Any]] = yaml.safe_load(
    (ROOT / "compose.services.yaml").read_text(encoding="utf-8")
)["services"]
AROUND: dict[str, dict[str, Any]] = yaml.safe_load(
    (ROOT / "compose.yaml").read_text(encoding="utf-8")
)["services"]
OURS = (*SERVICES, "toolbox")


def settings_class(name: str) -> type[ServiceSettings]:
    return CliSettings if name == "toolbox" else settings_of(name)


@pytest.mark.parametrize("name", OURS)
def test_a_container_runs_the_image_that_is_built_for_it(name: str) -> None:
    image = "tools" if name == "toolbox" else name
    assert CONTAINERS[name]["image"] == f"experience-desk/{image}:${{TAG:-dev}}"


@pytest.mark.parametrize("name", OURS)
def test_every_setting_is_read_and_accepted(name: str) -> None:
    environment = CONTAINERS[name]["environment"]
    assert set(environment) <= set(variables(settings_class(name)))
    read = read_settings(settings_class(name), {**environment, "DESK_CURSOR_SECRET": MADE_UP})
    assert list(exposures(read)) == []
    broker = AROUND["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]
    assert f"INSIDE://{read.kafka.bootstrap}" in broker
    assert read.store.url.startswith("mongodb://mongo:27017/")


@pytest.mark.parametrize("name", OURS)
def test_a_container_is_as_restricted_as_a_pod(name: str) -> None:
    container = CONTAINERS[name]
    assert (container["read_only"], container["cap_drop"]) == (True, ["ALL"])
    assert container["security_opt"] == ["no-new-privileges:true"]
    assert "user" not in container


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_answers_where_make_up_has_it_and_to_this_machine_only(service: str) -> None:
    variable = f"{service.upper()}_HTTP_PORT"
    own = CONTAINERS[service]["environment"][variable]
    outside = f"${{{variable}:-{PORTS[service]}}}"
    assert CONTAINERS[service]["ports"] == [f"127.0.0.1:{outside}:{own}"]


def test_tokens_come_from_the_realm_of_a_development_cluster() -> None:
    keycloak = CONTAINERS["keycloak"]
    issuer = CONTAINERS["intake"]["environment"]["DESK_OIDC_ISSUER"]
    assert issuer == f"{keycloak['environment']['KC_HOSTNAME']}/realms/dev"
    (mounted,) = keycloak["volumes"]
    assert (ROOT / mounted.partition(":")[0]).is_file()
