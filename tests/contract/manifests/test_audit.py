"""The nightly audits: their result is the job's, and somebody is told of it."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.monitoring import MONITORING, ROOT
from tests.support.prometheus import play_rules

# Each CronJob with what it runs and the file of its alerts.
AUDITS = {
    "desk-audit": (["desk", "audit", "--again", "120"], "audit"),
    "desk-run-audit": (["desk", "audit", "--runs"], "run-audit"),
}


def rules() -> list[dict[str, Any]]:
    files = [MONITORING / f"{file}.yaml" for _, file in AUDITS.values()]
    documents = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in files]
    groups = [group for document in documents for group in document["spec"]["groups"]]
    return [rule for group in groups for rule in group["rules"]]


@pytest.mark.parametrize("name", AUDITS)
def test_what_was_found_fails_at_once_and_what_could_not_be_asked_is_asked_again(
    overlay: Any, name: str
) -> None:
    """`desk audit` ends with 1 for findings; 2 and 3 are settings and brokers that are away."""
    job = overlay.named("CronJob", name)["spec"]["jobTemplate"]["spec"]
    (rule,) = job["podFailurePolicy"]["rules"]
    assert (rule["action"], rule["onExitCodes"]["values"]) == ("FailJob", [1])
    (container,) = job["template"]["spec"]["containers"]
    assert rule["onExitCodes"]["containerName"] == container["name"]
    assert container["command"] == AUDITS[name][0]
    # What Kubernetes asks of a job with such a policy.
    assert job["template"]["spec"]["restartPolicy"] == "Never"
    assert job["backoffLimit"] > 0


@pytest.mark.parametrize("name", AUDITS)
def test_one_audit_at_a_time(overlay: Any, name: str) -> None:
    assert overlay.named("CronJob", name)["spec"]["concurrencyPolicy"] == "Forbid"


def test_who_seals_and_who_checks_has_the_same_keys_from_one_secret_that_may_change(
    overlay: Any,
) -> None:
    """A mounted folder is brought up to date in a running pod; a variable or a subPath is not."""
    for name in ("automation", "toolbox", "desk-run-audit"):
        pod = overlay.pods()[name]
        (container,) = pod["containers"]
        variables = {item["name"]: item.get("value") for item in container["env"]}
        file = Path(variables["AUTOMATION_CHAIN_KEY_FILE"])
        (mount,) = [m for m in container["volumeMounts"] if m["mountPath"] == str(file.parent)]
        assert (mount["readOnly"], "subPath" in mount) == (True, False)
        (volume,) = [v for v in pod["volumes"] if v["name"] == mount["name"]]
        assert (volume["secret"]["secretName"], file.name) == ("desk-chain", "secret")


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_an_alert_names_the_job_of_the_manifests_and_has_a_page(
    rule: dict[str, Any], prod: Any
) -> None:
    (named,) = set(re.findall(r'(?:job_name=~|cronjob=)"([\w-]+?)(?:-\.\+)?"', rule["expr"]))
    assert prod.named("CronJob", named)
    section = rule["annotations"]["runbook_url"].partition("#")[2]
    headings = re.findall(
        r"^### (\S+)$", (ROOT / "docs/operations.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert section in {heading.lower() for heading in headings}


@pytest.mark.parametrize("file", [file for _, file in AUDITS.values()])
def test_alerts_fire_and_stay_silent_as_they_should(file: str, tmp_path: Path) -> None:
    play_rules(MONITORING / f"{file}.yaml", MONITORING / f"{file}.test.yaml", tmp_path)
