"""`desk store copy`: a whole desk from one store to another, compared when it is there."""

import asyncio
from contextlib import AsyncExitStack
from typing import Annotated, NamedTuple

import typer
from aiokafka.admin import AIOKafkaAdminClient
from desk_contracts.errors import Invalid, NotFound, Rejected
from desk_platform.kafka.connection import kafka_arguments
from desk_platform.settings import StoreSettings
from desk_platform.store import Store, open_store
from desk_platform.store.files import copy_files
from desk_platform.store.raw import NOT_MOVED, copy_collection, digest_of
from desk_platform.store.sqlite.store import SCHEME, folder_of
from desk_platform.terminal import say
from pydantic import ValidationError

from desk_cli.adopt import services
from desk_cli.options import settings
from desk_cli.screen import TextTable, show
from desk_cli.status import own_groups

app = typer.Typer(no_args_is_help=True, help="The store as a whole.")
_ADDRESS = "mongodb://host:port or sqlite:FOLDER"


# Where Kafka's description of a group has its members.
_MEMBERS = 5
# How what people attached is called beside the collections.
_FILES = "files"


class Copied(NamedTuple):
    """One collection on the other side."""

    service: str
    collection: str
    rows: int
    is_same: bool


@app.command("copy")
def copy(
    source: Annotated[str, typer.Argument(metavar="FROM", help=f"Where it is: {_ADDRESS}.")],
    target: Annotated[str, typer.Argument(metavar="TO", help=f"Where it goes: {_ADDRESS}.")],
) -> None:
    """Copy all that the five services keep, and compare both sides. They must be stopped.

    Exit code 1 if a copy differs. The user of MongoDB is that of DESK_STORE_USERNAME.
    """
    copied = asyncio.run(_copy(source, target))
    table = TextTable("service", "collection", "rows", "same on both sides")
    for item in copied:
        table.add_line(item.service, item.collection, item.rows, "yes" if item.is_same else "NO")
    show(table)
    if not all(item.is_same for item in copied):
        raise typer.Exit(1)
    say(f"All is copied. Set DESK_STORE={target} and start the services.")


async def _copy(source: str, target: str) -> list[Copied]:
    async with AsyncExitStack() as opened:
        pairs: list[tuple[str, Store, Store]] = []
        for service in services():
            pair = _open(source, service), _open(target, service)
            for store in pair:
                opened.push_async_callback(store.stop)
            pairs.append((service, *pair))
        # To read it would make it.
        if source.startswith(SCHEME) and not folder_of(source).is_dir():
            raise NotFound(f"There is no folder {folder_of(source)}; is the address right?")
        await refuse_unless_stopped([store for _, store, _ in pairs])
        for service, _, store in pairs:
            filled = set(await store.collections()) - NOT_MOVED
            if filled := filled | ({_FILES} if await store.files().list_ids() else set()):
                raise Rejected(
                    f"The store at {target} has {', '.join(sorted(filled))} of {service} already;"
                    " a desk is copied to an empty store only."
                )
        copied = [item for pair in pairs for item in await _copy_service(*pair)]
    if not any(item.rows for item in copied):
        raise NotFound(f"There is nothing of a desk at {source}; is the address right?")
    return copied


async def _copy_service(service: str, source: Store, target: Store) -> list[Copied]:
    copied = []
    for collection in sorted(set(await source.collections()) - NOT_MOVED):
        await copy_collection(source, target, collection)
        before, after = await digest_of(source, collection), await digest_of(target, collection)
        copied.append(Copied(service, collection, after[0], before == after))
    files, are_same = await copy_files(source.files(), target.files())
    if files:
        copied.append(Copied(service, _FILES, files, are_same))
    return copied


def _open(address: str, service: str) -> Store:
    try:
        url = StoreSettings(url=address).url
    except ValidationError as error:
        raise Invalid(f"{address} is no address of a store; write {_ADDRESS}.") from error
    chosen = settings().store.model_copy(update={"url": url})
    return open_store(chosen, chosen.database_prefix + service)


async def refuse_unless_stopped(stores: list[Store]) -> None:
    """A group of the desk with members is still at work. A service that has just begun has noted
    nothing in its store yet, so Kafka is asked which groups there are."""
    noted = {group for store in stores for group in await store.milestones().all()}
    kept = [set(await store.collections()) - NOT_MOVED for store in stores]
    if not noted and not any(kept):
        return
    chosen = settings()
    admin = AIOKafkaAdminClient(client_id="desk-store", **kafka_arguments(chosen.kafka))
    await admin.start()
    try:
        listed = [str(group[0]) for group in await admin.list_consumer_groups()]
        groups = sorted(noted | set(own_groups(listed, chosen.topic_prefix)))
        # One at a time: the library misreads an answer about several.
        answers = {
            group: await admin.describe_consumer_groups([chosen.topic_prefix + group])
            for group in groups
        }
    finally:
        await admin.close()
    at_work = [
        group
        for group, answer in answers.items()
        if any(described[_MEMBERS] for item in answer for described in item.groups)
    ]
    if at_work:
        raise Rejected(
            f"{', '.join(at_work)} still read. What they write now would be left out: stop the"
            " services first, and let Kafka run. On this machine: `make down`, then"
            " `.venv/bin/python -m desk_local up --no-services`."
        )
