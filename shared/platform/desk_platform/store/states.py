"""States as text: exact to the microsecond, written and read by one call."""

from typing import Generic

from pydantic import TypeAdapter

from desk_platform.store.document import S, Unreadable
from desk_platform.store.documents import Schema
from desk_platform.telemetry import get_logger

log = get_logger()


class States(Generic[S]):
    """Writes and reads the states of one collection."""

    def __init__(self, schema: Schema[S]) -> None:
        self._collection, self._states = schema.collection, TypeAdapter(schema.model)

    def write(self, state: S) -> str:
        """As JSON."""
        return self._states.dump_json(state).decode()

    def read(self, id: str, text: str | None) -> tuple[S | None, Unreadable | None]:
        """The state; of one that cannot be read only why: the trouble is its own."""
        if text is None:
            return None, None
        try:
            # What a newer version added is passed over, so that it can be rolled back.
            return self._states.validate_json(text, extra="ignore"), None
        except (ValueError, TypeError, KeyError) as error:
            log.warning("document_unreadable", collection=self._collection, document=id)
            return None, Unreadable({id: str(error)})
