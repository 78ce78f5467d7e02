"""What an answer by mail adds to its ticket: its words, its files, or both."""

import pytest
from desk_contracts.events.tickets import TicketAttached, TicketCommented
from desk_intake.mail.decide import answer_on
from desk_intake.mail.files import check_files
from desk_intake.mail.reading import read_mail
from desk_intake.tickets.lifecycle import Actor

from tests.support.intake_world import Story
from tests.support.mails import mail

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 40


@pytest.mark.parametrize(
    ("text", "subject", "has_file", "comments"),
    [
        ("And now?", "Re: VPN", True, ["And now?"]),
        ("And now?", "Re: VPN", False, ["And now?"]),
        ("", "Re: VPN", True, ["Re: VPN"]),
        ("", "\u200b", True, []),
    ],
)
def test_an_answer_is_its_words_and_its_files(
    story: Story, text: str, subject: str, has_file: bool, comments: list[str]
) -> None:
    answer = mail(text, subject)
    if has_file:
        answer.add_attachment(PNG, "image", "png", filename="screen.png")
    seen = read_mail(answer.as_bytes())
    added = answer_on(
        story.ticket, Actor("ana", is_staff=False), seen, check_files(seen.enclosures, "seed")
    )
    assert [item.text for item in added if isinstance(item, TicketCommented)] == comments
    names = [item.name for item in added if isinstance(item, TicketAttached)]
    assert names == ["screen.png"] * has_file
