"""What is away is said by every service within seconds, with no traffic at all, and so is its end.

Each service is a process of its own on servers that are killed, frozen and started again.
"""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from desk_charter import load_charter
from desk_contracts.topics import SERVICES, all_topics
from desk_local import LocalServers, local_servers
from desk_platform.kafka.admin import apply_topics
from desk_platform.settings import KafkaSettings
from desk_testing import eventually
from desk_testing.processes import CHARTER, ServiceProcess, environment

pytestmark = [pytest.mark.connected, pytest.mark.chaos, pytest.mark.timeout(600)]

# Readiness follows within this time, both ways.
FOLLOWS_WITHIN = 10.0
# So long an outage lasts, at least, so that nothing that is merely late passes for a refusal.
LASTS = 15.0


@dataclass
class Desk:
    """All five on servers of their own."""

    servers: LocalServers
    services: list[ServiceProcess]

    async def reasons(self, service: ServiceProcess) -> list[str]:
        """Why it is not ready; none if it is."""
        answer = await service.get("/health/ready")
        assert answer.is_success == (answer.json()["reasons"] == [])
        reasons: list[str] = answer.json()["reasons"]
        return reasons

    async def until_all(self, *, ready: bool, named: str = "") -> dict[str, float]:
        """Seconds until each has changed."""
        since = time.monotonic()

        async def wait(service: ServiceProcess) -> float:
            heard = list[tuple[float, list[str]]]()

            async def has_changed() -> bool:
                reasons = await self.reasons(service)
                if not heard or heard[-1][1] != reasons:
                    heard.append((round(time.monotonic() - since, 1), reasons))
                if ready:
                    assert not reasons, reasons
                    return True
                return any(named in reason for reason in reasons)

            try:
                await eventually(has_changed, timeout=120, interval=0.1)
            except AssertionError as error:
                error.add_note(f"{service.name} said, after so many seconds: {heard}")
                raise
            return round(time.monotonic() - since, 1)

        spans = await asyncio.gather(*map(wait, self.services))
        return dict(zip(SERVICES, spans, strict=True))


@asynccontextmanager
async def opened(folder: Path, prefix: str, backend: str) -> AsyncIterator[Desk]:
    async with AsyncExitStack() as stack:
        made = local_servers(folder / "servers", backend=backend, is_quick=True)  # type: ignore[arg-type]  # one of both
        servers = await stack.enter_async_context(made)
        topics = all_topics(team.name for team in load_charter(CHARTER).teams)
        settings = KafkaSettings(bootstrap=servers.kafka)
        await apply_topics(settings, topics, prefix=prefix, partitions=2)
        env = environment(servers.kafka, servers.store_url, prefix)
        services = [ServiceProcess(name, env, folder / f"{name}.log") for name in SERVICES]
        for service in services:
            service.launch()
            stack.callback(service.kill)
        await asyncio.gather(*(eventually(item.is_ready, timeout=240) for item in services))
        yield Desk(servers, services)


Outage = Callable[[Desk], Awaitable[Callable[[], Awaitable[None]]]]


async def kill_broker(desk: Desk) -> Callable[[], Awaitable[None]]:
    await asyncio.to_thread(desk.servers.broker.kill)
    return lambda: asyncio.to_thread(desk.servers.broker.start)


async def freeze_broker(desk: Desk) -> Callable[[], Awaitable[None]]:
    desk.servers.broker.pause()
    return lambda: asyncio.to_thread(desk.servers.broker.resume)


async def kill_store(desk: Desk) -> Callable[[], Awaitable[None]]:
    await asyncio.to_thread(desk.servers.store.kill)
    return lambda: asyncio.to_thread(desk.servers.store.start)


async def freeze_store(desk: Desk) -> Callable[[], Awaitable[None]]:
    desk.servers.store.pause()
    return lambda: asyncio.to_thread(desk.servers.store.resume)


async def move_files(desk: Desk) -> Callable[[], Awaitable[None]]:
    """The embedded store's folder is not there any more, as with a volume that is lost."""
    folder = Path(desk.servers.store_url.removeprefix("sqlite:"))
    aside = folder.with_name("aside")
    await asyncio.to_thread(folder.rename, aside)

    async def put_back() -> None:
        # No service has made an empty folder in its place: then this would fail.
        await asyncio.to_thread(aside.rename, folder)

    return put_back


async def kill_both(desk: Desk) -> Callable[[], Awaitable[None]]:
    start_broker, start_store = await kill_broker(desk), await kill_store(desk)

    async def start() -> None:
        await asyncio.gather(start_broker(), start_store())

    return start


async def check(desk: Desk, outage: Outage, named: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Not ready in time, so it stays while it lasts, alive throughout, ready again in time."""
    come_back = await outage(desk)
    to_not_ready = await desk.until_all(ready=False, named=named)
    began = time.monotonic()
    await eventually(lambda: time.monotonic() - began > LASTS, timeout=60)
    for service in desk.services:
        assert any(named in reason for reason in await desk.reasons(service)), service.name
        live = await service.get("/health/live")
        assert live.is_success, (service.name, live.text)
        answer = live.json()
        for dependency in answer["dependencies"]:
            assert dependency["last_ok"] is not None, service.name
            assert dependency["up"] == (named not in {dependency["name"], ""}), dependency
        if named == "kafka":
            assert [each["lag"] for each in answer["consumers"]] == [None] * len(
                answer["consumers"]
            )
            assert all(each["lag_unknown_since"] for each in answer["consumers"])
    await come_back()
    to_ready = await desk.until_all(ready=True)
    with capsys.disabled():
        name = outage.__name__
        print(f"\n{name}: to not ready {to_not_ready}; to ready again {to_ready}")  # noqa: T201
    assert max(to_not_ready.values()) <= FOLLOWS_WITHIN
    assert max(to_ready.values()) <= FOLLOWS_WITHIN


async def test_brokers_and_a_store_of_mongodb_that_go_away(
    tmp_path: Path, prefix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with opened(tmp_path, prefix, "h2") as desk:
        await check(desk, kill_broker, "kafka", capsys)
        await check(desk, freeze_broker, "kafka", capsys)
        await check(desk, kill_store, "store", capsys)
        await check(desk, freeze_store, "store", capsys)
        await check(desk, kill_both, "", capsys)


async def test_files_of_the_embedded_store_that_go_away_and_services_that_stand_still(
    tmp_path: Path, prefix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with opened(tmp_path, prefix, "sqlite") as desk:
        await check(desk, move_files, "store", capsys)
        # Each for itself: none of them needs another to be ready.
        await asyncio.gather(*(check_freezing(service, capsys) for service in desk.services))


async def check_freezing(service: ServiceProcess, capsys: pytest.CaptureFixture[str]) -> None:
    """A probe gets no answer while it stands still, and the truth soon after."""
    assert service.process is not None
    service.process.send_signal(signal.SIGSTOP)
    try:
        began = time.monotonic()
        async with httpx.AsyncClient(base_url=service.url, timeout=2) as client:
            with pytest.raises(httpx.TimeoutException):
                await client.get("/health/ready")
            refused = time.monotonic() - began
            await eventually(lambda: time.monotonic() - began > LASTS, timeout=60)
    finally:
        service.process.send_signal(signal.SIGCONT)
    since = time.monotonic()
    await eventually(service.is_ready, timeout=60, interval=0.1)
    took = time.monotonic() - since
    with capsys.disabled():
        times = f"no answer {refused:.1f} s, ready again {took:.1f} s"
        print(f"\nfreeze {service.name}: {times}")  # noqa: T201
    assert took <= FOLLOWS_WITHIN
    assert (await service.get("/health/live")).is_success
