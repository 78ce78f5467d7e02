"""One record of an export as an `ExportRow` in our words, with a remark on whatever is wrong."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from desk_contracts.message import Message, message, verbatim
from desk_contracts.text import is_visible

from desk_metrics.history.exports.mapping import Column, FirstOf, Mapping, Shape, normalise_word
from desk_metrics.history.exports.model import ExportRecord
from desk_metrics.history.exports.moments import Moments
from desk_metrics.history.rows import (
    ExportRow,
    Fault,
    Remark,
    find_contradiction,
    find_missing_date,
)
from desk_metrics.sla.worktime import instant, micros

_DATES = ("opened", "assigned", "responded", "started", "resolved", "closed", "changed")
_TRANSLATED = ("priority", "impact", "urgency", "channel", "kind")
_TEXTS = {
    "team": 200,
    "member": 200,
    "by": 200,
    "requester": 200,
    "title": 300,
    "description": 20_000,
    "category": 300,
    "service": 200,
    "device": 200,
    "site": 200,
    "group": 200,
    "resolution": 20_000,
    "cause": 300,
}
_LONGEST_TICKET = 150
_MAX_ORDER = 1 << 62
_FIRST_YEAR = 2000


class _RowRefused(Exception):
    def __init__(self, fault: Fault, reason: Message) -> None:
        super().__init__(reason)
        self.fault, self.reason = fault, reason


Get = Callable[[dict[str, str]], str]


class RowReader:
    """Reads records by one mapping, each file's moments as that file writes them.

    Moments from 2000 to a day after `now` are believed. `held` are the columns that had a value.
    """

    def __init__(self, mapping: Mapping, now: datetime) -> None:
        self._mapping = mapping
        self._first = micros(datetime(_FIRST_YEAR, 1, 1, tzinfo=UTC))
        self._last = micros(now + timedelta(days=1))
        self.held: set[str] = set()
        self._held_own: set[str] = set()
        self._nulls = frozenset(normalise_word(null) for null in (*mapping.nulls, ""))
        self.moments = Moments(mapping.times)
        columns = mapping.columns
        self._get: dict[str, Get] = {
            name: self._getter(column)
            for name in type(columns).model_fields
            if (column := getattr(columns, name)) is not None
        }
        # A row has many columns and a file many rows: only what is mapped is asked for.
        self._texts_read = [
            (n, longest, self._get[n]) for n, longest in _TEXTS.items() if n in self._get
        ]
        self._dates_read = [(name, self._get[name]) for name in _DATES if name in self._get]
        self._words_read = [(name, self._get[name]) for name in _TRANSLATED if name in self._get]

    def read(self, record: ExportRecord, file: int) -> tuple[ExportRow | None, list[Remark]]:
        """The row, or None if it cannot be used; every remark says which."""
        remarks: list[Remark] = []
        ticket = ""

        def remark(fault: Fault, reason: Message, *, used: bool = True) -> None:
            remarks.append(Remark(fault, used, file, record.row, ticket, reason))

        if record.mended:
            ticket = self._text("ticket", record.values)[:_LONGEST_TICKET]
            remark(Fault.ENCODING, record.mended)
        try:
            if record.broken:
                raise _RowRefused(Fault.UNREADABLE, verbatim(record.broken))  # noqa: TRY301
            ticket = self._ticket(record.values)
            row = self._row(record, ticket, file, remark)
        except _RowRefused as error:
            remark(error.fault, error.reason, used=False)
            return None, remarks
        return row, remarks

    def dates(self, record: ExportRecord) -> Iterator[str]:
        """The texts that are read as moments."""
        for name in ("at", *_DATES):
            if (get := self._get.get(name)) and (text := get(record.values)):
                yield text

    def empty(self) -> dict[str, Column]:
        """What the mapping reads and no row had, with its columns."""
        read = self._mapping.columns.model_dump(include=set(self._get) - self.held)
        named = {name: getattr(self._mapping.columns, name) for name in read}
        own = {**self._mapping.own, **self._mapping.figures}
        return named | {name: own[name] for name in own if name not in self._held_own}

    def columns(self) -> set[str]:
        """The columns that the file must have; alternatives and own columns may be missing."""
        needed: set[str] = set()
        for column in self._mapping.columns.model_dump(exclude_none=True).values():
            if isinstance(column, str):
                needed.add(column)
            elif not isinstance(column, dict):
                needed.update(column)
        return needed

    def _row(
        self, record: ExportRecord, ticket: str, file: int, remark: Callable[[Fault, Message], None]
    ) -> ExportRow:
        values = record.values
        fields: dict[str, Any] = self._texts(values, remark)
        fields |= self._states(values, remark)
        for name, get in self._words_read:
            if text := get(values):
                self.held.add(name)
                fields[name] = ours = self._mapping.value_of[name].get(normalise_word(text), "")
                if not ours:
                    reason = message("history.unknown-value", column=name, word=text[:60])
                    remark(Fault.UNKNOWN_VALUE, reason)
        fields |= self._dates(values, remark)
        at = self._at(values, fields)
        fields["own"] = own = self._read_own(self._mapping.own, values)
        fields["figures"] = figures = self._read_own(self._mapping.figures, values)
        self._held_own.update(own, figures)
        order = 0
        if text := self._text("order", values):
            self.held.add("order")
            order = min(int(text), _MAX_ORDER) if text.isascii() and text.isdigit() else 0
        row = ExportRow(ticket, at, order, file, record.row)._replace(**fields)
        self._check_dates(row, remark)
        return row

    def _check_dates(self, row: ExportRow, remark: Callable[[Fault, Message], None]) -> None:
        """Dates that cannot all be true: a ticket's only row is refused, an update is used."""
        wrong = find_contradiction(row)
        if self._mapping.shape is Shape.UPDATES:
            if wrong:
                remark(Fault.CONTRADICTION, message("history.update-used", why=wrong))
            if row.opened is not None and row.at < row.opened:
                reason = message("history.updated-before-opened")
                remark(Fault.CONTRADICTION, reason)
        elif wrong:
            raise _RowRefused(Fault.CONTRADICTION, wrong)
        elif missing := find_missing_date(row):
            raise _RowRefused(Fault.NO_TIME, missing)

    def _ticket(self, values: dict[str, str]) -> str:
        ticket = self._text("ticket", values)
        if not ticket:
            raise _RowRefused(Fault.NO_TICKET, message("history.no-ticket-number"))
        self.held.add("ticket")
        if len(ticket) > _LONGEST_TICKET:
            raise _RowRefused(
                Fault.NO_TICKET, message("history.ticket-number-too-long", length=len(ticket))
            )
        return ticket

    def _at(self, values: dict[str, str], fields: dict[str, Any]) -> int:
        if self._mapping.shape is Shape.TICKETS:
            opened = fields.get("opened")
            if not isinstance(opened, int):
                raise _RowRefused(Fault.NO_TIME, message("history.no-date-of-opening"))
            return opened
        text = self._text("at", values)
        if not text:
            raise _RowRefused(Fault.NO_TIME, message("history.no-date-of-update"))
        self.held.add("at")
        moment = self.moments(text)
        if moment is None or not self._first <= moment <= self._last:
            raise _RowRefused(Fault.BAD_TIME, self._describe_bad_time(text, moment))
        return moment

    def _dates(
        self, values: dict[str, str], remark: Callable[[Fault, Message], None]
    ) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        for name, get in self._dates_read:
            if not (text := get(values)):
                continue
            self.held.add(name)
            moment = self.moments(text)
            if moment is not None and self._first <= moment <= self._last:
                fields[name] = moment
                continue
            reason = message(
                "history.in-column", column=name, why=self._describe_bad_time(text, moment)
            )
            if self._mapping.shape is Shape.TICKETS:
                raise _RowRefused(Fault.BAD_TIME, reason)
            remark(Fault.BAD_TIME, reason)
        return fields

    def _describe_bad_time(self, text: str, moment: int | None) -> Message:
        text = text[:40]
        if moment is None and self.moments.order:
            return message("history.no-moment-in-order", text=text, order=self.moments.order)
        if moment is None:
            return message("history.no-moment", text=text)
        if moment < self._first:
            return message("history.moment-too-early", text=text, year=str(_FIRST_YEAR))
        return message("history.moment-in-future", text=text, last=instant(self._last))

    def _states(
        self, values: dict[str, str], remark: Callable[[Fault, Message], None]
    ) -> dict[str, Any]:
        word = self._text("state", values)
        if not word:
            return {}
        self.held.add("state")
        status = self._mapping.state_of.get(normalise_word(word))
        if status is None:
            remark(
                Fault.UNKNOWN_STATE,
                message("history.unknown-state", word=word[:60]),
            )
            return {}
        return {"state": status.state, "waiting": status.waiting or "", "word": word}

    def _texts(
        self, values: dict[str, str], remark: Callable[[Fault, Message], None]
    ) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        for name, longest, get in self._texts_read:
            text = get(values)
            if len(text) > longest:
                reason = message(
                    "history.text-too-long", column=name, length=len(text), kept=longest
                )
                remark(Fault.TOO_LONG, reason)
            if text:
                self.held.add(name)
                fields[name] = text[:longest]
        return fields

    def _text(self, name: str, values: dict[str, str]) -> str:
        get = self._get.get(name)
        return get(values) if get else ""

    def _read_own(self, columns: dict[str, str], values: dict[str, str]) -> dict[str, str]:
        fields = ((name, self._plain(column, values)) for name, column in columns.items())
        return {name: text for name, text in fields if text}

    def _plain(self, column: str, values: dict[str, str]) -> str:
        text = values.get(column, "").strip()
        if text.casefold() in self._nulls:
            return ""
        return text if (text.isascii() and text.isprintable()) or is_visible(text) else ""

    def _getter(self, column: Column) -> Get:
        if isinstance(column, FirstOf):
            names = column.first
            return lambda values: next(filter(None, (self._plain(n, values) for n in names)), "")
        if isinstance(column, str):
            return lambda values: self._plain(column, values)
        return lambda values: " / ".join(
            filter(None, (self._plain(name, values) for name in column))
        )
