"""`python -m desk_bench [NAME …]`: runs benchmarks on servers of their own and keeps the table."""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import uvloop
from desk_shared.bus.admin import apply_topics
from desk_shared.charter import load_charter
from desk_shared.events.topics import all_topics
from desk_shared.local import local_servers
from desk_shared.service import collect_seldom
from desk_shared.settings import KafkaSettings
from desk_shared.telemetry import configure_logs

from desk_bench import consuming, drivers, serving
from desk_bench.fleet import fleet_journey
from desk_bench.rows import Row, save, show

ROOT = Path(__file__).resolve().parents[2]
Benchmark = Callable[[str, str], Awaitable[list[Row]]]

BENCHMARKS: dict[str, Benchmark] = {
    "consuming": lambda kafka, mongo: consuming.run(KafkaSettings(bootstrap=kafka), mongo, 60_000),
    "serving": lambda kafka, mongo: serving.run(kafka, mongo, 6_400),
    "journey": lambda kafka, mongo: fleet_journey(kafka, mongo, 1_500),
    "drivers": lambda _, mongo: drivers.run(mongo, 20_000),
}


def main() -> None:
    """Each benchmark gets fresh servers with the memory backend; one JSON file keeps the rows."""
    parser = argparse.ArgumentParser(prog="desk_bench", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"default: all of {', '.join(BENCHMARKS)}")
    parser.add_argument("--name", default="desk", help="end of the result's file name")
    given = parser.parse_args()
    if unknown := [name for name in given.names if name not in BENCHMARKS]:
        parser.error(
            f"there is no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}"
        )
    configure_logs("bench", "ERROR", sys.stderr)
    collect_seldom()  # as every service does; so the bare baselines have it too
    rows: list[Row] = []
    for name in given.names or BENCHMARKS:
        with (
            tempfile.TemporaryDirectory() as folder,
            local_servers(data_dir=Path(folder), backend="memory") as servers,
        ):
            rows += uvloop.run(_run(BENCHMARKS[name], servers.kafka, servers.mongo))
    show(rows)
    print(f"kept in {save(given.name, rows).relative_to(ROOT)}")


async def _run(benchmark: Benchmark, kafka: str, mongo: str) -> list[Row]:
    teams = [team.name for team in load_charter(ROOT / "charter").teams]
    await apply_topics(KafkaSettings(bootstrap=kafka), all_topics(teams), partitions=6)
    await asyncio.sleep(0)
    return await benchmark(kafka, mongo)


if __name__ == "__main__":
    main()
