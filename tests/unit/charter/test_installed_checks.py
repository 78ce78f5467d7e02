"""`desk charter check` asks what the services of this installation ask, and no less."""

import shutil
from pathlib import Path

from desk_charter import check_charter
from desk_charter.load import find_installed_checks, find_installed_sections
from desk_notify.adapters.channels import find_unserved
from desk_triage.adapters.detectors import check_detectors

ROOT = Path(__file__).parents[3]
FAX = (
    "  - {name: printing, title: P, zone: Europe/Berlin, members: [{id: printing-1, name: Pia}],"
    ' channels: ["fax:030"]}\n'
)


def test_what_services_ask_beside_sections_is_registered() -> None:
    assert find_installed_checks() == (check_detectors,)
    assert find_installed_checks("desk.charter-doubts") == (find_unserved,)
    assert {section.name for section in find_installed_sections()} >= {"runbooks", "slas", "goals"}


def test_a_channel_that_nobody_serves_is_warned_of_with_its_line(tmp_path: Path) -> None:
    folder = tmp_path / "charter"
    shutil.copytree(ROOT / "charter", folder)
    with (folder / "teams.yaml").open("a", encoding="utf-8") as teams:
        teams.write(FAX)
    code, text = check_charter(folder)
    assert code == 0, text
    lines = (folder / "teams.yaml").read_text(encoding="utf-8").count("\n")
    (warning,) = [line for line in text.splitlines() if "warning" in line]
    assert f"teams.yaml:{lines}: teams.printing.channels[0]: nothing serves fax:030 yet" in warning
