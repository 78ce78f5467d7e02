"""`python -m desk_bench [NAME …]`: runs benchmarks on servers of their own and keeps the table."""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import uvloop
from desk_charter import load_charter
from desk_contracts.topics import all_topics
from desk_local import local_servers
from desk_local.servers import BACKENDS, Backend
from desk_platform.kafka.admin import apply_topics
from desk_platform.runtime import tune_interpreter
from desk_platform.settings import KafkaSettings
from desk_platform.telemetry import configure_logs

from desk_bench import (
    burst,
    catching_up,
    checking,
    clocks,
    consuming,
    drivers,
    durable,
    erasing,
    following,
    history,
    identities,
    matching,
    projecting,
    rebuilding,
    roundtrip,
    scaling,
    serving,
    starts,
    stopping,
    traced,
    windows,
)
from desk_bench.rows import Row, save, show

HISTORIES = (0, 10_000, 100_000)
SIZES = (10_000, 100_000, 1_000_000)
ROOT = Path(__file__).resolve().parents[2]
# A million tickets in memory take four of the larger one.
HEAP, LARGE_HEAP = "2g", "8g"
# What most people meet first is the embedded store; the others measure our own part of the work.
ON_EMBEDDED = {
    "automation-starts", "automation-starts-shared", "automation-steps", "burst", "catching-up",
    "checking", "erasing", "following", "guarded", "history", "roundtrip",
}  # fmt: skip
NEEDS_ROOM = {"metrics-scale", "identities"}
Benchmark = Callable[[str, str, "Share"], Awaitable[list[Row]]]


@dataclass(frozen=True)
class Share:
    """How much of each benchmark is run: a trial needs little, and proves nothing."""

    share: float

    def of(self, number: int, least: int = 1) -> int:
        return max(least, int(number * self.share))


BENCHMARKS: dict[str, Benchmark] = {
    "consuming": lambda kafka, store_url, share: consuming.run(
        KafkaSettings(bootstrap=kafka), store_url, share.of(60_000, 1_000)
    ),
    "guarded": lambda kafka, store_url, share: consuming.run_guarded(
        KafkaSettings(bootstrap=kafka), store_url, share.of(60_000, 1_000)
    ),
    "serving": lambda kafka, store_url, share: serving.run(kafka, store_url, share.of(6_400, 320)),
    "checking": lambda kafka, store_url, share: checking.run(kafka, store_url, share.share),
    "stopping": lambda kafka, store_url, share: stopping.run(kafka, store_url, share.of(50)),
    "following": lambda kafka, store_url, share: following.run(
        kafka, store_url, share.of(1_000, 50)
    ),
    "roundtrip": lambda kafka, store_url, share: roundtrip.run(kafka, store_url, share.share),
    "catching-up": lambda kafka, store_url, share: catching_up.run(
        kafka, store_url, share.of(2_500, 100)
    ),
    "burst": lambda kafka, store_url, share: burst.run(kafka, store_url, share.of(2_500, 200)),
    "history": lambda kafka, store_url, share: history.run(
        kafka, store_url, [int(size * share.share) for size in HISTORIES], share.of(2_500, 200)
    ),
    "traced": lambda _, __, share: traced.run(share.of(20_000, 1_000)),
    "drivers": lambda _, store_url, share: drivers.run(store_url, share.of(20_000, 1_000)),
    "identities": lambda _, store_url, share: identities.run(
        store_url, [share.of(size, 1_000) for size in SIZES]
    ),
    "metrics-fold": lambda kafka, store_url, share: projecting.run(
        kafka, store_url, share.of(8_000)
    ),
    "metrics-scale": lambda kafka, store_url, share: scaling.run(
        kafka, store_url, [share.of(size, 3_000) for size in SIZES], share.of(1_500, 300)
    ),
    "metrics-timers": lambda kafka, store_url, share: clocks.run(
        kafka, store_url, share.of(100_000)
    ),
    "metrics-rebuild": lambda kafka, store_url, share: rebuilding.run(
        kafka, store_url, share.of(8_000)
    ),
    "erasing": lambda kafka, store_url, share: erasing.run(
        KafkaSettings(bootstrap=kafka), store_url, share.of(10_000, 100)
    ),
    "automation-matching": lambda _, __, share: matching.run(share.of(50_000, 1_000)),
    "automation-steps": lambda kafka, store_url, share: durable.run(
        kafka, store_url, share.of(1_000, 50), [int(size * share.share) for size in HISTORIES]
    ),
    "automation-starts": lambda kafka, store_url, share: starts.run(
        kafka, store_url, share.of(20), replicas=1
    ),
    "automation-starts-shared": lambda kafka, store_url, share: starts.run(
        kafka, store_url, share.of(20), replicas=2
    ),
    "metrics-windows": lambda kafka, store_url, share: windows.run(
        kafka, store_url, share.of(60_000)
    ),
}


def main() -> None:
    """Each benchmark gets fresh servers; one JSON file keeps the rows."""
    parser = argparse.ArgumentParser(prog="desk_bench", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"default: all of {', '.join(BENCHMARKS)}")
    parser.add_argument("--name", default="desk", help="end of the result's file name")
    parser.add_argument(
        "--backend", choices=BACKENDS, help="of the store; default: each benchmark's own"
    )
    parser.add_argument(
        "--share", type=float, default=1.0, help="a trial with this part of the load; not kept"
    )
    given = parser.parse_args()
    if unknown := [name for name in given.names if name not in BENCHMARKS]:
        parser.error(
            f"there is no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}"
        )
    configure_logs("bench", "ERROR", sys.stderr)
    tune_interpreter()  # as every service does; so the bare baselines have it too
    rows: list[Row] = []
    for name in given.names or BENCHMARKS:
        heap = LARGE_HEAP if name in NEEDS_ROOM else HEAP
        backend: Backend = given.backend or ("sqlite" if name in ON_EMBEDDED else "memory")
        with (
            tempfile.TemporaryDirectory() as folder,
            local_servers(data_dir=Path(folder), backend=backend, mongo_heap=heap) as servers,
        ):
            rows += uvloop.run(_run(name, servers.kafka, servers.store_url, Share(given.share)))
    show(rows)
    if given.share == 1.0:
        print(f"kept in {save(given.name, rows).relative_to(ROOT)}")


async def _run(name: str, kafka: str, store_url: str, share: Share) -> list[Row]:
    teams = [team.name for team in load_charter(ROOT / "charter").teams]
    await apply_topics(KafkaSettings(bootstrap=kafka), all_topics(teams), partitions=6)
    await asyncio.sleep(0)
    return await BENCHMARKS[name](kafka, store_url, share)


if __name__ == "__main__":
    main()
