"""A mapping says which column of an export means what: reviewed YAML, a file per export."""

import unicodedata
from enum import StrEnum
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from desk_contracts.events.tickets import Channel, Kind, State, WaitingFor
from desk_contracts.frozen import Frozen
from desk_contracts.text import without_invisible
from desk_contracts.value_types import Level, Priority
from pydantic import Field, field_validator

from desk_metrics.history.exports.forms import Order
from desk_metrics.history.exports.text import is_encoding

_CLOSED: dict[str, frozenset[str]] = {
    "priority": frozenset(Priority),
    "impact": frozenset(Level),
    "urgency": frozenset(Level),
    "channel": frozenset(Channel),
    "kind": frozenset(Kind),
}
FIGURES = ("reassignments", "reopenings", "updates", "resolved", "closed", "kept")


class Shape(StrEnum):
    """What a row is: a whole ticket with a column per date, or one update of a ticket."""

    TICKETS = "tickets"
    UPDATES = "updates"


class FirstOf(Frozen):
    """The first of these columns that has a value: one export's header differs from another's."""

    first: tuple[str, ...]


Column = str | tuple[str, ...] | FirstOf


def columns_of(column: Column) -> set[str]:
    """The export's columns that one of ours may come from."""
    if isinstance(column, FirstOf):
        return set(column.first)
    return {column} if isinstance(column, str) else set(column)


class Columns(Frozen):
    """The column of each thing; several are joined with ` / `. In JSON a dot goes one step in."""

    ticket: Column
    at: Column | None = None
    order: Column | None = None
    opened: Column | None = None
    assigned: Column | None = None
    responded: Column | None = None
    started: Column | None = None
    resolved: Column | None = None
    closed: Column | None = None
    changed: Column | None = None
    state: Column | None = None
    team: Column | None = None
    member: Column | None = None
    by: Column | None = None
    requester: Column | None = None
    title: Column | None = None
    description: Column | None = None
    category: Column | None = None
    service: Column | None = None
    device: Column | None = None
    site: Column | None = None
    group: Column | None = None
    channel: Column | None = None
    kind: Column | None = None
    impact: Column | None = None
    urgency: Column | None = None
    priority: Column | None = None
    resolution: Column | None = None
    cause: Column | None = None


_WORD = 100
# The format that stands for all usual forms of a moment.
COMMON = "common"


class Times(Frozen):
    """How moments are written. Without an offset in the text they are wall time of the zone.

    `order` says which number is the day; left out, the dates of the file decide.
    """

    formats: tuple[str, ...] = (COMMON,)
    zone: str = "UTC"
    order: Order | None = None

    @field_validator("zone")
    @classmethod
    def _check_zone(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(
                f"'{zone}' is not a known time zone; write it like Europe/Berlin"
            ) from error
        return zone


class StateMapping(Frozen):
    """Our state for a word of the old desk; for `waiting`, who is waited for."""

    state: State
    waiting: WaitingFor | None = None


class Mapping(Frozen):
    """Everything the import must be told about an export.

    `source` of the events: make it yours. `delimiter`, if empty, is taken from the header, and
    `encoding` is seen where it is UTF-8, UTF-16 or UTF-32. `records` is the key, or the keys, that
    hold the list of records in JSON.
    """

    name: str
    description: str = ""
    shape: Shape
    source: str = Field(pattern=r"^/[a-z0-9/-]+$")
    delimiter: str = Field(default="", max_length=1)
    encoding: str = ""
    records: str | tuple[str, ...] = ""
    nulls: tuple[str, ...] = ("",)
    identical_rows: str = Field(default="duplicates", pattern="^(duplicates|events)$")
    times: Times = Times()
    columns: Columns
    states: dict[str, StateMapping] = Field(default_factory=dict)
    values: dict[str, dict[str, str]] = Field(default_factory=dict)
    own: dict[str, str] = Field(default_factory=dict, max_length=20)
    figures: dict[str, str] = Field(default_factory=dict)

    @field_validator("states", mode="before")
    @classmethod
    def _split_states(cls, states: object) -> object:
        if not isinstance(states, dict):
            return states
        return {str(word): _split_state(value) for word, value in states.items()}

    @field_validator("values")
    @classmethod
    def _check_values(cls, values: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
        for name, table in values.items():
            if name not in _CLOSED:
                raise ValueError(
                    f"'{name}' takes any text; only {', '.join(_CLOSED)} are translated"
                )
            for ours in table.values():
                if ours not in _CLOSED[name]:
                    allowed = ", ".join(sorted(_CLOSED[name]))
                    raise ValueError(f"'{ours}' is no {name}; it is one of {allowed}")
        return values

    @field_validator("figures")
    @classmethod
    def _check_figures(cls, figures: dict[str, str]) -> dict[str, str]:
        if unknown := sorted(set(figures) - set(FIGURES)):
            raise ValueError(f"{', '.join(unknown)}: compared are only {', '.join(FIGURES)}")
        return figures

    @field_validator("encoding")
    @classmethod
    def _check_encoding(cls, encoding: str) -> str:
        encoding = encoding.lower().replace("utf8", "utf-8").replace("utf16", "utf-16")
        if encoding and not is_encoding(encoding):
            raise ValueError(
                f"'{encoding}' is no encoding that is known; write it like cp1251 or shift_jis"
            )
        return encoding

    @property
    def record_keys(self) -> tuple[str, ...]:
        """The keys that may hold the list of records; none if the file itself is the list."""
        keys = (self.records,) if isinstance(self.records, str) else self.records
        return tuple(filter(None, keys))

    @cached_property
    def state_of(self) -> dict[str, StateMapping]:
        return {normalise_word(word): status for word, status in self.states.items()}

    @cached_property
    def value_of(self) -> dict[str, dict[str, str]]:
        """For each translated column the old desk's word, folded, to ours; ours go through."""
        return {
            name: {ours: ours for ours in map(normalise_word, allowed)}
            | {normalise_word(ours): ours for ours in allowed}
            | {normalise_word(word): ours for word, ours in self.values.get(name, {}).items()}
            for name, allowed in _CLOSED.items()
        }


def normalise_word(text: str) -> str:
    """Words are compared without regard to case, form, blanks and what nobody sees."""
    # Exports say few words many times; a cell of a megabyte is not worth keeping.
    is_kept = len(text) <= _WORD  # desk-skip: mutate what is kept is read again, to the same end
    return _normalise(text) if is_kept else _normalise.__wrapped__(text)  # desk-skip: mutate so too


@lru_cache(maxsize=1 << 12)
def _normalise(text: str) -> str:
    plain = unicodedata.normalize("NFKC", without_invisible(text)).casefold()
    return " ".join(plain.split())


def _split_state(value: object) -> object:
    """`waiting vendor` is short for the state and who is waited for."""
    if not isinstance(value, str):
        return value
    state, _, waiting = value.partition(" ")
    if state == State.WAITING and not waiting:
        raise ValueError(
            "say who is waited for: waiting employee, waiting vendor, waiting approval"
        )
    return {"state": state, **({"waiting": waiting} if waiting else {})}
