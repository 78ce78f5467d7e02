"""What of the charter detection asks for by itself: a kind of detector that is installed here."""

from collections.abc import Iterator

from desk_charter import Charter
from desk_charter.problems import Check, Problem
from desk_platform.plugins import Registry

from desk_triage.detection.detector import DetectorKind


def has_kinds(kinds: Registry[DetectorKind]) -> Check:
    """A check that each detector of the charter is of a kind that can be made.

    A package may bring the settings of a kind and not what makes a detector of them.
    """

    def check(charter: Charter) -> Iterator[Problem]:
        for settings in charter.routing.detectors:
            if settings.kind not in kinds.kinds:
                installed = ", ".join(sorted(kinds.kinds))
                sentence = (
                    f"triage has no detector of kind '{settings.kind}'; it has {installed}. Install"
                    " the package that brings it, or choose another kind"
                )
                where = ("routing", "detectors", settings.id, "kind")
                yield Problem.at(*where, sentence=sentence)

    return check
