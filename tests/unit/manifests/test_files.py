"""Generated files: written once, the same again, and stale as soon as their source changes."""

import shutil
from pathlib import Path

import pytest
from desk_charter import load_charter
from desk_contracts.errors import Invalid
from desk_manifests import RendererMissing, differences, files, render, write_files
from desk_manifests.files import MAX_MOUNTED

ROOT = Path(__file__).parents[3]
CHARTER = Path("charter")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / CHARTER, tmp_path / CHARTER)
    return tmp_path


def wanted(project: Path) -> dict[Path, str]:
    return files(load_charter(project / CHARTER), project, CHARTER)


def test_what_was_written_needs_no_writing_again(project: Path) -> None:
    assert write_files(project, wanted(project))
    assert write_files(project, wanted(project)) == []


def test_a_file_changed_by_hand_is_named(project: Path) -> None:
    write_files(project, wanted(project))
    users = Path("deploy/k8s/base/kafka/users.yaml")
    (project / users).write_text("# nobody\n", encoding="utf-8")
    assert list(differences(project, wanted(project))) == [users]


def test_a_new_runbook_makes_the_charters_map_stale(project: Path) -> None:
    write_files(project, wanted(project))
    runbooks = project / CHARTER / "runbooks"
    shutil.copy(next(runbooks.glob("*.yaml")), runbooks / ".hidden-copy.txt")
    assert list(differences(project, wanted(project))) == []
    (runbooks / "clean-disk.yaml").rename(runbooks / "clean-other-disk.yaml")
    changed = files_of_charter(project)
    assert "runbooks/clean-other-disk.yaml" in changed
    assert changed != (project / CHARTER / "Kustomization").read_text(encoding="utf-8")


def test_what_triage_learned_is_mounted_with_the_charter(project: Path) -> None:
    assert ".json" not in files_of_charter(project)
    (project / CHARTER / "triage-model.json").write_text("{}", encoding="utf-8")
    assert "- triage-model.json" in files_of_charter(project)
    assert load_charter(project / CHARTER).version == load_charter(ROOT / CHARTER).version


def test_a_model_that_no_map_can_hold_is_refused_with_where_it_belongs(project: Path) -> None:
    (project / CHARTER / "triage-model.json").write_text(" " * (MAX_MOUNTED + 1), encoding="utf-8")
    with pytest.raises(Invalid, match="TRIAGE_MODEL"):
        files_of_charter(project)


def files_of_charter(project: Path) -> str:
    charter = load_charter(ROOT / CHARTER)
    return files(charter, project, CHARTER)[CHARTER / "Kustomization"]


def test_the_map_file_is_no_stray_file_of_the_charter(project: Path) -> None:
    write_files(project, wanted(project))
    before = load_charter(ROOT / CHARTER).version
    assert load_charter(project / CHARTER).version == before


def test_a_team_brings_its_topic_its_user_and_its_side_topics(project: Path) -> None:
    teams = project / CHARTER / "teams.yaml"
    text = teams.read_text(encoding="utf-8")
    added = "  - {name: lab, title: Lab, zone: Europe/Berlin, skills: [lab]}\n"
    teams.write_text(text.rstrip("\n") + "\n" + added, encoding="utf-8")
    made = wanted(project)
    topics = made[Path("deploy/k8s/base/kafka/topics.yaml")]
    assert "  name: desk.notifications.lab\n" in topics
    assert "  name: desk.notifications.lab.notify.dead\n" in topics
    assert "  name: desk-team-lab\n" in made[Path("deploy/k8s/base/kafka/users.yaml")]


def test_without_a_renderer_the_message_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RendererMissing, match="Install kubectl"):
        render(tmp_path)


def test_a_folder_that_cannot_be_rendered_is_named(tmp_path: Path) -> None:
    try:
        with pytest.raises(ValueError, match=f"{tmp_path} cannot be rendered"):
            render(tmp_path)
    except RendererMissing as missing:
        pytest.skip(missing.message)
