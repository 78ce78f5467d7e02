"""Starts the machine anew, if whoever sits at it agrees."""

import time

from desk_contracts.message import Message, message

from desk_agent.actions.port import Effect, Performed, Texts
from desk_agent.actions.programs import Programs
from desk_agent.config import Reboot


class RebootDevice:
    """No parameters. Whether it happened, the number of the machine's present run shows."""

    def __init__(self, reboot: Reboot, programs: Programs) -> None:
        self._reboot, self._programs = reboot, programs

    @property
    def targets(self) -> str:
        return "with consent"

    def check(self, parameters: Texts) -> Message | None:
        """There is nothing to say about it."""
        return message("device.unknown-parameter") if parameters else None

    def observe(self, _parameters: Texts) -> Texts:
        """Which run of the machine this is, and since when it is asked for another."""
        return {"run": self._identity(), "asked_at": repr(time.time())}

    def perform(self, _parameters: Texts, _baseline: Texts) -> Performed:
        """The person first: silence is no."""
        consent = self._programs.run(self._reboot.consent, self._reboot.consent_timeout)
        if consent.code != 0:
            declined = message("device.consent-declined")
            why = message("device.no-consent") if consent.code is None else declined
            return Performed(Effect.NO, why, is_refused=True)
        ended = self._programs.run(self._reboot.run, self._reboot.within)
        if ended.code != 0:
            reason = message("device.program-failed", code=-1 if ended.code is None else ended.code)
            return Performed(Effect.UNKNOWN if ended.code is None else Effect.NO, reason)
        return Performed(Effect.PENDING, message("device.reboots"))

    def probe(self, _parameters: Texts, baseline: Texts) -> Effect:
        """Another run of the machine; the same one may still end for a while."""
        before, now = baseline.get("run", ""), self._identity()
        if not before or not now:
            return Effect.UNKNOWN
        if before != now:
            return Effect.YES
        waited = abs(time.time() - float(baseline.get("asked_at", "0")))
        longest = self._reboot.within + self._reboot.consent_timeout
        return Effect.PENDING if waited < longest.total_seconds() else Effect.UNKNOWN

    def _identity(self) -> str:
        try:
            return self._reboot.identity_file.read_text(encoding="utf-8").strip()
        except OSError:
            return ""
