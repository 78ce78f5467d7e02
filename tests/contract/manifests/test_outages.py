"""Alerts on what Prometheus saw of a desk in trouble: brokers or store killed, a bad release, a
charter that is refused, a certificate near its end.

The series are recorded: `python -m scripts.record_outage` makes them anew.
"""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.monitoring import MONITORING
from tests.support.prometheus import find_program

FOLDER = Path(__file__).with_name("outages")
STEP_S = 15


@dataclass(frozen=True, slots=True)
class Outage:
    """When something was away, and which alerts fired at each moment, in seconds."""

    began: int
    ended: int
    last: int
    firing: dict[int, set[str]]

    def first(self, alert: str) -> int | None:
        """Seconds from the beginning of the outage until it fired."""
        moments = [at for at, names in self.firing.items() if alert in names]
        return min(moments) - self.began if moments else None


def play(name: str, folder: Path) -> Outage:
    """Promtool evaluates the rules on the series. It only tells what it did not expect, so nothing
    is expected."""
    program = find_program("promtool")
    recorded: dict[str, Any] = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    spec = yaml.safe_load((MONITORING / "rules.yaml").read_text(encoding="utf-8"))["spec"]
    (folder / "rules.yaml").write_text(yaml.safe_dump(spec), encoding="utf-8")
    series = [{"series": key, "values": values} for key, values in recorded["series"].items()]
    last = STEP_S * (max(len(item["values"].split()) for item in series) - 1)
    firing = 'count by (alertname) (ALERTS{alertstate="firing"})'
    questions = [
        {"expr": firing, "eval_time": f"{at}s", "exp_samples": []}
        for at in range(0, last + 1, STEP_S)
    ]
    test = {"interval": f"{STEP_S}s", "input_series": series, "promql_expr_test": questions}
    document = {
        "rule_files": ["rules.yaml"],
        "evaluation_interval": f"{STEP_S}s",
        "tests": [test],
    }
    (folder / "test.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    done = subprocess.run(
        [program, "test", "rules", "test.yaml"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    lines = re.findall(r"time: (\S+),\n.*?\n\s*got:\s*(.*)", done.stdout + done.stderr)
    seen = {_seconds(at): set(re.findall(r'alertname="(\w+)"', got)) for at, got in lines}
    return Outage(recorded["began_s"], recorded["ended_s"], last, seen)


def _seconds(text: str) -> int:
    parts = re.findall(r"(\d+)([hms])", text)
    return sum(int(number) * {"h": 3600, "m": 60, "s": 1}[unit] for number, unit in parts)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("brokers", {"DeskBrokersAway", "DeskEventsUnpublished", "DeskLagUnknown"}),
        ("store", {"DeskStoreAway"}),
    ],
)
def test_an_outage_is_told_in_time_and_by_no_other_alert(
    name: str, expected: set[str], tmp_path: Path
) -> None:
    outage = play(name, tmp_path)
    print({alert: outage.first(alert) for alert in sorted(expected)})  # noqa: T201 (the timeline)
    assert not {at for at in outage.firing if at <= outage.began}
    fired = {alert for names in outage.firing.values() for alert in names}
    assert fired == expected
    for alert in expected:
        first = outage.first(alert)
        assert first is not None
        assert first <= 240


def test_mishaps_are_told_each_by_its_own_alert(tmp_path: Path) -> None:
    """Each within the time that it waits on purpose (0, 5 and 10 minutes) and two readings more."""
    outage = play("mishaps", tmp_path)
    waits = {"DeskConsumerStopped": 0, "DeskCharterRefused": 300, "DeskCertificateEnds": 600}
    first = {alert: outage.first(alert) for alert in waits}
    print(first)  # noqa: T201 (the timeline)
    assert not {at for at in outage.firing if at <= outage.began}
    for alert, seconds in first.items():
        assert seconds is not None, alert
        assert waits[alert] <= seconds <= waits[alert] + 90


@pytest.mark.parametrize(
    ("name", "left"),
    # What a bad release set aside waits for a person, and the alert looks back over some minutes.
    [("brokers", set[str]()), ("store", set[str]()), ("mishaps", {"DeskDeadLetters"})],
)
def test_when_it_is_over_all_is_silent_again(name: str, left: set[str], tmp_path: Path) -> None:
    outage = play(name, tmp_path)
    assert outage.firing.get(outage.last, set()) == left
