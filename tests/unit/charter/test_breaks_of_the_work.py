"""Mistakes in the routing and runbooks are told where they are."""

from typing import Protocol

import pytest


class Folder(Protocol):
    def replace(self, name: str, old: str, new: str) -> None: ...
    def problems(self) -> list[str]: ...


# file, old text, new text, the beginning of the problem, a part of its sentence
BREAKS = [
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
        "threshold, forecast or unusual",
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
        "mode: auto",
        "mode: auto\npromotion: {ceiling: auto}",
        "runbooks/restart-vpn.yaml:7: runbooks.restart-vpn.promotion.ceiling:",
        "not above the mode",
    ),
    (
        "runbooks/restart-vpn.yaml",
        "risk: disruptive\nmode: auto",
        "risk: destructive\nmode: approve\npromotion: {ceiling: auto}",
        "runbooks/restart-vpn.yaml:7: runbooks.restart-vpn.promotion.ceiling:",
        "never runs unasked",
    ),
    (
        "runbooks/restart-vpn.yaml",
        "mode: auto",
        "mode: approve\npromotion: {ceiling: auto, age: 0s}",
        "runbooks/restart-vpn.yaml:7: runbooks.restart-vpn.promotion:",
        "longer than nothing",
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
        "https://${target}/restart",
        "https://ann:${target}@vpn.example/restart",
        "runbooks/restart-vpn.yaml:13: runbooks.restart-vpn.steps.restart.request.url:",
        "a parameter stands in the host",
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
    matching = [text for text in folder.problems() if text.startswith(place) and part in text]
    assert len(matching) == 1, folder.problems()
