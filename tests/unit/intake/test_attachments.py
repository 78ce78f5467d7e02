"""Files on tickets: told by their content, kept beside the log, only ever downloaded."""

import gzip
import hashlib
import io
import zipfile
from datetime import timedelta

import pytest
from desk_contracts.errors import DependencyDown, Invalid, Transient
from desk_contracts.events.tickets import TicketAttached
from desk_contracts.ids import new_id
from desk_intake.attachments.decide import (
    MAX_ATTACHMENTS,
    MAX_FILE_BYTES,
    check_name,
    read_media_type,
)
from desk_intake.attachments.model import Upload, UploadList
from desk_intake.attachments.uploads import CALLS_TAKE, remember

from tests.support.intake_world import MONDAY, Desk, attach

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR" + bytes(64)
JPEG = b"\xff\xd8\xff\xe0" + bytes(64)
PDF = b"%PDF-1.7\n" + bytes(64)
EXE = b"MZ" + bytes(128)
ELF = b"\x7fELF\x02\x01\x01" + bytes(128)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def zipped(name: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, "x")
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("screen.PNG", PNG, "image/png"),
        ("photo.jpeg", JPEG, "image/jpeg"),
        ("scan.pdf", PDF, "application/pdf"),
        ("all.zip", zipped("a.txt"), "application/zip"),
        ("letter.docx", zipped("docProps/app.xml"), "application/zip"),
        ("log.gz", gzip.compress(b"x", mtime=0), "application/gzip"),
        ("vpn.log", "\x1b[31mFehler\x1b[0m: Größe\n".encode(), "text/plain"),
        ("windows.txt", "Zugriff verweigert".encode("utf-16"), "text/plain"),
        ("BMW.txt", b"BMW 520", "text/plain"),
        ("list.csv", b"a,b\n1,2\n", "text/plain"),
    ],
)
def test_what_a_file_is_its_content_says(name: str, content: bytes, media_type: str) -> None:
    assert read_media_type(name, content) == media_type


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("nothing.txt", b"", "empty-file"),
        ("setup.exe", EXE, "file-kind-not-allowed"),
        ("setup.png", EXE, "file-kind-not-allowed"),
        ("tool", ELF, "file-kind-not-allowed"),
        ("setup.txt", EXE, "disguised-file"),
        ("photo.png", JPEG, "disguised-file"),
        ("scan.pdf", PNG, "disguised-file"),
        ("photo", JPEG, "disguised-file"),
        ("page.html", b"<html><script>alert(1)</script>", "file-kind-not-allowed"),
        ("logo.svg", SVG, "file-kind-not-allowed"),
        ("run.sh", b"#!/bin/sh\nrm -rf /", "file-kind-not-allowed"),
        ("log.txt", b"one\x00two", "disguised-file"),
        ("log.txt", b"\xff\xfe\x00", "disguised-file"),
    ],
)
def test_what_is_dangerous_or_disguised_is_refused(name: str, content: bytes, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_media_type(name, content)
    assert caught.value.kind == code


@pytest.mark.parametrize(
    "name", ["", "  ", "../x.png", "a/b.png", "a\\b.png", ".htaccess", "x\u202egnp.exe", "x" * 201]
)
def test_a_name_that_is_a_path_or_hides_something_is_refused(name: str) -> None:
    with pytest.raises(Invalid):
        check_name(name)


async def test_a_file_comes_back_as_it_was_to_be_saved_and_not_shown(desk: Desk) -> None:
    ticket = await desk.ana.open()
    answer = await attach(desk.ana, ticket, "Bildschirm größe.png", PNG)
    assert answer.status_code == 201, answer.text
    (file,) = answer.json()["attachments"]
    assert (file["media_type"], file["size"]) == ("image/png", len(PNG))
    assert file["sha256"] == hashlib.sha256(PNG).hexdigest()
    fetched = await desk.max.client.get(file["url"])
    assert (fetched.status_code, fetched.content) == (200, PNG)
    assert fetched.headers["content-disposition"] == (
        "attachment; filename=\"attachment.png\"; filename*=UTF-8''Bildschirm%20gr%C3%B6%C3%9Fe.png"
    )
    assert fetched.headers["content-type"] == "image/png"
    assert fetched.headers["x-content-type-options"] == "nosniff"
    assert fetched.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert fetched.headers["content-length"] == str(len(PNG))
    await desk.check(ticket)


async def test_the_log_refers_to_the_bytes_and_does_not_hold_them(desk: Desk) -> None:
    ticket = await desk.ana.open()
    await attach(desk.ana, ticket, "secret.txt", b"the words of the file")
    (event,) = [item.data for item in desk.log(ticket) if isinstance(item.data, TicketAttached)]
    assert event.dataref == f"/v1/tickets/{ticket}/attachments/{event.attachment}"
    assert not any(b"the words" in message.value for message in desk.publisher.messages)


async def test_a_repeated_call_keeps_one_file_and_another_file_under_its_key_is_refused(
    desk: Desk,
) -> None:
    ticket = await desk.ana.open()
    first = await attach(desk.ana, ticket, "a.txt", b"one", "k")
    again = await attach(desk.ana, ticket, "a.txt", b"one", "k")
    assert first.json() == again.json()
    other = await attach(desk.ana, ticket, "a.txt", b"two", "k")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    (file,) = (await desk.ana.get(f"/tickets/{ticket}")).json()["attachments"]
    assert (await desk.ana.client.get(file["url"])).content == b"one"


async def test_internal_files_are_for_staff_and_strangers_find_nothing(desk: Desk) -> None:
    ticket = await desk.ana.open()
    refused = await attach(desk.ana, ticket, "a.txt", b"x", public="false")
    assert refused.status_code == 403
    answer = await attach(desk.max, ticket, "a.txt", b"x", public="false")
    (file,) = answer.json()["attachments"]
    assert (await desk.max.client.get(file["url"])).status_code == 200
    assert (await desk.ana.get(f"/tickets/{ticket}")).json()["attachments"] == []
    for who in (desk.ana, desk.ben):
        assert (await who.client.get(file["url"])).status_code == 404
    elsewhere = await desk.max.open()
    wrong = file["url"].replace(ticket, elsewhere)
    assert (await desk.max.client.get(wrong)).status_code == 404
    assert (await attach(desk.ben, ticket, "a.txt", b"x")).status_code == 404


async def test_too_large_too_many_and_forms_are_refused_with_what_to_do(desk: Desk) -> None:
    ticket = await desk.ana.open()
    large = await attach(desk.ana, ticket, "a.txt", b"x" * (MAX_FILE_BYTES + 1))
    assert (large.status_code, large.json()["code"]) == (413, "too-large")
    whole = await attach(desk.ana, ticket, "a.txt", b"[" * 2**20)
    assert whole.status_code == 201, "brackets of a file are no JSON"
    path = f"/v1/tickets/{ticket}/attachments?name=a.txt"
    headers = {"Idempotency-Key": "f"}
    form = await desk.ana.client.post(path, files={"file": b"x"}, headers=headers)
    assert (form.status_code, form.json()["code"]) == (415, "unsupported-media-type")
    for number in range(MAX_ATTACHMENTS - 1):
        assert (await attach(desk.ana, ticket, "a.txt", b"%d" % number)).status_code == 201
    many = await attach(desk.ana, ticket, "a.txt", b"one more")
    assert (many.status_code, many.json()["code"]) == (409, "too-many-files")


async def test_other_bodies_are_as_bounded_as_before(desk: Desk) -> None:
    answer = await desk.ana.post("/tickets", title="x", description="x" * 2**20)
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


async def test_a_stale_version_is_refused_before_the_bytes_are_kept(desk: Desk) -> None:
    ticket = await desk.ana.open()
    stale = (await desk.ana.get(f"/tickets/{ticket}")).headers["ETag"]
    await desk.ana.post(f"/tickets/{ticket}/comments", text="more")
    answer = await attach(desk.ana, ticket, "a.txt", b"one", if_match=stale)
    assert (answer.status_code, desk.files.kept) == (412, {})
    fresh = (await desk.ana.get(f"/tickets/{ticket}")).headers["ETag"]
    taken = await attach(desk.ana, ticket, "a.txt", b"one", "k", if_match=fresh)
    again = await attach(desk.ana, ticket, "a.txt", b"one", "k", if_match=fresh)
    assert (taken.status_code, again.status_code) == (201, 201)


async def test_bytes_that_no_ticket_came_to_name_are_removed_and_others_stay(desk: Desk) -> None:
    ticket = await desk.ana.open()
    named = await attach(desk.ana, ticket, "a.txt", b"one")
    kept = named.json()["attachments"][0]
    # As after a kill between the bytes and the event.
    orphan = new_id()
    await desk.uploads.put(orphan, b"two", [ticket])
    await desk.collect_uploads(CALLS_TAKE - timedelta(seconds=1))
    assert set(desk.files.kept) == {kept["id"], orphan}
    await desk.collect_uploads(timedelta(seconds=1))
    assert set(desk.files.kept) == {kept["id"]}
    assert (await desk.ana.client.get(kept["url"])).content == b"one"
    lists = await desk.upload_lists.find({})
    assert [item.state.uploads for item in lists if item.state] == [()] * len(lists)
    assert await desk.upload_lists.due(desk.clock.now() + timedelta(days=9), 100) == []


async def test_a_store_that_dies_while_it_clears_up_leaves_it_for_the_next_time(desk: Desk) -> None:
    orphan = new_id()
    await desk.uploads.put(orphan, b"two", ["t-gone"])
    desk.files.is_down = True
    with pytest.raises(DependencyDown):
        await desk.collect_uploads(CALLS_TAKE)
    # Its end is near: a call that brings it now has to come again, and its bytes are not lost.
    desk.files.is_down = False
    with pytest.raises(Transient):
        await desk.uploads.put(orphan, b"two", ["t-gone"])
    await desk.collect_uploads(timedelta(minutes=5))
    assert desk.files.kept == {}
    await desk.uploads.put(orphan, b"two", ["t-gone"])
    assert desk.files.kept == {orphan: b"two"}


async def test_a_file_that_is_brought_again_has_its_time_again(desk: Desk) -> None:
    orphan = new_id()
    await desk.uploads.put(orphan, b"two", ["t-gone"])
    await desk.collect_uploads(CALLS_TAKE / 2)
    await desk.uploads.put(orphan, b"two", ["t-gone"])
    await desk.collect_uploads(CALLS_TAKE / 2)
    assert desk.files.kept == {orphan: b"two"}


@pytest.mark.parametrize(("waiting", "has_room"), [(4_999, True), (5_000, False)])
def test_a_list_that_is_full_takes_no_more_and_says_when_to_come_again(
    waiting: int, *, has_room: bool
) -> None:
    old = Upload(id="old", tickets=(), at=MONDAY)
    listed = UploadList.model_construct(uploads=(old,) * waiting)
    if has_room:
        decision = remember(listed, "new", ("t-1",), MONDAY)
        assert decision.state.uploads[-1] == Upload(id="new", tickets=("t-1",), at=MONDAY)
        assert len(decision.state.uploads) == waiting + 1
        return
    with pytest.raises(Transient) as refused:
        remember(listed, "new", ("t-1",), MONDAY)
    assert (refused.value.kind, refused.value.retry_after) == ("contended", 5.0)
