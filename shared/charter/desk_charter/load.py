"""Reads a folder of YAML into a `Charter`, or says everything that is wrong with it at once."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any, Final, assert_never

from desk_contracts.mistakes import list_mistakes
from desk_platform.plugins import Registry
from pydantic import TypeAdapter, ValidationError

from desk_charter.documents import Document, names_in, read_document
from desk_charter.draft import Draft
from desk_charter.model import Charter
from desk_charter.organisation import ORGANISATION
from desk_charter.problems import Check, InvalidCharter, Problem, Where, sort_key
from desk_charter.sections import OF_FEATURES, Form, Section, adapt
from desk_charter.sentences import close_to, sentence_for
from desk_charter.warnings import doubts_of

_VERSION_DIGITS: Final = 16
_OF_ORGANISATION: Final = frozenset(section.name for section in ORGANISATION)


def find_installed_sections() -> tuple[Section[Any], ...]:
    """What features obey, of all packages that are installed here."""
    return tuple(Registry[Section[Any]]("desk.charter-sections", {}).kinds.values())


def find_installed_checks(group: str = "desk.charter-checks") -> tuple[Check, ...]:
    """What services ask of a charter beside their sections, of all packages installed here.

    Of the group `desk.charter-doubts`: what they would work with, and what was hardly meant.
    """
    return tuple(Registry[Check](group, {}).kinds.values())


def load_charter(
    folder: Path, obeyed: Sequence[Section[Any]] | None = None, checks: Sequence[Check] = ()
) -> Charter:
    """The charter written in a folder; `InvalidCharter` with every problem if it has any.

    Besides the organisation's sections, those are read that are obeyed here: all that are
    installed, if none are named. Others are left alone, but count for the version. `checks` are
    the caller's own, asked once every item can be understood by itself; where no sections are
    named, those of all services that are installed are asked too.
    """
    charter, _doubts = read_charter(folder, obeyed, checks)
    return charter


def read_charter(
    folder: Path, obeyed: Sequence[Section[Any]] | None = None, checks: Sequence[Check] = ()
) -> tuple[Charter, tuple[Problem, ...]]:
    """The same with its doubts: what is in force and probably not meant."""
    if not folder.is_dir():
        sentence = "there is no such folder; set DESK_CHARTER to the folder with teams.yaml"
        raise InvalidCharter(str(folder), [Problem(str(folder), 1, (), sentence)])
    doubt_checks: tuple[Check, ...] = (doubts_of,)
    if obeyed is None:
        obeyed = find_installed_sections()
        checks = (*find_installed_checks(), *checks)
        doubt_checks += find_installed_checks("desk.charter-doubts")
    sections = (*ORGANISATION, *obeyed)
    documents = _documents(folder, sections)
    reading = _Reading(sections, documents)
    draft = reading.draft()
    problems = [*reading.problems, *_stray_files(folder, sections), *_names_written_twice(draft)]
    for section in sections:
        for check in section.checks:
            problems.extend(check(draft))
    if not _is_whole(draft, sections):
        raise InvalidCharter(str(folder), map(reading.locate, problems))
    values = {section.name: draft.values[section.name] for section in sections}
    own = {name: values.pop(name) for name in _OF_ORGANISATION}
    charter = Charter.model_validate({"version": version_of(documents), **own, "obeyed": values})
    for whole_check in (*chain.from_iterable(item.whole_checks for item in sections), *checks):
        problems.extend(whole_check(charter))
    if problems:
        raise InvalidCharter(str(folder), map(reading.locate, problems))
    doubts = chain.from_iterable(check(charter) for check in doubt_checks)
    return charter, tuple(sorted(map(reading.locate, doubts), key=sort_key))


def _is_whole(draft: Draft, sections: Sequence[Section[Any]]) -> bool:
    """Whether everything that is written down could be understood."""
    for section in sections:
        if section.form is Form.FIELDS:
            if section.name not in draft.values or not all(map(draft.understood, section.lists)):
                return False
        elif not draft.understood(section.name):
            return False
    return True


def version_of(documents: Mapping[Where, Document]) -> str:
    """A hash of what the files say, whoever obeys them.

    Comments, layout and the order of keys do not change it; the order of items does, because the
    first match decides. Every service computes the same, also of sections that it does not read.
    """
    content = {"/".join(map(str, where)): document.data for where, document in documents.items()}
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:_VERSION_DIGITS]


def _documents(folder: Path, sections: Sequence[Section[Any]]) -> dict[Where, Document]:
    """Every file that is part of a charter, by its section and for folders its name."""
    documents: dict[Where, Document] = {}
    needed = {section.name for section in sections if not section.is_optional}
    for name in sorted({section.name for section in sections} | OF_FEATURES):
        path = folder / f"{name}.yaml"
        if path.exists():
            documents[(name,)] = read_document(path, path.name)
        elif name in needed:
            sentence = f"the file is missing; create it with '{name}:' and its items"
            problem = Problem(path.name, 1, (), sentence)
            documents[(name,)] = Document(path.name, problems=(problem,))
        for inner in sorted((folder / name).glob("*.yaml")):
            if not inner.name.startswith("."):
                documents[(name, inner.stem)] = read_document(inner, f"{name}/{inner.name}")
    return documents


def _stray_files(folder: Path, sections: Sequence[Section[Any]]) -> Iterator[Problem]:
    """YAML that nobody reads is a mistake in a name, and would be missed in silence."""
    names = {section.name for section in sections} | OF_FEATURES
    expected = {f"{name}.yaml" for name in names}
    for path in sorted(folder.iterdir()):
        is_hidden = path.name.startswith(".")
        if path.suffix in {".yaml", ".yml"} and path.name not in expected and not is_hidden:
            sentence = f"this file is not part of a charter{close_to(path.name, expected)}"
            yield Problem(path.name, 1, (), f"{sentence}; rename or remove it")
    for name in sorted(names):
        for path in sorted((folder / name).glob("*.yml")):
            sentence = f"{name} are read from .yaml files only; rename it"
            yield Problem(f"{name}/{path.name}", 1, (), sentence)


def _names_written_twice(draft: Draft) -> Iterator[Problem]:
    """A name is written once in its section."""
    for section, written in draft.written.items():
        place = ("routing", section) if section in {"rules", "detectors"} else (section,)
        for index, name in enumerate(written):
            if name and name in written[:index]:
                sentence = f"'{name}' is there already; give each one its own name"
                yield Problem.at(*place, index, sentence=sentence)


@dataclass(slots=True)
class _Reading:
    """Turns documents into a draft and collects what is wrong on the way."""

    sections: Sequence[Section[Any]]
    documents: Mapping[Where, Document]
    problems: list[Problem] = field(default_factory=list)
    written: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def draft(self) -> Draft:
        """Everything that can be understood."""
        self.problems.extend(p for d in self.documents.values() for p in d.problems)
        values: dict[str, object] = {}
        for section in self.sections:
            match section.form:
                case Form.LIST:
                    values[section.name] = self.list_named(section)
                case Form.FOLDER:
                    values[section.name] = self.gather(section)
                case Form.FIELDS:
                    values |= self.compose(section)
                case _:
                    assert_never(section.form)
        return Draft(values, self.written)

    def locate(self, problem: Problem) -> Problem:
        """The problem with its file and line."""
        document, place = self.place(problem.where)
        if problem.file or document is None:
            return problem
        return replace(problem, file=document.file, line=document.line_of(place))

    def place(self, where: Where) -> tuple[Document | None, Where]:
        """The document of a place, and the way to it from the document's top."""
        form = next((s.form for s in self.sections if (s.name,) == where[:1]), Form.LIST)
        match form:
            case Form.FOLDER:
                return self.documents.get(where[:2]), where[2:]
            case Form.FIELDS:
                return self.documents.get(where[:1]), where[1:]
            case Form.LIST:
                return self.documents.get(where[:1]), where
            case _:
                assert_never(form)

    def list_named(self, section: Section[Any]) -> tuple[object, ...]:
        """The items of a file that holds one list under its own name."""
        name = section.name
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
        return self.items((name,), name, data.get(name), section.adapter())

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
        self, where: Where, name: str, data: object, adapter: TypeAdapter[Any]
    ) -> tuple[object, ...]:
        """The items of a list that are right by themselves."""
        if data is None:
            return ()
        if not isinstance(data, list):
            sentence = f"'{name}' is not a list; write each item on a line that begins with '- '"
            self.problems.append(Problem.at(*where, sentence=sentence))
            return ()
        names = self.written[name] = tuple(names_in(data))
        understood: list[object] = []
        for index, item in enumerate(data):
            is_sole = names[index] and names.count(names[index]) == 1
            key = names[index] if is_sole else index
            understood.extend(self.understood((*where, key), item, adapter))
        return tuple(understood)

    def compose(self, section: Section[Any]) -> dict[str, object]:
        """A file of fields, with the items of its lists that are right by themselves."""
        data = self.fields(section.name)
        lists: dict[str, object] = {}
        for name, item in section.lists.items():
            place = (section.name, name)
            lists[name] = self.items(place, name, data.get(name, []), adapt(item))
        if not data:
            return lists
        for value in self.understood((section.name,), {**data, **lists}, section.adapter()):
            lists[section.name] = value
        return lists

    def gather(self, section: Section[Any]) -> tuple[object, ...]:
        """One item per file, named like its file."""
        places = [where for where in self.documents if where[0] == section.name]
        self.written[section.name] = tuple(str(where[1]) for where in places)
        understood: list[object] = []
        for where in places:
            document = self.documents[where]
            if document.node is not None:
                understood.extend(self.understood(where, document.data, section.adapter()))
            if isinstance(document.data, dict) and document.data.get("id", where[1]) != where[1]:
                kind = section.name.removesuffix("s")
                sentence = f"a {kind} is named like its file; write 'id: {where[1]}' or rename it"
                self.problems.append(Problem.at(*where, "id", sentence=sentence))
        return tuple(understood)

    def understood(self, where: Where, data: object, adapter: TypeAdapter[Any]) -> Iterator[Any]:
        """The value of one item, or nothing and its problems."""
        try:
            yield adapter.validate_python(data)
        except ValidationError as error:
            for detail in list_mistakes(error.errors(include_url=False)):
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
