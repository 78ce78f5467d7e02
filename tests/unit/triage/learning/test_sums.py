"""What a model makes of a ticket, against the same sums made slowly and in another way."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations
from zlib import crc32

import numpy as np
import pytest
from desk_contracts.events.tickets import Channel, Kind, TicketOpened
from desk_contracts.value_types import Level
from desk_triage.learning.dataset import prepare, train
from desk_triage.learning.features import Features, extract_features, make_features
from desk_triage.learning.model import Nearest, Reading, Scorer, Word
from desk_triage.learning.packed import pack
from desk_triage.learning.table import NEIGHBOURS, NearestTable, Vocabulary, make_rows, soften

from tests.support.triage_history import MEANS, examples_of, lives
from tests.support.triage_model import scorer

WORD, PIECE, STATED = (crc32(kind) for kind in (b"word", b"piece", b"stated"))


def count_parts(
    title: list[str], description: list[str], stated: list[str]
) -> tuple[Counter[int], Counter[int], Counter[int]]:
    """Of each kind its hashes, and how often each stands there."""
    pairs = [
        f"{words[place]} {words[place + 1]}"
        for words in (title, description)
        for place in range(len(words) - 1)
    ]
    both = [f"{first}&{second}" for first, second in combinations(sorted(stated)[:12], 2)]
    cut = [
        f" {word} "[start : start + size]
        for word in [*title, *description]
        for size in (3, 4, 5)
        for start in range(len(word) + 3 - size)
    ]
    return (
        Counter(crc32(text.encode(), WORD) for text in [*title, *description, *pairs]),
        Counter(crc32(text.encode(), PIECE) for text in cut),
        Counter(crc32(text.encode(), STATED) for text in [*stated, *both]),
    )


def parts_of(features: Features) -> list[tuple[int, ...]]:
    ends = np.cumsum(features.kinds)[:-1]
    return [tuple(part.tolist()) for part in np.split(features.counts, ends)]


def test_features_are_words_pairs_pieces_and_what_was_stated() -> None:
    title, description = ["vpn", "fails", "vpn"], ["at", "home", "404", "vpn"]
    features = make_features(title, description, {"site": "Oslo", "service": "vpn", "x": ""})
    words, pieces, stated = count_parts(title, description, ["service=vpn", "site=oslo"])
    ends = np.cumsum(features.kinds)
    for part, expected in enumerate((words, pieces, stated)):
        span = slice(ends[part] - features.kinds[part], ends[part])
        shown = dict(
            zip(features.hashes[span].tolist(), features.counts[span].tolist(), strict=True)
        )
        assert shown == dict(expected)
    assert features.words == ("at", "fails", "home", "vpn", "service=vpn", "site=oslo")
    assert not features.is_bare
    assert sum(map(len, parts_of(features))) == len(features.hashes) == sum(features.kinds)


@pytest.mark.parametrize(
    ("title", "stated", "is_bare"),
    [
        ([], {}, True),
        ([], {"kind": "incident", "channel": "mail", "impact": "low", "urgency": "low"}, True),
        ([], {"requester": "ana"}, True),
        ([], {"site": "oslo"}, False),
        (["a"], {}, False),
    ],
)
def test_of_a_bare_ticket_only_its_form_is_known(
    title: list[str], stated: Mapping[str, str], *, is_bare: bool
) -> None:
    assert make_features(title, [], stated).is_bare is is_bare


def test_what_a_ticket_has_from_its_first_moment_is_learned_from() -> None:
    opened = TicketOpened(
        code="C",
        kind=Kind.REQUEST,
        title="Ana: VPN fails",
        description="Dear desk, it fails",
        requester="ana",
        requester_written="Ana@X",
        channel=Channel.MAIL,
        service="vpn",
        device="lt-7",
        site="Oslo",
        group="sales",
        impact=Level.LOW,
        attributes={"number": "7", "decided_category": "x", "floor": "3", "y": "unknown",
                    "long": "l" * 60, "longer": "l" * 61},
    )  # fmt: skip
    assert extract_features(opened).words == (
        "fails", "it", "vpn", "channel=mail", "device=lt 7", "floor=3", "group=sales", "impact=low",
        "kind=request", f"long={'l' * 60}", "service=vpn", "site=oslo",
    )  # fmt: skip


@pytest.mark.parametrize("count", [1, 2, 5, 300])
def test_a_word_that_stands_often_says_more_but_less_each_time(count: int) -> None:
    features = make_features(["vpn"] * count, [], {})
    here = features.hashes.tolist().index(crc32(b"vpn", WORD))
    assert features.counts[here] == min(count, 255)
    vocabulary = Vocabulary(np.array([crc32(b"vpn", WORD)], np.uint32), np.array([512], np.uint16))
    lookup = vocabulary.find(features)
    damped = round(256 * (1 + math.log(min(count, 255))))
    assert (lookup.counts.tolist(), lookup.values.tolist()) == ([damped], [damped * 512])
    assert lookup.kinds == (1, 0, 0)


def test_nothing_is_found_in_an_empty_vocabulary() -> None:
    empty = Vocabulary(np.empty(0, np.uint32), np.empty(0, np.uint16))
    lookup = empty.find(make_features(["vpn"], [], {"site": "oslo"}))
    assert (len(lookup.rows), lookup.kinds) == (0, (0, 0, 0))


def test_rows_are_the_features_of_enough_tickets() -> None:
    tickets = [np.array(row, np.uint32) for row in ([1, 2, 3], [2, 3], [3, 9], [3, 9, 2])]
    vocabulary, times = make_rows(tickets, 2, 9)
    assert (vocabulary.hashes.tolist(), times.tolist()) == ([2, 3, 9], [3, 4, 2])
    assert vocabulary.rarity.tolist() == [
        round(256 * (math.log(5 / (1 + count)) + 1)) for count in (3, 4, 2)
    ]
    assert make_rows(tickets, 2, 2)[0].hashes.tolist() == [3], "more than the last that has room"
    assert make_rows(tickets, 2, 3)[0].hashes.tolist() == [2, 3, 9]


def test_probabilities_of_logits() -> None:
    assert soften(np.array([1.0, 3.0, 2.0])).tolist() == pytest.approx(
        [math.exp(n) / sum(map(math.exp, (1, 3, 2))) for n in (1, 3, 2)]
    )
    assert soften(np.array([900.0, 900.0])).tolist() == [0.5, 0.5]


def ask_slowly(
    words: Mapping[str, int], tickets: Sequence[tuple[int, Mapping[str, int]]]
) -> list[tuple[float, int, int]]:
    """The nearness of each ticket, its number and its name, the nearest first."""
    length = math.sqrt(sum(value * value for value in words.values())) * 65_535
    near = []
    for number, (name, parts) in enumerate(tickets):
        weight = sum(words[word] * parts.get(word, 0) for word in words)
        if weight:
            near.append((min(weight / length, 1.0) ** 4, number, name))
    return sorted(near, key=lambda item: (-item[0], -item[1]))[:NEIGHBOURS]


@pytest.mark.parametrize("count", [0, 3, 20, 21, 60])
def test_the_nearest_twenty_tickets_are_asked_by_how_near_they_are(count: int) -> None:
    words = ("down", "login", "vpn")
    hashes = sorted(crc32(word.encode(), WORD) for word in words)
    order = sorted(words, key=lambda word: crc32(word.encode(), WORD))
    tickets = [
        (number % 3, {word: 10_000 + 977 * ((number * 7 + place * 5) % 40)
                      for place, word in enumerate(order) if (number + place) % 3})
        for number in range(count)
    ]  # fmt: skip
    lists = [[(n, parts[word]) for n, (_, parts) in enumerate(tickets) if word in parts]
             for word in order]  # fmt: skip
    table = NearestTable(
        np.array([name for name, _ in tickets], np.uint16),
        np.cumsum([0, *map(len, lists)]),
        np.array([n for part in lists for n, _ in part], np.uint32),
        np.array([share for part in lists for _, share in part], np.uint16),
    )
    vocabulary = Vocabulary(np.array(hashes, np.uint32), np.array([256, 300, 512], np.uint16))
    lookup = vocabulary.find(make_features(["vpn", "down", "vpn"], [], {}))
    given = dict(zip([order[row] for row in lookup.rows], lookup.values.tolist(), strict=True))
    near = ask_slowly(given, tickets)
    shares, names = table.ask(lookup, 3)
    assert names == tuple(name for _, _, name in near)
    whole = sum(weight for weight, _, _ in near)
    assert shares.tolist() == pytest.approx(
        [sum(w for w, _, n in near if n == name) / whole if whole else 0.0 for name in range(3)]
    )


def test_the_nearest_count_beside_the_sums_by_their_shares() -> None:
    words = sorted(("antenna", "branch", "hinge", "fax"), key=lambda w: crc32(w.encode(), WORD))
    rows = sorted([*(crc32(w.encode(), WORD) for w in words), crc32(b"site=oslo", STATED)])
    place = rows.index(crc32(b"antenna", WORD))
    counts = [2 if row == place else 0 for row in range(len(rows))]
    near = Nearest(
        share=0.25,
        names=pack(np.array([1, 2]), np.uint16),
        counts=pack(np.array(counts), np.uint32),
        tickets=pack(np.array([0, 1]), np.uint32),
        shares=pack(np.array([65_535, 65_535 // 2]), np.uint16),
    )
    alone, both = scorer(), scorer(nearest=near)
    features = make_features(["antenna"], [], {})
    linear = alone.read(features).shares
    second = 0.5**4
    nearest = np.array([0, 1 / (1 + second), second / (1 + second), 0])
    reading = both.read(features)
    assert reading.neighbours == (1, 2)
    assert reading.shares.tolist() == pytest.approx(
        (0.75 * linear + 0.25 * nearest).tolist(), abs=1e-4
    )
    unknown = both.read(make_features(["hinge"], [], {}))
    assert unknown.neighbours == ()
    assert unknown.shares.tolist() == alone.read(make_features(["hinge"], [], {})).shares.tolist()


@pytest.mark.parametrize(
    ("words", "stated", "is_new"),
    [
        (["zzz"], {}, True),
        (["antenna"], {}, False),
        ([], {"site": "oslo"}, False),
        ([], {"site": "rome"}, True),
        (["zzz"], {"site": "oslo"}, False),
    ],
)
def test_of_what_was_never_seen_nothing_is_said(
    words: list[str], stated: Mapping[str, str], *, is_new: bool
) -> None:
    features = make_features(words, [], stated)
    reading = scorer().read(features)
    assert reading.is_new is is_new
    assert bool(scorer().rank(features, {"network"})) is not is_new


@pytest.mark.parametrize(
    ("neighbours", "evidence"),
    [((1, 1, 2, 1), None), ((1, 1, 2, 1, 2), (3, 5)), ((2,) * 5, (0, 5))],
)
def test_five_neighbours_are_evidence(
    neighbours: tuple[int, ...], evidence: tuple[int, int] | None
) -> None:
    reading = Reading(np.zeros(4), neighbours, is_new=False)
    assert scorer().find_nearest(reading, "network") == evidence


@pytest.mark.parametrize(
    ("threshold", "probability", "acts"),
    [(0.9, 0.9, True), (0.9, 0.899, False), (1.0, 1.0, False), (0.999, 1.0, True)],
)
def test_it_acts_alone_from_its_threshold_on(
    threshold: float, probability: float, *, acts: bool
) -> None:
    assert scorer(threshold=threshold).acts_alone(probability) is acts


@pytest.mark.parametrize(("tickets", "is_told"), [(30, True), (31, True), (29, False)])
def test_a_word_of_every_second_ticket_is_no_reason(tickets: int, *, is_told: bool) -> None:
    judge = scorer(tickets=tickets, words={"branch": Word(15, ((1, 12), (2, 3)))})
    reasons = judge.find_evidence(make_features(["branch"], [], {}), "network", 2)
    assert reasons == ((("branch", 12, 15),) if is_told else ())


def test_reasons_are_the_words_that_speak_most_for_a_team() -> None:
    features = make_features(["fax", "branch", "antenna", "hinge"], [], {"site": "oslo"})
    tokens = [item.token for item in scorer().find_evidence(features, "network", 3)]
    assert tokens == ["antenna", "site=oslo", "branch"]
    assert [item.token for item in scorer().find_evidence(features, "network", 1)] == ["antenna"]
    reasons = scorer().find_evidence(features, "workplace", 9)
    assert [tuple(item) for item in reasons] == [("hinge", 20, 20)]


def test_what_is_trained_is_packed_so_that_it_says_the_same() -> None:
    examples = examples_of(lives(240))
    trained: Scorer = train(prepare(examples, lambda item: item.team), MEANS, 1.0)
    assert trained.nearest is not None
    table = trained.nearest_table
    assert table is not None
    assert (trained.tickets, len(table.names)) == (len(examples), len(examples))
    assert trained.since == examples[0].opened_at.date()
    assert trained.until == max(item.finished_at for item in examples).date()
    assert [trained.names[name] for name in table.names] == [item.team for item in examples]
    # Each ticket is nearest to itself, or to one with the same words.
    for example in examples[::20]:
        lookup = trained.vocabulary.find(example.features)
        words, pieces, stated = lookup.kinds
        common = [
            row for row in (*lookup.rows[:words], *lookup.rows[words + pieces :])
            if table.starts[row + 1] > table.starts[row]
        ]  # fmt: skip
        for row in common:
            span = slice(table.starts[row], table.starts[row + 1])
            assert 2 <= span.stop - span.start <= max(2, 0.1 * len(examples))
            assert list(table.tickets[span]) == sorted(table.tickets[span])
        assert words + pieces + stated == len(lookup.rows)
