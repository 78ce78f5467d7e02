"""The model's file: written whole, read back the same, refused with what to do about it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from desk_contracts.text import NORMALISER
from desk_platform.clock import FakeClock
from desk_triage.learning.model import LearnedModel
from desk_triage.learning.store import MAX_BYTES, InvalidModel, read_model, write_model
from desk_triage.learning.worker import ModelSource

from tests.support.triage_desk import MONDAY
from tests.support.triage_model import MODEL, model


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "triage-model.json"


def test_what_was_written_is_read(path: Path) -> None:
    size = write_model(path, MODEL)
    assert path.stat().st_size == size
    assert read_model(path) == MODEL
    assert list(path.parent.iterdir()) == [path]


def test_each_word_has_a_line_so_that_changes_can_be_read(path: Path) -> None:
    write_model(path, MODEL)
    assert '   "antenna": [41,[[1,38],[2,3]]],' in path.read_text().splitlines()


def test_without_a_file_there_is_no_model(path: Path) -> None:
    assert read_model(path) is None
    assert ModelSource(path, FakeClock(MONDAY)).current is None


def changed(**more: object) -> Callable[[str], str]:
    return lambda text: json.dumps(json.loads(text) | more)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda text: text[: len(text) // 2], "no JSON, or cut off"),
        (lambda _: "", "no JSON, or cut off"),
        (lambda _: "\udcff", "no JSON, or cut off"),
        (lambda _: "[]", "is damaged at the whole"),
        (lambda _: "{}", "is damaged at precision"),
        (changed(team={}), "is damaged at team"),
        (changed(normaliser=0), "words were compared in another way (form 0;"),
        (
            lambda text: text.replace(f'"normaliser": {NORMALISER},\n', ""),
            "in another way (form 0;",
        ),
        (changed(format=3), "written by a newer desk (format 3; this one reads 2)"),
        (changed(format=1), "written by an older desk (format 1; this one reads 2)"),
        (lambda text: text.replace("[1,38]", "[1,39]"), "was changed after it was written"),
        (
            lambda text: text.replace("[41,[[1,", "[41,[[7,"),
            "tells of a name that is not there",
        ),
        (lambda text: text + " " * MAX_BYTES, "more than"),
    ],
)
def test_a_bad_file_is_refused_with_the_way_out(
    path: Path, spoil: Callable[[str], str], says: str
) -> None:
    write_model(path, MODEL)
    path.write_bytes(spoil(path.read_text()).encode(errors="surrogateescape"))
    with pytest.raises(InvalidModel, match="desk triage learn") as refused:
        read_model(path)
    assert says in refused.value.message
    assert str(path) in refused.value.message
    with pytest.raises(InvalidModel):
        ModelSource(path, FakeClock(MONDAY))


def test_a_folder_in_its_place_is_refused(path: Path) -> None:
    path.mkdir()
    with pytest.raises(InvalidModel, match="cannot be read"):
        read_model(path)


def test_a_model_too_large_to_read_is_not_written(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desk_triage.learning.store.MAX_BYTES", 100)
    with pytest.raises(InvalidModel, match="100 is the most"):
        write_model(path, MODEL)
    assert not list(path.parent.iterdir())


async def test_a_new_model_comes_into_force_and_a_bad_one_does_not(path: Path) -> None:
    source = ModelSource(path, FakeClock(MONDAY))
    write_model(path, MODEL)
    assert await source.refresh()
    assert version(source) == MODEL.version
    spoilt(path)
    assert not await source.refresh()
    assert version(source) == MODEL.version
    other = model(threshold=0.95)
    write_model(path, other)
    assert await source.refresh()
    assert version(source) == other.version
    assert not await source.refresh()
    removed(path)
    assert await source.refresh()
    assert source.current is None


def spoilt(path: Path) -> None:
    path.write_text("{")


def removed(path: Path) -> None:
    path.unlink()


def version(source: ModelSource) -> str:
    current: LearnedModel | None = source.current
    return current.version if current else ""
