"""What a storm saw and wrote down while it raged; the laws judge these books and nothing else.

Every book belongs to somebody outside the desk: who called, who was called, who received. Nothing
here knows a service's own state, so that a service cannot vouch for itself.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from desk_contracts import AnyEvent


@dataclass(frozen=True, slots=True)
class HttpCall:
    """One call of a client, repeated under its key until it was answered.

    `status` is of the last answer, none if there was none at all; `answers` are the statuses of all
    tries in order, none for a broken line; `answer` is the text of the last answer.
    """

    at: datetime
    answered_at: datetime | None
    key: str
    person: str
    method: str
    path: str
    body: str
    status: int | None
    answer: str
    tries: int = 1
    answers: tuple[int | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Sent:
    """An event that the storm published itself on an open topic.

    `is_legal` is false for what a dead letter is the right end of.
    """

    event: AnyEvent
    at: datetime
    acknowledged: bool
    is_legal: bool = True


@dataclass(frozen=True, slots=True)
class Act:
    """One request in a target's own book, whatever became of its answer.

    `key`, `run` and `token` are its headers `Idempotency-Key`, `Desk-Run`, `Desk-Fencing-Token`.
    `effect` is whether it changed something at the target; a keyed repeat does not. `answer` is the
    status if it was answered in full, as a number of three digits, else what was done instead, in
    words. `is_question` marks what only asks. `ended_at` is when the answer or the break was over.
    """

    at: datetime
    target: str
    key: str
    path: str
    effect: bool
    effect_at: datetime | None
    answer: str
    ended_at: datetime | None
    run: str = ""
    token: str = ""
    method: str = "POST"
    is_question: bool = False


@dataclass(frozen=True, slots=True)
class Mail:
    """One message in the mail server's own book.

    `id` is the header `Message-ID` up to the `@`, the delivery's own; `whole` says that the server
    took the whole message; `answer` is `250` if the client got that answer in full, else what was
    done to the line, in words. It was on its way from `began_at` to `ended_at`.
    """

    at: datetime
    id: str
    recipient: str
    whole: bool
    answer: str
    began_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """What notify says of one channel of one message, by its HTTP side when the storm is over.

    `message` is the id of the message's event; `mail` is the part of the mail's `Message-ID` before
    the `@`: `derive_id(message, channel)`, empty for other channels. `state` is pending, sending,
    sent, failed, unknown or held.
    """

    message: str
    channel: str
    state: str
    mail: str = ""
    attempts: int = 0
    changed_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail to the desk, handed over until it was answered, maybe at two replicas at once.

    `answers` are the codes of all tries, in words where the line broke; `follows` is the Message-ID
    of the mail that it answers, whose sender is the same.
    """

    at: datetime
    ended_at: datetime
    id: str
    sender: str
    subject: str
    text: str
    answers: tuple[str, ...]
    follows: str = ""

    @property
    def is_taken(self) -> bool:
        """The desk said at least once that it has it."""
        return "250" in self.answers


@dataclass(frozen=True, slots=True)
class Redemption:
    """One use of a token that came by mail; never the token itself, but which of a person's it is.

    `outcome` is done or unknown where the answer was a yes, else empty; `status` is none where
    there was no answer.
    """

    at: datetime
    answered_at: datetime
    person: str
    token: str
    status: int | None
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """What the directory itself says of one who could not sign in when the storm is over.

    `changes` counts new passwords. They were told at `asked_at` that a link is on its way, and had
    it at `mailed_at`; none if it never came.
    """

    person: str
    changes: int
    asked_at: datetime
    mailed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Leak:
    """A secret that was found where it must not be; which one, never itself."""

    place: str
    secret: str


@dataclass(frozen=True, slots=True)
class Record:
    """A record of one of the desk's topics, side topics included, as it lies there at the end.

    `event` is none for what is no event; then, and for what was parked, `reason` says why.
    `arrived_at` is the record's own time: on open topics the broker's, else its producer's.
    """

    topic: str
    partition: int
    offset: int
    arrived_at: datetime
    event: AnyEvent | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """What was done to the desk, from when to when, and to whom."""

    at: datetime
    until: datetime | None
    kind: str
    victim: str


@dataclass(frozen=True, slots=True)
class End:
    """A service's process that ended by itself; what the storm killed is a fault instead.

    `code` is its exit code, or minus the signal; None if nobody can tell any more. `tail` is the
    end of its log at that moment.
    """

    at: datetime
    service: str
    replica: int
    code: int | None
    tail: str = ""


@dataclass(frozen=True, slots=True)
class Stuck:
    """A service that was started and was not ready in all the time it was given.

    `tail` is the end of its log at that moment.
    """

    at: datetime
    service: str
    replica: int
    tail: str = ""


@dataclass(frozen=True, slots=True)
class Restless:
    """That the desk had not come to rest, so long after everybody had gone home, and why not."""

    seconds: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """What the charter says of one act: whether a silence may be followed by another try.

    `effect` is the charter's word: pure, idempotent, keyed, confirmable or once.
    """

    runbook: str
    step: str
    path: str
    effect: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Verify:
    """What the charter says of a runbook's verification."""

    runbook: str
    measurement: str
    within: timedelta
    samples: int = 1


@dataclass(frozen=True, slots=True)
class Charter:
    """A version of the charter, in force from a moment on, as far as a law asks for it.

    `is_always_open` says that all SLAs count every hour of the week.
    """

    at: datetime
    version: str
    steps: tuple[Step, ...] = ()
    verifies: tuple[Verify, ...] = ()
    is_always_open: bool = False


@dataclass(frozen=True, slots=True)
class Books:
    """All books of one storm; `began` and `ended` by the storm's own clock."""

    began: datetime
    ended: datetime
    calls: tuple[HttpCall, ...] = ()
    sent: tuple[Sent, ...] = ()
    acts: tuple[Act, ...] = ()
    mails: tuple[Mail, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    records: tuple[Record, ...] = ()
    faults: tuple[Fault, ...] = ()
    ends: tuple[End, ...] = ()
    stuck: tuple[Stuck, ...] = ()
    restless: tuple[Restless, ...] = ()
    charters: tuple[Charter, ...] = ()
    letters: tuple[Letter, ...] = ()
    redemptions: tuple[Redemption, ...] = ()
    accounts: tuple[Account, ...] = ()
    leaks: tuple[Leak, ...] = ()
