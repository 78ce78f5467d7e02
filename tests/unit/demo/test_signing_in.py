"""The demo says who plays: by headers on one's own machine, by a provider's tokens elsewhere."""

from urllib.parse import parse_qs

import httpx
import pytest
from desk_demo.access import Callers, DemoSettings
from desk_platform.settings import SettingsError, read_settings
from pydantic import SecretStr

URL = "https://sign-in.example/token"


class Provider:
    """Gives tokens for one password, and counts who asked."""

    def __init__(self) -> None:
        self.people: list[str] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        form = parse_qs(request.content.decode())
        self.people.append(form["username"][0])
        if form["password"] != ["right"]:
            return httpx.Response(401, json={"error": "invalid_grant"})
        return httpx.Response(200, json={"access_token": f"token of {form['username'][0]}"})


def callers(provider: Provider, password: str) -> Callers:
    http = httpx.AsyncClient(transport=httpx.MockTransport(provider.answer))
    return Callers(http, "experience-desk", URL, SecretStr(password))


async def test_on_ones_own_machine_headers_say_it() -> None:
    async with httpx.AsyncClient() as http:
        headers = await Callers(http).introduce("network-1", "member", "network")
    assert headers == {
        "X-Desk-User": "network-1", "X-Desk-Roles": "member", "X-Desk-Team": "network"
    }  # fmt: skip


async def test_elsewhere_everybody_signs_in_once() -> None:
    provider = Provider()
    signing = callers(provider, "right")
    for person in ("ana", "bo", "ana"):
        headers = await signing.introduce(person, "employee")
        assert headers == {"Authorization": f"Bearer token of {person}"}
    assert provider.people == ["ana", "bo"]


async def test_who_gets_no_token_ends_the_demo_with_a_sentence() -> None:
    with pytest.raises(SystemExit, match="gives ana no token"):
        await callers(Provider(), "wrong").introduce("ana", "employee")


def test_its_systems_may_have_a_kafka_user_of_their_own() -> None:
    sasl = {"DESK_KAFKA_SECURITY": "SASL_SSL", "DESK_KAFKA_USERNAME": "desk-operator"}
    reading = sasl | {"DESK_KAFKA_PASSWORD": "a"}
    assert read_settings(DemoSettings, reading).publishing.username == "desk-operator"
    own = reading | {"DEMO_KAFKA_USERNAME": "demo", "DEMO_KAFKA_PASSWORD": "b"}
    publishing = read_settings(DemoSettings, own).publishing
    assert (publishing.username, publishing.security) == ("demo", "SASL_SSL")


@pytest.mark.parametrize("alone", ["DEMO_TOKEN_URL", "DEMO_PASSWORD", "DEMO_KAFKA_USERNAME"])
def test_half_a_login_is_refused(alone: str) -> None:
    with pytest.raises(SettingsError, match="belong together"):
        read_settings(DemoSettings, {alone: "https://x"})
