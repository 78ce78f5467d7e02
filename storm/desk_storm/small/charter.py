"""The charter of a small storm: short promises around the clock, one repair of two kinds."""

import shutil
from datetime import datetime, timedelta
from pathlib import Path

from desk_shared.local.places import ROOT

from desk_storm.books import Charter, Step, Verify

KEYED, ONCE = "clean-disk", "wipe-disk"
PATH = "/v1/actions/clean-disk"
_WITHIN, _TRIES = timedelta(seconds=15), 4
_PROMISES = """promises:
  - name: answered
    title: An answer soon
    clock: response
    default: true
    target: {answer}
    calendar: always-open
    warn_at: [50]
  - name: solved
    title: Solved soon
    clock: resolution
    default: true
    target: 2m
    calendar: always-open
    pause_on: [employee]
"""
_RETRY = "    retry: {attempts: 4, base: 500ms, cap: 5s}\n"
_WHEN = 'data.signal == "disk-filling" &&'


def write_charter(folder: Path) -> None:
    """The project's own charter with other promises; what must not be repeated is one runbook."""
    shutil.copytree(ROOT / "charter", folder)
    (folder / "promises.yaml").write_text(_PROMISES.format(answer="12s"))
    keyed = folder / "runbooks" / f"{KEYED}.yaml"
    text = keyed.read_text()
    for old, new in (("within: 30s", "within: 15s"), ("consecutive: 5", "consecutive: 500")):
        text = _with(text, old, new)
    keyed.write_text(_with(text, _WHEN, f'{_WHEN} !("only" in data.attributes) &&'))
    once = _with(_with(text, f"id: {KEYED}", f"id: {ONCE}"), "effect: keyed", "effect: once")
    once = _with(_with(once, _RETRY, ""), _WHEN, f'{_WHEN} "only" in data.attributes &&')
    once = once.replace("attributes: {agent_url", 'attributes: {only: "1", agent_url')
    (folder / "runbooks" / f"{ONCE}.yaml").write_text(once)


def charter_book(began: datetime) -> Charter:
    """The same, as the laws want it."""
    return Charter(
        began,
        "1",
        (Step(KEYED, "clean", PATH, "keyed", _TRIES), Step(ONCE, "clean", PATH, "once", 1)),
        tuple(Verify(one, "disk.free.percent", _WITHIN) for one in (KEYED, ONCE)),
        is_always_open=True,
    )


def _with(text: str, old: str, new: str) -> str:
    if old not in text:
        raise SystemExit(f"The project's runbook no longer says '{old}'; mend {__name__}.")
    return text.replace(old, new)
