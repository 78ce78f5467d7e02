"""`desk audit`: is anything lost, doubled or out of order? Asks the log, then the stores.

The log of `desk.tickets` is the truth. What outsiders sent that is no event of its topic is named
and counts as no loss. What intake and metrics hold is compared with it by ids,
sequences and outboxes alone; no state of a service is read here.
"""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer
from desk_contracts.errors import Invalid
from desk_contracts.names import REQUESTS, SOLUTIONS, TICKETS
from desk_contracts.text import plain_line
from desk_contracts.topics import OPEN_TOPICS, dead_topic
from desk_platform.kafka.deserializer import RecordDecoder
from desk_platform.kafka.records import REASON_CODE
from desk_platform.kafka.topic_reader import list_topic_names, read_all
from desk_platform.terminal import say

from desk_cli.adopt import find_replaced
from desk_cli.auditing import Findings, TicketLog, compare_reader, compare_writer
from desk_cli.options import read_store, settings
from desk_cli.restores import Forgotten, Gone, find_forgotten, find_gone
from desk_cli.run_audit import read_run_log
from desk_cli.solution_log import SolutionLog

# What intake did not take is no loss: it is there, with its reason.
DEAD_REQUESTS = dead_topic(REQUESTS, "intake")


# So many records that are no events are named without being asked for.
_NAMED = 20


def audit(
    verbose: Annotated[bool, typer.Option(help="Name every ticket that is concerned.")] = False,
    again: Annotated[
        float,
        typer.Option(
            min=0,
            help="Seconds after which to look again at what is wrong, and name only what still is:"
            " for a desk at work, whose stores are always a little apart from the log.",
        ),
    ] = 0,
    solutions: Annotated[
        bool,
        typer.Option(
            "--solutions",
            help="Work out from the log what became of solutions instead: answered, done,"
            " confirmed, verified, lasting; exit code 1 if what was told does not agree.",
        ),
    ] = False,
    runs: Annotated[
        bool,
        typer.Option(
            "--runs",
            help="Check the transitions of runs instead, by their seals and the checkpoints:"
            " exit code 1 if one was changed, removed, inserted, reordered or cut off, or cannot be"
            " verified, since its key is not here.",
        ),
    ] = False,
) -> None:
    """Read desk.tickets from the log and compare with the stores; exit code 1 if wrong."""
    if runs:
        findings = asyncio.run(read_run_log()).findings()
        for line in (findings.summary(), *findings.lines()):
            say(plain_line(line))
        raise typer.Exit(0 if findings.is_clean else 1)
    if solutions:
        raise typer.Exit(asyncio.run(_report_solutions()))
    raise typer.Exit(_report_tickets(verbose, again))


def _report_tickets(verbose: bool, again: float) -> int:
    """Say what the log and the stores say of tickets; the exit code."""
    replaced, forgotten = asyncio.run(find_replaced()), asyncio.run(find_forgotten())
    for anew in replaced:
        say(plain_line(f"Made anew: {anew.sentence}. See `desk topics adopt`."))
    gone = asyncio.run(find_gone(replaced))
    losses: list[Gone | Forgotten] = [*gone, *forgotten]
    for loss in losses:
        for line in loss.lines():
            say(plain_line(line))
    if replaced or forgotten:
        say("Follow 'Backup and restore' in docs/operations.md before you start the services.")
    findings = asyncio.run(_audit())
    if again and not findings.is_clean:
        say(f"{len(findings.wrong)} differences; looking again in {again:g} seconds.")
        findings = findings.confirm(asyncio.run(_audit(after=again)))
    say(findings.summary())
    if verbose or findings.foreign or not findings.is_clean:
        for line in findings.lines(None if verbose else _NAMED):
            say(plain_line(line))
    return 0 if findings.is_clean and not forgotten and not replaced else 1


async def _report_solutions() -> int:
    """Say what the log says of solutions; the exit code."""
    chosen = settings()
    log, door = SolutionLog(), RecordDecoder(prefix=chosen.topic_prefix)
    topics = sorted(chosen.topic_prefix + name for name in (TICKETS, SOLUTIONS))
    async for raw in read_all(chosen.kafka, topics):
        try:
            log.add(door.read(raw))
        except Invalid as error:
            say(plain_line(f"{raw.topic}/{raw.partition}/{raw.offset}: {error.message}"))
    findings = log.findings(datetime.now(UTC))
    for line in findings.lines():
        say(plain_line(line))
    return 1 if findings.wrong else 0


async def _audit(after: float = 0) -> Findings:
    """One look at log and stores, after so many seconds."""
    await asyncio.sleep(after)
    chosen = settings()
    book, door = TicketLog(), RecordDecoder(prefix=chosen.topic_prefix)
    dead = chosen.topic_prefix + DEAD_REQUESTS
    needed = [dead, *(chosen.topic_prefix + name for name in (REQUESTS, TICKETS))]
    others = {chosen.topic_prefix + name for name in OPEN_TOPICS} & await list_topic_names(
        chosen.kafka
    )
    async for raw in read_all(chosen.kafka, sorted({*needed, *others})):
        try:
            event = door.read(raw)
        except Invalid as error:
            # What was unreadable is so twice: where it came, and as the dead letter of it.
            if raw.topic != dead:
                place = f"{raw.topic}/{raw.partition}/{raw.offset}"
                book.leave_out(place, error.kind, error.message)
            continue
        if raw.topic == dead:
            book.refuse(event, (dict(raw.headers).get(REASON_CODE) or b"").decode(errors="replace"))
        else:
            book.add(event)
    findings = book.findings()
    for service, compare in (("intake", compare_writer), ("metrics", compare_reader)):
        store = read_store(service)
        try:
            compare(book, await store.census("tickets"), findings)
        finally:
            await store.stop()
    return findings
