"""windows.yaml: what it may say, and when a window is open."""

from datetime import datetime
from pathlib import Path

import pytest
from desk_automation.matching.charter import RUNBOOKS
from desk_charter.load import load_charter
from desk_charter.problems import InvalidCharter
from desk_charter.services import WeeklyHours
from desk_charter.window_checks import WINDOWS
from desk_charter.windows import ScheduledWindow
from pydantic import ValidationError

from tests.support.charter_folder import CharterFolder

GOOD = """\
windows:
  - name: rebuild
    kind: maintenance
    owner_team: network
    why: Switches are exchanged.
    services: [vpn]
    starts: 2026-03-02T22:00:00+01:00
    ends: 2026-03-03T02:00:00+01:00
  - name: month-end
    kind: freeze
    owner_team: network
    why: Books are closed.
    weekly: {zone: Europe/Berlin, hours: {days: [sat], from: "22:00", to: "02:00"}}
  - name: holidays
    kind: freeze
    owner_team: network
    why: Nobody is there to help.
    outside: office
"""
ALWAYS = """\
calendars:
  - {name: always-open, title: Around the clock, zone: UTC, week: always}
"""


def problems(folder: CharterFolder, text: str) -> list[str]:
    folder.replace("calendars.yaml", "calendars:\n", ALWAYS)
    (Path(folder.path) / "windows.yaml").write_text(text, encoding="utf-8")
    try:
        load_charter(folder.path, (WINDOWS, RUNBOOKS))
    except InvalidCharter as invalid:
        return [str(problem) for problem in invalid.problems]
    return []


def test_windows_are_read(folder: CharterFolder) -> None:
    assert problems(folder, GOOD) == []


@pytest.mark.parametrize(
    ("before", "after", "line", "sentence"),
    [
        ("services: [vpn]", "services: [vpm]", 6, "service 'vpm' is not in services.yaml"),
        ("owner_team: network", "owner_team: netwrk", 4, "team 'netwrk' is not in teams.yaml"),
        ("services: [vpn]", "allowed: [nothing]", 2, "name the 'services', 'devices' or 'sites'"),
        ("services: [vpn]", "devices: [x]\n    allowed: [nope]", 7, "no runbook 'nope'"),
        ("2026-03-03T02", "2026-03-01T02", 2, "it never opens, since 'ends' is not after"),
        ("    ends: 2026-03-03T02:00:00+01:00\n", "", 2, "write 'starts' and 'ends', 'weekly',"),
        ("02:00:00+01:00", "02:00:00", 8, "timezone"),
        (
            "    weekly:",
            "    starts: 2026-03-02T00:00:00Z\n    ends: 2026-03-04T00:00:00Z\n    weekly:",
            9,
            "no hour of 'weekly' lies between",
        ),
        ("kind: freeze", "kind: pause", 10, "freeze"),
        ('from: "22:00", to: "02:00"', 'from: "22:00", to: "22:00"', 13, "22:00"),
        ("office", "offise", 18, "calendar 'offise' is not in calendars.yaml"),
        ("office", "offise", 18, "did you mean 'office'"),
        ("office", "always-open", 18, "always open, so this window never opens"),
        ("outside: office", "during: always-open", 18, "so this window never closes"),
        (
            "    outside",
            "    during: always-open\n    outside",
            14,
            "write one of 'weekly', 'during'",
        ),
        (
            "    outside: office",
            "    starts: 2026-03-02T08:00:00Z\n    ends: 2026-03-02T11:00:00Z\n    outside: office",
            14,
            "no hour of 'outside' lies between",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_line(
    folder: CharterFolder, before: str, after: str, line: int, sentence: str
) -> None:
    assert before in GOOD
    refused = problems(folder, GOOD.replace(before, after, 1))
    assert len(refused) == 1, refused
    assert refused[0].startswith(f"windows.yaml:{line}: ")
    assert sentence in refused[0]


def test_services_that_depend_on_themselves_or_on_nothing_are_refused(
    folder: CharterFolder,
) -> None:
    folder.replace(
        "services.yaml", "  - name: network\n", "  - name: network\n    depends_on: [vpn]\n"
    )
    folder.replace(
        "services.yaml", "  - name: vpn\n", "  - name: vpn\n    depends_on: [network, x]\n"
    )
    with pytest.raises(InvalidCharter) as refused:
        folder.load()
    sentences = [str(problem) for problem in refused.value.problems]
    assert any("'vpn' depends on itself by way of 'network'" in text for text in sentences)
    assert any("service 'x' is not in services.yaml" in text for text in sentences)


BERLIN = WeeklyHours.model_validate(
    {"zone": "Europe/Berlin", "hours": {"days": ["sat"], "from": "22:00", "to": "04:00"}}
)


@pytest.mark.parametrize(
    ("at", "end"),
    [
        ("2026-03-07T21:59:00+01:00", None),
        ("2026-03-07T22:00:00+01:00", "2026-03-08T04:00:00+01:00"),
        ("2026-03-08T03:59:59+01:00", "2026-03-08T04:00:00+01:00"),
        ("2026-03-08T04:00:00+01:00", None),
        # Clocks go forward and back in the night of the window.
        ("2026-03-28T23:00:00+01:00", "2026-03-29T04:00:00+02:00"),
        ("2026-10-24T23:00:00+02:00", "2026-10-25T04:00:00+01:00"),
        ("2026-10-25T02:30:00+01:00", "2026-10-25T04:00:00+01:00"),
    ],
)
def test_hours_over_midnight_end_on_the_next_day(at: str, end: str | None) -> None:
    expected = None if end is None else datetime.fromisoformat(end)
    assert BERLIN.find_end(datetime.fromisoformat(at)) == expected


def test_an_end_in_the_hour_that_comes_twice_is_in_the_same_one() -> None:
    hours = {"days": ["sun"], "from": "01:00", "to": "02:30"}
    weekly = WeeklyHours.model_validate({"zone": "Europe/Berlin", "hours": hours})
    for offset in ("+02:00", "+01:00"):
        at = datetime.fromisoformat(f"2026-10-25T02:10:00{offset}")
        assert weekly.find_end(at) == datetime.fromisoformat(f"2026-10-25T02:30:00{offset}")


def test_a_weekly_window_opens_between_its_dates_only() -> None:
    window = ScheduledWindow.model_validate(
        {
            "name": "x",
            "kind": "freeze",
            "owner_team": "network",
            "why": "For a while.",
            "starts": "2026-03-01T00:00:00Z",
            "ends": "2026-03-07T22:00:00Z",
            "weekly": BERLIN.model_dump(by_alias=True),
        }
    )
    last = datetime.fromisoformat("2026-03-07T22:30:00+01:00")
    assert window.find_end(last, None) == datetime.fromisoformat("2026-03-07T22:00:00+00:00")
    for closed in ("2026-02-28T22:30:00+01:00", "2026-03-08T00:00:00+01:00"):
        assert window.find_end(datetime.fromisoformat(closed), None) is None


def test_what_is_no_window_at_all_is_no_model() -> None:
    with pytest.raises(ValidationError, match="write 'starts' and 'ends'"):
        ScheduledWindow.model_validate(
            {"name": "x", "kind": "freeze", "owner_team": "n", "why": "No time is written."}
        )
