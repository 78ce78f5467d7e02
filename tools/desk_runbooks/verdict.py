"""Whether what happened is what a scenario expects, and if not, what differs."""

from collections import Counter
from collections.abc import Iterator

from desk_runbooks.simulation import Record, Script, reason_code, short_type


def find_differences(script: Script, record: Record) -> Iterator[str]:
    """One sentence for each expectation that does not hold. A twin heals nothing for good."""
    emitted = [event for event in record.emitted if not event.type.startswith("desk.run.step")]
    of_runs = [short_type(event) for event in emitted if event.type.startswith("desk.run.")]
    yield from _compare_events(script, of_runs, Counter(map(short_type, emitted)))
    yield from _compare_effects(script, record.effects)
    expect = script.expect
    codes = [reason_code(event) for event in emitted]
    if expect.reason and not any(expect.reason in code.split() for code in codes):
        yield f"expected the reason {expect.reason}, and the reasons were {_list(codes)}"
    outcomes = [str(event.data.outcome) for event in emitted if hasattr(event.data, "outcome")]
    if expect.outcome and expect.outcome not in outcomes:
        yield f"expected the outcome {expect.outcome}, and the outcomes were {_list(outcomes)}"


def _compare_events(script: Script, names: list[str], counts: Counter[str]) -> Iterator[str]:
    expect = script.expect
    if expect.events is not None and names != list(expect.events):
        yield f"expected {_list(expect.events)}, and {_list(names)} came"
    for name, number in expect.counts.items():
        if counts[name] != number:
            yield f"expected {number} times {name}, and it came {counts[name]} times"
    lasting = counts["healed"] - counts["relapsed"]
    if script.danger and lasting > 0:
        yield f"{lasting} healed, although it is {script.danger}"


def _compare_effects(script: Script, effects: int) -> Iterator[str]:
    expect, allowed = script.expect, script.expect.acts_at_most
    if script.danger and expect.acts is None and allowed is None:
        allowed = 0
    if expect.acts is not None and effects != expect.acts:
        yield f"expected {expect.acts} effects on targets, and there were {effects}"
    if allowed is not None and effects > allowed:
        yield f"expected at most {allowed} effects on targets, and there were {effects}"


def _list(words: "list[str] | tuple[str, ...]") -> str:
    return ", ".join(word for word in words if word) or "nothing"
