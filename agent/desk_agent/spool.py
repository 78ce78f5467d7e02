"""What is to be sent, on the disk until the brokers have it.

Each event has its number for ever, and its id is made of it: sent twice it is the same event, and
the desk counts it once. What was measured may be dropped when too much waits, the oldest first, and
the desk is told how much; what was done is never dropped.
"""

from collections.abc import Sequence
from datetime import datetime

from desk_contracts import AnyEvent, Event, Payload
from desk_contracts.catalogue import PAYLOADS
from desk_contracts.device_answers import SignedAnswer, sign_answer
from desk_contracts.events.telemetry import Measured, Observed
from desk_contracts.signing import Signer
from desk_contracts.value_types import SubjectKind

from desk_agent.database import Database

_DROPPED = "dropped"
BATCH = 200


class Spool:
    """The events of one device, in the order in which they happened to it."""

    def __init__(
        self, database: Database, device: str, source: str, most: int, signer: Signer | None = None
    ) -> None:
        self._database, self._most, self._signer = database, most, signer
        self._device, self._source = device, f"{source}/{device}"

    def add(self, data: Payload, at: datetime, *, is_kept: bool = False) -> None:
        """To be sent, with the moment at which it happened."""
        may_drop = isinstance(data, Measured | Observed) and not is_kept
        row = (at.isoformat(), data.TYPE, data.model_dump_json(), int(may_drop))
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO spool (at, type, data, may_drop) VALUES (?, ?, ?, ?)", row
            )
            if may_drop:
                self._drop_oldest()

    def read(self) -> list[tuple[int, AnyEvent]]:
        """The oldest, with their numbers."""
        rows = self._database.read(
            "SELECT number, at, type, data FROM spool ORDER BY number LIMIT ?", BATCH
        )
        return [(int(str(row[0])), self._event(row)) for row in rows]

    def forget(self, numbers: Sequence[int]) -> None:
        """The brokers have these."""
        with self._database.write() as connection:
            connection.executemany("DELETE FROM spool WHERE number = ?", [(n,) for n in numbers])

    @property
    def count(self) -> int:
        """How many wait."""
        return int(str(self._database.read("SELECT count(*) FROM spool")[0][0]))

    def report_dropped(self, at: datetime) -> None:
        """Tell the desk how many measurements it will never see, in the write that forgets it."""
        with self._database.write():
            dropped = int(self._database.read_meta(_DROPPED) or 0)
            if dropped:
                self._database.write_meta(_DROPPED, "0")
                text = f"{dropped} measurements were dropped while they could not be sent"
                observed = Observed(
                    subject_kind=SubjectKind.DEVICE,
                    name="agent.measurements-dropped",
                    text=text,
                    attributes={"dropped": str(dropped)},
                )
                self.add(observed, at, is_kept=True)

    def _drop_oldest(self) -> None:
        [(count,)] = self._database.read("SELECT count(*) FROM spool WHERE may_drop = 1")
        excess = int(str(count)) - self._most
        if excess <= 0:
            return
        with self._database.write() as connection:
            connection.execute(
                "DELETE FROM spool WHERE number IN"
                " (SELECT number FROM spool WHERE may_drop = 1 ORDER BY number LIMIT ?)",
                (excess,),
            )
            before = int(self._database.read_meta(_DROPPED) or 0)
            self._database.write_meta(_DROPPED, str(before + excess))

    def sign(self, data: Payload) -> Payload:
        """What the device answers, signed with its own key where it has one."""
        if self._signer is None or not isinstance(data, SignedAnswer):
            return data
        return sign_answer(self._signer, self._device, data)

    def _event(self, row: tuple[object, ...]) -> AnyEvent:
        number, at, kind, data = row
        return Event(
            id=f"{self._database.journal}-{number}",
            source=self._source,
            subject=self._device,
            time=datetime.fromisoformat(str(at)),
            data=self.sign(PAYLOADS[str(kind)].model_validate_json(str(data))),
            sequence=int(str(number)),
        )
