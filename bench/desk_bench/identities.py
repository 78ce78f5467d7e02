"""What it costs to remember: calls and handled events kept beside their documents, up to a million.

500 at a time, as a large batch would: new ones kept, and as many looked for, half of them known.
"""

import random
import statistics
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from time import perf_counter

from desk_platform.settings import StoreSettings
from desk_platform.store.idempotency import KeptCall, KeptCalls
from desk_platform.store.mongo.store import MongoStore

from desk_bench.rows import Row, compared

AT_ONCE = 500
_ROUNDS = 20
_FILLED_AT_ONCE = 5_000
_FINGERPRINT = "f" * 32


async def run(store_url: str, sizes: Sequence[int]) -> list[Row]:
    """Smallest first; each size holds the smaller ones. Bars: a million cost at most twice."""
    store = MongoStore(StoreSettings(url=store_url), "bench-identities")
    kept = store.calls(lambda: datetime.now(UTC))
    await kept.prepare()
    filled, keep_costs, finding = 0, [], []
    for size in sizes:
        for first in range(filled, size, _FILLED_AT_ONCE):
            await kept.keep(_calls(first, min(size, first + _FILLED_AT_ONCE)))
        filled = size
        keep_costs.append(await _measure_keep(kept, size))
        finding.append(await _finding(kept, size))
    sweeping = await _sweeping(kept)
    await store.drop()
    await store.stop()
    rows = [
        Row(f"{what} {AT_ONCE} identities beside {size:,}", round(cost, 1), "ms")
        for what, costs in (("keep", keep_costs), ("find", finding))
        for size, cost in zip(sizes, costs, strict=True)
    ]
    last = f"{sizes[-1]:,} against {sizes[0]:,}"
    return [
        *rows,
        compared(f"keep identities, {last}", keep_costs[-1], keep_costs[0], "ms", "≤ 2"),
        compared(f"find identities, {last}", finding[-1], finding[0], "ms", "≤ 2"),
        Row(f"sweep 1,000 of {sizes[-1]:,}", round(sweeping, 1), "ms"),
    ]


def _calls(first: int, end: int) -> list[KeptCall]:
    until = datetime.now(UTC) + timedelta(hours=25)
    return [
        KeptCall(f"ticket-{number // 8}", f"key-{number}", _FINGERPRINT, until)
        for number in range(first, end)
    ]


async def _measure_keep(kept: KeptCalls, size: int) -> float:
    """Median of milliseconds; the numbers are beyond every one that fills the store."""
    took = []
    for number in range(_ROUNDS):
        first = 10**9 + size * _ROUNDS * AT_ONCE + number * AT_ONCE
        calls, began = _calls(first, first + AT_ONCE), perf_counter()
        await kept.keep(calls)
        took.append(perf_counter() - began)
    return 1000 * statistics.median(took)


async def _finding(kept: KeptCalls, size: int) -> float:
    chance, took = random.Random(size), []  # noqa: S311
    for number in range(_ROUNDS):
        recorded = [
            _calls(item, item + 1)[0].id for item in chance.sample(range(size), AT_ONCE // 2)
        ]
        unknown = [f"nobody-{number}-{item}" for item in range(AT_ONCE // 2)]
        began = perf_counter()
        returned = await kept.find_all([*recorded, *unknown])
        took.append(perf_counter() - began)
        if len(returned) != len(recorded):
            raise SystemExit(f"{len(recorded) - len(returned)} identities were forgotten")
    return 1000 * statistics.median(took)


async def _sweeping(kept: KeptCalls) -> float:
    """Those whose time is over are removed while all others stay."""
    past = datetime.now(UTC) - timedelta(hours=1)
    over = [KeptCall(f"old-{n}", "key", _FINGERPRINT, past) for n in range(1_000)]
    await kept.keep(over)
    began = perf_counter()
    removed = await kept.sweep(1_000)
    if removed != len(over):
        raise SystemExit(f"{removed} were swept, not {len(over)}")
    return 1000 * (perf_counter() - began)
