"""The overlays as Kubernetes would get them, rendered once per run."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from desk_contracts.topics import SERVICES
from desk_manifests import RendererMissing, render

ROOT = Path(__file__).parents[3]
OVERLAYS = ROOT / "deploy/k8s/overlays"
Object = dict[str, Any]
WORKLOADS = ("Deployment", "StatefulSet", "CronJob")


class Overlay:
    """One rendered overlay, with ways to find things in it."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.objects: list[Object] = list(yaml.load_all(text, yaml.CSafeLoader))

    def all(self, kind: str) -> list[Object]:
        return [item for item in self.objects if item["kind"] == kind]

    def named(self, kind: str, name: str) -> Object:
        """The one with this name; generated ConfigMaps end in a hash of their content."""
        objects = [
            item
            for item in self.all(kind)
            if item["metadata"]["name"] == name
            or (kind == "ConfigMap" and item["metadata"]["name"].rpartition("-")[0] == name)
        ]
        assert len(objects) == 1, f"{len(objects)} objects {kind}/{name} in {self.name}"
        return objects[0]

    def templates(self) -> dict[str, Object]:
        """What pods are made from, metadata included, by the name of what makes them."""
        makers = (item for kind in WORKLOADS for item in self.all(kind))
        return {item["metadata"]["name"]: template_of(item) for item in makers}

    def pods(self) -> dict[str, Object]:
        return {name: template["spec"] for name, template in self.templates().items()}

    def services(self) -> dict[str, Object]:
        pods = self.pods()
        return {name: pods[name] for name in SERVICES}

    def environment(self, name: str) -> dict[str, str | None]:
        """What a pod's container would find in its environment; None stands for a secret."""
        container = self.pods()[name]["containers"][0]
        variables: dict[str, str | None] = {}
        for source in container["envFrom"]:
            variables.update(self.named("ConfigMap", source["configMapRef"]["name"])["data"])
        for item in container["env"]:
            variables[item["name"]] = item.get("value")
        return variables


def template_of(maker: Object) -> Object:
    spec = maker["spec"]["jobTemplate"]["spec"] if maker["kind"] == "CronJob" else maker["spec"]
    template: Object = spec["template"]
    return template


@pytest.fixture(scope="session")
def rendered() -> Callable[[str], Overlay]:
    """Renders an overlay at its first use; skips where no tool can."""
    made: dict[str, Overlay] = {}

    def get(name: str) -> Overlay:
        if name not in made:
            try:
                made[name] = Overlay(name, render(OVERLAYS / name))
            except RendererMissing as missing:
                pytest.skip(missing.message)
        return made[name]

    return get


@pytest.fixture(params=["dev", "prod", "company-kafka"])
def overlay(request: pytest.FixtureRequest, rendered: Callable[[str], Overlay]) -> Overlay:
    """Each overlay in turn."""
    return rendered(request.param)


@pytest.fixture
def prod(rendered: Callable[[str], Overlay]) -> Overlay:
    """The production example."""
    return rendered("prod")


@pytest.fixture
def company(rendered: Callable[[str], Overlay]) -> Overlay:
    """Production on a Kafka cluster in another namespace."""
    return rendered("company-kafka")


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Overlay:
    """The desk's own Kafka cluster as production would add it, open to the outside."""
    folder = tmp_path_factory.mktemp("cluster")
    near = os.path.relpath(ROOT / "deploy/k8s", folder.resolve())
    parts = [f"{near}/components/{name}" for name in ("kafka-cluster", "kafka-outside")]
    text = {"resources": [f"{near}/base"], "components": parts}
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(text), encoding="utf-8")
    try:
        return Overlay("cluster", render(folder))
    except RendererMissing as missing:
        pytest.skip(missing.message)


@pytest.fixture
def store(rendered: Callable[[str], Overlay]) -> Overlay:
    """Production's own MongoDB, where there is no other."""
    return rendered("../store")


@pytest.fixture
def dev(rendered: Callable[[str], Overlay]) -> Overlay:
    """The development overlay."""
    return rendered("dev")
