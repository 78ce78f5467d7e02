"""How the subjects of telemetry are stored and found."""

from collections.abc import Mapping

from desk_platform.store import Documents, Schema

from desk_triage.changes.snapshot import Facts
from desk_triage.detection.fleet import FleetSymptom
from desk_triage.detection.model import Subject

SUBJECTS = Schema(
    "subjects",
    Subject,
    lambda subject: {"open": True} if subject.episodes else {},
    searched=(("open",),),
    brief=Subject.only_episodes,
    kept="one for each device or service",
)

FLEETS = Schema(
    "fleets",
    FleetSymptom,
    kept="one for each symptom of a service or of all devices",
)

# Enough to tell a tenth from a half with certainty, and read in a tenth of a second.
MOST_DEVICES = 2_000


async def find_population(documents: Documents[Subject]) -> Mapping[str, Facts]:
    """Devices with what they say of themselves: all of a small fleet, a part of a large one."""
    listed = await documents.find_brief({}, limit=MOST_DEVICES)
    return {each.id: each.state.facts for each in listed if each.state and each.state.facts}
