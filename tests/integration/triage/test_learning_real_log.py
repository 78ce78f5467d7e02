"""What can be learned from the real log: what its first rows state, and how right that is."""

import csv
import gzip
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from time import perf_counter, thread_time

import pytest
from desk_contracts import AnyEvent, Event
from desk_contracts.envelope import Payload
from desk_contracts.events.tickets import (
    Channel,
    Kind,
    TicketAssigned,
    TicketClosed,
    TicketOpened,
    TicketResolved,
)
from desk_contracts.message import verbatim
from desk_triage.adapters.trainers.scikit_learn import ScikitLearn
from desk_triage.learning.evaluation import LearningTask, learn
from desk_triage.learning.examples import ExampleCollector, TrainingExample
from desk_triage.learning.interval import find_limits
from desk_triage.learning.model import LearnedModel, Scorer
from desk_triage.learning.store import write_text

LOG = Path(os.environ.get("DESK_DATA", "../shared/data")) / "uci_incident/incident_event_log.csv.gz"
PRECISION = 0.9
pytestmark = pytest.mark.timeout(360)


def rows() -> Iterator[dict[str, str]]:
    with gzip.open(LOG, "rt", encoding="utf-8") as stream:
        yield from csv.DictReader(stream)


def moment(text: str) -> datetime:
    return datetime.strptime(text, "%d/%m/%Y %H:%M").replace(tzinfo=UTC)


def life(number: str, emitted: list[dict[str, str]]) -> Iterator[AnyEvent]:
    """A ticket's events as far as learning reads them; what its first row says was stated."""
    first = {name: "" if text == "?" else text for name, text in emitted[0].items()}
    facts = {"symptom": first["u_symptom"], "number": number}
    facts |= {name: first[name] for name in ("category", "subcategory")}
    opened = TicketOpened(
        code=number,
        kind=Kind.INCIDENT,
        title=f"Ticket {number}",
        requester=first["caller_id"] or "unknown",
        channel=Channel.PHONE if first["contact_type"] == "Phone" else Channel.PORTAL,
        service=first["cmdb_ci"],
        site=first["location"],
        attributes={name: text for name, text in facts.items() if text},
    )
    texts: list[tuple[str, Payload]] = [(first["opened_at"], opened)]
    team = ""
    for row in emitted:
        if row["assignment_group"] not in ("?", team):
            team = row["assignment_group"]
            texts.append((row["sys_updated_at"], TicketAssigned(team=team)))
        if row["incident_state"] == "Resolved":
            done = TicketResolved(by="somebody", resolution=verbatim(""))
            texts.append((row["sys_updated_at"], done))
    texts.append((emitted[-1]["sys_updated_at"], TicketClosed(by="somebody")))
    for sequence, (at, data) in enumerate(texts, 1):
        yield Event(f"{number}-{sequence}", "/log", number, moment(at), data, sequence)


@pytest.fixture(scope="module")
def examples() -> list[TrainingExample]:
    if not LOG.is_file():
        pytest.skip(f"there is no {LOG}; DESK_DATA names the folder with the real logs")
    gathered = ExampleCollector(lambda _opened, _at: True)
    for number, emitted in groupby(rows(), key=itemgetter("number")):
        for event in life(number, list(emitted)):
            gathered.add(event)
    return gathered.all()


def test_a_real_log_teaches_more_than_its_busiest_team(examples: list[TrainingExample]) -> None:
    began = perf_counter()
    teams = {entry.team for entry in examples}
    result = learn(
        examples, LearningTask(lambda example: example.team, teams, PRECISION), ScikitLearn()
    )
    took = perf_counter() - began
    assert isinstance(result, Scorer), result
    evaluation = result.evaluation
    assert evaluation is not None
    model = LearnedModel(precision=PRECISION, team=result).sign()
    each = min(
        _cost_of_ranking(result, teams, examples[-end:][:100]) for end in range(100, 1_100, 100)
    )
    size = len(write_text(model).encode())
    # Shown with `-rP`.
    sys.stdout.write(
        f"{len(examples)} tickets, trained on {result.tickets} in {took:.1f} s, evaluated on"
        f" {evaluation.tickets}: right {evaluation.accuracy:.1%}, busiest team"
        f" {evaluation.baseline:.1%}; sure of {evaluation.coverage:.1%}, right in"
        f" {evaluation.precision:.1%} of those, expected"
        f" {evaluation.confidence:.1%}; {each * 1e6:.0f} µs each, {size / 1024:.0f} KiB\n"
    )
    assert evaluation.accuracy > evaluation.baseline + 0.09
    assert evaluation.top_three > 0.78
    low, _ = find_limits(evaluation.decided_right, evaluation.decided)
    assert evaluation.coverage > 0.1
    assert low > PRECISION - 0.05
    assert evaluation.calibration_error < 0.05
    assert size < 8 * 1024 * 1024
    assert each < 0.005


def _cost_of_ranking(scorer: Scorer, teams: set[str], examples: list[TrainingExample]) -> float:
    """CPU seconds for one ticket: waiting for a core of a busy machine does not count."""
    began = thread_time()
    for example in examples:
        scorer.rank(example.features, teams)
    return (thread_time() - began) / len(examples)
