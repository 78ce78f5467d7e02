"""The version is what is written: key order, style and comments do not count."""

import random
from dataclasses import dataclass, field
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from desk_charter.documents import read_document
from desk_charter.load import load_charter
from desk_charter.model import Charter
from desk_charter.value_types import Duration, WorkingTime, write_duration, write_working_time
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[3] / "charter"
FILES = sorted(str(path.relative_to(ROOT)) for path in ROOT.rglob("*.yaml"))
_DURATION: TypeAdapter[timedelta] = TypeAdapter(Duration)
_WORKING: TypeAdapter[timedelta] = TypeAdapter(WorkingTime)


@dataclass(frozen=True)
class Shipped:
    """The charter, and what stands in its files; too long to be shown when a law is broken."""

    charter: Charter = field(repr=False)
    files: dict[str, object] = field(repr=False)


@pytest.fixture(scope="module")
def shipped() -> Shipped:
    # Moments as they are written: another form of the same moment is another text.
    files = {name: read_document(ROOT / name, name).data for name in FILES}
    return Shipped(load_charter(ROOT), files)


def shuffled(value: object, rng: random.Random) -> object:
    """The same content with the keys of every mapping in another order."""
    if isinstance(value, dict):
        items = [(key, shuffled(inner, rng)) for key, inner in value.items()]
        rng.shuffle(items)
        return dict(items)
    return [shuffled(inner, rng) for inner in value] if isinstance(value, list) else value


def written(value: object, rng: random.Random) -> str:
    """The content as YAML, in block or flow style, with comments here and there."""
    yaml = YAML(typ="safe", pure=True)
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # typed as None
    yaml.default_flow_style = rng.choice([True, False])
    stream = StringIO()
    yaml.dump(value, stream)
    text = "# words that decide nothing\n" + stream.getvalue()
    return text + "# the end\n" * rng.randrange(3)


@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32))
def test_key_order_style_and_comments_keep_the_version(
    seed: int, shipped: Shipped, tmp_path: Path
) -> None:
    rng = random.Random(seed)  # noqa: S311  # shuffles a test's input
    folder = tmp_path / str(seed)
    (folder / "runbooks").mkdir(parents=True, exist_ok=True)
    for name, value in shipped.files.items():
        (folder / name).write_text(written(shuffled(value, rng), rng), encoding="utf-8")
    again = load_charter(folder)
    assert again.version == shipped.charter.version
    assert again == shipped.charter


def test_the_organisation_survives_json() -> None:
    bare = load_charter(ROOT, ())
    assert Charter.model_validate_json(bare.model_dump_json()) == bare


@given(st.integers(0, 10**12))
def test_every_duration_reads_back_as_itself(milliseconds: int) -> None:
    duration = timedelta(milliseconds=milliseconds)
    assert _DURATION.validate_python(write_duration(duration)) == duration


@given(st.integers(1, 10**8))
def test_every_working_time_reads_back_as_itself(seconds: int) -> None:
    target = timedelta(seconds=seconds)
    assert _WORKING.validate_python(write_working_time(target)) == target
