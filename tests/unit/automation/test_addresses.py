"""Parameters are parts of an address: no value leads a call elsewhere."""

import httpx
import pytest
from desk_automation.actions.address import fill_address
from desk_automation.actions.template import PlanFailed, fill_header
from desk_charter.addresses import address_problem
from hypothesis import given
from hypothesis import strategies as st

HOSTILE = [
    "../../admin",
    "a/../../b",
    "..",
    ".",
    "%2e%2e",
    "%252e%252e/x",
    "..%2f..%2fadmin",
    "..\\admin",
    "half \ud83d",
    "x" * 1001,
    "a\r\nHost: evil.example",
]
PARTS = [
    "a?x=1",
    "a#b",
    "a/b",
    "a@b",
    "a%2fb",
    "a\\b",
    "ü",
    "a b",
    "a;b",
    "a:b",
    "\uff11",
    "a&b=c",
    "..a",
    "x" * 1_000,
]
ELSEWHERE = [
    "http://10.0.0.1/admin?x=",
    "http://10.0.0.1/admin",
    "http://10.0.0.1?x=",
    "http://10.0.0.1#",
    "http://ann@10.0.0.1",
    "http://10.0.0.1@evil.example",
    "http://evil.example\\@10.0.0.1",
    "http://10.0.0.1:80:90",
    "http://10.0.0.1:９０",  # noqa: RUF001
    "http://１0.0.0.1",  # noqa: RUF001
    "http://münchen.example",
    "http://a b",
    "ftp://10.0.0.1",
    "//10.0.0.1",
    "10.0.0.1",
    "javascript:alert(1)",
    "http://",
    "http://10.0.0.1/ ",
]


def call(
    name: str, template: str = "http://agent.example:9000/v1/${name}/restart?of=${name}"
) -> httpx.URL:
    return httpx.URL(fill_address(template, {"name": name}))


@pytest.mark.parametrize("name", PARTS)
def test_a_value_is_one_part_of_path_and_query(name: str) -> None:
    url = call(name)
    assert (url.host, url.port, url.fragment) == ("agent.example", 9000, "")
    path, _, query = url.raw_path.decode().partition("?")
    assert [httpx.QueryParams(query)["of"]] == [name]
    before, part, after = path.rsplit("/", 2)
    assert (before, after) == ("/v1", "restart")
    assert part.isascii()


@pytest.mark.parametrize("name", HOSTILE)
def test_a_value_that_leads_elsewhere_is_not_planned(name: str) -> None:
    with pytest.raises(PlanFailed):
        call(name)


@given(st.text(max_size=60))
def test_whatever_a_device_is_called_the_call_goes_where_the_runbook_says(name: str) -> None:
    try:
        url = call(name)
    except PlanFailed:
        return
    assert (url.scheme, url.host, url.port, url.userinfo) == ("http", "agent.example", 9000, b"")
    path = url.raw_path.decode().partition("?")[0]
    assert path.count("/") == 3
    assert path.startswith("/v1/")
    assert path.endswith("/restart")


@pytest.mark.parametrize("address", ELSEWHERE)
def test_an_address_from_an_event_is_scheme_host_and_port(address: str) -> None:
    with pytest.raises(PlanFailed):
        fill_address("${where}/v1/disk", {"where": address})


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("http://10.0.0.1:9000", "http://10.0.0.1:9000/v1/disk"),
        ("HTTPS://Agent-7.example/", "https://Agent-7.example/v1/disk"),
        ("http://[::1]:9000", "http://[::1]:9000/v1/disk"),
    ],
)
def test_an_address_from_an_event_is_followed_by_the_runbooks_path(address: str, url: str) -> None:
    assert fill_address("${where}/v1/disk", {"where": address}) == url


@pytest.mark.parametrize(
    ("template", "value", "url"),
    [
        ("http://${x}.example/v1", "agent-7", "http://agent-7.example/v1"),
        ("http://${x}/v1", "agent-7.example", "http://agent-7.example/v1"),
        ("http://${x}.example/v1", "evil.example/?", None),
        ("http://${x}.example/v1", "a.b", None),
        ("http://${x}/v1", "a@evil.example", None),
        ("http://${x}/v1", "a:90", None),
        ("http://${x}/v1", "münchen", None),
        ("http://a.example:${x}/v1", "8443", "http://a.example:8443/v1"),
        ("http://a.example:${x}/v1", "70000", None),
        ("http://a.example:${x}/v1", "80@evil.example", None),
        ("http://a.example:${x}/v1", "\u0668\u0660", None),
    ],
)
def test_a_value_in_the_host_is_a_host(template: str, value: str, url: str | None) -> None:
    if url is not None:
        assert fill_address(template, {"x": value}) == url
        return
    with pytest.raises(PlanFailed):
        fill_address(template, {"x": value})


@pytest.mark.parametrize(
    "template",
    [
        "${x}.evil.example/v1",
        "${x}:8080/v1",
        "${x}@evil.example/",
        "${x}${y}/v1",
        "${x}#/v1",
        "http://a.example#${x}",
        "http://ann:${x}@a.example/",
        "${scheme}://a.example/",
        "http${s}://a.example/",
        "//a.example/${x}",
        "/v1/${x}",
        "ftp://a.example/",
        "http://a.example\\${x}",
        "http://münchen.example/${x}",
        "http://a.example /x",
        "",
    ],
)
def test_a_template_in_which_a_value_is_no_part_is_refused_at_load(template: str) -> None:
    assert address_problem(template) is not None
    with pytest.raises(PlanFailed):
        fill_address(template, {"x": "a", "y": "b", "scheme": "http", "s": "s"})


def test_a_part_of_a_segment_makes_no_step_up() -> None:
    # Decoded twice, as some proxies do, this would be a dot.
    with pytest.raises(PlanFailed, match="other-path"):
        fill_address("http://a.example/v1/${x}e/disk", {"x": "%2"})
    assert fill_address("http://a.example/v1/${x}f/disk", {"x": "%2"}).endswith("/v1/%252f/disk")


@pytest.mark.parametrize("value", ["a\r\nb", "ü", "\x7f", "\u2028", "x" * 5000])
def test_a_header_carries_only_what_it_can(value: str) -> None:
    assert fill_header("device ${x}", {"x": "a-1"}) == "device a-1"
    with pytest.raises(PlanFailed):
        fill_header("device ${x}", {"x": value})


def test_dots_are_looked_for_behind_two_encodings_and_not_behind_three() -> None:
    with pytest.raises(PlanFailed, match="leads-elsewhere"):
        fill_address("http://a.example/v1/${x}", {"x": "%252e%252e"})
    filled = fill_address("http://a.example/v1/${x}", {"x": "%25252e%25252e"})
    assert filled == "http://a.example/v1/%2525252e%2525252e"
