"""The demo's day where everybody signs in, and each may only do what the manifests render."""

import asyncio
import sys
import time
from pathlib import Path

import httpx
import pytest
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    KafkaConnectionError,
)
from desk_contracts.codec import Message
from desk_contracts.errors import NotFound
from desk_contracts.names import TICKETS
from desk_contracts.topics import team_topic
from desk_local.paths import ROOT
from desk_platform.kafka import KafkaPublisher, Unpublished
from desk_platform.kafka.asking import why_unreachable
from desk_platform.kafka.topic_reader import read_all
from desk_platform.settings import KafkaSettings
from desk_testing import eventually
from desk_testing.commands import run_desk
from desk_testing.opening import close_now, open_now

from tests.support.authority import Authority
from tests.support.issuer import issuing
from tests.support.secure_desk import SecureDesk, secure_desk
from tests.support.short_day import STORY

pytestmark = [pytest.mark.connected, pytest.mark.timeout(600)]


async def test_the_day_comes_true_where_everybody_signs_in_and_others_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    began = time.monotonic()
    async with secure_desk(tmp_path, Authority("secure")) as desk:
        up = time.monotonic()
        answer = await play(desk)
        code, text = await ended(desk, "audit", "--again", "5")
        assert code == 0, text
        # One that starts where there are records of its own looks at the last of them.
        await asyncio.to_thread(desk.service("intake").stop)
        await desk.service("intake").start()
        assert desk.broker.denials() == []
        played = time.monotonic()
        await check_rights_at_brokers(desk)
        # Had anybody been denied anything before, it would have been written there.
        denied = {line.split("User:")[1].split()[0] for line in desk.broker.denials()}
        assert denied == {"desk-notify", "demo"}
        await check_rights_at_services(desk)
        await check_what_commands_say(desk)
        await check_probes(desk)
    with capsys.disabled():
        spans = f"up {up - began:.0f} s, day and audit {played - up:.0f} s"
        print(f"\n{answer.splitlines()[-1]} {spans}, all {time.monotonic() - began:.0f} s.")  # noqa: T201


async def play(desk: SecureDesk) -> str:
    """What the demo says of the day."""
    environ = environ_of(
        desk,
        DEMO_TOKEN_URL=desk.issuer.token_url,
        DEMO_PASSWORD=desk.issuer.password,
        DEMO_KAFKA_USERNAME="demo",
        DEMO_KAFKA_PASSWORD_FILE=str(desk.password_file("demo")),
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "desk_demo", "--plain", "--story", str(STORY)),
        env=environ,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    text, _ = await process.communicate()
    assert process.returncode == 0, text.decode()
    return text.decode()


def environ_of(desk: SecureDesk, **more: str) -> dict[str, str]:
    """The operator's, who reads everything and writes nothing."""
    urls = {f"DESKCLI_{service.name.upper()}_URL": service.url for service in desk.services}
    own = desk.environment("desk-operator", PYTHONPATH=str(ROOT / "demo"), **urls)
    return own | more


async def ended(desk: SecureDesk, *words: str, **more: str) -> tuple[int, str]:
    """With which code, and what a command of the operator said."""
    done = await asyncio.to_thread(run_desk, *words, env=environ_of(desk, **more))
    return done.returncode, done.stdout + done.stderr


async def check_rights_at_brokers(desk: SecureDesk) -> None:
    # What intake alone writes, and what only outside systems write.
    for user in ("desk-notify", "demo"):
        assert await find_refusal(desk.kafka(user), TICKETS) == "topic-forbidden"
    # Who may write nothing at all is no publisher.
    with pytest.raises(ClusterAuthorizationFailedError):
        await open_now(KafkaPublisher(desk.kafka("desk-operator"), "somebody"))
    # A team reads its own notifications and no other's.
    team = desk.kafka("desk-team-network")
    await read(team, team_topic("network"))
    with pytest.raises(NotFound, match="the user desk-team-network may not read it"):
        await read(team, team_topic("workplace"))
    # Whoever they do not know or believe sees nothing at all.
    for user, password in (("nobody", "secret" * 4), ("desk-intake", "wrong" * 4)):
        why = await why_unreachable(desk.kafka(user, password))
        assert why is not None
        assert f"refuses to sign in {user}" in why
    without_tls = desk.broker.secure_address
    with pytest.raises(KafkaConnectionError):
        await read(KafkaSettings(bootstrap=without_tls), TICKETS)


async def read(kafka: KafkaSettings, topic: str) -> None:
    async for _ in read_all(kafka, [topic]):
        return


async def find_refusal(kafka: KafkaSettings, topic: str) -> str:
    """Why a record is not taken, though its publisher signed in."""
    publisher = KafkaPublisher(kafka, "somebody")
    await open_now(publisher)
    await publisher.ping()
    with pytest.raises(Unpublished) as refused:
        await publisher.publish([Message(topic, b"t1", b"{}", ())])
    await close_now(publisher)
    (reason,) = refused.value.reasons.values()
    return reason.kind


async def check_probes(desk: SecureDesk) -> None:
    """Who is no operator is not answer which brokers stand in the way."""
    service, address = desk.service("triage"), desk.broker.secure_address
    await asyncio.to_thread(desk.broker.kill)

    async def is_told() -> bool:
        return any(address in reason for reason in await desk.reasons(service))

    await eventually(is_told, timeout=60)
    answer = await service.get("/health/ready")
    assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE
    assert "kafka does not answer" in answer.json()["reasons"]
    assert address not in answer.text


async def check_what_commands_say(desk: SecureDesk) -> None:
    """Brokers that say no are not called away: each time in words, with what to do."""
    stranger, wrong = desk.folder / "stranger.pem", desk.folder / "wrong.password"
    stranger.write_bytes(Authority("stranger").pem)
    wrong.write_text("wrong" * 4)
    team = {
        "DESK_KAFKA_USERNAME": "desk-team-network",
        "DESK_KAFKA_PASSWORD_FILE": str(desk.password_file("desk-team-network")),
    }
    port = desk.broker.secure_port
    plain = {
        "DESK_KAFKA_SECURITY": "PLAINTEXT",
        "DESK_KAFKA_CA_FILE": "",
        "DESK_KAFKA_USERNAME": "",
    }
    plain["DESK_KAFKA_PASSWORD_FILE"] = ""
    expected = (
        ({"DESK_KAFKA_PASSWORD_FILE": str(wrong)}, "refuses to sign in desk-operator"),
        (team, "the user desk-team-network may not read it"),
        ({"DESK_KAFKA_CA_FILE": str(stranger)}, "is not signed by"),
        ({"DESK_KAFKA": f"localhost:{port}"}, "is that of another host"),
        (plain, "what this port asks for"),
    )
    tail = ("tail", TICKETS, "--from-start")
    answers = await asyncio.gather(*(ended(desk, *tail, **given) for given, _ in expected))
    for (code, text), (_, words) in zip(answers, expected, strict=True):
        assert (code, words in text, "Traceback" in text) == (2, True, False), text


async def check_rights_at_services(desk: SecureDesk) -> None:
    url = f"{desk.service('intake').url}/v1/tickets"
    ticket = {"title": "The VPN drops"}
    with issuing("", {"ana": "network"}) as stranger:
        for token, status in (
            ("", httpx.codes.UNAUTHORIZED),
            # Another provider's word counts for nothing.
            (stranger.sign("ana"), httpx.codes.UNAUTHORIZED),
            (desk.issuer.sign("ana"), httpx.codes.CREATED),
        ):
            # What is believed on one's own machine is believed nowhere else.
            headers = {"X-Desk-User": "ana", "X-Desk-Roles": "operator", "Idempotency-Key": '"1"'}
            headers |= {"Authorization": f"Bearer {token}"} if token else {}
            async with httpx.AsyncClient() as http:
                answer = await http.post(url, json=ticket, headers=headers)
            assert answer.status_code == status, answer.text
        start = f"{url}/{answer.json()['id']}/start"
        headers["Idempotency-Key"] = '"2"'
        async with httpx.AsyncClient() as http:
            refused = await http.post(start, headers=headers)
        assert refused.status_code == httpx.codes.FORBIDDEN, refused.text
