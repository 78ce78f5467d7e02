"""Parameters are substituted and nothing more; secrets and long texts stay behind."""

import pytest
from desk_automation.actions.address import fill_address
from desk_automation.actions.redaction import MAX_BYTES, cut, redact, redact_message
from desk_automation.actions.template import PlanFailed, fill, fill_json
from desk_contracts.message import Message, message, verbatim
from pydantic import JsonValue

VALUES = {
    "target": "laptop-1",
    "data": {"attributes": {"agent_url": "http://127.0.0.1:9/a"}, "value": 4.5, "ok": True},
    "odd": {"name": "../admin?x=1", "line": "a\r\nX-Evil: 1", "none": ""},
}


def test_parameters_are_filled_in() -> None:
    assert fill("${target} at ${data.value} ${ data.ok }", VALUES) == "laptop-1 at 4.5 true"


def test_a_value_is_never_filled_in_itself() -> None:
    assert fill("${odd.name}", {"odd": {"name": "${target}"}}) == "${target}"


@pytest.mark.parametrize(
    "path", ["data.attributes.gone", "data.attributes", "odd.none", "target.x"]
)
def test_a_parameter_without_a_value_fails_by_name(path: str) -> None:
    with pytest.raises(PlanFailed, match=path):
        fill(f"x ${{{path}}}", VALUES)


def test_a_control_character_is_refused() -> None:
    with pytest.raises(PlanFailed, match="control-character"):
        fill("${odd.line}", VALUES)


def test_only_the_beginning_of_an_address_is_an_address() -> None:
    values = {"where": "http://127.0.0.1:9", "odd": {"name": "admin?x=1"}}
    assert fill_address("${where}/v1/${odd.name}", values) == "http://127.0.0.1:9/v1/admin%3Fx%3D1"


def test_bodies_are_filled_at_any_depth() -> None:
    body: JsonValue = {"device": "${target}", "list": ["${data.value}", 3, None, {"a": "b"}]}
    assert fill_json(body, VALUES) == {"device": "laptop-1", "list": ["4.5", 3, None, {"a": "b"}]}


@pytest.mark.parametrize(
    "text",
    [
        '{"password": "hunter2", "ok": 1}',
        "api_key=hunter2&x=1",
        "Authorization: Bearer hunter2hunter2",
        "sent with bearer hunter2hunter2",
        "http://ana:hunter2@host/path",
        "client-secret: hunter2",
    ],
)
def test_what_looks_like_a_secret_is_left_out(text: str) -> None:
    assert "hunter2" not in redact(text)


def test_the_rest_of_an_answer_stays_readable() -> None:
    assert redact('{"password": "x", "freed": 12}') == '{"password": ***, "freed": 12}'


def test_a_long_answer_is_cut_and_says_so() -> None:
    text = redact("ä" * 5000)
    assert len(text.encode()) <= MAX_BYTES
    assert text.endswith("(10000 bytes in all)")
    assert cut("short", 10) == "short"


def test_what_has_room_is_whole_to_the_last_byte() -> None:
    assert redact("x" * 4_096) == "x" * 4_096
    assert redact("x" * 4_097).endswith(" ... (4097 bytes in all)")
    assert len(redact("x" * 4_097)) == 4_096
    assert cut("abcdef", 6) == "abcdef"


@pytest.mark.parametrize("length", [1_000, 1_001])
def test_each_text_of_a_message_has_a_thousand_bytes_and_no_secrets(length: int) -> None:
    text = "x" * length
    whole = redact_message(
        message("text.list", parts=(text, verbatim(text), 4, "token=hunter2"), one=text)
    )
    parts = whole.params["parts"]
    assert isinstance(parts, tuple)
    first, second, number, secret = parts
    assert isinstance(second, Message)
    for bounded in (first, second.params["text"], whole.params["one"]):
        assert isinstance(bounded, str)
        assert len(bounded) == 1_000
        assert (bounded == text) is (length == 1_000)
    assert (number, secret) == (4, "token=***")


def test_what_is_cut_twice_says_how_long_it_was_at_first() -> None:
    text = cut(redact("x" * 70_000), 1000)
    assert text.endswith("x ... (70000 bytes in all)")
    assert len(text) == 1000
