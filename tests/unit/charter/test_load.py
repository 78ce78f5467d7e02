"""Loading: everything that is wrong is told at once, with file, line and what to do."""

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

import pytest
from desk_shared.charter.check import check_charter
from desk_shared.charter.load import load_charter
from desk_shared.charter.model import Charter
from desk_shared.charter.problems import InvalidCharter, Problem


class Folder(Protocol):
    path: Path

    def write(self, name: str, text: str) -> None: ...
    def text(self, name: str) -> str: ...
    def replace(self, name: str, old: str, new: str) -> None: ...
    def append(self, name: str, text: str) -> None: ...
    def load(self) -> Charter: ...
    def problems(self) -> list[str]: ...


def test_a_valid_folder_becomes_a_charter(folder: Folder) -> None:
    charter = folder.load()
    assert [team.name for team in charter.teams] == ["care", "network"]
    assert charter.runbook("restart-vpn").owner_team == "network"
    assert len(charter.version) == 16


# file, old text, new text, the beginning of the problem, a part of its sentence
BREAKS = [
    ("teams.yaml", "name: care", "name: people", "teams.yaml:3: teams.people.name:", "employees"),
    ("teams.yaml", "Europe/Berlin", "Mars/One", "teams.yaml:5: teams.care.zone:", "time zone"),
    ("teams.yaml", "title: Care", "titel: Care", "teams.yaml:4: teams.care.titel:", "title"),
    ("teams.yaml", "    title: Care\n", "", "teams.yaml:3: teams.care.title:", "is missing"),
    ("teams.yaml", "name: care", "name: Die Care", "teams.yaml:3: teams.Die Care.name:", "small"),
    ("teams.yaml", "teams:", "team:", "teams.yaml:2: teams.team:", "not read here"),
    ("teams.yaml", '"22:00"', '"25:00"', "teams.yaml:13: teams.network.shifts[0].from:", "HH:MM"),
    ("teams.yaml", "days: [mon]", "days: [Monday]", "teams.yaml:13: teams.network", "mon, tue"),
    ("teams.yaml", '"06:00"', '"22:00"', "teams.yaml:13: teams.network.shifts[0]:", "never open"),
    (
        "services.yaml",
        "owner: network",
        "owner: netwerk",
        "services.yaml:4: services.network.owner:",
        "did you mean 'network'",
    ),
    (
        "services.yaml",
        "[network]",
        "[network, dns]",
        "services.yaml:10: services.vpn.depends_on[1]:",
        "not in services.yaml",
    ),
    (
        "services.yaml",
        "criticality: 1\n  - name",
        "criticality: 1\n    depends_on: [vpn]\n  - name",
        "services.yaml:6: services.network.depends_on:",
        "network needs vpn needs network",
    ),
    (
        "services.yaml",
        "criticality: 1",
        "criticality: 5",
        "services.yaml:5: services.network.criticality:",
        "at most 4",
    ),
    (
        "services.yaml",
        "criticality: 1",
        "criticality: one",
        "services.yaml:5: services.network.criticality:",
        "whole number",
    ),
    (
        "services.yaml",
        "name: vpn",
        "name: network",
        "services.yaml:6: services[1]:",
        "is there already",
    ),
    (
        "calendars.yaml",
        'mon: ["09:00-12:00", "13:00-17:00"]',
        "mon: []",
        "calendars.yaml:5: calendars.office.week:",
        "never open",
    ),
    (
        "calendars.yaml",
        "13:00-17",
        "11:00-17",
        "calendars.yaml:6: calendars.office.week.mon:",
        "overlap",
    ),
    (
        "calendars.yaml",
        "13:00-17",
        "13:00bis17",
        "calendars.yaml:6: calendars.office.week.mon[1]",
        "HH:MM-HH:MM",
    ),
    (
        "calendars.yaml",
        "country: DE",
        "country: XX",
        "calendars.yaml:7: calendars.office.holidays.country:",
        "closures",
    ),
    (
        "calendars.yaml",
        "subdivision: BE",
        "subdivision: ZZ",
        "calendars.yaml:7: calendars.office.holidays.subdivision:",
        "BW",
    ),
    (
        "calendars.yaml",
        "to: 2027-01-02",
        "to: 2026-01-02",
        "calendars.yaml:9: calendars.office.closures[0]:",
        "before it starts",
    ),
    (
        "calendars.yaml",
        "to: 2027-01-02",
        "to: 2027-02-30",
        "calendars.yaml:9: calendars.office.closures[0].to:",
        "a date like",
    ),
    (
        "calendars.yaml",
        "to: 2027-01-02",
        "to: 20270102",
        "calendars.yaml:9: calendars.office.closures[0].to:",
        "is not a date",
    ),
    ("promises.yaml", "8h", "1 day", "promises.yaml:12: promises.all.target:", "working day"),
    ("promises.yaml", "8h", "8", "promises.yaml:12: promises.all.target:", "no unit"),
    ("promises.yaml", "target: 8h", "target: 0h", "promises.yaml:12:", "no time"),
    (
        "promises.yaml",
        "calendar: office",
        "calendar: ofice",
        "promises.yaml:7: promises.fast.calendar:",
        "did you mean 'office'",
    ),
    (
        "promises.yaml",
        "services: [vpn]",
        "services: [vpm]",
        "promises.yaml:5: promises.fast.when.services[0]:",
        "did you mean 'vpn'",
    ),
    (
        "promises.yaml",
        "teams: [network]",
        "teams: [nobody]",
        "promises.yaml:5: promises.fast.when.teams[0]:",
        "not in teams.yaml",
    ),
    (
        "promises.yaml",
        "when: {priorities: [P1], services: [vpn], teams: [network]}",
        "when: {}",
        "promises.yaml:2: promises.fast:",
        "default: true",
    ),
    (
        "promises.yaml",
        "when: {priorities: [P1], services: [vpn], teams: [network]}",
        "default: true",
        "promises.yaml:11: promises.all.default:",
        "keep only one",
    ),
    (
        "promises.yaml",
        "default: true",
        "when: {priorities: [P2]}",
        "promises.yaml:8: promises.all:",
        "no promise with 'default: true'",
    ),
    ("promises.yaml", "[P1]", "[P7]", "promises.yaml:5: promises.fast.when", "P1, P2, P3 or P4"),
    (
        "promises.yaml",
        "default: true",
        "default: true\n    warn_at: [75, 50]",
        "promises.yaml:8: promises.all:",
        "rising",
    ),
    (
        "catalogue.yaml",
        "service: vpn",
        "service: fax",
        "catalogue.yaml:4: catalogue.vpn-access.service:",
        "not in services.yaml",
    ),
    (
        "catalogue.yaml",
        "service: vpn",
        "service: vpn\n    team: fax",
        "catalogue.yaml:5: catalogue.vpn-access.team:",
        "not in teams.yaml",
    ),
    (
        "catalogue.yaml",
        "type: text}",
        "type: choice}",
        "catalogue.yaml:6: catalogue.vpn-access.fields[0]:",
        "two different options",
    ),
    (
        "catalogue.yaml",
        "type: text}",
        "type: text}\n      - {name: device, title: Again?, type: text}",
        "catalogue.yaml:6: catalogue.vpn-access.fields.device:",
        "2 times",
    ),
    ("routing.yaml", "default_team: care", "default_team: x", "routing.yaml:1:", "not in teams"),
    ("routing.yaml", "default_team: care\n", "", "routing.yaml:1: routing.default_team", "missing"),
    (
        "routing.yaml",
        "team: network,",
        "team: netwrk,",
        "routing.yaml:5: routing.rules.vpn.then.team:",
        "did you mean 'network'",
    ),
    (
        "routing.yaml",
        "service: vpn, team",
        "service: vpm, team",
        "routing.yaml:5: routing.rules.vpn.then.service:",
        "did you mean 'vpn'",
    ),
    (
        "routing.yaml",
        "skills: [vpn]",
        "skills: [magic]",
        "routing.yaml:5: routing.rules.vpn.then.skills[0]:",
        "no team has",
    ),
    (
        "routing.yaml",
        "skills: [vpn]",
        "skills: [first-help]",
        "routing.yaml:5: routing.rules.vpn.then.skills[0]:",
        "team 'network' does not have",
    ),
    (
        "routing.yaml",
        "when: {kinds: [question]}",
        "when: {all_words: [my tunnel]}",
        "routing.yaml:7: routing.rules.questions:",
        "'vpn' before it",
    ),
    (
        "routing.yaml",
        "when: {kinds: [question]}",
        "when: {}",
        "routing.yaml:7: routing.rules.questions:",
        "is empty",
    ),
    (
        "routing.yaml",
        "then: {team: care}",
        "then: {}",
        "routing.yaml:7: routing.rules.questions:",
        "decides nothing",
    ),
    (
        "routing.yaml",
        "above: 0.2",
        "above: 0.2\n    below: 0.1",
        "routing.yaml:12: routing.detectors.vpn-fails:",
        "exactly one of",
    ),
    (
        "routing.yaml",
        "above: 0.2",
        "above: 0.2\n    clear_at: 0.5",
        "routing.yaml:12: routing.detectors.vpn-fails:",
        "clears in trouble",
    ),
    (
        "routing.yaml",
        "kind: threshold",
        "kind: treshold",
        "routing.yaml:12: routing.detectors.vpn-fails:",
        "threshold, forecast or zscore",
    ),
    (
        "routing.yaml",
        "severity: critical\n    service: vpn",
        "severity: critical\n    service: dns",
        "routing.yaml:18: routing.detectors.vpn-fails.service:",
        "not in services.yaml",
    ),
    (
        "runbooks/restart-vpn.yaml",
        "owner_team: network",
        "owner_team: netwrk",
        "runbooks/restart-vpn.yaml:4: runbooks.restart-vpn.owner_team:",
        "did you mean 'network'",
    ),
    (
        "runbooks/restart-vpn.yaml",
        "verify: {measurement: vpn.login.failure.ratio, at_most: 0.1, within: 1m}\n",
        "",
        "runbooks/restart-vpn.yaml:6: runbooks.restart-vpn.mode:",
        "needs 'verify'",
    ),
    (
        "runbooks/restart-vpn.yaml",
        "risk: disruptive",
        "risk: destructive",
        "runbooks/restart-vpn.yaml:6: runbooks.restart-vpn.mode:",
        "never runs unasked",
    ),
    (
        "runbooks/restart-vpn.yaml",
        "within: 1m",
        "within: 60",
        "runbooks/restart-vpn.yaml:14: runbooks.restart-vpn.verify.within:",
        "no unit",
    ),
    (
        "runbooks/restart-vpn.yaml",
        "https://${target}/restart",
        "https://${targt}/restart",
        "runbooks/restart-vpn.yaml:13: runbooks.restart-vpn.steps.restart.request.url:",
        "did you mean 'target'",
    ),
    (
        "runbooks/restart-vpn.yaml",
        "id: restart-vpn",
        "id: other",
        "runbooks/restart-vpn.yaml:1: runbooks.restart-vpn.id:",
        "named like its file",
    ),
    (
        "runbooks/restart-vpn.yaml",
        "effect: idempotent",
        "effect: sometimes",
        "runbooks/restart-vpn.yaml:12: runbooks.restart-vpn.steps[0].effect:",
        "pure, idempotent, keyed, confirmable or once",
    ),
    (
        "runbooks/restart-vpn.yaml",
        "effect: idempotent",
        "effect: confirmable",
        "runbooks/restart-vpn.yaml:10: runbooks.restart-vpn.steps[0]:",
        "write both",
    ),
    (
        "runbooks/restart-vpn.yaml",
        "effect: idempotent",
        "effect: once\n    retry: {attempts: 3}",
        "runbooks/restart-vpn.yaml:10: runbooks.restart-vpn.steps[0]:",
        "never repeated",
    ),
    (
        "runbooks/restart-vpn.yaml",
        'escalate: {title: "VPN ${target} fails"}',
        'escalate: {title: "VPN fails", team: nobody}',
        "runbooks/restart-vpn.yaml:15: runbooks.restart-vpn.escalate.team:",
        "not in teams.yaml",
    ),
    (
        "calendars.yaml",
        "country: DE, subdivision: BE",
        "country: LU, subdivision: BE",
        "calendars.yaml:7: calendars.office.holidays.subdivision:",
        "LU has no subdivisions",
    ),
    (
        "promises.yaml",
        "default: true",
        "default: true\n    when: {priorities: [P2]}",
        "promises.yaml:8: promises.all:",
        "remove one of the two",
    ),
    (
        "routing.yaml",
        "kinds: [question]",
        "services: [dns]",
        "routing.yaml:8: routing.rules.questions.when.services[0]:",
        "not in services.yaml",
    ),
    (
        "routing.yaml",
        "    kind: threshold\n",
        "",
        "routing.yaml:12: routing.detectors.vpn-fails:",
        "'kind' is missing",
    ),
    (
        "catalogue.yaml",
        "type: text}",
        "type: text, options: [a, b]}",
        "catalogue.yaml:6: catalogue.vpn-access.fields[0]:",
        "write type: choice",
    ),
    (
        "runbooks/restart-vpn.yaml",
        "verify:",
        "  - {id: restart, kind: wait, for: 1s}\nverify:",
        "runbooks/restart-vpn.yaml:10: runbooks.restart-vpn.steps.restart:",
        "2 times",
    ),
    (
        "runbooks/restart-vpn.yaml",
        "effect: idempotent",
        "effect: confirmable\n    confirm: {request: {method: GET, url: '${x}'}}",
        "runbooks/restart-vpn.yaml:13: runbooks.restart-vpn.steps.restart.confirm.request.url:",
        "${x} is not known",
    ),
    (
        "runbooks/restart-vpn.yaml",
        "effect: idempotent",
        "effect: pure\n    undo: {effect: pure, request: {method: GET, url: u, body: '${x}'}}",
        "runbooks/restart-vpn.yaml:13: runbooks.restart-vpn.steps.restart.undo.request.body:",
        "${x} is not known",
    ),
    (
        "runbooks/restart-vpn.yaml",
        'restart"}',
        'restart", headers: {X-Key: "${x}"}}',
        "runbooks/restart-vpn.yaml:13: runbooks.restart-vpn.steps.restart.request.headers.X-Key:",
        "${x} is not known",
    ),
    (
        "runbooks/restart-vpn.yaml",
        "at_most: 0.1, ",
        "",
        "runbooks/restart-vpn.yaml:14: runbooks.restart-vpn.verify:",
        "exactly one of 'condition'",
    ),
    (
        "runbooks/restart-vpn.yaml",
        "why: It helps.",
        "why: ''",
        "runbooks/restart-vpn.yaml:3: runbooks.restart-vpn.why:",
        "at least 1",
    ),
]


@pytest.mark.parametrize(("file", "old", "new", "place", "part"), BREAKS)
def test_a_break_is_told_where_it_is_and_what_to_do(
    folder: Folder, file: str, old: str, new: str, place: str, part: str
) -> None:
    folder.replace(file, old, new)
    told = [text for text in folder.problems() if text.startswith(place) and part in text]
    assert len(told) == 1, folder.problems()


def test_one_break_is_told_once(folder: Folder) -> None:
    """An item that is wrong by itself is still known to those that refer to it."""
    folder.replace("services.yaml", "title: VPN", "titel: VPN")
    assert [text.split(": ")[1] for text in folder.problems()] == [
        "services.vpn.title",
        "services.vpn.titel",
    ]


def test_all_problems_of_all_files_are_told_at_once(folder: Folder) -> None:
    folder.replace("services.yaml", "owner: network", "owner: nobody")
    folder.replace("promises.yaml", "8h", "1 day")
    folder.replace("routing.yaml", "default_team: care", "default_team: x")
    folder.replace("runbooks/restart-vpn.yaml", "within: 1m", "within: 60")
    folder.write("calendars.yaml", "calendars: [\n")
    files = {text.split(":")[0] for text in folder.problems()}
    assert files >= {
        "services.yaml",
        "promises.yaml",
        "routing.yaml",
        "runbooks/restart-vpn.yaml",
        "calendars.yaml",
    }


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ("teams: []\nteams: []\n", 2, "written twice"),
        ("teams:\n  - name: a\n    name: b\n", 3, "written twice"),
        ("teams: [\n", 2, "not YAML"),
        ("teams:\n\t- a\n", 2, "not YAML"),
        ("", 1, "empty"),
        ("# only a comment\n", 1, "empty"),
        ("- a\n", 1, "does not hold fields"),
        ("teams: none\n", 1, "not a list"),
        ("teams: !!python/object:os.system []\n", 1, "tag"),
        ("teams:\n  - &a [*a]\n", 2, "contains itself"),
        ("a: &a {b: 1}\nteams:\n  - <<: *a\n", 3, "merge keys"),
        ("teams: []\n---\nteams: []\n", 2, "another document"),
        ("? [teams]\n: []\n", 1, "plain word"),
        ("teams: \x01\n", 1, "not YAML"),
    ],
)
def test_yaml_that_cannot_be_read_is_told_with_its_line(
    folder: Folder, text: str, line: int, part: str
) -> None:
    folder.write("teams.yaml", text)
    told = [p for p in folder.problems() if p.startswith(f"teams.yaml:{line}: ") and part in p]
    assert len(told) == 1, folder.problems()


def test_a_file_in_another_encoding_is_told(folder: Folder) -> None:
    (folder.path / "teams.yaml").write_bytes("# ok\nteams: [ü]\n".encode("latin-1"))
    assert "teams.yaml:2: the file is not UTF-8 text; save it as UTF-8" in folder.problems()


def test_aliases_that_multiply_are_refused(folder: Folder) -> None:
    layers = "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]\n" for n in range(1, 8))
    folder.write("teams.yaml", f"l0: &l0 [x]\n{layers}teams: []\n")
    assert any("more than 200000 values" in text for text in folder.problems())


def test_a_huge_file_is_refused_unread(folder: Folder) -> None:
    folder.write("teams.yaml", f"teams: []\n#{'x' * 1_048_576}\n")
    assert any("at most 1048576 are read" in text for text in folder.problems())


def test_a_missing_file_and_a_stray_one_are_told(folder: Folder) -> None:
    (folder.path / "services.yaml").rename(folder.path / "service.yaml")
    told = folder.problems()
    assert any(text.startswith("services.yaml:1: the file is missing") for text in told)
    assert any(
        text.startswith("service.yaml:1:") and "did you mean 'services.yaml'" in text
        for text in told
    )


def test_a_runbook_with_the_wrong_ending_is_told(folder: Folder) -> None:
    path = folder.path / "runbooks" / "restart-vpn.yaml"
    path.rename(path.with_suffix(".yml"))
    assert folder.problems() == [
        "runbooks/restart-vpn.yml:1: runbooks are read from .yaml files only; rename it"
    ]


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidCharter, match="there is no such folder"):
        load_charter(tmp_path / "nowhere")


def test_a_retired_service_is_not_offered(folder: Folder) -> None:
    folder.append("services.yaml", "    lifecycle: retired\n")
    assert any("retired; take the item out" in text for text in folder.problems())


def test_a_member_is_in_one_team(folder: Folder) -> None:
    folder.replace(
        "teams.yaml",
        "skills: [first-help]",
        "skills: [first-help]\n    members: [{id: network-1, name: Engineer 1}]",
    )
    assert any("'network-1' is already in team 'care'" in text for text in folder.problems())


def test_a_default_stands_last_of_its_clock(folder: Folder) -> None:
    first, second = folder.text("promises.yaml").split("  - name: all")
    head, fast = first.split("  - name: fast")
    folder.write("promises.yaml", f"{head}  - name: all{second}  - name: fast{fast}")
    assert [text.partition("; ")[0] for text in folder.problems()] == [
        "promises.yaml:5: promises.all.default: the default of clock 'resolution' is asked last"
    ]


def test_a_hidden_promise_is_told(folder: Folder) -> None:
    hidden = """\
  - name: hidden
    title: Hidden
    clock: resolution
    when: {priorities: [P1], services: [vpn], teams: [network], kinds: [incident]}
    target: 2h
    calendar: office
"""
    folder.replace("promises.yaml", "  - name: all", f"{hidden}  - name: all")
    assert any("'fast' before it takes all its tickets" in text for text in folder.problems())


@pytest.mark.parametrize(
    ("windows", "day"),
    [
        ('mon: ["22:00-06:00"]\n      tue: ["05:00-09:00"]', "mon"),
        ('sun: ["22:00-06:00"]\n      mon: ["05:00-09:00"]', "sun"),
    ],
)
def test_a_night_window_that_reaches_into_the_next_day_is_told(
    folder: Folder, windows: str, day: str
) -> None:
    folder.replace("calendars.yaml", 'mon: ["09:00-12:00", "13:00-17:00"]', windows)
    assert [text.split(": ")[1] for text in folder.problems()] == [f"calendars.office.week.{day}"]


def test_further_checks_are_asked_and_their_problems_located(folder: Folder) -> None:
    def refuse_every_when(charter: Charter) -> Iterable[Problem]:
        for runbook in charter.runbooks:
            yield Problem.at("runbooks", runbook.id, "when", sentence="no attribute 'signl'")

    with pytest.raises(InvalidCharter) as refused:
        load_charter(folder.path, [refuse_every_when])
    assert [str(problem) for problem in refused.value.problems] == [
        "runbooks/restart-vpn.yaml:8: runbooks.restart-vpn.when: no attribute 'signl'"
    ]


def test_version_follows_meaning_and_not_layout(folder: Folder) -> None:
    before = folder.load().version
    folder.append("teams.yaml", "# a comment\n\n")
    folder.replace("services.yaml", "criticality: 1", "criticality:    1  # said twice")
    folder.append("services.yaml", "    lifecycle: live\n")
    assert folder.load().version == before
    folder.replace("promises.yaml", "target: 8h", "target: 480m")
    assert folder.load().version == before
    folder.replace("promises.yaml", "target: 480m", "target: 9h")
    assert folder.load().version != before


def test_check_says_what_is_there_or_what_is_wrong(folder: Folder) -> None:
    code, text = check_charter(folder.path)
    assert code == 0
    assert "2 teams, 2 services" in text
    assert "1 runbooks (1 auto)" in text
    folder.replace("teams.yaml", "title: Care", "titel: Care")
    code, text = check_charter(folder.path)
    assert code == 1
    assert "has 2 problems:" in text
    assert "teams.yaml:4: teams.care.titel" in text
