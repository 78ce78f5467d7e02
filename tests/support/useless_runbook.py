"""A runbook that does not help, for what breakers do on real servers."""


def useless_runbook(within: str, consecutive: int) -> str:
    """Its file: verified within that time, with a breaker of its own after so many failures."""
    return f"""\
id: useless
title: A repair that does not help
why: To see what its breaker does, and that people hear of it.
owner_team: workplace
risk: reversible
mode: auto
expires: 2030-12-31
when: data.signal == "useless"
limits: {{per_target: {{cooldown: 1s, per_day: 99}}, per_runbook: {{per_hour: 5000}}}}
steps:
  - id: repair
    kind: act
    effect: keyed
    request: {{method: POST, url: "${{data.attributes.agent_url}}/v1/actions/useless/${{target}}"}}
    timeout: 5s
    retry: {{attempts: 3, base: 100ms, cap: 500ms}}
verify: {{measurement: disk.free.percent, at_least: 15, within: {within}}}
escalate: {{title: "It did not help on ${{target}}"}}
breaker: {{consecutive: {consecutive}, reopen_after: 1h}}
"""
