"""When a file may be put away, and when it is taken for one that no ticket names."""

from datetime import datetime, timedelta

from desk_contracts.errors import Transient
from desk_contracts.message import message
from desk_kernel import Decision

from desk_intake.attachments.model import Upload, UploadList

# No call takes so long between the bytes and the event that names them.
CALLS_TAKE = timedelta(hours=6)
# What could not be settled, and what a crash left half done, is looked at again.
_AGAIN = timedelta(minutes=5)
# About 150 bytes each; 256 lists of them are more than a store takes in six hours.
_MOST = 5_000


def list_of(id: str) -> str:
    """The list in which a file is remembered: one of 256."""
    return f"uploads-{id[:2]}"


def remember(
    listed: UploadList | None, id: str, tickets: tuple[str, ...], now: datetime
) -> Decision[UploadList]:
    """Before its bytes are put away. `Transient` while it is examined, or too many wait."""
    before = listed.uploads if listed else ()
    if len(before) >= _MOST or any(it.id == id and it.is_examined for it in before):
        raise Transient(message("request.contended"), code="contended", retry_after=5.0)
    others = tuple(it for it in before if it.id != id)
    return _decide((*others, Upload(id=id, tickets=tickets, at=now)), now)


def examine(listed: UploadList | None, now: datetime) -> Decision[UploadList] | None:
    """Marks those whose time is over, before anybody looks whether a ticket names them."""
    if listed is None:
        return None
    marked = tuple(
        it.model_copy(update={"is_examined": True}) if it.at + CALLS_TAKE <= now else it
        for it in listed.uploads
    )
    return _decide(marked, now)


def settle(
    listed: UploadList | None, ids: frozenset[str], now: datetime
) -> Decision[UploadList] | None:
    """These are named by a ticket, or their bytes are gone."""
    if listed is None:
        return None
    left = (it for it in listed.uploads if not (it.is_examined and it.id in ids))
    return _decide(tuple(left), now)


def _decide(uploads: tuple[Upload, ...], now: datetime) -> Decision[UploadList]:
    dues = (now + _AGAIN if it.is_examined else it.at + CALLS_TAKE for it in uploads)
    return Decision(UploadList(uploads=uploads), due=min(dues, default=None))
