"""Logs: JSON lines with ids, without secrets, from everywhere."""

import json
import logging
import warnings
from io import StringIO

import pytest
from desk_platform.telemetry import configure_logs, current_context, get_logger, log_context
from desk_testing.telemetry import record_telemetry
from pydantic import SecretStr


@pytest.fixture
def out() -> StringIO:
    stream = StringIO()
    configure_logs("intake", "INFO", stream)
    return stream


def lines(stream: StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_json_line(out: StringIO) -> None:
    get_logger().info("ticket_opened", ticket_id="t1", people=3)
    [line] = lines(out)
    assert line["message"] == "ticket_opened"
    assert line["service.name"] == "intake"
    assert (line["level"], line["ticket_id"], line["people"]) == ("info", "t1", 3)
    assert str(line["timestamp"]).endswith("Z")


def test_lines_below_the_level_are_not_written(out: StringIO) -> None:
    get_logger().debug("detail")
    logging.getLogger("some.library").debug("detail")
    assert lines(out) == []


def test_libraries_take_the_same_way(out: StringIO) -> None:
    with log_context(correlation_id="c1"):
        logging.getLogger("some.library").warning("lost %s", "it")
    [line] = lines(out)
    assert (line["message"], line["logger"]) == ("lost it", "some.library")
    assert (line["correlation_id"], line["level"]) == ("c1", "warning")


def test_chatty_libraries_speak_only_of_trouble(out: StringIO) -> None:
    logging.getLogger("aiokafka.consumer").info("heartbeat")
    logging.getLogger("uvicorn.access").info("GET /")
    assert lines(out) == []


def say(text: str, at: float) -> None:
    logger = logging.getLogger("aiokafka.client")
    record = logger.makeRecord(logger.name, logging.ERROR, "", 0, text, (), None)
    record.created = at
    logger.handle(record)


def test_what_a_library_says_at_each_try_is_said_seldom_and_counted(out: StringIO) -> None:
    for second in (0.0, 0.1, 9.9, 10.0, 10.1):
        say("cannot connect", at=1_000 + second)
    say("something else", at=1_010.2)
    assert [line["message"] for line in lines(out)] == [
        "cannot connect",
        "cannot connect (and 2 more such lines before)",
        "something else",
    ]


def test_what_the_desk_says_is_never_left_out(out: StringIO) -> None:
    for _ in range(3):
        get_logger().warning("dependency_awaited")
        logging.getLogger("desk.other").warning("the same")
    assert len(lines(out)) == 6


def test_warnings_of_python_are_logged(out: StringIO) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        configure_logs("intake", "INFO", out)
        warnings.warn("old ways", stacklevel=1)
    assert "old ways" in str(lines(out)[0]["message"])


def test_context_holds_inside_only_and_nests(out: StringIO) -> None:
    with log_context(correlation_id="c1"), log_context(batch="b1"):
        assert current_context() == {"correlation_id": "c1", "batch": "b1"}
        get_logger().info("inside")
    get_logger().info("outside")
    inside, outside = lines(out)
    assert (inside["correlation_id"], inside["batch"]) == ("c1", "b1")
    assert "correlation_id" not in outside


def test_lines_in_a_span_carry_its_ids(out: StringIO) -> None:
    recorded = record_telemetry()
    with recorded.telemetry.batch_span("desk.tickets", "triage", 1):
        get_logger().info("inside")
    get_logger().info("outside")
    inside, outside = lines(out)
    assert (inside["trace_id"], inside["span_id"]) == (f"{1:032x}", f"{1:016x}")
    assert "trace_id" not in outside


def test_errors_come_with_their_traceback(out: StringIO) -> None:
    get_logger().error("failed", exc_info=ValueError("broken"))
    assert "ValueError: broken" in str(lines(out)[0]["exception"])


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("password", "hush"),
        ("mail_key", SecretStr("hush")),
        ("Authorization", "Bearer hush"),
        ("url", "mongodb://ana:hush@db:27017/x"),
        ("headers", {"cookie": "hush", "x": "1"}),
        ("tried", ["Bearer hush"]),
        ("reason", "cannot reach amqp://ana:hush@mq today"),
    ],
)
def test_secrets_never_leave(out: StringIO, key: str, value: object) -> None:
    get_logger().info("event", **{key: value})
    assert "event" in out.getvalue()
    assert "hush" not in out.getvalue()


def test_log_in_data_in_addresses_is_hidden_in_lines_of_libraries(out: StringIO) -> None:
    logging.getLogger("some.library").warning("no answer from %s", "mongodb://ana:hush@db")
    assert lines(out)[0]["message"] == "no answer from mongodb://***@db"


def test_mail_addresses_and_plain_text_stay_readable(out: StringIO) -> None:
    get_logger().info("event", person="ana@example.org", text="see http://x.org/a@b")
    [line] = lines(out)
    assert (line["person"], line["text"]) == ("ana@example.org", "see http://x.org/a@b")


def test_before_any_configuration_tracebacks_show_no_variables(
    capsys: pytest.CaptureFixture[str],
) -> None:
    key = "hu" + "sh"
    with pytest.raises(KeyError) as caught:
        {"hidden": key}["other"]
    get_logger().error("failed", exc_info=caught.value)
    written = capsys.readouterr().out
    assert json.loads(written)["message"] == "failed"
    assert key not in written
