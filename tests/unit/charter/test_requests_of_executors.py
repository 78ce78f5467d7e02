"""What a runbook may ask of each executor: a mistake is told with its file and line."""

import pytest

from tests.support.charter_folder import CharterFolder

RUNBOOK = "runbooks/restart-vpn.yaml"
PLAIN = '    effect: idempotent\n    request: {method: POST, url: "https://${target}/restart"}\n'
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPSMmoiRSLY4znE50P0rMbcXqImklOqFuxGxRSH9dpyJ"
HOST_KEYS = f'["vpn.example {KEY}"]'
SSH = f"""\
    executor: ssh
    effect: idempotent
    request:
      host: ${{data.attributes.host}}
      user: desk
      key: vpn-key
      host_keys: {HOST_KEYS}
      command: [systemctl, restart, "${{data.attributes.unit}}"]
"""
KUBERNETES = """\
    executor: kubernetes
    effect: keyed
    request:
      token: cluster
      ca: cluster-ca
      namespace: shop
      action: restart
      name: ${target}
"""
DIRECTORY = """\
    executor: directory
    effect: idempotent
    request:
      server: ldap.corp.example
      base: dc=corp,dc=example
      user: cn=desk,dc=corp,dc=example
      password: directory
      action: unlock
      login: ${data.person}
"""
SCRIPT = f"""\
    executor: script
    effect: idempotent
    request:
      script: renew.sh
      sha256: {"a" * 64}
      arguments: ["${{target}}"]
"""
GOOD = {"ssh": SSH, "kubernetes": KUBERNETES, "directory": DIRECTORY, "script": SCRIPT}


@pytest.mark.parametrize("executor", sorted(GOOD))
def test_what_is_meant_so_is_in_force(folder: CharterFolder, executor: str) -> None:
    folder.replace(RUNBOOK, PLAIN, GOOD[executor])
    assert folder.problems() == []


# executor, old text, new text, line, place below the step, a part of the sentence
BREAKS = [
    ("ssh", "effect: idempotent", "effect: keyed", 13, "restart.effect", "or hand ${key} to"),
    ("ssh", "user: desk", "user: -oProxyCommand=x", 16, "[0].request.user", "does not fit"),
    ("ssh", "      user: desk\n", "", 14, "[0].request.user", "missing"),
    ("ssh", "key: vpn-key", "key: ../../etc/shadow", 17, "[0].request.key", "does not fit"),
    ("ssh", f"{HOST_KEYS}", "[]", 18, "[0].request.host_keys", "at least 1"),
    ("ssh", f"{HOST_KEYS}", "['*']", 18, "[0].request.host_keys[0]", "does not fit"),
    ("ssh", KEY[:40], f"ssh-ed25519 {'A' * 60}", 18, "restart.request.host_keys", "copy it anew"),
    ("ssh", "[systemctl,", '["${target}",', 19, "[0].request.command", "written in the runbook"),
    ("ssh", "host: ${data.attributes.host}", "host: a b", 15, "[0].request.host", "does not fit"),
    ("ssh", "${data.attributes.unit}", "${secret.x}", 19, "restart.request.command", "header only"),
    ("ssh", "${data.attributes.unit}", "${dta.x}", 19, "restart.request.command", "not known"),
    (
        "ssh",
        "user: desk",
        "user: desk\n      later: [3]\n      no_effect: [3]",
        14,
        "[0].request",
        "'no_effect' and in 'later'",
    ),
    ("kubernetes", "action: restart", "action: scale", 14, "[0].request", "write both"),
    ("kubernetes", "action: restart", "action: start-job", 14, "[0].request", "kind: cron-job"),
    ("kubernetes", "action: restart", "action: delete", 18, "[0].request.action", "not possible"),
    (
        "kubernetes",
        "action: restart",
        "action: scale\n      replicas: 2\n      kind: daemon-set",
        14,
        "[0].request",
        "no replicas",
    ),
    ("directory", "effect: idempotent", "effect: keyed", 13, "restart.effect", "cannot keep"),
    ("directory", "action: unlock", "action: reset", 13, "restart.effect", "write once"),
    (
        "directory",
        "action: unlock",
        "action: unlock\n      security: none",
        14,
        "[0].request",
        "as it is",
    ),
    ("directory", "dc=corp,dc=example\n", "${target}\n", 14, "[0].request", "never says where"),
    ("script", "effect: idempotent", "effect: keyed", 13, "restart.effect", "cannot keep"),
    ("script", "renew.sh", "../renew.sh", 15, "[0].request.script", "does not fit"),
    ("script", "a" * 64, "newest", 16, "[0].request.sha256", "does not fit"),
    (
        "script",
        "script: renew.sh",
        "script: renew.sh\n      environment: {LD_PRELOAD: x}",
        14,
        "[0].request",
        "no variable that a runbook may set",
    ),
]


@pytest.mark.parametrize(("executor", "old", "new", "line", "place", "sentence"), BREAKS)
def test_a_mistake_is_told_where_it_is(
    folder: CharterFolder,
    executor: str,
    old: str,
    new: str,
    line: int,
    place: str,
    sentence: str,
) -> None:
    folder.replace(RUNBOOK, PLAIN, GOOD[executor])
    folder.replace(RUNBOOK, old, new)
    problems = folder.problems()
    assert problems
    dot = "" if place.startswith("[") else "."
    beginning = f"{RUNBOOK}:{line}: runbooks.restart-vpn.steps{dot}{place}"
    fitting = [text for text in problems if text.startswith(beginning) and sentence in text]
    assert fitting, problems


@pytest.mark.parametrize("executor", ["ssh", "script"])
def test_a_command_that_is_handed_the_key_may_keep_it(folder: CharterFolder, executor: str) -> None:
    folder.replace(RUNBOOK, PLAIN, GOOD[executor].replace("effect: idempotent", "effect: keyed"))
    name = "target" if executor == "script" else "data.attributes.unit"
    folder.replace(RUNBOOK, f'"${{{name}}}"]', f'"${{{name}}}", "${{key}}"]')
    assert folder.problems() == []


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        ("Bearer ${secret.agent}", ""),
        ("Bearer ${secret.agent} ${target}", "no other parameter"),
        ("Bearer ${secret.Agent_1}", "no name of a secret"),
    ],
)
def test_a_secret_stands_alone_in_a_header(
    folder: CharterFolder, header: str, sentence: str
) -> None:
    request = f'{{method: POST, url: "https://${{target}}/x", headers: {{A: "{header}"}}}}'
    folder.replace(RUNBOOK, PLAIN, f"    effect: idempotent\n    request: {request}\n")
    problems = folder.problems()
    assert [sentence in text for text in problems] == ([True] if sentence else [])


def test_a_secret_has_no_place_in_an_address(folder: CharterFolder) -> None:
    folder.replace(RUNBOOK, "${target}/restart", "${target}/restart?key=${secret.agent}")
    [problem] = folder.problems()
    assert problem.startswith(f"{RUNBOOK}:13: runbooks.restart-vpn.steps.restart.request.url:")
    assert "header only" in problem


@pytest.mark.parametrize(("expect", "count"), [("", 1), ("\n    expect: response.status == 0", 0)])
def test_a_question_to_a_command_says_which_code_is_well(
    folder: CharterFolder, expect: str, count: int
) -> None:
    guard = SSH.replace("effect: idempotent", "id: asks")
    guard = guard.replace("user:", "reads: true\n      user:")
    guard = "guards:\n" + guard.replace("    executor", "  - executor", 1).rstrip() + expect + "\n"
    folder.replace(RUNBOOK, "steps:\n", f"{guard}steps:\n")
    assert sum("exit code" in text for text in folder.problems()) == count
    folder.replace(RUNBOOK, "      reads: true\n", "")
    assert any("reads: true" in text for text in folder.problems())
