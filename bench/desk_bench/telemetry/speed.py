"""How many points a second detection decides for many series in one process, and what each takes.

Every series reports every five seconds; the default detector learns one point a minute of each, so
one point in twelve makes a new state. Decoding, the store and the bus are not in it.
"""

import resource
import time
from datetime import UTC, datetime
from random import Random
from typing import NamedTuple

from desk_charter import Charter
from desk_contracts import Event
from desk_contracts.events.telemetry import Measured
from desk_contracts.value_types import SubjectKind
from desk_triage.changes.snapshot import EMPTY
from desk_triage.detection.decide import assess, measure
from desk_triage.detection.model import Subject

from desk_bench.telemetry.judging import FAR, default_detectors

LEARNED = 24 * 14
ROUNDS = 6
STEP_S, GRAIN_S = 5, 60
START_S = 1_700_000_000 // 3_600 * 3_600


class Speed(NamedTuple):
    """Points a second of CPU time, bytes of memory and of the document for each series."""

    series: int
    points: int
    points_per_s: float
    memory_bytes: float
    document_bytes: int


def measure_speed(series: int, charter: Charter) -> Speed:
    """Two weeks are learned once and copied; then every series is fed in turn."""
    chance = Random(1)  # noqa: S311 the same points each time
    detectors = default_detectors(["value"])["value"]

    def make(at_s: float) -> Event[Measured]:
        data = Measured(
            subject_kind=SubjectKind.DEVICE,
            name=detectors[0].settings.measurement,
            value=chance.gauss(10, 1),
        )
        at = datetime.fromtimestamp(at_s, UTC)
        return Event(id=f"{at_s}", source="/bench", subject="device", time=at, data=data)

    learned: Subject | None = None
    for hour in range(-LEARNED, 0):
        event = make(START_S + 3_600 * hour)
        assessments = assess(learned, event, detectors, FAR)
        decision = measure(learned, event, assessments, charter, EMPTY, event.time)
        learned = learned if decision is None else decision.state
    document = (learned or Subject()).model_dump_json()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Each is read anew, as from a store: nothing is shared between two series.
    subjects = [Subject.model_validate_json(document) for _ in range(series)]
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1_024 / series
    spent_s = 0.0
    for sweep in range(ROUNDS):
        # A series learns when its minute comes: a twelfth of all in each round.
        events = [make(START_S + 3_600 * 2 + STEP_S * sweep + n % GRAIN_S) for n in range(series)]
        began = time.process_time()
        for number, event in enumerate(events):
            subject = subjects[number]
            assessments = assess(subject, event, detectors, FAR)
            decision = measure(subject, event, assessments, charter, EMPTY, event.time)
            if decision is not None:
                subjects[number] = decision.state
        # The first round has all of them learn at once.
        spent_s += time.process_time() - began if sweep else 0.0
    points = series * (ROUNDS - 1)
    return Speed(series, points, points / spent_s, memory, len(document))
