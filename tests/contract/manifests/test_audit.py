"""The nightly audit: its result is the job's, and somebody is told of it."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.monitoring import MONITORING, ROOT
from tests.support.prometheus import play_rules


def rules() -> list[dict[str, Any]]:
    document = yaml.safe_load((MONITORING / "audit.yaml").read_text(encoding="utf-8"))
    return [rule for group in document["spec"]["groups"] for rule in group["rules"]]


def test_what_was_found_fails_at_once_and_what_could_not_be_asked_is_asked_again(
    overlay: Any,
) -> None:
    """`desk audit` ends with 1 for findings; 2 and 3 are settings and brokers that are away."""
    job = overlay.named("CronJob", "desk-audit")["spec"]["jobTemplate"]["spec"]
    (rule,) = job["podFailurePolicy"]["rules"]
    assert (rule["action"], rule["onExitCodes"]["values"]) == ("FailJob", [1])
    (container,) = job["template"]["spec"]["containers"]
    assert rule["onExitCodes"]["containerName"] == container["name"]
    assert container["command"] == ["desk", "audit", "--again", "120"]
    # What Kubernetes asks of a job with such a policy.
    assert job["template"]["spec"]["restartPolicy"] == "Never"
    assert job["backoffLimit"] > 0


def test_one_audit_at_a_time(overlay: Any) -> None:
    assert overlay.named("CronJob", "desk-audit")["spec"]["concurrencyPolicy"] == "Forbid"


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


def test_alerts_fire_and_stay_silent_as_they_should(tmp_path: Path) -> None:
    play_rules(MONITORING / "audit.yaml", MONITORING / "audit.test.yaml", tmp_path)
