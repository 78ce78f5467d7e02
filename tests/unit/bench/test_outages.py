"""What the judge of problems says of each report of an outage."""

from datetime import UTC, datetime, timedelta

from desk_bench.outages.apart import APART
from desk_bench.outages.judge import Judge
from desk_bench.outages.stream import Scenario, Stream
from desk_bench.outages.texts import Text

from tests.support.triage_desk import CHARTER

MONDAY = datetime(2026, 3, 2, 6, tzinfo=UTC)
THINGS = ["mouse", "chair", "coffee", "parking", "holiday", "contract", "canteen", "window"]
FAULTS = ["broken", "missing", "wrong", "slow", "late", "strange", "empty", "noisy"]


def test_each_report_of_an_outage_has_one_fate() -> None:
    texts = [Text(f"{thing} is {fault}", "", thing) for thing in THINGS for fault in FAULTS]
    warm, lasts, every = timedelta(hours=3), timedelta(hours=4), timedelta(hours=2)
    stream = Stream(Scenario(60, MONDAY, warm, lasts, every, APART), texts, 1)
    verdict = Judge(stream, CHARTER).judge(MONDAY + warm)
    assert verdict.outages == 2
    assert verdict.fates.total() == verdict.reported.total()
    assert verdict.fates["in its problem"] == verdict.right.total() > 0
    assert set(verdict.fates) > {"in its problem"}
