"""States as text: exact to the microsecond, written and read by one call."""

from collections import OrderedDict
from typing import Generic

from desk_kernel import OncePerThing
from pydantic import BaseModel, TypeAdapter

from desk_platform.store.document import S, Unreadable
from desk_platform.store.documents import Schema
from desk_platform.telemetry import get_logger

log = get_logger()


class States(Generic[S]):
    """Writes and reads the states of one collection."""

    def __init__(self, schema: Schema[S]) -> None:
        self._collection, self._states = schema.collection, TypeAdapter(schema.model)
        self._schema, self._lasting = schema, schema.lasting
        self._excluded = set(schema.lasting) or None
        self._lasting_texts: OncePerThing[BaseModel, str] = OncePerThing(
            lambda part: part.model_dump_json(), schema.remembered
        )
        self._most = schema.remembered
        # States never change, so the same text is the same state: it is not parsed again.
        self._remembered: OrderedDict[str, tuple[str, S]] = OrderedDict()

    def write(self, state: S, id: str = "") -> str:
        """As JSON; `id` says which document has exactly this state."""
        text = self._states.dump_json(state, exclude=self._excluded).decode()
        for name in self._lasting:
            text = f'{text[:-1]},"{name}":{self._lasting_texts(getattr(state, name))}}}'
        if id:
            self._remember(id, text, state)
        return text

    def write_brief(self, state: S, text: str) -> str:
        """As listings show it; that is `text`, the whole of it, where they leave out nothing."""
        shown = self._schema.shown(state, text)
        return text if shown is state else self.write(shown)

    def read(self, id: str, text: str | None) -> tuple[S | None, Unreadable | None]:
        """The state; of one that cannot be read only why: the trouble is its own."""
        if text is None:
            return None, None
        before = self._remembered.get(id)
        if before is not None and before[0] == text:
            return before[1], None
        try:
            # What a newer version added is passed over, so that it can be rolled back.
            state = self._states.validate_json(text, extra="ignore")
        except (ValueError, TypeError, KeyError) as error:
            log.warning("document_unreadable", collection=self._collection, document=id)
            return None, Unreadable({id: str(error)})
        self._remember(id, text, state)
        return state, None

    def _remember(self, id: str, text: str, state: S) -> None:
        if not self._most:
            return
        self._remembered[id] = (text, state)
        self._remembered.move_to_end(id)
        if len(self._remembered) > self._most:
            self._remembered.popitem(last=False)
