"""An index of texts in one folder: words, their stems and character n-grams, searched by tantivy.

How far its topic was read lies in the same folder, written in the same commit: after a kill it goes
on exactly there. It can be deleted at any time; then it is made anew from the topic.
"""

import asyncio
import json
import shutil
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Generic, TypeVar

import tantivy
from desk_contracts.errors import DependencyDown
from desk_kernel.likeness import Field, Terms, TermWeights, list_terms, weigh_rarity

from desk_platform.similar.indexed import (
    Audience,
    Candidate,
    IndexedModel,
    S,
    TextMatch,
    TextQuery,
    place_in_time,
)
from desk_platform.similar.stems import read_stems

# Raise it when texts are cut into other terms or the fields change: the index is made anew then.
FORM = 6
# The least that tantivy takes; a writer lives for one write, so nothing of it stays in memory.
_WRITER_BYTES = 15_000_000
_STEMS = "stems"
# The work of one search: so many terms of each field at most, the rarest; and what a hit counts.
_SEARCHED_WORDS = ((_STEMS, 60, 1.0), (Field.TITLE, 30, 1.0), (Field.WORDS, 60, 0.5))
_SEARCHED_GRAMS = ((Field.TITLE_GRAMS, 60, 0.7), (Field.GRAMS, 80, 1.0))
# How rare a term is is asked anew once there are so many per cent more texts.
_STALE_PERCENT = 2
# Terms; a hundred bytes each.
_MOST_REMEMBERED = 200_000
# Words of fewer letters would begin, or be a slip away from, half of all others.
_FOR_BEGINNING, _FOR_MISTYPED = 3, 5
_MOST_OF_A_MOMENT = 10_000


T = TypeVar("T")


class TextIndex(Generic[S]):
    """Texts by what they say. One process writes a folder."""

    def __init__(self, path: Path, model: type[S]) -> None:
        self._path, self._model = path, model
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="index")
        self._schema = _make_schema()
        self._index: tantivy.Index | None = None
        self._searcher: tantivy.Searcher | None = None
        self._facts: dict[str, object] = {}
        self._rarities: dict[str, TermWeights] = {}
        self._rarities_of = 0

    async def open(self, topic: str) -> Mapping[int, int]:
        """How far each partition of the topic with this id was read; another one begins anew."""

        def prepare() -> Mapping[int, int]:
            meant = {"form": FORM, "topic": topic}
            facts = self._open_folder()
            if {name: facts.get(name) for name in meant} != meant:
                self._clear()
                facts = {**meant, "positions": {}}
            self._facts = facts
            positions: dict[str, int] = facts["positions"]  # type: ignore[assignment]  # our own
            return {int(partition): offset for partition, offset in positions.items()}

        return await self._work(prepare)

    async def load(self, ids: Collection[str]) -> dict[str, S]:
        """Those of the documents that it has."""

        def ask() -> dict[str, S]:
            return {id: item for id in ids if (item := self._read("id", id)) is not None}

        return await asyncio.to_thread(ask)

    async def find(self, reference: str) -> S | None:
        """The document of an id or code."""
        return await asyncio.to_thread(
            lambda: self._read("id", reference) or self._read("code", reference)
        )

    async def list_tagged(self, tag: str, most: int) -> list[S]:
        """Documents with a tag, in no order; so many at most."""

        def ask() -> list[S]:
            states = self._find_states("tag", tag, most)
            return [self._model.model_validate_json(state) for state in states]

        return await asyncio.to_thread(ask)

    async def write(self, items: Iterable[S], positions: Mapping[int, int]) -> None:
        """Documents as they are now, and how far the topic was read for it: all or nothing."""

        def change() -> None:
            kept: dict[str, int] = self._facts["positions"]  # type: ignore[assignment]  # our own
            moved = {str(partition): offset for partition, offset in positions.items()}
            facts = {**self._facts, "positions": {**kept, **moved}}
            writer = self._opened.writer(_WRITER_BYTES, num_threads=1)
            for item in items:
                writer.delete_documents_by_term("id", item.id)
                writer.add_document(_document_of(item))
            writer.delete_documents_by_term("facts", "facts")
            noted = tantivy.Document()
            noted.add_text("facts", "facts")
            noted.add_bytes("state", json.dumps(facts).encode())
            writer.add_document(noted)
            writer.commit()
            writer.wait_merging_threads()
            self._facts = facts
            self._renew()

        await self._work(change)

    async def count(self) -> int:
        """How many documents it has."""
        return self._count()

    def search(
        self, terms: Terms, stems: Sequence[str], tags: Sequence[str], most: int
    ) -> tuple[Candidate[S], ...]:
        """The likeliest for a text that have all the tags: as many by words, and by n-grams.

        It takes milliseconds, so it is asked in a thread."""
        items = self._count()
        is_stale = abs(items - self._rarities_of) * 100 > self._rarities_of * _STALE_PERCENT
        if is_stale or sum(map(len, self._rarities.values())) > _MOST_REMEMBERED:
            self._rarities, self._rarities_of = {}, items
        candidates: dict[str, Candidate[S]] = {}
        words = {_STEMS: Counter(stems), **{str(field): terms[field] for field in Field}}
        for fields in (_SEARCHED_WORDS, _SEARCHED_GRAMS):
            query = self._choose(words, fields)
            for item, closeness in self._match(query, tags, most):
                other = candidates.get(item.id)
                if other is None or other.closeness < closeness:
                    candidates[item.id] = Candidate(item, closeness)
        return tuple(candidates.values())

    async def list_having(
        self,
        query: TextQuery | None,
        tags: Sequence[str] = (),
        *,
        audience: Audience,
        ids: Collection[str] | None = None,
        after: tuple[int, str] | None = None,
        most: int,
    ) -> list[TextMatch[S]]:
        """Those that have the text, if there is one, and all tags, of these ids if any are given:
        behind a place (`place_in_time`, id), the newest first, then by id. So many, more, or all.

        For staff each is said to be for all if what all may know is enough to find it."""

        def ask() -> list[TextMatch[S]]:
            parts = [self._term("tag", tag) for tag in tags]
            parts += [] if query is None else [self._require(query, audience)]
            parts += [] if ids is None else [self._any_of(ids)]
            items = list[S]()
            if after is not None:
                of_moment = self._list_from(parts, after[0], _MOST_OF_A_MOMENT, is_only=True)
                items += [item for item in of_moment if item.id > after[1]]
            later = self._list_from(parts, after[0] + 1 if after else 0, most)
            if len(later) == most:
                # Of one moment all or none: the index has them in no order.
                end = place_in_time(later[-1].at)
                later = [item for item in later if place_in_time(item.at) != end]
                later += self._list_from(parts, end, _MOST_OF_A_MOMENT, is_only=True)
            items = sorted([*items, *later], key=lambda item: (place_in_time(item.at), item.id))
            for_all = {item.id for item in items}
            if items and query is not None and audience is Audience.STAFF:
                parts = [self._require(query, Audience.ALL), self._any_of(for_all)]
                for_all = {item.id for item in self._list_from(parts, 0, len(items))}
            return [
                TextMatch(item, Audience.ALL if item.id in for_all else Audience.STAFF)
                for item in items
            ]

        return await asyncio.to_thread(ask)

    def rarity(self, field: str) -> TermWeights:
        """What its terms count; one that no text has is as rare as one can be."""
        return self._rarities.setdefault(field, TermWeights(partial(self._weigh, field)))

    async def close(self) -> None:
        """Let go of the folder."""
        await asyncio.to_thread(self._thread.shutdown)

    @property
    def _opened(self) -> tantivy.Index:
        if self._index is None:
            raise DependencyDown("the index is not open yet", dependency="index")
        return self._index

    async def _work(self, change: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, change)
        except (OSError, ValueError) as error:
            # Not `DependencyDown`: without its index the service still does the rest of its work.
            raise OSError(
                f"The index in the folder {self._path} cannot be read or written ({error}). Make"
                " room there, or delete it: it is made anew from its topic."
            ) from error

    def _open_folder(self) -> dict[str, object]:
        """What it says of itself; nothing of one that is missing, damaged or of another form."""
        if self._path.is_dir() and tantivy.Index.exists(str(self._path)):
            try:
                self._use(tantivy.Index(self._schema, path=str(self._path), reuse=True))
                facts: dict[str, object] = json.loads(
                    next(iter(self._find_states("facts", "facts", 1)), b"{}")
                )
            except (ValueError, OSError):
                return {}
            return facts
        return {}

    def _clear(self) -> None:
        self._index = self._searcher = None
        if self._path.is_dir():
            shutil.rmtree(self._path)
        self._path.unlink(missing_ok=True)
        self._path.mkdir(parents=True)
        self._use(tantivy.Index(self._schema, path=str(self._path)))

    def _use(self, index: tantivy.Index) -> None:
        analyzer = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
        index.register_tokenizer("terms", analyzer)
        index.config_reader("manual", 0)
        self._index = index
        self._renew()

    def _renew(self) -> None:
        self._opened.reload()
        self._searcher = self._opened.searcher()

    def _count(self) -> int:
        return max(0, self._searcher.num_docs - 1) if self._searcher else 0

    def _find_states(self, field: str, value: str, most: int) -> list[bytes]:
        searcher = self._searcher
        if searcher is None:
            return []
        hits = searcher.search(self._term(field, value), most, count=False).hits
        return [_state_of(searcher, address) for _, address in hits]

    def _read(self, field: str, value: str) -> S | None:
        states = self._find_states(field, value, 1)
        return self._model.model_validate_json(states[0]) if states else None

    def _term(self, field: str, value: str, kind: str = "basic") -> tantivy.Query:
        return tantivy.Query.term_query(self._schema, field, value, kind)

    def _near(self, field: str, form: str, slips: int, *, prefix: bool = False) -> tantivy.Query:
        return tantivy.Query.fuzzy_term_query(self._schema, field, form, slips, prefix=prefix)

    def _any_of(self, ids: Collection[str]) -> tantivy.Query:
        return tantivy.Query.term_set_query(self._schema, "id", list(ids))

    def _require(self, query: TextQuery, audience: Audience) -> tantivy.Query:
        """Every word as it is, by its stem, as the beginning of a longer one, or mistyped once."""
        must = []
        fields = tuple(Audience) if audience is Audience.STAFF else (Audience.ALL,)
        for word, stem in zip(query.words, query.stems, strict=True):
            forms = [form for field in fields for form in self._forms(field, word, stem)]
            should = [(tantivy.Occur.Should, form) for form in forms]
            must.append((tantivy.Occur.Must, tantivy.Query.boolean_query(should)))
        either = [tantivy.Query.boolean_query(must), self._term("code", query.code)]
        return tantivy.Query.boolean_query([(tantivy.Occur.Should, it) for it in either])

    def _forms(self, field: Audience, word: str, stem: str) -> Iterator[tantivy.Query]:
        pairs = ((str(field), word), (field.stems, stem))
        for name, form in (*pairs, (field.stems, word)):
            yield self._term(name, form)
        if len(word) >= _FOR_BEGINNING:
            yield self._near(str(field), word, 0, prefix=True)
        if len(word) >= _FOR_MISTYPED:
            for name, form in pairs:
                yield self._near(name, form, 1)

    def _list_from(
        self, parts: Sequence[tantivy.Query], at: int, most: int, *, is_only: bool = False
    ) -> list[S]:
        """From a place in time on, or those of it only."""
        if self._searcher is None:
            return []
        time = tantivy.Query.range_query(
            self._schema, "time", tantivy.FieldType.Unsigned, at, at if is_only else None
        )
        query = tantivy.Query.boolean_query([(tantivy.Occur.Must, it) for it in (*parts, time)])
        hits = self._searcher.search(
            query, most, count=False, order_by_field="time", order=tantivy.Order.Asc
        ).hits
        states = [_state_of(self._searcher, address) for _, address in hits]
        return [self._model.model_validate_json(state) for state in states]

    def _choose(
        self, terms: Mapping[str, Counter[str]], fields: Sequence[tuple[str, int, float]]
    ) -> list[tantivy.Query]:
        """Queries for the rarest terms of each field."""
        queries = []
        for field, most, boost in fields:
            rarity = self.rarity(field)
            rarest = sorted(terms[field], key=lambda term: (-rarity[term], term))
            having = (term for term in rarest if self._count_having(field, term))
            for term in islice(having, most):
                query = self._term(str(field), term, "freq")
                queries.append(tantivy.Query.boost_query(query, boost))
        return queries

    def _match(
        self, queries: Sequence[tantivy.Query], tags: Sequence[str], most: int
    ) -> Iterator[Candidate[S]]:
        searcher = self._searcher
        if not queries or searcher is None:
            return
        any_of = tantivy.Query.boolean_query([(tantivy.Occur.Should, query) for query in queries])
        # A tag narrows, and has no voice in the order.
        having = [tantivy.Query.const_score_query(self._term("tag", tag), 0.0) for tag in tags]
        query = tantivy.Query.boolean_query(
            [(tantivy.Occur.Must, part) for part in (any_of, *having)]
        )
        hits = searcher.search(query, most, count=False).hits
        for score, address in hits:
            state = _state_of(searcher, address)
            yield Candidate(self._model.model_validate_json(state), score / (hits[0][0] or 1.0))

    def _weigh(self, field: str, term: str) -> float:
        return weigh_rarity(self._rarities_of, self._count_having(field, term) or 1)

    def _count_having(self, field: str, term: str) -> int:
        """In how many texts the term stands."""
        return self._searcher.doc_freq(field, term) if self._searcher else 0


def _make_schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    for name in ("id", "code", "tag", "facts"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for name in (_STEMS, *Field):
        builder.add_text_field(str(name), tokenizer_name="terms", index_option="freq")
    for name in (name for audience in Audience for name in (str(audience), audience.stems)):
        builder.add_text_field(name, tokenizer_name="terms", index_option="basic")
    builder.add_unsigned_field("time", indexed=True, fast=True)
    builder.add_bytes_field("state", stored=True)
    return builder.build()


def _document_of(item: IndexedModel) -> tantivy.Document:
    document = tantivy.Document()
    document.add_text("id", item.id)
    document.add_text("code", item.code)
    document.add_unsigned("time", place_in_time(item.at))
    for tag in item.tags:
        document.add_text("tag", tag)
    listed = [list_terms(written.title, written.text) for written in item.texts]
    for written, terms in zip(item.texts, listed, strict=True):
        for field in Field:
            document.add_text(str(field), " ".join(terms[field]))
        stems = read_stems(terms[Field.WORDS], written.language)
        document.add_text(_STEMS, " ".join(stems))
    for audience, searched in item.choose_searched(listed).items():
        document.add_text(str(audience), " ".join(searched.words))
        document.add_text(audience.stems, " ".join(read_stems(*searched)))
    document.add_bytes("state", item.model_dump_json(exclude_defaults=True).encode())
    return document


def _state_of(searcher: tantivy.Searcher, address: tantivy.DocAddress) -> bytes:
    return bytes(searcher.doc(address)["state"][0])
