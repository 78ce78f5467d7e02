"""Which generated file stands where, written or compared with what is there."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from desk_charter import Charter
from desk_contracts.errors import Invalid

from desk_manifests.documents import Document, as_yaml
from desk_manifests.scaling import render_scaled_objects
from desk_manifests.strimzi import topic_documents, user_documents

KAFKA = Path("deploy/k8s/base/kafka")
AUTOSCALING = Path("deploy/k8s/components/autoscaling")
# Without an ending: YAML that is no part of the charter is refused in its folder. It must stand
# there, since Kustomize reads no file above the folder of its own file.
KUSTOMIZATION = "Kustomization"
# A ConfigMap may have 1 MiB in all.
MAX_MOUNTED = 768 * 1024
_CATALOGUE = "desk_contracts/topics.py or the charter's teams"
_USERS = "desk_contracts/topics.py or the charter's teams and sources"


def files(charter: Charter, root: Path, charter_folder: Path) -> dict[Path, str]:
    """Every generated file, by its path from the project's root."""
    teams = [team.name for team in charter.teams]
    return {
        KAFKA / "topics.yaml": as_yaml(topic_documents(teams), _CATALOGUE),
        KAFKA / "users.yaml": as_yaml(user_documents(teams, charter.sources), _USERS),
        AUTOSCALING / "scaledobjects.yaml": as_yaml(
            render_scaled_objects(), "desk_manifests/scaling.py"
        ),
        charter_folder / KUSTOMIZATION: as_yaml(
            [charter_maps(root / charter_folder)], "the charter's files"
        ),
    }


def charter_maps(folder: Path) -> Document:
    """The charter as two ConfigMaps under fixed names: a change is reloaded, nothing restarts.

    What lies beside it as JSON, such as what triage has learned, is mounted with it.
    """
    return {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "generatorOptions": {"disableNameSuffixHash": True},
        "configMapGenerator": [
            {"name": "desk-charter", "files": [*_in(folder, "*.yaml"), *_find_small(folder)]},
            {"name": "desk-runbooks", "files": list(_in(folder, "runbooks/*.yaml"))},
        ],
    }


def _find_small(folder: Path) -> Iterator[str]:
    """JSON beside the charter; `Invalid` for a file that no ConfigMap can hold with the charter."""
    for name in _in(folder, "*.json"):
        if (folder / name).stat().st_size > MAX_MOUNTED:
            raise Invalid(
                f"{folder / name} has more than {MAX_MOUNTED // 1024} KiB, which a ConfigMap cannot"
                " hold beside the charter. Move it to a volume that triage mounts, and name it in"
                " TRIAGE_MODEL."
            )
        yield name


def _in(folder: Path, pattern: str) -> Iterator[str]:
    for path in sorted(folder.glob(pattern)):
        yield path.relative_to(folder).as_posix()


def write_files(root: Path, wanted: dict[Path, str]) -> list[Path]:
    """Write what differs; the paths written."""
    written = list(differences(root, wanted))
    for path in written:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(wanted[path], encoding="utf-8")
    return written


def differences(root: Path, wanted: dict[Path, str]) -> Iterable[Path]:
    """The files that are missing or say something else."""
    for path, text in wanted.items():
        present = root / path
        if not present.is_file() or present.read_text(encoding="utf-8") != text:
            yield path
