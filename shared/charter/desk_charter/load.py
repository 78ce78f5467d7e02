"""Reads a folder of YAML into a `Charter`, or says everything that is wrong with it at once."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, TypeVar

from pydantic import TypeAdapter, ValidationError

from desk_charter.calendars import Calendar
from desk_charter.checks import cross_check
from desk_charter.documents import Document, names_in, read_document
from desk_charter.draft import Draft
from desk_charter.goals import Goal
from desk_charter.model import Charter
from desk_charter.people import Team
from desk_charter.problems import Check, InvalidCharter, Problem, Where, reading_order
from desk_charter.routing import Detector, Routing, RoutingRule
from desk_charter.runbooks import Runbook
from desk_charter.sentences import close_to, sentence_for
from desk_charter.services import CatalogueItem, Service
from desk_charter.slas import SlaPolicy
from desk_charter.sources import OutsideSystem
from desk_charter.warnings import doubts_of

LISTS: Final = ("teams", "services", "calendars", "slas", "catalogue")
SECTIONS: Final = (*LISTS, "routing")
# Files that a charter may do without; what is not written down is empty.
OPTIONAL: Final = ("goals", "sources")
RUNBOOKS: Final = "runbooks"
_VERSION_DIGITS: Final = 16

_T = TypeVar("_T")
_RULE: Final[TypeAdapter[RoutingRule]] = TypeAdapter(RoutingRule)
_DETECTOR: Final[TypeAdapter[Detector]] = TypeAdapter(Detector)
_ROUTING: Final[TypeAdapter[Routing]] = TypeAdapter(Routing)
_RUNBOOK: Final[TypeAdapter[Runbook]] = TypeAdapter(Runbook)


def load_charter(folder: Path, checks: Sequence[Check] = ()) -> Charter:
    """The charter written in a folder; `InvalidCharter` with every problem if it has any.

    `checks` are asked once every item can be understood by itself.
    """
    charter, _doubts = read_charter(folder, checks)
    return charter


def read_charter(folder: Path, checks: Sequence[Check] = ()) -> tuple[Charter, tuple[Problem, ...]]:
    """The same with its doubts: what is in force and probably not meant."""
    if not folder.is_dir():
        sentence = "there is no such folder; set DESK_CHARTER to the folder with teams.yaml"
        raise InvalidCharter(str(folder), [Problem(str(folder), 1, (), sentence)])
    reading = _Reading(_documents(folder))
    draft = reading.draft()
    problems = [*reading.problems, *_stray_files(folder), *cross_check(draft)]
    if draft.routing is None or not draft.is_whole:
        raise InvalidCharter(str(folder), map(reading.located, problems))
    charter = assembled(draft, draft.routing)
    for check in checks:
        problems.extend(check(charter))
    if problems:
        raise InvalidCharter(str(folder), map(reading.located, problems))
    return charter, tuple(sorted(map(reading.located, doubts_of(charter)), key=reading_order))


def assembled(draft: Draft, routing: Routing) -> Charter:
    """The charter of a draft, under the version of its content."""
    charter = Charter(
        version="",
        teams=draft.teams,
        services=draft.services,
        calendars=draft.calendars,
        slas=draft.slas,
        catalogue=draft.catalogue,
        routing=routing,
        runbooks=draft.runbooks,
        goals=draft.goals,
        sources=draft.sources,
    )
    return charter.model_copy(update={"version": version_of(charter)})


def version_of(charter: Charter) -> str:
    """A hash of what the charter says.

    Comments, layout, the order of keys and a default that is written out do not change it; the
    order of items does, because the first match decides.
    """
    content = charter.model_dump(mode="json", exclude={"version"}, exclude_defaults=True)
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:_VERSION_DIGITS]


def _documents(folder: Path) -> dict[Where, Document]:
    found: dict[Where, Document] = {
        (section,): read_document(folder / f"{section}.yaml", f"{section}.yaml")
        for section in (*SECTIONS, *OPTIONAL)
        if (folder / f"{section}.yaml").exists()
    }
    for section in SECTIONS:
        if (section,) not in found:
            sentence = f"the file is missing; create it with '{section}:' and its items"
            problem = Problem(f"{section}.yaml", 1, (), sentence)
            found[(section,)] = Document(f"{section}.yaml", problems=(problem,))
    for path in sorted((folder / RUNBOOKS).glob("*.yaml")):
        if not path.name.startswith("."):
            found[(RUNBOOKS, path.stem)] = read_document(path, f"{RUNBOOKS}/{path.name}")
    return found


def _stray_files(folder: Path) -> Iterator[Problem]:
    """YAML that nobody reads is a mistake in a name, and would be missed in silence."""
    known = {f"{section}.yaml" for section in (*SECTIONS, *OPTIONAL)}
    for path in sorted(folder.iterdir()):
        if path.suffix in {".yaml", ".yml"} and path.name not in known | _hidden(path):
            sentence = f"this file is not part of a charter{close_to(path.name, known)}"
            yield Problem(path.name, 1, (), f"{sentence}; rename or remove it")
    for path in sorted((folder / RUNBOOKS).glob("*.yml")):
        sentence = "runbooks are read from .yaml files only; rename it"
        yield Problem(f"{RUNBOOKS}/{path.name}", 1, (), sentence)


def _hidden(path: Path) -> set[str]:
    return {path.name} if path.name.startswith(".") else set()


@dataclass(slots=True)
class _Reading:
    """Turns documents into a draft and collects what is wrong on the way."""

    documents: Mapping[Where, Document]
    problems: list[Problem] = field(default_factory=list)
    written: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def draft(self) -> Draft:
        """Everything that can be understood."""
        self.problems.extend(p for d in self.documents.values() for p in d.problems)
        return Draft(
            teams=self.section("teams", TypeAdapter(Team)),
            services=self.section("services", TypeAdapter(Service)),
            calendars=self.section("calendars", TypeAdapter(Calendar)),
            slas=self.section("slas", TypeAdapter(SlaPolicy)),
            catalogue=self.section("catalogue", TypeAdapter(CatalogueItem)),
            goals=self.section("goals", TypeAdapter(Goal)),
            sources=self.section("sources", TypeAdapter(OutsideSystem)),
            routing=self.routing(),
            runbooks=self.runbooks(),
            written=self.written,
        )

    def located(self, problem: Problem) -> Problem:
        """The problem with its file and line."""
        document, place = self.place(problem.where)
        if problem.file or document is None:
            return problem
        return replace(problem, file=document.file, line=document.line_of(place))

    def place(self, where: Where) -> tuple[Document | None, Where]:
        """The document of a place, and the way to it from the document's top."""
        if where[:1] == (RUNBOOKS,):
            return self.documents.get(where[:2]), where[2:]
        within = where[1:] if where[:1] == ("routing",) else where
        return self.documents.get(where[:1]), within

    def section(self, name: str, adapter: TypeAdapter[_T]) -> tuple[_T, ...]:
        """The items of a file that holds one list under its own name."""
        if (name,) not in self.documents:
            self.written[name] = ()
            return ()
        data = self.fields(name)
        for key in data:
            if key != name:
                sentence = f"'{key}' is not read here; this file holds one list, under '{name}:'"
                self.problems.append(Problem.at(name, key, sentence=sentence))
        if data and name not in data:
            self.problems.append(
                Problem.at(name, sentence=f"the list '{name}:' is missing; add it")
            )
        if name in data and data[name] is None:
            sentence = f"the list '{name}:' is empty; write its items, or '{name}: []' for none"
            self.problems.append(Problem.at(name, sentence=sentence))
        return self.items((name,), name, data.get(name), adapter)

    def fields(self, name: str) -> Mapping[str, object]:
        """The top of a file, which has to be fields."""
        document = self.documents[(name,)]
        if isinstance(document.data, dict):
            return document.data
        if not document.problems:
            sentence = f"the file does not hold fields; begin it with '{name}:'"
            self.problems.append(Problem(document.file, 1, (), sentence))
        return {}

    def items(
        self, where: Where, name: str, data: object, adapter: TypeAdapter[_T]
    ) -> tuple[_T, ...]:
        """The items of a list that are right by themselves."""
        if data is None:
            return ()
        if not isinstance(data, list):
            sentence = f"'{name}' is not a list; write each item on a line that begins with '- '"
            self.problems.append(Problem.at(*where, sentence=sentence))
            return ()
        names = self.written[name] = tuple(names_in(data))
        found: list[_T] = []
        for index, item in enumerate(data):
            is_sole = names[index] and names.count(names[index]) == 1
            key = names[index] if is_sole else index
            found.extend(self.understood((*where, key), item, adapter))
        return tuple(found)

    def routing(self) -> Routing | None:
        """The routing, with the rules and detectors that are right by themselves."""
        data = dict(self.fields("routing"))
        where = ("routing",)
        rules = self.items((*where, "rules"), "rules", data.get("rules", []), _RULE)
        raw = data.get("detectors", [])
        detectors = self.items((*where, "detectors"), "detectors", raw, _DETECTOR)
        if not data:
            return None
        parts = {**data, "rules": rules, "detectors": detectors}
        return next(self.understood(where, parts, _ROUTING), None)

    def runbooks(self) -> tuple[Runbook, ...]:
        """One runbook per file, named like its file."""
        places = [where for where in self.documents if where[0] == RUNBOOKS]
        self.written[RUNBOOKS] = tuple(str(where[1]) for where in places)
        found: list[Runbook] = []
        for where in places:
            document = self.documents[where]
            if document.node is not None:
                found.extend(self.understood(where, document.data, _RUNBOOK))
            if isinstance(document.data, dict) and document.data.get("id", where[1]) != where[1]:
                sentence = f"a runbook is named like its file; write 'id: {where[1]}' or rename it"
                self.problems.append(Problem.at(*where, "id", sentence=sentence))
        return tuple(found)

    def understood(self, where: Where, data: object, adapter: TypeAdapter[_T]) -> Iterator[_T]:
        """The value of one item, or nothing and its problems."""
        try:
            yield adapter.validate_python(data)
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                place = self.way_to(
                    where, detail["loc"], may_be_missing=detail["type"] == "missing"
                )
                self.problems.append(Problem.at(*place, sentence=sentence_for(detail)))

    def way_to(self, where: Where, loc: Where, *, may_be_missing: bool) -> Where:
        """A validation error's place without the parts that are in no file, such as union tags."""
        for index, part in enumerate(loc):
            document, place = self.place((*where, part))
            is_named_field = may_be_missing and index == len(loc) - 1
            if is_named_field or (document is not None and document.has(place)):
                where = (*where, part)
        return where
