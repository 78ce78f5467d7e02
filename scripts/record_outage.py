"""Records what Prometheus sees of a desk whose brokers or store are killed, for tests of alerts.

`python -m scripts.record_outage` takes about ten minutes, and needs `prometheus` on the PATH. It
writes tests/contract/manifests/outages/{brokers,store}.yaml.
"""

import asyncio
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import httpx
import yaml
from desk_local import local_servers
from desk_local.lifecycle import apply_topics
from desk_local.paths import ROOT
from desk_local.servers import LocalServers
from desk_local.services import PORTS, LocalServices, local_services

from tests.support.prometheus import Prometheus, prometheus_of

FOLDER = ROOT / "tests/contract/manifests/outages"
# As the ServiceMonitor has it.
STEP_S = 15
BEFORE_S, AWAY_S, AFTER_S = 60, 210, 120
# What alerts look at and an outage can change.
RECORDED = (
    "up", "desk_dependency_up", "desk_health_ready", "desk_consumer_lag",
    "desk_consumer_lag_age_seconds", "messaging_client_consumed_messages_total",
    "desk_outbox_age_seconds", "desk_loop_failures_total", "desk_documents_held",
    "desk_consumer_stopped", "desk_topics_replaced", "desk_timer_waiting_seconds",
    "desk_charter_refused", "desk_dead_letters_total", "desk_integrity_gaps_total",
)  # fmt: skip


def main() -> None:
    """Both outages, one after the other, on one desk."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name, local_servers(Path(name), backend="h2") as servers:
        apply_topics(servers.kafka)
        folder = Path(name) / "desk"
        with local_services(folder, servers.kafka, servers.store_url) as services:
            targets = {service: services[service].port for service in PORTS}
            with prometheus_of(folder / "prometheus", targets, every="5s") as prometheus:
                asyncio.run(_record("brokers", servers, services, prometheus))
                asyncio.run(_record("store", servers, services, prometheus))


async def _record(
    outage: str, servers: LocalServers, services: LocalServices, prometheus: Prometheus
) -> None:
    server = servers.broker if outage == "brokers" else servers.store
    await asyncio.sleep(BEFORE_S)
    began = time.time()
    server.kill()
    asking = asyncio.create_task(_ask_on(services))
    await asyncio.sleep(AWAY_S)
    ended = time.time()
    server.start()
    await asyncio.sleep(AFTER_S)
    asking.cancel()
    series = _read(prometheus, began - BEFORE_S, time.time())
    document = {
        "interval": f"{STEP_S}s",
        "began_s": BEFORE_S,
        "ended_s": round(ended - began) + BEFORE_S,
        "series": series,
    }
    text = yaml.safe_dump(document, width=1_000_000, sort_keys=False)
    (FOLDER / f"{outage}.yaml").write_text(text, encoding="utf-8")
    print(f"{outage}: {len(series)} series")


async def _ask_on(services: LocalServices) -> None:
    """Somebody asks for help every two seconds, whatever is away."""
    headers = {"X-Desk-User": "ana", "X-Desk-Roles": "employee"}
    async with httpx.AsyncClient(base_url=services["intake"].address, timeout=5) as http:
        number = 0
        while True:
            number += 1
            key = {"Idempotency-Key": f"outage-{time.time_ns()}-{number}"}
            with suppress(httpx.TransportError):
                await http.post("/v1/tickets", json={"title": "Help"}, headers={**headers, **key})
            await asyncio.sleep(2)


def _read(prometheus: Prometheus, start: float, end: float) -> dict[str, str]:
    """Each series as promtool writes it: a value a step, `_` where there was none."""
    moments = [start + STEP_S * step for step in range(int((end - start) / STEP_S) + 1)]
    seen: dict[str, str] = {}
    for name in RECORDED:
        for series in prometheus.query_range(f'{name}{{namespace="desk"}}', start, end, STEP_S):
            labels: dict[str, str] = series["metric"]  # type: ignore[assignment]
            kept = {
                label: value
                for label, value in sorted(labels.items())
                if label not in {"__name__", "instance"} and not label.startswith("otel_")
            }
            values = {round(at): value for at, value in series["values"]}  # type: ignore[attr-defined]
            written = ",".join(f'{label}="{value}"' for label, value in kept.items())
            seen[f"{name}{{{written}}}"] = " ".join(
                values.get(round(moment), "_") for moment in moments
            )
    return seen


if __name__ == "__main__":
    main()
