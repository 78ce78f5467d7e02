"""`desk metrics rebuild` over a log of whole lives: events a second, as it says itself."""

from desk_metrics.rebuild.commands import run as rebuild
from desk_metrics.settings import MetricsSettings
from desk_metrics.sla.store import EDITIONS
from desk_platform.clock import SystemClock
from desk_platform.settings import Environment, KafkaSettings, StoreSettings
from desk_platform.store import Stored, open_store

from desk_bench.lives import CHARTER, edition, lives, publish
from desk_bench.rows import Row


async def run(kafka: str, store_url: str, tickets: int) -> list[Row]:
    """The folds of tickets and of their measures, and both collections written."""
    settings = MetricsSettings(
        environment=Environment.LOCAL,
        kafka=KafkaSettings(bootstrap=kafka),
        store=StoreSettings(url=store_url),
        charter=CHARTER,
    )
    await _note_the_slas(settings)
    events = lives(range(tickets))
    await publish(settings.kafka, events)
    outcome = await rebuild(settings)
    assert outcome.events == len(events)
    assert not outcome.failures, outcome.failures[:3]
    rate = outcome.events / outcome.seconds
    return [Row(f"metrics rebuild, {len(events):,} ticket events", round(rate, 2), "events/s")]


async def _note_the_slas(settings: MetricsSettings) -> None:
    """A rebuild judges by the editions that the living service has kept."""
    store = open_store(settings.store, f"{settings.store.database_prefix}metrics")
    editions = store.documents(EDITIONS, SystemClock().now)
    await editions.prepare()
    await editions.write([Stored("000001@bench", state=edition())])
    await store.stop()
