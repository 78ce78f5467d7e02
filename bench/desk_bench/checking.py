"""`POST /v1/tickets/check` with many articles and open problems, over HTTP of a whole intake."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from time import perf_counter

import httpx
from desk_contracts import AnyEvent, Codec, Event
from desk_contracts.events.knowledge import ArticleRevised, Endorsement, Readership, Translation
from desk_contracts.events.problems import ProblemDetected
from desk_contracts.message import verbatim
from desk_platform.kafka import KafkaPublisher
from desk_platform.settings import KafkaSettings
from desk_testing import eventually

from desk_bench.rows import Row
from desk_bench.serving import ready, service

ARTICLES, PROBLEMS, CHECKS, WARM = 10_000, 1_000, 1_000, 100
TIMEOUT = 900
_BULK = 500
_AT = datetime(2026, 3, 2, tzinfo=UTC)
_SOURCE = "/desk/bench"
_SYLLABLES = (
    "ba", "de", "fi", "go", "hu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo", "wu", "xa",
    "ze", "lo", "ner", "ung", "tion", "ler", "prin", "net",
)  # fmt: skip


class Words:
    """Made-up words, few of which are frequent, as in any language (Zipf's law)."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 (no secret)
        self._words = [
            "".join(self._random.choices(_SYLLABLES, k=self._random.randint(2, 4)))
            for _ in range(20_000)
        ]
        self._weights = [1 / rank for rank in range(1, len(self._words) + 1)]

    def say(self, words: int) -> str:
        """So many words."""
        return " ".join(self._random.choices(self._words, self._weights, k=words))


async def run(kafka: str, store_url: str, share: float) -> list[Row]:
    """The whole answer, one caller after another: what one person waits for."""
    articles, problems, checks = (
        max(20, int(number * share)) for number in (ARTICLES, PROBLEMS, CHECKS)
    )
    words = Words(7)
    await _publish(kafka, [*_articles(words, articles), *_problems(words, problems)])
    headers = {"X-Desk-User": "bench", "X-Desk-Roles": "employee"}
    with service("intake", kafka, store_url) as port:
        await ready(port, "/health/ready")
        url = f"http://127.0.0.1:{port}/v1/tickets/check"
        async with httpx.AsyncClient(headers=headers, timeout=60) as client:

            async def is_complete() -> bool:
                answer = await client.post(url, json={"title": words.say(8), "service": "vpn"})
                body = answer.json()
                # The problem of the service is shown once its document is written, too.
                return bool(body["is_complete"] and body["problems"])

            await eventually(is_complete, TIMEOUT)
            took, hits = [], 0
            for number in range(WARM + checks):
                body = {"title": words.say(8), "description": words.say(40), "service": "vpn"}
                began = perf_counter()
                answer = await client.post(url, json=body)
                if number >= WARM:
                    took.append((perf_counter() - began) * 1_000)
                    hits += bool(answer.json()["articles"])
    took.sort()
    name = f"check before logging, {articles:,} articles, {problems:,} problems"
    return [
        Row(f"{name}, median", round(took[len(took) // 2], 1), "ms"),
        Row(f"{name}, p99", round(took[int(len(took) * 0.99)], 1), "ms", bar="≤ 50"),
        Row(f"{name}, answers with an article", round(hits / checks, 3), "share"),
    ]


async def _publish(kafka: str, events: list[AnyEvent]) -> None:
    publisher, codec = KafkaPublisher(KafkaSettings(bootstrap=kafka), "bench"), Codec()
    async with publisher:
        for first in range(0, len(events), _BULK):
            part = events[first : first + _BULK]
            await publisher.publish([codec.encode(event) for event in part])


def _articles(words: Words, number: int) -> Iterator[AnyEvent]:
    for place in range(number):
        texts = tuple(
            Translation(language=language, title=words.say(6), body=words.say(150))
            for language in ("en", "de")
        )
        data = ArticleRevised(
            revision=1, audience=Readership.EVERYBODY, endorsement=Endorsement.WRITTEN,
            translations=texts, author="bench", by="bench",
        )  # fmt: skip
        yield Event(f"a-{place}", _SOURCE, f"article-{place}", _AT, data)


def _problems(words: Words, number: int) -> Iterator[AnyEvent]:
    for place in range(number):
        data = ProblemDetected(
            service="vpn" if place % 10 == 0 else "mail", title=verbatim(words.say(6)),
            message=verbatim(words.say(30)), tickets=(), people=(), team="network",
        )  # fmt: skip
        yield Event(f"p-{place}", _SOURCE, f"problem-{place}", _AT, data)
