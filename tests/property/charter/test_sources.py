"""Laws of what a source's prefix covers."""

from desk_charter.sources import is_covered
from hypothesis import given
from hypothesis import strategies as some

SEGMENT = some.text("abAB1-_~:@%é", min_size=1, max_size=4).filter(
    lambda text: text.lower() not in {".", "..", "%2e", "%2e%2e"}
)
PATH = some.lists(SEGMENT, min_size=1, max_size=4).map(lambda parts: "/" + "/".join(parts))


@given(PATH, some.lists(SEGMENT, max_size=3))
def test_what_lies_below_is_covered(prefix: str, more: list[str]) -> None:
    assert is_covered(prefix, "/".join([prefix, *more]))


@given(PATH, PATH)
def test_a_prefix_covers_exactly_the_paths_that_begin_with_all_its_segments(
    prefix: str, source: str
) -> None:
    parts = prefix.split("/")
    assert is_covered(prefix, source) is (source.split("/")[: len(parts)] == parts)


@given(PATH, SEGMENT)
def test_a_longer_last_segment_is_somebody_elses(prefix: str, more: str) -> None:
    assert not is_covered(prefix, prefix + more)


@given(PATH, some.lists(SEGMENT, max_size=2), some.sampled_from(["..", ".", "%2e.", "%2E%2e"]))
def test_no_way_up_is_covered(prefix: str, more: list[str], up: str) -> None:
    assert not is_covered(prefix, "/".join([prefix, *more, up, "desk"]))


@given(PATH, PATH, some.lists(SEGMENT, max_size=2))
def test_two_prefixes_cover_one_source_only_if_one_covers_the_other(
    first: str, other: str, more: list[str]
) -> None:
    source = "/".join([first, *more])
    if is_covered(other, source):
        assert is_covered(first, other) or is_covered(other, first)
