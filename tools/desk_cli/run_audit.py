"""Reads the transitions of runs, the checkpoints of them and the erasures, for an audit."""

from desk_contracts import names
from desk_contracts.chain_keys import ChainKeys
from desk_contracts.errors import Invalid, Rejected
from desk_contracts.events.erasures import ErasureRequested
from desk_platform.kafka.deserializer import RecordDecoder
from desk_platform.kafka.topic_reader import read_all
from desk_platform.settings import find_chain_keys

from desk_cli.options import settings
from desk_cli.run_log import RunLog


async def read_run_log() -> RunLog:
    """All of it, as it is now. Checkpoints come first: what they saw must be in the log by then."""
    chosen = settings()
    log = RunLog(require_chain_keys(), await _read_pseudonyms())
    door = RecordDecoder(prefix=chosen.topic_prefix)
    async for record in read_all(chosen.kafka, [chosen.topic_prefix + names.CHECKPOINTS]):
        try:
            log.add_checkpoint(door.read(record))
        except Invalid as error:
            log.refuse(f"{record.topic}/{record.partition}/{record.offset}: {error.message}")
    async for record in read_all(chosen.kafka, [chosen.topic_prefix + names.AUTOMATION]):
        log.add(record)
    return log


def require_chain_keys() -> ChainKeys:
    """The keys of the seals; `Rejected` with what to do where none is set."""
    keys = find_chain_keys(settings().environment, settings().chain_key)
    if keys is None:
        raise Rejected(
            "Seals are checked with the key that made them: set AUTOMATION_CHAIN_KEY (or"
            " AUTOMATION_CHAIN_KEY_FILE) as automation does. If automation has none either,"
            " nothing is sealed, and nobody can say whether the log was changed."
        )
    return keys()


async def _read_pseudonyms() -> frozenset[str] | None:
    """Those of all erasures; None if there never was one."""
    chosen = settings()
    door, pseudonyms = RecordDecoder(prefix=chosen.topic_prefix), set[str]()
    async for record in read_all(chosen.kafka, [chosen.topic_prefix + names.ERASURES]):
        try:
            event = door.read(record)
        except Invalid:  # one that cannot be read erased nothing
            continue
        if isinstance(event.data, ErasureRequested):
            pseudonyms.add(event.data.pseudonym)
    return frozenset(pseudonyms) or None
