"""The charter of a storm: the shipped one, with clocks and repairs quick enough to be hit."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from desk_local.paths import ROOT

from desk_storm.books import Charter, Step, Verify

_ANSWER, _SOLVED = ("20s", "40s"), ("21s", "41s")
_SLAS = """slas:
  - {{name: answer, title: An answer soon, clock: response, default: true, target: {answer},
     calendar: always-open, warn_at: [50]}}
  - {{name: solved, title: Solved soon, clock: resolution, default: true, target: {solved},
     calendar: always-open, pause_on: [employee], warn_at: [50]}}
"""
_WITHIN = timedelta(seconds=15)


# A restart of one's own device by an agent that takes HTTP calls and knows their keys.
_RESTART = """id: restart-own-device
title: Restart a person's own device
why: People ask for it in the catalogue.
owner_team: workplace
risk: disruptive
mode: auto
expires: 2027-12-31
event: desk.ticket.fulfilment-requested.v1
when: data.device != ""
target: data.device
settle: 0s
limits:
  per_target: {{cooldown: 0s, per_day: 20}}
  overflow: queue
steps:
  - id: restart
    kind: act
    effect: keyed
    request:
      method: POST
      url: http://127.0.0.1:{port}/v1/actions/restart
      headers: {{Idempotency-Key: "${{key}}"}}
      body: {{device: "${{target}}"}}
    timeout: 5s
    retry: {{attempts: 4, base: 500ms, cap: 5s}}
verify: {{measurement: device.uptime.minutes, at_most: 30, within: 30s}}
escalate: {{title: "${{target}} was not restarted"}}
tell: {{after: Your device was restarted., on_failure: We restart your device by hand.}}
"""


def write_own_devices(folder: Path, port: int) -> None:
    """Whoever orders it gets a restart by the target on that port."""
    (folder / "runbooks" / "restart-own-device.yaml").write_text(_RESTART.format(port=port))


def write(folder: Path) -> Charter:
    """Make it there; the part of it that laws ask for."""
    shutil.copytree(ROOT / "charter", folder, dirs_exist_ok=True)
    _sla(folder, 0)
    book = folder / "runbooks" / "clean-disk.yaml"
    text = book.read_text()
    for old, new in (
        ("within: 30s", "within: 15s"),
        ("per_hour: 200", "per_hour: 5000"),
        ("cooldown: 10m, per_day: 4", "cooldown: 30s, per_day: 1000"),
        ("consecutive: 5", "consecutive: 5000"),
        ("fleet_guard: {more_than: 200, within: 15m}\n", ""),
    ):
        if old not in text:
            raise ValueError(f"{book} no longer says {old!r}; the storm's charter rests on it")
        text = text.replace(old, new)
    condition = 'data.signal == "disk-filling" && '
    keyed = f'{condition}!("only" in data.attributes) && '
    once = f'{condition}"only" in data.attributes && '
    book.write_text(text.replace(condition, keyed))
    other = text.replace("id: clean-disk", "id: wipe-disk").replace("effect: keyed", "effect: once")
    other = other.replace("    retry: {attempts: 4, base: 500ms, cap: 5s}\n", "")
    other = other.replace(condition, once).replace(
        "attributes: {agent_url", 'attributes: {only: "1", agent_url'
    )
    (book.parent / "wipe-disk.yaml").write_text(other)
    return _build(0)


def change(folder: Path, number: int) -> Charter:
    """Another version while all runs: other targets of the SLAs."""
    _sla(folder, number)
    return _build(number)


def _sla(folder: Path, number: int) -> None:
    answer, solved = _ANSWER[number % 2], _SOLVED[number % 2]
    text = _SLAS.format(answer=answer, solved=solved)
    new = folder / "slas.new"
    new.write_text(text)
    new.replace(folder / "slas.yaml")


def _build(number: int) -> Charter:
    path = "/v1/actions/clean-disk"
    steps = (
        Step("clean-disk", "clean", path, "keyed", 4),
        Step("wipe-disk", "clean", path, "once", 1),
        Step("restart-own-device", "restart", "/v1/actions/restart", "keyed", 4),
    )
    verifies = tuple(Verify(name, "disk.free.percent", _WITHIN) for name in _NAMES)
    return Charter(datetime.now(UTC), str(number), steps, verifies, is_always_open=True)


_NAMES = ("clean-disk", "wipe-disk")
