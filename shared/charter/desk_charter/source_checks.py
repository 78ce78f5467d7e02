"""What no source of the charter can know about itself: the others, the catalogue, the services."""

from collections.abc import Iterator

from desk_contracts.catalogue import PAYLOADS
from desk_contracts.people import canonical_person
from desk_contracts.topics import OPEN_TOPICS

from desk_charter.draft import Draft
from desk_charter.problems import Problem
from desk_charter.sections import Section
from desk_charter.sentences import close_to, one_of
from desk_charter.sources import OutsideSystem, is_covered, is_named

# What outside systems may say: the types of all topics that are theirs.
OPEN_TYPES = frozenset(type for type, payload in PAYLOADS.items() if payload.TOPIC in OPEN_TOPICS)


def sources_are_sound(draft: Draft) -> Iterator[Problem]:
    """Types, services, prefixes and credentials of the sources."""
    for index, system in enumerate(draft.of(SOURCES, ())):
        yield from _types(system)
        yield from _services(draft, system)
        yield from _find_taken(system, draft.of(SOURCES, ())[:index])


def _types(system: OutsideSystem) -> Iterator[Problem]:
    for index, type in enumerate(system.types):
        where = ("sources", system.name, "types", index)
        if type not in PAYLOADS:
            sentence = f"'{type}' is not a type of event{close_to(type, OPEN_TYPES)}"
            yield Problem.at(*where, sentence=f"{sentence}; write {one_of(sorted(OPEN_TYPES))}")
        elif type not in OPEN_TYPES:
            sentence = f"'{type}' is said by the desk alone; take it out"
            yield Problem.at(*where, sentence=sentence)


def _services(draft: Draft, system: OutsideSystem) -> Iterator[Problem]:
    if "services" not in draft.written:
        return
    for index, pattern in enumerate(system.services):
        where = ("sources", system.name, "services", index)
        if not pattern.endswith("*"):
            yield from draft.unknown("services", pattern, *where)
        elif not any(is_named(pattern, name) for name in draft.written["services"]):
            sentence = f"no service in services.yaml begins with '{pattern[:-1]}'; correct it"
            yield Problem.at(*where, sentence=sentence)


def _signs_in_as(system: OutsideSystem) -> str:
    return canonical_person(system.sign_in or "")


def _find_taken(system: OutsideSystem, earlier: tuple[OutsideSystem, ...]) -> Iterator[Problem]:
    """Each event has one sender at most, each credential one owner."""
    where = ("sources", system.name)
    for other in earlier:
        if is_covered(other.source, system.source) or is_covered(system.source, other.source):
            sentence = f"'{system.source}' and '{other.source}' of '{other.name}' overlap"
            sentence += "; give each system a beginning of its own"
            yield Problem.at(*where, "source", sentence=sentence)
        if system.kafka_user is not None and system.kafka_user == other.kafka_user:
            sentence = f"'{system.kafka_user}' is the user of '{other.name}'; give it its own"
            yield Problem.at(*where, "kafka_user", sentence=sentence)
        if _signs_in_as(system) and _signs_in_as(system) == _signs_in_as(other):
            sentence = f"'{system.sign_in}' signs in '{other.name}' already; give it its own"
            yield Problem.at(*where, "sign_in", sentence=sentence)
        for index, digest in enumerate(system.token_sha256):
            if digest in other.token_sha256:
                sentence = f"this is a token of '{other.name}'; make another token"
                yield Problem.at(*where, "token_sha256", index, sentence=sentence)


SOURCES: Section[tuple[OutsideSystem, ...]] = Section(
    "sources", OutsideSystem, is_optional=True, checks=(sources_are_sound,)
)
