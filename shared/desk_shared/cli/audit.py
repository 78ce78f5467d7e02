"""`desk audit`: is anything lost, doubled or out of order? Asks the log, then the stores.

The log of `desk.tickets` is the truth. What intake and metrics hold is compared with it by ids,
sequences and outboxes alone; no state of a service is read here.
"""

import asyncio
from typing import Annotated

import typer

from desk_shared.auditing import Findings, LogBook, compare_reader, compare_writer
from desk_shared.bus.door import Door
from desk_shared.cli.reading import read_all
from desk_shared.cli.setting import settings
from desk_shared.errors import Invalid
from desk_shared.events.names import REQUESTS, TICKETS
from desk_shared.store import Store
from desk_shared.store.census import census
from desk_shared.terminal import say
from desk_shared.text import plain_line


def audit(
    verbose: Annotated[bool, typer.Option(help="Name every ticket that is concerned.")] = False,
) -> None:
    """Fold desk.tickets from the log and compare with the stores; exit code 1 if wrong."""
    findings = asyncio.run(_audit())
    say(findings.summary())
    if verbose or not findings.is_clean:
        for line in findings.lines():
            say(plain_line(line))
    raise typer.Exit(0 if findings.is_clean else 1)


async def _audit() -> Findings:
    chosen = settings()
    book, door = LogBook(), Door(prefix=chosen.topic_prefix)
    topics = [chosen.topic_prefix + name for name in (REQUESTS, TICKETS)]
    async for raw in read_all(chosen.kafka, topics):
        try:
            book.add(door.read(raw))
        except Invalid:
            book.unreadable += 1
    findings = book.findings()
    for service, compare in (("intake", compare_writer), ("metrics", compare_reader)):
        store = Store(chosen.store, chosen.store.database_prefix + service)
        try:
            compare(book, await census(store.database, "tickets"), findings)
        finally:
            await store.stop()
    return findings
