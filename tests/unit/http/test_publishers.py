"""Tokens of outside systems: known by their digest, two at a time, never short."""

from hashlib import sha256

import pytest
from desk_charter import Charter, load_charter
from desk_charter.publishers import system_of_token
from desk_charter.sources import OutsideSystem
from desk_local.paths import ROOT

OLD, NEW, OTHER = "old" * 12, "new" * 12, "x" * 64


def digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()


@pytest.fixture(scope="module")
def charter() -> Charter:
    alert = ("desk.alert.fired.v1",)
    rotating = OutsideSystem(
        name="rotating",
        title="R",
        source="/r",
        types=alert,
        token_sha256=(digest(OLD), digest(NEW)),
    )
    short = OutsideSystem(
        name="short", title="S", source="/s", types=alert, token_sha256=(digest("short"),)
    )
    other = OutsideSystem(
        name="other", title="O", source="/o", types=alert, token_sha256=(digest(OTHER),)
    )
    sources = (rotating, short, other)
    return load_charter(ROOT / "charter").model_copy(update={"sources": sources})


@pytest.mark.parametrize(
    ("token", "name"),
    [
        (OLD, "rotating"),
        (NEW, "rotating"),
        (OTHER, "other"),
        (OTHER + " ", None),
        (digest(OTHER), None),
        ("short", None),
        ("", None),
        ("x" * 63, None),
        ("x" * 100_000, None),
        ("é" * 40, None),
    ],
)
def test_a_token_is_one_systems_or_nobodys(charter: Charter, token: str, name: str | None) -> None:
    system = system_of_token(charter, token)
    assert (system and system.name) == name
