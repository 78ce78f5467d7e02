"""The organisation that comes with the desk is valid and does what its comments say."""

from datetime import date
from pathlib import Path

import pytest
from desk_charter import public_holidays
from desk_charter.admission import Admission
from desk_charter.load import load_charter
from desk_charter.model import Charter
from desk_charter.routing import TicketFacts
from desk_charter.runbook_checks import RUNBOOKS
from desk_charter.runbooks import ActStep
from desk_charter.slas import SLAS, SlaAttributes, policy_for
from desk_contracts.events.sla import ClockName
from desk_contracts.text import SpokenWords

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def charter() -> Charter:
    return load_charter(ROOT / "charter")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("VPN verbindet nicht", "vpn"),
        ("My VPN-connection drops", "vpn"),
        ("Passwort vergessen", "password"),
        ("I am locked out", "password"),
        ("Der Drucker im 3. Stock hat Papierstau", "printing"),
        ("Printer prints blank pages", "printing"),
        ("WLAN im Besprechungsraum weg", "wifi"),
        ("Festplatte voll", "disk-full"),
        ("Outlook zeigt keine neuen Mails", "mail"),
        ("Rechnungen lassen sich nicht buchen", "erp"),
        ("Gehaltsabrechnung fehlt", "payroll"),
        ("My laptop was stolen on the train", "device-lost"),
        ("Ich habe auf Phishing geklickt", "security"),
        ("Laptop ist sehr langsam", "slow-device"),
        ("Please install Python", "software"),
    ],
)
def test_what_employees_say_finds_its_rule(charter: Charter, text: str, rule: str) -> None:
    matched = charter.routing.first_match(TicketFacts(SpokenWords(text), kind="incident"))
    assert matched is not None
    assert matched.id == rule


def test_a_question_goes_to_service_care(charter: Charter) -> None:
    facts = TicketFacts(SpokenWords("Where is the cafeteria?"), kind="question")
    matched = charter.routing.first_match(facts)
    assert matched is not None
    assert matched.then.team == "service-care"


def test_every_rule_ends_at_a_team_that_has_the_skills(charter: Charter) -> None:
    for rule in charter.routing.rules:
        team = charter.team(rule.then.team or charter.owner_of(rule.then.service).name)
        assert set(rule.then.skills) <= team.all_skills, rule.id


def test_response_and_resolution_have_targets_for_everybody(charter: Charter) -> None:
    for clock in (ClockName.RESPONSE, ClockName.RESOLUTION):
        for priority in ("P1", "P2", "P3", "P4", None):
            assert (
                policy_for(charter.of(SLAS), clock, SlaAttributes("incident", priority)) is not None
            )
    worst = policy_for(charter.of(SLAS), ClockName.RESOLUTION, SlaAttributes("incident", "P1"))
    assert worst is not None
    assert worst.calendar == "always-open"


def test_berlin_is_closed_on_the_day_of_german_unity(charter: Charter) -> None:
    region = charter.calendar("office-berlin").holidays
    holidays = public_holidays.holidays_in(region, 2026)
    assert date(2026, 10, 3) in holidays
    assert date(2026, 3, 8) in holidays  # Women's Day is a holiday in Berlin, not in all of Germany
    assert date(2026, 11, 23) not in holidays
    assert public_holidays.holidays_in(None, 2026) == {}


def test_clean_disk_acts_by_itself_and_verifies(charter: Charter) -> None:
    runbook = next(candidate for candidate in charter.of(RUNBOOKS) if candidate.id == "clean-disk")
    act = runbook.steps[0]
    assert isinstance(act, ActStep)
    assert (runbook.mode, act.effect) == ("auto", "keyed")
    assert runbook.verify is not None
    assert (runbook.verify.measurement, runbook.verify.at_least) == ("disk.free.percent", 15)
    watched = {detector.measurement: detector.signal for detector in charter.routing.detectors[:1]}
    assert watched == {"disk.free.percent": "disk-filling"}


def test_what_must_not_wait_comes_before_all_else(charter: Charter) -> None:
    matched = charter.routing.first_match(
        TicketFacts(SpokenWords("Question: is this mail phishing?"), kind="question")
    )
    assert matched is not None
    assert matched.id == "security"


def test_the_default_team_has_a_home(charter: Charter) -> None:
    assert charter.owner_of(None).name == charter.routing.default_team == "service-care"


@pytest.mark.parametrize(
    ("source", "type"),
    [
        ("/my/monitor", "desk.telemetry.measured.v1"),
        ("/demo/endpoint-agent", "desk.telemetry.measured.v1"),
        ("/demo/monitoring", "desk.telemetry.measured.v1"),
        ("/demo/switchboard", "desk.ticket.requested.v1"),
    ],
)
def test_the_readmes_and_the_demos_publishers_are_known(
    charter: Charter, source: str, type: str
) -> None:
    system = Admission(lambda: charter).system_of(source)
    assert system is not None
    assert type in system.types
