"""The measure of similar tickets, on results that can be counted by hand."""

import pytest
from desk_contracts.errors import Invalid
from desk_triage.similar.evaluation import measure, read_pairs

ROWS = [{"id": name, "title": name, "description": ""} for name in ("a", "b", "c")]


def test_a_query_counts_if_any_of_its_matches_is_among_the_first() -> None:
    results = {"q1": ["x", "m1"], "q2": ["m2"], "q3": [*"vwxyz", "m3"], "q4": []}
    matches = {query: frozenset({f"m{query[1]}", "other"}) for query in results}
    measured = measure(results, matches, [0.4, 0.1, 0.3, 0.2])
    assert measured.recall == {1: 0.25, 5: 0.5, 10: 0.75}
    assert measured.reciprocal_rank == pytest.approx((1 / 2 + 1 + 1 / 6) / 4)
    assert (measured.p50, measured.p95) == (0.2, 0.4)


def test_a_sample_is_spread_over_all_queries() -> None:
    rows = [{"id": str(n), "title": "", "description": ""} for n in range(100, 200)]
    links = [{"query": str(n), "match": str(n + 1)} for n in range(100, 199)]
    sample = read_pairs(rows, links).sample(10)
    assert len(sample) <= 10
    assert (sample[0], sample[-1] > "180") == ("100", True)
    assert len(read_pairs(rows, links).sample(1_000)) == 99


@pytest.mark.parametrize(
    ("rows", "links", "reason"),
    [
        ([*ROWS, ROWS[0]], [], "row 5: it needs an 'id' that no other row has"),
        ([{"title": "no id"}], [], "row 2: it needs an 'id'"),
        (ROWS, [{"query": "a", "match": "z"}], "pairs.csv, row 2: tickets.csv has no ticket 'z'"),
        (ROWS, [{"query": "a"}], "has no ticket ''"),
        (ROWS, [{"query": "a", "match": "a"}], "paired with itself"),
        (ROWS, [], "has no pairs"),
    ],
)
def test_what_is_wrong_with_a_set_is_said(
    rows: list[dict[str, str]], links: list[dict[str, str]], reason: str
) -> None:
    with pytest.raises(Invalid, match=reason):
        read_pairs(rows, links)
