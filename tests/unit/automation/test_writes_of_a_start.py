"""How many documents a start writes, from its match to the intent of its first act."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from desk_automation.actions.model import Attempt
from desk_platform.store import Stored

from tests.support.automation_engine import Engine, raised, runbook

Write = Callable[[Sequence[Stored[object]]], object]


def count_writes(engine: Engine) -> Counter[str]:
    """From now on, by collection: what a clock or a bus does beside it is none."""
    counts: Counter[str] = Counter()
    for name in ("runs", "targets", "statistics", "rollouts", "subjects", "histories"):
        documents = getattr(engine, name)
        plain = documents.write

        async def write(
            changed: Sequence[Stored[object]], name: str = name, plain: Write = plain
        ) -> object:
            counts[name] += len(changed)
            return await plain(changed)  # type: ignore[misc]  # the store's own

        documents.write = write
    return counts


@pytest.mark.parametrize(
    ("changes", "admission"),
    [
        pytest.param({}, {"targets": 1, "statistics": 1, "subjects": 1}, id="plain"),
        pytest.param({"verify": None}, {"targets": 1, "statistics": 1}, id="not measured"),
        pytest.param(
            {"rollout": {"first": 1}},
            {"targets": 1, "statistics": 1, "subjects": 1, "rollouts": 1},
            id="in rings",
        ),
    ],
)
async def test_a_start_writes_each_document_of_its_admission_once(
    changes: dict[str, object], admission: dict[str, int]
) -> None:
    engine = Engine((runbook(**changes),))
    counts = count_writes(engine)
    at_act: list[Counter[str]] = []

    def note(attempt: Attempt) -> None:
        if attempt.kind == "act":
            at_act.append(counts.copy())

    engine.target.before_call = note
    await engine.hear(raised())
    await engine.settle(timedelta(seconds=1))
    [before_act] = at_act
    assert before_act.pop("histories", 0) <= 1  # of the trouble, not of the run
    # The match; that it is let in, with the intent of its act.
    assert +before_act == {"runs": 2, **admission}
