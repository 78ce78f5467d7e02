"""`desk person`: all that is kept of one person, have it erased, and see who has done it."""

import asyncio
import base64
import getpass
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypedDict
from uuid import uuid4

import httpx
import typer
from desk_contracts import names
from desk_contracts.errors import DependencyDown, Invalid, Rejected
from desk_contracts.events.erasures import ErasureDone, ErasureRequested
from desk_contracts.people import NotAPerson, read_person
from desk_contracts.redaction import Erasure, Json, Redactor, hash_person, list_files
from desk_contracts.text import plain_line
from desk_contracts.topics import SERVICES
from desk_platform.erasure import read_key
from desk_platform.erasure.rows import export_row, has_documents, is_owned
from desk_platform.kafka.deserializer import RecordDecoder
from desk_platform.kafka.topic_reader import list_topic_names, read_all
from desk_platform.settings import find_chain_keys
from desk_platform.store import Store
from desk_platform.store.raw import pages_of
from desk_platform.terminal import say, spoken_here
from pydantic_core import to_json

from desk_cli.log_rewrite import Rewritten, open_rewriter
from desk_cli.options import read_store, settings
from desk_cli.screen import TextTable, show
from desk_cli.store import refuse_unless_stopped

app = typer.Typer(no_args_is_help=True, help="What is kept of one person, and its erasure.")
_TIMEOUT_S = 30.0
# They name nobody, and say what must be gone.
_NOT_REWRITTEN = frozenset({
    names.ERASURES, names.ERASURES_DONE, names.WATERMARKS, names.CHECKPOINTS,
})  # fmt: skip
Person = Annotated[str, typer.Argument(help="The person's id or mail address.")]


class Kept(TypedDict):
    """What one service keeps of a person: by collection, and the files by id."""

    documents: dict[str, list[Json]]
    files: dict[str, str]


@app.command("export")
def export(
    person: Person,
    to: Annotated[Path, typer.Option(help="The JSON file to write.")],
) -> None:
    """Write all that the five services keep of a person, attachments included (as base64)."""
    who = _read(person)
    if not to.parent.is_dir():
        raise Invalid(f"There is no folder '{to.parent}' to write to; create it first.")
    kept = asyncio.run(collect(who))
    document = {"person": who, "at": datetime.now(UTC), "services": kept}
    to.write_bytes(to_json(document, indent=2))
    parts = sum(len(rows) for part in kept.values() for rows in part["documents"].values())
    files = sum(len(part["files"]) for part in kept.values())
    say(plain_line(f"Written to {to}: {parts:,} parts of documents, {files:,} files."))


@app.command("erase")
def erase(
    person: Person,
    reason: Annotated[str, typer.Option(help="Why; kept for ever, so without the person's name.")],
) -> None:
    """Have a person erased in all services. `desk person list` says who has done it.

    Asks intake (DESKCLI_INTAKE_URL), signed in by DESKCLI_TOKEN; without a token as an operator,
    which only the local desk believes.
    """
    chosen = settings()
    headers = {
        "Accept-Language": spoken_here().language,
        "Idempotency-Key": f'"{uuid4()}"',
    }
    if chosen.token is None:
        headers |= {"X-Desk-User": getpass.getuser(), "X-Desk-Roles": "operator"}
    else:
        headers["Authorization"] = f"Bearer {chosen.token.get_secret_value()}"
    url = f"{chosen.intake_url.rstrip('/')}/v1/erasures"
    body = {"person": _read(person), "reason": reason}
    try:
        with httpx.Client(headers=headers, timeout=_TIMEOUT_S, trust_env=False) as client:
            answer = client.post(url, json=body)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise DependencyDown(f"{url} does not answer ({error!r}). Is the desk up?") from error
    if answer.status_code != httpx.codes.ACCEPTED:
        detail = answer.text
        with suppress(ValueError, KeyError, TypeError):
            detail = answer.json()["detail"]
        raise Rejected(plain_line(f"Not erased ({answer.status_code}): {detail[:1_000]}"))
    view = answer.json()
    say(
        f"Erasure {view['id']}: {view['tickets']} tickets. {view['pseudonym']} stands for the"
        " person now. `desk person list` says who has done it; the log keeps what it says until"
        " `desk person purge`."
    )


@app.command("list")
def list_erasures() -> None:
    """All erasures, and which services have carried each out."""
    requests, done = asyncio.run(_read_erasures())
    table = TextTable("erasure", "asked at", "tickets", "done by", "reason")
    for id, (at, record) in requests.items():
        by = sorted(done.get(id, set()))
        missing = len(SERVICES) - len(by)
        shown = (
            "all five services" if not missing else f"{', '.join(by) or 'nobody'}, {missing} to go"
        )
        table.add_line(id, f"{at:%Y-%m-%d %H:%M}", len(record.tickets), shown, record.reason)
    show(table)


@app.command("purge")
def purge() -> None:
    """Rewrite the log without all that was erased. The services must be stopped, and all read.

    It may be killed and begun again. The brokers delete the files of what was cut within minutes
    (log.retention.check.interval.ms and file.delete.delay.ms).
    """
    done = asyncio.run(_purge())
    table = TextTable("topic", "partition", "records with it", "done")
    for item in done:
        what = "cut up to there" if item.is_cut else f"{item.copies} records written again"
        place = item.partition
        table.add_line(place.topic, place.partition, item.affected, what)
    show(table)
    say("Nothing of it was left in the log." if not done else "The log is without it now.")


async def _purge() -> list[Rewritten]:
    chosen, prefix = settings(), settings().topic_prefix
    requests, _ = await _read_erasures()
    erasures = [
        Erasure(
            id,
            at,
            data.person_hash,
            data.pseudonym,
            frozenset(data.tickets),
            frozenset(data.quoting),
        )
        for id, (at, data) in requests.items()
    ]
    key = read_key(chosen)
    if key is None and any(erasure.person for erasure in erasures):
        raise Rejected("The people are recognised by DESK_ERASURE_KEY: set it as the services do.")
    stores = [read_store(service) for service in SERVICES]
    try:
        await refuse_unless_stopped(stores)
    finally:
        for store in stores:
            await store.stop()
    topics = {
        name
        for name in await list_topic_names(chosen.kafka)
        if name.startswith(f"{prefix}desk.") and name.removeprefix(prefix) not in _NOT_REWRITTEN
    }
    redactor = Redactor(key or b"", erasures)
    source = find_chain_keys(chosen.environment, chosen.chain_key)
    chain_keys = source() if source else None
    async with open_rewriter(chosen.kafka, prefix, redactor, chain_keys=chain_keys) as rewriter:
        return await rewriter.rewrite(topics)


async def collect(person: str) -> dict[str, Kept]:
    """By service. What is about the person is found as it would be for an erasure."""
    key = b"only in this process"
    redactor = _redactor(key, person, frozenset())
    tickets = frozenset[str]()
    store = read_store("intake")
    try:
        async for page in pages_of(store, "tickets"):
            for row in page:
                facets = row.get("facets")
                if isinstance(facets, dict) and redactor.pseudonym_of(str(facets["requester"])):
                    tickets |= {str(row["_id"])}
    finally:
        await store.stop()
    redactor, kept = _redactor(key, person, tickets), dict[str, Kept]()
    for service in SERVICES:
        store = read_store(service)
        try:
            kept[service] = await _collect(store, redactor)
        finally:
            await store.stop()
    return kept


async def _collect(store: Store, redactor: Redactor) -> Kept:
    kept = Kept(documents={}, files={})
    for collection in filter(has_documents, await store.collections()):
        async for page in pages_of(store, collection):
            for row in page:
                if parts := export_row(redactor, row):
                    kept["documents"].setdefault(collection, []).extend(parts)
                for id in list_files(parts) if is_owned(redactor, row) else ():
                    pieces = await store.files().open(id)
                    content = b"" if pieces is None else b"".join([item async for item in pieces])
                    kept["files"][id] = base64.b64encode(content).decode()
    return kept


def _redactor(key: bytes, person: str, tickets: frozenset[str]) -> Redactor:
    at = datetime.max.replace(tzinfo=UTC)
    return Redactor(key, [Erasure("export", at, hash_person(key, person), "the person", tickets)])


async def _read_erasures() -> tuple[
    dict[str, tuple[datetime, ErasureRequested]], dict[str, set[str]]
]:
    chosen = settings()
    door = RecordDecoder(prefix=chosen.topic_prefix)
    topics = [chosen.topic_prefix + name for name in (names.ERASURES, names.ERASURES_DONE)]
    requests, done = dict[str, tuple[datetime, ErasureRequested]](), dict[str, set[str]]()
    async for record in read_all(chosen.kafka, topics):
        with suppress(Invalid):
            event = door.read(record)
            if isinstance(event.data, ErasureRequested):
                requests[event.subject] = (event.time, event.data)
            elif isinstance(event.data, ErasureDone):
                done.setdefault(event.data.erasure, set()).add(event.data.service)
    return requests, done


def _read(person: str) -> str:
    try:
        return read_person(person)
    except NotAPerson as error:
        raise Invalid(f"{error}.") from error
