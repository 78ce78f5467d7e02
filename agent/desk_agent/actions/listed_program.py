"""Restarts a service or renews something, by a program that the agent's file lists."""

from collections.abc import Mapping

from desk_contracts.message import Message, message

from desk_agent.actions.port import Effect, Performed, Texts
from desk_agent.actions.programs import Programs
from desk_agent.config import ListedProgram

_BEFORE = "identity"
_SHOWN = 300


class RunListedProgram:
    """One parameter, `name`: which of the listed programs."""

    def __init__(self, listed: Mapping[str, ListedProgram], programs: Programs) -> None:
        self._listed, self._programs = listed, programs

    @property
    def targets(self) -> str:
        return ", ".join(sorted(self._listed))

    def check(self, parameters: Texts) -> Message | None:
        """It is listed, and nothing is added to it."""
        if parameters.get("name", "") not in self._listed:
            return message("device.not-declared", what=parameters.get("name", ""))
        return message("device.unknown-parameter") if parameters.keys() - {"name"} else None

    def observe(self, parameters: Texts) -> Texts:
        """Which one of it there is now."""
        return {_BEFORE: self._programs.identify(self._listed[parameters["name"]].identity)}

    def perform(self, parameters: Texts, baseline: Texts) -> Performed:
        """It took effect if there is another one afterwards, whatever the program says."""
        listed = self._listed[parameters["name"]]
        ended = self._programs.run(listed.run, listed.timeout)
        details = {"exit": "" if ended.code is None else str(ended.code)}
        if ended.text:
            details["output"] = ended.text[:_SHOWN]
        effect = self.probe(parameters, baseline)
        if ended.code is None:
            reason = message("device.stopped-late", timeout=listed.timeout)
        elif ended.code:
            reason = message("device.program-failed", code=ended.code)
        elif effect is Effect.NO:
            reason = message("device.nothing-changed")
        else:
            return Performed(Effect.YES, message("device.program-ran"), details)
        return Performed(effect, reason, details)

    def probe(self, parameters: Texts, baseline: Texts) -> Effect:
        """Another one than before has taken its place; the same one has not."""
        before = baseline.get(_BEFORE, "")
        now = self._programs.identify(self._listed[parameters["name"]].identity)
        if not before or not now:
            return Effect.UNKNOWN
        return Effect.NO if now == before else Effect.YES
