"""Maintenance that the charter declares is told with what goes wrong in it."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from desk_charter import Charter, load_charter
from desk_charter.window_checks import WINDOWS
from desk_charter.windows import ScheduledWindow
from desk_contracts.message import Message, message, verbatim
from desk_local.paths import ROOT
from desk_triage.changes.snapshot import EMPTY
from desk_triage.changes.work import explain_work

SHIPPED = load_charter(ROOT / "charter")
# A Monday of the summer in Berlin, in its working hours.
MONDAY = datetime.fromisoformat("2026-06-15T10:00:00+02:00")
EXCHANGE = {
    "name": "exchange",
    "kind": "maintenance",
    "owner_team": "network",
    "why": "Switches are exchanged.",
    "services": ("vpn",),
    "starts": "2026-06-15T09:00:00+02:00",
    "ends": "2026-06-15T12:00:00+02:00",
}


def charter_with(**written: Any) -> Charter:
    window = ScheduledWindow.model_validate({**EXCHANGE, **written})
    return SHIPPED.model_copy(update={"obeyed": {**SHIPPED.obeyed, WINDOWS.name: (window,)}})


def explain(charter: Charter, at: datetime = MONDAY, **where: Any) -> list[Message]:
    return list(explain_work(charter, EMPTY, charter.service("vpn"), at, **where))


@pytest.mark.parametrize(
    ("written", "where", "is_reason"),
    [
        ({}, {}, True),
        ({"services": ("mail",)}, {}, False),
        ({"starts": "2026-06-15T10:00:01+02:00"}, {}, False),
        ({"ends": "2026-06-15T10:00:00+02:00"}, {}, False),
        ({"kind": "freeze"}, {}, False),
        # Of whatever a runbook may do all the same people are told.
        ({"allowed": ("restart-vpn",)}, {}, True),
        ({"services": (), "devices": ("laptop-*",)}, {"subjects": ("laptop-7",)}, True),
        ({"services": (), "devices": ("laptop-*",)}, {"subjects": ("vpn-1",)}, False),
        ({"services": (), "sites": ("Berlin",)}, {"site": "Berlin"}, True),
        ({"services": (), "sites": ("Berlin",)}, {}, False),
    ],
)
def test_a_window_is_reason_while_it_is_open_of_what_it_names(
    written: dict[str, Any], where: dict[str, Any], *, is_reason: bool
) -> None:
    window = message(
        "change.window",
        until=MONDAY + timedelta(hours=2),
        window="exchange",
        why=verbatim("Switches are exchanged."),
        by="Network and remote access",
    )
    assert explain(charter_with(**written), **where) == [window] * is_reason


@pytest.mark.parametrize(("follows", "is_reason"), [("during", True), ("outside", False)])
def test_one_that_follows_a_calendar_is_open_as_that_says(follows: str, *, is_reason: bool) -> None:
    hours = {"starts": None, "ends": None, follows: "office-berlin"}
    until = [reason.params["until"] for reason in explain(charter_with(**hours))]
    assert until == ["2026-06-15T16:00:00Z"] * is_reason


def test_of_a_service_that_nobody_knows_its_device_and_site_are_looked_at() -> None:
    charter = charter_with(services=(), sites=("Berlin",))
    (window,) = explain_work(charter, EMPTY, None, MONDAY, site="Berlin")
    assert window.params["window"] == "exchange"
    assert not list(explain_work(charter, EMPTY, None, MONDAY))


def test_the_weekly_windows_of_a_service_are_told_as_well() -> None:
    saturday_night = datetime.fromisoformat("2026-06-13T23:30:00+02:00")
    (weekly,) = explain(SHIPPED, saturday_night)
    assert weekly.code == "change.expected"
    assert weekly.params == {"service": "Remote access (VPN)", "window": "Gateway updates"}
