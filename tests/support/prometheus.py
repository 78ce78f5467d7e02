"""A real Prometheus that reads running services, with the labels that the operator would give."""

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import yaml
from desk_local.ports import free_ports

NAMESPACE = "desk"


def find_program(name: str) -> str:
    """Where a program of Prometheus is; the test is skipped, with what to do, where it is not."""
    program = shutil.which(name)
    if program is None:
        pytest.skip(f"{name} is not on the PATH (Debian: apt install prometheus)")
    return program


@dataclass(frozen=True, slots=True)
class Prometheus:
    """Its HTTP side."""

    url: str

    def query(self, expression: str, at: float | None = None) -> list[dict[str, object]]:
        """The samples of an expression now, or at a moment in seconds since 1970."""
        return list(self._ask("query", query=expression, **({} if at is None else {"time": at})))

    def query_range(
        self, expression: str, start: float, end: float, step: float
    ) -> list[dict[str, object]]:
        """Every series of an expression over a time."""
        questions = {"query": expression, "start": start, "end": end, "step": step}
        return list(self._ask("query_range", **questions))

    def is_up(self) -> bool:
        """It answers."""
        try:
            return httpx.get(f"{self.url}/-/ready").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def _ask(self, what: str, **questions: object) -> list[dict[str, object]]:
        answer = httpx.get(f"{self.url}/api/v1/{what}", params=questions, timeout=30)  # type: ignore[arg-type]
        assert answer.status_code == httpx.codes.OK, answer.text
        result: list[dict[str, object]] = answer.json()["data"]["result"]
        return result


@contextmanager
def prometheus_of(
    folder: Path, targets: Mapping[str, int], *, every: str = "1s", rules: object = None
) -> Iterator[Prometheus]:
    """One that reads these services, by name and port, as long as it is needed."""
    program, (port,) = find_program("prometheus"), free_ports(1)
    folder.mkdir(parents=True, exist_ok=True)
    config: dict[str, object] = {
        "global": {"scrape_interval": every, "scrape_timeout": every, "evaluation_interval": every},
        "scrape_configs": [
            {
                "job_name": name,
                "static_configs": [
                    {
                        "targets": [f"127.0.0.1:{target}"],
                        "labels": {"namespace": NAMESPACE, "pod": f"{name}-0"},
                    }
                ],
            }
            for name, target in targets.items()
        ],
    }
    if rules is not None:
        (folder / "rules.yaml").write_text(yaml.safe_dump(rules), encoding="utf-8")
        config["rule_files"] = ["rules.yaml"]
    (folder / "prometheus.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    command = [
        program,
        f"--config.file={folder / 'prometheus.yaml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=warn",
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        yield Prometheus(f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait(30)


def selectors_of(expression: str) -> list[str]:
    """Every `name{matchers}` of an expression, without the time that it looks back over."""
    bare = re.sub(r"\[[^]]*\]", "", expression)
    return re.findall(r"[a-zA-Z_:][\w:]*\{[^{}]*\}", bare)


def play_rules(rules: Path, series: Path, folder: Path) -> None:
    """promtool plays these series against the rules of a manifest; its verdict is asserted."""
    program = find_program("promtool")
    document = yaml.safe_load(rules.read_text(encoding="utf-8"))
    (folder / "rules.yaml").write_text(yaml.safe_dump(document["spec"]), encoding="utf-8")
    shutil.copy(series, folder)
    done = subprocess.run(
        [program, "test", "rules", series.name],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
