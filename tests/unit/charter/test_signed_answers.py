"""What a device with a key answers counts only with its signature, whoever sends it."""

import base64
from datetime import UTC, datetime
from pathlib import Path

import pytest
from desk_charter.admission import UNSIGNED, Admission
from desk_charter.load import load_charter
from desk_charter.sources import OutsideSystem
from desk_contracts import AnyEvent, Codec, Event, Payload
from desk_contracts.device_answers import sign_answer
from desk_contracts.events.devices import AgentConnected, CommandAnswered, PolicyApplied
from desk_contracts.events.telemetry import Measured
from desk_contracts.signing import Signer
from desk_contracts.value_types import SubjectKind
from pydantic import ValidationError

from tests.support.agent_device import DEVICE, Device, Folder, clean_policy, issue_policy, order

OWN, NEXT, OTHER = (Signer(base64.b64encode(bytes([n]) * 32).decode()) for n in (1, 2, 3))
AGENTS = OutsideSystem(
    name="agents",
    title="Agents",
    source="/endpoints",
    types=(Measured.TYPE, AgentConnected.TYPE, CommandAnswered.TYPE, PolicyApplied.TYPE),
    kafka_user="agents",
    endpoints=True,
    device_keys={DEVICE: (OWN.public_key, NEXT.public_key)},
)
CHARTER = load_charter(Path(__file__).parents[3] / "charter")
ADMISSION = Admission(lambda: CHARTER.model_copy(update={"sources": (AGENTS,)}))


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    file = tmp_path / "device.key"
    file.write_text(base64.b64encode(bytes([1]) * 32).decode() + "\n", encoding="utf-8")
    return file


def event_of(data: Payload, device: str = DEVICE) -> AnyEvent:
    """As the desk reads it from the topic."""
    at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    sent = Event(id="e1", source=f"/endpoints/{device}", subject=device, time=at, data=data)
    message = Codec().encode(sent)
    return Codec().decode(message.key, message.value, message.headers)


def code_of(data: Payload, device: str = DEVICE) -> str:
    refusal = ADMISSION(event_of(data, device))
    return "" if refusal is None else refusal.kind


CONNECTED = AgentConnected(journal="j", policies={"clean-ahead": "1"})


@pytest.mark.parametrize("signer", [OWN, NEXT], ids=["own", "next"])
def test_either_key_of_a_device_is_good_while_one_is_changed(signer: Signer) -> None:
    assert code_of(sign_answer(signer, DEVICE, CONNECTED)) == ""


def test_without_a_signature_or_with_anothers_it_is_no_answer_of_the_device() -> None:
    signed = sign_answer(OWN, DEVICE, CONNECTED)
    assert code_of(CONNECTED) == UNSIGNED
    assert code_of(sign_answer(OTHER, DEVICE, CONNECTED)) == UNSIGNED
    assert code_of(signed.model_copy(update={"key_id": OTHER.key_id})) == UNSIGNED
    assert code_of(signed.model_copy(update={"signature": "no base64"})) == UNSIGNED
    assert code_of(signed.model_copy(update={"policies": {}})) == UNSIGNED
    assert code_of(sign_answer(OWN, "laptop-8", CONNECTED)) == UNSIGNED
    refusal = ADMISSION(event_of(CONNECTED))
    assert refusal is not None
    assert "has no signature" in refusal.message


def test_a_device_without_a_key_and_what_is_measured_need_no_signature() -> None:
    assert code_of(CONNECTED, "laptop-8") == ""
    measured = Measured(subject_kind=SubjectKind.DEVICE, name="disk.free.percent", value=4)
    assert code_of(measured) == ""


def test_all_that_an_agent_with_a_key_answers_is_signed_and_taken(
    tmp_path: Path, key_file: Path
) -> None:
    device = Device(Folder(tmp_path / "device"))
    device.config = device.config.model_copy(update={"signing_key_file": key_file})
    device.restart()
    device.folder.fill("a", "b", "c", "d")
    now = device.clock.now()
    device.autonomy.keep(issue_policy(clean_policy(now)))
    for _ in range(2):
        device.autonomy.consider({"disk.free.percent": 20.0}, clean_policy(now).offline_for)
    device.take(order(at=now, name="spooler"))
    device.take(order("report-outcome", at=now, token=2, command="unseen"))
    events = [event for _, event in device.spool.read()]
    assert {type(event.data) for event in events} == {CommandAnswered, PolicyApplied}
    assert [code_of(event.data) for event in events] == [""] * len(events)
    assert code_of(device.spool.sign(CONNECTED)) == ""


def test_keys_stand_where_agents_are_and_can_be_read() -> None:
    entry = AGENTS.model_dump()
    with pytest.raises(ValidationError, match="endpoints: true"):
        OutsideSystem.model_validate(entry | {"endpoints": False})
    with pytest.raises(ValidationError, match="32 bytes"):
        OutsideSystem.model_validate(entry | {"device_keys": {DEVICE: ("abc",)}})
    with pytest.raises(ValidationError, match="has no key"):
        OutsideSystem.model_validate(entry | {"device_keys": {DEVICE: ()}})
