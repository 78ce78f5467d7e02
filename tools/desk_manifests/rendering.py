"""Renders a Kustomize folder with the tool this machine has: `kustomize`, or `kubectl`."""

import shutil
import subprocess
from pathlib import Path

from desk_contracts.errors import DependencyDown

_WITHIN_SECONDS = 60


class RendererMissing(DependencyDown):
    """Neither tool is installed; the message says what to install."""


def render(folder: Path) -> str:
    """Everything that `kubectl apply -k FOLDER` would apply, as YAML."""
    done = subprocess.run(  # noqa: S603  a fixed command and a path of ours
        [*_command(), str(folder)],
        capture_output=True,
        text=True,
        timeout=_WITHIN_SECONDS,
        check=False,
    )
    if done.returncode:
        raise ValueError(f"{folder} cannot be rendered: {done.stderr.strip()}")
    return done.stdout


def _command() -> list[str]:
    kustomize, kubectl = shutil.which("kustomize"), shutil.which("kubectl")
    if kustomize is not None:
        return [kustomize, "build"]
    if kubectl is not None:
        return [kubectl, "kustomize"]
    raise RendererMissing(
        "Kubernetes manifests cannot be rendered here: neither `kustomize` nor `kubectl` is on the"
        " PATH. Install kubectl 1.27 or newer (it has kustomize built in) and try again.",
        dependency="kustomize",
    )
