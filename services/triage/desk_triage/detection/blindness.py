"""Which detectors cannot judge, though they have been given samples enough: shown by health.

Counted in memory since the replica started, for a bounded number of subjects. What no sample has
come for is not here: whether a device reports at all is for whoever watches that it does. So what
another replica hears by now, or no detector of the charter looks at any more, is forgotten.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from desk_triage.detection.decide import Assessment
from desk_triage.detection.detector import Verdict

MOST_PAIRS = 5_000
# So many times the samples that it needs, without a single judgement.
TIMES_NEEDED = 2
FEWEST = 10
# Of a subject that sent nothing for so long nothing is known any more.
HEARD_WITHIN = timedelta(days=3)


class BlindSpots:
    """The detectors and subjects whose last samples could not be judged, by how many of them."""

    def __init__(self) -> None:
        self._unjudged: Counter[tuple[str, str]] = Counter()
        self._needed: dict[str, int] = {}
        self._heard_at: dict[tuple[str, str], datetime] = {}

    def note(self, subject: str, assessments: Iterable[Assessment], now: datetime) -> None:
        """Count a look that was no judgement; any judgement starts the count anew."""
        for assessment in assessments:
            finding, name = assessment.finding, assessment.detector.settings.id
            pair = name, subject
            if finding.verdict not in (Verdict.UNKNOWN, Verdict.FOREIGN):
                self._forget(pair)
            elif pair in self._unjudged or len(self._unjudged) < MOST_PAIRS:
                self._unjudged[pair] += 1
                self._heard_at[pair] = now
                self._needed[name] = max(FEWEST, TIMES_NEEDED * (finding.samples_needed or 0))

    def forget_others(self, detectors: Collection[str], now: datetime) -> None:
        """Keep only what these detectors were sent of late."""
        for pair, heard_at in tuple(self._heard_at.items()):
            if pair[0] not in detectors or now - heard_at > HEARD_WITHIN:
                self._forget(pair)

    def _forget(self, pair: tuple[str, str]) -> None:
        self._unjudged.pop(pair, None)
        self._heard_at.pop(pair, None)

    def count(self) -> dict[str, int]:
        """On how many subjects each detector cannot judge; without those that can."""
        blind = Counter[str]()
        for (name, _), samples in self._unjudged.items():
            blind[name] += samples >= self._needed[name]
        return {name: count for name, count in sorted(blind.items()) if count}
