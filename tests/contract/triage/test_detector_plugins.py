"""A package adds a kind of detector: its settings to the charter, what makes it to triage."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
DETECTOR = """
  - kind: smoothed
    id: queue-is-long
    measurement: mail.queue.length
    signal: mail-delayed
    title: "{subject} has a long queue"
    severity: warning
    above: 80
    clear_at: 50
    forget_after_s: 3600
"""
PROGRAM = """
import sys
from pathlib import Path
from desk_charter import load_charter
from desk_triage.adapters.detectors import DETECTORS
from desk_triage.detection.charter import has_kinds
from desk_triage.detection.model import DetectorState

charter = load_charter(Path(sys.argv[1]), checks=(has_kinds(DETECTORS),))
settings = charter.routing.detectors[-1]
detector = DETECTORS.kind(settings.kind)(settings)
found = detector.examine(DetectorState(), (0.0, 1.0))
print(type(settings).__name__, settings.above, type(detector).__name__, found.verdict.value)
"""
SETTINGS = "[desk.charter.detectors]\nsmoothed = tests.support.triage_smoothed:SmoothedSettings\n"
MAKER = "[desk.detectors]\nsmoothed = tests.support.triage_detectors:Smoothed\n"


@pytest.fixture
def charter(tmp_path: Path) -> Path:
    folder = Path(shutil.copytree(ROOT / "charter", tmp_path / "charter"))
    routing = folder / "routing.yaml"
    before, _, after = routing.read_text().partition("detectors:\n")
    routing.write_text(f"{before}detectors:\n{after.rstrip()}{DETECTOR}")
    return folder


def ask(tmp_path: Path, charter: Path, entry_points: str) -> subprocess.CompletedProcess[str]:
    """Triage's charter and registry in a process in which such a package is installed."""
    package = tmp_path / "site" / "smoothed-1.0.dist-info"
    package.mkdir(parents=True)
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: smoothed\nVersion: 1.0\n")
    (package / "entry_points.txt").write_text(entry_points)
    path = os.pathsep.join([str(package.parent), str(ROOT)])
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, str(charter)],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_an_installed_kind_is_read_from_the_charter_and_made(tmp_path: Path, charter: Path) -> None:
    done = ask(tmp_path, charter, SETTINGS + MAKER)
    assert done.stdout.split() == ["SmoothedSettings", "80.0", "Smoothed", "too-few-samples"], (
        done.stderr
    )


def test_settings_that_nothing_makes_a_detector_of_are_refused_at_their_line(
    tmp_path: Path, charter: Path
) -> None:
    done = ask(tmp_path, charter, SETTINGS)
    assert done.returncode != 0
    assert "triage has no detector of kind 'smoothed'" in done.stderr
    assert "routing.yaml:" in done.stderr


def test_a_kind_that_nobody_installed_is_refused(tmp_path: Path, charter: Path) -> None:
    done = ask(tmp_path, charter, "")
    assert done.returncode != 0
    assert "'smoothed' is not known; write threshold, forecast or unusual" in done.stderr
