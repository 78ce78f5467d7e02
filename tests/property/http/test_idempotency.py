"""Idempotency under any interleaving of callers, crashes and time: one answer, one holder."""

from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from desk_shared.http import Fresh, InProgress, Mismatch, Replay, StoredResponse
from desk_shared.http.idempotency import CLAIM_FOR, KEEP_FOR
from desk_shared.http.testing import FakeIdempotencyStore
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule

T = TypeVar("T")
prints = st.sampled_from(["f", "g"])


def run(work: Coroutine[object, object, T]) -> T:
    """The fake never waits, so one step ends it."""
    try:
        work.send(None)
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]
    raise AssertionError("the fake waited")


class Callers(RuleBasedStateMachine):
    """Callers claim one key, finish late, crash and come back while time goes by."""

    claims = Bundle("claims")

    def __init__(self) -> None:
        super().__init__()
        self.store = FakeIdempotencyStore()
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.holder: tuple[Fresh, str, datetime] | None = None
        self.answer: tuple[StoredResponse, str, datetime] | None = None
        self.fences: list[int] = []

    @rule(target=claims, fingerprint=prints)
    def begin(self, fingerprint: str) -> object:
        outcome = run(self.store.begin("k", fingerprint, self.now))
        held, kept = self.holder, self.answer
        if kept is not None and self.now < kept[2]:
            assert outcome == (Replay(kept[0]) if kept[1] == fingerprint else Mismatch())
            return multiple()
        if held is not None and self.now < held[2]:
            assert outcome == (InProgress() if held[1] == fingerprint else Mismatch())
            return multiple()
        assert isinstance(outcome, Fresh)
        self.holder, self.answer = (outcome, fingerprint, self.now + CLAIM_FOR), None
        self.fences.append(outcome.fence)
        return outcome

    @rule(claim=claims, status=st.sampled_from([200, 201, 204]), body=st.binary(max_size=8))
    def finish(self, claim: Fresh, status: int, body: bytes) -> None:
        response = StoredResponse(status, (), body)
        run(self.store.finish(claim, response, self.now))
        if self.holder is not None and self.holder[0] == claim:
            self.answer = (response, self.holder[1], self.now + KEEP_FOR)
            self.holder = None

    @rule(claim=claims)
    def abandon(self, claim: Fresh) -> None:
        run(self.store.abandon(claim, self.now))
        if self.holder is not None and self.holder[0] == claim:
            self.holder = (claim, self.holder[1], self.now)

    @rule(span=st.sampled_from([timedelta(seconds=1), CLAIM_FOR, KEEP_FOR]))
    def wait(self, span: timedelta) -> None:
        self.now += span

    @invariant()
    def fences_only_grow(self) -> None:
        assert self.fences == sorted(set(self.fences))


TestCallers = Callers.TestCase
