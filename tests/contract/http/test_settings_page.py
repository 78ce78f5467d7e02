"""`docs/settings.md` names every variable that is read, as the models describe it."""

from scripts.settings import PAGE, page


def test_the_page_in_the_tree_is_what_the_models_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "make schemas writes it anew"


def test_each_service_and_each_way_to_the_servers_is_on_it() -> None:
    text = page()
    for name in ("`DESK_KAFKA`", "`DESK_STORE`", "`INTAKE_HTTP_PORT`", "`NOTIFY_SMTP_HOST`"):
        assert name in text
    assert "not set" in text
