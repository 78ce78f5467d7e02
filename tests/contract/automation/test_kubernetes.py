"""What only Kubernetes has, on an API server of the tests: versions, keys, and what was there."""

from collections.abc import AsyncIterator

import pytest
from desk_automation.actions.answer import Result

from tests.support.executor_machines import SHOP, KubernetesSide, kubernetes_side
from tests.support.executor_sides import execute
from tests.support.kubernetes_api import TOKEN, cron_job, deployment
from tests.support.spoken import english

NIGHT = "/apis/batch/v1/namespaces/shop/cronjobs/night"
JOBS = "/apis/batch/v1/namespaces/shop/jobs"


@pytest.fixture
async def side() -> AsyncIterator[KubernetesSide]:
    async with kubernetes_side() as made:
        yield made


async def test_a_restart_wants_other_pods(side: KubernetesSide) -> None:
    before = side.api.objects[SHOP]["spec"]["template"]
    assert (await execute(side)).result is Result.OK
    after = side.api.objects[SHOP]["spec"]["template"]
    assert before != after
    assert before["spec"] == after["spec"]


async def test_a_workload_is_scaled_once_for_a_key(side: KubernetesSide) -> None:
    assert (await execute(side, side.change("scale", replicas=5))).result is Result.OK
    assert side.api.objects[SHOP]["spec"]["replicas"] == 5
    # An autoscaler moves on, and the same attempt is made again after a crash.
    side.api.objects[SHOP]["spec"]["replicas"] = 9
    again = await execute(side, side.change("scale", replicas=5))
    assert (again.result, again.message.code) == (Result.OK, "answer.done-before")
    assert side.api.objects[SHOP]["spec"]["replicas"] == 9


async def test_what_changed_between_look_and_change_is_not_overwritten(
    side: KubernetesSide,
) -> None:
    side.api.before_change = 1
    first = await execute(side)
    assert (first.result, side.effects()) == (Result.NOT_TAKEN, 0)
    assert (await execute(side)).result is Result.OK


async def test_a_job_is_started_as_its_cron_job_would(side: KubernetesSide) -> None:
    side.api.add(NIGHT, cron_job("night"))
    start = side.change("start-job", kind="cron-job", name="night")
    assert (await execute(side, start)).result is Result.OK
    again = await execute(side, start)
    assert (again.result, again.message.code) == (Result.OK, "answer.done-before")
    [(method, path)] = side.api.changes
    assert (method, path.startswith(f"{JOBS}/night-")) == ("POST", True)
    job = side.api.objects[path]
    assert job["spec"] == side.api.objects[NIGHT]["spec"]["jobTemplate"]["spec"]
    assert job["metadata"]["labels"]["app"] == "night"


async def test_a_job_that_answered_too_late_is_found_by_its_question(side: KubernetesSide) -> None:
    side.api.add(NIGHT, cron_job("night"))
    start = side.change("start-job", kind="cron-job", name="night")
    ask = side.change("status", kind="cron-job", name="night")
    none = await execute(side, ask, expect="response.body.jobs > 0")
    assert (none.result, none.is_met) == (Result.OK, False)
    side.fall_silent()
    assert (await execute(side, start)).result is Result.UNKNOWN
    assert (await execute(side, ask, expect="response.body.jobs == 1")).is_met
    assert not (await execute(side, ask, expect="response.body.succeeded > 0")).is_met


async def test_a_question_says_whether_a_workload_has_settled(side: KubernetesSide) -> None:
    ask = side.change("status")
    assert (await execute(side, ask, expect="response.body.is_settled")).is_met
    assert not (await execute(side, ask, expect="response.body.by_this_run")).is_met
    await execute(side)
    side.api.objects[SHOP]["metadata"]["generation"] = 2
    assert (await execute(side, ask, expect="response.body.by_this_run")).is_met
    assert not (await execute(side, ask, expect="response.body.is_settled")).is_met
    gone = side.change("status", name="gone")
    assert (await execute(side, gone, expect="response.status == 404")).is_met
    assert (await execute(side, gone, expect="response.body.is_settled")).result is Result.UNKNOWN


@pytest.mark.parametrize(
    ("status", "result"),
    [
        (401, Result.REFUSED),
        (403, Result.REFUSED),
        (409, Result.NOT_TAKEN),
        (422, Result.REFUSED),
        (429, Result.NOT_TAKEN),
        (500, Result.UNKNOWN),
        (503, Result.UNKNOWN),
    ],
)
async def test_the_status_of_a_change_decides(
    side: KubernetesSide, status: int, result: Result
) -> None:
    side.api.status = status
    answer = await execute(side)
    assert (answer.result, answer.is_sent) == (result, True)


async def test_what_is_not_there_or_does_not_let_us_in_was_not_changed(
    side: KubernetesSide,
) -> None:
    gone = await execute(side, side.change(name="gone"))
    assert (gone.result, gone.is_sent) == (Result.REFUSED, False)
    secrets = side.api.folder / "secrets"
    (secrets / "cluster-token").write_text("another")
    stranger = await execute(side)
    assert (stranger.result, stranger.is_sent) == (Result.REFUSED, False)
    (secrets / "cluster-token").write_text(TOKEN)
    assert (await execute(side)).result is Result.OK  # read anew at each attempt


@pytest.mark.parametrize(
    "raw", [b"{", b"[]", b"<html>", b'{"metadata": {}}', b'{"a": "' + b"x" * 100_000_000 + b'"}']
)
async def test_an_object_that_cannot_be_read_is_not_changed(
    side: KubernetesSide, raw: bytes
) -> None:
    side.api.raw = raw
    answer = await execute(side, seconds=30)
    assert (answer.result, answer.is_sent, side.effects()) == (Result.NOT_TAKEN, False, 0)
    settled = side.change("status")
    answer = await execute(side, settled, seconds=30, expect="response.body.is_settled")
    assert answer.result is Result.UNKNOWN
    jobs = side.change("status", kind="cron-job")
    answer = await execute(side, jobs, seconds=30, expect="response.body.failed == 0")
    assert answer.result is Result.UNKNOWN


@pytest.mark.parametrize("text", ["no certificate", None])
async def test_another_authority_is_not_believed(side: KubernetesSide, text: str | None) -> None:
    other = KubernetesSide(side.executor, side.api)
    place = side.api.folder / "secrets" / "cluster-ca"
    if text is None:
        text = type(side.api.authority)("stranger").pem.decode()
    place.write_text(text)
    answer = await execute(other)
    assert answer.result is not Result.OK
    assert (answer.is_sent, side.api.heads) == (False, [])


async def test_a_server_that_no_list_names_is_not_called(side: KubernetesSide) -> None:
    answer = await execute(side, side.change(server="169.254.169.254"))
    assert (answer.result, answer.message.code) == (Result.REFUSED, "answer.not-allowed")


async def test_the_token_is_in_no_message(side: KubernetesSide) -> None:
    side.say(f"no such bearer: {TOKEN}")
    assert TOKEN not in english((await execute(side)).message)


async def test_the_example_is_a_valid_deployment(side: KubernetesSide) -> None:
    side.api.add(f"{SHOP}-2", deployment("shop-2"))
    assert (await execute(side, side.change(name="shop-2"))).result is Result.OK
