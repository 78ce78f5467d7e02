"""Labelled series of two forms: as the Numenta Anomaly Benchmark has them, and a plain one.

Numenta's: `data/<group>/<name>.csv` with `timestamp,value`, and `labels/combined_windows.json`.
Each file is a device of its own with one metric.

Plain: any number of `*.csv` with the columns `at,device,metric,value` (times in ISO 8601), and
`labels.csv` with `device,metric,start,end`; an empty metric means an event of the whole device.
"""

import csv
import json
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path

from desk_contracts.errors import Invalid

WINDOWS = "combined_windows.json"
LABELS = "labels.csv"
COLUMNS = {"at", "device", "metric", "value"}
LABEL_COLUMNS = {"device", "metric", "start", "end"}


@dataclass(frozen=True)
class Event:
    """Something that was truly wrong with a device; `metric` is empty if all of it was."""

    start_s: float
    end_s: float
    metric: str = ""


@dataclass
class Device:
    """What one device reported, by metric, in order of time, and what was wrong with it."""

    name: str
    series: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)


@dataclass(frozen=True)
class Corpus:
    """Devices with labels; `is_nab` if they are in Numenta's form."""

    devices: list[Device]
    is_nab: bool
    unreadable: int
    """Rows whose value is no finite number; they are left out."""


def read_corpus(path: Path) -> Corpus:
    """The labelled series below a folder, in whichever form they are."""
    windows = next(iter(sorted(path.rglob(WINDOWS))), None)
    labels = next(iter(sorted(path.rglob(LABELS))), None)
    if windows is not None:
        return _read_nab(path, windows)
    if labels is not None:
        return _read_plain(path, labels)
    raise Invalid(
        f"Neither {WINDOWS} nor {LABELS} lies below '{path}': without labels nothing can be judged."
        f" {LABELS} has the columns device,metric,start,end"
    )


def _read_nab(path: Path, windows: Path) -> Corpus:
    devices, unreadable = [], 0
    labelled = json.loads(windows.read_text())
    # The copies of a repository may hold results beside the data: only `data` is read.
    for name in sorted(labelled):
        file = next((f for f in (path / "data" / name, path / name) if f.is_file()), None)
        if file is None:
            raise Invalid(f"'{windows}' labels '{name}', which is neither in data/ nor beside it")
        samples, lost = _read_samples(file, "timestamp")
        unreadable += lost
        events = [Event(_instant(start), _instant(end)) for start, end in labelled[name]]
        devices.append(Device(name, {"value": [(at, v) for _, _, at, v in samples]}, events))
    return Corpus(devices, is_nab=True, unreadable=unreadable)


def _read_plain(path: Path, labels: Path) -> Corpus:
    devices: dict[str, Device] = {}
    rows: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    unreadable = 0
    for file in sorted(path.rglob("*.csv")):
        if file == labels:
            continue
        samples, lost = _read_samples(file, "at")
        unreadable += lost
        for device, metric, at_s, value in samples:
            rows[device, metric].append((at_s, value))
    for (name, metric), taken in sorted(rows.items()):
        devices.setdefault(name, Device(name)).series[metric] = sorted(taken)
    with labels.open(newline="") as stream:
        reader = csv.DictReader(stream)
        _need_columns(labels, reader, LABEL_COLUMNS)
        for row in reader:
            if (owner := devices.get(row["device"])) is None:
                raise Invalid(f"{labels}: no series is of the device '{row['device']}'")
            event = Event(_instant(row["start"]), _instant(row["end"]), row["metric"])
            owner.events.append(event)
    return Corpus(list(devices.values()), is_nab=False, unreadable=unreadable)


def _read_samples(file: Path, time: str) -> tuple[list[tuple[str, str, float, float]], int]:
    samples, unreadable = [], 0
    with file.open(newline="") as stream:
        reader = csv.DictReader(stream)
        _need_columns(file, reader, COLUMNS if time == "at" else {time, "value"})
        for number, row in enumerate(reader, 2):
            try:
                value = float(row["value"])
                at_s = _instant(row[time])
            except (TypeError, ValueError) as error:
                raise Invalid(f"{file}:{number}: {error}") from error
            if isfinite(value):
                samples.append((row.get("device", ""), row.get("metric", ""), at_s, value))
            else:
                unreadable += 1
    return samples, unreadable


def _need_columns(file: Path, reader: "csv.DictReader[str]", columns: set[str]) -> None:
    missing = columns - set(reader.fieldnames or ())
    if missing:
        raise Invalid(f"{file}: the columns {', '.join(sorted(missing))} are missing")


def _instant(text: str) -> float:
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
