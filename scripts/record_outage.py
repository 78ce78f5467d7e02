"""Records what Prometheus sees of a desk that is in trouble, for tests of alerts.

`python -m scripts.record_outage [brokers] [store] [mishaps]` takes five minutes for each of the
first two and a quarter of an hour for the last, and needs `prometheus` on the PATH. It writes
tests/contract/manifests/outages/NAME.yaml. Mishaps are three at once, each of another part: a bad
release of triage, a charter that is refused, and a certificate that ends within days.
"""

import asyncio
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import yaml
from desk_local import local_servers
from desk_local.lifecycle import apply_topics
from desk_local.paths import ROOT
from desk_local.services import PORTS, LocalServices, local_services
from desk_testing import eventually
from desk_testing.processes import CHARTER, ServiceProcess

from tests.support.authority import Authority
from tests.support.prometheus import Prometheus, prometheus_of

FOLDER = ROOT / "tests/contract/manifests/outages"
# As the ServiceMonitor has it.
STEP_S = 15
BEFORE_S, AWAY_S, AFTER_S = 60, 210, 120
# An alert on a certificate waits for ten minutes.
MISHAPS_S = 690
# What alerts look at and an outage can change.
RECORDED = (
    "up", "desk_dependency_up", "desk_health_ready", "desk_consumer_lag",
    "desk_consumer_lag_age_seconds", "messaging_client_consumed_messages_total",
    "desk_outbox_age_seconds", "desk_loop_failures_total", "desk_documents_held",
    "desk_consumer_stopped", "desk_topics_replaced", "desk_timer_waiting_seconds",
    "desk_charter_refused", "desk_dead_letters_total", "desk_integrity_gaps_total",
    "desk_certificate_expires_seconds",
)  # fmt: skip


# Figures that are Unix times.
_MOMENTS = frozenset({"desk_certificate_expires_seconds"})


def main() -> None:
    """Those that are named, or all; each on a desk of its own."""
    FOLDER.mkdir(exist_ok=True)
    for name in sys.argv[1:] or ("brokers", "store", "mishaps"):
        with tempfile.TemporaryDirectory() as folder:
            record = _record_mishaps if name == "mishaps" else _record_outage
            record(name, Path(folder))


def _record_outage(name: str, folder: Path) -> None:
    with local_servers(folder, backend="h2") as servers:
        apply_topics(servers.kafka)
        services = local_services(folder / "desk", servers.kafka, servers.store_url)
        with services:
            targets = {service: services[service].port for service in PORTS}
            with prometheus_of(folder / "prometheus", targets, every="5s") as prometheus:
                server = servers.broker if name == "brokers" else servers.store
                trouble = Trouble(name, server.kill, server.start, AWAY_S)
                asyncio.run(_record(trouble, services, prometheus))


def _record_mishaps(name: str, folder: Path) -> None:
    """Triage is a process of its own, so that another release of it can be started."""
    charter, certificate = folder / "charter", folder / "ca.pem"
    shutil.copytree(CHARTER, charter)
    certificate.write_bytes(Authority("lasting", days=90).pem)
    files = {"DESK_CHARTER": str(charter), "DESK_STORE_CA_FILE": str(certificate)}
    others = [service for service in PORTS if service != "triage"]
    with local_servers(folder / "servers", backend="sqlite") as servers:
        apply_topics(servers.kafka)
        kafka, store_url = servers.kafka, servers.store_url
        with local_services(folder / "desk", kafka, store_url, names=others, **files) as services:
            env = os.environ | services["intake"].around.variables()
            triage = ServiceProcess("triage", env, folder / "triage.log", is_fresh=True)
            mishaps = Mishaps(triage, charter / "routing.yaml", certificate)
            triage.launch()
            targets = {service: services[service].port for service in others}
            targets["triage"] = triage.port
            try:
                with prometheus_of(folder / "prometheus", targets, every="5s") as prometheus:
                    trouble = Trouble(name, mishaps.begin, mishaps.end, MISHAPS_S)
                    asyncio.run(_record(trouble, services, prometheus))
            finally:
                triage.kill()


@dataclass(frozen=True, slots=True)
class Trouble:
    """What happens to a desk, what ends it, and how long it lasts."""

    name: str
    begin: Callable[[], None]
    end: Callable[[], None]
    lasts_s: int


@dataclass(slots=True)
class Mishaps:
    """A bad release, a charter that is refused, a certificate near its end."""

    triage: ServiceProcess
    routing: Path
    certificate: Path
    good: str = ""

    def begin(self) -> None:
        self.good = self.routing.read_text(encoding="utf-8")
        self._replace("nonsense: true\n", days=10, module="tests.support.faulty_triage")

    def end(self) -> None:
        self._replace(self.good, days=90, module="")

    def _replace(self, routing: str, *, days: int, module: str) -> None:
        """Triage obeys a charter before it is refused, as a release that was there before does."""
        self.triage.kill()
        self.triage.module = module
        self.certificate.write_bytes(Authority("any", days=days).pem)
        if not module:
            self.routing.write_text(routing, encoding="utf-8")
        self.triage.launch()
        if module:
            asyncio.run(eventually(self.triage.is_ready, timeout=120))
            self.routing.write_text(routing, encoding="utf-8")


async def _record(trouble: Trouble, services: LocalServices, prometheus: Prometheus) -> None:
    await asyncio.sleep(BEFORE_S)
    began = time.time()
    await asyncio.to_thread(trouble.begin)
    asking = asyncio.create_task(_ask_on(services))
    await asyncio.sleep(trouble.lasts_s)
    ended = time.time()
    await asyncio.to_thread(trouble.end)
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
    (FOLDER / f"{trouble.name}.yaml").write_text(text, encoding="utf-8")
    print(f"{trouble.name}: {len(series)} series")


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
            if name in _MOMENTS:
                # promtool's time begins with the recording.
                values = {at: f"{float(value) - start:.0f}" for at, value in values.items()}
            written = ",".join(f'{label}="{value}"' for label, value in kept.items())
            seen[f"{name}{{{written}}}"] = " ".join(
                values.get(round(moment), "_") for moment in moments
            )
    return seen


if __name__ == "__main__":
    main()
