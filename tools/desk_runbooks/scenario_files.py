"""Reads scenarios from YAML; everything that is wrong is said with file and line."""

from pathlib import Path

from desk_charter.documents import read_document
from desk_charter.problems import Problem
from desk_charter.sentences import sentence_for
from desk_contracts.errors import Invalid
from desk_contracts.mistakes import list_mistakes
from pydantic import ValidationError

from desk_runbooks.scenario import Scenario


class BadScenario(Invalid):
    """Scenarios that cannot be read; `problems` says where and why."""

    code = "bad-scenario"

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, problems)))


def read_scenarios(folder: Path) -> list[Scenario]:
    """All of a folder by name, or that of one file; `BadScenario` with every problem."""
    paths = [folder] if folder.is_file() else sorted(folder.glob("*.yaml"))
    if not paths:
        sentence = "there are no scenarios here; name a file, or a folder with *.yaml"
        raise BadScenario([Problem(str(folder), 1, (), sentence)])
    scenarios: list[Scenario] = []
    problems: list[Problem] = []
    for path in paths:
        read = _read(path)
        if isinstance(read, Scenario):
            scenarios.append(read)
        else:
            problems += read
    if problems:
        raise BadScenario(problems)
    return scenarios


def _read(path: Path) -> "Scenario | list[Problem]":
    document = read_document(path, str(path))
    if document.problems:
        return list(document.problems)
    try:
        scenario = Scenario.model_validate(document.data)
    except ValidationError as error:
        problems: list[Problem] = []
        for detail in list_mistakes(error.errors(include_url=False)):
            place = tuple(detail["loc"])
            while place and not document.has(place):
                place = place[:-1]
            line = document.line_of(place)
            problems.append(Problem(str(path), line, place, sentence_for(detail)))
        return problems
    if scenario.id != path.stem:
        sentence = f"a scenario is named like its file; write 'id: {path.stem}' or rename it"
        return [Problem(str(path), document.line_of(("id",)), ("id",), sentence)]
    return scenario
