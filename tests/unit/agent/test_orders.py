"""What an agent does with orders: each once, only what its file declares, and it says why not."""

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
from desk_agent.actions.port import Effect
from desk_agent.entry import Entry, OrderState
from desk_contracts.events.devices import DeviceOutcome
from desk_contracts.events.telemetry import Observed

from tests.support.agent_device import STRANGER, Device, Folder, Times, codes, issue, order

HOUR = timedelta(hours=1)


@pytest.fixture
def device(tmp_path: Path) -> Device:
    return Device(Folder(tmp_path))


def test_an_order_is_carried_out_once_however_often_it_comes(device: Device) -> None:
    command = order(at=device.clock.now(), name="spooler")
    first = device.take(command)
    again = device.take(command)
    later = device.take(command.model_copy(update={"token": 2}))
    assert device.folder.count_of_starts == 1
    assert {answer.outcome for answer in (first, again, later)} == {DeviceOutcome.DONE}
    assert later.token == 2


def test_after_a_restart_the_journal_still_has_the_key(device: Device) -> None:
    command = order(at=device.clock.now(), name="spooler")
    device.take(command)
    device.restart()
    assert device.take(command).outcome is DeviceOutcome.DONE
    assert device.folder.count_of_starts == 1


def test_what_became_of_an_order_is_said_again_however_late_it_is_repeated(device: Device) -> None:
    command = order(at=device.clock.now(), name="spooler")
    device.take(command)
    device.take(order("report-outcome", at=device.clock.now(), token=2, command=command.key))
    device.times.advance(2 * HOUR)
    device.restart()
    expired, unseen = device.take(command), device.take(order(at=command.issued_at, name="spooler"))
    assert (expired.outcome, expired.token) == (DeviceOutcome.DONE, 1)
    assert codes([unseen]) == ["device.expired"]
    device.orders._clock = device.times.clock()
    assert device.take(command).outcome is DeviceOutcome.DONE, "the journal needs no clock"
    assert device.folder.count_of_starts == 1


def test_a_repeated_order_gives_up_what_was_sent_before_it(device: Device) -> None:
    now = device.clock.now()
    command = order(at=now, name="spooler")
    device.take(command)
    device.take(command.model_copy(update={"token": 3}))
    late = device.take(order(at=now, token=2, name="spooler"))
    assert late.reason.code == "device.older-token"
    assert device.take(command).outcome is DeviceOutcome.DONE, "and what is done stays so"


def test_a_key_is_of_one_order_and_answers_for_no_other(device: Device) -> None:
    command = order(at=device.clock.now(), name="spooler")
    device.take(command)
    other = command.model_copy(update={"parameters": {"name": "blind"}, "token": 2})
    answer = device.take(other)
    assert (answer.outcome, answer.reason.code) == (DeviceOutcome.REFUSED, "device.key-reused")
    assert device.folder.count_of_starts == 1


def test_a_wrong_signature_does_nothing_and_is_told_in_telemetry(device: Device) -> None:
    command = order(at=device.clock.now(), name="spooler")
    answer = device.take(command, STRANGER)
    assert (answer.outcome, answer.reason.code) == (DeviceOutcome.REFUSED, "device.unknown-key")
    issued = issue(command)
    changed = issued.document.replace("spooler", "blind")
    device.orders.take(issued.model_copy(update={"document": changed}))
    assert codes(device.answers())[-1] == "device.bad-signature"
    assert [seen.name for seen in device.spooled(Observed)] == ["agent.order-refused"] * 2
    assert device.folder.count_of_starts == 0


def test_an_order_for_another_device_is_refused(device: Device) -> None:
    answer = device.take(order(at=device.clock.now(), device="laptop-8", name="spooler"))
    assert (answer.outcome, answer.reason.code) == (DeviceOutcome.REFUSED, "device.for-another")
    assert device.folder.count_of_starts == 0


def test_a_token_that_goes_back_is_refused(device: Device) -> None:
    now = device.clock.now()
    device.take(order(at=now, token=5, name="spooler"))
    answer = device.take(order(at=now, token=4, name="spooler"))
    assert (answer.outcome, answer.reason.code) == (DeviceOutcome.REFUSED, "device.older-token")
    assert device.take(order(at=now, token=1, run="run-2", name="spooler")).outcome == "done"
    assert device.folder.count_of_starts == 2


@pytest.mark.parametrize("off", [-5 * HOUR, 5 * HOUR])
def test_a_clock_that_is_hours_off_neither_keeps_an_order_alive_nor_kills_it(
    device: Device, off: timedelta
) -> None:
    now = device.clock.now()
    command = order(at=now, name="spooler")
    device.times.wall += off
    assert device.take(command).outcome is DeviceOutcome.DONE
    device.times.elapsed += 2 * HOUR
    late = device.take(order(at=now, name="spooler", token=2))
    assert (late.outcome, late.reason.code) == (DeviceOutcome.NOT_TAKEN, "device.expired")
    assert device.folder.count_of_starts == 1
    assert device.clock.offset == off - 2 * HOUR


def test_without_any_word_of_the_time_nothing_is_done(device: Device) -> None:
    times = Times()
    device.orders._clock = times.clock()
    answer = device.take(order(at=times.wall, name="spooler"))
    assert (answer.outcome, answer.reason.code) == (DeviceOutcome.NOT_TAKEN, "device.time-unknown")


def test_what_was_signed_is_over_even_if_the_brokers_say_another_time(device: Device) -> None:
    now = device.clock.now()
    device.take(order(at=now, name="spooler"))
    device.clock.anchor(now - 3 * HOUR)
    assert device.clock.now() >= now


@pytest.mark.parametrize(
    ("action", "parameters", "code"),
    [
        ("restart-service", {"name": "sshd"}, "device.not-declared"),
        ("restart-service", {"name": "spooler", "also": "x"}, "device.unknown-parameter"),
        ("clean-disk", {"folder": "/"}, "device.not-declared"),
        ("clean-disk", {"folder": "caches", "older_than": "5"}, "device.too-young"),
        ("renew", {"name": "vpn"}, "device.no-such-action"),
        ("reboot", {"now": "yes"}, "device.unknown-parameter"),
    ],
)
def test_only_what_the_file_declares_is_done(
    device: Device, action: str, parameters: dict[str, str], code: str
) -> None:
    command = order(action, at=device.clock.now())
    answer = device.take(command.model_copy(update={"parameters": parameters}))
    assert (answer.outcome, answer.reason.code) == (DeviceOutcome.REFUSED, code)


def test_a_folder_that_is_not_there_is_not_called_clean(device: Device) -> None:
    device.folder.disk.rmdir()
    answer = device.take(order("clean-disk", at=device.clock.now(), folder="caches"))
    assert (answer.outcome, answer.reason.code) == (DeviceOutcome.REFUSED, "device.not-there")


def test_a_folder_that_goes_away_meanwhile_ends_no_agent(device: Device) -> None:
    clean = device.orders._actions["clean-disk"]
    parameters = {"folder": "caches"}
    baseline = clean.observe(parameters)
    device.folder.disk.rmdir()
    performed = clean.perform(parameters, baseline)
    assert (performed.effect, performed.reason.code) == (Effect.NO, "device.not-there")
    assert clean.probe(parameters, baseline) is Effect.UNKNOWN


def test_cleaning_removes_old_files_only_and_follows_no_link(
    device: Device, tmp_path: Path
) -> None:
    folder = device.folder
    outside = tmp_path / "outside"
    outside.mkdir()
    kept = outside / "kept"
    kept.write_text("mine", encoding="utf-8")
    old = time.time() - 10**6
    os.utime(kept, (old, old))
    (folder.disk / "link").symlink_to(outside)
    (folder.disk / "file-link").symlink_to(kept)
    folder.fill("a", "b")
    folder.fill("new", age=timedelta(0))
    answer = device.take(order("clean-disk", at=device.clock.now(), folder="caches"))
    assert (answer.outcome, answer.details["removed"]) == (DeviceOutcome.DONE, "2")
    assert folder.files() == {"new", "link", "file-link"}
    assert kept.read_text(encoding="utf-8") == "mine"


def test_a_device_whose_clock_runs_ahead_removes_no_young_file(device: Device) -> None:
    device.folder.fill("young", age=timedelta(hours=1))
    device.clock.anchor(device.times.wall - timedelta(days=2))
    now = device.clock.now()
    answer = device.take(order("clean-disk", at=now, folder="caches"))
    assert (answer.outcome, answer.details["removed"]) == (DeviceOutcome.DONE, "0")
    device.folder.fill("old-by-the-wrong-clock", age=timedelta(days=2))
    device.take(order("clean-disk", at=now, token=2, folder="caches"))
    assert device.folder.files() == {"young", "old-by-the-wrong-clock"}


def test_a_program_that_fails_or_changes_nothing_is_not_called_done(device: Device) -> None:
    device.folder.restart_with("echo broken; exit 3")
    answer = device.take(order(at=device.clock.now(), name="spooler"))
    assert (answer.outcome, answer.details["output"]) == (DeviceOutcome.FAILED, "broken")
    device.folder.restart_with("exit 0")
    answer = device.take(order(at=device.clock.now(), name="spooler"))
    assert codes([answer]) == ["device.nothing-changed"]


def test_a_program_that_never_ends_is_stopped(device: Device) -> None:
    listed = device.config.restart["spooler"]
    device.config.restart["spooler"] = listed.model_copy(update={"timeout": timedelta(seconds=0.3)})
    device.folder.restart_with("sleep 600")
    answer = device.take(order(at=device.clock.now(), name="spooler"))
    assert (answer.outcome, answer.reason.code) == (DeviceOutcome.FAILED, "device.stopped-late")


def test_a_child_that_lives_on_keeps_nobody_waiting(device: Device) -> None:
    started = device.folder.starts
    device.folder.restart_with(f"echo start >> {started}; echo done; setsid sleep 600 & exit 0")
    began = time.monotonic()
    answer = device.take(order(at=device.clock.now(), name="spooler"))
    assert (answer.outcome, answer.details["output"]) == (DeviceOutcome.DONE, "done")
    assert time.monotonic() - began < 30


def test_a_reboot_needs_consent_and_is_done_when_the_machine_runs_anew(device: Device) -> None:
    device.folder.reboot_with("exit 0", consent="exit 1")
    answer = device.take(order("reboot", at=device.clock.now()))
    assert codes([answer]) == ["device.consent-declined"]
    device.folder.reboot_with("exit 0", consent="exit 0")
    command = order("reboot", at=device.clock.now(), token=2)
    device.orders.take(issue(command))
    device.orders.settle()
    assert len(device.answers()) == 1, "nothing is said before it shows"
    device.folder.boot.write_text("boot-2", encoding="utf-8")
    device.restart()
    device.orders.settle()
    assert (device.answers()[-1].command, device.answers()[-1].outcome) == (command.key, "done")


def test_a_question_tells_what_became_of_an_order(device: Device) -> None:
    now = device.clock.now()
    command = order(at=now, name="spooler")
    device.take(command)
    report = device.take(order("report-outcome", at=now, token=2, command=command.key))
    assert (report.outcome, report.details["outcome"]) == (DeviceOutcome.DONE, "done")


def test_what_never_came_is_refused_if_it_comes_late_and_taken_if_it_is_sent_anew(
    device: Device,
) -> None:
    now = device.clock.now()
    command = order(at=now, token=1, name="spooler")
    report = device.take(order("report-outcome", at=now, token=2, command=command.key))
    assert report.details["outcome"] == "not_taken"
    device.restart()
    assert codes([device.take(command)]) == ["device.older-token"]
    assert device.folder.count_of_starts == 0
    anew = device.take(command.model_copy(update={"token": 3}))
    assert (anew.outcome, device.folder.count_of_starts) == (DeviceOutcome.DONE, 1)


def test_a_measurement_is_told_and_what_cannot_be_measured_is_not_zero(device: Device) -> None:
    now = device.clock.now()
    device.folder.fill("a")
    answer = device.take(order("measure", at=now, name="disk.free.percent"))
    assert float(answer.details["value"]) == pytest.approx(80)
    answer = device.take(order("measure", at=now, name="battery.of-the-car"))
    assert (answer.outcome, answer.details) == (DeviceOutcome.FAILED, {})


def leave_open(device: Device, name: str) -> str:
    """As a kill leaves it between intent and outcome."""
    command = order(at=device.clock.now(), name=name)
    baseline = device.orders.observe(command.action, command.parameters)
    device.orders.journal.record_intent(
        Entry(
            key=command.key,
            action=command.action,
            parameters=command.parameters,
            state=OrderState.INTENT,
            started_at=command.issued_at,
            command=command,
            digest="d",
            token=1,
            baseline=baseline,
        )
    )
    return command.key


@pytest.mark.parametrize(
    ("name", "took_place", "state"),
    [
        ("spooler", True, OrderState.DONE),
        ("spooler", False, OrderState.NOT_TAKEN),
        ("blind", True, OrderState.IN_DOUBT),
        ("blind", False, OrderState.IN_DOUBT),
    ],
)
def test_what_was_left_open_is_settled_by_what_the_device_shows(
    device: Device, name: str, took_place: bool, state: OrderState
) -> None:
    key = leave_open(device, name)
    if took_place:
        with device.folder.starts.open("a", encoding="utf-8") as starts:
            starts.write("start\n")
    before = device.folder.count_of_starts
    device.restart()
    device.orders.settle()
    entry = device.orders.journal.find(key)
    assert entry is not None
    assert entry.state is state
    assert device.folder.count_of_starts == before, "nothing is repeated"
    assert [answer.command for answer in device.answers()] == [key]
