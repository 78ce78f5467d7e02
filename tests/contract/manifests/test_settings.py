"""What the manifests set is what the services read: no unknown name, no value they would refuse."""

import base64
import re
from pathlib import Path
from typing import Any

import pytest
from desk_charter import load_charter
from desk_cli.options import CliSettings
from desk_contracts.topics import SERVICES
from desk_platform.settings import Environment, exposures, read_settings, variables

from tests.support.authority import Authority
from tests.support.service_settings import MADE_UP, settings_of

# What people look with, and what looks every night.
HANDS = ("toolbox", "desk-audit", "desk-run-audit")


# As keys are made: 32 bytes in base64.
MADE_UP_KEY = base64.b64encode(MADE_UP.encode()[:32]).decode()
CERTIFICATES = Authority("made up").pem
# Read by OpenTelemetry itself, and what it is made of.
OF_OTHERS = {"OTEL_RESOURCE_ATTRIBUTES", "POD_NAME", "POD_NAMESPACE"}


def as_in_a_pod(overlay: Any, service: str, folder: Path) -> dict[str, str]:
    """The container's environment, with secrets made up and mounted files put in a folder."""
    environment: dict[str, str] = {}
    for name, value in overlay.environment(service).items():
        # As Kubernetes fills them in: from variables that stand before.
        made_up = MADE_UP_KEY if name.endswith("_KEY") else MADE_UP
        filled = re.sub(r"\$\((\w+)\)", lambda match: environment[match[1]], value or made_up)
        environment[name] = filled
        if name.endswith("_FILE"):
            is_password = name.endswith(("_PASSWORD_FILE", "_KEY_FILE"))
            (folder / name).write_bytes(MADE_UP.encode() if is_password else CERTIFICATES)
            environment[name] = str(folder / name)
    return environment


@pytest.mark.parametrize("service", SERVICES)
def test_every_variable_is_one_the_service_reads(overlay: Any, service: str) -> None:
    read = set(variables(settings_of(service)))
    secrets = {f"{name}_FILE" for name in read if name.endswith(("_PASSWORD", "_KEY"))}
    assert set(overlay.environment(service)) - OF_OTHERS <= read | secrets


@pytest.mark.parametrize("service", SERVICES)
def test_the_service_accepts_every_value(overlay: Any, service: str, tmp_path: Path) -> None:
    read = read_settings(settings_of(service), as_in_a_pod(overlay, service, tmp_path))
    assert read.environment is (Environment.DEV if overlay.name == "dev" else Environment.PROD)
    assert read.sign_in.issuer is not None
    assert read.kafka.security.has_tls
    assert read.kafka.username == f"desk-{service}"
    assert list(exposures(read)) == []


@pytest.mark.parametrize("service", SERVICES)
def test_production_names_no_weakness(prod: Any, service: str) -> None:
    assert "DESK_ALLOW_INSECURE" not in prod.environment(service)


@pytest.mark.parametrize("pod", HANDS)
def test_the_hands_accept_every_value_and_sign_in_as_the_operator(
    overlay: Any, pod: str, tmp_path: Path
) -> None:
    environment = as_in_a_pod(overlay, pod, tmp_path)
    read = read_settings(CliSettings, environment)
    services = read_settings(settings_of("intake"), as_in_a_pod(overlay, "intake", tmp_path))
    assert read.kafka.username == "desk-operator"
    assert read.kafka.bootstrap == services.kafka.bootstrap
    assert read.store.url == services.store.url
    assert list(exposures(read)) == []
    assert {name for name in environment if name.startswith("DESKCLI_")} <= set(
        variables(CliSettings)
    )


def test_the_toolbox_asks_services_where_they_answer(overlay: Any) -> None:
    ports = {name: overlay.named("Service", name)["spec"]["ports"][0]["port"] for name in SERVICES}
    for name, value in overlay.environment("toolbox").items():
        if name.startswith("DESKCLI_") and name.endswith("_URL"):
            service = name.removeprefix("DESKCLI_").removesuffix("_URL").lower()
            assert (value, ports[service]) == (f"http://{service}", 80)


@pytest.mark.parametrize("pod", HANDS)
def test_the_hands_read_everything_and_write_nothing(pod: str, overlay: Any) -> None:
    user = overlay.environment(pod)["DESK_KAFKA_USERNAME"]
    rights = overlay.named("KafkaUser", user)["spec"]["authorization"]["acls"]
    assert {operation for acl in rights for operation in acl["operations"]} <= {"Read", "Describe"}


@pytest.mark.parametrize("pod", [*SERVICES, *HANDS])
def test_no_password_is_a_variable(overlay: Any, pod: str) -> None:
    """A new one in a mounted file needs no restart, and is in no list of a process's variables."""
    assert not [name for name in overlay.environment(pod) if name.endswith("_PASSWORD")]


@pytest.mark.parametrize("pod", [*SERVICES, *HANDS])
def test_every_file_that_is_set_is_mounted(overlay: Any, pod: str) -> None:
    mounts = overlay.pods()[pod]["containers"][0]["volumeMounts"]
    folders = {mount["mountPath"] for mount in mounts}
    for name, value in overlay.environment(pod).items():
        if name.endswith("_FILE"):
            assert str(Path(value).parent) in folders, name


def test_the_mounted_charter_is_the_whole_charter(overlay: Any, tmp_path: Path) -> None:
    for folder, name in ((tmp_path, "desk-charter"), (tmp_path / "runbooks", "desk-runbooks")):
        folder.mkdir(exist_ok=True)
        data = overlay.named("ConfigMap", name)["data"]
        # Kubernetes refuses a ConfigMap past one MiB.
        assert sum(len(text.encode()) for text in data.values()) < 1024 * 1024
        for file, text in data.items():
            (folder / file).write_text(text, encoding="utf-8")
    written = load_charter(Path(__file__).parents[3] / "charter")
    assert load_charter(tmp_path).version == written.version


@pytest.mark.parametrize("service", SERVICES)
def test_the_charter_stands_where_the_service_looks(overlay: Any, service: str) -> None:
    pod = overlay.services()[service]
    maps = {
        item["name"]: item["configMap"]["name"] for item in pod["volumes"] if "configMap" in item
    }
    mounted = {
        mount["mountPath"]: maps.get(mount["name"])
        for mount in pod["containers"][0]["volumeMounts"]
    }
    charter = overlay.environment(service)["DESK_CHARTER"]
    assert mounted[charter] == "desk-charter"
    assert mounted[f"{charter}/runbooks"] == "desk-runbooks"
    assert not any("subPath" in mount for mount in pod["containers"][0]["volumeMounts"])


def test_changed_settings_restart_and_a_changed_charter_does_not(overlay: Any) -> None:
    names = {item["metadata"]["name"] for item in overlay.all("ConfigMap")}
    assert {"desk-charter", "desk-runbooks"} <= names
    assert "desk-settings" not in names


def test_no_secret_is_in_the_manifests(overlay: Any) -> None:
    assert overlay.all("Secret") == []
    for pod in (*SERVICES, *HANDS):
        for name, value in overlay.environment(pod).items():
            is_secret = name.endswith(("_PASSWORD", "_SECRET"))
            assert (value is None) >= is_secret, name


# The mailbox's password comes with its address, from whoever sets that.
CHOSEN_LATER = {"INTAKE_IMAP_PASSWORD"}


@pytest.mark.parametrize("service", SERVICES)
def test_every_secret_of_a_service_has_its_place_in_production(prod: Any, service: str) -> None:
    secrets = {
        name
        for name, (_, field) in variables(settings_of(service)).items()
        if "SecretStr" in str(field.annotation)
    }
    given = {name.removesuffix("_FILE") for name in prod.environment(service)}
    assert secrets - given <= CHOSEN_LATER


def test_every_secret_that_production_uses_comes_from_somewhere(prod: Any) -> None:
    made = {item["spec"]["target"]["name"] for item in prod.all("ExternalSecret")}
    made |= {item["metadata"]["name"] for item in prod.all("KafkaUser")}
    made |= {"desk-cluster-ca-cert"}  # by Strimzi, with the cluster
    used = set()
    for pod in prod.pods().values():
        used |= {item["secret"]["secretName"] for item in pod["volumes"] if "secret" in item}
        for variable in pod["containers"][0].get("env", ()):
            source = variable.get("valueFrom", {}).get("secretKeyRef")
            used |= {source["name"]} if source else set()
    for item in prod.all("TriggerAuthentication"):
        used |= {target["name"] for target in item["spec"]["secretTargetRef"]}
    assert used <= made
    assert made - used <= {item["metadata"]["name"] for item in prod.all("KafkaUser")}
