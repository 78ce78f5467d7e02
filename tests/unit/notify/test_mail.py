"""What a message looks like as mail: read by others, it says what was written."""

import email
from datetime import timedelta
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default

import pytest
from desk_contracts.mail_addresses import address_in, read_address
from desk_notify.deliveries.mail import mail_of
from desk_notify.deliveries.mail_headers import mailbox, shield_text, write_unstructured
from desk_notify.deliveries.model import Dispatch
from hypothesis import given
from hypothesis import strategies as st

from tests.support.notify_desk import NOON

SENDER, NAME = read_address("desk@desk.example"), "Experience Desk"
# Words of one script after the other; what a mail program folds is longer than a line.
WORDS = (
    "Störung größer Übermittlung Mailkonto gesperrt Gerät läuft",
    "Ошибка подключения принтера после обновления системы",
    "A nyomtató nem működik a harmadik emeleten árvíztűrő",
    "プリンター が 動きません 三階 の 会議室",
    "打印机 无法 连接 会议室",
    "الطابعة لا تعمل في غرفة الاجتماعات",
    "हिन्दी प्रिंटर काम नहीं कर रहा",
    "e\u0301te\u0301 👩\u200d💻 🏴 café",
    "the printer on floor three prints nothing at all",
)


def dispatch(title: str = "Störung vorbei: VPN", thread: str = "t-1") -> Dispatch:
    return Dispatch(
        message="m-1", recipient="network", kind="problem_resolved", title=title,
        body="Die Störung ist behoben.", thread=thread, happened_at=NOON, deliveries=(),
    )  # fmt: skip


def verbatim(state: Dispatch, to: str = "net@desk.example", name: str = NAME) -> bytes:
    return mail_of(state, f"mailto:{to}", read_address(to), SENDER, name)


def read(raw: bytes) -> EmailMessage:
    mail = email.message_from_bytes(raw, policy=default)
    assert isinstance(mail, EmailMessage)
    return mail


def titles() -> st.SearchStrategy[str]:
    """Words of several scripts, one blank or more between them, in any length."""
    words = st.sampled_from([word for words in WORDS for word in words.split()])
    blanks = st.sampled_from([" ", " ", " ", "  ", "   "])
    parts = st.lists(st.tuples(words, blanks), min_size=1, max_size=40)
    return parts.map(lambda pairs: "".join(w + b for w, b in pairs).strip())


def test_a_mail_is_marked_as_automatic_and_threaded_by_its_ticket() -> None:
    mail = read(verbatim(dispatch()))
    assert mail["From"] == "Experience Desk <desk@desk.example>"
    assert mail["To"] == "net@desk.example"
    assert mail["Subject"] == "Störung vorbei: VPN"
    assert mail["Date"].datetime == NOON
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["References"] == mail["In-Reply-To"] == "<thread-t-1@desk.example>"
    assert mail.get_content().replace("\r\n", "\n") == "Die Störung ist behoben.\n"


def test_a_second_attempt_is_the_same_mail() -> None:
    first, second = (verbatim(dispatch()) for _ in range(2))
    other = verbatim(dispatch(), "c@b.example")
    assert first == second
    assert read(first)["Message-ID"] != read(other)["Message-ID"]


def test_the_text_on_the_wire_is_plain_ascii() -> None:
    assert verbatim(dispatch()).isascii()


@given(titles())
def test_a_subject_is_read_as_it_was_written(title: str) -> None:
    line = write_unstructured("Subject", title)
    assert line.isascii()
    assert all(len(part) <= 78 for part in line.decode().split("\r\n"))
    assert read(line + b"\r\n")["Subject"] == title
    # As older programs do it, and by hand: unfolded first, encoded words joined after.
    value = line.decode().removeprefix("Subject: ").rstrip("\r\n").replace("\r\n ", " ")
    assert str(make_header(decode_header(value))) == title


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
def test_no_text_breaks_a_header_or_turns_it(title: str) -> None:
    line = write_unstructured("Subject", title)
    assert line.endswith(b"\r\n")
    assert line.isascii()
    assert all(32 <= byte < 127 for byte in line.replace(b"\r\n ", b"").removesuffix(b"\r\n"))
    parts = line.removesuffix(b"\r\n").split(b"\r\n")
    assert all(part.startswith(b" ") and part.strip() for part in parts[1:])
    assert all(len(part) <= 998 for part in parts)
    assert shield_text(shield_text(title)) == shield_text(title)


@given(titles().filter(lambda text: len(text) <= 100), st.booleans())
def test_a_name_is_read_as_it_was_written(name: str, has_signs: bool) -> None:
    name = " ".join(name.split()) + (' "Bob", <x@y>;\\' if has_signs else "")
    line = mailbox("From", name, "desk@desk.example")
    value = line.decode().removeprefix("From: ").rstrip("\r\n").replace("\r\n ", " ")
    phrase, _, address = value.rpartition(" ")
    assert address == "<desk@desk.example>"
    if phrase.startswith("=?"):
        assert str(make_header(decode_header(phrase))) == name
    else:
        assert phrase.strip('"').replace('\\"', '"').replace("\\\\", "\\") == name
    if len(name.encode()) <= 30:
        [sender] = read(line + b"\r\n")["From"].addresses
        assert sender.display_name == name


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Mouse \x1b[2J well \x1b]0;own\x07", "Mouse \\u001b[2J well \\u001b]0;own\\u0007"),
        ("nul \x00 inside", "nul \\u0000 inside"),
        ("invoice \u202egpj.exe", "invoice \\u202egpj.exe"),
        ("a\r\nBcc: all@desk.example", "a Bcc: all@desk.example"),
        ("a\u2028b\tc\x85d", "a b c d"),
        ("=?utf-8?q?hidden?=", "=?utf-8?q?hidden?="),
        ("half an emoji \ud83d", "half an emoji \\ud83d"),
        ("  blanks at both ends  ", "  blanks at both ends  "),
        ("x" * 1200, "x" * 1200),
        ("", ""),
    ],
)  # fmt: skip
def test_a_hostile_title_is_shown_and_not_obeyed(title: str, shown: str) -> None:
    mail = read(write_unstructured("Subject", title) + b"To: a@b.example\r\n\r\n")
    assert mail.keys() == ["Subject", "To"]
    assert mail["Subject"] == shown


def test_half_an_emoji_in_a_text_does_not_keep_the_rest_from_being_sent() -> None:
    state = dispatch().model_copy(update={"body": "Broken \ud83d here\x00", "thread": "a b\r\n>"})
    mail = read(verbatim(state))
    assert mail.get_content().replace("\r\n", "\n") == "Broken ? here\x00\n"
    assert mail["References"].startswith("<thread-")
    assert state.happened_at + timedelta() == mail["Date"].datetime


@pytest.mark.parametrize(
    ("channel", "address"),
    [
        ("mailto:net@desk.example", "net@desk.example"),
        ("mailto:net@desk.example?subject=hi", "net@desk.example"),
        ("mailto:a%3Fb@desk.example", "a?b@desk.example"),
        ("mailto:ann.lee@m%C3%BCnchen.example", "ann.lee@münchen.example"),
    ],
)
def test_a_mail_address_is_read_off_its_url(channel: str, address: str) -> None:
    assert address_in(channel) == address
