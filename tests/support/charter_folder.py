"""A small valid charter on disk that tests break in one place at a time."""

from pathlib import Path

from desk_charter.load import load_charter
from desk_charter.model import Charter
from desk_charter.problems import InvalidCharter

FILES = {
    "teams.yaml": """\
# The teams.
teams:
  - name: care
    title: Care
    zone: Europe/Berlin
    skills: [first-help]
  - name: network
    title: Network
    zone: Europe/Berlin
    members:
      - {id: network-1, name: Engineer 1, skills: [vpn]}
    shifts:
      - {days: [mon], from: "22:00", to: "06:00"}
""",
    "services.yaml": """\
services:
  - name: network
    title: Network
    owner: network
    criticality: 1
  - name: vpn
    title: VPN
    owner: network
    criticality: 1
""",
    "calendars.yaml": """\
calendars:
  - name: office
    title: Office
    zone: Europe/Berlin
    week:
      mon: ["09:00-12:00", "13:00-17:00"]
    holidays: {country: DE, subdivision: BE}
    closures:
      - {from: 2026-12-24, to: 2027-01-02, name: Winter}
""",
    "slas.yaml": """\
slas:
  - name: fast
    title: Fast
    clock: resolution
    when: {priorities: [P1], services: [vpn], teams: [network]}
    target: 4h
    calendar: office
  - name: all
    title: All others
    clock: resolution
    default: true
    target: 8h
    calendar: office
""",
    "routing.yaml": """\
default_team: care
rules:
  - id: vpn
    when: {any_words: [vpn, tunnel]}
    then: {service: vpn, team: network, skills: [vpn]}
    why: It is about the VPN.
  - id: questions
    when: {kinds: [question]}
    then: {team: care}
    why: It is a question.
detectors:
  - id: vpn-fails
    measurement: vpn.login.failure.ratio
    kind: threshold
    above: 0.2
    signal: vpn-failing
    severity: critical
    service: vpn
    title: VPN logins fail
""",
    "runbooks/restart-vpn.yaml": """\
id: restart-vpn
title: Restart the VPN
why: It helps.
owner_team: network
risk: disruptive
mode: auto
expires: 2027-12-31
when: data.signal == "vpn-failing"
steps:
  - id: restart
    kind: act
    effect: idempotent
    request: {method: POST, url: "https://${target}/restart"}
verify: {measurement: vpn.login.failure.ratio, at_most: 0.1, within: 1m}
escalate: {title: "VPN ${target} fails"}
""",
}


class CharterFolder:
    """A charter on disk and what loading says about it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        (path / "runbooks").mkdir(parents=True)
        for name, text in FILES.items():
            self.write(name, text)

    def write(self, name: str, text: str) -> None:
        (self.path / name).write_text(text, encoding="utf-8")

    def text(self, name: str) -> str:
        return (self.path / name).read_text(encoding="utf-8")

    def replace(self, name: str, old: str, new: str) -> None:
        before = self.text(name)
        assert before.count(old) >= 1, f"{old!r} is not in {name}"
        self.write(name, before.replace(old, new, 1))

    def append(self, name: str, text: str) -> None:
        self.write(name, self.text(name) + text)

    def load(self) -> Charter:
        return load_charter(self.path)

    def problems(self) -> list[str]:
        try:
            self.load()
        except InvalidCharter as invalid:
            return [str(problem) for problem in invalid.problems]
        return []
