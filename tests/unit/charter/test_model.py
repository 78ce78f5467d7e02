"""The charter answers questions; nothing in it can be changed."""

from datetime import date
from pathlib import Path
from typing import Protocol

import pytest
from desk_charter.detectors import ThresholdDetector
from desk_charter.load import load_charter
from desk_charter.model import Charter
from desk_charter.routing import PriorityMatrix, TicketFacts
from desk_charter.runbook_checks import RUNBOOKS
from desk_charter.slas import SLAS, SlaAttributes, policy_for
from desk_contracts.errors import NotFound
from desk_contracts.events.sla import ClockName
from desk_contracts.events.tickets import Kind
from desk_contracts.text import SpokenWords
from desk_contracts.value_types import Level, Priority
from pydantic import ValidationError


class Folder(Protocol):
    path: Path

    def replace(self, name: str, old: str, new: str) -> None: ...
    def load(self) -> Charter: ...


def test_everything_is_found_by_name(folder: Folder) -> None:
    charter = folder.load()
    assert charter.team("care").title == "Care"
    assert charter.service("vpn").owner == "network"
    assert charter.calendar("office").holidays is not None
    assert charter.of(SLAS)[0].clock is ClockName.RESOLUTION
    assert charter.find_team("nobody") is None
    assert charter.find_service(None) is None


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("network", "network"),
        ("NETWORK ", "network"),
        ("Netz und Fernzugang", "network"),
        ("netz  und\u200b fernzugang!", "network"),
        ("Group 24", "network"),
        ("care", "care"),
        ("Group 25", None),
        ("", None),
    ],
)
def test_a_team_is_called_by_name_title_or_alias_however_it_was_typed(
    folder: Folder, written: str, name: str | None
) -> None:
    folder.replace(
        "teams.yaml",
        "title: Network\n",
        "title: Netz und Fernzugang\n    aliases: [Group 24, NET-L2]\n",
    )
    charter = folder.load()
    team = charter.team_called(written)
    assert (team.name if team else None) == name
    assert charter.name_team(written) == (name or written)


@pytest.mark.parametrize("ask", ["team", "service", "calendar"])
def test_what_is_not_there_is_not_found(folder: Folder, ask: str) -> None:
    with pytest.raises(NotFound, match="the charter has no"):
        getattr(folder.load(), ask)("nothing")


def test_owners_are_known_both_ways(folder: Folder) -> None:
    charter = folder.load()
    assert charter.owner_of("vpn").name == "network"
    assert charter.owner_of("unheard-of").name == "care"
    assert [service.name for service in charter.services_of("network")] == ["network", "vpn"]


def test_nothing_can_be_changed(folder: Folder) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        setattr(folder.load(), "version", "mine")  # noqa: B010  # mypy knows that it is frozen


def test_a_charter_survives_being_written_and_read(folder: Folder) -> None:
    charter = load_charter(folder.path, ())
    assert Charter.model_validate(charter.model_dump(mode="json")) == charter
    assert Charter.model_validate_json(charter.model_dump_json()) == charter


def test_what_a_service_does_not_obey_is_told_and_counts_for_the_version(folder: Folder) -> None:
    bare, whole = load_charter(folder.path, ()), folder.load()
    assert bare.version == whole.version
    with pytest.raises(LookupError, match=r"slas\.yaml is not read here"):
        bare.of(SLAS)
    folder.replace("slas.yaml", "target: 8h", "target: 9h")
    assert load_charter(folder.path, ()).version == folder.load().version != whole.version


@pytest.mark.parametrize(
    ("facts", "sla"),
    [
        (SlaAttributes("incident", "P1", "vpn", "network"), "fast"),
        (SlaAttributes("incident", "P2", "vpn", "network"), "all"),
        (SlaAttributes("incident", "P1", None, "network"), "all"),
        (SlaAttributes("incident", Priority.P1, "vpn", "care"), "all"),
    ],
)
def test_the_first_sla_that_fits_holds_else_the_default(
    folder: Folder, facts: SlaAttributes, sla: str
) -> None:
    policy = policy_for(folder.load().of(SLAS), ClockName.RESOLUTION, facts)
    assert policy is not None
    assert policy.name == sla


def test_a_clock_without_slas_has_none(folder: Folder) -> None:
    assert policy_for(folder.load().of(SLAS), ClockName.UPDATE, SlaAttributes("incident")) is None


def test_a_sla_for_groups_fits_any_of_them(folder: Folder) -> None:
    folder.replace("slas.yaml", "services: [vpn], teams: [network]", "groups: [board, sales]")
    charter = folder.load()
    facts = SlaAttributes("incident", "P1", groups=frozenset({"sales"}))
    policy = policy_for(charter.of(SLAS), ClockName.RESOLUTION, facts)
    assert policy is not None
    assert policy.name == "fast"


def test_the_first_rule_that_fits_decides(folder: Folder) -> None:
    routing = folder.load().routing
    vpn = routing.first_match(TicketFacts(SpokenWords("Tunnel down?"), kind="question"))
    question = routing.first_match(TicketFacts(SpokenWords("How do I?"), kind=Kind.QUESTION))
    nothing = routing.first_match(TicketFacts(SpokenWords("Help"), kind="incident"))
    assert (vpn and vpn.id, question and question.id, nothing) == ("vpn", "questions", None)


def test_priority_is_impact_by_urgency() -> None:
    matrix = PriorityMatrix()
    assert matrix.priority(Level.HIGH, Level.HIGH) is Priority.P1
    assert matrix.priority(Level.HIGH, Level.LOW) is Priority.P3
    assert matrix.priority(Level.LOW, Level.HIGH) is Priority.P3
    assert matrix.priority(Level.LOW, Level.LOW) is Priority.P4


def test_a_detector_clears_only_on_the_good_side_of_its_clear_level(folder: Folder) -> None:
    folder.replace("routing.yaml", "above: 0.2", "above: 0.2\n    clear_at: 0.1")
    detector = folder.load().routing.detectors[0]
    assert isinstance(detector, ThresholdDetector)
    values = (0.05, 0.1, 0.15, 0.2, 0.25)
    assert [detector.is_trouble(value) for value in values] == [False] * 4 + [True]
    assert [detector.is_clear(value) for value in values] == [True, True, False, False, False]


def test_a_runbook_past_its_review_date_only_suggests(folder: Folder) -> None:
    (runbook,) = folder.load().of(RUNBOOKS)
    assert runbook.mode_on(date(2027, 12, 31)) == "auto"
    assert runbook.mode_on(date(2028, 1, 1)) == "suggest"


def test_a_probe_only_reads(folder: Folder) -> None:
    folder.replace(
        "runbooks/restart-vpn.yaml",
        "steps:",
        "guards:\n  - {id: g, request: {method: POST, url: x}}\nsteps:",
    )
    with pytest.raises(Exception, match="a probe only reads"):
        folder.load()
