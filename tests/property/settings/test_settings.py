"""Whatever the environment holds, a service gets settings or sentences, and no secret is shown."""

from desk_platform.settings import ServiceSettings, SettingsError, read_settings, variables
from hypothesis import given
from hypothesis import strategies as st
from pydantic_settings import SettingsConfigDict


class TriageSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="TRIAGE_")


VARIABLES = sorted(variables(TriageSettings))
SECRETS = [name for name in VARIABLES if "PASSWORD" in name or "SECRET" in name]
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
environments = st.dictionaries(
    st.one_of(
        st.sampled_from(VARIABLES), st.builds("TRIAGE_{}".format, st.text("AB_", max_size=4))
    ),
    st.one_of(texts, st.sampled_from(["1", "SSL", "local", "a:1", "0.5", "mongodb://a"])),
    max_size=8,
)


@given(environments)
def test_there_are_settings_or_sentences_that_name_a_variable(environ: dict[str, str]) -> None:
    sentences = ["DESK_KAFKA"]
    try:
        read_settings(TriageSettings, environ)
    except SettingsError as error:
        sentences = error.problems
    assert sentences
    for sentence in sentences:
        assert any(name in sentence for name in (*VARIABLES, *environ))


@given(environments, st.dictionaries(st.sampled_from(SECRETS), st.just("hush-hush"), min_size=1))
def test_secrets_are_never_shown(environ: dict[str, str], secrets: dict[str, str]) -> None:
    try:
        shown = repr(read_settings(TriageSettings, environ | secrets))
    except SettingsError as error:
        shown = error.message
    assert "hush-hush" not in shown
