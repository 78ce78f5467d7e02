"""A store is put back to an older state: it is noticed before anything is done, and the documented
order leads back, with no mail sent twice."""

from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.restoring_desk import Desk, desk_of

pytestmark = [pytest.mark.connected, pytest.mark.timeout(600)]

SERVICES = ("intake", "notify")


@pytest.fixture
async def desk(kafka: str, store_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk_of(SERVICES, kafka, store_url, prefix, tmp_path) as made:
        yield made


async def test_an_older_store_is_noticed_and_a_newer_one_goes_on(desk: Desk) -> None:
    await desk.start()
    await desk.asked_and_told("first")
    desk.stop()
    older = await desk.copied()
    await desk.start()
    second = await desk.asked_and_told("second")
    desk.stop()
    newest = await desk.copied()
    await desk.put_back(older)
    desk.launch()
    for name in SERVICES:
        await desk.is_held(name)
    answer = await desk.ask("while it is held")
    assert (answer.status_code, answer.json()["code"]) == (503, "held")
    audit = await desk.audit()
    assert audit.returncode == 1
    assert "notify: the store is older than the brokers" in audit.stdout
    unknown = [line for line in audit.stdout.splitlines() if "it may not know" in line]
    assert any(second in line for line in unknown), audit.stdout
    assert f"{second}: is in the log but not in intake's store" in audit.stdout
    assert len(desk.mail.mailbox.mails) == 2

    desk.stop()
    await desk.put_back(newest)
    audit = await desk.audit()
    assert "older" not in audit.stdout + audit.stderr
    await desk.start()
    await desk.asked_and_told("third")
    ids = Counter(str(mail["Message-ID"]) for mail in desk.mail.mailbox.mails)
    assert len(ids) == 3
    assert set(ids.values()) == {1}
