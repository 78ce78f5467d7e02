"""`python -m desk_storm`: a desk of several replicas, all around it failing, and the laws."""

import argparse
import asyncio
import logging
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from desk_local import LocalServers, local_servers
from desk_local.lifecycle import apply_topics
from desk_local.processes import CannotStart
from desk_local.servers import BACKENDS, Backend
from desk_local.services import Around
from desk_platform.kafka.producer import KafkaPublisher
from desk_platform.settings import KafkaSettings
from desk_testing import slapd

from desk_storm import charter, collecting, disks
from desk_storm.archive import keep
from desk_storm.books import Books, End, Restless, Stuck
from desk_storm.clocks import lateness
from desk_storm.coverage import AT_THE_DOOR, STEPS, drawn, never, table
from desk_storm.crowd import Crowd
from desk_storm.faults import FULL, Planned, schedule, shown
from desk_storm.front_door import door as front_door
from desk_storm.front_door.door import FrontDoor
from desk_storm.history import History
from desk_storm.laws import Broken, judge
from desk_storm.mail_server import MailServer
from desk_storm.replicas import Fleet
from desk_storm.settling import Outlook, Stillness
from desk_storm.store_files import NO_FAULTS, StoreFiles
from desk_storm.targets import KINDS, Targets
from desk_storm.weather import Weather

# How far a device's clock is behind; a negative one is ahead.
_OFFSETS = (timedelta(), timedelta(), timedelta(seconds=60), timedelta(seconds=-60))
_SHOWN_OF_A_LAW = 5
# After a storm of an hour there is more to be done than after a minute's; this is no goal of speed.
# One mail in eight fails, and is tried again later and later: that alone takes minutes.
_LONGEST_SETTLING = 900
_LOOKS_EVERY = 3.0
_TELLS_EVERY = 60.0


@dataclass(frozen=True)
class Plan:
    """What was asked for on the command line."""

    seed: int
    faults: int
    seconds: float
    replicas: int
    rate: float
    settle: float
    rest: float
    backend: Backend
    keep: Path | None
    front_door: bool


def main() -> None:
    """Storm once; the exit code is 1 if a law was broken."""
    plan = _read_plan()
    # The clients' complaints about a broker that the storm itself has killed are no news.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="desk-storm-") as folder:
        try:
            code = asyncio.run(_storm(plan, Path(folder)))
        except* CannotStart as error:
            print(f"There was no storm to judge. {error.exceptions[0]}")
            code = 2
        raise SystemExit(code)


def _read_plan() -> Plan:
    parser = argparse.ArgumentParser(prog="desk_storm", description=__doc__)
    parser.add_argument("--short", action="store_true", help="a storm of some two minutes")
    parser.add_argument("--seed", type=int, default=20261127)
    parser.add_argument("--faults", type=int)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--replicas", type=int, default=2)
    parser.add_argument("--rate", type=float, help="tickets per second")
    parser.add_argument("--settle", type=float, default=50, help="least seconds after the end")
    parser.add_argument(
        "--rest", type=float, default=_LONGEST_SETTLING, help="most seconds after the end"
    )
    parser.add_argument("--backend", default="h2", choices=BACKENDS)
    parser.add_argument("--keep", type=Path, help="a folder for the books and the logs")
    parser.add_argument(
        "--front-door",
        action="store_true",
        help="requests from the catalogue, mail and recoveries of accounts as well; needs slapd",
    )
    given = parser.parse_args()
    if given.front_door and not slapd.is_installed():
        parser.error(slapd.MISSING)
    faults, minutes, rate = (14, 0.75, 2.0) if given.short else (126, 10.0, 4.6)
    return Plan(
        given.seed,
        given.faults if given.faults is not None else faults,
        60 * (given.minutes or minutes),
        given.replicas,
        given.rate or rate,
        given.settle,
        given.rest,
        given.backend,
        given.keep,
        given.front_door,
    )


async def _storm(plan: Plan, folder: Path) -> int:
    planned = _planned(plan)
    async with AsyncExitStack() as stack:
        servers = await _servers(stack, folder / "servers", plan.backend)
        targets, mail_server = Targets(), MailServer(plan.seed)
        await _around_it(stack, targets, mail_server)
        first = charter.write(folder / "charter")
        door = await _open_door(plan, stack, folder, targets.port)
        fleet = Fleet.made(folder, _around(servers, mail_server, folder, door), plan.replicas)
        if door is not None:
            door.ports = fleet.take_mail()
        await fleet.start(stack)
        kafka = KafkaSettings(bootstrap=servers.kafka)
        crowd = await _gather_crowd(plan, stack, kafka, fleet, targets)
        store = _store_files(servers)
        weather = Weather(fleet, servers, folder / "charter", store, charters=[first])
        began = datetime.now(UTC)
        outlook = _outlook(kafka, fleet, targets, mail_server)
        restless = await _rage(plan, planned, crowd, weather, outlook, door)
        fleet.look()
        closing = datetime.now(UTC)
        deliveries, records = await collecting.collect(fleet.of("notify")[0].address, kafka)
        books = Books(
            began,
            closing,
            tuple(crowd.calls),
            tuple(crowd.sent),
            tuple(targets.acts),
            tuple(mail_server.mails),
            tuple(deliveries),
            tuple(records),
            tuple(weather.faults),
            tuple(fleet.ends),
            tuple(weather.stuck),
            restless,
            tuple(weather.charters),
        )
        if door is not None:
            books = await door.close(books, kafka, list(fleet.replicas.values()))
        return _tell(plan, books, weather)


async def _open_door(
    plan: Plan, stack: AsyncExitStack, folder: Path, target: int
) -> FrontDoor | None:
    """Its servers, and a charter by which whoever orders it has their own device restarted."""
    if not plan.front_door:
        return None
    charter.write_own_devices(folder / "charter", target)
    return await FrontDoor.open(stack, folder)


async def _gather_crowd(
    plan: Plan, stack: AsyncExitStack, kafka: KafkaSettings, fleet: Fleet, targets: Targets
) -> Crowd:
    publisher = await stack.enter_async_context(KafkaPublisher(kafka, "storm"))
    return Crowd([item.address for item in fleet.of("intake")], publisher, targets, plan.seed)


async def _servers(stack: AsyncExitStack, folder: Path, backend: Backend) -> LocalServers:
    context = local_servers(folder, backend=backend)
    servers = await asyncio.to_thread(context.__enter__)
    stack.push_async_callback(asyncio.to_thread, context.__exit__, None, None, None)
    await asyncio.to_thread(apply_topics, servers.kafka)
    return servers


def _store_files(servers: LocalServers) -> StoreFiles | None:
    scheme, _, folder = servers.store_url.partition(":")
    return StoreFiles(Path(folder)) if scheme == "sqlite" else None


def _planned(plan: Plan) -> list[Planned]:
    """The faults that can fall here."""
    planned = schedule(plan.seed, plan.faults, plan.seconds, plan.replicas)
    if plan.front_door and plan.faults:
        planned += front_door.kills(plan.seed, plan.seconds, plan.replicas)
        planned.sort(key=lambda item: item.after)
    if not disks.CAN_BE_FULL:
        planned = [item for item in planned if item.kind not in FULL]
        print("Full disks are not tried: only Linux can take the room from a running process.")
    if plan.backend == "sqlite":
        planned = [item for item in planned if item.kind not in NO_FAULTS]
        print("The embedded store has no server: its files are locked, not killed or filled.")
    print(f"seed {plan.seed}, {plan.replicas} replicas, {plan.seconds:.0f} s: {shown(planned)}")
    return planned


def _outlook(
    kafka: KafkaSettings, fleet: Fleet, targets: Targets, mail_server: MailServer
) -> Outlook:
    def unfinished() -> list[str]:
        acts = sum(act.ended_at is None for act in targets.acts)
        mails = sum(mail.ended_at is None for mail in mail_server.mails)
        counts = ((acts, "acts at their targets"), (mails, "mails on their way"))
        return [f"{count} {what}" for count, what in counts if count]

    return Outlook(
        kafka, fleet.lasting, lambda: len(targets.acts) + len(mail_server.mails), unfinished
    )


async def _around_it(stack: AsyncExitStack, *outside: Targets | MailServer) -> None:
    for item in outside:
        await item.start()
        stack.callback(item.stop)


def _around(
    servers: LocalServers, mail_server: MailServer, folder: Path, door: FrontDoor | None
) -> Around:
    env = {} if door is None else door.variables()
    env |= {
        "DESK_CHARTER": str(folder / "charter"),
        "NOTIFY_SMTP_HOST": "127.0.0.1",
        "NOTIFY_SMTP_PORT": str(mail_server.port),
        "NOTIFY_SMTP_SECURITY": "none",
        "NOTIFY_MAIL_DOMAINS": "desk.example",
        "NOTIFY_MAIL_PER_HOUR": "1000",
    }
    return Around(servers.kafka, servers.store_url, env)


async def _rage(
    plan: Plan,
    planned: Sequence[Planned],
    crowd: Crowd,
    weather: Weather,
    outlook: Outlook,
    door: FrontDoor | None,
) -> tuple[Restless, ...]:
    """The crowd lives while faults fall; then it goes home, and the desk has time to settle."""
    devices = [
        f"{what}-{kind}-{number}"
        for number, what in enumerate(("laptop", "once"))
        for kind in KINDS
    ]
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(timeout=8, limits=limits) as http, asyncio.TaskGroup() as group:
        watch = group.create_task(weather.fleet.revive())
        for number, device in enumerate(devices):
            group.create_task(crowd.measure(device, _OFFSETS[number % len(_OFFSETS)]))
        asking = group.create_task(crowd.ask(http, plan.rate * 0.8))
        requesting = group.create_task(crowd.request(plan.rate * 0.2))
        coming = [] if door is None else [door.live(http, crowd, plan.rate)]
        visiting = [group.create_task(visit) for visit in coming]
        weather_task = group.create_task(_say(crowd, weather))
        raging = group.create_task(weather.rage(planned, plan.seconds))
        # Faults may take longer than planned; the crowd does not.
        await asyncio.sleep(plan.seconds)
        crowd.is_over.set()
        await asyncio.gather(raging, asking, requesting, *visiting)
        restless = await _settle(plan, outlook)
        crowd.are_devices_over.set()
        watch.cancel()
        weather_task.cancel()
    return restless


async def _settle(plan: Plan, outlook: Outlook) -> tuple[Restless, ...]:
    """Deadlines pass and repairs are verified even when nobody does anything any more."""
    loop, still = asyncio.get_running_loop(), Stillness(plan.settle)
    began = loop.time()
    tell_at = began + _TELLS_EVERY
    while (seconds := loop.time() - began) < plan.rest:
        await asyncio.sleep(_LOOKS_EVERY)
        look = await outlook.look()
        if still.see(loop.time() - began, look):
            _print(f"quiet after {loop.time() - began:.0f} s")
            return ()
        if loop.time() >= tell_at:
            _print(f"not quiet: {'; '.join(still.reasons) or 'it is quiet now'}")
            tell_at += _TELLS_EVERY
    reasons = still.reasons or ("it was quiet for too short a time",)
    _print(f"not quiet after {seconds:.0f} s")
    return (Restless(seconds, reasons),)


def _print(text: str) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S} {text}", flush=True)


async def _say(crowd: Crowd, weather: Weather) -> None:
    while True:
        await asyncio.sleep(_TELLS_EVERY)
        _print(
            f"{len(weather.faults)} faults, {crowd.tickets} tickets,"
            f" {len(weather.fleet.ends)} ended by themselves"
        )


def _tell(plan: Plan, books: Books, weather: Weather) -> int:
    if plan.keep is not None:
        keep(books, weather.fleet.logs, plan.keep)
    history = History(books)
    runs = Counter(type(end.event.data).__name__ for end in history.run_ends.values())
    print(
        f"{len(history.tickets)} tickets, {len(books.records)} records, {len(books.calls)} calls,"
        f" {len(books.acts)} acts, {len(books.mails)} mails, {len(books.faults)} faults;"
        f" slowest start {weather.slowest:.1f} s; {len(books.ends)} ended by themselves"
    )
    if plan.front_door:
        print(front_door.table(books))
    print(f"runs: {dict(runs)}; verdicts late by: {lateness(history)}")
    counts = table(history)
    steps = (*STEPS, *AT_THE_DOOR) if books.letters else STEPS
    print(drawn(counts, steps))
    print("Never hit: " + ("; ".join(never(counts, steps)) or "nothing"))
    broken = judge(books)
    tell_broken(broken)
    lame: tuple[End | Stuck, ...] = (*books.ends, *books.stuck)
    for item in lame:
        print(f"--- {item.service}-{item.replica}, the end of its log at {item.at}:\n{item.tail}")
    return 1 if broken else 0


def tell_broken(broken: Sequence[Broken]) -> None:
    """How many were broken, and the first of each law; the trials of mutants read these lines."""
    counts = Counter(item.law for item in broken)
    print(f"{len(broken)} broken laws" + (f": {dict(counts)}" if counts else ""))
    seen: Counter[str] = Counter()
    for item in broken:
        seen[item.law] += 1
        if seen[item.law] <= _SHOWN_OF_A_LAW:
            print(f"  {item.law} | {item.subject} | {item.evidence}")


if __name__ == "__main__":
    main()
