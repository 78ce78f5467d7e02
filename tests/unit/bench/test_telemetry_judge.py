"""The judge of early warning: Numenta's formula by hand, and both forms of labelled series."""

import json
from math import exp
from pathlib import Path

import pytest
from desk_bench.telemetry.disks import FULL, KINDS, make_disks
from desk_bench.telemetry.nab import Window, count_probation, normalise, score_series, weigh
from desk_bench.telemetry.reading import Event, read_corpus
from desk_contracts.errors import Invalid

FULL_WEIGHT = 2 / (1 + exp(-5)) - 1


def test_the_weight_falls_from_the_beginning_of_a_window_to_its_end_and_beyond() -> None:
    assert weigh(-1) == pytest.approx(0.98661, abs=1e-5)
    assert weigh(-0.5) == pytest.approx(0.84828, abs=1e-5)
    assert weigh(0) == 0
    assert weigh(1) == pytest.approx(-0.98661, abs=1e-5)
    assert weigh(3.1) == -1


def test_silence_is_zero_and_an_alarm_on_the_first_row_of_each_window_is_a_hundred() -> None:
    windows = [Window(200, 299), Window(500, 599)]
    assert normalise([score_series(1_000, windows, [], 0.11)]) == pytest.approx(0)
    perfect = score_series(1_000, windows, [200, 500], 0.11)
    assert normalise([perfect]) == pytest.approx(100)
    assert (perfect.detected, perfect.events, perfect.false_alarms) == (2, 2, 0)


def test_only_the_earliest_alarm_of_a_window_counts_and_false_ones_cost_by_distance() -> None:
    windows = [Window(200, 299)]
    middle = score_series(1_000, windows, [250, 280], 0.11)
    assert middle.raw == pytest.approx(weigh(-0.5) / FULL_WEIGHT)
    before = score_series(1_000, windows, [190, 200], 0.11)
    assert before.raw == pytest.approx(1 - 0.11)
    just_after = score_series(1_000, windows, [200, 300], 0.11)
    assert just_after.raw == pytest.approx(1 + 0.11 * weigh(1 / 99))
    assert just_after.false_alarms == 1


def test_alarms_of_the_probation_do_not_count() -> None:
    assert (count_probation(1_000), count_probation(10_000)) == (150, 750)
    assert score_series(1_000, [], [10, 149], 0.11).false_alarms == 0
    assert normalise([score_series(1_000, [], [10], 0.11)]) is None


def test_series_in_numentas_form_are_read(tmp_path: Path) -> None:
    (tmp_path / "labels").mkdir()
    (tmp_path / "data" / "real").mkdir(parents=True)
    rows = "timestamp,value\n2014-04-01 00:00:00,1.5\n2014-04-01 00:05:00,nan\n"
    (tmp_path / "data" / "real" / "cpu.csv").write_text(rows)
    window = ["2014-04-01 00:00:00.000000", "2014-04-01 00:00:00.000000"]
    labels = json.dumps({"real/cpu.csv": [window]})
    (tmp_path / "labels" / "combined_windows.json").write_text(labels)
    corpus = read_corpus(tmp_path)
    (device,) = corpus.devices
    assert corpus.is_nab
    assert device.series == {"value": [(1396310400.0, 1.5)]}
    assert device.events == [Event(1396310400.0, 1396310400.0)]
    assert corpus.unreadable == 1


def test_series_in_the_plain_form_are_read(tmp_path: Path) -> None:
    rows = "at,device,metric,value\n2026-01-01T00:05:00Z,d,cpu,2\n2026-01-01T00:00:00Z,d,cpu,1\n"
    (tmp_path / "a.csv").write_text(rows)
    labels = "device,metric,start,end\nd,cpu,2026-01-01T00:00:00Z,2026-01-01T01:00:00Z\n"
    (tmp_path / "labels.csv").write_text(labels)
    (device,) = read_corpus(tmp_path).devices
    assert [value for _, value in device.series["cpu"]] == [1, 2]
    assert device.events[0].metric == "cpu"


@pytest.mark.parametrize(
    ("name", "rows", "reason"),
    [
        ("a.txt", "", "without labels nothing can be judged"),
        ("labels.csv", "device,start,end\n", "the columns metric are missing"),
        ("labels.csv", "device,metric,start,end\nx,,2026-01-01,2026-01-02\n", "device 'x'"),
    ],
)
def test_what_cannot_be_judged_says_what_is_missing(
    tmp_path: Path, name: str, rows: str, reason: str
) -> None:
    (tmp_path / name).write_text(rows)
    with pytest.raises(Invalid, match=reason):
        read_corpus(tmp_path)


@pytest.mark.parametrize("kind", KINDS)
def test_made_disks_are_the_same_for_a_seed_and_fill_only_by_a_leak(kind: str) -> None:
    (disk,) = make_disks(kind, 1, 3)
    assert disk == next(iter(make_disks(kind, 1, 3)))
    assert disk != next(iter(make_disks(kind, 1, 4)))
    if disk.full_s is not None:
        assert kind in {"steady", "fast"}
        assert dict(disk.samples)[disk.full_s] < FULL
