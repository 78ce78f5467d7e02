"""`python -m desk_bench.telemetry [FOLDER]`: judges early warning; without a folder, disks."""

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from desk_charter import Charter, load_charter
from desk_contracts.errors import Invalid

from desk_bench.telemetry.disks import DAYS, KINDS, make_disks
from desk_bench.telemetry.judging import (
    DiskVerdict,
    Verdicts,
    default_detectors,
    forecast_detectors,
    judge,
    run_device,
)
from desk_bench.telemetry.reading import Corpus, read_corpus
from desk_bench.telemetry.speed import measure_speed

CHARTER = Path(__file__).parents[3] / "charter"
SEED, COUNT = 2, 25


def main() -> None:
    """Print the tables; exit code 2 if the folder cannot be read."""
    parser = argparse.ArgumentParser(prog="make eval-telemetry", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", help="labelled series")
    parser.add_argument("--seed", type=int, default=SEED, help="of the made disks")
    parser.add_argument("--disks", type=int, default=COUNT, help="of each kind; 0 for none")
    parser.add_argument("--speed", type=int, default=0, metavar="SERIES", help="measure the pace")
    given = parser.parse_args()
    charter = load_charter(CHARTER)
    try:
        if given.folder is not None:
            for line in describe_corpus(read_corpus(given.folder), charter):
                print(line, flush=True)
    except Invalid as error:
        sys.exit(f"eval-telemetry: {error}")
    if given.disks:
        for line in describe_disks(charter, given.disks, given.seed):
            print(line, flush=True)
    if given.speed:
        speed = measure_speed(given.speed, charter)
        print(
            f"{speed.points:,} points of {speed.series:,} series:"
            f" {speed.points_per_s:,.0f} a second of CPU time; a series takes"
            f" {speed.memory_bytes:,.0f} bytes of memory, {speed.document_bytes:,} as a document"
        )


def describe_corpus(corpus: Corpus, charter: Charter) -> Iterator[str]:
    """The measures of the whole corpus, and of its two halves by name."""
    began, samples = time.process_time(), 0
    alarms = {}
    for device in corpus.devices:
        detectors = default_detectors(device.series)
        alarms[device.name] = run_device(dict(device.series), detectors, charter)
        samples += sum(map(len, device.series.values()))
    took = time.process_time() - began
    form = "Numenta's form" if corpus.is_nab else "the plain form"
    yield f"Labelled series in {form}, the default configuration of `unusual` for every metric"
    if corpus.unreadable:
        yield f"{corpus.unreadable} rows were no finite number and are left out"
    devices = sorted(corpus.devices, key=lambda device: device.name)
    parts = (("all", devices), ("1st of two", devices[0::2]), ("2nd of two", devices[1::2]))
    yield HEADER
    for name, part in parts:
        if part:
            yield describe(name, judge(corpus, part, alarms))
    if corpus.is_nab:
        yield (
            "The first rows of each series are not judged (its probation). In Numenta's own corpus"
            " the thresholds were fitted on the 1st of two; the 2nd says what they are worth"
        )
    yield f"{samples:,} samples in {took:.1f} s: {samples / took:,.0f} a second of CPU time"
    yield ""


HEADER = (
    f"{'part':<11}{'devices':>8}{'events':>7}{'recall':>7}{'delay':>8}{'lead':>8}"
    f"{'false':>6}{'/series-week':>13}{'/device-week':>13}{'NAB std':>8}{'low FP':>7}"
)


def describe(name: str, verdicts: Verdicts) -> str:
    """One row of the table; a dash is a measure that there is not."""
    return (
        f"{name:<11}{verdicts.devices:>8}{verdicts.events:>7}{_number(verdicts.recall, 2):>7}"
        f"{_hours(verdicts.median_delay_s):>8}{_hours(verdicts.median_lead_s):>8}"
        f"{verdicts.false_alarms:>6}{_rate(verdicts.false_alarms, verdicts.series_weeks):>13}"
        f"{_rate(verdicts.false_alarms, verdicts.device_weeks):>13}"
        f"{_number(verdicts.nab.get('standard'), 1):>8}{_number(verdicts.nab.get('low FP'), 1):>7}"
    )


def describe_disks(charter: Charter, count: int, seed: int) -> Iterator[str]:
    """What the forecasts of the charter make of made disks."""
    yield f"Made disks, {count} of each kind, {DAYS} days, seed {seed}; the forecast of the charter"
    heads = f"{'kind':<8}{'disks':>6}{'filled':>7}{'said before':>12}{'lead':>8}{'false':>6}"
    yield heads + f"{'/device-week':>13}"
    for kind in KINDS:
        verdict = forecast_disks(kind, count, seed, charter)
        lead = "-" if verdict.median_lead_h is None else f"{verdict.median_lead_h:.1f} h"
        yield (
            f"{kind:<8}{verdict.disks:>6}{verdict.filled:>7}{verdict.caught:>12}{lead:>8}"
            f"{verdict.false_alarms:>6}{_rate(verdict.false_alarms, verdict.device_weeks):>13}"
        )


def forecast_disks(kind: str, count: int, seed: int, charter: Charter) -> DiskVerdict:
    """Run the forecasts over disks of one kind; what is raised before a leak begins is false."""
    detectors = {"free": forecast_detectors(charter)}
    caught = filled = false_alarms = 0
    weeks, leads = 0.0, list[float]()
    for disk in make_disks(kind, count, seed):
        until_s = disk.samples[-1][0] if disk.full_s is None else disk.full_s
        samples = [sample for sample in disk.samples if sample[0] <= until_s]
        raised = run_device({"free": samples}, detectors, charter)
        leak_s = until_s + 1 if disk.leak_s is None else disk.leak_s
        weeks += min(leak_s, until_s) / 604_800
        false_alarms += sum(entry.at_s < leak_s for entry in raised)
        if disk.full_s is not None:
            filled += 1
            before = [entry.at_s for entry in raised if leak_s <= entry.at_s < disk.full_s]
            caught += bool(before)
            leads += [(disk.full_s - before[0]) / 3_600] if before else []
    lead = median(leads) if leads else None
    return DiskVerdict(kind, count, caught, filled, false_alarms, weeks, lead)


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _hours(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds / 3_600:.1f} h"


def _rate(count: int, weeks: float) -> str:
    return f"{count / weeks:.2f}" if weeks else "-"


if __name__ == "__main__":
    main()
